"""Zip files, such as Word's and Excel's, whose bytes do not depend on the time of writing."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path

FIRST_TIME = (1980, 1, 1, 0, 0, 0)
"""The first time that a zip file can hold."""

CREATED = datetime(*FIRST_TIME)
"""What stands in a document where a program wants a date."""


def write_fixed_zip(
    content: bytes,
    path: str | Path,
    changed: Mapping[str, Callable[[bytes], bytes]] | None = None,
) -> None:
    """Write a zip file again, its members in the same order and all of one time.

    Parameters
    ----------
    content : bytes
        Of a whole zip file.
    path : path
        Where the file goes.
    changed : mapping, optional
        Name of a member -> what makes its new content of the old one.
    """
    changed = changed or {}
    with zipfile.ZipFile(io.BytesIO(content)) as source, zipfile.ZipFile(path, "w") as target:
        for member in source.infolist():
            fixed = zipfile.ZipInfo(member.filename, FIRST_TIME)
            fixed.compress_type = zipfile.ZIP_DEFLATED
            fixed.external_attr = 0o600 << 16
            old = source.read(member)
            new = changed[member.filename](old) if member.filename in changed else old
            target.writestr(fixed, new)
