"""Figures of embodied carbon: what they take from estimates.csv, and what they say."""

from __future__ import annotations

import re
from functools import partial

import numpy as np
import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from embodied_rows import FUELS, LABEL, REGIONS, YEARS, Rows, embodied_rows, embodied_study
from figure_texts import said, texts

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.account_figures import (
    account_commissions,
    draw_account_figures,
    draw_flows,
    draw_mining,
    flow_title,
    fuel_bars,
)
from yrb_carbon.report.canvas import GROUP_COLOURS, OTHER_COLOUR, NothingToShowError, Page
from yrb_carbon.report.flow_rows import shown_flows
from yrb_carbon.report.language import Words
from yrb_carbon.report.site.account_words import flows_seen, fuels_seen
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.figure_page import described
from yrb_carbon.report.site.figure_words import Shown, seen_on
from yrb_carbon.report.site.run import Run, RunFiles
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.embodied import TEST_SYSTEM_CAUTION
from yrb_carbon.study.figures import FiguresSection

LINKS = (("61", "33"), ("15", "33"), ("61", "15"))
COMMUNITIES = {"15": 1, "33": 2, "61": 1}
MAP = {"table": "B4", "title": LABEL}
FIGURES = {
    "units_map": False,
    "formats": ["png"],
    "dpi": 72,
    "flows": {
        "arrows": {**MAP, "top": 2},
        "chord": {**MAP, "kind": "chord", "network": "B5", "top": 1},
        "plain": {**MAP, "kind": "chord", "flow": "final", "year": 2012},
        "matrix": {**MAP, "kind": "matrix", "network": "B5"},
        "links": {**MAP, "kind": "network", "network": "B5"},
    },
    "mining": {"fuels": {"table": "B1", "fuels": 1, "title": LABEL}},
}
STUDY = embodied_study(figures=FIGURES)
FLOWS = STUDY.figures.flows
FUEL_FIGURE = STUDY.figures.mining["fuels"]
PAGE = Page()
LATIN = re.compile(r"[A-Za-z]{3,}")


def outlines():
    boxes = [shapely.box(100 + 3 * k, 30, 103 + 3 * k, 33) for k in range(len(REGIONS))]
    return build_boundaries(list(REGIONS), boxes, FileRecord("grid", None, "", len(REGIONS)))


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    made = Rows()
    for year in (2012, 2015, 2017):
        for source, target in LINKS[: 2 + (year == 2017)]:
            made.add("B5", "system", f"{source}-{target}", 1.0, equation="link", year=year)
        for region, community in COMMUNITIES.items():
            made.add("B5", "system", region, community, equation="community", year=year)
    rows = pd.concat([embodied_rows(), estimates_frame(made.rows)], ignore_index=True)
    return rows.sample(frac=1, random_state=1)


def drawn(name: str, rows: pd.DataFrame, language: str = "en", study=STUDY):
    figure, page = study.figures.flows[name], Page(Words(language))
    title = flow_title(figure, study, page.words)
    return draw_flows(figure, study, rows, outlines(), title=title, page=page)


def value(rows: pd.DataFrame, **wanted: object) -> float:
    for name, one in wanted.items():
        rows = rows[rows[name] == one]
    return float(rows["estimate"].item())


def test_flows_are_those_of_the_rows_of_their_definition_and_year(estimates):
    rows = estimates[estimates["table"].eq("B4") & estimates["quantity"].eq("value")]
    for name, model, year in (("arrows", "system", 2017), ("plain", "final", 2012)):
        found = shown_flows(FLOWS[name], STUDY, estimates).flows
        assert list(found.index) == list(found.columns) == list(REGIONS)
        for source in REGIONS:
            for target in REGIONS:
                is_own = source == target
                place = {"term": source, "equation": "own"} if is_own else {
                    "term": f"{source}-{target}", "equation": "",
                }  # fmt: skip
                wanted = value(rows, model=model, year=year, **place)
                assert found.loc[source, target] == wanted


