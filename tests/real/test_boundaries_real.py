"""The polygons of the nine provinces: package data against an independent conversion, and maps of
the time against today's."""

from __future__ import annotations

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from yrb_carbon.panel.allocate import points_to_units
from yrb_carbon.sources.boundaries import read_boundaries

AREA_SHARE = 0.0015
"""The reference was measured after simplifying at 0.005 degrees, ours before; the smallest and
most winding unit (Luohe 411100) moves by 0.11 %."""

CENTROID_KM = 0.5
"""The reference is simplified at half a kilometre."""

MAP_AREA_SHARE = 0.10
"""Maps of another maker: coasts and reclaimed land of Dongying 370500 differ by 9 %."""

RECODE_2018 = {"371200": "370100"}
RECODE_2003 = RECODE_2018 | {
    "142300": "141100", "152800": "150800", "152600": "150900", "622400": "621100",
    "622600": "621200", "632100": "630200",
}  # fmt: skip


@pytest.fixture(scope="module")
def reference(data_root) -> gpd.GeoDataFrame:
    path = data_root / "yrb_boundaries_cnmaps" / "yrb_115_units_wgs84_0.005deg.geojson"
    return gpd.read_file(path).set_index("adcode").sort_index()


@pytest.mark.real
def test_units_are_exactly_those_of_the_reference(cnmaps, reference):
    assert list(cnmaps.unit_ids) == reference.index.tolist()
    assert len(cnmaps.unit_ids) == 115
    assert "419001" in cnmaps.unit_ids


@pytest.mark.real
def test_areas_and_centroids_agree_with_the_reference(cnmaps, reference):
    ratio = cnmaps.frame["area_km2"] / reference["area_km2"].astype(float)
    assert (ratio - 1).abs().max() < AREA_SHARE
    plane = reference.to_crs("ESRI:102025").geometry.centroid
    away = np.hypot(plane.x - cnmaps.frame["x"], plane.y - cnmaps.frame["y"]) / 1e3
    assert away.max() < CENTROID_KM


@pytest.mark.real
def test_shapes_agree_with_the_reference(cnmaps, reference):
    ours, theirs = cnmaps.projected(), reference.to_crs("ESRI:102025").geometry.values
    apart = shapely.area(shapely.symmetric_difference(ours, np.asarray(theirs)))
    # with the shift of GCJ-02 left in place the median would be 0.017
    assert np.median(apart / shapely.area(ours)) < 0.001


def test_coverage_is_valid_before_and_after_simplifying(cnmaps):
    assert cnmaps.is_coverage
    assert shapely.is_valid(cnmaps.frame.geometry.values).all()
    assert "533385 -> " in cnmaps.record.notes[-1]


def test_measures_do_not_depend_on_the_tolerance(cnmaps):
    rough = read_boundaries(unit_ids=["640100", "640200"], simplify_m=5000)
    measures = ["area_km2", "x", "y", "lon", "lat"]
    assert rough.frame[measures].equals(cnmaps.subset(rough.unit_ids).frame[measures])


@pytest.mark.slow
def test_order_of_the_units_asked_for_changes_no_bit(cnmaps):
    wanted = ["640500", "140100", "632700", "620900"]
    one, other = read_boundaries(unit_ids=wanted), read_boundaries(unit_ids=wanted[::-1])
    assert one.frame.equals(other.frame)
    assert one.record == other.record


@pytest.mark.real
@pytest.mark.parametrize(("year", "recode"), [(2003, RECODE_2003), (2018, RECODE_2018)])
def test_maps_of_the_time_can_stand_in(cnmaps, data_root, year, recode):
    units = [u for u in cnmaps.unit_ids if not (year == 2003 and u == "640500")]
    found = read_boundaries(
        "file", path=data_root / "crosswalk_ctamap" / f"p{year}.geojson", unit_ids=units,
        recode=recode, contiguity_tolerance_m=500,
    )  # fmt: skip
    assert list(found.unit_ids) == units
    assert not found.is_coverage
    notes = " / ".join(found.record.notes)
    assert "polygons united: 370100" in notes
    assert "pairs of polygons overlap" in notes
    if year == 2018:
        ratio = found.frame["area_km2"] / cnmaps.frame["area_km2"]
        assert (ratio - 1).abs().max() < MAP_AREA_SHARE
        assert (ratio - 1).abs().median() < 0.005


@pytest.mark.real
def test_coal_mines_lie_in_the_prefectures_that_the_tracker_names(cnmaps, data_root):
    mines = pd.read_excel(
        data_root / "gem_coal_mines" / "Global-Coal-Mine-Tracker-April-2024.xlsx",
        sheet_name=None, engine="calamine",
    )  # fmt: skip
    table = next(t for t in mines.values() if {"Latitude", "Longitude"} <= set(t.columns))
    china = table[table["Country"] == "China"]
    lon = pd.to_numeric(china["Longitude"], errors="coerce")
    lat = pd.to_numeric(china["Latitude"], errors="coerce")
    known = lon.notna() & lat.notna()
    found = points_to_units(lon[known], lat[known], cnmaps)
    state = china.loc[known, "State, Province"]
    shanxi = found.unit[state == "Shanxi"]
    assert len(shanxi) > 100
    assert (shanxi.str[:2] == "14").mean() > 0.98
    assert found.n_on_border == 0
