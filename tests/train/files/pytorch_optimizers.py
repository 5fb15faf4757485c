#!/usr/bin/env python3
"""Writes pytorch_optimizers.h: where optimisers of PyTorch take six parameters, for test_update_real.c.   pytorch_optimizers.py >pytorch_optimizers.h && clang-format -i pytorch_optimizers.h

A dense layer of 2 inputs and 2 outputs, the mean squared error over 5 samples, all of them a step, in float64. The numbers at the start are fractions that a double holds."""
import torch

SAMPLES, IN, OUT, STEPS, RATE = 5, 2, 2, (1, 2, 10, 30), 0.01
torch.set_default_dtype(torch.float64)
x = torch.tensor([(7 * k % 11 - 5) / 4 for k in range(SAMPLES * IN)]).reshape(SAMPLES, IN)
t = torch.tensor([(5 * k % 7 - 3) / 2 for k in range(SAMPLES * OUT)]).reshape(SAMPLES, OUT)

optim = torch.optim
CASES = {
    "sgd": (optim.SGD, {}),
    "sgd momentum=0.9 weight_decay=0.1 decay=all": (optim.SGD, dict(momentum=0.9, weight_decay=0.1)),
    "sgd momentum=0.9 nesterov=1": (optim.SGD, dict(momentum=0.9, nesterov=True)),
    "adam": (optim.Adam, {}),
    "adam beta1=0.8 beta2=0.95 eps=1e-3 weight_decay=0.1 decay=all": (optim.Adam, dict(betas=(0.8, 0.95), eps=1e-3, weight_decay=0.1)),
    "adamw weight_decay=0.1 decay=all": (optim.AdamW, dict(weight_decay=0.1)),
    "rmsprop": (optim.RMSprop, {}),
    "rmsprop alpha=0.9 eps=1e-3": (optim.RMSprop, dict(alpha=0.9, eps=1e-3)),
    "rmsprop momentum=0.9": (optim.RMSprop, dict(momentum=0.9)),
    "rmsprop alpha=0.9 momentum=0.5 weight_decay=0.1 decay=all": (optim.RMSprop, dict(alpha=0.9, momentum=0.5, weight_decay=0.1)),
}


def path_of(kind, options):
    layer = torch.nn.Linear(IN, OUT)
    with torch.no_grad():
        for n, p in enumerate((layer.weight, layer.bias)):
            p.copy_(torch.tensor([(3 * (k + 4 * n) % 5 - 2) / 4 for k in range(p.numel())]).reshape(p.shape))
    optimizer = kind(layer.parameters(), lr=RATE, foreach=False, **options)
    for step in range(1, STEPS[-1] + 1):
        optimizer.zero_grad()
        torch.nn.functional.mse_loss(layer(x), t).backward()
        optimizer.step()
        if step in STEPS:
            yield torch.cat([layer.weight.detach().flatten(), layer.bias.detach()])


print("/* By pytorch_optimizers.py with PyTorch %s: the weights (output by output) and biases after %s steps. */" % (torch.__version__.split("+")[0], ", ".join(map(str, STEPS))))
print("static const int64_t pytorch_steps[] = {%s};" % ", ".join(map(str, STEPS)))
print("static const struct {\n    const char *optimizer;\n    double after[%d][%d];\n} pytorch[] = {" % (len(STEPS), IN * OUT + OUT))
for words, (kind, options) in CASES.items():
    rows = ["{%s}" % ", ".join("%.17g" % v for v in p) for p in path_of(kind, options)]
    print('    {"%s", {%s}},' % (words, ", ".join(rows)))
print("};")
