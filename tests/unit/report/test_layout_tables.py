"""Printed tables are views of estimates.csv: every number shown is a row of it."""

from __future__ import annotations

import csv
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from latex_run import compiled

from yrb_carbon.estimates import estimates_frame, read_estimates, write_estimates
from yrb_carbon.report.cells import SERIAL_NOTE, PrintedTable, format_estimate, label_of, stars_of
from yrb_carbon.report.language import Words
from yrb_carbon.report.latex import escape_latex, write_latex_table
from yrb_carbon.report.layout import LIKELIHOODS, ZERO_NOTE, layout_table
from yrb_carbon.report.tables import write_tables
from yrb_carbon.report.widths import heading_lines, heading_room
from yrb_carbon.study.config import SYNTHETIC_CAUTION, Study, VariableSection
from yrb_carbon.study.printing import PrintingSection

TERMS = ("x", "z")
NUMBER = re.compile(r"^[(\[]?(-?\d+(?:\.\d+)?(?:e[+-]\d+)?)(\*{0,3})[)\]]?$")


def label(name: str) -> dict[str, str]:
    return {"en": name, "zh": name}


STUDY = Study.model_validate(
    {
        "study": {
            "name": "tiny",
            "title": label("Tiny"),
            "synthetic": True,
            "notice": "Capacity stands for employment.",
        },
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}},
        "variables": {
            "y": {"index": "raw", "column": "pop", "label": label("Outcome")},
            "x": {"index": "raw", "column": "pop", "label": label("Density & share_1")},
            "z": {"index": "raw", "column": "pop"},
        },
        "samples": {"main": {"note": "A note of the sample."}},
        "tables": {
            "T1": {"kind": "descriptives", "title": label("Describe"), "variables": TERMS},
            "T2": {"kind": "moran", "title": label("Moran"), "variables": TERMS,
                   "permutations": 99},
            "T4": {
                "kind": "models",
                "title": label("Models"),
                "outcome": "y",
                "regressors": ["x"],
                "columns": [
                    {"id": "ols", "model": "ols", "label": label("OLS")},
                    {"id": "sdm", "model": "sdm", "add": ["z"]},
                ],
            },
            "T5": {"kind": "effects", "title": label("Effects"), "of": "T4"},
            "vif": {"kind": "collinearity", "title": label("VIF"), "of": "T4"},
            "peers": {"kind": "peers", "title": label("Peers"), "of": "T4"},
        },
    }
)  # fmt: skip


