"""Which spatial panel model: likelihood-ratio and Wald tests, and the chain that runs them all.

The order is Elhorst's (2010, Spatial Economic Analysis 5:9-28; 2014, Spatial Econometrics): the
model without space, pooled and with fixed effects; Lagrange multiplier tests; likelihood ratios of
the effects; the spatial Durbin model; its simplification; fixed or random effects.
"""

from __future__ import annotations

import html
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, cast

import numpy as np
import pandas as pd

from .align import Weights
from .covariance import CovarianceType
from .effects_results import check_level
from .errors import (
    BoundaryError,
    HausmanUndefinedError,
    PanelSizeError,
    RegressorError,
    SpecificationError,
    enumerate_names,
)
from .model import DURBIN_MODELS, ERROR_MODELS, Estimator, SpatialPanel
from .random_effects import hausman_test, mundlak_test, select_regressors, with_intercept
from .restrictions import calc_wald
from .results import SpatialPanelResults
from .testing import TEST_COLUMNS, SpecificationTest, chi2_test, row_of_test
from .within import Array, SparseMatrix

# What each model becomes under which restriction, simplest reading first.
THETA, COMMON_FACTOR, RHO, LAMBDA = "theta", "common factor", "rho", "lambda"
NESTED: Mapping[str, tuple[tuple[str, str], ...]] = {
    "ols": (),
    "slx": (("ols", THETA),),
    "sar": (("ols", RHO),),
    "sem": (("ols", LAMBDA),),
    "sdm": (("sar", THETA), ("sem", COMMON_FACTOR), ("slx", RHO)),
    "sdem": (("sem", THETA), ("slx", LAMBDA)),
    "sac": (("sar", LAMBDA), ("sem", RHO)),
    "gns": (("sdm", LAMBDA), ("sdem", RHO), ("sac", THETA)),
}
NULLS = {
    THETA: "theta = 0",
    COMMON_FACTOR: "theta + rho beta = 0",
    RHO: "rho = 0",
    LAMBDA: "lambda = 0",
}
COMPARED = ("ols", "slx", "sar", "sem", "sdm", "sdem")
EFFECT_KINDS: Mapping[str, tuple[bool, bool]] = {
    "none": (False, False),
    "unit": (True, False),
    "time": (False, True),
    "unit and time": (True, True),
}
LM_FORMS: tuple[Literal["centred", "plain", "serial"], ...] = ("centred", "plain", "serial")
# Covariances that hold under errors of a unit that are correlated over time.
SERIALLY_ROBUST = frozenset({"serial", "clustered"})
NOT_IN_TEXT = ["distribution", "note"]
CHAIN_COLUMNS = ("step", "effects", *TEST_COLUMNS, "decision")
LR_EFFECTS_NOTE = (
    "LR of effects: rejects too often in short or narrow panels, where the dummies take a large "
    "part of the degrees of freedom (10-12 % at nominal 5 %, 30 units and 8 periods)."
)


def lr_effects(panel: SpatialPanel) -> list[SpecificationTest]:
    """Likelihood-ratio tests of unit effects and of time effects, the other kind present.

    Unit effects: 2(ln L_both - ln L_time), χ²(N-1); time effects: 2(ln L_both - ln L_unit),
    χ²(T-1). All log-likelihoods are those with dummies (the direct estimator), which are
    comparable; the transformed ones are not.

    Parameters
    ----------
    panel : SpatialPanel
        Any effects; its model and regressors are used.

    Returns
    -------
    list of SpecificationTest: unit effects, time effects.

    Raises
    ------
    AbsorbedRegressorError
        If a regressor does not survive both kinds of effects.

    References
    ----------
    Elhorst (2014), Spatial Econometrics, sec. 3.3.
    """
    logliks = {
        kind: _refit(panel, panel.model, EFFECT_KINDS[kind], "direct").loglik
        for kind in ("unit", "time", "unit and time")
    }
    n_units, n_periods = panel.arrays.n_units, panel.arrays.n_periods
    both = logliks["unit and time"]
    return [
        chi2_test(
            "LR unit effects",
            "all unit effects are equal",
            2.0 * (both - logliks["time"]),
            n_units - 1,
            form=panel.model,
            note=LR_EFFECTS_NOTE,
        ),
        chi2_test(
            "LR time effects",
            "all time effects are equal",
            2.0 * (both - logliks["unit"]),
            n_periods - 1,
            form=panel.model,
            note=LR_EFFECTS_NOTE,
        ),
    ]


