"""The environmentally extended system of a table, and who answers for its emissions."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import pandas as pd

from yrb_carbon.embodied.leontief import (
    Leontief,
    account_names,
    calc_coefficients,
    factor_leontief,
    require_identity,
)
from yrb_carbon.errors import DataError, listing
from yrb_carbon.sources.input_output import (
    ACCOUNT,
    NEGATIVE_IMPORTS,
    FloatArray,
    ImportTreatment,
    InputOutputTable,
)
from yrb_carbon.study.provinces import load_provinces

TONNES_PER_MT = 1e6
EXPORTS = "exports"
OTHER = "other"
RESERVED = (EXPORTS, OTHER, "total", "polar", "")
"""Names that no region may have: destinations and sums stand beside regions in tables."""
UNPLACED_LIMIT = 0.01
"""Share of all emissions, and of those of mining, that may stand at accounts without output."""
ROUNDING = 1e-12
"""Share of an account's output below which what its row lacks to balance is rounding, no gap."""

ExportTreatment = Literal["separate", "final"]
MissingInventory = Literal["zero", "northwest"]
NORTHWEST = "northwest"
"""Area of `study.provinces` whose intensities stand in for those of a province without any."""


@dataclass(frozen=True, slots=True, eq=False)
class EmbodiedSystem:
    """An input-output table with the emissions of its accounts, R regions x S sectors, n = R S.

    A = Z diag(x)^-1,  L = (I - A)^-1,  f_i = E_i / x_i,  eps' = f'L
    x = A x + y 1 + e + o

    Arrays are in the order of `labels`: by region, then by sector.

    Attributes
    ----------
    year : int
    unit : str
        Unit of money; intensities are t CO2 per unit.
    regions, sectors : tuple of str
    labels : MultiIndex (region, sector), n
    coefficients : (n, n)
        A, domestic inputs per unit of output.
    leontief : Leontief
        L.
    output : (n,)
        x.
    intensity : (n,)
        f, direct; zero where there is no output.
    embodied : (n,)
        eps, direct and indirect.
    emissions : (n,)
        E = f x, Mt CO2.
    final_demand : (n, R)
        y by region that uses; with its own exports when these are treated as final demand.
    exports : (n,)
        e, as far as they are a use of their own; zero when they are part of final demand.
    abroad : (n,)
        The exports that the table has, whatever they count as.
    imported : (n,)
        Imports of the products as far as they are a negative final use, as positive amounts.
    errors : (n,)
        The statistical errors that the table publishes.
    discrepancy : (n,)
        x - A x - y 1 - e - errors: what the rows of the published table lack to balance; zero
        where it is rounding.
    zero_output : tuple of (region, sector)
        Accounts without output.
    unplaced : Series, index (region, sector)
        Mt CO2 that the inventories have at accounts without output: outside the system.
    imputed : tuple of str
        Regions without an inventory, whose intensities are zero or a mean.
    classification : str
        List that the codes of the sectors are of: one code may mean other sectors in another list.
    import_treatment : {"apart", "proportional", "negative_use", "none"}
        Of the table.
    """

    year: int
    unit: str
    regions: tuple[str, ...]
    sectors: tuple[str, ...]
    labels: pd.MultiIndex
    coefficients: FloatArray
    leontief: Leontief
    output: FloatArray
    intensity: FloatArray
    embodied: FloatArray
    emissions: FloatArray
    final_demand: FloatArray
    exports: FloatArray
    abroad: FloatArray
    imported: FloatArray
    errors: FloatArray
    discrepancy: FloatArray
    zero_output: tuple[tuple[str, str], ...]
    unplaced: pd.Series
    imputed: tuple[str, ...]
    classification: str = ""
    import_treatment: ImportTreatment = "apart"

    @property
    def shape(self) -> tuple[int, int]:
        """Regions and sectors of each, R and S."""
        return len(self.regions), len(self.sectors)

    @property
    def other(self) -> FloatArray:
        """Uses that belong to nobody, o: statistical errors and discrepancy, (n,)."""
        return self.errors + self.discrepancy

    @property
    def total_final(self) -> FloatArray:
        """Final uses of each account, y 1 + e + o, (n,)."""
        return np.asarray(self.final_demand.sum(axis=1) + self.exports + self.other)

    @property
    def uses(self) -> FloatArray:
        """Final uses by user: the regions, exports, other, (n, R + 2)."""
        return np.column_stack([self.final_demand, self.exports, self.other])

    @property
    def users(self) -> tuple[str, ...]:
        """Names of the columns of `uses`."""
        return (*self.regions, EXPORTS, OTHER)

    @property
    def at_home(self) -> FloatArray:
        """Final demand of the regions without exports and negative imports, (n,)."""
        final = self.final_demand.sum(axis=1) + self.exports
        return np.asarray(final - self.abroad + self.imported)

    @property
    def intermediate(self) -> FloatArray:
        """Domestic transactions of the system, Z = A diag(x), (n, n)."""
        return self.coefficients * self.output

    def mask(self, sectors: Sequence[str]) -> FloatArray:
        """1 at the accounts of some sectors, 0 elsewhere, (n,).

        Raises
        ------
        DataError
            If no sector is given, or one is not of the system.
        """
        require_names("sectors", sectors, self.sectors)
        chosen = np.isin(np.array(self.sectors), list(sectors))
        return np.tile(chosen, self.shape[0]).astype(float)

    def by_region(self, values: FloatArray) -> FloatArray:
        """Sum accounts, along the first axis, to regions: (n, ...) to (R, ...)."""
        unfolded = values.reshape(*self.shape, *values.shape[1:])
        return np.asarray(unfolded.sum(axis=1))

    def frame(self) -> pd.DataFrame:
        """Accounts as a table: output, emissions, intensity, embodied, final uses."""
        return pd.DataFrame(
            {
                "output": self.output,
                "emissions": self.emissions,
                "intensity": self.intensity,
                "embodied": self.embodied,
                "final": self.total_final,
            },
            index=self.labels,
        )


