"""Two files of estimates compared by key, and estimates compared with published values."""

from yrb_carbon.comparison.difference import Comparison, Tolerance, compare_numbers
from yrb_carbon.comparison.folders import compare_results
from yrb_carbon.comparison.numbers import Numbers, read_numbers

__all__ = [
    "Comparison",
    "Numbers",
    "Tolerance",
    "compare_numbers",
    "compare_results",
    "read_numbers",
]
