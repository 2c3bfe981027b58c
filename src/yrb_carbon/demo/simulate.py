"""Simulation of the demonstration study, in the order in which numbers reach the files.

Counts are whole before anything is computed from them: x comes from whole persons, the mediators
from the realised x, the second mediator from whole patents, the outcome from the realised
mediators. What a reader gets back is therefore what the equations were fed with.

Unit and year effects are free in a two-way model: a core path A^-1 (Z delta + e) may be moved by
any constant a unit and any constant a year without touching a parameter (W iota = iota). Levels
and trends are set that way to the moments of the real panel, and kept inside plausible ranges.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from statistics import NormalDist
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.demo.moments import Moments, moments_of
from yrb_carbon.demo.parameters import (
    MEDIATORS,
    REACH_COLUMN,
    YEARS,
    Equation,
    Truth,
)

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

DRY_MATTER = 1.62 / 0.45
"""t CO2 per t C of NPP, by way of dry matter."""

T = len(YEARS)
PERSONS = 1e4
"""Persons in the unit of population tables, 10^4 persons."""

CITY_PATENTS = 2.5
"""All patents of a city against green patents of its province, per head and in logs: the scale of
levels and trend of m2, for which the real panel has only the latter."""

MINING_SPREAD = 12.0
"""Largest mean location quotient of a unit: a mining share of 20 %."""

LARGEST_SHARE = 0.6
"""Largest mining share of employment."""

FLOOR_M1, FLOOR_M2 = 0.12, 0.05
NPP_RANGE = (62.0, 890.0)
CO2_RANGE = (1.05, 148.0)
"""gC/m2/a and Mt: what MODIS and inventories print for these units."""

GDP_DECIMALS, NPP_DECIMALS, CO2_DECIMALS = 8, 10, 3
"""Decimals in the files, of 10^8 yuan, gC/m2/a, t: far below the errors of the equations."""

DEFLATOR_BASE = 2003
"""Prices stand still from 2000 to this year, so that both base years give the same real values."""


class Draws:
    """Standard normal numbers keyed by block, replicate and unit: no order of units matters.

    Parameters
    ----------
    seed : int
    codes : sequence of str
        6-digit codes of the units, one column each.
    """

    def __init__(self, seed: int, codes: Sequence[str]) -> None:
        self.seed = seed
        self.codes = tuple(codes)

    def normal(self, block: str, size: int = T, replicate: int = 0) -> FloatArray:
        """Array (size, N); the same block and replicate give the same numbers again."""
        key = zlib.crc32(block.encode())
        columns = [
            np.random.default_rng(
                np.random.SeedSequence(self.seed, spawn_key=(key, replicate, int(code)))
            ).standard_normal(size)
            for code in self.codes
        ]
        return np.stack(columns, axis=1)


@dataclass(frozen=True, slots=True)
class Design:
    """What the system takes as given; arrays are (T, N), years x units, unless said otherwise.

    Attributes
    ----------
    units : DataFrame, index `unit`
        Sorted; reach, resource class, area and the like.
    weights : array (N, N)
        Row-standardised on the linked units; a row of zeros for units outside the study's set.
    persons, emp_total, emp_mining : int arrays
        Persons.
    gdp_real, gdp_nominal : arrays
        10^8 yuan, at the prices of 2000 and current.
    primary_share : array
        Primary value added over GDP.
    deflator : array (T,)
        2000 = 1, the same for all units.
    nat_emp_total, nat_emp_mining : arrays (T,)
        10^4 persons.
    lq, ln_pgdp, ln_density : arrays
        Indices computed from the above.
    """

    units: pd.DataFrame
    weights: FloatArray
    persons: IntArray
    emp_total: IntArray
    emp_mining: IntArray
    gdp_real: FloatArray
    gdp_nominal: FloatArray
    primary_share: FloatArray
    deflator: FloatArray
    nat_emp_total: FloatArray
    nat_emp_mining: FloatArray
    lq: FloatArray
    ln_pgdp: FloatArray
    ln_density: FloatArray

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes of the units, sorted."""
        return tuple(str(unit) for unit in self.units.index)


