"""Energy emissions of industry by fuel, from energy inventories and emission factors.

What is burned follows the published emission inventories, which the same rules and their own
factors reproduce to the last digit: final consumption of the industrial sectors, less what the
chemical industry uses as a raw material; and the inputs of power and heat plants.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.constants import T_PER_MT
from yrb_carbon.indices.emissions import calc_emission_factors, load_emission_factors
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.concordance import Concordance

Power = Literal["generation", "consumption"]
NonEnergy = Literal["deduct", "burn"]
OtherPetroleum = Literal["feedstock", "burn"]

CELLS = ["province", "year"]
INDUSTRY = tuple(f"S{code}" for code in range(2, 23))
"""Industry among the 26 sectors: mining to the supply of water. Logging is part of S1, farming."""
CHEMISTRY = "S9"
"""Sector that takes fuels as raw materials: chemicals, medicines, fibres, rubber, plastics."""
PLANTS = ("thermal_power", "heating_supply")
NON_ENERGY = "non_energy_use"
OTHER_PETROLEUM = "other_petroleum"
BOUGHT = ELECTRICITY, HEAT = "electricity", "heat"
COAL = (
    "raw_coal", "cleaned_coal", "other_washed_coal", "briquettes", "coke", "coke_oven_gas",
    "other_gas", "other_coking_products",
)  # fmt: skip
"""Coal and what is made of it."""

MWH_PER_AMOUNT = 1e5
"""MWh in 10^8 kWh, the unit of electricity in the inventories."""
GJ_PER_AMOUNT = 1e4
"""GJ in 10^10 kJ, the unit of heat there."""
COMPLETE_SET = "ceads"
"""The set that has a factor for every fuel."""


@dataclass(frozen=True, slots=True)
class EnergyOptions:
    """What of the energy balance counts as emissions of industry.

    Attributes
    ----------
    industry, power : bool
        Whether the sectors of industry count, and the electricity and heat they rest on.
    allocation : {"generation", "consumption"}
        generation: fuels of power and heat plants, where they are burned; consumption: the
        electricity and heat that industry uses, times `grid_factor` and `heat_factor`.
    non_energy : {"deduct", "burn"}
        Whether fuels that the chemical industry takes as raw materials are left out.
    other_petroleum : {"feedstock", "burn"}
        What other petroleum products (naphtha, bitumen, petroleum coke) in final consumption are.
        In plants they are always burned.
    grid_factor : float
        t CO2 per MWh.
    heat_factor : float
        t CO2 per GJ.
    """

    industry: bool = True
    power: bool = True
    allocation: Power = "generation"
    non_energy: NonEnergy = "deduct"
    other_petroleum: OtherPetroleum = "feedstock"
    grid_factor: float = 0.581
    heat_factor: float = 0.11


@dataclass(frozen=True, slots=True, eq=False)
class IndustrialEmissions:
    """Energy emissions of industry, Mt CO2.

    Attributes
    ----------
    own : DataFrame, index (province, year), columns 17 fuels
        Burned by the sectors of industry; zero throughout where they are not counted.
    power : DataFrame, same index
        Power and heat: 17 fuels of plants, or `electricity` and `heat` used by industry.
    negative : tuple of (province, year, fuel, amount)
        Inputs of plants, or electricity and heat used, below zero, which were taken as zero; in
        units of the inventories.
    """

    own: pd.DataFrame
    power: pd.DataFrame
    negative: tuple[tuple[str, int, str, float], ...]

    @property
    def by_fuel(self) -> pd.DataFrame:
        """Own and power together, a column a fuel; missing where a province did not report."""
        columns = [*FUELS, *(name for name in self.power.columns if name not in FUELS)]
        both = self.own.reindex(columns=columns, fill_value=0.0) + self.power.reindex(
            columns=columns, fill_value=0.0
        )
        return both


def industry_sectors(concordance: Concordance) -> tuple[str, ...]:
    """Sectors of the inventories that are industry, in their order."""
    links = concordance.links["S26"]
    return tuple(sector for sector, codes in links.items() if set(codes) <= set(INDUSTRY))


def chemical_sectors(concordance: Concordance) -> tuple[str, ...]:
    """Sectors of the inventories that take fuels as raw materials."""
    return concordance.sectors_of(CHEMISTRY)


def load_complete_factors(factor_set: str) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Factors for all 17 fuels: those of a set, and of Shan et al. (2018) where it has none.

    Parameters
    ----------
    factor_set : {"ceads", "gbt2589"}

    Returns
    -------
    factors : DataFrame, index fuel
        As `load_emission_factors`, in the order of the inventories.
    borrowed : tuple of str
        Fuels whose factor is not of the set: seven of gbt2589, which has ten.
    """
    own = load_emission_factors(factor_set)
    borrowed = tuple(fuel for fuel in FUELS if fuel not in own.index)
    others = load_emission_factors(COMPLETE_SET).loc[list(borrowed)]
    return pd.concat([own, others]).loc[list(FUELS)], borrowed


