"""`yrb-carbon export`: a study's panel, weights and map for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yrb_carbon.cli.common import RIGHT, Json, choices, print_json, refuse, require_writable


def export(
    study: Annotated[
        str, typer.Argument(metavar="STUDY", help="Name of a study that was run, or its folder.")
    ],
    to: Annotated[Path, typer.Option("--to", metavar="DIR", help="Folder to write to.")],
    sample: Annotated[str, typer.Option(help="Sample whose units are written.")] = "main",
    weights: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Weights; all of the sample if none.")
    ] = None,
    year: Annotated[
        int | None, typer.Option(help="Year of the variables on the map; every year if none.")
    ] = None,
    force: Annotated[
        bool,
        typer.Option(
            "--force", help="Replace files of these names that no export wrote, or that changed."
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Write the panel and the weights for Stata and R, and a map with the variables.

    Stata files with labels in English and Chinese, a CSV, weights as spmatrix text, edge lists, GAL
    or GWT, a GeoPackage, and a README with the commands of Stata and R. Files of an earlier export
    are replaced, others are not.
    """
    from yrb_carbon.report.exchange import export_study

    results = _results(study)
    if to.exists() and to.samefile(results):
        refuse([f"--to is the folder of the results themselves (got {to}); give another"])
    if to.is_dir():
        require_writable(to)
    written = export_study(
        results, to, sample=sample, weights=weights or (), year=year, force=force
    )
    if as_json:
        print_json("export", RIGHT, {"files": [str(file) for file in written]})
        return
    for file in written:
        typer.echo(str(file))


def _results(study: str) -> Path:
    """Folder of a study's results, from its name or itself."""
    from yrb_carbon.report.exchange import MANIFEST
    from yrb_carbon.study.config import RESULTS_FOLDER

    for folder in (Path(study), Path(RESULTS_FOLDER, study)):
        if (folder / MANIFEST).is_file():
            return folder
    finished = [path.parent.name for path in sorted(Path(RESULTS_FOLDER).glob(f"*/{MANIFEST}"))]
    if "/" in study or Path(study).is_dir():
        refuse([f"{study}: no manifest.json, so no results of a finished run"])
    refuse([f"no finished study of that name ({choices(study, finished)}); run it first"])
