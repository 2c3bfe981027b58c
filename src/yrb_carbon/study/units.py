"""The units of the study, their sets and reaches, and the matching of names and codes to them."""

from __future__ import annotations

import difflib
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import pandas as pd

from yrb_carbon.errors import DataError, Place, SourceError, UnitError, listing
from yrb_carbon.study.names import (
    COUNTRY,
    PLACE_TYPES,
    PlaceName,
    SpellingIndex,
    code_key,
    given,
    spelling_key,
)
from yrb_carbon.study.paths import data_folder

UNIT_SETS: Mapping[str, str] = MappingProxyType(
    {"A": "in_A", "B": "in_B", "C": "in_C", "set91": "in_91", "set79": "in_79"}
)
REACH_SPLITS: Mapping[str, str] = MappingProxyType(
    {"V1": "reach_V1", "V2": "reach_V2", "V3": "reach_V3", "V4": "reach_V4"}
)
REACHES = ("up", "mid", "down")
RESOURCE_CLASSES = ("none", "growing", "mature", "declining", "regenerating")
CODE_PATTERN = r"\d{6}"
CLOSE_ENOUGH = 0.6
MAX_CLOSE = 3

UNIT_COLUMNS = ("unit", "name_en", "province", "in_A")
"""Columns that units.csv must have."""

UNIT_DEFAULTS: Mapping[str, str] = MappingProxyType(
    {"type": "city", "resource_class": "none", "is_capital": "0", "existed_from": "",
     "existed_to": ""}
)  # fmt: skip
"""Further columns, and what each row holds where the file does not have them."""

UNIT_COPIES: Mapping[str, str] = MappingProxyType(
    {"name_zh": "name_en", "name_short_zh": "name_zh", "province_zh": "province"}
)
"""Further columns that are those of another where the file does not have them."""

OPTIONAL_MARKS = (*(c for c in UNIT_SETS.values() if c != "in_A"), *REACH_SPLITS.values())
"""Sets and splits that a study of another country need not have."""

PREFECTURE_COLUMNS = (
    "code", "name_zh", "name_short_zh", "name_en", "province", "type", "first_year", "last_year",
)  # fmt: skip
NAME_COLUMNS = ("code", "name", "lang", "kind", "first_year", "last_year", "source")
EVENT_COLUMNS = ("event", "kind", "first_year", "code_old", "code_new", "name_old", "note")
EVENT_KINDS = ("recode", "merge", "split", "transfer")

Status = Literal["matched", "outside", "unmatched", "ambiguous"]
STATUSES: tuple[Status, ...] = ("matched", "outside", "unmatched", "ambiguous")


@dataclass(frozen=True, slots=True)
class Units:
    """Units of the study, one row a unit, sorted by code.

    Attributes
    ----------
    frame : DataFrame, index `unit`
        Columns of data/units.csv; sets and `is_capital` as bool, years as Int64. Sets and splits
        that the file does not have are absent.
    """

    frame: pd.DataFrame

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def ids(self) -> tuple[str, ...]:
        """Codes, sorted."""
        return tuple(str(unit) for unit in self.frame.index)

    def select(self, unit_set: str) -> Units:
        """Units of one set: `A`, `B`, `C`, `set91` or `set79`, as far as units.csv has it.

        Raises
        ------
        UnitError
            If there is no such set.
        """
        known = [name for name, column in UNIT_SETS.items() if column in self.frame]
        if unit_set not in known:
            raise UnitError(f"unknown unit set {unit_set!r}; known are {listing(known)}")
        return Units(self.frame.loc[self.frame[UNIT_SETS[unit_set]]])

    def has_reach(self, split: str) -> bool:
        """Say whether units.csv has a split; those of another country may have none."""
        return REACH_SPLITS.get(split) in self.frame

    def reach(self, split: str) -> pd.Series:
        """Reach (`up`, `mid`, `down`) of every unit under a split `V1` to `V4`, by unit.

        Raises
        ------
        UnitError
            If there is no such split.
        """
        known = [name for name, column in REACH_SPLITS.items() if column in self.frame]
        if split not in known:
            raise UnitError(f"unknown reach split {split!r}; known are {listing(known) or 'none'}")
        return self.frame[REACH_SPLITS[split]].rename("reach")

    def existed(self, unit: str) -> tuple[int | None, int | None]:
        """First and last year of a unit in published tables; None where it is not bounded."""
        first, last = (self.frame[column].get(unit) for column in ("existed_from", "existed_to"))
        return (
            None if pd.isna(first) else int(first),
            None if pd.isna(last) else int(last),
        )

    def label(self, unit: str) -> str:
        """`code name (province)`, for messages."""
        if unit not in self.frame.index:
            return unit
        row = self.frame.loc[unit]
        return f"{unit} {row['name_en']} ({row['province']})"


