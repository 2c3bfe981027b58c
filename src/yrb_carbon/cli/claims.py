"""`yrb-carbon claims`: the verdicts on the findings of a study that was run."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from yrb_carbon.cli.common import RIGHT, Json, print_json, print_table, records


def claims(
    folder: Annotated[
        Path, typer.Argument(metavar="RESULTS", help="Folder of a study's results, results/demo.")
    ],
    chinese: Annotated[bool, typer.Option("--zh", help="Statements in Chinese.")] = False,
    as_json: Json = False,
) -> None:
    """Print the verdicts on the findings of a study that was run."""
    from yrb_carbon.claims import read_verdicts
    from yrb_carbon.report.layout_claims import verdict_lines

    verdicts = read_verdicts(folder / "claims.csv")
    if as_json:
        print_json("claims", RIGHT, {"claims": records(verdicts)})
        return
    heads, rows = verdict_lines(verdicts, "zh" if chinese else "en")
    print_table(heads, rows)
