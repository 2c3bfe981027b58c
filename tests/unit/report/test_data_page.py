"""What the data page says of files and of units left out, in both languages."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from chinese_font import needs_chinese_font
from demo_estimates import demo_study
from embodied_rows import embodied_study

from yrb_carbon.report.language import Words
from yrb_carbon.report.site import data_page
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.data_page import draw_picture, left_out_units, picture_words, read_table
from yrb_carbon.report.site.remarks import REASONS, REMARKS, remark_text, spoken_remark
from yrb_carbon.report.site.run import Run, RunFiles

BOTH, CHINESE = PageWords(("en", "zh")), Words("zh")
READ_BACK = {
    "2184 of 2256 rows belong to 91 units of the study": "2256行中有2184行属于本研究的91个单元",
    "other sheets left out: '说明', 'NOTE'": "未读取的其他工作表：“说明”、“NOTE”",
    "set A: left out 419001 Jiyuan (Henan), 24 rows: not in set A": (
        "单元集A：略去419001 济源（河南省），24行：不在单元集A中"
    ),
    "sheet 2: column 'x': 3 cells are missing": "“sheet 2”：列“x”：3个单元格缺失",
    "set A: pop may be on other borders, flagged: 370100 Jinan (Shandong) 2000, 2001 and 7 more": (
        "单元集A：pop可能采用其他行政边界，已作标记：370100 济南（山东省） 2000、2001等，另有7项"
    ),
    "emp1 from column '从业(万人)', in 10^4 persons as the file says": (
        "emp1取自列“从业(万人)”，单位按文件所述为万人"
    ),
}


@pytest.mark.parametrize("remark", READ_BACK)
def test_remarks_are_read_back_into_their_parts(remark):
    assert spoken_remark(remark, REMARKS, CHINESE) == READ_BACK[remark]
    assert remark_text(remark, BOTH)["en"].unescape() == remark


def test_a_remark_that_nobody_knows_stays_and_is_marked_as_english():
    text = remark_text("something <new> was found", BOTH)
    assert text["en"] == "something &lt;new&gt; was found"
    assert text["zh"] == '<span lang="en">something &lt;new&gt; was found</span>'


@pytest.fixture
def run() -> Run:
    files = RunFiles(Path("estimates.csv"), Path("manifest.json"))
    return Run(demo_study(), BOTH, files, pd.DataFrame(), {}, None, None, (), ())


@pytest.mark.parametrize(
    "reason",
    ["no year has a value", "2 of 16 years have no value", "the unit has no row in the panel"],
)
def test_units_left_out_are_named_in_both_languages(run, reason):
    row = {"unit": "152900", "name_en": "Alxa", "variable": "lq", "column": "pop",
           "missing_years": "2003", "reason": reason}  # fmt: skip
    (own,) = left_out_units(run, pd.DataFrame([row]))
    assert (own.name["en"], own.name["zh"]) == ("Alxa", "阿拉善")
    assert own.variable["zh"] == "矿业集聚"
    assert own.reason["en"] == reason
    assert own.reason["zh"] == spoken_remark(reason, REASONS, CHINESE) != ""


def embodied_run(**files: object) -> Run:
    file = {"sheet": None, "rows": 9, "sha256": "1" * 64, "bytes": 2048, "notes": ["emissions: x"]}
    own = {**file, "file": "in/2015.xlsx", "year": 2015, "format": "ceads_energy",
           "unit": {"raw_coal": "10^4 t", "coke": "10^4 t", "gas": "10^8 m3"}}  # fmt: skip
    table = {**file, "file": "mrio.xlsx", "year": 2012, "format": "ceads_mrio", "system": "mrio",
             "unit": {"all amounts": "10^4 yuan"}}  # fmt: skip
    record = {"inventories": {}, "energy": {"files": [own]}, "tables": [table]}
    manifest = {"embodied": record, **files}
    names = RunFiles(Path("estimates.csv"), Path("manifest.json"))
    return Run(embodied_study(), BOTH, names, pd.DataFrame(), manifest, None, None, (), ())


def test_files_of_embodied_carbon_have_year_unit_and_publisher():
    energy, table = data_page.account_files(embodied_run())
    assert (energy.label["en"], energy.label["zh"]) == ("Energy inventories", "能源清单")
    assert (energy.year, energy.unit["en"]) == (2015, "10^4 t, 10^8 m3")
    assert "CEADs" in energy.publisher["en"]
    assert energy.publisher["zh"] == "中国碳核算数据库（CEADs）"
    assert (energy.source.file, energy.source.size) == ("2015.xlsx", "2 kB")
    assert energy.source.notes[0]["zh"] == "排放账户：x"
    assert (table.label["zh"], table.year) == ("省际投入产出表", 2012)
    assert table.unit["zh"] == "万元"
    assert data_page.account_files(embodied_run(embodied=None)) == []


def counted() -> pd.DataFrame:
    rows = [
        {"unit": unit, "variable": "lq", "column": column, "n_years": 16, "n_present": there,
         "share_present": there / 16, "missing_years": "", "kept": unit != "152900"}
        for unit, column, there in (("140100", "pop", 16), ("152900", "pop", 0),
                                    ("140100", "area", 16), ("152900", "area", 12))
    ]  # fmt: skip
    return pd.DataFrame(rows)


def test_the_picture_is_told_by_its_table(run):
    told = picture_words(run, counted())
    assert "2 units by 2 raw columns" in told["en"]
    assert "1 units are kept; cells without data: 20 of 64" in told["en"]
    assert "保留1个单元；64个单元格中有20个没有数据" in told["zh"]


@needs_chinese_font
def test_the_chinese_picture_has_chinese_texts(run, tmp_path, monkeypatch):
    counted().to_csv(tmp_path / "completeness.csv", index=False)
    seen: dict[str, Any] = {}
    draw = data_page.draw_completeness

    def kept(table: pd.DataFrame, *arguments: Any, **options: Any) -> Any:
        seen.update(options)
        return draw(table, *arguments, **options)

    monkeypatch.setattr(data_page, "draw_completeness", kept)
    first = draw_picture(run, tmp_path, "zh", tmp_path / "one" / "completeness.png")
    assert seen["texts"].title == "有数据的年份占比"
    assert "合成演示数据" in seen["notice"]
    assert seen["unit_labels"]["140100"] == "太原"
    second = draw_picture(run, tmp_path, "zh", tmp_path / "two" / "completeness.png")
    assert first.read_bytes() == second.read_bytes()
    assert [path.name for path in first.parent.iterdir()] == ["completeness.png"]
    assert list(read_table(tmp_path, "completeness.csv")["kept"]) == [True, False, True, False]
