"""Options of readers, wrong in a study: told with their place before anything runs."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.workflow.check import check_study

ROOT = Path(__file__).resolve().parents[3]


@pytest.mark.parametrize(
    ("source", "option", "told"),
    [
        ("mines", "statuses: Operating", "wanted a list of texts, as [a, b], got 'Operating'"),
        ("yearbook", "year_shift: x", "wanted a whole number, got 'x'"),
        ("yearbook", "wanted: emp_mining", "wanted a list of emp_mining"),
        ("yearbook", "unit: [人]", "wanted a text, or texts by emp_mining"),
        ("edgar", "sheet: 0.5", "wanted the name of a sheet, got 0.5"),
    ],
)
def test_options_of_another_kind_are_told_with_their_place(
    tmp_path, monkeypatch, source, option, told
):
    monkeypatch.chdir(ROOT)
    file = tmp_path / "overlay.yaml"
    file.write_text(
        f"study:\n  name: mine\nsources:\n  {source}:\n    options: {{{option}}}\n",
        encoding="utf-8",
    )
    (line,) = check_study([Path("config.yaml"), file]).faults
    name = option.split(":")[0]
    before = f"    options: {{{name}: "
    assert line.startswith(f"{file}:5:{len(before) + 1}: sources.{source}.options.{name}: ")
    assert told in line
