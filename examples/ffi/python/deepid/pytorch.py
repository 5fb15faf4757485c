"""Nets from PyTorch modules, and their weights back. Needs torch (and what its exporter of ONNX needs)."""
from __future__ import annotations

import tempfile
import warnings
from pathlib import Path
from typing import Any, Callable, Dict, List, Optional

import numpy as np

from .files import read_safetensors
from .handles import Array, Context, Error, default_context
from .nets import Net


def from_torch(module: Any, example: Any, context: Optional[Context] = None) -> Net:
    """The net of a module, with its weights and running statistics: it goes through ONNX, and docs/onnx.md says what of
    that is a net. Pictures are [n, channels, h, w] for the module and [n, h, w, channels] for the net, series
    [n, channels, length] and [n, length, channels].

        net = deepid.from_torch(module, torch.zeros(1, 3, 32, 32))

    :param module: a torch.nn.Module; it stays as it is, its modes too
    :param example: a batch of its input, on the device of the module
    :raises Error: an operator that is no layer here: its node, its name, the reason
    """
    import torch

    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    try:
        with tempfile.TemporaryDirectory(prefix="deepid.") as folder:
            path = Path(folder) / "net.onnx"
            with torch.no_grad():
                order = _names_in_order(module, example)
                _export(module, example, path)
            net = Net.load_onnx(path, context or default_context())
            net.torch_names = _names_that_fit(net, module, order, Path(folder))
    finally:
        for one, training in modes:
            one.training = training
    return net


def _export(module: Any, example: Any, path: Path) -> None:
    """Write the module as ONNX by the older exporter, so that batch-norms stay layers."""
    import torch

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)
        try:
            torch.onnx.export(module, (example,), str(path), dynamo=False, do_constant_folding=False,
                              training=torch.onnx.TrainingMode.PRESERVE)
        except Exception as error:  # the module itself has just run: this is the exporter's
            sentence = str(error).split("\n")[0]
            raise Error(17, f"from_torch: PyTorch's exporter of ONNX: {sentence}") from error


def _names_in_order(module: Any, example: Any) -> List[str]:
    """Names of the state in the order in which modules run, each once."""
    names: List[str] = []
    hooks = []

    def listen(prefix: str) -> Any:
        def hear(one: Any, *_: Any) -> None:
            own = [*one._parameters, *(name for name in one._buffers if name not in one._non_persistent_buffers_set)]
            names.extend(prefix + name for name in own if getattr(one, name) is not None and prefix + name not in names)
        return hear

    for prefix, one in module.named_modules():
        hooks.append(one.register_forward_pre_hook(listen(prefix + "." if prefix else "")))
    try:
        module(example)
    finally:
        for hook in hooks:
            hook.remove()
    return names


def _names_that_fit(net: Net, module: Any, order: List[str], folder: Path) -> List[str]:
    """Names by which the net's numbers are the module's, to the bit: in the order of running; or modules matched by their
    numbers, where no two have the same; [] by neither."""
    state = {name: value.detach().cpu().numpy() for name, value in module.state_dict().items() if not _is_count(name)}
    path = folder / "names.safetensors"
    ways: List[Callable[[], List[str]]] = [lambda: order, lambda: _matched(net, state, path)]
    for find in ways:
        try:
            names = find()
            arrays = _weights(net, names, path)
        except Error:
            continue
        if all(name in arrays and np.array_equal(arrays[name], state[name], True) for name in state):
            return names
    return []


def _is_count(name: str) -> bool:
    return name.endswith("num_batches_tracked")


def _matched(net: Net, state: Dict[str, Array], path: Path) -> List[str]:
    """The modules of a state in the net's order, by their numbers; an Error where there is none, or two are the same."""
    places: Dict[Any, List[str]] = {}
    for name, numbers in _modules(state).items():
        places.setdefault(numbers, []).append(name)
    stand_ins = [str(i) for i in range(sum(map(len, places.values())))]
    layers = _modules({name: value for name, value in _weights(net, stand_ins, path).items() if not _is_count(name)})
    found = [places.get(layers[one], []) for one in stand_ins]
    if any(len(one) != 1 for one in found):
        raise Error(2, "modules cannot be told apart by their numbers")
    return [one[0] for one in found]


