"""Emission, forest, land and transfer of the provinces side by side."""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, listing


class Balance(IntEnum):
    """Four types of places by what they give of product and sink against their emissions.

    Lu et al. (2013), 地理科学进展 32(12).
    """

    LOW_CARBON = 1
    """ECC >= 1, ESC >= 1: more of the product and of the sink than of the emissions."""
    ECONOMIC = 2
    """ECC >= 1 > ESC."""
    SINK = 3
    """ESC >= 1 > ECC."""
    HIGH_CARBON = 4
    """Both below 1."""


def calc_coefficients(emissions: pd.Series, gdp: pd.Series, sink: pd.Series) -> pd.DataFrame:
    """Economic contribution and ecological support of places, from their shares.

    ECC_i = s_i(GDP) / s_i(E),  ESC_i = s_i(S) / s_i(E)

    Parameters
    ----------
    emissions, gdp, sink : Series, same index
        Shares of each place in the sum over the same provinces; of a sink, those of a stock of
        carbon may stand for those of its annual uptake.

    Returns
    -------
    DataFrame, same index, columns ecc, esc, type
        Type as `Balance`; all missing where a share is.

    Raises
    ------
    DataError
        If a share of emissions is not positive; the places are named.

    Notes
    -----
    Lu et al. (2013), 地理科学进展 32(12). The same as `indices.balance.calc_ecc` and `calc_esc`
    of the amounts.
    """
    without = emissions.index[emissions <= 0]
    if len(without):
        raise DataError(f"emissions of {listing(without)} are not positive: no share to divide by")
    ecc, esc = gdp / emissions, sink / emissions
    return pd.DataFrame({"ecc": ecc, "esc": esc, "type": calc_types(ecc, esc)})


def calc_types(ecc: pd.Series, esc: pd.Series) -> pd.Series:
    """Type of each place by its two coefficients, as `Balance`.

    Parameters
    ----------
    ecc, esc : Series, same index

    Returns
    -------
    Series of whole numbers, same index; missing where a coefficient is.
    """
    found = np.select(
        [ecc.isna() | esc.isna(), (ecc >= 1) & (esc >= 1), ecc >= 1, esc >= 1],
        [np.nan, Balance.LOW_CARBON, Balance.ECONOMIC, Balance.SINK],
        Balance.HIGH_CARBON,
    )
    return pd.Series(found.astype(float), index=ecc.index, name="type")
