"""Fitted values, residuals and predictions of a spatial panel.

With A = I - ρW and the fixed effects α_it = μ_i + ξ_t + intercept recovered from the data:

============  =================================  ==============================
kind          fitted value                       y minus it
============  =================================  ==============================
reduced_form  A⁻¹(Zδ + α)                        A⁻¹u, u = (I - λM)⁻¹ε
trend         Zδ + α                             ρWy + u
structural    ρWy + Zδ + α                       u
============  =================================  ==============================

Only the reduced form predicts y from regressors and effects alone; the structural form takes the
neighbours' outcomes as known. All are in the unit of the dependent variable. They are the
trend-corrected, trend and trend-signal predictors of Goulard, Laurent & Thomas-Agnan (2017),
Spatial Economic Analysis 12:304-325.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

import numpy as np
import pandas as pd

from .align import INTERCEPT, LAG_PREFIX, align_regressors
from .errors import SpecificationError, check_choice, enumerate_names
from .simulate import apply_inverse_filter
from .within import Array, spatial_lag

if TYPE_CHECKING:
    from .results import SpatialPanelResults

FittedKind: TypeAlias = Literal["reduced_form", "trend", "structural"]
ResidualKind: TypeAlias = Literal["innovation", "structural", "reduced_form", "trend"]


def calc_disturbances(results: SpatialPanelResults) -> Array:
    """u = (I - λM)⁻¹ε with the fixed effects removed, shape (T, N)."""
    arrays = results.arrays
    weights = arrays.weights if arrays.error_weights is None else arrays.error_weights
    return apply_inverse_filter(weights, results.lam, results.estimate.residuals)


def calc_fitted(results: SpatialPanelResults, kind: str) -> Array:
    """Fitted values of one kind.

    Parameters
    ----------
    results : SpatialPanelResults
    kind : {"reduced_form", "trend", "structural"}

    Returns
    -------
    array, shape (T, N), in units of the dependent variable.
    """
    check_choice("kind", kind, get_args(FittedKind))
    arrays = results.arrays
    # Ay = Zδ + α + u, so what u leaves of y needs no effects computed one by one.
    structural = arrays.y - calc_disturbances(results)
    if kind == "structural":
        return structural
    trend: Array = structural - results.rho * arrays.lagged_y
    if kind == "trend":
        return trend
    return apply_inverse_filter(arrays.weights, results.rho, trend)


def calc_residuals(results: SpatialPanelResults, kind: str) -> Array:
    """Residuals of one kind: innovations ε, or y minus the fitted values of that kind.

    Parameters
    ----------
    results : SpatialPanelResults
    kind : {"innovation", "structural", "reduced_form", "trend"}

    Returns
    -------
    array, shape (T, N), in units of the dependent variable.
    """
    check_choice("kind", kind, get_args(ResidualKind))
    if kind == "innovation":
        return results.estimate.residuals
    residuals: Array = results.arrays.y - calc_fitted(results, kind)
    return residuals


def predict(results: SpatialPanelResults, exog: pd.DataFrame) -> pd.Series[Any]:
    """Reduced-form prediction A⁻¹(Zδ + α) for other values of the regressors.

    Parameters
    ----------
    results : SpatialPanelResults
    exog : DataFrame, index (unit, year)
        The regressors of the fit for every unit in every period named; one period will do. With
        time effects the periods must be among those of the fit.

    Returns
    -------
    Series on the index of ``exog``, in units of the dependent variable.

    Raises
    ------
    SpecificationError
        If ``exog`` is no DataFrame, regressors are absent or repeated, or a period has no time
        effect.
    WeightsAlignmentError, UnbalancedPanelError, MissingValueError, PanelIndexError
        If units or values are not as the fit needs them.
    """
    arrays = results.arrays
    own = [
        arrays.names[position]
        for position in range(len(arrays.names))
        if position not in arrays.theta_positions
    ]
    if not isinstance(exog, pd.DataFrame):
        raise SpecificationError(
            f"exog must be a DataFrame with the regressors {enumerate_names(own)} as columns and "
            f"the index (unit, year), got {type(exog).__name__}"
            + ("; use exog.to_frame()" if isinstance(exog, pd.Series) else "")
        )
    given = [str(column) for column in exog.columns]
    needed = [name for name in own if name != INTERCEPT or name in given]
    absent = [name for name in needed if name not in given]
    if absent:
        raise SpecificationError(
            f"exog lacks the regressors {enumerate_names(absent)}; the fit has "
            f"{enumerate_names(needed)}"
        )
    repeated = [name for name in needed if given.count(name) > 1]
    if repeated:
        raise SpecificationError(
            f"exog has several columns {enumerate_names(repeated)}; rename or drop all but one"
        )
    aligned = align_regressors(exog, needed, arrays.units)
    columns = {name: aligned.values[:, :, k] for k, name in enumerate(needed)}
    columns.setdefault(INTERCEPT, np.ones(aligned.values.shape[:2]))
    lagged = [
        name
        for name, place in zip(arrays.variables, arrays.theta_positions, strict=True)
        if place >= 0
    ]
    for name in lagged:
        columns[LAG_PREFIX + name] = spatial_lag(arrays.weights, columns[name])
    z = np.stack([columns[name] for name in arrays.names], axis=2)
    trend = z @ results.estimate.delta + _effects_of(results, aligned.periods)
    predicted = apply_inverse_filter(arrays.weights, results.rho, trend)
    return pd.Series(predicted.ravel()[aligned.positions], index=exog.index, name="prediction")


def _effects_of(results: SpatialPanelResults, periods: pd.Index) -> Array:
    """Fixed effects of all units in some periods, shape (periods, N)."""
    fixed = results.fixed_effects()
    unit: Array = np.asarray(fixed.unit, dtype=np.float64)
    by_unit = fixed.intercept + unit[None, :]
    if not results.specification.scheme.time_effects:
        return np.repeat(by_unit, len(periods), axis=0)
    unknown = periods.difference(results.arrays.periods)
    if len(unknown):
        raise SpecificationError(
            f"the fit has time effects but none for {enumerate_names(unknown)}; predict for its "
            "periods, or fit with time_effects=False"
        )
    time: Array = np.asarray(fixed.time.loc[periods], dtype=np.float64)
    return by_unit + time[:, None]


def calc_r2(results: SpatialPanelResults) -> dict[str, float]:
    """R² in four readings.

    ``within``: 1 - ε'ε/ỹ'ỹ, both with the fixed effects removed. ``correlation``: squared
    correlation of y and its reduced form, effects removed from both (Elhorst 2014, sec. 3.3.4).
    ``overall``: 1 - ε'ε/Σ(y - ȳ)², what the effects explain counted as explained. ``pseudo``:
    squared correlation of y and its reduced form with the effects left in. Those that need the
    reduced form are NaN where the likelihood peaks at the edge of the interval.

    Parameters
    ----------
    results : SpatialPanelResults

    Returns
    -------
    dict with the keys within, correlation, overall, pseudo.
    """
    y = results.arrays.y
    squares = float((results.estimate.residuals**2).sum())
    pseudo = float("nan")
    if not results.at_boundary:
        fitted = calc_fitted(results, "reduced_form")
        pseudo = float(np.corrcoef(y.ravel(), fitted.ravel())[0, 1] ** 2)
    return {
        "within": results.r2_within,
        "correlation": results.r2_corr,
        "overall": 1.0 - squares / float(((y - y.mean()) ** 2).sum()),
        "pseudo": pseudo,
    }
