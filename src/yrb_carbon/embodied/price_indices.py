"""Price indices of a file, and tables of several years at the prices of one."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pandas as pd

from yrb_carbon.embodied.deflation import deflate_table
from yrb_carbon.errors import DataError, Place, SourceError, listing
from yrb_carbon.sources.input_output import ACCOUNT, InputOutputTable

IMPORTS = "imports"
"""Sector of the price indices that imported inputs are deflated by."""
REGION = "region"
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

    A row without a region holds for every region that has no row of its own. The sector `imports`
    is the price of imported inputs.

    Returns
    -------
    DataFrame, index (region, sector), columns year
        The indices as they stand, of any base; region `EVERYWHERE` where a row has none.

    Raises
    ------
    SourceError
        For a missing file or column, a text in place of a number, an index that is not positive,
        or a year, region and sector that stand twice.
    """
    file = Path(path)
    if not file.is_file():
        raise SourceError("no such file", Place(file), "Give price indices by year and sector.")
    frame = pd.read_csv(file, dtype=str, encoding="utf-8-sig")
    missing = [name for name in ("year", "sector", "index") if name not in frame]
    if missing:
        raise SourceError(
            f"no column {listing(missing)}; found {listing(map(str, frame.columns))}", Place(file)
        )
    for name in ("year", "index"):
        numbers = pd.to_numeric(frame[name], errors="coerce")
        bad = frame.index[~(numbers > 0)]
        if len(bad):
            raise SourceError(
                f"{name} must be a positive number (got {frame.loc[bad[0], name]!r})",
                Place(file, row=int(bad[0]) + 2, column=name),
            )
        frame[name] = numbers
    if REGION not in frame:
        frame[REGION] = EVERYWHERE
    frame[REGION] = frame[REGION].fillna(EVERYWHERE)
    twice = frame[frame.duplicated(["year", *ACCOUNT])]
    if len(twice):
        first = twice.iloc[0]
        raise SourceError(
            f"{int(first['year'])} {_named((first[REGION], first['sector']))} stands twice",
            Place(file, row=int(twice.index[0]) + 2),
        )
    wide = frame.pivot(index=list(ACCOUNT), columns="year", values="index")
    return wide.rename(columns=int)


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
