"""Interregional tables and emission inventories of the demonstration, as CEADs publishes them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

import numpy as np
import pandas as pd

from yrb_carbon.demo.excel import Cell, Sheet, write_workbook
from yrb_carbon.demo.mrio_model import (
    CATEGORIES,
    PROCESS,
    REGIONS,
    DemoTable,
    FloatArray,
    N,
    describe_flows,
    make_emissions,
    make_table,
)
from yrb_carbon.demo.mrio_parameters import EMBODIED_TRUTH, MRIO_YEARS, EmbodiedTruth
from yrb_carbon.demo.vendor import SYNTHETIC
from yrb_carbon.study.concordance import Concordance, load_concordance
from yrb_carbon.study.provinces import Provinces, load_provinces
from yrb_carbon.study.sector_lists import load_sector_list

MRIO_FILES: Mapping[int, str] = MappingProxyType(
    {
        2012: "2012年中国31省区市区域间投入产出表.xlsx",
        2015: "China_MRIO_2015.xlsx",
        2017: "MRIO_2017_31省区市42部门.xlsx",
    }
)
INVENTORY_FILES: Mapping[int, str] = MappingProxyType(
    {year: f"{year}年30个省份排放清单.xlsx" for year in MRIO_YEARS}
)

DECIMALS = 9
"""Of the flows in the truth, Mt: what does not depend on the build of LAPACK."""

FUEL_COLUMNS: Mapping[str, str] = MappingProxyType(
    {
        "raw_coal": "Raw Coal", "cleaned_coal": "Cleaned Coal",
        "other_washed_coal": "Other Washed Coal", "briquettes": "Briquettes", "coke": "Coke",
        "coke_oven_gas": "Coke Oven Gas", "other_gas": "Other Gas",
        "other_coking_products": "Other Coking Products", "crude_oil": "Crude Oil",
        "gasoline": "Gasoline", "kerosene": "Kerosene", "diesel": "Diesel Oil",
        "fuel_oil": "Fuel Oil", "lpg": "LPG", "refinery_gas": "Refinery Gas",
        "other_petroleum": "Other Petroleum Products", "natural_gas": "Natural Gas",
    }
)  # fmt: skip
BOUGHT_COLUMNS = ("Scope 2 Heat", "Scope 2 Electricity", "Other Energy")
UNDERSCORED = {2017: "Hunan"}
"""Sheet of a year whose names have underscores in place of blanks."""
NAME_WIDTH = 58
"""Names of sectors are padded with blanks to this width, as some years have them."""
MT = "Mt CO2"


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one year's workbook is written.

    Attributes
    ----------
    sheet : str
    titles : tuple of str
        Rows above the names of the provinces.
    language : {"zh", "en"}
    in_every_cell : bool
        Names of provinces stand in each cell, not where their block begins.
    totals : bool
        Printed totals of intermediate use, final use, intermediate input and value added.
    numeric_codes : bool
        Codes of sectors are numbers.
    first_note : bool
        A sheet of notes stands before the table.
    """

    sheet: str
    titles: tuple[str, ...]
    language: str
    in_every_cell: bool = False
    totals: bool = False
    numeric_codes: bool = False
    first_note: bool = False


DIALECTS: Mapping[int, Dialect] = MappingProxyType(
    {
        2012: Dialect(
            "2012年",
            (f"2012年中国31省区市区域间投入产出表（单位：万元，当年生产者价格） {SYNTHETIC}",),
            "zh", totals=True, first_note=True,
        ),
        2015: Dialect(
            "Table",
            (f"China MRIO table 2015, 31 provinces, 42 sectors. {SYNTHETIC}",
             "Unit: 10,000 yuan, producers' prices of the year"),
            "en", numeric_codes=True,
        ),
        2017: Dialect(
            "Table_2017", (f"2017年中国31省区市区域间投入产出表（万元） {SYNTHETIC}",), "zh",
            in_every_cell=True,
        ),
    }
)  # fmt: skip
SHORT_NAMES = {"15": "内蒙"}
"""Chinese names that the tables cut shorter than usual."""