def read_table(
    folder: Path, name: str, columns: tuple[str, ...], optional: Iterable[str] = ()
) -> pd.DataFrame:
    """Columns of a table as text; those that are optional where they are there."""
    path = folder / name
    try:
        table = pd.read_csv(path, dtype=str, keep_default_na=False, encoding="utf-8")
    except FileNotFoundError:
        raise SourceError("the file is missing", Place(path)) from None
    except (UnicodeDecodeError, pd.errors.ParserError, pd.errors.EmptyDataError) as fault:
        raise SourceError(f"not a UTF-8 CSV table ({fault})", Place(path)) from fault
    missing = [column for column in columns if column not in table.columns]
    if missing:
        raise SourceError(
            f"columns are missing: {listing(missing)}; found {listing(table.columns)}", Place(path)
        )
    return table.loc[:, [*columns, *(name for name in optional if name in table)]]


def refuse_rows(path: Path, column: str, bad: pd.Series, wanted: str) -> None:
    """Raise at the first row where `bad` holds; the header is row 1 of the file."""
    if bad.any():
        position = int(bad.to_numpy().argmax())
        raise SourceError(
            f"wrong value in {int(bad.sum())} row(s)",
            Place(path, row=position + 2, column=column),
            f"Wanted: {wanted}",
        )


def _years(path: Path, table: pd.DataFrame, column: str) -> pd.Series:
    text = table[column]
    refuse_rows(path, column, ~text.str.fullmatch(r"\d{4}|"), "a year or nothing")
    return text.where(text.ne(""), None).astype("Int64")


def load_units(folder: str | Path | None = None) -> Units:
    """Read and check data/units.csv.

    It must have the columns of `UNIT_COLUMNS`. Where it lacks one of `UNIT_DEFAULTS` or
    `UNIT_COPIES`, it is filled in; the sets but `in_A` and the splits of reaches may be absent.

    Parameters
    ----------
    folder : path, optional
        Folder with the file; `data_folder()` by default.

    Returns
    -------
    Units

    Raises
    ------
    SourceError
        If a column is missing, a code is not six digits or stands twice, a membership is not 0 or
        1, or a reach, class or year is not one of the known ones; file, row and column are named.
    """
    return _shipped_units(data_folder()) if folder is None else _read_units(Path(folder))


@cache
def _shipped_units(home: Path) -> Units:
    """The units of the package: every reader asks for them."""
    return _read_units(home)


def _read_units(home: Path) -> Units:
    path = home / "units.csv"
    table = read_table(
        home, "units.csv", UNIT_COLUMNS, (*UNIT_COPIES, *UNIT_DEFAULTS, *OPTIONAL_MARKS)
    )
    for column, source in UNIT_COPIES.items():
        table[column] = table.get(column, table[source])
    for column, value in UNIT_DEFAULTS.items():
        table[column] = table.get(column, value)
    refuse_rows(path, "unit", ~table["unit"].str.fullmatch(CODE_PATTERN), "a code of six digits")
    refuse_rows(path, "unit", table["unit"].duplicated(), "each code once")
    for column in ("name_zh", "name_en", "name_short_zh", "province", "province_zh", "type"):
        refuse_rows(path, column, table[column].str.strip().eq(""), "a text")
    for column in (name for name in (*UNIT_SETS.values(), "is_capital") if name in table):
        refuse_rows(path, column, ~table[column].isin(["0", "1"]), "0 or 1")
        table[column] = table[column].eq("1")
    for column in (name for name in REACH_SPLITS.values() if name in table):
        refuse_rows(path, column, ~table[column].isin(REACHES), f"one of {listing(REACHES)}")
    refuse_rows(
        path,
        "resource_class",
        ~table["resource_class"].isin(RESOURCE_CLASSES),
        f"one of {listing(RESOURCE_CLASSES)}",
    )
    for column in ("existed_from", "existed_to"):
        table[column] = _years(path, table, column)
    return Units(table.set_index("unit").sort_index())


