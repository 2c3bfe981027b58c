"""Input-output tables at constant prices, by double deflation."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd

from yrb_carbon.embodied.leontief import account_names
from yrb_carbon.errors import DataError, listing
from yrb_carbon.sources.input_output import FloatArray, InputOutputTable, assemble_table

RESIDUAL = "residual"
PLAUSIBLE = (0.05, 20.0)
"""Price levels beyond these are taken for indices of base 100 or for growth rates."""


def deflate_table(
    table: InputOutputTable,
    deflators: pd.Series,
    base_year: int,
    import_deflators: pd.Series | float | None = None,
) -> InputOutputTable:
    """A table at prices of a base year by double deflation.

    z*_ij = z_ij / P_i,  y*_i = y_i / P_i,  e*_i = e_i / P_i,  x*_i = x_i / P_i
    m*_j = m_j / Q_j
    v*_j = x*_j - sum_i z*_ij - m*_j

    Rows are deflated by the price of the product sold; value added is what is left of deflated
    output after deflated inputs, and may be negative. Rows that balance stay balanced; columns
    balance by construction.

    Parameters
    ----------
    table : InputOutputTable
        At current prices.
    deflators : Series, index sector or (region, sector)
        P, price level of the product, 1 in the base year; every sector or account of the table.
    base_year : int
        Year of the prices, for the record.
    import_deflators : number or Series, index sector or (region, sector), optional
        Q, price level of the imported inputs that a sector buys; wanted when there are any.

    Returns
    -------
    InputOutputTable
        One category of value added, `residual`; the record notes the prices, and the accounts
        whose value added has become negative.

    Raises
    ------
    DataError
        If a price level is missing, surplus, zero, negative or implausible, or imports are there
        without a price; named.

    Notes
    -----
    United Nations (2018), Handbook on Supply and Use Tables and Input-Output Tables with
    Extensions and Applications, on supply and use tables in volume terms.
    """
    price = _by_account("deflators", deflators, table.labels)
    imports = table.imports / _import_price(table, import_deflators)
    intermediate = table.intermediate.div(price, axis=0)
    output = table.output / price
    added = output - intermediate.sum(axis=0) - imports
    return assemble_table(
        year=table.year,
        intermediate=intermediate,
        final_demand=table.final_demand.div(price, axis=0),
        output=output,
        unit=f"{table.unit}, prices of {base_year}",
        record=replace(table.record, notes=(*table.record.notes, *_notes(base_year, added, table))),
        exports=table.exports / price,
        errors=table.errors / price,
        imports=imports,
        value_added=added.rename(RESIDUAL).to_frame().T,
        classification=table.classification,
        import_treatment=table.import_treatment,
    )


def _import_price(table: InputOutputTable, given: pd.Series | float | None) -> pd.Series | float:
    if given is None:
        if (table.imports != 0).any():
            raise DataError(
                "the table has imported inputs and no price for them. Give import_deflators, a "
                "number for all or a series by sector"
            )
        return 1.0
    if isinstance(given, pd.Series):
        return _by_account("import_deflators", given, table.labels)
    _require_plausible("import_deflators", np.array([float(given)]), ["all"])
    return float(given)


def _by_account(name: str, prices: pd.Series, labels: pd.MultiIndex) -> pd.Series:
    """Price levels by account, from those by account or by sector."""
    wanted = labels if prices.index.nlevels == labels.nlevels else labels.unique(level=1)
    own = prices.index
    if not own.is_unique:
        raise DataError(f"{name} of {listing(own[own.duplicated()].unique())} stand twice")
    missing, surplus = wanted.difference(own), own.difference(wanted)
    if len(missing) or len(surplus):
        raise DataError(
            f"{name} are not those of the table: missing {listing(missing) or 'none'}, too many "
            f"{listing(surplus) or 'none'}"
        )
    _require_plausible(name, prices.to_numpy(dtype=float), list(own))
    keys = labels if wanted is labels else labels.get_level_values(1)
    return pd.Series(prices.reindex(keys).to_numpy(dtype=float), index=labels)


def _require_plausible(name: str, prices: FloatArray, keys: list[object]) -> None:
    low, high = PLAUSIBLE
    bad = np.flatnonzero(~((prices >= low) & (prices <= high)))
    if len(bad):
        cells = (f"{keys[place]}: {prices[place]:.6g}" for place in bad)
        raise DataError(
            f"{name} must be price levels with 1 in the base year, between {low} and {high}: "
            f"{listing(cells)}. An index with base 100 is to be divided by 100"
        )


def _notes(base_year: int, added: pd.Series, table: InputOutputTable) -> list[str]:
    notes = [f"prices of {base_year} by double deflation"]
    # Rounding of a column without any value added may fall on either side of zero.
    negative = added.index[added < -1e-9 * table.output.max()]
    if len(negative):
        names = listing(account_names(negative))
        notes.append(f"negative value added of {len(negative)} accounts: {names}")
    return notes
