"""Put the data rows of published files into another order, whatever the file."""

from __future__ import annotations

import random
import re
import shutil
import zipfile
from collections.abc import Collection
from pathlib import Path
from xml.etree import ElementTree

MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
RELATIONS = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
SHEET = re.compile(r"xl/worksheets/sheet\d+\.xml")


def shuffle_folder(
    source: Path, target: Path, seed: int, *, kept: Collection[str] = ()
) -> dict[str, int]:
    """Copy a folder with the rows of every CSV and workbook in another order.

    Header rows and the lines below a table stay where they are; files `kept` are copied.

    Returns
    -------
    dict, file -> rows that now stand elsewhere.
    """
    target.mkdir(parents=True)
    moved = {}
    for path in sorted(source.iterdir()):
        order = random.Random(f"{seed}/{path.name}")
        if path.name in kept:
            shutil.copy2(path, target / path.name)
        elif path.suffix.lower() == ".csv":
            moved[path.name] = _shuffle_csv(path, target / path.name, order)
        elif path.suffix == ".xlsx":
            moved[path.name] = _shuffle_workbook(path, target / path.name, order)
        else:
            shutil.copy2(path, target / path.name)
    return moved


def _permuted(count: int, order: random.Random) -> list[int]:
    positions = list(range(count))
    order.shuffle(positions)
    return positions


def _shuffle_csv(source: Path, target: Path, order: random.Random) -> int:
    """Work on bytes, so that the encoding does not matter; no cell holds a line break."""
    header, *lines = source.read_bytes().splitlines(keepends=True)
    if not lines[-1].endswith(b"\n"):
        lines[-1] += b"\n"
    positions = _permuted(len(lines), order)
    target.write_bytes(b"".join([header, *(lines[i] for i in positions)]))
    return sum(i != j for i, j in enumerate(positions))


def _shuffle_workbook(source: Path, target: Path, order: random.Random) -> int:
    """Reorder the rows in the XML itself: numbers, formulas and their values keep their text."""
    ElementTree.register_namespace("", MAIN)
    ElementTree.register_namespace("r", RELATIONS)
    moved = 0
    with zipfile.ZipFile(source) as old, zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as new:
        for item in old.infolist():
            content = old.read(item)
            if SHEET.fullmatch(item.filename):
                root = ElementTree.fromstring(content)
                moved += _shuffle_rows(root, order)
                content = ElementTree.tostring(root, encoding="UTF-8", xml_declaration=True)
            new.writestr(item.filename, content)
    return moved


def _shuffle_rows(root: ElementTree.Element, order: random.Random) -> int:
    data = root.find(f"{{{MAIN}}}sheetData")
    rows = [] if data is None else list(data)
    first = next((i for i, row in enumerate(rows) if _has_number(row)), len(rows))
    # below the header of a table, at least one row of names
    first = max(first, 1)
    last = len(rows)
    while last > first and _filled(rows[last - 1]) <= 1:
        last -= 1
    body = rows[first:last]
    positions = _permuted(len(body), order)
    numbers = [row.get("r") for row in body]
    for place, position in enumerate(positions):
        row = body[position]
        rows[first + place] = row
        _renumber(row, str(numbers[place]))
    if data is not None:
        data[:] = rows
    return sum(i != j for i, j in enumerate(positions))


def _has_number(row: ElementTree.Element) -> bool:
    return any(cell.get("t", "n") == "n" and cell.find(f"{{{MAIN}}}v") is not None for cell in row)


def _filled(row: ElementTree.Element) -> int:
    return sum(cell.find(f"{{{MAIN}}}v") is not None or cell.get("t") is not None for cell in row)


def _renumber(row: ElementTree.Element, number: str) -> None:
    row.set("r", number)
    for cell in row:
        cell.set("r", re.sub(r"\d+", number, cell.get("r", "")))
