"""Provincial inventories in the published layout, small and with known numbers, for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np

from yrb_carbon.sources import ceads_energy, ceads_inventory
from yrb_carbon.study.concordance import load_concordance

Sheet = list[list[object]]
SECTORS = tuple(load_concordance().inventory["en"])
N_SECTORS = len(SECTORS)
UNIT_WORDS = {
    "10^4 t": ("104 tn", "10^4 ton"),
    "10^8 m3": ("108 cu.m", "10^8 cu.m"),
    "10^10 kJ": ("1010 kj", "1010 kj"),
    "10^8 kWh": ("108 kwh", "10^8 kwh"),
    "10^4 tce": ("104 tce", "10^4 tce"),
}
TRANSFORMED = (
    "thermal_power", "heating_supply", "coal_washing", "coking", "refineries", "gas_works",
    "briquette_making",
)  # fmt: skip
"""What the published row of inputs and outputs sums; coke put into gas works is not in it."""


def emission_cells(seed: int, total: float = 200.0) -> np.ndarray:
    """47 x 21 numbers: fuels burned and process, nothing bought; they sum to `total` Mt."""
    rng = np.random.default_rng(seed)
    cells = rng.gamma(0.5, 1.0, (N_SECTORS, len(ceads_inventory.COLUMNS)))
    bought = np.isin(list(ceads_inventory.COLUMNS), list(ceads_inventory.BOUGHT))
    cells[:, bought] = 0.0
    return cells * total / cells.sum()


def emission_sheet(cells: np.ndarray, *, underscores: bool = False) -> Sheet:
    """One province's sheet with its printed sums, in the older dialect or that of 2018 and 2019."""
    names = list(ceads_inventory.LAYOUT.columns.values())
    sectors = [f"{name}      " for name in SECTORS]
    corner, unit, total = "", "", "Total Consumption"
    if underscores:
        names = [name.replace(" ", "_").replace("Cleaned_Coal", "CleanedCoal") for name in names]
        sectors = [name.strip() for name in sectors]
        corner, unit, total = "Emission_Inventory", "unit", "TotalEmissions"
    bought = np.isin(list(ceads_inventory.COLUMNS), list(ceads_inventory.BOUGHT))
    whole = np.column_stack([cells, cells[:, ~bought].sum(axis=1)])
    whole = np.vstack([whole.sum(axis=0), whole])
    return [
        [corner, *names],
        [unit, *["Mt CO2"] * len(names)],
        [None] * (len(names) + 1),
        *([label, *row] for label, row in zip([total, *sectors], whole.tolist(), strict=True)),
    ]


def energy_sheet(
    final: np.ndarray, processes: Mapping[str, Sequence[float]], *, underscores: bool = False
) -> Sheet:
    """One province's sheet of energy, sums and filler rows as the files have them."""
    layout = ceads_energy.LAYOUT
    names = list(layout.columns.values())
    units = [UNIT_WORDS[unit][underscores] for unit in layout.units.values()]
    filler: object = None if underscores else 0.0
    sectors = [*SECTORS]
    sectors[2] = "Petroleum and Naturl Gas Extraction"
    if underscores:
        names = [name.replace(" ", "_") for name in names]
    zeros = [0.0] * len(names)
    blocks = {key: list(processes.get(key, zeros)) for key in layout.rows}
    blocks["final_consumption"] = final.sum(axis=0).tolist()
    sums = np.sum([blocks[key] for key in TRANSFORMED], axis=0)
    blocks["transformation"] = sums.tolist()
    rest = [key for key in layout.rows if key != "final_consumption"]
    return [
        ["Energy_inventory" if underscores else "", *names],
        ["unit" if underscores else "", *units],
        [layout.rows["final_consumption"][0], *blocks["final_consumption"]],
        *([name, *row] for name, row in zip(sectors, final.tolist(), strict=True)),
        [filler, *zeros],
        *([layout.rows[key][0], *blocks[key]] for key in rest),
        [filler, *zeros],
    ]
