"""Energy emissions of mining: sums by fuel and province, shares, and the same from fuels burned."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from yrb_carbon.embodied.emissions import (
    calc_emissions_from_energy,
    calc_fuel_emissions,
    calc_implied_factors,
    calc_province_emissions,
    calc_shares,
    compare_emissions,
    select_scope,
)
from yrb_carbon.errors import DataError
from yrb_carbon.indices.emissions import calc_emission_factors, load_emission_factors
from yrb_carbon.sources.ceads_inventory import COLUMNS
from yrb_carbon.sources.ceads_sheets import FUELS

MINING = ("coal_mining", "oil_gas_extraction")
SECTORS = (*MINING, "farming", "urban")
YEARS, PROVINCES = (2012, 2015), ("14", "61", "65")
CLOSE = 1e-12
"""Sums of a few hundred doubles in another order."""


def inventory(seed: int = 1) -> pd.DataFrame:
    index = pd.MultiIndex.from_product(
        [YEARS, PROVINCES, SECTORS, COLUMNS], names=["year", "province", "sector", "fuel"]
    )
    co2 = np.random.default_rng(seed).gamma(1.0, 1.0, len(index))
    return pd.DataFrame({"co2": co2}, index=index).reset_index()


def energy_of(emissions: pd.DataFrame, factors: pd.Series) -> pd.DataFrame:
    """Fuels that lead to these emissions."""
    own = emissions[emissions["fuel"].isin(list(FUELS))].reset_index(drop=True)
    amount = own["co2"] / own["fuel"].map(factors)
    return own.rename(columns={"sector": "item"}).drop(columns="co2").assign(amount=amount)


@given(st.integers(0, 2**32 - 1))
@settings(max_examples=20, deadline=None)
def test_sums_by_fuel_and_by_province_have_one_total(seed):
    frame = inventory(seed).sample(frac=1.0, random_state=seed)
    by_fuel = calc_fuel_emissions(frame, MINING)
    by_province = calc_province_emissions(frame, MINING)
    assert tuple(by_fuel.columns) == tuple(FUELS)
    assert tuple(by_fuel.index) == YEARS
    assert tuple(by_province.columns) == PROVINCES
    plain = frame[frame["sector"].isin(MINING) & frame["fuel"].isin(list(FUELS))]
    wanted = plain.groupby("year")["co2"].sum()
    np.testing.assert_allclose(by_fuel.sum(axis=1), wanted, rtol=CLOSE)
    np.testing.assert_allclose(by_province.sum(axis=1), wanted, rtol=CLOSE)
    np.testing.assert_allclose(calc_shares(by_fuel).sum(axis=1), 1.0, rtol=CLOSE)


def test_one_cell_by_hand():
    frame = inventory()
    own = frame.query("year == 2015 and fuel == 'raw_coal' and sector in @MINING")
    found = calc_fuel_emissions(frame, MINING).loc[2015, "raw_coal"]
    assert found == pytest.approx(sum(own["co2"]), rel=CLOSE)
    assert len(own) == len(PROVINCES) * len(MINING)


def test_scopes():
    frame = inventory()
    energy, territorial = select_scope(frame), select_scope(frame, "territorial")
    assert set(energy["fuel"]) == set(FUELS)
    assert set(territorial["fuel"]) - set(energy["fuel"]) == {"process"}
    assert set(frame["fuel"]) - set(territorial["fuel"]) == {
        "heat_bought", "electricity_bought", "other_energy",
    }  # fmt: skip


def test_a_year_with_a_province_that_did_not_report_has_no_sum():
    frame = inventory()
    frame.loc[frame["year"].eq(2012) & frame["province"].eq("61"), "co2"] = np.nan
    by_fuel = calc_fuel_emissions(frame, MINING)
    assert by_fuel.loc[2012].isna().all()
    assert by_fuel.loc[2015].notna().all()
    assert calc_shares(by_fuel).loc[2012].isna().all()
    by_province = calc_province_emissions(frame, MINING)
    assert np.isnan(by_province.loc[2012, "61"])
    assert by_province.loc[2012, ["14", "65"]].notna().all()


def test_years_of_zeros_or_with_a_gap_have_no_shares():
    by_fuel = pd.DataFrame(
        {"raw_coal": [0.0, 3.0, 3.0], "coke": [0.0, 1.0, np.nan]}, index=[2012, 2015, 2017]
    )
    shares = calc_shares(by_fuel)
    assert shares.loc[[2012, 2017]].isna().all(axis=None)
    assert shares.loc[2015].tolist() == [0.75, 0.25]


def test_a_sector_without_rows_is_told():
    frame = inventory()
    short = frame[~(frame["sector"].eq("coal_mining") & frame["year"].eq(2015))]
    with pytest.raises(DataError, match="no rows of coal_mining 2015"):
        calc_fuel_emissions(short, MINING)
    with pytest.raises(DataError, match="no rows of ferrous_mining 2012"):
        calc_province_emissions(frame, ("ferrous_mining",))
    with pytest.raises(DataError, match="no emissions of the fuels raw_coal"):
        calc_fuel_emissions(frame[frame["fuel"] != "raw_coal"], MINING)


@pytest.fixture
def factors():
    return load_emission_factors("ceads")


def test_emissions_from_energy_lead_back_to_the_inventory(factors):
    frame = inventory()
    energy = energy_of(frame, calc_emission_factors(factors))
    computed = calc_emissions_from_energy(energy, factors, MINING)
    assert len(computed) == len(YEARS) * len(PROVINCES) * len(MINING) * len(FUELS)
    beside = compare_emissions(computed, frame)
    assert list(beside["fuel"].unique()) == [*FUELS, "total"]
    np.testing.assert_allclose(beside["computed"], beside["published"], rtol=CLOSE)
    np.testing.assert_allclose(beside["ratio"], 1.0, rtol=CLOSE)
    assert beside["difference"].abs().max() < CLOSE * 100
    totals = beside[beside["fuel"].eq("total")].set_index("year")["published"]
    np.testing.assert_allclose(totals, calc_fuel_emissions(frame, MINING).sum(axis=1), rtol=CLOSE)


def test_differences_are_computed_less_published(factors):
    frame = inventory()
    energy = energy_of(frame, calc_emission_factors(factors))
    energy.loc[energy["fuel"].eq("raw_coal"), "amount"] *= 1.25
    beside = compare_emissions(calc_emissions_from_energy(energy, factors, MINING), frame)
    coal = beside[beside["fuel"].eq("raw_coal")]
    np.testing.assert_allclose(coal["ratio"], 1.25, rtol=CLOSE)
    np.testing.assert_allclose(coal["difference"], 0.25 * coal["published"], rtol=1e-10)
    totals = beside[beside["fuel"].eq("total")]
    np.testing.assert_allclose(totals["difference"], coal["difference"], rtol=1e-9)


def test_implied_factors_are_found_again(factors):
    frame = inventory()
    per_unit = calc_emission_factors(factors)
    energy = energy_of(frame, per_unit)
    implied = calc_implied_factors(energy, frame, MINING)
    assert list(implied.index) == list(FUELS)
    assert set(implied["cells"]) == {len(YEARS) * len(PROVINCES) * len(MINING)}
    for name in ("low", "median", "high"):
        np.testing.assert_allclose(implied[name], per_unit.loc[list(FUELS)], rtol=CLOSE)
    assert (implied["unburned"].dropna() == 0).all()


def test_emissions_without_fuel_are_counted(factors):
    frame = inventory()
    energy = energy_of(frame, calc_emission_factors(factors))
    idle = energy["fuel"].eq("coke") & energy["item"].eq("coal_mining")
    energy.loc[idle, "amount"] = 0.0
    implied = calc_implied_factors(energy, frame, MINING)
    wanted = frame.query("fuel == 'coke' and sector == 'coal_mining'")["co2"].sum()
    assert implied.loc["coke", "unburned"] == pytest.approx(wanted, rel=CLOSE)
    assert implied.loc["coke", "cells"] == len(YEARS) * len(PROVINCES)


def test_faults_of_energy_are_told(factors):
    frame = inventory()
    energy = energy_of(frame, calc_emission_factors(factors))
    with pytest.raises(DataError, match="no emission factor for the fuels cleaned_coal"):
        calc_emissions_from_energy(energy, load_emission_factors("gbt2589"), MINING)
    energy.loc[energy.index[0], "amount"] = -1.0
    with pytest.raises(DataError, match="negative: 2012 14 coal_mining raw_coal -1"):
        calc_emissions_from_energy(energy, factors, MINING)
    computed = calc_emissions_from_energy(energy.assign(amount=1.0), factors, MINING)
    with pytest.raises(DataError, match=r"have no row in the inventories, the first .* 2015 14"):
        compare_emissions(computed, frame[frame["year"] == 2012])
