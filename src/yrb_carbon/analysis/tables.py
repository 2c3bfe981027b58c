"""What a job of one table gets: its configuration, typed, and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from pydantic import TypeAdapter

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.study.config import Table
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.study.tables import ModelsTable
from yrb_carbon.weights.links import LinkedUnits, read_links


@dataclass(frozen=True, slots=True)
class TableSpec:
    """One table's configuration.

    Attributes
    ----------
    table : Table
        Its own section.
    models : ModelsTable or None
        The table of models behind it, or itself when it is one.
    behind : Table
        The table that it is made from, of any kind; itself when it names none.
    key : TableKey
        Names of study, table and sample.
    """

    table: Table
    models: ModelsTable | None
    behind: Table
    key: TableKey

    @property
    def mediation(self) -> MediationTable:
        """The table of a mediation system behind it, or itself."""
        if not isinstance(self.behind, MediationTable):
            raise TypeError(f"table {self.key.table!r} is not made from a mediation system")
        return self.behind


def read_spec(values: Mapping[str, Any]) -> TableSpec:
    """Typed configuration from the plain values that the workflow hands to a job."""
    adapter: TypeAdapter[Table] = TypeAdapter(Table)
    table = adapter.validate_python(values["table"])
    behind = adapter.validate_python(values["models"]) if values["models"] else table
    return TableSpec(
        table=table,
        models=behind if isinstance(behind, ModelsTable) else None,
        behind=behind,
        key=TableKey(study=values["study"], table=values["name"], sample=values["sample"]),
    )


def read_weights(paths: Iterable[str | Path]) -> dict[str, LinkedUnits]:
    """Weights by name (the file's stem), without importing the library of weights.

    Parameters
    ----------
    paths : iterable of paths
        Parquet files of `yrb_carbon.weights.io.write_weights`.
    """
    return {Path(path).stem: read_links(path) for path in paths}


@dataclass(frozen=True, slots=True)
class SampleData:
    """A sample and its weights.

    Attributes
    ----------
    frame : DataFrame, index (unit, year)
    weights : mapping of str to LinkedUnits
    """

    frame: pd.DataFrame
    weights: Mapping[str, LinkedUnits]


def read_samples(
    frames: Iterable[str | Path], weights: Iterable[str | Path]
) -> dict[str, SampleData]:
    """Samples by name, which is the folder of their files, each with its weights.

    Parameters
    ----------
    frames, weights : iterable of paths
        `<sample>/indices.parquet`, `<sample>/<weights>.parquet`.
    """
    matrices = [Path(path) for path in weights]
    found = {}
    for path in map(Path, frames):
        name = path.parent.name
        own = [matrix for matrix in matrices if matrix.parent.name == name]
        found[name] = SampleData(pd.read_parquet(path), read_weights(own))
    return found
