"""Measures of a directed network of flows: backbones, centralities, cohesion, small world.

Graphs have the nodes 0..n-1, and on each link `weight` (the flow F) and `length` (1/F): whole
numbers as nodes keep every sum in one order, whatever the names of the regions are.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from yrb_carbon.errors import DataError

if TYPE_CHECKING:
    from networkx import DiGraph

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

TIE_TOLERANCE = 1e-12
"""Relative; values nearer than this are equal: sums in another order differ in the last bits."""
POWER_TOLERANCE, POWER_STEPS = 1e-13, 100_000
"""Change a node at which power iterations stop, and the most of them: near the machine's digits,
so that results do not depend on where the iteration stood."""
HOPS = None
"""Distances that count links instead of adding their lengths."""


def off_diagonal(matrix: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """Values of all ordered pairs of two nodes, row by row."""
    chosen: npt.NDArray[Any] = matrix[~np.eye(len(matrix), dtype=bool)]
    return chosen


def calc_mean_backbone(flows: FloatArray) -> BoolArray:
    """Links above the mean flow.

    F_rs > (1/(N(N-1))) Σ_{r≠s} F_rs. A flow that equals the mean is no link, so equal flows between
    all pairs have an empty backbone.

    Parameters
    ----------
    flows : ndarray, (n, n)
        F ≥ 0, zero on the diagonal.

    Returns
    -------
    ndarray of bool, (n, n)
    """
    mean = math.fsum(off_diagonal(flows)) / (len(flows) * (len(flows) - 1))
    return np.asarray(flows > mean * (1 + TIE_TOLERANCE))


def calc_top_backbone(flows: FloatArray, share: float) -> BoolArray:
    """The largest flows, as many as are a share of all ordered pairs.

    k = ⌈share·N(N-1)⌉; flows that equal the k-th largest are links too, zero flows never.

    Parameters
    ----------
    flows : ndarray, (n, n)
    share : float
        In (0, 1].
    """
    values = np.sort(off_diagonal(flows))[::-1]
    least = values[math.ceil(share * len(values) - TIE_TOLERANCE) - 1]
    return np.asarray((flows > 0) & (flows >= least * (1 - TIE_TOLERANCE)))


def calc_disparity(flows: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Probability of a flow at least as large when a node splits its flows at random.

    α_ij = (1 - p_ij)^(k_i - 1),  p_ij = w_ij / Σ_j w_ij,  k_i the number of its flows; once over
    the flows that a node sends, once over those that it receives. The only flow of a node has
    α = 1: it cannot stand out.

    Returns
    -------
    sent, received : ndarray, (n, n)
        α by the sender and by the receiver; 1 where there is no flow.

    References
    ----------
    Serrano, Boguñá and Vespignani (2009), Extracting the multiscale backbone of complex weighted
    networks, PNAS 106(16):6483-6488, equation 2 and its directed form.
    """

    def by_rows(weights: FloatArray) -> FloatArray:
        totals = weights.sum(axis=1, keepdims=True)
        shares = np.divide(weights, totals, out=np.zeros_like(weights), where=totals > 0)
        others = np.maximum((weights > 0).sum(axis=1, keepdims=True) - 1, 0)
        return np.asarray(np.clip(1 - shares, 0, 1) ** others)

    return by_rows(flows), by_rows(flows.T).T


def calc_disparity_backbone(flows: FloatArray, alpha: float) -> BoolArray:
    """Flows that stand out among those that their sender sends or their receiver receives.

    α_ij < alpha by either, see `calc_disparity`.
    """
    sent, received = calc_disparity(flows)
    return np.asarray((flows > 0) & (np.minimum(sent, received) < alpha))


def flow_graph(flows: FloatArray, links: BoolArray) -> DiGraph[int]:
    """Graph of the links, with `weight` F and `length` 1/F."""
    import networkx as nx

    graph: DiGraph[int] = nx.DiGraph()
    graph.add_nodes_from(range(len(flows)))
    for sender, receiver in np.argwhere(links).tolist():
        flow = float(flows[sender, receiver])
        graph.add_edge(sender, receiver, weight=flow, length=1.0 / flow)
    return graph


def _by_node(values: dict[int, float]) -> FloatArray:
    return np.array([values[node] for node in sorted(values)], dtype=np.float64)


def calc_distances(graph: DiGraph[int], length: str | None = "length") -> FloatArray:
    """Shortest distances from rows to columns, infinite where there is no way.

    Parameters
    ----------
    graph : DiGraph
    length : str or None
        Attribute of the links that is added up; None counts links.
    """
    import networkx as nx

    # an attribute that no link has counts as 1
    return np.asarray(
        nx.floyd_warshall_numpy(graph, nodelist=range(len(graph)), weight=length or "hops")
    )


