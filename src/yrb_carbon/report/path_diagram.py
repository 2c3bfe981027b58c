"""Path diagram of a mediation system (F4): treatment, mediators, outcome, effects on the arrows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from yrb_carbon.errors import DataError
from yrb_carbon.report.canvas import (
    ABOVE_ZERO,
    AROUND_ZERO,
    BELOW_ZERO,
    EDGE,
    HEAD_SIZE,
    NOTE_SIZE,
    TEXT_COLOUR,
    TEXT_SIZE,
    Layout,
    Page,
    colour_of,
    draw_legend,
    legend_height,
)
from yrb_carbon.report.fonts import BOLD, line_height, lines_height, text_width, wrapped
from yrb_carbon.report.language import Words, message

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

BOX_FACE = "#F4F6F8"
BOX_EDGE = "#444444"

BOX_SHARE, MEDIATOR_SHARE = 0.155, 0.27
"""Widths of the boxes, of the page."""
# Inches.
PADDING = 0.07
ROW_GAP = 0.16
DEPTH = 0.62
"""Below the mediators: the path from the treatment straight to the outcome."""
FAN = 0.14
"""Distance of the ends of two arrows at a box, of the distance of their mediators."""
HARD_BLANK = "\u00a0"

COLOUR_WORDS: Mapping[str, str] = {
    ABOVE_ZERO: message("direct effect above zero"),
    BELOW_ZERO: message("direct effect below zero"),
    AROUND_ZERO: message("interval of the direct effect holds zero"),
}
NOTE = message(
    "Arrows: mean direct effect and spillover within one equation, of one unit more. In the boxes: "
    "effect of the treatment by the path through that mediator, which is not the product of the "
    "arrows."
)


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


def draw_path_diagram(diagram: PathDiagram, *, title: str, page: Page) -> Figure:
    """Draw the treatment on the left, the mediators in the middle, the outcome on the right.

    Parameters
    ----------
    diagram : PathDiagram
    title : str
    page : Page

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
    words, width = page.words, page.width
    plan = _Plan.of(diagram, words, width)
    layout = Layout.of(page, title, [words(NOTE), *diagram.notes])
    handles = _handles(words)
    legend = legend_height(handles, width - 2 * EDGE) + EDGE
    rows = plan.row * len(diagram.mediators)
    body = legend + DEPTH + rows
    figure = layout.figure(body)
    axes = layout.axes(figure, (0.0, 0.0, width, body))
    axes.set_xlim(0, width)
    axes.set_ylim(0, body)
    axes.set_axis_off()
    middle = body - rows / 2
    for place, mediator in enumerate(diagram.mediators):
        level = body - (place + 0.5) * plan.row
        _mediator_row(axes, mediator, plan, (middle, level), words)
    _direct_path(axes, diagram, plan, (middle, legend + 0.2), words)
    for x, label in ((plan.left, diagram.treatment), (plan.right, diagram.outcome)):
        size, lines = _fitting(label, plan.box - 2 * PADDING)
        tall = max(lines_height(lines, size) + 2 * PADDING, 0.45)
        _box(axes, (x, middle), plan.box, tall)
        _write(axes, (x, middle), lines, size, fontweight="bold")
    draw_legend(figure, layout, handles)
    return figure


def _fitting(label: str, room: float) -> tuple[float, list[str]]:
    """Size and lines of a bold label whose longest word fits some inches, else the smallest."""
    for size in (HEAD_SIZE, TEXT_SIZE, NOTE_SIZE):
        lines = wrapped(label, room / BOLD, size)
        if max(text_width(line, size) for line in lines) * BOLD <= room:
            return size, lines
    return NOTE_SIZE, lines


@dataclass(frozen=True, slots=True)
class _Plan:
    """Where boxes stand and how large they are, inches.

    Attributes
    ----------
    box, mediator : float
        Widths.
    left, right : float
        Middles of the boxes of treatment and outcome.
    row : float
        Height of the row of a mediator.
    """

    box: float
    mediator: float
    left: float
    right: float
    row: float

    @classmethod
    def of(cls, diagram: PathDiagram, words: Words, width: float) -> _Plan:
        box, mediator = BOX_SHARE * width, MEDIATOR_SHARE * width
        tallest = max(_height(*_box_lines(path, mediator, words)) for path in diagram.mediators)
        arrows = lines_height(_arrow_lines(diagram.natural, words), NOTE_SIZE)
        return cls(
            box, mediator, EDGE + box / 2, width - EDGE - box / 2, max(tallest, arrows) + ROW_GAP
        )

    @property
    def centre(self) -> float:
        """Middle of the mediators."""
        return (self.left + self.right) / 2


def _mediator_row(
    axes: Axes, mediator: MediatorPath, plan: _Plan, levels: tuple[float, float], words: Words
) -> None:
    """The box of a mediator with the arrows to and from it."""
    middle, level = levels
    # arrows leave and arrive one above the other, so that their points do not hide one another
    offset = FAN * (level - middle)
    start = (plan.left + plan.box / 2, middle + offset)
    end = (plan.right - plan.box / 2, middle + offset)
    half = plan.mediator / 2
    _arrow(axes, start, (plan.centre - half, level), mediator.from_treatment, words, 0.55)
    _arrow(axes, (plan.centre + half, level), end, mediator.to_outcome, words, 0.45)
    head, others = _box_lines(mediator, plan.mediator, words)
    tall = _height(head, others)
    _box(axes, (plan.centre, level), plan.mediator, tall)
    top = level + tall / 2 - PADDING
    upper = lines_height(head, TEXT_SIZE)
    _write(axes, (plan.centre, top - upper / 2), head, TEXT_SIZE, fontweight="bold")
    lower = lines_height(others, NOTE_SIZE)
    _write(axes, (plan.centre, top - upper - lower / 2), others, NOTE_SIZE)


