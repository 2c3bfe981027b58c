"""Units as the published files print them: rows, names and codes of their year."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from yrb_carbon.sources.boundaries import BASIN_PROVINCES
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.provinces import REGIONS, load_provinces
from yrb_carbon.study.units import Units, load_events, load_units

LAIWU, JINAN, JIYUAN = "371200", "370100", "419001"
LAIWU_LAST_YEAR = 2018

NORTH_WEST_OF_HU_LINE = frozenset({"Qinghai", "Gansu", "Ningxia", "InnerMongolia"})


@dataclass(frozen=True, slots=True)
class Place:
    """One unit in one year, as printed.

    Attributes
    ----------
    code, name, short, english : str
        6-digit code and names of that year.
    province, province_zh : str
        Label in our tables, official Chinese name.
    kind : str
        Type of the unit.
    """

    code: str
    name: str
    short: str
    english: str
    province: str
    province_zh: str
    kind: str

    @property
    def province_code(self) -> str:
        """Code of the province, as text."""
        return f"{self.code[:2]}0000"


class Gazetteer:
    """Names and codes of the candidate units by year."""

    def __init__(self) -> None:
        self.units: Units = load_units()
        self._now = {
            str(row["unit"]): Place(
                str(row["unit"]), str(row["name_zh"]), str(row["name_short_zh"]),
                str(row["name_en"]), str(row["province"]), str(row["province_zh"]),
                str(row["type"]),
            )
            for row in self.units.frame.reset_index().to_dict("records")
        }  # fmt: skip
        recodes = load_events()
        recodes = recodes[recodes["kind"].eq("recode") & recodes["first_year"].notna()]
        self._recodes = {
            str(code): group.sort_values("first_year")
            for code, group in recodes.groupby("code_new")
        }
        self._regions = load_provinces().frame["region"].map(dict(REGIONS)).to_dict()

    def region(self, place: Place) -> str:
        """Region of a unit as Chinese tables print it: 东部, 中部 or 西部."""
        return str(self._regions[place.code[:2]])

    def now(self, unit: str) -> Place:
        """The unit under its last code and name."""
        return self._now[unit]

    def then(self, unit: str, year: int) -> Place:
        """The unit under the code and name of a year."""
        place = self.now(unit)
        events = self._recodes.get(unit)
        if events is None:
            return place
        later = events[events["first_year"] > year]
        if later.empty:
            return place
        row = later.iloc[0]
        return Place(
            str(row["code_old"]), str(row["name_old"]), place.short, place.english,
            place.province, place.province_zh, place.kind,
        )  # fmt: skip


def present_units(units: Units) -> pd.DataFrame:
    """Units that exist today, sorted: all candidates but Laiwu."""
    frame = units.frame
    return frame[frame["existed_to"].isna()].sort_index()


@dataclass(frozen=True, slots=True)
class Outsider:
    """A prefecture of the country that is no candidate unit.

    Attributes
    ----------
    code, name, short, province_zh : str
    """

    code: str
    name: str
    short: str
    province_zh: str

    @property
    def province_code(self) -> str:
        """Code of the province, as text."""
        return f"{self.code[:2]}0000"


def _outsiders() -> pd.DataFrame:
    table = pd.read_csv(
        data_folder() / "prefectures.csv", dtype=str, keep_default_na=False, encoding="utf-8"
    ).set_index("code")
    provinces = table["name_zh"]
    return table.assign(province_zh=[provinces.get(f"{code[:2]}0000", "") for code in table.index])


def other_prefectures(units: Units) -> list[Outsider]:
    """Present prefectures of the nine provinces that are no candidate units, sorted."""
    table = _outsiders()
    chosen = [
        code
        for code in sorted(table.index)
        if code[:2] in BASIN_PROVINCES and code[2:] != "0000" and code not in units.frame.index
        and table.loc[code, "last_year"] == ""
    ]  # fmt: skip
    return [_outsider(table, code) for code in chosen]


def far_places(codes: tuple[str, ...] = ("110000", "340100", "510100")) -> list[Outsider]:
    """Some places outside the study area, as national files have hundreds of."""
    table = _outsiders()
    return [_outsider(table, code) for code in codes]


def _outsider(table: pd.DataFrame, code: str) -> Outsider:
    row = table.loc[code]
    return Outsider(code, str(row["name_zh"]), str(row["name_short_zh"]), str(row["province_zh"]))
