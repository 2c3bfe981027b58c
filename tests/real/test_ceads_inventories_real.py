"""Provincial inventories as published: every workbook, every printed sum, what was not reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.embodied.emissions import (
    calc_emissions_from_energy,
    calc_fuel_emissions,
    calc_implied_factors,
    calc_shares,
    compare_emissions,
)
from yrb_carbon.indices.emissions import load_emission_factors
from yrb_carbon.sources.ceads_energy import FINAL, TRANSFORMATION, read_ceads_energies
from yrb_carbon.sources.ceads_inventory import (
    BOUGHT,
    COLUMNS,
    PROCESS,
    read_ceads_inventories,
)
from yrb_carbon.sources.ceads_sheets import FUELS, NEIGHBOUR_FACTOR
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.provinces import load_provinces

pytestmark = [pytest.mark.real, pytest.mark.slow]

EMISSION_YEARS = (*range(1997, 2018), 2019)
ENERGY_YEARS = tuple(year for year in EMISSION_YEARS if year != 2014)
UNREPORTED = ((2000, "64"), (2001, "64"), (2002, "46"), (2002, "64"))
"""Ningxia 2000 to 2002 and Hainan 2002, in the emission and in the energy inventories."""

NATIONAL = {1997: 2935.9, 2012: 9742.7, 2015: 9831.6, 2017: 10171.2, 2019: 10864.4}
"""Mt CO2, sum of the printed totals of 30 provinces read cell by cell with another program."""

MINING_CO2 = {2012: 389.0308, 2015: 349.9238, 2017: 319.7738}
"""Mt CO2 of energy in the six mining sectors, from an independent reading."""

MINING_BY_FUEL = {
    "raw_coal": (280.8817, 232.7000, 214.1297),
    "natural_gas": (37.6575, 38.2485, 36.5391),
    "diesel": (24.0212, 21.6743, 15.5362),
    "coke": (10.3227, 8.8306, 7.6842),
    "other_washed_coal": (9.9596, 22.3757, 28.1447),
    "cleaned_coal": (5.2957, 5.4452, 1.8756),
    "other_petroleum": (0.0, 0.0, 0.0),
}
"""Mt CO2 in 2012, 2015 and 2017, read cell by cell with another program, to four decimals."""

COMPUTED_RATIO = {2012: 1.1092, 2015: 1.1060, 2017: 1.1094}
"""Emissions of mining from fuels burned with the rounded factors of the project over those of the
inventories, whose oxidation of coal in mining is 0.81 where the rounded average is 0.92."""

SAME_FACTOR = 1e-12
"""Relative; the inventories multiply fuel with one factor for all provinces and years."""

SUMS = 1e-12
"""Relative, and in Mt for zeros; published sums are those of spreadsheets over these doubles."""


def workbooks(folder: Path) -> list[Path]:
    return sorted(folder.glob("*.xlsx"))


@pytest.fixture(scope="module")
def emissions(data_root):
    return read_ceads_inventories(workbooks(data_root / "ceads_province_emissions"))


@pytest.fixture(scope="module")
def energy(data_root):
    return read_ceads_energies(workbooks(data_root / "ceads_province_energy"))


def test_every_workbook_has_30_provinces_47_sectors_and_21_columns(emissions):
    assert emissions.years == EMISSION_YEARS
    assert len(emissions.records) == 22
    frame = emissions.frame
    assert set(frame["province"]) == set(load_provinces().codes) - {"54"}
    assert set(frame["sector"]) == set(load_concordance().inventory.index)
    assert set(frame["fuel"]) == set(COLUMNS)
    sizes = frame.groupby(["year", "province"]).size()
    assert len(sizes) == 22 * 30
    assert (sizes == 47 * 21).all()
    assert not frame.duplicated(["year", "province", "sector", "fuel"]).any()
    assert (frame["co2"].dropna() >= 0).all()


def test_printed_sums_are_those_of_their_parts_without_exception(emissions):
    assert emissions.misfits.empty
    emissions.require_sums()
    # once more by plain sums of the tidy frame
    keys = ["year", "province", "fuel"]
    over_sectors = emissions.frame.groupby(keys)["co2"].sum()
    printed = emissions.printed.query("sector == 'total' and fuel != 'total'").set_index(keys)[
        "co2"
    ]
    assert len(printed) == 22 * 30 * 21
    np.testing.assert_allclose(
        over_sectors.loc[printed.index], printed.fillna(0.0), rtol=SUMS, atol=SUMS
    )
    burned = emissions.frame[~emissions.frame["fuel"].isin(list(BOUGHT))]
    keys = ["year", "province", "sector"]
    over_fuels = burned.groupby(keys)["co2"].sum()
    printed = emissions.printed.query("sector != 'total' and fuel == 'total'").set_index(keys)[
        "co2"
    ]
    np.testing.assert_allclose(over_fuels.loc[printed.index], printed, rtol=SUMS, atol=SUMS)


def test_national_sums(emissions):
    totals = emissions.printed.query("sector == 'total' and fuel == 'total'")
    by_year = totals.groupby("year")["co2"].sum()
    for year, value in NATIONAL.items():
        assert by_year[year] == pytest.approx(value, abs=0.05)


def test_what_was_not_reported_is_missing_in_both(emissions, energy):
    assert emissions.unreported == energy.unreported == UNREPORTED
    absent = emissions.frame[emissions.frame["co2"].isna()]
    assert set(zip(absent["year"], absent["province"], strict=True)) == set(UNREPORTED)
    assert set(absent["fuel"]) == set(FUELS)
    assert len(absent) == 4 * 47 * 17
    assert (
        len(energy.frame[energy.frame["amount"].isna()]) == 4 * energy.frame["item"].nunique() * 20
    )


def test_nothing_is_bought_and_only_cement_has_a_process(emissions):
    frame = emissions.frame
    assert (frame.loc[frame["fuel"].isin(list(BOUGHT)), "co2"].dropna() == 0).all()
    process = frame[frame["fuel"].eq(PROCESS) & (frame["co2"] > 0)]
    assert set(process["sector"]) == {"nonmetal_products"}


def test_no_province_jumps_as_units_do(emissions):
    totals = emissions.frame[emissions.frame["fuel"].isin(list(FUELS))]
    wide = totals.groupby(["year", "province"])["co2"].sum(min_count=1).unstack("province")
    ratio = (wide / wide.ffill().shift()).stack().dropna()
    assert ratio.max() < NEIGHBOUR_FACTOR / 1.5
    assert ratio.min() > 1.5 / NEIGHBOUR_FACTOR


def test_energy_has_its_years_and_sums(energy):
    assert energy.years == ENERGY_YEARS
    assert energy.misfits.empty
    finals = energy.printed[energy.printed["item"].isin([FINAL, TRANSFORMATION])]
    assert len(finals) == 21 * 30 * 20 * 2
    assert set(energy.frame["province"]) == set(load_provinces().codes) - {"54"}


def test_column_and_row_dialects_of_2017_are_one(emissions):
    own = emissions.frame.query("year == 2017")
    assert own.groupby("province").size().nunique() == 1
    shaanxi = own.query("province == '61' and sector == 'coal_mining'")
    assert pd.notna(shaanxi["co2"]).all()
    assert shaanxi["co2"].sum() > 0


def test_mining_emissions_fall_with_raw_coal_first(emissions):
    mining = load_concordance().mining
    by_fuel = calc_fuel_emissions(emissions.frame, mining)
    years = list(MINING_CO2)
    totals = by_fuel.sum(axis=1, skipna=False)
    for year, wanted in MINING_CO2.items():
        assert totals[year] == pytest.approx(wanted, abs=5e-5)
    assert totals[2012] > totals[2015] > totals[2017]
    assert (by_fuel.loc[years].idxmax(axis=1) == "raw_coal").all()
    for fuel, values in MINING_BY_FUEL.items():
        assert by_fuel.loc[years, fuel].tolist() == pytest.approx(values, abs=5e-5)
    shares = calc_shares(by_fuel)["raw_coal"]
    assert shares[years].tolist() == pytest.approx([0.7220, 0.6650, 0.6696], abs=5e-5)
    assert totals[[2000, 2001, 2002]].isna().all()


def test_the_total_of_mining_is_its_energy(emissions):
    mining = load_concordance().mining
    own = emissions.printed[emissions.printed["sector"].isin(mining)]
    printed = own.query("fuel == 'total'").groupby("year")["co2"].sum()
    by_fuel = calc_fuel_emissions(emissions.frame, mining).sum(axis=1, skipna=False).dropna()
    np.testing.assert_allclose(by_fuel, printed.loc[by_fuel.index], rtol=SUMS)


def test_emissions_of_mining_are_its_fuels_times_one_factor_each(emissions, energy):
    implied = calc_implied_factors(energy.frame, emissions.frame, load_concordance().mining)
    assert (implied["cells"] > 100).all()
    assert (implied["unburned"].dropna() == 0).all()
    np.testing.assert_allclose(implied["high"], implied["low"], rtol=SAME_FACTOR)
    assert implied.loc["other_petroleum", "high"] == 0
    assert implied["median"].drop("other_petroleum").min() > 0


def test_emissions_from_energy_with_rounded_factors_are_a_tenth_larger(emissions, energy):
    own = energy.frame[energy.frame["year"].isin(list(COMPUTED_RATIO))]
    factors = load_emission_factors("ceads")
    computed = calc_emissions_from_energy(own, factors, load_concordance().mining)
    beside = compare_emissions(computed, emissions.frame).set_index(["year", "fuel"])
    for year, ratio in COMPUTED_RATIO.items():
        assert beside.loc[(year, "total"), "ratio"] == pytest.approx(ratio, abs=5e-5)
        assert beside.loc[year]["computed"].drop("total").idxmax() == "raw_coal"
    falling = beside.xs("total", level="fuel")["computed"]
    assert falling[2012] > falling[2015] > falling[2017]
