"""What readers of files remark, and why units are left out, in the languages of the pages.

Readers write their remarks in English. They are made of a template and of what was found, and are
read backwards here; one that fits no template is shown as it is, marked as English.
"""

from __future__ import annotations

import re
from functools import cache, partial

from markupsafe import Markup, escape

from yrb_carbon.report.definitions import unit_name
from yrb_carbon.report.language import SOURCE_LANGUAGE, Words, message
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.report.terms import said
from yrb_carbon.study.units import Units, load_units

PREFIXES = (
    message("set {name}: {remark}"),
    message("{sheet}: {remark}"),
)
"""What stands before a remark: the set of units, or the sheet of a workbook."""
REMARKS = (
    message("other sheets left out: {names}"),
    message("read as {encoding}"),
    message("{n} columns without a header left out, {filled} of them with content"),
    message("{n} blank rows left out"),
    message("{n} rows of text without data left out, the first: {text}"),
    message("{n} of {total} rows belong to {units} units of the study"),
    message("{n} rows of {places} places outside the study"),
    message("{place}: no unit before {year}, but the file has {years}"),
    message("{place}: no unit after {year}, but the file has {years}"),
    message("left out {place}, {n} rows: not in set {set}"),
    message("{n} rows of units outside the set left out before any merging"),
    message("summed {place} into {other}: {n} values of {columns}"),
    message("averaged {place} into {other}: {n} values of {columns}"),
    message("{n} values of {place} from {year} on are not added: {other} holds it then"),
    message("{column} of {place} stays missing in {years}, where only {other} has a value"),
    message("{column} may be on other borders, flagged: {places}"),
    message("column {column}: {n} numbers stood as text and were parsed"),
    message("column {column}: {n} cells hold a sign for missing"),
    message("column {column}: {n} cells are missing"),
    message("column {column}: {n} ranges taken at their middle"),
    message("column {column}: the first year was taken from {n} texts"),
    message("{column}: {n} of {total} cells are missing"),
    message("{column}: {n} cells are interpolated by the vendor"),
    message("{column}: {n} cells differ from the reported figure beside them"),
    message("{column}: {n} cells are negative (net withdrawals), kept"),
    message("{column}: unknown for {n}"),
    message("{column}: the file does not name the scope of {name}"),
    message("codes taken from column {column}"),
    message("{quantity} from column {column}, in {unit} as the file says"),
    message("{quantity} from column {column}, in {unit} as told"),
    message("{quantity} from column {column}, in {unit} by the size of the numbers in {years}"),
    message("{quantity} from column {column}"),
    message("columns left out as wished: {columns}"),
    message("{n} added to the years of the file"),
    message("sheet {sheet}: {n} columns without a province left out"),
    message("sheet {sheet}: total without any fuel taken as missing: {provinces}"),
    message("{n} codes carry a mark for a part of a county: {codes}"),
    message("{n} totals are no whole number of persons: filled in by the source"),
    message("{n} counties in {cities} cities, {first} to {last}"),
    message("{n} counties summed to {cities} cities"),
    message("{n} empty cells are classes that a city does not have, 0 km2"),
    message("{n} rows whose sectors miss GDP by more than {share}, kept: {rows}"),
    message("scope: all employed persons, wider than the urban units of city yearbooks"),
    message(
        "the file does not say whether patents count at application or at grant; inventions "
        "outnumber utility models in some years, as they do among applications"
    ),
    message("{n} of {total} rows are of {country}"),
    message("status left out: {counts}"),
    message("{n} mine projects: {counts}"),
    message("{n} ids stand for several projects: {names}"),
    message("{n} mines stand in both sheets, taken once: {names}"),
    message("closed without a closing year: {n}, taken as still open"),
    message("{n} of {total} mines without an opening year taken as open before {year}"),
    message("{n} closed mines without a closing year taken as open"),
    message("{n} unknown capacities and {other} unknown workforces taken as 0"),
    message(
        "{n} mines lie in the polygons, {outside} outside, {border} on a border, {lost} have no "
        "coordinates and are counted nowhere"
    ),
    message("coordinates turned from GCJ-02 (labelled EPSG:4326 by the package) into WGS84"),
    message("coordinates turned from {crs} into WGS84"),
    message(
        "{n} prefectures of the provinces {provinces}; the digest is taken over the digests of "
        "their files"
    ),
    message("polygons recoded: {codes}"),
    message("polygons united: {codes}"),
    message("{n} polygons of other units left out"),
    message("{n} rows without a 6-digit code left out"),
    message("outlines simplified at {tolerance} m: {before} -> {after} vertices"),
    message("outlines not simplified: polygons are not a valid coverage"),
    message("the simplified outlines are no longer a valid coverage"),
    message("{n} pairs of polygons overlap, {area} km2 in all"),
    message("{n} gaps inside the outline of all polygons, {area} km2"),
    message("{n} printed sums are not the sums of their parts"),
    message("{year}: no fuel at all in {names}, taken as missing"),
    message("{n} sheets beside those wanted: {names}"),
    message("amounts stand in {unit}"),
    message("{n} numbers stood as text and were parsed"),
    message("{n} empty cells taken as zero"),
    message("{n} rows whose code is not that of their name, taken by name: {names}"),
    message("{n} columns whose code is not that of their name, taken by name: {names}"),
    message("{n} rows with a name that is not in the list, taken by their code: {names}"),
    message("{n} columns with a name that is not in the list, taken by their code: {names}"),
    message("{n} rows that are no part of the accounts left out: {names}"),
    message("{n} columns that are no part of the accounts left out: {names}"),
    message("competing imports taken from every use but exports in proportion"),
    message("competing imports are a negative final use"),
    message("value added is in current prices: growth over years holds inflation"),
    message("{n} provinces; the digest is taken over the digests of their files"),
    message("not of the {n} provinces, left out: {names}"),
    message("emissions: {names}"),
    message("not recognised: {names}"),
    message("ambiguous: {names}"),
)
"""Remarks of the readers; of two that fit, the first."""
REASONS = (
    message("the unit has no row in the panel"),
    message("no year has a value"),
    message("{n} of {total} years have no value"),
    message("left out on purpose (exclude_units)"),
)
"""Why a unit is not in a sample."""
MORE = message(" and {n} more")
CUT = re.compile(r" and (\d+) more\b")
PLACES = {"row": message(" (row {place})"), "column": message(" (column {place})")}
PLACE = re.compile(r" \((?P<axis>row|column) (?P<place>\w+)\)")
"""Where a name stands in a sheet."""
OF_THE_FILE = ("counts", "country")
"""Parts that are words of the file."""
WORD = re.compile(r"[A-Za-z]+")
QUOTED = re.compile(r"(?<!\w)'([^']*)(?:'|$)")


