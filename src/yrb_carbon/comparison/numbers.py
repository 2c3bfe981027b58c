"""Files of estimates as a comparison reads them: whole ones, compact ones, ones of other studies.

A comparison is lenient where the contract of estimates.csv is strict: it takes any subset of the
number columns and quantities of other versions, for what changed is what it has to tell.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import (
    COUNT_COLUMNS,
    NUMBER_COLUMNS,
    SORT_COLUMNS,
    parse_numbers,
    read_cells,
)
from yrb_carbon.study.base import choices

COMPARED = (*NUMBER_COLUMNS, *COUNT_COLUMNS)
"""Columns that can be compared; counts, draws and seeds must be equal."""
ESTIMATES = "estimates.csv"
CLAIMS = "claims.csv"
DRAWN = ("simulation", "mc", "bootstrap", "permutation")
"""First words of the `inference` of numbers that come from draws with a seed."""


@dataclass(frozen=True, slots=True)
class Numbers:
    """Rows of one file of estimates.

    Attributes
    ----------
    name : str
        What messages call the file.
    key : tuple of str
        Columns that tell the rows apart, as text.
    columns : tuple of str
        Those of `COMPARED` that the file has.
    frame : DataFrame
        Key and number columns; no two rows with the same key.
    """

    name: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    frame: pd.DataFrame

    def where(self, wanted: Mapping[str, Collection[str]]) -> Numbers:
        """Rows whose key columns hold one of the wanted texts; an empty collection is any."""
        kept = pd.Series(True, index=self.frame.index)
        for column, values in wanted.items():
            if values:
                kept &= self.frame[column].isin(list(values))
        return replace(self, frame=self.frame[kept].reset_index(drop=True))


def read_numbers(path: str | Path, ignore: Sequence[str] = ()) -> Numbers:
    """Read a file of estimates, a folder of results, or a folder of parts of one file.

    Parameters
    ----------
    path : str or Path
        A file with the key columns of estimates.csv and some of its numbers; a folder with an
        `estimates.csv`; or a folder of such files, which are put together.
    ignore : sequence of str
        Key columns that do not tell rows apart, such as `study`.

    Raises
    ------
    DataError
        If there is no such file, columns are missing, a cell is no number, or a key occurs twice.
    """
    strange = [column for column in ignore if column not in SORT_COLUMNS]
    if strange:
        raise DataError(f"no key column of that name ({choices(strange[0], SORT_COLUMNS)})")
    key = tuple(column for column in SORT_COLUMNS if column not in ignore)
    parts = [_read_part(file, key) for file in files_of(path)]
    if len({tuple(part.columns) for part in parts}) > 1:
        raise DataError(f"{path}: its files do not have the same columns")
    frame = pd.concat(parts, ignore_index=True)
    _refuse_doubled(frame, key, str(path))
    return Numbers(str(path), key, tuple(c for c in COMPARED if c in frame.columns), frame)


def files_of(path: str | Path) -> list[Path]:
    """The files that a path stands for."""
    path = Path(path)
    if not path.is_dir():
        if not path.exists():
            raise DataError(f"{path}: no such file or folder; run the study first")
        return [path]
    if (path / ESTIMATES).exists():
        return [path / ESTIMATES]
    files = sorted(path.glob("*.csv"))
    if not files or CLAIMS in {file.name for file in files}:
        raise DataError(f"{path}: the folder has no {ESTIMATES}; run the study first")
    return files


def from_draws(inference: pd.Series) -> pd.Series:
    """Which rows come from draws with a seed, by their column `inference`."""
    return inference.str.startswith(DRAWN)


def _read_part(path: Path, key: Sequence[str]) -> pd.DataFrame:
    text = read_cells(path)
    missing = [column for column in (*key, "estimate") if column not in text.columns]
    if missing:
        raise DataError(
            f"{path}: not a file of estimates; columns missing: {listing(missing)} "
            f"(there: {listing(text.columns)})"
        )
    text = text[(text != "").any(axis=1)]
    frame = text[list(key)].copy()
    if "year" in key:
        years = parse_numbers(text["year"], path, whole=True).astype("Int64")
        frame["year"] = years.astype("string").fillna("").astype(object)
    for column in (name for name in COMPARED if name in text.columns):
        is_count = column in COUNT_COLUMNS
        numbers = parse_numbers(text[column], path, whole=is_count)
        frame[column] = numbers.astype("Int64" if is_count else "float64")
    return frame


def _refuse_doubled(frame: pd.DataFrame, key: Sequence[str], name: str) -> None:
    doubled = frame.loc[frame.duplicated(list(key)), list(key)].drop_duplicates()
    if len(doubled):
        raise DataError(
            f"{name}: rows cannot be matched, more than one row has the key "
            + listing(("/".join(row) for row in doubled.itertuples(index=False)), 4)
        )
