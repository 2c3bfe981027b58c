"""Boundaries: GCJ-02, codes, encodings, coordinate systems, coverage, files of our own."""

from __future__ import annotations

import re
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import shapely

from yrb_carbon.errors import SourceError
from yrb_carbon.sources import boundaries
from yrb_carbon.sources.boundaries import (
    Boundaries,
    load_boundaries,
    read_boundaries,
    write_boundaries,
)
from yrb_carbon.sources.gcj02 import gcj02_to_wgs84, wgs84_to_gcj02

# Test vectors of googollee/eviltransform, the same in the test suites of all its languages.
PUBLISHED_SHIFTS = [
    (31.1774276, 121.5272106, 31.17530398364597, 121.531541859215),
    (22.543847, 113.912316, 22.540796131694766, 113.9171764808363),
    (39.911954, 116.377817, 39.91334545536069, 116.38404722455657),
]
VECTOR_DEGREES = 1e-12  # the last digits printed
ROUND_TRIP_DEGREES = 1e-12  # a tenth of a micrometre
AREA_SHARE = 1e-6  # a degree square is its own area up to how edges bend in the projection

CODES = ["140100", "140200", "140300", "140400"]
SQUARES = [
    shapely.box(110, 35, 111, 36),
    shapely.box(111, 35, 112, 36),
    shapely.box(110, 36, 111, 37),
    shapely.box(111, 36, 112, 37),
]


def squares(column: str = "adcode", codes: list[object] | None = None) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame({column: codes or CODES}, geometry=SQUARES, crs=4326)


