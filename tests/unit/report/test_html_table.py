"""Tables in HTML, read back by another library."""

from __future__ import annotations

import re

import pandas as pd
from lxml import html

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.html_table import TABLE_STYLES, html_table, write_html_table

HEADS = ["Model", "Direct", "Direct: s.e.", "Alone: x", "Text"]
ROWS = [
    ["A & <b>", "-0.1***", "(0.2)", "1", 'say "x"'],
    ["", "0.3", "[0.4, 0.5]", "2", ""],
    ["Outcome", "Balance", "Balance", "Balance", "Balance"],
]
TABLE = PrintedTable(
    "T9", "Effects < & >", pd.DataFrame(ROWS, columns=HEADS), ("p < 0.05.", "A & b."), None, "zh"
)


def parsed(table: PrintedTable = TABLE) -> html.HtmlElement:
    return html.fromstring(html_table(table))


def texts(cells: list[html.HtmlElement]) -> list[str]:
    return [cell.text_content() for cell in cells]


def test_cells_come_back_as_they_were():
    rows = [texts(row.xpath("./th|./td")) for row in parsed().xpath(".//tbody/tr")]
    assert rows == [ROWS[0], ROWS[1], ["Outcome", "Balance"]]


def test_caption_notes_and_language():
    tree = parsed()
    assert tree.get("lang") == "zh-Hans"
    assert tree.xpath("string(.//caption)") == "T9 Effects < & >"
    assert texts(tree.xpath(".//*[@class='printed-notes']/p")) == ["p < 0.05.", "A & b."]


def test_neighbours_stand_below_a_common_heading():
    above, below = parsed().xpath(".//thead/tr")
    assert texts(above.xpath("./th")) == ["Model", "Direct", "Alone: x", "Text"]
    assert [cell.get("colspan") for cell in above.xpath("./th")] == [None, "2", None, None]
    assert [cell.get("rowspan") for cell in above.xpath("./th")] == ["2", None, "2", "2"]
    assert texts(below.xpath("./th")) == ["", "s.e."]
    assert below.xpath("./th")[0].get("aria-label") == "Direct"
    spans = [int(group.get("span")) for group in parsed().xpath(".//colgroup")]
    assert sum(spans) == len(HEADS)


def test_every_heading_says_what_it_heads():
    tree = parsed()
    assert all(cell.get("scope") for cell in tree.xpath(".//th"))
    scopes = [cell.get("scope") for cell in tree.xpath(".//tbody//th")]
    assert scopes == ["rowgroup", "row"]
    assert [len(body) for body in tree.xpath(".//tbody")] == [2, 1]


def test_what_is_said_of_all_columns_spans_them():
    (cell,) = parsed().xpath(".//td[@class='common']")
    assert cell.get("colspan") == str(len(HEADS) - 1)


def test_many_fit_on_one_page():
    text = html_table(TABLE)
    assert not re.search(r"\sid=|\sstyle=|\son\w+=|<script|<style", text)


def test_columns_of_numbers_are_marked():
    (row, *_) = parsed().xpath(".//tbody/tr")
    marked = [cell.get("class") for cell in row.xpath("./th|./td")]
    assert marked == [None, "number", "number", "number", None]


def test_a_page_shows_what_a_page_holds(tmp_path):
    table = PrintedTable("T", "t", TABLE.body, (), TABLE.body[["Model", "Text"]])
    assert len(parsed(table).xpath(".//thead/tr[1]/th")) == 2
    write_html_table(table, tmp_path / "T.html")
    page = html.parse(str(tmp_path / "T.html"), html.HTMLParser(encoding="utf-8")).getroot()
    assert page.get("lang") == "en"
    assert page.xpath("string(.//title)") == "T. t"
    assert not page.xpath("//@src|//@href")


def test_headings_of_numbers_may_break_and_numbers_may_not():
    rules = [line for line in TABLE_STYLES.splitlines() if "nowrap" in line]
    assert [rule.split(" {")[0] for rule in rules] == [
        ".printed-table td.number, .printed-table tbody th.number"
    ]
