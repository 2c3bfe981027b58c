"""What a spatial weights matrix is asked to be."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, Protocol

Scheme = Literal[
    "queen", "rook", "invd", "invd2", "invd_cut", "knn", "expd", "econ",
    "nested_add", "nested_mul", "gravity", "file",
]  # fmt: skip
Standardise = Literal["row", "spectral", "minmax", "none"]
Islands = Literal["error", "nearest", "drop"]

CONTIGUITY = ("queen", "rook")
WITH_CUTOFF = ("invd", "invd2", "expd", "nested_add", "nested_mul", "gravity")
SYMMETRIC = ("queen", "rook", "invd", "invd2", "invd_cut", "expd", "econ", "gravity")
"""Schemes that are symmetric before standardising."""


class WeightsLike(Protocol):
    """Anything with the fields of a weights section of the configuration."""

    @property
    def scheme(self) -> str:
        """Name of the scheme; see `build_weights`."""

    @property
    def standardise(self) -> str:
        """One of row, spectral, minmax, none."""

    @property
    def k(self) -> int:
        """Neighbours of a unit, for knn."""

    @property
    def cutoff(self) -> float | None:
        """Longest link in km, or None."""

    @property
    def phi(self) -> float:
        """Share of distance in nested_add."""

    @property
    def islands(self) -> str:
        """One of error, nearest, drop."""


@dataclass(frozen=True, slots=True)
class WeightsSpec:
    """A weights matrix by name, for use without a configuration.

    Attributes
    ----------
    scheme : str
        See `build_weights`.
    standardise : {"row", "spectral", "minmax", "none"}
    k : int
        Neighbours of a unit, for `knn`.
    cutoff : float or None
        Longest link in km, for the schemes of `WITH_CUTOFF`.
    phi : float
        Share of distance in `nested_add`, from 0 to 1.
    islands : {"error", "nearest", "drop"}
        What to do with a unit that has no neighbour.
    """

    scheme: Scheme = "queen"
    standardise: Standardise = "row"
    k: int = 4
    cutoff: float | None = None
    phi: float = 0.5
    islands: Islands = "error"
