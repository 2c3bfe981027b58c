"""Concentrated Gaussian likelihoods of the linear, the spatial lag and the spatial error panel.

All take arrays that are stacked by period and know nothing of names. The same formulas serve the
direct estimator (period and unit dummies, J = T Jacobian periods, n = NT) and the transformation
estimator of Lee & Yu (2010, J. Econometrics 154:165-185), whose orthonormal transforms of time
(N·(T-1)) and of space ((N-1)·T) leave the demeaned sum of squares unchanged and replace J and n:

    ln L = -(n/2) ln(2πσ²) + J ln|I - ρW| - e'e / 2σ².
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import linalg

from .errors import ConvergenceError, PerfectFitError
from .logdet import LogDeterminant
from .within import (
    TALL_BLOCK,
    Array,
    period_loadings,
    triangular_factor,
    within_transform,
)

# Number of points at which the exact profile likelihood brackets its highest peak. A Jacobian
# that is concave between its poles leaves few peaks.
SCAN_POINTS = 33
# A peak closer to the edge than this share of the interval counts as at the edge.
EDGE = 1e-8
# A bracket this narrow, as a share of its location, is rounding.
NARROWEST_BRACKET = 1e-14
# Relative error of e'e beyond which the quadratic in λ is not exact enough.
QUADRATIC_TOLERANCE = 1e-11
# Half width of the exact bracket in standard errors of ρ, its sampling error and that of the rough
# log-determinant: wide enough for draws of ρ around the estimate too.
BRACKET_ERRORS = 4.0
WIDEST_BRACKET = 0.25
BRACKET_MOVES = 12
# A second peak competes if it is lower by less than so many standard errors of the rough value.
RIVAL_ERRORS = 8.0
FINITE_STEP = 1e-5
# Error of ρ that the interpolation of the log-determinant may cause at most; what it does cause is
# far smaller up to some thousand units, where exact values are cheap.
PROFILE_TOLERANCE = 5e-9
# Eigenvalues of the Gram matrix of columns of unit length below this are not told from rounding,
# nor are pivots, which are their square roots.
RELIABLE_EIGENVALUE = 1e-10
RELIABLE_PIVOT = RELIABLE_EIGENVALUE**0.5
# Share of a difference of sums of squares that is not told from rounding.
CANCELLED = 1e-14
# Share of the dependent variable's variation below which a residual is rounding, not data.
PERFECT_FIT = 1e-20


@dataclass(frozen=True, slots=True)
class EffectScheme:
    """Which fixed effects there are and how the likelihood treats them.

    Attributes
    ----------
    entity_effects, time_effects : bool
    transformed : bool
        True: transformation estimator, the effects cost observations. False: dummies.
    """

    entity_effects: bool
    time_effects: bool
    transformed: bool

    def jacobian_periods(self, n_periods: int) -> int:
        """Number of times ln|I - ρW| enters the likelihood."""
        return n_periods - (1 if self.transformed and self.entity_effects else 0)

    def effective_units(self, n_units: int) -> int:
        """Cross-section size of the likelihood."""
        return n_units - (1 if self.deflated else 0)

    def effective_units_of_effects(self, n_units: int) -> int:
        """Degrees of freedom that a cross-section of residuals has left."""
        return n_units - (1 if self.time_effects else 0)

    def n_effective(self, n_units: int, n_periods: int) -> int:
        """Observations of the likelihood: NT, N(T-1), (N-1)T or (N-1)(T-1)."""
        return self.effective_units(n_units) * self.jacobian_periods(n_periods)

    @property
    def deflated(self) -> bool:
        """Whether the Jacobian is that of W* = F'WF."""
        return self.transformed and self.time_effects

    def n_absorbed(self, n_units: int, n_periods: int) -> int:
        """Dummies that the effects stand for."""
        units = n_units if self.entity_effects else 0
        periods = n_periods if self.time_effects else 0
        return units + periods - (1 if units and periods else 0)


