"""All tables of the carbon footprint of a study: its files are read once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import TableKey, row_dicts
from yrb_carbon.footprint.build import StudiedFootprint, build_footprint
from yrb_carbon.footprint.rows import (
    account_rows,
    emission_rows,
    flag_rows,
    potential_rows,
)
from yrb_carbon.footprint.space_rows import SpaceRows, inequality_rows, moran_rows, shift_rows
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
    FootprintTable,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
)
from yrb_carbon.study.provinces import load_provinces


@dataclass(frozen=True, slots=True, eq=False)
class FootprintRun:
    """What a study says of the industrial carbon footprint.

    Attributes
    ----------
    rows : mapping of str to DataFrame
        Rows of estimates by table; those of model `flag` say which numbers rest on no report.
    footprint : StudiedFootprint
    record : dict
        Files read, what was filled, and what stands outside the tables; ready for JSON.
    notes : tuple of str
        For the log.
    """

    rows: Mapping[str, pd.DataFrame]
    footprint: StudiedFootprint
    record: dict[str, Any]
    notes: tuple[str, ...]


def run_footprint(
    section: FootprintSection,
    tables: Mapping[str, FootprintTable],
    *,
    study: str,
    data_root: str | Path,
    outlines: Boundaries,
    seed: int,
) -> FootprintRun:
    """Read the files, compute the accounts, and make the rows of all tables.

    Parameters
    ----------
    section : FootprintSection
    tables : mapping of str to FootprintTable
    study : str
        Name of the study.
    data_root : path
        Folder that the paths of the section are relative to.
    outlines : Boundaries
        Of the provinces, for tables in space.
    seed : int

    Returns
    -------
    FootprintRun

    Raises
    ------
    SourceError, DataError
        For files that cannot be read, or do not go together.
    """
    found = build_footprint(section, data_root)
    rows: dict[str, pd.DataFrame] = {}
    notes = list(found.notes())
    for name, table in tables.items():
        key = TableKey(study=study, table=name, sample="")
        made = _rows_of_table(table, found, section, outlines, key, seed)
        rows[name] = pd.concat([made.frame, flag_rows(found, key)], ignore_index=True)
        notes += made.notes
    record = {
        **found.record,
        "years": list(found.years),
        "states": _states(found),
        "borrowed_factors": list(found.borrowed),
        "negative_energy": [list(cell) for cell in found.negative],
        "notes": notes,
    }
    return FootprintRun(rows, found, record, tuple(notes))


def _rows_of_table(
    table: FootprintTable,
    found: StudiedFootprint,
    section: FootprintSection,
    outlines: Boundaries,
    key: TableKey,
    seed: int,
) -> SpaceRows:
    regions = load_provinces().grouped("region")
    measures = found.measures
    if isinstance(table, IndustrialEmissionsTable):
        return SpaceRows(emission_rows(table, found, regions, key))
    if isinstance(table, FootprintAccountsTable):
        return SpaceRows(account_rows(table, found, section, regions, key))
    if isinstance(table, FootprintMoranTable):
        return moran_rows(table, measures, outlines, section, key, seed=seed)
    if isinstance(table, FootprintShiftTable):
        return shift_rows(table, measures, outlines, section, key)
    if isinstance(table, FootprintInequalityTable):
        return inequality_rows(table, measures, found.population, section, key)
    if isinstance(table, ReductionPotentialTable):
        return SpaceRows(potential_rows(table, found, section, regions, key, seed=seed))
    raise TypeError(f"no rows for tables of kind {table.kind!r}")


def _states(found: StudiedFootprint) -> dict[str, dict[str, int]]:
    """Provinces in each state, by year."""
    return {
        str(counts.pop("year")): {state: int(number) for state, number in counts.items()}
        for counts in row_dicts(found.emissions.counts().reset_index())
    }
