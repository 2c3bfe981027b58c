"""Panels from the China City Statistical Yearbook (中国城市统计年鉴), as researchers have them.

There is no one layout: columns carry the names of the yearbook's years, scope and unit stand in
the header, in a row below it, in a title or in the name of the sheet, and the years stand in a
column or in the names of the sheets. A column is recognised by the words of its header; what is
left open is asked for, never guessed.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Literal

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, fault, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.columns import PERSONS, TEN_THOUSAND_PERSONS, TEN_THOUSAND_YUAN, unit_of
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.magnitude import MAGNITUDES, Magnitude, scale
from yrb_carbon.sources.rawtable import (
    RawTable,
    Reading,
    as_number,
    check_unique,
    did_you_mean,
    is_blank,
    normalised,
    shown,
    tidy_table,
)
from yrb_carbon.sources.workbook import OTHER_SHEETS, existing_file, read_cells, sheet_names
from yrb_carbon.study.names import code_key

Scope = Literal["全市", "市辖区"]
SCOPES: tuple[Scope, ...] = ("全市", "市辖区")
DEFAULT_WANTED = ("emp_mining", "emp_total")

NAME_HEADERS = (
    "城市", "城市名称", "地级市", "地级市名称", "城市名", "市", "行政区划名称", "行政区划",
    "地区名称", "地区", "名称", "city", "cityname",
)  # fmt: skip
YEAR_HEADERS = ("年份", "年度", "年", "year", "统计年度", "数据年份", "时间")
EDITION_HEADERS = ("年鉴年份", "年鉴版", "年鉴年度", "年鉴", "edition")
PROVINCE_HEADERS = ("省份", "省", "所属省份", "省份名称", "所在省份", "省市", "province")
CODE_HEADERS = (
    "城市代码", "行政区划代码", "行政区代码", "地区代码", "城市编码", "代码", "code", "adcode",
    "citycode", "city_code",
)  # fmt: skip

UNIT_WORDS: Mapping[str, str] = {
    "人": PERSONS,
    "万人": TEN_THOUSAND_PERSONS,
    "元": "yuan",
    "万元": TEN_THOUSAND_YUAN,
    "百万元": "million yuan",
    "亿元": "10^8 yuan",
    "件": "count",
    "项": "count",
    "个": "count",
}
KINDS: tuple[frozenset[str], ...] = (
    frozenset({PERSONS, TEN_THOUSAND_PERSONS}),
    frozenset({"yuan", TEN_THOUSAND_YUAN, "million yuan", "10^8 yuan"}),
    frozenset({"count"}),
)

_STAFF = r"(从业|就业)人员"
_COUNT = r"(年末|期末)?(人数|数)?"
QUANTITIES: Mapping[str, re.Pattern[str]] = {
    "emp_mining": re.compile(rf"采[矿掘]业((城镇)?(单位)?(年末|期末)?{_STAFF}{_COUNT})?"),
    "emp_total": re.compile(
        rf"(年末|期末)?(城镇)?(非私营)?(单位)?(年末|期末)?{_STAFF}{_COUNT}(合计|总计|总数)?"
    ),
    "emp1": re.compile(rf"第一产业(单位)?(年末|期末)?{_STAFF}{_COUNT}"),
    "emp2": re.compile(rf"第二产业(单位)?(年末|期末)?{_STAFF}{_COUNT}"),
    "emp3": re.compile(rf"第三产业(单位)?(年末|期末)?{_STAFF}{_COUNT}"),
    "patents_granted": re.compile(r"(国内)?专利(申请)?授权(数|量|总数|总量)?"),
    "fiscal_exp": re.compile(
        r"(地方)?(一般)?公共(财政|预算)支出|(地方)?(财政)?一般(公共)?预算内?支出|(地方)?财政支出"
    ),
    "sci_exp": re.compile(r"科学(技术)?(事业费)?支出|科技支出"),
}
"""Words of a header, without scope, unit and grouping, that stand for a quantity."""

PARENTS: Mapping[str, str] = {
    "emp_mining": "emp_total",
    "emp1": "emp_total",
    "emp2": "emp_total",
    "emp3": "emp_total",
    "sci_exp": "fiscal_exp",
}
"""Quantity -> the one whose name may stand above it in a header of two levels."""

_SECTORS = {"第一产业": "emp1", "第二产业": "emp2", "第三产业": "emp3"}
_GROUPING = re.compile(
    r"按(行业|产业|三次产业|国民经济行业)(分组?|划分)?(的.*)?|其中|合计|总计|数据|单位|指标"
)
_SEPARATORS = re.compile(r"[_\-—–/\\|\s()\[\]【】{}<>《》:：,，、;；]+")
_YEAR_IN_NAME = re.compile(r"(?<!\d)(?:19|20)\d{2}(?!\d)")

BOUNDS: Mapping[str, Magnitude] = {
    name: MAGNITUDES[name]
    for name in ("emp_total", "emp_mining", "emp1", "emp2", "emp3", "fiscal_exp", "sci_exp")
}
"""Where the median of the positive values of a year may lie."""

MAX_HEADER_ROW = 12
SHARE_SLACK = 1e-9
"""Mining may pass the total by rounding of the division by 10^4 only."""


@dataclass(frozen=True, slots=True)
class HeaderWords:
    """What the words of a header, a title or a sheet's name say; None where they say nothing."""

    quantity: str | None = None
    scope: Scope | None = None
    unit: str | None = None