@dataclass(frozen=True, slots=True)
class Maximum:
    """Where the concentrated likelihood peaks.

    Attributes
    ----------
    location : float
    score : float
        Derivative of the log-likelihood there.
    at_boundary : bool
        True where no interior peak is higher than the edge of the interval.
    other_peaks : tuple of (float, float)
        Scan points that are higher than both neighbours but lower than the highest, with their
        values; empty for a profile with one peak.
    """

    location: float
    score: float
    at_boundary: bool
    other_peaks: tuple[tuple[float, float], ...] = ()


@dataclass(frozen=True, slots=True)
class Mode:
    """One local maximum of the likelihood.

    Attributes
    ----------
    rho, lam : float or None
    loglik : float
    at_boundary : bool
    """

    rho: float | None
    lam: float | None
    loglik: float
    at_boundary: bool


@dataclass(frozen=True, slots=True)
class Estimate:
    """Numbers of one fit.

    Attributes
    ----------
    delta : array, shape (K,)
        Coefficients of the regressors.
    rho, lam : float or None
        ρ of Wy and λ of the error, dimensionless; None where the model has none.
    sigma2 : float
        Error variance, unit of the dependent variable squared.
    loglik : float
    residuals : array, shape (T, N)
        Innovations with the fixed effects removed.
    score : float
        Derivative of the log-likelihood in ρ or λ at the estimate, the larger of the two where
        there are both; 0 without a spatial parameter.
    at_boundary : bool
    other_modes : tuple of Mode
        Local maxima of the likelihood that are lower than the estimate.
    """

    delta: Array
    rho: float | None
    lam: float | None
    sigma2: float
    loglik: float
    residuals: Array
    score: float
    at_boundary: bool
    other_modes: tuple[Mode, ...] = ()

    @property
    def spatial_values(self) -> tuple[float, ...]:
        """ρ and λ, those that the model has."""
        return tuple(value for value in (self.rho, self.lam) if value is not None)


def gaussian_loglik(
    sum_of_squares: float, sigma2: float, n_effective: int, log_jacobian: float = 0.0
) -> float:
    """-(n/2) ln(2πσ²) - e'e/(2σ²) + log-Jacobian."""
    return float(
        -0.5 * n_effective * np.log(2.0 * np.pi * sigma2)
        - 0.5 * sum_of_squares / sigma2
        + log_jacobian
    )


def least_squares(regressors: Array, targets: Array) -> Array:
    """Coefficients (K,) or (K, M) of ``targets`` (n,) or (n, M) on ``regressors`` (n, K), by QR."""
    k = regressors.shape[1]
    if k == 0:
        return np.zeros((0, *targets.shape[1:]))
    if regressors.shape[0] > TALL_BLOCK:
        r = triangular_factor(regressors, targets)
        tall: Array = linalg.solve_triangular(r[:k, :k], r[:k, k:], check_finite=False)
        return tall.reshape((k, *targets.shape[1:]))
    q, r = linalg.qr(regressors, mode="economic", check_finite=False)
    solution: Array = linalg.solve_triangular(r, q.T @ targets, check_finite=False)
    return solution


def fit_linear(y: Array, z: Array, n_effective: int) -> Estimate:
    """Gaussian likelihood without a spatial parameter.

    Parameters
    ----------
    y : array, shape (T, N), effects removed
    z : array, shape (T, N, K), effects removed
    n_effective : int

    Returns
    -------
    Estimate, with σ² = e'e/n.
    """
    stacked_z = z.reshape(-1, z.shape[2])
    delta = least_squares(stacked_z, y.ravel())
    residuals = y - z @ delta
    sum_of_squares = float(residuals.ravel() @ residuals.ravel())
    refuse_perfect_fit(sum_of_squares, y)
    sigma2 = sum_of_squares / n_effective
    return Estimate(
        delta=delta,
        rho=None,
        lam=None,
        sigma2=sigma2,
        loglik=gaussian_loglik(sum_of_squares, sigma2, n_effective),
        residuals=residuals,
        score=0.0,
        at_boundary=False,
    )


