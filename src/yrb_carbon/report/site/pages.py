"""The pages of the report: which there are, and what each of their templates shows."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from markupsafe import Markup

from yrb_carbon.report.site.account_numbers import account_numbers
from yrb_carbon.report.site.basin_map import MapFragment
from yrb_carbon.report.site.bilingual import NAMES, Text
from yrb_carbon.report.site.data_page import (
    COMPLETENESS,
    EXCLUDED,
    account_files,
    column_uses,
    left_out_units,
    picture_words,
    pictures_of,
    read_table,
    sample_sizes,
    source_files,
)
from yrb_carbon.report.site.downloads import Offered
from yrb_carbon.report.site.figure_page import Picture, figure_entries
from yrb_carbon.report.site.formulas import math
from yrb_carbon.report.site.methods_page import methods_context
from yrb_carbon.report.site.provenance_page import digests, settings_sections, times
from yrb_carbon.report.site.rule_graph import rule_graph
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import (
    claim_sources,
    findings,
    judged_by,
    key_numbers,
    question_text,
    tally,
)
from yrb_carbon.report.site.table_pages import table_pages
from yrb_carbon.study.config import CLAIMS_TABLE, Study

if TYPE_CHECKING:
    from jinja2 import Environment

TEMPLATES = Path(__file__).with_name("templates")
INDEX = "index.html"


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


def pages_of(run: Run, area: MapFragment | None, offered: Offered) -> Iterator[Page]:
    """All pages of a run.

    Parameters
    ----------
    run : Run
    area : MapFragment or None
        The interactive map.
    offered : Offered
        What there is to download.
    """
    words = run.words
    tables = table_pages(run, offered.tables)
    figures = figure_entries(run, offered.figures)
    paged = {page.name: page.file for page in tables}
    common = {"tables": tables, "figures": figures, "paged": paged}
    yield _page(INDEX, words("Summary"), common | _summary(run))
    yield _page("area.html", words("Study area"), common | {"map": area})
    yield _page("data.html", words("Data"), _data(run))
    yield _page("tables.html", words("Tables"), common | {"offered": offered})
    for before, page, after in zip([None, *tables[:-1]], tables, [*tables[1:], None], strict=True):
        links = [*page.downloads, *offered.workbooks]
        context = {"table": page, "links": links, "before": before, "after": after}
        named = words("{name}. {title}", name=page.name, title=page.title)
        title = page.title if page.name == CLAIMS_TABLE else named
        yield Page(page.file, "table.html.j2", title, "tables.html", context)
    yield _page("figures.html", words("Figures"), common | {"offered": offered})
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
        "numbers": [*key_numbers(run), *account_numbers(run)],
        "findings": findings(run),
        "tally": tally(run),
        "claims": run.claims,
        "claim_sources": claim_sources(run),
        "judged_by": judged_by(run),
        "sizes": sample_sizes(run),
    }


def _data(run: Run) -> dict[str, Any]:
    folder = run.files.completeness
    context: dict[str, Any] = {
        "sources": source_files(run.manifest, run.words),
        "account_files": account_files(run),
        "samples": sample_sizes(run),
        "columns": [],
        "excluded": [],
        "picture": None,
    }
    if folder is None:
        return context
    counted = read_table(folder, COMPLETENESS)
    return context | {
        "columns": column_uses(run, counted),
        "excluded": left_out_units(run, read_table(folder, EXCLUDED)),
        "picture": Picture(pictures_of(run), picture_words(run, counted)),
    }


def _provenance(run: Run) -> dict[str, Any]:
    manifest = run.manifest
    return {
        "manifest": manifest,
        "inputs": [
            *source_files(manifest, run.words),
            *(file.source for file in account_files(run)),
        ],
        "shipped": digests(manifest["shipped"]),
        "outputs": digests(manifest["outputs"]),
        "settings": settings_sections(manifest["config"]),
        "graph": rule_graph(run.rules, "rule-graph-title") if run.rules else None,
    }


def environment(run: Run, pages: Sequence[Page]) -> Environment:
    """What all templates know: words, formulas, links, the study, and what the pages share."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    made = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    made.filters["said"] = run.words.label
    made.filters["slug"] = slug
    made.globals |= {
        "words": run.words,
        "names": NAMES,
        "math": math,
        "label": run.label,
        "link": link,
        "study": run.study,
        "has_reaches": run.has_reaches,
        "site": _site(run, pages),
        "command": command_of(run.study, run.configfiles),
    }
    return made


def slug(text: Text) -> str:
    """A text as the end of an id, in the first language of the page: small letters and hyphens."""
    first = next(iter(text.said.values()))
    return re.sub(r"\W+", "-", Markup(first).striptags().lower()).strip("-")


def link(address: str, text: object) -> Text | Markup:
    """A link, for within a message."""
    element = Markup('<a href="{address}">{text}</a>')
    if isinstance(text, Text):
        return Text({one: element.format(address=address, text=text[one]) for one in text.said})
    return element.format(address=address, text=text)


def command_of(study: Study, configfiles: Sequence[str]) -> str:
    """The command that makes the same run, from the files laid over the default configuration."""
    if study.study.name == "demo":
        return "make"
    overlays = f" --configfile {shlex.join(configfiles)}" if configfiles else ""
    folder = "" if study.demo is not None else " --config data_root=FOLDER"
    return f".venv/bin/snakemake --cores 2{overlays}{folder}"


def _site(run: Run, pages: Sequence[Page]) -> dict[str, Any]:
    """What all pages share."""
    return {
        "name": run.study.study.name,
        "title": run.words.label(run.study.study.title),
        "version": version("yrb-carbon"),
        "cautions": [run.words.label(caution) for caution in run.study.study.cautions],
        "pages": [page for page in pages if page.file == page.section],
    }
