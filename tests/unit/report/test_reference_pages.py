"""The documentation says what the code has: generated pages, estimates, links, examples."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml

from yrb_carbon.estimates import COLUMNS, Quantity
from yrb_carbon.report import reference
from yrb_carbon.sources import READERS
from yrb_carbon.sources.yearbook import header_words
from yrb_carbon.study.load import load_study

REPOSITORY = Path(__file__).resolve().parents[3]
PAGES = sorted(
    [*REPOSITORY.glob("docs/**/*.md"), *REPOSITORY.glob("*.md"), REPOSITORY / "data/README.md"]
)
LINK = re.compile(r"(?<!!)\[[^\]]+\]\(([^)\s]+)\)")
FENCE = re.compile(r"^```(\w*)\n(.*?)^```", re.MULTILINE | re.DOTALL)
INDENTED_FENCE = re.compile(r"^ {3}```yaml\n(.*?)^ {3}```", re.MULTILINE | re.DOTALL)
FIRST_CELL = re.compile(r"^\| `([^`]+)` \|", re.MULTILINE)


def text_of(name: str) -> str:
    return (REPOSITORY / name).read_text(encoding="utf-8")


def section(text: str, heading: str) -> str:
    return text.split(f"## {heading}\n", 1)[1].split("\n## ", 1)[0]


def yaml_blocks(text: str) -> list[str]:
    plain = [body for language, body in FENCE.findall(text) if language == "yaml"]
    indented = [re.sub(r"(?m)^ {3}", "", body) for body in INDENTED_FENCE.findall(text)]
    return [*plain, *indented]


@pytest.mark.parametrize("path", reference.files(), ids=str)
def test_generated_pages_are_in_step(path):
    assert text_of(str(path)) == reference.files()[path], (
        "run: python -m yrb_carbon.report.reference"
    )


def test_pages_are_written_below_the_folder_that_is_named(tmp_path):
    reference.main([str(tmp_path)])
    assert {path for path in reference.files() if (tmp_path / path).is_file()} == set(
        reference.files()
    )


@pytest.mark.parametrize("reader", READERS.values(), ids=lambda reader: reader.name)
def test_every_format_and_option_is_explained(reader):
    own = section(text_of("docs/reference/formats.md"), f"`{reader.name}`")
    assert set(re.findall(r"- Option `(\w+)`: \S", own)) == set(reader.options)
    assert re.search(r"^- Returns: \S", own, re.MULTILINE)
    assert all(f"`{column}`" in own for column in reader.provides)


def test_the_page_of_estimates_has_every_column_and_quantity():
    text = text_of("docs/reference/estimates.md")
    assert tuple(FIRST_CELL.findall(section(text, "Columns"))) == COLUMNS
    assert FIRST_CELL.findall(section(text, "Quantities")) == [q.value for q in Quantity]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(REPOSITORY)))
def test_links_between_pages_lead_somewhere(page):
    links = [link for link in LINK.findall(page.read_text(encoding="utf-8")) if "://" not in link]
    targets = {link: (page.parent / link.split("#")[0]) for link in links if link.split("#")[0]}
    assert [link for link, target in targets.items() if not target.exists()] == []


def test_the_menu_of_the_site_names_every_page_once():
    menu = yaml.safe_load(text_of("mkdocs.yml"))["nav"]
    named = re.findall(r"[\w/-]+\.md", yaml.safe_dump(menu))
    there = [str(p.relative_to(REPOSITORY / "docs")) for p in REPOSITORY.glob("docs/**/*.md")]
    assert sorted(named) == sorted(there)


@pytest.mark.parametrize(
    "page",
    [
        "README.md",
        "README.zh-CN.md",
        "docs/tutorial.md",
        "docs/howto/boundaries.md",
        "docs/howto/figures.md",
        "docs/howto/heterogeneity.md",
        "docs/howto/yearbook.md",
    ],
)
def test_examples_of_overlays_are_right(page, tmp_path):
    blocks = yaml_blocks(text_of(page))
    assert blocks
    for number, block in enumerate(blocks):
        overlay = tmp_path / f"{number}.yaml"
        overlay.write_text(block, encoding="utf-8")
        load_study([REPOSITORY / "config.yaml", overlay])


def test_the_guide_to_extending_is_one_overlay(tmp_path):
    blocks = yaml_blocks(text_of("docs/howto/extend.md"))
    overlay = tmp_path / "more.yaml"
    overlay.write_text("\n".join(blocks), encoding="utf-8")
    study = load_study([REPOSITORY / "config.yaml", overlay])
    assert study.study.name == "more"
    assert {"Norm", "Norm_effects"} <= set(study.tables)
    # the inputs of the default study begin in its first year
    first = load_study([REPOSITORY / "config.yaml"]).study.first_year
    assert study.study.first_year - max(v.lag for v in study.variables.values()) == first
    shown = {year for figure in study.figures.maps.values() for year in figure.years or ()}
    assert min(shown) >= study.study.first_year
    assert max(shown) <= study.study.last_year


def test_headers_that_the_guide_to_the_yearbook_names_are_recognised():
    text = section(text_of("docs/howto/yearbook.md"), "What is recognised")
    rows = dict(re.findall(r"^\| (mining|total|sectors|patents, budget) \| (.+) \|$", text, re.M))
    assert len(rows) == 4
    for row in rows.values():
        for header in re.split(r"[,;] ", row.removesuffix(", …")):
            assert header_words(header).quantity is not None, header
