#!/usr/bin/env python3
"""Tests of arms and witnesses that a user of deepid.torch brings. Skipped, and says so, where torch is not there."""
import sys
import tempfile
import unittest
from pathlib import Path

try:
    import torch
    from torch import nn

    from deepid.torch import Recipe, Study, StudyError
except ImportError as error:
    torch, missing = None, str(error)


def make_net(depth):
    return nn.Sequential(nn.Linear(3, 6), *(nn.Sequential(nn.Linear(6, 6), nn.Tanh()) for _ in range(depth)), nn.Linear(6, 2))


def quiet(depth):
    net = make_net(depth)
    for value in net.parameters():
        nn.init.zeros_(value)
    return net


def halves(optimizer, steps):
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 0.5)


@unittest.skipIf(torch is None, "variants with torch: " + (missing if torch is None else ""))
class Variants(unittest.TestCase):
    def setUp(self):
        here = tempfile.TemporaryDirectory()
        self.addCleanup(here.cleanup)
        self.folder = Path(here.name) / "runs"

    def study(self, **more):
        x = torch.randn(32, 3, generator=torch.Generator().manual_seed(1))
        return Study(make_net, (x, (x.sum(1) > 0).long()), Recipe(lr=0.1, steps=3, batch=8), shallow=1, deep=2, seeds=1,
                     tuning=0, folder=self.folder, **more)

    def rows(self, study, name="results.csv"):
        self.assertEqual(study.run(), 0)
        first, *lines = (self.folder / name).read_text().splitlines()
        return {line.split(",")[0]: dict(zip(first.split(","), line.split(","))) for line in lines}

    def test_an_arm_changes_what_it_says_and_nothing_else(self):
        changes = {"D_schedule:half": {"schedule": halves}, "D_order:quiet": {"make_net": quiet},
                   "D_schedule:same": {"schedule": "constant"}}
        rows = self.rows(self.study(arms=["S", "D", "D_schedule", "D_order"], variants=changes))
        self.assertEqual(rows["D_schedule:same"]["train_loss"], rows["D"]["train_loss"])
        self.assertNotEqual(rows["D_schedule:half"]["train_loss"], rows["D"]["train_loss"])
        self.assertNotEqual(rows["D_order:quiet"]["train_loss"], rows["D"]["train_loss"])
        self.assertEqual(float(rows["D_order:quiet"]["rate"]), 0.1)

    def test_another_function_is_another_task(self):
        one = self.study(variants={"D_schedule:mine": {"schedule": halves}}).plan().arm["D_schedule:mine"]
        other = self.study(variants={"D_schedule:mine": {"schedule": "cosine"}}).plan().arm["D_schedule:mine"]
        self.assertNotEqual(one.change, other.change)

    def test_words_and_changes_that_do_not_fit_are_refused(self):
        for word, change, says in (("D_schedule", {"schedule": "cosine"}, "expected a word that is not taken, SET:NAME"),
                                   ("W0:mine", {"clip": 1.0}, "SET:NAME"), ("D_order:a b", {"make_net": quiet}, "SET:NAME"),
                                   ("D_start:lsuv", {"make_net": quiet}, "not taken"),
                                   ("D_order:pre", {"schedule": "cosine"}, "expected a dict with some of make_net"),
                                   ("D_schedule:x", {"lr": 1.0}, "expected a dict with some of weight_decay, schedule"),
                                   ("D_schedule:x", {}, "expected a dict"), ("D_schedule:x", "cosine", "expected a dict")):
            with self.assertRaisesRegex(StudyError, says, msg=word):
                self.study(variants={word: change})

    def test_a_witness_of_the_users_is_compared(self):
        def good(shallow, deep):
            deep[0].load_state_dict(shallow[0].state_dict())
            deep[3].load_state_dict(shallow[2].state_dict())
            deep[1].load_state_dict(shallow[1].state_dict())
            deep[2] = nn.Identity()

        rows = self.rows(self.study(arms=["S", "D", "W0"], embed=good))
        self.assertEqual((rows["W0"]["train_loss"], rows["W0"]["equal"]), (rows["S"]["train_loss"], "1"))

    def test_a_witness_that_is_none_is_left_out_and_told(self):
        rows = self.rows(self.study(arms=["S", "D", "W0"], embed=lambda shallow, deep: None), name="arms.csv")
        self.assertIn("the deep net that embed made gives outputs that differ by", rows["W0"]["reason"])
        self.assertNotIn("W0,", (self.folder / "results.csv").read_text())


if __name__ == "__main__":
    if torch is None:
        print("skipped, variants with torch:", missing, file=sys.stderr)
    unittest.main()
