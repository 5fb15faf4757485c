"""The plan: arms and seeds in plain numbers, the tasks that follow from them, and which of these are done. It needs no
net and no data, so that whoever has the folder can gather.

Tasks are numbered from 0: trainings arm by arm and seed by seed, then tuning runs."""
from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Optional

import numpy as np

from .arms import Arm
from .errors import StudyError
from .tasks import TaskFolder, replace_text, to_json
from .tuning import FIRST_SEED, OWN, RATES, Tuning

FORMAT = "deepid.torch 1"
#: What rounding may change of what is seen, relative to the mean size.
CLOSE = 1e-3


@dataclass
class Task:
    """One training, witness or tuning run.

    :param place: of a tuning run its rate among RATES
    """

    number: int
    arm: Arm
    seed: int
    place: Optional[int] = None
    config: Dict[str, Any] = field(default_factory=dict)
    name: str = ""

    def configure(self, config: Dict[str, Any]) -> None:
        """Give it what decides its numbers, and so the name of its files."""
        self.config = config
        digest = hashlib.sha256(to_json(config).encode()).hexdigest()[:10]
        self.name = f"{self.arm.word.replace(':', '.')}-{self.seed}-{digest}"

    @property
    def label(self) -> str:
        """As people read it: "D_start:lsuv, seed 3"."""
        tuning = "" if self.place is None else f", tuning, rate {self.place - OWN:+d}"
        return f"{self.arm.word}, seed {self.seed}{tuning}"


class Plan:
    """All tasks. `fixed` is what makes another study when it changes; seeds, arms and tuning may grow. `seen` are numbers of
    the nets and samples that do so too, up to rounding: machines differ there."""

    def __init__(self, fixed: Dict[str, Any], facts: Dict[str, Any], arms: List[Arm], seeds: int, tuning: int,
                 first_seed: int = 1, seen: Optional[Dict[str, List[float]]] = None) -> None:
        self.seen = seen or {}
        self.fixed, self.facts, self.arms = fixed, facts, arms
        self.seeds, self.first_seed, self.tuning_seeds = seeds, first_seed, tuning
        self.arm = {one.word: one for one in arms}
        self.tasks: List[Task] = []
        for arm in arms:
            for seed in self.all_seeds():
                if arm.reason is None:
                    self.tasks.append(Task(len(self.tasks), arm, seed))
        self.nets = len(self.tasks)
        for arm in arms:
            for place in self.places(arm):
                for i in range(tuning):
                    self.tasks.append(Task(len(self.tasks), arm, FIRST_SEED + i, place))
        self._at = {(task.arm.word, task.seed, task.place): task for task in self.tasks}
        self.of = json.loads(to_json(fixed))
        self.digest = hashlib.sha256(to_json(fixed).encode()).hexdigest()[:16]

    def all_seeds(self) -> range:
        """Of each arm."""
        return range(self.first_seed, self.first_seed + self.seeds)

    def places(self, arm: Arm) -> List[int]:
        """Of the rates that tuning may try."""
        if arm.reason is not None or not self.tuning_seeds:
            return []
        return list(range(RATES)) if arm.tuned else [OWN] if arm.tried else []

    def find(self, word: str, seed: int, place: Optional[int] = None) -> Task:
        """The task of an arm and a seed."""
        return self._at[word, seed, place]

    # ---- as a file -----------------------------------------------------------------------------------------

    def text(self) -> str:
        """torch.json."""
        return to_json({"format": FORMAT, "fixed": self.fixed, "seen": self.seen, "facts": self.facts, "seeds": self.seeds,
                        "first_seed": self.first_seed, "tuning": self.tuning_seeds,
                        "arms": [one.plain() for one in self.arms]})

    @staticmethod
    def read(folder: Path) -> "Plan":
        """The plan of a folder."""
        path = folder / "torch.json"
        try:
            found = json.loads(path.read_text())
            if found["format"] != FORMAT:
                raise ValueError(f"its format is {found['format']!r}, expected {FORMAT!r}")
            return Plan(found["fixed"], found["facts"], [Arm(**one) for one in found["arms"]], found["seeds"],
                        found["tuning"], found["first_seed"], found.get("seen"))
        except FileNotFoundError:
            raise StudyError(f"{folder}: it has no torch.json, so it is no folder of deepid.torch") from None
        except (ValueError, KeyError, TypeError) as error:
            raise StudyError(f"{path}: {error}") from None

    def settle_in(self, folder: Path) -> None:
        """Make the folder this plan's. One of another study is refused, with what differs. torch.json is the first file
        that is there, so that several may begin at once."""
        path = folder / "torch.json"
        try:
            folder.mkdir(parents=True, exist_ok=True)
            others = [one.name for one in folder.iterdir() if not one.name.startswith(".torch.json.")]
            if others and not path.exists():
                raise StudyError(f"{folder}: it has no torch.json and is not empty, expected an empty or a new folder")
            if path.exists():
                self._compare(folder)
            replace_text(path, self.text())
            for part in ("tasks", "nets"):
                (folder / part).mkdir(exist_ok=True)
        except OSError as error:
            raise StudyError(f"{folder}: {error.strerror}") from None

    def _compare(self, folder: Path) -> None:
        was = Plan.read(folder)
        now, before = _flat(self.of), _flat(was.of)
        for key in sorted({*now, *before}):
            if now.get(key) != before.get(key):
                raise StudyError(f"{folder}: {key} is {_short(now.get(key))} and was {_short(before.get(key))}: another "
                                 "study needs another folder")
        for key in sorted({*was.seen} & {*self.seen}):
            if not alike(self.seen[key], was.seen[key]):
                raise StudyError(f"{folder}: {key} gave {_rounded(self.seen[key])} and before {_rounded(was.seen[key])}: another "
                                 "study needs another folder")