@dataclass(frozen=True, slots=True)
class Layout:
    """A sheet, its header and what stands above it."""

    raw: RawTable
    context: HeaderWords
    year: int | None


def read_city_yearbook(
    path: str | Path,
    *,
    scope: Scope = "全市",
    unit: str | Mapping[str, str] | None = None,
    sheet: str | Sequence[str] | None = None,
    wanted: Sequence[str] = DEFAULT_WANTED,
    year_shift: int | None = None,
) -> SourceTable:
    """Read a panel of the city yearbook: employment, patents, fiscal expenditure.

    Parameters
    ----------
    path : str or Path
        Workbook (xlsx, xls) or CSV (UTF-8 or GB 18030), one row a city and year with a column for
        the year, or one sheet a year named after it.
    scope : "全市" or "市辖区"
        Whole prefecture or urban districts. Columns and sheets of the other scope are left out; a
        file that names no scope is taken as the one asked for, with a note.
    unit : str or mapping, optional
        Unit of what the file leaves open: 人, 万人, 元, 万元, 百万元, 亿元 for the quantities that
        it can be a unit of, or quantity -> unit. A unit that contradicts the file is an error.
        Without it the unit must follow from the size of the numbers, year by year.
    sheet : str or sequence of str, optional
        None: all sheets named after a year, or else the one sheet with the wanted columns.
    wanted : sequence of str
        Quantities that must be there: emp_mining, emp_total, emp1, emp2, emp3, patents_granted,
        fiscal_exp, sci_exp. Others are read where they are found.
    year_shift : int, optional
        Added to the years of the file. The edition of t + 1 holds the data of t: -1 turns years of
        editions into years of data. Must be given (0 counts) if the column is named after the
        yearbook.

    Returns
    -------
    SourceTable
        code and province where the file has them, name, year; employment in persons, patents as a
        count, expenditure in 10^4 yuan, current prices.

    Raises
    ------
    SourceError
        For a column that is missing or renamed (with the closest names), two columns for one
        quantity, text in a number column, a unit that is contradicted or cannot be told, negative
        numbers, mining above the total, a city twice in a year, a sheet without a year.
    """
    file = existing_file(path)
    _check_arguments(file, scope, wanted)
    layouts, notes = _layouts(file, sheet, scope, wanted)
    pieces: list[pd.DataFrame] = []
    for layout in layouts:
        piece, found = _read_layout(layout, scope, unit, wanted, year_shift)
        pieces.append(piece)
        notes += found if len(layouts) == 1 else [f"{layout.raw.sheet}: {n}" for n in found]
    frame = pd.concat(pieces, ignore_index=True)
    for key in ("code", "province"):
        if key in frame.columns:
            frame[key] = frame[key].fillna("")
    keys = _row_keys(frame)
    _refuse_repeats(frame, keys, file)
    numbers = frame["row"].to_numpy() if len(layouts) == 1 else None
    frame = frame.drop(columns=["sheet", "row"])
    sheets = [layout.raw.sheet for layout in layouts if layout.raw.sheet is not None]
    return tidy_table(frame, keys, file, ", ".join(sheets) or None, notes, row_numbers=numbers)


