"""Errors and warnings of the estimator library.

Every class derives from `SpatialPanelError`, so one ``except`` catches what this library refuses,
and from `ValueError`, so that callers who know nothing of the library still catch it.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable
from pathlib import Path

LIBRARY = str(Path(__file__).parent)


class SpatialPanelError(ValueError):
    """Base of everything this library refuses."""


class SpecificationError(SpatialPanelError):
    """An unknown model, estimator, covariance or inference, or names that do not fit together."""


class PanelIndexError(SpatialPanelError):
    """The data do not carry a usable (unit, year) index."""


class UnbalancedPanelError(SpatialPanelError):
    """Some unit-years are missing; a spatial lag needs every neighbour in every year."""


class MissingValueError(SpatialPanelError):
    """NaN or infinite values in the dependent variable or the regressors."""


class PanelSizeError(SpatialPanelError):
    """Too few units, periods or degrees of freedom for the model asked for."""


class RegressorError(SpatialPanelError):
    """The regressors do not identify their coefficients."""


class AbsorbedRegressorError(RegressorError):
    """A regressor does not vary once the fixed effects (or the intercept) are removed."""


class CollinearRegressorError(RegressorError):
    """A regressor is a linear combination of others once the fixed effects are removed."""


class PerfectFitError(SpatialPanelError):
    """The regressors and effects fit the dependent variable without residual."""


class LogDeterminantWarning(UserWarning):
    """The log-determinant of a large matrix could not be made as exact as wanted."""


class WeightsError(SpatialPanelError):
    """The spatial weights cannot be used."""


class WeightsAlignmentError(WeightsError):
    """The units of the weights and of the panel are not the same."""


class WeightsDiagonalError(WeightsError):
    """A unit is its own neighbour."""


class NegativeWeightsError(WeightsError):
    """A weight is negative."""


class IslandError(WeightsError):
    """A unit has no neighbours, so its spatial lag does not exist."""


class RowSumsError(WeightsError):
    """The estimator needs weights whose rows all have the same sum."""


class WeightsEigenvalueError(WeightsError):
    """The iteration for an extreme eigenvalue of the weights did not converge."""


class UniformWeightsError(WeightsError):
    """The weights link every unit to all others alike, which time effects absorb."""


class BoundaryError(SpatialPanelError):
    """Effects or standard errors were asked of an estimate at the edge of the parameter space."""


class FailedDrawsWarning(UserWarning):
    """Some draws of a bootstrap could not be estimated and are left out."""


class BoundaryWarning(UserWarning):
    """The likelihood peaks at or beyond the edge of the admissible interval."""


class ConvergenceError(SpatialPanelError):
    """The search for the highest point of the likelihood did not end."""


class SingularInformationError(SpatialPanelError):
    """The information matrix is singular: some parameters are not identified."""


class FlatLikelihoodWarning(UserWarning):
    """The likelihood hardly depends on a spatial parameter: the data do not tell its value."""


class MultipleModesWarning(UserWarning):
    """The likelihood has more than one local maximum of nearly the same height."""


class FewDrawsWarning(UserWarning):
    """There are too few draws for the quantiles that an interval takes of them."""


class IdentificationWarning(UserWarning):
    """The parameters of the model are identified weakly, or by functional form only."""


class IndefiniteCovarianceWarning(UserWarning):
    """A covariance estimate has a negative variance: its kernel is not positive semi-definite."""


class ClippedCovarianceWarning(IndefiniteCovarianceWarning):
    """A joint covariance was not positive semi-definite and was moved to one that is."""


class RestrictionError(SpatialPanelError):
    """A linear restriction could not be read."""


class UnderidentifiedError(RegressorError):
    """There are fewer independent instruments than endogenous regressors."""


class InadmissibleEstimateWarning(BoundaryWarning):
    """An estimate without a bound, by moments, lies outside of the admissible interval."""


class DroppedInstrumentWarning(UserWarning):
    """An instrument is absorbed by the effects or a linear combination of others."""


class HausmanUndefinedError(SpatialPanelError):
    """The covariance difference of the Hausman statistic is not positive definite."""


class GroupingError(SpatialPanelError):
    """Groups of units or periods that do not fit the panel, or hold too little to be estimated."""


class PeriodGapError(PanelIndexError):
    """The periods are not consecutive, so a time lag would not be that of the period before."""


class UnstableError(SpatialPanelError):
    """Long-run effects were asked of a dynamic model that does not return to an equilibrium."""


class UnstableWarning(UserWarning):
    """The estimated dynamic model is not stable; it has no long-run effects."""


class FormulaError(SpecificationError):
    """A formula could not be read, or names what the data do not have."""


class StoredResultsError(SpatialPanelError):
    """Stored results cannot be read: another version, a broken file, or an unknown type."""


def enumerate_names(names: Iterable[object], limit: int = 8) -> str:
    """Names for an error message, cut after ``limit`` with the number left out."""
    listed = [str(name) for name in names]
    shown = ", ".join(listed[:limit])
    return shown if len(listed) <= limit else f"{shown} and {len(listed) - limit} more"


def check_choice(what: str, value: object, allowed: Iterable[str]) -> None:
    """Refuse a value that is not among those allowed, and list them."""
    choices = list(allowed)
    if value not in choices:
        raise SpecificationError(f"{what} must be one of {', '.join(choices)}, got {value!r}")


def caller_level(library: str = LIBRARY) -> int:
    """``stacklevel`` of a warning that points at the code which called into a library.

    Parameters
    ----------
    library : str
        Folder of the library; default this one.
    """
    level, frame = 1, sys._getframe(1)
    while frame.f_back is not None and frame.f_code.co_filename.startswith(library):
        level, frame = level + 1, frame.f_back
    return level
