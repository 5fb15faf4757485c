"""The arms: what each trains, and what it changes of the recipe. docs/verdict.md says what each asks."""
from __future__ import annotations

import string
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, List, Optional, Sequence

from .errors import StudyError
from .recipe import Recipe

#: How an arm without runs is told: it could be run, it cannot be, or it could tell nothing here.
POSSIBLE, IMPOSSIBLE, NO_QUESTION = "possible", "impossible", "no_question"


@dataclass
class Arm:
    """One way of training, in plain numbers and words: a row of the plan.

    :param net: "shallow", "deep", "skip", "own" of an arm of the user's, or the depth of an added net, "8"
    :param steps: times the recipe's; 0: measured as it was built
    :param rate: times that of `rate_of`, or of `base`
    :param base: what tuning looks around, where it is not the recipe's rate
    :param rate_of: the arm whose rate it takes
    :param parent: the arm whose trained net it starts from
    :param tunes: the arm that it is the better rate of
    :param tuned: rates around base are tried; tried: the one rate is, so that members of a set compare
    :param change: of the recipe, or "start" and "dropout" of the net
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


#: Where tuning begins for an optimiser that is not the recipe's; what its class and options are.
OPTIMIZERS = {"adam": ("adam", 0.001), "sgd": ("sgd momentum=0.9", 0.1), "rmsprop": ("rmsprop", 0.001)}


def registry(optimizers: Dict[str, float], depths: Sequence[int]) -> List[Arm]:
    """All arms of a study, before it is asked which apply.

    :param optimizers: words of D_opt and their rates
    """
    return [
        Arm("S", net="shallow"),
        Arm("D"),
        Arm("S_rate", net="shallow", tunes="S", tuned=True),
        Arm("D_rate", tunes="D", tuned=True),
        Arm("W0", steps=0, parent="S", rate_of="S"),
        Arm("D_res", net="skip", tuned=True),
        *(Arm(f"D_start:{word}", tuned=True, change={"start": word}) for word in ("lsuv", "orthogonal")),
        Arm("D64", rate_of="D", change={"dtype": "float64", "amp": None}),
        Arm("D_f32", rate_of="D", change={"amp": None}),
        Arm("D_bf16", rate_of="D", change={"amp": "bf16"}),
        Arm("D_f16", rate_of="D", change={"amp": "f16", "scale": False}),
        Arm("D_f16:scaled", rate_of="D", change={"amp": "f16", "scale": True}),
        Arm("S_f32", net="shallow", rate_of="S", change={"amp": None}),
        Arm("S_bf16", net="shallow", rate_of="S", change={"amp": "bf16"}),
        Arm("S_f16", net="shallow", rate_of="S", change={"amp": "f16", "scale": False}),
        Arm("S_f16:scaled", net="shallow", rate_of="S", change={"amp": "f16", "scale": True}),
        *(Arm(f"D_opt:{word}", tuned=True, base=rate, change={"optimizer": word}) for word, rate in optimizers.items()),
        Arm("D_free:dropout", rate_of="D", tried=True, change={"dropout": 0.0}),
        Arm("D_free:decay", rate_of="D", tried=True, change={"weight_decay": 0.0}),
        Arm("D_free:smoothing", rate_of="D", tried=True, change={"smoothing": 0.0}),
        Arm("D_free:augmentation", rate_of="D", tried=True, change={"augment": None}),
        Arm("D_norm:batch8", rate_of="D", change={"batch": 8}),
        Arm("D_3T", steps=3, rate_of="D"),
        Arm("D_2T", steps=2, rate_of="D"),
        Arm("WT", rate=0.1, parent="S", rate_of="S"),
        Arm("S_fine", net="shallow", rate=0.1, parent="S", rate_of="S"),
        *(Arm(f"depth:{depth}", net=str(depth), rate_of="S") for depth in depths),
    ]


#: Sets that a variant may be of, those that change the net, and what of the recipe other words change.
SETS = ("D_start", "D_order", "D_schedule", "D_free")
LETTERS = set(string.ascii_letters + string.digits + "-_")
OF_NETS = ("D_start", "D_order")
NOT_CHANGED = ("lr", "steps", "epochs", "device", "optimizer", "batch")


def check_variants(variants: Dict[str, Dict[str, Any]]) -> Dict[str, Dict[str, Any]]:
    """Arms of the user's: words of a set, and what they change."""
    known = [one.name for one in fields(Recipe) if one.name not in NOT_CHANGED]
    taken = {arm.word for arm in registry({word: rate for word, (_, rate) in OPTIMIZERS.items()}, ())}
    for word, change in variants.items():
        kind, _, name = word.partition(":")
        if kind not in SETS or not name or not set(name) <= LETTERS or word in taken:
            raise StudyError(f"Study: variant '{word}': expected a word that is not taken, SET:NAME, a name of letters, "
                             f"digits, - and _, a set of {', '.join(SETS)}")
        words = ["make_net"] if kind in OF_NETS else known
        if not isinstance(change, dict) or not change or not set(change) <= set(words):
            raise StudyError(f"Study: variant '{word}' changes {change!r}, expected a dict with some of {', '.join(words)}")
    return variants


def choose(arms: List[Arm], words: Optional[Sequence[str]]) -> None:
    """Leave out the arms that were not asked for. A word stands for itself and for its set; S_bf16 and the like
    come with D_bf16. S and D are always there, also at their tuned rates."""
    if words is None:
        return
    known = [arm.word for arm in arms]
    for word in words:
        if not any(_stands_for(word, one) for one in known):
            raise StudyError(f"Study: unknown arm '{word}'; known: {', '.join(known)}")
    for arm in arms:
        always = arm.word in ("S", "D") or arm.tunes is not None
        if not always and not any(_asks_for(word, arm.word) for word in words):
            arm.leave_out("it was not asked for", POSSIBLE)


def _stands_for(word: str, arm: str) -> bool:
    return arm == word or arm.startswith(word + ":")


def _asks_for(word: str, arm: str) -> bool:
    """What a format costs a deep net is read beside a shallow one."""
    return _stands_for(word, arm) or (arm.startswith("S_") and _stands_for(word, "D" + arm[1:]))
