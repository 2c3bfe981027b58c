"""Outlines in the plane as maps draw them: simplified, dissolved, with room for a name."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import shapely

from yrb_carbon.sources.boundaries import Boundaries

Geometries = npt.NDArray[np.object_]


def simplified_polygons(boundaries: Boundaries, detail_m: float) -> Geometries:
    """Polygons in `area_crs`, m, with the detail that a drawing can show.

    Parameters
    ----------
    boundaries : Boundaries
    detail_m : float
        Tolerance of coverage simplification, m: shared borders stay shared. Polygons that do not
        fit together edge to edge are not simplified, as gaps would open between them. Islands
        smaller than its square are left out.

    Returns
    -------
    ndarray of n polygons, in the order of `unit_ids`.
    """
    plane = boundaries.projected()
    if boundaries.is_coverage:
        plane = shapely.coverage_simplify(plane, detail_m)
    return _without_specks(np.asarray(shapely.make_valid(plane)), detail_m)


def _without_specks(polygons: Geometries, detail_m: float) -> Geometries:
    """The polygons without the islands that a drawing cannot show; the largest part stays."""
    parts, owner = shapely.get_parts(polygons, return_index=True)
    areas = shapely.area(parts)
    largest = np.zeros(len(polygons))
    np.maximum.at(largest, owner, areas)
    seen = (areas >= detail_m**2) | (areas == largest[owner])
    kept: Geometries = np.empty(len(polygons), dtype=object)
    for place in range(len(polygons)):
        own = parts[seen & (owner == place)]
        kept[place] = own[0] if len(own) == 1 else shapely.multipolygons(own)
    return kept


def dissolved_by(polygons: Geometries, groups: Sequence[str]) -> dict[str, Any]:
    """Union of the polygons of each group, by group, sorted; `groups` has one name a polygon."""
    names = np.array(groups)
    return {name: shapely.union_all(polygons[names == name]) for name in sorted(set(groups))}


def province_codes(unit_ids: Sequence[str]) -> list[str]:
    """Province of each unit: the first two digits of its code."""
    return [unit[:2] for unit in unit_ids]


def middle_of(shape: Any) -> tuple[float, float]:
    """Centre of the largest circle inside a shape: where a name has most room."""
    largest = max(shapely.get_parts(shape), key=lambda part: float(part.area))
    radius = shapely.maximum_inscribed_circle(largest, tolerance=1e-3 * float(largest.length))
    x, y = radius.coords[0]
    return float(x), float(y)


def round_length_below(value: float) -> float:
    """Largest 1, 2 or 5 times a power of ten that is not above a value: of a scale bar."""
    power = 10.0 ** np.floor(np.log10(value))
    return float(max(step * power for step in (1.0, 2.0, 5.0) if step * power <= value))
