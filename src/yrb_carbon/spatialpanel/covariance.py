"""Covariances of the estimates: which there are, what they assume, and their sandwich form."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from scipy import linalg

from .errors import (
    IndefiniteCovarianceWarning,
    SingularInformationError,
    caller_level,
    enumerate_names,
)
from .likelihood import EffectScheme, Estimate
from .score import (
    ClusteredScore,
    QmlScore,
    ScoreParts,
    SerialScore,
    calc_cross_clustered_meat,
    calc_cross_information,
    calc_cross_qml_meat,
    calc_cross_quadratic,
    calc_cross_serial_meat,
    calc_information,
    estimate_error_covariance,
    invert_information,
)
from .within import Array

if TYPE_CHECKING:
    from .model import SpatialPanel

CovarianceType = Literal["oim", "hessian", "qml", "serial", "clustered"]

# What each assumes of the errors, as tables print it.
ASSUMPTIONS: dict[str, str] = {
    "oim": "inverse information matrix; errors normal, independent over units and time",
    "hessian": "inverse observed Hessian; errors normal, independent over units and time",
    "qml": "sandwich; errors independent over units and time, of any distribution",
    "serial": (
        "sandwich of the linear-quadratic score; errors of a unit correlated over time in any "
        "way, of any symmetric distribution, alike for all units; for all parameters"
    ),
    "clustered": (
        "sandwich of the linear-quadratic score clustered by unit; errors of a unit correlated "
        "over time and of any variance; for all parameters (but rho itself is inconsistent where "
        "variances differ between units)"
    ),
}
# Units up to which the diagonals of P, wanted for errors that are not normal, are formed exactly.
DIAGONAL_LIMIT = 1000


def calc_covariance(
    panel: SpatialPanel, estimate: Estimate, scheme: EffectScheme, cov_type: str
) -> tuple[Array, float]:
    """Covariance of (δ, ρ, λ, σ²) at an estimate, and the error of the information behind it.

    Parameters
    ----------
    panel : SpatialPanel
    estimate : Estimate
    scheme : EffectScheme
    cov_type : str
        One of `ASSUMPTIONS`.

    Returns
    -------
    array, shape (P, P); NaN for an estimate at the boundary, and for a parameter whose variance
    comes out negative. And the standard error of the
    information of the spatial parameter relative to itself; 0 unless random probes estimate it.

    Warns
    -----
    IndefiniteCovarianceWarning
        If a sandwich gives a parameter a negative variance (very small panels).

    Raises
    ------
    SingularInformationError
        If the information matrix is singular: parameters are not identified.
    SpecificationError
        If the panel is too large for the type.
    """
    size = estimate.delta.size + len(estimate.spatial_values) + 1
    if estimate.at_boundary:
        return np.full((size, size), np.nan), 0.0
    if cov_type == "hessian":
        matrix, error = _invert(calc_observed_information(panel, estimate, scheme)), 0.0
    else:
        score = calc_equation_score(panel, estimate, scheme, cov_type)
        matrix, error = calc_cross_covariance(score, score), score.information_error
    names = [*panel.arrays.names, *panel.spatial_names, "sigma2"]
    return without_negative_variances(matrix, names, cov_type), error


def without_negative_variances(matrix: Array, names: Sequence[str], cov_type: str) -> Array:
    """The covariance with NaN, and a warning, for parameters of negative variance.

    Parameters
    ----------
    matrix : array, shape (P, P)
    names : sequence of str, length P
    cov_type : str

    Returns
    -------
    array, shape (P, P).
    """
    negative = np.diag(matrix) <= 0.0
    if not negative.any():
        return matrix
    warnings.warn(
        f"cov_type={cov_type!r} gives {enumerate_names(np.array(names)[negative])} a negative "
        "variance; there is no standard error. The panel is too small for this covariance, use "
        "cov_type='oim' or 'clustered'",
        IndefiniteCovarianceWarning,
        stacklevel=caller_level(),
    )
    cleaned = matrix.copy()
    cleaned[negative] = cleaned[:, negative] = np.nan
    return cleaned


@dataclass(frozen=True, slots=True)
class EquationScore:
    """What the covariance of one equation's estimates, and that with another's, is made of.

    Attributes
    ----------
    parts : ScoreParts
    bread : array, shape (P, P)
        Inverse information matrix.
    information_error : float
        Its error, as `calc_covariance` has it.
    matrices : tuple of array, shape (N, N)
        P of the spatial parameters, where another equation or the type needs them.
    terms : SerialScore, ClusteredScore, QmlScore or None
        What the type needs besides; None for ``oim``.
    """

    parts: ScoreParts
    bread: Array
    information_error: float
    matrices: tuple[Array, ...]
    terms: SerialScore | ClusteredScore | QmlScore | None


def calc_equation_score(
    panel: SpatialPanel,
    estimate: Estimate,
    scheme: EffectScheme,
    cov_type: str,
    *,
    crossed: bool = False,
) -> EquationScore:
    """The parts of a covariance at an interior estimate.

    Parameters
    ----------
    panel : SpatialPanel
    estimate : Estimate
    scheme : EffectScheme
    cov_type : {"oim", "qml", "serial", "clustered"}
    crossed : bool
        Whether the quadratic forms meet those of another equation, for which the dense P are
        needed whatever the type.

    Returns
    -------
    EquationScore

    Raises
    ------
    SingularInformationError
        If the information matrix is singular.
    SpecificationError
        If the panel is too large for what is asked.
    """
    parts = panel.score_parts(estimate, scheme)
    information = calc_information(parts)
    bread = _invert(information)
    place = parts.quadratic_positions[0]
    error = parts.jacobian_periods * parts.quadratic_error / float(information[place, place])
    matrices: tuple[Array, ...] = ()
    few_units = panel.arrays.n_units <= DIAGONAL_LIMIT
    if crossed or cov_type in {"clustered", "qml"} or (cov_type == "serial" and few_units):
        what = f"cov_type={cov_type!r}" + (" of several equations" if crossed else "")
        matrices = tuple(panel.quadratic_matrices(estimate, scheme, what=what))
    units = scheme.effective_units_of_effects(panel.arrays.n_units)
    terms: SerialScore | ClusteredScore | QmlScore | None = None
    if cov_type == "serial":
        diagonals = None
        if matrices and few_units:
            diagonals = np.column_stack([np.diag(matrix) for matrix in matrices])
        terms = SerialScore.of(parts, units, diagonals)
    elif cov_type == "clustered":
        terms = ClusteredScore.of(parts, matrices, units)
    elif cov_type == "qml":
        terms = QmlScore.of(parts, matrices, panel.entity_effects, panel.time_effects)
    return EquationScore(parts, bread, error, matrices, terms)


def calc_cross_covariance(first: EquationScore, second: EquationScore) -> Array:
    """Covariance H_a⁻¹S_abH_b⁻¹ of the estimates of two equations, of one if both are the same.

    Parameters
    ----------
    first, second : EquationScore
        Of the same units, periods, effects and type of covariance.

    Returns
    -------
    array, shape (P_a, P_b).
    """
    same = first is second
    if same and first.terms is None:
        return first.bread
    if isinstance(first.terms, ClusteredScore) and isinstance(second.terms, ClusteredScore):
        return _sandwich(first, calc_cross_clustered_meat(first.terms, second.terms), second)
    quadratic = (
        first.parts.quadratic
        if same
        else calc_cross_quadratic(first.parts, second.parts, first.matrices, second.matrices)
    )
    if isinstance(first.terms, SerialScore) and isinstance(second.terms, SerialScore):
        meat = calc_cross_serial_meat(first.terms, second.terms, quadratic)
        return _sandwich(first, meat, second)
    covariance = estimate_error_covariance(first.parts, second.parts)
    if isinstance(first.terms, QmlScore) and isinstance(second.terms, QmlScore):
        meat = calc_cross_qml_meat(first.terms, second.terms, quadratic, covariance)
    else:
        meat = calc_cross_information(first.parts, second.parts, quadratic, covariance)
    return _sandwich(first, meat, second)


def calc_observed_information(
    panel: SpatialPanel, estimate: Estimate, scheme: EffectScheme
) -> Array:
    """Minus the Hessian of the log-likelihood at an estimate, by its exact second derivatives.

    With e the innovations and e_a, e_ab their derivatives: (e_a'e_b + e'e_ab)/σ² and, for ρ and
    λ, J tr(GG) and J tr(HH).

    Parameters
    ----------
    panel : SpatialPanel
    estimate : Estimate
    scheme : EffectScheme

    Returns
    -------
    array, shape (P, P).
    """
    arrays, sigma2, e = panel.arrays, estimate.sigma2, estimate.residuals.ravel()
    periods = scheme.jacobian_periods(arrays.n_periods)
    z = panel.filtered_regressors(estimate)
    columns = [z]
    if estimate.rho is not None:
        columns.append(panel.filter_and_project(arrays.lagged_y, estimate.lam)[:, :, None])
    k, count = estimate.delta.size, len(estimate.spatial_values)
    if estimate.lam is not None:
        structural = arrays.y - arrays.z @ estimate.delta - (estimate.rho or 0.0) * arrays.lagged_y
        columns.append(panel.project_error_lag(structural, estimate.lam)[:, :, None])
    slopes = np.concatenate(columns, axis=2).reshape(e.size, -1)
    hessian = np.zeros((k + count + 1, k + count + 1))
    hessian[:-1, :-1] = slopes.T @ slopes / sigma2
    if estimate.lam is not None:
        twice = [panel.project_error_lag(arrays.z, estimate.lam).reshape(e.size, -1).T @ e]
        if estimate.rho is not None:
            twice.append(
                np.array([panel.project_error_lag(arrays.lagged_y, estimate.lam).ravel() @ e])
            )
        cross = np.concatenate(twice) / sigma2
        hessian[: cross.size, -2] += cross
        hessian[-2, : cross.size] += cross
    logdets = []
    if estimate.rho is not None:
        logdets.append((panel.logdet_of("rho", scheme), estimate.rho))
    if estimate.lam is not None:
        logdets.append((panel.logdet_of("lambda", scheme), estimate.lam))
    for offset, (logdet, value) in enumerate(logdets):
        hessian[k + offset, k + offset] += periods * logdet.trace_gg(value)
    gains = slopes.T @ e / sigma2**2
    hessian[:-1, -1] = hessian[-1, :-1] = gains
    n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
    hessian[-1, -1] = float(e @ e) / sigma2**3 - n_effective / (2.0 * sigma2**2)
    return hessian


def _sandwich(first: EquationScore, meat: Array, second: EquationScore) -> Array:
    covariance: Array = first.bread @ meat @ second.bread
    return (covariance + covariance.T) / 2.0 if first is second else covariance


def _invert(information: Array) -> Array:
    diagonal = np.diag(information)
    if (diagonal > 0.0).all() and np.isfinite(information).all():
        try:
            return invert_information(information)
        except linalg.LinAlgError:
            pass
    raise SingularInformationError(
        "the information matrix is not positive definite: the data do not identify every "
        "parameter, or the estimate is no maximum of the likelihood (direct_bc with "
        "cov_type='hessian'). Use fewer regressors or lags, cov_type='oim', or, with a spatial lag "
        "and a spatial error, drop one of the two or give error_weights of their own"
    )
