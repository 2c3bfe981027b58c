"""The graph of rules as a picture: rules in layers, data flows downwards."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from graphlib import TopologicalSorter

from markupsafe import Markup

LETTER, PADDING, BOX_HEIGHT = 7.6, 20.0, 30.0
"""Widest letter of the labels, blank beside them, and height of a box, in pixels."""
ROW_GAP, COLUMN_GAP, MARGIN = 44.0, 22.0, 6.0
SWEEPS = 24
"""Rounds of moving boxes to the middle of their neighbours; the order settles before."""


@dataclass(frozen=True, slots=True)
class Box:
    """Where a rule stands; x of its middle, y of its top."""

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
        name: {
            one for one in own if not any(one in ancestors[other] for other in own if other != one)
        }
        for name, own in before.items()
    }


def layers_of(before: Mapping[str, set[str]]) -> list[list[str]]:
    """Rules by the longest way to them, each layer in an order with short arrows."""
    depth: dict[str, int] = {}
    for name in TopologicalSorter(before).static_order():
        depth[name] = 1 + max((depth[one] for one in before[name]), default=-1)
    layers: list[list[str]] = [[] for _ in range(1 + max(depth.values(), default=-1))]
    for name in sorted(depth):
        layers[depth[name]].append(name)
    after: dict[str, set[str]] = {name: set() for name in before}
    for name, own in before.items():
        for one in own:
            after[one].add(name)
    for sweep in range(SWEEPS):
        downwards = sweep % 2 == 0
        neighbours = before if downwards else after
        place = _places(layers)
        for layer in layers if downwards else reversed(layers):
            layer.sort(key=lambda name: (_middle(name, neighbours, place), name))
            place |= _places([layer])
    return layers


def _places(layers: Sequence[Sequence[str]]) -> dict[str, float]:
    """Place of every rule in its layer, 0 at the left and 1 at the right."""
    return {
        name: (index + 1) / (len(layer) + 1) for layer in layers for index, name in enumerate(layer)
    }


def _middle(name: str, neighbours: Mapping[str, set[str]], place: Mapping[str, float]) -> float:
    own = [place[one] for one in neighbours[name]]
    return sum(own) / len(own) if own else place[name]


def boxes_of(layers: Sequence[Sequence[str]]) -> tuple[list[Box], float, float]:
    """Boxes of all rules, width and height of the picture."""
    widths = {name: LETTER * len(name) + PADDING for layer in layers for name in layer}
    rows = [sum(widths[n] for n in layer) + COLUMN_GAP * (len(layer) - 1) for layer in layers]
    wide = max(rows, default=0.0)
    boxes = []
    for level, (layer, row) in enumerate(zip(layers, rows, strict=True)):
        left = MARGIN + (wide - row) / 2
        for name in layer:
            y = MARGIN + level * (BOX_HEIGHT + ROW_GAP)
            boxes.append(Box(name, left + widths[name] / 2, y, widths[name]))
            left += widths[name] + COLUMN_GAP
    height = len(layers) * (BOX_HEIGHT + ROW_GAP) - ROW_GAP + 2 * MARGIN
    return boxes, wide + 2 * MARGIN, max(height, 0.0)


def rule_graph(edges: Iterable[tuple[str, str]], describedby: str) -> Markup:
    """Picture of the rules as an SVG element.

    Parameters
    ----------
    edges : pairs of rules
        The second uses what the first makes. Arrows that follow from others are left out.
    describedby : str
        Id of the element that says what the picture shows.
    """
    before = reduced(edges)
    boxes, width, height = boxes_of(layers_of(before))
    found = {box.name: box for box in boxes}
    arrows = [_arrow(found[first], box) for box in boxes for first in sorted(before[box.name])]
    return Markup(
        '<svg viewBox="0 0 {width:.0f} {height:.0f}" width="{width:.0f}" role="img" '
        'aria-labelledby="{id}">'
        '<g fill="none" stroke="#7a8a95" stroke-width="1.3">{arrows}</g>'
        '<g font-family="ui-monospace, Menlo, Consolas, monospace" font-size="12.5" '
        'text-anchor="middle" fill="#1d2830">{boxes}</g></svg>'
    ).format(
        width=width,
        height=height,
        id=describedby,
        arrows=Markup("").join(arrows),
        boxes=Markup("").join(map(_drawn, boxes)),
    )


def _arrow(first: Box, second: Box) -> Markup:
    start, end = first.y + BOX_HEIGHT, second.y
    bend = (end - start) / 2 if end - start <= ROW_GAP else ROW_GAP
    return Markup(
        '<path d="M{x1:.1f} {y1:.1f}C{x1:.1f} {c1:.1f} {x2:.1f} {c2:.1f} {x2:.1f} {y2:.1f}"/>'
    ).format(x1=first.x, y1=start, c1=start + bend, x2=second.x, c2=end - bend, y2=end)


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
