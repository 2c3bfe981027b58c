"""What a job of one table gets: its configuration, typed, and its weights."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter

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


def read_weights(paths: Iterable[str | Path]) -> dict[str, Any]:
    """Weights by name (the file's stem)."""
    from yrb_carbon.weights.io import read_weights as read

    return {Path(path).stem: read(path) for path in paths}
