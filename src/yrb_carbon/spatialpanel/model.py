"""Spatial panel models: specification, estimation, results."""

from __future__ import annotations

import copy
import warnings
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, get_args

import numpy as np
import pandas as pd

from .align import PanelArrays, Weights, align_panel, check_identified
from .combined import CombinedData, fit_combined
from .covariance import ASSUMPTIONS, CovarianceType, calc_covariance
from .errors import (
    BoundaryError,
    BoundaryWarning,
    ConvergenceError,
    FlatLikelihoodWarning,
    IdentificationWarning,
    MultipleModesWarning,
    PanelSizeError,
    RowSumsError,
    SpecificationError,
    UniformWeightsError,
    caller_level,
    check_choice,
    enumerate_names,
)
from .factor import filter_solver
from .information import calc_g, calc_spatial_traces, correct_bias
from .likelihood import (
    EffectScheme,
    Estimate,
    Mode,
    fit_error,
    fit_lag,
    fit_linear,
    gaussian_loglik,
)
from .logdet import (
    EigenLogDeterminant,
    LogDeterminant,
    LogDeterminantMethod,
    WeightsSpectrum,
    analyse_weights,
    with_exact_lower,
)
from .results import SpatialPanelResults, Specification
from .score import ScoreParts, calc_information
from .simulate import apply_inverse_filter
from .testing import SpecificationTest
from .within import Array, SparseMatrix, describe_effects, row_sums, spatial_lag, within_transform

Model = Literal["ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns"]
Estimator = Literal["transform", "direct", "direct_bc"]

# A derivative of the log-likelihood this small, in standard deviations of the score, is the top.
CONVERGED_SCORE = 1e-6
# A standard error this wide against the admissible interval leaves nothing to say of a parameter.
FLAT_SHARE = 0.5
# Log-likelihood by which a mode must be lower to be told apart: half the 5 % point of χ²(1).
CLOSE_MODES = 1.92
# Eigenvalues of W* that differ by less than this are one and the same.
UNIFORM_SPREAD = 1e-10
# Distance from a bound, as a share of the interval, up to which a search has stopped at it.
AT_BOUND = 1e-6
# Random signs that estimate the traces of models with two spatial parameters and many units.
PROBES, PROBE_SEED = 64, 20_100_214
# Nothing of shape (N, N) is dense beyond this number of units.
DENSE_MATRIX_LIMIT = 4000

LAG_MODELS = frozenset({"sar", "sdm", "sac", "gns"})
ERROR_MODELS = frozenset({"sem", "sdem", "sac", "gns"})
DURBIN_MODELS = frozenset({"slx", "sdm", "sdem", "gns"})


@dataclass(frozen=True, slots=True)
class _Projected:
    """Arrays with the fixed effects removed: y and Wy (T, N), z (T, N, P)."""

    y: Array
    lagged_y: Array
    z: Array


