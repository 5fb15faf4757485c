#!/usr/bin/env python3
"""Tests of what deepid.torch refuses or leaves out before it trains: what would make a verdict of something else than
was asked. Skipped, and says so, where torch is not there."""
import re
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

try:
    import torch
    from torch import nn

    from deepid.torch import Recipe, Study, StudyError, starts

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
        def drawn(depth):
            net = mlp(depth)
            for value in net.parameters():
                value.data = torch.from_numpy(np.random.randn(*value.shape)).float()
            return net

        self.study(drawn).plan()


class Starts(Case):
    def left(self, make_net, data=None):
        arms = self.study(make_net, data=data).plan().arm
        self.assertEqual(arms["D_start:lsuv"].reason, arms["D_start:orthogonal"].reason)
        return arms["D_start:orthogonal"].reason

    def test_matrices_that_no_start_reaches_are_named(self):
        class Listed(nn.Module):
            def __init__(self, depth):
                super().__init__()
                self.first, self.last = nn.Linear(3, 6), nn.Linear(6, 2)
                self.inner = nn.ParameterList(nn.Parameter(torch.randn(6, 6) / 3) for _ in range(depth))

            def forward(self, x):
                x = self.first(x)
                for w in self.inner:
                    x = torch.tanh(x @ w.T)
                return self.last(x)

        def normed(norm, depth):
            return nn.Sequential(nn.Linear(3, 6), *(norm(nn.Linear(6, 6)) for _ in range(depth)), nn.Linear(6, 2))

        said = "there is no such start for the deep net's "
        new, old = torch.nn.utils.parametrizations.weight_norm, torch.nn.utils.weight_norm
        self.assertEqual(self.left(Listed), said + "0 of inner (ParameterList)")
        self.assertEqual(self.left(lambda depth: normed(new, depth)), said + "original1 of 1.parametrizations.weight (ParametrizationList)")
        self.assertEqual(self.left(lambda depth: normed(old, depth)), said + "weight_v of 1 (Linear)")

    def test_tables_places_and_scales_are_no_matrices(self):
        class Net(nn.Module):
            def __init__(self, depth):
                super().__init__()
                self.table, self.place = nn.Embedding(5, 8), nn.Parameter(torch.randn(4, 8))
                self.token, self.scale = nn.Parameter(torch.randn(1, 1, 8)), nn.Parameter(torch.ones(1, 1, 8))
                self.norm = nn.LayerNorm((5, 8))
                self.inner = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 8, batch_first=True) for _ in range(depth))
                self.last = nn.Linear(8, 2)

            def forward(self, x):
                x = self.table(x) + self.place
                x = self.norm(torch.cat([self.token.expand(len(x), -1, -1), x], 1))
                for layer in self.inner:
                    x = layer(x) * self.scale
                return self.last(x[:, 0])

        x = torch.randint(0, 5, (32, 4), generator=torch.Generator().manual_seed(1))
        self.assertIsNone(self.left(Net, (x, x[:, 0] % 2)))

    def test_recurrent_layers_and_matrices_of_own_modules_get_a_start(self):
        class Own(nn.Module):
            def __init__(self):
                super().__init__()
                self.weight = nn.Parameter(torch.randn(6, 6))

            def forward(self, x):
                return x @ self.weight

        class Net(nn.Module):
            def __init__(self, kind):
                super().__init__()
                self.inner, self.last = kind(3, 6, num_layers=2, batch_first=True, bidirectional=True), nn.Linear(12, 2)

            def forward(self, x):
                return self.last(self.inner(x[:, None])[0][:, -1])

        nets = [(Net(kind), gates) for kind, gates in ((nn.RNN, 1), (nn.GRU, 3), (nn.LSTM, 4))]
        nets.append((nn.Sequential(nn.Linear(3, 6), Own()), 1))
        nets.append((nn.Sequential(nn.Linear(3, 6), nn.GRUCell(6, 5)), 3))
        for (net, gates), word in ((one, word) for one in nets for word in starts.STARTS):
            starts.start(net, word, points()[0])
            for name, value in net.named_parameters():
                with self.subTest(f"{net} {word} {name}"):
                    recurrent = gates if "_ih" in name or "_hh" in name else 1
                    for w in value.detach().chunk(recurrent) if value.ndim > 1 else []:
                        square = w @ w.T if w.shape[0] <= w.shape[1] else w.T @ w
                        self.assertLess(float((square / square[0, 0] - torch.eye(len(square))).abs().max()), 1e-4)
        self.assertIsNone(self.left(lambda depth: nn.Sequential(nn.Linear(3, 6), *(Own() for _ in range(depth)), nn.Linear(6, 2))))


