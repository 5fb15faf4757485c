"""Is make_net one that a study can stand on? A new net each call, its weights drawn from the generators and from nothing
else, and more of it with depth."""
from __future__ import annotations

from typing import TYPE_CHECKING, Dict, Optional

import torch
from torch import Tensor, nn

from .errors import StudyError, place_of
from .nets import outputs_of
from .train import seeded

if TYPE_CHECKING:
    from .study import Study

CPU = torch.device("cpu")


def made(study: "Study", kind: str, seed: int) -> nn.Module:
    """A net as it starts at a seed."""
    with seeded(seed, CPU):
        try:
            net = study.net(kind)
        except Exception as error:
            raise StudyError(f"make_net: the {kind} net: {type(error).__name__}: {place_of(error)}") from error
    if not isinstance(net, nn.Module):
        raise StudyError(f"make_net: it returned {type(net).__name__}, expected an nn.Module")
    for name, value in net.state_dict().items():
        if isinstance(value, Tensor) and value.is_meta:
            raise StudyError(f"make_net: {name} of the {kind} net is on the meta device, expected weights with numbers")
    return net


def shared(one: nn.Module, other: nn.Module) -> Optional[str]:
    """A parameter that lies where one of the other net does."""
    there = {p.untyped_storage().data_ptr() for p in other.parameters() if p.numel()}
    return next((name for name, p in one.named_parameters() if p.untyped_storage().data_ptr() in there), None)


def other_value(one: nn.Module, other: nn.Module) -> Optional[str]:
    """The first parameter or buffer that is not the same, bit for bit; NaN is NaN."""
    a, b = _values(one), _values(other)
    if a.keys() != b.keys():
        return min(a.keys() ^ b.keys())
    return next((name for name in a if a[name].shape != b[name].shape
                 or not torch.allclose(a[name], b[name], rtol=0, atol=0, equal_nan=True)), None)


def _values(net: nn.Module) -> Dict[str, Tensor]:
    return {name: value.detach() for name, value in [*net.named_parameters(), *net.named_buffers()]}


def check_calls(study: "Study", kind: str, net: nn.Module) -> None:
    """Refuses a make_net whose calls share weights, differ at one seed, or do not differ at two. `net` is of seed 1."""
    again = made(study, kind, 1)
    if name := shared(net, again):
        raise StudyError(f"make_net: two calls gave nets with the same {name} in memory (the {kind} net), expected new "
                         "weights of each call")
    if name := other_value(net, again):
        raise StudyError(f"make_net: two calls at one seed gave the {kind} net another {name}, expected the same: draw from "
                         "torch's, NumPy's or Python's generators, which are seeded, and from nothing else")
    del again
    if any(p.numel() for p in net.parameters()) and other_value(net, made(study, kind, 2)) is None:
        raise StudyError(f"make_net: the {kind} net has the same weights at seeds 1 and 2, expected others: draw weights from "
                         "torch's generator, and leave torch.manual_seed out of make_net")


def check_runs(kind: str, net: nn.Module, x: Optional[Tensor]) -> None:
    """Refuses nets and samples that do not fit, in evaluation and in training."""
    if x is None:
        return
    for training in (False, True) if len(x) > 1 else (False,):
        try:
            outputs_of(net, x, training=training)
        except Exception as error:
            mode = "training" if training else "evaluation"
            whole = "; samples are whole numbers: give floats, x.float(), unless they are indices"
            whole = "" if x.is_floating_point() else whole
            raise StudyError(f"make_net: the {kind} net fails in {mode} on samples of {list(x.shape)} {str(x.dtype)[6:]}: "
                             f"{type(error).__name__}: {place_of(error)}{whole}") from error


def check_depth(study: "Study", shallow: nn.Module, deep: nn.Module, x: Optional[Tensor]) -> None:
    """Refuses a make_net that ignores depth, or whose two nets share weights."""
    if name := shared(deep, shallow):
        raise StudyError(f"make_net: the deep net's {name} is a weight of the shallow net in memory, expected weights of its own")
    if x is not None and other_value(shallow, deep) is None and _same_outputs(shallow, deep, x):
        raise StudyError(f"make_net: depth {study.shallow} and depth {study.deep} gave the same net, with the same parameters "
                         "and outputs; expected more layers with more depth")


def _same_outputs(shallow: nn.Module, deep: nn.Module, x: Tensor) -> bool:
    one, other = (outputs_of(net, x) for net in (shallow, deep))
    return isinstance(one, Tensor) and one.shape == other.shape and bool(torch.equal(one.nan_to_num(), other.nan_to_num()))