def lr_simplify(results: SpatialPanelResults) -> list[SpecificationTest]:
    """Likelihood-ratio tests of every simpler model that the fitted one nests.

    2(ln L - ln L_restricted), same estimator, effects and sample: SDM to SAR (θ = 0), SEM
    (θ + ρβ = 0) and SLX (ρ = 0); SDEM to SEM and SLX; SAR, SEM and SLX to OLS; SAC and GNS to what
    one restriction makes of them.

    Parameters
    ----------
    results : SpatialPanelResults
        By ``transform`` or ``direct``.

    Returns
    -------
    list of SpecificationTest
        A model that is not nested (SEM where some regressor has no spatial lag) has no statistic
        and says why in its note.

    Raises
    ------
    SpecificationError
        For ``direct_bc``, whose estimate does not maximise a likelihood.
    """
    if results.specification.estimator == "direct_bc":
        raise SpecificationError(
            "a likelihood ratio needs a maximised likelihood, which bias-corrected estimates do "
            "not have; use estimator='transform' or 'direct'"
        )

    def statistic(target: str, restriction: str) -> tuple[float, int]:
        scheme = results.specification.scheme
        restricted = _refit(
            results,
            target,
            (scheme.entity_effects, scheme.time_effects),
            results.specification.estimator,
        )
        gap = 2.0 * (results.loglik - restricted.loglik)
        return gap, _count_restrictions(results, restriction)

    return _simplify(results, "LR", statistic)


def wald_simplify(results: SpatialPanelResults) -> list[SpecificationTest]:
    """Wald tests of every simpler model that the fitted one nests.

    Linear restrictions as they stand; the common factor g = θ + ρβ by the delta method,
    g'(RVR')⁻¹g with R = ∂g/∂(β, θ, ρ) = [ρI, I, β] (Elhorst 2014, sec. 2.9.2). V is the covariance
    of the fit, so that a robust ``cov_type`` makes these tests robust as well.

    Parameters
    ----------
    results : SpatialPanelResults

    Returns
    -------
    list of SpecificationTest
        As of `lr_simplify`, the covariance named in the form.

    Raises
    ------
    BoundaryError
        If the estimate is at the boundary and has no covariance.
    """
    if results.at_boundary:
        raise BoundaryError(
            "the estimate is at the edge of the admissible interval and has no covariance; there "
            "is no Wald test"
        )

    def statistic(target: str, restriction: str) -> tuple[float, int]:
        matrix, gap = _restrict(results, restriction)
        values = np.asarray(results.params, dtype=np.float64)
        wald = calc_wald(
            values,
            results.covariance,
            matrix,
            matrix @ values - gap,
            [f"{restriction} {row}" for row in range(gap.size)],
        )
        return wald.statistic, wald.df

    return _simplify(results, "Wald", statistic, form=results.specification.cov_type)


@dataclass(frozen=True, slots=True)
class ChainStep:
    """One test of the chain.

    Attributes
    ----------
    step : str
        ``LM``, ``LR effects``, ``simplify`` or ``random effects``.
    effects : str
        Fixed effects of the model tested, a key of `EFFECT_KINDS`.
    test : SpecificationTest
    decision : str
        What the test says, in words.
    """

    step: str
    effects: str
    test: SpecificationTest
    decision: str