def load_events(folder: str | Path | None = None) -> pd.DataFrame:
    """Read and check data/crosswalk.csv: recodes, mergers and splits of units.

    Returns
    -------
    DataFrame
        Columns of EVENT_COLUMNS in the order of the file; `first_year` as Int64.

    Raises
    ------
    SourceError
        As `load_units`; also if an old code leads to two new ones by recoding.
    """
    home = data_folder() if folder is None else Path(folder)
    path = home / "crosswalk.csv"
    table = read_table(home, "crosswalk.csv", EVENT_COLUMNS)
    for column in ("code_old", "code_new"):
        refuse_rows(
            path, column, ~table[column].str.fullmatch(CODE_PATTERN), "a code of six digits"
        )
    refuse_rows(path, "kind", ~table["kind"].isin(EVENT_KINDS), f"one of {listing(EVENT_KINDS)}")
    recode = table["kind"].eq("recode")
    refuse_rows(
        path, "code_old", recode & table["code_old"].where(recode).duplicated(), "one new code"
    )
    table["first_year"] = _years(path, table, "first_year")
    undated = table["first_year"].isna() & ~recode
    refuse_rows(path, "first_year", undated, "a year, for all but recodes")
    return table


@dataclass(frozen=True, slots=True)
class Match:
    """What one key means.

    Attributes
    ----------
    unit : str or None
        Code of the unit, only where `status` is "matched".
    status : str
        "matched"; "outside": a place that is no unit of the study (another prefecture, a county,
        a province, the country); "ambiguous": two or more places, at least one of them a unit, or
        name and code disagree; "unmatched": not recognised.
    candidates : tuple of str
        Codes in question: the places that the key can mean, or that come close.
    rule : str
        What decided.
    note : str
        A remark, as that the unit did not exist in that year.
    """

    unit: str | None
    status: Status
    candidates: tuple[str, ...]
    rule: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class KeyCount:
    """A key of a file that no unit was found for, and the number of its rows."""

    key: str
    rows: int
    rule: str
    candidates: tuple[str, ...] = ()

    def __str__(self) -> str:
        near = f"; compare {listing(self.candidates)}" if self.candidates else ""
        return f"{self.key} ({self.rows} rows: {self.rule}{near})"


@dataclass(frozen=True, slots=True)
class MatchReport:
    """What became of the keys of a file; every row is counted once.

    Attributes
    ----------
    rows : int
        Rows looked at.
    counts : dict
        Status -> rows.
    units : tuple of str
        Units found, sorted.
    outside, unmatched, ambiguous : tuple of KeyCount
        The other keys, sorted.
    remarks : tuple of str
        Units under two names in one year, units before or after their time.
    """

    rows: int
    counts: Mapping[Status, int]
    units: tuple[str, ...]
    outside: tuple[KeyCount, ...]
    unmatched: tuple[KeyCount, ...]
    ambiguous: tuple[KeyCount, ...]
    remarks: tuple[str, ...] = ()

    def notes(self) -> tuple[str, ...]:
        """Lines for the record of a file."""
        matched = self.counts["matched"]
        lines = [f"{matched} of {self.rows} rows belong to {len(self.units)} units of the study"]
        if self.outside:
            lines.append(
                f"{self.counts['outside']} rows of {len(self.outside)} places outside the study"
            )
        lines += [f"not recognised: {key}" for key in self.unmatched]
        lines += [f"ambiguous: {key}" for key in self.ambiguous]
        return (*lines, *self.remarks)

    def require_resolved(self, place: Place | None = None) -> None:
        """Refuse keys that are unmatched or ambiguous.

        Raises
        ------
        UnitError
            Naming the keys, their row counts and what they come close to.
        """
        if not self.unmatched and not self.ambiguous:
            return
        parts = []
        if self.unmatched:
            parts.append(f"not recognised: {listing(self.unmatched)}")
        if self.ambiguous:
            parts.append(f"ambiguous: {listing(self.ambiguous)}")
        raise UnitError(
            f"{'. '.join(parts)}. Correct the file, add its province or code column, "
            "or add the spelling to data/names.csv",
            place,
        )


