"""Writes gradient.json: gradients and steps of small nets in PyTorch's double precision.

pip install torch==2.* && python gradient.py > gradient.json
"""

import itertools
import json

import torch

SIZES, SAMPLES, SEED = [3, 5, 4, 3], 37, 20220515
ACTIVATIONS = {
    "linear": lambda z: z,
    "tanh": torch.tanh,
    "relu": torch.relu,
    "sigmoid": torch.sigmoid,
    "softmax": lambda z: torch.softmax(z, 1),
}

torch.manual_seed(SEED)


def single(*shape):
    """Numbers that single precision holds."""
    return torch.randn(*shape, dtype=torch.float32).double()


features = single(SAMPLES, SIZES[0])
classes = torch.randint(SIZES[-1], (SAMPLES,))
values = single(SAMPLES, SIZES[-1])
parameters = single(sum((n + 1) * m for n, m in itertools.pairwise(SIZES)))
one_hot = torch.nn.functional.one_hot(classes, SIZES[-1]).double()


def loss_of(x, activation, output, loss):
    s, at = features, 0
    for layer, (n, m) in enumerate(itertools.pairwise(SIZES)):
        z = s @ x[at : at + n * m].view(n, m) + x[at + n * m : at + n * m + m]
        at += (n + 1) * m
        s = ACTIVATIONS[activation if layer + 2 < len(SIZES) else output](z)
    if loss == "cross-entropy":
        if output == "softmax":
            return torch.nn.functional.cross_entropy(z, classes)
        return torch.nn.functional.binary_cross_entropy_with_logits(z, one_hot, reduction="sum") / SAMPLES
    return torch.nn.functional.mse_loss(s, one_hot if output in ("softmax", "sigmoid") else values)


def gradient(x, *case):
    x = x.clone().requires_grad_()
    loss_of(x, *case).backward()
    return x.grad


def steps(optimizer, clip=None):
    x = parameters.clone().requires_grad_()
    optimizer = optimizer([x])
    for _ in range(5):
        optimizer.zero_grad()
        loss_of(x, "tanh", "softmax", "mse").backward()
        if clip is not None:
            torch.nn.utils.clip_grad_norm_([x], clip)
        optimizer.step()
    return x.detach()


def numbers(tensor):
    return [float(f"{v:.9g}") for v in tensor.flatten().tolist()]


cases = [
    {"activation": a, "output": o, "loss": l, "gradient": numbers(gradient(parameters, a, o, l))}
    for a, o, l in itertools.product(ACTIVATIONS, ACTIVATIONS, ("mse", "cross-entropy"))
    if a != "softmax" and (l == "mse" or o in ("softmax", "sigmoid"))
]
print(
    json.dumps(
        {
            "generator": f"gradient.py, PyTorch {torch.__version__}",
            "features": numbers(features),
            "classes": classes.tolist(),
            "values": numbers(values),
            "parameters": numbers(parameters),
            "cases": cases,
            "gradient_descent": numbers(steps(lambda x: torch.optim.SGD(x, lr=0.5))),
            "clipped": numbers(steps(lambda x: torch.optim.SGD(x, lr=0.5), 0.01)),
            "adam": numbers(steps(lambda x: torch.optim.Adam(x, lr=0.01))),
        }
    )
)
