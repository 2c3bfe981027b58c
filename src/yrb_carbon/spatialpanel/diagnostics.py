"""Specification tests that need no spatial model: one regression and quadratic forms of residuals.

Most of them compare e'Ke with its mean, K a Kronecker product of a period and a spatial operator
and e = Mu the residuals of a linear model. Removing effects and regressors shifts that mean:
two-way effects move e'(I ⊗ W)e/σ² by -(T-1). The *centred* tests subtract the mean and divide by
the variance that e'Ke/e'e has under independent normal errors, both exact for any weights; the
*serial* ones take the mean and variance under errors of a unit with any covariance over time; the
*plain* ones are the formulas of the literature, kept to reproduce its tables.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy import linalg, sparse, special
from scipy.sparse import linalg as sparse_linalg

from .align import INTERCEPT
from .errors import (
    BoundaryError,
    ConvergenceError,
    PanelSizeError,
    SpecificationError,
    check_choice,
)
from .randomness import generator_of
from .score import estimate_time_covariance, unbiased_squared_trace
from .testing import SpecificationTest, chi2_test, normal_test
from .within import Array, SparseMatrix, spatial_lag, within_transform

if TYPE_CHECKING:
    from .model import SpatialPanel
    from .results import SpatialPanelResults

# HR regresses on residuals of at least three earlier periods.
LEAST_PERIODS_OF_SERIAL_TESTS = 4

Form = Literal["centred", "plain", "serial", "both"]
LM_NAMES = ("LM lag", "LM error", "robust LM lag", "robust LM error")
LM_NULLS = ("rho = 0", "lambda = 0", "rho = 0, lambda near 0", "lambda = 0, rho near 0")
LM_SCOPES = {
    "centred": "centred: supposes errors independent over time; the serial form does not",
    "serial": "serial: errors of a unit correlated over time in any way, alike for all units",
    "plain": "plain: supposes errors independent over time",
}
MORAN_COLUMNS = ("moran", "expected", "std_dev", "statistic", "p_value")
# Random signs of the weighted CD statistic are averaged over so many draws.
SIGN_DRAWS = 30
# Columns of an inverse that are held at a time.
BLOCK = 256
# Generalised least squares and its variances improve the likelihood at every round and stop here.
VARIANCE_TOLERANCE = 1e-12
VARIANCE_ROUNDS = 1000
# Weight of unit means close to that of the within estimator, which has none.
SMALL_RATIO = 1e-4


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
    def effective_units(self) -> int:
        """Rank of the projection over units: N, or N-1 where period effects are removed."""
        return int(self.basis.shape[1]) - (1 if self.time_effects else 0)

    @property
    def n_without_effects(self) -> int:
        """tr(Q), the observations less the effects."""
        return self.n_free + int(self.basis.shape[2])

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

    def traces(self, form: QuadraticForm) -> FormTraces:
        """`calc_form_traces` for the effects of this fit."""
        n_periods, n_units, _ = self.basis.shape
        return calc_form_traces(
            form,
            (n_periods, n_units),
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
        )


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
class WeightsPair:
    """Weights of the lag and of the error, with their traces for one set of effects.

    Attributes
    ----------
    lag : sparse array, shape (N, N)
        W.
    lag_traces : FormTraces
        Of I ⊗ W.
    error : sparse array, shape (N, N), or None
        M; None where it is W.
    error_traces, sum_traces : FormTraces or None
        Of I ⊗ M and I ⊗ (W + M).
    """

    lag: SparseMatrix
    lag_traces: FormTraces
    error: SparseMatrix | None
    error_traces: FormTraces | None
    sum_traces: FormTraces | None


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


def calc_plain_moments(traces: FormTraces, n_observations: int) -> Moments:
    """Mean and variance of n e'Ke/e'e with the effects removed, what regressors cost left out.

    tr(QK) and 2[tr(QKQK) - tr(QK)²/n].
    """
    variance = 2.0 * (traces.square - traces.linear**2 / n_observations)
    return Moments(traces.linear, variance)


def calc_score(
    form: QuadraticForm, traces: FormTraces, fit: LinearFit, *, centred: bool
) -> tuple[float, float]:
    """Score e'Ke/σ² without its mean, and its variance.

    Parameters
    ----------
    form : QuadraticForm
    traces : FormTraces
        Of the form and the effects of the fit.
    fit : LinearFit
    centred : bool
        True: `calc_moments`, σ² = e'e/ν. False: `calc_plain_moments`, σ² = e'e/n, n the
        observations less the effects.

    Returns
    -------
    score, variance.
    """
    moments = (
        calc_moments(form, traces, fit)
        if centred
        else calc_plain_moments(traces, fit.n_without_effects)
    )
    count = fit.n_free if centred else fit.n_without_effects
    e = fit.residuals
    ratio = float((e * form.apply(e)).sum()) / float((e**2).sum())
    return count * ratio - moments.mean, moments.variance


def calc_centred_lm(y: Array, weights: WeightsPair, fit: LinearFit) -> LMStatistics:
    """LM tests of a spatial lag and a spatial error, centred and scaled by exact moments.

    With σ² = e'e/ν, ŷ = y - e, h = M(I⊗W)ŷ, q_W = e'(I⊗W)e/σ² and q_M the same of the weights of
    the error, let s_e = q_M - E(q_M), s_l = q_W - E(q_W) + h'e/σ², V = var(q_M),
    C = cov(q_W, q_M) and J = var(q_W) + h'h/σ². Then

        lag s_l²/J,  error s_e²/V,  robust lag (s_l - (C/V) s_e)²/(J - C²/V),
        robust error (s_e - (C/J) s_l)²/(V - C²/J);

    C = V with one matrix for both. ŷ is independent of e under the null, so h'e given ŷ has mean
    0, variance σ²h'h and no covariance with q, whatever the effects and the row sums of W. With
    row-stochastic W and effects only, E(q) is -(T-1), -T, 0, -1 for two-way, time and unit effects
    and an intercept.

    Parameters
    ----------
    y : array, shape (T, N)
    weights : WeightsPair
        With the effects of the fit.
    fit : LinearFit

    Returns
    -------
    LMStatistics

    References
    ----------
    Anselin, Le Gallo & Jayet (2008), in Mátyás & Sevestre (eds), ch. 19. Centring in the spirit of
    Debarsy & Ertur (2010), Regional Science and Urban Economics 40:453-470.
    """
    e, sigma2 = fit.residuals, fit.sigma2
    lag_form = QuadraticForm(None, weights.lag)
    quadratic, lag_variance = calc_score(lag_form, weights.lag_traces, fit, centred=True)
    mean_lag = fit.project(spatial_lag(weights.lag, y - e))
    lag = quadratic + float((mean_lag * e).sum()) / sigma2
    information = lag_variance + float((mean_lag**2).sum()) / sigma2
    if weights.error is None or weights.error_traces is None or weights.sum_traces is None:
        return _combine_scores(lag, quadratic, information, lag_variance, lag_variance)
    error_form = QuadraticForm(None, weights.error)
    error, error_variance = calc_score(error_form, weights.error_traces, fit, centred=True)
    sum_form = QuadraticForm(None, weights.lag + weights.error)
    sum_variance = calc_moments(sum_form, weights.sum_traces, fit).variance
    covariance = 0.5 * (sum_variance - lag_variance - error_variance)
    return _combine_scores(lag, error, information, error_variance, covariance)


@dataclass(frozen=True, slots=True)
class SerialErrors:
    """Covariance of the residuals e = Mu of errors with covariance Σ ⊗ I, in parts.

    With Ω = QΣQ ⊗ Q_N, q the orthonormal regressors and c = Ωq,
    Var(e) = Ω - ZBZ', Z = [q, c], B = [[-q'c, I], [I, 0]].

    Attributes
    ----------
    covariance : array, shape (T, T)
        Σ̃ = QΣQ, unit of the residuals squared.
    squared_trace : float
        tr(Σ̃²).
    columns : array, shape (T, N, 2P)
        Z.
    middle : array, shape (2P, 2P)
        B.
    """

    covariance: Array
    squared_trace: float
    columns: Array
    middle: Array

    @classmethod
    def of(cls, fit: LinearFit, covariance: Array, squared_trace: float) -> SerialErrors:
        """The parts for a given Σ̃ and tr(Σ̃²)."""
        q = fit.basis
        moved = np.tensordot(covariance, q, axes=(1, 0))
        size = q.shape[2]
        middle = np.zeros((2 * size, 2 * size))
        middle[:size, :size] = -np.tensordot(q, moved, axes=([0, 1], [0, 1]))
        middle[:size, size:] = middle[size:, :size] = np.eye(size)
        return cls(covariance, squared_trace, np.concatenate([q, moved], axis=2), middle)

    def spread(self, values: Array) -> Array:
        """(Σ̃ ⊗ I) v, shape (T, N) or (T, N, K)."""
        return np.tensordot(self.covariance, values, axes=(1, 0))


def estimate_serial_errors(fit: LinearFit) -> SerialErrors:
    """Σ̃ from the residuals, freed of what the regressors took from them.

    tr(Σ̃²) is freed of the upward bias of squaring an estimate (see `score`).

    Parameters
    ----------
    fit : LinearFit

    Returns
    -------
    SerialErrors
    """
    covariance = estimate_time_covariance(fit.basis, fit.residuals, fit.effective_units)
    return SerialErrors.of(fit, covariance, unbiased_squared_trace(covariance, fit.effective_units))


def calc_serial_score(
    weights: SparseMatrix, traces: FormTraces, fit: LinearFit, errors: SerialErrors
) -> tuple[float, float]:
    """Score e'Ke without its mean under serial correlation, and its variance.

    K = I ⊗ [(W + W')/2 - cI] with c = tr(Q_N W)/tr(Q_N), for which tr(KΩ) = 0 whatever Σ: the mean
    that effects bring is gone without an estimate of Σ, and what is left, -tr(B Z'KZ), is due to
    the regressors. The variance is that of normal errors,

        2 tr(KVKV) = 2[tr(Σ̃²) tr(Q_N K_N Q_N K_N) - 2 tr(B Z'KΩKZ) + tr(B Z'KZ B Z'KZ)].

    Parameters
    ----------
    weights : sparse array, shape (N, N)
        W.
    traces : FormTraces
        Of I ⊗ W and the effects of the fit.
    fit : LinearFit
    errors : SerialErrors
        Of the fit.

    Returns
    -------
    score, in the residuals' unit squared, and its variance.
    """
    form, units = QuadraticForm(None, weights), fit.effective_units
    periods = fit.n_without_effects / units
    linear, square = traces.linear / periods, traces.square / periods
    shift = linear / units
    e, z = fit.residuals, errors.columns
    applied = form.apply(z) - shift * z
    inner = errors.middle @ np.tensordot(z, applied, axes=([0, 1], [0, 1]))
    cleared = fit.remove_effects(applied)
    outer = np.tensordot(cleared, errors.spread(cleared), axes=([0, 1], [0, 1]))
    score = float((e * (form.apply(e) - shift * e)).sum()) + float(np.trace(inner))
    variance = 2.0 * (
        errors.squared_trace * (square - linear * shift)
        - 2.0 * float((errors.middle * outer).sum())
        + float((inner * inner.T).sum())
    )
    return score, variance


def calc_mean_of_linear_part(weights: SparseMatrix, fit: LinearFit, errors: SerialErrors) -> float:
    """E(h'e) = tr[(Wq)'(c - q q'c)], c = (Σ̃ ⊗ I)q, the part of ŷ that moves with e.

    Zero where errors are independent over time; effects add nothing, whatever the row sums of W.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    fit : LinearFit
    errors : SerialErrors

    Returns
    -------
    float, unit of the residuals squared.
    """
    size = fit.basis.shape[2]
    moved, inner = errors.columns[:, :, size:], -errors.middle[:size, :size]
    return float((spatial_lag(weights, fit.basis) * (moved - fit.basis @ inner)).sum())


def calc_lm_under_serial_correlation(
    y: Array, weights: WeightsPair, fit: LinearFit
) -> LMStatistics:
    """LM tests of a spatial lag and a spatial error under serial correlation of any form.

    The errors of a unit have a covariance Σ over time that is the same for all units, u ~ Σ ⊗ I.
    The scores are those of `calc_centred_lm` times σ²; their means and variances are those of
    `calc_serial_score`, C = cov(q_W, q_M), and the linear part h'e has variance h'(Σ̃ ⊗ I)h. The
    estimated mean ŷ is no longer independent of e: with ŷ = … + qq'u, h'e has the mean
    tr[(Wq)'(c - q q'c)], c = (Σ̃ ⊗ I)q, which is taken off. Σ enters by its trace and quadratic
    forms only, never by its inverse, so T may be as large as N or larger.

    (Own derivation; the moments of linear-quadratic forms are in Kelejian & Prucha 2001, J.
    Econometrics 104:219-257.)

    Parameters
    ----------
    y : array, shape (T, N)
    weights : WeightsPair
        With the effects of the fit.
    fit : LinearFit

    Returns
    -------
    LMStatistics
    """
    errors = estimate_serial_errors(fit)
    quadratic, lag_variance = calc_serial_score(weights.lag, weights.lag_traces, fit, errors)
    mean_lag = fit.project(spatial_lag(weights.lag, y - fit.residuals))
    lag = quadratic + float((mean_lag * fit.residuals).sum())
    lag -= calc_mean_of_linear_part(weights.lag, fit, errors)
    information = lag_variance + float((mean_lag * errors.spread(mean_lag)).sum())
    if weights.error is None or weights.error_traces is None or weights.sum_traces is None:
        return _combine_scores(lag, quadratic, information, lag_variance, lag_variance)
    error, error_variance = calc_serial_score(weights.error, weights.error_traces, fit, errors)
    total = sparse.csr_array(weights.lag + weights.error)
    _, sum_variance = calc_serial_score(total, weights.sum_traces, fit, errors)
    covariance = 0.5 * (sum_variance - lag_variance - error_variance)
    return _combine_scores(lag, error, information, error_variance, covariance)


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
    variance = y.shape[0] * (squared + crossed)
    information = variance + float((unexplained**2).sum()) / sigma2
    return _combine_scores(lag, error, information, variance, variance)


def lm_tests(panel: SpatialPanel, form: Form = "centred") -> list[SpecificationTest]:
    """Lagrange multiplier tests of a spatial lag and a spatial error, plain and robust.

    The null model is the panel without its spatial parameters: the effects and the regressors as
    they stand, spatially lagged ones included (of slx, sdm and sdem). The error is tested with the
    panel's ``error_weights`` where it has such.

    Parameters
    ----------
    panel : SpatialPanel
    form : {"centred", "plain", "serial", "both"}
        ``centred`` (default): mean and variance of the scores exact in finite samples if errors are
        normal and independent over time, see `calc_centred_lm`; rejects too often if errors and
        regressors are correlated over time. ``serial``: the same scores with the mean and variance
        that they have under errors of a unit correlated over time in any way, alike for all units,
        see `calc_lm_under_serial_correlation`. ``plain``: the formulas of Elhorst (2010), for
        comparison with published tables; with period effects they reject too often. ``both``:
        centred and plain.

    Returns
    -------
    list of SpecificationTest
        LM lag, LM error, robust LM lag, robust LM error, each χ²(1); for ``both`` centred first.

    Raises
    ------
    SpecificationError
        For an unknown form, or the plain form with weights of its own for the error.
    PanelSizeError
        If no degree of freedom is left.
    """
    check_choice("form", form, get_args(Form))
    arrays = panel.arrays
    fit = fit_linear_model(
        arrays.y, arrays.z, entity_effects=panel.entity_effects, time_effects=panel.time_effects
    )
    note = f"null model: {', '.join(arrays.names)}"
    tests: list[SpecificationTest] = []
    if form != "plain":
        pair = prepare_weights(arrays.weights, fit, arrays.error_weights)
        sized, calc = (
            ("serial", calc_lm_under_serial_correlation)
            if form == "serial"
            else ("centred", calc_centred_lm)
        )
        tests += _lm_table(calc(arrays.y, pair, fit), sized, f"{note}; {LM_SCOPES[sized]}")
    if form in ("plain", "both"):
        if arrays.error_weights is not None:
            raise SpecificationError(
                "the plain LM tests know one weights matrix, and this panel has error_weights; "
                "use form='centred' or 'serial'"
            )
        shifted = panel.time_effects or not panel.entity_effects
        warning = "; rejects too often: effects shift the scores" if shifted else ""
        note = f"{note}; {LM_SCOPES['plain']}{warning}"
        tests += _lm_table(calc_plain_lm(arrays.y, arrays.weights, fit), "plain", note)
    return tests


def prepare_weights(
    weights: SparseMatrix, fit: LinearFit, error_weights: SparseMatrix | None = None
) -> WeightsPair:
    """Traces of the weights that the centred LM tests need, the same for all data.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    fit : LinearFit
        For its effects and its shape.
    error_weights : sparse array, shape (N, N), optional

    Returns
    -------
    WeightsPair
    """
    lag_traces = fit.traces(QuadraticForm(None, weights))
    if error_weights is None:
        return WeightsPair(weights, lag_traces, None, None, None)
    total = sparse.csr_array(weights + error_weights)
    return WeightsPair(
        weights,
        lag_traces,
        error_weights,
        fit.traces(QuadraticForm(None, error_weights)),
        fit.traces(QuadraticForm(None, total)),
    )


def pesaran_cd(
    results: SpatialPanelResults, form: Literal["plain", "weighted"] = "plain", seed: int = 0
) -> SpecificationTest:
    """Pesaran's CD test of cross-section dependence in the residuals.

    CD = √(2T/(N(N-1))) Σ_{i<j} r_ij, r_ij the correlation over time of the residuals of two units
    (Pesaran 2015, Econometric Reviews 34:1089-1117); standard normal if units are independent.
    Period effects make the residuals of every period sum to zero, which pushes CD towards -√(T/2)
    under the null. The weighted form multiplies every unit by a random sign and is standard normal
    there too (Juodis & Reese 2022, J. Business & Economic Statistics 40:1191-1203), at the price
    of power; it is averaged over `SIGN_DRAWS` draws.

    Parameters
    ----------
    results : SpatialPanelResults
    form : {"plain", "weighted"}
    seed : int
        Of the signs.

    Returns
    -------
    SpecificationTest

    Raises
    ------
    SpecificationError
        For an unknown form.
    """
    check_choice("form", form, ("plain", "weighted"))
    residuals = results.estimate.residuals
    if form == "plain":
        statistic = calc_cd(residuals)
        note = (
            "not standard normal under the null: period effects pull CD towards -sqrt(T/2) = "
            f"{-np.sqrt(residuals.shape[0] / 2.0):.2f}; use the weighted form or Moran's I"
            if results.specification.scheme.time_effects
            else "little power where positive and negative correlations cancel"
        )
    else:
        rng = generator_of(seed)
        signs = rng.choice([-1.0, 1.0], size=(SIGN_DRAWS, residuals.shape[1]))
        statistic = calc_weighted_cd(residuals, signs)
        note = (
            "little power, and rejects 6-8 % at nominal 5 % with 21 to 90 units; Moran's I by "
            "period is the test against spatial dependence"
        )
    return normal_test("Pesaran CD", "units are uncorrelated", statistic, form=form, note=note)


def calc_cd(residuals: Array) -> float:
    """CD = √(2T/(N(N-1))) Σ_{i<j} r_ij, from the sum of the standardised series.

    Parameters
    ----------
    residuals : array, shape (T, N)

    Returns
    -------
    float

    Raises
    ------
    PanelSizeError
        If a unit's residuals do not vary.
    """
    return _signed_cd(_standardise_series(residuals), np.ones((1, residuals.shape[1])))


def calc_weighted_cd(residuals: Array, signs: Array) -> float:
    """CD of residuals with random signs, summed over G draws and divided by √G.

    Parameters
    ----------
    residuals : array, shape (T, N)
    signs : array, shape (G, N)
        -1 and 1.

    Returns
    -------
    float
    """
    return _signed_cd(_standardise_series(residuals), signs)


def moran_residuals(results: SpatialPanelResults) -> pd.DataFrame:
    """Moran's I of the residuals by period and of the whole panel.

    I = (N/S₀) Σ_t e_t'We_t / Σ_t e_t'e_t, S₀ the sum of all weights. Mean and variance are those of
    a ratio of quadratic forms of normal errors with effects and regressors removed: exact for the
    panel, and for a period exact but for what its regressors take. In models with ρ or λ the
    variance is lower by what their estimation takes, to first order; it supposes estimates that
    are not biased, so fit by ``transform``. That takes as many sparse solutions as there are units.

    Parameters
    ----------
    results : SpatialPanelResults

    Returns
    -------
    DataFrame
        Index the periods and ``panel``; columns `MORAN_COLUMNS`: I, its mean and standard deviation
        under the null, the standardised I and its two-sided normal p-value.

    Raises
    ------
    BoundaryError
        If the estimate is at the boundary or ρ and λ are too weakly identified.
    """
    if results.at_boundary:
        raise BoundaryError(
            "the estimate is at the edge of the admissible interval, where the variance of the "
            "residuals' Moran's I is not known; use sparser weights or another model"
        )
    arrays, fit = results.arrays, linear_fit_of(results)
    names = [name for name in ("rho", "lambda") if name in results.cov.index]
    covariance = results.cov.loc[names, names].to_numpy(dtype=np.float64)
    slopes = calc_residual_slopes(
        arrays.weights,
        {name: results.rho if name == "rho" else results.lam for name in names},
        arrays.weights if arrays.error_weights is None else arrays.error_weights,
        remove_mean=fit.time_effects,
    )
    lost = float(slopes @ covariance @ slopes)
    rows = calc_moran_by_period(arrays.weights, fit, lost)
    rows = np.vstack([rows, calc_moran_of_panel(arrays.weights, fit, lost)])
    index = pd.Index([*arrays.periods, "panel"], name="period")
    table = pd.DataFrame(rows, index=index, columns=list(MORAN_COLUMNS[:3]))
    table["statistic"] = (table["moran"] - table["expected"]) / table["std_dev"]
    table["p_value"] = 2.0 * special.ndtr(-table["statistic"].abs())
    return table


def calc_moran_of_panel(weights: SparseMatrix, fit: LinearFit, lost: float = 0.0) -> Array:
    """Moran's I of the panel, its mean and its standard deviation.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    fit : LinearFit
    lost : float
        Square of the slope of a period's e'We/σ² in the spatial parameters, weighted with their
        covariance.

    Returns
    -------
    array, shape (3,).
    """
    form = QuadraticForm(None, weights)
    traces = fit.traces(form)
    moments = calc_moments(form, traces, fit)
    asymptotic = calc_plain_moments(traces, fit.n_without_effects).variance
    n_periods, n_units = fit.residuals.shape
    periods = n_periods - (1 if fit.entity_effects else 0)
    e = fit.residuals
    scale = n_units / float(weights.sum())
    deviation = np.sqrt(_remaining(moments.variance, periods**2 * lost, asymptotic))
    ratio = float((e * spatial_lag(weights, e)).sum()) / float((e**2).sum())
    row: Array = scale * np.array([ratio, moments.mean / fit.n_free, deviation / fit.n_free])
    return row


def calc_moran_by_period(weights: SparseMatrix, fit: LinearFit, lost: float = 0.0) -> Array:
    """Moran's I of every period, its mean and its standard deviation.

    e_t has the covariance σ²Ω_t, Ω_t = a Q_N - b_t b_t', a = 1 - 1/T with unit effects (else 1) and
    b_t the rows of period t of the orthonormal regressors. With K = (W + W')/2, d = tr(Ω),
    r = tr(KΩ)/d and ν = d²/tr(ΩΩ), e'We/e'e has mean r - 2[tr(KΩΩ) - r tr(ΩΩ)]/d² and variance
    2[tr(KΩKΩ) - 2r tr(KΩΩ) + r² tr(ΩΩ)]/d² · ν/(ν+2), exact for Ω proportional to a projection.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
    fit : LinearFit
    lost : float
        As of `calc_moran_of_panel`.

    Returns
    -------
    array, shape (T, 3).
    """
    n_periods, n_units = fit.residuals.shape
    share = 1.0 - 1.0 / n_periods if fit.entity_effects else 1.0
    traces = calc_form_traces(
        QuadraticForm(None, weights),
        (1, n_units),
        entity_effects=False,
        time_effects=fit.time_effects,
    )
    rank = float(n_units - (1 if fit.time_effects else 0))
    asymptotic = calc_plain_moments(traces, int(rank)).variance
    applied = QuadraticForm(None, weights).apply(fit.basis)
    cleared = within_transform(applied, entity_effects=False, time_effects=fit.time_effects)
    scale = n_units / float(weights.sum())
    rows = np.empty((n_periods, 3))
    lagged = spatial_lag(weights, fit.residuals)
    for t in range(n_periods):
        basis = fit.basis[t] / np.sqrt(share)
        moved = cleared[t] / np.sqrt(share)
        gram, inner = basis.T @ basis, basis.T @ moved
        d = rank - float(np.trace(gram))
        dd = rank - 2.0 * float(np.trace(gram)) + float((gram**2).sum())
        k = traces.linear - float(np.trace(inner))
        kk = traces.square - 2.0 * float((moved**2).sum()) + float((inner**2).sum())
        kd = traces.linear - 2.0 * float(np.trace(inner)) + float((inner * gram).sum())
        ratio, free = k / d, d**2 / dd
        mean = ratio - 2.0 * (kd - ratio * dd) / d**2
        variance = 2.0 * (kk - 2.0 * ratio * kd + ratio**2 * dd) * free / (free + 2.0)
        e = fit.residuals[t]
        deviation = np.sqrt(_remaining(variance, lost, asymptotic)) / d
        rows[t] = float(e @ lagged[t]) / float(e @ e), mean, deviation
    rows *= scale
    return rows


def calc_residual_slopes(
    weights: SparseMatrix,
    parameters: dict[str, float],
    error_weights: SparseMatrix,
    *,
    remove_mean: bool,
) -> Array:
    """How one period's e'We/σ², given e'e, moves with the spatial parameters.

    Residuals of A(ρ) and B(λ) have ∂e/∂ρ = -Dε, D = BWA⁻¹B⁻¹, and ∂e/∂λ = -Dε, D = MB⁻¹, apart from
    parts of mean zero. So the slope is -[tr(WD) + tr(W'D) - 2 tr(W) tr(D)/N], which is also the
    covariance of the score of a spatial error with that of the parameter.

    Parameters
    ----------
    weights : sparse array, shape (N, N)
        W.
    parameters : dict
        Values by name, ``rho``, ``lambda`` or both; others count as zero.
    error_weights : sparse array, shape (N, N)
        M.
    remove_mean : bool
        Replace W and D by JWJ and JDJ, J = I - ιι'/N: period effects.

    Returns
    -------
    array, shape of ``parameters``.
    """
    n_units = weights.shape[0]
    identity = sparse.eye_array(n_units)
    lag_filter = sparse.csc_array(identity - parameters.get("rho", 0.0) * weights)
    error_filter = sparse.csc_array(identity - parameters.get("lambda", 0.0) * error_weights)
    solve_lag = sparse_linalg.splu(lag_filter).solve
    solve_error = sparse_linalg.splu(error_filter).solve

    def of_rho(values: Array) -> Array:
        moved: Array = error_filter @ (weights @ solve_lag(solve_error(values)))
        return moved

    def of_lambda(values: Array) -> Array:
        moved: Array = error_weights @ solve_error(values)
        return moved

    operators = {"rho": of_rho, "lambda": of_lambda}
    return np.array(
        [_slope_along(weights, operators[name], remove_mean=remove_mean) for name in parameters]
    )


def serial_correlation(results: SpatialPanelResults) -> list[SpecificationTest]:
    """Tests of first-order serial correlation of the residuals within units.

    Parameters
    ----------
    results : SpatialPanelResults

    Returns
    -------
    list of SpecificationTest
        LM (centred): Σ e_it e_i,t-1 with its exact mean (about -σ²N(1 - 1/T) with unit effects) and
        variance, so that unit effects do not look like negative correlation (Baltagi & Li 1995,
        J. Econometrics 68:133-151, is the uncentred one). HR: robust to variances that differ
        between units and periods, see `calc_hr`; needs at least 4 periods and unit effects or
        none, as it removes unit means by itself.

    Raises
    ------
    PanelSizeError
        With fewer than 4 periods.
    """
    if results.n_periods < LEAST_PERIODS_OF_SERIAL_TESTS:
        raise PanelSizeError(
            f"tests of serial correlation need at least {LEAST_PERIODS_OF_SERIAL_TESTS} periods, "
            f"got {results.n_periods}"
        )
    null = "no serial correlation"
    statistic = calc_serial_lm(linear_fit_of(results))
    without = not results.specification.scheme.entity_effects
    note = "without unit effects it also answers to differences between units" if without else ""
    return [
        normal_test("serial correlation LM", null, statistic, form="centred", note=note),
        normal_test("serial correlation HR", null, calc_hr(results.estimate.residuals)),
    ]


def calc_serial_lm(fit: LinearFit) -> float:
    """Σ_it e_it e_i,t-1 less its mean, over its standard deviation, both exact under normality."""
    n_periods = fit.residuals.shape[0]
    form = QuadraticForm(np.eye(n_periods, k=-1), None)
    score, variance = calc_score(form, fit.traces(form), fit, centred=True)
    return score / float(np.sqrt(variance))


def calc_hr(residuals: Array) -> float:
    """Heteroskedasticity-robust test of serial correlation with fixed effects.

    With z_i = Σ_{t=3}^{T-1} f_it b_i,t-1, f_it = e_it - mean(e_it, …, e_iT) and
    b_i,t-1 = e_i,t-1 - mean(e_i1, …, e_i,t-1), the statistic is Σz_i/√(Σz_i² - (Σz_i)²/N). Forward
    and backward means share no period, so E(z_i) = 0 without serial correlation whatever the unit
    effects and the variances (Born & Breitung 2016, Econometric Reviews 35:1290-1316, HR).

    Parameters
    ----------
    residuals : array, shape (T, N)

    Returns
    -------
    float, standard normal for large N.

    Raises
    ------
    PanelSizeError
        With fewer than 4 periods.
    """
    n_periods, n_units = residuals.shape
    if n_periods < 4:
        raise PanelSizeError(
            f"the HR test of serial correlation needs at least 4 periods, got {n_periods}"
        )
    counts = np.arange(1, n_periods + 1)[:, None]
    backward = residuals - np.cumsum(residuals, axis=0) / counts
    forward = residuals - (np.cumsum(residuals[::-1], axis=0) / counts)[::-1]
    products = (forward[2:-1] * backward[1:-2]).sum(axis=0)
    spread = (products**2).sum() - products.sum() ** 2 / n_units
    return float(products.sum() / np.sqrt(spread))


def variance_inflation(panel: SpatialPanel) -> pd.DataFrame:
    """Variance inflation of the regressors, spatially lagged ones too, with the effects removed.

    1/(1 - R²_k), R²_k of regressor k on all others and the effects: what counts for the standard
    errors of the panel, and not the factor of the levels.

    Parameters
    ----------
    panel : SpatialPanel

    Returns
    -------
    DataFrame, index regressors without an intercept, columns ``vif`` and ``r2``.
    """
    arrays = panel.arrays
    varying = np.ptp(arrays.z, axis=(0, 1)) > 0.0
    cleared = within_transform(
        arrays.z[:, :, varying],
        entity_effects=panel.entity_effects,
        time_effects=panel.time_effects,
    )
    cleared = cleared - cleared.mean(axis=(0, 1))
    factors = calc_variance_inflation(_columns(cleared))
    names = [name for name, keep in zip(arrays.names, varying, strict=True) if keep]
    return pd.DataFrame(
        {"vif": factors, "r2": 1.0 - 1.0 / factors}, index=pd.Index(names, name="regressor")
    )


def calc_variance_inflation(columns: Array) -> Array:
    """x_k'x_k [(X'X)⁻¹]_kk for columns of mean zero, by QR.

    Parameters
    ----------
    columns : array, shape (n, K)

    Returns
    -------
    array, shape (K,), at least 1.
    """
    lengths = np.linalg.norm(columns, axis=0)
    (triangle,) = linalg.qr(columns / lengths, mode="r", check_finite=False)
    square = triangle[: columns.shape[1]]
    inverse = linalg.solve_triangular(square, np.eye(columns.shape[1]), check_finite=False)
    factors: Array = (inverse**2).sum(axis=1)
    return factors


def baltagi_song_koh(
    panel: SpatialPanel, form: Literal["centred", "plain"] = "centred"
) -> list[SpecificationTest]:
    """LM tests of random unit effects and spatial error correlation.

    The model is y = Zδ + μ + u, u_t = λMu_t + ε_t, with random unit effects μ; period effects of
    the panel stay fixed, its unit effects are what is tested. An intercept is added where there are
    no period effects. M is ``error_weights``, or the weights of the panel.

    Parameters
    ----------
    panel : SpatialPanel
    form : {"centred", "plain"}
        ``centred``: exact mean and variance (the standardised versions); ``plain``: asymptotic.

    Returns
    -------
    list of SpecificationTest
        LM1 of σ²_μ = 0 given λ = 0 (one-sided normal); LM2 of λ = 0 given σ²_μ = 0; LM joint
        (LM1² + LM2², χ²(2)); LM-H = (LM1 + LM2)/√2 against σ²_μ > 0 and λ > 0 (one-sided normal);
        LM lambda of λ = 0 whatever σ²_μ; LM mu of σ²_μ = 0 whatever λ (one-sided normal).

    Raises
    ------
    SpecificationError
        For an unknown form.
    RowSumsError
        With period effects and rows of M that have different sums.

    References
    ----------
    Baltagi, Song & Koh (2003), J. Econometrics 117:123-150, sections 2 and 3.
    """
    check_choice("form", form, ("centred", "plain"))
    centred = form == "centred"
    pooled = _pooled_model(panel)
    arrays, effects = pooled.arrays, {"entity_effects": False, "time_effects": panel.time_effects}
    n_periods = arrays.n_periods
    fit = fit_linear_model(arrays.y, arrays.z, **effects)
    effect_form = QuadraticForm(np.ones((n_periods, n_periods)), None)
    lm1 = _standardise(calc_score(effect_form, fit.traces(effect_form), fit, centred=centred))
    error_form = QuadraticForm(None, arrays.weights)
    lm2 = _standardise(calc_score(error_form, fit.traces(error_form), fit, centred=centred))
    conditional_lambda = calc_conditional_lambda(
        arrays.y, arrays.z, arrays.weights, time_effects=panel.time_effects, centred=centred
    )
    error_fit = pooled.fit("transform")
    conditional_mu = calc_conditional_mu(
        arrays.y,
        arrays.z,
        arrays.weights,
        error_fit.lam,
        float(error_fit.std_errors["lambda"]) ** 2,
        time_effects=panel.time_effects,
        centred=centred,
    )
    return [
        _one_sided("BSK LM1", "no unit effects (lambda = 0)", lm1, form),
        normal_test("BSK LM2", "lambda = 0 (no unit effects)", lm2, form=form),
        chi2_test("BSK LM joint", "no unit effects, lambda = 0", lm1**2 + lm2**2, 2, form=form),
        _one_sided("BSK LM-H", "no unit effects, lambda = 0", (lm1 + lm2) / np.sqrt(2.0), form),
        normal_test(
            "BSK LM lambda", "lambda = 0, unit effects or not", conditional_lambda, form=form
        ),
        _one_sided("BSK LM mu", "no unit effects, any lambda", conditional_mu, form),
    ]


def calc_conditional_lambda(
    y: Array, z: Array, weights: SparseMatrix, *, time_effects: bool, centred: bool
) -> float:
    """Score test of λ = 0 with random unit effects, standard normal.

    With φ² = σ²_ε/(Tσ²_μ + σ²_ε), e = Ω^-½ û of the random-effects maximum likelihood and
    K = (φ² J̄_T + E_T) ⊗ (W + W')/2, J̄_T the averaging over time and E_T = I - J̄_T, the statistic is
    e'Ke/σ², over its standard deviation √{[(T-1) + φ⁴] tr(WW + W'W)} (Baltagi, Song & Koh 2003,
    section 2.3; their LM_λ is its square).

    Parameters
    ----------
    y : array, shape (T, N)
    z : array, shape (T, N, P)
    weights : sparse array, shape (N, N)
    time_effects, centred : bool

    Returns
    -------
    float
    """
    ratio = calc_variance_ratio(y, z, time_effects=time_effects)
    fit = _quasi_demeaned_fit(y, z, ratio, time_effects=time_effects)
    n_periods = y.shape[0]
    mean = np.full((n_periods, n_periods), 1.0 / n_periods)
    form = QuadraticForm(ratio * mean + np.eye(n_periods) - mean, weights)
    return _standardise(calc_score(form, fit.traces(form), fit, centred=centred))


def calc_conditional_mu(
    y: Array,
    z: Array,
    weights: SparseMatrix,
    lam: float,
    lam_variance: float,
    *,
    time_effects: bool,
    centred: bool,
) -> float:
    """Score test of no random unit effects with a spatial error, standard normal.

    With B = I - λW, e = Bû of the spatial error maximum likelihood and K = ιι' ⊗ BB', e'Ke/σ² has
    the mean T tr(B'B) and moves with λ by -2T[tr(W'B) - tr(B'B) tr(G)/N], G = WB⁻¹; the square of
    that slope times var(λ̂) is what estimating λ takes from its variance (Baltagi, Song & Koh 2003,
    section 2.4, in the form of one ratio of quadratic forms). With period effects W, B and G are
    those of F'WF.

    Parameters
    ----------
    y : array, shape (T, N)
    z : array, shape (T, N, P)
    weights : sparse array, shape (N, N)
        Rows of equal sums where there are period effects.
    lam, lam_variance : float
        Estimate and its variance.
    time_effects, centred : bool

    Returns
    -------
    float
    """
    n_periods, n_units = y.shape
    fit = fit_linear_model(
        y - lam * spatial_lag(weights, y),
        z - lam * spatial_lag(weights, z),
        entity_effects=False,
        time_effects=time_effects,
    )
    spatial_filter = sparse.csr_array(sparse.eye_array(n_units) - lam * weights)
    form = QuadraticForm(
        np.ones((n_periods, n_periods)), sparse.csr_array(spatial_filter @ spatial_filter.T)
    )
    traces = fit.traces(form)
    score, variance = calc_score(form, traces, fit, centred=centred)
    asymptotic = calc_plain_moments(traces, fit.n_without_effects).variance
    trace, _, crossed = _factor_traces(weights, n_units, remove_mean=time_effects)
    units = n_units - (1 if time_effects else 0)
    squares = units - 2.0 * lam * trace + lam**2 * crossed
    solve = sparse_linalg.splu(sparse.csc_array(spatial_filter)).solve
    trace_g = _projected_trace(
        n_units, lambda values: weights @ solve(values), remove_mean=time_effects
    )
    slope = 2.0 * n_periods * (trace - lam * crossed - squares * trace_g / units)
    return score / float(np.sqrt(_remaining(variance, slope**2 * lam_variance, asymptotic)))


def calc_variance_ratio(y: Array, z: Array, *, time_effects: bool) -> float:
    """φ² = σ²_ε/(Tσ²_μ + σ²_ε) of the random-effects model by maximum likelihood, 0 < φ² ≤ 1.

    Generalised least squares and φ² = Σ_it(û_it - ū_i)²/[(T-1) T Σ_i ū_i²] in turns climb the
    likelihood (Breusch 1987, J. Econometrics 36:383-389), from the within and from the pooled
    estimator; the higher end is taken. Where ū has too little variance φ² is 1.

    Parameters
    ----------
    y : array, shape (T, N)
    z : array, shape (T, N, P)
    time_effects : bool
        Fixed period effects.

    Returns
    -------
    float

    Raises
    ------
    ConvergenceError
        If the turns do not settle.
    """
    ends = [_climb(y, z, start, time_effects=time_effects) for start in (SMALL_RATIO, 1.0)]
    return max(ends, key=lambda end: end[1])[0]


def linear_fit_of(results: SpatialPanelResults) -> LinearFit:
    """Innovations of a fit and its regressors, filtered by I - λM where there is a λ."""
    arrays, scheme = results.arrays, results.specification.scheme
    z = arrays.z
    if results.lam != 0.0:
        weights = arrays.weights if arrays.error_weights is None else arrays.error_weights
        z = z - results.lam * spatial_lag(weights, z)
    fit = fit_linear_model(
        arrays.y, z, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    )
    return replace(fit, residuals=results.estimate.residuals)


def _lm_table(statistics: LMStatistics, form: str, note: str) -> list[SpecificationTest]:
    rows = zip(LM_NAMES, LM_NULLS, statistics.values(), strict=True)
    return [chi2_test(name, null, value, 1, form=form, note=note) for name, null, value in rows]


def _combine_scores(
    lag: float, error: float, lag_variance: float, error_variance: float, covariance: float
) -> LMStatistics:
    """The four statistics from both scores and their covariance matrix."""
    on_error, on_lag = covariance / error_variance, covariance / lag_variance
    return LMStatistics(
        lag=lag**2 / lag_variance,
        error=error**2 / error_variance,
        robust_lag=(lag - on_error * error) ** 2 / (lag_variance - on_error * covariance),
        robust_error=(error - on_lag * lag) ** 2 / (error_variance - on_lag * covariance),
    )


def _standardise(score: tuple[float, float]) -> float:
    return score[0] / float(np.sqrt(score[1]))


def _one_sided(name: str, null: str, statistic: float, form: str) -> SpecificationTest:
    """A normal statistic that speaks against the null where it is large and positive."""
    return SpecificationTest(
        name=name,
        null=null,
        statistic=statistic,
        df=None,
        p_value=float(special.ndtr(-statistic)),
        distribution="normal",
        form=form,
        note="one-sided",
    )


def _remaining(variance: float, lost: float, asymptotic: float) -> float:
    """Variance that is left once parameters are estimated: the share of the asymptotic ones.

    Both ``lost`` and ``asymptotic`` come from one information matrix, so the share is positive;
    the difference to a variance of finite samples need not be.
    """
    if lost >= asymptotic:
        raise BoundaryError(
            "estimating the spatial parameters leaves the quadratic form of the residuals no "
            "variance; they are too weakly identified for this test"
        )
    return variance * (1.0 - lost / asymptotic)


def _standardise_series(residuals: Array) -> Array:
    """Series of every unit with mean 0 and length 1."""
    centred = residuals - residuals.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=0)
    if not lengths.all():
        raise PanelSizeError(
            f"the residuals of {int((lengths == 0.0).sum())} units do not vary over time; their "
            "correlation with other units does not exist"
        )
    return np.asarray(centred / lengths, dtype=np.float64)


def _signed_cd(series: Array, signs: Array) -> float:
    """Σ_g √(2T/(N(N-1))) Σ_{i<j} s_gi s_gj r_ij / √G, with Σ_{i<j} = (|Σ_i s_i z_i|² - N)/2."""
    n_periods, n_units = series.shape
    pairs = (((series @ signs.T) ** 2).sum(axis=0) - n_units) / 2.0
    scale = np.sqrt(2.0 * n_periods / (n_units * (n_units - 1.0)))
    return float(scale * pairs.sum() / np.sqrt(signs.shape[0]))


def _slope_along(
    weights: SparseMatrix, operator: Callable[[Array], Array], *, remove_mean: bool
) -> float:
    """-[tr(WD) + tr(W'D) - 2 tr(W) tr(D)/N] for the operator D, deflated on request."""
    n_units = weights.shape[0]
    symmetric = sparse.csc_array(weights + weights.T)
    trace_w = float(weights.diagonal().sum())
    product = trace_d = 0.0
    for columns, image in _image_blocks(n_units, operator):
        product += float(symmetric[:, columns].multiply(image).sum())
        trace_d += float(image[columns, np.arange(columns.size)].sum())
    units = float(n_units)
    if remove_mean:
        ones = np.ones(n_units)
        spread = np.asarray(symmetric @ ones)
        image = operator(np.column_stack([ones, spread]))
        totals = image.sum(axis=0)
        product += (
            -(float(spread @ image[:, 0]) + float(totals[1])) / n_units
            + float(spread.sum()) * float(totals[0]) / n_units**2
        )
        trace_d -= float(totals[0]) / n_units
        trace_w -= float(weights.sum()) / n_units
        units -= 1.0
    return -(product - 2.0 * trace_w * trace_d / units)


def _projected_trace(
    n_units: int, operator: Callable[[Array], Array], *, remove_mean: bool
) -> float:
    """tr(D), or tr(JD) with J = I - ιι'/N."""
    trace = sum(
        float(image[columns, np.arange(columns.size)].sum())
        for columns, image in _image_blocks(n_units, operator)
    )
    if remove_mean:
        trace -= float(operator(np.ones((n_units, 1))).sum()) / n_units
    return trace


def _image_blocks(
    n_units: int, operator: Callable[[Array], Array]
) -> Iterator[tuple[NDArray[np.intp], Array]]:
    """Columns of D, a block at a time."""
    for start in range(0, n_units, BLOCK):
        columns = np.arange(start, min(start + BLOCK, n_units))
        unit_vectors = np.zeros((n_units, columns.size))
        unit_vectors[columns, np.arange(columns.size)] = 1.0
        yield columns, operator(unit_vectors)


def _pooled_model(panel: SpatialPanel) -> SpatialPanel:
    """Spatial error model of the panel without unit effects, with an intercept where needed."""
    arrays = panel.arrays
    z, names = arrays.z, arrays.names
    constant = (np.ptp(z, axis=(0, 1)) == 0.0).any()
    if not panel.time_effects and not constant:
        z = np.concatenate([np.ones((*z.shape[:2], 1)), z], axis=2)
        names = (INTERCEPT, *names)
    shift = len(names) - len(arrays.names)
    weights = arrays.weights if arrays.error_weights is None else arrays.error_weights
    pooled = replace(
        arrays,
        z=z,
        names=names,
        weights=weights,
        error_weights=None,
        lagged_y=spatial_lag(weights, arrays.y),
        beta_positions=tuple(position + shift for position in arrays.beta_positions),
        theta_positions=tuple(
            position + shift if position >= 0 else -1 for position in arrays.theta_positions
        ),
    )
    return type(panel).from_arrays(
        pooled,
        model="sem",
        entity_effects=False,
        time_effects=panel.time_effects,
        spectrum=panel.spectrum if arrays.error_weights is None else None,
    )


def _quasi_demeaned_fit(y: Array, z: Array, ratio: float, *, time_effects: bool) -> LinearFit:
    """Least squares of v_it - (1 - φ) v̄_i, the random-effects generalised least squares."""
    share = 1.0 - np.sqrt(ratio)
    return fit_linear_model(
        y - share * y.mean(axis=0),
        z - share * z.mean(axis=0),
        entity_effects=False,
        time_effects=time_effects,
    )


def _climb(y: Array, z: Array, start: float, *, time_effects: bool) -> tuple[float, float]:
    """End of the turns of least squares and φ², and its concentrated log-likelihood."""
    n_periods = y.shape[0]
    ratio = start
    for _ in range(VARIANCE_ROUNDS):
        share = 1.0 - np.sqrt(ratio)
        fit = _quasi_demeaned_fit(y, z, ratio, time_effects=time_effects)
        between = n_periods * float((fit.residuals.mean(axis=0) ** 2).sum()) / (1.0 - share) ** 2
        within = float((fit.residuals**2).sum()) - between * (1.0 - share) ** 2
        proposed = min(1.0, within / ((n_periods - 1) * between))
        if abs(proposed - ratio) <= VARIANCE_TOLERANCE * ratio:
            units = fit.n_without_effects / n_periods
            total = within + proposed * between
            loglik = 0.5 * units * np.log(proposed) - 0.5 * fit.n_without_effects * np.log(total)
            return proposed, float(loglik)
        ratio = proposed
    raise ConvergenceError(
        f"the variance of random unit effects did not settle in {VARIANCE_ROUNDS} rounds; the "
        "last share of the unit effects was "
        f"{1.0 - ratio:.6g}"
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
