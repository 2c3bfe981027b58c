"""Changes of borders: bring a unit-year table onto the borders of one unit set.

Two changes matter for the study. Laiwu was dissolved into Jinan in January 2019: sets without
Laiwu count both together in all years. Zhongwei was cut out of Wuzhong and Guyuan at the end of
2003: tables for 2003 count it there, which cannot be undone and is flagged. Recodes (Haidong,
the former leagues and prefectures) are dealt with by the matcher of names and codes.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, UnitError, listing
from yrb_carbon.panel.schema import flag_column
from yrb_carbon.study.units import Units, load_events, load_units

FLAG_PREFIX = "flag_"
MIXED = "boundary_mixed"
INDEX_NAMES = ["unit", "year"]


@dataclass(frozen=True, slots=True)
class Change:
    """A change of borders that the crosswalk acts upon.

    Attributes
    ----------
    kind : str
        "merge": `old` was dissolved into `new`; "split": `new` was cut out of `old`.
    old, new : str
        Codes of the units.
    first_year : int
        First year whose tables show the new state.
    """

    kind: str
    old: str
    new: str
    first_year: int


def read_changes(table: pd.DataFrame | None = None) -> tuple[Change, ...]:
    """Mergers and splits of data/crosswalk.csv, sorted.

    Parameters
    ----------
    table : DataFrame, optional
        As `yrb_carbon.study.units.load_events` returns it; read from data/ by default.
    """
    events = load_events() if table is None else table
    acted_upon = events[events["kind"].isin(["merge", "split"])]
    return tuple(
        Change(*found)
        for found in sorted(
            (str(row.kind), str(row.code_old), str(row.code_new), int(str(row.first_year)))
            for row in acted_upon.itertuples(index=False)
        )
    )


def merged_into(unit_set: str, units: Units, changes: Iterable[Change]) -> dict[str, Change]:
    """Dissolved unit -> its merger, for those that a set counts in their successor."""
    members = set(units.select(unit_set).ids)
    return {
        change.old: change
        for change in changes
        if change.kind == "merge" and change.old not in members and change.new in members
    }


def apply_crosswalk(
    frame: pd.DataFrame,
    *,
    unit_set: str,
    extensive: Collection[str],
    present_borders: Collection[str] = (),
    weights: Mapping[str, str | pd.Series] | None = None,
    units: Units | None = None,
    changes: Iterable[Change] | None = None,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Bring a unit-year table onto the borders of one unit set.

    Where a dissolved unit d is counted with its successor s, an extensive column is summed,
    x_s = x_s + x_d, before any ratio is formed. An intensive column (a rate, a mean) becomes
    x_s = (w_s x_s + w_d x_d) / (w_s + w_d) if weights are given; where both values are equal (a
    figure of the province) it stays; otherwise it is refused.
    Where the table has a value for s but none for d although d still existed (a file that prints
    the successor only), the value is kept and flagged; where it has one for d only, the sum is
    missing. Units outside the set are left out and counted in the notes.

    Parameters
    ----------
    frame : DataFrame, MultiIndex (unit, year)
        Units as matched (codes of data/units.csv), numeric columns. Flag columns (`flag_...`) are
        joined by their maximum.
    unit_set : str
        `A`, `B`, `C`, `set91` or `set79`.
    extensive : collection of str
        Columns that may be summed; the others, flags apart, are intensive.
    present_borders : collection of str
        Columns measured on the borders of today in all years (polygon statistics), or by no
        borders of units at all (figures of the province): their values for a successor hold the
        dissolved unit already. They are flagged only where a set keeps the dissolved unit apart
        and it has no value of its own.
    weights : mapping, optional
        Intensive column -> weights: an extensive column of `frame`, or a positive Series by unit
        or by (unit, year), as the areas in km2.
    units, changes : optional
        Read from data/ by default.

    Returns
    -------
    frame : DataFrame, MultiIndex (unit, year), sorted
        Members of the set only, columns in the order given, with `flag_boundary_mixed_<column>`
        (0 or 1) for every column that has such a cell.
    notes : tuple of str
        What was summed, averaged, flagged and left out, with counts.

    Raises
    ------
    DataError
        If the index is not unique (unit, year), a column is not numeric, an intensive column would
        have to be merged without weights, or weights are missing or not positive.
    UnitError
        If a code is no unit of the study, as an old code that was not matched.
    """
    known = load_units() if units is None else units
    events = read_changes() if changes is None else tuple(changes)
    members = known.select(unit_set).ids
    _check_frame(frame, known)
    for name, columns in (("extensive", extensive), ("present_borders", present_borders)):
        absent = sorted(set(columns) - set(frame.columns))
        if absent:
            raise DataError(f"{name} names columns that the table lacks: {listing(absent)}")
    table = frame.sort_index().astype("float64")
    values = [column for column in table.columns if not str(column).startswith(FLAG_PREFIX)]
    merges = merged_into(unit_set, known, events)
    notes: list[str] = []
    mixed: dict[str, set[tuple[str, int]]] = {}
    for column in values:
        on_present = column in present_borders
        mixed[column] = {
            cell
            for change in events
            for cell in _mixed_cells(table[column], change, change.old in merges, on_present)
        }
        for merge in merges.values():
            if on_present and _own_values(table[column], merge):
                raise DataError(
                    f"column {column!r} is said to be on the borders of today, but "
                    f"{known.label(merge.old)} has values of its own, other than those of "
                    f"{known.label(merge.new)}"
                )
    for merge in merges.values():
        table, done = _merge_unit(table, merge, set(extensive), values, weights or {}, known)
        notes += done

    outside = table.index.get_level_values("unit").isin(members)
    for unit in sorted(set(table.index.get_level_values("unit")[~outside])):
        rows = int((table.index.get_level_values("unit") == unit).sum())
        notes.append(f"left out {known.label(unit)}, {rows} rows: not in set {unit_set}")
    table = table.loc[outside].sort_index()
    for column in values:
        cells = {cell for cell in mixed[column] if cell in table.index}
        if cells:
            table, note = _flag_mixed(table, column, cells, known)
            notes.append(note)
    return table, tuple(notes)


