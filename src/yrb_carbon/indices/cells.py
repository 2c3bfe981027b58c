"""What every `calc_*` function checks: the same index everywhere, and cells it can compute."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

import pandas as pd

from yrb_carbon.errors import DataError, listing


class CellError(DataError):
    """A formula that cannot be computed in some cells.

    Attributes
    ----------
    problem : str
        What is wrong there.
    cells : tuple
        Entries of the index.
    """

    def __init__(
        self, problem: str, cells: Sequence[Hashable], names: Sequence[Hashable], text: str
    ) -> None:
        self.problem = problem
        self.cells = tuple(cells)
        self.names = tuple(names)
        super().__init__(f"{problem}: {text}")


def refuse_cells(bad: pd.Series, problem: str, **inputs: pd.Series) -> None:
    """Raise a CellError that names the marked cells and the inputs there, if there are any."""
    if not bad.any():
        return
    cells = list(bad.index[bad])
    table = pd.DataFrame({name: values[bad] for name, values in inputs.items()})
    text = describe_cells(table)
    raise CellError(problem, cells, list(bad.index.names), text)


def describe_cells(table: pd.DataFrame) -> str:
    """`unit 140100, year 2003 (sink=0.0, emissions=27.6)` for every row of a table of inputs."""
    return listing(
        f"{_name(cell, table.index.names)} "
        f"({', '.join(f'{column}={value}' for column, value in row.items())})"
        for cell, row in table.iterrows()
    )


def require_same_cells(**series: pd.Series) -> None:
    """Refuse series whose indices differ: aligning them would make missing cells silently."""
    (first, index), *others = ((name, values.index) for name, values in series.items())
    for name, other in others:
        if not index.equals(other):
            lacking = index.symmetric_difference(other)
            what = listing(_name(cell, index.names) for cell in lacking) or "the order differs"
            raise DataError(f"{first} and {name} are not of the same cells: {what}")


def year_sums(values: pd.Series) -> pd.Series:
    """Sum over units by year, in the order of the units: the same bits for any order of rows."""
    ordered = values.sort_index()
    return ordered.groupby(level="year").sum(min_count=1)


def spread(by_year: pd.Series | float, cells: pd.Index) -> pd.Series:
    """Values by year, or one number, repeated for every (unit, year) of an index."""
    if not isinstance(by_year, pd.Series):
        return pd.Series(float(by_year), index=cells)
    if by_year.index.nlevels > 1:
        if not by_year.index.equals(cells):
            raise DataError("the reference series is not of the same cells as the local one")
        return by_year
    years = cells.get_level_values("year")
    lacking = sorted(set(years) - set(by_year.index))
    if lacking:
        raise DataError(f"the reference series has no value for the years {listing(lacking)}")
    return pd.Series(by_year.reindex(years).to_numpy(dtype=float), index=cells)


def _name(cell: Hashable, names: Sequence[Hashable]) -> str:
    keys = cell if isinstance(cell, tuple) else (cell,)
    return ", ".join(f"{name} {key}" for name, key in zip(names, keys, strict=True))
