#!/usr/bin/env python3
"""Tests of the examples with PyTorch, in a small form: the nets, the text, a study each. Skipped, and says so, where torch
or the data are not there."""
import contextlib
import io
import math
import sys
import tempfile
import unittest
from pathlib import Path

import numpy as np

import deepid

try:
    import torch

    import torch_resnet as resnet
    import torch_transformer as transformer
except ImportError as error:
    torch, missing = None, str(error)


def rows_of(study):
    """results.csv: losses by arm and seed."""
    lines = (Path(study.folder) / "results.csv").read_text().splitlines()
    names = lines[0].split(",")
    return {(row["arm"], int(row["seed"])): row for row in (dict(zip(names, line.split(","))) for line in lines[1:])}


@unittest.skipIf(torch is None, "the examples with torch: " + (missing if torch is None else ""))
class Examples(unittest.TestCase):
    def setUp(self):
        self.threads = torch.get_num_threads()
        torch.set_num_threads(1)
        self.here = tempfile.TemporaryDirectory()
        self.addCleanup(self.here.cleanup)
        self.addCleanup(torch.set_num_threads, self.threads)

    # ---- pictures ------------------------------------------------------------------------------------------

    def test_plain_and_skip_nets_are_the_librarys(self):
        x = torch.randn(5, 1, 28, 28, generator=torch.Generator().manual_seed(1))
        for block, skip in (("plain", False), ("identity", True)):
            for depth in (8, 14):
                net = deepid.Net(resnet.text(depth, block), init="he mode=fan_out head=pytorch", seed=depth)
                deepid.to_torch(net, resnet.make_net(depth, skip), example=x)  # refuses other outputs

    def test_both_start_with_weights_of_the_same_size(self):
        net = deepid.Net(resnet.text(14), init="he mode=fan_out head=pytorch", seed=3)
        torch.manual_seed(3)
        module = resnet.make_net(14, False)
        theirs = [np.asarray(value) for name, value in net.parameters.items() if "running" not in name]
        ours = [value.detach().numpy() for value in module.parameters()]
        self.assertEqual(len(theirs), len(ours))
        for i, (a, b) in enumerate(zip(theirs, ours)):
            self.assertEqual(a.size, b.size, i)
            if b.ndim == 1:
                self.assertTrue(np.array_equal(a, b), f"parameter {i}: {a} and {b}")
            else:  # two draws of n numbers: their deviations differ by sqrt(1/n), five times that is never met
                self.assertLess(abs(math.log(a.std() / b.std())), 5 / math.sqrt(b.size), f"parameter {i}")

    @unittest.skipUnless(torch is not None and resnet.FASHION.is_dir(), "Fashion-MNIST is not there")
    def test_a_small_study_of_pictures(self):
        size = resnet.Size(deep=14, samples=128, epochs=1, seeds=1, arms="S,D,D_res,W0")
        study = resnet.study_of(size, folder=f"{self.here.name}/torch")
        self.assertEqual(study.run(), 0)
        rows = rows_of(study)
        self.assertEqual({arm for arm, _ in rows}, {"S", "D", "D_res", "W0"})
        self.assertEqual(rows["W0", 1]["equal"], "1")
        self.assertEqual(rows["W0", 1]["train_loss"], rows["S", 1]["train_loss"])
        resnet.library(f"{self.here.name}/library", size)
        out = io.StringIO()
        with contextlib.redirect_stdout(out):
            resnet.beside(f"{self.here.name}/torch", f"{self.here.name}/library")
        self.assertEqual(out.getvalue().count("\n"), 6, out.getvalue())
        self.assertIn("6 seeds", str(study.judge()))

    # ---- text ----------------------------------------------------------------------------------------------

    def test_the_least_loss_follows_from_the_text_alone(self):
        tags, words = len(transformer.TAGS), len(transformer.WORDS)
        inputs, targets, least = transformer.samples(40, 7)
        self.assertTrue(torch.equal(inputs[:, 1:], targets[:, :-1]))
        surprise = 0.0
        for text in targets.tolist():
            opened = []
            for before, token in zip([0, *text], text):
                first, full = before == 0, len(opened) == transformer.NESTED
                opens = 1.0 if first else 0.0 if full else transformer.OPENS
                if token == 0:
                    self.assertEqual(opened, [])
                    continue
                self.assertTrue(opened or first)
                if token <= tags:
                    opened.append(token)
                    surprise -= math.log(opens / tags)
                elif token <= 2 * tags:
                    self.assertEqual(token - tags, opened.pop())
                    surprise -= math.log(1 - opens - transformer.WORD)
                else:
                    surprise -= math.log(transformer.WORD / words)
        self.assertAlmostEqual(least, surprise / targets.numel(), places=9)

    def test_no_token_sees_what_follows(self):
        x = transformer.samples(4, 3)[0]
        changed = x.clone()
        changed[:, 40:] = (changed[:, 40:] + 1) % len(transformer.TOKENS)
        for make in (transformer.post, transformer.pre):
            net = make(3)
            with torch.no_grad():
                one, other = net(x), net(changed)
            self.assertTrue(torch.equal(one[:, :, :40], other[:, :, :40]), make.__name__)
            self.assertFalse(torch.equal(one[:, :, 40], other[:, :, 40]), make.__name__)

    def test_a_deep_net_of_post_norm_can_be_the_shallow_one(self):
        torch.manual_seed(5)
        shallow, deep = transformer.post(2), transformer.post(12)
        with torch.no_grad():
            for one in shallow.modules():
                if isinstance(one, torch.nn.LayerNorm):
                    one.weight.normal_(1, 0.3), one.bias.normal_(0, 0.3)
            transformer.embed(shallow, deep)
            x = transformer.samples(20, 5)[0]
            want = shallow(x)
            self.assertLess(float((deep(x) - want).abs().max() / want.abs().max()), 2e-5)

    def test_a_small_study_of_text(self):
        small = {"texts": 64, "steps": 8, "shallow": 1, "deep": 2, "seeds": 1, "tuning": 0, "points": 1}
        study = transformer.study_of(transformer.post, folder=f"{self.here.name}/post", arms="S,D,W0,D_order,D_schedule",
                                     embed=transformer.embed, variants=transformer.study.variants, **small)
        self.assertEqual(study.run(), 0)
        rows = rows_of(study)
        self.assertEqual({arm for arm, _ in rows}, {"S", "D", "W0", "D_order:pre", "D_schedule:warmup"})
        self.assertLess(float(rows["W0", 1]["difference"]), 1e-4)
        self.assertEqual(len({row["train_loss"] for (arm, _), row in rows.items() if arm != "W0"}), 4)
        self.assertAlmostEqual(float(rows["W0", 1]["train_loss"]), float(rows["S", 1]["train_loss"]), places=4)
        self.assertIn("6 seeds", str(study.judge()))
        other = transformer.study_of(transformer.pre, folder=f"{self.here.name}/pre", arms="S,D,W0", **small)
        self.assertEqual(other.run(), 0)
        rows = {**rows, **{("pre", *key): row for key, row in rows_of(other).items()}}
        self.assertEqual(rows["pre", "W0", 1]["equal"], "1")
        self.assertEqual(rows["pre", "D", 1]["train_loss"], rows["D_order:pre", 1]["train_loss"])  # the same net and seed


if __name__ == "__main__":
    if torch is None:
        print("skipped, the examples with torch:", missing, file=sys.stderr)
    unittest.main()
