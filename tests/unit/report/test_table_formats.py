"""T5 and T7 in every format and both languages, read back by other libraries."""

from __future__ import annotations

import re
import zipfile
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pandas as pd
import pytest
from demo_estimates import demo_estimates, demo_study
from docx.oxml.ns import qn
from docx.shared import Emu
from lxml import html

from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.excel import number_of
from yrb_carbon.report.grid import headings, is_common, rows_of
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.tables import write_tables
from yrb_carbon.study.config import SYNTHETIC_CAUTION, Study

TABLES = ("T4", "T5", "T7")
LANGUAGES = ("en", "zh")
SHOWN = ("T5", "T7")
NUMBER = re.compile(r"(?<![\w.])-?\d+\.\d+(?:e[+-]\d+)?")
ROUNDING = 0.5001
"""Half of the last printed digit, and what floats lose on the way there."""
MINUS = "\u2212"
FIRST_YEAR = 1980
"""The first that a zip file can hold."""
LATEX_SIGNS = {
    "$-$": "-", r"\textless{}": "<", r"\textbar{}": "|", r"\_": "_", r"\%": "%",
    r"\{": "{", r"\}": "}",
}  # fmt: skip
Cells = list[list[str]]


@pytest.fixture(scope="module")
def study() -> Study:
    return demo_study(*TABLES)


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return demo_estimates(*TABLES)


@pytest.fixture(scope="module")
def folder(study, estimates, tmp_path_factory) -> Path:
    place = tmp_path_factory.mktemp("tables")
    write_tables(study, estimates, place)
    return place


def path_of(folder: Path, name: str, suffix: str, language: str) -> Path:
    return folder / ("zh" if language == "zh" else "") / f"{name}.{suffix}"


def read_docx(path: Path) -> Cells:
    """Rows without merged repeats; every row of the head, then those of the body."""
    (table,) = docx.Document(str(path)).tables
    rows = []
    for row in table._tbl.tr_lst:
        cells = []
        for cell in row.tc_lst:
            merge = cell.tcPr.find(qn("w:vMerge"))
            if merge is None or merge.get(qn("w:val")) == "restart":
                texts = "".join(node.text or "" for node in cell.iter(qn("w:t")))
                cells.append(texts.replace(MINUS, "-"))
        rows.append(cells)
    return rows


def read_html(path: Path) -> Cells:
    (table,) = html.parse(str(path), html.HTMLParser(encoding="utf-8")).getroot().iter("table")
    return [[cell.text_content() for cell in row.xpath("./th|./td")] for row in table.iter("tr")]


def read_tex(path: Path) -> Cells:
    """Rows of the body, after the last rule of the head."""
    text = path.read_text(encoding="utf-8")
    body = text.split(r"\endfoot")[-1] if r"\endfoot" in text else text.split(r"\midrule")[-1]
    for sign, plain in LATEX_SIGNS.items():
        body = body.replace(sign, plain)
    rows = re.findall(r"^(.*) \\\\\*?$", body, re.MULTILINE)
    wide = re.compile(r"\\multicolumn\{\d+\}\{[^}]*\}+\{(.*)\}")
    return [[wide.sub(r"\1", cell) for cell in row.split(" & ")] for row in rows]


def read_xlsx(path: Path, name: str) -> Cells:
    """Rows of a sheet as its number formats show them."""
    sheet = openpyxl.load_workbook(path)[name]
    return [[shown(cell.value, cell.number_format) for cell in row] for row in sheet.iter_rows()]


def shown(value: object, number_format: str) -> str:
    """What a spreadsheet shows of a cell, for the formats that we write."""
    if not isinstance(value, int | float):
        return str(value or "")
    sections = number_format.split(";")
    code = sections[min(value < 0, len(sections) - 1)]
    size = abs(value) if len(sections) > 1 else value
    shown_text = ""
    for quoted, digits in re.findall(r'"([^"]*)"|([0.E+]+)', code):
        places, power = digits.removesuffix("E+00").count("0") - 1, digits.endswith("E+00")
        number = f"{size:.{places}{'e' if power else 'f'}}" if digits else ""
        shown_text += quoted + number
    return shown_text


