"""Readers on small files in the published layouts: values, keys, units, notes, order of rows."""

from __future__ import annotations

import random
from pathlib import Path

import numpy as np
import pandas as pd
import pandas.testing as pdt
import pytest
from sourcefiles import (
    COUNTY_ROWS,
    EDGAR_ROWS,
    VENDOR,
    counties,
    edgar,
    write_text,
    write_workbook,
)

from yrb_carbon.errors import SourceError
from yrb_carbon.sources.ceads_apparent import read_ceads_apparent
from yrb_carbon.sources.ceads_city import read_ceads_city, split_key
from yrb_carbon.sources.ceads_county import (
    county_prefixes,
    read_ceads_county,
    sum_counties_to_cities,
)
from yrb_carbon.sources.city_employment import read_city_employment
from yrb_carbon.sources.columns import known_units
from yrb_carbon.sources.edgar_city import read_edgar_city
from yrb_carbon.sources.exchange_rate import read_exchange_rate
from yrb_carbon.sources.fdi import read_fdi
from yrb_carbon.sources.finance import read_finance
from yrb_carbon.sources.land_cover import read_land_cover
from yrb_carbon.sources.national_employment import read_national_employment
from yrb_carbon.sources.npp import read_city_npp
from yrb_carbon.sources.population import read_population
from yrb_carbon.sources.province_panel import read_province_panel
from yrb_carbon.sources.real_gdp import read_real_gdp
from yrb_carbon.sources.roads import level_of, read_roads
from yrb_carbon.sources.structure import read_industry_structure
from yrb_carbon.sources.tidy_csv import read_tidy_csv

HASH_LENGTH = 64


def noted(table, text: str) -> bool:
    return any(text in note for note in table.record.notes)


def test_edgar_turns_tonnes_into_megatonnes(tmp_path):
    table = read_edgar_city(edgar(tmp_path / "edgar.xlsx"))
    assert list(table.frame.columns) == ["code", "province", "name", "year", "co2_edgar"]
    assert table.frame["code"].tolist() == ["140100", "140100", "370100"]
    assert table.frame["year"].tolist() == [2003, 2004, 2003]
    np.testing.assert_allclose(table.frame["co2_edgar"], [27.61868, 29.222524, 20.0], rtol=1e-15)
    assert table.record.unit == {"co2_edgar": "Mt CO2"}
    assert table.record.rows == 3
    assert len(table.record.sha256) == HASH_LENGTH
    assert table.record.sheet == "Sheet1"
    assert noted(table, "1 columns without a header left out, 1 of them with content")


def test_footers_blank_rows_and_numbers_as_text_are_counted(tmp_path):
    rows = [
        ["2003", "370100.0", " 山东省 ", "济南市\u3000", "东部", " 20,000,000 ", None],
        [2003.0, 140100.0, "山西省", "太原市", "中部", "27 618 680", None],
        [2004, 140100, "山西省", "太原市", "中部", "—", None],
        [None] * 7,
        [None, None, None, VENDOR, None, None, None],
        ["https://example.org", None, None, None, None, None, "note"],
    ]
    table = read_edgar_city(edgar(tmp_path / "edgar.xlsx", rows))
    frame = table.frame.set_index(["code", "year"])
    assert frame.loc[("370100", 2003), "co2_edgar"] == 20.0
    assert frame.loc[("370100", 2003), "name"] == "济南市"
    assert frame.loc[("140100", 2003), "co2_edgar"] == pytest.approx(27.61868, rel=1e-15)
    assert np.isnan(frame.loc[("140100", 2004), "co2_edgar"])
    for text in (
        "1 blank rows",
        "2 rows of text without data",
        "2 numbers stood as text",
        "1 cells hold a sign for missing",
        "co2_edgar: 1 of 3 cells are missing",
    ):
        assert noted(table, text), (text, table.record.notes)


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_order_of_rows_does_not_matter(tmp_path, seed):
    """Bit for bit, sums of counties included."""
    shuffled, county_rows = list(EDGAR_ROWS), list(COUNTY_ROWS)
    random.Random(seed).shuffle(shuffled)
    random.Random(seed).shuffle(county_rows)
    pdt.assert_frame_equal(
        read_edgar_city(edgar(tmp_path / "a.xlsx")).frame,
        read_edgar_city(edgar(tmp_path / "b.xlsx", shuffled)).frame,
        check_exact=True,
    )
    plain = sum_counties_to_cities(read_ceads_county(counties(tmp_path / "a.csv")))
    mixed = sum_counties_to_cities(read_ceads_county(counties(tmp_path / "b.csv", county_rows)))
    pdt.assert_frame_equal(plain.frame, mixed.frame, check_exact=True)


