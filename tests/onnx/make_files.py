#!/usr/bin/env python3
"""The files of this folder's tests, made by both exporters of PyTorch, and what ONNX Runtime says of them.

Needs torch, onnx, onnxscript and onnxruntime; the files that are kept were made with torch 2.14.1, onnx 1.23.2 and
onnxruntime 1.32.0.   make_files.py

NAME.onnx is the graph, NAME.xy its input and output: 3 samples, float32, pictures with channels last."""
import os
import warnings

import numpy as np
import onnx
import onnxruntime
import torch
from torch import nn

warnings.filterwarnings("ignore")
FOLDER = os.path.join(os.path.dirname(os.path.abspath(__file__)), "files")
SAMPLES = 3


class Block(nn.Module):
    """A basic block, with the shortcut of the letter: identity, A (zeros for new channels) or B (projection)."""

    def __init__(self, inputs, outputs, stride, letter, act):
        super().__init__()
        self.branch = nn.Sequential(
            nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False), nn.BatchNorm2d(outputs), act(),
            nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False), nn.BatchNorm2d(outputs))
        self.letter, self.stride, self.more, self.act = letter, stride, (outputs - inputs) // 2, act()
        if letter == "B":
            self.skip = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        skip = x
        if self.letter == "A":
            skip = nn.functional.pad(x[:, :, ::self.stride, ::self.stride], (0, 0, 0, 0, self.more, self.more))
        if self.letter == "B":
            skip = self.skip(x)
        return self.act(self.branch(x) + skip)


