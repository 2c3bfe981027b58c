"""Shared fixtures: where the real data are, which tests read them, which tests are slow."""

from __future__ import annotations

import gc
from collections.abc import Generator
from pathlib import Path

import pytest
from fast_rule import OPTION, PROPERTY, processor_seconds, too_slow

from yrb_carbon.provenance import DATA_VARIABLE
from yrb_carbon.provenance import data_root as configured_data_root

OBJECTS_BETWEEN_SEARCHES = 50_000
REPOSITORY = Path(__file__).resolve().parent.parent
SLOW_FOLDERS = ("browser", "properties", "real")
"""Tests that are slow together: a browser is started, cases are searched, real files are read."""


def real_data_folder() -> Path:
    """Folder of the real data as tests see it: relative paths start at the repository."""
    folder = configured_data_root()
    return folder if folder.is_absolute() else (REPOSITORY / folder)


def pytest_addoption(parser: pytest.Parser) -> None:
    """Name the tests that ought to be marked slow."""
    told = "name tests whose call takes more than S seconds of processor time"
    parser.addoption(OPTION, type=float, metavar="S", help=told)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Note what the call of a test takes; what modules and sessions prepare is not its own."""
    before = processor_seconds()
    try:
        return (yield)
    finally:
        item.user_properties.append((PROPERTY, processor_seconds() - before))


def pytest_collection_finish() -> None:
    """Look for what is no longer used seldom, and never among what collection has made.

    Some ten thousand tests and their modules live to the end; every search would pass them again.
    """
    gc.freeze()
    gc.set_threshold(OBJECTS_BETWEEN_SEARCHES, 20, 20)


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark tests of the slow folders; skip those marked `real` when the data folder is absent."""
    slow = [Path(__file__).with_name(name) for name in SLOW_FOLDERS]
    for item in items:
        if any(item.path.is_relative_to(folder) for folder in slow):
            item.add_marker(pytest.mark.slow)
    folder = real_data_folder()
    if folder.is_dir():
        return
    reason = f"real data folder {folder} is absent (set {DATA_VARIABLE})"
    for item in items:
        if item.get_closest_marker("real"):
            item.add_marker(pytest.mark.skip(reason=reason))


@pytest.fixture(scope="session")
def data_root() -> Path:
    """Folder of the real data; the test is skipped when it is absent."""
    folder = real_data_folder()
    if not folder.is_dir():
        pytest.skip(f"real data folder {folder} is absent (set {DATA_VARIABLE})")
    return folder.resolve()


@pytest.fixture(scope="session")
def repository() -> Path:
    """Root of the checkout."""
    return REPOSITORY


REAL_LINE = pytest.StashKey[str]()


def pytest_terminal_summary(
    terminalreporter: pytest.TerminalReporter, config: pytest.Config
) -> None:
    """Name tests that ought to be slow; count those on real data that ran or were skipped."""
    stats = terminalreporter.stats
    limit = config.getoption(OPTION)
    if limit and (lines := too_slow(stats.get("passed", []), limit)):
        terminalreporter.section(f"over {limit:g} s of processor time: mark as slow, or speed up")
        for line in lines:
            terminalreporter.write_line(line)
    reports = [r for kind in ("passed", "failed", "skipped") for r in stats.get(kind, [])]
    real = [r for r in reports if "real" in getattr(r, "keywords", {})]
    skipped = [r for r in real if r.skipped and "is absent" in str(r.longrepr)]
    config.stash[REAL_LINE] = (
        f"real-data tests: {len(real) - len(skipped)} ran, {len(skipped)} skipped "
        f"for want of the folder {configured_data_root()}"
    )


def pytest_unconfigure(config: pytest.Config) -> None:
    """Print that count as the last line of the run."""
    line = config.stash.get(REAL_LINE, None)
    if line is not None:
        print(line)
