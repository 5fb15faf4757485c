"""Makes torch_losses.txt, which tests/ops/test_losses.c reads: with torch 2.13, python3 torch_losses.py.

One case is "WORD OPTIONS" on a line, then n and width, z, labels or targets, the loss, and d loss / d z."""
import torch

torch.manual_seed(1)
torch.set_default_dtype(torch.float64)
out = open("torch_losses.txt", "w")


def write(words, module, z, answers):
    z.requires_grad_(True)
    loss = module(z, answers)
    loss.backward()
    print(words, file=out)
    print(*z.shape, file=out)
    for part in (z, answers, loss, z.grad):
        print(*(repr(v) for v in part.detach().reshape(-1).tolist()), file=out)


labels = torch.randint(0, 5, (4,))
for smoothing in (0, 0.1):
    write(f"cross_entropy smoothing={smoothing}", torch.nn.CrossEntropyLoss(label_smoothing=smoothing),
          3 * torch.randn(4, 5), labels)
write("squared_error", torch.nn.MSELoss(), torch.randn(3, 2), torch.randn(3, 2))
for delta in (1, 0.3):
    write(f"huber delta={delta}", torch.nn.HuberLoss(delta=delta), 2 * torch.randn(4, 3), torch.randn(4, 3))
write("binary_cross_entropy", lambda z, y: torch.nn.BCEWithLogitsLoss()(z[:, 0], y),
      4 * torch.randn(6, 1), torch.randint(0, 2, (6,)).double())

# Weights of classes; the labels count 3, 2, 1 of three classes, so that balanced is 6 / (3 n_c) = 2/3, 1, 2. One logit:
# pos_weight is the quotient of the weights, and the mean is by the weights.
labels = torch.tensor([0, 2, 0, 1, 0, 1])
for words, weight, smoothing in (("weights=0.5,2,3", [0.5, 2, 3], 0), ("weights=balanced", [2 / 3, 1, 2], 0),
                                 ("smoothing=0.2 weights=0.5,2,3", [0.5, 2, 3], 0.2)):
    write(f"cross_entropy {words}", torch.nn.CrossEntropyLoss(weight=torch.tensor(weight), label_smoothing=smoothing),
          3 * torch.randn(6, 3), labels)
labels = torch.tensor([0, 1, 0, 0, 0, 1])
for words, a, b in (("weights=0.5,3", 0.5, 3), ("weights=balanced", 0.75, 1.5)):
    pos = torch.tensor([b / a])
    write(f"binary_cross_entropy {words}",
          lambda z, y: a * torch.nn.BCEWithLogitsLoss(pos_weight=pos, reduction="sum")(z[:, 0], y) / (a + (b - a) * y).sum(),
          4 * torch.randn(6, 1), labels.double())
