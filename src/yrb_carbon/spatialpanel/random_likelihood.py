"""Likelihood of spatial panels with random unit effects, and its information matrix.

Everything depends on the variance of the effects through κ = φ² = σ²/(σ² + Tσ²_μ) in (0, 1]. With
Q and J̄ the projections on deviations from, and on, the unit means, the likelihood of the lag model
is (Elhorst 2014, Spatial Econometrics, eq. 3.29; Baltagi 2021, ch. 13)

    ln L = -(NT/2) ln(2πσ²) + T ln|I - ρW| + (N/2) ln κ - (1/2σ²) v'[(Q + κJ̄) ⊗ I]v,

so that nothing but two small matrices of cross products, within and between, is touched in the
search. Period dummies are projected out exactly, for weights with unequal row sums too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

import numpy as np
from scipy import linalg

from .align import PanelArrays
from .information import calc_g, calc_spatial_traces
from .likelihood import gaussian_loglik, maximise
from .logdet import LogDeterminant
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, period_loadings, spatial_lag, within_transform

# Smallest φ² searched: a variance of the unit effects 10¹⁰ times that of the mean of T errors.
SMALLEST_KAPPA = 1e-10
# The range of ln φ² is 23 units; the likelihood bends over a few of them.
SCAN_POINTS = 65
# Points inside the bracket around the highest of these.
BRACKET_POINTS = 3


class Moments(Protocol):
    """Cross products of [y, Z], both filtered, at one value of the spatial parameter."""

    def gram(self, kappa: float) -> tuple[Array, Array]:
        """Cross products weighted by σ² times the inverse covariance, and their κ-derivative."""

    def grams(self, kappas: Array) -> Array:
        """The cross products at many values, shape (M, 1+P, 1+P)."""

    def log_jacobian(self, kappa: float) -> tuple[float, float]:
        """What stands beside the sum of squares in ln L, and its κ-derivative."""

    def log_jacobians(self, kappas: Array) -> Array:
        """The first of these at many values, shape (M,)."""

    def spatial_score(self, kappa: float, contrast: Array) -> tuple[float, float]:
        """Derivatives in the spatial parameter of the sum of squares and of the log-Jacobian."""


@dataclass(frozen=True, slots=True)
class MomentSource:
    """Moments at any value of the spatial parameter, regressors rotated to be orthonormal.

    Attributes
    ----------
    at : callable of the spatial parameter
    base : array, shape (P,)
        Coefficients at the start, which the rotated y does not contain any more.
    triangle : array, shape (P, P)
        R: Z = (rotated Z) R.
    """

    at: Callable[[float], Moments]
    base: Array
    triangle: Array

    def recover(self, contrast: Array) -> Array:
        """Coefficients of Z from the contrast (1, -δ) of the rotated columns."""
        delta: Array = self.base + linalg.solve_triangular(self.triangle, -contrast[1:])
        return delta


@dataclass(frozen=True, slots=True)
class Profile:
    """The likelihood at one value of the spatial parameter, all else at its best.

    Attributes
    ----------
    loglik : float
    kappa : float
    kappa_score : float
        Derivative of ln L in ln κ.
    kappa_at_boundary : bool
    spatial_score : float
        Derivative of ln L in the spatial parameter.
    contrast : array, shape (1+P,)
        (1, -δ) of the rotated columns.
    sigma2 : float
    """

    loglik: float
    kappa: float
    kappa_score: float
    kappa_at_boundary: bool
    spatial_score: float
    contrast: Array
    sigma2: float


def profile_variance(moments: Moments, n_obs: int) -> Profile:
    """Maximise over κ with δ and σ² concentrated out.

    The likelihood can have two peaks in κ (Maddala 1971, Econometrica 39:341-358), so the whole
    range of ln κ is scanned before the root of the derivative is taken.

    Parameters
    ----------
    moments : Moments
    n_obs : int
        NT.

    Returns
    -------
    Profile
    """
    memory: dict[float, tuple[float, float, Array, float]] = {}

    def at(log_kappa: float) -> tuple[float, float, Array, float]:
        if log_kappa not in memory:
            memory[log_kappa] = _concentrate(moments, float(np.exp(log_kappa)), n_obs)
        return memory[log_kappa]

    lowest = float(np.log(SMALLEST_KAPPA))
    grid = np.linspace(lowest, 0.0, SCAN_POINTS)
    best = int(np.argmax(_scan(moments, np.exp(grid), n_obs)))
    peak = maximise(
        lambda log_kappa: at(log_kappa)[0],
        lambda log_kappa: at(log_kappa)[1],
        (float(grid[max(best - 1, 0)]), float(grid[min(best + 1, grid.size - 1)])),
        scan_points=BRACKET_POINTS,
    )
    loglik, kappa_score, contrast, sum_of_squares = at(peak.location)
    kappa = float(np.exp(peak.location))
    square_slope, log_slope = moments.spatial_score(kappa, contrast)
    return Profile(
        loglik=loglik,
        kappa=kappa,
        kappa_score=kappa_score,
        kappa_at_boundary=peak.at_boundary,
        spatial_score=-0.5 * n_obs * square_slope / sum_of_squares + log_slope,
        contrast=contrast,
        sigma2=sum_of_squares / n_obs,
    )


def _scan(moments: Moments, kappas: Array, n_obs: int) -> Array:
    """ln L but for a constant at every κ, δ and σ² at their best."""
    grams = moments.grams(kappas)
    length = np.sqrt(np.diagonal(grams, axis1=1, axis2=2))
    scaled = grams / (length[:, :, None] * length[:, None, :])
    delta = np.linalg.solve(scaled[:, 1:, 1:], scaled[:, 1:, :1])[:, :, 0]
    remaining = 1.0 - (delta * scaled[:, 1:, 0]).sum(axis=1)
    # Rounding can take a remainder that is next to nothing below zero.
    squares = length[:, 0] ** 2 * np.maximum(remaining, np.finfo(float).eps)
    values: Array = -0.5 * n_obs * np.log(squares) + moments.log_jacobians(kappas)
    return values


def _concentrate(moments: Moments, kappa: float, n_obs: int) -> tuple[float, float, Array, float]:
    """ln L, its derivative in ln κ, the contrast and the sum of squares, δ and σ² at their best."""
    gram, slope = moments.gram(kappa)
    length = np.sqrt(np.diag(gram)[1:])
    scaled = gram[1:, 1:] / np.outer(length, length)
    contrast = np.concatenate([[1.0], -np.linalg.solve(scaled, gram[1:, 0] / length) / length])
    sum_of_squares = float(contrast @ gram @ contrast)
    log_jacobian, log_slope = moments.log_jacobian(kappa)
    loglik = gaussian_loglik(sum_of_squares, sum_of_squares / n_obs, n_obs, log_jacobian)
    square_slope = float(contrast @ slope @ contrast)
    score = kappa * (-0.5 * n_obs * square_slope / sum_of_squares + log_slope)
    return loglik, score, contrast, sum_of_squares


@dataclass(frozen=True, slots=True)
class SplitMoments:
    """Moments where the effects are inside the filter: within + κ between.

    Attributes
    ----------
    within, between : array, shape (1+P, 1+P)
        Cross products of deviations from, and T times those of, the unit means.
    slope : callable (κ, contrast) -> float
        Derivative of the sum of squares in the spatial parameter.
    logdet_value, logdet_slope : float
        T ln|I - ρW| and its derivative.
    n_units : int
    """

    within: Array
    between: Array
    slope: Callable[[float, Array], float]
    logdet_value: float
    logdet_slope: float
    n_units: int

    def gram(self, kappa: float) -> tuple[Array, Array]:
        """within + κ between, and between."""
        return self.within + kappa * self.between, self.between

    def grams(self, kappas: Array) -> Array:
        """within + κ between at every κ."""
        products: Array = self.within + kappas[:, None, None] * self.between
        return products

    def log_jacobian(self, kappa: float) -> tuple[float, float]:
        """T ln|I - ρW| + (N/2) ln κ, and N/(2κ)."""
        half = 0.5 * self.n_units
        return self.logdet_value + half * float(np.log(kappa)), half / kappa

    def log_jacobians(self, kappas: Array) -> Array:
        """T ln|I - ρW| + (N/2) ln κ at every κ."""
        values: Array = self.logdet_value + 0.5 * self.n_units * np.log(kappas)
        return values

    def spatial_score(self, kappa: float, contrast: Array) -> tuple[float, float]:
        """Derivatives in ρ or λ."""
        return self.slope(kappa, contrast), self.logdet_slope


@dataclass(frozen=True, slots=True)
class OutsideMoments:
    """Moments of the spatial error model with effects outside the spatial process.

    The unit means have the covariance (σ²/T) V, V = TθI + (B'B)⁻¹, θ = σ²_μ/σ². With
    B'B = U diag(s) U' and Tθ = (1-κ)/κ: V⁻¹ = U diag(w) U', w = sκ/(κ + (1-κ)s). The s must be
    those of B'B: (1 - λω_i)², ω_i the eigenvalues of W, is the same for symmetric W only.

    Attributes
    ----------
    within : array, shape (1+P, 1+P)
        Of the filtered deviations from the unit means, period dummies projected out.
    within_slope : callable contrast -> float
        λ-derivative of the within sum of squares.
    means : array, shape (N, 1+P)
        U' times the unit means of [y, Z].
    ones : array, shape (N,)
        U'ι.
    roots : array, shape (N,)
        s.
    root_slopes : array, shape (N,)
        Diagonal of U'DU, D = W'B + B'W = -∂(B'B)/∂λ.
    vectors : array, shape (N, N)
        U.
    weights : sparse array, shape (N, N)
    lam : float
    n_periods : int
    time_effects : bool
    logdet_value, logdet_slope : float
        (T - 1) ln|B| and its derivative.
    """

    within: Array
    within_slope: Callable[[Array], float]
    means: Array
    ones: Array
    roots: Array
    root_slopes: Array
    vectors: Array
    weights: SparseMatrix
    lam: float
    n_periods: int
    time_effects: bool
    logdet_value: float
    logdet_slope: float

    def inverse_roots(self, kappa: float) -> tuple[Array, Array]:
        """w and dw/dκ, shape (N,) each."""
        denominator = kappa + (1.0 - kappa) * self.roots
        return self.roots * kappa / denominator, (self.roots / denominator) ** 2

    def mean_loadings(self, kappa: float) -> Array:
        """GLS coefficients of the unit means on ι, shape (1+P,); zero without period effects."""
        if not self.time_effects:
            return np.zeros(self.means.shape[1])
        weighted = self.inverse_roots(kappa)[0] * self.ones
        loadings: Array = weighted @ self.means / float(weighted @ self.ones)
        return loadings

    def gram(self, kappa: float) -> tuple[Array, Array]:
        """within + T means'V⁻¹means, and its κ-derivative."""
        weights, slopes = self.inverse_roots(kappa)
        centred = self.means - np.outer(self.ones, self.mean_loadings(kappa))
        between: Array = self.n_periods * (centred.T * weights) @ centred
        slope: Array = self.n_periods * (centred.T * slopes) @ centred
        return self.within + between, slope

    def grams(self, kappas: Array) -> Array:
        """The same at every κ; centring is M'wM - M'wι(ι'wι)⁻¹ι'wM."""
        weights = self._all_inverse_roots(kappas)
        between = np.swapaxes(weights[:, :, None] * self.means, 1, 2) @ self.means
        if self.time_effects:
            weighted = weights * self.ones
            cross = weighted @ self.means
            share = cross[:, :, None] * cross[:, None, :]
            between -= share / (weighted @ self.ones)[:, None, None]
        products: Array = self.within + self.n_periods * between
        return products

    def log_jacobians(self, kappas: Array) -> Array:
        """(T - 1) ln|B| - ½ ln|V| at every κ."""
        values: Array = self.logdet_value + 0.5 * np.log(self._all_inverse_roots(kappas)).sum(1)
        return values

    def _all_inverse_roots(self, kappas: Array) -> Array:
        column = kappas[:, None]
        weights: Array = self.roots * column / (column + (1.0 - column) * self.roots)
        return weights

    def log_jacobian(self, kappa: float) -> tuple[float, float]:
        """(T - 1) ln|B| - ½ ln|V|, and its κ-derivative."""
        weights, slopes = self.inverse_roots(kappa)
        value = self.logdet_value + 0.5 * float(np.log(weights).sum())
        return value, 0.5 * float((slopes / weights).sum())

    def spatial_score(self, kappa: float, contrast: Array) -> tuple[float, float]:
        """Derivatives in λ, with ∂V/∂λ = (B'B)⁻¹D(B'B)⁻¹."""
        weights, _ = self.inverse_roots(kappa)
        residual = self.means @ contrast - self.ones * float(self.mean_loadings(kappa) @ contrast)
        z = self.vectors @ (weights * residual / self.roots)
        lagged = self.weights @ z
        between = -2.0 * self.n_periods * float(lagged @ (z - self.lam * lagged))
        log_slope = -0.5 * float((weights * self.root_slopes / self.roots**2).sum())
        return self.within_slope(contrast) + between, self.logdet_slope + log_slope


