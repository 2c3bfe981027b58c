"""Literature that a page cites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from markupsafe import Markup

from yrb_carbon.study.base import Language

REFERENCES: Mapping[str, tuple[str, str]] = {
    "Elhorst 2010": (
        "Elhorst 2010",
        "Elhorst, J. P. (2010). Applied spatial econometrics: raising the bar. Spatial Economic "
        "Analysis 5(1), 9-28.",
    ),
    "Jiang": (
        "Jiang 2022",
        "江艇 (2022). 因果推断经验研究中的中介效应与调节效应. 中国工业经济 2022(5), 100-120.",
    ),
    "Kelejian and Prucha 1998": (
        "Kelejian and Prucha 1998",
        "Kelejian, H. H. and Prucha, I. R. (1998). A generalized spatial two-stage least squares "
        "procedure. Journal of Real Estate Finance and Economics 17, 99-121.",
    ),
    "Kelejian and Prucha 2001": (
        "Kelejian and Prucha 2001",
        "Kelejian, H. H. and Prucha, I. R. (2001). On the asymptotic distribution of the Moran I "
        "test statistic with applications. Journal of Econometrics 104, 219-257.",
    ),
    "Lee and Yu": (
        "Lee and Yu 2010",
        "Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models "
        "with fixed effects. Journal of Econometrics 154, 165-185.",
    ),
    "LeSage and Pace": (
        "LeSage and Pace 2009",
        "LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press.",
    ),
    "Moran": (
        "Moran 1950",
        "Moran, P. A. P. (1950). Notes on continuous stochastic phenomena. Biometrika 37, 17-23.",
    ),
    "Ord": (
        "Ord 1975",
        "Ord, K. (1975). Estimation methods for models of spatial interaction. Journal of the "
        "American Statistical Association 70, 120-126.",
    ),
    "Sanderson": (
        "Sanderson and Windmeijer 2016",
        "Sanderson, E. and Windmeijer, F. (2016). A weak instrument F-test in linear IV models "
        "with multiple endogenous variables. Journal of Econometrics 190, 212-221.",
    ),
    "Simonsohn": (
        "Simonsohn, Simmons and Nelson 2020",
        "Simonsohn, U., Simmons, J. P. and Nelson, L. D. (2020). Specification curve analysis. "
        "Nature Human Behaviour 4, 1208-1214.",
    ),
    "Sobel": (
        "Sobel 1982",
        "Sobel, M. E. (1982). Asymptotic confidence intervals for indirect effects in structural "
        "equation models. Sociological Methodology 13, 290-312.",
    ),
    "Yang": (
        "Yang 2018",
        "Yang, Z. (2018). Unified M-estimation of fixed-effects spatial dynamic models with short "
        "panels. Journal of Econometrics 205, 423-447.",
    ),
}
"""Key -> how the text names the work, and the whole reference."""


@dataclass(slots=True)
class Literature:
    """Works that a page cites, each once in the list at its end.

    Attributes
    ----------
    used : list of str
        Keys in the order in which they were cited.
    """

    used: list[str] = field(default_factory=list)

    def cite(self, key: str) -> Markup:
        """A paragraph that names the work, linked with the list."""
        if key not in self.used:
            self.used.append(key)
        return Markup('<p class="cited"><a href="#{id}" lang="en">{name}</a></p>').format(
            id=_id(key), name=REFERENCES[key][0]
        )

    def cited(self) -> list[Markup]:
        """Whole references in the order of the alphabet, with ids."""
        return [
            Markup('<span id="{id}" lang="{language}">{text}</span>').format(
                id=_id(key), language=_language(REFERENCES[key][1]), text=REFERENCES[key][1]
            )
            for key in sorted(self.used)
        ]


def _language(reference: str) -> Language:
    """Of a reference: that of the first letter of the name of its author."""
    return "zh" if east_asian_width(reference[0]) in "WF" else "en"


def _id(key: str) -> str:
    return f"work-{key.lower().replace(' ', '-')}"
