"""Specification tests of the cigarette panel against spdep and plm.

`r/diagnostics.csv` is the output of `r/diagnostics.R`, `r/diagnostics.txt` names the versions. Run
this file as a program to write the inputs of the R script: panel.csv and weights.csv, to a folder.
"""

from __future__ import annotations

import sys
from pathlib import Path

import pandas as pd
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "published"))

from cigar import binary_contiguity, cigar_problem, read_cigar

from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.spatialpanel.diagnostics import (
    baltagi_song_koh,
    lm_tests,
    moran_residuals,
    pesaran_cd,
)

RAW = Path(__file__).resolve().parent / "r" / "diagnostics.csv"
# Both sides compute the same closed form in double precision, through dummies on the R side.
CLOSED_FORM = 1e-7
EFFECTS = {
    "pooled": (False, False),
    "unit": (True, False),
    "time": (False, True),
    "two-way": (True, True),
}


@pytest.fixture(scope="module")
def peer() -> pd.Series:
    return pd.read_csv(RAW).set_index(["source", "effects", "quantity"])["value"].sort_index()


def make_panel(effects: str) -> SpatialPanel:
    dependent, exog, weights = cigar_problem("sorted")
    entity_effects, time_effects = EFFECTS[effects]
    return SpatialPanel(
        dependent,
        exog,
        weights,
        model="ols",
        entity_effects=entity_effects,
        time_effects=time_effects,
    )


@pytest.mark.parametrize("effects", list(EFFECTS))
def test_moran_of_the_panel_equals_moran_with_dummies(peer, effects):
    """The exact moments with every dummy among the regressors are ours with effects removed."""
    expected = peer["spdep lm.morantest", effects]
    panel = make_panel(effects)
    row = moran_residuals(panel.fit("direct")).loc["panel"]
    assert row["moran"] == pytest.approx(expected["moran"], rel=CLOSED_FORM)
    assert row["expected"] == pytest.approx(expected["expected"], rel=CLOSED_FORM)
    assert row["std_dev"] ** 2 == pytest.approx(expected["variance"], rel=CLOSED_FORM)
    assert row["statistic"] == pytest.approx(expected["statistic"], rel=CLOSED_FORM)
    error = {test.name: test.statistic for test in lm_tests(panel)}["LM error"]
    assert error == pytest.approx(expected["statistic"] ** 2, rel=CLOSED_FORM)


def test_plain_lm_of_the_pooled_panel(peer):
    expected = peer["spdep lm.LMtests", "pooled"]
    statistics = [test.statistic for test in lm_tests(make_panel("pooled"), "plain")]
    assert statistics == pytest.approx(
        expected[["LMlag", "LMerr", "RLMlag", "RLMerr"]].tolist(), rel=CLOSED_FORM
    )


def test_plain_lm1_is_hondas_statistic(peer):
    tests = {test.name: test for test in baltagi_song_koh(make_panel("pooled"), "plain")}
    assert tests["BSK LM1"].statistic == pytest.approx(
        peer["plm plmtest honda", "pooled", "LM1"], rel=CLOSED_FORM
    )


@pytest.mark.parametrize("effects", ["unit", "two-way"])
def test_cd(peer, effects):
    statistic = pesaran_cd(make_panel(effects).fit("direct")).statistic
    assert statistic == pytest.approx(peer["plm pcdtest", effects, "CD"], rel=CLOSED_FORM)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    read_cigar().query("unit in @states", local_dict={"states": list(binary_contiguity())}).to_csv(
        folder / "panel.csv"
    )
    binary_contiguity().to_csv(folder / "weights.csv")
