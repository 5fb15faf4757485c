#!/usr/bin/env python3
"""Tests of deepid.judge and deepid.Evidence: the same verdict by every door, refusals, the page."""
import math
import tempfile
import unittest
from pathlib import Path

import deepid

SEEDS = range(1, 9)


def filled(**facts):
    """S learns, D does not, skips repair it."""
    evidence = deepid.Evidence(classes=10, subject="by hand", **facts)
    for seed in SEEDS:
        wobble = 1 + 0.02 * (seed * 7 % 5 - 2)
        evidence.add("S", seed, 0.1 * wobble, 0.2 * wobble, train_error=0.01, updates=1000)
        evidence.add("D", seed, 0.6 * wobble, 0.7 * wobble, train_error=0.2, updates=1000)
        evidence.add("D_res", seed, 0.11 * wobble, 0.2 * wobble, train_error=0.01, updates=1000)
        evidence.add("W0", seed, 0.1 * wobble, 0.2 * wobble, difference=3e-7)
    return evidence


class Judging(unittest.TestCase):
    def test_what_was_added_is_judged(self):
        found = filled().judge()
        self.assertIn("The solver does not find it", found.answer)
        by_word = {f.hypothesis: f for f in found.verdict}
        self.assertEqual(by_word["solver"].status, "confirmed")
        self.assertIn("differ from the shallow net's by at most 3×10⁻⁷ of the largest", by_word["representation"].sentence)
        self.assertIn("Next: ", found.advice)
        self.assertIn("confirmed", found._repr_html_())
        self.assertIn("The solver", repr(found))

    def test_a_folder_gives_the_same(self):
        with tempfile.TemporaryDirectory() as folder:
            evidence = filled()
            evidence.add_point("S", 1, 1, 0.5)
            evidence.add_tuning("D_rate", 0.1, 101, 0.6)
            evidence.set_arm("D", depth=56)
            evidence.leave_out("D64", "no such unit")
            evidence.explain("slope of the gradient", 0.5, 0.1)
            evidence.write(folder)
            first, second = evidence.judge(), deepid.judge(folder)
            self.assertEqual(first.text, second.text)
            first.write_json(Path(folder) / "a.json")
            second.write_json(Path(folder) / "b.json")
            self.assertEqual((Path(folder) / "a.json").read_bytes(), (Path(folder) / "b.json").read_bytes())
            second.report(Path(folder) / "report.html")
            self.assertIn("by hand", (Path(folder) / "report.html").read_text(encoding="utf-8"))

    def test_an_export_is_read_by_a_map(self):
        with tempfile.TemporaryDirectory() as folder:
            rows = "".join(f"plain-20,{s},{0.1 + s / 1000}\nplain-56,{s},{0.6 + s / 1000}\n" for s in SEEDS)
            path = Path(folder) / "wandb.csv"
            path.write_text("config.name,config.seed,train/loss\n" + rows)
            columns = {"arm": "config.name", "seed": "config.seed", "train_loss": "train/loss", "S": "plain-20", "D": "plain-56"}
            found = deepid.judge(path, map=columns, classes=10)
            self.assertIn("Next: W0", found.advice)
            text = ",".join(f"{key}={value}" for key, value in columns.items())
            self.assertEqual(deepid.judge(path, map=text, classes=10).answer, found.answer)

    def test_a_run_that_diverged(self):
        evidence = filled()
        evidence.add("D_3T", 1, math.inf)
        self.assertIn("D_3T", [f.arm for f in evidence.judge().verdict])


class Refusals(unittest.TestCase):
    def refused(self, part, call, *arguments, **named):
        with self.assertRaises((deepid.Error, TypeError, ValueError)) as caught:
            call(*arguments, **named)
        self.assertIn(part, str(caught.exception))

    def test_what_cannot_be_is_refused(self):
        evidence = filled()
        self.refused("seed 1 already", evidence.add, "S", 1, 0.1)
        self.refused("a loss, 0 or more", evidence.add, "S", 9, -0.1)
        self.refused("no number", evidence.add, "S", 9, math.nan)
        self.refused("unknown arm 'D_star'", evidence.add, "D_star", 1, 0.1)
        self.refused("of W0 alone", evidence.add, "S", 10, 0.1, difference=0.1)
        self.refused("seed is -1", evidence.add, "S", -1, 0.1)
        self.refused("nearest: batch", evidence.set, batsch=3)
        self.refused("classes is 1", evidence.set, classes=1)
        self.refused("it has no results.csv", deepid.judge, "nowhere")
        self.refused("const_loss is not known", deepid.Evidence().judge)
        evidence.close()
        self.refused("this Evidence is closed", evidence.judge)


if __name__ == "__main__":
    unittest.main()
