"""Sections of figures: years that are shown, widths, and what jobs have to compute for them."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study import plan
from yrb_carbon.study.config import Study
from yrb_carbon.study.figure_base import SizedFigure, shown_years
from yrb_carbon.study.figures import ROOMY_WIDTH, FiguresSection, ForestFigure
from yrb_carbon.study.load import load_study

ROOT = Path(__file__).parents[3]


@pytest.fixture(scope="module")
def study() -> Study:
    return load_study([ROOT / "config.yaml"])


@pytest.mark.parametrize(
    ("sample", "shown"),
    [
        (range(2003, 2019), (2003, 2008, 2013, 2018)),
        (range(2003, 2005), (2003, 2004)),
        (range(2010, 2011), (2010,)),
        (range(2000, 2020), (2000, 2006, 2013, 2019)),
    ],
)
def test_a_figure_without_years_shows_both_ends_and_two_between(sample, shown):
    assert shown_years(None, sample) == shown
    assert shown_years((2005,), sample) == (2005,)


def test_widths_are_of_the_figure_or_of_all():
    figures = FiguresSection(width="single")
    assert figures.width_mm() == 90
    assert figures.width_mm(SizedFigure(width="double")) == 190
    text = {"table": "T7", "title": {"en": "a", "zh": "a"}}
    forest = ForestFigure.model_validate(text)
    assert figures.width_mm(forest) == 90
    assert figures.roomy_width_mm(forest) == ROOMY_WIDTH
    assert figures.roomy_width_mm(ForestFigure.model_validate({**text, "width": "double"})) == 190


def test_only_clusters_that_figures_show_are_computed(study):
    years = (2003, 2008, 2013, 2018)
    assert plan.local_moran(study, "T2") == {"cb": years, "lq": years}
    figures = study.figures.model_copy(update={"moran": {}})
    assert plan.local_moran(study.model_copy(update={"figures": figures}), "T2") == {}


def test_variables_of_trends_are_computed_but_fix_no_sample(study):
    assert {"emissions", "sink"} <= set(plan.trend_variables(study))
    assert {"emissions", "sink"} <= set(plan.computed_variables(study, "main"))
    assert not {"emissions", "sink"} & set(plan.required_variables(study, "main"))
    assert not {"emissions", "sink"} & set(plan.computed_variables(study, "winsorised"))


def test_every_figure_belongs_to_one_job(study):
    figures = study.figures
    names = [*figures.map_figures, *figures.effect_figures, *figures.account_figures]
    assert len(names) == len(set(names))
    named = [
        name
        for group in (getattr(figures, field) for field in FiguresSection.model_fields)
        if isinstance(group, dict)
        for name in group
    ]
    assert sorted(names) == sorted([*named, "F1"])


FLOWS = """
  flows:
    X: {{title: {{en: a, zh: b}}, {figure}}}
"""
NATION = """
embodied:
  systems:
    nation: {format: china_io, tables: {"2015": {path: n.csv}}}
    world:
      {format: pymrio, sectors: own, mining: [m], emissions: own, extension: e,
       tables: {"2010": {}}}
tables:
  N4: {kind: flow_paths, system: nation, title: {en: a, zh: b}}
  W4: {kind: flow_paths, system: world, title: {en: a, zh: b}}
  W5: {kind: flow_network, system: world, title: {en: a, zh: b}}
  P4: {kind: flow_paths, system: provinces, flows: [final], title: {en: a, zh: b}}
  P5: {kind: flow_network, system: provinces, years: [2012], title: {en: a, zh: b}}
