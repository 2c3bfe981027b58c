"""A copy of the project to run the workflow in, so that tests leave `results/` alone."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from shared import shared_folder

REPOSITORY = Path(__file__).resolve().parents[2]
PARTS = ("Snakefile", "config.yaml", "studies", "data", "profiles", "src")
SECONDS_AT_MOST = 1200
"""A run of a study takes about one minute on two idle cores."""

JOB_LINE = re.compile(r"^(\w+)\s+(\d+)$")
EDGE = re.compile(r"(\d+)\s*->\s*(\d+)")
NODE = re.compile(r"(\d+)\[\s*label\s*=\s*\"(\w+)")


@dataclass(frozen=True, slots=True)
class Checkout:
    """A copy of the project's files, its own package first on the path.

    Attributes
    ----------
    folder : Path
        Where the workflow runs.
    """

    folder: Path

    @classmethod
    def copy(cls, folder: Path) -> Checkout:
        """Copy what the workflow needs into a new folder."""
        folder.mkdir(parents=True)
        for part in PARTS:
            source = REPOSITORY / part
            if source.is_dir():
                shutil.copytree(source, folder / part, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy2(source, folder / part)
        return cls(folder)

    def snakemake(self, *arguments: str, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run the workflow; standard error goes with standard output."""
        done = subprocess.run(
            [sys.executable, "-m", "snakemake", *arguments],
            cwd=self.folder,
            env={**os.environ, "PYTHONPATH": str(self.folder / "src")},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=SECONDS_AT_MOST,
            check=False,
        )
        if check and done.returncode:
            raise AssertionError(f"snakemake ended with {done.returncode}:\n{done.stdout[-6000:]}")
        return done

    def planned(self, *arguments: str) -> dict[str, int]:
        """Rules that a run would execute, with their numbers of jobs, from a dry run."""
        text = self.snakemake("--cores", "2", "--dry-run", *arguments).stdout
        if "Nothing to be done" in text:
            return {}
        table = text.split("Job stats:", 1)[1].split("total", 1)[0]
        found = (JOB_LINE.match(line.strip()) for line in table.splitlines())
        return {match[1]: int(match[2]) for match in found if match}

    def rule_graph(self) -> dict[str, set[str]]:
        """Rule -> rules that use what it makes."""
        text = self.snakemake("--rulegraph", "--forceall").stdout
        names = dict(NODE.findall(text))
        graph: dict[str, set[str]] = {name: set() for name in names.values()}
        for before, after in EDGE.findall(text):
            graph[names[before]].add(names[after])
        return graph

    def package(self, module: str) -> Path:
        """File of a module of the package in this copy."""
        return self.folder / "src" / "yrb_carbon" / module


def finished_demo(factory: pytest.TempPathFactory) -> Path:
    """Folder of a finished run of the default study, one for all tests of a session."""
    return shared_folder(factory, "demo-run", _run_demo)


def _run_demo(folder: Path) -> None:
    Checkout.copy(folder).snakemake("--cores", "2")


def downstream(graph: dict[str, set[str]], start: set[str]) -> set[str]:
    """The rules themselves and all that come after them."""
    found, waiting = set(start), list(start)
    while waiting:
        for rule in graph[waiting.pop()] - found:
            found.add(rule)
            waiting.append(rule)
    return found


def add_statement(path: Path, function: str) -> None:
    """Change the body of one function without changing what it does."""
    text = path.read_text(encoding="utf-8")
    body = re.compile(rf"^(def {function}\(.*?^    (?=return|for |rows|if ))", re.M | re.S)
    changed, count = body.subn(r"\1_ = 'edited'\n    ", text, count=1)
    assert count == 1, f"no function {function} in {path}"
    path.write_text(changed, encoding="utf-8")
