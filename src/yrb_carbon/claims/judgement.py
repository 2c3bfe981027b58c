"""What a verdict is, and what it rests on."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.claims.sections import Selector
from yrb_carbon.errors import listing
from yrb_carbon.estimates import AT_BOUNDARY
from yrb_carbon.study.base import Label

PLACES = (
    "table", "model", "outcome", "spec", "sample", "weights", "equation", "quantity", "term",
    "year",
)  # fmt: skip
"""Columns of the deciding row that say where it stands in estimates.csv."""

Row = Mapping[str, Any]


class Verdict(StrEnum):
    """What the estimates say of a claim."""

    SUPPORTED = "supported"
    CONTRADICTED = "contradicted"
    NOT_DISTINGUISHABLE = "not distinguishable"
    NOT_TESTABLE = "not testable with these data"


VERDICT_ZH = {
    Verdict.SUPPORTED: "支持",
    Verdict.CONTRADICTED: "相反",
    Verdict.NOT_DISTINGUISHABLE: "无法区分",
    Verdict.NOT_TESTABLE: "现有数据无法检验",
}


def unanimous(verdicts: Collection[Verdict]) -> Verdict:
    """What all say, else not distinguishable."""
    said = set(verdicts)
    return said.pop() if len(said) == 1 else Verdict.NOT_DISTINGUISHABLE


@dataclass(frozen=True, slots=True)
class PartVerdict:
    """One of the verdicts that a judgement is made of: by one way, or in one year and model.

    Attributes
    ----------
    label : Label
        Which way, or which years and model.
    verdict : Verdict
    row : mapping
        The deciding row of estimates.
    p_value : float
        The one that was used: corrected where several rows were weighed against each other;
        missing where nothing is estimated.
    evidence : str
        All rows that were weighed.
    note : Label or None
        What goes with the deciding row.
    """

    label: Label
    verdict: Verdict
    row: Row
    p_value: float
    evidence: str
    note: Label | None = None

    @property
    def uncertainty(self) -> float:
        """Width of the interval; of a test, which has none, the p-value; of an account zero."""
        width = float(self.row["ci_upper"]) - float(self.row["ci_lower"])
        return float(np.nan_to_num(self.p_value if np.isnan(width) else width))


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it rests on.

    Attributes
    ----------
    verdict : Verdict
    parts : tuple of PartVerdict
        None where the claim cannot be tested for want of rows; the one that decides first where
        they have no intervals.
    reason : Label or None
        Why a claim cannot be tested.
    left_out : Label or None
        What was not weighed, and why.
    within : str
        Stands between a verdict and the labels of the parts that say it: by, in.
    """

    verdict: Verdict
    parts: tuple[PartVerdict, ...] = ()
    reason: Label | None = None
    left_out: Label | None = None
    within: str = "by"

    @property
    def shown(self) -> PartVerdict | None:
        """The widest interval of those that say what the verdict says, else of all."""
        alike = [part for part in self.parts if part.verdict is self.verdict] or self.parts
        return max(alike, key=lambda part: part.uncertainty, default=None)

    @property
    def disagreement(self) -> Label | None:
        """Which parts say what, where they differ."""
        said: dict[Verdict, list[Label]] = {}
        for one in self.parts:
            said.setdefault(one.verdict, []).append(one.label)
        if len(said) < 2:
            return None
        return Label(
            en="; ".join(
                f"{verdict.value} {self.within} {listing([label.en for label in labels])}"
                for verdict, labels in said.items()
            ),
            zh="；".join(
                f"{'、'.join(label.zh for label in labels)}：{VERDICT_ZH[verdict]}"
                for verdict, labels in said.items()
            ),
        )


class NotTestableError(Exception):
    """The rows do not bear on the claim; carries the reason."""

    def __init__(self, reason: Label) -> None:
        super().__init__(reason.en)
        self.reason = reason


def ambiguous(name: str, selector: Selector, rows: pd.DataFrame) -> str:
    """What is wrong with rows that should be one number, and in which columns they differ."""
    texts = rows[[*PLACES, "estimator", "vcov", "inference"]].astype(str)
    differing = [column for column in texts if texts[column].nunique() > 1]
    found = "; ".join(f"{column}: {listing(sorted(set(texts[column])), 6)}" for column in differing)
    return (
        f"claim {name!r}: {len(rows)} rows of estimates match {selector}; they differ in "
        f"{found or 'no column that says what they are'}; name one"
    )


def absent(selector: Selector, estimates: pd.DataFrame) -> Label:
    """Why there is no row: no such table, a model at the edge, or nothing that matches."""
    of_table = estimates[estimates["table"] == selector.table]
    if of_table.empty:
        return Label(
            en=f"the study has no table {selector.table}", zh=f"本研究没有表{selector.table}"
        )
    marked = of_table[(of_table["quantity"] == "value") & (of_table["term"] == AT_BOUNDARY)]
    for column in ("model", "outcome", "sample", "weights"):
        wanted = getattr(selector, column)
        if wanted is not None:
            marked = marked[marked[column] == wanted]
    if len(marked):
        models = listing(sorted(set(marked["model"])))
        return Label(
            en=f"model {models} of {selector.table}: the likelihood peaks at the edge of the "
            "admissible interval of the spatial coefficient, so it has no effects",
            zh=f"表{selector.table}模型{models}的似然在空间系数容许区间的边界取得最大值，因而没有效应估计",
        )
    return Label(en=f"no row of {selector}", zh=f"没有对应的估计行（“{selector}”）")
