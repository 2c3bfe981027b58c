"""Time and memory of embodied carbon on tables of the published size, beside pymrio.

    python benchmarks/embodied.py [--repeats N] [--output FILE]

Generated balanced tables of 31 provinces x 42 sectors (1302 accounts) and of 31 x 26, two years.
One thread; a small table is run before the clock starts, so that imports do not count. Ends with
code 1 if a promise is not kept for 31 x 42: a workbook read, accounts, flows and network take less
than 30 s together, paths above 0.01 % to depth 4 less than 60 s, the whole process less than 2 GB.

Columns, seconds of wall time, medians over ``repeats``:

- read: `read_ceads_mrio` of the demonstration's workbook of the published layout (42 only);
- merge: `aggregate_table` to 26 sectors (42 only);
- system: `build_system` with its identities;
- accounts: `calc_responsibility` of all and of the mining emissions;
- flows: the three definitions, balances, upstream, downstream and sector flows of mining;
- network: `analyse_network` of the flows, small world against 100 random networks;
- paths: `analyse_paths` of all emissions, threshold 0.01 %, depth 4; n_paths of them, which hold
  the share explained; paths_mining: the same for the emissions of mining;
- decomposition: `decompose_change` between the two years;
- deflation: `deflate_table`;
- accounts_and_flows: system, accounts and flows; read_to_network: read and network as well;
- pymrio: `IOSystem.calc_all` on the same table; ratio: system and accounts over pymrio;
- peak_mb: largest memory of the process up to the end of the case, pymrio left out.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pymrio
from threadpoolctl import threadpool_limits

from yrb_carbon.demo.mrio import DIALECTS, write_table
from yrb_carbon.demo.mrio_model import make_table as make_demo_table
from yrb_carbon.embodied.accounts import EmbodiedSystem, build_system, calc_responsibility
from yrb_carbon.embodied.aggregation import aggregate_table
from yrb_carbon.embodied.decomposition import decompose_change
from yrb_carbon.embodied.deflation import deflate_table
from yrb_carbon.embodied.flows import (
    calc_downstream,
    calc_flows,
    calc_sector_balance,
    calc_sector_flows,
    calc_upstream,
)
from yrb_carbon.embodied.network import analyse_network, without_negative_flows
from yrb_carbon.embodied.paths import PathAnalysis, analyse_paths
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.ceads_mrio import read_ceads_mrio
from yrb_carbon.sources.input_output import (
    InputOutputTable,
    account_labels,
    assemble_table,
    final_use_columns,
)
from yrb_carbon.study.embodied import FLOWS
from yrb_carbon.study.provinces import load_provinces

OUTPUT = Path(__file__).parents[1] / "docs" / "benchmarks" / "embodied.csv"
PROVINCES = 31
PUBLISHED, MERGED = 42, 26
MINING = {PUBLISHED: ["02", "03", "04", "05"], MERGED: ["02"]}
CATEGORIES = ("capital", "government", "inventory", "rural", "urban")
YEARS = (2012, 2017)
READ_YEAR = 2015
THRESHOLD, DEPTH, SEED = 1e-4, 4, 1
READ_TO_NETWORK = ("read", "accounts_and_flows", "network")
PROMISES = {"read_to_network": 30.0, "paths": 60.0, "paths_mining": 60.0, "peak_mb": 2000.0}


def main() -> None:
    """Run every case, write the table, hold the promises."""
    parser = argparse.ArgumentParser(description="time and memory of embodied carbon")
    parser.add_argument("--output", type=Path, default=OUTPUT)
    parser.add_argument("--repeats", type=int, default=3)
    options = parser.parse_args()
    with threadpool_limits(1):
        run_case(2, MERGED, 1)
        own = [run_case(PROVINCES, n_sectors, options.repeats) for n_sectors in (MERGED, PUBLISHED)]
        own[-1] |= time_reading(options.repeats)
        own[-1]["read_to_network"] = sum(own[-1][name] for name in READ_TO_NETWORK)
        own[-1]["peak_mb"] = peak_mb()
        rows = [row | time_pymrio(row, options.repeats) for row in own]
    table = pd.DataFrame(rows)
    print(table.T.to_string())
    table.to_csv(options.output, index=False, float_format="%.6g", lineterminator="\n")
    broken = check_promises(table)
    print("\n".join(broken) or "all promises are kept")
    sys.exit(bool(broken))


def check_promises(table: pd.DataFrame) -> list[str]:
    """What the table does not keep for the published size."""
    published = table[table["n_sectors"] == PUBLISHED].iloc[0]
    return [
        f"{name} is {published[name]:.3g}, promised {limit:.3g}"
        for name, limit in PROMISES.items()
        if not published[name] < limit
    ]


def run_case(n_regions: int, n_sectors: int, repeats: int) -> dict[str, Any]:
    """Times of one size."""
    tables = [make_table(n_regions, n_sectors, year) for year in YEARS]
    emissions = [make_emissions(table) for table in tables]
    mining = MINING[n_sectors]
    laps: dict[str, list[float]] = {}

    def timed(name: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        laps.setdefault(name, []).append(time.perf_counter() - start)
        return result

    for _ in range(repeats):
        if n_sectors == PUBLISHED:
            merging = {s: f"{int(s) % MERGED:02d}" for s in tables[0].sectors}
            timed("merge", lambda to=merging: aggregate_table(tables[0], to))
        start, end = (build_system(*pair) for pair in zip(tables, emissions, strict=True))
        system: EmbodiedSystem = timed("system", lambda: build_system(tables[0], emissions[0]))
        timed("accounts", lambda s=system: responsibilities(s, mining))
        timed("flows", lambda s=system: all_flows(s, mining))
        between = calc_flows(system, mining).between
        timed("network", lambda f=between: analyse_network(without_negative_flows(f)[0]))
        found: PathAnalysis = timed("paths", lambda s=system: paths(s))
        timed("paths_mining", lambda s=system: paths(s, emitters=mining))
        timed("decomposition", lambda a=start, b=end: decompose_change(a, b))
        prices = pd.Series(1.1, index=list(tables[0].sectors))
        timed("deflation", lambda p=prices: deflate_table(tables[1], p, YEARS[0], 1.0))
    row: dict[str, Any] = {"n_regions": n_regions, "n_sectors": n_sectors, "repeats": repeats}
    row |= {name: statistics.median(seconds) for name, seconds in laps.items()}
    row["accounts_and_flows"] = row["system"] + row["accounts"] + row["flows"]
    row |= {"n_paths": len(found.paths), "explained": found.explained}
    row["peak_mb"] = peak_mb()
    return row


def peak_mb() -> float:
    """Largest memory of the process so far."""
    # The kernel counts in kB.
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def time_reading(repeats: int) -> dict[str, float]:
    """Seconds to read a workbook of the published layout and size."""
    seconds = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "table.xlsx"
        made = make_demo_table(READ_YEAR, SEED)
        write_table(path, made, DIALECTS[READ_YEAR], load_provinces())
        for _ in range(repeats):
            start = time.perf_counter()
            read_ceads_mrio(path, year=READ_YEAR)
            seconds.append(time.perf_counter() - start)
    return {"read": statistics.median(seconds)}


def time_pymrio(row: dict[str, Any], repeats: int) -> dict[str, float]:
    """Seconds of pymrio's accounts of the same table, and ours over them."""
    table = make_table(row["n_regions"], row["n_sectors"], YEARS[0])
    emissions = make_emissions(table).to_frame("co2").T
    seconds = []
    for _ in range(repeats):
        exports = pd.DataFrame(
            table.exports.to_numpy()[:, None],
            index=table.labels,
            columns=pd.MultiIndex.from_tuples([(table.regions[0], "exports")]),
        )
        demand = pd.concat([table.final_demand, exports], axis=1)
        demand.columns.names = ["region", "category"]
        peer = pymrio.IOSystem(Z=table.intermediate, Y=demand)
        peer.emissions = pymrio.Extension("emissions", F=emissions)
        start = time.perf_counter()
        peer.calc_all()
        seconds.append(time.perf_counter() - start)
    median = statistics.median(seconds)
    return {"pymrio": median, "ratio": (row["system"] + row["accounts"]) / median}


