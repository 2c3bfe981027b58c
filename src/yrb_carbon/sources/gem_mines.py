"""Coal mines of China, the Global Coal Mine Tracker of Global Energy Monitor (CC BY 4.0)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import (
    FIRST_YEAR,
    LAST_YEAR,
    MISSING_TOKENS,
    Reading,
    as_number,
    did_you_mean,
    is_blank,
    number_from_text,
    shown,
)
from yrb_carbon.sources.workbook import existing_file, read_sheet, sheet_names

OPEN_SHEET, CLOSED_SHEET = "(Non-C", "(Close"
"""Beginnings of the words that tell the sheets apart; Excel cuts their names at 31 letters."""

COUNTRY, KEPT_COUNTRY = "Country", "China"
KEPT_STATUS = ("Operating", "Mothballed")
CLOSED_STATUS = "Closed"
MINE, NAME, STATUS = "GEM Mine ID", "Mine Name", "Status"
CAPACITY, WORKFORCE = "Capacity (Mtpa)", "Workforce Size"
OPENING, CLOSING = "Opening Year", "Closing Year"
PREFECTURE, PROVINCE = "Prefecture, District", "State, Province"
LATITUDE, LONGITUDE = "Latitude", "Longitude"

GEM_MISSING = frozenset({"tbd", "*", "unknown"})
OLDEST_MINE = 1800
"""Kailuan, the first modern colliery of China, dates from 1878; older figures are slips."""

CHINA_BOX = {LATITUDE: (17.0, 55.0), LONGITUDE: (73.0, 136.0)}
RANGE = re.compile(r"\s*(\d[\d,.]*)\s*(?:-|–|—|~|to|/)\s*(\d[\d,.]*)\s*")
YEAR_TEXT = re.compile(r"(?<!\d)(1[89]\d\d|20\d\d)(?!\d)")

COLUMNS = (
    "mine", "project", "name", "status", "province", "prefecture", "lat", "lon", "capacity_mtpa",
    "workforce", "opening_year", "closing_year", "closed",
)  # fmt: skip
UNITS = {
    "lat": "degrees north, WGS84",
    "lon": "degrees east, WGS84",
    "capacity_mtpa": "Mt per year",
    "workforce": "persons",
    "opening_year": "year",
    "closing_year": "year",
    "closed": "0/1",
}


def read_gem_mines(
    path: str | Path,
    *,
    country: str = KEPT_COUNTRY,
    statuses: Sequence[str] = KEPT_STATUS,
) -> SourceTable:
    """Read the mines of a country that work, rest or are closed.

    Parameters
    ----------
    path : str or Path
        Workbook with one sheet of mines not closed and one of closed mines.
    country : str
        As the column Country has it.
    statuses : sequence of str
        Status of the rows to keep from the first sheet; of the closed sheet all are kept.

    Returns
    -------
    SourceTable
        One row a mine project: `mine` (GEM id), `project` (1, 2, … where the tracker lists an
        extension under the same id), `name`, `status`, `province`, `prefecture` (English text),
        `lat`, `lon` (degrees, WGS84), `capacity_mtpa` (Mt a year), `workforce` (persons),
        `opening_year`, `closing_year` (NaN: unknown), `closed` (bool). Sorted by mine and project.
        A mine in both sheets is taken once, from the closed sheet, with capacity and workforce
        from the other where the closed sheet has none.

    Raises
    ------
    SourceError
        See `Reading`; also for a status that no row has, a year that is no year, or coordinates
        outside China.
    """
    file = existing_file(path)
    names = sheet_names(file)
    operating = _read_part(file, _sheet(file, names, OPEN_SHEET), country, statuses)
    closed = _read_part(file, _sheet(file, names, CLOSED_SHEET), country, None)
    notes = [*operating.notes, *closed.notes]
    kept, shut = _merge_listed_twice(operating.frame, closed.frame, notes)
    frame = pd.concat([kept, shut], ignore_index=True)
    frame = frame.sort_values(
        ["mine", "opening_year", "capacity_mtpa", "workforce", "name", "lat", "lon", "closed"],
        kind="stable",
        ignore_index=True,
        na_position="first",
    )
    frame["project"] = frame.groupby("mine").cumcount() + 1
    frame = frame[list(COLUMNS)]
    check_column(frame["capacity_mtpa"], "coal_capacity", Place(file, column=CAPACITY))
    notes.extend(_counts(frame))
    record = FileRecord(
        file=str(file),
        sheet=f"{operating.sheet}; {closed.sheet}",
        sha256=sha256_of(file),
        rows=len(frame),
        unit=dict(UNITS),
        notes=tuple(notes),
    )
    return SourceTable(frame, record)


@dataclass(frozen=True, slots=True)
class _Part:
    sheet: str
    frame: pd.DataFrame
    notes: tuple[str, ...]


def _sheet(file: Path, names: Sequence[str], mark: str) -> str:
    found = [name for name in names if mark.casefold() in name.casefold()]
    if len(found) != 1:
        raise SourceError(
            f"{len(found)} sheets have {mark!r} in their name, one is wanted",
            Place(file),
            f"The sheets are: {listing(map(repr, names), 40)}.",
        )
    return found[0]


def _read_part(file: Path, sheet: str, country: str, statuses: Sequence[str] | None) -> _Part:
    """Rows of one sheet; `statuses` None: the sheet of closed mines."""
    reading = Reading(read_sheet(file, sheet))
    here = np.array([str(cell).strip() == country for cell in reading.cells(COUNTRY)])
    if not here.any():
        found = sorted({str(cell).strip() for cell in reading.cells(COUNTRY)})
        raise SourceError(
            f"no mine of {country!r}",
            reading.place(COUNTRY),
            f"The countries are: {listing(found, 20)}.",
        )
    notes = [f"{int(here.sum())} of {len(here)} rows are of {country}"]
    if statuses is not None:
        _refuse_absent_statuses(reading, statuses, country, here)
    reading.keep(here)
    if statuses is not None:
        status = np.array(reading.names(STATUS))
        wanted = np.isin(status, list(statuses))
        left = pd.Series(status[~wanted]).value_counts().sort_index()
        counts = listing(f"{name} {count}" for name, count in left.items())
        notes.append(f"status left out: {counts or 'none'}")
        reading.keep(wanted)
    start = len(reading.notes)
    frame = pd.DataFrame(
        {
            "mine": reading.names(MINE),
            "name": reading.names(NAME),
            "status": (
                CLOSED_STATUS if statuses is None else pd.array(reading.names(STATUS), dtype="str")
            ),
            "province": reading.names(PROVINCE, optional=True),
            "prefecture": reading.names(PREFECTURE, optional=True),
            "lat": _coordinates(reading, LATITUDE),
            "lon": _coordinates(reading, LONGITUDE),
            "capacity_mtpa": reading.numbers(CAPACITY, missing=GEM_MISSING, minimum=0),
            "workforce": _numbers_or_ranges(reading, WORKFORCE),
            "opening_year": _years(reading, OPENING),
            "closing_year": _years(reading, CLOSING) if statuses is None else np.nan,
            "closed": statuses is None,
        }
    )
    notes.extend(reading.notes[start:])
    return _Part(sheet, frame, tuple(f"{sheet}: {text}" for text in notes))


def _refuse_absent_statuses(
    reading: Reading, statuses: Sequence[str], country: str, here: np.ndarray
) -> None:
    """Refuse a status that no row has, and statuses that no row of the country has.

    One of the usual statuses may be absent: a file may well have no mothballed mine.
    """
    status = np.array(reading.names(STATUS))
    found = sorted({str(name) for name in status})
    absent = [name for name in statuses if name not in found and name not in KEPT_STATUS]
    if not absent and np.isin(status[here], list(statuses)).any():
        return
    guess = did_you_mean(absent[0], found) if absent else ""
    whose = "no mine" if absent else f"no mine of {country!r}"
    raise SourceError(
        f"{whose} has the status {' or '.join(map(repr, absent or statuses))}",
        reading.place(STATUS),
        f"{guess[:1].upper()}{guess[1:]}The statuses are: {listing(map(repr, found))}.",
    )


def _coordinates(reading: Reading, name: str) -> np.ndarray:
    values = reading.numbers(name, missing=GEM_MISSING)
    low, high = CHINA_BOX[name]
    outside = (values < low) | (values > high)
    if outside.any():
        i = int(np.argmax(outside))
        raise SourceError(
            f"{values[i]:g} is outside China",
            reading.place(name, i),
            f"Degrees from {low:g} to {high:g} are wanted; latitude and longitude may be swapped.",
        )
    return values


def _is_missing(cell: object) -> bool:
    return is_blank(cell) or (
        isinstance(cell, str) and cell.strip().casefold() in MISSING_TOKENS | GEM_MISSING
    )


def _numbers_or_ranges(reading: Reading, name: str) -> np.ndarray:
    """Numbers; a range such as 500-600 gives its middle."""
    values: list[float] = []
    ranges = absent = 0
    for i, cell in enumerate(reading.cells(name)):
        number = as_number(cell)
        if number is None and _is_missing(cell):
            number, absent = np.nan, absent + 1
        elif number is None and isinstance(cell, str) and (parts := RANGE.fullmatch(cell)):
            ends = [number_from_text(part) for part in parts.groups()]
            if None not in ends:
                number, ranges = float(np.mean(np.array(ends, dtype=float))), ranges + 1
        if number is None:
            raise SourceError(
                f"{shown(cell)} is neither a number nor a range",
                reading.place(name, i),
                "Correct the cell, or put '-' for missing.",
            )
        values.append(number)
    if ranges:
        reading.note(f"column {name!r}: {ranges} ranges taken at their middle")
    if absent:
        reading.note(f"column {name!r}: {absent} cells are missing")
    return np.array(values)


def _years(reading: Reading, name: str) -> np.ndarray:
    """Years as floats, NaN where unknown; text with years in it gives the first of them."""
    values: list[float] = []
    texts = absent = 0
    for i, cell in enumerate(reading.cells(name)):
        number = as_number(cell)
        if number is None and _is_missing(cell):
            number, absent = np.nan, absent + 1
        elif number is None and isinstance(cell, str) and (found := YEAR_TEXT.search(cell)):
            number, texts = float(found[1]), texts + 1
        if number is None:
            raise SourceError(
                f"{shown(cell)} is not a year", reading.place(name, i), "'-' and 'TBD' are missing."
            )
        if not np.isnan(number) and not (
            number.is_integer() and OLDEST_MINE <= number <= LAST_YEAR
        ):
            raise SourceError(
                f"the year {number:g} is out of range or has a fraction",
                reading.place(name, i),
                f"Whole years from {OLDEST_MINE} to {LAST_YEAR} are wanted.",
            )
        values.append(number)
    if texts:
        reading.note(f"column {name!r}: the first year was taken from {texts} texts")
    if absent:
        reading.note(f"column {name!r}: {absent} cells are missing")
    return np.array(values)


def _merge_listed_twice(
    kept: pd.DataFrame, closed: pd.DataFrame, notes: list[str]
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Drop mines from `kept` that the closed sheet has under the same id and name."""
    place_of = {key: i for i, key in enumerate(_keys(closed))}
    pairs = [(i, place_of[key]) for i, key in enumerate(_keys(kept)) if key in place_of]
    twice = [str(kept["mine"].iloc[i]) for i, _ in pairs]
    shut = closed.copy()
    for column in ("capacity_mtpa", "workforce"):
        values = shut[column].to_numpy(dtype=float, copy=True)
        others = kept[column].to_numpy(dtype=float)
        for i, j in pairs:
            if np.isnan(values[j]):
                values[j] = others[i]
        shut[column] = values
    if twice:
        notes.append(
            f"{len(twice)} mines stand in both sheets, taken once: {listing(sorted(twice))}"
        )
    return kept.drop(index=[i for i, _ in pairs]), shut