@dataclass(frozen=True, slots=True)
class PathLengths:
    """Distances of a network.

    Attributes
    ----------
    mean : float
        L = mean of d_rs over the ordered pairs with a way from r to s; NaN where there is none.
    longest : float
        The largest of them.
    reachable : float
        Share of the ordered pairs that have a way.
    """

    mean: float
    longest: float
    reachable: float


def calc_path_lengths(distances: FloatArray) -> PathLengths:
    """Mean and largest distance over the pairs that have a way, see `PathLengths`."""
    pairs = off_diagonal(distances)
    finite = pairs[np.isfinite(pairs)]
    if not finite.size:
        return PathLengths(math.nan, math.nan, 0.0)
    return PathLengths(
        math.fsum(finite) / finite.size, float(finite.max()), finite.size / pairs.size
    )


def calc_betweenness(graph: DiGraph[int]) -> FloatArray:
    """Share of the shortest ways between others that pass a node, on lengths 1/F.

    b_v = (1/((N-1)(N-2))) Σ_{r≠v≠s} σ_rs(v)/σ_rs.

    References
    ----------
    Brandes (2001), A faster algorithm for betweenness centrality, Journal of Mathematical Sociology
    25(2):163-177; lengths as inverse strengths: Newman (2001), Physical Review E 64:016132.
    """
    import networkx as nx

    return _by_node(nx.betweenness_centrality(graph, weight="length", normalized=True))


@dataclass(frozen=True, slots=True)
class Closeness:
    """Nearness of nodes on lengths 1/F, in the unit of the flows.

    Attributes
    ----------
    out, into : ndarray, (n,)
        Over the ways from a node, and over those to it.
    is_harmonic : bool
        Whether it is the harmonic form.
    """

    out: FloatArray
    into: FloatArray
    is_harmonic: bool


def calc_closeness(graph: DiGraph[int]) -> Closeness:
    """Closeness, in the harmonic form where some node has no way to some other.

    Strongly connected: c_v = (N-1)/Σ_s d_vs. Else: c_v = (1/(N-1)) Σ_{s≠v} 1/d_vs, no way counting
    as 0. One is the inverse of the arithmetic mean of the distances, the other of the harmonic.

    References
    ----------
    Freeman (1979), Social Networks 1(3):215-239; Marchiori and Latora (2000), Physica A
    285:539-546.
    """
    import networkx as nx

    # both functions of networkx measure the ways to a node
    reverse = graph.reverse()
    if nx.is_strongly_connected(graph):
        own, other = (
            nx.closeness_centrality(one, distance="length", wf_improved=False)
            for one in (reverse, graph)
        )
        return Closeness(_by_node(own), _by_node(other), is_harmonic=False)
    own, other = (nx.harmonic_centrality(one, distance="length") for one in (reverse, graph))
    others = len(graph) - 1
    return Closeness(_by_node(own) / others, _by_node(other) / others, is_harmonic=True)


@dataclass(frozen=True, slots=True)
class Eigenvector:
    """Eigenvector centrality.

    Attributes
    ----------
    values : ndarray, (n,)
        Of Euclidean length 1 over `component`; NaN outside of it.
    component : tuple of int
        Nodes that it is defined over: the largest strongly connected component.
    has_converged : bool
    """

    values: FloatArray
    component: tuple[int, ...]
    has_converged: bool


def calc_eigenvector(graph: DiGraph[int], steps: int = POWER_STEPS) -> Eigenvector:
    """Eigenvector centrality by received flows, over the largest strongly connected component.

    λ x_s = Σ_r F_rs x_r with the largest λ, ‖x‖₂ = 1: a node is central that receives much from
    central ones. It is unique only where every node has a way to every other (Perron-Frobenius),
    so nodes outside of the largest such component (of equal ones, that of the lowest node) have
    none. A component of a single node has no flows and no centrality.

    Parameters
    ----------
    graph : DiGraph
    steps : int
        Most power iterations.

    References
    ----------
    Bonacich (1972), Journal of Mathematical Sociology 2(1):113-120.
    """
    import networkx as nx

    component = tuple(largest_component(graph))
    values = np.full(len(graph), np.nan)
    if len(component) < 2:
        return Eigenvector(values, component, has_converged=False)
    flows = nx.to_numpy_array(graph, nodelist=component)
    # the iteration adds the identity to the flows: a λ near 1 keeps it as fast for all units
    own = flow_graph(flows / flows.sum(axis=0).mean(), flows > 0)
    try:
        found = nx.eigenvector_centrality(own, max_iter=steps, tol=POWER_TOLERANCE, weight="weight")
    except nx.PowerIterationFailedConvergence:
        return Eigenvector(values, component, has_converged=False)
    values[list(component)] = _by_node(found)
    return Eigenvector(values, component, has_converged=True)


