"""Names that readers see for the codes of provinces, regions and areas."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from functools import cache
from types import MappingProxyType

from yrb_carbon.report.language import Words, message
from yrb_carbon.study.base import Language
from yrb_carbon.study.provinces import AREAS, REGIONS, load_provinces

TOTAL = "total"
"""Term of what is summed over all provinces; as an equation it is empty."""
ALL_REGIONS = message("All regions")
ALL_PROVINCES = message("All provinces")
WHOLE_REGION = message("Whole region")

REGION_NAMES: Mapping[str, str] = MappingProxyType(
    {"east": "East", "central": "Central", "west": "West"}
)
AREA_NAMES: Mapping[str, str] = MappingProxyType(
    {
        "jing_jin": "Beijing-Tianjin",
        "northeast": "Northeast",
        "north_coast": "North coast",
        "east_coast": "East coast",
        "south_coast": "South coast",
        "central": "Central",
        "northwest": "Northwest",
        "southwest": "Southwest",
    }
)
"""English names; the Chinese ones are those of `study.provinces`."""

Names = Mapping[Language, str]


@cache
def province_names() -> Mapping[str, Names]:
    """Names of the provinces by code."""
    frame = load_provinces().frame
    return {
        str(code): {"en": str(en), "zh": str(zh)}
        for code, en, zh in zip(frame.index, frame["name_en"], frame["short_zh"], strict=True)
    }


def place_name(code: str, words: Words) -> str:
    """Name of a province or region; of all of them for an empty code and for `total`."""
    if code in ("", TOTAL):
        return words(ALL_PROVINCES)
    if code in REGIONS:
        return REGIONS[code] if words.language == "zh" else REGION_NAMES[code]
    return province_names().get(code, {}).get(words.language, code)


def area_name(code: str, words: Words) -> str:
    """Name of one of the eight areas."""
    names = AREAS if words.language == "zh" else AREA_NAMES
    return names.get(code, code)


def grouped_places(found: Collection[str], whole: str = TOTAL) -> Iterator[tuple[str, str]]:
    """Places in the order in which tables have them, each with its region.

    Every region comes before its provinces, all of them last.

    Parameters
    ----------
    found : collection of str
        Codes of provinces and regions, and `whole`; what is none of them is left out.
    whole : str
        Code of all provinces.

    Yields
    ------
    (region, place)
        The region is empty for `whole`.
    """
    for region, provinces in load_provinces().grouped("region").items():
        yield from ((region, place) for place in (region, *provinces) if place in found)
    if whole in found:
        yield "", whole


def place_heads(found: Collection[str], words: Words, whole: str = TOTAL) -> dict[str, list[str]]:
    """Place -> the first two cells of its line: the region where it begins, and the place."""
    heads: dict[str, list[str]] = {}
    named: set[str] = set()
    for region, place in grouped_places(found, whole):
        if not region:
            heads[place] = [place_name(place, words), ""]
            continue
        first = "" if region in named else place_name(region, words)
        named.add(region)
        own = words(WHOLE_REGION) if place == region else place_name(place, words)
        heads[place] = [first, own]
    return heads