def read(path: Path, **options: object) -> Boundaries:
    return read_boundaries("file", path=path, simplify_m=0, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(("lat", "lon", "lat_gcj", "lon_gcj"), PUBLISHED_SHIFTS)
def test_gcj02_matches_published_vectors(lat, lon, lat_gcj, lon_gcj):
    x, y = wgs84_to_gcj02(np.array([lon]), np.array([lat]))
    assert x[0] == pytest.approx(lon_gcj, abs=VECTOR_DEGREES)
    assert y[0] == pytest.approx(lat_gcj, abs=VECTOR_DEGREES)


def test_gcj02_inverse_undoes_the_shift_over_the_basin():
    generator = np.random.default_rng(7)
    lon, lat = generator.uniform(89, 127, 5000), generator.uniform(26, 54, 5000)
    back = gcj02_to_wgs84(*wgs84_to_gcj02(lon, lat))
    np.testing.assert_allclose(back, [lon, lat], rtol=0, atol=ROUND_TRIP_DEGREES)


def test_gcj02_inverse_of_a_point_does_not_depend_on_the_points_beside_it():
    lon, lat = np.array([110.123456, 95.5, 120.25]), np.array([35.1, 33.3, 37.7])
    together = gcj02_to_wgs84(lon, lat)
    alone = [gcj02_to_wgs84(lon[i : i + 1], lat[i : i + 1]) for i in range(3)]
    assert [x[0] for x, _ in alone] == together[0].tolist()


@pytest.mark.parametrize("suffix", [".gpkg", ".geojson", ".shp"])
def test_formats_give_the_same_boundaries(tmp_path, suffix):
    path = tmp_path / f"map{suffix}"
    squares().to_file(path)
    found = read(path)
    assert found.unit_ids == tuple(CODES)
    assert found.is_coverage
    assert all(shapely.equals(found.frame.geometry.values, SQUARES))


@pytest.mark.parametrize(
    "codes",
    [
        [140100, 140200, 140300, 140400],
        [140100.0, 140200.0, 140300.0, 140400.0],
        ["1401", "1402", "1403", "1404"],
        ["156140100", "156140200", "156140300", "156140400"],
        ["140100000000", "140200000000", "140300000000", "140400000000"],
    ],
)
def test_spellings_of_codes(tmp_path, codes):
    squares(codes=codes).to_file(tmp_path / "map.gpkg")
    assert read(tmp_path / "map.gpkg").unit_ids == tuple(CODES)


@pytest.mark.parametrize("column", ["code", "区划码", "市代码", "CITY_ID", "gb", "source_code"])
def test_code_column_is_found_by_name(tmp_path, column):
    squares(column).to_file(tmp_path / "map.gpkg")
    found = read(tmp_path / "map.gpkg")
    assert found.unit_ids == tuple(CODES)
    assert f"codes taken from column {column!r}" in found.record.notes


def test_code_column_with_the_wanted_units_wins(tmp_path):
    frame = squares().assign(code=["410100", "410200", "410300", "410400"])
    frame.to_file(tmp_path / "map.gpkg")
    assert read(tmp_path / "map.gpkg", unit_ids=["410200"]).unit_ids == ("410200",)
    assert read(tmp_path / "map.gpkg", unit_ids=["140200"]).unit_ids == ("140200",)


@pytest.mark.parametrize("names_encoding", [True, False])
def test_shapefile_in_gbk(tmp_path, names_encoding):
    path = tmp_path / "map.shp"
    squares("区划码").assign(名称=["太原市", "大同市", "阳泉市", "长治市"]).to_file(
        path, encoding="GBK"
    )
    if not names_encoding:
        path.with_suffix(".cpg").unlink()
    found = read(path)
    assert found.unit_ids == tuple(CODES)
    assert ("attributes read as GBK: the file names no encoding" in found.record.notes) == (
        not names_encoding
    )


def test_any_coordinate_system_and_the_ellipsoidal_area(tmp_path):
    from pyproj import Geod

    squares().to_crs(4490).to_file(tmp_path / "cgcs2000.gpkg")
    squares().to_crs(32649).to_file(tmp_path / "utm.gpkg")
    plain, utm = read(tmp_path / "cgcs2000.gpkg"), read(tmp_path / "utm.gpkg")
    np.testing.assert_allclose(utm.frame["area_km2"], plain.frame["area_km2"], rtol=AREA_SHARE)
    assert any("into WGS84" in note for note in utm.record.notes)
    finely = shapely.segmentize(SQUARES[0], 0.001)
    on_ellipsoid = abs(Geod(ellps="WGS84").geometry_area_perimeter(finely)[0]) / 1e6
    # edges are chords of the projection, not parallels: they bend by less than 1e-4 of the area
    assert plain.frame.loc["140100", "area_km2"] == pytest.approx(on_ellipsoid, rel=1e-4)


def test_no_thread_of_arrow_reads_from_a_python_object(tmp_path, monkeypatch):
    """Such a thread can let go of the object when the interpreter is gone: SIGABRT at exit."""
    sources = []
    read_table = pq.read_table

    def record(source, *arguments, **options):
        sources.append(source)
        return read_table(source, *arguments, **options)

    monkeypatch.setattr(pq, "read_table", record)
    squares().to_file(tmp_path / "a.gpkg")
    write_boundaries(read(tmp_path / "a.gpkg"), tmp_path / "b.parquet")
    assert sources
    assert all(isinstance(source, str | Path | pa.BufferReader) for source in sources)


def test_rows_of_the_file_in_another_order_give_equal_bytes(tmp_path):
    squares().to_file(tmp_path / "a.gpkg")
    squares().iloc[[2, 0, 3, 1]].to_file(tmp_path / "b.gpkg")
    one, other = read(tmp_path / "a.gpkg"), read(tmp_path / "b.gpkg")
    assert one.frame.equals(other.frame)
    write_boundaries(one, tmp_path / "one.parquet")
    write_boundaries(one, tmp_path / "again.parquet")
    assert (tmp_path / "one.parquet").read_bytes() == (tmp_path / "again.parquet").read_bytes()


def test_written_boundaries_come_back(tmp_path):
    squares().to_file(tmp_path / "a.gpkg")
    found = read(tmp_path / "a.gpkg", contiguity_tolerance_m=250.0)
    write_boundaries(found, tmp_path / "made" / "b.parquet")
    back = load_boundaries(tmp_path / "made" / "b.parquet")
    assert back.record == found.record
    assert (back.is_coverage, back.contiguity_tolerance_m) == (True, 250.0)
    assert back.frame.equals(found.frame)


def test_simplifying_keeps_shared_borders_and_measures(tmp_path):
    generator = np.random.default_rng(3)
    y = np.linspace(35, 36, 400)
    x = 111 + 0.004 * generator.standard_normal(400)
    border = list(zip(x, y, strict=True))
    west = shapely.Polygon([(110, 35), *border, (110, 36)])
    east = shapely.Polygon([(112, 35), *border, (112, 36)])
    gpd.GeoDataFrame({"code": CODES[:2]}, geometry=[west, east], crs=4326).to_file(
        tmp_path / "m.gpkg"
    )
    exact = read(tmp_path / "m.gpkg")
    simple = read_boundaries("file", path=tmp_path / "m.gpkg", simplify_m=1000)
    assert simple.is_coverage
    vertices = shapely.get_num_coordinates(simple.frame.geometry.values).sum()
    assert vertices < 0.5 * shapely.get_num_coordinates(exact.frame.geometry.values).sum()
    assert simple.frame["area_km2"].equals(exact.frame["area_km2"])


def test_recoding_unites_what_belongs_together(tmp_path):
    squares(codes=["370100", "371200", "142300", "140400"]).to_file(tmp_path / "old.gpkg")
    whole = read(tmp_path / "old.gpkg")
    recode = {"371200": "370100", "142300": "141100", "622600": "621200"}
    found = read(tmp_path / "old.gpkg", recode=recode)
    assert found.unit_ids == ("140400", "141100", "370100")
    assert found.frame.loc["370100", "area_km2"] == pytest.approx(
        whole.frame.loc[["370100", "371200"], "area_km2"].sum(), rel=AREA_SHARE
    )
    assert "polygons united: 370100" in found.record.notes
    assert found.is_coverage


def test_overlaps_and_gaps_are_told(tmp_path):
    west = shapely.Polygon([(110, 35), (111, 35), (111.01, 35.5), (111, 36), (110, 36)])
    notched = shapely.Polygon(
        [(110, 36), (111, 36), (111, 36.4), (110.99, 36.5), (111, 36.6), (111, 37), (110, 37)]
    )
    shapes = [west, SQUARES[1], notched, SQUARES[3]]
    gpd.GeoDataFrame({"code": CODES}, geometry=shapes, crs=4326).to_file(tmp_path / "m.gpkg")
    found = read(tmp_path / "m.gpkg")
    told = " / ".join(found.record.notes)
    assert not found.is_coverage
    # versions of GEOS count the edges beside the faulty ones or not
    assert re.search(r"edges of \d polygons do not match their neighbours: 140100, 140200", told)
    # a triangle of 0.01 by 1 degree (50 km2) and one of 0.01 by 0.2 degrees (10 km2)
    assert "1 pairs of polygons overlap, 50." in told
    assert "1 gaps inside the outline of all polygons, 9.9 km2" in told


def test_other_units_are_left_out_and_counted(tmp_path):
    squares().to_file(tmp_path / "m.gpkg")
    found = read(tmp_path / "m.gpkg", unit_ids=["140300", "140100"])
    assert found.unit_ids == ("140100", "140300")
    assert "2 polygons of other units left out" in found.record.notes


def test_faults_of_other_units_do_not_matter(tmp_path):
    bow = shapely.Polygon([(0, 0), (1, 1), (1, 0), (0, 1)])
    frame = gpd.GeoDataFrame({"code": CODES[:2]}, geometry=[SQUARES[0], bow], crs=4326)
    frame.to_file(tmp_path / "m.gpkg")
    assert read(tmp_path / "m.gpkg", unit_ids=["140100"]).unit_ids == ("140100",)
    with pytest.raises(SourceError, match="140200"):
        read(tmp_path / "m.gpkg")


def test_repair_is_counted(tmp_path):
    bow = shapely.Polygon([(110, 35), (111, 36), (111, 35), (110, 36)])
    gpd.GeoDataFrame({"code": CODES[:1]}, geometry=[bow], crs=4326).to_file(tmp_path / "m.gpkg")
    found = read(tmp_path / "m.gpkg", repair=True)
    assert found.frame.geometry.is_valid.all()
    assert any(
        note.startswith("1 invalid polygons repaired: 140100") for note in found.record.notes
    )


def test_cnmaps_reads_whole_provinces_and_gives_the_units_asked_for():
    found = read_boundaries(unit_ids=["640500", "640100"])
    assert found.unit_ids == ("640100", "640500")
    assert found.is_coverage
    assert found.record.notes[0].startswith("5 prefectures of the provinces 64")


def test_the_plane_is_computed_once_and_is_each_readers_own(tmp_path, monkeypatch):
    squares().to_file(tmp_path / "a.gpkg")
    whole = read(tmp_path / "a.gpkg")
    first = whole.projected()
    calls = []
    real = boundaries._reproject
    monkeypatch.setattr(boundaries, "_reproject", lambda *args: calls.append(args) or real(*args))
    again = whole.projected()
    assert not calls
    assert list(again) == list(first)
    again[0] = None
    assert whole.projected()[0] is not None
    fewer = whole.subset(whole.unit_ids[1:])
    assert list(fewer.projected()) == list(first[1:])
    assert len(calls) == 1
