"""Natural and mediated effects of a treatment in a system of spatial panel equations.

Mediators m_k = ρ_k W_m m_k + a_k x + t_k W_m x + ..., outcome
y = ρ W y + c x + d W x + Σ_k (b_k m_k + e_k W m_k) + ... With S = (I - ρW)⁻¹(βI + θW),

    dy/dx' = S_x + Σ_k M_k,   M_k = S_b,k S_m,k,

exact for any weights. S_x is what does not pass through the mediators. Element (i, j) of M_k is
what unit j's treatment does to unit i's outcome through the mediator of any unit. The mean diagonal
of a matrix is its direct effect, the mean row sum its total effect, the difference its spillover.

With S = βI + φG, φ = ρβ + θ, G = W(I - ρW)⁻¹, of both equations every part of M is made of traces
and sums of G and of five numbers that are bilinear in the two G.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yrb_carbon.spatialpanel import SpecificationError
from yrb_carbon.spatialpanel.within import Array

from .resolvent import Resolvent, ResolventTable, tabulate

ALL = "all"
"""Term of the sum over mediators."""

NATURAL = ("natural_direct", "natural_spillover", "natural_total")
SYSTEM = ("system_direct", "system_indirect", "system_total")
MEDIATED = (
    "mediated_direct",
    "mediated_spillover",
    "mediated_total",
    "mediated_spillover_mediator",
    "mediated_spillover_outcome",
    "mediated_spillover_chain",
)
OWN_AND_FEEDBACK = ("mediated_direct_own", "mediated_direct_feedback")


@dataclass(frozen=True, slots=True)
class EquationDraws:
    """Parameters of one equation at R draws.

    Attributes
    ----------
    rho : array, shape (R,)
        Zeros where the model has no spatial lag of the dependent variable.
    beta, theta : array, shape (R, K)
        Of the variables of interest: treatment and mediators in the outcome equation, the treatment
        alone in those of the mediators. θ is zero for a variable without a spatial lag.
    """

    rho: Array
    beta: Array
    theta: Array

    @property
    def passed_on(self) -> Array:
        """φ = ρβ + θ, shape (R, K)."""
        return self.rho[:, None] * self.beta + self.theta


@dataclass(frozen=True, slots=True)
class SystemDraws:
    """Parameters of all equations at R draws, and the weights of their spatial lags.

    Attributes
    ----------
    outcome : EquationDraws
        Variables (treatment, mediators in order).
    mediators : tuple of EquationDraws
        Variable (treatment,).
    outcome_weights, mediator_weights : Resolvent
    """

    outcome: EquationDraws
    mediators: tuple[EquationDraws, ...]
    outcome_weights: Resolvent
    mediator_weights: Resolvent

    def __post_init__(self) -> None:
        count = self.outcome.rho.size
        wanted = [(self.outcome, 1 + len(self.mediators)), *((m, 1) for m in self.mediators)]
        for equation, n_variables in wanted:
            shapes = (equation.rho.shape, equation.beta.shape, equation.theta.shape)
            if shapes != ((count,), (count, n_variables), (count, n_variables)):
                raise SpecificationError(
                    f"rho, beta and theta of an equation with {n_variables} variables of interest "
                    f"must be ({count},), ({count}, {n_variables}) and ({count}, {n_variables}), "
                    f"got {', '.join(map(str, shapes))}"
                )

    @property
    def admissible(self) -> NDArray[np.bool_]:
        """Draws with every ρ inside of its interval, shape (R,)."""
        inside = self.outcome_weights.admits(self.outcome.rho)
        for equation in self.mediators:
            inside = inside & self.mediator_weights.admits(equation.rho)
        return inside


@dataclass(frozen=True, slots=True)
class DecompositionArrays:
    """Parts of the effect of the treatment at R draws; NaN rows where a ρ is not admissible.

    Attributes
    ----------
    natural : array, shape (R, 3)
        S_x: direct, spillover, total.
    mediated : array, shape (R, K, 6)
        M_k by mediator, in the order of `MEDIATED`.
    own_and_feedback : array, shape (R, K, 2)
        tr(D_b D_m)/N, through the unit's own mediator alone, and tr(O_b O_m)/N, through those of
        other units: the parts of the mediated direct effect.
    """

    natural: Array
    mediated: Array
    own_and_feedback: Array

    @property
    def system(self) -> Array:
        """S_x + Σ M_k, shape (R, 3): direct, indirect, total."""
        total: Array = self.natural + self.mediated[:, :, :3].sum(axis=1)
        return total

    @property
    def n_discarded(self) -> int:
        """Draws with a ρ outside of the admissible interval."""
        return int(np.isnan(self.natural[:, 0]).sum())

    @property
    def values(self) -> Array:
        """All quantities, shape (R, Q), in the order of `decomposition_labels`."""
        summed = self.mediated.sum(axis=1)
        by_mediator = self.mediated.reshape(len(self.mediated), -1)
        return np.concatenate([self.natural, self.system, by_mediator, summed], axis=1)


def decomposition_labels(treatment: str, mediators: Sequence[str]) -> pd.MultiIndex:
    """Labels (term, quantity) of `DecompositionArrays.values`.

    Natural and system effects carry the treatment as term, mediated ones the mediator or `ALL`.
    """
    pairs = [(treatment, quantity) for quantity in (*NATURAL, *SYSTEM)]
    pairs += [(mediator, quantity) for mediator in (*mediators, ALL) for quantity in MEDIATED]
    return pd.MultiIndex.from_tuples(pairs, names=["term", "quantity"])


def calc_decomposition(system: SystemDraws) -> DecompositionArrays:
    """Natural and mediated effects at every draw.

    With D the diagonal and O the rest of S, M = (D_b + O_b)(D_m + O_m): the mediated direct effect
    is tr(D_b D_m)/N + tr(O_b O_m)/N; the mediated spillover is the sum of the mean off-diagonal row
    sums of D_b O_m (treatment of j, mediator of i, outcome of i: mediator spillover), O_b D_m
    (treatment of j, mediator of j, outcome of i: outcome spillover) and O_b O_m (chains).

    Parameters
    ----------
    system : SystemDraws

    Returns
    -------
    DecompositionArrays, in units of the outcome per unit of the treatment.

    Raises
    ------
    SpecificationError
        If there are more than `RESOLVENT_LIMIT` units.
    """
    kept = np.flatnonzero(system.admissible)
    n_draws, n_mediators = system.outcome.rho.size, len(system.mediators)
    natural = np.full((n_draws, 3), np.nan)
    mediated = np.full((n_draws, n_mediators, len(MEDIATED)), np.nan)
    own = np.full((n_draws, n_mediators, len(OWN_AND_FEEDBACK)), np.nan)
    if kept.size:
        outcome = _take(system.outcome, kept)
        mediators = [_take(equation, kept) for equation in system.mediators]
        of_outcome, of_mediators, products = _multipliers(system, outcome, mediators)
        natural[kept] = _natural_effects(outcome, of_outcome)
        for k, (equation, multipliers) in enumerate(zip(mediators, of_mediators, strict=True)):
            slopes = (outcome.beta[:, k + 1], outcome.passed_on[:, k + 1])
            parts = _mediated_effects(slopes, of_outcome, equation, multipliers, products)
            mediated[kept, k], own[kept, k] = parts[:, :6], parts[:, 6:]
    return DecompositionArrays(natural, mediated, own)


@dataclass(frozen=True, slots=True)
class _Multipliers:
    """G of one equation at every draw: tr(G)/N and ι'Gι/N, shape (R,), and weights of the nodes."""

    trace: Array
    total: Array
    loadings: Array

    @classmethod
    def of_table(cls, table: ResolventTable, series: int) -> _Multipliers:
        loadings = table.loadings[series]
        return cls(
            trace=loadings @ table.diagonal.mean(axis=1),
            total=loadings @ table.rows.mean(axis=1),
            loadings=loadings,
        )


