"""Samples: gaps, winsorising, versions, and what is told of the units left out."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.analysis.samples import make_sample
from yrb_carbon.errors import DataError
from yrb_carbon.study.config import SampleSection, Study
from yrb_carbon.study.units import load_units

UNITS = load_units().select("A").ids
YEARS = range(2003, 2008)
EXACT = 1e-12
"""The same few operations: rounding alone."""

STUDY = Study.model_validate(
    {
        "study": {"name": "tiny", "title": {"en": "t", "zh": "t"}},
        "data_root": ".",
        "sources": {},
        "weights": {},
        "variables": {
            "pop": {"index": "raw", "column": "pop"},
            "density": {"index": "control", "measure": "ln_density"},
            "pop_other": {"index": "raw", "column": "pop", "version": "other"},
            "pop_before": {"index": "raw", "column": "pop", "lag": 1},
        },
        "tables": {},
    }
)


@pytest.fixture
def panel() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
    values = np.random.default_rng(3).uniform(50, 900, (len(index), 2))
    frame = pd.DataFrame(values, index=index, columns=["pop", "pop__other"])
    return frame.assign(area=1000.0)


def made(panel: pd.DataFrame, *names: str, max_gap: int = 0, **section: object):
    spec = SimpleNamespace(**{name: getattr(STUDY, name) for name in Study.model_fields})
    spec.impute = STUDY.impute.model_copy(update={"max_gap": max_gap})
    keys = {"first_year": 2003, "last_year": 2007, "unit_set": "A", **section}
    wanted = SampleSection.model_validate(keys)
    return make_sample(panel, spec, wanted, required=names, computed=names)


def test_tails_are_drawn_in_to_their_quantiles(panel):
    plain = made(panel, "pop").indices["pop"]
    drawn = made(panel, "pop", winsor=0.1).indices["pop"]
    low, high = plain.quantile(0.1), plain.quantile(0.9)
    assert drawn.to_numpy() == pytest.approx(plain.clip(low, high).to_numpy(), rel=EXACT)
    assert (drawn != plain).sum() == 2 * round(0.1 * len(plain))


def test_a_version_reads_its_own_columns(panel):
    found = made(panel, "pop", "pop_other").indices
    assert found["pop_other"].to_numpy().tolist() == panel["pop__other"].to_numpy().tolist()
    assert found["pop"].to_numpy().tolist() == panel["pop"].to_numpy().tolist()


def test_a_lag_takes_the_year_before(panel):
    found = made(panel, "pop", "pop_before", first_year=2004).indices
    assert found.loc[(UNITS[0], 2004), "pop_before"] == panel.loc[(UNITS[0], 2003), "pop"]
    with pytest.raises(DataError, match="not inside the data"):
        made(panel, "pop_before")


def test_an_inner_gap_is_filled_counted_and_told(panel):
    panel.loc[(UNITS[0], 2005), "pop"] = np.nan
    without = made(panel, "pop")
    assert UNITS[0] not in without.sample.units
    assert without.counts["units_excluded"] == 1
    filled = made(panel, "pop", max_gap=1)
    around = panel.loc[(UNITS[0], [2004, 2006]), "pop"].mean()
    assert filled.indices.loc[(UNITS[0], 2005), "pop"] == pytest.approx(around, rel=EXACT)
    assert filled.counts["cells_filled"] == 1
    report = filled.sample.completeness.set_index(["unit", "column"])["n_imputed"]
    assert report[UNITS[0], "pop"] == 1
    assert report.sum() == 1


def test_a_gap_of_a_column_that_nothing_reads_is_not_filled(panel):
    panel.loc[(UNITS[0], 2005), "pop__other"] = np.nan
    assert made(panel, "pop", max_gap=1).counts["cells_filled"] == 0


def test_units_left_out_on_purpose_are_in_the_list(panel):
    found = made(panel, "pop", exclude_units=(UNITS[3],))
    assert UNITS[3] not in found.sample.units
    reasons = found.excluded.set_index("unit")["reason"]
    assert reasons[UNITS[3]].startswith("left out on purpose")
    with pytest.raises(DataError, match="999999"):
        made(panel, "pop", exclude_units=("999999",))


def test_years_without_any_value_are_named(panel):
    panel.loc[pd.IndexSlice[:, 2007], "pop"] = np.nan
    with pytest.raises(DataError, match=r"'pop' \(for pop\) has no value .* in 2007.*2003-2006"):
        made(panel, "pop")
