"""Emissions by fuel: one bar a year, a part of it a fuel."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.report.canvas import (
    EDGE,
    GROUP_COLOURS,
    OTHER_COLOUR,
    TEXT_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_height,
    letters_on,
    no_frame,
    three_digits,
)
from yrb_carbon.report.embodied_notes import RECOMPUTED_NOTE
from yrb_carbon.report.fonts import line_height

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

WIDEST_PLOT = 5.0
"""Inches: a few bars need no whole page."""
SHAPE = 0.6
"""Height of the plot, of its width."""
LEFT, BELOW = 0.5, 0.24
"""Inches for the axes."""
BAR = 0.62
"""Width of a bar, of the distance between two."""
MARKER: Mapping[str, Any] = {
    "linestyle": "none", "marker": "D", "markersize": 3.5, "markerfacecolor": "#FFFFFF",
    "markeredgecolor": TEXT_COLOUR, "markeredgewidth": 0.8,
}  # fmt: skip
"""Of sums from another source, at the right edge of a bar."""


@dataclass(frozen=True, slots=True, eq=False)
class FuelBars:
    """What the bars show.

    Attributes
    ----------
    values : DataFrame, fuels x years
        The lowest part of a bar first; missing in years without a sum over all provinces.
    totals : Series, index year
        Sums over all fuels; missing where a part is.
    recomputed : Series, index year
        The same sums from another source, as far as there are any.
    has_rest : bool
        Whether the last row of `values` is what several fuels have together.
    unit : str
    """

    values: pd.DataFrame
    totals: pd.Series[float]
    recomputed: pd.Series[float]
    has_rest: bool
    unit: str

    @property
    def colours(self) -> tuple[str, ...]:
        """One a fuel, grey for the rest."""
        named = len(self.values) - self.has_rest
        return (*GROUP_COLOURS[:named], *([OTHER_COLOUR] if self.has_rest else []))


def draw_fuels(bars: FuelBars, *, title: str, page: Page, notes: Sequence[str] = ()) -> Figure:
    """Draw bars with their sums above them and shares within.

    Parameters
    ----------
    bars : FuelBars
        Of at most as many fuels as there are colours.
    title : str
    page : Page
    notes : sequence of str
    """
    from matplotlib.lines import Line2D
    from matplotlib.patches import Patch

    words, room = page.words, page.width - 2 * EDGE
    handles: list[Any] = [
        Patch(facecolor=colour, label=str(fuel))
        for fuel, colour in zip(bars.values.index, bars.colours, strict=True)
    ]
    if len(bars.recomputed):
        text = words("recomputed sum")
        handles.append(Line2D([], [], label=text, **MARKER))
        notes = [*notes, words(RECOMPUTED_NOTE)]
    absent = [str(year) for year in bars.totals.index[bars.totals.isna()]]
    if absent:
        missing = words(
            "No bar, because a province did not report: {years}.", years=words.listing(absent)
        )
        notes = [*notes, missing]
    layout = Layout.of(page, title, notes)
    below = legend_height(handles, room) + EDGE
    wide = min(room - LEFT, WIDEST_PLOT)
    tall = wide * SHAPE
    figure = layout.figure(below + BELOW + tall)
    axes = layout.axes(figure, ((page.width - wide + LEFT) / 2, below + BELOW, wide, tall))
    _draw_bars(axes, bars, tall)
    axes.set_ylabel(bars.unit, fontsize=TEXT_SIZE)
    draw_legend(figure, layout, handles)
    return figure


def _draw_bars(axes: Axes, bars: FuelBars, tall: float) -> None:
    """Bars in the order of the years; `tall` is the height of the axes in inches."""
    places = [float(place) for place in range(len(bars.totals))]
    line = line_height(TEXT_SIZE)
    highest = float(np.nanmax([*bars.totals, *bars.recomputed]))
    # room for the sum above the highest bar
    top = highest * tall / (tall - 1.5 * line)
    axes.set_ylim(0, top)
    axes.set_xlim(-0.5, len(places) - 0.5)
    foot = np.zeros(len(places))
    for (_, values), colour in zip(bars.values.iterrows(), bars.colours, strict=True):
        sizes = values.reindex(bars.totals.index).to_numpy(dtype=np.float64)
        axes.bar(places, sizes, BAR, bottom=foot, color=colour, edgecolor="#FFFFFF", linewidth=0.4)
        for place, size, start, total in zip(places, sizes, foot, bars.totals, strict=True):
            if size / top * tall >= line:
                axes.text(
                    place, start + size / 2, f"{size / total:.1%}", ha="center",
                    va="center_baseline", fontsize=TEXT_SIZE, color=letters_on(colour),
                )  # fmt: skip
        foot = foot + sizes
    for place, total in zip(places, bars.totals, strict=True):
        if np.isfinite(total):
            axes.annotate(
                three_digits(float(total)), (place, total), xytext=(0, 2),
                textcoords="offset points", ha="center", va="bottom", fontsize=TEXT_SIZE,
                fontweight="bold",
            )  # fmt: skip
    years = list(bars.totals.index)
    shown = [places[years.index(year)] + BAR / 2 for year in bars.recomputed.index]
    axes.plot(shown, bars.recomputed.to_numpy(), clip_on=False, zorder=5, **MARKER)
    axes.set_xticks(places, [str(year) for year in years], fontsize=TEXT_SIZE)
    no_frame(axes, "left", "bottom")
    axes.tick_params(axis="x", length=0)
    axes.grid(axis="y", color="#EBEBEB", linewidth=0.5)
    axes.set_axisbelow(True)
