"""A sheet as it stands in the file, and its way to a tidy frame: footers, keys, numbers, notes."""

from __future__ import annotations

import difflib
import math
import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, fault, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.base import KEY_COLUMNS, SourceTable
from yrb_carbon.sources.columns import unit_of

FIRST_YEAR, LAST_YEAR = 1949, 2049
"""Years that a Chinese statistic can carry; a year outside is a slip of the column."""

MISSING_TOKENS = frozenset(
    {"", "-", "--", "—", "——", "–", ".", "..", "...", "…", "na", "n/a", "n.a.", "nan", "null"}
)
"""Cells that published tables leave in place of a number, compared in lower case."""

FOOTER = re.compile(
    r"更多数据|淘宝|https?://|www\.|数据来源|^(注|备注|说明|来源|sources?|notes?)\s*[:：]", re.I
)
NUMBER = re.compile(r"[+-]?(\d+|\d{1,3}([, ]\d{3})+)?(\.\d*)?([eE][+-]?\d+)?")
CODE_DIGITS = 6
SHOWN_TEXT = 40
MAX_ROWS = 6
"""Rows that a message lists beside the first."""


@dataclass(frozen=True, slots=True)
class RawTable:
    """The cells of one sheet or text file below its header.

    Attributes
    ----------
    path : Path
    sheet : str or None
    header : tuple of str
        Column names as printed, stripped; empty where the file has none.
    rows : sequence of sequences
        Cells by row, all as wide as the header.
    numbers : sequence of int
        Row of each entry in the file, counted as a spreadsheet counts, from 1.
    notes : tuple of str
        What was noticed while opening (encoding, sheets, columns without a name).
    """

    path: Path
    sheet: str | None
    header: tuple[str, ...]
    rows: Sequence[Sequence[object]]
    numbers: Sequence[int]
    notes: tuple[str, ...] = ()


