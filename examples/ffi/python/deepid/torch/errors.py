"""What can go wrong, said in one line."""


class StudyError(Exception):
    """A study that cannot be run as it was asked for: what it is, what was expected."""


class Diverged(Exception):
    """A training met a loss that is not finite. A train function of your own may raise it: the run is recorded as one
    that diverged."""


class Stopped(BaseException):
    """Ctrl-C or SIGTERM: what is done stays, the task that runs begins anew another time."""
