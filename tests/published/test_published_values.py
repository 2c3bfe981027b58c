"""The published values that ship: they add up, and the cells of the software check are met."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.comparison.numbers import read_numbers
from yrb_carbon.comparison.published import (
    CellVerdict,
    PrintedCell,
    judge_cell,
    read_published,
)
from yrb_carbon.estimates import estimates_frame, write_estimates

REGIONS = ("东部", "中部", "西部")
TOTAL = "总计"
HALF = 0.5
"""Of the last printed digit: what rounding may do to one value."""


@pytest.fixture(scope="module")
def cells(repository: Path) -> list[PrintedCell]:
    return read_published(repository / "data" / "published")


def table_of(cells: list[PrintedCell], table: str) -> pd.DataFrame:
    """Values by row and column of one table of the regional document."""
    rows = [
        (*cell.row.split(), cell.column, cell.value)
        for cell in cells
        if (cell.document, cell.table) == ("bai2022", table)
    ]
    frame = pd.DataFrame(rows, columns=["region", "place", "column", "value"])
    return frame.pivot(index=["region", "place"], columns="column", values="value")


def assert_rounded(found: pd.Series, printed: pd.Series, decimals: int, terms: int = 1) -> None:
    """Equal to the printed rounding; a sum of rounded terms may be off by half a digit each."""
    margin = HALF * 10.0**-decimals * terms + 1e-9
    np.testing.assert_allclose(found.reindex(printed.index), printed, rtol=0.0, atol=margin)


@pytest.mark.parametrize("table", ["table 1", "table 2"])
def test_all_provinces_are_there_once(cells, table: str):
    places = table_of(cells, table).drop(index=TOTAL, level="place")
    assert places.groupby(level="region").size().to_dict() == {"东部": 11, "中部": 8, "西部": 12}
    assert not places.index.get_level_values("place").has_duplicates
    assert not places.isna().any(axis=None)


@pytest.mark.parametrize(
    ("table", "columns", "decimals"),
    [
        ("table 1", ["forest stock 2018"], 2),
        ("table 2", ["agricultural land 2019", "construction land 2019"], 1),
    ],
)
def test_totals_are_the_sums_of_their_rows(cells, table: str, columns: list[str], decimals: int):
    frame = table_of(cells, table)
    totals = frame.xs(TOTAL, level="place")
    sums = frame.drop(index=TOTAL, level="place").groupby(level="region").sum()
    for column in columns:
        assert_rounded(sums[column], totals[column], decimals)


def test_shares_of_forest_stock(cells):
    frame = table_of(cells, "table 1")
    stock = frame["forest stock 2018"]
    national = stock.xs(TOTAL, level="place").sum()
    assert national == pytest.approx(1705819.59, abs=0.006)
    assert_rounded(100.0 * stock / national, frame["share"], 2)
    assert frame["share"].xs(TOTAL, level="place").sum() == pytest.approx(100.0, abs=1e-9)


def test_shares_of_land(cells):
    frame = table_of(cells, "table 2")
    farm, built = frame["agricultural land 2019"], frame["construction land 2019"]
    assert_rounded(100.0 * farm / (farm + built), frame["share of agricultural land"], 2)
    assert_rounded(100.0 * built / (farm + built), frame["share of construction land"], 2)


def facts(cells: list[PrintedCell], column: str) -> dict[str, float]:
    return {
        cell.row: cell.value
        for cell in cells
        if cell.document == "bai2022" and cell.table == "text" and cell.column == column
    }


def test_the_text_repeats_the_table(cells):
    totals = table_of(cells, "table 2").xs(TOTAL, level="place")["share of construction land"]
    assert facts(cells, "share of construction land 2019") == totals.to_dict()


@pytest.mark.parametrize(
    "column", ["share of GDP 2020", "share of technology market turnover 2020"]
)
def test_shares_of_the_text_add_up(cells, column: str):
    shares = facts(cells, column)
    assert set(shares) == set(REGIONS)
    assert sum(shares.values()) == pytest.approx(100.0, abs=1e-9)


def test_both_languages_print_the_same_flow(cells):
    flows = {
        cell.unit: cell.value for cell in cells if cell.column == "largest flow of embodied carbon"
    }
    assert flows["10^4 t CO2"] / 100.0 == pytest.approx(flows["10^6 t CO2"], abs=HALF * 1e-4)


def test_every_document_is_referenced(cells, repository: Path):
    readme = (repository / "data" / "published" / "README.md").read_text(encoding="utf-8")
    assert all(f"| `{document}` |" in readme for document in {cell.document for cell in cells})


def test_what_is_not_computed_says_why(cells):
    assert all(cell.selector is not None or cell.reason for cell in cells)


def test_the_flow_is_judged_where_a_run_has_one_and_told_where_it_has_several(cells, tmp_path):
    row = {
        "study": "a", "table": "B4", "model": "system", "quantity": "value", "term": "61-33",
        "year": 2012, "estimate": 3.57061,
    }  # fmt: skip
    path = tmp_path / "estimates.csv"
    flows = [cell for cell in cells if cell.column == "largest flow of embodied carbon"]
    write_estimates(estimates_frame([row]), path)
    found = [judge_cell(cell, read_numbers(path)) for cell in flows]
    assert {one.verdict for one in found} == {CellVerdict.EQUAL}
    write_estimates(estimates_frame([row | {"estimate": 3.5}]), path)
    found = [judge_cell(cell, read_numbers(path)) for cell in flows]
    assert {one.verdict for one in found} == {CellVerdict.DIFFERS}
    write_estimates(estimates_frame([row, row | {"model": "final", "estimate": 1.0}]), path)
    found = [judge_cell(cell, read_numbers(path)) for cell in flows]
    assert {one.verdict for one in found} == {CellVerdict.NOT_COMPUTED}
    assert all("differ in model" in one.reason for one in found)
    write_estimates(estimates_frame([row | {"term": "reg1-reg2"}]), path)
    found = [judge_cell(cell, read_numbers(path)) for cell in flows]
    assert all("needs interprovincial tables" in one.reason for one in found)
