"""Trends against scipy, formulas written out and hand computations."""

from __future__ import annotations

import itertools

import numpy as np
import pandas as pd
import pytest
from scipy.stats import kendalltau, norm, theilslopes

from yrb_carbon.errors import DataError
from yrb_carbon.indices.trend import calc_mann_kendall, calc_sen_slope

ROUNDING = 1e-12
N_YEARS = 22
REPLICATIONS = 1500
NOMINAL = 0.05
MOST_ERRORS = 3.5
"""Monte Carlo standard errors that a share may be off."""


def yearly(*values: float, first: int = 2000) -> pd.Series:
    return pd.Series(values, index=range(first, first + len(values)), dtype=float)


def noise(seed: int, phi: float = 0.0, n: int = N_YEARS) -> pd.Series:
    shocks = np.random.default_rng(seed).standard_normal(n + 30)
    values = list(itertools.accumulate(shocks, lambda last, shock: phi * last + shock))
    return yearly(*values[-n:])


def test_slope_is_the_median_of_all_pairs():
    series = noise(1, 0.5)
    slopes = [(v - u) / (b - a) for (a, u), (b, v) in itertools.combinations(series.items(), 2)]
    found = calc_sen_slope(series)
    assert found.slope == pytest.approx(np.median(slopes), abs=ROUNDING)
    assert found.lower < found.slope < found.upper


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [0, 6])
def test_slope_and_limits_are_those_of_scipy(seed, digits):
    series = noise(seed, 0.6).round(digits)
    for level in (0.8, 0.95):
        found = calc_sen_slope(series, level)
        peer = theilslopes(series, series.index, alpha=level)
        assert found.slope == pytest.approx(peer.slope, abs=ROUNDING)
        limits = (peer.low_slope, peer.high_slope)
        assert (found.lower, found.upper) == pytest.approx(limits, abs=ROUNDING)


def test_limits_by_hand():
    """Ten slopes of 0, 1, 3, 6, 10; (10 -+ 1.96 sqrt(5 x 4 x 15/18))/2 = 1, 9: the outermost."""
    found = calc_sen_slope(yearly(0, 1, 3, 6, 10))
    assert (found.lower, found.slope, found.upper) == (1.0, 2.5, 4.0)


def test_limits_rest_on_the_variance_of_the_test():
    """With serial correlation the interval widens as the standard error of S does."""
    wider = 0
    for seed in range(40):
        series = noise(seed, 0.7)
        plain, allowed = calc_sen_slope(series), calc_sen_slope(series, serial_correlation=True)
        assert allowed.slope == plain.slope
        assert allowed.lower <= plain.lower <= plain.upper <= allowed.upper
        correction = calc_mann_kendall(series, serial_correlation=True).correction
        # a level at which the quantile is larger by the root of the correction
        level = 2 * norm.cdf(norm.ppf(0.975) * np.sqrt(correction)) - 1
        assert allowed == calc_sen_slope(series, level)
        wider += allowed != plain
    assert wider >= 10


def test_slope_of_a_line_with_missing_years_and_one_outlier():
    series = yearly(*(3.0 + 0.25 * t for t in range(20))).drop([2005, 2014])
    series[2009] = 1e6
    assert calc_sen_slope(series).slope == pytest.approx(0.25, abs=ROUNDING)


def test_score_by_hand():
    """Of 6 pairs of 1, 3, 2, 2 four rise, one falls twice and one is equal: S = 3 - 2 = 1."""
    found = calc_mann_kendall(yearly(1, 3, 2, 2))
    assert found.score == 1
    assert found.variance == pytest.approx((4 * 3 * 13 - 2 * 1 * 9) / 18, abs=ROUNDING)
    assert found.z == 0.0
    assert found.p_value == 1.0


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("digits", [0, 6])
def test_score_and_variance_are_those_of_scipy(seed, digits):
    """scipy's asymptotic z is S/sqrt(Var S), without the continuity correction."""
    series = noise(seed, 0.6).round(digits)
    found = calc_mann_kendall(series)
    peer = kendalltau(series.index, series, method="asymptotic")
    assert found.tau == pytest.approx(peer.statistic, abs=ROUNDING)
    plain = found.score / np.sqrt(found.variance)
    assert 2 * norm.sf(abs(plain)) == pytest.approx(peer.pvalue, rel=1e-9)
    continuous = (abs(found.score) - 1) / np.sqrt(found.variance) if found.score else 0.0
    assert abs(found.z) == pytest.approx(continuous, abs=ROUNDING)