def _box_lines(mediator: MediatorPath, width: float, words: Words) -> tuple[list[str], list[str]]:
    """Lines in the box of a mediator: its name, and the effect through it."""
    room = width - 2 * PADDING
    effects = _effects(mediator.through, words)
    lines = [line for effect in effects for line in wrapped(effect, room, NOTE_SIZE)]
    return wrapped(mediator.label, room / BOLD, TEXT_SIZE), [words("through it:"), *lines]


def _height(head: Sequence[str], others: Sequence[str]) -> float:
    return lines_height(head, TEXT_SIZE) + lines_height(others, NOTE_SIZE) + 2 * PADDING


def _direct_path(
    axes: Axes, diagram: PathDiagram, plan: _Plan, levels: tuple[float, float], words: Words
) -> None:
    """From the treatment below the mediators to the outcome, and the system's effects above it."""
    from matplotlib.patches import FancyArrowPatch

    middle, bottom = levels
    colour = diagram.natural.colour
    axes.plot(
        [plan.left, plan.left, plan.right], [middle, bottom, bottom], color=colour, linewidth=1.2,
        zorder=1, solid_joinstyle="round",
    )  # fmt: skip
    tip = FancyArrowPatch(
        (plan.right, bottom - 0.01), (plan.right, middle - 0.24), arrowstyle="-|>",
        mutation_scale=9, color=colour, linewidth=1.2, shrinkA=0, shrinkB=0, zorder=1,
    )  # fmt: skip
    axes.add_patch(tip)
    natural = words("not mediated: {effects}", effects=",  ".join(_effects(diagram.natural, words)))
    system = words("whole system: {effects}", effects=",  ".join(_effects(diagram.system, words)))
    room = 2 * (plan.centre - plan.left) - 0.4
    lines = wrapped(natural, room, NOTE_SIZE)
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.2}
    _write(axes, (plan.centre, bottom), lines, NOTE_SIZE, bbox=white)
    above = wrapped(system, room, NOTE_SIZE)
    level = bottom + (len(lines) + len(above)) / 2 * line_height(NOTE_SIZE) + 0.05
    _write(axes, (plan.centre, level), above, NOTE_SIZE, fontweight="bold")


def _effects(arrow: Arrow, words: Words) -> list[str]:
    """Direct effect and spillover, each with an interval that does not break."""
    shown = (effect.text().replace(", ", f",{HARD_BLANK}") for effect in
             (arrow.direct, arrow.spillover))  # fmt: skip
    direct, spillover = shown
    return [words("direct {effect}", effect=direct), words("spillover {effect}", effect=spillover)]


def _arrow_lines(arrow: Arrow, words: Words) -> list[str]:
    """Lines over an arrow: each effect, its interval below."""
    lines = []
    for effect in _effects(arrow, words):
        head, interval = effect.split(" [")
        lines += [head, f"[{interval}"]
    return lines


def _arrow(
    axes: Axes,
    start: tuple[float, float],
    end: tuple[float, float],
    arrow: Arrow,
    words: Words,
    share: float,
) -> None:
    """An arrow with its effects written over it, some share of the way along."""
    from matplotlib.patches import FancyArrowPatch

    axes.add_patch(
        FancyArrowPatch(
            start, end, arrowstyle="-|>", mutation_scale=9, color=arrow.colour, linewidth=1.2,
            shrinkA=0, shrinkB=0, zorder=1,
        )
    )  # fmt: skip
    x, y = (a + share * (b - a) for a, b in zip(start, end, strict=True))
    white = {"facecolor": "white", "edgecolor": "none", "pad": 1.0}
    _write(axes, (x, y), _arrow_lines(arrow, words), NOTE_SIZE, zorder=3, bbox=white)


def _write(
    axes: Axes, place: tuple[float, float], lines: Sequence[str], size: float, **style: Any
) -> None:
    """Lines around a place."""
    axes.text(
        *place, "\n".join(lines), ha="center", va="center", fontsize=size, linespacing=1.15,
        color=TEXT_COLOUR, **{"zorder": 4, **style},
    )  # fmt: skip


def _box(axes: Axes, centre: tuple[float, float], width: float, height: float) -> None:
    from matplotlib.patches import FancyBboxPatch

    x, y = centre
    rounding = 0.05
    axes.add_patch(
        FancyBboxPatch(
            (x - width / 2 + rounding, y - height / 2 + rounding),
            width - 2 * rounding,
            height - 2 * rounding,
            boxstyle=f"round,pad={rounding}",
            facecolor=BOX_FACE,
            edgecolor=BOX_EDGE,
            linewidth=0.8,
            zorder=2,
        )
    )


def _handles(words: Words) -> list[Any]:
    """What the colours of the arrows say."""
    from matplotlib.lines import Line2D

    return [
        Line2D([], [], color=colour, linewidth=2, label=words(text))
        for colour, text in COLOUR_WORDS.items()
    ]
