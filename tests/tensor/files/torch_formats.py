#!/usr/bin/env python3
"""What PyTorch's casts from float32 give, as the checksums that tests/tensor/test_format.c compares with.

    python3 tests/tensor/files/torch_formats.py          (needs torch and numpy)

Three sets of float32: a million by chance (splitmix64 of 0, 1, ..., its upper half), every upper half of a float with six lower halves (ties of bfloat16 and those beside), and every upper 19 bits with four endings (ties of float16).
The checksum of a set is FNV-1a, 64 bits, over the bits of the float32 that came back, lowest byte first; NaN counts as 0x7fc00000."""
import numpy
import torch

FORMATS = {"bf16": torch.bfloat16, "f16": torch.float16, "f8e4m3": torch.float8_e4m3fn, "f8e5m2": torch.float8_e5m2}


def splitmix64(i):
    with numpy.errstate(over="ignore"):
        z = (i + numpy.uint64(1)) * numpy.uint64(0x9E3779B97F4A7C15)
        z = (z ^ (z >> numpy.uint64(30))) * numpy.uint64(0xBF58476D1CE4E5B9)
        z = (z ^ (z >> numpy.uint64(27))) * numpy.uint64(0x94D049BB133111EB)
    return z ^ (z >> numpy.uint64(31))


def sets():
    upper = numpy.arange(1 << 16, dtype=numpy.uint32)[:, None] << numpy.uint32(16)
    more = numpy.arange(1 << 19, dtype=numpy.uint32)[:, None] << numpy.uint32(13)
    yield (splitmix64(numpy.arange(1000000, dtype=numpy.uint64)) >> numpy.uint64(32)).astype(numpy.uint32)
    yield (upper | numpy.array([0, 1, 0x7fff, 0x8000, 0x8001, 0xffff], dtype=numpy.uint32)).reshape(-1)
    yield (more | numpy.array([0, 0x0fff, 0x1000, 0x1001], dtype=numpy.uint32)).reshape(-1)


def checksum(data):
    value = 0xCBF29CE484222325
    for byte in data:
        value = ((value ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return value


def main():
    for word, dtype in FORMATS.items():
        sums = []
        for bits in sets():
            back = torch.from_numpy(bits.view(numpy.float32)).to(dtype).to(torch.float32).numpy()
            out = back.view(numpy.uint32).copy()
            out[numpy.isnan(back)] = 0x7FC00000
            sums.append("0x%016x" % checksum(out.astype("<u4").tobytes()))
        print('    {"%s", {%s}},' % (word, ", ".join(sums)))


main()
