"""Schemes of spatial weights on a grid of squares, against formulas written out."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries
from yrb_carbon.weights.build import (
    EARTH_RADIUS_KM,
    SpatialWeights,
    build_weights,
    calc_distances,
    calc_unit_attributes,
    facts_row,
)
from yrb_carbon.weights.check import dense
from yrb_carbon.weights.spec import WeightsSpec

ROUNDING = 1e-12
"""Sums and quotients of a dozen terms of order one."""

UNITS = [f"14{i:02d}00" for i in range(1, 10)]
INCOME = np.array([1.0, 4.0, 9.0, 16.0, 25.0, 36.0, 49.0, 64.0, 81.0]) * 1e3
ATTRIBUTES = pd.DataFrame({"gdp_per_capita": INCOME, "gdp": INCOME[::-1] * 50}, index=UNITS)
SCHEMES = (
    "queen", "rook", "invd", "invd2", "invd_cut", "knn", "expd", "econ",
    "nested_add", "nested_mul", "gravity",
)  # fmt: skip


def grid(far: int = 0, tolerance: float = 0.0) -> Boundaries:
    """Three by three squares of one degree, row by row; the last `far` of them lie apart."""
    shapes = [
        shapely.box(105 + i, 34 + j, 106 + i, 35 + j)
        for j, i in itertools.product(range(3), repeat=2)
    ]
    for n in range(far):
        shapes[8 - n] = shapely.transform(
            shapes[8 - n], lambda p, n=n: p + np.array([5 + 3 * n, 0])
        )
    return build_boundaries(
        UNITS, shapes, FileRecord("grid", None, "", 9), contiguity_tolerance_m=tolerance
    )


def raw(scheme: str, **fields: object) -> np.ndarray:
    return dense(build(scheme, **fields).raw)


def build(scheme: str, boundaries: Boundaries | None = None, **fields: object) -> SpatialWeights:
    return build_weights(boundaries or grid(), WeightsSpec(scheme, **fields), ATTRIBUTES)  # type: ignore[arg-type]


def distances() -> np.ndarray:
    frame = grid().frame
    return calc_distances(frame["lon"].to_numpy(), frame["lat"].to_numpy())


def off_diagonal() -> np.ndarray:
    return ~np.eye(9, dtype=bool)


def test_queen_and_rook_count_corners_and_edges():
    queen, rook = raw("queen"), raw("rook")
    assert queen.sum(axis=1).tolist() == [3, 5, 3, 5, 8, 5, 3, 5, 3]
    assert rook.sum(axis=1).tolist() == [2, 3, 2, 3, 4, 3, 2, 3, 2]
    assert np.array_equal(queen, queen.T)


def test_distance_of_a_degree_on_the_equator_and_of_antipodes():
    found = calc_distances(np.array([0.0, 1.0, 180.0]), np.zeros(3))
    assert found[0, 1] == pytest.approx(EARTH_RADIUS_KM * np.pi / 180, rel=ROUNDING)
    assert found[0, 2] == pytest.approx(EARTH_RADIUS_KM * np.pi, rel=ROUNDING)
    assert np.array_equal(found, found.T)


def test_distances_agree_with_the_cosine_rule():
    frame = grid().frame
    lon, lat = np.deg2rad(frame["lon"].to_numpy()), np.deg2rad(frame["lat"].to_numpy())
    cosine = np.sin(lat[:, None]) * np.sin(lat) + np.cos(lat[:, None]) * np.cos(lat) * np.cos(
        lon[:, None] - lon
    )
    expected = EARTH_RADIUS_KM * np.arccos(np.clip(cosine, -1, 1))
    # the cosine rule loses digits at short distances
    np.testing.assert_allclose(distances()[off_diagonal()], expected[off_diagonal()], rtol=1e-7)


@pytest.mark.parametrize(
    ("scheme", "formula"),
    [
        ("invd", lambda d: 1 / d),
        ("invd2", lambda d: 1 / d**2),
        ("expd", lambda d: np.exp(-d / d.mean())),
    ],
)
def test_distance_schemes(scheme, formula):
    d = distances()[off_diagonal()]
    found = raw(scheme)
    np.testing.assert_allclose(found[off_diagonal()], formula(d), rtol=ROUNDING)
    assert not np.diag(found).any()


def test_cutoff_ends_links():
    d = distances()
    found = raw("invd", cutoff=115.0)
    assert np.array_equal(found > 0, (d > 0) & (d <= 115.0))
    assert 0 < (found > 0).sum() < 72


def test_smallest_cutoff_leaves_no_unit_alone():
    found = build("invd_cut")
    d = distances() + np.diag(np.full(9, np.inf))
    assert found.cutoff_km == d.min(axis=1).max()
    assert found.facts.min_neighbours == 1
    assert np.array_equal(dense(found.raw) > 0, d <= found.cutoff_km)


@pytest.mark.parametrize("k", [1, 3, 8])
def test_nearest_neighbours(k):
    found = raw("knn", k=k)
    assert (found.sum(axis=1) == k).all()
    d = distances() + np.diag(np.full(9, np.inf))
    for i in range(9):
        assert d[i][found[i] > 0].max() <= d[i][found[i] == 0][
            np.isfinite(d[i][found[i] == 0])
        ].min(initial=np.inf)


def test_ties_of_nearest_go_to_the_smaller_code():
    shapes = [shapely.box(x, 0, x + 1, 1) for x in (10, 12, 14)]
    line = build_boundaries(
        ["200000", "300000", "100000"], [shapes[0], shapes[1], shapes[2]],
        FileRecord("line", None, "", 3), area_crs="EPSG:6933",
    )  # fmt: skip
    found = build_weights(line, WeightsSpec("knn", k=1, standardise="none"))
    middle = found.matrix[found.unit_ids.index("300000")]
    assert dict(zip(found.unit_ids, middle, strict=True))["100000"] == 1.0


def test_income_gaps_are_lifted_to_their_floor():
    gaps = np.abs(INCOME[:, None] - INCOME)
    floor = np.quantile(gaps[np.triu_indices(9, k=1)], 0.01)
    expected = 1 / np.maximum(gaps, floor)
    assert gaps[0, 1] < floor
    np.testing.assert_allclose(raw("econ")[off_diagonal()], expected[off_diagonal()], rtol=ROUNDING)


@pytest.mark.parametrize("phi", [0.0, 0.3, 1.0])
def test_nested_sum_blends_row_standardised_parts(phi):
    distance, economy = build("invd").matrix, build("econ").matrix
    found = raw("nested_add", phi=phi)
    np.testing.assert_allclose(found, phi * distance + (1 - phi) * economy, atol=ROUNDING)
    np.testing.assert_allclose(found.sum(axis=1), 1.0, atol=ROUNDING)


def test_nested_product_weighs_neighbours_by_income():
    expected = raw("invd") * (INCOME / INCOME.mean())[None, :]
    np.testing.assert_allclose(raw("nested_mul"), expected, rtol=ROUNDING)


def test_gravity():
    mass = ATTRIBUTES["gdp"].to_numpy()
    expected = np.outer(mass, mass) * raw("invd2")
    np.testing.assert_allclose(raw("gravity"), expected, rtol=ROUNDING)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_attributes_and_units_in_another_order_change_no_bit(scheme):
    spec = WeightsSpec(scheme)
    shuffled = np.random.default_rng(2).permutation(UNITS).tolist()
    one = build_weights(grid(), spec, ATTRIBUTES, UNITS)
    other = build_weights(grid(), spec, ATTRIBUTES.loc[shuffled], shuffled)
    assert other.unit_ids == tuple(UNITS)
    assert np.array_equal(one.matrix, other.matrix)


@pytest.mark.parametrize("scheme", SCHEMES)
def test_a_sample_is_built_anew(scheme):
    sample = UNITS[:6]
    found = build_weights(grid(), WeightsSpec(scheme), ATTRIBUTES, sample)
    alone = build_weights(grid().subset(sample), WeightsSpec(scheme), ATTRIBUTES.loc[sample])
    assert np.array_equal(found.matrix, alone.matrix)
    np.testing.assert_allclose(found.matrix.sum(axis=1), 1.0, atol=ROUNDING)


def test_islands_are_linked_to_the_nearest_both_ways():
    found = build("queen", grid(far=1), islands="nearest")
    assert found.linked == (("140900", "140600"),)
    matrix = dense(found.raw)
    assert np.array_equal(matrix, matrix.T)
    assert matrix[8].tolist() == [0, 0, 0, 0, 0, 1, 0, 0, 0]
    assert facts_row(found, "w")["linked_islands"] == "140900 to 140600"


def test_linked_islands_get_the_weight_of_the_scheme():
    found = build("invd", grid(far=1), cutoff=200.0, islands="nearest")
    d = calc_distances(*(grid(far=1).frame[c].to_numpy() for c in ("lon", "lat")))
    (island, nearest), *_ = found.linked
    i, j = UNITS.index(island), UNITS.index(nearest)
    assert d[i, j] > 200.0
    assert dense(found.raw)[i, j] == pytest.approx(1 / d[i, j], rel=ROUNDING)


def test_dropping_islands_reports_them_and_shrinks_the_sample():
    found = build("queen", grid(far=2), islands="drop")
    assert found.dropped == ("140800", "140900")
    assert found.unit_ids == tuple(UNITS[:7])
    assert found.facts.islands == ()


def test_tolerance_finds_neighbours_across_gaps():
    shapes = [
        shapely.box(105, 34, 106, 35),
        shapely.box(106.003, 34, 107, 35),
        shapely.box(108, 34, 109, 35),
    ]

    def links(tolerance: float) -> np.ndarray:
        apart = build_boundaries(
            UNITS[:3], shapes, FileRecord("gaps", None, "", 3), contiguity_tolerance_m=tolerance
        )
        return dense(build_weights(apart, WeightsSpec("queen", islands="nearest")).raw)

    # 0.003 degrees are 270 m, one degree is 91 km
    loose = build_boundaries(
        UNITS[:2], shapes[:2], FileRecord("g", None, "", 2), contiguity_tolerance_m=500
    )
    assert build_weights(loose, WeightsSpec("queen")).facts.n_links == 2
    assert links(500.0)[0].tolist() == [0, 1, 0]
    assert build_weights(grid(tolerance=50.0), WeightsSpec("queen")).facts.n_links == 40


def test_attributes_are_means_over_years_in_any_row_order():
    index = pd.MultiIndex.from_product([UNITS[:2], [2003, 2004]], names=["unit", "year"])
    panel = pd.DataFrame({"gdp_real": [10.0, 30, 8, 8], "pop": [1.0, 2, 4, 2]}, index=index)
    found = calc_unit_attributes(panel)
    assert found.loc["140100"].to_dict() == {"gdp_per_capita": 12.5, "gdp": 20.0, "pop": 1.5}
    assert found.equals(calc_unit_attributes(panel.iloc[[3, 0, 2, 1]]))