@dataclass(frozen=True, slots=True)
class System:
    """One realisation; arrays are (T, N).

    Attributes
    ----------
    design : Design
    gdp2, gdp3 : arrays
        Secondary and tertiary value added, 10^8 yuan, current prices.
    patents : int array
        Patents granted.
    npp : array
        gC/m2/a.
    co2 : array
        t.
    m1, m2, m3, cb : arrays
        Indices computed from the above.
    """

    design: Design
    gdp2: FloatArray
    gdp3: FloatArray
    patents: IntArray
    npp: FloatArray
    co2: FloatArray
    m1: FloatArray
    m2: FloatArray
    m3: FloatArray
    cb: FloatArray

    def frame(self, units: Sequence[str] | None = None) -> pd.DataFrame:
        """Indices as a long table, index (unit, year), of some units or all."""
        design = self.design
        columns = {
            "cb": self.cb,
            "lq": design.lq,
            "m1": self.m1,
            "m2": self.m2,
            "m3": self.m3,
            "ln_pgdp": design.ln_pgdp,
            "ln_density": design.ln_density,
        }
        index = pd.MultiIndex.from_product([design.codes, YEARS], names=["unit", "year"])
        table = pd.DataFrame({k: v.T.ravel() for k, v in columns.items()}, index=index)
        return table if units is None else table.loc[list(units)]


def centre(values: FloatArray) -> FloatArray:
    """Two-way within deviations of a (T, N) array: v - unit mean - year mean + mean."""
    one_way = values - values.mean(axis=0)
    return np.asarray(one_way - one_way.mean(axis=1, keepdims=True), dtype=float)


def ar1_paths(shocks: FloatArray, phi: float) -> FloatArray:
    """Stationary AR(1) paths of unit variance from standard normal shocks (T, N)."""
    paths = np.empty_like(shocks)
    paths[0] = shocks[0]
    for t in range(1, len(shocks)):
        paths[t] = phi * paths[t - 1] + np.sqrt(1.0 - phi**2) * shocks[t]
    return paths


def lag(weights: FloatArray, values: FloatArray) -> FloatArray:
    """Spatial lag of each year: row t of the result is W v_t."""
    return values @ weights.T


def filter_back(rho: float, weights: FloatArray, values: FloatArray) -> FloatArray:
    """(I - rho W)^-1 v_t for each year."""
    return np.asarray(
        np.linalg.solve(np.eye(weights.shape[0]) - rho * weights, values.T).T, dtype=float
    )


def set_sd(values: FloatArray, sd: float) -> FloatArray:
    """Two-way deviations, scaled to a pooled standard deviation."""
    deviations = centre(values)
    return np.asarray(deviations * (sd / deviations.std()), dtype=float)


def standard_by_reach(values: FloatArray, reach: Sequence[str]) -> FloatArray:
    """Scores of units (N,) with mean 0 and s.d. 1 within each reach."""
    series = pd.Series(values)
    groups = series.groupby(np.asarray(reach))
    return ((series - groups.transform("mean")) / groups.transform("std")).to_numpy()


def simulate_design(
    seed: int, units: pd.DataFrame, weights: FloatArray, moments: Mapping[str, Any]
) -> Design:
    """Draw what the system takes as given.

    Parameters
    ----------
    seed : int
    units : DataFrame, index `unit`, sorted
        Columns reach_V1, resource_class, is_capital, area_km2.
    weights : array (N, N)
    moments : mapping
        Table of `read_moments`.
    """
    draws = Draws(seed, [str(unit) for unit in units.index])
    area = units["area_km2"].to_numpy(dtype=float)
    persons = _draw_persons(draws, units, weights, moments)
    ln_density = np.log(persons / area)
    gdp_real = _draw_gdp(draws, units, weights, moments, persons)
    ln_pgdp = np.log(gdp_real * 1e8 / persons)
    deflator = calc_deflator()
    nat_total, nat_mining = national_employment()
    emp_total, emp_mining = _draw_employment(
        draws, units, weights, moments, persons, nat_mining / nat_total
    )
    reference = (nat_mining / nat_total)[:, None]
    return Design(
        units=units,
        weights=weights,
        persons=persons,
        emp_total=emp_total,
        emp_mining=emp_mining,
        gdp_real=gdp_real,
        gdp_nominal=np.round(gdp_real * deflator[:, None], GDP_DECIMALS),
        primary_share=_draw_primary_share(draws, ln_pgdp),
        deflator=deflator,
        nat_emp_total=nat_total,
        nat_emp_mining=nat_mining,
        lq=(emp_mining / emp_total) / reference,
        ln_pgdp=ln_pgdp,
        ln_density=ln_density,
    )


