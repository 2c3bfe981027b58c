"""Digest of the code behind a script, so that editing the package re-runs what depends on it.

Snakemake watches the script file of a rule, not the modules that it imports. Every rule carries
`code_digest(script)` among its parameters: a SHA-256 over the syntax trees of all modules of the
package that the script reaches through import statements, wherever they stand in a module.
Comments, blank lines and time stamps do not count.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import cache
from pathlib import Path

PACKAGE = "yrb_carbon"
PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
SCRIPTS_FOLDER = Path(__file__).resolve().parent / "scripts"


def module_file(module: str) -> Path | None:
    """File of a module of the package, or None when the name is not a module."""
    if module != PACKAGE and not module.startswith(PACKAGE + "."):
        return None
    stem = PACKAGE_FOLDER.joinpath(*module.split(".")[1:])
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@cache
def _parsed(path: Path) -> tuple[str, tuple[str, ...]]:
    """Digest of one file's syntax tree, and the dotted names that its imports may refer to."""
    tree = ast.parse(path.read_text(encoding="utf-8"), filename=str(path))
    package = _package_of(path)
    digest = hashlib.sha256(ast.dump(tree, include_attributes=False).encode()).hexdigest()
    names = set(_imported_names(tree, package))
    if path.name == "__init__.py":
        names |= {f"{package}.{text}" for text in _texts(tree)}
    return digest, tuple(sorted(names))


def _package_of(path: Path) -> str:
    if not path.is_relative_to(PACKAGE_FOLDER):
        return ""
    return ".".join((PACKAGE, *path.relative_to(PACKAGE_FOLDER).parent.parts))


def _imported_names(tree: ast.AST, package: str) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join((*parents, base)) if base else ".".join(parents)
            yield base
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _texts(tree: ast.AST) -> Iterator[str]:
    """Texts of a package's own file: a registry names modules so, to import them when needed."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _with_parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    for stop in range(1, len(parts) + 1):
        yield ".".join(parts[:stop])


def import_closure(script: Path) -> tuple[Path, ...]:
    """All files of the package that a script reaches through imports, itself first.

    Parameters
    ----------
    script : Path
        A Python file.

    Returns
    -------
    tuple of Path: the script, then the modules in alphabetical order.
    """
    found: set[Path] = set()
    waiting = [script]
    while waiting:
        for name in _parsed(waiting.pop())[1]:
            for module in _with_parents(name):
                path = module_file(module)
                if path is not None and path not in found:
                    found.add(path)
                    waiting.append(path)
    return (script, *sorted(found))


def code_digest(script: str) -> str:
    """Digest of a workflow script and of every module of the package that it reaches.

    Parameters
    ----------
    script : str
        File name below `workflow/scripts`.

    Returns
    -------
    str, hexadecimal SHA-256; it changes when the code does, not when files are touched.
    """
    digest = hashlib.sha256()
    for path in import_closure(SCRIPTS_FOLDER / script):
        digest.update(f"{path.name}:{_parsed(path)[0]}\n".encode())
    return digest.hexdigest()
