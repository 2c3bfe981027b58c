"""Widths of the columns of a printed table, in characters of a line.

A Chinese character counts two: it is as wide as type is high, others about half of that.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import pandas as pd

from yrb_carbon.report.grid import headings, is_common, is_numeric, rows_of

GAP = 2
"""Characters between two columns, part of the width of each."""

COMFORTABLE = 20
"""Texts of tables over pages are broken into lines of so many characters before intervals are
broken after their comma; where that is not enough, texts are broken after every word."""

WIDE = ("W", "F")
"""Classes of the Unicode property East_Asian_Width whose characters count two."""

CHINESE = r"\u2e80-\u9fff\uf900-\ufaff\uff00-\uffef"
OPENING, CLOSING = "（“《", "）”》，。；：、"
PIECES = re.compile(f"[{OPENING}]*(?:[{CHINESE}]|[^\\s{CHINESE}]+)[{CLOSING}]*")
"""What no line break divides: a Chinese character, and all others between blanks and these; no
line begins with a closing mark or ends with an opening one."""

WORDS = re.compile(f"(\\s*)([{OPENING}]*[^\\s{OPENING}]+)")
"""Words of a heading with the blanks before each; a bracket begins another."""

LEAST_LINE = 8
"""Chinese is not broken into lines of fewer characters."""


def text_width(text: str) -> int:
    """Width of a text in characters."""
    if text.isascii():
        return len(text)
    return sum(1 + (unicodedata.east_asian_width(character) in WIDE) for character in text)


def unbroken_width(text: str) -> int:
    """Width of the widest part of a text that is never broken."""
    return max(map(text_width, PIECES.findall(text)), default=0)


def heading_lines(head: str, room: int) -> list[str]:
    """A heading in lines of at most so many characters, as far as its parts let it be.

    Lines end between words, or before a bracket. Chinese words that are wider are parted into
    lines of about one length.
    """
    lines = [""]
    for blank, word in WORDS.findall(head):
        longer = f"{lines[-1]}{blank}{word}".lstrip()
        if text_width(longer) <= room:
            lines[-1] = longer
        else:
            lines += _parted(word, room)
    return [line for line in lines if line] or [""]


def _parted(word: str, room: int) -> list[str]:
    """A word in lines of about one length, none wider than `room` as far as its parts allow."""
    width = text_width(word)
    # one more, as a Chinese character counts two
    even = min(room, 1 + math.ceil(width / math.ceil(width / max(1, room))))
    lines = [""]
    for piece in PIECES.findall(word):
        if lines[-1] and text_width(f"{lines[-1]}{piece}") > even:
            lines.append("")
        lines[-1] += piece
    return lines


def heading_room(head: str, cells: Sequence[str]) -> int:
    """Characters of a line of a heading over numbers: the width of these, where it is enough."""
    return max(_least_room(head), max(map(text_width, cells), default=0))


def _least_room(head: str) -> int:
    """Characters that a line of a text needs at least."""
    least = LEAST_LINE if re.search(f"[{CHINESE}]", head) else 0
    return max(unbroken_width(head), min(text_width(head), least))


def natural_widths(body: pd.DataFrame) -> list[int]:
    """Width of each column in characters, headings over numbers in lines as wide as these."""
    heads, _ = headings([str(head) for head in body.columns])
    widths = []
    for head, cells in zip(heads, own_columns(body), strict=True):
        lines = heading_lines(head, heading_room(head, cells)) if is_numeric(cells) else [head]
        widths.append(GAP + max(map(text_width, (*lines, *cells)), default=0))
    return widths


@dataclass(frozen=True, slots=True)
class Breaks:
    """How narrow the columns of a table can be.

    Attributes
    ----------
    texts, numbers : mapping
        Place of a column -> its width in characters when it is broken wherever it can be.
    """

    texts: Mapping[int, int]
    numbers: Mapping[int, int]

    @classmethod
    def of(cls, body: pd.DataFrame) -> Breaks:
        """Those of the texts and headings of a table."""
        columns = own_columns(body)
        heads, _ = headings([str(head) for head in body.columns])
        least = [
            GAP + max(map(_least_room, {head, *cells}))
            for head, cells in zip(heads, columns, strict=True)
        ]
        numeric = [is_numeric(cells) for cells in columns]
        return cls(
            texts={place: own for place, own in enumerate(least) if not numeric[place]},
            numbers={place: own for place, own in enumerate(least) if numeric[place]},
        )

    def fitted(self, widths: Sequence[int], line: int) -> list[int]:
        """Widths of the columns when texts, then intervals are broken so that a row fits a line."""
        fitted = list(widths)
        comfortable = {place: max(COMFORTABLE, own) for place, own in self.texts.items()}
        _narrow(fitted, comfortable, line)
        if sum(fitted) > line:
            for place, own in self.numbers.items():
                fitted[place] = min(fitted[place], own)
        _narrow(fitted, self.texts, line)
        return fitted


def _narrow(widths: list[int], least: Mapping[int, int], line: int) -> None:
    """Take from the widest of some columns, one character after the other, until a row fits."""
    while sum(widths) > line:
        above = [place for place, own in least.items() if widths[place] > own]
        if not above:
            return
        widths[max(above, key=lambda place: widths[place])] -= 1


def own_columns(body: pd.DataFrame) -> list[tuple[str, ...]]:
    """Texts of each column, but those of rows that say one text of all columns."""
    rows = [row for row in rows_of(body) if not is_common(row)]
    return list(zip(*rows, strict=True)) or [()] * body.shape[1]
