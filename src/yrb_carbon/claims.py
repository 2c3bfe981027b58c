"""Verdicts on the findings of the study, from estimates.csv and claims.yaml alone.

A claim says which rows of estimates.csv bear on it and what they should show. It is judged by the
interval that holds under errors correlated over time; the verdict by the classical interval stands
beside it. Intervals are those of estimates.csv (95 % unless its tables say otherwise); `level` is
the size of the tests of equality.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError

from yrb_carbon.errors import DataError, StudyError, listing
from yrb_carbon.estimates import AT_BOUNDARY, Quantity, format_number
from yrb_carbon.study.base import Identifier, Label, Section, choices
from yrb_carbon.study.load import explained
from yrb_carbon.study.positions import dotted, read_yaml
from yrb_carbon.study.schema import shape_of

LEVEL = 0.05
ANY = "*"
"""Stands for any text within a term."""

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


class Selector(Section):
    """Which rows of estimates.csv bear on a claim; a column that is not named may be anything."""

    table: Identifier = Field(description="Table.")
    model: str | None = Field(None, description="Model.")
    outcome: str | None = Field(None, description="Outcome.")
    spec: str | None = Field(None, description="Specification; '' for an empty cell.")
    sample: str | None = Field(None, description="Sample.")
    weights: str | None = Field(None, description="Weights.")
    equation: str | None = Field(None, description="Equation.")
    quantity: Quantity = Field(description="Quantity.")
    term: str = Field("", description="Term; * stands for any text.")

    @property
    def columns(self) -> dict[str, str]:
        """The columns that it names, with the text each must hold."""
        return {name: str(value) for name, value in self if value is not None}

    def __str__(self) -> str:
        """Return `T5: model sdm, quantity direct, term lq`."""
        own = self.columns
        table = own.pop("table")
        return f"{table}: {', '.join(f'{name} {value!r}' for name, value in own.items())}"

    def rows_of(self, estimates: pd.DataFrame) -> pd.DataFrame:
        """Rows that match in every named column."""
        own = self.columns
        pattern = re.escape(own.pop("term")).replace(re.escape(ANY), ".*")
        kept = estimates["term"].str.fullmatch(pattern).astype(bool)
        for name, value in own.items():
            kept &= estimates[name] == value
        return estimates[kept]


class Inference(Section):
    """Which interval: columns `vcov` and `inference` of estimates.csv; null may be anything."""

    vcov: str | None = None
    inference: str | None = None

    def rows_of(self, rows: pd.DataFrame) -> pd.DataFrame:
        """Rows with this interval."""
        for name, value in self:
            if value is not None:
                rows = rows[rows[name] == value]
        return rows


class ClaimSection(Section):
    """Base of every claim."""

    finding: Annotated[int, Field(ge=1)] = Field(description="Number of the finding in the source.")
    statement: Label
    note: Label | None = Field(None, description="How the orientation or the quantity is meant.")


class SignClaim(ClaimSection):
    """One number has a sign."""

    kind: Literal["sign"]
    row: Selector
    expected: Literal["negative", "positive"]

    @property
    def wanted(self) -> str:
        """What the row should show."""
        return "< 0" if self.expected == "negative" else "> 0"


class OrderClaim(ClaimSection):
    """Every one of some differences is positive."""

    kind: Literal["order"]
    rows: tuple[Selector, ...] = Field(min_length=1)

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return "all > 0"


class DifferenceClaim(ClaimSection):
    """Groups differ: equality is rejected by the joint tests, or, without any, pair by pair."""

    kind: Literal["difference"]
    tests: tuple[Selector, ...] = ()
    differences: Selector | None = None

    @property
    def wanted(self) -> str:
        """What the tests should show."""
        return "equality rejected"


Claim = Annotated[SignClaim | OrderClaim | DifferenceClaim, Field(discriminator="kind")]


class Claims(Section):
    """All claims of a source.

    `robust` and `classical` say by which interval a claim is judged: the first of the list that a
    claim's rows have.
    """

    source: Label
    robust: tuple[Inference, ...] = Field(min_length=1)
    classical: tuple[Inference, ...] = Field(min_length=1)
    claims: dict[Identifier, Claim] = Field(min_length=1)


CLAIM_COLUMNS = (
    "study",
    "id",
    "finding",
    "kind",
    "statement_en",
    "statement_zh",
    "expected",
    "verdict",
    "verdict_zh",
    "reason_en",
    "reason_zh",
    "caveat_en",
    "caveat_zh",
    "table",
    "model",
    "outcome",
    "spec",
    "sample",
    "weights",
    "equation",
    "quantity",
    "term",
    "estimate",
    "ci_lower",
    "ci_upper",
    "statistic",
    "df",
    "p_value",
    "vcov",
    "inference",
    "evidence",
    "classical_verdict",
    "classical_ci_lower",
    "classical_ci_upper",
    "classical_p_value",
    "classical_vcov",
    "classical_inference",
)
NUMBERS = (
    "estimate",
    "ci_lower",
    "ci_upper",
    "statistic",
    "df",
    "p_value",
    "classical_ci_lower",
    "classical_ci_upper",
    "classical_p_value",
)
PLACES = ("table", "model", "outcome", "spec", "sample", "weights", "equation", "quantity", "term")
"""Columns of the deciding row that say where it stands in estimates.csv."""


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with the row that decided it.

    Attributes
    ----------
    verdict : Verdict
    row : mapping or None
        The deciding row of estimates; None where there is none.
    reason : Label or None
        Why a claim cannot be tested.
    evidence : str
        All rows that were weighed, where there are several.
    """

    verdict: Verdict
    row: Row | None = None
    reason: Label | None = None
    evidence: str = ""


