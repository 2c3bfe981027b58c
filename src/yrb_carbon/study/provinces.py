"""The provinces of the mainland: codes, names, the spellings of files, regions and areas."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

import pandas as pd

from yrb_carbon.errors import Place, SourceError, UnitError, listing
from yrb_carbon.study.names import PROVINCE_TYPES, SpellingIndex
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.units import load_places, load_spellings, read_table, refuse_rows

REGIONS: Mapping[str, str] = MappingProxyType({"east": "东部", "central": "中部", "west": "西部"})
"""Three regions of the national statistics, with their Chinese names."""

AREAS: Mapping[str, str] = MappingProxyType(
    {
        "jing_jin": "京津",
        "northeast": "东北",
        "north_coast": "北部沿海",
        "east_coast": "东部沿海",
        "south_coast": "南部沿海",
        "central": "中部",
        "northwest": "西北",
        "southwest": "西南",
    }
)
"""Eight areas of the interregional input-output tables, with their Chinese names."""

PROVINCE_COLUMNS = ("province", "label", "region", "area")
CODE_PATTERN = r"\d{2}"
VARIANT = "variant"
"""Kind of the spellings that are today's; former names of prefectures are no provinces."""

MAX_CLOSE = 3


@dataclass(frozen=True, slots=True)
class Provinces:
    """Provinces, one row a province, sorted by code.

    Attributes
    ----------
    frame : DataFrame, index `province`
        Two digits of GB/T 2260 as text; `label` (one word, as `units.csv` and the sheets of the
        emission inventories have it: InnerMongolia), `name_en` (Inner Mongolia), `name_zh`
        (内蒙古自治区), `short_zh` (内蒙古), `region` (a key of `REGIONS`), `area` (of `AREAS`).
    index : SpellingIndex
        Their spellings, with those of Hong Kong, Macao and Taiwan, which are no rows.
    """

    frame: pd.DataFrame
    index: SpellingIndex

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes, sorted."""
        return tuple(str(code) for code in self.frame.index)

    def find(self, spelling: object) -> str | None:
        """Code of the province that a name or code means; None if it means none of them."""
        code = self.index.province(spelling)
        return code if code in self.frame.index else None

    def is_outside(self, spelling: object) -> bool:
        """Whether a name or code means a place of that rank that is no row: Hong Kong, say."""
        code = self.index.province(spelling)
        return code is not None and code not in self.frame.index

    def code(self, spelling: object, place: Place | None = None) -> str:
        """Code of the province that a name or code means.

        Parameters
        ----------
        spelling : text or number
            Chinese or English, long or short (内蒙, 内蒙古自治区, InnerMongolia), or two or six
            digits.
        place : Place, optional
            Where it was found, for the message.

        Raises
        ------
        UnitError
            If it means none; the closest names are given.
        """
        if (code := self.find(spelling)) is not None:
            return code
        names = [name for column in ("label", "short_zh") for name in self.frame[column]]
        close = difflib.get_close_matches(str(spelling), names, n=MAX_CLOSE)
        guess = f"; close to {listing(close)}" if close else ""
        raise UnitError(
            f"{str(spelling)!r} is none of the {len(self)} provinces{guess}. Correct the name, or "
            "add the spelling to data/names.csv",
            place,
        )

    def codes_of(self, spellings: Iterable[object], place: Place | None = None) -> list[str]:
        """`code` of several spellings, in their order."""
        return [self.code(spelling, place) for spelling in spellings]

    def label(self, code: str) -> str:
        """One-word English name of a province (InnerMongolia)."""
        return str(self.frame.loc[code, "label"])

    def grouped(self, by: str) -> dict[str, tuple[str, ...]]:
        """Codes of the provinces of every region or area.

        Parameters
        ----------
        by : {"region", "area"}
        """
        order = {"region": REGIONS, "area": AREAS}[by]
        return {key: tuple(self.frame.index[self.frame[by].eq(key)]) for key in order}


def load_provinces(folder: str | Path | None = None) -> Provinces:
    """Read and check data/provinces.csv; names are those of prefectures.csv and names.csv.

    Parameters
    ----------
    folder : path, optional
        Folder with the files; `data_folder()` by default.

    Returns
    -------
    Provinces

    Raises
    ------
    SourceError
        If a column is missing, a code is not two digits, stands twice or is no province of
        prefectures.csv, a label is not the one that prefectures.csv has, or a region or area is
        not one of the known ones; file, row and column are named.
    """
    return _shipped(data_folder()) if folder is None else _read_provinces(Path(folder))


@cache
def _shipped(home: Path) -> Provinces:
    """The provinces of the package: tables and pages ask for them a hundred times."""
    return _read_provinces(home)


def _read_provinces(home: Path) -> Provinces:
    path = home / "provinces.csv"
    table = read_table(home, "provinces.csv", PROVINCE_COLUMNS)
    refuse_rows(path, "province", ~table["province"].str.fullmatch(CODE_PATTERN), "two digits")
    refuse_rows(path, "province", table["province"].duplicated(), "each code once")
    for column, known in (("region", REGIONS), ("area", AREAS)):
        refuse_rows(path, column, ~table[column].isin(list(known)), f"one of {listing(known)}")
    places = {place.code[:2]: place for place in load_places(home) if place.kind in PROVINCE_TYPES}
    unknown = ~table["province"].isin(list(places))
    refuse_rows(path, "province", unknown, "a code of a province in prefectures.csv")
    known_as = table["province"].map({code: place.province for code, place in places.items()})
    refuse_rows(path, "label", table["label"].ne(known_as), "the label that prefectures.csv has")
    spellings = load_spellings(home)
    own = spellings["code"].str[:2].isin(list(places)) & spellings["code"].str.endswith("0000")
    own &= spellings["kind"].eq(VARIANT)
    index = SpellingIndex(
        places.values(),
        spellings.loc[own, ["code", "name"]].itertuples(index=False, name=None),
    )
    frame = table.set_index("province").sort_index()
    for name in ("name_en", "name_zh", "short_zh"):
        frame[name] = [getattr(places[str(code)], name) for code in frame.index]
    if frame.empty:
        raise SourceError("the file has no row", Place(path))
    return Provinces(frame, index)
