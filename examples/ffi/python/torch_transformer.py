"""Do more layers hurt a transformer? Post-norm against pre-norm, 2 layers against 12, on text that this file writes.

    python -m deepid.torch run torch_transformer.py:study    # post-norm, and what pre-norm and a warm-up repair
    python -m deepid.torch run torch_transformer.py:before   # pre-norm itself, 2 blocks against 12
    python torch_transformer.py text                         # some of the text, and what is known of it

The text is markup: tags open and close, the last one opened closes first, words stand between. Which tag closes can be
known from the text before it, everything else is drawn, so the least loss that any predictor can have is known.
Guide: docs/torch.md.
"""
from __future__ import annotations

import math
import sys
from random import Random
from typing import Any, Callable, List, Tuple

import torch
from torch import Tensor, nn

from deepid.torch import Recipe, Study

TAGS = ["b", "i", "p", "q", "li", "ul", "td", "tr"]
WORDS = ["the", "cat", "saw", "a", "dog", "run"]
TOKENS = ["\n"] + [f"<{tag}>" for tag in TAGS] + [f"</{tag}>" for tag in TAGS] + WORDS
NESTED, OPENS, WORD = 8, 0.4, 0.2  # tags inside each other at most; chances of another tag, of a word
WIDTH, HEADS, LENGTH = 32, 4, 64


# ---- text --------------------------------------------------------------------------------------------------

def document(random: Random) -> List[Tuple[int, float]]:
    """One line of markup: tokens with their probabilities, given what stands before."""
    opened: List[int] = []
    out: List[Tuple[int, float]] = []
    while opened or not out:
        opens = 1.0 if not out else OPENS if len(opened) < NESTED else 0.0
        u = random.random()
        if u < opens:
            opened.append(int(random.random() * len(TAGS)))
            out.append((1 + opened[-1], opens / len(TAGS)))
        elif u < opens + WORD:
            out.append((1 + 2 * len(TAGS) + int(random.random() * len(WORDS)), WORD / len(WORDS)))
        else:
            out.append((1 + len(TAGS) + opened.pop(), 1 - opens - WORD))
    return out + [(0, 1.0)]


def samples(count: int, seed: int, length: int = LENGTH) -> Tuple[Tensor, Tensor, float]:
    """Lines of markup cut to `length` tokens, as input and as what follows each; and the mean loss of a predictor that
    knows how they were written: no other has a lower one, but by luck or by learning these very samples by heart."""
    random, texts, surprise = Random(seed), [], 0.0
    for _ in range(count):
        text: List[Tuple[int, float]] = []
        while len(text) < length:
            text += document(random)
        texts.append([0] + [token for token, _ in text[:length]])
        surprise -= sum(math.log(p) for _, p in text[:length])
    tokens = torch.tensor(texts)
    return tokens[:, :-1], tokens[:, 1:], surprise / (count * length)


# ---- nets --------------------------------------------------------------------------------------------------

