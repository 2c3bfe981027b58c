from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.indices.controls import calc_ln_gdp_per_capita
from yrb_carbon.indices.registry import (
    INDEX_MEASURES,
    compute_variable,
    required_cells,
    required_columns,
    resolve,
)
from yrb_carbon.indices.sinks import SINK_FACTORS
from yrb_carbon.indices.spec import IndexDefaults, VariableSpec
from yrb_carbon.panel.deflate import calc_rebased
from yrb_carbon.panel.sample import fix_sample
from yrb_carbon.panel.schema import load_dictionary, validate_panel

UNITS = ("140100", "150600", "370100", "630100")
YEARS = range(2003, 2008)
DEFAULTS = IndexDefaults()
BASIN = {"index": "agglomeration", "reference": "basin"}
ROUNDING = 1e-13


@pytest.fixture(scope="module")
def panel() -> pd.DataFrame:
    """Every raw column, inside its plausible range."""
    index = pd.MultiIndex.from_product([UNITS, range(2000, 2008)], names=["unit", "year"])
    rng = np.random.default_rng(20240115)
    draw = {name: rng.uniform(1.0, 2.0, len(index)) for name in sorted(load_dictionary().columns)}
    frame = pd.DataFrame(draw, index=index)
    scale = {
        "co2_edgar": 20, "co2_ceads_county": 18, "co2_ceads_city": 22, "npp": 300, "area": 8000,
        "area_admin": 8000, "gdp": 6e6, "gdp1": 1e6, "gdp2": 3e6, "gdp3": 2e6, "gdp_nominal": 6e6,
        "gdp_real": 5e6, "gdp_index": 60, "pop": 200, "pop_reported": 200, "pop_urban": 90,
        "fdi_usd": 1e4, "usd_cny": 4, "emp_mining": 3e4, "emp_total": 5e5, "emp1": 1e5,
        "emp2": 2e5, "emp3": 2e5, "nat_emp_mining": 5e6, "nat_emp_total": 1e8, "loans": 5e6,
        "prov_green_patents": 500, "prov_pop": 3000, "patents_granted": 800, "fiscal_exp": 1e6,
        "sci_exp": 1e4, "coal_capacity": 30, "area_forest": 1000,
    }  # fmt: skip
    for name, factor in scale.items():
        frame[name] *= factor
    frame["area"] = frame.groupby(level="unit")["area"].transform("first")
    return frame.sort_index()


ALL = [
    {"index": index, "measure": measure}
    for index, measures in INDEX_MEASURES.items()
    for measure in measures or (None,)
    if index != "raw"
]


def spec_of(entry: dict[str, str | None]) -> dict[str, str | None]:
    """Level for indices that have no log, the default elsewhere."""
    if entry["index"] == "balance":
        return {**entry, "transform": "level"}
    return entry


def test_fixture_is_inside_the_plausible_ranges(panel: pd.DataFrame):
    used = {name for entry in ALL for name in required_columns(spec_of(entry), DEFAULTS)}
    validate_panel(panel[sorted(used)])


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: f"{entry['index']}.{entry['measure']}")
def test_every_measure_is_computed_from_its_required_columns_alone(
    panel: pd.DataFrame, entry: dict[str, str | None]
):
    spec = spec_of(entry)
    columns = list(required_columns(spec, DEFAULTS))
    values = compute_variable(spec, panel[columns], DEFAULTS, years=YEARS, name="x")
    assert len(values) == len(UNITS) * len(YEARS)
    assert np.isfinite(values).all()
    assert values.name == "x"
    assert values.index.is_monotonic_increasing


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: f"{entry['index']}.{entry['measure']}")
def test_no_required_column_is_idle(panel: pd.DataFrame, entry: dict[str, str | None]):
    """Without any one of its columns a measure cannot be computed."""
    spec = spec_of(entry)
    columns = required_columns(spec, DEFAULTS)
    full = compute_variable(spec, panel[list(columns)], DEFAULTS, years=YEARS)
    for column in columns:
        rng = np.random.default_rng(1)
        noise = rng.uniform(1.1, 1.2, len(panel)) if column != "pop_urban" else 0.9
        changed = panel[list(columns)].assign(**{column: panel[column] * noise})
        other = compute_variable(spec, changed, DEFAULTS, years=YEARS)
        assert not np.array_equal(full.to_numpy(), other.to_numpy()), column


def test_every_measure_is_in_the_dictionary():
    known = load_dictionary().indices
    keys = {resolve(spec_of(entry), DEFAULTS).key for entry in ALL}
    keys |= {resolve({"index": "sink", "sink": "landuse"}, DEFAULTS).key}
    assert keys == set(known)


def test_years_before_the_sample_do_not_change_it(panel: pd.DataFrame):
    """The offset of log_eps and the sums by year see only the years asked for."""
    spec = {**BASIN, "transform": "log_eps"}
    long = compute_variable(spec, panel, DEFAULTS, years=YEARS)
    short = compute_variable(spec, panel.loc[(slice(None), list(YEARS)), :], DEFAULTS)
    pd.testing.assert_series_equal(long, short)


