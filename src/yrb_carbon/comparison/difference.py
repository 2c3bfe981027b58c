"""Which numbers of two files of estimates differ, by how much, and what that means for a model."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from dataclasses import dataclass, field

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.comparison.naming import became, notes_on, what
from yrb_carbon.comparison.numbers import COMPARED, Numbers, from_draws
from yrb_carbon.comparison.verdicts import VerdictChange
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import COUNT_COLUMNS
from yrb_carbon.study.base import choices

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]
Group = tuple[Hashable, ...]
"""Texts of the columns `MODEL`."""

MODEL = ("table", "model")
ON_SCALE = ("estimate", "std_error", "ci_lower", "ci_upper")
"""Columns in the units of the estimate, whose changes are told in its standard errors."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """Two numbers are the same when |a - b| <= atol + rtol * max(|a|, |b|).

    Attributes
    ----------
    rtol, atol : float
        Both at least 0; `atol` is in the units of the number.
    """

    rtol: float = 1e-6
    atol: float = 1e-9

    def __post_init__(self) -> None:
        for name, value in (("rtol", self.rtol), ("atol", self.atol)):
            if not (np.isfinite(value) and value >= 0):
                raise DataError(f"{name} must be a finite number of at least 0 (got {value})")

    def exceeded(self, a: Floats, b: Floats) -> npt.NDArray[np.bool_]:
        """Where two arrays of one shape differ; missing equals missing, infinite the same one."""
        with np.errstate(invalid="ignore"):
            near = np.abs(a - b) <= self.atol + self.rtol * np.maximum(np.abs(a), np.abs(b))
        # an infinite number is near nothing but itself
        near &= np.isfinite(a) & np.isfinite(b)
        return np.asarray(~(near | (a == b) | (np.isnan(a) & np.isnan(b))))


EXACT = Tolerance(0.0, 0.0)


@dataclass(frozen=True, slots=True)
class ModelChange:
    """What happened to one model.

    Attributes
    ----------
    table, model : str
    notes : tuple of str
        What changed as a whole: the model itself, a regressor, a covariance, the weights, ...
    moved : int
        Rows with a number beyond the tolerance.
    vanished, appeared : int
        Rows that only the first, only the second file has.
    in_se, relative : float
        Largest change, in standard errors of the first file (NaN: none is known), and relative.
    """

    table: str
    model: str
    notes: tuple[str, ...]
    moved: int
    vanished: int
    appeared: int
    in_se: float
    relative: float

    @property
    def name(self) -> str:
        """`T4/sdm`, or the table alone where its rows belong to no model."""
        return "/".join(part for part in (self.table, self.model) if part)


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two files of estimates, compared.

    Attributes
    ----------
    name_a, name_b : str
    columns : tuple of str
        Number columns that were compared.
    left_out : tuple of str
        Number columns that only one file has.
    tolerance : Tolerance
    rows_a, rows_b : int
    matched : int
        Rows with the same key.
    across : int
        Further rows that were compared, of models in which a key column became another value.
    drawn : int
        Compared rows that come from draws with a seed.
    nearest : float
        Largest relative difference within the tolerance.
    moves : DataFrame
        A row a number beyond the tolerance, the largest first: key, `column`, `a`, `b`,
        `change` = b - a, `relative` = |b - a| / max(|a|, |b|), `in_se` = |b - a| / s.e. of a,
        `drawn`.
    vanished, appeared : DataFrame
        Keys of rows that only the first, only the second file has.
    models : tuple of ModelChange
        Models with any difference, the largest first.
    verdicts : tuple of VerdictChange
        Claims whose verdict differs.
    """

    name_a: str
    name_b: str
    columns: tuple[str, ...]
    left_out: tuple[str, ...]
    tolerance: Tolerance
    rows_a: int
    rows_b: int
    matched: int
    across: int
    drawn: int
    nearest: float
    moves: pd.DataFrame
    vanished: pd.DataFrame
    appeared: pd.DataFrame
    models: tuple[ModelChange, ...]
    verdicts: tuple[VerdictChange, ...] = field(default=())

    @property
    def same(self) -> bool:
        """No number moved, no row and no verdict differs."""
        return not (
            len(self.moves)
            or self.across
            or len(self.vanished)
            or len(self.appeared)
            or len(self.verdicts)
        )

    def moved_rows(self, drawn: bool | None = None) -> int:
        """Rows with a number beyond the tolerance: all, or those from draws or from formulas."""
        moves = self.moves if drawn is None else self.moves[self.moves["drawn"] == drawn]
        return int(moves["row"].nunique())


