"""The log-determinant of I - ρW, its derivatives and the interval on which they exist.

Never a grid: a table of the log-determinant makes the likelihood saw-toothed, and a line search
stops in a tooth. Small matrices use eigenvalues. Large ones use sparse LU factorisations, few of
them: a stochastic estimate of the whole curve (`quadrature`) tells where to look, and its error,
a small and very smooth function of ρ, is interpolated through exact values at a handful of
Chebyshev points of the bracket asked for, until the next point would change nothing.

Two versions are needed. The *full* one is ln|I_N - ρW|. The *deflated* one belongs to the
transformation estimator with period effects, where W is replaced by W* = F'WF, F (N × N-1) an
orthonormal complement of ι (Lee & Yu 2010, J. Econometrics 154:165-185). If all rows of W have the
sum c, W* has the eigenvalues of W without one c, and ln|I_{N-1} - ρW*| stays finite at ρ = 1/c.
"""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Literal, Protocol, TypeAlias, get_args

import numpy as np
from numpy.polynomial import Chebyshev
from numpy.typing import NDArray
from scipy import linalg, sparse
from scipy.sparse import csgraph
from scipy.sparse import linalg as sparse_linalg

from .errors import (
    LogDeterminantWarning,
    SpecificationError,
    WeightsEigenvalueError,
    WeightsError,
)
from .factor import FilterSolver, filter_solver, log_absolute_diagonal
from .progress import report_progress
from .quadrature import ProbeQuadrature, calc_power_traces, probe_general, probe_symmetric
from .within import Array, SparseMatrix

LogDeterminantMethod: TypeAlias = Literal["auto", "eigen", "sparse", "trace"]

# Nothing dense of size N × N exists beyond this N.
DENSE_LIMIT = 4000
# Sizes up to which all eigenvalues cost less than the dozen of sparse factorisations that replace
# them: symmetric ones are ten times cheaper than general ones.
SYMMETRIC_LIMIT = 400
GENERAL_LIMIT = 150
# Share of non-zero weights beyond which a sparse factorisation has nothing to gain.
DENSE_SHARE = 0.1
# Eigenvalues of a real non-symmetric matrix come in conjugate pairs up to rounding of this order.
REAL_EIGENVALUE_TOLERANCE = 1e-9
# Row-standardised weights sum to one up to accumulated rounding only.
ROW_SUM_TOLERANCE = 1e-9
# Probes that bracket the optimum: their error, some 1e-3 of a standard error of ρ at any size,
# is corrected by exact values, so a few do; and those of the estimate that stands alone.
SEARCH_PROBES, FEW_PROBES, SEARCH_STEPS = 16, 8, 24
PROBE_LIMIT = 20_000
MANY_PROBES, MANY_STEPS = 64, 40
# Degrees tried one after the other; each adds as many exact values as it had, none is lost.
INTERPOLATION_DEGREES = (2, 4, 8, 16, 32)
# Degree of the series in ρ of estimated traces over the range of many draws.
SERIES_DEGREE = 32
# Last coefficients of the series relative to the largest beyond which it is not used.
SERIES_TAIL = 1e-13
# Error of tr(G) relative to tr(GG), its derivative: the error of ρ that it makes. The coefficient
# after the last one is smaller still, and the optimum is certified by an exact value.
SLOPE_TOLERANCE = 5e-9
# The same where a factorisation is cheap: good for tr(GG), the next derivative, too.
TIGHT_SLOPE_TOLERANCE = 1e-12
# The same beyond which a warning is due.
WORST_SLOPE_TOLERANCE = 1e-7
# Rounding of a log-determinant, a sum of N logarithms of order one, relative to N.
ROUNDING = 4e-16
# Half width of the bracket for derivatives at a single ρ, as a share of the admissible interval.
POINT_REACH = 1e-2
# |1 - cρ| below which ln|I - ρW| - ln|1 - cρ| loses digits and the bordered matrix is used.
POLE = 1e-3
# Size up to which the smallest eigenvalue is computed to all digits.
EXTREME_LIMIT = 2000
# Krylov vectors and restarts of the search for an exact smallest eigenvalue of a large matrix:
# the lower end of a spectrum is often crowded.
LONG_BASIS, MANY_RESTARTS = 60, 500
# Eigenvalues asked of a matrix that has complex ones too; the real ones are among them.
LOWEST_EIGENVALUES = 6


@dataclass(frozen=True, slots=True)
class LogDeterminantError:
    """Standard errors of a log-determinant; zeros where it is exact.

    Attributes
    ----------
    value, trace_g : float
        Of ln|I - ρW| and of tr(G).
    """

    value: float
    trace_g: float


EXACT = LogDeterminantError(0.0, 0.0)