def test_links_communities_and_blocks_are_those_of_the_network(estimates):
    found = shown_flows(FLOWS["links"], STUDY, estimates)
    links = {(a, b) for a in REGIONS for b in REGIONS if found.links.loc[a, b]}
    assert links == set(LINKS)
    assert found.communities.to_dict() == COMMUNITIES
    assert found.blocks.to_dict() == {"15": 1, "33": 2, "61": 1}
    assert found.roles == {1: "net_spill_out", 2: "net_beneficiary"}
    early = FLOWS["links"].model_copy(update={"year": 2012})
    assert int(shown_flows(early, STUDY, estimates).links.to_numpy().sum()) == 2
    assert shown_flows(FLOWS["arrows"], STUDY, estimates).links is None


def without(rows: pd.DataFrame, **cells: object) -> pd.DataFrame:
    gone = (rows[list(cells)] == pd.Series(cells)).all(axis=1)
    assert gone.any()
    return rows[~gone]


def test_rows_that_are_absent_are_an_error(estimates):
    lacking = partial(without, estimates, table="B4")
    with pytest.raises(DataError, match="table 'B4': 1 of 9 flows between regions have no row"):
        shown_flows(FLOWS["arrows"], STUDY, lacking(model="system", year=2017, term="61-33"))
    with pytest.raises(DataError, match="no rows of table 'B4', definition 'system', 2017"):
        shown_flows(FLOWS["arrows"], STUDY, lacking(model="system", year=2017))
    rows = without(estimates, table="B5", equation="community", term="33")
    with pytest.raises(DataError, match="table 'B5': no community of 33 in the estimates"):
        shown_flows(FLOWS["links"], STUDY, rows)
    with pytest.raises(DataError, match="needs outlines"):
        draw_flows(FLOWS["arrows"], STUDY, estimates, None, title="x", page=PAGE)


def test_titles_have_the_year():
    assert flow_title(FLOWS["arrows"], STUDY, Words()) == "Carbon of mining, 2017"
    assert flow_title(FLOWS["plain"], STUDY, Words("zh")) == "采矿碳，2012年"


@pytest.mark.parametrize("name", list(FLOWS))
def test_figures_of_flows_say_definition_year_and_table(estimates, name):
    found = said(drawn(name, estimates))
    flow = "Final demand for mining" if name == "plain" else "Mining products sold"
    assert f"{flow}: " in found
    assert f"Interprovincial tables, {2012 if name == 'plain' else 2017}." in found
    network = FLOWS[name].network
    assert f"Table B4{', B5' if network else ''}." in found
    assert "Mt CO2" in found
    assert {"Zhejiang", "Shaanxi"} <= set(texts(drawn(name, estimates)))


def test_what_belongs_to_one_kind_is_said_there(estimates):
    assert "Arrows: the 2 largest of 6 flows" in said(drawn("arrows", estimates))
    assert "Strong: the 1 largest of 6 flows" in said(drawn("chord", estimates))
    assert "Strong: the 6 largest of 6 flows" in said(drawn("plain", estimates))
    for name in ("chord", "links"):
        assert {"Community 1 (2)", "Community 2 (1)"} <= set(texts(drawn(name, estimates)))
    assert not [text for text in texts(drawn("plain", estimates)) if "Community" in text]
    matrix = said(drawn("matrix", estimates))
    assert "Blocks by CONCOR: 1 net spill-out; 2 net beneficiary." in matrix
    links = said(drawn("links", estimates))
    assert "3 links" in links
    assert "Links: flows above the mean flow." in links


def test_a_network_without_links_has_a_sheet_with_the_reason(estimates, tmp_path):
    rows = without(estimates, table="B5", equation="link", year=2017)
    record = draw_account_figures(STUDY, rows, outlines(), tmp_path)
    assert "No flow" in record["links"]["en"]["obstacle"]
    assert record["arrows"]["en"]["obstacle"] is None
    assert {path.name for path in tmp_path.glob("*.png")} == {f"{name}.png" for name in record}


def test_negative_flows_are_left_out_and_counted(estimates):
    rows = estimates.copy()
    rows.loc[rows["table"].eq("B4") & rows["term"].eq("61-33"), "estimate"] = -2.5
    for name in ("arrows", "chord", "matrix", "links"):
        found = said(drawn(name, rows))
        assert (
            "1 negative flows, of stocks that fall, are left out: together −2.50 Mt CO2." in found
        )
    assert shown_flows(FLOWS["arrows"], STUDY, rows).flows.loc["61", "33"] == 0
    assert "negative" not in said(drawn("arrows", estimates))


