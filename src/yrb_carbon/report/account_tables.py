"""What the layouts of the tables made from accounts share: numbers by key, columns, parts."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.report.cells import records
from yrb_carbon.report.language import Words
from yrb_carbon.report.printer import Printer

Body = tuple[pd.DataFrame, list[str]]
"""A table and its notes."""
Lines = list[list[str]]
Numbers = Mapping[tuple[Any, ...], float]

PERCENT = "%"


@dataclass(frozen=True, slots=True)
class Panel:
    """A part of a table with columns of its own.

    Attributes
    ----------
    title : str
    heads : sequence of str
        Of all its columns.
    lines : list of list of str
    """

    title: str
    heads: Sequence[str]
    lines: Lines


def years_of(rows: pd.DataFrame) -> list[int]:
    """Years of the rows, sorted."""
    return sorted({int(year) for year in rows["year"].dropna()})


def numbers_of(rows: pd.DataFrame, *names: str) -> Numbers:
    """Estimates by the values of some columns."""
    return {key: row["estimate"] for key, row in records(rows, *names).items()}


def number_at(numbers: Numbers, *key: object) -> float:
    """A number by its key; not a number where there is none, which prints as nothing."""
    return numbers.get(key, float("nan"))


def has_term(rows: pd.DataFrame, term: str) -> bool:
    """Whether a row has a term."""
    return bool(rows["term"].eq(term).any())


def year_heads(years: Iterable[int], parts: Sequence[str]) -> list[str]:
    """Headings `year: part`, which stand below a common one a year."""
    return [f"{year}: {part}" for year in years for part in parts]


def shown_parts(lines: Mapping[str, Lines], words: Printer) -> Lines:
    """Lines of the parts that the layout shows, in its order."""
    return [line for part in words.rows(lines) for line in lines[part]]


def shown_columns(
    shown: Sequence[str], name: Callable[[str, Words], str], words: Printer
) -> list[tuple[str, str]]:
    """Terms that stand in columns, with their headings: those of the layout, or all."""
    if words.layout.columns is None:
        return [(term, name(term, words)) for term in shown]
    return [
        (one.id, name(one.id, words) if one.label is None else words.label(one.label))
        for one in words.layout.columns
    ]


def stacked(parts: Mapping[str, Sequence[Panel]], words: Printer) -> pd.DataFrame:
    """The panels of the parts that the layout shows, one below the other.

    A panel alone has its own headings. Of several each begins with its title across the table and
    a line of its headings, and the columns are numbered.
    """
    shown = [panel for part in words.rows(parts) for panel in parts[part] if panel.lines]
    if len(shown) == 1:
        return pd.DataFrame(shown[0].lines, columns=list(shown[0].heads))
    width = max((len(panel.heads) for panel in shown), default=1)
    lines: Lines = []
    for panel in shown:
        lines.append([panel.title] * width)
        lines += [[*line, *[""] * (width - len(line))] for line in (panel.heads, *panel.lines)]
    return pd.DataFrame(lines, columns=["", *(f"({place})" for place in range(1, width))])


def year_runs(years: Iterable[int]) -> list[str]:
    """Years in order, those that follow one another as one: `2003-2005`, `2009`."""
    runs: list[list[int]] = []
    for year in years:
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return [str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs]
