"""Where the tables that ship with the project lie."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

from yrb_carbon.errors import Place, SourceError

HOME_VARIABLE = "YRB_CARBON_HOME"
CHECKOUT = Path(__file__).resolve().parents[3]


def data_folder(environ: Mapping[str, str] | None = None) -> Path:
    """Folder `data/` with the tables of units and columns that a study works with.

    It is below YRB_CARBON_HOME where that is set; else below the folder one works in, if that has
    `data/units.csv` (a study of another country); else in the checkout of this package.

    Parameters
    ----------
    environ : mapping, optional
        Environment to look into; the process's own by default.

    Raises
    ------
    SourceError
        If the folder has no `units.csv`, as when the package was installed without a checkout.
    """
    home = (os.environ if environ is None else environ).get(HOME_VARIABLE)
    own = Path("data", "units.csv").is_file()
    folder = (Path(home) if home else Path.cwd() if own else CHECKOUT) / "data"
    if not (folder / "units.csv").is_file():
        raise SourceError(
            "the tables of the project are not here (no units.csv)",
            Place(folder),
            f"Set {HOME_VARIABLE} to the folder of the checkout that holds data/",
        )
    return folder
