#!/usr/bin/env python3
"""Tests of deepid.torch: studies that PyTorch trains. Skipped, and says so, where torch is not there."""
import csv
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

HERE = Path(__file__).resolve().parent
ROOT = HERE.parents[2]

try:
    import torch
    from torch import nn

    from deepid.torch import Diverged, Recipe, Study, StudyError
    from deepid.torch import match, measure, starts, witness
    from deepid.torch.claims import Claims
    from deepid.torch.data import Samples
    from deepid.torch.gather import gather
    from deepid.torch.judge import find_judge
    from deepid.torch.probe import probe
    from deepid.torch.tasks import SYSTEM
    from deepid.torch.tuning import OWN, FACTORS, Tuning

    torch.set_num_threads(1)
    missing = None
except ImportError as error:
    torch, missing = None, f"no torch: {error}"

#: A study in a file. STOP names a signal that the n-th training of this process sends to itself, "9 4".
PROGRAM = """
import os
import torch
from torch import nn
from deepid.torch import Recipe, Study
x = torch.randn(48, 6, generator=torch.Generator().manual_seed(1))
y = (x[:, 0] * x[:, 1] > 0).long()
begun = []
def make_net(depth, skip):
    if "STOP" in os.environ:
        number, at = map(int, os.environ["STOP"].split())
        begun.append(1)
        if len(begun) == at:
            os.kill(os.getpid(), number)
    return nn.Sequential(nn.Linear(6, 8), nn.ReLU(), *(m for _ in range(depth) for m in (nn.Linear(8, 8), nn.ReLU())), nn.Linear(8, 2))
study = Study(make_net, (x[:32], y[:32], x[32:], y[32:]), Recipe(lr=LR, steps=4, batch=8), shallow=1, deep=3, seeds=3,
              arms="S,D,W0,D_3T", tuning=1, points=2)
"""


def mlp(depth, skip=False, width=8, norm=False):
    class Block(nn.Module):
        def __init__(self):
            super().__init__()
            self.layer = nn.Linear(width, width)
            self.norm = nn.BatchNorm1d(width) if norm else nn.Identity()

        def forward(self, x):
            y = torch.relu(self.norm(self.layer(x)))
            return x + y if skip else y

    return nn.Sequential(nn.Linear(6, width), nn.ReLU(), *(Block() for _ in range(depth)), nn.Linear(width, 2))


def cnn(depth, skip=True):
    class Block(nn.Module):
        def __init__(self, c, out, stride):
            super().__init__()
            self.c1, self.b1 = nn.Conv2d(c, out, 3, stride, 1, bias=False), nn.BatchNorm2d(out)
            self.c2, self.b2 = nn.Conv2d(out, out, 3, 1, 1, bias=False), nn.BatchNorm2d(out)
            self.down = nn.Sequential(nn.Conv2d(c, out, 1, stride, bias=False), nn.BatchNorm2d(out)) if stride > 1 and skip else None

        def forward(self, x):
            y = self.b2(self.c2(torch.relu(self.b1(self.c1(x)))))
            return torch.relu(y + (x if self.down is None else self.down(x)) if skip else y)

    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.stem = nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.BatchNorm2d(4), nn.ReLU())
            self.one = nn.Sequential(*(Block(4, 4, 1) for _ in range(depth)))
            self.two = nn.Sequential(Block(4, 6, 2), *(Block(6, 6, 1) for _ in range(depth - 1)))
            self.out = nn.Linear(6, 2)

        def forward(self, x):
            return self.out(self.two(self.one(self.stem(x))).mean((2, 3)))

    return Net()


def transformer(depth, pre=True):
    class Net(nn.Module):
        def __init__(self):
            super().__init__()
            self.token, self.place = nn.Embedding(11, 8), nn.Parameter(torch.randn(6, 8))
            self.layers = nn.ModuleList(nn.TransformerEncoderLayer(8, 2, 16, 0.1, batch_first=True, norm_first=pre) for _ in range(depth))
            self.norm, self.out = nn.LayerNorm(8) if pre else nn.Identity(), nn.Linear(8, 11)

        def forward(self, x):
            x = self.token(x) + self.place
            for layer in self.layers:
                x = layer(x)
            return self.out(self.norm(x))

    return Net()


def points(count=48, seed=1):
    x = torch.randn(count, 6, generator=torch.Generator().manual_seed(seed))
    return x, (x[:, 0] * x[:, 1] > 0).long()


def rows(folder, name="results.csv"):
    with open(Path(folder) / name, newline="") as file:
        return list(csv.DictReader(file))


def tables(folder):
    """All that is gathered, without the seconds."""
    out = {}
    for name in ("arms.csv", "results.csv", "history.csv", "tuning.csv"):
        out[name] = [{key: value for key, value in row.items() if key != "seconds"} for row in rows(folder, name)]
    out["evidence.json"] = (Path(folder) / "evidence.json").read_text()
    return out


def dead_process():
    """The number of a process that has ended."""
    one = subprocess.Popen([sys.executable, "-c", ""])
    one.wait()
    return one.pid


