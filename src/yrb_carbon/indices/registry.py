"""From a variable's description to its raw columns and its values."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, fields, replace
from difflib import get_close_matches
from itertools import product
from typing import Any

import numpy as np
import pandas as pd

from yrb_carbon.errors import DataError, StudyError, listing
from yrb_carbon.indices.agglomeration import (
    calc_basin_reference,
    calc_density,
    calc_location_quotient,
    calc_share,
)
from yrb_carbon.indices.balance import BALANCE_INDICES, BALANCE_TRANSFORMS, calc_balance
from yrb_carbon.indices.cells import CellError, describe_cells
from yrb_carbon.indices.controls import CONTROLS
from yrb_carbon.indices.emissions import EMISSION_COLUMNS
from yrb_carbon.indices.mediators import TECHNOLOGY, UPGRADING, calc_land_sink_per_area
from yrb_carbon.indices.sinks import (
    SINK_FACTORS,
    calc_landuse_sink,
    calc_npp_sink,
    load_land_use_coefficients,
    sink_classes,
)
from yrb_carbon.indices.spec import REAL_GDP_BASE_YEAR, IndexDefaults, VariableSpec
from yrb_carbon.indices.transforms import TRANSFORMS, calc_transformed
from yrb_carbon.panel.deflate import calc_rebased
from yrb_carbon.panel.schema import cell_name, load_dictionary, require_panel_index

NATIONAL_PREFIX = "nat_"
SINK_METHODS = ("npp", "landuse")
REFERENCES = ("national", "basin")
AGGLOMERATION_MEASURES = ("lq", "density", "share")
LAND_SINK_MEASURES = ("per_area",)

ALREADY_LOG = frozenset(
    {
        ("technology", "patent"),
        ("technology", "prov_green_patent"),
        ("land_sink", "per_area"),
        ("control", "ln_gdp_pc"),
        ("control", "ln_gdp_pc_sq"),
        ("control", "ln_density"),
    }
)
NEVER_POSITIVE = frozenset({("upgrading", "theil")})

AnySpec = VariableSpec | Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ResolvedVariable:
    """A variable with every option decided; options that its index does not use are None.

    Attributes
    ----------
    index, measure, transform, emissions, sink, sink_k, numerator, denominator, reference, column,
    lag
        As in `VariableSpec`.
    price_base_year : int or None
        Year whose prices real GDP is in.
    """

    index: str
    measure: str | None
    transform: str
    emissions: str | None
    sink: str | None
    sink_k: str | None
    numerator: str | None
    denominator: str | None
    reference: str | None
    column: str | None
    lag: int
    price_base_year: int | None

    @property
    def key(self) -> str:
        """Name in the dictionary: `balance.ratio`, `emissions`, or the column of a raw one."""
        if self.index == "raw":
            return str(self.column)
        if self.index == "sink":
            return f"sink.{self.sink}"
        return self.index if self.measure is None else f"{self.index}.{self.measure}"

    @property
    def rebased(self) -> bool:
        """Whether real GDP is moved to prices of another year than the panel's."""
        return self.price_base_year not in (None, REAL_GDP_BASE_YEAR)


@dataclass(frozen=True, slots=True)
class _Family:
    """A family of indices: its measures, the options it uses, its transforms and its formula."""

    measures: tuple[str, ...]
    options: tuple[str, ...]
    measure_default: Callable[[IndexDefaults], str | None]
    transform_default: Callable[[IndexDefaults], str]
    columns: Callable[[ResolvedVariable], tuple[str, ...]]
    calc: Callable[[ResolvedVariable, pd.DataFrame], pd.Series]


def _sink_columns(variable: ResolvedVariable) -> tuple[str, ...]:
    if variable.sink == "landuse":
        return sink_classes(load_land_use_coefficients())
    return ("npp", "area")


def _calc_sink(variable: ResolvedVariable, panel: pd.DataFrame) -> pd.Series:
    if variable.sink == "landuse":
        return calc_landuse_sink(panel, load_land_use_coefficients())
    return calc_npp_sink(panel["npp"], panel["area"], SINK_FACTORS[str(variable.sink_k)])


def _emissions_column(variable: ResolvedVariable) -> str:
    return EMISSION_COLUMNS[str(variable.emissions)]