class _NotTestableError(Exception):
    """The rows do not bear on the claim; carries the reason."""

    def __init__(self, reason: Label) -> None:
        super().__init__(reason.en)
        self.reason = reason


def read_claims(path: str | Path) -> Claims:
    """Read a file of claims.

    Raises
    ------
    StudyError
        With every fault as `file:line:column: key.path: what is wrong`.
    """
    root, faults = read_yaml(Path(path), 0)
    if root is None or faults:
        raise StudyError([str(fault) for fault in faults])
    try:
        return Claims.model_validate_json(json.dumps(root.plain()), strict=True)
    except ValidationError as error:
        whole = shape_of(Claims)
        found = [explained(root, details, whole) for details in error.errors(include_url=False)]
        ordered = sorted(found, key=lambda fault: fault.position)
        raise StudyError([str(fault) for fault in ordered]) from error


def id_faults(
    claims: Claims, not_testable: Mapping[str, Label], caveats: Mapping[str, Label]
) -> Iterator[tuple[tuple[str, str], str]]:
    """Ids that a study declares but the claims do not know, with the key where each stands."""
    for section, declared in (("not_testable", not_testable), ("caveats", caveats)):
        for name in declared:
            if name not in claims.claims:
                yield (section, name), f"no claim of that name ({choices(name, claims.claims)})"


