"""What examples/personal's body makes of its images, as a C header: features.py HEADER (numpy and onnx).

The images are those of ../../examples/personal/src/main.rs; a weight of the body is a whole number of 8 bits times a scale
for each neuron, as `amc export --frozen i8` stores it. The tanh is numpy's: last bits differ from the device's.
"""

import pathlib
import sys

import numpy as np
import onnx
from onnx import numpy_helper

ROOT = pathlib.Path(__file__).resolve().parents[2]
IMAGES, PIXELS, CLASSES, OF_EACH, HELD_OUT = 1797, 64, 10, 5, 360

stored = np.fromfile(ROOT / "data/digits.u8", np.uint8)
pixels = stored[: IMAGES * PIXELS].reshape(IMAGES, PIXELS).astype(np.float32) / 16
labels = stored[IMAGES * PIXELS :]
learned = np.sort(np.concatenate([np.flatnonzero(labels == c)[:OF_EACH] for c in range(CLASSES)]))

graph = onnx.load(ROOT / "examples/personal/digits.onnx").graph
constants = {c.name: numpy_helper.to_array(c) for c in graph.initializer}
*body, head = [[constants[name] for name in node.input[1:]] for node in graph.node if node.op_type == "Gemm"]

signals = pixels
for weights, biases in body:
    scale = np.abs(weights).max(1, keepdims=True) / np.float32(127)
    signals = np.tanh(signals @ np.rint(weights / scale).T * scale.T + biases)


def array(kind, name, numbers):
    text = ", ".join(str(n) if kind == "uint8_t" else f"{n:.9g}f" if n % 1 else f"{n:.1f}f" for n in numbers)
    return f"static const {kind} {name}[] = {{{text}}};\n"


weights, biases = head
with open(sys.argv[1], "w") as header:
    header.write("#include <stdint.h>\n\n")
    header.write(f"enum {{ UNITS = {signals.shape[1]}, KNOWN = {len(biases)}, CLASSES = {CLASSES} }};\n")
    header.write(f"enum {{ LEARNED = {len(learned)}, HELD_OUT = {HELD_OUT} }};\n")
    header.write("/* Units of a sample after those of another. */\n")
    header.write(array("float", "LEARNED_UNITS", signals[learned].ravel()))
    header.write(array("float", "LEARNED_TARGETS", np.eye(CLASSES)[labels[learned]].ravel()))
    header.write(array("float", "HELD_OUT_UNITS", signals[-HELD_OUT:].ravel()))
    header.write(array("uint8_t", "HELD_OUT_CLASSES", labels[-HELD_OUT:]))
    header.write("/* The head that PyTorch trained: weights of a unit after those of another. */\n")
    header.write(array("float", "HEAD_WEIGHTS", weights.T.ravel()))
    header.write(array("float", "HEAD_BIASES", biases))
