"""Write printed tables: CSV, LaTeX, Word, HTML, and one Excel workbook a language."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import pandas as pd

from yrb_carbon.claims import Claims
from yrb_carbon.provenance import write_json
from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.excel import write_workbook
from yrb_carbon.report.html_table import html_table, write_html_table
from yrb_carbon.report.language import Words
from yrb_carbon.report.latex import write_latex_table
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.layout_claims import layout_claims
from yrb_carbon.report.word import write_word_table
from yrb_carbon.study.base import Language
from yrb_carbon.study.config import Study
from yrb_carbon.study.report import WORKBOOK, subfolder


def write_csv_table(table: PrintedTable, path: str | Path) -> None:
    """Title, headings, rows, then one line a note."""
    words = Words(table.language)
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([table.heading])
        writer.writerow(table.body.columns)
        writer.writerows(table.body.itertuples(index=False, name=None))
        for note in table.notes:
            writer.writerow([words("Note: {text}", text=note)])


WRITERS: Mapping[str, Callable[[PrintedTable, str | Path], None]] = {
    "csv": write_csv_table,
    "tex": write_latex_table,
    "docx": write_word_table,
    "html": write_html_table,
}
"""What writes a table in each format, by the ending of the file."""


def write_tables(
    study: Study,
    estimates: pd.DataFrame,
    folder: str | Path,
    verdicts: pd.DataFrame | None = None,
    claims: Claims | None = None,
    markup: str | Path | None = None,
) -> tuple[Path, ...]:
    """Write every table of a study in every language and format, and the workbooks.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    folder : path
        Where the English files go; those in another language go below it.
    verdicts : DataFrame, optional
        Columns of claims.csv; their table comes last.
    claims : Claims, optional
        What was judged; wanted with the verdicts.
    markup : path, optional
        JSON file with the titles and the HTML of all tables by language and name, for the pages of
        the report, which have not to lay them out once more.

    Returns
    -------
    tuple of Path, the files of tables.
    """
    written: list[Path] = []
    marked: dict[str, dict[str, dict[str, str]]] = {}
    for language in study.report.languages:
        tables = [layout_table(name, study, estimates, language) for name in study.tables]
        if verdicts is not None and claims is not None:
            tables.append(layout_claims(verdicts, claims, study, language))
        place = Path(folder, subfolder(language))
        place.mkdir(parents=True, exist_ok=True)
        written += [path for table in tables for path in write_printed(table, place)]
        written.append(_write_workbook(study, tables, place, language))
        marked[language] = {
            table.name: {"title": table.title, "html": html_table(table)} for table in tables
        }
    if markup is not None:
        write_json(marked, markup)
    return tuple(written)


def write_printed(table: PrintedTable, folder: str | Path) -> tuple[Path, ...]:
    """Write one table in every format, `<name>.<ending>`; returns the files."""
    written = []
    for suffix, write in WRITERS.items():
        path = Path(folder) / f"{table.name}.{suffix}"
        write(table, path)
        written.append(path)
    return tuple(written)


def _write_workbook(
    study: Study,
    tables: Sequence[PrintedTable],
    folder: Path,
    language: Language,
) -> Path:
    path = folder / WORKBOOK
    words = Words(language)
    cautions = [words.label(text) for text in study.study.cautions]
    write_workbook(tables, path, words.label(study.study.title), cautions, words)
    return path