@unittest.skipIf(torch is None, "the parts with torch: " + (missing or ""))
class Case(unittest.TestCase):
    def setUp(self):
        self.folder = Path(tempfile.mkdtemp(prefix="deepid.torch."))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)

    def study(self, make_net=mlp, data=None, recipe=None, **more):
        x, y = points()
        data = (x[:32], y[:32], x[32:], y[32:]) if data is None else data
        more = {"shallow": 1, "deep": 3, "seeds": 2, "tuning": 0, "points": 2, "folder": self.folder / "runs", **more}
        return Study(make_net, data, recipe or Recipe(lr=0.1, steps=4, batch=8), **more)

    def program(self, *words, lr="0.1", stop=None, text=PROGRAM, launcher=()):
        path = self.folder / "study.py"
        path.write_text(text.replace("LR", lr))
        environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1", "PYTHONDONTWRITEBYTECODE": "1"}
        if stop:
            environment["STOP"] = stop
        command = [sys.executable, *launcher, "-m", "deepid.torch", *(str(path) if one == "STUDY" else one for one in words)]
        return subprocess.run(command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=600)


class Arms(Case):
    def test_a_study_of_all_arms_is_judged(self):
        recipe = Recipe(lr=0.1, steps=6, batch=8, weight_decay=1e-3, smoothing=0.1, clip=1, schedule="cosine",
                        augment=lambda x: x + 0.01 * torch.randn_like(x))

        def make_net(depth, skip):
            return nn.Sequential(mlp(depth, skip, norm=True), nn.Dropout(0.1))

        study = self.study(make_net, recipe=recipe, seeds=2, tuning=1, depths=[2])
        self.assertEqual(study.run(), 0)
        left = {row["arm"]: (row["reason"], row["left_out"]) for row in rows(study.folder, "arms.csv") if row["reason"]}
        own = ("it is the recipe's own format", "no_question")
        better = ("tuning found no better rate than the recipe's", "no_question")
        self.assertEqual({**{"S_rate": better, "D_rate": better}, **left},
                         {"D_opt:sgd": ("it is the recipe's own optimiser", "no_question"), "D_f32": own, "S_f32": own,
                          "S_rate": better, "D_rate": better})
        have = {row["arm"] for row in rows(study.folder)}
        want = {"S", "D", "W0", "WT", "S_fine", "D64", "D_bf16", "D_f16", "D_f16:scaled", "S_bf16", "S_f16",
                "S_f16:scaled", "D_opt:adam", "D_opt:rmsprop", "D_start:lsuv", "D_start:orthogonal", "D_2T", "D_3T",
                "D_free:dropout", "D_free:decay", "D_free:smoothing", "D_free:augmentation", "D_norm:batch8", "D_res",
                "depth:2"}
        self.assertEqual(have - {"S_rate", "D_rate"}, want)
        facts = json.loads((study.folder / "evidence.json").read_text())
        for word in ("batchnorm", "decay", "smoothing", "augmentation", "dropout_deep", "default_init"):
            self.assertIs(facts[word], True, word)
        self.assertEqual((facts["shallow_narrowest"], facts["deep_narrowest"], facts["batch"], facts["updates"]), (8, 8, 8, 6))
        self.assertEqual((facts["gradient_check"], facts["zeros"]), (1, 0))
        self.assertGreater(facts["min_cosine"], 0.999)
        for row in rows(study.folder):
            self.assertTrue(row["penalty"] and row["objective"], row)
            self.assertEqual(bool(row["moving_loss"]), row["arm"] != "W0", row)
            self.assertEqual(float(row["updates"]), {"W0": 0, "D_2T": 12, "D_3T": 18}.get(row["arm"], 6), row)
        if find_judge():
            verdict = study.judge()  # the library's, which has .answer, or the program's words
            self.assertTrue(getattr(verdict, "answer", None) or "Harm, deep against shallow" in verdict, verdict)

    def test_d64_and_d_start_from_the_same_values_and_order(self):
        """The same net by the same recipe: the arms differ by rounding alone."""
        study = self.study(arms="S,D,D64,D_bf16")
        study.run()
        loss = {(row["arm"], row["seed"]): float(row["train_loss"]) for row in rows(study.folder)}
        for seed in ("1", "2"):
            self.assertAlmostEqual(loss["D", seed], loss["D64", seed], delta=1e-5)
            self.assertAlmostEqual(loss["D", seed], loss["D_bf16", seed], delta=3e-2)  # 8 bits, four steps
            self.assertNotEqual(loss["D", seed], loss["D_bf16", seed])
            self.assertAlmostEqual(loss["S", seed], loss["S_bf16", seed], delta=3e-2)  # it comes with D_bf16
            self.assertNotEqual(loss["S", seed], loss["S_bf16", seed])
        self.assertNotIn(("S_f16", "1"), loss)

    def test_a_mixed_recipe_is_told_and_beside_float32(self):
        """What the recipe stores in is a fact: then D_f32 and D_bf16 tell rounding from range."""
        study = self.study(recipe=Recipe(lr=0.1, steps=4, batch=8, amp="f16"), arms="S,D,D_f32,D_bf16,D_f16")
        study.run()
        reasons = {row["arm"]: row["reason"] for row in rows(study.folder, "arms.csv")}
        self.assertEqual(reasons["D_f16:scaled"], "it is the recipe's own format")
        have = {row["arm"] for row in rows(study.folder)}
        self.assertLessEqual({"D_f32", "S_f32", "D_bf16", "S_bf16", "D_f16", "S_f16"}, have)
        facts = json.loads((study.folder / "evidence.json").read_text())
        self.assertEqual((facts["storage"], facts["loss_scale"]), ("f16", "dynamic"))

    def test_a_net_without_skips_has_no_d_res(self):
        study = self.study(lambda depth: mlp(depth))
        self.assertEqual(study.plan().arm["D_res"].reason, "make_net takes no skip")

    def test_a_run_that_diverges_is_recorded(self):
        study = self.study(recipe=Recipe(lr=1e20, steps=4, batch=8), arms="S,D,W0")
        self.assertEqual(study.run(), 0)
        self.assertEqual([row["diverged"] for row in rows(study.folder)], ["1"] * 4)
        reasons = {row["arm"]: row["reason"] for row in rows(study.folder, "arms.csv")}
        self.assertEqual(reasons["W0"], "S, seed 1 diverged")

    def test_targets_and_sequences(self):
        x, _ = points()
        net = lambda depth: nn.Sequential(mlp(depth), nn.Linear(2, 1))  # noqa: E731
        study = self.study(net, (x, x[:, :1] * 3), Recipe(lr=0.01, steps=4, loss="mse"), arms="S,D")
        study.run()
        facts = json.loads((study.folder / "evidence.json").read_text())
        self.assertIs(facts["targets"], True)
        self.assertAlmostEqual(facts["const_loss"], float(np.var(3 * x[:, 0].numpy())), places=5)
        tokens = torch.randint(0, 11, (20, 6), generator=torch.Generator().manual_seed(1))
        study = self.study(lambda depth: transformer(depth), (tokens, tokens), Recipe(lr=0.01, steps=2, optimizer="adam"),
                           arms="S,D,W0", seeds=1, folder=self.folder / "text")
        study.run()
        self.assertTrue(all(0 < float(row["train_error"]) <= 1 for row in rows(study.folder)))

    def test_a_dataset_gives_what_its_tensors_give(self):
        x, y = points()

        class Pairs(torch.utils.data.Dataset):
            def __len__(self):
                return len(x)

            def __getitem__(self, i):
                return x[i], int(y[i])

        losses = []
        for name, data in (("tensors", (x, y)), ("set", Pairs())):
            study = self.study(data=data, arms="S,D", folder=self.folder / name)
            study.run()
            losses.append([row["train_loss"] for row in rows(study.folder)])
        self.assertEqual(*losses)


