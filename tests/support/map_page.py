"""A page with nothing but the interactive map, for tests and for looking at it."""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd

from yrb_carbon.report.site.basin_map import MapFragment, map_fragment
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study

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


if __name__ == "__main__":
    *files, target = sys.argv[1:]
    run_study = load_study(["config.yaml", *files])
    folder = Path("results") / run_study.study.name
    print(write_map_page(map_of_run(run_study, folder), Path(target)))
