"""Measures of a network against their formulas in numpy, and cases worked out by hand."""

from __future__ import annotations

import itertools
import math

import networkx as nx
import numpy as np
import pytest
from scipy.sparse.csgraph import shortest_path

from yrb_carbon.embodied.network_measures import (
    HOPS,
    SmallWorld,
    calc_assortativity,
    calc_betweenness,
    calc_closeness,
    calc_clustering,
    calc_communities,
    calc_density,
    calc_disparity,
    calc_disparity_backbone,
    calc_distances,
    calc_eigenvector,
    calc_mean_backbone,
    calc_pagerank,
    calc_path_lengths,
    calc_reciprocity,
    calc_small_world,
    calc_top_backbone,
    flow_graph,
)

EXACT = 1e-12
"""Sums of a few terms in another order."""
ITERATED = 1e-9
"""Results of power iterations that stop at a change of 1e-13 a node."""
HAND = np.array(
    [[0.0, 8.0, 1.0, 1.0], [2.0, 0.0, 4.0, 0.0], [0.0, 5.0, 0.0, 0.0], [3.0, 0.0, 0.0, 0.0]]
)
"""Mean of the twelve flows: 2."""


def seed(number: int = 0) -> np.random.SeedSequence:
    return np.random.SeedSequence(number)


def dense_flows(n: int = 7, number: int = 3) -> np.ndarray:
    flows = np.exp(np.random.default_rng(number).normal(size=(n, n)))
    np.fill_diagonal(flows, 0.0)
    return flows


def strong_links(flows: np.ndarray) -> np.ndarray:
    """Links above the median: strongly connected for the seeds used here."""
    links = flows > np.median(flows)
    assert nx.is_strongly_connected(nx.from_numpy_array(links, create_using=nx.DiGraph))
    return links


def lengths(flows: np.ndarray, links: np.ndarray) -> np.ndarray:
    return np.where(links, 1.0 / np.where(links, flows, 1.0), 0.0)


def test_mean_backbone_leaves_out_flows_that_equal_the_mean():
    links = calc_mean_backbone(HAND)
    assert [tuple(pair) for pair in np.argwhere(links)] == [(0, 1), (1, 2), (2, 1), (3, 0)]


@pytest.mark.parametrize("flow", [0.1, 1 / 3, 1e9 / 7])
def test_equal_flows_have_no_mean_backbone(flow):
    flows = np.full((6, 6), flow)
    np.fill_diagonal(flows, 0.0)
    assert not calc_mean_backbone(flows).any()


def test_top_backbone_keeps_a_share_of_all_pairs_with_ties():
    assert np.argwhere(calc_top_backbone(HAND, 1 / 12)).tolist() == [[0, 1]]
    assert int(calc_top_backbone(HAND, 0.25).sum()) == 3
    # ranks 6 and 7 are two flows of 1
    assert int(calc_top_backbone(HAND, 0.5).sum()) == 7
    assert int(calc_top_backbone(HAND, 1.0).sum()) == 7


def test_disparity_by_hand():
    sent, received = calc_disparity(HAND)
    assert sent[0, 1] == pytest.approx((1 - 0.8) ** 2, abs=EXACT)
    assert sent[0, 2] == pytest.approx(0.9**2, abs=EXACT)
    assert sent[1, 2] == pytest.approx(1 - 4 / 6, abs=EXACT)
    assert sent[2, 1] == 1.0
    assert received[0, 1] == pytest.approx(1 - 8 / 13, abs=EXACT)
    assert received[3, 0] == pytest.approx(1 - 3 / 5, abs=EXACT)
    assert received[0, 3] == 1.0
    assert (sent[HAND == 0] == 1).all()
    assert (received[HAND == 0] == 1).all()


def test_disparity_backbone_takes_either_end():
    assert np.argwhere(calc_disparity_backbone(HAND, 0.05)).tolist() == [[0, 1]]
    by_receiver = calc_disparity_backbone(HAND.T, 0.05)
    assert np.argwhere(by_receiver).tolist() == [[1, 0]]


def test_disparity_is_the_chance_of_a_random_split():
    """Share of uniform random splits in k pieces whose first piece is at least p."""
    rng, draws, p = np.random.default_rng(0), 200_000, 0.45
    pieces = rng.dirichlet(np.ones(4), size=draws)
    flows = np.zeros((5, 5))
    flows[0, 1:] = [p, 0.25, 0.2, 0.1]
    share = float((pieces[:, 0] >= p).mean())
    monte_carlo = 4 * math.sqrt(share * (1 - share) / draws)
    assert calc_disparity(flows)[0][0, 1] == pytest.approx(share, abs=monte_carlo)