def judge(
    estimates: pd.DataFrame,
    claims: Claims,
    level: float = LEVEL,
    *,
    not_testable: Mapping[str, Label] | None = None,
    caveats: Mapping[str, Label] | None = None,
) -> pd.DataFrame:
    """Judge every claim.

    A sign is *supported* when the whole interval has it, *contradicted* when the whole interval has
    the other one, else *not distinguishable*. An order is supported when every difference has a
    positive lower bound, contradicted when one has a negative upper bound. A difference of groups
    is supported when equality is rejected at the level, by the joint test (several: after Holm's
    correction), or, where the claim names none, by a difference of a pair after Holm's correction;
    it is never contradicted. A claim without rows, with rows of models at the edge of the
    admissible interval, or declared so by the study, is *not testable with these data*.

    Parameters
    ----------
    estimates : DataFrame
        Rows of one study, columns of estimates.csv.
    claims : Claims
    level : float
        Size of the tests of equality.
    not_testable : mapping of str to Label, optional
        Id -> why the study's data cannot speak on the claim.
    caveats : mapping of str to Label, optional
        Id -> what a reader of the verdict must know.

    Returns
    -------
    DataFrame with the columns `CLAIM_COLUMNS`, one row a claim in the order of the file.

    Raises
    ------
    StudyError
        If an id is unknown.
    DataError
        If a claim's rows are not the only ones that match, or of several studies.
    """
    reasons, remarks = not_testable or {}, caveats or {}
    faults = [
        f"claims.{dotted(path)}: {problem}" for path, problem in id_faults(claims, reasons, remarks)
    ]
    if faults:
        raise StudyError(faults)
    studies = sorted(set(estimates["study"]))
    if len(studies) > 1:
        raise DataError(f"estimates of several studies ({listing(studies)}); judge one at a time")
    lines = []
    for name, claim in claims.claims.items():
        robust = judge_claim(name, claim, estimates, claims.robust, level)
        classical = judge_claim(name, claim, estimates, claims.classical, level)
        if name in reasons:
            robust = replace(robust, verdict=Verdict.NOT_TESTABLE, reason=reasons[name])
            classical = Judgement(Verdict.NOT_TESTABLE)
        lines.append(
            {
                "study": studies[0] if studies else "",
                **_claim_cells(name, claim, remarks.get(name)),
                **_verdict_cells(robust),
                **_classical_cells(classical),
            }
        )
    return _typed(pd.DataFrame(lines))


def judge_claim(
    name: str,
    claim: SignClaim | OrderClaim | DifferenceClaim,
    estimates: pd.DataFrame,
    preferred: Sequence[Inference],
    level: float = LEVEL,
) -> Judgement:
    """Judge one claim by one kind of interval.

    Parameters
    ----------
    name : str
        Id of the claim, for messages.
    claim : SignClaim, OrderClaim or DifferenceClaim
    estimates : DataFrame
    preferred : sequence of Inference
        The first that the rows have counts.
    level : float
    """
    try:
        if isinstance(claim, SignClaim):
            return _judge_sign(claim, _one(name, claim.row, estimates, preferred))
        if isinstance(claim, OrderClaim):
            return _judge_order([_one(name, row, estimates, preferred) for row in claim.rows])
        return _judge_difference(name, claim, estimates, preferred, level)
    except _NotTestableError as obstacle:
        return Judgement(Verdict.NOT_TESTABLE, reason=obstacle.reason)


def _judge_sign(claim: SignClaim, row: Row) -> Judgement:
    lower, upper = _interval(row)
    if claim.expected == "negative":
        lower, upper = -upper, -lower
    return Judgement(_verdict(lower, upper), row)


def _verdict(lower: float, upper: float) -> Verdict:
    """Verdict on a positive number from its interval."""
    if lower > 0:
        return Verdict.SUPPORTED
    return Verdict.CONTRADICTED if upper < 0 else Verdict.NOT_DISTINGUISHABLE


def _judge_order(rows: Sequence[Row]) -> Judgement:
    bounds = [_interval(row) for row in rows]
    against = int(np.argmin([upper for _, upper in bounds]))
    weakest = int(np.argmin([lower for lower, _ in bounds]))
    evidence = _listed(rows)
    if bounds[against][1] < 0:
        return Judgement(Verdict.CONTRADICTED, rows[against], evidence=evidence)
    return Judgement(_verdict(bounds[weakest][0], np.inf), rows[weakest], evidence=evidence)


