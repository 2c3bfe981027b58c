"""Verdicts on accounts: exact numbers, judged as they are, part by part."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from yrb_carbon.claims.judgement import (
    Judgement,
    NotTestableError,
    PartVerdict,
    Row,
    Verdict,
    absent,
    ambiguous,
    unanimous,
)
from yrb_carbon.claims.sections import (
    AccountClaim,
    AccountSignClaim,
    MembersClaim,
    PrintedClaim,
    RankClaim,
    RankedClaim,
    TrendClaim,
    UntestableClaim,
    YearlyClaim,
    matches,
)
from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.account_terms import FLAG, REPORTED
from yrb_carbon.study.base import Label

WITHOUT_P = float("nan")
STEP_MARKS = {-1: ">", 0: "=", 1: "<"}
"""Between two numbers, by the sign of the second less the first."""


@dataclass(frozen=True, slots=True)
class _Part:
    """The rows of one year and model.

    `model` is empty where all rows have the same one.
    """

    model: str
    year: int | None
    rows: tuple[Row, ...]

    @property
    def label(self) -> Label:
        return _label("" if self.year is None else str(self.year), self.model)

    @property
    def values(self) -> dict[str, float]:
        return {str(row["term"]): float(row["estimate"]) for row in self.rows}


def judge_account(
    name: str,
    claim: AccountClaim,
    estimates: pd.DataFrame,
    not_testable: Mapping[str, Label] | None = None,
) -> Judgement:
    """Judge one claim about accounts.

    A claim falls into parts: the steps from year to year of a trend, else a year and model (a
    definition of the flows, say).

    trend         A step is *supported* where the number moves as expected, *contradicted* where it
                  moves the other way.
    rank          Supported where the terms come first in their order, each strictly before the
                  next; contradicted where one comes before its turn.
    account_sign  Supported where every row has the sign, contradicted where one has the other.
                  With a `level` a row whose p is above it has neither.
    members       Supported where at least `overlap` members are among the first `top` terms,
                  contradicted where fewer are.
    printed       Supported where the number rounds to the printed one.
    untestable    Not testable, for the reason that the claim gives.

    A part that equal numbers leave open is *not distinguishable*: a step of zero, terms of the
    same size where their order decides, zeros. The verdict is what all parts say; it is not
    distinguishable where they contradict each other, or one is open. A printed number is supported
    where any part supports it, else contradicted. Numbers are judged as they are: there is no
    interval, and no `level` but that of a sign.

    Parameters
    ----------
    name : str
        Id of the claim.
    claim : AccountClaim
    estimates : DataFrame
    not_testable : mapping of str to Label, optional
        Id -> why the study's data cannot speak on the claim.

    Returns
    -------
    Judgement; the parts of a printed number stand in the order of their distance from it.

    Raises
    ------
    DataError
        If several rows are the same number.
    """
    declared = not_testable or {}
    if isinstance(claim, UntestableClaim):
        return Judgement(Verdict.NOT_TESTABLE, reason=declared.get(name, claim.reason))
    try:
        rows, left_out = _rows_that_count(name, claim, estimates)
        parts = tuple(_judged(name, claim, rows))
    except NotTestableError as obstacle:
        return Judgement(Verdict.NOT_TESTABLE, reason=declared.get(name, obstacle.reason))
    if name in declared:
        return Judgement(Verdict.NOT_TESTABLE, parts, declared[name], within="in")
    verdicts = [part.verdict for part in parts]
    any_part = isinstance(claim, PrintedClaim) and Verdict.SUPPORTED in verdicts
    verdict = Verdict.SUPPORTED if any_part else unanimous(verdicts)
    return Judgement(verdict, parts, left_out=left_out, within="in")


def rounds_to(computed: float, printed: float, decimals: int) -> bool:
    """Whether a number rounds to a printed one: |computed - printed| <= half of the last digit.

    A number that lies half way between two printed ones rounds to either.
    """
    half = 0.5 * 10.0**-decimals
    slack = 8.0 * np.spacing(max(abs(computed), abs(printed)))
    return bool(abs(computed - printed) <= half + slack)


def _rows_that_count(
    name: str, claim: AccountClaim, estimates: pd.DataFrame
) -> tuple[pd.DataFrame, Label | None]:
    """Rows of the claim, and what it names but the rows do not have."""
    rows = claim.row.rows_of(estimates)
    if isinstance(claim, RankedClaim):
        rows = rows.assign(term=rows[claim.ranked])
    missing: list[str] = []
    remarks: list[Label] = []
    if claim.models:
        missing += [model for model in claim.models if model not in set(rows["model"])]
        rows = rows[rows["model"].isin(claim.models)]
    if isinstance(claim, TrendClaim) and claim.years:
        missing += [str(year) for year in claim.years if year not in set(rows["year"].dropna())]
        rows = rows[rows["year"].isin(claim.years)]
    if isinstance(claim, YearlyClaim):
        for pattern in claim.excluded:
            rows = rows[~matches(pattern, rows["term"])]
        if claim.years == "reported":
            known = _reported_years(claim.row.table, estimates)
            unknown_years = sorted({int(year) for year in rows["year"].dropna()} - known)
            if unknown_years:
                remarks.append(_without_report(unknown_years))
            rows = rows[rows["year"].isna() | rows["year"].isin(known)]
            if rows.empty and unknown_years:
                raise NotTestableError(_without_report(unknown_years))
        if claim.years == "last" and rows["year"].notna().any():
            rows = rows[rows["year"] == rows["year"].max()]
    if rows.empty:
        raise NotTestableError(absent(claim.row, estimates))
    unknown = rows[rows["estimate"].isna()]
    if len(unknown):
        raise NotTestableError(_without_number(claim.row.table, unknown))
    by_term = isinstance(claim, YearlyClaim)
    key = ["model", "year", *(["term"] if by_term else [])]
    doubled = rows[rows.duplicated(key, keep=False)]
    if len(doubled):
        raise DataError(ambiguous(name, claim.row, doubled))
    if missing:
        remarks.insert(
            0,
            Label(en=f"No rows: {', '.join(missing)}.", zh=f"没有对应的行：{'、'.join(missing)}。"),
        )
    if not remarks:
        return rows, None
    return rows, Label(
        en=" ".join(one.en for one in remarks), zh="".join(one.zh for one in remarks)
    )


def _reported_years(table: str, estimates: pd.DataFrame) -> set[int]:
    """Years in which a table rests on a report at least, by its rows of model `flag`."""
    own = estimates[estimates["table"].eq(table) & estimates["model"].eq(FLAG)]
    own = own[own["equation"].eq("") & own["term"].eq(REPORTED)]
    if own.empty:
        raise NotTestableError(
            Label(
                en=f"{table} has no rows that tell years of reports from years filled",
                zh=f"表{table}没有区分填报年份与插补年份的行",
            )
        )
    return {int(year) for year in own.loc[own["estimate"].gt(0), "year"]}


def _without_number(table: str, unknown: pd.DataFrame) -> Label:
    """Says which terms have no number, and in which years where they are of years."""
    terms = listing(sorted(set(unknown["term"])))
    years = [str(year) for year in sorted(set(unknown["year"].dropna().astype(int)))]
    if not years:
        return Label(en=f"{table} has no number for {terms}", zh=f"表{table}没有{terms}的数值")
    return Label(
        en=f"{table} has no number in {listing(years)} for {terms}",
        zh=f"表{table}在{'、'.join(years)}没有{terms}的数值",
    )


def _without_report(years: Sequence[int]) -> Label:
    """Says that filled years do not count."""
    return Label(
        en=f"Not counted, without a report: {', '.join(map(str, years))}.",
        zh=f"未计入无清单的年份：{'、'.join(map(str, years))}。",
    )


def _judged(name: str, claim: AccountClaim, rows: pd.DataFrame) -> Iterator[PartVerdict]:
    parts = _parts(claim, rows)
    if isinstance(claim, TrendClaim):
        yield from _steps(claim, parts)
    elif isinstance(claim, PrintedClaim):
        yield from _by_distance(claim, parts)
    elif isinstance(claim, RankClaim):
        yield from (_ranked(claim, part) for part in parts)
    elif isinstance(claim, MembersClaim):
        yield from (_counted(claim, part) for part in parts)
    elif isinstance(claim, AccountSignClaim):
        yield from (_signed(claim, part) for part in parts)
    else:
        raise TypeError(f"claim {name!r}: nothing judges claims of kind {type(claim).__name__}")


def _parts(claim: AccountClaim, rows: pd.DataFrame) -> list[_Part]:
    """Rows by model and year; models in the order that the claim names them in."""
    tells_models = rows["model"].nunique() > 1
    found = []
    for _, own in rows.groupby(["model", "year"], dropna=False):
        records = tuple(
            {str(key): cell for key, cell in row.items()} for row in own.to_dict("records")
        )
        first = records[0]
        year = None if pd.isna(first["year"]) else int(first["year"])
        found.append(_Part(str(first["model"]) if tells_models else "", year, records))
    return sorted(found, key=lambda part: _place(part.model, claim.models))


def _place(name: str, names: Sequence[str]) -> int:
    return names.index(name) if name in names else len(names)


def _label(when: str, model: str) -> Label:
    if when and model:
        return Label(en=f"{when} ({model})", zh=f"{when}（{model}）")
    alone = when or model or "all"
    return Label(en=alone, zh=alone)


def _steps(claim: TrendClaim, parts: Sequence[_Part]) -> Iterator[PartVerdict]:
    """From each year to the next, model by model."""
    for model in dict.fromkeys(part.model for part in parts):
        series = [part for part in parts if part.model == model and part.year is not None]
        if len(series) < 2:
            years = listing([str(part.year) for part in series]) or "none"
            raise NotTestableError(
                Label(
                    en=f"a trend needs two years at least; rows of {claim.row.table}: {years}",
                    zh=f"趋势至少需要两个年份；表{claim.row.table}现有：{years}",
                )
            )
        for before, after in pairwise(series):
            (first,), (last,) = before.rows, after.rows
            move = int(np.sign(last["estimate"] - first["estimate"]))
            evidence = (
                f"{last['term']} {_text(first['estimate'])} {STEP_MARKS[move]} "
                f"{_text(last['estimate'])}"
            )
            yield PartVerdict(
                _label(f"{before.year}-{after.year}", model),
                _by_sign(move if claim.expected == "rises" else -move),
                last,
                WITHOUT_P,
                evidence,
            )


def _by_sign(sign: float) -> Verdict:
    """Verdict on a number that should be positive."""
    if sign == 0:
        return Verdict.NOT_DISTINGUISHABLE
    return Verdict.SUPPORTED if sign > 0 else Verdict.CONTRADICTED


def _ranked(claim: RankClaim, part: _Part) -> PartVerdict:
    """Which terms come first, strictly one after the other."""
    ranking = _Ranking.of(claim, part, claim.first)
    chain = [ranking.keys[term] for term in claim.first]
    others = [key for term, key in ranking.keys.items() if term not in claim.first]
    steps = -np.diff([*chain, *([max(others)] if others else [])])
    shown = [*list(ranking.keys)[: len(claim.first) + 1], *claim.first]
    return PartVerdict(
        part.label,
        # one term alone is the first
        _by_sign(float(np.sign(steps.min()))) if len(steps) else Verdict.SUPPORTED,
        next(row for row in part.rows if row["term"] == claim.first[0]),
        WITHOUT_P,
        ranking.listed(shown),
    )


def _counted(claim: MembersClaim, part: _Part) -> PartVerdict:
    """How many members are among the first terms; equal ones at the end may count or not."""
    ranking = _Ranking.of(claim, part, claim.members)
    if len(ranking.keys) <= claim.top:
        number = len(ranking.keys)
        raise NotTestableError(
            Label(
                en=f"{number} terms have rows in {part.label.en}: the first {claim.top} are all",
                zh=f"{part.label.zh}仅有{number}项，前{claim.top}项即为全部",
            )
        )
    last = list(ranking.keys.values())[claim.top - 1]
    before = [term for term, key in ranking.keys.items() if key > last]
    equal = [term for term, key in ranking.keys.items() if key == last]
    free = claim.top - len(before)
    sure, perhaps = (sum(term in claim.members for term in own) for own in (before, equal))
    most = sure + min(free, perhaps)
    least = sure + max(0, free - (len(equal) - perhaps))
    if least >= claim.overlap:
        verdict = Verdict.SUPPORTED
    else:
        is_open = most >= claim.overlap
        verdict = Verdict.NOT_DISTINGUISHABLE if is_open else Verdict.CONTRADICTED
    count = str(least) if least == most else f"{least}-{most}"
    leading = next(iter(ranking.keys))
    return PartVerdict(
        part.label,
        verdict,
        next(row for row in part.rows if row["term"] == leading),
        WITHOUT_P,
        f"{count}/{claim.top}; {ranking.listed([*before, *equal])}",
    )


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Terms of a part, first ones first; `keys` falls.

    `values` are the numbers as they stand in the rows.
    """

    keys: Mapping[str, float]
    values: Mapping[str, float]

    @classmethod
    def of(cls, claim: RankedClaim, part: _Part, named: Collection[str]) -> _Ranking:
        """Rank the terms of a part, which must have those that the claim names."""
        values = part.values
        if missing := [term for term in named if term not in values]:
            raise NotTestableError(
                Label(
                    en=f"no row of {claim.row.table} in {part.label.en} for {listing(missing)}",
                    zh=f"表{claim.row.table}在{part.label.zh}没有{'、'.join(missing)}的行",
                )
            )
        turn = 1.0 if claim.order == "largest" else -1.0
        ordered = sorted(values, key=lambda term: (-turn * values[term], term))
        return cls({term: turn * values[term] for term in ordered}, values)

    def listed(self, terms: Collection[str]) -> str:
        """Terms with number and rank; equal ones have the same rank."""
        keys = list(self.keys.values())
        return "; ".join(
            f"{term} {_text(self.values[term])} "
            f"({1 + sum(other > self.keys[term] for other in keys)})"
            for term in self.keys
            if term in terms
        )


