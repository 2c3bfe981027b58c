"""Demonstration inputs: synthetic values with known truth, in the layouts of the real files."""
