"""CIFAR-style nets on Fashion-MNIST in PyTorch, plain against skip; and the same study by the library's own trainer.

    python -m deepid.torch run torch_resnet.py --out resnet
    python torch_resnet.py library resnet-library
    python torch_resnet.py beside resnet resnet-library

Nets of 6n+2 layers (He et al. 2016, arXiv:1512.03385, section 4.2): a convolution, three stages of n blocks, a mean, a
dense layer. The first 2000 pictures train, the first 1000 of the test set validate. Guide: docs/torch.md.
"""
from __future__ import annotations

import csv
import gzip
import os
import statistics
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Sequence, Tuple

import numpy as np
import torch
from torch import Tensor, nn

from deepid.torch import Recipe, Study, StudyError

HERE = Path(__file__).resolve().parent
FASHION = Path(os.environ.get("FASHION", HERE / "../../../../shared/data/fashion-mnist"))
WIDTH, CLASSES = 8, 10
RATE, BATCH, MOMENTUM, DECAY = 0.05, 64, 0.9, 1e-4
ARMS = "S,D,D_res,W0"


# ---- data --------------------------------------------------------------------------------------------------

def idx(name: str, count: int) -> np.ndarray:
    """The first entries of an IDX file of bytes: four bytes of magic, an extent each axis, the values."""
    with gzip.open(FASHION / name) as file:
        axes = file.read(4)[3]
        extents = [int.from_bytes(file.read(4), "big") for _ in range(axes)]
        count = min(count, extents[0])
        values = file.read(count * int(np.prod(extents[1:])))
    return np.frombuffer(values, np.uint8).reshape(count, *extents[1:])


