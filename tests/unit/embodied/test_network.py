"""The analysis of a network as a whole: what goes in, what comes out, networks at the edge."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.embodied.network import (
    NETWORK,
    NetworkOptions,
    analyse_network,
    rank_regions,
    without_own_flows,
)
from yrb_carbon.errors import DataError

EXACT = 1e-12
"""Sums of a few terms in another order."""
FEW = NetworkOptions(random_networks=5, starts=3)


def flows(n: int = 9, number: int = 1) -> pd.DataFrame:
    """Dense flows between made-up regions."""
    values = np.exp(np.random.default_rng(number).normal(size=(n, n)))
    np.fill_diagonal(values, 0.0)
    codes = [str(11 + node) for node in range(n)]
    return pd.DataFrame(values, index=codes, columns=codes)


def test_measures_stand_under_their_regions():
    table = flows()
    found = analyse_network(table, FEW)
    assert found.nodes.loc["13", "out_strength"] == pytest.approx(table.loc["13"].sum(), abs=EXACT)
    assert found.nodes.loc["13", "in_strength"] == pytest.approx(table["13"].sum(), abs=EXACT)
    sent_over_mean = (table.loc["13"] > table.to_numpy().sum() / 72).sum()
    assert found.nodes.loc["13", "out_degree"] == sent_over_mean
    net = found.nodes["out_strength"] - found.nodes["in_strength"]
    assert found.nodes["net_strength"].to_numpy() == pytest.approx(net.to_numpy(), abs=EXACT)
    both = table.loc["13"].sum() + table["13"].sum()
    assert found.nodes.loc["13", "strength"] == pytest.approx(both, abs=EXACT)
    assert found.whole["n_links"] == found.links.to_numpy().sum() == found.nodes["in_degree"].sum()
    assert found.whole["total_flow"] == pytest.approx(table.to_numpy().sum(), abs=EXACT)
    share = table.to_numpy()[found.links.to_numpy()].sum() / table.to_numpy().sum()
    assert found.whole["link_flow_share"] == pytest.approx(share, abs=EXACT)


@pytest.mark.parametrize("backbone", ["mean", "top", "disparity", "none"])
def test_order_of_rows_and_columns_changes_nothing(backbone):
    options = NetworkOptions(backbone=backbone, random_networks=5, starts=3)
    table = flows()
    rows, columns = (
        list(np.random.default_rng(number).permutation(table.index)) for number in (1, 2)
    )
    one, other = analyse_network(table, options), analyse_network(table.loc[rows, columns], options)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy(), check_exact=True)
    assert one.key.chosen == other.key.chosen
    assert one.notes == other.notes


def test_options_choose_the_links():
    table = flows()
    links = {
        name: analyse_network(table, NetworkOptions(backbone=name, random_networks=0)).links
        for name in ("mean", "top", "disparity", "none")
    }
    assert links["none"].to_numpy().sum() == 72
    assert links["top"].to_numpy().sum() == 8
    counts = {name: int(own.to_numpy().sum()) for name, own in links.items()}
    assert len(set(counts.values())) == 4
    half = analyse_network(table, NetworkOptions(backbone="top", top_share=0.5, random_networks=0))
    assert half.links.to_numpy().sum() == 36
    strict = NetworkOptions(backbone="disparity", alpha=0.2, random_networks=0)
    assert analyse_network(table, strict).links.to_numpy().sum() > counts["disparity"]


def test_communities_and_blocks_take_the_flows_that_are_asked_for():
    table = flows()
    every = analyse_network(table, FEW)
    options = NetworkOptions(
        random_networks=0, starts=3, community_flows="backbone", block_values="flows"
    )
    some = analyse_network(table, options)
    assert some.communities.modularity > every.communities.modularity
    assert some.blocks.ties.to_numpy().sum() == pytest.approx(table.to_numpy().sum(), abs=1e-9)
    assert every.blocks.ties.to_numpy().sum() == every.whole["n_links"]
    assert "sigma" in every.whole.index
    assert "sigma" not in some.whole.index


def test_the_seed_decides_the_random_networks():
    table = flows()
    sigmas = [
        analyse_network(table, NetworkOptions(random_networks=5, seed=seed)).whole["sigma"]
        for seed in (1, 1, 2)
    ]
    assert sigmas[0] == sigmas[1] != sigmas[2]


def test_the_seed_decides_the_communities_of_a_single_start():
    n = 12
    ring = np.roll(np.eye(n), 1, axis=1)  # as good a partition begins at any of its regions
    codes = [str(11 + node) for node in range(n)]
    table = pd.DataFrame(ring, index=codes, columns=codes)
    labels = [
        tuple(analyse_network(table, NetworkOptions(random_networks=0, starts=1, seed=seed))
              .communities.members)
        for seed in (*range(6), *range(6))
    ]  # fmt: skip
    assert labels[:6] == labels[6:]
    assert len(set(labels)) > 1


def centralities(**columns: list[float]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=pd.Index(["a", "b", "c", "d"], name="node"))


def test_key_regions_by_hand():
    nodes = centralities(
        strength=[4, 3, 2, 1], betweenness=[0, 1, 1, 0], closeness=[1, 2, 3, 4],
        eigenvector=[4, 3, 1, 2], pagerank=[9, 0, 0, 0],
    )  # fmt: skip
    key = rank_regions(nodes, 2, ["d", "b"])
    # a: 1, 3.5, 4, 1; b: 2, 1.5, 3, 2; c: 3, 1.5, 2, 4; d: 4, 3.5, 1, 3
    assert key.ranks.index.tolist() == ["b", "a", "c", "d"]
    assert key.ranks["mean_rank"].tolist() == [2.125, 2.375, 2.625, 2.875]
    assert key.ranks["position"].tolist() == [1, 2, 3, 4]
    assert key.chosen == ("b", "a")
    assert key.found == ("b",)
    assert key.overlap == 0.5


def test_key_regions_take_pagerank_where_the_eigenvector_is_missing():
    nodes = centralities(
        strength=[1, 1, 1, 1], betweenness=[0, 0, 0, 0], closeness=[1, 1, 1, 1],
        eigenvector=[9, 1, 1, math.nan], pagerank=[1, 2, 3, 4],
    )  # fmt: skip
    key = rank_regions(nodes, 1)
    assert key.chosen == ("d",)
    assert "rank_pagerank" in key.ranks
    assert "rank_eigenvector" not in key.ranks
    assert math.isnan(key.overlap)


def test_equal_mean_ranks_stand_in_the_order_of_codes():
    even = centralities(
        strength=[1, 1, 1, 1 + 1e-14], betweenness=[0] * 4, closeness=[1] * 4, eigenvector=[1] * 4,
        pagerank=[1] * 4,
    )  # fmt: skip
    assert rank_regions(even.iloc[::-1], 2).chosen == ("a", "b")


def test_tidy_rows_hold_every_number_once():
    found = analyse_network(flows(), FEW, ["11", "12"])
    rows = found.tidy()
    assert rows.columns.tolist() == ["term", "measure", "value"]
    assert not rows.duplicated(["term", "measure"]).any()
    value = rows.set_index(["term", "measure"])["value"]
    assert value[NETWORK, "density"] == found.whole["density"]
    assert value["14", "pagerank"] == found.nodes.loc["14", "pagerank"]
    assert value["14", "community"] == found.communities.members["14"]
    assert value["14", "block"] == found.blocks.members["14"]
    assert value["14", "mean_rank"] == found.key.ranks.loc["14", "mean_rank"]
    assert value["block 2", "inside_share"] == found.blocks.roles.loc[2, "inside_share"]
    assert value["block 1 to 2", "block_densities"] == found.blocks.densities.loc[1, 2]
    assert value[NETWORK, "key_overlap"] == found.key.overlap
    assert value[NETWORK, "modularity"] == found.communities.modularity


def test_a_complete_network_of_equal_flows():
    n = 6
    codes = [str(node) for node in range(11, 11 + n)]
    table = pd.DataFrame(2.0 * (1 - np.eye(n)), index=codes, columns=codes)
    found = analyse_network(table, NetworkOptions(backbone="none", random_networks=3))
    whole = found.whole
    for measure in ("density", "path_length", "clustering", "reciprocity", "reachable", "sigma"):
        assert whole[measure] == pytest.approx(1.0, abs=EXACT)
    assert whole["path_length_flows"] == pytest.approx(0.5, abs=EXACT)
    assert math.isnan(whole["reciprocity_excess"])
    assert found.nodes["closeness"].tolist() == pytest.approx([2.0] * n, abs=EXACT)
    assert (found.nodes["betweenness"] == 0).all()
    assert found.nodes["eigenvector"].tolist() == pytest.approx([n**-0.5] * n, abs=1e-9)
    assert found.key.chosen == tuple(codes)
    assert any("single block" in note for note in found.notes)
    by_mean = analyse_network(table, FEW)
    assert by_mean.whole["n_links"] == 0
    assert "no flow stands out" in by_mean.notes[0]


def test_a_network_without_flows():
    codes = ["11", "12", "13"]
    found = analyse_network(pd.DataFrame(0.0, index=codes, columns=codes), FEW)
    assert found.notes[0] == "There are no flows between regions, so there are no links."
    assert found.whole["density"] == 0
    assert found.whole["n_components"] == found.communities.count == 3
    assert found.key.chosen == ()
    for measure in ("path_length", "reciprocity", "modularity", "link_flow_share"):
        assert math.isnan(found.whole[measure])
    assert found.nodes["pagerank"].tolist() == pytest.approx([1 / 3] * 3, abs=EXACT)
    assert found.nodes["eigenvector"].isna().all()


def test_a_network_of_one_link():
    codes = ["11", "12", "13", "14"]
    table = pd.DataFrame(0.0, index=codes, columns=codes)
    table.loc["13", "12"] = 5.0
    found = analyse_network(table, NetworkOptions(random_networks=3, n_key=2))
    assert found.whole["n_links"] == 1
    assert found.whole["path_length"] == 1
    assert found.whole["reachable"] == pytest.approx(1 / 12, abs=EXACT)
    assert found.whole["reciprocity"] == 0
    assert math.isnan(found.whole["sigma"])
    assert set(found.key.chosen) == {"12", "13"}
    assert "2 of 4 regions have no link." in found.notes
    assert any(note.startswith("Closeness is harmonic") for note in found.notes)
    assert any("no cycle" in note for note in found.notes)
    assert any("no random network clusters" in note for note in found.notes)
    assert any("8.3% of the ordered pairs" in note for note in found.notes)


def test_a_network_in_two_parts():
    codes = [str(node) for node in range(11, 18)]
    table = pd.DataFrame(0.0, index=codes, columns=codes)
    for part in (codes[:4], codes[4:]):
        table.loc[part, part] = 1.0
    table = without_own_flows(table)
    found = analyse_network(table, NetworkOptions(backbone="none", random_networks=3))
    assert found.whole["n_components"] == 2
    assert found.communities.members.tolist() == [1, 1, 1, 1, 2, 2, 2]
    strength = np.array([4 * 3, 3 * 2]) / 18
    assert found.communities.modularity == pytest.approx(1 - (strength**2).sum(), abs=EXACT)
    assert found.nodes["eigenvector"].isna().tolist() == [False] * 4 + [True] * 3
    assert any("4 of 7 regions; outside of it: 15, 16, 17" in note for note in found.notes)


def test_two_regions_are_a_network():
    table = pd.DataFrame([[0.0, 2.0], [1.0, 0.0]], index=["11", "12"], columns=["11", "12"])
    found = analyse_network(table, FEW)
    assert found.whole["n_links"] == 1
    assert found.nodes["betweenness"].tolist() == [0.0, 0.0]


def test_own_flows_are_taken_out_by_label():
    table = pd.DataFrame([[1.0, 9.0], [8.0, 2.0]], index=["11", "12"], columns=["12", "11"])
    assert without_own_flows(table).to_numpy().tolist() == [[1.0, 0.0], [0.0, 2.0]]


def damaged(cell: object = None, **changes: object) -> pd.DataFrame:
    table = flows(4).astype(object)
    if cell is not None:
        table.loc["12", "13"] = cell
    return table.rename(**changes) if changes else table


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (damaged(math.nan), r"1 are missing or infinite: 12 to 13 \(nan\); give 0"),
        (damaged(math.inf), r"12 to 13 \(inf\)"),
        (damaged(-2.0), r"1 are negative: 12 to 13 \(-2\)"),
        (damaged("much"), "not all are numbers.*much"),
        (damaged(index={"12": "13"}), "more than once in the rows: 13"),
        (damaged(columns={"12": "13"}), "more than once in the columns: 13"),
        (damaged(index={"12": "99"}), "in the rows or in the columns alone: 12, 99"),
        (flows(4).add(np.eye(4)), r"4 go from a region to itself.*without_own_flows"),
        (flows(1), "at least two regions, got 1"),
    ],
)
def test_tables_that_are_no_flows_are_refused(table, words):
    with pytest.raises(DataError, match=words):
        analyse_network(table)


def test_expected_regions_must_be_there():
    with pytest.raises(DataError, match="not in the network: 99; it has 11, 12, 13, 14"):
        analyse_network(flows(4), FEW, ["11", "99"])


def test_options_out_of_range_are_refused_all_at_once():
    with pytest.raises(DataError) as caught:
        NetworkOptions(
            backbone="median", top_share=0, alpha=1.0, damping=0.0, starts=0, n_key=0, seed=-1,
            random_networks=-1, resolution=math.inf, block_values="x", community_flows="y",
        )  # fmt: skip
    text = str(caught.value)
    for name in (
        "backbone must be one of mean, top, disparity, none (got 'median')", "top_share", "alpha",
        "damping", "starts", "n_key", "seed", "random_networks", "resolution", "block_values",
        "community_flows",
    ):  # fmt: skip
        assert name in text
