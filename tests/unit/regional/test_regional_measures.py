"""Totals, shares, ranks, intensity, forest carbon, transfers and types, against sums by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.balance import calc_ecc, calc_esc
from yrb_carbon.regional.balance import Balance, calc_coefficients, calc_types
from yrb_carbon.regional.emissions import calc_intensity, calc_territorial_emissions
from yrb_carbon.regional.forest import calc_mean_sink, calc_stored_co2
from yrb_carbon.regional.totals import (
    TOTAL,
    calc_concentration,
    calc_group_totals,
    calc_ranks,
    calc_shares,
)
from yrb_carbon.regional.transfer import calc_area_transfer, calc_transfer
from yrb_carbon.sources.ceads_sheets import FUELS

EXACT = 1e-12
"""Sums of a few numbers."""

GROUPS = {"north": ("11", "12"), "south": ("44",), "west": ("65",)}
AMOUNTS = pd.Series({"11": 1.0, "12": 3.0, "44": 4.0})


def test_totals_are_of_provinces_groups_and_all():
    totals = calc_group_totals(AMOUNTS, GROUPS)
    assert totals.to_dict() == {"11": 1, "12": 3, "44": 4, "north": 4, "south": 4, "total": 8}
    assert calc_shares(totals).to_dict() == {
        "11": 0.125, "12": 0.375, "44": 0.5, "north": 0.5, "south": 0.5, "total": 1.0,
    }  # fmt: skip


def test_a_missing_amount_makes_the_sums_that_need_it_missing():
    totals = calc_group_totals(AMOUNTS.where(AMOUNTS != 3), GROUPS)
    assert totals.isna().to_dict() == {
        "11": False, "12": True, "44": False, "north": True, "south": False, "total": True,
    }  # fmt: skip
    assert calc_shares(totals).isna().all()


def test_a_province_in_no_group_or_two_is_named():
    with pytest.raises(DataError, match=r"not in exactly one of the groups .*: 99"):
        calc_group_totals(pd.Series({"11": 1.0, "99": 1.0}), GROUPS)
    with pytest.raises(DataError, match="11"):
        calc_group_totals(AMOUNTS, {**GROUPS, "again": ("11",)})


def test_ranks_and_concentration():
    amounts = pd.Series({"11": 2.0, "12": 5.0, "44": 2.0, "65": np.nan})
    ranks = calc_ranks(amounts)
    assert ranks.dropna().to_dict() == {"11": 2.0, "12": 1.0, "44": 2.0}
    assert np.isnan(ranks["65"])
    assert calc_concentration(AMOUNTS).to_dict() == {1: 0.5, 2: 0.875, 3: 1.0}
    assert calc_concentration(amounts).isna().all()


def inventory(cells):
    return pd.DataFrame(cells, columns=["year", "province", "sector", "fuel", "co2"])


def test_territorial_emissions_leave_out_what_is_bought():
    frame = inventory(
        [
            (2019, "11", "steel", next(iter(FUELS)), 1.0),
            (2019, "11", "households", "natural_gas", 2.0),
            (2019, "11", "cement", "process", 4.0),
            (2019, "11", "steel", "electricity_bought", 100.0),
            (2017, "12", "steel", "coke", 8.0),
        ]
    )
    total = calc_territorial_emissions(frame)
    assert total.to_dict() == {("11", 2019): 7.0, ("12", 2017): 8.0}
    energy = calc_territorial_emissions(frame, "energy")
    assert energy.to_dict() == {("11", 2019): 3.0, ("12", 2017): 8.0}


def test_who_did_not_report_has_missing_emissions_who_has_no_sheet_none():
    """Both differ: a missing amount makes sums missing, who has no inventory is in no sum."""
    frame = inventory(
        [
            (2019, "11", "steel", "coke", 1.0),
            (2019, "12", "steel", "coke", np.nan),
            (2019, "12", "cement", "process", 4.0),
        ]
    )
    total = calc_territorial_emissions(frame)
    assert total.index.tolist() == [("11", 2019), ("12", 2019)]
    assert total.isna().tolist() == [False, True]


def test_intensity_of_a_region_is_of_its_sums():
    emissions = pd.Series({"11": 10.0, "12": 30.0})
    gdp = pd.Series({"11": 2e7, "12": 1e7, "54": 5e7})
    found = calc_intensity(emissions, gdp, GROUPS)
    assert found.to_dict() == pytest.approx(
        {"11": 0.5, "12": 3.0, "north": 40 / 30, "total": 40 / 30}, rel=EXACT
    )
    with pytest.raises(DataError, match="no positive GDP for provinces with emissions: 12"):
        calc_intensity(emissions, gdp.drop("12"), GROUPS)
    with pytest.raises(DataError, match="11"):
        calc_intensity(emissions, gdp.replace(2e7, 0.0), GROUPS)


def stocks(values):
    index = pd.MultiIndex.from_tuples(values, names=["province", "year"])
    return pd.Series(list(values.values()), index=index)


def test_stock_and_flow_are_kept_apart():
    """10^8 m3 more of forest stock take up 1.6 10^8 t, as the source has it."""
    stock = stocks({("11", 2013): 1e4, ("11", 2018): 2e4, ("12", 2013): 5e4, ("12", 2018): 4e4})
    assert calc_stored_co2(stock).tolist() == pytest.approx([160.0, 320.0, 800.0, 640.0], rel=EXACT)
    flow = calc_mean_sink(stock)
    assert flow.to_dict() == pytest.approx({("11", 2018): 32.0, ("12", 2018): -32.0}, rel=EXACT)
    assert calc_mean_sink(stock, 1.83)["11", 2018] == pytest.approx(36.6, rel=EXACT)
    assert calc_mean_sink(stock.iloc[::-1]).sort_index().tolist() == flow.tolist()


def test_one_inventory_has_no_flow():
    assert calc_mean_sink(stocks({("11", 2018): 1e4, ("12", 2018): 2e4})).empty


def driven():
    return pd.DataFrame(
        [
            [10.0, 2.0, 3.0, 1.0, 0.5],
            [4.0, 20.0, 6.0, 2.0, 0.0],
            [1.0, 5.0, 30.0, 3.0, -0.5],
        ],
        index=pd.Index(["11", "12", "44"], name="region"),
        columns=pd.Index(["11", "12", "44", "exports", "other"], name="user"),
    )


def test_transfers_of_areas_are_sums_and_keep_all_emissions():
    provinces = calc_transfer(driven())
    areas = calc_area_transfer(provinces, GROUPS)
    assert areas.matrix.to_dict() == {
        "north": {"north": 36.0, "south": 6.0}, "south": {"north": 9.0, "south": 30.0},
    }  # fmt: skip
    assert areas.outside.to_dict() == {
        "exports": {"north": 3.0, "south": 3.0}, "other": {"north": 0.5, "south": -0.5},
    }  # fmt: skip
    for transfer in (provinces, areas):
        assert transfer.emissions.sum() == pytest.approx(driven().to_numpy().sum(), rel=EXACT)
        assert transfer.balance()["net"].sum() == pytest.approx(0.0, abs=EXACT)
    assert areas.balance().loc["north"].to_dict() == {
        "own": 36.0, "out": 9.0, "in": 6.0, "net": 3.0, "exports": 3.0, "other": 0.5,
    }  # fmt: skip


def test_net_shares_are_of_those_with_the_same_sign():
    shares = calc_transfer(driven()).shares()
    # net: 11: 5 - 5 = 0, 12: 10 - 7 = 3, 44: 6 - 9 = -3
    assert shares["net"].to_dict() == {"11": 0.0, "12": 1.0, "44": 1.0}
    assert shares["out"].to_dict() == pytest.approx({"11": 5 / 21, "12": 10 / 21, "44": 6 / 21})
    assert shares["in"].sum() == pytest.approx(1.0, rel=EXACT)


def test_areas_keep_the_order_that_they_are_named_in():
    order = {"south": ("44",), "north": ("11", "12")}
    assert list(calc_area_transfer(calc_transfer(driven()), order).matrix.index) == list(order)


def test_who_belongs_to_no_area_or_uses_nothing_is_named():
    with pytest.raises(DataError, match="in none of the areas south: 11, 12"):
        calc_area_transfer(calc_transfer(driven()), {"south": ("44",)})
    with pytest.raises(DataError, match="emissions of 12, who use nothing"):
        calc_transfer(driven().drop(columns="12"))


def shares_of(amounts: pd.Series) -> pd.Series:
    return calc_shares(calc_group_totals(amounts, GROUPS)).drop(TOTAL)


def test_coefficients_compare_shares():
    found = calc_coefficients(
        shares_of(pd.Series({"11": 1.0, "12": 3.0, "44": 4.0})),
        shares_of(pd.Series({"11": 30.0, "12": 10.0, "44": 40.0})),
        shares_of(pd.Series({"11": 5.0, "12": 90.0, "44": 5.0})),
    )
    assert found["ecc"].to_dict() == pytest.approx(
        {"11": 3.0, "12": 1 / 3, "44": 1.0, "north": 1.0, "south": 1.0}, rel=EXACT
    )
    assert found["esc"].to_dict() == pytest.approx(
        {"11": 0.4, "12": 2.4, "44": 0.1, "north": 1.9, "south": 0.1}, rel=EXACT
    )
    assert found["type"].map(Balance).to_dict() == {
        "11": Balance.ECONOMIC,
        "12": Balance.SINK,
        "44": Balance.ECONOMIC,
        "north": Balance.LOW_CARBON,
        "south": Balance.ECONOMIC,
    }


def test_coefficients_are_those_of_the_panel_for_the_same_places():
    rng = np.random.default_rng(3)
    emissions, gdp, sink = (pd.Series(rng.lognormal(0, 1, 3), ["11", "12", "44"]) for _ in range(3))
    found = calc_coefficients(shares_of(emissions), shares_of(gdp), shares_of(sink))

    def in_a_panel(values: pd.Series) -> pd.Series:
        return values.set_axis(
            pd.MultiIndex.from_product([values.index, [2019]], names=["unit", "year"])
        )

    for name, calc, amounts in (("ecc", calc_ecc, gdp), ("esc", calc_esc, sink)):
        wanted = calc(in_a_panel(amounts), in_a_panel(emissions)).droplevel("year")
        assert found.loc[wanted.index, name].to_numpy() == pytest.approx(wanted, rel=EXACT)


def test_no_coefficient_without_a_share_of_emissions():
    one = pd.Series({"11": 0.5, "12": np.nan})
    found = calc_coefficients(one, one.fillna(0.5), one.fillna(0.5))
    assert found.loc["11"].tolist() == [1.0, 1.0, Balance.LOW_CARBON]
    assert found.loc["12"].isna().all()
    with pytest.raises(DataError, match="emissions of 12 are not positive"):
        calc_coefficients(one.fillna(0.0), one, one)


def test_types_by_quarters():
    ecc = pd.Series([1.0, 1.0, 0.5, 0.5])
    esc = pd.Series([1.0, 0.5, 1.0, 0.5])
    assert calc_types(ecc, esc).tolist() == [1, 2, 3, 4]
