"""Arcs and ribbons of a chord diagram."""

from __future__ import annotations

import numpy as np
import pytest

from yrb_carbon.report.chord import (
    CIRCLE,
    GAPS,
    arc_points,
    band_path,
    chord_layout,
    on_circle,
    ribbon_path,
)

EXACT = 1e-12
"""Sums of a few angles."""
FLOWS = np.array(
    [[0.0, 3.0, 1.0, 0.0], [2.0, 0.0, 0.0, 5.0], [0.0, 4.0, 0.0, 1.0], [1.0] * 3 + [0]]
)


def test_arcs_are_as_long_as_what_is_sent_and_received():
    placed = chord_layout(FLOWS)
    lengths = placed.nodes[:, 1] - placed.nodes[:, 0]
    both = FLOWS.sum(axis=0) + FLOWS.sum(axis=1)
    assert lengths == pytest.approx(both / both.sum() * CIRCLE * (1 - GAPS), abs=EXACT)
    gaps = placed.nodes[1:, 0] - placed.nodes[:-1, 1]
    assert gaps == pytest.approx([CIRCLE * GAPS / 4] * 3, abs=EXACT)
    assert placed.nodes[0, 0] > 0
    assert placed.nodes[-1, 1] < CIRCLE


def test_ends_of_ribbons_fill_each_arc_once():
    placed = chord_layout(FLOWS)
    unit = CIRCLE * (1 - GAPS) / (2 * FLOWS.sum())
    for node in range(4):
        ends = [placed.sent[node, other] for other in range(4) if other != node]
        ends += [placed.received[other, node] for other in range(4) if other != node]
        starts, stops = np.array(sorted(map(tuple, ends))).T
        assert starts[0] == pytest.approx(placed.nodes[node, 0], abs=EXACT)
        assert stops[-1] == pytest.approx(placed.nodes[node, 1], abs=EXACT)
        assert starts[1:] == pytest.approx(stops[:-1], abs=EXACT)
    for ends in (placed.sent, placed.received):
        assert ends[..., 1] - ends[..., 0] == pytest.approx(FLOWS * unit, abs=EXACT)


def test_ribbons_of_a_node_do_not_cross():
    """Going round the arc, the partners come in the opposite order of the circle."""
    placed = chord_layout(np.ones((6, 6)) - np.eye(6))
    for node in range(6):
        order = sorted((o for o in range(6) if o != node), key=lambda o: placed.sent[node, o, 0])
        assert order == [(node - step) % 6 for step in range(1, 6)]


def test_angles_run_clockwise_from_the_top():
    points = on_circle(np.array([0.0, np.pi / 2, np.pi]), 2.0)
    assert points == pytest.approx(np.array([[0, 2], [2, 0], [0, -2]]), abs=EXACT)
    along = arc_points(0.3, 1.1, 1.0)
    assert np.hypot(*along.T) == pytest.approx(np.ones(len(along)), abs=EXACT)
    assert along[[0, -1]] == pytest.approx(on_circle(np.array([0.3, 1.1]), 1.0), abs=EXACT)


def test_ribbons_run_from_foot_to_tip():
    sent, received = np.array([0.2, 0.5]), np.array([2.0, 2.3])
    path = ribbon_path(sent, received, 0.9, 0.8)
    radii = np.hypot(*path.vertices.T)
    assert path.vertices[0] == pytest.approx(on_circle(0.2, 0.9), abs=EXACT)
    assert path.vertices[-1] == pytest.approx(path.vertices[0], abs=EXACT)
    corners = [on_circle(0.5, 0.9), on_circle(2.0, 0.8), on_circle(2.3, 0.8)]
    for corner in corners:
        assert np.abs(path.vertices - corner).sum(axis=1).min() == pytest.approx(0, abs=EXACT)
    assert radii.max() == pytest.approx(0.9, abs=EXACT)
    assert len(path.codes) == len(path.vertices)
    assert list(path.codes).count(4) == 6


def test_bands_lie_between_two_radii():
    path = band_path(np.array([1.0, 1.4]), 0.9, 1.0)
    radii = np.hypot(*path.vertices.T)
    assert sorted(set(np.round(radii, 9))) == [0.9, 1.0]