def fit_lag(
    y: Array,
    lagged_y: Array,
    z: Array,
    logdet: LogDeterminant,
    interval: tuple[float, float],
    n_effective: int,
    jacobian_periods: int,
) -> Estimate:
    """Spatial lag model y = ρWy + Zδ + effects + ε by exact maximum likelihood.

    ln L_c(ρ) = const - (n/2) ln[(e0 - ρ ed)'(e0 - ρ ed)] + J ln|I - ρW| with e0, ed the residuals
    of y and Wy on Z (Anselin 1988, Spatial Econometrics, sec. 12.1; Elhorst 2014, eq. 3.7).

    Parameters
    ----------
    y, lagged_y : array, shape (T, N), effects removed; the lag is taken before removing them
    z : array, shape (T, N, K), effects removed
    logdet : LogDeterminant
    interval : (float, float)
        Admissible interval of ρ.
    n_effective, jacobian_periods : int
        n and J.

    Returns
    -------
    Estimate, with σ² = e'e/n.
    """
    stacked_z = z.reshape(-1, z.shape[2])
    coefficients = least_squares(stacked_z, np.column_stack([y.ravel(), lagged_y.ravel()]))
    e0 = y.ravel() - stacked_z @ coefficients[:, 0]
    ed = lagged_y.ravel() - stacked_z @ coefficients[:, 1]
    a, b, c = float(e0 @ e0), float(e0 @ ed), float(ed @ ed)
    least = a - b * b / c if c > 0.0 else a
    # What two sums of squares leave of one another is known to their rounding only.
    refuse_perfect_fit(least if least > CANCELLED * a else 0.0, y)

    def value(rho: float) -> float:
        return -0.5 * n_effective * float(np.log(a - 2.0 * b * rho + c * rho**2))

    def score(rho: float) -> float:
        return n_effective * (b - c * rho) / (a - 2.0 * b * rho + c * rho**2)

    peak = maximise_profile(value, score, logdet, jacobian_periods, interval)
    # What concentrating out δ and σ² leaves out of the profile.
    constant = -0.5 * n_effective * (1.0 + float(np.log(2.0 * np.pi / n_effective)))
    rho = peak.location
    residuals = (e0 - rho * ed).reshape(y.shape)
    sum_of_squares = float(residuals.ravel() @ residuals.ravel())
    sigma2 = sum_of_squares / n_effective
    return Estimate(
        delta=coefficients[:, 0] - rho * coefficients[:, 1],
        rho=rho,
        lam=None,
        sigma2=sigma2,
        loglik=gaussian_loglik(
            sum_of_squares, sigma2, n_effective, jacobian_periods * logdet.value(rho)
        ),
        residuals=residuals,
        score=peak.score,
        at_boundary=peak.at_boundary,
        other_modes=tuple(
            Mode(place, None, height + constant, at_boundary=False)
            for place, height in peak.other_peaks
        ),
    )


