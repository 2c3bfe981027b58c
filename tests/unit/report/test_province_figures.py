"""Figures of the footprint and of regional facts: what they take from rows, and what they say."""

from __future__ import annotations

import re
from functools import partial
from itertools import product

import numpy as np
import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from chinese_texts import left_in_latin
from embodied_rows import LABEL, Rows, embodied_study
from figure_texts import said, texts

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import estimates_frame
from yrb_carbon.footprint.space import calc_ellipse_outline
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.account_figures import account_commissions, draw_account_figures
from yrb_carbon.report.canvas import NothingToShowError, Page, three_digits
from yrb_carbon.report.language import Words
from yrb_carbon.report.moran_figure import CLUSTER_COLOURS, NOT_SIGNIFICANT_COLOUR
from yrb_carbon.report.place_names import area_name
from yrb_carbon.report.province_bars import NO_VALUE, REGION_COLOURS, bar_rows
from yrb_carbon.report.province_figures import (
    ProvinceSources,
    bar_panels,
    map_values,
    moran_series,
    potential_of,
    province_commissions,
    track_series,
)
from yrb_carbon.report.province_map import Atlas, ProvinceMap
from yrb_carbon.report.province_rows import (
    SELECTED,
    area_flows,
    local_statistics,
    place_values,
    track_of,
    unit_of_measure,
)
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.figure_page import described
from yrb_carbon.report.site.figure_words import Shown, seen_on
from yrb_carbon.report.site.run import Run, RunFiles
from yrb_carbon.report.track_figure import draw_track
from yrb_carbon.sources.boundaries import WGS84, build_boundaries
from yrb_carbon.study.account_figures import MEASURES
from yrb_carbon.study.provinces import AREAS, REGIONS

PROVINCES = ("15", "33", "37", "41", "61")
"""Inner Mongolia, Zhejiang, Shandong, Henan, Shaanxi; Hainan, 46, has an outline alone."""
OUTLINED = (*PROVINCES, "46")
YEARS = (2000, 2003, 2005)
SIZES = {"15": 900.0, "33": 120.5, "37": 88.25, "41": 310.0, "61": np.nan}
TITLES = {"en": "Provinces and areas", "zh": "各省与区域"}
OWN = {"title": TITLES}
NAMES = {"15": "Inner Mongolia", "33": "Zhejiang", "37": "Shandong", "41": "Henan", "61": "Shaanxi"}
SECTION = {
    "energy": {str(year): f"energy_{year}.xlsx" for year in YEARS},
    "economy": {"format": "gtmp", "path": "e.csv"},
    "people": {"format": "province_panel", "path": "p.csv"},
    "land": {"format": "province_land_cover", "path": "l.csv"},
    "first_year": 2000,
    "last_year": 2005,
}
REGIONAL = {
    "inventories": {"2003": "a.xlsx", "2005": "b.xlsx"},
    "people": {"format": "province_panel", "path": "p.csv"},
    "transfer": {"system": "mrio", "year": 2015},
}
TABLES = {
    "C1": {"kind": "industrial_emissions"},
    "C2": {"kind": "footprint_accounts", "years": [2000, 2005]},
    "C3": {"kind": "footprint_moran", "years": [2000, 2005]},
    "C4": {"kind": "footprint_shift"},
    "C6": {"kind": "reduction_potential", "years": [2003, 2005]},
    "D3": {"kind": "regional_emissions"},
    "D4": {"kind": "regional_transfer"},
}
FIGURES = {
    "units_map": False,
    "formats": ["png"],
    "dpi": 72,
    "province_maps": {
        "size": {"table": "C2", "measure": "size", **OWN},
        "intensity": {"table": "D3", "measure": "intensity", "years": [2005], **OWN},
    },
    "province_bars": {
        "balance": {"table": "D4", "measures": ["emissions", "stored", "transfer_net"], **OWN},
        "gdp": {"table": "D3", "measures": ["gdp"], "year": 2003, **OWN},
    },
    "province_moran": {
        "series": {"table": "C3", **OWN},
        "clusters": {"table": "C3", "kind": "clusters", "dimension": "depth", **OWN},
    },
    "province_tracks": {"track": {"table": "C4", **OWN}},
    "potential": {"ranking": {"table": "C6", **OWN}},
    "area_matrix": {"areas": {"table": "D4", **OWN}},
}
PAGE = Page()
NUMBER = re.compile(r"\d+\.\d+")
SAME_PLACE_M = 1.0
"""Of a centre that was projected, and of one that was kept in degrees with all digits."""


