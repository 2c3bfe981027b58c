"""Files that go with the pages: copies below `files/`, so that the report is whole by itself.

Tables and PDF figures are copied, pictures are written as the pages show them, estimates.csv and
the smaller SVG figures are packed. Large SVG figures, which are maps, and pictures in full size
stay in the folder of the run.
"""

from __future__ import annotations

import io
import shutil
import zipfile
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from yrb_carbon.report.fixed_zip import write_fixed_zip
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
VECTORS = ".svg"
"""Figures that are packed."""
VECTORS_FILE = "svg.zip"
LARGEST_VECTOR = 500_000
"""Bytes above which an SVG figure stays with the run: maps, of which the PDF goes along."""
ESTIMATES_FILE = "estimates.zip"
SHOWN = ".png"
"""What the pages show: alike in all browsers."""
SHOWN_WIDTH = 1120
"""Pixels of the pictures on the pages, about; blocks of whole pixels are taken together."""
SHOWN_COLOURS = 256
PAINTERS = 2
"""Pictures that are made at once, as the rule has threads."""
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
    report : Path
        Folder of the report.
    file : str
        Path of its copy below that folder.
    """

    name: str
    language: Language
    path: Path
    report: Path
    file: str

    @property
    def is_packed(self) -> bool:
        """Whether it goes along with others in one file, if at all."""
        return self.path.suffix == VECTORS

    @property
    def download(self) -> Download:
        """The link to its copy, which has been written."""
        label = KINDS[self.path.suffix]
        size = size_words((self.report / self.file).stat().st_size)
        return Download(label, self.file, size, self.language)


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
            file = Path(FOLDER, kind, subfolder(language), path.name)
            found.append(Product(path.stem, language, path, report, file.as_posix()))
    return found


@dataclass(frozen=True, slots=True)
class Offered:
    """What the report offers to download.

    Attributes
    ----------
    tables, figures : sequence of Product
    estimates : Download
        estimates.csv, packed.
    vectors : sequence of Download
        SVG figures, packed, one file a language.
    """

    tables: Sequence[Product]
    figures: Sequence[Product]
    estimates: Download
    vectors: Sequence[Download]

    @property
    def workbooks(self) -> list[Download]:
        """Files with all tables."""
        return [product.download for product in self.tables if product.path.name == WORKBOOK]


@contextmanager
def pictures_in_work(
    files: RunFiles, languages: Sequence[Language], report: Path
) -> Iterator[Callable[[], None]]:
    """Begin to write the pictures of the pages; gives what waits until they are there.

    The library lets others run while it works on pixels.
    """
    figures = products(files.figures, "figures", languages, report)
    with ThreadPoolExecutor(PAINTERS) as painters:
        pictures = [
            painters.submit(write_shown_picture, product)
            for product in figures
            if product.path.suffix == SHOWN
        ]

        def wait() -> None:
            for picture in pictures:
                picture.result()

        try:
            yield wait
        finally:
            for picture in pictures:
                picture.cancel()


def offered(files: RunFiles, languages: Sequence[Language], report: Path) -> Offered:
    """Copy what a run has to download into the report; returns what there is.

    The pictures of the figures must be there, see `pictures_in_work`.
    """
    tables = products(files.tables, "tables", languages, report)
    figures = products(files.figures, "figures", languages, report)
    estimates = write_packed([files.estimates], report / FOLDER / ESTIMATES_FILE)
    for product in (*tables, *figures):
        if product.path.suffix != SHOWN and not product.is_packed:
            copy_file(product.path, report / product.file)
    return Offered(
        tables=tables,
        figures=[product for product in figures if not product.is_packed],
        estimates=_packed_download(files.estimates.name, estimates, report),
        vectors=list(_packed_vectors(figures, report)),
    )


def _packed_vectors(figures: Sequence[Product], report: Path) -> Iterator[Download]:
    vectors = [
        product
        for product in figures
        if product.is_packed and product.path.stat().st_size <= LARGEST_VECTOR
    ]
    for language in dict.fromkeys(product.language for product in vectors):
        own = [product.path for product in vectors if product.language == language]
        target = report / FOLDER / "figures" / subfolder(language) / VECTORS_FILE
        packed = write_packed(own, target)
        yield _packed_download(KINDS[VECTORS], packed, report, language)


def _packed_download(
    label: str, path: Path, report: Path, language: Language | None = None
) -> Download:
    file = path.relative_to(report).as_posix()
    return Download(f"{label}, zip", file, size_words(path.stat().st_size), language)


def write_packed(sources: Sequence[Path], target: Path) -> Path:
    """Pack files into one, the same bytes for the same files; returns it."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as handle:
        for source in sources:
            handle.write(source, source.name)
    target.parent.mkdir(parents=True, exist_ok=True)
    write_fixed_zip(packed.getvalue(), target)
    return target


def write_shown_picture(product: Product) -> Path:
    """Write a picture as pages show it: no wider than a page, with a palette of colours.

    Figures are drawn with few colours, so the palette changes none that the eye could tell; the
    file is a tenth of the one it is made from.
    """
    from PIL import Image

    target = product.report / product.file
    target.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(product.path) as picture:
        whole = picture.convert("RGB")
    # means of whole blocks of pixels: as sharp as any filter, and quick
    shown = whole.reduce(max(1, round(whole.width / SHOWN_WIDTH)))
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
