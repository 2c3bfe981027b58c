"""Write printed tables as CSV and LaTeX."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.latex import write_latex_table
from yrb_carbon.report.layout import layout_table
from yrb_carbon.study.config import Study


def write_csv_table(table: PrintedTable, path: str | Path) -> None:
    """Title, headings, rows, then one line a note."""
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([table.heading])
        writer.writerow(table.body.columns)
        writer.writerows(table.body.itertuples(index=False, name=None))
        for note in table.notes:
            writer.writerow([f"Note: {note}"])


def write_tables(study: Study, estimates: pd.DataFrame, folder: str | Path) -> tuple[Path, ...]:
    """Write every table of a study as `<name>.csv` and `<name>.tex`.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    folder : path
        Where the files go; it exists.

    Returns
    -------
    tuple of Path, the files.
    """
    tables = [layout_table(name, study, estimates) for name in study.tables]
    return tuple(path for table in tables for path in write_printed(table, folder))


def write_printed(table: PrintedTable, folder: str | Path) -> tuple[Path, ...]:
    """Write one table as `<name>.csv` and `<name>.tex`; returns the files."""
    written = []
    for suffix, write in ((".csv", write_csv_table), (".tex", write_latex_table)):
        path = Path(folder) / f"{table.name}{suffix}"
        write(table, path)
        written.append(path)
    return tuple(written)
