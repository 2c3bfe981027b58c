"""Small input-output tables for tests: generated, and typed in from Miller and Blair."""

from __future__ import annotations

import numpy as np
import pandas as pd

from yrb_carbon.embodied.accounts import EmbodiedSystem
from yrb_carbon.embodied.build import StudiedSystem
from yrb_carbon.embodied.coverage import calc_coverage
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.input_output import (
    InputOutputTable,
    account_labels,
    assemble_table,
    final_use_columns,
)

CATEGORIES = ("capital", "rural")


def codes(prefix: str, count: int) -> list[str]:
    """`count` codes that sort in their order: p1, or p01 where there are more than nine."""
    return [f"{prefix}{number:0{len(str(count))}d}" for number in range(1, count + 1)]


def make_table(
    intermediate,
    final_demand,
    *,
    regions,
    sectors,
    exports=None,
    errors=None,
    output=None,
    imports=None,
    year=2012,
    categories=("all",),
) -> InputOutputTable:
    """A table of arrays in canonical order; output is the sum of rows, value added the rest."""
    labels = account_labels(regions, sectors)
    flows = np.asarray(intermediate, dtype=float)
    demand = np.asarray(final_demand, dtype=float).reshape(len(labels), -1)
    zero = np.zeros(len(labels))
    outward = zero if exports is None else np.asarray(exports, dtype=float)
    wrong = zero if errors is None else np.asarray(errors, dtype=float)
    inward = zero if imports is None else np.asarray(imports, dtype=float)
    made = flows.sum(axis=1) + demand.sum(axis=1) + outward + wrong
    made = made if output is None else np.asarray(output, dtype=float)
    columns = final_use_columns(regions, categories)
    return assemble_table(
        year=year,
        intermediate=pd.DataFrame(flows, index=labels, columns=labels),
        final_demand=pd.DataFrame(demand, index=labels, columns=columns),
        output=pd.Series(made, index=labels),
        unit="10^4 yuan",
        record=FileRecord(file="made up", sheet=None, sha256="0" * 64, rows=len(labels)),
        exports=pd.Series(outward, index=labels),
        errors=pd.Series(wrong, index=labels),
        imports=pd.Series(inward, index=labels),
        value_added=pd.DataFrame(
            [made - flows.sum(axis=0) - inward], index=["all"], columns=labels
        ),
    )


def random_table(
    n_regions: int,
    n_sectors: int,
    seed: int,
    *,
    zero_accounts: int = 0,
    year: int = 2012,
    errors: bool = False,
) -> InputOutputTable:
    """A balanced table with exports, imports, falling inventories and, if wanted, idle accounts.

    A has column sums of 0.2 to 0.75; the first region's final demand is negative in some accounts
    where the others' makes up for it.
    """
    rng = np.random.default_rng(seed)
    regions, sectors = codes("p", n_regions), codes("S", n_sectors)
    n = n_regions * n_sectors
    coefficients = rng.gamma(0.3, size=(n, n))
    coefficients *= rng.uniform(0.2, 0.75, n) / coefficients.sum(axis=0)
    demand = rng.gamma(0.5, 100.0, size=(n, n_regions * len(CATEGORIES)))
    falling = (rng.random(n) < 0.3) & (demand[:, 2:].sum(axis=1) > demand[:, 1])
    demand[falling, 0] = -1.2 * demand[falling, 1]
    exports = rng.gamma(0.5, 100.0, size=n)
    wrong = rng.normal(0.0, 1.0, n) if errors else np.zeros(n)
    idle = rng.choice(n, zero_accounts, replace=False)
    coefficients[idle] = coefficients[:, idle] = 0.0
    demand[idle] = exports[idle] = wrong[idle] = 0.0
    final = demand.sum(axis=1) + exports + wrong
    output = np.linalg.solve(np.eye(n) - coefficients, final)
    return make_table(
        coefficients * output,
        demand,
        regions=regions,
        sectors=sectors,
        exports=exports,
        errors=wrong,
        output=output,
        imports=0.05 * output,
        year=year,
        categories=CATEGORIES,
    )


def studied(
    name: str, by_year: dict[int, EmbodiedSystem], mining: tuple[str, ...]
) -> StudiedSystem:
    """Systems of some years as those that a study builds, all emissions at their accounts."""
    nothing = pd.Series(dtype=float)
    coverage = {
        year: calc_coverage(
            system, float(system.emissions.sum() + system.unplaced.sum()), nothing, mining
        )
        for year, system in by_year.items()
    }
    return StudiedSystem(name, by_year, mining, (), coverage)


def random_emissions(table: InputOutputTable, seed: int, regions=None) -> pd.Series:
    """Emissions in Mt of the accounts with output, of some regions or all, in random order."""
    rng = np.random.default_rng(seed)
    values = rng.gamma(0.5, 5.0, len(table.labels)) * (table.output.to_numpy() > 0)
    emissions = pd.Series(values, index=table.labels)
    if regions is not None:
        emissions = emissions[emissions.index.get_level_values("region").isin(regions)]
    return emissions.sample(frac=1.0, random_state=seed)
