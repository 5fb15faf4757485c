"""Studies: why is a deep net worse than a shallow one?"""
from __future__ import annotations

import html
import math
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Dict, List, Optional, Sequence, Tuple, Union

import numpy as np

from ._library import EVENT_FUNCTION, lib
from .arrays import numbers_of
from .data import Dataset, pair_of
from .handles import Context, Error, Handle, Owner, PathLike, path_in, seed_in, table, text_in
from .nets import Net
from .progress import Listener, Progress, Teller, Told, wait
from .pytorch import from_torch

_COUNTS = {"task", "arm_index", "depth", "seed", "updates"}  # columns of whole numbers


@dataclass(frozen=True)
class Finding:
    """What was found of one hypothesis. What there is not is NaN or ""."""

    hypothesis: str  #: its word, such as "solver"
    question: str  #: what it asks
    status: str  #: confirmed, contributes, minor, refuted, undecided or not_applicable: docs/verdict.md
    share: float  #: of the gap that the deciding arm repairs; 1 = all of it
    interval: Tuple[float, float]  #: of the share
    effect: float  #: in units of the loss
    effect_interval: Tuple[float, float]
    sentence: str  #: why, with the numbers
    to_settle: str  #: what would settle it; "" when nothing is open
    arm: str  #: that decided


class Verdict(Handle):
    """What a judge found. In a notebook it shows the answer and the evidence."""

    context: Context

    @property
    def answer(self) -> str:
        """The answer in two or three sentences."""
        return str(lib.deepid_verdict_answer(self.owner).decode())

    @property
    def text(self) -> str:
        """The verdict as a terminal shows it: answer, findings with numbers, remedies, scope."""
        return str(lib.deepid_verdict_text(self.owner, 0).decode())

    @property
    def verdict(self) -> List[Finding]:
        """A finding for each hypothesis."""
        return [_finding(self.owner, i) for i in range(lib.deepid_verdict_count(self.owner))]

    def write_json(self, path: PathLike) -> None:
        """Write verdict.json: docs/verdict.md."""
        self.context.call(lib.deepid_verdict_write_json, self, path_in(path))

    def _repr_html_(self) -> str:
        rows = "".join(_html_row("td", [f.hypothesis, f.status.replace("_", " "), _share_words(f), f.sentence], f.question)
                       for f in self.verdict)
        head = _html_row("th", ["hypothesis", "finding", "share of the gap", "evidence"])
        return f"<p>{html.escape(self.answer)}</p><table>{head}{rows}</table>"

    def __repr__(self) -> str:
        name = type(self).__name__
        return f"deepid.{name}(closed)" if self._owner is None else f"<deepid.{name}: {self.answer}>"


class Result(Verdict):
    """What a study found. In a notebook it shows the answer and the evidence."""

    def __init__(self, context: Context, study: Owner) -> None:
        self.context = context
        self._owner = context.make(lib.deepid_study_judge, lib.deepid_verdict_destroy, study, lent=(study,))
        self._study: Optional[Owner] = study

    def close(self) -> None:
        """Free the study and its nets."""
        self._owner = self._study = None

    @property
    def study(self) -> Owner:
        """The C study; an Error after close."""
        if self._study is None:
            raise Error(13, "this Result is closed")
        return self._study

    @property
    def table(self) -> Any:
        """A row a net that was trained: arm, depth, seed, losses, ... A pandas DataFrame when pandas is there, else a list
        of dicts. Columns: deepid_study_results in study.h."""
        return self._rows(lib.deepid_study_results)

    @property
    def history(self) -> Any:
        """A row a look at a net while it trained, as table: arm, seed, epoch, losses, errors, rate."""
        return self._rows(lib.deepid_study_history)

    @property
    def tuning(self) -> Any:
        """A row a tuning run, as table: rate, seed, loss, whether it was chosen."""
        return self._rows(lib.deepid_study_tuning)

    def _rows(self, function: Any) -> Any:
        columns = table(self.context.make(function, lib.deepid_table_destroy, self.study))
        columns.update({name: columns[name].astype(np.int64) for name in _COUNTS & set(columns)})
        try:
            import pandas
        except ImportError:
            return [dict(zip(columns, row)) for row in zip(*(column.tolist() for column in columns.values()))]
        return pandas.DataFrame(columns)

    def net(self, arm: str, seed: int = 1) -> Net:
        """A copy of the trained net of an arm ("S", "D", "D_res", ...) and a seed."""
        owner = self.context.make(lib.deepid_study_net, lib.deepid_net_destroy, self.study, text_in(arm), seed_in(seed))
        return Net._of(self.context, owner)

    def report(self, path: PathLike) -> None:
        """Write the report, one page of HTML, and its figures into the folder "figures" beside it."""
        self.context.call(lib.deepid_report_write, self.study, self, path_in(path))



