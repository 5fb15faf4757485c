"""Data: samples with labels or with targets."""
from __future__ import annotations

from ctypes import byref, c_void_p
from typing import Any, List, Optional, Sequence, Tuple

import numpy as np

from ._library import lib
from .arrays import DTYPES, channels_last, classes_of, described, labels_of, numbers_of, places, wrapped
from .handles import Array, Context, Error, Handle, Memory, Owner, default_context, seed_in, text_in


class Dataset(Handle):
    """Samples with class labels or with targets. Made by from_arrays or open.

    `.classes` are the labels by their numbers ([] with targets), `.valid` the validation part, or None.
    """

    valid: Optional["Dataset"] = None
    _layout: Optional[str] = None

    def __init__(self, context: Context, owner: Owner, classes: Sequence[Any] = ()) -> None:
        self.context, self._owner, self.classes = context, owner, list(classes)
        self._normalized: List[Tuple[str, Owner]] = []  # how, and by which data as they were then

    @classmethod
    def from_arrays(cls, x: Any, y: Any, x_valid: Any = None, y_valid: Any = None, *, layout: Optional[str] = None,
                    classes: Optional[Sequence[Any]] = None, context: Optional[Context] = None) -> "Dataset":
        """A dataset over arrays: of numpy, PyTorch (on the CPU), pandas, anything with `__dlpack__`, or lists. x is not copied
        (but for types that the library does not read): leave it as it is.

        :param x: [n, features], [n, h, w] or [n, h, w, channels] of numbers
        :param y: labels, [n] or [n, 1] of integers, booleans or texts; or targets, [n] or [n, width] of floats
        :param x_valid: the same of the validation part, which has the classes of the training part
        :param layout: "nchw" where channels come first, "nhwc" where they come last although it does not look so; "ncl"
                       and "nlc" for series, [n, channels, length], [n, length, channels] or [n, length]
        :param classes: all labels in their order; None: those of y, sorted
        """
        context = context or default_context()
        x, y = channels_last(numbers_of(x, "x"), layout), labels_of(y)
        if y.ndim == 0 or x.ndim == 0 or len(x) != len(y) or not len(x):
            raise Error(2, f"x is {list(x.shape)} and y is {list(y.shape)}, expected as many rows, at least one")
        data = cls._targets(context, x, y) if y.dtype.kind == "f" else cls._labels(context, x, y, classes)
        data._layout = layout
        if layout in ("nlc", "ncl"):
            context.call(lib.deepid_dataset_set_series, data.owner)
        if (x_valid is None) != (y_valid is None):
            raise ValueError("x_valid and y_valid go together")
        if x_valid is not None:
            known = data.classes or None
            data.valid = cls.from_arrays(x_valid, y_valid, layout=layout, classes=known, context=context)
        return data

    @classmethod
    def _targets(cls, context: Context, x: Array, y: Array) -> "Dataset":
        y = np.ascontiguousarray(numbers_of(y.reshape(len(y), -1), "y"))
        owner = context.make(lib.deepid_dataset_wrap_targets, lib.deepid_dataset_destroy, context, *described(x),
                             DTYPES[y.dtype.name], y.ctypes.data, y.shape[1], lent=(x, y))
        return cls(context, owner)

    @classmethod
    def _labels(cls, context: Context, x: Array, y: Array, classes: Optional[Sequence[Any]]) -> "Dataset":
        classes = np.unique(y).tolist() if classes is None else list(classes)
        labels = places(y, classes)
        owner = context.make(lib.deepid_dataset_wrap, lib.deepid_dataset_destroy, context, *described(x),
                             labels.ctypes.data, len(classes), lent=(x,))
        return cls(context, owner, classes)

    @classmethod
    def open(cls, source: str, seed: int = 77, context: Optional[Context] = None) -> "Dataset":
        """Data as the command line names them: "spirals n=256", "csv:FILE label=species", "npz:FILE", "idx:FOLDER".

        :param source: see docs/data.md
        :param seed: of a generator
        """
        context = context or default_context()
        train, valid = c_void_p(), c_void_p()
        context.call(lib.deepid_dataset_open, context, text_in(source), seed_in(seed), byref(train), byref(valid))
        data, other = (cls(context, Owner(one.value, lib.deepid_dataset_destroy, context.owner)) if one.value else None
                       for one in (train, valid))
        assert data is not None
        for part in (data, other):
            if part is not None:
                part.classes = part._names()
        data.valid = other
        return data

    def _names(self) -> List[Any]:
        names = [lib.deepid_dataset_class_name(self.owner, k) for k in range(lib.deepid_dataset_classes(self.owner))]
        return [k if name is None else name.decode() for k, name in enumerate(names)]

    def normalize(self, how: str = "feature") -> "Dataset":
        """Let values be read as (x - mean) / std, with those of this part for the validation part too.

        :param how: "feature", "channel", "global", "scale by=0.00392" or "none"
        """
        as_it_is = self.context.make(lib.deepid_dataset_sample, lib.deepid_dataset_destroy, self, len(self), 1,
                                     lent=(self.owner,))
        if self.valid is not None:  # before this part: what is measured is this part as it is
            self.context.call(lib.deepid_dataset_normalize, self.valid, text_in(how), self)
        self.context.call(lib.deepid_dataset_normalize, self, text_in(how), self)
        self._normalized.append((how, as_it_is))
        return self

    @property
    def _layout_here(self) -> str:
        """Of arrays as the library has them: channels last."""
        return "nlc" if len(self.shape) == 2 else "nhwc"

    def read(self, x: Any) -> Array:
        """Other samples as this dataset reads its own: channels turned, normalised by the same means. [n, sample...] of
        float64, a copy: what a net that learned from this dataset takes.

        :param x: samples as from_arrays takes them
        """
        array = numbers_of(x, "x")
        layout = self._layout or ("nlc" if len(self.shape) == 2 else None)
        other = Dataset.from_arrays(array, np.zeros(len(array) if array.ndim else 0, int), layout=layout,
                                    context=self.context)
        for how, reference in self._normalized:
            self.context.call(lib.deepid_dataset_normalize, other, text_in(how), reference)
        return other.x

    def __len__(self) -> int:
        return int(lib.deepid_dataset_count(self.owner))

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of a sample: (features,), (length, channels) or (h, w, channels)."""
        owner = self.owner
        return tuple(lib.deepid_dataset_extent(owner, axis) for axis in range(lib.deepid_dataset_rank(owner)))

    @property
    def labels(self) -> Optional[Array]:
        """The numbers of the labels, a copy; None with targets."""
        owner = self.owner
        pointer = lib.deepid_dataset_labels(owner)
        return np.array(Memory(pointer, (len(self),), np.int32, owner)) if pointer else None

    @property
    def x(self) -> Array:
        """The samples as they are read, normalised: [n, sample...] of float64, a copy."""
        out = np.empty((len(self),) + self.shape, np.float64)
        with wrapped(self.context, out) as tensor:
            self.context.call(lib.deepid_dataset_copy, self, 0, len(self), tensor)
        return out

    @property
    def about(self) -> str:
        """What was read of a table, in one line; "" of other sources."""
        return str(lib.deepid_dataset_about(self.owner).decode())

    @property
    def warnings(self) -> str:
        """What is wrong with the data, a sentence a line; "" when there is nothing to say."""
        with self.context._lock:
            return str((lib.deepid_dataset_warnings(self.owner) or b"").decode())

    def __repr__(self) -> str:
        if self._owner is None:
            return "deepid.Dataset(closed)"
        what = f"{len(self.classes)} classes" if self.classes else f"{lib.deepid_dataset_target_width(self.owner)} targets"
        return f"<deepid.Dataset: {len(self)} samples of {' x '.join(map(str, self.shape))}, {what}>"


def pair_of(valid: Any) -> Tuple[Any, Any]:
    """Validation data: (x, y), or None."""
    if valid is not None and not (isinstance(valid, (tuple, list)) and len(valid) == 2):
        raise TypeError(f"valid is of type {type(valid).__name__}, expected a pair (x, y)")
    return (None, None) if valid is None else (valid[0], valid[1])


def _look_whole(y: Array) -> bool:
    """Whether floats look like labels, some maybe not there."""
    return bool((np.isnan(y) | (y == np.floor(y))).all())


def data_for(context: Context, outputs: int, x: Any, y: Any, valid: Any = None, layout: Optional[str] = None,
             normalize: Optional[str] = None, classes: Optional[Sequence[Any]] = None) -> Dataset:
    """The data of a net with so many outputs: x when it is a Dataset, else one over x and y."""
    if isinstance(x, Dataset):
        if any(one is not None for one in (y, valid, layout, normalize, classes)):
            raise TypeError("with a Dataset, y, valid, layout, normalize and classes are its own")
        return x
    if y is None:
        raise TypeError("y lacks: labels or targets of x")
    labels = labels_of(y)
    if labels.dtype.kind == "f" and labels.size == labels.shape[0] > 0 and outputs > 1 and _look_whole(labels):
        raise TypeError(f"y has {labels.dtype.name} targets, one a sample, that are whole numbers (or lack), and the net has "
                        f"{outputs} outputs: labels are integers, y.astype(int)")
    if classes is None:
        classes = classes_of(labels, outputs) or None
    data = Dataset.from_arrays(x, labels, *pair_of(valid), layout=layout, classes=classes, context=context)
    return data if normalize is None else data.normalize(normalize)