def study_of(figures=FIGURES, section=SECTION, own=TABLES):
    tables = {name: {"title": LABEL, **table} for name, table in own.items()}
    base = embodied_study().model_dump()["tables"]
    return embodied_study(
        footprint=section, regional=REGIONAL, figures=figures, tables={**base, **tables}
    )


STUDY = study_of()


def outlines():
    boxes = [shapely.box(100 + 3 * k, 30, 103 + 3 * k, 33) for k in range(len(OUTLINED))]
    record = FileRecord("grid", None, "", len(OUTLINED))
    return build_boundaries(list(OUTLINED), boxes, record)


def moran(made: Rows, dimension: str, year: int, value: float, p: float) -> None:
    for inference, own in (("randomisation", 0.5), ("permutation", p), ("permutation_fdr", 0.9)):
        made.add(
            "C3", "global", dimension, value, outcome=dimension, year=year, quantity="moran",
            inference=inference, p_value=own, n_units=5,
        )  # fmt: skip


def local(made: Rows, year: int, unit: str, z: float, cluster: str, after: str) -> None:
    own = {"outcome": "depth", "year": year, "equation": unit}
    for inference, found in (("permutation", cluster), ("permutation_fdr", after)):
        made.add("C3", "local", found, z / 2, **own, quantity="moran", inference=inference,
                 p_value=0.01)  # fmt: skip
    made.add("C3", "local", "z", z, **own)
    made.add("C3", "local", "lag", z / 4, **own)


CLUSTERS = {"15": ("HH", "HH"), "33": ("ns", "ns"), "37": ("LL", "ns"), "41": ("ns", "ns"),
            "61": ("HL", "ns")}  # fmt: skip
CENTRES = {2000: (108.0, 31.0), 2003: (108.4, 31.3), 2005: (109.0, 31.9)}
POTENTIAL = {
    "15": (0.9, 0.8, 0.85, 1, 1, 3, 1),
    "33": (0.2, 0.7, 0.45, 2, 2, 4, 2),
    "37": (0.7, 0.1, 0.4, 3, 1, 5, 4),
    "41": (0.1, 0.2, 0.15, 4, 3, 4, 3),
    "61": (0.0, 0.0, 0.0, 5, 5, 5, 3),
}
TERMS = ("equity", "efficiency", "index", "rank", "rank_low", "rank_high", "quadrant")


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    made = Rows()
    for step, year in enumerate((2000, 2003, 2005)):
        for province, size in SIZES.items():
            made.add("C2", "accounts", "size", size * (1 + step), equation=province, year=year)
            made.add("C2", "accounts", "size.forest", 1.0, equation=province, year=year)
        for place in ("", *REGIONS):
            made.add("C2", "accounts", "size", 5e4, equation=place, year=year)
        moran(made, "size", year, 0.1 + step / 10, 0.2 - step / 10)
        moran(made, "depth", year, -0.05, 0.8)
        lon, lat = CENTRES[year]
        for model, term, value in (
            ("centre", "lon", lon), ("centre", "lat", lat), ("centre", "x", 7.0),
            ("ellipse", "sde_major", 300.0 + year), ("ellipse", "sde_minor", 400.0),
            ("ellipse", "sde_rotation", 60.0), ("ellipse", "sde_area", 9.0),
        ):  # fmt: skip
            made.add("C4", model, term, value, outcome="size", year=year)
    for year, (unit, found) in product((2000, 2005), CLUSTERS.items()):
        local(made, year, unit, 2.5 if unit == "15" else -0.4, *found)
    for province, scores in POTENTIAL.items():
        for term, value in zip(TERMS, scores, strict=True):
            own = {"equation": province, "outcome": "potential"}
            made.add("C6", "equity_efficiency", term, value, year=2005, **own)
            made.add("C6", "equity_efficiency", term, 1.0 + value, year=2003, **own)
    made.add("C6", "equity_efficiency", "index", 0.5, year=2005, equation="east", quantity="mean")
    for step, province in enumerate((*PROVINCES, *REGIONS, "total")):
        for year in (2003, 2005):
            made.add("D3", "intensity", province, year / 1000 + step, year=year)
            made.add("D3", "gdp", province, 100.0 * step + year, year=year)
            made.add("D3", "intensity", province, 3.0, equation="rank", year=year)
    for step, place in enumerate((*PROVINCES, "54", *REGIONS, "")):
        own = {"equation": place}
        if place != "54":
            made.add("D4", "balance", "emissions", 50.0 * step + 10, **own, year=2005)
            made.add("D4", "balance", "emissions", 0.1, **own, year=2005, quantity="share")
            made.add("D4", "balance", "transfer_net", 30.0 * (-1) ** step, **own, year=2015)
        made.add("D4", "balance", "stored", 7.0 + step, **own, year=2018)
    for number, (source, user) in enumerate(product(AREAS, AREAS)):
        kept = {"equation": "own"} if source == user else {}
        made.add("D4", "matrix", f"{source}-{user}", 3.0 + number, year=2015, **kept)
    made.add("D4", "matrix", "central-exports", 999.0, year=2015, equation="exports")
    return estimates_frame(made.rows).sample(frac=1, random_state=2)


