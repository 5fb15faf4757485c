"""What tells other code from this: functions by what they do and what they stand on, so that neither a comment nor another
place in the file makes them new."""
from __future__ import annotations

import functools
import hashlib
import os
from types import CodeType, FunctionType, MethodType
from typing import Any, Dict, Iterator, List, Optional, Tuple

import numpy as np
import torch

#: Values that compare by what they are.
PLAIN = (bool, int, float, complex, str, bytes, type(None), torch.dtype, torch.device)


def word_of(value: Any) -> Any:
    """A value that JSON takes and that compares: of a function its name, and a digest of its code, of its arguments'
    values, and of the functions and classes beside its file that it names."""
    if not callable(value):
        return value
    inner = value
    while isinstance(inner, functools.partial):
        inner = inner.func
    name = getattr(inner, "__qualname__", type(inner).__qualname__)
    digest = hashlib.sha256("\n".join(_Words(_home(inner)).of(value)).encode()).hexdigest()
    return f"{name} {digest[:8]}"


def _home(value: Any) -> Optional[str]:
    """The folder of the user's file."""
    code = next((one.__code__ for one in _functions(value)), None)
    return None if code is None else os.path.dirname(code.co_filename)


def _functions(value: Any) -> Iterator[FunctionType]:
    """A function itself, or those of a class or of what an object is of."""
    value = value.__func__ if isinstance(value, MethodType) else value
    if isinstance(value, FunctionType):
        yield value
        return
    for one in vars(value if isinstance(value, type) else type(value)).values():
        one = getattr(one, "__func__", getattr(one, "fget", one))
        if isinstance(one, FunctionType):
            yield one


class _Words:
    """Walks what a function stands on; each part once."""

    def __init__(self, home: Optional[str]) -> None:
        self.home = home
        self.seen: Dict[int, Any] = {}  # and so kept: an id is not given again

    def of(self, value: Any) -> Iterator[str]:
        """Words of a value."""
        if isinstance(value, PLAIN):
            yield repr(value)
        elif id(value) in self.seen:
            yield "again"
        else:
            self.seen[id(value)] = value
            yield from self._parts(value)

    def _parts(self, value: Any) -> Iterator[str]:
        if isinstance(value, (torch.Tensor, np.ndarray)):
            yield values_word(torch.as_tensor(value))
        elif isinstance(value, (list, tuple)):
            yield from self._all(type(value).__name__, value)
        elif isinstance(value, (set, frozenset)):
            yield from self._all("set", sorted(value, key=repr))
        elif isinstance(value, dict):
            yield from self._all("dict", [part for pair in value.items() for part in pair])
        elif isinstance(value, functools.partial):
            yield from self._all("partial", [value.func, value.args, value.keywords])
        elif isinstance(value, MethodType):
            yield from self._all("method", [value.__func__, value.__self__])
        elif isinstance(value, FunctionType):
            yield from self._function(value)
        elif isinstance(value, type):
            yield from self._class(value)
        else:
            yield from self._object(value)

    def _all(self, kind: str, parts: Any) -> Iterator[str]:
        yield kind
        for one in parts:
            yield from self.of(one)

    def _theirs(self, code: CodeType) -> bool:
        return os.path.dirname(code.co_filename) == self.home

    def _function(self, value: FunctionType) -> Iterator[str]:
        yield value.__name__
        if not self._theirs(value.__code__):
            return
        yield from _code(value.__code__)
        yield from self._all("defaults", [value.__defaults__, value.__kwdefaults__])
        cells = zip(value.__code__.co_freevars, value.__closure__ or ())
        for name, cell in cells:
            with_value = _cell(cell)
            yield name
            if with_value and _fixed(with_value[0]):
                yield from self.of(with_value[0])
        for name in _names(value.__code__):
            one = value.__globals__.get(name)
            if isinstance(one, float) or (_fixed(one) and callable(one)):
                yield name
                yield from self.of(one)

    def _class(self, value: type) -> Iterator[str]:
        yield value.__qualname__
        functions = [one for one in _functions(value) if self._theirs(one.__code__)]
        for one in functions:
            yield from self.of(one)
        if functions:
            yield from self._all("plain", [(k, v) for k, v in vars(value).items() if _fixed(v) and not k.startswith("__")
                                           and not callable(v)])
            yield from self._all("bases", [one for one in value.__bases__ if one is not object])

    def _object(self, value: Any) -> Iterator[str]:
        yield getattr(value, "__qualname__", "")
        yield from self.of(type(value))
        if isinstance(value, torch.nn.Module):
            yield repr(value)
        elif callable(value):
            yield from self._all("attributes", getattr(value, "__dict__", {}).items())


def _fixed(value: Any) -> bool:
    """What does not gather things while it runs: no list, no dict."""
    return isinstance(value, (*PLAIN, tuple, torch.Tensor, np.ndarray)) or callable(value)


def _cell(cell: Any) -> Tuple[Any, ...]:
    try:
        return (cell.cell_contents,)
    except ValueError:  # not filled yet
        return ()


def _code(code: CodeType) -> Iterator[str]:
    """Bytecode, names and constants; without lines and files."""
    yield code.co_code.hex()
    yield repr((code.co_names, code.co_varnames, code.co_freevars))
    for one in code.co_consts:
        if isinstance(one, CodeType):
            yield from _code(one)
        else:
            yield repr(sorted(one, key=repr) if isinstance(one, frozenset) else one)


def _names(code: CodeType) -> List[str]:
    """Global names of a function and of those inside it."""
    return [*code.co_names, *(name for one in code.co_consts if isinstance(one, CodeType) for name in _names(one))]


def values_word(value: torch.Tensor) -> str:
    """Shape and a digest of all numbers."""
    value = value.detach().cpu().contiguous()
    numbers = value.flatten().view(torch.uint8).numpy() if value.numel() else np.zeros(0)
    return f"{list(value.shape)} {value.dtype} {hashlib.sha256(numbers.tobytes()).hexdigest()[:16]}"
