"""`yrb-carbon explain`: every word of estimates.csv has a meaning, and a guess helps the rest."""

from __future__ import annotations

import json
from pathlib import Path
from typing import get_args

import pytest
from typer.testing import CliRunner

from yrb_carbon.claims import Claims
from yrb_carbon.cli import app
from yrb_carbon.cli.explain import _words
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import COUNT_COLUMNS, NUMBER_COLUMNS, Quantity, write_estimates
from yrb_carbon.report.explanations import KINDS, explain, known_words, load_explanations
from yrb_carbon.study.base import Estimator, ModelKind
from yrb_carbon.study.config import Study
from yrb_carbon.study.endogeneity_tables import DynamicCovariance, MomentCovariance
from yrb_carbon.study.load import load_study
from yrb_carbon.study.mediation_tables import SystemCovariance, SystemEstimator
from yrb_carbon.study.tables import Covariance

runner = CliRunner()
WRONG = 2
INFERENCE = {
    "normal", "t", "delta", "simulation", "mc", "bootstrap_wild_unit", "bootstrap_year",
    "bootstrap", "permutation", "permutation_fdr", "randomisation", "sobel", "chi2", "F",
    "hamed_rao", "hamed_rao_fdr", "normal_fdr",
}  # fmt: skip
"""As docs/reference/estimates.md lists them."""
TESTS = {
    "mann_kendall", "Anderson-Rubin", "Chow LR", "Durbin-Wu-Hausman", "Hansen J", "Hausman",
    "Kleibergen-Paap rk Wald", "LM error", "LM lag", "LR SDM to SAR", "LR SDM to SEM",
    "LR SDM to SLX", "LR SLX to OLS", "LR time effects", "LR unit effects", "Moran's I", "Mundlak",
    "Wald", "Wald SDM to SAR", "Wald SDM to SEM", "Wald SDM to SLX", "Wald SLX to OLS",
    "conditional first-stage F", "first-stage F", "permutation", "robust LM error",
    "robust LM lag", "serial correlation HR", "serial correlation LM", "sup-Wald",
}  # fmt: skip
"""Tests of the demonstration's estimates."""
VALUES = {
    "ab", "at_boundary", "components", "decision", "direct x direct", "draws_discarded",
    "draws_far_out", "draws_without_effects", "indirect x indirect", "islands", "largest_root",
    "links", "links_cut", "lower", "n_instruments", "n_parameters", "partial_r2", "rank_f",
    "stability", "suppression", "total not told from zero", "tau+rho+eta", "upper", "vif",
    "weight_cut", "zero", "undefined", "not_estimated",
}  # fmt: skip
"""Terms of the rows `value`, of the demonstration and of the contract."""


@pytest.fixture(autouse=True)
def in_repository(repository, monkeypatch) -> None:
    monkeypatch.chdir(repository)


@pytest.fixture(scope="module")
def study(repository) -> Study:
    return load_study([repository / "config.yaml"])


def ask(*words: str):
    return runner.invoke(app, ["explain", *words])


def claim_kinds() -> set[str]:
    union = get_args(get_args(get_args(Claims.model_fields["claims"].annotation)[1])[0])
    return {get_args(kind.model_fields["kind"].annotation)[0] for kind in union}


def table_kinds() -> set[str]:
    annotation = Study.model_fields["tables"].annotation
    union = get_args(get_args(get_args(annotation)[1])[0])
    return {get_args(kind.model_fields["kind"].annotation)[0] for kind in union}


@pytest.mark.parametrize(
    ("section", "words"),
    [
        ("quantities", {quantity.value for quantity in Quantity}),
        (
            "covariances",
            {*get_args(Covariance), *get_args(SystemCovariance), *get_args(MomentCovariance),
             *get_args(DynamicCovariance), "clustered_unit"},
        ),
        ("inference", INFERENCE),
        (
            "estimators",
            {*get_args(Estimator), *get_args(SystemEstimator), "ols", "2sls", "gmm",
             "adjusted_score", "bias_corrected", "input_output", "inventory", "energy", "accounts",
             "printed", "yearbook"},
        ),
        ("models", set(get_args(ModelKind))),
        ("tables", table_kinds()),
        ("tests", TESTS),
        ("claims", claim_kinds()),
        ("columns", {*NUMBER_COLUMNS, *COUNT_COLUMNS}),
    ],
)  # fmt: skip
def test_every_word_of_the_contract_has_an_entry_and_no_other(section, words):
    assert set(load_explanations()[section]) == words


def test_every_other_number_has_an_entry():
    assert set(load_explanations()["terms"]) >= VALUES


def test_every_quantity_has_formula_source_and_place_to_read():
    for entry in load_explanations()["quantities"].values():
        assert entry.formula, entry.term
        assert entry.source, entry.term
        assert entry.read, entry.term


def test_sections_of_the_methods_that_are_named_exist(repository):
    methods = (repository / "docs" / "methods.md").read_text(encoding="utf-8")
    for entries in load_explanations().values():
        for entry in entries.values():
            if "docs/methods.md, section" in entry.read:
                numbers = entry.read.split("section", 1)[1].removeprefix("s").replace("and", ",")
                for number in numbers.split(","):
                    assert f"\n## {number.strip()}. " in methods, entry
            elif entry.read.startswith("docs/"):
                assert (repository / entry.read).is_file(), entry


