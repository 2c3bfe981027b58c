"""The shape of a printed table in any format: groups of headings, kinds of columns, blocks."""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence

import pandas as pd

Row = tuple[str, ...]

MARKS = r"[*†‡§+#]{0,4}"
"""Marks of significance behind a number."""
NUMBER = re.compile(rf"^<?[(\[{{]?(-?\d+(\.\d+)?(e[+-]\d+)?(, )?){{1,2}}[)\]}}]?{MARKS}$")
"""A cell that is a number, with its stars or brackets, or an interval."""


def columns_of(body: pd.DataFrame) -> list[list[str]]:
    """Texts of each column."""
    cells = body.to_numpy(dtype=object)
    return [list(map(str, cells[:, place])) for place in range(body.shape[1])]


def is_numeric(cells: Sequence[str]) -> bool:
    """Whether most cells of a column that hold something hold numbers."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(NUMBER.match(cell) is not None for cell in filled) > len(filled)


def is_common(cells: Sequence[str]) -> bool:
    """Whether a row says one text of all columns; it is then written once, across them."""
    others = cells[1:]
    if len(others) < 2 or len(set(others)) > 1:
        return False
    return others[0] != "" and NUMBER.match(others[0]) is None


def headings(heads: Sequence[str]) -> tuple[list[str], list[tuple[str, int]]]:
    """Headings of the columns, and groups above them with the number of columns each spans.

    `A`, `A: b`, `A: c` in a row stand below a common `A`; there are no groups when no heading has
    such neighbours. A column without neighbours keeps its heading and has the group ''.
    """
    parts = [head.rsplit(": ", 1) for head in heads]
    groups: list[tuple[str, int]] = []
    shown: list[str] = []
    for group, members in itertools.groupby(
        zip(heads, parts, strict=True), key=lambda member: member[1][0]
    ):
        own = list(members)
        if len(own) > 1:
            groups.append((group, len(own)))
            shown += [part[1] if len(part) > 1 else "" for _, part in own]
        else:
            groups.append(("", 1))
            shown.append(own[0][0])
    return shown, groups if any(name for name, _ in groups) else []


def rows_of(body: pd.DataFrame) -> list[Row]:
    """Rows of texts."""
    return list(zip(*columns_of(body), strict=True))


def blocks_of(body: pd.DataFrame) -> Iterator[list[Row]]:
    """Rows that belong together: one with a heading, and those below it that continue it."""
    block: list[Row] = []
    for row in rows_of(body):
        if row[0] and block:
            yield block
            block = []
        block.append(row)
    if block:
        yield block
