"""Industrial carbon footprint of 30 provinces, 2000 to 2021, from the real files."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import openpyxl
import pandas as pd
import pytest

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.footprint.accounts import MEASURES
from yrb_carbon.footprint.build import (
    FootprintInputs,
    StudiedFootprint,
    calc_studied_footprint,
    read_footprint_inputs,
)
from yrb_carbon.footprint.industry import (
    NON_ENERGY,
    PLANTS,
    chemical_sectors,
    industry_sectors,
    sum_amounts,
)
from yrb_carbon.footprint.rows import potential_rows
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.footprint import FootprintSection, ReductionPotentialTable
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.provinces import load_provinces

pytestmark = [pytest.mark.real, pytest.mark.slow]

ENERGY_YEARS = tuple(year for year in range(1999, 2020) if year not in (2014, 2018))
"""No file of 2014 and 2018; that of 1999 holds Ningxia's last report before 2003."""

SAME_FACTOR = 1e-9
"""Relative; the inventories multiply fuel with one factor for all provinces and years."""
CLOSE = 1e-9
"""Sums of some thousand doubles in another order."""
TENTH = 0.05
"""Half of the last digit of numbers kept to one decimal."""

EMISSIONS = {
    "east": {2000: 1230.6, 2010: 3404.2, 2019: 4121.1},
    "central": {2000: 767.1, 2010: 2074.3, 2019: 2289.4},
    "west": {2000: 544.6, 2010: 1747.0, 2019: 2679.0},
}
"""Mt CO2 of industry with its power plants, factors of the set ceads."""

RATIO_2019 = 1.0622
"""Computed over published emissions; the rounded factors take an oxidation of 0.92 for coal."""


@pytest.fixture(scope="module")
def section() -> FootprintSection:
    panels = "province_panels"
    return FootprintSection.model_validate(
        {
            "energy": {
                year: f"ceads_province_energy/省级能源清单_{year}.xlsx" for year in ENERGY_YEARS
            },
            "inventories": {
                year: f"ceads_province_emissions/{year}年30个省份排放清单.xlsx"
                for year in (*range(2000, 2018), 2019)
            },
            "economy": {"format": "gtmp", "path": f"{panels}/GTMP.csv"},
            "people": {
                "format": "province_panel",
                "path": f"{panels}/final_data.1.3.4_did-Desktop.csv",
            },
            "land": {
                "format": "province_land_cover",
                "path": f"{panels}/province_landcover_npp_2001_2020_mcd12q1.csv",
            },
        }
    )


@pytest.fixture(scope="module")
def inputs(section: FootprintSection, data_root: Path) -> FootprintInputs:
    every = {
        "sequestration": "province_npp", "shares": "national", "woody_savanna": "forest",
    }  # fmt: skip
    return read_footprint_inputs(section.model_copy(update=every), data_root)


@pytest.fixture(scope="module")
def found(section: FootprintSection, inputs: FootprintInputs) -> StudiedFootprint:
    return calc_studied_footprint(section, inputs)


@pytest.fixture(scope="module")
def regions() -> Mapping[str, tuple[str, ...]]:
    return load_provinces().grouped("region")


def region_of(regions: Mapping[str, tuple[str, ...]]) -> dict[str, str]:
    return {code: name for name, codes in regions.items() for code in codes}


def test_the_inventories_leave_out_raw_materials_of_the_chemical_industry(inputs):
    """One factor a fuel leads from max(chemical use - non-energy use, 0) to their emissions."""
    chemistry = chemical_sectors(load_concordance())
    fuels = [fuel for fuel in FUELS if fuel != "other_petroleum"]
    used = sum_amounts(inputs.energy, chemistry, fuels)
    burned = (used - sum_amounts(inputs.energy, [NON_ENERGY], fuels)).clip(lower=0.0)
    emitted = published(inputs, chemistry, fuels)
    factors = one_factor_each(burned, emitted)
    assert (emitted[burned == 0].fillna(0.0).abs() < SAME_FACTOR).all(axis=None)
    assert factors["raw_coal"] == pytest.approx(0.01695, abs=5e-6)


def test_the_inventories_count_plants_with_the_power_sector(inputs):
    """One factor a fuel leads from final use and the inputs of plants to its emissions."""
    fuels = [fuel for fuel in FUELS if fuel != "other_petroleum"]
    final = sum_amounts(inputs.energy, ["power_heat"], fuels)
    plants = sum_amounts(inputs.energy, PLANTS, fuels, signed=True)
    factors = one_factor_each(
        (final + plants).clip(lower=0.0), published(inputs, ["power_heat"], fuels)
    )
    assert factors["raw_coal"] == pytest.approx(0.01726, abs=5e-6)


