"""Files of results that were not written to their end, or are none: one line with the place."""

from __future__ import annotations

import json
from pathlib import Path

import pandas as pd
import pytest
from typer.testing import CliRunner

from yrb_carbon.claims import CLAIM_COLUMNS, write_claims
from yrb_carbon.claims.verdicts import NUMBERS
from yrb_carbon.cli import app
from yrb_carbon.estimates import estimates_frame, write_estimates

runner = CliRunner()
WRONG = 2


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder of results with three rows of estimates and two verdicts."""
    rows = [
        {"study": "own", "table": "T4", "quantity": "coef", "term": term, "estimate": 0.5}
        for term in ("lq", "ln_pgdp", "矿业集聚")
    ]
    write_estimates(estimates_frame(rows), tmp_path / "estimates.csv")
    verdicts = pd.DataFrame("", index=range(2), columns=list(CLAIM_COLUMNS), dtype=object)
    verdicts["id"], verdicts["finding"] = ["one", "two"], 1
    verdicts["statement_zh"] = "矿业集聚"
    verdicts[list(NUMBERS)] = None
    write_claims(verdicts.assign(estimate=0.5), tmp_path / "claims.csv")
    return tmp_path


def commands(folder: Path) -> dict[str, list[str]]:
    """Commands that read a file of the results, by the file."""
    file = str(folder / "estimates.csv")
    return {
        "compare": ["compare", file, file],
        "compare of folders": ["compare", str(folder), str(folder)],
        "explain": ["explain", "lq", "--results", str(folder)],
        "claims": ["claims", str(folder)],
    }


NAMES = ("compare", "compare of folders", "explain", "claims")


@pytest.mark.parametrize("name", NAMES)
def test_whole_files_are_read(results, name):
    done = runner.invoke(app, commands(results)[name])
    assert (done.exit_code, done.stderr) == (0, "")


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("left", [0.5, 0.97, "middle of a character"])
def test_a_file_cut_in_a_line_is_told_with_the_line(results, name, left):
    file = results / ("claims.csv" if name == "claims" else "estimates.csv")
    content = file.read_bytes()
    size = int(len(content) * left) if isinstance(left, float) else 0
    if not size:
        size = content.rindex("集".encode()) + 1
    file.write_bytes(content[:size])
    line = content[:size].count(b"\n") + 1
    plain = runner.invoke(app, commands(results)[name])
    assert (plain.exit_code, plain.stdout) == (WRONG, "")
    (told,) = plain.stderr.splitlines()
    assert told.startswith(f"{file}: line {line}: the file ends ")
    as_json = json.loads(runner.invoke(app, [*commands(results)[name], "--json"]).stdout)
    assert (as_json["exit_code"], as_json["errors"]) == (WRONG, [told])


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    ("content", "told"),
    [
        (b"", "the file is empty"),
        (b"PK\x03\x04\xff\xfe\n", "line 1: not UTF-8 (byte 0xFF)"),
        (b"a,b\n1,2\n", "columns missing: "),
        (b'"a,b\n1,2\n', "line 1: a quotation mark has no other one"),
        (None, "cannot be read (is a directory)"),
    ],
)
def test_what_is_no_such_file_is_told(results, name, content, told):
    file = results / ("claims.csv" if name == "claims" else "estimates.csv")
    file.unlink()
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    words = commands(results)[name]
    if content is None and name == "compare":
        # a folder of that name is a folder of results
        told = "the folder has no estimates.csv"
    done = runner.invoke(app, words)
    assert (done.exit_code, done.stdout) == (WRONG, "")
    (line,) = done.stderr.splitlines()
    assert line.startswith(f"{file}: ")
    assert told in line


def test_a_verdict_with_a_word_for_a_number_is_told(results):
    file = results / "claims.csv"
    file.write_text(file.read_text("utf-8").replace(",0.5,", ",half,", 1), "utf-8")
    done = runner.invoke(app, ["claims", str(results)])
    assert done.stderr == f"{file}: column 'estimate': no number in line 2: 'half'\n"
    assert done.exit_code == WRONG


@pytest.mark.parametrize("content", [b"", b"[]", b"{}", b'{"synthetic": ', b"\xff", None])
def test_a_damaged_manifest_is_told(results, content):
    file = results / "manifest.json"
    if content is None:
        file.mkdir()
    else:
        file.write_bytes(content)
    done = runner.invoke(app, ["compare", "--published", str(results)])
    assert (done.exit_code, done.stdout) == (WRONG, "")
    assert done.stderr.startswith(f"{file}: not a manifest of this version")
