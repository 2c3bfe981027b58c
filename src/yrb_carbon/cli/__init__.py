"""The command line `yrb-carbon`: one module a command.

Commands import what they work with in their bodies, so that help comes at once.
"""

from __future__ import annotations

import sys
from typing import Annotated, Any

import typer

from yrb_carbon.cli import check, claims, compare, demo, dictionary, explain, export, new, run
from yrb_carbon.cli.common import WRONG, guarded, print_json

EXIT_CODES = (
    "Exit codes: 0 all is right; 1 a comparison found differences; 2 wrong input, a fault in the "
    "study or its files, or wrong usage; 130 interrupted. `run` ends with the code of snakemake, 1 "
    "when a job failed. Results go to standard output, progress and faults to standard error."
)


class CommandLine(typer.Typer):
    """The program, with what holds for all of its commands."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program on the arguments of the process."""
        _end_quietly_when_nobody_reads()
        _speak_utf8()
        if "--json" not in sys.argv:
            return super().__call__(*args, **kwargs)
        try:
            return super().__call__(*args, standalone_mode=False, **kwargs)
        except typer.Abort:
            return 1
        except Exception as error:
            # the exceptions of usage are those of a package inside typer
            tell = getattr(error, "format_message", None)
            if tell is None:
                raise
            print_json(" ".join(sys.argv[1:2]), WRONG, {"errors": [tell()]})
            return WRONG


def _end_quietly_when_nobody_reads() -> None:
    """End as other programs do when a pipe such as `| head` is closed."""
    import signal

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _speak_utf8() -> None:
    """Chinese names come out in any locale, and on a pipe; a terminal keeps its own encoding."""
    for stream in (sys.stdout, sys.stderr):
        narrow = stream.encoding.lower() in ("ascii", "ansi_x3.4-1968", "iso8859-1", "latin-1")
        if hasattr(stream, "reconfigure"):
            encoding = "utf-8" if narrow or not stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


app = CommandLine(
    name="yrb-carbon",
    help="From published files to the tables of a study of mining and urban carbon balance.",
    epilog=EXIT_CODES,
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


app.command(context_settings=run.PASS_UNKNOWN)(guarded(run.run))
for _command in (
    check.check, new.new, demo.demo, claims.claims, compare.compare, dictionary.dictionary,
    explain.explain, export.export,
):  # fmt: skip
    app.command()(guarded(_command))
