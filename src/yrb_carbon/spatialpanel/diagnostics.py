"""Specification tests that need no spatial model: one regression and quadratic forms of residuals.

Most of them compare e'Ke with its mean, K a Kronecker product of a period and a spatial operator
and e = Mu the residuals of a linear model. Removing effects and regressors shifts that mean:
two-way effects move e'(I ⊗ W)e/σ² by -(T-1). The *centred* tests subtract the mean and divide by
the variance that e'Ke/e'e has under normal errors, both exact for any weights; the *plain* ones are
the formulas of the literature, kept to reproduce its tables.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
from scipy import linalg, sparse

from .errors import PanelSizeError, SpecificationError
from .testing import SpecificationTest, chi2_test
from .within import Array, SparseMatrix, spatial_lag, within_transform

if TYPE_CHECKING:
    from .model import SpatialPanel

Form = Literal["centred", "plain", "both"]
LM_NAMES = ("LM lag", "LM error", "robust LM lag", "robust LM error")
LM_NULLS = ("rho = 0", "lambda = 0", "rho = 0, lambda near 0", "lambda = 0, rho near 0")


@dataclass(frozen=True, slots=True)
class LinearFit:
    """Residuals of a linear model with effects, and the projection that made them.

    Attributes
    ----------
    residuals : array, shape (T, N)
        e = My, in units of the dependent variable.
    basis : array, shape (T, N, P)
        Orthonormal columns that span the regressors without effects: M = Q - qq', Q the projection
        that removes the effects.
    entity_effects, time_effects : bool
    """

    residuals: Array
    basis: Array
    entity_effects: bool
    time_effects: bool

    @property
    def n_free(self) -> int:
        """ν = tr(M), the degrees of freedom of the residuals."""
        n_periods, n_units, n_regressors = self.basis.shape
        periods = n_periods - (1 if self.entity_effects else 0)
        units = n_units - (1 if self.time_effects else 0)
        return int(periods * units - n_regressors)

    @property
    def sigma2(self) -> float:
        """e'e/ν."""
        return float((self.residuals**2).sum()) / self.n_free

    def remove_effects(self, values: Array) -> Array:
        """Q v, shape (T, N) or (T, N, K)."""
        return within_transform(
            values, entity_effects=self.entity_effects, time_effects=self.time_effects
        )

    def project(self, values: Array) -> Array:
        """M v, shape (T, N)."""
        cleared = self.remove_effects(values)
        loadings = np.tensordot(self.basis, cleared, axes=([0, 1], [0, 1]))
        projected: Array = cleared - self.basis @ loadings
        return projected


@dataclass(frozen=True, slots=True)
class QuadraticForm:
    """K = (A ⊗ B + A' ⊗ B')/2 for a stack by period; None stands for an identity.

    Attributes
    ----------
    period : array, shape (T, T), or None
        A.
    spatial : sparse array, shape (N, N), or None
        B.
    """

    period: Array | None
    spatial: SparseMatrix | None

    def apply(self, values: Array) -> Array:
        """K v, shape (T, N) or (T, N, K)."""
        return 0.5 * (
            _kronecker_product(self.period, self.spatial, values)
            + _kronecker_product(_transpose(self.period), _transpose_sparse(self.spatial), values)
        )


@dataclass(frozen=True, slots=True)
class FormTraces:
    """Traces of a quadratic form between the projections that remove effects.

    Attributes
    ----------
    linear : float
        tr(QK).
    square : float
        tr(QKQK).
    """

    linear: float
    square: float


@dataclass(frozen=True, slots=True)
class Moments:
    """Mean and variance of ν e'Ke/e'e under independent normal errors.

    Attributes
    ----------
    mean, variance : float
    """

    mean: float
    variance: float


@dataclass(frozen=True, slots=True)
class LMStatistics:
    """Lagrange multiplier statistics, each χ²(1) under its null.

    Attributes
    ----------
    lag, error, robust_lag, robust_error : float
    """

    lag: float
    error: float
    robust_lag: float
    robust_error: float

    def values(self) -> tuple[float, float, float, float]:
        """In the order of `LM_NAMES`."""
        return self.lag, self.error, self.robust_lag, self.robust_error


