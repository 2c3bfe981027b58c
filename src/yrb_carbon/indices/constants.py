"""Conversions of mass and area."""

CARBON_TO_CO2 = 44 / 12
"""t CO2 per t C."""

DRY_MATTER_TO_CO2 = 1.62 / 0.45
"""t CO2 per t C by way of dry matter: 1.62 g CO2 and 0.45 g C per g of dry matter."""

M2_PER_KM2 = 1e6
HA_PER_KM2 = 100.0
T_PER_MT = 1e6
G_PER_MT = 1e12
PERSONS_PER_UNIT = 1e4
"""Population is stored in 10^4 persons."""

YUAN_PER_UNIT = 1e4
"""Money is stored in 10^4 yuan."""
