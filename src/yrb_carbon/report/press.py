"""Figures on paper: drawn once a language, written in every format, without dates inside."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from yrb_carbon.errors import DataError, listing
from yrb_carbon.report.canvas import NothingToShowError, Page, reason_figure
from yrb_carbon.report.fonts import (
    LATIN_FONT,
    cjk_font,
    fonts,
    has_wide_text,
    missing_glyphs,
    no_font_reason,
    pdf_font_type,
    quiet_fonts,
)
from yrb_carbon.study.report import subfolder

if TYPE_CHECKING:
    from matplotlib.figure import Figure

log = logging.getLogger(__name__)

HASH_SALT = "yrb-carbon"
DPI = 300
PNG_EFFORT = 1
"""Of zlib: the usual 6 takes longer for files that are little smaller, and pages have their own."""
FORMATS = ("png", "svg", "pdf")
UNSAID = {"svg": ("Date", "Creator"), "pdf": ("CreationDate", "ModDate", "Creator", "Producer")}
"""What matplotlib would write of the day and of itself."""
LAYOUT_TABLES = ("GDEF", "GPOS", "GSUB")
"""Of fonts, for texts that are still to be laid out (OpenType 1.9)."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One figure in one language.

    Attributes
    ----------
    files : tuple of Path
    obstacle : str or None
        Why there is a sheet with a reason in its place.
    """

    files: tuple[Path, ...]
    obstacle: str | None = None


@dataclass(frozen=True, slots=True)
class Press:
    """Draws figures and writes them in the formats of a study.

    Attributes
    ----------
    folder : Path
        Of the English figures; other languages have a folder of their own inside.
    formats : tuple of {"png", "svg", "pdf"}
    dpi : int
        Of PNG.
    font : str or None
        The Chinese font; any of `CJK_FONTS` when None.
    """

    folder: Path
    formats: tuple[str, ...] = FORMATS
    dpi: int = DPI
    font: str | None = None

    def write(self, name: str, title: str, page: Page, draw: Callable[..., Figure]) -> Drawn:
        """Draw a figure once and write it in every format.

        Parameters
        ----------
        name : str
            Of the files.
        title : str
        page : Page
        draw : callable with keywords title and page
            Raises `NothingToShowError` where there is nothing to show; the files then say so, as
            they do where a character has no glyph in the fonts at hand.
        """
        folder = self.folder / subfolder(page.words.language)
        chinese = cjk_font(self.font)
        if page.words.language == "zh" and chinese is None:
            return self._refuse(folder / name, name, no_font_reason(self.font), page)
        families = [LATIN_FONT, *([chinese] if chinese else [])]
        obstacle = None
        with fonts(chinese), quiet_fonts():
            try:
                figure = draw(title=title, page=page)
            except NothingToShowError as error:
                obstacle = str(error)
                log.warning("%s: %s", name, obstacle)
                figure = reason_figure(page, title, obstacle)
            missing = missing_glyphs(figure, families)
            if missing:
                signs = " ".join(f"U+{ord(character):04X}" for character in missing)
                text = (
                    f"Not drawn: the fonts {listing(families)} have no glyph for {signs}. Name "
                    "another font as figures.chinese_font, or change the label."
                )
                return self._refuse(folder / name, name, text, page)
            kind = pdf_font_type(chinese if has_wide_text(figure) else None)
            files = save_figure(figure, folder / name, self.formats, dpi=self.dpi, pdf_fonts=kind)
        return Drawn(files, obstacle)

    def _refuse(self, stem: Path, name: str, reason: str, page: Page) -> Drawn:
        """A sheet in plain English in place of a figure that cannot be written."""
        log.warning("%s: %s", stem, reason)
        sheet = Page(width=page.width)
        with fonts(None):
            figure = reason_figure(sheet, name, reason)
            return Drawn(save_figure(figure, stem, self.formats, dpi=self.dpi), reason)


def save_figure(
    figure: Figure,
    stem: str | Path,
    formats: Sequence[str] = FORMATS,
    *,
    dpi: int = DPI,
    pdf_fonts: int = 42,
) -> tuple[Path, ...]:
    """Write a figure as `<stem>.<format>`, without dates or program versions inside.

    Parameters
    ----------
    figure : Figure
    stem : path
        Without suffix; the folder is made when absent.
    formats : sequence of {"png", "svg", "pdf"}
    dpi : int
        Dots per inch of PNG.
    pdf_fonts : {3, 42}
        See `pdf_font_type`.

    Returns
    -------
    tuple of Path

    Raises
    ------
    DataError
        If a format is unknown.
    """
    from matplotlib import rc_context

    unknown = [name for name in formats if name not in FORMATS]
    if unknown:
        raise DataError(f"figures are written as {listing(FORMATS)}, not as {listing(unknown)}")
    target = Path(stem)
    target.parent.mkdir(parents=True, exist_ok=True)
    written = []
    with (
        rc_context({"svg.hashsalt": HASH_SALT, "svg.fonttype": "path", "pdf.fonttype": pdf_fonts}),
        plain_embedded_fonts(),
    ):
        for name in formats:
            path = target.with_name(f"{target.name}.{name}")
            if name == "png":
                _save_picture(figure, path, dpi)
            else:
                figure.savefig(path, dpi=dpi, metadata=dict.fromkeys(UNSAID[name]))
            written.append(path)
    return tuple(written)


def _save_picture(figure: Figure, path: Path, dpi: int) -> None:
    """Write a figure as PNG: three channels, as paper is not to be seen through."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from PIL import Image

    before = figure.dpi
    figure.dpi = dpi
    try:
        canvas: Any = FigureCanvasAgg(figure)
        canvas.draw()
        picture = Image.fromarray(np.asarray(canvas.buffer_rgba())).convert("RGB")
        picture.save(path, format="PNG", dpi=(dpi, dpi), compress_level=PNG_EFFORT)
    finally:
        figure.dpi = before


@contextmanager
def plain_embedded_fonts() -> Iterator[None]:
    """PDF files written inside carry letters without the tables that lay out other texts.

    Each letter has its place already, so no reader opens those tables; to cut them down to the
    letters of a figure takes longer than to draw it.
    """
    from fontTools.subset import Options

    before = Options._drop_tables_default
    Options._drop_tables_default = [*before, *LAYOUT_TABLES]
    try:
        yield
    finally:
        Options._drop_tables_default = before