def _keys(frame: pd.DataFrame) -> list[tuple[str, str]]:
    return list(zip(frame["mine"], frame["name"], strict=True))


def _counts(frame: pd.DataFrame) -> list[str]:
    repeated = sorted(set(frame.loc[frame["project"] > 1, "mine"]))
    notes = [
        f"{len(frame)} mine projects: "
        + listing(f"{s} {n}" for s, n in frame["status"].value_counts().sort_index().items())
    ]
    if repeated:
        notes.append(f"{len(repeated)} ids stand for several projects: {listing(repeated)}")
    for column in ("lat", "capacity_mtpa", "workforce", "opening_year"):
        notes.append(f"{column}: unknown for {int(frame[column].isna().sum())}")
    undated = int((frame["closed"] & frame["closing_year"].isna()).sum())
    notes.append(f"closed without a closing year: {undated}, taken as still open")
    return notes


@dataclass(frozen=True, slots=True)
class MinesByYear:
    """What each mine project adds in each year; rows as the mines, columns are years.

    Attributes
    ----------
    open : DataFrame of bool
        Open in the year.
    capacity, capacity_dated : DataFrame, Mt per year
        Capacity while open, 0 where unknown; `dated` for mines with a known opening year only.
    workforce : DataFrame, persons
        Workforce while open, 0 where unknown.
    notes : tuple of str
        How many values were taken as 0 or as open.
    """

    open: pd.DataFrame
    capacity: pd.DataFrame
    capacity_dated: pd.DataFrame
    workforce: pd.DataFrame
    notes: tuple[str, ...]