USE_NAMES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "rural": ("农村居民消费", "Rural household consumption", "FU101"),
        "urban": ("城镇居民消费", "Urban household consumption", "FU102"),
        "government": ("政府消费", "Government consumption", "FU103"),
        "capital": ("固定资本形成总额", "Gross fixed capital formation", "FU201"),
        "inventory": ("存货增加", "Changes in inventories", "FU202"),
    }
)
OTHER_NAMES: Mapping[str, tuple[str, str, str]] = MappingProxyType(
    {
        "intermediate_use": ("中间使用合计", "Total intermediate use", "TIU"),
        "final_use": ("最终使用合计", "Total final use", "TFU"),
        "exports": ("出口", "Export", "EX"),
        "errors": ("其他", "Others", "ERR"),
        "output": ("总产出", "Total output", "GO"),
        "intermediate_input": ("中间投入合计", "Total intermediate input", "TII"),
        "imports": ("进口", "Import", "IM"),
        "compensation": ("劳动者报酬", "Compensation of employees", "VA001"),
        "taxes": ("生产税净额", "Net taxes on production", "VA002"),
        "depreciation": ("固定资产折旧", "Depreciation of fixed assets", "VA003"),
        "surplus": ("营业盈余", "Operating surplus", "VA004"),
        "value_added": ("增加值合计", "Total value added", "TVA"),
        "input": ("总投入", "Total input", "TI"),
    }
)
"""Chinese name, English name, code."""


def write_embodied(
    folder: Path, seed: int, truth: EmbodiedTruth = EMBODIED_TRUTH
) -> tuple[tuple[Path, ...], dict[int, pd.DataFrame], dict[str, object]]:
    """Write tables and inventories of all years.

    Parameters
    ----------
    folder : Path
    seed : int
    truth : EmbodiedTruth

    Returns
    -------
    files : tuple of Path
    emissions : dict of year to DataFrame
        See `make_emissions`.
    description : dict
        Parameters and, by year, the flows that the written tables hold, see `describe_flows`.
    """
    provinces, concordance = load_provinces(), load_concordance()
    files: list[Path] = []
    flows: dict[str, object] = {}
    by_year: dict[int, pd.DataFrame] = {}
    for year in MRIO_YEARS:
        table = make_table(year, seed, truth)
        emissions = by_year[year] = make_emissions(table, concordance, seed, truth)
        path = folder / MRIO_FILES[year]
        write_table(path, table, DIALECTS[year], provinces)
        inventory = folder / INVENTORY_FILES[year]
        write_inventory(inventory, year, emissions, provinces, concordance)
        files += [path, inventory]
        flows[str(year)] = _rounded(describe_flows(table, emissions, concordance))
    description: dict[str, object] = {
        "what": "carbon embodied in sales of mining products, Mt, list of 26 sectors, energy CO2",
        "largest_path": list(truth.largest_path),
        "upstream_order": list(truth.upstream_order),
        "mining_co2_relative": {str(year): value for year, value in truth.mining_co2.items()},
        "years": flows,
    }
    return tuple(files), by_year, description


def _rounded(values: object) -> object:
    """The same nest of dictionaries and lists with rounded numbers."""
    if isinstance(values, float):
        return round(values, DECIMALS)
    if isinstance(values, dict):
        return {key: _rounded(value) for key, value in values.items()}
    return [_rounded(value) for value in values] if isinstance(values, list) else values


def write_table(path: Path, table: DemoTable, dialect: Dialect, provinces: Provinces) -> None:
    """Write one year's table."""
    sheets = [Sheet(dialect.sheet, list(table_rows(table, dialect, provinces)))]
    if dialect.first_note:
        sheets.insert(0, Sheet("说明", [(SYNTHETIC,), ("进口为单独一行（非竞争型）",)]))
    write_workbook(path, sheets)


