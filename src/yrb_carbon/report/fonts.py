"""Letters of figures: widths and lines of texts, fonts with Chinese characters, missing glyphs."""

from __future__ import annotations

import logging
import re
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any
from unicodedata import east_asian_width

from yrb_carbon.errors import listing

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

POINTS_PER_INCH = 72.0
BOLD = 1.15
"""Width of bold letters, of that of plain ones."""
HINTED = 0.985
"""Share of the room that letters may take by their outlines: hinting widens them on pixels."""
ROUNDING = 1e-6
"""Inches: far below a dot, above the rounding of a sum of widths."""
LINE = 1.35
"""Distance of lines, of the size of the letters."""

CJK_FONTS = (
    "Noto Sans CJK SC", "Noto Sans SC", "Source Han Sans SC", "Source Han Sans CN",
    "WenQuanYi Micro Hei", "WenQuanYi Zen Hei", "Microsoft YaHei", "SimHei", "PingFang SC",
    "Heiti SC", "Sarasa Gothic SC", "Noto Sans CJK JP", "Droid Sans Fallback",
)  # fmt: skip
"""Fonts with the simplified characters, the best first."""
FONT_PACKAGES = ("fonts-noto-cjk", "fonts-wqy-zenhei")
"""Debian packages with one of them."""
TRUETYPE_MAXP = (1, 0)
"""Version of the table `maxp` in fonts of TrueType outlines; it is 0.5 in others (OpenType 1.9)."""
LATIN_FONT = "DejaVu Sans"
"""Comes with matplotlib, so that every machine draws the same letters."""

NO_BREAK_BEFORE = "，。；：、）》」”！？,.;:)%"
"""Marks that no line begins with."""
NO_BREAK_AFTER = "（《「“(["
"""Marks that no line ends with."""


def line_height(size: float) -> float:
    """Inches of a line of letters of some points."""
    return size * LINE / POINTS_PER_INCH


def lines_height(lines: Sequence[str], size: float) -> float:
    """Inches that lines take."""
    return len(lines) * line_height(size)


def text_width(text: str, size: float) -> float:
    """Inches that a text takes in the Latin font; Chinese characters are as wide as high."""
    return sum(map(_advance, text)) * size / POINTS_PER_INCH


@cache
def _advance(character: str) -> float:
    """Width of a character, of the size of the font."""
    if east_asian_width(character) in "WF":
        return 1.0
    glyph = _latin_face().load_char(ord(character), flags=_no_scale())
    return float(glyph.horiAdvance) / float(_latin_face().units_per_EM)


@cache
def _latin_face() -> Any:
    from matplotlib.font_manager import findfont, get_font

    return get_font(findfont(LATIN_FONT))


@cache
def _no_scale() -> Any:
    from matplotlib.ft2font import LoadFlags

    return LoadFlags.NO_SCALE


def room_for(texts: Iterable[str], size: float) -> float:
    """Inches in which `wrapped` leaves each of some texts on one line."""
    return max((text_width(text, size) for text in texts), default=0.0) / HINTED + ROUNDING


def wrapped(text: str, room: float, size: float) -> list[str]:
    """Lines of a text that fit some inches at some points.

    Latin words stay whole unless one alone is too long; Chinese breaks between any two
    characters, but for the marks that no line begins with. Blanks that do not break hold words
    together.
    """
    lines: list[str] = []
    line = ""
    for piece in _pieces(text):
        if line and text_width((line + piece).rstrip(), size) > HINTED * room:
            lines.append(line.rstrip())
            line = piece.lstrip()
        else:
            line += piece
    return [*lines, line.rstrip()] if line.strip() else lines


def _pieces(text: str) -> list[str]:
    """What a line may break between: words with the blank behind them, Chinese characters."""
    pieces: list[str] = []
    for character in re.sub(r"[ \n\t]+", " ", text):
        wide = east_asian_width(character) in "WF"
        glued = pieces and (
            character in NO_BREAK_BEFORE
            or pieces[-1][-1] in NO_BREAK_AFTER
            or (not wide and not pieces[-1].endswith(" ") and not _ends_wide(pieces[-1]))
        )
        if glued:
            pieces[-1] += character
        else:
            pieces.append(character)
    return pieces


