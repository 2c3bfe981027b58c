"""What a study says of a variable: an index with its options, and the study's defaults."""

from __future__ import annotations

from dataclasses import dataclass

REAL_GDP_BASE_YEAR = 2000
"""Year whose prices the panel column `gdp_real` is in."""


@dataclass(frozen=True, slots=True)
class VariableSpec:
    """One variable; an option left None takes the study's default.

    Attributes
    ----------
    index : str
        Family: balance, emissions, sink, agglomeration, upgrading, technology, land_sink,
        control, raw.
    measure : str or None
        Formula within the family.
    transform : str or None
        level, log, log1p, log_eps or asinh, as far as the measure allows.
    emissions : str or None
        Emission data set: edgar_city, ceads_county, ceads_city.
    sink : str or None
        npp or landuse.
    sink_k : str or None
        dry_matter or carbon.
    numerator, denominator : str or None
        Panel columns of the agglomeration index.
    reference : str or None
        national or basin, of the location quotient.
    column : str or None
        Panel column, for raw.
    lag : int
        Years by which the variable is lagged.
    """

    index: str
    measure: str | None = None
    transform: str | None = None
    emissions: str | None = None
    sink: str | None = None
    sink_k: str | None = None
    numerator: str | None = None
    denominator: str | None = None
    reference: str | None = None
    column: str | None = None
    lag: int = 0


@dataclass(frozen=True, slots=True)
class IndexDefaults:
    """The study's choices, used where a variable makes none of its own.

    Attributes
    ----------
    carbon_source : {"edgar_city", "ceads_county", "ceads_city"}
    sink_method : {"npp", "landuse"}
    sink_k : {"dry_matter", "carbon"}
        1.62/0.45 or 44/12 t CO2 per t C.
    balance_index : str
        Name in `BALANCE_INDICES`.
    balance_transform : {"log", "level", "asinh"}
    agglom_measure : {"lq", "density", "share"}
    agglom_numerator, agglom_denominator : str
        Panel columns.
    lq_reference : {"national", "basin"}
    lq_transform : {"level", "log1p", "log_eps"}
        Of every agglomeration measure.
    m1_measure : {"ts", "theil", "level", "angle"}
    m2_measure : {"patent", "prov_green_patent", "sci_share"}
    m3_measure : {"per_area"}
    price_base_year : int
        Year whose prices real values are in.
    """

    carbon_source: str = "ceads_county"
    sink_method: str = "npp"
    sink_k: str = "dry_matter"
    balance_index: str = "ratio"
    balance_transform: str = "log"
    agglom_measure: str = "lq"
    agglom_numerator: str = "emp_mining"
    agglom_denominator: str = "emp_total"
    lq_reference: str = "national"
    lq_transform: str = "level"
    m1_measure: str = "ts"
    m2_measure: str = "patent"
    m3_measure: str = "per_area"
    price_base_year: int = 2003
