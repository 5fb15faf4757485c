"""Task files: one JSON a task, written beside its name and renamed, so that it is there whole or not at all."""
from __future__ import annotations

import hashlib
import json
import math
import os
import threading
from pathlib import Path
from typing import Any, Callable, Dict, Optional, Set

from .errors import StudyError


def _system() -> str:
    """Which processes can be asked for here: the machine's boot and the namespace of its process numbers."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return hashlib.sha256(f"{boot} {os.readlink('/proc/self/ns/pid')}".encode()).hexdigest()[:16]
    except OSError:
        return "unknown"


SYSTEM = _system()


def alive(pid: int) -> bool:
    """Whether there is such a process here."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except OSError:
        pass
    return True


def sweep(folder: Path) -> None:
    """Remove what killed processes of this system left half written."""
    for path in [*folder.glob(".*.tmp"), *folder.glob("*/.*.tmp")]:
        system, pid = (path.name.split(".")[-4:-2] + ["", ""])[:2]
        if system == SYSTEM and pid.isdigit() and not alive(int(pid)):
            path.unlink(missing_ok=True)


def replace(path: Path, write: Callable[[Path], object]) -> None:
    """Write a file beside its name, flush it, and give it the name."""
    beside = path.with_name(f".{path.name}.{SYSTEM}.{os.getpid()}.{threading.get_ident()}.tmp")
    try:
        write(beside)
        with open(beside, "rb") as file:
            os.fsync(file.fileno())
        os.replace(beside, path)
    finally:
        beside.unlink(missing_ok=True)


def replace_text(path: Path, text: str) -> None:
    """The same of a text; a file that has it already stays."""
    try:
        if path.read_bytes() == text.encode():
            return
    except FileNotFoundError:
        pass

    def write(beside: Path) -> None:
        beside.write_bytes(text.encode())

    replace(path, write)


def plain(value: Any) -> Any:
    """What JSON can hold: a number that is not finite is null."""
    if isinstance(value, dict):
        return {key: plain(one) for key, one in value.items()}
    if isinstance(value, (list, tuple)):
        return [plain(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def to_json(value: Any) -> str:
    """The same bytes for the same value."""
    return json.dumps(plain(value), indent=1, sort_keys=True, allow_nan=False) + "\n"


class TaskFolder:
    """tasks/NAME.json, nets/NAME.pt."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._read: Dict[str, Dict[str, Any]] = {}
        self.names: Set[str] = set()
        self.look()

    def look(self) -> Set[str]:
        """Which tasks are done by now, by whomever."""
        try:
            self.names = {one[:-len(".json")] for one in os.listdir(self.folder / "tasks")
                          if one.endswith(".json") and not one.startswith(".")}
        except FileNotFoundError:
            self.names = set()
        return self.names

    def path(self, name: str) -> Path:
        """Of a task's result."""
        return self.folder / "tasks" / f"{name}.json"

    def net(self, name: str) -> Path:
        """Of a task's trained net."""
        return self.folder / "nets" / f"{name}.pt"

    def result(self, name: str) -> Optional[Dict[str, Any]]:
        """What the task gave, None: it was not done when the folder was looked at."""
        if name not in self.names:
            return None
        if name not in self._read:
            try:
                found = json.loads(self.path(name).read_text())
            except (ValueError, OSError) as error:
                raise StudyError(f"{self.path(name)}: {error}; remove it, and its task runs again") from None
            if not isinstance(found, dict) or found.get("task") != name or "run" not in found:
                raise StudyError(f"{self.path(name)}: it is not the result of task {name}; remove it, and the task runs again")
            self._read[name] = found
        return self._read[name]

    def publish(self, name: str, result: Dict[str, Any]) -> None:
        """It is done."""
        replace_text(self.path(name), to_json({"format": 1, "task": name, **result}))
        self.names.add(name)
