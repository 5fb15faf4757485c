"""One task from its start to its result."""
from __future__ import annotations

import contextlib
import io
import math
import time
from typing import TYPE_CHECKING, Any, Dict, List, Optional

import torch
from torch import nn

from . import measure
from .errors import Diverged, StudyError
from .nets import has_batchnorm, without_dropout
from .own import curves_of, numbers_of
from .plan import State, Task
from .probe import probe
from .recipe import DTYPES
from .starts import start
from .tasks import replace
from .train import Trainer, changed, seeded
from .witness import Witness, embed, embed_by

if TYPE_CHECKING:
    from .study import Study

#: Passes over which the objective is averaged where something is drawn.
EPOCHS = 4
#: By how much more than a batch batch8_loss takes.
LARGE = 8


class Job:
    """A task that runs."""

    def __init__(self, study: "Study", state: State, task: Task, device: torch.device) -> None:
        self.study, self.state, self.task, self.device = study, state, task, device
        self.recipe = changed(study.recipe, study.change_of(task.arm), study.optimizers)
        self.dtype = DTYPES[self.recipe.dtype]
        self.steps = round(study.steps * task.arm.steps)
        self.tunes = task.place is not None
        self.history: List[Dict[str, float]] = []
        self.witness: Optional[Witness] = None
        self.probe: Dict[str, Any] = {}

    def run(self) -> Dict[str, Any]:
        """What the task gives, as its file has it."""
        begun = time.monotonic()
        with seeded(self.task.seed, self.device):
            run = self._run()
        run["seconds"] = round(time.monotonic() - begun, 3)
        return {"config": self.task.config, "run": run, "history": self.history, "probe": self.probe}

    def _run(self) -> Dict[str, Any]:
        net, reason = self._start(self.steps > 0)
        if net is None:
            return {"reason": reason}
        if self.task.arm.word == "D" and self.study.train_data is not None:
            first = self.task.seed == self.state.plan.first_seed
            with contextlib.suppress(RuntimeError):  # a net that does not run in float64
                self.probe = probe(net, self.study.train_data, self.recipe, self.device, check=first)
        torch.manual_seed(self.task.seed)
        run: Dict[str, Any] = {"updates": self.steps, "rate": self.task.config["rate"] if self.steps else None}
        if self.study.train is not None:
            return self._run_own(net, run)
        trainer = Trainer(net, self.study.training(), self.recipe, self.task.seed, self.task.config["rate"], self.steps,
                          self.device)
        run["epochs"] = self.steps / trainer.per_epoch()
        return self._measure_witness(trainer, run) if self.steps == 0 else self._train(trainer, run)

    # ---- where it starts -----------------------------------------------------------------------------------

    def _start(self, training: bool) -> "tuple[Optional[nn.Module], str]":
        """The net to be trained or measured; or none, and why."""
        net = self.study.net_of(self.task.arm)
        change = self.task.arm.change
        if "start" in change:
            x, _ = self.study.training().at(self.study.first_rows(), torch.device("cpu"), torch.float32)
            start(net, change["start"], x)
        if "dropout" in change:
            without_dropout(net)
        net = net.to(self.device, self.dtype)
        parent = self.state.parent(self.task)
        if parent is None:
            return net, ""
        found = self.state.result(parent)
        assert found is not None
        if found["run"].get("reason") or found["run"]["diverged"]:
            return None, found["run"].get("reason") or f"{parent.label} diverged"
        shallow = self.study.net("shallow").to(self.device, self.dtype)
        path = self.state.folder.net(parent.name)
        try:
            shallow.load_state_dict(torch.load(path, map_location=self.device, weights_only=True))
        except FileNotFoundError:
            raise StudyError(f"{path}: it is not there, the net of task {parent.number} ({parent.label}); remove that "
                             f"task's result {self.state.folder.path(parent.name)}, and it runs again") from None
        if self.task.arm.net == "shallow":
            return shallow, ""
        if self.study.embed is not None:
            self.witness = embed_by(self.study.embed, shallow, net, self.study.training(), self.device, self.dtype)
        else:
            self.witness = embed(shallow, net, self.study.training(), self.device, self.dtype, training)
        return self.witness.net, self.witness.reason

    # ---- by the recipe -------------------------------------------------------------------------------------

    def _train(self, trainer: Trainer, run: Dict[str, Any]) -> Dict[str, Any]:
        points = 0 if self.tunes else min(self.study.points, self.steps)
        try:
            trainer.fit(lambda step: self._look(trainer, step), points, self.study.check_stop)
            moving = self._moving_loss(trainer)
            measure.measure_statistics(trainer.net, trainer.data, self.recipe, self.device)
            self._add_point(trainer, self.steps)
        except Diverged:
            return {**run, "diverged": 1}
        last = self.history[-1]
        if not math.isfinite(last["train_loss"]):
            return {**run, "diverged": 1}
        run.update(self._end(last), diverged=0)
        if not self.tunes:
            run.update(self._objective(trainer), **moving)
            if moving:
                batch = trainer.batch
                for key, size in (("batch_loss", batch), ("batch8_loss", LARGE * batch)):
                    run[key] = measure.epochs_loss(trainer.net, trainer.data, self.recipe, self.device, size, 1, told=True)
            self._keep(trainer.net)
        return run

    def _end(self, last: Dict[str, float]) -> Dict[str, Any]:
        run: Dict[str, Any] = {key: last[key] for key in ("train_loss", "train_error", "valid_loss", "valid_error")
                               if key in last}
        if "valid_loss" in last:
            run["best_valid_loss"] = min(point["valid_loss"] for point in self.history if "valid_loss" in point)
        return run

    def _look(self, trainer: Trainer, step: int) -> None:
        """With the statistics of all samples; then the net as it was."""
        with measure.statistics_kept(trainer.net):
            measure.measure_statistics(trainer.net, trainer.data, self.recipe, self.device)
            self._add_point(trainer, step)

    def _add_point(self, trainer: Trainer, step: int) -> None:
        valid = None if self.tunes else self.study.valid_data
        point = measure.look(trainer.net, trainer.data, valid, self.recipe, self.device)
        self.history.append({"epoch": step / trainer.per_epoch(), "lr": trainer.rate(), **point})

    def _moving_loss(self, trainer: Trainer) -> Dict[str, float]:
        if self.tunes or not measure.norms(trainer.net):
            return {}
        return {"moving_loss": measure.evaluate(trainer.net, trainer.data, self.recipe, self.device)[0]}

    def _objective(self, trainer: Trainer) -> Dict[str, float]:
        """What is minimised, where that is more than the loss."""
        penalty = trainer.penalty()
        out = {"penalty": penalty} if self.study.recipe.weight_decay or penalty else {}
        if not self.study.minimises_more():
            return out
        draws = self.study.has_noise() or has_batchnorm(trainer.net)
        out["objective"] = out.get("penalty", 0.0) + measure.epochs_loss(
            trainer.net, trainer.data, self.recipe, self.device, trainer.batch, EPOCHS if draws else 1, told=False)
        return out

    def _measure_witness(self, trainer: Trainer, run: Dict[str, Any]) -> Dict[str, Any]:
        """As it was built. Its objective is that of the net that training would begin with."""
        assert self.witness is not None
        self._add_point(trainer, 0)
        run.update(self._end(self.history[-1]), diverged=0, difference=self.witness.difference, equal=int(self.witness.equal))
        if has_batchnorm(trainer.net):
            net, _ = self._start(training=True)
            trainer.net = trainer.net if net is None else net
        run.update(self._objective(trainer))
        return run

    def _keep(self, net: nn.Module) -> None:
        """Of the arms that others start from the net stays."""
        if self.study.keep_nets or any(arm.parent in (self.task.arm.word, self.task.arm.tunes) for arm in self.state.plan.arms):
            data = io.BytesIO()  # torch.save hides what a file's error is
            torch.save({key: value.detach().cpu() for key, value in net.state_dict().items()}, data)
            replace(self.state.folder.net(self.task.name), lambda path: path.write_bytes(data.getvalue()))

    # ---- by a train function of the user's -----------------------------------------------------------------

    def _run_own(self, net: nn.Module, run: Dict[str, Any]) -> Dict[str, Any]:
        assert self.study.train is not None
        try:
            if self.steps:
                curves = self.study.train(net, self.task.seed, self.task.config["rate"], self.steps,
                                          **self.study.told_to_train(self.study.change_of(self.task.arm), self.device))
                self.history = curves_of(curves)
            self.study.check_stop()
            last = numbers_of(self.study, net, self.history, self.recipe, self.device)
        except Diverged:
            return {**run, "diverged": 1}
        if not math.isfinite(last["train_loss"]):
            return {**run, "diverged": 1}
        if self.witness is not None and self.steps == 0:
            run.update(difference=self.witness.difference, equal=int(self.witness.equal))
        self.history = [] if self.tunes else self.history or [{"epoch": 0.0, **last}]
        run.update(last, diverged=0)
        if not self.tunes:
            self._keep(net)
        return run
