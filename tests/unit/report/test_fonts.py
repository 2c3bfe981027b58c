"""Letters of figures: lines that fit, fonts with Chinese characters, never an empty box."""

from __future__ import annotations

import io
import logging
import re
import zlib
from pathlib import Path

import numpy as np
import pytest
from babel.messages.pofile import read_po
from chinese_font import needs_chinese_font
from figure_texts import said, texts
from fontTools.subset import Options
from fontTools.ttLib import TTFont
from PIL import Image

from yrb_carbon.report import fonts, press
from yrb_carbon.report.canvas import Page, blank_figure
from yrb_carbon.report.fonts import (
    CJK_FONTS,
    FONT_PACKAGES,
    HINTED,
    LATIN_FONT,
    cjk_font,
    missing_glyphs,
    pdf_font_type,
    room_for,
    text_width,
    wrapped,
)
from yrb_carbon.report.language import CATALOGUES, Words
from yrb_carbon.report.press import DPI, LAYOUT_TABLES, Press, plain_embedded_fonts
from yrb_carbon.study.load import load_study
from yrb_carbon.study.units import load_units

ROOT = Path(__file__).parents[3]
ENGLISH, CHINESE = Page(), Page(words=Words("zh"))
TRUETYPE = b"\x00\x01\x00\x00"
"""What fonts of TrueType outlines begin with."""
CLOSE = 1 - HINTED
"""What hinting may add at the resolution of the files, of a width."""


def sheet(text: str):
    """Draws a figure with one text."""

    def draw(*, title: str, page: Page):
        figure = blank_figure((page.width, 1.0))
        figure.text(0.5, 0.5, f"{title} {text}")
        return figure

    return draw


def kept(monkeypatch: pytest.MonkeyPatch) -> list:
    """Figures that would be written, and with what options."""
    found: list = []

    def keep(figure, stem, formats, **options):
        found.append((figure, stem, options))
        return (stem,)

    monkeypatch.setattr(press, "save_figure", keep)
    return found


@pytest.mark.parametrize("size", [6.0, 9.0])
def test_widths_of_texts_are_those_of_the_drawing(size):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    figure = blank_figure((8.0, 1.0))
    figure.set_dpi(DPI)
    drawn = figure.text(0.0, 0.5, "Moran's I = −0.123*** [0.5, 1.25]", fontsize=size)
    box = drawn.get_window_extent(FigureCanvasAgg(figure).get_renderer())
    assert text_width(drawn.get_text(), size) == pytest.approx(box.width / figure.dpi, rel=CLOSE)
    assert text_width("碳平衡", size) == pytest.approx(3 * size / 72)


def test_lines_fit_and_lose_nothing():
    text = "Effects of one unit more of mining agglomeration on the carbon balance " * 3
    lines = wrapped(text, 2.0, 6.0)
    assert len(lines) > 3
    assert max(text_width(line, 6.0) for line in lines) <= 2.0
    assert " ".join(lines) == text.strip()
    assert wrapped("", 2.0, 6.0) == []
    assert wrapped("Unbreakable" * 9, 0.5, 6.0) == ["Unbreakable" * 9]


def test_the_room_for_texts_leaves_them_on_one_line():
    for names in (["a b c", "上游、全交互"], ["Transition, full interaction"]):
        room = room_for(names, 6.5)
        assert [wrapped(name, room, 6.5) for name in names] == [[name] for name in names]
        longest = max(names, key=lambda name: text_width(name, 6.5))
        assert len(wrapped(longest, 0.97 * room, 6.5)) == 2
    assert room_for([], 6.5) < CLOSE


def test_chinese_breaks_between_characters_but_not_before_marks():
    text = "箭头：单个方程内每增加一单位（年）的平均直接效应与溢出效应；框内：经该中介的效应。"
    for room in np.linspace(0.3, 2.0, 40):
        lines = wrapped(text, float(room), 6.0)
        assert "".join(lines) == text
        assert not any(line[0] in "：；。）" or line[-1] == "（" for line in lines)


def test_blanks_that_do_not_break_hold_an_interval_together():
    text = "direct 0.123 [0.100,\u00a00.200]"
    assert "[0.100,\u00a00.200]" in wrapped(text, 0.7, 6.0)


@needs_chinese_font
def test_every_character_of_every_chinese_text_is_in_the_font():
    with (CATALOGUES / "zh.po").open("rb") as handle:
        catalogue = {str(entry.string) for entry in read_po(handle, locale="zh") if entry.id}
    study = load_study([ROOT / "config.yaml"])
    labels = {v.label.zh for v in study.variables.values() if v.label is not None}
    units = load_units().frame
    names = {*units["name_short_zh"], *units["province_zh"]}
    font = cjk_font()
    assert font is not None
    figure = blank_figure((1.0, 1.0))
    figure.text(0, 0, "".join(sorted(catalogue | labels | names)))
    assert missing_glyphs(figure, [LATIN_FONT, font]) == []


@needs_chinese_font
def test_a_character_without_a_glyph_is_named_on_a_sheet_in_place_of_the_figure(
    monkeypatch, caplog, tmp_path
):
    found = kept(monkeypatch)
    private = "\ue123"
    with caplog.at_level(logging.WARNING):
        drawn = Press(tmp_path).write("F1", "Title", CHINESE, sheet(private))
    assert drawn.obstacle is not None
    assert "no glyph for U+E123" in drawn.obstacle
    assert "U+E123" in caplog.text
    ((figure, stem, _),) = found
    assert stem == tmp_path / "zh" / "F1"
    assert "no glyph for U+E123" in said(figure)
    assert private not in said(figure)
    assert missing_glyphs(figure, [LATIN_FONT]) == []


