"""Tables and emissions brought to one list of sectors, totals preserved."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from yrb_carbon.embodied.leontief import require_identity
from yrb_carbon.errors import DataError, listing
from yrb_carbon.sources.input_output import ACCOUNT, InputOutputTable, assemble_table

EMISSION_KEY = ["year", "province", "sector", "fuel"]

Targets = Mapping[str, str | Sequence[str]]


@dataclass(frozen=True, slots=True, eq=False)
class PlacedEmissions:
    """Emissions of one year by the accounts of a table.

    Attributes
    ----------
    accounts : Series, index (region, sector)
        Mt CO2 of the regions that the inventories have.
    outside : Series, index (region, sector)
        Mt CO2 of the sectors outside production, households for instance.
    """

    accounts: pd.Series
    outside: pd.Series


def aggregate_table(
    table: InputOutputTable,
    sectors: Mapping[str, str],
    regions: Mapping[str, str] | None = None,
    classification: str = "",
) -> InputOutputTable:
    """Merge sectors, and regions if wanted, of a table.

    Z* = G Z G',   Y* = G Y H',   x* = G x   with G, H the 0/1 matrices of the concordances.

    Parameters
    ----------
    table : InputOutputTable
    sectors : mapping
        Code of the table -> code of the new list; every sector of the table, each once.
    regions : mapping, optional
        The same for regions; each stays as it is when left out.
    classification : str
        Name of the new list of sectors.

    Returns
    -------
    InputOutputTable
        Same unit; its record notes the merger.

    Raises
    ------
    DataError
        If a concordance lacks a code of the table or has codes that the table lacks, or a region
        lacks a sector of the new list.
    """
    _require_codes("sectors", table.sectors, sectors)
    if regions is not None:
        _require_codes("regions", table.regions, regions)
    place = regions or {region: region for region in table.regions}
    rows = pd.MultiIndex.from_arrays(
        [
            table.labels.get_level_values(0).map(place),
            table.labels.get_level_values(1).map(sectors),
        ],
        names=list(ACCOUNT),
    )
    uses = table.final_demand.columns
    users = pd.MultiIndex.from_arrays(
        [[place.get(user, user) for user in uses.get_level_values(0)], uses.get_level_values(1)],
        names=uses.names,
    )
    note = (
        f"{table.n_regions} x {table.n_sectors} accounts merged into "
        f"{len(set(place.values()))} x {len(set(sectors.values()))}"
    )
    merged = assemble_table(
        year=table.year,
        intermediate=_sum_columns(_sum_rows(table.intermediate, rows), rows),
        final_demand=_sum_columns(_sum_rows(table.final_demand, rows), users),
        output=_sum_accounts(table.output, rows),
        unit=table.unit,
        record=replace(table.record, notes=(*table.record.notes, note)),
        exports=_sum_accounts(table.exports, rows),
        errors=_sum_accounts(table.errors, rows),
        imports=_sum_accounts(table.imports, rows),
        value_added=_sum_columns(table.value_added, rows),
        classification=classification,
        import_treatment=table.import_treatment,
    )
    _require_totals(table, merged)
    return merged


def merge_regions(emissions: pd.DataFrame, regions: Mapping[str, str]) -> pd.DataFrame:
    """Sum emissions of provinces to the regions of a table, the whole country for instance.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt).
    regions : mapping
        Province -> region; every province of the frame.

    Returns
    -------
    DataFrame
        The same columns, sorted; `province` is the region.

    Raises
    ------
    DataError
        If a province has no region, or emissions are missing; named.
    """
    lost = sorted(set(emissions["province"]) - set(regions))
    if lost:
        raise DataError(f"no region for the emissions of {listing(lost)}")
    _refuse_gaps(emissions)
    return _summed(emissions, emissions.assign(province=emissions["province"].map(regions)))


def map_emissions(
    emissions: pd.DataFrame, targets: Targets, output: pd.Series | None = None
) -> pd.DataFrame:
    """Bring emissions from the sectors of the inventories to those of a table.

    E*_pt = sum_s E_ps w_pst,   w_pst = x_pt / sum_{u in T(s)} x_pu   for t in T(s)

    so that a sector of the inventories with several targets T(s) is split by output, and several
    with one target are summed. Where no target has output the split is even: `build_system` names
    what then stands at an account without output.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector, fuel, co2 (Mt); one year where output splits them.
    targets : mapping
        Sector of the inventories -> one or more sectors of the table; every sector of the frame.
        One that is outside production keeps its own key as its only target.
    output : Series, index (region, sector), optional
        x of the table; wanted when a sector has several targets.

    Returns
    -------
    DataFrame
        The same columns, sorted; totals by year, province and fuel are unchanged.

    Raises
    ------
    DataError
        If sectors have no target, emissions are missing, or output is wanted and lacks an
        account; named.
    """
    found = sorted(set(emissions["sector"]))
    lost = [sector for sector in found if not targets.get(sector)]
    if lost:
        raise DataError(
            f"no target for the sectors {listing(lost)} of the inventories. Add them to the "
            "concordance, those outside production with their own key"
        )
    _refuse_gaps(emissions)
    several = {s: [t] if isinstance(t, str) else list(t) for s, t in targets.items()}
    bridge = pd.DataFrame(
        [(sector, target) for sector in found for target in several[sector]],
        columns=["sector", "target"],
    )
    pairs = emissions[["province", "sector"]].drop_duplicates().merge(bridge, on="sector")
    weights = pairs.assign(weight=_weights(pairs, output))
    joined = emissions.merge(weights, on=["province", "sector"], validate="many_to_many")
    joined = joined.assign(sector=joined["target"], co2=joined["co2"] * joined["weight"])
    return _summed(emissions, joined)


def emissions_by_account(
    emissions: pd.DataFrame, table: InputOutputTable, outside: Collection[str] = ()
) -> PlacedEmissions:
    """Emissions of the table's year by account, summed over fuels.

    Parameters
    ----------
    emissions : DataFrame
        Columns year, province, sector (of the table or outside production), fuel, co2 (Mt).
    table : InputOutputTable
    outside : collection of str
        Sectors outside production.

    Returns
    -------
    PlacedEmissions
        Accounts of every province of the frame; a sector of the table without a row is zero.

    Raises
    ------
    DataError
        If the year has no rows, emissions of it are missing, or a sector or province is neither
        the table's nor outside.
    """
    own = emissions[emissions["year"] == table.year]
    if own.empty:
        years = listing(sorted(set(emissions["year"])))
        raise DataError(f"no emissions of {table.year}, the year of the table; years: {years}")
    _refuse_gaps(own)
    strange = set(own["sector"]) - set(table.sectors) - set(outside)
    if strange:
        raise DataError(
            f"emissions of the sectors {listing(sorted(strange))} that the table lacks. Bring them "
            "to its sectors first, or name them as outside production"
        )
    _refuse_regions(set(own["province"]) - set(table.regions))
    sums = own.groupby(["province", "sector"])["co2"].sum().rename_axis(list(ACCOUNT))
    is_outside = sums.index.get_level_values(1).isin(list(outside))
    regions = sorted(set(own["province"]))
    accounts = pd.MultiIndex.from_product([regions, table.sectors], names=list(ACCOUNT))
    return PlacedEmissions(sums[~is_outside].reindex(accounts, fill_value=0.0), sums[is_outside])


def _refuse_gaps(emissions: pd.DataFrame) -> None:
    """Refuse emissions that are not known: a sum would take them for zero."""
    gaps = emissions[~np.isfinite(emissions["co2"].to_numpy(dtype=float))]
    if len(gaps):
        places = gaps[["year", "province"]].drop_duplicates().itertuples(index=False)
        names = (f"{year} {province}" for year, province in places)
        raise DataError(
            f"emissions are missing in {len(gaps)} cells, of {listing(names)}. Leave the province "
            "out of that year, so that it counts as one without an inventory"
        )


def _summed(before: pd.DataFrame, after: pd.DataFrame) -> pd.DataFrame:
    """Rows of one key summed, with the total that they had before."""
    summed = after.groupby(EMISSION_KEY)["co2"].sum().reset_index()
    require_identity(
        "total of emissions before and after they are brought to other accounts",
        np.array([before["co2"].sum()]),
        np.array([summed["co2"].sum()]),
        float(before["co2"].abs().sum()),
    )
    return summed


def _weights(pairs: pd.DataFrame, output: pd.Series | None) -> pd.Series:
    """Shares of the targets in the sector of a province: by output, even where there is none."""
    groups = pairs.groupby(["province", "sector"])
    even = 1.0 / groups["target"].transform("size")
    split = pairs[even < 1.0]
    if split.empty:
        return even
    if output is None:
        first = split["sector"].iloc[0]
        into = listing(split.loc[split["sector"] == first, "target"].unique())
        raise DataError(f"sector {first!r} feeds {into}: output is wanted to split it")
    own = pd.Series(
        output.reindex(pd.MultiIndex.from_frame(split[["province", "target"]])).to_numpy(float),
        index=split.index,
    )
    bad = split[~(own >= 0)]
    if len(bad):
        names = (f"{row.province} {row.target} (of {row.sector})" for row in bad.itertuples())
        raise DataError(f"no output, or a negative one, to split emissions by: {listing(names)}")
    total = own.groupby([split["province"], split["sector"]]).transform("sum")
    return (own / total).where(total > 0).reindex(pairs.index).fillna(even)


def _refuse_regions(strange: set[str]) -> None:
    if strange:
        raise DataError(f"emissions of {listing(sorted(strange))}, regions that the table lacks")


def _require_codes(what: str, own: Sequence[str], concordance: Mapping[str, str]) -> None:
    missing, surplus = set(own) - set(concordance), set(concordance) - set(own)
    if missing or surplus:
        raise DataError(
            f"the concordance of {what} is not that of the table: missing "
            f"{listing(sorted(missing)) or 'none'}, too many {listing(sorted(surplus)) or 'none'}"
        )


def _sum_rows(part: pd.DataFrame, rows: pd.MultiIndex) -> pd.DataFrame:
    return part.set_axis(rows).groupby(level=[0, 1]).sum()


def _sum_accounts(part: pd.Series, rows: pd.MultiIndex) -> pd.Series:
    return part.set_axis(rows).groupby(level=[0, 1]).sum()


def _sum_columns(part: pd.DataFrame, columns: pd.MultiIndex) -> pd.DataFrame:
    return part.set_axis(columns, axis=1).T.groupby(level=[0, 1]).sum().T


def _require_totals(table: InputOutputTable, merged: InputOutputTable) -> None:
    """Refuse a merger that lost an amount."""
    for name in ("intermediate", "final_demand", "exports", "errors", "output", "imports",
                 "value_added"):  # fmt: skip
        before, after = getattr(table, name).to_numpy(), getattr(merged, name).to_numpy()
        require_identity(
            f"total of {name} before and after the merger of sectors",
            np.array([before.sum()]),
            np.array([after.sum()]),
            float(np.abs(before).sum()),
        )
