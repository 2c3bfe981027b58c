"""The city yearbook in every dialect that panels come in: one truth, many layouts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from yrb_carbon.sources.yearbook import header_words, read_city_yearbook

TEN_THOUSAND = 1e4
ROUND = 6
"""Digits of a number of 10^4 persons with which a number of persons is kept whole."""

TRUTH = [
    # city, year, mining, total, first, second, third sector (persons, 全市)
    ("太原市", 2003, 52_300, 861_200, 2_100, 402_000, 457_100),
    ("大同市", 2003, 124_100, 412_700, 3_500, 240_200, 169_000),
    ("长治市", 2003, 71_000, 301_000, 1_800, 160_200, 139_000),
    ("太原市", 2018, 48_900, 1_120_400, 900, 480_500, 639_000),
    ("大同市", 2018, 98_700, 398_000, 1_200, 190_000, 206_800),
    ("长治市", 2018, 66_200, 322_500, 700, 170_800, 151_000),
]
CITY_PART = 0.5
"""Share of the urban districts (市辖区) in the fixtures."""


def write(path: Path, sheets: dict[str, Sequence[Sequence[object]]]) -> Path:
    with xlsxwriter.Workbook(path) as book:
        for name, rows in sheets.items():
            sheet = book.add_worksheet(name)
            for i, row in enumerate(rows):
                for j, cell in enumerate(row):
                    if cell is not None:
                        sheet.write(i, j, cell)
    return path


def ten_thousand(persons: float) -> float:
    return round(persons / TEN_THOUSAND, ROUND)


def part(persons: float) -> float:
    return persons * CITY_PART


def simple_rows(factor=lambda x: x) -> list[list[object]]:
    return [[city, year, factor(mining), factor(total)] for city, year, mining, total, *_ in TRUTH]


def check(table, factor: float = 1.0) -> None:
    frame = table.frame
    assert list(frame.columns[:2]) == ["name", "year"]
    expected = {(c, y): (m * factor, t * factor) for c, y, m, t, *_ in TRUTH}
    assert len(frame) == len(expected)
    for row in frame.itertuples():
        mining, total = expected[(row.name, row.year)]
        assert row.emp_mining == pytest.approx(mining, rel=1e-12)
        assert row.emp_total == pytest.approx(total, rel=1e-12)
    assert table.record.unit["emp_mining"] == "persons"
    assert frame.equals(frame.sort_values(["name", "year"], ignore_index=True))


MINING_HEADERS = (
    "采矿业", "采掘业", "采矿业从业人员数", "按行业分组_采矿业", "采矿业从业人员数（人）",
    "采矿业(人)", "第二产业_采矿业从业人员_人_全市", "采矿业从业人员期末人数",
    "采矿业城镇单位就业人员", "全市采矿业从业人员数", "采矿业从业人员（全市）",
    "城镇单位从业人员期末人数_采矿业",
    "采掘业年末从业人员数", "采矿业\n从业人员数", "按行业分组的单位从业人员:采矿业",
)  # fmt: skip
TOTAL_HEADERS = (
    "城镇单位从业人员期末人数", "年末单位从业人员数", "从业人员", "单位从业人员",
    "城镇单位就业人员", "单位从业人员_合计", "年末城镇单位从业人员数（人）",
    "城镇单位从业人员期末人数_人_全市", "城镇非私营单位就业人员期末人数", "从业人员总数",
)  # fmt: skip


@pytest.mark.parametrize("header", MINING_HEADERS)
def test_headers_of_mining(tmp_path, header):
    head = ["城市", "年份", header, "城镇单位从业人员期末人数"]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": [head, *simple_rows()]})))


@pytest.mark.parametrize("header", TOTAL_HEADERS)
def test_headers_of_the_total(tmp_path, header):
    head = ["城市名称", "年度", "采矿业", header]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": [head, *simple_rows()]})))


@pytest.mark.parametrize(
    "header",
    [
        "采矿业平均工资", "平均工资_采矿业", "采矿业(万元)", "采矿业固定资产投资",
        "城镇私营和个体从业人员", "第一产业", "从业人员占比", "在岗职工人数", "发明专利授权数",
        "采矿业从业人员比重(%)", "年份", "采矿业_制造业", "第二产业占GDP比重", "科学支出_教育支出",
    ],
)  # fmt: skip
def test_headers_that_are_something_else(header):
    assert header_words(header).quantity is None


@pytest.mark.parametrize(
    ("header", "quantity", "scope", "unit"),
    [
        ("第二产业_采矿业从业人员_人_全市", "emp_mining", "全市", "persons"),
        ("采矿业从业人员数万人", "emp_mining", None, "10^4 persons"),
        ("市辖区_采矿业(万人)", "emp_mining", "市辖区", "10^4 persons"),
        ("第一产业从业人员_市辖区", "emp1", "市辖区", None),
        ("单位从业人员_第三产业", "emp3", None, None),
        ("专利授权数（件）", "patents_granted", None, "count"),
        ("专利授权量", "patents_granted", None, None),
        ("地方一般公共预算支出(万元)", "fiscal_exp", None, "10^4 yuan"),
        ("地方财政一般预算内支出", "fiscal_exp", None, None),
        ("公共财政支出_科学技术支出_万元_全市", "sci_exp", "全市", "10^4 yuan"),
        ("其中：科学支出（亿元）", "sci_exp", None, "10^8 yuan"),
        ("科学事业费支出", "sci_exp", None, None),
    ],
)
def test_words_of_a_header(header, quantity, scope, unit):
    words = header_words(header)
    assert (words.quantity, words.scope, words.unit) == (quantity, scope, unit)


@pytest.mark.parametrize("header", ["采矿业(万人)", "采矿业从业人员_万人", "采矿业万人"])
def test_unit_in_the_header(tmp_path, header):
    head = ["城市", "年份", header, "从业人员（万人）"]
    rows = [head, *simple_rows(ten_thousand)]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": rows}))
    check(table)
    assert any("in 10^4 persons as the file says" in note for note in table.record.notes)


def test_units_differ_by_column(tmp_path):
    head = ["城市", "年份", "采矿业(人)", "从业人员(万人)"]
    rows = [[c, y, m, ten_thousand(t)] for c, y, m, t, *_ in TRUTH]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": [head, *rows]})))


def test_unit_in_a_row_below_the_header(tmp_path):
    rows = [
        ["城市", "年份", "采矿业", "单位从业人员"],
        [None, None, "万人", "万人"],
        *simple_rows(ten_thousand),
    ]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": rows})))


@pytest.mark.parametrize("name", ["采矿业_万人", "从业人员(万人)", "单位万人"])
def test_unit_in_the_name_of_the_sheet(tmp_path, name):
    rows = [["城市", "年份", "采矿业", "单位从业人员"], *simple_rows(ten_thousand)]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {name: rows})))


def test_unit_and_scope_in_a_title(tmp_path):
    rows = [
        ["2-10 按行业分组的单位从业人员（全市）"],
        [None, None, None, "单位：万人"],
        ["城市", "年份", "采矿业", "单位从业人员"],
        *simple_rows(ten_thousand),
    ]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": rows}))
    check(table)
    assert not any("does not name the scope" in note for note in table.record.notes)


@pytest.mark.parametrize("option", ["万人", {"emp_mining": "万人", "emp_total": "万人"}])
def test_unit_by_option(tmp_path, option):
    rows = [["城市", "年份", "采矿业", "单位从业人员"], *simple_rows(ten_thousand)]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": rows}), unit=option)
    check(table)
    assert any("in 10^4 persons as told" in note for note in table.record.notes)


@pytest.mark.parametrize("factor", [lambda x: x, ten_thousand])
def test_unit_by_the_size_of_the_numbers(tmp_path, factor):
    rows = [["城市", "年份", "采矿业", "单位从业人员"], *simple_rows(factor)]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": rows}))
    check(table)
    assert any("by the size of the numbers in 2003, 2018" in note for note in table.record.notes)


def test_unit_that_changes_between_the_years_is_found_and_noted(tmp_path):
    rows = [
        [c, y, m if y == 2003 else ten_thousand(m), t if y == 2003 else ten_thousand(t)]
        for c, y, m, t, *_ in TRUTH
    ]
    head = ["城市", "年份", "采矿业", "单位从业人员"]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"Sheet1": [head, *rows]}))
    check(table)
    text = " ".join(table.record.notes)
    assert "in persons by the size of the numbers in 2003" in text
    assert "in 10^4 persons by the size of the numbers in 2018" in text


def suffixed_rows() -> list[list[object]]:
    head = ["城市", "年份", "采矿业_全市", "采矿业_市辖区", "从业人员_全市", "从业人员_市辖区"]
    return [head, *([c, y, m, part(m), t, part(t)] for c, y, m, t, *_ in TRUTH)]


def two_level_rows() -> list[list[object]]:
    return [
        ["城市", "年份", "采矿业", None, "单位从业人员", None],
        [None, None, "全市", "市辖区", "全市", "市辖区"],
        *([c, y, m, part(m), t, part(t)] for c, y, m, t, *_ in TRUTH),
    ]


def two_level_scope_above_rows() -> list[list[object]]:
    return [
        [None, None, "全市", None, "市辖区", None],
        ["城市", "年份", "采矿业", "单位从业人员", "采矿业", "单位从业人员"],
        *([c, y, m, t, part(m), part(t)] for c, y, m, t, *_ in TRUTH),
    ]


def three_level_rows() -> list[list[object]]:
    return [
        ["城市", "年份", "采矿业", None, "单位从业人员", None],
        [None, None, "全市", "市辖区", "全市", "市辖区"],
        [None, None, "人", "人", "万人", "万人"],
        *([c, y, m, part(m), ten_thousand(t), ten_thousand(part(t))] for c, y, m, t, *_ in TRUTH),
    ]


@pytest.mark.parametrize(
    "rows", [suffixed_rows, two_level_rows, two_level_scope_above_rows, three_level_rows]
)
@pytest.mark.parametrize(("scope", "factor"), [("全市", 1.0), ("市辖区", CITY_PART)])
def test_scope_in_the_header(tmp_path, rows, scope, factor):
    path = write(tmp_path / "a.xlsx", {"Sheet1": rows()})
    check(read_city_yearbook(path, scope=scope), factor)


@pytest.mark.parametrize(("scope", "factor"), [("全市", 1.0), ("市辖区", CITY_PART)])
def test_scope_by_sheet(tmp_path, scope, factor):
    head = ["城市", "年份", "采矿业", "单位从业人员"]
    path = write(
        tmp_path / "a.xlsx",
        {
            "说明": [["数据来源：中国城市统计年鉴"]],
            "市辖区": [head, *simple_rows(part)],
            "全市": [head, *simple_rows()],
        },
    )
    table = read_city_yearbook(path, scope=scope)
    check(table, factor)
    assert table.record.sheet == scope
    assert any("other sheets left out" in note for note in table.record.notes)


def yearly(names: dict[int, str], mining: dict[int, str]) -> dict[str, list[list[object]]]:
    return {
        name: [
            ["城市", mining[year], "单位从业人员"],
            *([c, m, t] for c, y, m, t, *_ in TRUTH if y == year),
        ]
        for year, name in names.items()
    }


@pytest.mark.parametrize(
    "names",
    [
        {2003: "2003", 2018: "2018"},
        {2018: "2018年", 2003: "2003年"},
        {2003: "2003全市", 2018: "2018"},
    ],
)
def test_one_sheet_a_year(tmp_path, names):
    sheets = yearly(names, {2003: "采掘业", 2018: "采矿业"})
    table = read_city_yearbook(write(tmp_path / "a.xlsx", sheets))
    check(table)
    assert set(table.record.sheet.split(", ")) == set(names.values())


def test_one_sheet_a_year_and_scope(tmp_path):
    sheets = yearly({2003: "2003年全市", 2018: "2018年全市"}, {2003: "采掘业", 2018: "采矿业"})
    sheets["2003年市辖区"] = [["城市", "采掘业", "单位从业人员"], ["太原市", 1, 2]]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", sheets)))


def test_headings_of_provinces_between_the_cities_are_counted(tmp_path):
    sheets = yearly({2003: "2003", 2018: "2018"}, {2003: "采矿业", 2018: "采矿业"})
    for rows in sheets.values():
        rows.insert(1, ["山西省", None, None])
    table = read_city_yearbook(write(tmp_path / "a.xlsx", sheets))
    check(table)
    assert "2003: 1 rows with a name only left out, the first: '山西省'" in table.record.notes


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030"])
def test_csv(tmp_path, encoding):
    lines = ["城市,年份,采矿业从业人员数_人,单位从业人员数_人"]
    lines += [",".join(map(str, row)) for row in simple_rows()]
    path = tmp_path / "年鉴.csv"
    path.write_bytes("\n".join(lines).encode(encoding))
    table = read_city_yearbook(path)
    check(table)
    assert table.record.sheet is None


def test_csv_of_two_levels(tmp_path):
    lines = ["城市,年份,采矿业,,单位从业人员,", ",,全市,市辖区,全市,市辖区"]
    lines += [f"{c},{y},{m},{part(m)},{t},{part(t)}" for c, y, m, t, *_ in TRUTH]
    path = tmp_path / "a.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    check(read_city_yearbook(path, scope="市辖区"), CITY_PART)


def test_years_of_editions_are_shifted(tmp_path):
    head = ["城市", "年鉴年份", "采矿业", "单位从业人员"]
    rows = [[c, y + 1, m, t] for c, y, m, t, *_ in TRUTH]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": [head, *rows]}), year_shift=-1)
    check(table)
    assert "-1 added to the years of the file" in table.record.notes


def test_shift_of_sheets_named_after_editions(tmp_path):
    sheets = yearly({2003: "2004", 2018: "2019"}, {2003: "采矿业", 2018: "采矿业"})
    check(read_city_yearbook(write(tmp_path / "a.xlsx", sheets), year_shift=-1))


def test_code_and_province_are_kept_as_text(tmp_path):
    rows = [
        ["年份", "省份", "城市", "行政区划代码", "采矿业", "单位从业人员"],
        [2003, "山西省", "太原市", 140100.0, 52_300, 861_200],
        [2003, "青海省", "海东地区", "632100", 2_300, 61_200],
        [2003, "内蒙古", "乌兰察布盟", 1526, 12_300, 161_200],
    ]
    frame = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": rows})).frame
    assert list(frame.columns) == ["code", "province", "name", "year", "emp_mining", "emp_total"]
    assert frame["code"].tolist() == ["140100", "152600", "632100"]
    assert frame["name"].tolist() == ["太原市", "乌兰察布盟", "海东地区"]


def test_all_quantities(tmp_path):
    rows: list[list[object]] = [
        [
            "城市", "年份", "采矿业(人)", "从业人员(万人)", "第一产业从业人员(万人)",
            "第二产业从业人员(万人)", "第三产业从业人员(万人)", "专利授权数(件)",
            "公共财政支出(亿元)", "科学技术支出(万元)", "绿化覆盖率(%)",
        ]
    ]  # fmt: skip
    for c, y, m, t, first, second, third in TRUTH:
        sectors = [ten_thousand(x) for x in (first, second, third)]
        rows.append([c, y, m, ten_thousand(t), *sectors, 812, 62.5, 4_310, 41.2])
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": rows}))
    first_row = table.frame.iloc[0]
    assert first_row["name"] == "大同市"
    assert first_row["emp1"] == pytest.approx(3_500, rel=1e-12)
    assert first_row["emp2"] == pytest.approx(240_200, rel=1e-12)
    assert first_row["emp3"] == pytest.approx(169_000, rel=1e-12)
    assert first_row["patents_granted"] == 812
    assert first_row["fiscal_exp"] == pytest.approx(625_000, rel=1e-12)
    assert first_row["sci_exp"] == 4_310
    assert table.record.unit["fiscal_exp"] == "10^4 yuan"
    assert "绿化覆盖率(%)" not in table.frame.columns


@pytest.mark.parametrize(("word", "value"), [("元", 6.25e9), ("万元", 6.25e5), ("亿元", 62.5)])
@pytest.mark.parametrize("way", ["header", "option", "size"])
def test_units_of_money(tmp_path, word, value, way):
    header = f"一般公共预算支出（{word}）" if way == "header" else "一般公共预算支出"
    path = write(tmp_path / "a.xlsx", {"S": [["城市", "年份", header], ["太原市", 2008, value]]})
    table = read_city_yearbook(path, wanted=("fiscal_exp",), unit=word if way == "option" else None)
    assert table.frame["fiscal_exp"].tolist() == pytest.approx([625_000.0], rel=1e-12)


def test_missing_cells_stay_missing_and_are_counted(tmp_path):
    rows = [["城市", "年份", "采矿业(人)", "从业人员(人)"], *simple_rows()]
    rows[1][2] = None
    rows[2][2] = "-"
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": rows}))
    assert int(table.frame["emp_mining"].isna().sum()) == 2
    assert "emp_mining: 2 of 6 cells are missing" in table.record.notes


def test_zero_mining_is_zero(tmp_path):
    rows = [["城市", "年份", "采矿业(人)", "从业人员(人)"], ["威海市", 2018, 0, 400_000]]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": rows}))
    assert table.frame["emp_mining"].tolist() == [0.0]


def test_footer_is_left_out(tmp_path):
    rows = [
        ["城市", "年份", "采矿业", "从业人员"],
        *simple_rows(),
        ["数据来源：中国城市统计年鉴", None, None, None],
    ]
    check(read_city_yearbook(write(tmp_path / "a.xlsx", {"S": rows})))


def test_row_order_does_not_matter(tmp_path):
    head = ["城市", "年份", "采矿业(万人)", "从业人员(万人)"]
    rows = simple_rows(ten_thousand)
    one = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": [head, *rows]}))
    two = read_city_yearbook(write(tmp_path / "b.xlsx", {"S": [head, *rows[::-1]]}))
    pd.testing.assert_frame_equal(one.frame, two.frame, check_exact=True)


def test_file_without_a_scope_is_noted(tmp_path):
    head = ["城市", "年份", "采矿业", "从业人员"]
    table = read_city_yearbook(write(tmp_path / "a.xlsx", {"S": [head, *simple_rows()]}))
    assert "emp_mining: the file does not name the scope of '采矿业'" in table.record.notes
