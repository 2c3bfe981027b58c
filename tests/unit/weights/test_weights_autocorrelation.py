"""Moran's I against formulas written out, against esda, and under permutation."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.weights.autocorrelation import (
    calc_bivariate_moran,
    calc_global_moran,
    calc_local_moran,
    fold_p_value,
)
from yrb_carbon.weights.build import build_weights
from yrb_carbon.weights.spec import WeightsSpec

ROUNDING = 1e-12
SIDE = 6
UNITS = [f"{14 + i:02d}{j:02d}00" for i, j in itertools.product(range(SIDE), repeat=2)]
BOUNDARIES = build_boundaries(
    UNITS,
    [
        shapely.box(100 + i, 30 + j, 101 + i, 31 + j)
        for i, j in itertools.product(range(SIDE), repeat=2)
    ],
    FileRecord("grid", None, "", SIDE**2),
)
QUEEN = build_weights(BOUNDARIES, WeightsSpec("queen"))
YEARS = (2003, 2004)
TWO_SIDED_95 = 1.96
DRAWS = 9999
MOST_ERRORS = 4.5
"""Monte Carlo standard errors: the largest of 36 stays below in all but one of 4000 runs."""


def panel() -> pd.DataFrame:
    generator = np.random.default_rng(11)
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    n = len(UNITS)
    solve = np.linalg.inv(np.eye(n) - 0.7 * QUEEN.matrix)
    shocks = generator.standard_normal((n, 2))
    return pd.DataFrame(
        {
            "noise": generator.standard_normal(2 * n),
            "smooth": (solve @ shocks).ravel(),
            "board": np.repeat([(-1.0) ** (i + j) for i in range(SIDE) for j in range(SIDE)], 2),
        },
        index=index,
    )


def test_global_moran_is_its_formula():
    found = calc_global_moran(panel(), QUEEN, ["smooth"], permutations=99)
    y = panel()["smooth"].xs(2003, level="year").to_numpy()
    z = y - y.mean()
    expected = len(z) / QUEEN.matrix.sum() * (z @ QUEEN.matrix @ z) / (z @ z)
    row = found.iloc[0]
    assert row["moran"] == pytest.approx(expected, abs=ROUNDING)
    assert row["expected"] == pytest.approx(-1 / (len(z) - 1), abs=ROUNDING)
    assert row["z"] == pytest.approx(
        (row["moran"] - row["expected"]) / np.sqrt(row["variance"]), abs=1e-10
    )
    assert found[["variable", "year", "n_units", "permutations"]].to_numpy().tolist() == [
        ["smooth", 2003, 36, 99],
        ["smooth", 2004, 36, 99],
    ]


def test_randomisation_variance_is_that_of_the_permutations():
    """Peer within: 20,000 permutations have the analytic mean and variance."""
    y = panel()["noise"].xs(2003, level="year").to_numpy()
    z = y - y.mean()
    draws = np.random.default_rng(0).permuted(np.tile(z, (20_000, 1)), axis=1)
    simulated = (draws @ QUEEN.matrix.T * draws).sum(axis=1) / (z @ z)
    row = calc_global_moran(panel(), QUEEN, ["noise"], permutations=9).iloc[0]
    standard_error = np.sqrt(row["variance"] / len(draws))
    assert simulated.mean() == pytest.approx(row["expected"], abs=4 * standard_error)
    # standard error of a variance of near-normal draws: sqrt(2/R) = 1 %
    assert simulated.var() == pytest.approx(row["variance"], rel=0.04)


def test_signs_and_significance():
    found = calc_global_moran(panel(), QUEEN, ["smooth"], seed=5)
    assert (found["moran"] > 0).all()
    assert (found["p_permutation"] < 0.05).all()
    rook = build_weights(BOUNDARIES, WeightsSpec("rook"))
    board = calc_global_moran(panel(), rook, ["board"], permutations=99, seed=5)
    assert board["moran"].tolist() == pytest.approx([-1.0, -1.0], abs=ROUNDING)
    assert (board["z"] < -TWO_SIDED_95).all()
    assert (board["p_permutation"] == 2 / 100).all()


def test_permutation_p_agrees_with_the_analytic_one():
    found = calc_global_moran(panel(), QUEEN, ["noise"], permutations=9999)
    # both are two-sided; the null distribution of 36 units is not quite normal
    np.testing.assert_allclose(found["p_permutation"], found["p_value"], atol=0.06)


@pytest.mark.parametrize("statistic", ["global", "local", "bivariate"])
def test_rows_in_another_order_change_no_bit(statistic):
    shuffled = panel().sample(frac=1.0, random_state=3)
    for table in (panel(), shuffled):
        assert len(table) == 72
    calls = {
        "global": lambda p: calc_global_moran(p, QUEEN, ["noise", "smooth"]),
        "local": lambda p: calc_local_moran(p, QUEEN, "smooth", permutations=99),
        "bivariate": lambda p: calc_bivariate_moran(p, QUEEN, "noise", "smooth"),
    }
    assert calls[statistic](panel()).equals(calls[statistic](shuffled))


def test_each_variable_and_year_has_a_stream_of_its_own():
    together = calc_global_moran(panel(), QUEEN, ["smooth", "noise"], seed=1)
    alone = calc_global_moran(panel().drop(2003, level="year"), QUEEN, ["noise"], seed=1)
    assert alone.iloc[0].equals(together.iloc[3])
    other = calc_global_moran(panel(), QUEEN, ["noise"], seed=2)
    assert not other["p_permutation"].equals(together["p_permutation"].iloc[2:])


def test_numpy_global_state_is_left_alone():
    np.random.seed(4)
    before = np.random.get_state()[1].copy()
    calc_global_moran(panel(), QUEEN, ["noise"])
    assert np.array_equal(before, np.random.get_state()[1])


def test_local_moran_sums_to_the_global_one():
    local = calc_local_moran(panel(), QUEEN, "smooth", permutations=99)
    whole = calc_global_moran(panel(), QUEEN, ["smooth"], permutations=9)
    means = local.groupby("year")["local_moran"].sum() / QUEEN.matrix.sum()
    np.testing.assert_allclose(means, whole["moran"], atol=ROUNDING)


def test_local_moran_agrees_with_esda():
    from esda.moran import Moran_Local

    y = panel()["smooth"].xs(2003, level="year").to_numpy()
    peer = Moran_Local(y, QUEEN.graph, transformation="O", permutations=0)
    found = calc_local_moran(panel(), QUEEN, "smooth", permutations=9)
    mine = found[found["year"] == 2003]
    # esda divides by N - 1 where the formula of Anselin (1995) has N
    np.testing.assert_allclose(mine["local_moran"] * 35 / 36, peer.Is, atol=1e-10)
    names = np.array(["", "HH", "LH", "LL", "HL"])
    assert mine["quadrant"].tolist() == names[peer.q].tolist()


@pytest.mark.filterwarnings("ignore:The alternative hypothesis:DeprecationWarning")
def test_conditional_permutation_agrees_with_esda():
    from esda.moran import Moran_Local

    y = panel()["smooth"].xs(2003, level="year").to_numpy()
    peer = Moran_Local(y, QUEEN.graph, permutations=DRAWS, seed=3, n_jobs=1)
    found = calc_local_moran(panel(), QUEEN, "smooth", permutations=DRAWS)
    mine = found.loc[found["year"] == 2003, "p_permutation"].to_numpy()
    # its p is that of the nearer side
    theirs = np.minimum(1.0, 2 * peer.p_sim)
    share = np.clip(theirs / 2, 1 / DRAWS, 0.5)
    error = 2 * np.sqrt(2 * share * (1 - share) / DRAWS)
    assert (np.abs(mine - theirs) < MOST_ERRORS * error + 2 / DRAWS).all()
    assert (mine < 0.05).sum() > 2


def test_a_strong_cluster_survives_false_discovery_control_with_enough_draws():
    single = panel()
    corner = single.index.get_level_values("unit").isin(
        [UNITS[0], UNITS[1], UNITS[SIDE], UNITS[SIDE + 1]]
    )
    single["spike"] = single["noise"] + np.where(corner, 40.0, 0.0)
    few, many = (
        calc_local_moran(single, QUEEN, "spike", permutations=draws)["p_fdr"].min()
        for draws in (199, DRAWS)
    )
    assert many < 0.05 < few


def test_clusters_are_fewer_after_false_discovery_control():
    found = calc_local_moran(panel(), QUEEN, "smooth", seed=2)
    assert (found["p_fdr"] >= found["p_permutation"]).all()
    plain, strict = (found[c] != "ns" for c in ("cluster", "cluster_fdr"))
    assert plain.sum() > 0
    assert (plain | ~strict).all()
    assert (found.loc[plain, "cluster"] == found.loc[plain, "quadrant"]).all()


def test_bivariate_moran_of_a_variable_with_itself_is_moran():
    both = calc_bivariate_moran(panel(), QUEEN, "smooth", "smooth", permutations=9)
    one = calc_global_moran(panel(), QUEEN, ["smooth"], permutations=9)
    np.testing.assert_allclose(both["moran"], one["moran"], atol=ROUNDING)


def test_bivariate_moran_agrees_with_esda():
    from esda.moran import Moran_BV

    x, y = (panel()[c].xs(2003, level="year").to_numpy() for c in ("noise", "smooth"))
    peer = Moran_BV(x, y, QUEEN.graph, transformation="O", permutations=0)
    found = calc_bivariate_moran(panel(), QUEEN, "noise", "smooth", permutations=9)
    assert found.loc[0, "moran"] == pytest.approx(peer.I, abs=ROUNDING)


@pytest.mark.parametrize(
    ("observed", "expected"), [(10.0, 0.02), (-10.0, 0.02), (0.0, 1.0), (48.0 / 50, 0.06)]
)
def test_folded_p(observed, expected):
    # 99 draws evenly between -0.98 and 0.98
    simulated = np.arange(-49, 50) / 50
    assert fold_p_value(observed, simulated) == pytest.approx(expected, abs=ROUNDING)