class Block(nn.Module):
    """Attention and a layer of features, each beside a skip. post: norm(x + F(x)) (Vaswani et al. 2017), the sum is
    normalised, so nothing passes a block unchanged. pre: x + F(norm(x)), the sum goes on as it is."""

    def __init__(self, pre: bool) -> None:
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm(WIDTH), nn.LayerNorm(WIDTH)
        self.qkv, self.out = nn.Linear(WIDTH, 3 * WIDTH), nn.Linear(WIDTH, WIDTH)
        self.up, self.down = nn.Linear(WIDTH, 4 * WIDTH), nn.Linear(4 * WIDTH, WIDTH)
        self.pre = pre

    def attend(self, x: Tensor) -> Tensor:
        n, length, width = x.shape
        q, k, v = self.qkv(x).view(n, length, 3, HEADS, width // HEADS).permute(2, 0, 3, 1, 4)
        y = nn.functional.scaled_dot_product_attention(q, k, v, is_causal=True)
        return self.out(y.transpose(1, 2).reshape(n, length, width))

    def feed(self, x: Tensor) -> Tensor:
        return self.down(torch.relu(self.up(x)))

    def forward(self, x: Tensor) -> Tensor:
        if self.pre:
            x = x + self.attend(self.norm1(x))
            return x + self.feed(self.norm2(x))
        x = self.norm1(x + self.attend(x))
        return self.norm2(x + self.feed(x))


class Transformer(nn.Module):
    """Tokens [n, length] to scores of the next one, [n, token, length] as cross_entropy wants them."""

    def __init__(self, depth: int, pre: bool) -> None:
        super().__init__()
        self.token, self.place = nn.Embedding(len(TOKENS), WIDTH), nn.Embedding(LENGTH, WIDTH)
        self.blocks = nn.Sequential(*(Block(pre) for _ in range(depth)))
        self.norm = nn.LayerNorm(WIDTH) if pre else nn.Identity()  # of pre-norm nobody has normalised the last sum
        self.head = nn.Linear(WIDTH, len(TOKENS))
        for layer in self.modules():
            if isinstance(layer, nn.Linear):
                nn.init.xavier_uniform_(layer.weight)
                nn.init.zeros_(layer.bias)

    def forward(self, x: Tensor) -> Tensor:
        x = self.token(x) + self.place(torch.arange(x.shape[1], device=x.device))
        return self.head(self.norm(self.blocks(x))).transpose(1, 2)


def embed(shallow: Any, deep: Any) -> None:
    """The trained shallow net in the deep one, the added blocks at its end. With F = 0 a block of post-norm is
    norm(norm(x)), which changes x unless x is normalised already: so the shallow net's last norm and all behind it stay
    plain, and its scale and shift go to the deep net's last one."""
    depth = len(shallow.blocks)
    deep.load_state_dict(shallow.state_dict(), strict=False)
    for block in deep.blocks[depth:]:
        for layer in (block.out, block.down):
            nn.init.zeros_(layer.weight), nn.init.zeros_(layer.bias)
        block.norm1.reset_parameters(), block.norm2.reset_parameters()
    last, first = deep.blocks[-1].norm2, deep.blocks[depth - 1].norm2
    last.weight.copy_(first.weight), last.bias.copy_(first.bias)
    first.reset_parameters()


# ---- the study ---------------------------------------------------------------------------------------------

def post(depth: int) -> nn.Module:
    """The net that is asked about."""
    return Transformer(depth, False)


def pre(depth: int) -> nn.Module:
    """The same layers in the other order."""
    return Transformer(depth, True)


def falls(optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """A tenth of the rate in the last quarter."""
    return torch.optim.lr_scheduler.LambdaLR(optimizer, lambda step: 1.0 if step < 0.75 * steps else 0.1)


def rises(optimizer: torch.optim.Optimizer, steps: int) -> Any:
    """The same after a warm-up over the first quarter."""
    return torch.optim.lr_scheduler.LambdaLR(
        optimizer, lambda step: min(1.0, (step + 1) / (0.25 * steps)) if step < 0.75 * steps else 0.1)


def study_of(make_net: Callable[[int], nn.Module], texts: int = 1024, steps: int = 400, shallow: int = 2, deep: int = 12,
             **more: Any) -> Study:
    """Of post or of pre; adam by its defaults, 16 texts a step."""
    x, y, bayes = samples(texts, 1)
    return Study(make_net, (x, y, *samples(texts // 4, 2)[:2]),
                 Recipe(lr=0.003, steps=steps, batch=16, optimizer="adam", schedule=falls), shallow=shallow, deep=deep,
                 subject=f"Transformers of {shallow} and {deep} blocks on markup, {make_net.__name__}-norm; a predictor "
                 f"that knows how the text was written has a loss of {bayes:.3f}", **{"seeds": 8, "tuning": 2, "points": 4, **more})


study = study_of(post, arms="S,D,W0,D_order,D_schedule", folder="transformer", embed=embed,
                 variants={"D_order:pre": {"make_net": pre}, "D_schedule:warmup": {"schedule": rises}})
before = study_of(pre, arms="S,D,W0", folder="transformer-pre", tuning=0)

if __name__ == "__main__" and sys.argv[1:] == ["text"]:
    inputs, _, least = samples(2048, 1)
    for row in inputs[:4]:
        print(" ".join(TOKENS[int(token)] for token in row).strip())
    share = torch.bincount(inputs.flatten()) / inputs.numel()
    print(f"{len(TOKENS)} tokens; loss of the best constant {float(-(share * share.log()).sum()):.3f}, "
          f"of one that knows all {least:.3f}")
