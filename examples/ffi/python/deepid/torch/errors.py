"""What can go wrong, said in one line."""


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
        frame = error.__traceback__
        while frame is not None and frame.tb_next is not None:
            frame = frame.tb_next
        ours = isinstance(error, StudyError)
        where = f" ({frame.tb_frame.f_code.co_filename}:{frame.tb_lineno})" if frame is not None and not ours else ""
        kind = kind or ("" if ours else type(error).__name__)
        said = (str(error).strip().splitlines() or [""])[0]
        super().__init__(f"task {number} ({label}): {kind}{': ' if kind and said else ''}{said}{where}")
