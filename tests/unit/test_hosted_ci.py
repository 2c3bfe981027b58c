"""The workflow for those who host the project where such files are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import yaml


@pytest.fixture(scope="module")
def text(repository: Path) -> str:
    return (repository / ".github" / "workflows" / "ci.yml").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def jobs(text: str) -> dict[str, dict]:
    return yaml.safe_load(text)["jobs"]


def commands(job: dict) -> str:
    return "\n".join(step.get("run", "") for step in job["steps"])


def test_fast_tests_on_every_python_that_is_supported(jobs, repository: Path):
    versions = jobs["check"]["strategy"]["matrix"]["python"]
    project = (repository / "pyproject.toml").read_text(encoding="utf-8")
    oldest = re.search(r'requires-python = ">=([\d.]+)"', project)[1]
    assert versions == ["3.11", "3.12", "3.13"]
    assert versions[0] == oldest
    assert "make check" in commands(jobs["check"])


def test_all_tests_on_one(jobs):
    assert ".ci/run" in commands(jobs["all"])


def test_what_it_runs_is_there(jobs, repository: Path):
    makefile = (repository / "Makefile").read_text(encoding="utf-8")
    for job in jobs.values():
        for target in re.findall(r"^\s*make (\S+)", commands(job), re.MULTILINE):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), target
        for script in re.findall(r"(?:^|\s)((?:\.ci|tests)/\S+\.?\w*)", commands(job)):
            assert (repository / script).exists(), script


def test_it_names_no_host(text: str):
    assert "://" not in text
    assert not re.search(r"\b(pypi|index-url|mirror)", text)