@pytest.mark.parametrize("encoding", ["gb18030", "utf-8", "utf-8-sig"])
def test_counties_long_and_summed(tmp_path, encoding):
    table = read_ceads_county(counties(tmp_path / "c.csv", encoding=encoding))
    assert list(table.frame.columns) == [
        "code", "province", "name", "year", "city", "co2_ceads_county",
    ]  # fmt: skip
    assert len(table.frame) == 5 * 2
    assert noted(table, "read as " + ("gb18030" if encoding == "gb18030" else "utf-8-sig"))
    assert noted(table, "1 codes carry a mark for a part of a county: 140107(2)")
    cities = sum_counties_to_cities(table).frame.set_index(["name", "year"])
    assert cities.loc[("太原市", 2016), "co2_ceads_county"] == (0.1 + 0.2) + 0.3
    assert cities.loc[("莱芜市", 2017), "co2_ceads_county"] == 0.3
    assert cities.loc[("济源市", 2017), "province"] == "河南省"
    prefixes = county_prefixes(table).set_index("name")
    assert prefixes.loc["太原市", "prefixes"] == "1401"
    assert prefixes.loc["太原市", "counties"] == 3


def test_a_missing_county_makes_its_city_missing(tmp_path):
    rows = [list(row) for row in COUNTY_ROWS]
    rows[1][7] = ""
    cities = sum_counties_to_cities(read_ceads_county(counties(tmp_path / "c.csv", rows))).frame
    cities = cities.set_index(["name", "year"])["co2_ceads_county"]
    assert np.isnan(cities[("太原市", 2016)])
    assert cities[("太原市", 2017)] == pytest.approx(2.4)


@pytest.mark.parametrize(
    ("key", "pair"),
    [
        ("山东莱芜", ("山东", "莱芜")),
        ("吉林吉林", ("吉林", "吉林")),
        ("内蒙古兴安盟", ("内蒙古", "兴安盟")),
        ("黑龙江黑河", ("黑龙江", "黑河")),
        ("北京", ("北京", "北京")),
        ("莱芜", None),
        ("山东", None),
    ],
)
def test_keys_of_the_city_inventory(key, pair):
    assert split_key(key) == pair


def test_city_inventory(tmp_path):
    rows = [["ID", "city", "year", "emission"], ["x", "山东莱芜", 2003.0, 20.9]]
    path = write_workbook(
        tmp_path / "c.xlsx", {"NOTE": [["x"]], "emission vector": rows, "emission matrix": [["c"]]}
    )
    frame = read_ceads_city(path).frame
    assert frame.iloc[0].tolist() == ["山东", "莱芜", 2003, 20.9]


def apparent_sheet(margin: bool, coal: float = 120.0):
    rows = [
        ["", "Items", "Shanxi", "Inner mongolia"],
        ["Fossil fuel", "Raw coal total", coal, 80.0],
        ["", "Crude oil total", 0.0, 1.0],
        ["", "Natural gas total", 0.0, 0.5],
        ["Process", "Cement", 2.0, 3.0],
        ["Total apparent CO2 emissions (mt)", "", coal + 2.0, 84.5],
        ["", "Crude oil total", 9.0, 9.0],
    ]
    return [[*row, "", 206.5 if i == 5 else ""] for i, row in enumerate(rows)] if margin else rows


def test_apparent_totals_by_sheet(tmp_path):
    sheets = {
        "NOTE": [["x"]],
        "2017": apparent_sheet(margin=True),
        "2016": apparent_sheet(margin=False),
        "2015": apparent_sheet(margin=False, coal=0.0),
    }
    table = read_ceads_apparent(write_workbook(tmp_path / "a.xlsx", sheets))
    values = table.frame.set_index(["province", "year"])["co2_apparent_province"]
    assert values[("Inner mongolia", 2017)] == 84.5
    assert values[("Shanxi", 2016)] == 122.0
    assert np.isnan(values[("Shanxi", 2015)])
    assert noted(table, "sheet 2017: 2 columns without a province left out")
    assert noted(table, "sheet 2015: total without any fuel taken as missing: Shanxi")


