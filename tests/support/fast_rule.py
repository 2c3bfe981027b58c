"""The rule of `make check`: a test that takes more than a second of processor time is slow."""

from __future__ import annotations

import os
from collections.abc import Iterable

import pytest

OPTION = "--fast-seconds"
PROPERTY = "processor_seconds"


def processor_seconds() -> float:
    """Processor time of this process and of those that it started and that have ended."""
    now = os.times()
    return now.user + now.system + now.children_user + now.children_system


def too_slow(reports: Iterable[pytest.TestReport], limit: float) -> list[str]:
    """A line a test whose call took more than `limit` seconds, the longest first.

    Processor time, not time on the clock: a machine with other work makes no test slow.
    """
    taken = {
        report.nodeid: float(seconds)
        for report in reports
        if report.when == "call"
        for name, seconds in report.user_properties
        if name == PROPERTY
    }
    ordered = sorted(taken.items(), key=lambda item: (-item[1], item[0]))
    return [f"{seconds:6.1f} s  {test}" for test, seconds in ordered if seconds > limit]
