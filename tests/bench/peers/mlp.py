#!/usr/bin/env python3
"""A training step of deep narrow MLPs in PyTorch on the CPU: forward, cross entropy, backward, SGD with momentum and weight decay. Lists are allowed: one line of key=value for each combination, the
quickest of the optimisers asked for."""
import argparse
import itertools

import torch
from torch import nn
from torch.nn import functional as F

from measure import seconds_of


class Mlp(nn.Module):
    """depth layers of width x width, act(W x + b) or x + act(W x + b), and a head of 10 classes"""

    def __init__(self, depth, width, act, skip):
        super().__init__()
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(depth))
        self.head = nn.Linear(width, 10)
        self.act = {"relu": torch.relu, "tanh": torch.tanh}[act]
        self.skip = skip

    def forward(self, x):
        for layer in self.layers:
            y = self.act(layer(x))
            x = x + y if self.skip else y
        return self.head(x)


def options():
    p = argparse.ArgumentParser(description=__doc__)
    for name, usual in (("depth", "50"), ("width", "64"), ("batch", "64"), ("act", "relu"), ("skip", "0"), ("optimiser", "fused,foreach")):
        p.add_argument("--" + name, default=usual)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=3)
    p.add_argument("--seconds", type=float, default=0.05, help="least length of a round")
    return p.parse_args()


def make_step(depth, width, batch, act, skip, optimiser):
    net = Mlp(depth, width, act, skip)
    x = torch.randn(batch, width)
    labels = torch.randint(0, 10, (batch,))
    sgd = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9, weight_decay=1e-4, **{optimiser: True})

    def step():
        sgd.zero_grad(set_to_none=True)
        F.cross_entropy(net(x), labels).backward()
        sgd.step()

    return step


def main():
    o = options()
    torch.manual_seed(1)
    torch.set_num_threads(o.threads)
    grid = itertools.product(*(getattr(o, name).split(",") for name in ("depth", "width", "batch", "act", "skip")))
    for depth, width, batch, act, skip in grid:
        steps = [make_step(int(depth), int(width), int(batch), act, skip == "1", word) for word in o.optimiser.split(",")]
        seconds = min(seconds_of(step, o.rounds, o.seconds) for step in steps)
        print(f"peer=torch-{torch.__version__} depth={depth} width={width} batch={batch} act={act} skip={skip} threads={o.threads} ms={1e3 * seconds:.4g}", flush=True)


main()
