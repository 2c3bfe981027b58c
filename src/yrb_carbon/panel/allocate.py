"""Bring points, rasters and other zonings to the units."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd
import shapely

from yrb_carbon.errors import DataError, Place, SourceError, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.boundaries import WGS84, Boundaries

FloatArray = npt.NDArray[np.float64]

MODIS_NPP_SCALE = 1e-4
"""MOD17A3HGF: stored integers times this are kgC/m2/a."""

MODIS_NPP_FILL = 32761
"""MOD17A3HGF: stored integers from here on say why there is no value (water, barren, urban, …)."""

KM2 = 1e-6

WGS84_ECCENTRICITY_SQUARED = 0.0066943799901413165


@dataclass(frozen=True, slots=True)
class PointAllocation:
    """Points and the units they lie in.

    Attributes
    ----------
    unit : Series of str or None
        Unit of each point, in the order and with the index of the points.
    n_outside : int
        Points that lie in no unit.
    n_on_border : int
        Points on a border of several units; they were given to the smallest code.
    """

    unit: pd.Series[Any]
    n_outside: int
    n_on_border: int


@dataclass(frozen=True, slots=True)
class ZonalTable:
    """Values of a raster by unit.

    Attributes
    ----------
    frame : DataFrame, index unit
        `value`; `valid_km2`, area of the cells with a value, and `missing_share`, the part of the
        unit's area without one (cells of fill values or beyond the raster).
    record : FileRecord
    """

    frame: pd.DataFrame
    record: FileRecord


def points_to_units(
    lon: Sequence[float] | FloatArray | pd.Series[Any],
    lat: Sequence[float] | FloatArray | pd.Series[Any],
    boundaries: Boundaries,
) -> PointAllocation:
    """Find the unit of each point.

    A point on a border that units share belongs to the one with the smallest code, so that each
    point counts once.

    Parameters
    ----------
    lon, lat : sequence of n floats
        WGS84, degrees.
    boundaries : Boundaries

    Returns
    -------
    PointAllocation

    Raises
    ------
    DataError
        If lengths differ, or a coordinate is empty or beyond the globe; positions are named.
    """
    index = lon.index if isinstance(lon, pd.Series) else pd.RangeIndex(len(lon))
    x, y = np.asarray(lon, dtype=np.float64), np.asarray(lat, dtype=np.float64)
    if x.shape != y.shape or x.ndim != 1:
        raise DataError(f"{x.size} longitudes for {y.size} latitudes")
    bad = ~((np.abs(x) <= 180) & (np.abs(y) <= 90))
    if bad.any():
        places = [f"{i} ({a}, {b})" for i, a, b in zip(index[bad], x[bad], y[bad], strict=True)]
        raise DataError(
            f"{len(places)} points have no place on the globe: {listing(places)}. Coordinates are "
            "longitude and latitude in degrees; take points without them out first"
        )
    ids = np.array(boundaries.unit_ids, dtype=object)
    by_code = np.argsort(ids.astype(str), kind="stable")
    polygons = np.asarray(boundaries.frame.geometry.values)[by_code]
    point, unit = shapely.STRtree(polygons).query(shapely.points(x, y), predicate="intersects")
    hits = np.bincount(point, minlength=len(x))
    first = np.full(len(x), len(ids), dtype=np.intp)
    np.minimum.at(first, point, unit)
    found = [None if i == len(ids) else str(ids[by_code][i]) for i in first]
    return PointAllocation(
        pd.Series(found, index=index, dtype=object, name="unit"),
        n_outside=int(np.count_nonzero(hits == 0)),
        n_on_border=int(np.count_nonzero(hits > 1)),
    )


def zonal_mean(
    path: str | Path,
    boundaries: Boundaries,
    *,
    band: int = 1,
    scale: float = 1.0,
    fill_from: float | None = None,
    unit: str = "",
) -> ZonalTable:
    """Mean of a raster in each unit, weighted by area.

    v̄_i = scale · Σ_p v_p a_pi / Σ_p a_pi over cells p with a value; a_pi is the area of the part of
    the cell inside the unit: on the ellipsoid for rasters in degrees, otherwise in the plane of the
    projection, which should then be an equal-area one.

    Parameters
    ----------
    path : path
        Anything that rasterio reads, in any coordinate system that the file declares.
    boundaries : Boundaries
    band : int
        From 1.
    scale : float
        Factor from stored to real values; `MODIS_NPP_SCALE` for MOD17A3HGF.
    fill_from : float, optional
        Stored values from here on are no data, beside the nodata value of the file;
        `MODIS_NPP_FILL` for MOD17A3HGF.
    unit : str
        Unit of measurement of the scaled values, for the record.

    Returns
    -------
    ZonalTable
        `value` in the unit of the scaled cells; NaN where a unit has no cell with a value.

    Raises
    ------
    SourceError
        If the file is missing, has no such band or no coordinate system.
    DataError
        If the raster touches no unit at all.
    """
    return _zonal(path, boundaries, "mean", band, scale, fill_from, unit)


def zonal_sum(
    path: str | Path,
    boundaries: Boundaries,
    *,
    per_area: bool,
    band: int = 1,
    scale: float = 1.0,
    fill_from: float | None = None,
    unit: str = "",
) -> ZonalTable:
    """Sum of a raster in each unit.

    per_area: scale · Σ_p v_p a_pi with a_pi in m2, for densities (kgC/m2/a gives kgC/a);
    otherwise scale · Σ_p v_p c_pi with c_pi the share of the cell inside the unit, for counts.

    Parameters
    ----------
    path, boundaries, band, scale, fill_from, unit
        As in `zonal_mean`.
    per_area : bool
        Whether cells hold a density per m2 or a count.

    Returns
    -------
    ZonalTable
        `value`; NaN where a unit has no cell with a value.

    Raises
    ------
    SourceError, DataError
        As in `zonal_mean`.
    """
    how = "sum_area" if per_area else "sum"
    return _zonal(path, boundaries, how, band, scale, fill_from, unit)


def areal_shares(
    zones: Sequence[Any] | npt.NDArray[np.object_],
    names: Sequence[str],
    boundaries: Boundaries,
) -> pd.DataFrame:
    """Shares of the area of other zones that lie in the units.

    s_zi = |Z_z ∩ U_i| / |Z_z|, in `boundaries.area_crs`. An extensive quantity q_z spread evenly
    over its zone gives the unit Σ_z s_zi q_z.

    Parameters
    ----------
    zones : sequence of polygons
        WGS84.
    names : sequence of str
        Names of the zones.
    boundaries : Boundaries

    Returns
    -------
    DataFrame, zones × units, sorted both ways
        Rows sum to 1 where units cover the zone, to less where they do not.

    Raises
    ------
    DataError
        If names are not distinct or a zone has no area.
    """
    from pyproj import Transformer

    if len(names) != len(zones) or len(set(names)) != len(names):
        raise DataError(f"{len(set(names))} distinct names for {len(zones)} zones")
    transformer = Transformer.from_crs(WGS84, boundaries.area_crs, always_xy=True)

    def move(points: FloatArray) -> FloatArray:
        return np.column_stack(transformer.transform(points[:, 0], points[:, 1]))

    order = np.argsort(np.asarray(names, dtype=str), kind="stable")
    source = shapely.transform(np.asarray(zones, dtype=object)[order], move)
    area = shapely.area(source)
    labels = [names[i] for i in order]
    empty = [name for name, a in zip(labels, area, strict=True) if not a > 0]
    if empty:
        raise DataError(f"zones without area: {listing(empty)}")
    mine = boundaries.subset(boundaries.unit_ids)
    target = mine.projected()
    zone, unit = shapely.STRtree(target).query(source, predicate="intersects")
    shares = np.zeros((len(source), len(target)))
    shares[zone, unit] = shapely.area(shapely.intersection(source[zone], target[unit])) / area[zone]
    return pd.DataFrame(shares, index=pd.Index(labels, name="zone"), columns=mine.frame.index)


def _zonal(
    path: str | Path,
    boundaries: Boundaries,
    how: str,
    band: int,
    scale: float,
    fill_from: float | None,
    unit: str,
) -> ZonalTable:
    """Open the raster, bring the polygons to its coordinate system, go unit by unit."""
    import rasterio
    from rasterio.errors import RasterioIOError

    source = Path(path)
    if not source.exists():
        raise SourceError("no such raster", Place(source))
    mine = boundaries.subset(boundaries.unit_ids)
    try:
        raster = rasterio.open(source)
    except RasterioIOError as error:
        raise SourceError(f"cannot be read as a raster: {error}", Place(source)) from error
    with raster:
        if raster.crs is None:
            raise SourceError("the raster does not say its coordinate system", Place(source))
        if not 1 <= band <= raster.count:
            raise SourceError(f"no band {band}; the raster has {raster.count}", Place(source))
        polygons = mine.frame.geometry.to_crs(raster.crs.to_wkt())
        rows = [
            _zone(raster, polygon, how, band, fill_from, raster.crs.is_geographic)
            for polygon in polygons
        ]
    frame = pd.DataFrame(rows, index=mine.frame.index, columns=["value", "valid_km2"])
    if not (frame["valid_km2"] > 0).any():
        raise DataError(
            f"{source}: no cell with a value in any of {len(frame)} units; "
            "is the raster of this region, and are its fill values the right ones?"
        )
    frame["value"] *= scale
    area = mine.frame["area_km2"]
    frame["missing_share"] = (1.0 - frame["valid_km2"] / area).clip(lower=0.0)
    bare = frame.index[frame["valid_km2"] == 0]
    fills = "" if fill_from is None else f", stored values from {fill_from:g} on are no data"
    notes = [f"band {band}, {how.replace('_', ' by ')}, scale {scale:g}{fills}"]
    if len(bare):
        notes.append(f"no value in {len(bare)} units: {listing(bare)}")
    record = FileRecord(
        str(source), None, sha256_of(source), len(frame), {"value": unit}, tuple(notes)
    )
    return ZonalTable(frame, record)


def _zone(
    raster: Any, polygon: Any, how: str, band: int, fill_from: float | None, geographic: bool
) -> tuple[float, float]:
    """Value and valid area in km2 of one unit; only the window around it is read."""
    import geopandas
    from exactextract import exact_extract
    from exactextract.raster import NumPyRasterSource
    from rasterio.windows import Window, from_bounds
    from rasterio.windows import bounds as window_bounds

    exact = from_bounds(*polygon.bounds, transform=raster.transform)
    left, top = max(0, int(np.floor(exact.col_off))), max(0, int(np.floor(exact.row_off)))
    right = min(raster.width, int(np.ceil(exact.col_off + exact.width)))
    bottom = min(raster.height, int(np.ceil(exact.row_off + exact.height)))
    if right <= left or bottom <= top:
        return np.nan, 0.0
    window = Window(left, top, right - left, bottom - top)
    cells = raster.read(band, window=window, masked=True).astype(np.float64)
    if fill_from is not None:
        cells = np.ma.masked_where(cells.filled(np.inf) >= fill_from, cells)
    cells = np.ma.masked_invalid(cells)
    wkt = raster.crs.to_wkt()
    west, south, east, north = window_bounds(window, raster.transform)
    grid = NumPyRasterSource(cells, west, south, east, north, srs_wkt=wkt)
    zone = geopandas.GeoDataFrame(geometry=[polygon], crs=wkt)
    area = "coverage_weight=area_spherical_m2" if geographic else "coverage_weight=area_cartesian"
    operations = [f"valid=count({area})", f"mean=mean({area})", f"sum_area=sum({area})", "sum=sum"]
    found = exact_extract(grid, zone, operations, output="pandas").iloc[0]
    ratio = _ellipsoid_to_sphere(polygon) if geographic else 1.0
    valid = float(found["valid"]) * ratio
    value = float(found[how]) * (ratio if how == "sum_area" else 1.0)
    return (value if valid > 0 else np.nan), valid * KM2


def _ellipsoid_to_sphere(polygon: Any) -> float:
    """Area on WGS84 over area on the sphere of its semi-major axis, which exactextract takes.

    (1 − e²)/(1 − e² sin²φ)² at the latitude of the centroid; the error over a unit is below 1e-4.
    """
    phi = np.deg2rad(polygon.centroid.y)
    e2 = WGS84_ECCENTRICITY_SQUARED
    return float((1.0 - e2) / (1.0 - e2 * np.sin(phi) ** 2) ** 2)