def _finding(verdict: Owner, i: int) -> Finding:
    def text(name: str) -> str:
        return str(getattr(lib, "deepid_verdict_" + name)(verdict, i).decode())

    def number(name: str) -> float:
        return float(getattr(lib, "deepid_verdict_" + name)(verdict, i))

    word = text("hypothesis")
    return Finding(word, lib.deepid_hypothesis_help(word.encode()).decode(), text("status"), number("share"),
                   (number("share_low"), number("share_high")), number("effect"), (number("low"), number("high")),
                   text("sentence"), text("to_settle"), text("arm"))


def _example(module: Any, x: Any) -> Any:
    """Two samples as a module takes them."""
    import torch

    two = torch.from_numpy(np.array(numbers_of(x, "x")[:2], np.float32))
    return two.to(next(module.parameters(), two))


def _html_row(cell: str, texts: List[str], about: str = "") -> str:
    """A row of a table; notebooks would set it to the right."""
    title = f' title="{html.escape(about)}"' if about else ""
    return f"<tr{title}>" + "".join(f"<{cell} style='text-align:left'>{html.escape(one)}</{cell}>" for one in texts) + "</tr>"


def _share_words(finding: Finding) -> str:
    """96 % [90, 99], or nothing."""
    if math.isnan(finding.share):
        return ""
    ends = "" if math.isnan(finding.interval[0]) else " [{:.0f}, {:.0f}]".format(*(100 * end for end in finding.interval))
    return f"{100 * finding.share:.0f} %{ends}"


def _net_text(net: Any, x: Any) -> str:
    """The text of a net that is a text, a Net, a module of PyTorch that takes samples as in x, or the path of an ONNX file."""
    if isinstance(net, Net):
        return net.text
    if hasattr(net, "state_dict") and callable(net):
        if isinstance(x, Dataset):
            raise TypeError("study: modules of PyTorch need x as an array, to run on; or make nets of them, deepid.from_torch")
        with from_torch(net, _example(net, x), Context(threads=1)) as loaded:
            return str(loaded.text)
    if isinstance(net, os.PathLike) or text_in(net).endswith(b".onnx"):
        with Net.load_onnx(net, Context(threads=1)) as loaded:
            return loaded.text
    return str(net)


def _event(event: int) -> Progress:
    def ask(name: str) -> Any:
        return getattr(lib, "deepid_study_event_" + name)(event)

    return Progress(ask("tasks"), ask("tasks_done"), ask("share"), ask("seconds"), ask("seconds_left"),
                    ask("text").decode(errors="replace"))


def _run(context: Context, study: Owner, hear: Listener) -> None:
    """Run a study in a thread, and tell of it in this one."""
    news: List[Progress] = []

    def heard(_user: Any, event: int) -> int:
        news[:] = [_event(event)]
        return 0

    hearing = EVENT_FUNCTION(heard)
    wait(lambda: context.call(lib.deepid_study_run, study, hearing, None),
         lambda: lib.deepid_study_request_stop(study), news, hear)


