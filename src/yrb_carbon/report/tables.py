"""Write printed tables as CSV and LaTeX."""

from __future__ import annotations

import csv
import itertools
import re
from collections.abc import Sequence
from pathlib import Path

import pandas as pd

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.layout import layout_table
from yrb_carbon.study.config import Study

LATEX_PACKAGES = (
    "% needs \\usepackage{array,booktabs,graphicx,rotating} and a Unicode engine "
    "(XeLaTeX or LuaLaTeX)"
)
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


MINUS = re.compile(r"(?<!\w)-(?=[\w.(\[\\ ])")
"""A hyphen that no letter or digit precedes: a sign. Those inside words and spans stay."""

NUMBER = re.compile(r"^[(\[]?-?\d+(\.\d+)?(e[+-]\d+)?[)\]]?\*{0,3}$")
"""A cell that is a number, with its stars or brackets."""

STARTS_OF_ARGUMENTS = ("[", "*")
"""After the end of a row LaTeX takes these for arguments of the line break."""

MOST_NARROW_COLUMNS = 7
LINE_CHARACTERS = 68
"""Columns and characters that a line of an article holds; wider tables are scaled to it."""

SIDEWAYS_CHARACTERS = 125
"""Tables with longer lines are turned, for scaled down they could not be read."""

SIDEWAYS_ROWS = 24
"""More rows than these do not fit a turned page."""

LONGEST_UNBROKEN = 60
BROKEN_CHARACTERS = 40
"""Text columns with longer cells are broken into lines of so many characters; the first is not,
for its cells name the rows."""


def write_csv_table(table: PrintedTable, path: str | Path) -> None:
    """Title, headings, rows, then one line a note."""
    with open(path, "w", encoding="utf-8", newline="") as handle:
        writer = csv.writer(handle, lineterminator="\n")
        writer.writerow([f"{table.name}. {table.title}"])
        writer.writerow(table.body.columns)
        writer.writerows(table.body.itertuples(index=False, name=None))
        for note in table.notes:
            writer.writerow([f"Note: {note}"])


def escape_latex(text: str) -> str:
    """Text with the characters that LaTeX reads as commands made plain, minus signs as such."""
    escaped = "".join(LATEX_ESCAPES.get(character, character) for character in text)
    if NUMBER.match(text):
        return escaped.replace("-", "$-$")
    return MINUS.sub("$-$", escaped)


def write_latex_table(table: PrintedTable, path: str | Path) -> None:
    """A table environment with booktabs rules and the notes below.

    Columns of numbers stand right, texts left; long texts are broken into lines. A table that is
    wider than a line is scaled to it, a very wide one is turned first (`sidewaystable`).
    """
    characters = sum(_characters(table.body))
    turned = characters > SIDEWAYS_CHARACTERS and len(table.body) <= SIDEWAYS_ROWS
    tabular = _tabular(table.body)
    if turned or table.body.shape[1] > MOST_NARROW_COLUMNS or characters > LINE_CHARACTERS:
        # inside a turned table the line is as long as the page is high
        length = r"\linewidth" if turned else r"\textwidth"
        tabular = f"\\resizebox{{{length}}}{{!}}{{%\n{tabular}%\n}}"
    environment, place = ("sidewaystable", "") if turned else ("table", "[htbp]")
    notes = [rf"\par {escape_latex(note)}" for note in table.notes]
    lines = [
        LATEX_PACKAGES,
        rf"\begin{{{environment}}}{place}",
        r"\centering",
        rf"\caption{{{escape_latex(table.title)}}}",
        rf"\label{{tab:{table.name}}}",
        tabular,
        r"\par\smallskip\raggedright\scriptsize",
        *notes,
        rf"\end{{{environment}}}",
        "",
    ]
    Path(path).write_text("\n".join(lines), encoding="utf-8")


def _tabular(body: pd.DataFrame) -> str:
    """The tabular of a table, headings `group: part` of neighbours below a common one."""
    heads, groups = _headings([str(head) for head in body.columns])
    first, *others = _columns(body)
    alignment = "".join(["r" if _is_numeric(first) else "l", *map(_alignment, others)])
    lines = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule"]
    if groups:
        lines += _group_lines(groups)
    lines += [_row(heads), r"\midrule"]
    lines += [_row(cells) for cells in body.itertuples(index=False, name=None)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _columns(body: pd.DataFrame) -> list[list[str]]:
    return [[str(cell) for cell in body.iloc[:, place]] for place in range(body.shape[1])]


def _is_numeric(cells: Sequence[str]) -> bool:
    """Whether most cells of a column that hold something hold numbers."""
    filled = [cell for cell in cells if cell]
    return 2 * sum(NUMBER.match(cell) is not None for cell in filled) > len(filled)


def _is_common(cells: Sequence[str]) -> bool:
    """Whether a row says one text of all columns; it is then written once, across them."""
    others = cells[1:]
    if len(others) < 2 or len(set(others)) > 1:
        return False
    return others[0] != "" and NUMBER.match(others[0]) is None


def _is_broken(cells: Sequence[str]) -> bool:
    return not _is_numeric(cells) and max(map(len, cells), default=0) > LONGEST_UNBROKEN


def _alignment(cells: Sequence[str]) -> str:
    if _is_broken(cells):
        return r">{\raggedright\arraybackslash}p{20em}"
    return "r" if _is_numeric(cells) else "l"


def _characters(body: pd.DataFrame) -> list[int]:
    """Width of each column in characters, with the space beside it; headings as printed."""
    heads, _ = _headings([str(head) for head in body.columns])
    rows = [row for row in body.itertuples(index=False, name=None) if not _is_common(row)]
    own = pd.DataFrame(rows, columns=body.columns)
    return [
        2 + (BROKEN_CHARACTERS if place and _is_broken(cells) else max(map(len, (head, *cells))))
        for place, (head, cells) in enumerate(zip(heads, _columns(own), strict=True))
    ]


def _headings(heads: Sequence[str]) -> tuple[list[str], list[tuple[str, int]]]:
    """Headings of the columns, and groups above them with the number of columns each spans.

    `A`, `A: b`, `A: c` in a row stand below a common `A`; there are no groups when no heading has
    such neighbours. A column without neighbours keeps its heading and has the group ''.
    """
    parts = [head.rsplit(": ", 1) for head in heads]
    groups: list[tuple[str, int]] = []
    shown: list[str] = []
    for group, members in itertools.groupby(
        zip(heads, parts, strict=True), key=lambda member: member[1][0]
    ):
        own = list(members)
        if len(own) > 1:
            groups.append((group, len(own)))
            shown += [part[1] if len(part) > 1 else "" for _, part in own]
        else:
            groups.append(("", 1))
            shown.append(own[0][0])
    return shown, groups if any(name for name, _ in groups) else []


def _group_lines(groups: Sequence[tuple[str, int]]) -> list[str]:
    cells, rules = [], []
    place = 1
    for name, span in groups:
        cells.append(rf"\multicolumn{{{span}}}{{c}}{{{escape_latex(name)}}}" if name else "")
        if name:
            rules.append(rf"\cmidrule(lr){{{place}-{place + span - 1}}}")
        place += span
    return [" & ".join(cells) + r" \\", " ".join(rules)]


def _row(cells: Sequence[str]) -> str:
    first, *others = (escape_latex(cell) for cell in cells)
    if _is_common(cells):
        others = [rf"\multicolumn{{{len(others)}}}{{c}}{{{others[0]}}}"]
    if first.startswith(STARTS_OF_ARGUMENTS):
        first = f"{{{first[0]}}}{first[1:]}"
    return " & ".join([first, *others]) + r" \\"


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
