"""`yrb-carbon run`: a study by snakemake."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from yrb_carbon.cli.common import ConfigFiles, refuse, study_files

SIGNAL_BASE = 128
"""Shells report a process that a signal ended as 128 plus the signal's number."""


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
        refuse(["give --study or --configfile, not both"])
    if not Path("Snakefile").is_file():
        refuse([f"no Snakefile in {Path.cwd()}; change to the folder of the checkout"])
    files = study_files(study) if study is not None else list(configfile or ())
    choice: list[str] = []
    if files:
        choice += ["--configfile", *map(str, files)]
    if data_root is not None:
        choice += ["--config", f"data_root={data_root}"]
    if resume:
        code = snakemake(["--unlock", *choice])
        if code:
            raise typer.Exit(code)
    raise typer.Exit(snakemake(["--cores", str(cores), *(more or ()), *choice]))


def snakemake(arguments: Sequence[str]) -> int:
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