def body_cells(table: PrintedTable, whole: bool = False) -> Cells:
    rows = rows_of(table.body if whole else table.shown)
    return [[row[0], row[1]] if is_common(row) else list(row) for row in rows]


def head_rows(table: PrintedTable) -> int:
    return 1 + bool(headings([str(head) for head in table.shown.columns])[1])


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_every_format_shows_the_same_cells(study, estimates, folder, name, language):
    table = layout_table(name, study, estimates, language)
    heads, expected = head_rows(table), body_cells(table)
    assert len(expected) > 20
    assert read_docx(path_of(folder, name, "docx", language))[heads:] == expected
    assert read_html(path_of(folder, name, "html", language))[heads:] == expected
    assert read_tex(path_of(folder, name, "tex", language)) == expected
    sheet = read_xlsx(path_of(folder, "tables", "xlsx", language), name)
    found = [[*row[:2]] if not any(row[2:]) else row for row in sheet[1 + heads :]]
    short = [row[:2] if len(row) > 2 and not any(row[2:]) else row for row in expected]
    assert found[: len(short)] == short


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", SHOWN)
@pytest.mark.parametrize("suffix", ["docx", "html", "tex", "xlsx"])
def test_every_number_is_a_row_of_estimates(estimates, folder, name, language, suffix):
    path = path_of(folder, name if suffix != "xlsx" else "tables", suffix, language)
    readers = {"docx": read_docx, "html": read_html, "tex": read_tex}
    cells = read_xlsx(path, name) if suffix == "xlsx" else readers[suffix](path)
    own = estimates[estimates["table"] == name]
    known = own[["estimate", "std_error", "ci_lower", "ci_upper"]].to_numpy().ravel()
    known = np.sort(known[np.isfinite(known)])
    notes = 2 if suffix == "xlsx" else 1
    texts = [text for row in cells if len(row) >= notes for cell in row for text in [cell]]
    numbers = [found for text in texts if len(text) < 60 for found in NUMBER.findall(text)]
    assert len(numbers) > 100
    for text in numbers:
        mantissa, _, power = text.partition("e")
        scale = 10.0 ** (int(power or 0) - len(mantissa.partition(".")[2]))
        assert np.abs(known - float(text)).min() <= ROUNDING * scale, text


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("model", ["sar", "sdm", "sdm_mediators"])
def test_effects_stand_in_their_own_place(study, estimates, folder, model, language):
    """Row of a model and variable, column of an effect: found by labels, not by our layout."""
    column = next(own for own in study.tables["T4"].columns if own.id == model)
    head = [column.label.in_language(language), study.variables["lq"].label.in_language(language)]
    rows = read_docx(path_of(folder, "T5", "docx", language))
    place = next(at for at, row in enumerate(rows) if row[:2] == head)
    own = estimates[
        estimates["table"].eq("T5") & estimates["model"].eq(model) & estimates["term"].eq("lq")
    ]
    for at, quantity in enumerate(("direct", "indirect", "total"), start=2):
        chosen = own[own["quantity"].eq(quantity) & own["inference"].eq("delta")]
        by_vcov = chosen.set_index("vcov")
        assert rows[place][at].rstrip("*") == f"{by_vcov.loc['clustered', 'estimate']:.4f}"
        errors = [rows[place + down][at] for down in (2, 3)]
        expected = [f"({by_vcov.loc[name, 'std_error']:.4f})" for name in ("serial", "clustered")]
        assert errors == expected


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_word_has_what_a_journal_wants(study, estimates, folder, name, language):
    table = layout_table(name, study, estimates, language)
    document = docx.Document(str(path_of(folder, name, "docx", language)))
    fonts = document.styles["Normal"].element.rPr.rFonts
    assert (fonts.get(qn("w:ascii")), fonts.get(qn("w:eastAsia"))) == ("Times New Roman", "SimSun")
    assert document.paragraphs[0].style.name == "Caption"
    texts = [paragraph.text for paragraph in document.paragraphs]
    assert texts == [table.heading, *table.notes]
    assert SYNTHETIC_CAUTION.in_language(language) in texts
    (own,) = document.tables
    rows = own._tbl.tr_lst
    repeated = [row.trPr.find(qn("w:tblHeader")) is not None for row in rows]
    assert repeated == [place < head_rows(table) for place in range(len(rows))]
    assert not list(own._tbl.iter(qn("w:insideV"), qn("w:insideH")))
    ruled = [sorted({rule.tag for rule in row.iter(qn("w:top"), qn("w:bottom"))}) for row in rows]
    assert qn("w:top") in ruled[0]
    assert ruled[-1] == [qn("w:bottom")]
    assert not any(ruled[head_rows(table) : -1])
    section = document.sections[0]
    width = sum(int(column.get(qn("w:w"))) for column in own._tbl.tblGrid) / 20
    line = Emu(section.page_width - section.left_margin - section.right_margin).pt
    assert width <= line + 0.1 * len(rows[0].tc_lst)


