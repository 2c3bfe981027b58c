"""The browser of the tests sees what it must see: errors, failed requests, the network."""

from __future__ import annotations

from pathlib import Path

import pytest
from chromium import Browser

pytestmark = pytest.mark.browser


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        ("<p>nothing wrong</p>", None),
        ("<script>throw new Error('planted')</script>", "planted"),
        ("<script>console.error('told')</script>", "told"),
        ("<img alt='' src='absent.png'>", "ERR_FILE_NOT_FOUND"),
        ("<img alt='' src='https://example.invalid/a.png'>", "asked for a network"),
        ("<script>fetch('http://127.0.0.1:9/x').catch(() => {})</script>", "asked for a network"),
    ],
)
def test_problems_of_a_page_are_seen(
    browser: Browser, tmp_path: Path, body: str, wanted: str | None
) -> None:
    page = tmp_path / "page.html"
    page.write_text(f"<!doctype html><title>t</title><link rel=icon href=data:,>{body}")
    browser.open(page)
    browser.wait("return document.readyState === 'complete'")
    problems = browser.read_problems()
    if wanted is None:
        assert problems == []
    else:
        assert any(wanted in problem for problem in problems)


def test_problems_are_those_of_the_page_that_is_open(browser: Browser, tmp_path: Path) -> None:
    bad, good = tmp_path / "bad.html", tmp_path / "good.html"
    bad.write_text("<!doctype html><script>throw new Error('planted')</script>")
    good.write_text("<!doctype html><title>t</title>")
    browser.open(bad)
    assert browser.read_problems()
    browser.open(good)
    assert browser.read_problems() == []


def test_window_is_as_narrow_as_a_phone(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text("<!doctype html><title>t</title>")
    browser.open(page, width=360, height=740)
    assert browser.run("return window.innerWidth") == 360