class Own(Case):
    @staticmethod
    def train(net, seed, rate, steps, optimizer="sgd"):
        x, y = points()
        solver = {"sgd": torch.optim.SGD, "adam": torch.optim.Adam, "rmsprop": torch.optim.RMSprop}[optimizer](net.parameters(), lr=rate)
        for _ in range(steps):
            solver.zero_grad()
            nn.functional.cross_entropy(net(x), y).backward()
            solver.step()
        return {"epoch": [0, 1], "train_loss": [0.7, 0.6]}

    def test_a_train_function_of_the_users_is_asked_for_what_it_takes(self):
        study = self.study(train=self.train, evaluate=lambda net: {"train_loss": 0.5, "valid_loss": 0.75}, tuning=1)
        study.run()
        reasons = {row["arm"]: row["reason"] for row in rows(study.folder, "arms.csv")}
        self.assertEqual((reasons["D64"], reasons["D_bf16"]), ("train takes no dtype", "train takes no amp"))
        have = rows(study.folder)
        self.assertLessEqual({"W0", "WT", "D_opt:adam", "D_res", "D_start:lsuv", "D_3T"}, {row["arm"] for row in have})
        self.assertEqual({row["train_loss"] for row in have}, {"0.5"})
        self.assertEqual({row["best_valid_loss"] for row in have}, {"0.75"})
        self.assertEqual([row["train_loss"] for row in rows(study.folder, "history.csv") if row["arm"] == "D"], ["0.7", "0.6"] * 2)

    def test_it_may_say_that_it_diverged(self):
        def train(net, seed, rate, steps):
            if seed == 2:
                raise Diverged
            return [{"epoch": 1, "train_loss": 0.5}]

        study = self.study(data=None, train=train, arms="S,D", const_loss=0.7)
        study.train_data = study.valid_data = None
        study.run()
        self.assertEqual([row["diverged"] for row in rows(study.folder)], ["0", "1"] * 2)

    def test_curves_that_are_none_are_refused(self):
        for curves, words in (([{"los": 1}], "got ['los'], expected a dict with some of epoch, train_loss"),
                              ({"epoch": [1], "train_loss": [1, 2]}, "the curves have 1, 2 points, expected as many in each"),
                              (3, "it returned int, expected curves")):
            study = self.study(train=lambda net, seed, rate, steps, curves=curves: curves, arms="S,D",
                               folder=Path(tempfile.mkdtemp(dir=self.folder)))
            with self.assertRaisesRegex(StudyError, r"task 0 \(S, seed 1\): train: .*" + re.escape(words)):
                study.run()


