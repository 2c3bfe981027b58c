"""Printed tables of regional facts: every number is a row, every code has a name."""

from __future__ import annotations

import re
from typing import Any

import pandas as pd
import pytest
from printed_tables import (
    assert_any_order,
    assert_says_what_rows_say,
    lines_of,
    number_of,
    texts_of,
)
from regional_rows import (
    SILENT,
    TABLES,
    WITHOUT_INVENTORY,
    YEARS,
    regional_facts,
    regional_study,
    regional_table_rows,
)

from yrb_carbon.estimates import estimates_frame
from yrb_carbon.regional.balance import Balance
from yrb_carbon.report.cells import PrintedTable, format_estimate
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout import LAYOUTS, layout_table
from yrb_carbon.report.place_names import AREA_NAMES, REGION_NAMES, grouped_places, place_heads
from yrb_carbon.report.regional_names import BALANCE_TYPES
from yrb_carbon.study.provinces import AREAS, REGIONS, load_provinces

LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return regional_table_rows(regional_facts())


def lay_out(name: str, rows: pd.DataFrame, language: str = "en", **changes: Any) -> PrintedTable:
    return layout_table(name, regional_study(**changes), rows, language)  # type: ignore[arg-type]


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_every_number_of_the_regions_is_a_row_and_every_code_a_name(name, language, rows):
    assert_says_what_rows_say(lay_out(name, rows, language), rows, YEARS)


@pytest.mark.parametrize("name", TABLES)
def test_regional_tables_are_the_same_in_both_languages_and_any_order(name, rows):
    assert_any_order(lay_out, name, rows)


def test_every_kind_of_regional_facts_has_a_layout(rows):
    assert {values["kind"] for values in TABLES.values()} <= set(LAYOUTS)
    assert set(rows["table"]) == set(TABLES)


def test_provinces_stand_below_their_region_and_all_last(rows):
    table = lay_out("D1", rows)
    first = [line[0] for line in table.body.to_numpy().tolist() if line[0]]
    assert first == ["East", "Central", "West", "All provinces"]
    assert lines_of(table.body, "East") == [
        ["East", "Whole region", "226187.89", "13.26", "3619.01"]
    ]
    (all_of,) = lines_of(table.body, "All provinces")
    assert all_of[2:4] == ["1705819.59", "100.00"]
    assert len(table.body) == len(load_provinces()) + 4
    assert "no annual uptake" in table.notes[0]
    assert "uptake, Mt a year" not in " ".join(table.body.columns)


def test_uptake_has_a_column_where_two_inventories_are():
    rows = regional_table_rows(regional_facts(with_growth=True))
    table = lay_out("D1", rows)
    taken = table.body["2018: uptake, Mt a year"]
    place = list(table.body.iloc[:, 0]).index("East")
    wanted = 1.6 * 0.1 * 226187.89 / 1e2 / 5
    assert taken[place] == format_estimate(wanted, 2)
    assert set(table.body["2013: uptake, Mt a year"]) == {""}
    assert "1.6 t CO2 per m3 of growth" in table.notes[0]


def test_shares_of_land_are_of_both_kinds_together(rows):
    (east,) = lines_of(lay_out("D2", rows).body, "East", "Whole region")
    assert east[2:] == ["83347.00", "77.78", "23806.50", "22.22"]


def test_page_of_emissions_shows_five_years_and_the_file_all(rows):
    table = lay_out("D3", rows)
    assert {head.partition(":")[0] for head in table.body.columns[2:]} == set(map(str, YEARS))
    shown = list(dict.fromkeys(head.partition(":")[0] for head in table.shown.columns[2:]))
    assert shown == ["2010", "2012", "2014", "2015", "2019"]
    assert "the CSV file has all" in table.notes[0]
    few = lay_out("D3", rows, D3={"years": [2012, 2019, 2010, 2013, 2014, 2015]})
    assert few.shown.equals(few.body)
    assert "the CSV file has all" not in few.notes[0]


def test_emissions_say_who_did_not_report(rows):
    table = lay_out("D3", rows)
    (west,) = lines_of(table.body, "West", "")
    assert west[2:4] == ["", ""]
    assert west[7] == format_estimate(
        number_of(rows, "D3", model="emissions", term="west", year=2012), 2
    )
    assert f"empty: Ningxia {SILENT[1]}." in table.notes[0]
    assert "Tibet" not in {line[1] for line in table.body.to_numpy().tolist()}
    (largest,) = lines_of(table.body, "The 5 largest provinces")
    wanted = number_of(rows, "D3", model="emissions", equation="concentration", quantity="share",
                term="5", year=2019)  # fmt: skip
    assert format_estimate(100 * wanted, 2) in largest
    (beijing,) = lines_of(table.body, "East", "Beijing")
    rank = number_of(rows, "D3", model="intensity", equation="rank", term="11", year=2019)
    assert beijing[-1] == str(int(rank))
    regions = lay_out("D3", rows, D3={"layout": {"rows": ["regions"], "decimals": 1}})
    assert len(regions.body) == 6
    assert re.fullmatch(r"\d+\.\d", regions.body.iloc[0, 7])


