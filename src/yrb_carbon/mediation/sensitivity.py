"""Mediated effects where the errors of mediator and outcome are correlated.

That they are not, given the regressors and effects, is what identifies mediated effects (sequential
ignorability; Imai, Keele & Yamamoto 2010, Statistical Science 25:51-71), and no data can test it:
with r = corr(e_m, e_y) the outcome's error is e_y = c e_m + u,

    c = r/√(1 - r²) · σ_u/σ_m,

and the likelihood of y given m depends on u alone. The fit has σ_u and the slopes of y given m, so
for any r those of the outcome equation are c times the mediator's equation away from the fit:

    b - c,  θ_b + cρ_m,  β_x + cβ_m,  θ_x + cθ_m,  the same for controls,  σ_y² = σ_u²/(1 - r²).

They are the maximum likelihood estimates under that r, and the effect of the system as a whole
does not depend on r. Every effect is affine in r/√(1 - r²). (Own derivation; Imai et al. have the
sensitivity of linear models without space.)
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from yrb_carbon.spatialpanel import SpatialPanelResults, SpecificationError
from yrb_carbon.spatialpanel.align import LAG_PREFIX
from yrb_carbon.spatialpanel.bootstrap import calc_interval
from yrb_carbon.spatialpanel.covariance import CovarianceType
from yrb_carbon.spatialpanel.effects_results import DEFAULT_LEVEL
from yrb_carbon.spatialpanel.errors import check_choice, enumerate_names
from yrb_carbon.spatialpanel.tables import html_notes, html_table, text_table
from yrb_carbon.spatialpanel.within import Array

from .effects import MediationEffects, draw_system
from .resolvent import Resolvent
from .results import SYSTEM_COLUMNS

if TYPE_CHECKING:
    from .effects import Joint
    from .results import MediationResults

# Error correlations of tables.
CORRELATIONS: tuple[float, ...] = tuple(float(step) / 10.0 for step in range(-9, 10))
# Where the search for the correlation that makes an effect insignificant ends, and its steps.
LARGEST_CORRELATION, SCAN_STEPS, BISECTIONS = 0.99, 99, 40
SHOWN = ("mediated_direct", "mediated_spillover", "mediated_total")
NATURAL_SHOWN = ("natural_direct", "natural_spillover", "natural_total", "system_total")


def calc_ratio(correlation: float) -> float:
    """r/√(1 - r²), in which effects are affine.

    Raises
    ------
    SpecificationError
        If r is not a number in (-1, 1).
    """
    if not (isinstance(correlation, Real) and abs(correlation) < 1.0):
        raise SpecificationError(
            f"a correlation of errors must be between -1 and 1, got {correlation!r}"
        )
    return float(correlation / np.sqrt(1.0 - correlation**2))


@dataclass(frozen=True, slots=True)
class SharedColumns:
    """Where the parameters of a mediator's equation have their like in the outcome equation.

    Attributes
    ----------
    mediator : int
        Place of the mediator among the parameters of the outcome equation.
    lagged_mediator : int
        Of its spatial lag; -1 where the mediator's equation has no ρ.
    rho : int
        Place of ρ_m among the parameters of the mediator's equation; -1 for none.
    source, target : array of int
        Places of every slope of the mediator's equation there and in the outcome equation.
    """

    mediator: int
    lagged_mediator: int
    rho: int
    source: NDArray[np.intp]
    target: NDArray[np.intp]


def match_columns(mediator: SpatialPanelResults, outcome: SpatialPanelResults) -> SharedColumns:
    """Places of the mediator's equation in the outcome equation.

    Parameters
    ----------
    mediator, outcome : SpatialPanelResults

    Returns
    -------
    SharedColumns

    Raises
    ------
    SpecificationError
        If the outcome equation lacks a column of the mediator's, or its lags are by other weights,
        or an equation has a spatial error: what correlated errors do is then not of the form of
        the outcome equation.
    """
    name = mediator.arrays.dependent
    title = f"sensitivity to correlated errors of {name!r} and {outcome.arrays.dependent!r}"
    with_error = [
        fit.arrays.dependent for fit in (mediator, outcome) if fit.estimate.lam is not None
    ]
    if with_error:
        raise SpecificationError(
            f"{title}: the equation of {enumerate_names(with_error)} has a spatial error, whose "
            "filter the other equation does not have. Use ols, slx, sar or sdm in both"
        )
    places = {column: place for place, column in enumerate(outcome.arrays.names)}
    for variable, own, lagged in _variables(outcome):
        places[variable] = own
        places[LAG_PREFIX + variable] = lagged
    pairs = [(place, column) for place, column in enumerate(mediator.arrays.names)]
    wanted = [column for _, column in pairs] + [name]
    has_rho = mediator.estimate.rho is not None
    if has_rho:
        wanted.append(LAG_PREFIX + name)
    missing = [column for column in wanted if places.get(column, -1) < 0]
    if missing:
        raise SpecificationError(
            f"{title}: the outcome equation has no {enumerate_names(missing)}, which the "
            "mediator's equation brings in. Add it to the controls or to the lagged regressors "
            "(durbin) of the outcome equation"
        )
    lags = has_rho or any(lagged >= 0 for _, _, lagged in _variables(mediator))
    if lags and not Resolvent.of_fit(mediator).same_weights(Resolvent.of_fit(outcome)):
        raise SpecificationError(
            f"{title}: the lags of the mediator's equation are by other weights than those of the "
            "outcome equation. Use the same weights in both"
        )
    return SharedColumns(
        mediator=places[name],
        lagged_mediator=places[LAG_PREFIX + name] if has_rho else -1,
        rho=len(mediator.arrays.names) if has_rho else -1,
        source=np.array([place for place, _ in pairs], dtype=np.intp),
        target=np.array([places[column] for _, column in pairs], dtype=np.intp),
    )


def _variables(fit: SpatialPanelResults) -> list[tuple[str, int, int]]:
    arrays = fit.arrays
    return list(zip(arrays.variables, arrays.beta_positions, arrays.theta_positions, strict=True))


def _estimates(fit: SpatialPanelResults) -> Array:
    """The parameters as one draw, shape (1, P)."""
    return np.asarray(fit.params, dtype=np.float64)[None, :]


def shift_outcome(outcome: Array, mediator: Array, columns: SharedColumns, ratio: float) -> Array:
    """Parameters of the outcome equation if the errors are correlated.

    Parameters
    ----------
    outcome, mediator : array, shape (R, P)
        Slopes, ρ where there is one, σ² last, of the fits.
    columns : SharedColumns
    ratio : float
        r/√(1 - r²).

    Returns
    -------
    array, shape of ``outcome``; NaN slopes where a drawn σ² is negative.
    """
    with np.errstate(invalid="ignore"):
        c = ratio * np.sqrt(outcome[:, -1] / mediator[:, -1])
    shifted = outcome.copy()
    shifted[:, columns.target] += c[:, None] * mediator[:, columns.source]
    shifted[:, columns.mediator] -= c
    if columns.rho >= 0:
        shifted[:, columns.lagged_mediator] += c * mediator[:, columns.rho]
    shifted[:, -1] *= 1.0 + ratio**2
    return shifted


def correlated_params(
    results: MediationResults, mediator: str, correlation: float
) -> pd.Series[float]:
    """Estimates of the outcome equation if the errors of a mediator and the outcome correlate.

    Parameters
    ----------
    results : MediationResults
    mediator : str
    correlation : float
        r, of the errors of the mediator and the outcome; those of the other mediators move that of
        the outcome through this mediator's only.

    Returns
    -------
    Series by parameter, controls and σ² included.

    Raises
    ------
    SpecificationError
        For an unknown mediator, a correlation outside of (-1, 1), or equations that do not allow
        it (see `match_columns`).
    """
    check_choice("mediator", mediator, list(results.mediators))
    fit, outcome = results.mediators[mediator], results.outcome
    shifted = shift_outcome(
        _estimates(outcome),
        _estimates(fit),
        match_columns(fit, outcome),
        calc_ratio(correlation),
    )
    return pd.Series(shifted[0], index=outcome.param_names, name="parameter")


@dataclass(frozen=True, slots=True, repr=False)
class MediationSensitivity:
    """Natural and mediated effects over the correlation of a mediator's and the outcome's errors.

    Attributes
    ----------
    effects : MediationEffects
        Without correlation.
    mediators : tuple of str, length K
        Those whose error may be correlated with that of the outcome, one at a time.
    slopes : array, shape (K, Q)
        Change of the estimates per unit of r/√(1 - r²).
    draw_slopes : array, shape (K, R, Q)
        The same of every draw.
    """

    effects: MediationEffects
    mediators: tuple[str, ...]
    slopes: Array
    draw_slopes: Array

    def at(self, mediator: str, correlation: float) -> MediationEffects:
        """Effects if the errors of ``mediator`` and of the outcome have this correlation.

        Parameters
        ----------
        mediator : str
        correlation : float

        Returns
        -------
        MediationEffects

        Raises
        ------
        SpecificationError
            For an unknown mediator or a correlation outside of (-1, 1).
        """
        check_choice("mediator", mediator, self.mediators)
        ratio, k = calc_ratio(correlation), self.mediators.index(mediator)
        note = (
            f"The errors of {mediator} and {self.effects.outcome} have the correlation "
            f"{correlation:.6g}, by assumption."
        )
        return replace(
            self.effects,
            estimates=self.effects.estimates + ratio * self.slopes[k],
            draws=self.effects.draws + ratio * self.draw_slopes[k],
            notes=(note, *self.effects.notes),
        )

    def thresholds(
        self, quantity: str = "mediated_direct", level: float = DEFAULT_LEVEL
    ) -> pd.DataFrame:
        """Correlations at which a mediated effect vanishes and is no longer told from zero.

        Parameters
        ----------
        quantity : {"mediated_direct", "mediated_spillover", "mediated_total"}
        level : float
            Of the percentile interval.

        Returns
        -------
        DataFrame, index mediator; ``zero``: r at which the estimate is zero, in closed form;
        ``lower``, ``upper``: the range of r around 0 in which the interval excludes zero, NaN where
        it does not at r = 0, at most ±`LARGEST_CORRELATION`.
        """
        check_choice("quantity", quantity, SHOWN)
        labels = self.effects.labels.tolist()
        rows = {}
        for k, mediator in enumerate(self.mediators):
            place = labels.index((mediator, quantity))
            slope = self.slopes[k, place]
            ratio = -self.effects.estimates[place] / slope if slope != 0.0 else np.nan
            draws = np.column_stack([self.effects.draws[:, place], self.draw_slopes[k, :, place]])
            draws = draws[np.isfinite(draws).all(axis=1)]
            rows[mediator] = {
                "zero": float(ratio / np.sqrt(1.0 + ratio**2)),
                "lower": -_find_edge(draws * [1.0, -1.0], level),
                "upper": _find_edge(draws, level),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("mediator")

    def table(
        self, correlations: Sequence[float] = CORRELATIONS, level: float = DEFAULT_LEVEL
    ) -> pd.DataFrame:
        """Effects by correlation, index (mediator, correlation, term, quantity).

        Mediated effects are those of the mediator itself; natural effects and the total effect of
        the system carry the treatment as term.
        """
        chosen = [(self.effects.treatment, quantity) for quantity in NATURAL_SHOWN]
        parts = {}
        for mediator in self.mediators:
            wanted = [(mediator, quantity) for quantity in SHOWN] + chosen
            for correlation in correlations:
                found = self.at(mediator, correlation).table(level)
                parts[mediator, float(correlation)] = found.loc[wanted]
        return pd.concat(parts, names=["mediator", "correlation"])

    def tidy(
        self, correlations: Sequence[float] = CORRELATIONS, level: float = DEFAULT_LEVEL
    ) -> pd.DataFrame:
        """One number a row, with the columns `SYSTEM_COLUMNS`.

        ``spec`` is the correlation, such as ``r(m)=-0.30``; the correlations of `thresholds` have
        the quantity ``value`` and in ``spec`` what happens there.
        """
        effects = self.table(correlations, level).reset_index()
        pairs = zip(effects["mediator"], effects["correlation"], strict=True)
        effects["spec"] = [f"r({mediator})={value:+.2f}" for mediator, value in pairs]
        limits = self.thresholds(level=level).rename(
            columns={
                "zero": "r at which mediated_direct is zero",
                "lower": "lowest r with mediated_direct told from zero",
                "upper": "highest r with mediated_direct told from zero",
            }
        )
        values = limits.rename_axis("term").reset_index()
        values = values.melt("term", var_name="spec", value_name="estimate").assign(
            quantity="value"
        )
        numbers: dict[str, Any] = dict.fromkeys(
            ("std_error", "statistic", "p_value", "ci_lower", "ci_upper"), np.float64
        )
        together = pd.concat(
            [
                part.reindex(columns=list(SYSTEM_COLUMNS)).astype(numbers)
                for part in (effects, values)
            ],
            ignore_index=True,
        )
        return together.assign(equation=self.effects.outcome, inference=self.effects.inference)

    @property
    def summary(self) -> str:
        """Thresholds and the mediated direct effects by correlation, as text."""
        parts = [f"{title}\n{text_table(table)}" for title, table in self._shown()]
        return "\n\n".join([*parts, "\n".join(self._notes())])

    def __repr__(self) -> str:
        return (
            f"<MediationSensitivity {self.effects.treatment} -> {', '.join(self.mediators)} -> "
            f"{self.effects.outcome}>"
        )

    def _repr_html_(self) -> str:
        tables = "".join(html_table(table, title) for title, table in self._shown())
        return tables + html_notes(self._notes())

    def _shown(self) -> list[tuple[str, pd.DataFrame]]:
        table = self.table()
        direct = table[table.index.get_level_values("quantity") == "mediated_direct"]
        direct = direct.droplevel(["term", "quantity"])
        return [
            ("Error correlations that undo the mediated direct effect", self.thresholds()),
            ("Mediated direct effects by error correlation", direct),
        ]

    def _notes(self) -> list[str]:
        return [
            "The correlation of the errors of mediator and outcome is assumed, not estimated; no "
            "data can tell it. The total effect of the system does not depend on it.",
            "One mediator at a time: errors of the others move that of the outcome through this "
            "mediator's error only.",
            *self.effects.all_notes(),
        ]


def _find_edge(draws: Array, level: float) -> float:
    """Largest r ≥ 0 up to which the interval of a + r/√(1 - r²) b excludes zero; NaN for none.

    Parameters
    ----------
    draws : array, shape (R, 2)
        a and b.
    level : float
    """

    def excludes(correlation: float) -> bool:
        values = draws @ np.array([1.0, calc_ratio(correlation)])
        centre = np.array([np.median(values)])
        lower, upper = calc_interval(centre, values[:, None], "percentile", level)
        return bool(lower[0] > 0.0 or upper[0] < 0.0)

    if not excludes(0.0):
        return float("nan")
    inside = 0.0
    for outside in np.linspace(0.0, LARGEST_CORRELATION, SCAN_STEPS + 1)[1:]:
        if not excludes(float(outside)):
            break
        inside = float(outside)
    else:
        return LARGEST_CORRELATION
    beyond = float(outside)
    for _ in range(BISECTIONS):
        middle = 0.5 * (inside + beyond)
        inside, beyond = (middle, beyond) if excludes(middle) else (inside, middle)
    return inside


def calc_sensitivity(
    results: MediationResults,
    mediators: Sequence[str] | None = None,
    *,
    draws: int = 5000,
    seed: int | np.random.SeedSequence = 0,
    cov_type: CovarianceType | None = None,
    joint: Joint = "mediators",
) -> MediationSensitivity:
    """Effects over the correlation of a mediator's errors with those of the outcome.

    Parameters
    ----------
    results : MediationResults
    mediators : sequence of str, optional
        Those whose errors may be correlated with the outcome's, one at a time; default all.
    draws, seed, cov_type, joint
        As of `MediationResults.effects`, whose numbers are those without correlation. The draws of
        the error variances enter c.

    Returns
    -------
    MediationSensitivity

    Raises
    ------
    SpecificationError
        For an unknown mediator, or equations that do not allow it (see `match_columns`).
    BoundaryError, SingularInformationError
        As of `MediationResults.effects`.
    """
    chosen = tuple(results.mediators) if mediators is None else tuple(mediators)
    for mediator in chosen:
        check_choice("mediators", mediator, list(results.mediators))
    matched = {
        mediator: match_columns(results.mediators[mediator], results.outcome) for mediator in chosen
    }
    effects = results.effects(draws=draws, seed=seed, cov_type=cov_type, joint=joint)
    kind: Any = cov_type or results.outcome.specification.cov_type
    drawn = draw_system(results, draws=draws, seed=seed, cov_type=kind, joint=joint)
    point = {name: _estimates(fit) for name, fit in results.equations.items()}
    pairs = [
        (
            _slopes(results, point, mediator, columns, effects.estimates[None, :])[0],
            _slopes(results, drawn, mediator, columns, effects.draws),
        )
        for mediator, columns in matched.items()
    ]
    return MediationSensitivity(
        effects=effects,
        mediators=chosen,
        slopes=np.stack([pair[0] for pair in pairs]),
        draw_slopes=np.stack([pair[1] for pair in pairs]),
    )


def _slopes(
    results: MediationResults,
    parameters: Mapping[str, Array],
    mediator: str,
    columns: SharedColumns,
    effects: Array,
) -> Array:
    """Change of the effects per unit of r/√(1 - r²), shape (R, Q): they are affine in it."""
    name = results.outcome.arrays.dependent
    shifted = shift_outcome(parameters[name], parameters[mediator], columns, 1.0)
    slopes: Array = results.decompose({**parameters, name: shifted}).values - effects
    return slopes
