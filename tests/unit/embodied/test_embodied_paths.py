"""Structural paths: sums by depth, and pruning against full enumeration."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table, random_emissions, random_table

from yrb_carbon.embodied.accounts import build_system
from yrb_carbon.embodied.paths import analyse_paths, calc_paths
from yrb_carbon.errors import DataError

EXACT = 1e-9  # the bound of the identity: depths and remainder against the total
DEPTH = 3
NODES = 6


@pytest.fixture(scope="module")
def system():
    table = random_table(2, 3, seed=11, errors=True)
    return build_system(table, random_emissions(table, seed=12))


def every_path(system, demand, intensity, depth):
    """All paths of up to `depth` steps, value by tuple of accounts, one product after another."""
    found = {}
    for length in range(1, depth + 2):
        for nodes in product(range(NODES), repeat=length):
            value = intensity[nodes[0]] * demand[nodes[-1]]
            for buyer, seller in zip(nodes[1:], nodes[:-1], strict=True):
                value *= system.coefficients[seller, buyer]
            found[nodes] = value
    return found


def tuples(found):
    return {
        tuple(int(node) for node in nodes if node >= 0): value
        for nodes, value in zip(found.nodes, found.values, strict=True)
    }


def labelled(analysis, system):
    place = {" ".join(key): number for number, key in enumerate(system.labels)}
    return {
        tuple(place[name] for name in path.split(" > ")): value
        for path, value in zip(analysis.paths["path"], analysis.paths["co2"], strict=True)
    }


@pytest.mark.parametrize("threshold", [0.05, 0.01, 0.001, 1e-5])
def test_no_path_above_the_threshold_is_pruned(system, threshold):
    analysis = analyse_paths(system, threshold=threshold, max_depth=DEPTH)
    every = every_path(system, system.total_final, system.intensity / 1e6, DEPTH)
    cutoff = threshold * system.emissions.sum()
    wanted = {nodes: value for nodes, value in every.items() if abs(value) >= cutoff}
    found = labelled(analysis, system)
    assert found.keys() == wanted.keys()
    assert len(found) < len(every) / 2, "the threshold must prune for this to test anything"
    for nodes, value in wanted.items():
        assert found[nodes] == pytest.approx(value, rel=1e-12)


def test_without_a_threshold_every_path_is_listed_and_depths_are_complete(system):
    analysis = analyse_paths(system, threshold=0.0, max_depth=DEPTH)
    every = every_path(system, system.total_final, system.intensity / 1e6, DEPTH)
    assert len(analysis.paths) == sum(value != 0 for value in every.values())
    depths = analysis.depths.drop("remainder")
    np.testing.assert_allclose(depths["listed"], depths["co2"], rtol=1e-12)
    assert analysis.depths["co2"].sum() == pytest.approx(system.emissions.sum(), rel=EXACT)
    rest = analysis.depths.loc["remainder", "co2"]
    assert analysis.explained == pytest.approx(1 - rest / analysis.total, rel=EXACT)


def test_depths_and_remainder_have_the_total(system):
    for max_depth in (0, 1, 4, 9):
        analysis = analyse_paths(system, max_depth=max_depth)
        assert analysis.total == pytest.approx(system.emissions.sum(), rel=EXACT)
        assert analysis.depths["co2"].sum() == pytest.approx(analysis.total, rel=EXACT)
        assert analysis.depths["cumulative"].iloc[-1] == pytest.approx(1.0, rel=EXACT)
        assert analysis.depths.index.tolist() == [*map(str, range(max_depth + 1)), "remainder"]


def test_paths_are_labelled_from_emitter_to_final_product(system):
    paths = analyse_paths(system, threshold=0.001).paths
    assert paths.index.tolist() == list(range(1, len(paths) + 1))
    assert (paths["co2"].abs().diff().dropna() <= 0).all()
    assert paths["path"].is_unique
    assert set(paths["depth"]) == {0, 1, 2, 3, 4}
    for row in paths.itertuples():
        names = row.path.split(" > ")
        assert len(names) == row.depth + 1
        assert names[0] == f"{row.emitter_region} {row.emitter_sector}"
        assert names[-1] == f"{row.final_region} {row.final_sector}"
    np.testing.assert_allclose(paths["share"], paths["co2"] / system.emissions.sum())


def test_counts_and_shares_by_depth_are_those_of_the_list(system):
    analysis = analyse_paths(system, threshold=0.002)
    grouped = analysis.paths.groupby("depth")["co2"]
    depths = analysis.depths.drop("remainder")
    assert depths["n_paths"].tolist() == grouped.size().tolist()
    np.testing.assert_allclose(depths["listed"], grouped.sum())
    np.testing.assert_allclose(depths["share"], depths["co2"] / analysis.total)
    assert analysis.explained == pytest.approx(depths["listed_share"].sum())


def test_paths_of_some_emitters_products_and_users(system):
    analysis = analyse_paths(
        system,
        threshold=0.01,
        max_depth=DEPTH,
        emitters=["S2"],
        final_sectors=["S1", "S3"],
        users=["p2", "exports"],
    )
    mining = system.mask(["S2"])
    demand = system.mask(["S1", "S3"]) * (system.final_demand[:, 1] + system.exports)
    inverse = np.linalg.inv(np.eye(NODES) - system.coefficients)
    total = (mining * system.intensity / 1e6) @ inverse @ demand
    assert analysis.total == pytest.approx(total, rel=EXACT)
    assert set(analysis.paths["emitter_sector"]) == {"S2"}
    assert "S2" not in set(analysis.paths["final_sector"])
    every = every_path(system, demand, mining * system.intensity / 1e6, DEPTH)
    wanted = {nodes for nodes, value in every.items() if abs(value) >= 0.01 * total}
    assert labelled(analysis, system).keys() == wanted


def test_negative_final_uses_and_inputs_keep_their_paths():
    """A falling inventory and a negative input make negative paths, none of them pruned."""
    flows = [[10.0, -1.0, 5.0], [8.0, 5.0, 22.0], [3.0, 3.0, 1.0]]
    table = make_table(flows, [60.0, -5.0, 50.0], regions=["p1"], sectors=["S1", "S2", "S3"])
    emissions = pd.Series([3.0, 40.0, 2.0], index=table.labels)
    system = build_system(table, emissions)
    analysis = analyse_paths(system, threshold=0.01, max_depth=2)
    inverse = np.linalg.inv(np.eye(3) - system.coefficients)
    assert analysis.total == pytest.approx(
        system.intensity @ inverse @ system.total_final / 1e6, rel=EXACT
    )
    negative = analysis.paths[analysis.paths["co2"] < 0]
    assert "p1 S2" in set(negative["path"])
    assert (analysis.paths["co2"].abs().diff().dropna() <= 0).all()
    found = labelled(analysis, system)
    intensity = system.intensity / 1e6
    for nodes in product(range(3), repeat=3):
        value = (
            intensity[nodes[0]]
            * system.coefficients[nodes[0], nodes[1]]
            * system.coefficients[nodes[1], nodes[2]]
            * system.total_final[nodes[2]]
        )
        assert (nodes in found) == (abs(value) >= 0.01 * analysis.total)


def test_branches_whose_paths_cancel_are_not_pruned():
    """S3 buys carbon of S1 and sells as much back of S2: its embodied intensity is zero."""
    flows = [[0.0, 0.0, 32.0], [0.0, 0.0, -32.0], [0.0, 0.0, 0.0]]
    table = make_table(flows, [96.0, 160.0, 128.0], regions=["p1"], sectors=["S1", "S2", "S3"])
    system = build_system(table, pd.Series([1.0, 1.0, 0.0], index=table.labels))
    assert system.embodied[2] == 0
    found = analyse_paths(system, threshold=0.01).paths.set_index("path")["co2"]
    assert found.to_dict() == pytest.approx(
        {"p1 S2": 1.25, "p1 S1": 0.75, "p1 S1 > p1 S3": 0.25, "p1 S2 > p1 S3": -0.25}
    )


def test_suppliers_of_nothing_are_no_branches():
    """A chain S1 > S2 > S3: one branch a step, also without a threshold."""
    coefficients = np.diag([0.5, 0.5], k=1)
    found = calc_paths(np.ones(3), np.ones(3), coefficients, np.eye(3)[2], 0.0, 4, max_branches=1)
    assert found.nodes[:, -3:].tolist() == [[-1, -1, 2], [-1, 1, 2], [0, 1, 2]]
    assert found.values.tolist() == [1.0, 0.5, 0.25]


def test_equal_paths_follow_the_order_of_accounts():
    table = make_table(np.ones((3, 3)), np.ones(3), regions=["p1"], sectors=["S1", "S2", "S3"])
    system = build_system(table, pd.Series(1.0, index=table.labels))
    paths = analyse_paths(system, threshold=0.0, max_depth=1).paths
    assert paths["path"].tolist()[:4] == ["p1 S1", "p1 S2", "p1 S3", "p1 S1 > p1 S1"]
    assert paths["path"].tolist()[-1] == "p1 S3 > p1 S3"


def test_no_emissions_have_no_paths(system):
    silent = replace(system, intensity=system.intensity * 0, embodied=system.embodied * 0)
    analysis = analyse_paths(silent)
    assert analysis.total == 0
    assert analysis.paths.empty
    assert (analysis.depths[["co2", "share"]] == 0).all(axis=None)


def test_requests_out_of_range_are_refused(system):
    with pytest.raises(DataError, match="depth -1 wanted"):
        analyse_paths(system, max_depth=-1)
    with pytest.raises(DataError, match="threshold of paths is"):
        analyse_paths(system, threshold=-0.1)
    with pytest.raises(
        DataError, match="final uses of p7 wanted; the table has p1, p2, exports, o"
    ):
        analyse_paths(system, users=["p7"])
    with pytest.raises(DataError, match="final uses of none wanted"):
        analyse_paths(system, users=[])
    with pytest.raises(DataError, match="S9 wanted"):
        analyse_paths(system, emitters=["S9"])


def test_too_many_branches_are_refused_with_advice(system):
    with pytest.raises(DataError, match=r"36 branches .* more than 20\. Raise the threshold"):
        calc_paths(
            system.intensity,
            system.embodied,
            system.coefficients,
            system.total_final,
            0.0,
            DEPTH,
            max_branches=20,
        )


def test_a_path_of_just_the_threshold_is_listed():
    """Three equal paths of a third each, threshold a third."""
    table = make_table(np.zeros((3, 3)), np.ones(3), regions=["p1"], sectors=["S1", "S2", "S3"])
    system = build_system(table, pd.Series(0.1, index=table.labels))
    assert len(analyse_paths(system, threshold=1 / 3).paths) == 3


def test_arrays_hold_the_same_paths_as_the_table(system):
    found = calc_paths(
        system.intensity,
        system.embodied,
        system.coefficients,
        system.total_final,
        0.01 * system.emissions.sum() * 1e6,
        2,
    )
    analysis = analyse_paths(system, threshold=0.01, max_depth=2)
    assert tuples(found).keys() == labelled(analysis, system).keys()
    assert (found.nodes[np.arange(len(found.depth)), -1] >= 0).all()
