"""Published values: reading with every fault, and the verdict on a cell."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from estimates_rows import row, sdm, written
from typer.testing import CliRunner

from yrb_carbon.cli import app
from yrb_carbon.comparison.numbers import read_numbers
from yrb_carbon.comparison.published import (
    CellVerdict,
    compare_published,
    judge_cell,
    read_published,
    read_selector,
)
from yrb_carbon.errors import StudyError
from yrb_carbon.estimates import estimates_frame

HEAD = "document,table,row,column,value,decimals,relation,where,unit,selector,reason,note"
RHO = "table=T4; model=sdm; quantity=rho"


@pytest.fixture
def results(tmp_path: Path) -> Path:
    return written(sdm(), tmp_path / "run" / "estimates.csv")


@pytest.fixture
def printed(tmp_path: Path):
    """A file of published values with these lines below the heading."""

    def write(*lines: str, head: str = HEAD) -> Path:
        path = tmp_path / "published.csv"
        path.write_text("\n".join([head, *lines]) + "\n", encoding="utf-8")
        return path

    return write


def line(value: str, decimals: str = "", selector: str = RHO, relation: str = "") -> str:
    return f"d,t,rho,sdm,{value},{decimals},{relation},p. 1,,{selector},,"


@pytest.mark.parametrize(
    ("value", "decimals", "verdict", "digits"),
    [
        ("0.5", "", "equal", 0.0),
        ("0.50", "", "equal", 0.0),
        ("0.45", "1", None, None),
        ("0.4", "", "differs", 1.0),
        ("0.49", "", "differs", 1.0),
        ("1", "", "equal", None),
        ("0", "", "equal", None),
        ("0.55", "", "differs", -5.0),
        ("0.500", "3", "equal", 0.0),
        ("-0.5", "", "sign differs", 10.0),
        ("0.505", "", "differs", -5.0),
    ],
)
def test_verdict_is_to_the_printed_rounding(printed, results, value, decimals, verdict, digits):
    """The run gives 0.5; half way rounds to either side, so that 0 and 1 are equal too."""
    file = printed(line(value, decimals))
    if verdict is None:
        with pytest.raises(StudyError, match=r"line 2: value 0.45 has 2 decimals, more than"):
            compare_published(results, file)
        return
    (cell,) = compare_published(results, file).cells
    assert cell.verdict == verdict
    assert cell.computed == 0.5
    if digits is not None:
        assert cell.last_digits == pytest.approx(digits)


def test_values_printed_as_more_than(printed, results):
    for value, verdict in (("0.4", "equal"), ("0.5", "differs"), ("0.6", "differs")):
        (cell,) = compare_published(results, printed(line(value, relation=">"))).cells
        assert cell.verdict == verdict


def test_other_numbers_and_units(printed, results):
    file = printed(
        line("1.0", selector=f"{RHO}; number=std_error; times=100").replace("d,t", "d,a"),
        line("90", selector=f"{RHO}; number=n_units").replace("d,t", "d,b"),
    )
    found = compare_published(results, file)
    assert [cell.computed for cell in found.cells] == [1.0, 90.0]
    assert found.agrees


def test_cells_that_are_not_computed_say_why(printed, results):
    file = printed(
        "d,t,a,c,1,,,,,,not built yet,",
        "d,t,b,c,1,,,,,,,",
        "d,t,c,c,1,,,,,table=T9; quantity=rho,,",
        "d,t,d,c,1,,,,,table=T9; quantity=rho,left out of this study,",
        "d,t,e,c,1,,,,,table=T4; quantity=coef; term=*lq,,",
        "d,t,f,c,1,,,,,table=T4; quantity=loglik; number=std_error,,",
        "d,t,g,c,0.1,,,,,table=T4; quantity=coef; term=lq,,",
    )
    found = compare_published(results, file)
    reasons = [cell.reason for cell in found.cells]
    assert reasons[0] == "not built yet"
    assert reasons[1] == "no row of estimates is named for it"
    assert reasons[2].startswith("the run has no table of that name (got 'T9'")
    assert reasons[3] == "left out of this study"
    assert "4 rows of T4" in reasons[4]
    assert "have 2 different numbers; they differ in term, vcov, name one" in reasons[4]
    assert reasons[5].startswith("'std_error' is empty in the row of T4")
    assert found.cells[6].verdict is CellVerdict.EQUAL
    assert found.agrees


def test_selectors_without_a_row_are_wrong_and_say_where(printed, results):
    file = printed(line("0.5"), "d,t,b,c,1,,,,,table=T4; quantity=coef; term=lqq,,")
    found = compare_published(results, file)
    assert [cell.verdict for cell in found.cells] == [CellVerdict.EQUAL, CellVerdict.NO_ROW]
    assert not found.agrees
    assert found.verdict == "differs"
    reason = found.cells[1].reason
    assert "line 3" in reason
    assert "did you mean 'lq'" in reason
    result = compare(str(file), str(results))
    assert result.exit_code == 1
    assert "d, t: b, c: no such row:" in result.stdout


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        ([], "no line below the heading"),
        (["d,t,r,c,1,,,,,,,,surplus"], "more cells than the heading"),
    ],
)
def test_files_of_another_shape(printed, results, rows, fault):
    result = compare(str(printed(*rows)), str(results))
    assert result.exit_code == 2
    assert fault in result.stderr


def test_nothing_computed_is_no_agreement(printed, results):
    file = printed("d,t,a,c,1,,,,,table=T55; quantity=rho,,", "d,t,b,c,1,,,,,,not built yet,")
    result = compare(str(file), str(results))
    assert result.exit_code == 1
    assert result.stdout.splitlines()[-1].startswith("nothing computed: 0 equal")
    assert "no table of that name" in result.stdout


@pytest.mark.parametrize("option", [["--rtol", "5"], ["--table", "T4"], ["--markdown"]])
def test_options_of_two_runs_are_refused(printed, results, option):
    result = compare(str(printed(line("0.5"))), str(results), *option)
    assert result.exit_code == 2
    assert f"does not take {option[0]}" in result.stderr


def test_rows_that_differ_say_in_what(printed, tmp_path):
    frame = estimates_frame([row(vcov="oim"), row(vcov="serial", estimate=0.7)])
    run = read_numbers(written(frame, tmp_path / "e.csv"))
    (cell,) = read_published(printed(line("1", selector="table=T4; quantity=coef; term=lq")))
    assert "they differ in vcov" in judge_cell(cell, run).reason


def test_every_fault_has_its_line(printed):
    file = printed(
        "d,t,a,c,one,,,,,,,",
        ",t,b,c,1,,,,,,,",
        "",
        "d,t,c,c,1,x,,,,,,",
        "d,t,d,c,1,,<,,,,,",
        "d,t,e,c,1,,,,,table=T4; quantiti=rho,,",
        "d,t,f,c,1,,,,,table=T4; quantity=roh,,",
        "d,t,g,c,1,,,,,quantity=rho,,",
        "d,t,h,c,1,,,,,table=T4; quantity=rho; number=estimat,,",
        "d,t,i,c,1,,,,,table T4,,",
    )
    with pytest.raises(StudyError) as caught:
        read_published(file)
    faults = str(caught.value).splitlines()
    wanted = {
        2: "value must be a number such as -0.123 (got 'one')",
        3: "document must not be empty (got '')",
        5: "decimals must be a whole number from 0 to 12 (got 'x')",
        6: "relation must be empty or > (got '<')",
        7: "selector: no column of that name (got 'quantiti'",
        8: "selector: quantity: Input should be",
        9: "selector: table is missing",
        10: "selector: number: no number column (got 'estimat'",
        11: "selector: no column=value (got 'table T4')",
    }
    assert len(faults) == len(wanted)
    for number, text in wanted.items():
        assert any(fault.startswith(f"{file}: line {number}: {text}") for fault in faults), text


def test_a_cell_stands_once(printed):
    with pytest.raises(StudyError, match=r"line 3: d, t, rho, sdm stands on line 2 already"):
        read_published(printed(line("1"), line("2")))


def test_columns_that_may_be_left_out(printed, results):
    file = printed("d,t,r,c,0.5", head="document,table,row,column,value")
    (cell,) = compare_published(results, file).cells
    assert (cell.cell.decimals, cell.verdict) == (1, CellVerdict.NOT_COMPUTED)
    with pytest.raises(StudyError, match="column 'value' is missing"):
        read_published(printed("d,t,r,c", head="document,table,row,column"))
    with pytest.raises(StudyError, match="did you mean 'selector'"):
        read_published(printed("d,t,r,c,1,x", head="document,table,row,column,value,selektor"))


def test_selectors():
    selector = read_selector("table=T5; quantity=direct; term=lq; vcov=serial; times=0.01")
    assert selector.columns == {
        "table": "T5", "quantity": "direct", "term": "lq", "vcov": "serial",
    }  # fmt: skip
    assert (selector.number, selector.times) == ("estimate", 0.01)
    with pytest.raises(StudyError, match="table is named twice"):
        read_selector("table=T5; table=T4; quantity=direct")


def compare(*arguments: str):
    return CliRunner().invoke(app, ["compare", "--published", *arguments])


def test_command(printed, results):
    good = compare(str(printed(line("0.50"))), str(results.parent))
    assert good.exit_code == 0
    assert good.stdout.splitlines()[-1] == (
        "agrees: 1 equal, 0 differs, 0 sign differs, 0 no such row, 0 not computed"
    )
    bad = compare(str(printed(line("0.52"))), str(results))
    assert bad.exit_code == 1
    assert "d, t: rho, sdm: 0.52, here 0.5000: differs by -2 in the last digit" in bad.stdout
    wrong = compare(str(printed(line("x"))), str(results))
    assert wrong.exit_code == 2
    assert "line 2: value must be a number" in wrong.stderr
    values = json.loads(compare(str(printed(line("0.52"))), str(results), "--json").stdout)
    assert values["counts"]["differs"] == 1
    assert values["cells"][0]["last_digits"] == pytest.approx(-2.0)
    absent = compare(str(printed("d,t,r,c,1,,,,,,,")), str(results), "--json")
    assert json.loads(absent.stdout)["cells"][0]["computed"] is None


def test_command_with_the_values_that_ship(results):
    result = compare(str(results))
    assert result.exit_code == 0
    assert "song2024, text: panel, prefecture-level units: 90 units" in result.stdout
    assert "bai2022: 69 not computed here: the run has no table of that name (got 'D1'" in (
        result.stdout
    )
    assert "bai2022: 2 not computed here: no file of the studies has carbon markets" in (
        result.stdout
    )


def test_synthetic_runs_say_so(printed, results):
    (results.parent / "manifest.json").write_text('{"synthetic": true}', encoding="utf-8")
    result = compare(str(printed(line("0.5"))), str(results.parent))
    assert "synthetic demonstration data: agreement says nothing" in result.stdout


def test_a_run_is_needed(results):
    result = CliRunner().invoke(app, ["compare", str(results)])
    assert result.exit_code == 2
    assert "two runs" in result.stderr