def lag_moments(
    arrays: PanelArrays, time_effects: bool, logdet: LogDeterminant | None
) -> MomentSource:
    """Moments of y - ρWy on Z; without a log-determinant ρ is zero and has no score.

    A period dummy stays parallel to ι under the random-effects transform, so that removing period
    means is exact for any weights.
    """
    n_periods, n_units = arrays.y.shape
    rotated, base, triangle = _rotate(arrays, time_effects)
    columns = np.concatenate([rotated[:, :, :1], arrays.lagged_y[:, :, None], rotated[:, :, 1:]], 2)
    columns = within_transform(columns, entity_effects=False, time_effects=time_effects)
    within, between = _split(columns)

    def at(rho: float) -> SplitMoments:
        selection = np.delete(np.eye(columns.shape[2]), 1, axis=1)
        selection[1, 0] = -rho

        def slope(kappa: float, contrast: Array) -> float:
            row: Array = within[1] + kappa * between[1]
            return -2.0 * float(row @ (selection @ contrast))

        return SplitMoments(
            within=selection.T @ within @ selection,
            between=selection.T @ between @ selection,
            slope=slope,
            logdet_value=0.0 if logdet is None else n_periods * logdet.value(rho),
            logdet_slope=0.0 if logdet is None else -n_periods * logdet.trace_g(rho),
            n_units=n_units,
        )

    return MomentSource(at, base, triangle)


