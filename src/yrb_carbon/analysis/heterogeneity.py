"""Effects by period, reach and other groups (T8, T9), and tests of their differences (T10)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import combinations
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yrb_carbon.analysis.models import (
    HAS_TIME_EFFECTS,
    HAS_UNIT_EFFECTS,
    Weights,
    boundary_row,
    residual_ar1,
    restrict_to_units,
)
from yrb_carbon.analysis.rows import (
    OUTCOME,
    SYSTEM,
    TableKey,
    complete_rows,
    named_seed,
    panel_counts,
    row_dicts,
    value_row,
)
from yrb_carbon.analysis.specification_tests import specification_row
from yrb_carbon.errors import DataError, listing
from yrb_carbon.estimates import DISCARDED, FAR_DRAWS, ISLANDS, N_PARAMETERS, UNDEFINED, Quantity
from yrb_carbon.mediation import MediationEffects, MediationResults, SpatialMediation
from yrb_carbon.mediation.decomposition import ALL
from yrb_carbon.mediation.effects import calc_quantile_errors, table_of_draws
from yrb_carbon.spatialpanel import (
    BoundaryError,
    EffectsResults,
    GroupedPanel,
    GroupedResults,
    SpatialPanel,
    SpatialPanelError,
    SpatialPanelResults,
    SubsampleFits,
    fit_groups,
    sup_wald,
)
from yrb_carbon.spatialpanel.breaks import MODELS as BREAK_MODELS
from yrb_carbon.spatialpanel.testing import SpecificationTest
from yrb_carbon.spatialpanel.within import Array
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable
from yrb_carbon.study.units import REACHES, RESOURCE_CLASSES, load_units

Effect = Literal["direct", "indirect", "total"]
SUBSET, FULL = "subset", "full_interaction"
PERIODS = ("boom", "transition")
AGGLOMERATION = ("above", "below")
EQUAL_EFFECTS: tuple[Effect, ...] = ("direct", "indirect")
"""What is tested together; the total follows from them."""
FAR_OUT = 10.0
"""Robust standard errors from the median beyond which a draw stays out of a covariance: normal
draws are never there."""
CONSTANT, DEPENDENT = 1e-12, 1e-10
"""Spread relative to size, and smallest eigenvalue of a correlation matrix, that are rounding."""
WITHOUT_SPILLOVER = ("ols", "sem")
"""Models whose indirect effects are zero by construction, in every group."""
LINK_COUNTS = ("links", "links_cut", "weight_cut")


@dataclass(frozen=True, slots=True)
class SplitChoices:
    """What the study says of its periods and reaches.

    Attributes
    ----------
    cut : int
        Last year of the boom.
    reach_split : str
    """

    cut: int
    reach_split: str


@dataclass(frozen=True, slots=True)
class FittedGroups:
    """The models of one table, by group.

    Attributes
    ----------
    table : HeterogeneityTable
    sample : DataFrame
        Its variables on the units that have weights, index (unit, year).
    groups : Series
        Categorical label of every unit or year.
    panel : SpatialPanel
        The model without groups.
    subset : SubsampleFits or None
    full : GroupedResults or None
    systems : mapping of str to MediationResults
        Mediation systems of the groups by themselves; none without mediators.
    """

    table: HeterogeneityTable
    sample: pd.DataFrame
    groups: pd.Series
    panel: SpatialPanel
    subset: SubsampleFits | None
    full: GroupedResults | None
    systems: Mapping[str, MediationResults]

    @property
    def names(self) -> tuple[str, ...]:
        """Groups, in their order."""
        return tuple(str(name) for name in self.groups.cat.categories)

    @property
    def shared(self) -> dict[str, Any]:
        """What all rows have in common."""
        table = self.table
        return {"outcome": table.outcome, "weights": table.weights, "estimator": table.estimator}

    @property
    def tested_effects(self) -> tuple[Effect, ...]:
        """Effects that can differ between groups."""
        return EQUAL_EFFECTS[:1] if self.table.model in WITHOUT_SPILLOVER else EQUAL_EFFECTS

    def members(self, group: str) -> pd.DataFrame:
        """Rows of the sample that belong to a group."""
        inside = self.groups.index[self.groups == group]
        level = "year" if self.table.split == "period" else "unit"
        return self.sample[self.sample.index.get_level_values(level).isin(inside)]

    def seed(self, seed: int, key: TableKey, *names: str) -> int:
        """Seed of some draws, from the study's seed and names."""
        table = self.table
        return named_seed(seed, key.sample, table.split, table.outcome, table.weights, *names)


