"""Writes layers.json: nets with recurrent layers and layer normalisation, in double precision by PyTorch.

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
    return [float(str(x)) for x in tensor.float().numpy().ravel()]


def dense(x, units, activation):
    weights, bias = numbers(x.shape[1], units, scale=0.5), numbers(units, scale=0.5)
    signal = (x**2).sum(1).mean()
    layer = {"kind": "dense", "units": units, "activation": activation}
    return layer, [weights, bias], signal, ACTIVATIONS[activation](x @ weights + bias)


def normalization(x, activation):
    units = x.shape[1]
    norm = nn.LayerNorm(units)
    gains, biases = (1 + numbers(units, scale=0.5)).float().double(), numbers(units, scale=0.5)
    with torch.no_grad():
        norm.weight.copy_(gains)
        norm.bias.copy_(biases)
        y = ACTIVATIONS[activation](norm(x))
    layer = {"kind": "normalization", "units": units, "activation": activation}
    return layer, [gains, biases], (x**2).sum(1).mean(), y


def recurrent(x, inputs, units, steps, activation, every):
    weights, bias = numbers(inputs + units, units, scale=0.5), numbers(units, scale=0.5)
    rnn = nn.RNN(inputs, units, nonlinearity=activation, batch_first=True)
    with torch.no_grad():
        rnn.weight_ih_l0.copy_(weights[:inputs].T)
        rnn.weight_hh_l0.copy_(weights[inputs:].T)
        rnn.bias_ih_l0.copy_(bias / 4)
        rnn.bias_hh_l0.copy_(bias * 3 / 4)
        sequence = x.reshape(len(x), steps, inputs)
        states, last = rnn(sequence)
    before = torch.cat([torch.zeros(len(x), 1, units), states[:, :-1]], 1)
    signal = ((sequence**2).sum(2) + (before**2).sum(2)).mean()
    layer = {"kind": "recurrent", "inputs": inputs, "units": units, "steps": steps}
    layer |= {"activation": activation, "every": every}
    return layer, [weights, bias], signal, states.flatten(1) if every else last[0]


def case(name, inputs, layers, loss, samples=7):
    x = features = numbers(samples, inputs)
    made = []
    for kind, *sizes in layers:
        layer, parameters, signal, x = kind(x, *sizes)
        made.append((layer, parameters, signal))
    if loss == "cross-entropy":
        targets = torch.randint(x.shape[1], (samples,))
        value, outputs = nn.functional.cross_entropy(x, targets), torch.softmax(x, 1)
        targets = targets.tolist()
    else:
        targets = numbers(*x.shape)
        value, outputs = nn.functional.mse_loss(x, targets), x
        targets = shortest(targets)
    return {
        "name": name,
        "inputs": inputs,
        "layers": [layer for layer, _, _ in made],
        "loss": loss,
        "parameters": [x for _, parameters, _ in made for p in parameters for x in shortest(p)],
        "features": shortest(features),
        "targets": targets,
        "value": value.item(),
        "outputs": outputs.flatten().tolist(),
        "signals": [signal.item() for _, _, signal in made],
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
]

if __name__ == "__main__":
    print("[\n" + ",\n".join(json.dumps(case) for case in CASES) + "\n]")