class NameMatcher:
    """Finds the unit that a name or code means; never decides between two places.

    Parameters
    ----------
    units : Units
    index : SpellingIndex
        All places of the country, the units among them.
    recodes : mapping
        Old code -> code of today.
    """

    __slots__ = ("_index", "_provinces", "_recodes", "_spans")

    def __init__(self, units: Units, index: SpellingIndex, recodes: Mapping[str, str]) -> None:
        absent = sorted(set(units.ids) - set(index.places))
        if absent:
            raise DataError(f"units that the index of places does not have: {listing(absent)}")
        self._spans = {unit: units.existed(unit) for unit in units.ids}
        self._provinces = frozenset(unit[:2] for unit in units.ids)
        self._index = index
        self._recodes = dict(recodes)

    def match(
        self,
        name: object = None,
        code: object = None,
        province: object = None,
        year: int | None = None,
    ) -> Match:
        """Match one key.

        A code and a name must mean the same place. A province narrows a name down and must agree
        with a code. Old names and old codes count in every year, because files keep them.

        Parameters
        ----------
        name : text, optional
            Chinese or English, long or short, with or without the province before it.
        code : text or number, optional
            Six or four digits (two for a province); old codes are known.
        province : text or number, optional
            Any usual form of one of the provinces.
        year : int, optional
            Only for the note that a unit did not exist in that year.

        Returns
        -------
        Match
        """
        within: str | None = None
        if given(province):
            within = self._index.province(province)
            if within is None:
                return Match(None, "unmatched", (), f"unknown province {province}")
        named = self._index.meanings(name) if given(name) else None
        coded = self._by_code(code) if given(code) else None
        if named is None and coded is None:
            return Match(None, "unmatched", (), "neither name nor code")
        if coded is not None and within is not None and coded[:2] not in {within, ""}:
            near = tuple(sorted({coded} | (named or frozenset())))
            return Match(None, "unmatched", self._known(near), "code not in this province")
        if named is not None:
            return self._decide_named(name, named, coded, within, year)
        assert coded is not None
        if coded == "":
            return Match(None, "unmatched", (), "unknown code")
        if coded not in self._index.places:
            return Match(None, "outside", (), "code of a county")
        return self._one(coded, "code", year)

    def match_frame(
        self, frame: pd.DataFrame, *, name: str | None = "name", code: str | None = "code"
    ) -> tuple[pd.Series, MatchReport]:
        """Match the key columns of a tidy frame.

        Parameters
        ----------
        frame : DataFrame
            With a column of names or of codes or both; `province` and `year` are used where they
            exist.
        name, code : str or None
            Columns to use where they exist; None: not used. A table of counties is matched by the
            prefectures' names, `name="city", code=None`.

        Returns
        -------
        units : Series, index of `frame`
            Codes, missing where there is no unit.
        report : MatchReport

        Raises
        ------
        DataError
            If there is neither a column of names nor one of codes.
        """
        sources = {"code": code, "province": "province", "name": name}
        columns = [role for role, column in sources.items() if column in frame.columns]
        if "name" not in columns and "code" not in columns:
            wanted = " or ".join(f"`{column}`" for column in (name, code) if column is not None)
            raise DataError(f"no column to match: wanted {wanted}, found {listing(frame.columns)}")
        cells = [frame[sources[role]].tolist() for role in columns]
        keys = [
            tuple(str(value) if given(value) else None for value in row)
            for row in zip(*cells, strict=True)
        ]
        rows = Counter(keys)
        parts = {key: dict(zip(columns, key, strict=True)) for key in rows}
        matches = {
            key: self.match(part.get("name"), part.get("code"), part.get("province"))
            for key, part in parts.items()
        }
        units = pd.Series([matches[key].unit for key in keys], index=frame.index, name="unit")
        counts = dict.fromkeys(STATUSES, 0)
        others: dict[Status, list[KeyCount]] = {status: [] for status in STATUSES}
        for key, match in matches.items():
            counts[match.status] += rows[key]
            if match.status != "matched":
                text = " ".join(part for part in key if part is not None) or "(empty)"
                near = match.candidates
                if match.status == "unmatched" and not near:
                    near = self.close(parts[key].get("name"), parts[key].get("province"))
                labels = () if match.status == "outside" else tuple(map(self.label, near))
                others[match.status].append(KeyCount(text, rows[key], match.rule, labels))
        remarks = self._remarks(keys, units, frame["year"] if "year" in frame.columns else None)
        report = MatchReport(
            rows=len(frame),
            counts=counts,
            units=tuple(sorted({m.unit for m in matches.values() if m.unit is not None})),
            outside=_sorted_keys(others["outside"]),
            unmatched=_sorted_keys(others["unmatched"]),
            ambiguous=_sorted_keys(others["ambiguous"]),
            remarks=remarks,
        )
        return units, report

    def province_code(self, value: object) -> str | None:
        """First two digits of the province that a name or code means; None if it means none."""
        return self._index.province(value)

    def close(self, name: object, province: object = None) -> tuple[str, ...]:
        """Codes of the places, of a province if it is given, spelled most like an unknown name."""
        if not given(name):
            return ()
        within = self._index.province(province) if given(province) else None
        near = difflib.get_close_matches(
            spelling_key(name), self._index.keys(within), n=MAX_CLOSE, cutoff=CLOSE_ENOUGH
        )
        codes = {code for key in near for code in self._index.codes_of(key)}
        return tuple(sorted(code for code in codes if within in {None, code[:2]}))

    def label(self, code: str) -> str:
        """`name code`, for messages."""
        place = self._index.places.get(code)
        return f"{place.name_zh} {code}" if place is not None else code

    def _by_code(self, value: object) -> str | None:
        """Code of today; a county's code as it is; an empty text if it is no known code."""
        code = code_key(value)
        if code is None:
            return ""
        code = self._recodes.get(code, code)
        if code in self._index.places:
            return code
        return code if self._is_county(code) else ""

    def _is_county(self, code: str) -> bool:
        """Whether a code can be a county's: a unit's slip, as 149999 for 140100, must not pass.

        In the provinces of the units a county belongs to a known prefecture, of today or before
        (Jiyuan, which belongs to none, is a place itself); elsewhere any county will do.
        """
        if code.endswith("00") or f"{code[:2]}0000" not in self._index.places:
            return False
        prefecture = f"{code[:4]}00"
        return (
            code[:2] not in self._provinces
            or prefecture in self._index.places
            or prefecture in self._recodes
        )

    def _decide_named(
        self,
        name: object,
        named: frozenset[str],
        coded: str | None,
        within: str | None,
        year: int | None,
    ) -> Match:
        found = named
        if within is not None:
            found = frozenset(code for code in named if code[:2] == within)
            if named and not found:
                near = self._known(named)
                return Match(None, "unmatched", near, "name not in this province")
        if coded is None:
            if not found:
                return Match(None, "unmatched", self.close(name, within), "unknown name")
            return self._several(found, "name", "more than one place has this name", year)
        if coded == "":
            rule = "known name beside an unknown code" if found else "unknown name and code"
            return Match(None, "unmatched", self._known(found) or self.close(name, within), rule)
        is_county = coded not in self._index.places
        if not found:
            if is_county:
                return Match(None, "outside", (), "code of a county")
            return Match(None, "unmatched", (coded,), "unknown name beside a known code")
        if coded in found:
            return self._one(coded, "name and code", year)
        return self._several(found | {coded}, "name and code", "name and code disagree", year)

    def _several(
        self, codes: Iterable[str], rule: str, ambiguous_rule: str, year: int | None
    ) -> Match:
        found = self._known(codes)
        if len(found) == 1:
            return self._one(found[0], rule, year)
        if any(code in self._spans for code in found):
            return Match(None, "ambiguous", found, ambiguous_rule)
        return Match(None, "outside", found, rule)

    def _one(self, code: str, rule: str, year: int | None) -> Match:
        if code in self._spans:
            return Match(code, "matched", (code,), rule, self._out_of_time(code, year))
        return Match(None, "outside", (code,), rule)

    def _known(self, codes: Iterable[str]) -> tuple[str, ...]:
        return tuple(sorted(codes))

    def _out_of_time(self, unit: str, year: int | None) -> str:
        if year is None:
            return ""
        first, last = self._spans[unit]
        if first is not None and year < first:
            return f"no unit before {first}"
        if last is not None and year > last:
            return f"no unit after {last}"
        return ""

    def _remarks(
        self,
        keys: list[tuple[str | None, ...]],
        units: pd.Series,
        years: pd.Series | None,
    ) -> tuple[str, ...]:
        if years is None:
            return ()
        spellings: dict[tuple[str, int], set[tuple[str | None, ...]]] = defaultdict(set)
        for key, unit, year in zip(keys, units.tolist(), years.tolist(), strict=True):
            if given(unit) and given(year):
                spellings[(str(unit), int(float(year)))].add(key)
        twice: dict[str, list[int]] = defaultdict(list)
        untimely: dict[str, list[int]] = defaultdict(list)
        for (unit, year), found in sorted(spellings.items()):
            if len(found) > 1:
                twice[unit].append(year)
            note = self._out_of_time(unit, year)
            if note:
                untimely[f"{self.label(unit)}: {note}"].append(year)
        return (
            *(
                f"{self.label(unit)} stands under more than one key in {listing(found_years)}"
                for unit, found_years in twice.items()
            ),
            *(f"{text}, but the file has {listing(when)}" for text, when in untimely.items()),
        )


