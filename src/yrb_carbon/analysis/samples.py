"""Fix a sample from the raw panel and compute its variables on the units that stay."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.registry import compute_variable, required_cells, required_columns
from yrb_carbon.indices.settings import index_defaults, variable_spec
from yrb_carbon.indices.spec import IndexDefaults
from yrb_carbon.panel.completeness import draw_completeness
from yrb_carbon.panel.gaps import fill_gaps, format_years
from yrb_carbon.panel.sample import Sample, fix_sample
from yrb_carbon.panel.schema import VERSION_MARK, flag_column
from yrb_carbon.panel.winsorise import calc_winsorised
from yrb_carbon.provenance import write_json
from yrb_carbon.study.config import SampleSection, VariableSection
from yrb_carbon.study.units import load_units


@dataclass(frozen=True, slots=True)
class MadeSample:
    """A sample and its variables.

    Attributes
    ----------
    sample : Sample
        Units kept.
    excluded : DataFrame
        Why the others are not, those left out on purpose included.
    raw : DataFrame, index (unit, year)
        Raw columns of the units kept, sample years.
    indices : DataFrame, index (unit, year)
        The variables, complete and finite.
    counts : dict
        Rows, units and cells in and out, for the manifest.
    log : tuple of str
        The same in words.
    notice : str or None
        Caution for pictures.
    """

    sample: Sample
    excluded: pd.DataFrame
    raw: pd.DataFrame
    indices: pd.DataFrame
    counts: dict[str, Any]
    log: tuple[str, ...]
    notice: str | None


def versioned(column: str, version: str | None) -> str:
    """Name of a raw column in a version: `gdp2` and `laiwu` give `gdp2__laiwu`."""
    return column if version is None else f"{column}{VERSION_MARK}{version}"


def raw_columns(section: VariableSection, defaults: IndexDefaults) -> tuple[str, ...]:
    """Raw panel columns that a variable reads."""
    columns = required_columns(variable_spec(section), defaults)
    return tuple(versioned(column, section.version) for column in columns)


def raw_cells(
    section: VariableSection, defaults: IndexDefaults, years: range
) -> dict[str, tuple[int, ...]]:
    """Raw panel columns that a variable reads, and in which years."""
    cells = required_cells(variable_spec(section), defaults, years)
    return {versioned(column, section.version): own for column, own in cells.items()}


def compute_section(
    name: str,
    section: VariableSection,
    panel: pd.DataFrame,
    defaults: IndexDefaults,
    years: range,
) -> pd.Series:
    """Compute one variable on the units of a panel, from the version of the columns it asks for."""
    spec = variable_spec(section)
    columns = required_columns(spec, defaults)
    view = panel[[versioned(column, section.version) for column in columns]]
    view = view.set_axis(list(columns), axis="columns")
    return compute_variable(spec, view, defaults, years=years, name=name)


def make_sample(
    panel: str | Path | pd.DataFrame,
    spec: Any,
    section: SampleSection,
    *,
    required: tuple[str, ...],
    computed: tuple[str, ...],
) -> MadeSample:
    """Fill short gaps, fix the balanced sample from the raw inputs, then compute the indices.

    Parameters
    ----------
    panel : path or DataFrame
        The raw panel.
    spec : namespace of sections
        study, carbon, sink, balance, agglom, lq, m1, m2, m3, price, impute, variables.
    section : SampleSection
        Years, unit set and exclusions of this sample, all given.
    required : tuple of str
        Variables whose raw inputs fix the sample.
    computed : tuple of str
        Variables to compute on it.

    Raises
    ------
    DataError
        If no unit is complete, or a variable is not finite on the units kept.
    """
    raw = panel if isinstance(panel, pd.DataFrame) else pd.read_parquet(panel)
    if section.first_year is None or section.last_year is None or section.unit_set is None:
        raise DataError("the years and the unit set of a sample must be given")
    years = range(section.first_year, section.last_year + 1)
    sections = {name: spec.variables[name] for name in computed}
    defaults = index_defaults(spec)
    inputs = {name: raw_columns(sections[name], defaults) for name in computed}
    _require_columns(raw, inputs)
    candidates = _candidates(section)
    used = list(dict.fromkeys(column for columns in inputs.values() for column in columns))
    own = raw[raw.index.get_level_values("unit").isin(candidates)]
    filled = fill_gaps(own, spec.impute.max_gap, used)
    needed = {name: raw_cells(sections[name], defaults, years) for name in required}
    _require_years(filled.panel, needed, candidates)
    sample = fix_sample(filled.panel, needed, years, candidates)
    retained = sample.of(filled.panel)
    indices = pd.DataFrame(
        {
            name: compute_section(name, sections[name], retained, defaults, years)
            for name in computed
        }
    ).sort_index()
    if section.winsor is not None:
        indices = indices.apply(calc_winsorised, lower=section.winsor, upper=1 - section.winsor)
    purpose = pd.DataFrame(
        {"unit": list(section.exclude_units), "reason": "left out on purpose (exclude_units)"},
        dtype=object,
    )
    excluded = pd.concat([sample.excluded, purpose], ignore_index=True)
    sample.completeness["n_imputed"] = _imputed(filled.panel, sample)
    kept_raw = retained[retained.index.get_level_values("year").isin(years)]
    counts = {
        "candidate_units": len(candidates),
        "units_kept": len(sample.units),
        "units_excluded": len(sample.excluded_units),
        "years": [years.start, years.stop - 1],
        "rows_in": len(raw),
        "rows_out": len(indices),
        "missing_cells_in": int(own[used].isna().to_numpy().sum()),
        "cells_filled": int(own[used].isna().to_numpy().sum())
        - int(filled.panel[used].isna().to_numpy().sum()),
        "units_mostly_filled": list(filled.heavy_units),
        "winsor": section.winsor,
        "variables": list(computed),
        "fixed_by": list(required),
        "units": list(sample.units),
    }
    log = (
        f"{counts['units_kept']} of {counts['candidate_units']} units have every raw input of "
        f"{', '.join(required)} in {years.start}-{years.stop - 1}",
        f"{counts['cells_filled']} cells filled in gaps of at most {spec.impute.max_gap} years",
        *(f"more than a fifth of the cells filled: {unit}" for unit in filled.heavy_units),
        *(
            f"left out: {row.unit}: {row.column} ({row.variable}): {row.reason}"
            for row in sample.excluded.itertuples()
        ),
    )
    notice = spec.study.caution_in("en")
    return MadeSample(sample, excluded, kept_raw, indices, counts, log, notice)


def _imputed(panel: pd.DataFrame, sample: Sample) -> list[int]:
    """Cells filled in the sample's years, for each row of the completeness report."""
    in_years = panel[panel.index.get_level_values("year").isin(sample.years)]
    counts: dict[str, pd.Series] = {}
    for column in sample.completeness["column"].unique():
        flag = flag_column("imputed", column)
        if flag in in_years:
            counts[column] = in_years[flag].groupby(level="unit").sum()
    pairs = zip(sample.completeness["unit"], sample.completeness["column"], strict=True)
    return [int(counts[column].get(unit, 0)) if column in counts else 0 for unit, column in pairs]


