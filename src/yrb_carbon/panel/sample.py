"""The sample: which units have every raw cell that the study's variables need."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.panel.completeness import Required, completeness_table

EXCLUDED_COLUMNS = ("unit", "variable", "column", "missing_years", "reason")


@dataclass(frozen=True, slots=True)
class Sample:
    """A balanced sample and why the other units are not in it.

    Attributes
    ----------
    units : tuple of str
        Units kept, sorted.
    years : tuple of int
        Years, sorted.
    excluded : DataFrame
        One row a unit left out, variable and raw column that lacks cells: `unit`, `variable`,
        `column`, `missing_years`, `reason`.
    completeness : DataFrame
        The whole count, as `completeness_table` returns it.
    """

    units: tuple[str, ...]
    years: tuple[int, ...]
    excluded: pd.DataFrame
    completeness: pd.DataFrame

    @property
    def excluded_units(self) -> tuple[str, ...]:
        """Units left out, sorted."""
        return tuple(self.excluded["unit"].drop_duplicates())

    def of(self, panel: pd.DataFrame) -> pd.DataFrame:
        """Rows of the units kept, in all years of the panel: base years and lags need them."""
        return panel[panel.index.get_level_values("unit").isin(self.units)]


def fix_sample(
    panel: pd.DataFrame, required: Required, years: Iterable[int], unit_ids: Iterable[str]
) -> Sample:
    """Keep the units that have every required raw cell in every year.

    This is the only place where a unit leaves the study; a value that cannot be computed later is
    an error.

    Parameters
    ----------
    panel : DataFrame, index (unit, year), sorted
        Raw columns.
    required : mapping
        Variable -> raw columns, or raw columns with their years; see `completeness_table`.
    years : iterable of int
        Years of the sample.
    unit_ids : iterable of str
        The candidate units.

    Returns
    -------
    Sample

    Raises
    ------
    DataError
        If a raw column is not in the panel, or no unit is left; the columns that exclude most
        units are named.
    """
    years = tuple(sorted({int(year) for year in years}))
    candidates = sorted(set(unit_ids))
    table = completeness_table(panel, required, years, candidates)
    in_panel = set(panel.index.get_level_values("unit"))
    lacking = table[table["n_present"] < table["n_years"]]
    reasons = [
        _reason(unit in in_panel, present, needed)
        for unit, present, needed in zip(
            lacking["unit"], lacking["n_present"], lacking["n_years"], strict=True
        )
    ]
    excluded = lacking.assign(reason=reasons)[list(EXCLUDED_COLUMNS)].reset_index(drop=True)
    dropped = set(excluded["unit"])
    units = tuple(unit for unit in candidates if unit not in dropped)
    if not units:
        counts = excluded.groupby("column")["unit"].nunique()
        worst = counts.sort_index().sort_values(ascending=False, kind="stable")
        culprits = listing(f"{name} {count} of {len(candidates)}" for name, count in worst.items())
        raise DataError(
            f"no unit has every required cell in {years[0]}-{years[-1]}. Units excluded by "
            f"column: {culprits}. Shorten the years, fill gaps, or take a variable out"
        )
    return Sample(units, years, excluded, table)


def _reason(in_panel: bool, present: int, needed: int) -> str:
    if not in_panel:
        return "the unit has no row in the panel"
    if not present:
        return "no year has a value"
    return f"{needed - present} of {needed} years have no value"
