"""Verdicts on the findings of the study, from estimates.csv and claims.yaml alone.

A claim says which rows of estimates.csv bear on it and what they should show. It is judged by all
intervals that hold under errors correlated over time, and a verdict needs every one of them; the
verdict by the classical interval stands beside it. Intervals are those of estimates.csv (95 %
unless its tables say otherwise); `level` is the size of the tests of equality.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal

import numpy as np
import pandas as pd
from pydantic import Field, ValidationError, model_validator

from yrb_carbon.errors import DataError, StudyError, listing
from yrb_carbon.estimates import (
    AT_BOUNDARY,
    Quantity,
    format_number,
    parse_numbers,
    read_cells,
)
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


Sign = Literal["negative", "positive"]
SIGN_WORDS: dict[Sign, str] = {"negative": "< 0", "positive": "> 0"}

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


class Way(Section):
    """One way to judge: by the first of its intervals that all rows of a claim have."""

    label: Label
    intervals: tuple[Inference, ...] = Field(min_length=1)


class ClaimSection(Section):
    """Base of every claim."""

    finding: Annotated[int, Field(ge=1)] = Field(description="Number of the finding in the source.")
    statement: Label
    note: Label | None = Field(None, description="How the orientation or the quantity is meant.")
    optional: bool = Field(False, description="Left out where the study has none of its tables.")

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """All rows that it names."""
        raise TypeError(f"claims of {type(self).__name__} do not say what rows they name")


class SignClaim(ClaimSection):
    """One number has a sign."""

    kind: Literal["sign"]
    row: Selector
    expected: Sign

    @property
    def wanted(self) -> str:
        """What the row should show."""
        return SIGN_WORDS[self.expected]

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Its row."""
        return (self.row,)


class PathEffect(Section):
    """The effect through one path, as an order compares it.

    `claim` is the claim about the sign of the path: where a study declares that one not testable,
    the path is not compared.
    """

    claim: Identifier
    row: Selector


class Comparison(PathEffect):
    """Another path, with the difference that should be positive: |first| less |this one|."""

    difference: Selector
    note: Label | None = Field(None, description="Said where this comparison decides.")


