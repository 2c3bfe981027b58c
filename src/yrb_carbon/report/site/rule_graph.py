"""The graph of rules as a picture: rules in layers, data flows downwards.

Layers by the longest way from the start, order within a layer by the middle of the neighbours
(Sugiyama, Tagawa & Toda 1981). An arrow over several layers has a place of its own in each of
them, so that it passes beside the boxes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter
from itertools import pairwise

from markupsafe import Markup

LETTER, PADDING, BOX_HEIGHT = 7.6, 20.0, 30.0
"""Widest letter of the labels, blank beside them, and height of a box, in pixels."""
ROW_GAP, COLUMN_GAP, MARGIN = 44.0, 22.0, 6.0
PASSAGE = 8.0
"""Pixels of the place of an arrow that passes a layer."""
SWEEPS = 24
"""Rounds of moving boxes to the middle of their neighbours; the order settles before."""

Route = tuple[str, ...]
"""A rule, the places where an arrow passes the layers between, and the rule where it ends."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a rule stands, or an arrow passes: x of its middle, y of its top."""

    name: str
    x: float
    y: float
    width: float


def reduced(edges: Iterable[tuple[str, str]]) -> dict[str, set[str]]:
    """Rule -> rules directly before it, without those that others of them come after.

    Raises
    ------
    graphlib.CycleError
        If the rules go round in a circle.
    """
    before: dict[str, set[str]] = {}
    for first, second in edges:
        before.setdefault(first, set())
        before.setdefault(second, set()).add(first)
    ancestors: dict[str, set[str]] = {}
    for name in TopologicalSorter(before).static_order():
        ancestors[name] = before[name].union(*(ancestors[one] for one in before[name]))
    return {
        name: {one for one in own if not any(one in ancestors[other] for other in own - {one})}
        for name, own in before.items()
    }


def routes_of(before: Mapping[str, set[str]]) -> tuple[list[Route], list[list[str]]]:
    """Arrows with the places where they pass, and what stands in each layer, in no order yet."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        depth[name] = 1 + max((depth[one] for one in before[name]), default=-1)
    layers: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in sorted(depth):
        layers[depth[name]].append(name)
    routes = []
    for name in sorted(before):
        for one in sorted(before[name]):
            levels = range(depth[one] + 1, depth[name])
            passages = [f"{one} to {name} at {level}" for level in levels]
            for level, passage in zip(levels, passages, strict=True):
                layers[level].append(passage)
            routes.append((one, *passages, name))
    return routes, layers


def ordered(routes: Sequence[Route], layers: Sequence[Sequence[str]]) -> list[list[str]]:
    """The layers, each in an order with short arrows."""
    above: dict[str, set[str]] = {name: set() for layer in layers for name in layer}
    below: dict[str, set[str]] = {name: set() for name in above}
    for route in routes:
        for first, second in pairwise(route):
            above[second].add(first)
            below[first].add(second)
    found = [list(layer) for layer in layers]
    place = _places(found)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = above if downwards else below
        for layer in found if downwards else reversed(found):
            middles = {name: _middle(name, neighbours, place) for name in layer}
            layer.sort(key=lambda name: (middles[name], name))
            place |= _places([layer])
    return found


def _places(layers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Place of every rule in its layer, 0 at the left and 1 at the right."""
    return {
        name: (index + 1) / (len(layer) + 1) for layer in layers for index, name in enumerate(layer)
    }


def _middle(name: str, neighbours: Mapping[str, set[str]], place: Mapping[str, float]) -> float:
    own = [place[one] for one in neighbours[name]]
    return sum(own) / len(own) if own else place[name]


def boxes_of(
    layers: Sequence[Sequence[str]], rules: Iterable[str]
) -> tuple[dict[str, Box], float, float]:
    """Boxes of rules and places of arrows by name, width and height of the picture."""
    named = set(rules)
    widths = {
        name: LETTER * len(name) + PADDING if name in named else PASSAGE
        for layer in layers
        for name in layer
    }
    rows = [sum(widths[n] for n in layer) + COLUMN_GAP * (len(layer) - 1) for layer in layers]
    wide = max(rows, default=0.0)
    boxes = {}
    for level, (layer, row) in enumerate(zip(layers, rows, strict=True)):
        left = MARGIN + (wide - row) / 2
        for name in layer:
            y = MARGIN + level * (BOX_HEIGHT + ROW_GAP)
            boxes[name] = Box(name, left + widths[name] / 2, y, widths[name])
            left += widths[name] + COLUMN_GAP
    height = len(layers) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP + 2 * MARGIN
    return boxes, wide + 2 * MARGIN, max(height, 0.0)


def rule_graph(edges: Iterable[tuple[str, str]], labelled_by: str) -> Markup:
    """Picture of the rules as an SVG element.

    Parameters
    ----------
    edges : pairs of rules
        The second uses what the first makes. Arrows that follow from others are left out.
    labelled_by : str
        Id of the element that says what the picture shows.
    """
    before = reduced(edges)
    routes, layers = routes_of(before)
    boxes, width, height = boxes_of(ordered(routes, layers), before)
    return Markup(
        '<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" '
        'aria-labelledby="{id}">'
        '<g fill="none" stroke="#7a8a95" stroke-width="1.3">{arrows}</g>'
        '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12.5" '
        'text-anchor="middle" fill="#1d2830">{boxes}</g></svg>'
    ).format(
        width=width,
        height=height,
        id=labelled_by,
        arrows=Markup("").join(_arrow([boxes[name] for name in route]) for route in routes),
        boxes=Markup("").join(_drawn(boxes[name]) for name in sorted(before)),
    )


def _arrow(stops: Sequence[Box]) -> Markup:
    """A line from box to box, upright where it passes a layer."""
    start = f"M{stops[0].x:.1f} {stops[0].y + BOX_HEIGHT:.1f}"
    parts = []
    for first, second in pairwise(stops):
        top, bottom = first.y + BOX_HEIGHT, second.y
        middle = (top + bottom) / 2
        parts.append(
            f"C{first.x:.1f} {middle:.1f} {second.x:.1f} {middle:.1f} {second.x:.1f} {bottom:.1f}"
        )
        parts.append(f"V{bottom + BOX_HEIGHT:.1f}" if second is not stops[-1] else "")
    return Markup('<path d="{}"/>').format(start + "".join(parts))


def _drawn(box: Box) -> Markup:
    return Markup(
        '<rect x="{left:.1f}" y="{top:.1f}" width="{width:.1f}" height="{height:.0f}" rx="4" '
        'fill="#f4f6f8" stroke="#4a5963"/><text x="{x:.1f}" y="{y:.1f}">{name}</text>'
    ).format(
        left=box.x - box.width / 2,
        top=box.y,
        width=box.width,
        height=BOX_HEIGHT,
        x=box.x,
        y=box.y + BOX_HEIGHT / 2 + 4.5,
        name=box.name,
    )
