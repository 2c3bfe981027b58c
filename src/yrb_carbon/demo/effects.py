"""Effects of the true system, by dense matrix products."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yrb_carbon.demo.parameters import (
    MEDIATORS,
    PERIODS,
    REACHES,
    TREATMENT,
    YEARS,
    Equation,
    Heterogeneity,
    Truth,
)

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EffectSummary:
    """Mean effects of a matrix S whose cell (i, j) is the effect of x_j on y_i.

    direct = tr(S)/N, total = sum of S over N, spillover = total - direct; for a group of units the
    same means over its rows.
    """

    direct: float
    spillover: float
    total: float

    @classmethod
    def of(cls, matrix: FloatArray) -> EffectSummary:
        """Summary of an N x N matrix."""
        n = matrix.shape[0]
        direct = float(np.trace(matrix)) / n
        total = float(matrix.sum()) / n
        return cls(direct, total - direct, total)

    @classmethod
    def of_rows(cls, matrix: FloatArray, rows: npt.NDArray[np.intp]) -> EffectSummary:
        """Summary of what some units receive: means over their rows."""
        direct = float(np.diag(matrix)[rows].mean())
        total = float(matrix[rows].sum()) / len(rows)
        return cls(direct, total - direct, total)

    def as_dict(self) -> dict[str, float]:
        """Plain dictionary, ready for JSON."""
        return {"direct": self.direct, "spillover": self.spillover, "total": self.total}


def calc_effect_matrix(
    equation: Equation, name: str, weights: FloatArray, factors: FloatArray | None = None
) -> FloatArray:
    """Reduced-form effect of one regressor: S = (I - rho W)^-1 F (beta I + theta W).

    Parameters
    ----------
    equation : Equation
    name : str
        Regressor.
    weights : array (N, N)
        Row-standardised.
    factors : array (N,), optional
        Diagonal of F, the factors of the slope in the rows of the units; ones by default.

    Returns
    -------
    array (N, N), unit of the outcome per unit of the regressor.
    """
    identity = np.eye(weights.shape[0])
    own, lagged = equation.slope(name)
    spread = own * identity + lagged * weights
    if factors is not None:
        spread = factors[:, None] * spread
    return np.asarray(np.linalg.solve(identity - equation.rho * weights, spread), dtype=float)


@dataclass(frozen=True, slots=True)
class Setting:
    """A period, and the reach of each unit: what the slopes of a heterogeneous system depend on."""

    heterogeneity: Heterogeneity
    period: str
    reach: tuple[str, ...]

    def factors(self, equation: Equation, name: str) -> FloatArray:
        """Factors of a slope by unit, (N,)."""
        return self.heterogeneity.factors((equation.outcome, name), self.period, self.reach)


def calc_system_matrices(
    truth: Truth, weights: FloatArray, setting: Setting | None = None
) -> dict[str, FloatArray]:
    """Effects of x_j on y_i through the whole system: dy/dx' = S_x + sum_k S_b,k S_m,k.

    Parameters
    ----------
    truth : Truth
    weights : array (N, N)
    setting : Setting, optional
        Where the slopes differ: the period and reaches that the effects are those of.

    Returns
    -------
    dict of arrays (N, N)
        `natural`, `mediated_m1` ..., `mediated` (their sum), `system`, and `x_on_m1` ...
    """

    def effect(equation: Equation, name: str) -> FloatArray:
        factors = None if setting is None else setting.factors(equation, name)
        return calc_effect_matrix(equation, name, weights, factors)

    natural = effect(truth.outcome, TREATMENT)
    found = {"natural": natural}
    mediated = np.zeros_like(natural)
    for name, equation in zip(MEDIATORS, truth.mediators, strict=True):
        on_mediator = effect(equation, TREATMENT)
        path = effect(truth.outcome, name) @ on_mediator
        found[f"x_on_{name}"] = on_mediator
        found[f"mediated_{name}"] = path
        mediated += path
    found["mediated"] = mediated
    found["system"] = natural + mediated
    return found


def calc_system_effects(truth: Truth, weights: FloatArray) -> dict[str, EffectSummary]:
    """Mean effects of the matrices of `calc_system_matrices`, under the same names."""
    matrices = calc_system_matrices(truth, weights)
    return {name: EffectSummary.of(matrix) for name, matrix in matrices.items()}


@dataclass(frozen=True, slots=True)
class GroupedEffects:
    """True effects of a heterogeneous system.

    Attributes
    ----------
    matrices : dict of arrays (N, N)
        As `calc_system_matrices`, the mean over the years.
    by_period, by_reach : dict
        Period or reach -> effect -> summary; of a period over all units, of a reach over its rows
        and all years.
    by_period_and_reach : dict
        Period -> reach -> effect -> summary.
    """

    matrices: dict[str, FloatArray]
    by_period: dict[str, dict[str, EffectSummary]]
    by_reach: dict[str, dict[str, EffectSummary]]
    by_period_and_reach: dict[str, dict[str, dict[str, EffectSummary]]]


def calc_grouped_effects(
    truth: Truth, heterogeneity: Heterogeneity, weights: FloatArray, reach: Sequence[str]
) -> GroupedEffects:
    """Effects by period and reach; all units and the full W in every one of them."""
    of_period = {
        period: calc_system_matrices(truth, weights, Setting(heterogeneity, period, tuple(reach)))
        for period in PERIODS
    }
    periods = [heterogeneity.period_of(year) for year in YEARS]
    mean = {
        name: sum(
            (periods.count(period) / len(periods) * of_period[period][name] for period in PERIODS),
            np.zeros_like(weights),
        )
        for name in of_period[PERIODS[0]]
    }
    rows = {name: np.flatnonzero([own == name for own in reach]) for name in REACHES}
    return GroupedEffects(
        matrices=mean,
        by_period={
            period: {name: EffectSummary.of(matrix) for name, matrix in found.items()}
            for period, found in of_period.items()
        },
        by_reach={group: _of_rows(mean, own) for group, own in rows.items()},
        by_period_and_reach={
            period: {group: _of_rows(found, own) for group, own in rows.items()}
            for period, found in of_period.items()
        },
    )


def _of_rows(
    matrices: dict[str, FloatArray], rows: npt.NDArray[np.intp]
) -> dict[str, EffectSummary]:
    return {name: EffectSummary.of_rows(matrix, rows) for name, matrix in matrices.items()}
