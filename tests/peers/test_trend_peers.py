"""Trends against pymannkendall.

`trend/peer_trend.csv` is the output of `trend/peer_trend.py` on `trend/series.csv`; versions stand
in `trend/peer_trend.txt`. The peer uses any factor of the variance for serial correlation, here
one below 1 counts as 1.
"""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from yrb_carbon.indices.trend import calc_mann_kendall, calc_sen_slope

FOLDER = Path(__file__).resolve().parent / "trend"
CLOSED_FORM = 1e-10
"""Both sides are the same sums of some hundred terms."""
SERIES = pd.read_csv(FOLDER / "series.csv", index_col="year")
PEER = pd.read_csv(FOLDER / "peer_trend.csv").set_index(["series", "test"])


@pytest.mark.parametrize("name", list(SERIES))
def test_slope_and_test(name):
    peer, found = PEER.loc[name, "original_test"], calc_mann_kendall(SERIES[name])
    for column in ("score", "variance", "z"):
        assert getattr(found, column) == pytest.approx(peer[column], rel=CLOSED_FORM, abs=1e-12)
    # the peer's 1 - cdf(z) has no more than 16 digits after the point
    assert found.p_value == pytest.approx(peer["p_value"], rel=1e-8, abs=1e-15)
    assert calc_sen_slope(SERIES[name]).slope == pytest.approx(peer["slope"], rel=CLOSED_FORM)


def test_serial_correlation():
    larger = 0
    for name in SERIES:
        plain = PEER.loc[name, "original_test"]
        peer = PEER.loc[name, "hamed_rao_modification_test"]
        found = calc_mann_kendall(SERIES[name], serial_correlation=True)
        if peer["variance"] > plain["variance"]:
            larger += 1
            assert found.variance == pytest.approx(peer["variance"], rel=CLOSED_FORM)
            assert found.z == pytest.approx(peer["z"], rel=CLOSED_FORM)
            assert found.p_value == pytest.approx(peer["p_value"], rel=CLOSED_FORM)
        else:
            assert found.correction == 1.0
            assert found.z == pytest.approx(plain["z"], rel=CLOSED_FORM, abs=1e-12)
    assert larger == 2