class OrderClaim(ClaimSection):
    """One path has a sign, and is larger in absolute value than every other one."""

    kind: Literal["order"]
    first: PathEffect
    expected: Sign
    others: tuple[Comparison, ...] = Field(min_length=1)

    @property
    def wanted(self) -> str:
        """What the rows should show."""
        return f"first {SIGN_WORDS[self.expected]}, differences > 0"

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Effects and differences."""
        paths = (self.first, *self.others)
        return (*(path.row for path in paths), *(path.difference for path in self.others))


class DifferenceClaim(ClaimSection):
    """Groups differ: equality is rejected by the joint tests, or, without any, pair by pair."""

    kind: Literal["difference"]
    tests: tuple[Selector, ...] = ()
    differences: tuple[Selector, ...] = ()

    @property
    def wanted(self) -> str:
        """What the tests should show."""
        return "equality rejected"

    @property
    def selectors(self) -> tuple[Selector, ...]:
        """Tests and pairs."""
        return (*self.tests, *self.differences)


Claim = Annotated[SignClaim | OrderClaim | DifferenceClaim, Field(discriminator="kind")]


class Claims(Section):
    """All claims of a source.

    A claim is judged in every one of the `robust` ways that its rows have; the `classical` one
    stands beside them.
    """

    source: Label
    robust: tuple[Way, ...] = Field(min_length=1)
    classical: Way
    claims: dict[Identifier, Claim] = Field(min_length=1)

    @model_validator(mode="after")
    def _compares_known_paths(self) -> Claims:
        signs = [name for name, claim in self.claims.items() if isinstance(claim, SignClaim)]
        for name, claim in self.claims.items():
            for path in (claim.first, *claim.others) if isinstance(claim, OrderClaim) else ():
                if path.claim not in signs:
                    raise ValueError(
                        f"claim {name!r} compares {path.claim!r}, which is no claim about a sign "
                        f"({choices(path.claim, signs)})"
                    )
        return self


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
    "evidence_zh",
    "disagreement_en",
    "disagreement_zh",
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
class WayVerdict:
    """The verdict of one way.

    Attributes
    ----------
    way : Way
    verdict : Verdict
    row : mapping
        The deciding row of estimates.
    p_value : float
        The one that was used: corrected where several rows were weighed against each other.
    evidence : str
        All rows that were weighed.
    note : Label or None
        What goes with the deciding row.
    """

    way: Way
    verdict: Verdict
    row: Row
    p_value: float
    evidence: str
    note: Label | None = None

    @property
    def uncertainty(self) -> float:
        """Width of the interval; of a test, which has none, the p-value."""
        width = float(self.row["ci_upper"]) - float(self.row["ci_lower"])
        return self.p_value if np.isnan(width) else width


@dataclass(frozen=True, slots=True)
class Judgement:
    """A verdict with what it rests on.

    Attributes
    ----------
    verdict : Verdict
    ways : tuple of WayVerdict
        None where the claim cannot be tested for want of rows.
    reason : Label or None
        Why a claim cannot be tested.
    left_out : Label or None
        What was not weighed, and why.
    """

    verdict: Verdict
    ways: tuple[WayVerdict, ...] = ()
    reason: Label | None = None
    left_out: Label | None = None

    @property
    def shown(self) -> WayVerdict | None:
        """The widest interval of those that say what the verdict says, else of all."""
        alike = [way for way in self.ways if way.verdict is self.verdict] or self.ways
        return max(alike, key=lambda way: way.uncertainty, default=None)

    @property
    def disagreement(self) -> Label | None:
        """Which ways say what, where they differ."""
        said: dict[Verdict, list[Label]] = {}
        for one in self.ways:
            said.setdefault(one.verdict, []).append(one.way.label)
        if len(said) < 2:
            return None
        return Label(
            en="; ".join(
                f"{verdict.value} by {listing([label.en for label in labels])}"
                for verdict, labels in said.items()
            ),
            zh="；".join(
                f"{'、'.join(label.zh for label in labels)}：{VERDICT_ZH[verdict]}"
                for verdict, labels in said.items()
            ),
        )


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

    In one way, a sign is *supported* when the whole interval has it, *contradicted* when the whole
    interval has the other one, else *not distinguishable*. An order is supported when the first
    path has its sign and every difference a positive lower bound, contradicted when that sign is
    contradicted or a difference has a negative upper bound; paths that the study declares not
    testable are not compared, and then the order cannot be supported. A difference of groups is
    supported when equality is rejected at the level, by the joint test (several: after Holm's
    correction), or, where the claim names none, by a difference of a pair after Holm's correction;
    it is never contradicted.

    The verdict is supported or contradicted when every robust way that the rows have says so, else
    not distinguishable. A claim without rows, with rows of models at the edge of the admissible
    interval, or declared so by the study, is *not testable with these data*.

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
    tables = set(estimates["table"])
    lines = []
    for name, claim in claims.claims.items():
        if claim.optional and tables.isdisjoint(own.table for own in claim.selectors):
            continue
        robust = judge_claim(name, claim, estimates, claims.robust, level, reasons)
        classical = judge_claim(name, claim, estimates, (claims.classical,), level, reasons)
        lines.append(
            {
                "study": studies[0] if studies else "",
                **_claim_cells(name, claim, remarks.get(name), robust),
                **_verdict_cells(robust),
                **_classical_cells(classical),
            }
        )
    return _typed(pd.DataFrame(lines))


def judge_claim(
    name: str,
    claim: SignClaim | OrderClaim | DifferenceClaim,
    estimates: pd.DataFrame,
    ways: Sequence[Way],
    level: float = LEVEL,
    not_testable: Mapping[str, Label] | None = None,
) -> Judgement:
    """Judge one claim in all ways that its rows have.

    Parameters
    ----------
    name : str
        Id of the claim.
    claim : SignClaim, OrderClaim or DifferenceClaim
    estimates : DataFrame
    ways : sequence of Way
    level : float
    not_testable : mapping of str to Label, optional
        Id -> why the study's data cannot speak on the claim.

    Returns
    -------
    Judgement

    Raises
    ------
    DataError
        If the rows of one way have different kinds of intervals, or several rows match.
    """
    declared = not_testable or {}
    left_out = None
    try:
        if isinstance(claim, OrderClaim):
            claim, left_out = _without_declared(claim, declared)
        found = [_judge_in_way(name, claim, estimates, way, level) for way in ways]
        said = tuple(one for one in found if one is not None)
        if not said:
            raise _NotTestableError(_no_interval(claim.selectors, estimates))
    except _NotTestableError as obstacle:
        return Judgement(Verdict.NOT_TESTABLE, reason=declared.get(name, obstacle.reason))
    verdicts = {one.verdict for one in said}
    verdict = verdicts.pop() if len(verdicts) == 1 else Verdict.NOT_DISTINGUISHABLE
    if name in declared:
        return Judgement(Verdict.NOT_TESTABLE, said, declared[name])
    if verdict is Verdict.SUPPORTED and left_out is not None:
        return Judgement(Verdict.NOT_TESTABLE, said, left_out)
    return Judgement(verdict, said, left_out=left_out)


def _without_declared(
    claim: OrderClaim, declared: Mapping[str, Label]
) -> tuple[OrderClaim, Label | None]:
    """The order without the paths that are declared not testable, and which these are."""
    if claim.first.claim in declared:
        raise _NotTestableError(declared[claim.first.claim])
    lost = [path.claim for path in claim.others if path.claim in declared]
    if not lost:
        return claim, None
    reason = Label(
        en="; ".join(f"{path} is not compared: {declared[path].en.rstrip('.')}" for path in lost),
        zh="；".join(f"{path}未纳入比较：{declared[path].zh.rstrip('。')}" for path in lost),
    )
    kept = tuple(path for path in claim.others if path.claim not in declared)
    if not kept:
        raise _NotTestableError(reason)
    return claim.model_copy(update={"others": kept}), reason


def _judge_in_way(
    name: str,
    claim: SignClaim | OrderClaim | DifferenceClaim,
    estimates: pd.DataFrame,
    way: Way,
    level: float,
) -> WayVerdict | None:
    """Verdict of one way; None where the rows have no such interval."""
    if isinstance(claim, SignClaim):
        return _judge_sign(name, claim, estimates, way)
    if isinstance(claim, OrderClaim):
        return _judge_order(name, claim, estimates, way)
    return _judge_difference(name, claim, estimates, way, level)


def _judge_sign(
    name: str, claim: SignClaim, estimates: pd.DataFrame, way: Way
) -> WayVerdict | None:
    rows = _rows_in_way(name, _ones(name, [claim.row], estimates), way)
    if rows is None:
        return None
    (row,) = rows
    verdict = _verdict(*_oriented(row, claim.expected))
    return WayVerdict(way, verdict, row, float(row["p_value"]), _listed(rows))


def _oriented(row: Row, expected: Sign) -> tuple[float, float]:
    """Interval of the number turned so that the expected sign is positive."""
    lower, upper = _interval(row)
    return (-upper, -lower) if expected == "negative" else (lower, upper)


def _verdict(lower: float, upper: float) -> Verdict:
    """Verdict on a positive number from its interval."""
    if lower > 0:
        return Verdict.SUPPORTED
    return Verdict.CONTRADICTED if upper < 0 else Verdict.NOT_DISTINGUISHABLE


def _judge_order(
    name: str, claim: OrderClaim, estimates: pd.DataFrame, way: Way
) -> WayVerdict | None:
    selectors = [*(path.difference for path in claim.others), claim.first.row]
    rows = _rows_in_way(name, _ones(name, selectors, estimates), way)
    if rows is None:
        return None
    bounds = [*map(_interval, rows[:-1]), _oriented(rows[-1], claim.expected)]
    against = int(np.argmin([upper for _, upper in bounds]))
    weakest = int(np.argmin([lower for lower, _ in bounds]))
    place = against if bounds[against][1] < 0 else weakest
    others = _ones(name, [path.row for path in claim.others], estimates)
    signed = _rows_in_way(name, others, way) or []
    return WayVerdict(
        way,
        _verdict(bounds[weakest][0], bounds[against][1]),
        rows[place],
        float(rows[place]["p_value"]),
        _listed([*rows, *signed]),
        claim.others[place].note if place < len(claim.others) else None,
    )


def _judge_difference(
    name: str, claim: DifferenceClaim, estimates: pd.DataFrame, way: Way, level: float
) -> WayVerdict | None:
    """Equality is rejected by the tests, or by the pairs where the claim names no test."""
    if not claim.selectors:
        raise DataError(f"claim {name!r} names neither tests nor differences")
    tests = _rows_in_way(name, _ones(name, claim.tests, estimates), way)
    pairs = _rows_in_way(
        name, [own for row in claim.differences for own in _blocks(row, estimates)], way
    )
    deciding = tests if claim.tests else pairs
    if deciding is None:
        return None
    adjusted = holm([_p_value(row) for row in deciding])
    first = int(np.argmin(adjusted))
    verdict = Verdict.SUPPORTED if adjusted[first] < level else Verdict.NOT_DISTINGUISHABLE
    shown = [
        _listed(rows, holm([_p_value(row) for row in rows])) for rows in (tests, pairs) if rows
    ]
    return WayVerdict(way, verdict, deciding[first], adjusted[first], "; ".join(shown))


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


@dataclass(frozen=True, slots=True)
class _Block:
    """All rows of one number, whatever their intervals."""

    selector: Selector
    rows: pd.DataFrame


def _blocks(selector: Selector, estimates: pd.DataFrame) -> list[_Block]:
    """All rows that a selector names, one block a term."""
    matching = selector.rows_of(estimates)
    if matching.empty:
        raise _NotTestableError(_absent(selector, estimates))
    return [_Block(selector, rows) for _, rows in matching.groupby("term", sort=False)]


def _ones(name: str, selectors: Sequence[Selector], estimates: pd.DataFrame) -> list[_Block]:
    """One block for each selector, which must name one number."""
    found = []
    for selector in selectors:
        blocks = _blocks(selector, estimates)
        if len(blocks) > 1:
            raise DataError(_ambiguous(name, selector, selector.rows_of(estimates)))
        found += blocks
    return found


def _rows_in_way(name: str, blocks: Sequence[_Block], way: Way) -> list[Row] | None:
    """One row a block, all with the same kind of interval; None where no block has one."""
    seen = False
    for interval in way.intervals:
        found = [interval.rows_of(block.rows) for block in blocks]
        seen = seen or any(len(rows) for rows in found)
        if not found or not all(len(rows) for rows in found):
            continue
        for block, rows in zip(blocks, found, strict=True):
            if len(rows) > 1:
                raise DataError(_ambiguous(name, block.selector, rows))
        joined = pd.concat(found)
        if len(joined[["vcov", "inference"]].drop_duplicates()) == 1:
            return [
                {str(key): cell for key, cell in row.items()} for row in joined.to_dict("records")
            ]
    if seen:
        kinds = {
            "; ".join(sorted(_kinds(rows))) or "none"
            for rows in (_any_of(way, block.rows) for block in blocks)
        }
        raise DataError(
            f"claim {name!r}, judged by {way.label.en}: its {len(blocks)} rows have no interval of "
            f"one kind in common (there: {listing(sorted(kinds))}); compute the same intervals for "
            "all of them"
        )
    return None


def _any_of(way: Way, rows: pd.DataFrame) -> pd.DataFrame:
    return pd.concat([interval.rows_of(rows) for interval in way.intervals])


def _kinds(rows: pd.DataFrame) -> set[str]:
    return set(rows["vcov"].str.cat(rows["inference"], sep=" ").str.strip())


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


def _no_interval(selectors: Sequence[Selector], estimates: pd.DataFrame) -> Label:
    named = "; ".join(str(selector) for selector in selectors)
    found = [_kinds(selector.rows_of(estimates)) for selector in selectors]
    kinds = listing(sorted(set().union(*found)))
    return Label(
        en=f"the rows of {named} have no interval of the kind that is wanted (there: {kinds})",
        zh=f"没有所需类型的区间（{named}；现有：{kinds}）",
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


def _with_chinese_marks(evidence: str) -> str:
    """Rows in words with the punctuation of a Chinese sentence; intervals stay as they are."""
    return re.sub(r" \(([^()]*)\)(?=; |$)", r"（\1）", evidence).replace("; ", "；")


def _claim_cells(
    name: str,
    claim: SignClaim | OrderClaim | DifferenceClaim,
    caveat: Label | None,
    judged: Judgement,
) -> dict[str, Any]:
    deciding = judged.shown.note if judged.shown is not None else None
    remarks = [
        label for label in (claim.note, deciding, judged.left_out, caveat) if label is not None
    ]
    return {
        "id": name,
        "finding": claim.finding,
        "kind": claim.kind,
        "statement_en": claim.statement.en,
        "statement_zh": claim.statement.zh,
        "expected": claim.wanted,
        "caveat_en": " ".join(f"{label.en.rstrip('.')}." for label in remarks),
        "caveat_zh": "".join(f"{label.zh.rstrip('。')}。" for label in remarks),
    }


def _verdict_cells(judged: Judgement) -> dict[str, Any]:
    cells: dict[str, Any] = {
        "verdict": judged.verdict.value,
        "verdict_zh": VERDICT_ZH[judged.verdict],
        "evidence": ". ".join(f"{one.way.label.en}: {one.evidence}" for one in judged.ways),
        "evidence_zh": "。".join(
            f"{one.way.label.zh}：{_with_chinese_marks(one.evidence)}" for one in judged.ways
        ),
    }
    for column, label in (("reason", judged.reason), ("disagreement", judged.disagreement)):
        if label is not None:
            cells |= {f"{column}_en": label.en, f"{column}_zh": label.zh}
    shown = judged.shown
    if shown is not None:
        numbers = ("estimate", "ci_lower", "ci_upper", "statistic", "df", "vcov", "inference")
        cells |= {column: shown.row[column] for column in (*PLACES, *numbers)}
        cells["p_value"] = shown.p_value
    return cells


def _classical_cells(judged: Judgement) -> dict[str, Any]:
    """The classical verdict; empty where it cannot be told, whose reason the robust one gives."""
    shown = judged.shown
    if shown is None or judged.verdict is Verdict.NOT_TESTABLE:
        return {}
    names = ("ci_lower", "ci_upper", "vcov", "inference")
    return {
        "classical_verdict": judged.verdict.value,
        **{f"classical_{name}": shown.row[name] for name in names},
        "classical_p_value": shown.p_value,
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
    """Read claims.csv back, to the last bit of every float.

    Raises
    ------
    DataError
        As in `read_cells` and `parse_numbers`, or if columns are missing.
    """
    frame = read_cells(path)
    missing = [column for column in CLAIM_COLUMNS if column not in frame.columns]
    if missing:
        raise DataError(f"{path}: not a file of verdicts; columns missing: {listing(missing)}")
    for column in (*NUMBERS, "finding"):
        frame[column] = parse_numbers(frame[column], path, whole=column == "finding")
    return _typed(frame.reset_index(drop=True))
