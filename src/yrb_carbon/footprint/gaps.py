"""Years without a file and provinces without a report: what is put there, and a flag for it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.account_terms import REPORTED

Inside = Literal["interpolate", "drop", "error"]
Outside = Literal["hold", "drop", "error"]

INTERPOLATED, HELD, MISSING = "interpolated", "held", "missing"
DROPPED = "dropped"
"""A year that is left out."""
STATES = (REPORTED, INTERPOLATED, HELD, MISSING)
"""What stands in a cell: a report; a line between two reports; the nearest report; nothing."""


@dataclass(frozen=True, slots=True)
class GapRules:
    """What is done with gaps.

    Attributes
    ----------
    inside : {"interpolate", "drop", "error"}
        Years without a file between two that have one; drop: the year is left out.
    outside : {"hold", "drop", "error"}
        Years before the first file or after the last; hold: the nearest report of the province.
    cells : {"interpolate", "drop", "error"}
        Provinces that did not report in a year with a file: a line between their reports, the
        nearest one at an end; drop: the cell stays missing.
    """

    inside: Inside = "interpolate"
    outside: Outside = "hold"
    cells: Inside = "interpolate"


@dataclass(frozen=True, slots=True, eq=False)
class FilledYears:
    """Amounts of all provinces and years.

    Attributes
    ----------
    values : DataFrame, index (province, year), sorted
        Missing where the state is.
    state : Series, same index
        One of `STATES`.
    dropped : tuple of int
        Years that were asked for and are left out.
    """

    values: pd.DataFrame
    state: pd.Series
    dropped: tuple[int, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years that are there."""
        return tuple(int(year) for year in self.values.index.unique("year"))

    def counts(self) -> pd.DataFrame:
        """Number of provinces in each state, by year; index year, columns `STATES`."""
        table = self.state.groupby(level="year").value_counts().unstack(fill_value=0)
        return table.reindex(columns=list(STATES), fill_value=0)


def fill_years(
    values: pd.DataFrame, years: Iterable[int], rules: GapRules, what: str
) -> FilledYears:
    """Bring amounts to the years that are wanted.

    x_pt = x_pa + (x_pb - x_pa) (t - a) / (b - a) between the nearest reports a < t < b of a
    province; x_pt = x_pa when it has reports on one side only.

    Parameters
    ----------
    values : DataFrame, index (province, year)
        Years with a file, wanted or not; a row with a missing cell is no report.
    years : iterable of int
        Years wanted.
    rules : GapRules
    what : str
        What the amounts are, for messages.

    Returns
    -------
    FilledYears

    Raises
    ------
    DataError
        If a rule is `error` and there is such a gap, a province has no report at all, or no year
        is left; named.
    """
    provinces = sorted(values.index.unique("province"))
    with_file = sorted(int(year) for year in values.index.unique("year"))
    wanted = sorted(set(years))
    kept = _kept_years(wanted, with_file, rules, what)
    if not kept:
        raise DataError(f"no year of {what} is left of {listing(wanted)}")
    reports = values.dropna().sort_index()
    lost = [code for code in provinces if code not in reports.index.unique("province")]
    if lost:
        raise DataError(f"no report of {what} in any year: province {listing(lost)}")
    cells: list[np.ndarray] = []
    states: list[np.ndarray] = []
    for province in provinces:
        own = reports.loc[province]
        filled, found = _fill_province(own, kept, set(with_file), rules)
        cells.append(filled)
        states.append(found)
    index = pd.MultiIndex.from_product([provinces, kept], names=["province", "year"])
    frame = pd.DataFrame(np.vstack(cells), index=index, columns=values.columns)
    state = pd.Series(np.concatenate(states), index=index, name="state")
    _refuse_missing(state, rules, what)
    return FilledYears(frame, state, tuple(sorted(set(wanted) - set(kept))))


def _kept_years(
    wanted: Sequence[int], with_file: Sequence[int], rules: GapRules, what: str
) -> list[int]:
    """Years that the rules leave."""
    first, last = with_file[0], with_file[-1]
    gaps = [year for year in wanted if year not in with_file]
    inside = [year for year in gaps if first < year < last]
    outside = [year for year in gaps if not first < year < last]
    gone: set[int] = set()
    for found, rule, where in (
        (inside, rules.inside, "between"),
        (outside, rules.outside, "outside"),
    ):
        if found and rule == "error":
            raise DataError(
                f"no {what} of {listing(found)}, {where} the years {first} to {last} of the files"
            )
        if rule == "drop":
            gone |= set(found)
    return [year for year in wanted if year not in gone]


def _fill_province(
    own: pd.DataFrame, years: Sequence[int], with_file: set[int], rules: GapRules
) -> tuple[np.ndarray, np.ndarray]:
    """Cells of one province, years x columns, and their states."""
    known = own.index.to_numpy(dtype=float)
    wanted = np.array(years, dtype=float)
    cells = np.column_stack([np.interp(wanted, known, own[name]) for name in own.columns])
    is_known = np.isin(wanted, known)
    is_between = (wanted > known[0]) & (wanted < known[-1])
    state = np.where(is_known, REPORTED, np.where(is_between, INTERPOLATED, HELD))
    unreported = ~is_known & np.isin(wanted, list(with_file))
    if rules.cells != "interpolate":
        state = np.where(unreported, MISSING, state)
    cells[state == MISSING] = np.nan
    return cells, state


def _refuse_missing(state: pd.Series, rules: GapRules, what: str) -> None:
    if rules.cells != "error":
        return
    cells = [f"{province} {year}" for province, year in state.index[state.eq(MISSING)]]
    if cells:
        raise DataError(f"no report of {what} by province and year: {listing(cells)}")