def _check_arguments(file: Path, scope: str, wanted: Sequence[str]) -> None:
    if scope not in SCOPES:
        raise SourceError(f"scope {scope!r} is unknown", Place(file), f"Use {listing(SCOPES)}.")
    unknown = [name for name in wanted if name not in QUANTITIES]
    if unknown or not wanted:
        raise SourceError(
            f"wanted quantities are unknown: {listing(unknown) or 'none given'}",
            Place(file),
            f"Known are {listing(QUANTITIES)}.",
        )


def _words(text: str) -> list[str]:
    plain = unicodedata.normalize("NFKC", text)
    return [word for word in _SEPARATORS.split(plain) if word]


def _quantity_of(word: str) -> str | None:
    return next((name for name, form in QUANTITIES.items() if form.fullmatch(word)), None)


def _unit_kind(unit: str) -> frozenset[str]:
    return next(kind for kind in KINDS if unit in kind)


def _split_word(word: str) -> list[str]:
    """Take scope and unit off a word that carries them without a separator: 全市采矿业万人."""
    for scope in SCOPES:
        for rest, at in ((word.removeprefix(scope), 0), (word.removesuffix(scope), 1)):
            if rest not in {word, ""}:
                parts = _split_word(rest)
                return [scope, *parts] if at == 0 else [*parts, scope]
    if word not in UNIT_WORDS and _quantity_of(word) is None:
        for unit in sorted(UNIT_WORDS, key=len, reverse=True):
            rest = word.removesuffix(unit)
            if rest != word and (_quantity_of(rest) is not None or rest == "单位"):
                return [rest, unit]
    return [word]


def header_words(text: str) -> HeaderWords:
    """Quantity, scope and unit that the words of a header stand for.

    Every word must be understood for a quantity to be recognised: 采矿业 is, 采矿业平均工资 and
    平均工资_采矿业 are not.
    """
    scope: Scope | None = None
    unit: str | None = None
    names: list[str] = []
    sectors: list[str] = []
    understood = True
    for word in (part for whole in _words(text) for part in _split_word(whole)):
        if word in SCOPES:
            scope = SCOPES[SCOPES.index(word)]
        elif word in UNIT_WORDS:
            unit = UNIT_WORDS[word]
        elif (name := _quantity_of(word)) is not None:
            names.append(name)
        elif word in _SECTORS:
            sectors.append(_SECTORS[word])
        elif not _GROUPING.fullmatch(word):
            understood = False
    quantity = _one_quantity(names, sectors) if understood else None
    if quantity is not None and unit is not None and unit not in _unit_kind(unit_of(quantity)):
        quantity = None
    return HeaderWords(quantity, scope, unit)


def _one_quantity(names: list[str], sectors: list[str]) -> str | None:
    """Quantity of a header of one or more levels; None when the words contradict each other."""
    if not names:
        return None
    finest = [name for name in names if all(PARENTS.get(other) != name for other in names)]
    if len(set(finest)) != 1:
        return None
    quantity = finest[0]
    if quantity == "emp_total" and len(set(sectors)) == 1:
        return sectors[0]
    return quantity


