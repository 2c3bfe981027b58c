"""The published files as they are: rows, units, what was left out, and what is odd in them."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.sources import READERS
from yrb_carbon.sources.base import KEY_COLUMNS, SourceTable
from yrb_carbon.sources.ceads_county import county_prefixes, sum_counties_to_cities
from yrb_carbon.sources.columns import unit_of
from yrb_carbon.sources.gem_mines import mines_by_year
from yrb_carbon.sources.magnitude import MAGNITUDES

pytestmark = pytest.mark.real

ROWS = {
    "edgar_city": ("gp_city_panels/地级市碳排放强度.xlsx", 7080),
    "ceads_county": ("ceads_county_co2/1997-2017年中国县级尺度碳排放.CSV", 57435),
    "ceads_city": ("ceads_city_co2/1997-2019年290个中国城市碳排放清单 (1).xlsx", 3929),
    "ceads_apparent": ("ceads_province_apparent/省级碳排放清单_1997-2019.xlsx", 690),
    "industry_structure": ("gp_city_panels/2000-2023地级市产业结构 .xlsx", 7974),
    "real_gdp": ("gp_city_panels/296个地级市GDP相关数据（以2000年为基期）.xlsx", 7104),
    "population": ("gp_city_panels/298个地级市人口密度1998-2024年无缺失.xlsx", 8046),
    "fdi": ("gp_city_panels/1996-2023年地级市外商直接投资FDI.xlsx", 8260),
    "roads": ("gp_city_panels/各省+地级市+县级市人均道路面积.xlsx", 6754),
    "finance": ("gp_city_panels/金融发展水平（2003-2023）236缺失.xlsx", 6300),
    "exchange_rate": ("gp_city_panels/汇率.xlsx", 17),
    "city_npp": ("eileenchen_city_remote_sensing/anpp_by_year_by_class_by_city.csv", 7420),
    "land_cover": ("eileenchen_city_remote_sensing/class_area_by_city_by_year.csv", 7420),
    "gem_mines": ("gem_coal_mines/Global-Coal-Mine-Tracker-April-2024.xlsx", 1907),
    "province_panel": ("province_panels/final_data.1.3.4_did-Desktop.csv", 744),
    "gtmp": ("province_panels/GTMP.csv", 720),
    "province_land_cover": (
        "province_panels/province_landcover_npp_2001_2020_mcd12q1.csv",
        680,
    ),
    "national_employment": ("ionet_china_io/china_employment.csv", 29),
    "city_employment": ("eileenchen_city_remote_sensing/Employment.dta", 7420),
}

OFFICIAL_RATE = {2008: 6.9451, 2011: 6.4588, 2014: 6.1428, 2018: 6.6174}
"""Official yearly averages; the vendor's agree to 2008 and lie up to 0.6 % higher from 2009 on."""

VENDOR_RATE_DRIFT = 0.006

SHEET_SUM = 1e-6
"""Mt; the grand total in the margin of a sheet and the sum of its provinces."""


@pytest.fixture(scope="module")
def tables(read_published) -> dict[str, SourceTable]:
    return {name: read_published(name, file) for name, (file, _) in ROWS.items()}


def has_note(table: SourceTable, text: str) -> bool:
    return any(text in note for note in table.record.notes)


@pytest.mark.parametrize("name", ROWS)
def test_rows_columns_units_and_digest(tables, name):
    table, rows = tables[name], ROWS[name][1]
    assert len(table.frame) == table.record.rows == rows
    assert len(table.record.sha256) == 64
    if name == "gem_mines":
        return
    values = [c for c in table.frame.columns if c not in (*KEY_COLUMNS, "city")]
    assert tuple(sorted(values)) == tuple(sorted(READERS[name].provides))
    assert table.record.unit == {c: unit_of(c) for c in values}
    assert all(table.frame[c].dtype == np.float64 for c in values)
    keys = [c for c in table.frame.columns if c in (*KEY_COLUMNS, "city")]
    assert not table.frame.duplicated(keys).any()
    assert table.frame["year"].dtype == np.int64
    for column in values:
        if column in MAGNITUDES:
            bounds = MAGNITUDES[column]
            assert bounds.low <= table.frame[column].median() <= bounds.high


