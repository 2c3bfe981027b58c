"""What every reader of a published format returns, and the checks they share."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd

from yrb_carbon.provenance import FileRecord

KEY_COLUMNS = ("code", "province", "name", "year")


@dataclass(frozen=True, slots=True)
class SourceTable:
    """A published file as a tidy frame.

    Attributes
    ----------
    frame : DataFrame
        Key columns as far as the file has them, in this order: `code` (6 digits as text),
        `province` and `name` (as printed, stripped), `year` (int); then one float column a
        quantity, named and measured as the panel dictionary has it. Rows are in a canonical
        order that does not depend on the order of the rows in the file.
    record : FileRecord
        File, sheet, digest, rows, units and notes.
    """

    frame: pd.DataFrame
    record: FileRecord
