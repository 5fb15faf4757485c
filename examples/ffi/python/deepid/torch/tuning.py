"""An arm's learning rate: half-decades around the recipe's, judged by the training loss at seeds of their own. The
recipe's rate stays unless another one is better at every tuning seed and by more than the margin, or diverges at fewer
seeds and trains at more. The grid is a decade to each side at first, and widened a decade at a time until the rate that
is taken lies inside: at most three decades down and one up. All this follows from the losses alone, so who ran what,
and when, changes nothing. It is what the library's own studies do (docs/study.md, lib/study/tuning.c)."""
from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from .arms import Arm

if TYPE_CHECKING:
    from .plan import Plan

#: Seeds of tuning, apart from the study's; places of rates, and of the recipe's own among them; how far the grid goes.
FIRST_SEED = 1000001
RATES, OWN, SIDE, DECADE = 13, 8, 2, 2
FACTORS = [10 ** ((place - OWN) / 2) for place in range(RATES)]
#: What counts as no difference, as a share of what the shallow net learns: the verdict's margin_share.
MARGIN_SHARE = 0.05

Find = Callable[[str, int, int], Optional[Dict[str, Any]]]


@dataclass
class Choice:
    """What tuning has settled for one arm: the place of its rate, the grid that it took, and whether no rate left the
    constant predictor."""

    place: int
    low: int
    high: int
    noise: bool


class Runs:
    """The tuning runs of one arm. A diverged one, and one above the constant predictor, is worth no more than that."""

    def __init__(self, word: str, seeds: List[int], find: Find, constant: float) -> None:
        self.word, self.seeds, self.find, self.constant = word, seeds, find, constant

    def run(self, place: int, seed: int) -> Dict[str, Any]:
        """Of one rate and seed."""
        found = self.find(self.word, place, seed)
        assert found is not None
        return found

    def done(self, low: int, high: int) -> bool:
        """All runs of a grid."""
        return all(self.find(self.word, place, seed) is not None for place in range(low, high + 1) for seed in self.seeds)

    def loss(self, place: int, seed: int) -> float:
        """Capped."""
        found = self.run(place, seed)
        loss = found.get("train_loss")
        return self.constant if found["diverged"] or loss is None or not loss < self.constant else float(loss)

    def mean(self, place: int) -> float:
        """Over seeds."""
        return sum(self.loss(place, seed) for seed in self.seeds) / len(self.seeds)

    def diverged(self, place: int) -> int:
        """How many."""
        return sum(self.run(place, seed)["diverged"] for seed in self.seeds)

    def trained(self, place: int, margin: float) -> int:
        """How many leave the constant predictor."""
        return sum(self.loss(place, seed) < self.constant - margin for seed in self.seeds)

    def blows_up(self, place: int) -> bool:
        """Every run diverged, or ended far above the constant predictor."""
        runs = [self.run(place, seed) for seed in self.seeds]
        return all(one["diverged"] or one["train_loss"] is None or one["train_loss"] > 2 * self.constant for one in runs)

    def best(self, low: int, high: int) -> float:
        """The least mean loss."""
        return min([self.constant, *(self.mean(place) for place in range(low, high + 1))])

    def choose(self, low: int, high: int, margin: float) -> int:
        """The recipe's rate, or the best of those that beat it."""
        best = OWN
        for place in range(low, high + 1):
            if place != OWN and self._beats_own(place, margin) and (best == OWN or self._beats(place, best)):
                best = place
        return best

    def _beats_own(self, place: int, margin: float) -> bool:
        less = self.diverged(OWN) - self.diverged(place)
        everywhere = all(self.loss(place, seed) < self.loss(OWN, seed) for seed in self.seeds)
        better = everywhere and self.mean(place) < self.mean(OWN) - margin
        return (less > 0 and self.trained(place, margin) > self.trained(OWN, margin)) or (less >= 0 and better)

    def _beats(self, place: int, best: int) -> bool:
        less = self.diverged(best) - self.diverged(place)
        return less > 0 or (less == 0 and self.mean(place) < self.mean(best))


