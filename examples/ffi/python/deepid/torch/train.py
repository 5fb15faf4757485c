"""One training by the recipe: seeds, steps, looks along the way."""
from __future__ import annotations

import contextlib
import math
import os
import random
from dataclasses import replace
from typing import Any, Callable, Dict, Iterator

import numpy as np
import torch
from torch import Tensor, nn

from .data import Samples
from .errors import Diverged
from .measure import Loss
from .recipe import DTYPES, Recipe, autocast, make_optimizer, make_schedule


@contextlib.contextmanager
def seeded(seed: int, device: torch.device) -> Iterator[None]:
    """All generators at a seed; torch's own as they were afterwards. Kernels that give the same bits each time, where
    torch has them."""
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    devices = [device] if device.type == "cuda" else []
    was = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    with torch.random.fork_rng(devices=devices):
        torch.manual_seed(seed)
        np.random.seed(seed % 2**32)
        random.seed(seed)
        torch.use_deterministic_algorithms(True, warn_only=True)
        try:
            with torch.backends.cudnn.flags(enabled=torch.backends.cudnn.enabled, benchmark=False, deterministic=True,
                                            allow_tf32=torch.backends.cudnn.allow_tf32):
                yield
        finally:
            torch.use_deterministic_algorithms(was[0], warn_only=was[1])


#: What an arm changes of the net and not of the recipe.
OF_THE_NET = ("start", "dropout", "source", "make_net", "embed")


def changed(recipe: Recipe, change: Dict[str, Any], optimizers: Dict[str, Any]) -> Recipe:
    """The recipe with what an arm changes of it."""
    fields = {key: value for key, value in change.items() if key not in OF_THE_NET}
    if "optimizer" in fields:
        fields["optimizer"] = optimizers[fields["optimizer"]][0]
    if "batch" in fields:
        fields["batch"] *= recipe.batch
    return replace(recipe, **fields)


class Trainer:
    """Trains one net. A step that is not finite raises Diverged."""

    def __init__(self, net: nn.Module, data: Samples, recipe: Recipe, seed: int, rate: float, steps: int,
                 device: torch.device) -> None:
        self.net, self.data, self.recipe, self.device = net, data, recipe, device
        self.loss = Loss(recipe)
        self.batch = min(recipe.batch, len(data))
        self.steps, self.seed = steps, seed
        self.optimizer = make_optimizer(recipe, net, rate)
        self.schedule = make_schedule(recipe, self.optimizer, steps)
        scaled = recipe.amp == "f16" and recipe.scale
        self.scaler = torch.amp.GradScaler(device.type, enabled=scaled)

    def per_epoch(self) -> int:
        """Steps."""
        return max(1, len(self.data) // self.batch)

    def penalty(self) -> float:
        """lambda/2 ||theta||^2 of what the optimiser decays."""
        total = 0.0
        for group in self.optimizer.param_groups:
            decay = group.get("weight_decay", 0.0)
            total += sum(decay / 2 * float(p.detach().double().square().sum()) for p in group["params"] if decay)
        return total

    def fit(self, look: Callable[[int], None], points: int, check: Callable[[], None]) -> None:
        """All steps, with a look at as many points along the way, and a check before each."""
        looked = 0
        for step in range(self.steps):
            check()
            if looked < points and step >= self.steps * looked / points:
                look(step)
                looked += 1
            self.step(step)

    def rows(self, step: int) -> Tensor:
        """Which samples: each epoch in an order of its own, the same for every arm."""
        epoch, place = divmod(step, self.per_epoch())
        if place == 0 or not hasattr(self, "_order"):
            generator = torch.Generator().manual_seed(self.seed * 1000003 + epoch)
            self._order = torch.randperm(len(self.data), generator=generator)
        return self._order[place * self.batch:(place + 1) * self.batch]

    def step(self, step: int) -> None:
        """One update."""
        x, y = self.data.at(self.rows(step), self.device, DTYPES[self.recipe.dtype])
        self.net.train()
        if self.recipe.augment is not None:
            x = self.recipe.augment(x)
        with autocast(self.recipe, self.device):
            loss = self.loss.training(self.net(x), y)
        if not math.isfinite(float(loss.detach())):
            raise Diverged(f"loss {float(loss.detach())} at step {step}")
        self.optimizer.zero_grad(set_to_none=True)
        self.scaler.scale(loss).backward()  # type: ignore[no-untyped-call]
        if self.recipe.clip:
            self.scaler.unscale_(self.optimizer)
            nn.utils.clip_grad_norm_(self.net.parameters(), self.recipe.clip)
        self.scaler.step(self.optimizer)
        self.scaler.update()
        if self.schedule is not None:
            self.schedule.step()

    def rate(self) -> float:
        """The learning rate now."""
        return float(self.optimizer.param_groups[0]["lr"])