@dataclass(frozen=True, slots=True, repr=False)
class ChoiceChain:
    """All tests of the choice of a model, and the choice.

    Attributes
    ----------
    decision : str
        Chosen model: ols, slx, sar, sem or sdm.
    reason : str
        Why, in words.
    final : SpatialPanelResults
        Fit of the chosen model with fixed effects, with the covariance asked for.
    steps : tuple of ChainStep
    regressions : DataFrame
        The model without space, one kind of effects a row: coefficients, sigma2, loglik, r2.
    criteria : DataFrame
        loglik, n_parameters, aic, bic and the rank by each, one model a row.
    fits : mapping
        Model to fit, of the models compared, all with the covariance asked for.
    notes : tuple of str
        What could not be computed, and how tests are to be read.
    level : float
    """

    decision: str
    reason: str
    final: SpatialPanelResults
    steps: tuple[ChainStep, ...]
    regressions: pd.DataFrame
    criteria: pd.DataFrame
    fits: Mapping[str, SpatialPanelResults]
    notes: tuple[str, ...]
    level: float

    def to_frame(self) -> pd.DataFrame:
        """One test a row, columns `CHAIN_COLUMNS`."""
        return pd.DataFrame(
            [
                (step.step, step.effects, *row_of_test(step.test), step.decision)
                for step in self.steps
            ],
            columns=list(CHAIN_COLUMNS),
        ).astype({"df": "float64", "df_denominator": "float64"})

    @property
    def summary(self) -> str:
        """The chain as text."""
        tests = self.to_frame().drop(columns=NOT_IN_TEXT)
        return "\n\n".join(
            [
                f"Decision: {self.decision.upper()}",
                self.reason,
                "Without space\n" + _to_text(self.regressions),
                "Tests\n" + _to_text(tests, index=False),
                "Criteria\n" + _to_text(self.criteria),
                *self._all_notes(),
            ]
        )

    def __repr__(self) -> str:
        return f"<ChoiceChain {self.decision}, {len(self.steps)} tests at {self.level:g}>"

    def _repr_html_(self) -> str:
        tests = self.to_frame().drop(columns=NOT_IN_TEXT)
        parts = [
            f"<p><b>Decision: {html.escape(self.decision.upper())}</b></p>",
            f"<p>{html.escape(self.reason)}</p>",
            *(
                str(table.to_html(float_format=_format_number, border=0, index=index))
                for table, index in (
                    (self.regressions, True),
                    (tests, False),
                    (self.criteria, True),
                )
            ),
            *(f"<p>{html.escape(note)}</p>" for note in self._all_notes()),
        ]
        return "".join(parts)

    def _all_notes(self) -> list[str]:
        """Notes of the chain and of its tests, each once."""
        return list(dict.fromkeys([*self.notes, *(s.test.note for s in self.steps if s.test.note)]))


