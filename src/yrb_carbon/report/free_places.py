"""Places for texts beside points, where they cover neither one another nor a point."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

Point = tuple[float, float]
Box = tuple[float, float, float, float]

SIDES = ((1, 0), (-1, 0), (0, 1), (0, -1), (1, 1), (-1, 1), (1, -1), (-1, -1))
"""Sides of a point on which a text may stand, the best one first."""


def free_places(
    points: Sequence[Point],
    halves: Sequence[Point],
    size: Point,
    *,
    away: float,
    taken: Sequence[Box] = (),
) -> list[Point | None]:
    """Middle of the text of each point; None where there is no room.

    Parameters
    ----------
    points : sequence of (x, y)
        Inches from the lower left corner of the panel; the first ones choose first.
    halves : sequence of (x, y)
        Half the width and height of each text, inches.
    size : (width, height)
        Of the panel, inches.
    away : float
        Inches from a point to its text; points are as large.
    taken : sequence of (west, south, east, north)
        Where nothing may stand.
    """
    full = [*taken, *(_around(point, (away / 2, away / 2)) for point in points)]
    places: list[Point | None] = []
    for point, half in zip(points, halves, strict=True):
        free = (
            place
            for place in _beside(point, half, away)
            if _is_inside(_around(place, half), size)
            and not any(_overlap(_around(place, half), box) for box in full)
        )
        place = next(free, None)
        if place is not None:
            full.append(_around(place, half))
        places.append(place)
    return places


def _beside(point: Point, half: Point, away: float) -> Iterator[Point]:
    for right, up in SIDES:
        yield point[0] + right * (away + half[0]), point[1] + up * (away + half[1])


def _around(place: Point, half: Point) -> Box:
    x, y = place
    return x - half[0], y - half[1], x + half[0], y + half[1]


def _is_inside(box: Box, size: Point) -> bool:
    return box[0] > 0 and box[1] > 0 and box[2] < size[0] and box[3] < size[1]


def _overlap(one: Box, other: Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]
