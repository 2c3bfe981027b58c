"""What all figures share: the page, title and notes around the drawing, colours, legends.

Figures are made without pyplot, so nothing global is touched. Sizes are those of the printed page:
a figure as wide as a journal's column needs no scaling, and its letters are of the size said here.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from yrb_carbon.errors import DataError
from yrb_carbon.report.fonts import line_height, lines_height, text_width, wrapped
from yrb_carbon.report.language import Words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

MM_PER_INCH = 25.4

TITLE_SIZE, HEAD_SIZE, TEXT_SIZE, NOTE_SIZE = 9.0, 7.5, 6.5, 6.0
"""Points on paper: titles, headings of panels, labels and legends, notes."""
EDGE = 0.06
"""Free paper at the edges of a figure, inches."""

ABOVE_ZERO, BELOW_ZERO, AROUND_ZERO = "#0072B2", "#D55E00", "#8C8C8C"
"""Intervals above and below zero and those that hold it, in every figure of effects.

Okabe & Ito (2008): told apart by colour-blind readers.
"""
LEGEND_SIGN = 0.34
"""Inches of the sign of an entry of a legend and the room around it."""
LEGEND_STYLE: Mapping[str, Any] = {
    "frameon": False, "fontsize": TEXT_SIZE, "handlelength": 1.6, "columnspacing": 1.2,
    "labelspacing": 0.35, "borderaxespad": 0.0, "borderpad": 0.0,
}  # fmt: skip

TEXT_COLOUR, NOTE_COLOUR, RULE_COLOUR = "#111111", "#444444", "#999999"
NOTICE_COLOUR = "#B00000"


class NothingToShowError(DataError):
    """The table of a figure has no estimate of what it shows; the message is the reason."""


@dataclass(frozen=True, slots=True)
class Page:
    """The paper that a figure is drawn on.

    Attributes
    ----------
    words : Words
        Language of all texts.
    width : float
        Of the figure, inches.
    notice : str or None
        Caution written below every figure.
    has_title : bool
        Whether titles stand on the figures; journals often want them in the caption alone.
    """

    words: Words = field(default_factory=Words)
    width: float = 190 / MM_PER_INCH
    notice: str | None = None
    has_title: bool = True


@dataclass(frozen=True, slots=True)
class Layout:
    """Title above and notes below a figure; the body between them is the drawing's.

    Attributes
    ----------
    title, notes, notice : tuple of str
        Lines.
    width : float
        Inches.
    """

    title: tuple[str, ...]
    notes: tuple[str, ...]
    notice: tuple[str, ...]
    width: float

    @classmethod
    def of(cls, page: Page, title: str, notes: Iterable[str] = ()) -> Layout:
        """Break title, notes and notice into lines of the page."""
        room = page.width - 2 * EDGE
        return cls(
            title=tuple(wrapped(title, room, TITLE_SIZE)) if page.has_title else (),
            notes=tuple(line for note in notes for line in wrapped(note, room, NOTE_SIZE)),
            notice=tuple(wrapped(page.notice or "", room, NOTE_SIZE)),
            width=page.width,
        )

    @property
    def head(self) -> float:
        """Inches above the body."""
        return EDGE + lines_height(self.title, TITLE_SIZE) + (EDGE if self.title else 0.0)

    @property
    def foot(self) -> float:
        """Inches below the body."""
        return 2 * EDGE + lines_height((*self.notes, *self.notice), NOTE_SIZE)

    def figure(self, body: float) -> Figure:
        """A figure with a body of some height in inches, the texts written."""
        height = self.head + body + self.foot
        figure = blank_figure((self.width, height))
        if self.title:
            _write(figure, self.title, (self.width / 2, height - EDGE), TITLE_SIZE, ha="center")
        below = EDGE + lines_height(self.notice, NOTE_SIZE)
        top = below + lines_height(self.notes, NOTE_SIZE)
        _write(figure, self.notes, (EDGE, top), NOTE_SIZE, ha="left", color=NOTE_COLOUR)
        _write(
            figure, self.notice, (self.width / 2, below), NOTE_SIZE, ha="center",
            color=NOTICE_COLOUR,
        )  # fmt: skip
        return figure

    def axes(self, figure: Figure, box: tuple[float, float, float, float]) -> Axes:
        """Axes at left, bottom, width, height in inches from the lower left of the body."""
        wide, tall = figure.get_size_inches()
        left, bottom, width, height = box
        return figure.add_axes(
            (left / wide, (self.foot + bottom) / tall, width / wide, height / tall)
        )

    def text(self, figure: Figure, place: tuple[float, float], text: str, **style: Any) -> None:
        """Write at a place in inches from the lower left of the body."""
        wide, tall = figure.get_size_inches()
        figure.text(place[0] / wide, (self.foot + place[1]) / tall, text, **style)


def _write(
    figure: Figure, lines: Sequence[str], top: tuple[float, float], size: float, **style: Any
) -> None:
    """Write lines one below the other, the first one below a place in inches."""
    wide, tall = figure.get_size_inches()
    step = line_height(size)
    for number, line in enumerate(lines):
        level = top[1] - step * (number + 0.5)
        figure.text(top[0] / wide, level / tall, line, va="center_baseline", fontsize=size, **style)


def reason_figure(page: Page, title: str, reason: str) -> Figure:
    """A sheet with the title of a figure and why it is not there."""
    layout = Layout.of(page, title)
    lines = wrapped(reason, page.width - 4 * EDGE, HEAD_SIZE)
    height = lines_height(lines, HEAD_SIZE) + 4 * EDGE
    figure = layout.figure(height)
    top = layout.foot + height - 2 * EDGE
    _write(figure, lines, (page.width / 2, top), HEAD_SIZE, ha="center")
    return figure


def colour_of(lower: float, upper: float) -> str:
    """Colour of an effect: by the side of zero on which its whole interval lies."""
    if upper < 0:
        return BELOW_ZERO
    return ABOVE_ZERO if lower > 0 else AROUND_ZERO


def blank_figure(size: tuple[float, float]) -> Figure:
    """An empty figure with a canvas of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def legend_columns(handles: Sequence[Any], room: float) -> int:
    """Columns of a legend that fit some inches."""
    widest = max(text_width(str(handle.get_label()), TEXT_SIZE) for handle in handles)
    return max(1, min(len(handles), int(room / (widest + LEGEND_SIGN))))


