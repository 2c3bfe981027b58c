"""All tables of regional facts of a study: its files are read once."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.provenance import FileRecord
from yrb_carbon.regional.emissions import calc_territorial_emissions
from yrb_carbon.regional.facts import DatedTransfer, RegionalFacts
from yrb_carbon.regional.provincial_tables import load_forest_stock, load_land_use
from yrb_carbon.regional.rows import regional_rows
from yrb_carbon.regional.transfer import calc_transfer
from yrb_carbon.sources.ceads_inventory import read_ceads_inventories
from yrb_carbon.sources.ceads_sheets import read_named_years
from yrb_carbon.sources.provincial import read_provincial
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import RegionalSection, RegionalTable, RegionalTransferTable

GDP, POPULATION = "prov_gdp", "prov_pop"

Drive = Callable[[pd.DataFrame], tuple[pd.DataFrame, tuple[FileRecord, ...]]]
"""From the emissions of the inventories (year, province, sector, fuel, co2) to emissions by
province driven by each user of an input-output table, Mt CO2, and the files it read."""


@dataclass(frozen=True, slots=True, eq=False)
class RegionalRun:
    """What a study says of regional facts.

    Attributes
    ----------
    rows : mapping of str to DataFrame
        Rows of estimates by table.
    facts : RegionalFacts
    record : dict
        Files read, and what stands outside the tables; ready for JSON.
    notes : tuple of str
        For the log.
    """

    rows: Mapping[str, pd.DataFrame]
    facts: RegionalFacts
    record: dict[str, Any]
    notes: tuple[str, ...]


def run_regional(
    section: RegionalSection,
    tables: Mapping[str, RegionalTable],
    *,
    study: str,
    data_root: str | Path,
    drive: Drive | None = None,
) -> RegionalRun:
    """Read the files and make the rows of all tables.

    Parameters
    ----------
    section : RegionalSection
    tables : mapping of str to RegionalTable
    study : str
        Name of the study.
    data_root : path
        Folder that the paths of the section are relative to.
    drive : callable, optional
        For `section.transfer`; there are no transfers without it, or without a table of them.

    Returns
    -------
    RegionalRun

    Raises
    ------
    SourceError, DataError
        For files that cannot be read, or do not go together.
    """
    root = Path(data_root)
    files = {year: root / path for year, path in section.inventories.items()}
    found = read_named_years(read_ceads_inventories, files, "regional.inventories")
    found.require_sums()
    people, people_record = read_provincial(
        section.people.format, root / section.people.path, (GDP, POPULATION)
    )
    transfer, transfer_records = None, tuple[FileRecord, ...]()
    is_wanted = any(isinstance(table, RegionalTransferTable) for table in tables.values())
    if section.transfer is not None and drive is not None and is_wanted:
        driven, transfer_records = drive(found.reported)
        transfer = DatedTransfer(section.transfer.year, calc_transfer(driven))
    provinces = load_provinces()
    facts = RegionalFacts(
        regions=provinces.grouped("region"),
        areas=provinces.grouped("area"),
        emissions=calc_territorial_emissions(found.frame, section.scope),
        gdp=people[GDP],
        population=people[POPULATION],
        stock=load_forest_stock(),
        land=load_land_use(),
        sink_factor=section.sink_factor,
        transfer=transfer,
    )
    notes = tuple(facts.notes())
    return RegionalRun(
        rows={
            name: regional_rows(table, facts, TableKey(study=study, table=name, sample=""))
            for name, table in tables.items()
        },
        facts=facts,
        record={
            "inventories": found.described(),
            "people": people_record.as_dict(),
            "transfer": [record.as_dict() for record in transfer_records],
            "notes": list(notes),
        },
        notes=notes,
    )
