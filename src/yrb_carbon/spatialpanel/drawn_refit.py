"""Estimates of a spatial panel on drawn outcomes with drawn regressors, and without a period.

In a system of equations the outcome of one is a regressor of another: a draw of the system then
changes regressors as well as the outcome. The regressors that stay are partialled out once for all
draws (Frisch & Waugh 1933, Econometrica 1:387-401); what is left is one small least squares problem
a draw, and the likelihood profile of `bootstrap_refit`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

import numpy as np

from .bootstrap_refit import (
    InverseFilter,
    LagProfile,
    Moments,
    Refits,
    calc_estimates,
    calc_moments,
    estimated_together,
    filter_weights,
    fit_panels,
    remove_effects,
)
from .errors import SpecificationError
from .model import SpatialPanel
from .results import SpatialPanelResults
from .subsample import take_periods
from .within import Array, spatial_lag, stack


def draw_outcomes(
    results: SpatialPanelResults, innovations: Array, shifts: Mapping[int, Array] | None = None
) -> Array:
    """Outcomes through the reduced form of a fit, for drawn innovations and shifted regressors.

    y*_t = y_t + (I - ρ̂W)⁻¹[(Z*_t - Z_t)δ̂ + (I - λ̂M)⁻¹(e*_t - e_t)],  e the residuals of the fit.

    Parameters
    ----------
    results : SpatialPanelResults
    innovations : array, shape (T, N, b)
        e* of b draws.
    shifts : mapping of int to array, shape (T, N, b), optional
        Z* - Z of the columns of ``arrays.z`` that are drawn.

    Returns
    -------
    array, shape (T, N, b), in the unit of the outcome.
    """
    lag, error = InverseFilter.of_lag(results), InverseFilter.of_error(results)
    change = error.apply(innovations - results.estimate.residuals[:, :, None])
    for column, shift in (shifts or {}).items():
        change = change + results.estimate.delta[column] * shift
    outcomes: Array = results.arrays.y[:, :, None] + lag.apply(change)
    return outcomes


def refit_drawn(
    results: SpatialPanelResults, outcome: Array, regressors: Mapping[int, Array] | None = None
) -> Refits:
    """Estimate the model of ``results`` on drawn outcomes and drawn regressors.

    All draws together for ols, slx, sar and sdm, and for sem and sdem if no regressor is drawn (see
    `bootstrap_refit.estimated_together`); one fit after the other for the rest.

    Parameters
    ----------
    results : SpatialPanelResults
        With the model, the estimator, and the regressors that are not drawn.
    outcome : array, shape (T, N, b)
        y* of b draws.
    regressors : mapping of int to array, shape (T, N, b), optional
        Drawn columns of ``arrays.z``; a lagged regressor is a column of its own.

    Returns
    -------
    Refits

    Raises
    ------
    SpecificationError
        If a column does not exist or a shape is not that of the outcome.
    """
    drawn = dict(sorted((regressors or {}).items()))
    _check_drawn(results, outcome, drawn)
    together = estimated_together(results)
    if drawn and results.specification.spatial_names == ("lambda",):
        together = False
    if not together:
        return fit_panels(_drawn_panels(results, outcome, drawn), results.specification.estimator)
    scheme = results.specification.scheme
    weights, _ = filter_weights(results)
    targets = [outcome]
    if results.specification.spatial_names:
        targets.append(spatial_lag(weights, outcome))
    projected = [stack(remove_effects(target, scheme)) for target in targets]
    if not drawn:
        lagged = projected[1] if len(projected) > 1 else None
        return calc_estimates(results, calc_moments(results, projected[0], lagged))
    columns = {k: stack(remove_effects(values, scheme)) for k, values in drawn.items()}
    return calc_estimates(results, _partial_moments(results, projected, columns))


def without_period(results: SpatialPanelResults, period: int) -> SpatialPanel:
    """The model of a fit on all periods but one, for jackknives.

    Lags over space are those of the fit; the log-determinant is shared.

    Parameters
    ----------
    results : SpatialPanelResults
    period : int
        Position in ``arrays.periods``.

    Returns
    -------
    SpatialPanel
    """
    specification = results.specification
    kept = np.flatnonzero(np.arange(results.n_periods) != period)
    return SpatialPanel.from_arrays(
        take_periods(results.arrays, kept),
        model=specification.model,
        entity_effects=specification.scheme.entity_effects,
        time_effects=specification.scheme.time_effects,
        spectrum=results.spectrum,
        error_spectrum=results.error_spectrum,
    )


def _check_drawn(
    results: SpatialPanelResults, outcome: Array, regressors: Mapping[int, Array]
) -> None:
    shape = results.arrays.y.shape
    if outcome.ndim != 3 or outcome.shape[:2] != shape or not outcome.shape[2]:
        raise SpecificationError(
            f"drawn outcomes must be ({shape[0]}, {shape[1]}, draws), got {outcome.shape}"
        )
    n_columns = len(results.arrays.names)
    for column, values in regressors.items():
        if not 0 <= column < n_columns:
            raise SpecificationError(
                f"drawn regressors must be columns 0 to {n_columns - 1} of the fit, got {column}"
            )
        if values.shape != outcome.shape:
            raise SpecificationError(
                f"the drawn regressor {results.arrays.names[column]!r} must be of the shape "
                f"{outcome.shape} of the outcomes, got {values.shape}"
            )


def _drawn_panels(
    results: SpatialPanelResults, outcome: Array, regressors: Mapping[int, Array]
) -> Iterator[SpatialPanel]:
    arrays = results.arrays
    panel = SpatialPanel.from_results(results)
    for draw in range(outcome.shape[2]):
        y = np.ascontiguousarray(outcome[:, :, draw])
        if not regressors:
            yield panel.with_dependent(y)
            continue
        z = arrays.z.copy()
        for column, values in regressors.items():
            z[:, :, column] = values[:, :, draw]
        yield SpatialPanel.from_arrays(
            replace(arrays, y=y, lagged_y=spatial_lag(arrays.weights, y), z=z),
            model=panel.model,
            entity_effects=panel.entity_effects,
            time_effects=panel.time_effects,
            spectrum=results.spectrum,
            error_spectrum=results.error_spectrum,
        )


def _partial_moments(
    results: SpatialPanelResults, targets: list[Array], regressors: Mapping[int, Array]
) -> Moments:
    """Moments where some columns of Z are drawn; targets and regressors (n, b), effects removed.

    With M the projection off the columns that stay, the coefficients c of the drawn ones D are
    those of My on MD, the coefficients of the others those of y - Dc.
    """
    positions = list(regressors)
    n_columns = len(results.arrays.names)
    staying = [k for k in range(n_columns) if k not in regressors]
    z = stack(remove_effects(results.arrays.z, results.specification.scheme))
    q, r = np.linalg.qr(z[:, staying])
    # (b, columns, n): the products of a draw are then one small matrix product each.
    values = np.ascontiguousarray(np.moveaxis(np.stack([*regressors.values(), *targets]), 2, 0))
    loadings = values @ q
    values -= loadings @ q.T
    size = len(positions)
    left, right = values[:, :size], values[:, size:]
    drawn = _solve_least_squares(left, right)
    residuals = right - np.matmul(np.swapaxes(drawn, 1, 2), left)
    rest = loadings[:, size:] - np.matmul(np.swapaxes(drawn, 1, 2), loadings[:, :size])
    coefficients = np.empty((len(values), len(targets), n_columns))
    coefficients[:, :, positions] = np.swapaxes(drawn, 1, 2)
    solved = np.linalg.solve(r, np.swapaxes(rest, 1, 2))
    coefficients[:, :, staying] = np.swapaxes(solved, 1, 2)
    e0 = residuals[:, 0]
    moments = Moments(
        base=coefficients[:, 0],
        lag_base=np.zeros_like(coefficients[:, 0]),
        sums=np.einsum("bn,bn->b", e0, e0),
        profile=None,
    )
    if len(targets) == 1:
        return moments
    return replace(
        moments, lag_base=coefficients[:, 1], profile=LagProfile.of(e0.T, residuals[:, 1].T)
    )


def _solve_least_squares(regressors: Array, targets: Array) -> Array:
    """Coefficients (b, d, m) of targets (b, m, n) on regressors (b, d, n), draw by draw."""
    gram = np.matmul(regressors, np.swapaxes(regressors, 1, 2))
    # Columns of unit length keep regressors of different units from hurting the condition.
    length = np.sqrt(np.einsum("bii->bi", gram))
    scaled = gram / (length[:, :, None] * length[:, None, :])
    cross = np.matmul(regressors, np.swapaxes(targets, 1, 2)) / length[:, :, None]
    solution: Array = np.linalg.solve(scaled, cross) / length[:, :, None]
    return solution
