#!/usr/bin/env python3
"""Is it the same recipe?   study_same.py LIBRARY FOLDER: libdeepid.so, and a folder of IDX files. In float64, from the same start, on the same 64 pictures a step: every loss of both programs has to agree to
1e-9 (more steps or layers of a plain net make any rounding grow beyond that), and the losses of a look, for which PyTorch estimates variances in another way, to 1e-3. Refuses otherwise."""
import ctypes
import json
import os
import struct
import sys
import tempfile
from ctypes import byref, c_char_p, c_double, c_int32, c_int64, c_uint64, c_void_p as P

import numpy as np
import torch
from torch.nn import functional as F

from picture_net import picture_net
from study import look, optimizer_of, read_data
from study_data import CLASSES

BATCH, STEPS, WIDTH, RATE, F64 = 64, 8, 8, 0.05, 2
FUNCTIONS = {"ctx_create": [P], "dataset_wrap": [P, c_int32, P, c_int32, P, P, P, c_int64, P], "resnet_pictures": [P, c_int64, c_char_p, c_int64, c_int64, c_int64, c_int64, c_int64, c_int32, P],
             "net_init": [P, c_char_p, c_uint64], "net_save": [P, c_char_p], "net_measure_statistics": [P, P], "net_evaluate": [P, P, c_char_p, P, P], "trainer_create": [P, P, P],
             "trainer_set_optimizer": [P, c_char_p], "trainer_set_schedule": [P, c_char_p], "trainer_set_learning_rate": [P, c_double], "trainer_set_batch": [P, c_int64],
             "trainer_set_total_steps": [P, c_int64], "trainer_step": [P]}


class Ours:
    """The library by name, statuses checked."""

    def __init__(self, path):
        self.lib = ctypes.CDLL(path)
        self.lib.deepid_trainer_loss.restype, self.lib.deepid_trainer_loss.argtypes = c_double, [P]
        self.lib.deepid_ctx_error.restype, self.lib.deepid_ctx_error.argtypes = c_char_p, [P]
        for name, arguments in FUNCTIONS.items():
            getattr(self.lib, "deepid_" + name).argtypes = arguments
        self.ctx = P()
        self.call("ctx_create", byref(self.ctx))

    def call(self, name, *arguments):
        if getattr(self.lib, "deepid_" + name)(*arguments):
            raise SystemExit(self.lib.deepid_ctx_error(self.ctx).decode())

    def make(self, name, *arguments):
        out = P()
        self.call(name, *arguments, byref(out))
        return out


def dataset(ours, x, labels):
    """Arrays are lent: they come back to be kept."""
    kept = np.ascontiguousarray(x.permute(0, 2, 3, 1).numpy()), labels.numpy().astype(np.int32)
    extents = (c_int64 * 4)(*kept[0].shape)
    return ours.make("dataset_wrap", ours.ctx, F64, kept[0].ctypes.data, 4, extents, None, kept[1].ctypes.data, CLASSES), kept


def start_of(ours, net):
    """Trained parameters in their order, kernels as PyTorch lays them out."""
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "start.safetensors")
        ours.call("net_save", net, path.encode())
        with open(path, "rb") as file:
            header = json.loads(file.read(*struct.unpack("<Q", file.read(8))))
            data = file.read()
    for name, entry in header.items():
        if name != "__metadata__" and "running" not in name:
            value = torch.from_numpy(np.frombuffer(data[slice(*entry["data_offsets"])]).reshape(entry["shape"]).copy())
            yield value.permute(0, 3, 1, 2) if value.dim() == 4 else value


def trainer_of(ours, net, data):
    trainer = ours.make("trainer_create", net, data)
    for name, value in (("optimizer", b"sgd momentum=0.9 weight_decay=1e-4"), ("schedule", b"step at=0.75 factor=0.1"), ("learning_rate", RATE), ("batch", BATCH), ("total_steps", STEPS)):
        ours.call("trainer_set_" + name, trainer, value)
    return trainer


def compare(ours, arm, depth, skip, train, valid):
    data, kept = dataset(ours, *train)
    net = ours.make("resnet_pictures", ours.ctx, depth, b"identity" if skip else b"plain", *train[0].shape[2:], 1, WIDTH, CLASSES, F64)
    ours.call("net_init", net, b"he mode=fan_out head=pytorch", 1)
    peer = picture_net(depth, WIDTH, skip, CLASSES).double().train()
    with torch.no_grad():
        for to, value in zip(peer.parameters(), start_of(ours, net), strict=True):
            to.copy_(value)
    trainer, sgd = trainer_of(ours, net, data), optimizer_of(peer)
    worst = 0
    for step in range(STEPS):
        if step == 3 * STEPS // 4:
            for group in sgd.param_groups:
                group["lr"] /= 10
        sgd.zero_grad()
        loss = F.cross_entropy(peer(train[0]), train[1])
        loss.backward()
        sgd.step()
        ours.call("trainer_step", trainer)
        worst = max(worst, abs(loss.item() - ours.lib.deepid_trainer_loss(trainer)))
    ours.call("net_measure_statistics", net, data)
    seen = c_double()
    ours.call("net_evaluate", net, data, None, byref(seen), None)
    looked = look(peer, train, valid, type("options", (), {"evaluation_batch": BATCH}))[0]
    print(f"arm={arm} depth={depth} steps={STEPS} worst_difference={worst:.1e} look={seen.value:.6f} peer_look={looked:.6f}", flush=True)
    del kept
    if worst > 1e-9 or abs(seen.value - looked) > 1e-3:
        raise SystemExit(f"{arm}: not the same recipe")


def main():
    if len(sys.argv) != 3:
        raise SystemExit("usage: study_same.py LIBRARY FOLDER")
    halves = read_data(type("options", (), {"data": sys.argv[2]}))
    train, valid = ((x[:BATCH].double().contiguous(), labels[:BATCH]) for x, labels in halves)
    ours = Ours(sys.argv[1])
    for arm, depth, skip in (("S", 8, False), ("D", 14, False), ("D_res", 14, True)):
        compare(ours, arm, depth, skip, train, valid)


main()
