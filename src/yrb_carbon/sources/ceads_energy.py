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

import pandas as pd

from yrb_carbon.sources.ceads_sheets import (
    FUELS,
    KEYS,
    SUM_TOLERANCE,
    Layout,
    ProvinceInventory,
    blank_unreported,
    calc_misfits,
    check_sizes,
    ordered,
    read_province_sheets,
    read_years,
)
from yrb_carbon.study.concordance import Concordance, load_concordance
from yrb_carbon.study.provinces import Provinces, load_provinces

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
"""Keys of the rows of sums: over the sectors, and over the inputs and outputs of transformation."""

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
            "total_consumption": ("Total Consumption",),
            "non_energy_use": ("Non-Energy Use",),
            "refuelling_abroad": ("China Airplanes&ships Refueling in Abroad",),
            "refuelling_of_foreigners": ("Foreign Airplanes&ships Refueling in China",),
        }
    ),
    negative=True,
)

FINAL_BOUNDS = (50.0, 1e5)
"""10^4 t and 10^8 m3 of fuels in the final consumption of a province that reports, summed as they
are: 160 (Hainan 1997) to 22,000 (Shandong 2012)."""


def read_ceads_energy(
    path: str | Path,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
    provinces: Provinces | None = None,
    concordance: Concordance | None = None,
) -> ProvinceInventory:
    """Read the energy inventories of one year.

    Parameters
    ----------
    path : str or Path
        Workbook with one sheet a province, named as Shanxi2012.
    expected : collection of str, optional
        Codes of the provinces that must be there; all but Tibet when left out.
    tolerance : float
        Share of a printed sum by which its parts may miss it.
    provinces, concordance : optional
        Read from the project's data when left out.

    Returns
    -------
    ProvinceInventory
        `frame`: year, province, item (sector of the concordance, or a row of transformation, loss
        or non-energy use), fuel (key of `COLUMNS`), amount (in the unit that `UNITS` has for the
        fuel). `printed`: the items `final_consumption`, `transformation`, `total_consumption`;
        `misfits`: of the first two, whose parts are the sectors and the processes.

    Raises
    ------
    SourceError
        See `read_province_sheets`; also if a province's final consumption is not of the size of
        10^4 t and 10^8 m3.
    """
    places, links = provinces or load_provinces(), concordance or load_concordance()
    values = read_province_sheets(path, LAYOUT, places, links, expected)
    notes: list[str] = []
    values, absent = blank_unreported(values, list(COLUMNS), notes)
    totals = values.part([FINAL], FUELS).sum(axis=(1, 2))
    what = "the final consumption of all fuels"
    check_sizes(values, totals, what, FINAL_BOUNDS, f"{SOLID} and {GAS}")
    sectors = ordered(values.rows, links.inventory.index)
    sums = [FINAL, TRANSFORMATION, "total_consumption"]
    printed = values.tidy(sums, list(COLUMNS), "item", "amount")
    misfits = pd.concat(
        [
            calc_misfits(
                values.tidy([item], list(COLUMNS), "item", "amount"),
                pd.Series(values.part(parts, COLUMNS).sum(axis=1).ravel()),
                "amount",
                tolerance,
            )
            for item, parts in ((FINAL, sectors), (TRANSFORMATION, list(PROCESSES)))
        ],
        ignore_index=True,
    )
    if len(misfits):
        notes.append(f"{len(misfits)} printed sums are not the sums of their parts")
    items = [row for row in values.rows if row not in sums]
    return ProvinceInventory(
        frame=values.tidy(items, list(COLUMNS), "item", "amount"),
        printed=printed,
        misfits=misfits,
        unreported=tuple((values.year, province) for province in absent),
        records=(values.noted(notes).record,),
    )


def read_ceads_energies(
    paths: Iterable[str | Path],
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the energy inventories of several years and hold each against its neighbours.

    Parameters
    ----------
    paths : iterable of str or Path
        Workbooks in any order, each of another year.
    expected, tolerance
        As `read_ceads_energy`.

    Returns
    -------
    ProvinceInventory
        As `read_ceads_energy` returns it, of all years.

    Raises
    ------
    SourceError
        As `read_ceads_energy` and `read_years`.
    """

    def read(path: str | Path, places: Provinces, links: Concordance) -> ProvinceInventory:
        return read_ceads_energy(
            path, expected=expected, tolerance=tolerance, provinces=places, concordance=links
        )

    return read_years(paths, read, _totals, "final consumption of all fuels")


def _totals(inventory: ProvinceInventory) -> pd.Series:
    printed = inventory.printed
    own = printed[printed["item"].eq(FINAL) & printed["fuel"].isin(list(FUELS))]
    return own.groupby(KEYS)["amount"].sum()
