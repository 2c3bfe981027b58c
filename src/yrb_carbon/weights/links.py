"""Standardised weights as the estimators take them, read without the library of weights.

Importing that library takes longer than fitting the models of a table.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pandas as pd
from scipy.sparse import csr_array


@dataclass(frozen=True, slots=True)
class LinkedUnits:
    """Standardised spatial weights as the estimators take them.

    Attributes
    ----------
    unique_ids : Index of str
        Units, sorted.
    sparse : sparse array, (n, n)
        Weights in the order of `unique_ids`.
    """

    unique_ids: pd.Index
    sparse: csr_array


def read_links(path: str | Path) -> LinkedUnits:
    """Read the links of a parquet file of `yrb_carbon.weights.io.write_weights`."""
    links = pd.read_parquet(path, columns=["focal", "neighbor", "weight"])
    units = pd.Index(sorted(set(links["focal"]) | set(links["neighbor"])), name="unit")
    rows = units.get_indexer(links["focal"])
    columns = units.get_indexer(links["neighbor"])
    shape = (len(units), len(units))
    weights = csr_array((links["weight"].to_numpy(dtype=float), (rows, columns)), shape=shape)
    weights.eliminate_zeros()
    weights.sort_indices()
    return LinkedUnits(units, weights)
