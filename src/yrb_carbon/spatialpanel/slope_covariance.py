"""Robust covariances of the slopes, conditional on the spatial parameter.

With the effects removed (and in error models the filter I - λW applied first), the slopes are

    δ̂ = (Z̃'Z̃)⁻¹Z̃'(ỹ - ρ(Wy)~),    V(δ̂ | ρ) = (Z̃'Z̃)⁻¹ S (Z̃'Z̃)⁻¹,

and the covariances differ in S only, the variance of Σ z̃_it e_it. Without a spatial parameter they
are complete. In lag models they take ρ for known: they are valid neither for ρ nor for the effects,
whose uncertainty is that of ρ as well, and too small for the slopes that are correlated with ρ̂. In
error models δ̂ and λ̂ are asymptotically uncorrelated, so nothing is lost by taking λ for known.

=====================  ==================================================  =======================
kind                   errors may be dependent                             sums run over
=====================  ==================================================  =======================
``hc``                 not at all (heteroskedastic only)                   unit-periods
``clustered``          within units or groups of units, in any way         clusters
``driscoll_kraay``     between units in any way, over time up to a lag     periods
``two_way``            within units and within periods                     units and periods
``conley``             between near units, over time up to a lag           near pairs
=====================  ==================================================  =======================
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, sparse, special

from .effects_results import check_level
from .errors import (
    BoundaryError,
    IndefiniteCovarianceWarning,
    SpecificationError,
    check_choice,
    enumerate_names,
)
from .logdet import DENSE_LIMIT
from .results import DEFAULT_LEVEL, TIDY_COLUMNS, SpatialPanelResults
from .tables import format_number
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

Heteroskedastic = Literal["HC0", "HC1", "HC2", "HC3"]
ClusterCorrection = Literal["CR0", "CR1", "CR2", "CR3"]
KernelShape = Literal["bartlett", "uniform"]

EARTH_RADIUS_KM = 6371.0088
# Eigenvalues of a residual-maker block are between 0 and 1; below this they are rounding of the
# directions that the fixed effects and the regressors absorb.
ABSORBED_EIGENVALUE = 1e-10
# Share of a cluster's regressors that may lie in absorbed directions by rounding.
OUT_OF_RANGE = 1e-6
# A variance more negative than this share of the largest is not rounding.
NEGATIVE_VARIANCE = 1e-12
# Pairs of units that a sparse kernel may link: beyond it takes gigabytes.
PAIR_LIMIT = 25_000_000
# Asymmetry of a kernel that is rounding; its weights are at most one.
ASYMMETRY = 1e-12


@dataclass(frozen=True, slots=True)
class SlopeScores:
    """What every covariance of the slopes is made of.

    Attributes
    ----------
    z : array, shape (T, N, K)
        Regressors as least squares sees them: filtered in error models, effects removed.
    residuals : array, shape (T, N)
    bread : array, shape (K, K)
        (Z̃'Z̃)⁻¹.
    entity_effects : bool
    period_direction : array, shape (N,)
        Cross-section vector of a period dummy at unit length; zeros without them.
    """

    z: Array
    residuals: Array
    bread: Array
    entity_effects: bool
    period_direction: Array

    @property
    def scores(self) -> Array:
        """z̃_it e_it, shape (T, N, K)."""
        return self.z * self.residuals[:, :, None]

    @property
    def shape(self) -> tuple[int, int, int]:
        """T, N, K."""
        n_periods, n_units, n_slopes = self.z.shape
        return n_periods, n_units, n_slopes


def slope_scores(results: SpatialPanelResults) -> SlopeScores:
    """Regressors, residuals and bread of a fit at its spatial parameter.

    Raises
    ------
    BoundaryError
        If the estimate is at the boundary.
    """
    if results.at_boundary:
        raise BoundaryError(
            "the estimate is at the edge of the admissible interval; conditional covariances "
            "there have no meaning"
        )
    arrays, scheme = results.arrays, results.specification.scheme
    weights = _error_weights(results)
    z = arrays.z
    direction = np.ones(arrays.n_units)
    if results.lam != 0.0:
        z = z - results.lam * spatial_lag(weights, z)
        direction = 1.0 - results.lam * np.asarray(weights.sum(axis=1)).ravel()
    z = within_transform(
        z,
        entity_effects=scheme.entity_effects,
        time_effects=scheme.time_effects,
        direction=direction,
    )
    unit_direction = direction / np.sqrt(direction @ direction)
    return SlopeScores(
        z=z,
        residuals=results.estimate.residuals,
        bread=_inverse(stack(z)),
        entity_effects=scheme.entity_effects,
        period_direction=unit_direction if scheme.time_effects else np.zeros(arrays.n_units),
    )


def _error_weights(results: SpatialPanelResults) -> SparseMatrix:
    other: SparseMatrix | None = getattr(results.arrays, "error_weights", None)
    return results.arrays.weights if other is None else other


def _inverse(z: Array) -> Array:
    r = linalg.qr(z, mode="r", check_finite=False)[0][: z.shape[1]]
    inverse_r = linalg.solve_triangular(r, np.eye(len(r)), check_finite=False)
    product: Array = inverse_r @ inverse_r.T
    return product


# --- the covariances, functions of arrays -------------------------------------------------------


def hc_covariance(data: SlopeScores, correction: Heteroskedastic = "HC1") -> Array:
    """Heteroskedasticity-robust covariance (White 1980, Econometrica 48:817-838).

    HC0: S = Σ e²zz'. HC1: times n/(n-K), n = NT. HC2, HC3: e² over m, m², with m the diagonal of
    the residual maker, effects included (MacKinnon & White 1985, J. Econometrics 29:305-325).

    Parameters
    ----------
    data : SlopeScores
    correction : {"HC0", "HC1", "HC2", "HC3"}

    Returns
    -------
    array, shape (K, K).
    """
    check_choice("correction", correction, get_args(Heteroskedastic))
    n_periods, n_units, n_slopes = data.shape
    scores = data.scores
    if correction in {"HC2", "HC3"}:
        residual_share = 1.0 - data.period_direction**2
        if data.entity_effects:
            residual_share = residual_share * (1.0 - 1.0 / n_periods)
        leverage = np.einsum("tnk,kl,tnl->tn", data.z, data.bread, data.z)
        maker = residual_share[None, :] - leverage
        if maker.min() <= ABSORBED_EIGENVALUE:
            raise SpecificationError(
                f"{int((maker <= ABSORBED_EIGENVALUE).sum())} unit-periods are fitted exactly by "
                f"the regressors and effects, so {correction} does not exist; use HC1"
            )
        scores = scores / (np.sqrt(maker) if correction == "HC2" else maker)[:, :, None]
    flat = stack(scores)
    nobs = n_periods * n_units
    factor = nobs / (nobs - n_slopes) if correction == "HC1" else 1.0
    return _sandwich(data.bread, factor * (flat.T @ flat))


def clustered_covariance(
    data: SlopeScores,
    correction: ClusterCorrection = "CR1",
    clusters: NDArray[Any] | None = None,
) -> Array:
    """Covariance with errors dependent in any way within clusters of units, over all periods.

    S = Σ_g Z̃_g'A_g e_g e_g'A_g Z̃_g. CR0: A = I. CR1: times G/(G-1). CR2: A_g = M_gg^(-1/2), which
    is unbiased under independent errors of equal variance. CR3: A_g = M_gg⁻¹, the jackknife that
    leaves out one cluster, Σ_g (δ̂_(g) - δ̂)(δ̂_(g) - δ̂)'. M_gg is the cluster's block of the residual
    maker of the regressors and all effects, with its pseudo-inverse where unit effects absorb
    directions (Bell & McCaffrey 2002, Survey Methodology 28:169-181; Pustejovsky & Tipton 2018, J.
    Business & Economic Statistics 36:672-683). Use CR2 or CR3 for fewer than about fifty clusters.

    Parameters
    ----------
    data : SlopeScores
    correction : {"CR0", "CR1", "CR2", "CR3"}
    clusters : array, shape (N,), optional
        Cluster of every unit; default each unit its own.

    Returns
    -------
    array, shape (K, K).

    Raises
    ------
    SpecificationError
        If there are fewer than two clusters, or a cluster alone identifies a slope or has more
        than `logdet.DENSE_LIMIT` unit-periods (CR2, CR3).
    """
    check_choice("correction", correction, get_args(ClusterCorrection))
    n_units = data.shape[1]
    codes = _codes(clusters, n_units)
    count = int(codes.max()) + 1
    if correction in {"CR0", "CR1"}:
        by_unit = data.scores.sum(axis=0)
        sums = np.zeros((count, by_unit.shape[1]))
        np.add.at(sums, codes, by_unit)
        factor = count / (count - 1.0) if correction == "CR1" else 1.0
        return _sandwich(data.bread, factor * (sums.T @ sums))
    power = -0.5 if correction == "CR2" else -1.0
    sums = np.array(
        [_adjusted_sum(data, np.flatnonzero(codes == code), power) for code in range(count)]
    )
    return _sandwich(data.bread, sums.T @ sums)


def _adjusted_sum(data: SlopeScores, units: NDArray[np.intp], power: float) -> Array:
    """Z̃_g'A_g e_g of one cluster."""
    n_periods = data.shape[0]
    rows = n_periods * units.size
    if units.size > 1 and rows > DENSE_LIMIT:
        raise SpecificationError(
            f"leverage-corrected covariances need a dense matrix of {rows} x {rows} for a cluster "
            f"of {units.size} units; the limit is {DENSE_LIMIT} rows. Use CR1 or smaller clusters"
        )
    z, residuals = stack(data.z[:, units]), data.residuals[:, units].ravel()
    over_time = np.eye(n_periods) - (1.0 / n_periods if data.entity_effects else 0.0)
    direction = data.period_direction[units]
    between = np.eye(units.size) - np.outer(direction, direction)
    maker = np.kron(over_time, between) - z @ data.bread @ z.T
    values, vectors = linalg.eigh(maker, check_finite=False)
    kept = values > ABSORBED_EIGENVALUE
    rotated = vectors[:, kept].T @ z
    lost = 1.0 - (rotated**2).sum(axis=0) / np.maximum((z**2).sum(axis=0), np.finfo(float).tiny)
    share = np.sqrt(np.maximum(lost, 0.0)) * (np.abs(z).max(axis=0) > 0.0)
    if share.max(initial=0.0) > OUT_OF_RANGE:
        raise SpecificationError(
            f"the cluster of units at {enumerate_names(units)} (sorted order) alone identifies "
            "a slope, so leverage-corrected covariances do not exist; use CR1 or other clusters"
        )
    adjusted: Array = rotated.T @ (values[kept] ** power * (vectors[:, kept].T @ residuals))
    return adjusted


def driscoll_kraay_covariance(data: SlopeScores, bandwidth: int | None = None) -> Array:
    """Covariance with errors dependent between all units and over time up to a lag.

    S = Γ_0 + Σ_{l=1..L} (1 - l/(L+1)) (Γ_l + Γ_l'), Γ_l = Σ_t h_t h_{t-l}', h_t = Σ_i z̃_it e_it
    (Driscoll & Kraay 1998, Review of Economics and Statistics 80:549-560). For many periods; with
    few it is too small, and the bandwidth matters.

    Parameters
    ----------
    data : SlopeScores
    bandwidth : int, optional
        L; default `default_bandwidth`.

    Returns
    -------
    array, shape (K, K).
    """
    n_periods = data.shape[0]
    lags = default_bandwidth(n_periods) if bandwidth is None else bandwidth
    kernel = serial_kernel(n_periods, lags)
    sums = data.scores.sum(axis=1)
    return _sandwich(data.bread, sums.T @ kernel @ sums)


def two_way_covariance(data: SlopeScores, clusters: NDArray[Any] | None = None) -> Array:
    """Covariance with errors dependent within clusters of units and within periods.

    S = Σ_g s_g s_g' + Σ_t s_t s_t' - Σ_gt s_gt s_gt' (Cameron, Gelbach & Miller 2011, J. Business &
    Economic Statistics 29:238-249), without a small-sample factor. Not positive semi-definite by
    construction.

    Parameters
    ----------
    data : SlopeScores
    clusters : array, shape (N,), optional

    Returns
    -------
    array, shape (K, K).
    """
    n_periods, n_units, n_slopes = data.shape
    codes = _codes(clusters, n_units)
    cells = np.zeros((n_periods, int(codes.max()) + 1, n_slopes))
    for period, cell in zip(data.scores, cells, strict=True):
        np.add.at(cell, codes, period)
    meat = sum(
        (sign * (sums.T @ sums) for sign, sums in (
            (1.0, cells.sum(axis=0)), (1.0, cells.sum(axis=1)), (-1.0, stack(cells))
        )),
        start=np.zeros((n_slopes, n_slopes)),
    )  # fmt: skip
    return _sandwich(data.bread, meat)


def conley_covariance(
    data: SlopeScores, kernel: Array | SparseMatrix, time_kernel: Array | None = None
) -> Array:
    """Covariance with errors dependent between near units, and over time if asked.

    S = Σ_{t,s} τ_ts Σ_{i,j} κ_ij (z̃_it e_it)(z̃_js e_js)' (Conley 1999, J. Econometrics 92:1-45).
    κ = I with τ = ιι' is the covariance clustered by unit; κ = ιι' with Bartlett τ is that of
    Driscoll and Kraay.

    Parameters
    ----------
    data : SlopeScores
    kernel : array or sparse array, shape (N, N)
        κ, symmetric with a unit diagonal: `distance_kernel`, `neighbour_kernel`. Sparse beyond
        `logdet.DENSE_LIMIT` units.
    time_kernel : array, shape (T, T), optional
        τ, such as `serial_kernel`; default I, no dependence over time.

    Returns
    -------
    array, shape (K, K).

    Raises
    ------
    SpecificationError
        If a kernel has another shape, is not symmetric, or is dense and too large.
    """
    n_periods, n_units, n_slopes = data.shape
    if kernel.shape != (n_units, n_units) or not abs(kernel - kernel.T).max() <= ASYMMETRY:
        raise SpecificationError(
            f"the kernel must be symmetric of shape ({n_units}, {n_units}), got {kernel.shape}"
        )
    if not sparse.issparse(kernel):
        _refuse_dense("a dense kernel", n_units)
    over_time = np.eye(n_periods) if time_kernel is None else time_kernel
    if over_time.shape != (n_periods, n_periods):
        raise SpecificationError(
            f"the time kernel must have shape ({n_periods}, {n_periods}), got {over_time.shape}"
        )
    scores = data.scores
    by_unit = np.moveaxis(scores, 1, 0).reshape(n_units, -1)
    near = np.moveaxis((kernel @ by_unit).reshape(n_units, n_periods, n_slopes), 0, 1)
    smoothed = np.einsum("ts,snk->tnk", over_time, near)
    return _sandwich(data.bread, stack(scores).T @ stack(smoothed))


def _sandwich(bread: Array, meat: Array) -> Array:
    covariance = bread @ meat @ bread
    symmetric: Array = (covariance + covariance.T) / 2.0
    return symmetric


# --- kernels ------------------------------------------------------------------------------------


def default_bandwidth(n_periods: int) -> int:
    """⌊4(T/100)^(2/9)⌋ lags (Newey & West 1994, Review of Economic Studies 61:631-653)."""
    return int(np.floor(4.0 * (n_periods / 100.0) ** (2.0 / 9.0)))


def serial_kernel(n_periods: int, lags: int, shape: KernelShape = "bartlett") -> Array:
    """Weights of pairs of periods: 1 - |t-s|/(L+1) (bartlett) or 1 up to L lags (uniform).

    Returns
    -------
    array, shape (T, T).
    """
    check_choice("shape", shape, get_args(KernelShape))
    if not 0 <= lags < n_periods:
        raise SpecificationError(f"lags must be between 0 and {n_periods - 1}, got {lags}")
    apart = np.abs(np.subtract.outer(np.arange(n_periods), np.arange(n_periods)))
    return _taper(apart / (lags + 1.0), shape)


def distance_kernel(
    distances: Array | SparseMatrix, cutoff: float, shape: KernelShape = "bartlett"
) -> Array | SparseMatrix:
    """Weights of pairs of units: 1 - d/cutoff (bartlett) or 1 (uniform) below the cutoff.

    Parameters
    ----------
    distances : array or sparse array, shape (N, N)
        In any unit, in the sorted order of units. Sparse: of the pairs that are near, such as
        `near_distances` gives; a pair without an entry is beyond the cutoff.
    cutoff : float
        In the same unit.
    shape : {"bartlett", "uniform"}
        In the plane neither is positive semi-definite for every arrangement of the units; a
        variance that comes out negative is reported.

    Returns
    -------
    array or sparse array as the distances, shape (N, N), with a unit diagonal.

    Raises
    ------
    SpecificationError
        For a cutoff or distances that are negative, or more units than `logdet.DENSE_LIMIT` with
        dense distances.
    """
    check_choice("shape", shape, get_args(KernelShape))
    if not cutoff > 0.0:
        raise SpecificationError(f"the cutoff must be positive, got {cutoff!r}")
    n_units = distances.shape[0]
    if not sparse.issparse(distances):
        _refuse_dense("a dense matrix of distances", n_units)
        dense = np.asarray(distances, dtype=np.float64)
        _refuse_negative(dense)
        return _taper(dense / cutoff, shape)
    pairs = sparse.coo_array(distances)
    _refuse_negative(pairs.data)
    apart = pairs.row != pairs.col
    each = np.arange(n_units)
    rows = np.concatenate([pairs.row[apart], each])
    columns = np.concatenate([pairs.col[apart], each])
    weights = np.concatenate([_taper(pairs.data[apart] / cutoff, shape), np.ones(n_units)])
    kernel = sparse.csr_array((weights, (rows, columns)), shape=pairs.shape)
    kernel.eliminate_zeros()
    return kernel


def neighbour_kernel(
    weights: SparseMatrix, order: int = 1, shape: KernelShape = "bartlett"
) -> SparseMatrix:
    """Weights of pairs of units by the number l of links between them, up to ``order`` links.

    1 - l/(order + 1) (bartlett), which is the share of m = 0, …, order with l ≤ m, or 1 (uniform).

    Parameters
    ----------
    weights : sparse array, shape (N, N)
        A link in either direction counts as one.
    order : int
    shape : {"bartlett", "uniform"}

    Returns
    -------
    sparse array, shape (N, N), with a unit diagonal.

    Raises
    ------
    SpecificationError
        If the order is not positive or links more than `PAIR_LIMIT` pairs.
    """
    check_choice("shape", shape, get_args(KernelShape))
    if order < 1:
        raise SpecificationError(f"order must be at least 1, got {order}")
    n_units = weights.shape[0]
    links = sparse.csr_array(weights != 0).astype(np.float64)
    step = _pattern(links + links.T + sparse.eye_array(n_units))
    within = sparse.csr_array(sparse.eye_array(n_units))
    count = within.copy()
    for reached in range(1, order + 1):
        within = _pattern(within @ step)
        _refuse_pairs((within.nnz - n_units) // 2, f"order {reached}", "a smaller order")
        count = count + within
    kernel = within if shape == "uniform" else count / (order + 1.0)
    return sparse.csr_array(kernel)


def _pattern(matrix: SparseMatrix) -> SparseMatrix:
    """Ones where a non-negative matrix has entries."""
    matrix = sparse.csr_array(matrix)
    return sparse.csr_array(
        (np.ones(matrix.nnz), matrix.indices, matrix.indptr), shape=matrix.shape
    )


def great_circle_distances(latitude: Array, longitude: Array) -> Array:
    """Distances on the sphere in km between points in degrees, by the haversine formula.

    Parameters
    ----------
    latitude, longitude : array, shape (N,)

    Returns
    -------
    array, shape (N, N).

    Raises
    ------
    SpecificationError
        For more than `logdet.DENSE_LIMIT` points; `near_distances` has no limit.
    """
    phi, lam = np.radians(latitude), np.radians(longitude)
    _refuse_dense("the matrix of all distances", phi.size)
    return _haversine(phi[:, None], lam[:, None], phi[None, :], lam[None, :])


def near_distances(latitude: Array, longitude: Array, cutoff: float) -> SparseMatrix:
    """Great-circle distances of the pairs of points up to a cutoff, for any number of points.

    The pairs are those within the chord 2 sin(d/2R) in a k-d tree of the unit vectors; their
    distances are those of `great_circle_distances`.

    Parameters
    ----------
    latitude, longitude : array, shape (N,)
        Degrees.
    cutoff : float
        In km.

    Returns
    -------
    sparse array, shape (N, N), in km; points at the same place have an entry of zero.

    Raises
    ------
    SpecificationError
        If the cutoff is not positive or more than `PAIR_LIMIT` pairs are that near.
    """
    from scipy.spatial import cKDTree

    if not cutoff > 0.0:
        raise SpecificationError(f"the cutoff must be positive, got {cutoff!r}")
    phi, lam = np.radians(latitude), np.radians(longitude)
    points = np.column_stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)])
    tree = cKDTree(points)
    # A little wider than the cutoff: rounding of the chord must not lose a pair.
    angle = min(cutoff / EARTH_RADIUS_KM * (1.0 + 1e-9) + 1e-12, np.pi)
    chord = 2.0 * float(np.sin(angle / 2.0))
    count = (int(tree.count_neighbors(tree, chord)) - phi.size) // 2
    _refuse_pairs(count, f"a cutoff of {cutoff:g} km", "a smaller cutoff")
    first, second = tree.query_pairs(chord, output_type="ndarray").T
    distances = _haversine(phi[first], lam[first], phi[second], lam[second])
    near = distances <= cutoff
    first, second, distances = first[near], second[near], distances[near]
    both = np.concatenate([first, second]), np.concatenate([second, first])
    return sparse.csr_array((np.tile(distances, 2), both), shape=(phi.size, phi.size))


