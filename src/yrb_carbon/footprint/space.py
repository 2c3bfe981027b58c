"""The footprint of provinces in space: neighbours, and where its centre lies."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.indices.centrography import KM, calc_ellipse_track
from yrb_carbon.sources.boundaries import WGS84, Boundaries
from yrb_carbon.weights.build import SpatialWeights, build_weights
from yrb_carbon.weights.spec import WeightsSpec


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
    scaling: Literal["sqrt2", "none"] = "sqrt2",
    weighting: Literal["w", "w2"] = "w",
) -> pd.DataFrame:
    """Gravity centre and standard deviational ellipse by year, on the map and in degrees.

    Parameters
    ----------
    values : Series, index (unit, year)
        What weighs the centroids of the provinces.
    outlines : Boundaries
        Centroids are measured in its equal-area projection.
    scaling, weighting
        As in `indices.centrography.calc_ellipse`.

    Returns
    -------
    DataFrame, index year
        Columns of `calc_ellipse_track` (km, degrees, km2), and `lon`, `lat` of the centre.
    """
    from pyproj import Transformer

    track = calc_ellipse_track(
        values, outlines.frame[["x", "y"]], scaling=scaling, weighting=weighting
    )
    back = Transformer.from_crs(outlines.area_crs, WGS84, always_xy=True)
    lon, lat = back.transform(track["x"].to_numpy() / KM, track["y"].to_numpy() / KM)
    return track.assign(lon=np.asarray(lon), lat=np.asarray(lat))
