"""Identities of the indices, on random panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from yrb_carbon.indices.agglomeration import (
    calc_basin_reference,
    calc_density,
    calc_entropy,
    calc_herfindahl,
    calc_location_quotient,
)
from yrb_carbon.indices.balance import calc_balance, calc_esc, calc_norm, calc_ratio
from yrb_carbon.indices.mediators import (
    ANGLE_MAXIMUM,
    ANGLE_MINIMUM,
    calc_structure_angle,
    calc_structure_level,
    calc_theil,
)
from yrb_carbon.indices.sinks import calc_npp_sink
from yrb_carbon.panel.schema import load_dictionary

UNITS, YEARS = 6, 3
# No deadline, for other jobs share the machine; the same examples in every run.
steady = settings(deadline=None, derandomize=True, max_examples=60)
# Sums and quotients of a few dozen numbers between 1e-3 and 1e3.
ROUNDING = 1e-11
# Angles and logs next to the bounds.
EDGE = 1e-9

INDEX = pd.MultiIndex.from_product(
    [[f"14{unit:02d}00" for unit in range(1, UNITS + 1)], range(2003, 2003 + YEARS)],
    names=["unit", "year"],
)


def positive(count: int = UNITS * YEARS) -> st.SearchStrategy[np.ndarray]:
    return arrays(float, count, elements=st.floats(1e-3, 1e3))


def series() -> st.SearchStrategy[pd.Series]:
    return positive().map(lambda values: pd.Series(values, index=INDEX))


def series_with_zeros() -> st.SearchStrategy[pd.Series]:
    numbers = st.one_of(st.just(0.0), st.floats(1e-3, 1e3))
    return arrays(float, UNITS * YEARS, elements=numbers).map(
        lambda values: pd.Series(values, index=INDEX)
    )


@steady
@given(sink=series(), emissions=series())
def test_ln_esc_is_ln_ratio_minus_a_constant_of_the_year(sink: pd.Series, emissions: pd.Series):
    gap = np.log(calc_ratio(sink, emissions)) - np.log(calc_esc(sink, emissions))
    by_year = gap.groupby(level="year")
    assert (by_year.max() - by_year.min()).max() < ROUNDING
    totals = np.log(sink.groupby(level="year").sum() / emissions.groupby(level="year").sum())
    np.testing.assert_allclose(by_year.mean(), totals, atol=ROUNDING)


@steady
@given(sink=series(), emissions=series())
def test_ratio_and_source_sink_in_logs_are_one_variable(sink: pd.Series, emissions: pd.Series):
    one, other = (
        calc_balance(name, "log", sink=sink, emissions=emissions)
        for name in ("ratio", "source_sink")
    )
    np.testing.assert_allclose(one, other, atol=ROUNDING)


@steady
@given(sink=series(), emissions=series())
def test_norm_is_bounded_and_a_function_of_the_ratio(sink: pd.Series, emissions: pd.Series):
    norm = calc_norm(sink, emissions)
    assert norm.between(-1, 1).all()
    ratio = calc_ratio(sink, emissions)
    np.testing.assert_allclose(norm, (ratio - 1) / (ratio + 1), atol=ROUNDING)


@steady
@given(local=series_with_zeros(), total=series())
def test_weighted_mean_of_the_basin_quotient_is_one(local: pd.Series, total: pd.Series):
    """Weights are the units' shares in all activity of the year."""
    sums, totals = calc_basin_reference(local, total)
    if (sums == 0).any():
        local = local + 1.0
        sums, totals = calc_basin_reference(local, total)
    quotient = calc_location_quotient(local, total, sums, totals)
    weights = total / total.groupby(level="year").transform("sum")
    mean = (quotient * weights).groupby(level="year").sum()
    np.testing.assert_allclose(mean, 1.0, rtol=ROUNDING)


@steady
@given(local=series(), total=series(), national=positive(YEARS), whole=positive(YEARS))
def test_reference_cancels_in_log_differences_between_units(
    local: pd.Series, total: pd.Series, national: np.ndarray, whole: np.ndarray
):
    """Under time effects ln LQ does not depend on the reference."""
    years = INDEX.unique("year")
    one = calc_location_quotient(
        local, total, pd.Series(national, index=years), pd.Series(whole, index=years)
    )
    other = calc_location_quotient(local, total, *calc_basin_reference(local, total))
    demeaned = [
        np.log(lq) - np.log(lq).groupby(level="year").transform("mean") for lq in (one, other)
    ]
    np.testing.assert_allclose(*demeaned, atol=ROUNDING)


@steady
@given(sizes=arrays(float, 7, elements=st.one_of(st.just(0.0), st.floats(1e-3, 1e3))))
def test_herfindahl_and_entropy_are_between_equal_parts_and_one_part(sizes: np.ndarray):
    sizes[0] += 1.0
    index = pd.MultiIndex.from_tuples(
        [("140100", 2003, item) for item in range(len(sizes))], names=["unit", "year", "item"]
    )
    parts = int((sizes > 0).sum())
    herfindahl = calc_herfindahl(pd.Series(sizes, index=index)).iloc[0]
    entropy = calc_entropy(pd.Series(sizes, index=index)).iloc[0]
    assert 1 / parts - EDGE <= herfindahl <= 1 + EDGE
    assert -EDGE <= entropy <= np.log(parts) + EDGE
    # The order-2 Renyi entropy never exceeds the Shannon entropy.
    assert -np.log(herfindahl) <= entropy + EDGE