def inside_moments(arrays: PanelArrays, time_effects: bool, logdet: LogDeterminant) -> MomentSource:
    """Moments of the spatial error model with effects inside the spatial process."""
    n_periods, n_units = arrays.y.shape
    rotated, base, triangle = _rotate(arrays, time_effects)
    lagged = spatial_lag(arrays.weights, rotated)

    def at(lam: float) -> SplitMoments:
        filtered, lag = _filter(rotated, lagged, arrays.weights, lam, time_effects)
        within, between = _split(filtered)

        def slope(kappa: float, contrast: Array) -> float:
            residual: Array = filtered @ contrast
            lagged_residual: Array = lag @ contrast
            mean, lagged_mean = residual.mean(axis=0), lagged_residual.mean(axis=0)
            total = float((residual * lagged_residual).sum())
            shared = float(n_periods * (mean * lagged_mean).sum())
            return -2.0 * (total - (1.0 - kappa) * shared)

        return SplitMoments(
            within=within,
            between=between,
            slope=slope,
            logdet_value=n_periods * logdet.value(lam),
            logdet_slope=-n_periods * logdet.trace_g(lam),
            n_units=n_units,
        )

    return MomentSource(at, base, triangle)


def outside_moments(
    arrays: PanelArrays, time_effects: bool, logdet: LogDeterminant
) -> MomentSource:
    """Moments of the spatial error model with effects outside the spatial process."""
    n_periods = arrays.n_periods
    rotated, base, triangle = _rotate(arrays, time_effects)
    means = rotated.mean(axis=0)
    deviations = rotated - means
    lagged = spatial_lag(arrays.weights, deviations)

    def at(lam: float) -> OutsideMoments:
        filtered, lag = _filter(deviations, lagged, arrays.weights, lam, time_effects)
        flat = filtered.reshape(-1, filtered.shape[2])
        roots, vectors, root_slopes = error_roots(arrays.weights, lam)

        def within_slope(contrast: Array) -> float:
            return -2.0 * float(((filtered @ contrast) * (lag @ contrast)).sum())

        return OutsideMoments(
            within=flat.T @ flat,
            within_slope=within_slope,
            means=vectors.T @ means,
            ones=vectors.sum(axis=0),
            roots=roots,
            root_slopes=root_slopes,
            vectors=vectors,
            weights=arrays.weights,
            lam=lam,
            n_periods=n_periods,
            time_effects=time_effects,
            logdet_value=(n_periods - 1) * logdet.value(lam),
            logdet_slope=-(n_periods - 1) * logdet.trace_g(lam),
        )

    return MomentSource(at, base, triangle)


