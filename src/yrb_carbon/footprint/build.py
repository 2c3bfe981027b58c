"""From the files that a study names to its footprint accounts of all provinces and years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.footprint.accounts import (
    HA_PER_AMOUNT,
    WHOLE,
    FootprintAccounts,
    calc_accounts,
    calc_capacity,
    calc_emitted,
    calc_footprint,
    calc_per_unit,
)
from yrb_carbon.footprint.gaps import (
    HELD,
    INTERPOLATED,
    MISSING,
    FilledYears,
    GapRules,
    fill_years,
)
from yrb_carbon.footprint.industry import (
    EnergyOptions,
    IndustrialEmissions,
    calc_industrial_emissions,
    calc_inventory_emissions,
    chemical_sectors,
    compare_totals,
    industry_sectors,
    load_complete_factors,
)
from yrb_carbon.footprint.sequestration import (
    AREA_COLUMNS,
    calc_mean_uptake,
    calc_uptake_factors,
    calc_uptake_shares,
    load_land_factors,
    load_sequestration_factors,
    require_land_types,
)
from yrb_carbon.sources.ceads_energy import read_ceads_energies
from yrb_carbon.sources.ceads_inventory import read_ceads_inventories
from yrb_carbon.sources.ceads_sheets import read_named_years
from yrb_carbon.sources.provincial import read_provincial
from yrb_carbon.study.accounts import ProvincialFile
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.footprint import FootprintSection

POPULATION, VALUE_ADDED, NPP = "prov_pop", "prov_industry_va", "prov_npp"
WOODY = "prov_area_woody"
FOREST, GRASSLAND = "forest", "grassland"
OWN, POWER = "industry", "power"
"""Columns of the emissions of the sectors themselves, and of power and heat."""
BEFORE = "prov_"


@dataclass(frozen=True, slots=True, eq=False)
class StudiedFootprint:
    """Footprint of provinces and what it is made from, all of the same provinces and years.

    Attributes
    ----------
    emissions : FilledYears
        Mt CO2 by fuel (with `electricity` and `heat` where power is counted at consumption), and
        the parts `industry` and `power`; with the state of each cell.
    accounts : FootprintAccounts
    measures : DataFrame, index (province, year)
        Measures of the accounts (10^4 ha and ratios), `emissions` (Mt CO2), `per_head` (ha per
        person), `per_value_added` (ha per 10^4 yuan, current prices).
    population, value_added : Series, index (province, year)
        10^4 persons; 10^4 yuan.
    land_state : Series, index (province, year)
        Whether land cover is of the year.
    published : DataFrame or None
        Emissions of industry in the published inventories, index (province, year), columns fuel.
    check : DataFrame or None
        Computed and published totals of the same scope, as `compare_totals`.
    borrowed : tuple of str
        Fuels whose factor is not of the chosen set.
    negative : tuple of (province, year, fuel, amount)
        Inputs of plants, or energy used, below zero, taken as zero.
    record : dict
        Files read, ready for JSON.
    """

    emissions: FilledYears
    accounts: FootprintAccounts
    measures: pd.DataFrame
    population: pd.Series
    value_added: pd.Series
    land_state: pd.Series
    published: pd.DataFrame | None
    check: pd.DataFrame | None
    borrowed: tuple[str, ...]
    negative: tuple[tuple[str, int, str, float], ...]
    record: dict[str, Any]

    @property
    def years(self) -> tuple[int, ...]:
        """Years of the accounts."""
        return self.emissions.years

    @property
    def fuels(self) -> tuple[str, ...]:
        """Columns of `emissions` that add up to the total."""
        return tuple(str(name) for name in self.by_fuel.columns)

    @property
    def by_fuel(self) -> pd.DataFrame:
        """Emissions by fuel, index (province, year), Mt CO2."""
        return self.emissions.values.drop(columns=[OWN, POWER])

    def notes(self) -> tuple[str, ...]:
        """What was filled, left out or taken from elsewhere, as sentences."""
        state = self.emissions.state
        counts = {name: int(state.eq(name).sum()) for name in (INTERPOLATED, HELD, MISSING)}
        told = ", ".join(f"{number} {name}" for name, number in counts.items() if number)
        notes = [f"emissions of {len(state)} provinces and years: {told or 'all reported'}"]
        if self.emissions.dropped:
            gone = _years(self.emissions.dropped)
            notes.append(f"years without energy inventory left out: {gone}")
        held = self.land_state[self.land_state.eq(HELD)].index.unique("year")
        if len(held):
            notes.append(f"land cover of the nearest year stands for {_years(held)}")
        if self.borrowed:
            notes.append(f"factors of Shan et al. (2018) for {listing(self.borrowed, 17)}")
        if self.negative:
            cells = (f"{p} {y} {fuel} {amount:.6g}" for p, y, fuel, amount in self.negative)
            notes.append(f"energy used below zero, taken as zero: {listing(cells, 30)}")
        return tuple(notes)


@dataclass(frozen=True, slots=True, eq=False)
class FootprintInputs:
    """What the files of a study hold.

    Attributes
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount; missing where a province did not report.
    inventory : DataFrame or None
        Columns year, province, sector, fuel, co2 (Mt).
    population, value_added : Series, index (province, year)
        10^4 persons; 10^4 yuan.
    land : DataFrame, index (province, year)
        Areas by land type, km2; and, where a choice needs them, woody savannas, km2, and NPP,
        gC/m2/a.
    record : dict
        Files read, ready for JSON.
    paths : dict
        Key of the section -> path of the file, for messages.
    """

    energy: pd.DataFrame
    inventory: pd.DataFrame | None
    population: pd.Series
    value_added: pd.Series
    land: pd.DataFrame
    record: dict[str, Any]
    paths: dict[str, Path]


def build_footprint(section: FootprintSection, data_root: str | Path) -> StudiedFootprint:
    """Read the files and compute the accounts, as `calc_studied_footprint`.

    Parameters
    ----------
    section : FootprintSection
    data_root : path
        Folder that the paths of the section are relative to.
    """
    return calc_studied_footprint(section, read_footprint_inputs(section, data_root))


def read_footprint_inputs(section: FootprintSection, data_root: str | Path) -> FootprintInputs:
    """Read the files that a study names.

    Parameters
    ----------
    section : FootprintSection
    data_root : path
        Folder that the paths of the section are relative to.

    Returns
    -------
    FootprintInputs

    Raises
    ------
    SourceError, DataError
        For files that cannot be read, or whose sums are not those of their parts.
    """
    root = Path(data_root)
    files = {year: root / path for year, path in section.energy.items()}
    energy = read_named_years(read_ceads_energies, files, "footprint.energy")
    energy.require_sums()
    record: dict[str, Any] = {"energy": energy.described()}
    inventory = None
    if section.inventories:
        books = {year: root / path for year, path in section.inventories.items()}
        found = read_named_years(read_ceads_inventories, books, "footprint.inventories")
        found.require_sums()
        inventory, record["inventories"] = found.frame, found.described()
    named = {f"{BEFORE}{AREA_COLUMNS[kind]}": kind for kind in section.land_types}
    columns = {
        "people": [POPULATION],
        "economy": [VALUE_ADDED],
        "land": [*named, *_further_columns(section)],
    }
    frames, paths = {}, {}
    for key, wanted in columns.items():
        file: ProvincialFile = getattr(section, key)
        paths[key] = root / file.path
        frames[key], told = read_provincial(file.format, paths[key], wanted)
        record[key] = told.as_dict()
    return FootprintInputs(
        energy=energy.frame,
        inventory=inventory,
        population=frames["people"][POPULATION],
        value_added=frames["economy"][VALUE_ADDED],
        land=frames["land"].rename(columns=named),
        record=record,
        paths=paths,
    )


def _further_columns(section: FootprintSection) -> list[str]:
    """Columns of the land cover that some choices need beside the areas."""
    wanted = [(section.sequestration == "province_npp", NPP), (_moves_woods(section), WOODY)]
    return [name for is_needed, name in wanted if is_needed]


def _moves_woods(section: FootprintSection) -> bool:
    """Whether woody savannas change the areas."""
    return section.woody_savanna == "forest" and bool({FOREST, GRASSLAND} & set(section.land_types))


def calc_studied_footprint(section: FootprintSection, inputs: FootprintInputs) -> StudiedFootprint:
    """Emissions, accounts and ratios of all provinces and years of a study.

    Parameters
    ----------
    section : FootprintSection
    inputs : FootprintInputs

    Returns
    -------
    StudiedFootprint

    Raises
    ------
    DataError
        If the files lack provinces or years, or do not go together.
    """
    concordance = load_concordance()
    industry, chemistry = industry_sectors(concordance), chemical_sectors(concordance)
    factors, borrowed = load_complete_factors(section.factors)
    options = EnergyOptions(
        industry="industry" in section.scope,
        power="power" in section.scope,
        allocation=section.power,
        non_energy=section.non_energy,
        other_petroleum=section.other_petroleum,
        grid_factor=section.grid_factor,
        heat_factor=section.heat_factor,
    )
    made = calc_industrial_emissions(inputs.energy, factors, industry, chemistry, options)
    published = check = None
    if inputs.inventory is not None:
        published = calc_inventory_emissions(inputs.inventory, industry)
        # The inventories hold plants where they stand: only that scope can be held against them.
        whole = replace(options, industry=True, power=True, allocation="generation")
        same = calc_industrial_emissions(inputs.energy, factors, industry, chemistry, whole)
        check = compare_totals(same.by_fuel, published)
    filled = _fill(section, made)
    cells = pd.MultiIndex.from_tuples(list(filled.values.index), names=["province", "year"])
    population = _cells_of(inputs.population, cells, inputs.paths["people"])
    value_added = _cells_of(inputs.value_added, cells, inputs.paths["economy"])
    land = _fill_land(section, inputs, filled)
    total = filled.values.drop(columns=[OWN, POWER]).sum(axis=1, skipna=False)
    accounts = _calc_accounts(section, total, land.values)
    footprint = accounts.total["footprint"]
    measures = accounts.total.assign(
        emissions=total,
        per_head=calc_per_unit(footprint, population),
        per_value_added=calc_per_unit(footprint, value_added, HA_PER_AMOUNT),
    )
    return StudiedFootprint(
        emissions=filled,
        accounts=accounts,
        measures=measures,
        population=population,
        value_added=value_added,
        land_state=land.state,
        published=published,
        check=check,
        borrowed=borrowed,
        negative=made.negative,
        record=inputs.record,
    )


def _fill(section: FootprintSection, made: IndustrialEmissions) -> FilledYears:
    """Emissions by fuel and the two parts, in all years of the study."""
    parts = {OWN: made.own.sum(axis=1, skipna=False), POWER: made.power.sum(axis=1, skipna=False)}
    gaps = section.gaps
    rules = GapRules(inside=gaps.inside, outside=gaps.outside, cells=gaps.cells)
    return fill_years(made.by_fuel.assign(**parts), section.years, rules, "energy inventory")


def _cells_of(values: pd.Series, cells: pd.MultiIndex, path: Path) -> pd.Series:
    """Values of some provinces and years, all of which there must be."""
    own = values.reindex(cells)
    lost = [f"{province} {year}" for province, year in own.index[own.isna()]]
    if lost:
        raise DataError(
            f"{path}: no {values.name} of province and year {listing(lost)}. Change "
            "footprint.first_year and last_year, or take another file"
        )
    return own


def _fill_land(
    section: FootprintSection, inputs: FootprintInputs, filled: FilledYears
) -> FilledYears:
    """Land of the provinces in the years of the emissions."""
    provinces = filled.values.index.unique("province")
    lost = [code for code in provinces if code not in inputs.land.index.unique("province")]
    if lost:
        raise DataError(f"{inputs.paths['land']}: no land cover of province {listing(lost)}")
    rules = GapRules(inside="error", outside=section.gaps.land, cells="error")
    own = inputs.land[inputs.land.index.get_level_values("province").isin(provinces)]
    return fill_years(own, filled.years, rules, "land cover")


def _calc_accounts(
    section: FootprintSection, total: pd.Series, land: pd.DataFrame
) -> FootprintAccounts:
    """Accounts by land type, or a single one."""
    kinds = list(section.land_types)
    areas = land[kinds]
    if _moves_woods(section):
        sign = pd.Series({FOREST: 1.0, GRASSLAND: -1.0}).reindex(kinds, fill_value=0.0)
        woods = pd.DataFrame({kind: land[WOODY] * sign[kind] for kind in kinds})
        areas = areas + woods
    cells = pd.MultiIndex.from_tuples(list(areas.index), names=["province", "year"])
    npp = land.get(NPP)
    factors = calc_uptake_factors(cells, kinds, section.sequestration, npp)
    printed = None
    if section.shares == "set":
        printed = load_sequestration_factors(section.sequestration)["share"]
    shares = calc_uptake_shares(areas, factors, section.shares, printed)
    capacity = calc_capacity(areas, section.biodiversity)
    # Of the land there is, in hectares: global hectares and one account change areas alone.
    emitted, uptake = calc_emitted(total, shares), capacity * factors
    if section.accounts == "one":
        mean = calc_mean_uptake(factors, shares, section.shares).to_frame(WHOLE)
        footprint = calc_footprint(total, mean, pd.DataFrame(1.0, mean.index, mean.columns))
    else:
        footprint = calc_footprint(total, factors, shares)
    if section.unit == "gha":
        footprint, capacity = _in_global_hectares(footprint, capacity, shares)
    if section.accounts == "one":
        capacity, emitted, uptake = (
            table.sum(axis=1, skipna=False).to_frame(WHOLE) for table in (capacity, emitted, uptake)
        )
    return calc_accounts(footprint, capacity, emitted, uptake)


def _in_global_hectares(
    footprint: pd.DataFrame, capacity: pd.DataFrame, shares: pd.DataFrame
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Footprint times equivalence factors, capacity times these and yield factors.

    A single account takes the mean of the equivalence factors by shares in the uptake.
    """
    kinds = list(capacity.columns)
    table = load_land_factors()
    require_land_types(list(table.index), kinds, "yield and equivalence factors")
    equivalence, yields = table["equivalence_factor"][kinds], table["yield_factor"][kinds]
    weights = pd.DataFrame({kind: equivalence[kind] for kind in kinds}, index=capacity.index)
    if list(footprint.columns) == [WHOLE]:
        weights = (shares * equivalence).sum(axis=1).to_frame(WHOLE)
    return footprint * weights, capacity * yields * equivalence


def _years(years: Sequence[int] | pd.Index) -> str:
    return listing([str(year) for year in years], 40)
