"""What is seen of a module by walking it: which parts have numbers, in which order they run, what kind of net it is."""
from __future__ import annotations

import math
import random
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd
from torch.nn.modules.dropout import _DropoutNd
from torch.overrides import TorchFunctionMode

#: Normalisations, by what they are called; those behind a join are why a block cannot be the identity.
NORMS = ("LayerNorm", "GroupNorm", "RMSNorm", "LocalResponseNorm")


def own(module: nn.Module) -> List[nn.Parameter]:
    """A module's own parameters, not its children's."""
    return list(module.parameters(recurse=False))


def outputs_of(net: nn.Module, *args: Any, training: bool = False, **kwargs: Any) -> Any:
    """What it gives in evaluation or in training; modes and buffers as they were."""
    modes = {one: one.training for one in net.modules()}
    buffers = [(one, one.clone()) for one in net.buffers()]
    with torch.no_grad():
        try:
            return net.train(training)(*args, **kwargs)
        finally:
            for one, mode in modes.items():
                one.training = mode
            for buffer, value in buffers:
                buffer.copy_(value)


def in_order(net: nn.Module, *args: Any, **kwargs: Any) -> List[Tuple[str, nn.Module]]:
    """All modules in the order in which they first run; one that others reach into stands behind the one it is in."""
    called: List[str] = []
    hooks = [one.register_forward_pre_hook(lambda *_, name=name: called.append(name)) for name, one in net.named_modules()]
    try:
        outputs_of(net, *args, **kwargs)
    finally:
        for hook in hooks:
            hook.remove()
    first = {name: i for i, name in reversed(list(enumerate(called)))}

    def place(item: Tuple[int, Tuple[str, nn.Module]]) -> Tuple[int, int]:
        name = item[1][0]
        while name not in first and name:
            name = name.rpartition(".")[0]
        return first.get(name, 0), item[0]

    return [one for _, one in sorted(enumerate(net.named_modules()), key=place)]


# ---- kinds -------------------------------------------------------------------------------------------------

def has_batchnorm(net: nn.Module) -> bool:
    """Whether a statistic of the batch is part of what it computes."""
    return any(isinstance(one, _BatchNorm) for one in net.modules())


def dropouts(net: nn.Module) -> Iterator[Tuple[nn.Module, str]]:
    """Modules and attributes that say how much is dropped: nn.Dropout's p, the dropout of attention and of your own."""
    for one in net.modules():
        if isinstance(one, _DropoutNd):
            yield one, "p"
        for word in ("dropout", "dropout_p"):
            if isinstance(getattr(one, word, None), float):
                yield one, word


def has_dropout(net: nn.Module) -> bool:
    """Whether something is dropped in training."""
    return any(getattr(one, word) > 0 for one, word in dropouts(net))


def without_dropout(net: nn.Module) -> None:
    """Nothing is dropped any more."""
    for one, word in list(dropouts(net)):
        setattr(one, word, 0.0)


#: How often a forward in training is drawn before it is held to be without chance.
DRAWS = 8


def draws(net: nn.Module, x: Tensor) -> bool:
    """Whether its forward in training draws numbers that no attribute switches off: a functional dropout, drop path."""
    was = [(one, word, getattr(one, word)) for one, word in dropouts(net)]
    without_dropout(net)
    try:
        found, state = _drawn(net, x, 0)
        return any(not _alike(found, _drawn(net, x, i)[0]) for i in range(1, DRAWS if state else 2))
    finally:
        for one, word, value in was:
            setattr(one, word, value)


def _drawn(net: nn.Module, x: Tensor, seed: int) -> Tuple[Any, bool]:
    """Outputs in training at a seed of all generators, and whether one of these was asked."""
    states = random.getstate(), np.random.get_state()
    with torch.random.fork_rng(devices=[]):
        try:
            torch.manual_seed(seed)
            np.random.seed(seed)
            random.seed(seed)
            before = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
            found = outputs_of(net, x, training=True)
            after = torch.get_rng_state(), random.getstate(), str(np.random.get_state())
            return found, not torch.equal(before[0], after[0]) or before[1:] != after[1:]
        finally:
            random.setstate(states[0])
            np.random.set_state(states[1])


