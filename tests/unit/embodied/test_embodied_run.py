"""Tables of mining's emissions from workbooks, in years in which not all provinces reported."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from ceads_books import N_SECTORS, SECTORS, emission_cells, emission_sheet, energy_sheet
from embodied_rows import embodied_study
from mrio_sheets import write

from yrb_carbon.embodied.study_run import EmbodiedRun, run_embodied
from yrb_carbon.report.layout import layout_table
from yrb_carbon.sources import ceads_energy, ceads_inventory
from yrb_carbon.sources.ceads_sheets import FUELS, NOT_COVERED
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection, MiningEmissionsTable
from yrb_carbon.study.provinces import load_provinces

SUMMED = 1e-9  # sums of a few thousand cells that a workbook keeps with 15 digits
YEARS = (2001, 2002)
SILENT = (2002, "64")
"""Ningxia did not report in the second year: its sheet has zeros."""
SECTION = EmbodiedSection.model_validate(
    {
        "inventories": {year: f"emissions {year}.xlsx" for year in YEARS},
        "energy": {year: f"energy {year}.xlsx" for year in YEARS},
    }
)


def codes() -> list[str]:
    return [code for code in load_provinces().codes if code not in NOT_COVERED]


def cells_of(year: int, code: str) -> np.ndarray:
    cells = emission_cells(seed=int(code) * 10 + year, total=100.0)
    return cells * 0.0 if (year, code) == SILENT else cells


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    """Inventories of emissions and of energy of both years."""
    folder: Path = tmp_path_factory.mktemp("inventories")
    names = load_provinces().frame["name_en"]
    rng = np.random.default_rng(1)
    for year in YEARS:
        emissions, energy = {}, {}
        for code in codes():
            sheet = f"{names[code]}{year}".replace(" ", "")
            emissions[sheet] = emission_sheet(cells_of(year, code))
            burnt = rng.gamma(0.5, 10.0, (N_SECTORS, len(ceads_energy.COLUMNS)))
            energy[sheet] = energy_sheet(burnt * ((year, code) != SILENT), {})
        for kind, sheets in (("emissions", emissions), ("energy", energy)):
            first, *others = sheets
            write(
                folder / f"{kind} {year}.xlsx", sheets[first], first,
                **{name: sheets[name] for name in others},
            )  # fmt: skip
    return folder


def run_of(section: EmbodiedSection, folder: Path) -> EmbodiedRun:
    table = MiningEmissionsTable(kind="mining_emissions", title={"en": "a", "zh": "b"})
    return run_embodied(section, {"B1": table}, study="tiny", data_root=folder, seed=1)


@pytest.fixture(scope="module")
def run(folder) -> EmbodiedRun:
    return run_of(SECTION, folder)


def mining_of(year: int, code: str) -> float:
    """Mt of fuels burnt by mining, from the cells themselves."""
    inventory = load_concordance().inventory
    keys = list(inventory.index)
    rows = [keys.index(sector) for sector in load_concordance().mining]
    assert len(SECTORS) == len(keys)
    fuels = np.isin(list(ceads_inventory.COLUMNS), list(FUELS))
    return float(cells_of(year, code)[rows][:, fuels].sum())


def totals(run: EmbodiedRun, equation: str) -> pd.Series:
    rows = run.rows["B1"]
    own = rows[rows["equation"].eq(equation) & rows["term"].eq("total")]
    return own[own["quantity"].eq("value")].set_index("year")["estimate"]


def test_a_year_without_a_report_has_no_sum_over_all_provinces(run):
    whole = totals(run, "")
    assert whole[2001] == pytest.approx(sum(mining_of(2001, c) for c in codes()), rel=SUMMED)
    assert np.isnan(whole[2002])
    rows = run.rows["B1"]
    of_fuels = rows[rows["equation"].eq("") & rows["year"].eq(2002)]
    assert of_fuels["estimate"].isna().all()
    assert np.isnan(totals(run, SILENT[1])[2002])
    assert totals(run, SILENT[1])[2001] == pytest.approx(mining_of(2001, "64"), rel=SUMMED)


def test_the_provinces_that_reported_have_a_sum_of_their_own(run):
    reported = totals(run, "reported")
    assert list(reported.index) == [2002]
    wanted = sum(mining_of(2002, code) for code in codes())
    assert reported[2002] == pytest.approx(wanted, rel=SUMMED)
    rows = run.rows["B1"]
    assert set(rows.loc[rows["equation"].eq("reported"), "n_units"]) == {29}
    assert set(rows.loc[rows["equation"].eq(""), "n_units"]) == {30}
    assert run.record["inventories"]["unreported"] == ["2002 64"]


def test_emissions_computed_again_have_no_sum_in_that_year_either(run):
    again = totals(run, "energy")
    assert again[2001] > 0
    assert np.isnan(again[2002])


def test_energy_of_a_year_without_emissions_is_said_to_be_unused(run, folder):
    assert run.notes == ()
    first = SECTION.model_copy(update={"inventories": {2001: SECTION.inventories[2001]}})
    found = run_of(first, folder)
    assert found.notes == ("energy inventories of 2002 are not used: no emission inventory",)
    assert list(totals(found, "energy").index) == [2001]


@pytest.mark.parametrize(
    ("language", "note", "line"),
    [
        ("en", "No report of Ningxia (2002): sums", "All fuels, provinces that reported"),
        ("zh", "未报告：宁夏（2002）", "全部燃料（已报告的省份）"),
    ],
)
def test_the_printed_table_names_who_did_not_report(run, language, note, line):
    section = {"inventories": dict.fromkeys(YEARS, "x.xlsx")}
    study = embodied_study(
        embodied=section,
        tables={"B1": {"kind": "mining_emissions", "title": {"en": "a", "zh": "b"}}},
    )
    table = layout_table("B1", study, run.rows["B1"], language)
    assert note in table.notes[0]
    assert "30" in table.notes[0]
    assert "29" not in table.notes[0]
    (own,) = (row for row in table.body.to_numpy().tolist() if row[1] == line)
    assert own[2] == ""
    assert float(own[5]) == pytest.approx(totals(run, "reported")[2002], abs=1e-4)
    (whole,) = (
        row for row in table.body.to_numpy().tolist() if row[1] in {"All fuels", "全部燃料"}
    )
    assert whole[2] != ""
    assert whole[5] == ""
