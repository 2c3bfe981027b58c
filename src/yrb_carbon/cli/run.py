"""`yrb-carbon run`: a study by snakemake."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Annotated, Any

import typer

from yrb_carbon.cli.common import (
    RIGHT,
    ConfigFiles,
    ConfigValues,
    Cores,
    DataRoot,
    Json,
    StudyChoice,
    chosen_files,
    configuration,
    on_terminal,
    print_json,
    require_checkout,
    single_values,
)

ERROR_STREAM = 2
"""Number of standard error."""
SIGNAL_BASE = 128
"""Shells report a process that a signal ended as 128 plus the signal's number."""
PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP")
RULES = {"report": "site"}
"""Target in words -> rule of the workflow, where they differ."""
LOCKS = Path(".snakemake", "locks")
STEPS = re.compile(r"^(\d+) of (\d+) steps")
MESSAGE = re.compile(r"^(?:Job \d+|localjob|local job|job|\[.*\])\s*:?\s*(.*)$")
FAULT = re.compile(r"Error|Exception|fault|cannot be")
SHOWN_LINES = 60
"""Lines of the log that are shown when a run fails before it names an error."""

OTHER_FILES = ("--snakefile", "-s", "--directory", "-d", "--replace-workflow-config")
"""Options of snakemake by which it reads another configuration than this command."""
END_WITH_PIPE = """\
import runpy, signal
if hasattr(signal, "SIGPIPE"):
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
runpy.run_module("snakemake", run_name="__main__", alter_sys=True)
"""
"""Snakemake that ends as other programs do when nobody reads on; Python ignores the signal."""

PASS_UNKNOWN = {"allow_extra_args": True, "ignore_unknown_options": True}


