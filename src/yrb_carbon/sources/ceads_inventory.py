"""CEADs emission inventories of the provinces: CO2 by sector and fuel, one workbook a year.

A workbook has a sheet a province, fuels across and 47 sectors down, in Mt CO2. Three dialects of
names are in use, two of them in one workbook of 2017; sheets stand in no fixed order; the row of
sums is `Total Consumption` or `Total Emissions`; a sheet NOTE describes the data.

Emissions are territorial: those of burning the 17 fuels, and `Process`, which is that of cement.
The columns for bought heat and electricity and for other energy are zero throughout 1997 to 2019,
since emissions stay with the sector and place that burn the fuel; `Scope 1 Total` is the sum of the
fuels and the process.
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
from yrb_carbon.sources.columns import MT_CO2
from yrb_carbon.study.concordance import Concordance, load_concordance
from yrb_carbon.study.provinces import Provinces, load_provinces

PROCESS = "process"
TOTAL = "total"
"""Key of the row of sums over sectors and of the column of sums over fuels and process."""

BOUGHT: Mapping[str, str] = MappingProxyType(
    {
        "heat_bought": "Scope 2 Heat",
        "electricity_bought": "Scope 2 Electricity",
        "other_energy": "Other Energy",
    }
)
"""Columns that `Scope 1 Total` leaves out."""

COLUMNS: Mapping[str, str] = MappingProxyType({**FUELS, **BOUGHT, PROCESS: "Process"})
"""The 21 columns that are no sums: key and published name."""

LAYOUT = Layout(
    columns=MappingProxyType({**COLUMNS, TOTAL: "Scope 1 Total"}),
    units=MappingProxyType(dict.fromkeys((*COLUMNS, TOTAL), MT_CO2)),
    unit_forms=MappingProxyType({MT_CO2: ("Mt CO2", "Mt", "百万吨")}),
    rows=MappingProxyType({TOTAL: ("Total Consumption", "Total Emissions")}),
    negative=False,
)

TOTAL_BOUNDS = (1.0, 3000.0)
"""Mt CO2 of the fuels of a province that reports: 6 (Hainan 1997) to 900 (Shandong 2019)."""


def read_ceads_inventory(
    path: str | Path,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
    provinces: Provinces | None = None,
    concordance: Concordance | None = None,
) -> ProvinceInventory:
    """Read the inventories of one year.

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
        `frame`: year, province, sector (key of the concordance, households among them), fuel (key
        of `COLUMNS`), co2 (Mt): 30 provinces x 47 sectors x 21 columns. The fuels of a province
        that did not report are missing, its process is not. `printed` and `misfits`: the sums over
        sectors (sector `total`) and those over fuels and process (fuel `total`).

    Raises
    ------
    SourceError
        See `read_province_sheets`; also if a province's total is not of the size of Mt CO2.
    """
    places, links = provinces or load_provinces(), concordance or load_concordance()
    values = read_province_sheets(path, LAYOUT, places, links, expected)
    notes: list[str] = []
    values, absent = blank_unreported(values, list(FUELS), notes)
    totals = values.part([TOTAL], FUELS).sum(axis=(1, 2))
    check_sizes(values, totals, "the sum of all fuels", TOTAL_BOUNDS, MT_CO2)
    sectors = ordered(values.rows, links.inventory.index)
    frame = values.tidy(sectors, list(COLUMNS), "sector", "co2")
    over_sectors = values.tidy([TOTAL], list(LAYOUT.columns), "sector", "co2")
    over_fuels = values.tidy(sectors, [TOTAL], "sector", "co2")
    burned = [*FUELS, PROCESS]
    misfits = [
        calc_misfits(
            over_sectors,
            pd.Series(values.part(sectors, LAYOUT.columns).sum(axis=1).ravel()),
            "co2",
            tolerance,
        ),
        calc_misfits(
            over_fuels,
            pd.Series(values.part(sectors, burned).sum(axis=2).ravel()),
            "co2",
            tolerance,
        ),
    ]
    misfit = pd.concat(misfits, ignore_index=True)
    if len(misfit):
        notes.append(f"{len(misfit)} printed sums are not the sums of their parts")
    return ProvinceInventory(
        frame=frame,
        printed=pd.concat([over_sectors, over_fuels], ignore_index=True),
        misfits=misfit,
        unreported=tuple((values.year, province) for province in absent),
        records=(values.noted(notes).record,),
    )


def read_ceads_inventories(
    paths: Iterable[str | Path],
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the inventories of several years and hold each against its neighbours.

    Parameters
    ----------
    paths : iterable of str or Path
        Workbooks in any order, each of another year.
    expected, tolerance
        As `read_ceads_inventory`.

    Returns
    -------
    ProvinceInventory
        As `read_ceads_inventory` returns it, of all years.

    Raises
    ------
    SourceError
        As `read_ceads_inventory` and `read_years`.
    """

    def read(path: str | Path, places: Provinces, links: Concordance) -> ProvinceInventory:
        return read_ceads_inventory(
            path, expected=expected, tolerance=tolerance, provinces=places, concordance=links
        )

    return read_years(paths, read, _totals, f"total in {MT_CO2}")


def _totals(inventory: ProvinceInventory) -> pd.Series:
    printed = inventory.printed
    own = printed[printed["sector"].eq(TOTAL) & printed["fuel"].eq(TOTAL)]
    return own.set_index(KEYS)["co2"]
