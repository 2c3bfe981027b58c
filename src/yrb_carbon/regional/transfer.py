"""Emissions of provinces driven by the final demand of others, summed to areas."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.flow_balance import calc_flow_balance, calc_net_shares
from yrb_carbon.regional.totals import Groups


@dataclass(frozen=True, slots=True, eq=False)
class Transfer:
    """Emissions by where they arise and whose final demand drives them, Mt CO2.

    Attributes
    ----------
    matrix : DataFrame, A x A
        T: emissions of the row for the final demand of the column; the diagonal for its own.
    outside : DataFrame, index A
        Emissions for users that are no province, a column each: `exports`, `other`.
    """

    matrix: pd.DataFrame
    outside: pd.DataFrame

    @property
    def emissions(self) -> pd.Series:
        """All emissions of each row."""
        return self.matrix.sum(axis=1) + self.outside.sum(axis=1)

    @property
    def silent(self) -> tuple[str, ...]:
        """Rows without any emissions: no inventory tells them, every province emits."""
        return tuple(self.emissions.index[self.emissions == 0])

    def balance(self) -> pd.DataFrame:
        """Flows of each row, Mt CO2: own, out, in, net = out - in, and the columns of `outside`.

        net > 0: emissions for others are larger than those that others have for the place, which
        takes on emissions; net < 0: its demand drives more elsewhere, it shifts emissions to
        others. Exports abroad are in neither.
        """
        return calc_flow_balance(self.matrix).join(self.outside)

    def shares(self) -> pd.DataFrame:
        """Shares of out, in and net in their sums over the places; net among those of one sign."""
        balance = self.balance()
        shares = balance[["out", "in"]] / balance[["out", "in"]].sum()
        return shares.assign(net=calc_net_shares(balance["net"]))


def calc_transfer(driven: pd.DataFrame) -> Transfer:
    """Transfers between provinces.

    T^{rs} = sum_i f_i^r (L y^s)_i^r

    Parameters
    ----------
    driven : DataFrame, R x (R + k), Mt CO2
        Emissions of the row driven by the final uses of the column: the provinces, then users
        that are none.

    Returns
    -------
    Transfer

    Raises
    ------
    DataError
        If a row is no user; named.
    """
    lacking = [region for region in driven.index if region not in driven.columns]
    if lacking:
        raise DataError(f"emissions of {listing(lacking)}, who use nothing")
    outside = [user for user in driven.columns if user not in driven.index]
    return Transfer(driven[list(driven.index)], driven[outside])


def calc_area_transfer(transfer: Transfer, areas: Groups) -> Transfer:
    """Transfers between areas, T^{RS} = sum_{r in R} sum_{s in S} T^{rs}.

    Parameters
    ----------
    transfer : Transfer
        Between provinces.
    areas : mapping of str to sequence of str
        Every province belongs to one area.

    Returns
    -------
    Transfer

    Raises
    ------
    DataError
        If a province belongs to no area; named.
    """
    area_of = pd.Series({code: area for area, members in areas.items() for code in members})
    strange = [code for code in transfer.matrix.index if code not in area_of.index]
    if strange:
        raise DataError(f"in none of the areas {listing(areas)}: {listing(strange)}")
    found = set(area_of[transfer.matrix.index])
    order = [area for area in areas if area in found]
    rows = transfer.matrix.groupby(area_of).sum()
    matrix = rows.T.groupby(area_of).sum().T
    outside = transfer.outside.groupby(area_of).sum()
    return Transfer(matrix.loc[order, order], outside.loc[order])
