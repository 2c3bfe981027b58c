"""Open a comma-separated text file whose encoding has to be found out."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from pathlib import Path

from yrb_carbon.errors import Place, SourceError
from yrb_carbon.sources.rawtable import RawTable, is_blank, is_footer
from yrb_carbon.sources.workbook import existing_file

ENCODINGS = ("utf-8-sig", "gb18030")
"""Tried in this order: text in GBK practically never passes for UTF-8, the reverse often does."""

UTF16_MARKS = (b"\xff\xfe", b"\xfe\xff")
ZIP_MARK = b"PK\x03\x04"


def decode(file: Path, encodings: Sequence[str] = ENCODINGS) -> tuple[str, str]:
    """Text of a file and the encoding that fitted.

    Raises
    ------
    SourceError
        If the bytes are a workbook, UTF-16, or fit none of the encodings (line and byte named).
    """
    data = file.read_bytes()
    if data.startswith(ZIP_MARK):
        raise SourceError(
            "this is a workbook or another zip archive, text with commas is wanted",
            Place(file),
            "Save the sheet as CSV.",
        )
    if data.startswith(UTF16_MARKS) or b"\x00" in data:
        raise SourceError(
            "the bytes are not plain text (UTF-16 or binary)", Place(file), "Save it in UTF-8."
        )
    failures: list[UnicodeDecodeError] = []
    for encoding in encodings:
        try:
            return data.decode(encoding), encoding
        except UnicodeDecodeError as error:
            failures.append(error)
    worst = max(failures, key=lambda error: error.start)
    line = data.count(b"\n", 0, worst.start) + 1
    raise SourceError(
        f"the bytes fit none of the encodings {', '.join(encodings)}; {worst.encoding} fails at "
        f"byte {worst.start} (0x{data[worst.start]:02x})",
        Place(file, row=line),
        "Save the file again in UTF-8, or download it again.",
    )


def read_csv(path: str | Path, encodings: Sequence[str] = ENCODINGS) -> RawTable:
    """Read a CSV file whose first row is the header; all cells are text.

    Parameters
    ----------
    path : str or Path
    encodings : sequence of str
        Tried in order; the one that fitted is stated in the notes.

    Returns
    -------
    RawTable
        `sheet` is None. Rows with fewer cells than the header are refused unless blank or a footer.

    Raises
    ------
    SourceError
        For a missing or empty file, undecodable bytes, another separator, ragged rows.
    """
    file = existing_file(path)
    text, encoding = decode(file, encodings)
    try:
        records = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise SourceError(f"not readable as CSV ({error})", Place(file)) from error
    while records and all(is_blank(cell) for cell in records[-1]):
        records.pop()
    if not records:
        raise SourceError("the file holds nothing but blanks", Place(file))
    header = tuple(cell.strip() for cell in records[0])
    if len(header) == 1:
        for mark, name in ((";", "semicolons"), ("\t", "tabs")):
            if mark in header[0]:
                raise SourceError(
                    f"the columns are separated by {name}, commas are wanted",
                    Place(file, row=1),
                    "Save the file again with commas.",
                )
    rows: list[Sequence[object]] = []
    for number, record in enumerate(records[1:], start=2):
        rows.append(_as_wide_as(header, record, file, number))
    notes = [f"read as {encoding}"]
    unnamed = [j for j, name in enumerate(header) if not name]
    if unnamed:
        filled = sum(any(not is_blank(row[j]) for row in rows) for j in unnamed)
        notes.append(
            f"{len(unnamed)} columns without a header left out, {filled} of them with content"
        )
    return RawTable(file, None, header, rows, list(range(2, len(rows) + 2)), tuple(notes))


def _as_wide_as(
    header: Sequence[str], record: list[str], file: Path, number: int
) -> Sequence[object]:
    width = len(header)
    if len(record) == width:
        return record
    filled = [cell for cell in record if not is_blank(cell)]
    if len(record) > width and all(is_blank(cell) for cell in record[width:]):
        return record[:width]
    if not filled or (len(record) < width and is_footer(filled[0])):
        return record + [""] * (width - len(record))
    raise SourceError(
        f"the row has {len(record)} cells, the header {width}",
        Place(file, row=number),
        "The file may be cut short, or a comma may stand in a name without quotes.",
    )
