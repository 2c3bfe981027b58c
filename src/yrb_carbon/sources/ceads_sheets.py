"""The sheets that the provincial inventories share: one a province, fuels across, sectors down.

Everything is found by its name: sheets by province and year, columns by fuel, rows by sector. The
order of sheets, columns and rows does not count, nor do underscores, blanks and case in names.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import groupby, pairwise
from math import isfinite
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, Place, SourceError, UnitError, fault, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.magnitude import check_magnitude
from yrb_carbon.sources.rawtable import as_number, did_you_mean, is_blank, normalised, shown
from yrb_carbon.sources.workbook import OTHER_SHEETS, existing_file, read_cells, sheet_names
from yrb_carbon.study.concordance import Concordance, load_concordance
from yrb_carbon.study.provinces import Provinces, load_provinces

FloatArray = npt.NDArray[np.float64]

FUELS: Mapping[str, str] = MappingProxyType(
    {
        "raw_coal": "Raw Coal",
        "cleaned_coal": "Cleaned Coal",
        "other_washed_coal": "Other Washed Coal",
        "briquettes": "Briquettes",
        "coke": "Coke",
        "coke_oven_gas": "Coke Oven Gas",
        "other_gas": "Other Gas",
        "other_coking_products": "Other Coking Products",
        "crude_oil": "Crude Oil",
        "gasoline": "Gasoline",
        "kerosene": "Kerosene",
        "diesel": "Diesel Oil",
        "fuel_oil": "Fuel Oil",
        "lpg": "LPG",
        "refinery_gas": "Refinery Gas",
        "other_petroleum": "Other Petroleum Products",
        "natural_gas": "Natural Gas",
    }
)
"""The 17 fuels that are burned: key, as the emission factors have it, and name as published."""

NOT_COVERED = frozenset({"54"})
"""Tibet, which has no inventory in most years."""

SHEET_NAME = re.compile(r"(.*?\D)\s*_?((?:19|20)\d{2})")
HEADER_DEPTH = 12
"""Rows from the top in which the header is looked for."""

SUM_TOLERANCE = 1e-6
"""Share of a printed sum by which its parts may miss it; the published sums hold to 1e-15."""

ROUNDING = 1e-9
"""In the unit of the cells: gaps below are those of floating-point sums of zeros."""

NEIGHBOUR_FACTOR = 5.0
"""Change of a province from one year of the files to the next that no province has: the largest of
1997 to 2019 is 2.3. Units slip by 10, 100 or 10^4."""

KEYS = ["year", "province"]


@dataclass(frozen=True, slots=True)
class Layout:
    """Columns, units and rows of the sheets of one kind of inventory.

    Attributes
    ----------
    columns : mapping
        Key of a column -> its published name.
    units : mapping
        Key of a column -> its unit.
    unit_forms : mapping
        Unit -> the ways in which files write it.
    rows : mapping
        Key of a row that is no sector -> its published names.
    negative : bool
        Whether a cell may be negative.
    """

    columns: Mapping[str, str]
    units: Mapping[str, str]
    unit_forms: Mapping[str, tuple[str, ...]]
    rows: Mapping[str, tuple[str, ...]]
    negative: bool


@dataclass(frozen=True, slots=True)
class InventoryForm:
    """What the sheets of one kind of inventory hold.

    Attributes
    ----------
    layout : Layout
    row, value : str
        Names of the columns of the tidy frame that hold the row and the number.
    reported : tuple of str
        Columns of which a province that reports has something.
    row_sums : mapping
        Key of a row that is printed as a sum -> the rows that it sums; None: all sectors.
    column_sums : mapping
        The same for columns.
    other_sums : tuple of str
        Rows that are printed as sums and are not held against parts.
    size_row : str
        Row whose 17 fuels, summed, must be of the size of `unit`.
    size_name : str
        What that sum is, for messages.
    bounds : pair of float
        Smallest and largest such sum of any province.
    unit : str
    """

    layout: Layout
    row: str
    value: str
    reported: tuple[str, ...]
    row_sums: Mapping[str, tuple[str, ...] | None]
    column_sums: Mapping[str, tuple[str, ...]]
    other_sums: tuple[str, ...]
    size_row: str
    size_name: str
    bounds: tuple[float, float]
    unit: str


@dataclass(frozen=True, slots=True)
class ProvinceSheet:
    """Name of a sheet and what it says."""

    sheet: str
    province: str
    year: int


@dataclass(frozen=True, slots=True, eq=False)
class SheetValues:
    """One workbook: a year, its provinces, and a cell a row and column of the layout.

    Attributes
    ----------
    year : int
    provinces, rows, columns : tuple of str
        Labels of the axes of `cells`, provinces sorted by code.
    cells : array, provinces x rows x columns
    sheets : dict
        Province -> name of its sheet.
    record : FileRecord
    """

    year: int
    provinces: tuple[str, ...]
    rows: tuple[str, ...]
    columns: tuple[str, ...]
    cells: FloatArray
    sheets: Mapping[str, str]
    record: FileRecord

    def part(self, rows: Collection[str], columns: Collection[str]) -> FloatArray:
        """Cells of some rows and columns, in the order of the layout."""
        keep_rows = [i for i, row in enumerate(self.rows) if row in rows]
        keep_columns = [j for j, column in enumerate(self.columns) if column in columns]
        return self.cells[:, keep_rows][:, :, keep_columns]

    def tidy(
        self, rows: Sequence[str], columns: Sequence[str], row: str, value: str
    ) -> pd.DataFrame:
        """Columns year, province, `row`, fuel, `value`: one line a cell, in canonical order."""
        cells = self.part(rows, columns)
        labels = pd.MultiIndex.from_product(
            [[self.year], self.provinces, ordered(rows, self.rows), ordered(columns, self.columns)],
            names=[*KEYS, row, "fuel"],
        )
        return pd.DataFrame({value: cells.ravel()}, index=labels).reset_index()


@dataclass(frozen=True, slots=True, eq=False)
class ProvinceInventory:
    """Inventories of the provinces, of emissions or of energy, for one or more years.

    Attributes
    ----------
    frame : DataFrame
        Columns year (int), province (two digits), sector or item, fuel and the value; sorted by
        year and province, sectors and fuels in the order of the inventories. What a province did
        not report is missing.
    printed : DataFrame
        The same columns: sums as the sheets print them.
    misfits : DataFrame
        Printed sums that their parts miss by more than the tolerance, as `calc_misfits` gives them.
    unreported : tuple of (year, province)
        Provinces without any fuel in a year.
    records : tuple of FileRecord
        One a workbook, by year.
    """

    frame: pd.DataFrame
    printed: pd.DataFrame
    misfits: pd.DataFrame
    unreported: tuple[tuple[int, str], ...]
    records: tuple[FileRecord, ...]

    @property
    def years(self) -> tuple[int, ...]:
        """Years, sorted."""
        return tuple(int(year) for year in self.frame["year"].unique())

    @property
    def provinces(self) -> tuple[str, ...]:
        """Codes of the provinces of any year, sorted."""
        return tuple(sorted(self.frame["province"].unique()))

    @property
    def reported(self) -> pd.DataFrame:
        """`frame` without the provinces that did not report in a year."""
        bare = set(self.unreported)
        places = zip(self.frame["year"], self.frame["province"], strict=True)
        return self.frame[[place not in bare for place in places]].reset_index(drop=True)

    def described(self) -> dict[str, Any]:
        """Files with their years, and the provinces that did not report, ready for JSON."""
        dated = zip(self.years, self.records, strict=True)
        return {
            "files": [{**record.as_dict(), "year": year} for year, record in dated],
            "unreported": [f"{year} {province}" for year, province in self.unreported],
        }

    def require_sums(self) -> None:
        """Refuse inventories with misfits.

        Raises
        ------
        DataError
            Naming the sums, the largest relative gap first.
        """
        if self.misfits.empty:
            return
        worst = self.misfits.sort_values("relative", ascending=False, kind="stable")
        texts = [
            f"{' '.join(map(str, keys))}: printed {printed:.6g}, summed {summed:.6g}"
            for *keys, printed, summed, _, _ in worst.itertuples(index=False, name=None)
        ]
        raise DataError(
            f"{len(worst)} printed sums of the inventories are not the sums of their parts: "
            f"{listing(texts, 6)}"
        )


def read_inventory(
    path: str | Path,
    form: InventoryForm,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
    provinces: Provinces | None = None,
    concordance: Concordance | None = None,
) -> ProvinceInventory:
    """Read a workbook of one year.

    Parameters
    ----------
    path : str or Path
        Workbook with one sheet a province, named as Shanxi2012.
    form : InventoryForm
    expected : collection of str, optional
        Codes of the provinces that must be there; all but `NOT_COVERED` when left out.
    tolerance : float
        Share of a printed sum by which its parts may miss it.
    provinces, concordance : optional
        Read from the project's data when left out.

    Raises
    ------
    SourceError
        See `read_province_sheets`; also if a province's total is not of the size of its unit.
    """
    places, links = provinces or load_provinces(), concordance or load_concordance()
    notes: list[str] = []
    values = read_province_sheets(path, form.layout, places, links, expected)
    values, absent = blank_unreported(values, form.reported, notes)
    _check_sizes(values, form)
    sectors = ordered(values.rows, links.inventory.index)
    sum_rows = [*form.row_sums, *form.other_sums]
    rows = [row for row in values.rows if row not in sum_rows]
    columns = [column for column in values.columns if column not in form.column_sums]
    over_rows = values.tidy(sum_rows, values.columns, form.row, form.value)
    over_columns = values.tidy(rows, list(form.column_sums), form.row, form.value)
    misfits = pd.concat(
        [
            *(
                _misfits(values, form, [row], values.columns, parts or sectors, 1, tolerance)
                for row, parts in form.row_sums.items()
            ),
            *(
                _misfits(values, form, rows, [column], parts, 2, tolerance)
                for column, parts in form.column_sums.items()
            ),
        ],
        ignore_index=True,
    )
    if len(misfits):
        notes.append(f"{len(misfits)} printed sums are not the sums of their parts")
    record = replace(values.record, notes=(*values.record.notes, *notes))
    return ProvinceInventory(
        frame=values.tidy(rows, columns, form.row, form.value),
        printed=pd.concat([over_rows, over_columns], ignore_index=True),
        misfits=misfits,
        unreported=tuple((values.year, province) for province in absent),
        records=(record,),
    )


def read_inventories(
    paths: Iterable[str | Path],
    form: InventoryForm,
    *,
    expected: Collection[str] | None = None,
    tolerance: float = SUM_TOLERANCE,
) -> ProvinceInventory:
    """Read workbooks of several years and hold each year against its neighbours.

    Parameters
    ----------
    paths : iterable of str or Path
        In any order, each of another year.
    form, expected, tolerance
        As `read_inventory`.

    Raises
    ------
    SourceError
        As `read_inventory`; also if there is no workbook, two are of one year, or the total of a
        province jumps from one year to the next as units do.
    """
    places, links = load_provinces(), load_concordance()
    parts = [
        read_inventory(
            path, form, expected=expected, tolerance=tolerance, provinces=places, concordance=links
        )
        for path in paths
    ]
    if not parts:
        raise SourceError("no workbook of provincial inventories is given")
    parts.sort(key=lambda part: part.years)
    files = {part.years[0]: part.records[0].file for part in parts}
    if len(files) < len(parts):
        names = [f"{part.records[0].file} ({part.years[0]})" for part in parts]
        raise SourceError(f"two workbooks of one year among {listing(names, 30)}")
    whole = ProvinceInventory(
        frame=pd.concat([part.frame for part in parts], ignore_index=True),
        printed=pd.concat([part.printed for part in parts], ignore_index=True),
        misfits=pd.concat([part.misfits for part in parts], ignore_index=True),
        unreported=tuple(item for part in parts for item in part.unreported),
        records=tuple(record for part in parts for record in part.records),
    )
    of_size = whole.printed[form.row].eq(form.size_row) & whole.printed["fuel"].isin(list(FUELS))
    totals = whole.printed[of_size].groupby(KEYS)[form.value].sum()
    known = totals.drop(list(whole.unreported))
    check_neighbours(known, f"{form.size_name} in {form.unit}", files, places)
    return whole


def read_named_years(
    read: Callable[[list[Path]], ProvinceInventory], files: Mapping[int, Path], key: str
) -> ProvinceInventory:
    """Read the workbooks that a configuration names by year.

    Parameters
    ----------
    read : callable
        `read_ceads_inventories` or `read_ceads_energies`.
    files : mapping of int to Path
    key : str
        Key of the configuration, for the message.

    Raises
    ------
    SourceError
        As `read`.
    DataError
        If a workbook is of another year than the one that it stands under.
    """
    found = read([path for _, path in sorted(files.items())])
    year_of = {record.file: year for year, record in zip(found.years, found.records, strict=True)}
    wrong = [
        f"{path} under {year}, which is of {year_of[str(path)]}"
        for year, path in sorted(files.items())
        if year_of[str(path)] != year
    ]
    if wrong:
        raise DataError(f"{key} names {'; '.join(wrong)}. Name workbooks by their years")
    return found


def _check_sizes(values: SheetValues, form: InventoryForm) -> None:
    """Refuse a province that reports and whose total cannot be in its unit."""
    totals = values.part([form.size_row], FUELS).sum(axis=(1, 2))
    for province, total in zip(values.provinces, totals, strict=True):
        if total:
            place = Place(values.record.file, values.sheets[province])
            check_magnitude(
                np.array([total]), f"the {form.size_name}", *form.bounds, form.unit, place
            )


def _misfits(
    values: SheetValues,
    form: InventoryForm,
    rows: Sequence[str],
    columns: Sequence[str],
    parts: Sequence[str],
    axis: int,
    tolerance: float,
) -> pd.DataFrame:
    """Sums of rows (axis 1) or of columns (axis 2) that their parts miss."""
    cells = values.part(parts, columns) if axis == 1 else values.part(rows, parts)
    printed = values.tidy(rows, columns, form.row, form.value)
    return calc_misfits(printed, pd.Series(cells.sum(axis=axis).ravel()), form.value, tolerance)


def ordered(some: Collection[str], order: Iterable[str]) -> list[str]:
    """The given names in the given order."""
    return [name for name in order if name in some]


def read_province_sheets(
    path: str | Path,
    layout: Layout,
    provinces: Provinces,
    concordance: Concordance,
    expected: Collection[str] | None = None,
) -> SheetValues:
    """Read every sheet of a workbook that is named by a province and a year.

    Parameters
    ----------
    path : str or Path
    layout : Layout
    provinces : Provinces
    concordance : Concordance
    expected : collection of str, optional
        Codes of the provinces that must have a sheet; all but `NOT_COVERED` when left out. Others
        are read too, and noted.

    Returns
    -------
    SheetValues

    Raises
    ------
    SourceError
        If there is no such sheet, years differ, a province is missing or stands twice, a header,
        unit or row is missing, unknown, doubled or out of its place, or a cell is no number.
    """
    file = existing_file(path)
    sheets, notes = _find_sheets(file, provinces)
    wanted = set(provinces.codes) - NOT_COVERED if expected is None else set(expected)
    notes += _check_coverage(file, sheets, wanted, provinces)
    rows = (*layout.rows, *(str(sector) for sector in concordance.inventory.index))
    find_row = _row_finder(layout, concordance)
    cells = np.stack([_read_sheet(file, item.sheet, layout, rows, find_row) for item in sheets])
    record = FileRecord(
        file=str(file),
        sheet=f"{sheets[0].sheet} to {sheets[-1].sheet}",
        sha256=sha256_of(file),
        rows=len(sheets) * len(rows),
        unit=dict(layout.units),
        notes=tuple(notes),
    )
    return SheetValues(
        year=sheets[0].year,
        provinces=tuple(item.province for item in sheets),
        rows=rows,
        columns=tuple(layout.columns),
        cells=cells,
        sheets=MappingProxyType({item.province: item.sheet for item in sheets}),
        record=record,
    )


def blank_unreported(
    values: SheetValues, columns: Sequence[str], notes: list[str]
) -> tuple[SheetValues, tuple[str, ...]]:
    """Take the fuels of a province without any as missing, not as zero.

    No province burns nothing: where all fuels of all rows are zero, it did not report that year.

    Returns
    -------
    SheetValues
        With NaN in the `columns` of these provinces.
    provinces : tuple of str
    """
    burned = values.part(values.rows, columns)
    absent = ~np.any(np.nan_to_num(burned) != 0, axis=(1, 2))
    names = tuple(p for p, none in zip(values.provinces, absent, strict=True) if none)
    if not names:
        return values, names
    of_fuels = np.isin(values.columns, list(columns))
    cells = np.where(absent[:, None, None] & of_fuels, np.nan, values.cells)
    notes.append(
        f"{values.year}: no fuel at all in {listing(values.sheets[p] for p in names)}, "
        "taken as missing"
    )
    return replace(values, cells=cells), names


def calc_misfits(
    printed: pd.DataFrame, summed: pd.Series, value: str, tolerance: float
) -> pd.DataFrame:
    """Printed sums that their parts miss.

    Parameters
    ----------
    printed : DataFrame
        Key columns and `value`, one line a printed sum.
    summed : Series
        Sum of the parts, in the order of `printed`.
    value : str
    tolerance : float
        Share of the larger of the two.

    Returns
    -------
    DataFrame
        Key columns, `printed`, `summed`, `gap` = summed - printed, `relative` = |gap| over the
        larger of both; only the lines out of tolerance. Missing values are none.
    """
    lines = printed.rename(columns={value: "printed"}).assign(summed=summed.to_numpy())
    gap = lines["summed"] - lines["printed"]
    size = lines[["printed", "summed"]].abs().max(axis=1)
    lines = lines.assign(gap=gap, relative=(gap.abs() / size.where(size > 0, 1.0)))
    out = (lines["relative"] > tolerance) & (gap.abs() > ROUNDING)
    return lines[out].reset_index(drop=True)


def check_neighbours(
    totals: pd.Series, what: str, files: Mapping[int, str], provinces: Provinces
) -> None:
    """Refuse a province whose total jumps from one year of the files to the next.

    Parameters
    ----------
    totals : Series, index (year, province)
        Missing ones are passed over.
    what : str
        What is summed, with its unit.
    files : mapping
        Year -> file.
    provinces : Provinces

    Raises
    ------
    SourceError
        Naming province, years, totals and their ratio.
    """
    known = totals.dropna().sort_index().reset_index()
    ordered_rows = known.sort_values(["province", "year"]).itertuples(index=False, name=None)
    for province, rows in groupby(ordered_rows, key=lambda row: row[1]):
        for (before, _, old), (year, _, new) in pairwise(rows):
            ratio = new / old
            if not 1 / NEIGHBOUR_FACTOR <= ratio <= NEIGHBOUR_FACTOR:
                fault(
                    SourceError(
                        f"the {what} of {province} {provinces.label(province)} is {new:.4g} in "
                        f"{year} and {old:.4g} in {before}: {ratio:.3g} times as much",
                        Place(files[year]),
                        "Give both years in the same unit.",
                    )
                )


def _find_sheets(file: Path, provinces: Provinces) -> tuple[list[ProvinceSheet], list[str]]:
    names = sheet_names(file)
    matches = {name: SHEET_NAME.fullmatch(name.strip()) for name in names}
    found = []
    for name, match in matches.items():
        if match is not None:
            try:
                code = provinces.code(match[1], Place(file, name))
            except UnitError as error:
                raise SourceError(error.problem, error.place) from error
            found.append(ProvinceSheet(name, code, int(match[2])))
    if not found:
        raise SourceError(
            "no sheet is named by a province and a year, as Shanxi2012",
            Place(file),
            f"The sheets are: {listing(names, 40)}.",
        )
    years = sorted({item.year for item in found})
    if len(years) > 1:
        odd = min(years, key=lambda year: sum(item.year == year for item in found))
        of_odd = listing(item.sheet for item in found if item.year == odd)
        raise SourceError(
            f"sheets of {len(years)} years: {listing(years)}",
            Place(file),
            f"A workbook holds one year; compare {of_odd}.",
        )
    codes = [item.province for item in found]
    twice = [item.sheet for item in found if codes.count(item.province) > 1]
    if twice:
        raise SourceError(
            f"sheets of one province: {listing(twice)}", Place(file), "Keep one of them."
        )
    others = [name for name, match in matches.items() if match is None]
    notes = [f"{OTHER_SHEETS}: {listing(map(repr, others))}"] if others else []
    return sorted(found, key=lambda item: item.province), notes


def _check_coverage(
    file: Path, sheets: Sequence[ProvinceSheet], wanted: Collection[str], provinces: Provinces
) -> list[str]:
    codes = {item.province for item in sheets}
    missing = sorted(set(wanted) - codes)
    if missing:
        names = listing((f"{code} {provinces.label(code)}" for code in missing), 40)
        raise SourceError(
            f"no sheet for {len(missing)} of {len(wanted)} provinces: {names}",
            Place(file),
            "Download the workbook again, or name the provinces that are wanted.",
        )
    surplus = [item.sheet for item in sheets if item.province not in wanted]
    return [f"{len(surplus)} sheets beside those wanted: {listing(surplus)}"] if surplus else []


@cache
def _plain(name: object) -> str:
    """Name of a column or row for comparing: underscores count as little as blanks."""
    return normalised(name).replace("_", "")


def _row_finder(layout: Layout, concordance: Concordance) -> Callable[[object], str | None]:
    """What a label means: a row of the layout, a sector, or neither."""
    rows = {_plain(name): key for key, names in layout.rows.items() for name in names}

    @cache
    def find(label: object) -> str | None:
        return rows.get(_plain(label)) or concordance.find(label)

    return find


def _read_sheet(
    file: Path,
    sheet: str,
    layout: Layout,
    rows: Sequence[str],
    find_row: Callable[[object], str | None],
) -> FloatArray:
    grid = read_cells(file, sheet)
    header, names = _find_header(grid, layout, Place(file, sheet))
    labels = _label_column(grid, header, find_row, Place(file, sheet))
    columns = _place_columns(grid, header, labels, names, layout, Place(file, sheet))
    top = _check_units(grid, header, columns, layout, Place(file, sheet))
    places = _place_rows(grid, top, labels, columns, rows, find_row, Place(file, sheet))
    cells = np.array(
        [[grid[places[row]][columns[k]] for k in layout.columns] for row in rows], object
    )
    values = np.empty(cells.shape)
    for (i, j), cell in np.ndenumerate(cells):
        # A place a cell would take most of the time of reading.
        if isinstance(cell, float) and (cell >= 0 or (layout.negative and isfinite(cell))):
            values[i, j] = cell
        else:
            place = Place(file, sheet, places[rows[i]] + 1, list(layout.columns.values())[j])
            values[i, j] = _number(cell, place, layout.negative)
    return values


def _number(cell: object, place: Place, negative: bool) -> float:
    number = as_number(cell)
    if number is None:
        empty = is_blank(cell)
        what = "an empty cell" if empty else f"{shown(cell)} is no number"
        hint = "The inventories print 0 where nothing is used." if empty else None
        fault(SourceError(what, place, hint))
        return np.nan
    if number < 0 and not negative:
        fault(SourceError(f"{number:g} is negative", place, "Emissions are zero or more."))
        return np.nan
    return number


def _find_header(
    grid: Sequence[Sequence[object]], layout: Layout, place: Place
) -> tuple[int, dict[str, str]]:
    """Row of the header and the columns' normalised names -> keys."""
    names = {_plain(name): key for key, name in layout.columns.items()}
    hits = [sum(_plain(cell) in names for cell in row) for row in grid[:HEADER_DEPTH]]
    best = max(hits, default=0)
    if 2 * best < len(names):
        top = listing((shown(c) for row in grid[:2] for c in row if not is_blank(c)), 6)
        raise SourceError(
            f"none of the first {HEADER_DEPTH} rows is the header: {best} of {len(names)} columns "
            "are named in the best of them",
            place,
            f"Wanted {listing(layout.columns.values(), 4)}; the sheet begins with "
            f"{top or 'nothing'}.",
        )
    return hits.index(best), names


