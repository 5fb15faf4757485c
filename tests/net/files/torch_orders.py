# Prints the outputs of PyTorch that tests/net/test_orders.c expects: the five orders of He et al. 2016, figure 4.
# Run by hand with torch 2.14:   python3 torch_orders.py
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
CHANNELS, SIDE, WIDTH, CLASSES, SAMPLES = 1, 8, 2, 2, 2


class Block(nn.Module):
    def __init__(self, order, inputs, outputs, stride):
        super().__init__()
        self.order = order
        first = inputs if order == "preact" else outputs
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(first)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.project = inputs != outputs
        if self.project:
            self.conv3 = nn.Conv2d(inputs, outputs, 1, stride, bias=False)
            self.bn3 = nn.BatchNorm2d(outputs)

    def in_order(self):  # of deepid's layers: branch, shortcut, what stands behind the sum
        pairs = [self.bn1, self.conv1, self.bn2, self.conv2] if self.order == "preact" else [self.conv1, self.bn1, self.conv2]
        pairs += [self.bn2] if self.order not in ("preact", "norm_after") else []
        pairs += [self.conv3, self.bn3] if self.project else []
        return pairs + ([self.bn2] if self.order == "norm_after" else [])

    def forward(self, x):
        skip = self.bn3(self.conv3(x)) if self.project else x
        if self.order == "original":
            return (self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())) + skip).relu()
        if self.order == "norm_after":
            return self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()) + skip).relu()
        if self.order == "relu_before":
            return self.bn2(self.conv2(self.bn1(self.conv1(x)).relu())).relu() + skip
        if self.order == "relu_preact":
            return self.bn2(self.conv2(self.bn1(self.conv1(x.relu())).relu())) + skip
        return self.conv2(self.bn2(self.conv1(self.bn1(x).relu())).relu()) + skip


class Net(nn.Module):
    def __init__(self, order):
        super().__init__()
        self.order = order
        self.conv = nn.Conv2d(CHANNELS, WIDTH, 3, 1, 1, bias=False)
        self.bn = nn.BatchNorm2d(4 * WIDTH if order == "preact" else WIDTH)
        self.blocks = nn.Sequential(Block(order, WIDTH, WIDTH, 1), Block(order, WIDTH, 2 * WIDTH, 2),
                                    Block(order, 2 * WIDTH, 4 * WIDTH, 2))
        self.fc = nn.Linear(4 * WIDTH, CLASSES)

    def in_order(self):
        inner = [m for b in self.blocks for m in b.in_order()]
        return [self.conv] + (inner + [self.bn] if self.order == "preact" else [self.bn] + inner) + [self.fc]

    def forward(self, x):
        x = self.conv(x)
        x = x if self.order == "preact" else self.bn(x)
        x = x if self.order in ("preact", "relu_preact") else x.relu()
        x = self.blocks(x)
        x = self.bn(x) if self.order == "preact" else x
        x = x.relu() if self.order in ("preact", "relu_preact") else x
        return self.fc(x.mean((2, 3)))


def fill(tensor, module, k, low, size):  # as deepid's numbers lie: channels last
    values = torch.tensor([low + size * math.sin(1.7 * (i + 1) + 0.37 * module + 0.11 * k) for i in range(tensor.numel())])
    if tensor.dim() == 4:
        o, c, h, w = tensor.shape
        values = values.reshape(o, h, w, c).permute(0, 3, 1, 2)
    tensor.data.copy_(values.reshape(tensor.shape))


for order in ("original", "norm_after", "relu_before", "relu_preact", "preact"):
    net = Net(order)
    for m, module in enumerate(net.in_order()):
        norm = isinstance(module, nn.BatchNorm2d)
        fill(module.weight, m, 0, 1 if norm else 0, 0.3 if norm else 0.5)
        if module.bias is not None:
            fill(module.bias, m, 1, 0, 0.2)
        if norm:
            fill(module.running_mean, m, 2, 0, 0.2)
            fill(module.running_var, m, 3, 1.2, 0.5)
    count = SAMPLES * SIDE * SIDE * CHANNELS
    x = torch.tensor([math.sin(0.9 * i) for i in range(count)]).reshape(SAMPLES, SIDE, SIDE, CHANNELS).permute(0, 3, 1, 2)
    with torch.no_grad():
        evaluated = net.eval()(x).flatten().tolist()
        trained = net.train()(x).flatten().tolist()
    print('    {"%s", {%s},\n     {%s}},' % (order, ", ".join("%.15g" % v for v in evaluated),
                                             ", ".join("%.15g" % v for v in trained)))
