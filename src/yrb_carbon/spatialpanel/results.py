"""Results of a fit: named estimates, effects, tests and tables."""

from __future__ import annotations

import html
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import pandas as pd
from scipy import special

from .align import PanelArrays
from .covariance import ASSUMPTIONS, CovarianceType
from .effects import (
    calc_effect_gradients,
    calc_effects,
    calc_multipliers,
    calc_unit_effects,
    draw_parameters,
)
from .errors import BoundaryError, SpecificationError
from .likelihood import EffectScheme, Estimate
from .logdet import WeightsSpectrum
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, within_transform

EFFECTS = ("direct", "indirect", "total")
DEFAULT_LEVEL = 0.95
TIDY_COLUMNS = (
    "equation",
    "quantity",
    "term",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "ci_lower",
    "ci_upper",
    "inference",
)


@dataclass(frozen=True, slots=True)
class Specification:
    """What was fitted and how.

    Attributes
    ----------
    model, estimator, cov_type : str
    scheme : EffectScheme
    spatial_names : tuple of str
        ``rho`` and ``lambda``, those that the model has.
    """

    model: str
    estimator: str
    cov_type: str
    scheme: EffectScheme
    spatial_names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class FixedEffects:
    """Fixed effects of a fit, in units of the dependent variable (before the spatial multiplier).

    Attributes
    ----------
    intercept : float
        Grand mean; zero without fixed effects, where it is a coefficient.
    unit, time : Series
        Deviations from the grand mean; zero where there are no such effects.
    """

    intercept: float
    unit: pd.Series[float]
    time: pd.Series[float]


