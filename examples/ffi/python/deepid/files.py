"""Files of safetensors, which nets and checkpoints are: a length, a header in JSON, numbers."""
from __future__ import annotations

import json
import struct
from pathlib import Path
from typing import Any, Dict, Tuple

import numpy as np

from .handles import Array, PathLike


def _parts(path: PathLike) -> Tuple[Dict[str, Any], bytes]:
    """The header and the numbers."""
    data = Path(path).read_bytes()
    (size,) = struct.unpack_from("<Q", data)
    header: Dict[str, Any] = json.loads(data[8:8 + size])
    return header, data[8 + size:]


def read_texts(path: PathLike) -> Dict[str, str]:
    """What the header says beside the tensors."""
    texts: Dict[str, str] = _parts(path)[0].get("__metadata__", {})
    return texts


def read_safetensors(path: PathLike) -> Dict[str, Array]:
    """The tensors of a safetensors file of f64, f32 or i64, such as Net.save_weights writes."""
    header, data = _parts(path)
    header.pop("__metadata__", None)
    types = {"F64": "<f8", "F32": "<f4", "I64": "<i8"}
    arrays = {}
    for name, entry in header.items():
        first, last = entry["data_offsets"]
        arrays[name] = np.frombuffer(data[first:last], types[entry["dtype"]]).reshape(entry["shape"]).copy()
    return arrays
