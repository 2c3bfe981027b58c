"""The command line `yrb-carbon`: one module a command.

Commands import what they work with in their bodies, so that help comes at once.
"""

from __future__ import annotations

from typing import Annotated

import typer

from yrb_carbon.cli import check, claims, compare, dictionary, run

app = typer.Typer(
    name="yrb-carbon",
    help="From published files to the tables of a study of mining and urban carbon balance.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback(invoke_without_command=True)
def _main(
    version: Annotated[bool, typer.Option("--version", help="Print the version and stop.")] = False,
) -> None:
    if version:
        from importlib.metadata import version as version_of

        typer.echo(f"yrb-carbon {version_of('yrb-carbon')}")
        raise typer.Exit


for _command in (run.run, check.check, claims.claims, compare.compare, dictionary.dictionary):
    app.command()(_command)
