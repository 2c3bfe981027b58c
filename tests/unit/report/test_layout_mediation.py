"""Printed tables of a mediation system: each number is a row of estimates, notes say what holds."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd
import pytest
from mediation_system import KEY, SEED, label, ring, section, simulate, study_of, table

from yrb_carbon.analysis.mediation import fit_systems, mediation_rows
from yrb_carbon.analysis.mediation_companions import companion_rows
from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.estimates import AT_BOUNDARY, estimates_frame
from yrb_carbon.report.cells import PrintedTable
from yrb_carbon.report.latex import write_latex_table
from yrb_carbon.report.layout import layout_table
from yrb_carbon.report.tables import write_csv_table

NUMBER = re.compile(r"-?\d+(?:\.\d+)?(?:e[+-]\d+)?")
TABLES = {
    "steps": {"kind": "mediation_steps", "title": label("Steps"), "of": "T7"},
    "sensitivity": {
        "kind": "mediation_sensitivity", "title": label("Sensitivity"), "of": "T7", "draws": 200,
        "correlations": [-0.5, 0.0, 0.5],
    },
    "timing": {
        "kind": "mediation_timing", "title": label("Timing"), "of": "T7",
        "timings": [{"id": "late", "treatment_lag": 1, "outcome_lead": 1}],
    },
}  # fmt: skip
STUDY = study_of(TABLES)
WEIGHTS = {"ring": ring()}
PRINTED = 0.5001e-4
"""Four decimals."""


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    frame = simulate()
    blocks = [mediation_rows(fit_systems(table(), frame, WEIGHTS, KEY), SEED, KEY)]
    for name in TABLES:
        key = TableKey("tiny", name, "main")
        own = STUDY.tables[name]
        blocks.append(companion_rows(own, table(), frame, WEIGHTS, SEED, key))
    return estimates_frame(pd.concat(blocks))


@pytest.fixture(scope="module")
def printed(estimates) -> dict[str, PrintedTable]:
    return {name: layout_table(name, STUDY, estimates) for name in ("T7", *TABLES)}


@pytest.mark.parametrize("name", ["T7", *TABLES])
def test_every_number_is_a_row_of_estimates(printed, estimates, name):
    own = estimates[estimates["table"] == name]
    columns = ["estimate", "std_error", "p_value", "ci_lower", "ci_upper"]
    known = own[columns].to_numpy().ravel()
    known = np.concatenate([known[np.isfinite(known)], [-0.5, 0.5]])
    body = printed[name].body
    skipped = {"System", "Path", "Interval", "Protocol", "Effect or coefficient", "Mediator"}
    checked = 0
    for head in body.columns:
        if head in skipped:
            continue
        for cell in body[head]:
            for text in NUMBER.findall(cell.replace("<0.0001", "")):
                digits = len(text.split("e")[0].partition(".")[2])
                scale = float(f"1e{text.partition('e')[2] or 0}")
                near = np.abs(known - float(text)).min()
                assert near <= 0.5001 * 10.0**-digits * scale, (head, cell)
                checked += 1
    assert checked > 20


def test_paths_of_the_joint_system_and_of_each_mediator(printed):
    body = printed["T7"].body
    joint = body[body["System"] == "All mediators"]["Path"].tolist()
    assert joint == [
        "Not mediated", "Through First", "Through Second", "Through all mediators", "Whole system",
        "One-step model", "System less one-step",
    ]  # fmt: skip
    alone = body[body["System"].str.endswith("alone")]
    assert alone["Path"].tolist() == ["Through First", "Through Second"]


def test_every_path_has_its_intervals_side_by_side(printed):
    body = printed["T7"].body
    start = body.index[body["Path"] == "Through First"][0]
    lines = body.loc[start + 1 : start + 4]
    assert lines["Interval"].tolist() == ["oim", "serial", "wild bootstrap", "year bootstrap"]
    assert lines["Direct"].str.match(r"^\[.*, .*\]$").all()
    gap = body.index[body["Path"] == "System less one-step"][0]
    assert body.loc[gap + 1, "Interval"] == "wild bootstrap"


def test_spillovers_are_the_sum_of_the_parts_shown(estimates, printed):
    own = estimates[
        (estimates["table"] == "T7") & (estimates["model"] == "joint") & (estimates["spec"] == "")
    ]
    cells = own[own["vcov"] == "serial"].set_index(["quantity", "term"])["estimate"]
    parts = [cells[f"mediated_spillover_{part}", "a"] for part in ("mediator", "outcome", "chain")]
    assert sum(parts) == pytest.approx(cells["mediated_spillover", "a"], rel=1e-10)
    body = printed["T7"].body
    shown = body[body["Path"] == "Through First"].iloc[0]
    heads = [head for head in body.columns if head.startswith("Spillover: ")]
    found = [float(shown[head].rstrip("*")) for head in heads]
    assert found == pytest.approx(parts, abs=PRINTED)


def test_stars_follow_the_robust_covariance(estimates):
    changed = estimates.copy()
    judged = (changed["table"] == "T7") & (changed["vcov"] == "serial")
    changed.loc[judged, "p_value"] = 0.5
    body = layout_table("T7", STUDY, changed).body
    assert not body["Direct"].str.contains("*", regex=False).any()


@pytest.mark.parametrize("name", ["T7", "timing", "sensitivity"])
def test_draws_lost_at_the_edge_take_the_stars(estimates, name):
    """By system and covariance: more than 2 % of 200 draws are five."""
    changed = estimates.copy()
    own = (changed["table"] == name) & (changed["vcov"] == "serial")
    changed.loc[own, "p_value"] = 0.001
    lost = own & (changed["term"] == "draws_discarded")
    first = changed.loc[lost, "model"].iloc[0]
    shown = []
    for count in (4.0, 5.0):
        changed.loc[lost & (changed["model"] == first), "estimate"] = count
        printed = layout_table(name, STUDY, changed)
        shown.append(printed.body.map(lambda cell: str(cell).count("*")).to_numpy().sum())
        text = " ".join(printed.notes)
        assert f"{count:.0f} of 200 ({count / 2:.1f} %)" in text
        assert ("normal approximation has failed there" in text) == (count > 4)
    assert shown[1] < shown[0]


@pytest.mark.parametrize(
    ("lower", "upper", "words"),
    [
        (-0.99, 0.99, "in the whole range searched (0.99 either way)"),
        (-0.99, 0.4, "for every r searched (0.99 either way) up to 0.40"),
        (-0.3, 0.99, "for every r searched (0.99 either way) from -0.30"),
        (-0.3, 0.4, "for r from -0.30 to 0.40"),
        (np.nan, np.nan, "for no r"),
    ],
)
def test_ends_of_the_search_are_no_results(estimates, lower, upper, words):
    changed = estimates.copy()
    own = (changed["spec"] == "r_of_mediated_direct") & (changed["vcov"] == "serial")
    changed.loc[own & (changed["term"] == "lower"), "estimate"] = lower
    changed.loc[own & (changed["term"] == "upper"), "estimate"] = upper
    notes = " ".join(layout_table("sensitivity", STUDY, changed).notes)
    assert f"{words} (serial)" in notes


def test_ratios_are_marked_and_the_reason_is_said(estimates):
    changed = estimates[estimates["table"] == "T7"].copy()
    shares = changed["quantity"].isin(["share", "ratio"])
    changed.loc[shares, "quantity"] = "ratio"
    changed = changed[~changed["spec"].str.startswith("no_share")]
    last = changed[(changed["vcov"] == "serial") & (changed["spec"] == "gap")]
    last = last[last["model"] == "joint"].iloc[[0]]
    reason = last.assign(spec="no_share_total", term="suppression", quantity="value")
    drawn = layout_table("T7", STUDY, estimates_frame(pd.concat([changed, reason])))
    cells = drawn.body["Share: of natural direct"]
    assert cells[cells != ""].str.startswith("ratio").all()
    assert "All mediators, total effects, no shares: suppression." in drawn.notes


def test_notes_say_what_the_numbers_rest_on(printed):
    text = " ".join(printed["T7"].notes)
    for words in (
        "are not these effects",  # of products
        "errors of the mediators may correlate with one another",
        "Standard deviation of Treatment",
        "Residual AR(1) of the equations: Outcome",
        "no share",
        "not the reduced form",
        "Synthetic demonstration data",
        "200 draws a system",
        "39 draws a system",
    ):
        assert words in text, words
    assert "c is not c' + ab" in " ".join(printed["steps"].notes)
    assert "does not depend on r" in " ".join(printed["sensitivity"].notes)
    for name in ("T7", *TABLES):
        notes = " ".join(printed[name].notes)
        assert "Residual AR(1) of the equations: Outcome" in notes or name == "steps"
        assert "Residual AR(1) is" in notes
    assert "one-step model" in " ".join(printed["steps"].notes)
    assert "given one mediator (three steps): First" in " ".join(printed["steps"].notes)
    assert "The estimates at r = 0" in " ".join(printed["sensitivity"].notes)
    assert "oim, serial from normal draws" in text
    assert "clustered" not in text.replace("(serial, clustered)", "")
    assert "zero at r = " in " ".join(printed["sensitivity"].notes)
    assert "x(t-1), m(t), y(t+1): N = 20 units, T = 7 years" in " ".join(printed["timing"].notes)


def test_the_two_step_protocol_prints_no_three_steps(estimates):
    study = study_of({**TABLES, "T7": section(protocol="two_step_jiang")})
    body = layout_table("steps", study, estimates).body
    assert set(body["Protocol"]) == {"Two steps"}
    assert len(body) == 9


@pytest.mark.parametrize("name", ["T7", *TABLES])
def test_a_system_at_the_boundary_prints_no_numbers(estimates, name):
    own = estimates[(estimates["table"] == name) & (estimates["quantity"].isin(["sd"]))]
    if own.empty:
        own = estimates[estimates["table"] == name].iloc[:0]
    model = "late" if name == "timing" else "joint"
    mark = {"study": "tiny", "table": name, "sample": "main", "model": model, "equation": "a",
            "quantity": "value", "term": AT_BOUNDARY, "estimate": 1.0, "n_units": 20,
            "n_periods": 9, "n_obs": 180}  # fmt: skip
    rows = estimates_frame(pd.concat([own, estimates_frame([mark])]))
    drawn = layout_table(name, STUDY, rows)
    numbers = drawn.body.drop(columns=["r"], errors="ignore").to_numpy().ravel()
    assert not any(NUMBER.search(str(cell)) for cell in numbers)
    assert any("at the edge of the admissible interval" in note for note in drawn.notes)


@pytest.mark.parametrize("name", ["T7", *TABLES])
def test_files_are_written(printed, tmp_path, name):
    write_csv_table(printed[name], tmp_path / "t.csv")
    write_latex_table(printed[name], tmp_path / "t.tex")
    assert printed[name].title in (tmp_path / "t.csv").read_text(encoding="utf-8")
    assert "\\begin{tabular}" in (tmp_path / "t.tex").read_text(encoding="utf-8")
