"""Titles and labels that programs could take for something else than text."""

from __future__ import annotations

import re
from pathlib import Path

import docx
import openpyxl
import pandas as pd
from matplotlib.figure import Figure

from yrb_carbon.panel.completeness import completeness_table, draw_completeness
from yrb_carbon.report.canvas import Page
from yrb_carbon.report.cells import printed
from yrb_carbon.report.excel import write_workbook
from yrb_carbon.report.forest import ForestEffect, ForestInterval, ForestRow, draw_forest
from yrb_carbon.report.language import Words
from yrb_carbon.report.latex import write_latex_table
from yrb_carbon.report.press import Press
from yrb_carbon.report.word import write_word_table

FORMULAS = ("=1+1", "+1", "-x", "@SUM(A1)", "=SUM(A1:A9) of all")


def test_no_text_of_a_workbook_is_a_formula(tmp_path: Path):
    heads = ["", *(f"{text}: {part}" for text in FORMULAS for part in ("=a", "@b"))]
    lines = [["=row", *(["=1+1"] * (len(heads) - 1))], ["x", *(["0.1"] * (len(heads) - 1))]]
    table = printed("T1", "=title", pd.DataFrame(lines, columns=heads), FORMULAS)
    path = tmp_path / "tables.xlsx"
    write_workbook([table], path, "=study", ["=caution"], Words())
    cells = [
        cell
        for sheet in openpyxl.load_workbook(path)
        for row in sheet.iter_rows()
        for cell in row
        if cell.value is not None
    ]
    assert [cell.coordinate for cell in cells if cell.data_type == "f"] == []
    texts = {str(cell.value) for cell in cells}
    assert {*FORMULAS, "=row", "=1+1", "=caution"} <= texts


def test_a_title_longer_than_a_property_is_whole_on_the_page(tmp_path: Path):
    title = "very long " * 40
    body = pd.DataFrame([["x", "0.1"]], columns=["", "A"])
    path = tmp_path / "t.docx"
    write_word_table(printed("T1", title, body, ()), path)
    document = docx.Document(str(path))
    assert len(document.core_properties.title) <= 255
    assert any(title.strip() in paragraph.text for paragraph in document.paragraphs)


def test_brackets_and_stars_after_the_end_of_a_row_are_text(tmp_path: Path):
    heads = ["[a]", *(f"Spatial Durbin{place} [two-way] ** persons" for place in range(9))]
    lines = [["[b]", *["0.1"] * 9], ["*c", *["0.3"] * 9]]
    body = pd.DataFrame(lines, columns=heads)
    path = tmp_path / "t.tex"
    write_latex_table(printed("T1", "Title", body, ()), path)
    text = path.read_text(encoding="utf-8")
    options = re.compile(r"(\\\\|\\(top|mid|bottom)rule)\s*[\[*]")
    assert options.search(text) is None
    assert "{[}two-way]" in text


def test_dollars_on_figures_are_dollars(tmp_path: Path):
    """Mathtext would draw `$10^2$` as a power, and break at `$\\nosuch$`."""
    from matplotlib.text import Text

    text = "Output ($10^2$ yuan, $\\nosuch{$) per $x_1$"
    kept = []

    def draw(*, title: str, page: Page) -> Figure:
        rows = [ForestRow(text, (ForestEffect(0.1, (ForestInterval(text, 0, 1),)),), text)]
        kept.append(draw_forest([text], rows, title=title, page=page, notes=[text]))
        return kept[0]

    Press(tmp_path, dpi=50).write("F", text, Page(notice=text), draw)
    said = [one for one in kept[0].findobj(Text) if "$" in one.get_text()]
    assert len(said) >= 7
    assert not any(one.get_parse_math() for one in said)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg", ".pdf"}


def test_dollars_of_units_and_columns_are_drawn_in_the_picture_of_the_sample(tmp_path: Path):
    panel = pd.DataFrame(
        {"a$_x$": [1.0, None]}, index=pd.MultiIndex.from_tuples([("1", 2001), ("2", 2001)])
    )
    panel.index.names = ["unit", "year"]
    table = completeness_table(panel, {"v": ["a$_x$"]}, [2001], ["1", "2"])
    names = {"1": "One $\\nosuch{$", "2": "Two"}
    paths = draw_completeness(table, tmp_path / "c", notice="$\\nosuch{$", unit_labels=names)
    assert all(path.is_file() for path in paths)
