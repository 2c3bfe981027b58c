"""Centres and ellipses against pointpats, covariance matrices, and clouds that are known."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from pointpats.centrography import ellipse, weighted_mean_center

from yrb_carbon.errors import DataError
from yrb_carbon.indices.centrography import (
    calc_ellipse,
    calc_ellipse_track,
    calc_gravity_centre,
    calc_shift,
    calc_shifts,
)

ROUNDING = 1e-9
"""Relative: coordinates of 10^6 m, squared and summed."""
ANGLE = 1e-6
"""Degrees: the formula takes differences of nearly equal squares."""


def cloud(seed: int, n: int = 30) -> tuple[pd.DataFrame, pd.Series]:
    generator = np.random.default_rng(seed)
    units = [f"{11 + i}" for i in range(n)]
    places = pd.DataFrame(
        generator.normal([1e5, 3e6], [9e5, 5e5], (n, 2)) @ [[1.0, 0.4], [-0.2, 1.0]],
        index=units, columns=["x", "y"],
    )  # fmt: skip
    return places, pd.Series(generator.lognormal(2, 1, n), index=units)


def axes_of(places: pd.DataFrame, weights: pd.Series, power: int) -> tuple[float, float, float]:
    """Semi-axes without scaling and rotation from the eigenvectors of the second moments."""
    points, loads = places[["x", "y"]].to_numpy(), weights.to_numpy()
    deviations = points - loads @ points / loads.sum()
    spread = loads**power
    moments = (deviations * spread[:, None]).T @ deviations / spread.sum()
    values, vectors = np.linalg.eigh(moments)
    east, north = vectors[:, 1]
    bearing = np.rad2deg(np.arctan2(east, north)) % 180
    return float(np.sqrt(values[1])), float(np.sqrt(values[0])), float(bearing)


def test_centre_by_hand():
    """Weights 1 and 3 on (0, 0) and (4, 8): three quarters of the way."""
    places = pd.DataFrame({"x": [0.0, 4.0], "y": [0.0, 8.0]}, index=["11", "12"])
    assert calc_gravity_centre(places, pd.Series([1.0, 3.0], index=places.index)) == (3.0, 6.0)


@pytest.mark.parametrize("seed", range(4))
def test_centre_and_ellipse_are_the_peer_s(seed):
    places, weights = cloud(seed)
    points, loads = places.to_numpy(), weights.to_numpy()
    found = calc_ellipse(places, weights)
    major, minor, angle = ellipse(points, loads, method="yuill", degfreedCorr=False)
    assert (found.x, found.y) == pytest.approx(tuple(weighted_mean_center(points, loads)))
    assert (found.major, found.minor) == pytest.approx((major, minor), rel=ROUNDING)
    assert found.rotation == pytest.approx((90 - np.rad2deg(angle)) % 180, abs=ANGLE)


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize(("weighting", "power"), [("w", 1), ("w2", 2)])
def test_ellipse_is_that_of_the_second_moments(seed, weighting, power):
    places, weights = cloud(seed)
    major, minor, bearing = axes_of(places, weights, power)
    plain = calc_ellipse(places, weights, scaling="none", weighting=weighting)
    assert (plain.major, plain.minor) == pytest.approx((major, minor), rel=ROUNDING)
    assert plain.rotation == pytest.approx(bearing, abs=ANGLE)
    assert plain.area == pytest.approx(np.pi * major * minor, rel=ROUNDING)
    scaled = calc_ellipse(places, weights, weighting=weighting)
    assert scaled.major == pytest.approx(np.sqrt(2) * major, rel=ROUNDING)
    assert scaled.area == pytest.approx(2 * plain.area, rel=ROUNDING)
    assert (scaled.x, scaled.y) == pytest.approx(calc_gravity_centre(places, weights))


@pytest.mark.parametrize("bearing", [10.0, 45.0, 90.0, 135.0, 170.0, 0.0])
def test_ellipse_of_a_known_cloud(bearing):
    """Four points at the ends of the axes of an ellipse, turned clockwise from north."""
    turn = np.deg2rad(bearing)
    along, across = np.array([np.sin(turn), np.cos(turn)]), np.array([np.cos(turn), -np.sin(turn)])
    ends = np.array([3 * along, -3 * along, across, -across])
    points = ends + np.array([100.0, 50.0])
    places = pd.DataFrame(points, index=list("abcd"), columns=["x", "y"])
    found = calc_ellipse(places, pd.Series(2.0, index=places.index))
    assert (found.x, found.y) == pytest.approx((100.0, 50.0))
    # σ² = 2·9/4 along and 2·1/4 across, doubled
    assert (found.major, found.minor) == pytest.approx((3.0, 1.0), rel=ROUNDING)
    assert (found.rotation - bearing + 90) % 180 - 90 == pytest.approx(0.0, abs=ANGLE)


def test_share_of_a_normal_cloud_within():
    """1 - exp(-1) of a plane normal distribution lie within the scaled ellipse."""
    points = np.random.default_rng(4).standard_normal((20_000, 2)) * [3.0, 1.0]
    places = pd.DataFrame(points, columns=["x", "y"])
    found = calc_ellipse(places, pd.Series(1.0, index=places.index))
    inside = ((points - [found.x, found.y]) / [found.major, found.minor]) ** 2
    share = np.mean(inside.sum(axis=1) < 1)
    assert share == pytest.approx(1 - np.exp(-1), abs=0.012)  # 3.5 standard errors
    assert found.rotation == pytest.approx(90.0, abs=1.0)


def test_weights_count_by_their_ratios_and_units_without_weight_do_not():
    places, weights = cloud(6)
    one = calc_ellipse(places, weights)
    for other in (
        calc_ellipse(places, 1e9 * weights),
        calc_ellipse(places[::-1], weights[::-1]),
        calc_ellipse(
            pd.concat([places, pd.DataFrame({"x": [9e9], "y": [9e9]}, index=["99"])]),
            pd.concat([weights, pd.Series([0.0], index=["99"])]),
        ),
    ):
        assert (other.x, other.y) == pytest.approx((one.x, one.y), rel=ROUNDING)
        assert (other.major, other.minor) == pytest.approx((one.major, one.minor), rel=ROUNDING)
        assert other.rotation == pytest.approx(one.rotation, abs=ANGLE)


RADIUS_KM = 6371.0088
SPHERE = 0.006
"""Relative: how far the ellipsoid is from the sphere of its mean radius, in a length."""


def great_circle(start: tuple[float, float], end: tuple[float, float]) -> float:
    """Length in km by the cosine rule."""
    (lon, lat), (lon_end, lat_end) = np.deg2rad(start), np.deg2rad(end)
    cosine = np.sin(lat) * np.sin(lat_end)
    cosine += np.cos(lat) * np.cos(lat_end) * np.cos(lon_end - lon)
    return float(RADIUS_KM * np.arccos(cosine))


@pytest.mark.parametrize(
    ("end", "direction"),
    [
        ((113.0, 37.0), 0.0),
        ((113.0, 32.0), 180.0),
        # a parallel is left polewards: half the difference of longitude times the sine of latitude
        ((115.0, 35.0), 90.0 - np.sin(np.deg2rad(35.0))),
        ((111.0, 35.0), 270.0 + np.sin(np.deg2rad(35.0))),
        ((114.0, 36.0), np.rad2deg(np.arctan2(np.cos(np.deg2rad(35.5)), 1.0)) - 0.3),
    ],
)
def test_shift_on_the_ellipsoid(end, direction):
    start = (113.0, 35.0)
    found = calc_shift(start, end)
    assert found.distance / 1e3 == pytest.approx(great_circle(start, end), rel=SPHERE)
    assert found.direction == pytest.approx(direction, abs=0.2)
    assert np.hypot(found.east, found.north) == pytest.approx(found.distance, rel=ROUNDING)
    turn = np.deg2rad(found.direction)
    assert found.east == pytest.approx(found.distance * np.sin(turn), abs=1e-3)
    assert found.north == pytest.approx(found.distance * np.cos(turn), abs=1e-3)


def test_no_shift_has_no_direction():
    found = calc_shift((113.0, 35.0), (113.0, 35.0))
    assert (found.distance, found.east, found.north) == (0.0, 0.0, 0.0)
    assert np.isnan(found.direction)


def test_track_by_year():
    places, weights = cloud(8)
    later = weights.where(places["x"] > places["x"].median(), 3 * weights)
    table = pd.concat({2000: weights, 2001: weights, 2003: later}, names=["year", "unit"])
    series = table.swaplevel().sample(frac=1.0, random_state=1)
    track = calc_ellipse_track(series, places)
    assert list(track.index) == [2000, 2001, 2003]
    centre = calc_gravity_centre(places, later)
    assert track.loc[2003, ["x", "y"]].tolist() == pytest.approx([c / 1000 for c in centre])
    whole = calc_ellipse(places, later)
    assert track.loc[2003, "area"] == pytest.approx(whole.area / 1e6, rel=ROUNDING)
    assert track.loc[2003, "major"] == pytest.approx(whole.major / 1e3, rel=ROUNDING)


def test_shifts_go_from_year_to_year_and_over_the_whole_period():
    track = pd.DataFrame(
        {"lon": [113.0, 113.0, 112.0], "lat": [35.0, 35.0, 36.0]}, index=[2000, 2001, 2003]
    )
    shifts = calc_shifts(track.iloc[::-1])
    assert list(shifts.index) == [(2000, 2001), (2001, 2003), (2000, 2003)]
    assert shifts.loc[(2000, 2001), "distance"] == 0.0
    assert np.isnan(shifts.loc[(2000, 2001), "direction"])
    whole = calc_shift((113.0, 35.0), (112.0, 36.0))
    for name in ("east", "north", "distance"):
        assert shifts.loc[(2000, 2003), name] == pytest.approx(getattr(whole, name) / 1e3)
    assert shifts.loc[(2000, 2003), "direction"] == whole.direction
    assert 270 < whole.direction < 360


def test_two_years_have_one_shift():
    track = pd.DataFrame({"lon": [113.0, 114.0], "lat": [35.0, 34.0]}, index=[2001, 2000])
    shifts = calc_shifts(track)
    assert list(shifts.index) == [(2000, 2001)]
    assert shifts.loc[(2000, 2001), "north"] > 0
    with pytest.raises(DataError, match="two years, got 2001"):
        calc_shifts(track.loc[[2001]])


def test_points_without_a_centre_are_refused():
    places, weights = cloud(2, 3)
    with pytest.raises(DataError, match=r"zero or positive: .*12.*weight=-1"):
        calc_gravity_centre(places, weights.where(weights.index != "12", -1.0))
    with pytest.raises(DataError, match="3 points of weight zero"):
        calc_ellipse(places, 0 * weights)
    with pytest.raises(DataError, match="one place, 11"):
        calc_ellipse(places, weights.where(weights.index == "11", 0.0))
    with pytest.raises(DataError, match=r"coordinates must be finite: .*13"):
        calc_ellipse(places.assign(y=[1.0, 2.0, np.nan]), weights)
    with pytest.raises(DataError, match="not of the same cells"):
        calc_gravity_centre(places, weights.iloc[:2])


def test_a_track_needs_the_same_units_every_year():
    places, weights = cloud(3, 4)
    series = pd.concat({2000: weights, 2001: weights}, names=["year", "unit"]).swaplevel()
    with pytest.raises(DataError, match="missing: 13 2001"):
        calc_ellipse_track(series.drop(("13", 2001)), places)
    with pytest.raises(DataError, match="without a place: 12"):
        calc_ellipse_track(series, places.drop("12"))