def calc_deflator(years: Sequence[int] = YEARS) -> FloatArray:
    """Price level, 2000 = 1: flat to 2003, then 3.5 % a year to 2012 and 1 % after."""
    level = [
        1.035 ** max(0, min(year, 2012) - DEFLATOR_BASE) * 1.01 ** max(0, year - 2012)
        for year in years
    ]
    return np.round(np.array(level), 7)


def national_employment(years: Sequence[int] = YEARS) -> tuple[FloatArray, FloatArray]:
    """Total and mining employment of the country, 10^4 persons, whole numbers."""
    year = np.asarray(years, dtype=float)
    total = np.round(73500.0 + 290.0 * (year - 2003))
    mining = np.round(1150.0 + 230.0 * np.exp(-(((year - 2010) / 5.0) ** 2)))
    return total, mining


def _reach_levels(moments: Moments, reach: pd.Series, scores: FloatArray) -> FloatArray:
    return reach.map(dict(moments.reach_mean)).to_numpy(dtype=float) + moments.sd_between * scores


def _draw_persons(
    draws: Draws, units: pd.DataFrame, weights: FloatArray, moments: Mapping[str, Any]
) -> IntArray:
    """Population: large units are thin, with the slope of the real panel."""
    own = moments_of(moments, "ln_density")
    relation = moments["ln_density_on_ln_area_in_reach"]
    reach = units[REACH_COLUMN]
    area = units["area_km2"].to_numpy(dtype=float)
    mean_ln_area = reach.map(moments["mean_ln_area_by_reach"]).to_numpy(dtype=float)
    score = standard_by_reach(draws.normal("density level", 1)[0], reach.tolist())
    level = (
        reach.map(dict(own.reach_mean)).to_numpy(dtype=float)
        + relation["slope"] * (np.log(area) - mean_ln_area)
        + relation["sd"] * score
    )
    paths = filter_back(0.3, weights, ar1_paths(draws.normal("density"), 0.95))
    ln_density = level + np.array(own.year)[:, None] + set_sd(paths, own.sd_within)
    return np.asarray(np.maximum(np.rint(np.exp(ln_density) * area), 1.0), dtype=np.int64)


def _draw_gdp(
    draws: Draws,
    units: pd.DataFrame,
    weights: FloatArray,
    moments: Mapping[str, Any],
    persons: IntArray,
) -> FloatArray:
    """Real GDP, 10^8 yuan at the prices of 2000."""
    own = moments_of(moments, "ln_pgdp")
    score = standard_by_reach(draws.normal("income level", 1)[0], units[REACH_COLUMN].tolist())
    paths = filter_back(0.3, weights, ar1_paths(draws.normal("income"), 0.95))
    ln_pgdp = (
        _reach_levels(own, units[REACH_COLUMN], score)
        + np.array(own.year)[:, None]
        + set_sd(paths, own.sd_within)
    )
    return np.asarray(np.round(np.exp(ln_pgdp) * persons / 1e8, GDP_DECIMALS), dtype=float)


def _draw_primary_share(draws: Draws, ln_pgdp: FloatArray) -> FloatArray:
    """Primary share of GDP: falls with income, between 2 and 45 %."""
    noise = draws.normal("primary level", 1)[0]
    return np.asarray(np.clip(0.16 - 0.08 * (ln_pgdp - 9.8) + 0.04 * noise, 0.02, 0.45))


