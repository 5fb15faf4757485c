"""The arms: what each trains, and what it changes of the recipe. docs/verdict.md says what each asks."""
from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Dict, List, Optional

#: How an arm that cannot be run is told: could it be, can it not, or is there no question here?
POSSIBLE, IMPOSSIBLE, NO_QUESTION = "possible", "impossible", "no_question"


@dataclass
class Arm:
    """One way of training, in plain numbers and words: a row of the plan.

    :param net: "shallow", "deep", "skip", or the depth of an added net, "8"
    :param steps: times the recipe's; 0: measured as it was built
    :param rate: times that of `rate_of`, or of `base`
    :param base: what tuning looks around, where it is not the recipe's rate
    :param rate_of: the arm whose rate it takes
    :param parent: the arm whose trained net it starts from
    :param tunes: the arm that it is the better rate of
    :param tuned: rates around base are tried; tried: the one rate is, so that members of a set compare
    :param change: of the recipe, as train.py reads it
    """

    word: str
    net: str = "deep"
    steps: float = 1
    rate: float = 1
    base: Optional[float] = None
    rate_of: Optional[str] = None
    parent: Optional[str] = None
    tunes: Optional[str] = None
    tuned: bool = False
    tried: bool = False
    change: Dict[str, Any] = field(default_factory=dict)
    said: Optional[str] = None
    reason: Optional[str] = None
    left_out: Optional[str] = None

    def leave_out(self, reason: str, how: str) -> None:
        """It has no runs, and why."""
        if self.reason is None:
            self.reason, self.left_out = reason, how

    def plain(self) -> Dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def registry() -> List[Arm]:
    """All arms of a study, before it is asked which apply."""
    return [Arm("S", net="shallow"), Arm("D")]
