#!/usr/bin/env python3
"""One training step of a CIFAR residual net in PyTorch on the CPU: forward, cross entropy, backward, SGD with momentum; channels last. Prints one line of key=value.
The allocator is the caller's affair: run.sh sets the MALLOC_ variables that keep glibc from giving pages back."""
import argparse
import resource

import torch
from torch.nn import functional as F

from cifar_resnet import cifar_resnet
from measure import seconds_of


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--depth", type=int, default=20)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--dtype", choices=["f32", "f64", "bf16"], default="f32", help="bf16: autocast over f32 weights")
    p.add_argument("--compile", action="store_true")
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=0.5, help="least length of a round")
    return p.parse_args()


def make_step(o):
    real = torch.float64 if o.dtype == "f64" else torch.float32
    net = cifar_resnet(o.depth).to(dtype=real, memory_format=torch.channels_last).train()
    x = torch.randn(o.batch, 3, 32, 32, dtype=real).contiguous(memory_format=torch.channels_last)
    labels = torch.randint(0, 10, (o.batch,))
    sgd = torch.optim.SGD(net.parameters(), lr=1e-6, momentum=0.9, weight_decay=1e-4)
    model = torch.compile(net) if o.compile else net

    def step():
        sgd.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=o.dtype == "bf16"):
            loss = F.cross_entropy(model(x), labels)
        loss.backward()
        sgd.step()

    return step


def main():
    o = options()
    torch.manual_seed(1)
    torch.set_num_threads(o.threads)
    seconds = seconds_of(make_step(o), o.rounds, o.seconds)
    rss = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peer=torch-{torch.__version__} mode=train net=resnet{o.depth} batch={o.batch} threads={o.threads} dtype={o.dtype} compile={int(o.compile)} "
          f"ms={1e3 * seconds:.4g} images_per_s={o.batch / seconds:.4g} rss_mib={rss:.1f}")


main()
