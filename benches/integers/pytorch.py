"""Nets of few bits trained with gradients by PyTorch, to know what integers cost there: pytorch.py digits|mnist [--data-dir DIR]

digits: 64-16-10 on the first 1,437 digits of ../../data/digits.u8, held out are the last 360. mnist: 784-16-16-10 on the
60,000 images of MNIST's four IDX files in DIR, held out are the 10,000 test images. Cross-entropy, Adam at PyTorch's defaults
but for its rate, which falls to 0 in a straight line, batches of 32 (digits) and 128 (MNIST).

Rate and number of epochs of each row are those of RATES and EPOCHS with the best mean accuracy of seeds 11 to 13 on the last
fifth (digits) or sixth (MNIST) of what is learned, trained on the rest of it; of equals, the first. Then seeds 1 to 5
are trained on all of it, and looked at once, at the end. A seed below 80% of the held-out ones is counted as failed.

Weights of few bits are rounded when the net is computed, with one scale for a layer, and gradients pass the rounding as if it
were not there (straight through); biases are not rounded, as they are sums of 32 bits where integers compute. Signals
between layers have as many bits as the weights, with ternary weights 8. Pixels are integers anyway.
"""

import argparse
import gzip
import pathlib

import numpy as np
import torch
from torch.nn import functional

EPOCHS = {"digits": [50, 150], "mnist": [20]}
RATES = {"digits": [0.03, 0.01, 0.003, 0.001], "mnist": [0.01, 0.003, 0.001]}
BATCH = {"digits": 32, "mnist": 128}
CHOSEN_BY, MEASURED = [11, 12, 13], [1, 2, 3, 4, 5]
FAILED = 0.8


def straight_through(exact, rounded):
    """`rounded`, with the gradient of `exact`."""
    return exact + (rounded - exact).detach()


def integers(bits):
    """Whole numbers of so many bits times the scale that the largest weight needs."""

    def rounded(weights):
        scale = weights.detach().abs().amax((1, 2), keepdim=True) / (2 ** (bits - 1) - 1)
        return straight_through(weights, torch.round(weights / scale) * scale)

    return rounded


def ternary(weights):
    """-1, 0 and 1 times a scale, by Li, Zhang and Liu's ternary weight networks (arXiv 1605.04711)."""
    size = weights.detach().abs()
    kept = (size > 0.7 * size.mean((1, 2), keepdim=True)).float()
    scale = (size * kept).sum((1, 2), keepdim=True) / kept.sum((1, 2), keepdim=True).clamp(min=1)
    return straight_through(weights, weights.sign() * kept * scale)


def tanh(bits):
    """tanh rounded to so many bits."""
    most = 2 ** (bits - 1) - 1
    return lambda sums: straight_through(torch.tanh(sums), torch.round(most * torch.tanh(sums)) / most)


def sign(sums):
    """-1 or 1; the gradient is that of a clamp (Hubara et al., arXiv 1602.02830)."""
    return straight_through(sums.clamp(-1, 1), torch.where(sums < 0, -1.0, 1.0))


def step(sums):
    """0 or 1, with the same gradient, halved."""
    return straight_through(sums.clamp(-1, 1) / 2, torch.where(sums < 0, 0.0, 1.0))


# What a row is called, what is done to weights, and to sums.
exactly = lambda weights: weights
F32 = ("f32", exactly, torch.tanh)
ROWS = {
    "digits": [
        F32,
        ("int8, trained so", integers(8), tanh(8)),
        ("4 bits, trained so", integers(4), tanh(4)),
        ("ternary weights, signals of 8 bits", ternary, tanh(8)),
        ("signs between layers", exactly, sign),
        ("steps between layers", exactly, step),
        ("ternary weights, signs", ternary, sign),
        ("ternary weights, steps", ternary, step),
    ],
    "mnist": [F32, ("int8, trained so", integers(8), tanh(8)), ("signs between layers", exactly, sign)],
}


def idx(folder, name):
    """The bytes of an IDX file, plain or .gz, after its header."""
    plain = pathlib.Path(folder, name)
    raw = plain.read_bytes() if plain.exists() else gzip.decompress(plain.with_name(name + ".gz").read_bytes())
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * raw[3])


def load(data, folder):
    """Images and labels that are learned and held out, and of how many of the learned ones the settings are chosen."""
    if data == "mnist":
        parts = [(idx(folder, f"{p}-images-idx3-ubyte").reshape(-1, 784), idx(folder, f"{p}-labels-idx1-ubyte")) for p in ["train", "t10k"]]
        most, chosen_on = 255, 10_000
    else:
        stored = np.fromfile(pathlib.Path(__file__).parents[2] / "data/digits.u8", np.uint8)
        images, labels = stored[: 1797 * 64].reshape(-1, 64), stored[1797 * 64 :]
        parts = [(images[:1437], labels[:1437]), (images[1437:], labels[1437:])]
        most, chosen_on = 16, 288
    return [(torch.tensor(i / np.float32(most)), torch.tensor(l.astype(np.int64))) for i, l in parts], chosen_on


