"""Small energy inventories and accounts of provinces with known numbers, for tests."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pandas as pd

from yrb_carbon.footprint.industry import (
    BOUGHT,
    NON_ENERGY,
    PLANTS,
    chemical_sectors,
    industry_sectors,
)
from yrb_carbon.sources.ceads_sheets import FUELS
from yrb_carbon.study.concordance import load_concordance

CONCORDANCE = load_concordance()
INDUSTRY = industry_sectors(CONCORDANCE)
CHEMISTRY = chemical_sectors(CONCORDANCE)
OTHERS = ("farming", "construction", "urban")
PROVINCES = ("11", "14", "44")
YEARS = (2003, 2004)


def energy_frame(
    seed: int = 1, provinces: Sequence[str] = PROVINCES, years: Sequence[int] = YEARS
) -> pd.DataFrame:
    """Tidy energy inventory; non-energy use is about a third of what the chemical industry uses."""
    items = [*INDUSTRY, *OTHERS, *PLANTS, NON_ENERGY]
    index = pd.MultiIndex.from_product(
        [years, provinces, items, [*FUELS, *BOUGHT]], names=["year", "province", "item", "fuel"]
    )
    amount = np.random.default_rng(seed).gamma(1.0, 10.0, len(index))
    return pd.DataFrame({"amount": amount}, index=index).reset_index()


def set_amount(frame: pd.DataFrame, amount: float, **cell: object) -> pd.DataFrame:
    """The same inventory with other amounts in some cells."""
    chosen = np.logical_and.reduce([frame[name].eq(value) for name, value in cell.items()])
    assert chosen.any()
    return frame.assign(amount=frame["amount"].mask(chosen, amount))


def cells(provinces: Sequence[str] = PROVINCES, years: Sequence[int] = YEARS) -> pd.MultiIndex:
    """Provinces and years."""
    return pd.MultiIndex.from_product([provinces, years], names=["province", "year"])
