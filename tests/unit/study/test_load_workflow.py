"""The study at the top of a Snakefile: what Snakemake is given, and what the user sees."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from yrb_carbon.errors import MAX_LISTED
from yrb_carbon.study.config import Study

CONFIG = """\
study:
  name: demo
  title: {en: Demo, zh: 示例}
data_root: data/demo
sources: {}
weights: {queen: {}}
variables: {}
tables: {}
"""

pytestmark = pytest.mark.slow

SNAKEFILE = """\
from yrb_carbon.study.load import load_for_workflow

study = load_for_workflow(workflow)


configfile: "config.yaml"


rule all:
    output:
        "out.txt",
    params:
        text=f"{study.study.name} {study.data_root} {study.study.first_year} {study.seed}",
    shell:
        "echo {params.text} > {output}"
"""
PLAN = ("--dry-run", "--printshellcmds")


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "Snakefile").write_text(SNAKEFILE, encoding="utf-8")
    (tmp_path / "config.yaml").write_text(CONFIG, encoding="utf-8")
    return tmp_path


def snakemake(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "snakemake", "--cores", "1", *arguments],
        cwd=folder,
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
    )


def test_layers_reach_the_jobs_in_their_order(folder: Path) -> None:
    (folder / "studies").mkdir()
    first, second = folder / "studies" / "first.yaml", folder / "studies" / "second.yaml"
    first.write_text("data_root: ../first\nseed: 1\nstudy: {first_year: 2004}\n", encoding="utf-8")
    second.write_text("seed: 2\n", encoding="utf-8")
    run = snakemake(
        folder,
        "--configfile",
        "studies/first.yaml",
        str(second),
        "--config",
        "data_root=../real data",
        "study={name: other}",
    )
    assert run.returncode == 0, run.stderr
    assert (folder / "out.txt").read_text().strip() == "other ../real data 2004 2"


def test_one_value_of_the_command_line(folder: Path) -> None:
    run = snakemake(folder, *PLAN, "--config", "data_root=elsewhere/files")
    assert run.returncode == 0, run.stderr
    assert "echo demo elsewhere/files 2003 20240115 > out.txt" in run.stdout


def test_faults_are_all_that_is_printed(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG.replace("queen: {}", "queen: {k: x}"), "utf-8")
    (folder / "over.yaml").write_text(
        "seed: -1\nsinks: {}\nstudy: {name: other}\n", encoding="utf-8"
    )
    run = snakemake(folder, "--configfile", "over.yaml", "--config", "study={nmae: x}")
    assert run.returncode == 1
    assert run.stdout == ""
    unnamed = len(Study.model_fields) - MAX_LISTED
    assert run.stderr.splitlines() == [
        "The configuration has 4 faults:",
        "config.yaml:6:22: weights.queen.k: must be a whole number above 0 (got 'x')",
        "over.yaml:1:7: seed: must be a whole number of at least 0 (got -1)",
        "over.yaml:2:1: sinks: unknown key (got 'sinks'; allowed study, data_root, period, "
        f"boundaries, sources, carbon, sink, balance, agglom, lq, m1, m2 and {unnamed} more; "
        "did you mean 'sink')",
        "command line: study.nmae: unknown key (got 'nmae'; allowed name, title, synthetic, "
        "notice, first_year, last_year, unit_set, reach_split, exclude_units; did you mean 'name')",
    ]


def test_invalid_yaml_has_its_place_before_snakemake_reads_it(folder: Path) -> None:
    (folder / "config.yaml").write_text(CONFIG + "a: [1\nb: 2\n", encoding="utf-8")
    run = snakemake(folder)
    assert run.returncode == 1
    assert run.stderr.splitlines() == [
        "The configuration has 1 fault:",
        "config.yaml:10:2: not valid YAML: expected ',' or ']', but got ':' "
        "while parsing a flow sequence that begins at line 9, column 4",
    ]


def test_absent_default_is_refused_unless_overlays_are_given(folder: Path) -> None:
    (folder / "config.yaml").rename(folder / "whole.yaml")
    run = snakemake(folder)
    assert run.returncode == 1
    assert run.stderr.splitlines()[-1] == "config.yaml: no such file"
    run = snakemake(folder, *PLAN, "--configfile", "whole.yaml")
    assert run.returncode == 0, run.stderr


def test_default_can_be_left_out_on_purpose(folder: Path) -> None:
    (folder / "whole.yaml").write_text(CONFIG.replace("demo", "whole"), encoding="utf-8")
    (folder / "config.yaml").write_text(CONFIG + "seed: 5\n", encoding="utf-8")
    run = snakemake(folder, *PLAN, "--configfile", "whole.yaml", "--replace-workflow-config")
    assert run.returncode == 0, run.stderr
    assert "echo whole data/whole 2003 20240115 > out.txt" in run.stdout
