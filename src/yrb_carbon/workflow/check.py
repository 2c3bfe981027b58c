"""What can be found wrong with a study before it runs: formats, options, variables, files."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import TYPE_CHECKING, Any

from yrb_carbon.errors import StudyError, UnitError, listing
from yrb_carbon.study.base import choices, unknown_names
from yrb_carbon.study.config import RESULTS_FOLDER, SourceSection, Study
from yrb_carbon.study.endogeneity_tables import TREND
from yrb_carbon.study.load import COMMAND_LINE, DEFAULT_FILE, display_name, load_study
from yrb_carbon.study.plan import (
    account_inputs,
    computed_variables,
    samples_used,
    section_of_sample,
)
from yrb_carbon.study.positions import (
    Fault,
    KeyPath,
    Node,
    Position,
    dotted,
    from_values,
    read_yaml,
)

if TYPE_CHECKING:
    from yrb_carbon.study.units import Units
    from yrb_carbon.workflow.claims_check import KnownNames


SYSTEMS: KeyPath = ("embodied", "systems")


@dataclass(frozen=True, slots=True)
class CheckedStudy:
    """A study whose configuration is well formed, and what else is wrong with it.

    Attributes
    ----------
    study : Study
    files : tuple of Path
        The published files that it reads, boundaries included.
    faults : tuple of str
        One a line, as `file:line:column: key: what is wrong`; empty when the study can run.
    faulty_sources : frozenset of str
        Sources, and keys of the files of accounts, whose sections have faults, so that their
        files cannot be opened as they say.
    """

    study: Study
    files: tuple[Path, ...]
    faults: tuple[str, ...]
    faulty_sources: frozenset[str] = frozenset()


def check_study(
    files: Sequence[Path | str], overrides: Mapping[str, Any] | None = None
) -> CheckedStudy:
    """Read a study as the workflow does, and check what its configuration cannot know by itself.

    Formats and their options are held against the readers, variables against the indices, and
    input files must be there, unless the demonstration is to write them.

    Parameters
    ----------
    files, overrides
        As in `yrb_carbon.study.load.load_study`.

    Raises
    ------
    StudyError
        If the configuration itself has faults.
    """
    study = load_study(files, overrides, named=True)
    layers = _layers(files, overrides)
    inputs = _input_files(study)
    found = [
        *_demo_faults(study),
        *_unit_faults(study),
        *_source_faults(study),
        *_embodied_faults(study),
        *_weights_faults(study),
        *_variable_faults(study),
        *_instrument_faults(study),
        *_claims_faults(study, _known_names(study, layers)),
    ]
    if not found:
        found += _column_faults(study)
    faulty = frozenset(str(path[1]) for path, _ in found if path[0] == "sources")
    faulty |= {dotted(path[:5]) for path, _ in found if path[:2] == SYSTEMS}
    if study.demo is None:
        found += _missing_files(study, inputs)
    faults = sorted(
        (Fault(_position(layers, path), path, problem) for path, problem in found),
        key=lambda fault: fault.position,
    )
    return CheckedStudy(
        study,
        tuple(sorted(set(inputs.values()))),
        tuple(str(fault) for fault in faults),
        faulty,
    )


def refuse_unusable_inputs(study: Study) -> None:
    """End the process where inputs are missing, or the demonstration would write over one's own.

    For the top of the rules. Snakemake removes the outputs of a job before the job can look, and
    takes an output that is there as good when the inputs to make it anew are missing: numbers of
    other files would pass for those of this study.
    """
    found = [*_demo_faults(study)]
    found += _weights_faults(study)
    if study.demo is None:
        found += _missing_files(study, _input_files(study))
    if found:
        head = "The inputs of the study cannot be used (`yrb-carbon check` says where to mend it):"
        sys.exit("\n".join((head, *(f"{dotted(path)}: {problem}" for path, problem in found))))


def _demo_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    own = (RESULTS_FOLDER, study.study.name)
    if study.demo is not None and PurePath(study.data_root).parts[:2] != own:
        yield (
            ("data_root",),
            "the demonstration writes its files there, over those of the same names (got "
            f"{study.data_root!r}); set demo to null, or leave data_root out, which means "
            f"{'/'.join(own)}/inputs",
        )


def _known_names(study: Study, layers: Sequence[Node]) -> KnownNames:
    """Names of the study, of its files, and of the default study: an overlay may take them out."""
    from yrb_carbon.workflow.claims_check import KnownNames

    shipped = read_yaml(DEFAULT_FILE, 0)[0] if DEFAULT_FILE.is_file() else None
    nodes = [*layers, *(() if shipped is None else (shipped,))]

    def names(key: str) -> tuple[str, ...]:
        of_files = [node.child(key) for node in nodes]
        found = [name for node in of_files if node is not None for name in node.entries or ()]
        return tuple(dict.fromkeys([*getattr(study, key), *found]))

    return KnownNames(
        tables=names("tables"),
        variables=names("variables"),
        samples=names("samples"),
        weights=names("weights"),
        columns=tuple(dict.fromkeys(id_ for node in nodes for id_ in _column_ids(node))),
    )


def _column_ids(layer: Node) -> Iterator[str]:
    """Names of the columns of all tables of a file."""
    tables = layer.child("tables")
    for table in () if tables is None else (tables.entries or {}).values():
        columns = table.child("columns")
        for column in (
            () if columns is None or not isinstance(columns.value, tuple) else columns.value
        ):
            name = column.child("id")
            if name is not None:
                yield str(name.value)


def _claims_faults(study: Study, known: KnownNames) -> Iterator[tuple[KeyPath, str]]:
    """Faults in the file of the claims, declared ids and names in it that nobody knows."""
    from yrb_carbon.claims import id_faults, read_claims
    from yrb_carbon.workflow.claims_check import name_faults

    if study.claims is None:
        return
    try:
        claims = read_claims(study.claims.file)
    except StudyError as error:
        yield from ((("claims", "file"), fault) for fault in error.faults)
        return
    declared = id_faults(claims, study.claims.not_testable, study.claims.caveats)
    yield from ((("claims", *path), problem) for path, problem in declared)
    file = Path(study.claims.file)
    root = read_yaml(file, 0, display_name(file))[0]
    for path, problem in name_faults(claims, study, known):
        if root is not None:
            yield ("claims", "file"), str(Fault(root.locate(path)[0].mark, path, problem))


def _layers(files: Sequence[Path | str], overrides: Mapping[str, Any] | None) -> list[Node]:
    """The files and single values again, with the places of their keys."""
    read = [
        read_yaml(Path(file), rank, display_name(Path(file)))[0] for rank, file in enumerate(files)
    ]
    layers = [node for node in read if node is not None]
    if overrides:
        layers.append(from_values(overrides, Position(len(files), 0, 0, COMMAND_LINE)))
    return layers


def _position(layers: Sequence[Node], path: KeyPath) -> Position:
    """Where a key was set last; where its nearest ancestor was, when it has its default."""
    for depth in range(len(path), 0, -1):
        for layer in reversed(layers):
            node, exact = layer.locate(path[:depth])
            if exact:
                return node.mark
    return layers[0].mark


def _unit_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """Units to leave out that no set has, and sets whose borders the package of maps lacks."""
    from yrb_carbon.panel.area import require_shipped_boundaries
    from yrb_carbon.study.units import load_units

    units = load_units()
    told: set[tuple[KeyPath, str]] = set()
    for name in samples_used(study):
        sample = section_of_sample(study, name)
        own = study.samples.get(name)
        of_set: KeyPath = ("samples", name) if own is not None and own.unit_set else ("study",)
        try:
            members = units.select(str(sample.unit_set)).ids
        except UnitError as error:
            yield (*of_set, "unit_set"), str(error)
            continue
        for unit in sample.exclude_units:
            if unit not in members:
                of_sample = own is not None and unit in own.exclude_units
                path: KeyPath = ("samples", name) if of_sample else ("study",)
                if (path, unit) in told:
                    # every sample leaves out what the study does
                    continue
                told.add((path, unit))
                yield (
                    (*path, "exclude_units"),
                    f"no unit of set {sample.unit_set} ({choices(unit, members)})",
                )
        if study.boundaries.source == "cnmaps":
            try:
                require_shipped_boundaries(str(sample.unit_set), units)
            except UnitError as error:
                yield (*of_set, "unit_set"), str(error)
    yield from _reach_faults(study, units)


def _reach_faults(study: Study, units: Units) -> Iterator[tuple[KeyPath, str]]:
    """Figures and tables by reach of units that have none."""
    split = study.study.reach_split
    if units.has_reach(split):
        return
    wanting: list[KeyPath] = [
        ("tables", name, "split")
        for name, table in study.tables.items()
        if getattr(table, "split", None) == "reach"
    ]
    wanting += [("figures", "trends", name) for name in study.figures.trends]
    if study.figures.units_map:
        wanting.append(("figures", "units_map"))
    for path in wanting:
        yield path, f"units.csv has no reaches {split}, which this shows; take it out"


def _source_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    from yrb_carbon.sources import READERS

    for name, source in study.sources.items():
        path: KeyPath = ("sources", name)
        reader = READERS.get(source.format)
        if reader is None:
            yield (*path, "format"), f"unknown format ({choices(source.format, READERS)})"
            continue
        for option, value in source.options.items():
            place: KeyPath = (*path, "options", option)
            if option not in reader.options:
                problem = f"the format {reader.name!r} has no such option"
                yield place, f"{problem} ({choices(option, reader.options)})"
            elif fault := reader.options[option].fault(value):
                yield place, fault
        if reader.provides:
            yield from _strange_columns(name, source, reader.provides)


def _embodied_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """Options that the readers of tables do not have, mining that a list of sectors lacks."""
    from yrb_carbon.embodied.build import known_sectors, table_options

    for name, system in study.embodied.systems.items() if study.embodied is not None else ():
        sectors = known_sectors(system)
        if system.mining is not None and sectors:
            yield from unknown_names(sectors, system.mining, (*SYSTEMS, name, "mining"), "sector")
        allowed = table_options(system.format)
        for year, entry in system.tables.items():
            for option in entry.options:
                if option not in allowed:
                    problem = f"the format {system.format!r} has no such option"
                    place: KeyPath = (*SYSTEMS, name, "tables", str(year), "options", option)
                    yield place, f"{problem} ({choices(option, allowed)})"


def _strange_columns(
    name: str, source: SourceSection, provides: tuple[str, ...]
) -> Iterator[tuple[KeyPath, str]]:
    path: KeyPath = ("sources", name)
    named: dict[KeyPath, str] = {
        (*path, "columns", index): column for index, column in enumerate(source.columns or ())
    } | {(*path, "rename", column): column for column in source.rename}
    for place, column in named.items():
        if column not in provides:
            problem = f"the format {source.format!r} gives no such column"
            yield place, f"{problem} ({choices(column, provides)})"


def _column_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """Variables of tables and maps whose raw columns no source gives."""
    from yrb_carbon.analysis.samples import raw_columns
    from yrb_carbon.indices.settings import index_defaults
    from yrb_carbon.sources import READERS

    given = {"area"}
    for source in study.sources.values():
        provides = READERS[source.format].provides
        if not provides:
            # what a table of one's own holds is known when it is read
            return
        wanted = provides if source.columns is None else source.columns
        given |= {source.rename.get(column, column) for column in wanted}
    defaults = index_defaults(study)
    used = {name for sample in samples_used(study) for name in computed_variables(study, sample)}
    for name in sorted(used):
        lacking = [c for c in raw_columns(study.variables[name], defaults) if c not in given]
        if lacking:
            yield (
                ("variables", name),
                f"no source of the study gives the panel column {listing(lacking)}; add one, or "
                "take the variable out of the tables",
            )


def _variable_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    from yrb_carbon.indices.registry import resolve
    from yrb_carbon.indices.settings import index_defaults, variable_spec

    defaults = index_defaults(study)
    for name, section in study.variables.items():
        try:
            resolve(variable_spec(section), defaults)
        except StudyError as error:
            yield from ((("variables", name), fault) for fault in error.faults)


def _instrument_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """Series to multiply an instrument with that differ among units."""
    from yrb_carbon.analysis.samples import raw_columns
    from yrb_carbon.indices.settings import index_defaults
    from yrb_carbon.panel.schema import load_dictionary

    shared = {
        name
        for name, column in load_dictionary().columns.items()
        if getattr(column, "aggregation", "") == "constant"
    }
    defaults = index_defaults(study)

    def is_national(name: str) -> bool:
        section = study.variables[name]
        return section.index == "raw" and set(raw_columns(section, defaults)) <= shared

    for name, table in study.tables.items():
        for index, column in enumerate(table.columns if table.kind == "endogeneity" else ()):
            for own, section in column.instruments.items():
                times = section.times
                if times not in (None, TREND) and not is_national(times):
                    national = [other for other in study.variables if is_national(other)]
                    yield (
                        ("tables", name, "columns", index, "instruments", own, "times"),
                        "differs among units, so it is no series that all of them share "
                        f"({choices(times, [TREND, *national])})",
                    )


def _input_files(study: Study) -> dict[KeyPath, Path]:
    """Key path -> file of every source, of the boundaries, and of the accounts."""
    root = Path(study.data_root)
    files: dict[KeyPath, Path] = {
        ("sources", name, "path"): root / source.path for name, source in study.sources.items()
    }
    if study.boundaries.source == "file":
        files["boundaries", "path"] = root / str(study.boundaries.path)
    files |= {path: root / found.path for path, found in account_inputs(study).items()}
    return files


def _weights_faults(study: Study) -> Iterator[tuple[KeyPath, str]]:
    """Files of given weights that are not there; they are no files of the demonstration."""
    for name, section in study.weights.items():
        if section.path is not None and not Path(section.path).is_file():
            yield ("weights", name, "path"), f"no such file (got {section.path!r})"


def _missing_files(study: Study, inputs: Mapping[KeyPath, Path]) -> Iterator[tuple[KeyPath, str]]:
    root = Path(study.data_root)
    if not root.is_dir():
        yield (
            ("data_root",),
            f"no such folder (got {study.data_root!r}); give yours with --config data_root=PATH",
        )
        return
    folders = {path for path, found in account_inputs(study).items() if found.is_folder}
    for path, file in inputs.items():
        is_folder = path in folders
        if not (file.is_dir() if is_folder else file.is_file()):
            shown = str(file.relative_to(root)) if file.is_relative_to(root) else str(file)
            what = "folder" if is_folder else "file"
            yield path, f"no such {what} below {study.data_root} (got {shown!r})"