class Witnesses(Case):
    def embed(self, make, x, shallow=2, deep=6, training=False):
        torch.manual_seed(5)
        nets = [make(shallow), make(deep)]
        with torch.no_grad():  # as if it had been trained
            for one in nets[0].modules():
                for p in one.parameters(recurse=False):
                    p.add_(0.2 * torch.randn_like(p))
                if isinstance(one, (nn.BatchNorm1d, nn.BatchNorm2d)):
                    one.running_mean.normal_(0, 0.3), one.running_var.uniform_(0.5, 2)
        data = Samples(x, torch.zeros(len(x), dtype=torch.long))
        found = witness.embed(*nets, data, torch.device("cpu"), torch.float32, training)
        if found.net is not None:  # by other means than the witness's own
            with torch.no_grad():
                want, have = (net.eval()(x) for net in (nets[0], found.net))
            self.assertLessEqual(float((have - want).abs().max() / want.abs().max()), max(found.difference, 1e-6))
        return found

    def test_the_shallow_net_stands_in_the_deep_one(self):
        v, _ = points(80)
        pictures = torch.randn(40, 1, 8, 8, generator=torch.Generator().manual_seed(2))
        tokens = torch.randint(0, 11, (40, 6), generator=torch.Generator().manual_seed(3))
        for name, make, x in (("plain", mlp, v), ("skip", lambda n: mlp(n, True), v), ("norms", lambda n: mlp(n, norm=True), v),
                              ("residual cnn", cnn, pictures), ("plain cnn", lambda n: cnn(n, False), pictures),
                              ("pre-norm", transformer, tokens)):
            for training in (False, True):
                found = self.embed(make, x, training=training)
                self.assertLess(found.difference, 1e-5 if training else 1e-6, (name, training, found.reason))  # statistics round

    def test_what_stays_zero_is_the_last_layer_of_each_branch(self):
        found = self.embed(transformer, torch.randint(0, 11, (40, 6)), 1, 2)
        zero = [name for name, one in found.net.named_modules()
                if list(one.parameters(recurse=False)) and all(bool((p == 0).all()) for p in one.parameters(recurse=False))]
        self.assertEqual(zero, ["layers.1.self_attn.out_proj", "layers.1.linear2"])

    def test_behind_a_join_that_is_normalised_there_is_none(self):
        found = self.embed(lambda n: transformer(n, pre=False), torch.randint(0, 11, (40, 6)))
        self.assertIsNone(found.net)
        self.assertIn("it ends with a LayerNorm", found.reason)

    def test_other_activations_are_the_librarys(self):
        def make(depth):
            block = lambda: nn.Sequential(nn.Linear(6, 18), nn.GELU(), nn.Linear(18, 6))  # noqa: E731
            return nn.Sequential(nn.Linear(6, 6), *(block() for _ in range(depth)), nn.Linear(6, 2))

        try:
            import onnx  # noqa: F401  torch's exporter needs it
        except ImportError:
            self.skipTest("no onnx")
        self.assertLess(self.embed(make, points(80)[0]).difference, 1e-5)

    def test_names_that_shift_do_not_matter(self):
        def flat(depth):
            return nn.Sequential(nn.Linear(8, 8), nn.ReLU(), *(m for _ in range(depth) for m in (nn.Linear(8, 8), nn.ReLU())), nn.Linear(8, 8))

        self.assertEqual(match.align(flat(1), flat(3)), {"": "", "0": "0", "1": "1", "2": "2", "3": "3", "4": "8"})
        self.assertIsNone(match.align(nn.Sequential(nn.Linear(3, 4)), nn.Sequential(nn.Linear(3, 5), nn.Linear(5, 4))))
        self.assertIsNone(match.align(nn.Sequential(nn.Linear(3, 4), nn.Linear(4, 3)), nn.Sequential(nn.Linear(4, 3), nn.Linear(3, 4))))

    def test_a_net_that_does_not_hold_it_is_left_out(self):
        study = self.study(lambda depth: mlp(depth, width=8 + depth))
        self.assertIn("0 (Linear, 9x6, 9) is not in the deep net", study.plan().arm["W0"].reason)


