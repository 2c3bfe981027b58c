"""Effects of the true system, by dense matrix products."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from yrb_carbon.demo.parameters import MEDIATORS, TREATMENT, Equation, Truth

FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class EffectSummary:
    """Mean effects of a matrix S whose cell (i, j) is the effect of x_j on y_i.

    direct = tr(S)/N, total = sum of S over N, spillover = total - direct.
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

    def as_dict(self) -> dict[str, float]:
        """Plain dictionary, ready for JSON."""
        return {"direct": self.direct, "spillover": self.spillover, "total": self.total}


def calc_effect_matrix(equation: Equation, name: str, weights: FloatArray) -> FloatArray:
    """Reduced-form effect of one regressor: S = (I - rho W)^-1 (beta I + theta W).

    Parameters
    ----------
    equation : Equation
    name : str
        Regressor.
    weights : array (N, N)
        Row-standardised.

    Returns
    -------
    array (N, N), unit of the outcome per unit of the regressor.
    """
    identity = np.eye(weights.shape[0])
    own, lagged = equation.slope(name)
    spread = own * identity + lagged * weights
    return np.asarray(np.linalg.solve(identity - equation.rho * weights, spread), dtype=float)


def calc_system_matrices(truth: Truth, weights: FloatArray) -> dict[str, FloatArray]:
    """Effects of x_j on y_i through the whole system: dy/dx' = S_x + sum_k S_b,k S_m,k.

    Returns
    -------
    dict of arrays (N, N)
        `natural`, `mediated_m1` ..., `mediated` (their sum), `system`, and `x_on_m1` ...
    """
    natural = calc_effect_matrix(truth.outcome, TREATMENT, weights)
    found = {"natural": natural}
    mediated = np.zeros_like(natural)
    for name, equation in zip(MEDIATORS, truth.mediators, strict=True):
        on_mediator = calc_effect_matrix(equation, TREATMENT, weights)
        path = calc_effect_matrix(truth.outcome, name, weights) @ on_mediator
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