def choice_chain(
    dependent: pd.Series[Any],
    exog: pd.DataFrame,
    weights: Weights | tuple[Sequence[Any], Any],
    *,
    durbin: Sequence[str] | None = None,
    entity_effects: bool = True,
    time_effects: bool = True,
    estimator: Estimator = "transform",
    cov_type: CovarianceType = "oim",
    level: float = 0.05,
    error_weights: Weights | tuple[Sequence[Any], Any] | None = None,
) -> ChoiceChain:
    """Run all specification tests in Elhorst's order and choose a model.

    Parameters
    ----------
    dependent, exog, weights, durbin
        As of `SpatialPanel`.
    entity_effects, time_effects : bool
        Fixed effects of the model that is chosen. Tests without space are shown for every kind.
    estimator : {"transform", "direct"}
        Of the spatial models.
    cov_type : str
        Covariance of all fits and of the Wald tests, as of `SpatialPanel.fit`.

        ========================  ==================  ====================================
        ``cov_type``              LM tests            θ, θ + ρβ, ρ of SDM and θ of SLX
        ========================  ==================  ====================================
        oim                       centred             Wald and likelihood ratio; SLX: ratio
        hessian, qml              centred             Wald
        serial, clustered         serial              Wald
        ========================  ==================  ====================================

        What the decision does not rest on is shown all the same. The serial LM tests allow for any
        correlation of a unit's errors over time, alike for all units. Tests of the effects
        (likelihood ratios, Mundlak, Hausman) suppose independent errors whatever ``cov_type``;
        they do not choose the model.
    level : float
        Of every test, in (0, 1).
    error_weights : as ``weights``, optional
        Of the error of SEM and SDEM and of the LM tests of it. SEM is not nested in SDM then, so
        that it is fitted and compared by the criteria but not chosen; the plain LM tests, which
        know one matrix, are left out.

    Returns
    -------
    ChoiceChain, see `decide_model` for the rule.

    Raises
    ------
    SpecificationError
        For a level outside (0, 1) or the bias-corrected estimator.
    BoundaryError
        If the spatial Durbin model is at the edge of the parameter space.
    """
    check_level(level)
    if estimator == "direct_bc":
        raise SpecificationError(
            "the chain compares maximised likelihoods, which bias-corrected estimates do not have; "
            "use estimator='transform' or 'direct'"
        )
    effects = (entity_effects, time_effects)
    # Of the general models, SDEM is the one that takes weights of its own for the error.
    source = SpatialPanel(
        dependent,
        exog,
        weights,
        model="sdm" if error_weights is None else "sdem",
        durbin=durbin,
        entity_effects=entity_effects,
        time_effects=time_effects,
        error_weights=error_weights,
    )
    panel = source if error_weights is None else _respecify(source, "sdm", effects)
    kind = _name_effects(effects)
    linear, notes = _linear_panels(panel)
    tested = _with_error_weights(linear, source.arrays.error_weights)
    fits = {model: _refit(source, model, effects, estimator, cov_type) for model in COMPARED}
    simplify = [
        *wald_simplify(fits["sdm"]),
        *lr_simplify(fits["sdm"]),
        *wald_simplify(fits["slx"]),
        *lr_simplify(fits["slx"]),
    ]
    if error_weights is not None:
        simplify = [_refuse_other_error(test) for test in simplify]
    steps = [
        *_lm_steps(tested, level),
        *_effect_steps(linear, level),
        *(ChainStep("simplify", kind, test, _say(test, level)) for test in simplify),
    ]
    if entity_effects:
        steps += _random_steps(panel, kind, level)
    decision, reason = decide_model(_collect_evidence(steps, kind, cov_type), level)
    if cov_type != "oim":
        notes.append(_describe_evidence(cov_type))
    return ChoiceChain(
        decision=decision,
        reason=" ".join([reason, *_effects_in_words(steps, effects, level)]),
        final=fits[decision],
        steps=tuple(steps),
        regressions=_tabulate_regressions(linear),
        criteria=_tabulate_criteria(fits),
        fits=fits,
        notes=tuple(notes),
        level=level,
    )


@dataclass(frozen=True, slots=True)
class Evidence:
    """p-values that the decision rests on; NaN where a test does not exist.

    Attributes
    ----------
    lm_lag, lm_error, robust_lag, robust_error : float
        Lagrange multiplier tests of the non-spatial model: the centred ones, or the serial ones
        where the covariance is robust to serial correlation.
    robust_lag_statistic, robust_error_statistic : float
    theta, common_factor, rho : float
        θ = 0, θ + ρβ = 0 and ρ = 0 in the spatial Durbin model. With the covariance ``oim`` the
        smaller p-value of Wald and likelihood ratio, so that the general model is kept where they
        disagree; with any other that of the Wald test.
    slx_theta : float
        θ = 0 in the model with lagged regressors only: by likelihood ratio with ``oim``, else by
        the Wald test.
    """

    lm_lag: float
    lm_error: float
    robust_lag: float
    robust_error: float
    robust_lag_statistic: float
    robust_error_statistic: float
    theta: float
    common_factor: float
    rho: float
    slx_theta: float


