"""Two results of studies, files or folders, compared with the filters of the command line."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import replace
from pathlib import Path

from yrb_carbon.comparison.difference import Comparison, Tolerance, compare_numbers
from yrb_carbon.comparison.numbers import Numbers, read_numbers
from yrb_carbon.comparison.verdicts import compare_verdicts
from yrb_carbon.errors import DataError
from yrb_carbon.study.base import choices


def compare_results(
    a: str | Path,
    b: str | Path,
    tolerance: Tolerance | None = None,
    *,
    only: Sequence[str] = (),
    ignore: Sequence[str] = (),
    tables: Collection[str] = (),
    models: Collection[str] = (),
    quantities: Collection[str] = (),
) -> Comparison:
    """Compare two files of estimates, or two folders of results with their verdicts.

    Parameters
    ----------
    a, b : str or Path
        As `read_numbers` takes them.
    tolerance, only
        As `compare_numbers` takes them.
    ignore : sequence of str
        Key columns that do not tell rows apart, such as `study`.
    tables, models, quantities : collection of str
        Compare these alone; empty: all. With any of them no verdicts are compared.

    Returns
    -------
    Comparison

    Raises
    ------
    DataError
        If a file cannot be used, or a filter names what neither file has.
    """
    wanted = {"table": tables, "model": models, "quantity": quantities}
    wanted = {column: values for column, values in wanted.items() if values}
    both = [read_numbers(path, ignore) for path in (a, b)]
    _refuse_unknown(both, wanted)
    one, other = (numbers.where(wanted) for numbers in both)
    compared = compare_numbers(one, other, tolerance, only)
    if wanted or not (Path(a).is_dir() and Path(b).is_dir()):
        return compared
    return replace(compared, verdicts=compare_verdicts(a, b))


def _refuse_unknown(both: Sequence[Numbers], wanted: dict[str, Collection[str]]) -> None:
    for column, values in wanted.items():
        if column not in both[0].key:
            raise DataError(f"rows cannot be chosen by {column!r}, which is ignored")
        known = sorted({text for numbers in both for text in numbers.frame[column]})
        for value in values:
            if value not in known:
                raise DataError(
                    f"no {column} of that name in either file ({choices(value, known)})"
                )
