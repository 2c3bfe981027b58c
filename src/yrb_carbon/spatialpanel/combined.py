"""Exact likelihood of the panel with a spatial lag and a spatial error (SAC, GNS).

y = ρWy + Zδ + effects + u, u = λMu + ε. With A = I - ρW and B = I - λM the innovations are
ε = B(Ay - Zδ - effects), and

    ln L = -(n/2) ln(2πσ²) + J (ln|A| + ln|B|) - e'e / 2σ².

δ and σ² are concentrated out. What is left is a function of (ρ, λ) that often has two modes, one
with a high ρ and a low λ and one the other way round: all of them are searched for and reported.
(Anselin 1988, Spatial Econometrics, ch. 6; Lee & Yu 2010, J. Econometrics 154:165-185.)
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy import linalg

from .errors import ConvergenceError
from .likelihood import (
    EDGE,
    EffectScheme,
    Estimate,
    Mode,
    calc_scan_points,
    filtered_gram,
    gaussian_loglik,
    least_squares,
    log_of_squares,
    refuse_perfect_fit,
    regress_gram,
)
from .logdet import LogDeterminant
from .within import Array, within_transform

# Points a side of the grid on which local maxima are looked for; every one is then polished.
GRID_POINTS = 25
NEWTON_STEPS = 100
# Two polished maxima closer than this are one.
SAME_MODE = 1e-6
# Share of a standard error that the last Newton step must stay below.
LAST_STEP = 1e-8
FINITE_DIFFERENCE = 1e-6
# Half width, as a share of the admissible interval, of the bracket on which a mode of the rough
# likelihood is polished on the exact one; doubled when the mode lies outside.
POLISH_REACH = 0.02


class _SearchError(ConvergenceError):
    """A search that did not end, and the log-likelihood where it stopped."""

    def __init__(self, height: float, message: str) -> None:
        super().__init__(message)
        self.height = height


@dataclass(frozen=True, slots=True)
class CombinedData:
    """Arrays of a model with a spatial lag and a spatial error, all raw (effects not removed).

    Attributes
    ----------
    y, lagged_y : array, shape (T, N)
        y and Wy.
    z : array, shape (T, N, K)
    error_lag : callable
        v ↦ (I ⊗ M)v for arrays (T, N, K).
    error_row_sums : array, shape (N,), or None
        Mι where the rows of M have different sums; None where they are equal.
    """

    y: Array
    lagged_y: Array
    z: Array
    error_lag: Callable[[Array], Array]
    error_row_sums: Array | None


@dataclass(frozen=True, slots=True)
class _Profile:
    """Quantities of the concentrated likelihood at one λ.

    (e0 - ρ ed)'(e0 - ρ ed) = a - 2bρ + cρ² with e0, ed the residuals of BAy's two parts on BZ.
    The slopes are the derivatives of a, b, c in λ.
    """

    a: float
    b: float
    c: float
    a_slope: float
    b_slope: float
    c_slope: float
    delta: Array  # (K, 2): coefficients of By and of BWy on BZ


@dataclass(frozen=True, slots=True)
class _Surface:
    """The concentrated log-likelihood of (ρ, λ) and its gradient."""

    value: Callable[[Array], float]
    score: Callable[[Array], Array]


def fit_combined(
    data: CombinedData,
    scheme: EffectScheme,
    logdet: LogDeterminant,
    error_logdet: LogDeterminant,
    interval: tuple[float, float],
    error_interval: tuple[float, float],
) -> Estimate:
    """SAC or GNS panel by exact maximum likelihood, with every mode of the likelihood.

    Parameters
    ----------
    data : CombinedData
    scheme : EffectScheme
    logdet, error_logdet : LogDeterminant
        Of W and of M.
    interval, error_interval : (float, float)
        Admissible intervals of ρ and of λ.

    Returns
    -------
    Estimate at the highest mode, with the others in ``other_modes``.

    Raises
    ------
    ConvergenceError
        If the search for a mode does not end.
    PerfectFitError
        If there is no residual.
    """
    n_periods, n_units = data.y.shape
    n_effective = scheme.n_effective(n_units, n_periods)
    periods = scheme.jacobian_periods(n_periods)
    gram_at, recover = _gram_matrices(data, scheme, error_interval)
    profile = _cached(lambda lam: _concentrate(*gram_at(lam)))
    within_y = within_transform(
        data.y, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    )
    start = profile(0.0)
    refuse_perfect_fit(start.a - start.b**2 / start.c if start.c > 0.0 else start.a, within_y)
    constant = -0.5 * n_effective * (1.0 + float(np.log(2.0 * np.pi / n_effective)))

    def likelihood_with(of_lag: LogDeterminant, of_error: LogDeterminant) -> _Surface:
        lag_value, error_value = _remembered(of_lag.value), _remembered(of_error.value)

        def value(point: Array) -> float:
            rho, lam = float(point[0]), float(point[1])
            at = profile(lam)
            sum_of_squares = at.a - 2.0 * at.b * rho + at.c * rho**2
            return (
                constant
                - 0.5 * n_effective * log_of_squares(sum_of_squares)
                + periods * (lag_value(rho) + error_value(lam))
            )

        def score(point: Array) -> Array:
            rho, lam = float(point[0]), float(point[1])
            at = profile(lam)
            sum_of_squares = at.a - 2.0 * at.b * rho + at.c * rho**2
            slope = at.a_slope - 2.0 * at.b_slope * rho + at.c_slope * rho**2
            return np.array(
                [
                    n_effective * (at.b - at.c * rho) / sum_of_squares
                    - periods * of_lag.trace_g(rho),
                    -0.5 * n_effective * slope / sum_of_squares - periods * of_error.trace_g(lam),
                ]
            )

        return _Surface(value, score)

    bounds = np.array([interval, error_interval], dtype=np.float64)
    rough = likelihood_with(logdet.rough(), error_logdet.rough())
    modes = find_modes(rough.value, rough.score, bounds)
    polished = [_polish(mode, logdet, error_logdet, likelihood_with, bounds) for mode in modes]
    (best, surface), *others = sorted(polished, key=lambda pair: -pair[0].loglik)
    rho, lam = float(best.rho or 0.0), float(best.lam or 0.0)
    at = profile(lam)
    delta = recover(at.delta[:, 0] - rho * at.delta[:, 1], rho)
    residuals = _residuals(data, scheme, delta, rho, lam)
    sum_of_squares = float(residuals.ravel() @ residuals.ravel())
    sigma2 = sum_of_squares / n_effective
    # What the profile has beside the sum of squares is the Jacobian.
    profiled = constant - 0.5 * n_effective * float(np.log(at.a - 2.0 * at.b * rho + at.c * rho**2))
    return Estimate(
        delta=delta,
        rho=rho,
        lam=lam,
        sigma2=sigma2,
        loglik=gaussian_loglik(sum_of_squares, sigma2, n_effective, best.loglik - profiled),
        residuals=residuals,
        score=float(np.abs(surface.score(np.array([rho, lam]))).max()),
        at_boundary=best.at_boundary,
        other_modes=tuple(mode for mode, _ in others if not _is_same(mode, best)),
    )


def _polish(
    mode: Mode,
    logdet: LogDeterminant,
    error_logdet: LogDeterminant,
    likelihood_with: Callable[[LogDeterminant, LogDeterminant], _Surface],
    bounds: Array,
) -> tuple[Mode, _Surface]:
    """A mode of the rough likelihood on the exact one, and the exact one around it."""
    point = np.array([mode.rho, mode.lam], dtype=np.float64)
    width = bounds[:, 1] - bounds[:, 0]
    lower, upper = bounds[:, 0] + EDGE * width, bounds[:, 1] - EDGE * width
    reach = POLISH_REACH
    while True:
        bracket = np.column_stack(
            [np.maximum(point - reach * width, lower), np.minimum(point + reach * width, upper)]
        )
        surface = likelihood_with(logdet.near(*bracket[0]), error_logdet.near(*bracket[1]))
        point, _ = _climb(surface.value, surface.score, point, bracket, edge=0.0)
        inner = (point <= bracket[:, 0]) & (bracket[:, 0] > lower)
        inner |= (point >= bracket[:, 1]) & (bracket[:, 1] < upper)
        if not inner.any():
            at_boundary = bool(np.any((point <= lower) | (point >= upper)))
            found = Mode(float(point[0]), float(point[1]), surface.value(point), at_boundary)
            return found, surface
        reach *= 2.0


def find_modes(
    value: Callable[[Array], float], score: Callable[[Array], Array], bounds: Array
) -> list[Mode]:
    """Local maxima of a smooth function of (ρ, λ) on an open rectangle, highest first.

    Every point of a Chebyshev grid that is not lower than its neighbours starts a Newton search.
    A search that leaves through an edge gives a mode at the boundary.

    Parameters
    ----------
    value, score : callables of an array (2,)
        The function and its gradient.
    bounds : array, shape (2, 2)
        Rows: the intervals of ρ and of λ.

    Returns
    -------
    list of Mode

    Raises
    ------
    ConvergenceError
    """
    axes = [calc_scan_points((lower, upper), GRID_POINTS) for lower, upper in bounds]
    surface = np.array([[value(np.array([r, m])) for m in axes[1]] for r in axes[0]])
    modes: list[Mode] = []
    failed: list[_SearchError] = []
    for i, j in _grid_peaks(surface):
        try:
            point, at_boundary = _climb(value, score, np.array([axes[0][i], axes[1][j]]), bounds)
        except _SearchError as error:
            failed.append(error)
            continue
        height = value(point)
        found = Mode(float(point[0]), float(point[1]), height, at_boundary)
        if not any(_is_same(found, mode) for mode in modes):
            modes.append(found)
    highest = max((mode.loglik for mode in modes), default=-np.inf)
    for stalled in failed:
        # A search that stalls below a mode that was found can lead to no higher one of interest.
        if stalled.height > highest - 1e-9 * abs(highest):
            raise ConvergenceError(str(stalled)) from stalled
    return sorted(modes, key=lambda mode: -mode.loglik)


def _is_same(first: Mode, second: Mode) -> bool:
    return (
        abs((first.rho or 0.0) - (second.rho or 0.0)) < SAME_MODE
        and abs((first.lam or 0.0) - (second.lam or 0.0)) < SAME_MODE
    )


def _grid_peaks(surface: Array) -> list[tuple[int, int]]:
    padded = np.pad(surface, 1, constant_values=-np.inf)
    rows, columns = surface.shape
    neighbours = [
        padded[1 + di : 1 + di + rows, 1 + dj : 1 + dj + columns]
        for di in (-1, 0, 1)
        for dj in (-1, 0, 1)
        if (di, dj) != (0, 0)
    ]
    peaks = np.argwhere(surface >= np.max(neighbours, axis=0))
    return [(int(i), int(j)) for i, j in peaks]


def _climb(
    value: Callable[[Array], float],
    score: Callable[[Array], Array],
    start: Array,
    bounds: Array,
    edge: float = EDGE,
) -> tuple[Array, bool]:
    """Newton's method with backtracking inside the rectangle; True where it ends at an edge."""
    width = bounds[:, 1] - bounds[:, 0]
    lower, upper = bounds[:, 0] + edge * width, bounds[:, 1] - edge * width
    point, height = np.clip(start, lower, upper), value(np.clip(start, lower, upper))
    for _ in range(NEWTON_STEPS):
        gradient = score(point)
        outward = ((point <= lower) & (gradient < 0.0)) | ((point >= upper) & (gradient > 0.0))
        if outward.all():
            return point, True
        free = ~outward
        curvature = -_numerical_hessian(score, point, lower, upper)[np.ix_(free, free)]
        step = np.zeros(2)
        step[free] = _ascent_step(curvature, gradient[free], width[free])
        spread = 1.0 / np.sqrt(np.maximum(np.diag(curvature), 1e-300))
        if np.all(np.abs(step[free]) <= LAST_STEP * spread) and _is_positive_definite(curvature):
            return np.clip(point + step, lower, upper), bool(outward.any())
        factor = 1.0
        while True:
            trial = np.clip(point + factor * step, lower, upper)
            new_height = value(trial)
            # At the top the gain drowns in the rounding of the log-likelihood.
            if new_height >= height - 1e-13 * abs(height):
                break
            factor *= 0.5
            if factor < 1e-12:
                raise _SearchError(
                    height,
                    f"no ascent from rho = {point[0]:.6g}, lambda = {point[1]:.6g} (gradient "
                    f"{gradient[0]:.3g}, {gradient[1]:.3g}); the likelihood is not smooth there. "
                    "Use model='sar', 'sem' or other weights for the error",
                )
        point, height = trial, new_height
    raise _SearchError(
        height,
        f"the search for (rho, lambda) has not ended after {NEWTON_STEPS} steps, at "
        f"({point[0]:.6g}, {point[1]:.6g}); the likelihood is nearly flat there. "
        "Use model='sar' or 'sem', or weights of the error that differ more from those of the lag",
    )


