"""From files in the published layouts to rows of emissions, accounts and reduction potential."""

from __future__ import annotations

from pathlib import Path
from typing import cast

import numpy as np
import pandas as pd
import pytest
from footprint_data import ALL, SILENT, small_section, write_files
from shared import shared_folder

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import COLUMNS
from yrb_carbon.footprint.accounts import MEASURES, calc_capacity
from yrb_carbon.footprint.build import (
    FootprintInputs,
    StudiedFootprint,
    calc_studied_footprint,
    read_footprint_inputs,
)
from yrb_carbon.footprint.potential import EFFICIENCY, EQUITY
from yrb_carbon.footprint.rows import (
    account_rows,
    calc_criteria,
    emission_rows,
    flag_rows,
    potential_rows,
)
from yrb_carbon.footprint.study_run import FootprintRun, run_footprint
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.footprint import (
    FootprintAccountsTable,
    FootprintSection,
    IndustrialEmissionsTable,
    ReductionPotentialTable,
    footprint_faults,
)
from yrb_carbon.study.provinces import REGIONS, load_provinces

CLOSE = 1e-9
"""Sums of a few hundred doubles that went through text with 15 digits or more."""
YEARS = (2000, 2001, 2002, 2003, 2004)
TITLE = {"en": "t", "zh": "表"}
TABLES = {
    "C1": IndustrialEmissionsTable(kind="industrial_emissions", title=TITLE),
    "C2": FootprintAccountsTable(kind="footprint_accounts", title=TITLE, years=(2000, 2004)),
    "C6": ReductionPotentialTable(kind="reduction_potential", title=TITLE, years=(2003,), draws=50),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    def make(path: Path) -> None:
        path.mkdir()
        write_files(path)

    return shared_folder(tmp_path_factory, "footprint-files", make)


NOWHERE = cast("Boundaries", None)
"""Outlines: none of these tables is of space."""


@pytest.fixture(scope="module")
def run(folder: Path) -> FootprintRun:
    return run_footprint(
        small_section(), TABLES, study="small", data_root=folder, outlines=NOWHERE, seed=1
    )


@pytest.fixture(scope="module")
def inputs(folder: Path) -> FootprintInputs:
    """All columns that any choice needs."""
    kinds = ["forest", "grassland", "cropland", "water"]
    further = {"sequestration": "province_npp", "shares": "national", "woody_savanna": "forest"}
    return read_footprint_inputs(small_section(land_types=kinds, **further), folder)


def pick(rows: pd.DataFrame, **cell: object) -> pd.DataFrame:
    return rows[np.logical_and.reduce([rows[name].eq(value) for name, value in cell.items()])]


def number(rows: pd.DataFrame, **cell: object) -> float:
    (value,) = pick(rows, **cell)["estimate"]
    return float(value)


def of_provinces(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["equation"].isin(ALL)]


def test_rows_keep_the_contract(run):
    for name, rows in run.rows.items():
        assert tuple(rows.columns) == COLUMNS
        assert set(rows["study"]) == {"small"}
        assert set(rows["table"]) == {name}
        assert np.isfinite(rows["estimate"]).all() or name != "C6"


def test_states_of_years_and_provinces(run):
    found = run.footprint
    assert found.years == YEARS
    state = found.emissions.state
    assert (state.xs(2001, level="year") == "interpolated").all()
    assert (state.xs(2004, level="year") == "held").all()
    assert state[SILENT] == "interpolated"
    values = found.emissions.values["raw_coal"]
    middle = (values["11", 2000] + values["11", 2002]) / 2
    assert values["11", 2001] == pytest.approx(middle, rel=CLOSE)
    assert set(found.land_state.xs(2000, level="year")) == {"held"}
    assert run.record["states"]["2002"] == {
        "reported": 29, "interpolated": 1, "held": 0, "missing": 0,
    }  # fmt: skip
    assert "emissions of 150 provinces and years: 31 interpolated, 30 held" in run.notes
    assert "land cover of the nearest year stands for 2000, 2004" in run.notes
    assert len(run.record["energy"]["files"]) == 3
    assert run.record["energy"]["unreported"] == ["2002 64"]


def test_emissions_add_up(run):
    rows = pick(run.rows["C1"], model="energy", quantity="value")
    for year in YEARS:
        own = pick(rows, year=year)
        total = number(own, equation="", term="total")
        fuels = own[own["equation"].eq("") & own["term"].isin(list(FUELS))]
        assert len(fuels) == len(FUELS)
        assert fuels["estimate"].sum() == pytest.approx(total, rel=CLOSE)
        for groups in (("industry", "power"), tuple(REGIONS), ALL):
            parts = own[own["equation"].isin(list(groups))]
            assert len(parts) == len(groups)
            assert parts["estimate"].sum() == pytest.approx(total, rel=CLOSE)
        shares = pick(run.rows["C1"], model="energy", quantity="share", year=year, equation="")
        assert shares["estimate"].sum() == pytest.approx(1.0, rel=CLOSE)


def test_the_published_stand_beside_the_computed(run):
    rows = run.rows["C1"]
    computed = number(rows, model="energy", equation="11", term="total", year=2003)
    published = number(rows, model="inventory", equation="11", term="total", year=2003)
    own = pick(rows, model="difference", equation="11", year=2003)
    assert number(own, quantity="difference") == pytest.approx(computed - published, rel=CLOSE)
    assert number(own, quantity="ratio") == pytest.approx(computed / published, rel=CLOSE)
    whole = pick(rows, model="difference", equation="", quantity="difference")
    assert whole.set_index("year")["n_units"].to_dict() == {2002: 29, 2003: 30}
    assert np.isnan(number(rows, model="inventory", equation="", term="total", year=2002))
    fuels = rows[rows["model"].eq("inventory") & rows["equation"].eq("") & rows["year"].eq(2003)]
    assert set(fuels["term"]) == {"total", *FUELS}


def test_what_is_no_report_is_flagged(run):
    flags = pick(run.rows["C1"], model="flag")
    assert number(flags, equation="", term="interpolated", year=2001) == 30
    assert number(flags, equation="64", term="interpolated", year=2002) == 1
    assert number(flags, equation="land", term="held", year=2004) == 30
    cells = of_provinces(flags)
    assert len(cells) == 30 + 30 + 1
    assert pick(flags, equation="borrowed").empty


def test_accounts_of_groups_are_sums_of_provinces(run):
    rows = pick(run.rows["C2"], model="accounts", quantity="value", year=2003)
    for term in ("footprint", "capacity", "size", "overshoot", "surplus"):
        parts = of_provinces(pick(rows, term=term))["estimate"]
        regions = rows[rows["equation"].isin(list(REGIONS)) & rows["term"].eq(term)]["estimate"]
        whole = number(rows, equation="", term=term)
        assert parts.sum() == pytest.approx(whole, rel=CLOSE)
        assert regions.sum() == pytest.approx(whole, rel=CLOSE)
    size, depth = (number(rows, equation="east", term=term) for term in ("size", "depth"))
    assert number(rows, equation="east", term="footprint_3d") == pytest.approx(size * depth)
    over = of_provinces(pick(rows, term="depth"))["estimate"].gt(1).sum()
    assert number(rows, equation="", term="n_overshoot") == over
    shares = pick(run.rows["C2"], model="accounts", quantity="share", year=2003)
    assert number(shares, equation="", term="n_overshoot") == pytest.approx(over / 30, rel=CLOSE)


def test_provinces_are_counted_by_what_their_land_takes_up(run):
    """More or less carbon emitted than the two absorption factors let all land take up."""
    areas = calc_capacity(run.footprint.accounts.by_type["capacity"].unstack("land_type") * 100)
    uptake = areas["forest"] * 3.8096 + areas["grassland"] * 0.9482
    carbon = run.footprint.measures["emissions"] * 12 / 44 * 100
    rows = pick(run.rows["C2"], model="accounts", year=2003)
    more = (carbon > uptake).xs(2003, level="year")
    assert 0 < more.sum() < 30
    values = pick(rows, quantity="value", equation="")
    assert number(values, term="n_deficit") == more.sum()
    assert number(values, term="n_surplus") == 30 - more.sum()
    assert number(pick(rows, quantity="share", equation=""), term="n_surplus") == pytest.approx(
        1 - more.mean(), rel=CLOSE
    )
    gap = (carbon - uptake).xs(2003, level="year").sum()
    assert number(values, term="uptake_deficit") == pytest.approx(gap, rel=CLOSE)
    unused, over = (number(values, term=f"uptake_{name}") for name in ("unused", "overshoot"))
    assert over - unused == pytest.approx(gap, rel=CLOSE)
    assert number(pick(rows, quantity="ratio"), equation="") == pytest.approx(unused / over)
    by_region = pick(rows, quantity="value", term="n_deficit").set_index("equation")["estimate"]
    assert by_region[list(REGIONS)].sum() == more.sum()


@pytest.mark.parametrize("shares", ["set", "national", "province"])
@pytest.mark.parametrize("unit", ["hm2", "gha"])
@pytest.mark.parametrize("kind", ["types", "one"])
def test_carbon_is_of_the_land_there_is_in_every_account_and_unit(run, inputs, shares, unit, kind):
    found = calc_studied_footprint(
        small_section(accounts=kind, shares=shares, unit=unit), inputs
    ).measures
    usual = run.footprint.measures
    areas = run.footprint.accounts.by_type["capacity"].unstack("land_type")
    uptake = areas["forest"] * 3.8096 + areas["grassland"] * 0.9482
    carbon = usual["emissions"] * 12 / 44 * 100
    assert found["uptake"].to_numpy() == pytest.approx(uptake.to_numpy(), rel=CLOSE)
    gap = (carbon - uptake).to_numpy()
    assert found["uptake_deficit"].to_numpy() == pytest.approx(gap, rel=CLOSE)
    if kind == "one":
        used = np.minimum(carbon, uptake) / uptake
        assert found["flow_occupancy"].to_numpy() == pytest.approx(used.to_numpy(), rel=CLOSE)
    if unit == "gha":
        assert (found["capacity"] != usual["capacity"]).all()


def test_accounts_tell_how_far_factors_lift_the_emissions(run):
    ratios = pick(run.rows["C2"], model="difference").set_index("year")["estimate"]
    published = pick(run.rows["C1"], model="difference", quantity="ratio", equation="")
    assert set(ratios.index) == {2002, 2003}
    assert ratios.to_dict() == published.set_index("year")["estimate"].to_dict()


def test_every_table_says_what_rests_on_no_report(run):
    columns = ["equation", "term", "year", "estimate"]
    whole = pick(run.rows["C1"], model="flag")[columns].to_numpy().tolist()
    assert len(whole) > 60
    for rows in run.rows.values():
        assert pick(rows, model="flag")[columns].to_numpy().tolist() == whole


def test_ratios_per_head_and_value_added(run):
    rows = pick(run.rows["C2"], quantity="value", year=2003)
    footprint = number(rows, equation="14", term="footprint")
    # 1000 + 10 x 14 in 10^4 persons; 300 + 14 + 3 x 40 in 10^8 yuan
    assert number(rows, equation="14", term="per_head") == pytest.approx(footprint / 1140)
    assert number(rows, equation="14", term="per_value_added") == pytest.approx(footprint / 434)
    whole = number(rows, equation="", term="footprint")
    people = sum(1000 + 10 * int(code) for code in ALL)
    assert number(rows, equation="", term="per_head") == pytest.approx(whole / people)


def test_land_types_stand_in_printed_years(run):
    rows = run.rows["C2"]
    typed = rows[rows["term"].str.contains(".", regex=False)]
    assert set(typed["year"]) == {2000, 2004}
    assert set(typed["term"].str.split(".").str[1]) == {"forest", "grassland"}
    own = pick(rows, equation="14", year=2004)
    parts = [number(own, term=f"size.{kind}") for kind in ("forest", "grassland")]
    assert sum(parts) == pytest.approx(number(own, term="size"), rel=CLOSE)
    of_accounts = pick(rows, model="accounts")
    terms = set(of_provinces(of_accounts)["term"]) - set(typed["term"])
    assert terms == {*MEASURES, "per_head", "per_value_added"}


def test_scores_and_ranks_of_the_potential(run):
    rows = pick(run.rows["C6"], model="equity_efficiency", year=2003)
    values = of_provinces(pick(rows, quantity="value"))
    wide = values.pivot(index="equation", columns="term", values="estimate")
    assert sorted(wide["rank"]) == list(range(1, 31))
    assert set(wide["quadrant"]) <= {1, 2, 3, 4}
    np.testing.assert_allclose(wide["index"], (wide["equity"] + wide["efficiency"]) / 2, CLOSE)
    ranges = values[values["term"].isin(["rank_low", "rank_high"])]
    assert (ranges["draws"] == 50).all()
    assert ranges["seed"].nunique() == 1
    shares = pick(rows, quantity="share")
    assert of_provinces(shares)["estimate"].sum() == pytest.approx(1.0, rel=CLOSE)
    regions = shares[shares["equation"].isin(list(REGIONS))]["estimate"]
    assert regions.sum() == pytest.approx(1.0, rel=CLOSE)
    weights = pick(rows, equation="weights").set_index("term")["estimate"]
    assert weights[list(EQUITY)].sum() == pytest.approx(1.0, rel=CLOSE)
    assert weights[list(EFFICIENCY)].sum() == pytest.approx(1.0, rel=CLOSE)
    assert -1 <= number(rows, equation="equal_weights") <= 1


@pytest.mark.parametrize("model", ["benchmark", "overshoot"])
def test_reductions_of_groups_are_sums_of_provinces(run, model):
    rows = pick(run.rows["C6"], model=model, year=2003)
    amounts, shares = pick(rows, quantity="value"), pick(rows, quantity="share")
    whole = number(amounts, equation="")
    assert whole > 0
    for groups in (tuple(REGIONS), ALL):
        parts = amounts[amounts["equation"].isin(list(groups))]["estimate"]
        assert parts.sum() == pytest.approx(whole, rel=CLOSE)
    emitted = number(run.rows["C1"], model="energy", quantity="value", equation="",
                     term="total", year=2003)  # fmt: skip
    assert number(shares, equation="") == pytest.approx(whole / emitted, rel=CLOSE)
    assert shares["estimate"].between(0, 1).all()


def test_cumulative_shares_count_the_years_so_far(run):
    emitted = run.footprint.measures["emissions"].unstack("year")
    for year in (2000, 2003):
        so_far = emitted[[y for y in YEARS if y <= year]].sum(axis=1)
        found = calc_criteria(run.footprint, year)["cumulative_share"]
        np.testing.assert_allclose(found, so_far / so_far.sum(), rtol=CLOSE)


def test_a_missing_year_is_no_year_without_emissions(inputs):
    """Shares so far are of the same years for all, those in which no province is missing."""
    found = built(inputs, gaps={"cells": "drop"})
    emitted = found.measures["emissions"].unstack("year")
    assert np.isnan(emitted.loc["64", 2002])
    so_far = emitted[[2000, 2001, 2003]].sum(axis=1)
    share = calc_criteria(found, 2003)["cumulative_share"]
    np.testing.assert_allclose(share, so_far / so_far.sum(), rtol=CLOSE)
    without = emitted.drop("64")[[2000, 2001, 2002]].sum(axis=1)
    share = calc_criteria(found, 2002)["cumulative_share"]
    np.testing.assert_allclose(share, without / without.sum(), rtol=CLOSE)


def test_no_random_weights_no_ranges(inputs):
    table = ReductionPotentialTable(kind="reduction_potential", title=TITLE, years=(2003,), draws=0)
    rows = potential(inputs, table)
    assert not set(rows["term"]) & {"rank_low", "rank_high"}
    assert rows["draws"].isna().all()


KEY = TableKey(study="small", table="C", sample="")
BY_REGION = load_provinces().grouped("region")


def built(inputs: FootprintInputs, **keys: object) -> StudiedFootprint:
    return calc_studied_footprint(small_section(**keys), inputs)


def emissions(inputs: FootprintInputs, **keys: object) -> pd.DataFrame:
    return emission_rows(TABLES["C1"], built(inputs, **keys), BY_REGION, KEY)


def accounts(inputs: FootprintInputs, **keys: object) -> pd.DataFrame:
    section = small_section(**keys)
    return account_rows(TABLES["C2"], built(inputs, **keys), section, BY_REGION, KEY)


def potential(
    inputs: FootprintInputs, table: ReductionPotentialTable, **keys: object
) -> pd.DataFrame:
    section = small_section(**keys)
    return potential_rows(table, built(inputs, **keys), section, BY_REGION, KEY, seed=1)


def test_one_account_has_no_land_types(inputs):
    found = built(inputs, accounts="one")
    total = found.accounts.total
    over = total["footprint"] >= total["capacity"]
    assert over.any()
    np.testing.assert_allclose(total["footprint_3d"][over], total["footprint"][over], CLOSE)
    rows = accounts(inputs, accounts="one")
    assert not rows["term"].str.contains(".", regex=False).any()


def test_global_hectares_scale_both_sides(inputs):
    plain, world = built(inputs).accounts.by_type, built(inputs, unit="gha").accounts.by_type
    cell = ("14", 2003, "forest")
    assert world["footprint"][cell] == pytest.approx(plain["footprint"][cell] * 1.1, rel=CLOSE)
    wanted = plain["capacity"][cell] * 1.1 * 0.91
    assert world["capacity"][cell] == pytest.approx(wanted, rel=CLOSE)
    np.testing.assert_allclose(world["uptake"], plain["uptake"], rtol=CLOSE)
    emitted = plain["uptake_used"] + plain["uptake_overshoot"]
    again = world["uptake_used"] + world["uptake_overshoot"]
    np.testing.assert_allclose(again, emitted, rtol=CLOSE)


def test_a_single_account_in_global_hectares_takes_the_mean_equivalence(inputs):
    one = built(inputs, unit="gha", accounts="one").accounts.total
    plain = built(inputs, accounts="one").accounts.total
    equivalence = 0.8272 * 1.1 + 0.1728 * 0.5
    np.testing.assert_allclose(one["footprint"], plain["footprint"] * equivalence, rtol=CLOSE)
    areas = calc_capacity(inputs.land[["forest", "grassland"]])
    cell = ("14", 2003)
    wanted = areas["forest"][cell] * 1.1 * 0.91 + areas["grassland"][cell] * 0.5 * 0.19
    assert one["capacity"][cell] == pytest.approx(wanted, rel=CLOSE)
    emitted = one["uptake_used"] + one["uptake_overshoot"]
    carbon = plain["uptake_used"] + plain["uptake_overshoot"]
    np.testing.assert_allclose(emitted, carbon, rtol=CLOSE)


@pytest.mark.parametrize("shares", ["national", "province"])
@pytest.mark.parametrize("sequestration", ["xie2008", "landuse", "province_npp"])
def test_with_shares_of_land_both_accounts_have_one_footprint(inputs, shares, sequestration):
    """Of the emissions one tonne needs sum q/n hectares whether they are told apart or not."""
    keys = {"shares": shares, "sequestration": sequestration}
    types, one = (built(inputs, **keys, accounts=name).accounts.total for name in ("types", "one"))
    np.testing.assert_allclose(types["footprint"], one["footprint"], rtol=CLOSE)


def test_printed_shares_give_each_account_a_footprint_of_its_own(inputs):
    """By type sum q/n, the land each type needs; one account has 1 / sum q n."""
    types, one = (built(inputs, accounts=name).accounts.total for name in ("types", "one"))
    carbon = built(inputs).measures["emissions"] * 12 / 44 * 100
    harmonic = 1 / (0.8272 / 3.8096 + 0.1728 / 0.9482)
    mean = 0.8272 * 3.8096 + 0.1728 * 0.9482
    assert (round(harmonic, 3), round(mean, 3)) == (2.504, 3.315)
    np.testing.assert_allclose(types["footprint"], carbon / harmonic, rtol=CLOSE)
    np.testing.assert_allclose(one["footprint"], carbon / mean, rtol=CLOSE)
    for table in (types, one):
        emitted = table["uptake_used"] + table["uptake_overshoot"]
        np.testing.assert_allclose(emitted, carbon, rtol=CLOSE)


def test_woody_savannas_move_from_grassland_to_forest(inputs):
    plain = built(inputs).accounts.by_type["capacity"].unstack("land_type")
    moved = built(inputs, woody_savanna="forest").accounts.by_type["capacity"].unstack("land_type")
    woods = calc_capacity(inputs.land[["prov_area_woody"]])["prov_area_woody"]
    cell = ("14", 2003)
    assert moved.loc[cell, "forest"] - plain.loc[cell, "forest"] == pytest.approx(woods[cell])
    np.testing.assert_allclose(moved.sum(axis=1), plain.sum(axis=1), rtol=CLOSE)
    one = built(inputs, woody_savanna="forest", land_types=["forest"]).accounts.total["capacity"]
    np.testing.assert_allclose(one, moved["forest"], rtol=CLOSE)


def test_absorption_of_the_province_is_its_productivity(inputs):
    found = built(
        inputs, sequestration="province_npp", shares="province", land_types=["forest", "cropland"]
    )
    row = found.measures.loc[("14", 2003)]
    # 314 gC/m2 are 3.14 t/ha; Mt CO2 x 12/44 over t/ha is Mha, 10^2 x 10^4 ha
    wanted = row["emissions"] * 12 / 44 / 3.14 * 100
    assert row["footprint"] == pytest.approx(wanted, rel=CLOSE)


def test_consumption_counts_electricity(inputs):
    rows = emissions(inputs, power="consumption")
    whole = pick(rows, model="energy", quantity="value", equation="", year=2003)
    assert {"electricity", "heat"} <= set(whole["term"])
    generation = emissions(inputs)
    # the cross-check is of the same scope whatever the table counts
    for table in (rows, generation):
        assert number(table, model="difference", quantity="ratio", equation="", year=2003) == (
            number(generation, model="difference", quantity="ratio", equation="", year=2003)
        )


def test_borrowed_factors_are_told(inputs):
    rows = flag_rows(built(inputs, factors="gbt2589"), KEY)
    share = pick(rows, equation="borrowed")
    assert set(share["year"]) == set(YEARS)
    assert share["estimate"].between(0.01, 0.99).all()
    notes = built(inputs, factors="gbt2589").notes()
    assert any(note.startswith("factors of Shan et al. (2018) for cleaned_coal") for note in notes)


def test_a_dropped_cell_stays_out_of_everything(inputs):
    keys = {"gaps": {"cells": "drop", "inside": "drop"}}
    emitted = emissions(inputs, **keys)
    assert 2001 not in set(emitted["year"])
    total = pick(emitted, model="energy", equation="", term="total", quantity="value", year=2002)
    assert total["n_units"].tolist() == [29]
    flags = flag_rows(built(inputs, **keys), KEY)
    assert number(flags, equation="64", term="missing", year=2002) == 1
    assert number(flags, equation="", term="dropped", year=2001) == len(ALL)
    assert not flags["year"].eq(2001).mul(flags["term"].ne("dropped")).any()
    assert "dropped" not in set(flag_rows(built(inputs), KEY)["term"])
    assert np.isnan(number(accounts(inputs, **keys), equation="64", term="size", year=2002))
    table = ReductionPotentialTable(kind="reduction_potential", title=TITLE, years=(2002,))
    assert "64" not in set(potential(inputs, table, **keys)["equation"])


def test_years_that_panels_lack_are_refused(inputs):
    with pytest.raises(DataError, match=r"people\.csv: no prov_pop of province and year 11 2006"):
        built(inputs, last_year=2006)
    with pytest.raises(DataError, match="no land cover of 2000, 2004, outside the years 2001"):
        built(inputs, gaps={"land": "error"})


class StudyOf:
    """The part of a study that the checks of the section look at."""

    def __init__(self, section: FootprintSection) -> None:
        self.footprint = section


@pytest.mark.parametrize(
    ("keys", "place", "message"),
    [
        ({"sequestration": "landuse"}, ("shares",), "landuse has no printed shares"),
        (
            {"sequestration": "landuse", "shares": "national", "land_types": ["water", "cropland"]},
            ("land_types", 1),
            "cropland gives off carbon",
        ),
        (
            {"sequestration": "province_npp", "shares": "national", "unit": "gha"},
            ("unit",),
            "got 'gha' with province_npp, measured in China; allowed with xie2008",
        ),
        (
            {"sequestration": "landuse", "shares": "national", "unit": "gha"},
            ("unit",),
            "got 'gha' with landuse, measured in China; allowed with xie2008",
        ),
    ],
)
def test_choices_that_do_not_go_together_are_faults(keys, place, message):
    faults = dict(footprint_faults(StudyOf(small_section(**keys))))
    assert message in faults["footprint", *place]
    assert not list(footprint_faults(StudyOf(small_section())))
