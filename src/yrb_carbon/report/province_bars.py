"""Provinces in bars: measures side by side, in the order of regions; ranges as lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from yrb_carbon.report.canvas import (
    EDGE,
    GROUP_COLOURS,
    HEAD_SIZE,
    NOTE_SIZE,
    RULE_COLOUR,
    TEXT_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    three_digits,
)
from yrb_carbon.report.fonts import BOLD, line_height, lines_height, text_width, wrapped
from yrb_carbon.report.language import Words
from yrb_carbon.report.place_names import place_name
from yrb_carbon.report.province_rows import province_regions
from yrb_carbon.study.provinces import REGIONS

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REGION_COLOURS: Mapping[str, str] = dict(zip(REGIONS, GROUP_COLOURS, strict=False))
"""Okabe & Ito (2008)."""
ROW, BAR = 1.18, 0.72
"""Height of a row, of that of a line of text; of a bar, of that of the row."""
GAP = 0.14
"""Inches between panels."""
NUMBER_ROOM = 1.25
"""Room for the numbers beside bars, of their width."""
AWAY = 0.028
"""Inches between a bar and its number."""
NO_VALUE = "–"


@dataclass(frozen=True, slots=True, eq=False)
class BarPanel:
    """One measure of the provinces.

    Attributes
    ----------
    label, unit : str
        Heading, and the line below it.
    values : Series, index place
        Provinces, and regions as far as they have a value of their own.
    """

    label: str
    unit: str
    values: pd.Series[float]


@dataclass(frozen=True, slots=True)
class BarRow:
    """A line of the figure: a region, or a province below it."""

    place: str
    region: str

    @property
    def is_region(self) -> bool:
        """Whether it heads the provinces below."""
        return self.place == self.region


def bar_rows(panels: Sequence[BarPanel]) -> list[BarRow]:
    """Regions in their order, each with its provinces by the first panel, the largest on top.

    Provinces that other panels alone have come last.
    """
    rows: list[BarRow] = []
    known = sorted({str(place) for panel in panels for place in panel.values.index})
    values = panels[0].values.reindex(known)
    regions = values.index.map(province_regions())
    for region in REGIONS:
        own = values[regions == region]
        ordered = own.sort_values(ascending=False, kind="stable", na_position="last")
        if len(ordered):
            rows.append(BarRow(region, region))
            rows += [BarRow(str(place), region) for place in ordered.index]
    return rows


def region_colour(province: str) -> str:
    """Colour of the region of a province."""
    return REGION_COLOURS[province_regions()[province]]


def draw_province_bars(
    panels: Sequence[BarPanel], *, title: str, page: Page, notes: Sequence[str] = ()
) -> Figure:
    """Draw bars by province, one panel a measure.

    Parameters
    ----------
    panels : sequence of BarPanel
        The first one orders the provinces within their regions.
    title : str
    page : Page
    notes : sequence of str
    """
    words, rows = page.words, bar_rows(panels)
    layout = Layout.of(page, title, notes)
    names = [place_name(row.place, words) for row in rows]
    left = EDGE + max(text_width(name, TEXT_SIZE) for name in names) * BOLD + 0.06
    wide = (page.width - EDGE - left - GAP * (len(panels) - 1)) / len(panels)
    heads = [
        (wrapped(panel.label, wide / BOLD, HEAD_SIZE), wrapped(panel.unit, wide, TEXT_SIZE))
        for panel in panels
    ]
    head = max(lines_height(a, HEAD_SIZE) + lines_height(b, TEXT_SIZE) for a, b in heads) + 0.05
    tall = len(rows) * ROW * line_height(TEXT_SIZE)
    figure = layout.figure(tall + head)
    for number, (panel, (label, unit)) in enumerate(zip(panels, heads, strict=True)):
        corner = left + number * (wide + GAP)
        axes = layout.axes(figure, (corner, 0.0, wide, tall))
        _draw_bars(axes, panel.values, rows, wide)
        if number == 0:
            name_rows(axes, rows, words)
        _write_head(layout, figure, (label, unit), (corner + wide / 2, tall + 0.04))
    return figure


def row_axes(axes: Axes, rows: Sequence[BarRow]) -> None:
    """One unit of height a row, the first on top; pale lines above the regions; no frame."""
    axes.set_ylim(len(rows) - 0.5, -0.5)
    for spine in axes.spines.values():
        spine.set_visible(False)
    axes.tick_params(length=0, labelleft=False, labelbottom=False)
    for number, row in enumerate(rows):
        if row.is_region and number:
            axes.axhline(number - 0.5, color="#DDDDDD", linewidth=0.5, zorder=0)


def name_rows(axes: Axes, rows: Sequence[BarRow], words: Words) -> None:
    """Names left of the axes, those of regions in their colour."""
    for number, row in enumerate(rows):
        weight = "bold" if row.is_region else "normal"
        axes.annotate(
            place_name(row.place, words), (0.0, number), xycoords=axes.get_yaxis_transform(),
            xytext=(-3, 0), textcoords="offset points", ha="right", va="center_baseline",
            fontsize=TEXT_SIZE, fontweight=weight,
            color=REGION_COLOURS[row.region] if row.is_region else TEXT_COLOUR,
        )  # fmt: skip


def _draw_bars(axes: Axes, values: pd.Series[float], rows: Sequence[BarRow], inches: float) -> None:
    """Bars of provinces with their numbers, and the numbers of regions."""
    own = {row.place: float(values.get(row.place, np.nan)) for row in rows}
    sizes = [own[row.place] for row in rows if not row.is_region and np.isfinite(own[row.place])]
    low, high = min([0.0, *sizes]), max([0.0, *sizes])
    number = max((text_width(three_digits(size), NOTE_SIZE) for size in sizes), default=0.0)
    room = NUMBER_ROOM * number + 0.03
    # paper for the numbers right of positive bars, and left of negative ones
    sides = 1 + (low < 0)
    span = (high - low) or 1.0
    per_inch = span / max(inches - sides * room, inches / 3)
    row_axes(axes, rows)
    axes.set_xlim(low - (low < 0) * room * per_inch, low + span + room * per_inch)
    axes.axvline(0.0, color=RULE_COLOUR, linewidth=0.5, zorder=3)
    bars = [(place, row) for place, row in enumerate(rows)
            if not row.is_region and np.isfinite(own[row.place])]  # fmt: skip
    axes.barh(
        [place for place, _ in bars], [own[row.place] for _, row in bars], BAR, linewidth=0,
        color=[REGION_COLOURS[row.region] for _, row in bars], zorder=2,
    )  # fmt: skip
    for place, row in enumerate(rows):
        size = own[row.place]
        is_number = bool(np.isfinite(size))
        if row.is_region and not is_number:
            continue
        at = 0.0 if row.is_region or not is_number else size
        away, side = (AWAY, "left") if at >= 0 else (-AWAY, "right")
        axes.text(
            at + away * per_inch, place, three_digits(size) if is_number else NO_VALUE, ha=side,
            va="center_baseline", fontsize=NOTE_SIZE,
            fontweight="bold" if row.is_region else "normal",
        )  # fmt: skip


def _write_head(
    layout: Layout,
    figure: Figure,
    lines: tuple[Sequence[str], Sequence[str]],
    foot: tuple[float, float],
) -> None:
    """Heading and unit, centred, above a place."""
    x, level = foot
    for own, size, style in (
        (lines[1], TEXT_SIZE, {"color": "#444444"}),
        (lines[0], HEAD_SIZE, {"fontweight": "bold"}),
    ):
        for line in reversed(own):
            level += line_height(size)
            layout.text(
                figure, (x, level - line_height(size) / 2), line, ha="center",
                va="center_baseline", fontsize=size, **style,
            )  # fmt: skip
