"""deepid: why do added layers hurt? Studies of a shallow and a deep net, nets, data, probes, from Python.

Start at study; docs/python.md is the guide.
"""
from ._library import lib as _lib
from .data import Dataset
from .files import read_safetensors
from .handles import Context, Error, default_context
from .nets import Evaluation, Net, inspect
from .progress import Progress
from .pytorch import from_torch, to_torch
from .studies import Finding, Result, study
from .training import Trainer

__version__: str = _lib.deepid_version().decode()
__all__ = ["Context", "Dataset", "Error", "Evaluation", "Finding", "Net", "Progress", "Result", "Trainer",
           "default_context",
           "from_torch", "inspect", "read_safetensors", "study", "to_torch"]


def build_info() -> str:
    """How the library was built."""
    return str(_lib.deepid_build_info().decode())
