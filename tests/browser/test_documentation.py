"""The documentation opened from disk in a browser without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import Browser
from docsite import built_site

pytestmark = [pytest.mark.slow, pytest.mark.browser]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return built_site(tmp_path_factory)


def test_search_from_disk_finds_a_page(browser: Browser, site: Path):
    browser.open(site / "index.html")
    browser.run(
        "const field = document.querySelector('input[data-md-component=search-query]');"
        "field.focus(); field.value = 'mediated';"
        "field.dispatchEvent(new Event('input', {bubbles: true}));"
        "field.dispatchEvent(new KeyboardEvent('keyup', {bubbles: true, key: 'd'}));"
    )
    hits = browser.wait(
        "const links = [...document.querySelectorAll('.md-search-result__link')];"
        "return links.length ? links.map(link => link.getAttribute('href')) : null"
    )
    assert any("mediation" in address or "methods" in address for address in hits)
    assert browser.read_problems() == []


@pytest.mark.parametrize("page", ["methods.html", "reference/api/spatialpanel.html"])
def test_pages_open_without_a_fault(browser: Browser, site: Path, page: str):
    browser.open(site / page)
    assert browser.run("return document.querySelectorAll('h2').length") > 3
    assert browser.read_problems() == []


def test_a_formula_is_drawn(browser: Browser, site: Path):
    browser.open(site / "methods.html")
    sizes = browser.run(
        "return [...document.querySelectorAll('div.math math')]"
        ".map(m => m.getBoundingClientRect().height)"
    )
    assert sizes
    assert min(sizes) > 10
