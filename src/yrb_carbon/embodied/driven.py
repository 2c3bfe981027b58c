"""Emissions of regions driven by the final demand of others, from one table of a study."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from yrb_carbon.embodied.accounts import calc_driven_emissions
from yrb_carbon.embodied.build import build_studied_system
from yrb_carbon.provenance import FileRecord
from yrb_carbon.study.concordance import load_concordance
from yrb_carbon.study.embodied import EmbodiedSection
from yrb_carbon.study.regional import TransferSection


def read_driven_emissions(
    section: EmbodiedSection,
    transfer: TransferSection,
    data_root: str | Path,
    inventory: pd.DataFrame,
) -> tuple[pd.DataFrame, tuple[FileRecord, ...]]:
    """Emissions by where they arise and whose final uses drive them.

    T^{rs} = sum_i f_i^r (L y^s)_i^r

    Parameters
    ----------
    section : EmbodiedSection
    transfer : TransferSection
        System and year of the table.
    data_root : path
    inventory : DataFrame
        Columns year, province, sector, fuel, co2 (Mt), of that year at least.

    Returns
    -------
    driven : DataFrame, R x users, Mt CO2
        Regions, then exports and other uses where the study keeps them apart.
    records : tuple of FileRecord

    Raises
    ------
    SourceError, DataError
        For a table that cannot be read, or emissions that do not go with it.
    """
    system, year = transfer.system, transfer.year
    own = section.systems[system]
    single = own.model_copy(update={"tables": {year: own.tables[year]}})
    one_year = section.model_copy(update={"systems": {system: single}})
    built = build_studied_system(system, one_year, inventory, load_concordance(), data_root)
    return calc_driven_emissions(built.by_year[year]), built.records
