from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.panel.deflate import calc_price_level, calc_real_from_index, calc_rebased

# A chain of at most four factors through log and exp.
CHAIN_TOLERANCE = 1e-13


@pytest.fixture
def index() -> pd.MultiIndex:
    return pd.MultiIndex.from_product(
        [["140100", "630100"], [2002, 2003, 2004, 2005]], names=["unit", "year"]
    )


def test_chain_runs_both_ways_from_the_base_year(index: pd.MultiIndex):
    nominal = pd.Series([90.0, 100.0, 130.0, 150.0, 45.0, 50.0, 60.0, 70.0], index=index)
    growth = pd.Series([108.0, 125.0, 110.0, 120.0, 100.0, 100.0, 200.0, 50.0], index=index)
    real = calc_real_from_index(nominal, growth, 2003)
    expected = [80.0, 100.0, 110.0, 132.0, 50.0, 50.0, 100.0, 50.0]
    np.testing.assert_allclose(real, expected, rtol=CHAIN_TOLERANCE)
    assert real.loc[("140100", 2003)] == 100.0


def test_growth_before_the_base_year_is_not_used(index: pd.MultiIndex):
    """The index of the first year compares with a year that is not in the series."""
    nominal = pd.Series(100.0, index=index)
    growth = pd.Series(110.0, index=index)
    growth.loc[(slice(None), 2002)] = np.nan
    assert np.isfinite(calc_real_from_index(nominal, growth, 2003)).all()


def test_chain_is_missing_beyond_a_break(index: pd.MultiIndex):
    nominal = pd.Series(100.0, index=index)
    growth = pd.Series(110.0, index=index)
    growth.loc[("140100", 2004)] = np.nan
    real = calc_real_from_index(nominal, growth, 2003)
    assert real.isna().tolist() == [False, False, True, True] + [False] * 4


def test_rebasing_gives_nominal_in_the_base_year_and_keeps_growth(index: pd.MultiIndex):
    real = pd.Series([90.0, 100.0, 110.0, 121.0, 40.0, 50.0, 55.0, 60.0], index=index)
    nominal = real * pd.Series([1.0, 1.2, 1.3, 1.5, 1.0, 0.9, 0.8, 2.0], index=index)
    rebased = calc_rebased(real, nominal, 2003)
    assert rebased.loc[("140100", 2003)] == pytest.approx(120.0, rel=CHAIN_TOLERANCE)
    assert rebased.loc[("630100", 2003)] == pytest.approx(45.0, rel=CHAIN_TOLERANCE)
    growth = rebased.groupby(level="unit").pct_change().dropna()
    np.testing.assert_allclose(growth, real.groupby(level="unit").pct_change().dropna())


def test_price_level_is_one_in_the_base_year_of_the_real_series(index: pd.MultiIndex):
    real = pd.Series(range(1, 9), index=index, dtype=float)
    nominal = real * pd.Series([1.0, 1.2, 1.3, 1.5] * 2, index=index)
    assert calc_price_level(real, nominal, 2002).tolist() == [1.0, 1.0]


def test_chaining_and_rebasing_agree(index: pd.MultiIndex):
    """A real series chained at 2002 and moved to 2004 is the series chained at 2004."""
    nominal = pd.Series([90.0, 100.0, 130.0, 150.0, 45.0, 50.0, 60.0, 70.0], index=index)
    growth = pd.Series([108.0, 125.0, 110.0, 120.0, 100.0, 101.0, 120.0, 95.0], index=index)
    old = calc_real_from_index(nominal, growth, 2002)
    np.testing.assert_allclose(
        calc_rebased(old, nominal, 2004),
        calc_real_from_index(nominal, growth, 2004),
        rtol=CHAIN_TOLERANCE,
    )
