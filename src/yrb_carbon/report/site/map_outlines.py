"""Geometry of the interactive map: small whole numbers on a grid in the study's projection."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import shapely

from yrb_carbon.report.outlines import (
    dissolved_by,
    middle_of,
    province_codes,
    simplified_polygons,
)
from yrb_carbon.sources.boundaries import Boundaries

SCREEN_PIXELS = 1200
"""Width of a screen that outlines are simplified for."""
STEPS_OF_DETAIL = 4
"""Steps of the grid in the tolerance of simplification: rounding moves no line that one sees."""
LEAST_NUMBERS = 8
"""Of a ring with an area: three points and the first again."""

Ring = list[int]
"""Coordinates x, y, x, y, ... on the grid; y points north."""


@dataclass(frozen=True, slots=True)
class MapOutlines:
    """Lines of a map on its grid.

    Attributes
    ----------
    rings : list of list of Ring
        Outer rings, clockwise, and holes, counterclockwise, of each unit.
    middles : list of (x, y)
        Where a unit has most room.
    provinces : list of Ring
    reach_borders : list of Ring
        Lines between the reaches.
    reach_middles : mapping of reach to (x, y)
    size : (int, int)
        Width and height, steps.
    step_m : float
        Step of the grid, m.
    """

    rings: list[list[Ring]]
    middles: list[tuple[int, int]]
    provinces: list[Ring]
    reach_borders: list[Ring]
    reach_middles: dict[str, tuple[int, int]]
    size: tuple[int, int]
    step_m: float


def map_outlines(boundaries: Boundaries, reaches: Mapping[str, str]) -> MapOutlines:
    """Lines of a map of some units.

    Parameters
    ----------
    boundaries : Boundaries
    reaches : mapping of unit to reach
        Units without one lie in no reach.

    Returns
    -------
    MapOutlines; units in the order of `boundaries.unit_ids`.
    """
    west, south, east, north = (float(v) for v in shapely.total_bounds(boundaries.projected()))
    detail = (east - west) / SCREEN_PIXELS
    step = detail / STEPS_OF_DETAIL

    def on_grid(points: Any) -> Ring:
        """Rounded, without points that fall on the one before."""
        steps = np.rint((np.asarray(points)[:, :2] - (west, south)) / step).astype(int)
        keep = np.append(True, (np.diff(steps, axis=0) != 0).any(axis=1))
        return [int(v) for v in steps[keep].ravel()]

    def drawn(shape: Any) -> Any:
        """Polygons that are no coverage come with all their detail; each loses its own."""
        return shape if boundaries.is_coverage else shapely.simplify(shape, detail)

    def rings_of(shape: Any) -> list[Ring]:
        rings = [
            on_grid(ring.coords)
            for part in shapely.get_parts(shapely.orient_polygons(drawn(shape), exterior_cw=True))
            if part.geom_type == "Polygon"
            for ring in (part.exterior, *part.interiors)
        ]
        # what is smaller than a step has no area left
        return [ring for ring in rings if len(ring) >= LEAST_NUMBERS] or rings[:1]

    units = simplified_polygons(boundaries, detail)
    provinces = dissolved_by(units, province_codes(boundaries.unit_ids))
    by_reach = dissolved_by(units, [reaches.get(unit, "") for unit in boundaries.unit_ids])
    by_reach.pop("", None)
    borders = [drawn(line) for line in _lines_between(list(by_reach.values()))]

    def middle(shape: Any) -> tuple[int, int]:
        x, y = on_grid([middle_of(shape)])
        return x, y

    return MapOutlines(
        rings=[rings_of(shape) for shape in units],
        middles=[middle(shape) for shape in units],
        provinces=[ring for shape in provinces.values() for ring in rings_of(shape)],
        reach_borders=[on_grid(line.coords) for line in borders],
        reach_middles={reach: middle(shape) for reach, shape in by_reach.items()},
        size=(round((east - west) / step), round((north - south) / step)),
        step_m=step,
    )


def _lines_between(shapes: Sequence[Any]) -> list[Any]:
    """Lines that two shapes share."""
    shared = [
        part
        for i, one in enumerate(shapes)
        for other in shapes[i + 1 :]
        for part in shapely.get_parts(shapely.intersection(one.boundary, other.boundary))
        if part.geom_type == "LineString" and not part.is_empty
    ]
    if not shared:
        return []
    return list(shapely.get_parts(shapely.line_merge(shapely.MultiLineString(shared))))