def error_roots(weights: SparseMatrix, lam: float) -> tuple[Array, Array, Array]:
    """Eigenvalues s and eigenvectors U of B'B, B = I - λW, and the diagonal of U'(W'B + B'W)U."""
    dense = weights.toarray()
    filter_matrix = np.eye(dense.shape[0]) - lam * dense
    roots, vectors = linalg.eigh(filter_matrix.T @ filter_matrix, check_finite=False)
    # B'B is positive definite inside the admissible interval; at its edge rounding takes over.
    roots = np.maximum(roots, np.finfo(float).eps * roots[-1])
    lagged = weights @ vectors
    slopes: Array = 2.0 * (lagged * (vectors - lam * lagged)).sum(axis=0)
    return roots, vectors, slopes


def error_period_effects(
    errors: Array, weights: SparseMatrix, lam: float, kappa: float, *, inside: bool
) -> Array:
    """GLS coefficients of y - Zδ on period dummies in a spatial error model, shape (T,).

    Parameters
    ----------
    errors : array, shape (T, N)
    weights : sparse array, shape (N, N)
    lam, kappa : float
    inside : bool
        Whether the effects are inside the spatial process.
    """
    ones = np.ones((1, errors.shape[1]))
    direction = (ones - lam * spatial_lag(weights, ones))[0]

    def filter_and_load(values: Array) -> Array:
        return period_loadings(values - lam * spatial_lag(weights, values), direction)

    if inside:
        return filter_and_load(errors)
    means = errors.mean(axis=0)
    roots, vectors, _ = error_roots(weights, lam)
    weighted = roots * kappa / (kappa + (1.0 - kappa) * roots) * vectors.sum(axis=0)
    common = float(weighted @ (vectors.T @ means)) / float(weighted @ vectors.sum(axis=0))
    return filter_and_load(errors - means) + common