def test_notes_and_units_of_a_system_that_is_not_the_provinces(estimates):
    section = STUDY.embodied.model_dump()
    section["systems"]["mrio"] |= {
        "format": "pymrio", "sectors": "own", "mining": ["S2"], "emissions": "own",
        "extension": "air", "note": {"en": "Invented.", "zh": "虚构。"},
    }  # fmt: skip
    figures = {**FIGURES, "flows": {"chord": FIGURES["flows"]["chord"]}}
    study = embodied_study(embodied=section, figures=figures)
    found = said(drawn("chord", estimates, study=study))
    assert "Mt of air" in found
    assert "Mt CO2" not in found
    assert "Invented." in found
    # a table without a file is that of the test system
    assert TEST_SYSTEM_CAUTION.en not in found
    section["systems"]["mrio"]["tables"] = {year: {} for year in YEARS}
    study = embodied_study(embodied=section, figures=figures)
    assert TEST_SYSTEM_CAUTION.en in said(drawn("chord", estimates, study=study))


def test_every_figure_is_commissioned_once_with_its_width(estimates):
    found = list(account_commissions(STUDY, estimates, outlines()))
    assert [one.name for one in found] == list(STUDY.figures.account_figures)
    section = FiguresSection.model_validate({**FIGURES, "width": "single"})
    narrow = STUDY.model_copy(update={"figures": section})
    widths = {one.name: one.width for one in account_commissions(narrow, estimates, None)}
    assert (widths["arrows"], widths["fuels"]) == (140, 90)


@pytest.mark.slow
def test_equal_rows_give_equal_files(estimates, tmp_path):
    for folder, rows in (("a", estimates), ("b", estimates[::-1])):
        draw_account_figures(STUDY, rows, outlines(), tmp_path / folder)
    for path in (tmp_path / "a").glob("*.png"):
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


def test_bars_are_the_fuels_by_size_and_the_rest_together(estimates):
    bars = fuel_bars(FUEL_FIGURE, estimates, Words())
    assert list(bars.values.index) == ["Raw coal", "2 other fuels"]
    assert bars.colours == (GROUP_COLOURS[0], OTHER_COLOUR)
    rows = estimates[(estimates["table"] == "B1") & (estimates["quantity"] == "value")]
    for year in (2012, 2015, 2017):
        own = partial(value, rows, year=year, equation="")
        assert bars.values.loc["Raw coal", year] == own(term="raw_coal")
        rest = own(term="diesel") + own(term="natural_gas")
        assert bars.values.loc["2 other fuels", year] == pytest.approx(rest)
        assert bars.totals[year] == own(term="total")
        wanted = value(rows, year=year, equation="energy", term="total")
        assert bars.recomputed[year] == wanted


def test_one_fuel_left_over_keeps_its_name(estimates):
    figure = FUEL_FIGURE.model_copy(update={"fuels": 2})
    bars = fuel_bars(figure, estimates, Words())
    assert list(bars.values.index) == ["Raw coal", "Natural gas", "Diesel"]
    assert OTHER_COLOUR not in bars.colours


def bars_drawn(rows: pd.DataFrame, language: str = "en"):
    return draw_mining(FUEL_FIGURE, STUDY, rows, title="F", page=Page(Words(language)))


def test_bars_stand_on_one_another_up_to_the_sum(estimates):
    axes = bars_drawn(estimates).axes[0]
    heights: dict[int, float] = {}
    for patch in sorted(axes.patches, key=lambda one: one.get_y()):
        place = round(patch.get_x() + patch.get_width() / 2)
        assert patch.get_y() == pytest.approx(heights.get(place, 0.0))
        heights[place] = patch.get_y() + patch.get_height()
    totals = fuel_bars(FUEL_FIGURE, estimates, Words()).totals
    assert list(heights.values()) == pytest.approx(list(totals))
    assert axes.get_ylim()[1] > max(totals)
    (marks,) = axes.lines
    assert list(marks.get_ydata()) == pytest.approx(list(1.01 * totals))


