"""A table of one's own: CSV with keys, year and columns of the panel dictionary."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.base import KEY_COLUMNS, SourceTable
from yrb_carbon.sources.columns import FLAG_PREFIX, known_units
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import MAGNITUDES, check_column
from yrb_carbon.sources.rawtable import Reading, did_you_mean

CODE, PROVINCE, NAME, YEAR = KEY_COLUMNS


def read_tidy_csv(
    path: str | Path,
    *,
    rename: Mapping[str, str] | None = None,
    check_units: bool = True,
) -> SourceTable:
    """Read a CSV whose columns are keys and quantities of the panel dictionary.

    Parameters
    ----------
    path : str or Path
        CSV with `year` and `code` (six digits), or `year` and `name` and, where names repeat,
        `province`; or `year` and `province` for provincial figures; or `year` alone for national
        ones. All other columns are quantities in the unit of the dictionary, or `flag_…` of 0/1.
    rename : mapping or None
        Column of the file -> column of the dictionary; columns renamed to nothing (empty text)
        are left out.
    check_units : bool
        Whether medians must have the size of their unit.

    Returns
    -------
    SourceTable
        The keys found, then the quantities.

    Raises
    ------
    SourceError
        See `Reading`; also for a column that is no quantity (the closest names are given), a flag
        that is not 0 or 1, and a table without quantities.
    """
    raw = read_csv(path)
    renamed = dict(rename or {})
    unknown = [name for name in renamed if name not in raw.header]
    if unknown:
        raise SourceError(
            f"to be renamed but not in the file: {listing(unknown)}",
            Place(raw.path, row=1),
            f"The columns are: {listing(raw.header, 40)}",
        )
    final = {name: renamed.get(name, name) for name in raw.header if name}
    doubled = sorted({n for n in final.values() if n and list(final.values()).count(n) > 1})
    if doubled:
        raise SourceError(
            f"{listing(doubled)} would stand for several columns", Place(raw.path, row=1)
        )
    by_target = {target: name for name, target in final.items() if target}
    _check_names(by_target, raw.path)
    if YEAR not in by_target:
        raise SourceError(
            "no column 'year'",
            Place(raw.path, row=1),
            f"{did_you_mean(YEAR, raw.header)}The columns are: {listing(raw.header, 40)}",
        )
    reading = Reading(raw, by_target[YEAR])
    left_out = [name for name, target in final.items() if not target]
    if left_out:
        reading.note(f"columns left out as wished: {listing(left_out)}")
    columns: dict[str, object] = {}
    if CODE in by_target:
        columns[CODE] = reading.codes(by_target[CODE])
    for key in (PROVINCE, NAME):
        if key in by_target:
            columns[key] = reading.names(by_target[key])
    columns[YEAR] = reading.years(by_target[YEAR])
    keys = (CODE, YEAR) if CODE in columns else tuple(columns)
    for target, name in by_target.items():
        if target in KEY_COLUMNS:
            continue
        values = reading.numbers(name)
        place = reading.place(name)
        if target.startswith(FLAG_PREFIX):
            wrong = ~((values == 0) | (values == 1))
            if wrong.any():
                raise SourceError(
                    "a flag is 0 or 1 in every row", reading.place(name, int(wrong.argmax()))
                )
        elif check_units and target in MAGNITUDES:
            check_column(values, target, place)
        columns[target] = values
    return reading.finish(columns, keys)


def _check_names(by_target: Mapping[str, str], path: Path) -> None:
    known = known_units()
    quantities = [target for target in by_target if target not in KEY_COLUMNS]
    wrong = [t for t in quantities if t not in known and not t.startswith(FLAG_PREFIX)]
    if wrong:
        guesses = {name: did_you_mean(name, [*KEY_COLUMNS, *known]) for name in wrong}
        hints = "".join(f"{name!r}: {guess}" for name, guess in guesses.items() if guess)
        raise SourceError(
            f"{listing(map(repr, wrong))} is no column of the dictionary and no key "
            f"({listing(KEY_COLUMNS)})",
            Place(path, row=1, column=by_target[wrong[0]]),
            f"{hints}Rename it, or leave it out with an empty name.",
        )
    if not quantities:
        raise SourceError(
            "no quantity beside the keys",
            Place(path, row=1),
            f"Quantities are, for example: {listing(known)}.",
        )
