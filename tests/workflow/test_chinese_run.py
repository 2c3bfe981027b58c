"""Chinese tables and pages of the finished demonstration hold no English words but those known."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

import docx
import lxml.html
import openpyxl
import pytest
from chinese_texts import english_left

from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.account_files import account_records
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study

pytestmark = pytest.mark.slow

NAMES_OF_TABLES = {"peers", "claims"}
"""Names without a digit."""
FILES = {"csv", "CSV", "html", "PDF", "PNG", "SVG", "zip", "Excel", "LaTeX", "Word", "json"}
SIZES = {"kB", "MB"}
PROGRAMS = {"Python", "yrb", "carbon", "demo", "SHA"}
"""Programs, the project, its study, a digest."""
SWITCH = {"English", "Language"}
TERMS = {"ESRI", "WGS", "EPSG", "GCJ", "FDR", "CEADs", "MODIS", "gC", "utf", "sig", "gb", "set"}
"""Projections, abbreviations, encodings of text, sets of units."""
PUBLISHERS = {"Global", "Energy", "Monitor", "Chen", "Lu", "Kelejian", "Prucha", "Sobel"}
ON_PAGES = NAMES_OF_TABLES | FILES | SIZES | PROGRAMS | SWITCH | TERMS | PUBLISHERS
FILE_NAMES = re.compile(r"[\w.-]+\.(?:json|csv|dta|yaml)(?![A-Za-z])|figures文件夹")
ESTIMATES_SHEET = "估计结果"
"""A copy of estimates.csv, whose columns are names."""
ENGLISH = ("script", "style", "code", "pre", "math", "svg", "noscript", "title")
"""Elements with programs, formulas, or a text that a script says in the language."""
BRACES = r"\{(?:[^{}]|\{[^{}]*\})*\}"
COMMANDS = re.compile(
    rf"(?m)^%.*$|\\begin\{{\w+\}}(?:\[[^]]*\]|{BRACES})*|\\end\{{\w+\}}"
    rf"|\\(?:label|setlength){BRACES}(?:{BRACES})?"
    rf"|\\multicolumn{BRACES}{BRACES}|\\resizebox{BRACES}{BRACES}|\\cmidrule\(lr\)|\\[A-Za-z@]+\*?"
)
"""Commands of LaTeX, with the arguments that are not printed."""


@pytest.fixture(scope="module")
def results(demo_run: Path) -> Path:
    return demo_run / "results" / "demo"


@pytest.fixture(scope="module")
def study(demo_run: Path) -> Study:
    return load_study([demo_run / "config.yaml"])


def texts_of_page(path: Path) -> Iterator[str]:
    """Texts that are said in Chinese, those of pictures and of boxes among them."""
    page = lxml.html.fromstring(path.read_text(encoding="utf-8"))
    marked = "//*[contains(concat(' ', @class, ' '), ' t-en ') or starts-with(@lang, 'en')]"
    for element in page.xpath(" | ".join((marked, *(f"//{name}" for name in ENGLISH)))):
        if element.getparent() is not None and element.tag != "html":
            element.drop_tree()
    for element in page.iter():
        if isinstance(element.tag, str):
            yield from (element.text or "", element.tail or "")
            yield from (element.get("alt") or "", element.get("aria-label") or "")


def texts_of_table(path: Path) -> Iterator[str]:
    """Texts of a file with a table, or of the sheets of a workbook."""
    if path.suffix == ".csv":
        with path.open(encoding="utf-8-sig", newline="") as handle:
            yield from (cell for row in csv.reader(handle) for cell in row)
    elif path.suffix == ".tex":
        text = path.read_text(encoding="utf-8").replace("\\_", "_")
        yield COMMANDS.sub(" ", text)
    elif path.suffix == ".html":
        yield from texts_of_page(path)
    elif path.suffix == ".docx":
        document = docx.Document(str(path))
        yield from (paragraph.text for paragraph in document.paragraphs)
        yield from (cell.text for one in document.tables for row in one.rows for cell in row.cells)
    elif path.suffix == ".xlsx":
        for sheet in openpyxl.load_workbook(path, read_only=True):
            if sheet.title != ESTIMATES_SHEET:
                yield from (str(c) for row in sheet.iter_rows(values_only=True) for c in row if c)
    else:
        raise AssertionError(f"no reader of {path.name}")


def test_tables_are_chinese_in_every_format(results: Path, study: Study):
    paths = sorted(path for path in (results / "tables" / "zh").iterdir())
    assert {path.suffix for path in paths} == {".csv", ".tex", ".html", ".docx", ".xlsx"}
    assert {path.stem for path in paths} >= {*study.tables, "claims"}
    left = {
        f"{path.name}: {word}: {text[:100]}"
        for path in paths
        for text in texts_of_table(path)
        for word in english_left(text, NAMES_OF_TABLES)
    }
    assert sorted(left) == []


def test_pages_are_chinese_but_for_what_is_marked_as_english(results: Path, study: Study):
    manifest = json.loads((results / "manifest.json").read_text(encoding="utf-8"))
    accounts = account_records(manifest, study)
    sources = [*manifest["sources"], manifest["boundaries"], *accounts]
    named = [Path(one["file"]).name for one in sources] + [str(one["sheet"]) for one in sources]
    named += [*manifest["packages"], manifest["git_commit"], *manifest["shipped"]]
    columns = {*load_dictionary().columns, *(name for one in sources for name in one["unit"])}
    pages = sorted((results / "report").rglob("*.html"))
    assert len(pages) > 25
    left = set()
    for path in pages:
        for text in texts_of_page(path):
            for one in sorted(named, key=len, reverse=True):
                text = text.replace(one, " ")
            text = FILE_NAMES.sub(" ", text)
            for word in english_left(text, ON_PAGES | columns):
                left.add(f"{path.name}: {word}: {text[:100].strip()}")
    assert sorted(left) == []


def test_every_remark_of_a_reader_has_a_chinese_text(results: Path):
    page = lxml.html.parse(str(results / "report" / "data.html"))
    remarks = page.xpath("//details//li")
    assert len(remarks) > 50
    unknown = "//details//li//*[@class='t-zh']//*[@lang='en']"
    assert [one.text_content() for one in page.xpath(unknown)] == []