@dataclass(frozen=True, slots=True, repr=False)
class SpatialPanelResults:
    """Estimates of a `SpatialPanel`.

    Inference is asymptotic: statistics are normal, with the covariance of
    ``specification.cov_type``. The default, the inverse information matrix, assumes innovations
    that are independent over time; look at `residual_ar1`, and at `with_covariance`.

    Attributes
    ----------
    specification : Specification
    arrays : PanelArrays
        The data in canonical order.
    spectrum, error_spectrum : WeightsSpectrum
        Of the weights and of the weights of the error (the same unless those are given).
    estimate : Estimate
        The numbers of the fit.
    covariance : array, shape (P, P)
        Of the parameters in the order of ``params``; NaN at the boundary.
    """

    specification: Specification
    arrays: PanelArrays
    spectrum: WeightsSpectrum
    error_spectrum: WeightsSpectrum
    estimate: Estimate
    covariance: Array

    @property
    def param_names(self) -> list[str]:
        """Regressors, lagged regressors (``W.name``), rho or lambda, sigma2."""
        return [*self.arrays.names, *self.specification.spatial_names, "sigma2"]

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by name."""
        return pd.Series(self._values(), index=self.param_names, name="parameter")

    @property
    def cov(self) -> pd.DataFrame:
        """Covariance of the estimates."""
        return pd.DataFrame(self.covariance, index=self.param_names, columns=self.param_names)

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors by name; NaN at the boundary."""
        return pd.Series(
            np.sqrt(np.diag(self.covariance)), index=self.param_names, name="std_error"
        )

    @property
    def tstats(self) -> pd.Series[float]:
        """Estimate over standard error, asymptotically standard normal under a zero."""
        return (self.params / self.std_errors).rename("tstat")

    @property
    def pvalues(self) -> pd.Series[float]:
        """Two-sided normal p-values."""
        p_values = normal_p_values(self._values() / np.sqrt(np.diag(self.covariance)))
        return pd.Series(p_values, index=self.param_names, name="pvalue")

    def with_covariance(self, cov_type: CovarianceType) -> SpatialPanelResults:
        """The same estimates with another covariance (see `SpatialPanel.fit`)."""
        from .model import SpatialPanel

        panel = SpatialPanel.from_results(self)
        return panel.results_of(self.estimate, self.specification.estimator, cov_type)

    def conf_int(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Normal confidence intervals, columns ``lower`` and ``upper``."""
        half = normal_quantile(level) * self.std_errors
        return pd.DataFrame({"lower": self.params - half, "upper": self.params + half})

    @property
    def rho(self) -> float:
        """Coefficient of Wy; 0 in models without one."""
        return 0.0 if self.estimate.rho is None else self.estimate.rho

    @property
    def lam(self) -> float:
        """Coefficient of Wu; 0 in models without one."""
        return 0.0 if self.estimate.lam is None else self.estimate.lam

    @property
    def sigma2(self) -> float:
        """Error variance e'e/n with n the observations of the likelihood (`n_effective`)."""
        return self.estimate.sigma2

    @property
    def loglik(self) -> float:
        """Log-likelihood at the estimates; of the transformed data for ``transform``.

        Compare it between models of one estimator and one set of effects only.
        """
        return self.estimate.loglik

    @property
    def at_boundary(self) -> bool:
        """Whether the likelihood peaks at or beyond the edge of the admissible interval."""
        return self.estimate.at_boundary

    @property
    def modes(self) -> pd.DataFrame:
        """Local maxima of the likelihood, the estimate first; columns rho, lambda, loglik.

        Where the difference in ``loglik`` is below about two the data hardly tell them apart.
        Those of models with one spatial parameter are given to the width of the scan.
        """
        estimate = self.estimate
        own = (estimate.rho, estimate.lam, estimate.loglik, estimate.at_boundary)
        others = [
            (mode.rho, mode.lam, mode.loglik, mode.at_boundary) for mode in estimate.other_modes
        ]
        table = pd.DataFrame([own, *others], columns=["rho", "lambda", "loglik", "at_boundary"])
        table[["rho", "lambda"]] = table[["rho", "lambda"]].astype(np.float64)
        return table.sort_values("loglik", ascending=False, kind="stable", ignore_index=True)

    @property
    def resids(self) -> pd.Series[float]:
        """Innovations with the fixed effects removed, on the index of the dependent variable."""
        return pd.Series(
            self.estimate.residuals.ravel()[self.arrays.positions],
            index=self.arrays.index,
            name="resid",
        )

    @property
    def n_units(self) -> int:
        """N."""
        return self.arrays.n_units

    @property
    def n_periods(self) -> int:
        """T."""
        return self.arrays.n_periods

    @property
    def nobs(self) -> int:
        """N·T."""
        return self.n_units * self.n_periods

    @property
    def n_effective(self) -> int:
        """Observations of the likelihood: NT, or N(T-1), (N-1)T, (N-1)(T-1) transformed."""
        return self.specification.scheme.n_effective(self.n_units, self.n_periods)

    @property
    def n_parameters(self) -> int:
        """Estimated parameters; fixed effects count where they are dummies (direct)."""
        scheme = self.specification.scheme
        dummies = 0 if scheme.transformed else scheme.n_absorbed(self.n_units, self.n_periods)
        return len(self.param_names) + dummies

    @property
    def aic(self) -> float:
        """Akaike criterion, -2 ln L + 2 `n_parameters`."""
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 ln L + ln(`n_effective`) `n_parameters`."""
        return -2.0 * self.loglik + float(np.log(self.n_effective)) * self.n_parameters

    @property
    def r2(self) -> float:
        """The same as `r2_within`."""
        return self.r2_within

    @property
    def r2_within(self) -> float:
        """1 - e'e/ỹ'ỹ, e the innovations, ỹ the outcome with the fixed effects removed.

        Without fixed effects ỹ is the deviation from the mean. What Wy (or Wu) explains counts as
        explained.
        """
        residuals = self.estimate.residuals
        outcome = self._without_effects(self.arrays.y)
        return float(1.0 - (residuals**2).sum() / (outcome**2).sum())

    @property
    def r2_corr(self) -> float:
        """Squared correlation of outcome and reduced-form prediction, both without fixed effects.

        The prediction is y - (I - ρW)⁻¹(I - λM)⁻¹e: what regressors explain, Wy not counted as
        known (Elhorst 2014, sec. 3.3.4, "corr²").
        """
        outcome = self._without_effects(self.arrays.y).ravel()
        predicted = self._without_effects(self.arrays.y - self._reduced_form_errors()).ravel()
        return float(np.corrcoef(outcome, predicted)[0, 1] ** 2)

    def fixed_effects(self) -> FixedEffects:
        """Fixed effects that the likelihood concentrated out.

        Returns
        -------
        FixedEffects, with μ_i + ξ_t + intercept = (I - ρW)y - Zδ - u, u = (I - λM)⁻¹e.
        """
        arrays, delta = self.arrays, self.estimate.delta
        scheme = self.specification.scheme
        disturbances = apply_inverse_filter(self._error_weights, self.lam, self.estimate.residuals)
        effects = arrays.y - self.rho * arrays.lagged_y - arrays.z @ delta - disturbances
        if not (scheme.entity_effects or scheme.time_effects):
            effects = np.zeros_like(effects)
        intercept = float(effects.mean())
        return FixedEffects(
            intercept=intercept,
            unit=pd.Series(effects.mean(axis=0) - intercept, index=arrays.units, name="unit"),
            time=pd.Series(effects.mean(axis=1) - intercept, index=arrays.periods, name="time"),
        )

    def simulate(self, errors: Array) -> Array:
        """Outcomes of the fitted model for given innovations, through the reduced form.

        y* = y - (I - ρW)⁻¹(I - λM)⁻¹(e - ε*), e the innovations of the fit.

        Parameters
        ----------
        errors : array, shape (T, N) or (R, T, N)
            ε*, in the order of ``arrays.periods`` and ``arrays.units``.

        Returns
        -------
        array of the same shape, in units of the dependent variable.
        """
        innovations = np.asarray(errors, dtype=np.float64)
        if innovations.shape[-2:] != self.arrays.y.shape:
            raise SpecificationError(
                f"errors must end in the shape {self.arrays.y.shape}, got {innovations.shape}"
            )
        outcomes: Array = (
            self.arrays.y - self._reduced_form_errors() + self._reduced_form(innovations)
        )
        return outcomes

    def effects(
        self,
        inference: Literal["delta", "simulation"] = "delta",
        draws: int = 1000,
        seed: int | np.random.SeedSequence = 0,
    ) -> EffectsResults:
        """Direct, indirect and total effects of every regressor.

        Parameters
        ----------
        inference : {"delta", "simulation"}
            ``delta``: exact derivatives. ``simulation``: normal draws of the coefficients and ρ;
            draws of ρ outside the admissible interval are discarded and counted (LeSage & Pace
            2009, sec. 5.6).
        draws, seed
            Of the simulation. The draws depend on nothing but the seed: not on the order of rows,
            units or columns.

        Returns
        -------
        EffectsResults

        Raises
        ------
        BoundaryError
            If the estimate is at the boundary.
        SpecificationError
            For an unknown inference or too few draws.
        """
        if self.at_boundary:
            raise BoundaryError(
                f"{' or '.join(self.specification.spatial_names)} is at the edge of the "
                "admissible interval, where the spatial multiplier has no finite value; there "
                "are no effects"
            )
        if inference == "delta":
            return self._effects_by_delta()
        if inference == "simulation":
            return self._effects_by_simulation(draws, seed)
        raise SpecificationError(f"inference must be 'delta' or 'simulation', got {inference!r}")

    def unit_effects(self) -> Mapping[str, pd.DataFrame]:
        """Effects by unit.

        Returns
        -------
        mapping with DataFrames, shape (N, K), index units, columns regressors: ``own`` (S_ii),
        ``received`` (row sum without own: all others' change on the unit), ``sent`` (column sum
        without own: the unit's change on all others). Means: direct, indirect, indirect.
        """
        if self.at_boundary:
            raise BoundaryError("there are no effects at the edge of the admissible interval")
        beta, theta = self._beta_theta(self.estimate.delta)
        by_unit = calc_unit_effects(beta, theta, self.rho, self.arrays.weights)
        return {
            name: pd.DataFrame(values, index=self.arrays.units, columns=list(self.arrays.variables))
            for name, values in (
                ("own", by_unit.own),
                ("received", by_unit.received),
                ("sent", by_unit.sent),
            )
        }

    def wald_test(self, restrictions: Restrictions) -> WaldTest:
        """Wald test of linear restrictions on named parameters.

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or DataFrame
            ``"W.x1 = 0, W.x2 = 0"``, ``["x1 + W.x1 = 1"]``, ``{"rho": 0.5}``, or a matrix with
            parameter names as columns.

        Returns
        -------
        WaldTest

        Raises
        ------
        RestrictionError
            With what could not be read.
        BoundaryError
            If the estimate is at the boundary.
        """
        if self.at_boundary:
            raise BoundaryError("there are no standard errors at the edge of the interval")
        matrix, values, labels = read_restrictions(restrictions, self.param_names)
        return calc_wald(self._values(), self.covariance, matrix, values, labels)

    def residual_ar1(self) -> float:
        """First-order autocorrelation of the residuals within units, pooled.

        Σ_i Σ_{t≥2} e_it e_i,t-1 / Σ_i Σ_{t≥2} e²_i,t-1. Removing unit means alone makes it about
        -1/(T-1) when the errors are independent.
        """
        residuals = self.estimate.residuals
        return float((residuals[1:] * residuals[:-1]).sum() / (residuals[:-1] ** 2).sum())

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`.

        Quantities: coef, rho, lambda, sigma2 with inference; loglik, aic, bic, r2 (terms
        ``within`` and ``correlation``) and residual_ar1 without.
        """
        intervals = self.conf_int(level)
        parameters = pd.DataFrame(
            {
                "quantity": [
                    name if name in {"rho", "lambda", "sigma2"} else "coef"
                    for name in self.param_names
                ],
                "term": self.param_names,
                "estimate": self.params.to_numpy(),
                "std_error": self.std_errors.to_numpy(),
                "statistic": self.tstats.to_numpy(),
                "p_value": self.pvalues.to_numpy(),
                "ci_lower": intervals["lower"].to_numpy(),
                "ci_upper": intervals["upper"].to_numpy(),
                "inference": self.specification.cov_type,
            }
        )
        statistics = pd.DataFrame(
            [
                ("loglik", "loglik", self.loglik),
                ("aic", "aic", self.aic),
                ("bic", "bic", self.bic),
                ("r2", "within", self.r2_within),
                ("r2", "correlation", self.r2_corr),
                ("residual_ar1", "residual_ar1", self.residual_ar1()),
            ],
            columns=["quantity", "term", "estimate"],
        ).reindex(columns=parameters.columns)
        statistics["inference"] = "none"
        numbers = ["std_error", "statistic", "p_value", "ci_lower", "ci_upper"]
        statistics[numbers] = statistics[numbers].astype(np.float64)
        table = pd.concat([parameters, statistics], ignore_index=True)
        table.insert(0, "equation", self.arrays.dependent)
        return table[list(TIDY_COLUMNS)]

    @property
    def summary(self) -> str:
        """The fit as text."""
        rows = [f"{label:<24}{value}" for label, value in self._header()]
        notes = [
            f"Normal inference. Covariance {self.specification.cov_type}: "
            f"{ASSUMPTIONS[self.specification.cov_type]}.",
            f"Residual AR(1) within units: {self.residual_ar1():.3f}",
        ]
        if self.at_boundary:
            notes = [
                "The likelihood peaks at or beyond the edge of the admissible interval:",
                "no standard errors, no effects.",
            ]
        return "\n".join([*rows, "", _format_table(self._table()), "", *notes])

    def __repr__(self) -> str:
        spatial = "".join(
            f", {name}={value:.6g}"
            for name, value in zip(
                self.specification.spatial_names, self.estimate.spatial_values, strict=True
            )
        )
        return (
            f"<SpatialPanelResults {self.specification.model}, {self.specification.estimator}"
            f"{spatial}, loglik={self.loglik:.6g}, {self.n_units} units x {self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        header = "".join(
            f"<tr><th style='text-align:left'>{html.escape(label)}</th>"
            f"<td style='text-align:left'>{html.escape(value)}</td></tr>"
            for label, value in self._header()
        )
        table = self._table().to_html(float_format=_format_number, border=0)
        return f"<table>{header}</table>{table}"

    def _header(self) -> list[tuple[str, str]]:
        scheme = self.specification.scheme
        effects = [
            name
            for name, present in (("unit", scheme.entity_effects), ("time", scheme.time_effects))
            if present
        ]
        return [
            ("Model", self.specification.model.upper()),
            ("Dependent variable", self.arrays.dependent),
            ("Estimator", self.specification.estimator),
            ("Fixed effects", " and ".join(effects) or "none"),
            ("Observations", f"{self.nobs} ({self.n_units} units x {self.n_periods} periods)"),
            ("In the likelihood", str(self.n_effective)),
            ("Log-likelihood", f"{self.loglik:.4f}"),
            ("AIC, BIC", f"{self.aic:.3f}, {self.bic:.3f}"),
            ("R2 within", f"{self.r2_within:.4f}"),
            ("R2 correlation", f"{self.r2_corr:.4f}"),
        ]

    def _table(self) -> pd.DataFrame:
        intervals = self.conf_int()
        return pd.DataFrame(
            {
                "estimate": self.params,
                "std_error": self.std_errors,
                "z": self.tstats,
                "p_value": self.pvalues,
                "ci_lower": intervals["lower"],
                "ci_upper": intervals["upper"],
            }
        )

    def _values(self) -> Array:
        estimate = self.estimate
        return np.concatenate([estimate.delta, estimate.spatial_values, [estimate.sigma2]])

    @property
    def _error_weights(self) -> SparseMatrix:
        arrays = self.arrays
        return arrays.weights if arrays.error_weights is None else arrays.error_weights

    def _without_effects(self, values: Array) -> Array:
        scheme = self.specification.scheme
        if not (scheme.entity_effects or scheme.time_effects):
            centred: Array = values - values.mean()
            return centred
        return within_transform(
            values, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
        )

    def _reduced_form_errors(self) -> Array:
        return self._reduced_form(self.estimate.residuals)

    def _reduced_form(self, innovations: Array) -> Array:
        """(I - ρW)⁻¹(I - λM)⁻¹ε."""
        disturbances = apply_inverse_filter(self._error_weights, self.lam, innovations)
        return apply_inverse_filter(self.arrays.weights, self.rho, disturbances)

    def _beta_theta(self, delta: Array) -> tuple[Array, Array]:
        """β and θ from the last axis of ``delta``; θ is zero for regressors without a lag."""
        beta = delta[..., list(self.arrays.beta_positions)]
        positions = np.array(self.arrays.theta_positions)
        theta = np.where(positions >= 0, delta[..., np.maximum(positions, 0)], 0.0)
        return beta, theta

    def _point_effects(self) -> Array:
        beta, theta = self._beta_theta(self.estimate.delta[None, :])
        rho = np.array([self.rho])
        multipliers = calc_multipliers(rho, self.arrays.weights, self.spectrum)
        effects: Array = calc_effects(beta, theta, rho, multipliers)[0]
        return effects

    def _effects_by_delta(self) -> EffectsResults:
        beta, theta = self._beta_theta(self.estimate.delta)
        multipliers = calc_multipliers(self.rho, self.arrays.weights, self.spectrum)
        gradients = calc_effect_gradients(beta, theta, self.rho, multipliers)
        jacobian = np.zeros((3 * beta.size, self.covariance.shape[0]))
        for k, (own, lagged) in enumerate(
            zip(self.arrays.beta_positions, self.arrays.theta_positions, strict=True)
        ):
            rows = slice(3 * k, 3 * k + 3)
            jacobian[rows, own] = gradients[k, :, 0]
            if lagged >= 0:
                jacobian[rows, lagged] = gradients[k, :, 1]
            if self.estimate.rho is not None:
                jacobian[rows, self.estimate.delta.size] = gradients[k, :, 2]
        covariance = jacobian @ self.covariance @ jacobian.T
        return EffectsResults(
            equation=self.arrays.dependent,
            variables=self.arrays.variables,
            estimates=self._point_effects(),
            covariance=covariance,
            inference="delta",
            draws=None,
            n_draws=0,
            n_discarded=0,
        )

    def _effects_by_simulation(
        self, draws: int, seed: int | np.random.SeedSequence
    ) -> EffectsResults:
        if draws < 2:
            raise SpecificationError(f"simulation needs at least 2 draws, got {draws}")
        spatial = self.estimate.rho is not None
        size = self.estimate.delta.size + (1 if spatial else 0)
        # Drawn in alphabetic order of the names, so that the order of columns changes nothing.
        order = sorted(range(size), key=lambda position: self.param_names[position])
        drawn = np.empty((draws, size))
        drawn[:, order] = draw_parameters(
            self._values()[order], self.covariance[np.ix_(order, order)], draws, seed
        )
        rho = drawn[:, -1] if spatial else np.zeros(draws)
        stable = (rho > self.spectrum.lower) & (rho < self.spectrum.upper)
        if stable.sum() < 2:
            raise BoundaryError(
                f"{draws - int(stable.sum())} of {draws} draws of rho are outside the "
                "admissible interval; the effects have no simulated distribution"
            )
        rho = rho[stable]
        beta, theta = self._beta_theta(drawn[stable, : self.estimate.delta.size])
        multipliers = calc_multipliers(rho, self.arrays.weights, self.spectrum)
        simulated = calc_effects(beta, theta, rho, multipliers)
        flat = simulated.reshape(simulated.shape[0], -1)
        return EffectsResults(
            equation=self.arrays.dependent,
            variables=self.arrays.variables,
            estimates=self._point_effects(),
            covariance=np.cov(flat, rowvar=False),
            inference="simulation",
            draws=simulated,
            n_draws=draws,
            n_discarded=int(draws - stable.sum()),
        )


@dataclass(frozen=True, slots=True, repr=False)
class EffectsResults:
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
    """

    equation: str
    variables: tuple[str, ...]
    estimates: Array
    covariance: Array
    inference: str
    draws: Array | None
    n_draws: int
    n_discarded: int

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
        """Standard errors; of the draws for simulation."""
        return self._frame(self._std_errors())

    @property
    def tstats(self) -> pd.DataFrame:
        """Estimate over standard error; NaN where the effect is zero by construction."""
        return self._frame(self._statistics())

    @property
    def pvalues(self) -> pd.DataFrame:
        """Two-sided p-values: normal for delta, 2·min(share > 0, share < 0) for simulation."""
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
        table = self.tidy().set_index(["term", "quantity"]).drop(columns=["equation", "inference"])
        note = f"Inference: {self.inference}"
        if self.draws is not None:
            note += f", {self.n_draws} draws, {self.n_discarded} discarded as not stable"
        return f"Effects on {self.equation}\n\n{_format_table(table)}\n\n{note}"

    def __repr__(self) -> str:
        return f"<EffectsResults of {len(self.variables)} regressors, {self.inference}>"

    def _repr_html_(self) -> str:
        table = self.tidy().set_index(["term", "quantity"]).drop(columns=["equation"])
        return str(table.to_html(float_format=_format_number, border=0))

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
        shares = np.minimum((self.draws > 0.0).mean(axis=0), (self.draws < 0.0).mean(axis=0))
        return np.where(np.isnan(statistics), np.nan, 2.0 * shares)


def normal_p_values(statistics: Array) -> Array:
    """Two-sided p-values of standard normal statistics."""
    p_values: Array = 2.0 * special.ndtr(-np.abs(statistics))
    return p_values


def normal_quantile(level: float) -> float:
    """Half-width in standard errors of a two-sided normal interval, level in (0, 1)."""
    if not 0.0 < level < 1.0:
        raise SpecificationError(f"level must be between 0 and 1, got {level!r}")
    return float(special.ndtri(0.5 + level / 2.0))


def _format_number(value: Any) -> str:
    return f"{value:.6g}"


def _format_table(table: pd.DataFrame) -> str:
    return str(table.to_string(float_format=_format_number))
