"""Bootstrap of the mediation system through its reduced form, all equations estimated again.

Innovations e^m, e^y of the fitted equations are drawn anew; mediators and outcome follow from them,

    m*_t = (I - ρ̂_m W)⁻¹(… + e^m*_t),    y*_t = (I - ρ̂_y W)⁻¹(… using m*_t + e^y*_t),

treatment, controls, fixed effects and weights being those of the data. Units are never resampled,
which would destroy the weights. Two schemes:

``wild_unit``
    e*_it = s_i e_it √(N/(N-1)), one Rademacher sign s_i per unit over all periods: serial
    dependence within units stays, innovations are independent between units. One set of signs
    serves all mediators, whose innovations may be correlated, and another, independent one the
    outcome. A common set would leave Σ e^m*e^y* = Σ e^m e^y = 0 in every draw, and with it no
    sampling error of the effect of a mediator on the outcome.
``year``
    Whole cross-sections of (e^m, e^y) drawn jointly with replacement, times √(T/(T-1)): dependence
    between units stays, innovations are independent over time.

(Cameron, Gelbach & Miller 2008, Review of Economics and Statistics 90:414-427; Kapetanios 2008,
Econometrics Journal 11:377-408.)
"""

from __future__ import annotations

import multiprocessing
import sys
import warnings
from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray
from threadpoolctl import threadpool_limits

from yrb_carbon.spatialpanel import BoundaryWarning, SpatialPanelResults, SpecificationError
from yrb_carbon.spatialpanel.bootstrap_refit import (
    BLOCK_SIZE,
    DrawPlan,
    Refits,
    draw_multipliers,
    fit_panels,
)
from yrb_carbon.spatialpanel.drawn_refit import draw_outcomes, refit_drawn, without_period
from yrb_carbon.spatialpanel.effects_results import refitted_effects
from yrb_carbon.spatialpanel.errors import FailedDrawsWarning, caller_level, check_choice
from yrb_carbon.spatialpanel.randomness import check_draws, check_seed
from yrb_carbon.spatialpanel.within import Array, spatial_lag

from .effects import MediationEffects, effects_of_draws
from .results import MediationResults

# Numbers of one block of draws, T·N·draws, of every variable. Half of what one equation takes: more
# variables at a time stay in the processor's cache, and there are more blocks for processes.
SYSTEM_BLOCK_SIZE = BLOCK_SIZE // 2
# Without one of them two are left, and fixed effects take one.
LEAST_PERIODS = 3

LIBRARY = str(Path(__file__).parent)

Scheme = Literal["wild_unit", "year"]
NOTES: dict[Scheme, str] = {
    "wild_unit": "Bootstrap by unit: one random sign a unit over all years, independent for the "
    "outcome and for the block of mediators. It keeps the serial dependence within units; errors "
    "are independent between units, and those of the outcome of those of the mediators.",
    "year": "Bootstrap by year: whole years of errors of all equations together. It keeps the "
    "dependence between units and between equations; errors are independent over time.",
}
Seed = int | np.random.SeedSequence


def bootstrap_mediation(
    results: MediationResults,
    draws: int = 999,
    seed: Seed = 0,
    scheme: Scheme = "wild_unit",
    n_jobs: int = 1,
) -> MediationEffects:
    """Natural and mediated effects with their bootstrap distribution.

    Every draw goes through the reduced form of the fitted system, and every equation, the one-step
    equation too, is estimated on it by the estimator of its fit (see the module for the schemes).

    Parameters
    ----------
    results : MediationResults
    draws : int
        B, at least 2; 999 for intervals of 95 %.
    seed : int or SeedSequence
        The draws depend on nothing but the seed and the sorted order of units and periods. Two
        systems on the same units with the same seed have the same signs in draw b of ``wild_unit``,
        so that differences of their draws have the distribution of the difference of the estimates.
    scheme : {"wild_unit", "year"}
    n_jobs : int
        Processes; the numbers are the same to the last bit for any.

    Returns
    -------
    MediationEffects
        With inference ``bootstrap_wild_unit`` or ``bootstrap_year``. ``year`` has estimates without
        one year each for ``bca`` intervals; ``wild_unit`` has none, since units are never deleted.
        Rows of draws that are left out are NaN.

    Warns
    -----
    BoundaryWarning
        If an equation of a draw peaks at or beyond the edge of its admissible interval. The draw
        has no effects and is left out; one of the one-step equation alone is left out of the gap.
    FailedDrawsWarning
        If an equation of a draw could not be estimated; left out in the same way.

    Raises
    ------
    BoundaryError
        If an equation of the system is at the boundary, or fewer than two draws have effects.
    SpecificationError
        For an unknown scheme, fewer than two draws or fewer than one process.
    """
    check_choice("scheme", scheme, get_args(Scheme))
    check_draws(draws, "a bootstrap")
    if n_jobs < 1:
        raise SpecificationError(f"n_jobs must be at least 1 process, got {n_jobs}")
    if scheme == "year" and results.n_periods < LEAST_PERIODS:
        raise SpecificationError(
            f"scheme 'year' also estimates the system without each year, and {results.n_periods} "
            f"years leave too few; it needs {LEAST_PERIODS}, or take scheme 'wild_unit'"
        )
    results.check_interior()
    fits = SystemFits(tuple(results.mediators.values()), results.outcome, results.one_step)
    plan = draw_system_plan(results.n_units, results.n_periods, draws, seed, scheme)
    refits = refit_system(fits, plan, n_jobs)
    _warn_of_left_out(fits, refits)
    jackknife = None
    if scheme == "year":
        left_out = _parameters(fits, refit_without_periods(fits))
        jackknife = results.decompose(left_out).values
    return effects_of_draws(
        results,
        _parameters(fits, refits),
        inference=f"bootstrap_{scheme}",
        one_step_draws=_one_step_effects(results, refits.one_step),
        jackknife=jackknife,
        notes=[NOTES[scheme]],
    )


