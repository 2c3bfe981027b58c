"""Results of a fit: named estimates, effects, tests and tables."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import pandas as pd

from .align import PanelArrays
from .covariance import CovarianceType
from .effects import calc_effect_matrix, calc_unit_effects
from .effects_results import (
    DEFAULT_LEVEL,
    EffectsResults,
    beta_theta,
    effects_by_delta,
    effects_by_simulation,
    normal_p_values,
    normal_quantile,
    point_effects,
)
from .errors import BoundaryError, SpecificationError, check_choice, enumerate_names
from .estimates_base import NormalEstimates, calc_residual_ar1
from .likelihood import EffectScheme, Estimate
from .logdet import DENSE_LIMIT, EXACT, WeightsSpectrum
from .partition import EffectsPartition, partition_effects
from .prediction import (
    FittedKind,
    ResidualKind,
    calc_fitted,
    calc_r2,
    calc_residuals,
    predict,
)
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .serialise import load_text, read_results, save_text, write_results
from .simulate import apply_inverse_filter, read_array
from .summary import summarise_as_html, summarise_as_text
from .tables import EFFECTS, TIDY_COLUMNS
from .testing import SpecificationTest
from .within import Array, SparseMatrix, within_transform

if TYPE_CHECKING:
    from .bootstrap import BootstrapResults
    from .slope_covariance import SlopeCovariance

__all__ = [
    "DEFAULT_LEVEL",
    "EFFECTS",
    "TIDY_COLUMNS",
    "EffectsResults",
    "FixedEffects",
    "SpatialPanelResults",
    "Specification",
    "normal_p_values",
    "normal_quantile",
]


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
class SpatialPanelResults(NormalEstimates):
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
    information_error : float
        Relative standard error of the information of the spatial parameter where random probes
        estimate it (many units); the standard error of the parameter errs by half as much.
    """

    specification: Specification
    arrays: PanelArrays
    spectrum: WeightsSpectrum
    error_spectrum: WeightsSpectrum
    estimate: Estimate
    covariance: Array
    information_error: float = 0.0

    @property
    def param_names(self) -> list[str]:
        """Regressors, lagged regressors (``W.name``), rho or lambda, sigma2."""
        return [*self.arrays.names, *self.specification.spatial_names, "sigma2"]

    def with_covariance(self, cov_type: CovarianceType) -> SpatialPanelResults:
        """The same estimates with another covariance (see `SpatialPanel.fit`)."""
        from .model import SpatialPanel

        panel = SpatialPanel.from_results(self)
        return panel.results_of(self.estimate, self.specification.estimator, cov_type)

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
    def numerics(self) -> pd.DataFrame:
        """How the log-determinant was found, and what error that leaves; index rho, lambda.

        Columns: method; lower, upper of the admissible interval; loglik_error, the standard error
        of the log-likelihood; parameter_error, the standard error of the estimate that comes from
        it, J·s.e.(tr G)·var(ρ̂); std_error_error, the relative error of its standard error. Zeros
        where everything is exact.
        """
        scheme = self.specification.scheme
        periods = scheme.jacobian_periods(self.n_periods)
        rows = {}
        values = zip(self.specification.spatial_names, self.estimate.spatial_values, strict=True)
        for name, value in values:
            spectrum = self.spectrum if name == "rho" else self.error_spectrum
            logdet = spectrum.deflated if scheme.deflated else spectrum.full
            error = EXACT if logdet is None or self.at_boundary else logdet.error(value)
            place = self.param_names.index(name)
            variance = float(self.covariance[place, place])
            rows[name] = {
                "method": spectrum.method,
                "lower": spectrum.lower,
                "upper": spectrum.upper,
                "loglik_error": periods * error.value,
                "parameter_error": periods * error.trace_g * variance,
                "std_error_error": 0.5 * self.information_error,
            }
        return pd.DataFrame.from_dict(rows, orient="index")

    @property
    def resids(self) -> pd.Series[float]:
        """Innovations with the fixed effects removed, on the index of the dependent variable."""
        return self.residuals()

    def residuals(self, kind: ResidualKind = "innovation") -> pd.Series[float]:
        """Residuals of one kind, on the index of the dependent variable.

        Parameters
        ----------
        kind : {"innovation", "structural", "reduced_form", "trend"}
            ``innovation``: ε, as `resids`. ``structural``: u, which differs from ε by the spatial
            error. ``reduced_form``: (I - ρW)⁻¹u. ``trend``: ρWy + u.

        Returns
        -------
        Series
        """
        return self._on_index(calc_residuals(self, kind), "resid")

    def fitted_values(self, kind: FittedKind = "reduced_form") -> pd.Series[float]:
        """Fitted values with the fixed effects, on the index of the dependent variable.

        Parameters
        ----------
        kind : {"reduced_form", "trend", "structural"}
            ``reduced_form``: (I - ρW)⁻¹(Zδ + effects), from regressors and effects alone.
            ``trend``: Zδ + effects. ``structural``: ρWy + Zδ + effects, y minus u.

        Returns
        -------
        Series
        """
        return self._on_index(calc_fitted(self, kind), "fitted")

    def predict(self, exog: pd.DataFrame | None = None) -> pd.Series[float]:
        """Reduced-form predictions, for other regressor values of the same units if given.

        Parameters
        ----------
        exog : DataFrame, index (unit, year), optional
            The regressors (not their lags) for every unit in every period that it names; with
            time effects these are periods of the fit. For a fit by formula, the columns of its
            design, such as ``log(x1)``. Default: the data of the fit.

        Returns
        -------
        Series on the index of ``exog``, in units of the dependent variable.

        Raises
        ------
        SpatialPanelError
            If regressors, units, periods or values are not as the fit needs them.
        """
        if exog is None:
            return self.fitted_values().rename("prediction")
        return predict(self, exog)

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
        known (Elhorst 2014, sec. 3.3.4, "corr²"). NaN where the likelihood peaks at the edge of
        the interval: there is no reduced form there.
        """
        if self.at_boundary:
            return float("nan")
        outcome = self._without_effects(self.arrays.y).ravel()
        predicted = self._without_effects(self.arrays.y - self._reduced_form_errors()).ravel()
        return float(np.corrcoef(outcome, predicted)[0, 1] ** 2)

    @property
    def r2_variants(self) -> pd.Series[float]:
        """R² in four readings: within, correlation, overall, pseudo (see `prediction.calc_r2`)."""
        return pd.Series(calc_r2(self), name="r2")

    def fixed_effects(self) -> FixedEffects:
        """Fixed effects that the likelihood concentrated out.

        Returns
        -------
        FixedEffects, with μ_i + ξ_t + intercept = (I - ρW)y - Zδ - u, u = (I - λM)⁻¹e.
        """
        arrays, delta = self.arrays, self.estimate.delta
        scheme = self.specification.scheme
        effects = calc_fitted(self, "trend") - arrays.z @ delta
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
        innovations = read_array("errors", errors)
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
            return effects_by_delta(self)
        if inference == "simulation":
            return effects_by_simulation(self, draws, seed)
        raise SpecificationError(f"inference must be 'delta' or 'simulation', got {inference!r}")

    def unit_effects(self) -> Mapping[str, pd.DataFrame]:
        """Effects by unit.

        Returns
        -------
        mapping with DataFrames, shape (N, K), index units, columns regressors: ``own`` (S_ii),
        ``received`` (row sum without own: all others' change on the unit), ``sent`` (column sum
        without own: the unit's change on all others). Means: direct, indirect, indirect.

        Raises
        ------
        SpecificationError
            For more than `effects.UNIT_LIMIT` units: each takes a solution of its own.
        BoundaryError
            If the estimate is at the boundary.
        """
        self._check_interior("there are no effects at the edge of the admissible interval")
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

    def effect_matrix(self, variable: str) -> pd.DataFrame:
        """S(W) = (I - ρW)⁻¹(βI + θW): effect of every unit's regressor on every unit.

        Parameters
        ----------
        variable : str

        Returns
        -------
        DataFrame, shape (N, N); rows receive, columns send.

        Raises
        ------
        SpecificationError
            For an unknown variable, or more than `logdet.DENSE_LIMIT` units.
        BoundaryError
            If the estimate is at the boundary.
        """
        self._check_interior("there are no effects at the edge of the admissible interval")
        variables = self.arrays.variables
        if variable not in variables:
            raise SpecificationError(
                f"{variable!r} is not a regressor with effects; those are "
                f"{enumerate_names(variables)}"
            )
        self._check_dense()
        beta, theta = beta_theta(self, self.estimate.delta)
        k = variables.index(variable)
        matrix = calc_effect_matrix(float(beta[k]), float(theta[k]), self.rho, self.arrays.weights)
        units = self.arrays.units
        return pd.DataFrame(matrix, index=units.rename("to"), columns=units.rename("from"))

    def partition(self, order: int = 5) -> EffectsPartition:
        """Direct, indirect and total effects by order of neighbours.

        Order zero is the unit itself, order one its neighbours, and so on, by the powers of W in
        S(W) (LeSage & Pace 2009, sec. 2.7); what is beyond the last order is the remainder.

        Parameters
        ----------
        order : int
            Highest order.

        Returns
        -------
        EffectsPartition

        Raises
        ------
        SpecificationError
            If the order is negative, or W to that power has too many entries.
        BoundaryError
            If the estimate is at the boundary.
        """
        self._check_interior("there are no effects at the edge of the admissible interval")
        return partition_effects(self, order)

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
        self._check_interior("there are no standard errors at the edge of the interval")
        matrix, values, labels = read_restrictions(restrictions, self.param_names)
        return calc_wald(self._values(), self.covariance, matrix, values, labels)

    def bootstrap(
        self,
        draws: int = 999,
        seed: int | np.random.SeedSequence = 0,
        scheme: Literal["wild_unit", "year"] = "wild_unit",
        distribution: Literal["rademacher", "webb", "mammen"] = "rademacher",
        *,
        studentise: bool = False,
    ) -> BootstrapResults:
        """Bootstrap through the reduced form (see `bootstrap.bootstrap`)."""
        from .bootstrap import bootstrap

        return bootstrap(self, draws, seed, scheme, distribution, studentise=studentise)

    def slope_covariance(
        self,
        kind: Literal["hc", "clustered", "driscoll_kraay", "two_way", "conley"],
        **options: Any,
    ) -> SlopeCovariance:
        """Covariance of the slopes, the spatial parameter taken as known.

        Parameters
        ----------
        kind : {"hc", "clustered", "driscoll_kraay", "two_way", "conley"}
        **options
            Of the function of that name in `slope_covariance`.

        Returns
        -------
        SlopeCovariance; for every parameter together take `with_covariance`.
        """
        from . import slope_covariance

        kinds = ("hc", "clustered", "driscoll_kraay", "two_way", "conley")
        check_choice("kind", kind, kinds)
        chosen: SlopeCovariance = getattr(slope_covariance, kind)(self, **options)
        return chosen

    def moran_residuals(self) -> pd.DataFrame:
        """Moran's I of the residuals by period and in all (see `diagnostics.moran_residuals`)."""
        from .diagnostics import moran_residuals

        return moran_residuals(self)

    def pesaran_cd(
        self, form: Literal["plain", "weighted"] = "plain", seed: int = 0
    ) -> SpecificationTest:
        """Cross-section dependence of the residuals (see `diagnostics.pesaran_cd`)."""
        from .diagnostics import pesaran_cd

        return pesaran_cd(self, form, seed)

    def serial_correlation(self) -> list[SpecificationTest]:
        """Serial correlation of the residuals (see `diagnostics.serial_correlation`)."""
        from .diagnostics import serial_correlation

        return serial_correlation(self)

    def peers(self) -> pd.DataFrame:
        """The same fit by an independent program (see `peers.compare_with_peer`)."""
        from .peers import compare_with_peer

        return compare_with_peer(self)

    def residual_ar1(self) -> float:
        """First-order autocorrelation of the residuals within units, pooled.

        Σ_i Σ_{t≥2} e_it e_i,t-1 / Σ_i Σ_{t≥2} e²_i,t-1. Removing unit means alone makes it about
        -1/(T-1) when the errors are independent.
        """
        return calc_residual_ar1(self.estimate.residuals)

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`.

        Quantities: coef, rho, lambda, sigma2 with inference; loglik, aic, bic, r2 (terms
        ``within`` and ``correlation``) and residual_ar1 without.
        """
        return self._tidy(
            level,
            self.specification.cov_type,
            [
                ("loglik", "loglik", self.loglik),
                ("aic", "aic", self.aic),
                ("bic", "bic", self.bic),
                ("r2", "within", self.r2_within),
                ("r2", "correlation", self.r2_corr),
                ("residual_ar1", "residual_ar1", self.residual_ar1()),
            ],
        )

    @property
    def summary(self) -> str:
        """The fit as text, as `to_text` gives it by default."""
        return self.to_text()

    def to_text(
        self, level: float = DEFAULT_LEVEL, *, effects: bool = True, stars: bool = False
    ) -> str:
        """What was fitted, parameters, effects, and what the numbers rest on, as text.

        Parameters
        ----------
        level : float
            Of the confidence intervals.
        effects : bool
            Whether to show direct, indirect and total effects.
        stars : bool
            Whether to mark p-values below 0.1, 0.05 and 0.01.

        Returns
        -------
        str
        """
        return summarise_as_text(self, level=level, effects=effects, stars=stars)

    def to_html(
        self, level: float = DEFAULT_LEVEL, *, effects: bool = True, stars: bool = False
    ) -> str:
        """The same as HTML tables with captions and header cells."""
        return summarise_as_html(self, level=level, effects=effects, stars=stars)

    def to_json(self, path: str | Path | None = None) -> str:
        """The whole fit as JSON: specification, data, weights, estimate, covariance.

        `from_json` gives back a fit that is equal to the last bit.

        Parameters
        ----------
        path : str or Path, optional
            File to write as well.

        Returns
        -------
        str

        Raises
        ------
        StoredResultsError
            If units or periods are of a type that cannot be written, or the file cannot.
        """
        text = write_results(self)
        if path is not None:
            save_text(text, path)
        return text

    @classmethod
    def from_json(cls, source: str | Path) -> SpatialPanelResults:
        """The fit that `to_json` wrote.

        Parameters
        ----------
        source : str or Path
            A file, or the text itself.

        Returns
        -------
        SpatialPanelResults

        Raises
        ------
        StoredResultsError
            If it cannot be read, is broken, or of an unknown version.
        """
        return read_results(load_text(source))

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
        return self.to_html()

    def _check_dense(self) -> None:
        if self.n_units > DENSE_LIMIT:
            raise SpecificationError(
                f"the effects of {self.n_units} units on each other are a dense matrix; the "
                f"limit is {DENSE_LIMIT} units. Use effects() or partition()"
            )

    def _check_interior(self, message: str) -> None:
        if self.at_boundary:
            raise BoundaryError(message)

    def _on_index(self, values: Array, name: str) -> pd.Series[float]:
        return pd.Series(values.ravel()[self.arrays.positions], index=self.arrays.index, name=name)

    def _names(self) -> list[str]:
        return self.param_names

    def _covariance(self) -> Array:
        return self.covariance

    def _equation(self) -> str:
        return self.arrays.dependent

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
        return beta_theta(self, delta)

    def _point_effects(self) -> Array:
        return point_effects(self)
