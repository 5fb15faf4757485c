"""How work gets on: told on the thread that waits for it, by a function, or by a line in a terminal or notebook."""
from __future__ import annotations

import math
import shutil
import sys
import threading
import time
from dataclasses import dataclass
from typing import Any, Callable, List, Optional, Union

_LOOKS_A_SECOND = 10


@dataclass(frozen=True)
class Progress:
    """How a study or training gets on: tasks (or steps) and those done, share of the work, seconds gone and left (NaN:
    unknown), what runs."""

    tasks: int
    done: int
    share: float
    seconds: float
    seconds_left: float
    text: str

    def __str__(self) -> str:
        left = "" if math.isnan(self.seconds_left) else f", {self.seconds_left:.0f} s left"
        return f"{100 * self.share:3.0f} % {self.done}/{self.tasks}{left}  {self.text[:50]}".rstrip()


Listener = Callable[[Progress], Any]
Told = Union[None, bool, Listener]


class _Terminal:
    """A line that is written over, and gone at the end."""

    def __call__(self, now: Progress) -> None:
        width = max(shutil.get_terminal_size().columns - 1, 10)
        sys.stderr.write("\r" + str(now)[:width].ljust(width))
        sys.stderr.flush()

    def close(self) -> None:
        """Clear the line."""
        width = max(shutil.get_terminal_size().columns - 1, 10)
        sys.stderr.write("\r" + " " * width + "\r")
        sys.stderr.flush()


class _Log:
    """A line for each tenth of the work, where lines cannot be written over."""

    tenth = -1

    def __call__(self, now: Progress) -> None:
        if int(10 * now.share) > self.tenth:
            self.tenth = int(10 * now.share)
            print(now, file=sys.stderr, flush=True)

    def close(self) -> None:
        """Nothing."""


class _Notebook:
    """A cell's output that is updated."""

    def __init__(self, display: Any) -> None:
        self.display, self.place = display, None  # type: Any, Any

    def __call__(self, now: Progress) -> None:
        shown = {"text/plain": str(now)}
        if self.place is None:
            self.place = self.display(shown, raw=True, display_id=True)
        if self.place is not None:
            self.place.update(shown, raw=True)

    def close(self) -> None:
        """Leave an empty line."""
        if self.place is not None:
            self.place.update({"text/plain": ""}, raw=True)


def _notebook() -> Optional[Any]:
    """IPython's display in a notebook, else None."""
    ipython: Any = sys.modules.get("IPython")
    return ipython.display.display if ipython is not None and hasattr(ipython.get_ipython(), "kernel") else None


class Teller:
    """Tells of progress while a `with` lasts: calls a function; True: writes a line; None: the line in a terminal or
    notebook and nothing elsewhere; False: nothing."""

    def __init__(self, progress: Told) -> None:
        if not (progress is None or isinstance(progress, bool) or callable(progress)):
            raise TypeError(f"progress is {progress!r}, expected a function, True, False or None")
        self.line: Any = None
        self.hear: Listener = progress if callable(progress) else lambda now: None
        if progress is None or progress is True:
            display, terminal = _notebook(), sys.stderr is not None and sys.stderr.isatty()
            if display is not None:
                self.line = _Notebook(display)
            elif terminal:
                self.line = _Terminal()
            elif progress and sys.stderr is not None:
                self.line = _Log()
        if self.line is not None:
            self.hear = self.line

        self.told = -math.inf

    def __enter__(self) -> Listener:
        return self._tell

    def _tell(self, now: Progress) -> None:
        """Not more often than told, whatever calls; but always the end."""
        if now.share >= 1 or time.monotonic() >= self.told + 0.5 / _LOOKS_A_SECOND:
            self.told = time.monotonic()
            self.hear(now)

    def __exit__(self, *_: object) -> None:
        if self.line is not None:
            self.line.close()


def wait(work: Callable[[], None], stop: Callable[[], None], news: List[Progress], hear: Listener) -> None:
    """Do work in a thread, and tell of its news in this one, where Ctrl-C arrives: nothing of Python waits inside of C.

    :param work: in C, without Python's lock
    :param stop: asks it to end soon; called where hear raises, or Ctrl-C does
    :param news: the newest, which work puts there
    """
    failure: List[BaseException] = []
    done = threading.Event()

    def run() -> None:
        try:
            work()
        except BaseException as error:  # handed to the waiting thread
            failure.append(error)
        finally:
            done.set()

    worker = threading.Thread(target=run, name="deepid")
    try:
        worker.start()
        while not done.wait(1 / _LOOKS_A_SECOND):
            if news:
                hear(news.pop())
    except BaseException:  # what runs ends at its next step, what is done is kept
        stop()
        raise
    finally:
        _join(worker)
    if failure:
        raise failure[0]
    if news:
        hear(news.pop())


def _join(worker: threading.Thread) -> None:
    """Wait for a thread, whatever is pressed: it works in memory that the caller would free."""
    while worker.is_alive():
        try:
            worker.join()
        except KeyboardInterrupt:
            pass
