"""The README of the replication package names the programs that the workflow really runs."""

from __future__ import annotations

import csv
import io
import re
from pathlib import Path

import pytest
from checkout import Checkout

from yrb_carbon.report.replication import SCRIPTS

pytestmark = pytest.mark.slow

README = "results/demo/replication/README.md"
SCRIPT = re.compile(r"^rule (\w+):.*?\.\./scripts/(\w+\.py)", re.MULTILINE | re.DOTALL)


@pytest.fixture
def readme(demo_run: Path) -> str:
    return (demo_run / README).read_text(encoding="utf-8")


def test_numbers_and_figures_come_from_the_rule_that_is_named(finished: Checkout, readme: str):
    rules = "\n".join(
        path.read_text(encoding="utf-8")
        for path in sorted((finished.folder / "src/yrb_carbon/workflow/rules").glob("*.smk"))
    )
    script_of = dict(SCRIPT.findall(re.sub(r"(?m)^    (?=rule )", "", rules)))
    text = finished.snakemake("--summary").stdout
    table = text[text.index("output_file") :]
    rule_of = {
        row["output_file"]: row["rule"]
        for row in csv.DictReader(io.StringIO(table), delimiter="\t")
    }
    told = re.findall(r"^\| (\w+) \| [^|]* \| `(\w+\.py)` \| `results/demo/(\w+)/", readme, re.M)
    assert len(told) > 25
    for name, script, folder in told:
        if folder == "tables":
            made = [
                path
                for path in rule_of
                if re.fullmatch(rf"results/demo/models/(parts/)?{name}(/\d+)?\.parquet", path)
            ]
        else:
            made = [path for path in rule_of if Path(path).stem == name and "figures" in path]
        assert made, name
        assert {script_of[rule_of[path]] for path in made} == {script}, name
        assert (finished.folder / SCRIPTS / script).is_file()


def test_digests_are_those_of_the_files(finished: Checkout, readme: str):
    from yrb_carbon.provenance import sha256_of

    listed = re.findall(r"^\| `(results/demo/inputs/[^`]+)` \|.*`([0-9a-f]{64})`", readme, re.M)
    assert len(listed) == 33
    assert all(sha256_of(finished.folder / path) == sha for path, sha in listed)
    own = re.search(r"estimates\.csv was `([0-9a-f]{64})`", readme)
    assert own is not None
    assert own[1] == sha256_of(finished.folder / "results/demo/estimates.csv")