def normalised(text: object) -> str:
    """Text for comparing names: NFKC, no blanks at all, lower case."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", str(text))).casefold()


def shown(value: object) -> str:
    """A cell for a message, cut when long."""
    text = repr(value)
    return text if len(text) <= SHOWN_TEXT else f"{text[:SHOWN_TEXT]}…"


def is_blank(value: object) -> bool:
    """Whether a cell is empty: None, NaN or nothing but blanks."""
    if value is None:
        return True
    if isinstance(value, str):
        return not value.strip()
    return isinstance(value, float) and math.isnan(value)


def number_from_text(text: str) -> float | None:
    """Number in a text with blanks around it or thousands separators; None when it is no number.

    `1,234.5`, `1 234.5` and full-width digits are read; `1,5`, `12%` and `3a` are not.
    """
    plain = unicodedata.normalize("NFKC", text).strip().replace("\u2212", "-")
    if not any(c.isdigit() for c in plain) or NUMBER.fullmatch(plain) is None:
        return None
    return float(plain.replace(",", "").replace(" ", ""))


def as_number(value: object) -> float | None:
    """Value of a cell as a number, text included; None for anything else."""
    if isinstance(value, bool | np.bool_):
        return None
    number = number_from_text(value) if isinstance(value, str) else None
    if isinstance(value, int | float | np.integer | np.floating):
        number = float(value)
    return number if number is not None and math.isfinite(number) else None


def did_you_mean(wanted: str, names: Sequence[str]) -> str:
    """`did you mean …? ` with the closest of the names, or nothing."""
    by_form = {normalised(name): name for name in names if name}
    close = difflib.get_close_matches(normalised(wanted), list(by_form), n=3, cutoff=0.5)
    return f"did you mean {' or '.join(repr(by_form[c]) for c in close)}? " if close else ""


def find_column(raw: RawTable, *aliases: str) -> int:
    """Position of a column by any of its published names; brackets and blanks may vary.

    Raises
    ------
    SourceError
        If no column, or more than one, has the name; all columns are listed.
    """
    wanted = {normalised(alias) for alias in aliases}
    hits = [i for i, name in enumerate(raw.header) if name and normalised(name) in wanted]
    if len(hits) == 1:
        return hits[0]
    place = Place(raw.path, raw.sheet, 1, aliases[0])
    names = [name for name in raw.header if name]
    if hits:
        raise SourceError(
            f"{len(hits)} columns have this name (columns {listing(i + 1 for i in hits)})",
            place,
            "Keep one of them.",
        )
    guess = did_you_mean(aliases[0], names)
    hint = f"{guess[:1].upper()}{guess[1:]}The columns are: {listing(names, 40)}{garbled(names)}"
    raise SourceError(f"no column {' or '.join(repr(a) for a in aliases)}", place, hint)


def garbled(names: Sequence[str]) -> str:
    """A sentence on the likely encoding when column names look decoded with the wrong one."""
    line = "".join(names)
    if "??" in line:
        return ". The names hold question marks: the file was saved in an encoding without Chinese"
    if "\ufffd" in line or "锟斤拷" in line:
        return ". The names hold replacement characters: the file was saved after a wrong decoding"
    for wrong, right in (("latin-1", "utf-8"), ("latin-1", "gb18030"), ("gb18030", "utf-8")):
        try:
            repaired = line.encode(wrong).decode(right)
        except (UnicodeEncodeError, UnicodeDecodeError):
            continue
        if repaired != line:
            return (
                f". The names look like {right} text read as {wrong} ({repaired[:SHOWN_TEXT]!r}): "
                "save the file again in UTF-8 from the original"
            )
    return ""


class Reading:
    """One pass over a raw table: picks data rows, parses columns, collects notes.

    Parameters
    ----------
    raw : RawTable
    year : str or None
        Name of the column whose number marks a data row; None: every row that is not blank.
    """

    def __init__(self, raw: RawTable, year: str | None = None) -> None:
        self.raw = raw
        self.notes: list[str] = list(raw.notes)
        self._unusable: set[int] = set()
        self._rows: list[Sequence[object]] = list(raw.rows)
        self._numbers: list[int] = list(raw.numbers)
        self._drop_rows_without_data(None if year is None else find_column(raw, year))

    @property
    def rows(self) -> list[Sequence[object]]:
        """Cells of the data rows."""
        return self._rows

    @property
    def row_numbers(self) -> list[int]:
        """Rows of the file that are data, from 1."""
        return self._numbers

    @property
    def usable(self) -> np.ndarray:
        """Whether the keys of each data row could be read; False only where faults are kept."""
        return np.array([i not in self._unusable for i in range(len(self._rows))])

    def _unusable_keys(self, problems: Mapping[int, str], position: int, hint: str | None) -> None:
        """Refuse the cells of a key column: the first with its row, the others by their rows."""
        if problems:
            self._fault(problems, position, hint)
            self._unusable |= set(problems)

    def _fault(self, problems: Mapping[int, str], position: int, hint: str | None) -> None:
        """One fault for the cells of a column, row of the data -> what is wrong with it."""
        first, *others = problems
        also = listing((self._numbers[i] for i in others), MAX_ROWS)
        more = f"; also in row{'s' if len(others) > 1 else ''} {also}" if others else ""
        fault(SourceError(f"{problems[first]}{more}", self.place(position, first), hint))

    def place(self, column: int | str | None = None, row: int | None = None) -> Place:
        """Place in this file; `row` counts data rows from 0."""
        name = self.raw.header[column] if isinstance(column, int) else column
        return Place(
            self.raw.path, self.raw.sheet, None if row is None else self._numbers[row], name
        )

    def note(self, text: str) -> None:
        """Keep a sentence for the record of the file."""
        self.notes.append(text)

    def _drop_rows_without_data(self, year: int | None) -> None:
        blank, footers = 0, []
        rows: list[Sequence[object]] = []
        numbers: list[int] = []
        for row, number in zip(self._rows, self._numbers, strict=True):
            filled = [cell for cell in row if not is_blank(cell)]
            if not filled:
                blank += 1
                continue
            marker = row[year] if year is not None else filled[0]
            if (year is not None and is_blank(marker)) or is_footer(marker):
                if any(as_number(cell) is not None for cell in filled):
                    raise SourceError(
                        f"the row carries numbers ({listing(map(shown, filled), 4)}) but no year",
                        Place(
                            self.raw.path,
                            self.raw.sheet,
                            number,
                            None if year is None else self.raw.header[year],
                        ),
                        "Fill the year in, or remove the row.",
                    )
                footers.append(str(filled[0]).strip())
                continue
            rows.append(row)
            numbers.append(number)
        if blank:
            self.note(f"{blank} blank rows left out")
        if footers:
            self.note(
                f"{len(footers)} rows of text without data left out, the first: {shown(footers[0])}"
            )
        if not rows:
            raise SourceError(
                "no data row below the header",
                Place(self.raw.path, self.raw.sheet),
                f"The columns are: {listing([n for n in self.raw.header if n], 40)}",
            )
        self._rows, self._numbers = rows, numbers

    def keep(self, wanted: Sequence[bool] | np.ndarray, note: str | None = None) -> None:
        """Go on with the marked data rows only; `note` says what the others were."""
        kept = np.flatnonzero(wanted)
        self._unusable = {new for new, old in enumerate(kept) if int(old) in self._unusable}
        self._rows = [self._rows[i] for i in kept]
        self._numbers = [self._numbers[i] for i in kept]
        if note is not None:
            self.note(note)

    def cells(self, *aliases: str) -> list[object]:
        """Cells of a column as they stand, data rows only."""
        position = find_column(self.raw, *aliases)
        return [row[position] for row in self._rows]

    def names(self, *aliases: str, optional: bool = False) -> list[str]:
        """Text column, stripped; an empty cell is an error unless `optional`."""
        position = find_column(self.raw, *aliases)
        cells = [row[position] for row in self._rows]
        empty = {
            i: "an empty cell where a name is wanted" for i, c in enumerate(cells) if is_blank(c)
        }
        if not optional:
            self._unusable_keys(empty, position, "Fill the name in, or remove the row.")
        others = {
            i: f"{shown(cell)} is not a name"
            for i, cell in enumerate(cells)
            if i not in empty and not isinstance(cell, str)
        }
        self._unusable_keys(others, position, None)
        return [cell.strip() if isinstance(cell, str) else "" for cell in cells]

    def codes(self, *aliases: str) -> list[str]:
        """Six-digit codes as text, from numbers, text or `110000.0`."""
        position = find_column(self.raw, *aliases)
        codes = [_code(row[position]) for row in self._rows]
        wrong = {
            i: f"{shown(self._rows[i][position])} is not a six-digit code"
            for i, code in enumerate(codes)
            if not code
        }
        self._unusable_keys(wrong, position, "Codes look like 140100.")
        return codes

    def years(self, *aliases: str, low: int = FIRST_YEAR, high: int = LAST_YEAR) -> list[int]:
        """Whole years between `low` and `high`; `2003年` is read as 2003 and counted."""
        position = find_column(self.raw, *aliases)
        result: list[int] = []
        wrong: dict[int, str] = {}
        dressed = 0
        for i, row in enumerate(self._rows):
            cell = row[position]
            number = as_number(cell)
            if number is None and isinstance(cell, str) and cell.strip().endswith("年"):
                number = number_from_text(cell.strip()[:-1])
                dressed += number is not None
            if number is None:
                wrong[i] = f"{shown(cell)} is not a year"
            elif not number.is_integer() or not low <= number <= high:
                kind = "is out of range" if number.is_integer() else "has a fraction"
                wrong[i] = f"the year {number:g} {kind}"
            result.append(0 if number is None or i in wrong else int(number))
        self._unusable_keys(wrong, position, f"Whole years from {low} to {high} are wanted.")
        if dressed:
            self.note(f"column {self.raw.header[position]!r}: 年 taken off {dressed} years")
        return result

    def numbers(
        self,
        *aliases: str,
        missing: frozenset[str] = frozenset(),
        minimum: float | None = None,
    ) -> np.ndarray:
        """Number column as floats; tolerated tokens become NaN; both are counted in the notes.

        Parameters
        ----------
        *aliases : str
            Published names of the column.
        missing : frozenset of str
            Tokens of this format that mean missing, besides the common ones; lower case.
        minimum : float or None
            Smallest value that makes sense.

        Raises
        ------
        SourceError
            For any other text, with row, column and value; for a value below the minimum.
        """
        try:
            position = find_column(self.raw, *aliases)
        except SourceError as error:
            fault(error)
            return np.full(len(self._rows), np.nan)
        return self.numbers_at(position, missing=missing, minimum=minimum)

    def numbers_at(
        self,
        position: int,
        *,
        missing: frozenset[str] = frozenset(),
        minimum: float | None = None,
    ) -> np.ndarray:
        """`numbers` for a column known by its position."""
        tokens = MISSING_TOKENS | missing
        values = np.full(len(self._rows), np.nan)
        texts = absent = 0
        wrong: dict[int, str] = {}
        spreadsheet = self.raw.sheet is not None
        for i, row in enumerate(self._rows):
            cell = row[position]
            if type(cell) is float and math.isfinite(cell):
                values[i] = cell
                continue
            if is_blank(cell) or (isinstance(cell, str) and cell.strip().casefold() in tokens):
                absent += not is_blank(cell)
                continue
            number = as_number(cell)
            if number is None:
                wrong[i] = f"{shown(cell)} is not a number"
                continue
            values[i] = number
            texts += isinstance(cell, str) and (spreadsheet or not is_plain(cell))
        name = self.raw.header[position]
        if wrong:
            self._fault(wrong, position, "Correct the cell, or empty it if the value is missing.")
        if minimum is not None and (values < minimum).any():
            below = {
                int(i): f"{values[i]:g} is below {minimum:g}"
                for i in np.flatnonzero(values < minimum)
            }
            self._fault(below, position, "Correct the cell.")
            values[values < minimum] = np.nan
        if texts:
            self.note(f"column {name!r}: {texts} numbers stood as text and were parsed")
        if absent:
            self.note(f"column {name!r}: {absent} cells hold a sign for missing")
        return values

    def finish(
        self,
        columns: Mapping[str, object],
        keys: Sequence[str],
        *,
        extra_keys: Sequence[str] = (),
    ) -> SourceTable:
        """Sort by the keys, refuse duplicates, count missing cells and build the table.

        Parameters
        ----------
        columns : mapping
            Name -> values, as long as the data rows.
        keys : sequence of str
            Columns that name one row.
        extra_keys : sequence of str
            Text columns beyond the usual key columns; they stand before the numbers.
        """
        usable = self.usable
        frame = pd.DataFrame(dict(columns))[usable]
        numbers = np.asarray(self._numbers)[usable]
        check_unique(frame, keys, numbers, Place(self.raw.path, self.raw.sheet))
        single = ~frame.duplicated(list(keys)).to_numpy()
        return tidy_table(
            frame[single],
            keys,
            self.raw.path,
            self.raw.sheet,
            self.notes,
            extra_keys=extra_keys,
            row_numbers=numbers[single],
        )


def _code(cell: object) -> str:
    """Six digits of a cell; empty where it does not hold them."""
    number = as_number(cell)
    code = str(int(number)) if number is not None and number.is_integer() else ""
    return code if len(code) == CODE_DIGITS else ""


def is_plain(text: str) -> bool:
    """Whether a text is a number exactly as a program writes it."""
    try:
        float(text)
    except ValueError:
        return False
    return text == text.strip() and "_" not in text


def is_footer(cell: object) -> bool:
    """Whether a cell is a line that vendors and offices put under a table."""
    return isinstance(cell, str) and FOOTER.search(cell.strip()) is not None


def only_row(codes: Sequence[str], code: str, place: Place) -> int:
    """Position of the one row that has a code.

    Raises
    ------
    SourceError
        If it stands in no row, or in several; all codes are listed.
    """
    hits = [i for i, text in enumerate(codes) if text == code]
    if len(hits) != 1:
        raise SourceError(
            f"the code {code!r} stands in {len(hits)} rows, one is wanted",
            place,
            f"The codes are: {listing(codes, 60)}",
        )
    return hits[0]


def check_unique(
    frame: pd.DataFrame, keys: Sequence[str], rows: Sequence[int], place: Place
) -> None:
    """Refuse two rows with the same keys, naming the keys and the rows of the file.

    Where a row stands twice because its code is another place's than its name, that is said: to
    remove one of the two rows would be the wrong remedy.
    """
    repeated = frame.duplicated(list(keys), keep=False).to_numpy()
    if not repeated.any():
        return
    if {"code", "name"} <= set(frame.columns):
        disagreement = _disagreement(frame[repeated], np.asarray(rows)[repeated], place)
        if disagreement is not None:
            fault(disagreement)
            return
    seen: dict[tuple[object, ...], list[int]] = {}
    for number, row in zip(
        np.asarray(rows)[repeated],
        frame.loc[repeated, list(keys)].itertuples(index=False, name=None),
        strict=True,
    ):
        seen.setdefault(tuple(row), []).append(int(number))
    texts = [
        f"{' '.join(str(part) for part in key)} (rows {listing(numbers, 4)})"
        for key, numbers in sorted(seen.items(), key=lambda item: item[1])
    ]
    fault(
        SourceError(
            f"{len(seen)} keys ({', '.join(keys)}) stand in more than one row: {listing(texts, 6)}",
            place,
            "Keep one row for each.",
        )
    )


def _disagreement(repeated: pd.DataFrame, rows: np.ndarray, place: Place) -> SourceError | None:
    """Rows that share a code though their names are those of other places."""
    from yrb_carbon.study.units import load_matcher

    matcher = load_matcher()
    texts = []
    for number, code, name in zip(rows, repeated["code"], repeated["name"], strict=True):
        by_code, by_name = matcher.match(code=code), matcher.match(name=name)
        known = set(by_code.candidates), set(by_name.candidates)
        if all(known) and not known[0] & known[1]:
            meant = listing(matcher.label(c) for c in sorted(known[0]))
            named = " or ".join(matcher.label(c) for c in sorted(known[1]))
            texts.append(f"row {number}: {code} is {meant}, {name!r} is {named}")
    if not texts:
        return None
    return SourceError(
        f"code and name disagree in rows that share their code: {listing(texts, 6)}",
        place,
        "Correct the code or the name.",
    )


def tidy_table(
    frame: pd.DataFrame,
    keys: Sequence[str],
    path: Path,
    sheet: str | None,
    notes: Sequence[str],
    *,
    extra_keys: Sequence[str] = (),
    row_numbers: Sequence[int] | np.ndarray | None = None,
) -> SourceTable:
    """Put columns and rows into canonical order and attach the record of the file."""
    first = [name for name in (*KEY_COLUMNS, *extra_keys) if name in frame.columns]
    values = [name for name in frame.columns if name not in first]
    tidy = frame[first + values].reset_index(drop=True)
    tidy = tidy.sort_values(list(keys), kind="stable")
    numbers = None if row_numbers is None else np.asarray(row_numbers)[tidy.index]
    tidy = tidy.reset_index(drop=True)
    counted = list(notes)
    for name in values:
        absent = int(tidy[name].isna().sum())
        if absent:
            counted.append(f"{name}: {absent} of {len(tidy)} cells are missing")
    record = FileRecord(
        file=str(path),
        sheet=sheet,
        sha256=sha256_of(path),
        rows=len(tidy),
        unit={name: unit_of(name) for name in values},
        notes=tuple(counted),
    )
    return SourceTable(tidy, record, numbers)
