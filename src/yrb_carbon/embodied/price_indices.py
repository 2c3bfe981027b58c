"""Price indices of a file, and tables of several years at the prices of one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pandas as pd

from yrb_carbon.embodied.deflation import deflate_table
from yrb_carbon.errors import DataError, Place, SourceError, listing
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.input_output import ACCOUNT, InputOutputTable
from yrb_carbon.sources.rawtable import RawTable, as_number, is_blank, shown

IMPORTS = "imports"
"""Sector of the price indices that imported inputs are deflated by."""
REGION = "region"
COLUMNS = ("year", "sector", "index", REGION)
EVERYWHERE = ""
"""Region of an index that holds where a region has none of its own."""


def at_constant_prices(
    tables: Mapping[int, InputOutputTable], path: Path, base_year: int
) -> dict[int, InputOutputTable]:
    """All tables of a system at the prices of a base year.

    Parameters
    ----------
    tables : mapping of int to InputOutputTable
        By year, at current prices.
    path : Path
        File of price indices.
    base_year : int

    Raises
    ------
    SourceError
        For a file that cannot be read, or lacks a year or a sector.
    DataError
        If the tables are of several lists of sectors, or a price level is implausible.
    """
    lists = {year: table.classification for year, table in tables.items()}
    if len(set(lists.values())) > 1:
        told = listing(f"{year}: {name}" for year, name in lists.items())
        raise DataError(
            f"prices of one sector are wanted in all years, but tables are of several lists of "
            f"sectors ({told}). Take sectors S26 or H2"
        )
    indices = read_deflators(path)
    deflated = {}
    for year, table in tables.items():
        levels, imported = calc_price_levels(indices, table, base_year, Place(path))
        deflated[year] = deflate_table(table, levels, base_year, imported)
    return deflated


def read_deflators(path: str | Path) -> pd.DataFrame:
    """Read price indices: a CSV with the columns year, sector, index and, if wanted, region.

    A row whose region is blank holds for every region that has no row of its own. The sector
    `imports` is the price of imported inputs.

    Returns
    -------
    DataFrame, index (region, sector), columns year
        The indices as they stand, of any base; region `EVERYWHERE` where a row has none.

    Raises
    ------
    SourceError
        For a missing file or column, an unknown column, no rows, a text in place of a number, an
        index that is not positive, a part of a year, a row without a sector, or a year, region
        and sector that stand twice; see `csvfile.read_csv` for files that are no table.
    """
    raw = read_csv(path)
    _refuse_columns(raw)
    cells = [
        {name: str(cell).strip() for name, cell in zip(raw.header, row, strict=True) if name}
        for row in raw.rows
    ]
    lines = [
        (number, _price_of(line, Place(raw.path, row=number)))
        for number, line in zip(raw.numbers, cells, strict=True)
        if any(line.values())
    ]
    if not lines:
        raise SourceError("no price index stands below the header", Place(raw.path))
    frame = pd.DataFrame([price for _, price in lines], columns=["year", *ACCOUNT, "index"])
    twice = frame.index[frame.duplicated(["year", *ACCOUNT])]
    if len(twice):
        number, (year, region, sector, _) = lines[twice[0]]
        raise SourceError(
            f"{year} {_named((region, sector))} stands twice", Place(raw.path, row=number)
        )
    return frame.pivot(index=list(ACCOUNT), columns="year", values="index")


def _refuse_columns(raw: RawTable) -> None:
    """Refuse columns that are not those of price indices, lack, or stand twice."""
    found = f"found {listing(name for name in raw.header if name)}"
    place = Place(raw.path, row=1)
    missing = [name for name in COLUMNS if name not in (*raw.header, REGION)]
    if missing:
        raise SourceError(f"no column {listing(missing)}; {found}", place)
    unnamed = [position for position, name in enumerate(raw.header) if not name]
    for row, number in zip(raw.rows, raw.numbers, strict=True):
        for position in unnamed:
            if not is_blank(row[position]):
                raise SourceError(
                    f"column {position + 1} has no name and holds {shown(row[position])}",
                    Place(raw.path, row=number),
                )
    named = [name for name in raw.header if name]
    surplus = [name for name in named if name not in COLUMNS or named.count(name) > 1]
    if surplus:
        raise SourceError(
            f"the columns {listing(dict.fromkeys(surplus))} are unknown or stand twice; {found}",
            place,
            f"Price indices have the columns {listing(COLUMNS)}, the last one if wanted.",
        )


def _price_of(line: Mapping[str, str], place: Place) -> tuple[int, str, str, float]:
    """Year, region, sector and index of a row."""
    numbers = {}
    for name in ("year", "index"):
        number = as_number(line[name])
        if number is None or not number > 0:
            raise SourceError(
                f"{name} must be a positive number (got {shown(line[name])})",
                replace(place, column=name),
            )
        numbers[name] = number
    if not numbers["year"].is_integer():
        raise SourceError(
            f"year must be a whole number (got {shown(line['year'])})",
            replace(place, column="year"),
        )
    if not line["sector"]:
        raise SourceError("the row names no sector", replace(place, column="sector"))
    region = line.get(REGION, EVERYWHERE)
    return int(numbers["year"]), region, line["sector"], numbers["index"]


def calc_price_levels(
    indices: pd.DataFrame, table: InputOutputTable, base_year: int, place: Place
) -> tuple[pd.Series, pd.Series | None]:
    """Price levels of a table's year with 1 in the base year, P = index_year / index_base.

    An index of a region goes before one of no region.

    Parameters
    ----------
    indices : DataFrame, index (region, sector), columns year
        As `read_deflators` gives them.
    table : InputOutputTable
    base_year : int
    place : Place
        File of the indices, for messages.

    Returns
    -------
    levels : Series, index (region, sector)
        P of every account.
    imported : Series, index (region, sector), or None
        The same of the imported inputs that an account buys; None without such indices.

    Raises
    ------
    SourceError
        If a year has no indices, an index stands for a region or sector that the table lacks, or
        an account, or the imports of a table that has some, have none.
    """
    years = (table.year, base_year)
    for wanted in years:
        if wanted not in indices:
            raise SourceError(
                f"no price index of {wanted}; years: {listing(indices.columns)}", place
            )
        lost = indices.index[indices[wanted].isna()]
        if len(lost):
            raise SourceError(f"no price index of {wanted} for {listing(map(_named, lost))}", place)
    surplus = [
        _named(key)
        for key in indices.index
        if key[0] not in (EVERYWHERE, *table.regions) or key[1] not in (IMPORTS, *table.sectors)
    ]
    if surplus:
        raise SourceError(
            f"price indices of {listing(surplus)}, which the table of {table.year} lacks; it has "
            f"the sectors {listing(table.sectors)}",
            place,
        )
    ratio = indices[table.year] / indices[base_year]
    levels = _by_account(ratio, table, table.labels.get_level_values(1))
    absent = levels.index[levels.isna()]
    if len(absent):
        raise SourceError(
            f"no price index for {listing(map(_named, absent))} of the table of {table.year}", place
        )
    imported = _by_account(ratio, table, pd.Index([IMPORTS] * len(levels)))
    without = imported.index[imported.isna() & table.imports.ne(0)]
    if len(without):
        raise SourceError(
            f"the table of {table.year} has imported inputs and the file no price index of them "
            f"for {listing(sorted({str(region) for region, _ in without}))}",
            place,
            f"Add rows of the sector {IMPORTS!r}.",
        )
    return levels, imported.fillna(1.0) if imported.notna().any() else None


def _by_account(ratio: pd.Series, table: InputOutputTable, sectors: pd.Index) -> pd.Series:
    """Levels by account: of its region and the sector named for it, else of no region."""
    regions = table.labels.get_level_values(0)
    own, common = (
        ratio.reindex(pd.MultiIndex.from_arrays([where, sectors])).to_numpy(dtype=float)
        for where in (regions, [EVERYWHERE] * len(sectors))
    )
    levels = pd.Series(own, index=table.labels)
    return levels.fillna(pd.Series(common, index=table.labels))


def _named(key: tuple[str, str]) -> str:
    return " ".join(part for part in map(str, key) if part)
