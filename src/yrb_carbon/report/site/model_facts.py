"""Models that a study fits: kinds, effects, estimators, covariances, and formulas made of them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from yrb_carbon.report.site.bilingual import Text
from yrb_carbon.report.site.run import Run
from yrb_carbon.report.site.summary import column_words, main_models
from yrb_carbon.study.config import Study
from yrb_carbon.study.heterogeneity_tables import HeterogeneityTable
from yrb_carbon.study.mediation_tables import MediationTable
from yrb_carbon.study.robustness_tables import RobustnessTable
from yrb_carbon.study.tables import EffectsTable, ModelsTable, TableSection

WITH_LAG = ("sar", "sdm", "sac", "gns")
"""Models with a lag of the outcome."""
WITH_ERROR = ("sem", "sdem", "sac", "gns")
"""Models with a lag of the error."""
WITH_LAGGED_REGRESSORS = ("slx", "sdm", "sdem", "gns")
NOT_SPATIAL = "ols"

CLASSICAL = ("oim", "hessian", "qml")
"""Covariances that want errors independent over time."""
ROBUST = ("serial", "clustered")
"""Covariances that hold for errors of a unit correlated over time."""
WILD_BOOTSTRAP = "bootstrap_wild_unit"

COVARIANCE_FORMULAS: Mapping[str, str] = {
    "oim": r"\mathcal{I}^{-1},\quad \mathcal{I}_{ab} = b_a'b_b/\sigma^2 + J D_{ab}",
    "hessian": r"\left(-\frac{\partial^2 \ln L}{\partial\psi\,\partial\psi'}\right)^{-1}",
    "qml": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1}",
    "serial": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1},\quad S_{ab} = \frac{1}{\sigma^4}\left("
    r"\sum_i b_{ai}'\Sigma b_{bi} + \mathrm{tr}(\tilde\Sigma^2) D_{ab}"
    r" + \kappa \sum_i P_{a,ii}P_{b,ii}\right)",
    "clustered": r"\mathcal{I}^{-1} S\, \mathcal{I}^{-1},\quad "
    r"S = \sum_i w_i w_i' + \sum_{i<j} v_{ij} v_{ij}'",
}
"""Covariances of the parameters, with S the covariance of the score."""

EFFECTS_FORMULAS: Mapping[str, tuple[str, str, str]] = {
    "none": ("", "n = NT", "J = T"),
    "unit": (r"\mu", "n = N(T-1)", "J = T-1"),
    "time": (r"\xi_t\iota", "n = (N-1)T", "J = T"),
    "twoway": (r"\mu + \xi_t\iota", "n = (N-1)(T-1)", "J = T-1"),
}
"""Terms of the effects; observations and times of the log-determinant after the transforms."""
WITH_TIME_EFFECTS = ("time", "twoway")


@dataclass(frozen=True, slots=True)
class Fitted:
    """Form of a model that a table fits."""

    model: str
    effects: str
    estimator: str


@dataclass(frozen=True, slots=True)
class ModelFacts:
    """What the models of the study are.

    Attributes
    ----------
    table, model, effects : str
        The main model.
    column : Text
        Heading of its column.
    covariances : sequence of str
        Of its table.
    kinds, all_effects, estimators : sequence of str
        Of all models that a table fits, each once.
    transformed : sequence of str
        Effects of the models by the transformation estimator.
    """

    table: str
    column: Text
    model: str
    effects: str
    covariances: Sequence[str]
    kinds: Sequence[str]
    all_effects: Sequence[str]
    estimators: Sequence[str]
    transformed: Sequence[str]

    @property
    def equation(self) -> str:
        """The model that all others are cases of, in LaTeX."""
        lag = r"\rho W y_t + " if self.has_any(WITH_LAG) else ""
        lagged = r" + W X_t\theta" if self.has_any(WITH_LAGGED_REGRESSORS) else ""
        has_error = self.has_any(WITH_ERROR)
        terms = {term for name in self.all_effects for term in _terms(name)}
        effects = "".join(f" + {term}" for term in (r"\mu", r"\xi_t\iota") if term in terms)
        error = r"u_t,\qquad u_t = \lambda W u_t + \varepsilon_t" if has_error else r"\varepsilon_t"
        return rf"y_t = {lag}X_t\beta{lagged}{effects} + {error}"

    def has_any(self, kinds: Sequence[str]) -> bool:
        """Whether a model of the study is of one of the kinds."""
        return any(kind in kinds for kind in self.kinds)

    def likelihood(self, observations: str, periods: str, weights: str) -> str:
        """Log-likelihood in LaTeX, with the log-determinants that the models have."""
        parts = []
        for kinds, letter in ((WITH_LAG, r"\rho"), (WITH_ERROR, r"\lambda")):
            if self.has_any(kinds):
                parts.append(rf"\ln|I - {letter} {weights}|")
        joined = " + ".join(parts)
        inner = rf"\left({joined}\right)" if len(parts) > 1 else joined
        determinants = f" + {periods}{inner}" if parts else ""
        return (
            rf"\ln L = -\frac{{{observations}}}{{2}}\ln(2\pi\sigma^2){determinants}"
            r" - \frac{\tilde e'\tilde e}{2\sigma^2}"
        )


def _terms(effects: str) -> list[str]:
    return EFFECTS_FORMULAS[effects][0].split(" + ")


def model_facts(run: Run) -> ModelFacts | None:
    """The main model of the study, and what its tables fit; None without models."""
    chosen = main_models(run)
    if chosen is None:
        return None
    of, name = chosen
    table = run.study.tables[of]
    if not isinstance(table, ModelsTable):
        raise TypeError(f"table {of!r} holds no models")
    column = next(column for column in table.columns if column.id == name)
    forms = list(fitted_models(run.study))
    spatial = [form for form in forms if form.model != NOT_SPATIAL]
    return ModelFacts(
        table=of,
        column=run.words.each(partial(column_words, column)),
        model=column.model,
        effects=column.effects,
        covariances=table.covariances,
        kinds=_once([*(form.model for form in forms), *_tried_models(run.study)]),
        all_effects=_once(form.effects for form in forms),
        estimators=_once(form.estimator for form in spatial),
        transformed=_once(form.effects for form in spatial if form.estimator == "transform"),
    )


def fitted_models(study: Study) -> Iterator[Fitted]:
    """Forms of the models of all tables that say them, the same ones again and again."""
    for table in study.tables.values():
        if isinstance(table, ModelsTable):
            yield from (Fitted(one.model, one.effects, one.estimator) for one in table.columns)
        elif isinstance(table, MediationTable | HeterogeneityTable):
            yield Fitted(table.model, table.effects, table.estimator)


def _tried_models(study: Study) -> Iterator[str]:
    """Models of the specifications of the grids."""
    for table in study.tables.values():
        if isinstance(table, RobustnessTable):
            yield from (one.model for one in table.specifications.values())


def _once(names: Sequence[str] | Iterator[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))


def covariances_of(study: Study) -> list[str]:
    """Covariances that a table of the study asks for, in the order of their formulas."""
    asked = {name for t in study.tables.values() for name in getattr(t, "covariances", ())}
    return [name for name in COVARIANCE_FORMULAS if name in asked]


def has_wild_bootstrap(study: Study) -> bool:
    """Whether a table has intervals of the wild bootstrap by unit."""

    def has(table: TableSection) -> bool:
        if isinstance(table, MediationTable):
            return "wild_unit" in table.bootstrap.schemes
        return isinstance(table, EffectsTable) and WILD_BOOTSTRAP in study.effects.inference

    return any(has(table) for table in study.tables.values())
