"""Specification curve: the estimates of a grid in order, and the choices behind each.

After Simonsohn, Simmons & Nelson (2020), Nature Human Behaviour 4:1208-1214. Made without pyplot
and saved without dates, as the maps are.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    NothingToShowError,
    blank_figure,
    colour_of,
    draw_unless_empty,
    notice_height,
    save_figure,
    sign,
    wrapped,
)
from yrb_carbon.report.cells import COVARIANCE_NOTES
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout_robustness import HEADS, STANDARDISED, SUM, choice_label
from yrb_carbon.study.config import Study
from yrb_carbon.study.robustness_tables import CHOICES, CurveFigure, CurveQuantity, RobustnessTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MARK, EMPTY, STRIPE = "#222222", "#DDDDDD", "#F5F5F5"
WIDTH = 10.0
CURVE_HEIGHT = 3.1
LEVEL_HEIGHT = 0.165
"""Inches of one level below the curve."""
GAP_BETWEEN_CHOICES = 0.6
"""In levels."""
LEFT, RIGHT = 2.9, 0.2
"""Inches beside the axes; names of levels stand on the left."""
AXIS = "Within s.d. of the outcome\nper within s.d. of the treatment"
FENCE = 3.0
"""Spreads between the quartiles of the ends of all intervals, beyond these, that the axis shows."""
NOTE_LINE = 0.17
"""Inches."""
NOTE = (
    "Table {table}. Effect of one within s.d. more of the treatment, in within s.d. of the outcome "
    "(unit and year means removed), so that other outcomes and treatments compare. {level} % "
    "intervals, covariance {vcov}: {meaning}."
)
CONSTRUCTED_NOTE = (
    "Crosses stand for no estimate, or an effect that the model sets to zero: {names}."
)
ABSENT_NOTE = "Crosses stand for no estimate."
CLIPPED_NOTE = "Arrows: intervals that go on beyond the axis ({count} specifications)."
LEVEL = 95
"""Of the intervals of robustness, in per cent."""
TITLES: Mapping[str, str] = {
    "direct": "direct effect",
    "indirect": "indirect effect",
    "total": "total effect",
    "mediated_direct": "mediated direct effect, sum over mediators",
    "mediated_spillover": "mediated spillover, sum over mediators",
    "mediated_total": "mediated total effect, sum over mediators",
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
    table: RobustnessTable, study: Study, estimates: pd.DataFrame, quantity: CurveQuantity
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
            f"No specification has a standardised {quantity.replace('_', ' ')} with the covariance "
            f"{vcov}; estimated are {listing(estimated) or 'none'}."
        )
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
            (HEADS[name], tuple(choice_label(name, level, study, Words()) for level in levels))
            for name, levels in values.items()
        ),
        choices={
            model: tuple(values[name].index(getattr(one, name)) for name in varying)
            for model, one in specifications.items()
        },
        baseline=baseline.name(baseline),
    )


def draw_specification_curve(
    curve: Curve, *, title: str, axis: str, note: str = "", notice: str | None = None
) -> Figure:
    """Draw a curve with its choices below.

    Parameters
    ----------
    curve : Curve
    title : str
    axis : str
        What the vertical axis measures. It ends where a few extreme intervals would flatten the
        others; arrows show those that go on.
    note : str
        Written below, before what crosses and arrows mean.
    notice : str, optional
        A caution, written below.

    Returns
    -------
    Figure
    """
    rows = _level_positions(curve.levels)
    depth = LEVEL_HEIGHT * (max(rows.values()) + 1.2)
    limits = calc_limits(curve.points)
    notes = wrapped(" ".join([note, *_signs_notes(curve, limits)]), WIDTH)
    foot = NOTE_LINE * len(notes) + notice_height(notice, WIDTH) + 0.12
    height = 0.85 + CURVE_HEIGHT + 0.12 + depth + foot
    figure = blank_figure((WIDTH, height))
    wide = (WIDTH - LEFT - RIGHT) / WIDTH
    above = figure.add_axes(
        (LEFT / WIDTH, (foot + depth + 0.12) / height, wide, CURVE_HEIGHT / height)
    )
    below = figure.add_axes((LEFT / WIDTH, foot / height, wide, depth / height))
    _draw_estimates(above, curve, axis, limits)
    _draw_choices(below, curve, rows)
    figure.text(0.5, 1 - 0.2 / height, title, ha="center", va="center", fontsize=12)
    _draw_legend(figure, bool(curve.absent), height)
    for place, line in enumerate(notes):
        figure.text(
            0.02, (foot - 0.06 - NOTE_LINE * (place + 0.5)) / height, line, ha="left", va="center",
            fontsize=8, color="#444444",
        )  # fmt: skip
    sign(figure, notice)
    return figure


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


def _signs_notes(curve: Curve, limits: tuple[float, float]) -> list[str]:
    """What crosses and arrows mean, where there are any."""
    notes = []
    if curve.constructed:
        notes.append(CONSTRUCTED_NOTE.format(names=", ".join(curve.constructed)))
    elif curve.absent:
        notes.append(ABSENT_NOTE)
    count = int(_is_clipped(curve.points, limits).sum())
    return [*notes, CLIPPED_NOTE.format(count=count)] if count else notes


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
    axes.axhline(0.0, color="#333333", linewidth=0.8, zorder=1)
    axes.vlines(
        places, points["ci_lower"], points["ci_upper"], colors=colours, linewidth=1.4, alpha=0.55,
        zorder=2,
    )  # fmt: skip
    axes.scatter(places, points["estimate"], s=11, c=colours, zorder=3, linewidths=0)
    lower, upper = limits
    edge = 0.04 * ((upper - lower) or 1.0)
    axes.set_ylim(lower - edge, upper + edge)
    for end, marker, beyond in (
        (lower - edge / 2, "v", points["ci_lower"] < lower),
        (upper + edge / 2, "^", points["ci_upper"] > upper),
    ):
        shades = [colour for colour, is_out in zip(colours, beyond, strict=True) if is_out]
        axes.scatter(
            places[beyond], np.full(len(shades), end), s=22, c=shades, marker=marker, zorder=5,
            linewidths=0,
        )  # fmt: skip
    chosen = points.index[points["model"] == curve.baseline]
    if len(chosen):
        place = int(chosen[0])
        axes.scatter(
            [place], points.loc[[place], "estimate"], marker="D", s=34, c=MARK, zorder=4,
            linewidths=0,
        )  # fmt: skip
    total = len(curve.order)
    if curve.absent:
        axes.axvspan(len(points) - 0.5, total - 0.5, color="#E0E0E0", zorder=0, linewidth=0)
    axes.set_xlim(-1.0, total)
    axes.set_xticks([])
    axes.set_ylabel(axis, fontsize=8)
    axes.tick_params(axis="y", labelsize=8)
    axes.grid(axis="y", color="#E6E6E6", linewidth=0.6)
    axes.set_axisbelow(True)
    for side in ("top", "right", "bottom"):
        axes.spines[side].set_visible(False)


def _draw_choices(axes: Axes, curve: Curve, rows: Mapping[tuple[int, int], float]) -> None:
    total = len(curve.order)
    deepest = max(rows.values())
    for choice, (head, names) in enumerate(curve.levels):
        first, last = rows[choice, 0], rows[choice, len(names) - 1]
        if choice % 2 == 0:
            axes.axhspan(first - 0.6, last + 0.6, color=STRIPE, zorder=0, linewidth=0)
        axes.annotate(
            head, (0, first), xycoords=("axes fraction", "data"),
            xytext=(-72 * LEFT + 8, 0), textcoords="offset points",
            ha="left", va="center", fontsize=8, fontweight="bold", annotation_clip=False,
        )  # fmt: skip
        for level, name in enumerate(names):
            axes.annotate(
                name, (0, rows[choice, level]), xycoords=("axes fraction", "data"),
                xytext=(-6, 0), textcoords="offset points",
                ha="right", va="center", fontsize=7.5, annotation_clip=False,
            )  # fmt: skip
            axes.plot(
                [-0.5, total - 0.5], [rows[choice, level]] * 2, color=EMPTY, linewidth=0.5,
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
        style: dict[str, Any] = {"marker": "x", "c": AROUND_ZERO, "linewidths": 0.8}
        if model in colours:
            style = {"marker": "|", "c": colours[model], "linewidths": 1.6}
        if model == curve.baseline:
            style["c"] = MARK
        axes.scatter([place] * len(heights), heights, s=26, zorder=3, **style)
    axes.set_xlim(-1.0, total)
    axes.set_ylim(deepest + 0.7, -0.7)
    axes.set_axis_off()


def _draw_legend(figure: Figure, has_absent: bool, height: float) -> None:
    from matplotlib.lines import Line2D

    def line(colour: str, label: str) -> Line2D:
        return Line2D([], [], color=colour, marker="o", markersize=3.5, linewidth=1.4, label=label)

    handles = [
        line(BELOW_ZERO, "interval below zero"),
        line(AROUND_ZERO, "interval holds zero"),
        line(ABOVE_ZERO, "interval above zero"),
        Line2D([], [], color=MARK, marker="D", markersize=5, linewidth=0, label="baseline"),
    ]
    if has_absent:
        handles.append(
            Line2D([], [], color=AROUND_ZERO, marker="x", markersize=5, linewidth=0,
                   label="no estimate, or set to zero")
        )  # fmt: skip
    figure.legend(
        handles=handles, loc="center", bbox_to_anchor=(0.5, 1 - 0.5 / height),
        ncols=len(handles), fontsize=8, frameon=False,
    )  # fmt: skip


def draw_curves(study: Study, estimates: pd.DataFrame, folder: str | Path) -> tuple[Path, ...]:
    """Draw and write the specification curves of a study, as PNG and SVG.

    Parameters
    ----------
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.
    folder : path

    Returns
    -------
    tuple of Path
    """
    written: list[Path] = []
    for name, section in study.figures.curves.items():
        table = study.tables[section.table]
        if not isinstance(table, RobustnessTable):
            raise DataError(f"figure {name!r}: table {section.table!r} is none of robustness")
        options: dict[str, Any] = {
            "title": f"{table.title.en}: {TITLES[section.quantity]}, "
            f"{len(table.specifications)} specifications",
            "notice": study.study.caution_in("en"),
        }
        draw = partial(_draw_curve, name, section, table, study, estimates, **options)
        figure = draw_unless_empty(draw, **options)
        written += save_figure(figure, Path(folder) / name)
    return tuple(written)


def _draw_curve(
    name: str,
    section: CurveFigure,
    table: RobustnessTable,
    study: Study,
    estimates: pd.DataFrame,
    **options: Any,
) -> Figure:
    rows = estimates[estimates["table"] == section.table]
    try:
        curve = make_curve(table, study, rows, section.quantity)
    except NothingToShowError as error:
        raise NothingToShowError(f"Figure {name}, table {section.table}. {error}") from error
    vcov = table.covariances[-1]
    note = NOTE.format(table=section.table, level=LEVEL, vcov=vcov, meaning=COVARIANCE_NOTES[vcov])
    return draw_specification_curve(curve, axis=AXIS, note=note, **options)
