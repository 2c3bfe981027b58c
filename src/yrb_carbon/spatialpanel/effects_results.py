"""Direct, indirect and total effects of a fit with their inference."""

from __future__ import annotations

from dataclasses import dataclass, field
from numbers import Real
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from scipy import linalg, special

from .effects import calc_effect_gradients, calc_effects, calc_multipliers, draw_parameters
from .errors import BoundaryError, SingularInformationError, SpecificationError
from .randomness import check_draws
from .tables import EFFECTS, TIDY_COLUMNS, MaketablesHooks, html_notes, html_table, text_table
from .within import Array

if TYPE_CHECKING:
    from .align import PanelArrays
    from .results import SpatialPanelResults

DEFAULT_LEVEL = 0.95


def normal_p_values(statistics: Array) -> Array:
    """Two-sided p-values of standard normal statistics."""
    p_values: Array = 2.0 * special.ndtr(-np.abs(statistics))
    return p_values


def calc_draw_p_values(draws: Array) -> Array:
    """2·min over the two sides of (draws beyond 0 + 1)/(R + 1), at most 1; axis 0 is the draws.

    R draws cannot tell a p-value below 2/(R + 1). NaN where the draws are NaN.
    """
    beyond = np.minimum((draws >= 0.0).sum(axis=0), (draws <= 0.0).sum(axis=0))
    p_values: Array = np.minimum(2.0 * (beyond + 1.0) / (len(draws) + 1.0), 1.0)
    return np.where(np.isnan(draws).any(axis=0), np.nan, p_values)


def check_level(level: float) -> None:
    """Refuse a level that is no number in (0, 1)."""
    # Every real scalar of numpy is a Real; an array or a text is not.
    if not (isinstance(level, Real) and 0.0 < level < 1.0):
        raise SpecificationError(
            f"level must be between 0 and 1, such as {DEFAULT_LEVEL}, got {level!r}"
        )


def normal_quantile(level: float) -> float:
    """Half-width in standard errors of a two-sided normal interval, level in (0, 1)."""
    check_level(level)
    return float(special.ndtri(0.5 + level / 2.0))


@dataclass(frozen=True, slots=True, repr=False)
class EffectsResults(MaketablesHooks):
    """Direct, indirect and total effects with their inference.

    Attributes
    ----------
    equation : str
        Dependent variable.
    variables : tuple of str, length K
    estimates : array, shape (K, 3)
        At the parameter estimates: direct, indirect, total.
    covariance : array, shape (3K, 3K)
        Variable-major.
    inference : {"delta", "simulation"}
    draws : array, shape (R, K, 3), or None
        Simulated effects that were kept.
    n_draws, n_discarded : int
        Draws made, and draws with ρ outside the admissible interval.
    trace_errors : array, shape (K,), or None
        Standard errors of the direct effects over the random probes by which tr(G) was estimated
        (``logdet="trace"``); those of the indirect effects are the same, totals are exact. None
        where tr(G) is exact. They come on top of ``covariance``.
    """

    equation: str
    variables: tuple[str, ...]
    estimates: Array
    covariance: Array
    inference: str
    draws: Array | None
    n_draws: int
    n_discarded: int
    trace_errors: Array | None = field(default=None, kw_only=True)

    @property
    def params(self) -> pd.DataFrame:
        """Estimates, index regressors, columns direct, indirect, total."""
        return self._frame(self.estimates)

    @property
    def direct(self) -> pd.Series[float]:
        """tr(S)/N by regressor."""
        return self.params["direct"]

    @property
    def indirect(self) -> pd.Series[float]:
        """total - direct by regressor."""
        return self.params["indirect"]

    @property
    def total(self) -> pd.Series[float]:
        """ι'Sι/N by regressor."""
        return self.params["total"]

    @property
    def std_errors(self) -> pd.DataFrame:
        """Standard errors; for simulation the standard deviations of the draws.

        Where ρ can come near 1 the draws of indirect and total effects have no standard deviation,
        and what a finite number of them shows is chance: take the intervals, or ``delta``.
        """
        return self._frame(self._std_errors())

    @property
    def tstats(self) -> pd.DataFrame:
        """Estimate over standard error; NaN where the effect is zero by construction."""
        return self._frame(self._statistics())

    @property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided p-values: normal for delta, `calc_draw_p_values` for simulation."""
        return self._frame(self._p_values())

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of all effects, both axes (regressor, quantity)."""
        labels = pd.MultiIndex.from_product([self.variables, EFFECTS], names=["term", "quantity"])
        return pd.DataFrame(self.covariance, index=labels, columns=labels)

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Confidence intervals: normal for delta, percentiles of the draws for simulation.

        Returns
        -------
        DataFrame, index (term, quantity), columns lower, upper.
        """
        if self.draws is None:
            half = normal_quantile(level) * self._std_errors()
            lower, upper = self.estimates - half, self.estimates + half
        else:
            check_level(level)
            tail = (1.0 - level) / 2.0
            lower, upper = np.quantile(self.draws, [tail, 1.0 - tail], axis=0)
        labels = pd.MultiIndex.from_product([self.variables, EFFECTS], names=["term", "quantity"])
        return pd.DataFrame({"lower": lower.ravel(), "upper": upper.ravel()}, index=labels)

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """One effect a row, with columns `TIDY_COLUMNS`."""
        intervals = self.conf_int(level)
        return pd.DataFrame(
            {
                "equation": self.equation,
                "quantity": list(EFFECTS) * len(self.variables),
                "term": np.repeat(np.array(self.variables, dtype=object), len(EFFECTS)),
                "estimate": self.estimates.ravel(),
                "std_error": self._std_errors().ravel(),
                "statistic": self._statistics().ravel(),
                "p_value": self._p_values().ravel(),
                "ci_lower": intervals["lower"].to_numpy(),
                "ci_upper": intervals["upper"].to_numpy(),
                "inference": self.inference,
            },
            columns=list(TIDY_COLUMNS),
        )

    @property
    def summary(self) -> str:
        """The effects as text."""
        return f"{self._caption}\n\n{text_table(self.table())}\n\n{self._note}"

    def table(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Estimates and inference, index (term, quantity)."""
        table = self.tidy(level).set_index(["term", "quantity"])
        return table.drop(columns=["equation", "inference"])

    def __repr__(self) -> str:
        return f"<EffectsResults of {len(self.variables)} regressors, {self.inference}>"

    def _repr_html_(self) -> str:
        return html_table(self.table(), self._caption) + html_notes([self._note])

    @property
    def _caption(self) -> str:
        return f"Effects on {self.equation}"

    @property
    def _note(self) -> str:
        note = f"Inference: {self.inference}"
        if self.draws is not None:
            note += f", {self.n_draws} draws, {self.n_discarded} discarded as not stable"
        if self.trace_errors is not None:
            note += (
                ". tr(G) estimated by random probes: direct and indirect effects have a further "
                f"standard error of up to {self.trace_errors.max():.2g}, which is not in the table"
            )
        return note

    def _frame(self, values: Array) -> pd.DataFrame:
        return pd.DataFrame(values, index=list(self.variables), columns=list(EFFECTS))

    def _std_errors(self) -> Array:
        variances: Array = np.maximum(np.diag(self.covariance), 0.0)
        return np.sqrt(variances).reshape(self.estimates.shape)

    def _statistics(self) -> Array:
        std_errors = self._std_errors()
        return np.divide(
            self.estimates,
            std_errors,
            out=np.full_like(self.estimates, np.nan),
            where=std_errors > 0.0,
        )

    def _p_values(self) -> Array:
        statistics = self._statistics()
        if self.draws is None:
            return normal_p_values(statistics)
        return np.where(np.isnan(statistics), np.nan, calc_draw_p_values(self.draws))


