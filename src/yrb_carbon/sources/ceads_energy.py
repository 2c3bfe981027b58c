"""CEADs energy inventories of the provinces: fuels used by sector, in physical units.

A workbook a year, a sheet a province: 20 fuels across, each in its own unit; down the final
consumption of 47 sectors with its sum, then the block of transformation, in which inputs are
positive and outputs negative. Rows between the blocks are labelled 0 or not at all. The file of
2014 was never published and that of 2018 is not in this set. A province that did not report has
zeros throughout: they are taken as missing.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from yrb_carbon.sources.ceads_sheets import (
    FUELS,
    SUM_TOLERANCE,
    InventoryForm,
    Layout,
    ProvinceInventory,
    read_inventories,
    read_inventory,
)

SOLID, GAS = "10^4 t", "10^8 m3"
GASES = ("coke_oven_gas", "other_gas", "natural_gas")
CARRIERS: Mapping[str, str] = MappingProxyType(
    {"heat": "Heat", "electricity": "Electricity", "other_energy": "Other Energy"}
)
CARRIER_UNITS = {"heat": "10^10 kJ", "electricity": "10^8 kWh", "other_energy": "10^4 tce"}
COLUMNS: Mapping[str, str] = MappingProxyType({**FUELS, **CARRIERS})
"""The 20 fuels and carriers: key and published name."""

UNITS: Mapping[str, str] = MappingProxyType(
    {**{fuel: GAS if fuel in GASES else SOLID for fuel in FUELS}, **CARRIER_UNITS}
)
"""Key of a fuel -> unit of its amounts."""

FINAL = "final_consumption"
TRANSFORMATION = "transformation"
TOTAL_CONSUMPTION = "total_consumption"
"""Keys of the rows of sums: over the sectors, over the inputs and outputs of transformation, over
both with losses."""

PROCESSES: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "thermal_power": ("Thermal Power",),
        "heating_supply": ("Heating Supply",),
        "coal_washing": ("Coal Washing",),
        "coking": ("Coking",),
        "refineries": ("Petroleum Refineries",),
        "gas_works": ("Gas Works",),
        "briquette_making": ("Briquettes",),
    }
)
"""Inputs (positive) and outputs (negative) of transformation; the row on coke put into gas works is
a part of theirs, not one more."""

LAYOUT = Layout(
    columns=COLUMNS,
    units=UNITS,
    unit_forms=MappingProxyType(
        {
            SOLID: ("104 tn", "10^4 tn", "10^4 ton", "10^4 t"),
            GAS: ("108 cu.m", "10^8 cu.m", "10^8 m3"),
            "10^10 kJ": ("1010 kj", "10^10 kj"),
            "10^8 kWh": ("108 kwh", "10^8 kwh"),
            "10^4 tce": ("104 tce", "10^4 tce"),
        }
    ),
    rows=MappingProxyType(
        {
            FINAL: ("Total Final Consumption",),
            TRANSFORMATION: ("Inputs(+) outputs(-)",),
            **PROCESSES,
            "coke_input": ("Coke Input (-)",),
            "loss": ("Loss",),
            "loss_share": ("% Loss",),
            TOTAL_CONSUMPTION: ("Total Consumption",),
            "non_energy_use": ("Non-Energy Use",),
            "refuelling_abroad": ("China Airplanes&ships Refueling in Abroad",),
            "refuelling_of_foreigners": ("Foreign Airplanes&ships Refueling in China",),
        }
    ),
    negative=True,
)

FORM = InventoryForm(
    layout=LAYOUT,
    row="item",
    value="amount",
    reported=tuple(COLUMNS),
    row_sums=MappingProxyType({FINAL: None, TRANSFORMATION: tuple(PROCESSES)}),
    column_sums=MappingProxyType({}),
    other_sums=(TOTAL_CONSUMPTION,),
    size_row=FINAL,
    size_name="final consumption of all fuels",
    # summed as they are, 160 (Hainan 1997) to 22,000 (Shandong)
    bounds=(50.0, 1e5),
    unit=f"{SOLID} and {GAS}",
)


def read_ceads_energy(
    path: str | Path,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the energy inventories of one year; parameters and errors as `read_inventory`.

    Returns
    -------
    ProvinceInventory
        `frame`: year, province, item (sector of the concordance, or a row of transformation, loss
        or non-energy use), fuel (key of `COLUMNS`), amount (in the unit that `UNITS` has for the
        fuel). `printed`: the items `final_consumption`, `transformation`, `total_consumption`;
        `misfits`: of the first two, whose parts are the sectors and the processes.
    """
    return read_inventory(path, FORM, expected=expected, tolerance=tolerance)


def read_ceads_energies(
    paths: Iterable[str | Path],
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the energy inventories of several years, as `read_inventories`."""
    return read_inventories(paths, FORM, expected=expected, tolerance=tolerance)
