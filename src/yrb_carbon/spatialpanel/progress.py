"""Lines on standard error while something takes long."""

from __future__ import annotations

import os
import sys

# Set to 1 to see the lines without a terminal, to 0 not to see them at all.
VARIABLE = "SPATIALPANEL_PROGRESS"
# Units beyond which a fit takes more than some five seconds.
LONG_FIT = 75_000


def report_progress(n_units: int, text: str) -> None:
    """Write a line to standard error if the panel is large and somebody is looking.

    Parameters
    ----------
    n_units : int
    text : str
        What begins now.
    """
    wanted = os.environ.get(VARIABLE, "")
    if n_units > LONG_FIT and wanted != "0" and (wanted == "1" or sys.stderr.isatty()):
        print(f"spatialpanel: {text}", file=sys.stderr, flush=True)
