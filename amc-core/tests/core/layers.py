"""Writes layers.json: nets of layers beside dense ones, in double precision by PyTorch.

Needs torch 2. Run it as `python layers.py > layers.json`; the file is the same each time. Parameters and
features are `f32` numbers, so that nothing is lost when Rust reads them.
"""

import json

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
torch.manual_seed(1)

ACTIVATIONS = {"linear": lambda z: z, "tanh": torch.tanh, "relu": torch.relu, "softmax": lambda z: z}


def numbers(*shape, scale=1.0):
    """Gaussian numbers that `f32` holds."""
    return (scale * torch.randn(*shape)).float().double()


def shortest(tensor):
    """The shortest decimals of `f32` numbers."""
    return [float(str(x)) for x in tensor.detach().float().numpy().ravel()]


def parameter(tensor):
    """Numbers of which the gradient is wanted."""
    return tensor.requires_grad_()


def dense(x, units, activation):
    weights, bias = parameter(numbers(x.shape[1], units, scale=0.5)), parameter(numbers(units, scale=0.5))
    signal = (x**2).sum(1).mean()
    layer = {"kind": "dense", "units": units, "activation": activation}
    return layer, [weights, bias], signal, ACTIVATIONS[activation](x @ weights + bias)


def normalization(x, activation):
    units = x.shape[1]
    gains = parameter((1 + numbers(units, scale=0.5)).float().double())
    biases = parameter(numbers(units, scale=0.5))
    y = ACTIVATIONS[activation](nn.functional.layer_norm(x, (units,), gains, biases))
    layer = {"kind": "normalization", "units": units, "activation": activation}
    return layer, [gains, biases], (x**2).sum(1).mean(), y


def recurrent(x, inputs, units, steps, activation, every):
    weights, bias = parameter(numbers(inputs + units, units, scale=0.5)), parameter(numbers(units, scale=0.5))
    rnn = nn.RNN(inputs, units, nonlinearity=activation, batch_first=True)
    ours = {
        "weight_ih_l0": weights[:inputs].T,
        "weight_hh_l0": weights[inputs:].T,
        "bias_ih_l0": bias / 4,
        "bias_hh_l0": bias * 3 / 4,
    }
    sequence = x.reshape(len(x), steps, inputs)
    states, last = torch.func.functional_call(rnn, ours, (sequence,))
    before = torch.cat([torch.zeros(len(x), 1, units), states[:, :-1]], 1)
    signal = ((sequence**2).sum(2) + (before**2).sum(2)).mean()
    layer = {"kind": "recurrent", "inputs": inputs, "units": units, "steps": steps}
    layer |= {"activation": activation, "every": every}
    return layer, [weights, bias], signal, states.flatten(1) if every else last[0]


def gru(x, inputs, units, steps, every):
    """Gates in PyTorch's order: r, z, n."""
    weights = parameter(numbers(inputs + units, 3 * units, scale=0.5))
    biases = parameter(numbers(4 * units, scale=0.5))
    of_gates, of_inputs, of_states = biases[: 2 * units], biases[2 * units : 3 * units], biases[3 * units :]
    ours = {
        "weight_ih_l0": weights[:inputs].T,
        "weight_hh_l0": weights[inputs:].T,
        "bias_ih_l0": torch.cat([of_gates / 4, of_inputs]),
        "bias_hh_l0": torch.cat([of_gates * 3 / 4, of_states]),
    }
    sequence = x.reshape(len(x), steps, inputs)
    states, last = torch.func.functional_call(nn.GRU(inputs, units, batch_first=True), ours, (sequence,))
    before = torch.cat([torch.zeros(len(x), 1, units), states[:, :-1]], 1)
    signal = ((sequence**2).sum(2) + (before**2).sum(2)).mean()
    layer = {"kind": "gru", "inputs": inputs, "units": units, "steps": steps, "every": every}
    return layer, [weights, biases], signal, states.flatten(1) if every else last[0]


def planes(x, rows, columns, channels):
    """Numbers `[row][column][channel]` as PyTorch has them, `[channel][row][column]`."""
    return x.reshape(len(x), rows, columns, channels).permute(0, 3, 1, 2)


def flat(x):
    return x.permute(0, 2, 3, 1).flatten(1)


def convolution(x, image, filters, kernel, activation):
    size, stride, padding = kernel
    scale = (size * size * image[2]) ** -0.5
    weights = parameter(numbers(size, size, image[2], filters, scale=scale))
    bias = parameter(numbers(filters, scale=0.5))
    x = planes(x, *image)
    windows = nn.functional.unfold(x, size, padding=padding, stride=stride)
    y = nn.functional.conv2d(x, weights.permute(3, 2, 0, 1), bias, stride=stride, padding=padding)
    layer = {"kind": "convolution", "image": image, "filters": filters, "kernel": kernel, "activation": activation}
    return layer, [weights, bias], (windows**2).sum(1).mean(), ACTIVATIONS[activation](flat(y))


