"""The loop that takes tasks nobody has, runs them and publishes what they give."""
from __future__ import annotations

import contextlib
import signal
import threading
import time
from typing import TYPE_CHECKING, Any, Callable, Dict, Iterator, List, Optional, Tuple

import torch

from .claims import Claims
from .errors import Stopped, StudyError, TaskError
from .gather import gather
from .plan import Plan, State, Task
from .tasks import TaskFolder, sweep
from .worker import Job

if TYPE_CHECKING:
    from .study import Study

Say = Callable[[str], None]
#: Seconds between two looks at tasks that others have.
WAIT = 0.5


def run(study: "Study", task: Optional[int], shard: Optional[Tuple[int, int]], say: Say) -> int:
    """How many tasks failed."""
    plan = study.plan()
    chosen = chosen_tasks(plan, task, shard)
    plan.settle_in(study.folder)
    sweep(study.folder)
    state = State(plan, TaskFolder(study.folder))
    if group_rank():
        return follow(study, state)
    loop = Loop(study, state, say)
    try:
        with signals(study):
            loop.run(state.wanted(chosen))
    except BaseException:
        with contextlib.suppress(OSError):  # what ended the run is told, be the disk full or not
            gather(study.folder)
        raise
    gather(study.folder)
    tell_group(None)
    return len(loop.failed)


def chosen_tasks(plan: Plan, task: Optional[int], shard: Optional[Tuple[int, int]]) -> List[Task]:
    """All tasks, one, or every n-th."""
    if task is not None:
        if not 0 <= task < len(plan.tasks):
            raise StudyError(f"task {task}: expected 0 to {len(plan.tasks) - 1}")
        return [plan.tasks[task]]
    return plan.tasks if shard is None else plan.tasks[shard[0]::shard[1]]


@contextlib.contextmanager
def signals(study: "Study") -> Iterator[None]:
    """Ctrl-C and SIGTERM end the task that runs before its next step; a second Ctrl-C at once."""
    study.stop = False

    def hear(number: int, _frame: Any) -> None:
        study.stop = True
        study.stopped_by = number
        signal.signal(signal.SIGINT, signal.default_int_handler)
        if study.train is not None:  # a loop of the user's does not ask
            raise Stopped

    if threading.current_thread() is not threading.main_thread():
        yield
        return
    was = {number: signal.signal(number, hear) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in was.items():
            signal.signal(number, handler)


# ---- all ranks of torchrun train one net ------------------------------------------------------------------------

def group_rank() -> int:
    """0 where there is no group, or of the one that leads it."""
    return torch.distributed.get_rank() if torch.distributed.is_available() and torch.distributed.is_initialized() else 0


def join_group(study: "Study") -> None:
    """Make the group of all ranks, for a train function that does DDP."""
    if study.train is None:
        raise StudyError("--ddp: the study has no train function of its own; without --ddp each rank takes tasks for itself")
    try:
        torch.distributed.init_process_group("nccl" if study.device.type == "cuda" else "gloo")
    except ValueError as error:
        raise StudyError(f"--ddp: {str(error).splitlines()[0]}; expected to be run by torchrun") from None


def leave_group() -> None:
    """Its threads have to end before the process does, or that is aborted."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.destroy_process_group()


def tell_group(task: Optional[Task]) -> None:
    """Which task all ranks train now; None: no more."""
    if torch.distributed.is_available() and torch.distributed.is_initialized():
        torch.distributed.broadcast_object_list([None if task is None else (task.number, task.config)], src=0)


def follow(study: "Study", state: State) -> int:
    """Train what the first rank takes; it alone publishes."""
    while True:
        told: List[Any] = [None]
        torch.distributed.broadcast_object_list(told, src=0)
        if told[0] is None:
            return 0
        number, config = told[0]
        task = state.plan.tasks[number]
        task.configure(config)
        state.folder.look()
        Job(study, state, task, study.device).run()


class Loop:
    """One process's work on a folder."""

    def __init__(self, study: "Study", state: State, say: Say) -> None:
        self.study, self.state, self.say = study, state, say
        self.claims = Claims(study.folder)
        self.failed: List[Task] = []

    def run(self, wanted: List[Task]) -> None:
        """Until all of them are done, by whomever; or what is left stands on one that failed. What tuning does not need
        now it may need later: each is asked again."""
        while left := [one for one in wanted if not self.state.done(one) and one not in self.failed]:
            self.study.check_stop()
            ready = [one for one in left if self.state.ready(one)]
            if self.failed and not ready:
                break
            if not any(self.take(one) for one in ready):
                time.sleep(WAIT)
                self.state.folder.look()

    def take(self, task: Task) -> bool:
        """Run a task, if nobody else has it."""
        claim = self.claims.take(task.name)
        if claim is None:
            return False
        try:
            self.state.folder.look()
            if self.state.result(task) is None:
                self.work(task)
            return True
        finally:
            claim.give_back()

    def work(self, task: Task) -> None:
        """Lack of memory fails this task alone; what else goes wrong ends the run. Both name the task."""
        tell_group(task)
        try:
            result = Job(self.study, self.state, task, self.study.device).run()
        except (torch.OutOfMemoryError, MemoryError) as error:
            self.failed.append(task)
            if self.study.device.type == "cuda":
                torch.cuda.empty_cache()
            self.say(str(TaskError(task.number, task.label, error, "out of memory")))
            return
        except Exception as error:
            raise TaskError(task.number, task.label, error) from error
        self.state.folder.publish(task.name, result)
        self.say(f"task {task.number} ({task.label}): {said(result['run'])}, {result['run']['seconds']:.1f} s")


def said(run: Dict[str, Any]) -> str:
    """How a task ended."""
    if "reason" in run:
        return f"left out: {run['reason']}"
    return "diverged" if run["diverged"] else f"training loss {run['train_loss']:.4g}"