def predict_effects(
    residuals: Array, weights: SparseMatrix, lam: float | None, kappa: float, *, inside: bool
) -> Array:
    """Best linear unbiased prediction of μ from composite residuals, shape (N,).

    E(μ|v) = (1-κ)v̄ for v = μ + ε; for effects outside a spatial error ((1-κ)/κ)V⁻¹v̄.

    Parameters
    ----------
    residuals : array, shape (T, N)
    weights : sparse array, shape (N, N)
    lam : float or None
        None: no spatial error.
    kappa : float
    inside : bool
        Whether the effects are inside the spatial error.
    """
    means: Array = residuals.mean(axis=0)
    if lam is None:
        return (1.0 - kappa) * means
    if inside:
        filtered: Array = means - lam * spatial_lag(weights, means[None, :])[0]
        return (1.0 - kappa) * filtered
    roots, vectors, _ = error_roots(weights, lam)
    shrunk = roots * (1.0 - kappa) / (kappa + (1.0 - kappa) * roots)
    predicted: Array = vectors @ (shrunk * (vectors.T @ means))
    return predicted


def lag_information(
    arrays: PanelArrays,
    time_effects: bool,
    rho: float | None,
    kappa: float,
    sigma2: float,
    residuals: Array,
    *,
    dense: bool,
) -> Array:
    """Information of (δ, ρ, σ²_μ, σ²), or of (δ, σ²_μ, σ²) where ρ is None.

    With ω1 = σ², ω2 = σ² + Tσ²_μ, Σ_T = ω1 Q + ω2 J̄ and h the mean of Wy, period effects out:
    H_δδ = Z'Σ⁻¹Z, H_δρ = Z'Σ⁻¹h, H_ρρ = h'Σ⁻¹h + T tr(GG + G'G), H_ρω1 = (T-1)tr(G)/ω1,
    H_ρω2 = tr(G)/ω2, H_ω1ω1 = N(T-1)/(2ω1²), H_ω2ω2 = N/(2ω2²).

    Parameters
    ----------
    arrays : PanelArrays
    time_effects : bool
    rho : float or None
    kappa, sigma2 : float
    residuals : array, shape (T, N)
        Composite, period effects removed.
    dense : bool
        Whether N × N matrices may be formed.

    Returns
    -------
    array, shape (P+3, P+3) or (P+2, P+2).
    """
    columns = arrays.z
    if rho is not None:
        if dense:
            lagged = residuals @ calc_g(arrays.weights, rho).T
        else:
            lagged = spatial_lag(
                arrays.weights, apply_inverse_filter(arrays.weights, rho, residuals)
            )
        columns = np.concatenate([columns, (arrays.lagged_y - lagged)[:, :, None]], axis=2)
    columns = within_transform(columns, entity_effects=False, time_effects=time_effects)
    within, between = _split(columns)
    return _split_information(
        arrays, (within + kappa * between) / sigma2, rho, kappa, sigma2, dense=dense
    )


