"""Places for texts beside points."""

from __future__ import annotations

import pytest

from yrb_carbon.report.free_places import free_places

SIZE = (4.0, 2.0)
HALF = (0.3, 0.1)
AWAY = 0.05


def place(*points, taken=()):
    return free_places(points, [HALF] * len(points), SIZE, away=AWAY, taken=taken)


def test_the_right_side_comes_first():
    (found,) = place((1.0, 1.0))
    assert found == pytest.approx((1.35, 1.0))


def test_texts_stay_inside_of_the_panel():
    (right,) = place((3.9, 1.0))
    assert right == pytest.approx((3.55, 1.0))
    (corner,) = place((3.99, 1.99))
    assert corner == pytest.approx((3.64, 1.84))


def test_texts_cover_neither_points_nor_one_another():
    close = [(1.0 + 0.02 * k, 1.0 + 0.05 * k) for k in range(8)]
    found = place(*close)
    boxes = [(x - HALF[0], y - HALF[1], x + HALF[0], y + HALF[1]) for x, y in filter(None, found)]
    for number, one in enumerate(boxes):
        for other in boxes[:number]:
            apart = one[0] >= other[2] or other[0] >= one[2] or one[1] >= other[3]
            assert apart or other[1] >= one[3]
        for x, y in close:
            assert not (one[0] < x < one[2] and one[1] < y < one[3])
    assert None in found
    assert found[0] is not None


def test_where_everything_is_taken_nothing_is_written():
    assert place((1.0, 1.0), taken=[(0.0, 0.0, 4.0, 2.0)]) == [None]
