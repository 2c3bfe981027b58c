"""estimates.csv, byte for byte: with one core or two, with the rows of inputs in any order."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import Checkout
from shuffle import shuffle_folder

from yrb_carbon.demo import MRIO_FILES

pytestmark = pytest.mark.slow

ESTIMATES = "results/demo/estimates.csv"
INPUTS = "results/demo/inputs"
OVERLAY = """\
study: {{name: demo}}
demo: null
data_root: {folder}
"""


def run_on(inputs: Path, folder: Path, *, cores: int) -> bytes:
    """Run the study on a folder of files, as a study that has no demonstration section."""
    copy = Checkout.copy(folder)
    overlay = copy.folder / "studies" / "files.yaml"
    overlay.write_text(OVERLAY.format(folder=inputs), encoding="utf-8")
    copy.snakemake(ESTIMATES, "--cores", str(cores), "--configfile", str(overlay))
    return (copy.folder / ESTIMATES).read_bytes()


def test_any_number_of_cores(demo_run: Path, tmp_path: Path):
    """The finished run had two cores; this one has one, and a fresh copy of everything."""
    single = Checkout.copy(tmp_path / "single")
    single.snakemake(ESTIMATES, "--cores", "1")
    expected = (demo_run / ESTIMATES).read_bytes()
    assert expected.count(b"\n") > 300
    assert (single.folder / ESTIMATES).read_bytes() == expected


@pytest.mark.parametrize("seed", [1])
def test_any_order_of_the_rows_of_every_input_file(demo_run: Path, tmp_path: Path, seed: int):
    # rows of an input-output table belong to the province that stands in the first of its block
    kept = set(MRIO_FILES.values())
    moved = shuffle_folder(demo_run / INPUTS, tmp_path / "shuffled", seed, kept=kept)
    assert len(moved) >= 16
    assert all(moved.values()), moved
    for name in moved:
        assert (tmp_path / "shuffled" / name).read_bytes() != (
            demo_run / INPUTS / name
        ).read_bytes()
    found = run_on(tmp_path / "shuffled", tmp_path / "run", cores=2)
    assert found == (demo_run / ESTIMATES).read_bytes()