def build_system(
    table: InputOutputTable,
    emissions: pd.Series,
    *,
    exports: ExportTreatment = "separate",
    missing: MissingInventory = "zero",
    mining: Sequence[str] = (),
    unplaced_limit: float = UNPLACED_LIMIT,
) -> EmbodiedSystem:
    """Build the system of a table and its emissions, and assert its identities.

    eps' = f' + eps'A   and   sum_i eps_i (y 1 + e + o)_i = sum_i E_i

    Inputs from outside the table carry no emissions: A is domestic. Final uses may be negative,
    as changes of inventories are.

    Parameters
    ----------
    table : InputOutputTable
    emissions : Series, index (region, sector)
        Mt CO2; all sectors of every region that it has, in any order.
    exports : {"separate", "final"}
        A column of their own, or part of the final demand of the region that exports.
    missing : {"zero", "northwest"}
        Regions of the table without emissions (Tibet has no inventory): intensities zero, or
        f_i = sum_r E_ri / sum_r x_ri over the provinces of the north-west, zero where these make
        no i.
    mining : sequence of str
        Sectors for which the limit of unplaced emissions holds by themselves too: a share that is
        small in all emissions may be most of those of a small sector.
    unplaced_limit : float
        Share of all emissions, and of those of mining, that may stand at accounts without output;
        they are left out of the system and named in `unplaced`.

    Returns
    -------
    EmbodiedSystem

    Raises
    ------
    DataError
        If a region has a reserved name, output is negative, emissions are missing, have other
        accounts than the table or stand where there is no output beyond the limit, the table is
        not productive, or an identity fails; the accounts are named.

    Notes
    -----
    Miller and Blair (2009), Input-Output Analysis, 2nd edition, chapters 2, 3 and 10.
    """
    _refuse_reserved(table.regions)
    output = table.output.to_numpy(dtype=float)
    _refuse_negative(table.output)
    known, imputed = _aligned_emissions(emissions, table)
    unplaced = known[(output == 0) & (known != 0).to_numpy()]
    _refuse_unplaced("all emissions", unplaced, known, unplaced_limit)
    if mining:
        require_names("sectors", mining, table.sectors)
        lost, own = (part[part.index.isin(list(mining), level=1)] for part in (unplaced, known))
        _refuse_unplaced("the emissions of mining", lost, own, unplaced_limit)
    intensity = _intensity(known.to_numpy(), output)
    if imputed and missing == NORTHWEST:
        intensity = _with_mean(intensity, table, imputed)
    coefficients = calc_coefficients(table.intermediate.to_numpy(dtype=float), output)
    leontief = factor_leontief(coefficients, table.labels)
    final_demand, export = _uses(table, exports)
    errors = table.errors.to_numpy(dtype=float)
    gap = output - coefficients @ output - final_demand.sum(axis=1) - export - errors
    size = np.abs(np.column_stack([output, final_demand, export, errors])).max(axis=1)
    system = EmbodiedSystem(
        year=table.year,
        unit=table.unit,
        regions=table.regions,
        sectors=table.sectors,
        labels=table.labels,
        coefficients=coefficients,
        leontief=leontief,
        output=output,
        intensity=intensity,
        embodied=leontief.multipliers(intensity),
        emissions=intensity * output / TONNES_PER_MT,
        final_demand=final_demand,
        exports=export,
        abroad=table.exports.to_numpy(dtype=float),
        imported=_negative_imports(table),
        errors=errors,
        discrepancy=np.where(np.abs(gap) > ROUNDING * size, gap, 0.0),
        zero_output=tuple((str(r), str(s)) for r, s in table.labels[output == 0]),
        unplaced=unplaced,
        imputed=imputed,
        classification=table.classification,
        import_treatment=table.import_treatment,
    )
    check_identities(system)
    return system


