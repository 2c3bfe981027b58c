"""Geometry of chord diagrams: nodes as arcs of a circle, flows as ribbons between them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

FloatArray = npt.NDArray[np.float64]

CIRCLE = 2 * np.pi
GAPS = 0.12
"""Share of the circle between the arcs, all together."""
STEP = np.pi / 180
"""Angle of the straight pieces that an arc is drawn of."""
PULL = 0.25
"""Distance of the control points of a ribbon from the centre, of the radius."""


@dataclass(frozen=True, slots=True)
class ChordLayout:
    """Angles of nodes and flows, clockwise from the top, radians.

    Attributes
    ----------
    nodes : ndarray, (n, 2)
        Start and end of the arc of each node: as long as all that it sends and receives.
    sent : ndarray, (n, n, 2)
        Start and end on the sender's arc of the flow from row to column.
    received : ndarray, (n, n, 2)
        The same on the receiver's arc.
    """

    nodes: FloatArray
    sent: FloatArray
    received: FloatArray


def chord_layout(flows: FloatArray) -> ChordLayout:
    """Lay out the arcs in the order of the rows.

    Along the arc of a node stand its partners in turn from the one just before it round to the one
    just behind it, so that ribbons of a node do not cross; with each partner first what is sent.

    Parameters
    ----------
    flows : ndarray, (n, n)
        ≥ 0, some above 0; zero on the diagonal.
    """
    n = len(flows)
    angle = CIRCLE * (1 - GAPS) / (2 * flows.sum())
    lengths = (flows.sum(axis=1) + flows.sum(axis=0)) * angle
    gap = CIRCLE * GAPS / n
    starts = np.concatenate([[0.0], np.cumsum(lengths + gap)[:-1]]) + gap / 2
    sent, received = np.zeros((n, n, 2)), np.zeros((n, n, 2))
    for node in range(n):
        at = starts[node]
        for step in range(1, n):
            partner = (node - step) % n
            for table, flow, key in (
                (sent, flows[node, partner], (node, partner)),
                (received, flows[partner, node], (partner, node)),
            ):
                table[key] = at, at + flow * angle
                at += flow * angle
    return ChordLayout(np.column_stack([starts, starts + lengths]), sent, received)


def on_circle(angle: FloatArray | float, radius: float) -> FloatArray:
    """Points at angles clockwise from the top, (…, 2)."""
    angles = np.asarray(angle, dtype=np.float64)
    return np.stack([radius * np.sin(angles), radius * np.cos(angles)], axis=-1)


def arc_points(start: float, end: float, radius: float) -> FloatArray:
    """Points along an arc, both ends included."""
    count = 2 + int(abs(end - start) / STEP)
    return on_circle(np.linspace(start, end, count), radius)


def band_path(ends: FloatArray, inner: float, outer: float) -> Any:
    """Matplotlib path of a piece of a ring between two angles."""
    from matplotlib.path import Path

    start, end = map(float, ends)
    ring = np.concatenate([arc_points(start, end, outer), arc_points(end, start, inner)])
    return Path(np.concatenate([ring, ring[:1]]), closed=True)


def ribbon_path(sent: FloatArray, received: FloatArray, foot: float, tip: float) -> Any:
    """Matplotlib path of a ribbon from an arc at one radius to an arc at another.

    Its sides are Bézier curves of third degree, pulled to the centre.

    Parameters
    ----------
    sent, received : ndarray, (2,)
        Angles of the ends.
    foot, tip : float
        Radii at the sender and at the receiver: a shorter tip shows where the flow goes to.
    """
    from matplotlib.path import Path

    first = arc_points(float(sent[0]), float(sent[1]), foot)
    last = arc_points(float(received[0]), float(received[1]), tip)
    points = [first, first[-1:] * PULL, last[:1] * PULL, last, last[-1:] * PULL, first[:1] * PULL]
    points.append(first[:1])
    side = [Path.CURVE4] * 3
    codes = [
        Path.MOVETO, *[Path.LINETO] * (len(first) - 1), *side,
        *[Path.LINETO] * (len(last) - 1), *side,
    ]  # fmt: skip
    return Path(np.concatenate(points), codes)