def _draw_mining_levels(
    draws: Draws, units: pd.DataFrame, moments: Mapping[str, Any]
) -> FloatArray:
    """Mean location quotient of each unit: skewed, with units that have no mining at all.

    Resource cities and the others are drawn from log-normal distributions with the moments of the
    real coal quotient. Employment covers all mining, so that a third of the units without coal
    have no mining, and reach means lie halfway (in logs) between those of coal and the basin's.
    """
    coal = moments["lq"]
    score = draws.normal("mining level", 1)[0]
    chance = draws.normal("mining absent", 1)[0]
    level = np.zeros(len(units))
    normal = NormalDist()
    for i, kind in enumerate(units["resource_class"]):
        group = coal["class"]["none" if kind == "none" else "resource"]
        if normal.cdf(chance[i]) >= group["share_zero"] / 3.0:
            level[i] = np.exp(group["mean_log"] + group["sd_log"] * np.clip(score[i], -1.8, 1.8))
    overall = float(np.mean(list(coal["reach_mean"].values())))
    for name, mean in coal["reach_mean"].items():
        members = (units[REACH_COLUMN] == name).to_numpy()
        if level[members].sum() > 0:
            level[members] *= np.sqrt(mean * overall) / level[members].mean()
    return np.minimum(level, MINING_SPREAD)


def _draw_employment(
    draws: Draws,
    units: pd.DataFrame,
    weights: FloatArray,
    moments: Mapping[str, Any],
    persons: IntArray,
    national_share: FloatArray,
) -> tuple[IntArray, IntArray]:
    """Total and mining employment, persons.

    The latent quotient is level + scale * AR(1); what falls below zero is zero mining.
    """
    coal = moments["lq"]
    level = _draw_mining_levels(draws, units, moments)
    curve = coal["log_sd_within_on_log_mean"]
    scale = np.where(level > 0, level, 0.0) ** curve["slope"]
    paths = centre(filter_back(0.4, weights, ar1_paths(draws.normal("mining"), 0.85)))
    deviations = centre(scale * paths)
    scale = scale * (coal["sd_within"] / deviations.std())
    latent = np.maximum(level + np.array(coal["year"])[:, None] * (level > 0) + scale * paths, 0.0)

    rate_noise = draws.normal("employment level", 1)[0]
    rate = 0.13 * np.exp(0.2 * np.clip(rate_noise, -2.0, 2.0))
    growth = 1.0 + 0.012 * np.arange(T)[:, None]
    wobble = np.exp(0.02 * ar1_paths(draws.normal("employment"), 0.7))
    total = np.maximum(np.rint(persons * rate * growth * wobble), 1000.0)
    share = np.minimum(latent * national_share[:, None], LARGEST_SHARE)
    return total.astype(np.int64), np.rint(share * total).astype(np.int64)


def draw_errors(draws: Draws, truth: Truth, replicate: int) -> dict[str, FloatArray]:
    """Errors of every equation: AR(1) within a unit, correlated between the mediators only."""
    shocks = [draws.normal(f"error {name}", T, replicate) for name in MEDIATORS]
    correlation = np.full((len(MEDIATORS), len(MEDIATORS)), truth.mediator_error_correlation)
    np.fill_diagonal(correlation, 1.0)
    root = np.linalg.cholesky(correlation)
    errors: dict[str, FloatArray] = {}
    for k, equation in enumerate(truth.mediators):
        mixed = sum((root[k, j] * shocks[j] for j in range(k + 1)), np.zeros_like(shocks[0]))
        errors[equation.outcome] = equation.sigma * ar1_paths(mixed, truth.error_ar1)
    own = draws.normal(f"error {truth.outcome.outcome}", T, replicate)
    errors[truth.outcome.outcome] = truth.outcome.sigma * ar1_paths(own, truth.error_ar1)
    return errors


def calc_core(
    equation: Equation,
    weights: FloatArray,
    regressors: Mapping[str, FloatArray],
    error: FloatArray,
    factors: Mapping[str, FloatArray] | None = None,
) -> FloatArray:
    """Two-way deviations of A^-1 (Z delta + e), (T, N).

    `factors` (T, N) multiply what a regressor and its lag add to each unit-year.
    """
    signal = error.copy()
    for name, own, lagged in equation.slopes:
        added = own * regressors[name] + lagged * lag(weights, regressors[name])
        signal += added if factors is None else factors[name] * added
    return centre(filter_back(equation.rho, weights, signal))


def calc_factors(
    truth: Truth, equation: Equation, reach: Sequence[str]
) -> dict[str, FloatArray] | None:
    """Factors of an equation's slopes by year and unit (T, N); None when all are one."""
    differing = truth.heterogeneity
    if differing is None:
        return None
    return {
        name: np.stack(
            [
                differing.factors((equation.outcome, name), differing.period_of(year), reach)
                for year in YEARS
            ]
        )
        for name in equation.regressors
    }