def _parameters(fits: SystemFits, refits: SystemRefits) -> dict[str, Array]:
    """Estimates by equation of the system; NaN in all where one has no estimate inside."""
    unusable = refits.left_out
    names = [fit.arrays.dependent for fit in (*fits.mediators, fits.outcome)]
    return {
        name: np.where(unusable[:, None], np.nan, equation.values)
        for name, equation in zip(names, refits.equations, strict=False)
    }


def _one_step_effects(results: MediationResults, refits: Refits) -> Array:
    """Direct, indirect and total effects of the treatment in the one-step equation, (B, 3)."""
    fit = results.one_step
    kept = ~(refits.at_boundary | refits.failed)
    effects = np.full((len(kept), 3), np.nan)
    if kept.any():
        position = fit.arrays.variables.index(results.treatment)
        effects[kept] = refitted_effects(fit, refits.values[kept])[:, position]
    return effects


def _warn_of_left_out(fits: SystemFits, refits: SystemRefits) -> None:
    """Say which equations left out how many draws."""
    titles = [f"equation of {fit.arrays.dependent!r}" for fit in fits.equations[:-1]]
    titles.append("one-step equation (left out of the gap only)")
    draws = len(refits.left_out)
    pairs = list(zip(titles, refits.equations, strict=True))
    at_edge = [f"{r.at_boundary.sum()} ({title})" for title, r in pairs if r.at_boundary.any()]
    if at_edge:
        warnings.warn(
            f"draws of {draws} whose likelihood peaks at or beyond the edge of the admissible "
            f"interval, where there are no effects, are left out: {', '.join(at_edge)}",
            BoundaryWarning,
            stacklevel=caller_level(LIBRARY),
        )
    failed = [f"{r.failed.sum()} ({title}: {r.reason})" for title, r in pairs if r.failed.any()]
    if failed:
        warnings.warn(
            f"draws of {draws} that could not be estimated are left out: {', '.join(failed)}",
            FailedDrawsWarning,
            stacklevel=caller_level(LIBRARY),
        )


@dataclass(frozen=True, slots=True)
class SystemFits:
    """Fitted equations of a mediation system, on the same units and periods.

    Attributes
    ----------
    mediators : tuple of SpatialPanelResults
        None of them a regressor of another.
    outcome : SpatialPanelResults
        With every mediator among its regressors.
    one_step : SpatialPanelResults
        The outcome without the mediators.
    """

    mediators: tuple[SpatialPanelResults, ...]
    outcome: SpatialPanelResults
    one_step: SpatialPanelResults

    @property
    def equations(self) -> tuple[SpatialPanelResults, ...]:
        """Mediators, outcome, one step."""
        return (*self.mediators, self.outcome, self.one_step)


@dataclass(frozen=True, slots=True)
class SystemPlan:
    """What multiplies or replaces the innovations of the mediators and those of the outcome."""

    mediators: DrawPlan
    outcome: DrawPlan

    def __len__(self) -> int:
        return len(self.outcome)


@dataclass(frozen=True, slots=True)
class SystemRefits:
    """Estimates of all equations on every draw.

    Attributes
    ----------
    mediators : tuple of Refits
    outcome, one_step : Refits
    """

    mediators: tuple[Refits, ...]
    outcome: Refits
    one_step: Refits

    @property
    def equations(self) -> tuple[Refits, ...]:
        """Mediators, outcome, one step."""
        return (*self.mediators, self.outcome, self.one_step)

    @classmethod
    def of(cls, equations: Sequence[Refits]) -> SystemRefits:
        """From the order of ``equations``."""
        *mediators, outcome, one_step = equations
        return cls(tuple(mediators), outcome, one_step)

    @property
    def left_out(self) -> NDArray[np.bool_]:
        """Draws without estimates inside for every equation of the system, shape (B,)."""
        unusable = [refits.at_boundary | refits.failed for refits in self.equations[:-1]]
        left_out: NDArray[np.bool_] = np.any(unusable, axis=0)
        return left_out


