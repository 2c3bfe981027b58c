"""Names in a file of claims that no study like this one has are faults of `yrb-carbon check`."""

from __future__ import annotations

from pathlib import Path

import pytest

from yrb_carbon.workflow.check import check_study

ROOT = Path(__file__).parents[3]
CLAIM = """\
source: {{en: A, zh: B}}
{ways}
claims:
  own:
    finding: 1
    statement: {{en: A, zh: B}}
    kind: {kind}
    {row}
"""
SHIPPED = (ROOT / "data" / "claims.yaml").read_text(encoding="utf-8")
WAYS = SHIPPED[SHIPPED.index("\nrobust:") : SHIPPED.index("\nclaims:")].strip()


def faults(tmp_path, monkeypatch, row, *, kind="sign", ways=WAYS, overlay=""):
    monkeypatch.chdir(ROOT)
    file = tmp_path / "claims.yaml"
    file.write_text(CLAIM.format(kind=kind, row=row, ways=ways), encoding="utf-8")
    study = tmp_path / "overlay.yaml"
    text = f"study: {{name: x}}\nclaims: {{file: {file}, not_testable: null, caveats: null}}\n"
    study.write_text(text + overlay, encoding="utf-8")
    return check_study(["config.yaml", study]).faults


def sign(selector):
    return f"row: {{{selector}}}\n    expected: negative"


def difference(selector):
    return f"tests: [{{{selector}}}]"


@pytest.mark.parametrize(
    ("selector", "key", "problem"),
    [
        ("table: T55, quantity: direct", "row.table", "no such table (got 'T55'"),
        ("table: T5, quantity: direct, term: lqq", "row.term", "did you mean 'lq'"),
        ("table: T5, model: sdmm, quantity: direct", "row.model", "no model of T5 (got 'sdmm'"),
        ("table: T7, model: jiont, quantity: direct", "row.model", "did you mean 'joint'"),
        ("table: T10, model: periods, quantity: test", "row.model", "did you mean 'period'"),
        ("table: T5, outcome: cbb, quantity: direct", "row.outcome", "no variable of the study"),
        ("table: T5, sample: mian, quantity: direct", "row.sample", "did you mean 'main'"),
        ("table: T5, weights: qeen, quantity: direct", "row.weights", "did you mean 'queen'"),
        ("table: T7, quantity: difference, term: m1-m9", "row.term", "(got 'm9'"),
        ("table: T10, quantity: difference, term: 'direct:lqq:*'", "row.term", "(got 'lqq'"),
        ("table: T5, quantity: dirct", "row.quantity", "did you mean 'direct'"),
        ("table: T5, quantity: direct, tern: lq", "row.tern", "unknown key (got 'tern'"),
    ],
)
def test_a_slip_of_the_pen_is_told_with_its_place(selector, key, problem, tmp_path, monkeypatch):
    (fault,) = faults(tmp_path, monkeypatch, sign(selector))
    assert "claims.yaml:" in fault
    assert f" claims.own.{key}: " in fault
    assert problem in fault


def test_the_null_of_a_test_names_its_variable(tmp_path, monkeypatch):
    row = difference("table: T10, quantity: test, term: 'Wald|*|direct effects of lqq are equal'")
    (fault,) = faults(tmp_path, monkeypatch, row, kind="difference")
    assert "claims.own.tests[0].term: names no variable of the study (got 'lqq'" in fault


@pytest.mark.parametrize(
    ("right", "wrong", "wanted"),
    [("vcov: serial", "vcov: serail", "'serial'"), ("inference: mc", "inference: mcc", "'mc'")],
)
def test_an_unknown_interval_is_a_fault(right, wrong, wanted, tmp_path, monkeypatch):
    ways = WAYS.replace(right, wrong, 1)
    row = sign("table: T5, quantity: direct, term: lq")
    (fault,) = faults(tmp_path, monkeypatch, row, ways=ways)
    assert "no value of that column" in fault
    assert f"did you mean {wanted}" in fault


@pytest.mark.parametrize(
    ("selector", "overlay"),
    [
        ("table: T10, quantity: difference, term: 'direct:lq:*'", "tables: {T10: null}"),
        ("table: T10, model: reach, quantity: test", "tables: {T10: {tables: [T8]}}"),
        ("table: T7, model: m1, quantity: direct, term: m1", "tables: {T7: {mediators: [m2]}}"),
        ("table: T7, quantity: mediated_direct, term: all", ""),
        ("table: T12, model: gs2sls_anything, quantity: direct, term: lq", ""),
        ("table: T5, quantity: direct, term: 'l*'", ""),
    ],
)
def test_what_a_study_leaves_out_is_not_testable_and_no_fault(
    selector, overlay, tmp_path, monkeypatch
):
    assert faults(tmp_path, monkeypatch, sign(selector), overlay=overlay) == ()


def test_declared_not_testable_may_name_anything(tmp_path, monkeypatch):
    declared = "claims: {not_testable: {own: {en: A, zh: B}}}\n"
    row = sign("table: T55, quantity: direct")
    monkeypatch.chdir(ROOT)
    other = tmp_path / "declared.yaml"
    other.write_text(declared, encoding="utf-8")
    assert faults(tmp_path, monkeypatch, row) != ()
    overlays = ["config.yaml", tmp_path / "overlay.yaml", other]
    assert check_study(overlays).faults == ()


def test_only_the_tables_of_optional_claims_may_be_unknown(tmp_path, monkeypatch):
    unknown = "row: {table: T55, quantity: direct}\n    optional: true\n    expected: negative"
    assert faults(tmp_path, monkeypatch, unknown) == ()
    known = (
        "row: {table: T5, quantity: direct, term: lqq}\n    optional: true\n    expected: negative"
    )
    assert len(faults(tmp_path, monkeypatch, known)) == 1
