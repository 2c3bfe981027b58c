"""Printed tables and curves of robustness show the rows of estimates, and say what is absent."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import shapely
from chinese_font import needs_chinese_font
from figure_texts import keep_figures, said

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import AT_BOUNDARY, COMPONENTS, ISLANDS, NOT_ESTIMATED, estimates_frame
from yrb_carbon.provenance import FileRecord
from yrb_carbon.report.canvas import ABOVE_ZERO, AROUND_ZERO, BELOW_ZERO, Page, colour_of
from yrb_carbon.report.cells import p_words
from yrb_carbon.report.effect_figures import effect_commissions
from yrb_carbon.report.figures import write_all
from yrb_carbon.report.language import Words
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.layout_endogeneity import _describe
from yrb_carbon.report.specification_curve import (
    Curve,
    calc_limits,
    draw_specification_curve,
    make_curve,
)
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.base import Label
from yrb_carbon.study.config import SYNTHETIC_CAUTION, Study
from yrb_carbon.study.endogeneity_tables import InstrumentSection
from yrb_carbon.study.report import ReportSection
from yrb_carbon.study.robustness_tables import RobustnessTable

LABEL = {"en": "Tiny", "zh": "小"}
ABOUT = {"title": LABEL, "of": "T4", "column": "sdm", "treatment": "x"}
SWAPPED = {"ci_lower": "ci_upper", "ci_upper": "ci_lower"}
STUDY = Study.model_validate(
    {
        "study": {"name": "tiny", "title": LABEL, "synthetic": True},
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}, "knn": {"scheme": "knn"}},
        "variables": {
            "y": {"index": "raw", "column": "pop", "label": {"en": "Outcome", "zh": "结果"}},
            "x": {"index": "raw", "column": "pop", "label": {"en": "Treatment", "zh": "处理"}},
            "m": {"index": "raw", "column": "pop", "label": {"en": "Mediator", "zh": "中介"}},
            "z": {"index": "raw", "column": "pop"},
        },
        "tables": {
            "T4": {"kind": "models", "title": LABEL, "outcome": "y", "regressors": ["x", "z"],
                   "mediators": ["m"], "columns": [{"id": "sdm"}]},
            "T11": {
                "kind": "robustness", "title": LABEL,
                "baseline": {"outcome": "y", "treatment": "x"},
                "mediators": {"base": ["m"]},
                "controls": {"base": ["z"]},
                "axes": {"weights": ["knn"], "model": ["sar"]},
            },
            "out": {"kind": "leave_out", **ABOUT},
            "placebo": {"kind": "placebo", **ABOUT, "draws": 99},
            "T12": {
                "kind": "endogeneity", **ABOUT,
                "columns": [
                    {"id": "wy"},
                    {"id": "iv", "assumption": "It rains.",
                     "instruments": {"i": {"variable": "z", "base_year": "first",
                                           "times": "trend"}}},
                ],
            },
        },
        "figures": {"units_map": False, "dpi": 72,
                    "curves": {"F5": {"table": "T11", "quantity": "mediated_direct"}}},
    }
)  # fmt: skip
T11 = STUDY.tables["T11"]
NO_BOUNDARIES = build_boundaries(
    ["140100"], [shapely.box(0, 0, 1, 1)], FileRecord("none", None, "", 1)
)
WEAK_F, STRONG_F = 3.25, 31.5


def numbers() -> Any:
    return iter(np.random.default_rng(3).uniform(0.05, 0.95, 800).round(4))


def rows_of_everything() -> pd.DataFrame:
    drawn = numbers()
    rows: list[dict[str, Any]] = []

    def add(table: str, model: str, quantity: str, **parts: Any) -> None:
        rows.append(
            {"study": "tiny", "table": table, "sample": "main", "model": model, "outcome": "y",
             "quantity": quantity, "equation": "outcome", "estimate": next(drawn),
             "n_units": 9, "n_periods": 4, "n_obs": 36, **parts}
        )  # fmt: skip

    def effects(table: str, model: str, vcov: str = "oim", **parts: Any) -> None:
        for quantity in ("direct", "indirect", "total"):
            add(table, model, quantity, term="x", std_error=next(drawn), p_value=0.004,
                vcov=vcov, **parts)  # fmt: skip

    def mediated(table: str, model: str, equation: str = "system", sign: float = -1.0) -> None:
        for term in ("m", "all"):
            for quantity in ("mediated_direct", "mediated_spillover", "mediated_total"):
                size = next(drawn)
                add(table, model, quantity, term=term, equation=equation, vcov="serial",
                    estimate=sign * size, ci_lower=sign * size - 0.01, ci_upper=sign * size + 0.01,
                    p_value=0.03, draws=2000, inference="mc")  # fmt: skip

    for name in ("baseline", "weights=knn", "weights=knn+model=sar"):
        for vcov in ("oim", "serial"):
            effects("T11", name, vcov)
        mediated("T11", name)
        mediated("T11", name, "standardised", -1.0 if name == "baseline" else 1.0)
        add("T11", name, "value", term=ISLANDS, equation="", estimate=2.0 if "knn" in name else 0.0)
        add("T11", name, "value", term=COMPONENTS, equation="", estimate=1.0)
    add("T11", "model=sar", "value", term=AT_BOUNDARY, estimate=1.0)
    add("T11", "model=sar", "value", term=f"{NOT_ESTIMATED}|SomeError: why", equation="system")
    add("T11", "baseline", "residual_ar1", vcov="clustered_unit")
    add("out", "all_provinces", "residual_ar1", vcov="clustered_unit")
    for name in ("all_provinces", "without_Gansu"):
        for vcov in ("oim", "serial"):
            effects("out", name, vcov)
        mediated("out", name)
        add("out", name, "value", term=ISLANDS, equation="", estimate=1.0)
        add("out", name, "value", term=COMPONENTS, equation="", estimate=2.0)
    for kind in ("permuted_weights", "permuted_treatment"):
        add("placebo", kind, "value", term="draws_without_effects", estimate=7.0)
        for quantity in ("direct", "indirect", "total"):
            add("placebo", kind, quantity, term="x", p_value=0.01)
            add("placebo", kind, "mean", term=f"{quantity}:x", ci_lower=-0.5, ci_upper=0.25)
            add("placebo", kind, "sd", term=f"{quantity}:x")
    effects("T12", "static", "serial")
    add("T12", "static", "coef", term="x", vcov="serial", std_error=0.1, p_value=0.2)
    add("T12", "gs2sls_wy", "value", term=f"{NOT_ESTIMATED}|BoundaryError: rho = 1.2 is outside")
    effects("T12", "gs2sls_iv", "clustered")
    for model, strength in (("gs2sls_wy", STRONG_F), ("gs2sls_iv", WEAK_F)):
        add("T12", model, "coef", term="x", vcov="clustered", std_error=0.1, p_value=0.02)
        add(
            "T12",
            model,
            "test",
            equation="first stage",
            statistic=strength,
            term="conditional first-stage F|Sanderson-Windmeijer|no instrument explains Wy",
        )
        add(
            "T12",
            model,
            "test",
            equation="first stage",
            statistic=4.5,
            p_value=0.105,
            term="Hansen J||all instruments are valid",
        )
    add("T12", "dynamic", "coef", term="y.L1", vcov="qml", std_error=0.1, p_value=0.02)
    add("T12", "dynamic", "value", term="stability|stable", estimate=1.0)
    effects("T12", "dynamic_short", "qml")
    effects("T12", "dynamic_long", "qml")
    return estimates_frame(rows)


@pytest.fixture(scope="module")
def rows() -> pd.DataFrame:
    return rows_of_everything()


def test_grid_shows_choices_effects_and_paths(rows):
    printed = layout_table("T11", STUDY, rows)
    body = printed.body
    assert list(body["Weights"]) == ["queen", "queen", "knn", "knn"]
    assert list(body["Model"]) == ["SDM", "SAR", "SDM", "SAR"]
    assert "Sample" not in body
    own = rows[(rows["table"] == "T11") & (rows["model"] == "weights=knn")]
    direct = own[(own["quantity"] == "indirect") & (own["vcov"] == "serial")].iloc[0]
    assert body.at[2, "Indirect"] == f"{direct['estimate']:.4f}***"
    assert body.at[2, "Indirect: s.e. serial"] == f"{direct['std_error']:.4f}"
    both = own[(own["quantity"] == "mediated_direct") & (own["equation"] == "system")]
    path, total = (both[both["term"] == term].iloc[0] for term in ("m", "all"))
    assert body.at[2, "Mediated direct by path: Mediator"] == f"{path['estimate']:.4f}**"
    assert body.at[2, "Mediated direct: sum"] == f"{total['estimate']:.4f}**"
    interval = f"[{total['ci_lower']:.4f}, {total['ci_upper']:.4f}]"
    assert body.at[2, "Mediated direct: interval"] == interval
    assert body.at[2, "Remarks"] == "2 units without neighbours left out"
    assert "4 specifications, 3 with effects" in printed.notes[0]


def test_a_page_has_one_standard_error_below_each_effect(rows):
    table = layout_table("T11", STUDY, rows)
    page = table.page
    assert page is not None
    body = table.body
    for quantity in ("Direct", "Indirect", "Total"):
        assert page.at[0, quantity] == body.at[0, quantity]
        assert page.at[1, quantity] == f"({body.at[0, f'{quantity}: s.e. serial']})"
    assert page.at[0, "Mediated direct"] == body.at[0, "Mediated direct: sum"]
    assert page.at[1, "Mediated direct"] == body.at[0, "Mediated direct: interval"]
    assert len(page.columns) < len(body.columns)
    assert page["No."].ne("").sum() == len(body)


def test_remarks_of_a_page_stand_below_their_specification(rows):
    table = layout_table("T11", STUDY, rows)
    assert table.page is not None
    remarks = table.body["Remarks"][table.body["Remarks"] != ""]
    below = table.page[table.page["Direct"].isin(remarks)]
    assert list(below["Direct"]) == list(remarks)
    assert below["No."].eq("").all()


def test_what_was_not_estimated_is_a_row_with_its_reason(rows):
    body = layout_table("T11", STUDY, rows).body
    assert body.at[1, "Indirect"] == ""
    assert "model peaks at the edge" in body.at[1, "Remarks"]
    assert "mediation not estimated: why" in body.at[1, "Remarks"]
    assert "SomeError" not in body.at[1, "Remarks"]


def test_provinces_show_parts_and_islands(rows):
    body = layout_table("out", STUDY, rows).body
    assert list(body["Province left out"]) == ["none", "Gansu"]
    assert list(body["Parts of W"]) == ["2", "2"]
    assert list(body["Islands dropped"]) == ["1", "1"]
    assert body["Mediated total: sum"].str.endswith("**").all()


def test_regions_are_called_as_the_study_calls_them(rows):
    region = Label(en="census division", zh="普查分区")
    study = STUDY.model_copy(update={"report": ReportSection(region=region)})
    table, chinese = (layout_table("out", study, rows, one) for one in ("en", "zh"))
    assert table.body.columns[0] == "Census division left out"
    assert chinese.body.columns[0] == "剔除的普查分区"
    assert any("without the units of each census division" in note for note in table.notes)
    assert "rovince" not in " ".join((*table.body.columns, *table.notes))
    assert "省" not in " ".join((*chinese.body.columns, *chinese.notes))


def test_placebo_shows_interval_and_share(rows):
    body = layout_table("placebo", STUDY, rows).body
    assert len(body) == 6
    assert set(body["Placebo: 95 % interval"]) == {"[-0.5000, 0.2500]"}
    assert set(body["Share more extreme"]) == {"0.010"}
    assert set(body["Draws without effects"]) == {"7"}
    missing = rows["model"].eq("permuted_weights") & rows["quantity"].eq("direct")
    printed = layout_table("placebo", STUDY, rows.assign(p_value=rows["p_value"].mask(missing)))
    shown = printed.body.set_index(["Placebo", "Effect"])["Share more extreme"]
    assert shown["Weights with permuted labels", "Direct"] == ""
    assert shown["Treatment permuted across units", "Direct"] == "0.010"
    assert "these two have no share" in printed.notes[0]


def test_draws_lost_at_the_edge_take_the_stars_of_their_specification(rows):
    first = rows[(rows["table"] == "T11") & (rows["quantity"] == "mediated_total")].iloc[0]
    lost = {
        **first.to_dict(), "quantity": "value", "term": "draws_discarded", "model": "weights=knn",
        "equation": "system", "estimate": 41.0,
    }  # fmt: skip
    printed = layout_table("T11", STUDY, pd.concat([rows, pd.DataFrame([lost])]))
    body = printed.body
    assert not body.at[2, "Mediated total: sum"].endswith("*")
    assert body.at[0, "Mediated total: sum"].endswith("**")
    assert body.at[2, "Indirect"].endswith("***")
    assert "41 of 2000 (2.0 %) draws without effects: no stars" in body.at[2, "Remarks"]
    assert any("normal approximation has failed" in note for note in printed.notes)
    lost["estimate"] = 40.0
    printed = layout_table("T11", STUDY, pd.concat([rows, pd.DataFrame([lost])]))
    assert printed.body.at[2, "Mediated total: sum"].endswith("**")
    assert not any("normal approximation has failed" in note for note in printed.notes)


@pytest.mark.parametrize("name", ["T11", "out"])
def test_residual_autocorrelation_stands_beside_the_effects(rows, name):
    body = layout_table(name, STUDY, rows).body
    own = rows[(rows["table"] == name) & (rows["quantity"] == "residual_ar1")]
    assert body.at[0, "Residual AR(1)"] == f"{own['estimate'].iloc[0]:.3f}"
    assert any("Residual AR(1) is" in note for note in layout_table(name, STUDY, rows).notes)


def test_endogeneity_calls_weak_instruments_weak(rows):
    printed = layout_table("T12", STUDY, rows)
    weak = [note for note in printed.notes if "WEAK" in note]
    assert len(weak) == 1
    assert weak[0].startswith("iv: ")
    assert "Wy (3.2)" in weak[0] or "Wy (3.3)" in weak[0]
    assert "z of the first year x years since the first" in weak[0]
    assert "Valid if: It rains." in weak[0]
    lines = printed.body.set_index("")
    assert lines.loc["Conditional first-stage F, Wy", "wy"] == "31.50"
    assert (printed.body["wy"] == "p = 0.1050").any()
    assert lines.loc["Indirect effect, long run", "Baseline"] == ""
    assert lines.loc["Indirect effect, long run", "Dynamic"].endswith("***")
    assert lines.loc["Outcome, year before", "Dynamic"].endswith("**")
    assert any(note.startswith("Model wy:") and "rho = 1.2" in note for note in printed.notes)


def test_small_p_values_and_single_years_in_words(rows):
    tiny = rows.assign(p_value=rows["p_value"].mask(rows["term"].str.startswith("Hansen"), 1e-7))
    assert (layout_table("T12", STUDY, tiny).body["wy"] == "p < 0.0001").any()
    assert [p_words(p, Words()) for p in (0.0312, 1e-9, np.nan)] == ["p = 0.0312", "p < 0.0001",
                                                           "p undefined"]  # fmt: skip
    section = InstrumentSection.model_validate({"variable": "z", "lag": 1})
    assert _describe(section, STUDY, Words()) == "z, 1 year before"
    two = section.model_copy(update={"lag": 2})
    assert _describe(two, STUDY, Words()) == "z, 2 years before"


def test_curve_is_sorted_and_keeps_what_has_no_estimate(rows):
    table = STUDY.tables["T11"]
    assert isinstance(table, RobustnessTable)
    curve = make_curve(table, STUDY, rows[rows["table"] == "T11"], "mediated_direct", Words())
    assert curve.points["estimate"].is_monotonic_increasing
    assert curve.points["model"].iloc[0] == "baseline"
    assert curve.absent == ("model=sar",)
    assert curve.order[-1] == "model=sar"
    assert curve.levels == (("Weights", ("queen", "knn")), ("Model", ("SDM", "SAR")))
    assert curve.choices["weights=knn+model=sar"] == (1, 1)
    with pytest.raises(DataError, match="No specification has a standardised total"):
        make_curve(table, STUDY, rows[rows["table"] == "T11"], "total", Words())


def test_a_zero_by_construction_is_no_estimate(rows):
    table = STUDY.tables["T11"]
    assert isinstance(table, RobustnessTable)
    own = rows[rows["table"] == "T11"].copy()
    is_sar = (own["model"] == "weights=knn+model=sar") & (own["equation"] == "standardised")
    own.loc[is_sar, ["estimate", "ci_lower", "ci_upper"]] = 0.0
    curve = make_curve(table, STUDY, own, "mediated_direct", Words())
    assert curve.constructed == ("weights=knn+model=sar",)
    assert set(curve.absent) == {"model=sar", "weights=knn+model=sar"}
    assert "weights=knn+model=sar" not in set(curve.points["model"])


def test_the_axis_ends_before_a_few_extreme_intervals():
    usual = np.linspace(0.9, 1.1, 40)
    ends = pd.DataFrame(
        {
            "estimate": [*usual, 50.0],
            "ci_lower": [*(usual - 0.1), 0.5],
            "ci_upper": [*(usual + 0.1), 99.0],
        }
    )
    lower, upper = calc_limits(ends)
    assert lower == 0.0
    assert usual[-1] + 0.1 < upper < 3.0
    assert calc_limits(ends[:-1]) == (0.0, pytest.approx(usual[-1] + 0.1))
    assert calc_limits(-ends[:-1].rename(columns=SWAPPED)) == (
        pytest.approx(-usual[-1] - 0.1), 0.0
    )  # fmt: skip


def test_what_goes_beyond_the_axis_is_an_arrow_and_said():
    usual = np.linspace(0.9, 1.1, 40)
    points = pd.DataFrame({"model": [f"m{i}" for i in range(40)], "estimate": usual})
    points["ci_lower"], points["ci_upper"] = usual - 0.1, usual + 0.1
    points.loc[39, "ci_upper"] = 99.0
    levels = (("Model", ("SDM",)),)
    choices = dict.fromkeys(points["model"], (0,))
    curve = Curve(points, (), (), levels, choices, "m0")
    figure = draw_specification_curve(
        curve, title="Title", page=Page(), axis="axis", note="A note."
    )
    texts = " ".join(text.get_text() for text in figure.texts)
    assert "A note. Arrows: intervals that go on beyond the axis (1 specifications)." in texts
    assert figure.axes[0].get_ylim()[1] < 3.0


def draw_curves(study: Study, rows: pd.DataFrame, folder: Path) -> dict[str, Any]:
    """Draw the figures of a study that has curves alone."""
    return write_all(study, effect_commissions(study, rows, rows[:0], NO_BOUNDARIES), folder)


def test_a_curve_without_estimates_says_so_on_its_sheet(rows, tmp_path, caplog):
    empty = rows[~rows["quantity"].str.startswith("mediated")]
    record = draw_curves(STUDY, empty, tmp_path)
    assert record["F5"]["en"]["files"] == ["F5.png", "F5.svg", "F5.pdf"]
    assert (
        "Figure F5, table T11. No specification has a standardised mediated direct effect"
        in record["F5"]["en"]["obstacle"]
    )
    assert record["F5"]["en"]["obstacle"] in caplog.text


def test_colours_follow_the_interval():
    assert colour_of(-0.2, -0.1) == BELOW_ZERO
    assert colour_of(-0.1, 0.1) == AROUND_ZERO
    assert colour_of(0.1, 0.2) == ABOVE_ZERO


@pytest.mark.slow
@needs_chinese_font
def test_curves_are_the_same_bytes_again_and_carry_the_caution(rows, tmp_path, monkeypatch):
    for name in ("a", "b"):
        record = draw_curves(STUDY, rows, tmp_path / name)
    assert record["F5"]["zh"]["files"] == ["zh/F5.png", "zh/F5.svg", "zh/F5.pdf"]
    for path in (*record["F5"]["en"]["files"], *record["F5"]["zh"]["files"]):
        assert (tmp_path / "a" / path).read_bytes() == (tmp_path / "b" / path).read_bytes()
    drawn = keep_figures(monkeypatch, tmp_path)
    draw_curves(STUDY, rows, tmp_path)
    assert SYNTHETIC_CAUTION.en in said(drawn["F5"])
    assert SYNTHETIC_CAUTION.zh in said(drawn["zh/F5"])
    silent = STUDY.model_copy(update={"study": STUDY.study.model_copy(update={"synthetic": False})})
    draw_curves(silent, rows, tmp_path)
    assert SYNTHETIC_CAUTION.en not in said(drawn["F5"])
