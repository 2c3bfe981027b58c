"""Linear restrictions on named parameters and their Wald test."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

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
        If the restrictions are not linearly independent, or what they restrict has no positive
        definite covariance.
    """
    # The test does not depend on the scale of a restriction; its arithmetic does.
    scale = np.abs(matrix).max(axis=1)
    scale[scale == 0.0] = 1.0
    matrix, values = matrix / scale[:, None], values / scale
    if np.linalg.matrix_rank(matrix) < matrix.shape[0]:
        raise RestrictionError(
            f"the restrictions {enumerate_names(labels)} repeat or contradict one another"
        )
    gap = matrix @ estimates - values
    spread = matrix @ covariance @ matrix.T
    variances = np.diag(spread)
    if not (np.isfinite(spread).all() and (variances > 0.0).all()):
        raise _no_covariance(labels)
    errors = np.sqrt(variances)
    try:
        factor = linalg.cholesky(spread / np.outer(errors, errors), lower=True)
    except linalg.LinAlgError as error:
        raise _no_covariance(labels) from error
    # A gap of 1e200 standard errors has the statistic inf, and the p-value zero.
    with np.errstate(over="ignore"):
        whitened = linalg.solve_triangular(factor, gap / errors, lower=True, check_finite=False)
        statistic = float((whitened**2).sum())
    return WaldTest(
        statistic=statistic,
        df=int(matrix.shape[0]),
        p_value=float(special.chdtrc(matrix.shape[0], statistic)),
        restrictions=tuple(labels),
    )


def _no_covariance(labels: Sequence[str]) -> RestrictionError:
    return RestrictionError(
        f"the covariance of what {enumerate_names(labels)} restrict is not positive definite, so "
        "there is no Wald test; test fewer restrictions at a time or take another cov_type"
    )


