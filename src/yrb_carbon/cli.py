"""The command line `yrb-carbon`: check a study, run it, look up columns and formats.

Everything but typer is imported where it is needed, so that help comes at once.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from yrb_carbon.panel.schema import Entry

WRONG = 2
DEFAULT_FILE = Path("config.yaml")
STUDIES = Path("studies")
DEFAULT_STUDY = "demo"
UNWRAPPED = 10_000
"""Characters of a line that no table is wider than."""
SIGNAL_BASE = 128
"""Shells report a process that a signal ended as 128 plus the signal's number."""

app = typer.Typer(
    name="yrb-carbon",
    help="From published files to the tables of a study of mining and urban carbon balance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", metavar="FILE", help="Overlay on config.yaml; may be repeated."),
]


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"yrb-carbon {version_of('yrb-carbon')}")
        raise typer.Exit


@app.command()
def check(
    configfile: ConfigFiles = None,
    config: Annotated[
        list[str] | None,
        typer.Option(metavar="KEY=VALUE", help="Single value, as of snakemake; may be repeated."),
    ] = None,
) -> None:
    """Check a study's configuration and its input files; nothing is run or written.

    Exit code 0 when all is right, 2 when not; every fault is a line on standard error.
    """
    from yrb_carbon.errors import StudyError
    from yrb_carbon.workflow.check import check_study

    try:
        checked = check_study(_files(configfile), _overrides(config))
    except StudyError as error:
        _refuse(error.faults)
    if checked.faults:
        _refuse(checked.faults)
    study, count = checked.study, len(checked.files)
    source = "made by the demonstration" if study.demo is not None else "found"
    typer.echo(
        f"study {study.study.name}: the configuration is right; "
        f"{count} input files below {study.data_root} ({source}); "
        f"{len(study.tables)} tables on {len(study.samples)} "
        f"{'sample' if len(study.samples) == 1 else 'samples'}"
    )


@app.command()
def run(
    study: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="Study: demo, or the name of a file in studies/."),
    ] = None,
    configfile: ConfigFiles = None,
    cores: Annotated[int, typer.Option(min=1, help="Jobs that may run at a time.")] = 2,
    data_root: Annotated[
        Path | None, typer.Option(metavar="PATH", help="Folder of the input files.")
    ] = None,
    resume: Annotated[
        bool, typer.Option("--resume", help="Unlock first, after a run that was killed.")
    ] = False,
    more: Annotated[
        list[str] | None,
        typer.Argument(metavar="[-- OPTIONS]", help="Handed to snakemake as they are."),
    ] = None,
) -> None:
    """Run a study with snakemake; the exit code is snakemake's.

    Works in the folder of the checkout, the one that holds the Snakefile.
    """
    if study is not None and configfile:
        _refuse(["give --study or --configfile, not both"])
    if not Path("Snakefile").is_file():
        _refuse([f"no Snakefile in {Path.cwd()}; change to the folder of the checkout"])
    files = _study_files(study) if study is not None else list(configfile or ())
    choice: list[str] = []
    if files:
        choice += ["--configfile", *map(str, files)]
    if data_root is not None:
        choice += ["--config", f"data_root={data_root}"]
    if resume:
        code = _snakemake(["--unlock", *choice])
        if code:
            raise typer.Exit(code)
    raise typer.Exit(_snakemake(["--cores", str(cores), *(more or ()), *choice]))


@app.command()
def claims(
    folder: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder of a study's results, results/demo.")
    ],
    chinese: Annotated[bool, typer.Option("--zh", help="Statements in Chinese.")] = False,
) -> None:
    """Print the verdicts on the findings of a study that was run."""
    from yrb_carbon.claims import read_verdicts
    from yrb_carbon.errors import DataError
    from yrb_carbon.report.layout_claims import verdict_lines

    try:
        verdicts = read_verdicts(folder / "claims.csv")
    except DataError as error:
        _refuse([str(error)])
    heads, rows = verdict_lines(verdicts, "zh" if chinese else "en")
    _print_table(heads, rows)


