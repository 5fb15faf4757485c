#!/usr/bin/env python3
"""The recipe of depth_study on pictures in IDX files, in PyTorch on the CPU: arms S, D and D_res, every arm with every seed, one net a process. A whole program: data read, nets trained, looked at,
results written. Prints one line of key=value for each arm; study.sh runs it in turn with depth_study, and study_beside.py says how near the losses are."""
import argparse
import json
import multiprocessing
import os
import time

import numpy as np
import torch
from torch import nn
from torch.nn import functional as F

from picture_net import picture_net
from study_data import CLASSES, read_half

STATISTICS_SAMPLES, STATISTICS_BATCH = 1024, 128


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("data", help="folder of IDX files, gzipped; all of it is taken (study_data.py draws a part)")
    p.add_argument("out", help="folder for the results and the nets; made if need be")
    p.add_argument("--depths", default="8,32", help="of S and of D")
    p.add_argument("--width", type=int, default=8)
    p.add_argument("--seeds", type=int, default=2)
    p.add_argument("--epochs", type=int, default=6)
    p.add_argument("--batch", type=int, default=64)
    p.add_argument("--looks", type=int, default=3, help="at the losses while training; one more at its end")
    p.add_argument("--evaluation-batch", type=int, default=64)
    p.add_argument("--processes", type=int, default=2)
    p.add_argument("--threads", type=int, default=1, help="of a process")
    return p.parse_args()


# ---- data: both halves, normalised by the training half


def read_part(folder, name):
    pictures, labels = read_half(folder, name)
    return pictures.astype(np.float32)[:, None], labels.astype(np.int64)


def to_torch(pictures, labels, mean, deviation):
    return torch.from_numpy((pictures - mean) / deviation).contiguous(memory_format=torch.channels_last), torch.from_numpy(labels)


def read_data(o):
    train = read_part(o.data, "train")
    valid = read_part(o.data, "t10k")
    mean, deviation = train[0].mean(dtype=np.float64).astype(np.float32), train[0].std(dtype=np.float64).astype(np.float32)
    return to_torch(*train, mean, deviation), to_torch(*valid, mean, deviation)


# ---- looks: statistics of the population, then loss and error of all samples


def norms_of(net):
    return [m for m in net.modules() if isinstance(m, nn.BatchNorm2d)]


def measure_statistics(net, x):
    """momentum None is PyTorch's cumulative average over batches."""
    for norm in norms_of(net):
        norm.reset_running_stats()
        norm.momentum = None
    net.train()
    for batch in x[:STATISTICS_SAMPLES].split(STATISTICS_BATCH):
        net(batch)
    for norm in norms_of(net):
        norm.momentum = 0.1


def evaluate(net, data, batch):
    net.eval()
    loss = wrong = 0
    for x, labels in zip(data[0].split(batch), data[1].split(batch)):
        logits = net(x)
        loss += F.cross_entropy(logits, labels, reduction="sum").item()
        wrong += (logits.argmax(1) != labels).sum().item()
    return loss / len(data[1]), wrong / len(data[1])


def look(net, train, valid, o):
    kept = [(norm.running_mean.clone(), norm.running_var.clone()) for norm in norms_of(net)]
    with torch.no_grad():
        measure_statistics(net, train[0])
        point = *evaluate(net, train, o.evaluation_batch), *evaluate(net, valid, o.evaluation_batch)
        for norm, (mean, variance) in zip(norms_of(net), kept):
            norm.running_mean.copy_(mean)
            norm.running_var.copy_(variance)
    net.train()
    return point


# ---- one net: SGD with momentum, decay of weights but not of batch-norm, the rate divided by 10 after three quarters


def optimizer_of(net):
    weights = [p for p in net.parameters() if p.dim() > 1]
    others = [p for p in net.parameters() if p.dim() == 1]
    return torch.optim.SGD([{"params": weights, "weight_decay": 1e-4}, {"params": others}], lr=0.05, momentum=0.9, fused=True)


def train_net(depth, skip, seed, train, valid, o):
    torch.manual_seed(seed)
    net = picture_net(depth, o.width, skip, CLASSES).to(memory_format=torch.channels_last).train()
    sgd = optimizer_of(net)
    each = len(train[1]) // o.batch
    steps = o.epochs * each
    history = [look(net, train, valid, o)]
    for step in range(steps):
        if step % each == 0:
            order = torch.randperm(len(train[1])).split(o.batch)
        if step == -(-3 * steps // 4):
            for group in sgd.param_groups:
                group["lr"] /= 10
        rows = order[step % each]
        sgd.zero_grad(set_to_none=True)
        F.cross_entropy(net(train[0][rows]), train[1][rows]).backward()
        sgd.step()
        if len(history) < o.looks and step + 1 < steps and step + 1 >= steps * len(history) // o.looks:
            history.append(look(net, train, valid, o))
    history.append(look(net, train, valid, o))
    return net, steps, history


# ---- the study: the dearest nets first, one a process


def nets_of(o):
    shallow, deep = (int(d) for d in o.depths.split(","))
    arms = [("D_res", deep, True), ("D", deep, False), ("S", shallow, False)]
    return [(arm, depth, skip, seed) for arm, depth, skip in arms for seed in range(1, o.seeds + 1)]


def run(task):
    arm, depth, skip, seed = task
    torch.set_num_threads(given["options"].threads)
    start = time.perf_counter()
    net, steps, history = train_net(depth, skip, seed, given["train"], given["valid"], given["options"])
    torch.save(net.state_dict(), os.path.join(given["options"].out, f"{arm}-{seed}.pt"))
    return {"arm": arm, "depth": depth, "seed": seed, "parameters": sum(p.numel() for p in net.parameters()), "steps": steps, "history": history, "seconds": time.perf_counter() - start}


given = {}  # what processes inherit by fork


def main():
    o = options()
    os.makedirs(o.out, exist_ok=True)
    torch.set_num_threads(o.threads)
    train, valid = read_data(o)
    given.update(options=o, train=train, valid=valid)
    if o.processes == 1:
        results = [run(task) for task in nets_of(o)]
    else:
        with multiprocessing.get_context("fork").Pool(o.processes) as pool:
            results = pool.map(run, nets_of(o), chunksize=1)
    with open(os.path.join(o.out, "results.json"), "w") as file:
        json.dump(results, file)
    for r in results:
        loss, error, valid_loss, valid_error = r["history"][-1]
        print(f"peer=torch-{torch.__version__} arm={r['arm']} depth={r['depth']} seed={r['seed']} parameters={r['parameters']} steps={r['steps']} train_loss={loss:.4f} train_error={error:.4f} "
              f"valid_loss={valid_loss:.4f} valid_error={valid_error:.4f} seconds={r['seconds']:.2f}")


if __name__ == "__main__":
    main()
