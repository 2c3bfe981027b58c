"""Coefficients of a table and its Leontief system, solved by factors instead of the inverse."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.sources.input_output import FloatArray

IntArray = npt.NDArray[np.int64]

IDENTITY_TOLERANCE = 1e-9
"""Largest relative gap of an identity: rounding of the solves at 1302 accounts is below 1e-12."""
MULTIPLIER_SLACK = 1e-9
"""Rounding allowed below 1, the smallest output multiplier of a productive system."""


@dataclass(frozen=True, slots=True, eq=False)
class Leontief:
    """The inverse L = (I - A)^-1 as LU factors of I - A.

    Attributes
    ----------
    factors : (n, n)
        Lower and upper factor, packed.
    pivots : (n,)
        Rows exchanged while factoring.
    """

    factors: FloatArray
    pivots: IntArray

    def outputs(self, demand: FloatArray) -> FloatArray:
        """Output that final demand needs, L y; demand is (n,) or (n, k)."""
        from scipy.linalg import lu_solve

        return np.asarray(lu_solve((self.factors, self.pivots), demand))

    def multipliers(self, intensity: FloatArray) -> FloatArray:
        """Embodied intensities f'L; intensity is (n,) or (n, k), one column an intensity."""
        from scipy.linalg import lu_solve

        return np.asarray(lu_solve((self.factors, self.pivots), intensity, trans=1))

    def inverse(self) -> FloatArray:
        """The whole of L, (n, n); four times the work of the factors."""
        return self.outputs(np.eye(len(self.pivots)))


def calc_coefficients(intermediate: FloatArray, output: FloatArray) -> FloatArray:
    """Input coefficients a_ij = z_ij / x_j; columns without output are zero.

    Parameters
    ----------
    intermediate : (n, n)
    output : (n,), not negative
    """
    import pymrio

    # A negative zero would be divided into minus infinity, which pymrio keeps.
    return np.asarray(pymrio.calc_A(intermediate, np.abs(output)))


def factor_leontief(coefficients: FloatArray, labels: pd.MultiIndex) -> Leontief:
    """Factor I - A and make sure that the system is productive.

    A non-negative A has a non-negative inverse if and only if p' (I - A) > 0 has a solution p > 0;
    the output multipliers p' = 1'L are one exactly then (Nikaido 1968; Berman and Plemmons 1994,
    chapter 6, theorem 2.3). Where A has negative cells only the solvability is tested.

    Parameters
    ----------
    coefficients : (n, n)
    labels : MultiIndex, n
        Accounts, for the message.

    Raises
    ------
    DataError
        If I - A is singular or the system cannot deliver a positive final demand; the account
        with the largest inputs per unit of output is named.
    """
    from scipy.linalg import LinAlgWarning, lu_factor

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", LinAlgWarning)
        factors, pivots = lu_factor(np.eye(len(coefficients)) - coefficients)
    singular = not np.all(np.diagonal(factors))
    leontief = Leontief(factors, pivots.astype(np.int64))
    if singular or not _is_productive(leontief, coefficients):
        inputs = coefficients.sum(axis=0)
        worst = int(inputs.argmax())
        raise DataError(
            "the table is not productive: its sectors use up more than they make, so that no "
            f"Leontief inverse exists; largest inputs per unit of output {inputs[worst]:.6g}, "
            f"of {account_names(labels[[worst]])[0]}. Check output and intermediate use there"
        )
    return leontief


def _is_productive(leontief: Leontief, coefficients: FloatArray) -> bool:
    multipliers = leontief.multipliers(np.ones(len(coefficients)))
    if not np.all(np.isfinite(multipliers)):
        return False
    return bool(coefficients.min() < 0 or multipliers.min() >= 1 - MULTIPLIER_SLACK)


def account_names(labels: pd.Index) -> list[str]:
    """Accounts in words for messages: region and sector."""
    return [" ".join(map(str, key)) for key in labels.to_list()]


def require_identity(name: str, left: FloatArray, right: FloatArray, scale: float) -> None:
    """Refuse two sides of an identity that differ by more than `IDENTITY_TOLERANCE` of a scale.

    Parameters
    ----------
    name : str
        The identity in words or symbols.
    left, right : arrays of one shape
    scale : float
        Size that the largest gap is measured against.

    Raises
    ------
    DataError
    """
    gap = float(np.abs(left - right).max(initial=0.0))
    if not gap <= IDENTITY_TOLERANCE * max(scale, np.finfo(float).tiny):
        raise DataError(
            f"{name} does not hold: largest gap {gap:.6g} against {scale:.6g}. The coefficients "
            "are too ill-conditioned for these numbers to be used"
        )
