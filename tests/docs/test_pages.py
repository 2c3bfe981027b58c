"""The pages of the documentation: they build without a warning and ask for nothing elsewhere."""

from __future__ import annotations

import importlib
import re
from pathlib import Path
from urllib.parse import unquote, urlsplit

import lxml.html
import pytest
from docsite import built_site

ROOT = Path(__file__).resolve().parents[2]
CITED = re.compile(
    r"([A-Z][A-Za-zé-]+)(?:(?:,? (?:de )?[A-Z][A-Za-zé-]+)*,? and [A-Z][A-Za-z-]+| et al\.)?,? "
    r"\(?((?:19|20)\d\d)\b"
)
NO_WORKS = {"Tracker", "April"}
"""Words before a year that name no work."""

LOADED = {"script": "src", "img": "src", "iframe": "src", "source": "src", "object": "data"}
"""Elements that a browser fetches by itself, with the attribute that says from where."""
LINK_KINDS = {"stylesheet", "icon", "preload", "preconnect", "prefetch", "manifest"}


slow = pytest.mark.slow


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site(tmp_path_factory)


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, lxml.html.HtmlElement]:
    found = {
        path: lxml.html.parse(str(path)).getroot()
        for path in sorted(site.rglob("*.html"))
        if path.name != "404.html"
    }
    assert len(found) > 20
    return found


def fetched(page: lxml.html.HtmlElement) -> set[str]:
    """Addresses that a browser fetches to show a page."""
    own = {
        element.get(attribute)
        for tag, attribute in LOADED.items()
        for element in page.iter(tag)
        if element.get(attribute)
    }
    linked = {
        element.get("href")
        for element in page.iter("link")
        if LINK_KINDS & set(element.get("rel", "").split())
    }
    return own | linked


@slow
def test_every_page_of_the_folder_is_built(repository: Path, pages):
    written = {path.stem for path in (repository / "docs").rglob("*.md")}
    built = {path.stem for path in pages}
    assert written - {"README"} <= built


@slow
def test_nothing_is_fetched_from_a_network(pages):
    elsewhere = {
        (path.name, address)
        for path, page in pages.items()
        for address in fetched(page)
        if urlsplit(address).scheme or address.startswith("//")
    }
    assert not elsewhere
    assert all(any(a.endswith(".css") for a in fetched(page)) for page in pages.values())


@slow
def test_files_that_pages_name_are_there(pages):
    missing = {
        (path.name, address)
        for path, page in pages.items()
        for address in fetched(page)
        if not (path.parent / unquote(urlsplit(address).path)).is_file()
    }
    assert not missing


@slow
def test_links_lead_somewhere(pages):
    anchors = {
        path: {e.get("id") for e in page.iter() if e.get("id")} for path, page in pages.items()
    }
    broken = []
    for path, page in pages.items():
        for link in page.iter("a"):
            parts = urlsplit(link.get("href", ""))
            if parts.scheme or parts.netloc or not (parts.path or parts.fragment):
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = anchors.get(target, set()) | {"", "__skip", "__toc"}
            if not target.exists() or (target in anchors and unquote(parts.fragment) not in known):
                broken.append((path.name, link.get("href")))
    assert not broken


@slow
def test_formulas_are_mathml(site: Path, pages):
    formulas = [e for page in pages.values() for e in page.iter("math")]
    assert formulas
    assert not [path.name for path, page in pages.items() if page.find_class("arithmatex")]


@slow
def test_python_pages_show_signatures_and_parameters(site: Path):
    text = (site / "reference/api/spatialpanel.html").read_text(encoding="utf-8")
    assert "SpatialPanel" in text
    page = lxml.html.fromstring(text)
    assert len(page.find_class("doc-heading")) > 100
    assert page.find_class("doc-signature")


@pytest.mark.parametrize("module", ["spatialpanel", "mediation"])
def test_python_pages_hold_every_public_name(repository: Path, module: str):
    page = (repository / f"docs/reference/api/{module}.md").read_text(encoding="utf-8")
    shown = set(re.findall(rf"^::: yrb_carbon\.{module}\.(\w+)", page, re.MULTILINE))
    library = importlib.import_module(f"yrb_carbon.{module}")
    faults = {
        name
        for name in library.__all__
        if isinstance(getattr(library, name), type)
        and issubclass(getattr(library, name), BaseException)
    }
    assert shown - {"errors"} == set(library.__all__) - faults


def test_every_work_that_the_methods_cite_is_among_their_sources():
    text = (ROOT / "docs/methods.md").read_text(encoding="utf-8")
    body, sources = text.split("## Sources", 1)
    works = {line.removeprefix("- ") for line in sources.splitlines() if line.startswith("- ")}
    cited = {(m[1], m[2]) for m in CITED.finditer(body) if m[1] not in NO_WORKS}
    assert len(cited) > 15
    missing = {
        (name, year)
        for name, year in cited
        if not any(re.search(rf"\b{name}\b.*\({year}\)", work) for work in works)
    }
    assert not missing


def test_the_architecture_names_every_room_and_rule():
    text = (ROOT / "docs/architecture.md").read_text(encoding="utf-8")
    package = ROOT / "src/yrb_carbon"
    rooms = {f"`{p.name}/`" for p in package.iterdir() if (p / "__init__.py").is_file()}
    assert {room for room in rooms if room not in text} == set()
    rules = {
        name
        for path in (package / "workflow/rules").glob("*.smk")
        for name in re.findall(r"^\s*rule (\w+):", path.read_text(encoding="utf-8"), re.MULTILINE)
    }
    assert {rule for rule in rules if f"`{rule}`" not in text} == set()
