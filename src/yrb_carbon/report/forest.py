"""Forest plots: effects with their intervals, one row an effect, one panel a quantity."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    Language,
    blank_figure,
    colour_of,
    fonts,
    notice_height,
    relative_box,
    sign,
    usable_language,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARKERS = ("o", "s", "D", "^", "v")
"""Of the kinds of intervals, in order; colours say on which side of zero one lies."""
KEY_COLOUR = "#333333"

WORDS: dict[Language, dict[str, str]] = {
    "en": {"above": "above zero", "below": "below zero", "around": "holds zero"},
    "zh": {"above": "区间为正", "below": "区间为负", "around": "区间含零"},
}

# Inches.
PANEL = 2.9
GAP = 0.2
ROW = 0.42
ROW_OF_MANY = 0.14
HEAD = 0.78
HEAD_OF_GROUP = 0.6
"""Height of the line of a group's name, of that of a row."""
AXIS = 0.42
KEY = 0.3
NOTE_LINE = 0.19
LETTER = 0.078
"""Width of a letter of the row labels."""


@dataclass(frozen=True, slots=True)
class ForestInterval:
    """One interval of an effect, by one kind of inference.

    Attributes
    ----------
    kind : str
        Heading in the key; intervals of one kind have one marker.
    lower, upper : float
    """

    kind: str
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class ForestEffect:
    """An effect of one row and panel: NaN where the row has none there."""

    estimate: float
    intervals: tuple[ForestInterval, ...]


@dataclass(frozen=True, slots=True)
class ForestRow:
    """One row: its label, what it belongs to, and one effect a panel.

    Attributes
    ----------
    label : str
    effects : tuple of ForestEffect or None
        In the order of the panels; None leaves a place empty.
    group : str
        Rows of one group stand together below its name; no name when empty.
    """

    label: str
    effects: tuple[ForestEffect | None, ...]
    group: str = ""


def draw_forest(
    panels: Sequence[str],
    rows: Sequence[ForestRow],
    *,
    title: str,
    notes: Sequence[str] = (),
    notice: str | None = None,
    language: Language = "en",
) -> Figure:
    """Draw effects with intervals, rows from top to bottom, panels side by side.

    Parameters
    ----------
    panels : sequence of str
        Headings.
    rows : sequence of ForestRow
    title : str
    notes : sequence of str
        Written below.
    notice : str, optional
        Caution drawn on the figure.
    language : {"en", "zh"}
        See `canvas.usable_language`.

    Returns
    -------
    Figure
        Every panel has its own scale, and a line at zero.

    Raises
    ------
    DataError
        If there is nothing to draw, or a row has not one effect a panel.
    """
    if not panels or not rows:
        raise DataError("a forest plot needs at least one panel and one row")
    uneven = [row.label for row in rows if len(row.effects) != len(panels)]
    if uneven:
        raise DataError(
            f"rows without one effect for each of {len(panels)} panels: {listing(uneven)}"
        )
    spoken = usable_language(language)
    with fonts(spoken):
        return _draw(panels, rows, title, notes, notice, WORDS[spoken])


def _draw(
    panels: Sequence[str],
    rows: Sequence[ForestRow],
    title: str,
    notes: Sequence[str],
    notice: str | None,
    words: Mapping[str, str],
) -> Figure:
    kinds = _kinds(rows)
    lines = _Lines.of(rows)
    row = max(ROW, ROW_OF_MANY * (len(kinds) + 1))
    longest = max(len(text) for text in (*(r.label for r in rows), *lines.heads.values()))
    labels = LETTER * longest + 0.2
    width = labels + len(panels) * (PANEL + GAP) + GAP
    shown = [line for note in notes for line in wrapped(note, width - 2 * GAP)]
    foot = KEY + NOTE_LINE * len(shown) + notice_height(notice, width) + 0.12
    height = HEAD + row * lines.height + AXIS + foot
    figure = blank_figure((width, height))
    for number, panel in enumerate(panels):
        left = labels + number * (PANEL + GAP)
        box = (left, foot + AXIS, PANEL, row * lines.height)
        axes = figure.add_axes(relative_box(box, width, height))
        _panel(axes, panel, [r.effects[number] for r in rows], lines, kinds)

    def write(place: float, text: str, left: float, **style: Any) -> None:
        level = (foot + AXIS + row * (lines.height - place)) / height
        figure.text(left / width, level, text, va="center", fontsize=8.5, **style)

    for place, own in zip(lines.places, rows, strict=True):
        write(place, own.label, labels - 0.1, ha="right")
    for place, head in lines.heads.items():
        write(place, head, 0.1, ha="left", fontweight="bold")
    _key(figure, kinds, (foot - KEY / 2) / height, words)
    for place, line in enumerate(shown):
        level = (foot - KEY - NOTE_LINE * (place + 0.5)) / height
        figure.text(GAP / width, level, line, ha="left", va="center", fontsize=8, color="#444444")
    figure.text(0.5, 1 - 0.22 / height, title, ha="center", va="center", fontsize=12)
    sign(figure, notice)
    return figure


