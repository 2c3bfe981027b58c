"""Provinces as neighbours, and the footprint in space and time on the published files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.footprint.build import StudiedFootprint, build_footprint
from yrb_carbon.footprint.space import build_province_weights
from yrb_carbon.footprint.space_rows import inequality_rows, moran_rows, shift_rows
from yrb_carbon.sources.boundaries import Boundaries, read_province_outlines
from yrb_carbon.study.base import Label
from yrb_carbon.study.footprint import (
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
)
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.weights.build import calc_distances

pytestmark = pytest.mark.slow

ROUNDING = 1e-12
PARTS = 1e-10
HALF_DIGIT = 5e-4
"""Numbers below are given to three decimals."""
YEARS = range(2000, 2022)
FILES = range(1997, 2020)
"""Years before the first of the accounts fill gaps at its beginning."""
MEASURED = [*range(2000, 2020)]
DIMENSIONS = ("size", "depth", "emissions")
TITLE = Label(en="t", zh="t")
KEY = TableKey(study="s", table="C", sample="")

NEIGHBOURS = {
    "Beijing": "Tianjin Hebei",
    "Tianjin": "Hebei",
    "Hebei": "Shanxi InnerMongolia Liaoning Shandong Henan",
    "Shanxi": "InnerMongolia Henan Shaanxi",
    "InnerMongolia": "Liaoning Jilin Heilongjiang Shaanxi Gansu Ningxia",
    "Liaoning": "Jilin",
    "Jilin": "Heilongjiang",
    "Shanghai": "Jiangsu Zhejiang",
    "Jiangsu": "Zhejiang Anhui Shandong",
    "Zhejiang": "Anhui Fujian Jiangxi",
    "Anhui": "Jiangxi Shandong Henan Hubei",
    "Fujian": "Jiangxi Guangdong",
    "Jiangxi": "Hubei Hunan Guangdong",
    "Shandong": "Henan",
    "Henan": "Hubei Shaanxi",
    "Hubei": "Hunan Chongqing Shaanxi",
    "Hunan": "Guangdong Guangxi Chongqing Guizhou",
    "Guangdong": "Guangxi Hainan",
    "Guangxi": "Guizhou Yunnan",
    "Chongqing": "Sichuan Guizhou Shaanxi",
    "Sichuan": "Guizhou Yunnan Shaanxi Gansu Qinghai",
    "Guizhou": "Yunnan",
    "Shaanxi": "Gansu Ningxia",
    "Gansu": "Qinghai Ningxia Xinjiang",
    "Qinghai": "Xinjiang",
}
"""Borders between provinces from a map of China, each once; and the link of Hainan."""


@pytest.fixture(scope="module")
def outlines() -> Boundaries:
    return read_province_outlines()


@pytest.fixture(scope="module")
def provinces() -> list[str]:
    return [code for code in load_provinces().codes if code != "54"]


@pytest.fixture(scope="module")
def section(data_root) -> FootprintSection:
    def files(folder: str, name: str) -> dict[int, str]:
        found = {year: f"{folder}/{name.format(year)}" for year in FILES}
        return {year: path for year, path in found.items() if (Path(data_root) / path).exists()}

    panels = "province_panels"
    return FootprintSection(
        energy=files("ceads_province_energy", "省级能源清单_{}.xlsx"),
        economy={"format": "gtmp", "path": f"{panels}/GTMP.csv"},
        people={
            "format": "province_panel",
            "path": f"{panels}/final_data.1.3.4_did-Desktop.csv",
        },
        land={
            "format": "province_land_cover",
            "path": f"{panels}/province_landcover_npp_2001_2020_mcd12q1.csv",
        },
    )


@pytest.fixture(scope="module")
def found(section, data_root) -> StudiedFootprint:
    return build_footprint(section, data_root)


@pytest.fixture(scope="module")
def moran(found, section, outlines) -> pd.DataFrame:
    table = FootprintMoranTable(kind="footprint_moran", title=TITLE, dimensions=DIMENSIONS)
    made = moran_rows(table, found.measures, outlines, section, KEY, seed=1)
    assert made.notes == ("C: Hainan linked to Guangdong",)
    return made.frame


@pytest.fixture(scope="module")
def shift(found, section, outlines) -> pd.DataFrame:
    table = FootprintShiftTable(kind="footprint_shift", title=TITLE, dimensions=DIMENSIONS)
    return shift_rows(table, found.measures, outlines, section, KEY).frame


@pytest.fixture(scope="module")
def inequality(found, section) -> pd.DataFrame:
    table = FootprintInequalityTable(
        kind="footprint_inequality", title=TITLE, dimensions=DIMENSIONS
    )
    return inequality_rows(table, found.measures, found.population, section, KEY).frame


def picked(rows: pd.DataFrame, **values) -> pd.DataFrame:
    for column, value in values.items():
        rows = rows[rows[column] == value]
    return rows


def by_year(rows: pd.DataFrame, column: str = "estimate", **values) -> pd.Series:
    own = picked(rows, **values).set_index("year")[column].astype(float)
    assert not own.index.duplicated().any()
    return own


def adjacency(provinces: list[str]) -> np.ndarray:
    """1 where provinces are neighbours by the list above."""
    places = {load_provinces().label(code): i for i, code in enumerate(provinces)}
    linked = np.zeros((len(provinces), len(provinces)))
    for one, others in NEIGHBOURS.items():
        for other in others.split():
            linked[places[one], places[other]] = linked[places[other], places[one]] = 1.0
    return linked


def test_neighbours_are_those_of_a_map(outlines, provinces):
    weights = build_province_weights(outlines, provinces)
    assert weights.linked == (("46", "44"),)
    assert weights.facts.n_links == 130
    assert weights.facts.n_components == 1
    linked = adjacency(provinces)
    assert np.array_equal(weights.matrix > 0, linked > 0)
    np.testing.assert_allclose(weights.matrix, linked / linked.sum(axis=1, keepdims=True))


def test_hainan_is_nearest_to_guangdong(outlines):
    places = outlines.frame.loc[["46", "44", "45"], ["lon", "lat"]].to_numpy().T
    distance = calc_distances(*places)[0]
    assert distance[1] < distance[2]


def test_without_the_link_hainan_is_left_out(outlines, provinces):
    weights = build_province_weights(outlines, provinces, link_islands=False)
    assert weights.dropped == ("46",)
    assert weights.facts.n_links == 128


@pytest.mark.real
def test_all_provinces_and_years_have_a_moran(moran):
    for dimension in DIMENSIONS:
        for model in ("global", "global_log"):
            rows = picked(moran, outcome=dimension, model=model, inference="permutation")
            assert sorted(rows["year"]) == list(YEARS)
            assert set(rows["n_units"]) == {30}


@pytest.mark.real
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_moran_is_the_double_sum_over_neighbours(moran, found, provinces, dimension):
    linked = adjacency(provinces)
    weights = linked / linked.sum(axis=1, keepdims=True)
    found_by_year = by_year(moran, outcome=dimension, model="global_log", inference="permutation")
    for year in (2000, 2010, 2019):
        values = found.measures[dimension].xs(year, level="year")
        assert list(values.index) == provinces
        z = np.log(values.to_numpy())
        z = z - z.mean()
        expected = (weights * np.outer(z, z)).sum() / (z**2).sum()
        assert found_by_year[year] == pytest.approx(expected, abs=ROUNDING)


@pytest.mark.real
def test_depth_clusters_in_logarithms_and_not_in_values(moran):
    """Shanghai, Tianjin, Shandong and Jiangsu hold nearly all of its variance."""
    at = {"outcome": "depth", "inference": "permutation"}
    values, logs = (
        by_year(moran, "p_value", model=model, **at) for model in ("global", "global_log")
    )
    assert values.min() > 0.1
    assert logs.max() < 0.01
    first, last = (by_year(moran, model="global_log", **at)[year] for year in (2000, 2019))
    assert (first, last) == pytest.approx((0.417, 0.482), abs=HALF_DIGIT)
    test = picked(moran, outcome="depth", model="trend", quantity="test")
    assert test["statistic"].item() > 0
    assert test["p_value"].item() < 0.001


@pytest.mark.real
def test_size_clusters_from_the_middle_of_the_period(moran):
    at = {"outcome": "size", "model": "global", "inference": "permutation"}
    found = by_year(moran, **at)
    assert (found > 0).all()
    assert found.idxmax() == 2010
    assert (found[2000], found[2010], found[2019]) == pytest.approx(
        (0.075, 0.241, 0.150), abs=HALF_DIGIT
    )
    p_values = by_year(moran, "p_value", **at)
    assert p_values[2000] > 0.1
    assert p_values[[2009, 2010, 2011]].max() < 0.05


@pytest.mark.real
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_centre_is_the_weighted_mean_on_the_map(shift, found, outlines, dimension):
    from pyproj import Proj

    plane = Proj(FootprintShiftTable.model_fields["crs"].default)
    places = outlines.frame.loc[list(found.measures.index.unique("province")), ["lon", "lat"]]
    x, y = plane(places["lon"].to_numpy(), places["lat"].to_numpy())
    weights = found.measures[dimension].xs(2019, level="year").to_numpy()
    centre = plane(
        (weights * x).sum() / weights.sum(), (weights * y).sum() / weights.sum(), inverse=True
    )
    at = {"outcome": dimension, "model": "centre"}
    lon, lat = (by_year(shift, term=term, **at)[2019] for term in ("lon", "lat"))
    assert (lon, lat) == pytest.approx(centre, abs=1e-9)


@pytest.mark.real
def test_emissions_and_size_move_inland_and_depth_does_not(shift):
    centres = {"emissions": (114.900, 113.594), "size": (113.590, 110.800)}
    for dimension, (first, last) in centres.items():
        lon = by_year(shift, outcome=dimension, model="centre", term="lon")
        assert (lon[2000], lon[2019]) == pytest.approx((first, last), abs=HALF_DIGIT)
        test = picked(shift, outcome=dimension, model="trend", equation="lon", quantity="test")
        assert test["statistic"].item() < 0
        assert test["p_value"].item() < 0.001
    depth = picked(shift, outcome="depth", model="trend", equation="lon", quantity="test")
    assert depth["p_value"].item() > 0.1


@pytest.mark.real
def test_ellipses_hold_their_area(shift):
    for dimension in DIMENSIONS:
        at = {"outcome": dimension, "model": "ellipse"}
        major, minor, area = (
            by_year(shift, term=f"sde_{term}", **at) for term in ("major", "minor", "area")
        )
        np.testing.assert_allclose(area, np.pi * major * minor, rtol=ROUNDING)
        assert (major > minor).all()
        assert major.between(500, 1500).all()


@pytest.mark.real
def test_no_shift_is_told_for_the_years_that_are_held(shift):
    """Nothing moves from 2019 to 2020 and 2021 but by what was held."""
    told = shift[(shift["model"] == "shift") & (shift["outcome"] == "emissions")]
    yearly = told[(told["term"] == "shift") & told["year"].notna()]
    assert {"2017-2018", "2018-2019"} <= set(yearly["equation"])
    assert yearly["year"].max() == 2019
    assert not told["equation"].str.contains("2020|2021").any()


@pytest.mark.real
@pytest.mark.parametrize("dimension", DIMENSIONS)
def test_parts_of_inequality_add_up_every_year(inequality, found, dimension):
    at = {"outcome": dimension, "equation": "", "quantity": "value"}
    dagum = {
        term: by_year(inequality, model="dagum", term=term, **at)
        for term in ("G", "Gw", "Gnb", "Gt")
    }
    np.testing.assert_allclose(
        dagum["Gw"] + dagum["Gnb"] + dagum["Gt"], dagum["G"], rtol=0, atol=PARTS
    )
    theil = {
        term: by_year(inequality, model="theil", term=term, **at)
        for term in ("total", "between", "within")
    }
    np.testing.assert_allclose(
        theil["between"] + theil["within"], theil["total"], rtol=0, atol=PARTS
    )
    values = found.measures[dimension].xs(2019, level="year").to_numpy()
    written_out = np.abs(values[:, None] - values).sum() / (2 * 30**2 * values.mean())
    assert dagum["G"][2019] == pytest.approx(written_out, abs=PARTS)


@pytest.mark.real
def test_inequality_of_depth_lies_between_the_regions_and_that_of_emissions_within(inequality):
    for dimension, low, high in (("depth", 0.65, 0.75), ("emissions", 0.15, 0.55)):
        share = by_year(
            inequality, outcome=dimension, model="dagum", equation="", quantity="share", term="Gnb"
        )
        assert share.between(low, high).all()
    share = by_year(
        inequality, outcome="size", model="dagum", equation="", quantity="share", term="Gnb"
    )
    assert (share[2000], share[2019]) == pytest.approx((0.331, 0.498), abs=HALF_DIGIT)


@pytest.mark.real
def test_emissions_rise_in_all_provinces_but_one(inequality, provinces):
    rows = picked(inequality, outcome="emissions", model="trend", quantity="test")
    rows = rows[rows["equation"].isin(provinces) & rows["inference"].eq("hamed_rao_fdr")]
    significant = rows[rows["p_value"] < 0.05]
    assert list(significant.loc[significant["statistic"] < 0, "equation"]) == ["11"]
    assert (significant["statistic"] > 0).sum() == 28
    assert set(rows["n_periods"]) == {len(MEASURED)}
