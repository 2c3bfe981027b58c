"""Interregional input-output tables of China's provinces as CEADs publishes them, 42 sectors."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.columns import TEN_THOUSAND_YUAN
from yrb_carbon.sources.input_output import (
    ACCOUNT,
    BALANCE_TOLERANCE,
    USE,
    VALUE_ADDED,
    InputOutputTable,
    assemble_table,
    balance_scale,
    describe_unbalanced,
    unbalanced,
)
from yrb_carbon.sources.magnitude import check_magnitude, scale
from yrb_carbon.sources.mrio_layout import (
    ERRORS,
    EXPORTS,
    HEAD_ROWS,
    IMPORTS,
    INPUT,
    OUTPUT,
    TOTAL_VALUE_ADDED,
    Layout,
    called,
    column_name,
    find_layout,
    provinces_in_a_row,
)
from yrb_carbon.sources.rawtable import MISSING_TOKENS, as_number, is_blank, shown
from yrb_carbon.sources.workbook import Heads, existing_file, read_cells, read_chosen_cells
from yrb_carbon.study.provinces import Provinces, load_provinces
from yrb_carbon.study.sector_lists import load_sector_list, sector_list_names

FloatArray = npt.NDArray[np.float64]

YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
MONEY = re.compile(r"元|yuan|rmb|cny", re.I)
UNITS: tuple[tuple[str, str], ...] = (
    (r"亿\s*元|100\s*million|10\s*\^?\s*8\b|0\.1\s*billion", "10^8 yuan"),
    (r"百万\s*元|million", "million yuan"),
    (r"万\s*元|10[,， ]?000|10\s*thousand|ten\s*thousand|10\s*\^?\s*4\b|10⁴", TEN_THOUSAND_YUAN),
    (r"元|yuan|rmb|cny", "yuan"),
)
"""Pattern in a text with a currency -> unit; the first that fits."""
PROVINCE_OUTPUT = (2e7, 1e10)
"""Bounds of the median output of provinces, 10^4 yuan: 3e8 to 6e8 in 2012 to 2017."""
NEAR_POWER = 0.05
"""Distance of a ratio's decimal logarithm from a whole number that points to another unit."""


def read_ceads_mrio(
    path: str | Path,
    *,
    year: int | None = None,
    sheet: str | None = None,
    unit: str | None = None,
    sectors: str | None = None,
    provinces: Sequence[str] | None = None,
    tolerance: float = BALANCE_TOLERANCE,
    accepted_share: float = 0.0,
) -> InputOutputTable:
    """Read a table of provinces x sectors, everything by name.

    The layout: rows of titles; a row with the name of each province where its block begins; a row
    of sectors; a row of codes; one row an account with province, sector and code before the
    numbers; after the accounts five final uses a province, exports, errors and gross output;
    below them imports, four rows of value added and total input. Rows of titles may be more or
    fewer, columns may stand elsewhere, names may be Chinese or English, once a block or in each
    cell.

    Parameters
    ----------
    path : str or Path
        Workbook, xlsx or xls.
    year : int, optional
        By default the one year that title, sheet or file name has, in this order.
    sheet : str, optional
        By default the sheet with most names of provinces in one row.
    unit : str, optional
        `yuan`, `10^4 yuan`, `million yuan` or `10^8 yuan`, where the title does not say it.
    sectors : str, optional
        Name of the list of sectors; by default the one that knows most names.
    provinces : sequence of str, optional
        Codes that must be there; all 31 by default.
    tolerance : float
        Largest gap of a row or column, relative to output.
    accepted_share : float
        Share of rows and columns that may be out of balance; their largest gaps are noted.

    Returns
    -------
    InputOutputTable
        In 10^4 yuan, at the prices of the table; `classification` is the list of sectors.

    Raises
    ------
    SourceError
        For a shifted header, a missing or doubled province or sector, a missing row or column
        of output, imports, value added or total input, a text in place of a number, an unknown or
        unlikely unit, or rows and columns that do not balance; sheet, row and column are named.
    """
    file = existing_file(path)
    known = load_provinces()
    if sheet is None:
        chosen, cells = read_chosen_cells(
            file, HEAD_ROWS, lambda heads: _table_sheet(heads, file, known)
        )
    else:
        chosen, cells = sheet, read_cells(file, sheet)
    place = Place(file, chosen)
    if not cells:
        raise SourceError("the sheet is empty", place)
    lists = [load_sector_list(n) for n in ([sectors] if sectors else sector_list_names())]
    expected = known.codes if provinces is None else tuple(sorted(known.codes_of(provinces)))
    layout = find_layout(cells, place, known, lists, expected)
    titles = [cell for row in cells[: layout.head] for cell in row if isinstance(cell, str)]
    found_year = find_year(year, titles, place)
    found_unit = find_unit(unit, titles, place)
    numbers, notes = _numbers(cells, layout, place)
    factor = scale(found_unit, TEN_THOUSAND_YUAN)
    record = FileRecord(
        file=str(file),
        sheet=chosen,
        sha256=sha256_of(file),
        rows=len(layout.rows.accounts),
        unit={"all amounts": TEN_THOUSAND_YUAN},
        notes=(*layout.notes, *notes, f"amounts stand in {found_unit}"),
    )
    table, total_input = _assemble(numbers * factor, layout, found_year, record)
    _check_size(table, found_unit, layout, place)
    return _check_balances(table, total_input, layout, known, place, tolerance, accepted_share)