def largest_component(graph: DiGraph[int]) -> list[int]:
    """Nodes of the largest strongly connected component; of equal ones that of the lowest node."""
    import networkx as nx

    parts = [sorted(part) for part in nx.strongly_connected_components(graph)]
    return min(parts, key=lambda part: (-len(part), part))


def calc_pagerank(graph: DiGraph[int], damping: float) -> FloatArray:
    """PageRank of received flows.

    p_s = (1-d)/N + d (Σ_r p_r F_rs/Σ_q F_rq + (1/N) Σ_{r without links} p_r), Σ p = 1.

    Raises
    ------
    DataError
        If it does not converge.

    References
    ----------
    Brin and Page (1998), Computer Networks 30(1-7):107-117.
    """
    import networkx as nx

    try:
        found = nx.pagerank(
            graph, alpha=damping, weight="weight", tol=POWER_TOLERANCE, max_iter=POWER_STEPS
        )
    except nx.PowerIterationFailedConvergence as error:
        raise DataError(
            f"PageRank with damping {damping:g} did not converge in {POWER_STEPS} steps; "
            "take a smaller damping"
        ) from error
    return _by_node(found)


def calc_clustering(graph: DiGraph[int], weight: str | None = "weight") -> FloatArray:
    """Directed clustering: how near the neighbours of a node are to one another.

    C_i = [(Ŵ + Ŵ')³]_ii / (2 [d_i(d_i - 1) - 2 d_i↔]),  Ŵ = [(w/max w)^(1/3)], d the links of i in
    both directions, d↔ those that are returned; 0 where no triangle is possible.

    Parameters
    ----------
    graph : DiGraph
    weight : str or None
        None: all links count as 1.

    References
    ----------
    Fagiolo (2007), Clustering in complex directed networks, Physical Review E 76:026107.
    """
    import networkx as nx

    return _by_node(nx.clustering(graph, weight=weight))


def calc_density(links: BoolArray) -> float:
    """Links over ordered pairs, L/(N(N-1))."""
    return float(off_diagonal(links).mean())


@dataclass(frozen=True, slots=True)
class Reciprocity:
    """How far links and flows are returned.

    Attributes
    ----------
    share : float
        r = L↔/L, links whose reverse is a link too; NaN without links.
    excess : float
        ρ = (r - ā)/(1 - ā), ā the density: 0 as in a random network of that density, 1 where all
        is returned; NaN without links and where every pair is linked.
    flow_share : float
        r_w = Σ_{r≠s} min(F_rs, F_sr)/Σ F; NaN without flows.
    """

    share: float
    excess: float
    flow_share: float


def calc_reciprocity(flows: FloatArray, links: BoolArray) -> Reciprocity:
    """Reciprocity of the links, against that of a random network, and of all flows.

    References
    ----------
    Garlaschelli and Loffredo (2004), Physical Review Letters 93:268701; Squartini, Picciolo,
    Ruzzenenti and Garlaschelli (2013), Scientific Reports 3:2729.
    """
    total, density = float(flows.sum()), calc_density(links)
    returned = float(np.minimum(flows, flows.T).sum()) / total if total else math.nan
    if not links.any():
        return Reciprocity(math.nan, math.nan, returned)
    share = float((links & links.T).sum() / links.sum())
    excess = (share - density) / (1 - density) if density < 1 else math.nan
    return Reciprocity(share, excess, returned)


def calc_assortativity(links: BoolArray, sender: str, receiver: str) -> float:
    """Correlation over the links of a degree of the sender with one of the receiver.

    r = corr over links r→s of (k_r, k_s), k the number of links sent (`out`) or received (`in`);
    NaN where one of them is the same on all links.

    References
    ----------
    Newman (2003), Physical Review E 67:026126, equation 21; Foster, Foster, Grassberger and
    Paczuski (2010), PNAS 107(24):10815-10820.
    """
    import networkx as nx

    degrees = {"out": links.sum(axis=1), "in": links.sum(axis=0)}
    starts, ends = np.nonzero(links)
    if any(np.ptp(own) == 0 if own.size else True
           for own in (degrees[sender][starts], degrees[receiver][ends])):  # fmt: skip
        return math.nan
    graph = nx.from_numpy_array(links.astype(np.int8), create_using=nx.DiGraph)
    return float(nx.degree_assortativity_coefficient(graph, x=sender, y=receiver))


