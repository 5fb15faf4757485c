"""The folder's tables: gathered from the task files, at any time, by anybody, to the same bytes."""
from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any, Dict, List, Sequence

from .arms import IMPOSSIBLE, NO_QUESTION, Arm
from .plan import Plan, State
from .probe import together
from .tasks import TaskFolder, replace_text, to_json

RUN = ["arm", "seed", "train_loss", "train_error", "valid_loss", "valid_error", "best_valid_loss", "diverged", "penalty",
       "objective", "batch_loss", "batch8_loss", "moving_loss", "difference", "equal", "epochs", "updates", "rate", "seconds"]
POINT = ["arm", "seed", "epoch", "train_loss", "train_error", "valid_loss", "valid_error", "lr"]
ARM = ["arm", "depth", "said", "reason", "left_out"]
TRY = ["arm", "rate", "seed", "train_loss", "diverged", "chosen", "noise"]


def gather(folder: Path) -> int:
    """Write results.csv, history.csv, arms.csv, tuning.csv and evidence.json of what is done; how many runs that is.
    Once more where a task was published meanwhile: of several that gather at once, the last one has all."""
    plan = Plan.read(folder)
    tasks = TaskFolder(folder)
    while True:
        known = set(tasks.names)
        runs = _gather(folder, State(plan, tasks))
        if tasks.look() == known:
            return runs


def _gather(folder: Path, state: State) -> int:
    plan = state.plan
    runs: List[Dict[str, Any]] = []
    points: List[Dict[str, Any]] = []
    probes: List[Dict[str, Any]] = []
    for task in plan.tasks[:plan.nets]:
        found = state.result(task) if state.needed(task) else None
        if found is None or "reason" in found["run"]:
            continue
        probes += [found["probe"]] if found.get("probe") else []
        about = {"arm": task.arm.word, "seed": task.seed}
        runs.append({**found["run"], **about})
        points.extend({**point, **about} for point in found["history"])
    _write(folder / "arms.csv", ARM, [_arm_row(state, one) for one in plan.arms])
    _write(folder / "results.csv", RUN, runs)
    _write(folder / "history.csv", POINT, points)
    _write(folder / "tuning.csv", TRY, state.tuning.rows())
    replace_text(folder / "evidence.json", to_json({"format": 1, **plan.facts, **together(probes)}))
    return len(runs)


def _arm_row(state: State, arm: Arm) -> Dict[str, Any]:
    """Its words; and why it has no runs, which only a task may have found."""
    row = {"arm": arm.word, "depth": depth_of(state.plan, arm.net), "said": arm.said, "reason": arm.reason,
           "left_out": arm.left_out}
    if arm.reason is not None:
        return row
    if arm.tunes and state.tuning.choice(arm.word) is not None and not state.needed_at_all(arm):
        return {**row, "reason": "tuning found no better rate than the recipe's", "left_out": NO_QUESTION}
    found = [state.result(state.plan.find(arm.word, seed)) for seed in state.plan.all_seeds()]
    reasons = [one["run"].get("reason") for one in found if one is not None]
    if reasons and all(reasons):
        return {**row, "reason": reasons[0], "left_out": IMPOSSIBLE}
    return row


def depth_of(plan: Plan, net: str) -> int:
    """Of an arm's net."""
    return int(plan.fixed["shallow"] if net == "shallow" else plan.fixed["deep"] if net in ("deep", "skip", "own") else net)


def _write(path: Path, columns: Sequence[str], rows: List[Dict[str, Any]]) -> None:
    """A table; columns that no row knows are left out."""
    kept = [one for one in columns if one in columns[:2] or any(row.get(one) is not None for row in rows)]
    text = io.StringIO()
    out = csv.writer(text, lineterminator="\n")
    out.writerow(kept)
    for row in rows:
        out.writerow([_cell(row.get(one)) for one in kept])
    replace_text(path, text.getvalue())


def _cell(value: Any) -> str:
    """A number that is not known is an empty cell."""
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return ""
    return repr(value) if isinstance(value, float) else str(value)
