"""Trends by reach (F8): one panel a variable, one line a reach, a band of its units."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import (
    EDGE,
    HEAD_SIZE,
    REACH_COLOURS,
    TEXT_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
    no_frame,
)
from yrb_carbon.report.fonts import BOLD, line_height, lines_height, wrapped
from yrb_carbon.report.language import message
from yrb_carbon.report.maps import REACHES

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WHOLE = "all"
MARKERS: Mapping[str, str] = {"up": "o", "mid": "s", "down": "^", WHOLE: ""}
BANDS: Mapping[str, tuple[str, str]] = {"quartiles": ("p25", "p75"), "deciles": ("p10", "p90")}
STATISTIC_WORDS: Mapping[str, str] = {
    "mean": message("Lines: means of the units of each reach."),
    "median": message("Lines: medians of the units of each reach."),
    "total": message("Lines: totals of the units of each reach."),
}
BAND_WORDS: Mapping[str, str] = {
    "quartiles": message("Bands: from the first to the third quartile of the units of a reach."),
    "deciles": message("Bands: from the first to the ninth decile of the units of a reach."),
}
LEFT, RIGHT, BELOW, ABOVE, GAP = 0.42, 0.1, 0.24, 0.1, 0.1
"""Inches for the axes of a panel and half the name of the last year, and between panels."""
LEAST_PANEL = 2.1
"""Inches of the narrowest panel with its axis."""
MOST_COLUMNS = 3
SHAPE = 0.68
"""Height of a panel, of its width."""


@dataclass(frozen=True, slots=True)
class TrendPanel:
    """One variable of a figure of trends.

    Attributes
    ----------
    label, unit : str
        Heading of the panel, and what is measured, below it.
    rows : DataFrame
        Columns group, year, n_units, mean, median, total, p10, p25, p75, p90.
    """

    label: str
    unit: str
    rows: pd.DataFrame


def draw_trends(
    panels: Sequence[TrendPanel], *, statistic: str, band: str, title: str, page: Page,
    cut: int | None = None,
) -> Figure:  # fmt: skip
    """Draw lines by reach.

    Parameters
    ----------
    panels : sequence of TrendPanel
    statistic : {"mean", "median", "total"}
    band : {"quartiles", "deciles", "none"}
        Left out with totals, which no single unit compares with.
    title : str
    page : Page
    cut : int, optional
        Last year of the first period: a thin line stands behind it.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If there is no panel.
    """
    if not panels:
        raise DataError("a figure of trends needs at least one variable")
    words, room = page.words, page.width - 2 * EDGE
    shown = "none" if statistic == "total" else band
    notes = [words(STATISTIC_WORDS[statistic])]
    notes += [words(BAND_WORDS[shown])] if shown in BANDS else []
    notes += [] if cut is None else [words("Dotted: end of the boom, {year}.", year=cut)]
    layout = Layout.of(page, title, [words.sentences(notes)])
    columns = max(1, min(len(panels), MOST_COLUMNS, int(room / LEAST_PANEL)))
    inches = (room - (columns - 1) * GAP) / columns
    wide = inches - LEFT - RIGHT
    heads = [
        (wrapped(panel.label, wide / BOLD, HEAD_SIZE), wrapped(panel.unit, wide, TEXT_SIZE))
        for panel in panels
    ]
    groups = _groups(panels, statistic)
    handles = _handles(groups, page)
    legend = legend_height(handles, room) + EDGE
    plot = wide * SHAPE
    tops = [
        ABOVE + max(lines_height(label, HEAD_SIZE) + lines_height(unit, TEXT_SIZE)
                    for label, unit in heads[first : first + columns])
        for first in range(0, len(panels), columns)
    ]  # fmt: skip
    bottoms = [
        legend + sum(tops[row + 1 :]) + (len(tops) - 1 - row) * (plot + BELOW) + BELOW
        for row in range(len(tops))
    ]
    figure = layout.figure(legend + sum(tops) + len(tops) * (plot + BELOW))
    for place, (panel, (label, unit)) in enumerate(zip(panels, heads, strict=True)):
        row, column = divmod(place, columns)
        left, bottom = EDGE + column * (inches + GAP), bottoms[row]
        axes = layout.axes(figure, (left + LEFT, bottom, wide, plot))
        _draw_panel(axes, panel.rows, groups, statistic, shown)
        if cut is not None:
            axes.axvline(cut + 0.5, color="#777777", linewidth=0.6, linestyle=":", zorder=1)
        middle = left + LEFT + wide / 2
        top = bottom + plot + 0.04 + lines_height(unit, TEXT_SIZE)
        _lines(layout, figure, label, (middle, top), HEAD_SIZE, fontweight="bold")
        _lines(layout, figure, unit, (middle, bottom + plot + 0.04), TEXT_SIZE, color="#444444")
    draw_legend(figure, layout, handles)
    return figure


def _groups(panels: Sequence[TrendPanel], statistic: str) -> list[str]:
    """Reaches in their order, then all units together; totals of all would dwarf the reaches."""
    there = {str(group) for panel in panels for group in panel.rows["group"]}
    known = [reach for reach in REACHES if reach in there]
    return known if statistic == "total" else [*known, WHOLE]


def _lines(layout: Layout, figure: Figure, lines: Sequence[str], foot: tuple[float, float],
           size: float, **style: Any) -> None:  # fmt: skip
    """Write centred lines that end at a height."""
    step = line_height(size)
    for number, line in enumerate(lines):
        level = foot[1] + (len(lines) - number - 0.5) * step
        layout.text(
            figure, (foot[0], level), line, ha="center", va="center_baseline", fontsize=size,
            **style,
        )  # fmt: skip


def _style(group: str) -> dict[str, Any]:
    if group == WHOLE:
        return {"color": TEXT_COLOUR, "linewidth": 1.0, "linestyle": "--"}
    return {
        "color": REACH_COLOURS[group], "linewidth": 1.3, "marker": MARKERS[group], "markersize": 2.6
    }  # fmt: skip


def _draw_panel(
    axes: Axes, rows: pd.DataFrame, groups: Sequence[str], statistic: str, band: str
) -> None:
    from matplotlib.ticker import MaxNLocator

    for order, group in enumerate(groups):
        own = rows[rows["group"] == group].sort_values("year")
        if band in BANDS and group != WHOLE:
            lower, upper = BANDS[band]
            axes.fill_between(
                own["year"], own[lower], own[upper], color=REACH_COLOURS[group], alpha=0.18,
                linewidth=0, zorder=1,
            )  # fmt: skip
        axes.plot(own["year"], own[statistic], zorder=3 + order, **_style(group))
    no_frame(axes, "left", "bottom")
    axes.xaxis.set_major_locator(MaxNLocator(5, integer=True))
    axes.grid(axis="y", color="#EBEBEB", linewidth=0.5)
    axes.set_axisbelow(True)
    axes.locator_params(axis="y", nbins=5)
    axes.margins(x=0.03)


def _handles(groups: Sequence[str], page: Page) -> list[Any]:
    from matplotlib.lines import Line2D

    texts = {**REACHES, WHOLE: message("All units")}
    return [Line2D([], [], label=page.words(texts[group]), **_style(group)) for group in groups]