def fashion(samples: int) -> Tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Pictures [n, 1, 28, 28] of mean 0 and variance 1 over the training part, labels; training and validation."""
    if not FASHION.is_dir():
        raise StudyError(f"{FASHION}: no such folder; expected the four files of Fashion-MNIST; FASHION= says where")
    x, xv = idx("train-images-idx3-ubyte.gz", samples), idx("t10k-images-idx3-ubyte.gz", samples // 2)
    y, yv = idx("train-labels-idx1-ubyte.gz", samples), idx("t10k-labels-idx1-ubyte.gz", samples // 2)
    mean, deviation = x.mean(dtype=np.float64), x.std(dtype=np.float64)

    def scaled(pixels: np.ndarray) -> np.ndarray:
        return ((pixels[:, None] - mean) / deviation).astype(np.float32)

    return scaled(x), y.astype(np.int64), scaled(xv), yv.astype(np.int64)


# ---- nets --------------------------------------------------------------------------------------------------

class Block(nn.Module):
    """relu(F(x) + skip x), F two convolutions with batch-norm. Where the shape changes the shortcut takes every second
    pixel and adds channels of zeros, half before and half behind (option A): it has no parameters, so plain and skip net
    start alike."""

    def __init__(self, inputs: int, outputs: int, stride: int, skip: bool) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.norm1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.norm2 = nn.BatchNorm2d(outputs)
        self.stride, self.more, self.skip = stride, (outputs - inputs) // 2, skip

    def forward(self, x: Tensor) -> Tensor:
        y = self.norm2(self.conv2(torch.relu(self.norm1(self.conv1(x)))))
        if self.skip:
            y = y + nn.functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.more, self.more))
        return torch.relu(y)


def make_net(depth: int, skip: bool) -> nn.Module:
    """A net of 6n+2 layers. Convolutions start by He et al. 2015 with the fan of outputs, as the paper's code has it."""
    def stage(inputs: int, outputs: int, stride: int) -> nn.Sequential:
        return nn.Sequential(*(Block(outputs if i else inputs, outputs, 1 if i else stride, skip)
                               for i in range((depth - 2) // 6)))

    net = nn.Sequential(nn.Conv2d(1, WIDTH, 3, 1, 1, bias=False), nn.BatchNorm2d(WIDTH), nn.ReLU(),
                        stage(WIDTH, WIDTH, 1), stage(WIDTH, 2 * WIDTH, 2), stage(2 * WIDTH, 4 * WIDTH, 2),
                        nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4 * WIDTH, CLASSES))
    for layer in net.modules():
        if isinstance(layer, nn.Conv2d):
            nn.init.kaiming_normal_(layer.weight, mode="fan_out")
        elif isinstance(layer, nn.Linear):
            nn.init.zeros_(layer.bias)  # its weights are PyTorch's
    return net


def text(depth: int, block: str = "plain") -> str:
    """The same net in the library's words (docs/nets.md)."""
    stages = []
    for i in range(3):
        first = f"{block} out={WIDTH << i} stride={2 if i else 1} shortcut=A after=relu"
        rest = f"{(depth - 2) // 6 - 1} * {block} out={WIDTH << i} shortcut=A after=relu"
        stages += [first, rest] if depth > 8 else [first]
    return "; ".join([f"input 28x28x1; conv2d out={WIDTH} kernel=3 bias=0; batchnorm; relu", *stages,
                      f"global_avgpool; dense out={CLASSES}"])


# ---- the two studies ---------------------------------------------------------------------------------------

@dataclass
class Size:
    """What is compared, on how much."""

    shallow: int = 8
    deep: int = 32
    samples: int = 2000
    epochs: int = 12
    seeds: int = 8
    arms: str = ARMS


def falls(optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """A tenth of the rate in the last quarter."""
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 if step < 0.75 * steps else 0.1)


def study_of(size: Size, folder: str = "resnet") -> Study:
    """The study in PyTorch."""
    recipe = Recipe(lr=RATE, epochs=size.epochs, batch=BATCH, optimizer=f"sgd momentum={MOMENTUM}", weight_decay=DECAY,
                    schedule=falls)
    return Study(make_net, fashion(size.samples), recipe, shallow=size.shallow, deep=size.deep, seeds=size.seeds, tuning=0,
                 arms=size.arms, points=3, folder=folder, subject=f"Fashion-MNIST, {size.samples} pictures, plain nets of "
                 f"{size.shallow} and {size.deep} layers")


def library(folder: str, size: Size) -> Any:
    """The library's own: the same pictures, nets and recipe."""
    import deepid
    x, y, xv, yv = fashion(size.samples)
    return deepid.study(text(size.shallow), text(size.deep), x, y, valid=(xv, yv), layout="nchw", out=folder, arms=size.arms,
                        seeds=size.seeds, steps=size.epochs * (size.samples // BATCH), batch=BATCH, learning_rate=RATE,
                        init="he mode=fan_out head=pytorch", schedule="step at=0.75 factor=0.1", tuning_seeds=0,
                        optimizer=f"sgd momentum={MOMENTUM} weight_decay={DECAY} decay=all", probe_seeds=0)


def losses(folder: str) -> Dict[str, List[Tuple[float, float]]]:
    """Training loss and validation error of every run, by arm."""
    found: Dict[str, List[Tuple[float, float]]] = {}
    with open(Path(folder) / "results.csv", newline="") as file:
        for row in csv.DictReader(file):
            found.setdefault(row["arm"], []).append((float(row["train_loss"]), float(row["valid_error"])))
    return found


def cell(values: Sequence[float], scale: float = 1.0) -> str:
    """Median and range."""
    return "{:.3g} [{:.3g}, {:.3g}]".format(*(scale * v for v in (statistics.median(values), min(values), max(values))))


def beside(one: str, other: str) -> None:
    """The tables of two folders side by side, and whether each median lies within the other's range."""
    a, b = losses(one), losses(other)
    print("| arm | training loss | the library's | validation error % | the library's | within |\n" + "| --- " * 6 + "|")
    for arm in (arm for arm in a if arm in b):
        pairs = [([run[i] for run in a[arm]], [run[i] for run in b[arm]]) for i in (0, 1)]
        within = all(min(y) <= statistics.median(x) <= max(y) and min(x) <= statistics.median(y) <= max(x) for x, y in pairs)
        print("|", arm, *(f"| {cell(side, scale)}" for pair, scale in zip(pairs, (1, 100)) for side in pair),
              "|", "yes" if within else "no", "|")


if __name__ == "study":  # python -m deepid.torch looks for it
    study = study_of(Size())
if __name__ == "__main__" and len(sys.argv) > 2:
    {"library": lambda folder: print(library(folder, Size()).answer), "beside": beside}[sys.argv[1]](*sys.argv[2:])