def _balance_columns(variable: ResolvedVariable) -> tuple[str, ...]:
    columns: list[str] = []
    for need in BALANCE_INDICES[str(variable.measure)].needs:
        if need == "sink":
            columns += _sink_columns(variable)
        else:
            columns.append(_emissions_column(variable) if need == "emissions" else need)
    return tuple(columns)


def _calc_balance(variable: ResolvedVariable, panel: pd.DataFrame) -> pd.Series:
    measure = str(variable.measure)
    inputs: dict[str, pd.Series] = {}
    for need in BALANCE_INDICES[measure].needs:
        if need == "sink":
            inputs[need] = _calc_sink(variable, panel)
        else:
            inputs[need] = panel[_emissions_column(variable) if need == "emissions" else need]
    return calc_balance(measure, variable.transform, **inputs)


def _agglomeration_columns(variable: ResolvedVariable) -> tuple[str, ...]:
    numerator, denominator = str(variable.numerator), str(variable.denominator)
    if variable.measure == "density":
        return (numerator, "area")
    if variable.measure == "lq" and variable.reference == "national":
        national = (NATIONAL_PREFIX + numerator, NATIONAL_PREFIX + denominator)
        return (numerator, denominator, *national)
    return (numerator, denominator)


def _calc_agglomeration(variable: ResolvedVariable, panel: pd.DataFrame) -> pd.Series:
    local, whole, *national = (panel[name] for name in _agglomeration_columns(variable))
    if variable.measure == "density":
        values = calc_density(local, whole)
    elif variable.measure == "share":
        values = calc_share(local, whole)
    else:
        reference, total = national or calc_basin_reference(local, whole)
        values = calc_location_quotient(local, whole, reference, total)
    return calc_transformed(values, variable.transform)


def _from_table(
    table: Mapping[str, tuple[tuple[str, ...], Callable[..., pd.Series]]],
) -> tuple[
    Callable[[ResolvedVariable], tuple[str, ...]],
    Callable[[ResolvedVariable, pd.DataFrame], pd.Series],
]:
    def columns(variable: ResolvedVariable) -> tuple[str, ...]:
        return table[str(variable.measure)][0]

    def calc(variable: ResolvedVariable, panel: pd.DataFrame) -> pd.Series:
        names, formula = table[str(variable.measure)]
        return calc_transformed(formula(*(panel[name] for name in names)), variable.transform)

    return columns, calc


def _level(_: IndexDefaults) -> str:
    return "level"


def _no_measure(_: IndexDefaults) -> None:
    return None


_FAMILIES: Mapping[str, _Family] = {
    "balance": _Family(
        tuple(BALANCE_INDICES),
        ("emissions", "sink", "sink_k"),
        lambda defaults: defaults.balance_index,
        lambda defaults: defaults.balance_transform,
        _balance_columns,
        _calc_balance,
    ),
    "emissions": _Family(
        (),
        ("emissions",),
        _no_measure,
        _level,
        lambda variable: (_emissions_column(variable),),
        lambda variable, panel: calc_transformed(
            panel[_emissions_column(variable)], variable.transform
        ),
    ),
    "sink": _Family(
        (),
        ("sink", "sink_k"),
        _no_measure,
        _level,
        _sink_columns,
        lambda variable, panel: calc_transformed(_calc_sink(variable, panel), variable.transform),
    ),
    "agglomeration": _Family(
        AGGLOMERATION_MEASURES,
        ("numerator", "denominator", "reference"),
        lambda defaults: defaults.agglom_measure,
        lambda defaults: defaults.lq_transform,
        _agglomeration_columns,
        _calc_agglomeration,
    ),
    "upgrading": _Family(
        tuple(UPGRADING), (), lambda defaults: defaults.m1_measure, _level, *_from_table(UPGRADING)
    ),
    "technology": _Family(
        tuple(TECHNOLOGY),
        (),
        lambda defaults: defaults.m2_measure,
        _level,
        *_from_table(TECHNOLOGY),
    ),
    "land_sink": _Family(
        LAND_SINK_MEASURES,
        ("sink", "sink_k"),
        lambda defaults: defaults.m3_measure,
        _level,
        lambda variable: tuple(dict.fromkeys((*_sink_columns(variable), "area"))),
        lambda variable, panel: calc_land_sink_per_area(_calc_sink(variable, panel), panel["area"]),
    ),
    "control": _Family(tuple(CONTROLS), (), _no_measure, _level, *_from_table(CONTROLS)),
    "raw": _Family(
        (),
        ("column",),
        _no_measure,
        _level,
        lambda variable: (str(variable.column),),
        lambda variable, panel: calc_transformed(panel[str(variable.column)], variable.transform),
    ),
}
INDEX_MEASURES: Mapping[str, tuple[str, ...]] = {
    name: family.measures for name, family in _FAMILIES.items()
}
"""Family -> its measures; empty for a family that has one only."""