def _ascent_step(curvature: Array, gradient: Array, width: Array) -> Array:
    """Newton step with the curvature's eigenvalues taken by size: uphill along ridges too.

    Where the function is concave this is Newton's step; along a direction in which it is convex it
    leads away from the saddle. No step is longer than a quarter of the rectangle.
    """
    eigenvalues, vectors = np.linalg.eigh((curvature + curvature.T) / 2.0)
    sizes = np.maximum(np.abs(eigenvalues), 1e-8 * float(np.abs(eigenvalues).max()))
    step: Array = vectors @ ((vectors.T @ gradient) / np.maximum(sizes, 1e-300))
    longest = float(np.max(np.abs(step) / (0.25 * width)))
    return step / max(1.0, longest)


def _is_positive_definite(matrix: Array) -> bool:
    return bool(np.linalg.eigvalsh((matrix + matrix.T) / 2.0).min() > 0.0)


def _numerical_hessian(
    score: Callable[[Array], Array], point: Array, lower: Array, upper: Array
) -> Array:
    hessian = np.empty((2, 2))
    for k in range(2):
        room = min(point[k] - lower[k], upper[k] - point[k])
        h = FINITE_DIFFERENCE * (upper[k] - lower[k])
        up, down = point.copy(), point.copy()
        up[k] = min(point[k] + h, upper[k]) if room < h else point[k] + h
        down[k] = max(point[k] - h, lower[k]) if room < h else point[k] - h
        hessian[:, k] = (score(up) - score(down)) / (up[k] - down[k])
    return (hessian + hessian.T) / 2.0


