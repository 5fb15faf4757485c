"""Other starts, by walking the modules: orthogonal weights, and those scaled until each layer has variance 1 on data."""
from __future__ import annotations

import math
from typing import Any, Callable, Dict, List

import torch
from torch import Tensor, nn

from .nets import has_rectifier, in_order, own, weights

#: Where the standard deviation of an output is small enough to be called 0, it is left alone.
TINY = 1e-10


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
    gives on samples (Mishkin, Matas 2016). Attention's queries, keys and values stay orthogonal."""
    for module in net.modules():
        for w in weights(module):
            nn.init.orthogonal_(w)
        _zero_biases(module)
    for _, module in in_order(net, x):
        if weights(module) and not isinstance(module, nn.MultiheadAttention):
            _scale(net, module, x)


def _scale(net: nn.Module, module: nn.Module, x: Tensor) -> None:
    given: List[Tensor] = []
    hook = module.register_forward_hook(lambda _m, _a, y: given.append(y))
    try:
        with torch.no_grad():
            net(x)
    finally:
        hook.remove()
    if given and (deviation := float(given[0].std())) > TINY:
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
