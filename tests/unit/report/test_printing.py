"""What a study says of stars, brackets, decimals, columns and rows is what is printed."""

from __future__ import annotations

import re
from pathlib import Path

import pandas as pd
import pytest
from demo_estimates import REPOSITORY, demo_estimates, demo_study

from yrb_carbon.errors import StudyError
from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.layout import FIT_ROWS, layout_table
from yrb_carbon.study.config import SYNTHETIC_CAUTION
from yrb_carbon.study.load import load_study
from yrb_carbon.study.tables import MODEL_LINES

TABLES = ("T2", "T4", "T4_collinearity", "T5", "T6", "T7", "T8", "T12")
"""One table of most kinds."""
STARS = re.compile(r"\*{1,3}")


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return demo_estimates(*TABLES, "T11_provinces")


@pytest.fixture
def lay_out(estimates, tmp_path):
    """Lay out a table of the demo study under an overlay."""

    def laid_out(name: str, text: str = "", language: str = "en") -> PrintedTable:
        overlay = tmp_path / "overlay.yaml"
        overlay.write_text(text or "{}", encoding="utf-8")
        return layout_table(name, demo_study(name, *of(name), overlay=overlay), estimates, language)

    return laid_out


def of(name: str) -> list[str]:
    return ["T4"] if name in ("T5", "T12", "T4_collinearity", "T11_provinces") else []


def texts(table: PrintedTable) -> list[str]:
    return [cell for row in table.body.to_numpy().tolist() for cell in row]


def estimate_of(rows: pd.DataFrame, **where: str) -> float:
    for column, value in where.items():
        rows = rows[rows[column] == value]
    (value,) = rows["estimate"].unique()
    return float(value)


def test_columns_and_rows_in_the_order_of_the_layout(lay_out, estimates):
    text = """\
tables:
  T4:
    layout:
      columns: [{id: sdm, label: {en: Durbin, zh: 杜宾}}, {id: sar}]
      rows: [W.lq, rho, lq, n_obs, outcome]
      standard_errors: [clustered]
"""
    body = lay_out("T4", text).body
    assert list(body.columns) == ["", "Durbin", "SAR"]
    heads = [head for head in body.iloc[:, 0] if head]
    lq = "Mining agglomeration"
    assert heads == [f"W x {lq}", "rho", lq, "Observations", "Outcome"]
    own = estimates[estimates["table"] == "T4"]
    for at, name in ((0, "W.lq"), (4, "lq")):
        expected = f"{estimate_of(own, model='sdm', quantity='coef', term=name):.4f}"
        assert body.iloc[at, 1].rstrip("*") == expected
    assert body.iloc[0, 2] == body.iloc[1, 2] == ""
    chosen = own[own["model"].eq("sar") & own["quantity"].eq("rho") & own["vcov"].eq("clustered")]
    assert body.iloc[3, 2] == f"({chosen['std_error'].item():.4f})"
    assert list(lay_out("T4", text, "zh").body.columns)[1] == "杜宾"


def test_stars_follow_the_last_covariance_whichever_are_shown(lay_out):
    whole = lay_out("T4").body
    shown = lay_out("T4", "tables: {T4: {layout: {standard_errors: [oim]}}}").body
    named = whole[whole.iloc[:, 0] != ""].to_numpy().tolist()
    assert shown[shown.iloc[:, 0] != ""].to_numpy().tolist() == named
    assert len(shown) < len(whole)


def test_rows_are_dropped(lay_out):
    heads = lay_out("T4", "tables: {T4: {layout: {drop: [W.lq, aic, ln_pgdp]}}}").body.iloc[:, 0]
    whole = lay_out("T4").body.iloc[:, 0]
    gone = {"W x Mining agglomeration", "AIC", "ln real GDP per head"}
    assert [head for head in whole if head and head not in gone] == [head for head in heads if head]
    assert gone < set(whole)


@pytest.mark.parametrize("name", TABLES)
def test_a_table_without_stars_does_not_speak_of_any(lay_out, name):
    with_stars, without = (
        lay_out(name), lay_out(name, f"tables: {{{name}: {{layout: {{stars: false}}}}}}"),
    )  # fmt: skip
    cells = texts(with_stars)
    if name != "T4_collinearity":
        assert any(STARS.search(cell) for cell in cells)
        assert any("p < 0.01" in note or "stars" in note for note in with_stars.notes)
    assert texts(without) == [STARS.sub("", cell) for cell in cells]
    assert not any("p < 0.01" in note or "stars follow" in note for note in without.notes)
    assert not any(re.search(r"stars (by|from)|and stars|\{|\.\.", note) for note in without.notes)


def test_other_levels_and_marks(lay_out):
    levels = "[{mark: †, below: 0.001}, {mark: '#', below: 0.2}]"
    table = lay_out("T4", f"report: {{printing: {{stars: {levels}}}}}")
    assert any(cell.endswith("†") for cell in texts(table))
    assert any("† p < 0.001, # p < 0.2" in note for note in table.notes)
    assert not any("*" in cell for cell in texts(table))


def test_brackets_of_each_place(lay_out):
    body = lay_out("T4", "report: {printing: {brackets: [none, curly, square]}}").body
    block = body["SDM"].iloc[1:4].tolist()
    plain = lay_out("T4").body["SDM"].iloc[1:4].tolist()
    bare = [cell.strip("()[]{}") for cell in plain]
    assert block == [bare[0], f"{{{bare[1]}}}", f"[{bare[2]}]"]
    note = next(n for n in lay_out("T4").notes if "brackets" in n)
    assert "oim in round brackets, serial in square brackets, clustered in curly" in note


