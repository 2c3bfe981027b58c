"""Units of the columns that readers hand over; the panel dictionary documents the same."""

from __future__ import annotations

from functools import cache

import yaml

from yrb_carbon.study.paths import data_folder

MT_CO2 = "Mt CO2"
TEN_THOUSAND_YUAN = "10^4 yuan"
CURRENT_YUAN = "10^4 yuan, current prices"
TEN_THOUSAND_PERSONS = "10^4 persons"
PERSONS = "persons"
KM2 = "km2"
FLAG = "0/1"

UNITS: dict[str, str] = {
    "co2_edgar": MT_CO2,
    "co2_ceads_county": MT_CO2,
    "co2_ceads_city": MT_CO2,
    "co2_apparent_province": MT_CO2,
    "npp": "gC/m2/a",
    "area": KM2,
    "area_admin": KM2,
    "area_forest": KM2,
    "area_grass": KM2,
    "area_water": KM2,
    "area_crop": KM2,
    "area_unused": KM2,
    "area_built": KM2,
    "gdp": CURRENT_YUAN,
    "gdp1": CURRENT_YUAN,
    "gdp2": CURRENT_YUAN,
    "gdp3": CURRENT_YUAN,
    "gdp_nominal": CURRENT_YUAN,
    "gdp_real": "10^4 yuan, prices of 2000",
    "gdp_index": "previous year = 100",
    "gdp_deflator": "2000 = 1",
    "pop": TEN_THOUSAND_PERSONS,
    "pop_urban": TEN_THOUSAND_PERSONS,
    "pop_reported": TEN_THOUSAND_PERSONS,
    "fdi_usd": "10^4 USD",
    "road_area_pc": "m2 per person",
    "loans": TEN_THOUSAND_YUAN,
    "deposits": TEN_THOUSAND_YUAN,
    "coal_mines": "count",
    "coal_capacity": "Mt per year",
    "coal_capacity_dated": "Mt per year",
    "coal_workforce": PERSONS,
    "emp_mining": PERSONS,
    "emp_total": PERSONS,
    "emp1": PERSONS,
    "emp2": PERSONS,
    "emp3": PERSONS,
    "nat_emp_mining": PERSONS,
    "nat_emp_total": PERSONS,
    "prov_green_patents": "count",
    "prov_pop": TEN_THOUSAND_PERSONS,
    "prov_gdp": CURRENT_YUAN,
    "prov_industry_va": CURRENT_YUAN,
    "prov_area_forest": KM2,
    "prov_area_grass": KM2,
    "prov_area_water": KM2,
    "prov_area_crop": KM2,
    "prov_area_unused": KM2,
    "prov_area_built": KM2,
    "prov_area_woody": KM2,
    "prov_npp": "gC/m2/a",
    "patents_granted": "count",
    "fiscal_exp": TEN_THOUSAND_YUAN,
    "sci_exp": TEN_THOUSAND_YUAN,
    "usd_cny": "yuan per USD, yearly mean",
}

FLAG_PREFIX = "flag_"


@cache
def known_units() -> dict[str, str]:
    """Units of all columns that a table of one's own may have.

    To those of the published formats come the columns that a study adds to `data/dictionary.yaml`.
    """
    text = (data_folder() / "dictionary.yaml").read_text(encoding="utf-8")
    columns = (yaml.safe_load(text) or {}).get("columns") or {}
    # a fault in the layout of the dictionary is told by the panel, which holds the whole of it
    added = {str(k): str(v["unit"]) for k, v in columns.items() if "unit" in (v or {})}
    return {**added, **UNITS}


def unit_of(column: str) -> str:
    """Unit of a column; flags are 0/1; KeyError for a column that is not known."""
    if column.startswith(FLAG_PREFIX):
        return FLAG
    return UNITS[column] if column in UNITS else known_units()[column]