def resolve(spec: AnySpec, defaults: IndexDefaults) -> ResolvedVariable:
    """Decide every option of a variable.

    Parameters
    ----------
    spec : VariableSpec or mapping with its fields
        The variable.
    defaults : IndexDefaults
        The study's choices, for options left None.

    Returns
    -------
    ResolvedVariable

    Raises
    ------
    StudyError
        All faults at once: an unknown family, measure, transform or option value, an option that
        the index does not use, a log that cannot exist, an unknown panel column, a negative lag.
    """
    spec = _as_spec(spec)
    family = _FAMILIES.get(spec.index)
    if family is None:
        raise StudyError([_not_allowed("index", spec.index, tuple(_FAMILIES))])
    faults: list[str] = []
    measure = spec.measure or family.measure_default(defaults)
    if family.measures and measure not in family.measures:
        faults.append(_not_allowed("measure", measure, family.measures))
        raise StudyError([f"index {spec.index}: {fault}" for fault in faults])
    if not family.measures and measure is not None:
        faults.append(f"measure: the index has only one (got {measure!r}); leave it out")
    resolved = ResolvedVariable(
        index=spec.index,
        measure=measure,
        transform=spec.transform or family.transform_default(defaults),
        emissions=spec.emissions or defaults.carbon_source,
        sink=spec.sink or defaults.sink_method,
        sink_k=spec.sink_k or defaults.sink_k,
        numerator=spec.numerator or defaults.agglom_numerator,
        denominator=spec.denominator or defaults.agglom_denominator,
        reference=spec.reference or defaults.lq_reference,
        column=spec.column,
        lag=spec.lag,
        price_base_year=defaults.price_base_year,
    )
    used = _options_used(resolved, family)
    idle: dict[str, Any] = {name: None for name in OPTIONS if name not in used}
    faults += [
        f"{name}: not used by this index (got {getattr(spec, name)!r}); leave it out"
        for name in idle
        if name != "price_base_year" and getattr(spec, name) is not None
    ]
    resolved = replace(resolved, **idle)
    faults += _option_faults(resolved)
    if faults:
        raise StudyError([f"index {resolved.key}: {fault}" for fault in faults])
    return resolved


OPTIONS = (
    "emissions", "sink", "sink_k", "numerator", "denominator", "reference", "column",
    "price_base_year",
)  # fmt: skip


def _options_used(variable: ResolvedVariable, family: _Family) -> set[str]:
    used = set(family.options)
    needs = BALANCE_INDICES[str(variable.measure)].needs if variable.index == "balance" else ()
    if needs and "sink" not in needs:
        used -= {"sink", "sink_k"}
    if variable.sink == "landuse":
        used -= {"sink_k"}
    if variable.index == "agglomeration" and variable.measure != "lq":
        used -= {"reference"}
    if variable.index == "agglomeration" and variable.measure == "density":
        used -= {"denominator"}
    if variable.index == "control" and "gdp_real" in CONTROLS[str(variable.measure)][0]:
        used |= {"price_base_year"}
    return used


def _option_faults(variable: ResolvedVariable) -> list[str]:
    allowed = {
        "emissions": tuple(EMISSION_COLUMNS),
        "sink": SINK_METHODS,
        "sink_k": tuple(SINK_FACTORS),
        "reference": REFERENCES,
    }
    faults = [
        _not_allowed(name, getattr(variable, name), values)
        for name, values in allowed.items()
        if getattr(variable, name) is not None and getattr(variable, name) not in values
    ]
    transforms = _transforms_of(variable)
    if variable.transform not in transforms:
        faults.append(_not_allowed("transform", variable.transform, transforms))
    if variable.index == "raw" and variable.column is None:
        faults.append("column: a raw variable needs a panel column (got null)")
    if isinstance(variable.lag, bool) or variable.lag < 0:
        faults.append(f"lag: a whole number of years, not negative (got {variable.lag!r})")
    known = load_dictionary().columns
    national = variable.reference == "national"
    for name in ("numerator", "denominator", "column"):
        column = getattr(variable, name)
        if column is not None and column not in known:
            faults.append(_not_allowed(name, column, tuple(known)))
        elif column is not None and national and NATIONAL_PREFIX + column not in known:
            faults.append(
                f"reference: there is no national column {NATIONAL_PREFIX + column!r} for the "
                f"{name} {column!r}; use the reference basin"
            )
    return faults


