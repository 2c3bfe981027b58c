"""Small energy inventories and accounts of provinces with known numbers, for tests."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
from ceads_books import N_SECTORS, emission_cells, emission_sheet, energy_sheet

from yrb_carbon.demo.excel import Sheet, write_workbook
from yrb_carbon.footprint.industry import (
    BOUGHT,
    NON_ENERGY,
    PLANTS,
    chemical_sectors,
    industry_sectors,
)
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.footprint import FootprintSection
from yrb_carbon.study.provinces import Provinces, load_provinces

CONCORDANCE = load_concordance()
INDUSTRY = industry_sectors(CONCORDANCE)
CHEMISTRY = chemical_sectors(CONCORDANCE)
OTHERS = ("farming", "construction", "urban")
PROVINCES = ("11", "14", "44")
YEARS = (2003, 2004)


def energy_frame(
    seed: int = 1, provinces: Sequence[str] = PROVINCES, years: Sequence[int] = YEARS
) -> pd.DataFrame:
    """Tidy energy inventory; non-energy use is about a third of what the chemical industry uses."""
    items = [*INDUSTRY, *OTHERS, *PLANTS, NON_ENERGY]
    index = pd.MultiIndex.from_product(
        [years, provinces, items, [*FUELS, *BOUGHT]], names=["year", "province", "item", "fuel"]
    )
    amount = np.random.default_rng(seed).gamma(1.0, 10.0, len(index))
    return pd.DataFrame({"amount": amount}, index=index).reset_index()


def set_amount(frame: pd.DataFrame, amount: float, **cell: object) -> pd.DataFrame:
    """The same inventory with other amounts in some cells."""
    chosen = np.logical_and.reduce([frame[name].eq(value) for name, value in cell.items()])
    assert chosen.any()
    return frame.assign(amount=frame["amount"].mask(chosen, amount))


def cells(provinces: Sequence[str] = PROVINCES, years: Sequence[int] = YEARS) -> pd.MultiIndex:
    """Provinces and years."""
    return pd.MultiIndex.from_product([provinces, years], names=["province", "year"])


ENERGY_YEARS = (2000, 2002, 2003)
"""No energy inventory of 2001; the last is of 2003."""
INVENTORY_YEARS = (2002, 2003)
LAND_YEARS = (2001, 2002, 2003)
ALL = tuple(code for code in load_provinces().codes if code != "54")
SILENT = ("64", 2002)
"""Province and year without a report."""


def write_files(folder: Path) -> None:
    """Files of all provinces in the published layouts: energy, emissions, panels, land cover."""
    provinces = load_provinces()
    for year in ENERGY_YEARS:
        sheets = [_energy_sheet(code, year, provinces.label(code)) for code in ALL]
        write_workbook(folder / f"energy_{year}.xlsx", sheets)
    for year in INVENTORY_YEARS:
        sheets = [Sheet(f"{provinces.label(code)}{year}", _emissions(code, year)) for code in ALL]
        write_workbook(folder / f"emissions_{year}.xlsx", sheets)
    _write_panels(folder, provinces)


def _is_silent(code: str, year: int) -> bool:
    return (code, year) == SILENT


def _energy_sheet(code: str, year: int, label: str) -> Sheet:
    rng = np.random.default_rng([int(code), year])
    size = 0.0 if _is_silent(code, year) else 0.5 + int(code) % 10
    final = rng.gamma(1.0, size, (N_SECTORS, 20)) if size else np.zeros((N_SECTORS, 20))
    processes = {
        name: (rng.gamma(1.0, 20 * size, 20) if size else np.zeros(20)).tolist()
        for name in (*PLANTS, NON_ENERGY)
    }
    return Sheet(f"{label}{year}", energy_sheet(final, processes))


def _emissions(code: str, year: int) -> list[list[object]]:
    cells = emission_cells(int(code) + year)
    return emission_sheet(cells * 0.0 if _is_silent(code, year) else cells)


def _write_panels(folder: Path, provinces: Provinces) -> None:
    years = range(2000, 2006)
    short = provinces.frame["short_zh"]
    industry = [(short[p], 2000 + t, 300.0 + int(p) + 40 * t) for p in ALL for t in range(6)]
    people = [
        (provinces.label(p), year, 1, 2, 1000 + 10 * int(p), 500.0 + int(p))
        for p in provinces.codes
        for year in years
    ]
    classes = [f"igbp{k:02d}_km2" for k in range(1, 18)]
    land = []
    for code in ALL:
        areas = np.random.default_rng(int(code)).gamma(1.0, 1e4, 17)
        for year in LAND_YEARS:
            land.append((short[code], year, *areas, areas.sum(), 300.0 + int(code)))
    tables = {
        "industry.csv": (("地区", "年份", "工业增加值(亿元)"), industry),
        "people.csv": (
            ("province", "year", "green_invention_patents", "green_utility_patents", "population",
             "gdp"),
            people,
        ),
        "land.csv": (("province", "year", *classes, "area_km2", "mean_npp_gC_m2"), land),
    }  # fmt: skip
    for name, (header, rows) in tables.items():
        pd.DataFrame(rows, columns=list(header)).to_csv(folder / name, index=False)


def small_section(**keys: object) -> FootprintSection:
    """The section of a study on these files, 2000 to 2004."""
    return FootprintSection.model_validate(
        {
            "energy": {year: f"energy_{year}.xlsx" for year in ENERGY_YEARS},
            "inventories": {year: f"emissions_{year}.xlsx" for year in INVENTORY_YEARS},
            "economy": {"format": "gtmp", "path": "industry.csv"},
            "people": {"format": "province_panel", "path": "people.csv"},
            "land": {"format": "province_land_cover", "path": "land.csv"},
            "first_year": 2000,
            "last_year": 2004,
            **keys,
        }
    )
