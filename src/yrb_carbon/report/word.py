"""Printed tables in Word: three rules, groups of headings, notes in small type below.

The file is one table with its title as caption, on a page that is turned where the table is wide.
Chinese characters have a font of their own (`w:eastAsia`), so that they come out on any machine
that has it, and in a similar one elsewhere.
"""

from __future__ import annotations

import io
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from textwrap import shorten
from typing import TYPE_CHECKING, Any
from xml.sax.saxutils import escape

import pandas as pd

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.fixed_zip import CREATED, write_fixed_zip
from yrb_carbon.report.grid import (
    NUMBER,
    Row,
    blocks_of,
    columns_of,
    headings,
    is_common,
    is_numeric,
)
from yrb_carbon.report.widths import Breaks, natural_widths

if TYPE_CHECKING:
    from docx.document import Document

LATIN_FONT, CHINESE_FONT = "Times New Roman", "SimSun"
LANGUAGE_TAGS = {"en": "en-US", "zh": "zh-CN"}

SHORT_SIDE_CM, LONG_SIDE_CM = 21.0, 29.7
MARGIN_CM = 2.0
KEPT_TABLE_STYLES = ("Normal Table", "Table Grid")
UNUSED_PARTS = ("thumbnail", "stylesWithEffects")
"""What of the template stays, and what of it no document here uses."""
LONGEST_PROPERTY = 255
"""Characters of a property of a Word file."""
"""An A4 page."""

UPRIGHT_SIZES = (10.0, 9.0, 8.0)
TURNED_SIZES = (9.0, 8.0)
BROKEN_SIZES = (8.0, 7.0, 6.0)
READABLE = 7.0
"""Sizes of type in points. The largest is taken in which a row fits the line, upright if it can
be; where none is small enough, texts are broken, and intervals
where type would become smaller than one likes to read."""

NOTE_SIZE = 8.0
CHARACTER = 0.5
"""Width of a character in parts of the size of type; digits of the font have just this."""

CELL_MARGIN = 0.3
"""On either side of the text of a cell, in parts of the size of type."""

MOST_STRETCHED = 1.3
"""Columns are at most so many times as wide as their texts."""

MOST_KEPT = 12
"""Blocks of more rows may be divided by the end of a page."""

BLOCK_SPACE = 2
"""Points above a block of rows, where a table has blocks of several."""

POINTS_PER_CM = 72 / 2.54
TWIPS = 20
"""Of a point: the unit of Word's lengths."""

THICK, THIN = 12, 6
"""Rules in eighths of a point, as at the top and below the headings."""

MINUS = "\u2212"
NAMESPACE = "http://schemas.openxmlformats.org/wordprocessingml/2006/main"


@dataclass(frozen=True, slots=True)
class _Page:
    """How a table lies on its page: turned or not, size of type, widths of columns in points."""

    turned: bool
    size: float
    widths: tuple[float, ...]


def write_word_table(table: PrintedTable, path: str | Path) -> None:
    """A Word document with one table.

    Numbers stand in the middle of their column, texts left. The headings come again on every page;
    no page ends inside the rows of one block. What is wider than an upright page lies on a turned
    one; where that is not enough, type gets smaller, then texts are broken.

    Parameters
    ----------
    table : PrintedTable
        Of a table that has a page, this is shown.
    path : path
        The file; the same table gives the same bytes.
    """
    body = table.shown
    page = _page(body)
    document = _plain_document()
    _set_styles(document, table)
    _set_page(document, turned=page.turned)
    caption = document.add_paragraph(table.heading, style="Caption")
    caption.paragraph_format.keep_with_next = True
    document.element.body.insert(-1, _table(body, page))
    for place, note in enumerate(table.notes):
        _add_note(document, note, first=place == 0)
    buffer = io.BytesIO()
    document.save(buffer)
    write_fixed_zip(buffer.getvalue(), path)


def _plain_document() -> Document:
    """An empty document of the library's template."""
    import docx

    return docx.Document(io.BytesIO(_template()))


@cache
def _template() -> bytes:
    """The library's template without its styles of tables, its picture and copies.

    Tables here bring their own borders; what they do not use was two thirds of each file.
    """
    import docx
    from docx.enum.style import WD_STYLE_TYPE

    document = docx.Document()
    for style in list(document.styles):
        if style.type == WD_STYLE_TYPE.TABLE and style.name not in KEPT_TABLE_STYLES:
            style.delete()
    for rels in (document.part.package.rels, document.part.rels):
        for key, relation in list(rels.items()):
            if relation.reltype.rsplit("/", 1)[-1] in UNUSED_PARTS:
                del rels[key]
    buffer = io.BytesIO()
    document.save(buffer)
    return buffer.getvalue()


