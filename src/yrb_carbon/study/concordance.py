"""From the sectors of emission inventories to those of input-output tables and to 26 sectors."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.study.names import given
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.sector_lists import (
    FOLDER,
    PREFIX,
    load_sector_list,
    sector_key,
    sector_list_names,
    spelling_index,
)
from yrb_carbon.study.units import read_table, refuse_rows

INVENTORY_FILE = "ceads_sectors.csv"
GROUPINGS: Mapping[str, str] = MappingProxyType(
    {"S26": "sectors_26.csv", "H2": "sectors_26_h2.csv"}
)
"""Lists of 26 sectors and their files. `S26` joins trade with hotels and catering and keeps water
apart, `H2` joins gas with water and keeps trade and hotels apart."""

MINING = "S2"
"""Mining in both lists of 26 sectors."""

PRODUCTION, HOUSEHOLD = "production", "household"
INVENTORY_COLUMNS = ("sector", "en", "zh", "aliases", "kind")
LIST_PREFIX = "list_"
KEY_PATTERN = r"[a-z][a-z_]*"


@dataclass(frozen=True, slots=True)
class Concordance:
    """Sectors of the emission inventories and what they are in other lists.

    Attributes
    ----------
    inventory : DataFrame, index `sector`
        Key of every sector of the inventories in their order, with `en` (as published), `zh` and
        `kind` (production or household).
    index : mapping
        Key of a spelling -> sector.
    groups : mapping
        Grouping (`S26`, `H2`) -> DataFrame, index `code`, with `zh` and `en`.
    merges : mapping
        (list of 42 sectors, grouping) -> {code of the list: code of the grouping}.
    links : mapping
        Grouping or list of 42 sectors -> {sector of production: its codes there}.
    """

    inventory: pd.DataFrame
    index: Mapping[str, str]
    groups: Mapping[str, pd.DataFrame]
    merges: Mapping[tuple[str, str], Mapping[str, str]]
    links: Mapping[str, Mapping[str, tuple[str, ...]]]

    def find(self, text: object) -> str | None:
        """Sector of the inventories that a name means; None if it means none."""
        return self.index.get(sector_key(text)) if given(text) else None

    def of_kind(self, kind: str) -> tuple[str, ...]:
        """Sectors of production, or those of households, in the order of the inventories."""
        return tuple(str(s) for s in self.inventory.index[self.inventory["kind"].eq(kind)])

    @property
    def households(self) -> tuple[str, ...]:
        """Sectors outside production."""
        return self.of_kind(HOUSEHOLD)

    def targets(self, scheme: str) -> dict[str, tuple[str, ...]]:
        """Codes that every sector of the inventories has in another list.

        Parameters
        ----------
        scheme : str
            `S26`, `H2`, or the name of a list of 42 sectors (`2012`, `2017`).

        Returns
        -------
        dict
            Sector -> codes; one of a household keeps its own key. Several codes: emissions are to
            be split over them.
        """
        own = {sector: (sector,) for sector in self.households}
        return {**self.links[scheme], **own}

    def merge(self, list_name: str, scheme: str) -> dict[str, str]:
        """Code of a list of 42 sectors -> code of a grouping."""
        return dict(self.merges[list_name, scheme])

    def sectors_of(self, code: str, scheme: str = "S26") -> tuple[str, ...]:
        """Sectors of the inventories that belong to a code alone, in their order."""
        return tuple(s for s, codes in self.links[scheme].items() if codes == (code,))

    @property
    def mining(self) -> tuple[str, ...]:
        """The six mining sectors of the inventories; logging is not one of them."""
        return self.sectors_of(MINING)


def load_concordance(folder: str | Path | None = None) -> Concordance:
    """Read and check the tables of data/concordances.

    Parameters
    ----------
    folder : path, optional
        Folder with `concordances/`; `data_folder()` by default.

    Returns
    -------
    Concordance

    Raises
    ------
    SourceError
        If a column is missing, a key or name is empty or stands twice, a sector has no code or an
        unknown one, a code has no sector, or the way to 26 sectors by a list of 42 leads elsewhere
        than the direct one; file, row and column are named.
    """
    return _shipped(data_folder()) if folder is None else _read_concordance(Path(folder))


@cache
def _shipped(home: Path) -> Concordance:
    """The concordances of the package: every inventory and table asks for them."""
    return _read_concordance(home)


def _read_concordance(root: Path) -> Concordance:
    home = root / FOLDER
    groups = {scheme: _read_groups(home, file) for scheme, file in GROUPINGS.items()}
    names = sector_list_names(root)
    if not names:
        raise SourceError(f"no list of sectors ({PREFIX}*.csv)", Place(home))
    codes = {name: load_sector_list(name, root).codes for name in names}
    merges = {
        (name, scheme): _read_merge(home, name, scheme, groups[scheme])
        for name in names
        for scheme in GROUPINGS
    }
    columns = {
        **{scheme: scheme for scheme in GROUPINGS},
        **{n: f"{LIST_PREFIX}{n}" for n in names},
    }
    path = home / INVENTORY_FILE
    table = read_table(home, INVENTORY_FILE, (*INVENTORY_COLUMNS, *columns.values()))
    _check_inventory(path, table)
    known = {**{s: tuple(g.index) for s, g in groups.items()}, **codes}
    links = {
        scheme: _read_links(path, table, column, known[scheme])
        for scheme, column in columns.items()
    }
    for (name, scheme), merge in merges.items():
        _check_ways(path, table, columns[scheme], links[scheme], links[name], merge)
    inventory = table.set_index("sector")
    return Concordance(
        inventory=inventory[["en", "zh", "kind"]],
        index=MappingProxyType(spelling_index(inventory, path)),
        groups=MappingProxyType(groups),
        merges=MappingProxyType(merges),
        links=MappingProxyType(links),
    )


def _read_groups(home: Path, file: str) -> pd.DataFrame:
    path = home / file
    table = read_table(home, file, ("code", "zh", "en"))
    for column in ("code", "zh", "en"):
        refuse_rows(path, column, table[column].str.strip().eq(""), "a text")
        refuse_rows(path, column, table[column].duplicated(), "each one once")
    return table.set_index("code")


def _read_merge(home: Path, name: str, scheme: str, groups: pd.DataFrame) -> dict[str, str]:
    file = f"{PREFIX}{name}.csv"
    path = home / file
    table = read_table(home, file, ("code", scheme))
    refuse_rows(path, scheme, ~table[scheme].isin(groups.index), f"a code of {GROUPINGS[scheme]}")
    _refuse_unhit(path, scheme, groups.index, table[scheme])
    return dict(zip(table["code"], table[scheme], strict=True))


def _check_inventory(path: Path, table: pd.DataFrame) -> None:
    pattern = table["sector"].str.fullmatch(KEY_PATTERN)
    refuse_rows(path, "sector", ~pattern, "a key of small letters and underscores")
    refuse_rows(path, "sector", table["sector"].duplicated(), "each key once")
    for column in ("en", "zh"):
        refuse_rows(path, column, table[column].str.strip().eq(""), "a name")
    kinds = (PRODUCTION, HOUSEHOLD)
    refuse_rows(path, "kind", ~table["kind"].isin(kinds), f"one of {listing(kinds)}")


def _read_links(
    path: Path, table: pd.DataFrame, column: str, known: tuple[str, ...]
) -> dict[str, tuple[str, ...]]:
    """Sector of production -> its codes in one column, each known and every known one hit."""
    codes = table[column].str.split()
    household, empty = table["kind"].eq(HOUSEHOLD), table[column].str.strip().eq("")
    refuse_rows(path, column, household & ~empty, "nothing for households")
    refuse_rows(path, column, ~household & empty, "a code for production")
    strange = codes.map(lambda own: not set(own) <= set(known) or len(set(own)) < len(own))
    refuse_rows(path, column, strange, f"codes among {listing(known, 50)}, each once")
    _refuse_unhit(path, column, known, codes.explode().dropna())
    return {
        str(sector): tuple(own)
        for sector, own, outside in zip(table["sector"], codes, household, strict=True)
        if not outside
    }


def _refuse_unhit(path: Path, column: str, known: Iterable[str], hit: pd.Series) -> None:
    found = set(hit)
    missing = [code for code in known if code not in found]
    if missing:
        raise SourceError(
            f"no row leads to {listing(missing)}",
            Place(path, column=column),
            "Every code must have a sector.",
        )


def _check_ways(
    path: Path,
    table: pd.DataFrame,
    column: str,
    direct: Mapping[str, tuple[str, ...]],
    by_list: Mapping[str, tuple[str, ...]],
    merge: Mapping[str, str],
) -> None:
    """Refuse a sector that comes to other groups by a list of 42 sectors than directly."""
    apart = table["sector"].map(
        lambda s: s in direct and set(direct[s]) != {merge[code] for code in by_list[s]}
    )
    refuse_rows(path, column, apart.astype(bool), "the groups that its codes in the lists have")
