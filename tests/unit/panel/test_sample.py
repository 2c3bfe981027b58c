from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.panel.sample import fix_sample
from yrb_carbon.panel.winsorise import calc_winsorised

YEARS = range(2003, 2006)
UNITS = ("140100", "140200", "140300", "140400")


@pytest.fixture
def panel() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([UNITS[:3], range(2002, 2006)], names=["unit", "year"])
    frame = pd.DataFrame({"npp": 300.0, "area": 7000.0, "loans": 1e6, "pop": 300.0}, index=index)
    frame.loc[("140200", 2004), "npp"] = np.nan
    frame.loc[("140300", 2002), "loans"] = np.nan
    frame["deposits"] = np.nan
    return frame


REQUIRED = {"sink": ("npp", "area"), "loans": ("loans",)}


def test_keeps_units_with_every_required_cell(panel: pd.DataFrame):
    sample = fix_sample(panel, REQUIRED, YEARS, UNITS)
    assert sample.units == ("140100", "140300")
    assert sample.years == (2003, 2004, 2005)
    assert sample.excluded_units == ("140200", "140400")


def test_excluded_names_variable_column_years_and_reason(panel: pd.DataFrame):
    excluded = fix_sample(panel, REQUIRED, YEARS, UNITS).excluded
    assert list(excluded.columns) == ["unit", "variable", "column", "missing_years", "reason"]
    own = excluded[excluded["unit"] == "140200"]
    assert own.values.tolist() == [["140200", "sink", "npp", "2004", "1 of 3 years have no value"]]
    absent = excluded[excluded["unit"] == "140400"]
    assert absent["column"].tolist() == ["npp", "area", "loans"]
    assert set(absent["reason"]) == {"the unit has no row in the panel"}


def test_column_that_no_variable_needs_excludes_nobody(panel: pd.DataFrame):
    """Deposits are empty throughout; only `required` decides."""
    assert fix_sample(panel, REQUIRED, YEARS, UNITS).units


def test_years_of_a_column_may_reach_beyond_the_sample(panel: pd.DataFrame):
    """A lag or a base year asks for 2002, which one unit lacks."""
    sample = fix_sample(panel, {"loans": {"loans": (2002, 2003, 2004)}}, YEARS, UNITS[:3])
    assert sample.units == ("140100", "140200")
    assert sample.excluded["missing_years"].tolist() == ["2002"]


def test_rows_of_the_sample_keep_all_years(panel: pd.DataFrame):
    rows = fix_sample(panel, REQUIRED, YEARS, UNITS).of(panel)
    assert list(rows.index.unique("unit")) == ["140100", "140300"]
    assert list(rows.index.unique("year")) == [2002, 2003, 2004, 2005]


def test_order_of_candidates_and_years_changes_nothing(panel: pd.DataFrame):
    one = fix_sample(panel, REQUIRED, YEARS, UNITS)
    other = fix_sample(panel, REQUIRED, reversed(YEARS), UNITS[::-1])
    assert one.units == other.units
    pd.testing.assert_frame_equal(one.excluded, other.excluded)
    pd.testing.assert_frame_equal(one.completeness, other.completeness)


def test_winsorising_pulls_in_one_percent_at_each_end():
    values = pd.Series(np.arange(101, dtype=float))
    pulled = calc_winsorised(values)
    assert pulled.min() == 1.0
    assert pulled.max() == 99.0
    assert (pulled[1:100] == values[1:100]).all()
