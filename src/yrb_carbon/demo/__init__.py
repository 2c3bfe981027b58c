"""Demonstration inputs: synthetic values with known truth, in the layouts of the real files."""

from yrb_carbon.demo.generate import DEFAULT_SEED, FILES, generate
from yrb_carbon.demo.mrio import INVENTORY_FILES, MRIO_FILES
from yrb_carbon.demo.mrio_parameters import EMBODIED_TRUTH
from yrb_carbon.demo.parameters import HETEROGENEOUS_TRUTH, TRUTH

__all__ = [
    "DEFAULT_SEED",
    "EMBODIED_TRUTH",
    "FILES",
    "HETEROGENEOUS_TRUTH",
    "INVENTORY_FILES",
    "MRIO_FILES",
    "TRUTH",
    "generate",
]