def decide_model(evidence: Evidence, level: float) -> tuple[str, str]:
    """Elhorst's (2010) rule.

    OLS not rejected by the LM tests: SLX is set against OLS (θ = 0); not rejected, OLS; else the
    spatial Durbin model if its ρ = 0 is rejected, SLX if not. OLS rejected: θ = 0 and
    θ + ρβ = 0 in the spatial Durbin model; both rejected, SDM; one not rejected and the robust LM
    tests point the same way, SAR or SEM; in all other cases SDM, the general one. The robust LM
    tests point to the one that rejects, with the larger statistic if both do.

    Parameters
    ----------
    evidence : Evidence
    level : float

    Returns
    -------
    Model and the reason in words.
    """
    if not (evidence.lm_lag < level or evidence.lm_error < level):
        return _decide_without_lm(evidence, level)
    pointed = _point(evidence, level)
    theta = f"theta = 0 (SAR) is {_verdict(evidence.theta, level)}"
    factor = f"theta + rho beta = 0 (SEM) is {_verdict(evidence.common_factor, level)}"
    head = (
        f"The LM tests reject the model without space ({_p(evidence.lm_lag)} lag, "
        f"{_p(evidence.lm_error)} error). In the spatial Durbin model {theta} and {factor}"
    )
    keeps = {
        "sar": evidence.theta >= level,
        "sem": evidence.common_factor >= level,
    }
    words = {"sar": "a spatial lag", "sem": "a spatial error", "": "neither"}[pointed]
    if not any(keeps.values()):
        return "sdm", f"{head}: no simpler model describes the data, SDM is kept."
    if pointed and keeps[pointed]:
        return pointed, (
            f"{head}; the robust LM tests point to {words} too, so the simpler "
            f"{pointed.upper()} is chosen."
        )
    return "sdm", (
        f"{head}, but the robust LM tests point to {words}: where the tests disagree the more "
        "general SDM is kept."
    )


def _decide_without_lm(evidence: Evidence, level: float) -> tuple[str, str]:
    head = (
        f"The LM tests do not reject the model without space ({_p(evidence.lm_lag)} lag, "
        f"{_p(evidence.lm_error)} error)"
    )
    slx = f"theta = 0 in SLX is {_verdict(evidence.slx_theta, level)}"
    if not evidence.slx_theta < level:
        return "ols", f"{head} and {slx}: no spatial dependence is left to model, OLS is chosen."
    rho = f"rho = 0 in SDM is {_verdict(evidence.rho, level)}"
    if evidence.rho < level:
        return "sdm", f"{head}, but {slx} and {rho}: SDM is chosen."
    return "slx", f"{head}; {slx} and {rho}: the spatial lags of the regressors suffice, SLX."


def _point(evidence: Evidence, level: float) -> str:
    """Model that the robust LM tests point to, or nothing."""
    lag, error = evidence.robust_lag < level, evidence.robust_error < level
    if lag and error:
        larger = evidence.robust_lag_statistic >= evidence.robust_error_statistic
        return "sar" if larger else "sem"
    if lag:
        return "sar"
    return "sem" if error else ""


def _refit(
    source: SpatialPanel | SpatialPanelResults,
    model: str,
    effects: tuple[bool, bool],
    estimator: str,
    cov_type: CovarianceType = "oim",
) -> SpatialPanelResults:
    """Another model or other effects on the same data."""
    return _respecify(source, model, effects).fit(cast(Estimator, estimator), cov_type)