def _candidates(section: SampleSection) -> list[str]:
    if section.unit_set is None:
        raise DataError("the unit set of a sample must be given")
    units = load_units().select(section.unit_set)
    strange = sorted(set(section.exclude_units) - set(units.ids))
    if strange:
        raise DataError(
            f"units to exclude are not in unit set {section.unit_set}: {listing(strange)}. "
            "Correct exclude_units"
        )
    return [unit for unit in units.ids if unit not in section.exclude_units]


def _require_columns(raw: pd.DataFrame, inputs: Mapping[str, tuple[str, ...]]) -> None:
    lacking = {
        name: [column for column in columns if column not in raw.columns]
        for name, columns in inputs.items()
    }
    faults = [f"{name} needs {listing(columns)}" for name, columns in lacking.items() if columns]
    if faults:
        raise DataError(
            f"no source of the study provides these panel columns: {'; '.join(faults)}. "
            "Add the source, or take the variable out of the tables"
        )


def _require_years(
    panel: pd.DataFrame, needed: Mapping[str, Mapping[str, Sequence[int]]], units: Sequence[str]
) -> None:
    """Refuse years in which a required column has no value for any unit: the data end before."""
    own = panel[panel.index.get_level_values("unit").isin(units)]
    faults = []
    users: dict[str, list[str]] = {}
    wanted: dict[str, set[int]] = {}
    for variable, columns in needed.items():
        for column, own_years in columns.items():
            users.setdefault(column, []).append(variable)
            wanted.setdefault(column, set()).update(own_years)
    for column, years in wanted.items():
        covered = set(own.index.get_level_values("year")[own[column].notna()])
        absent = sorted(years - covered)
        if absent and covered:
            faults.append(
                f"{column!r} (for {', '.join(users[column])}) has no value for any unit in "
                f"{format_years(absent)}, which the sample or a lag needs; it covers "
                f"{format_years(covered)}"
            )
        elif absent:
            faults.append(f"{column!r} (for {', '.join(users[column])}) has no value at all")
    if faults:
        raise DataError(
            f"the sample's years are not inside the data: {'; '.join(faults)}. Change first_year "
            "or last_year of the study or of the sample, or take another source"
        )


def write_sample(made: MadeSample, output: Any) -> None:
    """Write the frames, the completeness report and the counts of a sample.

    Parameters
    ----------
    made : MadeSample
    output : namespace of paths
        indices, raw, excluded, completeness, picture, drawing, counts.
    """
    made.indices.to_parquet(output.indices)
    made.raw.to_parquet(output.raw)
    names = load_units().frame["name_en"]
    excluded = made.excluded
    excluded.insert(1, "name_en", excluded["unit"].map(names))
    excluded.to_csv(output.excluded, index=False, lineterminator="\n")
    table = made.sample.completeness
    table.to_csv(output.completeness, index=False, lineterminator="\n")
    draw_completeness(
        table,
        Path(output.picture).with_suffix(""),
        notice=made.notice,
        unit_labels={str(unit): str(name) for unit, name in names.items()},
    )
    write_json(made.counts, output.counts)
