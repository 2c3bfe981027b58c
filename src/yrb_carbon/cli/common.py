"""What the commands share: exit codes, refusals, tables, and the files of a study."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Annotated, NoReturn

import typer

RIGHT = 0
DIFFERENT = 1
WRONG = 2
DEFAULT_FILE = Path("config.yaml")
STUDIES = Path("studies")
DEFAULT_STUDY = "demo"
UNWRAPPED = 10_000
"""Characters of a line that no table is wider than."""

ConfigFiles = Annotated[
    list[Path] | None,
    typer.Option("--configfile", metavar="FILE", help="Overlay on config.yaml; may be repeated."),
]


def print_table(heads: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
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


def study_files(name: str) -> list[Path]:
    """Overlay of a study by its name; none for the default study."""
    if name == DEFAULT_STUDY:
        return []
    file = STUDIES / f"{name}.yaml"
    if not file.is_file():
        known = [DEFAULT_STUDY, *sorted(path.stem for path in STUDIES.glob("*.yaml"))]
        refuse([f"no study of that name ({choices(name, known)})"])
    return [file]


def refuse(faults: Iterable[str]) -> NoReturn:
    """Print faults to standard error and stop."""
    for fault in faults:
        typer.echo(fault, err=True)
    raise typer.Exit(WRONG)
