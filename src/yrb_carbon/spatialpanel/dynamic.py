"""Dynamic spatial panels: specification, estimation, results.

y_t = τy_{t-1} + ρWy_t + ηWy_{t-1} + X_tβ + WX_tθ + μ + ξ_tι + ε_t; the estimators are those of
`dynamic_likelihood`, the effects those of `dynamic_effects`.
"""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from .align import (
    LAG_PREFIX,
    PanelArrays,
    Weights,
    align_panel,
    check_consecutive,
    check_identified,
)
from .dynamic_effects import (
    DynamicMultipliers,
    calc_dynamic_gradients,
    calc_horizon,
    calc_long_run,
    calc_short_run,
    combine_effects,
)
from .dynamic_likelihood import (
    DynamicEstimate,
    DynamicProblem,
    calc_adjusted_slope,
    calc_excess_variance,
    calc_qml_information,
    calc_roots,
    calc_score_variance,
    correct_dynamic_bias,
    evaluate_dynamic,
    fit_adjusted,
    fit_qml,
    invert_slope,
)
from .effects import calc_multipliers, draw_parameters
from .errors import (
    BoundaryError,
    BoundaryWarning,
    PanelSizeError,
    RowSumsError,
    SpecificationError,
    UnstableError,
    UnstableWarning,
    check_choice,
    enumerate_names,
)
from .estimates_base import NormalEstimates, calc_residual_ar1
from .logdet import EigenLogDeterminant, WeightsSpectrum, analyse_weights
from .randomness import check_draws
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .results import (
    DEFAULT_LEVEL,
    EffectsResults,
    normal_quantile,
)
from .score import estimate_error_moments, invert_information
from .within import Array, describe_effects, row_sums, within_transform

DynamicModel = Literal["sar", "sdm"]
DynamicEstimator = Literal["adjusted_score", "bias_corrected", "qml"]
DynamicCovariance = Literal["oim", "qml"]
Horizon = Literal["short", "long"] | int

TIME_LAG_SUFFIX = ".L1"
# All corrections need the eigenvalues of W; beyond this N they take minutes and gigabytes.
EIGENVALUE_LIMIT = 4000


@dataclass(frozen=True, slots=True)
class Stability:
    """Whether the fitted dynamics return to an equilibrium.

    Attributes
    ----------
    case : {"stable", "spatial cointegration", "unit root", "explosive"}
        At the point estimate, in the terms of Lee & Yu (2010, Regional Science and Urban Economics
        40:255-271): the common root is (τ + ηc)/(1 - ρc), c the largest eigenvalue of W (1 for
        row-stochastic W). Spatial cointegration: it is one or more, but τ + ρ + η is not
        distinguishable from one at 5 % and all other roots are inside the unit circle. Unit root:
        the same with no other root inside.
    largest_root : float
        Largest modulus of the eigenvalues of A = (I - ρW)⁻¹(τI + ηW).
    total : float
        τ + (ρ + η)c; below one if the common root is.
    total_std_error : float
    reason : str
        In words.
    """

    case: str
    largest_root: float
    total: float
    total_std_error: float
    reason: str

    @property
    def stable(self) -> bool:
        """All eigenvalues of A are inside the unit circle."""
        return self.largest_root < 1.0


def _add_lags(arrays: PanelArrays, time_lag: bool, space_time_lag: bool) -> PanelArrays:
    """Periods from the second on, with the lags of the outcome in front of the regressors."""
    own = arrays.dependent + TIME_LAG_SUFFIX
    lags = [(own, arrays.y)] * time_lag + [(LAG_PREFIX + own, arrays.lagged_y)] * space_time_lag
    clash = [name for name, _ in lags if name in arrays.names]
    if clash:
        raise SpecificationError(
            f"regressors {enumerate_names(clash)} carry the name of a lag of the outcome; rename "
            "them, or drop them if they are that lag: the model adds it"
        )
    shift = len(lags)
    used = arrays.positions >= arrays.n_units
    return replace(
        arrays,
        y=arrays.y[1:],
        lagged_y=arrays.lagged_y[1:],
        z=np.concatenate([*(values[:-1, :, None] for _, values in lags), arrays.z[1:]], axis=2),
        names=(*(name for name, _ in lags), *arrays.names),
        beta_positions=tuple(position + shift for position in arrays.beta_positions),
        theta_positions=tuple(
            position + shift if position >= 0 else -1 for position in arrays.theta_positions
        ),
        periods=arrays.periods[1:],
        index=arrays.index[used],
        positions=arrays.positions[used] - arrays.n_units,
    )


