"""A small study of regional facts and the rows that its tables are printed from."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.regional.facts import DatedTransfer, RegionalFacts
from yrb_carbon.regional.provincial_tables import load_forest_stock, load_land_use
from yrb_carbon.regional.rows import regional_rows
from yrb_carbon.regional.transfer import calc_transfer
from yrb_carbon.study.config import Study
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import RegionalTable

YEARS = (2010, 2012, 2013, 2014, 2015, 2016, 2019)
LABEL = {"en": "Regional facts", "zh": "区域事实"}
TABLES: dict[str, dict[str, Any]] = {
    "D1": {"kind": "forest_stock"},
    "D2": {"kind": "land_use"},
    "D3": {"kind": "regional_emissions"},
    "D4": {"kind": "regional_transfer"},
}
WITHOUT_INVENTORY = "54"
"""Tibet."""
SILENT = ("64", 2010)
"""Province and year without a report."""


def regional_study(**changes: Any) -> Study:
    """A study with one table of every kind; `changes` are other sections, tables by name."""
    tables = {
        name: {"title": LABEL, **values, **changes.pop(name, {})} for name, values in TABLES.items()
    }
    values: dict[str, Any] = {
        "study": {"name": "tiny", "title": LABEL, "synthetic": True},
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}},
        "variables": {},
        "figures": {"units_map": False},
        "embodied": {
            "inventories": {2015: "inventory_2015.xlsx"},
            "systems": {
                "mrio": {
                    "format": "ceads_mrio",
                    "label": {"en": "Interprovincial tables", "zh": "省际投入产出表"},
                    "tables": {2015: {"path": "mrio_2015.xlsx"}},
                }
            },
        },
        "regional": {
            "inventories": {year: f"inventory_{year}.xlsx" for year in YEARS},
            "people": {"format": "province_panel", "path": "people.csv"},
            "transfer": {"system": "mrio", "year": 2015},
        },
        "tables": tables,
    }
    return Study.model_validate(values | changes)


def regional_facts(*, with_growth: bool = False, with_transfer: bool = True) -> RegionalFacts:
    """Facts of all provinces, numbers all different; Ningxia did not report in 2010."""
    provinces = load_provinces()
    codes = list(provinces.codes)
    rng = np.random.default_rng(7)

    def amounts(years: tuple[int, ...], size: float) -> pd.Series:
        keys = pd.MultiIndex.from_product([codes, years], names=["province", "year"])
        return pd.Series(size * rng.lognormal(0, 1, len(keys)), index=keys)

    emissions = amounts(YEARS, 200.0).drop(WITHOUT_INVENTORY, level="province")
    emissions[SILENT] = np.nan
    stock = load_forest_stock()
    if with_growth:
        earlier = (0.9 * stock).rename(index={2018: 2013}, level="year")
        stock = pd.concat([earlier, stock])
    driven = pd.DataFrame(
        rng.lognormal(0, 1, (31, 33)), index=codes, columns=[*codes, "exports", "other"]
    )
    driven.loc[WITHOUT_INVENTORY] = 0.0
    return RegionalFacts(
        regions=provinces.grouped("region"),
        areas=provinces.grouped("area"),
        emissions=emissions,
        gdp=amounts(YEARS, 2e8),
        population=amounts(YEARS, 4e3),
        stock=stock,
        land=load_land_use(),
        sink_factor=1.6,
        transfer=DatedTransfer(2015, calc_transfer(driven)) if with_transfer else None,
    )


def regional_table_rows(facts: RegionalFacts, study: Study | None = None) -> pd.DataFrame:
    """Rows of all tables of regional facts of a study, as estimates.csv has them."""
    tables = (study or regional_study()).tables
    frames = [
        regional_rows(table, facts, TableKey(study="tiny", table=name, sample=""))
        for name, table in tables.items()
        if isinstance(table, RegionalTable)
    ]
    return estimates_frame([row for frame in frames for row in frame.to_dict("records")])
