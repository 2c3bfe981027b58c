"""The truth of the demonstration study: parameters of its equations, errors and magnitudes.

System of year t, with W row-standardised and two-way fixed effects:

    m_k = rho_k W m_k + a_k x + aw_k Wx + C g_k + WC gw_k + unit + year + e_k,      k = 1, 2, 3
    y   = rho W y + c x + cw Wx + sum_k (b_k m_k + bw_k W m_k) + C g + WC gw + unit + year + e_y

x is the location quotient of mining employment (`lq`), m1 = Y3/Y2, m2 = ln(1 + patents per 10^4
persons), m3 = ln(10^6 sink/area), y = ln(sink/CO2), C = (`ln_pgdp`, `ln_density`).

In the heterogeneous variant some slopes, own and lagged, are multiplied by a factor of the period
and a factor of the unit's reach; everything else is the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

TREATMENT = "lq"
MEDIATORS = ("m1", "m2", "m3")
CONTROLS = ("ln_pgdp", "ln_density")
OUTCOME = "cb"
LAG_PREFIX = "W."

FIRST_YEAR, LAST_YEAR = 2003, 2018
YEARS = tuple(range(FIRST_YEAR, LAST_YEAR + 1))

PERIODS = ("boom", "transition")
REACH_COLUMN = "reach_V1"
REACHES = ("up", "mid", "down")
"""As data/units.csv names them."""


@dataclass(frozen=True, slots=True)
class Equation:
    """One spatial Durbin equation with two-way fixed effects.

    Attributes
    ----------
    outcome : str
        Name of the dependent variable.
    rho : float
        Coefficient of its spatial lag.
    slopes : tuple of (str, float, float)
        Regressor, its coefficient, the coefficient of its spatial lag.
    sigma : float
        Marginal standard deviation of the AR(1) error, in the unit of the outcome.
    """

    outcome: str
    rho: float
    slopes: tuple[tuple[str, float, float], ...]
    sigma: float

    @property
    def regressors(self) -> tuple[str, ...]:
        """Names of the regressors, without their lags."""
        return tuple(name for name, _, _ in self.slopes)

    def slope(self, name: str) -> tuple[float, float]:
        """Coefficients of a regressor and of its spatial lag."""
        for regressor, own, lagged in self.slopes:
            if regressor == name:
                return own, lagged
        raise KeyError(f"{name!r} is no regressor of the equation of {self.outcome!r}")

    def as_dict(self) -> dict[str, float]:
        """Every parameter by the name that a fitted model gives it."""
        own = {name: b for name, b, _ in self.slopes}
        lagged = {f"{LAG_PREFIX}{name}": theta for name, _, theta in self.slopes}
        return {"rho": self.rho, **own, **lagged, "sigma2": self.sigma**2}


Slope = tuple[str, str]
"""Outcome of an equation, and one of its regressors."""


@dataclass(frozen=True, slots=True)
class Heterogeneity:
    """Factors of slopes (own and lagged alike) by period and by reach.

    In equation q, period p and reach r the coefficients of regressor k and of its spatial lag are
    (b_qk, bw_qk) f_qkp g_qkr; a slope that is not named has factors of one.

    Attributes
    ----------
    last_boom_year : int
        The transition starts after it.
    period, reach : tuple of (Slope, tuple of float)
        Factors f in the order of PERIODS, g in the order of REACHES.
    """

    last_boom_year: int
    period: tuple[tuple[Slope, tuple[float, ...]], ...]
    reach: tuple[tuple[Slope, tuple[float, ...]], ...]

    def period_of(self, year: int) -> str:
        """Name of the period that a year belongs to."""
        return PERIODS[year > self.last_boom_year]

    def factors(self, slope: Slope, period: str, reach: Sequence[str]) -> npt.NDArray[np.float64]:
        """Factors of a slope in one period, for units by their reach, (N,)."""
        of_period = dict(self.period).get(slope, (1.0,) * len(PERIODS))
        of_reach = dict(self.reach).get(slope, (1.0,) * len(REACHES))
        by_reach = dict(zip(REACHES, of_reach, strict=True))
        return of_period[PERIODS.index(period)] * np.array([by_reach[name] for name in reach])


@dataclass(frozen=True, slots=True)
class Truth:
    """All parameters of the system.

    Attributes
    ----------
    mediators : tuple of Equation
        In the order of MEDIATORS.
    outcome : Equation
        The last column of the table of models.
    error_ar1 : float
        AR(1) coefficient of every error, within a unit.
    mediator_error_correlation : float
        Correlation of the errors of any two mediators of one unit-year; those of the outcome are
        independent of them.
    heterogeneity : Heterogeneity or None
        None: the same coefficients in all years and units.
    """

    mediators: tuple[Equation, ...]
    outcome: Equation
    error_ar1: float
    mediator_error_correlation: float
    heterogeneity: Heterogeneity | None = None

    @property
    def equations(self) -> tuple[Equation, ...]:
        """The mediators' equations, then the outcome's."""
        return (*self.mediators, self.outcome)


TRUTH = Truth(
    mediators=(
        Equation(
            "m1",
            rho=0.30,
            slopes=(("lq", -0.130, 0.230), ("ln_pgdp", -0.25, 0.10), ("ln_density", 0.20, -0.10)),
            sigma=0.085,
        ),
        Equation(
            "m2",
            rho=0.35,
            slopes=(("lq", -0.080, 0.148), ("ln_pgdp", 0.35, -0.10), ("ln_density", 0.25, -0.15)),
            sigma=0.080,
        ),
        Equation(
            "m3",
            rho=0.30,
            slopes=(("lq", -0.040, 0.092), ("ln_pgdp", -0.10, 0.05), ("ln_density", -0.10, 0.05)),
            sigma=0.055,
        ),
    ),
    outcome=Equation(
        "cb",
        rho=0.35,
        slopes=(
            ("lq", -0.060, 0.120),
            ("m1", 0.60, 0.10),
            ("m2", 0.35, 0.10),
            ("m3", 0.90, 0.05),
            ("ln_pgdp", -0.40, 0.15),
            ("ln_density", -0.30, 0.10),
        ),
        sigma=0.060,
    ),
    error_ar1=0.5,
    mediator_error_correlation=0.3,
)
"""Signs as the study reports them: x harms its own unit's balance and mediators, the mediators
help the balance, x in the neighbourhood helps; the path through m1 is the strongest. Magnitudes:
each effect, and the distance of that path from the others, is about four sampling standard
deviations or more under the AR(1) errors (docs/benchmarks/demo_recovery.csv)."""

HETEROGENEOUS_TRUTH = replace(
    TRUTH,
    heterogeneity=Heterogeneity(
        last_boom_year=2012,
        period=(
            (("m1", "lq"), (1.0, 1.5)),
            (("cb", "lq"), (0.95, 1.05)),
        ),
        reach=(
            (("m2", "lq"), (1.3, 0.8, 0.2)),
            (("m3", "lq"), (1.3, 0.8, 0.1)),
            (("cb", "lq"), (1.5, 1.0, 0.5)),
        ),
    ),
)
"""Both groupings differ in strength and in the paths, with the signs of TRUTH in every group.

Magnitudes: in the committed variant the mediated direct effect of m1 differs between the periods,
and those of m2 and m3 between upper and lower reaches, by three to four bootstrap standard
deviations of groups fitted by themselves; the treatment's slopes in the outcome by seven between
the periods and by more than three between upper and lower reaches (serially robust).

Slopes that differ by period are few and moderate on purpose. The treatment's mean of a unit is many
times what varies within it, so they part the levels of the two periods, which a model with common
slopes, or with slopes by reach alone, takes for errors of the unit; in the outcome such steps would
also bias the slopes of mediators that have them."""
