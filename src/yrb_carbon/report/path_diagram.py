"""Path diagram of a mediation system (F4): treatment, mediators, outcome, effects on the arrows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    Language,
    blank_figure,
    colour_of,
    fonts,
    notice_height,
    sign,
    usable_language,
    wrapped,
)

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

TEXT_COLOUR = "#111111"
BOX_FACE = "#F4F6F8"
BOX_EDGE = "#444444"

# Inches.
BOX_WIDTH, MEDIATOR_WIDTH, BOX_HEIGHT = 1.7, 3.0, 0.72
GAP_WIDTH = 3.05
ROW_HEIGHT = 1.42
MARGIN = 0.2
HEAD = 0.5
DIRECT_PATH_DEPTH = 1.05
FOOT_LINE = 0.19
KEY_HEIGHT = 0.34
FAN = 0.14
"""Distance of the ends of two arrows at a box, of the distance of their mediators."""

WORDS: dict[Language, dict[str, str]] = {
    "en": {
        "direct": "direct", "spillover": "spillover", "through": "through it",
        "natural": "not mediated", "system": "whole system",
        "positive": "direct effect above zero", "negative": "direct effect below zero",
        "unclear": "interval of the direct effect holds zero",
        "note": "Arrows: mean direct effect and spillover within one equation, of one unit more. "
        "In the boxes: effect of the treatment by the path through that mediator, which is not "
        "the product of the arrows.",
    },
    "zh": {
        "direct": "直接", "spillover": "溢出", "through": "经此中介",
        "natural": "未经中介", "system": "系统总体",
        "positive": "直接效应为正", "negative": "直接效应为负",
        "unclear": "直接效应区间含零",
        "note": "箭头：单个方程内每增加一单位的平均直接效应与溢出效应；"
        "框内：经该中介的效应，并非箭头系数之积。",
    },
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class ShownEffect:
    """An effect with its interval.

    Attributes
    ----------
    estimate, lower, upper : float
    stars : str
    """

    estimate: float
    lower: float
    upper: float
    stars: str = ""

    @property
    def sign(self) -> int:
        """1 or -1; 0 when the interval holds zero."""
        return int(self.lower > 0) - int(self.upper < 0)

    def text(self, digits: int = 3) -> str:
        """Estimate, stars and interval, with typographic minus signs."""
        numbers = f"{self.estimate:.{digits}f}{self.stars} "
        numbers += f"[{self.lower:.{digits}f}, {self.upper:.{digits}f}]"
        return numbers.replace("-", "−")


@dataclass(frozen=True, slots=True)
class Arrow:
    """Direct effect and spillover from one box to another."""

    direct: ShownEffect
    spillover: ShownEffect

    @property
    def colour(self) -> str:
        """By the sign of the direct effect."""
        return colour_of(self.direct.lower, self.direct.upper)


@dataclass(frozen=True, slots=True)
class MediatorPath:
    """A mediator: its name, the arrows to and from it, and the effect through it."""

    label: str
    from_treatment: Arrow
    to_outcome: Arrow
    through: Arrow


@dataclass(frozen=True, slots=True)
class PathDiagram:
    """What a path diagram shows.

    Attributes
    ----------
    treatment, outcome : str
        Labels.
    mediators : sequence of MediatorPath
        From top to bottom.
    natural, system : Arrow
        Effect not through mediators, and of the whole system.
    notes : tuple of str
        Written below.
    """

    treatment: str
    outcome: str
    mediators: Sequence[MediatorPath]
    natural: Arrow
    system: Arrow
    notes: tuple[str, ...] = ()


def draw_path_diagram(
    diagram: PathDiagram, *, title: str, notice: str | None = None, language: Language = "en"
) -> Figure:
    """Draw the treatment on the left, the mediators in the middle, the outcome on the right.

    Parameters
    ----------
    diagram : PathDiagram
    title : str
    notice : str, optional
        Caution drawn on the figure.
    language : {"en", "zh"}
        See `canvas.usable_language`.

    Returns
    -------
    Figure

    Raises
    ------
    DataError
        If there is no mediator.
    """
    if not diagram.mediators:
        raise DataError("a path diagram needs at least one mediator")
    spoken = usable_language(language)
    with fonts(spoken):
        return _draw(diagram, title, notice, spoken)


def _draw(diagram: PathDiagram, title: str, notice: str | None, language: Language) -> Figure:
    width = 2 * (MARGIN + BOX_WIDTH + GAP_WIDTH) + MEDIATOR_WIDTH
    stated = (WORDS[language]["note"], *diagram.notes)
    notes = [line for note in stated for line in wrapped(note, width - 2 * MARGIN)]
    foot = KEY_HEIGHT + FOOT_LINE * len(notes) + notice_height(notice, width) + 0.1
    rows = ROW_HEIGHT * len(diagram.mediators)
    height = HEAD + rows + DIRECT_PATH_DEPTH + foot
    figure = blank_figure((width, height))
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_xlim(0, width)
    axes.set_ylim(0, height)
    axes.set_axis_off()
    top = height - HEAD
    middle = top - rows / 2
    left, right = MARGIN + BOX_WIDTH / 2, width - MARGIN - BOX_WIDTH / 2
    words = WORDS[language]
    for place, mediator in enumerate(diagram.mediators):
        level = top - (place + 0.5) * ROW_HEIGHT
        _mediator_row(axes, mediator, (left, right, middle, level), words)
    bottom = foot + 0.42
    _direct_path(axes, diagram, (left, right, middle, bottom), words)
    _box(axes, (left, middle), BOX_WIDTH, BOX_HEIGHT, [diagram.treatment])
    _box(axes, (right, middle), BOX_WIDTH, BOX_HEIGHT, [diagram.outcome])
    _key(axes, width / 2, foot - KEY_HEIGHT / 2 - 0.02, words)
    for place, line in enumerate(notes):
        axes.text(
            MARGIN, foot - KEY_HEIGHT - FOOT_LINE * (place + 0.5), line, ha="left", va="center",
            fontsize=8, color="#444444",
        )  # fmt: skip
    axes.text(
        width / 2, height - HEAD / 2, title, ha="center", va="center", fontsize=12,
        color=TEXT_COLOUR,
    )  # fmt: skip
    sign(figure, notice)
    return figure


def _mediator_row(
    axes: Axes,
    mediator: MediatorPath,
    places: tuple[float, float, float, float],
    words: dict[str, str],
) -> None:
    """The box of a mediator with the arrows to and from it."""
    left, right, middle, level = places
    centre = (left + right) / 2
    # arrows leave and arrive one above the other, so that their points do not hide one another
    offset = FAN * (level - middle)
    start = (left + BOX_WIDTH / 2, middle + offset)
    end = (right - BOX_WIDTH / 2, middle + offset)
    half = MEDIATOR_WIDTH / 2
    _arrow(axes, start, (centre - half, level), mediator.from_treatment, words, 0.6)
    _arrow(axes, (centre + half, level), end, mediator.to_outcome, words, 0.4)
    lines = [mediator.label, *_texts(mediator.through, words)]
    lines[1] = f"{words['through']}: {lines[1]}"
    _box(axes, (centre, level), MEDIATOR_WIDTH, BOX_HEIGHT, lines)


def _direct_path(
    axes: Axes,
    diagram: PathDiagram,
    places: tuple[float, float, float, float],
    words: dict[str, str],
) -> None:
    """From the treatment below the mediators to the outcome, and the system's effects above it."""
    from matplotlib.patches import FancyArrowPatch

    left, right, middle, bottom = places
    colour = diagram.natural.colour
    axes.plot(
        [left, left, right], [middle, bottom, bottom], color=colour, linewidth=1.6, zorder=1,
        solid_joinstyle="round",
    )  # fmt: skip
    tip = FancyArrowPatch(
        (right, bottom - 0.01), (right, middle - BOX_HEIGHT / 2), arrowstyle="-|>",
        mutation_scale=14, color=colour, linewidth=1.6, shrinkA=0, shrinkB=0, zorder=1,
    )  # fmt: skip
    axes.add_patch(tip)
    centre = (left + right) / 2
    _label(axes, (centre, bottom), [words["natural"], *_texts(diagram.natural, words)])
    system = ",  ".join(_texts(diagram.system, words))
    axes.text(
        centre, bottom + 0.5, f"{words['system']}:  {system}", ha="center", va="center",
        fontsize=8.5, color=TEXT_COLOUR, zorder=4,
    )  # fmt: skip


