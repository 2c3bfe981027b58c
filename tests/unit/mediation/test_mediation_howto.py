"""The page on mediated effects runs as it stands, and the calls of its table work."""

from __future__ import annotations

import re
from pathlib import Path

import pytest


@pytest.fixture(scope="module")
def page(repository: Path) -> str:
    return (repository / "docs" / "howto" / "mediation.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def names(page: str) -> dict[str, object]:
    blocks = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    assert len(blocks) == 3
    found: dict[str, object] = {}
    for block in blocks:
        exec(compile(block, "mediation.md", "exec"), found)
    return found


def test_numbers_are_near_the_truth_of_the_page(names):
    effects = names["effects"]
    for label, truth in [
        (("x", "natural_total"), 0.3 / 0.6),
        (("m1", "mediated_total"), 0.85 / 0.6 * 0.6 / 0.7),
        (("m2", "mediated_total"), 0.4 / 0.6 * 0.5 / 0.7),
    ]:
        assert effects.params[label] == pytest.approx(truth, abs=4 * effects.std_errors[label])
    assert names["other"].mediators["m1"].specification.model == "sar"


def test_calls_of_the_table_work(page, names):
    rows = [line for line in page.splitlines() if line.startswith("| ") and "`" in line]
    calls = [call for row in rows for call in re.findall(r"`([a-zA-Z].*?\))`", row)]
    assert len(calls) >= 14
    for call in calls:
        assert eval(call, dict(names)) is not None, call


def test_quantities_of_the_page_are_those_of_the_effects(page, names):
    quantities = set(names["effects"].labels.get_level_values("quantity"))
    written = set(re.findall(r"`((?:natural|system|mediated)_\w+)`", page))
    assert written <= quantities
    assert {"natural_direct", "system_indirect", "mediated_spillover"} <= written
