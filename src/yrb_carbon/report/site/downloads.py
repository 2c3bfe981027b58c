"""Files that go with the pages: copies below `files/`, with their sizes."""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from yrb_carbon.study.base import Language

FOLDER = "files"
KINDS: Mapping[str, str] = {
    ".csv": "CSV",
    ".tex": "LaTeX",
    ".docx": "Word",
    ".xlsx": "Excel",
    ".png": "PNG",
    ".svg": "SVG",
    ".pdf": "PDF",
    ".json": "JSON",
}
"""Files that can be downloaded, and what they are called."""
KILO = 1000


@dataclass(frozen=True, slots=True)
class Download:
    """A file to download.

    Attributes
    ----------
    label : str
        Kind of the file.
    file : str
        Path below the folder of the report.
    size : str
        In words.
    language : {"en", "zh"} or None
        Of its texts; None where it has one for all.
    """

    label: str
    file: str
    size: str
    language: Language | None = None


@dataclass(frozen=True, slots=True)
class Product:
    """One file of a table or figure.

    Attributes
    ----------
    name : str
        `T5`, `F2_balance`.
    language : {"en", "zh"}
    path : Path
    file : str
        Path of its copy below the folder of the report.
    """

    name: str
    language: Language
    path: Path
    file: str

    @property
    def download(self) -> Download:
        """The link to it."""
        label = KINDS[self.path.suffix]
        return Download(label, self.file, size_words(self.path.stat().st_size), self.language)


def products(paths: Iterable[Path], kind: str, languages: Sequence[Language]) -> list[Product]:
    """Files of tables or figures in the languages of the pages.

    Parameters
    ----------
    paths : iterable of Path
        Files in a folder of their kind, other languages than English in folders of their name.
    kind : str
        `tables` or `figures`.
    languages : sequence
        Of the pages; files in others are left out.
    """
    found = []
    for path in paths:
        language: Language = "zh" if path.parent.name == "zh" else "en"
        if language in languages and path.suffix in KINDS:
            parts = (FOLDER, kind, *([] if language == "en" else [language]), path.name)
            found.append(Product(path.stem, language, path, PurePosixPath(*parts).as_posix()))
    return found


def copy_products(found: Iterable[Product], folder: Path) -> Iterator[Path]:
    """Copy files into the folder of the report; yields the copies."""
    for product in found:
        yield copy_file(product.path, folder / product.file)


def copy_file(source: Path, target: Path) -> Path:
    """Copy one file, its folder is made when absent; returns the copy."""
    target.parent.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(source, target)
    return target


def size_words(size: int) -> str:
    """A number of bytes, `3.4 MB`."""
    if size < KILO:
        return f"{size} B"
    if size < KILO**2:
        return f"{size / KILO:.0f} kB"
    return f"{size / KILO**2:.1f} MB"
