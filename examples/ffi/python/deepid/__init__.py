"""deepid: why do added layers hurt? Studies of a shallow and a deep net, nets, data, probes, from Python.

Start at study; docs/python.md is the guide. deepid.torch studies what PyTorch trains, and needs no library.
"""
from importlib import import_module as _import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .data import Dataset
    from .evidence import Evidence, Judgement, judge
    from .files import read_safetensors
    from .handles import Context, Error, default_context
    from .nets import Evaluation, Net, inspect
    from .progress import Progress
    from .pytorch import from_torch, to_torch
    from .studies import Finding, Result, study
    from .training import Trainer

    __version__: str

__all__ = ["Context", "Dataset", "Error", "Evaluation", "Finding", "Net", "Progress", "Result", "Trainer",
           "default_context",
           "from_torch", "inspect", "read_safetensors", "study", "to_torch", "Evidence", "Judgement", "judge"]

#: Where each name is. The library is loaded with the first one that is asked for.
_HOMES = {"Context": "handles", "Dataset": "data", "Error": "handles", "Evaluation": "nets",
          "Evidence": "evidence", "Finding": "studies", "Judgement": "evidence",
          "Net": "nets", "Progress": "progress", "Result": "studies", "Trainer": "training",
          "default_context": "handles", "from_torch": "pytorch", "inspect": "nets", "judge": "evidence", "read_safetensors": "files",
          "study": "studies", "to_torch": "pytorch"}
_MODULES = {*_HOMES.values(), "_library", "arrays"}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _import_module("._library", __name__).lib.deepid_version().decode()
    elif name in _HOMES:
        value = getattr(_import_module("." + _HOMES[name], __name__), name)
    elif name in _MODULES:
        value = _import_module("." + name, __name__)
    else:
        raise AttributeError(f"module 'deepid' has no attribute '{name}'")
    globals()[name] = value
    return value


def __dir__() -> "list[str]":
    return sorted({*globals(), *__all__, "__version__"})


def build_info() -> str:
    """How the library was built."""
    from ._library import lib

    return str(lib.deepid_build_info().decode())
