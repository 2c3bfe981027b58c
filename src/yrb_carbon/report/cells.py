"""What the printed tables share: formats of numbers, names, notes."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.estimates import DISCARDED
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.terms import NULLS, covariance_name, group_name, said
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import SampleSection, Study, WeightsSection
from yrb_carbon.study.endogeneity_tables import InstrumentedColumn
from yrb_carbon.study.printing import StarLevel
from yrb_carbon.study.tables import ModelColumn, ModelsTable

SERIAL_NOTE = message(
    "Residual AR(1) is the first-order autocorrelation of the residuals within units; its "
    "expectation is about -1/(T - 1) when the errors are not correlated. Where it is high, the "
    "intervals of the information matrix (oim, hessian, qml) are too short and those of the "
    "serially robust covariances (serial, clustered) are the ones to judge by."
)
MONTE_CARLO = "mc"
TRUNCATED = 0.02
"""Share of draws beyond the edge of the admissible interval above which a normal distribution cut
off there stands for no sampling distribution."""
FAILED_NOTE = message(
    "More than 2 % of the draws beyond the edge say that the normal approximation has failed "
    "there: no stars, and {read} are the ones to read."
)
QUANTILE_ERRORS_NOTE = message(
    "Standard errors of draws in estimates.csv are half the distance between their 15.87 % and "
    "84.13 % points: where rho can come near 1 the draws have no standard deviation."
)
UNDEFINED = message("undefined")
"""What stands in the place of a statistic without a meaning."""
RESIDUAL_AR1 = message("Residual AR(1)")
ESTIMATOR_NOTES = {
    "transform": message("Lee and Yu (2010) transformation QML with exact log-determinant"),
    "direct": message("direct ML with demeaned data and exact log-determinant"),
    "direct_bc": message("direct ML with the bias correction of Lee and Yu (2010)"),
    "ols": message("within OLS (linearmodels), standard errors clustered by unit"),
}
COVARIANCE_NOTES = {
    "oim": message("information matrix, errors independent over time"),
    "hessian": message("observed Hessian, errors independent over time"),
    "qml": message("sandwich, errors independent over time and not normal"),
    "serial": message(
        "sandwich that holds for errors of a unit correlated over time, alike for all units, "
        "symmetric errors (no third moments)"
    ),
    "clustered": message(
        "sandwich by unit, errors correlated over time and of any variance (the estimate "
        "of rho itself wants equal variances)"
    ),
}
SIZES = (
    ("n_units", message("Units")),
    ("n_periods", message("Years")),
    ("n_obs", message("Observations")),
)
"""Counts of a row of estimates, and the headings of their lines."""


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
        return Words(self.language)("{name}. {title}", name=self.name, title=self.title)

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
        # plain texts: every format asks for the columns anew
        return frame.rename(columns=one_line).map(one_line).astype(object)

    shown = None if page is None else lines(page)
    said = tuple(map(one_line, notes))
    return PrintedTable(name, one_line(title), lines(body), said, shown, language)


def one_line(text: str) -> str:
    """Text with each run of blanks and line breaks made one blank: a cell is one line."""
    return " ".join(text.split())


def row_records(rows: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows as mappings of columns to plain values; several times as fast as `to_dict`."""
    names = [str(name) for name in rows.columns]
    columns = [cells.tolist() for _, cells in rows.items()]
    return [dict(zip(names, cells, strict=True)) for cells in zip(*columns, strict=True)]


def records(rows: pd.DataFrame, *names: str) -> dict[tuple[Any, ...], dict[str, Any]]:
    """Rows by the values of some columns; of rows that agree in them the first."""
    found: dict[tuple[Any, ...], dict[str, Any]] = {}
    for record in row_records(rows):
        found.setdefault(tuple(record[name] for name in names), record)
    return found


def format_estimate(value: float, digits: int = 4) -> str:
    """A number with fixed decimals, in scientific form when it would show as zero."""
    if pd.isna(value):
        return ""
    if value != 0 and abs(value) < 0.5 * 10.0**-digits:
        return f"{value:.2e}"
    return f"{value:.{digits}f}"


def stars_of(p_value: float, levels: Sequence[StarLevel]) -> str:
    """Marks of a p-value: that of the first level that it is below."""
    if pd.isna(p_value):
        return ""
    return next((level.mark for level in levels if p_value < level.below), "")


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

    def text(self, words: Words) -> str:
        """Such as `613 of 5000 (12.3 %)`."""
        share = 100 * self.lost / self.draws
        return words(
            "{lost} of {draws} ({share:.1f} %)", lost=self.lost, draws=self.draws, share=share
        )


def lost_draws(rows: pd.DataFrame) -> list[LostDraws]:
    """Counts of the draws without effects, those of systems that lost none left out."""
    found = rows[(rows["term"] == DISCARDED) & (rows["estimate"] > 0)]
    return [
        LostDraws(
            row["model"], row["vcov"], row["inference"], int(row["estimate"]), int(row["draws"])
        )
        for row in row_records(found)
    ]


