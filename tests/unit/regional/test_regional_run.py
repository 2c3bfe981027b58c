"""All tables of regional facts from the files of the demonstration."""

from __future__ import annotations

from dataclasses import replace
from functools import partial

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.demo import INVENTORY_FILES, MRIO_FILES
from yrb_carbon.demo.generate import DEFAULT_SEED
from yrb_carbon.demo.mrio import write_embodied
from yrb_carbon.embodied.build import build_studied_system
from yrb_carbon.embodied.driven import read_driven_emissions
from yrb_carbon.errors import DataError
from yrb_carbon.regional import study_run
from yrb_carbon.regional.study_run import run_regional
from yrb_carbon.sources.ceads_inventory import read_ceads_inventories, read_ceads_inventory
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import (
    RegionalEmissionsTable,
    RegionalSection,
    RegionalTransferTable,
)

pytestmark = pytest.mark.slow

MT = 1e-6
"""Mt; workbooks hold 15 digits of amounts up to 1000 Mt."""
TITLE = {"en": "a", "zh": "b"}
PEOPLE = "people.csv"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Interregional tables, inventories, and a file of one's own with product and people."""
    folder = tmp_path_factory.mktemp("regional")
    write_embodied(folder, DEFAULT_SEED)
    lines = ["province,year,prov_gdp,prov_pop"]
    for place, label in enumerate(load_provinces().frame["label"], start=1):
        for year in (2012, 2015, 2017, 2018, 2019):
            lines.append(f"{label},{year},{1e7 * place},{100 * place + 1000}")
    (folder / PEOPLE).write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def section_of(**changes) -> RegionalSection:
    values = {
        "inventories": {2012: INVENTORY_FILES[2012], 2015: INVENTORY_FILES[2015]},
        "people": {"format": "tidy_csv", "path": PEOPLE},
        "transfer": {"system": "mrio", "year": 2015},
    }
    return RegionalSection.model_validate(values | changes)


TABLES = {
    "D3": RegionalEmissionsTable(kind="regional_emissions", title=TITLE),
    "D4": RegionalTransferTable(kind="regional_transfer", title=TITLE),
}
EMBODIED = EmbodiedSection.model_validate(
    {
        "inventories": {2015: INVENTORY_FILES[2015]},
        "systems": {"mrio": {"format": "ceads_mrio", "tables": {2015: {"path": MRIO_FILES[2015]}}}},
    }
)


def drive_emissions(folder):
    return partial(read_driven_emissions, EMBODIED, section_of().transfer, folder)


@pytest.fixture(scope="module")
def run(folder):
    drive = drive_emissions(folder)
    return run_regional(section_of(), TABLES, study="demo", data_root=folder, drive=drive)


def test_emissions_are_those_of_the_inventories(run):
    rows = run.rows["D3"]
    total = rows[rows["model"].eq("emissions") & rows["term"].eq("total") & rows["year"].eq(2015)]
    value = total[total["quantity"].eq("value")]["estimate"].item()
    assert value == pytest.approx(run.facts.emissions_of(2015).sum(), abs=MT)
    assert set(rows["study"]) == {"demo"}
    assert set(rows["table"]) == {"D3"}


def test_the_transfer_matrix_has_the_emissions_of_production(run):
    rows = run.rows["D4"]
    matrix = rows[rows["model"].eq("matrix")]
    whole = matrix["estimate"].sum()
    production = run.facts.emissions_of(2015).sum()
    assert 0.8 * production < whole < production  # households burn fuel too
    by_area = matrix.assign(area=matrix["term"].str.split("-").str[0])
    sums = by_area.groupby("area")["estimate"].sum()
    transfer = run.facts.transfer.transfer
    for area, codes in run.facts.areas.items():
        assert sums[area] == pytest.approx(transfer.emissions[list(codes)].sum(), abs=MT)


