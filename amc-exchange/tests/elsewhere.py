"""Checks that what `amc export` writes gives elsewhere what `amc predict` gives.

Needs numpy and onnxruntime; where torch and safetensors are there, PyTorch's modules are loaded, too. Run it as
`python3 amc-exchange/tests/elsewhere.py target/debug/amc`. It trains a net of every kind of layers for a few moves, in a folder of
its own.
"""

import csv
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy
import onnxruntime

try:
    import safetensors
    import safetensors.torch
    import torch
    from torch import nn
except ImportError:
    torch = None

FEATURES, ROWS = 24, 40

# Outputs are numbers up to a few; each of up to 60 parts of a sum is rounded by 2**-24 of it.
BOUND = 1e-5


def layer(kind, **fields):
    written = "\n".join(f"{name} = {value}" for name, value in fields.items())
    return f'[[layers]]\nkind = "{kind}"\n{written}\n'


def table(**fields):
    return "{ " + ", ".join(f"{name} = {value}" for name, value in fields.items()) + " }"


def image(rows, columns, channels):
    return table(rows=rows, columns=columns, channels=channels)


def kernel(size, stride, padding):
    return table(size=size, stride=stride, padding=padding)


def activated(kind, activation, **fields):
    return layer(kind, **fields, activation=f'"{activation}"')


def recurrent(kind, inputs, units, every, **more):
    return layer(kind, inputs=inputs, units=units, steps=8, every=str(every).lower(), **more)


LAST = activated("dense", "linear", units=2)

NETS = {
    "dense": [activated("dense", "tanh", units=7), activated("dense", "sigmoid", units=5)],
    "normalization": [activated("dense", "linear", units=6), activated("normalization", "relu", units=6)],
    "images": [
        activated("convolution", "relu", image=image(4, 3, 2), filters=3, kernel=kernel(3, 1, 1)),
        layer("max-pool", image=image(4, 3, 3), kernel=kernel(2, 1, 1)),
        activated("normalization", "linear", units=60),
        activated("convolution", "tanh", image=image(5, 4, 3), filters=4, kernel=kernel(2, 2, 0)),
    ],
    "averaged": [
        activated("convolution", "relu", image=image(4, 3, 2), filters=3, kernel=kernel(2, 1, 0)),
        layer("global-average", image=image(3, 2, 3)),
    ],
    "sequences": [activated("conv1d", "relu", steps=8, channels=3, filters=4, kernel=kernel(3, 2, 1))],
    "recurrent": [
        recurrent("recurrent", 3, 4, True, activation='"tanh"'),
        recurrent("recurrent", 4, 3, False, activation='"relu"'),
    ],
    "linear": [
        recurrent("recurrent", 3, 4, True, activation='"linear"'),
        recurrent("recurrent", 4, 3, True, activation='"sigmoid"'),
    ],
    "gru": [recurrent("gru", 3, 4, True), recurrent("gru", 4, 3, False)],
    "steps": [recurrent("gru", 3, 4, True), activated("conv1d", "tanh", steps=8, channels=4, filters=2, kernel=kernel(3, 1, 0))],
    "block": [
        layer("keep", units=24),
        activated("convolution", "relu", image=image(4, 3, 2), filters=3, kernel=kernel(3, 1, 1)),
        layer("swap", units=24),
        activated("convolution", "linear", image=image(4, 3, 2), filters=3, kernel=kernel(1, 1, 0)),
        activated("add", "relu", units=36),
    ],
}

# PyTorch's recurrent layers are of tanh or relu.
NO_MODULES = ["linear"]


def run(amc, folder, *arguments):
    done = subprocess.run([amc, *arguments], cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, f"{arguments}: {done.stderr}"
    return done.stdout


def channels_first(x, net):
    """Samples as PyTorch's first module takes them."""
    if isinstance(net[0], nn.Conv2d):
        return x.reshape(-1, 4, 3, 2).permute(0, 3, 1, 2)
    return x.reshape(-1, 8, 3).transpose(1, 2) if isinstance(net[0], nn.Conv1d) else x


def differences(given, wanted):
    return float(numpy.max(numpy.abs(given - wanted) / numpy.maximum(1, numpy.abs(wanted))))


def check(amc, folder, name, layers, *options):
    (folder / "net.toml").write_text("".join(layers))
    run(amc, folder, "train", "--data", "rows.csv", "--target", "y,z", "--task", "regress", "--net", "net.toml", "--steps", "50",
        "--out", f"runs/{name}", "--force", *options)
    model = f"runs/{name}/model.amc"
    answers = run(amc, folder, "predict", model, "rows.csv")
    wanted = numpy.array([[float(x) for x in row] for row in list(csv.reader(answers.splitlines()))[1:]])
    rows = numpy.array([[float(x) for x in row[:FEATURES]] for row in list(csv.reader(open(folder / "rows.csv")))[1:]], "float32")

    run(amc, folder, "export", model, "--onnx", "-o", "net.onnx")
    session = onnxruntime.InferenceSession(str(folder / "net.onnx"))
    carried = json.loads(session.get_modelmeta().custom_metadata_map["amc"])["table"]
    inputs, outputs = (numpy.array(carried[of], "float32") for of in ["inputs", "outputs"])
    scaled = (rows - inputs[:, 0]) * inputs[:, 1]
    [given] = session.run(["output"], {"input": scaled})
    far = {"ONNX": differences(given / outputs[:, 1] + outputs[:, 0], wanted)}
    # A batch of another size.
    [one] = session.run(None, {"input": scaled[:1]})
    assert numpy.allclose(one, given[:1], atol=1e-6)

    if torch and name not in NO_MODULES:
        run(amc, folder, "export", model, "--safetensors", "-o", "net.safetensors")
        with safetensors.safe_open(folder / "net.safetensors", "pt") as file:
            made = {"nn": nn}
            exec(json.loads(file.metadata()["amc"])["python"], made)
        net = made["net"]
        net.load_state_dict(safetensors.torch.load_file(folder / "net.safetensors"))
        made = net(channels_first(torch.from_numpy(scaled), net)).detach().numpy()
        far["PyTorch"] = differences(made / outputs[:, 1] + outputs[:, 0], wanted)

    if name == "dense":
        run(amc, folder, "export", model, "--onnx", "--fold", "-o", "folded.onnx")
        [given] = onnxruntime.InferenceSession(str(folder / "folded.onnx")).run(None, {"input": rows})
        far["folded"] = differences(given, wanted)
    print(f"{name}: " + ", ".join(f"{what} within {by:.1e}" for what, by in far.items()))
    assert all(by < BOUND for by in far.values()), name


def main():
    amc = str(Path(sys.argv[1]).resolve())
    generator = numpy.random.default_rng(1)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        rows = generator.normal(1, 0.5, (ROWS, FEATURES)).astype("float32")
        targets = numpy.stack([rows.sum(1), rows[:, 0] * 3 - 1], 1)
        with open(folder / "rows.csv", "w", newline="") as file:
            writer = csv.writer(file)
            writer.writerow([f"x{index}" for index in range(FEATURES)] + ["y", "z"])
            writer.writerows(numpy.concatenate([rows, targets], 1).tolist())
        for name, layers in NETS.items():
            check(amc, folder, name, [*layers, LAST])
    print(f"{len(NETS)} passed, 0 failed")


main()
