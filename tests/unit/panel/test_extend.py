"""Carrying a series one year on by the growth of its province."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.panel.extend import extend_by_province

INDEX = pd.MultiIndex.from_product([["140100", "140200"], [2016, 2017, 2018]],
                                   names=["unit", "year"])  # fmt: skip


def panel(e: list[float], p: list[float]) -> pd.DataFrame:
    return pd.DataFrame({"e": e, "p": p}, index=INDEX)


def test_values_there_are_kept_and_only_missing_ones_filled():
    frame = panel([1, 2, np.nan, 3, 4, 5], [10, 20, 25, 10, 20, 25])
    extended, notes = extend_by_province(frame, "e", "p", 2018)
    assert extended["e"].tolist() == [1, 2, 2.5, 3, 4, 5]
    assert extended["flag_extended_e"].tolist() == [0, 0, 1, 0, 0, 0]
    assert notes == ("e: 1 cells of 2018 scaled from 2017 by p",)
    assert "flag_extended_e" not in frame


def test_a_unit_without_the_year_before_stays_missing():
    frame = panel([1, np.nan, np.nan, 3, 4, np.nan], [10, 20, 20, 10, 20, 20])
    extended, _ = extend_by_province(frame, "e", "p", 2018)
    assert np.isnan(extended.loc[("140100", 2018), "e"])
    assert extended.loc[("140200", 2018), "e"] == 4


@pytest.mark.parametrize("total", [np.nan, 0.0, -1.0])
def test_a_total_that_is_no_positive_number_is_refused(total):
    frame = panel([1, 2, np.nan, 3, 4, 5], [10, 20, total, 10, 20, 20])
    with pytest.raises(DataError, match=r"no provincial total 'p' in 2017 and 2018.*140100"):
        extend_by_province(frame, "e", "p", 2018)


def test_the_year_before_must_be_in_the_panel():
    with pytest.raises(DataError, match="no year 2015"):
        extend_by_province(panel([1] * 6, [1] * 6), "e", "p", 2016)
