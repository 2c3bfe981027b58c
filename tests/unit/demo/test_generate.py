"""The demonstration files: what the readers get back, names of their year, the same bytes."""

from __future__ import annotations

import json
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.demo import DEFAULT_SEED, FILES, generate
from yrb_carbon.demo.generate import digest_weights, within_variance
from yrb_carbon.demo.parameters import TRUTH
from yrb_carbon.errors import SourceError
from yrb_carbon.panel.assemble import assemble_panel
from yrb_carbon.sources import reader_for
from yrb_carbon.study.config import SourceSection

ROUNDING = 1e-12
"""Sums of two doubles (Jinan and Laiwu) and logarithms."""

DRY_MATTER = 1.62 / 0.45
NOT_ASSEMBLED = ("fdi", "roads", "exchange_rate")


@pytest.fixture(scope="module")
def panel(demo):
    """The panel of set A, through every reader and the crosswalk."""
    sources = {
        name: SourceSection(format=name, path=file)
        for name, file in FILES.items()
        if name not in NOT_ASSEMBLED
    }
    spec = SimpleNamespace(
        data_root=str(demo.folder), sources=sources, carbon=SimpleNamespace(extend_2018="scale")
    )
    assembled = assemble_panel(spec, demo.boundaries, unit_sets=["A"], years=range(2003, 2019))
    assert assembled.unmatched.empty
    return assembled.panels["A"]


def indices_of(panel):
    sink = panel["npp"] * panel["area"] * 1e6 * DRY_MATTER * 1e-12
    return pd.DataFrame(
        {
            "cb": np.log(sink / panel["co2_edgar"]),
            "lq": (panel["emp_mining"] / panel["emp_total"])
            / (panel["nat_emp_mining"] / panel["nat_emp_total"]),
            "m1": panel["gdp3"] / panel["gdp2"],
            "m2": np.log1p(panel["patents_granted"] / panel["pop"]),
            "m3": np.log(1e6 * sink / panel["area"]),
            "ln_pgdp": np.log(panel["gdp_real"] / panel["pop"]),
            "ln_density": np.log(panel["pop"] * 1e4 / panel["area"]),
        }
    )


def test_readers_give_the_simulated_indices_back(demo, panel):
    expected = demo.system.frame(demo.units)
    pd.testing.assert_frame_equal(
        indices_of(panel)[list(expected)], expected, rtol=ROUNDING, atol=ROUNDING
    )


def test_study_is_complete(panel):
    assert len(panel) == 90 * 16
    incomplete = panel.isna().any()
    assert list(incomplete.index[incomplete]) == ["pop_reported"]
    assert panel["flag_interpolated_pop"].sum() == panel["pop_reported"].isna().sum() > 0


def test_counties_add_up_to_the_city_emissions_until_2017(panel):
    years = panel.index.get_level_values("year")
    gap = (panel["co2_ceads_county"] / panel["co2_edgar"] - 1.0).abs()
    assert gap[years <= 2017].max() < 1e-8
    assert gap[years == 2018].max() > 1e-3


def test_real_values_do_not_depend_on_the_base_year(panel):
    years = panel.index.get_level_values("year")
    assert np.array_equal(
        panel.loc[years == 2003, "gdp_nominal"], panel.loc[years == 2003, "gdp_real"]
    )


@pytest.mark.parametrize("name", sorted(FILES))
def test_every_reader_accepts_its_file(demo, name):
    table = reader_for(name).read(demo.folder / FILES[name])
    assert len(table.frame) > 0


def test_yearbook_prints_codes_and_names_of_the_year(demo):
    frame = reader_for("city_yearbook").read(demo.folder / FILES["city_yearbook"]).frame
    by_year = {year: set(block["name"]) for year, block in frame.groupby("year")}
    assert {"莱芜市", "海东地区", "陇南地区", "中卫市", "济源市"} <= by_year[2003]
    assert "陇南市" in by_year[2004]
    assert "海东地区" in by_year[2012]
    assert "海东市" not in by_year[2012]
    assert {"海东市", "莱芜市"} <= by_year[2018]
    assert {len(names) for names in by_year.values()} == {92}
    codes = frame.set_index(["name", "year"])["code"]
    assert codes["海东地区", 2012] == "632100"
    assert codes["海东市", 2013] == "630200"


def test_districts_are_a_part_of_the_prefecture(demo):
    path = demo.folder / FILES["city_yearbook"]
    whole, inner = (
        reader_for("city_yearbook").read(path, scope=scope).frame.set_index(["name", "year"])
        for scope in ("全市", "市辖区")
    )
    assert (inner["emp_total"] < whole["emp_total"]).all()


def test_laiwu_stands_where_published_files_have_it(demo):
    def names(format_name):
        return set(reader_for(format_name).read(demo.folder / FILES[format_name]).frame["name"])

    for format_name in ("industry_structure", "finance", "city_yearbook"):
        assert "莱芜市" in names(format_name)
    for format_name in ("edgar_city", "real_gdp", "population", "city_npp", "land_cover"):
        assert "莱芜市" not in names(format_name)


def test_files_are_those_of_the_list(demo):
    assert {path.name for path in demo.files} == {*FILES.values(), "truth.json", "README.txt"}
    assert all(path.stat().st_size > 0 for path in demo.files)
    assert "synthetic demonstration data" in (demo.folder / "README.txt").read_text(
        encoding="utf-8"
    ).lower()  # fmt: skip


@pytest.mark.slow
def test_same_seed_same_bytes_other_seed_other_values(demo, tmp_path):
    again = generate(
        tmp_path / "again", seed=DEFAULT_SEED, boundaries=demo.boundaries, interregional=False
    )
    for one, other in zip(demo.files, sorted(again), strict=True):
        assert one.read_bytes() == other.read_bytes(), one.name
    different = generate(
        tmp_path / "different", seed=1, boundaries=demo.boundaries, interregional=False
    )
    edgar = FILES["edgar_city"]
    assert (demo.folder / edgar).read_bytes() != (tmp_path / "different" / edgar).read_bytes()
    assert different[-2].name == "truth.json"


def test_truth_can_be_written_elsewhere_and_names_everything(demo):
    truth = json.loads((demo.folder / "truth.json").read_text(encoding="utf-8"))
    assert truth["seed"] == DEFAULT_SEED
    assert truth["units"] == 90
    assert truth["weights"]["sha256"] == digest_weights(demo.units, demo.weights)
    outcome = truth["equations"]["cb"]
    names = {"lq", "m1", "m2", "m3", "ln_pgdp", "ln_density"}
    lags = {f"W.{name}" for name in names}
    assert set(outcome) == {"rho", "sigma2", "sigma2_marginal", *names, *lags}
    assert outcome["sigma2_marginal"] == pytest.approx(TRUTH.outcome.sigma**2)
    assert outcome["sigma2"] == pytest.approx(
        TRUTH.outcome.sigma**2 * within_variance(TRUTH.error_ar1)
    )
    assert set(truth["effects"]) >= {"natural", "mediated_m1", "mediated", "system"}
    assert "no true spatial Durbin model" in " ".join(truth["notes"])


def test_missing_polygons_are_named(demo, tmp_path):
    few = demo.boundaries.subset(demo.units[1:])
    with pytest.raises(SourceError, match=demo.units[0]):
        generate(tmp_path / "never", seed=1, boundaries=few)
