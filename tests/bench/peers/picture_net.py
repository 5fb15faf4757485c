"""The 6n+2 family on pictures of one channel as depth_study builds it, in PyTorch: batch-norm after every convolution, with or without the identity skip, shortcuts without parameters (option A).
Start: He, fan out, for convolutions; PyTorch's own for the last layer."""
from torch import nn
from torch.nn import functional as F


def conv3x3(inputs, outputs, stride=1):
    return nn.Conv2d(inputs, outputs, kernel_size=3, stride=stride, padding=1, bias=False)


class Block(nn.Module):
    """relu(bn(conv(relu(bn(conv(x))))) + skip shortcut(x))"""

    def __init__(self, inputs, outputs, skip):
        super().__init__()
        self.grows = outputs - inputs
        self.skip = skip
        self.branch = nn.Sequential(conv3x3(inputs, outputs, 2 if self.grows else 1), nn.BatchNorm2d(outputs), nn.ReLU(inplace=True), conv3x3(outputs, outputs), nn.BatchNorm2d(outputs))

    def shortcut(self, x):
        """Every second pixel, and zeros for the new channels, half before and half behind the old ones."""
        half = self.grows // 2
        return F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, half, half)) if self.grows else x

    def forward(self, x):
        y = self.branch(x)
        return F.relu(y.add_(self.shortcut(x)) if self.skip else y, inplace=True)


def picture_net(depth, width, skip, classes, channels=1):
    blocks, rest = divmod(depth - 2, 6)
    if rest or blocks < 1:
        raise SystemExit(f"depth is {depth}, expected 6n + 2: 8, 14, 20, ...")
    layers = [conv3x3(channels, width), nn.BatchNorm2d(width), nn.ReLU(inplace=True)]
    inputs = width
    for outputs in (width, 2 * width, 4 * width):
        for _ in range(blocks):
            layers.append(Block(inputs, outputs, skip))
            inputs = outputs
    net = nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(inputs, classes))
    for m in net.modules():
        if isinstance(m, nn.Conv2d):
            nn.init.kaiming_normal_(m.weight, mode="fan_out", nonlinearity="relu")
    nn.init.zeros_(net[-1].bias)
    return net