def _alike(one: Any, other: Any) -> bool:
    if not isinstance(one, Tensor) or not isinstance(other, Tensor):
        return True
    return one.shape == other.shape and torch.allclose(one, other, rtol=1e-5, atol=1e-7, equal_nan=True)


class _Listen(TorchFunctionMode):
    def __init__(self) -> None:
        super().__init__()
        self.heard = False

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Optional[Dict[str, Any]] = None) -> Any:
        self.heard = self.heard or getattr(func, "__name__", "").rstrip("_") == "relu"
        return func(*args, **(kwargs or {}))


def has_rectifier(net: nn.Module, x: Tensor) -> bool:
    """Whether a relu runs, as a module or a function."""
    with torch.no_grad(), _Listen() as listen:
        net(x)
    return bool(listen.heard)


#: Gates of a recurrent layer, whose matrices stand on each other.
GATES = {"LSTM": 4, "GRU": 3}


def weights(module: nn.Module) -> List[Tensor]:
    """The matrices of a dense layer, a convolution, attention, a recurrent layer by gates, or of `weight` of a module of the
    user's, as views: [out, ...] each. Those that are computed of other parameters are none."""
    if isinstance(module, nn.MultiheadAttention):
        if module._parameters.get("in_proj_weight") is not None:
            return list(module.in_proj_weight.data.chunk(3))
        return [one.data for name in ("q", "k", "v") if (one := module._parameters.get(name + "_proj_weight")) is not None]
    if isinstance(module, (nn.RNNBase, nn.RNNCellBase)):
        gates = next((count for word, count in GATES.items() if word in module_kind(module)), 1)
        return [part for name, one in module.named_parameters(recurse=False) if name.startswith("weight_")
                for part in one.data.chunk(1 if name.startswith("weight_hr") else gates)]
    one = module._parameters.get("weight")
    return [] if one is None or is_vector(one) or is_table(module) else [one.data]


def module_kind(module: nn.Module) -> str:
    """What it is called: the mode of a recurrent layer, else the class."""
    return str(getattr(module, "mode", type(module).__name__)).upper()


def is_vector(value: Tensor) -> bool:
    """One axis at most has more than one number."""
    return bool(value.numel() == max([1, *value.shape]))


def is_table(module: nn.Module) -> bool:
    """An embedding or a normalisation, by class or by what it is called."""
    name = type(module).__name__.lower()
    return isinstance(module, (nn.Embedding, nn.EmbeddingBag, _BatchNorm)) or "norm" in name or "embed" in name


def outputs(module: nn.Module) -> Optional[int]:
    """Units or channels of a dense layer or convolution."""
    if isinstance(module, nn.Linear):
        return module.out_features
    return module.out_channels if isinstance(module, _ConvNd) else None


def narrowest(net: nn.Module, x: Tensor) -> Tuple[int, str]:
    """Of the layers inside, all but the last: the fewest units or channels, and where; 0: not known."""
    inside = [(width, name) for name, one in in_order(net, x) if (width := outputs(one)) is not None][:-1]
    return min(inside, key=lambda one: one[0], default=(0, ""))


def starts_as_torch(net: nn.Module) -> bool:
    """Whether all dense layers and convolutions have PyTorch's own start: uniform in +-1/sqrt(inputs)."""
    found = [one.weight for one in net.modules()
             if isinstance(one, (nn.Linear, _ConvNd)) and not isinstance(one, _ConvTransposeNd)]
    scaled = [w.detach().abs().max().item() * math.sqrt(w[0].numel()) for w in found if w.numel() > 0]
    return bool(scaled) and all(0.5 < one <= 1.0001 for one in scaled) and max(scaled) > 0.9
