"""Names that readers see for the keys of the tables of regional facts."""

from __future__ import annotations

from yrb_carbon.report.language import message

LAND_KINDS = {
    "agricultural": message("Agricultural land"),
    "construction": message("Construction land"),
}
OUTSIDE = {
    "exports": message("Exports"),
    "other": message("Statistical error"),
}
"""Users that are no area."""
MOVED = {
    "own": message("Own final demand"),
    "out": message("For other areas"),
    "in": message("Of other areas"),
    "net": message("Net for others"),
    **OUTSIDE,
}
BALANCE_TERMS = {
    "emissions": message("Emissions"),
    "gdp": "GDP",
    "stored": message("CO2 held in the forest"),
    "capacity": message("Agricultural land"),
    "intensity": message("Emissions per product"),
    "ecc": message("Economic contribution"),
    "esc": message("Ecological support"),
    "type": message("Balance"),
    "transfer_out": message("Emissions for others"),
    "transfer_in": message("Emissions of others"),
    "transfer_net": message("Net for others"),
}
BALANCE_TYPES = {
    "1": message("low carbon"),
    "2": message("economic surplus"),
    "3": message("sink surplus"),
    "4": message("high carbon"),
}
"""Types of balance, by their number."""
UNEQUAL = {
    "emissions_per_head": message("Emissions per head"),
    "intensity": message("Emissions per product"),
    "stock_per_head": message("Forest stock per head"),
    "capacity_per_head": message("Agricultural land per head"),
}
