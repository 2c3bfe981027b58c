"""Shipped provincial tables: totals and shares to the printed digit, and each damage told apart."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from yrb_carbon.claims import rounds_to
from yrb_carbon.comparison.published import read_published
from yrb_carbon.errors import SourceError
from yrb_carbon.regional.provincial_tables import (
    AGRICULTURAL,
    CONSTRUCTION,
    FOREST_STOCK,
    LAND_USE,
    load_forest_stock,
    load_land_use,
)
from yrb_carbon.regional.totals import TOTAL, calc_group_totals, calc_shares
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.provinces import load_provinces

SUM_OF_DECIMALS = 1e-6
"""31 numbers of two decimals below 10^6 add up to 1e-9 of the printed sum."""

STOCK_SUMS = {"east": 226187.89, "central": 469718.37, "west": 1009913.33, TOTAL: 1705819.59}
STOCK_PERCENT = {"east": 13.26, "central": 27.54, "west": 59.20}
LAND_SUMS = {
    "east": (83347.00, 23806.50),
    "central": (143433.70, 23762.50),
    "west": (493377.70, 33578.00),
}
BUILT_PERCENT = {"east": 22.22, "central": 14.21, "west": 6.37}
"""Sums and shares as the source prints them."""


@pytest.fixture(scope="module")
def regions():
    return load_provinces().grouped("region")


def one_year(table):
    (year,) = table.index.get_level_values("year").unique()
    return table.xs(year, level="year")


def test_forest_stock_adds_up_to_the_printed_sums_and_shares(regions):
    totals = calc_group_totals(one_year(load_forest_stock()), regions)
    for name, printed in STOCK_SUMS.items():
        assert totals[name] == pytest.approx(printed, abs=SUM_OF_DECIMALS)
    percent = 100 * calc_shares(totals)
    for name, printed in STOCK_PERCENT.items():
        assert rounds_to(percent[name], printed, 2)


def test_land_adds_up_to_the_printed_sums_and_shares(regions):
    land = one_year(load_land_use())
    farmed, built = (calc_group_totals(land[name], regions) for name in land)
    for name, printed in LAND_SUMS.items():
        assert (farmed[name], built[name]) == pytest.approx(printed, abs=SUM_OF_DECIMALS)
        share = 100 * built[name] / (built[name] + farmed[name])
        assert rounds_to(share, BUILT_PERCENT[name], 2)


def test_every_printed_cell_of_a_province_follows(regions):
    """Cells typed in a second time for the comparison with what documents print."""
    codes = load_provinces()
    stock = calc_group_totals(one_year(load_forest_stock()), regions)
    land = one_year(load_land_use())
    numbers = {
        ("table 1", "forest stock 2018"): stock,
        ("table 1", "share"): 100 * calc_shares(stock),
    }
    for kind, name in ((AGRICULTURAL, "agricultural"), (CONSTRUCTION, "construction")):
        numbers["table 2", f"{name} land 2019"] = land[kind]
        numbers["table 2", f"share of {name} land"] = 100 * land[kind] / land.sum(axis=1)
    cells = [
        cell
        for cell in read_published(data_folder() / "published" / "bai2022.csv")
        if cell.table != "text" and "总计" not in cell.row
    ]
    assert len(cells) == 31 * 6
    for cell in cells:
        value = numbers[cell.table, cell.column][codes.code(cell.row.split()[1])]
        assert rounds_to(value, cell.value, cell.decimals), (cell.name, value)


def test_tables_are_of_the_31_provinces():
    codes = list(load_provinces().codes)
    assert list(one_year(load_forest_stock()).index) == codes
    assert list(one_year(load_land_use()).index) == codes
    assert load_forest_stock().index.unique("year").tolist() == [2018]
    assert load_land_use().index.unique("year").tolist() == [2019]


def damaged(folder: Path, name: str, old: str, new: str) -> Path:
    text = (data_folder() / name).read_text(encoding="utf-8")
    assert old in text
    path = folder / name
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("11,Beijing,2018,2437.36", "99,Beijing,2018,2437.36", "'province'.*a code of provinces"),
        ("11,Beijing", "11,Tianjin", "row 2, column 'label'"),
        ("2018,2437.36", "18,2437.36", "row 2, column 'year'.*a year"),
        ("2018,460.27", "2018,460;27", "row 3, column 'stock'.*a number"),
        ("2018,460.27,10^4 m3", "2018,460.27,m3", r"row 3, column 'unit'.*10\^4 m3"),
        ("12,Tianjin", "11,Beijing", "row 3, column 'province'.*each once in a year"),
        ("stock,unit", "volume,unit", "columns are missing: stock"),
    ],
)
def test_each_damage_is_told(tmp_path, old, new, told):
    with pytest.raises(SourceError, match=f"{FOREST_STOCK}.*{told}"):
        load_forest_stock(damaged(tmp_path, FOREST_STOCK, old, new))


def test_a_missing_province_is_named(tmp_path):
    path = tmp_path / LAND_USE
    lines = (data_folder() / LAND_USE).read_text(encoding="utf-8").splitlines()
    path.write_text("\n".join(line for line in lines if not line.startswith("54,")) + "\n")
    with pytest.raises(SourceError, match="no row of 2019 for 54 Tibet"):
        load_land_use(path)
    path.write_text(lines[0] + "\n")
    with pytest.raises(SourceError, match="no row"):
        load_land_use(path)
    with pytest.raises(SourceError, match="missing"):
        load_land_use(tmp_path / "none.csv")


def test_several_inventories_stand_in_one_file(tmp_path):
    lines = (data_folder() / FOREST_STOCK).read_text(encoding="utf-8").splitlines()
    later = [line.replace(",2018,", ",2023,") for line in lines[1:]]
    path = tmp_path / "stocks.csv"
    path.write_text("\n".join([*lines, *later]) + "\n", encoding="utf-8")
    stock = load_forest_stock(path)
    assert stock.index.unique("year").tolist() == [2018, 2023]
    pd.testing.assert_series_equal(stock.xs(2018, level="year"), stock.xs(2023, level="year"))