def _context(texts: Sequence[str]) -> HeaderWords:
    """Scope and unit that a sheet's name and the titles above the header agree on."""
    found = [header_words(text) for text in texts]
    scopes = {words.scope for words in found if words.scope is not None}
    units = {words.unit for words in found if words.unit is not None}
    return HeaderWords(
        scope=scopes.pop() if len(scopes) == 1 else None,
        unit=units.pop() if len(units) == 1 else None,
    )


def _year_of_sheet(name: str | None) -> int | None:
    years = _YEAR_IN_NAME.findall(name or "")
    return int(years[0]) if len(years) == 1 else None


def _layouts(
    file: Path, sheet: str | Sequence[str] | None, scope: Scope, wanted: Sequence[str]
) -> tuple[list[Layout], list[str]]:
    """Sheets to read, with their headers found, and notes on the sheets that are left out."""
    if file.suffix.lower() in {".csv", ".txt"}:
        if sheet is not None:
            raise SourceError(f"a CSV file has no sheet {sheet!r}", Place(file), "Leave it out.")
        table = read_csv(file)
        grid: list[Sequence[object]] = [table.header, *table.rows]
        return [_layout(file, None, grid, [1, *table.numbers])], list(table.notes)
    names = sheet_names(file)
    if sheet is not None:
        chosen = [sheet] if isinstance(sheet, str) else list(sheet)
        absent = [name for name in chosen if name not in names]
        if absent:
            raise SourceError(
                f"no sheet {absent[0]!r}",
                Place(file),
                f"{did_you_mean(absent[0], names)}The sheets are: {listing(names, 40)}.",
            )
    else:
        chosen = _choose_sheets(file, names, scope, wanted)
    notes = []
    others = [name for name in names if name not in chosen]
    if others:
        notes.append(f"{OTHER_SHEETS}: {listing(map(repr, others))}")
    return [_sheet_layout(file, name) for name in chosen], notes


def _choose_sheets(file: Path, names: list[str], scope: Scope, wanted: Sequence[str]) -> list[str]:
    said = {name: header_words(name).scope for name in names}
    yearly = [name for name in names if _year_of_sheet(name) is not None]
    fitting = [name for name in yearly or names if said[name] in {None, scope}]
    if not fitting:
        raise SourceError(
            f"no sheet for the scope {scope}: all are named after the other one",
            Place(file),
            f"The sheets are: {listing(names, 40)}.",
        )
    if yearly or len(fitting) == 1:
        return fitting
    named = [name for name in fitting if said[name] == scope]
    if len(named) == 1:
        return named
    hits: dict[str, int] = {}
    for name in named or fitting:
        try:
            header = _sheet_layout(file, name).raw.header
        except SourceError:
            continue
        hits[name] = len({header_words(text).quantity for text in header} & set(wanted))
    full = [name for name, count in hits.items() if count == len(set(wanted))]
    if len(full) > 1:
        raise SourceError(
            f"{len(full)} sheets have the wanted columns: {listing(map(repr, full))}",
            Place(file),
            "Name one with the option sheet.",
        )
    best = max(hits, key=lambda name: hits[name], default=None)
    if best is None:
        raise SourceError(
            "no sheet has a header with a column of cities",
            Place(file),
            f"Wanted is a column named one of {listing(NAME_HEADERS, 20)}.",
        )
    return full or [best]


def _sheet_layout(file: Path, name: str) -> Layout:
    grid = list(read_cells(file, name))
    if not grid:
        raise SourceError("the sheet is empty", Place(file, name))
    return _layout(file, name, grid, list(range(1, len(grid) + 1)))


def _text(cell: object) -> str:
    return "" if is_blank(cell) else str(cell).strip()


def _position(cells: Sequence[str], names: Sequence[str]) -> int | None:
    forms = [normalised(cell) for cell in cells]
    return next((forms.index(normalised(n)) for n in names if normalised(n) in forms), None)


