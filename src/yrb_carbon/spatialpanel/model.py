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
from .errors import (
    BoundaryError,
    BoundaryWarning,
    PanelSizeError,
    RowSumsError,
    SpecificationError,
    enumerate_names,
)
from .information import (
    calc_g,
    calc_spatial_traces,
    correct_bias,
    error_information,
    invert_information,
    lag_information,
    linear_information,
)
from .likelihood import (
    EffectScheme,
    Estimate,
    fit_error,
    fit_lag,
    fit_linear,
    gaussian_loglik,
)
from .logdet import LogDeterminant, WeightsSpectrum, analyse_weights
from .results import SpatialPanelResults, Specification
from .simulate import apply_inverse_filter
from .within import Array, SparseMatrix, spatial_lag, stack, within_transform

Model = Literal["ols", "slx", "sar", "sem", "sdm", "sdem"]
Estimator = Literal["transform", "direct", "direct_bc"]
CovarianceType = Literal["oim"]

LAG_MODELS = frozenset({"sar", "sdm"})
ERROR_MODELS = frozenset({"sem", "sdem"})
DURBIN_MODELS = frozenset({"slx", "sdm", "sdem"})


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
    ==========  ======  ======  ======

    Parameters
    ----------
    dependent : Series, index (unit, year)
        Outcome; rows in any order, every unit in every year.
    exog : DataFrame, index (unit, year)
        Regressors; rows in any order. Without fixed effects an intercept ``const`` is added
        unless one column is constant.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
        Spatial weights, joined by identifier.
    model : {"ols", "slx", "sar", "sem", "sdm", "sdem"}
    durbin : list of str, optional
        Regressors whose spatial lag enters slx, sdm and sdem; default all.
    entity_effects, time_effects : bool
        Fixed effects of units and of periods.

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
    ) -> None:
        _check_choice("model", model, get_args(Model))
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
        )
        self._assemble(arrays, model, entity_effects, time_effects, None)

    @classmethod
    def from_arrays(
        cls,
        arrays: PanelArrays,
        *,
        model: str,
        entity_effects: bool,
        time_effects: bool,
        spectrum: WeightsSpectrum | None = None,
    ) -> SpatialPanel:
        """A model of arrays that were aligned before, such as those of another fit.

        Parameters
        ----------
        arrays : PanelArrays
            With the columns of ``z`` that the model needs.
        model, entity_effects, time_effects
            As of the class.
        spectrum : WeightsSpectrum, optional
            Of the weights, if known.

        Returns
        -------
        SpatialPanel
        """
        _check_choice("model", model, get_args(Model))
        panel = cls.__new__(cls)
        panel._assemble(arrays, model, entity_effects, time_effects, spectrum)
        return panel

    def _assemble(
        self,
        arrays: PanelArrays,
        model: str,
        entity_effects: bool,
        time_effects: bool,
        spectrum: WeightsSpectrum | None,
    ) -> None:
        self.arrays = arrays
        self.model = model
        self.entity_effects = entity_effects
        self.time_effects = time_effects
        self._spectrum = spectrum
        self._projected = _project(arrays, entity_effects, time_effects)
        check_identified(self._projected.z, arrays, _describe(entity_effects, time_effects))
        self._check_variation()

    @property
    def spectrum(self) -> WeightsSpectrum:
        """Log-determinant and admissible interval of the weights, computed once."""
        if self._spectrum is None:
            self._spectrum = analyse_weights(self.arrays.weights)
        return self._spectrum

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
        _ = self.spectrum
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
        self, estimator: Estimator = "transform", cov_type: CovarianceType = "oim"
    ) -> SpatialPanelResults:
        """Estimate by exact maximum likelihood.

        Parameters
        ----------
        estimator : {"transform", "direct", "direct_bc"}
            ``transform``: quasi maximum likelihood of the orthonormally transformed data (Lee &
            Yu 2010), consistent for all parameters. ``direct``: fixed effects as dummies; ρ and
            σ² are biased. ``direct_bc``: direct with the bias correction of Lee & Yu; standard
            errors from the direct information matrix at the corrected values, as is customary.
        cov_type : {"oim"}
            Inverse of the information matrix at the estimate.

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
        _check_choice("estimator", estimator, get_args(Estimator))
        _check_choice("cov_type", cov_type, get_args(CovarianceType))
        scheme = EffectScheme(
            self.entity_effects, self.time_effects, transformed=estimator == "transform"
        )
        self._check_degrees_of_freedom(scheme)
        estimate = self._estimate(scheme)
        if estimate.at_boundary:
            self._warn_of_boundary(estimate)
        elif estimator == "direct_bc":
            estimate = self._correct(estimate, scheme)
        return SpatialPanelResults(
            specification=Specification(
                model=self.model,
                estimator=estimator,
                cov_type=cov_type,
                scheme=scheme,
                spatial_name=self._spatial_name,
            ),
            arrays=self.arrays,
            spectrum=self.spectrum,
            estimate=estimate,
            covariance=self._covariance(estimate, scheme),
        )

    @property
    def _spatial_name(self) -> str | None:
        if self.model in LAG_MODELS:
            return "rho"
        return "lambda" if self.model in ERROR_MODELS else None

    def _estimate(self, scheme: EffectScheme) -> Estimate:
        arrays, projected = self.arrays, self._projected
        n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
        if self._spatial_name is None:
            return fit_linear(projected.y, projected.z, n_effective)
        interval = (self.spectrum.lower, self.spectrum.upper)
        if self.model in LAG_MODELS:
            return fit_lag(
                projected.y,
                projected.lagged_y,
                projected.z,
                self._logdet(scheme),
                interval,
                n_effective,
                scheme.jacobian_periods(arrays.n_periods),
            )
        return fit_error(
            arrays.y,
            arrays.lagged_y,
            arrays.z,
            spatial_lag(arrays.weights, arrays.z),
            None if self.spectrum.row_sum is not None else _row_sums(arrays.weights),
            scheme,
            self._logdet(scheme),
            interval,
        )

    def _logdet(self, scheme: EffectScheme) -> LogDeterminant:
        if not scheme.deflated:
            return self.spectrum.full
        if self.spectrum.deflated is None:
            sums = _row_sums(self.arrays.weights)
            raise RowSumsError(
                "the transformation estimator with time effects needs weights whose rows have "
                f"equal sums, got sums from {sums.min():.6g} to {sums.max():.6g}. "
                "Row-standardise the weights, or use estimator='direct' or 'direct_bc'"
            )
        return self.spectrum.deflated

    def _information(self, estimate: Estimate, scheme: EffectScheme) -> Array:
        arrays = self.arrays
        n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
        if estimate.spatial is None:
            return linear_information(stack(self._projected.z), estimate.sigma2, n_effective)
        dense = self.spectrum.eigenvalues is not None
        traces = calc_spatial_traces(
            arrays.weights,
            estimate.spatial,
            deflated=scheme.deflated,
            row_sum=self.spectrum.row_sum,
            dense=dense,
        )
        periods = scheme.jacobian_periods(arrays.n_periods)
        if self.model in ERROR_MODELS:
            z = within_transform(
                arrays.z - estimate.spatial * spatial_lag(arrays.weights, arrays.z),
                entity_effects=self.entity_effects,
                time_effects=self.time_effects,
                direction=self._period_direction(estimate.spatial),
            )
            return error_information(stack(z), estimate.sigma2, traces, n_effective, periods)
        # E(Wy) = G(mean of Ay) and the mean of Ay is Ay - ε, so h = Q(Wy) - QGε holds for any
        # effects and any weights, period effects that W does not leave parallel to ι included.
        mean_lag = self._projected.lagged_y - within_transform(
            self._apply_g(estimate.spatial, estimate.residuals, dense),
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
        )
        return lag_information(
            stack(self._projected.z),
            stack(mean_lag),
            estimate.sigma2,
            traces,
            n_effective,
            periods,
        )

    def _apply_g(self, rho: float, values: Array, dense: bool) -> Array:
        if dense:
            product: Array = values @ calc_g(self.arrays.weights, rho).T
            return product
        inverse = apply_inverse_filter(self.arrays.weights, rho, values)
        return spatial_lag(self.arrays.weights, inverse)

    def _period_direction(self, spatial: float) -> Array | None:
        """Cross-section vector a period dummy becomes: Bι in error models; None for ι itself."""
        parallel = self.spectrum.row_sum is not None
        if self.model not in ERROR_MODELS or not self.time_effects or parallel:
            return None
        return 1.0 - spatial * _row_sums(self.arrays.weights)

    def _covariance(self, estimate: Estimate, scheme: EffectScheme) -> Array:
        size = estimate.delta.size + (2 if estimate.spatial is not None else 1)
        if estimate.at_boundary:
            return np.full((size, size), np.nan)
        return invert_information(self._information(estimate, scheme))

    def _correct(self, estimate: Estimate, scheme: EffectScheme) -> Estimate:
        arrays = self.arrays
        if estimate.spatial is None:
            factor = scheme.n_effective(arrays.n_units, arrays.n_periods) / replace(
                scheme, transformed=True
            ).n_effective(arrays.n_units, arrays.n_periods)
            return replace(estimate, sigma2=estimate.sigma2 * factor)
        direction = self._period_direction(estimate.spatial)
        dummy = np.ones(arrays.n_units) if direction is None else direction
        lagged = self._apply_g(
            estimate.spatial, dummy[None, :], self.spectrum.eigenvalues is not None
        )
        corrected = correct_bias(
            np.concatenate([estimate.delta, [estimate.spatial, estimate.sigma2]]),
            self._information(estimate, scheme),
            float(dummy @ lagged[0]) / float(dummy @ dummy),
            arrays.n_units,
            arrays.n_periods,
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
        )
        if corrected[-1] <= 0.0:
            raise BoundaryError(
                "the bias correction makes sigma2 negative; use estimator='transform'"
            )
        return self._evaluate(corrected[:-2], float(corrected[-2]), float(corrected[-1]), scheme)

    def _evaluate(
        self, delta: Array, spatial: float, sigma2: float, scheme: EffectScheme
    ) -> Estimate:
        """Residuals and log-likelihood at given parameters."""
        arrays = self.arrays
        if not self.spectrum.lower < spatial < self.spectrum.upper:
            raise BoundaryError(
                f"the bias correction moves {self._spatial_name} to {spatial:.6g}, outside "
                f"({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}); use "
                "estimator='transform'"
            )
        structural = arrays.y - arrays.z @ delta
        if self.model in ERROR_MODELS:
            structural = structural - spatial * spatial_lag(arrays.weights, structural)
        else:
            structural = structural - spatial * arrays.lagged_y
        residuals = within_transform(
            structural,
            entity_effects=self.entity_effects,
            time_effects=self.time_effects,
            direction=self._period_direction(spatial),
        )
        n_effective = scheme.n_effective(arrays.n_units, arrays.n_periods)
        jacobian = scheme.jacobian_periods(arrays.n_periods) * self._logdet(scheme).value(spatial)
        return Estimate(
            delta=delta,
            spatial=spatial,
            sigma2=sigma2,
            loglik=gaussian_loglik(float((residuals**2).sum()), sigma2, n_effective, jacobian),
            residuals=residuals,
            score=float("nan"),
            at_boundary=False,
        )

    def _check_variation(self) -> None:
        size = float(np.linalg.norm(self.arrays.y))
        if float(np.linalg.norm(self._projected.y)) <= 1e-12 * size:
            raise PanelSizeError(
                f"dependent {self.arrays.dependent!r} does not vary once "
                f"{_describe(self.entity_effects, self.time_effects)} are removed"
            )

    def _check_degrees_of_freedom(self, scheme: EffectScheme) -> None:
        arrays = self.arrays
        free = (
            arrays.n_units * arrays.n_periods
            - scheme.n_absorbed(arrays.n_units, arrays.n_periods)
            - len(arrays.names)
            - (1 if self._spatial_name else 0)
        )
        if free <= 0:
            raise PanelSizeError(
                f"{arrays.n_units} units and {arrays.n_periods} periods leave {free} degrees of "
                f"freedom for {len(arrays.names)} regressors and "
                f"{_describe(self.entity_effects, self.time_effects)}"
            )

    def _warn_of_boundary(self, estimate: Estimate) -> None:
        warnings.warn(
            f"the likelihood of the {self.model} model of {self.arrays.dependent!r} peaks at or "
            f"beyond {self._spatial_name} = {estimate.spatial:.6g}, the edge of the admissible "
            f"interval ({self.spectrum.lower:.6g}, {self.spectrum.upper:.6g}); there are neither "
            "standard errors nor effects. Consider sparser weights or another model",
            BoundaryWarning,
            stacklevel=3,
        )


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


def _row_sums(weights: SparseMatrix) -> Array:
    return np.asarray(weights.sum(axis=1), dtype=np.float64).ravel()


def _describe(entity_effects: bool, time_effects: bool) -> str:
    if entity_effects and time_effects:
        return "unit and time effects"
    if entity_effects:
        return "unit effects"
    return "time effects" if time_effects else "the intercept"


def _check_choice(what: str, value: object, allowed: Sequence[str]) -> None:
    if value not in allowed:
        raise SpecificationError(f"{what} must be one of {', '.join(allowed)}, got {value!r}")
