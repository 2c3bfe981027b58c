"""The network of flows between regions: backbone, measures, communities, blocks, key regions.

Regions are sorted by their codes before anything is computed, so the order of the rows and columns
of a table of flows changes nothing.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, get_args

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.embodied.block_model import BlockModel, fit_block_model
from yrb_carbon.embodied.network_measures import (
    HOPS,
    Closeness,
    Eigenvector,
    calc_assortativity,
    calc_betweenness,
    calc_closeness,
    calc_clustering,
    calc_communities,
    calc_density,
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
from yrb_carbon.errors import DataError, listing
from yrb_carbon.study.embodied import Backbone, BlockValues, CommunityFlows

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

NETWORK = "network"
"""Term of the measures of the whole network."""
TIDY_COLUMNS = ("term", "measure", "value")
RANK_DIGITS = 10
"""Significant digits by which regions are ranked: what differs in the last bits is a tie."""
DEGREES = ("out", "in")


@dataclass(frozen=True, slots=True)
class NetworkOptions:
    """Choices of the analysis of a network.

    Attributes
    ----------
    backbone : {"mean", "top", "disparity", "none"}
        Which flows are links: those above the mean flow, the largest `top_share` of all ordered
        pairs, those that the disparity filter keeps at `alpha`, or all positive ones.
    top_share : float
        In (0, 1].
    alpha : float
        Level of the disparity filter, in (0, 1).
    damping : float
        Of PageRank, in (0, 1).
    community_flows : {"all", "backbone"}
        Flows in which communities are sought.
    resolution : float
        Of the communities.
    starts : int
        Random starts of the search for communities; the best is kept.
    block_values : {"links", "flows"}
        What the block model is made of: links as 0 and 1, or all flows.
    random_networks : int
        Random networks that the small-world coefficient compares with; 0 leaves it out.
    n_key : int
        Key regions.
    seed : int
    """

    backbone: Backbone = "mean"
    top_share: float = 0.10
    alpha: float = 0.05
    damping: float = 0.85
    community_flows: CommunityFlows = "all"
    resolution: float = 1.0
    starts: int = 20
    block_values: BlockValues = "links"
    random_networks: int = 100
    n_key: int = 7
    seed: int = 0

    def __post_init__(self) -> None:
        """Refuse values out of range, all at once."""
        faults = [
            f"{name} must be one of {listing(get_args(kind))} (got {getattr(self, name)!r})"
            for name, kind in (
                ("backbone", Backbone),
                ("community_flows", CommunityFlows),
                ("block_values", BlockValues),
            )
            if getattr(self, name) not in get_args(kind)
        ]
        for name in ("alpha", "damping"):
            if not 0 < getattr(self, name) < 1:
                faults.append(f"{name} must lie between 0 and 1 (got {getattr(self, name)!r})")
        if not 0 < self.top_share <= 1:
            faults.append(f"top_share must be above 0 and at most 1 (got {self.top_share!r})")
        if not (self.resolution > 0 and math.isfinite(self.resolution)):
            faults.append(f"resolution must be above 0 (got {self.resolution!r})")
        for name, least in (("starts", 1), ("random_networks", 0), ("n_key", 1), ("seed", 0)):
            if getattr(self, name) < least:
                faults.append(f"{name} must be at least {least} (got {getattr(self, name)!r})")
        if faults:
            raise DataError("options of the network: " + "; ".join(faults))

    def link_rule(self) -> Callable[[FloatArray], BoolArray]:
        """The function that finds the links in a matrix of flows."""
        rules: dict[Backbone, Callable[[FloatArray], BoolArray]] = {
            "mean": calc_mean_backbone,
            "top": partial(calc_top_backbone, share=self.top_share),
            "disparity": partial(calc_disparity_backbone, alpha=self.alpha),
            "none": lambda flows: flows > 0,
        }
        return rules[self.backbone]

    def random_stream(self, purpose: int) -> np.random.SeedSequence:
        """Random numbers of one purpose, whatever else is drawn."""
        return np.random.SeedSequence(self.seed, spawn_key=(purpose,))


SMALL_WORLD_STREAM, COMMUNITY_STREAM = 0, 1


@dataclass(frozen=True, slots=True)
class Communities:
    """Communities of regions.

    Attributes
    ----------
    members : Series of int, index node
        From 1: the largest first, of equal ones that of the lowest code.
    modularity : float
        Q; NaN without flows.
    """

    members: pd.Series[int]
    modularity: float

    @property
    def count(self) -> int:
        """Number of communities."""
        return int(self.members.max())


@dataclass(frozen=True, slots=True)
class KeyRegions:
    """Regions by their mean rank over several centralities.

    Attributes
    ----------
    ranks : DataFrame, index node
        Ranks by each centrality (1 is the most central, ties share their mean rank), `mean_rank`,
        `position` and `is_key`; in the order of the positions.
    chosen : tuple of str
        The key regions, the first first.
    expected : tuple of str
        Those that the caller expected.
    """

    ranks: pd.DataFrame
    chosen: tuple[str, ...]
    expected: tuple[str, ...]

    @property
    def found(self) -> tuple[str, ...]:
        """Expected regions among the key regions, in the order expected."""
        return tuple(node for node in self.expected if node in self.chosen)

    @property
    def overlap(self) -> float:
        """Share of the expected regions that are key regions; NaN when none is expected."""
        return len(self.found) / len(self.expected) if self.expected else math.nan


@dataclass(frozen=True, slots=True)
class NetworkResults:
    """A network of flows and all that was measured of it.

    Attributes
    ----------
    options : NetworkOptions
    flows : DataFrame, regions × regions
        Row sends; sorted by code.
    links : DataFrame of bool, regions × regions
        The backbone.
    whole : Series, index measure
        Measures of the network, see `describe_network`.
    nodes : DataFrame, index node
        Measures of the regions, see `describe_nodes`.
    communities : Communities
    blocks : BlockModel
    key : KeyRegions
    notes : tuple of str
        What could not be computed or was computed otherwise, as sentences.
    """

    options: NetworkOptions
    flows: pd.DataFrame
    links: pd.DataFrame
    whole: pd.Series[float]
    nodes: pd.DataFrame
    communities: Communities
    blocks: BlockModel
    key: KeyRegions
    notes: tuple[str, ...]

    def tidy(self) -> pd.DataFrame:
        """All numbers, one row each.

        Returns
        -------
        DataFrame
            Columns term, measure, value. Terms: `network`; a region's code; `block k`; and
            `block k to l`. Measures without a value have NaN.
        """
        frames = [
            _rows(pd.DataFrame({NETWORK: self.whole}).T),
            _rows(self.nodes),
            _rows(self.communities.members.to_frame("community")),
            _rows(self.blocks.members.to_frame("block")),
            _rows(self.key.ranks.astype(np.float64).sort_index()),
            _rows(self.blocks.roles.drop(columns="role").rename(index="block {}".format)),
        ]
        for name in ("ties", "densities", "image"):
            table: pd.DataFrame = getattr(self.blocks, name)
            cells = {
                f"block {row} to {column}": {f"block_{name}": float(value)}
                for row, line in table.iterrows()
                for column, value in line.items()
            }
            frames.append(_rows(pd.DataFrame.from_dict(cells, orient="index")))
        return pd.concat(frames, ignore_index=True)


def _rows(table: pd.DataFrame) -> pd.DataFrame:
    """One row a cell of a table of terms × measures."""
    return pd.DataFrame(
        {
            "term": np.repeat(table.index.astype(str).to_numpy(), table.shape[1]),
            "measure": np.tile(table.columns.astype(str).to_numpy(), table.shape[0]),
            "value": table.to_numpy(dtype=np.float64).ravel(),
        },
        columns=list(TIDY_COLUMNS),
    )


def analyse_network(
    flows: pd.DataFrame, options: NetworkOptions | None = None, expected_key: Sequence[str] = ()
) -> NetworkResults:
    """Measure a network of flows.

    Links (the backbone) carry density, degrees, distances, betweenness, closeness, eigenvector and
    PageRank, clustering, reciprocity of links and assortativity; strengths, reciprocity of flows
    and, by default, communities are of all flows.

    Parameters
    ----------
    flows : DataFrame, regions × regions
        F ≥ 0, row sends to column, zero on the diagonal (`without_own_flows`), in any unit, in any
        order of rows and columns. Nothing but closeness, strengths, the mean length of ways and
        totals depends on the unit.
    options : NetworkOptions, optional
    expected_key : sequence of str
        Codes of the regions expected to be the key regions.

    Returns
    -------
    NetworkResults

    Raises
    ------
    DataError
        For a table that is not such a table of flows; the regions are named.
    """
    chosen = options or NetworkOptions()
    table = _checked(flows)
    strangers = [node for node in expected_key if node not in table.index]
    if strangers:
        raise DataError(
            f"regions expected to be key regions are not in the network: {listing(strangers)}; "
            f"it has {listing(table.index, len(table))}"
        )
    values = table.to_numpy(dtype=np.float64)
    links = chosen.link_rule()(values)
    nodes, index = tuple(map(str, table.index)), table.index
    measured, notes = describe_nodes(values, links, index, chosen)
    whole, more = describe_network(values, links, measured, chosen)
    used = values if chosen.community_flows == "all" else np.where(links, values, 0.0)
    partition = calc_communities(
        used, chosen.resolution, chosen.starts, chosen.random_stream(COMMUNITY_STREAM)
    )
    communities = Communities(
        pd.Series(partition.labels, index=index, name="community"), partition.modularity
    )
    whole["modularity"] = communities.modularity
    whole["n_communities"] = float(communities.count)
    tied = values if chosen.block_values == "flows" else links.astype(np.float64)
    blocks = fit_block_model(tied, nodes)
    whole["n_blocks"] = float(len(blocks.roles))
    if len(blocks.roles) == 1 and chosen.block_values == "links" and links.any():
        more.append("The links have a single block; blocks of flows tell more regions apart.")
    key = rank_regions(measured, chosen.n_key, expected_key)
    whole["key_overlap"] = key.overlap
    return NetworkResults(
        options=chosen,
        flows=table,
        links=pd.DataFrame(links, index=index, columns=table.columns),
        whole=whole,
        nodes=measured,
        communities=communities,
        blocks=blocks,
        key=key,
        notes=(*_link_notes(values, links, chosen), *notes, *more, *blocks.notes),
    )


def without_own_flows(flows: pd.DataFrame) -> pd.DataFrame:
    """The flows between different regions: zero on the diagonal, by label."""
    own = np.asarray(flows.index)[:, None] == np.asarray(flows.columns)[None, :]
    return flows.mask(own, 0.0)


def without_negative_flows(flows: pd.DataFrame) -> tuple[pd.DataFrame, list[str]]:
    """The flows with zero in the place of negative ones, and what is to be said of these.

    A flow is negative where stocks of the product fall by more than is sold.
    """
    values = flows.to_numpy(dtype=np.float64)
    cells = [
        f"{flows.index[row]} to {flows.columns[column]} ({values[row, column]:.3g})"
        for row, column in np.argwhere(values < 0).tolist()
    ]
    lost, kept = -values[values < 0].sum(), values[values > 0].sum()
    share = f", {lost / kept:.2%} of the others" if kept else ""
    said = [
        f"{len(cells)} flows are negative, together {-lost:.3g}{share}, and count as zero: "
        f"{listing(cells)}."
    ]
    return flows.clip(lower=0.0), said if cells else []


def _checked(flows: pd.DataFrame) -> pd.DataFrame:
    """The table sorted by code, refused when it is no table of flows between regions."""
    for axis, labels in (("rows", flows.index), ("columns", flows.columns)):
        twice = sorted(set(labels[labels.duplicated()].astype(str)))
        if twice:
            raise DataError(f"flows: regions more than once in the {axis}: {listing(twice)}")
    odd = sorted(map(str, set(flows.index) ^ set(flows.columns)))
    if odd:
        raise DataError(
            f"flows: regions in the rows or in the columns alone: {listing(odd)}; "
            "both need the same regions"
        )
    if len(flows) < 2:
        raise DataError(f"flows: a network needs at least two regions, got {len(flows)}")
    nodes = sorted(map(str, flows.index))
    table = flows.rename(index=str, columns=str).loc[nodes, nodes]
    try:
        table = table.astype(np.float64)
    except (TypeError, ValueError) as error:
        raise DataError(f"flows: not all are numbers: {error}") from error
    values = table.to_numpy()
    _refuse(table, ~np.isfinite(values), "are missing or infinite", "give 0 where nothing flows")
    _refuse(
        table, values < 0, "are negative",
        "a network has none: turn them round or set them to 0, and say so",
    )  # fmt: skip
    own = (values != 0) & np.eye(len(values), dtype=bool)
    _refuse(table, own, "go from a region to itself", "take them out with without_own_flows")
    table.index.name, table.columns.name = "node", None
    return table


def _refuse(table: pd.DataFrame, wrong: BoolArray, what: str, hint: str) -> None:
    """Raise where cells are wrong, naming them."""
    names, values = list(map(str, table.index)), table.to_numpy(dtype=np.float64)
    cells = [
        f"{names[row]} to {names[column]} ({values[row, column]:g})"
        for row, column in np.argwhere(wrong).tolist()
    ]
    if cells:
        raise DataError(f"flows: {len(cells)} {what}: {listing(cells)}; {hint}")


def _link_notes(values: FloatArray, links: BoolArray, options: NetworkOptions) -> list[str]:
    """What is to be said of the links."""
    if not values.any():
        return ["There are no flows between regions, so there are no links."]
    if not links.any():
        return [
            f"No flow is a link by the rule {options.backbone!r}: no flow stands out from the "
            "others. Take another backbone."
        ]
    alone = int((~(links.any(axis=0) | links.any(axis=1))).sum())
    return [f"{alone} of {len(links)} regions have no link."] if alone else []


def describe_nodes(
    flows: FloatArray, links: BoolArray, nodes: pd.Index[Any], options: NetworkOptions
) -> tuple[pd.DataFrame, list[str]]:
    """Measures of the regions.

    out_degree, in_degree (links); out_strength, in_strength, strength, net_strength (all flows,
    sent - received); betweenness; closeness_out, closeness_in, closeness (their mean); eigenvector;
    pagerank; clustering. Each is documented with the function `calc_` of its name.

    Parameters
    ----------
    flows, links : ndarray, (n, n)
    nodes : Index
    options : NetworkOptions

    Returns
    -------
    DataFrame, index node, and what is to be said of them.
    """
    graph = flow_graph(flows, links)
    closeness, eigenvector = calc_closeness(graph), calc_eigenvector(graph)
    sent, received = flows.sum(axis=1), flows.sum(axis=0)
    measured = pd.DataFrame(
        {
            "out_degree": links.sum(axis=1).astype(np.float64),
            "in_degree": links.sum(axis=0).astype(np.float64),
            "out_strength": sent,
            "in_strength": received,
            "strength": sent + received,
            "net_strength": sent - received,
            "betweenness": calc_betweenness(graph),
            "closeness_out": closeness.out,
            "closeness_in": closeness.into,
            "closeness": (closeness.out + closeness.into) / 2,
            "eigenvector": eigenvector.values,
            "pagerank": calc_pagerank(graph, options.damping),
            "clustering": calc_clustering(graph),
        },
        index=nodes,
    )
    return measured, [*_closeness_notes(closeness), *_eigenvector_notes(eigenvector, nodes)]


def _closeness_notes(closeness: Closeness) -> list[str]:
    if not closeness.is_harmonic:
        return []
    return ["Closeness is harmonic: the backbone is not strongly connected."]


def _eigenvector_notes(eigenvector: Eigenvector, nodes: pd.Index[Any]) -> list[str]:
    """Why regions have no eigenvector centrality."""
    n, size = len(nodes), len(eigenvector.component)
    if size < 2:
        return ["No region has an eigenvector centrality: the backbone has no cycle."]
    if not eigenvector.has_converged:
        return ["No region has an eigenvector centrality: the power iteration did not converge."]
    if size == n:
        return []
    outside = [str(nodes[node]) for node in range(n) if node not in eigenvector.component]
    return [
        f"Eigenvector centrality is over the largest strongly connected component, {size} of {n} "
        f"regions; outside of it: {listing(outside, n)}."
    ]


def describe_network(
    flows: FloatArray, links: BoolArray, nodes: pd.DataFrame, options: NetworkOptions
) -> tuple[pd.Series[float], list[str]]:
    """Measures of the network as a whole.

    n_nodes, n_links, density, total_flow, link_flow_share (share of the flow on links);
    n_components (without regard to direction), n_strong_components; reciprocity (of links),
    reciprocity_excess (against chance), reciprocity_flows; assortativity_out_in and the other three
    pairs; path_length, diameter (links on shortest ways), path_length_flows (on lengths 1/F),
    reachable; clustering (mean over regions); small_world_* and sigma.

    Parameters
    ----------
    flows, links : ndarray, (n, n)
    nodes : DataFrame
        Of `describe_nodes`.
    options : NetworkOptions

    Returns
    -------
    Series, index measure, and what is to be said of them.
    """
    import networkx as nx

    graph = flow_graph(flows, links)
    reciprocity = calc_reciprocity(flows, links)
    hops, ways = (calc_path_lengths(calc_distances(graph, one)) for one in (HOPS, "length"))
    total = float(flows.sum())
    found = {
        "n_nodes": float(len(flows)),
        "n_links": float(links.sum()),
        "density": calc_density(links),
        "total_flow": total,
        "link_flow_share": float(np.where(links, flows, 0.0).sum()) / total if total else math.nan,
        "n_components": float(nx.number_weakly_connected_components(graph)),
        "n_strong_components": float(nx.number_strongly_connected_components(graph)),
        "reciprocity": reciprocity.share,
        "reciprocity_excess": reciprocity.excess,
        "reciprocity_flows": reciprocity.flow_share,
        **{
            f"assortativity_{sender}_{receiver}": calc_assortativity(links, sender, receiver)
            for sender in DEGREES
            for receiver in DEGREES
        },
        "path_length": hops.mean,
        "diameter": hops.longest,
        "path_length_flows": ways.mean,
        "reachable": hops.reachable,
        "clustering": float(nodes["clustering"].mean()),
    }
    notes = []
    if 0 < hops.reachable < 1:
        notes.append(
            f"Path lengths are over the {hops.reachable:.1%} of the ordered pairs that have a way."
        )
    if options.random_networks and links.any():
        world = calc_small_world(
            links, options.random_networks, options.random_stream(SMALL_WORLD_STREAM)
        )
        found |= {
            "small_world_clustering": world.clustering,
            "small_world_random_clustering": world.random_clustering,
            "small_world_random_clustering_sd": world.random_clustering_sd,
            "small_world_path_length": world.path_length,
            "small_world_random_path_length": world.random_path_length,
            "small_world_random_path_length_sd": world.random_path_length_sd,
            "small_world_random_networks": float(world.networks),
            "sigma": world.sigma,
            "sigma_sd": world.sigma_sd,
        }
        if math.isnan(world.sigma):
            notes.append("The small-world coefficient is not defined: no random network clusters.")
        elif math.isnan(world.sigma_sd):
            notes.append("The small-world coefficient has no s.d.: a random network has none.")
    return pd.Series(found, name="value").rename_axis("measure"), notes


def rank_regions(nodes: pd.DataFrame, n_key: int, expected: Sequence[str] = ()) -> KeyRegions:
    """Key regions: those of the smallest mean rank over four centralities.

    Ranks by strength, betweenness, closeness, and eigenvector centrality, or PageRank where some
    region has no eigenvector centrality; the largest value has rank 1, ties share the mean of their
    ranks. Equal mean ranks stand in the order of the codes.

    Parameters
    ----------
    nodes : DataFrame
        Of `describe_nodes`.
    n_key : int
    expected : sequence of str

    Returns
    -------
    KeyRegions
    """
    fourth = "pagerank" if nodes["eigenvector"].isna().any() else "eigenvector"
    used = ["strength", "betweenness", "closeness", fourth]
    rounded = nodes[used].map(_significant)
    ranks = rounded.rank(ascending=False, method="average").add_prefix("rank_")
    ranks["mean_rank"] = ranks.mean(axis=1)
    ranks = ranks.sort_index().sort_values("mean_rank", kind="stable")
    ranks["position"] = range(1, len(ranks) + 1)
    ranks["is_key"] = (ranks["position"] <= n_key) & bool(nodes["strength"].any())
    chosen = tuple(map(str, ranks.index[ranks["is_key"]]))
    return KeyRegions(ranks, chosen, tuple(expected))


def _significant(value: float) -> float:
    return float(f"{value:.{RANK_DIGITS}g}")
