"""National input-output tables as they are: totals, balances, and what imports are."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

from yrb_carbon.sources.china_io import read_china_io

pytestmark = pytest.mark.real

CLOSED = 1e-12
"""The tables balance to rounding of doubles: largest gap 1.5e-14 of output."""
LISTS = {2015: "2012", 2017: "2017", 2018: "2017", 2020: "2017"}
OUTPUT = {2015: 208.145, 2017: 225.773, 2018: 249.550, 2020: 269.903}
IMPORTS = {2015: 10.1544, 2017: 11.3576, 2018: 12.7300, 2020: 12.0098}
"""Trillion yuan, by an independent reading of the columns."""
PRINTED = 5e-4
TRILLION = 1e8


@pytest.fixture
def path_of(data_root: Path):
    return lambda year: data_root / f"ionet_china_io/china_{year}_42.csv"


@pytest.mark.parametrize("year", LISTS)
def test_national_tables_balance(path_of, year):
    table = read_china_io(path_of(year))
    assert (table.year, table.regions, table.classification) == (year, ("00",), LISTS[year])
    assert table.check_balance(tolerance=CLOSED).empty
    assert table.output.sum() / TRILLION == pytest.approx(OUTPUT[year], abs=PRINTED)
    assert table.imports.sum() / TRILLION == pytest.approx(IMPORTS[year], abs=PRINTED)
    assert (table.output > 0).all()
    assert table.value_added.to_numpy().sum() / TRILLION == pytest.approx(
        (table.output - table.imports - table.intermediate.sum(axis=0)).sum() / TRILLION, rel=1e-9
    )


def test_cells_are_those_of_the_file(path_of):
    with open(path_of(2017), encoding="utf-8-sig", newline="") as handle:
        rows = list(csv.DictReader(handle))
    table = read_china_io(path_of(2017))
    for seller, buyer in (("02", "24"), ("11", "02"), ("24", "14")):
        (cell,) = [r[buyer] for r in rows if r["Code"] == seller and r["Origin"] == "Domestic"]
        assert table.intermediate.loc[("00", seller), ("00", buyer)] == float(cell)
    bought = sum(float(r["03"]) for r in rows if r["Origin"] == "Imports")
    assert table.imports["00", "03"] == pytest.approx(bought, rel=CLOSED)


def test_the_split_of_2015_takes_all_imports_out_of_the_uses(path_of):
    split = read_china_io(path_of(2015))
    whole = read_china_io(path_of(2015), import_split="negative_use")
    assert whole.check_balance(tolerance=CLOSED).empty
    imported = -whole.final_demand["00", "imports"].sum()
    taken = whole.intermediate.to_numpy().sum() - split.intermediate.to_numpy().sum()
    final = whole.final_demand.drop(columns=[("00", "imports")]).to_numpy().sum()
    taken += final - split.final_demand.to_numpy().sum()
    assert taken == pytest.approx(imported, rel=1e-10)
    assert (split.exports == whole.exports).all()
    # crude oil: half of what is used comes from abroad
    share = (
        1 - split.intermediate.loc[("00", "03")].sum() / whole.intermediate.loc[("00", "03")].sum()
    )
    assert share == pytest.approx(0.50, abs=0.005)
