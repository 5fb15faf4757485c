#!/usr/bin/env python3
"""What would a study take on many nodes?   cluster.py FOLDER [--tasks N] [--seconds S] [--nodes LIST] [--cores N] ...

A simulation, not a measurement. FOLDER is a study that is done: which arms it has, how long their nets are beside each
other, how many rates were tuned, and what stands on what. Its seeds are repeated until there are N tasks, and its nets
lengthened until one takes S seconds in the mean. One process a node, one net a core; a core that is free takes the
longest task that can begin, as lib/study/run.c does. Then the shared folder: how long its server works to answer what
the processes ask of it, at so many answers a second, when all share all tasks and when each has a shard. Where that is
longer than the simulated time, it is what the study takes. Prints a table in Markdown.
"""
import argparse
import csv
import heapq
import os
import random
import statistics

OWN_OPERATIONS = 36     # of a task that is done: claim, net, result, unclaim; strace -c, docs/cluster.md
LOOK_OPERATIONS = 6     # of every process at every task: is there a result? read it; is a claim left?
SHARD_OPERATIONS = 1    # of every shard at every task, when it begins: is there a result?


def rows(folder, name):
    with open(os.path.join(folder, name), newline="") as file:
        return list(csv.DictReader(file))


def tuned_by(arm, tuned):
    """The arm whose tuning runs must be done first: its own, or that of the net it is a variant of."""
    if arm in ("S", "D") or arm.startswith("depth:"):
        return None
    if arm in tuned:
        return arm
    shallow = arm == "W0" or arm.startswith(("S_", "WT"))
    return "S_rate" if shallow else "D_rate"


def make_tasks(folder, count, mean, seed):
    """[seconds, tuning waited for, arm waited for, arm, seed] of each task, and how many tuning runs each arm has."""
    draw = random.Random(seed)
    lengths = {}
    for row in rows(folder, "results.csv"):
        lengths.setdefault(row["arm"], []).append(float(row["seconds"]))
    runs = {}
    for row in rows(folder, "tuning.csv"):
        runs[row["arm"]] = runs.get(row["arm"], 0) + 1
    tasks = []
    for arm, number in runs.items():
        like = lengths.get(arm) or lengths["S" if arm == "S_rate" else "D"]
        tasks += [[draw.choice(like), None, None, "tuning of " + arm, i] for i in range(number)]
    base = "S_rate" if "S_rate" in lengths else "S"
    seeds = (count - len(tasks)) // len(lengths) if count else len(lengths["S"])
    for i in range(max(1, seeds)):
        for arm, like in lengths.items():
            on = base if arm in ("W0", "S_fine") or arm.startswith("WT") else None
            tasks.append([draw.choice(like), tuned_by(arm, runs), on, arm, i])
    scale = mean / statistics.mean(task[0] for task in tasks) if mean else 1
    for task in tasks:
        task[0] *= scale
    return tasks, runs


class Plan:
    """Which tasks can begin, the longest first."""

    def __init__(self, tasks, runs):
        self.tasks, self.left = tasks, dict(runs)
        self.ready, self.waiting, self.done = [], [], set()
        for number in range(len(tasks)):
            self.offer(number)

    def can_begin(self, task):
        _, tuning, on, _, seed = task
        tuned = tuning is None or (not self.left.get(tuning) and not self.left.get("S_rate"))
        return tuned and (on is None or (on, seed) in self.done)

    def offer(self, number):
        if self.can_begin(self.tasks[number]):
            heapq.heappush(self.ready, (-self.tasks[number][0], number))
        else:
            self.waiting.append(number)

    def finish(self, number):
        _, _, _, arm, seed = self.tasks[number]
        if arm.startswith("tuning of "):
            self.left[arm[10:]] -= 1
            news = not self.left[arm[10:]]
        else:
            self.done.add((arm, seed))
            news = arm in ("S", "S_rate")
        if news:
            waiting, self.waiting = self.waiting, []
            for other in waiting:
                self.offer(other)


def simulate(tasks, runs, cores):
    """The second in which the last task ends."""
    plan, running, now = Plan(tasks, runs), [], 0.0
    while plan.ready or running:
        while plan.ready and len(running) < cores:
            _, number = heapq.heappop(plan.ready)
            heapq.heappush(running, (now + tasks[number][0], number))
        now, number = heapq.heappop(running)
        plan.finish(number)
    assert not plan.waiting, "tasks wait for each other"
    return now


def words(seconds):
    if seconds < 120:
        return "%.3g s" % seconds
    return "%.3g min" % (seconds / 60) if seconds < 7200 else "%.3g h" % (seconds / 3600)


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("folder")
    p.add_argument("--tasks", type=int, default=0, help="about so many (as in the folder)")
    p.add_argument("--seconds", default="", help="of a net in the mean; several with commas (as in the folder)")
    p.add_argument("--nodes", default="1,8,64,512")
    p.add_argument("--cores", type=int, default=16, help="of a node (16)")
    p.add_argument("--rate", type=float, default=5000, help="answers a second of the folder's server (5000)")
    p.add_argument("--seed", type=int, default=1)
    o = p.parse_args()
    print("| a net takes | nodes | cores | all work / cores | simulated | cores at work | files, all share | files, shards |")
    print("| --- | --- | --- | --- | --- | --- | --- | --- |")
    for seconds in [float(s) for s in o.seconds.split(",")] if o.seconds else [0.0]:
        tasks, runs = make_tasks(o.folder, o.tasks, seconds, o.seed)
        work = sum(task[0] for task in tasks)
        for nodes in [int(n) for n in o.nodes.split(",")]:
            cores = nodes * o.cores
            end = simulate(tasks, runs, cores)
            files = [len(tasks) * (OWN_OPERATIONS + nodes * each) / o.rate for each in (LOOK_OPERATIONS, SHARD_OPERATIONS)]
            print("| %s | %d | %d | %s | %s | %.0f %% | %s | %s |" % (
                words(work / len(tasks)), nodes, cores, words(work / cores), words(end), 100 * work / cores / end,
                words(files[0]), words(files[1])))
    print("\n%d tasks of %s; the longest %.1f times the mean; draws with seed %d" % (
        len(tasks), o.folder, max(task[0] for task in tasks) * len(tasks) / work, o.seed))


if __name__ == "__main__":
    main()
