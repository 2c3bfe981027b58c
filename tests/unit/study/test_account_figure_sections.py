"""Sections of figures of the footprint and of regional facts: faults with their place."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.account_figures import (
    ACCOUNT_GROUPS,
    cluster_years,
    dimension_of,
    years_of_table,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.figures import FIGURE_GROUPS, FiguresSection
from yrb_carbon.study.load import load_study

ROOT = Path(__file__).parents[3]
OVERLAY = """
figures:
  {group}:
    X: {{title: {{en: a, zh: b}}, {figure}}}
tables:
  E2: {{kind: footprint_accounts, title: {{en: a, zh: b}}}}
  E3: {{kind: footprint_moran, dimensions: [depth, size], years: [2010], title: {{en: a, zh: b}}}}
  E4: {{kind: footprint_shift, dimensions: [size], title: {{en: a, zh: b}}}}
  E6: {{kind: reduction_potential, years: [2012], title: {{en: a, zh: b}}}}
  R3: {{kind: regional_emissions, years: [2012, 2019], title: {{en: a, zh: b}}}}
  R4: {{kind: regional_transfer, title: {{en: a, zh: b}}}}
footprint:
  energy: {{"2008": a.xlsx, "2019": b.xlsx}}
  economy: {{format: gtmp, path: e.csv}}
  people: {{format: province_panel, path: p.csv}}
  land: {{format: province_land_cover, path: l.csv}}
  first_year: 2008
  last_year: 2020
regional:
  inventories: {{"2012": a.xlsx, "2019": b.xlsx}}
  people: {{format: province_panel, path: p.csv}}
  transfer: {transfer}
"""
SYSTEM = "{system: provinces, year: 2012}"


def with_figure(tmp_path: Path, group: str, figure: str, transfer: str = SYSTEM) -> Study:
    overlay = tmp_path / "overlay.yaml"
    text = OVERLAY.format(group=group, figure=figure, transfer=transfer)
    overlay.write_text(text, encoding="utf-8")
    return load_study([ROOT / "config.yaml", overlay])


def only_fault(tmp_path: Path, group: str, figure: str, transfer: str = SYSTEM) -> str:
    with pytest.raises(StudyError) as caught:
        with_figure(tmp_path, group, figure, transfer)
    (fault,) = (one for one in caught.value.faults if f"{group}.X" in one)
    assert "overlay.yaml:4:" in fault
    return fault


@pytest.mark.parametrize(
    ("group", "figure", "told"),
    [
        ("province_maps", "table: B1, measure: size",
         "X.table: not a table with rows by province (got 'B1'"),
        ("province_maps", "table: E2, measure: sise",
         "X.measure: tables of kind footprint_accounts have no such measure (got 'sise'"),
        ("province_maps", "table: E2, measure: size, years: [2021]",
         "X.years: not in table 'E2' (got '2021'"),
        ("province_maps", "table: R3, measure: gdp, years: [2015]",
         "X.years: not in table 'R3' (got '2015'; allowed 2012, 2019"),
        ("province_maps", "table: E2, measure: size, classes: {scheme: user}",
         "X.classes.limits: scheme user needs"),
        ("province_bars", "table: R4, measures: [stored, stored]", "X.measures"),
        ("province_bars", "table: R4, measures: [stock]", "have no such measure (got 'stock'"),
        ("province_bars", "table: R3, measures: [gdp], year: 2013",
         "X.year: not in table 'R3' (got '2013'"),
        ("province_bars", "table: R3, measures: [gdp], width: single",
         "X.width: its texts need 140 mm"),
        ("province_moran", "table: E4", "X.table: not a table of kind footprint_moran (got 'E4'"),
        ("province_moran", "table: E3, dimension: size",
         "X.dimension: only for kind clusters (got kind 'series')"),
        ("province_moran", "table: E3, kind: clusters, dimension: footprint",
         "X.dimension: not in table 'E3' (got 'footprint'; allowed depth, size"),
        ("province_moran", "table: E3, kind: clusters, years: [2012]",
         "X.years: not in table 'E3' (got '2012'; allowed 2010"),
        ("province_tracks", "table: E4, dimension: depth",
         "X.dimension: not in table 'E4' (got 'depth'; allowed size"),
        ("potential", "table: E6, year: 2013", "X.year: not in table 'E6' (got '2013'"),
        ("potential", "table: E2", "X.table: not a table of kind reduction_potential"),
        ("area_matrix", "table: R3", "X.table: not a table of kind regional_transfer"),
    ],
)  # fmt: skip
def test_faults_have_their_place(tmp_path, group, figure, told):
    assert told in only_fault(tmp_path, group, figure)


@pytest.mark.parametrize(
    ("group", "figure", "key"),
    [
        ("area_matrix", "table: R4", "table"),
        ("province_bars", "table: R4, measures: [emissions, transfer_net]", "measures"),
    ],
)
def test_transfers_need_the_study_to_compute_them(tmp_path, group, figure, key):
    told = f"X.{key}: table 'R4' has no transfers without regional.transfer (got null)"
    assert told in only_fault(tmp_path, group, figure, "null")


def test_what_a_figure_leaves_open_is_its_table_s(tmp_path):
    study = with_figure(tmp_path, "province_moran", "table: E3, kind: clusters")
    figure = study.figures.province_moran["X"]
    assert (dimension_of(figure, study), cluster_years(figure, study)) == ("depth", (2010,))
    # the years with an inventory, five of them: those of the overlay join those of the first file
    assert years_of_table(study, "E2") == (2008, 2010, 2012, 2015, 2019)
    assert years_of_table(study, "R3") == (2012, 2019)
    assert years_of_table(study, "R4") is None


def test_maps_clusters_and_tracks_need_outlines():
    text = {"title": {"en": "a", "zh": "b"}}
    for group, figure, wanted in (
        ("province_maps", {"table": "C2", "measure": "size"}, True),
        ("province_tracks", {"table": "C4"}, True),
        ("province_moran", {"table": "C3", "kind": "clusters"}, True),
        ("province_moran", {"table": "C3"}, False),
        ("province_bars", {"table": "C2", "measures": ["size"]}, False),
        ("area_matrix", {"table": "D4"}, False),
    ):
        section = FiguresSection.model_validate({group: {"X": {**text, **figure}}})
        assert section.needs_provinces == wanted
        assert section.account_figures == ("X",)


def test_every_group_is_one_of_figures():
    assert set(ACCOUNT_GROUPS) <= set(FIGURE_GROUPS)