def _signed(claim: AccountSignClaim, part: _Part) -> PartVerdict:
    """Whether every row has the sign; the one that is most against it decides."""
    turn = 1.0 if claim.expected == "positive" else -1.0
    signs = {str(row["term"]): turn * _counted_sign(claim, row) for row in part.rows}
    ordered = sorted(
        part.rows, key=lambda row: (signs[row["term"]], turn * row["estimate"], row["term"])
    )
    shown = (
        f"{row['term']} {_text(row['estimate'])}"
        + ("" if claim.level is None else f" (p {_text(row['p_value'])})")
        for row in ordered
    )
    return PartVerdict(
        part.label,
        _by_sign(signs[ordered[0]["term"]]),
        ordered[0],
        WITHOUT_P if claim.level is None else float(ordered[0]["p_value"]),
        "; ".join(shown),
    )


def _counted_sign(claim: AccountSignClaim, row: Row) -> float:
    """Sign of a row; zero where its p is above the level of the claim."""
    sign = float(np.sign(row["estimate"]))
    if claim.level is None:
        return sign
    if np.isnan(row["p_value"]):
        raise NotTestableError(
            Label(
                en=f"{claim.row.table} has no p-value for {row['term']}",
                zh=f"表{claim.row.table}没有{row['term']}的p值",
            )
        )
    return sign if row["p_value"] <= claim.level else 0.0