def sources_of(rows: pd.DataFrame, study=STUDY) -> ProvinceSources:
    return ProvinceSources(study, rows, outlines())


def drawn(name: str, rows: pd.DataFrame, language: str = "en", study=STUDY):
    (made,) = [one for one in province_commissions(sources_of(rows, study)) if one.name == name]
    page = Page(Words(language), made.width / 25.4)
    return made.draw(title=made.title(page.words), page=page)


def without(rows: pd.DataFrame, **cells: object) -> pd.DataFrame:
    gone = (rows[list(cells)] == pd.Series(cells)).all(axis=1)
    assert gone.any()
    return rows[~gone]


def colours_of(figure, place: int) -> list[str]:
    """Fill of the provinces of a map, in the order of their outlines."""
    from matplotlib.collections import PathCollection
    from matplotlib.colors import to_hex

    fills = [one for one in figure.axes[place].collections if isinstance(one, PathCollection)]
    found = [one for one in fills if len(one.get_facecolor()) == len(PROVINCES)
             or len(one.get_facecolor()) == len(OUTLINED)]  # fmt: skip
    return [to_hex(colour) for colour in found[0].get_facecolor()]


def test_every_measure_has_a_place_among_the_rows():
    assert {kind: tuple(found) for kind, found in SELECTED.items()} == dict(MEASURES)


def test_values_are_those_of_places_and_years(estimates):
    values = place_values(STUDY, estimates, "C2", "size")
    units = set(values.index.get_level_values("unit"))
    assert units == {*PROVINCES, *REGIONS, "total"}
    for step, year in enumerate(YEARS):
        assert values["15", year] == 900.0 * (1 + step)
    ranks_aside = place_values(STUDY, estimates, "D3", "intensity")
    assert ranks_aside["15", 2003] == pytest.approx(2.003)
    with pytest.raises(DataError, match=r"several rows of 'size' in table 'C2': .*2000"):
        place_values(STUDY, pd.concat([estimates, estimates]), "C2", "size")
    with pytest.raises(DataError, match="no rows of 'depth' by province in table 'C2'"):
        place_values(STUDY, estimates, "C2", "depth")
    with pytest.raises(DataError, match="no rows of table 'C1'"):
        place_values(STUDY, estimates, "C1", "emissions")


def test_maps_show_the_years_of_the_table_or_their_own(estimates):
    figures = STUDY.figures.province_maps
    own = map_values(figures["size"], sources_of(estimates))
    assert sorted(set(own.index.get_level_values("year"))) == [2000, 2005]
    assert set(own.index.get_level_values("unit")) == set(PROVINCES)
    one = map_values(figures["intensity"], sources_of(estimates))
    assert set(one.index.get_level_values("year")) == {2005}
    lacking = without(estimates, table="C2", year=2005)
    with pytest.raises(DataError, match="table 'C2' has no rows of 'size' in 2005"):
        map_values(figures["size"], sources_of(lacking))