class MlpBlock(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.branch = nn.Sequential(nn.LayerNorm(width), nn.Linear(width, width), nn.GELU(), nn.Linear(width, width))

    def forward(self, x):
        return x + self.branch(x)


def resnet(act):
    return nn.Sequential(nn.Conv2d(3, 4, 3, 2, 1, bias=False), nn.BatchNorm2d(4), act(), nn.MaxPool2d(3, 2, 1),
                         Block(4, 4, 1, "identity", act), Block(4, 4, 1, "identity", act), Block(4, 6, 2, "B", act),
                         Block(6, 8, 2, "A", act), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(8, 5))


def flat():
    return nn.Sequential(nn.ZeroPad2d((0, 1, 0, 1)), nn.Conv2d(2, 3, 3, stride=2), nn.Hardswish(), nn.Flatten(),
                         nn.BatchNorm1d(27), nn.PReLU(27), nn.Linear(27, 4))


def mlp():
    return nn.Sequential(nn.Linear(6, 8), nn.SiLU(), MlpBlock(8), MlpBlock(8), nn.Linear(8, 3), nn.Softmax(-1))


def settle(net):
    """Numbers other than those that a batch-norm starts with."""
    for part in net.modules():
        if isinstance(part, (nn.BatchNorm1d, nn.BatchNorm2d)):
            part.running_mean.normal_(0, 0.2)
            part.running_var.uniform_(0.5, 1.5)
            nn.init.uniform_(part.weight, 0.7, 1.3)
            nn.init.normal_(part.bias, 0, 0.2)
    return net.eval()


def lean(path):
    """Without what exporters say of their own run: source lines, folders, shapes on the way."""
    model = onnx.load(path)
    for node in model.graph.node:
        node.doc_string = ""
        del node.metadata_props[:]
    for value in list(model.graph.input) + list(model.graph.output):
        del value.metadata_props[:]
    del model.graph.value_info[:]
    del model.graph.metadata_props[:]
    del model.metadata_props[:]
    model.graph.doc_string = ""
    for tensor in model.graph.initializer:
        tensor.doc_string = ""
        del tensor.metadata_props[:]
    onnx.save(model, path)
    return model


def keep(name, shape):
    """What ONNX Runtime gives; a softmax at the end is undone by the logarithm that the test takes."""
    path = os.path.join(FOLDER, name + ".onnx")
    session = onnxruntime.InferenceSession(path, providers=["CPUExecutionProvider"])
    feed = session.get_inputs()[0]
    x = np.random.default_rng(7).standard_normal((SAMPLES,) + shape).astype(np.float32)
    y = session.run(None, {feed.name: x.astype(np.float16) if feed.type == "tensor(float16)" else x})[0]
    x = np.moveaxis(x, 1, -1) if x.ndim == 4 else x
    with open(os.path.join(FOLDER, name + ".xy"), "wb") as file:
        file.write(np.ascontiguousarray(x, dtype=np.float32).tobytes())
        file.write(np.ascontiguousarray(y, dtype=np.float32).tobytes())


def export(name, make, shape):
    for exporter, options in (("dynamo", {"dynamo": True, "optimize": False, "external_data": False, "verbose": False}),
                              ("script", {"dynamo": False, "do_constant_folding": False,
                                          "training": torch.onnx.TrainingMode.PRESERVE})):
        torch.manual_seed(3)
        path = os.path.join(FOLDER, name + "_" + exporter + ".onnx")
        torch.onnx.export(settle(make()), (torch.randn((SAMPLES,) + shape),), path, **options)
        lean(path)
        keep(name + "_" + exporter, shape)


def sixteen_bits():
    """Weights of f16 raw, of bf16 typed, and one in a file beside; Cast makes floats of them, MatMul + Add a layer."""
    rng = np.random.default_rng(5)
    helper, proto = onnx.helper, onnx.TensorProto
    half = rng.standard_normal((6, 8)).astype(np.float16)
    brief = (rng.standard_normal((8, 5)).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16)
    beside = rng.standard_normal((5, 4)).astype(np.float32)
    with open(os.path.join(FOLDER, "sixteen.bin"), "wb") as file:
        file.write(b"head" + beside.tobytes())
    last = proto(name="last", data_type=proto.FLOAT, dims=[5, 4], data_location=proto.EXTERNAL)
    for key, value in (("location", "sixteen.bin"), ("offset", "4"), ("length", str(beside.nbytes))):
        last.external_data.add(key=key, value=value)
    typed = proto(name="brief", data_type=proto.BFLOAT16, dims=[8, 5], int32_data=[int(v) for v in brief.ravel()])
    nodes = [helper.make_node("Cast", ["half"], ["w1"], to=proto.FLOAT), helper.make_node("MatMul", ["x", "w1"], ["a"]),
             helper.make_node("Add", ["bias", "a"], ["b"]), helper.make_node("Clip", ["b", "", "six"], ["c"]),
             helper.make_node("Max", ["c", "zero"], ["d"]), helper.make_node("Cast", ["brief"], ["w2"], to=proto.FLOAT),
             helper.make_node("MatMul", ["d", "w2"], ["e"]), helper.make_node("Tanh", ["e"], ["f"]),
             helper.make_node("Gemm", ["f", "last"], ["y"], alpha=0.5)]
    graph = helper.make_graph(
        nodes, "sixteen", [helper.make_tensor_value_info("x", proto.FLOAT, ["n", 6])],
        [helper.make_tensor_value_info("y", proto.FLOAT, ["n", 4])],
        [onnx.numpy_helper.from_array(half, "half"), typed, last,
         onnx.numpy_helper.from_array(rng.standard_normal(8).astype(np.float32), "bias"),
         onnx.numpy_helper.from_array(np.float32(6), "six"), onnx.numpy_helper.from_array(np.float32(0), "zero")])
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)], ir_version=8)
    with open(os.path.join(FOLDER, "sixteen.onnx"), "wb") as file:
        file.write(model.SerializeToString())
    keep("sixteen", (6,))


if __name__ == "__main__":
    os.makedirs(FOLDER, exist_ok=True)
    with torch.no_grad():
        export("resnet", lambda: resnet(nn.ReLU), (3, 17, 17))
        export("flat", flat, (2, 6, 6))
        export("mlp", mlp, (6,))
        sixteen_bits()