def _respecify(
    source: SpatialPanel | SpatialPanelResults, model: str, effects: tuple[bool, bool]
) -> SpatialPanel:
    arrays = select_regressors(source.arrays, lagged=model in DURBIN_MODELS)
    if not any(effects):
        arrays = with_intercept(arrays)
    own = model in ERROR_MODELS and arrays.error_weights is not None
    return SpatialPanel.from_arrays(
        arrays if own else replace(arrays, error_weights=None),
        model=model,
        entity_effects=effects[0],
        time_effects=effects[1],
        spectrum=source.spectrum,
        error_spectrum=source.error_spectrum if own else None,
    )


def _simplify(
    results: SpatialPanelResults,
    family: str,
    statistic: Callable[[str, str], tuple[float, int]],
    form: str = "",
) -> list[SpecificationTest]:
    model = results.specification.model
    tests = []
    for target, restriction in NESTED[model]:
        name = f"{family} {model.upper()} to {target.upper()}"
        obstacle = _obstacle(results, restriction)
        if obstacle:
            tests.append(
                _missing_test(name, NULLS[restriction], obstacle, form=form, distribution="chi2")
            )
            continue
        value, df = statistic(target, restriction)
        tests.append(chi2_test(name, NULLS[restriction], value, df, form=form))
    return tests


def _missing_test(
    name: str, null: str, note: str, *, form: str, distribution: str
) -> SpecificationTest:
    return SpecificationTest(
        name=name,
        null=null,
        statistic=float("nan"),
        df=None,
        p_value=float("nan"),
        distribution=distribution,
        form=form,
        note=note,
    )


def _obstacle(results: SpatialPanelResults, restriction: str) -> str:
    """Why a restriction does not lead to the simpler model; empty if it does."""
    if restriction != COMMON_FACTOR:
        return ""
    arrays = results.arrays
    without = [
        name
        for name, place in zip(arrays.variables, arrays.theta_positions, strict=True)
        if place < 0
    ]
    if without:
        return (
            f"SEM is not nested in this SDM: {enumerate_names(without)} enter without a spatial "
            "lag, and the common factor needs the lag of every regressor."
        )
    scheme = results.specification.scheme
    if results.spectrum.row_sum is None and (scheme.time_effects or not scheme.entity_effects):
        return (
            "SEM is not nested in this SDM: the rows of the weights have different sums, so the "
            "filter of SEM turns an intercept or a time effect into something else."
        )
    return ""


def _count_restrictions(results: SpatialPanelResults, restriction: str) -> int:
    if restriction in (RHO, LAMBDA):
        return 1
    return sum(place >= 0 for place in results.arrays.theta_positions)


def _restrict(results: SpatialPanelResults, restriction: str) -> tuple[Array, Array]:
    """Jacobian and value of the restriction at the estimates, parameters in their order."""
    names, arrays = results.param_names, results.arrays
    values = np.asarray(results.params, dtype=np.float64)
    if restriction in (RHO, LAMBDA):
        matrix = np.zeros((1, len(names)))
        matrix[0, names.index(restriction)] = 1.0
        return matrix, matrix @ values
    pairs = [
        (beta, theta)
        for beta, theta in zip(arrays.beta_positions, arrays.theta_positions, strict=True)
        if theta >= 0
    ]
    matrix = np.zeros((len(pairs), len(names)))
    for row, (beta, theta) in enumerate(pairs):
        matrix[row, theta] = 1.0
        if restriction == COMMON_FACTOR:
            place = names.index("rho")
            matrix[row, beta] = values[place]
            matrix[row, place] = values[beta]
    if restriction == THETA:
        return matrix, matrix @ values
    own = np.array([values[beta] for beta, _ in pairs])
    lagged = np.array([values[theta] for _, theta in pairs])
    return matrix, lagged + results.rho * own


def _linear_panels(panel: SpatialPanel) -> tuple[dict[str, SpatialPanel], list[str]]:
    """The model without space for every kind of effects that the regressors survive."""
    panels, notes = {}, []
    for kind, effects in EFFECT_KINDS.items():
        try:
            panels[kind] = _respecify(panel, "ols", effects)
        except RegressorError as error:
            notes.append(f"Effects {kind}: not computed, {error}.")
    return panels, notes