def _check_frame(frame: pd.DataFrame, units: Units) -> None:
    if list(frame.index.names) != INDEX_NAMES:
        raise DataError(f"wanted an index (unit, year), found {list(frame.index.names)}")
    twice = frame.index[frame.index.duplicated()].unique()
    if len(twice):
        raise DataError(f"unit-years that stand more than once: {listing(twice)}")
    strange = sorted(set(map(str, frame.index.get_level_values("unit"))) - set(units.ids))
    if strange:
        raise UnitError(
            f"codes that are no units of the study: {listing(strange)}. Match old codes and names "
            "first (yrb_carbon.study.units.load_matcher)"
        )
    texts = [c for c in frame.columns if not pd.api.types.is_numeric_dtype(frame[c])]
    if texts:
        raise DataError(f"columns that are not numeric: {listing(texts)}")


def _mixed_cells(
    column: pd.Series, change: Change, together: bool, on_present: bool
) -> set[tuple[str, int]]:
    """Cells of a column whose borders are, or may be, others than the set means.

    Split: years before it in which the parent has a value and the child has none. Merger, both
    counted together: years before it in which only the successor has a value, and later years in
    which the dissolved unit still has one. Merger, both kept apart: later years in which only the
    successor has a value. On the borders of today: no cell, but with both kept apart every one in
    which only the successor has a value.
    """
    whole = change.old if change.kind == "split" else change.new
    other = change.new if change.kind == "split" else change.old
    years, both = _years_with(column, whole), _years_with(column, other)
    before = {year for year in years if year < change.first_year}
    if on_present:
        found = years - both if change.kind == "merge" and not together else set()
    elif change.kind == "split":
        found = before - both
    elif together:
        found = (before - both) | ((years - before) & both)
    else:
        found = years - before - both
    return {(whole, year) for year in found}


def _own_values(column: pd.Series, merge: Change) -> bool:
    both = column.unstack("unit").reindex(columns=[merge.old, merge.new])
    old, new = both[merge.old], both[merge.new]
    return bool((old.notna() & old.ne(new)).any())


def _years_with(column: pd.Series, unit: str) -> set[int]:
    if unit not in column.index.get_level_values("unit"):
        return set()
    series = column.xs(unit, level="unit").dropna()
    return {int(year) for year in series.index}


