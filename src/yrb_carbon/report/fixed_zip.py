"""Zip files, such as Word's and Excel's, whose bytes do not depend on the time of writing."""

from __future__ import annotations

import io
import zipfile
from datetime import datetime
from pathlib import Path

FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can hold."""

CREATED = datetime(*FIRST_TIME)
"""What stands in a document where a program wants a date."""


def write_fixed_zip(content: bytes, path: str | Path) -> None:
    """Write a zip file again, its members in the same order and all of one time.

    Parameters
    ----------
    content : bytes
        Of a whole zip file.
    path : path
        Where the file goes.
    """
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            fixed = zipfile.ZipInfo(member.filename, FIRST_TIME)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.external_attr = 0o600 << 16
            target.writestr(fixed, source.read(member))
