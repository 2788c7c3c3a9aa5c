"""Writes files/ and cases.json: nets of PyTorch and Keras in each format, random inputs, and what these made of them.

Needs torch 2, keras 3, numpy, safetensors, onnx and onnxscript: `KERAS_BACKEND=torch python make.py`, in its folder. Parameters and
inputs are `f32` numbers, and outputs are computed in double precision, so that nothing is lost when Rust reads them. Inputs stand
in the order of amc's samples, channels last.
"""

import copy
import json
import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")
warnings.filterwarnings("ignore")

import keras
import numpy
import onnx
import torch
from safetensors.torch import save_file
from torch import nn

FILES = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
SAMPLES = 3

cases = []


def channels_last(x):
    """Samples as amc has them."""
    return x.movedim(1, -1).flatten(1)


def case(file, net, x, ours=None):
    """A net of PyTorch that takes x; ours are the same samples in amc's order."""
    outputs = copy.deepcopy(net).double()(x.double())
    ours = x.flatten(1) if ours is None else ours
    cases.append({"file": file, "inputs": ours.tolist(), "outputs": outputs.flatten(1).tolist()})


class Recurrent(nn.Module):
    """A recurrent layer, and a dense one of its last state, of its last output, or of all."""

    def __init__(self, recurrent, units, inputs, of):
        super().__init__()
        self.recurrent, self.of, self.dense = recurrent, of, nn.Linear(inputs, units)

    def forward(self, x):
        states, last = self.recurrent(x)
        return self.dense({"last": last[-1], "output": states[:, -1], "all": states.flatten(1)}[self.of])


class Viewed(nn.Module):
    """A net that asks for the size of the batch."""

    def __init__(self):
        super().__init__()
        self.one, self.two = nn.Conv1d(2, 3, 3), nn.Linear(18, 2)

    def forward(self, x):
        x = torch.tanh(self.one(x))
        return self.two(x.view(x.size(0), -1))


class Block(nn.Module):
    """A residual block, with a projection or without."""

    def __init__(self, channels, projects):
        super().__init__()
        self.one, self.two = nn.Conv2d(2, 3, 3, padding=1), nn.Conv2d(3, channels, 3, padding=1)
        self.projection = nn.Conv2d(2, channels, 1) if projects else nn.Identity()
        self.dense = nn.Linear(channels * 12, 2)

    def forward(self, x):
        x = torch.relu(self.two(torch.relu(self.one(x))) + self.projection(x))
        return self.dense(x.flatten(1))


def dense():
    return nn.Sequential(nn.Linear(5, 7), nn.Tanh(), nn.Linear(7, 7), nn.Tanh(), nn.Linear(7, 3), nn.Softmax(1))


def images():
    return nn.Sequential(
        nn.Conv2d(2, 3, 3, stride=1, padding=1), nn.ReLU(), nn.MaxPool2d(2, stride=1, padding=1),
        nn.LayerNorm([3, 5, 4]), nn.Conv2d(3, 4, 2, stride=1), nn.Tanh(), nn.Flatten(), nn.Linear(4 * 4 * 3, 2),
    )


