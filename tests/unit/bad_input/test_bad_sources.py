"""What readers say about files that are missing, cut, mislabelled or wrongly filled."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pytest
import xlsxwriter

from yrb_carbon.errors import SourceError
from yrb_carbon.sources import READERS
from yrb_carbon.sources.base import SourceTable

HEADER = ["年份", "城市代码", "所属省份", "城市", "碳排放量_吨"]
TAIYUAN = [2003, 140100, "山西省", "太原市", 2.7e7]
DATONG = [2003, 140200, "山西省", "大同市", 2.9e7]

Rows = Sequence[Sequence[object]]


def workbook(path: Path, sheets: dict[str, Rows]) -> Path:
    book = xlsxwriter.Workbook(str(path))
    for name, rows in sheets.items():
        sheet = book.add_worksheet(name)
        for i, row in enumerate(rows):
            for j, cell in enumerate(row):
                if cell == "#DIV/0!":
                    sheet.write_formula(i, j, "=1/0", None, cell)
                elif isinstance(cell, str):
                    sheet.write_string(i, j, cell)
                elif cell is not None:
                    sheet.write(i, j, cell)
    book.close()
    return path


def text(path: Path, rows: Rows, encoding: str = "utf-8") -> Path:
    lines = [",".join("" if cell is None else str(cell) for cell in row) for row in rows]
    path.write_bytes(("\n".join(lines) + "\n").encode(encoding))
    return path


def refused(reader: str, path: Path, **options: object) -> SourceError:
    """The error that reading raises."""
    with pytest.raises(SourceError) as caught:
        READERS[reader].read(path, **options)
    assert str(path.name) in str(caught.value) or str(path.parent) in str(caught.value)
    return caught.value


def edgar(tmp_path: Path, *rows: Sequence[object], header: Sequence[object] = HEADER) -> Path:
    return workbook(tmp_path / "地级市碳排放强度.xlsx", {"Sheet1": [header, *rows]})


def changed(row: Sequence[object], position: int, value: object) -> list[object]:
    return [value if i == position else cell for i, cell in enumerate(row)]


def test_missing_file_names_files_with_a_similar_name(tmp_path):
    edgar(tmp_path, TAIYUAN)
    error = refused("edgar_city", tmp_path / "地级市碳排放强度 .xlsx")
    assert "does not exist" in error.problem
    assert "'地级市碳排放强度.xlsx'" in str(error.hint)


def test_missing_file_without_a_similar_name_lists_the_folder(tmp_path):
    text(tmp_path / "notes.csv", [["a"]])
    assert "'notes.csv'" in str(refused("edgar_city", tmp_path / "城市.xlsx").hint)


def test_missing_folder(tmp_path):
    assert "Nor does" in str(refused("fdi", tmp_path / "data" / "fdi.xlsx").hint)


def test_folder_instead_of_a_file(tmp_path):
    assert "a file is wanted" in refused("fdi", tmp_path).problem


@pytest.mark.parametrize("reader", ["edgar_city", "city_npp", "city_employment", "gem_mines"])
def test_empty_file(tmp_path, reader):
    path = tmp_path / "empty.xlsx"
    path.touch()
    assert "the file is empty" in refused(reader, path).problem


@pytest.mark.parametrize("share", [0.3, 0.9])
def test_cut_workbook(tmp_path, share):
    path = edgar(tmp_path, TAIYUAN)
    whole = path.read_bytes()
    path.write_bytes(whole[: int(len(whole) * share)])
    error = refused("edgar_city", path)
    assert "not a whole Excel workbook" in error.problem
    assert "download it again" in str(error.hint)


def test_text_under_the_name_of_a_workbook(tmp_path):
    path = text(tmp_path / "a.xlsx", [HEADER, TAIYUAN])
    assert "not a whole Excel workbook" in refused("edgar_city", path).problem


def test_workbook_under_the_name_of_a_text(tmp_path):
    path = edgar(tmp_path, TAIYUAN).rename(tmp_path / "a.csv")
    error = refused("city_npp", path)
    assert "this is a workbook" in error.problem
    assert "Save the sheet as CSV" in str(error.hint)


@pytest.mark.parametrize("size", [1, 60, 300, -20, -400])
def test_cut_stata_file(tmp_path, size):
    path = tmp_path / "Employment.dta"
    pd.DataFrame({"year": [2003.0] * 50}).to_stata(path, write_index=False)
    path.write_bytes(path.read_bytes()[:size])
    assert "not a whole Stata file" in refused("city_employment", path).problem


def test_wrong_sheet_lists_the_sheets(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Sheet1": [HEADER, TAIYUAN], "数据说明": [["x"]]})
    error = refused("edgar_city", path, sheet="Sheet 1")
    assert "no sheet 'Sheet 1'" in error.problem
    assert "Did you mean 'Sheet1'?" in str(error.hint)
    assert "'数据说明'" in str(error.hint)


def test_empty_sheet(tmp_path):
    path = workbook(tmp_path / "a.xlsx", {"Sheet1": []})
    assert "the sheet is empty" in refused("edgar_city", path).problem


def test_header_alone(tmp_path):
    assert "no data row" in refused("edgar_city", edgar(tmp_path)).problem


def test_renamed_column_suggests_and_lists(tmp_path):
    header = changed(HEADER, 4, "碳排放总量（吨）")
    error = refused("edgar_city", edgar(tmp_path, TAIYUAN, header=header))
    assert "no column '碳排放量_吨'" in error.problem
    assert "Did you mean '碳排放总量（吨）'" in str(error.hint)
    assert "城市代码" in str(error.hint)


def test_column_named_twice(tmp_path):
    path = edgar(tmp_path, [*TAIYUAN, 1], header=[*HEADER, "碳排放量_吨"])
    error = refused("edgar_city", path)
    assert "2 columns have this name (columns 5, 6)" in error.problem


@pytest.mark.parametrize("value", ["约2700万", "12%", "#DIV/0!", True, "2,7"])
def test_text_in_a_number_column_names_row_column_and_value(tmp_path, value):
    error = refused("edgar_city", edgar(tmp_path, DATONG, changed(TAIYUAN, 4, value)))
    assert f"{value!r} is not a number" in error.problem
    assert (error.place.row, error.place.column, error.place.sheet) == (3, "碳排放量_吨", "Sheet1")


def test_negative_emissions(tmp_path):
    error = refused("edgar_city", edgar(tmp_path, changed(TAIYUAN, 4, -5.0)))
    assert "-5 is below 0" in error.problem


@pytest.mark.parametrize("token", ["-", "—", "NA", "n/a", "…", "  "])
def test_signs_for_missing_are_tolerated(tmp_path, token):
    table: SourceTable = READERS["edgar_city"].read(
        edgar(tmp_path, DATONG, changed(TAIYUAN, 4, token))
    )
    assert table.frame["co2_edgar"].isna().sum() == 1
    assert "co2_edgar: 1 of 2 cells are missing" in table.record.notes


def test_duplicate_key_names_code_year_and_rows(tmp_path):
    error = refused("edgar_city", edgar(tmp_path, TAIYUAN, DATONG, changed(TAIYUAN, 4, 1.0)))
    assert "140100 2003 (rows 2, 4)" in error.problem
    assert "140200" not in error.problem


@pytest.mark.parametrize(
    ("year", "text_"),
    [
        (2003.5, "the year 2003.5 has a fraction"),
        (203, "the year 203 is out of range"),
        (20030, "the year 20030 is out of range"),
        ("二〇〇三", "'二〇〇三' is not a year"),
    ],
)
def test_impossible_years(tmp_path, year, text_):
    error = refused("edgar_city", edgar(tmp_path, DATONG, changed(TAIYUAN, 0, year)))
    assert text_ in error.problem
    assert error.place.row == 3
    assert "1949 to 2049" in str(error.hint)


def test_a_row_with_numbers_but_no_year(tmp_path):
    error = refused("edgar_city", edgar(tmp_path, DATONG, changed(TAIYUAN, 0, None)))
    assert "carries numbers" in error.problem
    assert "no year" in error.problem
    assert error.place.row == 3


@pytest.mark.parametrize("code", ["山西", 14010, 140100.5, 1401000])
def test_bad_codes(tmp_path, code):
    error = refused("edgar_city", edgar(tmp_path, DATONG, changed(TAIYUAN, 1, code)))
    assert "is not a six-digit code" in error.problem
    assert error.place.column == "城市代码"


@pytest.mark.parametrize(("cell", "text_"), [(None, "an empty cell"), (5, "5.0 is not a name")])
def test_bad_names(tmp_path, cell, text_):
    error = refused("edgar_city", edgar(tmp_path, DATONG, changed(TAIYUAN, 3, cell)))
    assert text_ in error.problem


def test_megatonnes_where_tonnes_are_promised(tmp_path):
    error = refused("edgar_city", edgar(tmp_path, changed(TAIYUAN, 4, 27.6)))
    assert "the numbers look like Mt CO2" in error.problem
    assert "t CO2" in str(error.hint)


NPP = [
    ["province", "city", "city_id", "year", "overall_anpp"],
    ["山西省", "太原市", 140100, 2003, 301.5],
    ["山西省", "大同市", 140200, 2003, 280.0],
]


def test_undecodable_bytes_name_line_and_encodings(tmp_path):
    path = text(tmp_path / "n.csv", NPP)
    path.write_bytes(path.read_bytes() + b"\xff\xff,a\n")
    error = refused("city_npp", path)
    assert "utf-8-sig, gb18030" in error.problem
    assert "0xff" in error.problem
    assert error.place.row == 4


def test_utf16(tmp_path):
    error = refused("city_npp", text(tmp_path / "n.csv", NPP, "utf-16"))
    assert "UTF-16" in error.problem


COUNTY = [
    ["DISTCODE地区代码", "County Name", "County Name", "City Name", "City Name",
     "Province Name", "Province Name", "C2016", "C2017"],
    ["140105", "小店区", "Xiaodian", "太原市", "Taiyuan", "山西省", "Shanxi", 0.9, 1.1],
]  # fmt: skip


@pytest.mark.parametrize(
    ("wrong", "right"), [("latin-1", "utf-8"), ("latin-1", "gb18030"), ("gb18030", "utf-8")]
)
def test_headers_decoded_with_the_wrong_encoding(tmp_path, wrong, right):
    header = [str(name).encode(right).decode(wrong, "ignore") for name in HEADER]
    rows = [header, [2003, 140100, "a", "b", 2.0e7]]
    error = refused("edgar_city", workbook(tmp_path / "a.xlsx", {"Sheet1": rows}))
    # Cutting a byte that the wrong encoding cannot show makes the text beyond repair.
    repairable = "".join(header).encode(wrong).decode(right, "replace") == "".join(HEADER)
    assert ("read as" in str(error.hint)) == repairable
    assert "no column" in error.problem


def test_latin_1_headers_are_recognised(tmp_path):
    header = ["".join(chr(b) for b in str(name).encode("gb18030")) for name in HEADER]
    rows = [header, [2003, 140100, "a", "b", 2.0e7]]
    error = refused("edgar_city", workbook(tmp_path / "a.xlsx", {"Sheet1": rows}))
    assert "gb18030 text read as latin-1" in str(error.hint)
    assert "年份" in str(error.hint)


def test_replacement_characters(tmp_path):
    rows = [["锟斤拷锟斤拷", *HEADER[1:]], TAIYUAN]
    error = refused("edgar_city", workbook(tmp_path / "a.xlsx", {"Sheet1": rows}))
    assert "wrong decoding" in str(error.hint)


@pytest.mark.parametrize(("mark", "name"), [(";", "semicolons"), ("\t", "tabs")])
def test_other_separators(tmp_path, mark, name):
    path = tmp_path / "n.csv"
    path.write_text(mark.join(str(cell) for cell in NPP[0]) + "\n", encoding="utf-8")
    assert f"separated by {name}" in refused("city_npp", path).problem


def test_ragged_row(tmp_path):
    error = refused("city_npp", text(tmp_path / "n.csv", [*NPP, ["山西省", "阳泉市", 140300]]))
    assert "the row has 3 cells, the header 5" in error.problem
    assert error.place.row == 4


def test_blank_text_file(tmp_path):
    path = tmp_path / "n.csv"
    path.write_text("\n , ,\n", encoding="utf-8")
    assert "nothing but blanks" in refused("city_npp", path).problem


def test_land_whose_total_changes(tmp_path):
    header = ["province", "city", "city_id", "year", *range(1, 18)]
    first = ["山西省", "太原市", 140100, 2003, *[400.0] * 17]
    error = refused(
        "land_cover",
        text(tmp_path / "c.csv", [header, first, changed(changed(first, 3, 2004), 9, None)]),
    )
    assert "add up to 6400 km2, but to 6800 km2 in row 2" in error.problem
    assert error.place.row == 3


def test_counties(tmp_path):
    def county(*rows: Sequence[object]) -> SourceError:
        return refused("ceads_county", text(tmp_path / "c.csv", rows, "gb18030"))

    assert (
        "no column 'City Name'"
        in county(
            ["City" if cell == "City Name" else cell for cell in COUNTY[0]], COUNTY[1]
        ).problem
    )
    assert "no year column such as C1997" in county(COUNTY[0][:7], COUNTY[1][:7]).problem
    assert "140105 (rows 2, 3)" in county(COUNTY[0], COUNTY[1], COUNTY[1]).problem
    assert "'Xi' is not a Chinese name" in county(COUNTY[0], changed(COUNTY[1], 3, "Xi")).problem
    assert "'14A' is not a six-digit" in county(COUNTY[0], changed(COUNTY[1], 0, "14A")).problem
    twice = changed(COUNTY[0], 8, "C2016")
    assert "a year column stands twice" in county(twice, COUNTY[1]).problem
    tonnes = changed(changed(COUNTY[1], 7, 9e5), 8, 1.1e6)
    assert "look like t CO2" in county(COUNTY[0], tonnes).problem


def test_apparent_totals(tmp_path):
    sheet: list[list[object]] = [
        ["", "Items", "Shanxi", "Gansu"],
        ["Fossil fuel", "Raw coal total", 200.0, 90.0],
        ["", "Crude oil total", 1.0, 20.0],
        ["", "Natural gas total", 1.0, 2.0],
        ["Total apparent CO2 emissions (mt)", "", 202.0, 112.0],
    ]

    def apparent(sheets: dict[str, Rows]) -> SourceError:
        return refused("ceads_apparent", workbook(tmp_path / "a.xlsx", sheets))

    assert "no sheet is named by a year" in apparent({"NOTE": sheet}).problem
    assert "no row 'Total apparent" in apparent({"2017": sheet[:4]}).problem
    assert "does not begin with" in apparent({"2017": [["a", "b", "c"], *sheet[1:]]}).problem
    assert (
        "Shanxi stands in two columns"
        in apparent({"2017": [["", "Items", "Shanxi", "Shanxi"], *sheet[1:]]}).problem
    )
    text_ = [*sheet[:4], changed(sheet[4], 3, "n.v.t.")]
    error = apparent({"2017": text_})
    assert "'n.v.t.' is not a number" in error.problem
    assert (error.place.row, error.place.column, error.place.sheet) == (5, "Gansu", "2017")


def test_city_inventory_with_an_unknown_province(tmp_path):
    rows = [["ID", "city", "year", "emission"], ["x", "莱芜", 2003, 20.0]]
    error = refused("ceads_city", workbook(tmp_path / "c.xlsx", {"emission vector": rows}))
    assert "莱芜 does not begin with" in error.problem
    error = refused("ceads_city", workbook(tmp_path / "d.xlsx", {"vector": rows}))
    assert "no sheet 'emission vector'" in error.problem


def test_fdi_in_another_unit(tmp_path):
    rows = [["year", "地级市", "外商直接投资", "单位"], [2003, "太原", 11887, "万美元"]]
    error = refused("fdi", workbook(tmp_path / "f.xlsx", {"Sheet1": rows}))
    assert "the unit is '万美元'" in error.problem
    assert error.place.row == 2


def test_roads_with_an_unknown_series(tmp_path):
    path = workbook(tmp_path / "r.xlsx", {"Sheet1": [["年份"]]})
    with pytest.raises(SourceError, match="wanted one of reported, interpolated, got 'filled'"):
        READERS["roads"].read(path, series="filled")


def test_employment_shares_that_do_not_add_up(tmp_path):
    path = tmp_path / "e.dta"
    frame = {"year": 2003.0, "city_id": 140100.0, "Emp_num": 76.19}
    shares = {"Emp_agri": 0.0056, "Emp_ind": 0.5173, "Emp_ser": 0.4771}
    pd.DataFrame([{**frame, **shares}]).to_stata(path, write_index=False)
    error = refused("city_employment", path)
    assert "the shares add up to 1, 100 is wanted" in error.problem


def test_national_employment(tmp_path):
    header, total = ["Code", "2017", "2018"], ["TOT", 77640, 77586]

    def nation(*rows: Sequence[object]) -> SourceError:
        return refused("national_employment", text(tmp_path / "e.csv", rows))

    assert "'B' stands in 0 rows" in nation(header, total).problem
    assert "'TOT' stands in 2 rows" in nation(header, total, total).problem
    assert "no year column" in nation(["Code", "a"], ["TOT", 1]).problem
    persons = ["TOT", 776_400_000, 775_860_000]
    assert "look like persons" in nation(header, persons, ["B", 939, 866]).problem


TIDY = ["code", "year", "emp_mining"]


@pytest.mark.parametrize(
    ("rows", "options", "problem", "hint"),
    [
        ([["code", "year", "emp_minning"], [140100, 2003, 1]], {}, "'emp_minning' is no column",
         "'emp_mining'"),
        ([["Code", "Year", "emp_mining"], [140100, 2003, 1]], {}, "'Code', 'Year' is no column",
         "'Code': did you mean 'code'? 'Year': did you mean 'year'"),
        ([["code", "yr", "emp_mining"], [140100, 2003, 1]], {}, "'yr' is no column",
         "'yr': did you mean 'year'"),
        ([["code", "emp_mining"], [140100, 1]], {}, "no column 'year'", "emp_mining"),
        ([["code", "year"], [140100, 2003]], {}, "no quantity beside the keys", "co2_edgar"),
        ([TIDY, [140100, 2003, 1]], {"rename": {"jobs": "emp_mining"}}, "not in the file: jobs",
         "emp_mining"),
        ([[*TIDY, "jobs"], [140100, 2003, 1, 2]], {"rename": {"jobs": "emp_mining"}},
         "emp_mining would stand for several columns", ""),
        ([["code", "year", "flag_x"], [140100, 2003, 2]], {}, "a flag is 0 or 1", ""),
        ([["code", "year", "pop"], [140100, 2003, 3_398_400]], {}, "the numbers look like persons",
         "10^4 persons"),
        ([TIDY, [140100, 2003, 2.5], [140200, 2003, 0], [140300, 2003, 0], [140400, 2003, 12.0]],
         {}, "the median of emp_mining is 7.25, in persons", "in persons"),
        ([["code", "year", "emp2"], [140100, 2003, 21.5]], {}, "look like 10^4 persons", ""),
        ([["code", "year", "gdp2"], [140100, 2003, 310.0]], {}, "look like 10^8 yuan", ""),
        ([["code", "year", "fiscal_exp"], [140100, 2003, 42.0]], {}, "look like 10^8 yuan", ""),
        ([["code", "year", "area_crop"], [140100, 2003, 310_000]], {}, "look like hectares", ""),
        ([TIDY, [140100, 2003, 900], [140100, 2003, 800]], {}, "140100 2003 (rows 2, 3)", ""),
    ],
)  # fmt: skip
def test_tables_of_ones_own(tmp_path, rows, options, problem, hint):
    error = refused("tidy_csv", text(tmp_path / "own.csv", rows), **options)
    assert problem in str(error)
    assert hint in str(error.hint or "")


def test_magnitudes_of_ones_own_table_can_be_left_unchecked(tmp_path):
    path = text(tmp_path / "own.csv", [["code", "year", "pop"], [140100, 2003, 3_398_400]])
    assert READERS["tidy_csv"].read(path, check_units=False).frame["pop"].item() == 3_398_400


def test_a_row_whose_code_is_another_places_is_no_second_row(tmp_path):
    right, wrong = (
        [2003, 140100, "山西省", "太原市", 2.7e7],
        [2003, 140100, "山西省", "大同市", 1e7],
    )
    error = refused("edgar_city", edgar(tmp_path, right, wrong))
    assert error.problem == (
        "code and name disagree in rows that share their code: "
        "row 3: 140100 is 太原市 140100, '大同市' is 大同市 140200"
    )
    assert error.hint == "Correct the code or the name."
    for twice in ([right, right], [right, [2003, 140100, "山西省", "太原", 1e7]]):
        assert "140100 2003 (rows 2, 3)" in refused("edgar_city", edgar(tmp_path, *twice)).problem


def test_places_without_mining_do_not_count_for_its_magnitude(tmp_path):
    rows = [TIDY, [140100, 2003, 9000], [140200, 2003, 0], [140300, 2003, 0]]
    path = text(tmp_path / "own.csv", rows)
    assert READERS["tidy_csv"].read(path).frame["emp_mining"].tolist() == [9000, 0, 0]


OPEN = [
    "GEM Mine ID", "Country", "Mine Name", "Status", "Capacity (Mtpa)", "Workforce Size",
    "Opening Year", "Prefecture, District", "State, Province", "Latitude", "Longitude",
]  # fmt: skip
MINE = ["M1", "China", "One", "Operating", 4.0, 900, 2005, "Yulin", "Shaanxi", 38.3, 109.7]
CLOSED = [*OPEN[:3], *OPEN[4:7], "Closing Year", *OPEN[7:]]
GONE = ["M2", "China", "Two", 1.0, 50, 1990, 2016, "Yulin", "Shaanxi", 38.3, 109.7]


@pytest.mark.parametrize(
    ("position", "value", "problem"),
    [
        (6, "soon", "'soon' is not a year"),
        (6, 2005.5, "has a fraction"),
        (6, 1066, "out of range"),
        (5, "many", "'many' is neither a number nor a range"),
        (4, "large", "'large' is not a number"),
        (9, 109.7, "109.7 is outside China"),
        (1, "india", "no mine of 'China'"),
        (4, 4_000_000.0, "look like t per year"),
    ],
)
def test_mines(tmp_path, position, value, problem):
    rows = {
        "Global (Non-C": [OPEN, changed(MINE, position, value)],
        "Global (Close": [CLOSED, changed(GONE, 3, value if position == 4 else 1.0)],
    }
    if position == 4 and value == "large":
        rows["Global (Close"] = [CLOSED, GONE]
    error = refused("gem_mines", workbook(tmp_path / "m.xlsx", rows))
    assert problem in error.problem


def test_mines_without_the_sheet_of_closed_ones(tmp_path):
    error = refused("gem_mines", workbook(tmp_path / "m.xlsx", {"Global (Non-C": [OPEN, MINE]}))
    assert "0 sheets have '(Close'" in error.problem
    assert "'Global (Non-C'" in str(error.hint)


OPTIONS = [
    ("gem_mines", "statuses", "Operating", "wanted a list of texts, as [a, b], got 'Operating'"),
    ("gem_mines", "statuses", [], "wanted a list of texts"),
    ("gem_mines", "country", ["China"], "wanted a text, got ['China']"),
    ("city_yearbook", "year_shift", "x", "wanted a whole number, got 'x'"),
    ("city_yearbook", "year_shift", 0.5, "wanted a whole number, got 0.5"),
    ("city_yearbook", "year_shift", True, "wanted a whole number, got True"),
    ("city_yearbook", "unit", ["人"], "wanted a text, or texts by emp_mining"),
    ("city_yearbook", "unit", {"emp_minin": "人"}, "wanted a text, or texts by emp_mining"),
    ("city_yearbook", "wanted", "emp_mining", "wanted a list of emp_mining"),
    ("city_yearbook", "wanted", ["emp_minin"], "got 'emp_minin'; did you mean 'emp_mining'?"),
    ("city_yearbook", "scope", "全", "wanted one of 全市, 市辖区, got '全'"),
    ("city_yearbook", "sheet", [2003, 1.5], "wanted the name of a sheet, or a list of names"),
    ("edgar_city", "sheet", ["Sheet1"], "wanted the name of a sheet, got ['Sheet1']"),
    ("roads", "series", "raw", "wanted one of reported, interpolated, got 'raw'"),
    ("tidy_csv", "rename", ["a"], "wanted texts by column of the file"),
    ("tidy_csv", "rename", {"emp_mining": 5}, "got {'emp_mining': 5}"),
    ("tidy_csv", "check_units", "no", "wanted true or false, got 'no'"),
]


@pytest.mark.parametrize(("reader", "option", "value", "problem"), OPTIONS)
def test_options_of_another_kind(tmp_path, reader, option, value, problem):
    # the file need not be there: the option is wrong before anything is read
    error = refused(reader, tmp_path / "none.xlsx", **{option: value})
    assert f"the option {option!r} of the format {reader!r}: " in error.problem
    assert problem in error.problem


def test_a_sheet_named_after_a_year_may_be_given_as_a_number(tmp_path):
    path = workbook(tmp_path / "e.xlsx", {"about": [["x"]], "2003": [HEADER, TAIYUAN]})
    assert READERS["edgar_city"].read(path, sheet=2003).record.sheet == "2003"
    assert "no sheet '2004'" in refused("edgar_city", path, sheet=2004).problem


@pytest.mark.parametrize(
    ("statuses", "guess"), [(["Operatng"], "Did you mean 'Operating'? "), (["Operating", "zz"], "")]
)
def test_a_status_that_no_mine_has(tmp_path, statuses, guess):
    rows = {"Global (Non-C": [OPEN, MINE], "Global (Close": [CLOSED, GONE]}
    error = refused("gem_mines", workbook(tmp_path / "m.xlsx", rows), statuses=statuses)
    assert f"no mine has the status {statuses[-1]!r}" in error.problem
    assert error.place.column == "Status"
    assert error.hint == f"{guess}The statuses are: 'Operating'."


def test_mines_none_of_which_works(tmp_path):
    rows = {
        "Global (Non-C": [OPEN, changed(MINE, 3, "Proposed")],
        "Global (Close": [CLOSED, GONE],
    }
    error = refused("gem_mines", workbook(tmp_path / "m.xlsx", rows))
    assert "no mine of 'China' has the status 'Operating' or 'Mothballed'" in error.problem
    assert error.hint == "The statuses are: 'Proposed'."


def deny(monkeypatch: pytest.MonkeyPatch, denied: Path, error: OSError) -> None:
    """Let the system refuse to open one file, as it does to a user without the right."""
    import builtins

    usual = builtins.open

    def guarded(file, *arguments, **options):
        if file == denied:
            raise error
        return usual(file, *arguments, **options)

    monkeypatch.setattr(builtins, "open", guarded)


@pytest.mark.parametrize("reader", ["edgar_city", "city_npp", "city_employment", "gem_mines"])
@pytest.mark.parametrize(
    ("error", "why"),
    [
        (PermissionError(13, "Permission denied"), "(permission denied)"),
        (OSError(5, "Input/output error"), "(input/output error)"),
    ],
)
def test_a_file_that_may_not_be_read(tmp_path, monkeypatch, reader, error, why):
    path = text(tmp_path / "own.csv", [TIDY, [140100, 2003, 1]])
    deny(monkeypatch, path, error)
    assert f"the file cannot be read {why}" in refused(reader, path).problem


def test_a_map_that_may_not_be_read(tmp_path, monkeypatch):
    from yrb_carbon.sources.boundaries import read_boundaries

    path = text(tmp_path / "map.geojson", [["{}"]])
    deny(monkeypatch, path, PermissionError(13, "Permission denied"))
    with pytest.raises(SourceError, match=r"map\.geojson: the file cannot be read \(permission"):
        read_boundaries("file", path=path)


def test_a_disk_that_fails_while_a_file_is_read(tmp_path, monkeypatch):
    path = text(tmp_path / "own.csv", [TIDY, [140100, 2003, 1]])

    def fails(self):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(Path, "read_bytes", fails)
    assert "cannot be read (input/output error)" in refused("tidy_csv", path).problem


@pytest.mark.parametrize("value", ["", "<v></v>", "<v/>", "<v />"])
def test_a_formula_without_value_does_not_pass_for_missing(tmp_path, value):
    import zipfile

    whole, bare = tmp_path / "whole.xlsx", tmp_path / "bare.xlsx"
    book = xlsxwriter.Workbook(str(whole))
    sheet = book.add_worksheet("Sheet1")
    for i, row in enumerate([HEADER, TAIYUAN[:-1], DATONG[:-1]]):
        sheet.write_row(i, 0, row)
    for row in (1, 2):
        sheet.write_formula(row, 4, "=2.7e6*10", None, 2.7e7)
    book.close()
    assert READERS["edgar_city"].read(whole).frame["co2_edgar"].tolist() == [27.0, 27.0]
    with zipfile.ZipFile(whole) as old, zipfile.ZipFile(bare, "w") as new:
        for name in old.namelist():
            content = old.read(name).decode()
            new.writestr(name, content.replace("<v>27000000.0</v>", value))
    error = refused("edgar_city", bare)
    assert "'formula without value (1 of 2)' is not a number" in error.problem
    assert error.place.row == 2
