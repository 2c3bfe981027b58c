"""Footprint in three dimensions: identities, one account, several, regions, and what is refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from footprint_data import cells
from hypothesis import given, settings
from hypothesis import strategies as st

from yrb_carbon.errors import DataError
from yrb_carbon.footprint.accounts import (
    CARBON,
    HA_PER_AMOUNT,
    MEASURES,
    SUMMED,
    WHOLE,
    FootprintAccounts,
    calc_accounts,
    calc_capacity,
    calc_footprint,
    calc_per_unit,
)

CLOSE = 1e-12
"""A few operations on doubles."""
TYPES = ["forest", "grassland"]


UPTAKE = {"forest": 4.0, "grassland": 1.0, "water": 0.25, WHOLE: 2.0}
"""t C per ha."""


def accounts_of(footprint: pd.DataFrame, capacity: pd.DataFrame) -> FootprintAccounts:
    """Accounts of land that takes up `UPTAKE`."""
    uptake = pd.Series({str(kind): UPTAKE[str(kind)] for kind in capacity.columns})
    return calc_accounts(footprint, capacity, footprint * uptake, capacity * uptake)


def frame(values: list[list[float]], columns: list[str] | None = None) -> pd.DataFrame:
    index = cells(["11", "14", "44"], [2019])[: len(values)]
    return pd.DataFrame(values, index, columns or TYPES)


def random_pair(seed: int) -> tuple[pd.DataFrame, pd.DataFrame]:
    rng = np.random.default_rng(seed)
    index = cells(["11", "14", "44", "65"], [2000, 2010])
    shape = (len(index), 3)
    names = ["forest", "grassland", "water"]
    footprint = pd.DataFrame(rng.gamma(1.0, 50.0, shape), index, names)
    capacity = pd.DataFrame(rng.gamma(0.5, 80.0, shape) * (rng.random(shape) > 0.2), index, names)
    capacity["grassland"] += 1.0
    return footprint, capacity


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_identities(seed):
    footprint, capacity = random_pair(seed)
    made = accounts_of(footprint, capacity)
    for table in (made.total, made.by_type.dropna(subset=["depth"])):
        assert (table["size"] <= table["capacity"] * (1 + CLOSE)).all()
        assert (table["size"] <= table["footprint"] * (1 + CLOSE)).all()
        assert (table["depth"] >= 1).all()
        np.testing.assert_allclose(table["size"] + table["overshoot"], table["footprint"], CLOSE)
        np.testing.assert_allclose(table["size"] + table["surplus"], table["capacity"], CLOSE)
        np.testing.assert_allclose(
            table["deficit"], table["overshoot"] - table["surplus"], CLOSE, 1e-9
        )
        np.testing.assert_allclose(table["footprint_3d"], table["size"] * table["depth"], CLOSE)
        used, over = table["uptake_used"], table["uptake_overshoot"]
        np.testing.assert_allclose(used + table["uptake_unused"], table["uptake"], CLOSE)
        np.testing.assert_allclose(table["stock_flow_ratio"] * used, over, CLOSE)
        assert (table["flow_occupancy"] <= 1 + CLOSE).all()
    for name in SUMMED:
        summed = made.by_type[name].groupby(level=["province", "year"]).sum()
        np.testing.assert_allclose(summed, made.total[name], CLOSE)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_one_account_has_a_3d_footprint_that_is_the_footprint_in_overshoot(seed):
    footprint, capacity = (table.sum(axis=1).to_frame(WHOLE) for table in random_pair(seed))
    total = accounts_of(footprint, capacity).total
    over = total["footprint"] >= total["capacity"]
    np.testing.assert_allclose(total["footprint_3d"][over], total["footprint"][over], CLOSE)
    np.testing.assert_allclose(total["size"][over], total["capacity"][over], CLOSE)
    np.testing.assert_allclose(
        total["stock_flow_ratio"][over], total["depth"][over] - 1, 1e-9, 1e-9
    )
    assert (total["depth"][~over] == 1).all()
    assert (total["stock_flow_ratio"][~over] == 0).all()
    np.testing.assert_allclose(total["flow_occupancy"][~over], total["pressure"][~over], CLOSE)


def test_a_deficit_of_forest_is_not_made_up_by_grassland():
    footprint, capacity = frame([[90.0, 10.0]]), frame([[30.0, 170.0]])
    by_type = accounts_of(footprint, capacity).total.iloc[0]
    one = accounts_of(
        footprint.sum(axis=1).to_frame(WHOLE), capacity.sum(axis=1).to_frame(WHOLE)
    ).total.iloc[0]
    # size 30 + 10, overshoot 60 of a capacity of 200
    assert by_type["size"] == 40.0
    assert by_type["depth"] == pytest.approx(1.3, rel=CLOSE)
    assert by_type["footprint_3d"] == pytest.approx(52.0, rel=CLOSE)
    assert (one["size"], one["depth"], one["deficit"]) == (100.0, 1.0, -100.0)
    assert by_type["deficit"] == one["deficit"]


def test_flow_and_stock_are_of_carbon_and_not_of_hectares():
    """A hectare of forest takes up 4 t, of grassland 1 t: 30 x 4 + 170 x 1 = 290 in all.

    Used are 30 x 4 + 10 x 1 = 130, left over 160 of grassland, and 60 x 4 = 240 are emitted beyond.
    Of hectares 40 of 200 would be used, a fifth and not 45 %.
    """
    total = accounts_of(frame([[90.0, 10.0]]), frame([[30.0, 170.0]])).total.iloc[0]
    assert total[list(CARBON)].tolist() == [290.0, 130.0, 240.0, 160.0]
    assert total["flow_occupancy"] == pytest.approx(130 / 290, rel=CLOSE)
    assert total["stock_flow_ratio"] == pytest.approx(240 / 130, rel=CLOSE)
    # emitted are 90 x 4 + 10 x 1 = 370
    assert total["uptake_deficit"] == pytest.approx(370 - 290, rel=CLOSE)
    assert total["deficit"] == -100.0


def test_footprint_by_hand():
    index = cells(["14"], [2019])
    factors = pd.DataFrame([[4.0, 1.0]], index, TYPES)
    shares = pd.DataFrame([[0.8, 0.2]], index, TYPES)
    # 44 Mt CO2 are 12 Mt C: 9.6 Mt by forest at 4 t/ha, 2.4 Mt by grassland at 1 t/ha
    found = calc_footprint(pd.Series([44.0], index), factors, shares).iloc[0]
    assert found.tolist() == pytest.approx([240.0, 240.0], rel=CLOSE)


def test_capacity_keeps_land_for_other_species():
    areas = frame([[1000.0, 500.0]])
    assert calc_capacity(areas).iloc[0].tolist() == [10.0, 5.0]
    assert calc_capacity(areas, 0.12).iloc[0].tolist() == pytest.approx([8.8, 4.4], rel=CLOSE)


def test_regions_are_sums_of_provinces_without_making_up_deficits():
    footprint = frame([[90.0, 0.0], [10.0, 0.0], [5.0, 5.0]])
    capacity = frame([[30.0, 10.0], [70.0, 10.0], [50.0, 50.0]])
    grouped = accounts_of(footprint, capacity).grouped({"11": "east", "14": "east"})
    row = grouped.loc[("east", 2019)]
    assert list(grouped.columns) == [*MEASURES, "n_units"]
    assert grouped.index.get_level_values("group").tolist() == ["east"]
    assert (row["footprint"], row["capacity"], row["size"]) == (100.0, 120.0, 40.0)
    assert row["depth"] == pytest.approx(1.5, rel=CLOSE)
    assert row["n_units"] == 2


def test_provinces_that_are_missing_stay_out_of_the_sums():
    footprint = frame([[90.0, 1.0], [np.nan, np.nan]])
    made = accounts_of(footprint, frame([[30.0, 10.0], [70.0, 10.0]]))
    assert made.total.loc[("14", 2019), ["footprint", "size", "depth"]].isna().all()
    row = made.grouped({"11": "all", "14": "all"}).loc[("all", 2019)]
    assert (row["capacity"], row["n_units"]) == (40.0, 1)


def test_no_land_of_a_type_is_overshoot_from_the_first_hectare():
    made = accounts_of(frame([[5.0, 1.0]]), frame([[0.0, 10.0]]))
    forest = made.by_type.loc[("11", 2019, "forest")]
    assert forest["overshoot"] == 5.0
    assert forest[["depth", "pressure", "stock_flow_ratio"]].isna().all()
    assert made.total.loc[("11", 2019), "depth"] == 1.5


def test_what_cannot_be_computed_is_refused():
    with pytest.raises(DataError, match="no land that takes up carbon: province and year 11 2019"):
        accounts_of(frame([[5.0, 1.0]]), frame([[0.0, 0.0]]))
    with pytest.raises(DataError, match="not of the same provinces, years and land types"):
        accounts_of(frame([[5.0, 1.0]]), frame([[1.0, 1.0]], ["forest", "water"]))
    with pytest.raises(DataError, match="area missing or negative: province 11, year 2019"):
        calc_capacity(frame([[np.nan, 1.0]]))
    index = cells(["14"], [2019])
    ones = pd.DataFrame([[1.0, 1.0]], index, TYPES)
    with pytest.raises(DataError, match="emissions are negative"):
        calc_footprint(pd.Series([-1.0], index), ones, ones / 2)


def test_per_head_and_per_value_added():
    index = cells(["14"], [2019])
    # 600 x 10^4 ha over 3000 x 10^4 persons; over 2 x 10^7 x 10^4 yuan
    head = calc_per_unit(pd.Series([600.0], index), pd.Series([3000.0], index))
    money = calc_per_unit(pd.Series([600.0], index), pd.Series([2e7], index), HA_PER_AMOUNT)
    assert (head.iloc[0], money.iloc[0]) == (0.2, 0.3)
    with pytest.raises(DataError, match="nothing to divide by: province 14, year 2019"):
        calc_per_unit(pd.Series([600.0], index), pd.Series([0.0], index))
    assert np.isnan(calc_per_unit(pd.Series([np.nan], index), pd.Series([0.0], index)).iloc[0])