STRUCTURE_HEADER = [
    "年度标识", "城市名称", "城市代码", "城市类别", "省份名称", "gdp（亿元人民币）",
    "第一产业增加值（亿元人民币）", "第二产业增加值", "第三产业增加值", "产业结构",
]  # fmt: skip


def test_industry_structure_finds_its_sheet_and_parses_text(tmp_path):
    rows = [
        [2017, "太原市", 140100, "地级市", "山西省", "3382.18", " 42.5", 1225.0, "=2+2", 0.6],
        [2017, "朔州市", 140600, "地级市", "山西省", 980.2, None, "394.1", 530.0, 0.5],
        [None] * 5 + [None, VENDOR, None, None, None],
    ]
    path = write_workbook(
        tmp_path / "s .xlsx",
        {
            "数据来源": [["公式"]],
            "面板数据2000-2023": [STRUCTURE_HEADER, *rows],
            "2017": [STRUCTURE_HEADER],
        },
    )
    table = read_industry_structure(path)
    frame = table.frame.set_index("code")
    assert table.record.sheet == "面板数据2000-2023"
    assert frame.loc["140100", "gdp"] == 3382.18 * 1e4
    assert frame.loc["140100", "gdp1"] == 42.5 * 1e4
    assert frame.loc["140100", "gdp3"] == 7.5e4, "the value saved with the formula"
    assert np.isnan(frame.loc["140600", "gdp1"])
    assert noted(table, "1 rows of text without data left out")
    assert noted(table, "1 rows whose sectors miss GDP by more than 2%, kept: 140100 2017")


def test_real_gdp(tmp_path):
    header = ["省份", "城市", "年份", "名义GDP", "GDP指数", "实际GDP", "GDP平减指数", None]
    rows = [["山西省", "太原市", 2003, 586.24, 115.4, 548.9, 1.068, None]]
    path = write_workbook(tmp_path / "g.xlsx", {"Sheet1": [header, *rows]})
    frame = read_real_gdp(path).frame
    assert frame["gdp_real"].item() == 548.9 * 1e4
    assert frame["gdp_nominal"].item() == 586.24 * 1e4
    assert list(frame.columns[:3]) == ["province", "name", "year"]


def test_population_flags_what_the_vendor_filled(tmp_path):
    header = [
        "年份", "省份", "城市", "省份代码", "城市代码", "行政区域土地面积(平方公里)",
        "常住人口（万人）", "插值_常住人口（万人）", "人口密度（人/平方公里）",
    ]  # fmt: skip
    rows = [
        [2003, "山西省", "太原市", "140000", 140100.0, 6988, 339.84, 339.84, "=1/0"],
        [2004, "山西省", "太原市", "140000", 140100.0, 6988, None, 341.0, "=H3/F3"],
    ]
    table = read_population(write_workbook(tmp_path / "p.xlsx", {"面板数据": [header, *rows]}))
    assert table.frame["flag_interpolated_pop"].tolist() == [0.0, 1.0]
    assert table.frame["pop"].tolist() == [339.84, 341.0]
    assert np.isnan(table.frame["pop_reported"].iloc[1])
    assert noted(table, "pop: 1 cells are interpolated by the vendor")


def test_fdi_million_to_ten_thousand(tmp_path):
    header = ["year", "地级市", "外商直接投资", "单位", "数据来源"]
    rows = [[2003, "太原", 118.87, "百万美元", "x"], [2004, "太原", None, "百万美元", "x"]]
    table = read_fdi(write_workbook(tmp_path / "f.xlsx", {"Sheet1": [header, *rows]}))
    assert table.frame["fdi_usd"].iloc[0] == 118.87 * 100
    assert noted(table, "fdi_usd: 1 of 2 cells are missing")


