"""What could never be estimated is a fault of the configuration, with its place."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.errors import StudyError
from yrb_carbon.study.load import load_study
from yrb_carbon.workflow.check import check_study

ROOT = Path(__file__).parents[3]
INSTRUMENT = "tables: {T12: {columns: [{id: a, instruments: {z: {%s}}}]}}"


def found(text: str, folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    """Faults of the shipped study under an overlay, each `file:line:column: key: problem`."""
    monkeypatch.chdir(ROOT)
    overlay = folder / "overlay.yaml"
    overlay.write_text(f"study: {{name: x}}\n{text}\n", encoding="utf-8")
    try:
        return check_study(["config.yaml", overlay]).faults
    except StudyError as error:
        return tuple(error.faults)


@pytest.mark.parametrize(
    ("text", "key", "problem"),
    [
        (INSTRUMENT % "variable: lq, lag: 30", "z.lag", "leaves 0 of 16 years"),
        (INSTRUMENT % "variable: lq, lag: 14", "z.lag", "leaves 2 of 16 years"),
        (INSTRUMENT % "variable: lq", "z.variable", "is the treatment that it should instrument"),
        (INSTRUMENT % "variable: lq, times: trend", "z.variable", "is the treatment"),
        (INSTRUMENT % "variable: cb", "z.variable", "is the outcome in column 'sdm'"),
        (INSTRUMENT % "variable: ln_pgdp", "z.variable", "is a regressor already"),
        (INSTRUMENT % "variable: coal_before, times: lq", "z.times", "differs among units"),
        ("tables: {T12: {columns: [], dynamic: null}}", "T12.columns", "nothing to estimate"),
        ("period: {cut: 2017}", "period.cut", "leaves 1 of the years 2003 to 2018 of sample"),
        (
            "tables: {T8: {sample: to_2017}, T10: {tables: [T8]}}\nperiod: {cut: 2016}",
            "period.cut",
            "'to_2017'",
        ),
        ("tables: {T8: {covariances: [oim, oim]}}", "T8.covariances[1]", "named twice"),
        ("tables: {T4: {covariances: [oim, oim]}}", "T4.covariances[1]", "named twice"),
        ("tables: {T7: {covariances: [oim, oim]}}", "T7.covariances[1]", "named twice"),
        ("tables: {T8: {forms: [subset, subset]}}", "T8.forms[1]", "named twice"),
        ("tables: {T10: {cuts: [2010, 2011, 2010]}}", "T10.cuts[2]", "named twice (got 2010)"),
        ("tables: {T7_sensitivity: {correlations: [0.1, 0.1]}}", "correlations[1]", "named twice"),
        ("tables: {T7: {mediator_weights: knn4}}", "T7_sensitivity.of", "needs the same for both"),
        ("tables: {T7: {model: sem}}", "T7_sensitivity.of", "spatial error in the equation of cb"),
        ("tables: {T7: {mediator_models: {m2: sdem}}}", "T7_sensitivity.of", "equation of m2"),
        (
            "tables: {T11: {mediators: {base: null, q: [m1]}}}",
            "T11.mediators",
            "a set named 'base'",
        ),
        ("tables: {T7: {level: 95}}", "T7.level", "a number above 0.5 and below 1 (got 95)"),
        ("figures: {formats: [pdf]}", "figures.formats", "the report show png (got pdf)"),
        ("figures: {formats: [png, png]}", "figures.formats[1]", "named twice"),
        ("figures: {curves: {F5_direct: {width: single}}}", "F5_direct.width", "need 140 mm"),
        ("figures: {widths: {double: 20}}", "figures.widths.double", "60"),
        ("figures: {maps: {F2_balance: {years: [1999]}}}", "F2_balance.years", "2003 to 2018"),
        (
            "figures: {maps: {F2_balance: {classes: {limits: [1.0]}}}}",
            "classes.limits",
            "only scheme user takes limits",
        ),
        (
            "figures: {maps: {F2_balance: {classes: {scheme: user}}}}",
            "classes.limits",
            "needs 1 to 8 limits (got 0)",
        ),
        (
            "figures: {maps: {F2_balance: {classes: {scheme: user, limits: [2, 1]}}}}",
            "classes.limits",
            "limits must rise (got 2.0, 1.0)",
        ),
        ("figures: {moran: {F3_balance: {variable: ln_pgdp}}}", "F3_balance.variable", "not in"),
        ("figures: {moran: {F3_balance: {table: T5}}}", "F3_balance.table", "of kind moran"),
        ("figures: {moran: {F3_balance: {years: [2019]}}}", "F3_balance.years", "2003 to 2018"),
        ("figures: {trends: {F8_means: {variables: [gdp]}}}", "variables[0]", "unknown variable"),
        (
            "figures: {trends: {F4: {variables: [cb], title: {en: a, zh: a}}}}",
            "figures.paths.F4",
            "already is a figure of that name",
        ),
        (
            "tables: {t6: {kind: collinearity, title: {en: a, zh: a}, of: T4}}",
            "tables.t6",
            "differs from 'T6' in capital letters alone",
        ),
        (
            "tables: {Trends: {kind: collinearity, title: {en: a, zh: a}, of: T4}}",
            "tables.Trends",
            "a file of another kind has that name",
        ),
        ("samples: {Main: {winsor: 0.1}}", "samples.Main", "differs from 'main'"),
        ("weights: {Queen: {scheme: rook}}", "weights.Queen", "differs from 'queen'"),
        ("variables: {CB: {index: balance}}", "variables.CB", "differs from 'cb'"),
        (
            "figures: {trends: {f4: {variables: [cb], title: {en: a, zh: a}}}}",
            "figures.paths.F4",
            "already is a figure of that name (got 'F4'; the other is 'f4'",
        ),
        ("samples: {main: {winsor: 0.5}}", "main.winsor", "a number above 0 and below 0.5"),
        ("claims: {level: 5}", "claims.level", "a number above 0 and below 1"),
        ("tables: {T7: {draws: 1}}", "T7.draws", "a whole number of at least 100 (got 1)"),
        ("tables: {T11: {axes: {outcome: [cb, m1]}}}", "T11", "and 17 more have m1 in two roles"),
    ],
)
def test_one_fault_where_it_is_mended(text, key, problem, tmp_path, monkeypatch):
    (fault,) = found(text, tmp_path, monkeypatch)
    place, _, rest = fault.partition(": ")
    assert len(place.split(":")) == 3
    assert rest.partition(": ")[0].endswith(key)
    assert problem in rest


@pytest.mark.parametrize(
    "text",
    [
        INSTRUMENT % "variable: lq, lag: 13",
        INSTRUMENT % "variable: cb, lag: 2",
        INSTRUMENT % "variable: ln_pgdp, lag: 1",
        INSTRUMENT % "variable: ln_pgdp, times: nat_mining",
        INSTRUMENT % "variable: lq, base_year: first, times: trend",
        "period: {cut: 2004}",
        "period: {cut: 2016}",
        "tables: {T7: {mediator_weights: queen}}",
        "tables: {T7: {mediator_weights: knn4}, T7_sensitivity: null}",
    ],
)
def test_what_can_be_estimated_is_no_fault(text, tmp_path, monkeypatch):
    assert found(text, tmp_path, monkeypatch) == ()


@pytest.mark.parametrize(
    ("table", "others"),
    [
        ("T11", ["figures.curves.F5_direct", "figures.curves.F5_mediated"]),
        ("T7", ["tables.T7_steps", "figures.paths.F4", "figures.spillovers.F6"]),
        ("T8", ["tables.T10.tables[0]", "figures.forests.F7_periods"]),
    ],
)
def test_what_points_at_a_table_taken_out_is_told_to_go_too(table, others, tmp_path, monkeypatch):
    faults = found(f"tables: {{{table}: null}}", tmp_path, monkeypatch)
    for other in others:
        (own,) = [fault for fault in faults if f" {other}." in fault or f" {other}: " in fault]
        assert own.endswith(f"if table '{table}' was taken out, take out {other} too")


def test_without_a_period_split_the_cut_is_free(tmp_path, monkeypatch):
    gone = "tables: {T8: null, T10: {tables: [T9]}}\nfigures: {forests: {F7_periods: null}}"
    assert found(f"period: {{cut: 2017}}\n{gone}", tmp_path, monkeypatch) == ()


def test_the_study_itself_loads(monkeypatch):
    monkeypatch.chdir(ROOT)
    study = load_study(["config.yaml"])
    assert study.years_of("to_2017") == range(2003, 2018)
