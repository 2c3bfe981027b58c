"""`yrb-carbon compare`: what moved between two runs, or between a run and printed values."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from yrb_carbon.cli.common import DIFFERENT, RIGHT, Json, print_json, refuse

if TYPE_CHECKING:
    from collections.abc import Iterable

Names = list[str] | None
OF_TWO_RUNS = ("rtol", "atol", "only", "ignore", "table", "model", "quantity", "markdown")
"""Options without a meaning for published values."""


def compare(
    context: typer.Context,
    a: Annotated[
        Path,
        typer.Argument(
            metavar="A",
            help="estimates.csv or a folder of results; with --published a file of values.",
        ),
    ],
    b: Annotated[
        Path | None, typer.Argument(metavar="[B]", help="The same of another run.")
    ] = None,
    published: Annotated[
        bool,
        typer.Option(
            "--published",
            help="Compare a run with printed values: `--published RESULTS` with those of "
            "data/published, `--published FILE RESULTS` with those of a file or folder.",
        ),
    ] = False,
    rtol: Annotated[float, typer.Option(help="Relative tolerance.")] = 1e-6,
    atol: Annotated[float, typer.Option(help="Absolute tolerance, added to it.")] = 1e-9,
    only: Annotated[
        Names,
        typer.Option(metavar="COLUMNS", help="Number columns, with commas: estimate,std_error."),
    ] = None,
    ignore: Annotated[
        Names,
        typer.Option(metavar="COLUMNS", help="Key columns that tell no rows apart, as study."),
    ] = None,
    table: Annotated[Names, typer.Option(help="Tables to compare, with commas.")] = None,
    model: Annotated[Names, typer.Option(help="Models to compare, with commas.")] = None,
    quantity: Annotated[Names, typer.Option(help="Quantities to compare, with commas.")] = None,
    top: Annotated[int, typer.Option(min=0, help="Lines of a listing; 0: all.")] = 20,
    as_json: Json = False,
    markdown: Annotated[
        bool, typer.Option("--markdown", help="For a comment of a code review.")
    ] = False,
) -> None:
    """Compare two runs by key: what moved, appeared or vanished, and by how much.

    Numbers are the same when |a - b| <= atol + rtol * max(|a|, |b|); counts, draws and seeds when
    they are equal. Two folders are compared in their claims too. Published values are compared to
    their printed rounding; that none could be computed is no agreement. Exit code 0: the same;
    1: something differs; 2: wrong input.
    """
    from yrb_carbon.comparison import Tolerance, compare_results
    from yrb_carbon.comparison.text import as_dict, markdown_lines, text_lines

    if as_json and markdown:
        refuse(["--json and --markdown are two forms of output: give one"])
    if published:
        _refuse_options(context)
        _compare_published(a, b, top, as_json)
        return
    if b is None:
        refuse(["compare takes two runs, A and B, or --published and one run"])
    found = compare_results(
        a,
        b,
        Tolerance(rtol, atol),
        only=_split("only", only),
        ignore=_split("ignore", ignore),
        tables=_split("table", table),
        models=_split("model", model),
        quantities=_split("quantity", quantity),
    )
    code = RIGHT if found.same else DIFFERENT
    if as_json:
        print_json("compare", code, as_dict(found))
    else:
        _print(markdown_lines(found, top) if markdown else text_lines(found, top))
    raise typer.Exit(code)


def _refuse_options(context: typer.Context) -> None:
    """Options of a comparison of two runs, given where values are compared as printed."""
    given = [
        f"--{name}"
        for name in OF_TWO_RUNS
        if getattr(context.get_parameter_source(name), "name", "DEFAULT") != "DEFAULT"
    ]
    if given:
        refuse([f"--published compares as printed and does not take {', '.join(given)}"])


def _compare_published(a: Path, b: Path | None, top: int, as_json: bool) -> None:
    from yrb_carbon.comparison.published import compare_published
    from yrb_carbon.comparison.published_text import published_dict, published_lines

    file, results = (None, a) if b is None else (a, b)
    found = compare_published(results, file)
    code = RIGHT if found.agrees else DIFFERENT
    if as_json:
        print_json("compare", code, published_dict(found))
    else:
        _print(published_lines(found, top))
    raise typer.Exit(code)


def _split(option: str, values: Names) -> list[str]:
    """Names of an option that may be repeated, or given with commas."""
    names: list[str] = []
    for value in values or ():
        parts = [part for part in map(str.strip, value.split(",")) if part]
        if not parts:
            refuse([f"--{option} names nothing (got {value!r})"])
        names += parts
    return names


def _print(lines: Iterable[str]) -> None:
    for line in lines:
        typer.echo(line)