def _layout(
    file: Path, sheet: str | None, grid: Sequence[Sequence[object]], numbers: list[int]
) -> Layout:
    """Find the rows of the header and join the levels of every column's name.

    The header starts at the first row with a column of cities, or at rows above it that name
    groups of columns; it goes on as long as rows hold neither a city nor a number.
    """
    start, names_at = _header_row(file, sheet, grid)
    end = start + 1
    while end < len(grid) and _below_header(grid[end], names_at):
        end += 1
    first = start
    while first > 0 and _above_header(grid[first - 1], names_at):
        first -= 1
    labels = _joined_labels([[_text(cell) for cell in row] for row in grid[first:end]])
    titles = [_text(cell) for row in grid[:first] for cell in row if _text(cell)]
    raw = RawTable(file, sheet, tuple(labels), list(grid[end:]), numbers[end:])
    return Layout(raw, _context([sheet or "", *titles]), _year_of_sheet(sheet))


def _header_row(file: Path, sheet: str | None, grid: Sequence[Sequence[object]]) -> tuple[int, int]:
    for i, row in enumerate(grid[:MAX_HEADER_ROW]):
        cells = [_text(cell) for cell in row]
        position = _position(cells, NAME_HEADERS)
        if position is not None and sum(bool(cell) for cell in cells) > 1:
            return i, position
    shown_rows = [listing(filter(None, map(_text, row)), 6) for row in grid[:2]]
    raise SourceError(
        f"no header with a column of cities in the first {MAX_HEADER_ROW} rows; the file starts "
        f"with {listing(map(repr, shown_rows))}",
        Place(file, sheet),
        f"Wanted is a column named one of {listing(NAME_HEADERS, 20)}.",
    )


def _below_header(row: Sequence[object], names_at: int) -> bool:
    filled = [cell for cell in row if not is_blank(cell)]
    if not filled or any(as_number(cell) is not None for cell in filled):
        return False
    name = normalised(row[names_at]) if not is_blank(row[names_at]) else ""
    return name == "" or name in {normalised(n) for n in NAME_HEADERS}


def _above_header(row: Sequence[object], names_at: int) -> bool:
    """Say whether a row above names groups of columns: a title stands in the first column."""
    filled = [cell for cell in row if not is_blank(cell)]
    return (
        bool(filled)
        and is_blank(row[0])
        and is_blank(row[names_at])
        and all(as_number(cell) is None for cell in filled)
    )


def _joined_labels(rows: list[list[str]]) -> list[str]:
    """Names of the columns, levels joined by `_`; a merged cell names the columns it spans."""
    width = max(map(len, rows))
    rows = [row + [""] * (width - len(row)) for row in rows]
    labels: list[str] = []
    for j in range(width):
        parts: list[str] = []
        for level, row in enumerate(rows):
            part = row[j]
            if not part and any(lower[j] for lower in rows[level + 1 :]):
                part = next((cell for cell in reversed(row[:j]) if cell), "")
            if part and part not in parts:
                parts.append(part)
        labels.append("_".join(parts))
    return labels


