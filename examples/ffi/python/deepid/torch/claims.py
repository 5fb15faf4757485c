"""Claims: tasks/NAME.taken says who works on a task. Its owner writes the number of a beat into it again and again; one
that stays as it is for the takeover time, by the clock of who looks, is taken over, and that of a dead process of this
machine at once. No lock and no file time is relied on: linked to its name, renamed away. Two that take over at once both
do the task, and publish the same result."""
from __future__ import annotations

import os
import secrets
import socket
import threading
import time
from pathlib import Path
from typing import Dict, Optional, Tuple

from .tasks import SYSTEM

#: Seconds without a beat after which a task is taken over; the longest time between beats, and how many are lost first.
TAKEOVER, BEAT, BEATS = 60.0, 10.0, 6


def _start_of(pid: int) -> Optional[str]:
    """When a process began, as /proc has it; "" of one that has ended; None: not known."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except FileNotFoundError:
        return "" if os.path.exists("/proc/self/stat") else None
    except OSError:
        return None
    return "" if fields[0] in "ZX" else fields[19]


class Claims:
    """The claims of one folder: those of this process, and what was seen of others'."""

    def __init__(self, folder: Path, takeover: float = TAKEOVER) -> None:
        self.folder, self.takeover = folder, takeover
        self.every = min(BEAT, takeover / BEATS)
        self._seen: Dict[str, Tuple[bytes, float, float]] = {}

    def path(self, name: str) -> Path:
        """Of a task's claim."""
        return self.folder / "tasks" / f"{name}.taken"

    def take(self, name: str) -> Optional["Claim"]:
        """The task is this process's; None: another one has it."""
        path = self.path(name)
        found = self._look(path)
        if found is not None and not self._gone(name, found):
            return None
        if found is not None and not self._set_aside(path, found):
            return None
        self._seen.pop(name, None)
        return Claim(path, self.every).create()

    def _look(self, path: Path) -> Optional[bytes]:
        try:
            return path.read_bytes()
        except FileNotFoundError:
            return None

    def _gone(self, name: str, found: bytes) -> bool:
        """Its owner is dead, or was silent for the takeover time. Of the time between two looks no more than that of a
        beat counts: who was stopped has not seen that there was none."""
        now = time.monotonic()
        last, looked, silent = self._seen.get(name, (b"", now, 0.0))
        silent = silent + min(now - looked, self.every) if last == found else 0.0
        self._seen[name] = (found, now, silent)
        return _is_dead(found) or silent >= self.takeover

    def _set_aside(self, path: Path, found: bytes) -> bool:
        """Out of the way; another one's newer claim goes back."""
        aside = path.with_name(f".{path.name}.{SYSTEM}.{os.getpid()}.{secrets.token_hex(8)}.tmp")
        try:
            os.rename(path, aside)
        except FileNotFoundError:
            return True
        newer = aside.read_bytes() != found
        if newer:
            try:
                os.link(aside, path)
            except FileExistsError:
                pass
        aside.unlink(missing_ok=True)
        return not newer


def _is_dead(found: bytes) -> bool:
    words = found.decode(errors="replace").split()
    if len(words) < 5 or not words[1].isdigit():
        return len(found) == 0 or len(words) < 5
    if words[0] != socket.gethostname() or words[3] != SYSTEM or words[3] == "unknown":
        return False
    start = _start_of(int(words[1]))
    return start is not None and start != words[2]


class Claim:
    """A task that this process has, until it is given back."""

    def __init__(self, path: Path, every: float) -> None:
        self.path, self.every = path, every
        self.token = secrets.token_hex(8)
        self.beats = 0
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def _words(self) -> bytes:
        pid = os.getpid()
        return f"{socket.gethostname()} {pid} {_start_of(pid) or '?'} {SYSTEM} {self.token} {self.beats:010d}\n".encode()

    def create(self) -> Optional["Claim"]:
        """Written beside, then linked to its name: it is there with its words or not at all. None: another one was first."""
        beside = self.path.with_name(f".{self.path.name}.{SYSTEM}.{os.getpid()}.{self.token}.tmp")
        try:
            beside.write_bytes(self._words())
            try:
                os.link(beside, self.path)
            except FileExistsError:
                if not os.path.samefile(beside, self.path):  # else done, but the answer was lost
                    return None
        finally:
            beside.unlink(missing_ok=True)
        self._thread.start()
        return self

    def _beat(self) -> None:
        while not self._end.wait(self.every):
            self.beats += 1
            self._write()

    def _write(self) -> None:
        try:
            with open(self.path, "r+b") as file:
                if self.token.encode() in file.read():
                    file.seek(0)
                    file.write(self._words())
        except OSError:
            pass  # the next one may be written

    def give_back(self) -> None:
        """Nobody has it."""
        self._end.set()
        self._thread.join()
        try:
            if self.token.encode() in self.path.read_bytes():
                self.path.unlink()
        except OSError:
            pass
