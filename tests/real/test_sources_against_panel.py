"""Readers against the merged panel made from the same files, every unit and year of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.ceads_county import sum_counties_to_cities

pytestmark = pytest.mark.real

GP = "gp_city_panels"
REMOTE = "eileenchen_city_remote_sensing"
FILES = {
    "edgar_city": f"{GP}/地级市碳排放强度.xlsx",
    "ceads_county": "ceads_county_co2/1997-2017年中国县级尺度碳排放.CSV",
    "ceads_city": "ceads_city_co2/1997-2019年290个中国城市碳排放清单 (1).xlsx",
    "industry_structure": f"{GP}/2000-2023地级市产业结构 .xlsx",
    "real_gdp": f"{GP}/296个地级市GDP相关数据（以2000年为基期）.xlsx",
    "population": f"{GP}/298个地级市人口密度1998-2024年无缺失.xlsx",
    "fdi": f"{GP}/1996-2023年地级市外商直接投资FDI.xlsx",
    "roads": f"{GP}/各省+地级市+县级市人均道路面积.xlsx",
    "finance": f"{GP}/金融发展水平（2003-2023）236缺失.xlsx",
    "city_npp": f"{REMOTE}/anpp_by_year_by_class_by_city.csv",
    "land_cover": f"{REMOTE}/class_area_by_city_by_year.csv",
}

EXACT = 1e-12
"""Both sides come from the same cells; only the factor of the unit is multiplied in."""

SUMMED = 1e-9
"""The panel's makers may have added counties and classes in another order."""

CODE_KEYED = [
    ("edgar_city", "co2_edgar", "edgar_co2_t", 1e-6, EXACT),
    ("industry_structure", "gdp", "gdp_100m", 1e4, EXACT),
    ("industry_structure", "gdp1", "va1_100m", 1e4, EXACT),
    ("industry_structure", "gdp2", "va2_100m", 1e4, EXACT),
    ("industry_structure", "gdp3", "va3_100m", 1e4, EXACT),
    ("population", "pop", "resident_pop_10k_interp", 1.0, EXACT),
    ("population", "pop_reported", "resident_pop_10k", 1.0, EXACT),
    ("population", "area_admin", "admin_area_km2", 1.0, EXACT),
    ("roads", "road_area_pc", "road_m2_pc", 1.0, EXACT),
    ("finance", "loans", "loan_10k", 1.0, EXACT),
    ("finance", "deposits", "deposit_10k", 1.0, EXACT),
    ("city_npp", "npp", "overall_anpp", 1.0, EXACT),
]

NAME_KEYED = [
    ("real_gdp", "gdp_nominal", "nominal_gdp_100m", 1e4, EXACT),
    ("real_gdp", "gdp_real", "real_gdp2000_100m", 1e4, EXACT),
    ("real_gdp", "gdp_index", "gdp_index", 1.0, EXACT),
    ("real_gdp", "gdp_deflator", "deflator", 1.0, EXACT),
    ("fdi", "fdi_usd", "fdi_musd", 100.0, EXACT),
    ("ceads_city", "co2_ceads_city", "ceads_city_co2_mt", 1.0, EXACT),
    ("ceads_county", "co2_ceads_county", "ceads_county_co2_mt", 1.0, SUMMED),
]

MISSED_BY_THE_PANEL = {("内蒙古", "兴安"), ("四川", "甘孜")}
"""CEADs cities that the workbook has (内蒙古兴安盟, 四川甘孜) and the merged panel leaves empty."""

SUFFIXES = (
    "蒙古族藏族自治州", "藏族羌族自治州", "藏族自治州", "回族自治州", "彝族自治州", "自治区",
    "回族自治区", "地区", "省", "市", "盟",
)  # fmt: skip


def short(name: str) -> str:
    """Name without its level; enough to match the names within a province of the basin."""
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        if name.endswith(suffix) and len(name) > len(suffix) + 1:
            return name[: -len(suffix)]
    return name


@pytest.fixture(scope="session")
def panel(data_root: Path) -> pd.DataFrame:
    frame = pd.read_csv(data_root / "yrb_city_panel_real_2003_2018.csv", dtype={"adcode": str})
    frame["province_short"] = frame["province"].map(short).str.replace("回族", "")
    frame["city_short"] = frame["city"].map(short)
    return frame


@pytest.fixture(scope="session")
def tables(read_published) -> dict[str, SourceTable]:
    """Every file is read once."""
    return {name: read_published(name, file) for name, file in FILES.items()}


def assert_equal(ours: pd.Series, theirs: pd.Series, tolerance: float) -> None:
    """Same missing cells and same values."""
    assert theirs.notna().sum() > 0
    wrong = ours.isna() != theirs.isna()
    assert not wrong.any(), theirs.index[wrong][:10].tolist()
    np.testing.assert_allclose(ours.to_numpy(), theirs.to_numpy(), rtol=tolerance, atol=0)


@pytest.mark.parametrize(("name", "column", "theirs", "factor", "tolerance"), CODE_KEYED)
def test_reader_keyed_by_code(panel, tables, name, column, theirs, factor, tolerance):
    ours = tables[name].frame.set_index(["code", "year"])[column]
    wanted = panel.set_index(["adcode", "year"])[theirs] * factor
    assert_equal(ours.reindex(wanted.index), wanted, tolerance)


@pytest.mark.parametrize(("name", "column", "theirs", "factor", "tolerance"), NAME_KEYED)
def test_reader_keyed_by_name(panel, tables, name, column, theirs, factor, tolerance):
    table = tables[name]
    frame = (sum_counties_to_cities(table) if name == "ceads_county" else table).frame.copy()
    frame["city_short"] = frame["name"].map(short)
    if "province" in frame:
        frame["province_short"] = frame["province"].map(short)
        keys = ["province_short", "city_short", "year"]
    else:
        keys = ["city_short", "year"]
    ours = frame.set_index(keys)[column]
    assert ours.index.is_unique
    wanted = panel.set_index(keys)[theirs] * factor
    if name == "ceads_county":
        jinan, laiwu = (ours.xs(("山东", city)) for city in ("济南", "莱芜"))
        ours.loc[[("山东", "济南", year) for year in jinan.index]] = (jinan + laiwu).to_numpy()
    if name == "ceads_city":
        units = wanted.index.droplevel("year")
        missed = units.isin(list(MISSED_BY_THE_PANEL))
        assert wanted[missed].isna().all()
        assert ours.reindex(wanted.index)[missed].notna().any()
        wanted = wanted[~missed]
    assert_equal(ours.reindex(wanted.index), wanted, tolerance)


def test_land_cover_groups(panel, tables):
    frame = tables["land_cover"].frame.set_index(["code", "year"])
    wanted = panel.set_index(["adcode", "year"])
    groups = {
        "area_forest": [1, 2, 3, 4, 5],
        "area_grass": [6, 7, 8, 9, 10],
        "area_water": [11, 17],
        "area_crop": [12, 14],
        "area_unused": [15, 16],
        "area_built": [13],
    }
    for column, classes in groups.items():
        theirs = wanted[[f"igbp{k:02d}_km2" for k in classes]].sum(axis=1)
        assert_equal(frame[column].reindex(theirs.index), theirs, SUMMED)
    total = frame[list(groups)].sum(axis=1)
    spread = total.groupby("code").agg(lambda s: (s.max() - s.min()) / s.max())
    assert spread.max() < SUMMED
