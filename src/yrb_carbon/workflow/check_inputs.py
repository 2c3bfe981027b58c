"""Every input file of a study against its format, before anything is computed from it.

Each file is opened by its own reader with the study's options, its rows are given to units as the
panel does it, and all that is wrong is told at once: a damaged file does not hide the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, get_args

import pandas as pd

from yrb_carbon.errors import (
    Place,
    SourceError,
    UnitError,
    YrbCarbonError,
    keeping_faults,
    listing,
)
from yrb_carbon.panel.assemble import (
    EXTENDED_COLUMN,
    EXTENDED_YEAR,
    KeyedTable,
    add_columns,
    join_panel,
    key_source,
    read_source,
    require_values,
    rows_in_file,
    to_unit_set,
)
from yrb_carbon.panel.schema import load_dictionary, value_faults
from yrb_carbon.report.account_tables import year_runs
from yrb_carbon.sources.base import KEY_COLUMNS, SourceTable
from yrb_carbon.study.accounts import ProvincialFormat
from yrb_carbon.study.config import SourceSection, Study
from yrb_carbon.study.plan import (
    AccountInput,
    account_files,
    computed_variables,
    panel_years,
    samples_used,
    section_of_sample,
    unit_sets_used,
)
from yrb_carbon.study.positions import dotted
from yrb_carbon.study.units import load_matcher, load_units

if TYPE_CHECKING:
    from yrb_carbon.sources.boundaries import Boundaries

Severity = Literal["error", "warning"]
State = Literal["read", "faulty", "missing", "not written yet", "not looked at"]
BOUNDARIES = "boundaries"
ACCOUNTS = ("embodied.", "footprint.", "regional.")
"""What keys of the files of accounts begin with; no source has a dot in its name."""
JUMP = 3000.0
"""A value so many times the middle one of its unit is in another unit of measurement: powers of
10^4 stand between the usual ones, and few series grow a hundredfold."""
MAX_UNITS = 6
"""Units or rows that a warning lists."""
SHORTER = "Add the years, or shorten the study (study.first_year, study.last_year)"
SMALLER = "A unit without a value cannot be in the sample"
YEARS_OF_A_SERIES = 5
"""Years that a unit's series must have for its middle value to say what is usual."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with an input file.

    Attributes
    ----------
    severity : str
        `error`: the study cannot run; `warning`: it runs, with less than it asks for.
    source : str
        Name of the source in the study, `boundaries`, or the key of a file of accounts;
        empty for the panel as a whole.
    problem : str
    place : Place
        File and, as far as the reader knows, sheet, row, column.
    hint : str or None
        What to do.
    """

    severity: Severity
    source: str
    problem: str
    place: Place = field(default_factory=Place)
    hint: str | None = None

    def __str__(self) -> str:
        """Return `place: what is wrong. what to do (sources.name)`."""
        where = str(self.place)
        text = f"{where}: {self.problem}" if where else self.problem
        text = f"{text}. {self.hint.rstrip('.')}" if self.hint else text
        is_key = self.source in ("", BOUNDARIES) or self.source.startswith(ACCOUNTS)
        key = self.source if is_key else f"sources.{self.source}"
        return f"{text} ({key})" if key else text


@dataclass(frozen=True, slots=True)
class SourceSummary:
    """What a source gives to the study.

    Attributes
    ----------
    source, format, file : str
    state : str
        `read`, `faulty`, `missing`, `not written yet` (by the demonstration), `not looked at`.
    rows, units : int or None
        Data rows of the file; units of the study that they have a value for, or the regions of an
        input-output table or inventory.
    first_year, last_year : int or None
        Of the rows of these units.
    columns : tuple of str
        Columns of the panel that come from it.
    gaps : int or None
        Empty cells of the unit-years and columns that the study needs.
    """

    source: str
    format: str
    file: str
    state: State
    rows: int | None = None
    units: int | None = None
    first_year: int | None = None
    last_year: int | None = None
    columns: tuple[str, ...] = ()
    gaps: int | None = None


@dataclass(frozen=True, slots=True)
class CheckedInputs:
    """All input files of a study, and all that is wrong with them."""

    sources: tuple[SourceSummary, ...]
    problems: tuple[Problem, ...]

    @property
    def errors(self) -> tuple[Problem, ...]:
        """Problems that the study cannot run with."""
        return tuple(p for p in self.problems if p.severity == "error")

    @property
    def warnings(self) -> tuple[Problem, ...]:
        """Problems that the study can run with."""
        return tuple(p for p in self.problems if p.severity == "warning")


def check_inputs(
    study: Study,
    *,
    skip: Collection[str] = (),
    progress: Callable[[str, int, int], None] = lambda name, done, count: None,
) -> CheckedInputs:
    """Open every input file of a study by its reader and say what is wrong.

    Parameters
    ----------
    study : Study
        A study whose configuration is right as far as its sources go.
    skip : collection of str
        Sources that are not looked at: their sections have faults.
    progress : callable
        Called with the name of a source, the number that are done, and the number of all.

    Returns
    -------
    CheckedInputs
        Sources in the order of the configuration, then boundaries and files of accounts.
    """
    return _Inputs(study, frozenset(skip)).check(progress)


@dataclass(frozen=True, slots=True)
class _Wanted:
    """Cells of the panel that a sample needs.

    Attributes
    ----------
    unit_set : str
    units : tuple of str
    years : mapping
        Column -> years.
    period : sequence of int
        Years of the sample.
    """

    unit_set: str
    units: tuple[str, ...]
    period: Sequence[int]
    years: Mapping[str, tuple[int, ...]]


class _NoPolygonsError(YrbCarbonError):
    """Points cannot be given to units: what is wrong with the map is told already."""


class _Inputs:
    """One pass over the files of a study."""

    def __init__(self, study: Study, skip: frozenset[str]) -> None:
        self.study, self.skip = study, skip
        self.units, self.dictionary = load_units(), load_dictionary()
        self.unit_ids = tuple(
            sorted({u for name in unit_sets_used(study) for u in self.units.select(name).ids})
        )
        self.years = panel_years(study)
        self.wanted = _wanted_cells(study)
        self.columns: dict[str, dict[str, pd.Series]] = {n: {} for n in unit_sets_used(study)}
        self.origins: dict[str, str] = {}
        self.problems: list[Problem] = []
        self.map: Boundaries | None = None
        self.map_is_unusable = False

    def check(self, progress: Callable[[str, int, int], None]) -> CheckedInputs:
        """Look at the map, at every source, and at all of them together."""
        sections, accounts = self.study.sources, account_files(self.study)
        count = len(sections) + 1 + len(accounts)
        progress(BOUNDARIES, 0, count)
        maps = self._boundaries()
        summaries: list[SourceSummary] = []
        for done, (name, section) in enumerate(sections.items(), start=1):
            progress(name, done, count)
            summaries.append(self._source(name, section))
        summaries += maps
        if all(summary.state == "read" for summary in summaries):
            self._panel()
        for done, (path, found) in enumerate(accounts.items(), start=len(sections) + 1):
            # the year of a table stands for its file
            name = dotted(path[:5])
            progress(name, done, count)
            summaries.append(self._account(name, found))
        return CheckedInputs(tuple(summaries), tuple(dict.fromkeys(self.problems)))

    @contextmanager
    def _guarded(self, source: str, file: Path) -> Iterator[Sequence[YrbCarbonError]]:
        """Turn what goes wrong with a file into problems; the rest of the body is left out."""
        with keeping_faults() as kept:
            stopped: BaseException | None = None
            try:
                yield kept
            except (KeyboardInterrupt, SystemExit, GeneratorExit):
                raise
            except BaseException as error:
                # the readers of workbooks and maps are not written in Python: they may panic
                stopped = error
        faults: list[YrbCarbonError] = list(kept)
        if isinstance(stopped, YrbCarbonError):
            faults.append(stopped)
        elif stopped is not None and not kept:
            self._add(source, f"the reader failed ({_described(stopped)})", Place(file))
        for found in faults:
            if isinstance(found, SourceError):
                self._add(source, found.problem, found.place, found.hint)
            elif isinstance(found, UnitError):
                self._add(source, found.problem, found.place)
            elif not isinstance(found, _NoPolygonsError):
                self._add(source, str(found), Place(file))

    def _add(
        self,
        source: str,
        problem: str,
        place: Place,
        hint: str | None = None,
        severity: Severity = "error",
    ) -> None:
        self.problems.append(Problem(severity, source, problem, place, hint))

    def _warn(self, source: str, problem: str, place: Place, hint: str | None = None) -> None:
        self._add(source, problem, place, hint, "warning")

    def _absent(self, source: str, file: Path, *, is_folder: bool = False) -> State | None:
        """Why a file is not opened; the check of the configuration names those that are missing."""
        if source in self.skip:
            return "not looked at"
        if file.is_dir() if is_folder else file.is_file():
            return None
        return "missing" if self.study.demo is None else "not written yet"

    def _polygons(self) -> Boundaries:
        if self.map_is_unusable:
            raise _NoPolygonsError
        if self.map is None:
            from yrb_carbon.panel.area import study_boundaries

            study, path = self.study, self.study.boundaries.path
            file = str(Path(study.data_root) / path) if path else None
            self.map = study_boundaries(study.study, study.boundaries, study.samples, file)
        return self.map

    def _boundaries(self) -> list[SourceSummary]:
        section = self.study.boundaries
        if section.source != "file":
            return []
        file = Path(self.study.data_root) / str(section.path)
        summary = SourceSummary(BOUNDARIES, "map", str(file), "faulty")
        if state := self._absent(BOUNDARIES, file):
            self.map_is_unusable = True
            return [replace(summary, state=state)]
        with self._guarded(BOUNDARIES, file):
            found = self._polygons()
            summary = replace(
                summary, state="read", rows=found.record.rows, units=len(found.unit_ids)
            )
        self.map_is_unusable = self.map is None
        return [summary]

    def _source(self, name: str, section: SourceSection) -> SourceSummary:
        file = Path(self.study.data_root) / section.path
        summary = SourceSummary(name, section.format, str(file), "faulty")
        if state := self._absent(name, file):
            return replace(summary, state=state)
        before = len(self.problems)
        with self._guarded(name, file) as told:
            table = read_source(self.study.data_root, section, name)
            summary = replace(summary, rows=table.record.rows)
            keyed = key_source(
                table, section, name, load_matcher(), self.years, self.unit_ids, self._polygons
            )
            summary = _with_extent(summary, keyed, self.unit_ids)
            if not any(isinstance(error, UnitError) for error in told):
                require_values(keyed.frame, table, name, self.unit_ids, self.years)
            by_set = {
                unit_set: to_unit_set(keyed, unit_set, section, self.units, self.dictionary)[0]
                for unit_set in self.columns
            }
            place = Place(file, table.record.sheet)
            summary = replace(summary, gaps=self._coverage(name, place, by_set))
            if not told:
                # a column in a wrong unit is told once
                self._values(name, place, by_set)
            self._jumps(name, table)
            self._strangers(name, place, keyed, " ".join(map(str, told)))
            for unit_set, frame in by_set.items():
                add_columns(self.columns[unit_set], self.origins, frame, table, name)
        faulty = any(p.severity == "error" for p in self.problems[before:])
        return summary if faulty else replace(summary, state="read")

    def _account(self, name: str, found: AccountInput) -> SourceSummary:
        """Open one file of accounts by its reader."""
        file = Path(self.study.data_root) / found.path
        summary = SourceSummary(name, found.format, str(file), "faulty")
        if state := self._absent(name, file, is_folder=found.is_folder):
            return replace(summary, state=state)
        before = len(self.problems)
        with self._guarded(name, file):
            summary = replace(summary, **read_extent(self.study, found))
        faulty = any(p.severity == "error" for p in self.problems[before:])
        return summary if faulty else replace(summary, state="read")

    def _values(self, source: str, place: Place, by_set: Mapping[str, pd.DataFrame]) -> None:
        """Check values against the ranges of the dictionary; a column is told of once."""
        told: set[str] = set()
        for unit_set, frame in by_set.items():
            own = frame.reindex(
                pd.MultiIndex.from_product(
                    [self.units.select(unit_set).ids, self.years], names=["unit", "year"]
                )
            )
            kept = [c for c in own.columns if c not in told and not c.startswith("flag_")]
            for column in kept:
                for fault in value_faults(own[[column]], self.dictionary):
                    self._add(source, fault, place, "Correct the cells")
                    told.add(column)

    def _coverage(self, source: str, place: Place, by_set: Mapping[str, pd.DataFrame]) -> int:
        """Warn of years and units of the study that a source lacks; count its empty cells."""
        gaps: dict[str, set[tuple[str, int]]] = defaultdict(set)
        no_unit: dict[str, set[int]] = defaultdict(set)
        no_year: dict[str, set[str]] = defaultdict(set)
        for wanted in self.wanted:
            frame = by_set[wanted.unit_set]
            for column in (c for c in frame.columns if not c.startswith("flag_")):
                years = self._expected_years(column, wanted)
                index = pd.MultiIndex.from_product([wanted.units, years], names=["unit", "year"])
                has_value = frame[column].reindex(index).notna()
                if not has_value.any():
                    # said already: nothing can be computed from it
                    continue
                given = has_value.unstack("unit")
                empty = index[~has_value.to_numpy()]
                if column in wanted.years:
                    gaps[column] |= {(str(unit), int(year)) for unit, year in empty}
                no_unit[column] |= set(map(int, given.index[~given.any(axis=1)]))
                no_year[column] |= set(map(str, given.columns[~given.any(axis=0)]))
        for period, columns in _alike(no_unit):
            when = ", ".join(year_runs(period))
            text = f"no unit of the study has a value of {listing(columns)} in {when}"
            self._lacking(source, place, text, columns, SHORTER)
        label = load_matcher().label
        for units, columns in _alike(no_year):
            who = "1 unit of the study has" if len(units) == 1 else f"{len(units)} units have"
            names = listing(map(label, units), MAX_UNITS)
            text = f"{who} no value of {listing(columns)}: {names}"
            self._lacking(source, place, text, columns, SMALLER)
        return sum(map(len, gaps.values()))

    def _expected_years(self, column: str, wanted: _Wanted) -> list[int]:
        """Years of a column, without the one that the study computes itself."""
        years = wanted.years.get(column, wanted.period)
        is_extended = self.study.carbon.extend_2018 == "scale" and column == EXTENDED_COLUMN
        return [year for year in years if not (is_extended and year == EXTENDED_YEAR)]

    def _lacking(
        self, source: str, place: Place, text: str, columns: Iterable[str], hint: str
    ) -> None:
        used = {column for wanted in self.wanted for column in wanted.years}
        if used & set(columns):
            self._warn(source, text, place, hint)
        else:
            self._warn(source, f"{text}; no variable of the study uses it", place)

    def _jumps(self, source: str, table: SourceTable) -> None:
        """Warn of single values that look as if they were in another unit of measurement."""
        frame = table.frame
        keys = [key for key in ("code", "province", "name") if key in frame.columns]
        if "year" not in frame.columns or not keys or "city" in frame.columns:
            # counties have series that begin near nothing
            return
        for column in frame.columns:
            if column in KEY_COLUMNS or column.startswith("flag_"):
                continue
            values = frame[column].where(frame[column] > 0)
            groups = values.groupby([frame[key] for key in keys])
            ratio = values / groups.transform("median")
            far = (ratio > JUMP) | (ratio < 1 / JUMP)
            far &= groups.transform("count") >= YEARS_OF_A_SERIES
            if far.any():
                rows = rows_in_file(table, frame.index[far])
                texts = [
                    f"{' '.join(map(str, key))} ({times:.3g} times)"
                    for *key, times in frame[far]
                    .assign(ratio=ratio)[[*keys, "year", "ratio"]]
                    .head(MAX_UNITS)
                    .itertuples(index=False)
                ]
                count = int(far.sum())
                counted = "1 value" if count == 1 else f"{count} values"
                self._warn(
                    source,
                    f"{counted} of {column} far from the middle one of their unit: "
                    f"{listing(texts)}",
                    Place(table.record.file, table.record.sheet, rows[0] if rows else None),
                    "See whether they are in another unit of measurement",
                )

    def _strangers(self, source: str, place: Place, keyed: KeyedTable, told: str) -> None:
        """Warn of keys that mean no place that is known, and are not among the faults."""
        report = keyed.report
        unknown = [] if report is None else [*report.unmatched, *report.ambiguous]
        unknown = [key for key in unknown if key.key not in told]
        if unknown:
            self._warn(
                source,
                f"rows left out because their places are not known: {listing(unknown, MAX_UNITS)}",
                place,
            )

    def _panel(self) -> None:
        """Check what sources are together: parts against their wholes."""
        for unit_set, columns in self.columns.items():
            members = self.units.select(unit_set).ids
            with self._guarded("", Path(self.study.data_root)):
                join_panel(
                    columns, members, self.years, self.study.carbon.extend_2018, self.origins
                )


def read_extent(study: Study, found: AccountInput) -> dict[str, Any]:
    """Rows, regions and years of a file of accounts, which its reader reads.

    Raises
    ------
    SourceError, DataError
        If the file is not as its format promises, or of another year than the study says.
    """
    from yrb_carbon.embodied.build import read_table
    from yrb_carbon.embodied.price_indices import read_deflators
    from yrb_carbon.sources import reader_for
    from yrb_carbon.sources.ceads_energy import read_ceads_energy
    from yrb_carbon.sources.ceads_inventory import read_ceads_inventory
    from yrb_carbon.sources.provincial import PROVINCE, YEAR

    section, file = study.embodied, Path(study.data_root) / found.path
    if found.format in get_args(ProvincialFormat):
        frame = reader_for(found.format).read(file).frame
        years = [int(year) for year in frame[YEAR].unique()]
        units = frame[PROVINCE].nunique()
        extent = {"first_year": min(years), "last_year": max(years)}
        return {"rows": len(frame), "units": units, **extent}
    if found.year is None:
        indices = read_deflators(file)
        years = [int(year) for year in indices.columns]
        return {"rows": indices.size, "first_year": min(years), "last_year": max(years)}
    extent = {"first_year": found.year, "last_year": found.year}
    if found.system is not None:
        if section is None:
            raise TypeError("the study has no section of embodied carbon")
        system = section.systems[found.system]
        entry = system.tables[found.year]
        table, _ = read_table(found.year, entry, system, section, Path(study.data_root))
        return {"rows": table.record.rows, "units": table.n_regions, **extent}
    read = read_ceads_energy if found.format == "ceads_energy" else read_ceads_inventory
    inventory = read(file)
    if inventory.years != (found.year,):
        years = list(inventory.years)
        raise SourceError(
            f"the workbook is of {listing(years)}, the study says {found.year}", Place(file)
        )
    if found.format == "ceads_inventory":
        inventory.require_sums()
    (record,) = inventory.records
    return {"rows": record.rows, "units": len(inventory.provinces), **extent}


def _wanted_cells(study: Study) -> list[_Wanted]:
    """Cells that the variables of each sample need."""
    from yrb_carbon.analysis.samples import raw_cells
    from yrb_carbon.indices.settings import index_defaults

    defaults, units = index_defaults(study), load_units()
    found: list[_Wanted] = []
    for name in samples_used(study):
        sample = section_of_sample(study, name)
        years = range(int(sample.first_year or 0), int(sample.last_year or 0) + 1)
        cells: dict[str, set[int]] = defaultdict(set)
        for variable in computed_variables(study, name):
            section = study.variables[variable]
            for column, own in raw_cells(section, defaults, years).items():
                cells[column] |= set(own)
        members = [
            u for u in units.select(str(sample.unit_set)).ids if u not in sample.exclude_units
        ]
        found.append(
            _Wanted(
                str(sample.unit_set),
                tuple(members),
                years,
                {column: tuple(sorted(own)) for column, own in cells.items()},
            )
        )
    return found


def _with_extent(
    summary: SourceSummary, keyed: KeyedTable, unit_ids: Sequence[str]
) -> SourceSummary:
    """Add units and years of the study's own rows."""
    columns = [c for c in keyed.frame.columns if not c.startswith("flag_")]
    values = keyed.frame[columns].dropna(how="all")
    own = values[values.index.get_level_values("unit").isin(unit_ids)]
    years = own.index.get_level_values("year")
    return replace(
        summary,
        units=int(own.index.get_level_values("unit").nunique()),
        first_year=int(years.min()) if len(years) else None,
        last_year=int(years.max()) if len(years) else None,
        columns=tuple(columns),
    )


def _alike(lacking: Mapping[str, set[Any]]) -> Iterator[tuple[list[Any], list[str]]]:
    """What columns lack, one entry for the columns that lack the same."""
    groups: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for column, own in lacking.items():
        if own:
            groups[tuple(sorted(own))].append(column)
    for cells, columns in groups.items():
        yield list(cells), columns


def _described(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]
