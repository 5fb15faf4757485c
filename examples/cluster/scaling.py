#!/usr/bin/env python3
"""How long one net takes on many nodes: the model of docs/distributed.md, as the table that stands there.

    scaling.py [--check FILE] [--nodes 1,8,64,512] [--cores 64] [--pictures-per-second 9.8] [--bandwidth 10e9] [--latency 5e-6] ...

A step takes compute + passes + exchange:
    compute   = pictures of the busiest core / (pictures per second of a core * what is left of it when all cores work)
    passes    = bytes that are read and written once a shard and once a step, beside the net / memory bandwidth of a node
    exchange  = 2 (N - 1) latency + 2 (N - 1) / N * bytes / bandwidth        (ring; Patarasuk and Yuan 2009)
              + 2 * 2 log2(N) latency                                        (two small ones, by a tree)
"""
import argparse
import math
import sys


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--check", metavar="FILE", help="fail unless the table stands in FILE")
    parser.add_argument("--nodes", default="1,8,64,512", help="numbers of nodes")
    for flag, value, what in (
            ("pictures-per-second", 9.8, "that one core trains on, alone: measured"),
            ("cores", 64, "of a node"),
            ("shared", 0.7, "what is left of a core's rate when all work: assumed"),
            ("numbers", 25557032 + 53120, "parameters and states of the net: ResNet-50"),
            ("memory", 100e9, "bytes a second of a node's memory: assumed"),
            ("bandwidth", 10e9, "bytes a second between nodes, each way: 100 Gbit/s at 80 %%, assumed"),
            ("latency", 5e-6, "seconds of a message: assumed"),
            ("shard", 32, "samples that run at once"),
            ("batch", 256, "pictures a node and step, at most"),
            ("whole", 8192, "pictures a step of all nodes, at most: what plain SGD bears (Goyal et al. 2017)"),
            ("samples", 1281167, "pictures of an epoch: ImageNet"),
            ("epochs", 90, "of a training")):
        parser.add_argument("--" + flag, type=type(value), default=value, help=what)
    return parser.parse_args()


def step(a, nodes):
    """Seconds of the three parts of a step, and pictures a node."""
    pictures = min(a.batch, a.whole // nodes)
    shards = math.ceil(pictures / a.shard)
    compute = math.ceil(pictures / a.cores) / (a.pictures_per_second * a.shared)
    passes = a.numbers * (shards * 28 + 48) / a.memory  # floats and their sums of 8 bytes; checksums, the update
    ring = 2 * (nodes - 1) * a.latency + 2 * (nodes - 1) / nodes * 8 * a.numbers / a.bandwidth
    small = 4 * math.log2(nodes) * a.latency
    return compute, passes, ring + small, pictures


def time_in_words(seconds):
    return f"{seconds:.0f} s" if seconds < 600 else f"{seconds / 60:.0f} min" if seconds < 36000 else f"{seconds / 3600:.0f} h"


def table(a):
    lines = ["| nodes | pictures a node, in all | compute, passes, exchange, ms | an epoch | %d epochs | times one node | of the ideal |" % a.epochs,
             "| --- | --- | --- | --- | --- | --- | --- |"]
    one = None
    for nodes in map(int, a.nodes.split(",")):
        compute, passes, exchange, pictures = step(a, nodes)
        epoch = a.samples / (pictures * nodes) * (compute + passes + exchange)
        one = one or epoch * nodes
        lines.append(f"| {nodes} | {pictures}, {pictures * nodes} | {1e3 * compute:.0f}, {1e3 * passes:.0f}, {1e3 * exchange:.0f} | {time_in_words(epoch)} | "
                     f"{time_in_words(a.epochs * epoch)} | {one / epoch:.1f} | {100 * one / epoch / nodes:.0f} % |")
    return "\n".join(lines)


def main():
    a = arguments()
    text = table(a)
    print(text)
    if a.check:
        with open(a.check, encoding="utf-8") as file:
            if text not in file.read():
                sys.exit(f"scaling.py: this table does not stand in {a.check}")


main()