@app.command()
def dictionary(
    column: Annotated[
        str | None, typer.Argument(metavar="[COLUMN]", help="Column of the panel, or index.")
    ] = None,
    formats: Annotated[
        bool, typer.Option("--formats", help="List the formats that can be read instead.")
    ] = False,
) -> None:
    """Look up the columns of the panel, the indices, and the formats that can be read."""
    if formats:
        _print_formats()
    elif column is None:
        _print_columns()
    else:
        _print_entry(column)


def _files(overlays: Sequence[Path] | None) -> list[Path]:
    """The configuration files in rising precedence, as snakemake takes them."""
    overlays = list(overlays or ())
    return [DEFAULT_FILE, *overlays] if DEFAULT_FILE.exists() or not overlays else overlays


def _overrides(pairs: Iterable[str] | None) -> dict[str, Any]:
    """Single values `key=value`; the value is read as YAML whose scalars stay text."""
    import yaml

    values: dict[str, Any] = {}
    for pair in pairs or ():
        key, mark, text = pair.partition("=")
        if not mark or not key:
            _refuse([f"command line: --config takes key=value (got {pair!r})"])
        try:
            values[key] = yaml.load(text, yaml.BaseLoader) if text else None
        except yaml.YAMLError as error:
            problem = str(error).splitlines()[0]
            _refuse([f"command line: {key}: not valid YAML: {problem} (got {text!r})"])
    return values


def _study_files(name: str) -> list[Path]:
    """Overlay of a study by its name; none for the default study."""
    if name == DEFAULT_STUDY:
        return []
    file = STUDIES / f"{name}.yaml"
    if not file.is_file():
        known = [DEFAULT_STUDY, *sorted(path.stem for path in STUDIES.glob("*.yaml"))]
        _refuse([f"no study of that name ({_choices(name, known)})"])
    return [file]


def _snakemake(arguments: Sequence[str]) -> int:
    """Run snakemake and wait for it, also when the terminal interrupts it: it cleans up itself."""
    import subprocess
    import sys

    process = subprocess.Popen([sys.executable, "-m", "snakemake", *arguments])
    while True:
        try:
            code = process.wait()
        except KeyboardInterrupt:
            continue
        return SIGNAL_BASE - code if code < 0 else code


def _print_columns() -> None:
    from yrb_carbon.panel.schema import load_dictionary

    entries = load_dictionary()
    rows = [
        (name, entry.unit, entry.label.en, entry.label.zh)
        for name, entry in (*entries.columns.items(), *entries.indices.items())
    ]
    _print_table(("column", "unit", "label", "名称"), rows)


def _print_entry(name: str) -> None:
    from yrb_carbon.panel.schema import load_dictionary
    from yrb_carbon.sources import READERS

    entries = load_dictionary()
    entry: Entry | None = entries.entry(name) or entries.indices.get(name)
    if entry is None:
        _refuse([f"no such column ({_choices(name, [*entries.columns, *entries.indices])})"])
    is_raw = entries.entry(name) is not None
    readers = [
        reader.name
        for reader in READERS.values()
        if name in reader.provides or (is_raw and not reader.provides)
    ]
    facts = {
        "column": name,
        "label": f"{entry.label.en}; {entry.label.zh}",
        "unit": entry.unit,
        "kind": entry.kind,
        "formula": entry.formula,
        "source": entry.source,
        "range": str(entry.range),
        "aggregation": entry.aggregation,
        "formats": ", ".join(readers) or None,
    }
    for key, value in facts.items():
        if value is not None:
            typer.echo(f"{key:<12} {value}")


def _print_formats() -> None:
    from yrb_carbon.sources import READERS

    rows = [
        (reader.name, reader.keys, ", ".join(reader.provides) or "any", ", ".join(reader.options))
        for reader in READERS.values()
    ]
    _print_table(("format", "rows by", "columns of the panel", "options"), rows)


def _print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
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


def _choices(got: str, allowed: Sequence[str]) -> str:
    from yrb_carbon.study.base import choices

    return choices(got, allowed)


def _refuse(faults: Iterable[str]) -> NoReturn:
    """Print faults to standard error and stop."""
    for fault in faults:
        typer.echo(fault, err=True)
    raise typer.Exit(WRONG)
