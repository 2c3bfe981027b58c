"""Build spatial weights from the polygons and the attributes of the units."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from yrb_carbon.errors import WeightsError, listing
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.weights.check import WeightsFacts, check_weights, dense, describe_weights
from yrb_carbon.weights.spec import (
    CONTIGUITY,
    SYMMETRIC,
    WITH_CUTOFF,
    Islands,
    Scheme,
    Standardise,
    WeightsLike,
    WeightsSpec,
)
from yrb_carbon.weights.standardise import standardise, standardise_rows

if TYPE_CHECKING:
    from libpysal.graph import Graph

FloatArray = npt.NDArray[np.float64]
BoolArray = npt.NDArray[np.bool_]

EARTH_RADIUS_KM = 6371.0088
"""Mean radius of the Earth (IUGG), km."""

TIE_DECIMALS = 6
"""Decimals of km by which distances are ranked: rounding must not decide between equals."""

GAP_FLOOR_QUANTILE = 0.01
"""Gaps of income below this quantile are lifted to it, lest one pair takes the whole row."""

ATTRIBUTES = {
    "econ": ("gdp_per_capita",),
    "nested_add": ("gdp_per_capita",),
    "nested_mul": ("gdp_per_capita",),
    "gravity": ("gdp",),
}
"""Columns of `attributes` that a scheme needs."""


@dataclass(frozen=True, slots=True)
class SpatialWeights:
    """A weights matrix and how it came about.

    Attributes
    ----------
    graph : libpysal.graph.Graph
        Standardised weights, keyed by unit, units sorted.
    raw : libpysal.graph.Graph
        The same before standardising.
    spec : WeightsSpec
    facts : WeightsFacts
        Of `graph`.
    linked : tuple of (str, str)
        Islands and the unit that each was linked to (`islands: nearest`).
    dropped : tuple of str
        Units left out for want of a neighbour (`islands: drop`).
    cutoff_km : float or None
        Longest link allowed, given or found (`invd_cut`).
    scale : float or None
        Number that the matrix was divided by; None when rows were standardised.
    """

    graph: Graph
    raw: Graph
    spec: WeightsSpec
    facts: WeightsFacts
    linked: tuple[tuple[str, str], ...] = ()
    dropped: tuple[str, ...] = ()
    cutoff_km: float | None = None
    scale: float | None = None

    @property
    def unit_ids(self) -> tuple[str, ...]:
        """Units of the matrix, sorted."""
        return tuple(str(unit) for unit in self.graph.unique_ids)

    @property
    def matrix(self) -> FloatArray:
        """Standardised weights, (n, n), in the order of `unit_ids`."""
        return dense(self.graph)


@dataclass(frozen=True, slots=True)
class _Links:
    """Which pairs may be linked, and the cut-off that decided it."""

    support: BoolArray
    cutoff_km: float | None


def build_weights(
    boundaries: Boundaries,
    spec: WeightsLike,
    attributes: pd.DataFrame | None = None,
    unit_ids: Collection[str] | None = None,
    given: Graph | None = None,
) -> SpatialWeights:
    """Build a weights matrix.

    With d_ij the great-circle distance between centroids in km and w_ii = 0:

    ==========  =================================================================
    queen       1 if the polygons share a point (or are nearer than the tolerance)
    rook        1 if they share an edge
    invd        1/d_ij
    invd2       1/d_ij²
    invd_cut    1/d_ij up to the smallest d* that leaves no unit without a neighbour
    knn         1 if j is one of the k nearest of i; ties go to the smaller code
    expd        exp(−d_ij/d̄), d̄ the mean over all pairs
    econ        1/max(|g_i − g_j|, q), q the 1 % quantile of the positive gaps
    nested_add  φ·W_d + (1−φ)·W_e, both row-standardised first; W_d invd, W_e econ
    nested_mul  (1/d_ij)·g_j/ḡ
    gravity     G_i·G_j/d_ij²
    file        w_ij of `given`
    ==========  =================================================================

    g is income per head and G its total, means over the sample years, so that W does not move
    with the outcome. `cutoff` sets w_ij = 0 where d_ij > cutoff.

    Parameters
    ----------
    boundaries : Boundaries
    spec : WeightsSpec or a section of the configuration with the same fields
    attributes : DataFrame, index unit, optional
        `gdp_per_capita` (yuan) and `gdp` (10^4 yuan); see `calc_unit_attributes`. Needed by
        econ, nested_add, nested_mul and gravity.
    unit_ids : collection of str, optional
        Units of the sample, in any order; all of `boundaries` when None.
    given : libpysal.graph.Graph, optional
        Weights before standardising of at least these units, for the scheme `file`.

    Returns
    -------
    SpatialWeights
        Units sorted by code, whatever the order of the inputs.

    Raises
    ------
    WeightsError
        Units without neighbour under `islands: error`; attributes missing or not positive;
        contiguity of polygons that do not fit together; fields that the scheme cannot use; units
        that the given weights do not have.

    Notes
    -----
    `islands: nearest` allows the pair (island, nearest unit) in both directions, with the weight
    of the scheme. `islands: drop` leaves the islands out and builds anew, until none is left.
    The matrix of a sub-sample is thus never a cut-out of a larger standardised one.
    """
    own = _as_spec(spec)
    wanted = sorted(set(boundaries.unit_ids if unit_ids is None else unit_ids))
    dropped: list[str] = []
    while True:
        if len(wanted) < 2:
            raise WeightsError(
                f"{own.scheme}: {len(wanted)} units left after dropping {listing(dropped)}; "
                "weights need two at least"
            )
        mine = boundaries.subset(wanted)
        distance = _distances(mine)
        values = _given(own, given, wanted)
        links = _links(mine, own, distance, values)
        lonely = np.flatnonzero(~links.support.any(axis=1))
        if own.islands != "drop" or not lonely.size:
            break
        dropped += [wanted[i] for i in lonely]
        wanted = [unit for i, unit in enumerate(wanted) if i not in set(lonely)]

    support = links.support
    linked: tuple[tuple[str, str], ...] = ()
    if own.islands == "nearest" and lonely.size:
        support, linked = _link_to_nearest(support, distance, lonely, wanted)
    raw = _weigh(own, support, distance, _attributes(own.scheme, attributes, wanted), values)
    check_weights(raw, wanted, symmetric=own.scheme in SYMMETRIC)
    weights, scale = standardise(raw, own.standardise)
    return SpatialWeights(
        graph=as_graph(weights, wanted),
        raw=as_graph(raw, wanted),
        spec=own,
        facts=describe_weights(weights, wanted),
        linked=linked,
        dropped=tuple(sorted(dropped)),
        cutoff_km=links.cutoff_km,
        scale=scale,
    )


def as_graph(weights: FloatArray, unit_ids: Sequence[str]) -> Graph:
    """Turn a matrix into a libpysal Graph.

    Parameters
    ----------
    weights : ndarray, (n, n)
    unit_ids : sequence of n str
        In any order; the graph is sorted by unit.

    Returns
    -------
    libpysal.graph.Graph
        A unit without neighbour keeps one entry of weight 0 with itself, as libpysal has it.
    """
    from libpysal.graph import Graph

    order = np.argsort(np.asarray(unit_ids, dtype=str), kind="stable")
    ids = np.asarray(unit_ids, dtype=object)[order]
    ordered = weights[np.ix_(order, order)]
    focal, neighbour = np.nonzero(ordered)
    values = ordered[focal, neighbour]
    lonely = np.flatnonzero(~(ordered != 0).any(axis=1))
    rows = np.concatenate([focal, lonely])
    columns = np.concatenate([neighbour, lonely])
    values = np.concatenate([values, np.zeros(len(lonely))])
    by_unit = np.lexsort((columns, rows))
    return Graph.from_arrays(ids[rows[by_unit]], ids[columns[by_unit]], values[by_unit])


def calc_distances(lon: FloatArray, lat: FloatArray) -> FloatArray:
    """Great-circle distances between points.

    d = 2R·asin √(sin²(Δφ/2) + cos φ_i cos φ_j sin²(Δλ/2)),  R = 6371.0088 km.

    Parameters
    ----------
    lon, lat : ndarray, (n,)
        λ and φ, degrees.

    Returns
    -------
    ndarray, (n, n), km, symmetric to the last bit.
    """
    i, j = np.triu_indices(len(lon), k=1)
    phi, lam = np.deg2rad(lat), np.deg2rad(lon)
    haversine = (
        np.sin((phi[j] - phi[i]) / 2) ** 2
        + np.cos(phi[i]) * np.cos(phi[j]) * np.sin((lam[j] - lam[i]) / 2) ** 2
    )
    distance = np.zeros((len(lon), len(lon)))
    distance[i, j] = 2 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(haversine, 1.0)))
    return distance + distance.T


def calc_unit_attributes(panel: pd.DataFrame) -> pd.DataFrame:
    """Means over years of what economic weights are made of.

    ḡ_i = (1/T) Σ_t GDP_it / POP_it,  Ḡ_i = (1/T) Σ_t GDP_it.

    Parameters
    ----------
    panel : DataFrame, index (unit, year)
        Columns `gdp_real` (10^4 yuan of the base year) and `pop` (10^4 persons).

    Returns
    -------
    DataFrame, index unit
        `gdp_per_capita` (yuan), `gdp` (10^4 yuan), `pop` (10^4 persons).

    Raises
    ------
    WeightsError
        If a column is missing, or a cell is empty or not positive; the unit-years are named.
    """
    columns = ["gdp_real", "pop"]
    absent = [column for column in columns if column not in panel.columns]
    if absent:
        raise WeightsError(f"economic weights need the panel columns {listing(absent)}")
    values = panel[columns].sort_index()
    bad = ~(values > 0).all(axis=1)
    if bad.any():
        cells = [f"{unit} {year}" for unit, year in values.index[bad]]
        raise WeightsError(
            f"gdp_real or pop is empty or not positive in {len(cells)} unit-years: {listing(cells)}"
        )
    table = pd.DataFrame(
        {
            "gdp_per_capita": values["gdp_real"] / values["pop"],
            "gdp": values["gdp_real"],
            "pop": values["pop"],
        }
    )
    return table.groupby(level="unit", sort=True).mean()


def _as_spec(spec: WeightsLike) -> WeightsSpec:
    """Fields as a WeightsSpec, checked against one another."""
    own = WeightsSpec(
        cast(Scheme, spec.scheme),
        cast(Standardise, spec.standardise),
        spec.k,
        spec.cutoff,
        spec.phi,
        cast(Islands, spec.islands),
    )
    schemes = (*CONTIGUITY, *WITH_CUTOFF, "invd_cut", "knn", "econ", "file")
    if own.scheme not in schemes:
        raise WeightsError(f"unknown scheme {own.scheme!r}: use one of {', '.join(schemes)}")
    if own.islands not in ("error", "nearest", "drop"):
        raise WeightsError(f"unknown islands {own.islands!r}: use error, nearest or drop")
    if own.scheme == "file" and own.islands == "nearest":
        raise WeightsError("file: given weights say nothing of new links; set islands to drop")
    if own.cutoff is not None and own.scheme not in WITH_CUTOFF:
        raise WeightsError(
            f"{own.scheme} takes no cutoff (got {own.cutoff:g} km): "
            f"leave it empty, or use one of {', '.join(WITH_CUTOFF)}"
        )
    if own.cutoff is not None and own.cutoff <= 0:
        raise WeightsError(f"cutoff is a distance in km above 0, got {own.cutoff:g}")
    if not 0 <= own.phi <= 1:
        raise WeightsError(f"phi is a share from 0 to 1, got {own.phi:g}")
    return own


def _distances(boundaries: Boundaries) -> FloatArray:
    """Distances between centroids; two units at one place are refused."""
    frame = boundaries.frame
    distance = calc_distances(frame["lon"].to_numpy(float), frame["lat"].to_numpy(float))
    i, j = np.nonzero((distance == 0) & ~np.eye(len(frame), dtype=bool))
    if i.size:
        pairs = [
            f"{boundaries.unit_ids[a]} and {boundaries.unit_ids[b]}"
            for a, b in zip(i, j, strict=True)
            if a < b
        ]
        raise WeightsError(f"units with the same centroid: {listing(pairs)}")
    return distance


def _given(spec: WeightsSpec, given: Graph | None, ids: Sequence[str]) -> FloatArray | None:
    """Given weights of the units, in the order of `ids`; None for schemes that need none."""
    if spec.scheme != "file":
        return None
    if given is None:
        raise WeightsError("file: no weights given; read_links reads them from a file")
    known = {str(unit): place for place, unit in enumerate(given.unique_ids)}
    missing = [unit for unit in ids if unit not in known]
    if missing:
        raise WeightsError(
            f"the given weights have no unit {listing(missing)}; they have {len(known)} units, "
            f"such as {listing(sorted(known)[:3])}. Give a row of every unit of the sample"
        )
    places = [known[unit] for unit in ids]
    return dense(given)[np.ix_(places, places)]


def _links(
    boundaries: Boundaries, spec: WeightsSpec, distance: FloatArray, given: FloatArray | None
) -> _Links:
    """Pairs that the scheme links."""
    n = len(distance)
    if given is not None:
        return _Links(given > 0, None)
    if spec.scheme in CONTIGUITY:
        return _Links(_contiguity(boundaries, rook=spec.scheme == "rook"), None)
    if spec.scheme == "knn":
        return _Links(_nearest(distance, spec.k), None)
    cutoff = spec.cutoff
    if spec.scheme == "invd_cut":
        apart = distance + np.where(np.eye(n, dtype=bool), np.inf, 0.0)
        cutoff = float(apart.min(axis=1).max())
    others = ~np.eye(n, dtype=bool)
    return _Links(others if cutoff is None else others & (distance <= cutoff), cutoff)


def _contiguity(boundaries: Boundaries, rook: bool) -> BoolArray:
    """Pairs of polygons that touch, or that lie within the tolerance."""
    from libpysal.graph import Graph

    ids = boundaries.unit_ids
    tolerance = boundaries.contiguity_tolerance_m
    if tolerance == 0 and not boundaries.is_coverage:
        raise WeightsError(
            f"polygons of {boundaries.record.file} do not meet edge to edge, so shared points "
            "miss neighbours. Set boundaries.contiguity_tolerance_m (500 suits maps simplified at "
            "0.01 degrees) or use a scheme of distance"
        )
    if tolerance == 0:
        graph = Graph.build_contiguity(boundaries.frame.geometry, rook=rook)
        return dense(graph) > 0
    if rook:
        raise WeightsError(
            "rook needs polygons that share edges, and contiguity_tolerance_m links polygons that "
            "do not. Use queen, or boundaries that are a valid coverage with a tolerance of 0"
        )
    polygons = shapely.make_valid(boundaries.projected())
    left, right = shapely.STRtree(polygons).query(polygons, predicate="dwithin", distance=tolerance)
    support = np.zeros((len(ids), len(ids)), dtype=bool)
    support[left, right] = True
    support |= support.T
    np.fill_diagonal(support, False)
    return support


def _nearest(distance: FloatArray, k: int) -> BoolArray:
    """The k nearest of each unit; among equals the first, and units are sorted by code."""
    n = len(distance)
    if not 1 <= k < n:
        raise WeightsError(f"knn: k = {k} neighbours asked for among {n} units; k is 1 to {n - 1}")
    chosen = np.argsort(_ranked(distance), axis=1, kind="stable")[:, :k]
    support = np.zeros((n, n), dtype=bool)
    np.put_along_axis(support, chosen, True, axis=1)
    return support


def _ranked(distance: FloatArray) -> FloatArray:
    """Distances for ranking: none to oneself, and equal when they differ by less than 1 mm."""
    ranked = np.round(distance, TIE_DECIMALS)
    np.fill_diagonal(ranked, np.inf)
    return ranked


def _link_to_nearest(
    support: BoolArray, distance: FloatArray, lonely: npt.NDArray[np.intp], ids: Sequence[str]
) -> tuple[BoolArray, tuple[tuple[str, str], ...]]:
    """Allow each island its nearest unit, in both directions."""
    nearest = _ranked(distance)[lonely].argmin(axis=1)
    fuller = support.copy()
    fuller[lonely, nearest] = True
    fuller[nearest, lonely] = True
    return fuller, tuple((ids[i], ids[j]) for i, j in zip(lonely, nearest, strict=True))


def _attributes(
    scheme: str, attributes: pd.DataFrame | None, ids: Sequence[str]
) -> dict[str, FloatArray]:
    """Attributes that the scheme needs, in the order of `ids`."""
    names = ATTRIBUTES.get(scheme, ())
    if not names:
        return {}
    if attributes is None:
        raise WeightsError(
            f"{scheme} needs the attributes {listing(names)} of the units; "
            "calc_unit_attributes takes them from the panel"
        )
    absent = [name for name in names if name not in attributes.columns]
    if absent:
        raise WeightsError(
            f"{scheme} needs the attributes {listing(absent)}; "
            f"there are {listing(attributes.columns)}"
        )
    missing = sorted(set(ids) - set(attributes.index))
    if missing:
        raise WeightsError(f"{scheme}: no attributes for {listing(missing)}")
    if attributes.index.has_duplicates:
        double = sorted(set(attributes.index[attributes.index.duplicated()]))
        raise WeightsError(f"{scheme}: attributes given more than once for {listing(double)}")
    values = attributes.loc[list(ids), list(names)]
    numbers = values.to_numpy(dtype=float)
    bad = ~(np.isfinite(numbers) & (numbers > 0)).all(axis=1)
    if bad.any():
        raise WeightsError(
            f"{scheme}: {listing(names)} must be positive numbers; "
            f"not so for {listing(values.index[bad])}"
        )
    return {name: values[name].to_numpy(float) for name in names}


def _weigh(
    spec: WeightsSpec,
    support: BoolArray,
    distance: FloatArray,
    attributes: dict[str, FloatArray],
    given: FloatArray | None,
) -> FloatArray:
    """Weights before standardising."""
    if given is not None:
        return given
    safe = distance + np.eye(len(distance))
    inverse: FloatArray = support / safe
    match spec.scheme:
        case "queen" | "rook" | "knn":
            return support.astype(np.float64)
        case "invd" | "invd_cut":
            return inverse
        case "invd2":
            return np.asarray(support / safe**2)
        case "expd":
            upper = distance[np.triu_indices(len(distance), k=1)]
            return np.asarray(support * np.exp(-distance / upper.mean()))
        case "econ":
            return _inverse_gaps(attributes["gdp_per_capita"])
        case "nested_add":
            economic = standardise_rows(_inverse_gaps(attributes["gdp_per_capita"]))
            blended = spec.phi * standardise_rows(inverse) + (1.0 - spec.phi) * economic
            lonely = ~support.any(axis=1)
            blended[lonely] = 0.0
            return np.asarray(blended)
        case "nested_mul":
            income = attributes["gdp_per_capita"]
            return np.asarray(inverse * (income / income.mean()))
        case "gravity":
            mass = attributes["gdp"]
            return np.asarray(support * np.outer(mass, mass) / safe**2)
    raise WeightsError(f"unknown scheme {spec.scheme!r}")


def _inverse_gaps(income: FloatArray) -> FloatArray:
    """Weights 1/|g_i − g_j| with small gaps lifted to their 1 % quantile."""
    gaps = np.abs(income[:, None] - income[None, :])
    pairs = gaps[np.triu_indices(len(income), k=1)]
    positive = np.sort(pairs[pairs > 0])
    if not positive.size:
        raise WeightsError(
            "econ: all units have the same income per head, so no gap tells them apart"
        )
    floor = float(np.quantile(positive, GAP_FLOOR_QUANTILE))
    weights = 1.0 / np.maximum(gaps, floor)
    np.fill_diagonal(weights, 0.0)
    return weights


def facts_row(weights: SpatialWeights, name: str) -> dict[str, Any]:
    """Facts about a matrix as one flat row, for logs and the manifest."""
    facts = weights.facts
    return {
        "weights": name,
        "scheme": weights.spec.scheme,
        "standardise": weights.spec.standardise,
        "n_units": facts.n_units,
        "n_links": facts.n_links,
        "mean_neighbours": facts.mean_neighbours,
        "min_neighbours": facts.min_neighbours,
        "max_neighbours": facts.max_neighbours,
        "n_components": facts.n_components,
        "symmetric": facts.symmetric,
        "linked_islands": "; ".join(f"{a} to {b}" for a, b in weights.linked),
        "dropped_islands": "; ".join(weights.dropped),
        "cutoff_km": weights.cutoff_km,
        "scale": weights.scale,
    }
