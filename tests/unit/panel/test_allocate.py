"""Points, rasters and zones brought to units."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import rasterio
import shapely
from rasterio.transform import from_origin

from yrb_carbon.errors import DataError, SourceError
from yrb_carbon.panel.allocate import (
    MODIS_NPP_FILL,
    MODIS_NPP_SCALE,
    areal_shares,
    points_to_units,
    zonal_mean,
    zonal_sum,
)
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries

AREA_SHARE = 2e-4
"""Coverage weights on the sphere against areas in the projection: below 1e-4 each."""

BENT_EDGES = 5e-4
"""Long edges are straight in the projection, so that split zones miss a sliver."""

EXACT = 1e-6
"""Coverage fractions are single precision."""

UNITS = {
    "140100": shapely.box(110, 35, 111, 36),
    "140200": shapely.box(111, 35, 112, 36),
    "140300": shapely.box(110, 36, 111, 37),
}


def boundaries(order: tuple[str, ...] = tuple(UNITS)) -> Boundaries:
    record = FileRecord("made in the test", None, "", len(order))
    return build_boundaries(list(order), [UNITS[unit] for unit in order], record)


def raster(
    path: Path, cells: np.ndarray, west: float = 110, north: float = 37, step: float = 0.5
) -> Path:
    with rasterio.open(
        path, "w", driver="GTiff", height=cells.shape[0], width=cells.shape[1], count=1,
        dtype=cells.dtype, crs="EPSG:4326", transform=from_origin(west, north, step, step),
        nodata=65535 if cells.dtype == np.uint16 else None,
    ) as file:  # fmt: skip
        file.write(cells, 1)
    return path


def test_points_find_their_unit_in_the_order_given():
    lon = pd.Series([111.5, 110.5, 150.0, 110.5], index=["d", "a", "x", "c"])
    lat = pd.Series([35.5, 35.5, 35.5, 36.5], index=["d", "a", "x", "c"])
    found = points_to_units(lon, lat, boundaries())
    assert found.unit.to_dict() == {"d": "140200", "a": "140100", "x": None, "c": "140300"}
    assert (found.n_outside, found.n_on_border) == (1, 0)


@pytest.mark.parametrize("order", [tuple(UNITS), tuple(reversed(UNITS))])
def test_points_on_a_shared_border_go_to_the_smallest_code(order):
    # between 140100 and 140200; the corner of all; the outer edge of one alone
    found = points_to_units([111.0, 111.0, 112.0], [35.5, 36.0, 35.5], boundaries(order))
    assert found.unit.tolist() == ["140100", "140100", "140200"]
    assert (found.n_outside, found.n_on_border) == (0, 2)


def test_points_without_place_are_named():
    with pytest.raises(DataError, match=r"2 points.*1 \(nan, 35.0\), 2 \(35.0, 110.0\)"):
        points_to_units([110.5, np.nan, 35.0], [35.5, 35.0, 110.0], boundaries())
    with pytest.raises(DataError, match="1 longitudes for 2 latitudes"):
        points_to_units([110.5], [35.5, 35.0], boundaries())


def test_modis_npp_is_scaled_and_its_fill_values_removed(tmp_path):
    cells = np.array(
        [
            [4000, 4000, 65535, 65535],
            [4000, 4000, 65535, 65535],
            [2000, 6000, 32761, 5000],
            [2000, 6000, 32767, 32766],
        ],
        dtype=np.uint16,
    )
    path = raster(tmp_path / "npp.tif", cells)
    found = zonal_mean(
        path, boundaries(), scale=MODIS_NPP_SCALE, fill_from=MODIS_NPP_FILL, unit="kgC/m2/a"
    )
    value, missing = found.frame["value"], found.frame["missing_share"]
    assert value["140300"] == pytest.approx(0.4, rel=EXACT)
    assert value["140100"] == pytest.approx(0.4, rel=EXACT)  # equal areas of 0.2 and 0.6
    assert value["140200"] == pytest.approx(0.5, rel=EXACT)  # one cell of four has a value
    assert missing["140300"] == pytest.approx(0.0, abs=AREA_SHARE)
    assert missing["140200"] == pytest.approx(0.75, abs=2e-3)  # northern cells are smaller
    assert found.record.unit == {"value": "kgC/m2/a"}
    assert "stored values from 32761 on are no data" in found.record.notes[0]


def test_mean_weighs_by_area_not_by_cells(tmp_path):
    cells = np.array([[0.0], [1.0]])
    path = raster(tmp_path / "two.tif", cells, north=36, step=0.5)
    west_half = build_boundaries(
        ["140100"], [shapely.box(110, 35, 110.5, 36)], FileRecord("", None, "", 1)
    )
    south, north = (abs(np.sin(np.deg2rad(b)) - np.sin(np.deg2rad(35.5))) for b in (35, 36))
    found = zonal_mean(path, west_half).frame.loc["140100", "value"]
    assert found == pytest.approx(south / (south + north), rel=EXACT)
    assert found > 0.5 + 1e-3


def test_sum_of_a_density_is_the_area_times_the_mean(tmp_path):
    path = raster(tmp_path / "one.tif", np.full((80, 80), 0.5), west=109.95, north=37.05, step=0.05)
    found = zonal_sum(path, boundaries(), per_area=True).frame["value"]
    area = boundaries().frame["area_km2"]
    np.testing.assert_allclose(found / 1e6, 0.5 * area, rtol=AREA_SHARE)


def test_sum_of_counts_splits_cells_by_coverage(tmp_path):
    # cells of one degree that straddle the units: half of each lies in 140100
    path = raster(tmp_path / "n.tif", np.array([[8.0, 100.0]]), west=109.5, north=36, step=1.0)
    found = zonal_sum(path, boundaries(), per_area=False).frame["value"]
    assert found["140100"] == pytest.approx(0.5 * 8 + 0.5 * 100, rel=EXACT)
    assert found["140200"] == pytest.approx(0.5 * 100, rel=EXACT)


def test_windows_cut_anywhere_lose_no_cell(tmp_path):
    path = raster(tmp_path / "one.tif", np.ones((50, 50)), west=109.93, north=37.07, step=0.07)
    found = zonal_mean(path, boundaries()).frame
    np.testing.assert_allclose(found["missing_share"], 0.0, atol=AREA_SHARE)
    np.testing.assert_allclose(found["valid_km2"], boundaries().frame["area_km2"], rtol=AREA_SHARE)


def test_projected_raster_gives_the_same_mean(tmp_path):
    from rasterio.warp import Resampling, calculate_default_transform, reproject

    row = np.linspace(0, 1, 300)
    cells = np.add.outer(row, row)
    source = raster(tmp_path / "wgs.tif", cells, west=109.5, north=37.5, step=0.01)
    with rasterio.open(source) as file:
        transform, width, height = calculate_default_transform(
            file.crs, "ESRI:102025", file.width, file.height, *file.bounds
        )
        target = np.full((height, width), np.nan)
        reproject(
            file.read(1), target, src_transform=file.transform, src_crs=file.crs,
            dst_transform=transform, dst_crs="ESRI:102025", resampling=Resampling.bilinear,
            dst_nodata=np.nan,
        )  # fmt: skip
    with rasterio.open(
        tmp_path / "albers.tif", "w", driver="GTiff", height=height, width=width, count=1,
        dtype="float64", crs="ESRI:102025", transform=transform, nodata=np.nan,
    ) as file:  # fmt: skip
        file.write(target, 1)
    one = zonal_mean(source, boundaries()).frame["value"]
    other = zonal_mean(tmp_path / "albers.tif", boundaries()).frame["value"]
    # bilinear resampling moves values by less than a hundredth of a cell's step
    np.testing.assert_allclose(other, one, atol=1e-3)


def test_unit_beyond_the_raster_is_empty_and_told(tmp_path):
    path = raster(tmp_path / "n.tif", np.ones((2, 4)), north=36)
    found = zonal_mean(path, boundaries())
    assert np.isnan(found.frame.loc["140300", "value"])
    assert found.frame.loc["140300", "missing_share"] == 1.0
    assert "no value in 1 units: 140300" in found.record.notes


def test_result_does_not_depend_on_the_order_of_units(tmp_path):
    path = raster(tmp_path / "n.tif", np.arange(16, dtype=float).reshape(4, 4))
    one = zonal_mean(path, boundaries()).frame
    other = zonal_mean(path, boundaries(tuple(reversed(UNITS)))).frame
    assert one.equals(other)


def test_rasters_that_cannot_be_used(tmp_path):
    with pytest.raises(SourceError, match="no such raster"):
        zonal_mean(tmp_path / "none.tif", boundaries())
    (tmp_path / "text.tif").write_text("no raster")
    with pytest.raises(SourceError, match="cannot be read as a raster"):
        zonal_mean(tmp_path / "text.tif", boundaries())
    path = raster(tmp_path / "n.tif", np.ones((2, 2)))
    with pytest.raises(SourceError, match="no band 2; the raster has 1"):
        zonal_mean(path, boundaries(), band=2)
    far = raster(tmp_path / "far.tif", np.ones((2, 2)), west=0)
    with pytest.raises(DataError, match="no cell with a value in any of 3 units"):
        zonal_mean(far, boundaries())
    with rasterio.open(
        tmp_path / "nowhere.tif", "w", driver="GTiff", height=2, width=2, count=1, dtype="uint8",
        transform=from_origin(110, 37, 1, 1),
    ) as file:  # fmt: skip
        file.write(np.ones((2, 2), np.uint8), 1)
    with pytest.raises(SourceError, match="does not say its coordinate system"):
        zonal_mean(tmp_path / "nowhere.tif", boundaries())


def test_areal_shares_split_zones():
    zones = [shapely.box(111.75, 35, 112.25, 36), shapely.box(110, 35, 110.5, 37)]
    found = areal_shares(zones, ["east", "both"], boundaries())
    assert found.index.tolist() == ["both", "east"]
    assert found.loc["east"].tolist() == pytest.approx([0, 0.5, 0], abs=BENT_EDGES)
    assert found.loc["both"].sum() == pytest.approx(1.0, abs=BENT_EDGES)
    assert found.loc["both", "140100"] > found.loc["both", "140300"]
    with pytest.raises(DataError, match="1 distinct names for 2 zones"):
        areal_shares(zones, ["a", "a"], boundaries())
    with pytest.raises(DataError, match="zones without area: line"):
        areal_shares([shapely.LineString([(110, 35), (111, 36)])], ["line"], boundaries())