def _merge_unit(
    table: pd.DataFrame,
    merge: Change,
    extensive: set[str],
    values: list[str],
    weights: Mapping[str, str | pd.Series],
    units: Units,
) -> tuple[pd.DataFrame, list[str]]:
    """Count a dissolved unit in its successor in every column and take its rows out.

    From the year of the merger on the tables of the successor hold it already: what a file still
    prints for it then is not added.
    """
    old, new = merge.old, merge.new
    present = table.index.get_level_values("unit")
    if old not in present:
        return table, []
    gone = table.xs(old, level="unit")
    kept = table.xs(new, level="unit") if new in present else table.iloc[:0].droplevel("unit")
    years = kept.index.union(gone.index)
    gone, kept = gone.reindex(years), kept.reindex(years)
    late = gone.loc[years >= merge.first_year, values].notna()
    gone.loc[years >= merge.first_year, values] = np.nan
    joined = kept.copy()
    summed: list[str] = []
    averaged: list[str] = []
    for column in table.columns:
        if column not in values:
            joined[column] = np.fmax(kept[column], gone[column])
            continue
        here = gone[column].notna()
        if not here.any():
            continue
        if column in extensive:
            joined[column] = (kept[column] + gone[column]).where(here, kept[column])
            summed.append(column)
            continue
        # A mean of two equal values needs no weights: figures of a province, of the country.
        both = here & kept[column].notna() & kept[column].ne(gone[column])
        joined[column] = kept[column]
        if not both.any():
            continue
        if column not in weights:
            raise DataError(
                f"column {column!r} is intensive and cannot be summed, but this set counts "
                f"{units.label(old)} in {units.label(new)} and both have values in "
                f"{listing(years[both.to_numpy()])}. Give weights for it, name it as extensive if "
                "it is, or form it after the crosswalk"
            )
        w_kept, w_gone = (
            _weights_of(table, unit, years, column, weights[column]) for unit in (new, old)
        )
        unweighted = both & ~((w_kept > 0) & (w_gone > 0))
        if unweighted.any():
            raise DataError(
                f"weights of column {column!r} are missing or not positive for {old} or {new} in "
                f"{listing(years[unweighted.to_numpy()])}"
            )
        mean = (w_kept * kept[column] + w_gone * gone[column]) / (w_kept + w_gone)
        joined[column] = mean.where(both, kept[column])
        averaged.append(column)
    joined.index = pd.MultiIndex.from_product([[new], years], names=INDEX_NAMES)
    rest = table.loc[~present.isin([old, new])]
    notes = []
    if late.to_numpy().any():
        notes.append(
            f"{int(late.to_numpy().sum())} values of {units.label(old)} from {merge.first_year} on "
            f"are not added: {units.label(new)} holds it then"
        )
    for verb, columns in (("summed", summed), ("averaged", averaged)):
        if columns:
            cells = int(gone[columns].notna().to_numpy().sum())
            notes.append(
                f"{verb} {units.label(old)} into {units.label(new)}: {cells} values of "
                f"{listing(columns)}"
            )
    for column in values:
        alone = (gone[column].notna() & kept[column].isna()).to_numpy()
        if alone.any():
            notes.append(
                f"{column} of {units.label(new)} stays missing in {listing(years[alone])}, where "
                f"only {units.label(old)} has a value"
            )
    return pd.concat([rest, joined]).sort_index(), notes


def _weights_of(
    table: pd.DataFrame,
    unit: str,
    years: pd.Index,
    column: str,
    weights: str | pd.Series,
) -> pd.Series:
    if isinstance(weights, str):
        if weights not in table.columns:
            raise DataError(f"the weights of {column!r} are no column of the table: {weights!r}")
        weights = table[weights]
    if isinstance(weights.index, pd.MultiIndex):
        present = unit in weights.index.get_level_values("unit")
        found = weights.xs(unit, level="unit") if present else pd.Series(dtype="float64")
        return found.reindex(years).astype("float64")
    return pd.Series(float(weights.get(unit, np.nan)), index=years, dtype="float64")


def _flag_mixed(
    table: pd.DataFrame, column: str, cells: Iterable[tuple[str, int]], units: Units
) -> tuple[pd.DataFrame, str]:
    name = flag_column(MIXED, column)
    hit = pd.Series(table.index.isin(sorted(cells)), index=table.index, dtype="float64")
    before = table[name].fillna(0.0) if name in table.columns else 0.0 * hit
    where = ", ".join(
        f"{units.label(unit)} {listing(sorted(year for other, year in cells if other == unit))}"
        for unit in sorted({unit for unit, _ in cells})
    )
    flagged = table.assign(**{name: np.maximum(before, hit)})
    return flagged, f"{column} may be on other borders, flagged: {where}"


def require_boundaries(
    unit_set: str,
    unit_ids_of_boundaries: Iterable[str],
    *,
    units: Units | None = None,
    changes: Iterable[Change] | None = None,
) -> None:
    """Refuse a boundary file that does not have the borders of a unit set.

    Parameters
    ----------
    unit_set : str
    unit_ids_of_boundaries : iterable of str
        Codes of the polygons. Polygons of other places do no harm.

    Raises
    ------
    UnitError
        If a unit has no polygon; or if a unit that the set counts in another has a polygon of its
        own, for then the polygon of the other is too small (dissolve the two first).
    """
    known = load_units() if units is None else units
    events = read_changes() if changes is None else tuple(changes)
    found = set(map(str, unit_ids_of_boundaries))
    members = known.select(unit_set).ids
    absent = [unit for unit in members if unit not in found]
    dissolved = {change.old: change for change in events if change.kind == "merge"}
    for unit in absent:
        if unit in dissolved:
            merge = dissolved[unit]
            raise UnitError(
                f"set {unit_set} keeps {known.label(unit)} apart from {known.label(merge.new)}, "
                f"but the boundary file has no polygon {unit}: its borders are those of "
                f"{merge.first_year} or later. Use a file with borders of {merge.first_year - 1} "
                f"or before, or a unit set that counts it in {merge.new} (A, C, set91, set79)"
            )
    if absent:
        raise UnitError(
            f"set {unit_set} has {len(members)} units, but the boundary file has no polygon for "
            f"{listing(map(known.label, absent))}"
        )
    for old, merge in merged_into(unit_set, known, events).items():
        if old in found:
            raise UnitError(
                f"set {unit_set} counts {known.label(old)} in {known.label(merge.new)}, but the "
                f"boundary file has a polygon for each. Dissolve {old} into {merge.new} before use"
            )
