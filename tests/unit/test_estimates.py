"""The contract of estimates.csv."""

from __future__ import annotations

import math

import numpy as np
import pandas as pd
import pytest

from yrb_carbon import estimates
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import (
    COLUMNS,
    Quantity,
    estimates_frame,
    format_number,
    parse_numbers,
    read_cells,
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


@pytest.fixture
def written(tmp_path):
    """A file of estimates, and a function that writes other bytes in its place."""
    file = tmp_path / "estimates.csv"
    write_estimates(estimates_frame([{**ROW, "term": f"碳{i}"} for i in range(5)]), file)
    return file


def fault_of(file, content: bytes | str) -> str:
    file.write_bytes(content if isinstance(content, bytes) else content.encode("utf-8"))
    with pytest.raises(DataError) as caught:
        read_estimates(file)
    text = str(caught.value)
    assert text.startswith(f"{file}: ")
    return text.removeprefix(f"{file}: ")


def test_a_file_cut_at_any_byte_is_refused_unless_a_whole_line_is_gone(written):
    content = written.read_bytes()
    for size in range(content.index(b"\n") + 1, len(content)):
        if content[:size].endswith(b"\n"):
            written.write_bytes(content[:size])
            assert len(read_estimates(written)) == content[:size].count(b"\n") - 1
            continue
        line = content[:size].count(b"\n") + 1
        told = fault_of(written, content[:size])
        assert told.startswith(f"line {line}: the file ends "), (size, told)
        assert told.endswith("; if a run wrote it, run the study again")


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (",碳1,", ",碳1,7,", "line 3: more cells than the heading has columns (27 of 26 cells)"),
        (",碳1,", ",", "line 3: fewer cells than the heading has columns (25 of 26 cells)"),
        (",碳1,", ',"碳1,', "line 3: a quotation mark has no other one"),
        (",碳1,", ',"碳"1,', "line 3: a quotation mark has no other one"),
        ("study,table", "study,study", "line 1: columns named twice: study"),
        ("study,table", "study,tabel", "not a file of estimates; columns missing: table"),
        (",mean,碳3,", ",mena,碳3,", "estimates have unknown quantities: mena"),
        (",碳3,", ",碳2,", "1 keys occur more than once"),
        (",碳3,,,1,", ",碳3,x,,1,", "column 'year': no whole number in line 5: 'x'"),
        (",碳3,,,1,", ",碳3,2003.5,,1,", "column 'year': no whole number in line 5: '2003.5'"),
        (",碳3,,,1,", ",碳3,,,1o,", "column 'estimate': no number in line 5: '1o'"),
    ],
)
def test_damage_is_told_with_its_line(written, old, new, told):
    text = written.read_text(encoding="utf-8")
    assert old in text
    assert fault_of(written, text.replace(old, new)).startswith(told)


ODD_TEXTS = [
    "a, b",
    'say "b"',
    "two\nlines",
    " blank ",
    "nan",
    "NA",
    "None",
    "碳",
    "1e5",
    "'",
    "\t",
]


@pytest.fixture
def careful(monkeypatch):
    """Reads a file cell by cell."""

    def read(file):
        with monkeypatch.context() as patch:
            patch.setattr(estimates, "_read_sound", lambda path: None)
            return read_estimates(file)

    return read


def test_a_sound_file_is_read_at_once_to_the_same_rows(tmp_path, careful):
    numbers = [0.1 + 0.2, -1 / 3, 5e-324, 1.7976931348623157e308, math.inf, None, 2.0**53 + 2]
    rows = [
        {**ROW, "term": text, "estimate": number, "year": year, "draws": draws}
        for text in ODD_TEXTS
        for number, year, draws in zip(numbers, range(2003, 2010), [None, *range(6)], strict=True)
    ]
    file = tmp_path / "estimates.csv"
    write_estimates(estimates_frame(rows), file)
    pd.testing.assert_frame_equal(read_estimates(file), careful(file))
    assert list(read_estimates(file)["term"].unique()) == sorted(ODD_TEXTS)
    # a break within a cell is left to the careful reader
    assert estimates._read_sound(file) is None
    plain = [row for row in rows if "\n" not in row["term"]]
    write_estimates(estimates_frame(plain), file)
    assert estimates._read_sound(file) is not None
    pd.testing.assert_frame_equal(read_estimates(file), careful(file))
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    pd.testing.assert_frame_equal(read_estimates(file), careful(file))


@pytest.mark.parametrize(
    "spoil",
    [
        lambda line: line[: line.rindex(b",")],
        lambda line: line[: line.rindex(b",", 0, line.rindex(b","))],
        lambda line: line + b",",
        lambda line: line.replace(b",mean,", b',"mean,'),
        lambda line: line.replace(b",mean,", b',"me"an,'),
        lambda line: line + b"\n",
        lambda line: line + b"\n ",
        lambda line: line.replace(b"mean", b"me\0an"),
        lambda line: line.replace(b"mean", b"me\xffan"),
        lambda line: b"x," + line,
    ],
    ids=[
        "one cell less", "two cells less", "a cell more", "quotation mark", "text behind quotes",
        "blank line", "line of blanks", "zero byte", "no UTF-8", "a cell before",
    ],
)  # fmt: skip
@pytest.mark.parametrize("everywhere", [False, True])
def test_any_other_file_is_left_to_the_careful_reader(written, spoil, everywhere):
    head, *lines = written.read_bytes().splitlines()
    spoilt = [spoil(line) if everywhere or place == 2 else line for place, line in enumerate(lines)]
    written.write_bytes(b"\n".join([head, *spoilt]) + b"\n")
    assert estimates._read_sound(written) is None


def test_files_that_are_no_text_are_told(written, tmp_path):
    head = written.read_bytes()
    assert fault_of(written, b"").startswith("the file is empty")
    assert fault_of(written, b"\n\n").startswith("the file is empty")
    assert fault_of(written, head + b"\xff\n").startswith("line 7: not UTF-8 (byte 0xFF)")
    with pytest.raises(DataError, match="no such file; run the study first"):
        read_estimates(tmp_path / "none.csv")
    with pytest.raises(DataError, match=r"cannot be read \(is a directory\)"):
        read_estimates(tmp_path)


def test_cells_know_their_lines_and_hand_made_files_may_lack_the_last_break(tmp_path):
    file = tmp_path / "own.csv"
    file.write_bytes('\ufeffa,b\r\n"1\n2",x\r\n\r\n3,y'.encode())
    frame = read_cells(file, whole=False)
    assert frame.index.tolist() == [2, 5]
    assert frame.to_dict("list") == {"a": ["1\n2", "3"], "b": ["x", "y"]}
    with pytest.raises(DataError, match=r"line 5: the file ends within this line \(2 of 2 cells"):
        read_cells(file)
    with pytest.raises(DataError, match="column 'a': no number in line 2: '1\\\\n2'"):
        parse_numbers(frame["a"], file)
