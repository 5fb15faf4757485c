"""Plain parts that this library has a witness for, where the library is there: the part is translated, deepened as the
C library does, and its weights come back. docs/deepen.md, docs/identity.md."""
from __future__ import annotations

import contextlib
import copy
import io
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn.modules.batchnorm import _BatchNorm
from torch.nn.modules.conv import _ConvNd

from .nets import own

#: What has a translation with weights.
KINDS = (nn.Linear, _ConvNd, _BatchNorm)


def by_library(part: nn.Module, call: Any) -> bool:
    """Give a part the weights of the library's witness, on what flows in; False: there is none, and nothing changed."""
    args, kwargs = call
    if len(args) != 1 or kwargs or not isinstance(args[0], Tensor) or not 2 <= args[0].ndim <= 4:
        return False
    x = args[0].detach().cpu().float()
    if not all(isinstance(one, KINDS) for one in part.modules() if own(one)):
        return False
    try:
        import deepid

        found = copy.deepcopy(part).cpu().float().eval()
        with contextlib.redirect_stdout(io.StringIO()):  # PyTorch's exporter prints what it does not know
            _fill(deepid, found, x)
    except ImportError:  # no library, or no onnx
        return False
    except Exception as error:
        if type(error).__name__ != "Error":
            raise
        return False
    if not bool((found(x) - x).abs().max() <= 1e-4 * x.abs().max()):
        return False
    part.load_state_dict(found.state_dict())
    return True


def _fill(deepid: Any, part: nn.Module, x: Tensor) -> None:
    """By way of a net that has one layer, in front of which the part stands."""
    channels = x.shape[1]
    last = {2: nn.Linear, 3: nn.Conv1d, 4: nn.Conv2d}[x.ndim](channels, 1, *([1] if x.ndim > 2 else []))
    whole = nn.Sequential(part, last)
    names = deepid.from_torch(whole, x[:2]).torch_names
    head, _, layers = str(deepid.from_torch(part, x[:2]).text).partition(";")
    end = {2: "dense out=1", 3: "conv1d out=1 kernel=1", 4: "conv2d out=1 kernel=1"}[x.ndim]
    host = deepid.Net(f"{head}; {end}", seed=1)
    layout = {2: None, 3: "ncl", 4: "nchw"}[x.ndim]
    data = deepid.Dataset.from_arrays(x.numpy(), torch.arange(len(x)).numpy() % 2, layout=layout)
    deeper = host.deepen("plain { " + layers.strip().rstrip(";") + " }", data=data)
    deepid.to_torch(deeper, whole, names=names or None)
