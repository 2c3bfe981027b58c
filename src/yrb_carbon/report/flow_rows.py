"""Flows between regions and their network, as rows of estimates.csv have them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError
from yrb_carbon.report.embodied_names import EXPORTS, OTHER, ROLE_MARK, split_flow
from yrb_carbon.report.embodied_notes import section_of
from yrb_carbon.study.config import Study
from yrb_carbon.study.embodied import Flow, FlowPathsTable, SystemSection
from yrb_carbon.study.figures import FlowFigure

BETWEEN, OWN, LINK, COMMUNITY, BLOCK, ROLE = "", "own", "link", "community", "block", "role"
"""Equations of the rows."""


@dataclass(frozen=True, slots=True, eq=False)
class ShownFlows:
    """What a figure of flows is drawn from.

    Attributes
    ----------
    flows : DataFrame, regions x regions
        Row sends; what stays within a region is on the diagonal. Zero in the place of negative
        flows, which are there where stocks of a product fall by more than is sold.
    negative : tuple of float
        Those between two regions.
    links : DataFrame of bool, regions x regions, or None
        The backbone; None without a network.
    communities, blocks : Series of int, index region, or None
    roles : mapping of block to key of a role
    """

    flows: pd.DataFrame
    negative: tuple[float, ...] = ()
    links: pd.DataFrame | None = None
    communities: pd.Series[Any] | None = None
    blocks: pd.Series[Any] | None = None
    roles: Mapping[int, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class FlowSource:
    """What the configuration says that a figure of flows shows.

    Attributes
    ----------
    table : FlowPathsTable
    system : SystemSection
        Whose flows they are.
    flow : {"system", "producer", "final"}
    year : int
    """

    table: FlowPathsTable
    system: SystemSection
    flow: Flow
    year: int

    @classmethod
    def of(cls, figure: FlowFigure, study: Study) -> FlowSource:
        """Table, system, definition and year of a figure, with those that it leaves open."""
        table, section = study.tables[figure.table], section_of(study)
        if not isinstance(table, FlowPathsTable):
            raise TypeError(f"table {figure.table!r} has no flows")
        return cls(
            table,
            section.systems[table.system],
            figure.flow_of(section),
            figure.year_of(table, section),
        )


def shown_flows(figure: FlowFigure, study: Study, estimates: pd.DataFrame) -> ShownFlows:
    """Flows of a figure, and the network that it names.

    Parameters
    ----------
    figure : FlowFigure
    study : Study
    estimates : DataFrame
        The whole of estimates.csv.

    Raises
    ------
    DataError
        If there are no rows of the definition and year, or not those of all pairs of regions.
    """
    source = FlowSource.of(figure, study)
    signed = flow_matrix(_rows_of(figure.table, source, estimates), figure.table)
    flows, values = signed.clip(lower=0.0), signed.to_numpy(dtype=np.float64)
    between = values[~np.eye(len(values), dtype=bool)]
    negative = tuple(map(float, between[between < 0]))
    if figure.network is None:
        return ShownFlows(flows, negative)
    rows = _rows_of(figure.network, source, estimates)
    regions = list(flows.index)
    links = pd.DataFrame(False, index=flows.index, columns=flows.columns)
    for term in rows.loc[rows["equation"] == LINK, "term"]:
        links.loc[split_flow(str(term), frozenset(regions))] = True
    pairs = [str(term).split(ROLE_MARK) for term in rows.loc[rows["equation"] == ROLE, "term"]]
    return ShownFlows(
        flows,
        negative,
        links,
        communities=_numbers_of(rows, COMMUNITY, regions, figure.network),
        blocks=_numbers_of(rows, BLOCK, regions, figure.network),
        roles={int(block): role for block, role in pairs},
    )


def flow_matrix(rows: pd.DataFrame, table: str) -> pd.DataFrame:
    """Flows between regions from the rows of one definition and year.

    Parameters
    ----------
    rows : DataFrame
        Rows of estimates.
    table : str
        Named in errors.

    Returns
    -------
    DataFrame, regions x regions, sorted by code
        Row sends. Exports are no regions.

    Raises
    ------
    DataError
        If a pair of regions has no row, or several.
    """
    own = rows.loc[rows["equation"] == OWN, ["term", "estimate"]]
    between = rows.loc[rows["equation"] == BETWEEN, ["term", "estimate"]]
    regions = sorted(own["term"].tolist())
    known = frozenset(regions)
    sizes = {(region, region): size for region, size in own.itertuples(index=False, name=None)}
    for term, size in between.itertuples(index=False, name=None):
        start, end = split_flow(term, known)
        if end not in (EXPORTS, OTHER):
            sizes[start, end] = size
    cells = [[sizes.get((start, end), math.nan) for end in regions] for start in regions]
    flows = pd.DataFrame(cells, index=regions, columns=regions, dtype=np.float64)
    absent = int(flows.isna().to_numpy().sum())
    if absent or not regions:
        raise DataError(
            f"table {table!r}: {absent} of {flows.size} flows between regions have no row in the "
            "estimates; run the table again"
        )
    return flows


def _rows_of(table: str, source: FlowSource, estimates: pd.DataFrame) -> pd.DataFrame:
    """Rows of a table in the definition and year of a figure."""
    own = estimates[estimates["table"].eq(table) & estimates["quantity"].eq("value")]
    own = own[own["model"].eq(source.flow) & own["year"].eq(source.year)]
    if own.empty:
        raise DataError(
            f"the estimates have no rows of table {table!r}, definition {source.flow!r}, "
            f"{source.year}; run the table again"
        )
    return own


def _numbers_of(
    rows: pd.DataFrame, equation: str, regions: list[str], table: str
) -> pd.Series[Any]:
    """Whole numbers of all regions."""
    found = rows.loc[rows["equation"] == equation].set_index("term")["estimate"]
    absent = [region for region in regions if region not in found.index]
    if absent:
        raise DataError(
            f"table {table!r}: no {equation} of {', '.join(absent)} in the estimates; run the "
            "table again"
        )
    return found.loc[regions].astype(int)
