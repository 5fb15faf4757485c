#!/usr/bin/env python3
"""What is so, by another program: the nets of a calibration task, trained in PyTorch by the task's recipe.   truth.py --build BUILD [--data FOLDER] [--seeds N] TASK.txt...

Of every seed and arm the loss and the share of wrong answers, of training and validation samples, at the end; printed are medians and ranges. Only the samples are the library's (read by ctypes, so that both
have the same ones); nets, starts, order, dropout, optimiser and statistics of batch-norm are PyTorch's. Arms: S and D; D_res, the deep net with identity skips; D_free, it without dropout and weight decay;
D_rate=X, it at another rate; D_batch=X, it with other batches, as many updates. --arms S,D,D_res. Where task files cannot be told apart by what a net's text says (starts other than he, pytorch_default, zero_last),
the program says so and stops."""
import argparse
import ctypes as C
import os
import re
import statistics
from multiprocessing import Pool

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

DATA_SEED, NOISE_SEED, TRAIN_SEED, VALID_SEED = 77, 78, 1, 2  # as calibration/study.c


# ---- the task and its samples --------------------------------------------------------------------------


def read_task(path):
    task = {"batch": "64", "clip": "0", "init": "he", "optimizer": "sgd momentum=0.9", "normalise": "", "noise": "0", "samples": "0", "valid": "0"}
    for line in open(path):
        key, _, value = line.strip().partition(" ")
        if key and not key.startswith("#"):
            task[key] = value.strip()
    task["id"] = os.path.basename(path)[:-4]
    return task


class Library:
    def __init__(self, build):
        self.lib = C.CDLL(os.path.join(build, "libdeepid.so"))
        self.lib.deepid_ctx_error.restype = C.c_char_p
        for name in ("dataset_labels", "tensor_data"):
            getattr(self.lib, "deepid_" + name).restype = C.c_void_p
        for name in ("dataset_count", "dataset_extent"):
            getattr(self.lib, "deepid_" + name).restype = C.c_int64
        self.ctx = C.c_void_p()
        self.lib.deepid_ctx_create(C.byref(self.ctx))

    def call(self, name, *args):
        if getattr(self.lib, "deepid_" + name)(*args):
            raise SystemExit("truth: %s: %s" % (name, self.lib.deepid_ctx_error(self.ctx).decode()))

    def part(self, whole, count, seed):
        out = C.c_void_p()
        if not count or not whole.value:
            return whole
        self.call("dataset_sample", whole, C.c_int64(count), C.c_uint64(seed), C.byref(out))
        return out

    def arrays(self, data):
        n, rank = self.lib.deepid_dataset_count(data), self.lib.deepid_dataset_rank(data)
        shape = [n] + [self.lib.deepid_dataset_extent(data, i) for i in range(rank)]
        tensor, x = C.c_void_p(), np.empty(shape, np.float32)
        self.call("tensor_create", self.ctx, 1, len(shape), (C.c_int64 * len(shape))(*shape), C.byref(tensor))
        self.call("dataset_copy", data, C.c_int64(0), C.c_int64(n), tensor)
        C.memmove(x.ctypes.data, self.lib.deepid_tensor_data(tensor), x.nbytes)
        y = np.ctypeslib.as_array(C.cast(self.lib.deepid_dataset_labels(data), C.POINTER(C.c_int32)), (n,)).astype(np.int64)
        x = torch.from_numpy(x)
        return (x.permute(0, 3, 1, 2).contiguous() if rank == 3 else x), torch.from_numpy(y)

    def read(self, task, folder):
        train, valid = C.c_void_p(), C.c_void_p()
        source = task["data"].replace("{data}", folder or "")
        self.call("dataset_open", self.ctx, source.encode(), C.c_uint64(DATA_SEED), C.byref(train), C.byref(valid))
        train, valid = self.part(train, int(task["samples"]), TRAIN_SEED), self.part(valid, int(task["valid"]), VALID_SEED)
        for data in (valid, train):
            if task["normalise"] and data.value:
                self.call("dataset_normalize", data, task["normalise"].encode(), train)
        if float(task["noise"]):
            self.call("dataset_add_label_noise", train, C.c_double(float(task["noise"])), C.c_uint64(NOISE_SEED))
        return self.arrays(train), self.arrays(valid) if valid.value else None


# ---- nets ------------------------------------------------------------------------------------------------


class Skip(nn.Module):
    def __init__(self, branch):
        super().__init__()
        self.branch = branch

    def forward(self, x):
        return x + self.branch(x)


