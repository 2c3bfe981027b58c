"""Natural and mediated effects with their inference: Monte Carlo and bootstraps alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import TYPE_CHECKING, Any, Literal, get_args

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yrb_carbon.spatialpanel import (
    BoundaryError,
    SingularInformationError,
    SpecificationError,
)
from yrb_carbon.spatialpanel.bootstrap import calc_interval, draw_quantiles
from yrb_carbon.spatialpanel.covariance import ASSUMPTIONS, CovarianceType
from yrb_carbon.spatialpanel.effects_results import (
    DEFAULT_LEVEL,
    calc_draw_p_values,
    check_level,
    normal_quantile,
    point_effects,
)
from yrb_carbon.spatialpanel.errors import check_choice, enumerate_names
from yrb_carbon.spatialpanel.randomness import check_draws, generator_of
from yrb_carbon.spatialpanel.system import joint_covariance
from yrb_carbon.spatialpanel.tables import html_notes, html_table, text_table
from yrb_carbon.spatialpanel.within import Array

from .decomposition import ALL, SYSTEM
from .results import SYSTEM_COLUMNS

if TYPE_CHECKING:
    from .results import MediationResults

Joint = Literal["mediators", "all", "none"]
Scale = Literal["unit", "within", "overall"]
IntervalKind = Literal["percentile", "bias_corrected", "bca", "basic", "normal"]

SUPPRESSION = "suppression"
NOT_TOLD_FROM_ZERO = "total not told from zero"
GAP_PARTS = ("direct", "indirect", "total")
SCALES: dict[str, str] = {
    "unit": "one unit of the treatment",
    "within": "one within standard deviation of the treatment (unit and period means removed)",
    "overall": "one overall standard deviation of the treatment",
}
ERRORS_NOTE = (
    "standard errors are half the distance between the 15.87 % and 84.13 % points of the draws, "
    "whose standard deviation need not exist"
)
JOINTS: dict[str, str] = {
    "mediators": "errors of the mediators' equations may correlate with one another, but not with "
    "those of the outcome, the condition under which mediated effects are identified",
    "all": "errors of all equations may correlate in the sampling distribution",
    "none": "errors of the equations taken as uncorrelated; intervals of sums over mediators are "
    "wrong if those of the mediators are not",
}
# Φ(-1) and Φ(1): shares of a normal distribution below one standard deviation either way.
ONE_SD_SHARES = (0.15865525393145707, 0.8413447460685429)
# Eigenvalues of a correlation matrix this far below zero, relative to the largest, are rounding.
RANK_TOLERANCE = 1e-8


@dataclass(frozen=True, slots=True, repr=False)
class MediationEffects:
    """Natural and mediated effects of a treatment with their sampling distribution.

    Attributes
    ----------
    treatment, outcome : str
    mediators : tuple of str
    labels : MultiIndex (term, quantity), length Q
    estimates : array, shape (Q,)
    draws : array, shape (R, Q)
        NaN rows are draws that were discarded: ρ outside of the admissible interval, or no
        estimate.
    inference : {"mc", "bootstrap_wild_unit", "bootstrap_year"}
    vcov : str
        Covariance of the parameters behind the draws; empty for bootstraps.
    one_step : array, shape (3,)
        Direct, indirect and total effect of the one-step equation; NaN at its boundary.
    one_step_draws : array, shape (R, 3), or None
        The same of every draw, where that equation was estimated again.
    jackknife : array, shape (T, Q), or None
        Estimates without one year each, for ``bca``.
    treatment_sd : mapping
        ``within`` and ``overall``, in units of the treatment.
    scale : {"unit", "within", "overall"}
        Change of the treatment that the effects belong to.
    notes : tuple of str
        What the numbers rest on.
    """

    treatment: str
    outcome: str
    mediators: tuple[str, ...]
    labels: pd.MultiIndex
    estimates: Array
    draws: Array
    inference: str
    vcov: str
    one_step: Array
    treatment_sd: Mapping[str, float]
    one_step_draws: Array | None = None
    jackknife: Array | None = None
    scale: Scale = "unit"
    notes: tuple[str, ...] = field(default=())

    def __post_init__(self) -> None:
        if self.n_draws - self.n_discarded < 2:
            raise BoundaryError(
                f"{self.n_discarded} of {self.n_draws} draws are outside of the admissible "
                "interval or could not be estimated; the effects have no distribution"
            )

    @property
    def n_draws(self) -> int:
        """Draws made."""
        return len(self.draws)

    @property
    def n_discarded(self) -> int:
        """Draws without effects."""
        return int((~self._kept).sum())

    @property
    def params(self) -> pd.Series[float]:
        """Estimates by (term, quantity)."""
        return self._series(self.estimates, "estimate")

    @property
    def std_errors(self) -> pd.Series[float]:
        """Standard errors from the quantiles of the draws (`calc_quantile_errors`)."""
        return self._series(calc_quantile_errors(self.draws[self._kept]), "std_error")

    @property
    def pvalues(self) -> pd.Series[float]:
        """2·min over the two sides of (draws beyond 0 + 1)/(R + 1); NaN without any spread."""
        return self._series(_p_values(self.draws[self._kept]), "pvalue")

    def conf_int(
        self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile"
    ) -> pd.DataFrame:
        """Confidence intervals, columns ``lower`` and ``upper``.

        Parameters
        ----------
        level : float
        kind : {"percentile", "bias_corrected", "bca", "basic", "normal"}
            As in `spatialpanel.bootstrap.calc_interval`, but ``normal`` is θ̂ ± z s with s of
            `calc_quantile_errors`.

        Raises
        ------
        SpecificationError
            For an unknown kind or level, or ``bca`` without a jackknife.
        """
        self._check_kind(kind)
        kept = self.draws[self._kept]
        lower, upper = _interval(self.estimates, kept, level, kind, self.jackknife)
        return pd.DataFrame({"lower": lower, "upper": upper}, index=self.labels)

    def scaled(self, scale: Scale) -> MediationEffects:
        """The same effects of another change of the treatment.

        Parameters
        ----------
        scale : {"unit", "within", "overall"}
        """
        check_choice("scale", scale, get_args(Scale))
        factor = self._sd(scale) / self._sd(self.scale)
        one_step, jackknife = self.one_step_draws, self.jackknife
        return replace(
            self,
            estimates=self.estimates * factor,
            draws=self.draws * factor,
            one_step=self.one_step * factor,
            one_step_draws=None if one_step is None else one_step * factor,
            jackknife=None if jackknife is None else jackknife * factor,
            scale=scale,
        )

    def shares(
        self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile"
    ) -> pd.DataFrame:
        """Shares of the mediated effects, or ratios where a share would mislead.

        A share of the mediated total effect in ``system_total``, and of the mediated direct effect
        in ``natural_direct`` and in ``system_direct``, where the interval of the system's effect
        excludes zero and the natural effect and those of all mediators have one sign; else the
        ratio |mediated / natural| and, as ``label``, what forbids a share.

        Returns
        -------
        DataFrame, index (term, quantity, spec), quantity ``share`` or ``ratio``, spec such as
        ``total_over_system_total`` or ``direct_over_natural_direct``; columns estimate, ci_lower,
        ci_upper, label. The intervals are percentiles whatever the kind, which is that of the
        system's effect: ratios have no moments.
        """
        rows: list[dict[str, Any]] = []
        for part, denominators in (
            ("total", ("system_total",)),
            ("direct", ("natural_direct", "system_direct")),
        ):
            label = self._forbids_share(part, level, kind)
            used = (f"natural_{part}",) if label else denominators
            for term in (*self.mediators, ALL):
                rows += [self._share(term, part, name, label, level) for name in used]
        table = pd.DataFrame(rows)
        return table.set_index(["term", "quantity", "spec"])

    def differences(
        self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile"
    ) -> pd.DataFrame:
        """|mediated direct effect| of one mediator minus that of another, for every pair.

        Returns
        -------
        DataFrame, index ``term`` ("first - second"); columns estimate, std_error, statistic,
        p_value, ci_lower, ci_upper.
        """
        pairs = list(combinations(self.mediators, 2))
        first = [self._position(name, "mediated_direct") for name, _ in pairs]
        second = [self._position(name, "mediated_direct") for _, name in pairs]

        def contrast(values: Array) -> Array:
            sizes = np.abs(values)
            return sizes[..., first] - sizes[..., second]

        jackknife = None if self.jackknife is None else contrast(self.jackknife)
        names = pd.Index([f"{a} - {b}" for a, b in pairs], name="term")
        return self._table(
            contrast(self.estimates), contrast(self.draws), names, level, kind, jackknife
        )

    def gap(self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile") -> pd.DataFrame:
        """Effects of the system, those of the one-step equation, and the gap between them.

        Returns
        -------
        DataFrame, index direct, indirect, total; columns system, one_step, gap, std_error,
        ci_lower, ci_upper. The gap has an interval where the one-step equation was estimated again
        in every draw (bootstraps), and NaN else. ``bca`` gives the gap a bias-corrected one: the
        jackknife has no one-step estimates.
        """
        check_level(level)
        positions = [self._position(self.treatment, name) for name in SYSTEM]
        system = self.estimates[positions]
        table = pd.DataFrame(
            {"system": system, "one_step": self.one_step, "gap": system - self.one_step},
            index=pd.Index(GAP_PARTS, name="effect"),
        )
        table[["std_error", "ci_lower", "ci_upper"]] = np.nan
        if self.one_step_draws is not None and np.isfinite(self.one_step).all():
            drawn = self.draws[:, positions] - self.one_step_draws
            kind = "bias_corrected" if kind == "bca" else kind
            found = self._table(system - self.one_step, drawn, table.index, level, kind)
            columns = ["std_error", "ci_lower", "ci_upper"]
            table[columns] = found[columns]
        return table

    def table(
        self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile"
    ) -> pd.DataFrame:
        """Estimates with their inference, index (term, quantity)."""
        return self._table(self.estimates, self.draws, self.labels, level, kind, self.jackknife)

    def tidy(self, level: float = DEFAULT_LEVEL, kind: IntervalKind = "percentile") -> pd.DataFrame:
        """One number a row, with the columns `SYSTEM_COLUMNS`.

        Effects (``spec`` is the scale unless it is one unit), shares and ratios (as of `shares`),
        differences of mediators (quantity ``difference``, spec ``abs_mediated_direct``) and the gap
        to the one-step equation (``difference``, spec ``system - one_step``).
        """
        spec = "" if self.scale == "unit" else f"{self.scale}_sd"
        effects = self.table(level, kind).reset_index().assign(spec=spec)
        shares = self.shares(level, kind).reset_index().drop(columns="label")
        pairs = self.differences(level, kind).reset_index()
        pairs = pairs.assign(quantity="difference", spec=_joined("abs_mediated_direct", spec))
        gap = self.gap(level, kind).rename(columns={"gap": "estimate"})
        gap = gap.drop(columns=["system", "one_step"]).rename_axis("term").reset_index()
        gap = gap.assign(quantity="difference", spec=_joined("system - one_step", spec))
        tables = [table for table in (effects, shares, pairs, gap) if len(table)]
        together = pd.concat(
            [table.reindex(columns=list(SYSTEM_COLUMNS)).astype(_TYPES) for table in tables],
            ignore_index=True,
        )
        return together.assign(equation=self.outcome, inference=self.inference)

    @property
    def summary(self) -> str:
        """Effects, shares, differences and the gap, with what they rest on, as text."""
        parts = [f"{title}\n{text_table(table)}" for title, table in self._shown()]
        return "\n\n".join([*parts, "\n".join(self.all_notes())])

    def __repr__(self) -> str:
        return (
            f"<MediationEffects {self.treatment} -> {', '.join(self.mediators)} -> "
            f"{self.outcome}, {self.inference}, {self.n_draws} draws>"
        )

    def _repr_html_(self) -> str:
        tables = "".join(html_table(table, title) for title, table in self._shown())
        return tables + html_notes(self.all_notes())

    def all_notes(self) -> list[str]:
        """Everything that a reader of the tables needs to know."""
        discarded = f", {self.n_discarded} discarded" if self.n_discarded else ""
        sd = "" if self.scale == "unit" else f", {self._sd(self.scale):.6g}"
        within, overall = (self.treatment_sd[name] for name in ("within", "overall"))
        labels = self.shares()["label"]
        stated = [
            f"Inference: {self.inference}, {self.n_draws} draws{discarded}; {ERRORS_NOTE}.",
            f"Effects of {SCALES[self.scale]}{sd}; its standard deviations: "
            f"{within:.6g} within, {overall:.6g} overall.",
            *self.notes,
        ]
        found = sorted(set(labels[labels != ""]))
        if found:
            stated.append(
                f"Ratios |mediated / natural| in the place of shares: {enumerate_names(found)}."
            )
        if self.one_step_draws is None:
            stated.append(
                "The one-step equation is not the reduced form of the system; the gap between the "
                "two has an interval in the bootstraps only."
            )
        return stated

    @property
    def _kept(self) -> NDArray[np.bool_]:
        return _complete(self.draws)

    def _shown(self) -> list[tuple[str, pd.DataFrame]]:
        shown = [
            (f"Effects of {self.treatment} on {self.outcome}", self.table()),
            ("Shares of the mediated effects", self.shares()),
        ]
        if len(self.mediators) > 1:
            shown.append(("Differences of absolute mediated direct effects", self.differences()))
        return [*shown, ("Effects of the system and of the one-step equation", self.gap())]

    def _series(self, values: Array, name: str) -> pd.Series[float]:
        return pd.Series(values, index=self.labels, name=name)

    def _position(self, term: str, quantity: str) -> int:
        return self.labels.tolist().index((term, quantity))

    def _sd(self, scale: str) -> float:
        return 1.0 if scale == "unit" else self.treatment_sd[scale]

    def _check_kind(self, kind: IntervalKind) -> None:
        check_choice("kind", kind, get_args(IntervalKind))
        if kind == "bca" and self.jackknife is None:
            raise SpecificationError(
                "bca intervals need estimates without one year each, which the bootstrap by year "
                f"has and {self.inference!r} has not; use kind='bias_corrected'"
            )

    def _table(
        self,
        estimates: Array,
        draws: Array,
        index: pd.Index,
        level: float,
        kind: IntervalKind,
        jackknife: Array | None = None,
    ) -> pd.DataFrame:
        self._check_kind(kind)
        return table_of_draws(estimates, draws, index, level, kind, jackknife)

    def _forbids_share(self, part: str, level: float, kind: IntervalKind) -> str:
        """Why there are no shares of the direct or total effects; empty if there are."""
        position = self._position(self.treatment, f"system_{part}")
        interval = self.conf_int(level, kind).iloc[position]
        terms = [(self.treatment, f"natural_{part}")]
        terms += [(mediator, f"mediated_{part}") for mediator in self.mediators]
        values = np.array([self.estimates[self._position(*term)] for term in terms])
        reasons = []
        if not ((values > 0.0).all() or (values < 0.0).all()):
            reasons.append(SUPPRESSION)
        if interval["lower"] <= 0.0 <= interval["upper"]:
            reasons.append(NOT_TOLD_FROM_ZERO)
        return "; ".join(reasons)

    def _share(
        self, term: str, part: str, denominator: str, label: str, level: float
    ) -> dict[str, Any]:
        above = self._position(term, f"mediated_{part}")
        below = self._position(self.treatment, denominator)
        kept = self.draws[self._kept]
        estimate, drawn = (
            self.estimates[above] / self.estimates[below],
            kept[:, above] / kept[:, below],
        )
        if label:
            estimate, drawn = abs(estimate), np.abs(drawn)
        lower, upper = calc_interval(np.array([estimate]), drawn[:, None], "percentile", level)
        return {
            "term": term,
            "quantity": "ratio" if label else "share",
            "spec": f"{part}_over_{denominator}",
            "estimate": float(estimate),
            "ci_lower": float(lower[0]),
            "ci_upper": float(upper[0]),
            "label": label,
        }


_NUMBERS = ("estimate", "std_error", "statistic", "p_value", "ci_lower", "ci_upper")
_TYPES: dict[str, Any] = {
    name: np.float64 if name in _NUMBERS else object for name in SYSTEM_COLUMNS
}


def calc_quantile_errors(draws: Array) -> Array:
    """Standard errors of a distribution that need not have moments.

    s = (q(Φ(1)) - q(Φ(-1)))/2, q the quantiles of the draws (`draw_quantiles`): half the distance
    between their 15.87 % and 84.13 % points, the standard deviation if they are normal. Effects
    have 1 - ρ in their denominators, so a few draws of ρ near 1 rule a standard deviation of the
    draws, which has no limit as their number grows; this one has.

    Parameters
    ----------
    draws : array, shape (R, ...)
        Complete ones only, at least two.

    Returns
    -------
    array, shape (...), in units of the draws.
    """
    lower, upper = draw_quantiles(draws, ONE_SD_SHARES)
    errors: Array = 0.5 * (upper - lower)
    return errors


def table_of_draws(
    estimates: Array,
    draws: Array,
    index: pd.Index,
    level: float = DEFAULT_LEVEL,
    kind: IntervalKind = "percentile",
    jackknife: Array | None = None,
) -> pd.DataFrame:
    """Estimates with the inference that draws of them give.

    Parameters
    ----------
    estimates : array, shape (Q,)
    draws : array, shape (R, Q)
        Rows that are not finite are left out.
    index : Index, length Q
    level : float
    kind : {"percentile", "bias_corrected", "bca", "basic", "normal"}
        As of `MediationEffects.conf_int`.
    jackknife : array, shape (T, Q), optional
        For ``bca``.

    Returns
    -------
    DataFrame; estimate, std_error (`calc_quantile_errors`), statistic (their ratio, NaN where the
    error is zero), p_value (as of `MediationEffects.pvalues`), ci_lower, ci_upper.
    """
    kept = draws[_complete(draws)]
    errors = calc_quantile_errors(kept)
    lower, upper = _interval(estimates, kept, level, kind, jackknife)
    statistics = np.full_like(errors, np.nan)
    np.divide(estimates, errors, out=statistics, where=errors > 0.0)
    return pd.DataFrame(
        {
            "estimate": estimates,
            "std_error": errors,
            "statistic": statistics,
            "p_value": _p_values(kept),
            "ci_lower": lower,
            "ci_upper": upper,
        },
        index=index,
    )


def _interval(
    estimates: Array, kept: Array, level: float, kind: IntervalKind, jackknife: Array | None
) -> tuple[Array, Array]:
    if kind == "normal":
        half = normal_quantile(level) * calc_quantile_errors(kept)
        return estimates - half, estimates + half
    return calc_interval(estimates, kept, kind, level, jackknife=jackknife)


def _p_values(kept: Array) -> Array:
    p_values: Array = np.where(np.ptp(kept, axis=0) > 0.0, calc_draw_p_values(kept), np.nan)
    return p_values


def _complete(draws: Array) -> NDArray[np.bool_]:
    """Draws that have effects."""
    return np.asarray(np.isfinite(draws).all(axis=1))


def _joined(what: str, scale: str) -> str:
    return f"{what}, {scale}" if scale else what


def effects_of_draws(
    results: MediationResults,
    parameters: Mapping[str, Array],
    *,
    inference: str,
    vcov: str = "",
    one_step_draws: Array | None = None,
    jackknife: Array | None = None,
    notes: Sequence[str] = (),
) -> MediationEffects:
    """Effects with the distribution that draws of the parameters give them.

    Parameters
    ----------
    results : MediationResults
    parameters : mapping equation -> array, shape (R, P)
        As of `MediationResults.system`; NaN rows for draws that could not be estimated.
    inference : str
    vcov : str
    one_step_draws : array, shape (R, 3), optional
        Direct, indirect and total effects of the treatment in the one-step equation.
    jackknife : array, shape (T, Q), optional
    notes : sequence of str
        Before those that hold for any inference.

    Returns
    -------
    MediationEffects

    Raises
    ------
    BoundaryError
        If an equation is at the boundary, or fewer than two draws have effects.
    """
    point = results.decompose()
    return MediationEffects(
        treatment=results.treatment,
        outcome=results.outcome.arrays.dependent,
        mediators=tuple(results.mediators),
        labels=point.labels,
        estimates=point.values[0],
        draws=results.decompose(parameters).values,
        inference=inference,
        vcov=vcov,
        one_step=one_step_effects(results),
        treatment_sd=results.treatment_sd(),
        one_step_draws=one_step_draws,
        jackknife=jackknife,
        notes=(*notes, *_system_notes(results)),
    )


def one_step_effects(results: MediationResults) -> Array:
    """Direct, indirect and total effect in the one-step equation; NaN at its boundary."""
    fit = results.one_step
    if fit.at_boundary:
        return np.full(3, np.nan)
    effects: Array = point_effects(fit)[fit.arrays.variables.index(results.treatment)]
    return effects


def effects_by_draws(
    results: MediationResults,
    *,
    draws: int,
    seed: int | np.random.SeedSequence,
    cov_type: CovarianceType | None,
    joint: Joint,
) -> MediationEffects:
    """Effects by normal draws of the parameters of all equations (see `effects`)."""
    check_choice("joint", joint, get_args(Joint))
    if cov_type is not None:
        check_choice("cov_type", cov_type, list(ASSUMPTIONS))
    check_draws(draws, "inference by draws")
    results.check_interior()
    kind: Any = cov_type or results.outcome.specification.cov_type
    notes = (
        f"Covariance {kind}: {ASSUMPTIONS[kind]}.",
        f"Across equations: {JOINTS[joint]}.",
    )
    parameters = draw_system(results, draws=draws, seed=seed, cov_type=kind, joint=joint)
    return effects_of_draws(results, parameters, inference="mc", vcov=kind, notes=notes)


def draw_system(
    results: MediationResults,
    *,
    draws: int,
    seed: int | np.random.SeedSequence,
    cov_type: CovarianceType,
    joint: Joint = "mediators",
) -> dict[str, Array]:
    """Normal draws of the parameters of all equations, error variances included.

    Parameters
    ----------
    results : MediationResults
    draws, seed, cov_type, joint
        As of `MediationResults.effects`.

    Returns
    -------
    dict equation -> array, shape (R, P), in the order of ``params`` of the equation's fit.

    Raises
    ------
    SingularInformationError
        If the covariance does not exist or is not positive semidefinite.
    """
    equations, outcome = results.equations, results.outcome.arrays.dependent
    mediators = [name for name in equations if name != outcome]
    groups: dict[str, list[list[str]]] = {
        "mediators": [mediators, [outcome]],
        "all": [[*mediators, outcome]],
        "none": [[name] for name in equations],
    }
    covariance = joint_covariance(equations, cov_type, groups[joint])
    labels = [(name, parameter) for name, fit in equations.items() for parameter in fit.param_names]
    # In alphabetic order, so that the order of mediators and regressors changes nothing.
    ordered = pd.MultiIndex.from_tuples(sorted(labels))
    matrix = covariance.loc[ordered, ordered].to_numpy(dtype=np.float64)
    centre = np.array([float(equations[a].params[b]) for a, b in ordered])
    standard = generator_of(seed).standard_normal((draws, centre.size))
    drawn = pd.DataFrame(centre + standard @ _square_root(matrix, ordered), columns=ordered)
    return {
        name: drawn[[(name, parameter) for parameter in fit.param_names]].to_numpy()
        for name, fit in equations.items()
    }


def _square_root(covariance: Array, labels: pd.MultiIndex) -> Array:
    """The symmetric square root; it depends on no ordering and exists for singular matrices too."""
    variances = np.diag(covariance)
    bad = ~(variances > 0.0)
    if bad.any():
        names = [f"{parameter} of {name!r}" for name, parameter in labels[bad]]
        raise SingularInformationError(
            f"{enumerate_names(names)} have no variance, so the parameters cannot be drawn; use "
            "another cov_type or a bootstrap"
        )
    sizes = np.sqrt(variances)
    values, vectors = np.linalg.eigh(covariance / np.outer(sizes, sizes))
    if values[0] < -RANK_TOLERANCE * values[-1]:
        raise SingularInformationError(
            "the joint covariance of the parameters is not positive semidefinite (smallest "
            f"eigenvalue {values[0]:.3g} of its correlation matrix), so they cannot be drawn; use "
            "joint='none', another cov_type or a bootstrap"
        )
    root: Array = (vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T * sizes
    return root


def _system_notes(results: MediationResults) -> list[str]:
    """Size of the panel and residual autocorrelation of every equation."""
    residual = ", ".join(
        f"{fit.residual_ar1():.3f} ({name})" for name, fit in results.equations.items()
    )
    independent = ""
    if results.outcome.specification.scheme.entity_effects:
        independent = f"; independent errors give about {-1.0 / (results.n_periods - 1):.3f}"
    return [
        f"{results.n_units} units, {results.n_periods} periods.",
        f"Residual AR(1) within units: {residual}{independent}.",
    ]
