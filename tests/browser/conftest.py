"""The browser that shows the pages, one for all tests of a worker."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from chromium import Browser, missing_programs, started_browser
from map_browser import MapPage
from map_page import made_map, write_map_page

PROXY_VARIABLES = ("http_proxy", "https_proxy", "all_proxy")


@pytest.fixture(scope="session")
def _chromium(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    reason = missing_programs()
    if reason is not None:
        pytest.skip(reason)
    kept = {k: v for k, v in os.environ.items() if k.lower() not in PROXY_VARIABLES}
    with (
        # the driver is asked over the loopback; selenium must not look for programs elsewhere
        mock.patch.dict(os.environ, {**kept, "SE_OFFLINE": "true"}, clear=True),
        started_browser(
            tmp_path_factory.mktemp("profile"), tmp_path_factory.mktemp("downloads")
        ) as browser,
    ):
        yield browser


@pytest.fixture
def browser(_chromium: Browser) -> Browser:
    """A headless Chromium without a network; `read_problems()` says what went wrong on a page."""
    return _chromium


@pytest.fixture(scope="session")
def map_page(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A page with a small map."""
    return write_map_page(made_map(), tmp_path_factory.mktemp("map"))


@pytest.fixture
def shown(browser: Browser, map_page: Path) -> Iterator[MapPage]:
    """The small map, open; afterwards nothing may have gone wrong."""
    shown = MapPage(browser, map_page)
    shown.open()
    yield shown
    assert browser.read_problems() == []
