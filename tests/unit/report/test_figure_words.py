"""What is seen on a figure is said in words, from what it is drawn from."""

from __future__ import annotations

import re
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from demo_estimates import demo_estimates, demo_study

from yrb_carbon.errors import DataError
from yrb_carbon.report.path_diagram import ShownEffect
from yrb_carbon.report.site.bilingual import PageWords
from yrb_carbon.report.site.figure_words import Shown, seen_on
from yrb_carbon.report.site.run import Run, RunFiles
from yrb_carbon.study.units import load_units

TABLES = ("T2", "T7", "T8", "T11")
STUDY = demo_study(*TABLES)
UNITS = [*load_units().select("A").ids[:6], "630100"]
YEARS = range(2003, 2019)
LATIN = re.compile(r"[A-Za-z]{3,}")
NO_OBSTACLES: dict[str, str] = {}


@pytest.fixture(scope="module")
def estimates() -> pd.DataFrame:
    return demo_estimates(*TABLES)


@pytest.fixture(scope="module")
def shown(estimates: pd.DataFrame, tmp_path_factory: pytest.TempPathFactory) -> Shown:
    folder = tmp_path_factory.mktemp("run")
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    values = pd.Series(np.tile(np.linspace(-2.0, 4.5, len(YEARS)), len(UNITS)), index)
    values.to_frame("cb").to_parquet(folder / "frame.parquet")
    sent = [
        {"table": "T7", "model": "joint", "term": "lq", "kind": kind, "unit": unit,
         "effect": 0.25 * place + (kind == "sent")}
        for kind in ("sent", "received")
        for place, unit in enumerate(UNITS)
    ]  # fmt: skip
    pd.DataFrame(sent).to_parquet(folder / "by_unit.parquet")
    files = RunFiles(
        folder / "estimates.csv", folder / "manifest.json",
        frame=folder / "frame.parquet", by_unit=folder / "by_unit.parquet",
    )  # fmt: skip
    return Shown(Run(STUDY, PageWords(("en", "zh")), files, estimates, {}, None, None, (), ()))


def told(shown: Shown, name: str) -> tuple[str, str]:
    text = seen_on(shown, STUDY.figures.section(name), NO_OBSTACLES)
    return text["en"].unescape(), text["zh"].unescape()


@pytest.mark.parametrize(
    ("name", "kind", "parts"),
    [
        ("F1", "Map of 7 units", ["Upper reaches: 1", "Middle reaches: 6"]),
        ("F2_balance", "Maps of", ["Carbon balance (dimensionless)", "2003", "from -2 to 4.5"]),
        ("F3_balance", "Moran scatter plots", ["Carbon balance (dimensionless)", "0.05"]),
        ("F8_totals", "Line charts", ["CO2 emissions (Mt CO2)", "2003 to 2018", "totals"]),
        ("F8_means", "Line charts", ["Industrial upgrading", "quartile", "means"]),
        ("F4", "Path diagram", ["Mining agglomeration", "Carbon balance", "95 % intervals"]),
        ("F4_effects", "Forest plot", ["Through Industrial upgrading", "Direct", "9 rows"]),
        ("F7_periods", "Forest plot", ["Boom, full interaction", "10 rows"]),
        ("F6", "Maps by unit", ["Sent to all others", "per unit of Mining", "from 0 to 2.5"]),
        ("F5_direct", "Specification curve", ["direct effect", "Within s.d.", "84 estimates"]),
    ],
)
def test_kind_variables_units_and_numbers_are_said(shown, name, kind, parts):
    english, chinese = told(shown, name)
    assert english.startswith(kind)
    assert [part for part in parts if part not in english] == []
    assert set(LATIN.findall(chinese)) <= {"FDR"}
    assert set(re.findall(r"\d{4}", english)) == set(re.findall(r"\d{4}", chinese))


def test_arrows_are_told_with_the_numbers_that_stand_on_them(shown, estimates):
    rows = estimates[(estimates["table"] == "T7") & (estimates["model"] == "joint")]
    rows = rows[(rows["quantity"] == "natural_direct") & (rows["vcov"] == "clustered")]
    (row,) = rows[(rows["spec"] == "") & (rows["inference"] == "mc")].to_dict("records")
    effect = ShownEffect(row["estimate"], row["ci_lower"], row["ci_upper"])
    estimate, interval = effect.text().split(" ", 1)
    english, _ = told(shown, "F4")
    assert f"Not mediated: direct {estimate}" in english
    assert interval in english


def test_slopes_are_those_of_estimates(shown, estimates):
    rows = estimates[(estimates["table"] == "T2") & (estimates["term"] == "cb")]
    row = rows[(rows["inference"] == "permutation") & rows["year"].eq(2003)].iloc[0]
    assert f"{row['estimate']:.3f} in 2003" in told(shown, "F3_balance")[0]


def test_a_sheet_with_a_reason_is_told_as_one(shown):
    section = STUDY.figures.section("F4")
    text = seen_on(shown, section, {"zh": "No font <here>"})
    assert text["zh"].unescape() == "没有绘图的一页：No font <here>"
    assert text["en"].startswith("Path diagram")


def test_a_figure_without_its_data_is_an_error(shown):
    run = replace(shown.run, files=replace(shown.run.files, frame=None))
    with pytest.raises(DataError, match="given no file of them"):
        seen_on(Shown(run), STUDY.figures.section("F2_balance"), NO_OBSTACLES)
