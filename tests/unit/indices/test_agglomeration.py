from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.agglomeration import (
    calc_basin_reference,
    calc_density,
    calc_ellison_glaeser,
    calc_entropy,
    calc_herfindahl,
    calc_location_quotient,
    calc_share,
    calc_spatial_gini,
)
from yrb_carbon.indices.transforms import calc_log_offset, calc_transformed

INDEX = pd.MultiIndex.from_product([["140100", "630100"], [2003, 2004]], names=["unit", "year"])
ROUNDING = 1e-14


def of(*values: float) -> pd.Series:
    return pd.Series(values, index=INDEX, dtype=float)


LOCAL, TOTAL = of(50, 60, 0, 10), of(500, 500, 500, 300)


def test_location_quotient_against_one_reference():
    """Share 10 % at home against 5 % in the nation: 2."""
    quotient = calc_location_quotient(LOCAL, TOTAL, 5.0, 100.0)
    assert quotient.tolist() == pytest.approx([2.0, 2.4, 0.0, 2 / 3], rel=ROUNDING)


def test_reference_by_year_and_by_cell_are_the_same():
    years = pd.Series([5.0, 6.0], index=pd.Index([2003, 2004], name="year"))
    by_cell = of(5, 6, 5, 6)
    one = calc_location_quotient(LOCAL, TOTAL, years, 100.0)
    other = calc_location_quotient(LOCAL, TOTAL, by_cell, of(100, 100, 100, 100))
    pd.testing.assert_series_equal(one, other)


def test_basin_reference_is_summed_year_by_year():
    local, total = calc_basin_reference(LOCAL, TOTAL)
    assert local.to_dict() == {2003: 50.0, 2004: 70.0}
    assert total.to_dict() == {2003: 1000.0, 2004: 800.0}


def test_reference_without_a_year_is_refused():
    years = pd.Series([5.0], index=pd.Index([2003], name="year"))
    with pytest.raises(DataError, match="no value for the years 2004"):
        calc_location_quotient(LOCAL, TOTAL, years, 100.0)


@pytest.mark.parametrize(
    ("total", "reference", "words"),
    [
        (of(500, 0, 500, 300), 5.0, r"local_total must be positive: unit 140100, year 2004"),
        (TOTAL, 0.0, r"reference must be positive: unit 140100, year 2003"),
    ],
)
def test_zero_totals_are_refused(total: pd.Series, reference: float, words: str):
    with pytest.raises(DataError, match=words):
        calc_location_quotient(LOCAL, total, reference, 100.0)


def test_density_and_share():
    assert calc_density(LOCAL, of(10, 10, 10, 20)).tolist() == [5.0, 6.0, 0.0, 0.5]
    assert calc_share(LOCAL, TOTAL).tolist() == pytest.approx([0.1, 0.12, 0.0, 1 / 30])


def test_transforms_of_zeros():
    values = of(0.5, 2.0, 0.0, 1.0)
    assert calc_log_offset(values) == 0.25
    np.testing.assert_allclose(
        calc_transformed(values, "log_eps"), np.log([0.75, 2.25, 0.25, 1.25]), rtol=ROUNDING
    )
    np.testing.assert_allclose(
        calc_transformed(values, "log1p"), np.log([1.5, 3.0, 1.0, 2.0]), rtol=ROUNDING
    )
    with pytest.raises(DataError, match="unit 630100, year 2003"):
        calc_transformed(values, "log")
    with pytest.raises(DataError, match="all are zero"):
        calc_transformed(values * 0, "log_eps")
    with pytest.raises(DataError, match="not negative"):
        calc_transformed(-values, "log_eps")


def mines(*sizes: float) -> pd.Series:
    index = pd.MultiIndex.from_tuples(
        [("140100", 2003, f"mine{number}") for number in range(len(sizes))],
        names=["unit", "year", "item"],
    )
    return pd.Series(sizes, index=index, dtype=float)


@pytest.mark.parametrize(
    ("sizes", "herfindahl", "entropy"),
    [
        ((7.0,), 1.0, 0.0),
        ((2.0, 2.0, 2.0, 2.0), 0.25, np.log(4)),
        ((3.0, 1.0), 0.625, 2 * np.log(2) - 0.75 * np.log(3)),
        ((3.0, 1.0, 0.0), 0.625, 2 * np.log(2) - 0.75 * np.log(3)),
    ],
)
def test_herfindahl_and_entropy_by_hand(
    sizes: tuple[float, ...], herfindahl: float, entropy: float
):
    cell = ("140100", 2003)
    assert calc_herfindahl(mines(*sizes))[cell] == pytest.approx(herfindahl, rel=ROUNDING)
    assert calc_entropy(mines(*sizes))[cell] == pytest.approx(entropy, rel=1e-13)


def test_a_unit_without_mines_has_no_concentration():
    with pytest.raises(DataError, match="sum to zero: unit 140100, year 2003"):
        calc_herfindahl(mines(0.0, 0.0))


def test_spatial_gini_and_ellison_glaeser_by_hand():
    """All mining in one of two equal units: G = 1/2; with H = 0, gamma = G / (1 - 1/2) = 1."""
    local, total = of(10, 5, 0, 5), of(100, 100, 100, 100)
    gini = calc_spatial_gini(local, total)
    assert gini.to_dict() == {2003: 0.5, 2004: 0.0}
    plants = pd.Series([0.0, 0.2], index=gini.index)
    gamma = calc_ellison_glaeser(local, total, plants)
    assert gamma[2003] == pytest.approx(1.0)
    assert gamma[2004] == pytest.approx(-0.25)  # -H / (1 - H)


def test_ellison_glaeser_needs_a_plant_index_below_one():
    plants = pd.Series([1.0, 0.2], index=pd.Index([2003, 2004], name="year"))
    with pytest.raises(DataError, match=r"year 2003 \(H=1.0\)"):
        calc_ellison_glaeser(LOCAL, TOTAL, plants)