@steady
@given(first=series_with_zeros(), second=series_with_zeros(), third=series())
def test_structure_indices_stay_in_their_ranges(
    first: pd.Series, second: pd.Series, third: pd.Series
):
    for gdp in ((first, second, third), (third, first, second), (second, third, first)):
        assert calc_structure_angle(*gdp).between(ANGLE_MINIMUM - EDGE, ANGLE_MAXIMUM + EDGE).all()
        assert calc_structure_level(*gdp).between(1 - EDGE, 3 + EDGE).all()


def test_ranges_of_the_angle_are_those_of_the_dictionary():
    allowed = load_dictionary().indices["upgrading.angle"].range
    assert (allowed.minimum, allowed.maximum) == (ANGLE_MINIMUM, ANGLE_MAXIMUM)


@steady
@given(gdp=series(), moved=st.floats(0.01, 0.99), size=st.floats(1e-2, 1e2))
def test_structure_level_and_angle_rise_from_the_second_to_the_third_sector(
    gdp: pd.Series, moved: float, size: float
):
    """Product that moves up the ladder, with no primary sector, raises both."""
    zero = gdp * 0
    for formula in (calc_structure_level, calc_structure_angle):
        before = formula(zero, gdp, gdp * size)
        after = formula(zero, gdp * (1 - moved), gdp * size + gdp * moved)
        assert (after > before).all()


@steady
@given(product=st.tuples(series(), series(), series()), workers=st.floats(0.01, 100.0))
def test_theil_is_zero_when_balanced(
    product: tuple[pd.Series, pd.Series, pd.Series], workers: float
):
    labour = tuple(own * workers for own in product)
    np.testing.assert_allclose(calc_theil(product, labour), 0.0, atol=ROUNDING)


@steady
@given(
    product=st.tuples(series_with_zeros(), series_with_zeros(), series()),
    labour=st.tuples(series(), series(), series()),
)
def test_theil_is_never_above_zero(product: tuple[pd.Series, ...], labour: tuple[pd.Series, ...]):
    """It is a Kullback-Leibler distance with its sign reversed."""
    assert (calc_theil(product, labour) <= EDGE).all()


def merge_by_dictionary(frame: pd.DataFrame, parts: tuple[str, str]) -> pd.DataFrame:
    """Merge the second unit into the first by the aggregation rules of the dictionary."""
    rules = {name: load_dictionary().columns[name].aggregation for name in frame}
    units = frame.index.get_level_values("unit")
    target = pd.Index([parts[0] if unit == parts[1] else unit for unit in units], name="unit")
    keys = [target, frame.index.get_level_values("year")]
    merged = {}
    for name, rule in rules.items():
        if rule == "sum":
            merged[name] = frame[name].groupby(keys).sum()
        else:
            assert rule == "area_mean"
            weighted = (frame[name] * frame["area"]).groupby(keys).sum()
            merged[name] = weighted / frame["area"].groupby(keys).sum()
    return pd.DataFrame(merged)


@steady
@given(npp=series(), area=series(), mining=series(), total=series(), co2=series())
def test_merging_units_sums_first_and_takes_ratios_afterwards(
    npp: pd.Series, area: pd.Series, mining: pd.Series, total: pd.Series, co2: pd.Series
):
    """Laiwu into Jinan: totals do not change, and ratios are those of the sums."""
    frame = pd.DataFrame(
        {"npp": npp, "area": area, "emp_mining": mining, "emp_total": total, "co2_edgar": co2}
    )
    one, two = INDEX.unique("unit")[:2]
    merged = merge_by_dictionary(frame, (one, two))
    for name in ("area", "emp_mining", "emp_total", "co2_edgar"):
        np.testing.assert_allclose(
            merged[name].groupby(level="year").sum(),
            frame[name].groupby(level="year").sum(),
            rtol=ROUNDING,
        )
    sink, sink_merged = (calc_npp_sink(table["npp"], table["area"]) for table in (frame, merged))
    np.testing.assert_allclose(sink_merged[one], sink[one] + sink[two], rtol=ROUNDING)
    ratio = calc_ratio(sink_merged, merged["co2_edgar"])[one]
    own = (sink[one] + sink[two]) / (co2[one] + co2[two])
    np.testing.assert_allclose(ratio, own, rtol=ROUNDING)
    # The quotient of the sums is the mean weighted by all activity, and the rest is untouched.
    before, after = (
        calc_location_quotient(
            table["emp_mining"],
            table["emp_total"],
            *calc_basin_reference(table["emp_mining"], table["emp_total"]),
        )
        for table in (frame, merged)
    )
    weighted = (before[one] * total[one] + before[two] * total[two]) / (total[one] + total[two])
    np.testing.assert_allclose(after[one], weighted, rtol=ROUNDING)
    others = list(INDEX.unique("unit")[2:])
    np.testing.assert_allclose(after[others], before[others], rtol=ROUNDING)
    density = calc_density(merged["emp_mining"], merged["area"])[one]
    expected = (mining[one] + mining[two]) / (area[one] + area[two])
    np.testing.assert_allclose(density, expected, rtol=ROUNDING)