def test_bars_say_sums_and_shares(estimates):
    found = texts(bars_drawn(estimates))
    share = FUELS["raw_coal"] / sum(FUELS.values())
    assert found.count(f"{share:.1%}") == 3
    assert {"401", "361", "321", "2012", "Mt CO2", "recomputed sum"} <= set(found)
    assert "summed over 30 provinces" in said(bars_drawn(estimates))


def test_a_year_without_a_sum_has_no_bar_and_is_named(estimates):
    rows = estimates.copy()
    is_2015 = rows["table"].eq("B1") & rows["year"].eq(2015) & rows["quantity"].eq("value")
    rows.loc[is_2015 & rows["equation"].eq(""), "estimate"] = np.nan
    figure = bars_drawn(rows)
    assert "No bar, because a province did not report: 2015." in said(figure)
    assert "361" not in texts(figure)
    assert "361" not in fuels_seen(FUEL_FIGURE, rows, Words())
    rows.loc[rows["table"].eq("B1") & rows["equation"].eq(""), "estimate"] = np.nan
    with pytest.raises(NothingToShowError, match="B1 has no year with emissions of all"):
        bars_drawn(rows)


@pytest.mark.parametrize(
    ("name", "parts"),
    [
        ("arrows", ["Map with arrows", "Mining products sold between 3 regions in 2017, Mt CO2",
                    "the 2 largest", "Shaanxi to Zhejiang 99.5"]),
        ("chord", ["Chord diagram", "Community 1: Inner Mongolia, Shaanxi", "the 1 largest"]),
        ("plain", ["Chord diagram", "Final demand for mining between 3 regions in 2012"]),
        ("matrix", ["Matrix", "block 1, net spill-out: Inner Mongolia, Shaanxi;", "99.5"]),
        ("links", ["Network on the map", "3 links", "Community 2: Zhejiang"]),
    ],
)  # fmt: skip
def test_what_is_seen_is_said_in_both_languages(estimates, name, parts):
    english, chinese = (
        flows_seen(FLOWS[name], STUDY, estimates, Words(one)) for one in ("en", "zh")
    )
    assert [part for part in parts if part not in english] == []
    assert not set(LATIN.findall(chinese)) - {"CONCOR"}
    assert re.findall(r"\d+\.\d+", english) == re.findall(r"\d+\.\d+", chinese)


def test_bars_are_told_with_sums_and_shares(estimates):
    found = fuels_seen(FUEL_FIGURE, estimates, Words())
    assert "401 in 2012, 361 in 2015, 321 in 2017" in found
    assert "Raw coal 49.9%, 2 other fuels 50.1%" in found
    assert "Diamonds" in found
    without_energy = without(estimates, table="B1", equation="energy")
    assert "Diamonds" not in fuels_seen(FUEL_FIGURE, without_energy, Words())


@pytest.mark.parametrize("name", STUDY.figures.account_figures)
def test_pages_have_title_caption_table_and_what_is_seen(estimates, name, tmp_path):
    files = RunFiles(tmp_path / "estimates.csv", tmp_path / "manifest.json")
    run = Run(STUDY, PageWords(("en", "zh")), files, estimates, {}, None, None, (), ())
    section = STUDY.figures.section(name)
    title, caption, table = described(run, name)
    seen = seen_on(Shown(run), section, {})
    if name in FLOWS:
        assert title["en"] == flow_title(section, STUDY, Words())
        assert (table, seen["en"].unescape()) == (
            "B4", flows_seen(section, STUDY, estimates, Words()),
        )  # fmt: skip
        flow = "Final demand for mining" if name == "plain" else "Mining products sold"
        assert flow in caption["en"]
    else:
        assert title["en"] == LABEL["en"]
        assert (table, seen["en"].unescape()) == ("B1", fuels_seen(section, estimates, Words()))
    assert not LATIN.search(caption["zh"].unescape())


@needs_chinese_font
@pytest.mark.parametrize("name", list(FLOWS))
def test_figures_are_chinese(estimates, name):
    found = said(drawn(name, estimates, "zh"))
    allowed = {"Asia", "North", "Albers", "Equal", "Area", "Conic", "ESRI", "CONCOR"}
    assert set(LATIN.findall(found)) <= allowed
    assert "浙江" in texts(drawn(name, estimates, "zh"))