def _read_layout(
    layout: Layout,
    scope: Scope,
    unit: str | Mapping[str, str] | None,
    wanted: Sequence[str],
    year_shift: int | None,
) -> tuple[pd.DataFrame, list[str]]:
    raw = layout.raw
    keys = {
        name: _key_label(raw, headers)
        for name, headers in (
            ("code", CODE_HEADERS),
            ("province", PROVINCE_HEADERS),
            ("name", NAME_HEADERS),
            ("year", YEAR_HEADERS),
            ("edition", EDITION_HEADERS),
        )
    }
    year_label = keys["year"] or keys["edition"]
    if keys["year"] is None and keys["edition"] is not None and year_shift is None:
        raise SourceError(
            "the years are those of the yearbook's editions",
            Place(raw.path, raw.sheet, column=keys["edition"]),
            "The edition of t + 1 holds the data of t: give year_shift=-1 (0 to keep the years).",
        )
    if year_label is None and layout.year is None:
        raise SourceError(
            "no column for the year, and the sheet is not named after one",
            Place(raw.path, raw.sheet),
            f"Wanted is a column named one of {listing(YEAR_HEADERS)}, or a sheet named 2003. "
            f"The columns are: {listing(filter(None, raw.header), 40)}",
        )
    columns = _find_quantities(layout, scope, wanted)
    reading = Reading(raw, year_label)
    _leave_out_headings(reading, keys["name"] or "")
    years = _years(reading, layout, year_label, year_shift or 0)
    frame: dict[str, Sequence[object] | np.ndarray] = {}
    if keys["code"] is not None:
        frame["code"] = _codes(reading, keys["code"])
    if keys["province"] is not None:
        frame["province"] = reading.names(keys["province"], optional=True)
    frame["name"] = reading.names(keys["name"] or "")
    frame["year"] = years
    for quantity, column in columns.items():
        values = reading.numbers_at(column.position, minimum=0)
        frame[quantity] = _convert(reading, column, quantity, values, years, unit, layout)
    table = pd.DataFrame({name: list(values) for name, values in frame.items()})
    _refuse_mining_above_total(table, reading)
    check_unique(table, _row_keys(table), reading.row_numbers, Place(raw.path, raw.sheet))
    table = table.assign(sheet=raw.sheet, row=reading.row_numbers)[reading.usable]
    return table[~table.duplicated(_row_keys(table))], reading.notes


def _row_keys(frame: pd.DataFrame) -> list[str]:
    """Columns that name a row: the code where every row has one, else the names."""
    if "code" in frame.columns and frame["code"].ne("").all():
        return ["code", "year"]
    return [key for key in ("province", "name", "year") if key in frame.columns]


def _key_label(raw: RawTable, headers: Sequence[str]) -> str | None:
    position = _position(raw.header, headers)
    return None if position is None else raw.header[position]


@dataclass(frozen=True, slots=True)
class _Column:
    position: int
    words: HeaderWords


def _find_quantities(layout: Layout, scope: Scope, wanted: Sequence[str]) -> dict[str, _Column]:
    """Column of every quantity in the scope asked for, in a fixed order."""
    raw = layout.raw
    found: dict[str, list[_Column]] = {}
    for position, label in enumerate(raw.header):
        words = header_words(label)
        if words.quantity is not None:
            found.setdefault(words.quantity, []).append(_Column(position, words))
    chosen: dict[str, _Column] = {}
    for quantity in QUANTITIES:
        columns = found.get(quantity, [])
        fitting = [c for c in columns if c.words.scope == scope]
        if not fitting:
            fitting = [c for c in columns if c.words.scope is None]
            if fitting and layout.context.scope not in {None, scope}:
                fitting = []
        if len(fitting) > 1:
            raise SourceError(
                f"{len(fitting)} columns for {quantity}: "
                f"{listing(repr(raw.header[c.position]) for c in fitting)}",
                Place(raw.path, raw.sheet),
                "Keep the one to use.",
            )
        if fitting:
            chosen[quantity] = fitting[0]
        elif quantity in wanted:
            _refuse_missing(layout, quantity, scope, columns)
    return chosen


def _refuse_missing(layout: Layout, quantity: str, scope: Scope, others: Sequence[_Column]) -> None:
    raw = layout.raw
    names = [name for name in raw.header if name]
    if others:
        other = next(s for s in SCOPES if s != scope)
        raise SourceError(
            f"{quantity} is given for {other} only "
            f"({listing(repr(raw.header[c.position]) for c in others)}), {scope} is asked for",
            Place(raw.path, raw.sheet),
            f"Ask for scope={other!r}, or use a file with {scope}.",
        )
    usual = {
        "emp_mining": "采矿业从业人员数",
        "emp_total": "城镇单位从业人员期末人数",
        "emp1": "第一产业从业人员",
        "emp2": "第二产业从业人员",
        "emp3": "第三产业从业人员",
        "patents_granted": "专利授权数",
        "fiscal_exp": "公共财政支出",
        "sci_exp": "科学技术支出",
    }[quantity]
    guess = did_you_mean(usual, names)
    raise SourceError(
        f"no column for {quantity}",
        Place(raw.path, raw.sheet),
        f"Wanted is a header like {usual!r}. {guess[:1].upper()}{guess[1:]}"
        f"The columns are: {listing(names, 40)}",
    )


