"""CO2 emissions of fuels, IPCC tier 2."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.cells import refuse_cells
from yrb_carbon.indices.constants import CARBON_TO_CO2
from yrb_carbon.study.paths import data_folder

FACTORS_FILE = data_folder() / "emission_factors.csv"
FACTOR_SETS = ("ceads", "gbt2589")
FACTOR_COLUMNS = (
    "set", "fuel", "fuel_zh", "activity_unit", "ncv", "ncv_unit", "carbon_content", "oxidation",
    "published_kg_co2", "source",
)  # fmt: skip
PJ_PER_ACTIVITY = {
    "PJ per 10^4 t": 1.0,
    "PJ per 10^8 m3": 1.0,
    # 1 kJ/kg over 10^7 kg is 10^-5 PJ; 1 kJ/m3 over 10^8 m3 is 10^-4 PJ.
    "kJ/kg": 1e-5,
    "kJ/m3": 1e-4,
}
MT_PER_KT = 1e-3

EMISSION_COLUMNS = {
    "edgar_city": "co2_edgar",
    "ceads_county": "co2_ceads_county",
    "ceads_city": "co2_ceads_city",
}
"""Emission data set of the study -> panel column, in Mt CO2."""


@cache
def load_emission_factors(
    factor_set: str = "ceads", path: str | Path = FACTORS_FILE
) -> pd.DataFrame:
    """Read one set of emission factors.

    Parameters
    ----------
    factor_set : {"ceads", "gbt2589"}
        `ceads`: Shan et al. (2018), 17 fuels; `gbt2589`: calorific values of GB/T 2589-2008 with
        the carbon contents and oxidation of the provincial guideline, 10 fuels.
    path : path
        A CSV file laid out as `data/emission_factors.csv`.

    Returns
    -------
    DataFrame, index fuel
        `ncv` in PJ per 10^4 t or 10^8 m3 (as `activity_unit` says), `carbon_content` in t C/TJ,
        `oxidation` as a fraction; with `fuel_zh`, `activity_unit`, `published_kg_co2`, `source`.

    Raises
    ------
    DataError
        If the file is missing or laid out otherwise, the set unknown, or a factor not positive.
    """
    try:
        table = pd.read_csv(path)
    except OSError as error:
        raise DataError(f"{path}: the emission factors cannot be read ({error.strerror})") from None
    if tuple(table.columns) != FACTOR_COLUMNS:
        raise DataError(
            f"{path}: columns {list(table.columns)} found, {list(FACTOR_COLUMNS)} wanted"
        )
    own = table[table["set"] == factor_set]
    if own.empty:
        known = sorted(set(table["set"]))
        raise DataError(f"{path}: no emission factors of the set {factor_set!r}; allowed {known}")
    strange = sorted(set(own["ncv_unit"]) - set(PJ_PER_ACTIVITY))
    if strange:
        raise DataError(f"{path}: unknown unit of ncv {strange}; allowed {list(PJ_PER_ACTIVITY)}")
    own = own.assign(ncv=own["ncv"] * own["ncv_unit"].map(PJ_PER_ACTIVITY))
    factors = own.drop(columns=["set", "ncv_unit"]).set_index("fuel")
    if factors.index.has_duplicates:
        twice = factors.index[factors.index.duplicated()]
        raise DataError(f"{path}: fuel twice in the set {factor_set!r}: {listing(twice)}")
    numbers = factors[["ncv", "carbon_content", "oxidation"]]
    bad = ~((numbers > 0).all(axis=1) & (numbers["oxidation"] <= 1))
    if bad.any():
        raise DataError(
            f"{path}: ncv and carbon content must be positive, oxidation in (0, 1]: "
            f"{listing(factors.index[bad])}"
        )
    return factors


def calc_emission_factors(factors: pd.DataFrame) -> pd.Series:
    """CO2 per unit of fuel burned, EF = NCV * CC * O * 44/12.

    Parameters
    ----------
    factors : DataFrame, index fuel
        `ncv` (PJ per 10^4 t or 10^8 m3), `carbon_content` (t C/TJ), `oxidation` (fraction).

    Returns
    -------
    Series, index fuel, Mt CO2 per 10^4 t or per 10^8 m3. 100 times it is t CO2 per t; 10 times it
    is kg CO2 per m3.
    """
    # PJ times t C/TJ is kt C.
    carbon_kt = factors["ncv"] * factors["carbon_content"] * factors["oxidation"]
    return carbon_kt * CARBON_TO_CO2 * MT_PER_KT


def calc_ipcc_emissions(activity: pd.DataFrame, factors: pd.DataFrame) -> pd.Series:
    """CO2 emissions of fuel combustion, E = sum_f AD_f * NCV_f * CC_f * O_f * 44/12.

    Parameters
    ----------
    activity : DataFrame
        AD, one column a fuel, in the `activity_unit` of the fuel (10^4 t or 10^8 m3), without
        non-energy use and transformation losses; any index. A fuel that is not burned is 0.
    factors : DataFrame, index fuel
        As `load_emission_factors` returns it.

    Returns
    -------
    Series, index of `activity`, Mt CO2.

    Raises
    ------
    DataError
        If a fuel has no factor, or a cell is missing or negative; named.
    """
    unknown = [fuel for fuel in activity.columns if fuel not in factors.index]
    if unknown:
        raise DataError(
            f"no emission factor for fuel {listing(repr(fuel) for fuel in unknown)}; "
            f"allowed {listing(factors.index)}"
        )
    fuels = sorted(activity.columns)
    for fuel in fuels:
        burned = activity[fuel]
        refuse_cells(~(burned >= 0), "fuel burned is missing or negative", **{str(fuel): burned})
    per_unit = calc_emission_factors(factors.loc[fuels])
    total = np.zeros(len(activity))
    for fuel in fuels:
        total = total + activity[fuel].to_numpy(dtype=float) * float(per_unit[fuel])
    return pd.Series(total, index=activity.index, name="emissions")