def run(
    more: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="[TARGET|OPTION]...",
            help="Rules or files to make, such as tables or report; everything when none is "
            "given. Options that are not named below are handed to snakemake.",
        ),
    ] = None,
    study: StudyChoice = None,
    configfile: ConfigFiles = None,
    config: ConfigValues = None,
    cores: Cores = 2,
    data_root: DataRoot = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Unlock first, after a run that was killed.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", "-n", help="Say what would be done, and do nothing.")
    ] = False,
    plain: Annotated[
        bool, typer.Option("--plain", help="The log of snakemake on a terminal too, no bar.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Run a study with snakemake; the exit code is snakemake's.

    Works in the folder of the checkout, the one that holds the Snakefile. What is there already
    and still holds is not made again. A fault in the configuration is told before anything runs.
    """
    run_study(
        "run",
        study,
        configfile,
        [*(config or ()), *([] if data_root is None else [f"data_root={data_root}"])],
        more or (),
        cores=cores,
        resume=resume,
        dry_run=dry_run,
        plain=plain,
        as_json=as_json,
    )


def run_study(
    command: str,
    study: str | None,
    configfile: Sequence[Path] | None = None,
    values: Sequence[str] = (),
    words: Sequence[str] = (),
    *,
    cores: int,
    resume: bool = False,
    dry_run: bool = False,
    plain: bool = False,
    as_json: bool = False,
) -> None:
    """Run a study for a command, and end it with the exit code of snakemake.

    Parameters
    ----------
    command : str
        As the JSON names it.
    study, configfile
        The study by its name, or by its overlays.
    values : sequence of str
        Single values, key=value.
    words : sequence of str
        Targets, and options of snakemake.
    cores, resume, dry_run, plain, as_json
        As the options of `run`.

    Raises
    ------
    typer.Exit
        Where snakemake ended with another code than 0.
    RefusalError, StudyError
        Where the call or the configuration has faults; nothing has run then.
    """
    require_checkout()
    files = chosen_files(study, configfile)
    _check_configuration(files, values, words)
    choice = [
        *(["--configfile", *map(str, files)] if files else []),
        *(["--config", *values] if values else []),
    ]
    asks_only = dry_run or _asks_only(words)

    def make(*arguments: str, with_bar: bool = False, runs: bool = True) -> None:
        code = snakemake(
            [*arguments, *choice], with_bar=with_bar, runs=runs, to_error_stream=as_json
        )
        if code and runs:
            _hint_at_lock()
        if code and as_json:
            told = f"snakemake ended with exit code {code}; its log is on standard error"
            print_json(command, code, {"errors": [told]})
        if code:
            raise typer.Exit(code)

    if resume:
        make("--unlock")
    begun = time.monotonic()
    make(
        *("--cores", str(cores)),
        *(["--dry-run"] if dry_run else []),
        *(RULES.get(word, word) for word in words),
        with_bar=on_terminal() and not (plain or asks_only),
        runs=not asks_only,
    )
    if asks_only and not as_json:
        return
    found = _places(configuration(files), values)
    seconds = time.monotonic() - begun
    if as_json:
        print_json(command, RIGHT, {**found, "seconds": round(seconds, 1)})
        return
    where = [f"{what} {found[what]}" for what in ("report", "tables") if found[what]]
    line = "; ".join(where) or f"results {found['results']}"
    typer.echo(f"study {found['study']}: done in {duration(seconds)}; {line}")


def _check_configuration(
    files: Sequence[Path], values: Sequence[str], words: Sequence[str]
) -> None:
    """Refuse a configuration with faults, with the places that snakemake does not tell."""
    from yrb_carbon.study.load import load_study

    overrides = single_values(values)
    if not any(word.split("=")[0] in OTHER_FILES for word in words):
        load_study(configuration(files), overrides, named=True)


def _asks_only(words: Sequence[str]) -> bool:
    """Whether snakemake is asked to print something rather than to run."""
    asking = ("-n", "--dryrun", "--dry-run", "--dag", "--rulegraph", "--filegraph", "--summary",
              "--detailed-summary", "--list-rules", "--list", "-l", "--lint", "--report",
              "--unlock", "--help", "-h", "--version", "-v", "--archive")  # fmt: skip
    return any(word.split("=")[0] in asking for word in words)


def _hint_at_lock() -> None:
    if LOCKS.is_dir() and any(LOCKS.iterdir()):
        typer.echo(
            "The folder is locked. If no other run is at work, a run was killed: add --resume.",
            err=True,
        )


def _places(files: Sequence[Path], values: Sequence[str]) -> dict[str, str | None]:
    """Name of the study, and where its results are; None where something is not made."""
    from yrb_carbon.study.config import RESULTS_FOLDER
    from yrb_carbon.study.load import load_study

    name = load_study(files, single_values(values)).study.name
    results = Path(RESULTS_FOLDER, name)
    places = {"report": results / "report" / "index.html", "tables": results / "tables"}
    there = {what: str(path) if path.exists() else None for what, path in places.items()}
    return {"study": name, "results": str(results), **there}


def duration(seconds: float) -> str:
    """A time as `1 h 2 min`, `3 min 4 s` or `5 s`."""
    whole = round(seconds)
    hours, minutes, rest = whole // 3600, whole % 3600 // 60, whole % 60
    if hours:
        return f"{hours} h {minutes} min"
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"


def snakemake(
    arguments: Sequence[str],
    *,
    with_bar: bool = False,
    runs: bool = True,
    to_error_stream: bool = False,
) -> int:
    """Run snakemake and wait for it; signals that end the command are passed on to it.

    Snakemake has a process group of its own, so that an interrupt from a keyboard reaches it once,
    as one from another program does, and it can clean up before it ends.

    Parameters
    ----------
    arguments : sequence of str
    with_bar : bool
        Draw a bar of the jobs in place of the log; the log is shown when the run fails.
    runs : bool
        Jobs are run. Else it may end at any time, as when the reader of a pipe does.
    to_error_stream : bool
        What snakemake prints on standard output goes to standard error.

    Returns
    -------
    int
        Exit code: snakemake's; 128 plus the number of the signal when one ended it.
    """
    process = subprocess.Popen(
        [sys.executable, *(["-m", "snakemake"] if runs else ["-c", END_WITH_PIPE]), *arguments],
        stdout=ERROR_STREAM if to_error_stream else None,
        stderr=subprocess.PIPE if with_bar else None,
        text=True,
        encoding="utf-8",
        errors="replace",
        process_group=0,
    )
    with _passing_signals_to(process) as received:
        log = [] if process.stderr is None else _follow(process.stderr)
        code = process.wait()
    if code < 0:
        return SIGNAL_BASE - code
    if code:
        for line in _telling(log):
            typer.echo(line, err=True)
    return SIGNAL_BASE + received[0] if code and received else code


@contextmanager
def _passing_signals_to(process: subprocess.Popen[str]) -> Iterator[list[int]]:
    """Send the signals that this process gets on to another one's group; keep their numbers."""
    received: list[int] = []

    def pass_on(number: int, frame: Any) -> None:
        received.append(number)
        try:
            os.killpg(process.pid, number)
        except ProcessLookupError:
            # it has ended by itself in the meantime
            return

    before: dict[int, Any] = {}
    for name in PASSED_ON:
        number = getattr(signal, name)
        before[number] = signal.signal(number, pass_on)
    try:
        yield received
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _follow(log: IO[str]) -> list[str]:
    """Draw the progress that a log tells, and return its lines."""
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (
        BarColumn(), MofNCompleteColumn(), TimeElapsedColumn(),
        TextColumn("{task.description}", markup=False),
    )  # fmt: skip
    lines: list[str] = []
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("starting", total=None)
        _read_progress(log, lines, lambda **state: bar.update(task, **state))
    return lines


def _read_progress(log: IO[str], lines: list[str], update: Callable[..., None]) -> None:
    """Read a log of snakemake to its end; tell steps that are done and what is being done."""
    begins = False
    for line in log:
        text = line.rstrip("\n")
        lines.append(text)
        if steps := STEPS.match(text):
            update(completed=int(steps[1]), total=int(steps[2]))
        elif text.startswith("["):
            # a time in brackets stands above what happens at it
            begins = True
        elif begins:
            begins = False
            if text.startswith("Job ") and ": " in text:
                update(description=text.split(": ", 1)[1])


def _telling(log: Sequence[str]) -> Sequence[str]:
    """Lines of the log of a run that failed: from the first that speaks of an error."""
    first = next((i for i, line in enumerate(log) if FAULT.search(line)), len(log) - SHOWN_LINES)
    return log[max(first, 0) :]
