"""Printed tables in LaTeX: floats, and tables that go on over pages."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.grid import NUMBER, columns_of, headings, is_common, is_numeric, rows_of
from yrb_carbon.report.language import Words
from yrb_carbon.report.widths import (
    GAP,
    Breaks,
    heading_lines,
    heading_room,
    natural_widths,
    own_columns,
    text_width,
)
from yrb_carbon.study.base import Language

LATEX_PACKAGES: dict[Language, str] = {
    "en": "% needs \\usepackage{array,booktabs,graphicx,longtable,pdflscape,rotating} and a "
    "Unicode engine (XeLaTeX or LuaLaTeX)",
    "zh": "% needs \\usepackage{array,booktabs,graphicx,longtable,pdflscape,rotating,ctex} and a "
    "Unicode engine (XeLaTeX or LuaLaTeX)",
}
"""First line of a file: what its table needs; Chinese ones a package that sets the fonts."""
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

STARTS_OF_ARGUMENTS = ("[", "*")
"""After the end of a row LaTeX takes these for arguments of the line break."""

MOST_NARROW_COLUMNS = 7
"""Columns that fit a line; tables with more are scaled to it."""

LINE_CHARACTERS = 68
SIDEWAYS_CHARACTERS = 125
"""Tables with longer lines are turned, for scaled down they could not be read."""


@dataclass(frozen=True, slots=True)
class Page:
    """What a page of an article holds.

    Attributes
    ----------
    line : int
        Characters of a line in full size; wider tables are scaled to it.
    lines : int
        Lines of full size below the caption.
    turned_lines : int
        The same of a turned page.
    note : int
        Characters of a line of notes.
    """

    line: int
    lines: int
    turned_lines: int
    note: int


PAGES: dict[Language, Page] = {
    "en": Page(line=LINE_CHARACTERS, lines=41, turned_lines=26, note=105),
    # ctex spaces lines by 1.3, and every Chinese character is as wide as its type is high
    "zh": Page(line=64, lines=31, turned_lines=20, note=95),
}
SIDEWAYS_ROWS = 24
"""More rows than these do not fit a turned page, in whatever size."""

TURNED = 1.6
"""Length of a turned line, in lines of an upright page."""

NOTE_LINE = 0.7
"""Height of a line of notes, in lines of full size."""

LONGEST_UNBROKEN = 60
BROKEN_CHARACTERS = 40
"""Text columns with longer cells are broken into lines of so many characters; the first is not,
for its cells name the rows."""

SMALLEST = (r"\tiny", 154)
"""For what fits a turned line in no other type."""

MOST_COMMON = 90
"""Characters of a line of a text that is written once across the columns."""

PORTRAIT_SIZES = ((r"\normalsize", LINE_CHARACTERS), (r"\footnotesize", 78), (r"\scriptsize", 84))
LANDSCAPE_SIZES = ((r"\footnotesize", 126), (r"\scriptsize", 140))
"""Sizes of type of a table over pages, upright and turned, and the characters that a line holds."""

SLACK = 1.5
"""Characters that a column of broken cells gets more, for letters and signs wider than a digit."""

DIGITS = {
    r"\normalsize": (10, 0.5),
    r"\footnotesize": (8, 0.531),
    r"\scriptsize": (7, 0.569),
    r"\tiny": (5, 0.681),
}
"""Points of an em, and width of a digit in ems, in Latin Modern: small type is wider."""

UPRIGHT_POINTS, TURNED_POINTS = 345, 550
"""Length of a line of an article, upright and turned."""

COLUMN_SEPARATION = 3
"""Points on either side of a column of a table over pages."""

OVERHANG = r"0pt plus 1fill minus 1fill"
"""Space on either side of a turned table: what is wider than the line goes into both margins."""


def escape_latex(text: str) -> str:
    """Text with the characters that LaTeX reads as commands made plain, minus signs as such."""
    escaped = "".join(LATEX_ESCAPES.get(character, character) for character in text)
    if NUMBER.match(text):
        return escaped.replace("-", "$-$")
    return MINUS.sub("$-$", escaped)


def write_latex_table(table: PrintedTable, path: str | Path) -> None:
    """A table with booktabs rules and the notes below: a float, or a `longtable` over pages.

    Columns of numbers stand right, texts left; long texts are broken into lines. A table that is
    wider than a line is scaled to it, a very wide one is turned first (`sidewaystable`). One that
    fits no page goes on over the next with its head repeated, turned if it is wide.
    """
    body = table.shown
    lines = _long_table(table, body) if _is_long(table, body) else _float(table, body)
    Path(path).write_text("\n".join([LATEX_PACKAGES[table.language], *lines, ""]), encoding="utf-8")


def _is_long(table: PrintedTable, body: pd.DataFrame) -> bool:
    """Whether a table fits neither an upright page, scaled to its line, nor a turned one."""
    page = PAGES[table.language]
    characters = sum(_characters(body, page))
    turned = characters > SIDEWAYS_CHARACTERS
    longer = TURNED if turned else 1.0
    scale = min(1.0, longer * page.line / characters)
    room = page.note * longer
    below = NOTE_LINE * sum(math.ceil(text_width(note) / room) for note in table.notes)
    if turned:
        height = scale * sum(map(_height, rows_of(body))) + below
        return len(body) > SIDEWAYS_ROWS or height > page.turned_lines
    return len(body) * scale + below > page.lines


def _height(row: Sequence[str]) -> int:
    """Lines of a row of a turned table, whose long texts are broken."""
    return max(1, *(math.ceil(text_width(cell) / BROKEN_CHARACTERS) for cell in row))


def _caption(table: PrintedTable) -> list[str]:
    return [rf"\caption{{{escape_latex(table.title)}}}", rf"\label{{tab:{table.name}}}"]


def _notes(table: PrintedTable) -> list[str]:
    notes = [rf"\par {escape_latex(note)}" for note in table.notes]
    return [r"\par\smallskip\raggedright\scriptsize", *notes]


def _float(table: PrintedTable, body: pd.DataFrame) -> list[str]:
    page = PAGES[table.language]
    characters = sum(_characters(body, page))
    turned = characters > SIDEWAYS_CHARACTERS
    tabular = _tabular(body, page)
    if turned or body.shape[1] > MOST_NARROW_COLUMNS or characters > page.line:
        # inside a turned table the line is as long as the page is high
        length = r"\linewidth" if turned else r"\textwidth"
        tabular = f"\\resizebox{{{length}}}{{!}}{{%\n{tabular}%\n}}"
    environment, place = ("sidewaystable", "") if turned else ("table", "[htbp]")
    return [
        rf"\begin{{{environment}}}{place}",
        r"\centering",
        *_caption(table),
        tabular,
        *_notes(table),
        rf"\end{{{environment}}}",
    ]


def _long_table(table: PrintedTable, body: pd.DataFrame) -> list[str]:
    """The lines of a table that goes on over pages, its head on each of them."""
    widths = natural_widths(body)
    turned = sum(widths) > PORTRAIT_SIZES[-1][1]
    size, line = _size_of_type(body, widths, LANDSCAPE_SIZES if turned else PORTRAIT_SIZES)
    em, digit = DIGITS[size]
    fitted = _fitted(body, widths, line, em * digit, turned=turned)
    alignments = [
        _alignment_over_pages(cells, width, own, digit)
        for cells, width, own in zip(columns_of(body), widths, fitted, strict=True)
    ]
    shown, groups = headings([str(name) for name in body.columns])
    broken = [
        escape_latex(head)
        if alignment.startswith((">{\\raggedright", "l"))
        else _stacked(heading_lines(head, own - GAP))
        for head, alignment, own in zip(shown, alignments, fitted, strict=True)
    ]
    heads = [r"\toprule", *(_group_lines(groups) if groups else []), " & ".join(broken) + r" \\"]
    heads.append(r"\midrule")
    caption = "".join(_caption(table))
    columns = body.shape[1]
    continued = Words(table.language)("Table {number}, continued", number=r"\thetable")
    inner = [
        r"\begingroup",
        rf"\setlength{{\tabcolsep}}{{{COLUMN_SEPARATION}pt}}",
        *(
            [rf"\setlength{{\{side}}}{{{OVERHANG}}}" for side in ("LTleft", "LTright")]
            if turned
            else []
        ),
        size,
        rf"\begin{{longtable}}{{{''.join(alignments)}}}",
        rf"{caption} \\",
        *heads,
        r"\endfirsthead",
        rf"\multicolumn{{{columns}}}{{l}}{{{continued}}} \\",
        *heads,
        r"\endhead",
        r"\bottomrule",
        r"\endfoot",
        *_rows_kept_together(body),
        r"\end{longtable}",
        *_notes(table),
        r"\par\endgroup",
    ]
    return [r"\begin{landscape}", *inner, r"\end{landscape}"] if turned else inner


def _size_of_type(
    body: pd.DataFrame, widths: Sequence[int], sizes: Sequence[tuple[str, int]]
) -> tuple[str, int]:
    """Largest type in which a row fits a line, the smallest but with broken cells otherwise."""
    whole = next((own for own in sizes if sum(widths) <= own[1]), None)
    if whole is not None:
        return whole
    breaks = Breaks.of(body)
    broken = (own for own in (sizes[-1], SMALLEST) if sum(breaks.fitted(widths, own[1])) <= own[1])
    return next(broken, SMALLEST)


def _fitted(
    body: pd.DataFrame, widths: Sequence[int], line: int, points: float, *, turned: bool
) -> list[int]:
    """Widths in characters for which the columns, with what lies between them, fit the line."""
    breaks = Breaks.of(body)
    fitted = breaks.fitted(widths, line)
    while sum(
        (own - GAP + SLACK * (own < width)) * points + 2 * COLUMN_SEPARATION
        for own, width in zip(fitted, widths, strict=True)
    ) > (TURNED_POINTS if turned else UPRIGHT_POINTS):
        line -= 1
        narrower = breaks.fitted(widths, line)
        if narrower == fitted:
            break
        fitted = narrower
    return fitted


def _rows_kept_together(body: pd.DataFrame) -> list[str]:
    """Rows; no page ends between one and those below it that continue it (no first cell)."""
    rows = rows_of(body)
    following = [*(cells[0] for cells in rows[1:]), "end"]
    return [
        _row(cells) + ("" if after else "*") for cells, after in zip(rows, following, strict=True)
    ]


def _alignment_over_pages(cells: Sequence[str], width: int, fitted: int, digit: float) -> str:
    """Column as wide as its cells, or a paragraph where these are broken."""
    side = "right" if not is_numeric(cells) else "left"
    if fitted >= width:
        return "l" if side == "right" else "r"
    return rf">{{\ragged{side}\arraybackslash}}p{{{digit * (fitted - GAP + SLACK):.4g}em}}"


def _stacked(lines: Sequence[str]) -> str:
    """Lines of a heading one above the other."""
    first, *others = (_no_argument(escape_latex(line)) for line in lines)
    if not others:
        return first
    stacked = r" \\ ".join((first, *others))
    return rf"\begin{{tabular}}[b]{{@{{}}r@{{}}}}{stacked}\end{{tabular}}"


def _tabular(body: pd.DataFrame, page: Page) -> str:
    """The tabular of a table, headings `group: part` of neighbours below a common one."""
    _, groups = headings([str(head) for head in body.columns])
    first, *others = columns_of(body)
    alignment = "".join(["r" if is_numeric(first) else "l", *map(_alignment, others)])
    lines = [rf"\begin{{tabular}}{{{alignment}}}", r"\toprule"]
    if groups:
        lines += _group_lines(groups)
    shown = [_stacked(own) for own in _heads_over(body, page)]
    lines += [" & ".join(shown) + r" \\", r"\midrule"]
    lines += [_row(cells) for cells in body.itertuples(index=False, name=None)]
    return "\n".join([*lines, r"\bottomrule", r"\end{tabular}"])


def _is_broken(cells: Sequence[str]) -> bool:
    return not is_numeric(cells) and max(map(text_width, cells), default=0) > LONGEST_UNBROKEN


def _alignment(cells: Sequence[str]) -> str:
    if _is_broken(cells):
        return r">{\raggedright\arraybackslash}p{20em}"
    return "r" if is_numeric(cells) else "l"


def _characters(body: pd.DataFrame, page: Page) -> list[int]:
    """Width of each column in characters, with the space beside it; headings as printed."""
    return _widths_below(body, _heads_over(body, page))


def _heads_over(body: pd.DataFrame, page: Page) -> list[list[str]]:
    """Lines of the headings; those over numbers are broken where the table is wider than a line."""
    heads, _ = headings([str(head) for head in body.columns])
    whole = [[head] for head in heads]
    if sum(_widths_below(body, whole)) <= page.line:
        return whole
    return [
        heading_lines(head, heading_room(head, cells)) if is_numeric(cells) else [head]
        for head, cells in zip(heads, own_columns(body), strict=True)
    ]


def _widths_below(body: pd.DataFrame, heads: Sequence[Sequence[str]]) -> list[int]:
    return [
        GAP
        + (
            BROKEN_CHARACTERS
            if place and _is_broken(cells)
            else max(map(text_width, (*lines, *cells)))
        )
        for place, (lines, cells) in enumerate(zip(heads, own_columns(body), strict=True))
    ]


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
    if is_common(cells):
        alignment = "c" if text_width(cells[1]) <= MOST_COMMON else f"p{{{MOST_COMMON / 2:g}em}}"
        others = [rf"\multicolumn{{{len(others)}}}{{{alignment}}}{{{others[0]}}}"]
    return " & ".join([_no_argument(first), *others]) + r" \\"


def _no_argument(text: str) -> str:
    """A text that follows the end of a row or a rule, and is no option of these."""
    return f"{{{text[0]}}}{text[1:]}" if text.startswith(STARTS_OF_ARGUMENTS) else text