def _sorted_keys(keys: Iterable[KeyCount]) -> tuple[KeyCount, ...]:
    return tuple(sorted(keys, key=lambda item: item.key))


def load_places(folder: str | Path | None = None) -> list[PlaceName]:
    """Read and check data/prefectures.csv: the country, its provinces, prefectures, counties.

    Raises
    ------
    SourceError
        If a column is missing, a code is not six digits, stands twice or belongs to no province
        of the file, or a type is not one of the known ones; file, row and column are named.
    """
    home = data_folder() if folder is None else Path(folder)
    path = home / "prefectures.csv"
    table = read_table(home, "prefectures.csv", PREFECTURE_COLUMNS)
    refuse_rows(path, "code", ~table["code"].str.fullmatch(CODE_PATTERN), "a code of six digits")
    refuse_rows(path, "code", table["code"].duplicated(), "each code once")
    refuse_rows(
        path, "type", ~table["type"].isin(PLACE_TYPES), f"one of {listing(sorted(PLACE_TYPES))}"
    )
    lonely = ~table["code"].str[:2].add("0000").isin(table["code"]) & table["code"].ne(COUNTRY)
    refuse_rows(path, "code", lonely, "a code of a listed province")
    for column in ("first_year", "last_year"):
        _years(path, table, column)
    return [
        PlaceName(
            code=str(row.code),
            name_zh=str(row.name_zh),
            short_zh=str(row.name_short_zh),
            name_en=str(row.name_en),
            province=str(row.province),
            kind=str(row.type),
        )
        for row in table.itertuples(index=False)
    ]