class Starts(Case):
    def test_orthogonal_and_lsuv(self):
        x, _ = points(80)
        net = mlp(3)
        starts.start(net, "orthogonal", x)
        w = net[2].layer.weight.detach()
        torch.testing.assert_close(w @ w.T, 2 * torch.eye(8), atol=1e-5, rtol=0)
        starts.start(net, "lsuv", x)
        given = []
        for one in net.modules():
            if isinstance(one, nn.Linear):
                one.register_forward_hook(lambda _m, _x, y: given.append(float(y.detach().std())))
        net.eval()(x)
        np.testing.assert_allclose(given, 1, atol=1e-4)

    def test_starts_reach_convolutions_and_attention(self):
        for net, x in ((cnn(2), torch.randn(9, 1, 8, 8)), (transformer(2), torch.randint(0, 11, (9, 6)))):
            before = {name: p.detach().clone() for name, p in net.named_parameters() if p.ndim > 1 and "token" not in name and "place" not in name}
            starts.start(net, "lsuv", x)
            self.assertEqual([name for name, p in net.named_parameters() if name in before and torch.equal(p, before[name])], [])


class Measures(Case):
    def test_gradients_are_looked_at(self):
        class Wrong(torch.autograd.Function):
            @staticmethod
            def forward(ctx, x):
                return 2 * x

            @staticmethod
            def backward(ctx, g):
                return 1.9 * g

        class Double(nn.Module):
            def forward(self, x):
                return Wrong.apply(x)

        def look(net, **recipe):
            torch.manual_seed(1)
            for one in net.modules():
                if isinstance(one, nn.Linear):
                    one.reset_parameters()
            return probe(net, Samples(*points()), Recipe(lr=1, steps=1, **recipe), torch.device("cpu"), check=True)

        good, bug = look(mlp(3)), look(nn.Sequential(nn.Linear(6, 8), Double(), nn.Linear(8, 2)))
        self.assertEqual((good["gradient_check"], bug["gradient_check"], bug["gradient_check_layer"][0]), (1, 3, "0"))
        self.assertGreater(good["min_cosine"], 0.999999)
        coarse = look(mlp(20), amp="bf16")
        self.assertLess(coarse["min_cosine"], good["min_cosine"])
        tiny = nn.Sequential(mlp(1), nn.Linear(2, 2))
        torch.manual_seed(1)
        with torch.no_grad():
            tiny[1].weight.mul_(1e-39)
            tiny[1].bias.zero_()
        found = probe(tiny, Samples(*points()), Recipe(lr=1, steps=1), torch.device("cpu"), check=False)
        self.assertGreater(found["subnormals"], 0, found)

    def test_a_net_that_does_not_run_in_float64_has_no_d64(self):
        class Fixed(nn.Module):
            def forward(self, x):
                return x.float()

        study = self.study(lambda depth: nn.Sequential(Fixed(), mlp(depth)))
        self.assertIn("the deep net does not run in it: ", study.plan().arm["D64"].reason)
        self.assertIsNone(study.plan().arm["D_bf16"].reason)
        study = self.study(lambda depth: nn.Sequential(Fixed(), mlp(depth)), arms="S,D")
        self.assertEqual(study.run(), 0)

    def test_losses_are_those_of_all_samples(self):
        x, y = points(700)
        net, recipe = mlp(1), Recipe(lr=0.1, steps=1)
        loss, error = measure.evaluate(net, Samples(x, y), recipe, torch.device("cpu"))
        z = net(x)
        self.assertAlmostEqual(loss, nn.functional.cross_entropy(z, y).item(), places=5)
        self.assertAlmostEqual(error, (z.argmax(1) != y).float().mean().item(), places=6)

    def test_measuring_leaves_the_net_as_it_was(self):
        x, y = points()
        net = mlp(2, norm=True)
        before = {name: value.clone() for name, value in net.state_dict().items()}
        measure.epochs_loss(net, Samples(x, y), Recipe(lr=1, steps=1), torch.device("cpu"), 8, 2, told=False)
        self.assertTrue(all(torch.equal(value, net.state_dict()[name]) for name, value in before.items()))


class TuningByHand(Case):
    def settled(self, deep):
        """What D_rate takes, where S trains to 0.3 at its own rate, so that the margin is 5 % of log 2 - 0.3, 0.02."""
        plan = self.study(arms="S,D", tuning=2).plan()
        plan.facts["const_loss"] = float(np.log(2))
        losses = {"S_rate": lambda place: 0.3 if place == OWN else 0.6, "D_rate": deep}
        found = Tuning(plan, lambda word, place, seed: {"train_loss": losses[word](place), "diverged": 0}).choice("D_rate")
        return found.place, found.low, found.high, found.noise

    def test_another_rate_has_to_be_better_by_the_margin(self):
        for better, place in ((0.49, OWN), (0.47, OWN + 1)):
            self.assertEqual(self.settled(lambda at, better=better: {OWN: 0.5, OWN + 1: better}.get(at, 0.6)),
                             (place, OWN - 2, OWN + 2, False))

    def test_the_grid_follows_a_best_rate_at_its_end(self):
        self.assertEqual(self.settled(lambda at: 0.3 + 0.05 * at), (0, 0, OWN + 2, False))

    def test_where_nothing_trains_it_looks_a_decade_each_way_and_on_down_while_all_blows_up(self):
        self.assertEqual(self.settled(lambda at: 0.7), (OWN, OWN - 4, OWN + 4, True))
        self.assertEqual(self.settled(lambda at: 5.0), (OWN, 0, OWN + 4, True))