@pytest.mark.parametrize("entry", ALL, ids=lambda entry: f"{entry['index']}.{entry['measure']}")
def test_order_of_rows_changes_no_bit(panel: pd.DataFrame, entry: dict[str, str | None]):
    shuffled = panel.sample(frac=1, random_state=3)
    spec = spec_of(entry)
    one = compute_variable(spec, panel, DEFAULTS, years=YEARS)
    other = compute_variable(spec, shuffled, DEFAULTS, years=reversed(YEARS))
    assert one.index.equals(other.index)
    assert (one.to_numpy() == other.to_numpy()).all()


def test_mapping_and_dataclass_are_the_same(panel: pd.DataFrame):
    spec = VariableSpec("balance", measure="ratio", transform="log", emissions="edgar_city")
    mapping = {
        "index": "balance", "measure": "ratio", "transform": "log", "emissions": "edgar_city",
    }  # fmt: skip
    assert resolve(spec, DEFAULTS) == resolve(mapping, DEFAULTS)


def test_options_left_out_are_the_study_s():
    defaults = IndexDefaults(
        carbon_source="edgar_city",
        sink_method="landuse",
        balance_transform="asinh",
        balance_index="percap",
        agglom_measure="density",
        agglom_numerator="coal_workforce",
        lq_transform="log1p",
        m1_measure="angle",
        m2_measure="sci_share",
    )
    assert required_columns({"index": "balance"}, defaults) == (
        "area_forest", "area_grass", "area_unused", "area_water", "co2_edgar", "pop",
    )  # fmt: skip
    assert required_columns({"index": "agglomeration"}, defaults) == ("coal_workforce", "area")
    assert resolve({"index": "agglomeration"}, defaults).transform == "log1p"
    assert required_columns({"index": "upgrading"}, defaults) == ("gdp1", "gdp2", "gdp3")
    assert required_columns({"index": "technology"}, defaults) == ("sci_exp", "fiscal_exp")


def test_national_reference_needs_national_columns():
    assert required_columns({"index": "agglomeration"}, DEFAULTS) == (
        "emp_mining", "emp_total", "nat_emp_mining", "nat_emp_total",
    )  # fmt: skip
    assert required_columns(BASIN, DEFAULTS) == ("emp_mining", "emp_total")


def test_sink_factor_scales_the_sink(panel: pd.DataFrame):
    dry, carbon = (
        compute_variable({"index": "sink", "sink_k": k}, panel, DEFAULTS) for k in SINK_FACTORS
    )
    np.testing.assert_allclose(
        carbon / dry, SINK_FACTORS["carbon"] / SINK_FACTORS["dry_matter"], rtol=ROUNDING
    )


def test_lag_takes_the_value_of_the_year_before(panel: pd.DataFrame):
    spec = {"index": "raw", "column": "npp", "lag": 1}
    values = compute_variable(spec, panel, DEFAULTS, years=YEARS)
    assert values.loc[("140100", 2003)] == panel.loc[("140100", 2002), "npp"]
    assert list(values.index.unique("year")) == list(YEARS)
    everything = compute_variable(spec, panel, DEFAULTS)
    assert list(everything.index.unique("year")) == list(range(2001, 2008))


def test_required_cells_reach_back_for_lags_and_base_years():
    assert required_cells({"index": "raw", "column": "npp", "lag": 2}, DEFAULTS, [2003, 2004]) == {
        "npp": (2001, 2002)
    }
    late = required_cells(
        {"index": "control", "measure": "ln_gdp_pc"}, IndexDefaults(), range(2005, 2007)
    )
    assert late == {"gdp_real": (2003, 2005, 2006), "pop": (2005, 2006), "gdp_nominal": (2003,)}


def test_required_cells_fix_a_sample_that_can_be_computed(panel: pd.DataFrame):
    """A unit that lacks only its nominal GDP of the base year is left out, not computed wrongly."""
    holed = panel.copy()
    holed.loc[("150600", 2003), "gdp_nominal"] = np.nan
    holed.loc[("630100", 2007), "gdp_nominal"] = np.nan  # not needed
    spec = {"index": "control", "measure": "ln_gdp_pc"}
    sample = fix_sample(holed, {"g": required_cells(spec, DEFAULTS, YEARS)}, YEARS, UNITS)
    assert sample.units == ("140100", "370100", "630100")
    assert len(compute_variable(spec, sample.of(holed), DEFAULTS, years=YEARS)) == 15


def test_real_gdp_is_at_prices_of_the_base_year(panel: pd.DataFrame):
    spec = {"index": "control", "measure": "ln_gdp_pc"}
    rebased = calc_rebased(panel["gdp_real"], panel["gdp_nominal"], 2003)
    np.testing.assert_allclose(
        compute_variable(spec, panel, DEFAULTS),
        calc_ln_gdp_per_capita(rebased, panel["pop"]),
        rtol=ROUNDING,
    )
    in_2000 = IndexDefaults(price_base_year=2000)
    assert required_columns(spec, in_2000) == ("gdp_real", "pop")
    np.testing.assert_allclose(
        compute_variable(spec, panel, in_2000),
        calc_ln_gdp_per_capita(panel["gdp_real"], panel["pop"]),
        rtol=ROUNDING,
    )


def test_base_year_changes_prices_by_a_constant_of_the_unit(panel: pd.DataFrame):
    """Under unit effects the base year does not matter."""
    spec = {"index": "control", "measure": "ln_gdp_pc"}
    one, other = (
        compute_variable(spec, panel, IndexDefaults(price_base_year=year)) for year in (2003, 2005)
    )
    assert (one - other).groupby(level="unit").std().max() < ROUNDING * 100
