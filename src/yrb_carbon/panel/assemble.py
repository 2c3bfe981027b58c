"""From the tidy frames of the readers to the unit-year panel of raw columns."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.errors import DataError, Place, SourceError, UnitError, fault, listing
from yrb_carbon.panel.allocate import points_to_units
from yrb_carbon.panel.area import area_column
from yrb_carbon.panel.crosswalk import apply_crosswalk
from yrb_carbon.panel.extend import extend_by_province
from yrb_carbon.panel.schema import (
    VERSION_MARK,
    Dictionary,
    cell_name,
    flag_column,
    load_dictionary,
    validate_panel,
)
from yrb_carbon.provenance import write_json
from yrb_carbon.sources import KeyKind, reader_for
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.sources.ceads_county import sum_counties_to_cities
from yrb_carbon.sources.gem_mines import mines_by_year
from yrb_carbon.sources.rawtable import garbled
from yrb_carbon.sources.workbook import OTHER_SHEETS
from yrb_carbon.study.config import SourceSection
from yrb_carbon.study.names import code_key, given
from yrb_carbon.study.units import MatchReport, NameMatcher, Units, load_matcher, load_units

KEYS = ("code", "province", "name", "year")
UNMATCHED_COLUMNS = ("source", "status", "key", "rows", "rule", "candidates")
EXTENDED_COLUMN = "co2_ceads_county"
EXTENDED_YEAR = 2018
PROVINCE_TOTAL = "co2_apparent_province"
WHOLES = {"emp_mining": "emp_total", "nat_emp_mining": "nat_emp_total", "sci_exp": "fiscal_exp"}
"""Column -> the one that it is a part of."""

PART_SLACK = 1e-9
"""A part may pass the whole by the rounding of a change of units only."""


@dataclass(slots=True)
class AssembledPanel:
    """Panels of one study and how they came about.

    Attributes
    ----------
    panels : dict
        Unit set -> raw columns, index (unit, year), sorted.
    records : list of dict
        One a source: file, sheet, digest, rows, notes of reader, matcher and crosswalk.
    unmatched : DataFrame
        Keys that no unit was found for, with row counts; places outside the study are counted,
        not listed.
    log : list of str
        Rows, units and missing cells of each step.
    """

    panels: dict[str, pd.DataFrame]
    records: list[dict[str, Any]] = field(default_factory=list)
    unmatched: pd.DataFrame = field(default_factory=lambda: pd.DataFrame(columns=UNMATCHED_COLUMNS))
    log: list[str] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class KeyedTable:
    """A source's values by unit and year, before borders are brought together.

    Attributes
    ----------
    frame : DataFrame, index (unit, year)
    has_own_borders : bool
        Whether the rows came by unit, on the borders of their year; figures of the province or the
        country and points counted in polygons have no borders to bring together.
    notes : tuple of str
    report : MatchReport or None
        What became of the file's keys, where rows are keyed by name or code.
    """

    frame: pd.DataFrame
    has_own_borders: bool = False
    notes: tuple[str, ...] = ()
    report: MatchReport | None = None


def assemble_panel(
    spec: Any, boundaries: Boundaries, *, unit_sets: Sequence[str], years: range
) -> AssembledPanel:
    """Read every source, find its units, bring borders together, and join the columns.

    Parameters
    ----------
    spec : namespace of sections
        data_root, sources, carbon.
    boundaries : Boundaries
        Polygons of all units of the sets.
    unit_sets : sequence of str
        One panel each.
    years : range
        Years of the panels.

    Returns
    -------
    AssembledPanel

    Raises
    ------
    SourceError, DataError, UnitError
        As the readers, the crosswalk and the panel's schema have it.
    """
    units, matcher, dictionary = load_units(), load_matcher(), load_dictionary()
    columns: dict[str, dict[str, pd.Series]] = {name: {} for name in unit_sets}
    origins: dict[str, str] = {"area": "the polygons of boundaries"}
    for name in unit_sets:
        members = units.select(name).ids
        columns[name]["area"] = area_column(boundaries.subset(members), years)
    assembled = AssembledPanel(panels={})
    unmatched: list[dict[str, Any]] = []
    for source, section in spec.sources.items():
        table = read_source(spec.data_root, section, source)
        keyed = key_source(
            table, section, source, matcher, years, boundaries.unit_ids, lambda: boundaries
        )
        require_values(keyed.frame, table, source, boundaries.unit_ids, years)
        notes = list(keyed.notes)
        if keyed.report is not None:
            unmatched += _unmatched_rows(source, keyed.report)
        for name in unit_sets:
            frame, changed = to_unit_set(keyed, name, section, units, dictionary)
            notes += [f"set {name}: {note}" for note in changed]
            add_columns(columns[name], origins, frame, table, source)
        record = table.record.as_dict()
        record["notes"] = [*record["notes"], *notes]
        assembled.records.append({"source": source, "format": section.format, **record})
        assembled.log.append(
            f"{source}: {table.record.rows} rows of {table.record.file} gave "
            f"{len(keyed.frame)} unit-years of {listing(keyed.frame.columns)}"
        )
    for name in unit_sets:
        panel, done = join_panel(
            columns[name], units.select(name).ids, years, spec.carbon.extend_2018, origins
        )
        assembled.log += [f"set {name}: {note}" for note in (*done, *_missing_cells(panel))]
        assembled.panels[name] = panel
    if unmatched:
        assembled.unmatched = pd.DataFrame(unmatched, columns=list(UNMATCHED_COLUMNS))
    return assembled


def read_source(data_root: str | Path, section: SourceSection, source: str) -> SourceTable:
    """Read a source with the study's options; its columns under the study's names.

    Raises
    ------
    SourceError
        As the reader has it; also for a wanted column that the file does not give.
    """
    reader = reader_for(section.format)
    table = reader.read(Path(data_root) / section.path, **section.options)
    if reader.keys == "mines":
        return table
    keys = [key for key in KEYS if key in table.frame.columns]
    extra = [c for c in table.frame.columns if c in ("city", "county")]
    values = [c for c in table.frame.columns if c not in (*keys, *extra)]
    wanted = list(section.columns) if section.columns is not None else values
    absent = [column for column in wanted if column not in values]
    if absent:
        raise SourceError(
            f"the format {section.format!r} gives no column {listing(absent)}; it gives "
            f"{listing(values)}",
            Place(table.record.file, table.record.sheet, key=f"sources.{source}.columns"),
        )
    flags = [c for c in values if re.match(r"flag_[a-z]+_", c) and _flagged(c) in wanted]
    kept = [*wanted, *(flag for flag in flags if flag not in wanted)]
    frame = table.frame[[*keys, *extra, *kept]].rename(columns=_renaming(section, kept))
    return replace(table, frame=frame)


def _flagged(flag: str) -> str:
    return flag.split("_", 2)[2]


def _renaming(section: SourceSection, columns: Sequence[str]) -> dict[str, str]:
    """New names of the columns and of their flags."""
    names = dict(section.rename)
    for column in columns:
        if column.startswith("flag_") and _flagged(column) in section.rename:
            kind = column.split("_", 2)[1]
            names[column] = flag_column(kind, section.rename[_flagged(column)])
    return names


def key_source(
    table: SourceTable,
    section: SourceSection,
    source: str,
    matcher: NameMatcher,
    years: range,
    unit_ids: Sequence[str],
    polygons: Callable[[], Boundaries],
) -> KeyedTable:
    """Find the unit of every row.

    Parameters
    ----------
    table : SourceTable
        Of `read_source`.
    section, source
        The source's section and name.
    matcher : NameMatcher
    years : range
        Years of the panel.
    unit_ids : sequence of str
        Units of all sets of the study.
    polygons : callable
        Gives the boundaries of these units; called for points alone.

    Raises
    ------
    SourceError, UnitError
        For two rows of a unit and year, a province that is not known, a row of the study's
        provinces whose unit cannot be told.
    """
    reader = reader_for(section.format)
    if reader.keys == "mines":
        counted, remarks = _count_mines(table, polygons(), years, section)
        return KeyedTable(counted, notes=remarks)
    kind = _key_kind(table) if reader.keys == "any" else reader.keys
    if kind == "national":
        return KeyedTable(_spread_national(table, unit_ids))
    if kind == "province":
        return KeyedTable(_spread_provinces(table, unit_ids, matcher))
    if kind == "county":
        table = sum_counties_to_cities(table)
    units, report = matcher.match_frame(table.frame)
    if section.unknown_units == "error":
        _refuse_unknown_units(table, units, matcher, years, unit_ids, source)
    values = table.frame.drop(columns=[c for c in KEYS if c in table.frame and c != "year"])
    values = values.assign(unit=units)[units.notna().to_numpy()]
    values = _one_row_each(values, table, matcher)
    by_unit = values.set_index(["unit", "year"]).sort_index()
    return KeyedTable(by_unit, True, report.notes(), report)


def _one_row_each(values: pd.DataFrame, table: SourceTable, matcher: NameMatcher) -> pd.DataFrame:
    """Refuse two rows for one unit and year; the first stays where faults are kept."""
    doubled = values[values.duplicated(["unit", "year"], keep=False)]
    if doubled.empty:
        return values
    texts = []
    for (unit, year), block in doubled.groupby(["unit", "year"], sort=True):
        rows = rows_in_file(table, block.index)
        where = f" (rows {listing(rows, 4)})" if rows else ""
        texts.append(f"{matcher.label(str(unit))} {year}{where}")
    fault(
        SourceError(
            f"two rows for one unit and year: {listing(texts)}",
            Place(table.record.file, table.record.sheet),
            "Keep one row for each",
        )
    )
    return values[~values.duplicated(["unit", "year"])]


def rows_in_file(table: SourceTable, labels: pd.Index) -> list[int]:
    """Rows of the file behind rows of the frame, sorted; none where the reader cannot tell."""
    if table.row_numbers is None:
        return []
    return sorted({int(number) for number in table.row_numbers[labels]})


def require_values(
    frame: pd.DataFrame, table: SourceTable, source: str, units: Sequence[str], years: range
) -> None:
    """Refuse a column without a single value for the study: nothing can be computed from it.

    Raises
    ------
    SourceError
        Naming the columns and the years.
    """
    wanted = frame.index.get_level_values("unit").isin(units) & frame.index.get_level_values(
        "year"
    ).isin(years)
    present = frame[wanted].notna().any()
    empty = [name for name in frame.columns if not present[name]]
    if empty:
        others = [note for note in table.record.notes if note.startswith(OTHER_SHEETS)]
        sheets = f"; {'; '.join(others)}: the option sheet names another" if others else ""
        fault(
            SourceError(
                f"no value of {listing(empty)} for any unit of the study in "
                f"{years.start}-{years.stop - 1}{sheets}",
                Place(table.record.file, table.record.sheet, key=f"sources.{source}"),
                "Correct the file, or name the columns that are wanted in `columns`",
            )
        )


def _key_kind(table: SourceTable) -> KeyKind:
    """What names a row of a table whose columns decide it: unit, province, or the year alone."""
    columns = table.frame.columns
    if "code" in columns or "name" in columns:
        return "name"
    return "province" if "province" in columns else "national"


def _refuse_unknown_units(
    table: SourceTable,
    units: pd.Series,
    matcher: NameMatcher,
    years: range,
    unit_ids: Sequence[str],
    source: str,
) -> None:
    """Refuse rows that may belong to a unit of the study and cannot be told which.

    Known places outside the study pass, and so does a key that is not recognised in a row of
    another province, or in a year that the panel does not have.
    """
    open_rows = table.frame[units.isna() & table.frame["year"].isin(years)]
    if open_rows.empty:
        return
    keys = open_rows.drop(columns="year").drop_duplicates(
        [name for name in KEYS if name in open_rows and name != "year"]
    )
    provinces = {unit[:2] for unit in unit_ids}
    near = [_province_of_row(row, matcher) in {None, *provinces} for _, row in keys.iterrows()]
    told = [_is_resolved(row, matcher) for _, row in keys[near].iterrows()]
    suspects = keys[near][[not resolved for resolved in told]]
    if suspects.empty:
        return
    by = [c for c in KEYS if c in suspects and c != "year"]
    labels = open_rows.reset_index().merge(suspects[by], how="inner", on=by)["index"]
    wanted = open_rows.loc[labels]
    _, report = matcher.match_frame(wanted)
    rows = rows_in_file(table, wanted.index)
    also = f" (rows {listing(rows)})" if len(rows) > 1 else ""
    words = [str(text) for name in by for text in suspects[name] if name != "code"]
    try:
        report.require_resolved()
    except UnitError as error:
        fault(
            UnitError(
                f"{error.problem}{also}; or set sources.{source}.unknown_units to report, which "
                f"leaves such rows out and lists them{garbled(words)}",
                Place(table.record.file, table.record.sheet, rows[0] if rows else None),
            )
        )


def _is_resolved(row: pd.Series, matcher: NameMatcher) -> bool:
    """Whether a row's key is a known place, be it outside the study."""
    found = matcher.match(**{key: row[key] for key in ("name", "code", "province") if key in row})
    return found.status in ("matched", "outside")


