"""Files that go with the pages.

Tables, figures as PDF and the pictures that the pages show are copied below `files/`, so that the
report can be handed on alone. What is large and there already, figures as SVG and in full size and
estimates.csv, stays in the folder of the run beside the report.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from yrb_carbon.report.site.run import RunFiles
from yrb_carbon.study.base import Language
from yrb_carbon.study.report import WORKBOOK, subfolder

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
BESIDE = (".svg", ".png")
"""Files of figures that stay where the run wrote them."""
SHOWN = ".png"
"""What the pages show: alike in all browsers."""
SHOWN_WIDTH = 1600
"""Pixels of the pictures on the pages."""
SHOWN_COLOURS = 256
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
        Path from the folder of the report: of its copy, or of the file beside it.
    """

    name: str
    language: Language
    path: Path
    file: str

    @property
    def is_copied(self) -> bool:
        """Whether the report has a copy of it."""
        return self.path.suffix not in BESIDE

    @property
    def download(self) -> Download:
        """The link to it."""
        label = KINDS[self.path.suffix]
        return Download(label, self.file, size_words(self.path.stat().st_size), self.language)


def products(
    paths: Iterable[Path], kind: str, languages: Sequence[Language], report: Path
) -> list[Product]:
    """Files of tables or figures in the languages of the pages.

    Parameters
    ----------
    paths : iterable of Path
        Files in a folder of their kind, other languages than English in folders of their name.
    kind : str
        `tables` or `figures`.
    languages : sequence
        Of the pages; files in others are left out.
    report : path
        Folder of the report.
    """
    found = []
    for path in paths:
        language: Language = "zh" if path.parent.name == subfolder("zh") else "en"
        if language in languages and path.suffix in KINDS:
            file = (
                Path(os.path.relpath(path, report))
                if path.suffix in BESIDE
                else Path(FOLDER, kind, subfolder(language), path.name)
            )
            found.append(Product(path.stem, language, path, file.as_posix()))
    return found


@dataclass(frozen=True, slots=True)
class Offered:
    """What the report offers to download.

    Attributes
    ----------
    tables, figures : sequence of Product
    estimates : Download
        estimates.csv, beside the report.
    """

    tables: Sequence[Product]
    figures: Sequence[Product]
    estimates: Download

    @property
    def workbooks(self) -> list[Download]:
        """Files with all tables."""
        return [product.download for product in self.tables if product.path.name == WORKBOOK]


def offered(files: RunFiles, languages: Sequence[Language], report: Path) -> Offered:
    """What a run has to download, as seen from the folder of the report."""
    size = size_words(files.estimates.stat().st_size)
    beside = Path(os.path.relpath(files.estimates, report)).as_posix()
    return Offered(
        tables=products(files.tables, "tables", languages, report),
        figures=products(files.figures, "figures", languages, report),
        estimates=Download(files.estimates.name, beside, size),
    )


def copy_products(found: Iterable[Product], folder: Path) -> Iterator[Path]:
    """Write what the report has of the files into its folder; yields the copies."""
    for product in found:
        if product.is_copied:
            yield copy_file(product.path, folder / product.file)
        elif product.path.suffix == SHOWN:
            yield write_shown_picture(product, folder)


def shown_picture(product: Product) -> str:
    """Path of the picture that a page shows, below the folder of the report."""
    return Path(FOLDER, "figures", subfolder(product.language), product.path.name).as_posix()


def write_shown_picture(product: Product, folder: Path) -> Path:
    """Write a picture as pages show it: no wider than a page, with a palette of colours.

    Figures are drawn with few colours, so the palette changes none that the eye could tell; the
    file is a tenth of the one it is made from.
    """
    from PIL import Image

    target = folder / shown_picture(product)
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(product.path) as picture:
        shown = picture.convert("RGB")
    if shown.width > SHOWN_WIDTH:
        height = round(shown.height * SHOWN_WIDTH / shown.width)
        shown = shown.resize((SHOWN_WIDTH, height), Image.Resampling.LANCZOS)
    palette = shown.quantize(SHOWN_COLOURS, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    palette.save(target, format="PNG")
    return target


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