def rows_of_everything() -> pd.DataFrame:
    """Rows with distinct numbers, so that a cell shows where it comes from."""
    numbers = iter(np.random.default_rng(2).uniform(0.05, 0.95, 500).round(9))
    rows: list[dict[str, object]] = []

    def add(table: str, quantity: str, **parts: object) -> None:
        rows.append(
            {
                "study": "tiny", "table": table, "sample": "main", "quantity": quantity,
                "estimate": next(numbers), "n_units": 5, "n_periods": 4, "n_obs": 20, **parts,
            }
        )  # fmt: skip

    for term in TERMS:
        for quantity, spec in (("mean", ""), ("min", ""), ("max", ""), ("sd", "overall"),
                               ("sd", "between"), ("sd", "within")):  # fmt: skip
            add("T1", quantity, spec=spec, term=term)
        for year in (2003, 2004):
            estimate = next(numbers)
            for inference, p in (("randomisation", 0.5), ("permutation", 0.004),
                                 ("permutation_fdr", 0.9)):  # fmt: skip
                add("T2", "moran", term=term, year=year, inference=inference, estimate=estimate,
                    statistic=next(numbers), p_value=p, weights="queen")  # fmt: skip
    shared = {"outcome": "y", "weights": "queen", "equation": "outcome"}
    for model, terms in (("ols", ["x"]), ("sdm", ["x", "z", "W.x", "W.z"])):
        own = {**shared, "model": model, "spec": model,
               "estimator": "ols" if model == "ols" else "transform",
               "vcov": "clustered_unit" if model == "ols" else "oim"}  # fmt: skip
        for term, p in zip(terms, (0.001, 0.03, 0.07, 0.5), strict=False):
            estimate = next(numbers)
            add("T4", "coef", term=term, estimate=estimate, std_error=next(numbers), p_value=p,
                **own)  # fmt: skip
            if model == "sdm":
                # stars follow the last covariance: z loses its two stars
                add("T4", "coef", term=term, estimate=estimate, std_error=next(numbers),
                    p_value=0.6 if term == "z" else p, **{**own, "vcov": "serial"})  # fmt: skip
        for quantity, term in (("sigma2", ""), ("loglik", ""), ("r2", "within"),
                               ("residual_ar1", "")):  # fmt: skip
            add("T4", quantity, term=term, **own)
        if model == "sdm":
            add("T4", "rho", std_error=next(numbers), p_value=0.2, **own)
        for block in ("regressors", "regressors_and_lags")[: len(terms) // 2 + 1]:
            for term in terms if block.endswith("lags") else terms[:2]:
                add("vif", "value", term=f"vif:{term}", **{**own, "equation": block})
        for term in terms[:2]:
            value = next(numbers)
            for program, quantity, name, estimate in (
                ("ours", "coef", term, value),
                ("spreg", "coef", term, value + 1e-9),
                ("spreg", "difference", f"coef:{term}", -1e-9),
            ):
                add("peers", quantity, term=name,
                    **{**own, "estimate": estimate, "equation": program})  # fmt: skip
    own = {**shared, "model": "sdm", "spec": "sdm", "estimator": "transform", "vcov": "oim"}
    for term in TERMS:
        for quantity in ("direct", "indirect", "total"):
            estimate = next(numbers)
            for inference in ("delta", "simulation"):
                add("T5", quantity, term=term, inference=inference, std_error=next(numbers),
                    estimate=estimate, p_value=0.005 if inference == "delta" else 0.9,
                    draws=50 if inference == "simulation" else None, **own)  # fmt: skip
            # stars follow the last covariance
            for vcov, p in (("serial", 0.5), ("clustered", 0.02)):
                add("T5", quantity, term=term, inference="delta", std_error=next(numbers),
                    estimate=estimate, p_value=p, **{**own, "vcov": vcov})  # fmt: skip
            add("T5", quantity, term=term, inference="bootstrap_wild_unit", estimate=estimate,
                std_error=next(numbers), ci_lower=-next(numbers), ci_upper=next(numbers),
                p_value=0.9, draws=70, **{**own, "vcov": ""})  # fmt: skip
    add("T5", "value", term="draws_discarded", inference="bootstrap_wild_unit", draws=70,
        **{**own, "vcov": "", "estimate": 3.0})  # fmt: skip
    add("T5", "residual_ar1", **own)
    return estimates_frame(rows)


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return rows_of_everything()


def shown_numbers(body: pd.DataFrame) -> list[str]:
    """Numbers in the cells of a table, without stars and brackets; not in its first column."""
    cells = body.iloc[:, 1:].to_numpy().ravel()
    return [match[1] for match in map(NUMBER.match, cells) if match]


@pytest.mark.parametrize("name", ["T1", "T2", "T4", "T5", "vif"])
def test_every_number_shown_is_a_number_of_a_row(estimates, name):
    own = estimates[estimates["table"] == name]
    columns = ("estimate", "std_error", "statistic", "p_value", "n_units", "n_periods", "n_obs")
    known = {
        format_estimate(float(value), digits)
        for column in columns
        for value in own[column].dropna()
        for digits in (0, 1, 2, 3, 4)
    }
    body = layout_table(name, STUDY, estimates).body
    shown = shown_numbers(body)
    assert len(shown) >= 6
    assert set(shown) <= known


@pytest.mark.parametrize("name", ["T1", "T2", "T4", "T5", "vif"])
def test_every_estimate_is_shown(estimates, name):
    own = estimates[(estimates["table"] == name) & (estimates["inference"] != "permutation_fdr")]
    if name == "T4":
        # likelihoods of OLS count other data than those beside them
        own = own[(own["estimator"] != "ols") | ~own["quantity"].isin(LIKELIHOODS)]
    # counts of draws are in the notes
    own = own[own["term"] != "draws_discarded"]
    shown = set(shown_numbers(layout_table(name, STUDY, estimates).body))
    for value in own["estimate"]:
        assert shown & {format_estimate(value, digits) for digits in (2, 3, 4)}


def cell(body: pd.DataFrame, row: str, column: str, below: int = 0) -> str:
    place = body.index[body.iloc[:, 0] == row][0]
    return body.loc[place + below, column]


def number(estimates: pd.DataFrame, column: str = "estimate", **where: object) -> float:
    for name, value in where.items():
        estimates = estimates[estimates[name] == value]
    assert len(estimates) == 1, estimates
    return float(estimates[column].iloc[0])


def test_descriptives_say_what_the_variables_are(estimates):
    study = STUDY.model_copy(
        update={
            "variables": STUDY.variables
            | {"x": VariableSection.model_validate({"index": "balance", "label": label("CB")})}
        }
    )
    table = layout_table("T1", study, estimates)
    assert table.body["Definition"].tolist() == ["ln(S / E); dimensionless", "pop; 10^4 persons"]
    assert any(note.startswith("Definitions. CB: S = ") for note in table.notes)


def test_models_stand_where_they_belong(estimates):
    body = layout_table("T4", STUDY, estimates).body
    own = estimates[estimates["table"] == "T4"]
    assert list(body.columns) == ["", "OLS", "sdm"]
    x = number(own, model="ols", quantity="coef", term="x")
    assert cell(body, "Density & share_1", "OLS") == f"{x:.4f}***"
    of_z = {"model": "sdm", "quantity": "coef", "term": "z"}
    estimate = number(own, vcov="oim", **of_z)
    assert cell(body, "z", "sdm") == f"{estimate:.4f}"
    error = number(own, "std_error", vcov="oim", **of_z)
    assert cell(body, "z", "sdm", below=1) == f"({error:.4f})"
    robust = number(own, "std_error", vcov="serial", **of_z)
    assert cell(body, "z", "sdm", below=2) == f"[{robust:.4f}]"
    assert cell(body, "z", "OLS") == cell(body, "z", "OLS", below=2) == ""
    clustered = number(own, "std_error", model="ols", quantity="coef", term="x")
    assert cell(body, "Density & share_1", "OLS", below=1) == f"({clustered:.4f})"
    assert cell(body, "Density & share_1", "OLS", below=2) == ""
    lag = number(own, model="sdm", quantity="coef", term="W.x", vcov="oim")
    assert cell(body, "W x Density & share_1", "sdm") == f"{lag:.4f}*"
    rho = number(own, model="sdm", quantity="rho")
    assert cell(body, "rho", "sdm") == f"{rho:.4f}"
    assert cell(body, "Observations", "sdm") == "20"
    ar1 = number(own, model="ols", quantity="residual_ar1")
    assert cell(body, "Residual AR(1)", "OLS") == f"{ar1:.3f}"


def test_likelihoods_say_the_observations_of_their_own_columns(estimates):
    notes = layout_table("T4", STUDY, estimates).notes
    assert any("they count: (N - 1)(T - 1) (sdm)." in note for note in notes)
    columns = [
        column.model_copy(update={"effects": "unit"}) for column in STUDY.tables["T4"].columns
    ]
    table = STUDY.tables["T4"].model_copy(update={"columns": tuple(columns)})
    study = STUDY.model_copy(update={"tables": {**STUDY.tables, "T4": table}})
    notes = layout_table("T4", study, estimates).notes
    assert any("they count: N(T - 1) (sdm)." in note for note in notes)


def test_ols_has_no_weights(estimates):
    body = layout_table("T4", STUDY, estimates).body
    assert cell(body, "Weights", "OLS") == ""
    assert cell(body, "Weights", "sdm") == "queen"


def test_line_breaks_of_labels_become_blanks(estimates):
    described = {"index": "raw", "column": "pop", "label": label("Long\n  name\r\nof x")}
    broken = VariableSection.model_validate(described)
    study = STUDY.model_copy(update={"variables": STUDY.variables | {"x": broken}})
    for name in ("T1", "T2", "T4", "T5", "vif"):
        body = layout_table(name, study, estimates).body
        cells = [*body.columns, *body.to_numpy().ravel()]
        assert any("Long name of x" in text for text in cells), name
        assert not any(set("\n\r") & set(text) for text in cells), name


def test_moran_shows_the_permutation_p_and_the_analytic_z(estimates):
    body = layout_table("T2", STUDY, estimates).body
    own = estimates[(estimates["table"] == "T2") & (estimates["term"] == "z")]
    z = number(own, "statistic", year=2004, inference="randomisation")
    assert body["Year"].tolist() == ["2003", "2004"]
    assert body.loc[1, "z: z"] == f"{z:.2f}"
    assert body.loc[1, "z: p"] == "0.004"
    assert body.loc[1, "z: I"].endswith("***")


def lines_of_effect(table, variable):
    """The lines of one variable, by what stands in front of their numbers."""
    body = table.body.reset_index(drop=True)
    starts = body.index[body["Model"] != ""]
    first = body.index[body["Variable"] == variable][0]
    after = [start for start in starts if start > first]
    return body.loc[first : after[0] - 1 if after else None].set_index("Variable")


def test_effects_show_all_standard_errors_and_the_bootstrap_interval(estimates):
    table = layout_table("T5", STUDY, estimates)
    own = estimates[(estimates["table"] == "T5") & (estimates["term"] == "z")]
    own = own[own["quantity"] == "direct"]
    shown = lines_of_effect(table, "z")["Direct"]
    assert shown["z"] == f"{number(own, vcov='oim', inference='delta'):.4f}**"
    delta = number(own, "std_error", inference="delta", vcov="oim")
    drawn = number(own, "std_error", inference="simulation")
    assert shown["s.e. oim, delta / simulated"] == f"({delta:.4f}) / ({drawn:.4f})"
    for vcov in ("serial", "clustered"):
        assert shown[f"s.e. {vcov}"] == f"({number(own, 'std_error', vcov=vcov):.4f})"
    ends = [number(own, end, inference="bootstrap_wild_unit") for end in ("ci_lower", "ci_upper")]
    assert shown["wild bootstrap by unit"] == f"[{ends[0]:.4f}, {ends[1]:.4f}]"
    assert len(shown) == 5
    notes = " ".join(table.notes)
    assert "stars by the delta method from clustered" in notes
    assert "50 draws a model" in notes
    assert "70 draws of the wild bootstrap" in notes
    assert "3 in all discarded" in notes


def test_effects_that_a_model_rules_out_are_zero_without_standard_errors(estimates):
    ruled_out = (
        (estimates["table"] == "T5")
        & (estimates["quantity"] == "indirect")
        & (estimates["term"] == "z")
    )
    changed = estimates.copy()
    changed.loc[ruled_out, ["estimate", "std_error", "ci_lower", "ci_upper"]] = 0.0
    changed.loc[ruled_out, "p_value"] = np.nan
    table = layout_table("T5", STUDY, changed)
    shown = lines_of_effect(table, "z")
    assert shown["Indirect"].tolist() == ["0", "", "", "", ""]
    assert shown.loc["s.e. serial", "Direct"] != ""
    assert ZERO_NOTE in table.notes
    assert ZERO_NOTE not in layout_table("T5", STUDY, estimates).notes


def test_peers_show_the_difference_of_the_two_numbers(estimates):
    body = layout_table("peers", STUDY, estimates).body
    assert len(body) == 3
    assert set(body["Program"]) == {"spreg"}
    assert (body["Ours"] != "").all()
    assert set(body["|Difference|"]) == {"1.0e-09"}


def test_order_of_the_rows_of_estimates_does_not_matter(estimates):
    shuffled = estimates.sample(frac=1, random_state=3)
    for name in STUDY.tables:
        expected = layout_table(name, STUDY, estimates)
        found = layout_table(name, STUDY, shuffled)
        assert found.body.to_numpy().tolist() == expected.body.to_numpy().tolist(), name
        assert found.notes == expected.notes


@pytest.mark.parametrize("name", list(STUDY.tables))
def test_notes_of_study_and_sample_are_below_every_table(estimates, name):
    notes = layout_table(name, STUDY, estimates).notes
    assert SYNTHETIC_CAUTION.en in notes
    assert "A note of the sample." in notes
    assert "Capacity stands for employment." in notes
    assert any("5" in note for note in notes)


@pytest.mark.parametrize("name", ["T4", "T5"])
def test_residual_autocorrelation_is_explained_below_models(estimates, name):
    notes = layout_table(name, STUDY, estimates).notes
    assert SERIAL_NOTE in notes
    assert any("serial: sandwich that holds for errors of a unit correlated" in n for n in notes)


def test_a_real_study_is_not_called_synthetic(estimates):
    study = STUDY.model_copy(
        update={"study": STUDY.study.model_copy(update={"synthetic": False, "notice": None})}
    )
    for name in study.tables:
        assert not any("ynthetic" in note for note in layout_table(name, study, estimates).notes)


@pytest.mark.parametrize(
    ("value", "digits", "text"),
    [
        (1.23456, 4, "1.2346"),
        (-0.5, 2, "-0.50"),
        (0.0, 4, "0.0000"),
        (0.00004, 4, "4.00e-05"),
        (-3e-9, 3, "-3.00e-09"),
        (float("nan"), 4, ""),
        (0.00005, 4, "0.0001"),
    ],
)
def test_format_of_estimates(value, digits, text):
    assert format_estimate(value, digits) == text


@pytest.mark.parametrize(
    ("p", "stars"),
    [(0.0099, "***"), (0.01, "**"), (0.049, "**"), (0.05, "*"), (0.1, ""), (float("nan"), "")],
)
def test_stars(p, stars):
    assert stars_of(p, PrintingSection().stars) == stars


def test_labels():
    assert label_of("W.x", STUDY, Words()) == "W x Density & share_1"
    assert label_of("z", STUDY, Words()) == "z"
    assert label_of("const", STUDY, Words()) == "const"


def test_files_hold_title_cells_and_notes(estimates, tmp_path):
    write_estimates(estimates, tmp_path / "estimates.csv")
    files = write_tables(STUDY, read_estimates(tmp_path / "estimates.csv"), tmp_path)
    assert len(files) == len(set(files)) == 2 * (4 * len(STUDY.tables) + 1)
    with open(tmp_path / "T4.csv", encoding="utf-8", newline="") as handle:
        lines = list(csv.reader(handle))
    body = layout_table("T4", STUDY, estimates).body
    assert lines[0] == ["T4. Models"]
    assert lines[1] == list(body.columns)
    assert lines[2 : 2 + len(body)] == body.to_numpy().tolist()
    assert [f"Note: {SYNTHETIC_CAUTION.en}"] in lines
    text = (tmp_path / "T4.tex").read_text(encoding="utf-8")
    assert r"Density \& share\_1" in text
    assert r"\toprule" in text
    assert text.count(r"\begin{longtable}") == text.count(r"\end{longtable}") == 1
    assert "ynthetic demonstration data" in text


def test_every_command_character_is_escaped():
    assert escape_latex(r"a_b & 50% #1 {x} ~ ^ $ < > | \y") == (
        r"a\_b \& 50\% \#1 \{x\} \textasciitilde{} \textasciicircum{} \$ \textless{} "
        r"\textgreater{} \textbar{} \textbackslash{}y"
    )


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("-0.0896***", "$-$0.0896***"),
        ("(-0.5)", "($-$0.5)"),
        ("2.2e-16", "2.2e$-$16"),
        ("0.5", "0.5"),
        ("-ln(E / S)", "$-$ln(E / S)"),
        ("about -1/(T - 1)", "about $-$1/(T $-$ 1)"),
        ("two-way, 2003-2018", "two-way, 2003-2018"),
        ("10^-12", r"10\textasciicircum{}$-$12"),
    ],
)
def test_minus_signs_are_set_as_such(text, expected):
    assert escape_latex(text) == expected


