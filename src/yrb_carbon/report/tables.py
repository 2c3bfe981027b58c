"""Write printed tables as CSV and LaTeX."""

from __future__ import annotations

import csv
from pathlib import Path

import pandas as pd

from yrb_carbon.report.layout import PrintedTable, layout_table
from yrb_carbon.study.config import Study

LATEX_PACKAGES = "% needs \\usepackage{booktabs} and a Unicode engine (XeLaTeX or LuaLaTeX)"
LATEX_ESCAPES = {
    "\\": r"\textbackslash{}",
    "&": r"\&",
    "%": r"\%",
    "$": r"\$",
    "#": r"\#",
    "_": r"\_",
    "{": r"\{",
    "}": r"\}",
    "~": r"\textasciitilde{}",
    "^": r"\textasciicircum{}",
    "<": r"\textless{}",
    ">": r"\textgreater{}",
    "|": r"\textbar{}",
}


def escape_latex(text: str) -> str:
    """Text with the characters that LaTeX reads as commands made plain."""
    return "".join(LATEX_ESCAPES.get(character, character) for character in text)


def write_csv_table(table: PrintedTable, path: str | Path) -> None:
    """Title, headings, rows, then one line a note."""
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([f"{table.name}. {table.title}"])
        writer.writerow(table.body.columns)
        writer.writerows(table.body.itertuples(index=False, name=None))
        for note in table.notes:
            writer.writerow([f"Note: {note}"])


def write_latex_table(table: PrintedTable, path: str | Path) -> None:
    """A table environment with booktabs rules and the notes below."""
    body = table.body.rename(columns=escape_latex).map(escape_latex)
    width = body.shape[1]
    tabular = body.style.hide(axis="index").to_latex(
        hrules=True, column_format="l" * (width > 0) + "r" * (width - 1)
    )
    notes = "\n".join(rf"\par\footnotesize {escape_latex(note)}" for note in table.notes)
    text = "\n".join(
        [
            LATEX_PACKAGES,
            r"\begin{table}[htbp]",
            r"\centering",
            rf"\caption{{{escape_latex(table.title)}}}",
            rf"\label{{tab:{table.name}}}",
            tabular.rstrip("\n"),
            notes,
            r"\end{table}",
            "",
        ]
    )
    Path(path).write_text(text, encoding="utf-8")


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
    written = []
    for name in study.tables:
        table = layout_table(name, study, estimates)
        for suffix, write in ((".csv", write_csv_table), (".tex", write_latex_table)):
            path = Path(folder) / f"{name}{suffix}"
            write(table, path)
            written.append(path)
    return tuple(written)