class Chance(Case):
    def facts(self, act, *more):
        class Block(nn.Module):
            def __init__(self):
                super().__init__()
                self.layer, self.norm = nn.Linear(6, 6), nn.BatchNorm1d(6)

            def forward(self, x):
                return act(self, torch.relu(self.norm(self.layer(x))))

        def make_net(depth):
            return nn.Sequential(nn.Linear(3, 6), *(Block() for _ in range(depth - 1)), *more, nn.Linear(6, 2))

        study = self.study(make_net)
        plan = study.plan()
        words = ("dropout_shallow", "dropout_deep", "noise")
        self.assertEqual(float(study._look().deep[1].norm.running_mean.abs().max()), 0, "statistics moved")
        return [plan.facts.get(one) for one in words], plan.arm["D_free:dropout"], study.minimises_more()

    def test_random_numbers_of_a_forward_are_seen(self):
        def dropout(net, x):
            return nn.functional.dropout(x, 0.1, net.training)

        def path(net, x):
            return x * float(np.random.rand() > 0.4) if net.training else x

        drawn = "random numbers in its forward"
        for act in (dropout, path):
            facts, arm, more = self.facts(act)
            self.assertEqual((facts, arm.left_out, more), ([False, True, drawn], "impossible", True))
            self.assertIn("nothing is known that switches them off", arm.reason)
        facts, arm, _ = self.facts(dropout, nn.Dropout(0.2))
        self.assertEqual((facts, arm.left_out), ([True, True, "dropout and other " + drawn], "impossible"))

    def test_a_forward_without_chance_is_none(self):
        def asks(net, x):
            torch.rand(1)  # drawn, and not used
            return x

        facts, arm, more = self.facts(asks)
        self.assertEqual((facts, arm.reason, more), ([False, False, None], "the deep net has no dropout", False))
        facts, arm, _ = self.facts(lambda net, x: x, nn.Dropout(0.2))
        self.assertEqual((facts, arm.reason), ([True, True, None], None))


#: A study in a file, and changes that make another one: what stands there, what then, what is said.
PROGRAM = """
import functools, torch
from torch import nn
from deepid.torch import Recipe, Study
class Block(nn.Module):
    def __init__(self):
        super().__init__()
        self.layer = nn.Linear(6, 6)
    def forward(self, x):
        return torch.tanh(self.layer(x))  # smooth
def make_net(depth):
    return nn.Sequential(nn.Linear(3, 6), *(Block() for _ in range(depth)), nn.Linear(6, 2))
x = torch.randn(32, 3, generator=torch.Generator().manual_seed(1))
SIZE = 0.1
def noise(x):
    return SIZE * torch.randn_like(x)
class Pairs(torch.utils.data.Dataset):
    def __len__(self):
        return 32
    def __getitem__(self, i):
        return x[i] * 1.0, int(x[i].sum() > 0)
def blur(x, share, at=0):
    return x + share * noise(x)
class Again:
    def __init__(self, f, times):
        self.f, self.times = f, times
    def __call__(self, x):
        return self.f(x)
study = Study(make_net, Pairs(), Recipe(lr=0.1, steps=2, batch=8, augment=Again(functools.partial(blur, share=0.5), 2)),
              shallow=1, deep=3, seeds=1, arms="S,D", tuning=0, points=2)
"""
CHANGES = [("torch.tanh(", "torch.sin(", "make_net"), ("SIZE * torch", "-SIZE * torch", "recipe: augment"), ("SIZE = 0.1", "SIZE = 0.2", "recipe: augment"),
           ("share=0.5", "share=0.6", "recipe: augment"), ("at=0", "at=1", "recipe: augment"), ("0.5), 2)", "0.5), 3)", "recipe: augment"),
           ("] * 1.0", "] * 1.1", "outputs of the deep net at seed 1"), ("manual_seed(1)", "manual_seed(2)", "outputs of the deep net at seed 1")]


