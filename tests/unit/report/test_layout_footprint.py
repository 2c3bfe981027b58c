"""Printed tables of the footprint: every number is a row, every code has a name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from footprint_data import ENERGY_YEARS, INVENTORY_YEARS, SILENT, small_section
from footprint_rows import (
    TABLES,
    YEARS,
    footprint_folder,
    footprint_rows,
    footprint_study,
    footprint_table_rows,
)
from printed_tables import (
    assert_any_order,
    assert_says_what_rows_say,
    lines_of,
    number_of,
)

from yrb_carbon.estimates import estimates_frame
from yrb_carbon.footprint.potential import EFFICIENCY, EQUITY
from yrb_carbon.report import footprint_names as names
from yrb_carbon.report import footprint_notes as notes
from yrb_carbon.report.cells import PrintedTable, format_estimate, format_p
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout import LAYOUTS, layout_table
from yrb_carbon.report.moran_figure import CLUSTER_WORDS
from yrb_carbon.study.footprint import (
    Dimension,
    FootprintAccountsTable,
    FootprintSection,
    GapSection,
    LandType,
    ReductionPotentialTable,
)
from yrb_carbon.study.provinces import load_provinces

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return footprint_folder(tmp_path_factory)


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    return footprint_rows(tmp_path_factory)


def lay_out(name: str, rows: pd.DataFrame, language: str = "en", **changes: Any) -> PrintedTable:
    return layout_table(name, footprint_study(**changes), rows, language)  # type: ignore[arg-type]


def test_every_kind_of_the_footprint_has_a_layout(rows):
    assert {values["kind"] for values in TABLES.values()} <= set(LAYOUTS)
    assert set(rows["table"]) == set(TABLES)


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_every_number_of_the_footprint_is_a_row_and_every_code_a_name(name, language, rows):
    assert_says_what_rows_say(lay_out(name, rows, language), rows, YEARS)


@pytest.mark.parametrize("name", TABLES)
def test_footprint_tables_are_the_same_in_both_languages_and_any_order(name, rows):
    assert_any_order(lay_out, name, rows)


def test_fuels_are_printed_beside_the_published_and_sum_to_all(rows):
    table = lay_out("C1", rows)
    body = table.body
    lines = body.to_numpy().tolist()
    assert lines[0][0] == "By fuel"
    fuels = lines[: [line[1] for line in lines].index("All fuels") + 1]
    assert fuels[-1][1] == "All fuels"
    at = list(body.columns).index("2003: Mt")
    parts = sum(float(line[at]) for line in fuels[:-1])
    assert parts == pytest.approx(float(fuels[-1][at]), abs=0.005 * len(fuels))
    whole = number_of(rows, "C1", model="energy", term="total", year=2003)
    assert fuels[-1][at] == format_estimate(whole, 2)
    assert fuels[-1][at + 2] == format_estimate(
        number_of(rows, "C1", model="inventory", term="total", year=2003), 2
    )
    sizes = [float(line[at]) for line in fuels[:-1]]
    assert len(sizes) == 17
    (power,) = lines_of(body, "", "of which power and heat")
    assert power[at] == format_estimate(
        number_of(rows, "C1", model="energy", equation="power", term="total", year=2003), 2
    )


def test_differences_from_the_inventories_have_lines_of_their_own(rows):
    table = lay_out("C1", rows)
    (whole,) = lines_of(table.body, "", "All provinces")
    at = list(table.body.columns).index("2003: Mt")
    own = {"model": "difference", "term": "total", "year": 2003}
    assert whole[at : at + 2] == [
        format_estimate(number_of(rows, "C1", **own, quantity="difference"), 2),
        format_estimate(100 * number_of(rows, "C1", **own, quantity="ratio"), 2),
    ]
    first = list(table.body.columns).index("2000: Mt")
    assert 2000 not in INVENTORY_YEARS
    assert whole[first : first + 2] == ["", ""]
    silent, _ = lines_of(table.body, "", "Ningxia")
    assert SILENT == ("64", 2002)
    assert silent[list(table.body.columns).index("2002: Mt")] == ""
    chosen = lay_out("C1", rows, C1={"layout": {"rows": ["check"], "decimals": 0}})
    assert list(dict.fromkeys(chosen.body.iloc[:, 0])) == ["Less the inventories", ""]
    assert whole[at].partition(".")[0][:-1] in chosen.body.iloc[-1, at]
    nothing = rows["estimate"].mask(rows["quantity"].eq("difference"), 3e-13)
    (same,) = lines_of(lay_out("C1", rows.assign(estimate=nothing)).body, "", "All provinces")
    assert same[at] == "0.00"
    unchecked = rows[~rows["model"].isin(["inventory", "difference"])]
    alone = lay_out("C1", unchecked)
    assert not any("inventories" in head for head in alone.body.columns)
    assert "no published inventories" in " ".join(alone.notes)


def test_notes_count_what_is_filled(rows):
    said = " ".join(lay_out("C1", rows).notes)
    assert "89 reported, 31 interpolated, 30 of the nearest year, 0 missing" in said
    for name in TABLES:
        told = " ".join(lay_out(name, rows).notes)
        assert "Interpolated: All provinces in 2001; Ningxia in 2002." in told
        assert "Of the nearest year: All provinces in 2004." in told
        assert "Land cover of the nearest year stands for 2000, 2004." in told
    assert "inventories of 2000, 2002-2003 times the factors of Shan et al. (2018)" in said
    assert "Land cover of the nearest year stands for 2000, 2004." in said
    assert "of the set have" not in said
    own = rows["table"].eq("C2") & rows["model"].eq("flag") & rows["equation"].eq("64")
    years = rows["year"].mask(own & rows["year"].eq(2002), 2000)
    assert "Ningxia in 2000." in " ".join(lay_out("C2", rows.assign(year=years)).notes)
    held = rows["model"].eq("flag") & rows["equation"].ne("")
    plain = " ".join(lay_out("C1", rows[~held]).notes)
    assert "30 of the nearest year" in plain
    assert "Interpolated:" not in plain


def test_consumption_and_another_set_are_told_with_their_fuels(folder):
    section = {"power": "consumption", "factors": "gbt2589", "grid_factor": 0.6,
               "gaps": {"inside": "drop", "outside": "drop", "cells": "drop"}}  # fmt: skip
    study = footprint_study(section, C6={"years": [2000]})
    made = footprint_table_rows(
        study.model_copy(update={"tables": {"C1": study.tables["C1"]}}), folder
    )
    table = layout_table("C1", study, made)
    assert lines_of(table.body, "", "Electricity bought")
    assert {head.partition(":")[0] for head in table.body.columns[2:]} == {"2000", "2002", "2003"}
    said = " ".join(table.notes)
    for part in ("0.6 t per MWh", "GB/T 2589-2008", "have that of Shan et al. (2018): up to",
                 "are left out; those outside are left out; provinces without a report stay empty",
                 "1 missing", "Left out, without an inventory: 2001, 2004.",
                 "counts of their years: Ningxia in 2002."):  # fmt: skip
        assert part in said
    *_, ningxia = lines_of(table.body, "", "Ningxia")
    assert ningxia[list(table.body.columns).index("2002: Mt")] == ""


def test_measures_have_their_years_beside_one_another(rows):
    table = lay_out("C2", rows)
    assert list(table.shown.columns[2:5]) == [
        f"Footprint size, 10^4 ha: {year}" for year in ENERGY_YEARS
    ]
    assert table.shown.shape[1] == 2 + 3 * len(ENERGY_YEARS)
    n_columns = len(FootprintAccountsTable.printed_columns)
    assert table.body.shape[1] == 2 + n_columns * len(ENERGY_YEARS)
    (east,) = lines_of(table.body, "East", "Whole region")
    size = number_of(rows, "C2", equation="east", term="size", year=2003)
    assert east[list(table.body.columns).index("Footprint size, 10^4 ha: 2003")] == (
        format_estimate(size, 2)
    )
    head = number_of(rows, "C2", term="per_head", year=2000)
    (whole,) = lines_of(table.body, "All provinces")
    place = list(table.body.columns).index("Footprint per head, ha per person: 2000")
    assert whole[place] == format_estimate(head)
    over = int(number_of(rows, "C2", term="n_overshoot", quantity="value", year=2003))
    assert f"2003: {over}" in table.notes[1]
    less = int(number_of(rows, "C2", term="n_surplus", quantity="value", year=2003))
    assert re.search(rf"that emit less: [^.]*2003: {less}", table.notes[1])
    ratios = rows[rows["table"].eq("C2") & rows["model"].eq("difference")]["estimate"]
    low, high = (format_estimate(value, 3) for value in (ratios.min(), ratios.max()))
    assert f"are {low} to {high} times the published ones. The footprint is so" in table.notes[1]
    even = rows["estimate"].mask(rows["model"].eq("difference"), 1.0)
    for other in ({"power": "consumption"}, {"scope": ["industry"]}, {"scope": ["power"]}):
        told = lay_out("C2", rows, section=other).notes[1]
        assert f"are {low} to {high} times the published ones." in told
        assert "footprint is so many times" not in told
    assert "are 1.000 times the" in lay_out("C2", rows.assign(estimate=even)).notes[1]
    assert "Guizhou, Yunnan, Shaanxi" in table.notes[3]
    assert "Tibet" not in " ".join(table.notes)
    unchecked = lay_out("C2", rows[rows["model"].ne("difference")])
    assert "times the published" not in " ".join(unchecked.notes)
    few = lay_out("C2", rows, C2={"years": [2003], "layout": {"columns": [{"id": "pressure"}]}})
    assert list(few.shown.columns) == ["Region", "Province", "Pressure: 2003"]
    assert "Pages show" not in " ".join(few.notes)


@pytest.mark.parametrize("name", TABLES)
def test_tables_list_provinces_of_the_accounts_alone(name, rows):
    untested = rows[~rows["model"].str.startswith("trend")]
    for own in (rows, untested):
        said = " ".join(lay_out(name, own).notes)
        assert "Tibet" not in said
        assert ("Regions: " in said) == (name != "C4")
        assert ("Yunnan" in said) == (name != "C4")


def test_rules_for_years_say_nothing_of_provinces(rows):
    """Provinces may lie on a line while years are left out."""
    gaps = {"inside": "drop", "outside": "drop", "cells": "interpolate"}
    section = small_section(gaps=gaps)
    said = notes.gaps_text(section, Words("en"))
    assert "outside are left out; provinces without a report lie on a line" in said


def test_shares_so_far_are_told_where_provinces_are_missing(rows):
    told = "no province of the year is missing"
    assert told not in " ".join(lay_out("C6", rows).notes)
    own = rows["table"].eq("C6") & rows["model"].eq("flag") & rows["equation"].eq("64")
    missing = rows.assign(term=rows["term"].mask(own, "missing"))
    assert told in " ".join(lay_out("C6", missing).notes)


@pytest.mark.parametrize(
    ("choice", "is_unlike"),
    [
        ({"shares": "set"}, True),
        ({"shares": "national"}, True),
        ({"shares": "province"}, False),
        ({"shares": "province", "unit": "gha"}, True),
        ({"accounts": "one"}, False),
    ],
)
def test_cuts_to_the_capacity_say_that_one_short_land_type_is_enough(rows, choice, is_unlike):
    note = lay_out("C6", rows, section=choice).notes[0]
    assert ("though its land as a whole may take up more than it emits" in note) is is_unlike


def test_trends_without_tests_print_no_key_of_stars(rows):
    key = "p < 0.01"
    assert key in " ".join(lay_out("C5", rows).notes)
    few = rows[~(rows["table"].eq("C5") & rows["model"].str.startswith("trend"))]
    assert key not in " ".join(lay_out("C5", few).notes)


def test_units_of_global_hectares_are_named(rows):
    table = lay_out("C2", rows, section={"unit": "gha", "biodiversity": 0.12, "accounts": "one"})
    assert "Footprint size, 10^4 gha: 2000" in table.body.columns
    assert "Footprint per head, gha per person: 2000" in table.body.columns
    assert "12 % kept for other species" in table.notes[0]
    assert "All land is one account." in table.notes[0]
    assert "t C is the sum over its land types" in table.notes[0]
    assert "They convert areas alone: what is in t C is of hectares" in table.notes[0]
    assert "each land type are in" not in " ".join(table.notes)
    assert "world and yield factors of China after Wackernagel et al. (1999)" in table.notes[0]
    assert "the carbon over 3.315 t per hectare" in table.notes[0]
    assert "together have 2.504 t per hectare" in table.notes[0]
    by_type = lay_out("C2", rows).notes[0]
    assert "the carbon over 2.504 t per hectare" in by_type
    assert "Global hectares" not in by_type
    land = lay_out("C2", rows, section={"shares": "national"}).notes[0]
    assert "t per hectare" not in land


@pytest.mark.parametrize(
    ("types", "said"),
    [
        (["forest", "grassland"], "(forest, grassland; land under 30 to 60 % of trees counts as "
         "grassland)"),
        (["forest"], "(forest; land under 30 to 60 % of trees is left out, it counts as "
         "grassland)"),
        (["water"], "(water)"),
    ],
)  # fmt: skip
def test_land_under_few_trees_is_told_where_it_matters(rows, types, said):
    section = {"land_types": types, "shares": "national", "sequestration": "landuse"}
    assert said in lay_out("C2", rows, section=section).notes[0]


def test_moran_of_values_and_logarithms_stand_beside_one_another(rows):
    table = lay_out("C3", rows, C3={"layout": {"rows": ["global"]}})
    assert list(table.body.columns[1:7]) == [
        f"{name}: {part}" for name in ("Footprint size", "Footprint depth")
        for part in ("I", "z", "p")
    ]  # fmt: skip
    assert table.body.columns[7] == "ln Footprint size: I"
    own = rows[rows["table"].eq("C3") & rows["model"].eq("global_log") & rows["outcome"].eq("depth")
               & rows["year"].eq(2002)].set_index("inference")  # fmt: skip
    # no file of 2001, the last is of 2003
    assert table.body.iloc[:5, 0].tolist() == [
        "2000", "2001, interpolated", "2002", "2003", "2004, held",
    ]  # fmt: skip
    (line,) = lines_of(table.body, "2002")
    assert line[10].rstrip("*") == format_estimate(own.loc["randomisation", "estimate"])
    assert line[12] == format_p(own.loc["permutation", "p_value"])
    (trend,) = lines_of(table.body, "Trend a year")
    slope = number_of(rows, "C3", model="trend", outcome="size", term="sen_slope")
    assert trend[1] == format_estimate(slope)
    said = " ".join(table.notes)
    assert "from 99 permutations, 30 provinces" in said
    assert f"Seed {int(own.loc['permutation', 'seed'])}." in said
    assert "false discovery rate 0.05" in said


def test_clusters_before_the_correction_are_in_brackets(rows):
    local = rows["table"].eq("C3") & rows["model"].eq("local") & rows["quantity"].eq("moran")
    here = local & rows["equation"].eq("11") & rows["year"].eq(2000) & rows["outcome"].eq("size")
    for after, before, wanted in (("ns", "HL", "(HL)"), ("HL", "HL", "HL"), ("ns", "ns", "")):
        terms = rows["term"].mask(here & rows["inference"].eq("permutation_fdr"), after)
        terms = terms.mask(here & rows["inference"].eq("permutation"), before)
        table = lay_out("C3", rows.assign(term=terms), C3={"layout": {"rows": ["local"]}})
        found = [line[2] for line in table.body.to_numpy().tolist() if line[1] == "Beijing"]
        assert "".join(found) == wanted
    whole = lay_out("C3", rows).body
    titles = [line[0] for line in whole.to_numpy().tolist() if len(set(line)) == 1]
    assert titles == ["Moran's I of the provinces", "Local clusters", "Local clusters"]


def test_track_has_the_shift_of_the_year_and_of_the_whole(rows):
    table = lay_out("C4", rows, C4={"years": [2000, 2003]})
    first, second, whole, slope, test = (line[1:] for line in table.body.to_numpy().tolist()[:5])
    assert table.body.iloc[0, 0] == "Footprint size"
    assert (first[0], second[0], whole[0]) == ("2000", "2003", "2000 to 2003")
    shift = number_of(rows, "C4", model="shift", outcome="size", equation="2002-2003", term="shift")
    assert first[3] == ""
    assert second[3] == format_estimate(shift, 2)
    all_of = number_of(
        rows, "C4", model="shift", outcome="size", equation="2000-2003", term="shift"
    )
    assert whole[3] == format_estimate(all_of, 2)
    assert slope[1] == format_estimate(
        number_of(rows, "C4", model="trend", outcome="size", equation="lon", term="sen_slope")
    )
    assert slope[3] == ""
    assert re.fullmatch(r"[<0]\.?\d*\.?\d*", test[1])
    assert "axes times the root of 2" in table.notes[0]
    plain = lay_out("C4", rows, C4={"scaling": "none", "weighting": "w2"})
    assert "root of 2" not in plain.notes[0]
    assert "weights squared" in plain.notes[0]


def test_inequality_parts_and_trends_after_fdr(rows):
    table = lay_out("C5", rows, C5={"layout": {"rows": ["dagum"]}})
    (line,) = lines_of(table.body, "Footprint size", "2000")
    at = {head: place for place, head in enumerate(table.body.columns)}
    own = {"model": "dagum", "outcome": "size", "year": 2000}
    assert line[at["Overlap"]] == format_estimate(number_of(rows, "C5", **own, term="Gt"))
    assert line[at["Between: East, West"]] == format_estimate(
        number_of(rows, "C5", **own, equation="pair", term="east-west")
    )
    assert line[at["Within: West"]] == format_estimate(
        number_of(rows, "C5", **own, equation="west", term="G")
    )
    theil = lay_out("C5", rows, C5={"layout": {"rows": ["theil"]}}).body
    share = number_of(rows, "C5", model="theil", outcome="depth", quantity="share", term="between",
               year=2003)  # fmt: skip
    assert lines_of(theil, "", "2003")[-1][5] == format_estimate(100 * share, 2)
    between = number_of(rows, "C5", model="theil", outcome="depth", term="between", year=2003)
    assert lines_of(theil, "", "2003")[-1][3] == format_estimate(between)
    tested = rows["table"].eq("C5") & rows["outcome"].eq("size") & rows["quantity"].eq("test")
    changed = rows.copy()
    for inference, p_value in (("hamed_rao", 0.004), ("hamed_rao_fdr", 0.04)):
        changed.loc[tested & rows["inference"].eq(inference), "p_value"] = p_value
    trends = lay_out("C5", changed, C5={"layout": {"rows": ["trends"]}})
    (region,) = lines_of(trends.body, "East", "Whole region")
    (beijing,) = lines_of(trends.body, "", "Beijing")
    assert region[5:7] == ["0.0040", ""]
    own = {"outcome": "depth", "equation": "east", "term": "sen_slope"}
    sums, mean = (number_of(rows, "C5", model=name, **own) for name in ("trend_sums", "trend"))
    (below, *_) = lines_of(trends.body, "", "Mean of the provinces")
    assert [line[7].rstrip("*") for line in (region, below)] == [
        format_estimate(sums), format_estimate(mean)
    ]  # fmt: skip
    assert sums != mean
    assert beijing[5:7] == ["0.0040", "0.0400"]
    assert re.fullmatch(r"-?[\d.e-]+\*\*\*", region[2])
    assert re.fullmatch(r"-?[\d.e-]+\*\*", beijing[2])
    said = " ".join(trends.notes)
    assert "interval and test with the variance after Hamed and Rao (1998)" in said
    assert "depth from the sums of overshoot and capacity" in said
    head = " ".join(lay_out("C5", rows, C5={"per": "head"}).notes)
    assert "amounts summed and divided by their population" in head
    assert "each of the same weight" in said
    short = rows[rows["model"].ne("trend")]
    assert "too few years" in " ".join(lay_out("C5", short).notes)


def test_provinces_stand_in_the_order_of_their_potential(rows):
    table = lay_out("C6", rows)
    assert set(table.shown["Year"]) == {"2004"}
    assert set(table.body["Year"]) == {"2000", "2004"}
    ranks = [int(rank) for rank in table.shown["Rank"] if rank]
    assert ranks == sorted(ranks)
    assert len(ranks) == 30
    first = table.shown.iloc[0]
    frame = load_provinces().frame
    (code,) = frame.index[frame["name_en"].eq(first["Province"])]
    quadrant = int(number_of(rows, "C6", equation=code, term="quadrant", year=2004))
    assert first["Above the mean"] == names.QUADRANTS[str(quadrant)]
    assert first["To the best quarter: Mt"] == format_estimate(
        number_of(rows, "C6", model="benchmark", equation=code, term="benchmark", year=2004), 2
    )
    east = table.shown[table.shown["Province"].eq("East")].iloc[0]
    assert east["Index"] == format_estimate(
        number_of(rows, "C6", quantity="mean", equation="east", term="index", year=2004)
    )
    whole = table.shown.iloc[-1]
    assert whole["Province"] == "All provinces"
    assert whole["To the capacity: %"] == format_estimate(
        100
        * number_of(rows, "C6", model="overshoot", quantity="share", term="overshoot", year=2004),
        2,
    )
    said = " ".join(table.notes)
    weight = number_of(rows, "C6", equation="weights", term="depth", year=2004)
    assert "Weights 2004: footprint per head" in said
    assert f"footprint depth {format_estimate(weight, 2)}" in said
    assert "over 50 random weights" in said


def test_names_of_the_footprint_cover_the_keys_of_the_configuration():
    from typing import get_args

    def choices(model: Any, field: str) -> set[str]:
        return set(get_args(model.model_fields[field].annotation))

    assert set(names.MEASURES) == set(FootprintAccountsTable.printed_columns)
    assert set(names.POTENTIAL) == set(ReductionPotentialTable.printed_columns)
    assert set(names.DIMENSIONS) == set(get_args(Dimension))
    assert set(names.LAND_TYPES) == set(get_args(LandType))
    assert (notes.EQUITY, notes.EFFICIENCY) == (EQUITY, EFFICIENCY)
    assert set(names.CRITERIA) == {*EQUITY, *EFFICIENCY}
    assert set(CLUSTER_WORDS) == {"HH", "HL", "LH", "LL"}
    for field, known in (
        ("factors", notes.FACTOR_SETS), ("power", notes.ALLOCATIONS),
        ("non_energy", notes.NON_ENERGY), ("other_petroleum", notes.OTHER_PETROLEUM),
        ("sequestration", notes.SEQUESTRATIONS), ("shares", notes.SHARE_RULES),
        ("accounts", notes.ACCOUNT_KINDS), ("unit", names.LAND_UNITS),
    ):  # fmt: skip
        assert set(known) == choices(FootprintSection, field)
    for field, known in (
        ("inside", notes.YEARS_INSIDE), ("outside", notes.YEARS_OUTSIDE), ("cells", notes.CELLS),
    ):  # fmt: skip
        assert set(known) == choices(GapSection, field)


def test_rows_of_no_footprint_print_as_nothing():
    empty = estimates_frame([])
    for name in ("C2", "C3", "C4", "C6"):
        assert len(lay_out(name, empty).body) == 0
