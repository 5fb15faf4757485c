#!/usr/bin/env python3
"""Did both train the same?   study_beside.py OURS THEIRS: the folders of depth_study and of study.py. Refuses other parameters, updates or looks; prints the final losses of each arm, seed by seed,
and the means. Starts and shuffles differ, so with four seeds or more it also refuses an arm whose mean training losses differ by more than 3.5 standard errors; with fewer it says that it cannot tell.
study_same.py compares step by step instead."""
import csv
import json
import math
import os
import statistics
import struct
import sys

SEEDS_ENOUGH, ERRORS_MOST = 4, 3.5


def read(*path):
    with open(os.path.join(*path), encoding="utf-8") as file:
        return file.read()


def parameters_of(path):
    """What is trained of a safetensors file: all but batch-norm's running statistics."""
    with open(path, "rb") as file:
        header = json.loads(file.read(*struct.unpack("<Q", file.read(8))))
    return sum(math.prod(entry["shape"]) for name, entry in header.items() if name != "__metadata__" and "running" not in name)


def ours_of(folder):
    """A row of results.csv is a task's file with the same seed and loss."""
    tasks = {}
    for name in os.listdir(os.path.join(folder, "tasks")):
        task = json.loads(read(folder, "tasks", name))
        seed = task["config"].split("\nseed=")[1].split("\n")[0]
        tasks[seed, task["train_loss"]] = task | {"net": os.path.join(folder, "nets", name.replace(".json", ".safetensors"))}
    for row in csv.DictReader(read(folder, "results.csv").splitlines()):
        task = tasks[row["seed"], float(row["train_loss"])]
        yield (row["arm"], int(row["seed"])), (parameters_of(task["net"]), task["updates"], len(task["history"])), float(row["train_loss"]), float(row["valid_loss"])


def theirs_of(folder):
    return {(r["arm"], r["seed"]): ((r["parameters"], r["steps"], len(r["history"])), r["history"][-1][0], r["history"][-1][2]) for r in json.loads(read(folder, "results.json"))}


def judge(arm, ours, theirs):
    """Of one arm's training losses: the means, and their difference in standard errors of it (Welch)."""
    error = math.sqrt(sum(statistics.variance(x) / len(x) for x in (ours, theirs))) if len(ours) > 1 else math.inf
    difference = statistics.mean(ours) - statistics.mean(theirs)
    told = len(ours) >= SEEDS_ENOUGH
    print(f"arm={arm} seeds={len(ours)} mean_train_loss={statistics.mean(ours):.4f} peer_mean_train_loss={statistics.mean(theirs):.4f} difference={difference:.4f} standard_error={error:.4f}"
          + ("" if told else " judged=no-too-few-seeds"))
    return told and abs(difference) > ERRORS_MOST * error


def main():
    ours, theirs = list(ours_of(sys.argv[1])), theirs_of(sys.argv[2])
    if sorted(key for key, *_ in ours) != sorted(theirs):
        raise SystemExit(f"ours has the nets {sorted(key for key, *_ in ours)}, theirs {sorted(theirs)}")
    losses = {}
    for (arm, seed), sizes, train_loss, valid_loss in ours:
        their_sizes, their_train_loss, their_valid_loss = theirs[arm, seed]
        if sizes != their_sizes:
            raise SystemExit(f"{arm}, seed {seed}: parameters, updates and looks are {sizes} in ours, {their_sizes} in theirs")
        print(f"arm={arm} seed={seed} parameters={sizes[0]} updates={sizes[1]} looks={sizes[2]} train_loss={train_loss:.4f} peer_train_loss={their_train_loss:.4f} "
              f"valid_loss={valid_loss:.4f} peer_valid_loss={their_valid_loss:.4f}")
        losses.setdefault(arm, ([], []))
        losses[arm][0].append(train_loss)
        losses[arm][1].append(their_train_loss)
    apart = [arm for arm in losses if judge(arm, *losses[arm])]
    if apart:
        raise SystemExit(f"final training losses differ by more than chance in {', '.join(apart)}")


main()