def _leave_out_headings(reading: Reading, name: str) -> None:
    """Leave out rows that hold a name and nothing else: the provinces between the cities."""
    column = reading.raw.header.index(name)
    heading = [
        not is_blank(row[column])
        and all(is_blank(cell) for j, cell in enumerate(row) if j != column)
        for row in reading.rows
    ]
    if any(heading):
        first = next(
            row[column] for row, is_head in zip(reading.rows, heading, strict=True) if is_head
        )
        reading.keep(
            [not is_head for is_head in heading],
            f"{sum(heading)} rows with a name only left out, the first: {shown(first)}",
        )
    if not reading.rows:
        raise SourceError("no data row below the header", reading.place())


def _years(reading: Reading, layout: Layout, label: str | None, year_shift: int) -> list[int]:
    if label is None:
        assert layout.year is not None
        return [layout.year + year_shift] * len(reading.rows)
    years = reading.years(label)
    if layout.year is not None:
        for i, year in enumerate(years):
            if year != layout.year:
                raise SourceError(
                    f"the year {year} in a sheet named after {layout.year}",
                    reading.place(label, i),
                    "Correct the year or the name of the sheet.",
                )
    if year_shift:
        reading.note(f"{year_shift:+d} added to the years of the file")
    return [year + year_shift for year in years]


def _codes(reading: Reading, label: str) -> list[str]:
    codes: list[str] = []
    for i, cell in enumerate(reading.cells(label)):
        code = "" if is_blank(cell) else code_key(cell)
        if code is None:
            raise SourceError(
                f"{shown(cell)} is not a code of an area",
                reading.place(label, i),
                "Codes have six digits, as 140100.",
            )
        codes.append(code)
    return codes


def _convert(
    reading: Reading,
    column: _Column,
    quantity: str,
    values: np.ndarray,
    years: Sequence[int],
    option: str | Mapping[str, str] | None,
    layout: Layout,
) -> np.ndarray:
    """Values in the unit of the panel; the unit of the file as it says, as told, or by size."""
    target = unit_of(quantity)
    kind = _unit_kind(unit_of(quantity))
    place = reading.place(column.position)
    said = column.words.unit or (layout.context.unit if layout.context.unit in kind else None)
    told = _told_unit(option, quantity, kind, place)
    if said is not None and told is not None and said != told:
        raise SourceError(
            f"the file says {said}, the option says {told}", place, "Leave the option out."
        )
    name = reading.raw.header[column.position]
    if (column.words.scope or layout.context.scope) is None:
        reading.note(f"{quantity}: the file does not name the scope of {name!r}")
    if len(kind) == 1:
        reading.note(f"{quantity} from column {name!r}")
        return values
    stated = said or told
    if stated is not None:
        _refuse_contradiction(quantity, values, years, stated, kind, place)
        source = "as the file says" if said else "as told"
        reading.note(f"{quantity} from column {name!r}, in {stated} {source}")
        return values * scale(stated, target)
    by_year = {
        year: _unit_by_size(quantity, values[np.asarray(years) == year], year, kind, place)
        for year in sorted(set(years))
    }
    for found, group in groupby(sorted(by_year, key=lambda y: (by_year[y] or "", y)), by_year.get):
        if found is not None:
            reading.note(
                f"{quantity} from column {name!r}, in {found} by the size of the numbers in "
                f"{listing(group, 40)}"
            )
    factors = np.array([scale(by_year[year] or target, target) for year in years])
    return np.asarray(values * factors, dtype=float)