class LogDeterminant(Protocol):
    """ln|I - ρW| and what the score and the information matrix need of it."""

    def value(self, rho: float) -> float:
        """ln|I - ρW|."""

    def trace_g(self, rho: float) -> float:
        """tr(G), G = W(I - ρW)⁻¹; the derivative of the log-determinant is -tr(G)."""

    def trace_gg(self, rho: float) -> float:
        """tr(GG); the derivative of tr(G)."""

    def rough(self) -> LogDeterminant:
        """A version that costs next to nothing at any ρ, to search with; its error is known."""

    def near(self, lower: float, upper: float) -> LogDeterminant:
        """An exact version that costs next to nothing for ρ in [lower, upper]."""

    def certified(self, rho: float, tolerance: float) -> LogDeterminant:
        """Itself if its tr(G) at ρ is good to ``tolerance`` (absolute), else a better one."""

    def error(self, rho: float) -> LogDeterminantError:
        """Standard errors at ρ."""


@dataclass(frozen=True, slots=True)
class EigenLogDeterminant:
    """Log-determinant from eigenvalues λ_j: Σ ln(1 - ρλ_j) (Ord 1975, JASA 70:120-126).

    Attributes
    ----------
    eigenvalues : array, real or complex, shape (N,) or (N-1,) when deflated
    """

    eigenvalues: NDArray[Any]

    def value(self, rho: float) -> float:
        """ln|I - ρW|."""
        return float(np.log1p(-rho * self.eigenvalues).sum().real)

    def trace_g(self, rho: float) -> float:
        """tr(G) = Σ λ_j/(1 - ρλ_j)."""
        return float((self.eigenvalues / (1.0 - rho * self.eigenvalues)).sum().real)

    def trace_gg(self, rho: float) -> float:
        """tr(GG) = Σ λ_j²/(1 - ρλ_j)²."""
        return float(((self.eigenvalues / (1.0 - rho * self.eigenvalues)) ** 2).sum().real)

    def rough(self) -> LogDeterminant:
        """Itself: eigenvalues are cheap at any ρ."""
        return self

    def near(self, lower: float, upper: float) -> LogDeterminant:
        """Itself: eigenvalues are exact at any ρ."""
        return self

    def certified(self, rho: float, tolerance: float) -> LogDeterminant:
        """Itself."""
        return self

    def error(self, rho: float) -> LogDeterminantError:
        """Zero."""
        return EXACT


@dataclass(frozen=True, slots=True)
class StochasticLogDeterminant:
    """Log-determinant estimated by probes.

    Attributes
    ----------
    quadrature : ProbeQuadrature
        Over the whole space, or deflated where the row sums of W are equal.
    extra_root : float or None
        Eigenvalue c that the quadrature leaves out and this log-determinant has: ln(1 - cρ).
    """

    quadrature: ProbeQuadrature
    extra_root: float | None = None

    def value(self, rho: float) -> float:
        """Estimate of ln|I - ρW|."""
        estimate = float(self.quadrature.log_determinants(np.array([rho])).mean())
        if self.extra_root is None:
            return estimate
        return estimate + float(np.log(np.abs(1.0 - rho * self.extra_root)))

    def trace_g(self, rho: float) -> float:
        """Estimate of tr(G)."""
        return float(self.traces(np.array([rho]))[0, 0])

    def trace_gg(self, rho: float) -> float:
        """Estimate of tr(GG)."""
        return float(self.traces(np.array([rho]))[0, 1])

    def traces(self, rhos: Array) -> Array:
        """Estimates of tr(G) and tr(GG), shape (Q, 2)."""
        return self._bare_traces(rhos) + _root_traces(rhos, self.extra_root)

    def _bare_traces(self, rhos: Array) -> Array:
        domain = [float(rhos.min()), float(rhos.max())]
        if rhos.size > SERIES_DEGREE + 1 and domain[0] < domain[1]:
            # Smooth in ρ away from the poles: there a series replaces thousands of evaluations.
            nodes = np.cos(np.pi * (np.arange(SERIES_DEGREE + 1) + 0.5) / (SERIES_DEGREE + 1))
            points = 0.5 * (domain[0] + domain[1]) + 0.5 * (domain[1] - domain[0]) * nodes
            columns = self._bare_traces(points).T
            series = [Chebyshev.fit(points, c, SERIES_DEGREE, domain=domain) for c in columns]
            if all(
                float(np.abs(one.coef[-3:]).max()) <= SERIES_TAIL * float(np.abs(one.coef).max())
                for one in series
            ):
                return np.stack([one(rhos) for one in series], axis=1)
        return np.stack(
            [
                self.quadrature.traces_g(rhos).mean(axis=1),
                self.quadrature.traces_gg(rhos).mean(axis=1),
            ],
            axis=1,
        )

    def rough(self) -> LogDeterminant:
        """Itself."""
        return self

    def near(self, lower: float, upper: float) -> LogDeterminant:
        """Itself: there is nothing better without a factorisation."""
        return self

    def certified(self, rho: float, tolerance: float) -> LogDeterminant:
        """Itself."""
        return self

    def error(self, rho: float) -> LogDeterminantError:
        """Standard errors over the probes."""
        at = np.array([rho])
        values, traces = self.quadrature.log_determinants(at)[0], self.quadrature.traces_g(at)[0]
        root = np.sqrt(values.size)
        return LogDeterminantError(
            float(values.std(ddof=1) / root), float(traces.std(ddof=1) / root)
        )


