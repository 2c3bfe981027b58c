"""Spellings of Chinese places: keys that compare equal when two spellings mean the same words.

A place is known here by its 6-digit code. Nothing in this module decides between places: an index
returns every place that a spelling can mean.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

COUNTRY = "000000"
PROVINCE_TYPES = frozenset({"province", "municipality", "sar"})
PLACE_TYPES = PROVINCE_TYPES | {
    "country", "city", "prefecture", "league", "aut_pref", "prov_adm_county",
}  # fmt: skip

_ENGLISH_ENDINGS: dict[str, tuple[str, ...]] = {
    "country": (),
    "province": ("province", "autonomousregion", "sheng"),
    "municipality": ("city", "municipality", "shi"),
    "sar": ("specialadministrativeregion",),
    "city": ("city", "shi"),
    "prefecture": ("prefecture", "diqu"),
    "league": ("league", "meng"),
    "aut_pref": ("prefecture", "autonomousprefecture", "zhou"),
    "prov_adm_county": ("city", "county", "shi"),
}
_IGNORED = re.compile(r"[\s\-_/|·・.,，、:：()'’‘`ʼ\"]+")
_IN_BRACKETS = re.compile(r"^(.+?)\s*[(（](.+)[)）]$")
_AUTONOMOUS = re.compile(r"^(\S+)(?:\s+\w+)*\s+autonomous prefecture\s*$", re.IGNORECASE)
_FORMER_CITY = re.compile(r".{2,}[市盟]")
_HAN = re.compile(r"[\u3400-\u9fff]")


@dataclass(frozen=True, slots=True)
class PlaceName:
    """One place and one official or other spelling of it.

    Attributes
    ----------
    code : str
        6-digit code, `000000` for the country.
    name_zh, short_zh, name_en : str
        Official Chinese name, the name without its kind (太原), and the English name.
    province : str
        Label of the province, empty for the country.
    kind : str
        One of PLACE_TYPES.
    """

    code: str
    name_zh: str
    short_zh: str
    name_en: str
    province: str
    kind: str


def given(value: object) -> bool:
    """Say whether a key cell holds anything (not None, NaN, NA, NaT, an empty or blank text)."""
    if value is None:
        return False
    if isinstance(value, float):
        return not math.isnan(value)
    return str(value).strip() not in {"", "nan", "NaN", "NaT", "<NA>", "None"}


def spelling_key(text: object) -> str:
    """Key of a spelling: width, case, accents, blanks, hyphens and apostrophes do not count."""
    folded = unicodedata.normalize("NFKC", str(text))
    if not _HAN.search(folded):
        # Lüliang and Luliang are one name; Chinese characters have no accents to lose.
        folded = "".join(
            mark
            for mark in unicodedata.normalize("NFKD", folded)
            if unicodedata.category(mark) != "Mn"
        )
    visible = "".join(mark for mark in folded if unicodedata.category(mark) != "Cf")
    return _IGNORED.sub("", visible).casefold()


def code_key(value: object) -> str | None:
    """Six digits of a code given as 140100, 140100.0, "1401" or "14"; None if it is no such code.

    Four digits are a prefecture and two a province, as the standard GB/T 2260 builds codes; codes
    of nine or twelve digits (GB/T 10114, towns and villages) count when all added digits are zero.
    """
    if isinstance(value, bool):
        return None
    text = unicodedata.normalize("NFKC", str(value)).strip()
    text = re.sub(r"\.0+$", "", text)
    if not re.fullmatch(r"\d{2}|\d{4}|\d{6}|\d{6}000|\d{6}000000", text):
        return None
    return text[:6].ljust(6, "0")


def _chinese_spellings(place: PlaceName) -> Iterator[str]:
    yield place.name_zh
    yield place.short_zh
    if place.kind == "aut_pref":
        yield f"{place.short_zh}州"
        yield f"{place.short_zh}自治州"


def _english_spellings(name: str, kind: str) -> Iterator[str]:
    yield name
    for ending in _ENGLISH_ENDINGS[kind]:
        yield f"{name} {ending}"


class SpellingIndex:
    """All spellings of all places.

    Parameters
    ----------
    places : iterable of PlaceName
    others : iterable of (code, spelling)
        Former names, variants; a former city or league counts without 市 or 盟 too, English ones
        with the endings of the place's kind (City, League).
    """

    __slots__ = ("_by_key", "_prefixes", "places")

    def __init__(self, places: Iterable[PlaceName], others: Iterable[tuple[str, str]]) -> None:
        self.places = {place.code: place for place in places}
        by_key: dict[str, set[str]] = defaultdict(set)
        prefixes: dict[str, set[str]] = defaultdict(set)

        def add(code: str, spelling: str) -> None:
            key = spelling_key(spelling)
            by_key[key].add(code)
            if self.places[code].kind in PROVINCE_TYPES:
                prefixes[key].add(code[:2])

        for place in self.places.values():
            for spelling in _chinese_spellings(place):
                add(place.code, spelling)
            for spelling in _english_spellings(place.name_en, place.kind):
                add(place.code, spelling)
            if place.kind in PROVINCE_TYPES:
                add(place.code, place.province)
        for code, spelling in others:
            add(code, spelling)
            if _FORMER_CITY.fullmatch(spelling):
                add(code, spelling[:-1])
            if not _HAN.search(spelling):
                for longer in _english_spellings(spelling, self.places[code].kind):
                    add(code, longer)
        self._by_key = {key: frozenset(codes) for key, codes in by_key.items()}
        self._prefixes = {key: frozenset(codes) for key, codes in prefixes.items()}

    def meanings(self, spelling: object) -> frozenset[str]:
        """Codes of all places that a spelling can mean, alone or with its province around it.

        A second name in brackets, 襄阳(襄樊), must mean the same place as the first. Of an English
        `Hainan Tibetan Autonomous Prefecture` the peoples need not be spelled in a given way.
        """
        found = self._meanings(spelling_key(spelling))
        if found:
            return found
        text = str(spelling).strip()
        if bracketed := _IN_BRACKETS.match(text):
            first, second = (self._meanings(spelling_key(part)) for part in bracketed.groups())
            return first & second
        if autonomous := _AUTONOMOUS.match(text):
            return self._meanings(spelling_key(f"{autonomous[1]} autonomous prefecture"))
        return frozenset()

    def _meanings(self, key: str) -> frozenset[str]:
        found = set(self._by_key.get(key, frozenset()))
        for prefix, provinces in self._prefixes.items():
            if len(prefix) >= len(key):
                continue
            if key.startswith(prefix):
                found |= self._within(key[len(prefix) :], provinces)
            elif key.isascii() and key.endswith(prefix):
                found |= self._within(key[: -len(prefix)], provinces)
        return frozenset(found)

    def _within(self, key: str, provinces: frozenset[str]) -> set[str]:
        return {code for code in self._by_key.get(key, frozenset()) if code[:2] in provinces}

    def province(self, value: object) -> str | None:
        """First two digits of the province that a name or code means; None if it means none."""
        code = code_key(value)
        if code is not None:
            place = self.places.get(f"{code[:2]}0000")
            return code[:2] if place is not None and code.endswith("0000") else None
        hits = self._prefixes.get(spelling_key(value), frozenset())
        return next(iter(hits)) if len(hits) == 1 else None

    def keys(self, within: str | None = None) -> tuple[str, ...]:
        """All keys, sorted; only those of one province if its two digits are given."""
        return tuple(
            sorted(
                key
                for key, codes in self._by_key.items()
                if within is None or any(code[:2] == within for code in codes)
            )
        )

    def codes_of(self, key: str) -> frozenset[str]:
        """Codes of the places behind one key."""
        return self._by_key.get(key, frozenset())
