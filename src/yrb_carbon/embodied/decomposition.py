"""Structural decomposition of the change of emissions between two years."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.embodied.accounts import TONNES_PER_MT, EmbodiedSystem, require_names
from yrb_carbon.embodied.leontief import Leontief, require_identity
from yrb_carbon.errors import DataError, listing
from yrb_carbon.sources.input_output import FloatArray

FACTORS = ("intensity", "technology", "structure", "level", "other")


@dataclass(frozen=True, slots=True, eq=False)
class DecompositionInputs:
    """Factors of the emissions of one year, E = f * (L (S g + o)).

    Attributes
    ----------
    intensity : (n,)
        f.
    leontief : Leontief
        L.
    structure : (n, k)
        S, the make-up of the demand of each user: columns sum to 1, or to 0 without demand.
    level : (k,)
        g, demand of each user.
    other : (n,)
        o, uses that belong to no user.
    """

    intensity: FloatArray
    leontief: Leontief
    structure: FloatArray
    level: FloatArray
    other: FloatArray


@dataclass(frozen=True, slots=True, eq=False)
class StructuralDecomposition:
    """Change of emissions by factor, Mt CO2.

    Attributes
    ----------
    start_year, end_year : int
    start, end : Series, index (region, sector)
        Emissions of both years.
    effects : DataFrame, index (region, sector), columns `FACTORS`
        Mean of the two polar forms; rows sum to end - start.
    polar : tuple of two DataFrames
        The polar forms themselves.
    """

    start_year: int
    end_year: int
    start: pd.Series
    end: pd.Series
    effects: pd.DataFrame
    polar: tuple[pd.DataFrame, pd.DataFrame]

    def totals(self, sectors: Sequence[str] | None = None) -> pd.DataFrame:
        """Effects over all accounts, or those of some emitting sectors.

        Returns
        -------
        DataFrame, index the factors and `change`
            effect (Mt), share of the change, and the effects of the two polar forms, polar_1 and
            polar_2.
        """
        parts = {"effect": self.effects, "polar_1": self.polar[0], "polar_2": self.polar[1]}
        sums = pd.DataFrame({name: _chosen(part, sectors).sum() for name, part in parts.items()})
        change = sums.sum().rename("change").to_frame().T
        table = pd.concat([sums, change]).rename_axis("factor")
        whole = float(change["effect"].iloc[0])
        table.insert(1, "share", table["effect"] / whole if whole else np.nan)
        return table

    def by(self, level: str, sectors: Sequence[str] | None = None) -> pd.DataFrame:
        """Effects by `region` or by `sector` of the emitters, with start, end and change."""
        whole = self.effects.assign(start=self.start, end=self.end)
        sums = _chosen(whole, sectors).groupby(level=level).sum()
        return sums.assign(change=sums["end"] - sums["start"])


def decompose_change(start: EmbodiedSystem, end: EmbodiedSystem) -> StructuralDecomposition:
    """Decompose the change of emissions between two systems.

    E = f * (L (S g + o)), five factors: emission intensity f, technology L, demand structure S,
    demand level g (by user: the regions and, apart, exports), other uses o (statistical errors
    and discrepancies). With x = L (S g + o), indices 0 and 1 for the years:

    form 1   df*x1        + f0*dL(S1 g1 + o1) + f0*L0 dS g1 + f0*L0 S0 dg + f0*L0 do
    form 2   df*x0        + f1*dL(S0 g0 + o0) + f1*L1 dS g0 + f1*L1 S1 dg + f1*L1 do

    effect = (form 1 + form 2) / 2, by emitting account; its sum is the change.

    Parameters
    ----------
    start, end : EmbodiedSystem
        Of the same accounts and the same treatment of exports. Unless both are at prices of one
        year, intensity and level also hold the change of prices.

    Returns
    -------
    StructuralDecomposition

    Raises
    ------
    DataError
        If the accounts differ, a user's demand is not positive in a year in which it has any, or
        the effects miss the change.

    Notes
    -----
    Dietzenbacher and Los (1998), Structural decomposition techniques: sense and sensitivity,
    Economic Systems Research 10(4):307-324; Miller and Blair (2009), chapter 13.
    """
    if not start.labels.equals(end.labels):
        raise DataError(
            f"the accounts of {start.year} ({' x '.join(map(str, start.shape))}) and {end.year} "
            f"({' x '.join(map(str, end.shape))}) differ. Bring both tables to one list of sectors"
        )
    if start.classification != end.classification:
        raise DataError(
            f"the sectors of {start.year} are of the list {start.classification!r}, those of "
            f"{end.year} of the list {end.classification!r}: one code means other sectors in the "
            "two. Bring both tables to one list of sectors (S26 or H2)"
        )
    forms = calc_polar_forms(_inputs(start), _inputs(end)) / TONNES_PER_MT
    change = end.emissions - start.emissions
    effects = forms.mean(axis=0)
    require_identity(
        "effects sum to the change of emissions",
        effects.sum(axis=1),
        change,
        float(np.abs(np.concatenate([start.emissions, end.emissions])).max(initial=0.0)),
    )
    frames = [
        pd.DataFrame(part, index=start.labels, columns=pd.Index(FACTORS, name="factor"))
        for part in (effects, *forms)
    ]
    return StructuralDecomposition(
        start_year=start.year,
        end_year=end.year,
        start=pd.Series(start.emissions, index=start.labels, name="start"),
        end=pd.Series(end.emissions, index=end.labels, name="end"),
        effects=frames[0],
        polar=(frames[1], frames[2]),
    )


def calc_polar_forms(start: DecompositionInputs, end: DecompositionInputs) -> FloatArray:
    """The two polar forms of `decompose_change`.

    Returns
    -------
    (2, n, 5), unit of intensity times demand; the last axis in the order of `FACTORS`
    """
    return np.stack([_polar_form(start, end), -_polar_form(end, start)])


def _polar_form(start: DecompositionInputs, end: DecompositionInputs) -> FloatArray:
    """Form 1: each factor changes with those before it at the start, those after it at the end.

    Form 2 is minus form 1 of the years exchanged.
    """
    outputs = start.leontief.outputs
    final_end = end.structure @ end.level + end.other
    output_end = end.leontief.outputs(final_end)
    weight = start.intensity
    return np.column_stack(
        [
            (end.intensity - weight) * output_end,
            weight * (output_end - outputs(final_end)),
            weight * outputs((end.structure - start.structure) @ end.level),
            weight * outputs(start.structure @ (end.level - start.level)),
            weight * outputs(end.other - start.other),
        ]
    )


def _inputs(system: EmbodiedSystem) -> DecompositionInputs:
    """Factors of a system; exports are one of the users."""
    uses = np.column_stack([system.final_demand, system.exports])
    level = uses.sum(axis=0)
    bad = [
        f"{user} {value:.6g}"
        for user, value, any_use in zip(
            system.users[:-1], level, np.any(uses != 0, axis=0), strict=True
        )
        if any_use and not value > 0
    ]
    if bad:
        raise DataError(
            f"the demand of a user must be positive to have a structure; {system.year}: "
            f"{listing(bad)}"
        )
    structure = np.divide(uses, level, out=np.zeros_like(uses), where=level > 0)
    return DecompositionInputs(system.intensity, system.leontief, structure, level, system.other)


def _chosen(part: pd.DataFrame, sectors: Sequence[str] | None) -> pd.DataFrame:
    if sectors is None:
        return part
    require_names("sectors", sectors, list(part.index.unique("sector")))
    return part[part.index.get_level_values("sector").isin(list(sectors))]
