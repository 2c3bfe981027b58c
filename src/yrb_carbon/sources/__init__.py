"""Readers, one module a published file format; they return tidy frames with units."""

from __future__ import annotations

import difflib
import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.sources import options
from yrb_carbon.sources.base import SourceTable
from yrb_carbon.sources.options import Option
from yrb_carbon.sources.workbook import unreadable

KeyKind = Literal["code", "name", "province", "national", "mines", "boundaries", "county", "any"]


@dataclass(frozen=True, slots=True)
class Reader:
    """A published format and the function that reads it.

    Attributes
    ----------
    name : str
        Name of the format in a study's configuration.
    module, function : str
        Where the reader is; imported when it is first used.
    provides : tuple of str
        Columns of the panel that come from it; empty: whatever the file holds.
    keys : str
        What names a row beside the year: `code`; `name` (with or without a province); `province`;
        `national` (year alone); `county` (to be summed to cities first); `mines` (points);
        `boundaries` (polygons); `any` (the columns of the file decide).
    options : mapping
        Keyword argument of the reader -> what it may be.
    on_present_borders : bool
        Whether the values of all years are measured on the polygons of today, so that a dissolved
        unit is in its successor already.
    """

    name: str
    module: str
    function: str
    provides: tuple[str, ...]
    keys: KeyKind
    options: Mapping[str, Option] = field(default_factory=dict, hash=False)
    on_present_borders: bool = False

    def load(self) -> Callable[..., SourceTable]:
        """Import the reader's function."""
        module = importlib.import_module(f"{__name__}.{self.module}")
        return cast("Callable[..., SourceTable]", getattr(module, self.function))

    def read(self, path: str | Path, **options: Any) -> SourceTable:
        """Read a file of this format.

        Raises
        ------
        SourceError
            For an option that the format does not have or that is of another kind than it wants,
            and whatever the reader finds wrong.
        """
        unknown = sorted(set(options) - set(self.options))
        if unknown:
            raise SourceError(
                f"the format {self.name!r} has no option {listing(map(repr, unknown))}",
                hint=f"Its options are: {listing(self.options) or 'none'}.",
            )
        for name, value in options.items():
            if fault := self.options[name].fault(value):
                raise SourceError(
                    f"the option {name!r} of the format {self.name!r}: {fault}", Place(path)
                )
        cleaned = {name: self.options[name].clean(value) for name, value in options.items()}
        try:
            return self.load()(path, **cleaned)
        except OSError as error:
            raise unreadable(path, error) from error


YEARBOOK_QUANTITIES = (
    "emp_mining", "emp_total", "emp1", "emp2", "emp3", "patents_granted", "fiscal_exp", "sci_exp",
)  # fmt: skip
SHEET = {"sheet": options.SHEET}

_ALL = (
    Reader("edgar_city", "edgar_city", "read_edgar_city", ("co2_edgar",), "code", SHEET, True),
    Reader("ceads_county", "ceads_county", "read_ceads_county", ("co2_ceads_county",), "county"),
    Reader("ceads_city", "ceads_city", "read_ceads_city", ("co2_ceads_city",), "name", SHEET),
    Reader(
        "ceads_apparent",
        "ceads_apparent",
        "read_ceads_apparent",
        ("co2_apparent_province",),
        "province",
    ),
    Reader(
        "industry_structure",
        "structure",
        "read_industry_structure",
        ("gdp", "gdp1", "gdp2", "gdp3"),
        "code",
        SHEET,
    ),
    Reader(
        "real_gdp",
        "real_gdp",
        "read_real_gdp",
        ("gdp_nominal", "gdp_real", "gdp_index", "gdp_deflator"),
        "name",
        SHEET,
    ),
    Reader(
        "population",
        "population",
        "read_population",
        ("pop", "pop_reported", "area_admin", "flag_interpolated_pop"),
        "code",
        SHEET,
    ),
    Reader("fdi", "fdi", "read_fdi", ("fdi_usd",), "name", SHEET),
    Reader(
        "roads", "roads", "read_roads", ("road_area_pc",), "code",
        {**SHEET, "series": options.one_of("reported", "interpolated")},
    ),
    Reader("finance", "finance", "read_finance", ("loans", "deposits"), "code", SHEET),
    Reader(
        "exchange_rate", "exchange_rate", "read_exchange_rate", ("usd_cny",), "national", SHEET
    ),
    Reader("city_npp", "npp", "read_city_npp", ("npp",), "code", on_present_borders=True),
    Reader(
        "land_cover",
        "land_cover",
        "read_land_cover",
        ("area_forest", "area_grass", "area_water", "area_crop", "area_unused", "area_built"),
        "code",
        on_present_borders=True,
    ),
    Reader(
        "gem_mines",
        "gem_mines",
        "read_gem_mines",
        ("coal_mines", "coal_capacity", "coal_capacity_dated", "coal_workforce"),
        "mines",
        {"country": options.TEXT, "statuses": options.TEXTS},
    ),
    Reader(
        "province_panel",
        "province_panel",
        "read_province_panel",
        ("prov_green_patents", "prov_pop", "prov_gdp"),
        "province",
    ),
    Reader("gtmp", "gtmp", "read_gtmp", ("prov_industry_va",), "province"),
    Reader(
        "province_land_cover",
        "province_land_cover",
        "read_province_land_cover",
        (
            "prov_area_forest", "prov_area_grass", "prov_area_water", "prov_area_crop",
            "prov_area_unused", "prov_area_built", "prov_area_woody", "prov_npp",
        ),
        "province",
    ),
    Reader(
        "national_employment",
        "national_employment",
        "read_national_employment",
        ("nat_emp_total", "nat_emp_mining"),
        "national",
    ),
    Reader(
        "city_employment",
        "city_employment",
        "read_city_employment",
        ("emp_total", "emp1", "emp2", "emp3", "flag_interpolated_emp_total"),
        "code",
    ),
    Reader(
        "city_yearbook",
        "yearbook",
        "read_city_yearbook",
        YEARBOOK_QUANTITIES,
        "name",
        {
            "scope": options.one_of("全市", "市辖区"),
            "unit": options.text_or_texts_of(YEARBOOK_QUANTITIES),
            "sheet": options.SHEETS,
            "wanted": options.some_of(YEARBOOK_QUANTITIES),
            "year_shift": options.WHOLE_NUMBER,
        },
    ),
    Reader(
        "tidy_csv",
        "tidy_csv",
        "read_tidy_csv",
        (),
        "any",
        {"rename": options.RENAMING, "check_units": options.SWITCH},
    ),
)  # fmt: skip

READERS: dict[str, Reader] = {reader.name: reader for reader in _ALL}
"""Every published format by the name that a study's configuration uses."""


def reader_for(name: str) -> Reader:
    """Reader of a format by its name.

    Raises
    ------
    SourceError
        For an unknown name; the closest ones and all formats are listed.
    """
    if name in READERS:
        return READERS[name]
    close = difflib.get_close_matches(name, list(READERS), n=3)
    guess = f"Did you mean {' or '.join(map(repr, close))}? " if close else ""
    raise SourceError(
        f"unknown format {name!r}", hint=f"{guess}The formats are: {listing(READERS, 40)}."
    )
