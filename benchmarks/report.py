"""Time of the report of the demonstration: its tables, figures and pages made again.

    python benchmarks/report.py [--cores N] [--repeats N] [--output FILE]

Wants a finished run of the demonstration (`make`) in the folder that it is started in. Removes
what readers see, leaves estimates.csv and all before it, and lets snakemake make it again. Ends
with code 1 if a promise is not kept on two cores of a quiet machine: less than 55 s of processor
time in all jobs, less than 40 s of wall time in all.

One line a rule, in the order in which they began; medians over ``repeats``:

- cores: of the machine that snakemake may use;
- load: processes that wanted a core on average in the minute before the first run. Times of a busy
  machine, 0.5 and more, say what it had left: wall times grow by the waiting, processor times by
  caches that others fill; no promise is held by them;
- began, wall: seconds from the start of snakemake to that of the job, and of the job;
- cpu: seconds of processor time of the job, imports included, read off the system ten times a
  second. The column `cpu_time` of snakemake's own benchmarks misses most of a job longer than
  15 s: it is read every half second up to there, every half minute behind it.

The line `all jobs` sums the processor time of the jobs, `snakemake` is what snakemake itself takes
(reading the configuration, planning), `report` is the whole command.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import statistics
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path

import pandas as pd
import psutil

ROOT = Path(__file__).parents[1]
OUTPUT = ROOT / "docs" / "benchmarks" / "report.csv"
RULES = ROOT / "src" / "yrb_carbon" / "workflow" / "rules"
RESULTS = Path("results", "demo")
MADE = ("tables", "figures", "report", "replication", "manifest.json")
"""What the report consists of, in the folder of the results."""
BASE = RESULTS / "estimates.csv"
JOBS, PLANNING, WHOLE = "all jobs", "snakemake", "report"
PROMISED_CORES = 2
PROMISES = {(WHOLE, "wall"): 40.0, (JOBS, "cpu"): 55.0}
QUIET = 0.5
INTERVAL = 0.1
SCRIPT = re.compile(r"\.(\w+)\.py$")
"""How snakemake names the copy of a script that it runs: `tmpabc.write_site.py`."""


@dataclass(slots=True)
class Usage:
    """What a process has used so far, seconds."""

    began: float
    ended: float
    cpu: float


def main() -> None:
    """Make the report as often as wanted, write the table, hold the promises."""
    parser = argparse.ArgumentParser(description="time of the report of the demonstration")
    parser.add_argument("--cores", type=int, default=PROMISED_CORES)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--output", type=Path, default=OUTPUT)
    options = parser.parse_args()
    if not BASE.is_file():
        sys.exit(f"{BASE}: no such file; run the demonstration first (make)")
    load = os.getloadavg()[0]
    print(f"cores of the machine {os.cpu_count()}, load {load:.2f}")
    runs = [time_report(options.cores) for _ in range(options.repeats)]
    table = summarise(runs, options.cores, load)
    print(table.to_string(index=False))
    table.to_csv(options.output, index=False, float_format="%.3g", lineterminator="\n")
    broken = check_promises(table)
    print("\n".join(broken) or ("all promises are kept" if is_quiet(table) else "a busy machine"))
    sys.exit(bool(broken))


def check_promises(table: pd.DataFrame) -> list[str]:
    """What the table does not keep."""
    found = table.set_index("rule")
    if not is_quiet(table):
        return []
    return [
        f"{column} of {rule} is {found.loc[rule, column]:.3g} s, promised {limit:.3g} s"
        for (rule, column), limit in PROMISES.items()
        if not found.loc[rule, column] < limit
    ]


def is_quiet(table: pd.DataFrame) -> bool:
    """Whether the times of a table were taken on a machine with little else to do."""
    return bool((table["load"] < QUIET).all())


def summarise(runs: list[dict[str, Usage]], cores: int, load: float) -> pd.DataFrame:
    """Medians of several runs, one line a rule."""

    def median(rule: str, values: list[float]) -> float:
        if len(values) < len(runs):
            sys.exit(f"{rule} did not run every time: is the run of the demonstration whole?")
        return statistics.median(values)

    rows = []
    for rule in dict.fromkeys(name for run in runs for name in run):
        own = [run[rule] for run in runs if rule in run]
        row = {
            "began": median(rule, [usage.began for usage in own]),
            "wall": median(rule, [usage.ended - usage.began for usage in own]),
            "cpu": median(rule, [usage.cpu for usage in own]),
        }
        rows.append({"rule": rule, "cores": cores, "load": load, "repeats": len(runs), **row})
    return pd.DataFrame(rows)


def time_report(cores: int) -> dict[str, Usage]:
    """Seconds of each rule, of all jobs, of snakemake and of the whole command."""
    for name in MADE:
        remove(RESULTS / name)
    command = [sys.executable, "-m", "snakemake", "--cores", str(cores), "--quiet", "all"]
    start = time.perf_counter()
    with subprocess.Popen(command) as process:
        own, jobs = watch(psutil.Process(process.pid), start)
    if process.returncode:
        sys.exit("snakemake failed")
    rules = rules_of_scripts()
    found = {rules[script]: usage for script, usage in jobs.items()}
    cpu = sum(usage.cpu for usage in found.values())
    began = min(usage.began for usage in found.values())
    ended = max(usage.ended for usage in found.values())
    return dict(sorted(found.items(), key=lambda item: item[1].began)) | {
        JOBS: Usage(began, ended, cpu),
        PLANNING: Usage(0.0, began, own.cpu),
        WHOLE: Usage(0.0, own.ended, cpu + own.cpu),
    }


def remove(path: Path) -> None:
    """Remove a file or a folder, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def watch(process: psutil.Process, start: float) -> tuple[Usage, dict[str, Usage]]:
    """Seconds of a command until it ends, and of the scripts that it runs, by script."""
    own, jobs = Usage(0.0, 0.0, 0.0), dict[str, Usage]()
    scripts: dict[psutil.Process, str | None] = {}
    while True:
        now = time.perf_counter() - start
        try:
            own = Usage(0.0, now, cpu_of(process))
            children = process.children(recursive=True)
        except psutil.NoSuchProcess:
            return own, jobs
        for child in children:
            try:
                if scripts.get(child) is None:
                    scripts[child] = script_of(child.cmdline())
                script = scripts[child]
                if script is not None:
                    usage = jobs.setdefault(script, Usage(now, now, 0.0))
                    usage.ended, usage.cpu = now, max(usage.cpu, cpu_of(child))
            except psutil.NoSuchProcess:
                continue
        time.sleep(INTERVAL)


def cpu_of(process: psutil.Process) -> float:
    """Processor time of a process itself; of one that is over there is none."""
    if process.status() == psutil.STATUS_ZOMBIE:
        raise psutil.NoSuchProcess(process.pid)
    times = process.cpu_times()
    return float(times.user + times.system)


def script_of(command: list[str]) -> str | None:
    """Script of the workflow that a process runs, or None."""
    found = [SCRIPT.search(part) for part in command[1:]]
    names = [match[1] for match in found if match and ".snakemake" in match.string]
    return names[0] if command and "python" in command[0] and names else None


def rules_of_scripts() -> dict[str, str]:
    """Rule that runs each script, from the files of rules."""
    pattern = re.compile(r"^ *rule (\w+):.*?/scripts/(\w+)\.py", re.M | re.S)
    return {
        script: rule
        for path in sorted(RULES.glob("*.smk"))
        for rule, script in pattern.findall(path.read_text(encoding="utf-8"))
    }


if __name__ == "__main__":
    main()