def pick_coefficients(arrays: PanelArrays, delta: Array) -> tuple[Array, Array]:
    """β and θ from the last axis of ``delta``; θ is zero for regressors without a lag."""
    beta = delta[..., list(arrays.beta_positions)]
    positions = np.array(arrays.theta_positions)
    theta = np.where(positions >= 0, delta[..., np.maximum(positions, 0)], 0.0)
    return beta, theta


def beta_theta(results: SpatialPanelResults, delta: Array) -> tuple[Array, Array]:
    """The same for the arrays of a fit."""
    return pick_coefficients(results.arrays, delta)


def point_effects(results: SpatialPanelResults) -> Array:
    """Effects at the estimates, shape (K, 3)."""
    rho = np.array([results.rho])
    effects: Array = effects_at(results, results.estimate.delta[None, :], rho)[0]
    return effects


def effects_at(results: SpatialPanelResults, delta: Array, rho: Array) -> Array:
    """Effects of the model of a fit at many parameter values.

    Parameters
    ----------
    results : SpatialPanelResults
    delta : array, shape (R, P)
        Coefficients in the order of those of the fit.
    rho : array, shape (R,)
        Inside of the admissible interval.

    Returns
    -------
    array, shape (R, K, 3): direct, indirect, total.
    """
    beta, theta = beta_theta(results, delta)
    multipliers = calc_multipliers(rho, results.arrays.weights, results.spectrum)
    return calc_effects(beta, theta, rho, multipliers)


def refitted_effects(results: SpatialPanelResults, values: Array) -> Array:
    """Effects at re-estimates (R, P) of all parameters of a fit, shape (R, K, 3)."""
    size = results.estimate.delta.size
    rho = np.zeros(len(values)) if results.estimate.rho is None else values[:, size]
    return effects_at(results, values[:, :size], rho)


def calc_trace_errors(results: SpatialPanelResults) -> Array | None:
    """|ρβ + θ| times the standard error of g = tr(G)/N, shape (K,); None where g is exact."""
    beta, theta = beta_theta(results, results.estimate.delta)
    return scale_trace_error(results, beta, theta)


