"""Printed tables of embodied carbon: every number is a row, every code has a name."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from embodied_rows import (
    FUELS,
    PATHS,
    REGIONS,
    ROLES,
    TABLES,
    YEARS,
    Rows,
    basis_rows,
    embodied_rows,
    embodied_study,
)

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.report import embodied_names as names
from yrb_carbon.report.cells import PrintedTable, format_estimate
from yrb_carbon.report.embodied_notes import IMPORT_NOTES
from yrb_carbon.report.explanations import explain, load_explanations
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout import LAYOUTS, layout_table
from yrb_carbon.report.site.formulas import FLOW_FORMULAS
from yrb_carbon.report.tables import write_tables
from yrb_carbon.study.config import SYNTHETIC_CAUTION
from yrb_carbon.study.embodied import (
    TEST_SYSTEM_CAUTION,
    Backbone,
    EmbodiedTable,
    Flow,
    FlowDecompositionTable,
    FlowNetworkTable,
    IntensityTable,
    Sectors,
)

CODE = re.compile(rf"(?<![\d.])(S\d+|{'|'.join(REGIONS)})(?![\d.])")
"""A sector of the lists of 26, or a province of the rows."""
LANGUAGES = ("en", "zh")


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return embodied_rows()


def lay_out(name: str, rows: pd.DataFrame, language: str = "en", **changes: Any) -> PrintedTable:
    return layout_table(name, embodied_study(**changes), rows, language)  # type: ignore[arg-type]


def cells(body: pd.DataFrame) -> list[str]:
    return [str(cell) for cell in body.to_numpy().ravel() if cell]


def lines_of(table: PrintedTable, *start: str) -> list[list[str]]:
    """Lines of the shown table that begin with some texts."""
    found = [list(map(str, line)) for line in table.shown.to_numpy().tolist()]
    return [line for line in found if line[: len(start)] == list(start)]


def printed_forms(rows: pd.DataFrame) -> set[str]:
    """All ways in which a number of the rows may be printed."""
    return {
        text
        for estimate in rows["estimate"].dropna()
        for text in (
            format_estimate(estimate), format_estimate(100 * estimate, 2),
            format_estimate(estimate, 0),
        )
    }  # fmt: skip


def test_every_kind_of_table_has_a_layout_and_rows_here(rows):
    kinds = {get_args(kind.model_fields["kind"].annotation)[0] for kind in subclasses()}
    assert kinds == {values["kind"] for values in TABLES.values()}
    assert kinds <= set(LAYOUTS)
    assert set(rows["table"]) == set(TABLES)


def subclasses() -> list[type[EmbodiedTable]]:
    found, left = [], [EmbodiedTable]
    while left:
        left += (own := left.pop()).__subclasses__()
        found += [own] if get_args(own.model_fields["kind"].annotation) else []
    return found


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("name", TABLES)
def test_every_number_is_a_row_and_every_code_a_name(name, language, rows):
    table = lay_out(name, rows, language)
    own = rows[rows["table"] == name]
    known = printed_forms(own) | {str(year) for year in YEARS} | {str(rank) for rank in range(21)}
    numbers = [cell for cell in cells(table.body) if re.fullmatch(r"-?\d+(\.\d+)?", cell)]
    assert len(numbers) > 20
    assert [cell for cell in numbers if cell not in known] == []
    texts = [cell for cell in cells(table.body) if cell not in numbers and name != "B5"]
    assert [text for text in texts if CODE.search(text)] == []
    assert table.notes[-1] == Words(language).label(SYNTHETIC_CAUTION)  # type: ignore[arg-type]
    assert len(table.notes) > 1


@pytest.mark.parametrize("name", TABLES)
def test_numbers_are_the_same_in_both_languages(name, rows):
    english, chinese = (lay_out(name, rows, language) for language in LANGUAGES)
    assert english.body.shape == chinese.body.shape
    for one, two in zip(cells(english.body), cells(chinese.body), strict=True):
        if re.fullmatch(r"-?\d+(\.\d+)?", one):
            assert one == two
    assert english.shown.shape == chinese.shown.shape


@pytest.mark.parametrize("name", TABLES)
def test_order_of_the_rows_changes_nothing(name, rows):
    wanted, found = lay_out(name, rows), lay_out(name, rows[::-1])
    assert found.body.equals(wanted.body)
    assert found.shown.equals(wanted.shown)
    assert found.notes == wanted.notes


def test_fuels_come_by_size_with_those_without_emissions_named(rows):
    table = lay_out("B1", rows)
    fuels = [line[1] for line in lines_of(table, "By fuel")]
    assert fuels == ["Raw coal", "Natural gas", "Diesel", "All fuels"]
    (coal,) = lines_of(table, "By fuel", "Raw coal")
    assert coal[2:5] == ["200.0000", format_estimate(100 * 200 / sum(FUELS.values()), 2),
                         "202.0000"]  # fmt: skip
    assert "left out: Kerosene." in table.notes[0]
    assert [line[1] for line in lines_of(table, "By province")] == [
        "Inner Mongolia", "Zhejiang", "Shaanxi",
    ]  # fmt: skip
    without = rows[rows["equation"] != "energy"]
    assert not any("recomputed" in head for head in lay_out("B1", without).body.columns)
    assert "Recomputed" not in lay_out("B1", without).notes[0]


def test_what_a_province_did_not_report_prints_as_nothing(rows):
    gone = rows["table"].eq("B1") & rows["equation"].eq("33") & rows["year"].eq(2015)
    changed = rows.assign(estimate=rows["estimate"].mask(gone))
    (line,) = lines_of(lay_out("B1", changed), "By province", "Zhejiang")
    assert line[2] == "60.2500"
    assert line[5] == ""


def test_sectors_stand_in_the_order_of_the_last_year_with_mining_last(rows):
    changed = rows.copy()
    tipped = (
        changed["table"].eq("B3") & changed["term"].eq("S24") & changed["year"].eq(2017)
        & changed["model"].eq("upstream") & changed["quantity"].eq("value")
    )  # fmt: skip
    changed.loc[tipped, "estimate"] = 999.0
    for frame, first in ((rows, "Petroleum, coking"), (changed, "Transport")):
        upstream = [line[1] for line in lines_of(lay_out("B3", frame), "Upstream")]
        assert upstream[0].startswith(first)
        assert upstream[-1] == "Mining"
    (mining,) = lines_of(lay_out("B3", rows), "Upstream", "Mining")
    assert mining[3] == ""
    assert mining[4] == format_estimate(100 * 5.5 / 105.5, 2)
    (downstream,) = lines_of(lay_out("B3", rows), "Downstream", "Mining")
    assert downstream[3:5] == ["", format_estimate(100 * 5.5 / 13.5, 2)]


def test_largest_sectors_alone_with_a_note_of_how_many_there_are(rows):
    table = lay_out("B3", rows, B3={"top": 2})
    assert [line[1] for line in lines_of(table, "Upstream")] == [
        "Petroleum, coking and nuclear fuel", "Metal smelting", "Mining",
    ]  # fmt: skip
    assert "Upstream: the 2 largest of 4 sectors." in table.notes[0]
    assert "largest of" not in lay_out("B3", rows).notes[0]


def test_codes_of_42_sectors_mean_what_they_mean_in_their_year():
    made = Rows()
    for year, code in ((2012, "30"), (2015, "30"), (2017, "29"), (2017, "30"), (2012, "02")):
        made.add("B3", "upstream", code, float(year - 2000), year=year)
    system = {"format": "ceads_mrio", "sectors": "42",
              "tables": {year: {"path": "x.xlsx"} for year in YEARS}}  # fmt: skip
    study = embodied_study(
        embodied={
            "inventories": dict.fromkeys(YEARS, "x.xlsx"),
            "systems": {"mrio": system},
        }
    )
    table = layout_table("B3", study, estimates_frame(made.rows))
    (transport,) = (line for line in lines_of(table, "Upstream") if line[1].startswith("Transport"))
    assert [transport[2], transport[4], transport[6]] == ["12.0000", "15.0000", "17.0000"]
    (hotels,) = (line for line in lines_of(table, "Upstream") if line[1].startswith("Accommo"))
    assert [hotels[2], hotels[6]] == ["", "17.0000"]
    assert lines_of(table, "Upstream")[-1][1].startswith("Mining and washing of coal")


def test_largest_flows_of_each_definition_without_exports_and_own_use(rows):
    table = lay_out("B4", rows)
    sold = lines_of(table, "Mining products sold")
    assert len(sold) == TABLES["B4"]["top"]
    assert sold[0][1:4] == ["1", "Shaanxi to Zhejiang", "99.5000"]
    assert not {"400.0000", "500.0000"} & set(cells(table.body))
    flows = rows[rows["table"].eq("B4") & rows["model"].eq("final") & rows["year"].eq(2017)]
    between = flows[flows["equation"].eq("") & ~flows["term"].str.contains("exports")]
    wanted = [format_estimate(one) for one in between["estimate"].nlargest(4)]
    assert [line[7] for line in lines_of(table, "Final demand for mining")] == wanted
    one = lay_out("B4", rows, B4={"flows": ["final"], "top": 99})
    assert len(one.body) == len(REGIONS) * (len(REGIONS) - 1)
    assert "Emissions of mining" not in " ".join(one.notes)


def test_equal_flows_stand_in_the_order_of_their_codes():
    made = Rows()
    for term in ("61-33", "15-33", "33-15"):
        made.add("B4", "system", term, 1.0, year=2012)
    for region in REGIONS:
        made.add("B4", "system", region, 0.0, year=2012, equation="net")
    shown = lay_out("B4", estimates_frame(made.rows), B4={"flows": ["system"]}).body
    assert list(shown["2012: path"]) == [
        "Inner Mongolia to Zhejiang", "Zhejiang to Inner Mongolia", "Shaanxi to Zhejiang",
    ]  # fmt: skip


def test_ends_of_a_flow_are_known_regions():
    known = frozenset({"a-b", "c", "a"})
    assert names.split_flow('"a-b"-c', known) == ("a-b", "c")
    assert names.split_flow('c-"a-b"', known) == ("c", "a-b")
    for term in ("x-y", "x-a", "a-x", "a-exports", "c", "a-b-c"):
        with pytest.raises(DataError, match=f"'{term}' is no flow"):
            names.split_flow(term, known)


def test_network_page_shows_key_regions_and_the_table_all(rows):
    table = lay_out("B5", rows)
    assert [line[2] for line in lines_of(table, "Key regions")] == [
        "Shaanxi (1.25)", "Inner Mongolia (2.25)",
    ]  # fmt: skip
    assert [line[1] for line in lines_of(table, "Betweenness")] == ["Inner Mongolia", "Shaanxi"]
    whole = table.body[table.body.iloc[:, 0] == "Betweenness"]
    assert list(whole.iloc[:, 1]) == ["Inner Mongolia", "Zhejiang", "Shaanxi"]
    assert lines_of(table, "Links out") == []
    assert set(table.body.iloc[:, 0]) >= {"Links out"}
    across = ["net spill-out: Inner Mongolia, Shaanxi"] * 4
    assert lines_of(table, "Block 1, 2015") == [["Block 1, 2015", *across]]
    members = table.body[table.body.iloc[:, 0] == "Blocks"]
    assert members.iloc[1].tolist() == ["Blocks", "2", *["net beneficiary: Zhejiang"] * 3]
    (links,) = lines_of(table, "Network", "Links")
    assert links[2:] == ["4", "4", "4"]
    (undefined,) = lines_of(table, "Density between blocks", "2 > 2")
    assert undefined[2:] == ["", "", ""]
    assert lines_of(table, "Network", "odd one")
    assert not lines_of(table, "Network", "Share of expected key regions found")


def test_paths_are_named_and_depths_add_what_they_explain(rows):
    table = lay_out("B6", rows)
    first, *_ = lines_of(table, "2015")
    assert first[1:4] == ["1", "Shaanxi: Mining > Shaanxi: Electricity and heat", "1"]
    assert first[5] == "12.50"
    sums = lines_of(table, "2012", "")
    assert [line[3:] for line in sums] == [
        ["0", "", "50.00"], ["1", "", "25.00"], ["2", "", "12.50"], ["", "", "6.25"],
        ["", "28.5000", ""],
    ]  # fmt: skip
    assert [line[2] for line in sums][1:4:2] == [
        "All paths of this depth, 12 listed: 6.00 %", "All longer paths",
    ]  # fmt: skip
    short = lay_out("B6", rows, B6={"top": 1, "layout": {"rows": ["paths"]}})
    assert len(short.body) == len(YEARS)
    assert len(PATHS) > 1
    zh = lay_out("B6", rows, "zh")
    assert zh.body.iloc[1, 2] == "内蒙古·采矿 > 陕西·电力热力 > 浙江·建筑"


def test_one_region_alone_has_no_line_of_all_regions():
    made = Rows()
    for region in ("", "00"):
        made.add("B2", "accounts", "output", 12345.678, equation=region, year=2015)
        made.add("B7", "2015-2017", "level", 1.5, equation=region)
    rows = estimates_frame(made.rows)
    assert lay_out("B2", rows).body.to_numpy().tolist() == [["China", "2015", "12346"]]
    assert lay_out("B7", rows).body.to_numpy().tolist() == [["2015 to 2017", "China", "1.5000"]]


def test_change_is_shown_by_period_all_regions_first(rows):
    table = lay_out("B7", rows)
    assert [line[1] for line in lines_of(table, "2015 to 2017")] == [
        "All regions", "Inner Mongolia", "Zhejiang", "Shaanxi",
    ]  # fmt: skip
    assert "Other uses" not in table.body.columns
    made = Rows()
    for term in ("level", "other", "change"):
        made.add("B7", "2012-2015", term, 1.5)
    shown = lay_out("B7", estimates_frame(made.rows)).body
    assert list(shown.columns[2:]) == ["Demand level", "Other uses", "Change"]


def test_layout_chooses_columns_headings_parts_and_decimals(rows):
    chosen = {
        "columns": [{"id": "net", "label": {"en": "Balance", "zh": "差额"}}, {"id": "production"}],
        "decimals": 1,
    }
    table = lay_out("B2", rows, B2={"layout": chosen})
    assert list(table.body.columns) == ["Region", "Year", "Balance", "Production-based"]
    users = table.body["Region"].isin(["Exports", "Other uses"]) | table.body["Region"].eq("")
    assert all(re.fullmatch(r"\d\.\d", cell) for cell in table.body.loc[~users, "Balance"])
    few = lay_out("B2", rows, B2={"layout": {"columns": [{"id": "net"}]}})
    assert not {"Exports", "Other uses"} & set(few.body["Region"])
    parts = lay_out("B5", rows, B5={"layout": {"rows": ["blocks", "network"]}})
    assert list(dict.fromkeys(parts.body.iloc[:, 0])) == ["Blocks", "Network"]
    assert parts.shown.iloc[0, 0] == "Block 1, 2012"
    one = lay_out("B5", rows, B5={"layout": {"columns": [{"id": "out_degree"}],
                                             "rows": ["regions"]}})  # fmt: skip
    assert list(dict.fromkeys(one.shown.iloc[:, 0])) == ["Links out"]
    fewer = lay_out("B1", rows, B1={"layout": {"drop": ["provinces"], "decimals": 1}})
    assert lines_of(fewer, "By province") == []
    assert lines_of(fewer, "By fuel")[0][2:4] == ["200.0", "50"]


def test_layout_refuses_names_that_the_table_does_not_have():
    from yrb_carbon.study.printing import printing_faults

    study = embodied_study(
        B2={"layout": {"columns": [{"id": "nett"}]}}, B4={"layout": {"rows": ["x"]}}
    )
    faults = dict(printing_faults(study))
    assert "did you mean 'net'" in faults["tables", "B2", "layout", "columns", 0, "id"]
    assert "no such choice" in faults["tables", "B4", "layout", "rows"]


def test_notes_say_what_was_chosen(rows):
    section = {
        "inventories": dict.fromkeys(YEARS, "x.xlsx"),
        "responsibility": 0.25, "price": "constant", "deflators": "d.csv", "base_year": 2015,
        "exports": "final", "missing_inventory": "northwest",
        "systems": {
            "mrio": {
                "format": "ceads_mrio", "sectors": "H2",
                "tables": {year: {"path": "x.xlsx"} for year in YEARS},
                "note": {"en": "A note of the system.", "zh": "系统说明。"},
            }
        },
    }  # fmt: skip
    said = " ".join(lay_out("B2", rows, embodied=section).notes)
    for part in ("25 % of the former and 75 %", "constant prices of 2015", "list H2",
                 "Exports count as final demand", "means of the north-west, which adds 12.5 Mt",
                 "A note of the system.", "System mrio:"):  # fmt: skip
        assert part in said
    quiet = lay_out("B2", rows, report={"printing": {"notes": False}})
    assert list(quiet.notes) == [SYNTHETIC_CAUTION.en]


@pytest.mark.parametrize("name", [name for name in TABLES if name != "B1"])
def test_notes_say_what_a_table_rests_on(rows, name):
    said = " ".join(lay_out(name, rows).notes)
    assert "No inventory of Shaanxi (2012, 2015, 2017): direct intensities there are zero." in said
    assert said.count("Coefficients are those of domestic products: carbon emitted abroad") == 1
    assert "not treated alike" not in said
    assert "at accounts without output and left out" not in said
    whole = "2015: of 9500.5 Mt in all, 400.25 Mt of final users themselves and 0 Mt at accounts"
    assert (whole in said) == (name == "B2")
    other = rows["table"].eq(name) & rows["model"].eq("basis") & rows["year"].eq(2017)
    changed = rows.assign(
        term=rows["term"].mask(other & rows["equation"].eq("imports"), "negative_use"),
        estimate=rows["estimate"]
        .mask(other & rows["term"].eq("unplaced"), 2.5)
        .mask(other & rows["term"].eq("unplaced_mining"), 0.5),
    )
    said = " ".join(lay_out(name, changed).notes)
    assert "2012, 2015: Coefficients are those of domestic products: carbon" in said
    assert "2017: Coefficients are those of domestic and imported products together" in said
    assert "Imports are not treated alike in these years" in said
    chinese = " ".join(lay_out(name, changed, "zh").notes)
    assert "2012、2015年：" in chinese
    assert "2017年：" in chinese
    assert re.search(r"2\.5 Mt (of all emissions|at accounts.*) \(of mining 0\.5 Mt\)", said)


def test_emissions_of_final_users_are_told_where_there_are_any(rows):
    households = rows["model"].eq("basis") & rows["term"].eq("households")
    none = rows.assign(estimate=rows["estimate"].mask(households, 0.0))
    said = " ".join(lay_out("B2", none).notes)
    assert "of final users themselves" not in said
    assert "2015: of 9500.5 Mt in all, 0 Mt at accounts without output" in said


def test_notes_of_imports_are_those_of_the_tables_at_hand(rows):
    for treatment, text in IMPORT_NOTES.items():
        made = Rows()
        made.add("B7", "2012-2015", "level", 1.5, equation="33")
        basis_rows(made, "B7", 2012, treatment)
        said = " ".join(lay_out("B7", estimates_frame(made.rows)).notes)
        assert text in said
        assert [one for one in IMPORT_NOTES.values() if one in said] == [text]


def test_what_no_region_answers_for_stands_before_the_sum_of_all(rows):
    table = lay_out("B2", rows)
    regions = [line[0] for line in table.body.to_numpy().tolist() if line[0]]
    assert regions == [
        "Inner Mongolia", "Zhejiang", "Shaanxi", "Exports", "Other uses", "All regions",
    ]  # fmt: skip
    (exports,) = lines_of(table, "Exports", "2012")
    filled = [head for head, cell in zip(table.body.columns, exports, strict=True) if cell]
    assert filled == ["Region", "Year", "Production-based", "Consumption-based", "Shared"]
    assert "the last line counts them" in table.notes[0]
    without = rows[~rows["equation"].isin(["exports", "other"])]
    assert "the last line counts them" not in lay_out("B2", without).notes[0]


def test_a_fuel_that_burns_in_no_year_with_a_sum_is_left_out(rows):
    """A year with no sum over all provinces has no number of any fuel."""
    gone = rows["table"].eq("B1") & rows["equation"].eq("") & rows["year"].eq(2015)
    changed = rows.assign(estimate=rows["estimate"].mask(gone))
    fuels = [line[1] for line in lines_of(lay_out("B1", changed), "By fuel")]
    assert "Kerosene" not in fuels


def test_systems_of_other_sectors_are_printed_by_their_own_names():
    made = Rows()
    made.add("B3", "upstream", "electricity", 2.5, year=2010)
    made.add("B3", "upstream", "mining", 1.5, year=2010)
    made.add("B6", "paths", "reg1 mining > reg2 electricity", 1.5, year=2010, equation="depth 1")
    made.add("B2", "accounts", "net", 1.5, year=2010, equation="reg1")
    made.add("B3", "basis", "none", 1.0, year=2010, equation="imports")
    study = embodied_study(
        embodied={
            "inventories": {2012: "x.xlsx"},
            "systems": {
                "mrio": {
                    "format": "pymrio", "sectors": "own", "mining": ["mining"], "emissions": "own",
                    "extension": "emissions/CO2", "tables": {2010: {}},
                }
            },
        }
    )  # fmt: skip
    rows = estimates_frame(made.rows)
    table = layout_table("B3", study, rows)
    assert [line[1] for line in lines_of(table, "Upstream")] == ["electricity", "mining"]
    assert "its extension emissions/CO2" in table.notes[1]
    said = " ".join(table.notes)
    assert "Nothing is imported" in said
    for absent in ("Tibet", "No inventory", "Exports are"):
        assert absent not in said
    assert layout_table("B6", study, rows).body.iloc[0, 2] == "reg1: mining > reg2: electricity"
    assert "its own money" in layout_table("B2", study, rows).notes[0]


def packaged_section(path: str | None) -> dict[str, Any]:
    """Section with a pymrio system: the test system of the package, or one that is saved."""
    system = {
        "format": "pymrio", "sectors": "own", "mining": ["S2"], "emissions": "own",
        "extension": "air", "tables": {2012: {"path": path}},
    }  # fmt: skip
    return {"inventories": {2012: "x.xlsx"}, "systems": {"mrio": system}}


@pytest.mark.parametrize("language", LANGUAGES)
def test_tables_of_an_invented_economy_say_so_whatever_their_layout(rows, language):
    caution = in_language(TEST_SYSTEM_CAUTION, language)
    quiet: dict[str, Any] = {
        "report": {"printing": {"notes": False}}, "embodied": packaged_section(None)
    }  # fmt: skip
    own = rows[rows["year"].isna() | rows["year"].eq(2012)]
    for name in ("B2", "B3", "B4", "B5", "B6"):
        table = lay_out(name, own, language, **quiet)
        assert table.notes == (in_language(SYNTHETIC_CAUTION, language), caution)
        assert caution in lay_out(name, own, language, embodied=packaged_section(None)).notes
        assert caution not in lay_out(name, own, language, embodied=packaged_section("a")).notes
    assert caution not in lay_out("B1", rows, language, **quiet).notes


def in_language(text: Any, language: str) -> str:
    return str(text.in_language(language))


def test_names_cover_the_keys_of_the_configuration_and_of_the_entries():
    assert set(names.FLOWS) == set(names.FLOW_MEANINGS) == set(FLOW_FORMULAS) == set(get_args(Flow))
    assert set(names.BACKBONES) == set(get_args(Backbone))
    assert set(IntensityTable.printed_columns) == set(names.ACCOUNTS)
    assert set(FlowDecompositionTable.printed_columns) == set(names.FACTORS)
    assert set(FlowNetworkTable.printed_columns) == set(names.REGION_MEASURES)
    assert set(get_args(Sectors)) == {"S26", "H2", "42", "own"}
    entries = load_explanations()
    explained = {word for kind in ("terms", "equations", "names") for word in entries[kind]}
    for keys in (names.FUELS, names.FLOWS, names.ACCOUNTS, names.FACTORS, names.NETWORK_MEASURES,
                 names.REGION_MEASURES, names.ROLES, names.DIRECTIONS):  # fmt: skip
        assert set(keys) <= explained
    assert set(ROLES.values()) <= set(names.ROLES)


def test_words_of_every_row_are_explained(rows):
    for column in ("term", "equation", "model"):
        for word in sorted(set(rows[column]) - {"", "odd_one"}):
            if not re.fullmatch(r"\d{4}-\d{4}|\d-\d|[0-2]|\d\|\w+|\w+:1", word):
                assert explain(word), word
    (mining,) = explain("S2")
    assert mining.meaning == "Mining (S26 and H2)."
    assert [entry.term for entry in explain("61-exports")] == ["61", "exports"]
    assert explain("61-nowhere") == ()
    assert [entry.meaning for entry in explain("61 S2 > 33 S23")][:2] == [
        "Shaanxi.", "Mining (S26 and H2).",
    ]  # fmt: skip


@pytest.mark.parametrize("language", LANGUAGES)
def test_files_of_all_formats_are_written(tmp_path: Path, rows, language):
    study = embodied_study(report={"languages": [language]})
    written = write_tables(study, rows, tmp_path)
    assert {path.suffix for path in written} == {".csv", ".tex", ".docx", ".html", ".xlsx"}
    for path in written:
        if path.suffix == ".csv":
            saved = pd.read_csv(path, dtype=str, keep_default_na=False)
            table = layout_table(path.stem, study, rows, language)  # type: ignore[arg-type]
            assert len(saved) >= len(table.body)


def test_study_without_the_section_cannot_lay_out():
    study = embodied_study()
    without = study.model_copy(update={"embodied": None})
    with pytest.raises(TypeError, match="no section"):
        layout_table("B2", without, embodied_rows())