def fit_linear_model(y: Array, z: Array, *, entity_effects: bool, time_effects: bool) -> LinearFit:
    """Least squares of y on z and the effects.

    Parameters
    ----------
    y : array, shape (T, N)
    z : array, shape (T, N, P)
        With the intercept where there are no effects.
    entity_effects, time_effects : bool

    Returns
    -------
    LinearFit

    Raises
    ------
    PanelSizeError
        If no degree of freedom is left.
    """
    cleared = within_transform(z, entity_effects=entity_effects, time_effects=time_effects)
    basis = _columns(cleared)
    if z.shape[2]:
        basis, _ = linalg.qr(basis, mode="economic", check_finite=False)
    empty = LinearFit(np.zeros_like(y), basis.reshape(z.shape), entity_effects, time_effects)
    if empty.n_free <= 0:
        raise PanelSizeError(
            f"{y.shape[1]} units and {y.shape[0]} periods leave {empty.n_free} degrees of freedom "
            f"for {z.shape[2]} regressors and the effects; a test needs at least 1"
        )
    return LinearFit(empty.project(y), empty.basis, entity_effects, time_effects)


def calc_form_traces(
    form: QuadraticForm, shape: tuple[int, int], *, entity_effects: bool, time_effects: bool
) -> FormTraces:
    """tr(QK) and tr(QKQK), Q = Q_T ⊗ Q_N the projection that removes effects.

    tr(QK) = tr(Q_T A) tr(Q_N B) and, with A, B short for Q_T A Q_T and Q_N B Q_N,
    tr(QKQK) = [tr(AA) tr(BB) + tr(AA') tr(BB')]/2. Depends on neither data nor regressors.

    Parameters
    ----------
    form : QuadraticForm
    shape : (T, N)
    entity_effects, time_effects : bool

    Returns
    -------
    FormTraces
    """
    n_periods, n_units = shape
    periods = _factor_traces(
        None if form.period is None else sparse.csr_array(form.period), n_periods, entity_effects
    )
    units = _factor_traces(form.spatial, n_units, time_effects)
    return FormTraces(
        linear=periods[0] * units[0],
        square=0.5 * (periods[1] * units[1] + periods[2] * units[2]),
    )


def calc_moments(form: QuadraticForm, traces: FormTraces, fit: LinearFit) -> Moments:
    """Exact mean and variance of ν e'Ke/e'e for e = Mu, u independent normal.

    The ratio is independent of e'e, so with ν = tr(M) its mean is tr(MK) and its variance
    2[ν tr(MKMK) - tr(MK)²]/(ν + 2) (Cliff & Ord 1981, Spatial Processes, sec. 8.3.1, for K = W).

    Parameters
    ----------
    form : QuadraticForm
    traces : FormTraces
        Of the form and the effects of ``fit``.
    fit : LinearFit

    Returns
    -------
    Moments
    """
    applied = form.apply(fit.basis)
    cleared, basis = fit.remove_effects(applied), _columns(fit.basis)
    inner = basis.T @ _columns(applied)
    linear = traces.linear - float(np.trace(inner))
    square = traces.square - 2.0 * float((cleared**2).sum()) + float((inner**2).sum())
    free = fit.n_free
    return Moments(linear, 2.0 * (free * square - linear**2) / (free + 2.0))


