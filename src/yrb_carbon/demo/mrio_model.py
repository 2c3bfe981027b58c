"""Balanced interregional tables with known flows, and the emissions that go with them.

One national table of 42 products is spread over the provinces: sizes and inputs of sectors vary by
province, every product is traded after size, distance and home, and a table of trade that meets
supply and demand of all provinces is found by proportional fitting. All amounts are whole 10^4
yuan, so that the sums of the files are exact.
"""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.demo.mrio_parameters import (
    CEMENT_PROCESS,
    COASTAL,
    COASTAL_EXPORTS,
    EMBODIED_TRUTH,
    EXPORTED,
    FAR_SALES,
    FINAL,
    FUEL_MIX,
    GROWTH,
    HOME,
    IMPORTED,
    IMPORTED_OTHERS,
    INPUT_SPREAD,
    INPUTS,
    INTENSITY_SPREAD,
    LAST_GOODS,
    LISTS,
    MINING_PLACES,
    NATIONAL_CO2,
    NO_INVENTORY,
    PLACE_SPREAD,
    PROVINCES,
    REACH_OF_TRADE,
    VALUE_ADDED_SHARES,
    EmbodiedTruth,
)
from yrb_carbon.errors import DataError
from yrb_carbon.study.concordance import Concordance

FloatArray = npt.NDArray[np.float64]

CODES_2012 = tuple(f"{i:02d}" for i in range(1, 43))
REGIONS = tuple(sorted(PROVINCES))
CATEGORIES = tuple(FINAL)
N, R = len(CODES_2012), len(REGIONS)
MINING_CODES = ("02", "03", "04", "05")
YI = 1e4
"""10^4 yuan in 10^8 yuan."""
EARTH_RADIUS = 6371.0
FIT_ROUNDS = 2000
FIT_TOLERANCE = 1e-10
EXPORT_CAP = 0.9
BISECTIONS = 60
ERROR_SHARE = 2e-4
"""Standard deviation of the column of errors, relative to output."""
SCIENCE = (0.25, 0.75)
"""Research and technical services in what the list of 2012 has as one sector."""
PROCESS = "process"


@dataclass(frozen=True, slots=True)
class DemoTable:
    """One year's table as it is written, regions by code, sectors by the codes of its list.

    Attributes
    ----------
    year : int
    sector_list : str
    intermediate : (R N, R N)
    final : (R N, R K)
        Provinces, then categories in the order of `CATEGORIES`.
    exports, errors, output, imports : (R N,)
    value_added : (4, R N)
        In the order of VALUE_ADDED_SHARES.
    """

    year: int
    sector_list: str
    intermediate: FloatArray
    final: FloatArray
    exports: FloatArray
    errors: FloatArray
    output: FloatArray
    imports: FloatArray
    value_added: FloatArray


def draw(seed: int, name: str, *shape: int) -> FloatArray:
    """Standard normal numbers that depend on the seed and the name alone."""
    key = zlib.crc32(name.encode())
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(key,))).standard_normal(
        shape
    )


def list_change(sector_list: str) -> FloatArray:
    """Shares S (42, 42) of the sectors of 2012 (columns) that a list's sectors (rows) have."""
    change = np.eye(N)
    if sector_list == "2012":
        return change
    at = {code: i for i, code in enumerate(CODES_2012)}
    change = np.zeros((N, N))
    for code, j in at.items():
        if code <= "22":
            change[j, j] = 1.0
        elif code <= "35":
            change[j - 1, j] = 1.0
        elif code == "36":
            change[j - 1, j], change[j, j] = SCIENCE
        else:
            change[j, j] = 1.0
    return change


def _vector(amounts: Mapping[str, float]) -> FloatArray:
    return np.array([amounts.get(code, 0.0) for code in CODES_2012])


