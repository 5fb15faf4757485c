"""The judge of what anybody trained: runs in, a verdict out. docs/evidence.md says what the words mean."""
from __future__ import annotations

import math
import os
from typing import Any, Mapping, Optional, Union

from ._library import lib
from .handles import Context, Handle, Owner, PathLike, default_context, path_in, seed_in, text_in, whole_in
from .studies import Verdict

Map = Union[str, Mapping[str, str]]
Fact = Union[str, float, bool]


class Judgement(Verdict):
    """What was found of evidence, and what to run next."""

    def __init__(self, context: Context, verdict: Owner, evidence: Owner) -> None:
        self.context = context
        self._owner = verdict
        self._evidence = evidence

    @property
    def advice(self) -> str:
        """The one arm that would settle most of what is open, with its price in runs; "" where nothing is."""
        return str(lib.deepid_evidence_advice(self._evidence, self.owner).decode())

    def report(self, path: PathLike) -> None:
        """Write the report, one page of HTML, and its figures into the folder "figures" beside it."""
        self.context.call(lib.deepid_report_write_evidence, self._evidence, self, path_in(path))


class Evidence(Handle):
    """Runs by arm and seed, whoever trained them.

    :param context: where it is made; None: the default one
    :param facts: what is known beside the runs: classes=10 or const_loss=2.3, subject="...", batch=128, batchnorm=True
    """

    def __init__(self, context: Optional[Context] = None, **facts: Fact) -> None:
        self.context = context or default_context()
        self._owner = self.context.make(lib.deepid_evidence_create, lib.deepid_evidence_destroy, self.context)
        self.set(**facts)

    @classmethod
    def read(cls, path: PathLike, map: Optional[Map] = None, context: Optional[Context] = None) -> Evidence:
        """Read a folder of evidence, or by a map what another tool exported.

        :param path: a folder with results.csv; with a map a CSV file
        :param map: {"arm": "config.name", "seed": "config.seed", "train_loss": "train/loss", "S": "plain-20"}, or its text
        """
        evidence = cls.__new__(cls)
        evidence.context = context or default_context()
        if map is None:
            evidence._owner = evidence.context.make(lib.deepid_evidence_read, lib.deepid_evidence_destroy,
                                                    evidence.context, path_in(path))
        else:
            pairs = map if isinstance(map, str) else ",".join(f"{key}={value}" for key, value in map.items())
            evidence._owner = evidence.context.make(lib.deepid_evidence_read_csv, lib.deepid_evidence_destroy,
                                                    evidence.context, path_in(path), text_in(pairs))
        return evidence

    def set(self, **facts: Fact) -> None:
        """Say facts: words of evidence.json, or thresholds of the verdict. classes=K is const_loss=log(K)."""
        for word, value in facts.items():
            if word == "classes":
                word, value = "const_loss", math.log(whole_in(value, "classes", 2))
            if isinstance(value, str):
                self.context.call(lib.deepid_evidence_set_text, self, text_in(word), text_in(value))
            else:
                self.context.call(lib.deepid_evidence_set_number, self, text_in(word), float(value))

    def add(self, arm: str, seed: int, train_loss: float, valid_loss: float = math.nan, **columns: float) -> None:
        """Add a run. One that diverged has the train_loss math.inf.

        :param columns: of results.csv: train_error=0.02, valid_error, penalty, updates, rate, of W0 difference, ...
        """
        word, number = text_in(arm), _seed(seed)
        self.context.call(lib.deepid_evidence_add, self, word, number, float(train_loss), float(valid_loss))
        for column, value in columns.items():
            self.context.call(lib.deepid_evidence_set_run, self, word, number, text_in(column), float(value))

    def add_point(self, arm: str, seed: int, epoch: float, train_loss: float, valid_loss: float = math.nan) -> None:
        """Add a look at a run while it trained, in their order."""
        self.context.call(lib.deepid_evidence_add_point, self, text_in(arm), _seed(seed), float(epoch),
                          float(train_loss), float(valid_loss))

    def add_tuning(self, arm: str, rate: float, seed: int, train_loss: float) -> None:
        """Add a run that looked for a learning rate, at a seed apart from the others."""
        self.context.call(lib.deepid_evidence_add_tuning, self, text_in(arm), float(rate), _seed(seed),
                          float(train_loss))

    def set_arm(self, arm: str, **columns: float) -> None:
        """Say what arms.csv has of an arm: depth=56, learning_rate=0.1, ..."""
        for column, value in columns.items():
            self.context.call(lib.deepid_evidence_set_arm, self, text_in(arm), text_in(column), float(value))

    def leave_out(self, arm: str, reason: str) -> None:
        """Say why an arm has no runs."""
        self.context.call(lib.deepid_evidence_leave_out, self, text_in(arm), text_in(reason))

    def explain(self, name: str, before: float, after: float = math.nan) -> None:
        """Tell a number that explains what another start repairs; it decides nothing."""
        self.context.call(lib.deepid_evidence_explain, self, text_in(name), float(before), float(after))

    def write(self, folder: PathLike) -> None:
        """Write a folder that `read` and deepid-judge read."""
        self.context.call(lib.deepid_evidence_write, self, path_in(folder))

    def judge(self) -> Judgement:
        """The verdict on what was added so far."""
        verdict = self.context.make(lib.deepid_evidence_judge, lib.deepid_verdict_destroy, self.owner)
        return Judgement(self.context, verdict, self.owner)


def _seed(seed: Any) -> int:
    return whole_in(seed_in(seed), "seed", 0, 2**53)


def judge(runs: PathLike, map: Optional[Map] = None, context: Optional[Context] = None, **facts: Fact) -> Judgement:
    """The verdict on a folder of evidence, or by a map on what another tool exported.

    deepid.judge("runs", classes=10).answer

    :param runs: see Evidence.read, as map
    :param facts: see Evidence
    """
    evidence = Evidence.read(os.fspath(runs), map, context)
    evidence.set(**facts)
    return evidence.judge()