class TuningIsTheLibrarys(Case):
    def test_it_takes_the_rates_that_the_library_takes(self):
        try:
            import deepid

            deepid.study
        except ImportError as error:
            self.skipTest(str(error))
        x, y = points(64)
        shallow = "input 6; dense out=8; relu; dense out=2"
        deep = "input 6; dense out=8; relu; 6 * plain { dense out=8; relu }; dense out=2"
        for rate in (1e-4, 0.05, 30.0):
            result = deepid.study(shallow, deep, x, y, arms="S,D,D_start:he", steps=12, seeds=1, tuning_seeds=2, learning_rate=rate,
                                  batch=8, probe_seeds=0, progress=False)
            table = result.tuning
            found = list(zip(*(list(table[key]) for key in ("arm", "rate", "seed", "train_loss", "diverged", "chosen")))) \
                if not isinstance(table, list) else [tuple(row[key] for key in ("arm", "rate", "seed", "train_loss", "diverged", "chosen")) for row in table]
            runs = {(arm, OWN + round(2 * np.log10(r / rate)), int(seed)): {"train_loss": loss, "diverged": int(diverged)}
                    for arm, r, seed, loss, diverged, _ in found}
            plan = self.study(recipe=Recipe(lr=rate, steps=12), arms="S,D,D_start:lsuv", tuning=2).plan()
            share = np.bincount(y.numpy()) / len(y)
            plan.facts["const_loss"] = float(-(share * np.log(share)).sum())
            names = {"S_rate": "S_rate", "D_rate": "D_rate", "D_start:lsuv": "D_start:he"}
            tuning = Tuning(plan, lambda word, place, seed: runs.get((names.get(word, word), place, seed)))
            for ours, theirs in names.items():
                chosen = {r for arm, r, _, _, _, taken in found if arm == theirs and taken}
                if not chosen:
                    continue
                self.assertIsNotNone(tuning.choice(ours), (rate, ours))
                self.assertAlmostEqual(rate * FACTORS[tuning.choice(ours).place] / chosen.pop(), 1, places=6, msg=(rate, ours))