@dataclass(frozen=True, slots=True)
class InterpolatedLogDeterminant:
    """Exact log-determinant on a bracket: probes plus the polynomial through their error.

    Attributes
    ----------
    estimate : StochasticLogDeterminant
    correction : Chebyshev
        Exact value minus estimate, interpolated in the bracket.
    lower, upper : float
        The bracket.
    tail : float
        Last coefficient of the correction: the scale of the interpolation error.
    curve : SparseCurve
    """

    estimate: StochasticLogDeterminant
    correction: Chebyshev
    lower: float
    upper: float
    tail: float
    curve: SparseCurve

    @property
    def degree(self) -> int:
        """Degree of the correction; one more exact factorisation than this was needed."""
        return int(self.correction.degree())

    @property
    def trace_error(self) -> float:
        """Scale of the error of tr(G): a Chebyshev polynomial of degree m grows by m² at most."""
        return self._slope_scale * self.tail

    @property
    def _slope_scale(self) -> float:
        return 2.0 * self.degree**2 / (self.upper - self.lower)

    def value(self, rho: float) -> float:
        """ln|I - ρW|."""
        return self.estimate.value(rho) + float(self.correction(rho))

    def trace_g(self, rho: float) -> float:
        """tr(G)."""
        return self.estimate.trace_g(rho) - float(self.correction.deriv()(rho))

    def trace_gg(self, rho: float) -> float:
        """tr(GG)."""
        return self.estimate.trace_gg(rho) - float(self.correction.deriv(2)(rho))

    def traces(self, rhos: Array) -> Array:
        """tr(G) and tr(GG) at many ρ, shape (Q, 2)."""
        corrections = [self.correction.deriv()(rhos), self.correction.deriv(2)(rhos)]
        return self.estimate.traces(rhos) - np.stack(corrections, axis=1)

    def rough(self) -> LogDeterminant:
        """The estimate."""
        return self.estimate

    def near(self, lower: float, upper: float) -> LogDeterminant:
        """Itself where it reaches, else the interpolant of that bracket."""
        if self.lower <= lower and upper <= self.upper:
            return self
        return self._with_root(self.curve.near(lower, upper))

    def certified(self, rho: float, tolerance: float) -> LogDeterminant:
        """Itself if one more factorisation, at ρ, agrees, else one of twice the degree."""
        bare = replace(self.estimate, extra_root=None)
        gap = abs(self.curve.exact(rho) - bare.value(rho) - float(self.correction(rho)))
        rounding = ROUNDING * self.curve.weights.shape[0]
        if gap <= rounding or self._slope_scale * gap <= tolerance:
            return self
        if self.degree >= 2 * INTERPOLATION_DEGREES[-1]:
            _warn_of_interpolation(self)
            return self
        return self._with_root(self.curve.refine(self))

    def error(self, rho: float) -> LogDeterminantError:
        """Zero: what is left is far below the tolerance of the estimate of ρ."""
        return EXACT

    def _with_root(self, found: InterpolatedLogDeterminant) -> InterpolatedLogDeterminant:
        root = self.estimate.extra_root
        return replace(found, estimate=replace(found.estimate, extra_root=root))


