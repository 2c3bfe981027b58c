"""Where a quantity lies and how it spreads: gravity centre, shift, standard deviational ellipse."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from itertools import pairwise
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.cells import refuse_cells, require_same_cells

FloatArray = npt.NDArray[np.float64]

Scaling = Literal["sqrt2", "none"]
Weighting = Literal["w", "w2"]

KM = 1e-3
"""From m to km."""


@dataclass(frozen=True, slots=True)
class Ellipse:
    """Standard deviational ellipse.

    Attributes
    ----------
    x, y : float
        Its centre, the gravity centre, in the unit of the coordinates.
    major, minor : float
        Semi-axes, same unit.
    rotation : float
        Of the major axis, degrees clockwise from north (the y axis), from 0 up to 180; any of a
        circle.
    area : float
        π·major·minor, square of that unit.
    """

    x: float
    y: float
    major: float
    minor: float
    rotation: float
    area: float


@dataclass(frozen=True, slots=True)
class Shift:
    """Shortest way from one centre to another.

    Attributes
    ----------
    east, north : float
        Its parts along the parallel and the meridian of the start, m.
    distance : float
        Its length, m.
    direction : float
        Degrees clockwise from north at the start, from 0 up to 360; missing where nothing moved.
    """

    east: float
    north: float
    distance: float
    direction: float


def calc_gravity_centre(places: pd.DataFrame, weights: pd.Series) -> tuple[float, float]:
    """Gravity centre of weighted points, by the package `pointpats`.

    X = Σ_i w_i x_i / Σ_i w_i, Y likewise.

    Parameters
    ----------
    places : DataFrame, index unit
        `x`, `y`, plane coordinates (equal-area projection, m).
    weights : Series, same index
        w, zero or positive, of any unit.

    Returns
    -------
    tuple of float
        X and Y in the unit of the coordinates.

    Raises
    ------
    DataError
        If a coordinate is not finite, a weight is negative or not finite, or all are zero; the
        units are named.
    """
    from pointpats.centrography import weighted_mean_center

    points, loads = _checked(places, weights)
    x, y = weighted_mean_center(points, loads)
    return float(x), float(y)


def calc_ellipse(
    places: pd.DataFrame,
    weights: pd.Series,
    *,
    scaling: Scaling = "sqrt2",
    weighting: Weighting = "w",
) -> Ellipse:
    """Standard deviational ellipse of weighted points about their gravity centre.

    With x̃, ỹ the deviations from the centre and v = w or w², the axes lie along the directions in
    which the spread is largest and smallest:
    tan α = [(Σvx̃² − Σvỹ²) + √((Σvx̃² − Σvỹ²)² + 4(Σvx̃ỹ)²)] / (2 Σvx̃ỹ),
    σ² = c Σ v (x̃ cos α − ỹ sin α)² / Σv and likewise at right angles; c = 2 or 1
    (Lefever 1926; Yuill 1971; Wang, Shi & Miao 2015, PLoS ONE 10:e0118537). By `pointpats`, of
    the points and their reflections in the centre: the second moments stay, and the mean stays
    there for squared weights too.

    Parameters
    ----------
    places, weights
        As in `calc_gravity_centre`.
    scaling : {"sqrt2", "none"}
        Whether the axes are multiplied by √2, so that a plane normal distribution has
        1 − e⁻¹ = 63 % within instead of 39 %.
    weighting : {"w", "w2"}
        v, what the spread is weighted by; the centre is that of w in any case.

    Raises
    ------
    DataError
        As in `calc_gravity_centre`; if the weight lies in one place.
    """
    from pointpats.centrography import ellipse

    points, loads = _checked(places, weights)
    centre = np.array(calc_gravity_centre(places, weights))
    deviations = points - centre
    if not np.abs(deviations[loads > 0]).max() > 0:
        raise DataError(
            f"the whole weight lies in one place, {listing(weights.index[loads > 0])}: no spread"
        )
    spread = loads**2 if weighting == "w2" else loads
    major, minor, angle = ellipse(
        np.vstack([deviations, -deviations]),
        np.concatenate([spread, spread]) / spread.sum(),
        method="yuill",
        crimestatCorr=scaling == "sqrt2",
        degfreedCorr=False,
    )
    return Ellipse(
        x=float(centre[0]),
        y=float(centre[1]),
        major=float(major),
        minor=float(minor),
        rotation=float((90.0 - np.rad2deg(angle)) % 180.0),
        area=float(np.pi * major * minor),
    )


def calc_shift(start: tuple[float, float], end: tuple[float, float]) -> Shift:
    """Shortest way between two points of the ellipsoid WGS84, by pyproj.

    On a map distances and directions depend on the projection: Albers' of China stretches meridians
    by 2 %, and its north leans by up to 12 degrees.

    Parameters
    ----------
    start, end : tuple of float
        Longitude and latitude, degrees.
    """
    from pyproj import Geod

    azimuth, _, distance = Geod(ellps="WGS84").inv(*start, *end)
    if start == end:
        return Shift(0.0, 0.0, 0.0, np.nan)
    turn = np.deg2rad(azimuth)
    return Shift(
        east=float(distance * np.sin(turn)),
        north=float(distance * np.cos(turn)),
        distance=float(distance),
        direction=float(azimuth % 360.0),
    )


def calc_ellipse_track(
    weights: pd.Series,
    places: pd.DataFrame,
    *,
    scaling: Scaling = "sqrt2",
    weighting: Weighting = "w",
) -> pd.DataFrame:
    """Gravity centre and ellipse of every year.

    Parameters
    ----------
    weights : Series, index (unit, year)
        w; every year has the units of `places` that are not missing in it.
    places : DataFrame, index unit
        `x`, `y`, m.
    scaling, weighting
        As in `calc_ellipse`.

    Returns
    -------
    DataFrame, index year
        `x`, `y`, `major`, `minor` (km), `rotation` (degrees), `area` (km2).

    Raises
    ------
    DataError
        As in `calc_ellipse`; if units have no place or their number differs between the years.
    """
    table = weights.unstack("year").sort_index().sort_index(axis=1)
    homeless = table.index.difference(places.index)
    if len(homeless):
        raise DataError(f"units without a place: {listing(homeless)}")
    gaps = [f"{table.index[i]} {table.columns[t]}" for i, t in np.argwhere(table.isna().to_numpy())]
    if gaps:
        raise DataError(f"a track needs the same units in all years; missing: {listing(gaps)}")
    own = places.loc[table.index, ["x", "y"]]
    rows = {}
    for year in table.columns:
        one = calc_ellipse(own, table[year], scaling=scaling, weighting=weighting)
        rows[int(year)] = {
            "x": one.x * KM,
            "y": one.y * KM,
            "major": one.major * KM,
            "minor": one.minor * KM,
            "rotation": one.rotation,
            "area": one.area * KM**2,
        }
    return pd.DataFrame.from_dict(rows, orient="index").rename_axis("year")


def calc_shifts(track: pd.DataFrame) -> pd.DataFrame:
    """Shift of the centre from each year to the next, and from the first to the last.

    Parameters
    ----------
    track : DataFrame, index year
        `lon`, `lat`, degrees.

    Returns
    -------
    DataFrame, index (start, end)
        `east`, `north`, `distance` (km), `direction` (degrees); the whole period stands last where
        there are more than two years.

    Raises
    ------
    DataError
        If there are fewer than two years.
    """
    years = sorted(int(year) for year in track.index)
    if len(years) < 2:
        raise DataError(f"a shift needs two years, got {listing(years) or 'none'}")
    spans = list(pairwise(years))
    if len(years) > 2:
        spans.append((years[0], years[-1]))
    places = track[["lon", "lat"]].itertuples(name=None)
    centres = {int(year): (float(lon), float(lat)) for year, lon, lat in places}
    found = [calc_shift(centres[start], centres[end]) for start, end in spans]
    index = pd.MultiIndex.from_tuples(spans, names=["start", "end"])
    frame = pd.DataFrame([asdict(one) for one in found], index=index)
    lengths = ["east", "north", "distance"]
    return frame.assign(**{name: frame[name] * KM for name in lengths})


def _checked(places: pd.DataFrame, weights: pd.Series) -> tuple[FloatArray, FloatArray]:
    """Coordinates (n, 2) and weights (n,)."""
    for name in ("x", "y"):
        require_same_cells(weights=weights, **{name: places[name]})
        refuse_cells(
            ~np.isfinite(places[name]), "coordinates must be finite", **{name: places[name]}
        )
    is_usable = np.isfinite(weights) & (weights >= 0)
    refuse_cells(~is_usable, "weights of a centre must be zero or positive", weight=weights)
    if not weights.sum() > 0:
        raise DataError(f"{len(weights)} points of weight zero have no centre")
    return places[["x", "y"]].to_numpy(float), weights.to_numpy(float)
