"""Write the whole demonstration folder: files in the published layouts, and their truth."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.demo.effects import (
    EffectSummary,
    GroupedEffects,
    calc_grouped_effects,
    calc_system_matrices,
)
from yrb_carbon.demo.moments import read_moments
from yrb_carbon.demo.mrio import write_embodied
from yrb_carbon.demo.mrio_parameters import MRIO_YEARS
from yrb_carbon.demo.parameters import (
    CONTROLS,
    FIRST_YEAR,
    LAST_YEAR,
    MEDIATORS,
    OUTCOME,
    PERIODS,
    REACH_COLUMN,
    REACHES,
    TREATMENT,
    TRUTH,
    YEARS,
    Heterogeneity,
    Truth,
)
from yrb_carbon.demo.places import present_units
from yrb_carbon.demo.provincial import write_provincial
from yrb_carbon.demo.research import (
    write_apparent_co2,
    write_coal_mines,
    write_county_co2,
    write_land_cover,
    write_national_employment,
    write_npp,
    write_province_panel,
)
from yrb_carbon.demo.simulate import Design, Draws, simulate_design, simulate_system
from yrb_carbon.demo.tables import Tables
from yrb_carbon.demo.vendor import (
    write_edgar,
    write_exchange_rate,
    write_fdi,
    write_finance,
    write_population,
    write_real_gdp,
    write_roads,
    write_structure,
)
from yrb_carbon.demo.yearbook import write_yearbook
from yrb_carbon.errors import WeightsError, listing
from yrb_carbon.study.units import load_units

if TYPE_CHECKING:
    from yrb_carbon.sources.boundaries import Boundaries

FloatArray = npt.NDArray[np.float64]

DEFAULT_SEED = 20240115

FILES = {
    "city_yearbook": "中国城市统计年鉴面板.xlsx",
    "national_employment": "china_employment.csv",
    "edgar_city": "地级市碳排放强度.xlsx",
    "ceads_county": "1997-2017年中国县级尺度碳排放.CSV",
    "ceads_apparent": "省级碳排放清单_1997-2019.xlsx",
    "industry_structure": "2000-2023地级市产业结构 .xlsx",
    "real_gdp": "296个地级市GDP相关数据（以2000年为基期）.xlsx",
    "population": "298个地级市人口密度1998-2024年无缺失.xlsx",
    "fdi": "1996-2023年地级市外商直接投资FDI.xlsx",
    "roads": "各省+地级市+县级市人均道路面积.xlsx",
    "finance": "金融发展水平（2003-2023）236缺失.xlsx",
    "exchange_rate": "汇率.xlsx",
    "city_npp": "anpp_by_year_by_class_by_city.csv",
    "land_cover": "class_area_by_city_by_year.csv",
    "gem_mines": "Global-Coal-Mine-Tracker-April-2024.xlsx",
    "province_panel": "final_data.1.3.4_did-Desktop.csv",
}
"""Format of the reader -> file in the demonstration folder, named as the published one."""
UNIT_SET = "A"
DIGEST_DECIMALS = 12
"""Decimals of weights and effects that do not depend on the build of LAPACK."""

JIYUAN_AREA = 1931.0
"""km2, for boundaries without Jiyuan, the one present candidate outside set A."""

HETEROGENEITY_NOTES = (
    "heterogeneity.factors multiply a slope and that of its lag (factors of the period and of the "
    "unit's reach, one where none is named); equations hold the slopes before them.",
    "effects and effect_matrices are means over the years, effects_by_period over all units, "
    "effects_by_reach over the rows of the reach and all years.",
    "A model with the same slopes everywhere is not the true one here: its estimates weight the "
    "groups by what varies in them, and are no means over years and units.",
)
"""Notes of truth.json where slopes differ."""

README = f"""SYNTHETIC DEMONSTRATION DATA - 合成演示数据

