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
    NothingToShowError,
    blank_figure,
    draw_unless_empty,
    notice_height,
    save_figure,
    sign,
)
from yrb_carbon.report.layout_robustness import HEADS, STANDARDISED, SUM, choice_label
from yrb_carbon.study.config import Study
from yrb_carbon.study.robustness_tables import CHOICES, CurveFigure, CurveQuantity, RobustnessTable

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

NEGATIVE, POSITIVE, NEITHER = "#0072B2", "#D55E00", "#8C8C8C"
"""Okabe & Ito (2008): told apart by colour-blind readers."""
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
        Specifications without one.
    levels : tuple of (str, tuple of str)
        Choices that vary, by heading, and the levels of each.
    choices : mapping specification -> tuple of int
        Its level in each of them.
    baseline : str
    """

    points: pd.DataFrame
    absent: tuple[str, ...]
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
        levels=tuple(
            (HEADS[name], tuple(choice_label(name, level, study) for level in levels))
            for name, levels in values.items()
        ),
        choices={
            model: tuple(values[name].index(getattr(one, name)) for name in varying)
            for model, one in specifications.items()
        },
        baseline=baseline.name(baseline),
    )


def draw_specification_curve(
    curve: Curve, *, title: str, axis: str, notice: str | None = None
) -> Figure:
    """Draw a curve with its choices below.

    Parameters
    ----------
    curve : Curve
    title : str
    axis : str
        What the vertical axis measures.
    notice : str, optional
        A caution, written below.

    Returns
    -------
    Figure
    """
    rows = _level_positions(curve.levels)
    depth = LEVEL_HEIGHT * (max(rows.values()) + 1.2)
    foot = notice_height(notice, WIDTH) + 0.12
    height = 0.85 + CURVE_HEIGHT + 0.12 + depth + foot
    figure = blank_figure((WIDTH, height))
    wide = (WIDTH - LEFT - RIGHT) / WIDTH
    above = figure.add_axes(
        (LEFT / WIDTH, (foot + depth + 0.12) / height, wide, CURVE_HEIGHT / height)
    )
    below = figure.add_axes((LEFT / WIDTH, foot / height, wide, depth / height))
    _draw_estimates(above, curve, axis)
    _draw_choices(below, curve, rows)
    figure.text(0.5, 1 - 0.2 / height, title, ha="center", va="center", fontsize=12)
    _draw_legend(figure, bool(curve.absent), height)
    sign(figure, notice)
    return figure


def colour_of(lower: float, upper: float) -> str:
    """Colour of an estimate: by the side of zero on which its whole interval lies."""
    if upper < 0:
        return NEGATIVE
    return POSITIVE if lower > 0 else NEITHER


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


def _draw_estimates(axes: Axes, curve: Curve, axis: str) -> None:
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
        style: dict[str, Any] = {"marker": "x", "c": NEITHER, "linewidths": 0.8}
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
        line(NEGATIVE, "95 % interval below zero"),
        line(NEITHER, "interval covers zero"),
        line(POSITIVE, "interval above zero"),
        Line2D([], [], color=MARK, marker="D", markersize=5, linewidth=0, label="baseline"),
    ]
    if has_absent:
        handles.append(
            Line2D([], [], color=NEITHER, marker="x", markersize=5, linewidth=0,
                   label="no estimate")
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
            "notice": " ".join(study.study.cautions) or None,
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
    axis = f"{AXIS}\n95 % interval ({table.covariances[-1]})"
    return draw_specification_curve(curve, axis=axis, **options)