class Changes(Case):
    def load(self, text, name="study.py"):
        path = self.folder.parent / name
        path.write_text(text)
        found = {"__name__": "study"}
        exec(compile(text, str(path), "exec"), found)
        found["study"].folder = self.folder
        return found["study"]

    def test_a_changed_study_is_refused_in_its_folder(self):
        self.load(PROGRAM).run()
        for was, now, what in CHANGES:
            self.assertEqual(PROGRAM.count(was), 1, was)
            with self.subTest(now), self.assertRaisesRegex(StudyError, f"runs: {what} .*: another study needs another folder"):
                self.load(PROGRAM.replace(was, now)).run()

    def test_what_computes_the_same_goes_on(self):
        self.load(PROGRAM).run()
        other = "# A line more.\n" + PROGRAM.replace("# smooth", "").replace("seeds=1", "seeds=2")
        self.assertEqual(self.load(other).run(), 0)
        self.assertEqual(len((self.folder / "results.csv").read_text().splitlines()), 1 + 4)

    def test_a_net_in_the_middle_of_a_study_is_one_function(self):
        text = PROGRAM.replace("Study(make_net,", "Study(lambda depth: make_net(depth),")
        self.load(text).run()
        self.load(text.replace("seeds=1", "seeds=2")).run()

    def test_a_dataset_that_draws_is_compared_by_shape_alone(self):
        text = PROGRAM.replace("x[i] * 1.0", "x[i] + 0 * torch.randn(3)")
        self.load(text).run()
        self.assertIn("training data", self.load(text).plan().seen)
        self.folder = self.folder.parent / "drawn"
        for seeds in "12":
            self.load(text.replace("0 * torch", "1 * torch").replace("seeds=1", "seeds=" + seeds)).run()
        self.assertEqual(len(self.load(text.replace("0 * torch", "1 * torch")).plan().seen), 2)


class Mistakes(Case):
    def dataset(self, item):
        return type("Set", (torch.utils.data.Dataset,), {"__len__": lambda s: 32, "__getitem__": lambda s, i: item(i)})()

    def test_nets_and_samples_that_do_not_fit(self):
        class Broken(nn.Module):
            def forward(self, x):
                raise KeyError("no such head")

        class InTraining(nn.Module):
            def forward(self, x):
                return x[:, 99] if self.training else x

        x, y = points()
        self.refused(r"the shallow net fails in evaluation on samples of \[16, 4\] float32: RuntimeError: mat1 and mat2",
                     data=(torch.cat([x, x[:, :1]], 1), y))
        self.refused(r"samples of \[16, 3\] int64: RuntimeError: .*; samples are whole numbers: give floats",
                     data=((x.abs() * 9).to(torch.uint8), y))
        for last, words in ((Broken, "evaluation .*KeyError: 'no such head'"), (InTraining, "training .*IndexError: index 99")):
            self.refused(rf"the shallow net fails in {words}.* \(.*test_torch_traps.py:\d+\)$",
                         make_net=lambda depth: nn.Sequential(mlp(depth), last()))
        self.refused("0.weight of the shallow net is on the meta device, expected weights with numbers",
                     make_net=lambda depth: mlp(depth).to("meta"))
        self.refused(r"make_net: the shallow net: ZeroDivisionError: .*test_torch_traps.py:\d+\)$", make_net=lambda depth: 1 / 0)

    def test_data_of_other_kinds(self):
        x, y = points()
        bad = x.clone()
        bad[5, 2] = float("nan")
        self.refused("training data: a TensorDataset of 3 tensors, expected two, x and y", data=torch.utils.data.TensorDataset(x, y, y))
        self.refused("training data: sample 0 is a dict of 2, expected a pair", data=self.dataset(lambda i: {"x": x[i], "y": y[i]}))
        self.refused("training data: x of sample 0 is a str, expected a tensor", data=self.dataset(lambda i: ("a", y[i])))
        self.refused("training data: x of sample 5 has a number that is not finite", data=self.dataset(lambda i: (bad[i], y[i])))
        self.refused("training data: sample 7 is a tuple of 3", data=self.dataset(lambda i: (x[i], y[i], 1)[:3 if i == 7 else 2]))
        self.refused("expected real numbers, got torch.complex64", data=(x + 0j, y))
        for wrong in (-1, 2, 1000):
            other = y.clone()
            other[9] = wrong
            self.refused(f"labels of the training data: that of sample 9 is {wrong}, expected 0 to", data=(x, other))
        self.refused('labels of the training data: they are float32, expected whole numbers with cross_entropy', data=(x, y.float()))
        self.refused("labels of the validation data: they are float32", data=(x, y, x, y.float()))
        self.assertEqual(self.study(data=(x.bfloat16(), y)).run(), 0)


if __name__ == "__main__":
    if torch is None:
        print("skipped, traps with torch:", missing, file=sys.stderr)
    unittest.main()
