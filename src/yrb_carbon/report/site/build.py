"""Write the report: all pages, their styles and scripts, and copies of the files to download."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd
from markupsafe import Markup

from yrb_carbon.report.html_table import TABLE_STYLES
from yrb_carbon.report.site import downloads
from yrb_carbon.report.site.basin_map import MapFragment, map_fragment
from yrb_carbon.report.site.bilingual import NAMES, PageWords, Text
from yrb_carbon.report.site.data_page import (
    COMPLETENESS,
    EXCLUDED,
    PICTURE,
    column_uses,
    read_table,
    sample_sizes,
    source_files,
)
from yrb_carbon.report.site.figure_page import figure_entries
from yrb_carbon.report.site.formulas import math
from yrb_carbon.report.site.methods_page import methods_context
from yrb_carbon.report.site.provenance_page import digests, settings_sections, times
from yrb_carbon.report.site.rule_graph import rule_graph
from yrb_carbon.report.site.run import Edges, Run, RunFiles, read_run
from yrb_carbon.report.site.summary import (
    findings,
    key_numbers,
    question_text,
    tally,
)
from yrb_carbon.report.site.table_pages import table_pages
from yrb_carbon.sources.boundaries import load_boundaries
from yrb_carbon.study.config import Study

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).with_name("assets")
STYLE, SCRIPT = "site.css", "site.js"
INDEX = "index.html"
TIMED = ("times.html", "files/manifest.json")
"""Files of the report that tell how long jobs took, and so differ from run to run."""


@dataclass(frozen=True, slots=True)
class Page:
    """A page of the report.

    Attributes
    ----------
    file : str
        Path below the folder of the report.
    template : str
    title : Text
    section : str
        File of the entry of the navigation that it belongs to.
    context : mapping
        What its template shows.
    """

    file: str
    template: str
    title: Text
    section: str
    context: Mapping[str, Any] = field(default_factory=dict)

    @property
    def root(self) -> str:
        """Way from the page to the folder of the report."""
        return "../" * self.file.count("/")


def write_site(
    study: Study, files: RunFiles, folder: str | Path, *, rules: Edges = ()
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

    Returns
    -------
    tuple of Path, the files in the order they were written.
    """
    target = Path(folder)
    run = read_run(study, PageWords(study.report.languages), files, rules)
    area = area_map(run)
    pages = list(_pages(run, area))
    written = [*_pages_written(run, pages, target), *_assets(area, target)]
    return (*written, *_copies(run, target))


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


def _pages_written(run: Run, pages: list[Page], folder: Path) -> Iterator[Path]:
    environment = _environment(run)
    environment.globals["site"] = _site(run, pages)
    for page in pages:
        path = folder / page.file
        path.parent.mkdir(parents=True, exist_ok=True)
        template = environment.get_template(page.template)
        text = template.render(page=page, root=page.root, **page.context)
        path.write_text(text, encoding="utf-8", newline="\n")
        yield path


def _environment(run: Run) -> Environment:
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    environment = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["said"] = run.words.label
    environment.globals |= {
        "words": run.words,
        "names": NAMES,
        "math": math,
        "label": run.label,
        "link": link,
        "study": run.study,
        "estimates_size": downloads.size_words(run.files.estimates.stat().st_size),
        "command": command_of(run.study),
    }
    return environment


def link(address: str, text: object) -> Text | Markup:
    """A link, for within a message."""
    element = Markup('<a href="{address}">{text}</a>')
    if isinstance(text, Text):
        return Text({one: element.format(address=address, text=text[one]) for one in text.said})
    return element.format(address=address, text=text)


def command_of(study: Study) -> str:
    """The command that runs the study; an overlay is named as the studies of the checkout are."""
    if study.study.name == "demo":
        return "make"
    return f"snakemake --cores 2 --configfile studies/{study.study.name}.yaml"


def _site(run: Run, pages: list[Page]) -> dict[str, Any]:
    """What all pages share."""
    return {
        "name": run.study.study.name,
        "title": run.words.label(run.study.study.title),
        "version": version("yrb-carbon"),
        "cautions": [run.words.label(caution) for caution in run.study.study.cautions],
        "pages": [page for page in pages if page.file == page.section],
    }


