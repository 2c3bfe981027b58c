"""Values that documents print, and a verdict on each: does a run give it to the printed rounding?

A file of published values has a row a printed cell. Anybody can type a table in; a cell that names
a row of estimates.csv is compared with it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

import pandas as pd
from pydantic import Field, ValidationError

from yrb_carbon.claims import ANY, Selector, rounds_to
from yrb_carbon.comparison.numbers import COMPARED, Numbers, files_of, read_numbers
from yrb_carbon.errors import DataError, StudyError, listing
from yrb_carbon.estimates import MADE_ANEW, read_cells
from yrb_carbon.study.base import choices
from yrb_carbon.study.paths import data_folder

if TYPE_CHECKING:
    import pandera.pandas as pa

PLACE = ("document", "table", "row", "column")
"""Columns that say which printed cell it is; no two rows have the same ones."""
REQUIRED = (*PLACE, "value")
OPTIONAL = ("decimals", "relation", "where", "unit", "selector", "reason", "note")
NUMBER = r"[+-]?\d+(\.\d+)?"
MOST_DECIMALS = 12
MORE_THAN: Literal[">"] = ">"
FOLDER = "published"
MANIFEST = "manifest.json"
VARYING = (
    "study", "term", "model", "outcome", "spec", "sample", "weights", "equation", "year",
    "estimator", "vcov", "inference",
)  # fmt: skip
"""Key columns in which rows of one selector can differ."""
UNNAMED = "no row of estimates is named for it"
AGREES, NOTHING = "agrees", "nothing computed"


class CellSelector(Selector):
    """Which number of estimates.csv a printed cell is; what is not named may be anything."""

    year: str | None = Field(None, description="Year.")
    estimator: str | None = Field(None, description="Estimator.")
    vcov: str | None = Field(None, description="Covariance.")
    inference: str | None = Field(None, description="Inference.")
    number: str = Field("estimate", description="Which number of the row.")
    times: float = Field(1.0, description="Factor from our unit to the printed one.")

    @property
    def columns(self) -> dict[str, str]:
        """The key columns that it names, with the text each must hold."""
        return {
            name: str(value)
            for name, value in self
            if value is not None and name not in ("number", "times")
        }


class CellVerdict(StrEnum):
    """What a run says of a printed cell."""

    EQUAL = "equal"
    DIFFERS = "differs"
    SIGN_DIFFERS = "sign differs"
    NO_ROW = "no such row"
    NOT_COMPUTED = "not computed"


@dataclass(frozen=True, slots=True)
class PrintedCell:
    """One printed value.

    Attributes
    ----------
    document, table, row, column : str
        Where it stands, in words of the document or ours.
    text : str
        The value as typed.
    value : float
    decimals : int
        Printed decimals.
    relation : {"", ">"}
        `>`: printed as more than the value.
    where, unit : str
    selector : CellSelector or None
        The number of a run that it is compared with.
    reason : str
        Why there is none.
    note : str
    origin : str
        File and line it was read from.
    """

    document: str
    table: str
    row: str
    column: str
    text: str
    value: float
    decimals: int
    relation: Literal["", ">"]
    where: str
    unit: str
    selector: CellSelector | None
    reason: str
    note: str
    origin: str

    @property
    def name(self) -> str:
        """`document, table: row, column`."""
        return f"{self.document}, {self.table}: {self.row}, {self.column}"


@dataclass(frozen=True, slots=True)
class JudgedCell:
    """A printed value beside what a run gives.

    Attributes
    ----------
    cell : PrintedCell
    verdict : CellVerdict
    computed : float
        In the printed unit; NaN where nothing was computed.
    reason : str
        Why nothing was computed.
    """

    cell: PrintedCell
    verdict: CellVerdict
    computed: float = float("nan")
    reason: str = ""

    @property
    def last_digits(self) -> float:
        """Computed less printed value, in units of the last printed digit."""
        return float((self.computed - self.cell.value) * 10.0**self.cell.decimals)

    @property
    def words(self) -> str:
        """The verdict with its size or reason."""
        if self.verdict in (CellVerdict.NOT_COMPUTED, CellVerdict.NO_ROW):
            return f"{self.verdict}: {self.reason}"
        if self.verdict is CellVerdict.EQUAL:
            return self.verdict.value
        return f"{self.verdict} by {self.last_digits:+.3g} in the last digit"


@dataclass(frozen=True, slots=True)
class PublishedComparison:
    """All printed cells of a file or folder beside a run.

    Attributes
    ----------
    name, results : str
    synthetic : bool
        The run is of made data, so that agreement says nothing.
    cells : tuple of JudgedCell
    """

    name: str
    results: str
    synthetic: bool
    cells: tuple[JudgedCell, ...]

    @property
    def verdict(self) -> str:
        """`nothing computed`, else `agrees` when every cell that was computed is equal."""
        missing = self.count(CellVerdict.NOT_COMPUTED)
        if missing == len(self.cells):
            return NOTHING
        same = missing + self.count(CellVerdict.EQUAL) == len(self.cells)
        return AGREES if same else "differs"

    @property
    def agrees(self) -> bool:
        """Some cell was computed, and every one that was is equal."""
        return self.verdict == AGREES

    def count(self, verdict: CellVerdict) -> int:
        """Cells with a verdict."""
        return sum(cell.verdict is verdict for cell in self.cells)


def published_folder() -> Path:
    """The published values that ship with the project."""
    return data_folder() / FOLDER


def read_published(path: str | Path | None = None) -> list[PrintedCell]:
    """Read a file of published values, or all files of a folder.

    Parameters
    ----------
    path : str or Path, optional
        `data/published` by default.

    Raises
    ------
    StudyError
        With every fault as `file: line: column: what is wrong`.
    """
    cells: list[PrintedCell] = []
    faults: list[str] = []
    for file in files_of(path or published_folder()):
        try:
            cells += _read_file(file)
        except StudyError as error:
            faults += list(error.faults)
    if faults:
        raise StudyError(faults)
    return cells


def compare_published(results: str | Path, path: str | Path | None = None) -> PublishedComparison:
    """Judge every printed cell of a file or folder by the estimates of a run.

    A cell is *equal* when the computed number, in the printed unit, rounds to it: |computed -
    printed| is at most half a unit of the last printed digit. A cell printed as more than a value
    is equal when the computed number is more. Other cells *differ*, or their *sign differs*. A cell
    without a selector, of a table that the run does not have, or whose selector matches rows with
    several numbers, is *not computed*. Where the run has the table and no row matches, and the cell
    gives no reason for that, the selector is wrong: there is *no such row*.

    Parameters
    ----------
    results : str or Path
        As `read_numbers` takes it.
    path : str or Path, optional
        As `read_published` takes it.
    """
    cells = read_published(path)
    numbers = read_numbers(results)
    return PublishedComparison(
        name=str(path or published_folder()),
        results=str(results),
        synthetic=_is_synthetic(Path(results)),
        cells=tuple(judge_cell(cell, numbers) for cell in cells),
    )


def _is_synthetic(results: Path) -> bool:
    manifest = results / MANIFEST
    if not manifest.exists():
        return False
    try:
        return bool(json.loads(manifest.read_text(encoding="utf-8"))["synthetic"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{manifest}: not a manifest of this version; {MADE_ANEW}") from error


def judge_cell(cell: PrintedCell, numbers: Numbers) -> JudgedCell:
    """Judge one printed cell (see `compare_published`)."""
    if cell.selector is None:
        return JudgedCell(cell, CellVerdict.NOT_COMPUTED, reason=cell.reason or UNNAMED)
    rows = cell.selector.rows_of(numbers.frame)
    if cell.selector.number not in numbers.columns:
        reason = f"{numbers.name} has no column {cell.selector.number!r}"
        return JudgedCell(cell, CellVerdict.NOT_COMPUTED, reason=reason)
    if not len(rows) and not cell.reason:
        return _without_row(cell, cell.selector, numbers)
    found = rows[cell.selector.number].dropna().unique()
    if len(found) != 1:
        return JudgedCell(cell, CellVerdict.NOT_COMPUTED, reason=_why(cell, rows, len(found)))
    computed = float(found[0]) * cell.selector.times
    return JudgedCell(cell, calc_verdict(computed, cell), computed)


def _without_row(cell: PrintedCell, selector: CellSelector, numbers: Numbers) -> JudgedCell:
    """Whether it is the run that lacks the table, or the selector that is wrong."""
    tables = sorted(set(numbers.frame["table"]))
    if selector.table not in tables:
        reason = f"the run has no table of that name ({choices(selector.table, tables)})"
        return JudgedCell(cell, CellVerdict.NOT_COMPUTED, reason=reason)
    rows = numbers.frame[numbers.frame["table"] == selector.table]
    strange = [
        f"{name} ({choices(value, sorted(set(rows[name])))})"
        for name, value in selector.columns.items()
        if name != "table" and ANY not in value and value not in set(rows[name])
    ]
    why = f"; not in this table: {'; '.join(strange)}" if strange else ""
    reason = f"{cell.origin}: no row of {selector}{why}"
    return JudgedCell(cell, CellVerdict.NO_ROW, reason=reason)


def calc_verdict(computed: float, cell: PrintedCell) -> CellVerdict:
    """Verdict on a computed number: by half a unit of the last printed digit."""
    if cell.relation == MORE_THAN:
        return CellVerdict.EQUAL if computed > cell.value else CellVerdict.DIFFERS
    if rounds_to(computed, cell.value, cell.decimals):
        return CellVerdict.EQUAL
    return CellVerdict.SIGN_DIFFERS if computed * cell.value < 0 else CellVerdict.DIFFERS


def _why(cell: PrintedCell, rows: pd.DataFrame, count: int) -> str:
    assert cell.selector is not None
    if not len(rows):
        return cell.reason or f"no row of {cell.selector}"
    if not count:
        return f"{cell.selector.number!r} is empty in the row of {cell.selector}"
    named = [name for name in VARYING if rows[name].nunique() > 1]
    return (
        f"{len(rows)} rows of {cell.selector} have {count} different numbers; they differ in "
        f"{listing(named)}, name one in the selector"
    )


def _read_file(path: Path) -> Iterator[PrintedCell]:
    """Cells of one file; StudyError with all its faults."""
    try:
        frame = read_cells(path, whole=False)
    except DataError as error:
        raise StudyError([str(error)]) from error
    if frame.empty:
        raise StudyError([f"{path}: no line below the heading"])
    faults = [f"{path}: column {name!r} is missing" for name in REQUIRED if name not in frame]
    faults += [
        f"{path}: unknown column ({choices(str(name), (*REQUIRED, *OPTIONAL))})"
        for name in frame
        if name not in (*REQUIRED, *OPTIONAL)
    ]
    if faults:
        raise StudyError(faults)
    for name in OPTIONAL:
        if name not in frame:
            frame[name] = ""
    frame = frame.apply(lambda column: column.str.strip())
    frame = frame[(frame != "").any(axis=1)]
    printed = frame["value"].str.partition(".")[2].str.len().astype(str)
    frame["decimals"] = frame["decimals"].where(frame["decimals"] != "", printed)
    faults = list(_faults(frame, path))
    selectors = {}
    for line, text in frame["selector"].items():
        try:
            selectors[line] = read_selector(text) if text else None
        except StudyError as error:
            faults += [f"{path}: line {line}: selector: {fault}" for fault in error.faults]
    if faults:
        raise StudyError(faults)
    return (_cell(row, selectors[line], f"{path}: line {line}") for line, row in frame.iterrows())


def build_published_schema() -> pa.DataFrameSchema:
    """The pandera schema of a file of published values, all cells as text."""
    import pandera.pandas as pa

    def text(*checks: pa.Check) -> pa.Column:
        return pa.Column(str, list(checks))

    filled = pa.Check.str_matches(r"\S", error="must not be empty")
    return pa.DataFrameSchema(
        {
            **{name: text(filled) for name in PLACE},
            "value": text(
                pa.Check.str_matches(rf"^{NUMBER}$", error="must be a number such as -0.123")
            ),
            "decimals": text(
                pa.Check(
                    lambda column: column.isin([str(count) for count in range(MOST_DECIMALS + 1)]),
                    error=f"must be a whole number from 0 to {MOST_DECIMALS}",
                )
            ),
            "relation": text(pa.Check.isin(["", MORE_THAN], error="must be empty or >")),
            **{name: text() for name in ("where", "unit", "selector", "reason", "note")},
        },
        strict=True,
    )


def _faults(frame: pd.DataFrame, path: Path) -> Iterator[str]:
    """What breaks the schema, with lines; then what no single cell shows."""
    import pandera.errors

    try:
        build_published_schema().validate(frame, lazy=True)
    except pandera.errors.SchemaErrors as errors:
        cases = errors.failure_cases.sort_values("index", kind="stable")
        for case in cases.to_dict("records"):
            yield (
                f"{path}: line {case['index']}: {case['column']} {case['check']} "
                f"(got {case['failure_case']!r})"
            )
        return
    for line, row in frame.iterrows():
        digits = len(row["value"].partition(".")[2])
        if digits > int(row["decimals"]):
            yield (
                f"{path}: line {line}: value {row['value']} has {digits} decimals, "
                f"more than decimals says ({row['decimals']})"
            )
    first: dict[tuple[str, ...], object] = {}
    for line, *place in frame[list(PLACE)].itertuples():
        if tuple(place) in first:
            yield (
                f"{path}: line {line}: {', '.join(place)} stands on line "
                f"{first[tuple(place)]} already"
            )
        first.setdefault(tuple(place), line)


def _cell(
    row: Mapping[str, Any] | pd.Series, selector: CellSelector | None, origin: str
) -> PrintedCell:
    return PrintedCell(
        **{name: str(row[name]) for name in (*PLACE, "where", "unit", "reason", "note")},
        text=str(row["value"]),
        value=float(row["value"]),
        decimals=int(row["decimals"]),
        relation=MORE_THAN if row["relation"] == MORE_THAN else "",
        selector=selector,
        origin=origin,
    )


def read_selector(text: str) -> CellSelector:
    """Read `table=T5; model=sdm; quantity=direct; term=lq; number=std_error`.

    Raises
    ------
    StudyError
        With every fault.
    """
    cells: dict[str, Any] = {}
    faults = []
    known = tuple(CellSelector.model_fields)
    for part in (part.strip() for part in text.split(";")):
        name, mark, value = (piece.strip() for piece in part.partition("="))
        if not part:
            continue
        if not mark:
            faults.append(f"no column=value (got {part!r})")
        elif name not in known:
            faults.append(f"no column of that name ({choices(name, known)})")
        elif name in cells:
            faults.append(f"{name} is named twice")
        else:
            cells[name] = value
    if faults:
        raise StudyError(faults)
    try:
        selector = CellSelector.model_validate(cells)
    except ValidationError as error:
        raise StudyError(list(_explained(error))) from error
    if selector.number not in COMPARED:
        raise StudyError([f"number: no number column ({choices(selector.number, COMPARED)})"])
    return selector


def _explained(error: ValidationError) -> Iterator[str]:
    for details in error.errors(include_url=False):
        name = ".".join(map(str, details["loc"]))
        if details["type"] == "missing":
            yield f"{name} is missing"
        else:
            yield f"{name}: {details['msg']} (got {details['input']!r})"
