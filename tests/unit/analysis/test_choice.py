"""The tests that lead to a model, as rows of estimates and as a printed table."""

from __future__ import annotations

import numpy as np
import pytest
from test_analysis_rows import KEY, TABLE, UNITS, frame, one, weights  # noqa: F401

from yrb_carbon.analysis.choice import choice_rows
from yrb_carbon.analysis.models import fit_columns
from yrb_carbon.errors import StudyError
from yrb_carbon.report.layout import _choice
from yrb_carbon.report.printer import Printer
from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.study.config import Study
from yrb_carbon.study.load import load_study
from yrb_carbon.study.tables import ChoiceTable

EXACT = 1e-12
CHOICE = ChoiceTable.model_validate(
    {"kind": "choice", "title": {"en": "Choice", "zh": "选择"}, "of": "T4", "column": "sdm"}
)
STUDY = Study.model_validate(
    {
        "study": {"name": "tiny", "title": {"en": "Tiny", "zh": "小"}},
        "data_root": ".",
        "sources": {},
        "weights": {},
        "variables": {},
        "tables": {},
    }
)


@pytest.fixture(scope="module")
def column(frame, weights):  # noqa: F811
    fitted = fit_columns(TABLE, frame, weights, KEY)
    return next(column for column in fitted if column.key.model == "sdm")


@pytest.fixture(scope="module")
def rows(column, weights):  # noqa: F811
    return choice_rows(column, weights, 0.05, KEY)


def test_lm_tests_are_those_of_the_library(rows, column, weights):  # noqa: F811
    panel = SpatialPanel(
        column.sample["y"], column.sample[list(column.regressors)], weights["ring"], model="ols"
    )
    for test in panel.lm_tests("both"):
        term = "|".join((test.name, test.form, test.null))
        row = one(rows, equation="unit and time", quantity="test", term=term)
        assert row["statistic"] == pytest.approx(test.statistic, rel=EXACT)
        assert row["p_value"] == pytest.approx(test.p_value, rel=1e-9)
        assert row["df"] == 1


def test_every_kind_of_effects_is_tested(rows):
    lag = rows[rows["term"].str.startswith("LM lag|centred")]
    assert set(lag["equation"]) == {"none", "unit", "time", "unit and time"}


def test_wald_tests_and_decisions_come_once_for_each_covariance(rows):
    wald = rows[rows["term"].str.startswith("Wald SDM to SAR")]
    assert sorted(wald["vcov"]) == ["clustered", "oim", "serial"]
    assert wald["statistic"].nunique() == 3
    ratios = rows[rows["term"].str.startswith("LR SDM to SAR")]
    assert list(ratios["vcov"]) == [""]
    decisions = rows[rows["term"] == "decision"]
    assert sorted(decisions["vcov"]) == ["clustered", "oim", "serial"]
    assert set(decisions["spec"]) <= {"ols", "slx", "sar", "sem", "sdm", "sdem"}


def test_criteria_of_all_models_are_there(rows):
    for name in ("loglik", "aic", "bic"):
        assert set(rows.loc[rows["quantity"] == name, "spec"]) == {
            "ols", "slx", "sar", "sem", "sdm", "sdem",
        }  # fmt: skip


def test_residuals_are_tested_for_space_and_time(rows):
    of_residuals = rows[rows["equation"] == "residuals of the sdm"]
    names = {term.split("|")[0] for term in of_residuals["term"]}
    assert "Moran's I" in names
    assert any(name.startswith("serial correlation") for name in names)


def test_printed_table_shows_each_test_in_order(rows):
    body, notes = _choice(CHOICE, STUDY, rows, Printer())
    tests = rows[rows["quantity"] == "test"]
    assert len(body) == len(tests)
    assert body["Test"].iloc[0] == "LM lag"
    order = body["Test"].drop_duplicates().tolist()
    assert order.index("LM error") < order.index("LR unit effects") < order.index("Mundlak")
    for p, said in zip(body["p"], body["Rejected"], strict=True):
        number = 0.0 if p.startswith("<") else float(p) if p else np.nan
        expected = "" if np.isnan(number) else "yes" if number < 0.05 else "no"
        assert said == expected
    assert any(note.startswith("The tests lead to: ") for note in notes)
    assert any(note.startswith("AIC: ") for note in notes)


def test_undefined_test_is_said_to_be_so(rows):
    changed = rows.copy()
    hausman = changed["term"].str.startswith("Hausman")
    changed.loc[hausman, ["estimate", "statistic", "p_value", "df"]] = np.nan
    body, notes = _choice(CHOICE, STUDY, changed, Printer())
    row = body[body["Test"] == "Hausman"].iloc[0]
    assert (row["Statistic"], row["p"], row["Rejected"]) == ("undefined", "", "")
    assert any("undefined where" in note for note in notes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ("column: ols_twoway", r"not a spatial column of table 'T4' \(got 'ols_twoway'; allowed"),
        ("of: T2", r"not a table of models"),
        ("level: 2", r"level"),
    ],
)
def test_wrong_keys_are_named(repository, tmp_path, change, message):
    key, value = change.split(": ")
    text = (repository / "config.yaml").read_text(encoding="utf-8")
    lines = {"column": "    column: sdm\n", "of": "    of: T4\n    column", "level": ""}
    if key == "level":
        changed = text.replace(lines["column"], f"{lines['column']}    level: {value}\n", 1)
    elif key == "of":
        changed = text.replace(lines["of"], f"    of: {value}\n    column", 1)
    else:
        changed = text.replace(lines["column"], f"    column: {value}\n", 1)
    assert changed != text
    path = tmp_path / "config.yaml"
    path.write_text(changed, encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        load_study([path], {})
