"""What a job of one table gets: its configuration, typed, and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter
from scipy.sparse import csr_array

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.study.config import ModelsTable, Table


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table's configuration.

    Attributes
    ----------
    table : Table
        Its own section.
    models : ModelsTable or None
        The table of models behind it, or itself when it is one.
    key : TableKey
        Names of study, table and sample.
    """

    table: Table
    models: ModelsTable | None
    key: TableKey


def read_spec(values: Mapping[str, Any]) -> TableSpec:
    """Typed configuration from the plain values that the workflow hands to a job."""
    adapter: TypeAdapter[Table] = TypeAdapter(Table)
    table = adapter.validate_python(values["table"])
    behind = adapter.validate_python(values["models"]) if values["models"] else table
    return TableSpec(
        table=table,
        models=behind if isinstance(behind, ModelsTable) else None,
        key=TableKey(study=values["study"], table=values["name"], sample=values["sample"]),
    )


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


def read_weights(paths: Iterable[str | Path]) -> dict[str, LinkedUnits]:
    """Weights by name (the file's stem), without importing the library of weights.

    Parameters
    ----------
    paths : iterable of paths
        Parquet files of `yrb_carbon.weights.io.write_weights`.
    """
    return {Path(path).stem: _read_links(path) for path in paths}


def _read_links(path: str | Path) -> LinkedUnits:
    links = pd.read_parquet(path, columns=["focal", "neighbor", "weight"])
    units = pd.Index(sorted(set(links["focal"]) | set(links["neighbor"])), name="unit")
    rows = units.get_indexer(links["focal"])
    columns = units.get_indexer(links["neighbor"])
    shape = (len(units), len(units))
    weights = csr_array((links["weight"].to_numpy(dtype=float), (rows, columns)), shape=shape)
    weights.eliminate_zeros()
    weights.sort_indices()
    return LinkedUnits(units, weights)
