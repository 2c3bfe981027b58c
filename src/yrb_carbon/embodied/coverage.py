"""Where the emissions of a year are: in the accounts of a table, or outside of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.embodied.accounts import EmbodiedSystem
from yrb_carbon.embodied.leontief import require_identity


@dataclass(frozen=True, slots=True, eq=False)
class Coverage:
    """All emissions of a year by where they are, Mt CO2.

    emitted = placed + unplaced + households

    Attributes
    ----------
    emitted : float
        All that the inventories, or the extension of a system, have.
    placed : float
        At accounts of the table.
    unplaced : float
        At accounts without output, left out of the system.
    unplaced_mining : float
        Of these, those of mining.
    households : float
        Of final users themselves, outside production.
    imputed : Series, index region
        What regions without an inventory are taken to emit, beside all that.
    """

    emitted: float
    placed: float
    unplaced: float
    unplaced_mining: float
    households: float
    imputed: pd.Series

    @property
    def gap(self) -> float:
        """What the parts lack to the whole, which is rounding."""
        return self.emitted - self.placed - self.unplaced - self.households

    def sums(self) -> dict[str, float]:
        """Its numbers by name, regions without an inventory summed."""
        return {
            "emitted": self.emitted,
            "placed": self.placed,
            "unplaced": self.unplaced,
            "unplaced_mining": self.unplaced_mining,
            "households": self.households,
            "imputed": float(self.imputed.sum()),
        }


def calc_coverage(
    system: EmbodiedSystem, emitted: float, outside: pd.Series, mining: Sequence[str]
) -> Coverage:
    """Account for all emissions of a year, and assert that none is lost or made.

    sum_i E_i = placed + imputed,   emitted = placed + unplaced + households

    Parameters
    ----------
    system : EmbodiedSystem
    emitted : float
        All emissions of the year as they were read, Mt.
    outside : Series
        Emissions outside production, Mt.
    mining : sequence of str
        Mining sectors of the system.

    Returns
    -------
    Coverage

    Raises
    ------
    DataError
        If the parts miss the whole.
    """
    by_region = pd.Series(system.by_region(system.emissions), index=list(system.regions))
    imputed = by_region[list(system.imputed)]
    is_mining = system.unplaced.index.get_level_values(1).isin(list(mining))
    found = Coverage(
        emitted=emitted,
        placed=float(by_region.drop(list(system.imputed)).sum()),
        unplaced=float(system.unplaced.sum()),
        unplaced_mining=float(system.unplaced[is_mining].sum()),
        households=float(outside.sum()),
        imputed=imputed,
    )
    require_identity(
        "emissions of accounts, of accounts without output and of households are all emissions",
        np.array([found.placed + found.unplaced + found.households]),
        np.array([emitted]),
        abs(emitted),
    )
    return found
