"""Printed tables in HTML: fragments of which many may stand on one page, and pages of one.

A fragment has class names and nothing else that a page could have twice: no ids, no styles, no
scripts. `TABLE_STYLES` is what a page has once, in its head.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.grid import Row, blocks_of, columns_of, headings, is_common, is_numeric

TABLE_STYLES = """\
.printed-table { margin: 1.5rem 0; }
.printed-scroll { overflow-x: auto; }
.printed-table table { border-collapse: collapse; border-top: 2px solid; border-bottom: 2px solid;
  font-variant-numeric: tabular-nums; }
.printed-table caption { text-align: start; font-weight: 600; padding-bottom: .4rem; }
.printed-table th, .printed-table td { padding: .15rem .6rem; text-align: start;
  vertical-align: top; font-weight: normal; }
.printed-table thead th { vertical-align: bottom; max-width: 14rem; overflow-wrap: break-word; }
.printed-table thead tr:last-child > *, .printed-table thead > tr > [rowspan] {
  border-bottom: 1px solid; }
.printed-table th.group { border-bottom: 1px solid; }
.printed-table .number { text-align: end; }
.printed-table td.number, .printed-table tbody th.number { white-space: nowrap; }
.printed-table td.broken { white-space: normal; vertical-align: bottom; max-width: 14rem; }
.printed-table .common { text-align: center; }
.printed-notes { font-size: .85em; max-width: 60rem; }
.printed-notes p { margin: .2rem 0; }
@media print {
  .printed-scroll { overflow: visible; }
  .printed-table { font-size: 8pt; }
  .printed-table thead { display: table-header-group; }
  .printed-table tbody { break-inside: avoid; }
}
"""

LONGEST_SIGN = 20
"""Letters of a text among numbers that stays on one line, such as a name of a class."""


def html_table(table: PrintedTable) -> str:
    """A table as an HTML fragment: caption, head with groups, rows, and the notes below.

    Rows that continue one another are a `tbody` whose first cell heads them all. The box around
    the table scrolls and can be reached by the keyboard. Texts are escaped; the language is said.

    Parameters
    ----------
    table : PrintedTable
        Of a table that has a page, this is shown.

    Returns
    -------
    str
        A `div` of class `printed-table`.
    """
    body, heading = table.shown, _text(table.heading)
    numeric = [is_numeric(cells) for cells in columns_of(body)]
    lines = [
        f'<div class="printed-table" lang="{_LANGUAGES[table.language]}">',
        f'<div class="printed-scroll" role="region" tabindex="0" aria-label="{heading}">',
        f"<table>\n<caption>{heading}</caption>",
        *_head([str(head) for head in body.columns], numeric),
    ]
    for block in blocks_of(body):
        lines += ["<tbody>", *_block(block, numeric), "</tbody>"]
    notes = [f"<p>{_text(note)}</p>" for note in table.notes]
    lines += ["</table>", "</div>", '<div class="printed-notes">', *notes, "</div>", "</div>"]
    return "\n".join([*lines, ""])


def write_html_table(table: PrintedTable, path: str | Path) -> None:
    """A page that holds one table and its styles."""
    language = _LANGUAGES[table.language]
    page = (
        f'<!DOCTYPE html>\n<html lang="{language}">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{_text(table.heading)}</title>\n<style>\n{PAGE_STYLES}{TABLE_STYLES}</style>\n"
        f"</head>\n<body>\n<main>\n{html_table(table)}</main>\n</body>\n</html>\n"
    )
    Path(path).write_text(page, encoding="utf-8", newline="\n")


PAGE_STYLES = """\
body { margin: 2rem auto; max-width: 90rem; padding: 0 1rem; line-height: 1.35;
  font-family: "Times New Roman", "Liberation Serif", SimSun, "Noto Serif CJK SC", serif; }
"""
_LANGUAGES = {"en": "en", "zh": "zh-Hans"}


def _text(text: str) -> str:
    return escape(text, quote=True)


def _number(own: bool) -> str:
    return ' class="number"' if own else ""


def _head(heads: Sequence[str], numeric: Sequence[bool]) -> list[str]:
    """One row of headings, or two where neighbours have a common one."""
    shown, groups = headings(heads)
    if not groups:
        cells = [_heading(head, own) for head, own in zip(shown, numeric, strict=True)]
        return ["<thead>", f"<tr>{''.join(cells)}</tr>", "</thead>"]
    above, below = [], []
    place = 0
    for name, span in groups:
        if name:
            above.append(f'<th class="group" scope="colgroup" colspan="{span}">{_text(name)}</th>')
            below += [_heading(shown[at], numeric[at], name) for at in range(place, place + span)]
        else:
            above.append(_heading(shown[place], numeric[place], rows=2))
        place += span
    spans = "".join(f'<colgroup span="{span}"></colgroup>' for _, span in groups)
    rows = [f"<tr>{''.join(cells)}</tr>" for cells in (above, below)]
    return [spans, "<thead>", *rows, "</thead>"]


def _heading(head: str, number: bool, group: str = "", rows: int = 1) -> str:
    """Heading of a column; one without words is named for those who hear the page."""
    attributes = _number(number) + (f' rowspan="{rows}"' if rows > 1 else "")
    if not head and not group:
        return f"<td{attributes}></td>"
    attributes += "" if head else f' aria-label="{_text(group)}"'
    return f'<th{attributes} scope="col">{_text(head)}</th>'


def _block(block: Sequence[Row], numeric: Sequence[bool]) -> list[str]:
    scope = "rowgroup" if len(block) > 1 else "row"
    return [
        f"<tr>{_row_head(row[0], scope, numeric[0])}{_cells(row, numeric)}</tr>" for row in block
    ]


def _row_head(text: str, scope: str, number: bool) -> str:
    if not text:
        return f"<td{_number(number)}></td>"
    return f'<th{_number(number)} scope="{scope}">{_text(text)}</th>'


def _cells(row: Row, numeric: Sequence[bool]) -> str:
    if is_common(row):
        return f'<td class="common" colspan="{len(row) - 1}">{_text(row[1])}</td>'
    cells = zip(row[1:], numeric[1:], strict=True)
    return "".join(f"<td{_aligned(cell, own)}>{_text(cell)}</td>" for cell, own in cells)


def _aligned(cell: str, number: bool) -> str:
    """A long text among numbers heads those below it, and breaks as the headings do."""
    is_heading = number and len(cell) > LONGEST_SIGN and not is_numeric([cell])
    return ' class="number broken"' if is_heading else _number(number)