def _texts(arrow: Arrow, words: dict[str, str]) -> list[str]:
    return [
        f"{words['direct']} {arrow.direct.text()}",
        f"{words['spillover']} {arrow.spillover.text()}",
    ]


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    arrow: Arrow,
    words: dict[str, str],
    share: float,
) -> None:
    """An arrow with its effects written over it, some share of the way along."""
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=14, color=arrow.colour, linewidth=1.6,
            shrinkA=0, shrinkB=0, zorder=1,
        )
    )  # fmt: skip
    place = tuple(a + share * (b - a) for a, b in zip(start, end, strict=True))
    _label(axes, (place[0], place[1]), _texts(arrow, words))


def _label(axes: Axes, place: tuple[float, float], lines: Sequence[str]) -> None:
    axes.text(
        *place, "\n".join(lines), ha="center", va="center", fontsize=8, linespacing=1.35,
        color=TEXT_COLOUR, zorder=3,
        bbox={"facecolor": "white", "edgecolor": "none", "pad": 1.5},
    )  # fmt: skip


def _box(
    axes: Axes, centre: tuple[float, float], width: float, height: float, lines: Sequence[str]
) -> None:
    """A box with a heading, and smaller lines below it."""
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    rounding = 0.08
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2 + rounding, y - height / 2 + rounding),
            width - 2 * rounding,
            height - 2 * rounding,
            boxstyle=f"round,pad={rounding}",
            facecolor=BOX_FACE,
            edgecolor=BOX_EDGE,
            linewidth=1.0,
            zorder=2,
        )
    )
    head, *others = lines
    style: dict[str, Any] = {"ha": "center", "va": "center", "zorder": 4, "color": TEXT_COLOUR}
    if not others:
        axes.text(x, y, _broken(head), fontsize=9.5, fontweight="bold", **style)
        return
    axes.text(x, y + 0.21, head, fontsize=9.5, fontweight="bold", **style)
    axes.text(x, y - 0.11, "\n".join(others), fontsize=7.5, linespacing=1.3, **style)


def _broken(text: str, longest: int = 16) -> str:
    """A long label in lines."""
    import textwrap

    return "\n".join(textwrap.wrap(text, longest))


def _key(axes: Axes, centre: float, level: float, words: dict[str, str]) -> None:
    """What the colours of the arrows say."""
    from matplotlib.lines import Line2D

    handles = [
        Line2D([], [], color=colour, linewidth=2, label=words[name])
        for colour, name in (
            (ABOVE_ZERO, "positive"),
            (BELOW_ZERO, "negative"),
            (AROUND_ZERO, "unclear"),
        )
    ]
    axes.legend(
        handles=handles, loc="center", bbox_to_anchor=(centre, level), frameon=False,
        bbox_transform=axes.transData, ncols=3, fontsize=8,
    )  # fmt: skip
