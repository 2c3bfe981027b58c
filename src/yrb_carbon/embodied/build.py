"""From the files that a study names to the systems of its input-output tables."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from inspect import Parameter, signature
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.embodied.accounts import EmbodiedSystem, build_system
from yrb_carbon.embodied.aggregation import (
    PlacedEmissions,
    aggregate_table,
    emissions_by_account,
    map_emissions,
    merge_regions,
)
from yrb_carbon.embodied.coverage import Coverage, calc_coverage
from yrb_carbon.embodied.emissions import select_scope
from yrb_carbon.embodied.price_indices import at_constant_prices
from yrb_carbon.errors import DataError, listing
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.ceads_sheets import NOT_COVERED
from yrb_carbon.sources.input_output import InputOutputTable
from yrb_carbon.sources.pymrio_system import FINAL_DEMAND
from yrb_carbon.study.concordance import GROUPINGS, Concordance, load_concordance
from yrb_carbon.study.embodied import EmbodiedSection, InputOutputSection, Scope, SystemSection
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.sector_lists import (
    list_of_year,
    load_sector_list,
    sector_list_names,
)

WHOLE_COUNTRY = "00"
OWN_LIST = "42"
SET_BY_SECTIONS = ("year", "accepted_share", "emissions")
"""Options of readers that keys of the configuration set: the year of a table, `failing_share`,
`extension`."""


@dataclass(frozen=True, slots=True, eq=False)
class StudiedSystem:
    """The systems of one kind of table, by year, and what was read for them.

    Attributes
    ----------
    name : str
    by_year : mapping of int to EmbodiedSystem
    mining : tuple of str
        Codes of the mining sectors.
    records : tuple of FileRecord
        Files of the tables.
    coverage : mapping of int to Coverage
        Where the emissions of each year are.
    """

    name: str
    by_year: Mapping[int, EmbodiedSystem]
    mining: tuple[str, ...]
    records: tuple[FileRecord, ...]
    coverage: Mapping[int, Coverage]

    def years(self, wanted: tuple[int, ...] | None) -> tuple[int, ...]:
        """The years wanted, or all, in order."""
        return tuple(sorted(wanted if wanted is not None else self.by_year))


def build_studied_system(
    name: str,
    section: EmbodiedSection,
    inventory: pd.DataFrame | None,
    concordance: Concordance,
    data_root: str | Path,
) -> StudiedSystem:
    """Read the tables of a system and build its accounts for every year.

    Parameters
    ----------
    name : str
        Of `embodied.systems`.
    section : EmbodiedSection
    inventory : DataFrame or None
        Columns year, province, sector, fuel, co2 (Mt) of all inventories of the study; None when
        it names none.
    concordance : Concordance
    data_root : path
        Folder that paths of the configuration are relative to.

    Returns
    -------
    StudiedSystem

    Raises
    ------
    SourceError
        For files that cannot be read as tables.
    DataError
        For tables and emissions that do not go together.
    """
    system = section.systems[name]
    tables, own = {}, {}
    for year, entry in sorted(system.tables.items()):
        tables[year], own[year] = read_table(year, entry, system, section, Path(data_root))
    records = tuple(table.record for table in tables.values())
    emitted, placed = {}, {}
    for year, table in tables.items():
        emissions = own[year]
        if emissions is None:
            tables[year], emitted[year], placed[year] = _from_inventories(
                table, system, inventory, concordance, section.scope
            )
        else:
            emitted[year] = float(emissions["co2"].sum())
            placed[year] = emissions_by_account(emissions, table, (FINAL_DEMAND,))
    if section.price == "constant":
        path = Path(data_root) / str(system.deflators or section.deflators)
        tables = at_constant_prices(tables, path, section.base_year or min(tables))
    mining = system.mining or _mining_of(system, concordance, next(iter(tables.values())))
    by_year = {
        year: build_system(
            table,
            placed[year].accounts,
            exports=section.exports,
            missing=section.missing_inventory,
            mining=mining,
        )
        for year, table in tables.items()
    }
    for built in by_year.values():
        _refuse_idle(name, built, mining)
    return StudiedSystem(
        name=name,
        by_year=by_year,
        mining=tuple(mining),
        records=records,
        coverage={
            year: calc_coverage(built, emitted[year], placed[year].outside, mining)
            for year, built in by_year.items()
        },
    )


def _refuse_idle(name: str, system: EmbodiedSystem, mining: Sequence[str]) -> None:
    """Refuse a system whose mining makes nothing: all its tables would be zero."""
    if not (system.mask(mining) @ system.output) > 0:
        raise DataError(
            f"system {name!r}: mining ({listing(mining)}) has no output in any region in "
            f"{system.year}. Name the sectors that mine under `mining`"
        )


def read_table(
    year: int,
    entry: InputOutputSection,
    system: SystemSection,
    section: EmbodiedSection,
    data_root: Path,
) -> tuple[InputOutputTable, pd.DataFrame | None]:
    """Read one table of a system.

    Parameters
    ----------
    year : int
    entry : InputOutputSection
        File and options.
    system : SystemSection
    section : EmbodiedSection
        Tolerances of the balances.
    data_root : Path
        Folder that the file is in.

    Returns
    -------
    The table, and the emissions that its file brings, or None.

    Raises
    ------
    SourceError, DataError
        See the reader of the format.
    """
    if system.format == "pymrio":
        return _read_pymrio(year, entry, system, section, data_root)
    path = data_root / str(entry.path)
    options: dict[str, Any] = {"tolerance": section.balance_tolerance, **entry.options}
    share = section.failing_share
    if system.format == "china_io":
        from yrb_carbon.sources.china_io import read_china_io

        return read_china_io(path, year=year, accepted_share=share, **options), None
    from yrb_carbon.sources.ceads_mrio import read_ceads_mrio

    return read_ceads_mrio(path, year=year, accepted_share=share, **options), None


def known_sectors(system: SystemSection) -> tuple[str, ...]:
    """Codes that the sectors of a system have; none where only its own file tells them."""
    if system.sectors in GROUPINGS:
        return tuple(map(str, load_concordance().groups[system.sectors].index))
    if system.sectors == OWN_LIST:
        lists = [load_sector_list(name).codes for name in sector_list_names()]
        return tuple(sorted({code for codes in lists for code in codes}))
    if any(entry.path is not None for entry in system.tables.values()):
        return ()
    from yrb_carbon.sources.pymrio_system import load_pymrio_system

    return tuple(map(str, load_pymrio_system().get_sectors()))


def table_options(format_: str) -> tuple[str, ...]:
    """Options of the reader of a format that a table of a system may have."""
    from yrb_carbon.sources.ceads_mrio import read_ceads_mrio
    from yrb_carbon.sources.china_io import read_china_io
    from yrb_carbon.sources.pymrio_system import read_pymrio_system

    readers: dict[str, Callable[..., Any]] = {
        "ceads_mrio": read_ceads_mrio,
        "china_io": read_china_io,
        "pymrio": read_pymrio_system,
    }
    keywords = [
        name
        for name, parameter in signature(readers[format_]).parameters.items()
        if parameter.kind is Parameter.KEYWORD_ONLY
    ]
    return tuple(name for name in keywords if name not in SET_BY_SECTIONS)


def _read_pymrio(
    year: int,
    entry: InputOutputSection,
    system: SystemSection,
    section: EmbodiedSection,
    data_root: Path,
) -> tuple[InputOutputTable, pd.DataFrame]:
    """A system saved by pymrio, or its test system where there is no path."""
    from yrb_carbon.sources.pymrio_system import load_pymrio_system, read_pymrio_system

    folder = None if entry.path is None else data_root / entry.path
    loaded = load_pymrio_system(folder)
    options: dict[str, Any] = {"tolerance": section.balance_tolerance, **entry.options}
    table, emissions = read_pymrio_system(
        loaded,
        year=year,
        emissions=str(system.extension),
        accepted_share=section.failing_share,
        **options,
    )
    if folder is None:
        return table, emissions
    return replace(table, record=replace(table.record, file=str(folder))), emissions


def _from_inventories(
    table: InputOutputTable,
    system: SystemSection,
    inventory: pd.DataFrame | None,
    concordance: Concordance,
    scope: Scope,
) -> tuple[InputOutputTable, float, PlacedEmissions]:
    """The table in the sectors of the system, all emissions of its year, and where they are."""
    if inventory is None:
        raise DataError(f"no emission inventory for the table of {table.year}")
    emitted = select_scope(inventory[inventory["year"] == table.year], scope)
    total = float(emitted["co2"].sum())
    grouping = table.classification if system.sectors == OWN_LIST else system.sectors
    if system.sectors == OWN_LIST:
        _refuse_other_list(table)
    if grouping != table.classification:
        merge = concordance.merge(table.classification, grouping)
        table = aggregate_table(table, merge, classification=grouping)
    if table.regions == (WHOLE_COUNTRY,):
        codes = sorted(set(emitted["province"]))
        _refuse_missing(codes, table.year)
        emitted = merge_regions(emitted, dict.fromkeys(codes, WHOLE_COUNTRY))
    mapped = map_emissions(emitted, concordance.targets(grouping), table.output)
    return table, total, emissions_by_account(mapped, table, concordance.households)


def _refuse_other_list(table: InputOutputTable) -> None:
    """Refuse a table of other sectors than those that its year names the codes by."""
    wanted = list_of_year(table.year)
    if table.classification != wanted:
        raise DataError(
            f"the table of {table.year} has the sectors of the list {table.classification!r}; "
            f"tables print codes of that year by the names of the list {wanted!r}. Take sectors "
            "S26 or H2, to which every list is brought by its own names"
        )


def _refuse_missing(codes: Collection[str], year: int) -> None:
    """Refuse emissions of the country without those of a province that inventories cover."""
    provinces = load_provinces()
    missing = sorted(set(provinces.codes) - NOT_COVERED - set(codes))
    if missing:
        names = listing(f"{code} {provinces.label(code)}" for code in missing)
        raise DataError(
            f"the national table of {year} needs the emissions of all provinces; the inventory of "
            f"that year has none of {names}. Take a year that all of them reported"
        )


def _mining_of(
    system: SystemSection, concordance: Concordance, table: InputOutputTable
) -> tuple[str, ...]:
    """Codes of the mining sectors in the list of a system."""
    grouping = table.classification if system.sectors == OWN_LIST else system.sectors
    found = {code for name in concordance.mining for code in concordance.targets(grouping)[name]}
    return tuple(sorted(found))