def test_footers_text_numbers_and_gaps_are_counted(tables):
    structure = tables["industry_structure"]
    assert structure.record.sheet == "面板数据2000-2023"
    assert has_note(structure, "2 rows of text without data")
    assert has_note(structure, "348 numbers stood as text")
    assert has_note(structure, "gdp1: 3 of 7974")
    assert has_note(tables["fdi"], "fdi_usd: 1260 of 8260")
    assert has_note(tables["population"], "1078 cells are interpolated")
    assert has_note(tables["edgar_city"], "3 columns without a header left out, 1 of them")
    assert has_note(tables["ceads_county"], "read as gb18030")
    assert has_note(tables["ceads_county"], "320211(2), 320506(2), 321112(2)")


def test_national_sums_of_county_emissions(tables):
    """SOURCE: 3,097 Mt in 1997 and 9,482 Mt in 2017."""
    sums = tables["ceads_county"].frame.groupby("year")["co2_ceads_county"].sum()
    assert round(sums[1997]) == 3097
    assert round(sums[2017]) == 9482


def test_counties_add_up_to_cities(tables):
    cities = sum_counties_to_cities(tables["ceads_county"])
    frame = cities.frame
    assert list(frame.columns) == ["province", "name", "year", "co2_ceads_county"]
    basin = ("山西省", "内蒙古自治区", "山东省", "河南省", "四川省", "陕西省", "甘肃省", "青海省")
    basin += ("宁夏回族自治区",)
    assert len(frame[frame["province"].isin(basin)]["name"].unique()) == 116
    np.testing.assert_allclose(
        frame.groupby("year")["co2_ceads_county"].sum(),
        tables["ceads_county"].frame.groupby("year")["co2_ceads_county"].sum(),
        rtol=1e-12,
    )
    prefixes = county_prefixes(tables["ceads_county"]).set_index("name")["prefixes"]
    assert prefixes["莱芜市"] == "3712"
    assert prefixes["海东地区"] == "6321"
    assert prefixes["济源市"] == "4190"
    assert prefixes["北京市"] == "1101+1102"


def test_apparent_totals(tables, data_root):
    frame = tables["ceads_apparent"].frame
    assert frame["province"].nunique() == 30
    assert frame["year"].unique().tolist() == list(range(1997, 2020))
    absent = frame[frame["co2_apparent_province"].isna()]
    assert list(zip(absent["province"], absent["year"], strict=True)) == [
        ("Hainan", 2002), ("Ningxia", 2000), ("Ningxia", 2001), ("Ningxia", 2002),
    ]  # fmt: skip
    printed = {2015: 11180.860496033276, 2016: 11303.96412109356, 2017: 11553.31256717323}
    sums = frame.groupby("year")["co2_apparent_province"].sum()
    for year, total in printed.items():
        assert sums[year] == pytest.approx(total, abs=SHEET_SUM)


def test_real_gdp_follows_its_index_and_deflator(tables):
    frame = tables["real_gdp"].frame
    before = frame.groupby(["province", "name"])["gdp_real"].shift()
    chained = before * frame["gdp_index"] / 100
    rounding = 1e-4
    assert ((chained / frame["gdp_real"] - 1).abs().dropna() < rounding).all()
    deflator = frame["gdp_nominal"] / frame["gdp_real"]
    assert ((deflator / frame["gdp_deflator"] - 1).abs().dropna() < rounding).all()
    assert (frame.loc[frame["year"] == 2000, "gdp_deflator"] == 1).all()


