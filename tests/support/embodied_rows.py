"""A small study of embodied carbon and hand-made rows of all kinds of its tables."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.estimates import estimates_frame
from yrb_carbon.study.config import Study

YEARS = (2012, 2015, 2017)
REGIONS = ("15", "33", "61")
"""Inner Mongolia, Zhejiang, Shaanxi."""
LABEL = {"en": "Carbon of mining", "zh": "采矿碳"}
TABLES: dict[str, dict[str, Any]] = {
    "B1": {"kind": "mining_emissions"},
    "B2": {"kind": "embodied_intensity", "system": "mrio"},
    "B3": {"kind": "sector_contributions", "system": "mrio"},
    "B4": {"kind": "flow_paths", "system": "mrio", "top": 4},
    "B5": {"kind": "flow_network", "system": "mrio", "key_regions": 2},
    "B6": {"kind": "structural_paths", "system": "mrio"},
    "B7": {"kind": "flow_decomposition", "system": "mrio"},
}
FUELS = {"raw_coal": 200.0, "diesel": 90.5, "kerosene": 0.0, "natural_gas": 110.25}
UPSTREAM = {"S8": 40.0, "S11": 30.0, "S20": 20.0, "S24": 10.0}
PATHS = ("61 S2 > 61 S20", "15 S2 > 61 S20 > 33 S23", "61 S2")
ROLES = {1: "net_spill_out", 2: "net_beneficiary"}
BLOCKS = {"15": 1, "33": 2, "61": 1}


def embodied_study(**changes: Any) -> Study:
    """A study with one table of every kind; `changes` are other sections, tables by name."""
    tables = {
        name: {"title": LABEL, **values, **changes.pop(name, {})} for name, values in TABLES.items()
    }
    values: dict[str, Any] = {
        "study": {"name": "tiny", "title": LABEL, "synthetic": True},
        "data_root": ".",
        "sources": {},
        "weights": {"queen": {}},
        "variables": {},
        "figures": {"units_map": False},
        "embodied": {
            "inventories": {year: f"inventory_{year}.xlsx" for year in YEARS},
            "systems": {
                "mrio": {
                    "format": "ceads_mrio",
                    "label": {"en": "Interprovincial tables", "zh": "省际投入产出表"},
                    "tables": {year: {"path": f"mrio_{year}.xlsx"} for year in YEARS},
                }
            },
        },
        "tables": tables,
    }
    return Study.model_validate(values | changes)


class Rows:
    """Collects rows of one study."""

    def __init__(self) -> None:
        self.rows: list[dict[str, Any]] = []

    def add(self, table: str, model: str, term: str, estimate: float, **parts: Any) -> None:
        """One row; the quantity is `value` unless `parts` say otherwise."""
        self.rows.append(
            {
                "study": "tiny", "table": table, "model": model, "outcome": "co2", "spec": "mrio",
                "quantity": "value", "term": term, "estimate": estimate, "n_units": 30,
                "estimator": "inventory" if model == "inventory" else "input_output", **parts,
            }
        )  # fmt: skip


def embodied_rows() -> pd.DataFrame:
    """Rows of every kind as estimates.csv has them, numbers all different."""
    made = Rows()
    numbers = iter(np.random.default_rng(6).uniform(1, 9, 2000).round(5))
    for place, year in enumerate(YEARS):
        _emissions(made, year, 1 - place / 10)
        _accounts(made, year, numbers)
        _sectors(made, year, 1 + place / 7)
        _flows(made, year, numbers)
        _network(made, year, numbers)
        _paths(made, year, 1 + place / 9)
    for model in ("2012-2015", "2015-2017"):
        for region in ("", *REGIONS):
            for term in ("intensity", "technology", "structure", "level", "change"):
                made.add("B7", model, term, next(numbers) - 5, equation=region)
        made.add("B7", model, "intensity:1", next(numbers), equation="polar")
    for table in ("B2", "B3", "B4", "B5", "B6", "B7"):
        for year in YEARS:
            basis_rows(made, table, year)
    return estimates_frame(made.rows)


BASIS = {
    "emitted": 9500.5, "placed": 9100.25, "unplaced": 0.0, "unplaced_mining": 0.0,
    "households": 400.25, "imputed": 12.5,
}  # fmt: skip


def basis_rows(
    made: Rows, table: str, year: int, treatment: str = "apart", **changes: float
) -> None:
    """What a table rests on; the last region has no inventory."""
    for term, size in {**BASIS, **changes}.items():
        made.add(table, "basis", term, size, year=year)
    made.add(table, "basis", "imputed", 12.5, year=year, equation=REGIONS[-1])
    made.add(table, "basis", treatment, 1.0, year=year, equation="imports")


def _emissions(made: Rows, year: int, scale: float) -> None:
    total = sum(FUELS.values())
    for fuel, size in {**FUELS, "total": total}.items():
        own = {"year": year, "spec": ""}
        made.add("B1", "inventory", fuel, size * scale, **own)
        made.add("B1", "inventory", fuel, size / total, **own, quantity="share")
        made.add("B1", "inventory", fuel, size * scale * 1.01, **own, equation="energy")
    for place, region in enumerate(REGIONS):
        made.add("B1", "inventory", "total", 30.125 * (place + 1) * scale, **own, equation=region)


def _accounts(made: Rows, year: int, numbers: Any) -> None:
    terms = (
        "direct_intensity", "embodied_intensity", "production", "consumption", "shared", "output",
        "embodied", "upstream", "outflow", "inflow", "net", "exports", "sector_net",
    )  # fmt: skip
    for region in ("", *REGIONS):
        for term in terms:
            made.add("B2", "accounts", term, next(numbers), equation=region, year=year)
    for user in ("exports", "other"):
        for term in ("production", "consumption", "shared"):
            made.add("B2", "accounts", term, next(numbers), equation=user, year=year)


def _sectors(made: Rows, year: int, scale: float) -> None:
    for model, sizes in (
        ("upstream", UPSTREAM),
        ("downstream", dict(zip(UPSTREAM, (1.5, 2.5, 3.5, 0.5), strict=True))),
    ):
        total, own = sum(sizes.values()), 5.5
        for sector, size in sizes.items():
            made.add("B3", model, sector, size * scale, year=year)
            made.add("B3", model, sector, size / total, year=year, quantity="share")
        made.add("B3", model, "S2", own * scale, year=year)
        made.add("B3", model, "S8", 1.0, year=year, equation="61")
        for sector, size in {**sizes, "S2": own}.items():
            share = size / (total + own)
            made.add("B3", f"{model}_all", sector, share, year=year, quantity="share")


def _flows(made: Rows, year: int, numbers: Any) -> None:
    for model in ("system", "producer", "final"):
        for source, target in permutations(REGIONS, 2):
            size = 99.5 if (source, target) == ("61", "33") else next(numbers)
            made.add("B4", model, f"{source}-{target}", size, year=year)
        for region in REGIONS:
            made.add("B4", model, region, 500.0, year=year, equation="own")
            for user in ("exports", "other"):
                made.add("B4", model, f"{region}-{user}", 400.0, year=year, equation=user)
            for equation in ("out", "in", "net"):
                made.add("B4", model, region, next(numbers), year=year, equation=equation)


def _network(made: Rows, year: int, numbers: Any) -> None:
    own = {"year": year}
    for term, size in (("density", 0.375), ("n_links", 4.0), ("reciprocity", 0.5), ("odd_one", 1),
                       ("key_overlap", np.nan)):  # fmt: skip
        made.add("B5", "system", term, size, equation="network", **own)
    for measure in ("strength", "betweenness", "pagerank", "out_degree"):
        for region in REGIONS:
            size = 2.0 if measure == "out_degree" else next(numbers)
            made.add("B5", "system", region, size, equation=measure, **own)
    for place, region in enumerate(("61", "15", "33")):
        made.add("B5", "system", region, 1.25 + place, equation="key", **own)
    for region, block in BLOCKS.items():
        made.add("B5", "system", region, block, equation="block", **own)
    for block, role in ROLES.items():
        made.add("B5", "system", f"{block}|{role}", 1.0, equation="role", **own)
        for other in ROLES:
            density = np.nan if block == other == 2 else next(numbers) / 10
            made.add("B5", "system", f"{block}-{other}", density, equation="density", **own)
            for equation, value in (("image", float(block < other)), ("ties", next(numbers))):
                made.add("B5", "system", f"{block}-{other}", value, equation=equation, **own)


def _paths(made: Rows, year: int, scale: float) -> None:
    for place, path in enumerate(PATHS):
        own = {"year": year, "equation": f"depth {path.count('>')}"}
        made.add("B6", "paths", path, 3.5706 * scale / (place + 1), **own)
        made.add("B6", "paths", path, 0.125 / (place + 1), **own, quantity="share")
    made.add("B6", "paths", "total", 28.5 * scale, year=year, equation="depth")
    for term, count in {"0": 1, "1": 12, "2": 7}.items():
        own = {"year": year, "equation": "listed"}
        made.add("B6", "paths", term, count, **own)
        made.add("B6", "paths", term, count / 200, **own, quantity="share")
    for term, share in {"0": 0.5, "1": 0.25, "2": 0.125, "remainder": 0.0625}.items():
        made.add("B6", "paths", term, share, year=year, equation="depth", quantity="share")
