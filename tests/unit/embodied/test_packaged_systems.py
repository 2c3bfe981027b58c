"""Systems of pymrio built from a configuration: files, names, and a mining that makes nothing."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pymrio
import pytest

from yrb_carbon.embodied.build import StudiedSystem, build_studied_system, known_sectors
from yrb_carbon.errors import DataError, SourceError
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection, SystemSection

SYSTEM = {
    "format": "pymrio", "sectors": "own", "mining": ["mining"], "emissions": "own",
    "extension": "emissions",
}  # fmt: skip
KG_IN_MT = 1e9
ENTRY = {"options": {"stressors": ["emission_type1"]}}


@pytest.fixture
def saved(tmp_path: Path) -> pymrio.IOSystem:
    return pymrio.load_test().calc_all()


def built(folder: Path | None, system: pymrio.IOSystem | None = None) -> StudiedSystem:
    entry: dict[str, Any] = dict(ENTRY)
    if folder is not None and system is not None:
        system.save_all(folder / "own")
        entry["path"] = "own"
    section = EmbodiedSection.model_validate(
        {"systems": {"t": {**SYSTEM, "tables": {2010: entry}}}}
    )
    root = "." if folder is None else folder
    return build_studied_system("t", section, None, load_concordance(), root)


def test_a_saved_system_is_the_one_of_the_package_and_names_its_folder(saved, tmp_path):
    packaged, own = built(None), built(tmp_path, saved)
    assert own.by_year[2010].emissions == pytest.approx(packaged.by_year[2010].emissions)
    assert own.records[0].file == str(tmp_path / "own")
    assert packaged.records[0].file == "testmrio"


def test_emissions_of_final_users_are_outside_of_the_accounts(saved):
    coverage = built(None).coverage[2010]
    row = ("emission_type1", "air")
    made, used = (
        part.loc[row].sum() / KG_IN_MT for part in (saved.emissions.F, saved.emissions.F_Y)
    )
    assert coverage.placed == pytest.approx(made)
    assert coverage.households == pytest.approx(used)
    assert coverage.emitted == pytest.approx(made + used)


def test_a_system_is_deflated_by_its_own_indices(saved, tmp_path):
    lines = [f"{year},{sector},{100 + 50 * (year - 2009)}" for year in (2009, 2010)
             for sector in saved.get_sectors()]  # fmt: skip
    (tmp_path / "own.csv").write_text("\n".join(("year,sector,index", *lines)), encoding="utf-8")
    (tmp_path / "all.csv").write_text("year,sector,index\n2010,S1,1\n", encoding="utf-8")
    system = {**SYSTEM, "tables": {2010: ENTRY}, "deflators": "own.csv"}
    values = {"price": "constant", "deflators": "all.csv", "base_year": 2009}
    section = EmbodiedSection.model_validate({**values, "systems": {"t": system}})
    real = build_studied_system("t", section, None, load_concordance(), tmp_path).by_year[2010]
    nominal = built(None).by_year[2010]
    assert real.output == pytest.approx(nominal.output / 1.5)
    assert real.embodied == pytest.approx(nominal.embodied * 1.5)
    assert real.unit.endswith("prices of 2009")
    common = section.model_copy(
        update={"systems": {"t": section.systems["t"].model_copy(update={"deflators": None})}}
    )
    with pytest.raises(SourceError, match="no price index of 2009"):
        build_studied_system("t", common, None, load_concordance(), tmp_path)


def test_emissions_of_mining_without_output_have_a_limit_of_their_own(saved, tmp_path):
    """A region that does not mine: little of all emissions, most of those of mining."""
    idle = ("reg1", "mining")
    saved.Z.loc[idle, :] = saved.Z.loc[:, idle] = saved.Y.loc[idle, :] = 0.0
    of_mining = [key for key in saved.Z.index if key[1] == "mining"]
    saved.emissions.F[of_mining] = 1.0
    saved.emissions.F[[idle]] = 100.0
    saved.x = None
    saved.reset_all_full()
    saved.calc_all()
    with pytest.raises(
        DataError, match=r"of the emissions of mining, more than 1\.00%.*reg1 mining"
    ):
        built(tmp_path, saved)


def test_a_mining_that_makes_nothing_is_refused(saved, tmp_path):
    idle = [key for key in saved.Z.index if key[1] == "mining"]
    for key in idle:
        saved.Z.loc[key, :] = saved.Z.loc[:, key] = saved.Y.loc[key, :] = 0.0
    saved.emissions.F.loc[:, idle] = 0.0
    saved.x = None
    saved.reset_all_full()
    saved.calc_all()
    with pytest.raises(DataError, match=r"system 't': mining \(mining\) has no output .* in 2010"):
        built(tmp_path, saved)


@pytest.mark.parametrize(
    ("change", "known"),
    [
        ({"format": "china_io", "sectors": "S26"}, "S26"),
        ({"format": "china_io", "sectors": "42"}, "42"),
        ({}, "mining"),
    ],
)
def test_mining_that_the_sectors_lack_is_told_before_a_run(change, known):
    entry = {"path": "a.csv"} if change else ENTRY
    values = {**SYSTEM, "tables": {2010: entry}, **change}
    assert known in known_sectors(SystemSection.model_validate(values))
    assert "gold" not in known_sectors(SystemSection.model_validate(values))
    saved = {**values, "format": "pymrio", "sectors": "own", "tables": {2010: {"path": "a"}}}
    assert known_sectors(SystemSection.model_validate(saved)) == ()