@pytest.mark.parametrize(
    ("code", "level"),
    [
        ("140000", "province"),
        ("140100", "prefecture"),
        ("140181", "county"),
        ("110000", "prefecture"),
        ("419001", "prefecture"),
        ("622900", "seat"),
        ("152900", "seat"),
        ("640500", "prefecture"),
    ],
)
def test_levels_of_codes(code, level):
    assert level_of(code) == level


def test_roads_keep_prefectures(tmp_path):
    header = [
        "年份", "省份", "省份代码", "城市", "城市代码", "人均道路面积（平方米）",
        "人均道路面积（平方米）  线性插值",
    ]  # fmt: skip
    rows = [
        [2003, "山西省", "140000", "山西", 140000, 8.0, 8.0],
        [2003, "山西省", "140000", "太原", 140100, None, 7.5],
        [2004, "山西省", "140000", "太原", 140100, 8.1, 8.1],
        [2003, "山西省", "140000", "古交", 140181, 5.0, 5.0],
        [2003, "甘肃省", "620000", "临夏", 622900, 5.0, 5.0],
    ]
    path = write_workbook(tmp_path / "r.xlsx", {"地级市+县级市": [header, *rows]})
    table = read_roads(path)
    assert table.frame["code"].tolist() == ["140100", "140100"]
    assert np.isnan(table.frame["road_area_pc"].iloc[0])
    assert noted(table, "1 rows of provinces and 1 rows of county-level cities left out")
    assert noted(table, "1 rows of county-level cities under the code of their")
    filled = read_roads(path, series="interpolated").frame
    assert filled["road_area_pc"].tolist() == [7.5, 8.1]
    assert filled["flag_interpolated_road_area_pc"].tolist() == [1.0, 0.0]


def test_finance_and_exchange_rate(tmp_path):
    header = [
        "年份", "省份", "城市", "省份代码", "城市代码", "所属地域", "地区生产总值(万元)",
        "年末金融机构各项贷款余额(万元)", "年末金融机构存款余额(万元)", "金融发展水平",
    ]  # fmt: skip
    rows = [[2003, "山西省", "太原市", "140000", 140100, "中部", 1, 11049200, 15345900, "=1/0"]]
    frame = read_finance(write_workbook(tmp_path / "l.xlsx", {"Sheet1": [header, *rows]})).frame
    assert frame[["loans", "deposits"]].iloc[0].tolist() == [11049200.0, 15345900.0]
    rate = write_workbook(
        tmp_path / "x.xlsx", {"Sheet1": [["年份", "1美元兑人民币（元）"], [2008, 6.9], [2007, 7.6]]}
    )
    assert read_exchange_rate(rate).frame.to_numpy().tolist() == [[2007, 7.6], [2008, 6.9]]


def test_npp_and_land_cover(tmp_path):
    npp = write_text(
        tmp_path / "n.csv",
        [
            ["province", "province_id", "city", "city_id", "year", "urban_anpp", "overall_anpp"],
            ["山西省", 140000, "太原市", 140100, 2003, 213.5, 301.57],
        ],
    )
    assert read_city_npp(npp).frame["npp"].item() == 301.57
    header = ["province", "province_id", "city", "city_id", "year", *range(1, 18)]
    areas: list[object] = [None] * 17
    areas[3], areas[9], areas[11], areas[12], areas[16] = 24.0, 4000.0, 700.5, 700.0, 7.0
    areas[10], areas[13] = 1.0, 2.0
    cover = write_text(
        tmp_path / "c.csv", [header, ["山西省", 140000, "太原市", 140100, 2003, *areas]]
    )
    table = read_land_cover(cover)
    assert table.frame.iloc[0].to_dict() == {
        "code": "140100", "province": "山西省", "name": "太原市", "year": 2003,
        "area_forest": 24.0, "area_grass": 4000.0, "area_water": 8.0, "area_crop": 702.5,
        "area_unused": 0.0, "area_built": 700.0,
    }  # fmt: skip
    assert noted(table, "10 empty cells are classes that a city does not have")