@dataclass(frozen=True, slots=True)
class _Products:
    """Numbers that are linear in the G of both equations, between their nodes, shape (n_y, n_m).

    With g the diagonals, O the off-diagonal parts: tr(G_y G_m)/N, g_y'g_m/N, g_y'O_mι/N,
    ι'O_y g_m/N and ι'O_y O_mι/N.
    """

    trace: Array
    diagonals: Array
    diagonal_rows: Array
    columns_diagonal: Array
    columns_rows: Array

    @classmethod
    def of_tables(cls, outcome: ResolventTable, mediator: ResolventTable) -> _Products:
        n_units = outcome.diagonal.shape[1]
        y_off = outcome.columns - outcome.diagonal
        m_off = mediator.rows - mediator.diagonal
        return cls(
            trace=np.tensordot(outcome.g, mediator.g, axes=([1, 2], [2, 1])) / n_units,
            diagonals=outcome.diagonal @ mediator.diagonal.T / n_units,
            diagonal_rows=outcome.diagonal @ m_off.T / n_units,
            columns_diagonal=y_off @ mediator.diagonal.T / n_units,
            columns_rows=y_off @ m_off.T / n_units,
        )


def _multipliers(
    system: SystemDraws, outcome: EquationDraws, mediators: Sequence[EquationDraws]
) -> tuple[_Multipliers, list[_Multipliers], _Products]:
    """Of the outcome equation and of those of the mediators; one table where W is the same."""
    rhos = [equation.rho for equation in mediators]
    if system.outcome_weights.same_weights(system.mediator_weights):
        own = others = tabulate(system.outcome_weights, [*rhos, outcome.rho])
    else:
        own = tabulate(system.outcome_weights, [outcome.rho])
        others = tabulate(system.mediator_weights, rhos)
    return (
        _Multipliers.of_table(own, -1),
        [_Multipliers.of_table(others, k) for k in range(len(rhos))],
        _Products.of_tables(own, others),
    )