def test_density_counts_ordered_pairs():
    assert calc_density(HAND > 0) == 7 / 12


def test_distances_and_path_lengths_agree_with_scipy():
    flows = dense_flows()
    links = flows > np.quantile(flows, 0.7)
    graph = flow_graph(flows, links)
    peer = shortest_path(lengths(flows, links), directed=True)
    assert calc_distances(graph) == pytest.approx(peer, abs=EXACT)
    hops = shortest_path(links.astype(float), directed=True, unweighted=True)
    assert calc_distances(graph, HOPS) == pytest.approx(hops, abs=EXACT)
    away = ~np.eye(len(flows), dtype=bool)
    pairs = hops[away]
    found = calc_path_lengths(hops)
    assert found.reachable == np.isfinite(pairs).mean()
    assert found.mean == pytest.approx(pairs[np.isfinite(pairs)].mean(), abs=EXACT)
    assert found.longest == pairs[np.isfinite(pairs)].max()


def test_a_network_without_ways_has_no_path_length():
    found = calc_path_lengths(calc_distances(flow_graph(HAND, HAND > 99)))
    assert found.reachable == 0
    assert math.isnan(found.mean)
    assert math.isnan(found.longest)


def enumerated_betweenness(cost: np.ndarray) -> np.ndarray:
    """By walking every simple path between every pair."""
    n = len(cost)
    found = np.zeros(n)
    for start, end in itertools.permutations(range(n), 2):
        middle = [node for node in range(n) if node not in (start, end)]
        ways = [
            (start, *between, end)
            for size in range(n - 1)
            for between in itertools.permutations(middle, size)
        ]
        prices = {way: sum(cost[a, b] for a, b in itertools.pairwise(way)) for way in ways}
        least = min(prices.values())
        if math.isinf(least):
            continue
        best = [way for way, price in prices.items() if price <= least + EXACT]
        for way in best:
            found[list(way[1:-1])] += 1 / len(best)
    return found / ((n - 1) * (n - 2))


@pytest.mark.parametrize("number", range(3))
def test_betweenness_agrees_with_all_paths(number):
    flows = dense_flows(5, number)
    links = calc_top_backbone(flows, 0.6)
    cost = np.where(links, 1.0 / np.where(links, flows, 1.0), np.inf)
    own = calc_betweenness(flow_graph(flows, links))
    assert own.any()
    assert own == pytest.approx(enumerated_betweenness(cost), abs=EXACT)


def test_closeness_is_the_mean_distance_turned_over():
    flows = dense_flows()
    links = strong_links(flows)
    distances = shortest_path(lengths(flows, links), directed=True)
    found = calc_closeness(flow_graph(flows, links))
    assert not found.is_harmonic
    assert found.out == pytest.approx(6 / distances.sum(axis=1), abs=EXACT)
    assert found.into == pytest.approx(6 / distances.sum(axis=0), abs=EXACT)


def test_closeness_is_harmonic_where_a_way_is_missing():
    chain = np.zeros((3, 3))
    chain[0, 1], chain[1, 2] = 4.0, 2.0
    found = calc_closeness(flow_graph(chain, chain > 0))
    assert found.is_harmonic
    there = 1 / (1 / 4 + 1 / 2)
    assert found.out == pytest.approx([(4 + there) / 2, 1.0, 0.0], abs=EXACT)
    assert found.into == pytest.approx([0.0, 2.0, (2 + there) / 2], abs=EXACT)


def left_eigenvector(flows: np.ndarray) -> np.ndarray:
    values, vectors = np.linalg.eig(flows.T)
    own = np.abs(vectors[:, np.argmax(values.real)].real)
    return own / np.linalg.norm(own)


@pytest.mark.parametrize("unit", [1e-6, 1.0, 1e6])
def test_eigenvector_agrees_with_numpy_in_every_unit(unit):
    flows = dense_flows() * unit
    links = strong_links(flows)
    found = calc_eigenvector(flow_graph(flows, links))
    assert found.has_converged
    assert found.component == tuple(range(7))
    assert found.values == pytest.approx(left_eigenvector(flows * links), abs=ITERATED)