def calc_centred_lm(
    y: Array, weights: SparseMatrix, fit: LinearFit, traces: FormTraces
) -> LMStatistics:
    """LM tests of a spatial lag and a spatial error, centred and scaled by exact moments.

    With σ² = e'e/ν, d_e = e'(I⊗W)e/σ², ŷ = y - e and h = M(I⊗W)ŷ,

        d_l = d_e + h'e/σ²,  c = E(d_e),  V = var(d_e),  J = V + h'h/σ²,
        lag (d_l - c)²/J,  error (d_e - c)²/V,  robust lag (d_l - d_e)²/(J - V),
        robust error [d_e - c - (V/J)(d_l - c)]²/[V(1 - V/J)].

    ŷ is independent of e under the null, so h'e given ŷ has mean 0, variance σ²h'h and no
    covariance with d_e, whatever the effects and the row sums of W. With row-stochastic W and
    effects only, c is -(T-1), -T, 0, -1 for both, time, unit effects and an intercept.

    Parameters
    ----------
    y : array, shape (T, N)
    weights : sparse array, shape (N, N)
    fit : LinearFit
    traces : FormTraces
        Of (I ⊗ W) and the effects of the fit.

    Returns
    -------
    LMStatistics

    References
    ----------
    Anselin, Le Gallo & Jayet (2008), in Mátyás & Sevestre (eds), ch. 19. Centring in the spirit of
    Debarsy & Ertur (2010), Regional Science and Urban Economics 40:453-470.
    """
    moments = calc_moments(QuadraticForm(None, weights), traces, fit)
    sigma2, e = fit.sigma2, fit.residuals
    error = float((e * spatial_lag(weights, e)).sum()) / sigma2 - moments.mean
    mean_lag = fit.project(spatial_lag(weights, y - e))
    gap = float((mean_lag * e).sum()) / sigma2
    return _combine_scores(
        error + gap, error, float((mean_lag**2).sum()) / sigma2, moments.variance
    )


def calc_plain_lm(y: Array, weights: SparseMatrix, fit: LinearFit) -> LMStatistics:
    """LM tests as printed in the literature.

    With σ² = e'e/NT, T_W = tr(WW + W'W), d_e = e'(I⊗W)e/σ², d_l = e'(I⊗W)y/σ² and
    J = [(I⊗W)Xβ̂]'M_X[(I⊗W)Xβ̂]/σ² + T T_W, all variables with the effects removed and M_X the
    projection off X alone: lag d_l²/J, error d_e²/(T T_W), robust lag (d_l - d_e)²/(J - T T_W),
    robust error [d_e - (T T_W/J) d_l]²/[T T_W (1 - T T_W/J)] (Elhorst 2010, Spatial Economic
    Analysis 5:9-28; some printings show an exponent -1 in the last denominator, a misprint).

    Rejects too often with period effects: removing them shifts both scores.

    Parameters
    ----------
    y : array, shape (T, N)
    weights : sparse array, shape (N, N)
    fit : LinearFit
        Of y.

    Returns
    -------
    LMStatistics
    """
    e = fit.residuals
    sigma2 = float((e**2).mean())
    cleared = fit.remove_effects(y)
    error = float((e * spatial_lag(weights, e)).sum()) / sigma2
    lag = float((e * spatial_lag(weights, cleared)).sum()) / sigma2
    mean_lag = spatial_lag(weights, cleared - e)
    loadings = np.tensordot(fit.basis, mean_lag, axes=([0, 1], [0, 1]))
    unexplained = mean_lag - fit.basis @ loadings
    _, squared, crossed = _factor_traces(weights, y.shape[1], remove_mean=False)
    return _combine_scores(
        lag, error, float((unexplained**2).sum()) / sigma2, y.shape[0] * (squared + crossed)
    )


