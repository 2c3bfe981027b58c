"""Systems whose regions and sectors have blanks and marks in their names, from rows to print."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from embodied_rows import embodied_study
from io_tables import make_table, studied

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.embodied.accounts import RESERVED, build_system
from yrb_carbon.embodied.build import StudiedSystem
from yrb_carbon.embodied.flows import calc_flows
from yrb_carbon.embodied.paths import analyse_paths
from yrb_carbon.embodied.rows import system_rows
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame, read_estimates, write_estimates
from yrb_carbon.report.flow_rows import flow_matrix
from yrb_carbon.report.layout import layout_table
from yrb_carbon.study.account_terms import split_account, split_path
from yrb_carbon.study.embodied import EmbodiedSection

REGIONS = ("Rest", "Rest of", "Rest-of", "a > b", "of World")
SECTORS = ("World mining", "mining", "of World mining", 'the "new" > old')
"""Joined by a blank, `Rest` with `of World mining` and `Rest of` with `World mining` are alike."""
MINING = ("mining", "World mining")
SYSTEM = {
    "format": "pymrio", "sectors": "own", "mining": list(MINING), "emissions": "own",
    "extension": "air", "tables": {2010: {"path": "a"}},
}  # fmt: skip


def table_of(regions: tuple[str, ...]) -> Any:
    rng = np.random.default_rng(3)
    n = len(regions) * len(SECTORS)
    final = rng.gamma(0.5, 100.0, (n, len(regions)))
    coefficients = rng.gamma(0.3, size=(n, n))
    coefficients *= 0.5 / coefficients.sum(axis=0)
    output = np.linalg.solve(np.eye(n) - coefficients, final.sum(axis=1))
    # the tables have their accounts in the order of the names
    return make_table(
        coefficients * output, final, regions=sorted(regions), sectors=sorted(SECTORS),
        output=output, year=2010,
    )  # fmt: skip


def system_of(regions: tuple[str, ...]) -> StudiedSystem:
    table = table_of(regions)
    emissions = pd.Series(np.arange(1.0, len(table.labels) + 1), table.labels)
    return studied("mrio", {2010: build_system(table, emissions)}, MINING)


@pytest.fixture(scope="module")
def study() -> Any:
    section = {"inventories": {2012: "x.xlsx"}, "systems": {"mrio": SYSTEM}}
    more: dict[str, Any] = {f"B{k}": {"top": 1000} for k in (4, 6)}
    return embodied_study(embodied=section, **more)


@pytest.fixture(scope="module")
def system() -> StudiedSystem:
    return system_of(REGIONS)


@pytest.fixture(scope="module")
def rows(study, system, tmp_path_factory) -> pd.DataFrame:
    """Rows of all tables of the system, written and read back."""
    frames = [
        system_rows(
            study.tables[name], system, EmbodiedSection(), 1, TableKey("tiny", name, "")
        ).frame
        for name in ("B2", "B3", "B4", "B5", "B6")
    ]
    path = tmp_path_factory.mktemp("rows") / "estimates.csv"
    write_estimates(estimates_frame(pd.concat(frames).to_dict("records")), path)
    return read_estimates(path)


def test_every_path_has_a_term_of_its_own_that_is_read_back(rows, system):
    wanted = analyse_paths(system.by_year[2010], emitters=MINING).paths
    own = rows[rows["table"].eq("B6") & rows["quantity"].eq("value")]
    own = own[own["equation"].str.fullmatch(r"depth \d")]
    assert len(own) == len(wanted) > len(REGIONS) * len(SECTORS)
    ends = {
        (*split_account(split_path(term)[0]), *split_account(split_path(term)[-1]))
        for term in own["term"]
    }
    columns = ["emitter_region", "emitter_sector", "final_region", "final_sector"]
    assert ends == set(wanted[columns].itertuples(index=False, name=None))


@pytest.mark.parametrize("flow", ["system", "producer", "final"])
def test_flows_are_read_back(rows, system, flow):
    own = rows[rows["table"].eq("B4") & rows["model"].eq(flow)]
    found = flow_matrix(own, "B4")
    wanted = calc_flows(system.by_year[2010], MINING, flow).flows
    pd.testing.assert_frame_equal(
        found, wanted.loc[found.index, found.columns], check_names=False, check_exact=True
    )


def test_tables_print_the_names(rows, study):
    printed = layout_table("B4", study, rows).body
    assert "Rest of to Rest-of" in set(printed["2010: path"])
    texts = " ".join(map(str, layout_table("B6", study, rows).body.to_numpy().ravel()))
    assert "Rest of: World mining" in texts
    assert "Rest: of World mining" in texts
    assert "a > b: mining" in texts
    assert 'the "new" > old' in texts


@pytest.mark.parametrize("name", [name for name in RESERVED if name])
def test_names_of_destinations_and_sums_are_refused(name):
    with pytest.raises(DataError, match=f"named '{name}', which stand for"):
        system_of((*REGIONS[:2], name))
