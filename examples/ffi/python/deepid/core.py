"""Contexts, datasets and nets: handles of the library that garbage collection or `with` frees."""
from __future__ import annotations

import logging
import os
import threading
import weakref
from ctypes import byref, c_int64, c_void_p
from typing import Any, Callable, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from ._library import LOG_FUNCTION, lib

PathLike = Union[str, "os.PathLike[str]"]
F32, F64 = 1, 2
_DTYPES = {"float32": F32, "float64": F64, "uint8": 3, "int8": 4, "uint16": 5, "int16": 6, "int32": 7, "int64": 8}
_FORWARD_SAMPLES = 1024  # samples that run at once in evaluation: bounds the memory, changes no number


class Error(Exception):
    """A call that failed: the library's sentence, `.status` (a number of status.h) and `.name` ("DEEPID_ERR_SHAPE")."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.name: str = lib.deepid_status_name(status).decode()

    def __reduce__(self) -> Any:
        return Error, (self.status, str(self))


def text_in(text: str) -> bytes:
    """A text for C, which ends it at the first NUL: one inside is refused."""
    if not isinstance(text, str):
        raise TypeError(f"expected a text, got {type(text).__name__}")
    if "\0" in text:
        raise ValueError("a text with a NUL inside")
    return text.encode()


def path_in(path: PathLike) -> bytes:
    """A path for C."""
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError("a path with a NUL inside")
    return name


class Owner:
    """Destroys a C object when nobody holds it any more; ctypes takes an Owner for the pointer that it owns.

    A call holds the Owners of its arguments, and so does each numpy view: nothing is destroyed while it is used.
    """

    def __init__(self, pointer: int, destroy: Callable[[int], None], *lent: Any) -> None:
        self._as_parameter_ = c_void_p(pointer)
        self.lent = lent  # what the C object looks into: it lives as long
        weakref.finalize(self, _destroy, destroy, pointer, lent).atexit = False

    def __reduce__(self) -> Any:
        raise TypeError("a handle of deepid cannot be copied or pickled; nets have .clone() and .save()")


def _destroy(destroy: Callable[[int], None], pointer: int, lent: Any) -> None:
    """The C object first, then what it was lent (held by this call's arguments until it ends)."""
    destroy(pointer)


class Handle:
    """What contexts, datasets, nets and results share: `with`, and close."""

    _owner: Optional[Owner]

    @property
    def owner(self) -> Owner:
        """The C object; an Error after close."""
        if self._owner is None:
            raise Error(13, f"this {type(self).__name__} is closed")
        return self._owner

    def close(self) -> None:
        """Let go of the C object. It is freed at once, or with the last view or object that needs it."""
        self._owner = None

    def __enter__(self) -> Any:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_log = logging.getLogger("deepid")


@LOG_FUNCTION
def _hear(_user: Any, level: int, line: bytes) -> None:
    _log.log((logging.DEBUG, logging.INFO, logging.WARNING)[level], "%s", line.decode(errors="replace"))


class Context(Handle):
    """Threads, memory and limits that objects are made in. One call at a time: other threads wait for it.

    Messages go to the logger "deepid".

    :param threads: that calls work on; 0 = one a CPU of this process
    :param memory_bytes: the most that all objects together may take; 0 = no limit
    """

    def __init__(self, threads: int = 0, memory_bytes: int = 0) -> None:
        pointer = c_void_p()
        status = lib.deepid_ctx_create(byref(pointer))
        if status:
            raise Error(status, "no context: no memory")
        self._owner = Owner(pointer.value, lib.deepid_ctx_destroy)  # type: ignore[arg-type]
        self._lock = threading.RLock()
        self.call(lib.deepid_ctx_set_log, self, _hear, None)
        if threads:
            self.call(lib.deepid_ctx_set_threads, self, threads)
        if memory_bytes:
            self.call(lib.deepid_ctx_set_limit, self, b"memory_bytes", memory_bytes)

    def call(self, function: Any, *arguments: Any) -> None:
        """Call a function that returns a status; Handles stand for their pointers. Raises Error."""
        owner = self.owner
        passed = [one.owner if isinstance(one, Handle) else one for one in arguments]
        with self._lock:
            status = function(*passed)
            if status:
                raise Error(status, lib.deepid_ctx_error(owner).decode(errors="replace"))

    def make(self, function: Any, destroy: Any, *arguments: Any, lent: Sequence[Any] = ()) -> Owner:
        """Call a function whose last argument gives a new object, and own that."""
        pointer, owner = c_void_p(), self.owner
        self.call(function, *arguments, byref(pointer))
        return Owner(pointer.value, destroy, owner, *lent)  # type: ignore[arg-type]

    @property
    def threads(self) -> int:
        """Threads that calls work on."""
        return int(lib.deepid_ctx_threads(self.owner))

    @property
    def memory(self) -> int:
        """Bytes that the context's objects hold now."""
        return int(lib.deepid_ctx_memory(self.owner))


_default: Tuple[int, Optional[Context]] = (0, None)
_default_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # a lock that another thread held stays locked in the child
    os.register_at_fork(after_in_child=lambda: globals().update(_default_lock=threading.Lock()))


def default_context() -> Context:
    """The context of objects that are made without one; a forked process makes its own."""
    global _default
    with _default_lock:
        process, context = _default
        if context is None or context._owner is None or process != os.getpid():
            context = Context()
            _default = (os.getpid(), context)
        return context


class _Memory:
    """Memory of a C object as numpy sees it: no copy, and the object lives as long as the array."""

    def __init__(self, pointer: int, shape: Tuple[int, ...], dtype: Any, owner: Owner) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "data": (pointer, False), "shape": shape, "typestr": np.dtype(dtype).str}


