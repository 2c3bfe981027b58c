"""Bookkeeping of an outcome that contains a mediator, on the merged panel of real units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.sources.boundaries import read_boundaries
from yrb_carbon.weights.build import build_weights
from yrb_carbon.weights.spec import WeightsSpec

pytestmark = pytest.mark.real

IDENTITY = 1e-10
"""Both fits maximise one function of ρ; effects are of the order of one."""
COLUMNS = ["edgar_co2_t", "overall_anpp", "area_km2", "va2_100m", "va3_100m", "gdp_100m"]


@pytest.fixture(scope="module")
def data(data_root):
    raw = pd.read_csv(data_root / "yrb_city_panel_real_2003_2018.csv", dtype={"adcode": str})
    raw = raw.rename(columns={"adcode": "unit"}).set_index(["unit", "year"])
    complete = raw[[*COLUMNS, "resident_pop_10k_interp"]].notna().all(axis=1)
    kept = complete.groupby(level="unit").transform("all")
    raw = raw[kept]
    emissions, sink = raw["edgar_co2_t"], raw["overall_anpp"]
    return pd.DataFrame(
        {
            "balance": np.log(sink / emissions),
            "emissions": -np.log(emissions),
            "x": raw["va2_100m"] / raw["gdp_100m"],
            "m1": np.log(raw["va3_100m"] / raw["resident_pop_10k_interp"]),
            "m3": np.log(sink / raw["area_km2"]),
            "wealth": np.log(raw["gdp_100m"]),
        }
    )


@pytest.mark.slow
def test_only_the_path_of_the_mediator_in_the_outcome_differs(data):
    units = data.index.get_level_values("unit").unique()
    weights = build_weights(
        read_boundaries(unit_ids=list(units)), WeightsSpec("queen", islands="nearest")
    )
    roles = {"treatment": "x", "mediators": ["m1", "m3"], "controls": ["wealth"]}
    whole, rest = (
        SpatialMediation(data, outcome=outcome, weights=weights.graph, **roles).fit()
        for outcome in ("balance", "emissions")
    )
    assert whole.n_units > 70
    for path in ("natural", "m1"):
        gap = whole.effect_matrix(path) - rest.effect_matrix(path)
        assert gap.abs().max().max() < IDENTITY
    own = whole.mediators["m3"].effect_matrix("x")
    assert own.abs().max().max() > 100 * IDENTITY
    gap = whole.effect_matrix("m3") - own - rest.effect_matrix("m3")
    assert gap.abs().max().max() < IDENTITY
