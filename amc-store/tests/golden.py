"""Makes the golden bytes of formats.rs from the formats' documentation alone: python3 golden.py"""

import struct
import zlib


def varint(n):
    out = b""
    while n >= 0x80:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def f32(*numbers):
    return struct.pack(f"<{len(numbers)}f", *numbers)


def blob(magic, version, header, numbers):
    header += bytes(-len(header) % 4)
    body = magic + struct.pack("<II", version, len(header)) + header + f32(*numbers)
    return body + struct.pack("<I", zlib.crc32(body))


PORTABLE, MSE, DENSE, LINEAR, TANH, NONE, SOME = 0, 0, 0, 0, 1, 0, 1
# 2 inputs, 3 units of tanh, 1 linear output: 13 parameters.
layers = [bytes([DENSE]) + varint(3) + bytes([TANH]), bytes([DENSE]) + varint(1) + bytes([LINEAR])]
net = bytes([MSE]) + varint(2) + varint(len(layers)) + b"".join(layers)
parameters = [0.5 * i - 1 for i in range(13)]

model = blob(b"AMCMODEL", 2, bytes([PORTABLE]) + net + varint(13), parameters)

# sigma, epsilon, n_s, T, and a grid of 2^-20.
options = f32(0.25) + f32(0.125) + varint(300) + f32(1.5) + bytes([SOME]) + struct.pack("<b", -20)
# sigma, loss, n_cr, steps, accepted, resets.
state = f32(0.0625) + f32(0.75) + varint(7) + varint(100_000) + varint(128) + varint(2)
generator = varint(16) + struct.pack("<4I", 1, 2, 3, 4)
streams = varint(0)
header = bytes([PORTABLE, SOME]) + net + varint(13) + options + varint(13) + varint(2) + state + generator + streams
centres = [0.25 * i for i in range(13)]
chain = blob(b"AMCCHAIN", 1, header, parameters + centres + [2.0, 0.5])

for name, of in [("MODEL", model), ("CHAIN", chain)]:
    print(name, of.hex())