def _judge_difference(
    name: str,
    claim: DifferenceClaim,
    estimates: pd.DataFrame,
    preferred: Sequence[Inference],
    level: float,
) -> Judgement:
    """Equality is rejected by the tests, or by the pairs where the claim names no test."""
    tests = [_one(name, selector, estimates, preferred) for selector in claim.tests]
    pairs: list[Row] = []
    if claim.differences is not None:
        pairs = _several(name, claim.differences, estimates, preferred)
    deciding = tests or pairs
    if not deciding:
        raise DataError(f"claim {name!r} names neither tests nor differences")
    adjusted = holm([_p_value(row) for row in deciding])
    first = int(np.argmin(adjusted))
    rejected = adjusted[first] < level
    verdict = Verdict.SUPPORTED if rejected else Verdict.NOT_DISTINGUISHABLE
    shown = [_listed(rows, holm([_p_value(row) for row in rows])) for rows in (tests, pairs)]
    return Judgement(verdict, deciding[first], evidence="; ".join(text for text in shown if text))


def holm(p_values: Sequence[float]) -> list[float]:
    """p-values corrected for their number.

    p_(k) -> max_{j <= k} min(1, (n - j + 1) p_(j)), in ascending order of p (Holm 1979).
    """
    values = np.asarray(p_values, dtype=float)
    order = np.argsort(values, kind="stable")
    steps = np.maximum.accumulate((len(values) - np.arange(len(values))) * values[order])
    adjusted = np.empty(len(values))
    adjusted[order] = np.minimum(steps, 1.0)
    return [float(value) for value in adjusted]


def _one(
    name: str, selector: Selector, estimates: pd.DataFrame, preferred: Sequence[Inference]
) -> Row:
    """The one row that a selector names, with the preferred interval."""
    rows = _several(name, selector, estimates, preferred)
    if len(rows) > 1:
        raise DataError(_ambiguous(name, selector, pd.DataFrame(rows)))
    return rows[0]


def _several(
    name: str, selector: Selector, estimates: pd.DataFrame, preferred: Sequence[Inference]
) -> list[Row]:
    """All rows that a selector names, one a term, with the preferred interval."""
    matching = selector.rows_of(estimates)
    if matching.empty:
        raise _NotTestableError(_absent(selector, estimates))
    rows: list[Row] = []
    for _, of_term in matching.groupby("term", sort=False):
        found = next((r for r in (way.rows_of(of_term) for way in preferred) if len(r)), None)
        if found is None:
            raise _NotTestableError(_no_interval(selector, of_term))
        if len(found) > 1:
            raise DataError(_ambiguous(name, selector, found))
        rows += [{str(key): cell for key, cell in row.items()} for row in found.to_dict("records")]
    return rows


def _ambiguous(name: str, selector: Selector, rows: pd.DataFrame) -> str:
    texts = rows[[*PLACES, "estimator", "vcov", "inference"]].astype(str)
    differing = [column for column in texts if texts[column].nunique() > 1]
    found = "; ".join(f"{column}: {listing(sorted(set(texts[column])), 6)}" for column in differing)
    return (
        f"claim {name!r}: {len(rows)} rows of estimates match {selector}; they differ in "
        f"{found or 'no column that says what they are'}; name one"
    )


def _absent(selector: Selector, estimates: pd.DataFrame) -> Label:
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
    return Label(en=f"no row of {selector}", zh=f"没有对应的估计行（{selector}）")


def _no_interval(selector: Selector, rows: pd.DataFrame) -> Label:
    found = rows["vcov"].str.cat(rows["inference"], sep=" ").str.strip()
    kinds = listing(sorted(set(found)))
    return Label(
        en=f"the rows of {selector} have no interval of the kind that is wanted (there: {kinds})",
        zh=f"没有所需类型的区间（{selector}；现有：{kinds}）",
    )


def _interval(row: Row) -> tuple[float, float]:
    lower, upper = float(row["ci_lower"]), float(row["ci_upper"])
    if np.isnan(lower) or np.isnan(upper):
        raise _NotTestableError(_without(row, "interval", "区间"))
    return lower, upper


