"""The page on the library runs as it stands, and the calls that its table names exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "howto" / "spatialpanel.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names(page: str) -> dict[str, object]:
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) >= 4
    found: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "spatialpanel.md", "exec"), found)
    return found


def test_numbers_are_near_the_truth_of_the_page(names):
    assert names["fit"].rho == pytest.approx(0.4, abs=4 * names["fit"].std_errors["rho"])
    assert names["chain"].decision in {"sdm", "sar", "sem"}
    assert names["dynamic"].stability.case == "stable"


def test_calls_of_the_table_work(page, names, tmp_path, monkeypatch):
    import yrb_carbon.spatialpanel as library

    monkeypatch.chdir(tmp_path)
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`" in line]
    calls = [call for row in rows for call in re.findall(r"`([a-zA-Z].*?\))`", row)]
    assert len(calls) >= 15
    space = {**vars(library), **names, "new": names["data"][["x1", "x2"]]}
    for call in calls:
        if not call.startswith("maketables"):
            assert eval(call, space) is not None, call
