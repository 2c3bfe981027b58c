"""The unit-year table: schema, crosswalk, allocation, gaps, deflating, sample."""