def test_variables_and_tables_of_the_study_are_explained(study):
    for word in (*study.tables, *study.variables, *study.samples, *study.weights):
        assert explain(word, study), word
    (cb,) = (entry for entry in explain("cb", study) if entry.kind == "variable of the study")
    assert cb.formula == "CB = S / E"
    assert "emissions edgar_city" in cb.meaning


@pytest.mark.parametrize(
    ("word", "parts"),
    [
        ("W.lq", ["W.lq", "lq"]),
        ("cb.L1", ["cb.L1", "cb"]),
        ("W.cb.L1", ["W.cb.L1", "cb.L1", "cb"]),
        ("vif:W.m1", ["vif", "W.m1", "m1"]),
        ("LM lag|plain|rho = 0", ["LM lag"]),
        ("suppression; total not told from zero", ["suppression", "total not told from zero"]),
    ],
)
def test_words_made_of_others_are_taken_apart(study, word, parts):
    assert [entry.term for entry in explain(word, study)] == parts


def test_a_word_is_printed_with_its_formula():
    result = ask("rho")
    assert result.exit_code == 0
    assert result.stdout.startswith("rho (quantity)\n  Coefficient of the spatially lagged")
    assert "  formula: y = rho W y + X beta + W X theta" in result.stdout
    assert "  read: docs/methods.md, section 10\n" in result.stdout


def test_a_misspelt_word_gets_a_guess():
    result = ask("medated_direct")
    assert result.exit_code == WRONG
    assert result.stdout == ""
    assert "no such word (got 'medated_direct'; did you mean 'mediated_direct'" in result.stderr
    values = json.loads(ask("medated_direct", "--json").stdout)
    assert (values["command"], values["exit_code"], len(values["errors"])) == ("explain", WRONG, 1)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    rows = [
        {"study": "own", "table": "T7", "model": model, "quantity": quantity, "term": term,
         "equation": "system", "estimate": estimate, "vcov": "serial", "inference": "mc"}
        for model in ("joint", "m1")
        for quantity, term, estimate in (
            ("mediated_direct", "m1", -0.05), ("mediated_total", "m1", -0.2),
            ("mediated_direct", "m2", 0.01),
        )
    ]  # fmt: skip
    from yrb_carbon.estimates import estimates_frame

    write_estimates(estimates_frame(rows), tmp_path / "estimates.csv")
    return tmp_path


def test_a_key_finds_its_rows(results):
    values = json.loads(
        ask("T7/joint/mediated_direct/m1", "--results", str(results), "--json").stdout
    )
    assert [row["estimate"] for row in values["rows"]] == [-0.05]
    assert [entry["term"] for entry in values["entries"]] == [
        "T7", "joint", "mediated_direct", "m1",
    ]  # fmt: skip
    printed = ask("T7/joint/mediated_direct/m1", "--results", str(results)).stdout
    (line,) = (text for text in printed.splitlines() if text.startswith(" T7"))
    assert line.split() == ["T7", "joint", "system", "mediated_direct", "m1", "-0.05", "serial",
                            "mc"]  # fmt: skip


@pytest.mark.parametrize(
    ("key", "words"),
    [
        ("T7/joint", ["T7", "joint"]),
        ("T7_steps/ab/c: lq -> m1 -> cb/share", ["T7_steps", "ab/c: lq -> m1 -> cb", "share"]),
        ("ab/c", ["ab/c"]),
        ("ab/cb", ["ab", "cb"]),
        (" a // b/", ["a", "b"]),
    ],
)
def test_a_stroke_parts_words_but_for_the_share_of_the_steps(key, words):
    assert _words(key) == words


def test_rows_are_counted_where_not_all_are_printed(results):
    printed = ask("mediated_direct", "--results", str(results / "estimates.csv"), "--top", "1")
    assert printed.stdout.endswith("1 of 4 rows; --top 0 prints all\n")
    none = ask("T7/serial/m2/mediated_total", "--results", str(results))
    assert none.stdout.endswith("no row has all of these words\n")


@pytest.mark.parametrize("word", ["", " ", "/", "//"])
def test_nothing_cannot_be_explained(word):
    assert ask(word).exit_code == WRONG


def test_results_that_are_not_there_are_refused(tmp_path):
    result = ask("rho", "--results", str(tmp_path / "none"))
    assert result.exit_code == WRONG
    assert str(tmp_path / "none") in result.stderr


def test_words_are_explained_outside_a_checkout(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert ask("rho").exit_code == 0


@pytest.mark.parametrize(
    "text",
    ["quantities: {}\n", "\n".join(f"{name}: {{x: {{formula: y}}}}" for name in KINDS),
     "\n".join(f"{name}: {{x: {{meaning: y, other: z}}}}" for name in KINDS)],
)  # fmt: skip
def test_a_broken_file_is_refused(tmp_path, text):
    (tmp_path / "e.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(DataError, match="wanted"):
        load_explanations(tmp_path / "e.yaml")


def test_guesses_know_the_words_of_the_study(study):
    assert {"mediated_direct", "T7", "cb", "queen", "gdp2", "balance.ratio"} <= set(
        known_words(study)
    )
