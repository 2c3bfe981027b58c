"""Three cases of bad input in a run of the workflow as a user starts it."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from checkout import Checkout
from demo_files import accounts_folder, demo_folder
from openpyxl import load_workbook

pytestmark = pytest.mark.slow

OVERLAY = """\
study: {{name: broken}}
demo: null
data_root: {folder}
"""
EDGAR = "地级市碳排放强度.xlsx"
PANEL = "results/broken/panel/A.parquet"


@dataclass(frozen=True, slots=True)
class BrokenStudy:
    """A copy of the project with a study of its own on published files that a case may break."""

    checkout: Checkout

    @property
    def inputs(self) -> Path:
        return self.checkout.folder / "inputs"

    def assert_refused(self, *parts: object) -> str:
        """Run to the panel: exit code 1, these parts in what is printed, and no panel."""
        done = self.checkout.snakemake(
            PANEL, "--cores", "2", "--configfile", "studies/broken.yaml", check=False
        )
        assert done.returncode == 1
        for part in map(str, parts):
            assert part in done.stdout, f"{part!r} is not in:\n{done.stdout}"
        assert "Traceback" not in done.stdout
        results = self.checkout.folder / "results/broken/panel"
        made = {path.name for path in results.iterdir()} if results.exists() else set()
        assert made <= {"boundaries.parquet", "boundaries.json"}
        return done.stdout


@pytest.fixture
def broken(tmp_path: Path, tmp_path_factory: pytest.TempPathFactory) -> BrokenStudy:
    """The boundaries are there already, so that each case comes to its own fault at once."""
    demo = demo_folder(tmp_path_factory)
    checkout = Checkout.copy(tmp_path / "copy")
    study = BrokenStudy(checkout)
    overlay = checkout.folder / "studies/broken.yaml"
    overlay.write_text(OVERLAY.format(folder=study.inputs), encoding="utf-8")
    shutil.copytree(demo / "inputs", study.inputs)
    shutil.copytree(accounts_folder(tmp_path_factory), study.inputs, dirs_exist_ok=True)
    panel = checkout.folder / "results/broken/panel"
    panel.mkdir(parents=True)
    shutil.copy(demo / "boundaries.parquet", panel)
    (panel / "boundaries.json").write_text("{}", encoding="utf-8")
    return study


def test_missing_file(broken: BrokenStudy):
    (broken.inputs / EDGAR).unlink()
    broken.assert_refused(f"sources.edgar.path: no such file below {broken.inputs} (got '{EDGAR}')")


def test_text_in_a_number_column(broken: BrokenStudy):
    book = load_workbook(broken.inputs / EDGAR)
    sheet = book.worksheets[0]
    column = next(cell.column for cell in sheet[1] if cell.value == "碳排放量_吨")
    sheet.cell(7, column).value = "约2700万"
    book.save(broken.inputs / EDGAR)
    broken.assert_refused(
        f"SourceError: {broken.inputs / EDGAR}, sheet 'Sheet1', row 7, column '碳排放量_吨'",
        "'约2700万' is not a number",
    )


def test_misspelt_key_of_the_configuration(broken: BrokenStudy):
    overlay = broken.checkout.folder / "studies/broken.yaml"
    text = overlay.read_text(encoding="utf-8")
    overlay.write_text(f"{text}impute: {{max_gaps: 3}}\nseed: first\n", encoding="utf-8")
    broken.assert_refused(
        "The configuration has 2 faults",
        "studies/broken.yaml:4:10: impute.max_gaps: unknown key (got 'max_gaps'",
        "did you mean 'max_gap'",
        "studies/broken.yaml:5:7: seed: must be",
    )
