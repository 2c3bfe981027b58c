"""Moments of the real panel that the demonstration data imitate."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yrb_carbon.errors import Place, SourceError
from yrb_carbon.study.paths import data_folder


@dataclass(frozen=True, slots=True)
class Moments:
    """Magnitudes of one variable of the real panel (set A, 2003-2018).

    Attributes
    ----------
    reach_mean : mapping
        Mean by reach (up, mid, down).
    sd_between : float
        S.d. of unit means within a reach.
    sd_within : float
        S.d. of the two-way within deviations.
    ar1 : float
        First-order autocorrelation of these deviations.
    year : tuple of float
        Mean of each year minus the overall mean, 2003 to 2018.
    """

    reach_mean: Mapping[str, float]
    sd_between: float
    sd_within: float
    ar1: float
    year: tuple[float, ...]


def moments_file() -> Path:
    """The table of moments that ships with the project (made by benchmarks/demo_moments.py)."""
    return data_folder() / "demo" / "moments.json"


def read_moments(path: Path | None = None) -> dict[str, Any]:
    """Read the table of moments as it stands.

    Raises
    ------
    SourceError
        If the file is missing or is no JSON.
    """
    file = path or moments_file()
    try:
        return dict(json.loads(file.read_text(encoding="utf-8")))
    except FileNotFoundError:
        raise SourceError(
            "no table of moments", Place(file), "It ships with the project, in data/demo"
        ) from None
    except json.JSONDecodeError as error:
        raise SourceError(f"not JSON ({error})", Place(file)) from error


def moments_of(table: Mapping[str, Any], name: str) -> Moments:
    """Moments of one variable of the table."""
    row = table[name]
    return Moments(
        row["reach_mean"],
        row["sd_between_in_reach"],
        row["sd_within"],
        row["ar1_within"],
        tuple(row["year"]),
    )
