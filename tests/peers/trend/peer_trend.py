"""Trends by pymannkendall, for `tests/peers/test_trend_peers.py`.

Usage: python peer_trend.py series.csv output.csv; pymannkendall must be installed.
series.csv: one column a series, one row a year. Version and input stand in peer_trend.txt.
"""

from __future__ import annotations

import sys

import pandas as pd
import pymannkendall

series = pd.read_csv(sys.argv[1], index_col="year")
rows = []
for name, values in series.items():
    for test in ("original_test", "hamed_rao_modification_test"):
        found = getattr(pymannkendall, test)(values.to_numpy())
        rows.append(
            {
                "series": name,
                "test": test,
                "score": found.s,
                "variance": found.var_s,
                "z": found.z,
                "p_value": found.p,
                "slope": found.slope,
            }
        )
pd.DataFrame(rows).to_csv(sys.argv[2], index=False, float_format="%.17g", lineterminator="\n")
