"""The manifest of a run: inputs, settings, programs, seeds, times and counts by step."""

from __future__ import annotations

import csv
import json
import platform
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from yrb_carbon.provenance import git_commit, package_versions, sha256_of
from yrb_carbon.study.paths import data_folder


def collect_manifest(
    study: Mapping[str, Any],
    *,
    sources: str | Path,
    boundaries: str | Path,
    samples: Iterable[str | Path],
    weights: str | Path | None,
    benchmarks: str | Path,
    outputs: Iterable[str | Path],
    figures: Iterable[str | Path] = (),
    provinces: str | Path | None = None,
    embodied: str | Path | None = None,
    footprint: str | Path | None = None,
    regional: str | Path | None = None,
) -> dict[str, Any]:
    """Gather what is needed to judge and repeat a run.

    Parameters
    ----------
    study : mapping
        The whole configuration after all overlays.
    sources, boundaries, samples, weights : paths
        JSON records that earlier steps wrote: files read with digests, rows in and out.
    benchmarks : path
        Folder of the times that the workflow measured.
    outputs : paths
        Files whose digests are kept.
    figures : paths
        JSON lists of the figures drawn.
    provinces, embodied, footprint, regional : paths
        JSON records of the outlines of provinces, and of the files of the accounts; None for a
        study that has none.

    Returns
    -------
    dict, ready for JSON.
    """
    return {
        "study": study["study"]["name"],
        "synthetic": study["study"]["synthetic"],
        "config": dict(study),
        "seeds": {
            "analysis": study["seed"],
            "demo": None if study["demo"] is None else study["demo"]["seed"],
        },
        "git_commit": git_commit(),
        "python": platform.python_version(),
        "packages": package_versions(),
        "boundaries": _with_size(_read(boundaries)),
        "provinces": None if provinces is None else _with_size(_read(provinces)),
        "embodied": _account_records(embodied),
        "footprint": _account_records(footprint),
        "regional": _account_records(regional),
        "sources": [_with_size(record) for record in _read(sources)],
        "samples": {Path(path).parent.name: _read(path) for path in samples},
        "weights": None if weights is None else _read(weights),
        "shipped": {path.name: sha256_of(path) for path in _shipped_tables()},
        "seconds": _measured(Path(benchmarks), study, "s"),
        "memory_mb": _measured(Path(benchmarks), study, "max_rss"),
        "figures_not_drawn": _not_drawn(figures),
        "outputs": {str(path): sha256_of(path) for path in outputs},
    }


def _read(path: str | Path) -> Any:
    return json.loads(Path(path).read_text(encoding="utf-8"))


def _with_size(record: Mapping[str, Any]) -> dict[str, Any]:
    """A record of a file with its size in bytes; None for what is no file, such as a package."""
    path = Path(record["file"])
    return {**record, "bytes": path.stat().st_size if path.is_file() else None}


def _account_records(path: str | Path | None) -> Any:
    """The record of some accounts with the sizes of all its files; None where there is none."""
    return None if path is None else _all_with_sizes(_read(path))


def _all_with_sizes(found: Any) -> Any:
    """A nest of records, every one that names a file with its size."""
    if isinstance(found, list):
        return [_all_with_sizes(one) for one in found]
    if not isinstance(found, dict):
        return found
    nest = {key: _all_with_sizes(one) for key, one in found.items()}
    return _with_size(nest) if "file" in nest else nest


def _not_drawn(records: Iterable[str | Path]) -> dict[str, dict[str, str]]:
    """Figures in whose place a sheet gives the reason, by name and language."""
    return {
        name: {one: drawn["obstacle"] for one, drawn in languages.items() if drawn["obstacle"]}
        for path in records
        for name, languages in _read(path).items()
        if any(drawn["obstacle"] for drawn in languages.values())
    }


def _shipped_tables() -> list[Path]:
    """Tables of the repository that the numbers depend on."""
    return sorted(path for path in data_folder().iterdir() if path.suffix in (".csv", ".yaml"))


def _measured(folder: Path, study: Mapping[str, Any], column: str) -> dict[str, float]:
    """Column `s` or `max_rss` of the workflow's benchmark of each job; unmeasured are absent."""
    found = {}
    known = {"tables": set(study["tables"]), "sample": set(study["samples"]) | {"main"}}
    for path in sorted(folder.rglob("*.tsv")):
        if path.parent != folder and path.stem not in known.get(path.parent.name, set()):
            continue
        with open(path, encoding="utf-8", newline="") as handle:
            rows = list(csv.DictReader(handle, delimiter="\t"))
        # a job that ends at once has "-" for its memory
        if rows and rows[-1][column] not in ("-", "NA"):
            name = path.relative_to(folder).with_suffix("").as_posix()
            found[name] = float(rows[-1][column])
    return found