def conv1d(x, steps, channels, filters, kernel, activation):
    size, stride, padding = kernel
    weights = parameter(numbers(size, channels, filters, scale=(size * channels) ** -0.5))
    bias = parameter(numbers(filters, scale=0.5))
    x = x.reshape(len(x), steps, channels).transpose(1, 2)
    windows = nn.functional.pad(x, (padding, padding)).unfold(2, size, stride)
    y = nn.functional.conv1d(x, weights.permute(2, 1, 0), bias, stride=stride, padding=padding)
    layer = {"kind": "conv1d", "steps": steps, "channels": channels, "filters": filters, "kernel": kernel}
    layer |= {"activation": activation}
    signal = (windows**2).sum((1, 3)).mean()
    return layer, [weights, bias], signal, ACTIVATIONS[activation](y.transpose(1, 2).flatten(1))


def max_pool(x, image, kernel):
    size, stride, padding = kernel
    y = nn.functional.max_pool2d(planes(x, *image), size, stride=stride, padding=padding)
    return {"kind": "max pool", "image": image, "kernel": kernel}, [], (x**2).sum(1).mean(), flat(y)


def global_average(x, image):
    y = nn.functional.adaptive_avg_pool2d(planes(x, *image), 1)
    return {"kind": "global average", "image": image}, [], (x**2).sum(1).mean(), y.flatten(1)


def marker(kind, x, **also):
    return {"kind": kind, "units": x.shape[1]} | also, [], (x**2).sum(1).mean()


