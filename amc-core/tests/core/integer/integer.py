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


def places(size, stride, padding, n):
    """The places, of n, under a window at each of its positions, with the window's own."""
    starts = range(-padding, n + padding - size + 1, stride)
    return [[(own, start + own) for own in range(size) if 0 <= start + own < n] for start in starts]


def window_sums(weights, biases, given, rows, columns, channels, of_rows, of_columns):
    """`of_rows` and `of_columns` are a window's size, stride and padding."""
    sums = []
    for row in places(*of_rows, rows):
        for column in places(*of_columns, columns):
            for filter, bias in zip(weights, biases):
                under = [
                    filter[(i * of_columns[0] + j) * channels + c] * given[(y * columns + x) * channels + c]
                    for i, y in row for j, x in column for c in range(channels)
                ]
                sums.append(sum(under) + bias)
    return sums


def fan_in_and_neurons(layer, width):
    kind = layer[0]
    if kind == "convolution":
        _, _, _, channels, filters, size, _, _, _ = layer
        return size * size * channels, filters
    if kind == "conv1d":
        _, _, channels, filters, size, _, _, _ = layer
        return size * channels, filters
    if kind in ("recurrent", "recurrent_states"):
        return layer[1] + layer[2], layer[2]
    return (0, 0) if kind in ("max_pool", "global_average") else (width, layer[0])


def sums_of(layer, weights, biases, scale, given):
    """The sums of a layer; `biases` are those of its neurons, times their power of 2, which is the second of `scale`."""
    kind = layer[0]
    if kind == "convolution":
        _, rows, columns, channels, _, size, stride, padding, _ = layer
        window = (size, stride, padding)
        return window_sums(weights, biases, given, rows, columns, channels, window, window)
    if kind == "conv1d":
        _, steps, channels, _, size, stride, padding, _ = layer
        return window_sums(weights, biases, given, 1, steps, channels, (1, 1, 0), (size, stride, padding))
    if kind == "max_pool":
        _, rows, columns, channels, size, stride, padding = layer
        return [
            max(given[(y * columns + x) * channels + c] for _, y in row for _, x in column)
            for row in places(size, stride, padding, rows) for column in places(size, stride, padding, columns)
            for c in range(channels)
        ]
    if kind == "global_average":
        _, rows, columns, channels = layer
        return [sum(given[c::channels]) // (rows * columns) for c in range(channels)]
    if kind in ("recurrent", "recurrent_states"):
        _, inputs, units, steps, name = layer
        state, all_sums = [0] * units, []
        for step in range(steps):
            x, sums = given[step * inputs:][:inputs], []
            for row, b in zip(weights, biases):
                # Inputs weigh as much as states, of which 2 ** 7 is the largest.
                of_inputs = (sum(w * v for w, v in zip(row, x)) + b) * 2 ** max(7 - scale[1], 0)
                sums.append(of_inputs + sum(w * v for w, v in zip(row[inputs:], state)))
            state = [activate(name, s >> scale[0]) for s in sums]
            all_sums += sums
        return all_sums if kind == "recurrent_states" else sums
    return [sum(w * x for w, x in zip(row, given)) + b for row, b in zip(weights, biases)]


def activation(layer):
    return "linear" if layer[0] in ("max_pool", "global_average") else layer[-1]


def case(rng, inputs, layers, scales, most, limit, samples=7):
    width, parameters, sections = inputs, [], []
    for layer in layers:
        fan_in, neurons = fan_in_and_neurons(layer, width)
        weights = [[rng.randint(-limit, limit) for _ in range(fan_in)] for _ in range(neurons)]
        biases = [rng.randint(-limit, limit) for _ in range(neurons)]
        sections.append((weights, biases))
        parameters += sum(weights, []) + biases
        width = len(sums_of(layer, weights, biases, (0, 7), [0] * width))
    features = [[rng.randint(-most if most < 255 else 0, most) for _ in range(inputs)] for _ in range(samples)]
    softmax = activation(layers[-1]) == "softmax"
    targets = [rng.randrange(width) if softmax else [rng.randint(-2000, 2000) for _ in range(width)] for _ in features]
    outputs, losses = [], []
    for sample, target in zip(features, targets):
        given = sample
        for index, ((weights, biases), layer, (shift, bias)) in enumerate(zip(sections, layers, scales)):
            sums = sums_of(layer, weights, [b << bias for b in biases], (shift, bias), given)
            if index + 1 < len(layers):
                given = [activate(activation(layer), s >> shift) for s in sums]
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
    layers = [
        case(
            rng, 8 * 7, [("convolution", 8, 7, 1, 3, 3, 1, 0, "tanh"), ("max_pool", 6, 5, 3, 2, 2, 0), (4, "softmax")],
            [(5, 4), (0, 0), (5, 7)], 16, 127,
        ),
        # A window larger than its stride beyond the edges, many channels, and a mean.
        case(
            rng, 5 * 6 * 2,
            [("convolution", 5, 6, 2, 4, 3, 2, 1, "relu"), ("convolution", 3, 3, 4, 5, 2, 1, 1, "sigmoid"),
             ("global_average", 4, 4, 5), (2, "linear")],
            [(8, 7), (7, 7), (0, 0), (4, 7)], 127, 127,
        ),
        case(
            rng, 12 * 3,
            [("conv1d", 12, 3, 4, 5, 2, 2, "tanh"), ("conv1d", 6, 4, 3, 2, 1, 0, "sign"), (3, "softmax")],
            [(8, 7), (6, 7), (4, 7)], 127, 127,
        ),
        # What pools inputs divides them, as activations have 8 bits.
        case(
            rng, 4 * 4 * 2, [("max_pool", 4, 4, 2, 3, 1, 1), (6, "tanh"), (3, "softmax")], [(1, 0), (10, 7), (4, 7)],
            255, 127,
        ),
        # Layers that have all sums of a net's last one.
        case(rng, 3 * 3, [("convolution", 3, 3, 1, 2, 2, 1, 0, "softmax")], [(4, 7)], 127, 127),
        case(rng, 2 * 3 * 2, [("global_average", 2, 3, 2)], [(0, 0)], 127, 127),
        case(rng, 5 * 3, [("recurrent", 3, 6, 5, "tanh"), (3, "softmax")], [(7, 7), (5, 7)], 127, 127),
        case(
            rng, 6 * 2,
            [("recurrent_states", 2, 5, 6, "sigmoid"), ("recurrent", 5, 4, 6, "tanh"), (2, "linear")],
            [(8, 9), (6, 7), (4, 7)], 255, 127,
        ),
        case(
            rng, 6 * 2,
            [("recurrent_states", 2, 3, 6, "relu"), ("conv1d", 6, 3, 2, 3, 1, 0, "step"), (3, "softmax")],
            [(9, 7), (7, 7), (4, 7)], 127, 60,
        ),
        # Inputs that are multiplied to weigh as much as states.
        case(rng, 4 * 3, [("recurrent", 3, 6, 4, "tanh"), (3, "softmax")], [(8, 3), (5, 7)], 16, 127),
    ]
    print(json.dumps({"dense": cases, "layers": layers}))


main()