def inside_information(
    arrays: PanelArrays, time_effects: bool, lam: float, kappa: float, sigma2: float, *, dense: bool
) -> Array:
    """Information of (δ, λ, σ²_μ, σ²), effects inside the spatial error; δ is orthogonal to λ."""
    lagged = spatial_lag(arrays.weights, arrays.z)
    filtered, _ = _filter(arrays.z, lagged, arrays.weights, lam, time_effects)
    within, between = _split(filtered)
    slopes = (within + kappa * between) / sigma2
    return _split_information(arrays, np.pad(slopes, (0, 1)), lam, kappa, sigma2, dense=dense)


def outside_information(
    moments: OutsideMoments, triangle: Array, kappa: float, sigma2: float
) -> Array:
    """Information of (δ, λ, σ²_μ, σ²), effects outside the spatial error.

    For the unit means Ω1 = Tσ²_μ I + σ²C, for the deviations Ω2 = σ²C, C = (B'B)⁻¹:
    H_ab = ½ tr(Ω1⁻¹Ω1_a Ω1⁻¹Ω1_b) + ½(T-1) tr(Ω2⁻¹Ω2_a Ω2⁻¹Ω2_b), in the coordinates of U.

    Parameters
    ----------
    moments : OutsideMoments
        At the estimate.
    triangle : array, shape (P, P)
        Of the `MomentSource`.
    kappa, sigma2 : float

    Returns
    -------
    array, shape (P+3, P+3).
    """
    n_periods, roots = moments.n_periods, moments.roots
    k = triangle.shape[0]
    information = np.zeros((k + 3, k + 3))
    information[:k, :k] = triangle.T @ moments.gram(kappa)[0][1:, 1:] @ triangle / sigma2
    spread = n_periods * calc_effect_variance(sigma2, kappa, n_periods) + sigma2 / roots
    lagged = moments.weights @ moments.vectors
    cross = lagged.T @ (moments.vectors - moments.lam * lagged)
    error_slope = sigma2 * (cross + cross.T) / np.outer(roots, roots)
    diagonal = np.arange(roots.size)
    # Ω1_a and Ω2_a for λ, σ²_μ, σ².
    slopes = np.zeros((3, roots.size, roots.size))
    slopes[0] = error_slope
    slopes[1, diagonal, diagonal] = n_periods
    slopes[2, diagonal, diagonal] = 1.0 / roots
    inner = slopes * np.array([1.0, 0.0, 1.0])[:, None, None]
    for matrices, variances, copies in (
        (slopes, spread, 1),
        (inner, sigma2 / roots, n_periods - 1),
    ):
        scaled = matrices / variances[None, :, None]
        information[k:, k:] += 0.5 * copies * np.einsum("aij,bji->ab", scaled, scaled)
    return information


