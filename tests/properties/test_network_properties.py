"""What holds for every network of flows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yrb_carbon.embodied.network import NetworkOptions, NetworkResults, analyse_network

CLOSE = 1e-9
"""Relative: sums in another order, power iterations that stop at 1e-13 a node."""
WITH_UNIT = ("out_strength", "in_strength", "strength", "net_strength", "closeness_out",
             "closeness_in", "closeness")  # fmt: skip
"""Measures of regions that are in the unit of the flows."""
WITHOUT_UNIT = ("out_degree", "in_degree", "betweenness", "eigenvector", "pagerank", "clustering")


@st.composite
def networks(draw: st.DrawFn) -> pd.DataFrame:
    """Flows between some regions; many are zero, and many equal."""
    n = draw(st.integers(3, 7))
    cell = st.one_of(
        st.just(0.0), st.integers(1, 5).map(float), st.floats(1e-3, 1e3, allow_nan=False)
    )
    values = draw(arrays(np.float64, (n, n), elements=cell))
    np.fill_diagonal(values, 0.0)
    codes = [str(11 + node) for node in range(n)]
    return pd.DataFrame(values, index=codes, columns=codes)


options = st.builds(
    NetworkOptions,
    backbone=st.sampled_from(["mean", "top", "disparity", "none"]),
    top_share=st.sampled_from([0.1, 0.5]),
    alpha=st.sampled_from([0.05, 0.5]),
    starts=st.just(3),
    random_networks=st.just(0),
    block_values=st.sampled_from(["links", "flows"]),
)
fast = settings(max_examples=20, deadline=None)


@fast
@given(networks(), options)
def test_sums_and_ranges(table: pd.DataFrame, chosen: NetworkOptions):
    found = analyse_network(table, chosen)
    nodes, whole, links = found.nodes, found.whole, found.links.to_numpy()
    total, n = table.to_numpy().sum(), len(table)
    assert nodes["out_strength"].sum() == pytest.approx(total, rel=CLOSE)
    assert nodes["in_strength"].sum() == pytest.approx(total, rel=CLOSE)
    assert nodes["net_strength"].sum() == pytest.approx(0, abs=CLOSE * (1 + total))
    assert nodes["out_degree"].sum() == nodes["in_degree"].sum() == links.sum()
    assert whole["density"] == pytest.approx(links.sum() / (n * (n - 1)), rel=CLOSE)
    assert not (links & (table.to_numpy() == 0)).any()
    assert nodes["pagerank"].sum() == pytest.approx(1, rel=CLOSE)
    assert nodes["betweenness"].between(0, 1 + CLOSE).all()
    assert nodes["clustering"].between(0, 1 + CLOSE).all()
    for name in ("reciprocity", "reciprocity_flows", "reachable", "link_flow_share"):
        assert np.isnan(whole[name]) or 0 <= whole[name] <= 1
    assert np.isnan(whole["path_length"]) or 1 <= whole["path_length"] <= whole["diameter"] < n
    assert np.isnan(whole["modularity"]) or -0.5 - CLOSE <= whole["modularity"] <= 1
    ties = links.sum() if chosen.block_values == "links" else total
    assert found.blocks.ties.to_numpy().sum() == pytest.approx(ties, rel=CLOSE)
    assert 1 <= found.blocks.members.max() <= 4
    assert sorted(found.key.ranks["position"]) == list(range(1, n + 1))


@fast
@given(networks(), options, st.randoms(use_true_random=False))
def test_the_order_of_regions_changes_nothing(table: pd.DataFrame, chosen: NetworkOptions, random):
    rows, columns = list(table.index), list(table.columns)
    random.shuffle(rows)
    random.shuffle(columns)
    one, other = analyse_network(table, chosen), analyse_network(table.loc[rows, columns], chosen)
    pd.testing.assert_frame_equal(one.tidy(), other.tidy(), check_exact=True)


def same_regions(one: NetworkResults, other: NetworkResults, names: dict[str, str]) -> None:
    """Regions under other codes have the same measures."""
    for measure in (*WITH_UNIT, *WITHOUT_UNIT):
        own = one.nodes[measure].rename(names).sort_index()
        theirs = other.nodes[measure]
        if measure == "eigenvector" and bool((own.isna() != theirs.isna()).any()):
            continue  # the component of the lowest code is taken of equal ones
        np.testing.assert_allclose(own, theirs, rtol=1e-7, atol=CLOSE)


@fast
@given(networks(), options, st.randoms(use_true_random=False))
def test_other_codes_change_no_measure(table: pd.DataFrame, chosen: NetworkOptions, random):
    codes = list(table.index)
    shuffled = list(codes)
    random.shuffle(shuffled)
    names = dict(zip(codes, shuffled, strict=True))
    one = analyse_network(table, chosen)
    other = analyse_network(table.rename(index=names, columns=names), chosen)
    same_regions(one, other, names)
    for measure in ("density", "reciprocity", "path_length", "clustering", "assortativity_out_in"):
        np.testing.assert_allclose(one.whole[measure], other.whole[measure], atol=CLOSE)


@fast
@given(networks(), options, st.integers(-20, 20))
def test_the_unit_changes_only_what_has_one(table: pd.DataFrame, chosen: NetworkOptions, power):
    factor = 2.0**power  # exact in binary, so that equal flows stay equal
    one, other = analyse_network(table, chosen), analyse_network(factor * table, chosen)
    assert one.links.equals(other.links)
    for measure in WITH_UNIT:
        np.testing.assert_allclose(factor * one.nodes[measure], other.nodes[measure], rtol=CLOSE)
    for measure in WITHOUT_UNIT:
        np.testing.assert_allclose(one.nodes[measure], other.nodes[measure], atol=CLOSE)
    assert one.communities.members.equals(other.communities.members)
    assert one.blocks.members.equals(other.blocks.members)
    assert one.key.chosen == other.key.chosen
    assert one.blocks.roles["role"].tolist() == other.blocks.roles["role"].tolist()
    np.testing.assert_allclose(
        one.whole["path_length_flows"], factor * other.whole["path_length_flows"], rtol=CLOSE
    )