def test_a_constant_series_has_no_trend():
    for serial_correlation in (False, True):
        found = calc_mann_kendall(yearly(*[2.5] * 10), serial_correlation=serial_correlation)
        assert (found.score, found.z, found.p_value, found.tau) == (0.0, 0.0, 1.0, 0.0)


def test_a_straight_line_has_nothing_left_to_correlate():
    line = yearly(*range(12))
    assert calc_mann_kendall(line, serial_correlation=True).correction == 1.0


def test_signs_and_order():
    rising = noise(2) + 0.5 * np.arange(N_YEARS)
    up, down = calc_mann_kendall(rising), calc_mann_kendall(-rising)
    assert up.z > 0
    assert up.z == pytest.approx(-down.z, abs=ROUNDING)
    assert up.p_value == down.p_value < 0.001
    shuffled = rising.sample(frac=1.0, random_state=0)
    for serial_correlation in (False, True):
        one = calc_mann_kendall(rising, serial_correlation=serial_correlation)
        assert one == calc_mann_kendall(shuffled, serial_correlation=serial_correlation)
    assert calc_sen_slope(shuffled) == calc_sen_slope(rising)


def test_serial_correlation_never_makes_a_trend_more_certain():
    factors = []
    for seed in range(40):
        series = noise(seed, 0.7)
        plain = calc_mann_kendall(series)
        corrected = calc_mann_kendall(series, serial_correlation=True)
        assert corrected.p_value >= plain.p_value
        assert corrected.variance == pytest.approx(plain.variance * corrected.correction)
        factors.append(corrected.correction)
    assert min(factors) == 1.0
    assert sum(factor > 1.5 for factor in factors) >= 10


@pytest.mark.slow
@pytest.mark.parametrize("serial_correlation", [False, True])
def test_size_of_independent_series(serial_correlation):
    rejected = np.mean(
        [
            calc_mann_kendall(noise(seed), serial_correlation=serial_correlation).p_value < NOMINAL
            for seed in range(REPLICATIONS)
        ]
    )
    error = np.sqrt(NOMINAL * (1 - NOMINAL) / REPLICATIONS)
    assert rejected == pytest.approx(NOMINAL, abs=MOST_ERRORS * error)


@pytest.mark.parametrize(
    ("series", "words"),
    [
        (yearly(1, 2, 3), "4 years at least, got 3: 2000, 2001, 2002"),
        (yearly(1, np.nan, 3, 4), "none in 2001"),
        (pd.Series([1.0, 2, 3, 4], index=[2000, 2000, 2001, 2002]), "several in 2000"),
    ],
)
@pytest.mark.parametrize("measure", [calc_sen_slope, calc_mann_kendall])
def test_series_without_a_trend_are_refused(series, words, measure):
    with pytest.raises(DataError, match=words):
        measure(series)


def test_lags_need_every_year():
    series = noise(3).drop([2014, 2018])
    assert calc_mann_kendall(series).n_years == N_YEARS - 2
    with pytest.raises(DataError, match="without gaps; missing: 2014, 2018"):
        calc_mann_kendall(series, serial_correlation=True)


@pytest.mark.parametrize("calc", [calc_sen_slope, calc_mann_kendall])
def test_a_constant_series_with_a_gap_is_refused_where_lags_are_needed(calc):
    series = yearly(1, 1, 1, 1, 1).drop(2002)
    calc(series)
    with pytest.raises(DataError, match="missing: 2002"):
        calc(series, serial_correlation=True)
