"""The report of a study: its languages, and the interactive map."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from pydantic import Field

from yrb_carbon.study.base import Fault, Label, Language, Section, repeated
from yrb_carbon.study.interactive_map import MapSection, map_faults
from yrb_carbon.study.printing import PrintingSection, printing_faults

if TYPE_CHECKING:
    from yrb_carbon.study.config import Study


TABLE_FORMATS = ("csv", "tex", "docx", "html")
"""Endings of the files of a printed table."""
WORKBOOK = "tables.xlsx"
"""File with all tables of a language."""


def subfolder(language: Language) -> str:
    """Folder of the files of a language below that of the English ones; empty for these."""
    return "" if language == "en" else language


PROVINCE = Label(en="province", zh="省份")


class ReportSection(Section):
    """The report."""

    languages: tuple[Language, ...] = Field(
        ("en", "zh"), min_length=1, description="Of its pages and tables; the first is shown first."
    )
    region: Label = Field(
        PROVINCE,
        description="What the column `province` of data/units.csv holds, in the singular and in "
        "small letters: province, state, census division.",
    )
    printing: PrintingSection = Field(PrintingSection(), description="How the tables are printed.")
    map: MapSection = Field(MapSection(), description="The interactive map.")


def report_faults(study: Study) -> Iterator[Fault]:
    """Languages named twice, and what is wrong with the printing and the map."""
    yield from repeated(study.report, ("report",), "languages")
    yield from printing_faults(study)
    yield from map_faults(study)
