"""What the methods page says of the footprint and of regional facts: sources and choices."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

from yrb_carbon.report.footprint_notes import gaps_text, land_text, source_text
from yrb_carbon.report.regional_notes import SCOPES, SYSTEM_NOTE, regions_text, system_name
from yrb_carbon.report.site.bilingual import PageWords, Text
from yrb_carbon.study.config import Study
from yrb_carbon.study.footprint import FootprintTable, IndustrialEmissionsTable
from yrb_carbon.study.regional import RegionalTable


@dataclass(frozen=True, slots=True)
class FootprintTexts:
    """What the tables of the footprint of a study are made from.

    Attributes
    ----------
    emissions, gaps : Text
        Sources of the emissions, and what is done with gaps.
    land : Text or None
        What takes up the emissions; None where only emissions are shown.
    """

    emissions: Text
    gaps: Text
    land: Text | None


@dataclass(frozen=True, slots=True)
class RegionalTexts:
    """What the tables of regional facts of a study are made from.

    Attributes
    ----------
    scope, regions : Text
    system : Text or None
        Input-output system of the transfers.
    """

    scope: Text
    regions: Text
    system: Text | None


def footprint_facts(study: Study, words: PageWords) -> FootprintTexts | None:
    """What the tables of the footprint are made from; None for a study without any."""
    section = study.footprint
    tables = [table for table in study.tables.values() if isinstance(table, FootprintTable)]
    if section is None or not tables:
        return None
    has_land = any(not isinstance(table, IndustrialEmissionsTable) for table in tables)
    return FootprintTexts(
        emissions=words.each(partial(source_text, section)),
        gaps=words.each(partial(gaps_text, section)),
        land=words.each(partial(land_text, section)) if has_land else None,
    )


def regional_facts(study: Study, words: PageWords) -> RegionalTexts | None:
    """What the tables of regional facts are made from; None for a study without any."""
    section = study.regional
    if section is None or not any(isinstance(t, RegionalTable) for t in study.tables.values()):
        return None
    return RegionalTexts(
        scope=words(SCOPES[section.scope]),
        regions=words.each(regions_text),
        system=None
        if section.transfer is None
        else words(SYSTEM_NOTE, name=words.each(partial(system_name, study))),
    )
