"""CEADs inventory of city CO2 emissions (Shan et al. 2022, Science Bulletin)."""

from __future__ import annotations

from pathlib import Path

from yrb_carbon.errors import SourceError, listing
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.magnitude import check_column
from yrb_carbon.sources.rawtable import Reading
from yrb_carbon.sources.workbook import read_sheet

SHEET = "emission vector"
CITY, YEAR, EMISSION = "city", "year", "emission"

PROVINCES = (
    "北京", "天津", "河北", "山西", "内蒙古", "辽宁", "吉林", "黑龙江", "上海", "江苏", "浙江",
    "安徽", "福建", "江西", "山东", "河南", "湖北", "湖南", "广东", "广西", "海南", "重庆", "四川",
    "贵州", "云南", "西藏", "陕西", "甘肃", "青海", "宁夏", "新疆",
)  # fmt: skip
MUNICIPALITIES = frozenset({"北京", "天津", "上海", "重庆"})


def split_key(key: str) -> tuple[str, str] | None:
    """Short names of province and city in a key such as 山东莱芜; None when none begins it."""
    if key in MUNICIPALITIES:
        return key, key
    for province in PROVINCES:
        if key.startswith(province) and len(key) > len(province):
            return province, key[len(province) :].strip()
    return None


def read_ceads_city(path: str | Path, *, sheet: str | None = SHEET) -> SourceTable:
    """Read the emission vector, Mt CO2 by city and year; the panel is unbalanced.

    Parameters
    ----------
    path : str or Path
        Workbook with the sheet `emission vector` (ID, city, year, emission).
    sheet : str or None
        None: the first sheet with these columns.

    Returns
    -------
    SourceTable
        province and name (short, as printed in one word), year; `co2_ceads_city` in Mt CO2.

    Raises
    ------
    SourceError
        See `Reading`; also for a key that begins with no province.
    """
    reading = Reading(read_sheet(path, sheet, (CITY, YEAR, EMISSION)), YEAR)
    keys = reading.names(CITY)
    pairs = [split_key(key) for key in keys]
    unknown = [i for i, pair in enumerate(pairs) if pair is None]
    if unknown:
        raise SourceError(
            f"{listing(sorted({keys[i] for i in unknown}))} does not begin with the short name of "
            "a province",
            reading.place(CITY, unknown[0]),
            "Keys look like 山东莱芜; municipalities stand alone.",
        )
    emission = reading.numbers(EMISSION, minimum=0)
    check_column(emission, "co2_ceads_city", reading.place(EMISSION))
    columns = {
        "province": [pair[0] for pair in pairs if pair],
        "name": [pair[1] for pair in pairs if pair],
        "year": reading.years(YEAR),
        "co2_ceads_city": emission,
    }
    return reading.finish(columns, ("province", "name", "year"))