class Tasks(Case):
    def test_killed_shared_and_sharded_runs_give_the_same_tables(self):
        done = self.program("run", "STUDY", "--out", "whole")
        self.assertEqual(done.returncode, 0, done.stderr)
        want = tables(self.folder / "whole")
        killed = self.program("run", "STUDY", "--out", "killed", stop=f"{int(signal.SIGKILL)} 9")
        self.assertEqual(killed.returncode, -signal.SIGKILL, killed.stderr)
        self.assertEqual(len(list((self.folder / "killed/tasks").glob("*.taken"))), 1)
        left = self.folder / f"killed/nets/.S.pt.{SYSTEM}.{dead_process()}.1.tmp"
        left.touch()
        ended = self.program("run", "STUDY", "--out", "killed", stop=f"{int(signal.SIGTERM)} 8")
        self.assertEqual(ended.returncode, 128 + signal.SIGTERM, ended.stderr)
        self.assertIn("the same command goes on", ended.stderr)
        self.assertEqual(list((self.folder / "killed/tasks").glob("*.taken")), [])
        self.assertFalse(left.exists() and SYSTEM != "unknown", "a dead process's half of a file stays")
        finished = self.program("run", "STUDY", "--out", "killed")
        lines = sum(one.stderr.count("training loss") for one in (killed, ended, finished))
        self.assertEqual(lines, done.stderr.count("training loss"))  # nothing is done twice
        self.assertEqual(tables(self.folder / "killed"), want)
        for i in "01":
            self.assertEqual(self.program("run", "STUDY", "--out", "shard" + i, "--shard", i + "/2").returncode, 0)
        shutil.copytree(self.folder / "shard0", self.folder / "merged")
        for part in ("tasks", "nets"):
            shutil.copytree(self.folder / "shard1" / part, self.folder / "merged" / part, dirs_exist_ok=True)
        gather(self.folder / "merged")
        self.assertEqual(tables(self.folder / "merged"), want)

    def test_two_share_a_folder(self):
        path = self.folder / "study.py"
        path.write_text(PROGRAM.replace("LR", "0.1"))
        command = [sys.executable, "-m", "deepid.torch", "run", str(path), "--out", str(self.folder / "both")]
        environment = {**os.environ, "PYTHONPATH": str(HERE), "OMP_NUM_THREADS": "1"}
        both = [subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(2)]
        said = [one.communicate(timeout=600)[1] for one in both]
        self.assertEqual([one.returncode for one in both], [0, 0], said)
        numbers = [int(number) for text in said for number in re.findall(r"^task (\d+)", text, re.M)]
        self.assertEqual(len(numbers), len(set(numbers)), "a task was done twice")
        study = self.study()
        self.assertEqual(len(list((self.folder / "both/tasks").glob("*.json"))), len(numbers))
        self.assertEqual(list((self.folder / "both/tasks").glob("*.taken")), [], study)

    def test_one_task_and_the_list(self):
        study = self.study(arms="S,D,W0")
        number = study.plan().find("W0", 2).number
        study.run(task=number)
        self.assertEqual([(row["arm"], row["seed"]) for row in rows(study.folder)], [("S", "2"), ("W0", "2")])
        listed = self.program("list", "STUDY").stdout.splitlines()
        self.assertEqual(listed[0], "0\tS, seed 1\tto do")
        self.assertIn("-\tD_res\tleft out: it was not asked for", listed)
        self.assertRegex(self.program("status", "STUDY").stdout, r"^runs: \d+ tasks, numbered from 0: 0 done, \d+ to do, \d+ not needed$")

    def test_order_and_growth_change_nothing(self):
        grown, whole = (self.study(seeds=n, arms="S,D,W0", folder=self.folder / name) for n, name in ((1, "grown"), (3, "whole")))
        grown.run()
        files = {path: path.stat().st_mtime_ns for path in (grown.folder / "tasks").iterdir()}
        whole.run()
        grown = self.study(seeds=3, arms="S,D,W0", folder=grown.folder)
        for task in reversed(grown.plan().tasks):
            grown.run(task=task.number)
        self.assertEqual(tables(grown.folder), tables(whole.folder))
        self.assertEqual({path: path.stat().st_mtime_ns for path in files}, files)

    def test_lack_of_memory_fails_one_task(self):
        def train(net, seed, rate, steps):
            if seed == 2 and len(net) == 6:
                raise torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2.00 GiB.")
            return [{"epoch": 1, "train_loss": 0.5}]

        said = []
        study = self.study(train=train, evaluate=lambda net: {"train_loss": 0.5}, arms="S,D", seeds=3)
        self.assertEqual(study.run(say=said.append), 1)
        self.assertEqual(len(rows(study.folder)), 5)
        self.assertTrue(any(re.search(r"^task 4 \(D, seed 2\): out of memory: CUDA out of memory. Tried", one) for one in said), said)

    def test_an_error_of_the_users_names_task_and_line(self):
        def train(net, seed, rate, steps):
            raise ZeroDivisionError("no batches")

        with self.assertRaisesRegex(StudyError, r"task 0 \(S, seed 1\): ZeroDivisionError: no batches \(.*test_torch.py:\d+\)"):
            self.study(train=train, arms="S,D").run()

    def test_torchrun_trains_one_net_on_all_ranks(self):
        text = PROGRAM.replace("study = Study(", """
def train(net, seed, rate, steps):
    net = nn.parallel.DistributedDataParallel(net)
    solver = torch.optim.SGD(net.parameters(), lr=rate)
    mine = slice(torch.distributed.get_rank(), None, torch.distributed.get_world_size())
    for _ in range(steps):
        solver.zero_grad()
        nn.functional.cross_entropy(net(x[mine]), y[mine]).backward()
        solver.step()
study = Study(""").replace("points=2", "points=2, train=train")
        launcher = ("-m", "torch.distributed.run", "--nproc-per-node=2", "--standalone")
        run = self.program("run", "STUDY", "--ddp", "--out", "ddp", text=text, launcher=launcher)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr.count("(D, seed 1): training loss"), 1, run.stderr)
        self.assertLessEqual({"S", "D", "W0", "D_3T"}, {row["arm"] for row in rows(self.folder / "ddp")})
        run = self.program("run", "STUDY", "--out", "ranks", launcher=launcher)
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertEqual(run.stderr.count("(D, seed 1): training loss"), 1, run.stderr)


class ClaimsOfOthers(Case):
    def claims(self, takeover):
        (self.folder / "tasks").mkdir(exist_ok=True)
        return Claims(self.folder, takeover)

    def test_one_that_is_silent_is_taken_over_and_one_that_beats_is_not(self):
        claims = self.claims(1e-3)
        path = claims.path("a")
        for beat in range(50):
            path.write_text(f"elsewhere 1 1 x 0123456789abcdef {beat:010d}\n")
            self.assertIsNone(claims.take("a"))
        claim = next((one for _ in range(10**6) if (one := claims.take("a"))), None)
        self.assertIsNotNone(claim)
        self.assertIsNone(self.claims(60).take("a"))
        claim.give_back()
        self.assertFalse(path.exists())

    def test_one_of_a_dead_process_is_taken_at_once(self):
        code = "import sys; from pathlib import Path; from deepid.torch.claims import Claims; assert Claims(Path(sys.argv[1])).take('a')"
        self.claims(60)
        subprocess.run([sys.executable, "-c", code, str(self.folder)], env={**os.environ, "PYTHONPATH": str(HERE)}, check=True)
        self.assertTrue(self.claims(60).path("a").exists())
        if os.path.exists("/proc/self/stat"):
            claim = self.claims(60).take("a")
            self.assertIsNotNone(claim)
            claim.give_back()

    def test_a_claim_that_beats_says_so_and_a_lost_one_is_let_go(self):
        claims = self.claims(60)
        claim = claims.take("a")
        before = claims.path("a").read_text()
        claim.beats += 1
        claim._write()
        self.assertNotEqual(claims.path("a").read_text(), before)
        claims.path("a").write_text("elsewhere 1 1 x fedcba9876543210 0000000001\n")
        claim.give_back()
        self.assertTrue(claims.path("a").exists())