def test_a_wide_table_lies_on_a_turned_page(folder):
    sections = {
        name: docx.Document(str(path_of(folder, name, "docx", "en"))).sections[0] for name in TABLES
    }
    assert sections["T4"].page_height > sections["T4"].page_width
    assert sections["T7"].page_height < sections["T7"].page_width


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_workbook_has_a_sheet_a_table(study, estimates, folder, language):
    path = path_of(folder, "tables", "xlsx", language)
    book = openpyxl.load_workbook(path)
    contents, *sheets = book.sheetnames
    assert sheets == list(TABLES)
    links = [cell.hyperlink.location for cell in book[contents]["A"] if cell.hyperlink]
    assert links == [f"'{name}'!A1" for name in TABLES]
    titles = [cell.value for cell in book[contents]["B"] if cell.value]
    assert titles == [study.tables[name].title.in_language(language) for name in TABLES]
    assert SYNTHETIC_CAUTION.in_language(language) in [c.value for c in book[contents]["A"]]
    for name in TABLES:
        table = layout_table(name, study, estimates, language)
        assert book[name].freeze_panes == f"B{2 + head_rows(table)}"
        assert book[name]["A1"].value == table.heading
        merged = {str(area) for area in book[name].merged_cells.ranges}
        assert ("E2:H2" in merged) == (name == "T7")
        values = [cell.value for row in book[name].iter_rows() for cell in row]
        assert set(table.notes) <= set(values)


@pytest.mark.parametrize(
    ("text", "value", "shown_as"),
    [
        ("-0.2145***", -0.2145, '0.0000"***"'),
        ("(0.0146)", 0.0146, '"("0.0000")";"(-"0.0000")"'),
        ("[-0.50]", -0.5, '"["0.00"]";"[-"0.00"]"'),
        ("0.12†", 0.12, '0.00"†"'),
        ("2.20e-16", 2.2e-16, "0.00E+00"),
        ("1440", 1440.0, "0"),
    ],
)
def test_numbers_of_cells(text, value, shown_as):
    assert number_of(text) == (value, shown_as)
    assert shown(value, shown_as).lower() == text


@pytest.mark.parametrize("text", ["", "[0.1, 0.2]", "<0.0001", "T4", "(0.1) / (0.2)", "5 %", "-"])
def test_what_is_no_single_number(text):
    assert number_of(text) is None


def test_the_same_tables_give_the_same_bytes(study, estimates, folder, tmp_path):
    written = write_tables(study, estimates, tmp_path)
    assert {path.suffix for path in written} == {".csv", ".tex", ".docx", ".html", ".xlsx"}
    for path in written:
        assert path.read_bytes() == (folder / path.relative_to(tmp_path)).read_bytes(), path
        if path.suffix in (".docx", ".xlsx"):
            with zipfile.ZipFile(path) as members:
                times = {member.date_time for member in members.infolist()}
            assert len(times) == 1
            assert times.pop()[0] == FIRST_YEAR


def test_one_language_alone(study, estimates, tmp_path):
    report = study.report.model_copy(update={"languages": ("zh",)})
    written = write_tables(study.model_copy(update={"report": report}), estimates, tmp_path)
    assert {path.parent for path in written} == {tmp_path / "zh"}
