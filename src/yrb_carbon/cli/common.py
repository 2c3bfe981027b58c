"""What the commands share: exit codes, refusals, tables and JSON, and the files of a study."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from functools import wraps
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn, TypeVar

import typer

if TYPE_CHECKING:
    import pandas as pd

RIGHT = 0
DIFFERENT = 1
WRONG = 2
BROKEN = 3
DEFAULT_FILE = Path("config.yaml")
STUDIES = Path("studies")
DEFAULT_STUDY = "demo"
UNWRAPPED = 10_000
"""Characters of a line that no table is wider than."""
JSON_OPTION = "--json"
JSON_PARAMETER = "as_json"
TRACEBACK = "YRB_CARBON_TRACEBACK"
"""Variable that lets faults of the program itself end it with Python's traceback."""

Command = TypeVar("Command", bound=Callable[..., Any])

ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", metavar="FILE", help="Overlay on config.yaml; may be repeated."),
]
StudyChoice = Annotated[
    str | None,
    typer.Option(metavar="NAME", help="Study: demo, or the name of a file in studies/."),
]
DataRoot = Annotated[Path | None, typer.Option(metavar="PATH", help="Folder of the input files.")]
Cores = Annotated[int, typer.Option(min=1, help="Jobs that may run at a time.")]
ConfigValues = Annotated[
    list[str] | None,
    typer.Option(
        "--config",
        metavar="KEY=VALUE",
        help="Single value, as of snakemake; may be repeated.",
    ),
]
Json = Annotated[
    bool,
    typer.Option(
        JSON_OPTION, help="Print one JSON object on standard output, faults of the call too."
    ),
]


class RefusalError(Exception):
    """A command cannot do what it was asked for: wrong input or usage."""

    def __init__(self, faults: Iterable[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("\n".join(self.faults))


def refuse(faults: Iterable[str]) -> NoReturn:
    """Stop a command with exit code 2 and these lines.

    Raises
    ------
    RefusalError
        Caught by `guarded`.
    """
    raise RefusalError(faults)


def guarded(command: Command) -> Command:
    """Let a command tell its faults as lines on standard error, or in its JSON, and exit with 2."""

    @wraps(command)
    def run(*args: Any, **kwargs: Any) -> Any:
        with telling_faults(command.__name__, bool(kwargs.get(JSON_PARAMETER))):
            return command(*args, **kwargs)

    return run  # type: ignore[return-value]


@contextmanager
def telling_faults(command: str, as_json: bool) -> Iterator[None]:
    """Turn what goes wrong into lines on standard error, or JSON, and an exit code.

    A fault of the program itself is told in one line too; with the variable YRB_CARBON_TRACEBACK
    it is raised as it is.

    Raises
    ------
    SystemExit
    """
    try:
        yield
    except (typer.Exit, typer.Abort):
        raise
    except Exception as error:
        code, faults = _faults_of(error)
        if code == BROKEN and os.environ.get(TRACEBACK):
            raise
        try:
            tell_faults(command, faults, as_json, code)
        except OSError:
            # standard output, or every stream, is what is at fault
            with suppress(OSError):
                tell_faults(command, faults, False, code)
        raise SystemExit(code) from error


def _faults_of(error: Exception) -> tuple[int, tuple[str, ...]]:
    """Exit code and lines of what went wrong."""
    from yrb_carbon.errors import StudyError, YrbCarbonError

    if isinstance(error, RefusalError | StudyError):
        return WRONG, error.faults
    if isinstance(error, YrbCarbonError):
        return WRONG, (str(error),)
    if isinstance(error, OSError):
        return WRONG, (_system_fault(error),)
    return BROKEN, (_own_fault(error),)


def _system_fault(error: OSError) -> str:
    """What the system says, with the file that it says it of."""
    why = (error.strerror or str(error)).lower()
    return f"{error.filename}: {why}" if error.filename is not None else why


def _own_fault(error: Exception) -> str:
    """One line on an error that no input should lead to, with its place in the program."""
    import traceback

    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if "yrb_carbon" in Path(frame.filename).parts] or frames
    where = f" in {Path(own[-1].filename).name}, line {own[-1].lineno}" if own else ""
    what = " ".join(f"{type(error).__name__}: {error}".split())
    return f"fault of the program{where}: {what}; please report it, with what {TRACEBACK}=1 shows"


def tell_faults(command: str, faults: Sequence[str], as_json: bool, code: int = WRONG) -> None:
    """Print faults as lines on standard error, or as JSON on standard output."""
    if as_json:
        print_json(command, code, {"errors": list(faults)})
        return
    for fault in faults:
        typer.echo(fault, err=True)


def print_json(command: str, exit_code: int, values: Mapping[str, Any]) -> None:
    """Print the result of a command: its name and exit code first, then what it found.

    Numbers that are none (NaN, infinite) become null.
    """
    import json

    whole = {"command": command, "exit_code": exit_code, **values}
    typer.echo(json.dumps(_plain(whole), ensure_ascii=False, indent=2, allow_nan=False))


def _plain(value: Any) -> Any:
    """A value as JSON has it."""
    import math

    if isinstance(value, Mapping):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(item) for item in value]
    if value is None or isinstance(value, bool | int | str):
        return value
    if hasattr(value, "item"):
        return _plain(value.item())
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    return str(value)