def _told_unit(
    option: str | Mapping[str, str] | None, quantity: str, kind: frozenset[str], place: Place
) -> str | None:
    if option is None:
        return None
    word = option.get(quantity) if isinstance(option, Mapping) else option
    if word is None:
        return None
    unit = UNIT_WORDS.get(word)
    if unit is None or (isinstance(option, Mapping) and unit not in kind):
        raise SourceError(
            f"{word!r} is no unit for {quantity}",
            place,
            f"Use one of {listing(w for w, u in UNIT_WORDS.items() if u in kind)}.",
        )
    return unit if unit in kind else None


def _fitting_units(quantity: str, values: np.ndarray, kind: frozenset[str]) -> list[str]:
    """Units that put the median of the positive values where it can lie.

    Million yuan only counts where it is stated: Chinese tables do not use it, and it is too close
    to 10^4 yuan to be told by size.
    """
    bounds = BOUNDS[quantity]
    median = float(np.median(values[values > 0]))
    return sorted(
        unit
        for unit in kind - {"million yuan"}
        if bounds.low <= median * scale(unit, bounds.unit) <= bounds.high
    )


def _unit_by_size(
    quantity: str, values: np.ndarray, year: int, kind: frozenset[str], place: Place
) -> str | None:
    positive = values[values > 0]
    if not positive.size:
        return None
    fitting = _fitting_units(quantity, values, kind)
    if len(fitting) == 1:
        return fitting[0]
    words = listing(word for word, unit in UNIT_WORDS.items() if unit in kind)
    fault(
        SourceError(
            f"the file does not say the unit of {quantity}, and the numbers of {year} (median "
            f"{np.median(positive):.4g}) do not tell: they fit {' or '.join(fitting) or 'no unit'}",
            place,
            f"Give the option unit, one of {words}.",
        )
    )
    return None


def _refuse_contradiction(
    quantity: str,
    values: np.ndarray,
    years: Sequence[int],
    stated: str,
    kind: frozenset[str],
    place: Place,
) -> None:
    """Refuse a stated unit where the numbers of a year can only be in another one."""
    when = np.asarray(years)
    wrong: dict[int, str] = {}
    for year in sorted(set(years)):
        numbers = values[when == year]
        if (numbers > 0).any():
            fitting = _fitting_units(quantity, numbers, kind)
            if fitting and stated not in {*fitting, "million yuan"}:
                wrong[year] = " or ".join(fitting)
    if wrong:
        first = next(iter(wrong))
        median = float(np.median(values[(when == first) & (values > 0)]))
        fault(
            SourceError(
                f"{quantity} is said to be in {stated}, but the numbers of {listing(wrong)} look "
                f"like {wrong[first]} (median {median:.4g} in {first})",
                place,
                "Correct the unit, or put these years into the same unit as the others.",
            )
        )


def _refuse_mining_above_total(table: pd.DataFrame, reading: Reading) -> None:
    if not {"emp_mining", "emp_total"} <= set(table.columns):
        return
    above = table["emp_mining"] > table["emp_total"] * (1 + SHARE_SLACK)
    if above.any():
        rows = [
            f"{row['name']} {row['year']} (row {reading.row_numbers[int(str(i))]}: "
            f"{row['emp_mining']:.10g} of {row['emp_total']:.10g})"
            for i, row in table[above].iterrows()
        ]
        fault(
            SourceError(
                f"employment in mining is above total employment (persons) in {listing(rows, 6)}",
                reading.place(),
                "Correct the cells; if it is so in many rows, the two columns are in different "
                "units.",
            )
        )


def _refuse_repeats(frame: pd.DataFrame, keys: list[str], file: Path) -> None:
    repeated = frame[frame.duplicated(keys, keep=False)]
    if not repeated.empty:
        texts = sorted(
            {f"{row['name']} {row['year']}" for _, row in repeated.iterrows()},
        )
        sheets = sorted(set(map(str, repeated["sheet"])))
        raise SourceError(
            f"{len(texts)} cities stand in more than one sheet for one year: {listing(texts, 6)}",
            Place(file, ", ".join(sheets)),
            "Name the sheets to read, or take the repeated rows out.",
        )
