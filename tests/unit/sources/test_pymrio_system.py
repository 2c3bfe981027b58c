"""Systems of pymrio become tables with the same numbers."""

from __future__ import annotations

import logging

import numpy as np
import pytest

from yrb_carbon.errors import SourceError
from yrb_carbon.sources.pymrio_system import (
    FINAL_DEMAND,
    load_pymrio_system,
    read_pymrio_system,
)

SAME = 1e-12
"""The numbers are carried over; only kilogrammes become megatonnes."""
KG_IN_MT = 1e9
BOTH = ("emission_type1", "emission_type2")


@pytest.fixture(scope="module")
def system():
    import pymrio

    found = pymrio.load_test()
    found.calc_all()
    return found


def test_the_test_system_keeps_its_numbers_under_its_labels(system):
    table, emissions = read_pymrio_system(
        system, year=2010, emissions="emissions", stressors=BOTH, value_added="factor_inputs"
    )
    assert table.n_regions == 6
    assert table.n_sectors == 8
    assert table.sectors == tuple(sorted(system.get_sectors()))
    assert table.unit == "Mill USD"
    for seller in (("reg1", "mining"), ("reg6", "food"), ("reg3", "other")):
        for buyer in (("reg2", "construction"), ("reg1", "mining")):
            assert table.intermediate.loc[seller, buyer] == system.Z.loc[seller, buyer]
        assert table.output[seller] == pytest.approx(system.x.loc[seller, "indout"], rel=SAME)
        added = system.factor_inputs.F[seller].iloc[0]
        assert table.value_added[seller].loc["Value Added"] == pytest.approx(added, rel=SAME)
    for use in (("reg4", "Final consumption expenditure by households"),):
        assert table.final_demand[use].sum() == pytest.approx(system.Y[use].sum(), rel=SAME)
    assert table.final_demand.shape == system.Y.shape
    assert np.abs(table.balance()["row_gap"]).max() < SAME
    assert table.exports.sum() == table.imports.sum() == table.errors.sum() == 0
    assert list(emissions["fuel"].unique()) == ["emission_type1", "emission_type2"]
    keyed = emissions.set_index(["fuel", "province", "sector"])["co2"]
    raw = system.emissions.F.loc[("emission_type1", "air"), ("reg5", "mining")]
    assert keyed["emission_type1", "reg5", "mining"] == pytest.approx(raw / KG_IN_MT, rel=SAME)
    made = keyed.drop(FINAL_DEMAND, level="sector")
    assert made.sum() == pytest.approx(system.emissions.F.to_numpy().sum() / KG_IN_MT, rel=SAME)
    assert (table.import_treatment, table.classification) == ("none", "")


def test_chosen_stressors_only(system):
    _, emissions = read_pymrio_system(
        system, year=2010, emissions="emissions", stressors=["emission_type2"]
    )
    total = system.emissions.F.loc["emission_type2"].to_numpy().sum() / KG_IN_MT
    made = emissions[emissions["sector"] != FINAL_DEMAND]
    assert made["co2"].sum() == pytest.approx(total, rel=SAME)


def test_what_final_users_emit_has_a_sector_of_its_own(system):
    _, emissions = read_pymrio_system(
        system, year=2010, emissions="emissions", stressors=["emission_type1"]
    )
    own = emissions[emissions["sector"] == FINAL_DEMAND].set_index("province")["co2"]
    users = system.emissions.F_Y.loc[("emission_type1", "air")].groupby(level="region").sum()
    assert list(own.index) == list(users.index)
    np.testing.assert_allclose(own, users / KG_IN_MT, rtol=SAME)
    assert own.min() > 0
    without = system.copy()
    without.emissions.F_Y = None
    _, bare = read_pymrio_system(
        without, year=2010, emissions="emissions", stressors=["emission_type1"]
    )
    assert FINAL_DEMAND not in set(bare["sector"])
    assert len(bare) == len(emissions) - len(own)


def test_several_stressors_are_no_one_emission(system):
    with pytest.raises(SourceError, match=r"'emissions' has 2 stressors.*emission_type1, emission"):
        read_pymrio_system(system, year=2010, emissions="emissions")
    single = system.copy()
    single.emissions.F = single.emissions.F.iloc[:1]
    single.emissions.F_Y = single.emissions.F_Y.iloc[:1]
    single.emissions.unit = single.emissions.unit.iloc[:1]
    _, emissions = read_pymrio_system(single, year=2010, emissions="emissions")
    assert set(emissions["fuel"]) == {"emission_type1"}


def test_output_is_the_sum_of_the_rows_where_the_system_has_none(system):
    bare = system.copy()
    bare.x = None
    table, _ = read_pymrio_system(bare, year=2010, emissions="emissions", stressors=BOTH)
    assert table.output["reg2", "trade"] == pytest.approx(
        system.x.loc[("reg2", "trade"), "indout"], rel=SAME
    )
    assert table.value_added.empty


def test_the_digest_tells_systems_apart(system):
    options = {"year": 2010, "emissions": "emissions", "stressors": BOTH}
    one, _ = read_pymrio_system(system, **options)
    again, _ = read_pymrio_system(system.copy(), **options)
    other = system.copy()
    other.Z = other.Z * 1.001
    changed, _ = read_pymrio_system(other, **options)
    assert one.record.sha256 == again.record.sha256 != changed.record.sha256