def _set(context: Context, study: Owner, settings: Dict[str, Any]) -> None:
    """Settings by their names: texts, numbers, lists of words."""
    for key, value in settings.items():
        if value is None:
            continue
        if isinstance(value, (list, tuple)):
            value = ",".join(map(str, value))
        if key == "dtype" and isinstance(value, str):
            value = {"float32": 1, "float64": 2}.get(value, value)
        if isinstance(value, str):
            context.call(lib.deepid_study_set_text, study, text_in(key), text_in(value))
        else:
            context.call(lib.deepid_study_set_number, study, text_in(key), float(value))


def study(shallow: Any, deep: Any, x: Any, y: Any = None, *,
          valid: Optional[Tuple[Any, Any]] = None, seeds: Optional[int] = None,
          arms: Union[None, str, Sequence[str]] = None, steps: Optional[int] = None, out: Optional[PathLike] = None,
          progress: Told = None, layout: Optional[str] = None,
          normalize: Optional[str] = None, **settings: Any) -> Result:
    """Why is the deep net worse than the shallow one, on these data? Trains both, and the deep one again in ways that each
    change one thing.

        result = deepid.study(shallow, deep, x, y, valid=(xv, yv), seeds=10, out="study")

    A Dataset's context works for the study until it ends, and others wait for it; arrays get a context of their own.
    Ctrl-C raises KeyboardInterrupt within a step or so; with a folder, the same call goes on where it was.

    :param shallow: a text (docs/nets.md), a Net or a module of PyTorch (layers count: nets start anew), or the path of an ONNX
        file
    :param deep: the same, with more layers that have weights
    :param x: samples as Dataset.from_arrays takes them; or a Dataset, whose valid part counts
    :param y: labels or targets; None with a Dataset
    :param valid: (x, y) of validation data
    :param seeds: of each arm, default 10
    :param arms: words as docs/verdict.md lists them, "S,D,D_res" or a list; None: all that apply
    :param steps: of each training; None: 100 epochs
    :param out: a folder for results, verdict.json and report.html; None: all in memory
    :param progress: called with a Progress about ten times a second on this thread; True: a line on stderr; None: that line
        in a terminal or notebook
    :param layout: "nchw" where pictures have channels first
    :param normalize: "feature", "channel", "global": with mean and deviation of the training data
    :param settings: all that study.h lists for deepid_study_set_text and deepid_study_set_number: learning_rate=0.1,
        optimizer="adam", batch=32, init="he", budget=60, tuning_seeds=0, threads=1, level=0.9, ...
    :raises Error: with the library's sentence
    """
    if isinstance(x, Dataset):
        if y is not None or valid is not None or layout is not None or normalize is not None:
            raise TypeError("study: with a Dataset, y, valid, layout and normalize are its own")
        data = x
    else:
        if y is None:
            raise TypeError("study: y lacks: labels or targets of x")
        xv, yv = pair_of(valid)
        data = Dataset.from_arrays(x, y, xv, yv, layout=layout, context=Context())
        if normalize is not None:
            data.normalize(normalize)
    context = data.context
    texts = [text_in(_net_text(net, x)) for net in (shallow, deep)]
    try:
        owner = context.make(lib.deepid_study_create, lib.deepid_study_destroy, context, *texts, data,
                             lent=(data.owner, data.valid and data.valid.owner))
    except Error as error:
        if "targets" in str(error) and y is not None:
            raise Error(error.status, f"{error}; floats are targets, labels are integers: y.astype(int)") from None
        raise
    if data.valid is not None:
        context.call(lib.deepid_study_set_validation, owner, data.valid)
    _set(context, owner, {"seeds": seeds, "arms": arms, "steps": steps, **settings})
    if out is not None:
        context.call(lib.deepid_study_set_folder, owner, path_in(out))
    with Teller(progress) as hear:
        _run(context, owner, hear)
    result = Result(context, owner)
    if out is not None:
        context.call(lib.deepid_study_write, owner, None)
        context.call(lib.deepid_verdict_write_json, result, path_in(Path(out) / "verdict.json"))
        result.report(Path(out) / "report.html")
    return result
