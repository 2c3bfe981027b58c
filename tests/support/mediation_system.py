"""A small mediation system on a ring of units, its study and its weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
from scipy.sparse import csr_array

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.study.config import Study
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.weights.links import LinkedUnits

N_UNITS, N_YEARS = 20, 9
UNITS = [f"{140000 + 100 * i}" for i in range(1, N_UNITS + 1)]
YEARS = range(2003, 2003 + N_YEARS)
INDEX = pd.MultiIndex.from_product([UNITS, YEARS], names=["unit", "year"])
KEY = TableKey(study="tiny", table="T7", sample="main")
SEED = 7
FEW = 200
"""Draws: enough for intervals, few enough for a test."""


def label(name: str) -> dict[str, str]:
    return {"en": name, "zh": f"{name}中"}


def ring() -> LinkedUnits:
    """Weights of one half on the two neighbours along a ring."""
    place = np.arange(N_UNITS)
    dense = np.zeros((N_UNITS, N_UNITS))
    dense[place, (place + 1) % N_UNITS] = 0.5
    dense[place, (place - 1) % N_UNITS] = 0.5
    return LinkedUnits(pd.Index(UNITS, name="unit"), csr_array(dense))


def simulate(seed: int = 3, noise: float = 0.3) -> pd.DataFrame:
    """Treatment x, mediators a and b, control z, outcome y by the reduced form."""
    generator = np.random.default_rng(seed)
    weights = ring().sparse.toarray()
    x, z = generator.normal(size=(2, N_YEARS, N_UNITS))
    errors = noise * generator.normal(size=(3, N_YEARS, N_UNITS))

    def solve(rho: float, right: np.ndarray) -> np.ndarray:
        return np.linalg.solve(np.eye(N_UNITS) - rho * weights, right.T).T

    first = solve(0.3, -0.8 * x + 0.3 * x @ weights.T + 0.2 * z + errors[0])
    second = solve(0.2, -0.5 * x + 0.4 * z + errors[1])
    outcome = 0.7 * first + 0.2 * first @ weights.T + 0.5 * second - 0.4 * x + 0.1 * z
    columns = {"y": solve(0.3, outcome + errors[2]), "x": x, "a": first, "b": second, "z": z}
    return pd.DataFrame({name: cells.T.ravel() for name, cells in columns.items()}, index=INDEX)


def section(**changes: Any) -> dict[str, Any]:
    """The table's section as plain values."""
    values: dict[str, Any] = {
        "kind": "mediation",
        "title": label("Paths"),
        "outcome": "y",
        "treatment": "x",
        "mediators": ["a", "b"],
        "controls": ["z"],
        "weights": "ring",
        "covariances": ["oim", "serial"],
        "draws": FEW,
        "bootstrap": {"wild_unit": 39, "year": 39},
    }
    return {**values, **changes}


def table(**changes: Any) -> MediationTable:
    return MediationTable.model_validate(section(**changes))


def study_of(tables: dict[str, Any] | None = None, **sections: Any) -> Study:
    """A study with the table T7, and others."""
    return Study.model_validate(
        {
            "study": {"name": "tiny", "title": label("Tiny"), "synthetic": True},
            "data_root": ".",
            "sources": {},
            "weights": {"ring": {}, "plain": {"standardise": "none"}},
            "variables": {
                name: {"index": "raw", "column": "pop", "label": label(text)}
                for name, text in (
                    ("y", "Outcome"), ("x", "Treatment"), ("a", "First"), ("b", "Second"),
                    ("z", "Control"), ("all", "Everything"), ("joint", "Jointly"),
                )
            },
            "tables": {"T7": section(), **(tables or {})},
            **sections,
        }
    )  # fmt: skip
