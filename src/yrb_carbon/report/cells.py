"""What the printed tables share: formats of numbers, names, notes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.study.config import Study

STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
STARS_KEY = "*** p < 0.01, ** p < 0.05, * p < 0.1"
SERIAL_NOTE = (
    "Residual AR(1) is the first-order autocorrelation of the residuals within units; its "
    "expectation is about -1/(T - 1) when the errors are not correlated. Where it is high, the "
    "intervals of the information matrix (oim, hessian, qml) are too short and those of the "
    "serially robust covariances (serial, clustered) are the ones to judge by."
)
ESTIMATOR_NOTES = {
    "transform": "Lee and Yu (2010) transformation QML with exact log-determinant",
    "direct": "direct ML with demeaned data and exact log-determinant",
    "direct_bc": "direct ML with the bias correction of Lee and Yu (2010)",
    "ols": "within OLS (linearmodels), standard errors clustered by unit",
}
COVARIANCE_NOTES = {
    "oim": "information matrix, errors independent over time",
    "hessian": "observed Hessian, errors independent over time",
    "qml": "sandwich, errors independent over time and not normal",
    "serial": "sandwich that holds for errors of a unit correlated over time, alike for all units",
    "clustered": "sandwich by unit, errors correlated over time and of any variance (the estimate "
    "of rho itself wants equal variances)",
}


@dataclass(frozen=True, slots=True)
class PrintedTable:
    """A table as it is printed.

    Attributes
    ----------
    name, title : str
        `T4`, and its title in English.
    body : DataFrame
        Texts; the first column holds the row headings.
    notes : tuple of str
        What stands below.
    """

    name: str
    title: str
    body: pd.DataFrame
    notes: tuple[str, ...]


def printed(name: str, title: str, body: pd.DataFrame, notes: Sequence[str]) -> PrintedTable:
    """A printed table; every text of it is one line."""
    lines = body.rename(columns=one_line).map(one_line)
    return PrintedTable(name, one_line(title), lines, tuple(map(one_line, notes)))


def one_line(text: str) -> str:
    """Text with each run of blanks and line breaks made one blank: a cell is one line."""
    return " ".join(text.split())


def records(rows: pd.DataFrame, *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by the values of some columns; of rows that agree in them the first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows.to_dict("records"):
        record = {str(name): cell for name, cell in row.items()}
        found.setdefault(tuple(record[name] for name in names), record)
    return found


def format_estimate(value: float, digits: int = 4) -> str:
    """A number with fixed decimals, in scientific form when it would show as zero."""
    if pd.isna(value):
        return ""
    if value != 0 and abs(value) < 0.5 * 10.0**-digits:
        return f"{value:.2e}"
    return f"{value:.{digits}f}"


def stars_of(p_value: float) -> str:
    """Stars of a p-value: 1, 5 and 10 %."""
    if pd.isna(p_value):
        return ""
    return next((mark for limit, mark in STARS if p_value < limit), "")


def label_of(term: str, study: Study) -> str:
    """English name of a variable or of its spatial lag."""
    if term.startswith("W."):
        return f"W x {label_of(term[2:], study)}"
    variable = study.variables.get(term)
    return term if variable is None or variable.label is None else variable.label.en


def sizes_note(rows: pd.DataFrame) -> str:
    """Units, years and observations of the rows, each combination once."""
    sizes = rows[["n_units", "n_periods", "n_obs"]].dropna().drop_duplicates()
    return "; ".join(
        f"N = {n} units, T = {t} years, {total} observations"
        for n, t, total in sizes.astype(int).itertuples(index=False)
    )


def errors_note(covariances: Sequence[str]) -> str:
    """Which standard errors stand where."""
    first, *others = covariances
    shown = f"{STARS_KEY}; standard errors of spatial columns: {first} in round brackets"
    shown += "".join(f", {name} in square brackets" for name in others)
    stars = f"; stars follow {covariances[-1]}" if others else ""
    meanings = "; ".join(f"{name}: {COVARIANCE_NOTES[name]}" for name in covariances)
    return f"{shown}{stars}. {meanings}."


def format_p(value: float) -> str:
    """A p-value with four decimals."""
    return "<0.0001" if value < 0.5e-4 else format_estimate(value)
