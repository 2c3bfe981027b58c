from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.indices.emissions import (
    FACTORS_FILE,
    calc_emission_factors,
    calc_ipcc_emissions,
    load_emission_factors,
)

# The published column has four decimals, from factors with three to five digits.
PUBLISHED_TOLERANCE = 2e-4
# Calorific values of the CEADs set have two digits: 0.43 may stand for 0.418.
SETS_DIFFER = 0.04
KG_PER_KG = 100.0  # Mt per 10^4 t
KG_PER_M3 = 10.0  # Mt per 10^8 m3


def test_gbt2589_reproduces_the_published_factors():
    """NCV * CC * O * 44/12 against the printed kg CO2 per kg (per m3 for gas), ten fuels."""
    factors = load_emission_factors("gbt2589")
    assert len(factors) == 10
    scale = factors["activity_unit"].map({"10^4 t": KG_PER_KG, "10^8 m3": KG_PER_M3})
    ours = calc_emission_factors(factors) * scale
    np.testing.assert_allclose(ours, factors["published_kg_co2"], rtol=0, atol=PUBLISHED_TOLERANCE)


def test_ceads_and_gbt2589_measure_the_same_fuels():
    """Two sets for one thing differ by their rounding, and refinery gas by its carbon content."""
    assert len(load_emission_factors("ceads")) == 17
    own, other = (
        calc_emission_factors(load_emission_factors(name)) for name in ("ceads", "gbt2589")
    )
    shared = own.index.intersection(other.index)
    assert len(shared) == 10
    ratio = own[shared] / other[shared]
    assert ratio.drop("refinery_gas").between(1 - SETS_DIFFER, 1 + SETS_DIFFER).all()
    assert ratio["refinery_gas"] == pytest.approx(20.0 / 18.2, rel=SETS_DIFFER)


# Published effective factors of CEADs inventories (emissions over energy of the same sector, 2007
# and 2012): Mt CO2 per 10^4 t or 10^8 m3. Oil and gas use one oxidation in every sector.
CEADS_EFFECTIVE = {
    "gasoline": 0.029267,
    "kerosene": 0.030351,
    "diesel": 0.030938,
    "lpg": 0.031309,
    "refinery_gas": 0.033413,
    "natural_gas": 0.216073,
    "coke_oven_gas": 0.115297,
    "other_gas": 0.059593,
    "coke": 0.028766,
    "other_coking_products": 0.025158,
    "crude_oil": 0.030031,
    "fuel_oil": 0.031683,
}


@pytest.mark.parametrize("fuel", CEADS_EFFECTIVE)
def test_ceads_factors_agree_with_the_inventories(fuel: str):
    """Calorific values with two digits carry up to 4 % of rounding."""
    ours = calc_emission_factors(load_emission_factors("ceads"))[fuel]
    assert ours == pytest.approx(CEADS_EFFECTIVE[fuel], rel=SETS_DIFFER)


def test_emissions_of_a_million_tonnes_of_raw_coal():
    """100 x 10^4 t at 20908 kJ/kg, 26.37 tC/TJ, 0.94: 1.9003 t CO2 a tonne."""
    activity = pd.DataFrame({"raw_coal": [100.0], "natural_gas": [0.0]})
    emissions = calc_ipcc_emissions(activity, load_emission_factors("gbt2589"))
    assert emissions[0] == pytest.approx(1.9003, abs=PUBLISHED_TOLERANCE)


def test_order_of_fuels_changes_no_bit():
    factors = load_emission_factors("ceads")
    amounts = np.random.default_rng(7).uniform(0, 1000, (5, len(factors)))
    activity = pd.DataFrame(amounts, columns=factors.index)
    turned = activity[activity.columns[::-1]]
    one, other = (calc_ipcc_emissions(table, factors) for table in (activity, turned))
    assert (one == other).all()


@pytest.mark.parametrize(
    ("activity", "words"),
    [
        ({"peat": [1.0]}, "no emission factor for fuel 'peat'"),
        ({"coke": [-1.0]}, "missing or negative"),
        ({"coke": [np.nan]}, "missing or negative"),
    ],
)
def test_bad_activity_is_refused(activity: dict[str, list[float]], words: str):
    with pytest.raises(DataError, match=words):
        calc_ipcc_emissions(pd.DataFrame(activity), load_emission_factors("ceads"))


def test_unknown_set_is_refused():
    with pytest.raises(DataError, match=r"'ipcc'; allowed \['ceads', 'gbt2589'\]"):
        load_emission_factors("ipcc")


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("kJ/m3", "kcal/m3", "unknown unit of ncv"),
        ("oxidation", "oxidised", "wanted"),
        ("26.37,0.94", "26.37,94", "oxidation in"),
        ("gbt2589,coke", "gbt2589,raw_coal", "fuel twice"),
    ],
)
def test_bad_factor_file_is_refused(tmp_path: Path, old: str, new: str, words: str):
    text = FACTORS_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "factors.csv"
    path.write_text(text.replace(old, new), encoding="utf-8")
    with pytest.raises(DataError, match=words):
        load_emission_factors("gbt2589", path)