def block(x, image, filters, stride):
    """A basic residual block, with a projection where the image or its channels change."""
    rows, columns, channels = image
    smaller = ((rows - 1) // stride + 1, (columns - 1) // stride + 1, filters)
    made, y = [marker("keep", x)], x
    for kind, *sizes in [
        (convolution, image, filters, (3, stride, 1), "linear"),
        (normalization, "relu"),
        (convolution, smaller, filters, (3, 1, 1), "linear"),
        (normalization, "linear"),
    ]:
        *layer, y = kind(y, *sizes)
        made.append(layer)
    if smaller != image:
        made.append(marker("swap", x))
        for kind, *sizes in [(convolution, image, filters, (1, stride, 0), "linear"), (normalization, "linear")]:
            *layer, x = kind(x, *sizes)
            made.append(layer)
    return made + [marker("add", y, activation="relu")], torch.relu(y + x)


def weights(parameters):
    """Whether there are some: vectors are biases and gains."""
    return any(p.dim() > 1 for p in parameters)


def case(name, inputs, layers, loss, samples=7):
    x = features = numbers(samples, inputs)
    made = []
    for kind, *sizes in layers:
        if kind is block:
            layers, x = block(x, *sizes)
            made.extend(layers)
        else:
            *layer, x = kind(x, *sizes)
            made.append(layer)
    # Signals of layers without weights are not gathered; the first layer's may be that of the inputs.
    without = [index for index, (_, parameters, _) in enumerate(made) if index > 0 and not weights(parameters)]
    if loss == "cross-entropy":
        targets = torch.randint(x.shape[1], (samples,))
        value, outputs = nn.functional.cross_entropy(x, targets), torch.softmax(x, 1)
        targets = targets.tolist()
    else:
        targets = numbers(*x.shape)
        value, outputs = nn.functional.mse_loss(x, targets), x
        targets = shortest(targets)
    parameters = [p for _, parameters, _ in made for p in parameters]
    value.backward()
    return {
        "name": name,
        "inputs": inputs,
        "layers": [layer for layer, _, _ in made],
        "loss": loss,
        "parameters": [x for p in parameters for x in shortest(p)],
        "features": shortest(features),
        "targets": targets,
        "value": value.item(),
        "gradient": [float(f"{g:.9g}") for p in parameters for g in p.grad.flatten().tolist()],
        "outputs": outputs.flatten().tolist(),
        "signals": [0.0 if index in without else signal.item() for index, (_, _, signal) in enumerate(made)],
    }


CASES = [
    case(
        "two layers, the class by the last state",
        6 * 3,
        [(recurrent, 3, 5, 6, "tanh", True), (recurrent, 5, 4, 6, "tanh", False), (dense, 3, "softmax")],
        "cross-entropy",
    ),
    case("one layer of an odd number of steps", 5 * 2, [(recurrent, 2, 7, 5, "relu", False)], "mse"),
    case("one step", 3, [(recurrent, 3, 2, 1, "tanh", False)], "mse"),
    case(
        "behind a dense layer, every state given on",
        4,
        [(dense, 12, "tanh"), (recurrent, 3, 6, 4, "relu", True), (dense, 2, "linear")],
        "mse",
    ),
    case(
        "normalised between dense layers",
        5,
        [
            (dense, 9, "linear"),
            (normalization, "tanh"),
            (dense, 6, "tanh"),
            (normalization, "linear"),
            (dense, 3, "softmax"),
        ],
        "cross-entropy",
    ),
    case(
        "normalised inputs and states",
        6,
        [(normalization, "linear"), (recurrent, 3, 5, 2, "tanh", True), (normalization, "relu")],
        "mse",
    ),
    case("one channel", 5 * 6, [(convolution, (5, 6, 1), 3, (3, 1, 0), "tanh")], "mse"),
    case(
        "every second position, padded",
        5 * 6 * 3,
        [(convolution, (5, 6, 3), 6, (3, 2, 1), "relu"), (convolution, (3, 3, 6), 5, (2, 2, 0), "linear")],
        "mse",
    ),
    case(
        "a window larger than the image",
        4 * 5 * 2,
        [
            (dense, 4 * 5 * 2, "tanh"),
            (convolution, (4, 5, 2), 4, (7, 2, 3), "relu"),
            (global_average, (2, 3, 4)),
            (dense, 3, "softmax"),
        ],
        "cross-entropy",
    ),
    case("windows of one place", 5 * 4 * 3, [(convolution, (5, 4, 3), 6, (1, 2, 0), "linear")], "mse"),
    case(
        "many channels",
        3 * 3 * 70,
        [(convolution, (3, 3, 70), 5, (3, 1, 1), "tanh"), (convolution, (3, 3, 5), 3, (3, 3, 0), "tanh")],
        "mse",
        samples=3,
    ),
    case(
        "an image of one place",
        4,
        [(dense, 6, "tanh"), (convolution, (1, 1, 6), 4, (3, 1, 1), "linear")],
        "mse",
    ),
    case(
        "the largest of inputs and outputs",
        5 * 6 * 2,
        [
            (max_pool, (5, 6, 2), (3, 2, 1)),
            (convolution, (3, 3, 2), 4, (2, 1, 1), "linear"),
            (max_pool, (4, 4, 4), (2, 2, 0)),
        ],
        "mse",
    ),
    case("a residual block", 4 * 3 * 2, [(block, (4, 3, 2), 2, 1)], "mse"),
    case("a residual block with a projection", 4 * 5 * 2, [(block, (4, 5, 2), 3, 2)], "mse"),
    case(
        "a small ResNet",
        10 * 10,
        [
            (convolution, (10, 10, 1), 4, (7, 2, 3), "linear"),
            (normalization, "relu"),
            (max_pool, (5, 5, 4), (3, 2, 1)),
            (block, (3, 3, 4), 4, 1),
            (block, (3, 3, 4), 6, 2),
            (block, (2, 2, 6), 6, 1),
            (global_average, (2, 2, 6)),
            (dense, 5, "softmax"),
        ],
        "cross-entropy",
    ),
    # New cases go to the end: numbers are drawn one case after the other.
    case("a sequence of one channel", 9, [(conv1d, 9, 1, 3, (3, 1, 0), "tanh")], "mse"),
    case(
        "a sequence, padded, every second and third position",
        7 * 3,
        [(conv1d, 7, 3, 6, (4, 2, 1), "relu"), (conv1d, 3, 6, 5, (3, 3, 2), "linear"), (dense, 3, "softmax")],
        "cross-entropy",
    ),
    case(
        "states, and windows larger than their sequence, of many channels",
        4 * 2,
        [(recurrent, 2, 50, 4, "tanh", True), (conv1d, 4, 50, 3, (7, 1, 3), "tanh")],
        "mse",
    ),
    case(
        "two layers of gates, the class by the last state",
        6 * 3,
        [(gru, 3, 5, 6, True), (gru, 5, 4, 6, False), (dense, 3, "softmax")],
        "cross-entropy",
    ),
    case("gates, an odd number of steps", 5 * 2, [(gru, 2, 7, 5, False)], "mse"),
    case("gates of one step", 3, [(gru, 3, 2, 1, False)], "mse"),
    case(
        "gates behind a dense layer, every state given on",
        4,
        [(dense, 12, "tanh"), (gru, 3, 6, 4, True), (dense, 2, "linear")],
        "mse",
    ),
]

if __name__ == "__main__":
    print("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]")