def check_identities(system: EmbodiedSystem) -> None:
    """Assert eps' = f' + eps'A, L y = x and sum eps y = sum E, all within 1e-9 relative.

    Raises
    ------
    DataError
    """
    through = system.intensity + system.embodied @ system.coefficients
    require_identity(
        "eps = f + eps A", system.embodied, through, float(np.abs(system.embodied).max(initial=0.0))
    )
    require_identity(
        "output from final uses, L y = x",
        system.leontief.outputs(system.total_final),
        system.output,
        float(system.output.max(initial=0.0)),
    )
    require_identity(
        "emissions of final uses, f'L y = sum E",
        np.array([system.embodied @ system.total_final / TONNES_PER_MT]),
        np.array([system.emissions.sum()]),
        float(np.abs(system.emissions).sum()),
    )


def calc_driven_emissions(
    system: EmbodiedSystem, sectors: Sequence[str] | None = None
) -> pd.DataFrame:
    """Emissions of each region driven by the final uses of each user.

    M^{rs} = sum_{i in I} f_i^r (L y^s)_i^r,   s: the regions, exports, other

    Row sums are the emissions of the producers, column sums those that the users' final demand
    calls for.

    Parameters
    ----------
    system : EmbodiedSystem
    sectors : sequence of str, optional
        I, the sectors that emit; all when left out.

    Returns
    -------
    DataFrame, R x (R + 2), Mt CO2
        Rows emit, columns use.

    Raises
    ------
    DataError
        If a sector is unknown or the rows do not sum to the emissions.
    """
    chosen = np.ones(len(system.output)) if sectors is None else system.mask(sectors)
    needed = system.leontief.outputs(system.uses)
    weight = chosen * system.intensity / TONNES_PER_MT
    driven = system.by_region(weight[:, None] * needed)
    own = system.by_region(chosen * system.emissions)
    require_identity(
        "emissions by user sum to those of the producers",
        driven.sum(axis=1),
        own,
        float(np.abs(own).max(initial=0.0)),
    )
    return pd.DataFrame(
        driven,
        index=pd.Index(system.regions, name="region"),
        columns=pd.Index(system.users, name="user"),
    )


def calc_responsibility(
    system: EmbodiedSystem, beta: float = 0.5, sectors: Sequence[str] | None = None
) -> pd.DataFrame:
    """Emissions by production, by consumption and shared.

    production^r = sum_s M^{rs},   consumption^s = sum_r M^{rs}
    shared = beta production + (1 - beta) consumption

    Parameters
    ----------
    system : EmbodiedSystem
    beta : float
        Share of the producer, 0 to 1.
    sectors : sequence of str, optional
        Sectors whose emissions are counted; all when left out.

    Returns
    -------
    DataFrame, Mt CO2
        Rows are the regions, then `exports` and `other`, which produce nothing; columns
        production, consumption, shared, own (by and for the region itself), net (production less
        consumption). production, consumption and shared have the same sum.

    Raises
    ------
    DataError
        If beta is outside 0 to 1.

    Notes
    -----
    Shared responsibility as a weighting of the two principles: Lenzen, Murray, Sack and Wiedmann
    (2007), Shared producer and consumer responsibility, Ecological Economics 61(1):27-42, of
    which this is the form with one weight for all.
    """
    if not 0 <= beta <= 1:
        raise DataError(f"beta, the producer's share, is {beta}; wanted 0 to 1")
    driven = calc_driven_emissions(system, sectors)
    production = driven.sum(axis=1).reindex(driven.columns, fill_value=0.0)
    consumption = driven.sum(axis=0)
    own = pd.Series(np.diagonal(driven.to_numpy()), index=driven.index)
    return pd.DataFrame(
        {
            "production": production,
            "consumption": consumption,
            "shared": beta * production + (1 - beta) * consumption,
            "own": own.reindex(driven.columns, fill_value=0.0),
            "net": production - consumption,
        }
    )


def require_names(what: str, wanted: Sequence[str], known: Sequence[str]) -> None:
    """Refuse a choice of nothing, or of names that a system lacks.

    Raises
    ------
    DataError
        With the names that are wrong and those that there are.
    """
    strange = [name for name in wanted if name not in known]
    if strange or not len(wanted):
        raise DataError(
            f"{what} {listing(strange) or 'none'} wanted; the table has "
            f"{listing(known, limit=len(known))}"
        )


