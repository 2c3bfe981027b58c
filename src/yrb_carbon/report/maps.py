"""Maps: the units and their reaches (F1), variables in some years (F2)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    EDGE,
    HEAD_SIZE,
    LEGEND_STYLE,
    REACH_COLOURS,
    RULE_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    draw_legend,
    legend_columns,
    legend_height,
)
from yrb_carbon.report.fonts import line_height, lines_height, wrapped
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.map_classes import (
    NO_DATA_COLOUR,
    Classes,
    Ramp,
    class_intervals,
    classes_note,
    classify,
)
from yrb_carbon.report.map_sheet import HATCH_COLOUR, Ground, MapSheet, Sheet, SheetOf
from yrb_carbon.study.figure_base import ClassesSection

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

REACHES: Mapping[str, str] = {
    "up": message("Upper reaches"),
    "mid": message("Middle reaches"),
    "down": message("Lower reaches"),
}
GAP = 0.08
"""Inches between panels."""
TWO_COLUMNS_FROM = 3.0
"""Inches of the page from which two panels stand side by side."""
MARGIN_OF_DEGREES, ROOM_OF_DEGREES = 0.3, 0.2
"""Inches left of a map that names parallels, and below one that names meridians."""
RAMP_WIDTH, RAMP_HEIGHT = 2.4, 0.3
"""Inches of a bar of colours, and of its height with the numbers."""


@dataclass(frozen=True, slots=True)
class MapVariable:
    """A variable to be mapped.

    Attributes
    ----------
    values : Series, index (unit, year)
        In any order. Units without a value are drawn as `no data`. The second level may hold other
        headings of panels than years.
    label : str
        Name, for the legend.
    definition : str
        Formula and unit, written below the name; nothing when empty.
    classes : ClassesSection
        Scheme and number of classes.
    centre : float or None
        Value that parts two sides of the colour scale; when values lie on both sides of it, each
        side gets its own classes and hue.
    by_year : bool
        Whether the panels are years, with common classes; other panels have classes of their own.
    """

    values: pd.Series[Any]
    label: str
    classes: ClassesSection = field(default_factory=ClassesSection)
    centre: float | None = None
    definition: str = ""
    by_year: bool = True


def draw_units_map(
    ground: Ground,
    reaches: Mapping[str, str],
    *,
    title: str,
    page: Page,
    province_names: Mapping[str, str] | None = None,
) -> Figure:
    """Draw the units in the colours of their reaches (F1).

    Parameters
    ----------
    ground : Ground
    reaches : mapping of unit to {"up", "mid", "down"}
    title : str
    page : Page
    province_names : mapping of two digits to name, optional
        Written into the provinces.

    Returns
    -------
    Figure
        Legend with the number of units a reach.

    Raises
    ------
    DataError
        If a unit has no reach or an unknown one; units are named.
    """
    from matplotlib.patches import Patch

    words, units = page.words, ground.boundaries.unit_ids
    wrong = [f"{unit} ({reaches.get(unit)})" for unit in units if reaches.get(unit) not in REACHES]
    if wrong:
        raise DataError(f"units without a reach of {listing(REACHES)}: {listing(wrong)}")
    own = [reaches[unit] for unit in units]
    layout = Layout.of(
        page,
        words("{title} (N = {n})", title=title, n=len(own)),
        [ground.projection(words)],
    )
    inches = page.width - MARGIN_OF_DEGREES - 2 * EDGE
    sheet = MapSheet.of(replace(ground, reaches=None), inches)
    handles: list[Any] = [
        Patch(
            facecolor=REACH_COLOURS[reach], edgecolor="#666666", linewidth=0.5,
            label=words("{name}: {n}", name=words(name), n=own.count(reach)),
        )
        for reach, name in REACHES.items()
        if reach in own
    ]  # fmt: skip
    handles += sheet.outline_handles(words)
    below = legend_height(handles, page.width - 2 * EDGE) + ROOM_OF_DEGREES
    tall = inches * sheet.aspect
    figure = layout.figure(below + tall)
    axes = layout.axes(figure, (MARGIN_OF_DEGREES + EDGE, below, inches, tall))
    sheet.draw(axes, [REACH_COLOURS[reach] for reach in own])
    sheet.graticule(axes, labels=True)
    sheet.furniture(axes)
    if province_names:
        sheet.name_provinces(axes, province_names)
    draw_legend(figure, layout, handles)
    return figure


def draw_variable_maps(
    ground: Ground,
    variable: MapVariable,
    panels: Sequence[int] | Sequence[str],
    *,
    title: str,
    page: Page,
    sheet_of: SheetOf = MapSheet.of,
    most_columns: int = 2,
    notes: Sequence[str] = (),
) -> Figure:
    """Draw a variable in some years (F2), one panel each, classes common to the years.

    Parameters
    ----------
    ground : Ground
    variable : MapVariable
    panels : sequence of int or str
        Years, or other headings.
    title : str
    page : Page
    sheet_of : callable
        Makes the map of a panel of some inches.
    most_columns : int
        Panels side by side on a wide page; there is one on a narrow page.
    notes : sequence of str
        Printed before the one on the projection.

    Returns
    -------
    Figure
        Each panel says its year and the number of units with a value; each legend its classes.

    Raises
    ------
    DataError
        If there is nothing to draw, the variable has no value in a year, or it has units without
        polygon; they are named.
    """
    if not len(panels):
        raise DataError("a map needs at least one year")
    words = page.words
    table = _by_unit_and_year(variable, ground.boundaries.unit_ids, panels)
    layout = Layout.of(page, title, [words.sentences([*notes, ground.projection(words)])])
    columns = min(most_columns if page.width >= TWO_COLUMNS_FROM else 1, len(panels))
    room = page.width - 2 * EDGE
    # a single map leaves the page as it is, two share it
    inches = (room - (columns - 1) * GAP) / columns
    sheet = sheet_of(ground, inches)
    groups = [list(panels)] if variable.by_year else [[panel] for panel in panels]
    keys = [_Key.of(variable, table[group], sheet, words, inches, room) for group in groups]
    rows = -(-len(panels) // columns)
    name, tall = line_height(HEAD_SIZE) + 0.03, inches * sheet.aspect
    each = 0.0 if variable.by_year else max(key.height for key in keys) + GAP
    common = keys[0].height if variable.by_year else 0.0
    figure = layout.figure(rows * (name + tall + each) + (rows - 1) * GAP + common)
    for place, panel in enumerate(panels):
        row, column = divmod(place, columns)
        left = EDGE + column * (inches + GAP)
        bottom = common + (rows - 1 - row) * (name + tall + each + GAP) + each
        key = keys[0 if variable.by_year else place]
        values = table[panel].to_numpy(dtype=np.float64)
        absent = ~np.isfinite(values)
        axes = sheet.panel(
            layout, figure, (left, bottom), key.cut.paint(values), missing=absent,
            furniture=place == 0,
        )  # fmt: skip
        heading = words("{panel} (N = {n})", panel=panel, n=int((~absent).sum()))
        axes.set_title(heading, fontsize=HEAD_SIZE, pad=2.5)
        if not variable.by_year:
            key.draw(layout, figure, (left, bottom - GAP - key.height, inches))
    if variable.by_year:
        keys[0].draw(layout, figure, (EDGE, 0.0, room))
    return figure


@dataclass(frozen=True, slots=True)
class _Key:
    """Legend of one or several panels: name and definition of the variable, its classes.

    Attributes
    ----------
    cut : Classes or Ramp
    head : tuple of str
        Lines above the classes.
    handles : tuple
        Entries.
    columns : int
    entries : float
        Inches of the entries.
    """

    cut: Classes | Ramp
    head: tuple[str, ...]
    handles: tuple[Any, ...]
    columns: int
    entries: float

    @classmethod
    def of(
        cls,
        variable: MapVariable,
        table: pd.DataFrame,
        sheet: Sheet,
        words: Words,
        panel: float,
        room: float,
    ) -> _Key:
        values = table.to_numpy(dtype=np.float64).ravel()
        wide = room if variable.by_year else panel
        cut = classify(values, variable.classes, variable.centre)
        how = classes_note(variable.classes, cut, variable.centre, words, by_year=variable.by_year)
        lines = [variable.label, variable.definition, how]
        head = [line for text in lines for line in wrapped(text, wide, TEXT_SIZE)]
        handles = _class_handles(cut, values, words) + sheet.outline_handles(words)
        columns, entries = legend_columns(handles, wide), legend_height(handles, wide)
        return cls(cut, tuple(head), tuple(handles), columns, entries)

    @property
    def height(self) -> float:
        """Inches."""
        ramp = RAMP_HEIGHT if isinstance(self.cut, Ramp) else 0.0
        return GAP + lines_height(self.head, TEXT_SIZE) + ramp + self.entries

    def draw(self, layout: Layout, figure: Figure, box: tuple[float, float, float]) -> None:
        """Write it at left, bottom, width in inches."""
        left, bottom, wide = box
        axes = layout.axes(figure, (left, bottom, wide, self.height - GAP))
        axes.set_axis_off()
        axes.set_xlim(0, wide)
        axes.set_ylim(0, self.height - GAP)
        top = self.height - GAP
        step = line_height(TEXT_SIZE)
        for number, line in enumerate(self.head):
            axes.text(
                wide / 2, top - (number + 0.5) * step, line, ha="center", va="center_baseline",
                fontsize=TEXT_SIZE, fontweight="bold" if number == 0 else "normal",
            )  # fmt: skip
        if isinstance(self.cut, Ramp):
            _draw_ramp(axes, self.cut, (wide / 2, top - len(self.head) * step))
        axes.legend(
            handles=list(self.handles), loc="lower center", ncols=self.columns, **LEGEND_STYLE
        )


def _class_handles(cut: Classes | Ramp, values: Any, words: Words) -> list[Any]:
    """Entries of the classes with the number of values in each, and of missing values."""
    from matplotlib.patches import Patch

    style: dict[str, Any] = {"edgecolor": RULE_COLOUR, "linewidth": 0.5}
    handles: list[Any] = []
    if isinstance(cut, Classes):
        texts = class_intervals(cut.edges, words)
        handles = [
            Patch(facecolor=colour, label=f"{text} ({count})", **style)
            for colour, text, count in zip(cut.colours, texts, cut.counts(values), strict=True)
        ]
    absent = int((~np.isfinite(values)).sum())
    if absent:
        text = words("no data ({n})", n=absent)
        hatched: dict[str, Any] = {**style, "edgecolor": HATCH_COLOUR}
        handles.append(Patch(facecolor=NO_DATA_COLOUR, hatch="//////", label=text, **hatched))
    return handles


def _draw_ramp(axes: Axes, ramp: Ramp, top: tuple[float, float]) -> None:
    """A bar of the colours with numbers below it, around a place in inches."""
    from matplotlib.ticker import MaxNLocator

    wide, bar = RAMP_WIDTH, 0.1
    left, low = top[0] - wide / 2, top[1] - bar - 0.02
    values = np.linspace(ramp.low, ramp.high, 128)
    edges = np.linspace(left, left + wide, len(values) + 1)
    axes.bar(
        edges[:-1], bar, width=np.diff(edges), bottom=low, align="edge", color=ramp.paint(values),
        linewidth=0,
    )  # fmt: skip
    for tick in MaxNLocator(5).tick_values(ramp.low, ramp.high):
        if ramp.low <= tick <= ramp.high:
            share = (tick - ramp.low) / ((ramp.high - ramp.low) or 1.0)
            axes.text(
                left + wide * share, low - 0.02, f"{tick:g}".replace("-", "−"), ha="center",
                va="top", fontsize=TEXT_SIZE - 0.5,
            )  # fmt: skip


def _by_unit_and_year(
    variable: MapVariable, unit_ids: Sequence[str], years: Sequence[int] | Sequence[str]
) -> pd.DataFrame:
    """Values, units × years, in the order of the polygons."""
    table = variable.values.unstack("year")
    strange = sorted(set(table.index) - set(unit_ids))
    if strange:
        raise DataError(f"{variable.label}: units without polygon: {listing(strange)}")
    table = table.reindex(index=list(unit_ids), columns=list(years)).astype(np.float64)
    empty = [year for year in years if not np.isfinite(table[year].to_numpy()).any()]
    if empty:
        raise DataError(f"{variable.label}: no value in {listing(empty)}")
    return table
