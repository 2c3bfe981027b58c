from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.panel.completeness import completeness_table, draw_completeness

YEARS = range(2003, 2007)
NOTICE = "synthetic demonstration data"


@pytest.fixture
def table() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["140100", "630100"], YEARS], names=["unit", "year"])
    panel = pd.DataFrame({"npp": 300.0, "area": 7000.0, "pop": 300.0}, index=index)
    panel.loc[("630100", [2003, 2004, 2006]), "pop"] = np.nan
    required = {"sink": ("npp", "area"), "density": ("pop", "area")}
    return completeness_table(panel, required, YEARS, ["630100", "140100"])


def test_counts_each_unit_variable_and_column(table: pd.DataFrame):
    assert len(table) == 8
    row = table[(table["unit"] == "630100") & (table["column"] == "pop")].iloc[0]
    assert row["variable"] == "density"
    assert (row["n_years"], row["n_present"], row["share_present"]) == (4, 1, 0.25)
    assert row["missing_years"] == "2003-2004 2006"


def test_a_unit_is_kept_or_excluded_as_a_whole(table: pd.DataFrame):
    assert table.groupby("unit")["kept"].unique().str.len().tolist() == [1, 1]
    assert table.groupby("unit")["kept"].first().to_dict() == {"140100": True, "630100": False}


def test_picture_is_the_same_bytes_each_time(table: pd.DataFrame, tmp_path: Path):
    first = draw_completeness(table, tmp_path / "a" / "map", notice=NOTICE)
    second = draw_completeness(table, tmp_path / "b" / "map", notice=NOTICE)
    assert [path.suffix for path in first] == [".png", ".svg"]
    for one, other in zip(first, second, strict=True):
        assert one.read_bytes() == other.read_bytes()
        assert one.stat().st_size > 1000


def test_picture_carries_the_notice_and_no_date(table: pd.DataFrame, tmp_path: Path):
    """Texts are paths in the SVG, with their words as comments."""
    _, plain = draw_completeness(table, tmp_path / "plain")
    _, marked = draw_completeness(table, tmp_path / "marked", notice=NOTICE)
    assert NOTICE in marked.read_text(encoding="utf-8")
    assert NOTICE not in plain.read_text(encoding="utf-8")
    assert "dc:date" not in marked.read_text(encoding="utf-8")
    assert "1 of 2 units kept" in marked.read_text(encoding="utf-8")