def lm_tests(panel: SpatialPanel, form: Form = "centred") -> list[SpecificationTest]:
    """Lagrange multiplier tests of a spatial lag and a spatial error, plain and robust.

    The null model is the panel without its spatial parameters: the effects and the regressors as
    they stand, spatially lagged ones included (of slx, sdm and sdem).

    Parameters
    ----------
    panel : SpatialPanel
    form : {"centred", "plain", "both"}
        ``centred`` (default): mean and variance of the scores exact in finite samples, see
        `calc_centred_lm`. ``plain``: the formulas of Elhorst (2010), for comparison with published
        tables; with period effects they reject too often.

    Returns
    -------
    list of SpecificationTest
        LM lag, LM error, robust LM lag, robust LM error, each χ²(1); for ``both`` centred first.

    Raises
    ------
    SpecificationError
        For an unknown form.
    PanelSizeError
        If no degree of freedom is left.
    """
    if form not in get_args(Form):
        raise SpecificationError(f"form must be one of {', '.join(get_args(Form))}, got {form!r}")
    arrays = panel.arrays
    effects = {"entity_effects": panel.entity_effects, "time_effects": panel.time_effects}
    fit = fit_linear_model(arrays.y, arrays.z, **effects)
    note = f"null model: {', '.join(arrays.names)}"
    tests: list[SpecificationTest] = []
    if form != "plain":
        traces = calc_form_traces(QuadraticForm(None, arrays.weights), arrays.y.shape, **effects)
        statistics = calc_centred_lm(arrays.y, arrays.weights, fit, traces)
        tests += _lm_table(statistics, "centred", note)
    if form != "centred":
        shifted = panel.time_effects or not panel.entity_effects
        warning = "; rejects too often: effects shift the scores, see centred" if shifted else ""
        statistics = calc_plain_lm(arrays.y, arrays.weights, fit)
        tests += _lm_table(statistics, "plain", note + warning)
    return tests


def _lm_table(statistics: LMStatistics, form: str, note: str) -> list[SpecificationTest]:
    rows = zip(LM_NAMES, LM_NULLS, statistics.values(), strict=True)
    return [chi2_test(name, null, value, 1, form=form, note=note) for name, null, value in rows]


def _combine_scores(lag: float, error: float, explained: float, variance: float) -> LMStatistics:
    """The four statistics from both scores, h'h/σ² and the variance of the error score."""
    information = explained + variance
    share = variance / information
    return LMStatistics(
        lag=lag**2 / information,
        error=error**2 / variance,
        robust_lag=(lag - error) ** 2 / explained,
        robust_error=(error - share * lag) ** 2 / (variance * (1.0 - share)),
    )


def _factor_traces(
    matrix: SparseMatrix | None, size: int, remove_mean: bool
) -> tuple[float, float, float]:
    """tr(B), tr(BB), tr(BB') of B = JAJ, J = I - ιι'/n (or I), without a dense matrix.

    tr(JAJA) = tr(AA) - 2 ι'AAι/n + (ι'Aι/n)²;
    tr(JAJA') = tr(AA') - ι'AA'ι/n - ι'A'Aι/n + (ι'Aι/n)².
    """
    if matrix is None:
        free = float(size - (1 if remove_mean else 0))
        return free, free, free
    trace = float(matrix.diagonal().sum())
    squared = float(matrix.multiply(matrix.T).sum())
    crossed = float(matrix.multiply(matrix).sum())
    if not remove_mean:
        return trace, squared, crossed
    row_sums = np.asarray(matrix.sum(axis=1), dtype=np.float64).ravel()
    column_sums = np.asarray(matrix.sum(axis=0), dtype=np.float64).ravel()
    mean = float(row_sums.sum()) / size
    return (
        trace - mean,
        squared - 2.0 * float(column_sums @ row_sums) / size + mean**2,
        crossed - float(row_sums @ row_sums + column_sums @ column_sums) / size + mean**2,
    )


def _kronecker_product(period: Array | None, spatial: SparseMatrix | None, values: Array) -> Array:
    """(A ⊗ B) v for a stack by period."""
    lagged = values if spatial is None else spatial_lag(spatial, values)
    return lagged if period is None else np.tensordot(period, lagged, axes=(1, 0))


def _columns(values: Array) -> Array:
    """(T, N, P) to (T·N, P), P = 0 included."""
    n_periods, n_units, n_columns = values.shape
    return values.reshape(n_periods * n_units, n_columns)


def _transpose(matrix: Array | None) -> Array | None:
    return None if matrix is None else matrix.T


def _transpose_sparse(matrix: SparseMatrix | None) -> SparseMatrix | None:
    return None if matrix is None else sparse.csr_array(matrix.T)