@dataclass(frozen=True, slots=True)
class DynamicSpecification:
    """What was fitted and how: the arguments of `DynamicSpatialPanel` and of its ``fit``."""

    model: str
    estimator: str
    cov_type: str
    time_lag: bool
    space_time_lag: bool
    entity_effects: bool
    time_effects: bool


class DynamicSpatialPanel:
    """Dynamic spatial lag or Durbin panel with fixed effects for units, periods, both or neither.

    y_t = τy_{t-1} + ρWy_t + ηWy_{t-1} + X_tβ + WX_tθ + μ + ξ_tι + ε_t, ε ~ (0, σ²I), from the
    second period observed on; the first one is given. τ and η are named ``y.L1`` and ``W.y.L1``
    after the dependent variable y.

    Parameters
    ----------
    dependent : Series, index (unit, year)
        Outcome; rows in any order, every unit in every year.
    exog : DataFrame, index (unit, year)
        Regressors; values of the first period are not used.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
        Spatial weights, joined by identifier. With time effects their rows need equal sums.
    model : {"sdm", "sar"}
        With or without WX.
    durbin : list of str, optional
        Regressors whose spatial lag enters; default all.
    time_lag, space_time_lag : bool
        Whether τ and η are there; without both the model is static on the same rows.
    entity_effects, time_effects : bool
    assume_consecutive : bool
        Take each period listed for the one after the one before, whatever its label.

    Raises
    ------
    SpatialPanelError
        One of its subclasses: those of `SpatialPanel`, `PeriodGapError` (periods that are not
        consecutive integers), `RowSumsError` (unequal row sums with time effects), `PanelSizeError`
        (too few periods, or more than 4,000 units).
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        model: DynamicModel = "sdm",
        durbin: Sequence[str] | None = None,
        time_lag: bool = True,
        space_time_lag: bool = True,
        entity_effects: bool = True,
        time_effects: bool = True,
        assume_consecutive: bool = False,
    ) -> None:
        check_choice("model", model, get_args(DynamicModel))
        if durbin is not None and model == "sar":
            raise SpecificationError(
                "durbin is given but model 'sar' has no lagged regressors; use 'sdm'"
            )
        observed = align_panel(
            dependent,
            exog,
            weights,
            durbin=durbin,
            lag_regressors=model == "sdm",
            intercept=not (entity_effects or time_effects),
        )
        if not assume_consecutive:
            check_consecutive(
                observed.periods,
                "pass assume_consecutive=True if each period listed follows the one before",
            )
        self.arrays = _add_lags(observed, time_lag, space_time_lag)
        self.model = model
        self.time_lag, self.space_time_lag = time_lag, space_time_lag
        self.entity_effects, self.time_effects = entity_effects, time_effects
        self._check_size()
        self.spectrum = analyse_weights(self.arrays.weights, dense_limit=EIGENVALUE_LIMIT)
        self.problem = self._pose()
        check_identified(
            self.problem.z, self.arrays, describe_effects(entity_effects, time_effects)
        )

    def fit(
        self,
        estimator: DynamicEstimator = "adjusted_score",
        cov_type: DynamicCovariance = "oim",
    ) -> DynamicResults:
        """Estimate the model.

        Parameters
        ----------
        estimator : {"adjusted_score", "bias_corrected", "qml"}
            ``qml``: exact quasi maximum likelihood, biased of order 1/T where there are unit
            effects. ``bias_corrected``: minus its estimated bias, one step (Yu, de Jong & Lee 2008;
            Lee & Yu 2010). ``adjusted_score``: root of the score minus its exact expectation (Yang
            2018), consistent for any number of periods. The three agree where there are no unit
            effects. Nominal 95 % intervals of coefficients and effects cover 95, 94 and 80 % on
            average with 90 units and 16 periods, 94, 89 and 78 % with 21 and 6, where 6 % of
            samples have no root (docs/benchmarks/dynamic_coverage.csv): hence the default.
        cov_type : {"oim", "qml"}
            ``oim``: normal innovations; the inverse information matrix at the estimate, or for the
            adjusted score Γ⁻¹ΩΓ⁻¹ with the exact variance Ω of the score. ``qml``: the sandwich for
            independent innovations of any distribution.

        Returns
        -------
        DynamicResults

        Warns
        -----
        BoundaryWarning
            If the likelihood peaks at the edge of the admissible interval of ρ; the result then
            has neither standard errors nor effects.
        UnstableWarning
            If the estimates have a root on or outside the unit circle.

        Raises
        ------
        PerfectFitError
            If there is no residual.
        BoundaryError
            If the correction moves ρ out of the admissible interval or makes σ² negative.
        ConvergenceError
            If the adjusted score has no root near the other estimates.
        UnstableError
            If the one-step correction is asked of an estimate that is not stable.
        """
        check_choice("estimator", estimator, get_args(DynamicEstimator))
        check_choice("cov_type", cov_type, get_args(DynamicCovariance))
        estimate = fit_qml(self.problem)
        if estimate.at_boundary:
            self._warn_of_boundary(estimate)
        elif estimator != "qml":
            estimate = self._correct(estimate, estimator)
        results = DynamicResults(
            specification=DynamicSpecification(
                model=self.model,
                estimator=estimator,
                cov_type=cov_type,
                time_lag=self.time_lag,
                space_time_lag=self.space_time_lag,
                entity_effects=self.entity_effects,
                time_effects=self.time_effects,
            ),
            arrays=self.arrays,
            problem=self.problem,
            spectrum=self.spectrum,
            estimate=estimate,
            covariance=self._covariance(estimate, estimator, cov_type),
        )
        if not estimate.at_boundary and not results.stability.stable:
            warnings.warn(results.stability.reason, UnstableWarning, stacklevel=2)
        return results

    def _correct(self, estimate: DynamicEstimate, estimator: str) -> DynamicEstimate:
        if estimator == "adjusted_score":
            parameters = np.append(estimate.delta, estimate.rho)
            return fit_adjusted(self.problem, parameters[self.problem.dynamic_positions])
        information = self._information(estimate)
        return self._at(correct_dynamic_bias(self.problem, estimate, information))

    def _covariance(self, estimate: DynamicEstimate, estimator: str, cov_type: str) -> Array:
        if estimate.at_boundary:
            return np.full((estimate.delta.size + 2,) * 2, np.nan)
        if estimator == "adjusted_score":
            inverse = invert_slope(calc_adjusted_slope(self.problem, estimate))
        else:
            inverse = invert_information(self._information(estimate))
            if cov_type == "oim":
                return inverse
        spread = calc_score_variance(self.problem, estimate)
        if cov_type == "qml":
            spread = spread + calc_excess_variance(
                self.problem,
                estimate,
                self.arrays.weights,
                estimate_error_moments(
                    estimate.residuals,
                    entity_effects=self.entity_effects,
                    time_effects=self.time_effects,
                ),
                time_effects=self.time_effects,
            )
        covariance: Array = inverse @ spread @ inverse
        return (covariance + covariance.T) / 2.0

    def _pose(self) -> DynamicProblem:
        def project(values: Array) -> Array:
            return within_transform(
                values, entity_effects=self.entity_effects, time_effects=self.time_effects
            )

        log_determinant = self.spectrum.deflated if self.time_effects else self.spectrum.full
        if not isinstance(log_determinant, EigenLogDeterminant):
            sums = row_sums(self.arrays.weights)
            raise RowSumsError(
                "time effects of a dynamic panel are removed by a transformation that needs "
                "weights whose rows have equal sums, got sums from "
                f"{sums.min():.6g} to {sums.max():.6g}. Row-standardise the weights, or use "
                "time_effects=False"
            )
        return DynamicProblem(
            y=project(self.arrays.y),
            lagged_y=project(self.arrays.lagged_y),
            z=project(self.arrays.z),
            time_lag=self.time_lag,
            space_time_lag=self.space_time_lag,
            entity_effects=self.entity_effects,
            eigenvalues=log_determinant.eigenvalues,
            interval=(self.spectrum.lower, self.spectrum.upper),
        )

    def _information(self, estimate: DynamicEstimate) -> Array:
        return calc_qml_information(
            self.problem,
            estimate,
            self.arrays.weights,
            time_effects=self.time_effects,
            row_sum=self.spectrum.row_sum,
        )

    def _at(self, corrected: Array) -> DynamicEstimate:
        rho, sigma2 = float(corrected[-2]), float(corrected[-1])
        lower, upper = self.problem.interval
        if not lower < rho < upper or sigma2 <= 0.0:
            raise BoundaryError(
                f"the bias correction gives rho = {rho:.6g} and sigma2 = {sigma2:.6g}; rho must be "
                f"in ({lower:.6g}, {upper:.6g}) and sigma2 positive. Use "
                "estimator='adjusted_score'"
            )
        return evaluate_dynamic(self.problem, corrected[:-2], rho, sigma2, adjusted=False)

    def _check_size(self) -> None:
        n_periods, n_units = self.arrays.n_periods, self.arrays.n_units
        if n_units > EIGENVALUE_LIMIT:
            raise PanelSizeError(
                f"the dynamic panel needs all eigenvalues of the weights, which is done up to "
                f"{EIGENVALUE_LIMIT} units, got {n_units}"
            )
        absorbed_periods = 1 if self.entity_effects else 0
        if n_periods - absorbed_periods < 1:
            raise PanelSizeError(
                f"{n_periods + 1} periods are too few: the first is consumed by the lags and unit "
                "effects need two more; use three periods at least or entity_effects=False"
            )
        units = n_units - (1 if self.time_effects else 0)
        free = units * (n_periods - absorbed_periods) - len(self.arrays.names) - 1
        if free <= 0:
            raise PanelSizeError(
                f"{n_units} units and {n_periods} periods after the first leave {free} degrees of "
                f"freedom for {len(self.arrays.names)} regressors, rho and "
                f"{describe_effects(self.entity_effects, self.time_effects)}"
            )

    def _warn_of_boundary(self, estimate: DynamicEstimate) -> None:
        warnings.warn(
            f"the likelihood of the dynamic {self.model} model of {self.arrays.dependent!r} peaks "
            f"at or beyond rho = {estimate.rho:.6g}, the edge of the admissible interval "
            f"({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}); there are neither standard "
            "errors nor effects. Consider sparser weights or another model",
            BoundaryWarning,
            stacklevel=3,
        )


@dataclass(frozen=True, slots=True, repr=False)
class DynamicResults(NormalEstimates):
    """Estimates of a `DynamicSpatialPanel`.

    Inference is asymptotic and normal; innovations are independent over units and time, which is
    what the lags are for: look at `residual_ar1`.

    Attributes
    ----------
    specification : DynamicSpecification
    arrays : PanelArrays
        The data in canonical order, the first period left out, lags of the outcome first in z.
    problem : DynamicProblem
        The same with the effects removed.
    spectrum : WeightsSpectrum
    estimate : DynamicEstimate
    covariance : array, shape (P+2, P+2)
        Of the parameters in the order of ``params``; NaN at the boundary.
    """

    specification: DynamicSpecification
    arrays: PanelArrays
    problem: DynamicProblem
    spectrum: WeightsSpectrum
    estimate: DynamicEstimate
    covariance: Array

    @property
    def param_names(self) -> list[str]:
        """Lags (``y.L1``, ``W.y.L1``), regressors, lagged regressors (``W.x``), rho, sigma2."""
        return [*self.arrays.names, "rho", "sigma2"]

    @property
    def tau(self) -> float:
        """Coefficient of y_{t-1}; 0 in models without it."""
        return self.problem.split(self._phi())[0]

    @property
    def eta(self) -> float:
        """Coefficient of Wy_{t-1}; 0 in models without it."""
        return self.problem.split(self._phi())[1]

    @property
    def rho(self) -> float:
        """Coefficient of Wy_t."""
        return self.estimate.rho

    @property
    def sigma2(self) -> float:
        """Error variance."""
        return self.estimate.sigma2

    @property
    def loglik(self) -> float:
        """Log-likelihood at the estimates: the adjusted one for ``adjusted_score``.

        Compare it between models of one estimator and one set of effects only.
        """
        return self.estimate.loglik

    @property
    def at_boundary(self) -> bool:
        """Whether the likelihood peaks at or beyond the edge of the admissible interval."""
        return self.estimate.at_boundary

    @property
    def resids(self) -> pd.Series[float]:
        """Innovations with the fixed effects removed, on the index without the first period."""
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
        """T, periods after the first."""
        return self.arrays.n_periods

    @property
    def nobs(self) -> int:
        """N·T."""
        return self.n_units * self.n_periods

    @property
    def n_effective(self) -> int:
        """Observations of the likelihood: N*T, or N*(T-1) for ``adjusted_score``, N* = N or N-1."""
        return self.problem.n_effective(centred=self.specification.estimator == "adjusted_score")

    @property
    def n_parameters(self) -> int:
        """Estimated parameters; unit effects count unless the likelihood is adjusted for them."""
        counted = (
            self.specification.entity_effects and self.specification.estimator != "adjusted_score"
        )
        return len(self.param_names) + (int(self.problem.eigenvalues.size) if counted else 0)

    @property
    def aic(self) -> float:
        """Akaike criterion, -2 ln L + 2 `n_parameters`."""
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 ln L + ln(`n_effective`) `n_parameters`."""
        return -2.0 * self.loglik + float(np.log(self.n_effective)) * self.n_parameters

    @property
    def stability(self) -> Stability:
        """Roots of the fitted dynamics and what they are called."""
        return describe_stability(self)

    def residual_ar1(self) -> float:
        """First-order autocorrelation of the residuals within units, pooled.

        Removing unit means alone makes it about -1/(T-1) when the innovations are independent.
        """
        return calc_residual_ar1(self.estimate.residuals)

    def wald_test(self, restrictions: Restrictions) -> WaldTest:
        """Wald test of linear restrictions on named parameters, as `SpatialPanelResults` has it."""
        if self.at_boundary:
            raise BoundaryError("there are no standard errors at the edge of the interval")
        matrix, values, labels = read_restrictions(restrictions, self.param_names)
        return calc_wald(self._values(), self.covariance, matrix, values, labels)

    def effects(
        self,
        horizon: Horizon = "short",
        inference: Literal["delta", "simulation"] = "delta",
        draws: int = 1000,
        seed: int | np.random.SeedSequence = 0,
    ) -> EffectsResults:
        """Direct, indirect and total effects of a lasting unit change of every regressor.

        Parameters
        ----------
        horizon : {"short", "long"} or int
            ``short``: in the period of the change, (I - ρW)⁻¹(βI + θW). ``long``: in the
            equilibrium, ((1-τ)I - (ρ+η)W)⁻¹(βI + θW). A number H: after H periods,
            Σ_{h=0}^{H} A^h(I - ρW)⁻¹(βI + θW), which exists where the model is not stable too.
        inference : {"delta", "simulation"}
            ``delta``: exact derivatives. ``simulation``: normal draws of all parameters; draws with
            ρ outside the admissible interval, and for the long run those that are not stable, are
            discarded and counted. Long-run effects are ratios: where the roots come near one or
            the panel is short, simulated intervals cover better (96 against 88 % for the long-run
            indirect effect with 21 units and 6 periods).
        draws, seed
            Of the simulation; they depend on nothing but the seed.

        Returns
        -------
        EffectsResults

        Raises
        ------
        BoundaryError
            If the estimate is at the boundary.
        UnstableError
            If long-run effects are asked of estimates that are not stable.
        SpecificationError
            For an unknown horizon or inference or too few draws.
        """
        horizon = _read_horizon(horizon)
        check_choice("inference", inference, ("delta", "simulation"))
        if self.at_boundary:
            raise BoundaryError("rho is at the edge of the admissible interval; no effects exist")
        if horizon == "long" and not self.stability.stable:
            raise UnstableError(self.stability.reason)
        point = self._effects_at(self._values()[None, :], horizon)[0]
        if inference == "delta":
            jacobian = self._effect_jacobian(horizon)
            covariance, kept, n_draws = jacobian @ self.covariance @ jacobian.T, None, 0
        else:
            drawn = self._draw(draws, seed)
            drawn = drawn[self._usable(drawn, horizon)]
            if len(drawn) < 2:
                raise BoundaryError(
                    f"{draws - len(drawn)} of {draws} draws have no effects at horizon "
                    f"{horizon!r} (rho outside the admissible interval, or in the long run roots "
                    "outside the unit circle)"
                )
            kept, n_draws = self._effects_at(drawn, horizon), draws
            covariance = np.cov(kept.reshape(len(kept), -1), rowvar=False)
        return EffectsResults(
            equation=self.arrays.dependent,
            variables=self.arrays.variables,
            estimates=point,
            covariance=covariance,
            inference=inference,
            draws=kept,
            n_draws=n_draws,
            n_discarded=0 if kept is None else n_draws - len(kept),
        )

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`."""
        statistics = [
            ("loglik", "loglik", self.loglik),
            ("aic", "aic", self.aic),
            ("bic", "bic", self.bic),
            ("residual_ar1", "residual_ar1", self.residual_ar1()),
            ("value", "largest_root", self.stability.largest_root),
        ]
        return self._tidy(level, self.specification.cov_type, statistics)

    @property
    def summary(self) -> str:
        """The fit as text."""
        return self._as_text()

    def __repr__(self) -> str:
        return (
            f"<DynamicResults {self.specification.model}, {self.specification.estimator}, "
            f"tau={self.tau:.6g}, rho={self.rho:.6g}, eta={self.eta:.6g}, {self.n_units} units x "
            f"{self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        return self._as_html(f"Dynamic spatial panel model of {self.arrays.dependent}")

    def _names(self) -> list[str]:
        return self.param_names

    def _covariance(self) -> Array:
        return self.covariance

    def _equation(self) -> str:
        return self.arrays.dependent

    def _header(self) -> list[tuple[str, str]]:
        effects = describe_effects(
            self.specification.entity_effects, self.specification.time_effects
        )
        return [
            ("Model", f"dynamic {self.specification.model.upper()}"),
            ("Dependent variable", self.arrays.dependent),
            ("Estimator", self.specification.estimator),
            ("Fixed effects", effects.removesuffix(" effects").replace("the intercept", "none")),
            (
                "Observations",
                f"{self.nobs} ({self.n_units} units x {self.n_periods} periods after the first)",
            ),
            ("In the likelihood", str(self.n_effective)),
            ("Log-likelihood", f"{self.loglik:.4f}"),
            ("AIC, BIC", f"{self.aic:.3f}, {self.bic:.3f}"),
        ]

    def _notes(self) -> list[str]:
        if self.at_boundary:
            return [
                "The likelihood peaks at or beyond the edge of the admissible interval: "
                "no standard errors, no effects."
            ]
        return [
            f"Stability: {self.stability.case}. {self.stability.reason}.",
            f"Normal inference ({self.specification.cov_type}); it assumes innovations that are "
            "independent over time.",
            f"Residual AR(1) within units: {self.residual_ar1():.3f}",
        ]

    def _values(self) -> Array:
        return np.concatenate([self.estimate.delta, [self.estimate.rho, self.estimate.sigma2]])

    def _phi(self) -> Array:
        return self._values()[self.problem.dynamic_positions]

    def _dynamics(self, values: Array) -> tuple[Array, Array, Array]:
        """(τ, η, ρ) of every row of ``values``, shape (R, P+2); zero for those not there."""
        zero = np.zeros(len(values))
        tau = values[:, 0] if self.problem.time_lag else zero
        eta = values[:, self.problem.n_lags - 1] if self.problem.space_time_lag else zero
        return tau, eta, values[:, len(self.arrays.names)]

    def _beta_theta(self, values: Array) -> tuple[Array, Array]:
        """β and θ, shape (R, K) each; θ is zero for regressors without a lag."""
        positions = np.array(self.arrays.theta_positions)
        theta = np.where(positions >= 0, values[:, np.maximum(positions, 0)], 0.0)
        return values[:, list(self.arrays.beta_positions)], theta

    def _multipliers(self, values: Array, horizon: Horizon) -> DynamicMultipliers:
        tau, eta, rho = self._dynamics(values)
        weights, spectrum = self.arrays.weights, self.spectrum
        if horizon == "short":
            return calc_short_run(rho, calc_multipliers(rho, weights, spectrum))
        if isinstance(horizon, int):
            return calc_horizon(tau, eta, rho, horizon, weights, spectrum)
        ratio = (rho + eta) / (1.0 - tau)
        return calc_long_run(tau, eta, rho, calc_multipliers(ratio, weights, spectrum))

    def _effects_at(self, values: Array, horizon: Horizon) -> Array:
        return combine_effects(*self._beta_theta(values), self._multipliers(values, horizon))

    def _effect_jacobian(self, horizon: Horizon) -> Array:
        values = self._values()[None, :]
        beta, theta = self._beta_theta(values)
        gradients = calc_dynamic_gradients(beta[0], theta[0], self._multipliers(values, horizon))
        jacobian = np.zeros((3 * beta.shape[1], self.covariance.shape[0]))
        dynamic = [2] * self.problem.time_lag + [3] * self.problem.space_time_lag + [4]
        for k, (own, lagged) in enumerate(
            zip(self.arrays.beta_positions, self.arrays.theta_positions, strict=True)
        ):
            rows = slice(3 * k, 3 * k + 3)
            jacobian[rows, own] = gradients[k, :, 0]
            if lagged >= 0:
                jacobian[rows, lagged] = gradients[k, :, 1]
            jacobian[rows, self.problem.dynamic_positions] = gradients[k][:, dynamic]
        return jacobian

    def _draw(self, draws: int, seed: int | np.random.SeedSequence) -> Array:
        """Draws of all parameters but σ², shape (draws, P+1)."""
        check_draws(draws, "simulation")
        size = len(self.arrays.names) + 1
        # Drawn in alphabetic order of the names, so that the order of columns changes nothing.
        order = sorted(range(size), key=lambda position: self.param_names[position])
        drawn = np.empty((draws, size))
        drawn[:, order] = draw_parameters(
            self._values()[order], self.covariance[np.ix_(order, order)], draws, seed
        )
        return drawn

    def _usable(self, drawn: Array, horizon: Horizon) -> NDArray[np.bool_]:
        tau, eta, rho = self._dynamics(drawn)
        inside: NDArray[np.bool_] = (rho > self.spectrum.lower) & (rho < self.spectrum.upper)
        if horizon != "long":
            return inside
        eigenvalues = self.spectrum.eigenvalues
        assert eigenvalues is not None
        roots = (tau[:, None] + eta[:, None] * eigenvalues) / (1.0 - rho[:, None] * eigenvalues)
        stable: NDArray[np.bool_] = inside & (np.abs(roots).max(axis=1) < 1.0)
        return stable


def describe_stability(results: DynamicResults) -> Stability:
    """Roots of A = (I - ρW)⁻¹(τI + ηW) at the estimates, and the case they belong to.

    Parameters
    ----------
    results : DynamicResults

    Returns
    -------
    Stability
    """
    eigenvalues = results.spectrum.eigenvalues
    assert eigenvalues is not None
    tau, eta, rho = results.tau, results.eta, results.rho
    roots = np.abs(calc_roots(tau, eta, rho, eigenvalues))
    top = 1.0 / results.spectrum.upper
    total = tau + (rho + eta) * top
    loadings = np.zeros(results.covariance.shape[0])
    dynamic = [1.0] * results.problem.time_lag + [top] * results.problem.space_time_lag + [top]
    loadings[results.problem.dynamic_positions] = dynamic
    std_error = float(np.sqrt(loadings @ results.covariance @ loadings))
    largest = float(roots.max())
    common = int(np.abs(eigenvalues - top).argmin())
    others = np.delete(roots, common)
    label = "tau + rho + eta" if top == 1.0 else f"tau + {top:.4g} (rho + eta)"
    numbers = f"{label} = {total:.4f} (s.e. {std_error:.4f}), largest root {largest:.4f}"
    near_one = abs(total - 1.0) <= normal_quantile(DEFAULT_LEVEL) * std_error
    if largest < 1.0:
        doubt = " but not distinguishable from one at 5 %" if near_one else ""
        return Stability("stable", largest, total, std_error, f"{numbers}{doubt}")
    nothing = "the model has no long-run effects"
    if near_one and others.max() < 1.0:
        reason = (
            f"{numbers}: the common root is one within its uncertainty and all others are inside "
            f"the unit circle, which is spatial cointegration; {nothing}"
        )
        return Stability("spatial cointegration", largest, total, std_error, reason)
    if near_one and others.min() >= 1.0:
        reason = f"{numbers}: every root is one or more, a unit root in every unit; {nothing}"
        return Stability("unit root", largest, total, std_error, reason)
    outside = int((roots >= 1.0).sum())
    reason = f"{numbers}: {outside} of {roots.size} roots are on or outside the unit circle"
    return Stability("explosive", largest, total, std_error, f"{reason}; {nothing}")


def _read_horizon(horizon: object) -> Horizon:
    if isinstance(horizon, (int, np.integer)) and not isinstance(horizon, bool) and horizon >= 0:
        return int(horizon)
    if horizon == "short":
        return "short"
    if horizon == "long":
        return "long"
    raise SpecificationError(
        f"horizon must be 'short', 'long' or a number of periods from 0 on, got {horizon!r}"
    )