def test_the_transfer_matrix_is_that_of_the_whole_inverse(run, folder):
    """T^{RS} = sum_{r in R, s in S} sum_i f_i^r (L y^s)_i^r, with L inverted outright."""
    inventory = read_ceads_inventory(folder / INVENTORY_FILES[2015]).reported
    built = build_studied_system("mrio", EMBODIED, inventory, load_concordance(), folder)
    system = built.by_year[2015]
    inverse = np.linalg.inv(np.eye(len(system.output)) - system.coefficients)
    needed = system.intensity[:, None] * (inverse @ system.final_demand) / 1e6
    sent = needed.reshape(*system.shape, -1).sum(axis=1)
    areas = {code: area for area, codes in run.facts.areas.items() for code in codes}
    named = [areas[code] for code in system.regions]
    wanted = pd.DataFrame(sent, index=named, columns=named).groupby(level=0).sum()
    wanted = wanted.T.groupby(level=0).sum().T
    rows = run.rows["D4"]
    found = rows[rows["model"].eq("matrix") & rows["equation"].isin(["", "own"])]
    assert len(found) == 64
    for term, co2 in zip(found["term"], found["estimate"], strict=True):
        source, target = term.split("-")
        assert co2 == pytest.approx(wanted.loc[source, target], abs=MT)


def test_records_name_every_file(run):
    files = [own["file"] for own in run.record["inventories"]["files"]]
    assert len(files) == 2
    assert run.record["people"]["file"].endswith(PEOPLE)
    assert [own["file"].endswith(MRIO_FILES[2015]) for own in run.record["transfer"]] == [True]
    assert run.record["notes"] == list(run.notes)


def test_without_a_transfer_no_table_is_read(folder):
    def never(_inventory):
        raise AssertionError("the interregional table is not wanted")

    only = {"D3": TABLES["D3"]}
    run_regional(section_of(), only, study="demo", data_root=folder, drive=never)
    found = run_regional(
        section_of(transfer=None), TABLES, study="demo", data_root=folder, drive=never
    )
    assert "matrix" not in set(found.rows["D4"]["model"])


def test_the_scope_of_fuels_leaves_the_process_out(folder, run):
    fuels = run_regional(
        section_of(scope="energy", transfer=None), TABLES, study="demo", data_root=folder
    )
    gap = run.facts.emissions - fuels.facts.emissions
    assert (gap >= -MT).all()
    assert gap.to_numpy().sum() > MT


def test_the_same_files_give_the_same_rows(folder, run):
    drive = drive_emissions(folder)
    again = run_regional(section_of(), TABLES, study="demo", data_root=folder, drive=drive)
    for name, rows in run.rows.items():
        pd.testing.assert_frame_equal(rows, again.rows[name])


def test_a_workbook_under_another_year_is_told(folder):
    wrong = section_of(inventories={2012: INVENTORY_FILES[2012], 2016: INVENTORY_FILES[2015]})
    with pytest.raises(DataError, match=r"regional\.inventories names .* under 2016"):
        run_regional(wrong, {"D3": TABLES["D3"]}, study="demo", data_root=folder)


def test_a_province_that_did_not_report_makes_the_sums_of_its_year_missing(folder, monkeypatch):
    def without_ningxia(paths):
        found = read_ceads_inventories(paths)
        silent = found.frame["year"].eq(2015) & found.frame["province"].eq("64")
        assert silent.any()
        frame = found.frame.assign(co2=found.frame["co2"].mask(silent))
        return replace(found, frame=frame, unreported=((2015, "64"),))

    monkeypatch.setattr(study_run, "read_ceads_inventories", without_ningxia)
    run = run_regional(section_of(transfer=None), TABLES, study="demo", data_root=folder)
    rows = run.rows["D3"]
    own = rows[rows["model"].eq("emissions") & rows["equation"].eq("")]
    own = own[own["year"].eq(2015) & own["quantity"].eq("value")].set_index("term")["estimate"]
    assert own.index[own.isna()].tolist() == ["64", "total", "west"]
    assert any(note.startswith("emissions 2015: 64 did not report") for note in run.notes)
