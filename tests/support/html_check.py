"""What is wrong with HTML pages, read with another program than the one that writes them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

VOID = {"area", "base", "br", "col", "embed", "hr", "img", "input", "link", "meta", "source", "wbr"}
BLOCKS = {
    "address", "article", "aside", "blockquote", "details", "div", "dl", "fieldset", "figure",
    "footer", "form", "h1", "h2", "h3", "h4", "h5", "h6", "header", "hr", "main", "nav", "ol",
    "p", "pre", "section", "table", "ul",
}  # fmt: skip
"""Elements that end a paragraph, so that they cannot stand in one."""
LINKS = {"a": "href", "img": "src", "link": "href", "script": "src"}
REFERENCES = ("aria-labelledby", "aria-describedby", "for")


@dataclass(slots=True)
class Page:
    """What a page holds.

    Attributes
    ----------
    path : Path
    faults : list of str
        Tags that do not match, elements where they cannot be, attributes named twice.
    ids, references, links, headings, languages : lists
    tables : list of sets
        Elements in each table.
    texts : list of str
        Texts outside of scripts and styles.
    """

    path: Path
    faults: list[str] = field(default_factory=list)
    ids: list[str] = field(default_factory=list)
    references: list[str] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    headings: list[int] = field(default_factory=list)
    languages: list[str] = field(default_factory=list)
    tables: list[set[str]] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.texts).split())


class _Reader(HTMLParser):
    def __init__(self, page: Page) -> None:
        super().__init__(convert_charrefs=True)
        self.page = page
        self.open: list[str] = []

    def _fault(self, text: str) -> None:
        self.page.faults.append(f"{self.page.path.name}:{self.getpos()[0]}: {text}")

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        page, names = self.page, Counter(name for name, _ in attrs)
        own = dict(attrs)
        for name in (name for name, count in names.items() if count > 1):
            self._fault(f"<{tag}> has {name} twice")
        if tag in BLOCKS and "p" in self.open:
            self._fault(f"<{tag}> in a paragraph")
        if tag == "li" and (not self.open or self.open[-1] not in ("ul", "ol")):
            self._fault("<li> outside of a list")
        if tag == "img" and "alt" not in own:
            self._fault("picture without alternative text")
        if tag in ("td", "th") and self.open[-1] != "tr":
            self._fault(f"<{tag}> outside of a row")
        if tag == "th" and not own.get("scope"):
            self._fault("heading of cells without a scope")
        if tag == "table":
            page.tables.append(set())
        elif page.tables and "table" in self.open:
            page.tables[-1].add(tag)
        if tag in ("h1", "h2", "h3", "h4"):
            page.headings.append(int(tag[1]))
        page.ids += [own["id"] or ""] if "id" in own else []
        page.languages += [own["lang"] or ""] if "lang" in own else []
        page.references += [
            one for name in REFERENCES if name in own for one in (own[name] or "").split()
        ]
        address = own.get(LINKS.get(tag, ""))
        page.links += [address] if address else []
        if tag not in VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        if not self.open or self.open[-1] != tag:
            self._fault(f"</{tag}> where {self.open[-1:]} is open")
        else:
            self.open.pop()

    def handle_data(self, data: str) -> None:
        if not {"script", "style"} & set(self.open):
            self.page.texts.append(data)


def read_page(path: Path) -> Page:
    """Read a page."""
    page = Page(path)
    reader = _Reader(page)
    reader.feed(path.read_text(encoding="utf-8"))
    reader.close()
    if reader.open:
        page.faults.append(f"{path.name}: not closed: {reader.open}")
    return page


def faults_of(pages: Iterable[Path]) -> list[str]:
    """All that is wrong with pages and the links between them."""
    read = {path.resolve(): read_page(path) for path in pages}
    return [fault for page in read.values() for fault in _faults(page, read)]


def links_out_of(folder: Path, pages: Iterable[Path]) -> list[str]:
    """Links of pages that lead out of a folder, so that it is not whole when it is moved."""
    inside = folder.resolve()
    return [
        f"{page.name}: {link}"
        for page in pages
        for link in read_page(page).links
        if urlsplit(link).scheme != "data"
        and not (page.parent / unquote(urlsplit(link).path)).resolve().is_relative_to(inside)
    ]


def _faults(page: Page, read: dict[Path, Page]) -> Iterator[str]:
    name = page.path.name
    yield from page.faults
    yield from (f"{name}: id {one!r} twice" for one, n in Counter(page.ids).items() if n > 1)
    for one in page.references:
        if one not in page.ids:
            yield f"{name}: no element {one!r}"
    if page.headings[:1] != [1] or page.headings.count(1) != 1:
        yield f"{name}: headings do not start with one of the first order"
    for before, after in zip(page.headings, page.headings[1:], strict=False):
        if after > before + 1:
            yield f"{name}: heading of order {after} after one of order {before}"
    yield from (
        f"{name}: table {number} without {part}"
        for number, own in enumerate(page.tables, 1)
        for part in ("caption", "th")
        # a table that a script fills has no cells yet
        if part not in own and (part == "caption" or "td" in own)
    )
    for link in page.links:
        yield from _link_faults(page, link, read)


def _link_faults(page: Page, link: str, read: dict[Path, Page]) -> Iterator[str]:
    parts = urlsplit(link)
    if parts.scheme == "data":
        return
    if parts.scheme or parts.netloc or link.startswith("/"):
        yield f"{page.path.name}: {link} leads out of the report"
        return
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path
    target = target.resolve()
    if not target.is_file():
        yield f"{page.path.name}: no file {link}"
    elif parts.fragment and target in read and parts.fragment not in read[target].ids:
        yield f"{page.path.name}: no place {link}"
