"""Draws and seeds: numbers depend on nothing but the seed."""

from __future__ import annotations

from numbers import Integral

import numpy as np

from .errors import SpecificationError

Seed = int | np.random.SeedSequence


def check_draws(draws: int, what: str, least: int = 2) -> None:
    """Refuse a number of draws that is no whole number, or too small.

    Parameters
    ----------
    draws : int
    what : str
        What draws, for the message: ``a bootstrap``.
    least : int

    Raises
    ------
    SpecificationError
    """
    if isinstance(draws, bool) or not isinstance(draws, Integral):
        raise SpecificationError(f"draws must be a whole number, such as 999, got {draws!r}")
    if draws < least:
        plural = "draw" if least == 1 else "draws"
        raise SpecificationError(f"{what} needs at least {least} {plural}, got {draws}")


def check_seed(seed: Seed) -> None:
    """Refuse a seed that is neither a whole number from 0 nor a SeedSequence.

    A Generator changes with every use, so that two calls with it would differ.

    Raises
    ------
    SpecificationError
    """
    if isinstance(seed, np.random.SeedSequence):
        return
    if isinstance(seed, bool) or not isinstance(seed, Integral) or seed < 0:
        raise SpecificationError(
            f"seed must be a whole number from 0, or a numpy SeedSequence, got {seed!r}"
        )


def generator_of(seed: Seed) -> np.random.Generator:
    """Generator of a seed.

    Raises
    ------
    SpecificationError
        For a seed that `check_seed` refuses.
    """
    check_seed(seed)
    return np.random.default_rng(seed)
