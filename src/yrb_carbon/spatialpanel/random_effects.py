"""Random unit effects by exact maximum likelihood, and the tests that choose fixed or random.

    y_t = ρWy_t + Z_tδ + ξ_tι + μ + u_t,   μ ~ N(0, σ²_μ I),   ε_t ~ N(0, σ²I),

u_t = ε_t, or u_t = λWu_t + ε_t. Effects in the spatial error model come in two kinds. ``outside``
the spatial process, y = Zδ + μ + (I - λW)⁻¹ε (Anselin 1988; Baltagi, Song & Koh 2003; Elhorst
2014), or ``inside``, y = Zδ + (I - λW)⁻¹(μ + ε) (Kapoor, Kelejian & Prucha 2007).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, get_args

import numpy as np
import pandas as pd
from scipy import linalg

from .align import PanelArrays, Weights, align_panel, check_identified
from .errors import (
    BoundaryError,
    BoundaryWarning,
    ConvergenceError,
    HausmanUndefinedError,
    PanelSizeError,
    SpecificationError,
    check_choice,
    enumerate_names,
)
from .estimates_base import QUANTITIES, NormalEstimates
from .likelihood import maximise, refuse_perfect_fit
from .logdet import DENSE_LIMIT, WeightsSpectrum, analyse_weights
from .model import DURBIN_MODELS, ERROR_MODELS, LAG_MODELS, SpatialPanel
from .random_likelihood import (
    MomentSource,
    OutsideMoments,
    Profile,
    calc_effect_variance,
    error_period_effects,
    inside_information,
    inside_moments,
    lag_information,
    lag_moments,
    outside_information,
    outside_moments,
    predict_effects,
    profile_variance,
)
from .restrictions import Restrictions, WaldTest, calc_wald, read_restrictions
from .results import (
    DEFAULT_LEVEL,
    SpatialPanelResults,
)
from .score import invert_information
from .testing import SpecificationTest, chi2_test, f_test
from .within import Array, SparseMatrix, stack, within_transform

RandomModel = Literal["ols", "slx", "sar", "sem", "sdm", "sdem"]
ErrorEffects = Literal["outside", "inside"]
FixedSide = Literal["within", "direct"]
MundlakForm = Literal["F", "Wald"]

# Derivative of the log-likelihood per observation that still counts as zero.
ZERO_GRADIENT = 1e-6
# Eigenvalues of V_FE - V_RE, scaled by V_FE, below which the difference is not positive definite.
POSITIVE_DEFINITE = 1e-10
MEAN_PREFIX = "mean."
EFFECT_VARIANCE = "sigma2_mu"


@dataclass(frozen=True, slots=True)
class RandomEffectsEstimate:
    """Numbers of one random-effects fit.

    Attributes
    ----------
    delta : array, shape (P,)
    spatial : float or None
        ρ or λ, dimensionless.
    kappa : float
        φ² = σ²/(σ² + Tσ²_μ) in (0, 1].
    sigma2 : float
        σ², unit of the dependent variable squared.
    loglik : float
    residuals : array, shape (T, N)
        Composite, period effects removed: of (I - ρW)y on Z; of y on Z in error models.
    gradient : tuple of float
        Derivatives of ln L in the spatial parameter (0 without one) and in ln φ².
    spatial_at_boundary : bool
        The likelihood peaks at the edge of the admissible interval.
    variance_at_boundary : {"", "phi=1", "phi=0"}
        ``phi=1``: no random effects. ``phi=0``: their variance has no bound.
    """

    delta: Array
    spatial: float | None
    kappa: float
    sigma2: float
    loglik: float
    residuals: Array
    gradient: tuple[float, float]
    spatial_at_boundary: bool
    variance_at_boundary: str


class RandomEffectsPanel:
    """Spatial panel model with random unit effects, by exact maximum likelihood.

    Parameters
    ----------
    dependent : Series, index (unit, year)
    exog : DataFrame, index (unit, year)
        Regressors; may be constant over time. Without period effects an intercept ``const`` is
        added unless one column is constant.
    weights : object with ``unique_ids`` and ``sparse``, or pair (ids, sparse matrix)
    model : {"ols", "slx", "sar", "sem", "sdm", "sdem"}
        As of `SpatialPanel`.
    durbin : list of str, optional
        Regressors whose spatial lag enters slx, sdm and sdem; default all.
    time_effects : bool
        Period dummies.
    error_effects : {"outside", "inside"}
        Where the effects of error models stand: outside or inside the spatial process.
    error_weights : as ``weights``, optional
        M of the error, u = λMu + ε; default the weights of the lags.

    Raises
    ------
    SpatialPanelError
        One of its subclasses, as of `SpatialPanel`.

    References
    ----------
    Elhorst (2014), Spatial Econometrics, sec. 3.3.2. Baltagi, Song & Koh (2003), J. Econometrics
    117:123-150. Kapoor, Kelejian & Prucha (2007), J. Econometrics 140:97-130.
    """

    def __init__(
        self,
        dependent: pd.Series[Any],
        exog: pd.DataFrame,
        weights: Weights | tuple[Sequence[Any], Any],
        *,
        model: RandomModel = "sdm",
        durbin: Sequence[str] | None = None,
        time_effects: bool = True,
        error_effects: ErrorEffects = "outside",
        error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
    ) -> None:
        _check_choices(model, error_effects)
        if error_weights is not None and model not in ERROR_MODELS:
            raise SpecificationError(
                f"error_weights are given but model {model!r} has no spatial error; use sem or sdem"
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
            intercept=not time_effects,
            error_weights=error_weights,
        )
        self._assemble(arrays, model, time_effects, error_effects, None)

    @classmethod
    def from_arrays(
        cls,
        arrays: PanelArrays,
        *,
        model: str,
        time_effects: bool,
        error_effects: str = "outside",
        spectrum: WeightsSpectrum | None = None,
    ) -> RandomEffectsPanel:
        """A model of arrays that were aligned before, such as those of a `SpatialPanel`.

        Parameters
        ----------
        arrays : PanelArrays
            With the columns of ``z`` that the model needs, an intercept included if there are no
            period effects.
        model, time_effects, error_effects
            As of the class.
        spectrum : WeightsSpectrum, optional
            Of the weights that the spatial parameter belongs to (those of the error in error
            models), if known.

        Returns
        -------
        RandomEffectsPanel
        """
        _check_choices(model, error_effects)
        panel = cls.__new__(cls)
        panel._assemble(arrays, model, time_effects, error_effects, spectrum)
        return panel

    def _assemble(
        self,
        arrays: PanelArrays,
        model: str,
        time_effects: bool,
        error_effects: str,
        spectrum: WeightsSpectrum | None,
    ) -> None:
        if EFFECT_VARIANCE in arrays.names:
            raise SpecificationError(
                f"exog column {EFFECT_VARIANCE!r} carries the name of a parameter of the "
                "random-effects model; rename it"
            )
        self.arrays = arrays
        # What is filtered and by which weights; the lags of regressors are in z already.
        self._filtered = replace(arrays, weights=_weights_of(arrays, model))
        self.model = model
        self.time_effects = time_effects
        self.error_effects = error_effects
        self._spectrum = spectrum
        regressors = within_transform(arrays.z, entity_effects=False, time_effects=time_effects)
        check_identified(regressors, arrays, "time effects" if time_effects else "the intercept")
        # Both the within and the between regression must leave residuals.
        size = len(arrays.names)
        absorbed = arrays.n_periods if time_effects else 0
        free = arrays.y.size - arrays.n_units - absorbed - size - 1
        if free <= 0 or arrays.n_units <= size + 1:
            raise PanelSizeError(
                f"{arrays.n_units} units and {arrays.n_periods} periods are too few for {size} "
                "regressors and the variance of the unit effects"
            )

    @property
    def spectrum(self) -> WeightsSpectrum:
        """Log-determinant and admissible interval of the spatial parameter, computed once."""
        if self._spectrum is None:
            self._spectrum = analyse_weights(self._filtered.weights)
        return self._spectrum

    @property
    def spatial_name(self) -> str | None:
        """``rho``, ``lambda`` or None."""
        if self.model in LAG_MODELS:
            return "rho"
        return "lambda" if self.model in ERROR_MODELS else None

    def fit(self) -> RandomEffectsResults:
        """Estimate all parameters jointly by exact maximum likelihood.

        For every value of the spatial parameter φ² is found by a search over its whole range, and
        the resulting profile is searched over the whole admissible interval: the highest peak, not
        the one nearest to a starting value.

        Returns
        -------
        RandomEffectsResults, covariance from the full information matrix.

        Warns
        -----
        BoundaryWarning
            If the likelihood peaks where there are no random effects (φ = 1), where their variance
            has no bound (φ → 0), or at the edge of the interval of ρ or λ.

        Raises
        ------
        PerfectFitError
            If there is no residual.
        ConvergenceError
            If the gradient is not zero at the end of the search.
        PanelSizeError
            If N is too large for the eigenvectors that effects outside the error process need.
        """
        source = self._moments()
        estimate = self._estimate(source)
        self._warn_of_boundary(estimate)
        return RandomEffectsResults(
            model=self.model,
            time_effects=self.time_effects,
            error_effects=self.error_effects if self.model in ERROR_MODELS else "",
            spatial_name=self.spatial_name,
            arrays=self.arrays,
            spectrum=self.spectrum,
            estimate=estimate,
            covariance=self._covariance(estimate, source),
        )

    @property
    def _outside(self) -> bool:
        return self.model in ERROR_MODELS and self.error_effects == "outside"

    def _moments(self) -> MomentSource:
        if self.model not in ERROR_MODELS:
            logdet = self.spectrum.full if self.model in LAG_MODELS else None
            return lag_moments(self._filtered, self.time_effects, logdet)
        if not self._outside:
            return inside_moments(self._filtered, self.time_effects, self.spectrum.full)
        if self.arrays.n_units > DENSE_LIMIT:
            raise PanelSizeError(
                "random effects outside the spatial error need the eigenvectors of a matrix of "
                f"{self.arrays.n_units} x {self.arrays.n_units} at every step, which is done up to "
                f"{DENSE_LIMIT} units; use error_effects='inside'"
            )
        return outside_moments(self._filtered, self.time_effects, self.spectrum.full)

    def _estimate(self, source: MomentSource) -> RandomEffectsEstimate:
        n_obs = self.arrays.y.size
        self._refuse_perfect_fit()
        memory: dict[float, Profile] = {}

        def profile(spatial: float) -> Profile:
            if spatial not in memory:
                memory[spatial] = profile_variance(source.at(spatial), n_obs)
            return memory[spatial]

        location, at_boundary = 0.0, False
        if self.spatial_name is None:
            best = profile(0.0)
        else:
            peak = maximise(
                lambda spatial: profile(spatial).loglik,
                lambda spatial: profile(spatial).spatial_score,
                (self.spectrum.lower, self.spectrum.upper),
            )
            location, at_boundary = peak.location, peak.at_boundary
            # At the edge itself the likelihood is not finite: the nearest point inside stands.
            nearest = min(memory, key=lambda spatial: abs(spatial - location))
            best = memory[nearest] if at_boundary else profile(location)
        gradient = (0.0 if self.spatial_name is None else best.spatial_score, best.kappa_score)
        _check_gradient(gradient, n_obs, at_boundary, best.kappa_at_boundary)
        boundary = ""
        if best.kappa_at_boundary:
            boundary = "phi=1" if best.kappa == 1.0 else "phi=0"
        delta = source.recover(best.contrast)
        return RandomEffectsEstimate(
            delta=delta,
            spatial=None if self.spatial_name is None else location,
            kappa=best.kappa,
            sigma2=best.sigma2,
            loglik=best.loglik,
            residuals=self._residuals(delta, location, best.kappa),
            gradient=gradient,
            spatial_at_boundary=at_boundary,
            variance_at_boundary=boundary,
        )

    def _refuse_perfect_fit(self) -> None:
        columns = np.concatenate(
            [self.arrays.y[:, :, None], self.arrays.lagged_y[:, :, None], self.arrays.z], axis=2
        )
        within = stack(
            within_transform(columns, entity_effects=True, time_effects=self.time_effects)
        )
        start = 1 if self.model in LAG_MODELS else 2
        fitted = within[:, start:] @ linalg.lstsq(within[:, start:], within[:, 0])[0]
        refuse_perfect_fit(float(((within[:, 0] - fitted) ** 2).sum()), within[:, 0])

    def _residuals(self, delta: Array, spatial: float, kappa: float) -> Array:
        """Composite residuals, period effects removed by generalised least squares."""
        arrays = self.arrays
        structural = arrays.y - arrays.z @ delta
        if self.model not in ERROR_MODELS:
            return within_transform(
                structural - spatial * arrays.lagged_y,
                entity_effects=False,
                time_effects=self.time_effects,
            )
        if not self.time_effects:
            return structural
        loadings = error_period_effects(
            structural, self._filtered.weights, spatial, kappa, inside=not self._outside
        )
        residuals: Array = structural - loadings[:, None]
        return residuals

    def _covariance(self, estimate: RandomEffectsEstimate, source: MomentSource) -> Array:
        size = estimate.delta.size + (2 if estimate.spatial is None else 3)
        covariance = np.full((size, size), np.nan)
        if estimate.spatial_at_boundary:
            return covariance
        keep = np.arange(size)
        if estimate.variance_at_boundary:
            keep = np.delete(keep, size - 2)
        block = np.ix_(keep, keep)
        covariance[block] = invert_information(self._information(estimate, source)[block])
        return covariance

    def _information(self, estimate: RandomEffectsEstimate, source: MomentSource) -> Array:
        dense = self.spectrum.eigenvalues is not None
        kappa, sigma2 = estimate.kappa, estimate.sigma2
        if self.model not in ERROR_MODELS or estimate.spatial is None:
            return lag_information(
                self.arrays,
                self.time_effects,
                estimate.spatial,
                kappa,
                sigma2,
                estimate.residuals,
                dense=dense,
            )
        moments = source.at(estimate.spatial)
        if isinstance(moments, OutsideMoments):
            return outside_information(moments, source.triangle, kappa, sigma2)
        return inside_information(
            self._filtered, self.time_effects, estimate.spatial, kappa, sigma2, dense=dense
        )

    def _warn_of_boundary(self, estimate: RandomEffectsEstimate) -> None:
        head = f"the likelihood of the random-effects {self.model} of {self.arrays.dependent!r}"
        if estimate.spatial_at_boundary:
            warnings.warn(
                f"{head} peaks at or beyond {self.spatial_name} = {estimate.spatial:.6g}, the edge "
                f"of the admissible interval ({self.spectrum.lower:.6g}, "
                f"{self.spectrum.upper:.6g}); there are no standard errors. Consider sparser "
                "weights or another model",
                BoundaryWarning,
                stacklevel=3,
            )
        if estimate.variance_at_boundary:
            warnings.warn(
                f"{head} peaks at {_describe_boundary(estimate.variance_at_boundary)}; sigma2_mu "
                "has no standard error",
                BoundaryWarning,
                stacklevel=3,
            )


@dataclass(frozen=True, slots=True, repr=False)
class RandomEffectsResults(NormalEstimates):
    """Estimates of a `RandomEffectsPanel`.

    Attributes
    ----------
    model : str
    time_effects : bool
    error_effects : {"outside", "inside", ""}
    spatial_name : str or None
    arrays : PanelArrays
    spectrum : WeightsSpectrum
    estimate : RandomEffectsEstimate
    covariance : array, shape (P, P)
        Inverse of the full information matrix, in the order of ``params``; NaN for what is at a
        boundary.
    """

    model: str
    time_effects: bool
    error_effects: str
    spatial_name: str | None
    arrays: PanelArrays
    spectrum: WeightsSpectrum
    estimate: RandomEffectsEstimate
    covariance: Array

    _quantities: ClassVar[Mapping[str, str]] = {**QUANTITIES, EFFECT_VARIANCE: "sigma2"}

    @property
    def param_names(self) -> list[str]:
        """Regressors, lagged regressors (``W.name``), rho or lambda, sigma2_mu, sigma2."""
        spatial = [self.spatial_name] if self.spatial_name else []
        return [*self.arrays.names, *spatial, EFFECT_VARIANCE, "sigma2"]

    @property
    def rho(self) -> float:
        """Coefficient of Wy; 0 in models without one."""
        return self._spatial_or_zero("rho")

    @property
    def lam(self) -> float:
        """Coefficient of Wu; 0 in models without one."""
        return self._spatial_or_zero("lambda")

    @property
    def phi(self) -> float:
        """φ = √(σ²/(σ² + Tσ²_μ)): 1 no random effects, 0 within variation only."""
        return float(np.sqrt(self.estimate.kappa))

    @property
    def sigma2(self) -> float:
        """Variance of ε, by maximum likelihood."""
        return self.estimate.sigma2

    @property
    def sigma2_mu(self) -> float:
        """Variance of the unit effects, by maximum likelihood."""
        return calc_effect_variance(self.sigma2, self.estimate.kappa, self.n_periods)

    @property
    def loglik(self) -> float:
        """Log-likelihood of all NT observations at the estimates."""
        return self.estimate.loglik

    @property
    def at_boundary(self) -> bool:
        """Whether a spatial parameter or the variance of the effects is at its boundary."""
        return self.estimate.spatial_at_boundary or bool(self.estimate.variance_at_boundary)

    @property
    def resids(self) -> pd.Series[float]:
        """Composite residuals, on the index of the dependent variable.

        μ + ε of the lag and non-spatial models, y - Zδ of error models; without period effects.
        """
        return pd.Series(
            self.estimate.residuals.ravel()[self.arrays.positions],
            index=self.arrays.index,
            name="resid",
        )

    @property
    def random_effects(self) -> pd.Series[float]:
        """Best linear unbiased prediction of μ by unit, unit of the dependent variable."""
        predicted = predict_effects(
            self.estimate.residuals,
            _weights_of(self.arrays, self.model),
            self.estimate.spatial if self.spatial_name == "lambda" else None,
            self.estimate.kappa,
            inside=self.error_effects == "inside",
        )
        return pd.Series(predicted, index=self.arrays.units, name="random_effect")

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
        return self.arrays.y.size

    @property
    def n_parameters(self) -> int:
        """Estimated parameters, period dummies included."""
        return len(self.param_names) + (self.n_periods if self.time_effects else 0)

    @property
    def aic(self) -> float:
        """Akaike criterion, -2 ln L + 2 `n_parameters`."""
        return -2.0 * self.loglik + 2.0 * self.n_parameters

    @property
    def bic(self) -> float:
        """Bayesian criterion, -2 ln L + ln(NT) `n_parameters`."""
        return -2.0 * self.loglik + float(np.log(self.nobs)) * self.n_parameters

    def wald_test(self, restrictions: Restrictions) -> WaldTest:
        """Wald test of linear restrictions on named parameters.

        Parameters
        ----------
        restrictions : str, sequence of str, mapping or DataFrame
            As of `SpatialPanelResults.wald_test`.

        Returns
        -------
        WaldTest

        Raises
        ------
        RestrictionError
            With what could not be read.
        BoundaryError
            If a parameter of the restrictions is at a boundary.
        """
        matrix, values, labels = read_restrictions(restrictions, self.param_names)
        used = np.abs(matrix).max(axis=0) > 0.0
        missing = [
            name
            for name, take, value in zip(
                self.param_names, used, np.diag(self.covariance), strict=True
            )
            if take and np.isnan(value)
        ]
        if missing:
            raise BoundaryError(
                f"{enumerate_names(missing)} have no standard errors: the likelihood peaks at the "
                "edge of the parameter space"
            )
        return calc_wald(
            self._values()[used], self.covariance[np.ix_(used, used)], matrix[:, used], values,
            labels,
        )  # fmt: skip

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """All numbers of the fit, one a row, with columns `TIDY_COLUMNS`.

        Quantities: coef, rho, lambda, sigma2 (terms ``sigma2_mu`` and ``sigma2``) with inference;
        value (term ``phi``), loglik, aic, bic without.
        """
        return self._tidy(
            level,
            "oim",
            [
                ("value", "phi", self.phi),
                ("loglik", "loglik", self.loglik),
                ("aic", "aic", self.aic),
                ("bic", "bic", self.bic),
            ],
        )

    @property
    def summary(self) -> str:
        """The fit as text."""
        return self._as_text()

    def __repr__(self) -> str:
        spatial = "" if self.spatial_name is None else (
            f", {self.spatial_name}={self.estimate.spatial:.6g}"
        )  # fmt: skip
        return (
            f"<RandomEffectsResults {self.model}{spatial}, phi={self.phi:.6g}, "
            f"loglik={self.loglik:.6g}, {self.n_units} units x {self.n_periods} periods>"
        )

    def _repr_html_(self) -> str:
        return self._as_html(f"Random-effects panel model of {self.arrays.dependent}")

    def _header(self) -> list[tuple[str, str]]:
        where = f" ({self.error_effects} the spatial error)" if self.error_effects else ""
        return [
            ("Model", self.model.upper()),
            ("Dependent variable", self.arrays.dependent),
            ("Unit effects", f"random{where}"),
            ("Time effects", "fixed" if self.time_effects else "none"),
            ("Observations", f"{self.nobs} ({self.n_units} units x {self.n_periods} periods)"),
            ("Log-likelihood", f"{self.loglik:.4f}"),
            ("AIC, BIC", f"{self.aic:.3f}, {self.bic:.3f}"),
            ("phi", f"{self.phi:.6g} (1: no random effects, 0: within only)"),
        ]

    def _notes(self) -> list[str]:
        notes = [
            "Normal inference from the full information matrix. Consistent only if the unit "
            "effects are not correlated with the regressors: see mundlak_test."
        ]
        if self.estimate.variance_at_boundary:
            boundary = _describe_boundary(self.estimate.variance_at_boundary)
            notes.append(f"The likelihood peaks at {boundary}.")
        if self.estimate.spatial_at_boundary:
            notes.append(
                f"The likelihood peaks at or beyond the edge of the interval of "
                f"{self.spatial_name}: no standard errors."
            )
        return notes

    def _names(self) -> list[str]:
        return self.param_names

    def _covariance(self) -> Array:
        return self.covariance

    def _equation(self) -> str:
        return self.arrays.dependent

    def _values(self) -> Array:
        spatial = [] if self.estimate.spatial is None else [self.estimate.spatial]
        return np.concatenate([self.estimate.delta, spatial, [self.sigma2_mu, self.sigma2]])

    def _spatial_or_zero(self, name: str) -> float:
        if self.spatial_name == name and self.estimate.spatial is not None:
            return self.estimate.spatial
        return 0.0


def mundlak_test(
    panel: SpatialPanel, *, form: MundlakForm = "F", error_effects: str = "outside"
) -> SpecificationTest:
    """Whether the unit effects are correlated with the regressors (Mundlak's form of Hausman).

    The random-effects model is given the unit means of all its regressors, lagged ones included;
    a Wald test on them rejects if the effects depend on the regressors, and then fixed effects are
    needed. Unlike the classical statistic it always exists.

    Parameters
    ----------
    panel : SpatialPanel
        With unit effects; its model, regressors and period effects are used.
    form : {"F", "Wald"}
        ``Wald``: χ²(P) for P regressors, lagged ones included; rejects too often with few units,
        because the variance of N unit means is estimated with the divisor N. ``F``: the same
        statistic times (N - P - 1)/(NP), referred to F(P, N - P - 1), as in the regression of unit
        means, whose variance dominates the test.
    error_effects : {"outside", "inside"}
        As of `RandomEffectsPanel`.

    Returns
    -------
    SpecificationTest, ``df`` the number of regressors, for ``F`` with ``df_denominator``.

    Raises
    ------
    SpecificationError
        If the panel has no unit effects.
    CollinearRegressorError
        If the means of two regressors are collinear; they are named.

    References
    ----------
    Mundlak (1978), Econometrica 46:69-85. Debarsy (2012), Letters in Spatial and Resource Sciences
    5:93-107.
    """
    _need_unit_effects(panel, "mundlak_test")
    check_choice("form", form, get_args(MundlakForm))
    arrays = _slopes_of(panel)
    means = np.broadcast_to(arrays.z.mean(axis=0), arrays.z.shape)
    names = tuple(MEAN_PREFIX + name for name in arrays.names)
    z, labels = np.concatenate([arrays.z, means], axis=2), (*arrays.names, *names)
    if not panel.time_effects:
        z = np.concatenate([np.ones((*arrays.y.shape, 1)), z], axis=2)
        labels = ("const", *labels)
    random = RandomEffectsPanel.from_arrays(
        replace(arrays, z=z, names=labels),
        model=panel.model,
        time_effects=panel.time_effects,
        error_effects=error_effects,
        spectrum=_spectrum_of(panel),
    ).fit()
    wald = random.wald_test(list(names))
    notes = ["Assumes errors that are independent over time; rejects too often if they are not."]
    if random.estimate.variance_at_boundary:
        boundary = _describe_boundary(random.estimate.variance_at_boundary)
        notes.append(f"Random effects at {boundary}.")
    null = f"unit means of {enumerate_names(arrays.names)} have no coefficient (random effects)"
    if form == "Wald":
        return chi2_test(
            "Mundlak", null, wald.statistic, wald.df, form="Wald", note=" ".join(notes)
        )
    free = arrays.n_units - wald.df - 1
    statistic = wald.statistic * free / (arrays.n_units * wald.df)
    return f_test("Mundlak", null, statistic, wald.df, free, form="F", note=" ".join(notes))


def hausman_test(
    panel: SpatialPanel, *, fixed: FixedSide = "within", error_effects: str = "outside"
) -> SpecificationTest:
    """Classical Hausman test of random against fixed unit effects, where it exists.

    h = (b_FE - b_RE)'(V_FE - V_RE)⁻¹(b_FE - b_RE), b = (β, θ, ρ or λ): χ²(length of b).

    Parameters
    ----------
    panel : SpatialPanel
        With unit effects.
    fixed : {"within", "direct"}
        Likelihood of the fixed-effects side. ``within``: that of the deviations from unit means,
        N(T-1) observations and T-1 Jacobians, period dummies explicit. The likelihood of lag
        models with random effects is this one plus that of the unit means, hence V_FE - V_RE is
        positive definite but for the estimates at which they are evaluated. ``direct``: unit
        dummies (Elhorst 2014); its σ² is too small by (T-1)/T and its information on ρ too large,
        so that V_FE - V_RE is often not positive definite.
    error_effects : {"outside", "inside"}
        As of `RandomEffectsPanel`.

    Returns
    -------
    SpecificationTest

    Raises
    ------
    HausmanUndefinedError
        If V_FE - V_RE is not positive definite, as is common in samples; use `mundlak_test`. A
        generalised inverse would give a number without a known distribution.
    SpecificationError
        If the panel has no unit effects.
    BoundaryError
        If one of the estimates is at the edge of the parameter space.

    References
    ----------
    Hausman (1978), Econometrica 46:1251-1271. Elhorst (2014), Spatial Econometrics, sec. 3.4.
    """
    _need_unit_effects(panel, "hausman_test")
    check_choice("fixed", fixed, get_args(FixedSide))
    narrow = _fit_fixed_side(panel, fixed)
    arrays = _slopes_of(panel)
    random = RandomEffectsPanel.from_arrays(
        arrays if panel.time_effects else with_intercept(arrays),
        model=panel.model,
        time_effects=panel.time_effects,
        error_effects=error_effects,
        spectrum=_spectrum_of(panel),
    ).fit()
    if narrow.at_boundary or random.estimate.spatial_at_boundary:
        raise BoundaryError(
            "one of the two likelihoods peaks at the edge of the admissible interval, where there "
            "are no standard errors; there is no Hausman statistic"
        )
    names = [*arrays.names, *([random.spatial_name] if random.spatial_name else [])]
    gap = (narrow.params[names] - random.params[names]).to_numpy()
    wide = narrow.cov.loc[names, names].to_numpy()
    spread = wide - random.cov.loc[names, names].to_numpy()
    # Congruence leaves the signs of the eigenvalues and the statistic as they are.
    scale = 1.0 / np.sqrt(np.diag(wide))
    scaled = spread * np.outer(scale, scale)
    roots = linalg.eigvalsh(scaled)
    negative = int((roots <= POSITIVE_DEFINITE).sum())
    if negative:
        raise HausmanUndefinedError(
            f"the covariance difference of fixed and random effects has {negative} of {roots.size} "
            f"eigenvalues that are negative or zero (smallest {roots[0]:.3g}, scaled by the "
            f"variances of fixed effects), so the Hausman statistic of {enumerate_names(names)} "
            "does not exist; use mundlak_test"
        )
    statistic = float((gap * scale) @ linalg.solve(scaled, gap * scale, assume_a="pos"))
    return chi2_test(
        "Hausman",
        "random effects are consistent",
        statistic,
        len(names),
        form=f"classical, {fixed}",
        note="Assumes errors that are independent over time.",
    )


def _fit_fixed_side(panel: SpatialPanel, fixed: str) -> SpatialPanelResults:
    """Fixed effects by dummies, or by the likelihood of the deviations from unit means."""
    arrays = _slopes_of(panel)
    explicit = fixed == "within" and panel.time_effects
    if explicit:
        # One period must go: the dummies of all of them add up to the unit-constant.
        dummies = np.eye(arrays.n_periods)[:, 1:]
        columns = np.broadcast_to(dummies[:, None, :], (*arrays.y.shape, dummies.shape[1]))
        arrays = replace(
            arrays,
            z=np.concatenate([arrays.z, columns], axis=2),
            names=(*arrays.names, *(f"period {period}" for period in arrays.periods[1:])),
        )
    return SpatialPanel.from_arrays(
        arrays,
        model=panel.model,
        entity_effects=True,
        time_effects=panel.time_effects and not explicit,
        spectrum=panel.spectrum,
        error_spectrum=panel.error_spectrum if panel.model in ERROR_MODELS else None,
    ).fit(estimator="transform" if fixed == "within" else "direct")


def with_intercept(arrays: PanelArrays) -> PanelArrays:
    """The same arrays with a column of ones, ``const``, in front of z."""
    return replace(
        arrays,
        z=np.concatenate([np.ones((*arrays.y.shape, 1)), arrays.z], axis=2),
        names=("const", *arrays.names),
        beta_positions=tuple(place + 1 for place in arrays.beta_positions),
        theta_positions=tuple(place + 1 if place >= 0 else -1 for place in arrays.theta_positions),
    )


def select_regressors(arrays: PanelArrays, *, lagged: bool) -> PanelArrays:
    """The same arrays without an intercept, and without spatial lags unless ``lagged``."""
    keep = list(arrays.beta_positions)
    thetas = [-1] * len(keep)
    if lagged:
        for k, place in enumerate(arrays.theta_positions):
            if place >= 0:
                thetas[k] = len(keep)
                keep.append(place)
    return replace(
        arrays,
        z=np.ascontiguousarray(arrays.z[:, :, keep]),
        names=tuple(arrays.names[place] for place in keep),
        beta_positions=tuple(range(len(arrays.beta_positions))),
        theta_positions=tuple(thetas),
    )


def _weights_of(arrays: PanelArrays, model: str) -> SparseMatrix:
    """Weights that ρ or λ multiplies."""
    if model in ERROR_MODELS and arrays.error_weights is not None:
        return arrays.error_weights
    return arrays.weights


def _spectrum_of(panel: SpatialPanel) -> WeightsSpectrum:
    return panel.error_spectrum if panel.model in ERROR_MODELS else panel.spectrum


def _slopes_of(panel: SpatialPanel) -> PanelArrays:
    return select_regressors(panel.arrays, lagged=True)


def _need_unit_effects(panel: SpatialPanel, test: str) -> None:
    if not panel.entity_effects:
        raise SpecificationError(
            f"{test} compares fixed and random unit effects; the panel has entity_effects=False"
        )
    if panel.model not in get_args(RandomModel):
        raise SpecificationError(
            f"{test} knows the models {enumerate_names(get_args(RandomModel))}, got {panel.model!r}"
        )


def _check_choices(model: str, error_effects: str) -> None:
    check_choice("model", model, get_args(RandomModel))
    check_choice("error_effects", error_effects, get_args(ErrorEffects))


def _check_gradient(
    gradient: tuple[float, float], n_obs: int, spatial_fixed: bool, kappa_fixed: bool
) -> None:
    """Refuse a point that is not stationary in the parameters that are not at a boundary."""
    slopes = [
        abs(slope)
        for slope, at_boundary in zip(gradient, (spatial_fixed, kappa_fixed), strict=True)
        if not at_boundary
    ]
    if slopes and not max(slopes) <= ZERO_GRADIENT * n_obs:
        raise ConvergenceError(
            f"the search for random effects ended where the derivative of the log-likelihood is "
            f"{max(slopes):.3g}, not zero; rescale the regressors or use fixed effects"
        )


def _describe_boundary(boundary: str) -> str:
    if boundary == "phi=1":
        return "phi = 1: no random effects, the estimates are those of the pooled model"
    return "phi = 0: the variance of the unit effects has no bound, use fixed effects"