class SparseCurve:
    """What the full and the deflated log-determinant of one sparse matrix share.

    Exact values, estimates by probes and interpolants are all of the deflated version where the
    row sums are equal: it has no pole at 1/c, and the full one is ln(1 - cρ) more.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    row_sum : float or None
        Common row sum c.
    estimate : StochasticLogDeterminant
        By few probes.
    solver : FilterSolver
        Of ``weights``.
    interval : (float, float)
        Admissible interval of ρ.
    """

    def __init__(
        self,
        weights: SparseMatrix,
        row_sum: float | None,
        estimate: StochasticLogDeterminant,
        solver: FilterSolver,
        interval: tuple[float, float],
    ) -> None:
        self.weights = weights
        self.row_sum = row_sum
        self.estimate = estimate
        self.solver = solver
        self.interval = interval
        self._values: dict[float, float] = {}
        self._interpolants: list[InterpolatedLogDeterminant] = []

    def exact(self, rho: float) -> float:
        """ln|I - ρW*|, or ln|I - ρW| where the row sums differ, by factorisation."""
        if rho not in self._values:
            report_progress(self.weights.shape[0], f"log-determinant at {rho:.6g}")
            self._values[rho] = self._factorised(rho)
        return self._values[rho]

    def near(self, lower: float, upper: float) -> InterpolatedLogDeterminant:
        """An interpolant that covers [lower, upper]; a wider one that exists already serves."""
        known = self.covering(lower, upper)
        if known is not None:
            return known
        return self._interpolate(lower, upper, INTERPOLATION_DEGREES)

    def covering(self, lower: float, upper: float) -> InterpolatedLogDeterminant | None:
        """The interpolant that covers [lower, upper], if there is one."""
        for known in self._interpolants:
            if known.lower <= lower and upper <= known.upper:
                return known
        return None

    def refine(self, known: InterpolatedLogDeterminant) -> InterpolatedLogDeterminant:
        """The interpolant of the same bracket with twice the degree."""
        self._interpolants = [
            other
            for other in self._interpolants
            if (other.lower, other.upper) != (known.lower, known.upper)
        ]
        return self._interpolate(known.lower, known.upper, (2 * known.degree,))

    def _interpolate(
        self, lower: float, upper: float, degrees: tuple[int, ...]
    ) -> InterpolatedLogDeterminant:
        estimate = self.estimate
        cheap = self.weights.shape[0] <= PROBE_LIMIT
        scale = max(abs(estimate.trace_gg(0.5 * (lower + upper))), 1.0)
        tolerance = scale * (TIGHT_SLOPE_TOLERANCE if cheap else SLOPE_TOLERANCE)
        for degree in degrees:
            # Points of one degree are among those of twice the degree: no exact value is lost.
            points = 0.5 * (lower + upper) - 0.5 * (upper - lower) * np.cos(
                np.pi * np.arange(degree + 1) / degree
            )
            gaps = np.array([self.exact(p) - estimate.value(p) for p in points.tolist()])
            correction = Chebyshev.fit(points, gaps, degree, domain=[lower, upper])
            last = np.abs(correction.coef[-2:])
            # Around ρ = 0 the error is an odd function: its even coefficients say nothing.
            tail = float(max(last[1], 0.1 * last[0]) if cheap else last[1])
            found = InterpolatedLogDeterminant(estimate, correction, lower, upper, tail, self)
            rounding = ROUNDING * float(np.abs(gaps).max() + self.weights.shape[0])
            # Where a factorisation is dear the next coefficient is judged by the fall of the last
            # ones; the exact value at the optimum will tell (`certified`).
            fall = 1.0 if cheap else min(1.0, tail / max(float(np.abs(correction.coef[-2])), tail))
            if tail <= rounding or fall * found.trace_error <= tolerance:
                break
        else:
            if len(degrees) > 1 and found.trace_error > WORST_SLOPE_TOLERANCE * scale:
                _warn_of_interpolation(found)
        self._interpolants.append(found)
        return found

    def _factorised(self, rho: float) -> float:
        if self.row_sum is None:
            return self.solver.log_determinant(rho)
        gap = 1.0 - self.row_sum * rho
        if abs(gap) > POLE:
            return self.solver.log_determinant(rho) - float(np.log(abs(gap)))
        # With B = [[I - ρW, ι], [ι', 0]] and constant row sums |det B| = N |I - ρW*|, which has no
        # pole, while the difference of logarithms cancels.
        n_units = self.weights.shape[0]
        filtered = sparse.eye_array(n_units) - rho * self.weights
        border = sparse.coo_array(np.ones((n_units, 1)))
        bordered = sparse.block_array([[filtered, border], [border.T, None]])
        factor = sparse_linalg.splu(sparse.csc_array(bordered))
        return log_absolute_diagonal(factor) - float(np.log(n_units))


@dataclass(frozen=True, slots=True)
class SparseLogDeterminant:
    """Exact log-determinant of a sparse matrix by few factorisations.

    `value` factorises I - ρW at the ρ asked for; the derivatives come from the interpolant of a
    bracket around it.

    Attributes
    ----------
    curve : SparseCurve
    extra_root : float or None
        Eigenvalue c that the curve leaves out and this log-determinant has.
    """

    curve: SparseCurve
    extra_root: float | None = None

    def value(self, rho: float) -> float:
        """ln|I - ρW| or ln|I - ρW*|."""
        exact = self.curve.exact(float(rho))
        if self.extra_root is None:
            return exact
        return exact + float(np.log(np.abs(1.0 - rho * self.extra_root)))

    def trace_g(self, rho: float) -> float:
        """tr(G)."""
        return float(self._traces(rho)[0])

    def trace_gg(self, rho: float) -> float:
        """tr(GG)."""
        return float(self._traces(rho)[1])

    def rough(self) -> StochasticLogDeterminant:
        """The estimate by probes."""
        return replace(self.curve.estimate, extra_root=self.extra_root)

    def near(self, lower: float, upper: float) -> InterpolatedLogDeterminant:
        """The interpolant on [lower, upper]."""
        return self._with_root(self.curve.near(lower, upper))

    def certified(self, rho: float, tolerance: float) -> LogDeterminant:
        """Itself."""
        return self

    def error(self, rho: float) -> LogDeterminantError:
        """Zero."""
        return EXACT

    def _traces(self, rho: float) -> Array:
        curve = self.curve
        known = curve.covering(rho, rho)
        if known is None:
            lower, upper = curve.interval
            margin = min(rho - lower, upper - rho)
            reach = POINT_REACH * (upper - lower)
            if 0.0 < margin < reach and curve.weights.shape[0] <= DENSE_LIMIT:
                # So close to a pole solving for all columns beats any bracket.
                found = np.array(sparse_traces(curve.weights, rho)[:2])
                lost = curve.row_sum if self.extra_root is None else None
                return np.asarray(found - _root_traces(np.array([rho]), lost)[0])
            if margin > 0.0:
                reach = min(reach, 0.5 * margin)
            known = curve.near(rho - reach, rho + reach)
        return np.asarray(self._with_root(known).traces(np.array([rho]))[0])

    def _with_root(self, found: InterpolatedLogDeterminant) -> InterpolatedLogDeterminant:
        return replace(found, estimate=replace(found.estimate, extra_root=self.extra_root))


