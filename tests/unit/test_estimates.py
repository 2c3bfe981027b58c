"""The contract of estimates.csv."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import (
    COLUMNS,
    Quantity,
    estimates_frame,
    format_number,
    read_estimates,
    write_estimates,
)

ROW = {"study": "s", "table": "T1", "quantity": "mean", "term": "x", "estimate": 1.0}
AWKWARD = [0.1, 1 / 3, np.nextafter(1.0, 2.0), 1e-310, -0.0, 1.7976931348623157e308, 2.0**60]


def test_every_float_comes_back_to_the_last_bit(tmp_path):
    draws = np.random.default_rng(0)
    sizes = 10.0 ** draws.integers(-30, 30, 5000)
    values = np.array([*AWKWARD, *(draws.standard_normal(5000) * sizes)])
    rows = [{**ROW, "term": f"x{i:05}", "estimate": value} for i, value in enumerate(values)]
    write_estimates(estimates_frame(rows), tmp_path / "estimates.csv")
    back = read_estimates(tmp_path / "estimates.csv")
    assert back["estimate"].to_numpy().tobytes() == values.tobytes()


def test_texts_and_counts_come_back(tmp_path):
    row = {**ROW, "model": 'a "b", c', "outcome": "碳平衡", "year": 2003, "n_obs": 48,
           "seed": 2**31 + 5}  # fmt: skip
    frame = estimates_frame([row, {**ROW, "term": "NA"}])
    write_estimates(frame, tmp_path / "estimates.csv")
    pd.testing.assert_frame_equal(read_estimates(tmp_path / "estimates.csv"), frame)


def test_the_same_rows_in_any_order_give_the_same_bytes(tmp_path):
    rows = [
        {**ROW, "term": term, "year": year, "inference": inference}
        for term in "abc"
        for year in (None, 2003, 2004)
        for inference in ("", "delta")
    ]
    write_estimates(pd.DataFrame(rows), tmp_path / "a.csv")
    write_estimates(pd.DataFrame(rows[::-1]), tmp_path / "b.csv")
    write_estimates(pd.DataFrame(rows).sample(frac=1, random_state=1), tmp_path / "c.csv")
    assert (
        (tmp_path / "a.csv").read_bytes()
        == (tmp_path / "b.csv").read_bytes()
        == (tmp_path / "c.csv").read_bytes()
    )


def test_the_columns_are_those_of_the_contract():
    assert COLUMNS == (
        "study", "table", "model", "outcome", "spec", "sample", "weights", "equation", "quantity",
        "term", "year", "df", "estimate", "std_error", "statistic", "p_value", "ci_lower",
        "ci_upper", "n_units", "n_periods", "n_obs", "estimator", "vcov", "inference", "draws",
        "seed",
    )  # fmt: skip
    assert tuple(estimates_frame([ROW]).columns) == COLUMNS


def test_quantities_are_a_closed_list():
    assert len(Quantity) == 34
    with pytest.raises(DataError, match="unknown quantities: beta"):
        estimates_frame([{**ROW, "quantity": "beta"}])


def test_unknown_columns_are_refused():
    with pytest.raises(DataError, match="unknown columns: colour"):
        estimates_frame([{**ROW, "colour": "red"}])


def test_a_key_that_occurs_twice_is_refused():
    with pytest.raises(DataError, match=r"1 keys occur more than once.*s/T1.*mean/x"):
        estimates_frame([ROW, {**ROW, "estimate": 2.0}])


def test_rows_that_differ_in_year_or_inference_are_two():
    rows = [ROW, {**ROW, "year": 2003}, {**ROW, "inference": "delta"}]
    assert len(estimates_frame(rows)) == 3


def test_a_text_in_a_number_column_is_refused():
    with pytest.raises(ValueError, match="abc"):
        estimates_frame([{**ROW, "estimate": "abc"}])


def test_a_file_of_something_else_is_refused(tmp_path):
    (tmp_path / "a.csv").write_text("a,b\n1,2\n", encoding="utf-8")
    with pytest.raises(DataError, match=r"a\.csv: not a file of estimates; columns missing: study"):
        read_estimates(tmp_path / "a.csv")


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, ""),
        (pd.NA, ""),
        (float("nan"), ""),
        (3, "3"),
        (np.int64(7), "7"),
        (0.1, "0.10000000000000001"),
        (2.0, "2"),
        (float("inf"), "inf"),
    ],
)
def test_format_of_numbers(value, text):
    assert format_number(value) == text