def _p_value(row: Row) -> float:
    value = float(row["p_value"])
    if np.isnan(value):
        raise _NotTestableError(_without(row, "p-value", "p值"))
    return value


def _without(row: Row, what: str, what_zh: str) -> Label:
    place = f"{row['table']} {row['quantity']} {row['term']}"
    return Label(en=f"{place} was estimated without {what}", zh=f"{place}没有{what_zh}")


def _listed(rows: Sequence[Row], adjusted: Sequence[float] | None = None) -> str:
    """Rows in words; the p-values after Holm's correction where given."""
    texts = []
    for index, row in enumerate(rows):
        parts = [str(row["term"] or row["quantity"])]
        if not np.isnan(row["estimate"]) and not np.isnan(row["ci_lower"]):
            parts.append(f"{row['estimate']:.4g} [{row['ci_lower']:.4g}, {row['ci_upper']:.4g}]")
        parts.append(f"p {row['p_value']:.3g}")
        if adjusted is not None and len(rows) > 1:
            parts.append(f"(Holm {adjusted[index]:.3g})")
        texts.append(" ".join(parts))
    return "; ".join(texts)


def _claim_cells(
    name: str, claim: SignClaim | OrderClaim | DifferenceClaim, caveat: Label | None
) -> dict[str, Any]:
    remarks = [label for label in (claim.note, caveat) if label is not None]
    return {
        "id": name,
        "finding": claim.finding,
        "kind": claim.kind,
        "statement_en": claim.statement.en,
        "statement_zh": claim.statement.zh,
        "expected": claim.wanted,
        "caveat_en": " ".join(label.en for label in remarks),
        "caveat_zh": "".join(label.zh for label in remarks),
    }


def _verdict_cells(judged: Judgement) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "verdict": judged.verdict.value,
        "verdict_zh": VERDICT_ZH[judged.verdict],
        "evidence": judged.evidence,
    }
    if judged.reason is not None:
        cells |= {"reason_en": judged.reason.en, "reason_zh": judged.reason.zh}
    row = judged.row
    if row is not None:
        numbers = ("estimate", "ci_lower", "ci_upper", "statistic", "df", "p_value")
        cells |= {column: row[column] for column in (*PLACES, *numbers, "vcov", "inference")}
    return cells


def _classical_cells(judged: Judgement) -> dict[str, Any]:
    """The classical verdict; empty where it cannot be told, whose reason the robust one gives."""
    if judged.row is None:
        return {}
    names = ("ci_lower", "ci_upper", "p_value", "vcov", "inference")
    return {
        "classical_verdict": judged.verdict.value,
        **{f"classical_{name}": judged.row[name] for name in names},
    }


def _typed(frame: pd.DataFrame) -> pd.DataFrame:
    frame = frame.reindex(columns=list(CLAIM_COLUMNS))
    for column in CLAIM_COLUMNS:
        if column in NUMBERS:
            frame[column] = pd.to_numeric(frame[column]).astype("float64")
        elif column == "finding":
            frame[column] = pd.to_numeric(frame[column]).astype("int64")
        else:
            frame[column] = frame[column].astype(object).fillna("").astype(str)
    return frame


def write_claims(verdicts: pd.DataFrame, path: str | Path) -> None:
    """Write claims.csv; the same verdicts give the same bytes."""
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(CLAIM_COLUMNS)
        for row in verdicts[list(CLAIM_COLUMNS)].to_dict("records"):
            writer.writerow(
                format_number(cell) if name in NUMBERS else cell for name, cell in row.items()
            )


def read_verdicts(path: str | Path) -> pd.DataFrame:
    """Read claims.csv back, to the last bit of every float."""
    try:
        frame = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run the study first") from error
    missing = [column for column in CLAIM_COLUMNS if column not in frame.columns]
    if missing:
        raise DataError(f"{path}: not a file of verdicts; columns missing: {listing(missing)}")
    for column in NUMBERS:
        frame[column] = frame[column].replace("", None)
    return _typed(frame)