class Tuning:
    """What tuning has found so far."""

    def __init__(self, plan: "Plan", find: Find) -> None:
        self.plan, self.find = plan, find
        self.seeds = [FIRST_SEED + i for i in range(plan.tuning_seeds)]
        self._choice: Dict[str, Choice] = {}
        self._grid: Dict[str, List[int]] = {}

    # ---- settling ------------------------------------------------------------------------------------------

    def choice(self, word: str) -> Optional[Choice]:
        """What an arm's own tuning found; None: it has none, or is not done."""
        arm = self.plan.arm.get(word)
        if arm is None or not self.plan.places(arm) or not arm.tuned:
            return None
        if word not in self._choice:
            self._settle(arm)
        return self._choice.get(word)

    def runs(self, word: str) -> Runs:
        """An arm's tuning runs."""
        return Runs(word, self.seeds, self.find, self.plan.facts["const_loss"])

    def _margin(self, arm: Arm, low: int, high: int) -> Optional[float]:
        """For S, of what it learns itself."""
        shallow = self.runs("S_rate")
        if arm.word != "S_rate":
            if not self._tunes("S_rate"):
                return 0.0
            choice = self.choice("S_rate")
            if choice is None:
                return None
            low, high = choice.low, choice.high
        return MARGIN_SHARE * (shallow.constant - shallow.best(low, high))

    def _settle(self, arm: Arm) -> None:
        grid = self._grid.setdefault(arm.word, [OWN - SIDE, OWN + SIDE])
        runs = self.runs(arm.word)
        while runs.done(*grid):
            margin = self._margin(arm, *grid)
            if margin is None:
                return
            place = runs.choose(grid[0], grid[1], margin)
            noise = runs.best(*grid) >= runs.constant - margin
            if not self._widen(grid, runs, place, noise):
                self._choice[arm.word] = Choice(place, grid[0], grid[1], noise)
                return

    def _widen(self, grid: List[int], runs: Runs, place: int, noise: bool) -> bool:
        """A decade more where the choice stands at an end. Where no rate leaves the constant predictor nobody knows
        which way, so one decade each, and further down while all runs at the lowest rate blow up."""
        low, high = grid
        down = place == low or (noise and (runs.blows_up(low) or low == OWN - SIDE))
        up = place == high or (noise and runs.diverged(high) < len(self.seeds))
        if down and low > 0:
            grid[0] -= DECADE
        if up and high < RATES - 1:
            grid[1] += DECADE
        return grid != [low, high]

    def _tunes(self, word: str) -> bool:
        arm = self.plan.arm.get(word)
        return arm is not None and arm.tuned and bool(self.plan.places(arm))

    # ---- what follows for tasks ----------------------------------------------------------------------------

    def rate_of(self, arm: Arm, place: Optional[int]) -> Optional[float]:
        """The rate of an arm's runs; None: it is not known yet."""
        base = float(self.plan.fixed["rate"] if arm.base is None else arm.base)
        if arm.tuned and place is not None:
            return base * FACTORS[place]
        if arm.tuned:
            choice = self.choice(arm.word)
            return base if not self._tunes(arm.word) else None if choice is None else base * FACTORS[choice.place]
        if arm.rate_of is None:
            return arm.rate * base
        if not self.settled(arm.rate_of):
            return None
        found = self.rate_of(self.plan.arm[self.stand_in(arm.rate_of)], None)
        return None if found is None else arm.rate * found

    def settled(self, word: str) -> bool:
        """It is known which rate the arm takes, or which arm stands in for it."""
        return all(not self._tunes(one) or self.choice(one) is not None for one in (word, word + "_rate"))

    def stand_in(self, word: str) -> str:
        """S_rate for S where that has another rate."""
        choice = self.choice(word + "_rate")
        return word if choice is None or choice.place == OWN else word + "_rate"

    def needs(self, arm: Arm, place: Optional[int]) -> bool:
        """A task that tuning does not spare."""
        choice = self.choice(arm.word)
        if place is None:
            return not (arm.tunes and (not self._tunes(arm.word) or (choice is not None and choice.place == OWN)))
        if not arm.tuned:
            return True
        low, high = self._grid.get(arm.word, [OWN - SIDE, OWN + SIDE])
        return low <= place <= high

    def stands_on(self, arm: Arm, place: Optional[int]) -> List[str]:
        """Arms whose tuning decides a task; S's gives the margin that a better rate must pass."""
        words = [arm.word] if arm.tuned else []
        for word in (arm.rate_of, arm.parent):
            words += [] if word is None else [word, word + "_rate"]
        words = [word for word in words if self._tunes(word)]
        return words + ["S_rate"] if words and self._tunes("S_rate") else words

    def may_stand_in(self, word: Optional[str]) -> List[str]:
        """Arms whose nets may be the parent's."""
        return [] if word is None else [one for one in (word, word + "_rate") if one in self.plan.arm
                                        and self.plan.arm[one].reason is None]

    def rows(self) -> List[Dict[str, Any]]:
        """tuning.csv."""
        out: List[Dict[str, Any]] = []
        for arm in self.plan.arms:
            choice = self.choice(arm.word)
            for place in self.plan.places(arm):
                rate = self.rate_of(arm, place)
                for seed in self.seeds:
                    found = None if rate is None or not self.needs(arm, place) else self.find(arm.word, place, seed)
                    if found is None:
                        continue
                    chosen = not arm.tuned or (choice is not None and choice.place == place)
                    out.append({"arm": arm.word, "rate": rate, "seed": seed, "train_loss": found.get("train_loss", math.nan),
                                "diverged": found["diverged"], "chosen": int(chosen),
                                "noise": int(choice is not None and choice.noise)})
        return out
