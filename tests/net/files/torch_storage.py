#!/usr/bin/env python3
"""One training step with storage=bf16 (and f16) beside PyTorch's autocast: output and gradients, each as far from those of float64 as the other, and from each other no farther than both errors allow.

    DEEPID_LIBRARY=build/libdeepid.so PYTHONPATH=examples/ffi/python python3 tests/net/files/torch_storage.py          (needs torch, numpy, onnx)

Errors are |a - b| / |b| over a whole array. Sums run in another order in the two, so roundings to bf16 fall differently: the numbers agree in size and not in bits. Autocast on a CPU gives a layer norm's output in bf16, on a GPU in float32: so norms=format here."""
import copy
import sys

import numpy
import torch
from torch import nn

import deepid

BATCH = 64
TYPES = {"bf16": torch.bfloat16, "f16": torch.float16}


def mlp():
    return nn.Sequential(nn.Linear(32, 64), nn.ReLU(), *[layer for _ in range(10) for layer in (nn.Linear(64, 64), nn.ReLU())], nn.Linear(64, 10))


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.short = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs)) if inputs != outputs else nn.Identity()

    def forward(self, x):
        return (self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())) + self.short(x)).relu()


def resnet20():
    layers = [nn.Conv2d(3, 16, 3, 1, 1, bias=False), nn.BatchNorm2d(16), nn.ReLU()]
    for inputs, outputs in ((16, 16), (16, 32), (32, 64)):
        layers += [Block(inputs if k == 0 else outputs, outputs, 2 if k == 0 and inputs != outputs else 1) for k in range(3)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(64, 10))


NETS = {
    "ResNet-20": (resnet20, (3, 32, 32), "bf16"),
    "deep MLP": (mlp, (32,), "bf16"),
    "deep MLP in f16": (mlp, (32,), "f16"),
    "layer norms": (lambda: nn.Sequential(nn.Linear(32, 64), nn.LayerNorm(64), nn.GELU(), nn.Linear(64, 64), nn.LayerNorm(64), nn.Tanh(), nn.Linear(64, 10)), (32,), "bf16 norms=format"),
}


def torch_step(module, x, labels, dtype, cast=None):
    module = copy.deepcopy(module).to(dtype).train()
    with torch.autocast("cpu", cast or torch.bfloat16, enabled=cast is not None):
        y = module(x.to(dtype))
        loss = nn.functional.cross_entropy(y.float() if cast else y, labels)
    loss.backward()
    return [y.detach().double().numpy()] + [p.grad.double().numpy() for p in module.parameters()]


def softmax_gradient(y, labels):
    e = numpy.exp(y - y.max(1, keepdims=True))
    e /= e.sum(1, keepdims=True)
    e[numpy.arange(len(y)), labels] -= 1
    return (e / len(y)).astype(numpy.float32)


def deepid_step(module, x, labels, storage):
    plain = deepid.from_torch(module, x[:2])
    first, _, rest = plain.text.partition(";")
    word, _, options = storage.partition(" ")
    net = deepid.Net("%s storage=%s %s;%s" % (first, word, options, rest), seed=None)
    for name, values in net.parameters.items():
        values[...] = plain.parameters[name]
    net.train()
    pictures = x.numpy()
    y = net(pictures.transpose(0, 2, 3, 1) if pictures.ndim == 4 else pictures)
    net.backward(softmax_gradient(y, labels.numpy()))
    gradients = net.gradients
    names = [name for name in net.parameters if name in gradients]
    return names, [y.astype(numpy.float64)] + [gradients[name].astype(numpy.float64) for name in names]


def pair(names, gradients, truth):
    """The gradient of deepid's parameter that belongs to each of PyTorch's: of its size, and nearest to the true one."""
    left = list(zip(names, gradients))
    out = []
    for g in truth:
        sized = [item for item in left if item[1].size == g.size]
        turned = [(name, a.transpose(0, 3, 1, 2) if a.ndim == 4 else a.reshape(g.shape)) for name, a in sized]
        name, best = min(turned, key=lambda item: numpy.linalg.norm(item[1].reshape(g.shape) - g))
        left = [item for item in left if item[0] != name]
        out.append((name, best.reshape(g.shape)))
    return out


def error(a, b):
    return numpy.linalg.norm(a - b) / max(numpy.linalg.norm(b), 1e-300)


def main():
    bad = 0
    for word, (make, shape, storage) in NETS.items():
        torch.manual_seed(1)
        module, x, labels = make(), torch.randn(BATCH, *shape), torch.randint(0, 10, (BATCH,))
        truth = torch_step(module, x, labels, torch.float64)
        theirs = torch_step(module, x, labels, torch.float32, TYPES[storage.split()[0]])
        single = torch_step(module, x, labels, torch.float32)
        names, ours = deepid_step(module, x, labels, storage)
        pairs = [("output", ours[0])] + pair(names, ours[1:], truth[1:])
        print("%s: errors against float64 of PyTorch's autocast, of deepid's storage=%s; from each other; PyTorch in float32" % (word, storage))
        errors = []
        for (name, mine), t, g, s in zip(pairs, theirs, truth, single):
            e = error(t, g), error(mine, g), error(mine, t), error(s, g)
            errors.append(e)
            print("  %-28s %8.2e %8.2e %8.2e %8.2e" % ((name,) + e))
        e = numpy.median(errors, 0)
        fine = 0.5 < e[1] / e[0] < 2 and e[2] < 1.5 * (e[0] + e[1]) and e[3] < e[0] / 50
        print("  %-28s %8.2e %8.2e %8.2e %8.2e  %s" % (("median",) + tuple(e) + ("fine" if fine else "WRONG",)))
        bad += not fine
    sys.exit(bad > 0)


main()