@dataclass(frozen=True, slots=True)
class WeightsSpectrum:
    """What the estimators need to know of W once.

    Attributes
    ----------
    full : LogDeterminant
        Of W.
    deflated : LogDeterminant or None
        Of W* = F'WF; None where the row sums of W differ.
    row_sum : float or None
        Common row sum c; None where they differ.
    lower, upper : float
        The admissible interval of ρ: (1/λ_min, 1/λ_max) over the real eigenvalues of W.
    eigenvalues : array or None
        Of W; None for large matrices.
    method : {"eigen", "sparse", "trace"}
    lower_is_safe : bool
        ``lower`` is a bound inside of the admissible interval, as of matrices with more than
        `EXTREME_LIMIT` units, where 1/λ_min is dear. `with_exact_lower` finds the edge itself.
    """

    full: LogDeterminant
    deflated: LogDeterminant | None
    row_sum: float | None
    lower: float
    upper: float
    eigenvalues: NDArray[Any] | None
    method: str = "eigen"
    lower_is_safe: bool = False


def analyse_weights(
    weights: SparseMatrix, dense_limit: int | None = None, *, method: LogDeterminantMethod = "auto"
) -> WeightsSpectrum:
    """Log-determinants and admissible interval of a weights matrix.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    dense_limit : int, optional
        With ``auto``: up to this N all eigenvalues are computed. Default: `SYMMETRIC_LIMIT` where
        W is similar to a symmetric matrix, else `GENERAL_LIMIT`; `DENSE_LIMIT` where W is dense.
    method : {"auto", "eigen", "sparse", "trace"}
        ``eigen``: all eigenvalues, exact. ``sparse``: few sparse factorisations, exact. ``trace``:
        random probes alone, no factorisation; its standard error is `LogDeterminant.error`.

    Returns
    -------
    WeightsSpectrum

    Raises
    ------
    WeightsError
        If W has no positive real eigenvalue (it is nilpotent: I - ρW is never singular), or is
        too large for ``eigen``.
    WeightsEigenvalueError
        If the iteration for an extreme eigenvalue does not converge.
    SpecificationError
        For an unknown method.
    """
    if method not in get_args(LogDeterminantMethod):
        raise SpecificationError(
            f"the log-determinant method must be one of "
            f"{', '.join(get_args(LogDeterminantMethod))}, got {method!r}"
        )
    n_units = weights.shape[0]
    if method == "eigen" and n_units > DENSE_LIMIT:
        raise WeightsError(
            f"eigenvalues of {n_units} units need dense matrices, which stop at {DENSE_LIMIT} "
            "units; use the sparse log-determinant"
        )
    row_sum = common_row_sum(weights)
    scaling = symmetrising_scale(weights)
    if method == "auto":
        limit = _eigen_limit(weights, scaling) if dense_limit is None else dense_limit
        method = "eigen" if n_units <= limit else "sparse"
    if method == "eigen":
        return _spectrum_by_eigenvalues(weights, row_sum, scaling)
    probes, steps = SEARCH_PROBES, SEARCH_STEPS
    report_progress(n_units, "analysing the weights")
    if method == "trace":
        probes, steps = MANY_PROBES, MANY_STEPS
    elif n_units > PROBE_LIMIT:
        probes = FEW_PROBES
    quadrature = probe_weights(weights, row_sum, scaling, probes=probes, steps=steps)
    lowest = quadrature.lowest if n_units > EXTREME_LIMIT else None
    lower, upper = _extreme_interval(weights, row_sum, scaling, lowest)
    estimate = StochasticLogDeterminant(quadrature)
    base: SparseLogDeterminant | StochasticLogDeterminant = estimate
    if method == "sparse":
        solver = filter_solver(weights, symmetrisable=scaling is not None)
        base = SparseLogDeterminant(SparseCurve(weights, row_sum, estimate, solver, (lower, upper)))
    return WeightsSpectrum(
        full=base if row_sum is None else replace(base, extra_root=row_sum),
        deflated=None if row_sum is None else base,
        row_sum=row_sum,
        lower=lower,
        upper=upper,
        eigenvalues=None,
        method=method,
        lower_is_safe=n_units > EXTREME_LIMIT,
    )


