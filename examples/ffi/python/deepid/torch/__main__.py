"""python -m deepid.torch: runs studies, task by task."""
from __future__ import annotations

import argparse
import runpy
import signal
import sys
from pathlib import Path
from typing import Any, List, Optional, Tuple

from .errors import Stopped, StudyError, TaskError
from .gather import gather
from .plan import State
from .run import join_group, leave_group
from .study import Study
from .tasks import TaskFolder


def load(name: str) -> Study:
    """The study of FILE.py, or of FILE.py:NAME."""
    path, _, word = name.partition(":")
    if not Path(path).is_file():
        raise StudyError(f"{path}: no such file; expected a Python file that makes a Study")
    sys.path.insert(0, str(Path(path).resolve().parent))
    found = {key: one for key, one in runpy.run_path(path, run_name="study").items() if isinstance(one, Study)}
    if word and word in found:
        return found[word]
    if word or len(found) != 1:
        raise StudyError(f"{path}: it has {', '.join(found) or 'no Study'}; expected "
                         + (f"one that is called {word}" if word else "one, or FILE:NAME"))
    return next(iter(found.values()))


def shard_of(text: str) -> Tuple[int, int]:
    """I/N, counted from 0."""
    i, slash, n = text.partition("/")
    if not slash or not i.isdigit() or not n.isdigit() or not 0 <= int(i) < int(n):
        raise argparse.ArgumentTypeError(f"it is '{text}', expected I/N with 0 <= I < N")
    return int(i), int(n)


def parse(words: List[str]) -> Any:
    parser = argparse.ArgumentParser(prog="python -m deepid.torch", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (("run", "run tasks that nobody has, and gather"), ("list", "all tasks, with their numbers"),
                        ("status", "how much is done"), ("gather", "write the tables of what is done")):
        one = commands.add_parser(name, help=about, description=about)
        one.add_argument("what", metavar="DIR" if name == "gather" else "STUDY.py",
                         help="a folder" if name == "gather" else "a file that makes a Study, or FILE:NAME")
        if name != "gather":
            one.add_argument("--out", metavar="DIR", help="the folder, instead of the study's own")
        if name == "run":
            one.add_argument("--ddp", action="store_true", help="all ranks of torchrun train one net, by the study's train")
            some = one.add_mutually_exclusive_group()
            some.add_argument("--task", type=int, metavar="N", help="this one, and what it stands on")
            some.add_argument("--shard", type=shard_of, metavar="I/N", help="every N-th, starting with I (0-based)")
    return parser.parse_args(words)


def run(study: Study, asked: Any) -> int:
    """0: done; 1: a task had not enough memory; 128 + n: stopped by a signal."""
    try:
        if asked.ddp:
            join_group(study)
        failed = study.run(task=asked.task, shard=asked.shard, say=tell)
        leave_group()
        return 1 if failed else 0
    except (Stopped, KeyboardInterrupt):
        tell(f"stopped; what is done is in {study.folder}, and the same command goes on")
        return 128 + (study.stopped_by or signal.SIGINT)


def show(study: Study, each: bool) -> int:
    """The tasks with their numbers, or how many are done. What tuning has not asked for yet, or no more, needs no run."""
    plan = study.plan()
    state = State(plan, TaskFolder(study.folder))
    words = ["not needed" if not state.needed(one) else "to do" if state.result(one) is None else "done"
             for one in plan.tasks]
    if each:
        for task, word in zip(plan.tasks, words):
            print(task.number, task.label, word, sep="\t")
        for arm in plan.arms:
            if arm.reason is not None:
                print("-", arm.word, f"left out: {arm.reason}", sep="\t")
    else:
        print(f"{study.folder}: {len(plan.tasks)} tasks, numbered from 0: " +
              ", ".join(f"{words.count(word)} {word}" for word in ("done", "to do", "not needed")))
    return 0


def tell(line: str) -> None:
    """Progress and messages."""
    print(line, file=sys.stderr, flush=True)


def main(words: Optional[List[str]] = None) -> int:
    """Exit status 0: done; 1: a task failed; 2: wrong words, study or folder; 130, 143: Ctrl-C, SIGTERM."""
    asked = parse(sys.argv[1:] if words is None else words)
    try:
        if asked.command == "gather":
            print(f"{asked.what}: {gather(Path(asked.what))} runs")
            return 0
        study = load(asked.what)
        if asked.out:
            study.folder = Path(asked.out)
        if asked.command == "run":
            return run(study, asked)
        return show(study, asked.command == "list")
    except TaskError as error:
        tell(f"deepid.torch: {error}")
        return 1
    except OSError as error:
        tell(f"deepid.torch: {error.filename or asked.what}: {error.strerror or error}; what is done stays, "
             "and the same command goes on")
        return 1
    except StudyError as error:
        print(f"deepid.torch: {error}", file=sys.stderr)
        return 2


if __name__ == "__main__":
    sys.exit(main())