def latex_of(body: pd.DataFrame, folder: Path) -> str:
    path = folder / "T.tex"
    write_latex_table(PrintedTable("T", "Title", body, ("A note.",)), path)
    return path.read_text(encoding="utf-8")


def test_columns_of_numbers_stand_right_and_texts_left(tmp_path):
    body = pd.DataFrame(
        {
            "": ["a", "b", "c"],
            "number": ["-1.5***", "(0.2)", ""],
            "text": ["x", "queen", "1"],
            "mixed": ["1", "(2)", "twoway"],
            "long": ["word " * 20, "", ""],
        }
    )
    text = latex_of(body, tmp_path)
    assert r"\begin{tabular}{lrlr>{\raggedright\arraybackslash}p{20em}}" in text


@pytest.mark.parametrize(
    ("columns", "digits", "rows", "environment", "scaled"),
    [
        (7, 4, 3, "table", False),
        (8, 4, 3, "table", True),
        (4, 20, 3, "table", True),
        (20, 8, 3, "sidewaystable", True),
        # too many rows for a page, wide and narrow
        (20, 8, 40, "longtable", False),
        (3, 4, 60, "longtable", False),
    ],
)
def test_wide_tables_are_scaled_to_the_line(tmp_path, columns, digits, rows, environment, scaled):
    body = pd.DataFrame(
        [["1" * digits] * columns] * rows, columns=[f"c{i}" for i in range(columns)]
    )
    text = latex_of(body, tmp_path)
    assert f"\\begin{{{environment}}}" in text
    assert f"\\end{{{environment}}}" in text
    assert (r"\resizebox{" in text) == scaled