def test_the_last_bracket_stands_for_all_that_follow(lay_out):
    cells = texts(lay_out("T4", "report: {printing: {brackets: [square]}}"))
    assert not any(cell.startswith("(") for cell in cells)


@pytest.mark.parametrize(("name", "model"), [("T4", "coef"), ("T5", "direct"), ("T6", "coef")])
def test_decimals_of_all_tables_and_of_one(lay_out, name, model):
    everywhere = "report: {printing: {decimals: 2}}"
    assert any(re.fullmatch(r"-?0\.\d\d\**", cell) for cell in texts(lay_out(name, everywhere)))
    own = f"tables: {{{name}: {{layout: {{decimals: 6}}}}}}"
    for text in (own, f"{everywhere}\n{own}"):
        cells = texts(lay_out(name, text))
        assert any(re.fullmatch(r"-?0\.\d{6}\**", cell) for cell in cells)
        assert any(re.fullmatch(r"\(0\.\d{6}\)", cell) or " / " in cell for cell in cells)


def test_without_notes_the_cautions_stay(lay_out):
    for language in ("en", "zh"):
        table = lay_out("T4", "report: {printing: {notes: false}}", language)
        assert table.notes == (SYNTHETIC_CAUTION.in_language(language),)


def test_effects_show_the_errors_that_are_named(lay_out):
    text = """\
tables:
  T5:
    layout:
      columns: [{id: sdm}]
      rows: [ln_pgdp, lq]
      standard_errors: [bootstrap_wild_unit, simulation, oim]
"""
    body = lay_out("T5", text).body
    heads = body["Variable"].tolist()
    below = ["wild bootstrap by unit", "s.e. oim, simulated", "s.e. oim"]
    assert heads == ["ln real GDP per head", *below, "Mining agglomeration", *below]
    whole = lay_out("T5").body
    place = whole.index[(whole["Model"] == "SDM") & (whole["Variable"] == "Mining agglomeration")]
    both = whole.loc[place[0] + 1, "Direct"]
    assert f"{body.loc[7, 'Direct']} / {body.loc[6, 'Direct']}" == both


def test_paths_and_intervals_are_chosen(lay_out):
    text = "tables: {T7: {layout: {rows: [all, m2], standard_errors: [year, serial]}}}"
    body = lay_out("T7", text).body
    joint = body[body["System"] == "All mediators"]["Path"].tolist()
    assert joint == ["Through all mediators", "Through Technical progress"]
    assert set(body["Interval"]) == {"", "year bootstrap", "serial"}
    alone = {system for system in body["System"] if "alone" in system}
    assert alone == {"Technical progress alone"}


def test_factors_of_chosen_regressors(lay_out):
    body = lay_out("T4_collinearity", "tables: {T4_collinearity: {layout: {rows: [W.lq]}}}").body
    assert body.iloc[:, 0].tolist() == ["W x Mining agglomeration"]


def test_names_of_lines_are_those_that_are_printed(lay_out):
    fits = [quantity for quantity, *_ in FIT_ROWS]
    assert [name for name in MODEL_LINES if name in fits] == fits


def faults(text: str, folder: Path) -> list[str]:
    overlay = folder / "overlay.yaml"
    overlay.write_text(text, encoding="utf-8")
    with pytest.raises(StudyError) as raised:
        load_study([REPOSITORY / "config.yaml", overlay])
    return str(raised.value).splitlines()


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        ("T4: {layout: {columns: [{id: sdn}]}}", "columns[0].id", "did you mean 'sdm'"),
        ("T4: {layout: {rows: [lq, W.lqq]}}", "rows[1]", "did you mean 'W.lq'"),
        ("T4: {layout: {drop: [loglike]}}", "drop[0]", "did you mean 'loglik'"),
        ("T5: {layout: {standard_errors: [boot]}}", "standard_errors[0]", "bootstrap_wild_unit"),
        ("T5: {layout: {columns: [{id: ols_unit}]}}", "columns[0].id", "allowed sar, sdm"),
        ("T2: {layout: {rows: [lq]}}", "rows", "tables of kind 'moran' have no such choice"),
        ("T4: {layout: {columns: [{id: sar}, {id: sar}]}}", "columns", "named twice: sar"),
        ("T4: {layout: {rows: [lq, lq]}}", "rows[1]", "named twice (got 'lq')"),
        ("T4: {layout: {decimals: 20}}", "decimals", "from 0 to 12"),
    ],
)
def test_unknown_names_are_told_with_what_there_is(text, key, problem, tmp_path):
    (fault,) = [line for line in faults(f"tables: {{{text}}}", tmp_path) if "overlay" in line]
    assert f"layout.{key}: " in fault
    assert problem in fault


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("[{mark: '**', below: 0.05}, {mark: '*', below: 0.01}]", "levels must rise"),
        ("[{mark: x, below: 0.05}]", "up to four of the signs"),
    ],
)
def test_levels_that_cannot_be(text, problem, tmp_path):
    assert problem in "\n".join(faults(f"report: {{printing: {{stars: {text}}}}}", tmp_path))


def test_a_layout_is_no_part_of_what_is_estimated(tmp_path):
    overlay = tmp_path / "overlay.yaml"
    overlay.write_text("tables: {T4: {layout: {drop: [lq]}}}", encoding="utf-8")
    plain = load_study([REPOSITORY / "config.yaml"]).tables["T4"]
    other = load_study([REPOSITORY / "config.yaml", overlay]).tables["T4"]
    assert other != plain
    assert other.estimated() == plain.estimated()