def fit_error(
    y: Array,
    lagged_y: Array,
    z: Array,
    lagged_z: Array,
    row_sums: Array | None,
    scheme: EffectScheme,
    logdet: LogDeterminant,
    interval: tuple[float, float],
) -> Estimate:
    """Spatial error model y = Zδ + effects + u, u = λWu + ε by exact maximum likelihood.

    The filter B = I - λW is applied before the effects are removed: B and demeaning over units do
    not commute. A period dummy becomes Bι under the filter, so that is what is projected out;
    with equal row sums it is proportional to ι and the projection is the period mean, taken
    as such because 1 - λ cancels near λ = 1.

    Parameters
    ----------
    y, lagged_y : array, shape (T, N), raw
    z, lagged_z : array, shape (T, N, K), raw
    row_sums : array, shape (N,), or None
        Wι where the rows of W have different sums; None where they are equal.
    scheme : EffectScheme
    logdet : LogDeterminant
    interval : (float, float)
        Admissible interval of λ.

    Returns
    -------
    Estimate, with σ² = e'e/n.
    """
    n_periods, n_units = y.shape
    n_effective = scheme.n_effective(n_units, n_periods)
    jacobian_periods = scheme.jacobian_periods(n_periods)
    direction_varies = scheme.time_effects and row_sums is not None
    raw, lagged, rotation = _orthogonal_start(
        y, lagged_y, z, lagged_z, scheme, remove_periods=not direction_varies
    )
    sums = np.zeros(n_units) if row_sums is None else row_sums

    def profile(lam: float) -> tuple[float, Array, Array, Array]:
        filtered = raw - lam * lagged
        if direction_varies:
            direction = 1.0 - lam * sums
            loadings = period_loadings(filtered, direction)
            filtered = filtered - loadings[:, None, :] * direction[None, :, None]
        else:
            loadings = np.zeros((n_periods, filtered.shape[2]))
        flat = filtered.reshape(-1, filtered.shape[2])
        contrast = regress_gram(flat.T @ flat, 1)[:, 0]
        residuals = filtered @ contrast
        return float(residuals.ravel() @ residuals.ravel()), residuals, contrast, loadings

    def value(lam: float) -> float:
        return -0.5 * n_effective * log_of_squares(profile(lam)[0])

    def score(lam: float) -> float:
        sum_of_squares, residuals, contrast, loadings = profile(lam)
        slope = lagged @ contrast - np.outer(loadings @ contrast, sums)
        return n_effective * float(residuals.ravel() @ slope.ravel()) / sum_of_squares

    refuse_perfect_fit(
        profile(0.0)[0],
        within_transform(y, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects),
    )
    functions: tuple[Callable[[float], float], Callable[[float], float]] = (value, score)
    if not direction_varies:
        functions = _quadratic_profile(raw, lagged, n_effective, interval)
    peak = maximise_profile(*functions, logdet, jacobian_periods, interval)
    if abs(functions[0](peak.location) - value(peak.location)) > QUADRATIC_TOLERANCE * n_effective:
        peak = maximise_profile(value, score, logdet, jacobian_periods, interval)
    sum_of_squares, residuals, contrast, _ = profile(peak.location)
    constant = -0.5 * n_effective * (1.0 + float(np.log(2.0 * np.pi / n_effective)))
    sigma2 = sum_of_squares / n_effective
    base, r = rotation
    delta = base + linalg.solve_triangular(r, -contrast[1:], check_finite=False)
    return Estimate(
        delta=delta,
        rho=None,
        lam=peak.location,
        sigma2=sigma2,
        loglik=gaussian_loglik(
            sum_of_squares, sigma2, n_effective, jacobian_periods * logdet.value(peak.location)
        ),
        residuals=residuals,
        score=peak.score,
        at_boundary=peak.at_boundary,
        other_modes=tuple(
            Mode(None, place, height + constant, at_boundary=False)
            for place, height in peak.other_peaks
        ),
    )


def regress_gram(gram: Array, targets: int) -> Array:
    """Contrasts (I, -δ')' of the first columns on the others, from their Gram matrix.

    Near the edge of the interval of λ the filter takes the intercept towards zero, so columns are
    brought to unit length. With some weights (equal groups, pairs) regressors and their lags
    become collinear there as well: the directions without variation are then left out, which
    leaves δ not unique but the residual in its place.

    Parameters
    ----------
    gram : array, shape (targets + K, targets + K)
    targets : int

    Returns
    -------
    array, shape (targets + K, targets).
    """
    length = np.sqrt(np.maximum(np.diag(gram)[targets:], 0.0))
    length = np.where(length > 0.0, length, 1.0)
    scaled = gram[targets:, targets:] / np.outer(length, length)
    right = gram[targets:, :targets] / length[:, None]
    try:
        factor = linalg.cho_factor(scaled, check_finite=False)
        reliable = np.diag(factor[0]).min(initial=1.0) > RELIABLE_PIVOT
    except linalg.LinAlgError:
        reliable = False
    if reliable:
        delta = linalg.cho_solve(factor, right, check_finite=False)
    else:
        values, vectors = np.linalg.eigh((scaled + scaled.T) / 2.0)
        kept = values > RELIABLE_EIGENVALUE * values.max(initial=0.0)
        delta = vectors[:, kept] @ (vectors[:, kept].T @ right / values[kept, None])
    contrast: Array = np.vstack([np.eye(targets), -delta / length[:, None]])
    return contrast


