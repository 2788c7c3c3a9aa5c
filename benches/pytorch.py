#!/usr/bin/env python3
"""Times a Metropolis move in PyTorch: one Gaussian for each parameter, one forward pass on all samples, a decision.

Usage: pytorch.py CASE [--threads N] [--steps N] [--data-dir DIR]     (needs torch and numpy)
CASE is one of those of `amc-bench`; prints one line of JSON with the median time of a move in milliseconds.
"""
import argparse
import gzip
import json
import math
import pathlib
import statistics
import time

import numpy
import torch


def read_idx(folder, name):
    """The bytes of an IDX file, plain or .gz, after its header."""
    plain = pathlib.Path(folder, name)
    packed = plain.with_name(name + ".gz")
    raw = plain.read_bytes() if plain.exists() else gzip.decompress(packed.read_bytes())
    return numpy.frombuffer(raw, numpy.uint8, offset=4 + 4 * raw[3])


def dense(sizes, last=()):
    """Linear layers with tanh between them, and `last` after them."""
    layers = []
    for fan_in, units in zip(sizes, sizes[1:]):
        layers += [torch.nn.Linear(fan_in, units), torch.nn.Tanh()]
    return torch.nn.Sequential(*layers[:-1], *last)


class Recurrent(torch.nn.Module):
    """Two recurrent layers of 64 units, and two classes by the last state."""

    def __init__(self):
        super().__init__()
        self.states = torch.nn.RNN(2, 64, num_layers=2, batch_first=True)
        self.classes = torch.nn.Linear(64, 2)

    def forward(self, sequences):
        return self.classes(self.states(sequences)[0][:, -1])


def squared_error(outputs, targets):
    """The mean over samples and outputs."""
    return torch.mean((outputs - targets) ** 2)


def case(name, folder):
    """Net, inputs, targets and loss of a case."""
    if name in ("mnist", "rnn"):
        images = read_idx(folder, "train-images-idx3-ubyte").reshape(-1, 784)
        labels = torch.from_numpy(read_idx(folder, "train-labels-idx1-ubyte").astype(numpy.int64))
    if name == "rnn":
        chosen = (labels < 2).nonzero()[:1500, 0]
        white = torch.from_numpy(images.astype(numpy.float32) / 255)[chosen] > 0.25
        sequences = torch.nn.functional.one_hot(white.long(), 2).float()
        return Recurrent(), sequences, labels[chosen], torch.nn.functional.cross_entropy
    if name == "mnist":
        net = dense([784, 16, 16, 10], [torch.nn.Softmax(dim=1)])
        inputs = torch.from_numpy(images.astype(numpy.float32) / 255)
        return net, inputs, torch.nn.functional.one_hot(labels, 10).float(), squared_error
    kind, size = name.split("-")
    points = torch.linspace(0, 1, 1000).unsqueeze(1)
    if kind == "sine":
        return dense([1, int(size), int(size), 1]), points, torch.sin(2 * math.pi * points), squared_error
    sizes = [1] + [4] * (int(size) - 1) + [10, 1]
    return dense(sizes), points, 0.5 * ((points > 0.5) & (points < 0.75)).float(), squared_error


@torch.no_grad()
def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("case")
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--steps", type=int, default=40)
    parser.add_argument("--data-dir", default="data/mnist")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    torch.manual_seed(1)
    net, inputs, targets, loss_of = case(args.case, args.data_dir)
    # One flat vector that the layers view: nothing is faster in PyTorch for proposals.
    parameters = torch.nn.utils.parameters_to_vector(net.parameters()).normal_(0, 0.01)
    torch.nn.utils.vector_to_parameters(parameters, net.parameters())
    kept, loss = parameters.clone(), loss_of(net(inputs), targets)
    times = []
    for _ in range(args.steps + 2):
        begun = time.perf_counter()
        torch.add(kept, torch.randn_like(kept), alpha=0.01, out=parameters)
        proposed = loss_of(net(inputs), targets)
        if proposed <= loss:
            loss = proposed
            kept.copy_(parameters)
        times.append(1e3 * (time.perf_counter() - begun))
    line = {"case": args.case, "parameters": kept.numel(), "step_ms": statistics.median(times[2:])}
    print(json.dumps(line))


main()