def compare_numbers(
    a: Numbers,
    b: Numbers,
    tolerance: Tolerance | None = None,
    only: Sequence[str] = (),
) -> Comparison:
    """Join two files of estimates by key, and compare their numbers.

    Parameters
    ----------
    a, b : Numbers
        With the same key columns.
    tolerance : Tolerance, optional
        1e-6 relative and 1e-9 absolute by default; counts, draws and seeds must be equal.
    only : sequence of str
        Number columns to compare; all that both files have by default.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If a column is unknown or absent in a file, or both files are empty.
    """
    tolerance = tolerance or Tolerance()
    columns = _columns(a, b, only)
    if not len(a.frame) and not len(b.frame):
        raise DataError(f"{a.name} and {b.name} have no rows to compare")
    pairs = _by_key(a, b)
    across, words = _across(a, b, pairs)
    every = np.concatenate([pairs, across])
    vanished = _others(a, every[:, 0])
    appeared = _others(b, every[:, 1])
    drawn = _drawn(a)[every[:, 0]]
    moves, nearest = _moves(a, b, every, columns, tolerance)
    return Comparison(
        name_a=a.name,
        name_b=b.name,
        columns=columns,
        left_out=() if only else tuple(sorted(set(a.columns) ^ set(b.columns), key=COMPARED.index)),
        tolerance=tolerance,
        rows_a=len(a.frame),
        rows_b=len(b.frame),
        matched=len(pairs),
        across=len(across),
        drawn=int(drawn.sum()),
        nearest=nearest,
        moves=moves,
        vanished=vanished,
        appeared=appeared,
        models=_models(a, b, moves, vanished, appeared, words),
    )


def _by_key(a: Numbers, b: Numbers) -> Integers:
    """Positions of the rows with the same key, a pair a row."""
    key = list(a.key)
    mine = a.frame[key].assign(a=np.arange(len(a.frame)))
    others = b.frame[key].assign(b=np.arange(len(b.frame)))
    return mine.merge(others, on=key)[["a", "b"]].to_numpy(dtype=np.int64)


def _across(a: Numbers, b: Numbers, pairs: Integers) -> tuple[Integers, dict[Group, list[str]]]:
    """Pairs of rows of one model that differ in a column which was one value and became another.

    Such as all rows of a model whose weights or estimator changed; without these pairs they would
    only be said to have vanished and appeared.
    """
    by = _group_columns(a)
    lost, gained = _others(a, pairs[:, 0]), _others(b, pairs[:, 1])
    gains = dict(iter(gained.groupby(by, sort=False))) if by else {}
    found = [np.empty((0, 2), dtype=np.int64)]
    words: dict[Group, list[str]] = {}
    for name, mine in lost.groupby(by, sort=False) if by else ():
        others = gains.get(name)
        changed = {} if others is None else became(mine, others, a.key)
        key = [column for column in a.key if column not in changed]
        if (
            others is None
            or not changed
            or mine.duplicated(key).any()
            or others.duplicated(key).any()
        ):
            continue
        left, right = (rows[key].assign(at=rows.index) for rows in (mine, others))
        positions = left.merge(right, on=key)[["at_x", "at_y"]].to_numpy(dtype=np.int64)
        if len(positions):
            found.append(positions)
            words[name] = [
                f"{what(column, mine)} {was!r} became {now!r}"
                for column, (was, now) in changed.items()
            ]
    return np.concatenate(found), words


def _others(numbers: Numbers, positions: Integers) -> pd.DataFrame:
    """Keys of the rows at no such position; the index is their position."""
    return numbers.frame.loc[~numbers.frame.index.isin(positions), list(numbers.key)]


def _drawn(numbers: Numbers) -> npt.NDArray[np.bool_]:
    if "inference" not in numbers.key:
        return np.zeros(len(numbers.frame), dtype=bool)
    return from_draws(numbers.frame["inference"]).to_numpy(dtype=bool)


def _group_columns(numbers: Numbers) -> list[str]:
    return [column for column in MODEL if column in numbers.key]


def _columns(a: Numbers, b: Numbers, only: Sequence[str]) -> tuple[str, ...]:
    for column in only:
        if column not in COMPARED:
            raise DataError(f"no number column of that name ({choices(column, COMPARED)})")
        for numbers in (a, b):
            if column not in numbers.columns:
                raise DataError(
                    f"{numbers.name} has no column {column!r} (there: {listing(numbers.columns)})"
                )
    wanted = only or [column for column in a.columns if column in b.columns]
    return tuple(column for column in COMPARED if column in wanted)