Every number in this folder is made up by the generator yrb_carbon.demo. The files have the names,
sheets, headers, encodings and oddities of published files, so that a study of them runs through
the same readers as a study of real data. No number describes a real place.

Years {FIRST_YEAR} to {LAST_YEAR}; interregional tables of 31 provinces and 42 sectors and emission
inventories of 30 provinces for {", ".join(map(str, MRIO_YEARS))}. The parameters that the values
were drawn with are in truth.json.
"""


def generate(
    folder: str | Path,
    *,
    seed: int = DEFAULT_SEED,
    boundaries: Boundaries,
    weights: Any = None,
    truth: str | Path | None = None,
    parameters: Truth = TRUTH,
    interregional: bool = True,
) -> tuple[Path, ...]:
    """Write the demonstration inputs and truth.json.

    Parameters
    ----------
    folder : path
        Made when missing; files of the same names are replaced.
    seed : int
        Of all synthetic values; the same seed and boundaries give the same bytes.
    boundaries : Boundaries
        Polygons of at least the units of set A; without Jiyuan's, its mines are left out.
    weights : object with `unique_ids` and `sparse`, optional
        Row-standardised weights of set A; queen contiguity of the polygons by default.
    truth : path, optional
        File of the parameters; `truth.json` in the folder by default.
    parameters : Truth
        Parameters of the system.
    interregional : bool
        Write the interregional tables, emission and energy inventories and provincial series as
        well, and what they hold.

    Returns
    -------
    tuple of Path
        The files, truth.json and README.txt last.

    Raises
    ------
    SourceError
        If a unit has no polygon, or the table of moments is missing.
    WeightsError
        If the weights are not row-standardised over the units of set A.
    """
    target = Path(folder)
    target.mkdir(parents=True, exist_ok=True)
    moments = read_moments()
    design = make_design(boundaries, weights, seed=seed, moments=moments)
    system = simulate_system(design, parameters, seed, moments)
    tables = Tables(system, Draws(seed, design.codes))
    path = {name: target / file for name, file in FILES.items()}
    write_yearbook(path["city_yearbook"], tables)
    write_national_employment(path["national_employment"])
    write_edgar(path["edgar_city"], tables)
    write_county_co2(path["ceads_county"], tables)
    write_apparent_co2(path["ceads_apparent"], tables)
    write_structure(path["industry_structure"], tables)
    write_real_gdp(path["real_gdp"], tables)
    write_population(path["population"], tables)
    write_fdi(path["fdi"], tables)
    write_roads(path["roads"], tables)
    write_finance(path["finance"], tables)
    write_exchange_rate(path["exchange_rate"])
    write_npp(path["city_npp"], tables)
    write_land_cover(path["land_cover"], tables)
    write_coal_mines(path["gem_mines"], tables, boundaries)
    write_province_panel(path["province_panel"], tables)
    truth_file = target / "truth.json" if truth is None else Path(truth)
    readme = target / "README.txt"
    description = describe_truth(design, parameters, seed)
    tables_written: tuple[Path, ...] = ()
    if interregional:
        tables_written, emissions, description["embodied"] = write_embodied(target, seed)
        provincial, description["provincial"] = write_provincial(target, emissions)
        tables_written += provincial
    text = json.dumps(description, sort_keys=True)
    truth_file.parent.mkdir(parents=True, exist_ok=True)
    truth_file.write_text(f"{text}\n", encoding="utf-8")
    readme.write_text(README, encoding="utf-8")
    return (*path.values(), *tables_written, truth_file, readme)


def make_design(
    boundaries: Boundaries, weights: Any = None, *, seed: int, moments: dict[str, Any]
) -> Design:
    """Draw the given part of the system for all present candidate units.

    Units outside set A (Jiyuan) have no links: they follow the same equations without neighbours.
    """
    candidates = load_units()
    units = present_units(candidates)
    linked = candidates.select(UNIT_SET).ids
    areas = boundaries.frame["area_km2"].reindex(units.index)
    outside = sorted(set(units.index) - set(linked))
    areas = areas.fillna(dict.fromkeys(outside, JIYUAN_AREA))
    units = units.assign(area_km2=areas)
    matrix = _linked_weights(boundaries.subset(linked), weights, linked)
    position = np.flatnonzero(units.index.isin(linked))
    padded = np.zeros((len(units), len(units)))
    padded[np.ix_(position, position)] = matrix
    return simulate_design(seed, units, padded, moments)


def _linked_weights(boundaries: Boundaries, weights: Any, linked: tuple[str, ...]) -> FloatArray:
    """Dense weights of set A in the order of the codes."""
    if weights is None:
        from yrb_carbon.weights.build import build_weights
        from yrb_carbon.weights.spec import WeightsSpec

        weights = build_weights(boundaries, WeightsSpec()).graph
    ids = [str(unit) for unit in weights.unique_ids]
    table = pd.DataFrame(weights.sparse.toarray(), index=ids, columns=ids)
    strange = sorted(set(ids) ^ set(linked))
    if strange:
        raise WeightsError(
            f"the demonstration needs weights of the {len(linked)} units of set {UNIT_SET}; "
            f"missing or too many: {listing(strange)}"
        )
    ordered = table.loc[list(linked), list(linked)].to_numpy(dtype=float)
    uneven = [linked[i] for i in np.flatnonzero(np.abs(ordered.sum(axis=1) - 1.0) > 1e-9)]
    if uneven:
        raise WeightsError(
            f"rows of the weights do not sum to one for {listing(uneven)}; "
            "the demonstration needs row-standardised weights"
        )
    return ordered


def linked_units(design: Design) -> tuple[tuple[str, ...], FloatArray]:
    """Codes and weights of the units that the equations hold for (set A)."""
    rows = np.flatnonzero(design.weights.sum(axis=1) > 0)
    return tuple(design.codes[i] for i in rows), design.weights[np.ix_(rows, rows)]


def digest_weights(codes: tuple[str, ...], weights: FloatArray) -> str:
    """SHA-256 over the codes and the weights rounded to 12 decimals."""
    rounded = np.round(weights, DIGEST_DECIMALS) + 0.0
    head = ",".join(codes).encode()
    return hashlib.sha256(head + rounded.astype("<f8").tobytes()).hexdigest()


def within_variance(error_ar1: float, years: int = len(YEARS)) -> float:
    """Share of the variance of AR(1) errors that unit effects leave.

    1 - 2/(T(T-1)) sum_{k=1}^{T-1} (T-k) phi^k: the expected within variance, divisor T-1, over
    the marginal one. A two-way model with T years can see no more of sigma^2 than this.
    """
    lags = np.arange(1, years)
    return float(1.0 - 2.0 / (years * (years - 1)) * ((years - lags) * error_ar1**lags).sum())


def describe_truth(design: Design, truth: Truth, seed: int) -> dict[str, Any]:
    """All that is known about the demonstration values, ready for JSON."""
    codes, weights = linked_units(design)
    visible = within_variance(truth.error_ar1, len(YEARS))
    equations: dict[str, dict[str, float]] = {}
    for equation in truth.equations:
        parameters = equation.as_dict()
        parameters["sigma2_marginal"] = parameters["sigma2"]
        parameters["sigma2"] *= visible
        equations[equation.outcome] = parameters
    grouped = _grouped_effects(design, truth)
    matrices = calc_system_matrices(truth, weights) if grouped is None else grouped.matrices
    effects = {name: EffectSummary.of(matrix) for name, matrix in matrices.items()}
    return {
        "what": "synthetic demonstration data: parameters that the values were drawn with",
        "seed": seed,
        "unit_set": UNIT_SET,
        "units": len(codes),
        "first_year": FIRST_YEAR,
        "last_year": LAST_YEAR,
        "weights": {
            "scheme": "queen",
            "standardise": "row",
            "links": int((weights > 0).sum()),
            "sha256": digest_weights(codes, weights),
        },
        "variables": {
            "outcome": f"{OUTCOME} = ln(sink / CO2), sink from NPP, CO2 of the EDGAR workbook",
            "treatment": f"{TREATMENT} = location quotient of mining employment, national, level",
            "m1": "tertiary over secondary value added",
            "m2": "ln(1 + patents granted per 10^4 persons)",
            "m3": "ln(10^6 sink / area)",
            "ln_pgdp": "ln(real GDP per head, yuan of 2000, which here are yuan of 2003)",
            "ln_density": "ln(persons per km2)",
        },
        "mediators": list(MEDIATORS),
        "controls": list(CONTROLS),
        "equations": equations,
        "errors": {
            "ar1": truth.error_ar1,
            "correlation_between_mediators": truth.mediator_error_correlation,
            "correlation_with_outcome": 0.0,
            "within_share_of_variance": visible,
        },
        "effects": _rounded(effects),
        "unit_order": list(codes),
        "effect_matrices": {
            name: np.round(matrix, DIGEST_DECIMALS).tolist() for name, matrix in matrices.items()
        },
        **_describe_heterogeneity(truth.heterogeneity, grouped),
        "notes": [
            "effect_matrices: row i, column j is the effect of the treatment of unit_order[j] on "
            "the outcome (x_on_m1 ...: on the mediator) of unit_order[i].",
            "sigma2 is what two-way effects over these years leave of the error variance; "
            "sigma2_marginal is the variance itself.",
            "The outcome on the treatment and controls alone has no true spatial Durbin model: "
            "the reduced form of the system has polynomials of W.",
            "County emissions add up to the same CO2 as the EDGAR workbook to 2017; in 2018 "
            "provincial scaling gives another figure, so that the truth of the outcome holds "
            "exactly for EDGAR, and for counties to 2017.",
            "Patents are whole numbers: the second mediator carries that rounding.",
            *(HETEROGENEITY_NOTES if truth.heterogeneity is not None else ()),
        ],
    }


def _rounded(effects: Mapping[str, EffectSummary]) -> dict[str, dict[str, float]]:
    return {
        name: {part: round(v, DIGEST_DECIMALS) for part, v in summary.as_dict().items()}
        for name, summary in effects.items()
    }


def _grouped_effects(design: Design, truth: Truth) -> GroupedEffects | None:
    """True effects by period and reach; None where the slopes do not differ."""
    if truth.heterogeneity is None:
        return None
    codes, weights = linked_units(design)
    reach = design.units[REACH_COLUMN].loc[list(codes)].tolist()
    return calc_grouped_effects(truth, truth.heterogeneity, weights, reach)


def _describe_heterogeneity(
    heterogeneity: Heterogeneity | None, grouped: GroupedEffects | None
) -> dict[str, Any]:
    """What truth.json says about slopes that differ; nothing where they do not."""
    if heterogeneity is None or grouped is None:
        return {}
    factors: dict[str, dict[str, dict[str, float]]] = {}
    for names, slopes in ((PERIODS, heterogeneity.period), (REACHES, heterogeneity.reach)):
        for (outcome, name), values in slopes:
            of_slope = factors.setdefault(outcome, {}).setdefault(name, {})
            of_slope |= dict(zip(names, values, strict=True))
    return {
        "heterogeneity": {
            "last_boom_year": heterogeneity.last_boom_year,
            "reach_column": REACH_COLUMN,
            "factors": factors,
            "effects_by_period": {
                period: _rounded(effects) for period, effects in grouped.by_period.items()
            },
            "effects_by_reach": {
                reach: _rounded(effects) for reach, effects in grouped.by_reach.items()
            },
            "effects_by_period_and_reach": {
                period: {reach: _rounded(effects) for reach, effects in by_reach.items()}
                for period, by_reach in grouped.by_period_and_reach.items()
            },
        }
    }