def calc_fuel_burned(
    energy: pd.DataFrame,
    industry: Collection[str],
    chemistry: Collection[str],
    *,
    non_energy: NonEnergy = "deduct",
    other_petroleum: OtherPetroleum = "feedstock",
) -> pd.DataFrame:
    """Fuels that the sectors of industry burn.

    AD_ptf = sum_{s not chemistry} F_ptsf + max(sum_{s chemistry} F_ptsf - N_ptf, 0), with F the
    final consumption and N the non-energy use of the balance. That part of N which exceeds the
    consumption of the chemical industry is taken from nobody, as in the published inventories.

    Parameters
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount (10^4 t or 10^8 m3), of `read_ceads_energy`.
    industry, chemistry : collection of str
        Items; the second are among the first.
    non_energy : {"deduct", "burn"}
        burn: N = 0.
    other_petroleum : {"feedstock", "burn"}
        feedstock: none of it is burned.

    Returns
    -------
    DataFrame, index (province, year), columns the 17 fuels
        In the units of the inventories; missing where a province did not report.

    Raises
    ------
    DataError
        If an item is not in the inventories, or an amount is negative; named.
    """
    heavy = set(chemistry)
    light = sum_amounts(energy, [item for item in industry if item not in heavy], FUELS)
    raw = sum_amounts(energy, list(chemistry), FUELS)
    if non_energy == "deduct":
        raw = (raw - sum_amounts(energy, [NON_ENERGY], FUELS)).clip(lower=0.0)
    burned = light + raw
    if other_petroleum == "feedstock":
        burned[OTHER_PETROLEUM] = burned[OTHER_PETROLEUM].where(burned[OTHER_PETROLEUM].isna(), 0.0)
    return burned


def sum_amounts(
    energy: pd.DataFrame, items: Collection[str], fuels: Collection[str], *, signed: bool = False
) -> pd.DataFrame:
    """Amounts of some items together.

    Parameters
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount.
    items, fuels : collection of str
    signed : bool
        Whether amounts may be negative, as inputs and outputs of transformation.

    Returns
    -------
    DataFrame, index (province, year) sorted, columns fuels
        Missing where one of the amounts is.

    Raises
    ------
    DataError
        If an item or fuel is not in the inventories, or an amount is negative.
    """
    own = energy[energy["item"].isin(list(items)) & energy["fuel"].isin(list(fuels))]
    for column, wanted in (("item", items), ("fuel", fuels)):
        found = set(energy[column].unique())
        absent = [name for name in wanted if name not in found]
        if absent:
            raise DataError(f"no {column} {listing(absent)} in the energy inventories")
    below = own[own["amount"] < 0]
    if len(below) and not signed:
        texts = (" ".join(map(str, row)) for row in below.to_numpy())
        raise DataError(f"fuel used is negative: {listing(texts, 6)}")
    cells = own.groupby([*CELLS, "fuel"])["amount"]
    whole = cells.sum().where(cells.count().eq(cells.size()))
    return pd.DataFrame(whole.unstack("fuel")[list(fuels)].sort_index())