def test_maps_paint_by_class_and_hatch_what_is_missing(estimates):
    figure = drawn("size", estimates)
    found = texts(figure)
    assert {"2000 (N = 4)", "2005 (N = 4)", "10^4 ha", "no data (4)"} <= set(found)
    assert "Table C2." in said(figure)
    early, late = colours_of(figure, 0), colours_of(figure, 1)
    by_code = dict(zip(outlines().unit_ids, zip(early, late, strict=True), strict=True))
    assert by_code["46"] == by_code["61"]
    assert by_code["15"][0] != by_code["15"][1]
    assert by_code["15"][0] != by_code["37"][0]


def test_a_measure_without_any_value_has_its_reason(estimates):
    rows = estimates.copy()
    rows.loc[rows["table"].eq("C2"), "estimate"] = np.nan
    with pytest.raises(NothingToShowError, match="Table C2 has no value"):
        drawn("size", rows)
    with pytest.raises(DataError, match="needs outlines of the provinces"):
        ProvinceSources(STUDY, estimates, None).ground("provinces")


def test_areas_are_global_hectares_where_the_study_counts_in_them():
    section = {**SECTION, "unit": "gha"}
    study = study_of(section=section)
    unit = partial(unit_of_measure, words=Words())
    assert unit(study, "C2", "size") == "10^4 gha"
    assert unit(study, "C2", "per_head") == "gha per person"
    assert unit(study, "C2", "depth") == unit(STUDY, "C2", "depth") == "ratio"
    assert unit(STUDY, "C2", "size") == "10^4 ha"
    assert unit(study, "D4", "stored") == "Mt CO2"


def test_bars_are_grouped_by_region_and_ordered_by_the_first_measure(estimates):
    panels = bar_panels(STUDY.figures.province_bars["balance"], sources_of(estimates), Words())
    rows = [row.place for row in bar_rows(panels)]
    assert rows == ["east", "37", "33", "central", "41", "west", "61", "15", "54"]
    assert [panel.unit for panel in panels] == ["Mt CO2, 2005", "Mt CO2, 2018", "Mt CO2, 2015"]
    figure = drawn("balance", estimates)
    first, sink, net = figure.axes
    widths = sorted(round(patch.get_width(), 6) for patch in first.patches)
    assert widths == [10.0, 60.0, 110.0, 160.0, 210.0]
    assert len(sink.patches) == 6
    shown = [text.get_text() for text in first.texts]
    assert NO_VALUE in shown
    assert {"Tibet", "Henan", "East", "210"} <= set(shown)
    bold = {text.get_text() for text in first.texts if text.get_fontweight() == "bold"}
    assert bold == {"East", "Central", "West", "310", "360", "410"}
    at = {text.get_text(): text.get_position()[0] for text in first.texts}
    assert 0 < at["310"] == at["360"] == at["410"] < 10 < at["10.0"]
    assert {"−30.0", "30.0"} <= {text.get_text() for text in net.texts}
    low, high = net.get_xlim()
    assert low < -30 < 30 < high


def test_bars_have_the_colour_of_their_region(estimates):
    from matplotlib.colors import to_hex

    figure = drawn("gdp", estimates)
    (axes,) = figure.axes
    found = {round(patch.get_width()): to_hex(patch.get_facecolor()) for patch in axes.patches}
    assert found[2003] == REGION_COLOURS["west"].lower()
    assert found[2103] == found[2203] == REGION_COLOURS["east"].lower()
    assert "10^8 yuan, 2003" in texts(figure)
    last = STUDY.figures.province_bars["gdp"].model_copy(update={"year": None})
    (panel,) = bar_panels(last, sources_of(estimates), Words())
    assert (panel.unit, panel.values["15"]) == ("10^8 yuan, 2005", 2005.0)
    bars = STUDY.figures.province_bars["balance"].model_copy(update={"year": 2005})
    with pytest.raises(DataError, match=r"no rows of 'stored' in 2005; there are 2018"):
        bar_panels(bars, sources_of(estimates), Words())