def _transforms_of(variable: ResolvedVariable) -> tuple[str, ...]:
    """Transforms that can exist for a measure, whatever the data."""
    own = (variable.index, str(variable.measure))
    if own in ALREADY_LOG:
        return ("level",)
    if own in NEVER_POSITIVE:
        return ("level", "asinh")
    if variable.index == "balance":
        positive = BALANCE_INDICES[str(variable.measure)].positive
        return BALANCE_TRANSFORMS if positive else ("level", "asinh")
    return TRANSFORMS


def required_columns(spec: AnySpec, defaults: IndexDefaults) -> tuple[str, ...]:
    """Raw panel columns that a variable is computed from, each once.

    Raises
    ------
    StudyError
        As `resolve`.
    """
    return _required_columns(resolve(spec, defaults))


def _required_columns(variable: ResolvedVariable) -> tuple[str, ...]:
    columns = _FAMILIES[variable.index].columns(variable)
    if variable.rebased:
        columns = (*columns, "gdp_nominal")
    return tuple(dict.fromkeys(columns))


def required_cells(
    spec: AnySpec, defaults: IndexDefaults, years: Iterable[int]
) -> dict[str, tuple[int, ...]]:
    """Raw columns of a variable and the years in which each is needed.

    A lag asks for earlier years; real GDP at prices of another year asks for nominal and real GDP
    in that year. `yrb_carbon.panel.sample.fix_sample` takes this form.

    Parameters
    ----------
    spec : VariableSpec or mapping
        The variable.
    defaults : IndexDefaults
        The study's choices.
    years : iterable of int
        Years of the sample.

    Returns
    -------
    dict
        Column -> years, sorted.
    """
    variable = resolve(spec, defaults)
    own = {int(year) - variable.lag for year in years}
    cells: dict[str, tuple[int, ...]] = {
        name: tuple(sorted(own)) for name in _FAMILIES[variable.index].columns(variable)
    }
    if variable.rebased:
        base = int(variable.price_base_year or REAL_GDP_BASE_YEAR)
        cells["gdp_real"] = tuple(sorted(own | {base}))
        cells["gdp_nominal"] = (base,)
    return cells


def compute_variable(
    spec: AnySpec,
    panel: pd.DataFrame,
    defaults: IndexDefaults,
    *,
    years: Iterable[int] | None = None,
    name: str | None = None,
) -> pd.Series:
    """Compute a variable on the units of a panel.

    Parameters
    ----------
    spec : VariableSpec or mapping
        The variable.
    panel : DataFrame, index (unit, year)
        Raw columns of the units kept in the sample; sums over units (basin reference, ESC, ECC)
        run over exactly these. It may hold more years than asked for: lags and base years are
        looked up there.
    defaults : IndexDefaults
        The study's choices.
    years : iterable of int, optional
        Years of the result; by default all years of the panel from which the lag reaches back
        into it.
    name : str, optional
        Name of the variable, for the result and for messages.

    Returns
    -------
    Series, index (unit, year), sorted, every value finite. Under a lag L the value of year t is
    that of year t - L.

    Raises
    ------
    StudyError
        As `resolve`.
    DataError
        If a column or a year is not in the panel, a raw cell is missing, or the index is not
        finite somewhere: variable, unit, year and the raw inputs there are named. Nothing is
        dropped.
    """
    variable = resolve(spec, defaults)
    title = f"{name} ({variable.key})" if name else variable.key
    ordered = panel.sort_index()
    require_panel_index(ordered)
    columns = _required_columns(variable)
    absent = [column for column in columns if column not in ordered.columns]
    if absent:
        raise DataError(
            f"{title}: the panel has no column {listing(repr(column) for column in absent)}. "
            "Add a source that provides it, or choose another measure"
        )
    raw = _rows_of_years(ordered, _source_years(ordered, years, variable.lag, title), title)
    family = _FAMILIES[variable.index]
    inputs = raw[list(dict.fromkeys(family.columns(variable)))]
    _require_finite_inputs(inputs, title)
    if variable.rebased:
        inputs = inputs.assign(gdp_real=_rebased_gdp(ordered, inputs["gdp_real"], variable, title))
    try:
        values = family.calc(variable, inputs)
    except CellError as error:
        raise _explained(title, error, raw[list(columns)]) from None
    except DataError as error:
        raise DataError(f"{title}: {error}") from None
    finite = np.isfinite(values.to_numpy(dtype=float))
    if not finite.all():
        cells = describe_cells(raw.loc[values.index[~finite], list(columns)])
        raise DataError(f"{title}: not finite for {cells}")
    index = values.index
    if variable.lag:
        shifted = index.get_level_values("year") + variable.lag
        index = pd.MultiIndex.from_arrays(
            [index.get_level_values("unit"), shifted], names=index.names
        )
    return pd.Series(values.to_numpy(dtype=float), index=index, name=name or variable.key)