class Builder:
    def __init__(self, text, skip, free):
        self.skip, self.free = skip, free
        head, _, rest = text.partition(";")
        self.shape = [int(v) for v in head.split()[1].split("x")]
        self.net = nn.Sequential(*self.steps(rest))

    def steps(self, text):
        out, pattern = [], re.compile(r"\s*(?:(\d+)\s*\*\s*)?(\w+)\s*(\{([^}]*)\}|([^;{]*))\s*;?")
        at = 0
        while text[at:].strip():
            m = pattern.match(text, at)
            at = m.end()
            for _ in range(int(m.group(1) or 1)):
                out += self.block(m.group(2), m.group(4)) if m.group(4) is not None else self.layer(m.group(2), dict(w.split("=") for w in m.group(5).split()))
        return out

    def block(self, variant, body):
        branch = nn.Sequential(*self.steps(body))
        if variant not in ("plain", "identity"):
            raise SystemExit("truth: no block '%s' here" % variant)
        return [Skip(branch)] if variant == "identity" or self.skip else [branch]

    def layer(self, kind, o):
        c = self.shape[-1]
        if kind == "dense":
            self.shape = [int(o["out"])]
            return [nn.Linear(c, self.shape[0], bias=o.get("bias", "1") == "1")]
        if kind == "conv2d":
            k, stride = int(o["kernel"]), int(o.get("stride", 1))
            self.shape = [-(-self.shape[0] // stride), -(-self.shape[1] // stride), int(o["out"])]
            return [nn.Conv2d(c, self.shape[2], k, stride, k // 2, bias=o.get("bias", "1") == "1")]
        if kind == "batchnorm":
            return [nn.BatchNorm1d(c) if len(self.shape) == 1 else nn.BatchNorm2d(c)]
        if kind == "flatten":
            self.shape = [int(np.prod(self.shape))]
            return [nn.Flatten()]
        if kind == "global_avgpool":
            self.shape = [c]
            return [nn.AdaptiveAvgPool2d(1), nn.Flatten()]
        if kind == "dropout":
            return [] if self.free else [nn.Dropout(float(o.get("p", 0.5)))]
        return [{"relu": nn.ReLU, "tanh": nn.Tanh, "sigmoid": nn.Sigmoid}[kind]()]


def start(net, init):
    """he: normal, variance 2 / inputs; zero_last: the same, the last scale or weight of each branch 0; pytorch_default: as PyTorch makes it. Biases 0 for the first two."""
    if init == "pytorch_default":
        return
    if init not in ("he", "zero_last"):
        raise SystemExit("truth: no start '%s' here" % init)
    for m in net.modules():
        if isinstance(m, (nn.Linear, nn.Conv2d)):
            nn.init.kaiming_normal_(m.weight, nonlinearity="relu")
            if m.bias is not None:
                nn.init.zeros_(m.bias)
    for m in net.modules() if init == "zero_last" else ():
        if isinstance(m, Skip):
            nn.init.zeros_([k for k in m.branch if getattr(k, "weight", None) is not None][-1].weight)


# ---- training ----------------------------------------------------------------------------------------------


def optimizer_of(net, words, rate, free):
    kind, *rest = words.split()
    o = {k: float(v) for k, v in (w.split("=") for w in rest)}
    decay = 0 if free else o.get("weight_decay", 0)
    if kind == "sgd":
        return torch.optim.SGD(net.parameters(), rate, o.get("momentum", 0), weight_decay=decay)
    return {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[kind](net.parameters(), rate, weight_decay=decay)


def evaluate(net, data):
    with torch.no_grad():
        out = net(data[0])
    return float(F.cross_entropy(out, data[1])), float((out.argmax(1) != data[1]).float().mean())


def all_statistics(net, x):
    """Batch-norm by the statistics of all training samples."""
    for m in net.modules():
        if isinstance(m, (nn.BatchNorm1d, nn.BatchNorm2d)):
            m.reset_running_stats()
            m.momentum = None
    net.train()
    for m in net.modules():
        if isinstance(m, nn.Dropout):
            m.eval()
    with torch.no_grad():
        net(x)
    net.eval()


def run(job):
    task, arm, seed, train, valid = job
    torch.set_num_threads(1)
    torch.manual_seed(1000 + seed)
    word, _, value = arm.partition("=")
    free = word == "D_free"
    net = Builder(task["shallow" if word == "S" else "deep"], word == "D_res", free).net
    start(net, task["init"])
    rate = float(value) if word == "D_rate" else float(task["rate"])
    n, steps = len(train[1]), int(float(task["steps"]))
    batch = int(value) if word == "D_batch" else n if task["batch"] in ("all", "0") else int(task["batch"])
    optimizer, order = optimizer_of(net, task["optimizer"], rate, free), torch.empty(0, dtype=torch.long)
    net.train()
    for step in range(steps):
        if step == int(0.75 * steps):
            for g in optimizer.param_groups:
                g["lr"] *= 0.1
        if len(order) < batch:
            order = torch.randperm(n)
        rows, order = order[:batch], order[batch:]
        optimizer.zero_grad()
        loss = F.cross_entropy(net(train[0][rows]), train[1][rows])
        if not torch.isfinite(loss):
            return arm, seed, (float("inf"), 1.0, float("inf"), 1.0)
        loss.backward()
        if float(task["clip"]):
            nn.utils.clip_grad_norm_(net.parameters(), float(task["clip"]))
        optimizer.step()
    all_statistics(net, train[0])
    return arm, seed, evaluate(net, train) + (evaluate(net, valid) if valid else (float("nan"),) * 2)


def main():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("tasks", nargs="+")
    p.add_argument("--build", required=True)
    p.add_argument("--data")
    p.add_argument("--arms", default="S,D")
    p.add_argument("--seeds", type=int, default=10)
    p.add_argument("--processes", type=int, default=os.cpu_count())
    o = p.parse_args()
    library = Library(o.build)
    for path in o.tasks:
        task = read_task(path)
        train, valid = library.read(task, o.data)
        arms = o.arms.split(",")
        with Pool(o.processes) as pool:
            got = pool.map(run, [(task, a, s, train, valid) for a in arms for s in range(o.seeds)], chunksize=1)
        for arm in arms:
            rows = np.array([v for a, _, v in got if a == arm])
            texts = ["%s %.3g [%.3g, %.3g]" % (name, statistics.median(c), min(c), max(c)) for name, c in zip(("loss", "wrong", "valid loss", "valid wrong"), rows.T)]
            print("%-4s %-12s %s" % (task["id"], arm, "   ".join(texts)), flush=True)


if __name__ == "__main__":
    main()
