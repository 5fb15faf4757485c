"""The folder's tables: gathered from the task files, at any time, by anybody, to the same bytes."""
from __future__ import annotations

import csv
import io
import math
from pathlib import Path
from typing import Any, Dict, List, Sequence

from .plan import Plan, State
from .tasks import TaskFolder, replace_text, to_json

RUN = ["arm", "seed", "train_loss", "train_error", "valid_loss", "valid_error", "best_valid_loss", "diverged", "penalty",
       "objective", "batch_loss", "batch8_loss", "moving_loss", "equal", "epochs", "updates", "rate", "seconds"]
POINT = ["arm", "seed", "epoch", "train_loss", "train_error", "valid_loss", "valid_error", "lr"]
ARM = ["arm", "depth", "said", "reason", "left_out"]
TRY = ["arm", "rate", "seed", "train_loss", "diverged", "chosen", "noise"]


def gather(folder: Path) -> int:
    """Write results.csv, history.csv, arms.csv, tuning.csv and evidence.json of what is done; how many runs that is."""
    plan = Plan.read(folder)
    state = State(plan, TaskFolder(folder))
    runs: List[Dict[str, Any]] = []
    points: List[Dict[str, Any]] = []
    for task in plan.tasks[:plan.nets]:
        found = state.result(task) if state.needed(task) else None
        if found is None or "reason" in found["run"]:
            continue
        about = {"arm": task.arm.word, "seed": task.seed}
        runs.append({**found["run"], **about})
        points.extend({**point, **about} for point in found["history"])
    arms = [{"arm": one.word, "depth": depth_of(plan, one.net), "said": one.said, "reason": one.reason,
             "left_out": one.left_out} for one in plan.arms]
    _write(folder / "arms.csv", ARM, arms)
    _write(folder / "results.csv", RUN, runs)
    _write(folder / "history.csv", POINT, points)
    replace_text(folder / "evidence.json", to_json({"format": 1, **plan.facts}))
    return len(runs)


def depth_of(plan: Plan, net: str) -> int:
    """Of an arm's net."""
    return int(plan.fixed["shallow"] if net == "shallow" else plan.fixed["deep"] if net in ("deep", "skip") else net)


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
