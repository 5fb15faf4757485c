"""Handles of the library, which garbage collection or `with` frees; contexts, errors, tables."""
from __future__ import annotations

import logging
import operator
import os
import threading
import weakref
from ctypes import byref, c_void_p
from typing import Any, Callable, Dict, Optional, Sequence, Tuple, TypeVar, Union

import numpy as np
from numpy.typing import NDArray

from ._library import LOG_FUNCTION, lib

PathLike = Union[str, "os.PathLike[str]"]
Array = NDArray[Any]
Self = TypeVar("Self", bound="Handle")


class Error(Exception):
    """A call that failed: the library's sentence, `.status` (a number of status.h) and `.name` ("DEEPID_ERR_SHAPE")."""

    def __init__(self, status: int, sentence: str) -> None:
        super().__init__(sentence)
        self.status = status
        self.name: str = lib.deepid_status_name(status).decode()

    def __reduce__(self) -> Any:
        return Error, (self.status, str(self))


def text_in(text: str) -> bytes:
    """A text for C, which ends it at the first NUL: one inside is refused."""
    if not isinstance(text, str):
        raise TypeError(f"expected a text, got {type(text).__name__}")
    if "\0" in text:
        raise ValueError("a text with a NUL inside")
    return text.encode()


def path_in(path: PathLike) -> bytes:
    """A path for C."""
    name = os.fsencode(path)
    if b"\0" in name:
        raise ValueError("a path with a NUL inside")
    return name


def whole_in(value: Any, name: str, least: int = 0, most: int = 2**63 - 1) -> int:
    """A whole number for C, where one that is out of range would be cut silently."""
    try:
        number = operator.index(value)
    except TypeError:
        raise TypeError(f"{name} is {value!r}, expected a whole number") from None
    if not least <= number <= most:
        raise ValueError(f"{name} is {number}, expected {least} to {most}")
    return number


def seed_in(seed: Any) -> int:
    """A seed for C: 64 bits."""
    return whole_in(seed, "seed", 0, 2**64 - 1)


class Owner:
    """Destroys a C object when nobody holds it any more; ctypes takes an Owner for the pointer that it owns.

    A call holds the Owners of its arguments, and so does each numpy view: nothing is destroyed while it is used.
    """

    def __init__(self, pointer: int, destroy: Callable[[int], None], *lent: Any) -> None:
        self._as_parameter_ = c_void_p(pointer)
        self.lent = lent  # what the C object looks into: it lives as long
        weakref.finalize(self, _destroy, destroy, pointer, lent).atexit = False

    def __reduce__(self) -> Any:
        raise TypeError("a handle of deepid cannot be copied or pickled; nets have .clone() and .save()")


def _destroy(destroy: Callable[[int], None], pointer: int, lent: Any) -> None:
    """The C object first, then what it was lent (held by this call's arguments until it ends)."""
    destroy(pointer)


class Handle:
    """What contexts, datasets, nets and results share: `with`, and close."""

    _owner: Optional[Owner]

    @property
    def owner(self) -> Owner:
        """The C object; an Error after close."""
        if self._owner is None:
            raise Error(13, f"this {type(self).__name__} is closed")
        return self._owner

    def close(self) -> None:
        """Let go of the C object. It is freed at once, or with the last view or object that needs it."""
        self._owner = None

    def __enter__(self: Self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


_log = logging.getLogger("deepid")


def _hear(_user: Any, level: int, line: bytes) -> None:
    _log.log((logging.DEBUG, logging.INFO, logging.WARNING)[level], "%s", line.decode(errors="replace"))


_HEAR = LOG_FUNCTION(_hear)


class Context(Handle):
    """Threads, memory and limits that objects are made in. One call at a time: other threads wait for it. After a fork the
    child cannot use it, nor what was made in it: an Error.

    Messages go to the logger "deepid".

    :param threads: that calls work on; 0 = one a CPU of this process
    :param memory_bytes: the most that all objects together may take; 0 = no limit
    """

    def __init__(self, threads: int = 0, memory_bytes: int = 0) -> None:
        pointer = c_void_p()
        status = lib.deepid_ctx_create(byref(pointer))
        if status:
            raise Error(status, "no context: no memory")
        self._owner = Owner(pointer.value, lib.deepid_ctx_destroy)  # type: ignore[arg-type]
        self._lock = threading.RLock()
        self._process = os.getpid()
        self.call(lib.deepid_ctx_set_log, self, _HEAR, None)
        if threads:
            self.call(lib.deepid_ctx_set_threads, self, whole_in(threads, "threads", 0, 1024))
        if memory_bytes:
            self.call(lib.deepid_ctx_set_limit, self, b"memory_bytes", whole_in(memory_bytes, "memory_bytes"))

    def call(self, function: Any, *arguments: Any) -> None:
        """Call a function that returns a status; Handles stand for their pointers. Raises Error."""
        owner = self.owner
        if self._process != os.getpid():  # before the lock: another thread may have held it when the process forked
            raise Error(12, "this was made before the process forked: make contexts, nets and data in the child, or start "
                            "processes by multiprocessing's 'spawn'")
        passed = [one.owner if isinstance(one, Handle) else one for one in arguments]
        with self._lock:
            status = function(*passed)
            if status:
                raise Error(status, lib.deepid_ctx_error(owner).decode(errors="replace"))

    def make(self, function: Any, destroy: Any, *arguments: Any, lent: Sequence[Any] = ()) -> Owner:
        """Call a function whose last argument gives a new object, and own that."""
        pointer, owner = c_void_p(), self.owner
        self.call(function, *arguments, byref(pointer))
        return Owner(pointer.value, destroy, owner, *lent)  # type: ignore[arg-type]

    @property
    def threads(self) -> int:
        """Threads that calls work on."""
        return int(lib.deepid_ctx_threads(self.owner))

    @property
    def memory(self) -> int:
        """Bytes that the context's objects hold now."""
        return int(lib.deepid_ctx_memory(self.owner))


_default: Tuple[int, Optional[Context]] = (0, None)
_default_lock = threading.Lock()
if hasattr(os, "register_at_fork"):  # a lock that another thread held stays locked in the child
    os.register_at_fork(after_in_child=lambda: globals().update(_default_lock=threading.Lock()))


def default_context() -> Context:
    """The context of objects that are made without one; a forked process makes its own."""
    global _default
    with _default_lock:
        process, context = _default
        if context is None or context._owner is None or process != os.getpid():
            context = Context()
            _default = (os.getpid(), context)
        return context


class Memory:
    """Memory of a C object as numpy sees it: no copy, and the object lives as long as the array."""

    def __init__(self, pointer: int, shape: Tuple[int, ...], dtype: Any, owner: Owner) -> None:
        self.owner = owner
        self.__array_interface__ = {"version": 3, "data": (pointer, False), "shape": shape,
                                    "typestr": np.dtype(dtype).str}


def table(owner: Owner) -> Dict[str, Array]:
    """A table of the library: its row names and its columns, by their headings."""
    rows = lib.deepid_table_rows(owner)
    names = [lib.deepid_table_row_name(owner, row).decode() for row in range(rows)]
    columns = {lib.deepid_table_row_heading(owner).decode(): np.array(names, dtype=object)}
    for column in range(lib.deepid_table_columns(owner)):
        pointer = lib.deepid_table_column(owner, column)
        values = np.array(Memory(pointer, (rows,), np.float64, owner)) if rows else np.empty(0)
        name = lib.deepid_table_column_name(owner, column).decode()
        columns[name if name not in columns else name + "_index"] = values  # of studies: the place of the row's arm
    return columns


