"""Writes integer.json: what integer nets make of samples, computed from the scheme's definition with Python's integers.

    python3 integer.py > integer.json
"""

import json
import math
import random


def activate(name, v):
    if name == "tanh":
        v = min(max(v, -256), 255)
        size = round(127 * math.tanh((max(v, ~v) + 0.5) / 64))
        return size if v >= 0 else -size
    if name == "sigmoid":
        return (127 + activate("tanh", v >> 1)) >> 1
    return {
        "relu": min(max(v, 0), 127),
        "linear": min(max(v, -127), 127),
        "sign": -127 if v < 0 else 127,
        "step": 0 if v < 0 else 127,
    }[name]


def log2(x):
    places = x.bit_length() - 1 - 8
    entry, rest = (x >> places) & 255, x & ((1 << places) - 1)
    table = [round(4096 * math.log2(1 + i / 256)) for i in (entry, entry + 1)]
    return ((places + 8) << 12) + table[0] + (((table[1] - table[0]) * rest) >> places)


def loss(sums, shift, target):
    if isinstance(target, list):
        outputs = [min(max(s >> shift, -32768), 32767) for s in sums]
        return min(sum((o - t) ** 2 for o, t in zip(outputs, target)), 2**32 - 1)
    behind = [(max(sums) - s) >> shift for s in sums]
    total = sum(round(32768 * 2 ** (-(b & 255) / 256)) >> (b >> 8) for b in behind if b >> 8 < 16)
    return (min(behind[target], 65535) << 4) + log2(total) - (15 << 12)


def case(rng, inputs, layers, scales, most, limit, samples=7):
    width, parameters, sections = inputs, [], []
    for units, _ in layers:
        weights = [[rng.randint(-limit, limit) for _ in range(width)] for _ in range(units)]
        biases = [rng.randint(-limit, limit) for _ in range(units)]
        sections.append((weights, biases))
        parameters += sum(weights, []) + biases
        width = units
    features = [[rng.randint(-most if most < 255 else 0, most) for _ in range(inputs)] for _ in range(samples)]
    softmax = layers[-1][1] == "softmax"
    targets = [rng.randrange(width) if softmax else [rng.randint(-2000, 2000) for _ in range(width)] for _ in features]
    outputs, losses = [], []
    for sample, target in zip(features, targets):
        given = sample
        for index, ((weights, biases), (_, name), (shift, bias)) in enumerate(zip(sections, layers, scales)):
            sums = [sum(w * x for w, x in zip(row, given)) + (b << bias) for row, b in zip(weights, biases)]
            if index + 1 < len(layers):
                given = [activate(name, s >> shift) for s in sums]
        outputs.append([s >> scales[-1][0] for s in sums])
        losses.append(loss(sums, scales[-1][0], target))
    return {
        "inputs": inputs, "layers": layers, "scales": scales, "most": most, "parameters": parameters,
        "features": features, "targets": targets, "outputs": outputs, "losses": losses,
    }


def main():
    rng = random.Random(1)
    cases = [
        case(rng, 9, [(5, "tanh"), (4, "softmax")], [(6, 7), (5, 7)], 127, 127),
        case(rng, 20, [(7, "sigmoid"), (6, "relu"), (3, "softmax")], [(8, 3), (6, 7), (4, 0)], 255, 30),
        case(rng, 8, [(6, "linear"), (5, "sign"), (2, "linear")], [(5, 7), (3, 5), (4, 7)], 16, 7),
        case(rng, 6, [(8, "step"), (1, "linear")], [(0, 0), (0, 7)], 127, 1),
        # Logits so far apart that exponentials vanish, and the loss is cut off.
        case(rng, 12, [(9, "tanh"), (10, "softmax")], [(4, 7), (0, 7)], 127, 127),
        case(rng, 3, [(2, "softmax")], [(0, 24)], 32767, 127),
        # Outputs beyond 16 bits.
        case(rng, 5, [(2, "linear")], [(0, 7)], 32767, 127),
    ]
    print(json.dumps(cases))


main()
