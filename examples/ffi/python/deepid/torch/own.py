"""A train function of your own, `train(net, seed, rate, steps) -> curves`: what it may take, what it may give."""
from __future__ import annotations

import inspect
import math
from typing import TYPE_CHECKING, Any, Callable, Dict, List

import torch
from torch import nn

from . import measure
from .errors import StudyError
from .recipe import Recipe

if TYPE_CHECKING:
    from .study import Study

#: Columns of history.csv, and of the end of a run.
POINT = ("epoch", "train_loss", "train_error", "valid_loss", "valid_error", "lr")
END = ("train_loss", "train_error", "valid_loss", "valid_error")


def takes(train: Callable[..., Any], word: str) -> bool:
    """Whether the function has a parameter of that name."""
    found = inspect.signature(train).parameters
    return word in found or any(one.kind is one.VAR_KEYWORD for one in found.values())


def _numbers(found: Any, known: Any, what: str) -> Dict[str, float]:
    if not isinstance(found, dict) or not set(found) <= set(known):
        odd = sorted(set(found) - set(known)) if isinstance(found, dict) else type(found).__name__
        raise StudyError(f"{what}: got {odd}, expected a dict with some of {', '.join(known)}")
    try:
        return {key: float(value) for key, value in found.items()}
    except (TypeError, ValueError):
        raise StudyError(f"{what}: expected numbers, got {found!r}") from None


def curves_of(curves: Any) -> List[Dict[str, float]]:
    """Points along training: a list of dicts, or a dict of lists; None: there are none."""
    if curves is None:
        return []
    if isinstance(curves, dict):
        try:
            lengths = {len(one) for one in curves.values()}
        except TypeError:
            raise StudyError("train: expected curves as a dict of lists or a list of dicts") from None
        if len(lengths) > 1:
            raise StudyError(f"train: the curves have {', '.join(map(str, sorted(lengths)))} points, expected as many in each")
        curves = [dict(zip(curves, values)) for values in zip(*curves.values())]
    if not isinstance(curves, (list, tuple)):
        raise StudyError(f"train: it returned {type(curves).__name__}, expected curves, a list of dicts or a dict of lists")
    return [_numbers(point, POINT, "train") for point in curves]


def numbers_of(study: "Study", net: nn.Module, history: List[Dict[str, float]], recipe: Recipe,
               device: torch.device) -> Dict[str, float]:
    """Losses at the end: of evaluate, else measured over the data, else those of the last point."""
    if study.evaluate is not None:
        with torch.no_grad():
            found = _numbers(study.evaluate(net), END, "evaluate")
    elif study.train_data is not None:
        measure.measure_statistics(net, study.train_data, recipe, device)
        found = measure.look(net, study.train_data, study.valid_data, recipe, device)
    else:
        found = {key: history[-1][key] for key in END if key in history[-1]} if history else {}
    if "train_loss" not in found:
        raise StudyError("train: no train_loss at the end: expected data, evaluate=, or curves that have it")
    if any(value < 0 for value in found.values()):
        raise StudyError(f"evaluate: a loss or an error is below 0: {found}")
    valid = [point["valid_loss"] for point in history if math.isfinite(point.get("valid_loss", math.nan))]
    return {**found, **({"best_valid_loss": min([found["valid_loss"], *valid])} if "valid_loss" in found else {})}
