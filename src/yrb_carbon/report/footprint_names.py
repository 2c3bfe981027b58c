"""Names that readers see for the keys of the tables of the industrial carbon footprint."""

from __future__ import annotations

from yrb_carbon.report.embodied_names import FUELS
from yrb_carbon.report.language import message

CARRIERS = {
    **FUELS,
    "electricity": message("Electricity bought"),
    "heat": message("Heat bought"),
}
"""Fuels, and what stands for those of plants when power is counted where it is used."""
SOURCES = {
    "industry": message("of which burnt by industry"),
    "power": message("of which power and heat"),
}
MEASURES = {
    "footprint": message("Footprint"),
    "capacity": message("Capacity"),
    "size": message("Footprint size"),
    "depth": message("Footprint depth"),
    "footprint_3d": message("Footprint in three dimensions"),
    "deficit": message("Deficit"),
    "pressure": message("Pressure"),
    "flow_occupancy": message("Flow occupied"),
    "stock_flow_ratio": message("Stock over flow"),
    "per_head": message("Footprint per head"),
    "per_value_added": message("Footprint per value added"),
}
DIMENSIONS = {
    **{name: MEASURES[name] for name in ("size", "depth", "footprint_3d", "footprint")},
    "emissions": message("Emissions"),
}
AREAS = ("footprint", "capacity", "size", "footprint_3d", "deficit")
"""Measures in units of land."""
LAND_UNITS = {"hm2": message("10^4 ha"), "gha": message("10^4 gha")}
HEAD_UNITS = {"hm2": message("ha per person"), "gha": message("gha per person")}
MONEY_UNITS = {"hm2": message("ha per 10^4 yuan"), "gha": message("gha per 10^4 yuan")}
ACCOUNT_UNITS = {
    **dict.fromkeys(AREAS, LAND_UNITS),
    "per_head": HEAD_UNITS,
    "per_value_added": MONEY_UNITS,
}
"""Units of the measures that have one, by the unit of land that the study counts in."""
LAND_TYPES = {
    "forest": message("forest"),
    "grassland": message("grassland"),
    "cropland": message("cropland"),
    "water": message("water"),
}
CRITERIA = {
    "per_head": message("footprint per head"),
    "depth": message("footprint depth"),
    "cumulative_share": message("share in emissions so far"),
    "per_value_added": message("footprint per value added"),
    "coal_share": message("share of coal"),
}
POTENTIAL = {
    "equity": message("Equity"),
    "efficiency": message("Efficiency"),
    "index": message("Index"),
    "rank": message("Rank"),
    "rank_low": message("Rank, low"),
    "rank_high": message("Rank, high"),
    "quadrant": message("Above the mean"),
    "benchmark": message("To the best quarter"),
    "overshoot": message("To the capacity"),
}
QUADRANTS = {
    "1": message("equity and efficiency"),
    "2": message("efficiency"),
    "3": message("neither"),
    "4": message("equity"),
}
"""Scores above their means, by the number of the quadrant."""
TESTED = {
    "global": message("values"),
    "global_log": message("logarithms"),
    "trend": message("trend of the values"),
    "trend_log": message("trend of the logarithms"),
}
"""What Moran's I and its trend are of, by model."""