def _line(turned: bool) -> float:
    """Length of a line in points."""
    side = LONG_SIDE_CM if turned else SHORT_SIDE_CM
    return (side - 2 * MARGIN_CM) * POINTS_PER_CM


def _page(body: pd.DataFrame) -> _Page:
    """The largest type in which each row is one line, upright if it can be."""
    natural = natural_widths(body)
    upright = [(False, size) for size in UPRIGHT_SIZES]
    turned = [(True, size) for size in TURNED_SIZES]
    for side, size in [*upright, *turned]:
        if sum(natural) <= _characters(side, size):
            return _stretched(side, size, natural)
    numbers = [at for at, cells in enumerate(columns_of(body)) if is_numeric(cells)]
    breaks = Breaks.of(body)
    fitting = [
        (size, widths)
        for size in BROKEN_SIZES
        if sum(widths := breaks.fitted(natural, _characters(True, size))) <= _characters(True, size)
    ]
    whole = [
        (size, widths)
        for size, widths in fitting
        if size >= READABLE and all(widths[at] == natural[at] for at in numbers)
    ]
    smallest = BROKEN_SIZES[-1]
    narrowest = (smallest, breaks.fitted(natural, _characters(True, smallest)))
    return _stretched(True, *[*whole, *fitting, narrowest][0])


def _characters(turned: bool, size: float) -> int:
    return int(_line(turned) / (CHARACTER * size))


def _stretched(turned: bool, size: float, widths: Sequence[int]) -> _Page:
    """Columns with room to spare, for fonts wider than the one wanted, as far as the line goes.

    Columns that are too many for any line are drawn in to it.
    """
    room = _line(turned) / (CHARACTER * size * sum(widths))
    scale = CHARACTER * size * min(room, MOST_STRETCHED)
    return _Page(turned, size, tuple(scale * width for width in widths))


def _set_styles(document: Document, table: PrintedTable) -> None:
    """Fonts of Latin and Chinese characters, type of the caption, properties of the file."""
    from docx.enum.text import WD_ALIGN_PARAGRAPH
    from docx.shared import Pt, RGBColor

    for name in ("Normal", "Caption"):
        style: Any = document.styles[name]
        style.font.name = LATIN_FONT
        properties = style.element.get_or_add_rPr()
        fonts = properties.get_or_add_rFonts()
        for theme in ("asciiTheme", "hAnsiTheme", "eastAsiaTheme", "cstheme"):
            fonts.attrib.pop(f"{{{NAMESPACE}}}{theme}", None)
        fonts.set(f"{{{NAMESPACE}}}eastAsia", CHINESE_FONT)
        style.paragraph_format.space_after = Pt(0)
        style.paragraph_format.space_before = Pt(0)
        style.paragraph_format.line_spacing = 1.0
    caption: Any = document.styles["Caption"]
    caption.font.size, caption.font.bold = Pt(11), True
    caption.font.color.rgb = RGBColor(0, 0, 0)
    caption.paragraph_format.space_after = Pt(4)
    caption.paragraph_format.alignment = WD_ALIGN_PARAGRAPH.CENTER
    for tag in document.styles.element.iter(f"{{{NAMESPACE}}}lang"):
        tag.set(f"{{{NAMESPACE}}}val", LANGUAGE_TAGS["en"])
        tag.set(f"{{{NAMESPACE}}}eastAsia", LANGUAGE_TAGS["zh"])
    told = document.core_properties
    told.title = shorten(table.heading, LONGEST_PROPERTY, placeholder="…")
    told.language = LANGUAGE_TAGS[table.language]
    told.author = told.last_modified_by = told.comments = ""
    told.created = told.modified = CREATED
    told.revision = 1


def _set_page(document: Document, *, turned: bool) -> None:
    from docx.enum.section import WD_ORIENT
    from docx.shared import Cm

    section = document.sections[0]
    sides = Cm(SHORT_SIDE_CM), Cm(LONG_SIDE_CM)
    section.page_width, section.page_height = sides[::-1] if turned else sides
    section.orientation = WD_ORIENT.LANDSCAPE if turned else WD_ORIENT.PORTRAIT
    section.left_margin = section.right_margin = Cm(MARGIN_CM)
    section.top_margin = section.bottom_margin = Cm(MARGIN_CM)


def _add_note(document: Document, text: str, *, first: bool) -> None:
    from docx.shared import Pt

    note = document.add_paragraph()
    note.paragraph_format.space_before = Pt(4 if first else 1)
    note.add_run(text).font.size = Pt(NOTE_SIZE)