def test_labels_that_latex_would_take_for_arguments_are_protected(tmp_path):
    body = pd.DataFrame({"": ["[a]", "*b", "c"], "1": ["1", "2", "3"]})
    text = latex_of(body, tmp_path)
    assert "\n{[}a] & 1" in text
    assert "\n{*}b & 2" in text
    assert "\nc & 3" in text


def test_neighbours_share_a_heading(tmp_path):
    heads = ["Year", "X: I", "X: z", "alone: p", "Direct", "Direct: s.e."]
    text = latex_of(pd.DataFrame([["1"] * 6], columns=heads), tmp_path)
    assert (
        r" & \multicolumn{2}{c}{X} &  & \multicolumn{2}{c}{Direct} \\" "\n"
        r"\cmidrule(lr){2-3} \cmidrule(lr){5-6}" "\n"
        r"Year & I & z & alone: p &  & s.e. \\"
    ) in text  # fmt: skip
    plain = latex_of(pd.DataFrame([["1"] * 2], columns=["Year", "a: b"]), tmp_path)
    assert "multicolumn" not in plain
    assert r"Year & a: b \\" in plain


def test_what_is_said_of_all_columns_is_written_once(tmp_path):
    rows = [["Outcome", "Balance", "Balance"], ["x", "1", "1"], ["Weights", "", ""]]
    text = latex_of(pd.DataFrame(rows, columns=["", "a", "b"]), tmp_path)
    assert r"Outcome & \multicolumn{2}{c}{Balance} \\" in text
    assert r"x & 1 & 1 \\" in text
    assert r"Weights &  &  \\" in text


