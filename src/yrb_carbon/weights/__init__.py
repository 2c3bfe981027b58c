"""Spatial weights: build, standardise, check, read and write; spatial autocorrelation."""