def test_faults_are_named(system):
    with pytest.raises(SourceError, match=r"no extension 'co2'.*factor_inputs, emissions"):
        read_pymrio_system(system, year=2010, emissions="co2")
    with pytest.raises(SourceError, match=r"has no 'soot'.*emission_type1"):
        read_pymrio_system(system, year=2010, emissions="emissions", stressors=["soot"])
    with pytest.raises(SourceError, match="'Mill USD' are no masses"):
        read_pymrio_system(system, year=2010, emissions="factor_inputs")
    bare = system.copy()
    bare.Z = None
    with pytest.raises(SourceError, match="no flows Z"):
        read_pymrio_system(bare, year=2010, emissions="emissions")


def bare_root(monkeypatch: pytest.MonkeyPatch) -> logging.Logger:
    """The root logger as in a program that has not set it up."""
    root = logging.getLogger()
    monkeypatch.setattr(root, "handlers", [])
    return root


def test_the_root_logger_of_users_stays_as_it_is(monkeypatch, capsys):
    root = bare_root(monkeypatch)
    load_pymrio_system()
    assert root.handlers == []
    own = logging.StreamHandler()
    root.addHandler(own)
    load_pymrio_system()
    assert root.handlers == [own]
    assert capsys.readouterr().err == ""


def test_a_saved_system_is_loaded(system, tmp_path, monkeypatch):
    system.save_all(tmp_path)
    root = bare_root(monkeypatch)
    loaded = load_pymrio_system(tmp_path)
    np.testing.assert_allclose(loaded.Z, system.Z, rtol=SAME)
    assert root.handlers == []


def test_folders_without_a_system_are_refused(system, tmp_path):
    for folder, message in (("none", "no folder of a saved"), ("empty", "finds no system in it")):
        (tmp_path / "empty").mkdir(exist_ok=True)
        with pytest.raises(SourceError, match=message) as caught:
            load_pymrio_system(tmp_path / folder)
        assert "save_all" in str(caught.value)
    system.save_all(tmp_path / "cut")
    (tmp_path / "cut" / "file_parameters.json").write_text("{", encoding="utf-8")
    with pytest.raises(SourceError, match="finds no system"):
        load_pymrio_system(tmp_path / "cut")


def test_rows_that_are_not_the_output_are_refused_or_noted(system):
    bent = system.copy()
    bent.x.iloc[3] *= 1.5
    options = {"year": 2010, "emissions": "emissions", "stressors": BOTH}
    with pytest.raises(SourceError, match=r"1 of 48 rows .*row of reg1 .*gap -33\.33%"):
        read_pymrio_system(bent, **options)
    table, _ = read_pymrio_system(bent, accepted_share=1 / 48, **options)
    assert table.record.notes[-1].startswith("accepted: 1 of 48 rows")
    read_pymrio_system(bent, tolerance=0.4, **options)


@pytest.mark.parametrize("part", ["F", "F_Y"])
def test_missing_emissions_stay_missing(system, part):
    holed = system.copy()
    amounts = getattr(holed.emissions, part).astype(float)
    amounts.iloc[0, 0] = np.nan
    setattr(holed.emissions, part, amounts)
    region = amounts.columns[0][0]
    options = {"year": 2010, "emissions": "emissions", "stressors": BOTH}
    _, found = read_pymrio_system(holed, **options)
    _, whole = read_pymrio_system(system, **options)
    gaps = found[found["co2"].isna()]
    assert gaps[["province", "fuel"]].to_numpy().tolist() == [[region, BOTH[0]]]
    assert (gaps["sector"] == FINAL_DEMAND).all() == (part == "F_Y")
    known = found["co2"].notna()
    np.testing.assert_allclose(found["co2"][known], whole["co2"][known], rtol=SAME)


@pytest.mark.parametrize("stressor", BOTH)
def test_rows_of_final_users_and_units_are_taken_by_label(system, stressor):
    turned = system.copy()
    turned.emissions.F_Y = turned.emissions.F_Y.iloc[::-1]
    turned.emissions.unit = turned.emissions.unit.iloc[::-1]
    turned.emissions.unit.loc[BOTH[1], "unit"] = "t"
    kg_in_unit = {BOTH[0]: 1.0, BOTH[1]: 1e3}[stressor]
    _, found = read_pymrio_system(turned, year=2010, emissions="emissions", stressors=[stressor])
    for part, own in (
        (system.emissions.F, found["sector"] != FINAL_DEMAND),
        (system.emissions.F_Y, found["sector"] == FINAL_DEMAND),
    ):
        wanted = part.loc[stressor].to_numpy().sum() * kg_in_unit / KG_IN_MT
        assert found["co2"][own].sum() == pytest.approx(wanted, rel=SAME)


def test_rows_that_final_users_or_units_lack(system):
    some = system.copy()
    some.emissions.F_Y = some.emissions.F_Y.loc[[BOTH[1]]]
    options = {"year": 2010, "emissions": "emissions"}
    _, bare = read_pymrio_system(some, **options, stressors=[BOTH[0]])
    assert FINAL_DEMAND not in set(bare["sector"])
    with pytest.raises(SourceError, match=r"final users emit.*no row of \('emission_type1', 'air"):
        read_pymrio_system(some, **options, stressors=BOTH)
    some.emissions.unit = some.emissions.unit.loc[[BOTH[1]]]
    with pytest.raises(SourceError, match=r"units of 'emissions'.*no row of \('emission_type1'"):
        read_pymrio_system(some, **options, stressors=[BOTH[0]])
    some.emissions.F_Y = system.emissions.F_Y.iloc[[0, 1, 1]]
    with pytest.raises(SourceError, match=r"rows stand twice in what final users.*type2"):
        read_pymrio_system(some, **options, stressors=[BOTH[1]])
