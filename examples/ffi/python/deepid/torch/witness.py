"""W0: the deep net that holds the trained shallow one and does nothing else. The shallow net's numbers go where the
alignment says; each added part becomes the identity on what flows into it: a branch beside a skip by zeroing its last
layer, a plain part by weights that pass their input through. Nothing of this is believed: the outputs are compared."""
from __future__ import annotations

import contextlib
from dataclasses import dataclass
from typing import Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd, _ConvTransposeNd

from . import match
from .data import Samples
from .measure import BATCH
from .library import by_library
from .nets import NORMS, in_order, own

#: A part is the identity, and W0 the shallow net, where outputs differ by less than this share of the largest.
NEAR = 1e-4


@dataclass
class Witness:
    """The deep net that was built, or why there is none.

    :param difference: the largest difference of an output to the shallow net's, divided by the largest output
    :param equal: every output has the same bits
    """

    net: Optional[nn.Module] = None
    difference: float = float("inf")
    equal: bool = False
    reason: str = ""


def embed(shallow: nn.Module, deep: nn.Module, data: Samples, device: torch.device, dtype: torch.dtype,
          training: bool) -> Witness:
    """The shallow net in the deep one, which is changed.

    :param training: added batch-norms have the statistics of their input, so that they pass it on in training too; else
        mean 0 and variance 1, which is exact in evaluation
    """
    names = match.align(shallow, deep)
    if names is None:
        return Witness(reason="the shallow net's layers do not all stand in the deep one: " + match.missing(shallow, deep))
    modules, theirs = dict(deep.named_modules()), dict(shallow.named_modules())
    rows = torch.arange(min(BATCH, len(data)))
    x, _ = data.at(rows, device, dtype)
    with exact():
        shallow.eval(), deep.eval()
        for name, other in names.items():
            _copy(theirs[name], modules[other])
        start = {key: one.clone() for key, one in deep.state_dict().items()}
        want = shallow(x)
        parts = match.added(deep, names)
        reason = ""
        for way in (_each, _all):
            deep.load_state_dict(start)
            told = way(deep, parts, x, want, training)
            reason = reason or told
            difference, equal = compare(shallow, deep, data, device, dtype)
            if difference <= NEAR:
                return Witness(deep, difference, equal)
    return Witness(difference=difference, reason=reason or "the deep net with the shallow one's weights and silenced "
                   f"additions gives outputs that differ by {difference:.2g} of the largest")


def embed_by(own: Callable[[nn.Module, nn.Module], Any], shallow: nn.Module, deep: nn.Module, data: Samples,
             device: torch.device, dtype: torch.dtype) -> Witness:
    """The same by a function of the user's, which is believed as little."""
    with exact():
        own(shallow, deep)
        difference, equal = compare(shallow, deep, data, device, dtype)
    if difference <= NEAR:
        return Witness(deep, difference, equal)
    return Witness(difference=difference, reason="the deep net that embed made gives outputs that differ by "
                   f"{difference:.2g} of the largest")


@contextlib.contextmanager
def exact() -> Iterator[None]:
    """No gradients, and products in full float32 on a GPU."""
    was = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.no_grad(), torch.backends.cudnn.flags(enabled=True, benchmark=False, deterministic=True, allow_tf32=False):
            yield
    finally:
        torch.set_float32_matmul_precision(was)


def compare(shallow: nn.Module, deep: nn.Module, data: Samples, device: torch.device,
            dtype: torch.dtype) -> Tuple[float, bool]:
    """The largest difference of the outputs over the data, divided by the largest output; and whether all bits are equal."""
    with exact():
        shallow.eval(), deep.eval()
        apart = torch.zeros((), dtype=torch.float64, device=device)
        largest = torch.zeros((), dtype=torch.float64, device=device)
        equal = True
        for x, _ in data.batches(BATCH, device, dtype):
            a, b = shallow(x).double(), deep(x).double()
            apart, largest = torch.maximum(apart, (a - b).abs().max()), torch.maximum(largest, a.abs().max())
            equal = equal and torch.equal(a, b)
    value = float(apart) / float(largest) if float(largest) > 0 else float(apart)
    return (value if value == value else float("inf")), equal


def _copy(source: nn.Module, to: nn.Module) -> None:
    theirs = dict([*source.named_parameters(recurse=False), *source.named_buffers(recurse=False)])
    for name, one in [*to.named_parameters(recurse=False), *to.named_buffers(recurse=False)]:
        one.copy_(theirs[name])


def near(y: Any, x: Any) -> bool:
    """The same, up to NEAR of the largest."""
    y, x = _first(y), _first(x)
    if not isinstance(y, Tensor) or not isinstance(x, Tensor) or y.shape != x.shape:
        return False
    return bool((y - x).abs().max() <= NEAR * x.abs().max())


def _first(value: Any) -> Any:
    return value[0] if isinstance(value, (tuple, list)) and value else value


# ---- part by part: each is called with what flows in, and shall return it ---------------------------------------

