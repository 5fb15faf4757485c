"""Training a net on data."""
from __future__ import annotations

import threading
import time
from array import array
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple

import numpy as np

from ._library import ALLREDUCE_FUNCTION, EVENT_FUNCTION, lib
from .data import Dataset, data_for
from .files import read_texts
from .handles import Array, Error, Handle, PathLike, path_in, seed_in, text_in, whole_in
from .nets import Evaluation, Net
from .progress import Progress, Teller, Told, wait

_STEP = ("step", "epoch", "loss", "learning_rate", "gradient_norm")
_LOOK = ("step", "epoch", "loss", "error")
_STOPPED, _CALLBACK = 15, 14


class Trainer(Handle):
    """Trains a net on data, where its parameters are.

        net = deepid.Net("input 2; dense out=16; relu; dense out=2", seed=1)
        trainer = deepid.Trainer(net, x, y, valid=(xv, yv), optimizer="sgd momentum=0.9", learning_rate=0.03, batch=32)
        trainer.fit(epochs=20)
        trainer.evaluate().error, trainer.history["loss"], trainer.predict(new)

    Ctrl-C raises KeyboardInterrupt after the step that runs; fit, step or save go on from there.

    :param net: stays the caller's; its views show what training does
    :param x: samples as Dataset.from_arrays takes them, or a Dataset of the net's context, whose valid part counts
    :param y: labels (numbers of the net's outputs, or as many other words, sorted) or targets; None with a Dataset
    :param valid: (x, y): fit looks at them after each epoch
    :param layout: "nchw" where pictures have channels first
    :param normalize: "feature", "channel", "global": with mean and deviation of the training data
    :param classes: the labels by their numbers
    :param settings: the recipe, as set takes it
    """

    def __init__(self, net: Net, x: Any, y: Any = None, *, valid: Optional[Tuple[Any, Any]] = None,
                 layout: Optional[str] = None, normalize: Optional[str] = None, classes: Optional[Sequence[Any]] = None,
                 **settings: Any) -> None:
        if not isinstance(net, Net):
            raise TypeError(f"net is {type(net).__name__}, expected a deepid.Net")
        self.net, self.context = net, net.context
        self.data: Dataset = data_for(net.context, net._outputs, x, y, valid, layout, normalize, classes)
        self._owner = net.context.make(lib.deepid_trainer_create, lib.deepid_trainer_destroy, net, self.data,
                                       lent=(net.owner, self.data.owner))
        self._loss: Optional[str] = None
        self._exchange: Any = None  # what the library calls between ranks,
        self._why = b""  # and what it said when it failed
        self._total = self._whole = False  # whether the schedule's length is known; whether a step takes all samples
        self._steps, self._looks = _Rows(_STEP), _Rows(_LOOK)
        self._stop, self._fitting = threading.Event(), threading.Lock()
        self.set(**settings)

    def set(self, *, optimizer: Optional[str] = None, learning_rate: Optional[float] = None,
            schedule: Optional[str] = None, total_steps: Optional[int] = None, batch: Optional[int] = None,
            keep_last: Optional[bool] = None, clip: Optional[float] = None, loss: Optional[str] = None,
            augmentation: Optional[str] = None, nonfinite: Optional[str] = None, seed: Optional[int] = None,
            shards: Optional[int] = None, batchnorm: Optional[str] = None,
            loss_scale: Optional[str] = None) -> "Trainer":
        """Change the recipe; None leaves what is, and so does a value that is refused. deepid_trainer_set_... in train.h
        says more of each.

        :param optimizer: "sgd momentum=0.9 weight_decay=1e-4", "adam", "adamw", "rmsprop", "lbfgs"; default "sgd"
        :param learning_rate: above 0, default 0.1 for sgd, 0.001 for adam, adamw and rmsprop
        :param schedule: "constant", "step at=0.75", "cosine", each with warmup=STEPS; default "constant"
        :param total_steps: what the schedule's shares refer to; else the first fit says it
        :param batch: samples a step, default 64; 0 = all
        :param keep_last: whether an epoch's last, shorter batch is used; default False
        :param clip: the largest norm of the whole gradient; 0 (the default) = no clipping
        :param loss: "cross_entropy smoothing=0.1", "binary_cross_entropy", "squared_error", "huber delta=1";
            default by the data
        :param augmentation: of pictures, "crop pad=4 flip=1"; default "none"
        :param nonfinite: "stop" (default): a NaN ends training with an Error; "record": its step is skipped
        :param loss_scale: "none" (default), "static scale=1024", "dynamic" as torch.amp.GradScaler: for storage=f16
        :param seed: of the samples' order, augmentation and dropout; default 1
        :param shards: samples that run at once; 0 (the default) = the whole batch; 32 with set_allreduce
        :param batchnorm: with shards, over each "shard" (default) or over the whole "batch"
        """
        def put(name: str, value: Any) -> None:
            self.context.call(getattr(lib, "deepid_trainer_set_" + name), self, value)

        texts = {"optimizer": optimizer, "schedule": schedule, "loss": loss, "augmentation": augmentation,
                 "nonfinite": nonfinite, "batchnorm": batchnorm, "loss_scale": loss_scale}
        for name, text in texts.items():
            if text is not None:
                put(name, text_in(text))
                self._whole = text.split()[:1] == ["lbfgs"] if name == "optimizer" else self._whole
                self._loss = text if name == "loss" else self._loss
        for name, number in {"learning_rate": learning_rate, "clip": clip}.items():
            if number is not None:
                put(name, float(number))
        for name, count in {"total_steps": total_steps, "batch": batch, "shards": shards}.items():
            if count is not None:
                put(name, whole_in(count, name))
        if keep_last is not None:
            put("keep_last", int(keep_last))
        if seed is not None:
            put("seed", seed_in(seed))
        self._total = self._total or total_steps is not None
        return self

    def set_allreduce(self, exchange: Optional[Callable[[Array, str], Any]], rank: int = 0, ranks: int = 1) -> "Trainer":
        """Train with other ranks, each with the same net and data: the same bits for any number of them. See
        docs/distributed.md. With mpi4py:

            def exchange(numbers, how):
                MPI.COMM_WORLD.Allreduce(MPI.IN_PLACE, numbers, MPI.SUM if how == "sum" else MPI.MAX)

        :param exchange: makes of an int64 array, in place, its sums ("sum") or largest numbers ("max") over all ranks,
            on whatever thread trains; an exception ends the fit with an Error that quotes it. None: no other ranks
        :param rank: 0 to ranks - 1, another one on each rank
        """
        def called(_user: Any, how: int, numbers: Any, count: int, why: Any) -> int:
            try:
                if exchange is not None:
                    exchange(np.ctypeslib.as_array(numbers, (count,)), ("sum", "max")[how])
                return 0
            except BaseException as error:  # pylint: disable=broad-except
                self._why = f"{type(error).__name__}: {error}".encode()
                why[0] = self._why
                return 1

        hearing = None if exchange is None else ALLREDUCE_FUNCTION(called)
        self.context.call(lib.deepid_trainer_set_allreduce, self, hearing, None, rank, ranks)
        self._exchange = hearing
        return self

    # ---- training --------------------------------------------------------------------------------

    def step(self) -> float:
        """One step: the next batch. Returns its mean loss before the update."""
        owner, rate = self.owner, self.learning_rate
        self.context.call(lib.deepid_trainer_step, self)
        loss = float(lib.deepid_trainer_loss(owner))
        self._steps.append(self.steps_done, self.epoch, loss, rate, lib.deepid_trainer_gradient_norm(owner))
        return loss

    def fit(self, steps: Optional[int] = None, *, epochs: Optional[int] = None, progress: Told = None,
            callback: Optional[Callable[["Trainer"], Any]] = None) -> "Trainer":
        """So many steps more, or epochs. The library works in another thread, without Python's lock.

        :param steps: 0 or more; or epochs
        :param progress: called with a Progress about ten times a second on this thread; True: a line on stderr; None: that
            line in a terminal or notebook
        :param callback: called with the trainer after each epoch, on this thread; training ends when it returns
            True. It may change the recipe, save, evaluate
        """
        if (steps is None) == (epochs is None):
            raise TypeError("fit: say steps or epochs")
        per_epoch = int(lib.deepid_trainer_steps_per_epoch(self.owner))
        planned = whole_in(steps, "steps") if epochs is None else whole_in(epochs, "epochs") * per_epoch
        if planned and not self._total:
            self.set(total_steps=self.steps_done + planned)
        if not self._fitting.acquire(blocking=False):
            raise Error(11, "fit: another fit of this trainer is under way")
        try:
            self._fit_epochs(planned, per_epoch, progress, callback)
        finally:
            self._fitting.release()
        return self

    def _fit_epochs(self, planned: int, per_epoch: int, progress: Told,
                    callback: Optional[Callable[["Trainer"], Any]]) -> None:
        """fit, once it is known to be the only one."""
        by_epoch = not self._whole and (callback is not None or self.data.valid is not None)
        end, began = self.steps_done + planned, time.monotonic()
        self._stop.clear()
        with Teller(progress) as hear:
            while self.steps_done < end and not self._stop.is_set():
                left = end - self.steps_done
                asked = min(left, per_epoch - self.steps_done % per_epoch) if by_epoch else left
                if self._fit(asked, end - planned, planned, began, hear) < asked:
                    break
                if self.data.valid is not None and (by_epoch or self.steps_done == end):
                    self._looks.append(self.steps_done, self.epoch, *self.evaluate())
                answer = None if callback is None else callback(self)
                if isinstance(answer, (bool, np.bool_)) and answer:
                    break

    def _fit(self, steps: int, first: int, of: int, began: float, hear: Callable[[Progress], Any]) -> int:
        """So many steps in a thread; how many were done: fewer where stop was called, or L-BFGS found no better point."""
        owner, before, halt = self.owner, self.steps_done, threading.Event()
        rate = [self.learning_rate]
        news: List[Progress] = []

        def heard(_user: Any, event: int) -> int:
            step, epoch, loss = (getattr(lib, "deepid_event_" + name)(event) for name in ("step", "epoch", "loss"))
            self._steps.append(step, epoch, loss, rate[0], lib.deepid_trainer_gradient_norm(owner))
            rate[0] = lib.deepid_event_learning_rate(event)
            done, seconds = step - first, time.monotonic() - began
            news[:] = [Progress(of, done, done / of, seconds, seconds / done * (of - done),
                                f"epoch {epoch:.1f}, loss {loss:.4g}")]
            return int(halt.is_set() or self._stop.is_set())

        def work() -> None:
            try:
                self.context.call(lib.deepid_trainer_fit, owner, steps, hearing, None)
            except Error as error:
                if error.status not in (_STOPPED, _CALLBACK) or "the allreduce of" in str(error):
                    raise

        hearing = EVENT_FUNCTION(heard)
        wait(work, halt.set, news, hear)
        return self.steps_done - before

    def stop(self) -> None:
        """Let the fit under way, in whatever thread, end after its step; it returns, and another fit goes on."""
        self._stop.set()

    # ---- what came of it ---------------------------------------------------------------------------

    def evaluate(self, x: Any = None, y: Any = None) -> Evaluation:
        """Mean loss, and share of wrong answers (NaN with targets), in evaluation mode; by the loss that set was given.

        :param x: samples as the training data had them (they are normalised as those are), with y; or a Dataset.
            None: the validation data, or the training data where there are none
        """
        if x is None:
            x = self.data if self.data.valid is None else self.data.valid
        elif not isinstance(x, Dataset):
            if y is None:
                raise TypeError("evaluate: y lacks: labels or targets of x")
            x = Dataset.from_arrays(self.data.read(x), y, layout=self.data._layout_here, classes=self.data.classes or None,
                                    context=self.context)
            y = None
        return self.net.evaluate(x, y, self._loss)

    def predict(self, x: Any) -> Array:
        """The class of each sample, as the labels had it; with targets, the net's outputs.

        :param x: samples as the training data had them; they are normalised as those are
        """
        z = self.net(self.data.read(x))
        if not self.data.classes:
            return z
        z = z.reshape(len(z), -1)
        best: Array = (z[:, 0] > 0).astype(int) if z.shape[1] == 1 else z.argmax(1)
        words: Array = np.array(self.data.classes)
        return words[best]

    @property
    def history(self) -> Dict[str, Array]:
        """A row a step of this trainer: step, epoch, loss (of its batch, before the update), learning_rate, gradient_norm
        (before clipping)."""
        return self._steps.columns()

    @property
    def validation(self) -> Dict[str, Array]:
        """A row an epoch of fit, where there are validation data: step, epoch, loss, error."""
        return self._looks.columns()

    @property
    def steps_done(self) -> int:
        """Steps done so far, those of a loaded checkpoint and those that were skipped included."""
        return int(lib.deepid_trainer_steps_done(self.owner))

    @property
    def epoch(self) -> float:
        """Passes over the data so far."""
        return self.steps_done / int(lib.deepid_trainer_steps_per_epoch(self.owner))

    @property
    def learning_rate(self) -> float:
        """The rate of the next step: rate, warm-up and schedule."""
        return float(lib.deepid_trainer_current_rate(self.owner))

    @property
    def nonfinite_steps(self) -> int:
        """Steps that were skipped under nonfinite="record"."""
        return int(lib.deepid_trainer_nonfinite_steps(self.owner))

    # ---- checkpoints -------------------------------------------------------------------------------

    def save(self, path: PathLike) -> None:
        """Write everything that is needed to go on bit for bit. Net.load reads it as a net too. History is not in it."""
        self.context.call(lib.deepid_trainer_save, self, path_in(path))

    def load(self, path: PathLike) -> "Trainer":
        """Go on from a file of save: parameters, recipe and counters come from it. History keeps the steps up to there.

        :raises Error: damaged, or of another net or number of samples; nothing has changed then
        """
        self.context.call(lib.deepid_trainer_load, self, path_in(path))
        self._total, self._whole = True, False  # of the checkpoint; L-BFGS writes none
        self._loss = read_texts(path).get("deepid.trainer.loss")
        for rows in (self._steps, self._looks):
            rows.keep(self.steps_done)
        return self

    def __repr__(self) -> str:
        if self._owner is None:
            return "deepid.Trainer(closed)"
        return f"<deepid.Trainer: {self.steps_done} steps done, {self.data!r}>"


class _Rows:
    """Rows of numbers, the first of each a step; 8 bytes a number."""

    def __init__(self, names: Sequence[str]) -> None:
        self.names, self.numbers = names, array("d")

    def append(self, *row: float) -> None:
        """One more."""
        self.numbers.extend(row)

    def keep(self, steps: int) -> None:
        """Those up to a step."""
        rows = np.array(self.numbers).reshape(-1, len(self.names))
        self.numbers = array("d", rows[rows[:, 0] <= steps].ravel())

    def columns(self) -> Dict[str, Array]:
        """An array a name."""
        values = np.array(self.numbers, np.float64).reshape(-1, len(self.names))
        columns = dict(zip(self.names, values.T.copy()))
        columns["step"] = columns["step"].astype(np.int64)
        return columns