def averaged():
    return nn.Sequential(nn.Conv2d(2, 3, 2), nn.Sigmoid(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(3, 2))


def sequences():
    return nn.Sequential(nn.Conv1d(2, 3, 3, stride=2, padding=1), nn.ReLU(), nn.Flatten(), nn.LayerNorm(12), nn.Linear(12, 2))


def with_random_gains(net):
    """Gains and biases that are not 1 and 0."""
    for module in net.modules():
        if isinstance(module, nn.LayerNorm):
            nn.init.normal_(module.weight)
            nn.init.normal_(module.bias)
    return net.eval()


def inputs_of(*shape):
    return torch.randn(SAMPLES, *shape)


def tensors():
    """Files of safetensors, and one of numpy with the names of PyTorch."""
    for dtype in [torch.float32, torch.float64, torch.float16, torch.bfloat16]:
        # What the narrowest of these hold, and all others, too.
        net = dense().to(torch.bfloat16).to(torch.float16).float().eval()
        name = f"dense.{str(dtype).removeprefix('torch.')}.safetensors"
        save_file({key: value.to(dtype) for key, value in net.state_dict().items()}, f"{FILES}/{name}")
        case(name, net, inputs_of(5))
    net = dense().eval()
    numpy.savez(f"{FILES}/torch.npz", **{key: value.numpy() for key, value in net.state_dict().items()})
    case("torch.npz", net, inputs_of(5))
    for name, net, shape in [("images", images(), (2, 4, 3)), ("averaged", averaged(), (2, 4, 3)), ("sequences", sequences(), (2, 8))]:
        save_file(with_random_gains(net).state_dict(), f"{FILES}/{name}.safetensors")
        x = inputs_of(*shape)
        case(f"{name}.safetensors", net, x, channels_last(x))
    for name, recurrent in [("rnn", nn.RNN(3, 4, 2, batch_first=True)), ("gru", nn.GRU(3, 4, 2, batch_first=True))]:
        net = Recurrent(recurrent, 2, 4, "last").eval()
        save_file(net.state_dict(), f"{FILES}/{name}.safetensors")
        case(f"{name}.safetensors", net, inputs_of(5, 3))


def graphs():
    """Graphs by both of PyTorch's exporters."""
    for name, net, shape, is_dynamo in [
        ("dense", dense(), (5,), False),
        ("images", images()[:3].extend(images()[4:]), (2, 4, 3), False),
        ("images-new", images()[:3].extend(images()[4:]), (2, 4, 3), True),
        ("averaged", averaged(), (2, 4, 3), False),
        ("averaged-new", averaged(), (2, 4, 3), True),
        ("sequences", sequences(), (2, 8), False),
        ("rnn", Recurrent(nn.RNN(3, 4, 2, batch_first=True), 2, 4, "output"), (5, 3), False),
        ("rnn-all", Recurrent(nn.RNN(3, 4, nonlinearity="relu", batch_first=True), 2, 20, "all"), (5, 3), False),
        ("gru", Recurrent(nn.GRU(3, 4, batch_first=True), 2, 4, "output"), (5, 3), False),
        ("gru-new", Recurrent(nn.GRU(3, 4, batch_first=True), 2, 4, "last"), (5, 3), True),
        ("block", Block(2, False), (2, 4, 3), False),
        ("projection", Block(4, True), (2, 4, 3), False),
        ("shapes", Viewed(), (2, 8), False),
        ("gru-shapes-new", Recurrent(nn.GRU(3, 4, batch_first=True), 2, 4, "output"), (5, 3), True),
    ]:
        net, x, file = with_random_gains(net), inputs_of(*shape), f"{FILES}/{name}.onnx"
        if is_dynamo:
            shapes = ({0: torch.export.Dim("batch")},)
            torch.onnx.export(net, (x,), file, dynamo=True, dynamic_shapes=shapes, external_data=False, verbose=False)
        else:
            torch.onnx.export(net, (x,), file, dynamo=False, input_names=["x"], dynamic_axes={"x": {0: "batch"}})
        graph = onnx.load(file)
        # What PyTorch notes of its own source is most of a small file.
        for of in [*graph.graph.node, *graph.graph.value_info, *graph.graph.input, *graph.graph.output, graph.graph, graph]:
            of.ClearField("metadata_props")
            of.ClearField("doc_string")
        onnx.save(graph, file)
        is_sequence = "rnn" in name or "gru" in name
        case(f"{name}.onnx", net, x, None if len(shape) == 1 or is_sequence else channels_last(x))


def arrays():
    """What Keras's get_weights gives, without names."""
    layers = keras.layers
    for name, shape, net in [
        ("dense", (5,), [layers.Dense(6, "tanh"), layers.Dense(6, "tanh"), layers.Dense(3, "softmax")]),
        (
            "images",
            (4, 3, 2),
            [layers.Conv2D(3, 2, activation="relu"), layers.Flatten(), layers.LayerNormalization(epsilon=1e-5), layers.Dense(2)],
        ),
        ("sequences", (8, 2), [layers.Conv1D(3, 3, activation="tanh", use_bias=False), layers.Flatten(), layers.Dense(2)]),
        ("rnn", (5, 3), [layers.SimpleRNN(4, return_sequences=True), layers.SimpleRNN(3), layers.Dense(2)]),
        ("gru", (5, 3), [layers.GRU(4, return_sequences=True), layers.GRU(3), layers.Dense(2)]),
    ]:
        keras.backend.set_floatx("float64")
        net = keras.Sequential([keras.Input(shape), *[layer.__class__.from_config(layer.get_config() | {"dtype": "float64"}) for layer in net]])
        weights = [numpy.random.randn(*of.shape).astype("float32") * 0.5 for of in net.get_weights()]
        net.set_weights(weights)
        numpy.savez(f"{FILES}/keras-{name}.npz", *weights)
        x = numpy.random.randn(SAMPLES, *shape).astype("float32")
        outputs = net.predict(x.astype("float64"), verbose=0).reshape(SAMPLES, -1)
        inputs = x.reshape(SAMPLES, -1).tolist()
        cases.append({"file": f"keras-{name}.npz", "inputs": inputs, "outputs": outputs.tolist()})


os.makedirs(FILES, exist_ok=True)
torch.manual_seed(1)
numpy.random.seed(1)
tensors()
graphs()
arrays()
with open(os.path.join(os.path.dirname(FILES), "cases.json"), "w") as file:
    file.write("[\n" + ",\n".join(json.dumps(case) for case in cases) + "\n]\n")