def _by_distance(claim: PrintedClaim, parts: Sequence[_Part]) -> Iterator[PartVerdict]:
    """All numbers against the printed one, the nearest first."""
    found = [(part, part.rows[0]) for part in parts]
    found.sort(key=lambda one: abs(float(one[1]["estimate"]) - claim.value))
    for part, row in found:
        value = float(row["estimate"])
        equal = rounds_to(value, claim.value, claim.decimals)
        yield PartVerdict(
            part.label,
            Verdict.SUPPORTED if equal else Verdict.CONTRADICTED,
            row,
            WITHOUT_P,
            f"{row['term']} {_text(value)}",
            None if equal else _nearest(claim, part, value),
        )


def _nearest(claim: PrintedClaim, part: _Part, value: float) -> Label:
    """Where no number is the printed one, how far the nearest is from it."""
    gap = f"{_text(value - claim.value, '+')}"
    return Label(
        en=f"Nearest is {_text(value)} in {part.label.en}, {gap} from the printed {claim.printed}.",
        zh=f"最接近的是{part.label.zh}的{_text(value)}，与印出的{claim.printed}相差{gap}。",
    )


def _text(value: float, sign: str = "-") -> str:
    """A number in the evidence, `-1.23457`."""
    return format(float(value), f"{sign}.6g")
