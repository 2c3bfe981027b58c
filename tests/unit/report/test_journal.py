"""Models of estimates.csv through maketables, compared with the file itself."""

from __future__ import annotations

import re
import shutil

import docx
import maketables
import numpy as np
import pandas as pd
import pytest
from demo_estimates import demo_estimates
from latex_run import compiled
from lxml import html

from yrb_carbon.errors import DataError
from yrb_carbon.estimates import read_estimates, write_estimates
from yrb_carbon.report.journal import estimates_models

LABELS = {"lq": "Mining", "cb": "Balance"}
FORMAT = "b:.4f* (se:.4f)"


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    file = tmp_path_factory.mktemp("journal") / "estimates.csv"
    write_estimates(demo_estimates("T4", "T5", "T7", "T2"), file)
    return file


@pytest.fixture(scope="module")
def models(path):
    names = ["sdm", "sar", "ols_twoway"]
    return estimates_models(path, "T4", names, vcov="clustered", labels=LABELS,
                            fixed_effects={"sdm": "unit+time"})  # fmt: skip


def printed(path, **where: str) -> str:
    """A cell `estimate with stars (error)` straight from the file."""
    rows = read_estimates(path)
    for column, value in where.items():
        rows = rows[rows[column] == value]
    (row,) = rows.to_dict("records")
    stars = "*" * sum(row["p_value"] < limit for limit in (0.01, 0.05, 0.1))
    return f"{row['estimate']:.4f}{stars} ({row['std_error']:.4f})"


def cells_of_docx(file) -> list[list[str]]:
    (table,) = docx.Document(str(file)).tables
    return [[cell.text for cell in row.cells] for row in table.rows]


def cells_of_html(file) -> list[list[str]]:
    tree = html.parse(str(file)).getroot()
    return [[c.text_content().strip() for c in row.xpath("./th|./td")] for row in tree.iter("tr")]


def cells_of_tex(file) -> list[list[str]]:
    rows = re.findall(r"^(.*) \\\\$", file.read_text(encoding="utf-8"), re.MULTILINE)
    return [[cell.strip() for cell in row.split(" & ")] for row in rows]


@pytest.mark.parametrize(
    ("kind", "read"),
    [("docx", cells_of_docx), ("html", cells_of_html), ("tex", cells_of_tex)],
)
def test_numbers_of_a_table_by_maketables_are_those_of_the_file(models, path, tmp_path, kind, read):
    file = tmp_path / f"own.{kind}"
    table = maketables.ETable(models, coef_fmt=FORMAT)
    table.save(type=kind, file_name=str(file), show=False)
    rows = {row[0]: row[1:] for row in read(file) if row}
    own = {"table": "T4", "quantity": "coef"}
    for model, place in (("sdm", 0), ("sar", 1)):
        chosen = {**own, "model": model, "vcov": "clustered"}
        assert rows["Mining"][place] == printed(path, term="lq", **chosen)
        rho = {**chosen, "quantity": "rho"}
        assert rows["rho"][place] == printed(path, **rho)
    lag = printed(path, model="sdm", term="W.lq", vcov="clustered", **own)
    assert rows["W x Mining"] == [lag, "", ""]
    ols = printed(path, model="ols_twoway", term="lq", **own)
    assert rows["Mining"][2] == ols
    assert rows["Observations"] == ["1,440"] * 3


def test_models_in_the_order_asked_for(models):
    assert [model.name for model in models] == ["sdm", "sar", "ols_twoway"]
    assert [model.stats["se_type"] for model in models] == ["clustered"] * 2 + ["clustered by unit"]
    terms = models[0].coefficients.index.tolist()
    assert terms[-1] == "rho"
    assert [term.startswith("W.") for term in terms[:-1]] == [False] * 3 + [True] * 3


def test_every_number_of_a_model_is_a_row(models, path):
    rows = read_estimates(path)
    own = rows[rows["table"].eq("T4") & rows["model"].eq("sdm") & rows["vcov"].eq("clustered")]
    own = own[own["quantity"].isin(["coef", "rho"])].assign(
        name=lambda frame: frame["term"].where(frame["term"] != "", frame["quantity"])
    )
    expected = own.set_index("name").loc[models[0].coefficients.index]
    columns = {"b": "estimate", "se": "std_error", "p": "p_value", "ci95l": "ci_lower"}
    for ours, theirs in columns.items():
        assert (models[0].coefficients[ours] == expected[theirs]).all()
    fit = rows[rows["table"].eq("T4") & rows["model"].eq("sdm")].set_index("quantity")
    assert models[0].stats["ll"] == fit.loc["loglik", "estimate"]


def test_effects_are_models_of_their_own(path):
    found = estimates_models(path, "T5", ["sdm"], effects=True, vcov="serial", inference="delta")
    assert [model.quantity for model in found] == ["direct", "indirect", "total"]
    total = sum(model.coefficients["b"] for model in found[:2])
    np.testing.assert_allclose(total, found[2].coefficients["b"], rtol=1e-9)
    table = maketables.ETable(found, model_heads=[model.quantity for model in found])
    assert table.df.shape[1] == 3


def test_named_effects(path):
    (one,) = estimates_models(
        path, "T7", ["joint"], effects=["mediated_total"], vcov="oim", inference="mc", spec=""
    )
    assert set(one.coefficients.index) == {"m1", "m2", "m3", "all"}


def test_names_of_the_statistics_in_chinese(path):
    (one,) = estimates_models(path, "T4", ["sdm"], vcov="oim", language="zh")
    table = maketables.ETable([one])
    assert "标准误" in table.df.index.get_level_values(-1)


@pytest.mark.parametrize(
    ("arguments", "problem"),
    [
        ({"table": "T44"}, "did you mean 'T4'"),
        ({"table": "T4"}, "rows differ in vcov (got 'clustered', 'oim', 'serial')"),
        ({"table": "T4", "models": ["sdn"]}, "did you mean 'sdm'"),
        ({"table": "T4", "vcov": "clusterd"}, "did you mean 'clustered'"),
        ({"table": "T4", "vcv": "oim"}, "did you mean 'vcov'"),
        ({"table": "T5"}, "has no rows of coef, rho, lambda; it has direct"),
        ({"table": "T5", "effects": ["directt"]}, "did you mean 'direct'"),
        ({"table": "T4", "models": ["sdm"], "vcov": "clustered_unit"}, "allowed clustered, oim"),
        ({"table": "T2", "effects": ["moran"], "inference": "permutation"}, "tables by year"),
    ],
)
def test_what_cannot_be_read_is_told(path, arguments, problem):
    with pytest.raises(DataError, match=re.escape(problem)):
        estimates_models(path, **arguments)


@pytest.mark.skipif(shutil.which("xelatex") is None, reason="xelatex is not installed")
def test_its_latex_compiles(models, tmp_path):
    maketables.ETable(models).save(type="tex", file_name=str(tmp_path / "own.tex"), show=False)
    packages = r"\usepackage{booktabs,threeparttable,makecell,tabularx,array}"
    compiled(tmp_path, packages, ["own.tex"])


def test_a_frame_does_as_well_as_a_file(path, models):
    frame = read_estimates(path)
    (one,) = estimates_models(frame, "T4", ["sdm"], vcov="clustered")
    pd.testing.assert_frame_equal(one.coefficients, models[0].coefficients)