def calc_effect_variance(sigma2: float, kappa: float, n_periods: int) -> float:
    """σ²_μ = σ²(1 - κ)/(Tκ)."""
    return sigma2 * (1.0 - kappa) / (n_periods * kappa)


def _split_information(
    arrays: PanelArrays,
    slopes: Array,
    spatial: float | None,
    kappa: float,
    sigma2: float,
    *,
    dense: bool,
) -> Array:
    """Complete the block of (δ, spatial) by traces and variances, then change to (σ²_μ, σ²)."""
    n_periods, n_units = arrays.y.shape
    total = sigma2 / kappa
    k = slopes.shape[0]
    information = np.zeros((k + 2, k + 2))
    information[:k, :k] = slopes
    information[k, k] = n_units * (n_periods - 1) / (2.0 * sigma2**2)
    information[k + 1, k + 1] = n_units / (2.0 * total**2)
    if spatial is not None:
        traces = calc_spatial_traces(
            arrays.weights, spatial, deflated=False, row_sum=None, dense=dense
        )
        cross = traces.g * np.array([(n_periods - 1) / sigma2, 1.0 / total])
        information[k - 1, k - 1] += n_periods * (traces.gg + traces.gtg)
        information[k - 1, k:] = information[k:, k - 1] = cross
    # Rows σ² and σ² + Tσ²_μ by columns σ²_μ and σ².
    jacobian = np.eye(k + 2)
    jacobian[k:, k:] = [[0.0, 1.0], [n_periods, 1.0]]
    changed: Array = jacobian.T @ information @ jacobian
    return changed


def _rotate(arrays: PanelArrays, time_effects: bool) -> tuple[Array, Array, Array]:
    """[y - Z base, Z R⁻¹] raw, base and R: orthonormal and y free of Z where nothing is filtered.

    Keeps the cross products well conditioned, whatever the units of measurement.
    """
    projected = within_transform(
        np.concatenate([arrays.y[:, :, None], arrays.z], axis=2),
        entity_effects=False,
        time_effects=time_effects,
    )
    flat = projected.reshape(-1, projected.shape[2])
    q, triangle = linalg.qr(flat[:, 1:], mode="economic", check_finite=False)
    base: Array = linalg.solve_triangular(triangle, q.T @ flat[:, 0], check_finite=False)
    inverse = linalg.solve_triangular(triangle, np.eye(base.size), check_finite=False)
    outcome = arrays.y - arrays.z @ base
    return np.concatenate([outcome[:, :, None], arrays.z @ inverse], axis=2), base, triangle


def _split(values: Array) -> tuple[Array, Array]:
    """Cross products within units, and between them (T times those of the means)."""
    means = values.mean(axis=0)
    deviations = (values - means).reshape(-1, values.shape[2])
    return deviations.T @ deviations, values.shape[0] * means.T @ means


def _filter(
    values: Array, lagged: Array, weights: SparseMatrix, lam: float, time_effects: bool
) -> tuple[Array, Array]:
    """B v and W v, without what a period dummy has become under the filter, Bι (Wι).

    The same loadings leave both, so that minus the second is the λ-derivative of the first at
    given period effects.
    """
    filtered = values - lam * lagged
    if not time_effects:
        return filtered, lagged
    sums = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    direction = 1.0 - lam * sums
    loadings = period_loadings(filtered, direction)[:, None, :]
    return (
        filtered - loadings * direction[None, :, None],
        lagged - loadings * sums[None, :, None],
    )