def scale_trace_error(results: SpatialPanelResults, beta: Array, theta: Array) -> Array | None:
    """The same for given coefficients, in their shape."""
    error = results.spectrum.full.error(results.rho).trace_g / results.n_units
    if error == 0.0:
        return None
    errors: Array = np.abs(results.rho * beta + theta) * error
    return errors


def spread_gradients(results: SpatialPanelResults, gradients: Array) -> Array:
    """Derivatives in β_k, θ_k, ρ placed where the parameters are.

    Parameters
    ----------
    results : SpatialPanelResults
    gradients : array, shape (K, Q, 3)
        Of Q quantities of every regressor.

    Returns
    -------
    array, shape (K·Q, P), regressor-major.
    """
    n_variables, n_quantities, _ = gradients.shape
    jacobian = np.zeros((n_variables * n_quantities, results.covariance.shape[0]))
    arrays = results.arrays
    for k, (own, lagged) in enumerate(
        zip(arrays.beta_positions, arrays.theta_positions, strict=True)
    ):
        rows = slice(n_quantities * k, n_quantities * (k + 1))
        jacobian[rows, own] = gradients[k, :, 0]
        if lagged >= 0:
            jacobian[rows, lagged] = gradients[k, :, 1]
        if results.estimate.rho is not None:
            jacobian[rows, results.estimate.delta.size] = gradients[k, :, 2]
    return jacobian


def effects_by_delta(results: SpatialPanelResults) -> EffectsResults:
    """Effects with standard errors by exact derivatives."""
    beta, theta = beta_theta(results, results.estimate.delta)
    multipliers = calc_multipliers(results.rho, results.arrays.weights, results.spectrum)
    jacobian = spread_gradients(
        results, calc_effect_gradients(beta, theta, results.rho, multipliers)
    )
    return EffectsResults(
        equation=results.arrays.dependent,
        variables=results.arrays.variables,
        estimates=point_effects(results),
        covariance=jacobian @ results.covariance @ jacobian.T,
        inference="delta",
        draws=None,
        n_draws=0,
        n_discarded=0,
        trace_errors=calc_trace_errors(results),
    )


@dataclass(frozen=True, slots=True)
class AdmissibleDraws:
    """Normal draws of the parameters of a fit whose ρ is admissible.

    Attributes
    ----------
    delta : array, shape (R, K)
    rho : array, shape (R,)
    n_draws, n_discarded : int
        Draws made, and draws with ρ outside the admissible interval, which are left out.
    """

    delta: Array
    rho: Array
    n_draws: int
    n_discarded: int


def draw_admissible(
    results: SpatialPanelResults, draws: int, seed: int | np.random.SeedSequence
) -> AdmissibleDraws:
    """Draws of (δ, ρ) from the asymptotic distribution of a fit; they depend on the seed alone.

    Raises
    ------
    SpecificationError
        If there are fewer than two draws.
    SingularInformationError
        If the covariance is not positive definite.
    BoundaryError
        If fewer than two draws of ρ are admissible.
    """
    check_draws(draws, "simulation")
    spatial = results.estimate.rho is not None
    size = results.estimate.delta.size + (1 if spatial else 0)
    # Drawn in alphabetic order of the names, so that the order of columns changes nothing.
    order = sorted(range(size), key=lambda position: results.param_names[position])
    drawn = np.empty((draws, size))
    values = np.array([float(value) for value in results.params], dtype=np.float64)
    try:
        drawn[:, order] = draw_parameters(
            values[order], results.covariance[np.ix_(order, order)], draws, seed
        )
    except linalg.LinAlgError as error:
        raise SingularInformationError(
            f"the {results.specification.cov_type} covariance of the parameters is not positive "
            "definite, so they cannot be drawn; use inference='delta' or another covariance"
        ) from error
    rho = drawn[:, -1] if spatial else np.zeros(draws)
    stable = (rho > results.spectrum.lower) & (rho < results.spectrum.upper)
    if stable.sum() < 2:
        raise BoundaryError(
            f"{draws - int(stable.sum())} of {draws} draws of rho are outside the "
            "admissible interval; the effects have no simulated distribution"
        )
    return AdmissibleDraws(
        delta=drawn[stable, : results.estimate.delta.size],
        rho=rho[stable],
        n_draws=draws,
        n_discarded=int(draws - stable.sum()),
    )


def effects_by_simulation(
    results: SpatialPanelResults, draws: int, seed: int | np.random.SeedSequence
) -> EffectsResults:
    """Effects with standard errors, intervals and p-values by normal draws of the parameters."""
    drawn = draw_admissible(results, draws, seed)
    simulated = effects_at(results, drawn.delta, drawn.rho)
    flat = simulated.reshape(simulated.shape[0], -1)
    return EffectsResults(
        equation=results.arrays.dependent,
        variables=results.arrays.variables,
        estimates=point_effects(results),
        covariance=np.atleast_2d(np.cov(flat, rowvar=False)),
        inference="simulation",
        draws=simulated,
        n_draws=drawn.n_draws,
        n_discarded=drawn.n_discarded,
        trace_errors=calc_trace_errors(results),
    )
