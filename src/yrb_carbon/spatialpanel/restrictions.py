"""Linear restrictions on named parameters and their Wald test."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy import linalg, special

from .errors import RestrictionError, enumerate_names
from .within import Array

Restrictions = str | Sequence[str] | Mapping[str, float] | pd.DataFrame

_NUMBER = re.compile(r"(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?")


@dataclass(frozen=True, slots=True)
class WaldTest:
    """Wald test of linear restrictions.

    Attributes
    ----------
    statistic : float
        (Rp - q)'(RVR')⁻¹(Rp - q), χ²(df) if the restrictions hold.
    df : int
    p_value : float
    restrictions : tuple of str
    """

    statistic: float
    df: int
    p_value: float
    restrictions: tuple[str, ...]

    def __str__(self) -> str:
        stated = "; ".join(self.restrictions)
        return (
            f"Wald test of {stated}: chi2({self.df}) = {self.statistic:.4f}, p = {self.p_value:.4f}"
        )


def calc_wald(
    estimates: Array, covariance: Array, matrix: Array, values: Array, labels: Sequence[str]
) -> WaldTest:
    """Wald test of R p = q.

    Parameters
    ----------
    estimates : array, shape (P,)
    covariance : array, shape (P, P)
    matrix : array, shape (Q, P)
        R.
    values : array, shape (Q,)
        q.
    labels : sequence of str, length Q

    Returns
    -------
    WaldTest

    Raises
    ------
    RestrictionError
        If the restrictions are not linearly independent.
    """
    if np.linalg.matrix_rank(matrix) < matrix.shape[0]:
        raise RestrictionError(
            f"the restrictions {enumerate_names(labels)} repeat or contradict one another"
        )
    gap = matrix @ estimates - values
    spread = matrix @ covariance @ matrix.T
    statistic = float(gap @ linalg.solve(spread, gap, assume_a="pos"))
    return WaldTest(
        statistic=statistic,
        df=int(matrix.shape[0]),
        p_value=float(special.chdtrc(matrix.shape[0], statistic)),
        restrictions=tuple(labels),
    )


def read_restrictions(
    restrictions: Restrictions, names: Sequence[str]
) -> tuple[Array, Array, list[str]]:
    """Matrix form of named restrictions.

    Parameters
    ----------
    restrictions : str, sequence of str, mapping or DataFrame
        ``"W.x1 + 0.5*x1 = 0"``, several joined by commas or in a list (a bare name means = 0), a
        mapping name → value, or R as a DataFrame with parameter names as columns (q = 0).
    names : sequence of str
        Parameters of the model.

    Returns
    -------
    R of shape (Q, P), q of shape (Q,), and a label for each row.

    Raises
    ------
    RestrictionError
        With what could not be read.
    """
    if isinstance(restrictions, pd.DataFrame):
        return _read_frame(restrictions, names)
    if isinstance(restrictions, Mapping):
        texts = [f"{name} = {value!r}" for name, value in restrictions.items()]
    elif isinstance(restrictions, str):
        texts = [text.strip() for text in restrictions.split(",")]
    else:
        texts = [text.strip() for text in restrictions]
    if not texts or not all(texts):
        raise RestrictionError("no restriction given")
    rows, values = zip(*(_read_equation(text, names) for text in texts), strict=True)
    return np.array(rows), np.array(values), texts


def _read_frame(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Array, Array, list[str]]:
    unknown = [column for column in frame.columns if column not in names]
    if unknown:
        raise RestrictionError(
            f"restrictions name {enumerate_names(unknown)}; parameters are "
            f"{enumerate_names(names, limit=40)}"
        )
    matrix = frame.reindex(columns=list(names), fill_value=0.0).to_numpy(dtype=np.float64)
    return matrix, np.zeros(len(frame)), [str(label) for label in frame.index]


def _read_equation(text: str, names: Sequence[str]) -> tuple[Array, float]:
    sides = text.split("=")
    if len(sides) > 2:
        raise RestrictionError(f"more than one '=' in {text!r}")
    left, constant_left = _read_side(sides[0], text, names)
    right, constant_right = (
        _read_side(sides[1], text, names) if len(sides) == 2 else (np.zeros(len(names)), 0.0)
    )
    row = left - right
    if not row.any():
        raise RestrictionError(f"{text!r} restricts no parameter")
    return row, constant_right - constant_left


def _read_side(side: str, text: str, names: Sequence[str]) -> tuple[Array, float]:
    row = np.zeros(len(names))
    constant = 0.0
    rest = side.strip()
    if not rest:
        raise RestrictionError(f"one side of {text!r} is empty")
    first = True
    while rest:
        sign, rest, signed = _take_sign(rest)
        if not first and not signed:
            raise RestrictionError(f"cannot read {rest!r} in {text!r}: a + or - is missing")
        first = False
        factor, rest, numbered = _take_number(rest)
        name, rest = _take_name(rest, names)
        if name is None and numbered:
            constant += sign * factor
        elif name is not None:
            row[names.index(name)] += sign * factor
        else:
            raise RestrictionError(
                f"cannot read {rest!r} in {text!r}; parameters are "
                f"{enumerate_names(names, limit=40)}"
            )
    return row, constant


def _take_sign(rest: str) -> tuple[float, str, bool]:
    sign, signed = 1.0, False
    while rest[:1] in {"+", "-"} and rest:
        sign = -sign if rest[0] == "-" else sign
        rest, signed = rest[1:].lstrip(), True
    return sign, rest, signed


def _take_number(rest: str) -> tuple[float, str, bool]:
    match = _NUMBER.match(rest)
    if match is None:
        return 1.0, rest, False
    after = rest[match.end() :].lstrip()
    return float(match.group()), after.removeprefix("*").lstrip(), True


def _take_name(rest: str, names: Sequence[str]) -> tuple[str | None, str]:
    # The longest name wins, so that "W.x10" is not read as "W.x1" followed by a zero.
    for name in sorted(names, key=len, reverse=True):
        if rest.startswith(name):
            return name, rest[len(name) :].lstrip()
    return None, rest