def with_exact_lower(weights: SparseMatrix, spectrum: WeightsSpectrum) -> WeightsSpectrum:
    """The spectrum with the lower edge 1/λ_min of the admissible interval, by a long iteration.

    To be called where a likelihood peaks at a bound that is only safe: the search goes on there.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    spectrum : WeightsSpectrum
        Of ``weights``.

    Returns
    -------
    WeightsSpectrum, not above the safe bound.

    Raises
    ------
    WeightsEigenvalueError
        If the iteration does not converge.
    """
    if not spectrum.lower_is_safe:
        return spectrum
    scaling = symmetrising_scale(weights)
    report_progress(weights.shape[0], "smallest eigenvalue of the weights")
    if scaling is None:
        values = _iterate(weights, "SR", symmetric=False, long=True)
        exact = _interval_of(np.concatenate([values, [1.0 / spectrum.upper]]))[0]
    else:
        exact = 1.0 / float(
            _iterate(_similar(weights, scaling), "SA", symmetric=True, long=True)[0]
        )
    lower = min(exact, spectrum.lower)
    for part in (spectrum.full, spectrum.deflated):
        if isinstance(part, SparseLogDeterminant):
            part.curve.interval = lower, spectrum.upper
    return replace(spectrum, lower=lower, lower_is_safe=False)


def _spectrum_by_eigenvalues(
    weights: SparseMatrix, row_sum: float | None, scaling: Array | None
) -> WeightsSpectrum:
    eigenvalues = calc_eigenvalues(weights, scaling)
    lower, upper = _interval_of(eigenvalues)
    if row_sum is not None:
        upper = 1.0 / row_sum
    return WeightsSpectrum(
        full=EigenLogDeterminant(eigenvalues),
        deflated=None
        if row_sum is None
        else EigenLogDeterminant(_without_nearest(eigenvalues, row_sum)),
        row_sum=row_sum,
        lower=lower,
        upper=upper,
        eigenvalues=eigenvalues,
        method="eigen",
    )


def _eigen_limit(weights: SparseMatrix, scaling: Array | None) -> int:
    # The factor of a dense W is dense: eigenvalues cost as much as a few factorisations then.
    if weights.nnz > DENSE_SHARE * weights.shape[0] ** 2:
        return DENSE_LIMIT
    return GENERAL_LIMIT if scaling is None else SYMMETRIC_LIMIT


def probe_weights(
    weights: SparseMatrix,
    row_sum: float | None,
    scaling: Array | None,
    *,
    probes: int,
    steps: int,
) -> ProbeQuadrature:
    """Quadrature for traces of functions of W, deflated where the row sums are equal.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    row_sum : float or None
    scaling : array, shape (N,), or None
        From `symmetrising_scale`.
    probes, steps : int
        Random vectors, and length of the Krylov space of each.

    Returns
    -------
    ProbeQuadrature
    """
    powers = calc_power_traces(weights)
    if row_sum is not None:
        powers = powers - row_sum ** np.arange(5)
    if scaling is None:
        return probe_general(weights, row_sum, powers, probes=probes, steps=steps)
    root, similar = np.sqrt(scaling), _similar(weights, scaling)
    direction = None if row_sum is None else root / float(np.linalg.norm(root))
    return probe_symmetric(similar, direction, powers, probes=probes, steps=steps)


def common_row_sum(weights: SparseMatrix) -> float | None:
    """The sum that all rows of W share, or None where they differ."""
    sums = np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()
    centre = float(sums.mean())
    if float(np.abs(sums - centre).max()) > ROW_SUM_TOLERANCE * abs(centre):
        return None
    return 1.0 if abs(centre - 1.0) <= ROW_SUM_TOLERANCE else centre


def calc_eigenvalues(weights: SparseMatrix, scaling: Array | None = None) -> NDArray[Any]:
    """All eigenvalues of W, ascending by real part; real where W is similar to a symmetric matrix.

    Row-standardised contiguity is W = D⁻¹C with C symmetric, and D^½WD^-½ is symmetric with the
    same eigenvalues (Ord 1975): real by construction, and faster. ``scaling`` from
    `symmetrising_scale` is found here unless given.
    """
    if scaling is None:
        scaling = symmetrising_scale(weights)
    if scaling is not None:
        similar = _similar(weights, scaling).toarray()
        values = linalg.eigvalsh((similar + similar.T) / 2.0)
        return np.asarray(values, dtype=np.float64)
    values = linalg.eigvals(weights.toarray())
    order = np.lexsort((values.imag, values.real))
    values = values[order]
    scale = float(np.abs(values).max())
    if float(np.abs(values.imag).max()) <= REAL_EIGENVALUE_TOLERANCE * scale:
        return np.asarray(values.real, dtype=np.float64)
    return np.asarray(values, dtype=np.complex128)