def _flat(fixed: Dict[str, Any]) -> Dict[str, Any]:
    """The recipe's words by themselves."""
    recipe = {f"recipe: {key}": value for key, value in (fixed.get("recipe") or {}).items()}
    return {**{key: value for key, value in fixed.items() if key != "recipe"}, **recipe}


def numbers_of_values(values: np.ndarray[Any, Any]) -> List[float]:
    """A few numbers that tell other values from these: mean size, mean, and mean with signs that alternate."""
    flat = np.nan_to_num(np.asarray(values, np.float64).ravel(), posinf=0, neginf=0)
    if flat.size == 0:
        return [0.0, 0.0, 0.0]
    signs = np.where(np.arange(flat.size) % 3 == 0, 1.0, -1.0)
    return [float(np.abs(flat).mean()), float(flat.mean()), float((flat * signs).mean())]


def alike(one: List[float], other: List[float]) -> bool:
    """Whether two looks at values differ by rounding alone; each three numbers are one look."""
    if len(one) != len(other):
        return False
    sizes = [max(abs(one[i - i % 3]), abs(other[i - i % 3])) for i in range(len(one))]
    return all(abs(a - b) <= CLOSE * size for a, b, size in zip(one, other, sizes))


def _rounded(values: List[float]) -> str:
    return "[" + ", ".join(f"{one:.4g}" for one in values) + "]"


def _short(value: Any) -> str:
    text = json.dumps(value)
    return text if len(text) <= 80 else text[:77] + "..."


# ---- what is done ------------------------------------------------------------------------------------------

class State:
    """A plan with what its folder has: which rates tuning took, and so what each task is."""

    def __init__(self, plan: Plan, folder: TaskFolder) -> None:
        self.plan, self.folder = plan, folder
        self.tuning = Tuning(plan, self.tuning_result)

    def tuning_result(self, word: str, place: int, seed: int) -> Optional[Dict[str, Any]]:
        """The run of a tuning task, None: it is not done."""
        task = self.plan.find(word, seed, place)
        if not self.configure(task):
            return None
        found = self.folder.result(task.name)
        return None if found is None else found["run"]

    def rate(self, task: Task) -> Optional[float]:
        """Its learning rate; None: not known yet."""
        return self.tuning.rate_of(task.arm, task.place)

    def parent(self, task: Task) -> Optional[Task]:
        """The task whose net it starts from, where that is known."""
        if task.arm.parent is None or task.place is not None:
            return None
        return self.plan.find(self.tuning.stand_in(task.arm.parent), task.seed)

    def configure(self, task: Task) -> bool:
        """Fill what decides the task's numbers; False: tuning has not said yet."""
        if task.config:
            return True
        rate = self.rate(task)
        if task.arm.parent is not None and task.place is None and not self.tuning.settled(task.arm.parent):
            return False
        if rate is None:
            return False
        parent = self.parent(task)
        if parent is not None and not self.configure(parent):
            return False
        task.configure({"study": self.plan.digest, "arm": task.arm.word, "net": task.arm.net, "seed": task.seed,
                        "rate": rate, "steps": task.arm.steps, "change": task.arm.change,
                        "kind": "train" if task.place is None else "tune",
                        "start": None if parent is None else parent.name})
        return True

    def needed_at_all(self, arm: Arm) -> bool:
        """An arm's trainings."""
        return self.tuning.needs(arm, None)

    def needed(self, task: Task) -> bool:
        """Tuning spares what it knows to be of no use."""
        return self.tuning.needs(task.arm, task.place)

    def result(self, task: Task) -> Optional[Dict[str, Any]]:
        """What the task gave, None: it is not done."""
        return self.folder.result(task.name) if self.configure(task) else None

    def done(self, task: Task) -> bool:
        """It has a result, or needs none."""
        return not self.needed(task) or self.result(task) is not None

    def ready(self, task: Task) -> bool:
        """It can be run now."""
        if not self.needed(task) or not self.configure(task):
            return False
        parent = self.parent(task)
        return parent is None or self.result(parent) is not None

    def wanted(self, tasks: List[Task]) -> List[Task]:
        """The tasks and all that they stand on."""
        chosen: Dict[int, Task] = {}
        for task in tasks:
            self._want(task, chosen)
        return [chosen[number] for number in sorted(chosen)]

    def _want(self, task: Task, chosen: Dict[int, Task]) -> None:
        if task.number in chosen:
            return
        chosen[task.number] = task
        for word in self.tuning.stands_on(task.arm, task.place):
            for place in self.plan.places(self.plan.arm[word]):
                for i in range(self.plan.tuning_seeds):
                    self._want(self.plan.find(word, FIRST_SEED + i, place), chosen)
        for word in self.tuning.may_stand_in(task.arm.parent) if task.place is None else []:
            self._want(self.plan.find(word, task.seed), chosen)