def _province_of_row(row: pd.Series, matcher: NameMatcher) -> str | None:
    """Province that a row names by itself or by its code; None when it does not say."""
    if "province" in row and given(row["province"]):
        return matcher.province_code(row["province"])
    return code[:2] if "code" in row and (code := code_key(row["code"])) is not None else None


def _spread_national(table: SourceTable, units: Sequence[str]) -> pd.DataFrame:
    """National values of a year, for every unit."""
    by_year = table.frame.set_index("year").sort_index()
    return pd.concat(dict.fromkeys(units, by_year), names=["unit"]).sort_index()


def _spread_provinces(
    table: SourceTable, units: Sequence[str], matcher: NameMatcher
) -> pd.DataFrame:
    """Provincial values of a year, for every unit of the province."""
    codes = table.frame["province"].map({
        name: matcher.province_code(name) for name in table.frame["province"].unique()
    })  # fmt: skip
    unknown = sorted(set(table.frame.loc[codes.isna(), "province"].astype(str)))
    if unknown:
        raise SourceError(
            f"provinces not recognised: {listing(unknown)}",
            Place(table.record.file, table.record.sheet, column="province"),
            "Correct the file, or add the spelling to data/names.csv",
        )
    values = table.frame.drop(columns=[c for c in ("province", "code", "name") if c in table.frame])
    by_province = {
        prefix: block.set_index("year").sort_index() for prefix, block in values.groupby(codes)
    }
    blocks = {unit: by_province[unit[:2]] for unit in units if unit[:2] in by_province}
    if not blocks:
        raise SourceError(
            f"no province of the study; found {listing(sorted(set(table.frame['province'])))}",
            Place(table.record.file, table.record.sheet, column="province"),
        )
    return pd.concat(blocks, names=["unit"]).sort_index()