@dataclass(frozen=True, slots=True)
class PathsTest:
    """Joint test of the mediated direct effects of groups.

    Attributes
    ----------
    test : SpecificationTest
    n_far : int
        Draws too far out for the covariance of the statistic.
    """

    test: SpecificationTest
    n_far: int


@contextmanager
def errors_of_split(key: TableKey, table: HeterogeneityTable, what: str) -> Iterator[None]:
    """Turn what is refused into an error that names the table, split and form."""
    try:
        yield
    except (DataError, SpatialPanelError) as error:
        raise DataError(f"table {key.table!r}, split {table.split!r}, {what}: {error}") from error


def group_labels(
    table: HeterogeneityTable, sample: pd.DataFrame, splits: SplitChoices
) -> pd.Series:
    """Group of every unit, or of every year, as an ordered categorical without empty groups.

    Parameters
    ----------
    table : HeterogeneityTable
    sample : DataFrame, index (unit, year)
    splits : SplitChoices

    Raises
    ------
    DataError
        If a unit has no reach or class, or all are in one group.
    """
    years = sample.index.get_level_values("year").unique().sort_values()
    units = sample.index.get_level_values("unit").unique().sort_values()
    if table.split == "period":
        boom, transition = PERIODS
        labels = pd.Series(np.where(years <= splits.cut, boom, transition), years)
        order: Sequence[str] = PERIODS
    elif table.split == "agglomeration":
        means = sample[table.treatment].groupby(level="unit").mean().reindex(units)
        above, below = AGGLOMERATION
        labels = pd.Series(np.where(means > table.threshold, above, below), units)
        order = AGGLOMERATION
    elif table.split == "reach":
        labels, order = load_units().reach(splits.reach_split).reindex(units), REACHES
    else:
        labels, order = load_units().frame["resource_class"].reindex(units), RESOURCE_CLASSES
    strange = labels[~labels.isin(order)]
    if len(strange):
        raise DataError(f"units without a group in split {table.split!r}: {listing(strange.index)}")
    present = [name for name in order if (labels == name).any()]
    if len(present) < 2:
        raise DataError(
            f"split {table.split!r} puts everything into the group {present[0]!r}; there is "
            "nothing to compare. Change the cut, the threshold or the split"
        )
    return labels.astype(pd.CategoricalDtype(present, ordered=True))


def fit_by_group(
    table: HeterogeneityTable,
    frame: pd.DataFrame,
    weights: Mapping[str, Weights],
    splits: SplitChoices,
    key: TableKey,
) -> FittedGroups:
    """Fit the models of a table in every form that it asks for.

    Parameters
    ----------
    table : HeterogeneityTable
    frame : DataFrame, index (unit, year)
        All variables of the sample.
    weights : mapping of str to Weights
        By name.
    splits : SplitChoices
    key : TableKey

    Raises
    ------
    DataError
        If a group cannot be estimated; table, split, form and group are named.
    """
    graph = weights[table.weights]
    sample = restrict_to_units(frame[list(table.named_variables)], graph.unique_ids)
    with errors_of_split(key, table, "groups"):
        groups = group_labels(table, sample, splits)
    axis: Any = "period" if table.split == "period" else "unit"
    first = table.covariances[0]
    with errors_of_split(key, table, "all groups"):
        panel = SpatialPanel(
            sample[table.outcome],
            sample[list(table.regressors)],
            graph,
            model=table.model,
            entity_effects=table.effects in HAS_UNIT_EFFECTS,
            time_effects=table.effects in HAS_TIME_EFFECTS,
        )
    subset = full = None
    systems: dict[str, MediationResults] = {}
    if SUBSET in table.forms:
        with errors_of_split(key, table, SUBSET):
            subset = fit_groups(panel, groups, axis=axis, estimator=table.estimator, cov_type=first)
        if table.mediators:
            for name, fit in subset.fits.items():
                with errors_of_split(key, table, f"mediation system of group {name!r}"):
                    systems[name] = _fit_system(table, sample, fit)
    if FULL in table.forms:
        with errors_of_split(key, table, FULL):
            grouped = GroupedPanel.of_panel(panel, groups, axis=axis)
            full = grouped.fit(table.estimator, first)
    return FittedGroups(table, sample, groups, panel, subset, full, systems)