def _pages(run: Run, area: MapFragment | None) -> Iterator[Page]:
    words = run.words
    files = downloads.products(run.files.tables, "tables", words.languages)
    tables = table_pages(run, files)
    figures = figure_entries(run, downloads.products(run.files.figures, "figures", words.languages))
    paged = {page.name: page.file for page in tables}
    common = {"tables": tables, "figures": figures, "paged": paged}
    yield _page(INDEX, words("Summary"), common | _summary(run))
    yield _page("area.html", words("Study area"), common | {"map": area})
    yield _page("data.html", words("Data"), _data(run))
    yield _page("tables.html", words("Tables"), common | {"workbooks": _workbooks(run)})
    for before, page, after in zip([None, *tables[:-1]], tables, [*tables[1:], None], strict=True):
        context = {"table": page, "before": before, "after": after}
        title = words("{name}. {title}", name=page.name, title=page.title)
        yield Page(page.file, "table.html.j2", title, "tables.html", context)
    yield _page("figures.html", words("Figures"), common)
    yield _page("methods.html", words("Methods"), common | methods_context(run))
    yield _page("provenance.html", words("Provenance"), _provenance(run))
    yield _page("reproduce.html", words("How to reproduce"), {"manifest": run.manifest})
    seconds = times(run.manifest["seconds"])
    yield Page("times.html", "times.html.j2", words("Times"), "provenance.html", {"times": seconds})


def _page(file: str, title: Text, context: Mapping[str, Any]) -> Page:
    return Page(file, f"{file}.j2", title, file, context)


def _summary(run: Run) -> dict[str, Any]:
    return {
        "question": question_text(run),
        "numbers": key_numbers(run),
        "findings": findings(run),
        "tally": tally(run),
        "claims": run.claims,
        "sizes": sample_sizes(run.manifest),
    }


def _data(run: Run) -> dict[str, Any]:
    folder = run.files.completeness
    context: dict[str, Any] = {
        "sources": source_files(run.manifest),
        "samples": sample_sizes(run.manifest),
        "columns": [],
        "excluded": [],
        "picture": None,
    }
    if folder is None:
        return context
    return context | {
        "columns": column_uses(run, read_table(folder, COMPLETENESS)),
        "excluded": read_table(folder, EXCLUDED).to_dict("records"),
        "picture": f"{downloads.FOLDER}/{PICTURE}",
    }


def _provenance(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "manifest": manifest,
        "inputs": source_files(manifest),
        "shipped": digests(manifest["shipped"]),
        "outputs": digests(manifest["outputs"]),
        "settings": settings_sections(manifest["config"]),
        "graph": rule_graph(run.rules, "rule-graph-title") if run.rules else None,
    }


def _workbooks(run: Run) -> list[downloads.Download]:
    """Files that hold all tables, or all numbers."""
    files = downloads.products(run.files.tables, "tables", run.words.languages)
    return [product.download for product in files if product.path.suffix == ".xlsx"]


def _assets(area: MapFragment | None, folder: Path) -> Iterator[Path]:
    """Styles and scripts of all pages, and those of the map."""
    styles = f"{(ASSETS / STYLE).read_text(encoding='utf-8')}\n{TABLE_STYLES}"
    contents = {STYLE: styles.encode(), SCRIPT: (ASSETS / SCRIPT).read_bytes()}
    if area is not None:
        contents |= {asset.name: asset.content for asset in (*area.scripts, *area.styles)}
    for name, content in contents.items():
        target = folder / "assets" / name
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content)
        yield target


def _copies(run: Run, folder: Path) -> Iterator[Path]:
    files = run.files
    for kind, paths in (("tables", files.tables), ("figures", files.figures)):
        yield from downloads.copy_products(
            downloads.products(paths, kind, run.words.languages), folder
        )
    own = folder / downloads.FOLDER
    for path in (files.estimates, files.manifest, files.verdicts):
        if path is not None:
            yield downloads.copy_file(path, own / path.name)
    if files.completeness is not None:
        for name in (COMPLETENESS, EXCLUDED, PICTURE):
            yield downloads.copy_file(files.completeness / name, own / name)