def symmetrising_scale(weights: SparseMatrix) -> Array | None:
    """Positive d with d_i w_ij = d_j w_ji for all pairs, or None where there is none.

    Parameters
    ----------
    weights : sparse array, shape (N, N), non-negative

    Returns
    -------
    array, shape (N,), or None.
    """
    weights = sparse.csr_array(weights)
    transpose = sparse.csr_array(weights.T)
    for matrix in (weights, transpose):
        matrix.sort_indices()
    if not (
        np.array_equal(weights.indptr, transpose.indptr)
        and np.array_equal(weights.indices, transpose.indices)
    ):
        return None
    nodes, parents = _spanning_forest(weights)
    scale = np.ones(weights.shape[0])
    scale[nodes] = np.asarray(weights[parents, nodes]) / np.asarray(weights[nodes, parents])
    # d of a node is the product of the ratios on its path to the root: pointer doubling takes as
    # many rounds as the depth of the tree has binary digits.
    above = np.arange(weights.shape[0])
    above[nodes] = parents
    while not np.array_equal(above, above[above]):
        scale *= scale[above]
        above = above[above]
    scaled = scale[_row_numbers(weights)] * weights.data
    # Entries (i, j) of d_i w_ij and of its transpose stand at the same place: the pattern is
    # symmetric and both are sorted.
    mirrored = scale[weights.indices] * transpose.data
    # Rounding in the chain of ratios above grows with the length of the chain, hence not 1e-16.
    if scaled.size and float(np.abs(scaled - mirrored).max()) > 1e-10 * float(scaled.max()):
        return None
    return scale