def _gram_matrices(
    data: CombinedData, scheme: EffectScheme, interval: tuple[float, float]
) -> tuple[
    Callable[[float], tuple[Array, Array]],
    Callable[[Array, float], Array],
]:
    """Gram matrix of the filtered columns [y, Wy, Z] as a function of λ, and its slope.

    With C the columns, effects removed, and MC their lags, the Gram matrix of C - λMC is a
    quadratic in λ. Columns are first rotated so that Z is orthonormal, and y and Wy free of it,
    at λ = 0; the second function rotates δ back. Where the rows of M have different sums a period
    dummy becomes (I - λM)ι, which moves with λ: the Gram matrix is then formed anew at every λ.
    """
    columns = np.concatenate([data.y[:, :, None], data.lagged_y[:, :, None], data.z], axis=2)
    projected = within_transform(
        columns, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    ).reshape(-1, columns.shape[2])
    z = projected[:, 2:]
    base = least_squares(z, projected[:, :2])
    _, r = linalg.qr(z, mode="economic", check_finite=False)
    inverse_r = linalg.solve_triangular(r, np.eye(r.shape[0]), check_finite=False)
    rotated = np.concatenate(
        [columns[:, :, :2] - columns[:, :, 2:] @ base, columns[:, :, 2:] @ inverse_r], axis=2
    )
    lagged = data.error_lag(rotated)
    moving = scheme.time_effects and data.error_row_sums is not None

    def project(values: Array, direction: Array | None = None) -> Array:
        return within_transform(
            values,
            entity_effects=scheme.entity_effects,
            time_effects=scheme.time_effects,
            direction=direction,
        ).reshape(-1, values.shape[2])

    def recover(delta: Array, rho: float) -> Array:
        back: Array = base[:, 0] - rho * base[:, 1] + inverse_r @ delta
        return back

    if not moving:
        gram, gram_slope = filtered_gram(project(rotated), project(lagged), interval)

        def quadratic(lam: float) -> tuple[Array, Array]:
            return gram(lam), gram_slope(lam)

        return quadratic, recover
    sums = np.zeros(data.y.shape[1]) if data.error_row_sums is None else data.error_row_sums

    def formed(lam: float) -> tuple[Array, Array]:
        direction = 1.0 - lam * sums
        filtered = project(rotated - lam * lagged, direction)
        # The projection moves with λ too; its derivative falls out of e'de/dλ where the dummy's
        # coefficient is kept, as it does for δ.
        loadings = np.tensordot(
            (rotated - lam * lagged)
            - (rotated - lam * lagged).mean(axis=0, keepdims=True) * scheme.entity_effects,
            direction,
            axes=(1, 0),
        ) / (direction @ direction)
        turned = lagged - (lagged.mean(axis=0, keepdims=True) if scheme.entity_effects else 0.0)
        turned = turned - loadings[:, None, :] * sums[None, :, None]
        cross = filtered.T @ turned.reshape(-1, turned.shape[2])
        return filtered.T @ filtered, -(cross + cross.T)

    return formed, recover