def national_table(
    year: int, truth: EmbodiedTruth
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """National flows of domestic and of imported inputs, final demand by category, and exports.

    x = (I - A)^-1 (y + e) with the domestic coefficients A.

    Returns
    -------
    domestic, imported : (42, 42)
    final : (42, K)
    exports : (42,)
        10^8 yuan, in the list of the year.
    """
    total = np.column_stack(
        [_vector({**INPUTS, **truth.mining_inputs}[code]) for code in CODES_2012]
    )
    abroad = np.array([IMPORTED.get(code, IMPORTED_OTHERS) for code in CODES_2012])[:, None]
    final = np.column_stack(
        [size * _vector(split) / sum(split.values()) for size, split in FINAL.values()]
    )
    size, split = EXPORTED
    exports = size * _vector(split) / sum(split.values())
    # what final users import is outside the table
    final = (1 - abroad) * final
    coefficients = (1 - abroad) * total
    output = np.linalg.solve(np.eye(N) - coefficients, final.sum(axis=1) + exports)
    change, growth = list_change(LISTS[year]), GROWTH[year]
    return (
        growth * change @ (coefficients * output) @ change.T,
        growth * change @ (abroad * total * output) @ change.T,
        growth * change @ final,
        growth * change @ exports,
    )


def location_shares(year: int, seed: int) -> FloatArray:
    """Share of each province in the output of each product, (31, 42), columns sum to one."""
    gdp = np.array([PROVINCES[r][0] for r in REGIONS])
    shares = gdp[:, None] * np.exp(PLACE_SPREAD * draw(seed, "places", R, N))
    for code, weights in MINING_PLACES.items():
        shares[:, CODES_2012.index(code)] = [weights.get(r, 0.0) for r in REGIONS]
    shares /= shares.sum(axis=0)
    change = list_change(LISTS[year])
    return np.asarray((shares @ change.T) / change.sum(axis=1))


def distances() -> FloatArray:
    """Kilometres between the capitals on the sphere, (31, 31)."""
    degrees = np.radians([PROVINCES[r][1:] for r in REGIONS])
    lon, lat = degrees[:, 0], degrees[:, 1]
    cosine = np.sin(lat[:, None]) * np.sin(lat) + np.cos(lat[:, None]) * np.cos(lat) * np.cos(
        lon[:, None] - lon
    )
    return np.asarray(EARTH_RADIUS * np.arccos(np.clip(cosine, -1.0, 1.0)))


def fit_trade(prior: FloatArray, supply: FloatArray, demand: FloatArray) -> FloatArray:
    """Trade (R, R) with the given sums of rows and columns, T = diag(a) K diag(b).

    Iterative proportional fitting (Deming and Stephan 1940, Annals of Mathematical Statistics
    11:427-444).

    Raises
    ------
    DataError
        If it does not come to the sums.
    """
    trade = prior * (supply[:, None] > 0)
    for _ in range(FIT_ROUNDS):
        rows = trade.sum(axis=1)
        trade *= np.divide(supply, rows, out=np.zeros(R), where=rows > 0)[:, None]
        columns = trade.sum(axis=0)
        trade *= np.divide(demand, columns, out=np.zeros(R), where=columns > 0)
        if np.abs(trade.sum(axis=1) - supply).max() <= FIT_TOLERANCE * supply.sum():
            return trade
    raise DataError("the trade of the demonstration does not come to its supply and demand")


def trade_prior(code: str, supply: FloatArray, far: FloatArray, truth: EmbodiedTruth) -> FloatArray:
    """Trade after size of the seller, distance and home, before it meets the demand."""
    mined = code in MINING_CODES
    kind = "mining" if mined else "services" if int(code) > LAST_GOODS else "goods"
    prior = supply[:, None] * np.maximum(np.exp(-far / REACH_OF_TRADE[kind]), FAR_SALES)
    prior[np.diag_indices(R)] *= HOME[kind]
    if mined:
        seller, buyer = (REGIONS.index(r) for r in truth.largest_path)
        prior[seller, buyer] *= truth.path_boost
    return prior


def export_shares(output: FloatArray, exports: FloatArray, openness: FloatArray) -> FloatArray:
    """Share of each province's output that is exported, min(c_i o_r, cap), sums as wanted.

    Parameters
    ----------
    output : (31, 42)
    exports : (42,)
        National exports.
    openness : (31,)
        How much more of their output some provinces export.
    """
    low, high = np.zeros(len(exports)), np.ones(len(exports))
    for _ in range(BISECTIONS):
        middle = (low + high) / 2
        shares = np.minimum(middle * openness[:, None], EXPORT_CAP)
        short = (output * shares).sum(axis=0) < exports
        low, high = np.where(short, middle, low), np.where(short, high, middle)
    shares = np.minimum(high * openness[:, None], EXPORT_CAP)
    if (np.abs((output * shares).sum(axis=0) - exports) > FIT_TOLERANCE * output.sum()).any():
        raise DataError("the exports of the demonstration are larger than its output allows")
    return shares


def make_table(year: int, seed: int, truth: EmbodiedTruth = EMBODIED_TRUTH) -> DemoTable:
    """Spread the national table over the provinces and round it to whole 10^4 yuan."""
    domestic, imported, final, exports = national_table(year, truth)
    national_output = domestic.sum(axis=1) + final.sum(axis=1) + exports
    places = location_shares(year, seed)
    output = places * national_output
    noise = np.exp(INPUT_SPREAD * draw(seed, "inputs", R, N, N))
    # province s buys of i for j: its part of the national flow, with tastes of its own that
    # cancel over the provinces
    weight = noise * places[:, None, :]
    weight /= np.where((total := weight.sum(axis=0)) > 0, total, 1.0)
    bought = weight * domestic
    gdp = np.array([PROVINCES[r][0] for r in REGIONS])
    users = gdp[:, None] * np.exp(INPUT_SPREAD * draw(seed, "users", R, len(CATEGORIES)))
    users /= users.sum(axis=0)
    used = users[:, None, :] * final
    coastal = np.where([r in COASTAL for r in REGIONS], COASTAL_EXPORTS, 1.0)
    sold_abroad = output * export_shares(output, exports, coastal)
    far = distances()
    z, y = np.zeros((R, N, R, N)), np.zeros((R, N, R, len(CATEGORIES)))
    for i, code in enumerate(CODES_2012):
        demand = bought[:, i, :].sum(axis=1) + used[:, i, :].sum(axis=1)
        supply = output[:, i] - sold_abroad[:, i]
        trade = fit_trade(trade_prior(code, output[:, i], far, truth), supply, demand)
        share = np.divide(trade, demand, out=np.zeros((R, R)), where=demand > 0)
        z[:, i] = share[:, :, None] * bought[:, i, :]
        y[:, i] = share[:, :, None] * used[:, i, :]
    abroad = weight.sum(axis=1) / N
    return _rounded(year, seed, z, y, sold_abroad, imported.sum(axis=0) * abroad)


def _rounded(
    year: int,
    seed: int,
    flows: FloatArray,
    uses: FloatArray,
    exports: FloatArray,
    imports: FloatArray,
) -> DemoTable:
    z = np.rint(YI * flows.reshape(R * N, R * N))
    y = np.rint(YI * uses.reshape(R * N, -1))
    e = np.rint(YI * exports.ravel())
    sold = z.sum(axis=1) + y.sum(axis=1) + e
    errors = np.rint(ERROR_SHARE * sold * draw(seed, f"errors {year}", R * N))
    x = sold + errors
    m = np.rint(YI * imports.ravel())
    left = x - z.sum(axis=0) - m
    added = np.rint(left * np.array(list(VALUE_ADDED_SHARES.values()))[:, None])
    added[-1] = left - added[:-1].sum(axis=0)
    if min(z.min(), y.min(), e.min(), m.min(), added.min()) < 0:
        raise DataError("an amount of the demonstration's table is negative")
    return DemoTable(year, LISTS[year], z, y, e, errors, x, m, added)


def make_emissions(
    table: DemoTable,
    concordance: Concordance,
    seed: int,
    truth: EmbodiedTruth = EMBODIED_TRUTH,
) -> pd.DataFrame:
    """CO2 by province, sector of the inventories and fuel (or `process`), Mt.

    A sector's national emissions are spread over the provinces with the output of its sectors of
    the table, households with GDP; all but Tibet have an inventory.

    Returns
    -------
    DataFrame, index (province, sector), columns fuels and `process`
    """
    reporting = [k for k, region in enumerate(REGIONS) if region not in NO_INVENTORY]
    gdp = np.array([PROVINCES[region][0] for region in REGIONS])[reporting]
    output = table.output.reshape(R, N)
    position = {code: i for i, code in enumerate(CODES_2012)}
    fuels = sorted({fuel for mix in FUEL_MIX.values() for fuel in mix})
    links = concordance.targets(table.sector_list)
    mining = set(concordance.mining)
    rows = {}
    for sector, (national, mix) in NATIONAL_CO2.items():
        codes = links[sector] if sector not in concordance.households else ()
        size = output[:, [position[c] for c in codes]].sum(axis=1)[reporting] if codes else gdp
        spread = np.exp(INTENSITY_SPREAD * draw(seed, f"intensity {sector}", R)[reporting])
        change = (truth.mining_co2 if sector in mining else truth.other_co2)[table.year]
        share = size * spread / (size * spread).sum()
        weights = FUEL_MIX[mix]
        burned = np.array([weights.get(fuel, 0.0) for fuel in fuels]) / sum(weights.values())
        process = CEMENT_PROCESS if sector == "nonmetal_products" else 0.0
        for k, part in zip(reporting, share, strict=True):
            amounts = national * change * part * burned
            rows[REGIONS[k], sector] = [*amounts, process * change * part]
    frame = pd.DataFrame.from_dict(rows, orient="index", columns=[*fuels, PROCESS])
    return frame.set_axis(pd.MultiIndex.from_tuples(list(rows), names=["province", "sector"]))


def describe_flows(
    table: DemoTable, emissions: pd.DataFrame, concordance: Concordance
) -> dict[str, object]:
    """Embodied carbon of mining in the table as written, list of 26 sectors, energy CO2.

    f = E / x, eps' = f' (I - A)^-1; sales of mining products r to s carry
    eps_m^r (sum_j z_mj^rs + y_m^rs), sector i brings U_i = sum_rs eps_i^r z_im^rs into mining.
    Products are those of the domestic provinces; exports are apart.
    """
    merge = concordance.merge(table.sector_list, "S26")
    groups = sorted(set(merge.values()), key=lambda code: int(code[1:]))
    g = len(groups)
    gather = np.zeros((g, N))
    for i, code in enumerate(CODES_2012):
        gather[groups.index(merge[code]), i] = 1.0
    whole = np.kron(np.eye(R), gather)
    z = whole @ table.intermediate @ whole.T
    x = whole @ table.output
    y = (whole @ table.final).reshape(R * g, R, len(CATEGORIES)).sum(axis=2)
    energy = emissions.drop(columns=PROCESS).sum(axis=1)
    targets = concordance.targets("S26")
    direct = np.zeros((R, g))
    keys = (energy.index.get_level_values(level) for level in ("province", "sector"))
    for region, sector, amount in zip(*keys, energy, strict=True):
        for group in set(targets[sector]) & set(groups):
            direct[REGIONS.index(region), groups.index(group)] += amount
    f = np.divide(1e6 * direct.ravel(), x, out=np.zeros(R * g), where=x > 0)
    coefficients = np.divide(z, x, out=np.zeros_like(z), where=x > 0)
    embodied = np.linalg.solve(np.eye(R * g) - coefficients.T, f)
    mining = np.arange(R) * g + groups.index("S2")
    sales = np.add.reduceat(z[mining], np.arange(R) * g, axis=1) + y[mining]
    flows = 1e-6 * embodied[mining][:, None] * sales
    into = 1e-6 * (embodied[:, None] * z[:, mining]).sum(axis=1).reshape(R, g).sum(axis=0)
    own = concordance.mining
    by_fuel = emissions.loc[emissions.index.get_level_values("sector").isin(own)].sum()
    between = np.where(np.eye(R, dtype=bool), -np.inf, flows)
    order = np.argsort(-between, axis=None)[:10]
    return {
        "sector_list": table.sector_list,
        "mining_co2": float(by_fuel.drop(PROCESS).sum()),
        "mining_co2_by_fuel": {str(k): float(v) for k, v in by_fuel.items() if v > 0},
        "provinces": list(REGIONS),
        "mining_flows": flows.tolist(),
        "mining_output": x[mining].tolist(),
        "mining_intensity": f[mining].tolist(),
        "mining_embodied_intensity": embodied[mining].tolist(),
        "largest_paths": [
            [REGIONS[k // R], REGIONS[k % R], float(between.flat[k])] for k in order.tolist()
        ],
        "upstream": {code: float(v) for code, v in zip(groups, into, strict=True)},
        "net": (flows.sum(axis=1) - flows.sum(axis=0)).tolist(),
    }