def calc_industrial_emissions(
    energy: pd.DataFrame,
    factors: pd.DataFrame,
    industry: Collection[str],
    chemistry: Collection[str],
    options: EnergyOptions | None = None,
) -> IndustrialEmissions:
    """Energy emissions of industry, E_ptf = AD_ptf * NCV_f * CC_f * O_f * 44/12.

    Parameters
    ----------
    energy : DataFrame
        Columns year, province, item, fuel, amount.
    factors : DataFrame, index fuel
        Of all 17 fuels; see `load_complete_factors`.
    industry, chemistry : collection of str
        See `industry_sectors` and `chemical_sectors`.
    options : EnergyOptions, optional

    Returns
    -------
    IndustrialEmissions
        Generation: plants burn max(thermal power + heating supply, 0) of each fuel; industry's
        electricity is not counted, so that nothing is counted twice. Consumption: electricity
        and heat of industry, without the fuels of plants.

    Raises
    ------
    DataError
        See `calc_fuel_burned`; also if a fuel has no factor.
    """
    chosen = options or EnergyOptions()
    absent = [fuel for fuel in FUELS if fuel not in factors.index]
    if absent:
        raise DataError(f"no emission factor for the fuels {listing(absent)}")
    per_unit = calc_emission_factors(factors.loc[list(FUELS)])
    burned = calc_fuel_burned(
        energy,
        industry,
        chemistry,
        non_energy=chosen.non_energy,
        other_petroleum=chosen.other_petroleum,
    )
    own = burned * per_unit * float(chosen.industry)
    if chosen.allocation == "generation":
        amounts = sum_amounts(energy, PLANTS, FUELS, signed=True)
        negative = _negative_cells(pd.Series(amounts.stack()))
        power = amounts.clip(lower=0.0) * per_unit
    else:
        used = energy[energy["item"].isin(list(industry)) & energy["fuel"].isin(BOUGHT)]
        negative = _negative_cells(used.set_index([*CELLS, "fuel"])["amount"])
        bought = sum_amounts(used.assign(amount=used["amount"].clip(lower=0.0)), industry, BOUGHT)
        power = bought * pd.Series(
            {
                ELECTRICITY: MWH_PER_AMOUNT * chosen.grid_factor / T_PER_MT,
                HEAT: GJ_PER_AMOUNT * chosen.heat_factor / T_PER_MT,
            }
        )
    if not chosen.power:
        negative = ()
    return IndustrialEmissions(own, power * float(chosen.power), negative)


def calc_inventory_emissions(inventory: pd.DataFrame, industry: Collection[str]) -> pd.DataFrame:
    """Emissions of industry as the published inventories have them.

    They hold those of power and heat plants, in the sector that runs them.

    Parameters
    ----------
    inventory : DataFrame
        Columns year, province, sector, fuel, co2 (Mt), of `read_ceads_inventory`.
    industry : collection of str
        Sectors.

    Returns
    -------
    DataFrame, index (province, year), columns the 17 fuels, Mt CO2
        Without the process of cement; missing where a province did not report.
    """
    renamed = inventory.rename(columns={"sector": "item", "co2": "amount"})
    return sum_amounts(renamed, industry, FUELS)


def compare_totals(computed: pd.DataFrame, published: pd.DataFrame) -> pd.DataFrame:
    """Emissions by province and year beside the published ones.

    Parameters
    ----------
    computed, published : DataFrame, index (province, year), columns fuel, Mt CO2

    Returns
    -------
    DataFrame, index (province, year) of both
        `computed`, `published`, `difference` = computed - published (Mt), `ratio` = computed /
        published; missing where one of them is.
    """
    cells = computed.index.intersection(published.index)
    table = pd.DataFrame(
        {
            "computed": computed.loc[cells].sum(axis=1, skipna=False),
            "published": published.loc[cells].sum(axis=1, skipna=False),
        }
    )
    return with_difference(table)


def with_difference(table: pd.DataFrame) -> pd.DataFrame:
    """Add `difference` and `ratio` to the columns `computed` and `published`."""
    return table.assign(
        difference=table["computed"] - table["published"],
        ratio=table["computed"] / table["published"].where(table["published"] > 0),
    )


def calc_coal_share(by_fuel: pd.DataFrame) -> pd.Series:
    """Share of coal and its products in emissions.

    Parameters
    ----------
    by_fuel : DataFrame, columns fuel, Mt CO2

    Returns
    -------
    Series, index of `by_fuel`; missing where nothing is emitted.
    """
    total = by_fuel.sum(axis=1, skipna=False)
    return by_fuel[list(COAL)].sum(axis=1, skipna=False) / total.where(total > 0)


def _negative_cells(amounts: pd.Series) -> tuple[tuple[str, int, str, float], ...]:
    """Cells below zero of amounts with index (province, year, fuel), in that order."""
    below = amounts[amounts < 0].sort_index().rename("amount").reset_index()
    return tuple(
        (str(province), int(year), str(fuel), float(amount))
        for province, year, fuel, amount in below.itertuples(index=False, name=None)
    )