def _with_error_weights(
    linear: Mapping[str, SpatialPanel], error_weights: SparseMatrix | None
) -> Mapping[str, SpatialPanel]:
    """The same models, the error of which is tested with weights of its own."""
    if error_weights is None:
        return linear
    return {
        kind: SpatialPanel.from_arrays(
            replace(panel.arrays, error_weights=error_weights),
            model="ols",
            entity_effects=panel.entity_effects,
            time_effects=panel.time_effects,
            spectrum=panel.spectrum,
        )
        for kind, panel in linear.items()
    }


def _refuse_other_error(test: SpecificationTest) -> SpecificationTest:
    """The test of SEM in SDM is of an error with the weights of the lag; not of another matrix."""
    if test.null != NULLS[COMMON_FACTOR]:
        return test
    return _missing_test(
        test.name,
        test.null,
        "SEM is not nested in this SDM: its error has weights of its own (error_weights), and a "
        "common factor is that of the weights of the lag.",
        form=test.form,
        distribution=test.distribution,
    )


def _describe_evidence(cov_type: str) -> str:
    """What the decision rests on with a robust covariance."""
    wald = f"The decision rests on the Wald tests with the covariance {cov_type}"
    if cov_type not in SERIALLY_ROBUST:
        return (
            f"{wald} and the centred LM tests, which like the likelihood ratios, shown but not "
            "used, suppose errors that are independent over time."
        )
    alike = (
        ""
        if cov_type == "serial"
        else " The serial LM tests suppose a covariance over time that is alike for all units, "
        "which the clustered Wald tests do not."
    )
    return (
        f"{wald} and the serial form of the LM tests; likelihood ratios and the other LM tests "
        "suppose independent errors and are shown but not used. So do the tests of the effects "
        f"(likelihood ratios, Mundlak, Hausman), on which the model does not depend.{alike}"
    )


def _lm_steps(linear: Mapping[str, SpatialPanel], level: float) -> list[ChainStep]:
    from .diagnostics import lm_tests

    return [
        ChainStep("LM", kind, test, _say(test, level))
        for kind, panel in linear.items()
        for form in LM_FORMS
        # The plain tests know one matrix.
        if form != "plain" or panel.arrays.error_weights is None
        for test in lm_tests(panel, form=form)
    ]


def _effect_steps(linear: Mapping[str, SpatialPanel], level: float) -> list[ChainStep]:
    if "unit and time" not in linear:
        return []
    return [
        ChainStep("LR effects", "unit and time", test, _say(test, level))
        for test in lr_effects(linear["unit and time"])
    ]


def _random_steps(panel: SpatialPanel, kind: str, level: float) -> list[ChainStep]:
    tests: list[tuple[str, str, Callable[[SpatialPanel], SpecificationTest]]] = [
        ("Mundlak", "F", mundlak_test),
        ("Hausman", "classical, within", hausman_test),
    ]
    steps = []
    for name, form, run in tests:
        try:
            test = run(panel)
        except (HausmanUndefinedError, BoundaryError, PanelSizeError, RegressorError) as error:
            null, note = "random effects are consistent", f"{name}: {error}."
            law = "F" if form == "F" else "chi2"
            test = _missing_test(name, null, note, form=form, distribution=law)
        steps.append(ChainStep("random effects", kind, test, _say(test, level)))
    return steps


