"""`yrb-carbon check`: a study's configuration and its input files, before anything is run."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from yrb_carbon.cli.common import (
    RIGHT,
    WRONG,
    ConfigFiles,
    ConfigValues,
    DataRoot,
    Json,
    StudyChoice,
    chosen_files,
    configuration,
    on_terminal,
    print_json,
    print_table,
    single_values,
)

if TYPE_CHECKING:
    from yrb_carbon.workflow.check import CheckedStudy
    from yrb_carbon.workflow.check_inputs import CheckedInputs, Problem, SourceSummary

PLACE = re.compile(r"^(?P<file>.+?):(?P<line>\d+):(?P<column>\d+): (?P<rest>.*)$", re.S)
"""`file:line:column: key: what is wrong`, as faults of the configuration are told."""


def check(
    study: StudyChoice = None,
    configfile: ConfigFiles = None,
    config: ConfigValues = None,
    data_root: DataRoot = None,
    fast: Annotated[
        bool, typer.Option("--fast", help="See whether the input files are there; open none.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Check a study's configuration and every input file; nothing is run or written.

    Each file is opened by its own reader with the study's options. All faults are told at once, a
    line each, with file and place, on standard error; a summary of the sources goes to standard
    output. Years and units that a source lacks are warnings.

    Exit code 0 when the study can run, 2 when not.
    """
    from yrb_carbon.errors import StudyError
    from yrb_carbon.workflow.check import check_study

    values = single_values(config)
    if data_root is not None:
        values["data_root"] = str(data_root)
    files = configuration(chosen_files(study, configfile))
    try:
        checked = check_study(files, values)
    except StudyError as error:
        if not as_json:
            raise
        named = {"configuration": [str(file) for file in files]}
        print_json("check", WRONG, {**named, "errors": [*map(_config_fault, error.faults)]})
        raise typer.Exit(WRONG) from error
    inputs = None if fast else _inputs(checked)
    wrong = bool(checked.faults) or (inputs is not None and bool(inputs.errors))
    if as_json:
        print_json("check", WRONG if wrong else RIGHT, _as_values(files, checked, inputs))
    else:
        _print_result(checked, inputs)
    if wrong:
        raise typer.Exit(WRONG)


def _inputs(checked: CheckedStudy) -> CheckedInputs:
    from yrb_carbon.workflow.check_inputs import check_inputs

    with _progress() as told:
        return check_inputs(checked.study, skip=checked.faulty_sources, progress=told)


@contextmanager
def _progress() -> Iterator[Callable[[str, int, int], None]]:
    """Draw a bar on standard error where it is a terminal; nothing elsewhere."""
    if not on_terminal():
        yield lambda name, done, count: None
        return
    from rich.console import Console
    from rich.progress import Progress

    with Progress(console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)

        def told(name: str, done: int, count: int) -> None:
            bar.update(task, description=name, completed=done, total=count)

        yield told


def _print_result(checked: CheckedStudy, inputs: CheckedInputs | None) -> None:
    problems = () if inputs is None else inputs.problems
    for fault in checked.faults:
        typer.echo(fault, err=True)
    for problem in problems:
        text = f"warning: {problem}" if problem.severity == "warning" else str(problem)
        typer.echo(text, err=True)
    if inputs is not None:
        print_table(HEADS, map(_cells, inputs.sources))
    typer.echo(_verdict(checked, inputs))


HEADS = ("source", "format", "rows", "units", "years", "gaps", "state")


def _cells(source: SourceSummary) -> tuple[str, ...]:
    ends = [str(year) for year in (source.first_year, source.last_year) if year is not None]
    years = "-".join(dict.fromkeys(ends))
    numbers = ("" if n is None else str(n) for n in (source.rows, source.units))
    gaps = "" if source.gaps is None else str(source.gaps)
    return (source.source, source.format, *numbers, years, gaps, source.state)


def _verdict(checked: CheckedStudy, inputs: CheckedInputs | None) -> str:
    """One line: what is right, or how much is wrong."""
    study = checked.study
    head = f"study {study.study.name}: "
    errors = len(checked.faults) + (0 if inputs is None else len(inputs.errors))
    warned = 0 if inputs is None else len(inputs.warnings)
    more = f"; {_counted(warned, 'warning')}" if warned else ""
    if errors:
        return f"{head}{_counted(errors, 'fault')}{more}"
    files = _counted(len(checked.files), "input file")
    tables = _counted(len(study.tables), "table")
    samples = _counted(len(study.samples), "sample")
    return (
        f"{head}the configuration is right; {files} below {study.data_root} "
        f"({_state(checked, inputs)}); {tables} on {samples}{more}"
    )


def _state(checked: CheckedStudy, inputs: CheckedInputs | None) -> str:
    demo = checked.study.demo is not None
    if inputs is None:
        return "made by the demonstration" if demo else "found"
    unwritten = sum(source.state == "not written yet" for source in inputs.sources)
    if unwritten:
        return f"{unwritten} not written yet: the demonstration makes them when it runs"
    return (
        "made by the demonstration, each as its format wants it"
        if demo
        else "each as its format wants it"
    )


def _counted(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _as_values(
    files: Sequence[Path], checked: CheckedStudy, inputs: CheckedInputs | None
) -> dict[str, Any]:
    """The result as JSON has it."""
    from dataclasses import asdict

    problems = () if inputs is None else inputs.problems
    return {
        "study": checked.study.study.name,
        "configuration": [str(file) for file in files],
        "data_root": checked.study.data_root,
        "errors": [
            *map(_config_fault, checked.faults),
            *(_input_fault(p) for p in problems if p.severity == "error"),
        ],
        "warnings": [_input_fault(p) for p in problems if p.severity == "warning"],
        "sources": [] if inputs is None else [asdict(source) for source in inputs.sources],
    }


def _config_fault(text: str) -> dict[str, Any]:
    """A fault of the configuration; `column` counts characters of the line."""
    found = PLACE.match(text)
    place = {} if found is None else {key: found[key] for key in ("file", "line", "column")}
    return {
        "kind": "configuration",
        "text": text,
        "file": place.get("file"),
        "line": int(place["line"]) if place else None,
        "column": int(place["column"]) if place else None,
    }


def _input_fault(problem: Problem) -> dict[str, Any]:
    """A problem of an input file; `column` is the name of a column."""
    place = problem.place
    return {
        "kind": "input",
        "text": str(problem),
        "source": problem.source,
        "file": None if place.file is None else str(place.file),
        "sheet": place.sheet,
        "row": place.row,
        "column": place.column,
        "problem": problem.problem,
        "hint": problem.hint,
    }
