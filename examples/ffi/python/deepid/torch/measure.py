"""Losses and errors of a net over whole data sets, and what is minimised beside the loss. Nothing here changes a net:
statistics of batch-norms are put back."""
from __future__ import annotations

import contextlib
import math
from typing import Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.nn.modules.batchnorm import _BatchNorm

from .data import Samples
from .errors import StudyError
from .recipe import DTYPES, Recipe, autocast

#: Samples that are looked at at once; those that batch-norms' statistics are measured on.
BATCH, REFERENCE = 256, 1024
#: Seed of the orders in which objectives are measured: that of no training.
EPOCH_SEED = 3000017


class Loss:
    """The recipe's loss: as training minimises it, and as it is told, a sum over samples."""

    def __init__(self, recipe: Recipe) -> None:
        self.recipe = recipe

    def training(self, z: Tensor, y: Tensor) -> Tensor:
        """The mean over a batch, with smoothing."""
        if callable(self.recipe.loss):
            return self.recipe.loss(z, y)
        if self.recipe.loss == "mse":
            return functional.mse_loss(z, _targets(z, y))
        z, y = by_class(z, y)
        return functional.cross_entropy(z, y, label_smoothing=self.recipe.smoothing)

    def told(self, z: Tensor, y: Tensor) -> Tuple[Tensor, Tensor, int, int]:
        """Sum of losses, sum of wrong answers, of how many each."""
        none = torch.zeros((), dtype=torch.float64, device=z.device)
        z = z if z.dtype == torch.float64 else z.float()
        if callable(self.recipe.loss):
            return self.recipe.loss(z, y).double() * len(z), none, len(z), 0
        if self.recipe.loss == "mse":
            return functional.mse_loss(z.double(), _targets(z, y).double(), reduction="sum"), none, z.numel(), 0
        z, y = by_class(z, y)
        here = y >= 0
        loss = functional.cross_entropy(z[here], y[here], reduction="none").double()
        count = int(here.sum())
        return loss.sum(), (z[here].argmax(1) != y[here]).sum().double(), count, count


def _targets(z: Tensor, y: Tensor) -> Tensor:
    if y.numel() != z.numel():
        raise StudyError(f"mse: outputs are {list(z.shape)} and targets {list(y.shape)}, expected as many numbers")
    return y.to(z.dtype).reshape(z.shape)


def by_class(z: Tensor, y: Tensor) -> Tuple[Tensor, Tensor]:
    """Outputs [n, classes] and labels [n]; of sequences classes come last, or second as torch has it."""
    if y.is_floating_point():
        raise StudyError("cross_entropy: labels are floats, expected whole numbers from 0: y.astype(int)")
    last, second = z.shape[:-1] == y.shape, z.shape[:1] + z.shape[2:] == y.shape
    if last and second and z.ndim > 2:
        raise StudyError(f"cross_entropy: in outputs {list(z.shape)} classes may be last or second; expected a loss= "
                         "of your own that says which")
    if last:
        return z.flatten(0, -2), y.flatten()
    if second:
        return z.movedim(1, -1).flatten(0, -2), y.flatten()
    raise StudyError(f"cross_entropy: outputs are {list(z.shape)} and labels {list(y.shape)}, expected outputs of "
                     f"[{', '.join(map(str, [*y.shape, 'classes']))}]")


# ---- as a net evaluates ------------------------------------------------------------------------------------

@torch.no_grad()
def evaluate(net: nn.Module, data: Samples, recipe: Recipe, device: torch.device) -> Tuple[float, float]:
    """Loss and error, in evaluation mode; a loss that is not finite is infinite."""
    loss = Loss(recipe)
    net.eval()
    total = torch.zeros((), dtype=torch.float64, device=device)
    wrong = torch.zeros((), dtype=torch.float64, device=device)
    samples = answers = 0
    for x, y in data.batches(BATCH, device, DTYPES[recipe.dtype]):
        with autocast(recipe, device):
            z = net(x)
        found = loss.told(z, y)
        total, wrong, samples, answers = total + found[0], wrong + found[1], samples + found[2], answers + found[3]
    value = float(total) / samples
    return (value if math.isfinite(value) else math.inf), float(wrong) / answers if answers else math.nan


def look(net: nn.Module, train: Samples, valid: Optional[Samples], recipe: Recipe,
         device: torch.device) -> Dict[str, float]:
    """A point of the curves."""
    out: Dict[str, float] = {}
    out["train_loss"], out["train_error"] = evaluate(net, train, recipe, device)
    if valid is not None:
        out["valid_loss"], out["valid_error"] = evaluate(net, valid, recipe, device)
    return out


# ---- batch-norm: by whose statistics -----------------------------------------------------------------------

def norms(net: nn.Module) -> List[_BatchNorm]:
    """All batch-norms that keep statistics."""
    return [one for one in net.modules() if isinstance(one, _BatchNorm) and one.running_mean is not None]


@contextlib.contextmanager
def statistics_kept(net: nn.Module) -> Iterator[None]:
    """Buffers of the net as they were, afterwards."""
    was = [(one, one.clone()) for one in net.buffers()]
    try:
        yield
    finally:
        with torch.no_grad():
            for one, value in was:
                one.copy_(value)


@torch.no_grad()
def measure_statistics(net: nn.Module, data: Samples, recipe: Recipe, device: torch.device) -> None:
    """Give batch-norms the statistics of the first samples, as they flow through the net now."""
    found = norms(net)
    if not found:
        return
    x, _ = data.at(torch.arange(min(REFERENCE, len(data))), device, DTYPES[recipe.dtype])
    momenta = [one.momentum for one in found]
    net.eval()
    for one in found:
        one.reset_running_stats()
        one.momentum = 1.0
        one.train()
    with autocast(recipe, device):
        net(x)
    for one, momentum in zip(found, momenta):
        one.momentum = momentum
    net.eval()


# ---- as training sees it -----------------------------------------------------------------------------------

@torch.no_grad()
def epochs_loss(net: nn.Module, data: Samples, recipe: Recipe, device: torch.device, batch: int, epochs: int,
                told: bool) -> float:
    """The mean loss over full batches in the order of epochs: as it is told, with the statistics of batches alone; or as
    training sees it, with noise, smoothing and augmentation."""
    batch = min(batch, len(data))
    loss = Loss(recipe)
    sums = []
    net.eval() if told else net.train()
    for one in norms(net):
        one.train()
    with statistics_kept(net), torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(EPOCH_SEED)
        for _ in range(epochs):
            order = torch.randperm(len(data))
            for first in range(0, len(data) - batch + 1, batch):
                x, y = data.at(order[first:first + batch], device, DTYPES[recipe.dtype])
                if recipe.augment is not None and not told:
                    x = recipe.augment(x)
                with autocast(recipe, device):
                    z = net(x)
                    found = loss.told(z, y) if told else None
                    sums.append(float(found[0]) / found[2] if found else float(loss.training(z, y)))
    net.eval()
    mean = math.fsum(sums) / len(sums) if all(map(math.isfinite, sums)) else math.inf
    return mean