def start(sizes, seeds):
    """Weights and biases as nn.Linear draws them, a net for each seed, all in one tensor a layer."""
    nets = []
    for seed in seeds:
        torch.manual_seed(seed)
        nets.append([torch.nn.Linear(fan_in, units) for fan_in, units in zip(sizes, sizes[1:])])
    stack = lambda tensors: torch.stack([tensor.detach().clone() for tensor in tensors]).requires_grad_()
    return [(stack([l.weight for l in same]), stack([l.bias[None] for l in same])) for same in zip(*nets)]


def outputs(layers, images, weights_of, signals_of):
    """Sums of the last layer: nets, images, classes."""
    signals = images
    for i, (weights, biases) in enumerate(layers):
        sums = signals @ weights_of(weights).transpose(1, 2) + biases
        signals = signals_of(sums) if i + 1 < len(layers) else sums
    return signals


def train(sizes, samples, seeds, rates, epochs, batch, row):
    """A net for each rate and seed, trained side by side: none knows of another."""
    images, labels = samples
    nets = [(rate, seed) for rate in rates for seed in seeds]
    layers = start(sizes, [seed for _, seed in nets])
    flat = [tensor for layer in layers for tensor in layer]
    optimizer = torch.optim.Adam(flat, lr=1)
    orders = [torch.Generator().manual_seed(seed) for _, seed in nets]
    rate = torch.tensor([rate for rate, _ in nets])[:, None, None]
    steps = epochs * -(-len(labels) // batch)
    done = 0
    for _ in range(epochs):
        order = torch.stack([torch.randperm(len(labels), generator=g) for g in orders])
        for chosen in order.split(batch, 1):
            found = outputs(layers, images[chosen], row[1], row[2])
            loss = functional.cross_entropy(found.flatten(0, 1), labels[chosen].flatten(), reduction="none")
            optimizer.zero_grad()
            loss.reshape(chosen.shape).mean(1).sum().backward()
            before = [tensor.detach().clone() for tensor in flat]
            optimizer.step()
            with torch.no_grad():
                # Adam's step is in proportion to its rate: one of 1 is taken, and shortened to each net's own.
                for tensor, old in zip(flat, before):
                    tensor.copy_(old + rate * (1 - done / steps) * (tensor - old))
            done += 1
    return layers


@torch.no_grad()
def right(layers, samples, weights_of, signals_of):
    """The share of the samples that each net has right."""
    return (outputs(layers, samples[0], weights_of, signals_of).argmax(2) == samples[1]).float().mean(1)


def report(data, name, settings, of_seeds):
    shares = 100 * of_seeds
    each = ", ".join(f"{share:.2f}" for share in shares)
    failed = int((of_seeds < FAILED).sum())
    print(f"| {data} | {name} | {settings} | {shares.mean():.2f} | {shares.min():.2f} | {each} | {failed} |", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", choices=EPOCHS)
    parser.add_argument("--data-dir", default="data/mnist")
    args = parser.parse_args()
    torch.set_num_threads(1)  # the nets are too small for more
    (learned, held_out), chosen_on = load(args.data, args.data_dir)
    sizes = [784, 16, 16, 10] if args.data == "mnist" else [64, 16, 10]
    batch = BATCH[args.data]
    part, rest = [tensor[-chosen_on:] for tensor in learned], [tensor[:-chosen_on] for tensor in learned]
    rates = RATES[args.data]
    for row in ROWS[args.data]:
        best = (0.0,)
        for epochs in EPOCHS[args.data]:
            nets = train(sizes, rest, CHOSEN_BY, rates, epochs, batch, row)
            means = right(nets, part, row[1], row[2]).reshape(len(rates), -1).mean(1)
            for mean, rate in zip(means.tolist(), rates):
                if mean > best[0]:
                    best = (mean, rate, epochs)
        share, rate, epochs = best
        settings = f"{rate}, {epochs} ({100 * share:.2f})"
        nets = train(sizes, learned, MEASURED, [rate], epochs, batch, row)
        report(args.data, row[0], settings, right(nets, held_out, row[1], row[2]))
        if row is F32:
            report(args.data, "int8, rounded afterwards", "the same nets", right(nets, held_out, integers(8), tanh(8)))


main()