def records(frame: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a frame as JSON has them; what is missing is null."""
    whole = frame.astype(object).where(frame.notna(), None)
    return [{str(key): value for key, value in row.items()} for row in whole.to_dict("records")]


def print_table(heads: Sequence[str], rows: Iterable[Iterable[str]]) -> None:
    """Print a table, wrapped to a terminal; elsewhere one line a row, as wide as it is."""
    from rich import box
    from rich.console import Console
    from rich.table import Table

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for place, head in enumerate(heads):
        # names in the first column are what one looks for or copies
        table.add_column(head, overflow="fold", no_wrap=place == 0)
    for row in rows:
        table.add_row(*row)
    console = Console(markup=False, highlight=False)
    if console.is_terminal:
        console.print(table)
        return
    console = Console(markup=False, highlight=False, width=UNWRAPPED)
    with console.capture() as captured:
        console.print(table)
    for line in captured.get().splitlines():
        typer.echo(line.rstrip())


def choices(got: str, allowed: Sequence[str]) -> str:
    """Text `got …; allowed …; did you mean …`."""
    from yrb_carbon.study.base import choices

    return choices(got, allowed)


def _here() -> str:
    """The current folder, for a message."""
    try:
        return str(Path.cwd())
    except FileNotFoundError:
        return "the current folder, which is gone"


def require_checkout() -> None:
    """Refuse to go on outside the folder of the checkout, which holds the Snakefile."""
    if not Path("Snakefile").is_file():
        refuse([f"no Snakefile in {_here()}; change to the folder of the checkout"])


def require_writable(folder: Path) -> None:
    """Refuse a folder that no file can be written to; it is made when absent."""
    from tempfile import TemporaryFile

    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            return
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        refuse([f"{folder}: nothing can be written to this folder ({why})"])


def study_files(name: str) -> list[Path]:
    """Overlay of a study by its name; none for the default study."""
    if name == DEFAULT_STUDY:
        return []
    known = {path.stem: path for path in sorted(STUDIES.glob("*.yaml"))}
    if name not in known:
        refuse([f"no study of that name ({choices(name, [DEFAULT_STUDY, *known])})"])
    return [known[name]]


def chosen_files(study: str | None, configfile: Sequence[Path] | None) -> list[Path]:
    """Overlays that the options --study and --configfile name."""
    if study is not None and configfile:
        refuse(["give --study or --configfile, not both"])
    return list(configfile or ()) if study is None else study_files(study)


def configuration(overlays: Sequence[Path] | None) -> list[Path]:
    """The configuration files in rising precedence, as snakemake takes them."""
    files = list(overlays or ())
    if not files and not DEFAULT_FILE.exists():
        refuse([f"no {DEFAULT_FILE} in {_here()}; change to the folder of the checkout"])
    return [DEFAULT_FILE, *files] if DEFAULT_FILE.exists() else files


def single_values(pairs: Iterable[str] | None) -> dict[str, Any]:
    """Single values `key=value`; the value is read as YAML whose scalars stay text."""
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs or ():
        key, mark, text = pair.partition("=")
        if not mark or not key:
            refuse([f"command line: --config takes key=value (got {pair!r})"])
        try:
            values[key] = yaml.load(text, yaml.BaseLoader) if text else None
        except yaml.YAMLError as error:
            problem = str(error).splitlines()[0]
            refuse([f"command line: {key}: not valid YAML: {problem} (got {text!r})"])
        except RecursionError:
            refuse(
                [f"command line: {key}: not valid YAML: nested too deeply (got {text[:20]!r}...)"]
            )
    return values


def on_terminal() -> bool:
    """Whether standard error is a terminal that a progress bar can be drawn on."""
    return sys.stderr.isatty() and os.environ.get("TERM") != "dumb"
