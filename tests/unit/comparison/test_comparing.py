"""Two files of estimates compared: what counts as moved, and how it is told."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from estimates_rows import row, sdm, written

from yrb_carbon.claims import CLAIM_COLUMNS
from yrb_carbon.comparison import Comparison, Tolerance, compare_results, read_numbers
from yrb_carbon.comparison.difference import calc_in_standard_errors, calc_relative
from yrb_carbon.comparison.text import as_dict, markdown_lines, text_lines, verdict_line
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import NUMBER_COLUMNS, estimates_frame

JITTER = 1e-9
"""Relative; what another order of additions does to a double."""


@pytest.fixture
def base(tmp_path: Path) -> Path:
    return written(sdm(), tmp_path / "a" / "estimates.csv")


@pytest.fixture
def against(base: Path, tmp_path: Path):
    """Compare the base with another frame."""

    def compare(frame: pd.DataFrame, **options) -> Comparison:
        return compare_results(base, written(frame, tmp_path / "b" / "estimates.csv"), **options)

    return compare


def changed(where: dict[str, object], **cells: object) -> pd.DataFrame:
    """The base with other cells in the rows that match; some must."""
    frame = sdm()
    mask = np.logical_and.reduce([frame[name] == value for name, value in where.items()])
    assert mask.any()
    for name, value in cells.items():
        frame.loc[mask, name] = value
    return frame


def test_equal_files_are_the_same(against):
    found = against(sdm())
    assert found.same
    assert found.nearest == 0.0
    assert found.matched == len(sdm())
    assert verdict_line(found).startswith("same: 23 rows agree")


def test_jitter_passes_and_is_told(against):
    frame, rng = sdm(), np.random.default_rng(1)
    for column in NUMBER_COLUMNS:
        frame[column] *= 1.0 + JITTER * rng.choice([-1.0, 1.0], len(frame))
    found = against(frame)
    assert found.same
    assert found.nearest == pytest.approx(JITTER, rel=1e-3)


def test_one_coefficient_that_moves_by_1e_4_is_a_difference(against):
    lq = {"term": "lq", "quantity": "coef", "vcov": "oim"}
    found = against(changed(lq, estimate=0.1 * (1 + 1e-4)))
    assert not found.same
    assert len(found.moves) == 1
    move = found.moves.iloc[0]
    assert (move["table"], move["model"], move["term"]) == ("T4", "sdm", "lq")
    assert move["change"] == pytest.approx(1e-5)
    assert move["relative"] == pytest.approx(1e-4, rel=1e-3)
    assert move["in_se"] == pytest.approx(1e-3)


@pytest.mark.parametrize(
    ("a", "b", "differs"),
    [
        (1.0, 1.0 + 0.9e-6, False),
        (1.0, 1.0 + 1.1e-6, True),
        (1e6, 1e6 + 0.9, False),
        (1e6, 1e6 + 1.1, True),
        (0.0, 0.9e-9, False),
        (0.0, 1.1e-9, True),
        (1.0, -1.0, True),
        (np.nan, np.nan, False),
        (np.nan, 0.0, True),
        (0.0, np.nan, True),
        (np.inf, np.inf, False),
        (np.inf, -np.inf, True),
        (np.inf, 1e300, True),
    ],
)
def test_tolerance(a: float, b: float, differs: bool):
    """|a - b| <= 1e-9 + 1e-6 max(|a|, |b|)."""
    tolerance = Tolerance()
    for pair in ((a, b), (b, a)):
        found = tolerance.exceeded(*(np.array([value]) for value in pair))
        assert found.tolist() == [differs]


def test_relative_tolerance_is_of_the_larger_number():
    tolerance = Tolerance(rtol=0.5, atol=0.0)
    pair = np.array([1.0]), np.array([2.0])
    assert not tolerance.exceeded(*pair).any()
    assert Tolerance(rtol=0.49, atol=0.0).exceeded(*pair).all()


@pytest.mark.parametrize("value", [-1.0, np.nan, np.inf])
def test_a_tolerance_is_a_number_of_at_least_zero(value: float):
    with pytest.raises(DataError, match="rtol must be a finite number"):
        Tolerance(rtol=value)


def test_sizes():
    a, b = np.array([2.0, 0.0, np.nan, 1.0]), np.array([1.0, 0.0, np.nan, np.nan])
    assert calc_relative(a, b).tolist() == [0.5, 0.0, 0.0, np.inf]
    in_se = calc_in_standard_errors(a, b, np.array([0.25, 1.0, 1.0, 0.0]))
    assert in_se[0] == 4.0
    assert in_se[1] == 0.0
    assert np.isnan(in_se[2:]).all()


@pytest.mark.parametrize("column", ["n_obs", "draws", "seed"])
def test_counts_and_seeds_are_equal_or_not(against, column: str):
    """A seed of ten digits differs by 1 part in 1e9, less than the tolerance of other numbers."""
    drawn = {"inference": "simulation", "term": "lq"}
    assert against(changed(drawn, **{column: 3_000_000_001})).moves["column"].eq(column).all()


def test_seed_next_to_it(base: Path, tmp_path: Path):
    files = [
        written(
            estimates_frame([row(inference="mc", draws=9, seed=3_000_000_000 + step)]),
            tmp_path / f"{step}.csv",
        )
        for step in (0, 1)
    ]
    assert compare_results(*files).moves["column"].tolist() == ["seed"]


def test_a_number_that_went_missing_is_a_difference(against):
    found = against(changed({"quantity": "rho"}, std_error=np.nan))
    assert found.moves["column"].tolist() == ["std_error"]
    assert found.moves["relative"].tolist() == [np.inf]
    assert "largest from a number to none" in verdict_line(found)


def test_order_of_rows_is_of_no_account(base: Path, tmp_path: Path):
    lines = base.read_text(encoding="utf-8").splitlines()
    other = tmp_path / "shuffled.csv"
    other.write_text("\n".join([lines[0], *reversed(lines[1:])]) + "\n\n", encoding="utf-8")
    assert compare_results(base, other).same


def test_only_some_columns(against):
    frame = changed({"term": "lq"}, std_error=0.02, p_value=0.5)
    assert set(against(frame).moves["column"]) == {"std_error", "p_value"}
    assert against(frame, only=["estimate", "ci_lower"]).same
    assert against(frame, only=["estimate", "p_value"]).columns == ("estimate", "p_value")


def test_other_classes_of_rows(against):
    found = against(changed({"inference": "simulation"}, std_error=0.011))
    assert (found.moved_rows(drawn=True), found.moved_rows(drawn=False)) == (3, 0)
    assert found.drawn == 3
    assert "0 of 20 rows from formulas, 3 of 3 rows from draws" in "\n".join(text_lines(found))


def test_the_largest_move_comes_first(against):
    frame = changed({"term": "lq", "quantity": "coef", "vcov": "oim"}, estimate=0.15)
    frame.loc[frame["quantity"] == "loglik", "estimate"] = 1300.0
    frame.loc[(frame["quantity"] == "rho"), "estimate"] = 0.9
    found = against(frame)
    assert found.moves["quantity"].tolist() == ["rho", "coef", "loglik"]
    assert found.moves["in_se"].tolist()[:2] == pytest.approx([40.0, 5.0])
    assert found.models[0].in_se == pytest.approx(40.0)
    assert "largest 40 s.e.: T4/sdm estimate of rho" in verdict_line(found)


def without_density() -> pd.DataFrame:
    """What is left of the model when one control is dropped; the rest moves by 0.8 s.e."""
    frame = sdm()
    frame = frame[~frame["term"].isin(["ln_density", "W.ln_density"])].copy()
    moved = (frame["table"] == "T4") & (frame["quantity"] == "coef")
    frame.loc[moved, "estimate"] += 0.008
    return frame


def test_a_dropped_control_is_named(against):
    found = against(without_density())
    by_name = {change.name: change for change in found.models}
    model = by_name["T4/sdm"]
    assert model.notes == ("regressor ln_density and W.ln_density vanished",)
    assert (model.moved, model.vanished, model.appeared) == (8, 4, 0)
    assert model.in_se == pytest.approx(0.8)
    assert by_name["T5/sdm"].notes == ("term ln_density vanished",)
    assert by_name["T5/sdm"].moved == 0
    text = list(text_lines(found))
    assert (
        "model T4/sdm: regressor ln_density and W.ln_density vanished; "
        "8 estimates moved, largest 0.8 s.e.; 4 rows vanished"
    ) in text
    assert text[-1].startswith("different: 8 rows moved")


def test_what_is_new_is_named_too(base: Path, tmp_path: Path):
    smaller = written(without_density(), tmp_path / "b.csv")
    found = compare_results(smaller, base)
    notes = {change.name: change.notes for change in found.models}
    assert notes["T4/sdm"] == ("regressor ln_density and W.ln_density appeared",)
    assert len(found.appeared) == 7
    assert not len(found.vanished)


def test_a_covariance_a_model_and_a_table_that_vanish(against):
    frame = sdm()
    found = against(frame[~((frame["vcov"] == "serial") & (frame["table"] == "T4"))])
    assert found.models[0].notes == ("covariance serial vanished",)
    found = against(frame[frame["table"] == "T4"])
    assert [(change.name, change.notes) for change in found.models] == [
        ("T5/sdm", ("vanished as a whole",))
    ]


def test_rows_without_a_reason_are_counted(against):
    frame = sdm()
    found = against(frame.drop(frame.index[frame["quantity"].eq("direct")][0]))
    assert found.models[0].notes == ()
    assert found.models[0].vanished == 1


def test_other_weights_are_compared_across(against):
    """The key differs in every row: they are matched by what is left of it."""
    frame = changed({"table": "T4"}, weights="knn4")
    frame.loc[frame["quantity"] == "rho", "estimate"] = 0.52
    found = against(frame)
    assert not found.same
    assert found.across == 14
    assert not len(found.vanished)
    assert not len(found.appeared)
    assert found.models[0].notes == ("weights 'queen' became 'knn4'",)
    assert found.moves["in_se"].tolist() == pytest.approx([2.0])
    assert "14 rows stand under another key" in verdict_line(found)


def test_rows_under_another_key_are_a_difference_even_with_equal_numbers(against):
    found = against(changed({"table": "T4"}, weights="knn4"))
    assert not len(found.moves)
    assert not found.same
    assert found.models[0].notes == ("weights 'queen' became 'knn4'",)


def test_one_value_that_became_two_is_not_matched(against):
    frame = sdm()
    serial = frame["vcov"] == "serial"
    others = frame[serial].assign(vcov="hac")
    others.loc[others["term"] == "lq", "vcov"] = "clustered"
    found = against(pd.concat([frame[~serial], others]))
    assert found.across == 0
    notes = {change.name: change.notes for change in found.models}
    assert notes["T4/sdm"] == (
        "covariance serial vanished",
        "covariance clustered and hac appeared",
    )


def test_another_study_with_and_without_its_name(against):
    frame = changed({"study": "demo"}, study="mine")
    assert against(frame).models[0].notes == ("study 'demo' became 'mine'",)
    assert against(frame, ignore=["study"]).same


def test_filters(against):
    frame = changed({"table": "T5"}, estimate=9.0)
    assert against(frame, tables=["T4"]).same
    assert against(frame, quantities=["coef", "rho"]).same
    assert not against(frame, tables=["T4", "T5"], models=["sdm"]).same
    with pytest.raises(DataError, match=r"no table of that name in either file \(got 't4'"):
        against(frame, tables=["t4"])
    with pytest.raises(DataError, match="which is ignored"):
        against(frame, tables=["T4"], ignore=["table"])


def test_compact_files_are_compared_in_what_they_have(base: Path, tmp_path: Path):
    folder = tmp_path / "compact"
    folder.mkdir()
    frame = pd.read_csv(base, dtype=str, keep_default_na=False)
    keep = [name for name in frame if name not in {"statistic", "seed", "n_obs"}]
    for table, rows in frame[keep].groupby("table"):
        rows.to_csv(folder / f"{table}.csv", index=False)
    found = compare_results(folder, base)
    assert found.same
    assert found.left_out == ("statistic", "n_obs", "seed")
    assert "only one file has statistic, n_obs, seed" in "\n".join(text_lines(found))


def test_standard_errors_are_those_of_the_first_file(base: Path, tmp_path: Path):
    """Where only the second one has them, sizes in standard errors are not told."""
    bare = tmp_path / "bare.csv"
    frame = pd.read_csv(base, dtype=str, keep_default_na=False).drop(columns="std_error")
    frame["estimate"] = "7"
    frame.to_csv(bare, index=False)
    assert compare_results(bare, base).moves["in_se"].isna().all()
    assert compare_results(base, bare).moves["in_se"].notna().any()


def faults_of(path: Path) -> str:
    with pytest.raises(DataError) as caught:
        read_numbers(path)
    return str(caught.value)


def test_wrong_input_is_told_with_its_place(base: Path, tmp_path: Path):
    lines = base.read_text(encoding="utf-8").splitlines()
    wrong = tmp_path / "wrong.csv"
    broken = lines[3].replace(",0.01", ",x.01", 1)
    wrong.write_text("\n".join([lines[0], "", lines[2], broken, ""]), encoding="utf-8")
    assert faults_of(wrong).startswith(f"{wrong}: column 'std_error': no number in line 4: 'x.01")

    wrong.write_text("\n".join([*lines, lines[1], ""]), encoding="utf-8")
    assert "more than one row has the key demo/T4/sdm/cb" in faults_of(wrong)

    wrong.write_text("a,b\n1,2\n", encoding="utf-8")
    assert "columns missing: study, table, model" in faults_of(wrong)
    wrong.write_text("", encoding="utf-8")
    assert faults_of(wrong).startswith(f"{wrong}: the file is empty")
    assert "no such file or folder" in faults_of(tmp_path / "absent")
    (tmp_path / "empty").mkdir()
    assert "has no estimates.csv" in faults_of(tmp_path / "empty")


def test_counts_are_whole_numbers(base: Path, tmp_path: Path):
    wrong = tmp_path / "wrong.csv"
    wrong.write_text(base.read_text(encoding="utf-8").replace(",1440,", ",1440.5,"), "utf-8")
    assert "column 'n_obs': no whole number in line 2: '1440.5'" in faults_of(wrong)


def test_unknown_columns_are_refused(against):
    with pytest.raises(DataError, match="did you mean 'std_error'"):
        against(sdm(), only=["std_eror"])
    with pytest.raises(DataError, match="no key column of that name"):
        against(sdm(), ignore=["estimate"])


def write_verdicts(folder: Path, verdicts: dict[str, str]) -> None:
    frame = pd.DataFrame({"id": list(verdicts), "verdict": list(verdicts.values()), "finding": 1})
    frame.reindex(columns=list(CLAIM_COLUMNS)).to_csv(folder / "claims.csv", index=False)


def test_verdicts_of_two_folders(base: Path, tmp_path: Path):
    other = written(sdm(), tmp_path / "b" / "estimates.csv")
    folders = (base.parent, other.parent)
    assert compare_results(*folders).same
    write_verdicts(base.parent, {"one": "supported", "two": "supported"})
    write_verdicts(other.parent, {"one": "contradicted", "three": "supported"})
    found = compare_results(*folders)
    assert [(change.claim, change.a, change.b) for change in found.verdicts] == [
        ("one", "supported", "contradicted"),
        ("two", "supported", "absent"),
        ("three", "absent", "supported"),
    ]
    assert not found.same
    assert "claim one: verdict supported -> contradicted" in list(text_lines(found))
    assert verdict_line(found) == "different: 3 verdicts changed"
    assert compare_results(base, other).same
    assert compare_results(*folders, tables=["T4"]).same


def test_listings_are_cut_and_say_so(against):
    found = against(changed({"study": "demo"}, estimate=5.0))
    lines = list(text_lines(found, top=2))
    assert "and 21 more rows; --top 0 shows all" in lines
    assert len(list(text_lines(found, top=0))) > len(lines)


def test_markdown_holds_the_verdict_and_escapes_names(against):
    found = against(without_density())
    lines = list(markdown_lines(found, top=3))
    assert lines[0] == f"**{verdict_line(found)}**"
    table = [line for line in lines if line.startswith("| ")]
    assert len({line.replace("\\|", "").count("|") for line in table}) == 1
    assert any("W.ln\\_density" in line for line in lines)


def test_values_for_programs_are_complete(against):
    found = against(changed({"quantity": "rho"}, std_error=np.nan, estimate=0.6))
    read = as_dict(found)
    assert read["verdict"] == "different"
    assert read["rows"]["moved"] == 1
    assert {move["column"] for move in read["moved"]} == {"estimate", "std_error"}
    assert read["models"][0]["largest_in_se"] == pytest.approx(10.0)
