"""Rows of estimates: what all rows of a table have in common, and how a block joins it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from yrb_carbon.estimates import Quantity, estimates_frame

OUTCOME, SYSTEM = "outcome", "system"
"""`equation` of the rows of the outcome alone, and of those that rest on all equations."""
BY_UNIT_COLUMNS = ("study", "table", "model", "outcome", "unit", "term", "kind", "effect")
"""Columns of the effects by unit."""


@dataclass(frozen=True, slots=True)
class TableKey:
    """Names that every row of a table carries."""

    study: str
    table: str
    sample: str


@dataclass(frozen=True, slots=True)
class ModelKey:
    """Names that every row of one model carries."""

    model: str
    outcome: str
    spec: str
    weights: str
    equation: str = "outcome"


def panel_counts(frame: pd.DataFrame) -> dict[str, int]:
    """Units, periods and observations of a balanced panel with index (unit, year)."""
    units = frame.index.get_level_values("unit").nunique()
    periods = frame.index.get_level_values("year").nunique()
    return {"n_units": units, "n_periods": periods, "n_obs": len(frame)}


def named_seed(seed: int, *names: str) -> int:
    """Seed of a model's draws: from the study's seed and the names of the model."""
    import hashlib

    digest = hashlib.sha256(f"{seed}/{'/'.join(names)}".encode()).digest()
    return int.from_bytes(digest[:4], "big")


def complete_rows(rows: list[dict[str, Any]], key: TableKey) -> pd.DataFrame:
    """Add the table's names to its rows and bring them into the contract of estimates."""
    named = [{"study": key.study, "table": key.table, "sample": key.sample, **row} for row in rows]
    return estimates_frame(named)


def row_dicts(table: pd.DataFrame) -> list[dict[str, Any]]:
    """Rows of a table as dictionaries by column."""
    return [{str(name): cell for name, cell in row.items()} for row in table.to_dict("records")]


def value_row(term: str, number: float) -> dict[str, Any]:
    """A row of one plain number."""
    return {"quantity": Quantity.VALUE.value, "term": term, "estimate": float(number)}


def share_row(term: str, number: float) -> dict[str, Any]:
    """A row of one share."""
    return {"quantity": Quantity.SHARE.value, "term": term, "estimate": float(number)}


def ratio_row(term: str, number: float) -> dict[str, Any]:
    """A row of one ratio."""
    return {"quantity": Quantity.RATIO.value, "term": term, "estimate": float(number)}


def model_names(key: ModelKey) -> dict[str, str]:
    """The key columns of one model."""
    return {
        "model": key.model,
        "outcome": key.outcome,
        "spec": key.spec,
        "weights": key.weights,
        "equation": key.equation,
    }


def collect_by_unit(blocks: Sequence[pd.DataFrame]) -> pd.DataFrame:
    """Blocks of effects by unit, one below the other, sorted; empty when there is none."""
    if not blocks:
        return pd.DataFrame(columns=list(BY_UNIT_COLUMNS))
    names = [name for name in BY_UNIT_COLUMNS if name != "effect"]
    return pd.concat(blocks).sort_values(names, ignore_index=True)
