"""The footprint of provinces in space: neighbours, and where its centre lies."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.indices.centrography import KM, calc_ellipse_track
from yrb_carbon.sources.boundaries import WGS84, Boundaries, check_projection
from yrb_carbon.study.footprint import CHINA_CRS
from yrb_carbon.weights.build import SpatialWeights, build_weights
from yrb_carbon.weights.spec import WeightsSpec

FloatArray = npt.NDArray[np.float64]


def build_province_weights(
    outlines: Boundaries, provinces: Sequence[str], *, link_islands: bool = True
) -> SpatialWeights:
    """Provinces that share a border, rows standardised.

    Parameters
    ----------
    outlines : Boundaries
        Of `read_province_outlines`.
    provinces : sequence of str
        Codes in two digits.
    link_islands : bool
        Whether a province without a border with another (Hainan) is linked to the one whose
        centroid is nearest (Guangdong), in both directions; it is left out otherwise.

    Returns
    -------
    SpatialWeights
        `linked` and `dropped` say what was done.

    Raises
    ------
    SourceError
        If a province has no outline.
    WeightsError
        If fewer than two provinces are left.
    """
    spec = WeightsSpec("queen", islands="nearest" if link_islands else "drop")
    return build_weights(outlines, spec, unit_ids=provinces)


def complete_provinces(values: pd.Series) -> tuple[pd.Series, dict[str, tuple[int, ...]]]:
    """Leave out provinces that have no value in some year: maps of years must be of the same ones.

    Parameters
    ----------
    values : Series, index (province, year)

    Returns
    -------
    Series, index (unit, year)
        Sorted.
    dict of str to tuple of int
        Provinces left out, and their years without a value.

    Raises
    ------
    DataError
        If no province has all years.
    """
    table = values.unstack("year").sort_index().sort_index(axis=1)
    whole = table.notna().all(axis=1)
    if not whole.any():
        raise DataError(
            f"{values.name} has gaps in each of {len(table)} provinces; fill them (footprint.gaps)"
        )
    left_out = {
        str(province): tuple(int(year) for year in table.columns[table.loc[province].isna()])
        for province in table.index[~whole]
    }
    kept = values[values.index.get_level_values("province").isin(table.index[whole])]
    return kept.sort_index().rename_axis(["unit", "year"]), left_out


def calc_footprint_track(
    values: pd.Series,
    outlines: Boundaries,
    *,
    crs: str = CHINA_CRS,
    scaling: Literal["sqrt2", "none"] = "sqrt2",
    weighting: Literal["w", "w2"] = "w",
) -> pd.DataFrame:
    """Gravity centre and standard deviational ellipse by year, on the map and in degrees.

    Parameters
    ----------
    values : Series, index (unit, year)
        What weighs the centroids of the provinces.
    outlines : Boundaries
        Of `read_province_outlines`.
    crs : str
        Equal-area projection, in m, in which means and moments are taken.
    scaling, weighting
        As in `indices.centrography.calc_ellipse`.

    Returns
    -------
    DataFrame, index year
        Columns of `calc_ellipse_track` (km, degrees, km2), and `lon`, `lat` of the centre;
        `rotation` is from true north, γ more than from the map's, γ the convergence of meridians
        at the centre.

    Raises
    ------
    SourceError
        If the projection is unknown or not in metres.
    DataError
        As in `calc_ellipse_track`.
    """
    from pyproj import Proj, Transformer

    check_projection(crs)
    degrees = outlines.frame[["lon", "lat"]]
    forth = Transformer.from_crs(WGS84, crs, always_xy=True)
    x, y = forth.transform(degrees["lon"].to_numpy(), degrees["lat"].to_numpy())
    places = pd.DataFrame({"x": x, "y": y}, index=degrees.index)
    track = calc_ellipse_track(values, places, scaling=scaling, weighting=weighting)
    back = Transformer.from_crs(crs, WGS84, always_xy=True)
    lon, lat = back.transform(track["x"].to_numpy() / KM, track["y"].to_numpy() / KM)
    convergence = np.asarray(Proj(crs).get_factors(lon, lat).meridian_convergence)
    return track.assign(
        lon=np.asarray(lon), lat=np.asarray(lat), rotation=(track["rotation"] + convergence) % 180.0
    )


def calc_ellipse_outline(
    ellipse: Mapping[str, float], *, crs: str = CHINA_CRS, n_points: int = 181
) -> FloatArray:
    """Outline of an ellipse of `calc_footprint_track`, for maps.

    Parameters
    ----------
    ellipse : mapping
        `lon`, `lat`, `major`, `minor`, `rotation`: a row of the track.
    crs : str
        The projection that it was computed in.
    n_points : int
        The last one is the first.

    Returns
    -------
    ndarray, (n_points, 2), longitude and latitude, degrees.
    """
    from pyproj import Proj

    plane = Proj(crs)
    lon, lat = ellipse["lon"], ellipse["lat"]
    centre = plane(lon, lat)
    leaning = float(plane.get_factors(lon, lat).meridian_convergence)
    turn = np.deg2rad(ellipse["rotation"] - leaning)
    angle = np.linspace(0.0, 2 * np.pi, n_points)
    along, across = ellipse["major"] * np.cos(angle), ellipse["minor"] * np.sin(angle)
    x = centre[0] + (along * np.sin(turn) + across * np.cos(turn)) / KM
    y = centre[1] + (along * np.cos(turn) - across * np.sin(turn)) / KM
    return np.column_stack(plane(x, y, inverse=True))
