"""Monotonic trends of short yearly series: slope and test, both by ranks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing

FloatArray = npt.NDArray[np.float64]

LEVEL = 0.95
AUTOCORRELATION_LEVEL = 0.05
"""Autocorrelations that are not significant at this level count as zero (Hamed & Rao 1998)."""
FEWEST_YEARS = 4
"""Three values have six orders: no test of theirs says anything."""


@dataclass(frozen=True, slots=True)
class SenSlope:
    """Slope of Theil and Sen.

    Attributes
    ----------
    slope : float
        Unit of the series per year.
    lower, upper : float
        Confidence limits (Sen 1968).
    """

    slope: float
    lower: float
    upper: float


@dataclass(frozen=True, slots=True)
class MannKendall:
    """Test of Mann and Kendall.

    Attributes
    ----------
    score : float
        S, pairs of years that rise less those that fall.
    variance : float
        Of S without trend, with the correction where it was asked for.
    correction : float
        Factor of the variance for serial correlation; 1 without.
    tau : float
        Kendall's tau-b.
    z : float
        Standard normal without trend.
    p_value : float
        Two-sided.
    n_years : int
    """

    score: float
    variance: float
    correction: float
    tau: float
    z: float
    p_value: float
    n_years: int


def calc_sen_slope(
    series: pd.Series, level: float = LEVEL, *, serial_correlation: bool = False
) -> SenSlope:
    """Median of the slopes between all pairs of years, with its interval.

    b = med_{t<u} (y_u − y_t)/(u − t)  (Theil 1950; Sen 1968, JASA 63:1379-1389). Of the N slopes in
    order the limits are those of ranks (N ∓ z √Var S)/2, z the normal quantile of the level and
    Var S that of `calc_mann_kendall`: with serial correlation the corrected one, so that test and
    interval rest on the same variance. A rank beyond the first or the last slope counts as that.

    Parameters
    ----------
    series : Series, index year
        In any order; years may be missing where serial correlation is not allowed for.
    level : float
        Of the confidence limits.
    serial_correlation : bool

    Raises
    ------
    DataError
        If there are fewer than `FEWEST_YEARS`, a year stands twice, or a value is not finite; if
        years are missing where lags are needed.
    """
    from scipy.stats import norm

    years, values = _checked(series)
    slopes = _pair_slopes(years, values)
    factor = _variance_factor(years, values) if serial_correlation else 1.0
    width = norm.ppf(0.5 + level / 2) * np.sqrt(_score_variance(values) * factor)
    lower = max(round((len(slopes) - width) / 2) - 1, 0)
    upper = min(round((len(slopes) + width) / 2), len(slopes) - 1)
    return SenSlope(float(np.median(slopes)), float(slopes[lower]), float(slopes[upper]))


def calc_mann_kendall(series: pd.Series, *, serial_correlation: bool = False) -> MannKendall:
    """Test of a monotonic trend.

    S = Σ_{t<u} sgn(y_u − y_t);  Var S = [n(n−1)(2n+5) − Σ_g t_g(t_g−1)(2t_g+5)]/18 over ties of
    t_g equal values;  z = (S − sgn S)/√Var S  (Mann 1945; Kendall 1975).

    With serial correlation the variance is multiplied by
    1 + 2/(n(n−1)(n−2)) Σ_k (n−k)(n−k−1)(n−k−2) r_k, r_k the autocorrelation at lag k of the ranks
    of y_t − b·t with b the slope of Sen, where |r_k| > 1.96/√n, else zero (Hamed & Rao 1998,
    J. Hydrology 204:182-196). A factor below 1 counts as 1: in series of some twenty
    years high lags are negative by chance, and 9 % of independent series would pass a test at 5 %.
    Of autoregressive ones too many still do: 16 % at 0.4 and 30 % at 0.7, 17 % and 37 % without.

    Parameters
    ----------
    series : Series, index year
        In any order; without gaps where serial correlation is allowed for.
    serial_correlation : bool

    Raises
    ------
    DataError
        As in `calc_sen_slope`; if years are missing where lags are needed, they are named.
    """
    from scipy.stats import kendalltau, norm

    years, values = _checked(series)
    n = len(values)
    score = float(np.sign(values[None, :] - values[:, None])[np.triu_indices(n, k=1)].sum())
    variance = _score_variance(values)
    correction = _variance_factor(years, values) if serial_correlation else 1.0
    if variance == 0:
        return MannKendall(0.0, 0.0, 1.0, 0.0, 0.0, 1.0, n)
    z = float((score - np.sign(score)) / np.sqrt(variance * correction))
    tau = float(kendalltau(years, values).statistic)
    return MannKendall(
        score, variance * correction, correction, tau, z, float(2 * norm.sf(abs(z))), n
    )


def _pair_slopes(years: FloatArray, values: FloatArray) -> FloatArray:
    """Slopes between all pairs of years, the smallest first."""
    earlier, later = np.triu_indices(len(values), k=1)
    slopes = (values[later] - values[earlier]) / (years[later] - years[earlier])
    return np.sort(slopes)


def _score_variance(values: FloatArray) -> float:
    """Variance of S without trend, with ties."""
    ties = np.unique(values, return_counts=True)[1]
    return _pairs_variance(np.array([len(values)])) - _pairs_variance(ties)


def _pairs_variance(sizes: npt.NDArray[np.int_]) -> float:
    return float((sizes * (sizes - 1) * (2 * sizes + 5)).sum() / 18)


def _variance_factor(years: FloatArray, values: FloatArray) -> float:
    """Factor of the variance of S for serial correlation, one at least."""
    from scipy.stats import norm, rankdata

    lacking = sorted(set(range(int(years[0]), int(years[-1]) + 1)) - set(years.astype(int)))
    if lacking:
        raise DataError(
            f"serial correlation needs a series without gaps; missing: {listing(lacking)}. Fill "
            "these years, or test without serial correlation"
        )
    n = len(values)
    ranks = rankdata(values - np.median(_pair_slopes(years, values)) * (years - years[0]))
    deviations = ranks - ranks.mean()
    if not deviations.any():
        return 1.0
    lags = np.arange(1, n)
    sums = np.correlate(deviations, deviations, mode="full")[n:]
    found = sums / (deviations @ deviations)
    counted = np.abs(found) > norm.ppf(1 - AUTOCORRELATION_LEVEL / 2) / np.sqrt(n)
    terms = (n - lags) * (n - lags - 1) * (n - lags - 2) * np.where(counted, found, 0.0)
    return max(1.0, float(1 + 2 * terms.sum() / (n * (n - 1) * (n - 2))))


def _checked(series: pd.Series) -> tuple[FloatArray, FloatArray]:
    """Years and values, in order."""
    ordered = series.sort_index()
    if len(ordered) < FEWEST_YEARS:
        raise DataError(
            f"a trend needs {FEWEST_YEARS} years at least, got {len(ordered)}: "
            f"{listing(ordered.index)}"
        )
    twice = ordered.index[ordered.index.duplicated()]
    if len(twice):
        raise DataError(f"a trend needs one value a year; several in {listing(twice.unique())}")
    values = ordered.to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"a trend needs finite values; none in {listing(ordered.index[bad])}")
    return ordered.index.to_numpy(dtype=np.float64), values