def _each(deep: nn.Module, parts: List[List[str]], x: Tensor, want: Tensor, training: bool) -> str:
    """Make every added part the identity, in the order of running; a sentence on the first that cannot be."""
    place = {name: i for i, (name, _) in enumerate(in_order(deep, x))}
    for names in sorted(parts, key=lambda part: place[part[0]]):
        modules = [deep.get_submodule(name) for name in names]
        part = modules[0] if len(modules) == 1 else nn.Sequential(*modules).eval()
        call = heard(deep, modules[0], x)
        if call is None:
            continue
        if not (silence(part, *call) or pass_on(part, *call, training=training) or by_library(part, call)):
            return _why(names, part, call)
    return ""


def heard(net: nn.Module, part: nn.Module, x: Tensor) -> Optional[Tuple[Any, Any]]:
    """What a part is called with; None: it is not called."""
    calls: List[Tuple[Any, Any]] = []
    hook = part.register_forward_pre_hook(lambda _, args, kwargs: calls.append((args, kwargs)), with_kwargs=True)
    try:
        net(x)
    finally:
        hook.remove()
    return calls[0] if calls and calls[0][0] else None


def silence(part: nn.Module, args: Any, kwargs: Any) -> bool:
    """Zero as few of its layers as make it the identity: all of them first, then each gets its numbers back where that
    changes nothing, the first that runs before the others. What stays 0 is the last layer of each branch."""
    return zero(part, [one for _, one in in_order(part, *args, **kwargs)],
                lambda: near(part(*args, **kwargs), args[0]))


def zero(net: nn.Module, modules: List[nn.Module], good: Any) -> bool:
    """The same of any modules of a net; False: it cannot be, and nothing changed."""
    kept: Dict[nn.Module, List[Tensor]] = {one: [p.clone() for p in own(one)] for one in modules if own(one)}
    for one in kept:
        for p in own(one):
            p.zero_()
    if not good():
        for one in kept:
            _restore(one, kept[one])
        return False
    for one in kept:
        _restore(one, kept[one])
        if not good():
            for p in own(one):
                p.zero_()
    return True


def _restore(module: nn.Module, values: List[Tensor]) -> None:
    for p, value in zip(own(module), values):
        p.copy_(value)


def pass_on(part: nn.Module, args: Any, kwargs: Any, training: bool) -> bool:
    """Give each layer weights that pass its input through, in the order of running; behind a relu nothing is lost."""
    kept = {key: one.clone() for key, one in part.state_dict().items()}
    for _, one in in_order(part, *args, **kwargs):
        if not own(one):
            continue
        call = heard_in(part, one, args, kwargs)
        if call is None or not _pass_through(one, call, training):
            part.load_state_dict(kept)
            return False
    if near(part(*args, **kwargs), args[0]):
        return True
    part.load_state_dict(kept)
    return False


def heard_in(part: nn.Module, module: nn.Module, args: Any, kwargs: Any) -> Optional[Tensor]:
    """What flows into a module of a part."""
    calls: List[Tensor] = []
    hook = module.register_forward_pre_hook(lambda _, given: calls.append(given[0]) if given else None)
    try:
        part(*args, **kwargs)
    finally:
        hook.remove()
    return calls[0] if calls else None


def _pass_through(module: nn.Module, x: Tensor, training: bool) -> bool:
    """Weights of one layer by which y = x; False: none are known."""
    if isinstance(module, nn.Linear) and module.in_features == module.out_features:
        nn.init.eye_(module.weight)
    elif isinstance(module, _ConvNd) and not isinstance(module, _ConvTransposeNd) and module.in_channels == module.out_channels:
        nn.init.dirac_(module.weight, module.groups)
    elif isinstance(module, _BatchNorm) and module.running_mean is not None and module.running_var is not None:
        axes = [i for i in range(x.ndim) if i != 1]
        mean, var = (x.mean(axes), x.var(axes, unbiased=False)) if training else (0.0, 1 - module.eps)
        module.running_mean.copy_(torch.as_tensor(mean))
        module.running_var.copy_(torch.as_tensor(var))
        if module.affine:
            module.weight.copy_((module.running_var + module.eps).sqrt())
            module.bias.copy_(module.running_mean)
        return True
    else:
        return False
    if module.bias is not None:
        nn.init.zeros_(module.bias)
    return True


def _why(names: List[str], part: nn.Module, call: Any) -> str:
    """Why an added part is no identity, as far as that is seen."""
    args, kwargs = call
    last = [one for _, one in in_order(part, *args, **kwargs) if own(one) or type(one).__name__ in NORMS][-1:]
    kind = type(part).__name__ if len(names) == 1 else ", ".join(type(one).__name__ for one in part.children())
    what = f"the added {names[0]} ({kind}) cannot be made the identity: "
    if last and type(last[0]).__name__ in NORMS:
        return what + f"it ends with a {type(last[0]).__name__}, behind which values are not what they were"
    return what + "zeroing its last layers does not do it, nor do weights that pass values through"


# ---- all at once, for nets whose parts are not modules of their own ----------------------------------------------

def _all(deep: nn.Module, parts: List[List[str]], x: Tensor, want: Tensor, training: bool) -> str:
    """Zero as few layers as leave the shallow net's outputs."""
    inside = {id(one) for part in parts for name in part for one in deep.get_submodule(name).modules()}
    modules = [one for _, one in in_order(deep, x) if id(one) in inside]
    return "" if zero(deep, modules, lambda: near(deep(x), want)) else "zeroed additions change the outputs"