def mines_by_year(mines: pd.DataFrame, years: Sequence[int]) -> MinesByYear:
    """Spread mines over years.

    open_my = (opening_m <= y) and (y < closing_m); an unknown opening year is before the first
    year, an unknown closing year after the last. Capacity and workforce are those of the tracker,
    the same in every year a mine is open.

    Parameters
    ----------
    mines : DataFrame
        Frame of `read_gem_mines`, or a part of its rows.
    years : sequence of int

    Returns
    -------
    MinesByYear

    Raises
    ------
    SourceError
        If no year is given, or a year is out of range.
    """
    if not len(years) or not all(FIRST_YEAR <= year <= LAST_YEAR for year in years):
        raise SourceError(
            f"the years {listing(years) or '(none)'} cannot be used",
            hint=f"Give whole years from {FIRST_YEAR} to {LAST_YEAR}.",
        )
    wanted = np.array(years, dtype=float)
    opening = mines["opening_year"].to_numpy(dtype=float)
    closing = mines["closing_year"].to_numpy(dtype=float)
    first = np.where(np.isnan(opening), -np.inf, opening)
    last = np.where(np.isnan(closing), np.inf, closing)
    is_open = (first[:, None] <= wanted) & (wanted < last[:, None])
    capacity = mines["capacity_mtpa"].to_numpy(dtype=float)
    workforce = mines["workforce"].to_numpy(dtype=float)
    dated = ~np.isnan(opening)

    def spread(values: np.ndarray) -> pd.DataFrame:
        return pd.DataFrame(is_open * values[:, None], index=mines.index, columns=list(years))

    notes = (
        f"{int(np.isnan(opening).sum())} of {len(mines)} mines without an opening year taken as "
        f"open before {min(years)}",
        f"{int((np.isnan(closing) & mines['closed'].to_numpy(dtype=bool)).sum())} closed mines "
        "without a closing year taken as open",
        f"{int(np.isnan(capacity).sum())} unknown capacities and "
        f"{int(np.isnan(workforce).sum())} unknown workforces taken as 0",
    )
    return MinesByYear(
        open=pd.DataFrame(is_open, index=mines.index, columns=list(years)),
        capacity=spread(np.nan_to_num(capacity)),
        capacity_dated=spread(np.nan_to_num(capacity) * dated),
        workforce=spread(np.nan_to_num(workforce)),
        notes=notes,
    )
