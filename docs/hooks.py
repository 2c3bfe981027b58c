"""Hooks of mkdocs: formulas become MathML when the pages are built, so that none needs a script."""

from __future__ import annotations

import html
import re
from typing import Any

from latex2mathml.converter import convert

INLINE = r"\\\((?P<inline>.*?)\\\)"
BLOCK = r"\\\[(?P<block>.*?)\\\]"
ARITHMATEX = re.compile(
    rf'<(?P<tag>span|div) class="arithmatex">(?:{INLINE}|{BLOCK})</(?P=tag)>', re.DOTALL
)


def to_mathml(match: re.Match[str]) -> str:
    """Turn one formula, as pymdownx.arithmatex leaves it, into a MathML element."""
    latex = match["inline"] if match["inline"] is not None else match["block"]
    display = "inline" if match["inline"] is not None else "block"
    tag = match["tag"]
    mathml = convert(html.unescape(latex).strip(), display=display)
    return f'<{tag} class="math">{mathml}</{tag}>'


def on_page_content(content: str, **_: Any) -> str:
    """Replace the formulas of a page."""
    return ARITHMATEX.sub(to_mathml, content)