def without_failed_stars(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows without the p-values of normal draws that were cut off at the edge too often."""
    failed = pd.Series(False, index=rows.index)
    for one in lost_draws(rows):
        if one.is_truncated:
            same = [rows[name] == getattr(one, name) for name in ("model", "vcov", "inference")]
            failed |= same[0] & same[1] & same[2]
    return rows.assign(p_value=rows["p_value"].mask(failed))


def lost_draws_notes(
    rows: pd.DataFrame, read: str, named: Callable[[str], str], words: Words
) -> Iterator[str]:
    """Draws that are left out, by system and covariance, and what that means.

    Parameters
    ----------
    rows : DataFrame
    read : str
        Which intervals to read where the normal approximation has failed, a message.
    named : callable
        Turns the column `model` into the name of a system.
    words : Words
    """
    found = [one for one in lost_draws(rows) if one.inference == MONTE_CARLO]
    if not found:
        return
    listed = words.clauses(
        words(
            "{model}, {covariance}: {count}",
            model=named(one.model),
            covariance=covariance_name(one.vcov, words),
            count=one.text(words),
        )
        for one in found
    )
    yield words(
        "Monte Carlo draws left out for want of a finite multiplier: {listed}.", listed=listed
    )
    if any(one.is_truncated for one in found):
        yield words(FAILED_NOTE, read=words(read))


def label_of(term: str, study: Study, words: Words) -> str:
    """Name of a variable or of its spatial lag."""
    if term.startswith("W."):
        return f"W x {label_of(term[2:], study, words)}"
    variable = study.variables.get(term)
    return term if variable is None or variable.label is None else words.label(variable.label)


def labels_of(terms: Iterable[str], study: Study, words: Words) -> str:
    """Names of variables, one after the other."""
    return words.listing(label_of(term, study, words) for term in terms)


def with_labels(text: str, study: Study, words: Words) -> str:
    """A text, such as a null hypothesis, with the labels of its variables for their names."""
    names = sorted(study.variables, key=len, reverse=True)
    if not names:
        return text
    name = re.compile(rf"(?<![\w.])(W\.)?({'|'.join(map(re.escape, names))})(?![\w.])")
    return name.sub(lambda found: label_of(found[0], study, words), text)


def null_words(null: str, study: Study, words: Words) -> str:
    """A null hypothesis with labels of variables and groups in words."""

    def part(name: str, text: str) -> str:
        items = text.split(", ")
        if name == "groups":
            return words.listing(group_name(item, words) for item in items)
        return words.listing(with_labels(item, study, words) for item in items)

    return said(NULLS, null, words, part) or with_labels(null, study, words)


def weights_label(name: str, study: Study, words: Words) -> str:
    """Name of spatial weights."""
    return _level_label(name, study.weights.get(name), words)


def sample_label(name: str, study: Study, words: Words) -> str:
    """Name of a sample."""
    return _level_label(name, study.samples.get(name), words)


def _level_label(name: str, section: WeightsSection | SampleSection | None, words: Words) -> str:
    if section is None or section.label is None:
        return name.replace("_", " ")
    return words.label(section.label)


def column_label(table: str, column: str, study: Study, words: Words) -> str:
    """Heading of a column of a table of models."""
    section = study.tables.get(table)
    columns = section.columns if isinstance(section, ModelsTable) else ()
    found = next((own for own in columns if own.id == column), None)
    return column if found is None else heading_of(found, words)


def heading_of(column: ModelColumn | InstrumentedColumn, words: Words) -> str:
    """Heading of a column of models."""
    return column.id if column.label is None else words.label(column.label)


def region_heading(study: Study, words: Words) -> str:
    """What regions of units are called, such as Province, at the beginning of a text."""
    return capitalised(words.label(study.report.region))


def capitalised(text: str) -> str:
    """A text with a capital first letter; the others stay as they are."""
    return text[:1].upper() + text[1:]


def sizes_note(rows: pd.DataFrame, words: Words) -> str:
    """Units, years and observations of the rows, each combination once."""
    sizes = rows[["n_units", "n_periods", "n_obs"]].dropna().drop_duplicates()
    return words.clauses(
        words("N = {n} units, T = {t} years, {total} observations", n=n, t=t, total=total)
        for n, t, total in sizes.astype(int).itertuples(index=False)
    )


def covariance_meanings(covariances: Sequence[str], words: Words) -> str:
    """What the names of covariances stand for."""
    return words.clauses(
        words(
            "{name}: {meaning}",
            name=covariance_name(name, words),
            meaning=words(COVARIANCE_NOTES[name]),
        )
        for name in covariances
    )


def format_p(value: float) -> str:
    """A p-value with four decimals."""
    return "<0.0001" if value < 0.5e-4 else format_estimate(value)


def p_words(value: float, words: Words) -> str:
    """A p-value with its sign, `p = 0.0312` or `p < 0.0001`; `p undefined` for none."""
    if pd.isna(value):
        return f"p {words(UNDEFINED)}"
    text = format_p(value)
    return f"p {text[0]} {text[1:]}" if text.startswith("<") else f"p = {text}"


def format_interval(row: Mapping[str, Any], digits: int = 4) -> str:
    """An interval in square brackets; empty where there is none."""
    if pd.isna(row["ci_lower"]) or pd.isna(row["ci_upper"]):
        return ""
    lower, upper = (format_estimate(row[end], digits) for end in ("ci_lower", "ci_upper"))
    return f"[{lower}, {upper}]"