def filtered_gram(
    columns: Array, lags: Array, interval: tuple[float, float]
) -> tuple[Callable[[float], Array], Callable[[float], Array]]:
    """Gram matrix of C - λMC and its derivative as functions of λ, formed from three matrices.

    C - λMC = (1 - cλ)C + λ(cC - MC) for any c. With c the row sum of M an intercept has no second
    part, so its share (1 - cλ)² keeps all digits up to the edge, where C'C - λ(...) + λ²(...)
    would cancel.

    Parameters
    ----------
    columns, lags : array, shape (n, K)
        C and MC.
    interval : (float, float)
        Of λ; its upper end is 1/c.
    """
    c = 1.0 / interval[1]
    rest = c * columns - lags
    start, end, cross = columns.T @ columns, rest.T @ rest, columns.T @ rest
    cross = cross + cross.T

    def gram(lam: float) -> Array:
        kept = 1.0 - c * lam
        value: Array = kept**2 * start + kept * lam * cross + lam**2 * end
        return value

    def slope(lam: float) -> Array:
        kept = 1.0 - c * lam
        value: Array = -2.0 * c * kept * start + (1.0 - 2.0 * c * lam) * cross + 2.0 * lam * end
        return value

    return gram, slope


def log_of_squares(sum_of_squares: float) -> float:
    """ln e'e; infinite where rounding has left nothing positive, so that no search goes there."""
    return float(np.log(sum_of_squares)) if sum_of_squares > 0.0 else float("inf")


def _quadratic_profile(
    raw: Array, lagged: Array, n_effective: int, interval: tuple[float, float]
) -> tuple[Callable[[float], float], Callable[[float], float]]:
    """-(n/2) ln e'e and its derivative in λ from Gram matrices that are formed once.

    Parameters
    ----------
    raw, lagged : array, shape (T, N, 1 + K)
        C and MC, effects removed, y first.
    n_effective : int
    interval : (float, float)
    """
    columns, lags = (part.reshape(-1, part.shape[2]) for part in (raw, lagged))
    gram, gram_slope = filtered_gram(columns, lags, interval)

    def squares(lam: float) -> tuple[float, float]:
        contrast = regress_gram(gram(lam), 1)[:, 0]
        return float(contrast @ gram(lam) @ contrast), float(contrast @ gram_slope(lam) @ contrast)

    def value(lam: float) -> float:
        return -0.5 * n_effective * log_of_squares(squares(lam)[0])

    def score(lam: float) -> float:
        sum_of_squares, slope = squares(lam)
        return -0.5 * n_effective * slope / sum_of_squares

    return value, score


def maximise_profile(
    value: Callable[[float], float],
    score: Callable[[float], float],
    logdet: LogDeterminant,
    jacobian_periods: int,
    interval: tuple[float, float],
) -> Maximum:
    """Highest peak of f(ρ) + J ln|I - ρW| with few exact log-determinants.

    The whole interval is searched with the rough log-determinant. Each peak that its error leaves
    in the running is then found again with the exact one, on a bracket of some standard errors of
    ρ around it; the exact value at the optimum itself certifies the interpolation there.

    Parameters
    ----------
    value, score : callables of one float
        f and its derivative.
    logdet : LogDeterminant
    jacobian_periods : int
        J.
    interval : (float, float)

    Returns
    -------
    Maximum
    """

    def combine(part: LogDeterminant) -> tuple[Callable[[float], float], Callable[[float], float]]:
        return (
            lambda rho: value(rho) + jacobian_periods * part.value(rho),
            lambda rho: score(rho) - jacobian_periods * part.trace_g(rho),
        )

    rough = logdet.rough()
    if rough is logdet:
        return maximise(*combine(logdet), interval)
    rough_value, rough_score = combine(rough)
    guess = maximise(rough_value, rough_score, interval)
    height = rough_value(min(max(guess.location, interval[0] + EDGE), interval[1] - EDGE))
    doubt = RIVAL_ERRORS * jacobian_periods * rough.error(guess.location).value
    rivals = [place for place, peak in guess.other_peaks if peak > height - doubt]
    peaks = []
    for start in [guess.location, *rivals]:
        step = FINITE_STEP * (interval[1] - interval[0])
        inside = min(max(start, interval[0] + 2.0 * step), interval[1] - 2.0 * step)
        curvature = (rough_score(inside - step) - rough_score(inside + step)) / (2.0 * step)
        if curvature > 0.0:
            error = jacobian_periods * rough.error(inside).trace_g / curvature
            reach = BRACKET_ERRORS * (error + 1.0 / float(np.sqrt(curvature)))
        else:
            reach = interval[1] - interval[0]
        peak = _maximise_near(score, logdet, jacobian_periods, interval, (start, reach))
        at = min(max(peak.location, interval[0] + EDGE), interval[1] - EDGE)
        peaks.append((combine(logdet)[0](at), peak))
    best = max(peaks, key=lambda pair: pair[0])[1]
    return replace(best, other_peaks=guess.other_peaks)


