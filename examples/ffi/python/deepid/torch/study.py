"""A study: two nets of one kind, a recipe, data; its arms, its plan, its folder."""
from __future__ import annotations

import inspect
import os
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, Union

import torch
from torch import Tensor, nn

from .arms import OPTIMIZERS, Arm, check_variants, choose, registry
from .code import word_of
from .data import Samples, split
from .errors import Stopped, StudyError
from .facts import Look, facts_of, leave_out
from .judge import judge
from .plan import Plan
from .recipe import Recipe, optimizer_named, pick_device, whole
from .run import run
from .train import OF_THE_NET

MakeNet = Callable[..., nn.Module]
PathLike = Union[str, "os.PathLike[str]"]
Optimizers = Dict[str, Tuple[Any, float]]
Variants = Dict[str, Dict[str, Any]]

#: Samples that starts and witnesses look at first.
FIRST = 256


class Study:
    """Why is the deep net worse than the shallow one?

        study = Study(make_net, (x, y, x_valid, y_valid), Recipe(lr=0.1, epochs=20), shallow=2, deep=12)

    :param make_net: `make_net(depth, skip)` gives an nn.Module; skip=False is the plain net, skip=True the same with an
        identity skip around every block. Without a parameter skip there is no D_res
    :param data: (x, y), (x, y, x_valid, y_valid) of tensors or arrays; a Dataset of pairs, or two; None where train has
        its own and evaluate tells the losses
    :param recipe: how nets are trained
    :param shallow: depth of S, as make_net counts it
    :param deep: depth of D, more than that
    :param depths: of further nets, for the curve over depth
    :param seeds: of each arm
    :param arms: words, "S,D,W0" or a list; None: all that apply
    :param tuning: seeds on which learning rates are looked for; 0: every arm at the recipe's rate
    :param optimizers: more arms D_opt, {"lion": (factory or text, learning rate)}
    :param variants: arms of your own, {"D_schedule:warmup": {"schedule": f}, "D_order:pre": {"make_net": f}}: what each
        changes of the recipe, by the names of its fields; of D_order and D_start the net, `make_net(depth)`. They are
        trained at the recipe's rate
    :param embed: `embed(shallow, deep)` makes the deep net compute what the trained shallow one does, where the ways that are
        known fail; the outputs are compared all the same
    :param train: `train(net, seed, rate, steps) -> curves` instead of the recipe's loop: a list of dicts, or a dict of
        lists, of epoch, train_loss, train_error, valid_loss, valid_error, lr; or None. The net is trained in place. What
        else an arm changes is passed to parameters of these names, and an arm that would need one which is not there is
        left out: optimizer, weight_decay, smoothing, augment, amp, scale, dtype, batch; device always
    :param evaluate: `evaluate(net) -> {"train_loss": ..., "valid_loss": ...}` at the end, instead of the recipe's loss
    :param const_loss: training loss of the best constant predictor, where the loss is a function
    :param folder: of all files; --out wins
    :param points: looks along a training, for the curves
    :param keep_nets: keep every trained net in nets/, not only those that W0 needs
    :param subject: a line on what is studied, for the page
    """

    def __init__(self, make_net: MakeNet, data: Any, recipe: Recipe, *, shallow: int, deep: int,
                 depths: Sequence[int] = (), seeds: int = 10, arms: Union[None, str, Sequence[str]] = None,
                 tuning: int = 3, optimizers: Optional[Optimizers] = None, variants: Optional[Variants] = None,
                 embed: Optional[Callable[[nn.Module, nn.Module], Any]] = None,
                 train: Optional[Callable[..., Any]] = None, evaluate: Optional[Callable[..., Any]] = None,
                 const_loss: Optional[float] = None, folder: PathLike = "runs", points: int = 10,
                 keep_nets: bool = False, subject: str = "") -> None:
        if not callable(make_net):
            raise StudyError(f"Study: make_net is {make_net!r}, expected a function make_net(depth, skip)")
        if not isinstance(recipe, Recipe):
            raise StudyError(f"Study: recipe is {type(recipe).__name__}, expected a Recipe")
        self.make_net, self.recipe, self.train, self.evaluate = make_net, recipe, train, evaluate
        self.shallow, self.deep = whole(shallow, "Study: shallow", 0), whole(deep, "Study: deep", 1)
        if deep <= shallow:
            raise StudyError(f"Study: shallow is {shallow} and deep {deep}, expected a deeper one")
        self.depths = sorted({whole(one, "Study: a depth", 0) for one in depths} - {shallow, deep})
        self.seeds, self.points = whole(seeds, "Study: seeds", 1), whole(points, "Study: points", 1)
        self.tuning = whole(tuning, "Study: tuning", 0)
        self.arms = arms.replace(",", " ").split() if isinstance(arms, str) else arms
        self.optimizers: Optimizers = {**OPTIMIZERS, **(optimizers or {})}
        self.embed = embed
        self.variants: Variants = check_variants(variants or {})
        self.folder, self.keep_nets = Path(folder), keep_nets
        self.train_data: Optional[Samples] = None
        self.valid_data: Optional[Samples] = None
        if data is not None:
            self.train_data, self.valid_data = split(data)
        elif train is None:
            raise StudyError("Study: data is None, expected data, or a train function that has its own")
        self.const_loss = const_loss
        self.subject = subject or f"PyTorch: {getattr(make_net, '__name__', 'net')}, depth {shallow} and {deep}"
        self.device = pick_device(recipe.device)
        self.stop, self.stopped_by = False, 0
        self.steps = self._steps()
        for word, (optimizer, _) in self.optimizers.items():
            if isinstance(optimizer, str):
                optimizer_named(optimizer)

    def _steps(self) -> int:
        if self.recipe.steps is not None:
            return self.recipe.steps
        if self.train_data is None:
            raise StudyError("Recipe: epochs without data, expected steps=")
        count = len(self.train_data)
        return max(1, round((self.recipe.epochs or 0) * (count // min(self.recipe.batch, count))))

    # ---- nets and data -------------------------------------------------------------------------------------

    def net(self, kind: str) -> nn.Module:
        """A net of an arm, from torch's generator as it stands."""
        depth = self.shallow if kind == "shallow" else self.deep if kind in ("deep", "skip") else int(kind)
        return self.make_net(depth, kind == "skip") if self.has_skip() else self.make_net(depth)

    def net_of(self, arm: Arm) -> nn.Module:
        """The same; of an arm of the user's its own."""
        if arm.net != "own":
            return self.net(arm.net)
        return self.variants[arm.word]["make_net"](self.deep)  # type: ignore[no-any-return]

    def change_of(self, arm: Arm) -> Dict[str, Any]:
        """What an arm changes, functions as functions."""
        return {**arm.change, **self.variants.get(arm.word, {})}

    def has_skip(self) -> bool:
        """Whether make_net takes a skip."""
        return "skip" in inspect.signature(self.make_net).parameters

    def training(self) -> Samples:
        """The training data, where they are needed."""
        assert self.train_data is not None
        return self.train_data

    def first_rows(self) -> Tensor:
        """The first samples."""
        return torch.arange(min(FIRST, len(self.training())))

    def has_noise(self) -> bool:
        """Whether training draws more than batches."""
        return self.recipe.augment is not None or any(self._look().dropout())

    def minimises_more(self) -> bool:
        """Whether what is minimised is another quantity than the loss that is told."""
        return bool(self.recipe.weight_decay or self.recipe.smoothing) or self.has_noise()

    def told_to_train(self, change: Dict[str, Any], device: torch.device) -> Dict[str, Any]:
        """What a train function of the user's gets beside net, seed, rate and steps."""
        assert self.train is not None
        told = {key: value for key, value in change.items() if key not in OF_THE_NET}
        if "batch" in told:
            told["batch"] *= self.recipe.batch
        if "device" in inspect.signature(self.train).parameters:
            told["device"] = device
        return told

    # ---- plan, run, judge ----------------------------------------------------------------------------------

    def _look(self) -> Look:
        if not hasattr(self, "_looked"):
            self._looked = Look(self)
        return self._looked

    def plan(self) -> Plan:
        """All tasks of the study."""
        if not hasattr(self, "_plan"):
            self._plan = self._make_plan()
        return self._plan

    def _make_plan(self) -> Plan:
        look = self._look()
        arms = registry({word: rate for word, (_, rate) in self.optimizers.items()}, self.depths)
        for arm in arms:
            if "optimizer" in arm.change:
                arm.change["source"] = word_of(self.optimizers[arm.change["optimizer"]][0])
            if arm.word in ("W0", "WT") and self.embed is not None:
                arm.change["embed"] = word_of(self.embed)
        arms += [Arm(word, net="own" if "make_net" in change else "deep",
                     change={key: word_of(value) for key, value in change.items()}) for word, change in self.variants.items()]
        leave_out(self, look, arms)
        choose(arms, self.arms)
        fixed = {"recipe": self.recipe.words(), "rate": self.recipe.lr, "steps": self.steps, "shallow": self.shallow,
                 "deep": self.deep, "points": self.points, "nets": look.words(), "make_net": word_of(self.make_net),
                 "train": word_of(self.train), "evaluate": word_of(self.evaluate), "const_loss": self.const_loss,
                 "data": self.train_data and self.train_data.words(),
                 "validation": self.valid_data and self.valid_data.words()}
        return Plan(fixed, facts_of(self, look), arms, self.seeds, self.tuning, seen=look.seen())

    def check_stop(self) -> None:
        """Ends the task that runs, after Ctrl-C or SIGTERM."""
        if self.stop:
            raise Stopped

    def run(self, *, folder: Optional[PathLike] = None, task: Optional[int] = None,
            shard: Optional[Tuple[int, int]] = None, say: Callable[[str], None] = lambda line: None) -> int:
        """Run tasks that nobody has until none of those asked for is left, and gather.

        :param task: this one, and what it stands on
        :param shard: (i, n): every n-th from the i-th on
        :param say: told a line a task
        :return: how many tasks failed, by lack of memory
        """
        if folder is not None:
            self.folder = Path(folder)
        return run(self, task, shard, say)

    def judge(self) -> Any:
        """The verdict of what is done: what deepid.judge gives, with `.answer`, where the library is there; else the words of
        the program deepid-judge, or where that is not installed the command to type."""
        return judge(self.folder)
