"""Nets, and looking into them."""
from __future__ import annotations

import tempfile
from ctypes import byref, c_double
from pathlib import Path
from typing import Any, Dict, List, NamedTuple, Optional, Sequence, Tuple

import numpy as np

from ._library import lib
from .arrays import DTYPES, F32, numbers_of, wrapped
from .data import Dataset, data_for
from .handles import (Array, Context, Error, Handle, Memory, Owner, PathLike, default_context, path_in, seed_in, table,
                      text_in, whole_in)

_FORWARD_SAMPLES = 1024  # samples that run at once in evaluation: bounds the memory, changes no number


class Evaluation(NamedTuple):
    """Mean loss, and the share of wrong answers, 0 to 1; NaN with targets."""

    loss: float
    error: float


class Net(Handle):
    """A net: layers and blocks, parameters, states.

        net = deepid.Net("input 2; dense out=16; relu; 3 * identity { dense out=16; relu }; dense out=2", seed=1)
        y = net(x)

    :param text: as docs/nets.md has it
    :param dtype: "float32" or "float64"
    :param init: how parameters start, "he", "orthogonal gain=1.4", ...
    :param seed: of the start; None: no start, weights and biases are 0, scales 1
    """

    #: of a net by from_torch: the module's names of its numbers, in the net's order; [] where they could not be told
    torch_names: Optional[List[str]] = None

    def __init__(self, text: str, dtype: str = "float32", *, init: str = "he", seed: Optional[int] = 1,
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
        return cls._of(context, context.make(lib.deepid_net_load, lib.deepid_net_destroy, context, path_in(path),
                                             number))

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

    def deepen(self, block: str, count: int = 1, *, data: Dataset, where: int = 0, how: str = "witness") -> "Net":
        """A net with more blocks that computes the same on these samples: docs/deepen.md.

        :param block: one that keeps the shape, "plain { dense out=16; relu }"
        :param count: how many
        :param data: samples that the net takes
        :param where: behind that block; 0: in front of block 1, or of the last layer with parameters where there is none
        :param how: "witness", "zero_branch" or "random", with options
        """
        return Net._of(self.context, self.context.make(
            lib.deepid_net_deepen_on, lib.deepid_net_destroy, self, data, whole_in(where, "where", -1), text_in(block),
            whole_in(count, "count", 1), text_in(how)))

    def __deepcopy__(self, _memo: Any) -> "Net":
        return self.clone()

    def __reduce__(self) -> Any:
        """A net can be pickled, for another process say: it goes through a file of save."""
        with tempfile.TemporaryDirectory(prefix="deepid.") as folder:
            path = Path(folder) / "net.safetensors"
            self.save(path)
            return _from_bytes, (path.read_bytes(), self.torch_names)

    def init(self, init: str = "he", seed: int = 1, x: Any = None) -> "Net":
        """Start values by a word, from a seed.

        :param x: samples, or a Dataset, for a start that looks at data: "lsuv"
        """
        if x is None:
            self.context.call(lib.deepid_net_init, self, text_in(init), seed_in(seed))
        else:
            if not isinstance(x, Dataset):
                x = numbers_of(x, "x")
                layout = "nlc" if len(self.input_shape) == 2 else None
                x = Dataset.from_arrays(x, np.zeros(len(x) if x.ndim else 0, int), layout=layout, context=self.context)
            self.context.call(lib.deepid_net_init_data, self, x, text_in(init), seed_in(seed))
        return self

    def train(self, mode: bool = True) -> "Net":
        """Statistics of batches, dropout drops; or (mode False, how nets begin) evaluation."""
        self.context.call(lib.deepid_net_set_mode, self, int(mode))
        return self

    def eval(self) -> "Net":
        """Running statistics, nothing dropped."""
        return self.train(False)

    def __call__(self, x: Any) -> Array:
        """The net's output for samples [n, sample...]: an array [n, output...] of the net's type.

        In evaluation 1024 samples run at once; in training mode all, and backward can follow.
        """
        x = np.ascontiguousarray(self._samples(x, "x", self.input_shape), self.dtype)
        y = np.empty((len(x),) + self.output_shape, self.dtype)
        with self.context._lock:
            training = bool(lib.deepid_net_mode(self.owner))
            if training:
                self.context.call(lib.deepid_net_prepare, self, len(x), 1)
            step = len(x) if training else _FORWARD_SAMPLES
            for first in range(0, len(x), step):
                with wrapped(self.context, x[first:first + step]) as tx, wrapped(self.context, y[first:first + step]) as ty:
                    self.context.call(lib.deepid_net_forward, self, tx, ty)
        return y

    def backward(self, dy: Any) -> Array:
        """Gradients of the last call in training mode, for a loop of your own: .gradients become those of a loss whose
        derivative by the output is dy.

            net.train(); y = net(x); net.backward(2 * (y - target) / len(x))
            for name, gradient in net.gradients.items(): net.parameters[name] -= 0.1 * gradient

        :param dy: the shape of that call's output
        :return: the derivative by the input, [n, sample...]
        """
        dy = np.ascontiguousarray(self._samples(dy, "dy", self.output_shape), self.dtype)
        dx = np.empty((len(dy),) + self.input_shape, self.dtype)
        with self.context._lock, wrapped(self.context, dy) as tdy, wrapped(self.context, dx) as tdx:
            self.context.call(lib.deepid_net_zero_gradients, self)
            self.context.call(lib.deepid_net_backward, self, tdy, tdx)
        return dx

    @staticmethod
    def _samples(samples: Any, what: str, shape: Tuple[int, ...]) -> Array:
        """At least one sample of a shape."""
        x = numbers_of(samples, what)
        if x.ndim == 0 or not len(x) or x.shape[1:] != shape:
            turned = x.ndim == 4 and x.shape[2:] + x.shape[1:2] == shape
            raise Error(2, f"{what} is {list(x.shape)}, expected [n, {', '.join(map(str, shape))}] with n above 0"
                           f"{': channels come last, x.transpose(0, 2, 3, 1)' if turned else ''}")
        return x

    def evaluate(self, x: Any, y: Any = None, loss: Optional[str] = None, *, layout: Optional[str] = None,
                 classes: Optional[Sequence[Any]] = None) -> Evaluation:
        """Mean loss and share of wrong answers over data, in evaluation mode.

        :param x: samples as they go in, or a Dataset of the net's context
        :param y: labels (numbers of the net's outputs, or as many other words, sorted) or targets; None with a Dataset
        :param loss: "cross_entropy", "squared_error", ...; None: by the data
        :param classes: the labels by their numbers
        """
        data = data_for(self.context, self._outputs, x, y, layout=layout, classes=classes)
        mean, error = c_double(), c_double()
        self.context.call(lib.deepid_net_evaluate, self, data, None if loss is None else text_in(loss), byref(mean),
                          byref(error))
        return Evaluation(mean.value, error.value)

    @property
    def _outputs(self) -> int:
        return int(np.prod(self.output_shape))

    @property
    def text(self) -> str:
        """The text that makes this net again."""
        return str(lib.deepid_net_describe(self.owner).decode())

    @property
    def dtype(self) -> "np.dtype[Any]":
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
    def parameters(self) -> Dict[str, Array]:
        """Parameters, then states, by name, over the net's own memory: writing into one changes the net.

        The views stay valid after close. torch.from_dlpack takes them without a copy.
        """
        return self._views(lib.deepid_net_parameter_data)

    @property
    def gradients(self) -> Dict[str, Array]:
        """Gradients of the trained parameters, by name, over the net's own memory: of the last backward, or of a trainer's
        last step. {} before the first."""
        return self._views(lib.deepid_net_parameter_gradient)

    def _views(self, data: Any) -> Dict[str, Array]:
        owner, views = self.owner, {}
        for i in range(lib.deepid_net_parameter_count(owner)):
            name = lib.deepid_net_parameter_name(owner, i)
            shape = tuple(lib.deepid_net_parameter_extent(owner, i, axis)
                          for axis in range(lib.deepid_net_parameter_rank(owner, i)))
            pointer = data(owner, name)
            if pointer:
                views[name.decode()] = np.asarray(Memory(pointer, shape, self.dtype, owner))
        return views

    def summary(self) -> Dict[str, Array]:
        """A row a layer: its output, trained parameters, multiply-adds, bytes. Columns as numpy arrays."""
        return table(self.context.make(lib.deepid_net_summary, lib.deepid_table_destroy, self))

    def __repr__(self) -> str:
        return "deepid.Net(closed)" if self._owner is None else f"deepid.Net({self.text!r})"


def _from_bytes(data: bytes, torch_names: Optional[List[str]]) -> Net:
    """A net from the bytes of a file of save, in the default context."""
    with tempfile.TemporaryDirectory(prefix="deepid.") as folder:
        path = Path(folder) / "net.safetensors"
        path.write_bytes(data)
        net = Net.load(path)
    net.torch_names = torch_names
    return net


def _net_dtype(dtype: Any) -> int:
    """The library's number of a net's type."""
    name = np.dtype(dtype).name
    if name not in ("float32", "float64"):
        raise TypeError(f"dtype is {name}, expected float32 or float64")
    return DTYPES[name]


def inspect(net: Net, x: Any, y: Any = None, probe: str = "signal", *, layout: Optional[str] = None,
            classes: Optional[Sequence[Any]] = None) -> Dict[str, Array]:
    """Look into a net with one probe; the net stays as it is.

        columns = deepid.inspect(net, x, y, "gradient_norm samples=256")
        columns = deepid.inspect(net, x, y, 'formats storage="bf16; f16"')  # each layer's gradient in these, beside f64

    :param x: samples, or a Dataset of the net's context
    :param y: labels (numbers of the net's outputs, or as many other words, sorted) or targets; None with a Dataset
    :param probe: docs/probes.md lists them with their columns
    :param classes: the labels by their numbers
    :return: the table's columns as numpy arrays, row names first
    """
    data = data_for(net.context, net._outputs, x, y, layout=layout, classes=classes)
    return table(net.context.make(lib.deepid_net_inspect, lib.deepid_table_destroy, net, data, text_in(probe)))