def a_long_table() -> pd.DataFrame:
    rows: list[list[str]] = []
    for number in range(70):
        words = ["Mining employment per km2", "a sample of all the cities"]
        rows.append([str(number), *words, *["-0.1234***"] * 7])
        rows.append(["", "", "", *["[-0.1234, -0.0123]"] * 7])
    rows.append(["", *["no estimate at all"] * 9])
    return pd.DataFrame(
        rows, columns=["", "Treatment", "Sample", *(f"Effect: {i}" for i in "abcdefg")]
    )


def test_a_table_longer_than_a_page_repeats_its_head(tmp_path):
    text = latex_of(a_long_table(), tmp_path)
    assert text.index(r"\begin{landscape}") < text.index(r"\begin{longtable}")
    assert text.index(r"\end{longtable}") < text.index(r"\par A note.")
    assert text.index(r"\par A note.") < text.index(r"\end{landscape}")
    heads = r"\multicolumn{7}{c}{Effect} \\"
    assert text.count(heads) == 2
    assert text.index(heads) < text.index(r"\endfirsthead") < text.rindex(heads)
    assert text.rindex(heads) < text.index(r"\endhead")
    assert text.count(r"\caption{") == 1
    assert "resizebox" not in text


def test_rows_that_continue_one_stay_with_it(tmp_path):
    lines = latex_of(a_long_table(), tmp_path).splitlines()
    place = next(i for i, line in enumerate(lines) if line.startswith("0 & "))
    assert lines[place].endswith(r" \\*")
    assert lines[place + 1].endswith(r" \\")
    assert lines[place + 2].startswith("1 & ")


