"""Years without a file, provinces without a report: interpolated, held, dropped or refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.footprint.gaps import HELD, INTERPOLATED, MISSING, REPORTED, GapRules, fill_years

FILES = (1999, 2000, 2001, 2003, 2004)
"""No file of 2002; the last is 2004."""
WANTED = range(2000, 2007)
CLOSE = 1e-12


def reports() -> pd.DataFrame:
    """Two provinces on straight lines; the second did not report in 2000 and 2001."""
    index = pd.MultiIndex.from_product([["11", "64"], FILES], names=["province", "year"])
    years = index.get_level_values("year").to_numpy(dtype=float)
    slope = np.where(index.get_level_values("province") == "11", 1.0, 3.0)
    frame = pd.DataFrame({"coal": slope * (years - 1990), "oil": 100 - slope * years / 100}, index)
    frame.loc[[("64", 2000), ("64", 2001)]] = np.nan
    return frame


def test_lines_between_reports_and_the_nearest_outside():
    filled = fill_years(reports(), WANTED, GapRules(), "energy")
    assert filled.years == tuple(WANTED)
    assert filled.dropped == ()
    own = filled.values.loc["11", "coal"]
    assert own.tolist() == pytest.approx([10, 11, 12, 13, 14, 14, 14], rel=CLOSE)
    assert filled.state.loc["11"].tolist() == [
        REPORTED, REPORTED, INTERPOLATED, REPORTED, REPORTED, HELD, HELD,
    ]  # fmt: skip
    poor = filled.values.loc["64", "coal"]
    assert poor.tolist() == pytest.approx([30, 33, 36, 39, 42, 42, 42], rel=CLOSE)
    assert filled.state.loc["64"].tolist() == [*[INTERPOLATED] * 3, REPORTED, REPORTED, HELD, HELD]


def test_without_an_earlier_file_the_first_report_is_held_and_told_so():
    later = reports().drop(index=1999, level="year")
    filled = fill_years(later, WANTED, GapRules(), "energy")
    assert filled.values.loc["64", "coal"].iloc[:3].tolist() == [39.0, 39.0, 39.0]
    assert filled.state.loc["64"].iloc[:3].tolist() == [HELD] * 3


def test_counts_by_year_add_up_to_the_provinces():
    counts = fill_years(reports(), WANTED, GapRules(), "energy").counts()
    assert (counts.sum(axis=1) == 2).all()
    assert counts.loc[2000].to_dict() == {REPORTED: 1, INTERPOLATED: 1, HELD: 0, MISSING: 0}
    assert counts.loc[2006, HELD] == 2


def test_years_are_dropped_and_named():
    rules = GapRules(inside="drop", outside="drop")
    filled = fill_years(reports(), WANTED, rules, "energy")
    assert filled.years == (2000, 2001, 2003, 2004)
    assert filled.dropped == (2002, 2005, 2006)


def test_cells_are_left_missing():
    filled = fill_years(reports(), WANTED, GapRules(cells="drop"), "energy")
    assert filled.state.loc["64"].tolist()[:3] == [MISSING, MISSING, INTERPOLATED]
    assert filled.values.loc["64"].iloc[:2].isna().all(axis=None)
    assert filled.values.loc["64"].iloc[2:].notna().all(axis=None)


@pytest.mark.parametrize(
    ("rules", "message"),
    [
        (GapRules(inside="error"), "no energy of 2002, between the years 1999 to 2004"),
        (GapRules(outside="error"), "no energy of 2005, 2006, outside the years 1999 to 2004"),
        (GapRules(cells="error"), "no report of energy by province and year: 64 2000, 64 2001"),
    ],
)
def test_gaps_are_refused_where_the_study_says_so(rules, message):
    with pytest.raises(DataError, match=message):
        fill_years(reports(), WANTED, rules, "energy")


def test_a_province_that_never_reports_and_years_out_of_reach_are_refused():
    frame = reports()
    frame.loc["64"] = np.nan
    with pytest.raises(DataError, match="no report of energy in any year: province 64"):
        fill_years(frame, WANTED, GapRules(), "energy")
    with pytest.raises(DataError, match="no year of energy is left of 2010"):
        fill_years(reports(), [2010], GapRules(outside="drop"), "energy")


def test_order_of_rows_does_not_matter():
    plain = fill_years(reports(), WANTED, GapRules(), "energy")
    mixed = fill_years(reports().sample(frac=1.0, random_state=2), WANTED, GapRules(), "energy")
    pd.testing.assert_frame_equal(plain.values, mixed.values, check_exact=True)
    pd.testing.assert_series_equal(plain.state, mixed.state)
