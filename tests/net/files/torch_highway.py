# Prints the outputs and gradients of PyTorch that tests/net/test_highway.c expects: highway blocks, Srivastava, Greff and
# Schmidhuber 2015 (arXiv:1505.00387, equation 3), y = T(x) H(x) + (1 - T(x)) x, of features, series and pictures.
# Run by hand with torch 2.13:   python3 torch_highway.py
import math

import torch
from torch import nn

torch.set_default_dtype(torch.float64)
WIDTH, SAMPLES = 3, 2
CONV = {1: nn.Conv1d, 2: nn.Conv2d}


class Highway(nn.Module):
    def __init__(self, rank):
        super().__init__()
        self.H = CONV[rank](WIDTH, WIDTH, 3, padding=1) if rank else nn.Linear(WIDTH, WIDTH)
        self.T = CONV[rank](WIDTH, WIDTH, 1) if rank else nn.Linear(WIDTH, WIDTH)

    def forward(self, x):
        h, t = self.H(x).tanh(), self.T(x).sigmoid()
        return t * h + (1 - t) * x


def fill(tensor, number):  # as deepid's numbers lie: channels last
    values = torch.tensor([0.5 * math.sin(1.7 * (i + 1) + 0.37 * number) for i in range(tensor.numel())])
    shape = list(tensor.shape)
    if len(shape) > 2:
        values = values.reshape([shape[0]] + shape[2:] + [shape[1]]).movedim(-1, 1)
    tensor.data.copy_(values.reshape(shape))


for shape in ([WIDTH], [2, WIDTH], [2, 2, WIDTH]):
    net = nn.Sequential(Highway(len(shape) - 1), Highway(len(shape) - 1))
    for number, parameter in enumerate(net.parameters()):
        fill(parameter, number)
    count = SAMPLES * math.prod(shape)
    x = torch.tensor([math.sin(0.9 * i) for i in range(count)]).reshape([SAMPLES] + shape).requires_grad_()
    y = net(x.movedim(-1, 1)).movedim(1, -1)
    y.backward(torch.tensor([math.cos(0.7 * i) for i in range(count)]).reshape(y.shape))
    first = net[0].T.weight.grad.flatten(1)[0].tolist()
    for what, row in (("y", y.flatten().tolist()), ("dx", x.grad.flatten().tolist()), ("dW_T", first)):
        print("%s %s: %s" % ("x".join(map(str, shape)), what, ", ".join("%.15g" % v for v in row)))
