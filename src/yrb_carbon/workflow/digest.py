"""Digest of the code behind a script, so that editing the package re-runs what depends on it.

Snakemake watches the script file of a rule, not the modules that it imports. Every rule carries
`code_digest(script)` among its parameters: a SHA-256 over the syntax trees of all modules of the
package that the script reaches through import statements, wherever they stand in a module, and
over the catalogues of texts beside them. Comments, blank lines and time stamps do not count.

To parse all modules takes longer than the rest of planning. What was found in them is kept in the
folder of snakemake, by the digest of their bytes: a file that is not known there is parsed.
"""

from __future__ import annotations

import ast
import hashlib
import json
import logging
import os
import sys
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cache
from pathlib import Path

from yrb_carbon.provenance import sha256_of

log = logging.getLogger(__name__)

PACKAGE = "yrb_carbon"
CATALOGUE_READER, CATALOGUES = "language.py", "locale/*.po"
"""Module that says texts by catalogues, and where these are, from its folder."""
BLOCKS = ("body", "orelse", "finalbody", "handlers", "cases")
"""Fields of a statement that hold statements, or parts that do."""
PACKAGE_FOLDER = Path(__file__).resolve().parent.parent
SCRIPTS_FOLDER = Path(__file__).resolve().parent / "scripts"
MEMORY = Path(".snakemake", "yrb_carbon", "modules.json")
"""What was found in the modules, from the folder of the run."""


