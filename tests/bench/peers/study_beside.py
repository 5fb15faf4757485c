#!/usr/bin/env python3
"""Did both train the same?   study_beside.py OURS THEIRS: the folders of depth_study and of study.py. Refuses other parameters, updates or looks; prints the final losses of each arm, seed by seed."""
import csv
import json
import math
import os
import struct
import sys


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


def main():
    ours, theirs = list(ours_of(sys.argv[1])), theirs_of(sys.argv[2])
    if sorted(key for key, *_ in ours) != sorted(theirs):
        raise SystemExit(f"ours has the nets {sorted(key for key, *_ in ours)}, theirs {sorted(theirs)}")
    for (arm, seed), sizes, train_loss, valid_loss in ours:
        their_sizes, their_train_loss, their_valid_loss = theirs[arm, seed]
        if sizes != their_sizes:
            raise SystemExit(f"{arm}, seed {seed}: parameters, updates and looks are {sizes} in ours, {their_sizes} in theirs")
        print(f"arm={arm} seed={seed} parameters={sizes[0]} updates={sizes[1]} looks={sizes[2]} train_loss={train_loss:.4f} peer_train_loss={their_train_loss:.4f} "
              f"valid_loss={valid_loss:.4f} peer_valid_loss={their_valid_loss:.4f}")


main()