def read_restrictions(
    restrictions: Restrictions, names: Sequence[str]
) -> tuple[Array, Array, list[str]]:
    """Matrix form of named restrictions.

    Parameters
    ----------
    restrictions : str, sequence of str, mapping or DataFrame
        ``"W.x1 + 0.5*x1 = 0"``, several joined by commas or in a list (a bare name means = 0), a
        mapping name → value, or R as a DataFrame with parameter names as columns (q = 0). Where
        a text can be read in two ways the longest name wins; a name that reads as a number can
        be given in a mapping or a DataFrame only.
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
        return _stack(_read_pair(name, value, names) for name, value in restrictions.items())
    if isinstance(restrictions, str):
        texts = _split_outside_names(restrictions, ",", names)
    elif isinstance(restrictions, Iterable) and not isinstance(restrictions, bytes):
        texts = list(restrictions)
    else:
        raise _unreadable(restrictions)
    if not all(isinstance(text, str) for text in texts):
        raise _unreadable(restrictions)
    return _stack((*_read_equation(text.strip(), names), text.strip()) for text in texts)


def _unreadable(restrictions: Any) -> RestrictionError:
    return RestrictionError(
        f"cannot read restrictions from a {type(restrictions).__name__}; give a text such as "
        "'x1 = 0, x2 = 1', a list of texts, a mapping of name to number, or R as a DataFrame "
        "with parameter names as columns"
    )


def _stack(read: Iterable[tuple[Array, float, str]]) -> tuple[Array, Array, list[str]]:
    rows = list(read)
    if not rows:
        raise RestrictionError("no restriction given; name at least one parameter")
    return (
        np.array([row for row, _, _ in rows]),
        np.array([value for _, value, _ in rows]),
        [label for _, _, label in rows],
    )


def _read_pair(name: Any, value: Any, names: Sequence[str]) -> tuple[Array, float, str]:
    """One item of a mapping; its key is a parameter as it stands, or a combination of some."""
    number = _to_number(name, value)
    label = f"{name} = {number:.15g}"
    if name in names:
        row = np.zeros(len(names))
        row[list(names).index(name)] = 1.0
        return row, number, label
    if not isinstance(name, str):
        raise RestrictionError(f"{name!r} is no parameter; {_parameters(names)}")
    row, constant = _read_side(name, name, names)
    if not row.any():
        raise RestrictionError(f"{name!r} restricts no parameter; {_parameters(names)}")
    return row, number - constant, label


def _to_number(name: Any, value: Any) -> float:
    try:
        number = math.nan if isinstance(value, str) or np.ndim(value) else float(value)
    except (TypeError, ValueError, OverflowError):
        number = math.nan
    if not math.isfinite(number):
        raise RestrictionError(f"the value of {name} must be a finite number, got {value!r}")
    return number


def _parameters(names: Sequence[str]) -> str:
    return f"parameters are {enumerate_names(names, limit=40)}"


def _read_frame(frame: pd.DataFrame, names: Sequence[str]) -> tuple[Array, Array, list[str]]:
    unknown = [column for column in frame.columns if column not in names]
    if unknown:
        raise RestrictionError(
            f"restrictions name {enumerate_names(unknown)}; {_parameters(names)}"
        )
    if not frame.columns.is_unique:
        repeated = frame.columns[frame.columns.duplicated()].unique()
        raise RestrictionError(
            f"the restrictions have several columns {enumerate_names(repeated)}; a parameter has "
            "one column"
        )
    if frame.empty:
        raise RestrictionError(
            "no restriction given; the DataFrame needs a row for each restriction and parameter "
            "names as columns"
        )
    try:
        if np.iscomplexobj(frame.to_numpy()):
            raise TypeError("some are complex")
        given = frame.to_numpy(dtype=np.float64, na_value=np.nan)
    except (TypeError, ValueError) as error:
        raise RestrictionError(f"restrictions must be numbers: {error}") from error
    labels = [str(label) for label in frame.index]
    for label, row in zip(labels, given, strict=True):
        if not np.isfinite(row).all():
            missing = enumerate_names(frame.columns[~np.isfinite(row)])
            raise RestrictionError(
                f"row {label} of the restrictions has no finite number for {missing}; write 0 "
                "where a parameter is not restricted"
            )
        if not row.any():
            raise RestrictionError(f"row {label} of the restrictions restricts no parameter")
    matrix = np.zeros((len(frame), len(names)))
    matrix[:, [list(names).index(column) for column in frame.columns]] = given
    return matrix, np.zeros(len(frame)), labels


def _read_equation(text: str, names: Sequence[str]) -> tuple[Array, float]:
    if not text:
        raise RestrictionError("no restriction given between two commas, or an empty text")
    sides = _split_outside_names(text, "=", names)
    if len(sides) > 2:
        raise RestrictionError(f"more than one '=' in {text!r}")
    left, constant_left = _read_side(sides[0], text, names)
    right, constant_right = (
        _read_side(sides[1], text, names) if len(sides) == 2 else (np.zeros(len(names)), 0.0)
    )
    row, value = left - right, constant_right - constant_left
    if not row.any():
        raise RestrictionError(f"{text!r} restricts no parameter")
    if not (np.isfinite(row).all() and math.isfinite(value)):
        raise RestrictionError(f"{text!r} has a number that is too large")
    return row, value


def _split_outside_names(text: str, separator: str, names: Sequence[str]) -> list[str]:
    """Parts of a text; a separator within a parameter's name separates nothing."""
    parts, start, place = [], 0, 0
    while place < len(text):
        name = _name_at(text, place, names)
        if name is not None:
            place += len(name)
            continue
        if text[place] == separator:
            parts.append(text[start:place])
            start = place + 1
        place += 1
    return [*parts, text[start:]]


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
        factor, numbered = 1.0, False
        name = _name_at(rest, 0, names)
        if name is None:
            factor, rest, numbered = _take_number(rest)
            name = _name_at(rest, 0, names)
        if name is not None:
            # Python's own floats overflow without a warning; the sum is looked at by the caller.
            place = list(names).index(name)
            row[place] = float(row[place]) + sign * factor
            rest = rest[len(name) :].lstrip()
        elif numbered:
            constant += sign * factor
        else:
            raise RestrictionError(f"cannot read {rest!r} in {text!r}; {_parameters(names)}")
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
    number = float(match.group())
    if not math.isfinite(number):
        raise RestrictionError(f"the number {match.group()} is too large")
    after = rest[match.end() :].lstrip()
    return number, after.removeprefix("*").lstrip(), True


def _name_at(text: str, place: int, names: Sequence[str]) -> str | None:
    """The longest name that begins there, so that W.x10 is not W.x1 followed by a zero."""
    for name in sorted(names, key=len, reverse=True):
        end = place + len(name)
        if not name or _NUMBER.fullmatch(name) or not text.startswith(name, place):
            continue
        if name[-1].isalnum() and text[end : end + 1].isalnum():
            continue
        return name
    return None