def table_rows(table: DemoTable, dialect: Dialect, provinces: Provinces) -> Iterator[list[Cell]]:
    """Rows of cells of a table; what is zero is an empty cell."""
    language = 0 if dialect.language == "zh" else 1
    known = load_sector_list(table.sector_list)
    labels = [str(known.frame.at[code, dialect.language]) for code in known.codes]
    codes: list[Cell] = [int(c) if dialect.numeric_codes else c for c in known.codes]
    regions = _province_names(dialect, provinces)

    def heads(width: int) -> list[Cell]:
        return [
            name if dialect.in_every_cell or not k else None
            for name in regions
            for k in range(width)
        ]

    between = ["intermediate_use"] if dialect.totals else []
    behind = [*(["final_use"] if dialect.totals else []), "exports", "errors", "output"]
    lead: list[Cell] = [None, None, None]
    for title in dialect.titles:
        yield [title]
    yield [*lead, *heads(N), *[None] * len(between), *heads(len(CATEGORIES))]
    for part in (language, 2):
        own: Sequence[Cell] = labels if part < 2 else codes
        yield [
            *lead, *list(own) * len(REGIONS), *(OTHER_NAMES[key][part] for key in between),
            *[USE_NAMES[key][part] for key in CATEGORIES] * len(REGIONS),
            *(OTHER_NAMES[key][part] for key in behind),
        ]  # fmt: skip
    columns = {
        "intermediate_use": table.intermediate.sum(axis=1),
        "final_use": table.final.sum(axis=1),
        "exports": table.exports,
        "errors": table.errors,
        "output": table.output,
    }
    first = heads(N)
    for i in range(len(table.output)):
        yield [
            first[i], labels[i % N], codes[i % N], *_cells(table.intermediate[i]),
            *_cells([columns[key][i] for key in between]), *_cells(table.final[i]),
            *_cells([columns[key][i] for key in behind]),
        ]  # fmt: skip
    for key, values in _footer(table, dialect.totals):
        name, code = OTHER_NAMES[key][language], OTHER_NAMES[key][2]
        yield [None, name, code, *_cells(values)]


def _province_names(dialect: Dialect, provinces: Provinces) -> list[str]:
    if dialect.language == "en":
        return [str(provinces.frame.at[code, "name_en"]) for code in REGIONS]
    return [SHORT_NAMES.get(c, str(provinces.frame.at[c, "short_zh"])) for c in REGIONS]


def _cells(values: FloatArray | Sequence[float]) -> list[Cell]:
    return [value or None for value in np.asarray(values).tolist()]


def _footer(table: DemoTable, totals: bool) -> Iterator[tuple[str, FloatArray]]:
    if totals:
        yield "intermediate_input", table.intermediate.sum(axis=0)
    yield "imports", table.imports
    yield from zip(
        ("compensation", "taxes", "depreciation", "surplus"), table.value_added, strict=True
    )
    if totals:
        yield "value_added", table.value_added.sum(axis=0)
    yield "input", table.output


def write_inventory(
    path: Path, year: int, emissions: pd.DataFrame, provinces: Provinces, concordance: Concordance
) -> None:
    """Write one year's inventories: a note, and a sheet a province in no order of codes.

    Parameters
    ----------
    emissions : DataFrame, index (province, sector), columns fuels and `process`, Mt
    """
    labels = {provinces.label(code): code for code in emissions.index.unique("province")}
    order = sorted(labels, key=lambda label: label[::-1])
    note = Sheet(
        "NOTE",
        [
            ("Introduction/简介", SYNTHETIC),
            ("Type/类型", "CO2"),
            ("Timeseries/时间序列", year),
            ("Unit/单位", "Mt\n百万吨"),
        ],
    )
    sheets = [
        Sheet(
            f"{label}{year}",
            list(
                inventory_rows(
                    emissions[emissions.index.get_level_values(0) == labels[label]].droplevel(0),
                    concordance,
                    UNDERSCORED.get(year) == label,
                )
            ),
        )
        for label in order
    ]
    write_workbook(path, [note, *sheets])


def inventory_rows(
    emissions: pd.DataFrame, concordance: Concordance, underscored: bool
) -> Iterator[list[Cell]]:
    """Rows of cells of a province's inventory: fuels across, sectors down, sums first."""
    header = [*FUEL_COLUMNS.values(), *BOUGHT_COLUMNS, "Process", "Scope 1 Total"]
    if underscored:
        yield ["Emission_Inventory", *(name.replace(" ", "_") for name in header)]
    else:
        yield [None, *header]
    yield ["unit" if underscored else None, *[MT] * len(header)]
    yield [None]
    burned = emissions.reindex(columns=list(FUEL_COLUMNS), fill_value=0.0)
    whole = burned.assign(
        **dict.fromkeys(BOUGHT_COLUMNS, 0.0),
        process=emissions[PROCESS],
        total=burned.sum(axis=1) + emissions[PROCESS],
    )
    yield ["Total Emissions" if underscored else "Total Consumption", *whole.sum().tolist()]
    cells = dict(zip(whole.index, whole.to_numpy().tolist(), strict=True))
    for sector, name in concordance.inventory["en"].items():
        text = str(name) if underscored else str(name).ljust(NAME_WIDTH)
        yield [text, *cells[str(sector)]]
