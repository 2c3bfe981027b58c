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

from yrb_carbon.sources.ceads_sheets import (
    FUELS,
    SUM_TOLERANCE,
    InventoryForm,
    Layout,
    ProvinceInventory,
    read_inventories,
    read_inventory,
)
from yrb_carbon.sources.columns import MT_CO2

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

TERRITORIAL = (*FUELS, PROCESS)
"""Columns of the emissions within the borders: what `Scope 1 Total` sums."""

COLUMNS: Mapping[str, str] = MappingProxyType({**FUELS, **BOUGHT, PROCESS: "Process"})
"""The 21 columns that are no sums: key and published name."""

LAYOUT = Layout(
    columns=MappingProxyType({**COLUMNS, TOTAL: "Scope 1 Total"}),
    units=MappingProxyType(dict.fromkeys((*COLUMNS, TOTAL), MT_CO2)),
    unit_forms=MappingProxyType({MT_CO2: ("Mt CO2", "Mt", "百万吨")}),
    rows=MappingProxyType({TOTAL: ("Total Consumption", "Total Emissions")}),
    negative=False,
)

FORM = InventoryForm(
    layout=LAYOUT,
    row="sector",
    value="co2",
    reported=tuple(FUELS),
    row_sums=MappingProxyType({TOTAL: None}),
    column_sums=MappingProxyType({TOTAL: TERRITORIAL}),
    other_sums=(),
    size_row=TOTAL,
    size_name="sum of all fuels",
    # 6 (Hainan 1997) to 900 (Shandong 2019)
    bounds=(1.0, 3000.0),
    unit=MT_CO2,
)


def read_ceads_inventory(
    path: str | Path,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the emission inventories of one year; parameters and errors as `read_inventory`.

    Returns
    -------
    ProvinceInventory
        `frame`: year, province, sector (key of the concordance, households among them), fuel (key
        of `COLUMNS`), co2 (Mt): 30 provinces x 47 sectors x 21 columns. The fuels of a province
        that did not report are missing, its process is not. `printed` and `misfits`: the sums over
        sectors (sector `total`) and those over fuels and process (fuel `total`).
    """
    return read_inventory(path, FORM, expected=expected, tolerance=tolerance)


def read_ceads_inventories(
    paths: Iterable[str | Path],
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read the emission inventories of several years, as `read_inventories`."""
    return read_inventories(paths, FORM, expected=expected, tolerance=tolerance)