def load_spellings(folder: str | Path | None = None) -> pd.DataFrame:
    """Read and check data/names.csv: further spellings of places.

    Returns
    -------
    DataFrame
        Columns of NAME_COLUMNS as text, in the order of the file.

    Raises
    ------
    SourceError
        If a column is missing or a name empty.
    """
    home = data_folder() if folder is None else Path(folder)
    names = read_table(home, "names.csv", NAME_COLUMNS)
    refuse_rows(home / "names.csv", "name", names["name"].str.strip().eq(""), "a text")
    return names


def load_matcher(folder: str | Path | None = None) -> NameMatcher:
    """Build the matcher from data/units.csv, prefectures.csv, names.csv and crosswalk.csv.

    Raises
    ------
    SourceError
        If one of the files breaks its layout, or a name belongs to an unknown code.
    """
    return _shipped_matcher(data_folder()) if folder is None else _read_matcher(Path(folder))


@cache
def _shipped_matcher(home: Path) -> NameMatcher:
    """The matcher of the package: every source is matched by it."""
    return _read_matcher(home)


def _read_matcher(home: Path) -> NameMatcher:
    units = load_units(home)
    places = load_places(home)
    known = {place.code for place in places}
    homeless = [unit for unit in units.ids if unit not in known]
    if homeless:
        raise SourceError(
            f"units without a row in prefectures.csv: {listing(homeless)}",
            Place(home / "units.csv"),
        )
    names = load_spellings(home)
    unknown = ~names["code"].isin(list(known))
    refuse_rows(home / "names.csv", "code", unknown, "a code of prefectures.csv")
    index = SpellingIndex(places, zip(names["code"], names["name"], strict=True))
    events = load_events(home)
    recode = events[events["kind"].eq("recode")]
    return NameMatcher(units, index, dict(zip(recode["code_old"], recode["code_new"], strict=True)))
