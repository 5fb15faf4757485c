"""Which module of the deep net is which of the shallow one: an alignment of the two trees that keeps the order. Names
shift when layers are added, so they play no part: kinds and shapes do. Of all alignments the one with the fewest gaps
is taken, gaps at either end count more, and of equals the one whose gaps stand last."""
from __future__ import annotations

from typing import Any, Dict, List, Optional, Tuple

from torch import nn

from .nets import weights

#: Prices: a run of modules that only the deep net has; the same at an end; a part without numbers that it lacks.
GAP, END, LACKS = 2, 1, 20

Pairs = List[Tuple[str, str]]
Fit = Tuple[int, Pairs]


def align(shallow: nn.Module, deep: nn.Module) -> Optional[Dict[str, str]]:
    """The deep net's name for each module of the shallow one that has numbers somewhere inside; None: they do not all
    stand in it in their order."""
    found = _Aligner().fit(shallow, deep)
    return None if found is None else dict(found[1])


def missing(shallow: nn.Module, deep: nn.Module) -> str:
    """A first module of the shallow net that has no counterpart of its kind and shape, in words."""
    have = [_own(one) for one in deep.modules()]
    for name, one in shallow.named_modules():
        if list(one.parameters(recurse=False)) and _own(one) not in have:
            shapes = ", ".join("x".join(map(str, p.shape)) for p in one.parameters(recurse=False))
            return f"{name or 'the net'} ({type(one).__name__}, {shapes}) is not in the deep net"
    return "the deep net has its layers in another order"


def added(deep: nn.Module, names: Dict[str, str]) -> List[List[str]]:
    """The parts that only the deep net has, each to be the identity by itself: a module; or of an nn.Sequential a layer
    with weights and what stands behind it."""
    taken = {""}
    for name in names.values():
        pieces = name.split(".")
        taken.update(".".join(pieces[:i]) for i in range(1, len(pieces) + 1))
    parts: List[List[str]] = []
    for parent in sorted(taken):
        module = deep.get_submodule(parent)
        open_part = False
        for child, one in module.named_children():
            name = _join(parent, child) if parent else child
            if name in taken:
                open_part = False
            elif isinstance(module, nn.Sequential) and open_part and not any(weights(inner) for inner in one.modules()):
                parts[-1].append(name)
            else:
                parts.append([name])
                open_part = True
    return [part for part in parts if any(True for name in part for _ in deep.get_submodule(name).parameters())]


def _own(module: nn.Module) -> Any:
    tensors = [*module.named_parameters(recurse=False), *module.named_buffers(recurse=False)]
    kind = f"{type(module).__module__}.{type(module).__qualname__}"  # classes made inside make_net are new each time
    return kind, tuple((name, tuple(one.shape)) for name, one in tensors)


class _Aligner:
    def __init__(self) -> None:
        self._signature: Dict[int, Any] = {}
        self._fit: Dict[Tuple[int, int], Optional[Fit]] = {}

    def signature(self, module: nn.Module) -> Any:
        """Equal where two modules have the same kinds and shapes all the way down."""
        if id(module) not in self._signature:
            self._signature[id(module)] = (_own(module), tuple(map(self.signature, module.children())))
        return self._signature[id(module)]

    def fit(self, s: nn.Module, d: nn.Module) -> Optional[Fit]:
        """s in d: the price, and pairs of names inside; None: it is not."""
        key = (id(s), id(d))
        if key not in self._fit:
            self._fit[key] = self._find(s, d)
        return self._fit[key]

    def _find(self, s: nn.Module, d: nn.Module) -> Optional[Fit]:
        if self.signature(s) == self.signature(d):
            return 0, [(name, name) for name, _ in s.named_modules()]
        if _own(s) != _own(d):
            return None
        inside = self.sequence([*s.named_children()], [*d.named_children()])
        return None if inside is None else (inside[0], [("", ""), *inside[1]])

    def sequence(self, s: List[Tuple[str, nn.Module]], d: List[Tuple[str, nn.Module]]) -> Optional[Fit]:
        """Children of s among those of d, in order. From the back: best[i][j][gap] is the price of s[i:] in d[j:]."""
        m, n = len(s), len(d)
        infinite = 10**9
        best = [[[infinite, infinite] for _ in range(n + 1)] for _ in range(m + 1)]
        move: Dict[Tuple[int, int, int], Tuple[str, Optional[Fit]]] = {}
        for i in range(m, -1, -1):
            for j in range(n, -1, -1):
                for gap in (0, 1):
                    options: List[Tuple[int, str, Optional[Fit]]] = []
                    if i == m and j == n:
                        best[i][j][gap] = 0
                        continue
                    if i < m and j < n and best[i + 1][j + 1][0] < infinite:
                        found = self.fit(s[i][1], d[j][1])
                        if found is not None:
                            options.append((found[0] + best[i + 1][j + 1][0], "pair", found))
                    if j < n:
                        opens = 0 if gap else GAP + END * (j == 0)
                        ends = END if j == n - 1 else 0
                        options.append((opens + ends + best[i][j + 1][1], "skip", None))
                    if i < m and not any(True for _ in s[i][1].parameters()):
                        options.append((LACKS + best[i + 1][j][0], "lack", None))
                    if options:
                        cost, word, fit = min(options, key=lambda one: one[0])
                        best[i][j][gap] = min(cost, infinite)
                        move[i, j, gap] = (word, fit)
        return None if best[0][0][0] >= infinite else (best[0][0][0], _walk(s, d, move))


def _walk(s: List[Tuple[str, nn.Module]], d: List[Tuple[str, nn.Module]],
          move: Dict[Tuple[int, int, int], Tuple[str, Optional[Fit]]]) -> Pairs:
    """The pairs along the best way."""
    pairs: Pairs = []
    i = j = gap = 0
    while (i, j, gap) in move:
        word, fit = move[i, j, gap]
        if word == "pair" and fit is not None:
            for a, b in fit[1]:
                pairs.append((_join(s[i][0], a), _join(d[j][0], b)))
        i, j, gap = i + (word != "skip"), j + (word != "lack"), int(word == "skip")
    return pairs


def _join(a: str, b: str) -> str:
    return f"{a}.{b}" if b else a