@dataclass(frozen=True, slots=True)
class _Lines:
    """Where rows and names of groups stand, in heights of a row from the top.

    Attributes
    ----------
    places : tuple of float
        Middle of each row.
    heads : dict of float to str
        Middle of the line of each group's name.
    height : float
    """

    places: tuple[float, ...]
    heads: dict[float, str]
    height: float

    @classmethod
    def of(cls, rows: Sequence[ForestRow]) -> _Lines:
        """Rows one below the other, a lower line before each group."""
        places: list[float] = []
        heads: dict[float, str] = {}
        top, group = 0.0, ""
        for row in rows:
            if row.group and row.group != group:
                heads[top + HEAD_OF_GROUP / 2] = row.group
                top += HEAD_OF_GROUP
            group = row.group
            places.append(top + 0.5)
            top += 1.0
        return cls(tuple(places), heads, top)


def _kinds(rows: Sequence[ForestRow]) -> list[str]:
    """Kinds of intervals in the order of their first appearance."""
    found = [
        interval.kind
        for row in rows
        for effect in row.effects
        if effect is not None
        for interval in effect.intervals
    ]
    return list(dict.fromkeys(found))


def _panel(
    axes: Axes,
    title: str,
    effects: Sequence[ForestEffect | None],
    lines: _Lines,
    kinds: Sequence[str],
) -> None:
    """Intervals of one panel, those of a row below one another, and a line at zero."""
    axes.set_ylim(lines.height, 0.0)
    axes.axvline(0.0, color="#999999", linewidth=0.8, zorder=1)
    step = 0.8 / (len(kinds) + 1)
    for number, (place, effect) in enumerate(zip(lines.places, effects, strict=True)):
        if number % 2 == 0:
            # grey under every other row, so that the eye keeps to it
            axes.axhspan(place - 0.5, place + 0.5, color="#F4F6F8", zorder=0, linewidth=0)
        if effect is None or not np.isfinite(effect.estimate):
            continue
        middle = (len(effect.intervals) - 1) / 2
        for order, interval in enumerate(effect.intervals):
            level = place + step * (order - middle)
            kind = kinds.index(interval.kind)
            colour = colour_of(interval.lower, interval.upper)
            axes.plot(
                [interval.lower, interval.upper], [level, level], color=colour, linewidth=1.5,
                zorder=2, solid_capstyle="butt",
            )  # fmt: skip
            axes.plot(
                [effect.estimate], [level], color=colour, marker=MARKERS[kind % len(MARKERS)],
                markersize=4, zorder=3,
            )  # fmt: skip
    axes.set_yticks([])
    axes.margins(x=0.08)
    axes.tick_params(axis="x", labelsize=7.5, color="#999999")
    axes.locator_params(axis="x", nbins=5)
    for side in ("top", "left", "right"):
        axes.spines[side].set_visible(False)
    axes.spines["bottom"].set_color("#999999")
    axes.set_title(title, fontsize=9.5, pad=6)


def _key(figure: Figure, kinds: Sequence[str], level: float, words: Mapping[str, str]) -> None:
    from matplotlib.lines import Line2D

    handles = [
        Line2D(
            [], [], color=KEY_COLOUR, linewidth=1.5, markersize=4,
            marker=MARKERS[number % len(MARKERS)], label=kind,
        )
        for number, kind in enumerate(kinds)
    ]  # fmt: skip
    handles += [
        Line2D([], [], color=colour, linewidth=4, label=words[side])
        for side, colour in (
            ("above", ABOVE_ZERO), ("below", BELOW_ZERO), ("around", AROUND_ZERO)
        )
    ]  # fmt: skip
    figure.legend(
        handles=handles, loc="center", bbox_to_anchor=(0.5, level), ncols=len(handles),
        frameon=False, fontsize=8,
    )  # fmt: skip