def _table_sheet(heads: Heads, file: Path, provinces: Provinces) -> str:
    """The sheet whose head names the most provinces in one row."""
    counts = {name: provinces_in_a_row(head, provinces) for name, head in heads.items()}
    best = max(counts.values())
    if best < 2:
        raise SourceError(
            f"no sheet has a row with the names of provinces in its first {HEAD_ROWS} rows",
            Place(file),
            f"The sheets are: {listing(map(repr, counts), 40)}. The header has a row with the name "
            "of each province where its block of columns begins.",
        )
    winners = [name for name, count in counts.items() if count == best]
    if len(winners) > 1:
        raise SourceError(
            f"{len(winners)} sheets look like the table: {listing(map(repr, winners))}",
            Place(file),
            "Name the sheet.",
        )
    return winners[0]


def find_year(wanted: int | None, titles: Sequence[str], place: Place) -> int:
    """Year of a table: the one that is wanted, checked against the title, or the one that is told.

    Raises
    ------
    SourceError
        If title, sheet and file name tell none or several, or the title tells another one.
    """
    sources = (*([text] for text in titles), [place.sheet or ""], [Path(str(place.file)).name])
    told = [{int(y) for text in texts for y in YEAR.findall(text)} for texts in sources]
    in_title = set().union(*told[: len(titles)])
    if wanted is not None:
        if in_title and wanted not in in_title:
            raise SourceError(
                f"the title says {listing(sorted(in_title))}, the table of {wanted} is wanted",
                place,
            )
        return wanted
    years = next((some for some in (in_title, *told[len(titles) :]) if some), set())
    if len(years) != 1:
        raise SourceError(
            "title, sheet and file name do not tell one year"
            + (f" but {listing(sorted(years))}" if years else ""),
            place,
            "Name the year.",
        )
    return years.pop()


def find_unit(wanted: str | None, titles: Sequence[str], place: Place) -> str:
    """Unit of the amounts: the one that the rows above the table tell, or the one that is given.

    Raises
    ------
    SourceError
        If they tell none and none is given, or they tell another one.
    """
    told = {
        unit: text
        for text in titles
        if MONEY.search(text)
        for unit in [next(unit for pattern, unit in UNITS if re.search(pattern, text, re.I))]
    }
    if len(told) > 1:
        raise SourceError(
            f"the rows above the table tell several units: {listing(map(shown, told.values()))}",
            place,
            "Name the unit and correct the others.",
        )
    found = next(iter(told), None)
    if wanted is None and found is None:
        raise SourceError(
            "the rows above the table do not tell the unit of the amounts",
            place,
            f"Name it, it is usually {TEN_THOUSAND_YUAN}.",
        )
    if wanted is not None and found is not None and wanted != found:
        raise SourceError(f"{shown(told[found])} tells {found}, the unit given is {wanted}", place)
    if wanted is not None and wanted not in {name for _, name in UNITS}:
        raise SourceError(
            f"unknown unit {wanted!r}", place, f"Units are: {listing(u for _, u in UNITS)}."
        )
    return str(wanted or found)


def _numbers(
    cells: Sequence[Sequence[object]], layout: Layout, place: Place
) -> tuple[FloatArray, list[str]]:
    """All numbers of the rows and columns that are read, in the order of their positions."""
    rows, columns = _positions(layout)
    values = np.zeros((len(rows), len(columns)))
    corner_rows = set(layout.rows.others.values())
    corner = {*layout.columns.uses.values(), *layout.columns.others.values()}
    texts = blanks = 0
    for k, i in enumerate(rows):
        row = cells[i]
        line = [row[j] if j < len(row) else None for j in columns]
        if set(map(type, line)) <= {float, int}:
            values[k] = np.array(line, dtype=float)
            continue
        for m, cell in enumerate(line):
            # what primary inputs give to final uses is outside the accounts
            outside = i in corner_rows and columns[m] in corner
            if is_blank(cell) or (isinstance(cell, str) and cell.strip() in MISSING_TOKENS):
                blanks += not outside
                continue
            number = as_number(cell)
            if number is None:
                if outside:
                    continue
                raise SourceError(
                    f"{shown(cell)} is not a number",
                    Place(place.file, place.sheet, i + 1, column_name(columns[m])),
                    "Correct the cell, or empty it where there is nothing.",
                )
            texts += isinstance(cell, str)
            values[k, m] = number
    notes = []
    if texts:
        notes.append(f"{texts} numbers stood as text and were parsed")
    if blanks:
        notes.append(f"{blanks} empty cells taken as zero")
    return values, notes


