"""One task from its start to its result."""
from __future__ import annotations

import math
import time
from typing import TYPE_CHECKING, Any, Dict, List

import torch

from . import measure
from .errors import Diverged
from .plan import State, Task
from .recipe import DTYPES
from .train import Trainer, autocast, changed, seeded

if TYPE_CHECKING:
    from .study import Study


class Job:
    """A task that runs."""

    def __init__(self, study: "Study", state: State, task: Task, device: torch.device) -> None:
        self.study, self.state, self.task, self.device = study, state, task, device
        self.recipe = changed(study.recipe, task.arm.change)
        self.history: List[Dict[str, float]] = []

    def run(self) -> Dict[str, Any]:
        """What the task gives, as its file has it."""
        begun = time.monotonic()
        with seeded(self.task.seed, self.device):
            run = self._train()
        run["seconds"] = round(time.monotonic() - begun, 3)
        return {"config": self.task.config, "run": run, "history": self.history}

    def _train(self) -> Dict[str, Any]:
        steps = round(self.study.steps * self.task.arm.steps)
        net = self.study.net(self.task.arm.net).to(self.device, DTYPES[self.recipe.dtype])
        trainer = Trainer(net, self.study.train_data, self.recipe, self.task.seed, self.task.config["rate"], steps,
                          self.device)
        run: Dict[str, Any] = {"updates": steps, "epochs": steps / trainer.per_epoch(), "rate": self.task.config["rate"]}
        points = 0 if self.task.place is not None else min(self.study.points, steps)
        try:
            trainer.fit(lambda step: self._look(trainer, step), points)
            self._look(trainer, steps)
        except Diverged:
            return {**run, "diverged": 1}
        last = self.history[-1]
        if not math.isfinite(last["train_loss"]):
            return {**run, "diverged": 1}
        run.update({key: last[key] for key in ("train_loss", "train_error", "valid_loss", "valid_error") if key in last})
        if "valid_loss" in last:
            run["best_valid_loss"] = min(point["valid_loss"] for point in self.history)
        return {**run, "diverged": 0}

    def _look(self, trainer: Trainer, step: int) -> None:
        self.study.check_stop()
        valid = None if self.task.place is not None else self.study.valid_data
        with autocast(self.recipe, self.device):
            point = measure.look(trainer.net, self.study.train_data, valid, self.recipe, self.device)
        self.history.append({"epoch": step / trainer.per_epoch(), "lr": trainer.rate(), **point})
