"""Specification curve: the estimates of a grid in order, and the choices behind each.

After Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4:1208-1214.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import listing
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    EDGE,
    NOTE_SIZE,
    TEXT_SIZE,
    Layout,
    NothingToShowError,
    Page,
    colour_of,
    draw_legend,
    legend_height,
    no_frame,
)
from yrb_carbon.report.cells import COVARIANCE_NOTES
from yrb_carbon.report.fonts import BOLD, room_for, wrapped
from yrb_carbon.report.language import Words, message
from yrb_carbon.report.layout_robustness import HEADS, STANDARDISED, SUM, choice_label
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import CurveFigure
from yrb_carbon.study.robustness_tables import CHOICES, CurveQuantity, RobustnessTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARK, EMPTY, STRIPE = "#222222", "#DDDDDD", "#F5F5F5"
CURVE_SHAPE = 0.3
"""Height of the curve, of the width of the page."""
LEVEL_HEIGHT = 0.118
"""Inches of one level below the curve."""
GAP_BETWEEN_CHOICES = 0.6
"""In levels."""
AXIS_ROOM, RIGHT = 0.5, 0.08
"""Inches left of the curve for its axis, and beside it."""
MOST_LEFT = 0.45
"""Of the page: room for the names of levels."""
AXIS = message("Within s.d. of the outcome\nper within s.d. of the treatment")
FENCE = 3.0
"""Spreads between the quartiles of the ends of all intervals, beyond these, that the axis shows."""
NOTE = message(
    "Table {table}. Effect of one within s.d. more of the treatment, in within s.d. of the outcome "
    "(unit and year means removed), so that other outcomes and treatments compare. {level} % "
    "intervals, covariance {vcov}: {meaning}."
)
CONSTRUCTED_NOTE = message(
    "Crosses stand for no estimate, or an effect that the model sets to zero: {names}."
)
ABSENT_NOTE = message("Crosses stand for no estimate.")
CLIPPED_NOTE = message("Arrows: intervals that go on beyond the axis ({count} specifications).")
LEVEL = 95
"""Of the intervals of robustness, in per cent."""
TITLES: Mapping[str, str] = {
    "direct": message("direct effect"),
    "indirect": message("indirect effect"),
    "total": message("total effect"),
    "mediated_direct": message("mediated direct effect, sum over mediators"),
    "mediated_spillover": message("mediated spillover, sum over mediators"),
    "mediated_total": message("mediated total effect, sum over mediators"),
}
SIDE_WORDS: Mapping[str, str] = {
    BELOW_ZERO: message("interval below zero"),
    AROUND_ZERO: message("interval holds zero"),
    ABOVE_ZERO: message("interval above zero"),
}


@dataclass(frozen=True, slots=True)
class Curve:
    """What a specification curve shows.

    Attributes
    ----------
    points : DataFrame
        One row a specification with an estimate, lowest first: model, estimate, ci_lower,
        ci_upper.
    absent : tuple of str
        Specifications without one, those whose model sets the effect to zero among them.
    constructed : tuple of str
        These.
    levels : tuple of (str, tuple of str)
        Choices that vary, by heading, and the levels of each.
    choices : mapping specification -> tuple of int
        Its level in each of them.
    baseline : str
    """

    points: pd.DataFrame
    absent: tuple[str, ...]
    constructed: tuple[str, ...]
    levels: tuple[tuple[str, tuple[str, ...]], ...]
    choices: Mapping[str, tuple[int, ...]]
    baseline: str

    @property
    def order(self) -> tuple[str, ...]:
        """Specifications from left to right, those without an estimate last."""
        return (*(str(model) for model in self.points["model"]), *self.absent)


def make_curve(
    table: RobustnessTable,
    study: Study,
    estimates: pd.DataFrame,
    quantity: CurveQuantity,
    words: Words,
) -> Curve:
    """Order the standardised estimates of a table of robustness.

    Parameters
    ----------
    table : RobustnessTable
    study : Study
        For labels.
    estimates : DataFrame
        Rows of the table.
    quantity : str
        Effect of the treatment, or a mediated effect, of which the sum over mediators is taken.
    words : Words

    Returns
    -------
    Curve

    Raises
    ------
    NothingToShowError
        If no specification has an estimate.
    """
    specifications, baseline = table.specifications, table.middle
    vcov = table.covariances[-1]
    rows = estimates[
        (estimates["equation"] == STANDARDISED)
        & (estimates["quantity"] == quantity)
        & (estimates["vcov"] == vcov)
    ]
    terms = {
        name: SUM if quantity.startswith("mediated_") else one.treatment
        for name, one in specifications.items()
    }
    own = rows[rows["term"] == rows["model"].map(terms)]
    # the model has no such effect: an exact zero without any spread
    is_set = own["estimate"].eq(0) & own["ci_lower"].fillna(0).eq(own["ci_upper"].fillna(0))
    constructed = set(own.loc[is_set, "model"])
    own = own[~is_set]
    points = own[["model", "estimate", "ci_lower", "ci_upper"]]
    points = points.sort_values(["estimate", "model"], kind="stable", ignore_index=True)
    if points.empty:
        estimated = sorted(set(estimates["quantity"]) - {"value"})
        raise NothingToShowError(
            words(
                "No specification has a standardised {quantity} with the covariance {vcov}; "
                "estimated are: {found}.",
                quantity=words(TITLES[quantity]), vcov=vcov,
                found=listing(estimated) or words("none"),
            )
        )  # fmt: skip
    found = set(points["model"])
    varying = [
        name
        for name in CHOICES
        if any(getattr(one, name) != getattr(baseline, name) for one in specifications.values())
    ]
    values = {
        name: list(dict.fromkeys(getattr(one, name) for one in specifications.values()))
        for name in varying
    }
    return Curve(
        points=points,
        absent=tuple(name for name in specifications if name not in found),
        constructed=tuple(name for name in specifications if name in constructed),
        levels=tuple(
            (words(HEADS[name]), tuple(choice_label(name, level, study, words) for level in levels))
            for name, levels in values.items()
        ),
        choices={
            model: tuple(values[name].index(getattr(one, name)) for name in varying)
            for model, one in specifications.items()
        },
        baseline=baseline.name(baseline),
    )


def draw_specification_curve(
    curve: Curve, *, title: str, page: Page, axis: str, note: str = ""
) -> Figure:
    """Draw a curve with its choices below.

    Parameters
    ----------
    curve : Curve
    title : str
    page : Page
    axis : str
        What the vertical axis measures. It ends where a few extreme intervals would flatten the
        others; arrows show those that go on.
    note : str
        Written below, before what crosses and arrows mean.

    Returns
    -------
    Figure
    """
    words, limits = page.words, calc_limits(curve.points)
    rows = _level_positions(curve.levels)
    depth = LEVEL_HEIGHT * (max(rows.values(), default=0.0) + 1.2)
    notes = [note, *_signs_notes(curve, limits, words)]
    layout = Layout.of(page, title, [words.sentences(text for text in notes if text)])
    handles = _handles(words, has_absent=bool(curve.absent))
    legend = legend_height(handles, page.width - 2 * EDGE)
    tall = CURVE_SHAPE * page.width
    left, names = _left_room(curve.levels, page.width)
    wide = page.width - left - RIGHT
    figure = layout.figure(depth + 0.06 + tall + 0.06 + legend)
    above = layout.axes(figure, (left, depth + 0.06, wide, tall))
    below = layout.axes(figure, (left, 0.0, wide, depth))
    _draw_estimates(above, curve, axis, limits)
    _draw_choices(below, curve, rows, left, names)
    draw_legend(figure, layout, handles, bottom=depth + 0.12 + tall)
    return figure


def _left_room(levels: Sequence[tuple[str, tuple[str, ...]]], width: float) -> tuple[float, float]:
    """Inches left of the axes, and those of them for names of levels."""
    names = room_for((name for _, own in levels for name in own), NOTE_SIZE)
    heads = room_for((head for head, _ in levels), NOTE_SIZE) * BOLD
    wanted = max(names + heads + 0.2 + EDGE, AXIS_ROOM)
    room = min(wanted, MOST_LEFT * width)
    return room, room - heads - 0.2 - EDGE


def calc_limits(points: pd.DataFrame) -> tuple[float, float]:
    """Ends of the axis: all intervals, less what lies far outside most of their ends.

    With quartiles q1, q3 of the ends of all intervals the axis shows
    [q1 - 3 (q3 - q1), q3 + 3 (q3 - q1)] (outer fences of Tukey 1977), zero, and no more than the
    intervals reach.

    Parameters
    ----------
    points : DataFrame
        Columns ci_lower, ci_upper, estimate.

    Returns
    -------
    (lower, upper)
    """
    ends = points[["ci_lower", "ci_upper"]].to_numpy(dtype=np.float64).ravel()
    ends = ends[np.isfinite(ends)]
    if not ends.size:
        ends = points["estimate"].to_numpy(dtype=np.float64)
    first, third = np.quantile(ends, [0.25, 0.75])
    reach = FENCE * (third - first)
    lower = min(0.0, max(float(ends.min()), first - reach))
    upper = max(0.0, min(float(ends.max()), third + reach))
    return lower, upper


def _is_clipped(points: pd.DataFrame, limits: tuple[float, float]) -> pd.Series[bool]:
    return points["ci_lower"].lt(limits[0]) | points["ci_upper"].gt(limits[1])


def _signs_notes(curve: Curve, limits: tuple[float, float], words: Words) -> list[str]:
    """What crosses and arrows mean, where there are any."""
    notes = []
    if curve.constructed:
        notes.append(words(CONSTRUCTED_NOTE, names=words.listing(curve.constructed)))
    elif curve.absent:
        notes.append(words(ABSENT_NOTE))
    count = int(_is_clipped(curve.points, limits).sum())
    return [*notes, words(CLIPPED_NOTE, count=count)] if count else notes


def _level_positions(
    levels: Sequence[tuple[str, tuple[str, ...]]],
) -> dict[tuple[int, int], float]:
    """Height of each level of each choice, counted downwards in levels."""
    positions: dict[tuple[int, int], float] = {}
    place = 0.0
    for choice, (_, names) in enumerate(levels):
        for level in range(len(names)):
            positions[choice, level] = place
            place += 1.0
        place += GAP_BETWEEN_CHOICES
    return positions


def _draw_estimates(axes: Axes, curve: Curve, axis: str, limits: tuple[float, float]) -> None:
    points = curve.points
    colours = [
        colour_of(lower, upper)
        for lower, upper in zip(points["ci_lower"], points["ci_upper"], strict=True)
    ]
    places = np.arange(len(points))
    axes.axhline(0.0, color="#333333", linewidth=0.6, zorder=1)
    axes.vlines(
        places, points["ci_lower"], points["ci_upper"], colors=colours, linewidth=1.0, alpha=0.55,
        zorder=2,
    )  # fmt: skip
    axes.scatter(places, points["estimate"], s=5, c=colours, zorder=3, linewidths=0)
    lower, upper = limits
    edge = 0.04 * ((upper - lower) or 1.0)
    axes.set_ylim(lower - edge, upper + edge)
    for end, marker, beyond in (
        (lower - edge / 2, "v", points["ci_lower"] < lower),
        (upper + edge / 2, "^", points["ci_upper"] > upper),
    ):
        shades = [colour for colour, is_out in zip(colours, beyond, strict=True) if is_out]
        axes.scatter(
            places[beyond], np.full(len(shades), end), s=10, c=shades, marker=marker, zorder=5,
            linewidths=0,
        )  # fmt: skip
    chosen = points.index[points["model"] == curve.baseline]
    if len(chosen):
        place = int(chosen[0])
        axes.scatter(
            [place], points.loc[[place], "estimate"], marker="D", s=16, c=MARK, zorder=4,
            linewidths=0,
        )  # fmt: skip
    total = len(curve.order)
    if curve.absent:
        axes.axvspan(len(points) - 0.5, total - 0.5, color="#E0E0E0", zorder=0, linewidth=0)
    axes.set_xlim(-1.0, total)
    axes.set_xticks([])
    axes.set_ylabel(axis, fontsize=TEXT_SIZE)
    no_frame(axes, "left")
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.5)
    axes.set_axisbelow(True)


def _draw_choices(
    axes: Axes, curve: Curve, rows: Mapping[tuple[int, int], float], left: float, room: float
) -> None:
    """Name the levels in some inches left of the axes and mark that of each specification."""
    total = len(curve.order)
    deepest = max(rows.values(), default=0.0)
    style: dict[str, Any] = {
        "xycoords": ("axes fraction", "data"), "textcoords": "offset points", "va": "center",
        "fontsize": NOTE_SIZE, "annotation_clip": False,
    }  # fmt: skip
    for choice, (head, names) in enumerate(curve.levels):
        first, last = rows[choice, 0], rows[choice, len(names) - 1]
        if choice % 2 == 0:
            axes.axhspan(first - 0.6, last + 0.6, color=STRIPE, zorder=0, linewidth=0)
        shift = (-72 * (left - EDGE), 0)
        axes.annotate(head, (0, first), xytext=shift, ha="left", fontweight="bold", **style)
        for level, name in enumerate(names):
            axes.annotate(
                _shortened(name, room), (0, rows[choice, level]), xytext=(-4, 0), ha="right",
                **style,
            )  # fmt: skip
            axes.plot(
                [-0.5, total - 0.5], [rows[choice, level]] * 2, color=EMPTY, linewidth=0.4,
                zorder=1,
            )  # fmt: skip
    points = curve.points
    colours = {
        str(model): colour_of(lower, upper)
        for model, lower, upper in zip(
            points["model"], points["ci_lower"], points["ci_upper"], strict=True
        )
    }
    for place, model in enumerate(curve.order):
        heights = [rows[choice, level] for choice, level in enumerate(curve.choices[model])]
        mark: dict[str, Any] = {"marker": "x", "c": AROUND_ZERO, "linewidths": 0.6, "s": 8}
        if model in colours:
            mark = {"marker": "|", "c": colours[model], "linewidths": 1.2, "s": 16}
        if model == curve.baseline:
            mark["c"] = MARK
        axes.scatter([place] * len(heights), heights, zorder=3, **mark)
    axes.set_xlim(-1.0, total)
    axes.set_ylim(deepest + 0.7, -0.7)
    axes.set_axis_off()


def _shortened(name: str, room: float) -> str:
    """A name, or the beginning of it that fits some inches."""
    lines = wrapped(name, room, NOTE_SIZE)
    return name if len(lines) < 2 else f"{lines[0]} …"


def _handles(words: Words, *, has_absent: bool) -> list[Any]:
    """Entries of the legend."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, marker="o", markersize=2.5, linewidth=1.0, label=words(text))
        for colour, text in SIDE_WORDS.items()
    ]
    handles.append(
        Line2D([], [], color=MARK, marker="D", markersize=3.5, linewidth=0, label=words("baseline"))
    )
    if has_absent:
        text = words("no estimate, or set to zero")
        handles.append(
            Line2D([], [], color=AROUND_ZERO, marker="x", markersize=3.5, linewidth=0, label=text)
        )
    return handles