def test_series_have_filled_marks_where_they_are_significant(estimates):
    figure = drawn("series", estimates)
    (axes,) = figure.axes
    size, depth = axes.collections
    assert size.get_offsets().data.tolist() == pytest.approx(
        np.array([[2000, 0.1], [2003, 0.2], [2005, 0.3]])
    )
    whites = [bool(np.allclose(fill[:3], 1.0)) for fill in size.get_facecolor()]
    assert whites == [True, True, False]
    assert all(np.allclose(fill[:3], 1.0) for fill in depth.get_facecolor())
    levels = {line.get_ydata()[0] for line in axes.lines if len(set(line.get_ydata())) == 1}
    assert -0.25 in levels
    found = said(figure)
    assert "N = 5." in found
    assert "not significant at 0.05" in found
    assert {"Footprint size", "Footprint depth"} <= set(texts(figure))
    assert axes.get_xticks().tolist() == list(YEARS)


def test_clusters_are_those_of_the_rows(estimates):
    frame = local_statistics(STUDY, estimates, "C3", "depth", (2000, 2005))
    assert len(frame) == 2 * len(PROVINCES)
    one = frame.set_index(["unit", "year"]).loc["15", 2005]
    wanted = {"z": 2.5, "lag": 0.625, "local_moran": 1.25, "cluster": "HH", "level": 0.05}
    assert {key: one[key] for key in wanted} == wanted
    with pytest.raises(DataError, match="no local statistics of depth in 2003"):
        local_statistics(STUDY, estimates, "C3", "depth", (2000, 2003))
    figure = drawn("clusters", estimates)
    found = said(figure)
    assert "HH: high among high (2; 2 after FDR)" in found
    assert "LL: low among low (2; 0 after FDR)" in found
    assert "Moran's I = −0.050, p = 0.8000" in found
    assert {"2000 (N = 5)", "Inner Mongolia", "not in the sample"} <= set(texts(figure))
    fills = next(
        colours_of(figure, place) for place, axes in enumerate(figure.axes) if len(axes.texts) == 1
        and axes.texts[0].get_text().endswith(" km")
    )  # fmt: skip
    by_code = dict(zip(PROVINCES, fills, strict=True))
    assert by_code["15"] == CLUSTER_COLOURS["HH"].lower()
    assert by_code["33"] == NOT_SIGNIFICANT_COLOUR.lower()


def test_tracks_stand_where_the_centres_are(estimates):
    from pyproj import Transformer

    figure = drawn("track", estimates)
    whole, zoom = [axes for axes in figure.axes if axes.get_title()]
    assert zoom.get_title() == "Centres, 2000 to 2005"
    crs = outlines().area_crs
    forward = Transformer.from_crs(WGS84, crs, always_xy=True)
    lines = [np.column_stack(line.get_data()) for line in zoom.lines]
    centres = np.array([forward.transform(*CENTRES[year]) for year in YEARS])
    assert any(
        line.shape == centres.shape and np.allclose(line, centres, atol=SAME_PLACE_M)
        for line in lines
    )
    own = track_of(estimates, "C4", "size").loc[2005]
    outline = calc_ellipse_outline(own.to_dict(), crs=STUDY.tables["C4"].crs)
    wanted = np.column_stack(forward.transform(outline[:, 0], outline[:, 1]))
    ellipses = [np.column_stack(line.get_data()) for line in whole.lines]
    assert any(
        line.shape == wanted.shape and np.allclose(line, wanted, atol=SAME_PLACE_M)
        for line in ellipses
    )
    west, east = zoom.get_xlim()
    assert west < centres[:, 0].min() < centres[:, 0].max() < east
    years = {text.get_text(): text.get_fontweight() for text in zoom.texts}
    assert (years["2000"], years["2003"], years["2005"]) == ("bold", "normal", "bold")
    lacking = without(estimates, table="C4", term="lat", year=2003)
    with pytest.raises(DataError, match="lacks centres or ellipses of size"):
        track_of(lacking, "C4", "size")


