#!/usr/bin/env python3
"""Tests of what deepid.torch refuses or leaves out before it trains: what would make a verdict of something else than
was asked. Skipped, and says so, where torch is not there."""
import re
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from torch import nn

    from deepid.torch import Recipe, Study, StudyError

    torch.set_num_threads(1)
    missing = None
except ImportError as error:
    torch, missing = None, str(error)


def mlp(depth):
    return nn.Sequential(nn.Linear(3, 6), *(nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(depth)), nn.Linear(6, 2))


def points(count=32):
    x = torch.randn(count, 3, generator=torch.Generator().manual_seed(1))
    return x, (x.sum(1) > 0).long()


@unittest.skipIf(torch is None, "traps with torch: " + (missing or ""))
class Case(unittest.TestCase):
    def setUp(self):
        here = tempfile.TemporaryDirectory()
        self.addCleanup(here.cleanup)
        self.folder = Path(here.name) / "runs"

    def study(self, make_net=mlp, data=None, recipe=None, **more):
        more = {"shallow": 1, "deep": 3, "seeds": 2, "tuning": 0, "points": 2, "folder": self.folder, **more}
        return Study(make_net, points() if data is None else data, recipe or Recipe(lr=0.1, steps=3, batch=8), **more)

    def refused(self, words, **more):
        with self.subTest(words), self.assertRaisesRegex(StudyError, words) as caught:
            self.study(**more).run()
        self.assertNotIn("\n", str(caught.exception))
        self.assertFalse(self.folder.exists(), "something was trained or written")


class Makers(Case):
    def test_nets_that_are_not_new_are_refused(self):
        nets, layer, values = {}, nn.Linear(3, 6) if torch else None, torch.randn(3) if torch else None

        def cached(depth):
            return nets.setdefault(depth, mlp(depth))

        def wrapped(depth):
            net = nn.Sequential(mlp(depth), nn.Linear(2, 2))
            net.register_parameter("shift", nn.Parameter(values))
            return net

        self.refused(r"two calls gave nets with the same 0.weight in memory \(the shallow net\)", make_net=cached)
        self.refused("with the same 0.weight in memory", make_net=lambda depth: nn.Sequential(layer, mlp(depth)[1:]))
        self.refused("with the same shift in memory", make_net=wrapped)

    def test_weights_come_from_the_generators(self):
        def fixed(depth):
            torch.manual_seed(0)
            return mlp(depth)

        def free(depth):
            torch.seed()
            return mlp(depth)

        def deep_alone(depth):
            return fixed(depth) if depth == 3 else mlp(depth)

        self.refused("the shallow net has the same weights at seeds 1 and 2", make_net=fixed)
        self.refused("the deep net has the same weights at seeds 1 and 2", make_net=deep_alone)
        self.refused("two calls at one seed gave the shallow net another 0.weight", make_net=free)

    def test_depth_adds_something(self):
        class Again(nn.Module):
            def __init__(self, times):
                super().__init__()
                self.first, self.layer, self.last, self.times = nn.Linear(3, 6), nn.Linear(6, 6), nn.Linear(6, 2), times

            def forward(self, x):
                x = self.first(x)
                for _ in range(self.times):
                    x = torch.tanh(self.layer(x))
                return self.last(x)

        self.refused("depth 1 and depth 3 gave the same net", make_net=lambda depth: mlp(2))
        self.refused("depth 1 and depth 3 gave the same net", make_net=lambda depth: Again(2))
        self.study(Again).plan()  # the same weights, more often

    def test_other_generators_are_seeded_too(self):
        import numpy as np

        def drawn(depth):
            net = mlp(depth)
            for value in net.parameters():
                value.data = torch.from_numpy(np.random.randn(*value.shape)).float()
            return net

        self.study(drawn).plan()


if __name__ == "__main__":
    if torch is None:
        print("skipped, traps with torch:", missing, file=sys.stderr)
    unittest.main()
