"""Contiguity and distances of the real units."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.sources.boundaries import read_boundaries
from yrb_carbon.weights.autocorrelation import calc_global_moran
from yrb_carbon.weights.build import SpatialWeights, build_weights
from yrb_carbon.weights.check import dense
from yrb_carbon.weights.spec import WeightsSpec

QUEEN_LINKS = 286
PUBLISHED_MEAN = 4.974
"""Mean neighbours of the 115 units, 2·286/115."""


@pytest.fixture(scope="module")
def set_a(cnmaps, repository) -> SpatialWeights:
    table = pd.read_csv(repository / "data" / "units.csv", dtype=str)
    return build_weights(
        cnmaps, WeightsSpec("queen"), unit_ids=table.loc[table["in_A"] == "1", "unit"]
    )


def test_queen_links_of_the_nine_provinces(cnmaps):
    facts = build_weights(cnmaps, WeightsSpec("queen")).facts
    assert facts.n_units == 115
    assert facts.n_links == 2 * QUEEN_LINKS
    assert facts.mean_neighbours == pytest.approx(PUBLISHED_MEAN, abs=5e-4)
    assert facts.islands == ()
    assert facts.n_components == 1


@pytest.mark.parametrize("simplify_m", [0, 2000])
def test_queen_links_do_not_depend_on_the_tolerance(cnmaps, simplify_m):
    units = [unit for unit in cnmaps.unit_ids if unit[:2] in ("14", "41", "61")]
    other = read_boundaries(unit_ids=units, simplify_m=simplify_m)
    one, two = (build_weights(b, WeightsSpec("queen"), unit_ids=units) for b in (cnmaps, other))
    assert one.facts.n_units == 39
    assert np.array_equal(one.matrix, two.matrix)


def test_no_two_units_meet_in_a_point_only(cnmaps):
    queen, rook = (build_weights(cnmaps, WeightsSpec(s)) for s in ("queen", "rook"))
    assert np.array_equal(queen.matrix, rook.matrix)


def test_set_a_has_no_island(set_a):
    assert set_a.facts.n_units == 90
    assert set_a.facts.n_links == 450
    assert set_a.facts.islands == ()
    assert set_a.facts.n_components == 1
    assert set_a.facts.min_neighbours == 1


def test_known_neighbours(set_a):
    names = {"Taiyuan": "140100", "Jinzhong": "140700", "Lvliang": "141100", "Xinzhou": "140900"}
    graph = set_a.graph
    assert set(graph["140100"].index) == {names[n] for n in ("Jinzhong", "Lvliang", "Xinzhou")} | {
        "140300"
    }
    assert set(graph["371000"].index) == {"370600"}  # Weihai borders Yantai alone


def test_distance_of_two_provincial_capitals(cnmaps):
    weights = build_weights(
        cnmaps, WeightsSpec("invd", standardise="none"), unit_ids=["140100", "610100"]
    )
    # Taiyuan to Xi'an by air is 515 km between the centres; prefecture centroids lie 17 km off
    assert 1 / weights.matrix[0, 1] == pytest.approx(515, abs=40)


def test_smallest_common_cutoff(cnmaps, set_a):
    found = build_weights(cnmaps, WeightsSpec("invd_cut"), unit_ids=set_a.unit_ids)
    assert found.cutoff_km == pytest.approx(293.56, abs=0.05)
    assert found.facts.min_neighbours == 1


@pytest.mark.real
@pytest.mark.parametrize(("tolerance", "mean"), [(0.001, None), (500.0, 4.982759)])
def test_maps_simplified_one_by_one_need_a_tolerance(cnmaps, data_root, tolerance, mean):
    units = [*cnmaps.unit_ids, "371200"]
    found = read_boundaries(
        "file", path=data_root / "crosswalk_ctamap" / "p2018.geojson", unit_ids=units,
        contiguity_tolerance_m=tolerance,
    )  # fmt: skip
    facts = build_weights(found, WeightsSpec("queen")).facts
    if mean is None:
        assert facts.mean_neighbours < 4.95
    else:
        assert facts.mean_neighbours == pytest.approx(mean, abs=1e-6)


@pytest.mark.real
def test_links_of_the_2018_map_are_those_of_today(cnmaps, data_root):
    found = read_boundaries(
        "file", path=data_root / "crosswalk_ctamap" / "p2018.geojson", unit_ids=cnmaps.unit_ids,
        recode={"371200": "370100"}, contiguity_tolerance_m=500,
    )  # fmt: skip
    one, two = (dense(build_weights(b, WeightsSpec("queen")).raw) for b in (cnmaps, found))
    assert (one != two).sum() == 0


@pytest.mark.real
def test_emissions_cluster_in_space(cnmaps, data_root):
    table = pd.read_csv(
        data_root / "yrb_city_panel_real_2003_2018.csv", dtype={"adcode": str}
    ).rename(columns={"adcode": "unit"})
    panel = table.set_index(["unit", "year"])[["edgar_co2_t"]].unstack().dropna().stack()
    units = panel.index.get_level_values("unit").unique()
    weights = build_weights(cnmaps, WeightsSpec("queen", islands="drop"), unit_ids=units)
    found = calc_global_moran(panel.loc[list(weights.unit_ids)], weights, ["edgar_co2_t"])
    assert (found["moran"] > 0).all()
    assert (found["p_permutation"] < 0.01).all()
