"""The form of input-output tables: canonical order, balances, faults of labels."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.input_output import (
    InputOutputTable,
    account_labels,
    assemble_table,
    emission_frame,
    final_use_columns,
)

EXACT = 1e-12
"""Sums of a handful of doubles."""
REGIONS, SECTORS = ("61", "11"), ("02", "01", "03")


def small_table(seed: int = 1, shuffle: bool = False) -> InputOutputTable:
    """A balanced table of two regions and three sectors, its parts in any order."""
    rng = np.random.default_rng(seed)
    labels = account_labels(REGIONS, SECTORS)
    uses = final_use_columns(REGIONS, ("urban", "capital"))
    z = rng.uniform(1, 10, (6, 6))
    y = rng.uniform(20, 50, (6, 4))
    e, r, m = rng.uniform(0, 5, (3, 6))
    x = z.sum(1) + y.sum(1) + e + r
    v = x - z.sum(0) - m
    rows = rng.permutation(6) if shuffle else np.arange(6)
    columns = rng.permutation(6) if shuffle else np.arange(6)
    return assemble_table(
        year=2012,
        intermediate=pd.DataFrame(z, labels, labels).iloc[rows, columns],
        final_demand=pd.DataFrame(y, labels, uses).iloc[rows[::-1], [2, 0, 3, 1]],
        exports=pd.Series(e, labels).iloc[columns],
        errors=pd.Series(r, labels),
        output=pd.Series(x, labels).iloc[rows],
        imports=pd.Series(m, labels).iloc[rows],
        value_added=pd.DataFrame([v], ["surplus"], labels).iloc[:, rows],
        unit="10^4 yuan",
        record=FileRecord("none", None, "", 6),
    )


def test_labels_are_in_canonical_order():
    straight, shuffled = small_table(), small_table(shuffle=True)
    assert straight.regions == ("11", "61")
    assert straight.sectors == ("01", "02", "03")
    assert shuffled.labels.equals(straight.labels)
    assert list(shuffled.final_demand.columns) == list(straight.final_demand.columns)
    assert shuffled.intermediate.index.equals(shuffled.intermediate.columns)


def test_shuffled_parts_keep_their_values():
    rng = np.random.default_rng(3)
    table = small_table()
    order = rng.permutation(6)
    parts = {
        "intermediate": table.intermediate.iloc[order, order[::-1]],
        "final_demand": table.final_demand.iloc[order, [3, 1, 0, 2]],
        "exports": table.exports.iloc[order],
        "errors": table.errors.iloc[order[::-1]],
        "output": table.output.iloc[order],
        "imports": table.imports.iloc[order],
        "value_added": table.value_added.iloc[:, order],
    }
    again = assemble_table(year=2012, unit=table.unit, record=table.record, **parts)
    for name in parts:
        values, wanted = getattr(again, name), getattr(table, name)
        assert np.array_equal(values.to_numpy(), wanted.to_numpy()), name


def test_balances_of_a_balanced_table():
    table = small_table()
    balance = table.balance()
    assert balance[["row_gap", "column_gap"]].abs().to_numpy().max() < EXACT
    assert table.check_balance(tolerance=EXACT).empty
    final = table.final_demand.to_numpy().sum() + table.exports.sum() + table.errors.sum()
    assert table.total_final.sum() == pytest.approx(final, rel=EXACT)


@pytest.mark.parametrize(
    ("part", "sides"),
    [("exports", ["row"]), ("imports", ["column"]), ("output", ["row", "column"])],
)
def test_an_account_out_of_balance_is_named_with_its_side(part, sides):
    table = small_table()
    wrong = getattr(table, part).copy()
    wrong["61", "02"] += 0.05 * table.output["61", "02"]
    broken = replace(table, **{part: wrong})
    with pytest.raises(DataError, match=r"of 12 rows and columns .*of 61 02 sums to") as caught:
        broken.check_balance()
    failing = broken.check_balance(accepted_share=2 / 12)
    assert failing[["region", "sector"]].drop_duplicates().to_numpy().tolist() == [["61", "02"]]
    assert sorted(failing["side"]) == sorted(sides)
    share = 0.05 if part != "output" else -0.05 / 1.05
    assert failing["gap"].to_numpy() == pytest.approx([share] * len(sides), rel=1e-9)
    assert f"{share:+.2%}" in str(caught.value)


def test_the_tolerance_is_a_bound_on_the_relative_gap():
    table = small_table()
    wrong = table.exports.copy()
    wrong["11", "01"] += 0.0099 * table.output["11", "01"]
    assert replace(table, exports=wrong).check_balance(tolerance=0.01).empty
    with pytest.raises(DataError, match="11 01"):
        replace(table, exports=wrong).check_balance(tolerance=0.0098)


def test_an_account_without_output_must_not_sell():
    table = small_table()
    silent = replace(table, output=table.output.mask(table.output == table.output.iloc[0], 0.0))
    with pytest.raises(DataError, match="output 0"):
        silent.check_balance(tolerance=10.0)


def test_faults_of_labels_are_named():
    table = small_table()
    with pytest.raises(DataError, match=r"exports: .* missing 61 03, too many none"):
        replace(table, exports=table.exports.iloc[:-1])
    with pytest.raises(DataError, match=r"output: .*in another order"):
        replace(table, output=table.output.iloc[::-1])
    parts = {"year": 2012, "unit": "", "record": table.record}
    with pytest.raises(DataError, match=r"1 accounts are missing.*61 03"):
        assemble_table(
            intermediate=table.intermediate, final_demand=table.final_demand,
            output=table.output.iloc[:-1], **parts,
        )  # fmt: skip
    twice = pd.concat([table.output, table.output.iloc[:1]])
    with pytest.raises(DataError, match="more than once: 11 01"):
        assemble_table(
            intermediate=table.intermediate, final_demand=table.final_demand, output=twice, **parts
        )


def test_missing_amounts_are_named():
    table = small_table()
    holed = table.intermediate.copy()
    holed.iloc[1, 5] = np.nan
    with pytest.raises(DataError, match=r"intermediate: .*at 11 02 / 61 03"):
        replace(table, intermediate=holed)


def test_parts_left_out_are_zero():
    table = small_table()
    bare = assemble_table(
        year=2012,
        intermediate=table.intermediate,
        final_demand=table.final_demand,
        output=table.output,
        unit="",
        record=table.record,
    )
    assert bare.exports.sum() == bare.errors.sum() == bare.imports.sum() == 0.0
    assert bare.value_added.shape == (0, 6)
    assert (bare.balance()["inputs"] == table.intermediate.sum(axis=0)).all()


def test_emissions_as_a_tidy_frame():
    table = small_table()
    coal = pd.Series(np.arange(6.0), table.labels)
    frame = emission_frame(2012, {"coal": coal.iloc[::-1], "gas": 2 * coal}, table.labels)
    assert list(frame.columns) == ["year", "province", "sector", "fuel", "co2"]
    keyed = frame.set_index(["fuel", "province", "sector"])["co2"]
    assert keyed["coal", "11", "03"] == coal["11", "03"] == 2.0
    assert keyed["gas", "61", "02"] == 8.0
