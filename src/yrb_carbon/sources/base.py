"""What every reader of a published format returns, and the checks they share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
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
    row_numbers : array of int, or None
        Row of the file that each row of the frame stands in, counted from 1; None where a row
        comes from several rows or sheets.
    """

    frame: pd.DataFrame
    record: FileRecord
    row_numbers: np.ndarray | None = None
