"""Provincial series of the demonstration: read by their readers, consistent, moving inland."""

from __future__ import annotations

import pandas as pd
import pytest

from yrb_carbon.demo.generate import DEFAULT_SEED
from yrb_carbon.demo.macro import calc_gdp, calc_people
from yrb_carbon.demo.mrio_model import PROCESS, make_emissions, make_table
from yrb_carbon.demo.mrio_parameters import MRIO_YEARS
from yrb_carbon.demo.provincial import (
    ENERGY_FILES,
    INDUSTRY_FILE,
    LAND_FILE,
    LAST_INVENTORY_FILE,
    POWER_HEAT,
    make_yearly_emissions,
    write_energy_inventory,
    write_industry,
    write_provincial_land,
)
from yrb_carbon.demo.provincial_parameters import ENERGY_YEARS, LAST_INVENTORY
from yrb_carbon.indices.emissions import calc_emission_factors, load_emission_factors
from yrb_carbon.sources.ceads_energy import read_ceads_energy
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.provinces import load_provinces

WRITTEN = 5e-6
"""Amounts have two decimals: a hundred provinces and sectors of half a hundredth of 10^4 t, against
thousands of Mt."""
EXACT = 1e-12
AREA_ROUNDING = 1e-4
"""Seventeen classes with six decimals, km2."""


@pytest.fixture(scope="module")
def provinces():
    return load_provinces()


@pytest.fixture(scope="module")
def anchors():
    concordance = load_concordance()
    return {
        year: make_emissions(make_table(year, DEFAULT_SEED), concordance, DEFAULT_SEED)
        for year in MRIO_YEARS
    }


@pytest.mark.parametrize("year", [2008, 2019])
def test_amounts_times_factors_are_the_emissions(year, anchors, provinces, tmp_path):
    emissions = make_yearly_emissions(anchors, year, provinces)
    path = tmp_path / ENERGY_FILES[year]
    write_energy_inventory(path, year, emissions, provinces, load_concordance())
    read = read_ceads_energy(path)
    assert read.years == (year,)
    assert len(read.provinces) == 30
    assert read.misfits.empty
    per_unit = calc_emission_factors(load_emission_factors("ceads"))
    frame = read.frame[read.frame["fuel"].isin(per_unit.index)]
    co2 = frame["amount"] * frame["fuel"].map(per_unit)
    plants = frame["item"].isin(["thermal_power", "heating_supply"])
    sectors = frame["item"].isin(load_concordance().inventory.index)
    burnt = emissions.drop(columns=PROCESS)
    of_plants = burnt.xs(POWER_HEAT, level="sector").to_numpy().sum()
    assert co2[plants].sum() == pytest.approx(of_plants, rel=WRITTEN)
    assert co2[sectors].sum() == pytest.approx(burnt.to_numpy().sum() - of_plants, rel=WRITTEN)
    by_province = co2[plants | sectors].groupby(frame["province"]).sum()
    wanted = burnt.sum(axis=1).groupby("province").sum()
    assert by_province.to_numpy() == pytest.approx(wanted[by_province.index].to_numpy(), rel=1e-3)


def test_years_between_tables_lie_on_a_line(anchors, provinces):
    between = make_yearly_emissions(anchors, 2013, provinces)
    line = (2 * anchors[2012] + anchors[2015]) / 3
    pd.testing.assert_frame_equal(between, line, rtol=EXACT)
    for year in MRIO_YEARS:
        pd.testing.assert_frame_equal(
            make_yearly_emissions(anchors, year, provinces), anchors[year], rtol=EXACT
        )


def test_the_west_gains_before_and_after(anchors, provinces):
    def share(year):
        total = (
            make_yearly_emissions(anchors, year, provinces).sum(axis=1).groupby("province").sum()
        )
        west = provinces.frame["region"].reindex(total.index) == "west"
        return total[west].sum() / total.sum()

    assert share(2008) < share(2010) < share(2012)
    assert share(2017) < share(2019)


def test_years_are_wanting_as_in_the_published_set():
    assert 2014 not in ENERGY_YEARS
    assert 2018 not in ENERGY_YEARS
    assert str(LAST_INVENTORY) in LAST_INVENTORY_FILE


def test_industry_is_laid_out_as_published(provinces, tmp_path):
    path = tmp_path / INDUSTRY_FILE
    write_industry(path, provinces)
    frame = pd.read_csv(path, encoding="utf-8-sig")
    assert len(frame) == 30 * 24
    assert set(frame["所属地域"]) == {"东部", "中部", "西部"}
    codes = [provinces.code(name.strip()) for name in frame["地区"]]
    added = frame["工业增加值(亿元)"]
    assert all(
        added.to_numpy() < [calc_gdp(c, y) for c, y in zip(codes, frame["年份"], strict=True)]
    )


def test_land_adds_up_to_the_area(provinces, tmp_path):
    path = tmp_path / LAND_FILE
    write_provincial_land(path, provinces)
    frame = pd.read_csv(path, dtype={"province_id": str})
    classes = [column for column in frame if column.startswith("igbp")]
    assert frame[classes].sum(axis=1).to_numpy() == pytest.approx(
        frame["area_km2"].to_numpy(), abs=AREA_ROUNDING
    )
    assert (frame[classes] >= 0).all(axis=None)
    assert frame["province_id"].str[:2].nunique() == len(provinces)


def test_gdp_is_that_of_the_interregional_tables(demo, provinces):
    path = demo.folder / "final_data.1.3.4_did-Desktop.csv"
    frame = pd.read_csv(path)
    own = frame[(frame["year"] == 2012) & (frame["province"] == "Hebei")]
    assert own["gdp"].item() == pytest.approx(calc_gdp("13", 2012), abs=0.005)
    assert own["population"].item() == pytest.approx(calc_people("13", 2012), abs=0.005)
