"""Tables in Markdown."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def markdown_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """A table with one heading a column, and an end of line after it.

    Parameters
    ----------
    heads : sequence of str
    rows : iterable of sequences of str
        Cells; a cell in backquotes is code.
    """
    lines = [heads, ["---"] * len(heads), *rows]
    return "\n".join(f"| {' | '.join(map(_cell, line))} |" for line in lines) + "\n"


def _cell(text: str) -> str:
    # a bar ends a cell, an angle bracket begins a tag, unless in backquotes
    text = text.replace("|", "\\|").replace("\n", " ")
    return text if text.startswith("`") else text.replace("<", "&lt;")
