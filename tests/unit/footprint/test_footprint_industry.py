"""Fuels that industry burns, emissions of them, and the same beside the published inventories."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from footprint_data import (
    CHEMISTRY,
    INDUSTRY,
    energy_frame,
    set_amount,
)

from yrb_carbon.errors import DataError
from yrb_carbon.footprint.industry import (
    BOUGHT,
    COAL,
    NON_ENERGY,
    PLANTS,
    EnergyOptions,
    calc_coal_share,
    calc_fuel_burned,
    calc_industrial_emissions,
    calc_inventory_emissions,
    compare_totals,
    load_complete_factors,
    sum_amounts,
)
from yrb_carbon.indices.emissions import calc_emission_factors, load_emission_factors
from yrb_carbon.sources.ceads_sheets import FUELS

CLOSE = 1e-12
"""Sums of some hundred doubles in another order."""

CELL = {"province": "14", "year": 2004}


def one(frame: pd.DataFrame, **cell: object) -> float:
    """Sum of the amounts of some cells, by plain comparison."""
    chosen = np.logical_and.reduce(
        [frame[k].isin(v) if isinstance(v, tuple) else frame[k].eq(v) for k, v in cell.items()]
    )
    return float(frame.loc[chosen, "amount"].sum())


def test_industry_is_mining_manufacturing_and_utilities():
    assert len(INDUSTRY) == 39
    assert {"coal_mining", "power_heat", "water_supply", "ferrous_smelting"} <= set(INDUSTRY)
    outside = {"farming", "logging", "construction", "transport", "urban", "rural"}
    assert not outside & set(INDUSTRY)
    assert CHEMISTRY == ("chemicals", "medicines", "chemical_fibre", "rubber", "plastics")


def test_raw_materials_of_the_chemical_industry_are_not_burned():
    energy = energy_frame()
    burned = calc_fuel_burned(energy, INDUSTRY, CHEMISTRY)
    light = one(energy, item=tuple(s for s in INDUSTRY if s not in CHEMISTRY), fuel="coke", **CELL)
    heavy = one(energy, item=CHEMISTRY, fuel="coke", **CELL)
    raw = one(energy, item=NON_ENERGY, fuel="coke", **CELL)
    assert 0 < raw < heavy
    assert burned.loc[("14", 2004), "coke"] == pytest.approx(light + heavy - raw, rel=CLOSE)
    everything = calc_fuel_burned(
        energy, INDUSTRY, CHEMISTRY, non_energy="burn", other_petroleum="burn"
    )
    assert everything.loc[("14", 2004), "coke"] == pytest.approx(light + heavy, rel=CLOSE)
    assert (burned["other_petroleum"] == 0).all()
    assert (everything["other_petroleum"] > 0).all()


def test_raw_materials_beyond_the_chemical_industry_are_taken_from_nobody():
    energy = set_amount(energy_frame(), 1e6, item=NON_ENERGY, fuel="diesel", **CELL)
    burned = calc_fuel_burned(energy, INDUSTRY, CHEMISTRY)
    light = one(
        energy, item=tuple(s for s in INDUSTRY if s not in CHEMISTRY), fuel="diesel", **CELL
    )
    assert burned.loc[("14", 2004), "diesel"] == pytest.approx(light, rel=CLOSE)


def test_a_province_without_report_stays_missing():
    energy = energy_frame()
    chosen = energy["province"].eq("14") & energy["year"].eq(2004)
    energy = energy.assign(amount=energy["amount"].mask(chosen))
    factors, _ = load_complete_factors("ceads")
    for options in (EnergyOptions(), EnergyOptions(allocation="consumption")):
        by_fuel = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY, options).by_fuel
        assert by_fuel.loc[("14", 2004)].isna().all()
        assert by_fuel.drop(("14", 2004)).notna().all(axis=None)


def test_a_sum_with_a_missing_part_is_missing():
    energy = energy_frame()
    cell = {**CELL, "item": "paper", "fuel": "coke"}
    gap = np.logical_and.reduce([energy[name].eq(value) for name, value in cell.items()])
    sums = sum_amounts(energy.assign(amount=energy["amount"].mask(gap)), INDUSTRY, FUELS)
    assert np.isnan(sums.loc[("14", 2004), "coke"])
    assert sums.isna().to_numpy().sum() == 1


def test_emissions_by_hand():
    energy = energy_frame()
    factors, borrowed = load_complete_factors("ceads")
    assert borrowed == ()
    made = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY)
    per_unit = calc_emission_factors(factors)
    plants = one(energy, item=PLANTS, fuel="raw_coal", **CELL) * per_unit["raw_coal"]
    assert made.power.loc[("14", 2004), "raw_coal"] == pytest.approx(plants, rel=CLOSE)
    own = calc_fuel_burned(energy, INDUSTRY, CHEMISTRY).loc[("14", 2004), "raw_coal"]
    whole = made.by_fuel.loc[("14", 2004), "raw_coal"]
    assert whole == pytest.approx(own * per_unit["raw_coal"] + plants, rel=CLOSE)
    assert list(made.by_fuel.columns) == list(FUELS)
    assert made.negative == ()


def test_consumption_counts_electricity_and_heat_and_no_plants():
    energy = energy_frame()
    factors, _ = load_complete_factors("ceads")
    options = EnergyOptions(allocation="consumption", grid_factor=0.6, heat_factor=0.1)
    made = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY, options)
    # 10^8 kWh x 0.6 t/MWh = 0.06 Mt; 10^10 kJ x 0.1 t/GJ = 0.001 Mt
    for fuel, per_amount in (("electricity", 0.06), ("heat", 0.001)):
        used = one(energy, item=INDUSTRY, fuel=fuel, **CELL)
        assert made.power.loc[("14", 2004), fuel] == pytest.approx(used * per_amount, rel=CLOSE)
    assert list(made.by_fuel.columns) == [*FUELS, *BOUGHT]
    generation = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY)
    pd.testing.assert_frame_equal(made.own, generation.own)


@pytest.mark.parametrize("allocation", ["generation", "consumption"])
def test_scopes_add_up(allocation):
    energy = energy_frame()
    factors, _ = load_complete_factors("gbt2589")
    parts = [
        calc_industrial_emissions(
            energy, factors, INDUSTRY, CHEMISTRY,
            EnergyOptions(industry=industry, power=power, allocation=allocation),
        ).by_fuel
        for industry, power in ((True, False), (False, True), (True, True))
    ]  # fmt: skip
    np.testing.assert_allclose(parts[0] + parts[1], parts[2], rtol=CLOSE)
    assert (parts[0].sum(axis=1) > 0).all()
    assert (parts[1].sum(axis=1) > 0).all()


def test_inputs_below_zero_count_as_zero_and_are_told():
    energy = set_amount(energy_frame(), -500.0, item="heating_supply", fuel="fuel_oil", **CELL)
    factors, _ = load_complete_factors("ceads")
    made = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY)
    assert made.power.loc[("14", 2004), "fuel_oil"] == 0
    ((province, year, fuel, amount),) = made.negative
    assert (province, year, fuel) == ("14", 2004, "fuel_oil")
    assert amount < -400
    bought = set_amount(energy_frame(), -7.0, item="chemicals", fuel="electricity", **CELL)
    options = EnergyOptions(allocation="consumption", grid_factor=1.0)
    made = calc_industrial_emissions(bought, factors, INDUSTRY, CHEMISTRY, options)
    assert made.negative == (("14", 2004, "electricity", -7.0),)
    used = one(bought, item=INDUSTRY, fuel="electricity", **CELL) + 7.0
    assert made.power.loc[("14", 2004), "electricity"] == pytest.approx(used * 0.1, rel=CLOSE)


def test_fuel_of_a_sector_below_zero_is_refused():
    energy = set_amount(energy_frame(), -1.0, item="paper", fuel="coke", **CELL)
    with pytest.raises(DataError, match=r"fuel used is negative: 2004 14 paper coke -1"):
        calc_fuel_burned(energy, INDUSTRY, CHEMISTRY)


def test_items_fuels_and_factors_that_are_not_there_are_named():
    energy = energy_frame()
    with pytest.raises(DataError, match="no item steel in the energy inventories"):
        sum_amounts(energy, ["steel"], FUELS)
    with pytest.raises(DataError, match="no fuel wood in the energy inventories"):
        sum_amounts(energy, ["paper"], ["wood"])
    with pytest.raises(DataError, match="no emission factor for the fuels cleaned_coal"):
        calc_industrial_emissions(energy, load_emission_factors("gbt2589"), INDUSTRY, CHEMISTRY)


def test_a_set_of_ten_fuels_is_completed_and_says_so():
    factors, borrowed = load_complete_factors("gbt2589")
    assert len(borrowed) == 7
    assert list(factors.index) == list(FUELS)
    own, full = load_emission_factors("gbt2589"), load_emission_factors("ceads")
    for fuel in FUELS:
        source = full if fuel in borrowed else own
        assert factors.loc[fuel, "ncv"] == source.loc[fuel, "ncv"]


def test_published_emissions_stand_beside_the_computed():
    energy = energy_frame()
    factors, _ = load_complete_factors("ceads")
    made = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY).by_fuel
    index = pd.MultiIndex.from_product(
        [[2004], ["11", "14"], [*INDUSTRY, "urban"], [*FUELS, "process"]],
        names=["year", "province", "sector", "fuel"],
    )
    inventory = pd.DataFrame({"co2": 2.0}, index=index).reset_index()
    published = calc_inventory_emissions(inventory, INDUSTRY)
    beside = compare_totals(made, published)
    assert beside.index.tolist() == [("11", 2004), ("14", 2004)]
    wanted = 2.0 * len(INDUSTRY) * len(FUELS)
    assert (beside["published"] == wanted).all()
    total = float(made.loc[("14", 2004)].sum())
    row = beside.loc[("14", 2004)]
    assert row["difference"] == pytest.approx(total - wanted, rel=CLOSE)
    assert row["ratio"] == pytest.approx(total / wanted, rel=CLOSE)


def test_share_of_coal():
    frame = pd.DataFrame([[1.0] * len(FUELS), [0.0] * len(FUELS)], columns=list(FUELS))
    found = calc_coal_share(frame)
    assert found[0] == pytest.approx(len(COAL) / len(FUELS), rel=CLOSE)
    assert np.isnan(found[1])


def test_order_of_rows_does_not_matter():
    energy = energy_frame()
    factors, _ = load_complete_factors("ceads")
    plain = calc_industrial_emissions(energy, factors, INDUSTRY, CHEMISTRY).by_fuel
    mixed = calc_industrial_emissions(
        energy.sample(frac=1.0, random_state=3), factors, INDUSTRY, CHEMISTRY
    ).by_fuel
    pd.testing.assert_frame_equal(plain, mixed, rtol=CLOSE)
