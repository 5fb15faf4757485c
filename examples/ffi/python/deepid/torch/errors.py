"""What can go wrong, said in one line."""
from pathlib import Path
from types import TracebackType
from typing import List, Optional

import torch

#: Whose lines are not the user's.
NOT_THEIRS = (str(Path(torch.__file__).parent), str(Path(__file__).parent))


def place_of(error: BaseException) -> str:
    """What was raised, and where: the user's last line, or where there is none the last one."""
    places: List[str] = []
    frame: Optional[TracebackType] = error.__traceback__
    while frame is not None:
        places.append(f"{frame.tb_frame.f_code.co_filename}:{frame.tb_lineno}")
        frame = frame.tb_next
    theirs = [one for one in places if not one.startswith(NOT_THEIRS)]
    said = next((line for line in str(error).strip().splitlines() if line.strip()), "")
    where = (theirs or places or [""])[-1]
    return said + (f" ({where})" if where else "")



class StudyError(Exception):
    """A study that cannot be run as it was asked for: what it is, what was expected."""


class Diverged(Exception):
    """A training met a loss that is not finite. A train function of your own may raise it: the run is recorded as one
    that diverged."""


class Stopped(KeyboardInterrupt):
    """Ctrl-C or SIGTERM: what is done stays, the task that runs begins anew another time."""


class TaskError(StudyError):
    """A task that went wrong: which one, what, and where."""

    def __init__(self, number: int, label: str, error: BaseException, kind: str = "") -> None:
        ours = isinstance(error, StudyError)
        said = str(error) if ours else place_of(error)
        kind = kind or ("" if ours else type(error).__name__)
        super().__init__(f"task {number} ({label}): {kind}{': ' if kind and said else ''}{said}")
