# Writes torch_resnet.safetensors and torch_vgg.safetensors, and prints the outputs that tests/net/test_weights.c expects.
# Run by hand with torch 2.13 and safetensors 0.8:   python3 torch_weights.py FOLDER
import sys

import torch
from safetensors.torch import save_file
from torch import nn


class Block(nn.Module):
    def __init__(self, inputs, outputs, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(inputs, outputs, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(outputs)
        self.conv2 = nn.Conv2d(outputs, outputs, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(outputs)
        self.downsample = None
        if stride != 1 or inputs != outputs:
            self.downsample = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x):
        y = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        return (y + (self.downsample(x) if self.downsample else x)).relu()


class ResNet(nn.Module):  # torchvision's names
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(2, 3, 7, 2, 3, bias=False)
        self.bn1 = nn.BatchNorm2d(3)
        self.maxpool = nn.MaxPool2d(3, 2, 1)
        self.layer1 = nn.Sequential(Block(3, 3, 1), Block(3, 3, 1))
        self.layer2 = nn.Sequential(Block(3, 4, 2), Block(4, 4, 1))
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        x = self.layer2(self.layer1(self.maxpool(self.bn1(self.conv1(x)).relu())))
        return self.fc(x.mean((2, 3)))


class VGG(nn.Module):
    def __init__(self):
        super().__init__()
        self.features = nn.Sequential(nn.Conv2d(2, 3, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2))
        self.classifier = nn.Sequential(nn.Linear(3 * 4 * 3, 5), nn.ReLU(), nn.Dropout(), nn.Linear(5, 3))

    def forward(self, x):
        return self.classifier(torch.flatten(self.features(x), 1))


def write(model, name, dtype, height, width):
    for p in list(model.parameters()) + [b for b in model.buffers() if b.is_floating_point()]:
        p.data = p.data.to(dtype).float()
    for m in model.modules():
        if isinstance(m, nn.BatchNorm2d):
            m.weight.data = (torch.rand(m.weight.shape) + 0.5).to(dtype).float()
            m.bias.data = torch.randn(m.weight.shape).to(dtype).float()
            m.running_mean = torch.randn(m.weight.shape).to(dtype).float()
            m.running_var = (torch.rand(m.weight.shape) + 0.5).to(dtype).float()
    state = {k: v.to(dtype) if v.is_floating_point() else v for k, v in model.state_dict().items()}
    save_file(state, f"{sys.argv[1]}/{name}.safetensors")
    x = torch.sin(torch.arange(2 * height * width * 2)).reshape(2, height, width, 2).permute(0, 3, 1, 2)
    with torch.no_grad():
        print(name, [f"{v:.9g}" for v in model.double().eval()(x.double()).flatten().tolist()])


torch.manual_seed(15)
write(ResNet(), "torch_resnet", torch.float16, 20, 16)
write(VGG(), "torch_vgg", torch.bfloat16, 8, 6)