def _haversine(phi: Array, lam: Array, other_phi: Array, other_lam: Array) -> Array:
    """Kilometres between points in radians."""
    half = (
        np.sin((phi - other_phi) / 2.0) ** 2
        + np.cos(phi) * np.cos(other_phi) * np.sin((lam - other_lam) / 2.0) ** 2
    )
    distances: Array = 2.0 * EARTH_RADIUS_KM * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return distances


def _refuse_dense(what: str, n_units: int) -> None:
    if n_units > DENSE_LIMIT:
        raise SpecificationError(
            f"{what} of {n_units} x {n_units} is too large; the limit is {DENSE_LIMIT} units. Use "
            "a sparse kernel: neighbour_kernel, or distance_kernel of near_distances"
        )


def _refuse_pairs(count: int, what: str, instead: str) -> None:
    if count > PAIR_LIMIT:
        raise SpecificationError(
            f"{what} links {count} pairs of units; the limit is {PAIR_LIMIT}. Use {instead}"
        )


def _refuse_negative(distances: Array) -> None:
    if distances.size and not float(distances.min()) >= 0.0:
        raise SpecificationError(
            f"distances must not be negative or missing, the smallest is {distances.min()!r}"
        )


def _taper(relative: Array, shape: str) -> Array:
    """Weight of a distance relative to the first that has none."""
    if shape == "uniform":
        return (relative < 1.0).astype(np.float64)
    return np.maximum(1.0 - relative, 0.0)