def _collect_evidence(steps: Sequence[ChainStep], kind: str, cov_type: str) -> Evidence:
    robust = cov_type != "oim"
    form = "serial" if cov_type in SERIALLY_ROBUST else "centred"
    lm = {
        step.test.name: step.test
        for step in steps
        if step.step == "LM" and step.effects == kind and step.test.form == form
    }
    found = {step.test.name: step.test.p_value for step in steps if step.step == "simplify"}

    def smaller(target: str) -> float:
        wald, ratio = found[f"Wald SDM to {target}"], found[f"LR SDM to {target}"]
        return wald if robust else min(wald, ratio)

    return Evidence(
        lm_lag=lm["LM lag"].p_value,
        lm_error=lm["LM error"].p_value,
        robust_lag=lm["robust LM lag"].p_value,
        robust_error=lm["robust LM error"].p_value,
        robust_lag_statistic=lm["robust LM lag"].statistic,
        robust_error_statistic=lm["robust LM error"].statistic,
        theta=smaller("SAR"),
        common_factor=smaller("SEM"),
        rho=smaller("SLX"),
        slx_theta=found["Wald SLX to OLS" if robust else "LR SLX to OLS"],
    )


def _effects_in_words(
    steps: Sequence[ChainStep], effects: tuple[bool, bool], level: float
) -> list[str]:
    """What the tests say of the effects that were asked for."""
    p_values = {step.test.name: step.test.p_value for step in steps}
    sentences = []
    for wanted, name in zip(effects, ("unit", "time"), strict=True):
        p_value = p_values.get(f"LR {name} effects", float("nan"))
        if wanted and p_value >= level:
            sentences.append(f"Equal {name} effects are not rejected ({_p(p_value)}).")
        if not wanted and p_value < level:
            sentences.append(
                f"Equal {name} effects are rejected ({_p(p_value)}) but were not asked for: "
                f"consider {'entity' if name == 'unit' else 'time'}_effects=True."
            )
    p_value = p_values.get("Mundlak", float("nan"))
    if not np.isnan(p_value):
        sentences.append(
            f"Unit effects are correlated with the regressors (Mundlak, {_p(p_value)}): fixed "
            "effects are needed."
            if p_value < level
            else f"Mundlak's test does not reject random effects ({_p(p_value)}), which would be "
            "more efficient; the fixed effects reported are consistent either way."
        )
    return sentences


def _tabulate_regressions(linear: Mapping[str, SpatialPanel]) -> pd.DataFrame:
    rows = {}
    for kind, panel in linear.items():
        fit = panel.fit("direct")
        rows[kind] = {**fit.params.to_dict(), "loglik": fit.loglik, "r2": fit.r2}
    table = pd.DataFrame.from_dict(rows, orient="index")
    table.index.name = "effects"
    last = ["sigma2", "loglik", "r2"]
    first = [name for name in table.columns if name not in last]
    return table[first + last]


def _tabulate_criteria(fits: Mapping[str, SpatialPanelResults]) -> pd.DataFrame:
    table = pd.DataFrame(
        {
            "loglik": [fit.loglik for fit in fits.values()],
            "n_parameters": [fit.n_parameters for fit in fits.values()],
            "aic": [fit.aic for fit in fits.values()],
            "bic": [fit.bic for fit in fits.values()],
        },
        index=pd.Index(list(fits), name="model"),
    )
    return table.assign(
        aic_rank=table["aic"].rank(method="min").astype(int),
        bic_rank=table["bic"].rank(method="min").astype(int),
    )


def _name_effects(effects: tuple[bool, bool]) -> str:
    return next(kind for kind, pair in EFFECT_KINDS.items() if pair == effects)


def _say(test: SpecificationTest, level: float) -> str:
    if np.isnan(test.p_value):
        return "not defined"
    return "rejected" if test.p_value < level else "not rejected"


def _verdict(p_value: float, level: float) -> str:
    if np.isnan(p_value):
        return "not testable"
    return f"{'rejected' if p_value < level else 'not rejected'} ({_p(p_value)})"


def _p(p_value: float) -> str:
    return "p < 0.0001" if p_value < 1e-4 else f"p = {p_value:.4f}"


def _format_number(value: Any) -> str:
    return f"{value:.6g}"


def _to_text(table: pd.DataFrame, *, index: bool = True) -> str:
    return str(table.to_string(float_format=_format_number, index=index, na_rep=""))
