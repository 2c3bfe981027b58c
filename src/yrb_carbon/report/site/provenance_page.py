"""The page of the provenance: settings, programs, seeds, digests, as the manifest has them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any

import yaml


@dataclass(frozen=True, slots=True)
class Digest:
    """A file and its SHA-256."""

    file: str
    sha256: str


def digests(files: Mapping[str, str]) -> list[Digest]:
    """Files with their digests, by name."""
    return [Digest(PurePosixPath(name).as_posix(), files[name]) for name in sorted(files)]


def settings_sections(config: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Sections of the configuration after all overlays, each as YAML."""
    return [
        (name, yaml.safe_dump(value, allow_unicode=True, sort_keys=False, width=100).strip())
        for name, value in config.items()
    ]


def times(seconds: Mapping[str, float]) -> Sequence[tuple[str, float]]:
    """Seconds of every job, the longest first."""
    return sorted(seconds.items(), key=lambda job: (-job[1], job[0]))