def _maximise_near(
    score: Callable[[float], float],
    logdet: LogDeterminant,
    jacobian_periods: int,
    interval: tuple[float, float],
    guess: tuple[float, float],
) -> Maximum:
    """The peak next to a guess (location, reach), with the exact log-determinant."""
    from scipy.optimize import brentq

    width = interval[1] - interval[0]
    edges = interval[0] + EDGE * width, interval[1] - EDGE * width
    centre, reach = guess[0], min(guess[1], WIDEST_BRACKET * width)
    for _ in range(BRACKET_MOVES):
        left, right = max(centre - reach, edges[0]), min(centre + reach, edges[1])
        exact = logdet.near(left, right)

        def slope(rho: float, part: LogDeterminant) -> float:
            return score(rho) - jacobian_periods * part.trace_g(rho)

        at_left, at_right = slope(left, exact), slope(right, exact)
        if at_left <= 0.0 and left == edges[0]:
            return Maximum(interval[0], at_left, at_boundary=True)
        if at_right >= 0.0 and right == edges[1]:
            return Maximum(interval[1], at_right, at_boundary=True)
        if at_left <= 0.0 or at_right >= 0.0:
            centre = left if at_left <= 0.0 else right
            continue
        while True:
            location = float(brentq(slope, left, right, (exact,), xtol=1e-14, rtol=1e-14))
            step = 1e-3 * (right - left)
            fall = slope(location - step, exact) - slope(location + step, exact)
            tolerance = PROFILE_TOLERANCE * fall / (2.0 * step) / jacobian_periods
            certified = exact.certified(location, tolerance)
            if certified is exact:
                return Maximum(location, slope(location, exact), at_boundary=False)
            exact = certified
    raise ConvergenceError(
        f"the peak of the likelihood near {guess[0]:.6g} moved out of its bracket "
        f"{BRACKET_MOVES} times; the weights are too ill-conditioned there. Use "
        "logdet='eigen' where the size allows it"
    )


def calc_scan_points(interval: tuple[float, float], count: int = SCAN_POINTS) -> Array:
    """Chebyshev points of an open interval, ascending, with a point next to either edge.

    Parameters
    ----------
    interval : (float, float)
    count : int
        Chebyshev points.

    Returns
    -------
    array, shape (count + 2,).
    """
    lower, upper = interval
    width = upper - lower
    nodes = np.cos(np.pi * (np.arange(count) + 0.5) / count)[::-1]
    points: Array = np.concatenate(
        [
            [lower + EDGE * width],
            0.5 * (lower + upper) + 0.5 * width * nodes,
            [upper - EDGE * width],
        ]
    )
    return points


