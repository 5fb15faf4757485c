#!/usr/bin/env python3
"""IDX files, gzipped.   study_data.py FOLDER OUT SAMPLES: a class-balanced part, drawn once, as IDX files of its own: so many for training, half as many for validation. Two programs that take all of
it have the same pictures, which decide a loss more than the seed does."""
import gzip
import os
import sys

import numpy as np

CLASSES = 10


def read_idx(path):
    with gzip.open(path) as file:
        data = file.read()
    rank = data[3]
    extents = np.frombuffer(data, ">i4", rank, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(extents)


def write_idx(path, array):
    with gzip.open(path, "wb", compresslevel=1) as file:
        file.write(bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">i4").tobytes() + array.tobytes())


def paths_of(folder, name):
    return os.path.join(folder, f"{name}-images-idx3-ubyte.gz"), os.path.join(folder, f"{name}-labels-idx1-ubyte.gz")


def read_half(folder, name):
    pictures, labels = paths_of(folder, name)
    return read_idx(pictures), read_idx(labels)


def balanced_part(labels, count, seed):
    shuffled = np.random.default_rng(seed).permutation(len(labels))
    of_class = [shuffled[labels[shuffled] == c][: count // CLASSES] for c in range(CLASSES)]
    return np.random.default_rng(seed + 1).permutation(np.concatenate(of_class))


def main():
    if len(sys.argv) != 4 or int(sys.argv[3]) % (2 * CLASSES):
        raise SystemExit(f"usage: study_data.py FOLDER OUT SAMPLES     SAMPLES: a multiple of {2 * CLASSES}")
    folder, out, samples = sys.argv[1], sys.argv[2], int(sys.argv[3])
    os.makedirs(out, exist_ok=True)
    for name, count, seed in (("train", samples, 1), ("t10k", samples // 2, 2)):
        pictures, labels = read_half(folder, name)
        rows = balanced_part(labels, count, seed)
        to_pictures, to_labels = paths_of(out, name)
        write_idx(to_pictures, pictures[rows])
        write_idx(to_labels, labels[rows])


if __name__ == "__main__":
    main()