def table(owner: Owner) -> Dict[str, np.ndarray]:
    """A table of the library: its row names and its columns, by their headings."""
    rows = lib.deepid_table_rows(owner)
    names = [lib.deepid_table_row_name(owner, row).decode() for row in range(rows)]
    columns = {lib.deepid_table_row_heading(owner).decode(): np.array(names, dtype=object)}
    for column in range(lib.deepid_table_columns(owner)):
        pointer = lib.deepid_table_column(owner, column)
        values = np.array(_Memory(pointer, (rows,), np.float64, owner)) if rows else np.empty(0)
        name = lib.deepid_table_column_name(owner, column).decode()
        columns[name if name not in columns else name + "_index"] = values  # of studies: the place of the row's arm
    return columns


def _plain(array: Any, what: str) -> np.ndarray:
    """An array that the library reads where it lies, or a copy where it cannot."""
    if hasattr(array, "__dlpack__") and not hasattr(array, "__array__"):
        array = np.from_dlpack(array)
    array = np.asarray(array)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{what} has elements of type {array.dtype}, expected numbers")
    if array.dtype.name not in _DTYPES or not array.dtype.isnative or not array.flags.aligned or any(
            step % array.itemsize for step in array.strides):
        small = {"float16": np.float32, "bool": np.uint8}
        array = np.array(array, dtype=array.dtype.name if array.dtype.name in _DTYPES else small.get(array.dtype.name, np.float64))
    return array


def _channels_last(x: np.ndarray, layout: Optional[str]) -> np.ndarray:
    """Pictures as [n, h, w, channels]: turned by strides, not copied."""
    if layout not in (None, "nhwc", "nchw"):
        raise ValueError(f"layout is {layout!r}, expected 'nhwc' or 'nchw'")
    if layout == "nchw" and x.ndim != 4:
        raise Error(2, f"x is {list(x.shape)}, expected [n, channels, h, w] for layout='nchw'")
    if layout is None and x.ndim == 4 and x.shape[1] <= 4 < x.shape[3] and x.shape[2] > x.shape[1]:  # as lib/data/npy.c
        raise Error(2, f"x is {list(x.shape)}: channels seem to come first. Say layout='nchw', which turns them, or "
                       f"layout='nhwc' for pictures of {x.shape[1]} x {x.shape[2]} with {x.shape[3]} channels")
    return x.transpose(0, 2, 3, 1) if layout == "nchw" else x


def _places(y: np.ndarray, classes: Sequence[Any]) -> np.ndarray:
    """Labels as numbers from 0 on: their places among the classes."""
    place = {one: k for k, one in enumerate(classes)}
    labels = np.empty(len(y), np.int32)
    for row, label in enumerate(y.tolist()):
        if label not in place:
            raise Error(10, f"y: row {row} has the label {label!r}, which is none of the {len(classes)} classes")
        labels[row] = place[label]
    return labels


