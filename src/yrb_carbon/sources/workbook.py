"""Open a sheet of an Excel workbook (xlsx, xls) with python-calamine."""

from __future__ import annotations

import difflib
import re
import unicodedata
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.rawtable import RawTable, did_you_mean, is_blank, normalised

Heads = Mapping[str, Sequence[Sequence[object]]]
"""Sheet -> its first rows."""
OTHER_SHEETS = "other sheets left out"
"""How the note on the sheets begins that were not read."""
MAIN = "{http://schemas.openxmlformats.org/spreadsheetml/2006/main}"
LINKS = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}"
ERROR_CELL = re.compile(
    rb'<c\b(?=[^>]*\bt="e")[^>]*\br="([A-Z]+)(\d+)"[^>]*>.*?<v>([^<]*)</v>', re.S
)
BARE_FORMULA = re.compile(
    rb'<c\b(?![^>]*\bt="str")[^>]*\br="([A-Z]+)(\d+)"[^>]*>\s*<f\b(?:[^>]*/>|[^>]*>[^<]*</f>)\s*'
    rb"(?:<v\s*/>|<v>\s*</v>)?\s*</c>"
)
"""A formula saved without its value, as programs write it that do not compute; a formula whose
value is an empty text has the type `str`."""


def existing_file(path: str | Path) -> Path:
    """Path of a file that can be read.

    Raises
    ------
    SourceError
        If it is missing (files with a similar name are listed), a folder, empty, or cannot be
        read.
    """
    file = Path(path)
    try:
        return _readable(file)
    except OSError as error:
        raise unreadable(file, error) from error


def unreadable(file: str | Path, error: OSError) -> SourceError:
    """What to say of a file that the system does not let one read."""
    why = (error.strerror or str(error)).lower()
    return SourceError(
        f"the file cannot be read ({why})",
        Place(file),
        "Check who may read it and its folders, and that its disk is there.",
    )


def _readable(file: Path) -> Path:
    if file.is_dir():
        raise SourceError("this is a folder, a file is wanted", Place(file))
    if not file.is_file():
        folder = file.parent
        if not folder.is_dir():
            raise SourceError("the file does not exist", Place(file), f"Nor does {folder}.")
        names = sorted(entry.name for entry in folder.iterdir() if entry.is_file())
        forms = {unicodedata.normalize("NFKC", name): name for name in names}
        close = difflib.get_close_matches(
            unicodedata.normalize("NFKC", file.name), list(forms), n=3, cutoff=0.5
        )
        hint = (
            f"Files with a similar name: {listing(repr(forms[c]) for c in close)}."
            if close
            else f"The folder {folder} holds: {listing(map(repr, names)) or 'no file'}."
        )
        raise SourceError("the file does not exist", Place(file), hint)
    if file.stat().st_size == 0:
        raise SourceError("the file is empty", Place(file), "Download it again.")
    with open(file, "rb"):
        return file


def sheet_names(path: str | Path) -> list[str]:
    """Names of the sheets of a workbook, in its order."""
    return list(_open(existing_file(path)).sheet_names)


@contextmanager
def _whole(file: Path, sheet: str | None = None) -> Iterator[None]:
    """Say of what is wrong inside a workbook that it is not whole."""
    import python_calamine

    try:
        yield
    except python_calamine.PasswordError as error:
        raise SourceError(
            "the workbook is protected by a password", Place(file), "Save it without one."
        ) from error
    except (
        python_calamine.CalamineError,
        ElementTree.ParseError,
        zipfile.BadZipFile,
        zlib.error,
    ) as error:
        raise SourceError(
            f"not a whole Excel workbook ({error})",
            Place(file, sheet),
            "The download may be cut short, or the file may be text under the wrong name: "
            "download it again.",
        ) from error


def _open(file: Path) -> Any:
    import python_calamine

    with _whole(file):
        book = python_calamine.CalamineWorkbook.from_path(str(file))
    if not book.sheet_names:
        raise SourceError("the workbook has no sheet", Place(file), "Download it again.")
    return book


def error_cells(file: Path, sheet: str) -> dict[tuple[int, int], str]:
    """Cells of an xlsx sheet that hold an error or no value, (row, column) from 0 -> its text.

    The reader gives such a cell as an empty one, so that `#DIV/0!`, or a formula that was saved
    without its value, would pass for missing.
    """
    if not zipfile.is_zipfile(file):
        return {}
    with zipfile.ZipFile(file) as archive:
        try:
            book = ElementTree.fromstring(archive.read("xl/workbook.xml"))
            links = ElementTree.fromstring(archive.read("xl/_rels/workbook.xml.rels"))
        except KeyError:
            return {}
        targets = {link.get("Id"): link.get("Target", "") for link in links}
        for entry in book.iter(f"{MAIN}sheet"):
            if entry.get("name") == sheet:
                target = targets.get(entry.get(f"{LINKS}id"), "")
                part = target.lstrip("/") if target.startswith("/") else f"xl/{target}"
                content = archive.read(part) if part in archive.NameToInfo else b""
                if b't="e"' not in content and b"<f" not in content:
                    return {}
                found = ERROR_CELL.findall(content)
                bare = BARE_FORMULA.findall(content)
                empty = f"formula without value (1 of {len(bare)})"
                return {
                    **{(int(r) - 1, _letters(c)): text.decode() for c, r, text in found},
                    **{(int(r) - 1, _letters(c)): empty for c, r in bare},
                }
    return {}