def _label_column(
    grid: Sequence[Sequence[object]],
    header: int,
    find_row: Callable[[object], str | None],
    place: Place,
) -> int:
    """Column whose cells below the header name the most rows."""
    width = max(len(row) for row in grid)
    hits = [
        sum(isinstance(row[j], str) and find_row(row[j]) is not None for row in grid[header + 1 :])
        for j in range(width)
    ]
    if not any(hits):
        raise SourceError(
            "no column names sectors", place, "Wanted rows such as 'Coal Mining and Dressing'."
        )
    return hits.index(max(hits))


def _place_columns(
    grid: Sequence[Sequence[object]],
    header: int,
    labels: int,
    names: Mapping[str, str],
    layout: Layout,
    place: Place,
) -> dict[str, int]:
    """Key of a column -> its position, with every column of numbers under its own name."""
    found: dict[str, list[int]] = {}
    unknown: list[int] = []
    for j, cell in enumerate(grid[header]):
        if j == labels:
            continue
        key = names.get(_plain(cell))
        if key is not None:
            found.setdefault(key, []).append(j)
        elif any(as_number(row[j]) is not None for row in grid[header + 1 :]):
            unknown.append(j)
    here = Place(place.file, place.sheet, header + 1)
    if _plain(grid[header][labels]) in names or any(is_blank(grid[header][j]) for j in unknown):
        nameless = [_letter(j) for j in unknown if is_blank(grid[header][j])]
        raise SourceError(
            f"the header does not stand over its columns: numbers without a name in column "
            f"{listing(nameless) or 'none'}, {shown(grid[header][labels])} over the sectors in "
            f"column {_letter(labels)}",
            here,
            "Move the header so that every name stands over its numbers.",
        )
    for key, places in found.items():
        if len(places) > 1:
            raise SourceError(
                f"{layout.columns[key]!r} stands over {len(places)} columns: "
                f"{listing(map(_letter, places))}",
                here,
                "Keep one of them.",
            )
    missing = [name for key, name in layout.columns.items() if key not in found]
    if unknown:
        first = str(grid[header][unknown[0]])
        guess = did_you_mean(first, missing or list(layout.columns.values()))
        raise SourceError(
            f"unknown columns {listing(repr(grid[header][j]) for j in unknown)}",
            here,
            f"{guess[:1].upper()}{guess[1:]}Missing are: {listing(missing) or 'none'}.",
        )
    if missing:
        raise SourceError(f"no column {listing(map(repr, missing))}", here)
    return {key: places[0] for key, places in found.items()}


