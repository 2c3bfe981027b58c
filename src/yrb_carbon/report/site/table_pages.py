"""Pages of the printed tables: one a table, and their index."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import pandas as pd

from yrb_carbon.report.cells import PrintedTable, sizes_note
from yrb_carbon.report.html_table import html_table
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.layout_claims import layout_claims
from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.downloads import Download, Product
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.terms import covariance_name, estimator_name, inference_name, kind_name
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import CLAIMS_TABLE


@dataclass(frozen=True, slots=True)
class TablePage:
    """A page with one table.

    Attributes
    ----------
    name : str
    title : Text
    kind : Text
    table : Text
        The table as markup, with its notes.
    fit : sequence of Text
        How its numbers came about: estimators, covariances, intervals, draws, seeds, sizes.
    downloads : sequence of Download
    """

    name: str
    title: Text
    kind: Text
    table: Text
    fit: Sequence[Text]
    downloads: Sequence[Download]

    @property
    def file(self) -> str:
        """Path of the page below the folder of the report."""
        return f"tables/{self.name}.html"


def table_pages(run: Run, files: Sequence[Product]) -> list[TablePage]:
    """Pages of all tables of the study in its order; the table of verdicts comes first."""
    pages = [_verdicts_page(run, files)] if run.claims is not None else []
    return [*pages, *(_page(run, name, files) for name in run.study.tables)]


def _page(run: Run, name: str, files: Sequence[Product]) -> TablePage:
    table = run.study.tables[name]
    rows = run.estimates[run.estimates["table"] == name]
    shown = _shown(run, name, lambda one: layout_table(name, run.study, run.estimates, one))
    return TablePage(
        name=name,
        title=run.words.label(table.title),
        kind=run.words.each(partial(kind_name, table.kind)),
        table=run.words.markup(lambda words: shown[words.language].html),
        fit=fit_lines(run, rows),
        downloads=_downloads(name, files),
    )


def _verdicts_page(run: Run, files: Sequence[Product]) -> TablePage:
    if run.claims is None or run.verdicts is None:
        raise TypeError("the study has no claims")
    verdicts, claims = run.verdicts, run.claims
    shown = _shown(run, CLAIMS_TABLE, lambda one: layout_claims(verdicts, claims, run.study, one))
    return TablePage(
        name=CLAIMS_TABLE,
        title=run.words.each(lambda words: shown[words.language].title),
        kind=run.words.each(partial(kind_name, CLAIMS_TABLE)),
        table=run.words.markup(lambda words: shown[words.language].html),
        fit=(),
        downloads=_downloads(CLAIMS_TABLE, files),
    )


@dataclass(frozen=True, slots=True)
class _Shown:
    """Title and markup of a table in one language."""

    title: str
    html: str


def _shown(
    run: Run, name: str, lay_out: Callable[[Language], PrintedTable]
) -> dict[Language, _Shown]:
    """A table in the languages of the pages, as the run printed it, or laid out here."""
    if run.markup is not None:
        return {one: _Shown(**run.markup[one][name]) for one in run.words}
    laid_out = {one: lay_out(one) for one in run.words}
    return {one: _Shown(table.title, html_table(table)) for one, table in laid_out.items()}


def _downloads(name: str, files: Sequence[Product]) -> list[Download]:
    return [product.download for product in files if product.name == name]


def fit_lines(run: Run, rows: pd.DataFrame) -> list[Text]:
    """How the numbers of a table came about, from its rows."""
    words = run.words
    lines = []
    for label, column, name in (
        (words("Estimator"), "estimator", estimator_name),
        (words("Covariance"), "vcov", covariance_name),
        (words("Interval"), "inference", inference_name),
    ):
        values = sorted(filter(None, rows[column].unique()))
        named = words.listing(words.each(partial(name, value)) for value in values)
        lines += [words("{name}: {values}", name=label, values=named)] if values else []
    for label, column in ((words("Draws"), "draws"), (words("Seed"), "seed")):
        counts = sorted(rows[column].dropna().unique())
        listed = words.listing(map(str, counts))
        lines += [words("{name}: {values}", name=label, values=listed)] if counts else []
    sizes = words.each(partial(sizes_note, rows))
    return [*lines, sizes] if sizes else lines
