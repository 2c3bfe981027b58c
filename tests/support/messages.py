"""Message ids of the report: what the source says through words, and what the catalogue holds."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import yrb_carbon

PACKAGE = Path(yrb_carbon.__file__).parent
SPEAKERS = frozenset({"words", "message", "say"})
"""Names of what a text is handed to that is to be said in a language."""
IN_TEMPLATES = re.compile(r'\bwords\(\s*"((?:[^"\\]|\\.)*)"')


def is_spoken(node: ast.AST) -> bool:
    """Whether a node of the syntax tree hands a text to words."""
    if not isinstance(node, ast.Call) or not node.args:
        return False
    # `Words(language)(text)` says a text without a name between
    called = node.func.func if isinstance(node.func, ast.Call) else node.func
    name = getattr(called, "id", getattr(called, "attr", ""))
    return name == "Words" if called is not node.func else name in SPEAKERS


@cache
def spoken() -> tuple[tuple[Path, ast.expr], ...]:
    """First arguments of all such calls of the package, each with its file."""
    return tuple(
        (path, node.args[0])
        for path in sorted(PACKAGE.rglob("*.py"))
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.Call) and is_spoken(node)
    )


def texts_of(node: ast.expr) -> Iterator[str]:
    """Texts that an argument can be: itself, or those of a choice between two."""
    if isinstance(node, ast.IfExp):
        yield from texts_of(node.body)
        yield from texts_of(node.orelse)
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value


def composed(node: ast.expr) -> bool:
    """Whether a message is put together where it is said, so that no catalogue can know it."""
    if isinstance(node, ast.IfExp):
        return composed(node.body) or composed(node.orelse)
    made = isinstance(node, ast.JoinedStr | ast.BinOp)
    called = isinstance(node, ast.Call) and getattr(node.func, "attr", "") in ("format", "join")
    return made or called


def source_messages() -> set[str]:
    """Message ids of the package: of its modules and of its templates."""
    found = {text for _, node in spoken() for text in texts_of(node)}
    for path in PACKAGE.rglob("*.j2"):
        texts = IN_TEMPLATES.findall(path.read_text(encoding="utf-8"))
        found |= {text.replace('\\"', '"') for text in texts}
    return found