def test_other_petroleum_products_burn_in_plants_alone(inputs):
    fuel = ["other_petroleum"]
    others = [s for s in industry_sectors(load_concordance()) if s != "power_heat"]
    assert (published(inputs, others, fuel).dropna() == 0).all(axis=None)
    plants = sum_amounts(inputs.energy, PLANTS, fuel, signed=True)
    emitted = published(inputs, ["power_heat"], fuel)
    both = emitted[emitted.index.isin(plants.index)]
    some = both[both["other_petroleum"] > 0]
    np.testing.assert_allclose(some / plants.loc[some.index], 0.0303318, rtol=1e-5)


def published(inputs: FootprintInputs, sectors: list[str], fuels: list[str]) -> pd.DataFrame:
    assert inputs.inventory is not None
    renamed = inputs.inventory.rename(columns={"sector": "item", "co2": "amount"})
    return sum_amounts(renamed, list(sectors), fuels)


def one_factor_each(burned: pd.DataFrame, emitted: pd.DataFrame) -> pd.Series:
    """Factor of each fuel, the same in all provinces and years."""
    cells = burned.index.intersection(emitted.index)
    ratios = (emitted.loc[cells] / burned.loc[cells]).where(burned.loc[cells] > 1e-6)
    middle = ratios.median()
    np.testing.assert_allclose(ratios.max(), middle, rtol=SAME_FACTOR)
    np.testing.assert_allclose(ratios.min(), middle, rtol=SAME_FACTOR)
    return middle


def test_one_province_read_cell_by_cell(found, data_root):
    """Shanxi 2012 with openpyxl and the factors as they stand in the file."""
    book = openpyxl.load_workbook(
        data_root / "ceads_province_energy" / "省级能源清单_2012.xlsx",
        read_only=True, data_only=True,
    )  # fmt: skip
    grid = [list(row) for row in book["Shanxi2012"].iter_rows(values_only=True)]
    label = [str(row[0]).strip() for row in grid]
    first, last = label.index("Coal Mining and Dressing"), label.index("Construction")
    rows = {
        "raw": range(label.index("Raw Chemical Materials and Chemical Products"),
                     label.index("Nonmetal Mineral Products")),
        "plants": (label.index("Thermal Power"), label.index("Heating Supply")),
    }  # fmt: skip
    logging = label.index("Logging and Transport of Wood and Bamboo")
    with (data_folder() / "emission_factors.csv").open(encoding="utf-8") as file:
        factors = [line for line in csv.DictReader(file) if line["set"] == "ceads"]
    total = 0.0
    for column, line in enumerate(factors, start=1):
        cell = [row[column] for row in grid]
        own = sum(cell[i] for i in range(first, last) if i not in rows["raw"] and i != logging)
        raw = max(sum(cell[i] for i in rows["raw"]) - cell[label.index("Non-Energy Use")], 0.0)
        burned = 0.0 if line["fuel"] == "other_petroleum" else own + raw
        burned += max(sum(cell[i] for i in rows["plants"]), 0.0)
        kt = float(line["ncv"]) * float(line["carbon_content"]) * float(line["oxidation"])
        total += burned * kt * 44 / 12 / 1000
    assert grid[0][1] == "Raw Coal"
    assert found.measures.loc[("14", 2012), "emissions"] == pytest.approx(total, rel=CLOSE)


def test_emissions_of_regions(found, regions):
    by_region = (
        found.measures["emissions"]
        .groupby([found.measures.index.get_level_values(0).map(region_of(regions)), "year"])
        .sum()
    )
    for region, wanted in EMISSIONS.items():
        for year, number in wanted.items():
            assert by_region[region, year] == pytest.approx(number, abs=TENTH)
    whole = by_region.groupby(level="year").sum()
    assert whole[2019] == pytest.approx(9089.5, abs=TENTH)
    shares = by_region[by_region.index.get_level_values("year") == 2019] / whole[2019]
    assert shares["west"].iloc[0] > 0.29 > 0.22


def test_computed_emissions_are_a_fifteenth_above_the_published(found):
    check = found.check.dropna()
    assert len(check) == 18 * 30 - 4
    sums = check.groupby(level="year")[["computed", "published"]].sum()
    ratio = sums["computed"] / sums["published"]
    assert ratio.between(1.062, 1.073).all()
    assert ratio[2019] == pytest.approx(RATIO_2019, abs=5e-5)
    assert check["ratio"].between(1.0, 1.09).all()
    assert check["ratio"].std() < 0.01


