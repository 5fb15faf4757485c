"""A study: two nets of one kind, a recipe, data; its arms; and the loop that takes tasks nobody has."""
from __future__ import annotations

import inspect
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional, Sequence, Union

import torch
from torch import nn

from .arms import registry
from .data import constant_loss, largest_class, split
from .errors import Stopped, StudyError
from .gather import gather
from .plan import Plan, State, Task
from .recipe import Recipe, whole
from .tasks import TaskFolder
from .train import pick_device
from .worker import Job

MakeNet = Callable[..., nn.Module]
PathLike = Union[str, "os.PathLike[str]"]


class Study:
    """Why is the deep net worse than the shallow one?

        study = Study(make_net, (x, y, x_valid, y_valid), Recipe(lr=0.1, epochs=20), shallow=2, deep=12)

    :param make_net: `make_net(depth, skip)` gives an nn.Module; skip=False is the plain net, skip=True the same with an
        identity skip around every block. Without a parameter skip there is no D_res
    :param data: (x, y), (x, y, x_valid, y_valid) of tensors or arrays; or a Dataset, or two, of pairs
    :param recipe: how nets are trained
    :param shallow: depth of S, as make_net counts it
    :param deep: depth of D, more than that
    :param seeds: of each arm
    :param folder: of all files; the command line's --out wins
    :param points: looks along a training, for the curves
    """

    def __init__(self, make_net: MakeNet, data: Any, recipe: Recipe, *, shallow: int, deep: int, seeds: int = 10,
                 folder: PathLike = "runs", points: int = 10, const_loss: Optional[float] = None) -> None:
        self.make_net, self.recipe = make_net, recipe
        self.shallow, self.deep = whole(shallow, "Study: shallow", 0), whole(deep, "Study: deep", 1)
        if deep <= shallow:
            raise StudyError(f"Study: shallow is {shallow} and deep {deep}, expected a deeper one")
        self.seeds, self.points = whole(seeds, "Study: seeds", 1), whole(points, "Study: points", 1)
        self.folder = Path(folder)
        self.train_data, self.valid_data = split(data)
        self.const_loss = const_loss
        self.device = pick_device(recipe.device)
        self.stop = False
        per_epoch = max(1, len(self.train_data) // min(recipe.batch, len(self.train_data)))
        self.steps = recipe.steps or max(1, round((recipe.epochs or 0) * per_epoch))

    # ---- nets ----------------------------------------------------------------------------------------------

    def net(self, kind: str) -> nn.Module:
        """A net of an arm, from torch's generator as it stands."""
        depth = self.shallow if kind == "shallow" else self.deep if kind in ("deep", "skip") else int(kind)
        return self.make_net(depth, kind == "skip") if self.has_skip() else self.make_net(depth)

    def has_skip(self) -> bool:
        """Whether make_net takes a skip."""
        return "skip" in inspect.signature(self.make_net).parameters

    # ---- the plan ------------------------------------------------------------------------------------------

    def plan(self) -> Plan:
        """All tasks of the study."""
        labels = self.train_data.labels()
        const = constant_loss(labels, self.recipe.loss) if self.const_loss is None else self.const_loss
        if const != const:
            raise StudyError("Study: const_loss is not known of a loss that is a function; expected const_loss=, the "
                             "training loss of the best constant predictor")
        facts: Dict[str, Any] = {
            "const_loss": const, "recipe_rate": self.recipe.lr, "batch": min(self.recipe.batch, len(self.train_data)),
            "updates": self.steps, "shallow_depth": self.shallow, "deep_depth": self.deep,
            "largest_class": largest_class(labels) if self.recipe.loss == "cross_entropy" else float("nan"),
        }
        facts = {key: value for key, value in facts.items() if value == value}
        fixed = {"recipe": self.recipe.words(), "shallow": self.shallow, "deep": self.deep, "points": self.points,
                 "data": self.train_data.words(), "validation": self.valid_data and self.valid_data.words()}
        return Plan(fixed, facts, registry(), self.seeds, 0)

    # ---- run -----------------------------------------------------------------------------------------------

    def check_stop(self) -> None:
        """Ends the task that runs, after Ctrl-C or SIGTERM."""
        if self.stop:
            raise Stopped

    def run(self, *, folder: Optional[PathLike] = None, task: Optional[int] = None, shard: Optional[Sequence[int]] = None,
            say: Callable[[str], None] = lambda line: None) -> int:
        """Run tasks that nobody has, and gather; how many are still to do."""
        if folder is not None:
            self.folder = Path(folder)
        plan = self.plan()
        plan.settle_in(self.folder)
        chosen = chosen_tasks(plan, task, shard)
        state = State(plan, TaskFolder(self.folder))
        wanted = state.wanted(chosen)
        for one in wanted:
            if state.done(one):
                continue
            state.configure(one)
            result = Job(self, state, one, self.device).run()
            state.folder.publish(one.name, result)
            say(f"task {one.number}: {one.label}: training loss {result['run'].get('train_loss', 'diverged')}")
        gather(self.folder)
        return 0

    def judge(self) -> str:
        """The verdict of what is done: deepid-judge's words, or the command where that is not installed."""
        program = find_judge()
        if program is None:
            return f"deepid-judge {self.folder}"
        done = subprocess.run([program, str(self.folder)], capture_output=True, text=True)
        if done.returncode:
            raise StudyError(done.stderr.strip())
        return done.stdout


def chosen_tasks(plan: Plan, task: Optional[int], shard: Optional[Sequence[int]]) -> List[Task]:
    """All tasks, one, or every n-th."""
    if task is not None:
        if not 0 <= task < len(plan.tasks):
            raise StudyError(f"task {task}: expected 0 to {len(plan.tasks) - 1}")
        return [plan.tasks[task]]
    if shard is not None:
        return plan.tasks[shard[0]::shard[1]]
    return plan.tasks


def find_judge() -> Optional[str]:
    """The program deepid-judge: on the path, or beside the library that is named."""
    beside = Path(os.environ.get("DEEPID_LIBRARY", "")).parent / "examples" / "deepid-judge"
    return shutil.which("deepid-judge") or (str(beside) if beside.exists() else None)