def _fit_system(
    table: HeterogeneityTable, sample: pd.DataFrame, fit: SpatialPanelResults
) -> MediationResults:
    """The mediation system of one group, on the units, years and weights of its fit."""
    arrays = fit.arrays
    units, years = (sample.index.get_level_values(name) for name in ("unit", "year"))
    system = SpatialMediation(
        sample[units.isin(arrays.units) & years.isin(arrays.periods)],
        outcome=table.outcome,
        treatment=table.treatment,
        mediators=list(table.mediators),
        controls=list(table.controls),
        weights=(list(arrays.units), arrays.weights),
        model=table.model,
        entity_effects=table.effects in HAS_UNIT_EFFECTS,
        time_effects=table.effects in HAS_TIME_EFFECTS,
    )
    return system.fit(table.estimator, cov_type=table.covariances[0])


def heterogeneity_rows(fitted: FittedGroups, seed: int, key: TableKey) -> pd.DataFrame:
    """Effects of every group, with each covariance: column `model` the group, `spec` the form.

    Parameters
    ----------
    fitted : FittedGroups
    seed : int
        Seed of the study.
    key : TableKey

    Returns
    -------
    DataFrame of estimates. Mediated effects (form subset) have the equation `system`.
    """
    rows = [*_subset_rows(fitted), *_full_rows(fitted), *_mediated_rows(fitted, seed, key)]
    return complete_rows([{**fitted.shared, **row} for row in rows], key)


def _subset_rows(fitted: FittedGroups) -> Iterator[dict[str, Any]]:
    if fitted.subset is None:
        return
    for name, fit in fitted.subset.fits.items():
        counts = {"n_units": fit.n_units, "n_periods": fit.n_periods, "n_obs": fit.nobs}
        shared = {"model": name, "spec": SUBSET, "equation": OUTCOME, **counts}
        for vcov in () if fit.at_boundary else fitted.table.covariances:
            robust = fit.with_covariance(vcov)
            yield from _effect_rows(robust.effects(), fitted.table.level, {**shared, "vcov": vcov})
        if fit.at_boundary:
            yield {**shared, **boundary_row()}
        yield {**shared, **residual_ar1(fit.resids)}
        effects = fit.specification.scheme.n_absorbed(fit.n_units, fit.n_periods)
        yield {**shared, **value_row(N_PARAMETERS, len(fit.param_names) + effects)}
        links: dict[Any, Any] = fitted.subset.links.loc[name].to_dict()
        counts_of = {term: links[term] for term in LINK_COUNTS} | {ISLANDS: len(links["dropped"])}
        for term, value in counts_of.items():
            yield {**shared, **value_row(term, value)}


def _full_rows(fitted: FittedGroups) -> Iterator[dict[str, Any]]:
    full = fitted.full
    if full is None:
        return
    shared = {"spec": FULL, "equation": OUTCOME}
    whole = {**shared, "model": "all", **panel_counts(fitted.sample)}
    if full.at_boundary:
        yield {**whole, **boundary_row()}
        return
    yield {**whole, **residual_ar1(full.fit.resids)}
    for vcov in fitted.table.covariances:
        effects = full.with_covariance(vcov).effects()
        for name in fitted.names:
            own = {**shared, "model": name, "vcov": vcov, **panel_counts(fitted.members(name))}
            yield from _effect_rows(effects.of_group(name), fitted.table.level, own)


def _effect_rows(
    effects: EffectsResults, level: float, shared: Mapping[str, Any]
) -> list[dict[str, Any]]:
    table = effects.tidy(level).drop(columns="equation")
    return [{**row, **shared} for row in row_dicts(table)]


def _mediated_rows(fitted: FittedGroups, seed: int, key: TableKey) -> Iterator[dict[str, Any]]:
    for name, system in fitted.systems.items():
        counts = {"n_units": system.n_units, "n_periods": system.n_periods}
        counts["n_obs"] = system.n_units * system.n_periods
        shared = {"model": name, "spec": SUBSET, "equation": SYSTEM, **counts}
        if system.at_boundary:
            yield {**shared, **boundary_row()}
            continue
        own_seed = fitted.seed(seed, key, name)
        for vcov in fitted.table.covariances:
            with errors_of_split(key, fitted.table, f"mediation system of group {name!r}"):
                effects = system.effects(draws=fitted.table.draws, seed=own_seed, cov_type=vcov)
            drawn = {"vcov": vcov, "inference": effects.inference, "seed": own_seed}
            drawn |= {**shared, "draws": effects.n_draws}
            for row in row_dicts(effects.table(fitted.table.level).reset_index()):
                yield {**row, **drawn}
            yield {**drawn, **value_row(DISCARDED, effects.n_discarded)}