def simulate_system(
    design: Design, truth: Truth, seed: int, moments: Mapping[str, Any], replicate: int = 0
) -> System:
    """Draw errors and solve the system, mediators first.

    Parameters
    ----------
    design : Design
    truth : Truth
    seed : int
    moments : mapping
        Table of `read_moments`.
    replicate : int
        0 is the committed demonstration; others draw other errors for the same design.
    """
    draws = Draws(seed, design.codes)
    errors = draw_errors(draws, truth, replicate)
    units, weights = design.units, design.weights
    reach = units[REACH_COLUMN].tolist()
    known: dict[str, FloatArray] = {
        "lq": design.lq,
        "ln_pgdp": design.ln_pgdp,
        "ln_density": design.ln_density,
    }
    by_name = {equation.outcome: equation for equation in truth.mediators}

    def path(name: str, scale: float = 1.0) -> FloatArray:
        own = moments_of(moments, name)
        score = standard_by_reach(draws.normal(f"{name} level", 1)[0], reach)
        level = scale * _reach_levels(own, units[REACH_COLUMN], score)
        factors = calc_factors(truth, by_name[name], reach)
        core = calc_core(by_name[name], weights, known, errors[name], factors)
        return np.asarray(level + scale * np.array(own.year)[:, None] + core)

    m1 = _lift(path("m1"), FLOOR_M1)
    rest = (1.0 - design.primary_share) * design.gdp_nominal
    gdp2 = np.round(rest / (1.0 + m1), GDP_DECIMALS)
    gdp3 = np.round(rest * m1 / (1.0 + m1), GDP_DECIMALS)
    m1 = gdp3 / gdp2

    m2 = _lift(path("m2", CITY_PATENTS), FLOOR_M2)
    patents = np.rint(design.persons / PERSONS * np.expm1(m2)).astype(np.int64)
    m2 = np.log1p(patents / (design.persons / PERSONS))

    low, high = (np.log(bound * DRY_MATTER) for bound in NPP_RANGE)
    m3 = _cap(_lift(path("m3"), low), high)
    npp = np.round(np.exp(m3) / DRY_MATTER, NPP_DECIMALS)
    m3 = np.log(npp * DRY_MATTER)

    known |= {"m1": m1, "m2": m2, "m3": m3}
    area = units["area_km2"].to_numpy(dtype=float)
    ln_sink = m3 + np.log(area) - np.log(1e6)
    factors = calc_factors(truth, truth.outcome, reach)
    core = calc_core(truth.outcome, weights, known, errors[truth.outcome.outcome], factors)
    level = ln_sink.mean(axis=0) - _draw_emission_levels(draws, design, moments)
    cb = level + np.array(moments_of(moments, "cb").year)[:, None] + core
    low, high = (np.log(bound) for bound in CO2_RANGE)
    ln_co2 = _cap(_lift(ln_sink - cb, low), high)
    co2 = np.round(np.exp(ln_co2) * 1e6, CO2_DECIMALS)
    cb = ln_sink - np.log(co2 / 1e6)
    return System(design, gdp2, gdp3, patents, npp, co2, m1, m2, m3, cb)


def _draw_emission_levels(draws: Draws, design: Design, moments: Mapping[str, Any]) -> FloatArray:
    """Mean log emissions of each unit, Mt: along the real panel's line on log GDP."""
    relation = moments["ln_co2_on_ln_gdp"]
    score = draws.normal("emission level", 1)[0]
    ln_gdp = np.log(design.gdp_real).mean(axis=0)
    return np.asarray(
        moments["mean_ln_co2"]
        + relation["slope"] * (ln_gdp - moments["mean_ln_gdp"])
        + relation["sd"] * np.clip(score, -2.0, 2.0)
    )


def _lift(values: FloatArray, floor: float) -> FloatArray:
    """Move whole units up, so that no year is below the floor."""
    return np.asarray(values + np.maximum(floor - values.min(axis=0), 0.0))


def _cap(values: FloatArray, ceiling: float) -> FloatArray:
    """Move whole units down, so that no year is above the ceiling."""
    return np.asarray(values - np.maximum(values.max(axis=0) - ceiling, 0.0))
