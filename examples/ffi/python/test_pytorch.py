#!/usr/bin/env python3
"""Tests of the package with PyTorch: nets from modules and back. Skipped, and says so, where torch or onnx is not there."""
import sys
import unittest

import numpy as np

import deepid

SHALLOW = "input 2; dense out=16; relu; dense out=2"

try:
    import onnx  # noqa: F401  torch's exporter needs it
    import torch
    from torch import nn
except ImportError as error:
    torch, missing = None, f"no torch with onnx: {error}"


@unittest.skipIf(torch is None, "the parts with torch: " + (missing if torch is None else ""))
class Torch(unittest.TestCase):
    @staticmethod
    def cnn():
        class Block(nn.Module):
            def __init__(self, width, stride=1):
                super().__init__()
                self.conv2 = nn.Conv2d(2 * width, 2 * width, 3, 1, 1, bias=False)  # made in another order than it runs
                self.conv1 = nn.Conv2d(width, 2 * width, 3, stride, 1, bias=False)
                self.bn1, self.bn2 = nn.BatchNorm2d(2 * width), nn.BatchNorm2d(2 * width)
                self.down = nn.Sequential(nn.Conv2d(width, 2 * width, 1, stride, bias=False), nn.BatchNorm2d(2 * width))

            def forward(self, x):
                y = self.bn2(self.conv2(torch.relu(self.bn1(self.conv1(x)))))
                return torch.relu(y + self.down(x))

        torch.manual_seed(3)
        module = nn.Sequential(nn.Conv2d(3, 8, 3, 1, 1), nn.BatchNorm2d(8), nn.ReLU(), nn.MaxPool2d(2), Block(8, 2), Block(16),
                               nn.Flatten(), nn.Linear(32 * 4 * 4, 20), nn.ReLU(), nn.Linear(20, 20), nn.ReLU(), nn.Linear(20, 5))
        module.train()
        for _ in range(3):
            module(torch.randn(16, 3, 16, 16))  # moves the running statistics
        return module

    @staticmethod
    def outputs(module, x):
        training = module.training
        with torch.no_grad():
            y = module.eval()(x).numpy()
        module.train(training)
        return y

    def test_a_cnn_comes_in_and_goes_back(self):
        module, other, x = self.cnn(), self.cnn(), torch.randn(7, 3, 16, 16)
        net = deepid.from_torch(module, torch.randn(2, 3, 16, 16))
        self.assertTrue(module.training and all(one.training for one in module.modules()))
        want = self.outputs(module, x)
        np.testing.assert_allclose(net(x.numpy().transpose(0, 2, 3, 1)), want, atol=1e-5 * abs(want).max())
        self.assertIn("batchnorm", net.text)
        for one in other.parameters():
            nn.init.normal_(one)
        deepid.to_torch(net, other, example=x)
        for name, value in module.state_dict().items():
            self.assertTrue(torch.equal(value, other.state_dict()[name]), name)  # to the bit, in the right places

    def test_series_come_in_and_go_back(self):
        def module():
            return nn.Sequential(nn.Conv1d(3, 8, 3, padding=1), nn.BatchNorm1d(8), nn.ReLU(), nn.Conv1d(8, 4, 1))

        one, other, x = module(), module(), torch.randn(5, 3, 11)
        net = deepid.from_torch(one, x)
        want = self.outputs(one, x).transpose(0, 2, 1)
        np.testing.assert_allclose(net(x.numpy().transpose(0, 2, 1)), want, atol=1e-5 * abs(want).max())
        deepid.to_torch(net, other, example=x)
        self.assertTrue(torch.equal(one[3].weight, other[3].weight))

    def test_a_study_takes_modules(self):
        def net(blocks):
            more = [layer for _ in range(blocks) for layer in (nn.Conv2d(4, 4, 3, padding=1), nn.ReLU())]
            return nn.Sequential(nn.Conv2d(1, 4, 3, padding=1), nn.ReLU(), *more, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 2))

        y = torch.arange(48) % 2
        x = torch.randn(48, 1, 6, 6) + y[:, None, None, None]
        quick = {"arms": "S,D", "steps": 5, "seeds": 3, "tuning_seeds": 0, "probe_seeds": 0, "progress": False}
        result = deepid.study(net(1), net(3), x, y, layout="nchw", **quick)
        self.assertEqual(result.net("S").text.count("conv2d"), 2)
        module = deepid.to_torch(result.net("D", 2), net(3), example=x)  # and a trained one back
        self.assertEqual(module(x).shape, (48, 2))
        with self.assertRaisesRegex(TypeError, "from_torch"):
            deepid.study(net(1), net(3), deepid.Dataset.open("gratings"), **quick)

    def test_a_skip_that_runs_first_is_found_by_its_numbers(self):
        class First(nn.Module):
            def __init__(self):
                super().__init__()
                one, two, self.down = (nn.Conv2d(3, 3, 1, bias=False) for _ in range(3))
                self.body = nn.Sequential(one, nn.ReLU(), two)

            def forward(self, x):
                return torch.relu(self.down(x) + self.body(x))

        module, other, x = First(), First(), torch.randn(2, 3, 6, 6)
        net = deepid.from_torch(module, x)
        deepid.to_torch(net, other)
        for name, value in module.state_dict().items():
            self.assertTrue(torch.equal(value, other.state_dict()[name]), name)
        with torch.no_grad():
            module.body[0].weight.copy_(module.down.weight)  # two with the same numbers
        with self.assertRaisesRegex(deepid.Error, "could not tell"):
            deepid.to_torch(deepid.from_torch(module, x), other)

    def test_what_does_not_fit_is_refused_and_changes_nothing(self):
        net = deepid.from_torch(self.cnn(), torch.randn(2, 3, 16, 16))
        small = nn.Sequential(nn.Linear(3, 3))
        before = small[0].weight.detach().clone()
        with self.assertRaises(deepid.Error):
            deepid.to_torch(net, small)
        self.assertTrue(torch.equal(before, small[0].weight))
        wide = nn.Sequential(nn.Linear(4, 4), nn.ReLU(), nn.Linear(4, 5))
        before = wide[0].weight.detach().clone()
        with self.assertRaisesRegex(deepid.Error, "2.bias is .4,. in the net and .5,. in the module"):
            deepid.to_torch(deepid.Net("input 4; dense out=4; relu; dense out=4", seed=1), wide)
        self.assertTrue(torch.equal(before, wide[0].weight))

        class Swapped(nn.Module):
            def __init__(self):
                super().__init__()
                self.last, self.first = nn.Linear(4, 4), nn.Linear(4, 4)

            def forward(self, x):
                return self.last(torch.relu(self.first(x)))

        module, example = Swapped(), torch.randn(3, 4)
        before = module.last.weight.detach().clone()
        net = deepid.Net("input 4; dense out=4; relu; dense out=4", seed=1)
        with self.assertRaisesRegex(deepid.Error, "other outputs"):
            deepid.to_torch(net, module, example)
        self.assertTrue(torch.equal(before, module.last.weight))
        deepid.to_torch(net, module, example, names=["first.weight", "first.bias", "last.weight", "last.bias"])
        np.testing.assert_allclose(self.outputs(module, example), net(example.numpy()), atol=1e-6)
        with self.assertRaisesRegex(deepid.Error, "TopK"):
            class Sorted(nn.Module):
                def forward(self, x):
                    return torch.sort(x)[0]
            deepid.from_torch(Sorted(), example)

    def test_arrays_go_both_ways_without_a_copy(self):
        net = deepid.Net(SHALLOW, seed=1)
        weight = torch.from_dlpack(net.parameters["dense1.weight"])
        weight[0, 0] = 9
        self.assertEqual(net.parameters["dense1.weight"][0, 0], 9)
        x = torch.randn(6, 2)
        self.assertTrue(np.array_equal(net(x), net(x.numpy())))
        self.assertEqual(len(deepid.Dataset.from_arrays(x, torch.tensor([0, 1, 0, 1, 0, 1]))), 6)


if __name__ == "__main__":
    if torch is None:
        print("skipped, the parts with torch:", missing, file=sys.stderr)
    unittest.main()