def differences_rows(
    table: DifferencesTable,
    fitted: Sequence[FittedGroups],
    seed: int,
    key: TableKey,
    n_jobs: int = 1,
) -> pd.DataFrame:
    """Differences of effects between groups, and their tests: `model` the split, `spec` the form.

    A difference has the term ``effect:variable:first-second``; a test ``name|form|null``.

    Parameters
    ----------
    table : DifferencesTable
    fitted : sequence of FittedGroups
        One for each table that it compares.
    seed : int
        Seed of the study.
    key : TableKey
    n_jobs : int
        Processes of the bootstraps; the numbers do not depend on it.

    Returns
    -------
    DataFrame of estimates.
    """
    rows: list[dict[str, Any]] = []
    for groups in fitted:
        shared = {"model": groups.table.split, "equation": OUTCOME, **groups.shared}
        shared |= panel_counts(groups.sample)
        with errors_of_split(key, groups.table, "differences"):
            found = [
                *_full_differences(groups),
                *_subset_differences(groups, table, seed, key),
                *_mediated_differences(groups, table, seed, key, n_jobs),
                *_unless_at_edge(
                    _break_rows(groups, table, seed, key),
                    {"spec": FULL, "inference": "bootstrap"},
                ),
            ]
        rows += [{**shared, **row} for row in found]
    return complete_rows(rows, key)


def _unless_at_edge(
    rows: Iterator[dict[str, Any]], shared: Mapping[str, Any]
) -> Iterator[dict[str, Any]]:
    """Rows as far as they can be had, and the mark of a model at the edge where they end there."""
    try:
        yield from rows
    except BoundaryError:
        yield {**shared, **boundary_row()}


def _difference_rows(
    difference: EffectsResults, fitted: FittedGroups, first: str, second: str
) -> list[dict[str, Any]]:
    """Differences in the effects of the treatment."""
    table = difference.tidy(fitted.table.level).drop(columns="equation")
    position = fitted.table.regressors.index(fitted.table.treatment)
    own = table[table["term"] == difference.variables[position]]
    terms = [f"{kind}:{fitted.table.treatment}:{first}-{second}" for kind in own["quantity"]]
    return row_dicts(own.assign(term=terms, quantity=Quantity.DIFFERENCE.value))


def _full_differences(fitted: FittedGroups) -> Iterator[dict[str, Any]]:
    full = fitted.full
    if full is None:
        return
    if full.at_boundary:
        yield {"spec": FULL, **boundary_row()}
        return
    for vcov in fitted.table.covariances:
        own = {"spec": FULL, "vcov": vcov}
        robust = full.with_covariance(vcov)
        effects = robust.effects()
        for first, second in combinations(fitted.names, 2):
            difference = effects.difference(first, second)
            for row in _difference_rows(difference, fitted, first, second):
                yield {**row, **own}
        treatment = [fitted.table.treatment]
        yield {
            **specification_row(effects.wald_equal(fitted.tested_effects, terms=treatment)),
            **own,
        }
        for terms in (treatment, None):
            test = robust.wald_equal(terms)
            if terms is None and len(fitted.table.regressors) == 1:
                continue
            yield {**specification_row(test, form="coefficients"), **own}


def _subset_differences(
    fitted: FittedGroups, table: DifferencesTable, seed: int, key: TableKey
) -> Iterator[dict[str, Any]]:
    subset = fitted.subset
    if subset is None:
        return
    edge = [name for name, fit in subset.fits.items() if fit.at_boundary]
    if edge:
        yield {"spec": SUBSET, **boundary_row()}
        return
    treatment = fitted.table.treatment
    pairs = list(combinations(fitted.names, 2))
    for vcov in fitted.table.covariances:
        own = {"spec": SUBSET, "vcov": vcov}
        robust = subset.with_covariance(vcov)
        for first, second in pairs:
            difference = robust.difference(first, second)
            for row in _difference_rows(difference, fitted, first, second):
                yield {**row, **own}
            test = robust.wald_equal(first, second, fitted.tested_effects, terms=[treatment])
            yield {**specification_row(test), **own}
    yield from _unless_at_edge(_chow_rows(subset), {"spec": SUBSET, "inference": "chi2"})
    if table.permutations:
        own_seed = fitted.seed(seed, key, "permutation")
        drawn = subset.permutation(table.permutations, own_seed)
        own_draws = {"spec": SUBSET, "draws": table.permutations, "seed": own_seed}
        for first, second in pairs:
            for quantity in fitted.tested_effects:
                test = drawn.test(treatment, quantity, first, second)
                yield {**specification_row(test), **own_draws}
        for term, value in ((DISCARDED, drawn.n_failed), (ISLANDS, drawn.islands)):
            yield {**own_draws, **value_row(term, value), "inference": "permutation"}


