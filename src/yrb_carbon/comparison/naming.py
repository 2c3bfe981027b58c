"""What happened to a model, in words: a regressor that vanished, weights that became others."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import pandas as pd

from yrb_carbon.errors import listing
from yrb_carbon.estimates import Quantity

NAMED_COLUMNS = (
    "outcome", "spec", "sample", "weights", "equation", "term", "quantity", "year", "estimator",
    "vcov", "inference", "study",
)  # fmt: skip
"""Key columns whose lost or gained values can explain lost or gained rows, likely ones first."""
REPLACED_COLUMNS = (
    "study", "outcome", "spec", "sample", "weights", "equation", "estimator", "vcov", "inference",
)  # fmt: skip
"""Key columns one value of which can stand for another one; numbers of other terms, quantities or
years are other numbers."""
SHOWN = 6


def became(
    lost: pd.DataFrame, gained: pd.DataFrame, key: Sequence[str]
) -> dict[str, tuple[str, str]]:
    """Columns with one value in all lost rows and another one in all gained rows."""
    changed = {}
    for column in (name for name in REPLACED_COLUMNS if name in key):
        was, now = lost[column].unique(), gained[column].unique()
        if len(was) == len(now) == 1 and was[0] != now[0]:
            changed[column] = (str(was[0]), str(now[0]))
    return changed


def notes_on(
    rows_a: pd.DataFrame | None,
    rows_b: pd.DataFrame | None,
    lost: pd.DataFrame | None,
    gained: pd.DataFrame | None,
    key: Sequence[str],
) -> Iterator[str]:
    """Lost and gained rows in words: the values of a column that went or came as a whole."""
    if rows_b is None:
        yield "vanished as a whole"
        return
    if rows_a is None:
        yield "is new"
        return
    names = [column for column in NAMED_COLUMNS if column in key]
    for rows, mine, other, happened in (
        (lost, rows_a, rows_b, "vanished"),
        (gained, rows_b, rows_a, "appeared"),
    ):
        if rows is not None:
            yield from _explained(rows, mine, other, names, happened)


def _explained(
    rows: pd.DataFrame, mine: pd.DataFrame, other: pd.DataFrame, names: list[str], happened: str
) -> Iterator[str]:
    """Columns whose values the other file does not have at all, the one with most rows first."""
    left = rows
    values = {name: set(mine[name]) - set(other[name]) for name in names}
    while len(left):
        counts = {name: int(left[name].isin(values[name]).sum()) for name in names}
        best = max(names, key=lambda name: counts[name])
        if not counts[best]:
            return
        is_named = left[best].isin(values[best])
        named = left[is_named]
        yield f"{what(best, named)} {_listed(named[best])} {happened}"
        left = left[~is_named]


def what(column: str, rows: pd.DataFrame) -> str:
    """What people call the values of a column."""
    if column == "term" and "quantity" in rows:
        return "regressor" if (rows["quantity"] == Quantity.COEF).any() else "term"
    return {"vcov": "covariance", "spec": "specification"}.get(column, column)


def _listed(values: pd.Series) -> str:
    texts = sorted(
        {str(value) or "''" for value in values}, key=lambda text: (text.count("."), text)
    )
    if 1 < len(texts) <= 3:
        return f"{', '.join(texts[:-1])} and {texts[-1]}"
    return listing(texts, 6)