class Dataset(Handle):
    """Samples with class labels or with targets. Made by from_arrays or open.

    `.classes` are the labels by their numbers ([] with targets), `.valid` the validation part, or None.
    """

    valid: Optional["Dataset"] = None

    def __init__(self, context: Context, owner: Owner, classes: Sequence[Any] = ()) -> None:
        self.context, self._owner, self.classes = context, owner, list(classes)

    @classmethod
    def from_arrays(cls, x: Any, y: Any, x_valid: Any = None, y_valid: Any = None, *, layout: Optional[str] = None,
                    classes: Optional[Sequence[Any]] = None, context: Optional[Context] = None) -> "Dataset":
        """A dataset over arrays. x is not copied (but for types that the library does not read): leave it as it is.

        :param x: [n, features], [n, h, w] or [n, h, w, channels] of numbers
        :param y: labels, [n] or [n, 1] of integers, booleans or texts; or targets, [n] or [n, width] of floats
        :param x_valid: the same of the validation part, which has the classes of the training part
        :param layout: "nchw" where channels come first, "nhwc" where they come last although it does not look so
        :param classes: all labels in their order; None: those of y, sorted
        """
        context = context or default_context()
        x = _channels_last(_plain(x, "x"), layout)
        y = np.asarray(y)
        if y.ndim == 0 or x.ndim == 0 or len(x) != len(y):
            raise Error(2, f"x is {list(x.shape)} and y is {list(y.shape)}, expected as many rows")
        data = cls._targets(context, x, y) if y.dtype.kind == "f" else cls._labels(context, x, y, classes)
        if (x_valid is None) != (y_valid is None):
            raise ValueError("x_valid and y_valid go together")
        if x_valid is not None:
            known = data.classes or None
            data.valid = cls.from_arrays(x_valid, y_valid, layout=layout, classes=known, context=context)
        return data

    @classmethod
    def _targets(cls, context: Context, x: np.ndarray, y: np.ndarray) -> "Dataset":
        y = np.ascontiguousarray(_plain(y.reshape(len(y), -1), "y"))
        owner = context.make(lib.deepid_dataset_wrap_targets, lib.deepid_dataset_destroy, context, *_described(x),
                             _DTYPES[y.dtype.name], y.ctypes.data, y.shape[1], lent=(x, y))
        return cls(context, owner)

    @classmethod
    def _labels(cls, context: Context, x: np.ndarray, y: np.ndarray, classes: Optional[Sequence[Any]]) -> "Dataset":
        if y.ndim == 2 and y.shape[1] == 1:
            y = y[:, 0]
        if y.ndim != 1:
            raise Error(2, f"y is {list(y.shape)}, expected [n] or [n, 1] labels; targets are floats")
        classes = np.unique(y).tolist() if classes is None else list(classes)
        labels = _places(y, classes)
        owner = context.make(lib.deepid_dataset_wrap, lib.deepid_dataset_destroy, context, *_described(x),
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
        context.call(lib.deepid_dataset_open, context, text_in(source), seed, byref(train), byref(valid))
        data, other = (cls(context, Owner(one.value, lib.deepid_dataset_destroy, context.owner)) if one.value else None
                       for one in (train, valid))
        assert data is not None
        for part in (data, other):
            if part is not None:
                part.classes = part._names()
        data.valid = other
        return data

    def _names(self) -> list:
        names = [lib.deepid_dataset_class_name(self.owner, k) for k in range(lib.deepid_dataset_classes(self.owner))]
        return [k if name is None else name.decode() for k, name in enumerate(names)]

    def normalize(self, how: str = "feature") -> "Dataset":
        """Let values be read as (x - mean) / std, with those of this part for the validation part too.

        :param how: "feature", "channel", "global", "scale by=0.00392" or "none"
        """
        if self.valid is not None:  # before this part: what is measured is this part as it is
            self.context.call(lib.deepid_dataset_normalize, self.valid, text_in(how), self)
        self.context.call(lib.deepid_dataset_normalize, self, text_in(how), self)
        return self

    def __len__(self) -> int:
        return int(lib.deepid_dataset_count(self.owner))

    @property
    def shape(self) -> Tuple[int, ...]:
        """The shape of a sample: (features,) or (h, w, channels)."""
        owner = self.owner
        return tuple(lib.deepid_dataset_extent(owner, axis) for axis in range(lib.deepid_dataset_rank(owner)))

    @property
    def labels(self) -> Optional[np.ndarray]:
        """The numbers of the labels, a copy; None with targets."""
        owner = self.owner
        pointer = lib.deepid_dataset_labels(owner)
        return np.array(_Memory(pointer, (len(self),), np.int32, owner)) if pointer else None

    @property
    def x(self) -> np.ndarray:
        """The samples as they are read, normalised: [n, sample...] of float64, a copy."""
        out = np.empty((len(self),) + self.shape, np.float64)
        with _wrapped(self.context, out) as tensor:
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


def _described(x: np.ndarray) -> Tuple[Any, ...]:
    """dtype, data, rank, extents and strides of an array, as deepid_dataset_wrap takes them."""
    sizes, steps = (c_int64 * x.ndim)(*x.shape), (c_int64 * x.ndim)(*(step // x.itemsize for step in x.strides))
    return _DTYPES[x.dtype.name], x.ctypes.data, x.ndim, sizes, steps


class _Tensor(Handle):
    def __init__(self, owner: Owner) -> None:
        self._owner = owner


def _wrapped(context: Context, array: np.ndarray) -> _Tensor:
    """A tensor over a dense array."""
    extents = (c_int64 * array.ndim)(*array.shape)
    return _Tensor(context.make(lib.deepid_tensor_wrap, lib.deepid_tensor_destroy, context, _DTYPES[array.dtype.name],
                                array.ndim, extents, array.ctypes.data, lent=(array,)))


class Net(Handle):
    """A net: layers and blocks, parameters, states.

        net = deepid.Net("input 2; dense out=16; relu; 3 * identity { dense out=16; relu }; dense out=2", seed=1)
        y = net(x)

    :param text: as docs/nets.md has it
    :param dtype: "float32" or "float64"
    :param init: how parameters start, "he", "orthogonal gain=1.4", ...
    :param seed: of the start; None: weights and biases are 0, scales 1
    """

    #: of a net by from_torch: the module's names of its numbers, in the net's order; [] where they could not be told
    torch_names: Optional[List[str]] = None

    def __init__(self, text: str, dtype: str = "float32", *, init: str = "he", seed: Optional[int] = None,
                 context: Optional[Context] = None) -> None:
        self.context = context or default_context()
        self._owner = self.context.make(lib.deepid_net_create, lib.deepid_net_destroy, self.context, text_in(text),
                                        _net_dtype(dtype))
        if seed is not None:
            self.init(init, seed)

    @classmethod
    def _of(cls, context: Context, owner: Owner) -> "Net":
        net = cls.__new__(cls)
        net.context, net._owner = context, owner
        return net

    @classmethod
    def load(cls, path: PathLike, dtype: Optional[str] = None, context: Optional[Context] = None) -> "Net":
        """A net that save wrote.

        :param dtype: None: as it is stored
        """
        context = context or default_context()
        number = _net_dtype(dtype) if dtype else 0
        return cls._of(context, context.make(lib.deepid_net_load, lib.deepid_net_destroy, context, path_in(path), number))

    @classmethod
    def load_onnx(cls, path: PathLike, context: Optional[Context] = None) -> "Net":
        """A net from an ONNX file; what of ONNX becomes a net: docs/onnx.md. Pictures go in as [n, h, w, channels]."""
        context = context or default_context()
        return cls._of(context, context.make(lib.deepid_net_load_onnx, lib.deepid_net_destroy, context, path_in(path)))

    def save(self, path: PathLike) -> None:
        """Write the net as safetensors, its text in the metadata."""
        self.context.call(lib.deepid_net_save, self, path_in(path))

    def save_onnx(self, path: PathLike) -> None:
        """Write the net as an ONNX file, as it computes in evaluation. Pictures are [n, channels, h, w] there."""
        self.context.call(lib.deepid_net_save_onnx, self, path_in(path))

    def load_weights(self, path: PathLike, options: str = "deepid") -> None:
        """Read values from a safetensors file.

        :param options: "deepid", "pytorch", "pytorch match=order": docs/nets.md
        """
        self.context.call(lib.deepid_net_load_weights, self, path_in(path), text_in(options))

    def save_weights(self, path: PathLike, layout: str = "deepid", names: Optional[Sequence[str]] = None) -> None:
        """Write the values alone, for another program.

        :param layout: "deepid", or "pytorch": what load_state_dict takes
        :param names: of the tensors or modules there, in the net's order; None: by rule
        """
        lines = None if names is None else text_in("\n".join(names))
        self.context.call(lib.deepid_net_save_weights, self, path_in(path), text_in(layout), lines)

    def clone(self, dtype: Optional[str] = None) -> "Net":
        """A copy of text, parameters, states and mode."""
        owner = self.context.make(lib.deepid_net_clone, lib.deepid_net_destroy, self, _net_dtype(dtype) if dtype else 0)
        copy = Net._of(self.context, owner)
        copy.torch_names = self.torch_names
        return copy

    def __deepcopy__(self, _memo: Any) -> "Net":
        return self.clone()

    def init(self, init: str = "he", seed: int = 1) -> "Net":
        """Start values by a word, from a seed."""
        self.context.call(lib.deepid_net_init, self, text_in(init), seed)
        return self

    def train(self, mode: bool = True) -> "Net":
        """Statistics of batches, dropout drops; or (mode False, how nets begin) evaluation."""
        self.context.call(lib.deepid_net_set_mode, self, int(mode))
        return self

    def eval(self) -> "Net":
        """Running statistics, nothing dropped."""
        return self.train(False)

    def __call__(self, x: Any) -> np.ndarray:
        """The net's output for samples [n, sample...]: an array [n, output...] of the net's type.

        In evaluation 1024 samples run at once, in training mode all.
        """
        x = np.ascontiguousarray(_plain(x, "x"), self.dtype)
        if x.ndim == 0 or not len(x):
            raise Error(2, f"x is {list(x.shape)}, expected [n, {', '.join(map(str, self.input_shape))}] with n above 0")
        y = np.empty((len(x),) + self.output_shape, self.dtype)
        with self.context._lock:
            step = len(x) if lib.deepid_net_mode(self.owner) else _FORWARD_SAMPLES
            for first in range(0, len(x), step):
                with _wrapped(self.context, x[first:first + step]) as tx, _wrapped(self.context, y[first:first + step]) as ty:
                    self.context.call(lib.deepid_net_forward, self, tx, ty)
        return y

    @property
    def text(self) -> str:
        """The text that makes this net again."""
        return str(lib.deepid_net_describe(self.owner).decode())

    @property
    def dtype(self) -> np.dtype:
        """float32 or float64."""
        return np.dtype(np.float32 if lib.deepid_net_dtype(self.owner) == F32 else np.float64)

    @property
    def input_shape(self) -> Tuple[int, ...]:
        """The shape of a sample: (features,) or (h, w, channels)."""
        owner = self.owner
        return tuple(lib.deepid_net_input_extent(owner, axis) for axis in range(lib.deepid_net_input_rank(owner)))

    @property
    def output_shape(self) -> Tuple[int, ...]:
        """The shape of what a sample becomes."""
        owner = self.owner
        return tuple(lib.deepid_net_output_extent(owner, axis) for axis in range(lib.deepid_net_output_rank(owner)))

    @property
    def parameters(self) -> Dict[str, np.ndarray]:
        """Parameters, then states, by name, over the net's own memory: writing into one changes the net.

        The views stay valid after close. torch.from_dlpack takes them without a copy.
        """
        owner, views = self.owner, {}
        for i in range(lib.deepid_net_parameter_count(owner)):
            name = lib.deepid_net_parameter_name(owner, i)
            shape = tuple(lib.deepid_net_parameter_extent(owner, i, axis)
                          for axis in range(lib.deepid_net_parameter_rank(owner, i)))
            views[name.decode()] = np.asarray(_Memory(lib.deepid_net_parameter_data(owner, name), shape, self.dtype, owner))
        return views

    def summary(self) -> Dict[str, np.ndarray]:
        """A row a layer: its output, trained parameters, multiply-adds, bytes. Columns as numpy arrays."""
        return table(self.context.make(lib.deepid_net_summary, lib.deepid_table_destroy, self))

    def __repr__(self) -> str:
        return "deepid.Net(closed)" if self._owner is None else f"deepid.Net({self.text!r})"


def _net_dtype(dtype: Any) -> int:
    """The library's number of a net's type."""
    name = np.dtype(dtype).name
    if name not in ("float32", "float64"):
        raise TypeError(f"dtype is {name}, expected float32 or float64")
    return _DTYPES[name]


def inspect(net: Net, x: Any, y: Any = None, probe: str = "signal") -> Dict[str, np.ndarray]:
    """Look into a net with one probe; the net stays as it is.

        columns = deepid.inspect(net, x, y, "gradient_norm samples=256")

    :param x: samples, or a Dataset of the net's context
    :param y: labels (numbers of the net's outputs, or other words, sorted) or targets; None with a Dataset
    :param probe: docs/probes.md lists them with their columns
    :return: the table's columns as numpy arrays, row names first
    """
    data = x
    if not isinstance(x, Dataset):
        if y is None:
            raise TypeError("inspect: y lacks: labels or targets of x")
        outputs, labels = int(np.prod(net.output_shape)), np.asarray(y)
        numbers = labels.dtype.kind in "iub" and labels.size and 0 <= labels.min() and labels.max() < outputs
        data = Dataset.from_arrays(x, y, classes=range(outputs) if numbers else None, context=net.context)
    owner = net.context.make(lib.deepid_net_inspect, lib.deepid_table_destroy, net, data, text_in(probe))
    return table(owner)
