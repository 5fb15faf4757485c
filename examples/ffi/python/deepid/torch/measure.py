"""Losses and errors of a net that is done, over whole data sets."""
from __future__ import annotations

import math
from typing import Any, Dict, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from .data import Samples
from .errors import StudyError
from .recipe import DTYPES, Recipe

#: Samples that are looked at at once.
BATCH = 256


class Loss:
    """The recipe's loss: as training minimises it, and as it is told, a sum over samples."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def training(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean over a batch, with smoothing."""
        if callable(self.recipe.loss):
            return self.recipe.loss(z, y)
        if self.recipe.loss == "mse":
            return functional.mse_loss(z.float() if z.dtype != torch.float64 else z, _targets(z, y))
        z, y = by_class(z, y)
        return functional.cross_entropy(z, y, label_smoothing=self.recipe.smoothing)

    def told(self, z: Tensor, y: Tensor) -> Tuple[Tensor, Tensor, int, int]:
        """Sum of losses, sum of wrong answers, of how many each."""
        none = torch.zeros((), dtype=torch.float64, device=z.device)
        if callable(self.recipe.loss):
            return self.recipe.loss(z, y).double() * len(z), none, len(z), 0
        if self.recipe.loss == "mse":
            return functional.mse_loss(z.double(), _targets(z, y).double(), reduction="sum"), none, z.numel(), 0
        z, y = by_class(z, y)
        here = y >= 0
        loss = functional.cross_entropy(z.double() if z.dtype == torch.float64 else z.float(), y, reduction="none").double()
        count = int(here.sum())
        return loss[here].sum(), ((z.argmax(1) != y) & here).sum().double(), count, count


def _targets(z: Tensor, y: Tensor) -> Tensor:
    if y.numel() != z.numel():
        raise StudyError(f"mse: outputs are {list(z.shape)} and targets {list(y.shape)}, expected as many")
    return y.to(z.dtype).reshape(z.shape)


def by_class(z: Tensor, y: Tensor) -> Tuple[Tensor, Tensor]:
    """Outputs [n, classes] and labels [n]; of sequences classes come last, or second as torch has it."""
    if z.ndim == y.ndim + 1 and z.shape[:-1] == y.shape:
        return z.flatten(0, -2), y.flatten()
    if z.ndim == y.ndim + 1 and z.shape[:1] + z.shape[2:] == y.shape:
        return z.movedim(1, -1).flatten(0, -2), y.flatten()
    raise StudyError(f"cross_entropy: outputs are {list(z.shape)} and labels {list(y.shape)}, expected "
                     f"{[*y.shape, 'classes']}")


@torch.no_grad()
def evaluate(net: nn.Module, data: Samples, recipe: Recipe, device: torch.device) -> Tuple[float, float]:
    """Loss and error, in evaluation mode."""
    loss = Loss(recipe)
    net.eval()
    sums: Any = [0.0, 0.0]
    counts = [0, 0]
    for x, y in data.batches(BATCH, device, DTYPES[recipe.dtype]):
        total, wrong, samples, answers = loss.told(net(x), y)
        sums = [sums[0] + total, sums[1] + wrong]
        counts = [counts[0] + samples, counts[1] + answers]
    value = float(sums[0]) / counts[0]
    return (value if math.isfinite(value) else math.inf), float(sums[1]) / counts[1] if counts[1] else math.nan


def look(net: nn.Module, train: Samples, valid: Optional[Samples], recipe: Recipe,
         device: torch.device) -> Dict[str, float]:
    """A point of the curves."""
    out: Dict[str, float] = {}
    out["train_loss"], out["train_error"] = evaluate(net, train, recipe, device)
    if valid is not None:
        out["valid_loss"], out["valid_error"] = evaluate(net, valid, recipe, device)
    return out