def test_matrix_of_areas_has_senders_in_rows(rows):
    table = lay_out("D4", rows, D4={"layout": {"rows": ["matrix"]}})
    assert list(table.body.columns) == [
        "From, to", *AREA_NAMES.values(), "Exports", "Statistical error",
    ]  # fmt: skip
    (coast,) = lines_of(table.body, "East coast")
    assert coast[1] == format_estimate(
        number_of(rows, "D4", model="matrix", term="east_coast-jing_jin"), 2
    )
    own = number_of(rows, "D4", model="matrix", equation="own", term="east_coast-east_coast")
    assert coast[4] == format_estimate(own, 2)
    assert coast[9] == format_estimate(
        number_of(rows, "D4", model="matrix", equation="exports", term="east_coast-exports"), 2
    )
    assert "Interprovincial tables" in table.notes[0]


def test_parts_of_the_balance_stand_below_one_another_with_their_headings(rows):
    table = lay_out("D4", rows)
    titles = [line[0] for line in table.body.to_numpy().tolist() if len(set(line)) == 1]
    assert [title.split()[0] for title in titles] == ["Emissions", "Emissions", "Emission,",
                                                      "Inequality"]  # fmt: skip
    assert list(table.body.columns[:3]) == ["", "(1)", "(2)"]
    (beijing,) = lines_of(table.body, "", "Beijing")
    assert (
        beijing[12]
        == BALANCE_TYPES[
            str(
                int(
                    number_of(
                        rows, "D4", model="balance", equation="11", quantity="ratio", term="type"
                    )
                )
            )
        ]
    )
    assert beijing[13] == format_estimate(
        number_of(rows, "D4", model="balance", equation="11", term="transfer_out"), 2
    )
    (tibet,) = lines_of(table.body, "", "Tibet")
    assert [place for place, text in enumerate(tibet) if text] == [1, 14]
    (area,) = lines_of(table.body, "Northwest", format_estimate(
        number_of(rows, "D4", model="areas", equation="own", term="northwest"), 2))  # fmt: skip
    net = number_of(rows, "D4", model="areas", equation="net", quantity="share", term="northwest")
    assert format_estimate(100 * net, 2) in area
    unequal = lines_of(table.body, "Emissions per head", str(YEARS[0]))
    assert unequal[0][2] == format_estimate(
        number_of(
            rows, "D4", model="theil", equation="emissions_per_head", term="total", year=YEARS[0]
        )
    )
    assert len(table.shown) < len(table.body)


def test_notes_of_the_balance_say_what_its_sums_are_of(rows):
    moved, said, *_ = lay_out("D4", rows).notes
    assert "of the 30 provinces with an inventory of 2019" in said
    assert "Assumption: shares of the stock stand for shares of the annual uptake" in said
    assert "is a stock, 1.6 t per m3 standing, and no annual sink" in said
    assert "emits for others is not known (Tibet): its cells are empty, and in the sums" in said
    out = rows["model"].eq("balance") & rows["term"].eq("transfer_in") & rows["equation"].eq("54")
    known = pd.concat([rows, rows[out].assign(term="transfer_out")], ignore_index=True)
    told = " ".join(lay_out("D4", known).notes)
    assert "transfers within a region are none." in told
    assert "cells are empty" not in told
    assert "Emissions per head: 30, 2010 (29)" in said
    assert "Forest stock per head: 31" not in said, "the year of the stock has no population"
    assert "Exports are a destination of their own." in moved
    assert "without an inventory of the year has a direct intensity of zero" in moved
    assert "Ningxia" not in said
    other = regional_study(
        embodied=regional_study().model_dump()["embodied"]
        | {"exports": "final", "missing_inventory": "northwest"}
    )
    (first, *_) = layout_table("D4", other, rows, "en").notes
    assert "Exports count as final demand of the region that exports." in first
    assert "the mean direct intensity of the north-west" in first


def test_a_balance_with_a_gap_names_it():
    study = regional_study(D4={"year": SILENT[1]})
    rows = regional_table_rows(regional_facts(), study)
    table = layout_table("D4", study, rows, "en")
    assert f"empty: Ningxia {SILENT[1]}." in table.notes[1]
    (total,) = lines_of(table.body, "All provinces", "")
    assert total[2:4] == ["", ""]
    assert total[10:13] == ["", "", ""]
    assert "" not in total[4:9]


def test_balance_without_transfers_says_so():
    table = lay_out("D4", regional_table_rows(regional_facts(with_transfer=False)))
    assert table.notes[0].startswith("The study names no input-output system")
    assert not any("Transfer" in text or "for others" in text for text in texts_of(table)[:40])


def test_order_of_places_is_that_of_their_regions():
    codes = load_provinces().codes
    found = {*codes, *REGIONS, "total", "elsewhere"}
    places = [place for _, place in grouped_places(found)]
    assert set(places) == found - {"elsewhere"}
    assert len(places) == len(set(places))
    assert places.index("east") == 0
    assert places[-1] == "total"
    heads = place_heads({"11", "12", ""}, Words("zh"), whole="")
    assert heads == {"11": ["东部", "北京"], "12": ["", "天津"], "": ["全部省份", ""]}


def test_names_of_places_and_types_are_those_that_there_are():
    assert set(AREA_NAMES) == set(AREAS)
    assert set(REGION_NAMES) == set(REGIONS)
    assert set(BALANCE_TYPES) == {str(one.value) for one in Balance}
    assert WITHOUT_INVENTORY in load_provinces().codes


def test_rows_of_nothing_print_as_nothing():
    empty = estimates_frame([])
    for name in TABLES:
        assert len(lay_out(name, empty).body) == 0