def _as_spec(spec: AnySpec) -> VariableSpec:
    if isinstance(spec, VariableSpec):
        return spec
    known = tuple(field.name for field in fields(VariableSpec))
    unknown = [key for key in spec if key not in known]
    if unknown:
        raise StudyError([_not_allowed("option of a variable", key, known) for key in unknown])
    if "index" not in spec:
        raise StudyError([f"a variable needs an index; allowed {', '.join(_FAMILIES)}"])
    return VariableSpec(**spec)


def _not_allowed(what: str, got: object, allowed: tuple[str, ...]) -> str:
    near = get_close_matches(str(got), allowed, n=1)
    hint = f"; did you mean {near[0]!r}?" if near else ""
    return f"{what}: not allowed (got {got!r}; allowed {', '.join(allowed)}{hint})"


def _source_years(
    panel: pd.DataFrame, years: Iterable[int] | None, lag: int, title: str
) -> list[int]:
    """Years of the raw data: those asked for, moved back by the lag."""
    there = sorted({int(year) for year in panel.index.get_level_values("year")})
    if years is None:
        source = [year for year in there if year + lag in there]
        if not source:
            raise DataError(f"{title}: a lag of {lag} leaves no year of the panel's {len(there)}")
        return source
    wanted = sorted({int(year) for year in years})
    absent = [year for year in wanted if year - lag not in there]
    if not wanted or absent:
        text = f"the years {listing(absent)} need the years {listing(y - lag for y in absent)}"
        span = f"{there[0]}-{there[-1]}" if there else "no year"
        why = f" for a lag of {lag}" if lag else ""
        raise DataError(
            f"{title}: {text if absent else 'no years are asked for'}{why}; the panel has {span}. "
            "Start the sample later, or extend the panel back"
        )
    return [year - lag for year in wanted]


def _rows_of_years(panel: pd.DataFrame, years: list[int], title: str) -> pd.DataFrame:
    rows = panel[panel.index.get_level_values("year").isin(years)]
    units = panel.index.get_level_values("unit").unique()
    if len(rows) != len(units) * len(years):
        there = set(rows.index)
        absent = [cell_name(cell) for cell in product(units, years) if cell not in there]
        raise DataError(
            f"{title}: the panel has no row for {listing(absent)}. Fix the sample first"
        )
    return rows


def _require_finite_inputs(inputs: pd.DataFrame, title: str) -> None:
    bad = ~np.isfinite(inputs.to_numpy(dtype=float)).all(axis=1)
    if bad.any():
        raise DataError(
            f"{title}: raw cells are missing for {describe_cells(inputs[bad])}. "
            "Fix the sample first: it keeps only units that have them all"
        )


def _rebased_gdp(
    panel: pd.DataFrame, real: pd.Series, variable: ResolvedVariable, title: str
) -> pd.Series:
    base = int(variable.price_base_year or REAL_GDP_BASE_YEAR)
    try:
        rebased = calc_rebased(panel["gdp_real"], panel["gdp_nominal"], base)
    except DataError as error:
        raise DataError(f"{title}: {error}") from None
    return pd.Series(rebased.reindex(real.index), name=real.name)


def _explained(title: str, error: CellError, raw: pd.DataFrame) -> DataError:
    """The error of a formula, with the variable's name and the raw inputs of its cells."""
    cells = [cell for cell in error.cells if cell in raw.index]
    if not cells:
        return DataError(f"{title}: {error}")
    return DataError(f"{title}: {error.problem}, for {describe_cells(raw.loc[cells])}")
