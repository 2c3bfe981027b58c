"""Spatial autocorrelation: global, local and bivariate Moran's I.

Statistics and their moments come from esda; permutations are drawn here, because esda draws them
from the global state of numpy, where neither the order of jobs nor of units may reach.
"""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.weights.build import SpatialWeights
from yrb_carbon.weights.check import check_units

FloatArray = npt.NDArray[np.float64]

PERMUTATIONS = 999
CLUSTER_LEVEL = 0.05
TIE_TOLERANCE = 1e-12
"""Permuted statistics nearer than this to the observed one count as equal: sums in another order
differ in the last bits."""

QUADRANTS = ("HH", "LH", "LL", "HL")


def calc_global_moran(
    panel: pd.DataFrame,
    weights: SpatialWeights,
    variables: Sequence[str],
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Moran's I of each variable in each year.

    I_t = (N/S0)·(z'Wz)/(z'z),  z = y_t − ȳ_t,  S0 = Σ_ij w_ij;  E[I] = −1/(N−1).

    The analytic z uses the variance under randomisation (Cliff & Ord 1981). The permutation p is
    (1 + #{I* ≥ I})/(1 + R), or the same for ≤, whichever is smaller, doubled and capped at 1.

    Parameters
    ----------
    panel : DataFrame, index (unit, year)
        In any order; the units of each year must be exactly those of `weights`.
    weights : SpatialWeights
    variables : sequence of str
        Columns of `panel`.
    permutations : int
        R.
    seed : int
        Root of the random numbers; each variable and year draws from a stream of its own.

    Returns
    -------
    DataFrame
        Columns `variable`, `year`, `moran`, `expected`, `variance`, `z`, `p_value` (two-sided,
        normal), `p_permutation`, `n_units`, `permutations`, `seed`; by variable as given and year.

    Raises
    ------
    DataError
        If a value is not finite or a variable does not vary in a year; the cells are named.
    WeightsError
        If units differ from those of the weights.
    """
    from esda.moran import Moran

    matrix = weights.matrix
    rows: list[dict[str, Any]] = []
    for variable in variables:
        for year, values in _by_year(panel, weights, variable):
            result = Moran(values, weights.graph, transformation="O", permutations=0)
            z = values - values.mean()
            draws = _permuted(z, permutations, _generator(seed, "moran", variable, year))
            simulated = (draws @ matrix.T * draws).sum(axis=1) * (len(z) / matrix.sum() / (z @ z))
            rows.append(
                {
                    "variable": variable,
                    "year": year,
                    "moran": float(result.I),
                    "expected": float(result.EI),
                    "variance": float(result.VI_rand),
                    "z": float(result.z_rand),
                    "p_value": float(result.p_rand),
                    "p_permutation": fold_p_value(float(result.I), simulated),
                    "n_units": len(z),
                    "permutations": permutations,
                    "seed": seed,
                }
            )
    return pd.DataFrame(rows)


def calc_local_moran(
    panel: pd.DataFrame,
    weights: SpatialWeights,
    variable: str,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
    level: float = CLUSTER_LEVEL,
) -> pd.DataFrame:
    """Local Moran's I and its clusters.

    I_i = z_i Σ_j w_ij z_j / (z'z/N)  (Anselin 1995, Geographical Analysis 27:93-115). Conditional
    permutation: z_i stays, the others change places; the units of a year share the permutations.
    The p of all units of a year are also adjusted for the false discovery rate (Benjamini &
    Hochberg 1995). No p is below 2/(1 + R): for a single one of N units to stay significant at
    level α after that, R must be about 2N/α.

    Parameters
    ----------
    panel, weights, permutations, seed
        As in `calc_global_moran`.
    variable : str
        Column of `panel`.
    level : float
        Significance level of `cluster` and `cluster_fdr`.

    Returns
    -------
    DataFrame
        Columns `unit`, `year`, `z` ((y_i − ȳ)/s with s² = Σ(y − ȳ)²/N), `lag` ((N/S0) Σ_j w_ij z_j,
        so that the slope of `lag` on `z` is the global I), `local_moran`, `quadrant` (own value and
        mean of the neighbours, high or low: HH, LL, HL, LH), `p_permutation`, `p_fdr`, `cluster`,
        `cluster_fdr` (the quadrant where significant, else `ns`).

    Raises
    ------
    DataError, WeightsError
        As in `calc_global_moran`.
    """
    from statsmodels.stats.multitest import fdrcorrection

    matrix = weights.matrix
    frames: list[pd.DataFrame] = []
    for year, values in _by_year(panel, weights, variable):
        z = values - values.mean()
        scale = z @ z / len(z)
        lag = matrix @ z
        local = z * lag / scale
        generator = _generator(seed, "local moran", variable, year)
        places = _permuted(np.arange(len(z) - 1), permutations, generator)
        p = np.empty(len(z))
        for i in range(len(z)):
            others, row = np.delete(z, i), np.delete(matrix[i], i)
            linked = np.flatnonzero(row)
            # the first places of a permutation are a sample without replacement
            draws = others[places[:, : len(linked)]] @ row[linked]
            p[i] = fold_p_value(float(local[i]), z[i] * draws / scale)
        quadrant = np.select(
            [(z > 0) & (lag > 0), (z <= 0) & (lag > 0), (z <= 0) & (lag <= 0)],
            QUADRANTS[:3],
            QUADRANTS[3],
        )
        adjusted = fdrcorrection(p)[1]
        frames.append(
            pd.DataFrame(
                {
                    "unit": list(weights.unit_ids),
                    "year": year,
                    "z": z / np.sqrt(scale),
                    "lag": lag * (len(z) / matrix.sum()) / np.sqrt(scale),
                    "local_moran": local,
                    "quadrant": quadrant,
                    "p_permutation": p,
                    "p_fdr": adjusted,
                    "cluster": np.where(p < level, quadrant, "ns"),
                    "cluster_fdr": np.where(adjusted < level, quadrant, "ns"),
                }
            )
        )
    return pd.concat(frames, ignore_index=True)


def calc_bivariate_moran(
    panel: pd.DataFrame,
    weights: SpatialWeights,
    own: str,
    neighbours: str,
    *,
    permutations: int = PERMUTATIONS,
    seed: int = 0,
) -> pd.DataFrame:
    """Bivariate Moran's I: a variable here against another one next door.

    I_xy = (N/S0)·(z_x' W z_y) / √(z_x'z_x · z_y'z_y), a descriptive check of the sign of a
    spillover; for x = y it is Moran's I. Permutations move z_y over the units.

    Parameters
    ----------
    panel, weights, permutations, seed
        As in `calc_global_moran`.
    own, neighbours : str
        Columns of `panel`: x here, y next door.

    Returns
    -------
    DataFrame
        Columns `own`, `neighbours`, `year`, `moran`, `p_permutation`, `n_units`, `permutations`,
        `seed`.

    Raises
    ------
    DataError, WeightsError
        As in `calc_global_moran`.
    """
    matrix = weights.matrix
    rows: list[dict[str, Any]] = []
    pairs = zip(_by_year(panel, weights, own), _by_year(panel, weights, neighbours), strict=True)
    for (year, x), (_, y) in pairs:
        z_x, z_y = x - x.mean(), y - y.mean()
        scale = len(x) / matrix.sum() / np.sqrt((z_x @ z_x) * (z_y @ z_y))
        observed = float(z_x @ (matrix @ z_y) * scale)
        generator = _generator(seed, "bivariate moran", f"{own}|{neighbours}", year)
        simulated = _permuted(z_y, permutations, generator) @ (matrix.T @ z_x) * scale
        rows.append(
            {
                "own": own,
                "neighbours": neighbours,
                "year": year,
                "moran": observed,
                "p_permutation": fold_p_value(observed, simulated),
                "n_units": len(x),
                "permutations": permutations,
                "seed": seed,
            }
        )
    return pd.DataFrame(rows)


def fold_p_value(observed: float, simulated: FloatArray) -> float:
    """Two-sided p of a permutation test by folding.

    p = min(1, 2·min((1 + #{s ≥ o})/(1 + R), (1 + #{s ≤ o})/(1 + R))).

    Parameters
    ----------
    observed : float
    simulated : ndarray, (R,)
    """
    above = 1 + int(np.count_nonzero(simulated >= observed - TIE_TOLERANCE))
    below = 1 + int(np.count_nonzero(simulated <= observed + TIE_TOLERANCE))
    return min(1.0, 2.0 * min(above, below) / (1 + len(simulated)))


def _by_year(
    panel: pd.DataFrame, weights: SpatialWeights, variable: str
) -> list[tuple[int, FloatArray]]:
    """Values of each year in the order of the weights' units."""
    if variable not in panel.columns:
        raise DataError(f"no column {variable!r} in the panel; there are {listing(panel.columns)}")
    table = panel[variable].unstack("year").sort_index().sort_index(axis=1)
    check_units(weights.unit_ids, [str(unit) for unit in table.index])
    values = table.to_numpy(dtype=np.float64)
    bad = ~np.isfinite(values)
    if bad.any():
        cells = [f"{table.index[i]} {table.columns[t]}" for i, t in np.argwhere(bad)]
        raise DataError(
            f"{variable} is empty or not finite in {len(cells)} cells: {listing(cells)}"
        )
    flat = [
        year for year, column in zip(table.columns, values.T, strict=True) if not np.ptp(column)
    ]
    if flat:
        raise DataError(f"{variable} does not vary over the units in {listing(flat)}")
    return [(int(y), v.copy()) for y, v in zip(table.columns, values.T, strict=True)]


def _generator(seed: int, kind: str, variable: str, year: int) -> np.random.Generator:
    """Stream of its own for each statistic, variable and year, whatever else is computed."""
    key = (zlib.crc32(kind.encode()), zlib.crc32(variable.encode()), year)
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=key))


def _permuted(
    values: npt.NDArray[Any], times: int, generator: np.random.Generator
) -> npt.NDArray[Any]:
    """Permutations of values, (times, n)."""
    table = np.broadcast_to(values, (times, len(values)))
    return generator.permuted(table, axis=1)
