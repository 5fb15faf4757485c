#!/usr/bin/env python3
"""One forward pass in evaluation mode of a CIFAR residual net: PyTorch, PyTorch compiled and frozen, ONNX Runtime, OpenVINO. Prints one line of key=value for each that is installed, a sentence for
each that is not; refuses to time one whose output differs from PyTorch's."""
import argparse
import os
import sys
import tempfile

import torch

from cifar_resnet import cifar_resnet
from measure import seconds_of

PEERS = ("torch", "torch-compiled", "onnxruntime", "openvino")
ALLOWED = 1e-3  # of the logits' largest; Winograd and reordered sums stay far below


def options():
    p = argparse.ArgumentParser(description=__doc__)
    p.add_argument("--depth", type=int, default=20)
    p.add_argument("--batch", type=int, default=128)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--rounds", type=int, default=5)
    p.add_argument("--seconds", type=float, default=0.3, help="least length of a round")
    p.add_argument("--peers", default=",".join(PEERS))
    return p.parse_args()


def run_torch(net, x, o):
    net = net.to(memory_format=torch.channels_last)
    x = x.contiguous(memory_format=torch.channels_last)

    def forward():
        with torch.inference_mode():
            return net(x)

    return forward


def run_torch_compiled(net, x, o):
    import torch._inductor.config

    torch._inductor.config.freezing = True
    net = torch.compile(net.to(memory_format=torch.channels_last))
    x = x.contiguous(memory_format=torch.channels_last)

    def forward():
        with torch.no_grad():
            return net(x)

    return forward


def onnx_file(net, x):
    import onnx  # noqa: F401  the exporter's own import fails less clearly

    path = os.path.join(tempfile.mkdtemp(), "net.onnx")
    torch.onnx.export(net, (x,), path, dynamo=False)
    return path


def run_onnxruntime(net, x, o):
    import onnxruntime

    settings = onnxruntime.SessionOptions()
    settings.intra_op_num_threads = o.threads
    session = onnxruntime.InferenceSession(onnx_file(net, x), settings, providers=["CPUExecutionProvider"])
    feed = {session.get_inputs()[0].name: x.numpy()}
    return lambda: torch.from_numpy(session.run(None, feed)[0])


def run_openvino(net, x, o):
    import openvino

    core = openvino.Core()
    settings = {"INFERENCE_PRECISION_HINT": "f32", "INFERENCE_NUM_THREADS": o.threads, "PERFORMANCE_HINT": "LATENCY"}
    request = core.compile_model(core.read_model(onnx_file(net, x)), "CPU", settings).create_infer_request()
    feed = {0: x.numpy()}
    return lambda: torch.from_numpy(request.infer(feed)[0])


MAKE = {"torch": run_torch, "torch-compiled": run_torch_compiled, "onnxruntime": run_onnxruntime, "openvino": run_openvino}


def report(name, forward, expected, o):
    error = ((forward() - expected).abs().max() / expected.abs().max()).item()
    if not error <= ALLOWED:
        raise SystemExit(f"{name}: logits are off by {error:.3g} of the largest, allowed {ALLOWED:.3g}")
    seconds = seconds_of(forward, o.rounds, o.seconds)
    print(f"peer={name} mode=infer net=resnet{o.depth} batch={o.batch} threads={o.threads} ms={1e3 * seconds:.4g} images_per_s={o.batch / seconds:.4g} error={error:.2g}", flush=True)


def main():
    o = options()
    unknown = sorted(set(o.peers.split(",")) - set(PEERS))
    if unknown:
        raise SystemExit(f"unknown peer '{unknown[0]}'; known: {', '.join(PEERS)}")
    torch.manual_seed(1)
    torch.set_num_threads(o.threads)
    net = cifar_resnet(o.depth).eval()
    x = torch.randn(o.batch, 3, 32, 32)
    with torch.no_grad():
        expected = net(x)
    for name in o.peers.split(","):
        try:
            forward = MAKE[name](net, x, o)
        except ImportError as missing:
            print(f"{name} is left out: {missing}", file=sys.stderr)
            continue
        report(name, forward, expected, o)


main()
