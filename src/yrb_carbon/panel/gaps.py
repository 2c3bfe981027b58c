"""Short gaps inside a unit's series: linear interpolation, flagged and reported."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.panel.schema import (
    Dictionary,
    flag_column,
    load_dictionary,
    require_panel_index,
)

HEAVY_SHARE = 0.2


@dataclass(frozen=True, slots=True)
class FilledPanel:
    """A panel after its short gaps were filled, and what was done.

    Attributes
    ----------
    panel : DataFrame, index (unit, year)
        The panel with the filled cells, and one column `flag_imputed_<column>` for every column
        in which a cell was filled.
    report : DataFrame
        One row a unit and column that had missing cells: `unit`, `column`, `n_years`, `n_missing`
        (before), `n_imputed`, `n_left` (still missing), `imputed_years`, `left_years`.
    units : DataFrame, index unit
        `n_cells`, `n_imputed` and `share` over the columns considered.
    heavy_units : tuple of str
        Units of which more than a fifth of these cells is imputed.
    """

    panel: pd.DataFrame
    report: pd.DataFrame
    units: pd.DataFrame
    heavy_units: tuple[str, ...]


def fill_gaps(
    panel: pd.DataFrame,
    max_gap: int,
    columns: Iterable[str] | None = None,
    dictionary: Dictionary | None = None,
) -> FilledPanel:
    """Fill gaps of at most `max_gap` consecutive years inside each unit's series.

    x_it = x_ia + (x_ib - x_ia) (t - a) / (b - a), with a < t < b the nearest years that have a
    value. A longer gap stays empty as a whole; the ends of a series are never extended.

    Parameters
    ----------
    panel : DataFrame, index (unit, year), sorted
        Every unit with a row for each year between its first and its last.
    max_gap : int
        Longest run of missing years that is filled; 0 fills nothing.
    columns : iterable of str, optional
        Raw columns to fill; by default all of the panel. The shares in `units` are over these.
    dictionary : Dictionary, optional
        The shipped one by default.

    Returns
    -------
    FilledPanel

    Raises
    ------
    DataError
        If `max_gap` is negative, a column is unknown or absent, or a unit lacks rows for years
        inside its span: a gap could not be measured.
    """
    dictionary = dictionary or load_dictionary()
    if max_gap < 0:
        raise DataError(f"the longest gap to fill cannot be negative (got {max_gap}; 0 for none)")
    require_panel_index(panel)
    names = _columns_to_fill(panel, columns, dictionary)
    _require_unbroken_years(panel)
    filled = panel.copy()
    years = panel.index.get_level_values("year").to_numpy()
    units = panel.index.get_level_values("unit")
    spans = [np.flatnonzero(units == unit) for unit in units.unique()]
    rows: list[dict[str, object]] = []
    imputed = pd.Series(0, index=units.unique(), name="n_imputed")
    for name in names:
        values = panel[name].to_numpy(dtype=float, copy=True)
        flags = np.zeros(len(panel), dtype="int8")
        for span in spans:
            missing = np.isnan(values[span])
            if not missing.any():
                continue
            unit, span_years = units[span[0]], years[span]
            inside = _short_inner_gaps(missing, max_gap)
            if inside.any():
                values[span[inside]] = np.interp(
                    span_years[inside], span_years[~missing], values[span[~missing]]
                )
            flags[span[inside]] = 1
            imputed[unit] += int(inside.sum())
            left = missing & ~inside
            rows.append(
                {
                    "unit": unit,
                    "column": name,
                    "n_years": len(span),
                    "n_missing": int(missing.sum()),
                    "n_imputed": int(inside.sum()),
                    "n_left": int(left.sum()),
                    "imputed_years": format_years(span_years[inside]),
                    "left_years": format_years(span_years[left]),
                }
            )
        if flags.any():
            filled[name] = values
            flag = flag_column("imputed", name)
            earlier = panel[flag].to_numpy() if flag in panel else 0
            filled[flag] = np.maximum(flags, earlier)
    by_unit = pd.DataFrame({"n_cells": 0, "n_imputed": imputed}, index=imputed.index)
    by_unit["n_cells"] = [len(span) * len(names) for span in spans]
    by_unit["share"] = by_unit["n_imputed"] / by_unit["n_cells"] if names else 0.0
    heavy = by_unit.index[by_unit["share"] > HEAVY_SHARE]
    report = pd.DataFrame(rows, columns=list(REPORT_COLUMNS))
    report = report.sort_values(["unit", "column"], ignore_index=True)
    return FilledPanel(filled, report, by_unit, tuple(heavy))


REPORT_COLUMNS = (
    "unit", "column", "n_years", "n_missing", "n_imputed", "n_left", "imputed_years", "left_years",
)  # fmt: skip


def format_years(years: Iterable[int]) -> str:
    """Years as text, runs joined: `2003-2005 2010`; empty for none."""
    runs: list[list[int]] = []
    for year in sorted(int(year) for year in years):
        if runs and year == runs[-1][-1] + 1:
            runs[-1].append(year)
        else:
            runs.append([year])
    return " ".join(str(run[0]) if len(run) == 1 else f"{run[0]}-{run[-1]}" for run in runs)


def _columns_to_fill(
    panel: pd.DataFrame, columns: Iterable[str] | None, dictionary: Dictionary
) -> list[str]:
    if columns is None:
        return [str(name) for name in panel.columns if dictionary.entry(str(name)) is not None]
    names = list(dict.fromkeys(columns))
    dictionary.require_columns(names)
    absent = [name for name in names if name not in panel.columns]
    if absent:
        raise DataError(
            f"the panel has no column {listing(repr(name) for name in absent)} to fill gaps in; "
            "add a source that provides it"
        )
    return names


def _require_unbroken_years(panel: pd.DataFrame) -> None:
    units = panel.index.get_level_values("unit")
    years = pd.Series(panel.index.get_level_values("year").to_numpy(), index=units)
    broken = [
        f"unit {unit}: {format_years(set(range(own.min(), own.max() + 1)) - set(own))}"
        for unit, own in years.groupby(level=0)
        if own.max() - own.min() + 1 != len(own)
    ]
    if broken:
        raise DataError(
            f"the panel has no row for these years inside the span of a unit: {listing(broken)}. "
            "Gaps are measured in rows; reindex the panel to all years first"
        )


def _short_inner_gaps(missing: np.ndarray, max_gap: int) -> np.ndarray:
    """Mark runs of at most `max_gap` missing years that have a value on both sides."""
    marks = np.zeros(len(missing), dtype=bool)
    edges = np.flatnonzero(np.diff(np.concatenate(([False], missing, [False])).astype("int8")))
    for start, stop in zip(edges[::2], edges[1::2], strict=True):
        if start > 0 and stop < len(missing) and stop - start <= max_gap:
            marks[start:stop] = True
    return marks
