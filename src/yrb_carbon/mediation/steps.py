"""Stepwise mediation tables, as much of the literature prints them, beside the exact effects.

Three steps (Baron & Kenny 1986, J. Personality and Social Psychology 51:1173-1182; Wen & Ye 2014,
Advances in Psychological Science 22:731-745), one mediator at a time, on coefficients: c of y on x,
a of m on x, b and c' of y on m and x; ab with the z of Sobel (1982), and its share in c. In spatial
models coefficients are no effects: neither the product of the direct nor that of the indirect
effects is the mediated effect. Two steps (Jiang 2022, China Industrial Economics 2022(5):100-120):
the effects of x on y and of x on m alone; that m moves y is argued, not estimated.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from yrb_carbon.spatialpanel import BoundaryError, SpatialPanelResults
from yrb_carbon.spatialpanel.covariance import ASSUMPTIONS, CovarianceType
from yrb_carbon.spatialpanel.effects_results import (
    DEFAULT_LEVEL,
    normal_p_values,
    normal_quantile,
    point_effects,
)
from yrb_carbon.spatialpanel.errors import check_choice
from yrb_carbon.spatialpanel.tables import TIDY_COLUMNS, html_notes, html_table, text_table

from .results import SYSTEM_COLUMNS, MediationResults

if TYPE_CHECKING:
    from yrb_carbon.spatialpanel.within import Array

THREE_STEP, TWO_STEP = "three_step", "two_step"
DEFAULT_COVARIANCES: tuple[CovarianceType, ...] = ("oim", "serial")


def calc_sobel(a: float, b: float, error_a: float, error_b: float) -> tuple[float, float, float]:
    """ab, its standard error √(a²s_b² + b²s_a²), and z = ab/s.e. (Sobel 1982).

    Parameters
    ----------
    a, b : float
        Of the mediator on the treatment, and of the outcome on the mediator.
    error_a, error_b : float
        Their standard errors.

    Returns
    -------
    ab, standard error, z; z is NaN without a standard error.
    """
    product, error = a * b, float(np.hypot(a * error_b, b * error_a))
    return product, error, product / error if error > 0.0 else float("nan")


@dataclass(frozen=True, slots=True, repr=False)
class MediationSteps:
    """Stepwise tables of a system, one mediator at a time.

    Attributes
    ----------
    systems : mapping mediator -> MediationResults
        With that mediator alone.
    cov_types : tuple of str
        Covariances of the tests.
    """

    systems: Mapping[str, MediationResults]
    cov_types: tuple[CovarianceType, ...]

    @property
    def treatment(self) -> str:
        """x."""
        return self._first.treatment

    @property
    def outcome(self) -> str:
        """y."""
        return self._first.outcome.arrays.dependent

    def three_step(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """The three steps on coefficients, index (mediator, step, inference).

        Steps: c, a, b, c_prime, ab. Columns estimate, std_error, statistic, p_value, ci_lower,
        ci_upper (normal), and share, ab/c, in the row of ab; a negative share is suppression.
        """
        keys, rows = zip(*self._steps(level), strict=True)
        index = pd.MultiIndex.from_tuples(keys, names=["mediator", "step", "inference"])
        return pd.DataFrame(list(rows), index=index)

    def products(self) -> pd.DataFrame:
        """Products of effects beside the mediated effects that they are taken for.

        Returns
        -------
        DataFrame, index mediator; columns direct_x_direct, mediated_direct, indirect_x_indirect,
        mediated_spillover. First the product of the effects of x on m and of m on y, then the exact
        effect, of the system with that mediator alone.
        """
        rows = {}
        for mediator, system in self.systems.items():
            of_treatment = _effects_of(system.mediators[mediator], self.treatment)
            of_mediator = _effects_of(system.outcome, mediator)
            exact = dict(zip(system.labels, system.decompose().values[0], strict=True))
            rows[mediator] = {
                "direct_x_direct": float(of_treatment[0] * of_mediator[0]),
                "mediated_direct": float(exact[mediator, "mediated_direct"]),
                "indirect_x_indirect": float(of_treatment[1] * of_mediator[1]),
                "mediated_spillover": float(exact[mediator, "mediated_spillover"]),
            }
        return pd.DataFrame.from_dict(rows, orient="index").rename_axis("mediator")

    def two_step(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """Effects of the treatment on the outcome and on every mediator, by the delta method.

        Columns `TIDY_COLUMNS`; ``equation`` is what the treatment acts on, ``inference`` the
        covariance.
        """
        fits = [self._first.one_step]
        fits += [system.mediators[name] for name, system in self.systems.items()]
        parts = []
        for fit in fits:
            for cov_type in self.cov_types:
                tidy = _with(fit, cov_type).effects().tidy(level)
                parts.append(tidy[tidy["term"] == self.treatment].assign(inference=cov_type))
        return pd.concat(parts, ignore_index=True)[list(TIDY_COLUMNS)]

    def tidy(self, level: float = DEFAULT_LEVEL) -> pd.DataFrame:
        """One number a row, with the columns `SYSTEM_COLUMNS`.

        ``spec`` is ``three_step`` or ``two_step``. Three steps: coefficients (quantity ``coef``,
        terms such as ``a: x -> m``), their product and the products of effects (``value``), the
        exact effects of the system with that mediator alone, and ab/c (``share``).
        """
        steps = self._tidy_steps(level)
        products = self.products().rename_axis("term").reset_index()
        products = products.melt("term", var_name="what", value_name="estimate")
        exact = products["what"].str.startswith("mediated")
        products["quantity"] = products["what"].where(exact, "value")
        products["term"] = products["term"].where(
            exact, products["what"].str.replace("_", " ") + ": " + products["term"]
        )
        products = products.assign(spec=THREE_STEP, equation=self.outcome, inference="none")
        two = self.two_step(level).assign(spec=TWO_STEP)
        numbers: dict[str, Any] = dict.fromkeys(_NUMBERS, np.float64)
        return pd.concat(
            [
                part.reindex(columns=list(SYSTEM_COLUMNS)).astype(numbers)
                for part in (steps, products, two)
            ],
            ignore_index=True,
        )

    @property
    def summary(self) -> str:
        """All tables as text, with what they do not say."""
        parts = [f"{title}\n{text_table(table)}" for title, table in self._shown()]
        return "\n\n".join([*parts, "\n".join(self._notes())])

    def __repr__(self) -> str:
        return f"<MediationSteps {self.treatment} -> {', '.join(self.systems)} -> {self.outcome}>"

    def _repr_html_(self) -> str:
        tables = "".join(html_table(table, title) for title, table in self._shown())
        return tables + html_notes(self._notes())

    @property
    def _first(self) -> MediationResults:
        return next(iter(self.systems.values()))

    def _steps(self, level: float) -> list[tuple[tuple[str, str, str], dict[str, float]]]:
        """((mediator, step, covariance), numbers) of every step."""
        return [
            ((mediator, step, cov_type), row)
            for mediator, system in self.systems.items()
            for cov_type in self.cov_types
            for step, row in self._steps_of(mediator, system, cov_type, level).items()
        ]

    def _steps_of(
        self, mediator: str, system: MediationResults, cov_type: CovarianceType, level: float
    ) -> dict[str, dict[str, float]]:
        outcome = _with(system.outcome, cov_type)
        rows = {
            "c": _coefficient(_with(system.one_step, cov_type), self.treatment, level),
            "a": _coefficient(_with(system.mediators[mediator], cov_type), self.treatment, level),
            "b": _coefficient(outcome, mediator, level),
            "c_prime": _coefficient(outcome, self.treatment, level),
        }
        a, b = rows["a"], rows["b"]
        product, error, z = calc_sobel(a["estimate"], b["estimate"], a["std_error"], b["std_error"])
        half = normal_quantile(level) * error
        rows["ab"] = {
            "estimate": product,
            "std_error": error,
            "statistic": z,
            "p_value": float(normal_p_values(np.array([z]))[0]),
            "ci_lower": product - half,
            "ci_upper": product + half,
            "share": product / rows["c"]["estimate"],
        }
        return rows

    def _tidy_steps(self, level: float) -> pd.DataFrame:
        x, y = self.treatment, self.outcome
        rows: list[dict[str, Any]] = []
        for (m, step, cov_type), row in self._steps(level):
            equation, term = {
                "c": (y, f"c: {x} -> {y}"),
                "a": (m, f"a: {x} -> {m}"),
                "b": (y, f"b: {m} -> {y}"),
                "c_prime": (y, f"c': {x} -> {y} given {m}"),
                "ab": (y, f"ab: {x} -> {m} -> {y}"),
            }[step]
            base = {"equation": equation, "spec": THREE_STEP, "inference": cov_type}
            quantity = "value" if step == "ab" else "coef"
            rows.append({**base, "quantity": quantity, "term": term, **row})
            if step == "ab":
                share = {"quantity": "share", "term": f"ab/c: {x} -> {m} -> {y}"}
                rows.append({**base, **share, "estimate": row["share"]})
        # c is the same for every mediator.
        return pd.DataFrame(rows).drop_duplicates(["equation", "quantity", "term", "inference"])

    def _shown(self) -> list[tuple[str, pd.DataFrame]]:
        two = self.two_step().set_index(["equation", "quantity", "inference"])
        return [
            ("Three steps on coefficients, one mediator at a time", self.three_step()),
            ("Products of effects and the mediated effects", self.products()),
            (f"Two steps: effects of {self.treatment}", two.drop(columns="term")),
        ]

    def _notes(self) -> list[str]:
        covariances = "; ".join(f"{name}: {ASSUMPTIONS[name]}" for name in self.cov_types)
        return [
            "Coefficients of spatial models are no effects, and the one-step equation is not the "
            "reduced form of the system, so c is not c' + ab.",
            "The products of effects are not the mediated effects: they leave out paths that cross "
            "units, and the mediated spillover is no product of indirect effects.",
            f"Inference: {covariances}.",
        ]


_NUMBERS = ("estimate", "std_error", "statistic", "p_value", "ci_lower", "ci_upper")


def calc_steps(
    results: MediationResults, cov_types: Sequence[CovarianceType] = DEFAULT_COVARIANCES
) -> MediationSteps:
    """Stepwise tables of a system.

    Parameters
    ----------
    results : MediationResults
    cov_types : sequence of str
        Covariances that the tests are made with, as of `SpatialPanel.fit`.

    Returns
    -------
    MediationSteps

    Raises
    ------
    BoundaryError
        If an equation is at the boundary, with one mediator or without any.
    SpecificationError
        For an unknown covariance.
    """
    for cov_type in cov_types:
        check_choice("cov_types", cov_type, list(ASSUMPTIONS))
    systems = results.one_at_a_time()
    for system in systems.values():
        system.check_interior()
    if results.one_step.at_boundary:
        raise BoundaryError(
            "the one-step equation is at the edge of the admissible interval, where there are "
            "neither standard errors nor effects; there are no steps"
        )
    return MediationSteps(systems=systems, cov_types=tuple(cov_types))


def _with(fit: SpatialPanelResults, cov_type: CovarianceType) -> SpatialPanelResults:
    if fit.specification.cov_type == cov_type:
        return fit
    return fit.with_covariance(cov_type)


def _coefficient(fit: SpatialPanelResults, name: str, level: float) -> dict[str, float]:
    table = fit.table(level).rename(columns={"z": "statistic"})
    values: Array = table.loc[[name]].to_numpy(dtype=np.float64)[0]
    return dict(zip(map(str, table.columns), values.tolist(), strict=True))


def _effects_of(fit: SpatialPanelResults, variable: str) -> Array:
    effects: Array = point_effects(fit)[fit.arrays.variables.index(variable)]
    return effects