def _letters(name: bytes) -> int:
    number = 0
    for letter in name:
        number = number * 26 + letter - ord("A") + 1
    return number - 1


def read_sheet(path: str | Path, sheet: str | None = None, wanted: Sequence[str] = ()) -> RawTable:
    """Read one sheet whose first row is the header.

    Parameters
    ----------
    path : str or Path
        Workbook, xlsx or xls. Formula cells give the value saved with them.
    sheet : str or None
        Name of the sheet; None: the first sheet that has all `wanted` columns.
    wanted : sequence of str
        Column names to find the sheet by.

    Returns
    -------
    RawTable
        Without trailing empty rows; columns without a header are counted in its notes.

    Raises
    ------
    SourceError
        For a missing, empty, cut or protected file, an unknown sheet, an empty sheet.
    """
    file = existing_file(path)
    book = _open(file)
    names: list[str] = list(book.sheet_names)
    if sheet is not None:
        _refuse_unknown(file, sheet, names)
    with _whole(file):
        chosen = sheet if sheet is not None else _best_sheet(book, names, wanted)
    rows = _cells(book, file, chosen)
    if not rows:
        raise SourceError(
            "the sheet is empty",
            Place(file, chosen),
            f"The sheets are: {listing(map(repr, names), 40)}.",
        )
    header = tuple(str(cell).strip() for cell in rows[0])
    notes: list[str] = []
    if len(names) > 1:
        others = [name for name in names if name != chosen]
        notes.append(f"{OTHER_SHEETS}: {listing(map(repr, others))}")
    unnamed = [j for j, name in enumerate(header) if not name]
    if unnamed:
        filled = sum(any(not is_blank(row[j]) for row in rows[1:]) for j in unnamed)
        notes.append(
            f"{len(unnamed)} columns without a header left out, {filled} of them with content"
        )
    return RawTable(file, chosen, header, rows[1:], list(range(2, len(rows) + 1)), tuple(notes))


def read_cells(path: str | Path, sheet: str) -> list[list[object]]:
    """All cells of a sheet, first row first, for layouts without a single header row."""
    file = existing_file(path)
    return _cells(_open(file), file, sheet)


def read_chosen_cells(
    path: str | Path, rows: int, choose: Callable[[Heads], str]
) -> tuple[str, list[list[object]]]:
    """Name and all cells of a sheet that is chosen by the first rows of every sheet.

    A large sheet takes seconds to open: it is opened once, to look at and to read.

    Parameters
    ----------
    path : str or Path
    rows : int
        First rows that `choose` gets.
    choose : callable
        Sheet -> first rows, to the name of the sheet.
    """
    file = existing_file(path)
    book = _open(file)
    with _whole(file):
        pages = {name: book.get_sheet_by_name(name) for name in book.sheet_names}
        heads = {
            name: page.to_python(skip_empty_area=False, nrows=rows) for name, page in pages.items()
        }
    chosen = choose(heads)
    return chosen, _page_cells(pages[chosen], file, chosen)


def _refuse_unknown(file: Path, sheet: str, names: Sequence[str]) -> None:
    if sheet not in names:
        guess = did_you_mean(sheet, names)
        raise SourceError(
            f"no sheet {sheet!r}",
            Place(file),
            f"{guess[:1].upper()}{guess[1:]}The sheets are: {listing(map(repr, names), 40)}.",
        )


def _cells(book: Any, file: Path, sheet: str) -> list[list[object]]:
    _refuse_unknown(file, sheet, list(book.sheet_names))
    with _whole(file, sheet):
        page = book.get_sheet_by_name(sheet)
    return _page_cells(page, file, sheet)


def _page_cells(page: Any, file: Path, sheet: str) -> list[list[object]]:
    with _whole(file, sheet):
        rows: list[list[object]] = page.to_python(skip_empty_area=False)
        errors = error_cells(file, sheet)
    for (i, j), text in errors.items():
        if i < len(rows) and j < len(rows[i]):
            rows[i][j] = text
    while rows and all(is_blank(cell) for cell in rows[-1]):
        rows.pop()
    return rows


def _best_sheet(book: Any, names: Sequence[str], wanted: Sequence[str]) -> str:
    forms = {normalised(name) for name in wanted}
    found: list[int] = []
    for name in names:
        top = book.get_sheet_by_name(name).to_python(skip_empty_area=False, nrows=1)
        found.append(len(forms & {normalised(cell) for cell in top[0]}) if top else 0)
        if found[-1] == len(forms):
            break
    # The sheet that comes closest, so that the error names the column that is not there.
    return names[found.index(max(found))]