def _refuse_reserved(regions: Sequence[str]) -> None:
    wrong = [region for region in regions if region in RESERVED]
    if wrong:
        raise DataError(
            f"regions are named {listing(map(repr, wrong))}, which stand for destinations and sums "
            "in the tables. Rename them in the input-output table"
        )


def _refuse_negative(output: pd.Series) -> None:
    bad = output[output < 0]
    if len(bad):
        cells = map("{}: {:.6g}".format, account_names(bad.index), bad)
        raise DataError(f"output must not be negative: {listing(cells)}")


def _aligned_emissions(
    emissions: pd.Series, table: InputOutputTable
) -> tuple[pd.Series, tuple[str, ...]]:
    """Emissions in the order of the table, and the regions that have none at all."""
    index = emissions.index
    if index.nlevels != len(ACCOUNT) or not index.is_unique:
        raise DataError(
            f"emissions must have one row by {' and '.join(ACCOUNT)}; found the levels "
            f"{list(index.names)}, {int(index.duplicated().sum())} rows twice"
        )
    strange = index.difference(table.labels)
    if len(strange):
        names = account_names(strange)
        raise DataError(f"emissions of accounts that the table lacks: {listing(names)}")
    aligned = emissions.reindex(table.labels)
    bare = tuple(sorted(set(table.regions) - set(index.get_level_values(0))))
    gaps = aligned.index[
        ~np.isfinite(aligned.to_numpy(dtype=float))
        & ~aligned.index.get_level_values(0).isin(list(bare))
    ]
    if len(gaps):
        names = account_names(gaps)
        raise DataError(f"emissions are missing at {listing(names)}. Zero must be written as 0")
    return aligned.fillna(0.0).astype(float).rename("co2"), bare


def _refuse_unplaced(whole: str, unplaced: pd.Series, known: pd.Series, limit: float) -> None:
    total = float(known.abs().sum())
    if float(unplaced.abs().sum()) > limit * total:
        cells = map("{} {:.6g} Mt".format, account_names(unplaced.index), unplaced)
        raise DataError(
            f"{unplaced.abs().sum() / total:.2%} of {whole}, more than {limit:.2%}, stand at "
            f"accounts without output: {listing(cells)}. Check the concordance, or use a coarser "
            "list of sectors"
        )


def _intensity(emissions: FloatArray, output: FloatArray) -> FloatArray:
    """Direct intensities in t per unit of money, zero where there is no output."""
    return np.divide(TONNES_PER_MT * emissions, output, out=np.zeros(len(output)), where=output > 0)


def _with_mean(
    intensity: FloatArray, table: InputOutputTable, imputed: tuple[str, ...]
) -> FloatArray:
    """Intensities with the mean of the north-west, weighted by output, in regions without any."""
    donors = [
        region
        for region in load_provinces().grouped("area")[NORTHWEST]
        if region not in imputed and region in table.regions
    ]
    if not donors:
        raise DataError(
            f"no province of the north-west has emissions to stand in for {listing(imputed)}; "
            f"regions: {listing(table.regions)}"
        )
    shape = (table.n_regions, table.n_sectors)
    output = table.output.to_numpy(dtype=float).reshape(shape)
    own = intensity.reshape(shape).copy()
    rows = [table.regions.index(region) for region in donors]
    mean = np.divide(
        (own[rows] * output[rows]).sum(axis=0),
        output[rows].sum(axis=0),
        out=np.zeros(table.n_sectors),
        where=output[rows].sum(axis=0) > 0,
    )
    own[[table.regions.index(region) for region in imputed]] = mean
    return np.where(output > 0, own, 0.0).ravel()


def _negative_imports(table: InputOutputTable) -> FloatArray:
    """Imports that stand among the final uses with negative amounts, as positive ones, (n,)."""
    if table.import_treatment != "negative_use":
        return np.zeros(len(table.output))
    is_import = table.final_demand.columns.get_level_values(1) == NEGATIVE_IMPORTS
    return np.asarray(-table.final_demand.loc[:, is_import].to_numpy(dtype=float).sum(axis=1))


def _uses(table: InputOutputTable, exports: ExportTreatment) -> tuple[FloatArray, FloatArray]:
    """Final demand by region, and exports that are a column of their own."""
    demand = table.final_demand.T.groupby(level=0).sum().T
    strange = sorted(set(demand.columns) - set(table.regions))
    if strange:
        raise DataError(f"final demand of {listing(strange)}, regions without accounts")
    final = demand.reindex(columns=list(table.regions), fill_value=0.0).to_numpy(dtype=float)
    export = table.exports.to_numpy(dtype=float)
    if exports == "separate":
        return final, export
    own = np.repeat(np.eye(table.n_regions), table.n_sectors, axis=0)
    return final + own * export[:, None], np.zeros_like(export)