def _chow_rows(subset: SubsampleFits) -> Iterator[dict[str, Any]]:
    yield {**specification_row(subset.chow()), "spec": SUBSET}


def _mediated_differences(
    fitted: FittedGroups, table: DifferencesTable, seed: int, key: TableKey, n_jobs: int
) -> Iterator[dict[str, Any]]:
    """Differences of natural and mediated effects, by the wild bootstrap of the groups' systems.

    Two periods have the same units and share the signs of a draw, which keeps the dependence
    between them; groups of units are drawn apart.
    """
    if not fitted.systems or not table.bootstrap:
        return
    if any(system.at_boundary for system in fitted.systems.values()):
        yield {"spec": SUBSET, "equation": SYSTEM, **boundary_row()}
        return
    drawn: dict[str, MediationEffects] = {}
    seeds: dict[str, int] = {}
    paired = fitted.table.split == "period"
    for name, system in fitted.systems.items():
        seeds[name] = fitted.seed(seed, key, "bootstrap", "" if paired else name)
        drawn[name] = system.bootstrap(table.bootstrap, seeds[name], "wild_unit", n_jobs=n_jobs)
    for first, second in combinations(fitted.names, 2):
        own = {
            "spec": SUBSET,
            "equation": SYSTEM,
            "inference": drawn[first].inference,
            "draws": table.bootstrap,
            "seed": seeds[first],
        }
        found = difference_of_draws(drawn[first], drawn[second], fitted.table.level)
        for row in row_dicts(found.reset_index()):
            term = f"{row['quantity']}:{row['term']}:{first}-{second}"
            yield {**row, **own, "term": term, "quantity": Quantity.DIFFERENCE.value}
        usable = np.isfinite(drawn[first].draws - drawn[second].draws).all(axis=1)
        yield {**own, **value_row(f"{DISCARDED}:{first}-{second}", (~usable).sum())}
    yield from _paths_rows(
        compare_paths(drawn, fitted.table.treatment),
        {
            "spec": SUBSET,
            "equation": SYSTEM,
            "inference": next(iter(drawn.values())).inference,
            "draws": table.bootstrap,
            "seed": next(iter(seeds.values())),
        },
    )