def draw_system_plan(
    n_units: int, n_periods: int, draws: int, seed: Seed, scheme: Scheme
) -> SystemPlan:
    """Random signs of units, or random periods, for every draw of the system.

    The signs of ``wild_unit`` depend on the seed and the number of units alone: bootstraps of two
    fits on the same units, such as those of two spans of years, give draw b the same signs when
    they have the same seed, and differences between the two keep the dependence between them.

    Parameters
    ----------
    n_units, n_periods, draws : int
    seed : int or SeedSequence
        A SeedSequence is not changed: the same one gives the same plan again.
    scheme : {"wild_unit", "year"}

    Returns
    -------
    SystemPlan
    """
    if scheme == "year":
        rng = np.random.default_rng(_child(seed, 0))
        years = DrawPlan(signs=None, periods=rng.integers(0, n_periods, size=(draws, n_periods)))
        return SystemPlan(years, years)
    scale = np.sqrt(n_units / (n_units - 1.0))
    of_mediators, of_outcome = (
        draw_multipliers(draws, n_units, "rademacher", _child(seed, block)) * scale
        for block in range(2)
    )
    return SystemPlan(DrawPlan(of_mediators, None), DrawPlan(of_outcome, None))


def _child(seed: Seed, number: int) -> np.random.SeedSequence:
    """As ``spawn`` gives it the first time; spawning again would give another."""
    check_seed(seed)
    parent = seed if isinstance(seed, np.random.SeedSequence) else np.random.SeedSequence(seed)
    return np.random.SeedSequence(
        parent.entropy, spawn_key=(*parent.spawn_key, number), pool_size=parent.pool_size
    )


def refit_system(fits: SystemFits, plan: SystemPlan, n_jobs: int = 1) -> SystemRefits:
    """Estimate all equations on every draw of a plan.

    Parameters
    ----------
    fits : SystemFits
    plan : SystemPlan
    n_jobs : int
        Processes. They work on blocks of draws that do not depend on their number, with one
        thread of linear algebra each, so the numbers are the same to the last bit for any.

    Returns
    -------
    SystemRefits
    """
    size = max(1, SYSTEM_BLOCK_SIZE // fits.outcome.nobs)
    blocks = [slice(start, start + size) for start in range(0, len(plan), size)]
    parts = _run(partial(_refit_block, fits, plan), blocks, n_jobs)
    by_equation = zip(*(part.equations for part in parts), strict=True)
    return SystemRefits.of([Refits.join(equation) for equation in by_equation])


def refit_without_periods(fits: SystemFits) -> SystemRefits:
    """Estimates of all equations without each period in turn; as many rows as periods.

    Parameters
    ----------
    fits : SystemFits

    Returns
    -------
    SystemRefits
    """
    return SystemRefits.of(
        [
            fit_panels(
                (without_period(fit, period) for period in range(fit.n_periods)),
                fit.specification.estimator,
            )
            for fit in fits.equations
        ]
    )


def _refit_block(fits: SystemFits, plan: SystemPlan, rows: slice) -> SystemRefits:
    refits, regressors = [], {}
    for fit in fits.mediators:
        innovations = plan.mediators.innovations(fit.estimate.residuals, rows)
        drawn = draw_outcomes(fit, innovations)
        refits.append(refit_drawn(fit, drawn))
        regressors.update(drawn_columns(fits.outcome, fit.arrays.dependent, drawn))
    outcome = fits.outcome
    shifts = {k: values - outcome.arrays.z[:, :, k, None] for k, values in regressors.items()}
    innovations = plan.outcome.innovations(outcome.estimate.residuals, rows)
    drawn = draw_outcomes(outcome, innovations, shifts)
    refits.append(refit_drawn(outcome, drawn, regressors))
    refits.append(refit_drawn(fits.one_step, drawn))
    return SystemRefits.of(refits)


def drawn_columns(results: SpatialPanelResults, name: str, values: Array) -> dict[int, Array]:
    """Columns of the regressors of a fit that a drawn variable fills: its own and its lag's.

    Parameters
    ----------
    results : SpatialPanelResults
    name : str
        Of one of its variables.
    values : array, shape (T, N, b)

    Returns
    -------
    dict of int to array, shape (T, N, b).
    """
    arrays = results.arrays
    position = arrays.variables.index(name)
    columns = {arrays.beta_positions[position]: values}
    lagged = arrays.theta_positions[position]
    if lagged >= 0:
        columns[lagged] = spatial_lag(arrays.weights, values)
    return columns


def _run(
    work: Callable[[slice], SystemRefits], blocks: Sequence[slice], n_jobs: int
) -> list[SystemRefits]:
    if n_jobs == 1 or len(blocks) == 1:
        with threadpool_limits(limits=1):
            return [work(block) for block in blocks]
    # Forked processes need neither the seconds of an import nor a guarded main module.
    method = "fork" if sys.platform == "linux" else "spawn"
    with ProcessPoolExecutor(
        min(n_jobs, len(blocks)),
        mp_context=multiprocessing.get_context(method),
        initializer=threadpool_limits,
        initargs=(1,),
    ) as pool:
        return list(pool.map(work, blocks))
