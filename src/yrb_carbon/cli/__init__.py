"""The command line `yrb-carbon`: one module a command.

Commands import what they work with in their bodies, so that help comes at once.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from yrb_carbon.cli import check, claims, compare, demo, dictionary, explain, export, new, run
from yrb_carbon.cli.common import JSON_OPTION, WRONG, guarded, print_json, telling_faults

EXIT_CODES = (
    "Exit codes: 0 all is right; 1 a comparison found differences; 2 wrong input, a fault in the "
    "study or its files, or wrong usage; 3 a fault of this program; 130 interrupted. `run` ends "
    "with the code of snakemake, 1 when a job failed. Results go to standard output, progress and "
    "faults to standard error."
)


class Commands(TyperGroup):
    """The commands, none of which has a use for an empty word."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Refuse an empty argument or option, which as a path would be the current folder."""
        command = self.commands.get(args[0]) if args else None
        valued = {
            name
            for parameter in (() if command is None else command.params)
            if parameter.param_type_name == "option" and not getattr(parameter, "is_flag", False)
            for name in parameter.opts
        }
        for before, word in zip(["", *args], args, strict=False):
            name, mark, value = word.partition("=")
            if not word.strip():
                _refuse_empty(before if before in valued else None)
            if name.startswith("--") and mark and not value.strip():
                _refuse_empty(name)
        return super().parse_args(ctx, args)


def _refuse_empty(option: str | None) -> None:
    if option is None:
        raise typer.BadParameter("an argument is empty; name what is meant, or leave it out")
    raise typer.BadParameter("it is empty; give a value, or leave it out", param_hint=repr(option))


class CommandLine(typer.Typer):
    """The program, with what holds for all of its commands."""

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Run the program on the arguments of the process."""
        _end_quietly_when_nobody_reads()
        _open_closed_streams()
        _speak_utf8()
        words = sys.argv[1:]
        as_json = JSON_OPTION in words
        with telling_faults(_command_of(words), as_json):
            if not as_json:
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
                print_json(_command_of(words), WRONG, {"errors": [tell()]})
                return WRONG


def _command_of(words: Sequence[str]) -> str:
    """The command among the words of a call; empty when there is none."""
    return words[0] if words and not words[0].startswith("-") else ""


def _end_quietly_when_nobody_reads() -> None:
    """End as other programs do when a pipe such as `| head` is closed."""
    import signal

    if hasattr(signal, "SIGPIPE"):
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)


def _open_closed_streams() -> None:
    """Give streams that the caller closed (`>&-`) the null device, for this program and its jobs.

    Else a file that is opened later would take their numbers, and get what is printed.
    """
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if getattr(sys, name) is None:
            null = os.open(os.devnull, os.O_RDWR)
            if null != number:
                os.dup2(null, number)
                os.close(null)
            os.set_inheritable(number, True)
            setattr(sys, name, os.fdopen(number, "w" if number else "r", closefd=False))


def _speak_utf8() -> None:
    """Chinese names come out in any locale, and on a pipe; a terminal keeps its own encoding."""
    for stream in (sys.stdout, sys.stderr):
        narrow = stream.encoding.lower() in ("ascii", "ansi_x3.4-1968", "iso8859-1", "latin-1")
        if hasattr(stream, "reconfigure"):
            encoding = "utf-8" if narrow or not stream.isatty() else stream.encoding
            stream.reconfigure(encoding=encoding, errors="backslashreplace")


app = CommandLine(
    name="yrb-carbon",
    cls=Commands,
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
