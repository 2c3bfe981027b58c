"""Tables of mining's emissions from workbooks, in years in which not all provinces reported."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from ceads_books import N_SECTORS, SECTORS, emission_cells, emission_sheet, energy_sheet
from embodied_rows import embodied_study
from io_tables import make_table
from mrio_sheets import write

from yrb_carbon.embodied import build
from yrb_carbon.embodied.study_run import EmbodiedRun, run_embodied
from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.layout import layout_table
from yrb_carbon.sources import ceads_energy, ceads_inventory
from yrb_carbon.sources.ceads_sheets import FUELS, NOT_COVERED
from yrb_carbon.sources.input_output import InputOutputTable
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection, IntensityTable, MiningEmissionsTable
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
    assert found.record["notes"] == list(found.notes)
    assert list(totals(found, "energy").index) == [2001]


def printed(rows: pd.DataFrame, language: str, **changes: Any) -> PrintedTable:
    study = embodied_study(
        embodied={"inventories": dict.fromkeys(YEARS, "x.xlsx")},
        tables={"B1": {"kind": "mining_emissions", "title": {"en": "a", "zh": "b"}, **changes}},
    )
    return layout_table("B1", study, rows, language)


@pytest.mark.parametrize(
    ("language", "note", "line"),
    [
        ("en", "No report of Ningxia (2002): sums", "All fuels, provinces that reported"),
        ("zh", "未报告：宁夏（2002）", "全部燃料（已报告的省份）"),
    ],
)
def test_the_printed_table_names_who_did_not_report(run, language, note, line):
    table = printed(run.rows["B1"], language)
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


def test_fuels_of_years_whose_sums_are_not_known_are_not_left_out(run):
    rows = run.rows["B1"]
    table = printed(rows[rows["year"] == 2002], "en")
    assert "left out" not in table.notes[0]
    assert "summed over 29 provinces" in table.notes[0]
    of_fuels = [line for line in table.body.to_numpy().tolist() if line[0] != "By province"]
    assert len(of_fuels) == len(FUELS) + 2
    assert [line[2] for line in of_fuels[:-1]] == [""] * (len(FUELS) + 1)


def test_only_fuels_that_are_known_not_to_be_burnt_in_any_year_are_left_out(run):
    rows = run.rows["B1"].copy()
    coke = rows["equation"].eq("") & rows["term"].eq("coke")
    rows.loc[coke & rows["year"].eq(2001), "estimate"] = 0.0
    whole = printed(rows, "en").notes[0]
    assert "in all years whose sums are known are left out: Coke." in whole
    assert "合计已知的各年均无排放的燃料未列出：焦炭。" in printed(rows, "zh").notes[0]
    note = printed(rows[rows["year"] == 2001], "en").notes[0]
    assert "Fuels without emissions in all years are left out: Coke." in note


def test_a_table_without_its_fuels_does_not_point_to_their_line(run):
    rows = run.rows["B1"]
    layout = {"rows": ["provinces"]}
    assert "reported stand below them" in printed(rows, "en").notes[0]
    note = printed(rows, "en", layout=layout).notes[0]
    assert "No report of Ningxia (2002): sums over all provinces are not known" in note
    assert "below them" not in note


def of_provinces(year: int, *_: object) -> tuple[InputOutputTable, None]:
    """A balanced table of 26 sectors of the provinces that inventories cover."""
    regions, sectors = codes(), list(load_concordance().groups["S26"].index)
    n = len(regions) * len(sectors)
    table = make_table(
        np.full((n, n), 0.5), np.full((n, len(regions)), 40.0), regions=regions, sectors=sectors,
        year=year,
    )  # fmt: skip
    return replace(table, classification="S26"), None


@pytest.mark.parametrize("missing", ["zero", "northwest"])
def test_a_system_counts_a_province_without_a_report_as_one_without_inventory(
    folder, monkeypatch, missing
):
    monkeypatch.setattr(build, "read_table", of_provinces)
    section = EmbodiedSection.model_validate(
        {
            "inventories": SECTION.inventories,
            "missing_inventory": missing,
            "systems": {"t": {"format": "ceads_mrio", "tables": {2002: {"path": "x.xlsx"}}}},
        }
    )
    title = {"en": "a", "zh": "b"}
    table = IntensityTable(kind="embodied_intensity", title=title, system="t")
    run = run_embodied(section, {"B2": table}, study="tiny", data_root=folder, seed=1)
    found = run.record["systems"]["t"]["2002"]
    assert found["without_inventory"] == ["64"]
    assert (found["imputed_mt"] > 0) == (missing == "northwest")
    study = embodied_study(
        embodied={**section.model_dump(), "inventories": dict.fromkeys(YEARS, "x.xlsx")},
        tables={"B2": {"kind": "embodied_intensity", "title": title, "system": "t"}},
    )
    note = " ".join(layout_table("B2", study, run.rows["B2"], "en").notes)
    assert "No inventory of Ningxia (2002)" in note


def test_price_indices_that_deflate_no_system_are_said_to_be_unused(folder, monkeypatch):
    monkeypatch.setattr(build, "read_table", of_provinces)
    prices = folder / "prices.csv"
    sectors = load_concordance().groups["S26"].index
    lines = [f"2002,{sector},100" for sector in sectors]
    prices.write_text("\n".join(("year,sector,index", *lines)), encoding="utf-8")
    one = {"format": "ceads_mrio", "tables": {2002: {"path": "x.xlsx"}}}
    values = {
        "inventories": SECTION.inventories, "price": "constant", "deflators": "prices.csv",
        "systems": {"t": {**one, "deflators": "prices.csv"}, "idle": {**one, "deflators": "no"}},
    }  # fmt: skip
    table = IntensityTable(kind="embodied_intensity", title={"en": "a", "zh": "b"}, system="t")

    def notes_of(values: dict[str, Any]) -> list[str]:
        section = EmbodiedSection.model_validate(values)
        run = run_embodied(section, {"B2": table}, study="tiny", data_root=folder, seed=1)
        found: list[str] = run.record["notes"]
        assert set(found) <= set(run.notes)
        return found

    end = "are not used: no system of a table is deflated by them"
    assert notes_of(values) == [
        f"price indices prices.csv of embodied.deflators {end}",
        f"price indices no of embodied.systems.idle.deflators {end}",
    ]
    assert notes_of({**values, "systems": {"t": one}}) == []