def test_province_panel_and_national_employment(tmp_path):
    panel = write_text(
        tmp_path / "p.csv",
        [
            ["uid", "province", "year", "green_invention_patents", "green_utility_patents",
             "population", "gdp"],
            [1, "Shanxi", 2018, 980, 1133, 3502, 15958.1],
        ],
        "utf-8-sig",
    )  # fmt: skip
    frame = read_province_panel(panel).frame
    assert frame.iloc[0].tolist() == ["Shanxi", 2018, 2113.0, 3502.0, 15958.1e4]
    nation = write_text(
        tmp_path / "e.csv",
        [
            ["Code", "Description", "2018", "2017"],
            ["B", "Mining", 866, 939],
            ["TOT", '"Total, all"', 77586, 77640],
            ["B06", "Coal", 300, 310],
        ],
    )
    table = read_national_employment(nation)
    assert table.frame["year"].tolist() == [2017, 2018]
    assert table.frame["nat_emp_mining"].tolist() == [9_390_000, 8_660_000]
    assert table.frame["nat_emp_total"].tolist() == [776_400_000, 775_860_000]
    assert noted(table, "wider than the urban units")


def test_city_employment_from_stata(tmp_path):
    path = tmp_path / "e.dta"
    pd.DataFrame(
        {
            "year": [2004.0, 2003.0],
            "city_id": [140100.0, 140100.0],
            "Emp_ind": [51.73, 50.0],
            "Emp_num": [76.19, 30.123456],
            "Emp_agri": [0.56, 10.0],
            "Emp_ser": [47.71, 40.0],
        }
    ).to_stata(path, write_index=False)
    table = read_city_employment(path)
    assert table.frame["year"].tolist() == [2003, 2004]
    assert table.frame["emp_total"].tolist() == pytest.approx([301_234.56, 761_900])
    assert table.frame["emp2"].iloc[0] == pytest.approx(150_617.28)
    assert table.frame["flag_interpolated_emp_total"].tolist() == [1.0, 0.0]


def test_tidy_csv_takes_columns_that_a_study_adds_to_its_dictionary(tmp_path, monkeypatch):
    file = tmp_path / "own.csv"
    file.write_text("code,year,gsp\n153700,1970,28418\n", encoding="utf-8")
    with pytest.raises(SourceError, match="'gsp' is no column of the dictionary"):
        read_tidy_csv(file)
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "units.csv").touch()
    dictionary = "columns:\n  gsp: {unit: 10^6 USD}\n"
    (tmp_path / "data" / "dictionary.yaml").write_text(dictionary, encoding="utf-8")
    monkeypatch.setenv("YRB_CARBON_HOME", str(tmp_path))
    known_units.cache_clear()
    try:
        table = read_tidy_csv(file)
        assert table.record.unit == {"gsp": "10^6 USD"}
        assert table.frame["gsp"].tolist() == [28418.0]
    finally:
        known_units.cache_clear()


def test_tidy_csv_by_code_name_province_and_nation(tmp_path):
    by_code = write_text(
        tmp_path / "a.csv",
        [
            ["code", "year", "mining", "flag_imputed_emp_mining", "memo"],
            [140100, 2003, 5e4, 0, "x"],
        ],
    )
    table = read_tidy_csv(by_code, rename={"mining": "emp_mining", "memo": ""})
    assert list(table.frame.columns) == ["code", "year", "emp_mining", "flag_imputed_emp_mining"]
    assert table.record.unit == {"emp_mining": "persons", "flag_imputed_emp_mining": "0/1"}
    assert noted(table, "columns left out as wished: memo")
    by_name = write_text(
        tmp_path / "b.csv", [["year", "name", "province", "npp"], [2003, "太原市", "山西省", 300]]
    )
    assert read_tidy_csv(by_name).frame.iloc[0].tolist() == ["山西省", "太原市", 2003, 300.0]
    by_province = write_text(
        tmp_path / "c.csv", [["province", "year", "prov_pop"], ["Shanxi", 2003, 3300]]
    )
    assert read_tidy_csv(by_province).frame.iloc[0].tolist() == ["Shanxi", 2003, 3300.0]
    nation = write_text(tmp_path / "d.csv", [["year", "usd_cny"], [2003, 8.277]])
    assert read_tidy_csv(nation).frame.iloc[0].tolist() == [2003, 8.277]


def test_readers_accept_text_paths(tmp_path):
    path = edgar(tmp_path / "edgar.xlsx")
    assert read_edgar_city(str(path)).record.file == str(Path(path))