def remark_text(remark: str, words: PageWords) -> Text:
    """A remark of a reader."""
    return _translated(remark, REMARKS, words)


def reason_text(reason: str, words: PageWords) -> Text:
    """Why a unit is left out."""
    return _translated(reason, REASONS, words)


def _translated(text: str, templates: tuple[str, ...], words: PageWords) -> Text:
    english = Markup('<span lang="en">{}</span>')

    def in_language(own: Words) -> Markup:
        if own.language == SOURCE_LANGUAGE:
            return escape(text)
        found = spoken_remark(text, templates, own)
        return escape(found) if found else english.format(text)

    return Text({one: in_language(Words(one)) for one in words})


def spoken_remark(text: str, templates: tuple[str, ...], words: Words) -> str:
    """A remark in another language than English; empty where it fits no template.

    Parameters
    ----------
    text : str
    templates : tuple of str
        Message ids.
    words : Words
    """
    for prefix in PREFIXES:
        found = re.fullmatch(_PATTERNS[prefix], text, re.DOTALL)
        rest = spoken_remark(found["remark"], templates, words) if found else ""
        if found and rest:
            return words(prefix, **{**found.groupdict(), "remark": rest})
    return said(templates, text, words, partial(_part, words=words))


_PATTERNS = {
    PREFIXES[0]: r"set (?P<name>\w+): (?P<remark>.+)",
    PREFIXES[1]: r"(?P<sheet>[^:']+): (?P<remark>.+)",
}


def _part(name: str, text: str, words: Words) -> str:
    """Units, places, lists and words of the file in a part of a remark, in the language."""
    if name == "unit":
        return unit_name(text, words)
    if name in OF_THE_FILE:
        text = WORD.sub(lambda found: words.quoted(found[0]), text)
    if words.language == "zh":
        for english, chinese in _places().items():
            text = text.replace(english, chinese)
    text = PLACE.sub(lambda found: _place_in_sheet(found, words), text)
    text = CUT.sub(lambda found: words(MORE, n=found[1]), text)
    return words.listing(QUOTED.sub(r"“\1”", text).split(", "))


def _place_in_sheet(found: re.Match[str], words: Words) -> str:
    return words(PLACES[found["axis"]], place=words.quoted(found["place"]))


@cache
def _places() -> dict[str, str]:
    """Units and provinces as messages name them, and in Chinese; long names first."""
    units: Units = load_units()
    frame = units.frame
    found = {
        units.label(str(unit)): f"{unit} {row['name_short_zh']}（{row['province_zh']}）"
        for unit, row in frame.iterrows()
    }
    provinces = dict(zip(frame["province"], frame["province_zh"], strict=True))
    found |= {str(name): str(chinese) for name, chinese in provinces.items()}
    return dict(sorted(found.items(), key=lambda item: -len(item[0])))