def _concentrate(gram: Array, slope: Array) -> _Profile:
    """Regress the filtered y and Wy on the filtered Z, all from their Gram matrix."""
    contrast = regress_gram(gram, 2)
    squares = contrast.T @ gram @ contrast
    slopes = contrast.T @ slope @ contrast
    return _Profile(
        a=float(squares[0, 0]),
        b=float(squares[0, 1]),
        c=float(squares[1, 1]),
        a_slope=float(slopes[0, 0]),
        b_slope=float(slopes[0, 1]),
        c_slope=float(slopes[1, 1]),
        delta=-contrast[2:],
    )


def _remembered(function: Callable[[float], float]) -> Callable[[float], float]:
    """The grid asks for the log-determinant of one ρ at every λ."""
    known: dict[float, float] = {}

    def value(parameter: float) -> float:
        if parameter not in known:
            known[parameter] = function(parameter)
        return known[parameter]

    return value


def _cached(function: Callable[[float], _Profile]) -> Callable[[float], _Profile]:
    """The grid and the finite differences ask for the same λ many times."""
    known: dict[float, _Profile] = {}

    def remembered(lam: float) -> _Profile:
        if lam not in known:
            known[lam] = function(lam)
        return known[lam]

    return remembered


def _residuals(
    data: CombinedData, scheme: EffectScheme, delta: Array, rho: float, lam: float
) -> Array:
    structural = (data.y - rho * data.lagged_y - data.z @ delta)[:, :, None]
    filtered = (structural - lam * data.error_lag(structural))[:, :, 0]
    moving = scheme.time_effects and data.error_row_sums is not None
    direction = None
    if moving and data.error_row_sums is not None:
        direction = 1.0 - lam * data.error_row_sums
    return within_transform(
        filtered,
        entity_effects=scheme.entity_effects,
        time_effects=scheme.time_effects,
        direction=direction,
    )
