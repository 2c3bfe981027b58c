"""Files that a few lines blow up are told, and do not take the memory or the time."""

from __future__ import annotations

from pathlib import Path

import pytest
from typer.testing import CliRunner

from yrb_carbon.cli import app
from yrb_carbon.study.positions import DEEPEST, MOST_NODES, read_yaml


def faults_of(file: Path, text: str) -> list[str]:
    file.write_text(text, encoding="utf-8")
    node, faults = read_yaml(file, 0)
    assert (node is None) == bool(faults)
    return [str(fault) for fault in faults]


def aliases(levels: int) -> str:
    lines = [f"a0: &a0 [{', '.join('1' * 10)}]"]
    for level in range(1, levels):
        lines.append(f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]")
    return "\n".join(lines) + "\n"


def test_aliases_of_aliases_are_counted(tmp_path):
    assert not faults_of(tmp_path / "a.yaml", aliases(3))
    (fault,) = faults_of(tmp_path / "a.yaml", aliases(9))
    assert fault.endswith(f"{MOST_NODES} values with those of aliases, more than any study has")


@pytest.mark.parametrize(("depth", "is_fault"), [(DEEPEST - 1, False), (DEEPEST + 1, True)])
def test_nesting_has_an_end(tmp_path, depth, is_fault):
    faults = faults_of(tmp_path / "a.yaml", f"key: {'[' * depth}{']' * depth}\n")
    assert [fault.split(": ", 1)[1] for fault in faults] == (
        [f"key: nested {DEEPEST} levels deep, more than any study has"] if is_fault else []
    )


def test_nesting_that_the_parser_cannot_follow_is_told(tmp_path):
    (fault,) = faults_of(tmp_path / "a.yaml", f"key: {'[' * 5000}\n")
    assert fault.endswith(":1:1: nested too deeply to be read")


def test_a_value_of_the_command_line_that_is_nested_too_deeply_is_told(repository, monkeypatch):
    monkeypatch.chdir(repository)
    done = CliRunner().invoke(app, ["check", "--config", f"seed={'[' * 5000}"])
    assert done.exit_code == 2
    assert done.stderr.startswith("command line: seed: not valid YAML: nested too deeply (got '[[")