def _positions(layout: Layout) -> tuple[list[int], list[int]]:
    """Rows and columns that are read: accounts first, then uses, then the others."""
    rows, columns = layout.rows, layout.columns
    return (
        [*rows.accounts.values(), *rows.others.values()],
        [*columns.accounts.values(), *columns.uses.values(), *columns.others.values()],
    )


def _assemble(
    values: FloatArray, layout: Layout, year: int, record: FileRecord
) -> tuple[InputOutputTable, pd.Series]:
    """Build the table, and the total input printed below it by account."""
    rows, columns = layout.rows, layout.columns
    sellers = pd.MultiIndex.from_tuples(list(rows.accounts), names=list(ACCOUNT))
    buyers = pd.MultiIndex.from_tuples(list(columns.accounts), names=list(ACCOUNT))
    uses = pd.MultiIndex.from_tuples(list(columns.uses), names=list(USE))
    n, m = len(sellers), len(sellers) + len(uses)
    right = dict(zip(columns.others, range(m, values.shape[1]), strict=True))
    below = dict(zip(rows.others, range(n, values.shape[0]), strict=True))
    added = [key for key in VALUE_ADDED if key in below] or [TOTAL_VALUE_ADDED]

    def beside(key: str) -> pd.Series | None:
        return pd.Series(values[:n, right[key]], sellers) if key in right else None

    table = assemble_table(
        year=year,
        intermediate=pd.DataFrame(values[:n, :n], sellers, buyers),
        final_demand=pd.DataFrame(values[:n, n:m], sellers, uses),
        exports=beside(EXPORTS),
        errors=beside(ERRORS),
        output=pd.Series(values[:n, right[OUTPUT]], sellers),
        imports=pd.Series(values[below[IMPORTS], :n], buyers),
        value_added=pd.DataFrame(values[[below[key] for key in added], :n], added, buyers),
        unit=TEN_THOUSAND_YUAN,
        record=record,
        classification=layout.sectors.name,
    )
    return table, pd.Series(values[below[INPUT], :n], buyers).reindex(table.labels)


def _check_size(table: InputOutputTable, unit: str, layout: Layout, place: Place) -> None:
    """Refuse an output in another unit than the flows, or of another size than its unit has."""
    power = power_of_ten(
        float((table.balance()["uses"] / table.output.replace(0, np.nan)).median())
    )
    if power:
        raise SourceError(
            f"the rows sum to 10^{power} times the output printed beside them: output and flows "
            "are in different units",
            Place(place.file, place.sheet, None, column_name(layout.columns.others[OUTPUT])),
            "Give both in one unit.",
        )
    factor = scale(TEN_THOUSAND_YUAN, unit)
    low, high = PROVINCE_OUTPUT
    by_region = table.output.groupby(level=0).sum() * factor
    check_magnitude(by_region, "the output of provinces", low * factor, high * factor, unit, place)


def power_of_ten(ratio: float) -> int:
    """Exponent of the power of ten, other than one, that a ratio is close to; 0 where it is none.

    Close is within `NEAR_POWER` of its decimal logarithm.
    """
    if not 0 < ratio < math.inf:
        return 0
    power = round(math.log10(ratio))
    return power if abs(math.log10(ratio) - power) < NEAR_POWER else 0


def _check_balances(
    table: InputOutputTable,
    total_input: pd.Series,
    layout: Layout,
    provinces: Provinces,
    place: Place,
    tolerance: float,
    accepted_share: float,
) -> InputOutputTable:
    """Refuse a table with too many rows and columns out of balance; note the accepted ones."""

    def named(key: tuple[str, str], side: str) -> str:
        axis = layout.rows if side == "row" else layout.columns
        where = called("row" if side == "row" else "column", axis.accounts[key])
        return f"{provinces.label(key[0])} {layout.sectors.label(key[1])} ({where})"

    balance = table.balance()
    failing = unbalanced(balance, tolerance)
    printed = balance.assign(
        row_gap=0.0,
        inputs=total_input,
        column_gap=(total_input - table.output) / balance_scale(table.output.to_numpy()),
    )
    total_wrong = unbalanced(printed, tolerance).assign(side="printed total input")
    notes = []
    for found, total in ((failing, 2 * len(table.output)), (total_wrong, len(table.output))):
        if not len(found):
            continue
        text = describe_unbalanced(found, total, tolerance, named)
        if len(found) > accepted_share * total:
            raise SourceError(text, place, unit_hint(found))
        notes.append(f"accepted: {text}")
    return replace(table, record=replace(table.record, notes=(*table.record.notes, *notes)))


def unit_hint(failing: pd.DataFrame) -> str | None:
    """A sentence on units where the sum worst out of balance is off by a power of ten."""
    first = failing.head(1)
    power = power_of_ten(float((first["sum"] / first["output"]).sum())) if len(first) else 0
    return (
        f"The first of these sums is 10^{power} times its output: a unit is wrong there."
        if power
        else None
    )
