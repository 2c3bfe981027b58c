"""Input-output systems of pymrio (EXIOBASE, WIOD, OECD, GLORIA, its own test system ...)."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.input_output import (
    ACCOUNT,
    BALANCE_TOLERANCE,
    USE,
    InputOutputTable,
    assemble_table,
    describe_unbalanced,
    emission_frame,
    unbalanced,
)

if TYPE_CHECKING:
    import pymrio

MT_PER: Mapping[str, float] = {
    "kg": 1e-9, "t": 1e-6, "kt": 1e-3, "Gg": 1e-3, "Mt": 1.0, "Tg": 1.0, "Gt": 1e3,
}  # fmt: skip
"""Mt in one unit of mass."""
FINAL_DEMAND = "(final demand)"
"""Sector of the emissions of final users themselves, which no account of a table makes."""
HINT = "Name the folder that a system was saved to by its save_all."


def load_pymrio_system(folder: str | Path | None = None) -> pymrio.IOSystem:
    """Load a system that pymrio saved, or its test system.

    Parameters
    ----------
    folder : path, optional
        Folder of `save_all`; the test system when left out.

    Raises
    ------
    SourceError
        If there is no such folder, or pymrio finds no system in it.
    """
    import pymrio

    with _root_logger_as_it_was():
        if folder is None:
            return pymrio.load_test()
        place = Place(Path(folder))
        if not Path(folder).is_dir():
            raise SourceError("no folder of a saved pymrio system", place, HINT)
        try:
            return pymrio.load_all(folder)
        except (OSError, KeyError, ValueError, AttributeError, pymrio.ReadError) as error:
            raise SourceError(f"pymrio finds no system in it: {error}", place, HINT) from error


@contextmanager
def _root_logger_as_it_was() -> Iterator[None]:
    """Keep pymrio, which calls `logging.info`, from giving a root logger without handler one."""
    root = logging.getLogger()
    own = [] if root.handlers else [logging.lastResort or logging.NullHandler()]
    for handler in own:
        root.addHandler(handler)
    try:
        yield
    finally:
        for handler in own:
            root.removeHandler(handler)


def read_pymrio_system(
    system: pymrio.IOSystem,
    *,
    year: int,
    emissions: str,
    stressors: Sequence[str] | None = None,
    value_added: str | None = None,
    tolerance: float = BALANCE_TOLERANCE,
    accepted_share: float = 0.0,
) -> tuple[InputOutputTable, pd.DataFrame]:
    """Turn a pymrio system and one of its extensions into a table and emissions.

    Output is the one of the system, or the sum of its rows. The table is the whole of the system:
    no exports, no imports, no errors.

    Parameters
    ----------
    system : pymrio.IOSystem
        With `Z` and `Y`; regions and sectors on both axes.
    year : int
    emissions : str
        Name of the extension with the emissions.
    stressors : sequence of str, optional
        Rows of it by the first level of their labels; each is a `fuel` of the result. Wanted when
        the extension has several. Masses are turned into Mt.
    value_added : str, optional
        Name of the extension with the value added; without it there is none.
    tolerance : float
        Largest gap between the output of an account and the sum of its row, relative to output.
    accepted_share : float
        Share of the rows that may miss it by more; they are noted.

    Returns
    -------
    table : InputOutputTable
    emissions : DataFrame
        year, province (region of the system), sector, fuel (stressor), co2 (Mt). What final users
        of a region emit themselves (`F_Y` of the extension) has the sector `FINAL_DEMAND`.

    Raises
    ------
    SourceError
        If flows or final demand are missing, amounts are in several units, an extension or a
        stressor is not there, none of several stressors is named, emissions are not in a unit of
        mass, or rows do not balance.
    """
    place = Place(system.name or "pymrio system")
    if system.Z is None or system.Y is None:
        raise SourceError(
            "the system has no flows Z or no final demand Y", place, "Call its calc_all first."
        )
    flows, final = system.Z, system.Y
    unit = _unit(system, place)
    output = (
        flows.sum(axis=1) + final.sum(axis=1) if system.x is None else system.x.iloc[:, 0]
    )  # fmt: skip
    added = None if value_added is None else _extension(system, value_added, place).F
    table = assemble_table(
        year=year,
        intermediate=flows.set_axis(_texts(flows.index, ACCOUNT), axis=0).set_axis(
            _texts(flows.columns, ACCOUNT), axis=1
        ),
        final_demand=final.set_axis(_texts(final.index, ACCOUNT), axis=0).set_axis(
            _texts(final.columns, USE), axis=1
        ),
        output=output.set_axis(_texts(output.index, ACCOUNT)),
        value_added=None if added is None else _labelled(added),
        unit=unit,
        record=FileRecord(
            file=str(place.file),
            sheet=None,
            sha256=_digest(flows, final),
            rows=len(flows),
            unit={"all amounts": unit},
            notes=(f"emissions: {emissions}",),
        ),
        import_treatment="none",
    )
    table = _balanced(table, tolerance, accepted_share, place)
    return table, _emissions(system, year, emissions, stressors, table, place)


def _balanced(
    table: InputOutputTable, tolerance: float, accepted_share: float, place: Place
) -> InputOutputTable:
    """The table, refused where its rows are not its output; its columns lack the value added."""
    found = unbalanced(table.balance(), tolerance)
    failing = found[found["side"] == "row"]
    if failing.empty:
        return table
    n_rows = len(table.output)
    text = describe_unbalanced(failing, n_rows, tolerance, lambda key, _: " ".join(key))
    if len(failing) > accepted_share * n_rows:
        raise SourceError(text, place, "Call its calc_all anew, or correct its output x.")
    notes = (*table.record.notes, f"accepted: {text}")
    return replace(table, record=replace(table.record, notes=notes))


def _texts(index: pd.Index, names: Sequence[str]) -> pd.MultiIndex:
    """Labels of two levels as text."""
    return pd.MultiIndex.from_tuples(
        [(str(first), str(second)) for first, second in index], names=list(names)
    )


def _labelled(part: pd.DataFrame) -> pd.DataFrame:
    rows = ["/".join(map(str, key)) if isinstance(key, tuple) else str(key) for key in part.index]
    return part.set_axis(rows, axis=0).set_axis(_texts(part.columns, ACCOUNT), axis=1)


def _unit(system: pymrio.IOSystem, place: Place) -> str:
    units = sorted({str(unit) for unit in system.unit["unit"]}) if system.unit is not None else []
    if len(units) != 1:
        raise SourceError(
            f"amounts in one unit are wanted, the system has {listing(units) or 'none'}", place
        )
    return units[0]


def _extension(system: pymrio.IOSystem, name: str, place: Place) -> pymrio.Extension:
    known = list(system.get_extensions())
    if name not in known:
        raise SourceError(
            f"the system has no extension {name!r}", place, f"Its extensions are: {listing(known)}."
        )
    return getattr(system, name)


def _emissions(
    system: pymrio.IOSystem,
    year: int,
    name: str,
    stressors: Sequence[str] | None,
    table: InputOutputTable,
    place: Place,
) -> pd.DataFrame:
    extension = _extension(system, name, place)
    first = [str(key[0] if isinstance(key, tuple) else key) for key in extension.F.index]
    if stressors is None and len(set(first)) > 1:
        raise SourceError(
            f"the extension {name!r} has {len(set(first))} stressors, which are not one emission",
            place,
            f"Name the stressors that count: {listing(sorted(set(first)))}.",
        )
    wanted = sorted(set(first)) if stressors is None else list(stressors)
    missing = [stressor for stressor in wanted if stressor not in first]
    if missing:
        raise SourceError(
            f"the extension {name!r} has no {listing(map(repr, missing))}",
            place,
            f"Its rows are: {listing(sorted(set(first)))}.",
        )
    chosen = np.flatnonzero(np.isin(first, wanted))
    keys = extension.F.index[chosen]
    found = _rows_by_label(extension.unit, keys, f"the units of {name!r}", place)
    units = [str(unit) for unit in found["unit"]]
    strange = sorted(set(units) - set(MT_PER))
    if strange:
        raise SourceError(
            f"emissions in {listing(map(repr, strange))} are no masses",
            place,
            f"Units that can be turned into Mt: {listing(MT_PER)}. Name the stressors that are "
            "wanted.",
        )
    factors = np.array([MT_PER[unit] for unit in units])
    stressor_of = np.array(first)[chosen]

    def megatonnes(amounts: pd.DataFrame, labels: pd.MultiIndex) -> pd.DataFrame:
        masses = pd.DataFrame(amounts.to_numpy(dtype=float) * factors[:, None], columns=labels)
        sums = {one: masses[stressor_of == one].sum(skipna=False) for one in wanted}
        return emission_frame(year, sums, labels)

    own = _labelled(extension.F.iloc[chosen])[table.labels]
    made = megatonnes(own, table.labels)
    by_users = extension.F_Y
    if by_users is None or not keys.isin(by_users.index).any():
        return made
    by_use = _rows_by_label(by_users, keys, f"what final users emit, F_Y of {name!r}", place)
    by_region = pd.DataFrame(
        {
            str(region): uses.sum(skipna=False)
            for region, uses in by_use.T.groupby(level=0, sort=False)
        }
    )
    users = pd.MultiIndex.from_product([by_region.columns, [FINAL_DEMAND]])
    return pd.concat([made, megatonnes(by_region, users)], ignore_index=True)


def _rows_by_label(part: pd.DataFrame, keys: pd.Index, what: str, place: Place) -> pd.DataFrame:
    """Rows of a part of an extension by the labels of its `F`: their order may be another."""
    if not part.index.is_unique:
        twice = part.index[part.index.duplicated()].unique()
        raise SourceError(f"rows stand twice in {what}: {listing(map(repr, twice))}", place)
    lacking = keys[~keys.isin(part.index)]
    if len(lacking):
        raise SourceError(
            f"{what}, have no row of {listing(map(repr, lacking))}",
            place,
            "Label its rows as those of F; what is nothing is written as 0.",
        )
    return part.loc[keys]


def _digest(*parts: pd.DataFrame) -> str:
    """SHA-256 over labels and values: a system in memory has no file."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(repr((list(part.index), list(part.columns))).encode())
        digest.update(np.ascontiguousarray(part.to_numpy(dtype="<f8")).tobytes())
    return digest.hexdigest()