def _paths_rows(found: PathsTest, shared: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    """The test, how many draws its covariance leaves out, and why there is no statistic."""
    yield {**specification_row(found.test, SYSTEM), **shared}
    yield {**shared, **value_row(FAR_DRAWS, found.n_far)}
    if found.test.note:
        yield {**shared, **value_row(f"{UNDEFINED}|{found.test.note}", 1)}


def compare_paths(drawn: Mapping[str, MediationEffects], treatment: str) -> PathsTest:
    """Joint test that the mediated direct effect of every path is the same in all groups.

    With d the differences of all groups from the first, stacked over the mediators, and V their
    covariance over the draws, the statistic is d'V⁻¹d; its p-value is (1 + #{(d* - d)'V⁻¹(d* - d)
    >= d'V⁻¹d})/(B + 1) over the B draws d*, so that it does not rest on a normal distribution. It
    is the same for any order of the groups.

    Effects of draws with ρ near 1 have no bounds, and one of them in V would take all power away:
    V is that of the draws with |d*_j - median_j| <= 10 s_j in every coordinate j, of any two
    groups, s_j the standard error of `mediation.effects.calc_quantile_errors`; the others count in
    the p-value alone.

    Parameters
    ----------
    drawn : mapping of str to MediationEffects
        Bootstrap effects by group, as many draws each; those that any group leaves out are left
        out.
    treatment : str
        For the words of the null.

    Returns
    -------
    PathsTest, df of its test the number of mediators times the number of groups less one. Where a
    difference does not vary over the draws, or V is singular, statistic and p-value are NaN and
    the note of the test says why.
    """
    groups = list(drawn.values())
    places = [
        place
        for place, (term, quantity) in enumerate(groups[0].labels)
        if quantity == Quantity.MEDIATED_DIRECT.value and term != ALL
    ]
    base, *others = groups
    estimate = np.concatenate([(own.estimates - base.estimates)[places] for own in others])
    draws = np.concatenate([(own.draws - base.draws)[:, places] for own in others], axis=1)
    draws = draws[np.isfinite(draws).all(axis=1)]
    pairs = list(combinations([own.draws[:, places] for own in groups], 2))
    between = np.concatenate([second - first for first, second in pairs], axis=1)
    near = ~_far_out(between[np.isfinite(between).all(axis=1)])
    names = [f"{groups[0].labels[place][0]} of {name}" for name in [*drawn][1:] for place in places]
    precision, reason = _precision_of(draws[near], names)
    statistic = p_value = float("nan")
    if precision is not None:
        statistic = float(_quadratic_forms(estimate[None, :], precision)[0])
        beyond = int((_quadratic_forms(draws - estimate, precision) >= statistic).sum())
        p_value = (1.0 + beyond) / (1.0 + len(draws))
    test = SpecificationTest(
        name="Wald",
        null=f"mediated direct effects of {treatment} by path are equal in {', '.join(drawn)}",
        statistic=statistic,
        df=estimate.size,
        p_value=p_value,
        distribution="bootstrap",
        form="paths",
        note=reason,
    )
    return PathsTest(test, n_far=int((~near).sum()))


def _far_out(draws: Array) -> NDArray[np.bool_]:
    """Draws further than `FAR_OUT` robust standard errors from the median in a coordinate."""
    distances = np.abs(draws - np.median(draws, axis=0))
    far = distances > FAR_OUT * calc_quantile_errors(draws)
    return np.asarray(far.any(axis=1))


def _precision_of(draws: Array, names: Sequence[str]) -> tuple[Array | None, str]:
    """Inverse of the covariance of draws, or None and why there is none."""
    if len(draws) < 2:
        return None, f"{len(draws)} draws have differences that a covariance can be made of"
    spread = draws.std(axis=0, ddof=1)
    constant = [
        name
        for name, size, largest in zip(names, spread, np.abs(draws).max(axis=0), strict=True)
        if size <= CONSTANT * largest
    ]
    if constant:
        return None, f"the difference in {listing(constant)} does not vary over the draws"
    correlation = np.atleast_2d(np.corrcoef(draws, rowvar=False))
    if np.linalg.eigvalsh(correlation)[0] < DEPENDENT:
        return None, (
            f"the differences in {listing(names)} are linearly dependent over the "
            f"{len(draws)} draws"
        )
    return np.linalg.inv(correlation) / np.outer(spread, spread), ""


def _quadratic_forms(values: Array, matrix: Array) -> Array:
    forms: Array = np.einsum("bi,ij,bj->b", values, matrix, values)
    return forms


def difference_of_draws(
    first: MediationEffects, second: MediationEffects, level: float
) -> pd.DataFrame:
    """Effects of one bootstrap less those of another, draw by draw.

    Parameters
    ----------
    first, second : MediationEffects
        With as many draws; those that either leaves out are left out.
    level : float

    Returns
    -------
    DataFrame of `mediation.effects.table_of_draws`, index (term, quantity), with percentile
    intervals.
    """
    return table_of_draws(
        first.estimates - second.estimates, first.draws - second.draws, first.labels, level
    )


def _break_rows(
    fitted: FittedGroups, table: DifferencesTable, seed: int, key: TableKey
) -> Iterator[dict[str, Any]]:
    """Largest Wald statistic over the cuts, and the statistics of all cuts by year."""
    wanted = fitted.table.split == "period" and fitted.full is not None
    if not (wanted and table.cuts and table.bootstrap and fitted.table.model in BREAK_MODELS):
        return
    own_seed = fitted.seed(seed, key, "break")
    for terms in ([fitted.table.treatment], None):
        if terms is None and len(fitted.table.regressors) == 1:
            continue
        found = sup_wald(
            fitted.panel,
            list(table.cuts),
            interacted=terms,
            draws=table.bootstrap,
            seed=own_seed,
            estimator=fitted.table.estimator,
        )
        own = {"spec": FULL, "draws": table.bootstrap, "seed": own_seed}
        yield {**specification_row(found.test), **own, "year": found.date}
        for cut, row in found.path.iterrows():
            term = "|".join(("Wald", "at the cut", f"no break in {', '.join(found.interacted)}"))
            yield {
                **own,
                "quantity": Quantity.TEST.value,
                "term": term,
                "year": cut,
                "df": float(found.df),
                "estimate": row["statistic"],
                "statistic": row["statistic"],
                "p_value": row["p_bootstrap"],
                "inference": "bootstrap",
            }
