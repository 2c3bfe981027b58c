"""What stands in which row and column of an interregional table, found by names."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources.input_output import FINAL_CATEGORIES, VALUE_ADDED
from yrb_carbon.sources.rawtable import as_number, did_you_mean, is_blank, shown
from yrb_carbon.study.names import given
from yrb_carbon.study.provinces import Provinces
from yrb_carbon.study.sector_lists import SectorList, fitting_list, sector_key

Axis = Literal["row", "column"]
Entry = tuple[int, object, Sequence[object]]
Cells = Sequence[Sequence[object]]

HEAD_ROWS = 40
"""Rows that are searched for the header: titles and notes above a table are fewer."""
LEADING_COLUMNS = 8
"""Columns that are searched for the names of the rows."""
MAX_NAMED = 6

OUTPUT, EXPORTS, ERRORS, IMPORTS, INPUT = "output", "exports", "errors", "imports", "input"
TOTAL_VALUE_ADDED, TOTAL = "value_added", "total"

_USE_NAMES: dict[str, tuple[str, ...]] = {
    "rural": (
        "FU101", "农村居民消费", "农村居民消费支出", "农村居民", "rural household consumption",
        "rural consumption", "rural households", "rural",
    ),
    "urban": (
        "FU102", "城镇居民消费", "城镇居民消费支出", "城镇居民", "城市居民消费",
        "urban household consumption", "urban consumption", "urban households", "urban",
    ),
    "government": (
        "FU103", "政府消费", "政府消费支出", "政府部门", "government consumption", "government",
        "government consumption expenditure",
    ),
    "capital": (
        "FU201", "固定资本形成", "固定资本形成总额", "gross fixed capital formation",
        "fixed capital formation", "GFCF",
    ),
    "inventory": (
        "FU202", "存货增加", "存货变动", "存货", "changes in inventories", "change in inventories",
        "inventory changes", "inventory increase", "changes in inventory", "inventories",
        "inventory", "stock increase",
    ),
}  # fmt: skip
_COLUMN_NAMES: dict[str, tuple[str, ...]] = {
    EXPORTS: ("EX", "出口", "出口合计", "国际出口", "export", "exports", "total exports"),
    ERRORS: (
        "ERR", "其他", "误差", "误差项", "其他项", "平衡项", "统计误差", "others", "other", "error",
        "errors", "error term", "statistical error", "statistical discrepancy",
    ),
    OUTPUT: ("GO", "总产出", "总产值", "gross output", "total output", "total outputs", "output"),
    TOTAL: (
        "TIU", "TFU", "THC", "TC", "GCF", "中间使用合计", "中间使用", "最终使用合计", "最终使用",
        "居民消费", "居民消费小计", "居民消费支出小计", "最终消费支出合计", "最终消费合计",
        "资本形成总额", "资本形成合计", "资本形成总额合计", "total intermediate use",
        "total intermediate uses", "total final use", "total final uses", "final use",
        "total final consumption", "gross capital formation", "total household consumption",
    ),
}  # fmt: skip
_ROW_NAMES: dict[str, tuple[str, ...]] = {
    IMPORTS: ("IM", "进口", "进口合计", "国际进口", "import", "imports", "imported inputs"),
    "compensation": (
        "VA001", "劳动者报酬", "compensation of employees", "employee compensation", "wages",
    ),
    "taxes": ("VA002", "生产税净额", "net taxes on production", "net production tax", "net taxes"),
    "depreciation": ("VA003", "固定资产折旧", "depreciation of fixed assets", "depreciation",
                     "consumption of fixed capital"),
    "surplus": ("VA004", "营业盈余", "operating surplus", "surplus"),
    TOTAL_VALUE_ADDED: ("TVA", "增加值合计", "增加值", "total value added", "value added"),
    INPUT: ("TI", "总投入", "total input", "total inputs"),
    TOTAL: ("TII", "中间投入合计", "中间投入", "total intermediate input",
            "total intermediate inputs"),
}  # fmt: skip
PRINTED: dict[str, str] = {
    OUTPUT: "总产出 (GO)",
    EXPORTS: "出口 (EX)",
    IMPORTS: "进口 (IM)",
    "compensation": "劳动者报酬 (VA001)",
    "taxes": "生产税净额 (VA002)",
    "depreciation": "固定资产折旧 (VA003)",
    "surplus": "营业盈余 (VA004)",
    INPUT: "总投入 (TI)",
}
"""How messages call the rows and columns beside the accounts."""

_BRACKETED = re.compile(r"[(（].*?[)）]")
_DIGITS = re.compile(r"0*(\d{1,2})")


def _index(names: Mapping[str, Sequence[str]]) -> dict[str, str]:
    return {sector_key(alias): key for key, aliases in names.items() for alias in aliases}


_USES, _COLUMNS, _ROWS = _index(_USE_NAMES), _index(_COLUMN_NAMES), _index(_ROW_NAMES)


def column_name(position: int) -> str:
    """Letters of a column as a spreadsheet shows them; counted from 0."""
    from xlsxwriter.utility import xl_col_to_name

    return str(xl_col_to_name(position))


@dataclass(frozen=True, slots=True)
class AxisLayout:
    """What the rows, or the columns, of a table hold.

    Attributes
    ----------
    accounts : dict
        (region, sector) -> position, counted from 0.
    uses : dict
        (region, category of final demand) -> position; columns only.
    others : dict
        Key of a further row or column (`exports`, `imports`, `taxes` ...) -> position.
    left_out : dict
        Position -> name of what is not read: printed totals and unknown names.
    notes : tuple of str
    """

    accounts: dict[tuple[str, str], int]
    uses: dict[tuple[str, str], int]
    others: dict[str, int]
    left_out: dict[int, str]
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Layout:
    """Rows and columns of a sheet, and the list that its sectors are of."""

    rows: AxisLayout
    columns: AxisLayout
    sectors: SectorList
    head: int
    """Rows above the first account."""
    notes: tuple[str, ...]


@dataclass(slots=True)
class Names:
    """What texts mean, kept for texts that come again in every province."""

    provinces: Provinces
    sectors: SectorList | None = None
    _known: dict[object, str | None] = field(default_factory=dict)
    _sector: dict[object, str | None] = field(default_factory=dict)

    def province(self, cell: object) -> str | None:
        """Code of a province that a text names; numbers are codes of sectors."""
        if not isinstance(cell, str) or as_number(cell) is not None:
            return None
        if cell not in self._known:
            self._known[cell] = self.provinces.find(cell) if given(cell) else None
        return self._known[cell]

    def sector(self, cell: object) -> str | None:
        """Code of a sector that a text names."""
        if not isinstance(cell, str) or self.sectors is None:
            return None
        if cell not in self._sector:
            self._sector[cell] = self.sectors.find(cell) or self.sectors.find(_unbracketed(cell))
        return self._sector[cell]


def _unbracketed(text: str) -> str:
    return _BRACKETED.sub("", text)


def _meaning(cell: object, index: Mapping[str, str]) -> str | None:
    if not isinstance(cell, str) or is_blank(cell):
        return None
    return index.get(sector_key(cell)) or index.get(sector_key(_unbracketed(cell)))


def _sector_code(cell: object) -> str | None:
    """Two digits of a code printed as 1, 1.0, 01."""
    number = as_number(cell)
    if number is None or not number.is_integer():
        return None
    match = _DIGITS.fullmatch(str(int(number)))
    return match.group(1).zfill(2) if match else None


def provinces_in_a_row(head: Cells, provinces: Provinces) -> int:
    """How many cells of the fullest row name provinces."""
    names = Names(provinces)
    return max((sum(names.province(c) is not None for c in row) for row in head), default=0)


def find_layout(
    cells: Cells,
    place: Place,
    provinces: Provinces,
    lists: Sequence[SectorList],
    expected: Sequence[str],
) -> Layout:
    """Find header rows, names of the rows and what every row and column holds.

    Parameters
    ----------
    cells : sequence of rows
        The whole sheet.
    place : Place
        File and sheet, for messages.
    provinces : Provinces
    lists : sequence of SectorList
        Lists that the sectors may be of; the one that knows most names is taken.
    expected : sequence of str
        Codes of the provinces that must be there.

    Raises
    ------
    SourceError
        If a row of names is missing or shifted, a province or a sector is missing or stands
        twice, a row or column with numbers has no name, or output, imports, value added or total
        input are missing; sheet, row and column are named.
    """
    names = Names(provinces)
    head = cells[:HEAD_ROWS]
    top = _fullest(head, names.province)
    if top is None:
        raise SourceError(
            f"no row of province names among the first {len(head)} rows",
            place,
            "The header has a row with the name of each province where its block of columns "
            "begins.",
        )
    texts = [c for row in head[top:] for c in row if isinstance(c, str)]
    try:
        names.sectors = fitting_list(texts, lists)
    except SourceError as error:
        raise SourceError(error.problem, place, error.hint) from error
    labels = _fullest(head, names.sector)
    if labels is None:
        raise SourceError(f"no row of sector names among the first {len(head)} rows", place)
    first = _first_account(cells, max(top, labels) + 1, names, place)
    leading = _leading_columns(cells, first, names)
    header = [labels, *(i for i in range(top + 1, first) if i != labels)]
    _refuse_header_over_names(head[labels], leading, names, place, labels)
    body = cells[first:]
    columns = _AxisReader(
        "column",
        [
            (j, _cell(cells[top], j), [_cell(cells[i], j) for i in header])
            for j in range(max(leading) + 1, max(map(len, cells)))
        ],
        lambda j: _has_numbers(_cell(row, j) for row in body),
        names,
        place,
        labels,
    ).finish()
    rows = _AxisReader(
        "row",
        [
            (i, _cell(cells[i], leading[0]), [_cell(cells[i], j) for j in leading[1:]])
            for i in range(first, len(cells))
        ],
        lambda i: _has_numbers(cells[i][max(leading) + 1 :]),
        names,
        place,
        leading[1],
    ).finish()
    for axis, found in (("column", columns), ("row", rows)):
        _check_accounts(axis, found, expected, names, place)
    _check_parts(rows, columns, names, place)
    return Layout(rows, columns, names.sectors, first, (*rows.notes, *columns.notes))


def _cell(row: Sequence[object], position: int) -> object:
    return row[position] if position < len(row) else None


def _has_numbers(cells: Iterable[object]) -> bool:
    return any(as_number(cell) is not None for cell in cells)


def _fullest(head: Cells, find: Callable[[object], str | None]) -> int | None:
    """Row with most cells that mean something; None where no row has two."""
    counts = [sum(find(cell) is not None for cell in row) for row in head]
    best = max(counts, default=0)
    return counts.index(best) if best > 1 else None


def _first_account(cells: Cells, start: int, names: Names, place: Place) -> int:
    for i in range(start, len(cells)):
        if any(names.sector(cell) for cell in cells[i][:LEADING_COLUMNS]):
            return i
    raise SourceError(
        f"no row below the header has the name of a sector in its first {LEADING_COLUMNS} columns",
        place,
    )


def _leading_columns(cells: Cells, first: int, names: Names) -> tuple[int, ...]:
    """Columns of the provinces, of the sectors, and of their codes where there is one."""
    width = range(LEADING_COLUMNS)
    rows = cells[first:]

    def count(find: Callable[[object], str | None]) -> list[int]:
        return [sum(find(_cell(row, j)) is not None for row in rows) for j in width]

    provinces, sectors = count(names.province), count(names.sector)
    province, sector = provinces.index(max(provinces)), sectors.index(max(sectors))
    last = max(province, sector)
    codes = [
        j
        for j in range(last + 2)
        if j not in (province, sector) and _is_code_column([_cell(row, j) for row in rows])
    ]
    return (province, sector, *codes[:1])


def _is_code_column(cells: Sequence[object]) -> bool:
    """Whether nearly every filled cell is a code of two digits, and every code comes again."""
    filled = [cell for cell in cells if not is_blank(cell)]
    codes = Counter(code for cell in filled if (code := _sector_code(cell)))
    total = sum(codes.values())
    return bool(total) and total >= 0.8 * len(filled) and min(codes.values()) > 1


def _refuse_header_over_names(
    labels: Sequence[object], leading: Sequence[int], names: Names, place: Place, row: int
) -> None:
    for j in range(max(leading) + 1):
        if names.sector(_cell(labels, j)) is not None:
            raise SourceError(
                f"the header has the sector {shown(labels[j])} over a column with the names of the "
                "rows: the header is shifted to the left",
                Place(place.file, place.sheet, row + 1, column_name(j)),
                "Move the names over their columns.",
            )


class _AxisReader:
    """Says what every position of an axis holds.

    Parameters
    ----------
    axis : {"row", "column"}
    entries : sequence of (position, cell of the province, further cells)
        The cell with the name of the sector first, its code after it.
    has_numbers : callable
        Whether a position holds any number.
    line : int
        Row (of a header) or column (of rows) with the names, for messages.
    """

    def __init__(
        self,
        axis: Axis,
        entries: Sequence[Entry],
        has_numbers: Callable[[int], bool],
        names: Names,
        place: Place,
        line: int,
    ) -> None:
        self.axis, self.names, self.place, self.line = axis, names, place, line
        self.has_numbers = has_numbers
        self.found = AxisLayout({}, {}, {}, {})
        self.region: str | None = None
        self.heading: object = None
        self.filled = False
        self.starts: dict[int, tuple[str, str]] = {}
        self.contradictions: list[str] = []
        self.nameless: list[int] = []
        self.by_code: list[str] = []
        self.faults: list[SourceError] = []
        for entry in entries:
            self._take(*entry)

    def _take(self, position: int, above: object, cells: Sequence[object]) -> None:
        if not is_blank(above):
            self.region, self.heading = self.names.province(above), above
        sector = next((found for c in cells if (found := self.names.sector(c))), None)
        use = next((found for c in cells if (found := _meaning(c, _USES))), None)
        codes = [code for cell in cells if (code := _sector_code(cell))]
        if sector is not None:
            if codes and sector not in codes:
                self.contradictions.append(
                    f"{called(self.axis, position)}: {_text(cells)} is {sector}, its code "
                    f"{codes[0]}"
                )
            self._account(position, sector, above)
        elif use is not None and self.axis == "column":
            self._enter(self.found.uses, position, use)
        else:
            self._take_other(position, above, cells, codes)

    def _take_other(
        self, position: int, above: object, cells: Sequence[object], codes: Sequence[str]
    ) -> None:
        index = _COLUMNS if self.axis == "column" else _ROWS
        other = next((o for c in (*cells, above) if (o := _meaning(c, index))), None)
        own = [*cells] if self.names.province(above) else [*cells, above]
        named = any(not is_blank(cell) and not _sector_code(cell) for cell in own)
        if other is not None and other != TOTAL:
            first = self.found.others.setdefault(other, position)
            if first != position:
                self._twice(position, PRINTED.get(other, other), first)
        elif not self.has_numbers(position):
            return
        elif not named:
            self.nameless.append(position)
        elif other is None and codes and self._has_sector(codes[0]):
            self.by_code.append(f"{called(self.axis, position)} {_text(cells)} as {codes[0]}")
            self._account(position, codes[0], above)
        else:
            self.found.left_out[position] = _text((*cells, above))

    def _has_sector(self, code: str) -> bool:
        sectors = self.names.sectors
        return self.region is not None and sectors is not None and code in sectors.codes

    def _account(self, position: int, sector: str, above: object) -> None:
        self._enter(self.found.accounts, position, sector)
        if is_blank(above):
            self.filled = True
        elif self.region:
            self.starts[position] = (self.region, sector)

    def _enter(self, table: dict[tuple[str, str], int], position: int, part: str) -> None:
        what = _part_label(part, self.names)
        if not self.region:
            self.faults.append(self._no_province(position, what))
            return
        first = table.setdefault((self.region, part), position)
        if first != position:
            self._twice(position, f"{self.names.provinces.label(self.region)}: {what}", first)

    def _no_province(self, position: int, what: str) -> SourceError:
        frame = self.names.provinces.frame
        guess = ""
        under = "has no province before it"
        if self.heading is not None:
            under = f"stands under {shown(self.heading)}, which is no province"
            guess = did_you_mean(str(self.heading), [*frame["label"], *frame["short_zh"]])
        return SourceError(
            f"{what} {under}",
            self._here(position),
            f"{guess[:1].upper()}{guess[1:]}Name the province where its block begins.",
        )

    def _twice(self, position: int, what: str, first: int) -> None:
        self.faults.append(
            SourceError(
                f"{what} stands twice, in {called(self.axis, first)} and "
                f"{called(self.axis, position)}",
                self._here(position),
                "Keep one of them, under its own name.",
            )
        )

    def _here(self, position: int) -> Place:
        row, column = (position, self.line) if self.axis == "row" else (self.line, position)
        return Place(self.place.file, self.place.sheet, row + 1, column_name(column))

    def finish(self) -> AxisLayout:
        """Return what was found; refuse shifted names first, they are the cause of other faults."""
        self._refuse_shift_of_codes()
        self._refuse_shift_of_provinces()
        if self.nameless:
            raise SourceError(
                f"the {self.axis} has numbers but no name",
                self._here(self.nameless[0]),
                "The names may be shifted against the numbers: put each over its own.",
            )
        if self.faults:
            raise self.faults[0]
        left_out = [f"{t} ({called(self.axis, i)})" for i, t in self.found.left_out.items()]
        notes = tuple(
            f"{len(some)} {self.axis}s {what}: {listing(some, MAX_NAMED)}"
            for some, what in (
                (self.contradictions, "whose code is not that of their name, taken by name"),
                (self.by_code, "with a name that is not in the list, taken by their code"),
                (left_out, "that are no part of the accounts left out"),
            )
            if some
        )
        return replace(self.found, notes=notes)

    def _refuse_shift_of_codes(self) -> None:
        accounts = len(self.found.accounts)
        if len(self.contradictions) > accounts / 2:
            raise SourceError(
                f"names and codes of the sectors disagree in {len(self.contradictions)} of "
                f"{accounts} {self.axis}s, the names or the codes are shifted: "
                f"{listing(self.contradictions, 3)}",
                self.place,
                "Put every code beside its own name.",
            )

    def _refuse_shift_of_provinces(self) -> None:
        """Where a province is named once a block, all blocks begin with the same sector."""
        if not self.filled or len({sector for _, sector in self.starts.values()}) < 2:
            return
        texts = [
            f"{self.names.provinces.label(region)} at {_part_label(sector, self.names)} "
            f"({called(self.axis, position)})"
            for position, (region, sector) in self.starts.items()
        ]
        raise SourceError(
            f"the provinces begin at different sectors, their names are shifted against those of "
            f"the sectors: {listing(texts, 3)}",
            self.place,
            "Name each province where its block begins.",
        )


def called(axis: Axis, position: int) -> str:
    """`row 5` or `column E` of a position counted from 0."""
    return f"row {position + 1}" if axis == "row" else f"column {column_name(position)}"


def _text(cells: Sequence[object]) -> str:
    return next((shown(cell) for cell in cells if not is_blank(cell)), "")


def _part_label(part: str, names: Names) -> str:
    return names.sectors.label(part) if names.sectors is not None else part


def _check_accounts(
    axis: str, found: AxisLayout, expected: Sequence[str], names: Names, place: Place
) -> None:
    """Every expected province, and no other, has every sector of the list."""
    assert names.sectors is not None
    label = names.provinces.label
    unknown = listing(found.left_out.values(), MAX_NAMED)
    hint = f"Names that were not understood: {unknown}." if unknown else None
    there = {region for region, _ in found.accounts}
    missing = [region for region in expected if region not in there]
    if missing:
        raise SourceError(
            f"no {axis} of {listing(map(label, missing))}; {len(expected)} provinces are wanted, "
            f"{len(there)} were found",
            place,
            hint,
        )
    surplus = sorted(there - set(expected))
    if surplus:
        raise SourceError(
            f"{axis}s of {listing(map(label, surplus))}, which is not among the provinces wanted",
            place,
        )
    gaps = [
        f"{label(region)} {names.sectors.label(sector)}"
        for region in expected
        for sector in names.sectors.codes
        if (region, sector) not in found.accounts
    ]
    if gaps:
        raise SourceError(
            f"{len(gaps)} {axis}s are missing: {listing(gaps, MAX_NAMED)}", place, hint
        )


def _check_parts(rows: AxisLayout, columns: AxisLayout, names: Names, place: Place) -> None:
    """The parts beside the accounts are there."""
    regions = sorted({region for region, _ in columns.accounts})
    gaps = [
        f"{names.provinces.label(region)} {use}"
        for region in regions
        for use in FINAL_CATEGORIES
        if (region, use) not in columns.uses
    ]
    if gaps:
        raise SourceError(
            f"{len(gaps)} columns of final demand are missing: {listing(gaps, MAX_NAMED)}",
            place,
            _not_understood(columns),
        )
    for axis, found, wanted in (
        ("column", columns, [OUTPUT, EXPORTS]),
        ("row", rows, [IMPORTS, *_value_added_wanted(rows), INPUT]),
    ):
        missing = [PRINTED[key] for key in wanted if key not in found.others]
        if missing:
            where = "to the right of final demand" if axis == "column" else "below the accounts"
            raise SourceError(
                f"no {axis} {listing(missing)} {where}", place, _not_understood(found)
            )


def _value_added_wanted(rows: AxisLayout) -> Sequence[str]:
    only_total = TOTAL_VALUE_ADDED in rows.others and not set(VALUE_ADDED) & set(rows.others)
    return () if only_total else VALUE_ADDED


def _not_understood(found: AxisLayout) -> str:
    return (
        f"Others that were found: {listing(found.others) or 'none'}; names that were not "
        f"understood: {listing(found.left_out.values(), MAX_NAMED) or 'none'}."
    )
