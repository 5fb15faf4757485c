"""Arrays of numpy, PyTorch, pandas and DLPack as the library reads them: where they lie, when that can be."""
from __future__ import annotations

import numbers
from ctypes import c_int64
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ._library import lib
from .handles import Array, Context, Error, Handle, Owner

F32 = 1
DTYPES = {"float32": F32, "float64": 2, "uint8": 3, "int8": 4, "uint16": 5, "int16": 6, "int32": 7, "int64": 8}
_DLPACK_CPU = 1


def array_of(value: Any, what: str) -> Array:
    """An array over the memory of whatever has some; a copy of lists and tables."""
    if hasattr(value, "toarray"):  # a sparse matrix of SciPy
        raise TypeError(f"{what} is sparse ({type(value).__name__}): its .toarray() is what is read")
    try:
        if hasattr(value, "detach") and hasattr(value, "numpy"):  # a tensor of PyTorch, with a gradient or not
            value = value.detach().cpu().resolve_conj().resolve_neg()
            value = (value.float() if str(value.dtype) == "torch.bfloat16" else value).numpy()
        if hasattr(value, "__dlpack__") and not hasattr(value, "__array__"):
            if value.__dlpack_device__()[0] != _DLPACK_CPU:
                raise TypeError("it lies on another device: copy it to the CPU first")
            value = np.from_dlpack(value)
        array = np.asarray(value)
    except (TypeError, ValueError, BufferError, RuntimeError) as error:
        raise TypeError(f"{what}: {error}") from error
    if isinstance(value, np.ma.MaskedArray) and np.ma.is_masked(value):
        raise TypeError(f"{what} has masked values: fill them, or leave their rows out")
    return array


def numbers_of(value: Any, what: str) -> Array:
    """An array that the library reads where it lies, or a copy where it cannot."""
    array = array_of(value, what)
    if array.dtype.kind == "O":
        for one in array.flat:
            if not isinstance(one, (numbers.Real, np.bool_)):
                raise TypeError(f"{what} has elements that are no numbers, such as {str(one)[:40]!r} of type "
                                f"{type(one).__name__}")
        array = array.astype(np.float64)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} has elements of type {array.dtype}, expected numbers")
    if array.dtype.name not in DTYPES or not array.dtype.isnative or not array.flags.aligned or any(
            step % array.itemsize for step in array.strides):
        small = {"float16": np.float32, "bool": np.uint8}
        name = array.dtype.name
        array = np.array(array, dtype=name if name in DTYPES else small.get(name, np.float64))
    return array


def channels_last(x: Array, layout: Optional[str]) -> Array:
    """Pictures as [n, h, w, channels], series as [n, length, channels]: turned by strides, not copied."""
    if layout not in (None, "nhwc", "nchw", "nlc", "ncl"):
        raise ValueError(f"layout is {layout!r}, expected 'nhwc', 'nchw', 'nlc' or 'ncl'")
    if layout in ("nlc", "ncl") and x.ndim not in (2, 3):
        raise Error(2, f"x is {list(x.shape)}, expected series: [n, length], or of rank 3 for layout={layout!r}")
    if layout == "ncl" and x.ndim == 3:
        return x.transpose(0, 2, 1)
    if layout == "nchw" and x.ndim != 4:
        raise Error(2, f"x is {list(x.shape)}, expected [n, channels, h, w] for layout='nchw'")
    if layout is None and x.ndim == 4 and x.shape[1] <= 4 < x.shape[3] and x.shape[2] > x.shape[1]:  # as lib/data/npy.c
        raise Error(2, f"x is {list(x.shape)}: channels seem to come first. Say layout='nchw', which turns them, or "
                       f"layout='nhwc' for pictures of {x.shape[1]} x {x.shape[2]} with {x.shape[3]} channels")
    return x.transpose(0, 2, 3, 1) if layout == "nchw" else x


def labels_of(labels: Any) -> Array:
    """Labels [n], integers, booleans or texts; or targets, which are floats, [n] or [n, width]."""
    y = array_of(labels, "y")
    if y.dtype.kind == "O":
        for row, one in enumerate(y.reshape(-1)):
            if one is None or one != one or type(one).__name__ in ("NAType", "NaTType"):
                raise Error(10, f"y: row {row} has no label ({one})")
        kinds = {"text" if isinstance(one, str) else "number" if isinstance(one, numbers.Real) else type(one).__name__
                 for one in y.flat}
        if len(kinds) > 1 or not kinds <= {"text", "number"}:
            raise TypeError(f"y has labels of different types or of none that is known: {', '.join(sorted(kinds))}")
        y = np.array(y.tolist())
    if y.dtype.kind not in "fiubUS":
        raise TypeError(f"y has elements of type {y.dtype}, expected labels (integers, booleans or texts) or "
                        "targets (floats)")
    if y.dtype.kind != "f" and y.ndim == 2 and y.shape[1] == 1:
        y = y[:, 0]
    if y.dtype.kind != "f" and y.ndim != 1:
        raise Error(2, f"y is {list(y.shape)}, expected [n] or [n, 1] labels; one-hot: y.argmax(1); targets are floats")
    return y


def places(y: Array, classes: Sequence[Any]) -> Array:
    """Labels as numbers from 0 on: their places among the classes."""
    place = {one: k for k, one in enumerate(classes)}
    labels = np.empty(len(y), np.int32)
    for row, label in enumerate(y.tolist()):
        if label not in place:
            raise Error(10, f"y: row {row} has the label {label!r}, which is none of the {len(classes)} classes "
                            f"({', '.join(map(repr, classes[:6]))}{', ...' if len(classes) > 6 else ''}); classes= names all")
        labels[row] = place[label]
    return labels


def classes_of(y: Array, outputs: int) -> List[Any]:
    """The classes of labels for a net of so many outputs: its output numbers, or the words of y, sorted."""
    count = max(outputs, 2)  # one output: the logit of the second of two classes
    if y.dtype.kind == "f":
        return []
    if y.dtype.kind == "b" and count == 2:
        return [False, True]
    if y.size and y.dtype.kind in "iub" and 0 <= y.min() and y.max() < count:
        return list(range(count))
    classes: List[Any] = np.unique(y).tolist()
    if y.size and len(classes) != count:
        raise Error(10, f"y has {len(classes)} different labels, {classes[0]!r} to {classes[-1]!r}, and the net tells {count} "
                        "classes: say classes=[...], all of them in order")
    return classes


def described(x: Array) -> Tuple[Any, ...]:
    """dtype, data, rank, extents and strides of an array, as deepid_dataset_wrap takes them."""
    sizes, steps = (c_int64 * x.ndim)(*x.shape), (c_int64 * x.ndim)(*(step // x.itemsize for step in x.strides))
    return DTYPES[x.dtype.name], x.ctypes.data, x.ndim, sizes, steps


class Tensor(Handle):
    """A tensor of the library, for the length of a call."""

    def __init__(self, owner: Owner) -> None:
        self._owner = owner


def wrapped(context: Context, array: Array) -> Tensor:
    """A tensor over a dense array."""
    extents = (c_int64 * array.ndim)(*array.shape)
    return Tensor(context.make(lib.deepid_tensor_wrap, lib.deepid_tensor_destroy, context, DTYPES[array.dtype.name],
                               array.ndim, extents, array.ctypes.data, lent=(array,)))
