"""All tables of embodied carbon of a study: its files are read once."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.embodied.build import StudiedSystem, build_studied_system
from yrb_carbon.embodied.emissions import calc_emissions_from_energy
from yrb_carbon.embodied.rows import mining_rows, records_of, system_rows
from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.emissions import load_emission_factors
from yrb_carbon.sources.ceads_energy import read_ceads_energies
from yrb_carbon.sources.ceads_inventory import read_ceads_inventories
from yrb_carbon.sources.ceads_sheets import ProvinceInventory, read_named_years
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import (
    ENERGY,
    INVENTORIES,
    INVENTORY_FORMATS,
    EmbodiedSection,
    EmbodiedTable,
    MiningEmissionsTable,
    SystemTable,
)

FACTOR_SET = "ceads"
"""Factors of Shan et al. (2018), with which the published inventories are made; no other set has
all fuels of the energy inventories."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbodiedRun:
    """What a study says of embodied carbon.

    Attributes
    ----------
    rows : mapping of str to DataFrame
        Rows of estimates by table.
    systems : mapping of str to StudiedSystem
    record : dict
        Files read, systems built, what stands outside them; ready for JSON.
    notes : tuple of str
        For the log.
    """

    rows: Mapping[str, pd.DataFrame]
    systems: Mapping[str, StudiedSystem]
    record: dict[str, Any]
    notes: tuple[str, ...]


def run_embodied(
    section: EmbodiedSection,
    tables: Mapping[str, EmbodiedTable],
    *,
    study: str,
    data_root: str | Path,
    seed: int,
) -> EmbodiedRun:
    """Read the files, build the systems that the tables use, and make the rows of all tables.

    Parameters
    ----------
    section : EmbodiedSection
    tables : mapping of str to EmbodiedTable
    study : str
        Name of the study.
    data_root : path
        Folder that the paths of the section are relative to.
    seed : int

    Returns
    -------
    EmbodiedRun

    Raises
    ------
    SourceError, DataError
        For files that cannot be read, or do not go together.
    """
    root = Path(data_root)
    concordance = load_concordance()
    inventory, inventory_record = _read_inventories(section, root)
    reported = None if inventory is None else inventory.reported
    recomputed, energy_record = _recompute(section, root, concordance.mining)
    used = {table.system: None for table in tables.values() if isinstance(table, SystemTable)}
    systems = {
        name: build_studied_system(name, section, reported, concordance, root) for name in used
    }
    rows, network_notes = {}, list[str]()
    for name, table in tables.items():
        key = TableKey(study=study, table=name, sample="")
        if isinstance(table, MiningEmissionsTable):
            if inventory is None:
                raise DataError(f"table {name!r} needs inventories; the study names none")
            rows[name] = mining_rows(table, inventory.frame, recomputed, concordance.mining, key)
        elif isinstance(table, SystemTable):
            made = system_rows(table, systems[table.system], section, seed, key)
            rows[name] = made.frame
            network_notes += made.notes
    unused = (*_unused_energy(section), *_unused_prices(section, tuple(used)))
    record = {
        "inventories": inventory_record,
        "energy": energy_record,
        "tables": records_of(systems, section),
        "systems": {name: _describe(system) for name, system in systems.items()},
        "notes": [*unused, *network_notes],
    }
    notes = (*unused, *_notes(systems), *network_notes)
    return EmbodiedRun(rows, systems, record, notes)


def _read_inventories(
    section: EmbodiedSection, root: Path
) -> tuple[ProvinceInventory | None, dict[str, Any]]:
    """Emissions of all years.

    Tables of systems are built of the provinces that reported, the others count as without
    inventory; sums over all provinces are not known where one did not.
    """
    if not section.inventories:
        return None, {}
    files = {year: root / path for year, path in section.inventories.items()}
    found = read_named_years(read_ceads_inventories, files, f"embodied.{INVENTORIES}")
    found.require_sums()
    return found, _with_format(found.described(), INVENTORIES)


def _recompute(
    section: EmbodiedSection,
    root: Path,
    mining: tuple[str, ...],
) -> tuple[pd.DataFrame | None, dict[str, Any]]:
    """Emissions of mining from fuels burned, of the years that have inventories of both."""
    if not section.energy or not section.inventories:
        return None, {}
    files = {year: root / path for year, path in section.energy.items()}
    found = read_named_years(read_ceads_energies, files, f"embodied.{ENERGY}")
    own = found.frame[found.frame["year"].isin(section.inventories)]
    computed = calc_emissions_from_energy(own, load_emission_factors(FACTOR_SET), mining)
    return computed, _with_format(found.described(), ENERGY)


def _unused_energy(section: EmbodiedSection) -> list[str]:
    """Years with fuels burned and no emissions to hold them against."""
    unused = [str(year) for year in sorted(section.energy) if year not in section.inventories]
    if not unused:
        return []
    return [f"energy inventories of {listing(unused)} are not used: no emission inventory"]


def _unused_prices(section: EmbodiedSection, used: Collection[str]) -> list[str]:
    """Files of price indices that no system of a table is deflated by."""
    common = section.deflators
    if any(section.systems[name].deflators is None for name in used):
        common = None
    idle = {
        f"embodied.systems.{name}.deflators": system.deflators
        for name, system in section.systems.items()
        if name not in used
    }
    files = {"embodied.deflators": common, **idle}
    return [
        f"price indices {path} of {key} are not used: no system of a table is deflated by them"
        for key, path in files.items()
        if path is not None
    ]


def _with_format(described: dict[str, Any], key: str) -> dict[str, Any]:
    """The record of workbooks with the format of their files."""
    files = [{**record, "format": INVENTORY_FORMATS[key]} for record in described["files"]]
    return {**described, "files": files}


def _describe(system: StudiedSystem) -> dict[str, Any]:
    """What stands outside the accounts of a system, by year."""
    return {
        str(year): {
            "regions": len(accounts.regions),
            "sectors": len(accounts.sectors),
            "mining": list(system.mining),
            "imports": accounts.import_treatment,
            "emissions_mt": float(accounts.emissions.sum()),
            **{f"{name}_mt": co2 for name, co2 in system.coverage[year].sums().items()},
            "gap_mt": system.coverage[year].gap,
            "without_inventory": list(accounts.imputed),
            "without_output": len(accounts.zero_output),
            "discrepancy_share": float(abs(accounts.discrepancy).sum() / accounts.output.sum()),
        }
        for year, accounts in system.by_year.items()
    }


def _notes(systems: Mapping[str, StudiedSystem]) -> list[str]:
    notes = []
    for name, system in systems.items():
        for year, facts in _describe(system).items():
            notes.append(
                f"{name} {year}: {facts['regions']} regions x {facts['sectors']} sectors, "
                f"{facts['emitted_mt']:.1f} Mt are {facts['placed_mt']:.1f} at accounts, "
                f"{facts['unplaced_mt']:.3g} at accounts without output "
                f"({facts['unplaced_mining_mt']:.3g} of mining) and {facts['households_mt']:.1f} "
                f"of households, gap {facts['gap_mt']:.1e}; without inventory: "
                f"{', '.join(facts['without_inventory']) or 'none'}, taken to emit "
                f"{facts['imputed_mt']:.3g}; rows lack {facts['discrepancy_share']:.2e} of output"
            )
    return notes
