"""Other starts, by walking the modules: orthogonal weights, and those scaled until each layer has variance 1 on data."""
from __future__ import annotations

import math
from typing import Any, Callable, Dict, List, Optional, Set

import torch
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from .nets import has_rectifier, in_order, is_table, is_vector, outputs_of, own, weights

#: Where the standard deviation of an output is small enough to be called 0, it is left alone.
TINY = 1e-10
#: Layers whose matrices stay orthogonal: no one number scales what they give.
UNSCALED = (nn.MultiheadAttention, nn.RNNBase, nn.RNNCellBase)


def _zero_biases(module: nn.Module) -> None:
    for name, one in module.named_parameters(recurse=False):
        if "bias" in name and weights(module):
            nn.init.zeros_(one)


def orthogonal(net: nn.Module, x: Tensor) -> None:
    """Orthogonal weights; behind relus the gain is sqrt 2 (Saxe et al. 2014, He et al. 2015). Biases are 0."""
    gain = math.sqrt(2) if has_rectifier(net, x) else 1.0
    for module in net.modules():
        for w in weights(module):
            nn.init.orthogonal_(w, gain)
        _zero_biases(module)


def lsuv(net: nn.Module, x: Tensor) -> None:
    """Orthogonal weights, then layer by layer in the order of running divided by the standard deviation of what the layer
    gives on samples (Mishkin, Matas 2016). Attention's queries, keys and values, and recurrent layers, stay orthogonal."""
    for module in net.modules():
        for w in weights(module):
            nn.init.orthogonal_(w)
        _zero_biases(module)
    for _, module in in_order(net, x):
        if weights(module) and not isinstance(module, UNSCALED):
            _scale(net, module, x)


def _scale(net: nn.Module, module: nn.Module, x: Tensor) -> None:
    given: List[Tensor] = []
    hook = module.register_forward_hook(lambda _m, _a, y: given.append(y))
    try:
        with torch.no_grad():
            net(x)
    finally:
        hook.remove()
    if given and isinstance(given[0], Tensor) and (deviation := float(given[0].std())) > TINY:
        for w in weights(module):
            w /= deviation


STARTS: Dict[str, Callable[[nn.Module, Tensor], Any]] = {"lsuv": lsuv, "orthogonal": orthogonal}


def start(net: nn.Module, word: str, x: Tensor) -> None:
    """Give the net another start; in training mode, as batch-norm meets it, with its statistics as they were."""
    buffers = {name: one.clone() for name, one in net.named_buffers()}
    net.train()
    STARTS[word](net, x)
    with torch.no_grad():
        for name, one in net.named_buffers():
            one.copy_(buffers[name])


def has_start(net: nn.Module) -> bool:
    """Whether there is a layer that a start could be given to."""
    return any(weights(one) and own(one) for one in net.modules())


# ---- matrices that no rule reaches ---------------------------------------------------------------------------

#: What is done to a parameter that is added to what flows or joined to it: places, class tokens.
ADDED = {"add", "add_", "__add__", "__radd__", "__iadd__", "cat", "concat", "stack", "expand", "expand_as", "repeat", "__get__",
         "__getitem__", "unsqueeze", "view", "reshape", "permute", "transpose", "size", "dim", "to", "type_as", "float"}


class _Uses(TorchFunctionMode):
    """Which functions meet which parameters, or views of them."""

    def __init__(self, net: nn.Module) -> None:
        super().__init__()
        self.used: Dict[int, Set[str]] = {_place(one): set() for one in net.parameters()}

    def __torch_function__(self, func: Any, types: Any, args: Any = (), kwargs: Optional[Dict[str, Any]] = None) -> Any:
        parts = [*args, *(kwargs or {}).values()]
        flat = [one for part in parts for one in (part if isinstance(part, (list, tuple)) else [part])]
        for one in flat:
            if isinstance(one, Tensor) and _place(one) in self.used:
                self.used[_place(one)].add(getattr(func, "__name__", ""))
        return func(*args, **(kwargs or {}))


def _place(value: Tensor) -> int:
    return value.untyped_storage().data_ptr()


def unreached(net: nn.Module, x: Tensor) -> Optional[str]:
    """A parameter with the numbers of a matrix that no start would change, as the net names it; None: there is none. Tables
    of embeddings, normalisations, vectors, and what is only added to what flows are no matrices."""
    reached = {_place(w) for module in net.modules() for w in weights(module)}
    with _Uses(net) as uses:
        outputs_of(net, x)
    for name, module in net.named_modules():
        for word, one in module.named_parameters(recurse=False):
            if is_vector(one) or is_table(module) or _place(one) in reached or uses.used[_place(one)] <= ADDED:
                continue
            where = f"{name} ({type(module).__name__})" if name else type(module).__name__
            return f"{word} of {where}"
    return None