def test_eigenvector_of_a_cycle_of_period_two_converges():
    flows = np.array([[0.0, 4.0], [1.0, 0.0]])
    found = calc_eigenvector(flow_graph(flows, flows > 0))
    assert found.values == pytest.approx(np.array([1.0, 2.0]) / math.sqrt(5), abs=ITERATED)


def test_eigenvector_is_over_the_largest_component():
    flows = np.zeros((6, 6))
    flows[np.ix_([1, 2, 4], [1, 2, 4])] = dense_flows(3)
    flows[0, 1] = flows[4, 5] = flows[5, 3] = flows[3, 5] = 9.0
    found = calc_eigenvector(flow_graph(flows, flows > 0))
    assert found.component == (1, 2, 4)
    assert np.isnan(found.values[[0, 3, 5]]).all()
    assert found.values[[1, 2, 4]] == pytest.approx(left_eigenvector(dense_flows(3)), abs=ITERATED)


def test_eigenvector_says_when_it_has_not_converged():
    flows = dense_flows()
    found = calc_eigenvector(flow_graph(flows, strong_links(flows)), steps=2)
    assert not found.has_converged
    assert np.isnan(found.values).all()


def test_a_network_without_cycle_has_no_eigenvector():
    chain = np.diag([1.0, 1.0], k=1)
    found = calc_eigenvector(flow_graph(chain, chain > 0))
    assert found.component == (0,)
    assert np.isnan(found.values).all()


@pytest.mark.parametrize("damping", [0.5, 0.85, 0.99])
def test_pagerank_solves_its_equation(damping):
    flows = HAND.copy()
    flows[3] = 0.0  # sends nothing
    n = len(flows)
    totals = flows.sum(axis=1, keepdims=True)
    moves = np.where(totals > 0, flows / np.where(totals > 0, totals, 1.0), 1.0 / n)
    solved = np.linalg.solve(np.eye(n) - damping * moves.T, np.full(n, (1 - damping) / n))
    found = calc_pagerank(flow_graph(flows, flows > 0), damping)
    assert found == pytest.approx(solved, abs=ITERATED)
    assert found.sum() == pytest.approx(1.0, abs=EXACT)


def matrix_clustering(weights: np.ndarray) -> np.ndarray:
    """Fagiolo (2007) in matrices."""
    links = (weights > 0).astype(float)
    roots = np.cbrt(weights / weights.max())
    triangles = np.diag(np.linalg.matrix_power(roots + roots.T, 3))
    degree, returned = links.sum(axis=0) + links.sum(axis=1), np.diag(links @ links)
    possible = 2 * (degree * (degree - 1) - 2 * returned)
    return np.divide(triangles, possible, out=np.zeros(len(weights)), where=possible > 0)


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_clustering_agrees_with_the_matrix_formula(share):
    flows = dense_flows()
    links = calc_top_backbone(flows, share)
    graph = flow_graph(flows, links)
    assert calc_clustering(graph) == pytest.approx(matrix_clustering(flows * links), abs=EXACT)
    binary = matrix_clustering(links.astype(float))
    assert calc_clustering(graph, weight=None) == pytest.approx(binary, abs=EXACT)


def test_reciprocity_by_hand():
    found = calc_reciprocity(HAND, HAND > 0)
    # returned: 0-1, 0-3 and 1-2, each counted twice, of 7 links
    assert found.share == pytest.approx(6 / 7, abs=EXACT)
    assert found.excess == pytest.approx((6 / 7 - 7 / 12) / (1 - 7 / 12), abs=EXACT)
    assert found.flow_share == pytest.approx(2 * (2 + 1 + 4) / 24, abs=EXACT)


def test_reciprocity_of_nothing_and_of_everything():
    nothing = calc_reciprocity(np.zeros((3, 3)), np.zeros((3, 3), dtype=bool))
    assert all(math.isnan(v) for v in (nothing.share, nothing.excess, nothing.flow_share))
    full = calc_reciprocity(np.ones((3, 3)) - np.eye(3), ~np.eye(3, dtype=bool))
    assert (full.share, full.flow_share) == (1.0, 1.0)
    assert math.isnan(full.excess)


