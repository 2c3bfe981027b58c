"""Joint covariance of the estimates of several equations on the same units and periods."""

from __future__ import annotations

import warnings
from collections.abc import Collection, Mapping
from itertools import combinations, combinations_with_replacement

import numpy as np
import pandas as pd
from scipy import linalg

from .covariance import (
    EquationScore,
    calc_cross_covariance,
    calc_equation_score,
    without_negative_variances,
)
from .errors import (
    BoundaryError,
    ClippedCovarianceWarning,
    SpecificationError,
    caller_level,
    check_choice,
    enumerate_names,
)
from .model import SpatialPanel
from .results import SpatialPanelResults
from .within import Array, describe_effects

# Types with a score whose covariance with that of another equation is known.
JOINT_TYPES = ("oim", "qml", "serial", "clustered")
# Eigenvalues of a correlation matrix of estimates, about 1, that are rounding below zero.
NEGATIVE_ROUNDING = 1e-9


def joint_covariance(
    fits: Mapping[str, SpatialPanelResults],
    cov_type: str = "serial",
    groups: Collection[Collection[str]] | None = None,
) -> pd.DataFrame:
    """Covariance of all parameters of several equations, whose errors may be correlated.

    V = H⁻¹SH⁻¹ with H the block diagonal of the information matrices and S the covariance of the
    stacked scores. These are linear-quadratic forms in the errors (see `score`), so with errors
    that are independent over units and Cov(ε_a,i, ε_b,i) = Σ_ab over time, Σ̃_ab = QΣ_abQ,

        S_pq = [Σ_i b_pi'Σ_ab b_qi + tr(Σ̃_abΣ̃_ab'){tr(P_pP_q) + tr(P_p'P_q)}
                + κ_ab Σ_i P_p,iiP_q,ii]/(σ_a²σ_b²).

    ``oim`` takes Σ_ab = σ_ab I and κ_ab = 0; without spatial parameters that is the covariance of
    seemingly unrelated regressions estimated one by one. The equations may differ in everything but
    the sample and the fixed effects: model, regressors, lags, weights.

    Parameters
    ----------
    fits : mapping of names to SpatialPanelResults
        On the same units and periods, with the same effects and kind of estimator (transform, or
        direct).
    cov_type : {"oim", "qml", "serial", "clustered"}
        What is assumed of the errors, as of `SpatialPanel.fit`, of all equations together. The
        covariance the fits were made with plays no part.
    groups : collection of collections of names, optional
        Sets of equations whose errors may be correlated; blocks between them are zero, and an
        equation in none of them stands alone. Default: all equations are one set.

    Returns
    -------
    DataFrame, index and columns (equation, parameter). Blocks on the diagonal are
    ``fit.with_covariance(cov_type).cov``; NaN where a parameter has a negative variance.

    Warns
    -----
    ClippedCovarianceWarning
        If an estimate is not positive semi-definite (``serial`` and ``qml`` need not be). Negative
        eigenvalues of its correlation matrix are then set to zero, and variances kept.
    IndefiniteCovarianceWarning
        If a parameter has a negative variance (very small panels).

    Raises
    ------
    BoundaryError
        If an estimate is at the boundary; the equations are named.
    SpecificationError
        If samples, effects or estimators differ, a type or group is unknown, or two equations
        have spatial parameters and too many units for dense matrices.

    References
    ----------
    Zellner (1962), J. Am. Stat. Assoc. 57:348-368. Kelejian & Prucha (2004), J. Econometrics
    118:27-50, on systems of spatial equations. Own derivation.
    """
    check_choice("cov_type", cov_type, JOINT_TYPES)
    _check_fits(fits)
    sets = _read_groups(list(fits), groups)
    names = {name: fit.param_names for name, fit in fits.items()}
    index = pd.MultiIndex.from_tuples(
        [(equation, name) for equation, listed in names.items() for name in listed],
        names=["equation", "parameter"],
    )
    ends = np.cumsum([len(listed) for listed in names.values()])
    starts = ends - [len(listed) for listed in names.values()]
    places = {
        name: np.arange(start, end) for name, start, end in zip(fits, starts, ends, strict=True)
    }
    joint = np.zeros((len(index), len(index)))
    for members in sets:
        rows = np.concatenate([places[name] for name in members])
        block = calc_joint_covariance([fits[name] for name in members], cov_type)
        labels = [f"{equation}.{name}" for equation in members for name in names[equation]]
        block = without_negative_variances(block, labels, cov_type)
        joint[np.ix_(rows, rows)] = _semidefinite(block, members, cov_type)
    return pd.DataFrame(joint, index=index, columns=index)


def calc_joint_covariance(fits: Collection[SpatialPanelResults], cov_type: str) -> Array:
    """The estimate of `joint_covariance` for equations that may all be correlated.

    Parameters
    ----------
    fits : collection of SpatialPanelResults
    cov_type : str

    Returns
    -------
    array, shape (P, P), symmetric; not always positive semi-definite.
    """
    spatial = [bool(fit.estimate.spatial_values) for fit in fits]
    crossed = sum(spatial) > 1
    scores = [_score_of(fit, cov_type, crossed=crossed) for fit in fits]
    ends = np.cumsum([score.parts.size for score in scores])
    places = [slice(end - score.parts.size, end) for score, end in zip(scores, ends, strict=True)]
    joint = np.empty((ends[-1], ends[-1]))
    for i, j in combinations_with_replacement(range(len(scores)), 2):
        block = calc_cross_covariance(scores[i], scores[j])
        joint[places[i], places[j]], joint[places[j], places[i]] = block, block.T
    return joint


