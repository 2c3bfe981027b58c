"""What all figures share: an empty sheet, fonts, the notice below, files without dates.

Figures are made without pyplot, so nothing global is touched, and saved without dates: equal
inputs give equal files.
"""

from __future__ import annotations

import logging
import textwrap
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from yrb_carbon.errors import DataError, listing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

Language = Literal["en", "zh"]

log = logging.getLogger(__name__)

HASH_SALT = "yrb-carbon"
DPI = 200

CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Heiti SC", "Sarasa Gothic SC", "Droid Sans Fallback",
)  # fmt: skip

ABOVE_ZERO, BELOW_ZERO, AROUND_ZERO = "#0072B2", "#D55E00", "#8C8C8C"
"""Intervals above and below zero and those that hold it, in every figure of effects.

Okabe & Ito (2008): told apart by colour-blind readers.
"""
NOTICE_COLOUR = "#B00000"
NOTICE_LINE = 0.17
"""Height of a line of the notice, inches."""
NOTICE_CHARACTERS_PER_INCH = 14
WIDE_CHARACTER = 2
"""Chinese characters, of Latin letters."""
REASON_WIDTH, REASON_LINE = 8.0, 0.22
"""Inches of the sheet that says why there is no figure, and of a line on it."""


class NothingToShowError(DataError):
    """The table of a figure has no estimate of what it shows; the message is the reason."""


def draw_unless_empty(
    draw: Callable[[], Figure], *, title: str, notice: str | None, language: Language = "en"
) -> Figure:
    """The figure, or, where there is nothing to show, a sheet with its title and the reason.

    Parameters
    ----------
    draw : callable without arguments
        Raises `NothingToShowError` where there is nothing to show.
    title, notice, language
        Of the figure.
    """
    try:
        return draw()
    except NothingToShowError as obstacle:
        log.warning("%s: %s", title, obstacle)
        reason = str(obstacle)
    spoken = usable_language(language)
    with fonts(spoken):
        lines = wrapped(reason, REASON_WIDTH, 1 if spoken == "en" else WIDE_CHARACTER)
        height = 1.1 + REASON_LINE * len(lines) + notice_height(notice, REASON_WIDTH)
        figure = blank_figure((REASON_WIDTH, height))
        figure.text(0.5, 1 - 0.3 / height, title, ha="center", va="center", fontsize=12)
        figure.text(
            0.5, 1 - 0.6 / height, "\n".join(lines), ha="center", va="top", fontsize=10,
            linespacing=1.4,
        )  # fmt: skip
        sign(figure, notice)
    return figure


def colour_of(lower: float, upper: float) -> str:
    """Colour of an effect: by the side of zero on which its whole interval lies."""
    if upper < 0:
        return BELOW_ZERO
    return ABOVE_ZERO if lower > 0 else AROUND_ZERO


def usable_language(wanted: Language) -> Language:
    """Language that figures can be written in: Chinese only with a font that has the characters.

    Without such a font a warning says which fonts would do, and English is used.
    """
    if wanted == "en" or cjk_font() is not None:
        return wanted
    log.warning(
        "no Chinese font found: figures are labelled in English. Install one of %s",
        ", ".join(CJK_FONTS),
    )
    return "en"


def cjk_font() -> str | None:
    """Name of an installed font with Chinese characters, or None."""
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in CJK_FONTS if name in installed), None)


def save_figure(
    figure: Figure, stem: str | Path, formats: Sequence[str] = ("png", "svg")
) -> tuple[Path, ...]:
    """Write a figure as `<stem>.<format>`, without dates or program versions inside.

    Parameters
    ----------
    figure : Figure
    stem : path
        Without suffix; the folder is made when absent.
    formats : sequence of {"png", "svg", "pdf"}

    Returns
    -------
    tuple of Path

    Raises
    ------
    DataError
        If a format is unknown.
    """
    from matplotlib import rc_context

    metadata: dict[str, dict[str, Any]] = {
        "png": {"Software": None},
        "svg": {"Date": None, "Creator": None},
        "pdf": {"CreationDate": None, "ModDate": None, "Creator": None, "Producer": None},
    }
    unknown = [name for name in formats if name not in metadata]
    if unknown:
        raise DataError(f"figures are written as {listing(metadata)}, not as {listing(unknown)}")
    target = Path(stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path"}):
        for name in formats:
            path = target.with_name(f"{target.name}.{name}")
            figure.savefig(path, dpi=DPI, metadata=metadata[name])
            written.append(path)
    return tuple(written)


def relative_box(
    box: tuple[float, float, float, float], width: float, height: float
) -> tuple[float, float, float, float]:
    """Inches to shares of the figure."""
    left, bottom, wide, tall = box
    return left / width, bottom / height, wide / width, tall / height


@contextmanager
def fonts(language: Language) -> Iterator[None]:
    """Texts made inside fall back to a Chinese font; the settings of others stay as they are."""
    from matplotlib import rc_context, rcParams

    font = cjk_font() if language == "zh" else None
    families = [*rcParams["font.sans-serif"][:1], font] if font else rcParams["font.family"]
    with rc_context({"font.family": families}):
        yield


def blank_figure(size: tuple[float, float]) -> Figure:
    """An empty figure with a canvas of its own."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=size, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def wrapped(notice: str, width: float, letter: float = 1.0) -> list[str]:
    """Lines of a notice that fit a figure of a width in inches; `letter` is the size of one."""
    return textwrap.wrap(notice, max(20, int(width * NOTICE_CHARACTERS_PER_INCH / letter)))


def notice_height(notice: str | None, width: float) -> float:
    """Inches that the notice takes below a figure of a width in inches."""
    return 0.0 if not notice else NOTICE_LINE * len(wrapped(notice, width)) + 0.08


def sign(figure: Figure, notice: str | None) -> None:
    """Draw the notice below the maps."""
    if notice:
        width, height = figure.get_size_inches()
        figure.text(
            0.5,
            0.05 / height,
            "\n".join(wrapped(notice, width)),
            ha="center",
            va="bottom",
            fontsize=9,
            style="italic",
            color=NOTICE_COLOUR,
        )
