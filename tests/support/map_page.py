"""A page with nothing but the interactive map, for tests and for looking at it."""

from __future__ import annotations

import itertools
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely

from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.site.basin_map import MapFragment, map_fragment
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries, load_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study

CONFIG = Path(__file__).resolve().parents[2] / "config.yaml"
UNITS = (
    "140100", "140200", "150100", "150200", "370100", "370200", "410100", "410200",
    "610100", "610200", "620100", "620200", "630100", "640100", "640200",
)  # fmt: skip
"""Units of all reaches; the last one is in no sample."""
SQUARES = [
    shapely.box(105 + i, 33 + j, 106 + i, 34 + j) for j, i in itertools.product(range(3), range(5))
]
YEARS = (2016, 2017, 2018)
VARIABLES = ("cb", "lq", "m1", "m2", "m3")
MISSING = ("610200", 2017)
"""A unit without a carbon balance in one year."""
PATHS = {
    "lq": ("", "natural_"),
    "m1": ("mediated_",),
    "m2": ("mediated_",),
    "m3": ("mediated_",),
    "all": ("mediated_",),
}


PAGE = """<!DOCTYPE html>
<html lang="{language}">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Map</title>
<link rel="icon" href="data:,">
<style>body {{ margin: 1rem; font-family: sans-serif; }}
html[lang="en"] .t-zh, html[lang="zh"] .t-en {{ display: none; }}</style>
{styles}
{scripts}
</head>
<body><main><h1>Map</h1>
{map}
</main></body>
</html>
"""


def write_map_page(fragment: MapFragment, folder: Path, language: str = "en") -> Path:
    """Write a page with the map and the files beside it; the path of the page."""
    folder.mkdir(parents=True, exist_ok=True)
    for asset in (*fragment.scripts, *fragment.styles):
        (folder / asset.name).write_bytes(asset.content)
    page = folder / "map.html"
    page.write_text(
        PAGE.format(
            language=language,
            styles="".join(f'<link rel="stylesheet" href="{a.name}">' for a in fragment.styles),
            scripts="".join(f'<script defer src="{a.name}"></script>' for a in fragment.scripts),
            map=fragment.html,
        ),
        encoding="utf-8",
    )
    return page


def map_of_run(study: Study, results: Path) -> MapFragment:
    """The map of a finished run."""
    return map_fragment(
        study,
        load_boundaries(results / "panel/boundaries.parquet"),
        pd.read_parquet(results / "panel/main/indices.parquet"),
        pd.read_parquet(results / "models/effects_by_unit.parquet"),
        languages=study.report.languages,
    )


def made_study(report_map: Mapping[str, Any] | None = None) -> Study:
    """The default study; `report_map` are its keys of that section."""
    return load_study([CONFIG], {"report": {"map": dict(report_map or {})}})


def made_boundaries() -> Boundaries:
    """Squares in three rows."""
    return build_boundaries(UNITS, SQUARES, FileRecord("grid", None, "", len(UNITS)))


def made_frame() -> pd.DataFrame:
    """Variables of all units but the last, one value missing."""
    index = pd.MultiIndex.from_product([UNITS[:-1], YEARS], names=["unit", "year"])
    values = np.random.default_rng(7).normal(0.4, 1.5, (len(index), len(VARIABLES)))
    frame = pd.DataFrame(values, index=index, columns=list(VARIABLES))
    frame.loc[MISSING, "cb"] = np.nan
    # whole numbers lie on the edges of their classes
    frame["m1"] = frame["m1"].round()
    return frame


def made_by_unit() -> pd.DataFrame:
    """Effects of T7 of all units but the last."""
    rows = [
        ("demo", "T7", "joint", "cb", unit, term, f"{prefix}{kind}")
        for term, prefixes in PATHS.items()
        for prefix in prefixes
        for kind in ("own", "received", "sent")
        for unit in UNITS[:-1]
    ]
    columns = ["study", "table", "model", "outcome", "unit", "term", "kind"]
    effects = np.random.default_rng(8).normal(0.0, 0.02, len(rows))
    return pd.DataFrame(rows, columns=columns).assign(effect=effects)


def made_map(report_map: Mapping[str, Any] | None = None) -> MapFragment:
    """The map of all that."""
    return map_fragment(made_study(report_map), made_boundaries(), made_frame(), made_by_unit())


if __name__ == "__main__":
    *files, target = sys.argv[1:]
    run_study = load_study([CONFIG, *files])
    folder = Path("results") / run_study.study.name
    print(write_map_page(map_of_run(run_study, folder), Path(target)))