def _moves(
    a: Numbers, b: Numbers, pairs: Integers, columns: Sequence[str], tolerance: Tolerance
) -> tuple[pd.DataFrame, float]:
    """Numbers beyond the tolerance, the largest first, and the largest difference within it."""
    mine, others = a.frame.iloc[pairs[:, 0]], b.frame.iloc[pairs[:, 1]]
    drawn = _drawn(a)[pairs[:, 0]]
    has_errors = "std_error" in a.columns
    errors = _floats(mine, "std_error") if has_errors else np.full(len(mine), np.nan)
    nearest, parts = 0.0, []
    for column in columns:
        one, other = _floats(mine, column), _floats(others, column)
        beyond = (EXACT if column in COUNT_COLUMNS else tolerance).exceeded(one, other)
        relative = calc_relative(one, other)
        nearest = max(nearest, float(relative[~beyond].max(initial=0.0)))
        part = mine.loc[beyond, list(a.key)].copy()
        part["row"] = np.flatnonzero(beyond)
        part["column"] = column
        part["a"], part["b"] = one[beyond], other[beyond]
        with np.errstate(invalid="ignore"):
            part["change"] = (other - one)[beyond]
        part["relative"] = relative[beyond]
        in_se = calc_in_standard_errors(one, other, errors)
        part["in_se"] = in_se[beyond] if column in ON_SCALE else np.nan
        part["drawn"] = drawn[beyond]
        parts.append(part)
    return _largest_first(pd.concat(parts, ignore_index=True)), nearest


def calc_relative(a: Floats, b: Floats) -> Floats:
    """Relative difference |b - a| / max(|a|, |b|); infinite where only one is a finite number."""
    with np.errstate(invalid="ignore", divide="ignore"):
        relative = np.abs(b - a) / np.maximum(np.abs(a), np.abs(b))
    relative[(a == b) | (np.isnan(a) & np.isnan(b))] = 0.0
    relative[np.isfinite(a) != np.isfinite(b)] = np.inf
    return relative


def calc_in_standard_errors(a: Floats, b: Floats, std_errors: Floats) -> Floats:
    """Change |b - a| / s.e. of a; NaN where no standard error above 0 is known."""
    known = np.isfinite(std_errors) & (std_errors > 0)
    sizes = np.full(len(a), np.nan)
    with np.errstate(invalid="ignore"):
        np.divide(np.abs(b - a), std_errors, out=sizes, where=known)
    return sizes


def _floats(rows: pd.DataFrame, column: str) -> Floats:
    return rows[column].to_numpy(dtype=np.float64, na_value=np.nan)


def _largest_first(moves: pd.DataFrame) -> pd.DataFrame:
    """By standard errors where they are known, else by relative size; ties in the order of keys."""
    size = moves["in_se"].fillna(moves["relative"]).fillna(np.inf)
    order = np.argsort(-size.to_numpy(dtype=float), kind="stable")
    return moves.iloc[order].reset_index(drop=True)


def _models(
    a: Numbers,
    b: Numbers,
    moves: pd.DataFrame,
    vanished: pd.DataFrame,
    appeared: pd.DataFrame,
    words: dict[Group, list[str]],
) -> tuple[ModelChange, ...]:
    by = _group_columns(a)
    if not by:
        return ()
    moved, lost, gained, rows_a, rows_b = (
        dict(iter(frame.groupby(by, sort=False)))
        for frame in (moves, vanished, appeared, a.frame, b.frame)
    )
    changes = []
    for name in dict.fromkeys([*words, *moved, *lost, *gained]):
        cells = dict(zip(by, map(str, name), strict=True))
        mine = moved.get(name)
        notes = notes_on(
            rows_a.get(name), rows_b.get(name), lost.get(name), gained.get(name), a.key
        )
        changes.append(
            ModelChange(
                table=cells.get("table", ""),
                model=cells.get("model", ""),
                notes=(*words.get(name, ()), *notes),
                moved=0 if mine is None else int(mine["row"].nunique()),
                vanished=len(lost.get(name, ())),
                appeared=len(gained.get(name, ())),
                in_se=_largest(mine, "in_se"),
                relative=_largest(mine, "relative"),
            )
        )
    return tuple(sorted(changes, key=_weight))


def _weight(change: ModelChange) -> tuple[bool, float, float, str]:
    """Models that changed as a whole first, then the largest move in standard errors."""
    in_se = 0.0 if np.isnan(change.in_se) else change.in_se
    relative = np.inf if np.isnan(change.relative) else change.relative
    return not change.notes, -in_se, -relative, change.name


def _largest(moved: pd.DataFrame | None, column: str) -> float:
    if moved is None or moved[column].isna().all():
        return float("nan")
    return float(moved[column].max())