class Refusals(Case):
    def check(self, words, *command, **more):
        run = self.program(*command, **more)
        self.assertEqual((run.returncode, run.stderr.splitlines()[-1:]), (2, ["deepid.torch: " + words]))

    def test_wrong_inputs_have_one_line(self):
        self.assertEqual(self.program("run", "STUDY", "--out", "f", "--task", "0").returncode, 0)
        self.check('f: rate is 0.2 and was 0.1: another study needs another folder', "run", "STUDY", "--out", "f", lr="0.2")
        self.check("task 999: expected 0 to 43", "run", "STUDY", "--out", "f", "--task", "999")
        self.check("nothing.py: no such file; expected a Python file that makes a Study", "run", "nothing.py")
        self.check("Recipe: lr is 0, expected a learning rate above 0", "run", "STUDY", lr="0")
        self.check(f"{self.folder}/study.py: it has no Study; expected one, or FILE:NAME", "run", "STUDY", text="x = 1\n")
        (self.folder / "full").mkdir()
        (self.folder / "full/thesis.tex").write_text("")
        self.check("full: it has no torch.json and is not empty, expected an empty or a new folder", "run", "STUDY", "--out", "full")
        self.check("full: it has no torch.json, so it is no folder of deepid.torch", "gather", "full")
        name = next(iter((self.folder / "f/tasks").glob("*.json")))
        name.write_text("{")
        self.assertEqual(self.program("gather", "f").returncode, 2)

    def test_wrong_studies_say_what_was_expected(self):
        x, y = points()
        for words, make in (
                ("Study: unknown arm 'D_rez'", lambda: self.study(arms="D_rez").plan()),
                ("Study: shallow is 3 and deep 3, expected a deeper one", lambda: self.study(shallow=3)),
                ("training data: 48 samples and 47 labels, expected as many", lambda: self.study(data=(x, y[:-1]))),
                ("training data: expected finite numbers; row 2 has one that is not", lambda: self.study(data=(x.index_fill(0, torch.tensor([2]), float("nan")), y))),
                ("training data: Stream has no length", lambda: self.study(data=type("Stream", (torch.utils.data.IterableDataset,), {"__iter__": lambda self: iter(())})())),
                ("Recipe: unknown optimiser 'sdg'", lambda: Recipe(lr=1, steps=1, optimizer="sdg")),
                ("Recipe: optimiser 'sgd mom=1': expected KEY=VALUE of torch.optim.SGD", lambda: Recipe(lr=1, steps=1, optimizer="sgd mom=1")),
                ("Recipe: expected steps= or epochs=, one of them", lambda: Recipe(lr=1)),
                ("make_net: it returned list, expected an nn.Module", lambda: self.study(lambda depth: []).plan()),
                ("const_loss is not known", lambda: self.study(recipe=Recipe(lr=1, steps=1, loss=lambda z, y: z.mean())).plan()),
                ("cross_entropy: outputs are [16, 2] and labels [16, 3], expected outputs of [16, 3, classes]", lambda: self.study(data=(x, y[:, None].repeat(1, 3))).run())):
            with self.subTest(words), self.assertRaisesRegex(StudyError, re.escape(words)):
                make()


class Package(Case):
    def test_it_needs_no_library(self):
        code = "import deepid.torch, deepid\ntry:\n deepid.study\nexcept ImportError as error: print(error)\nelse: raise SystemExit(1)"
        run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True,
                             env={**os.environ, "PYTHONPATH": str(HERE), "DEEPID_LIBRARY": "/nowhere/libdeepid.so"})
        self.assertEqual(run.returncode, 0, run.stderr)
        self.assertIn("DEEPID_LIBRARY", run.stdout)

    def test_the_guides_programs_run(self):
        programs = re.findall(r"```python\n(.*?)```", (ROOT / "docs/torch.md").read_text(), re.S)
        self.assertGreaterEqual(len(programs), 2)
        for i, program in enumerate(programs):
            path = self.folder / f"guide{i}.py"
            path.write_text(program)
            found = {}
            exec(compile(program, str(path), "exec"), found)
            study = found["study"]
            study.seeds, study.tuning, study.steps, study.folder = 1, 0, 2, self.folder / f"guide{i}"
            self.assertEqual(study.run(), 0)
            self.assertGreater(len(rows(study.folder)), 8)


if __name__ == "__main__":
    if torch is None:
        print("skipped, the parts with torch:", missing, file=sys.stderr)
    unittest.main()