def maximise(
    value: Callable[[float], float],
    score: Callable[[float], float],
    interval: tuple[float, float],
    scan_points: int = SCAN_POINTS,
) -> Maximum:
    """Highest peak of a smooth function on an open interval.

    The exact function is evaluated at Chebyshev points to bracket its highest peak; the root of
    its derivative in the bracket is then found to machine precision.

    Parameters
    ----------
    value, score : callables of one float
        The function and its derivative.
    interval : (float, float)
    scan_points : int

    Returns
    -------
    Maximum
    """
    from scipy.optimize import brentq

    lower, upper = interval
    points = calc_scan_points(interval, scan_points)
    values = np.array([value(point) for point in points])
    best = int(np.argmax(values))
    others = _other_peaks(points, values, best)
    slope = score(float(points[best]))
    if best == 0 and slope <= 0.0:
        return Maximum(float(lower), slope, at_boundary=True, other_peaks=others)
    if best == len(points) - 1 and slope >= 0.0:
        return Maximum(float(upper), slope, at_boundary=True, other_peaks=others)
    if slope == 0.0:
        return Maximum(float(points[best]), slope, at_boundary=False, other_peaks=others)
    bracket = sorted((best, best + 1 if slope > 0.0 else best - 1))
    left, right = (float(points[i]) for i in bracket)
    if score(left) <= 0.0 or score(right) >= 0.0:
        if right - left <= NARROWEST_BRACKET * max(abs(left), abs(right)):
            return Maximum(float(points[best]), slope, at_boundary=False, other_peaks=others)
        # The bracket holds a trough as well. Its own edges are inner points of the whole interval.
        inner = maximise(value, score, (left, right), scan_points)
        return replace(inner, at_boundary=False, other_peaks=(*others, *inner.other_peaks))
    location = float(brentq(score, left, right, xtol=1e-14, rtol=1e-14))
    return Maximum(location, score(location), at_boundary=False, other_peaks=others)


def _other_peaks(points: Array, values: Array, best: int) -> tuple[tuple[float, float], ...]:
    """Inner scan points above both neighbours, the highest point and its neighbours left out."""
    inner = np.arange(1, len(points) - 1)
    peaks = inner[(values[inner] > values[inner - 1]) & (values[inner] > values[inner + 1])]
    return tuple((float(points[i]), float(values[i])) for i in peaks if abs(int(i) - best) > 1)


def refuse_perfect_fit(sum_of_squares: float, y: Array) -> None:
    """Raise `PerfectFitError` where the residual is rounding: the likelihood is unbounded."""
    if sum_of_squares <= PERFECT_FIT * float(y.ravel() @ y.ravel()):
        raise PerfectFitError(
            "the regressors and fixed effects fit the dependent variable without residual, so "
            "the likelihood is unbounded; check that the dependent variable is not built from "
            "the regressors"
        )


def _orthogonal_start(
    y: Array,
    lagged_y: Array,
    z: Array,
    lagged_z: Array,
    scheme: EffectScheme,
    *,
    remove_periods: bool,
) -> tuple[Array, Array, tuple[Array, Array]]:
    """Rotate regressors so that they are orthonormal, and y free of them, at λ = 0.

    Keeps the Gram matrices of the profile well conditioned at other λ, whatever the units of
    measurement of the regressors.
    """
    projected = within_transform(
        np.concatenate([y[:, :, None], z], axis=2),
        entity_effects=scheme.entity_effects,
        time_effects=scheme.time_effects,
    )
    flat = projected.reshape(-1, projected.shape[2])
    q, r = linalg.qr(flat[:, 1:], mode="economic", check_finite=False)
    base = linalg.solve_triangular(r, q.T @ flat[:, 0], check_finite=False)
    inverse_r = linalg.solve_triangular(r, np.eye(r.shape[0]), check_finite=False)

    def rotate(outcome: Array, regressors: Array) -> Array:
        rotated = np.concatenate(
            [(outcome - regressors @ base)[:, :, None], regressors @ inverse_r], axis=2
        )
        return within_transform(
            rotated,
            entity_effects=scheme.entity_effects,
            time_effects=scheme.time_effects and remove_periods,
        )

    return rotate(y, z), rotate(lagged_y, lagged_z), (base, r)