def test_intervals_and_texts_are_broken_where_a_row_does_not_fit(tmp_path):
    text = latex_of(a_long_table(), tmp_path)
    columns = next(line for line in text.splitlines() if "begin{longtable}" in line)
    assert columns.count(r"\raggedleft") == 7
    assert columns.count(r"\raggedright") == 2


def test_a_page_may_show_less_than_the_csv(tmp_path):
    body = pd.DataFrame({"": ["a"], "wide": ["1"]})
    table = PrintedTable("T", "Title", body, (), body[[""]])
    write_latex_table(table, tmp_path / "T.tex")
    assert "wide" not in (tmp_path / "T.tex").read_text(encoding="utf-8")


def found_by_tex(file: str) -> bool:
    done = subprocess.run(["kpsewhich", file], capture_output=True, timeout=60, check=False)
    return done.returncode == 0


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="xelatex is not installed")
@pytest.mark.parametrize("language", ["en", pytest.param("zh", marks=pytest.mark.slow)])
def test_tables_compile(estimates, tmp_path: Path, language):
    if language == "zh" and not found_by_tex("ctex.sty"):
        pytest.skip("the package ctex is not installed")
    write_tables(STUDY, estimates, tmp_path)
    folder = tmp_path if language == "en" else tmp_path / language
    long = PrintedTable("long", "L", a_long_table(), ("A note.",), language=language)
    write_latex_table(long, folder / "long.tex")
    names = [f"{folder.relative_to(tmp_path)}/{name}" for name in [*STUDY.tables, "long"]]
    packages = (folder / "T4.tex").read_text(encoding="utf-8").splitlines()[0]
    packages = packages.removeprefix("% needs ").split(" and ")[0]
    said = compiled(tmp_path, packages, [f"{name}.tex" for name in names])
    assert "Missing character" not in (tmp_path / "all.log").read_text("utf-8", "replace")
    assert "Overfull" not in said
    assert "Float too large" not in said