def _count_mines(
    table: SourceTable, boundaries: Boundaries, years: range, section: SourceSection
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Mines open in each year, summed over the polygons that they lie in."""
    placed = table.frame[table.frame["lon"].notna() & table.frame["lat"].notna()]
    where = points_to_units(placed["lon"], placed["lat"], boundaries)
    inside = where.unit.notna()
    mines = placed[inside.to_numpy()]
    unit = where.unit[inside.to_numpy()].astype(str)
    yearly = mines_by_year(mines, list(years))
    counts = {
        "coal_mines": yearly.open.astype(float),
        "coal_capacity": yearly.capacity,
        "coal_capacity_dated": yearly.capacity_dated,
        "coal_workforce": yearly.workforce,
    }
    wanted = counts if section.columns is None else section.columns
    # a unit without a mine has zero of everything: the tracker lists all mines of the country
    summed = {
        name: counts[name].groupby(unit).sum().reindex(boundaries.unit_ids, fill_value=0.0).stack()
        for name in wanted
    }
    frame = pd.DataFrame(summed).rename_axis(["unit", "year"]).sort_index()
    notes = (
        f"{int(inside.sum())} mines lie in the polygons, {where.n_outside} outside, "
        f"{where.n_on_border} on a border, {len(table.frame) - len(placed)} have no coordinates "
        "and are counted nowhere",
        *yearly.notes,
    )
    return frame.rename(columns=section.rename).astype(float), notes


def to_unit_set(
    keyed: KeyedTable,
    unit_set: str,
    section: SourceSection,
    units: Units,
    dictionary: Dictionary,
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Bring a source onto the borders of a unit set; what was done to it comes second."""
    members, frame = units.select(unit_set).ids, keyed.frame
    if not keyed.has_own_borders:
        return frame[frame.index.get_level_values("unit").isin(members)], ()
    notes: tuple[str, ...] = ()
    if not section.merge:
        gone = frame.index.get_level_values("unit").isin(
            [unit for unit in units.ids if unit not in members]
        )
        notes = (f"{int(gone.sum())} rows of units outside the set left out before any merging",)
        frame = frame[~gone]
    columns = [c for c in frame.columns if not c.startswith("flag_")]
    extensive = [c for c in columns if _is_extensive(dictionary, c)]
    present = columns if reader_for(section.format).on_present_borders else []
    merged, changed = apply_crosswalk(
        frame, unit_set=unit_set, extensive=extensive, present_borders=present, units=units
    )
    return merged, (*notes, *changed)


def _is_extensive(dictionary: Dictionary, column: str) -> bool:
    entry = dictionary.entry(column)
    return entry is not None and entry.aggregation == "sum"


def add_columns(
    columns: dict[str, pd.Series],
    origins: dict[str, str],
    frame: pd.DataFrame,
    table: SourceTable,
    source: str,
) -> None:
    """Add the columns of a source to those of a unit set, and say where they come from.

    Raises
    ------
    DataError
        If another source has given one of them.
    """
    for column in frame.columns:
        if column in columns:
            raise DataError(
                f"panel column {column!r} comes from source {source!r} and from another; "
                "take it from one of them (columns), or rename it (rename)"
            )
        columns[column] = frame[column]
        origins[column] = f"source {source!r}, {_place(table)}"


def join_panel(
    columns: Mapping[str, pd.Series],
    members: Sequence[str],
    years: range,
    extend_2018: str,
    origins: Mapping[str, str],
) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Join the columns of a unit set into its panel and check it; notes come second.

    Raises
    ------
    DataError
        For values that the panel's dictionary does not allow, and a part above its whole.
    """
    panel, done = _extend(_join(columns, members, years), extend_2018, years)
    panel = validate_panel(panel, load_dictionary(), origins)
    _refuse_parts_above_wholes(panel, origins)
    return panel, done


def _join(columns: Mapping[str, pd.Series], members: Sequence[str], years: range) -> pd.DataFrame:
    index = pd.MultiIndex.from_product([sorted(members), years], names=["unit", "year"])
    joined = {name: values.reindex(index) for name, values in columns.items()}
    panel = pd.DataFrame(joined, index=index)
    flags = [name for name in panel.columns if name.startswith("flag_")]
    panel[flags] = panel[flags].fillna(0.0)
    return panel.astype(float)


def _place(table: SourceTable) -> Place:
    return Place(table.record.file, table.record.sheet)


def _refuse_parts_above_wholes(panel: pd.DataFrame, origins: Mapping[str, str]) -> None:
    """Refuse a part that is above its whole: the two may come from files in different units."""
    for part in panel.columns:
        name, *version = str(part).split(VERSION_MARK, 1)
        whole = VERSION_MARK.join([WHOLES.get(name, ""), *version])
        if whole not in panel:
            continue
        above = panel[panel[part] > panel[whole] * (1 + PART_SLACK)]
        if len(above):
            cells = listing(
                (
                    f"{cell_name(cell)}: {few:.10g} of {all_:.10g}"
                    for cell, few, all_ in zip(above.index, above[part], above[whole], strict=True)
                ),
                6,
            )
            raise DataError(
                f"{part} ({origins[str(part)]}) is above {whole} ({origins[whole]}) in {cells}. "
                "Correct the cells; if it is so in many, the two are in different units"
            )


def _extend(panel: pd.DataFrame, how: str, years: range) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """County emissions end in 2017: carry them to 2018 as the study says."""
    if EXTENDED_COLUMN not in panel or EXTENDED_YEAR not in years or how == "drop":
        return panel, ()
    if panel.xs(EXTENDED_YEAR, level="year")[EXTENDED_COLUMN].notna().all():
        return panel, ()
    if PROVINCE_TOTAL not in panel:
        raise DataError(
            f"carbon.extend_2018 is 'scale', which needs the panel column {PROVINCE_TOTAL!r}; "
            "add a source of format 'ceads_apparent', or set carbon.extend_2018 to 'drop'"
        )
    return extend_by_province(panel, EXTENDED_COLUMN, PROVINCE_TOTAL, EXTENDED_YEAR)


def _missing_cells(panel: pd.DataFrame) -> list[str]:
    missing = panel.isna().sum()
    return [
        f"{column}: {count} of {len(panel)} cells missing"
        for column, count in missing.items()
        if count
    ]


def _unmatched_rows(source: str, report: MatchReport) -> list[dict[str, Any]]:
    return [
        {
            "source": source,
            "status": status,
            "key": key.key,
            "rows": key.rows,
            "rule": key.rule,
            "candidates": " ".join(key.candidates),
        }
        for status, keys in (("unmatched", report.unmatched), ("ambiguous", report.ambiguous))
        for key in keys
    ]


def write_panels(assembled: AssembledPanel, output: Any) -> None:
    """Write the panels, the records of the sources and the keys without a unit.

    Parameters
    ----------
    assembled : AssembledPanel
    output : namespace of paths
        panels (one a unit set, in their order), records, unmatched.
    """
    for panel, path in zip(assembled.panels.values(), output.panels, strict=True):
        panel.to_parquet(path)
    assembled.unmatched.to_csv(output.unmatched, index=False, lineterminator="\n")
    write_json(assembled.records, output.records)
