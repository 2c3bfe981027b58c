"""`yrb-carbon demo`: the default study on synthetic data, or its input files alone."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yrb_carbon.cli.common import (
    DEFAULT_STUDY,
    RIGHT,
    Cores,
    Json,
    print_json,
    refuse,
    require_writable,
)


def demo(
    inputs_only: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Write the input files to this folder, and run nothing."
        ),
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, help="Seed of the values, with --inputs-only.")
    ] = None,
    heterogeneous: Annotated[
        bool,
        typer.Option("--heterogeneous", help="Slopes that differ by period and reach."),
    ] = False,
    cores: Cores = 2,
    as_json: Json = False,
) -> None:
    """Run the demonstration, or write its input files for a look at the layouts.

    The values are synthetic; names, sheets, headers and encodings are those of the published files.
    """
    if inputs_only is not None:
        _write_inputs(inputs_only, seed, heterogeneous, as_json)
        return
    if seed is not None:
        refuse(["--seed goes with --inputs-only; for a run say it in the study, demo.seed"])
    from yrb_carbon.cli.run import run_study

    study = "demo-heterogeneous" if heterogeneous else DEFAULT_STUDY
    run_study("demo", study, cores=cores, as_json=as_json)


def _write_inputs(folder: Path, seed: int | None, heterogeneous: bool, as_json: bool) -> None:
    from yrb_carbon.demo import DEFAULT_SEED, HETEROGENEOUS_TRUTH, TRUTH, generate
    from yrb_carbon.sources.boundaries import read_boundaries
    from yrb_carbon.study.units import load_units

    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        refuse([f"{folder} is not an empty folder; name a new one: no file of yours is replaced"])
    require_writable(folder)
    typer.echo("making the files, this takes some seconds", err=True)
    written = generate(
        folder,
        seed=DEFAULT_SEED if seed is None else seed,
        boundaries=read_boundaries("cnmaps", unit_ids=load_units().select("set91").ids),
        parameters=HETEROGENEOUS_TRUTH if heterogeneous else TRUTH,
    )
    if as_json:
        print_json("demo", RIGHT, {"files": [str(file) for file in written]})
        return
    for file in written:
        typer.echo(str(file))