def _spanning_forest(weights: SparseMatrix) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Nodes that are not roots, and the parent of each, of a breadth-first forest."""
    n_units = weights.shape[0]
    _, labels = csgraph.connected_components(weights, directed=False)
    _, roots = np.unique(labels, return_index=True)
    # One root above the roots makes the forest a tree, and a single search enough.
    padded = sparse.csr_array(
        (
            np.concatenate([weights.data, np.ones(roots.size)]),
            np.concatenate([weights.indices, roots.astype(weights.indices.dtype)]),
            np.concatenate([weights.indptr, [weights.nnz + roots.size]]),
        ),
        shape=(n_units + 1, n_units + 1),
    )
    _, predecessors = csgraph.breadth_first_order(padded, n_units, directed=True)
    parents = predecessors[:n_units]
    nodes = np.flatnonzero(parents < n_units)
    return nodes, parents[nodes].astype(np.intp)


def _row_numbers(weights: SparseMatrix) -> NDArray[Any]:
    return np.repeat(np.arange(weights.shape[0]), np.diff(weights.indptr))


def sparse_traces(
    weights: SparseMatrix, rho: float, block: int = 256
) -> tuple[float, float, Array]:
    """tr(G), tr(GG) and the squared column norms of G without ever holding G.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    rho : float
    block : int
        Columns solved for at a time.

    Returns
    -------
    tr(G), tr(GG), and Σ_i G_ij² for every column j, shape (N,).
    """
    solver = filter_solver(weights)
    trace_g = trace_gg = 0.0
    squared_norms = np.empty(weights.shape[0])
    for columns, g_columns in _columns_of_g(weights, rho, block):
        gg_columns = weights @ solver.solve(rho, g_columns)
        trace_g += float(g_columns[columns, np.arange(columns.size)].sum())
        trace_gg += float(gg_columns[columns, np.arange(columns.size)].sum())
        squared_norms[columns] = (g_columns**2).sum(axis=0)
    return trace_g, trace_gg, squared_norms


def calc_g_diagonal(weights: SparseMatrix, rho: float, block: int = 64) -> Array:
    """G_ii of every unit, shape (N,), by solving for all columns of G, some at a time."""
    diagonal = np.empty(weights.shape[0])
    for columns, g_columns in _columns_of_g(weights, rho, block):
        diagonal[columns] = g_columns[columns, np.arange(columns.size)]
    return diagonal


def _columns_of_g(
    weights: SparseMatrix, rho: float, block: int
) -> Iterator[tuple[NDArray[np.intp], Array]]:
    n_units = weights.shape[0]
    solver = filter_solver(weights)
    for start in range(0, n_units, block):
        columns = np.arange(start, min(start + block, n_units))
        unit_vectors = np.zeros((n_units, columns.size))
        unit_vectors[columns, np.arange(columns.size)] = 1.0
        yield columns, np.asarray(weights @ solver.solve(rho, unit_vectors))


def _warn_of_interpolation(found: InterpolatedLogDeterminant) -> None:
    warnings.warn(
        f"the log-determinant on ({found.lower:.6g}, {found.upper:.6g}) is known to "
        f"{found.tail:.1g} only with {found.degree + 1} factorisations; the bracket comes too "
        "close to a pole. Eigenvalues (logdet='eigen') are exact where the size allows them",
        LogDeterminantWarning,
        stacklevel=4,
    )


def _root_traces(rhos: Array, root: float | None) -> Array:
    """What one more eigenvalue adds to tr(G) and tr(GG), shape (Q, 2)."""
    if root is None:
        return np.zeros((rhos.size, 2))
    ratio = root / (1.0 - rhos * root)
    return np.stack([ratio, ratio**2], axis=1)


def _without_nearest(eigenvalues: NDArray[Any], value: float) -> NDArray[Any]:
    return np.delete(eigenvalues, int(np.abs(eigenvalues - value).argmin()))


def _interval_of(eigenvalues: NDArray[Any]) -> tuple[float, float]:
    scale = float(np.abs(eigenvalues).max())
    real = eigenvalues.real[np.abs(eigenvalues.imag) <= REAL_EIGENVALUE_TOLERANCE * scale]
    if scale == 0.0 or real.size == 0 or real.max() <= REAL_EIGENVALUE_TOLERANCE * scale:
        raise WeightsError(
            "the weights matrix has no positive real eigenvalue (its links form no cycle), so "
            "the admissible interval of the spatial parameter is unbounded; check the direction "
            "of the links"
        )
    upper = 1.0 / float(real.max())
    # Where no real eigenvalue is negative, I - ρW is regular for every negative ρ; the radius of
    # convergence of Σ ρ^q W^q is the bound then, so that effects remain a sum over neighbours.
    smallest = float(real.min())
    lower = 1.0 / smallest if smallest < -REAL_EIGENVALUE_TOLERANCE * scale else -1.0 / scale
    return lower, upper


def _extreme_interval(
    weights: SparseMatrix, row_sum: float | None, scaling: Array | None, lowest: float | None
) -> tuple[float, float]:
    """Admissible interval by iterative eigenvalues; the lower bound is on the safe side if large.

    Beyond `EXTREME_LIMIT` units the smallest eigenvalue is bounded from below by the Ritz values
    of the probes, ``lowest``, or, where W is not similar to a symmetric matrix, by -λ_max.
    """
    large = weights.shape[0] > EXTREME_LIMIT
    if scaling is None:
        if large and row_sum is not None:
            return -1.0 / row_sum, 1.0 / row_sum
        largest = np.abs(_iterate(weights, "LM", symmetric=False)[-1:])
        if large:
            return _interval_of(largest)
        return _interval_of(np.concatenate([_iterate(weights, "SR", symmetric=False), largest]))
    similar = _similar(weights, scaling)
    smallest = float(_iterate(similar, "SA", symmetric=True)[0]) if lowest is None else lowest
    largest_root = float(_iterate(similar, "LA", symmetric=True)[0]) if row_sum is None else row_sum
    return 1.0 / smallest, 1.0 / largest_root


def _iterate(
    matrix: SparseMatrix, which: str, *, symmetric: bool, long: bool = False
) -> NDArray[Any]:
    """Extreme eigenvalues by Lanczos or Arnoldi iteration: one, or the lowest few of ``SR``.

    Raises
    ------
    WeightsEigenvalueError
        If the iteration does not converge.
    """
    n_units = matrix.shape[0]
    # A fixed start keeps the iteration, and with it every digit, reproducible.
    start = np.random.default_rng(0).standard_normal(n_units)
    options: dict[str, Any] = {"v0": start, "return_eigenvectors": False, "which": which}
    if long:
        options |= {"ncv": min(LONG_BASIS, n_units - 1), "maxiter": MANY_RESTARTS}
    iterate = sparse_linalg.eigsh if symmetric else sparse_linalg.eigs
    try:
        found = iterate(matrix, k=LOWEST_EIGENVALUES if which == "SR" else 1, **options)
    except sparse_linalg.ArpackNoConvergence as error:
        end = "largest" if which in {"LM", "LA"} else "smallest"
        advice = (
            "logdet='eigen' computes all of them"
            if n_units <= DENSE_LIMIT
            else "row-standardised weights need no iteration"
        )
        raise WeightsEigenvalueError(
            f"the iteration for the {end} eigenvalue of the weights of {n_units} units did not "
            f"converge, so the edge of the admissible interval is not known; {advice}"
        ) from error
    return np.asarray(found)


def _similar(weights: SparseMatrix, scaling: Array) -> SparseMatrix:
    """D^½WD^-½, symmetric, D the scaling of `symmetrising_scale`."""
    weights, root = sparse.csr_array(weights), np.sqrt(scaling)
    data = weights.data * root[_row_numbers(weights)] / root[weights.indices]
    return sparse.csr_array((data, weights.indices, weights.indptr), shape=weights.shape)