def module_file(module: str) -> Path | None:
    """File of a module of the package, or None when the name is not a module."""
    if module != PACKAGE and not module.startswith(PACKAGE + "."):
        return None
    stem = PACKAGE_FOLDER.joinpath(*module.split(".")[1:])
    for candidate in (stem.with_suffix(".py"), stem / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None


@dataclass(frozen=True, slots=True)
class _Module:
    """What the digest needs of one file.

    Attributes
    ----------
    digest : str
        Of the syntax tree.
    imports : tuple of str
        Dotted names that its imports refer to: a module, or something in one.
    named : tuple of str
        Of a package's own file: names in it that its texts say, as a registry does that imports
        modules when they are needed; those that are no modules of the package are harmless.
    """

    digest: str
    imports: tuple[str, ...]
    named: tuple[str, ...]

    @classmethod
    def of(cls, content: bytes, path: Path, package: str) -> _Module:
        """What a file holds."""
        tree = ast.parse(content, filename=str(path))
        named: set[str] = set()
        if path.name == "__init__.py":
            named = {f"{package}.{text}" for text in _texts(tree) if text.isidentifier()}
        return cls(
            digest=hashlib.sha256(ast.dump(tree, include_attributes=False).encode()).hexdigest(),
            imports=tuple(sorted(set(_imported_names(tree, package)))),
            named=tuple(sorted(named)),
        )


class _Memory:
    """What was found in modules, by their bytes and the program that looked into them.

    Python's trees are not the same in all its versions.
    """

    def __init__(self) -> None:
        seen_by = f"{sys.version_info[:2]} {sha256_of(__file__)}"
        self.program = hashlib.sha256(seen_by.encode()).hexdigest()
        self.before = self._read()
        self.now: dict[str, _Module] = {}

    def _read(self) -> dict[str, _Module]:
        try:
            found = json.loads(MEMORY.read_bytes())
            if found["program"] != self.program:
                return {}
            return {
                key: _Module(own["digest"], tuple(own["imports"]), tuple(own["named"]))
                for key, own in found["modules"].items()
            }
        except FileNotFoundError:
            return {}
        except (OSError, ValueError, LookupError, TypeError, AttributeError) as fault:
            log.info("%s cannot be read, all modules are parsed: %s", MEMORY, fault)
            return {}

    def module(self, path: Path) -> _Module:
        """What a file holds, as remembered or by parsing it."""
        content, package = path.read_bytes(), _package_of(path)
        key = hashlib.sha256(f"{package}/{path.name}\n".encode() + content).hexdigest()
        known = self.before.get(key) or self.now.get(key)
        self.now[key] = _Module.of(content, path, package) if known is None else known
        return self.now[key]

    def keep(self) -> None:
        """Write what is known, if it is more than what was read."""
        if self.now.keys() <= self.before.keys():
            return
        known = {**self.before, **self.now}
        values = {
            "program": self.program,
            "modules": {key: asdict(module) for key, module in sorted(known.items())},
        }
        draft = MEMORY.with_name(f"{MEMORY.name}.{os.getpid()}")
        try:
            MEMORY.parent.mkdir(parents=True, exist_ok=True)
            draft.write_text(json.dumps(values), encoding="utf-8")
            draft.replace(MEMORY)
        except OSError as fault:
            log.info("%s cannot be written: %s", MEMORY, fault)
        self.before = known


@cache
def _memory() -> _Memory:
    return _Memory()


@cache
def _parsed(path: Path) -> _Module:
    return _memory().module(path)


def _package_of(path: Path) -> str:
    if not path.is_relative_to(PACKAGE_FOLDER):
        return ""
    return ".".join((PACKAGE, *path.relative_to(PACKAGE_FOLDER).parent.parts))


def _imported_names(tree: ast.AST, package: str) -> Iterator[str]:
    """`import a.b` refers to anything in it (`a.b.*`), `from a import b` to `a.b`."""
    for node in _statements(tree):
        if isinstance(node, ast.Import):
            yield from (f"{alias.name}.*" for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parents = package.split(".")
                parents = parents[: len(parents) - node.level + 1]
                base = ".".join((*parents, base)) if base else ".".join(parents)
            yield from (f"{base}.{alias.name}" for alias in node.names)


def _statements(node: ast.AST) -> Iterator[ast.AST]:
    """All statements of a tree; they make up a tenth of it, and imports are among them."""
    for block in BLOCKS:
        for part in getattr(node, block, ()):
            yield part
            yield from _statements(part)


def _texts(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def _parents(name: str) -> Iterator[str]:
    """`a.b.c`: a, a.b."""
    parts = name.split(".")
    for stop in range(1, len(parts)):
        yield ".".join(parts[:stop])


def _modules_behind(name: str) -> Iterator[str]:
    """Modules that run, or may be imported later, for one imported name.

    Importing `a.b.c` runs `a`, `a.b` and, where it is a module, `a.b.c`. Where it is none, it is
    something in `a.b`; if that is a package with a registry, so may be every module named there.
    """
    yield from _parents(name)
    if module_file(name) is not None:
        yield name
        return
    home = name.rpartition(".")[0]
    path = module_file(home)
    if path is not None:
        yield from (own for own in _parsed(path).named if module_file(own) is not None)


@cache
def _reached(path: Path) -> frozenset[Path]:
    """Files of the package that the imports of one file reach by themselves."""
    modules = {module for name in _parsed(path).imports for module in _modules_behind(name)}
    return frozenset(found for found in map(module_file, modules) if found is not None)


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
        new = _reached(waiting.pop()) - found
        found |= new
        waiting += new
    return (script, *sorted(found))


def files_digest(folder: str) -> str:
    """Digest of the files of a folder of the package that are no modules, such as templates.

    Parameters
    ----------
    folder : str
        Below the package, with all folders in it.

    Returns
    -------
    str, hexadecimal SHA-256 over names and contents.
    """
    digest = hashlib.sha256()
    home = PACKAGE_FOLDER / folder
    for path in sorted(home.rglob("*")):
        if path.is_file() and path.suffix not in (".py", ".pyc"):
            digest.update(f"{path.relative_to(home).as_posix()}:{sha256_of(path)}\n".encode())
    return digest.hexdigest()


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
        digest.update(f"{path.name}:{_parsed(path).digest}\n".encode())
        if path.name == CATALOGUE_READER:
            for catalogue in sorted(path.parent.glob(CATALOGUES)):
                digest.update(catalogue.read_bytes())
    _memory().keep()
    return digest.hexdigest()
