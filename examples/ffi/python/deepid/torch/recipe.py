"""The recipe: how a net is trained. All that S and D share, and that an arm changes one thing of."""
from __future__ import annotations

import ast
import contextlib
import inspect
import math
import os
from dataclasses import dataclass, fields
from typing import Any, Callable, Dict, List, Optional, Tuple, Union

import torch
from torch import Tensor, nn

from .code import word_of
from .errors import StudyError

OptimizerFactory = Callable[..., torch.optim.Optimizer]
ScheduleFactory = Callable[[torch.optim.Optimizer, int], Any]
LossFunction = Callable[[Tensor, Tensor], Tensor]

#: Words of formats; mixed precision keeps the weights in float32.
DTYPES = {"float32": torch.float32, "float64": torch.float64}
AMP = {"bf16": torch.bfloat16, "f16": torch.float16}


@dataclass(frozen=True)
class Recipe:
    """How nets are trained, `Recipe(lr=0.1, epochs=20, optimizer="sgd momentum=0.9", schedule="cosine")`.

    :param lr: learning rate, above 0
    :param steps: updates of S and of D; or epochs, passes over the training data
    :param batch: samples a step; of an epoch's last samples those that fill no batch are left out
    :param optimizer: a class of torch.optim in small letters with its options, "adamw betas=(0.9,0.95)"; or
        `f(parameters, lr=, weight_decay=)` that makes one
    :param weight_decay: of the optimiser
    :param schedule: "constant", "cosine" (to 0), or `f(optimizer, steps)` that makes a scheduler, stepped after each update
    :param clip: largest norm of the gradient; 0: none
    :param loss: "cross_entropy", "mse", or `f(z, y)`, the mean over a batch; then the study needs const_loss
    :param smoothing: of labels, with cross_entropy
    :param augment: `f(x)` of a training batch; draws from torch's generator, which is seeded
    :param amp: "bf16" or "f16": mixed precision by autocast
    :param scale: with f16: the loss is scaled, so that small gradients stay above 0
    :param dtype: "float32" or "float64", of the weights
    :param device: "cpu", "cuda:1" ...; None: a GPU where there is one, of its rank under torchrun
    """

    lr: float
    steps: Optional[int] = None
    epochs: Optional[float] = None
    batch: int = 64
    optimizer: Union[str, OptimizerFactory] = "sgd"
    weight_decay: float = 0.0
    schedule: Union[str, ScheduleFactory] = "constant"
    clip: float = 0.0
    loss: Union[str, LossFunction] = "cross_entropy"
    smoothing: float = 0.0
    augment: Optional[Callable[[Tensor], Tensor]] = None
    amp: Optional[str] = None
    scale: bool = True
    dtype: str = "float32"
    device: Optional[str] = None

    def __post_init__(self) -> None:
        _number(self.lr, "lr", 0, "a learning rate above 0", open_end=True)
        _number(self.weight_decay, "weight_decay", 0, "0 or more")
        _number(self.clip, "clip", 0, "0 or more")
        _number(self.smoothing, "smoothing", 0, "from 0 to below 1")
        if (self.steps is None) == (self.epochs is None):
            raise StudyError("Recipe: expected steps= or epochs=, one of them")
        if self.steps is not None:
            whole(self.steps, "Recipe: steps", 1)
        else:
            _number(self.epochs, "epochs", 0, "above 0", open_end=True)
        whole(self.batch, "Recipe: batch", 1)
        _word(self.loss, "loss", ("cross_entropy", "mse"), " or a function")
        _word(self.schedule, "schedule", ("constant", "cosine"), " or a function")
        _word(self.amp, "amp", (None, *AMP), "")
        _word(self.augment, "augment", (None,), " or a function")
        _word(self.dtype, "dtype", tuple(DTYPES), "")
        if self.smoothing and self.loss != "cross_entropy":
            raise StudyError(f"Recipe: smoothing is {self.smoothing} with another loss than cross_entropy, expected 0")
        if isinstance(self.optimizer, str):
            optimizer_named(self.optimizer)

    def words(self) -> Dict[str, Any]:
        """What decides the numbers of a run, in words that compare; functions by their names and code."""
        return {one.name: word_of(getattr(self, one.name)) for one in fields(self) if one.name != "device"}


def _number(value: Any, name: str, least: float, expected: str, open_end: bool = False) -> None:
    good = isinstance(value, (int, float)) and math.isfinite(value) and (value > least if open_end else value >= least)
    if not good:
        raise StudyError(f"Recipe: {name} is {value!r}, expected {expected}")


def whole(value: Any, what: str, least: int) -> int:
    """A whole number, at least `least`."""
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        raise StudyError(f"{what} is {value!r}, expected a whole number, {least} or more")
    return value


def _word(value: Any, name: str, words: Tuple[Any, ...], more: str) -> None:
    if not callable(value) and value not in words:
        raise StudyError(f"Recipe: {name} is {value!r}, expected {', '.join(map(str, words))}{more}")


# ---- what the words stand for ------------------------------------------------------------------------------

def optimizer_named(text: str) -> Tuple[OptimizerFactory, Dict[str, Any]]:
    """The class of torch.optim and its options, of "sgd momentum=0.9"."""
    word, *options = text.split()
    classes = {name.lower(): one for name, one in vars(torch.optim).items()
               if isinstance(one, type) and issubclass(one, torch.optim.Optimizer) and one is not torch.optim.Optimizer}
    if word not in classes or word == "lbfgs":
        known = ", ".join(sorted(set(classes) - {"lbfgs"}))
        raise StudyError(f"Recipe: unknown optimiser '{word}'; known: {known}, or a function")
    found: Dict[str, Any] = {}
    for option in options:
        key, equals, value = option.partition("=")
        try:
            if not equals or key not in inspect.signature(classes[word]).parameters or key in ("lr", "weight_decay"):
                raise ValueError(key)
            found[key] = ast.literal_eval(value)
        except (ValueError, SyntaxError):
            raise StudyError(f"Recipe: optimiser '{text}': expected KEY=VALUE of torch.optim.{classes[word].__name__}, "
                             f"got '{option}'; lr and weight_decay stand in the recipe") from None
    return classes[word], found


def make_optimizer(recipe: Recipe, net: nn.Module, rate: float) -> torch.optim.Optimizer:
    """The recipe's optimiser of a net's parameters."""
    options: Dict[str, Any] = {}
    factory = recipe.optimizer
    if isinstance(factory, str):
        factory, options = optimizer_named(factory)
    parameters: List[nn.Parameter] = [p for p in net.parameters() if p.requires_grad]
    return factory(parameters, lr=rate, weight_decay=recipe.weight_decay, **options)


def make_schedule(recipe: Recipe, optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """The scheduler, or None: constant."""
    if recipe.schedule == "constant":
        return None
    if recipe.schedule == "cosine":
        return torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    assert not isinstance(recipe.schedule, str)
    return recipe.schedule(optimizer, steps)


def autocast(recipe: Recipe, device: torch.device) -> Any:
    """The recipe's mixed precision, or none."""
    if recipe.amp is None:
        return contextlib.nullcontext()
    return torch.autocast(device.type, dtype=AMP[recipe.amp])


def pick_device(word: Optional[str]) -> torch.device:
    """The recipe's; or a GPU where there is one, of the rank under torchrun; or else the CPU."""
    if word is not None:
        return torch.device(word)
    if not torch.cuda.is_available():
        return torch.device("cpu")
    return torch.device("cuda", int(os.environ.get("LOCAL_RANK", "0")) % torch.cuda.device_count())
