"""Boundary files that cannot be used: each message names the file and what to change."""

from __future__ import annotations

from pathlib import Path

import geopandas as gpd
import pytest
import shapely

from yrb_carbon.errors import DataError, SourceError
from yrb_carbon.sources.boundaries import load_boundaries, read_boundaries, write_boundaries

BOX = shapely.box(110, 35, 111, 36)
BESIDE = shapely.box(111, 35, 112, 36)


def write(path: Path, geometry: list[object], crs: object = 4326, **columns: list[object]) -> Path:
    gpd.GeoDataFrame(columns, geometry=geometry, crs=crs).to_file(path)
    return path


def refuse(path: Path, *words: str, **options: object) -> None:
    with pytest.raises(SourceError) as caught:
        read_boundaries("file", path=path, **options)  # type: ignore[arg-type]
    message = str(caught.value)
    for word in (str(path), *words):
        assert word in message, message


def test_no_file(tmp_path):
    refuse(tmp_path / "none.gpkg", "no such boundary file", "boundaries.path")


def test_not_a_map(tmp_path):
    path = tmp_path / "text.geojson"
    path.write_text("unit,value\n140100,1\n")
    refuse(path, "cannot be read as a map")


def test_no_code_column_lists_the_columns(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], label=["Taiyuan"], wert=[3])
    refuse(path, "no column with unit codes", "label, wert", "boundaries.code_column")


def test_given_code_column_is_absent(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], code=["140100"])
    refuse(path, "no column 'kode'", "code", code_column="kode")


def test_values_that_are_no_codes(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], code=["Taiyuan"])
    refuse(path, "no value is a 6-digit code", "Taiyuan", "column 'code'")


def test_missing_units_are_named(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], code=["140100"])
    refuse(
        path, "no polygon for 2 of 3 units: 410100, 640100", unit_ids={"140100", "640100", "410100"}
    )


def test_duplicate_codes_are_named(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX, BESIDE], code=["140100", "140100"])
    refuse(path, "more than one polygon for 140100", "Dissolve")


def test_invalid_polygon_is_named_with_its_reason(tmp_path):
    bow = shapely.Polygon([(110, 35), (111, 36), (111, 35), (110, 36)])
    path = write(tmp_path / "m.gpkg", [bow, BESIDE], code=["140100", "140200"])
    refuse(path, "140100 (Self-intersection", "boundaries.repair: true")


def test_points_are_not_polygons(tmp_path):
    path = write(tmp_path / "m.gpkg", [shapely.Point(110, 35)], code=["140100"])
    refuse(path, "not a polygon: 140100")


def test_empty_geometry_is_named(tmp_path):
    path = write(tmp_path / "m.geojson", [BOX, None], code=["140100", "140200"])
    refuse(path, "no geometry for 140200")


def test_no_rows(tmp_path):
    path = tmp_path / "m.geojson"
    path.write_text('{"type": "FeatureCollection", "features": []}')
    refuse(path, "no rows")


def test_shapefile_without_coordinate_system(tmp_path):
    path = write(tmp_path / "m.shp", [BOX], code=["140100"])
    path.with_suffix(".prj").unlink()
    refuse(path, "does not say its coordinate system", ".prj")


def test_layers(tmp_path):
    path = tmp_path / "m.gpkg"
    frame = gpd.GeoDataFrame({"code": ["140100"]}, geometry=[BOX], crs=4326)
    frame.to_file(path, layer="cities")
    frame.to_file(path, layer="counties")
    refuse(path, "2 layers: cities, counties", "boundaries.layer")
    refuse(path, "no layer 'towns'", layer="towns")
    assert read_boundaries("file", path=path, layer="cities").unit_ids == ("140100",)


def test_degrees_cannot_measure_areas(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], code=["140100"])
    with pytest.raises(SourceError, match=r"not projected in metres.*ESRI:102025"):
        read_boundaries("file", path=path, area_crs="EPSG:4326")
    with pytest.raises(SourceError, match="unknown coordinate system 'albers'"):
        read_boundaries("file", path=path, area_crs="albers")


def test_negative_tolerance(tmp_path):
    with pytest.raises(DataError, match="cannot be negative"):
        read_boundaries("file", path=tmp_path / "m.gpkg", simplify_m=-1)


def test_path_is_asked_for():
    with pytest.raises(SourceError, match="need a path"):
        read_boundaries("file")


def test_cnmaps_has_no_laiwu():
    with pytest.raises(SourceError, match=r"371200.*became a part of Jinan in 2019"):
        read_boundaries(unit_ids=["371200", "370100"])


def test_cnmaps_has_no_such_province():
    with pytest.raises(SourceError, match="no prefecture in the provinces 99"):
        read_boundaries(unit_ids=["990100"])


def test_our_own_files(tmp_path):
    path = write(tmp_path / "m.gpkg", [BOX], code=["140100"])
    found = read_boundaries("file", path=path)
    with pytest.raises(SourceError, match=r"End the name with \.parquet"):
        write_boundaries(found, tmp_path / "m.geojson")
    found.frame.to_parquet(tmp_path / "plain.parquet")
    with pytest.raises(SourceError, match="without the record of write_boundaries"):
        load_boundaries(tmp_path / "plain.parquet")
    with pytest.raises(SourceError, match="no such file"):
        load_boundaries(tmp_path / "none.parquet")
    with pytest.raises(SourceError, match="no polygon for 1 of 2 units: 150100"):
        found.subset(["140100", "150100"])