class SpatialPanel:
    """Spatial panel model with fixed effects for units, periods, both or neither.

    y_t = ρWy_t + X_tβ + WX_tθ + μ + ξ_tι + u_t,  u_t = λWu_t + ε_t, ε ~ (0, σ²I), where

    ==========  ======  ======  ======
    ``model``     ρ       θ       λ
    ==========  ======  ======  ======
    ``ols``
    ``slx``              yes
    ``sar``      yes
    ``sem``                      yes
    ``sdm``      yes     yes
    ``sdem``             yes     yes
    ``sac``      yes             yes
    ``gns``      yes     yes     yes
    ==========  ======  ======  ======

    With ``error_weights`` the error is u_t = λMu_t + ε_t, M another matrix than W.

    Parameters
    ----------
    dependent : Series, index (unit, year)
        Outcome; rows in any order, every unit in every year.
    exog : DataFrame, index (unit, year)
        Regressors; rows in any order. Without fixed effects an intercept ``const`` is added
        unless one column is constant.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
        Spatial weights, joined by identifier.
    model : {"ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns"}
    durbin : list of str, optional
        Regressors whose spatial lag enters slx, sdm, sdem and gns; default all.
    entity_effects, time_effects : bool
        Fixed effects of units and of periods.
    error_weights : as ``weights``, optional
        Of the spatial error in sem, sdem, sac and gns; default ``weights``.

    Warns
    -----
    IdentificationWarning
        For gns: with all interactions in the model its parameters are identified weakly (Elhorst
        2014, sec. 2.4).

    Raises
    ------
    SpatialPanelError
        One of its subclasses, naming what does not fit: `PanelIndexError`,
        `UnbalancedPanelError`, `MissingValueError`, `PanelSizeError`, `WeightsAlignmentError`,
        `WeightsDiagonalError`, `NegativeWeightsError`, `IslandError`, `AbsorbedRegressorError`,
        `CollinearRegressorError`, `SpecificationError`.

    References
    ----------
    Elhorst (2014), Spatial Econometrics, ch. 3. Lee & Yu (2010), J. Econometrics 154:165-185.
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        model: Model = "sdm",
        durbin: Sequence[str] | None = None,
        entity_effects: bool = True,
        time_effects: bool = True,
        error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
    ) -> None:
        check_choice("model", model, get_args(Model))
        if error_weights is not None and model not in ERROR_MODELS:
            raise SpecificationError(
                f"error_weights are given but model {model!r} has no spatial error; use "
                f"{enumerate_names(sorted(ERROR_MODELS))}"
            )
        if durbin is not None and model not in DURBIN_MODELS:
            raise SpecificationError(
                f"durbin is given but model {model!r} has no lagged regressors; use "
                f"{enumerate_names(sorted(DURBIN_MODELS))}"
            )
        arrays = align_panel(
            dependent,
            exog,
            weights,
            durbin=durbin,
            lag_regressors=model in DURBIN_MODELS,
            intercept=not (entity_effects or time_effects),
            error_weights=error_weights,
        )
        self._assemble(arrays, model, entity_effects, time_effects, None, None)
        if model == "gns":
            warnings.warn(
                "the gns model has every spatial interaction at once (Wy, WX, Wu); its parameters "
                "are identified by functional form only and tend to blow each other up. Prefer "
                "sdm, sdem or sac unless theory asks for it",
                IdentificationWarning,
                stacklevel=caller_level(),
            )

    @classmethod
    def from_formula(
        cls,
        formula: str,
        data: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        model: Model | None = None,
        entity_effects: bool = True,
        time_effects: bool = True,
        error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
    ) -> SpatialPanel:
        """A model written as a formula: ``y ~ x1 + log(x2) + C(region) + x1:x2 + W(x1)``.

        Parameters
        ----------
        formula : str
            In the language of formulaic. ``W(term)`` marks a regressor whose spatial lag enters.
            The intercept is held by the effects, and there is one where there are none.
        data : DataFrame, index (unit, year)
            With the variables as columns; the names of the index levels may be used too.
        weights
            As of the class.
        model : str, optional
            Default ``sdm`` for a formula with a ``W()`` and ``sar`` for one without. A model
            with lagged regressors and a formula without ``W()`` lags all of them.
        entity_effects, time_effects, error_weights
            As of the class.

        Returns
        -------
        SpatialPanel

        Raises
        ------
        FormulaError
            With what could not be read, and what to write.
        MissingValueError
            If a variable is missing in some unit-years, which are named; no row is dropped.
        """
        from .formula import build_design

        design = build_design(formula, data, has_effects=entity_effects or time_effects)
        return cls(
            design.dependent,
            design.exog,
            weights,
            model=model or ("sar" if design.durbin is None else "sdm"),
            durbin=design.durbin,
            entity_effects=entity_effects,
            time_effects=time_effects,
            error_weights=error_weights,
        )

    @classmethod
    def from_arrays(
        cls,
        arrays: PanelArrays,
        *,
        model: str,
        entity_effects: bool,
        time_effects: bool,
        spectrum: WeightsSpectrum | None = None,
        error_spectrum: WeightsSpectrum | None = None,
    ) -> SpatialPanel:
        """A model of arrays that were aligned before, such as those of another fit.

        Parameters
        ----------
        arrays : PanelArrays
            With the columns of ``z`` that the model needs.
        model, entity_effects, time_effects
            As of the class.
        spectrum, error_spectrum : WeightsSpectrum, optional
            Of the weights and of the weights of the error, if known.

        Returns
        -------
        SpatialPanel
        """
        check_choice("model", model, get_args(Model))
        panel = cls.__new__(cls)
        panel._assemble(arrays, model, entity_effects, time_effects, spectrum, error_spectrum)
        return panel

    @classmethod
    def of_arrays(
        cls,
        dependent: Array,
        exog: Array,
        weights: SparseMatrix | Array,
        *,
        names: Sequence[str] | None = None,
        **options: Any,
    ) -> SpatialPanel:
        """A model of plain arrays, periods first.

        Parameters
        ----------
        dependent : array, shape (T, N)
        exog : array, shape (T, N, K)
        weights : array or sparse array, shape (N, N)
            Units in the order of the second axis.
        names : sequence of str, optional
            Of the regressors; default x1 ... xK. Units and periods are numbered from 0.
        **options
            As of the class; ``error_weights`` is a matrix too.

        Returns
        -------
        SpatialPanel

        Raises
        ------
        SpecificationError
            If the shapes do not fit together; and what the class raises.
        """
        y, x = np.asarray(dependent, dtype=np.float64), np.asarray(exog, dtype=np.float64)
        if y.ndim != 2 or x.ndim != 3 or x.shape[:2] != y.shape:
            raise SpecificationError(
                "arrays must be (T, N) for the dependent and (T, N, K) for the regressors, got "
                f"{y.shape} and {x.shape}"
            )
        columns = [f"x{k + 1}" for k in range(x.shape[2])] if names is None else list(names)
        if len(columns) != x.shape[2]:
            raise SpecificationError(f"{len(columns)} names for {x.shape[2]} regressors")
        units = range(y.shape[1])
        index = pd.MultiIndex.from_product(
            [range(y.shape[0]), units], names=["period", "unit"]
        ).swaplevel()
        if options.get("error_weights") is not None:
            options["error_weights"] = (units, options["error_weights"])
        return cls(
            pd.Series(y.ravel(), index, name="y"),
            pd.DataFrame(x.reshape(-1, x.shape[2]), index, columns=columns),
            (units, weights),
            **options,
        )

    @classmethod
    def from_results(cls, results: SpatialPanelResults) -> SpatialPanel:
        """The model of a fit, with the log-determinant of the fit.

        Parameters
        ----------
        results : SpatialPanelResults

        Returns
        -------
        SpatialPanel
        """
        specification = results.specification
        return cls.from_arrays(
            results.arrays,
            model=specification.model,
            entity_effects=specification.scheme.entity_effects,
            time_effects=specification.scheme.time_effects,
            spectrum=results.spectrum,
            error_spectrum=results.error_spectrum,
        )

    def _assemble(
        self,
        arrays: PanelArrays,
        model: str,
        entity_effects: bool,
        time_effects: bool,
        spectrum: WeightsSpectrum | None,
        error_spectrum: WeightsSpectrum | None,
    ) -> None:
        for what, value in (("entity_effects", entity_effects), ("time_effects", time_effects)):
            if not isinstance(value, bool | np.bool_):
                raise SpecificationError(f"{what} must be True or False, got {value!r}")
        self.arrays = arrays
        self.model = model
        self.entity_effects = entity_effects
        self.time_effects = time_effects
        self._spectrum = spectrum
        self._error_spectrum = error_spectrum
        self._projected = _project(arrays, entity_effects, time_effects)
        check_identified(self._projected.z, arrays, describe_effects(entity_effects, time_effects))
        self._check_variation()

    def lm_tests(
        self, form: Literal["centred", "plain", "both", "serial"] = "centred"
    ) -> list[SpecificationTest]:
        """LM tests of a spatial lag and a spatial error (see `diagnostics.lm_tests`)."""
        from .diagnostics import lm_tests

        return lm_tests(self, form)

    def baltagi_song_koh(
        self, form: Literal["centred", "plain"] = "centred"
    ) -> list[SpecificationTest]:
        """LM tests of unit effects and spatial errors (see `diagnostics.baltagi_song_koh`)."""
        from .diagnostics import baltagi_song_koh

        return baltagi_song_koh(self, form)

    def variance_inflation(self) -> pd.DataFrame:
        """Inflation of the variances by collinearity (see `diagnostics.variance_inflation`)."""
        from .diagnostics import variance_inflation

        return variance_inflation(self)

    @property
    def spectrum(self) -> WeightsSpectrum:
        """Log-determinant and admissible interval of the weights, computed once."""
        if self._spectrum is None:
            self._spectrum = analyse_weights(self.arrays.weights)
        return self._spectrum

    @property
    def error_spectrum(self) -> WeightsSpectrum:
        """The same of the weights of the error."""
        if self.arrays.error_weights is None:
            return self.spectrum
        if self._error_spectrum is None:
            self._error_spectrum = analyse_weights(self.arrays.error_weights)
        return self._error_spectrum

    def _with_logdet(self, method: LogDeterminantMethod) -> SpatialPanel:
        """The same model with another way to the log-determinant."""
        check_choice("logdet", method, get_args(LogDeterminantMethod))
        other = copy.copy(self)
        other._spectrum = analyse_weights(self.arrays.weights, method=method)
        if self.arrays.error_weights is not None:
            other._error_spectrum = analyse_weights(self.arrays.error_weights, method=method)
        return other

    @property
    def _error_weights(self) -> SparseMatrix:
        arrays = self.arrays
        return arrays.weights if arrays.error_weights is None else arrays.error_weights

    def with_dependent(self, values: Array, name: str | None = None) -> SpatialPanel:
        """The same model for other outcomes, without checking the rest again.

        For bootstraps and simulations: weights, regressors and log-determinant are shared.

        Parameters
        ----------
        values : array, shape (T, N)
            Periods and units in the order of ``arrays.periods`` and ``arrays.units``.
        name : str, optional

        Returns
        -------
        SpatialPanel

        Raises
        ------
        SpecificationError
            If the shape is wrong or a value is not finite.
        """
        y = np.ascontiguousarray(values, dtype=np.float64)
        if y.shape != self.arrays.y.shape or not np.isfinite(y).all():
            raise SpecificationError(
                f"values must be finite and of shape {self.arrays.y.shape}, got {y.shape}"
            )
        # The spectrum must exist before the copy, or every copy would compute its own.
        _ = self.spectrum, self.error_spectrum
        other = copy.copy(self)
        lagged_y = spatial_lag(self.arrays.weights, y)
        other.arrays = replace(
            self.arrays, y=y, lagged_y=lagged_y, dependent=name or self.arrays.dependent
        )
        other._projected = _project(
            other.arrays, self.entity_effects, self.time_effects, z=self._projected.z
        )
        other._check_variation()
        return other

    def fit(
        self,
        estimator: Estimator = "transform",
        cov_type: CovarianceType = "oim",
        logdet: LogDeterminantMethod = "auto",
    ) -> SpatialPanelResults:
        """Estimate by exact maximum likelihood.

        Parameters
        ----------
        estimator : {"transform", "direct", "direct_bc"}
            ``transform``: quasi maximum likelihood of the orthonormally transformed data (Lee &
            Yu 2010), consistent for all parameters. ``direct``: fixed effects as dummies; ρ and
            σ² are biased. ``direct_bc``: direct with the bias correction of Lee & Yu; standard
            errors from the direct information matrix at the corrected values, as is customary.
        cov_type : {"oim", "hessian", "qml", "serial", "clustered"}
            ``oim``: inverse of the information matrix. ``hessian``: of the observed Hessian.
            ``qml``: sandwich for errors that are independent but not normal. ``serial`` and
            ``clustered``: sandwiches that hold under serial correlation within units for every
            parameter, ρ and λ included; ``serial`` takes the correlation over time to be alike
            for all units and covers better with few of them.
        logdet : {"auto", "eigen", "sparse", "trace"}
            ``eigen``: eigenvalues. ``sparse``: a few exact sparse factorisations. ``trace``: random
            probes alone, whose error in the log-likelihood and in ρ is in `numerics` of the
            results. ``auto``: the faster of the exact ones.

        Returns
        -------
        SpatialPanelResults

        Warns
        -----
        BoundaryWarning
            If the likelihood peaks at or beyond the edge of the admissible interval; the result
            then has neither standard errors nor effects.

        Raises
        ------
        RowSumsError
            If the rows of W have different sums and the transformation needs them equal.
        PerfectFitError
            If there is no residual.
        BoundaryError
            If the bias correction moves ρ or λ out of the admissible interval or makes σ² negative.
        """
        check_choice("estimator", estimator, get_args(Estimator))
        check_choice("cov_type", cov_type, list(ASSUMPTIONS))
        if logdet != "auto":
            return self._with_logdet(logdet).fit(estimator, cov_type)
        estimate = self.estimate(estimator)
        if estimate.at_boundary:
            self._warn_of_boundary(estimate)
        results = self.results_of(estimate, estimator, cov_type)
        self._warn_of_shape(results)
        return results

    def estimate(self, estimator: Estimator = "transform") -> Estimate:
        """The numbers of `fit` without covariance and warnings, for repeated estimation.

        Parameters
        ----------
        estimator : {"transform", "direct", "direct_bc"}

        Returns
        -------
        Estimate, whose ``at_boundary`` must be looked at.

        Raises
        ------
        SpatialPanelError
            As of `fit`.
        """
        check_choice("estimator", estimator, get_args(Estimator))
        scheme = self.scheme(estimator)
        self._check_degrees_of_freedom(scheme)
        self._check_uniform_weights()
        estimate = self._estimate(scheme)
        if estimate.at_boundary and self._find_lower_edges(estimate):
            estimate = self._estimate(scheme)
        if estimator == "direct_bc" and not estimate.at_boundary:
            estimate = self._correct(estimate, scheme)
        return estimate

    def results_of(self, estimate: Estimate, estimator: str, cov_type: str) -> SpatialPanelResults:
        """Results of an estimate that is known already.

        Parameters
        ----------
        estimate : Estimate
            Of this model, by ``estimator``.
        estimator, cov_type : str
            As of `fit`.

        Returns
        -------
        SpatialPanelResults
        """
        check_choice("cov_type", cov_type, list(ASSUMPTIONS))
        scheme = self.scheme(estimator)
        covariance, information_error = calc_covariance(self, estimate, scheme, cov_type)
        return SpatialPanelResults(
            specification=Specification(
                model=self.model,
                estimator=estimator,
                cov_type=cov_type,
                scheme=scheme,
                spatial_names=self.spatial_names,
            ),
            arrays=self.arrays,
            spectrum=self.spectrum,
            error_spectrum=self.error_spectrum,
            estimate=estimate,
            covariance=covariance,
            information_error=information_error,
        )

    def scheme(self, estimator: str) -> EffectScheme:
        """The effects, and how an estimator treats them."""
        return EffectScheme(
            self.entity_effects, self.time_effects, transformed=estimator == "transform"
        )

    @property
    def spatial_names(self) -> tuple[str, ...]:
        """``rho`` and ``lambda``, those that the model has."""
        lag = ("rho",) if self.model in LAG_MODELS else ()
        error = ("lambda",) if self.model in ERROR_MODELS else ()
        return lag + error

    def _estimate(self, scheme: EffectScheme) -> Estimate:
        arrays, projected = self.arrays, self._projected
        n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
        if not self.spatial_names:
            return fit_linear(projected.y, projected.z, n_effective)
        if self.spatial_names == ("rho",):
            return fit_lag(
                projected.y,
                projected.lagged_y,
                projected.z,
                self._logdet(self.spectrum, scheme),
                _interval(self.spectrum),
                n_effective,
                scheme.jacobian_periods(arrays.n_periods),
            )
        if self.spatial_names == ("lambda",):
            return fit_error(
                arrays.y,
                spatial_lag(self._error_weights, arrays.y),
                arrays.z,
                spatial_lag(self._error_weights, arrays.z),
                self._unequal_error_sums,
                scheme,
                self._logdet(self.error_spectrum, scheme),
                _interval(self.error_spectrum),
            )
        return fit_combined(
            CombinedData(
                arrays.y,
                arrays.lagged_y,
                arrays.z,
                lambda values: spatial_lag(self._error_weights, values),
                self._unequal_error_sums,
            ),
            scheme,
            self._logdet(self.spectrum, scheme),
            self._logdet(self.error_spectrum, scheme),
            _interval(self.spectrum),
            _interval(self.error_spectrum),
        )

    def _find_lower_edges(self, estimate: Estimate) -> bool:
        """Widen intervals whose lower bound was a safe one only and held the search up."""
        moved = False
        for name, value in zip(self.spatial_names, estimate.spatial_values, strict=True):
            of_error = name == "lambda" and self.arrays.error_weights is not None
            spectrum = self.error_spectrum if of_error else self.spectrum
            margin = value - spectrum.lower
            if not spectrum.lower_is_safe or margin > AT_BOUND * (spectrum.upper - spectrum.lower):
                continue
            moved = True
            if of_error:
                self._error_spectrum = with_exact_lower(self._error_weights, spectrum)
            else:
                self._spectrum = with_exact_lower(self.arrays.weights, spectrum)
        return moved

    @property
    def _unequal_error_sums(self) -> Array | None:
        """Mι where the rows of M have different sums."""
        if self.error_spectrum.row_sum is not None:
            return None
        return row_sums(self._error_weights)

    def _logdet(self, spectrum: WeightsSpectrum, scheme: EffectScheme) -> LogDeterminant:
        if not scheme.deflated:
            return spectrum.full
        if spectrum.deflated is None:
            of_error = spectrum is not self.spectrum
            sums = row_sums(self._error_weights if of_error else self.arrays.weights)
            raise RowSumsError(
                f"the transformation estimator with time effects needs "
                f"{'error_weights' if of_error else 'weights'} whose rows have equal sums, got "
                f"sums from {sums.min():.6g} to {sums.max():.6g}. "
                "Row-standardise the weights, or use estimator='direct' or 'direct_bc'"
            )
        return spectrum.deflated

    def logdet_of(self, name: str, scheme: EffectScheme) -> LogDeterminant:
        """Log-determinant that goes with ``rho`` or ``lambda``."""
        return self._logdet(self.spectrum if name == "rho" else self.error_spectrum, scheme)

    def score_parts(self, estimate: Estimate, scheme: EffectScheme) -> ScoreParts:
        """Linear and quadratic parts of the score at an estimate.

        Parameters
        ----------
        estimate : Estimate
        scheme : EffectScheme

        Returns
        -------
        ScoreParts
        """
        arrays = self.arrays
        linear, k = self.filtered_regressors(estimate), estimate.delta.size
        if estimate.rho is not None:
            linear = np.concatenate([linear, self._mean_lag(estimate)[:, :, None]], axis=2)
        n_spatial = len(self.spatial_names)
        quadratic, quadratic_error = self._quadratic_traces(estimate, scheme)
        return ScoreParts(
            linear=linear,
            linear_positions=tuple(range(linear.shape[2])),
            quadratic=quadratic,
            quadratic_error=quadratic_error,
            quadratic_positions=tuple(range(k, k + n_spatial + 1)),
            residuals=estimate.residuals,
            sigma2=estimate.sigma2,
            jacobian_periods=scheme.jacobian_periods(arrays.n_periods),
            size=k + n_spatial + 1,
        )

    def filtered_regressors(self, estimate: Estimate) -> Array:
        """Z̃: regressors filtered by I - λM, effects removed, shape (T, N, K)."""
        if estimate.lam is None:
            return self._projected.z
        return self.filter_and_project(self.arrays.z, estimate.lam)

    def filter_and_project(self, values: Array, lam: float | None) -> Array:
        """(I - λM)v with the effects removed, for raw v of shape (T, N) or (T, N, K)."""
        if lam is not None:
            values = values - lam * spatial_lag(self._error_weights, values)
        return self._remove_effects(values, lam)

    def project_error_lag(self, values: Array, lam: float) -> Array:
        """Mv with the effects removed, for raw v of shape (T, N) or (T, N, K)."""
        if self._period_direction(lam) is not None:
            raise SpecificationError(
                "the observed Hessian of a model with a spatial error, time effects and weights "
                "of unequal row sums is not available; use cov_type='oim'"
            )
        return self._remove_effects(spatial_lag(self._error_weights, values), lam)

    def _mean_lag(self, estimate: Estimate) -> Array:
        """h: mean of BWy, effects removed.

        E(Wy) = G(mean of Ay) and the mean of Ay is Ay - B⁻¹ε, so h = Q(BWy) - QPε holds for any
        effects and any weights, period effects that W does not leave parallel to ι included.
        """
        observed = (
            self._projected.lagged_y
            if estimate.lam is None
            else self.filter_and_project(self.arrays.lagged_y, estimate.lam)
        )
        return observed - self._remove_effects(
            self._apply_p(estimate, estimate.residuals), estimate.lam
        )

    def _remove_effects(self, values: Array, lam: float | None) -> Array:
        return within_transform(
            values,
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
            direction=self._period_direction(lam),
        )

    def _apply_p(self, estimate: Estimate, values: Array) -> Array:
        """P v = BGB⁻¹v for every cross-section of ``values`` (T, N)."""
        weights, rho = self.arrays.weights, estimate.rho or 0.0
        if estimate.lam is None:
            if self._is_dense:
                product: Array = values @ calc_g(weights, rho).T
                return product
            return spatial_lag(weights, apply_inverse_filter(weights, rho, values))
        unfiltered = apply_inverse_filter(self._error_weights, estimate.lam, values)
        passed = spatial_lag(weights, apply_inverse_filter(weights, rho, unfiltered))
        return passed - estimate.lam * spatial_lag(self._error_weights, passed)

    @property
    def _is_dense(self) -> bool:
        return self.spectrum.eigenvalues is not None

    def quadratic_matrices(
        self, estimate: Estimate, scheme: EffectScheme, what: str = "this covariance"
    ) -> list[Array]:
        """P and H of the score, dense, (N, N) each, for those of ρ and λ that the model has.

        For the transformation estimator with time effects they are F P* F', P* of F'WF and F'MF.

        Parameters
        ----------
        estimate : Estimate
        scheme : EffectScheme
        what : str
            What needs them, for the message.

        Raises
        ------
        SpecificationError
            If there are too many units for dense matrices.
        """
        n_units = self.arrays.n_units
        if not estimate.spatial_values:
            return []
        if n_units > DENSE_MATRIX_LIMIT:
            raise SpecificationError(
                f"{what} needs dense matrices of {n_units} x {n_units}; the limit is "
                f"{DENSE_MATRIX_LIMIT} units. Use cov_type='oim' or 'serial'"
            )
        matrices = []
        if estimate.rho is not None:
            p = calc_g(self.arrays.weights, estimate.rho, centred=scheme.deflated)
            if estimate.lam is not None:
                m = self._error_weights.toarray()
                if scheme.deflated:
                    m = m - m.mean(axis=0)
                b = np.eye(len(m)) - estimate.lam * m
                p = np.linalg.solve(b.T, (b @ p).T).T
            matrices.append(p)
        if estimate.lam is not None:
            matrices.append(calc_g(self._error_weights, estimate.lam, centred=scheme.deflated))
        return matrices

    def _quadratic_traces(self, estimate: Estimate, scheme: EffectScheme) -> tuple[Array, float]:
        """D of ρ, λ, σ²: tr(P_aP_b) + tr(P_a'P_b), and the error of its first element."""
        error = 0.0
        sigma2, count = estimate.sigma2, len(self.spatial_names)
        traces = np.zeros((count + 1, count + 1))
        traces[count, count] = scheme.effective_units(self.arrays.n_units) / (2.0 * sigma2**2)
        if count == 1:
            of_error = estimate.rho is None
            spectrum = self.error_spectrum if of_error else self.spectrum
            single = calc_spatial_traces(
                self._error_weights if of_error else self.arrays.weights,
                estimate.spatial_values[0],
                deflated=scheme.deflated,
                row_sum=spectrum.row_sum,
                dense=spectrum.eigenvalues is not None,
                logdet=self._logdet(spectrum, scheme),
            )
            traces[0, 0] = single.gg + single.gtg
            traces[0, 1] = traces[1, 0] = single.g / sigma2
            error = single.gtg_error
        if count == 2 and self.arrays.n_units <= DENSE_MATRIX_LIMIT:
            matrices = self.quadratic_matrices(estimate, scheme)
            for i, first in enumerate(matrices):
                traces[i, 2] = traces[2, i] = np.trace(first) / sigma2
                for j, second in enumerate(matrices):
                    traces[i, j] = (first * second.T).sum() + (first * second).sum()
        elif count == 2:
            products, images, error = self._probe_quadratics(estimate, scheme)
            traces[:2, :2] = products
            traces[:2, 2] = traces[2, :2] = images / sigma2
        return traces, error

    def _probe_quadratics(
        self, estimate: Estimate, scheme: EffectScheme
    ) -> tuple[Array, Array, float]:
        """D and traces of P and H by random signs u: E u'Ku = tr(K) (Hutchinson 1990).

        With u, P'u, Pu (and the same of H) at hand tr(PP) is the mean of (P'u)'(Pu), tr(P'P) that
        of (Pu)'(Pu), and so on. Period means are taken off where the likelihood does so.
        """
        n_units = self.arrays.n_units
        signs = np.random.default_rng(PROBE_SEED).choice([-1.0, 1.0], (PROBES, n_units))
        lag, error = self.arrays.weights, self._error_weights
        rho, lam = estimate.rho or 0.0, estimate.lam or 0.0

        def centre(values: Array) -> Array:
            return values - values.mean(axis=1, keepdims=True) if scheme.deflated else values

        def solve(weights: SparseMatrix, parameter: float, values: Array) -> Array:
            return filter_solver(weights).solve(parameter, values.T, transposed=True).T

        start = centre(signs)
        forward = [
            centre(self._apply_p(estimate, start)),
            centre(spatial_lag(error, apply_inverse_filter(error, lam, start))),
        ]
        # P' = B'⁻¹G'B' and H' = B'⁻¹M', G' = A'⁻¹W'.
        filtered = start - lam * (start @ error)
        backward = [
            centre(solve(error, lam, solve(lag, rho, filtered @ lag))),
            centre(solve(error, lam, start @ error)),
        ]
        products, spread = np.empty((2, 2)), 0.0
        for i in range(2):
            for j in range(2):
                samples = (backward[i] * forward[j]).sum(axis=1)
                samples = samples + (forward[i] * forward[j]).sum(axis=1)
                products[i, j] = samples.mean()
                if i == j == 0:
                    spread = float(samples.std(ddof=1)) / np.sqrt(PROBES)
        images = np.array([(start * image).sum(axis=1).mean() for image in forward])
        return (products + products.T) / 2.0, images, spread

    def _information(self, estimate: Estimate, scheme: EffectScheme) -> Array:
        return calc_information(self.score_parts(estimate, scheme))

    def _period_direction(self, lam: float | None) -> Array | None:
        """Cross-section vector a period dummy becomes: Bι in error models; None for ι itself."""
        if lam is None or not self.time_effects or self._unequal_error_sums is None:
            return None
        direction: Array = 1.0 - lam * self._unequal_error_sums
        return direction

    def _correct(self, estimate: Estimate, scheme: EffectScheme) -> Estimate:
        arrays = self.arrays
        if not self.spatial_names:
            factor = scheme.n_effective(arrays.n_units, arrays.n_periods) / replace(
                scheme, transformed=True
            ).n_effective(arrays.n_units, arrays.n_periods)
            return replace(estimate, sigma2=estimate.sigma2 * factor)
        corrected = correct_bias(
            np.concatenate([estimate.delta, estimate.spatial_values, [estimate.sigma2]]),
            self._information(estimate, scheme),
            self._period_dummy_scores(estimate),
            arrays.n_periods,
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
        )
        if corrected[-1] <= 0.0:
            raise BoundaryError(
                "the bias correction makes sigma2 negative; use estimator='transform'"
            )
        return self._evaluate(corrected, scheme)

    def _period_dummy_scores(self, estimate: Estimate) -> Array:
        """d'P_a d/d'd of ρ and λ, d the cross-section vector that a period dummy is."""
        direction = self._period_direction(estimate.lam)
        dummy = np.ones(self.arrays.n_units) if direction is None else direction
        images = []
        if estimate.rho is not None:
            images.append(self._apply_p(estimate, dummy[None, :])[0])
        if estimate.lam is not None:
            unfiltered = apply_inverse_filter(self._error_weights, estimate.lam, dummy[None, :])
            images.append(spatial_lag(self._error_weights, unfiltered)[0])
        return np.array([float(dummy @ image) for image in images]) / float(dummy @ dummy)

    def _evaluate(self, parameters: Array, scheme: EffectScheme) -> Estimate:
        """Residuals and log-likelihood at given parameters (δ, ρ, λ, σ²)."""
        arrays = self.arrays
        k = len(arrays.names)
        delta, sigma2 = parameters[:k], float(parameters[-1])
        named = dict(zip(self.spatial_names, parameters[k:-1].tolist(), strict=True))
        rho, lam = named.get("rho"), named.get("lambda")
        jacobian = 0.0
        for name, value in named.items():
            spectrum = self.spectrum if name == "rho" else self.error_spectrum
            if not spectrum.lower < value < spectrum.upper:
                raise BoundaryError(
                    f"the bias correction moves {name} to {value:.6g}, outside "
                    f"({spectrum.lower:.6g}, {spectrum.upper:.6g}); use estimator='transform'"
                )
            jacobian += self._logdet(spectrum, scheme).value(value)
        structural = arrays.y - arrays.z @ delta
        if rho is not None:
            structural = structural - rho * arrays.lagged_y
        if lam is not None:
            structural = structural - lam * spatial_lag(self._error_weights, structural)
        residuals = self._remove_effects(structural, lam)
        n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
        return Estimate(
            delta=delta,
            rho=rho,
            lam=lam,
            sigma2=sigma2,
            loglik=gaussian_loglik(
                float((residuals**2).sum()),
                sigma2,
                n_effective,
                scheme.jacobian_periods(arrays.n_periods) * jacobian,
            ),
            residuals=residuals,
            score=float("nan"),
            at_boundary=False,
        )

    def _check_variation(self) -> None:
        size = float(np.linalg.norm(self.arrays.y))
        if float(np.linalg.norm(self._projected.y)) <= 1e-12 * size:
            raise PanelSizeError(
                f"dependent {self.arrays.dependent!r} does not vary once "
                f"{describe_effects(self.entity_effects, self.time_effects)} are removed"
            )

    def _check_degrees_of_freedom(self, scheme: EffectScheme) -> None:
        arrays = self.arrays
        free = (
            arrays.n_units * arrays.n_periods
            - scheme.n_absorbed(arrays.n_units, arrays.n_periods)
            - len(arrays.names)
            - len(self.spatial_names)
        )
        if free <= 0:
            raise PanelSizeError(
                f"{arrays.n_units} units and {arrays.n_periods} periods leave {free} degrees of "
                f"freedom for {len(arrays.names)} regressors and "
                f"{describe_effects(self.entity_effects, self.time_effects)}"
            )

    def _check_uniform_weights(self) -> None:
        """W = (ιι' - I)/(N-1) makes Wy, period means removed, a multiple of y."""
        for name in self.spatial_names if self.time_effects else ():
            spectrum = self.spectrum if name == "rho" else self.error_spectrum
            deflated = spectrum.deflated
            if isinstance(deflated, EigenLogDeterminant) and (
                float(np.ptp(deflated.eigenvalues.real)) < UNIFORM_SPREAD
                and float(np.abs(deflated.eigenvalues.imag).max()) < UNIFORM_SPREAD
            ):
                raise UniformWeightsError(
                    f"the weights link every unit to all others alike, so with time effects the "
                    f"spatial lag is a multiple of the variable itself and {name} is not "
                    "identified; use sparser weights or leave out the time effects"
                )

    def _warn_of_shape(self, results: SpatialPanelResults) -> None:
        """Refuse a search that has not ended; warn of flat and of many-peaked likelihoods."""
        estimate = results.estimate
        if estimate.at_boundary:
            return
        errors = results.std_errors
        for name, value in zip(self.spatial_names, estimate.spatial_values, strict=True):
            spectrum = self.spectrum if name == "rho" else self.error_spectrum
            error = float(errors[name])
            if abs(estimate.score) * error > CONVERGED_SCORE:
                raise ConvergenceError(
                    f"the search for {name} stopped at {value:.6g} with a derivative of "
                    f"{estimate.score:.3g}, {abs(estimate.score) * error:.2g} in units of its "
                    "standard deviation; the likelihood is not smooth there"
                )
            if error > FLAT_SHARE * (spectrum.upper - spectrum.lower):
                warnings.warn(
                    f"the likelihood hardly depends on {name}: its standard error {error:.3g} is "
                    f"large against the admissible interval ({spectrum.lower:.4g}, "
                    f"{spectrum.upper:.4g}). The data do not tell its value",
                    FlatLikelihoodWarning,
                    stacklevel=caller_level(),
                )
        close = [
            mode for mode in estimate.other_modes if mode.loglik > estimate.loglik - CLOSE_MODES
        ]
        if close:
            described = "; ".join(
                f"{', '.join(_mode_values(mode))} with ln L {mode.loglik:.3f}" for mode in close
            )
            warnings.warn(
                f"the likelihood (ln L {estimate.loglik:.3f}) has other maxima of nearly the same "
                f"height: {described}. See results.modes",
                MultipleModesWarning,
                stacklevel=caller_level(),
            )

    def _warn_of_boundary(self, estimate: Estimate) -> None:
        stated = []
        for name, value in zip(self.spatial_names, estimate.spatial_values, strict=True):
            spectrum = self.spectrum if name == "rho" else self.error_spectrum
            stated.append(f"{name} = {value:.6g} in ({spectrum.lower:.6g}, {spectrum.upper:.6g})")
        warnings.warn(
            f"the likelihood of the {self.model} model of {self.arrays.dependent!r} peaks at or "
            f"beyond the edge of the admissible interval, {' and '.join(stated)}; there are "
            "neither standard errors nor effects. Consider sparser weights or another model",
            BoundaryWarning,
            stacklevel=caller_level(),
        )


def require_panel(panel: object, caller: str) -> None:
    """Refuse what is no model, such as data or results.

    Raises
    ------
    SpecificationError
    """
    if not isinstance(panel, SpatialPanel):
        raise SpecificationError(
            f"{caller} takes a SpatialPanel, the model before it is fitted, got a "
            f"{type(panel).__name__}"
        )


def _mode_values(mode: Mode) -> list[str]:
    pairs = (("rho", mode.rho), ("lambda", mode.lam))
    return [f"{name} = {value:.4f}" for name, value in pairs if value is not None]


def _interval(spectrum: WeightsSpectrum) -> tuple[float, float]:
    return spectrum.lower, spectrum.upper


def _project(
    arrays: PanelArrays, entity_effects: bool, time_effects: bool, z: Array | None = None
) -> _Projected:
    """Arrays without the effects; ``z`` where its projection is known already."""

    def project(values: Array) -> Array:
        return within_transform(values, entity_effects=entity_effects, time_effects=time_effects)

    return _Projected(
        y=project(arrays.y),
        lagged_y=project(arrays.lagged_y),
        z=project(arrays.z) if z is None else z,
    )
