"""Turn GCJ-02 coordinates into WGS84.

Maps published in mainland China are shifted by some hundred metres against WGS84, by the
public formula known as GCJ-02. The formula is forward only, so its inverse is iterated.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

SEMI_MAJOR_M = 6378245.0
"""Semi-major axis of the Krasovsky 1940 ellipsoid, which the formula uses, in m."""

ECCENTRICITY_SQUARED = 0.00669342162296594323
"""First eccentricity squared of the Krasovsky 1940 ellipsoid."""

ITERATIONS = 8
"""Fixed-point steps: the shift changes by less than 2e-4 a degree, so each step gains more than
three digits and five reach machine precision. A fixed number keeps the result of a point
independent of the points beside it."""


def _shift_metres(east: FloatArray, north: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Shift of the public formula in pseudo-metres; `east`, `north` in degrees from 105 E, 35 N."""
    pi = np.pi
    waves = 20.0 * np.sin(6.0 * east * pi) + 20.0 * np.sin(2.0 * east * pi)
    root = np.sqrt(np.abs(east))
    shift_north = (
        -100.0
        + 2.0 * east
        + 3.0 * north
        + 0.2 * north * north
        + 0.1 * east * north
        + 0.2 * root
        + waves * 2.0 / 3.0
        + (20.0 * np.sin(north * pi) + 40.0 * np.sin(north / 3.0 * pi)) * 2.0 / 3.0
        + (160.0 * np.sin(north / 12.0 * pi) + 320.0 * np.sin(north * pi / 30.0)) * 2.0 / 3.0
    )
    shift_east = (
        300.0
        + east
        + 2.0 * north
        + 0.1 * east * east
        + 0.1 * east * north
        + 0.1 * root
        + waves * 2.0 / 3.0
        + (20.0 * np.sin(east * pi) + 40.0 * np.sin(east / 3.0 * pi)) * 2.0 / 3.0
        + (150.0 * np.sin(east / 12.0 * pi) + 300.0 * np.sin(east / 30.0 * pi)) * 2.0 / 3.0
    )
    return shift_east, shift_north


def wgs84_to_gcj02(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Apply the GCJ-02 shift.

    lon' = lon + dE·180 / (a/√q · cos φ · π),  lat' = lat + dN·180 / (a(1−e²)/q^(3/2) · π),
    q = 1 − e² sin² φ, with dE, dN the polynomial and sine terms of the public formula.

    Parameters
    ----------
    lon, lat : ndarray, (n,)
        WGS84 coordinates inside China, degrees.

    Returns
    -------
    lon, lat : ndarray, (n,)
        GCJ-02 coordinates, degrees.
    """
    shift_east, shift_north = _shift_metres(lon - 105.0, lat - 35.0)
    phi = np.deg2rad(lat)
    q = 1.0 - ECCENTRICITY_SQUARED * np.sin(phi) ** 2
    meridian = SEMI_MAJOR_M * (1.0 - ECCENTRICITY_SQUARED) / (q * np.sqrt(q))
    parallel = SEMI_MAJOR_M / np.sqrt(q) * np.cos(phi)
    return lon + np.rad2deg(shift_east / parallel), lat + np.rad2deg(shift_north / meridian)


def gcj02_to_wgs84(lon: FloatArray, lat: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Invert the GCJ-02 shift by fixed-point iteration.

    p⁽⁰⁾ = g,  p⁽ⁿ⁺¹⁾ = p⁽ⁿ⁾ − (f(p⁽ⁿ⁾) − g) with f the forward formula.

    Parameters
    ----------
    lon, lat : ndarray, (n,)
        GCJ-02 coordinates inside China, degrees.

    Returns
    -------
    lon, lat : ndarray, (n,)
        WGS84 coordinates, degrees; the forward formula gives the input back to 1e-12 degrees.
    """
    lon_n, lat_n = lon.copy(), lat.copy()
    for _ in range(ITERATIONS):
        lon_f, lat_f = wgs84_to_gcj02(lon_n, lat_n)
        lon_n, lat_n = lon_n - (lon_f - lon), lat_n - (lat_f - lat)
    return lon_n, lat_n