def test_what_was_filled_is_counted(found):
    state = found.emissions.state
    assert state.value_counts().to_dict() == {"reported": 536, "interpolated": 64, "held": 60}
    filled = state[state.ne("reported")].index.get_level_values("year")
    assert set(filled) == {2000, 2001, 2002, 2014, 2018, 2020, 2021}
    unreported = {("64", 2000), ("64", 2001), ("64", 2002), ("46", 2002)}
    assert set(state[state.eq("interpolated")].index) - unreported == {
        (code, year) for code in state.index.unique("province") for year in (2014, 2018)
    }
    assert len(found.negative) == 22
    lowest = min(found.negative, key=lambda cell: cell[3])
    assert lowest == ("64", 2004, "other_coking_products", pytest.approx(-748.73))


def test_identities_of_the_accounts(found):
    total = found.accounts.total
    assert len(total) == 30 * 22
    assert total[list(MEASURES)].notna().all(axis=None)
    assert (total["size"] <= total["capacity"] * (1 + CLOSE)).all()
    assert (total["depth"] >= 1).all()
    np.testing.assert_allclose(total["size"] + total["overshoot"], total["footprint"], rtol=CLOSE)


def test_one_account_gives_the_footprint_back(section, inputs):
    one = calc_studied_footprint(section.model_copy(update={"accounts": "one"}), inputs)
    total = one.accounts.total
    over = total["footprint"] > total["capacity"]
    assert 0.4 < over.mean() < 0.9
    np.testing.assert_allclose(total["footprint_3d"][over], total["footprint"][over], rtol=CLOSE)


def test_pressure_grows_and_unused_uptake_no_longer_makes_up_for_it(found, regions):
    whole = found.accounts.grouped(dict.fromkeys(found.measures.index.unique("province"), "all"))
    whole = whole.droplevel("group")
    assert whole.loc[2000, "pressure"] == pytest.approx(0.588, abs=5e-4)
    assert whole.loc[2019, "pressure"] == pytest.approx(2.102, abs=5e-4)
    covered = whole["uptake_unused"] / whole["uptake_overshoot"]
    assert (covered[2000], covered[2019]) == pytest.approx((0.953, 0.086), abs=5e-4)
    hectares = whole["surplus"] / whole["overshoot"]
    assert hectares[2004] > 1 > hectares[2005]
    over = found.measures["overshoot"].gt(0).groupby(level="year").sum()
    assert (over[2000], over[2019]) == (21, 29)
    beyond = found.measures["uptake_deficit"].gt(0).groupby(level="year").sum()
    assert (beyond[2000], beyond[2019]) == (15, 27)
    by_region = found.accounts.grouped(region_of(regions))["depth"].unstack("group")
    assert by_region.loc[2019, ["east", "central", "west"]].tolist() == pytest.approx(
        [8.222, 2.615, 1.404], abs=5e-4
    )


@pytest.mark.parametrize(
    "keys",
    [
        {"sequestration": "landuse", "shares": "national"},
        {"sequestration": "province_npp", "shares": "province"},
        {"shares": "province"},
        {"unit": "gha"},
        {"woody_savanna": "forest"},
        {"accounts": "one"},
        {"factors": "gbt2589"},
        {"power": "consumption"},
    ],
)
def test_pressure_is_largest_in_the_east_by_every_choice(section, inputs, regions, keys):
    other = calc_studied_footprint(section.model_copy(update=keys), inputs)
    pressure = other.accounts.grouped(region_of(regions))["pressure"].unstack("group").loc[2019]
    assert pressure.idxmax() == "east"
    assert pressure.idxmin() == "west"


def test_reduction_potential_of_regions(found, section, regions):
    table = ReductionPotentialTable(
        kind="reduction_potential", title={"en": "t", "zh": "表"}, years=(2019,)
    )
    key = TableKey(study="real", table="C6", sample="")
    rows = (
        potential_rows(table, found, section, regions, key, seed=1)
        .set_index(["model", "quantity", "equation", "term"])["estimate"]
        .sort_index()
    )
    index = rows["equity_efficiency", "mean"].xs("index", level="term")
    assert set(index.index) == set(regions)
    amounts = rows["overshoot", "value"].droplevel("term")
    assert amounts[list(regions)].idxmax() == "east"
    # every type of land must hold it: more than the overshoot of all types over their footprint
    shares = rows["overshoot", "share"].droplevel("term")
    assert shares[""] == pytest.approx(0.837, abs=5e-4)
    whole = found.measures.xs(2019, level="year")
    mean = (whole["overshoot"] / whole["footprint"] * whole["emissions"]).sum()
    assert amounts[""] > mean
    ranks = rows["equity_efficiency", "value"].xs("rank", level="term")
    assert set(ranks.nsmallest(4).index) == {"64", "15", "37", "12"}
