"""Faulty yearbook panels: every fault has its own message with place and remedy."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pytest
import xlsxwriter

from yrb_carbon.errors import SourceError
from yrb_carbon.sources.yearbook import read_city_yearbook

HEAD = ["城市", "年份", "采矿业", "单位从业人员"]
ROWS = [
    ["太原市", 2003, 52_300, 861_200],
    ["大同市", 2003, 124_100, 412_700],
    ["太原市", 2018, 48_900, 1_120_400],
    ["大同市", 2018, 98_700, 398_000],
]


def write(folder: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    path = folder / "yearbook.xlsx"
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(i, j, cell)
    return path


def changed(row: int, column: int, cell: object) -> list[list[object]]:
    rows = [list(r) for r in ROWS]
    rows[row][column] = cell
    return [HEAD, *rows]


def headed(*head: str) -> list[list[object]]:
    return [list(head), *ROWS]


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (
            headed("城市", "年份", "采砂业", "单位从业人员"),
            r"no column for emp_mining.*Did you mean.*采砂业",
        ),
        (
            headed("城市", "年份", "采矿业(千人)", "单位从业人员"),
            r"no column for emp_mining.*采矿业\(千人\)",
        ),
        (headed("城市", "年份", "采矿业(万元)", "单位从业人员"), "no column for emp_mining"),
        (headed("城市", "年份", "采矿业", "制造业"), "no column for emp_total"),
        (
            headed("城市", "年份", "采矿业_市辖区", "单位从业人员_市辖区"),
            r"for 市辖区 only.*全市 is asked",
        ),
        (
            headed("甲", "年份", "采矿业", "单位从业人员"),
            r"no header with a column of cities.*城市",
        ),
        (headed("城市", "批次", "采矿业", "单位从业人员"), r"no column for the year.*年份"),
        (headed("城市", "年鉴年份", "采矿业", "单位从业人员"), r"editions.*year_shift=-1"),
        (changed(1, 2, "12万"), r"row 3, column '采矿业': '12万' is not a number"),
        (changed(1, 2, -5), r"row 3, column '采矿业': -5 is below 0"),
        (changed(1, 1, 203), r"row 3, column '年份': the year 203 is out of range"),
        (changed(1, 1, None), r"row 3, column '年份': the row carries numbers"),
        (changed(1, 0, "太原市"), r"1 keys \(name, year\).*太原市 2003 \(rows 2, 3\)"),
        (changed(1, 0, None), r"row 3, column '城市': an empty cell where a name is wanted"),
        (changed(1, 3, 124_000), r"mining is above total.*大同市 2003 \(row 3: 124100 of 124000\)"),
        ([HEAD], "no data row below the header"),
    ],
)
def test_faults_of_a_sheet(tmp_path, rows, message):
    with pytest.raises(SourceError, match=message) as caught:
        read_city_yearbook(write(tmp_path, {"Sheet1": rows}))
    assert "yearbook.xlsx" in str(caught.value)


def test_two_columns_for_one_quantity(tmp_path):
    rows = [[*HEAD, "从业人员"], *([*row, row[3]] for row in ROWS)]
    with pytest.raises(SourceError, match=r"2 columns for emp_total: '单位从业人员', '从业人员'"):
        read_city_yearbook(write(tmp_path, {"Sheet1": rows}))


def test_unit_that_cannot_be_told(tmp_path):
    rows = [HEAD, ["嘉峪关市", 2003, 45, 620], ["金昌市", 2003, 52, 710]]
    with pytest.raises(SourceError, match=r"does not say the unit.*2003.*fit no unit.*人, 万人"):
        read_city_yearbook(write(tmp_path, {"Sheet1": rows}))


def test_unit_of_the_header_contradicts_the_numbers(tmp_path):
    rows = headed("城市", "年份", "采矿业(万人)", "单位从业人员(人)")
    with pytest.raises(
        SourceError,
        match=r"emp_mining is said to be in 10\^4 persons.*2003, 2018 look like persons",
    ):
        read_city_yearbook(write(tmp_path, {"Sheet1": rows}))


def test_unit_of_the_header_holds_for_some_years_only(tmp_path):
    rows = [
        ["城市", "年份", "采矿业(人)", "单位从业人员(人)"],
        *ROWS[:2],
        ["太原市", 2018, 4.89, 112.04],
        ["大同市", 2018, 9.87, 39.8],
    ]
    with pytest.raises(SourceError, match=r"the numbers of 2018 look like 10\^4 persons"):
        read_city_yearbook(write(tmp_path, {"Sheet1": rows}))


def test_option_contradicts_the_header(tmp_path):
    path = write(tmp_path, {"S": headed("城市", "年份", "采矿业(人)", "单位从业人员(人)")})
    with pytest.raises(SourceError, match=r"file says persons, the option says 10\^4 persons"):
        read_city_yearbook(path, unit="万人")


@pytest.mark.parametrize("unit", ["千人", {"emp_mining": "万元"}])
def test_unknown_option_of_unit(tmp_path, unit):
    with pytest.raises(SourceError, match=r"is no unit for emp_mining.*人, 万人"):
        read_city_yearbook(write(tmp_path, {"S": [HEAD, *ROWS]}), unit=unit)


def test_city_twice_in_two_sheets(tmp_path):
    rows = [["城市", "采矿业", "单位从业人员"], ["太原市", 52_300, 861_200]]
    path = write(tmp_path, {"2003年": rows, "2003": rows})
    with pytest.raises(SourceError, match=r"more than one sheet for one year: 太原市 2003"):
        read_city_yearbook(path)


def test_year_of_column_and_sheet_differ(tmp_path):
    with pytest.raises(SourceError, match=r"the year 2018 in a sheet named after 2003"):
        read_city_yearbook(write(tmp_path, {"2003": [HEAD, *ROWS]}))


def test_two_sheets_with_the_columns(tmp_path):
    path = write(tmp_path, {"一": [HEAD, *ROWS], "二": [HEAD, *ROWS]})
    with pytest.raises(SourceError, match=r"2 sheets have the wanted columns.*option sheet"):
        read_city_yearbook(path)
    assert len(read_city_yearbook(path, sheet="二").frame) == len(ROWS)


def test_sheets_of_the_other_scope_only(tmp_path):
    with pytest.raises(SourceError, match="no sheet for the scope 全市"):
        read_city_yearbook(write(tmp_path, {"市辖区": [HEAD, *ROWS]}))


def test_title_of_the_other_scope(tmp_path):
    with pytest.raises(SourceError, match="emp_mining is given for 市辖区 only"):
        read_city_yearbook(write(tmp_path, {"S": [["从业人员（市辖区）"], HEAD, *ROWS]}))


def test_unknown_sheet(tmp_path):
    with pytest.raises(SourceError, match=r"no sheet '2004'.*The sheets are: S"):
        read_city_yearbook(write(tmp_path, {"S": [HEAD, *ROWS]}), sheet="2004")


def test_no_sheet_with_cities(tmp_path):
    with pytest.raises(SourceError, match="no sheet has a header with a column of cities"):
        read_city_yearbook(write(tmp_path, {"一": [["a", "b"]], "二": [["c", "d"]]}))


def test_empty_sheet(tmp_path):
    with pytest.raises(SourceError, match="the sheet is empty"):
        read_city_yearbook(write(tmp_path, {"S": []}))


def test_bad_code(tmp_path):
    rows = [["城市", "代码", *HEAD[1:]], *([r[0], "A12", *r[1:]] for r in ROWS)]
    with pytest.raises(SourceError, match=r"column '代码': 'A12' is not a code of an area"):
        read_city_yearbook(write(tmp_path, {"S": rows}))


def test_sheet_of_a_csv(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("城市,年份\n", encoding="utf-8")
    with pytest.raises(SourceError, match="a CSV file has no sheet 'S'"):
        read_city_yearbook(path, sheet="S")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"scope": "全国"}, r"scope '全国' is unknown.*全市, 市辖区"),
        ({"wanted": ("mining",)}, r"wanted quantities are unknown: mining.*emp_mining"),
        ({"wanted": ()}, "none given"),
    ],
)
def test_bad_arguments(tmp_path, arguments, message):
    with pytest.raises(SourceError, match=message):
        read_city_yearbook(write(tmp_path, {"S": [HEAD, *ROWS]}), **arguments)


def test_missing_file(tmp_path):
    with pytest.raises(SourceError, match="the file does not exist"):
        read_city_yearbook(tmp_path / "none.xlsx")