def _table(body: pd.DataFrame, page: _Page) -> Any:
    """The table's own XML: a cell by python-docx is too slow for tables of hundreds of rows."""
    from docx.oxml import parse_xml

    widths = [round(TWIPS * width) for width in page.widths]
    grid = _Grid(body, tuple(widths), page.size)
    margin = round(TWIPS * CELL_MARGIN * page.size)
    margins = "".join(f'<w:{side} w:w="{margin}" w:type="dxa"/>' for side in ("left", "right"))
    columns = "".join(f'<w:gridCol w:w="{width}"/>' for width in widths)
    return parse_xml(
        f'<w:tbl xmlns:w="{NAMESPACE}"><w:tblPr><w:tblW w:w="{sum(widths)}" w:type="dxa"/>'
        '<w:jc w:val="center"/><w:tblLayout w:type="fixed"/>'
        f"<w:tblCellMar>{margins}</w:tblCellMar></w:tblPr>"
        f"<w:tblGrid>{columns}</w:tblGrid>{''.join(grid.head())}{''.join(grid.rows())}</w:tbl>"
    )


class _Grid:
    """Rows of a table as XML."""

    def __init__(self, body: pd.DataFrame, widths: tuple[int, ...], size: float) -> None:
        self._body, self._widths = body, widths
        self._type = "".join(f'<w:{name} w:val="{round(2 * size)}"/>' for name in ("sz", "szCs"))
        numeric = [is_numeric(cells) for cells in columns_of(body)]
        self._sides = ["center" if own else "left" for own in numeric]

    def head(self) -> Iterator[str]:
        """One row of headings, or two where neighbours have a common one."""
        shown, groups = headings([str(head) for head in self._body.columns])
        if not groups:
            yield _row((self._cell(at, head, _TOP + _LAST) for at, head in enumerate(shown)), True)
            return
        above, below, place = [], [], 0
        for name, span in groups:
            within = range(place, place + span)
            if name:
                above.append(self._cell(place, name, _TOP + _LAST, span=span))
                below += [self._cell(at, shown[at], _LAST) for at in within]
            else:
                above.append(self._cell(place, shown[place], _TOP, merge="restart"))
                below.append(self._cell(place, "", _LAST, merge="continue"))
            place += span
        yield _row(above, True)
        yield _row(below, True)

    def rows(self) -> Iterator[str]:
        """Rows of the body, the bottom rule below the last."""
        blocks = list(blocks_of(self._body))
        space = _SPACE if len(blocks) < len(self._body) else ""
        for number, block in enumerate(blocks):
            for place, row in enumerate(block):
                last = place == len(block) - 1
                rule = _BOTTOM if last and number == len(blocks) - 1 else ""
                within = _KEPT if not last and len(block) <= MOST_KEPT else ""
                yield _row(self._cells(row, rule, within + ("" if place else space)))

    def _cells(self, row: Row, rule: str, paragraph: str) -> list[str]:
        if is_common(row):
            first = self._cell(0, row[0], rule, paragraph)
            return [first, self._cell(1, row[1], rule, paragraph, span=len(row) - 1)]
        return [self._cell(at, text, rule, paragraph) for at, text in enumerate(row)]

    def _cell(
        self, at: int, text: str, rules: str, paragraph: str = "", *, span: int = 1, merge: str = ""
    ) -> str:
        """One cell, or one that spans several; numbers have minus signs, not hyphens."""
        said = text.replace("-", MINUS) if NUMBER.match(text) else text
        size = f"<w:rPr>{self._type}</w:rPr>"
        side = "center" if span > 1 else self._sides[at]
        return (
            f'<w:tc><w:tcPr><w:tcW w:w="{sum(self._widths[at : at + span])}" w:type="dxa"/>'
            + (f'<w:gridSpan w:val="{span}"/>' if span > 1 else "")
            + (f'<w:vMerge w:val="{merge}"/>' if merge else "")
            + (f"<w:tcBorders>{rules}</w:tcBorders>" if rules else "")
            + f'<w:vAlign w:val="{"center" if merge else "top"}"/></w:tcPr><w:p><w:pPr>'
            + f'{paragraph}<w:jc w:val="{side}"/>{size}</w:pPr>'
            + f'<w:r>{size}<w:t xml:space="preserve">{escape(said)}</w:t></w:r></w:p></w:tc>'
        )


def _row(cells: Iterable[str], head: bool = False) -> str:
    """A row that no page divides; one of the head comes again on each page."""
    repeated = "<w:tblHeader/>" if head else ""
    return f"<w:tr><w:trPr><w:cantSplit/>{repeated}</w:trPr>{''.join(cells)}</w:tr>"


def _rule(side: str, eighths: int) -> str:
    return f'<w:{side} w:val="single" w:sz="{eighths}" w:space="0" w:color="000000"/>'


_KEPT, _SPACE = "<w:keepNext/>", f'<w:spacing w:before="{TWIPS * BLOCK_SPACE}"/>'
_TOP, _LAST, _BOTTOM = _rule("top", THICK), _rule("bottom", THIN), _rule("bottom", THICK)
