"""Verdicts by intervals and tests: signs, orders of paths, differences of groups."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

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
    DifferenceClaim,
    OrderClaim,
    Selector,
    Sign,
    SignClaim,
    Way,
)
from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.base import Label

LEVEL = 0.05
IntervalClaim = SignClaim | OrderClaim | DifferenceClaim
"""Claims about numbers that are estimated, with intervals."""


def judge_claim(
    name: str,
    claim: IntervalClaim,
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
            raise NotTestableError(_no_interval(claim.selectors, estimates))
    except NotTestableError as obstacle:
        return Judgement(Verdict.NOT_TESTABLE, reason=declared.get(name, obstacle.reason))
    verdict = unanimous([one.verdict for one in said])
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
        raise NotTestableError(declared[claim.first.claim])
    lost = [path.claim for path in claim.others if path.claim in declared]
    if not lost:
        return claim, None
    reason = Label(
        en="; ".join(f"{path} is not compared: {declared[path].en.rstrip('.')}" for path in lost),
        zh="；".join(f"{path}未纳入比较：{declared[path].zh.rstrip('。')}" for path in lost),
    )
    kept = tuple(path for path in claim.others if path.claim not in declared)
    if not kept:
        raise NotTestableError(reason)
    return claim.model_copy(update={"others": kept}), reason


def _judge_in_way(
    name: str,
    claim: IntervalClaim,
    estimates: pd.DataFrame,
    way: Way,
    level: float,
) -> PartVerdict | None:
    """Verdict of one way; None where the rows have no such interval."""
    if isinstance(claim, SignClaim):
        return _judge_sign(name, claim, estimates, way)
    if isinstance(claim, OrderClaim):
        return _judge_order(name, claim, estimates, way)
    return _judge_difference(name, claim, estimates, way, level)


def _judge_sign(
    name: str, claim: SignClaim, estimates: pd.DataFrame, way: Way
) -> PartVerdict | None:
    rows = _rows_in_way(name, _ones(name, [claim.row], estimates), way)
    if rows is None:
        return None
    (row,) = rows
    verdict = _verdict(*_oriented(row, claim.expected))
    return PartVerdict(way.label, verdict, row, float(row["p_value"]), _listed(rows))


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
) -> PartVerdict | None:
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
    return PartVerdict(
        way.label,
        _verdict(bounds[weakest][0], bounds[against][1]),
        rows[place],
        float(rows[place]["p_value"]),
        _listed([*rows, *signed]),
        claim.others[place].note if place < len(claim.others) else None,
    )


def _judge_difference(
    name: str, claim: DifferenceClaim, estimates: pd.DataFrame, way: Way, level: float
) -> PartVerdict | None:
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
    return PartVerdict(way.label, verdict, deciding[first], adjusted[first], "; ".join(shown))


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
        raise NotTestableError(absent(selector, estimates))
    return [_Block(selector, rows) for _, rows in matching.groupby("term", sort=False)]


def _ones(name: str, selectors: Sequence[Selector], estimates: pd.DataFrame) -> list[_Block]:
    """One block for each selector, which must name one number."""
    found = []
    for selector in selectors:
        blocks = _blocks(selector, estimates)
        if len(blocks) > 1:
            raise DataError(ambiguous(name, selector, selector.rows_of(estimates)))
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
                raise DataError(ambiguous(name, block.selector, rows))
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
        raise NotTestableError(_without(row, "interval", "区间"))
    return lower, upper


def _p_value(row: Row) -> float:
    value = float(row["p_value"])
    if np.isnan(value):
        raise NotTestableError(_without(row, "p-value", "p值"))
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
