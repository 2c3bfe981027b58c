"""Demonstration inputs: synthetic values with known truth, in the layouts of the real files."""

from yrb_carbon.demo.generate import DEFAULT_SEED, FILES, generate
from yrb_carbon.demo.parameters import HETEROGENEOUS_TRUTH, TRUTH

__all__ = ["DEFAULT_SEED", "FILES", "HETEROGENEOUS_TRUTH", "TRUTH", "generate"]
