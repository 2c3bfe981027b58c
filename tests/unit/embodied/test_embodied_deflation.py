"""Double deflation: rows by the price of the product, value added as what is left."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table, random_emissions, random_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.deflation import deflate_table
from yrb_carbon.errors import DataError

EXACT = 1e-12  # one division and a difference


@pytest.fixture
def table():
    """Outputs 100 and 200; inputs 30 + 20 and 10 + 90, imports 5 and 8."""
    return make_table(
        [[30.0, 20.0], [10.0, 90.0]],
        [40.0, 80.0],
        regions=["p1"],
        sectors=["S1", "S2"],
        exports=[10.0, 20.0],
        imports=[5.0, 8.0],
    )


PRICES = pd.Series({"S1": 1.25, "S2": 2.0})


def test_a_small_table_by_hand(table):
    real = deflate_table(table, PRICES, 2012, import_deflators=0.5)
    np.testing.assert_allclose(real.intermediate, [[24.0, 16.0], [5.0, 45.0]], rtol=EXACT)
    np.testing.assert_allclose(real.output, [80.0, 100.0], rtol=EXACT)
    np.testing.assert_allclose(real.final_demand.iloc[:, 0], [32.0, 40.0], rtol=EXACT)
    np.testing.assert_allclose(real.exports, [8.0, 10.0], rtol=EXACT)
    np.testing.assert_allclose(real.imports, [10.0, 16.0], rtol=EXACT)
    np.testing.assert_allclose(real.value_added.loc["residual"], [41.0, 23.0], rtol=EXACT)
    assert real.unit == "10^4 yuan, prices of 2012"
    assert real.record.notes[-1] == "prices of 2012 by double deflation"
    assert real.check_balance(1e-12).empty


def test_prices_may_be_by_account_and_imports_by_sector(table):
    prices = PRICES.rename(lambda sector: ("p1", sector))
    prices.index = pd.MultiIndex.from_tuples(prices.index)
    shuffled = deflate_table(table, prices.iloc[::-1], 2012, pd.Series({"S2": 2.0, "S1": 1.0}))
    plain = deflate_table(table, PRICES, 2012, import_deflators=1.0)
    assert shuffled.intermediate.equals(plain.intermediate)
    np.testing.assert_allclose(shuffled.imports, [5.0, 4.0])


def test_prices_differ_between_regions():
    table = random_table(2, 2, seed=1, errors=True)
    prices = pd.Series([1.0, 2.0, 4.0, 0.5], index=table.labels)
    real = deflate_table(table, prices, 2012, 1.0)
    np.testing.assert_allclose(real.errors, table.errors / prices, rtol=EXACT)
    np.testing.assert_allclose(real.output / table.output, 1 / prices, rtol=EXACT)
    assert real.check_balance(1e-9).empty


def test_prices_of_one_change_nothing():
    table = random_table(2, 3, seed=2, errors=True)
    ones = pd.Series(1.0, index=list(table.sectors))
    real = deflate_table(table, ones, 2012, 1.0)
    assert real.intermediate.equals(table.intermediate)
    assert real.errors.equals(table.errors)
    np.testing.assert_allclose(real.value_added.sum(), table.value_added.sum(), rtol=1e-9)


def test_inflation_alone_is_no_change_of_emissions():
    """At constant prices a year with the same quantities at other prices decomposes to nothing."""
    start = random_table(2, 3, seed=2)
    prices = pd.Series({"S1": 1.1, "S2": 3.0, "S3": 0.8})
    row = prices.reindex(start.labels.get_level_values(1)).to_numpy()
    nominal = make_table(
        start.intermediate.to_numpy() * row[:, None],
        start.final_demand.to_numpy() * row[:, None],
        regions=start.regions,
        sectors=start.sectors,
        exports=start.exports.to_numpy() * row,
        output=start.output.to_numpy() * row,
        year=2017,
        categories=("capital", "rural"),
    )
    emissions = random_emissions(start, seed=3)
    base = build_system(start, emissions)
    current = decompose_change(base, build_system(nominal, emissions)).totals()
    assert current["effect"].drop("change").abs().max() > 1.0
    constant = deflate_table(nominal, prices, 2012)
    real = decompose_change(base, build_system(constant, emissions)).totals()
    np.testing.assert_allclose(real["effect"], 0.0, atol=1e-8)


def test_negative_value_added_is_named_in_the_record(table):
    prices = pd.Series({"S1": 4.0, "S2": 1.0})
    real = deflate_table(table, prices, 2012, 1.0)
    assert real.value_added.loc["residual", ("p1", "S1")] == pytest.approx(25 - 7.5 - 10 - 5)
    dear = deflate_table(table, prices, 2012, import_deflators=0.5)
    assert dear.value_added.loc["residual", ("p1", "S1")] == pytest.approx(-2.5)
    assert dear.record.notes[-1] == "negative value added of 1 accounts: p1 S1"


def test_prices_must_be_those_of_the_table(table):
    with pytest.raises(DataError, match="missing S2, too many S3"):
        deflate_table(table, PRICES.rename({"S2": "S3"}), 2012, 1.0)
    with pytest.raises(DataError, match="deflators of S1 stand twice"):
        deflate_table(table, pd.concat([PRICES, PRICES.iloc[:1]]), 2012, 1.0)
    with pytest.raises(DataError, match="imported inputs and no price"):
        deflate_table(table, PRICES, 2012)


@pytest.mark.parametrize("price", [0.0, -1.0, 125.0, np.nan])
def test_implausible_prices_are_refused(table, price):
    with pytest.raises(DataError, match=rf"S2: {price:.6g}.*base 100"):
        deflate_table(table, pd.Series({"S1": 1.0, "S2": price}), 2012, 1.0)
    with pytest.raises(DataError, match=rf"import_deflators .*all: {price:.6g}"):
        deflate_table(table, PRICES, 2012, import_deflators=price)
