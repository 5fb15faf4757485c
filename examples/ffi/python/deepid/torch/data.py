"""Samples: tensors, arrays or Datasets, batch by batch; and what is known of their labels."""
from __future__ import annotations

import hashlib
import math
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor
from torch.utils.data import Dataset, TensorDataset, default_collate

from .errors import StudyError
from .plan import alike, numbers_of_values


class Samples:
    """One part of the data. Tensors lie on the device once, Datasets are read sample by sample."""

    def __init__(self, x: Any, y: Any = None, what: str = "training data") -> None:
        self.what = what
        self.dataset: Optional[Dataset[Any]] = None
        self._labels: Optional[Tensor] = None
        if isinstance(x, TensorDataset) and y is None:
            if len(x.tensors) != 2:
                raise StudyError(f"{what}: a TensorDataset of {len(x.tensors)} tensors, expected two, x and y")
            x, y = x.tensors
        if y is None:
            self.dataset = x
            self.count = _length(x, what)
        else:
            self.x, self.y = _tensor(x, what), _tensor(y, "labels of the " + what)
            self.count = len(self.x)
            if len(self.y) != self.count:
                raise StudyError(f"{what}: {self.count} samples and {len(self.y)} labels, expected as many")
        if self.count == 0:
            raise StudyError(f"{what}: no samples")
        self._there: Dict[Tuple[str, torch.dtype], Tuple[Tensor, Tensor]] = {}

    def __len__(self) -> int:
        return self.count

    def at(self, rows: Tensor, device: torch.device, dtype: torch.dtype) -> Tuple[Tensor, Tensor]:
        """A batch; floats in the type of the net."""
        if self.dataset is not None:
            x, y = default_collate([self._pair(int(i)) for i in rows])
            return _to(x, device, dtype), _to(y, device, dtype)
        key = (str(device), dtype)
        if key not in self._there:
            self._there[key] = (_to(self.x, device, dtype), _to(self.y, device, dtype))
        x, y = self._there[key]
        rows = rows.to(x.device)
        return x[rows], y[rows]

    def batches(self, size: int, device: torch.device, dtype: torch.dtype) -> Iterator[Tuple[Tensor, Tensor]]:
        """All samples in their order."""
        for first in range(0, self.count, size):
            yield self.at(torch.arange(first, min(first + size, self.count)), device, dtype)

    def labels(self) -> Tensor:
        """All labels or targets; of a Dataset one pass, which looks at every sample."""
        if self.dataset is not None and self._labels is None:
            self._labels = default_collate([self._pair(i)[1] for i in range(self.count)])
        return self.y if self._labels is None else self._labels

    def _pair(self, i: int) -> Tuple[Any, Any]:
        """Of a Dataset: x and y, in numbers that are finite."""
        assert self.dataset is not None
        found = self.dataset[i]
        if not isinstance(found, (tuple, list)) or len(found) != 2:
            size = f" of {len(found)}" if isinstance(found, (tuple, list, dict)) else ""
            raise StudyError(f"{self.what}: sample {i} is a {type(found).__name__}{size}, expected a pair (x, y)")
        for part, name in zip(found, ("x", "y")):
            try:
                numbers = torch.as_tensor(part)
            except (TypeError, ValueError, RuntimeError):
                raise StudyError(f"{self.what}: {name} of sample {i} is a {type(part).__name__}, expected a tensor, an array or "
                                 "a number") from None
            if numbers.is_floating_point() and not bool(torch.isfinite(numbers).all()):
                raise StudyError(f"{self.what}: {name} of sample {i} has a number that is not finite")
        return found[0], found[1]

    def words(self) -> Any:
        """What tells other data from these."""
        if self.dataset is not None:
            x, y = self._pair(0)
            return [self.count, list(np.shape(x)), list(np.shape(y))]
        digest = hashlib.sha256()
        for one in (self.x, self.y):
            digest.update(np.ascontiguousarray(one.detach().cpu().numpy()).tobytes())
        return [self.count, list(self.x.shape), list(self.y.shape), digest.hexdigest()[:16]]

    def seen(self) -> List[float]:
        """Numbers of a Dataset's first, middle and last sample; none where it gives another sample each time."""
        return self._numbers() if self.dataset is not None and self.repeats() else []

    def repeats(self) -> bool:
        """Whether it gives the same sample each time."""
        return self.dataset is None or alike(self._numbers(), self._numbers())

    def _numbers(self) -> List[float]:
        assert self.dataset is not None
        parts = [part for i in (0, self.count // 2, self.count - 1) for part in self._pair(i)]
        return [one for part in parts for one in numbers_of_values(torch.as_tensor(part).double().numpy())]


def _length(dataset: Any, what: str) -> int:
    try:
        return len(dataset)
    except TypeError:
        raise StudyError(f"{what}: {type(dataset).__name__} has no length, expected a Dataset with len() and [i]; what "
                         "streams goes into a train function of your own") from None


def _tensor(value: Any, what: str) -> Tensor:
    try:
        tensor = value.detach() if isinstance(value, Tensor) else torch.from_numpy(np.ascontiguousarray(value))
    except TypeError:
        raise StudyError(f"{what}: expected tensors or arrays of numbers, got {type(value).__name__}") from None
    if tensor.is_complex():
        raise StudyError(f"{what}: expected real numbers, got {tensor.dtype}")
    if tensor.is_floating_point() and tensor.dtype not in (torch.float32, torch.float64):
        tensor = tensor.float()  # exact; NumPy has no bfloat16
    if tensor.ndim == 0:
        raise StudyError(f"{what}: expected samples along the first axis, got a single number")
    if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
        raise StudyError(f"{what}: expected finite numbers; row {_first_bad(tensor)} has one that is not")
    return tensor if tensor.is_floating_point() else tensor.long()


def _first_bad(tensor: Tensor) -> int:
    return int((~torch.isfinite(tensor)).nonzero()[0, 0])


def _to(x: Tensor, device: torch.device, dtype: torch.dtype) -> Tensor:
    return x.to(device, dtype) if x.is_floating_point() else x.to(device)


def split(data: Any) -> Tuple[Samples, Optional[Samples]]:
    """Training and validation part of (x, y), (x, y, x_valid, y_valid), a Dataset, or a pair of Datasets."""
    parts: List[Any] = list(data) if isinstance(data, (tuple, list)) else [data]
    sets = [not hasattr(one, "shape") and not isinstance(one, (list, tuple)) and hasattr(one, "__getitem__")
            for one in parts]
    valid = "validation data"
    if all(sets) and len(parts) in (1, 2):
        return Samples(parts[0]), Samples(parts[1], what=valid) if len(parts) == 2 else None
    if not any(sets) and len(parts) in (2, 4):
        return Samples(parts[0], parts[1]), Samples(parts[2], parts[3], valid) if len(parts) == 4 else None
    raise StudyError(f"data: expected (x, y), (x, y, x_valid, y_valid) or one or two Datasets, got {len(parts)} of "
                     f"{', '.join(type(one).__name__ for one in parts)}")


# ---- the best constant predictor ---------------------------------------------------------------------------

def constant_loss(y: Tensor, loss: Any) -> float:
    """Its loss: the entropy of the classes, or the variance of the targets; NaN of a loss that is a function."""
    if loss == "cross_entropy" and not y.is_floating_point():
        counts = torch.bincount(y[y >= 0].flatten()).double()
        share = counts[counts > 0] / counts.sum()
        return float(-(share * share.log()).sum())
    if loss == "mse":
        y = y.double()
        return float((y - y.mean(0)).square().mean())
    return math.nan


def largest_class(y: Tensor) -> float:
    """The share of the largest class where classes are unequal, else NaN."""
    if y.is_floating_point():
        return math.nan
    counts = torch.bincount(y[y >= 0].flatten())
    counts = counts[counts > 0]
    return math.nan if bool((counts == counts[0]).all()) else float(counts.max() / counts.sum())