def test_chinese_tables_name_the_package_of_their_fonts(tmp_path: Path):
    body = pd.DataFrame([["甲", "0.1"]], columns=["变量", "标准误"])
    for language, wanted in (("en", False), ("zh", True)):
        table = PrintedTable("T1", "表", body, (), language=language)
        write_latex_table(table, tmp_path / "T1.tex")
        first = (tmp_path / "T1.tex").read_text(encoding="utf-8").splitlines()[0]
        assert first.startswith("% needs ")
        assert ("ctex" in first) == wanted


@pytest.mark.parametrize(
    ("head", "room", "lines"),
    [
        ("s.e. or interval clustered", 18, ["s.e. or interval", "clustered"]),
        ("Residual AR(1)", 5, ["Residual", "AR(1)"]),
        ("标准误或区间（信息矩阵）", 18, ["标准误或区间", "（信息矩阵）"]),
        ("占未经中介的直接效应", 8, ["占未经中", "介的直接", "效应"]),
        ("标准误或区间 信息矩阵", 10, ["标准误", "或区间", "信息矩阵"]),
        ("残差AR(1)", 8, ["残差", "AR(1)"]),
        ("", 8, [""]),
    ],
)
def test_headings_are_broken_between_words_first(head, room, lines):
    assert heading_lines(head, room) == lines


def test_chinese_headings_keep_four_characters_in_a_line():
    assert heading_room("占未经中介的直接效应", ["0.1"]) == 8
    assert heading_room("序号", ["1"]) == 4
    assert heading_room("No.", ["1"]) == 3
    assert heading_room("Share", ["[0.1234, 0.5678]"]) == 16