def _modules(state: Dict[str, Array]) -> Dict[str, Any]:
    """The tensors of each module, as something to compare: shapes and bytes by their names."""
    modules: Dict[str, List[Any]] = {}
    for name, value in state.items():
        prefix, _, last = name.rpartition(".")
        modules.setdefault(prefix, []).append((last, value.shape, value.tobytes()))
    return {prefix: tuple(sorted(tensors)) for prefix, tensors in modules.items()}


def _weights(net: Net, names: List[str], path: Path) -> Dict[str, Array]:
    """The net's numbers as PyTorch has them, by these names."""
    net.save_weights(path, "pytorch", names)
    return read_safetensors(path)


def to_torch(net: Net, module: Any, example: Any = None, names: Optional[List[str]] = None) -> Any:
    """Give a module the net's weights and running statistics, by load_state_dict(strict=True).

        deepid.to_torch(net, module, example=torch.randn(2, 3, 32, 32))

    :param module: of the net's layers; changed only when everything fits
    :param example: a batch of its input: the outputs of module and net are compared, and when they differ by more than
        1e-4 of the largest the module gets its old weights back
    :param names: of the module's state in the net's order; None: those that from_torch found, else module.state_dict()'s.
        That is the order in which its modules were made: where they run in another one, and have equal shapes, only the
        example tells
    :return: the module
    :raises Error: layers that do not match
    """
    import torch

    names = names or _names_for(net, module)
    with tempfile.TemporaryDirectory(prefix="deepid.") as folder:
        arrays = _weights(net, names, Path(folder) / "net.safetensors")
    old = {name: value.detach().clone() for name, value in module.state_dict().items()}
    counts = {name: value for name, value in old.items() if name.endswith("num_batches_tracked")}
    state = {**{name: torch.from_numpy(value) for name, value in arrays.items()}, **counts}
    _check_state(state, old)
    module.load_state_dict(state, strict=True)
    if example is not None and not _same_outputs(net, module, example):
        module.load_state_dict(old, strict=True)
        raise Error(2, "to_torch: the module with these weights gives other outputs than the net: its modules run in another "
                       "order than their names, or it computes something else; names= gives the order")
    return module


def _names_for(net: Net, module: Any) -> List[str]:
    """The names of a module's state in the net's order, as far as that is known."""
    here = list(module.state_dict())
    modules = {name.rpartition(".")[0] for name in here}
    if net.torch_names is None or (net.torch_names and not set(net.torch_names) <= modules | set(here)):
        return here
    if not net.torch_names:
        raise Error(2, "to_torch: from_torch could not tell which number of the net is which of its module's (layers were "
                       "joined, or run in an unusual order with equal numbers): names= gives the module's names in the net's order")
    return net.torch_names


def _check_state(state: Dict[str, Any], old: Dict[str, Any]) -> None:
    """load_state_dict copies what fits before it complains: this looks first."""
    for name in sorted(set(state) | set(old)):
        have, want = (tuple(one[name].shape) if name in one else None for one in (state, old))
        if have != want:
            raise Error(2, f"to_torch: {name} is {have or 'not there'} in the net and {want or 'not there'} in the module")


def _channels_last(x: Array) -> Array:
    """Pictures and series as nets have them."""
    return np.moveaxis(x, 1, -1) if x.ndim > 2 else x


def _same_outputs(net: Net, module: Any, example: Any) -> bool:
    import torch

    modes = [(one, one.training) for one in module.modules()]
    module.eval()
    try:
        with torch.no_grad():
            want = module(example).detach().cpu().numpy()
    finally:
        for one, training in modes:
            one.training = training
    x = example.detach().cpu().numpy()
    have = net.clone().eval()(_channels_last(x))
    want = _channels_last(want)
    return have.shape == want.shape and bool(np.abs(have - want).max() <= 1e-4 * max(np.abs(want).max(), 1e-30))