def _ends_wide(piece: str) -> bool:
    return east_asian_width(piece[-1]) in "WF"


def cjk_font(wanted: str | None = None) -> str | None:
    """Name of an installed font with Chinese characters, or None.

    Parameters
    ----------
    wanted : str, optional
        The only font that will do; else the first one of `CJK_FONTS` that is there.
    """
    names = CJK_FONTS if wanted is None else (wanted,)
    found = _first_installed(names)
    if found is None and _find_new_fonts():
        found = _first_installed(names)
    return found


def _first_installed(names: Iterable[str]) -> str | None:
    from matplotlib.font_manager import fontManager

    installed = {font.name for font in fontManager.ttflist}
    return next((name for name in names if name in installed), None)


@cache
def _find_new_fonts() -> int:
    """Number of fonts installed since matplotlib last wrote its list of them."""
    from matplotlib.font_manager import findSystemFonts, fontManager

    known = {font.fname for font in fontManager.ttflist}
    new = [path for path in sorted(findSystemFonts()) if path not in known]
    for path in new:
        try:
            fontManager.addfont(path)
        except (RuntimeError, OSError) as fault:
            log.info("font %s cannot be read: %s", path, fault)
    return len(new)


def no_font_reason(wanted: str | None = None) -> str:
    """What to do where no font has the Chinese characters; English, as no other can be drawn."""
    if wanted is not None:
        return (
            f"The font {wanted!r} of figures.chinese_font is not installed. Install it, or leave "
            "the key out; then delete this folder and run again."
        )
    return (
        "Not drawn: no font with Chinese characters is installed. On Debian or Ubuntu install the "
        f"package {' or '.join(FONT_PACKAGES)}; elsewhere one of the fonts {listing(CJK_FONTS)}. "
        "Then delete this folder and run again."
    )


@contextmanager
def fonts(chinese: str | None) -> Iterator[None]:
    """Texts made inside are plain and fall back to a Chinese font; settings of others stay.

    Plain: labels come from configurations and files of data, where a dollar is a dollar and does
    not begin a formula.
    """
    from matplotlib import rc_context

    families = [LATIN_FONT, *([chinese] if chinese else [])]
    with rc_context({"font.family": families, "text.parse_math": False}):
        yield


def missing_glyphs(figure: Figure, families: Sequence[str]) -> list[str]:
    """Characters of a figure's texts that none of the fonts has, sorted."""
    from matplotlib.text import Text

    said = {
        character
        for text in figure.findobj(Text)
        for character in str(text.get_text())
        if not character.isspace()
    }
    known = frozenset[int]().union(*map(_glyphs_of, families))
    return sorted(character for character in said if ord(character) not in known)


@cache
def _glyphs_of(family: str) -> frozenset[int]:
    """Code points that a font can draw."""
    return frozenset(_face_of(family).get_charmap())


def _face_of(family: str) -> Any:
    from matplotlib.font_manager import findfont, get_font

    return get_font(findfont(family))


@contextmanager
def quiet_fonts() -> Iterator[None]:
    """Without a warning for each text whose weight the Chinese font does not have."""
    manager = logging.getLogger("matplotlib.font_manager")
    before = manager.level
    manager.setLevel(logging.ERROR)
    try:
        yield
    finally:
        manager.setLevel(before)


def has_wide_text(figure: Figure) -> bool:
    """Whether a figure has Chinese texts."""
    from matplotlib.text import Text

    return any(
        east_asian_width(character) in "WF"
        for text in figure.findobj(Text)
        for character in str(text.get_text())
    )


@cache
def pdf_font_type(chinese: str | None) -> int:
    """42 embeds TrueType outlines, as journals want it; 3 is for fonts of other outlines.

    matplotlib marks a font of PostScript outlines as TrueType when it is embedded as type 42.
    """
    if chinese is None:
        return 42
    version = _face_of(chinese).get_sfnt_table("maxp")["version"]
    return 42 if version == TRUETYPE_MAXP else 3