def draw_curve(
    name: str,
    section: CurveFigure,
    table: RobustnessTable,
    study: Study,
    estimates: pd.DataFrame,
    *,
    title: str,
    page: Page,
) -> Figure:
    """Specification curve of a figure of the study.

    Parameters
    ----------
    name : str
        Of the figure, for messages.
    section : CurveFigure
    table : RobustnessTable
        The one that it names.
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    title : str
    page : Page

    Raises
    ------
    NothingToShowError
        If no specification has an estimate.
    """
    words = page.words
    rows = estimates[estimates["table"] == section.table]
    try:
        curve = make_curve(table, study, rows, section.quantity, words)
    except NothingToShowError as error:
        where = words("Figure {name}, table {table}.", name=name, table=section.table)
        raise NothingToShowError(words.sentences([where, str(error)])) from error
    vcov = table.covariances[-1]
    note = words(
        NOTE, table=section.table, level=LEVEL, vcov=vcov, meaning=words(COVARIANCE_NOTES[vcov])
    )
    return draw_specification_curve(curve, title=title, page=page, axis=words(AXIS), note=note)


def curve_title(section: CurveFigure, table: RobustnessTable, words: Words) -> str:
    """Title of a specification curve: its table, quantity and number of specifications."""
    return words(
        "{table}: {quantity}, {n} specifications",
        table=words.label(table.title), quantity=words(TITLES[section.quantity]),
        n=len(table.specifications),
    )  # fmt: skip
