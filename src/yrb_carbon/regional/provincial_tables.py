"""Provincial tables that ship with the project: forest stock and land, as they are printed."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.units import read_table, refuse_rows

FOREST_STOCK, LAND_USE = "forest_stock_2018.csv", "land_use_2019.csv"
"""Names of the shipped files."""
STOCK, AGRICULTURAL, CONSTRUCTION = "stock", "agricultural", "construction"
STOCK_UNIT, LAND_UNIT = "10^4 m3", "10^3 ha"

NUMBER = r"\d+(\.\d+)?"
YEAR = r"(19|20)\d{2}"


def load_forest_stock(path: str | Path | None = None) -> pd.Series:
    """Forest stock of the provinces.

    Parameters
    ----------
    path : path, optional
        CSV with province (two digits), label, year, stock, unit, source; a row a province and
        inventory. `data/forest_stock_2018.csv` when left out.

    Returns
    -------
    Series, index (province, year), 10^4 m3

    Raises
    ------
    SourceError
        If the file is not laid out like that, a number is none, an inventory lacks a province or
        has one twice; file, row and column are named.
    """
    return _read(_place(path, FOREST_STOCK), (STOCK,), STOCK_UNIT)[STOCK]


def load_land_use(path: str | Path | None = None) -> pd.DataFrame:
    """Agricultural and construction land of the provinces.

    Parameters
    ----------
    path : path, optional
        CSV with province (two digits), label, year, agricultural, construction, unit, source.
        `data/land_use_2019.csv` when left out.

    Returns
    -------
    DataFrame, index (province, year), columns agricultural, construction, 10^3 ha
        Unused land is in neither.

    Raises
    ------
    SourceError
        As `load_forest_stock`.
    """
    return _read(_place(path, LAND_USE), (AGRICULTURAL, CONSTRUCTION), LAND_UNIT)


def _place(path: str | Path | None, name: str) -> Path:
    return data_folder() / name if path is None else Path(path)


def _read(path: Path, amounts: tuple[str, ...], unit: str) -> pd.DataFrame:
    """Amounts by province and year, each year complete."""
    provinces = load_provinces()
    table = read_table(
        path.parent, path.name, ("province", "label", "year", *amounts, "unit", "source")
    )
    if table.empty:
        raise SourceError("the file has no row", Place(path))
    known = dict(provinces.frame["label"])
    refuse_rows(path, "province", ~table["province"].isin(list(known)), "a code of provinces.csv")
    labels = table["province"].map(known)
    refuse_rows(path, "label", table["label"].ne(labels), "the label that provinces.csv has")
    refuse_rows(path, "year", ~table["year"].str.fullmatch(YEAR), "a year")
    refuse_rows(path, "province", table.duplicated(["province", "year"]), "each once in a year")
    refuse_rows(path, "unit", table["unit"].ne(unit), unit)
    refuse_rows(path, "source", table["source"].eq(""), "where the number is printed")
    for name in amounts:
        refuse_rows(path, name, ~table[name].str.fullmatch(NUMBER), "a number such as 2437.36")
    keys = pd.MultiIndex.from_arrays(
        [table["province"], table["year"].astype(int)], names=["province", "year"]
    )
    for year, own in table.groupby("year"):
        lacking = sorted(set(provinces.codes) - set(own["province"]))
        if lacking:
            names = [f"{code} {provinces.label(code)}" for code in lacking]
            raise SourceError(f"no row of {year} for {listing(names)}", Place(path))
    return table[list(amounts)].astype(float).set_index(keys).sort_index()
