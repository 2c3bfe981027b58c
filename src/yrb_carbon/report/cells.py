"""What the printed tables share: formats of numbers, names, notes."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.estimates import DISCARDED
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study

STARS = ((0.01, "***"), (0.05, "**"), (0.1, "*"))
STARS_KEY = "*** p < 0.01, ** p < 0.05, * p < 0.1"
SERIAL_NOTE = (
    "Residual AR(1) is the first-order autocorrelation of the residuals within units; its "
    "expectation is about -1/(T - 1) when the errors are not correlated. Where it is high, the "
    "intervals of the information matrix (oim, hessian, qml) are too short and those of the "
    "serially robust covariances (serial, clustered) are the ones to judge by."
)
MONTE_CARLO = "mc"
TRUNCATED = 0.02
"""Share of draws beyond the edge of the admissible interval above which a normal distribution cut
off there stands for no sampling distribution."""
FAILED_NOTE = (
    "More than 2 % of the draws beyond the edge say that the normal approximation has failed "
    "there: no stars, and {read} are the ones to read."
)
QUANTILE_ERRORS_NOTE = (
    "Standard errors of draws in estimates.csv are half the distance between their 15.87 % and "
    "84.13 % points: where rho can come near 1 the draws have no standard deviation."
)
UNDEFINED = "undefined"
"""What stands in the place of a statistic without a meaning."""
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
        `T4`, and its title.
    body : DataFrame
        Texts; the first column holds the row headings.
    notes : tuple of str
        What stands below.
    page : DataFrame, optional
        What a page shows where `body`, which the CSV has, is too wide for one.
    language : {"en", "zh"}
        Of all its texts. Headings `group: part` of neighbouring columns stand below a common one
        in every language.
    """

    name: str
    title: str
    body: pd.DataFrame
    notes: tuple[str, ...]
    page: pd.DataFrame | None = None
    language: Language = "en"

    @property
    def heading(self) -> str:
        """Name and title, `T4. Mining agglomeration and carbon balance`."""
        return f"{self.name}. {self.title}"

    @property
    def shown(self) -> pd.DataFrame:
        """What a page shows."""
        return self.body if self.page is None else self.page


def printed(
    name: str,
    title: str,
    body: pd.DataFrame,
    notes: Sequence[str],
    page: pd.DataFrame | None = None,
    language: Language = "en",
) -> PrintedTable:
    """A printed table; every text of it is one line."""

    def lines(frame: pd.DataFrame) -> pd.DataFrame:
        return frame.rename(columns=one_line).map(one_line)

    shown = None if page is None else lines(page)
    said = tuple(map(one_line, notes))
    return PrintedTable(name, one_line(title), lines(body), said, shown, language)


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


@dataclass(frozen=True, slots=True)
class LostDraws:
    """Draws of one system that have no effects.

    Attributes
    ----------
    model, vcov, inference : str
    lost, draws : int
    """

    model: str
    vcov: str
    inference: str
    lost: int
    draws: int

    @property
    def is_truncated(self) -> bool:
        """Whether too many normal draws are beyond the edge for their distribution to hold."""
        return self.inference == MONTE_CARLO and self.lost > TRUNCATED * self.draws

    @property
    def text(self) -> str:
        """Such as `613 of 5000 (12.3 %)`."""
        return f"{self.lost} of {self.draws} ({100 * self.lost / self.draws:.1f} %)"


def lost_draws(rows: pd.DataFrame) -> list[LostDraws]:
    """Counts of the draws without effects, those of systems that lost none left out."""
    found = rows[(rows["term"] == DISCARDED) & (rows["estimate"] > 0)]
    return [
        LostDraws(
            row["model"], row["vcov"], row["inference"], int(row["estimate"]), int(row["draws"])
        )
        for row in found.to_dict("records")
    ]


def without_failed_stars(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows without the p-values of normal draws that were cut off at the edge too often."""
    failed = pd.Series(False, index=rows.index)
    for one in lost_draws(rows):
        if one.is_truncated:
            same = [rows[name] == getattr(one, name) for name in ("model", "vcov", "inference")]
            failed |= same[0] & same[1] & same[2]
    return rows.assign(p_value=rows["p_value"].mask(failed))


def lost_draws_notes(rows: pd.DataFrame, read: str) -> Iterator[str]:
    """Draws that are left out, by system and covariance, and what that means.

    Parameters
    ----------
    rows : DataFrame
    read : str
        Which intervals to read where the normal approximation has failed.
    """
    found = [one for one in lost_draws(rows) if one.inference == MONTE_CARLO]
    if not found:
        return
    listed = "; ".join(f"{one.model}, {one.vcov}: {one.text}" for one in found)
    yield f"Monte Carlo draws left out for want of a finite multiplier: {listed}."
    if any(one.is_truncated for one in found):
        yield FAILED_NOTE.format(read=read)


def label_of(term: str, study: Study) -> str:
    """English name of a variable or of its spatial lag."""
    if term.startswith("W."):
        return f"W x {label_of(term[2:], study)}"
    variable = study.variables.get(term)
    return term if variable is None or variable.label is None else variable.label.en


def with_labels(text: str, study: Study) -> str:
    """A text, such as a null hypothesis, with the labels of its variables for their names."""
    names = sorted(study.variables, key=len, reverse=True)
    if not names:
        return text
    name = re.compile(rf"(?<![\w.])(W\.)?({'|'.join(map(re.escape, names))})(?![\w.])")
    return name.sub(lambda found: label_of(found[0], study), text)


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


def p_words(value: float) -> str:
    """A p-value with its sign, `p = 0.0312` or `p < 0.0001`; `p undefined` for none."""
    if pd.isna(value):
        return f"p {UNDEFINED}"
    text = format_p(value)
    return f"p {text[0]} {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_interval(row: Mapping[str, Any], digits: int = 4) -> str:
    """An interval in square brackets; empty where there is none."""
    if pd.isna(row["ci_lower"]) or pd.isna(row["ci_upper"]):
        return ""
    lower, upper = (format_estimate(row[end], digits) for end in ("ci_lower", "ci_upper"))
    return f"[{lower}, {upper}]"