def _score_of(fit: SpatialPanelResults, cov_type: str, *, crossed: bool) -> EquationScore:
    panel = SpatialPanel.from_results(fit)
    return calc_equation_score(
        panel, fit.estimate, fit.specification.scheme, cov_type, crossed=crossed
    )


def _semidefinite(covariance: Array, equations: Collection[str], cov_type: str) -> Array:
    """The covariance without negative eigenvalues, those of its correlation matrix clipped."""
    present = np.isfinite(np.diag(covariance))
    scale = np.sqrt(np.diag(covariance)[present])
    block = np.ix_(present, present)
    values, vectors = linalg.eigh(covariance[block] / np.outer(scale, scale))
    if values.min(initial=0.0) >= -NEGATIVE_ROUNDING:
        return covariance
    warnings.warn(
        f"cov_type={cov_type!r} gives the equations {enumerate_names(equations)} a joint "
        f"covariance with {int((values < -NEGATIVE_ROUNDING).sum())} negative eigenvalues, the "
        f"smallest {values.min():.3g} where their mean is 1; they are set to zero and the "
        "variances kept. More units per period, or cov_type='oim' or 'clustered', avoid it",
        ClippedCovarianceWarning,
        stacklevel=caller_level(),
    )
    kept = vectors * np.sqrt(np.maximum(values, 0.0))
    kept *= (scale / np.sqrt((kept**2).sum(axis=1)))[:, None]
    clipped = covariance.copy()
    clipped[block] = kept @ kept.T
    return clipped


def _read_groups(
    names: list[str], groups: Collection[Collection[str]] | None
) -> list[tuple[str, ...]]:
    """Disjoint sets that cover all equations, in the order of the equations."""
    if groups is None:
        return [tuple(names)]
    if isinstance(groups, str) or any(isinstance(group, str) for group in groups):
        raise SpecificationError(
            f"groups must be a list of lists of equations, got {groups!r}; one group of all "
            "equations is groups=None"
        )
    grouped = [name for group in groups for name in group]
    unknown = [name for name in grouped if name not in names]
    if unknown:
        raise SpecificationError(
            f"groups name {enumerate_names(unknown)}, which is no equation; those are "
            f"{enumerate_names(names)}"
        )
    twice = sorted({name for name in grouped if grouped.count(name) > 1})
    if twice:
        raise SpecificationError(f"{enumerate_names(twice)} is in groups more than once")
    alone = [(name,) for name in names if name not in grouped]
    return [tuple(name for name in names if name in group) for group in groups if group] + alone


def _check_fits(fits: Mapping[str, SpatialPanelResults]) -> None:
    """Refuse what has no joint covariance, and name the equations."""
    if not isinstance(fits, Mapping):
        raise SpecificationError(
            f"fits must be a mapping of names to results, such as {{'m': fit_m, 'y': fit_y}}, got "
            f"a {type(fits).__name__}"
        )
    if not fits:
        raise SpecificationError("there are no equations; give a mapping of names to fits")
    for name, fit in fits.items():
        if not isinstance(fit, SpatialPanelResults):
            raise SpecificationError(
                f"equation {name!r} is a {type(fit).__name__}; a joint covariance is that of "
                "results of SpatialPanel"
            )
    at_boundary = [name for name, fit in fits.items() if fit.at_boundary]
    if at_boundary:
        raise BoundaryError(
            f"the estimate of {enumerate_names(at_boundary)} is at the edge of the admissible "
            "interval, where there is no covariance"
        )
    for first, second in combinations(fits, 2):
        _check_pair((first, fits[first]), (second, fits[second]))


def _check_pair(
    first: tuple[str, SpatialPanelResults], second: tuple[str, SpatialPanelResults]
) -> None:
    pair = f"equations {first[0]!r} and {second[0]!r}"
    arrays = first[1].arrays, second[1].arrays
    for what, one, other in (
        ("units", arrays[0].units, arrays[1].units),
        ("periods", arrays[0].periods, arrays[1].periods),
    ):
        if not one.equals(other):
            differences = one.difference(other), other.difference(one)
            missing = [
                f"only {name!r} has {enumerate_names(only)}"
                for (name, _), only in zip((first, second), differences, strict=True)
                if len(only)
            ]
            raise SpecificationError(
                f"{pair} have different {what} ({'; '.join(missing)}); a joint covariance needs "
                "the errors of the same units in the same periods. Fit both on what they share"
            )
    schemes = first[1].specification.scheme, second[1].specification.scheme
    if schemes[0] != schemes[1]:
        described = [
            f"{name!r} {fit.specification.estimator} with "
            f"{describe_effects(scheme.entity_effects, scheme.time_effects)}"
            for (name, fit), scheme in zip((first, second), schemes, strict=True)
        ]
        raise SpecificationError(
            f"{pair} are estimated with different effects or estimators ({', '.join(described)}); "
            "a joint covariance needs the same of both"
        )