def test_roads_keep_prefectures_and_jiyuan(tables):
    table = tables["roads"]
    assert has_note(table, "594 rows of provinces and 7436 rows of county-level cities")
    assert has_note(table, "临夏")
    codes = set(table.frame["code"])
    assert {"110000", "140100", "419001", "371200"} <= codes
    assert not {"140000", "622900", "140181"} & codes


def test_interpolated_roads_differ_only_where_flagged(data_root, tables):
    filled = READERS["roads"].read(data_root / ROWS["roads"][0], series="interpolated").frame
    merged = tables["roads"].frame.merge(filled, on=["code", "province", "name", "year"])
    flagged = merged["flag_interpolated_road_area_pc"] == 1
    same = merged["road_area_pc_x"].fillna(-1) == merged["road_area_pc_y"].fillna(-1)
    assert flagged.sum() > 0
    assert (flagged == ~same).all()


def test_mines(tables):
    table = tables["gem_mines"]
    frame = table.frame
    assert frame["status"].value_counts().to_dict() == {
        "Operating": 1797, "Closed": 70, "Mothballed": 40,
    }  # fmt: skip
    assert has_note(table, "2 mines stand in both sheets, taken once: M3163, M3210")
    assert has_note(table, "4 ids stand for several projects: M0173, M0178, M1110, M1188")
    assert not frame.duplicated(["mine", "project"]).any()
    assert frame["workforce"][frame["status"] == "Operating"].sum() == pytest.approx(
        1.87e6, rel=0.01
    )
    years = list(range(2003, 2019))
    spread = mines_by_year(frame, years)
    opened = frame[(frame["opening_year"] > 2003) & (frame["opening_year"] <= 2018)]
    closed = frame["closing_year"].between(2004, 2018)
    assert spread.open[2018].sum() - spread.open[2003].sum() == len(opened) - closed.sum()
    assert spread.capacity_dated.sum().le(spread.capacity.sum()).all()
    assert "13 closed mines without a closing year" in spread.notes[1]


def test_green_patents_and_population(tables):
    frame = tables["province_panel"].frame.set_index(["province", "year"])
    assert frame.loc[("Shanxi", 2018), "prov_green_patents"] == 980 + 1133
    assert frame.loc[("Neimenggu", 2018), "prov_pop"] == 2422
    assert len(frame.index.levels[0]) == 31


def test_national_and_city_employment(tables):
    nation = tables["national_employment"].frame.set_index("year")
    assert nation.loc[2018, "nat_emp_total"] == 775_860_000
    assert nation.loc[2018, "nat_emp_mining"] == 8_660_000
    city = tables["city_employment"].frame
    taiyuan = city[(city["code"] == "140100") & (city["year"] == 2003)].iloc[0]
    assert taiyuan["emp_total"] == pytest.approx(761_900)
    assert taiyuan["emp2"] == pytest.approx(761_900 * 0.5173)
    sectors = city[["emp1", "emp2", "emp3"]].sum(axis=1)
    np.testing.assert_allclose(sectors, city["emp_total"], rtol=1e-3)
    assert city["flag_interpolated_emp_total"].sum() == 1462
    covered = city.groupby("year")["emp_total"].sum() / nation["nat_emp_total"]
    assert covered.dropna().between(0.15, 0.30).all(), "urban units against all employment"


def test_exchange_rate(tables):
    frame = tables["exchange_rate"].frame
    assert frame["year"].tolist() == list(range(2007, 2024))
    rate = frame.set_index("year")["usd_cny"]
    for year, official in OFFICIAL_RATE.items():
        assert rate[year] == pytest.approx(official, rel=VENDOR_RATE_DRIFT)


def test_city_inventory_splits_its_keys(tables):
    frame = tables["ceads_city"].frame
    pairs = frame[["province", "name"]].drop_duplicates()
    assert len(pairs) == 290
    assert {("山东", "莱芜"), ("吉林", "吉林"), ("北京", "北京"), ("内蒙古", "兴安盟")} <= set(
        pairs.itertuples(index=False, name=None)
    )
    assert isinstance(frame, pd.DataFrame)
