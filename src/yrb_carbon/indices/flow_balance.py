"""What places send to one another: own, out, in and net."""

from __future__ import annotations

import numpy as np
import pandas as pd


def without_own(flows: pd.DataFrame) -> pd.DataFrame:
    """Flows without what stays within a place: zero diagonal."""
    return flows.where(~np.eye(len(flows), dtype=bool), 0.0)


def calc_flow_balance(flows: pd.DataFrame) -> pd.DataFrame:
    """Flows of each place: own, out, in, net.

    own^r = F^{rr},  out^r = sum_{s != r} F^{rs},  in^r = sum_{s != r} F^{sr},  net = out - in

    Parameters
    ----------
    flows : DataFrame, R x R
        F: the row sends, the column receives; the same places in the same order.

    Returns
    -------
    DataFrame, index of `flows`
        A place with net > 0 is a net exporter; net sums to zero over the places.
    """
    between = without_own(flows)
    out, into = between.sum(axis=1), between.sum(axis=0)
    own = pd.Series(np.diagonal(flows.to_numpy()), index=flows.index)
    return pd.DataFrame({"own": own, "out": out, "in": into, "net": out - into})


def calc_net_shares(net: pd.Series) -> pd.Series:
    """Shares of net flows in those of the same sign, |net^r| / sum_{sign s = sign r} |net^s|.

    Parameters
    ----------
    net : Series
        Net flows, which sum to zero.

    Returns
    -------
    Series, same index, zero or positive; the shares of the net exporters sum to 1, and those of
    the net importers.
    """
    sums = net.abs().groupby(np.sign(net)).transform("sum")
    return (net.abs() / sums.where(sums > 0)).fillna(0.0)