"""


def with_flows(tmp_path: Path, figure: str, tables: str = "") -> Study:
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text(f"figures:{FLOWS.format(figure=figure)}{tables}", encoding="utf-8")
    return load_study([ROOT / "config.yaml", overlay])


@pytest.mark.parametrize(
    ("figure", "told"),
    [
        ("table: B44", "X.table: not a table of kind flow_paths (got 'B44'; allowed B4, N4, W4,"),
        ("table: B5", "X.table: not a table of kind flow_paths (got 'B5'"),
        ("table: B4, year: 2013", "X.year: not in table 'B4' (got '2013'; allowed 2012, 2015"),
        ("table: P4", "X.flow: the definition of embodied.flow is not in table 'P4' (got 'system'"),
        ("table: P4, flow: producer", "X.flow: the definition is not in table 'P4' (got 'produ"),
        ("table: N4", "X.table: flows between regions need several regions; tables of format c"),
        ("table: W4", "X.kind: no outlines of the regions of system 'world', format pymrio (got "
         "'map'; allowed chord, matrix)"),
        ("table: B4, kind: network", "X.network: kind network needs a table of kind flow_network"),
        ("table: B4, network: B5", "X.network: a map of flows uses none (got 'B5')"),
        ("table: B4, kind: chord, network: B4", "X.network: not a table of kind flow_network"),
        ("table: B4, kind: chord, network: W5", "X.network: of another system than table 'B4'"),
        ("table: B4, kind: chord, network: P5", "X.network: table 'P5' has not the year of the fi"),
        ("table: B4, kind: network, network: B5, flow: final", "X.flow: the network is that of "
         "the flows of embodied.flow (got 'final'; wanted 'system')"),
        ("table: B4, kind: matrix, top: 5", "X.top: only for kind map, chord (got 5 with 'mat"),
        ("table: B4, width: single", "X.width: its texts need 140 mm (got 'single', 90 mm)"),
    ],
)  # fmt: skip
def test_faults_of_figures_of_flows_have_their_place(tmp_path, figure, told):
    with pytest.raises(StudyError) as caught:
        with_flows(tmp_path, figure, NATION)
    own = [fault for fault in caught.value.faults if "figures.flows" in fault]
    assert len(own) == 1
    assert told in own[0]
    assert "overlay.yaml:3:" in own[0]


def test_emissions_by_fuel_are_of_a_table_of_inventories(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("figures: {mining: {B_fuels: {table: B2, fuels: 9}}}", encoding="utf-8")
    with pytest.raises(StudyError, match="from 1 to 7"):
        load_study([ROOT / "config.yaml", overlay])
    overlay.write_text("figures: {mining: {B_fuels: {table: B2}}}", encoding="utf-8")
    with pytest.raises(StudyError, match=r"B_fuels\.table: not a table of kind mining_"):
        load_study([ROOT / "config.yaml", overlay])


def test_what_a_figure_of_flows_leaves_open_is_the_study_s(tmp_path):
    study = with_flows(tmp_path, "table: B4, kind: chord")
    figure, table = study.figures.flows["X"], study.tables["B4"]
    assert figure.flow_of(study.embodied) == study.embodied.flow == "system"
    assert figure.year_of(table, study.embodied) == 2017
    assert (figure.shown, study.figures.flows["B_map"].shown) == (40, 20)
    early = table.model_copy(update={"years": (2015, 2012)})
    assert figure.year_of(early, study.embodied) == 2015
    named = figure.model_copy(update={"year": 2012, "flow": "final", "top": 3})
    assert named.year_of(table, study.embodied) == 2012
    assert (named.flow_of(study.embodied), named.shown) == ("final", 3)


def test_only_maps_ask_for_outlines(study):
    figures = study.figures
    assert figures.needs_provinces
    for name, wanted in (("B_map", True), ("B_network", True), ("B_chord", False)):
        none = {"province_maps": {}, "province_tracks": {}, "province_moran": {}}
        own = figures.model_copy(update={**none, "flows": {name: figures.flows[name]}})
        assert own.needs_provinces == wanted


def test_two_figures_of_one_name_are_refused_in_any_section(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    text = "figures: {mining: {b_MAP: {table: B1, title: {en: a, zh: b}}}}"
    overlay.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError, match="b_MAP: there already is a figure of that name"):
        load_study([ROOT / "config.yaml", overlay])