def _check_units(
    grid: Sequence[Sequence[object]],
    header: int,
    columns: Mapping[str, int],
    layout: Layout,
    place: Place,
) -> int:
    """First row below that of the units, each of which must be the column's."""
    forms = {_plain(form): unit for unit, forms in layout.unit_forms.items() for form in forms}
    top = header + 1
    texts = [
        sum(not is_blank(row[j]) and as_number(row[j]) is None for j in columns.values())
        for row in grid[top : header + HEADER_DEPTH]
    ]
    if not texts or max(texts) < len(columns) / 2:
        wanted = listing(sorted(set(layout.units.values())))
        raise SourceError("no row of units below the header", place, f"Wanted {wanted}.")
    row = top + texts.index(max(texts))
    for key, j in columns.items():
        cell, wanted = grid[row][j], layout.units[key]
        if forms.get(_plain(cell)) != wanted:
            fault(
                SourceError(
                    f"the unit is {shown(cell)}, wanted {wanted}",
                    Place(place.file, place.sheet, row + 1, layout.columns[key]),
                    f"Give the column in {wanted}.",
                )
            )
    return row + 1


def _place_rows(
    grid: Sequence[Sequence[object]],
    top: int,
    labels: int,
    columns: Mapping[str, int],
    rows: Sequence[str],
    find_row: Callable[[object], str | None],
    place: Place,
) -> dict[str, int]:
    """Key of a row -> its position; rows without a label hold nothing."""
    found: dict[str, int] = {}
    for i in range(top, len(grid)):
        label = grid[i][labels]
        here = Place(place.file, place.sheet, i + 1)
        if is_blank(label) or as_number(label) == 0:
            if any(as_number(grid[i][j]) or 0.0 for j in columns.values()):
                raise SourceError(
                    "numbers in a row without a label", here, "Name the row, or empty it."
                )
            continue
        key = find_row(label)
        if key is None:
            known = [str(row[labels]) for row in grid if not is_blank(row[labels])]
            raise SourceError(
                f"unknown row {shown(label)}",
                here,
                "Add the spelling to data/concordances/ceads_sectors.csv, or take the row out. "
                f"Rows are named like {listing(known[:3])}.",
            )
        if key in found:
            raise SourceError(
                f"{shown(label)} names the same row as {shown(grid[found[key]][labels])} in row "
                f"{found[key] + 1}",
                here,
                "Keep one of them.",
            )
        found[key] = i
    missing = [row for row in rows if row not in found]
    if missing:
        raise SourceError(
            f"no row for {len(missing)} of {len(rows)}: {listing(missing, 20)}", place
        )
    return found


def _letter(position: int) -> str:
    """Letters of a column as a spreadsheet has them, A for 0."""
    letters = ""
    number = position + 1
    while number:
        number, rest = divmod(number - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