def test_figures_of_years_show_those_with_an_inventory(estimates):
    """No inventory of 2005: its numbers repeat those of 2003, and are no end of a track."""
    held = {**SECTION, "energy": {year: SECTION["energy"][year] for year in ("2000", "2003")}}
    bars = {"table": "C2", "measures": ["size"], **OWN}
    figures = {**FIGURES, "province_bars": {"sizes": bars}}
    tables = {**TABLES, "C2": {"kind": "footprint_accounts"}}
    study = study_of(figures, held, tables)
    sources = sources_of(estimates, study)
    series = moran_series(study.figures.province_moran["series"], sources, Words())
    assert {tuple(frame.index) for frame in series.values()} == {(2000, 2003)}
    track = track_series(study.figures.province_tracks["track"], sources)
    assert list(track.index) == [2000, 2003]
    zoom = drawn("track", estimates, study=study).axes[-1]
    assert zoom.get_title() == "Centres, 2000 to 2003"
    (panel,) = bar_panels(study.figures.province_bars["sizes"], sources, Words())
    assert panel.unit.endswith("2003")
    assert "2000 to 2005" in drawn("track", estimates).axes[-1].get_title()


def test_where_there_is_no_room_for_all_years_the_ends_and_the_fives_come_first():
    place = {"lon": 108.0, "lat": 31.0, "major": 300.0, "minor": 200.0, "rotation": 10.0}
    track = pd.DataFrame(place, index=range(2000, 2012))
    ground = ProvinceSources(STUDY, pd.DataFrame(), outlines()).ground("centres")
    figure = draw_track(ground, track, title="T", page=PAGE, crs=STUDY.tables["C4"].crs)
    (zoom,) = [axes for axes in figure.axes if axes.get_title().startswith("Centres")]
    found = [text.get_text() for text in zoom.texts if text.get_text().startswith("20")]
    assert {"2000", "2011", "2005", "2010"} <= set(found)
    assert len(found) < len(track)


def test_rankings_are_of_their_year_with_ranges_and_quadrants(estimates):
    figure = STUDY.figures.potential["ranking"]
    frame = potential_of(figure, sources_of(estimates))
    assert frame.loc["33"].tolist() == [0.2, 0.7, 0.45, 2, 2, 4, 2]
    early = figure.model_copy(update={"year": 2003})
    assert potential_of(early, sources_of(estimates)).loc["33", "equity"] == pytest.approx(1.2)
    bars, ranks, scatter = drawn("ranking", estimates).axes
    assert [patch.get_width() for patch in bars.patches] == [0.85, 0.45, 0.4, 0.15, 0.0]
    spans = [path.vertices[:, 0].tolist() for path in ranks.collections[0].get_paths()]
    assert spans == [[1, 3], [2, 4], [1, 5], [3, 4], [5, 5]]
    assert scatter.collections[0].get_offsets().data[0].tolist() == [0.9, 0.8]
    assert "Provinces and areas, 2005" in texts(drawn("ranking", estimates))
    with pytest.raises(DataError, match="table 'C6' has no ranking of 2000"):
        potential_of(figure.model_copy(update={"year": 2000}), sources_of(estimates))


def test_rankings_without_draws_have_no_ranks_panel(estimates):
    rows = estimates[~estimates["term"].isin(["rank_low", "rank_high"])]
    figure = drawn("ranking", rows)
    assert [axes.get_title() for axes in figure.axes] == ["Index of potential", "Quadrants"]
    assert "random weights" not in said(figure)


def test_matrix_of_areas_has_all_its_numbers(estimates):
    flows = area_flows(estimates, "D4", tuple(AREAS))
    areas = list(AREAS)
    assert flows.loc[areas[1], areas[2]] == 3.0 + 8 + 2
    figure = drawn("areas", estimates)
    found = texts(figure)
    for number in range(64):
        assert three_digits(3.0 + number) in found
    assert "999" not in found
    assert {area_name(area, Words()) for area in areas} <= set(found)
    assert "Provinces and areas, 2015" in found
    lacking = without(estimates, table="D4", term="central-northwest")
    with pytest.raises(DataError, match="table 'D4' has no transfer central-northwest"):
        area_flows(lacking, "D4", tuple(AREAS))


