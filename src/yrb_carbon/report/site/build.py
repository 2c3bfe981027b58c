"""Write the report: all pages, their styles and scripts, and copies of the files to download."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd

from yrb_carbon.report.html_table import TABLE_STYLES
from yrb_carbon.report.site import downloads
from yrb_carbon.report.site.basin_map import MapFragment, map_fragment
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.data_page import (
    COMPLETENESS,
    EXCLUDED,
    PICTURE,
    draw_picture,
    pictures_of,
)
from yrb_carbon.report.site.pages import Page, environment, pages_of
from yrb_carbon.report.site.run import Edges, Run, RunFiles, read_run
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study

ASSETS = Path(__file__).with_name("assets")
STYLE, SCRIPT = "site.css", "site.js"
TIMED = ("times.html", "files/manifest.json")
"""Files of the report that tell how long jobs took, and so differ from run to run."""


def write_site(
    study: Study,
    files: RunFiles,
    folder: str | Path,
    *,
    rules: Edges = (),
    configfiles: Sequence[str] = (),
) -> tuple[Path, ...]:
    """Write the report of a run as pages that open from disk.

    The same run gives the same bytes, but for the files in `TIMED`.

    Parameters
    ----------
    study : Study
    files : RunFiles
    folder : path
        Of the report; made when absent.
    rules : sequence of pairs
        The graph of rules; no picture without.
    configfiles : sequence of str
        Files laid over the default configuration, for the command that makes the run again.

    Returns
    -------
    tuple of Path, the files in the order they were written.
    """
    target, languages = Path(folder), study.report.languages
    with downloads.pictures_in_work(files, languages, target) as wait_for_pictures:
        run = read_run(study, PageWords(languages), files, rules, configfiles)
        area = area_map(run)
        copies = list(_copies(run, target))
        wait_for_pictures()
        offered = downloads.offered(files, languages, target)
    pages = list(pages_of(run, area, offered))
    written = [*_pages_written(run, pages, target), *_assets(run, area, target)]
    return (*written, *copies, *_products_written(offered, target))


def area_map(run: Run) -> MapFragment | None:
    """The interactive map; None without polygons."""
    files = run.files
    if files.boundaries is None:
        return None
    return map_fragment(
        run.study,
        load_boundaries(files.boundaries),
        None if files.frame is None else pd.read_parquet(files.frame),
        None if files.by_unit is None else pd.read_parquet(files.by_unit),
        languages=run.words.languages,
    )


def _pages_written(run: Run, pages: Sequence[Page], folder: Path) -> Iterator[Path]:
    templates = environment(run, pages)
    for page in pages:
        path = folder / page.file
        path.parent.mkdir(parents=True, exist_ok=True)
        template = templates.get_template(page.template)
        text = template.render(page=page, root=page.root, **page.context)
        path.write_text(text, encoding="utf-8", newline="\n")
        yield path


def _assets(run: Run, area: MapFragment | None, folder: Path) -> Iterator[Path]:
    """Styles and scripts of all pages, and those of the map."""
    own = (ASSETS / STYLE).read_text(encoding="utf-8")
    # later rules win: those of the pages stand behind those of the tables
    styles = f"{TABLE_STYLES}\n{own}{printed_notice(run)}"
    contents = {STYLE: styles.encode(), SCRIPT: (ASSETS / SCRIPT).read_bytes()}
    if area is not None:
        contents |= {asset.name: asset.content for asset in (*area.scripts, *area.styles)}
    for name, content in contents.items():
        target = folder / "assets" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        yield target


def printed_notice(run: Run) -> str:
    """Rule that prints the cautions of the study below every sheet, in all languages."""
    cautions = run.study.study.cautions
    said = [caution.in_language(one) for one in run.words for caution in cautions]
    if not said:
        return ""
    # only quotation mark, backslash and line break mean something in a text of a style
    text = " ".join(" ".join(said).split()).replace("\\", "\\\\").replace('"', '\\"')
    return f'@page {{ @bottom-center {{ content: "{text}"; font-size: 8pt; color: #8f1d1d; }} }}\n'


def _products_written(offered: downloads.Offered, folder: Path) -> Iterator[Path]:
    yield from (folder / product.file for product in (*offered.tables, *offered.figures))
    yield from (folder / packed.file for packed in (offered.estimates, *offered.vectors))


def _copies(run: Run, folder: Path) -> Iterator[Path]:
    own, files = folder / downloads.FOLDER, run.files
    for path in (files.manifest, files.verdicts):
        if path is not None:
            yield downloads.copy_file(path, own / path.name)
    if files.completeness is not None:
        for name in (COMPLETENESS, EXCLUDED):
            yield downloads.copy_file(files.completeness / name, own / name)
        pictures = {file: language for language, file in pictures_of(run).items()}
        for file, language in pictures.items():
            if file == f"{downloads.FOLDER}/{PICTURE}":
                yield downloads.copy_file(files.completeness / PICTURE, folder / file)
            else:
                yield draw_picture(run, files.completeness, language, folder / file)