def legend_height(handles: Sequence[Any], room: float) -> float:
    """Inches of a legend in as many columns as fit."""
    rows = -(-len(handles) // legend_columns(handles, room))
    return rows * line_height(TEXT_SIZE) + EDGE


def draw_legend(
    figure: Figure, layout: Layout, handles: Sequence[Any], bottom: float = 0.0
) -> None:
    """A legend over the whole width, from some inches of the body upwards."""
    room = layout.width - 2 * EDGE
    figure.legend(
        handles=list(handles), loc="lower center", ncols=legend_columns(handles, room),
        bbox_to_anchor=(0.5, (layout.foot + bottom) / figure.get_size_inches()[1]),
        **LEGEND_STYLE,
    )  # fmt: skip


def no_frame(axes: Axes, *kept: str) -> None:
    """Leave only the named sides of the frame, thin and grey."""
    for side, spine in axes.spines.items():
        spine.set_visible(side in kept)
        spine.set_color(RULE_COLOUR)
        spine.set_linewidth(0.6)
    axes.tick_params(labelsize=TEXT_SIZE, color=RULE_COLOUR, width=0.6, length=2.5, pad=2)


REACH_COLOURS: Mapping[str, str] = {"up": "#56B4E9", "mid": "#E69F00", "down": "#009E73"}
"""Okabe & Ito (2008)."""
GROUP_COLOURS = (
    "#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#B8A800", "#5B5B5B",
)  # fmt: skip
"""Of communities, areas and fuels; Okabe & Ito (2008), their yellow darkened for thin lines."""
OTHER_COLOUR = "#BDBDBD"
DARK = 0.5
"""Luminance below which letters on a colour are white."""


def three_digits(value: float) -> str:
    """A number in three significant digits, thousands parted."""
    digits = max(0, 2 - math.floor(math.log10(abs(value)))) if value else 0
    return f"{value:,.{digits}f}".replace("-", "−")


def letters_on(colour: str) -> str:
    """Black or white, whichever is easier to read on a colour."""
    from matplotlib.colors import to_rgb

    red, green, blue = to_rgb(colour)
    luminance = 0.299 * red + 0.587 * green + 0.114 * blue
    return "#FFFFFF" if luminance < DARK else TEXT_COLOUR
