"""A look at the deep net's gradients before it is trained: are they those of float64, do entries leave the range, is
backward the derivative of forward? Dropout is off; batch-norms have the statistics of the batch."""
from __future__ import annotations

import copy
import math
from dataclasses import replace
from typing import Any, Dict, List, Tuple

import torch
from torch import Tensor, nn

from .data import Samples
from .measure import Loss, norms
from .recipe import DTYPES, Recipe, autocast

#: Samples of the gradient check; its steps, of which one has to do; the largest relative error that passes.
SAMPLES, STEPS, PASSES = 16, (1e-5, 1e-6, 1e-7), 1e-6
#: gradient_check of evidence.json.
PASSED, CANNOT_TELL = 1, 3

Named = List[Tuple[str, nn.Parameter]]


def probe(net: nn.Module, data: Samples, recipe: Recipe, device: torch.device, check: bool) -> Dict[str, Any]:
    """Numbers of evidence.json of one seed; nothing changes.

    :param check: differences too, a few forwards for each parameter
    """
    rows = torch.arange(min(recipe.batch, len(data)))
    own = copy.deepcopy(net)
    reference = copy.deepcopy(net).double()
    have = _gradients(own, *data.at(rows, device, DTYPES[recipe.dtype]), recipe, device)
    want = _gradients(reference, *data.at(rows, device, torch.float64), replace(recipe, dtype="float64", amp=None), device)
    found: Dict[str, Any] = {} if recipe.dtype == "float64" and recipe.amp is None else _compare(have, want, recipe)
    if check:
        found.update(_check(reference, *data.at(rows[:SAMPLES], device, torch.float64), recipe))
    return found


def _loss(net: nn.Module, x: Tensor, y: Tensor, recipe: Recipe, device: torch.device) -> Tensor:
    with autocast(recipe, device):
        return Loss(recipe).training(net(x), y)


def _gradients(net: nn.Module, x: Tensor, y: Tensor, recipe: Recipe, device: torch.device) -> List[Tensor]:
    net.eval()
    for one in norms(net):
        one.train()
    loss = _loss(net, x, y, recipe, device)
    parameters = [p for p in net.parameters() if p.requires_grad]
    found = dict(zip(parameters, torch.autograd.grad(loss, parameters, allow_unused=True)))
    layers = [[found[p].flatten() for p in module.parameters(recurse=False) if found.get(p) is not None]
              for module in net.modules()]
    return [torch.cat(one) for one in layers if one]


def _compare(have: List[Tensor], want: List[Tensor], recipe: Recipe) -> Dict[str, Any]:
    """Cosines and errors by layer (a bias in front of a batch-norm has no gradient but rounding), and entries that are out of
    the range of the run's format and not of float64's."""
    least = torch.finfo(torch.float16 if recipe.amp == "f16" else torch.float32).tiny
    cosine, error = 1.0, 0.0
    zeros = subnormals = infinities = 0
    for g, reference in zip(have, want):
        g = g.double()
        finite = torch.isfinite(g)
        small = (reference != 0) & (reference.abs() < least)
        zeros += int(((g == 0) & small).sum())
        subnormals += int(((g != 0) & (g.abs() < least) & small).sum())
        infinities += int((~finite & torch.isfinite(reference)).sum())
        size, other = float(reference.norm()), float(g.norm())
        if size > 0 and math.isfinite(size) and bool(finite.all()):
            error = max(error, float((g - reference).norm()) / size)
            cosine = min(cosine, float((g * reference).sum()) / (size * other) if other > 0 else 0.0)
    return {"counted": True, "zeros": zeros, "subnormals": subnormals, "infinities": infinities, "compared": True,
            "min_cosine": cosine, "max_relative_error": error}


# ---- is backward the derivative of forward? --------------------------------------------------------------------

def _check(net: nn.Module, x: Tensor, y: Tensor, recipe: Recipe) -> Dict[str, Any]:
    """In float64, along one direction for each parameter: the derivative, and differences with steps of several sizes.
    The best of them counts, since a large one crosses kinks and a small one rounds. A failure is no proof of a bug."""
    named: Named = [(name, p) for name, p in net.named_parameters() if p.requires_grad]
    loss = Loss(recipe).training(net(x), y)
    gradients = torch.autograd.grad(loss, [p for _, p in named], allow_unused=True)
    scale = max([float(g.norm()) for g in gradients if g is not None], default=0.0)
    worst, where = 0.0, ""
    generator = torch.Generator().manual_seed(1)
    for (name, p), g in zip(named, gradients):
        if g is None:
            continue
        direction = torch.randn(p.shape, generator=generator, dtype=torch.float64).to(p.device)
        direction /= direction.norm()
        slope = float((g * direction).sum())
        errors = [abs(_difference(net, p, direction, step, x, y, recipe) - slope) for step in STEPS]
        error = min(errors) / max(float(g.norm()), 1e-3 * scale, 1e-300)
        if error > worst:
            worst, where = error, name
    passed = math.isfinite(worst) and worst <= PASSES
    return {"gradient_check": PASSED if passed else CANNOT_TELL, "gradient_check_error": worst, "gradient_check_layer": where}


@torch.no_grad()
def _difference(net: nn.Module, p: nn.Parameter, direction: Tensor, step: float, x: Tensor, y: Tensor,
                recipe: Recipe) -> float:
    kept = p.clone()
    values = []
    for sign in (1, -1):
        p.copy_(kept + sign * step * direction)
        values.append(float(Loss(recipe).training(net(x), y)))
    p.copy_(kept)
    return (values[0] - values[1]) / (2 * step)


def together(found: List[Dict[str, Any]]) -> Dict[str, Any]:
    """Of all seeds: sums of counts, the least cosine, the largest error, the worst check."""
    out: Dict[str, Any] = {}
    for one in found:
        for key, value in one.items():
            if key in ("gradient_check_error", "gradient_check_layer"):
                continue
            was = out.get(key, value)
            counts = key in ("zeros", "subnormals", "infinities") and key in out
            out[key] = was + value if counts else min(was, value) if key == "min_cosine" else max(was, value)
    checks = [one for one in found if "gradient_check" in one]
    if checks:
        worst = max(checks, key=lambda one: float(one["gradient_check_error"]))
        out.update({key: worst[key] for key in ("gradient_check_error", "gradient_check_layer")})
    return out