def test_without_a_font_chinese_figures_say_what_to_install(monkeypatch, caplog, tmp_path):
    monkeypatch.setattr(fonts, "CJK_FONTS", ())
    assert cjk_font() is None
    found = kept(monkeypatch)
    with caplog.at_level(logging.WARNING):
        chinese = Press(tmp_path).write("F1", "标题", CHINESE, sheet("text"))
        english = Press(tmp_path).write("F1", "Title", ENGLISH, sheet("text"))
    assert english.obstacle is None
    assert chinese.obstacle is not None
    for package in FONT_PACKAGES:
        assert package in chinese.obstacle
        assert package in caplog.text
    (first, _, _), (second, _, _) = found
    assert all(package in said(first) for package in FONT_PACKAGES)
    assert missing_glyphs(first, [LATIN_FONT]) == []
    assert "Title text" in texts(second)


def test_a_font_that_was_named_and_is_not_there_is_told(monkeypatch, tmp_path):
    kept(monkeypatch)
    drawn = Press(tmp_path, font="No Such Font").write("F1", "标题", CHINESE, sheet(""))
    assert drawn.obstacle is not None
    assert "'No Such Font'" in drawn.obstacle


def test_a_font_installed_after_the_list_was_written_is_found(monkeypatch):
    from matplotlib.font_manager import findfont, fontManager

    path = str(findfont(LATIN_FONT))
    without = [font for font in fontManager.ttflist if font.name != LATIN_FONT]
    monkeypatch.setattr(fontManager, "ttflist", without)
    monkeypatch.setattr("matplotlib.font_manager.findSystemFonts", lambda: [path])
    fonts._find_new_fonts.cache_clear()
    try:
        assert cjk_font(LATIN_FONT) == LATIN_FONT
    finally:
        fonts._find_new_fonts.cache_clear()


def test_the_list_of_fonts_has_those_of_the_debian_packages():
    assert {"Noto Sans CJK SC", "WenQuanYi Zen Hei"} <= set(CJK_FONTS)


def test_settings_of_others_stay_as_they_are(monkeypatch, tmp_path):
    from matplotlib import rcParams

    before = {key: rcParams[key] for key in ("font.family", "pdf.fonttype", "svg.fonttype")}
    Press(tmp_path, dpi=50).write("F1", "Title", ENGLISH, sheet("text"))
    assert {key: rcParams[key] for key in before} == before


def fonts_in(pdf: Path) -> set[bytes]:
    """Types of the fonts in a PDF, read off its objects."""
    content = pdf.read_bytes()
    return {kind for kind in (b"/Type3", b"/CIDFontType2", b"/CIDFontType0") if kind in content}


def test_english_pdf_files_have_truetype_outlines(tmp_path):
    drawn = Press(tmp_path, ("pdf",)).write("F1", "Title", ENGLISH, sheet("text"))
    assert fonts_in(drawn.files[0]) == {b"/CIDFontType2"}
    assert pdf_font_type(None) == 42
    assert pdf_font_type(LATIN_FONT) == 42


def embedded_fonts(pdf: Path) -> list[TTFont]:
    """Fonts of TrueType outlines in a PDF."""
    streams = re.findall(rb"stream\r?\n(.*?)\r?\nendstream", pdf.read_bytes(), re.DOTALL)
    unpacked = [zlib.decompress(stream) for stream in streams]
    return [TTFont(io.BytesIO(data)) for data in unpacked if data.startswith(TRUETYPE)]


def test_embedded_fonts_have_letters_and_no_tables_for_other_texts(tmp_path):
    drawn = Press(tmp_path, ("pdf",)).write("F1", "Title", ENGLISH, sheet("text"))
    (font,) = embedded_fonts(drawn.files[0])
    assert not set(LAYOUT_TABLES) & set(font.keys())
    assert {"T", "i", "t", "l", "e", "x"} <= set(font.getGlyphNames())


def test_fonts_of_other_programs_are_cut_down_as_before():
    before = list(Options().drop_tables)
    with plain_embedded_fonts():
        assert set(LAYOUT_TABLES) <= set(Options().drop_tables)
    with pytest.raises(RuntimeError, match="torn"), plain_embedded_fonts():
        raise RuntimeError("torn")
    assert Options().drop_tables == before


def test_pictures_have_the_dots_and_the_size_that_are_asked_for(tmp_path):
    drawn = Press(tmp_path, ("png",), dpi=200).write("F1", "Title", ENGLISH, sheet("text"))
    with Image.open(drawn.files[0]) as picture:
        assert picture.mode == "RGB"
        assert picture.width == int(200 * ENGLISH.width)
        assert picture.info["dpi"] == pytest.approx((200, 200), abs=0.1)
        assert picture.getpixel((0, 0)) == (255, 255, 255)
        assert "Software" not in picture.info


@needs_chinese_font
def test_chinese_pdf_files_have_outlines_that_fit_their_type(tmp_path):
    drawn = Press(tmp_path, ("pdf",)).write("F1", "标题", CHINESE, sheet("碳平衡"))
    kind = pdf_font_type(cjk_font())
    assert fonts_in(drawn.files[0]) == ({b"/CIDFontType2"} if kind == 42 else {b"/Type3"})


@needs_chinese_font
@pytest.mark.parametrize("kind", ["png", "svg", "pdf"])
def test_chinese_files_are_the_same_bytes_again(tmp_path, kind):
    files = [
        Press(tmp_path / name, (kind,), dpi=72).write("F1", "标题", CHINESE, sheet("碳平衡"))
        for name in ("a", "b")
    ]
    one, other = (drawn.files[0].read_bytes() for drawn in files)
    assert one == other