# --- named results ------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, repr=False)
class SlopeCovariance:
    """Inference on the slopes of a fit, conditional on its spatial parameter.

    Attributes
    ----------
    equation : str
        Dependent variable.
    names : tuple of str, length K
    estimates : array, shape (K,)
    covariance : array, shape (K, K)
    kind : str
        Such as ``clustered CR2``.
    df : float
        Degrees of freedom of the t distribution: clusters or periods minus one, the fewer of both
        for two-way; infinite (normal) otherwise.
    conditional_on : str or None
        The spatial parameter that is taken for known.
    """

    equation: str
    names: tuple[str, ...]
    estimates: Array
    covariance: Array
    kind: str
    df: float
    conditional_on: str | None

    @property
    def params(self) -> pd.Series[float]:
        """Slopes by name."""
        return pd.Series(self.estimates, index=list(self.names), name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance by name."""
        return pd.DataFrame(self.covariance, index=list(self.names), columns=list(self.names))

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name; NaN where the variance is negative."""
        variances = np.diag(self.covariance)
        roots = np.sqrt(np.where(variances >= 0.0, variances, np.nan))
        return pd.Series(roots, index=list(self.names), name="std_error")

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimate over standard error."""
        return (self.params / self.std_errors).rename("tstat")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided p-values from t with `df` degrees of freedom."""
        size = np.abs(self.tstats.to_numpy(dtype=np.float64))
        tails = special.ndtr(-size) if np.isinf(self.df) else special.stdtr(self.df, -size)
        return pd.Series(2.0 * tails, index=list(self.names), name="pvalue")

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Confidence intervals, columns ``lower`` and ``upper``."""
        check_level(level)
        share = 0.5 + level / 2.0
        quantile = special.ndtri(share) if np.isinf(self.df) else special.stdtrit(self.df, share)
        half = float(quantile) * self.std_errors
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """One slope a row, with the columns of `SpatialPanelResults.tidy`."""
        intervals = self.conf_int(level)
        return pd.DataFrame(
            {
                "equation": self.equation,
                "quantity": "coef",
                "term": list(self.names),
                "estimate": self.estimates,
                "std_error": self.std_errors.to_numpy(),
                "statistic": self.tstats.to_numpy(),
                "p_value": self.pvalues.to_numpy(),
                "ci_lower": intervals["lower"].to_numpy(),
                "ci_upper": intervals["upper"].to_numpy(),
                "inference": self.kind,
            },
            columns=list(TIDY_COLUMNS),
        )

    @property
    def summary(self) -> str:
        """The slopes as text, with what they are conditional on."""
        table = self.tidy().set_index("term").drop(columns=["equation", "quantity", "inference"])
        return f"{self._headline()}\n\n{table.to_string(float_format=format_number)}"

    def __repr__(self) -> str:
        return f"<SlopeCovariance {self._headline()}>"

    def _repr_html_(self) -> str:
        table = self.tidy().set_index("term").drop(columns=["equation", "quantity", "inference"])
        return f"<p>{self._headline()}</p>{table.to_html(float_format=format_number, border=0)}"

    def _headline(self) -> str:
        note = f"; {self.conditional_on} taken for known" if self.conditional_on else ""
        return f"{self.kind}{note}"


def hc(results: SpatialPanelResults, correction: Heteroskedastic = "HC1") -> SlopeCovariance:
    """`hc_covariance` of a fit."""
    covariance = hc_covariance(slope_scores(results), correction)
    return _named(results, covariance, correction, np.inf)


def clustered(
    results: SpatialPanelResults,
    correction: ClusterCorrection = "CR1",
    clusters: Mapping[Any, Any] | None = None,
) -> SlopeCovariance:
    """`clustered_covariance` of a fit, ``clusters`` a mapping from unit to cluster."""
    codes = _labels(results, clusters)
    covariance = clustered_covariance(slope_scores(results), correction, codes)
    df = np.unique(codes).size - 1.0
    return _named(results, covariance, f"clustered {correction}", df)


def driscoll_kraay(results: SpatialPanelResults, bandwidth: int | None = None) -> SlopeCovariance:
    """`driscoll_kraay_covariance` of a fit."""
    lags = default_bandwidth(results.n_periods) if bandwidth is None else bandwidth
    covariance = driscoll_kraay_covariance(slope_scores(results), lags)
    return _named(results, covariance, f"driscoll_kraay {lags} lags", results.n_periods - 1.0)


def two_way(
    results: SpatialPanelResults, clusters: Mapping[Any, Any] | None = None
) -> SlopeCovariance:
    """`two_way_covariance` of a fit, ``clusters`` a mapping from unit to cluster."""
    codes = _labels(results, clusters)
    df = min(np.unique(codes).size, results.n_periods) - 1.0
    covariance = two_way_covariance(slope_scores(results), codes)
    return _named(results, covariance, "two_way", df)


def conley(
    results: SpatialPanelResults,
    kernel: pd.DataFrame | Array | SparseMatrix,
    serial_lags: int = 0,
) -> SlopeCovariance:
    """`conley_covariance` of a fit.

    Parameters
    ----------
    results : SpatialPanelResults
    kernel : DataFrame with units as index and columns, or (sparse) array in their sorted order
    serial_lags : int
        L of a Bartlett kernel over time that multiplies the kernel over space; 0 for none.
    """
    if isinstance(kernel, pd.DataFrame):
        units = results.arrays.units
        missing = [unit for unit in units if unit not in kernel.index or unit not in kernel.columns]
        if missing:
            raise SpecificationError(
                f"the kernel has no row or column of {enumerate_names(missing)}"
            )
        kernel = kernel.loc[units, units].to_numpy(dtype=np.float64)
    covariance = conley_covariance(
        slope_scores(results), kernel, serial_kernel(results.n_periods, serial_lags)
    )
    return _named(results, covariance, f"conley {serial_lags} lags", np.inf)


def _named(
    results: SpatialPanelResults, covariance: Array, kind: str, df: float
) -> SlopeCovariance:
    variances = np.diag(covariance)
    negative = variances < -NEGATIVE_VARIANCE * np.abs(variances).max()
    if negative.any():
        names = [name for name, bad in zip(results.arrays.names, negative, strict=True) if bad]
        warnings.warn(
            f"the {kind} variance of {enumerate_names(names)} is negative, so there is no standard "
            "error; use another kernel or clusters of units",
            IndefiniteCovarianceWarning,
            stacklevel=3,
        )
    known = [name for name in ("rho", "lambda") if name in results.param_names]
    return SlopeCovariance(
        equation=results.arrays.dependent,
        names=results.arrays.names,
        estimates=results.estimate.delta,
        covariance=covariance,
        kind=kind,
        df=df,
        conditional_on=" and ".join(known) or None,
    )


def _labels(results: SpatialPanelResults, clusters: Mapping[Any, Any] | None) -> NDArray[Any]:
    units = results.arrays.units
    if clusters is None:
        return np.arange(len(units))
    missing = [unit for unit in units if unit not in clusters]
    if missing:
        raise SpecificationError(f"clusters name no cluster of {enumerate_names(missing)}")
    return pd.factorize(np.array([clusters[unit] for unit in units], dtype=object))[0]


def _codes(clusters: NDArray[Any] | None, n_units: int) -> NDArray[np.intp]:
    """Clusters numbered from 0."""
    if clusters is None:
        return np.arange(n_units)
    labels = np.asarray(clusters)
    if labels.shape != (n_units,):
        raise SpecificationError(f"clusters must have shape ({n_units},), got {labels.shape}")
    codes = np.unique(labels, return_inverse=True)[1]
    if codes.max() == 0:
        raise SpecificationError("all units are in one cluster; at least two are needed")
    return codes
