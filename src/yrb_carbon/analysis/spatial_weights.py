"""Spatial weights of every sample of a study."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pandas as pd

from yrb_carbon.errors import WeightsError
from yrb_carbon.sources.boundaries import Boundaries
from yrb_carbon.study.config import WeightsSection
from yrb_carbon.weights.build import build_weights, calc_unit_attributes, facts_row
from yrb_carbon.weights.io import read_links, write_weights

NEEDS_ATTRIBUTES = ("econ", "nested_add", "nested_mul", "gravity")


def write_sample_weights(
    boundaries: Boundaries,
    sections: Mapping[str, WeightsSection],
    *,
    samples: Mapping[str, str | Path],
    wanted: Mapping[str, Sequence[str]],
    folder: str | Path,
) -> list[dict[str, Any]]:
    """Build and write the weights that each sample's tables use.

    Parquet always; GAL of the links before standardising for contiguity, GWT for the rest.

    Parameters
    ----------
    boundaries : Boundaries
    sections : mapping
        Configuration of the weights, by name.
    samples : mapping
        Sample -> file with its raw columns; its units are the units of the weights.
    wanted : mapping
        Sample -> names of its weights.
    folder : path
        Written to `<folder>/<sample>/<name>.*`.

    Returns
    -------
    list of dict, facts of each matrix (links, islands, scale, units dropped).

    Raises
    ------
    WeightsError
        If a matrix breaks its contract, as one with islands; the weights and the sample are named.
    """
    report = []
    for sample, path in samples.items():
        raw = pd.read_parquet(path)
        units = sorted(raw.index.get_level_values("unit").unique())
        for name in wanted[sample]:
            section = sections[name]
            attributes = calc_unit_attributes(raw) if section.scheme in NEEDS_ATTRIBUTES else None
            given = None if section.path is None else read_links(section.path)
            try:
                built = build_weights(boundaries, section, attributes, units, given)
            except WeightsError as error:
                raise WeightsError(f"weights.{name}, sample {sample!r}: {error}") from error
            target = Path(folder) / sample
            target.mkdir(parents=True, exist_ok=True)
            write_weights(built, target, name)
            report.append({"sample": sample, **facts_row(built, name)})
    return report