def test_every_figure_is_commissioned_once_with_room_for_its_texts(estimates):
    found = {one.name: one.width for one in account_commissions(STUDY, estimates, outlines())}
    assert list(found) == list(STUDY.figures.account_figures)
    narrow = study_of({**FIGURES, "width": "single"})
    widths = {one.name: one.width for one in account_commissions(narrow, estimates, outlines())}
    assert (widths["size"], widths["balance"], widths["track"]) == (90, 140, 140)


def test_maps_of_a_size_are_made_once():
    atlas, ground = Atlas(), ProvinceSources(STUDY, pd.DataFrame(), outlines()).ground("maps")
    assert atlas.sheet(ground, 3.0) is atlas.sheet(ground, 3.0)
    assert atlas.sheet(ground, 3.0) is not atlas.sheet(ground, 4.0)
    assert atlas.sheet(ground, 3.0).sheet.extent == ProvinceMap.of(ground, 3.0).sheet.extent


@pytest.mark.slow
def test_equal_rows_give_equal_files(estimates, tmp_path):
    for folder, rows in (("a", estimates), ("b", estimates[::-1])):
        record = draw_account_figures(STUDY, rows, outlines(), tmp_path / folder)
        assert {one["en"]["obstacle"] for one in record.values()} == {None}
    paths = sorted((tmp_path / "a").glob("*.png"))
    assert len(paths) == len(STUDY.figures.account_figures)
    for path in paths:
        assert path.read_bytes() == (tmp_path / "b" / path.name).read_bytes()


TOLD = {
    "size": ["Maps of Footprint size (10^4 ha) by province, one panel each for 2000, 2005: 88.2",
             "to 2,700", "The largest in 2005: Inner Mongolia 2,700, Henan 930"],
    "intensity": ["Emissions per product (t CO2 per 10^4 yuan)"],
    "balance": ["Emissions (Mt CO2, 2005): the largest Shaanxi 210", "East 310; Central 360"],
    "gdp": ["GDP (10^8 yuan, 2003)"],
    "series": ["Footprint size: 0.100 in 2000, 0.300 in 2005; significant at 0.05 in 1 of 3 years"],
    "clusters": ["2000: I = −0.050, p = 0.8000; high among high: Inner Mongolia; low among",
                 "2005: I = −0.050, p = 0.8000; high among high: Inner Mongolia; low among low: "
                 "Shandong; high among low: Shaanxi; 1 left after FDR."],
    "track": ["2000: centre 108.00° E, 31.00° N; half axes 2,300 and 400 km", "60.0° clockwise"],
    "ranking": ["in 2005, the largest on top: Inner Mongolia 0.850", "of Shandong: 1 to 5",
                "neither: Henan, Shaanxi"],
    "areas": ["in 2015", "the largest: Southwest to Northwest 65.0", "For their own demand: "],
}  # fmt: skip


@pytest.mark.parametrize("name", list(TOLD))
def test_pages_have_title_caption_table_and_what_is_seen(estimates, name, tmp_path):
    files = RunFiles(tmp_path / "estimates.csv", tmp_path / "manifest.json")
    run = Run(STUDY, PageWords(("en", "zh")), files, estimates, {}, None, None, (), ())
    section = STUDY.figures.section(name)
    title, caption, table = described(run, name)
    seen = seen_on(Shown(run), section, {})
    english, chinese = seen["en"].unescape(), seen["zh"].unescape()
    assert [part for part in TOLD[name] if part not in english] == []
    assert NUMBER.findall(english) == NUMBER.findall(chinese)
    assert table == section.table
    assert title["en"].startswith(TITLES["en"])
    assert table in caption["en"].unescape()
    for text in (title["zh"], caption["zh"], seen["zh"]):
        assert left_in_latin(text.unescape(), {"FDR", table[:1]}) == []


@needs_chinese_font
@pytest.mark.parametrize("name", list(TOLD))
def test_figures_are_chinese(estimates, name):
    allowed = {"Asia", "North", "Albers", "Equal", "Area", "Conic", "ESRI", "FDR", "China",
               "HH", "LL", "HL", "LH", "WGS"}  # fmt: skip
    figure = drawn(name, estimates, "zh")
    assert left_in_latin(said(figure), allowed) == []