def _natural_effects(outcome: EquationDraws, multipliers: _Multipliers) -> Array:
    beta, passed_on = outcome.beta[:, 0], outcome.passed_on[:, 0]
    direct = beta + passed_on * multipliers.trace
    total = beta + passed_on * multipliers.total
    return np.stack([direct, total - direct, total], axis=1)


def _mediated_effects(
    slopes: tuple[Array, Array],
    outcome: _Multipliers,
    equation: EquationDraws,
    mediator: _Multipliers,
    products: _Products,
) -> Array:
    """The parts of M at every draw, shape (R, 8): `MEDIATED`, then `OWN_AND_FEEDBACK`.

    ``slopes`` are b and φ_b of the mediator in the outcome equation.
    """
    b, b_on = slopes
    a, a_on = equation.beta[:, 0], equation.passed_on[:, 0]
    both_on = b_on * a_on

    def at_draws(of_nodes: Array) -> Array:
        values: Array = ((outcome.loadings @ of_nodes) * mediator.loadings).sum(axis=1)
        return both_on * values

    diagonals = at_draws(products.diagonals)
    own = a * b + b * a_on * mediator.trace + a * b_on * outcome.trace + diagonals
    feedback = at_draws(products.trace) - diagonals
    of_mediator = b * a_on * (mediator.total - mediator.trace) + at_draws(products.diagonal_rows)
    of_outcome = a * b_on * (outcome.total - outcome.trace) + at_draws(products.columns_diagonal)
    chain = at_draws(products.columns_rows) - feedback
    direct, spillover = own + feedback, of_mediator + of_outcome + chain
    parts = (direct, spillover, direct + spillover, of_mediator, of_outcome, chain, own, feedback)
    return np.stack(parts, axis=1)


def _take(equation: EquationDraws, kept: NDArray[np.intp]) -> EquationDraws:
    return EquationDraws(equation.rho[kept], equation.beta[kept], equation.theta[kept])
