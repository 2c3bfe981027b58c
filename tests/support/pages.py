"""Blocks of code of the pages, and what the pages say about running them.

A comment right above a block says how it is tested; without one, sh, python and r run as written:

    <!-- file: PATH -->          the block is the content of this file
    <!-- dry run: REASON -->     a command of the workflow runs with --dry-run, `make` with -n
    <!-- not run: REASON -->     it is not run
    <!-- fails -->               it ends with an exit code other than 0
"""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass
from pathlib import Path

BLOCK = re.compile(
    r"(?:^[ ]*<!-- (?P<mark>[a-z ]+?)(?:: (?P<text>.+?))? -->\n)?"
    r"^(?P<indent>[ ]*)```(?P<language>[a-z]*)[^\n]*\n(?P<body>.*?)^(?P=indent)```[ ]*$",
    re.MULTILINE | re.DOTALL,
)
MARKS = ("file", "dry run", "not run", "fails")
RUNNABLE = ("sh", "python", "r", "stata")


@dataclass(frozen=True, slots=True)
class Block:
    """One block of code.

    Attributes
    ----------
    page : str
    line : int
        Of its fence, from 1.
    language, body : str
    mark, text : str or None
        What the comment above it says.
    """

    page: str
    line: int
    language: str
    body: str
    mark: str | None
    text: str | None

    @property
    def place(self) -> str:
        return f"{self.page}:{self.line}"


def blocks_of(page: Path, name: str) -> list[Block]:
    """All blocks of a page, in order."""
    text = page.read_text(encoding="utf-8")
    return [
        Block(
            page=name,
            line=text.count("\n", 0, match.start("indent")) + 1,
            language=match["language"],
            body=textwrap.dedent(match["body"]),
            mark=match["mark"],
            text=match["text"],
        )
        for match in BLOCK.finditer(text)
    ]
