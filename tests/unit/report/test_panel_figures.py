"""Figures of the panel: clusters (F3) and trends (F8) show the rows that were computed."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from figure_texts import keep_figures, said, texts
from mediation_system import INDEX, UNITS, YEARS, label, study_of

from yrb_carbon.analysis.moran import LOCAL_COLUMNS, local_moran_by_unit, moran_by_year
from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.analysis.trends import WHOLE, calc_trends
from yrb_carbon.errors import DataError
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.canvas import Page
from yrb_carbon.report.map_sheet import Ground
from yrb_carbon.report.moran_figure import CLUSTER_COLOURS, NOT_SIGNIFICANT_COLOUR, draw_moran
from yrb_carbon.report.panel_figures import MapInputs, draw_figures
from yrb_carbon.report.trend_figure import TrendPanel, draw_trends
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.tables import MoranTable
from yrb_carbon.weights.build import build_weights
from yrb_carbon.weights.spec import WeightsSpec

SQUARES = [shapely.box(105 + i % 5, 33 + i // 5, 106 + i % 5, 34 + i // 5) for i in range(20)]
BOUNDARIES = build_boundaries(UNITS, SQUARES, FileRecord("grid", None, "", 20))
KEY = TableKey(study="tiny", table="T2", sample="main")
LAST = YEARS[-1]
SHOWN = (YEARS[0], LAST)
SEED = 11
TABLE = MoranTable.model_validate(
    {"kind": "moran", "title": label("Moran"), "variables": ["x", "y"], "weights": "ring",
     "permutations": 499, "local_permutations": 799, "level": 0.1}
)  # fmt: skip
FIGURES: dict[str, Any] = {
    "dpi": 72,
    "moran": {"F3": {"table": "T2", "variable": "x", "years": list(SHOWN),
                     "title": label("Clusters")}},
    "trends": {
        "F8": {"variables": ["x", "y"], "title": label("Trends")},
        "F8_sum": {"variables": ["x"], "statistic": "total", "title": label("Totals")},
    },
}  # fmt: skip
STUDY = study_of({"T2": TABLE.model_dump(mode="json")}, figures=FIGURES)
REACHES = dict(zip(UNITS, ["up"] * 8 + ["mid"] * 6 + ["down"] * 6, strict=True))
EXACT = 1e-12
"""The same sums in another order."""


@pytest.fixture(scope="module")
def weights() -> Any:
    return build_weights(BOUNDARIES, WeightsSpec("queen"))


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    """One cluster of high values in a corner, noise elsewhere."""
    generator = np.random.default_rng(5)
    high = np.array([2.5 if i % 5 < 2 and i // 5 < 2 else 0.0 for i in range(20)])
    smooth = np.repeat(high, len(YEARS)) + 0.4 * generator.normal(size=len(INDEX))
    return pd.DataFrame({"x": smooth, "y": generator.normal(size=len(INDEX))}, index=INDEX)


@pytest.fixture(scope="module")
def local(frame, weights) -> pd.DataFrame:
    return local_moran_by_unit(frame, weights, TABLE, {"x": SHOWN}, KEY, seed=SEED)


@pytest.fixture(scope="module")
def overall(frame, weights) -> pd.DataFrame:
    return moran_by_year(frame, weights, TABLE, KEY, seed=SEED)


@pytest.fixture(scope="module")
def inputs(frame, local, overall) -> MapInputs:
    trends = calc_trends(frame, ["x", "y"], REACHES)
    return MapInputs(frame, BOUNDARIES, overall, local, trends)


def value_of(overall: pd.DataFrame, year: int, column: str) -> float:
    own = overall[(overall["term"] == "x") & (overall["year"] == year)]
    return float(own.loc[own["inference"] == "permutation", column].iloc[0])


def test_local_rows_are_of_the_years_that_are_shown_and_say_how_they_were_made(local):
    assert tuple(local.columns) == LOCAL_COLUMNS
    assert len(local) == len(UNITS) * len(SHOWN)
    assert set(local["year"]) == set(SHOWN)
    assert set(local["level"]) == {0.1}
    assert set(local["permutations"]) == {799}
    assert set(local["variable"]) == {"x"}


def test_the_slope_of_the_scatter_is_the_global_statistic(local, overall):
    for year, own in local.groupby("year"):
        slope = float(own["z"] @ own["lag"] / (own["z"] @ own["z"]))
        assert slope == pytest.approx(value_of(overall, int(year), "estimate"), abs=EXACT)
        assert float(own["local_moran"].mean()) == pytest.approx(slope, abs=EXACT)
        assert own["z"].mean() == pytest.approx(0.0, abs=EXACT)
        assert (own["z"] ** 2).mean() == pytest.approx(1.0, abs=EXACT)


def test_local_numbers_are_those_of_esda(frame, weights, local):
    from esda.moran import Moran_Local

    year = SHOWN[0]
    values = frame["x"].xs(year, level="year").loc[list(weights.unit_ids)]
    peer = Moran_Local(values.to_numpy(), weights.graph, permutations=0, seed=1)
    own = local[local["year"] == year].set_index("unit").loc[list(weights.unit_ids)]
    # esda divides by N - 1
    assert own["local_moran"].to_numpy() == pytest.approx(peer.Is * 20 / 19)
    names = {1: "HH", 2: "LH", 3: "LL", 4: "HL"}
    assert own["quadrant"].tolist() == [names[q] for q in peer.q]


def test_fdr_keeps_no_more_than_were_significant(local):
    found, kept = local["cluster"] != "ns", local["cluster_fdr"] != "ns"
    assert found.any()
    assert not (kept & ~found).any()
    assert (local["p_fdr"] >= local["p_permutation"]).all()


def figure_of(local: pd.DataFrame, overall: pd.DataFrame, **changes: Any) -> Any:
    by_year = {year: (value_of(overall, year, "estimate"), value_of(overall, year, "p_value"))
               for year in SHOWN}  # fmt: skip
    options: dict[str, Any] = {
        "title": "Title", "page": Page(), "names": {unit: f"Place {unit}" for unit in UNITS},
        "named": 3, **changes,
    }  # fmt: skip
    return draw_moran(Ground(BOUNDARIES), local, by_year, **options)


def test_points_line_and_map_are_the_rows(local, overall):
    from matplotlib.colors import to_hex

    figure = figure_of(local, overall)
    scatter, clusters = figure.axes[:2]
    own = local[local["year"] == SHOWN[0]]
    points = np.asarray(scatter.collections[0].get_offsets())
    assert points == pytest.approx(own[["z", "lag"]].to_numpy())
    (line,) = [line for line in scatter.lines if len(set(np.abs(line.get_xdata()))) == 1
               and line.get_xdata()[0] < 0 and line.get_ydata()[0] != 0]  # fmt: skip
    slope = line.get_ydata()[1] / line.get_xdata()[1]
    assert slope == pytest.approx(value_of(overall, SHOWN[0], "estimate"))
    colours = [to_hex(c, keep_alpha=False).upper() for c in clusters.collections[0].get_facecolor()]
    in_order = own.set_index("unit").loc[list(BOUNDARIES.unit_ids), "cluster"]
    assert colours == [CLUSTER_COLOURS.get(c, NOT_SIGNIFICANT_COLOUR) for c in in_order]


def test_hatched_units_are_those_that_fdr_leaves_out(local, overall):
    def hatched(rows: pd.DataFrame) -> int:
        panel = figure_of(rows, overall).axes[1]
        return sum(len(c.get_paths()) for c in panel.collections if c.get_hatch())

    own = local[local["year"] == SHOWN[0]]
    lost = int(((own["cluster"] != "ns") & (own["cluster_fdr"] == "ns")).sum())
    assert hatched(local) == lost
    assert hatched(local.assign(cluster_fdr="ns")) == int((own["cluster"] != "ns").sum())
    assert hatched(local.assign(cluster_fdr=local["cluster"])) == 0


def test_the_legend_counts_clusters_before_and_after_fdr(local, overall):
    shown = said(figure_of(local, overall))
    before, after = ((local[c] == "HH").sum() for c in ("cluster", "cluster_fdr"))
    assert f"HH: high among high ({before}; {after} after FDR)" in shown
    assert f"not significant ({(local['cluster'] == 'ns').sum()})" in shown
    value = value_of(overall, LAST, "estimate")
    assert f"Moran's I = {value:.3f}, p = {value_of(overall, LAST, 'p_value'):.4f}" in shown


def test_outlying_units_are_named_and_no_others(local, overall):
    far = local.assign(z=np.where(local["unit"] == UNITS[0], 2.6, local["z"].clip(-1.9, 1.9)))
    far = far.assign(lag=far["lag"].clip(-1.9, 1.9))
    named = [text for text in texts(figure_of(far, overall)) if text.startswith("Place")]
    assert named == [f"Place {UNITS[0]}"] * len(SHOWN)
    assert not any(t.startswith("Place") for t in texts(figure_of(far, overall, named=0)))


@pytest.mark.parametrize(("mm", "columns"), [(60, 1), (90, 2), (190, 2)])
def test_columns_follow_the_width_of_the_page(local, overall, mm, columns):
    figure = figure_of(local, overall, page=Page(width=mm / 25.4))
    lefts = {round(axes.get_position().x0, 3) for axes in figure.axes[::2]}
    assert len(lefts) == columns


def test_units_without_statistics_are_told(local, overall):
    with pytest.raises(DataError, match=f"no local statistics in {SHOWN[0]} of {UNITS[3]}"):
        figure_of(local[local["unit"] != UNITS[3]], overall)
    with pytest.raises(DataError, match="at least one year"):
        figure_of(local[:0], overall)


def test_trends_are_means_totals_and_quantiles_by_reach(frame):
    trends = calc_trends(frame, ["x"], REACHES)
    own = frame["x"].xs(LAST, level="year")
    for reach in ("up", "mid", "down", WHOLE):
        units = [u for u in UNITS if reach in (REACHES[u], WHOLE)]
        (row,) = trends[(trends["group"] == reach) & (trends["year"] == LAST)].to_dict("records")
        values = own.loc[units].to_numpy()
        assert row["n_units"] == len(units)
        assert row["mean"] == pytest.approx(values.mean())
        assert row["total"] == pytest.approx(values.sum())
        for name, share in (("p10", 0.1), ("p25", 0.25), ("median", 0.5), ("p90", 0.9)):
            assert row[name] == pytest.approx(np.quantile(values, share))
    assert len(trends) == 4 * len(YEARS)
    assert calc_trends(frame, [], REACHES).empty


def trend_figure(frame: pd.DataFrame, **options: Any) -> Any:
    panel = TrendPanel("X", "units", calc_trends(frame, ["x"], REACHES))
    settings: dict[str, Any] = {"statistic": "mean", "band": "deciles", **options}
    return draw_trends([panel], title="Title", page=Page(), **settings)


def test_lines_and_bands_are_the_rows(frame):
    axes = trend_figure(frame, cut=2006).axes[0]
    trends = calc_trends(frame, ["x"], REACHES)
    up = trends[trends["group"] == "up"].sort_values("year")
    assert axes.lines[0].get_ydata() == pytest.approx(up["mean"].to_numpy())
    assert len(axes.lines) == 5
    assert tuple(axes.lines[4].get_xdata()) == (2006.5, 2006.5)
    band = axes.collections[0].get_paths()[0].vertices
    assert band[:, 1].min() == pytest.approx(up["p10"].min())
    assert band[:, 1].max() == pytest.approx(up["p90"].max())
    assert len(axes.collections) == 3


def test_totals_have_no_band_and_no_line_of_all_units(frame):
    figure = trend_figure(frame, statistic="total")
    assert len(figure.axes[0].lines) == 3
    assert not figure.axes[0].collections
    assert "totals of the units" in said(figure)
    assert "decile" not in said(figure)
    with pytest.raises(DataError, match="at least one variable"):
        draw_trends([], statistic="mean", band="none", title="", page=Page())


@needs_chinese_font
def test_figures_of_the_panel_are_drawn_in_both_languages(inputs, monkeypatch, tmp_path):
    kept = keep_figures(monkeypatch, tmp_path)
    record = draw_figures(STUDY_WITHOUT_UNITS_MAP, inputs, tmp_path)
    assert set(record) == {"F3", "F8", "F8_sum"}
    assert set(kept) == {"F3", "F8", "F8_sum", "zh/F3", "zh/F8", "zh/F8_sum"}
    assert "Clusters中" in said(kept["zh/F3"])
    assert "高高集聚" in said(kept["zh/F3"])
    assert "799 draws" in said(kept["F3"])
    for figure in kept.values():
        wanted = "合成演示数据" if "中" in said(figure) else "Synthetic demonstration data"
        assert wanted in said(figure)


@pytest.mark.parametrize("scale", [1.0, -2e6, 3e-7])
@pytest.mark.parametrize("years", [(2010, 2011), (2005, 2010), (2003, 2018)])
@pytest.mark.parametrize(("panels", "width"), [(2, 5.5), (3, 7.5), (1, 3.5)])
def test_nothing_of_the_trends_is_cut_at_an_edge(panels, width, years, scale):
    """The names of the first and last years and the numbers of the axis are whole."""
    columns = ("p10", "p25", "mean", "median", "p75", "p90", "total")
    rows = pd.DataFrame(
        [
            {"group": group, "year": year, **dict.fromkeys(columns, scale * (year - 1990))}
            for group in ("up", "mid", "down", "all")
            for year in range(years[0], years[1] + 1)
        ]
    )
    shown = [TrendPanel("Label", "Unit", rows)] * panels
    figure = draw_trends(shown, statistic="total", band="none", title="T", page=Page(width=width))
    figure.canvas.draw()
    ink = np.asarray(figure.canvas.buffer_rgba())[..., :3].min(axis=2) < 250
    assert ink.any()
    assert not any(part.any() for part in (ink[:2], ink[-2:], ink[:, :2], ink[:, -2:]))


def test_a_table_without_the_year_is_told(inputs, tmp_path):
    without = replace(inputs, moran=inputs.moran[inputs.moran["year"] != LAST])
    with pytest.raises(DataError, match=f"'T2' has no Moran's I of 'x' in {LAST}"):
        draw_figures(STUDY_WITHOUT_UNITS_MAP, without, tmp_path)


STUDY_WITHOUT_UNITS_MAP = STUDY.model_copy(
    update={"figures": STUDY.figures.model_copy(update={"units_map": False})}
)
