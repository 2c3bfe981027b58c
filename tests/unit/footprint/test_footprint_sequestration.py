"""Absorption factors, shares of land types in the uptake, factors of global hectares."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from footprint_data import cells

from yrb_carbon.errors import DataError
from yrb_carbon.footprint.sequestration import (
    calc_mean_uptake,
    calc_uptake_factors,
    calc_uptake_shares,
    load_land_factors,
    load_sequestration_factors,
    require_land_types,
)

CLOSE = 1e-12
INDEX = cells(["11", "14"], [2001, 2002])
TYPES = ["forest", "grassland"]
AREAS = pd.DataFrame([[10.0, 30.0], [12.0, 28.0], [50.0, 100.0], [60.0, 90.0]], INDEX, TYPES)


def test_printed_factors_and_shares():
    table = load_sequestration_factors("xie2008")
    assert table.loc["forest"].tolist() == [3.8096, 0.8272]
    assert table.loc["grassland"].tolist() == [0.9482, 0.1728]
    other = load_sequestration_factors("landuse")
    assert other["factor"].to_dict() == {"forest": 0.644, "grassland": 0.021, "water": 0.253}
    assert other["share"].isna().all()


def test_factors_of_a_set_are_the_same_everywhere():
    found = calc_uptake_factors(INDEX, TYPES, "xie2008")
    assert found.index.equals(INDEX)
    assert (found == [3.8096, 0.9482]).all(axis=None)


def test_productivity_of_the_province_is_that_of_all_its_land():
    npp = pd.Series([400.0, 410.0, 500.0, 510.0], INDEX)
    found = calc_uptake_factors(INDEX, TYPES, "province_npp", npp)
    assert found.loc[("14", 2002)].tolist() == pytest.approx([5.1, 5.1], rel=CLOSE)
    with pytest.raises(DataError, match="NPP is missing or not positive: province and year 14"):
        calc_uptake_factors(INDEX, TYPES, "province_npp", npp.mask(npp == 500.0))
    with pytest.raises(DataError, match="needs the NPP of the provinces"):
        calc_uptake_factors(INDEX, TYPES, "province_npp")


@pytest.mark.parametrize("mode", ["set", "national", "province"])
def test_shares_sum_to_one(mode):
    factors = calc_uptake_factors(INDEX, TYPES, "xie2008")
    printed = load_sequestration_factors("xie2008")["share"]
    shares = calc_uptake_shares(AREAS, factors, mode, printed)
    np.testing.assert_allclose(shares.sum(axis=1), 1.0, rtol=CLOSE)


def test_shares_of_country_and_province_by_hand():
    factors = calc_uptake_factors(INDEX, TYPES, "xie2008")
    national = calc_uptake_shares(AREAS, factors, "national")
    forest, grass = 3.8096 * (10 + 50), 0.9482 * (30 + 100)
    for province in ("11", "14"):
        wanted = forest / (forest + grass)
        assert national.loc[(province, 2001), "forest"] == pytest.approx(wanted, rel=CLOSE)
    own = calc_uptake_shares(AREAS, factors, "province")
    wanted = 3.8096 * 12 / (3.8096 * 12 + 0.9482 * 28)
    assert own.loc[("11", 2002), "forest"] == pytest.approx(wanted, rel=CLOSE)


def test_shares_of_the_province_press_all_its_land_alike():
    factors = calc_uptake_factors(INDEX, TYPES, "xie2008")
    shares = calc_uptake_shares(AREAS, factors, "province")
    pressure = shares / factors / AREAS
    np.testing.assert_allclose(pressure["forest"], pressure["grassland"], rtol=CLOSE)


def test_printed_shares_are_scaled_to_the_land_types():
    factors = calc_uptake_factors(INDEX, ["forest"], "xie2008")
    printed = load_sequestration_factors("xie2008")["share"]
    shares = calc_uptake_shares(AREAS[["forest"]], factors, "set", printed)
    assert (shares["forest"] == 1.0).all()


def test_mean_uptake_of_a_single_account():
    factors = calc_uptake_factors(INDEX, TYPES, "xie2008")
    printed = load_sequestration_factors("xie2008")["share"]
    shares = calc_uptake_shares(AREAS, factors, "set", printed)
    mean = calc_mean_uptake(factors, shares, "set")
    # Xie et al. (2008): 82.72 % of 3.8096 and 17.28 % of 0.9482
    assert mean.tolist() == pytest.approx([3.31515008] * 4, abs=5e-9)
    local = calc_uptake_shares(AREAS, factors, "province")
    own = calc_mean_uptake(factors, local, "province")
    assert own[("11", 2001)] == pytest.approx((10 * 3.8096 + 30 * 0.9482) / 40, rel=CLOSE)
    common = calc_uptake_shares(AREAS, factors, "national")
    national = calc_mean_uptake(factors, common, "national")
    wanted = (60 * 3.8096 + 130 * 0.9482) / 190
    assert national[("14", 2001)] == pytest.approx(wanted, rel=CLOSE)
    # a province that takes up the same on all its land does so whatever the country's shares are
    npp = pd.Series([300.0, 310.0, 500.0, 520.0], INDEX)
    alike = calc_uptake_factors(INDEX, TYPES, "province_npp", npp)
    mean = calc_mean_uptake(alike, calc_uptake_shares(AREAS, alike, "national"), "national")
    assert mean.tolist() == pytest.approx([3.0, 3.1, 5.0, 5.2], rel=CLOSE)


def test_land_types_without_factor_or_share_are_refused():
    with pytest.raises(DataError, match="no absorption factor for cropland in the set 'landuse'"):
        calc_uptake_factors(INDEX, ["forest", "cropland"], "landuse")
    factors = calc_uptake_factors(INDEX, TYPES, "landuse")
    printed = load_sequestration_factors("landuse")["share"]
    with pytest.raises(DataError, match=r"no share for forest, grassland.*footprint\.shares"):
        calc_uptake_shares(AREAS, factors, "set", printed)
    with pytest.raises(DataError, match="no yield factor for tundra; there are forest"):
        require_land_types(["forest"], ["tundra"], "yield factor")
    none = AREAS * 0.0
    with pytest.raises(DataError, match="no land that takes up carbon: province and year 11 2001"):
        calc_uptake_shares(none, factors, "province")


def test_factors_of_global_hectares_are_read():
    table = load_land_factors()
    assert table.loc["forest"].tolist() == [1.1, 0.91]
    assert set(table.index) == {"forest", "grassland", "cropland", "water"}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("set,land_type\na,forest\n", "columns .* found"),
        (
            "set,land_type,factor,share,unit,source\nx,forest,2,0.5,t,s\n",
            "shares of 'x' add up to 0.5",
        ),
        (
            "set,land_type,factor,share,unit,source\nx,forest,-2,1,t,s\n",
            "its factor above zero",
        ),
        ("set,land_type,factor,share,unit,source\ny,forest,2,1,t,s\n", "allowed landuse, y"),
    ],
)
def test_a_faulty_table_of_factors_is_refused(tmp_path: Path, text, message):
    file = tmp_path / "factors.csv"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match=message):
        load_sequestration_factors("x", file)


def test_a_missing_table_is_named(tmp_path: Path):
    with pytest.raises(DataError, match=r"none\.csv: the file cannot be read"):
        load_land_factors(tmp_path / "none.csv")
