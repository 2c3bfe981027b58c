"""The contract of estimates.csv: every number that any table shows is one row of it."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Mapping
from enum import StrEnum
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing

KEY_COLUMNS = (
    "study",
    "table",
    "model",
    "outcome",
    "spec",
    "sample",
    "weights",
    "equation",
    "quantity",
    "term",
    "year",
)
NUMBER_COLUMNS = (
    "df",
    "estimate",
    "std_error",
    "statistic",
    "p_value",
    "ci_lower",
    "ci_upper",
)
COUNT_COLUMNS = ("n_units", "n_periods", "n_obs", "draws", "seed")
TEXT_COLUMNS = ("estimator", "vcov", "inference")
COLUMNS = (
    *KEY_COLUMNS,
    *NUMBER_COLUMNS,
    "n_units",
    "n_periods",
    "n_obs",
    *TEXT_COLUMNS,
    "draws",
    "seed",
)
EXACT: Mapping[str, Any] = (
    {"float_precision": "round_trip"}
    if tuple(map(int, pd.__version__.split(".")[:2])) < (3, 1)
    else {}
)
"""Asks the parser for the number nearest to a text; newer versions do so by themselves."""
HEADING = ",".join(COLUMNS).encode() + b"\n"
"""First line of estimates.csv."""
SORT_COLUMNS = (*KEY_COLUMNS, *TEXT_COLUMNS)
TEXT_TYPE = pd.Series([""]).astype(str).dtype
"""What texts become: strings, or objects in older versions of pandas."""
MADE_ANEW = "if a run wrote it, run the study again"
"""What helps against a damaged file of results."""


AT_BOUNDARY = "at_boundary"
"""Term of the `value` row of a model whose likelihood peaks at the edge of the interval."""
DISCARDED = "draws_discarded"
"""Term of the `value` row that counts the draws without effects."""
N_PARAMETERS = "n_parameters"
"""Term of the `value` row that counts the parameters of a fit, fixed effects included."""
FAR_DRAWS = "draws_far_out"
"""Term of the `value` row that counts the draws left out of the covariance of a test."""
UNDEFINED = "undefined"
"""Term of the `value` row of a test without a statistic; the reason follows after `|`."""
NOT_ESTIMATED = "not_estimated"
"""Term of the `value` row of a specification that was refused; the reason follows after `|`."""
ISLANDS = "islands"
"""Term of the `value` row that counts the units left out for want of neighbours."""
COMPONENTS = "components"
"""Term of the `value` row that counts the parts of the weights that no link connects."""


class Quantity(StrEnum):
    """What the number of a row is."""

    COEF = "coef"
    RHO = "rho"
    LAMBDA = "lambda"
    SIGMA2 = "sigma2"
    LOGLIK = "loglik"
    AIC = "aic"
    BIC = "bic"
    R2 = "r2"
    DIRECT = "direct"
    INDIRECT = "indirect"
    TOTAL = "total"
    NATURAL_DIRECT = "natural_direct"
    NATURAL_SPILLOVER = "natural_spillover"
    NATURAL_TOTAL = "natural_total"
    MEDIATED_DIRECT = "mediated_direct"
    MEDIATED_SPILLOVER = "mediated_spillover"
    MEDIATED_SPILLOVER_MEDIATOR = "mediated_spillover_mediator"
    MEDIATED_SPILLOVER_OUTCOME = "mediated_spillover_outcome"
    MEDIATED_SPILLOVER_CHAIN = "mediated_spillover_chain"
    MEDIATED_TOTAL = "mediated_total"
    SYSTEM_DIRECT = "system_direct"
    SYSTEM_INDIRECT = "system_indirect"
    SYSTEM_TOTAL = "system_total"
    SHARE = "share"
    RATIO = "ratio"
    TEST = "test"
    MORAN = "moran"
    RESIDUAL_AR1 = "residual_ar1"
    DIFFERENCE = "difference"
    MEAN = "mean"
    SD = "sd"
    MIN = "min"
    MAX = "max"
    VALUE = "value"


def estimates_frame(rows: Iterable[Mapping[str, Any]] | pd.DataFrame) -> pd.DataFrame:
    """Bring rows into the contract: all columns, their types, sorted by key.

    Parameters
    ----------
    rows : iterable of mappings, or DataFrame
        Keys among `COLUMNS`; what is absent is empty (text) or missing (number).

    Returns
    -------
    DataFrame with the columns `COLUMNS`, in a fixed order of rows.

    Raises
    ------
    DataError
        If a column is unknown, a quantity is not in the closed list, or a key occurs twice.
    """
    frame = rows.copy() if isinstance(rows, pd.DataFrame) else pd.DataFrame(list(rows))
    strange = [column for column in frame.columns if column not in COLUMNS]
    if strange:
        raise DataError(f"estimates have unknown columns: {listing(strange)}")
    frame = frame.reindex(columns=list(COLUMNS))
    for column in (*KEY_COLUMNS, *TEXT_COLUMNS):
        if column != "year" and not _is_text(frame[column]):
            frame[column] = frame[column].astype(object).fillna("").astype(str)
    for column in NUMBER_COLUMNS:
        frame[column] = pd.to_numeric(frame[column]).astype("float64")
    for column in ("year", *COUNT_COLUMNS):
        frame[column] = pd.to_numeric(frame[column]).astype("Int64")
    known = {quantity.value for quantity in Quantity}
    unknown = sorted(set(frame["quantity"]) - known)
    if unknown:
        raise DataError(f"estimates have unknown quantities: {listing(unknown)}")
    # what is the same in all rows orders none of them; most columns of a table are
    telling = [name for name in SORT_COLUMNS if frame[name].nunique(dropna=False) > 1]
    if telling:
        frame = frame.sort_values(telling, kind="stable", na_position="first")
    frame = frame.reset_index(drop=True)
    doubled = frame[frame.duplicated(telling or [SORT_COLUMNS[0]], keep=False)]
    if len(doubled):
        rows = doubled[list(SORT_COLUMNS)].drop_duplicates().to_numpy(dtype=object)
        keys = ["/".join("" if part is pd.NA else str(part) for part in row) for row in rows]
        raise DataError(f"{len(keys)} keys occur more than once in estimates: {listing(keys, 4)}")
    return frame


def _is_text(cells: pd.Series) -> bool:
    """Whether all cells are texts already, of the type that texts are given here."""
    kind = cells.dtype
    return isinstance(kind, pd.StringDtype) and kind == TEXT_TYPE and not cells.hasnans


def format_number(value: Any) -> str:
    """Text of a number in estimates.csv: 17 significant digits, so that it reads back exactly."""
    if value is None or value is pd.NA:
        return ""
    if isinstance(value, int | np.integer):
        return str(int(value))
    number = float(value)
    return "" if np.isnan(number) else format(number, ".17g")


def write_estimates(frame: pd.DataFrame, path: str | Path) -> None:
    """Write estimates.csv; the same rows give the same bytes."""
    ordered = estimates_frame(frame)
    text = {*KEY_COLUMNS, *TEXT_COLUMNS} - {"year"}
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow(COLUMNS)
        columns = [ordered[name].tolist() for name in COLUMNS]
        for cells in zip(*columns, strict=True):
            writer.writerow(
                cell if name in text else format_number(cell)
                for name, cell in zip(COLUMNS, cells, strict=True)
            )


def read_cells(path: str | Path, *, whole: bool = True) -> pd.DataFrame:
    """Read a CSV file with a heading, every cell as text, and refuse one that is damaged.

    Parameters
    ----------
    path : str or Path
    whole : bool
        The last line must have its line break, as every file that a run wrote to its end has.

    Returns
    -------
    DataFrame
        Text; the index is the line that a row begins in, from 1. Blank lines are left out.

    Raises
    ------
    DataError
        If the file is empty, is not UTF-8, or a line has not the cells of the heading; the line is
        named.
    """
    text = _decoded(Path(path))
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    rows: list[list[str]] = []
    lines: list[int] = []
    begins = 1
    try:
        for row in reader:
            if row:
                rows.append(row)
                lines.append(begins)
            begins = reader.line_num + 1
    except csv.Error as error:
        raise DataError(
            f"{path}: line {begins}: a quotation mark has no other one, or stands within a cell; "
            f"{MADE_ANEW}"
        ) from error
    if not rows:
        raise DataError(f"{path}: the file is empty; {MADE_ANEW}")
    heading, cells = rows[0], rows[1:]
    ends = text.endswith(("\n", "\r"))
    for line, row in zip(lines, rows, strict=True):
        is_last = line == lines[-1]
        if len(row) == len(heading) and (ends or not (whole and is_last)):
            continue
        count = f"{len(row)} of {len(heading)} cells"
        if is_last and not ends:
            found = f"the file ends within this line ({count}, and no line break)"
        else:
            few_or_more = "fewer" if len(row) < len(heading) else "more"
            found = f"{few_or_more} cells than the heading has columns ({count})"
        raise DataError(f"{path}: line {line}: {found}; {MADE_ANEW}")
    doubled = sorted({name for name in heading if heading.count(name) > 1})
    if doubled:
        raise DataError(f"{path}: line {lines[0]}: columns named twice: {listing(doubled)}")
    return pd.DataFrame(cells, columns=heading, index=lines[1:], dtype=str)


def _decoded(path: Path) -> str:
    """Text of a file in UTF-8, with or without the mark of it."""
    try:
        content = path.read_bytes()
    except FileNotFoundError as error:
        raise DataError(f"{path}: no such file; run the study first") from error
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        raise DataError(f"{path}: cannot be read ({why})") from error
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        found = (
            "the file ends in the middle of a character"
            if error.end == len(content) and "unexpected end" in error.reason
            else f"not UTF-8 (byte 0x{content[error.start]:02X})"
        )
        raise DataError(f"{path}: line {line}: {found}; {MADE_ANEW}") from error


def parse_numbers(cells: pd.Series, path: str | Path, *, whole: bool = False) -> pd.Series:
    """Numbers of a column of `read_cells`; an empty cell is missing.

    Parameters
    ----------
    cells : Series of str
        Its name is the column, its index the lines.
    path : str or Path
        Stands in messages.
    whole : bool
        Whole numbers are wanted.

    Raises
    ------
    DataError
        If a cell is no such number; column, lines and texts are named.
    """
    cells = cells.str.strip()
    numbers = pd.to_numeric(cells.where(cells != "", None), errors="coerce")
    wrong = cells[numbers.isna() & (cells != "") & (cells.str.lower() != "nan")]
    if whole:
        wrong = pd.concat([wrong, cells[numbers.notna() & (numbers % 1 != 0)]])
    if len(wrong):
        kind = "whole number" if whole else "number"
        lines = [f"line {line}: {text!r}" for line, text in wrong.items()]
        raise DataError(f"{path}: column {cells.name!r}: no {kind} in {listing(lines, 6)}")
    return numbers


def read_estimates(path: str | Path) -> pd.DataFrame:
    """Read estimates.csv back, to the last bit of every float.

    Raises
    ------
    DataError
        As in `read_cells`, `parse_numbers` and `estimates_frame`; the file is named.
    """
    frame = _read_sound(Path(path))
    if frame is None:
        frame = read_cells(path)
        missing = [column for column in COLUMNS if column not in frame.columns]
        if missing:
            raise DataError(f"{path}: not a file of estimates; columns missing: {listing(missing)}")
        for column in (*NUMBER_COLUMNS, "year", *COUNT_COLUMNS):
            frame[column] = parse_numbers(frame[column], path, whole=column not in NUMBER_COLUMNS)
    try:
        return estimates_frame(frame)
    except DataError as error:
        raise DataError(f"{path}: {error}") from error


def _read_sound(path: Path) -> pd.DataFrame | None:
    """Rows of a file as `write_estimates` writes it; None of any other.

    Several times as fast as to look at each cell, which is left to those that find the fault.
    """
    try:
        content = path.read_bytes()
    except OSError:
        return None
    lines = content.count(b"\n")
    if not content.startswith(HEADING) or not content.endswith(b"\n") or b"\0" in content:
        return None
    whole = ("year", *COUNT_COLUMNS)
    numbers: dict[str, str] = dict.fromkeys((*NUMBER_COLUMNS, *whole), "float64")
    kinds = {column: numbers.get(column, "str") for column in COLUMNS}
    try:
        quoted = [line.decode() for line in content.splitlines() if b'"' in line]
        if any(len(row) != len(COLUMNS) for row in csv.reader(quoted, strict=True)):
            return None
        # the parser fills short lines up, and refuses long ones
        commas = content.count(b",") - sum(line.count(",") for line in quoted)
        if commas != (len(COLUMNS) - 1) * (lines - len(quoted)):
            return None
        frame = pd.read_csv(
            io.BytesIO(content), dtype=kinds, na_values={name: [""] for name in numbers},
            keep_default_na=False, encoding="utf-8", **EXACT,
        )  # fmt: skip
    except (ValueError, csv.Error):
        return None
    # where each line has a cell more than the heading, the first ones become the index
    is_sound = len(frame) == lines - 1 and isinstance(frame.index, pd.RangeIndex)
    is_whole = all((frame[column].dropna() % 1 == 0).all() for column in whole)
    return frame if is_sound and is_whole else None
