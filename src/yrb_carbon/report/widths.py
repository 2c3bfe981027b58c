"""Widths of the columns of a printed table, in characters of a line.

A Chinese character counts two: it is as wide as type is high, others about half of that.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence

import pandas as pd

from yrb_carbon.report.grid import columns_of, headings, is_common, is_numeric

GAP = 2
"""Characters between two columns, part of the width of each."""

COMFORTABLE = 20
"""Texts of tables over pages are broken into lines of so many characters before intervals are
broken after their comma; where that is not enough, texts are broken after every word."""

WIDE = ("W", "F")
"""Classes of the Unicode property East_Asian_Width whose characters count two."""

CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
PIECES = re.compile(f"[{CHINESE}]|[^\\s{CHINESE}]+")
"""What no line break divides: a Chinese character, and all others between blanks and these."""


def text_width(text: str) -> int:
    """Width of a text in characters."""
    return sum(1 + (unicodedata.east_asian_width(character) in WIDE) for character in text)


def unbroken_width(text: str) -> int:
    """Width of the widest part of a text that is never broken."""
    return max(map(text_width, PIECES.findall(text)), default=0)


def natural_widths(body: pd.DataFrame) -> list[int]:
    """Width of each column in characters, headings over numbers stacked word by word."""
    heads, _ = headings([str(head) for head in body.columns])
    widths = []
    for head, cells in zip(heads, columns_of(without_common(body)), strict=True):
        words = head.split() if is_numeric(cells) else [head]
        widths.append(GAP + max(map(text_width, (*words, *cells)), default=0))
    return widths


def fitted_widths(body: pd.DataFrame, widths: Sequence[int], line: int) -> list[int]:
    """Widths of the columns when texts, then intervals are broken so that a row fits a line."""
    fitted = list(widths)
    columns = columns_of(without_common(body))
    heads, _ = headings([str(head) for head in body.columns])
    words = [
        GAP + max(map(unbroken_width, (head, *cells)), default=0)
        for head, cells in zip(heads, columns, strict=True)
    ]
    texts = [place for place, cells in enumerate(columns) if not is_numeric(cells)]
    _narrow(fitted, {place: max(COMFORTABLE, words[place]) for place in texts}, line)
    if sum(fitted) > line:
        for place in set(range(len(columns))) - set(texts):
            fitted[place] = min(fitted[place], words[place])
    _narrow(fitted, {place: words[place] for place in texts}, line)
    return fitted


def _narrow(widths: list[int], least: Mapping[int, int], line: int) -> None:
    """Take from the widest of some columns, one character after the other, until a row fits."""
    while sum(widths) > line:
        above = [place for place, own in least.items() if widths[place] > own]
        if not above:
            return
        widths[max(above, key=lambda place: widths[place])] -= 1


def without_common(body: pd.DataFrame) -> pd.DataFrame:
    """The rows but those that say one text of all columns."""
    rows = [row for row in body.itertuples(index=False, name=None) if not is_common(row)]
    return pd.DataFrame(rows, columns=body.columns)