@dataclass(frozen=True, slots=True)
class SmallWorld:
    """A network against random ones with as many links.

    Attributes
    ----------
    clustering, path_length : float
        C, mean of the directed clustering of links as 1; L, mean number of links on shortest ways.
    random_clustering, random_path_length : float
        Their means over the random networks.
    random_clustering_sd, random_path_length_sd : float
    sigma : float
        σ = (C/C̄_random)/(L/L̄_random); above 1: as short ways as a random network, more clustered.
    sigma_sd : float
        Standard deviation of σ_b = (C/C_b)/(L/L_b) over the random networks; NaN where some C_b is
        0.
    networks : int
        Random networks.
    """

    clustering: float
    path_length: float
    random_clustering: float
    random_path_length: float
    random_clustering_sd: float
    random_path_length_sd: float
    sigma: float
    sigma_sd: float
    networks: int


def calc_small_world(links: BoolArray, networks: int, seed: np.random.SeedSequence) -> SmallWorld:
    """Small-world coefficient against random directed networks of as many nodes and links.

    See `SmallWorld`. Path lengths are over the pairs that have a way, in the network as in the
    random ones.

    References
    ----------
    Watts and Strogatz (1998), Nature 393:440-442; Humphries and Gurney (2008), PLoS ONE
    3(4):e0002051.
    """
    import networkx as nx

    n, m = len(links), int(links.sum())
    own = _clustering_and_length(flow_graph(np.ones(links.shape), links))
    drawn = np.array(
        [
            _clustering_and_length(nx.gnm_random_graph(n, m, seed=int(one), directed=True))
            for one in seed.generate_state(networks)
        ]
    )
    with np.errstate(divide="ignore", invalid="ignore"):
        means = drawn.mean(axis=0)
        sigma = (own[0] / means[0]) / (own[1] / means[1])
        each = (own[0] / drawn[:, 0]) / (own[1] / drawn[:, 1])
    spreads = drawn.std(axis=0, ddof=1) if networks > 1 else np.full(2, np.nan)
    has_sd = networks > 1 and bool(np.isfinite(each).all())
    return SmallWorld(
        clustering=own[0],
        path_length=own[1],
        random_clustering=float(means[0]),
        random_path_length=float(means[1]),
        random_clustering_sd=float(spreads[0]),
        random_path_length_sd=float(spreads[1]),
        sigma=float(sigma) if np.isfinite(sigma) else math.nan,
        sigma_sd=float(each.std(ddof=1)) if has_sd else math.nan,
        networks=networks,
    )


def _clustering_and_length(graph: DiGraph[int]) -> tuple[float, float]:
    clustering = calc_clustering(graph, weight=None)
    length = calc_path_lengths(calc_distances(graph, HOPS)).mean
    return math.fsum(clustering) / len(clustering), length


@dataclass(frozen=True, slots=True)
class Partition:
    """Communities of a network.

    Attributes
    ----------
    labels : ndarray of int, (n,)
        From 1: the largest community first, of equal ones that of the lowest node.
    modularity : float
        Q; NaN without flows, when every node is a community of its own.
    """

    labels: npt.NDArray[np.intp]
    modularity: float


def calc_communities(
    flows: FloatArray, resolution: float, starts: int, seed: np.random.SeedSequence
) -> Partition:
    """Communities of the symmetrised flows by the Louvain method, the best of several starts.

    S = F + F',  Q = (1/2m) Σ_ij [S_ij - γ k_i k_j/(2m)] δ(c_i, c_j), k_i = Σ_j S_ij, 2m = Σ S. The
    method depends on the order in which nodes are visited; the partition of the largest Q is kept.

    Parameters
    ----------
    flows : ndarray, (n, n)
    resolution : float
        γ; 1 is plain modularity, more gives smaller communities.
    starts : int
    seed : SeedSequence

    References
    ----------
    Blondel, Guillaume, Lambiotte and Lefebvre (2008), Journal of Statistical Mechanics P10008;
    Newman (2004), Physical Review E 70:056131; Reichardt and Bornholdt (2006), Physical Review E
    74:016110.
    """
    import networkx as nx

    graph = nx.from_numpy_array(flows + flows.T)
    if not graph.number_of_edges():
        return Partition(np.arange(1, len(flows) + 1), math.nan)
    found = []
    for one in seed.generate_state(starts):
        parts = nx.community.louvain_communities(
            graph, weight="weight", resolution=resolution, seed=int(one)
        )
        own = nx.community.modularity(graph, parts, weight="weight", resolution=resolution)
        found.append((_labels(parts, len(flows)), float(own)))
    most = max(own for _, own in found)
    best = [one for one in found if one[1] >= most - TIE_TOLERANCE]
    labels, modularity = min(best, key=lambda one: one[0])
    return Partition(np.array(labels), modularity)


def _labels(parts: list[set[int]], n: int) -> tuple[int, ...]:
    """Label of each node, see `Partition`."""
    labels = [0] * n
    ordered = sorted(map(sorted, parts), key=lambda part: (-len(part), part))
    for label, part in enumerate(ordered, start=1):
        for node in part:
            labels[node] = label
    return tuple(labels)
