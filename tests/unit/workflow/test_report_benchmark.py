"""The benchmark of the report: what it reads off processes; its table keeps the promises."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import time
from pathlib import Path
from types import ModuleType

import pandas as pd
import psutil
import pytest

SECONDS = 0.6
"""What a job of these tests computes for; several readings long."""


@pytest.fixture(scope="module")
def script(repository: Path) -> ModuleType:
    path = repository / "benchmarks" / "report.py"
    spec = importlib.util.spec_from_file_location("report_benchmark", path)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture
def table(repository: Path) -> pd.DataFrame:
    return pd.read_csv(repository / "docs" / "benchmarks" / "report.csv")


def test_promises_are_kept(script, table):
    assert table["cores"].eq(2).all()
    assert {"tables", "figures", "effect_figures", "site"} <= set(table["rule"])
    if not script.is_quiet(table):
        pytest.skip(f"docs/benchmarks/report.csv is of a busy machine, load {table['load'][0]}")
    assert script.check_promises(table) == []


def test_parts_of_the_table_sum_to_the_whole(script, table):
    cpu = table.set_index("rule")["cpu"]
    jobs = cpu.drop([script.JOBS, script.PLANNING, script.WHOLE])
    # medians of several runs, three digits
    assert jobs.sum() == pytest.approx(cpu[script.JOBS], rel=0.1)
    assert cpu[script.JOBS] + cpu[script.PLANNING] == pytest.approx(cpu[script.WHOLE], rel=0.1)


def test_a_promise_broken_is_seen(script, table):
    table.loc[table["rule"] == script.WHOLE, "wall"] = 41.0
    table.loc[table["rule"] == script.JOBS, "cpu"] = 55.0
    much, long = "cpu of all jobs is 55 s, promised 55 s", "wall of report is 41 s, promised 40 s"
    assert script.check_promises(table.assign(load=0.1)) == [long, much]
    # what other programs leave is no time of the report
    assert script.check_promises(table.assign(load=3.0)) == []


def test_every_script_has_its_rule(script, repository):
    folder = repository / "src" / "yrb_carbon" / "workflow" / "scripts"
    rules = script.rules_of_scripts()
    assert set(rules) == {path.stem for path in folder.glob("*.py")}
    assert rules["write_tables"] == "tables"
    assert rules["draw_maps"] == "figures"


def test_processor_time_of_a_script_is_read_to_its_end(script, tmp_path):
    job = tmp_path / ".snakemake" / "scripts" / "tmpx.write_site.py"
    job.parent.mkdir(parents=True)
    job.write_text(f"import time\nwhile time.process_time() < {SECONDS}: pass\n", encoding="utf-8")
    parent = f"import subprocess, sys; subprocess.run([sys.executable, {str(job)!r}], check=True)"
    start = time.perf_counter()
    with subprocess.Popen([sys.executable, "-c", parent]) as process:
        own, jobs = script.watch(psutil.Process(process.pid), start)
    assert list(jobs) == ["write_site"]
    usage = jobs["write_site"]
    assert SECONDS - 3 * script.INTERVAL < usage.cpu <= SECONDS + script.INTERVAL
    assert 0 <= usage.began < usage.ended <= own.ended
    assert own.cpu < usage.cpu


def test_medians_are_of_the_same_rules(script):
    usage = script.Usage
    runs = [{"site": usage(1.0, 1.0 + wall, wall / 2)} for wall in (4.0, 6.0, 11.0)]
    row = script.summarise(runs, 2, 0.1).iloc[0]
    assert row.to_dict() == {
        "rule": "site", "cores": 2, "load": 0.1, "repeats": 3,
        "began": 1.0, "wall": 6.0, "cpu": 3.0,
    }  # fmt: skip
    with pytest.raises(SystemExit, match="site did not run every time"):
        script.summarise([*runs, {"tables": usage(0.0, 1.0, 1.0)}], 2, 0.1)
