"""Break at an unknown date: the largest Wald statistic over dates, with its bootstrap.

For every cut c the coefficients of chosen regressors, and of their lags, may change after period c
(full interaction; ρ, effects and σ² common) and W_c tests that they do not. The largest W_c has no
χ² distribution because the date is chosen by it (Andrews 1993, Econometrica 61:821-856), and his
critical values suppose long series and a covariance that is right. Here the p-value is that of a
wild bootstrap by unit under the null (`bootstrap`), which keeps the serial dependence within units
(Diebold & Chen 1996, J. Econometrics 70:221-241, bootstrap this test in time series).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from scipy import linalg, special

from .bootstrap_refit import DrawPlan, LagProfile, draw_plan, maximise_draws
from .errors import BoundaryError, ConvergenceError, SpecificationError, enumerate_names
from .grouped import GroupedPanel, read_interacted
from .model import SpatialPanel, require_panel
from .randomness import check_draws
from .results import SpatialPanelResults
from .testing import SpecificationTest
from .within import Array, spatial_lag, stack, within_transform

# Models with no spatial error: their draws share the regressors.
MODELS = frozenset({"ols", "slx", "sar", "sdm"})
# Share of the periods that each side of a cut keeps by default (Andrews 1993).
TRIMMING = 0.15
# Numbers of one block of draws.
BLOCK_NUMBERS = 400_000
NOTE = (
    "largest Wald statistic over the cuts, covariance from the observed Hessian; p-value by a wild "
    "bootstrap of units under no break, which keeps serial dependence within units and takes units "
    "as independent given W. The date is a maximum over the cuts tried, not an estimate with a "
    "standard error"
)


@dataclass(frozen=True, slots=True, repr=False)
class BreakTest:
    """Wald statistics of all cuts, in the sample and in draws without a break.

    Attributes
    ----------
    cuts : tuple
        Last period before the break.
    interacted : tuple of str
        Regressors whose coefficients, and those of their lags, may change.
    statistics : array, shape (C,)
    draws : array, shape (B, C)
        Of the draws that could be estimated at every cut.
    df : int
        Coefficients that may change.
    n_failed : int
        Draws at the boundary, or without a maximum, at some cut; they are left out.
    """

    cuts: tuple[Any, ...]
    interacted: tuple[str, ...]
    statistics: Array
    draws: Array
    df: int
    n_failed: int

    @property
    def statistic(self) -> float:
        """The largest of the statistics."""
        return float(self.statistics.max())

    @property
    def date(self) -> Any:
        """The cut with the largest statistic."""
        return self.cuts[int(self.statistics.argmax())]

    @property
    def p_value(self) -> float:
        """(1 + draws whose largest statistic is at least as large)/(1 + B)."""
        beyond = int((self.draws.max(axis=1) >= self.statistic).sum())
        return (1.0 + beyond) / (1.0 + len(self.draws))

    @property
    def path(self) -> pd.DataFrame:
        """Index cut; statistic, its χ² and its bootstrap p-value if the date were known."""
        beyond = (self.draws >= self.statistics).sum(axis=0)
        return pd.DataFrame(
            {
                "statistic": self.statistics,
                "p_chi2": special.chdtrc(self.df, self.statistics),
                "p_bootstrap": (1.0 + beyond) / (1.0 + len(self.draws)),
            },
            index=pd.Index(self.cuts, name="cut"),
        )

    @property
    def test(self) -> SpecificationTest:
        """The test, with what the reader must know of it."""
        failed = f"; {self.n_failed} draws could not be estimated" if self.n_failed else ""
        return SpecificationTest(
            name="sup-Wald",
            null=f"no break in {', '.join(self.interacted)} after any of "
            f"{', '.join(str(cut) for cut in self.cuts)}",
            statistic=self.statistic,
            df=self.df,
            p_value=self.p_value,
            distribution="bootstrap",
            form="wild_unit",
            note=f"largest after {self.date}; {len(self.draws)} draws{failed}; {NOTE}",
        )

    def __repr__(self) -> str:
        return (
            f"<BreakTest sup-Wald {self.statistic:.4g} after {self.date}, p = {self.p_value:.4g}, "
            f"{len(self.cuts)} cuts>"
        )


def sup_wald(
    panel: SpatialPanel,
    cuts: Sequence[Any] | None = None,
    *,
    interacted: Sequence[str] | None = None,
    draws: int = 999,
    seed: int | np.random.SeedSequence = 0,
    estimator: str = "transform",
) -> BreakTest:
    """Test of a break in the coefficients at an unknown date.

    Parameters
    ----------
    panel : SpatialPanel
        ols, slx, sar or sdm.
    cuts : sequence, optional
        Periods; the break is after one of them. Default: all that leave `TRIMMING` of the periods,
        and at least two, on each side.
    interacted : sequence of str, optional
        Regressors whose coefficients, and those of their lags, may change; default all.
    draws : int
        B of the bootstrap.
    seed : int or SeedSequence
        The draws depend on nothing but the seed and the sorted order of the units.
    estimator : {"transform", "direct"}

    Returns
    -------
    BreakTest

    Raises
    ------
    SpecificationError
        For another model or estimator, unknown cuts, or fewer than two draws.
    GroupingError, RegressorError
        If a cut leaves too few periods for the coefficients on one side.
    BoundaryError
        If the estimate without a break, or that at a cut, is at the boundary.
    ConvergenceError
        If no draw could be estimated at every cut.
    """
    require_panel(panel, "sup_wald")
    if panel.model not in MODELS or estimator not in ("transform", "direct"):
        raise SpecificationError(
            f"sup_wald takes {enumerate_names(sorted(MODELS))} by 'transform' or 'direct', got "
            f"{panel.model} by {estimator!r}"
        )
    check_draws(draws, "a bootstrap")
    names = read_interacted(interacted, panel.arrays.variables)
    chosen = _read_cuts(cuts, panel.arrays.periods)
    restricted = panel.fit(estimator)  # type: ignore[arg-type]
    if restricted.at_boundary:
        raise BoundaryError(
            "the estimate without a break is at the edge of the admissible interval; there is "
            "nothing to draw outcomes from"
        )
    bases = _break_columns(panel, restricted, chosen, names)
    # Signs of one are the sample itself.
    unchanged = DrawPlan(signs=np.ones((1, restricted.n_units)), periods=None)
    observed = _draw_statistics(restricted, unchanged, bases)[0]
    if np.isnan(observed).any():
        edge = [cut for cut, value in zip(chosen, observed, strict=True) if np.isnan(value)]
        raise BoundaryError(
            f"with a break after {enumerate_names(edge)} the estimate is at the edge of the "
            "admissible interval; leave these cuts out"
        )
    plan = draw_plan(restricted, draws, seed, "wild_unit", "rademacher")
    drawn = _draw_statistics(restricted, plan, bases)
    usable = np.isfinite(drawn).all(axis=1)
    if not usable.any():
        raise ConvergenceError(f"none of {draws} draws could be estimated at every cut")
    return BreakTest(
        cuts=tuple(chosen),
        interacted=tuple(names),
        statistics=observed,
        draws=drawn[usable],
        df=bases[0].shape[1],
        n_failed=int(draws - usable.sum()),
    )


def _read_cuts(cuts: Sequence[Any] | None, periods: pd.Index) -> list[Any]:
    if cuts is None:
        margin = max(2, int(np.ceil(TRIMMING * len(periods))))
        found = list(periods[margin - 1 : len(periods) - margin])
        if not found:
            raise SpecificationError(
                f"{len(periods)} periods leave no cut with {margin} on each side; name the cuts"
            )
        return found
    if isinstance(cuts, str) or not isinstance(cuts, Iterable) or not len(list(cuts)):
        raise SpecificationError(f"cuts must be a list of periods, got {cuts!r}")
    unknown = [cut for cut in cuts if cut not in periods[:-1]]
    if unknown or len(set(cuts)) != len(cuts):
        raise SpecificationError(
            f"cuts must be different periods from {periods[0]} to {periods[-2]} (the break is "
            f"after a cut), got {enumerate_names(cuts)}"
        )
    return sorted(cuts)


def _break_columns(
    panel: SpatialPanel, restricted: SpatialPanelResults, cuts: Sequence[Any], names: Sequence[str]
) -> list[Array]:
    """For every cut an orthonormal basis (n, q) of what the break adds to the regressors."""
    arrays = panel.arrays
    basis = _orthonormal(stack(_without_effects(arrays.z, restricted)))
    positions = [
        place
        for own, lag, name in zip(
            arrays.beta_positions, arrays.theta_positions, arrays.variables, strict=True
        )
        if name in names
        for place in (own, lag)
        if place >= 0
    ]
    bases = []
    for cut in cuts:
        after = np.asarray(arrays.periods > cut)
        labels = pd.Series(np.where(after, "after", "before"), arrays.periods)
        # Refuses, with their names, columns that one side does not identify.
        GroupedPanel.of_panel(panel, labels, interacted=names, axis="period")
        added = arrays.z[:, :, positions] * after[:, None, None]
        columns = stack(_without_effects(added, restricted))
        columns = columns - basis @ (basis.T @ columns)
        bases.append(_orthonormal(columns))
    return bases


def _orthonormal(columns: Array) -> Array:
    q, _ = linalg.qr(columns, mode="economic", check_finite=False)
    basis: Array = q
    return basis


def _without_effects(values: Array, results: SpatialPanelResults) -> Array:
    scheme = results.specification.scheme
    return within_transform(
        values, entity_effects=scheme.entity_effects, time_effects=scheme.time_effects
    )


def _draw_statistics(
    restricted: SpatialPanelResults, plan: DrawPlan, bases: Sequence[Array]
) -> Array:
    """Wald statistics (B, C) of all draws of the restricted model; NaN at the boundary."""
    z = _orthonormal(stack(_without_effects(restricted.arrays.z, restricted)))
    step = max(1, BLOCK_NUMBERS // restricted.nobs)
    found = []
    for start in range(0, len(plan), step):
        rows = slice(start, min(start + step, len(plan)))
        innovations = plan.innovations(restricted.estimate.residuals, rows)
        outcomes = np.moveaxis(restricted.simulate(np.moveaxis(innovations, 2, 0)), 0, 2)
        targets = [outcomes]
        if restricted.estimate.rho is not None:
            targets.append(spatial_lag(restricted.arrays.weights, outcomes))
        left = [_residuals(z, stack(_without_effects(target, restricted))) for target in targets]
        found.append(np.stack([_statistics_at(restricted, basis, left) for basis in bases], axis=1))
    return np.concatenate(found)


def _residuals(basis: Array, targets: Array) -> Array:
    residuals: Array = targets - basis @ (basis.T @ targets)
    return residuals


def _statistics_at(restricted: SpatialPanelResults, basis: Array, left: Sequence[Array]) -> Array:
    """Wald statistics (b,) of one cut.

    Parameters
    ----------
    restricted : SpatialPanelResults
        With the model, its log-determinant and its observations.
    basis : array, shape (n, q)
    left : sequence of arrays, shape (n, b)
        Residuals e0 of y* and, with ρ, ed of Wy* on the regressors without a break.
    """
    n_effective = restricted.n_effective
    added = [basis.T @ part for part in left]
    own = np.einsum("nb,nb->b", left[0], left[0]) - np.einsum("qb,qb->b", added[0], added[0])
    if len(left) == 1:
        return calc_wald_of_added(added[0], np.zeros_like(added[0]), own / n_effective, None)
    cross, lagged = (
        np.einsum("nb,nb->b", part, left[1]) - np.einsum("qb,qb->b", loading, added[1])
        for part, loading in zip(left, added, strict=True)
    )
    profile = LagProfile(own, cross, lagged)
    scheme, spectrum = restricted.specification.scheme, restricted.spectrum
    logdet = SpatialPanel.from_results(restricted).logdet_of("rho", scheme)
    periods = scheme.jacobian_periods(restricted.n_periods)
    everyone = np.arange(own.size)
    peaks = maximise_draws(
        profile, own.size, logdet, (spectrum.lower, spectrum.upper), n_effective, periods
    )
    usable = ~(peaks.at_boundary | peaks.failed)
    rho = np.where(usable, peaks.location, 0.0)
    value, slope, curvature = profile.evaluate(rho, everyone)
    information = 0.5 * n_effective * (curvature / value - (slope / value) ** 2)
    information += periods * np.array([logdet.trace_gg(float(at)) for at in rho])
    statistics = calc_wald_of_added(
        added[0] - rho * added[1], added[1], value / n_effective, information
    )
    statistics[~usable] = np.nan
    return statistics


def calc_wald_of_added(
    loadings: Array, lag_loadings: Array, sigma2: Array, information: Array | None
) -> Array:
    """Wald statistics of added regressors, from their loadings on an orthonormal basis Q.

    The added coefficients in the coordinates of Q are g = Q'(e0 - ρ ed), with covariance
    σ²I + mm'/I_ρ, m = Q'ed and I_ρ minus the second derivative of the profile likelihood (the
    observed Hessian with the rest concentrated out), so that

        W = [g'g - (g'm)²/(σ²I_ρ + m'm)]/σ².

    Parameters
    ----------
    loadings, lag_loadings : array, shape (q, B)
        g and m.
    sigma2 : array, shape (B,)
    information : array, shape (B,), or None
        I_ρ; None without ρ.

    Returns
    -------
    array, shape (B,).
    """
    statistics: Array = np.einsum("qb,qb->b", loadings, loadings)
    if information is not None:
        shared = np.einsum("qb,qb->b", loadings, lag_loadings) ** 2
        own = np.einsum("qb,qb->b", lag_loadings, lag_loadings)
        statistics = statistics - shared / (sigma2 * information + own)
    return statistics / sigma2