@pytest.mark.parametrize("sender", ["out", "in"])
@pytest.mark.parametrize("receiver", ["out", "in"])
def test_assortativity_is_a_correlation_over_links(sender, receiver):
    links = calc_top_backbone(dense_flows(), 0.4)
    degrees = {"out": links.sum(axis=1), "in": links.sum(axis=0)}
    start, end = np.nonzero(links)
    peer = np.corrcoef(degrees[sender][start], degrees[receiver][end])[0, 1]
    assert calc_assortativity(links, sender, receiver) == pytest.approx(peer, abs=EXACT)


def test_assortativity_needs_degrees_that_differ():
    assert math.isnan(calc_assortativity(~np.eye(4, dtype=bool), "out", "in"))
    assert math.isnan(calc_assortativity(np.zeros((4, 4), dtype=bool), "out", "in"))


def ring(n: int, reach: int) -> np.ndarray:
    links = np.zeros((n, n), dtype=bool)
    for node, step in itertools.product(range(n), range(1, reach + 1)):
        links[node, (node + step) % n] = links[node, (node - step) % n] = True
    return links


def test_small_world_of_a_ring_and_of_a_random_network():
    lattice = calc_small_world(ring(30, 3), 40, seed())
    assert lattice.clustering == pytest.approx(0.6, abs=EXACT)
    assert lattice.path_length == pytest.approx(85 / 29, abs=EXACT)
    assert lattice.sigma > 1.5
    rng = nx.gnm_random_graph(30, 180, seed=5, directed=True)
    drawn = calc_small_world(nx.to_numpy_array(rng) > 0, 40, seed())
    assert drawn.sigma == pytest.approx(1.0, abs=4 * drawn.sigma_sd)
    assert 0 < drawn.sigma_sd < 0.2
    assert drawn.random_clustering == pytest.approx(180 / 870, abs=0.02)


def test_small_world_puts_its_parts_together():
    links = calc_top_backbone(dense_flows(10), 0.4)
    found = calc_small_world(links, 25, seed(4))
    assert found.clustering == pytest.approx(matrix_clustering(links.astype(float)).mean())
    ratio = found.clustering / found.random_clustering
    assert found.sigma == pytest.approx(
        ratio / (found.path_length / found.random_path_length), abs=EXACT
    )
    assert found == calc_small_world(links, 25, seed(4))
    assert found.sigma != calc_small_world(links, 25, seed(5)).sigma


def test_small_world_without_triangles_is_not_defined():
    one = np.zeros((5, 5), dtype=bool)
    one[0, 1] = True
    found: SmallWorld = calc_small_world(one, 5, seed())
    assert found.random_clustering == 0
    assert math.isnan(found.sigma)
    assert math.isnan(found.sigma_sd)


def modularity(flows: np.ndarray, labels: np.ndarray, resolution: float = 1.0) -> float:
    both = flows + flows.T
    strength, total = both.sum(axis=1), both.sum()
    same = np.equal.outer(labels, labels)
    gaps = both - resolution * np.outer(strength, strength) / total
    return float((gaps * same).sum() / total)


def partitions(n: int) -> list[tuple[int, ...]]:
    """All partitions as labels whose first appearances rise."""
    found = [(0,)]
    for _ in range(n - 1):
        found = [(*one, label) for one in found for label in range(max(one) + 2)]
    return found


@pytest.mark.parametrize("number", range(3))
@pytest.mark.parametrize("resolution", [1.0, 1.5])
def test_communities_have_the_largest_modularity_of_all_partitions(number, resolution):
    flows = dense_flows(7, number) ** 2
    best = max(modularity(flows, np.array(one), resolution) for one in partitions(7))
    found = calc_communities(flows, resolution, 20, seed())
    assert found.modularity == pytest.approx(best, abs=EXACT)
    assert found.modularity == pytest.approx(modularity(flows, found.labels, resolution), abs=EXACT)


def test_communities_are_named_by_size_and_then_by_the_lowest_node():
    flows = np.full((7, 7), 0.01)
    for part in ([1, 6], [0, 5], [2, 3, 4]):
        flows[np.ix_(part, part)] = 1.0
    np.fill_diagonal(flows, 0.0)
    assert calc_communities(flows, 1.0, 5, seed()).labels.tolist() == [2, 3, 1, 1, 1, 2, 3]


def test_without_flows_every_node_is_a_community():
    found = calc_communities(np.zeros((3, 3)), 1.0, 5, seed())
    assert found.labels.tolist() == [1, 2, 3]
    assert math.isnan(found.modularity)