def responsibilities(system: EmbodiedSystem, mining: list[str]) -> None:
    calc_responsibility(system)
    calc_responsibility(system, sectors=mining)


def all_flows(system: EmbodiedSystem, mining: list[str]) -> None:
    for definition in FLOWS:
        flows = calc_flows(system, mining, definition)
        flows.balance()
        flows.largest()
    calc_sector_balance(system, mining)
    calc_upstream(system, mining)
    calc_downstream(system, mining)
    calc_sector_flows(system)


def paths(system: EmbodiedSystem, emitters: list[str] | None = None) -> PathAnalysis:
    return analyse_paths(system, threshold=THRESHOLD, max_depth=DEPTH, emitters=emitters)


def make_table(n_regions: int, n_sectors: int, year: int) -> InputOutputTable:
    """A balanced table whose regions buy mostly at home."""
    rng = np.random.default_rng([SEED, year, n_sectors])
    regions = [f"{11 + number}" for number in range(n_regions)]
    sectors = [f"{1 + number:02d}" for number in range(n_sectors)]
    labels = account_labels(regions, sectors)
    n = len(labels)
    home = np.kron(np.eye(n_regions), np.ones((n_sectors, n_sectors)))
    coefficients = rng.gamma(0.2, size=(n, n)) * (home + 0.02)
    coefficients *= rng.uniform(0.3, 0.8, n) / coefficients.sum(axis=0)
    columns = final_use_columns(regions, CATEGORIES)
    users = np.repeat(np.eye(n_regions), n_sectors, axis=0)
    final = rng.gamma(0.5, 1e5, (n, len(columns)))
    final *= np.repeat(users + 0.02, len(CATEGORIES), axis=1)
    exports = rng.gamma(0.5, 1e4, n)
    output = np.linalg.solve(np.eye(n) - coefficients, final.sum(axis=1) + exports)
    flows = coefficients * output
    return assemble_table(
        year=year,
        intermediate=pd.DataFrame(flows, index=labels, columns=labels),
        final_demand=pd.DataFrame(final, index=labels, columns=columns),
        output=pd.Series(output, index=labels),
        unit="10^4 yuan",
        record=FileRecord(file="generated", sheet=None, sha256="0" * 64, rows=n),
        exports=pd.Series(exports, index=labels),
        value_added=pd.DataFrame([output - flows.sum(axis=0)], index=["all"], columns=labels),
    )


def make_emissions(table: InputOutputTable) -> pd.Series:
    """Emissions in Mt, a few accounts with most of them."""
    rng = np.random.default_rng([SEED, table.year])
    return pd.Series(rng.gamma(0.2, 30.0, len(table.labels)), index=table.labels)


if __name__ == "__main__":
    main()
