"""Literature that a page cites."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from unicodedata import east_asian_width

from markupsafe import Markup

from yrb_carbon.study.base import Language

REFERENCES: Mapping[str, tuple[str, str]] = {
    "Anselin": (
        "Anselin 1995",
        "Anselin, L. (1995). Local indicators of spatial association: LISA. Geographical "
        "Analysis 27(2), 93-115.",
    ),
    "Bai": (
        "Bai, Guo and Lai 2022",
        "白永亮、郭丹霞、赖印强 (2022). 推动空间竞合的区域高质量发展“双碳”机制研究. "
        "区域经济评论 2022(5), 47-57.",
    ),
    "Benjamini": (
        "Benjamini and Hochberg 1995",
        "Benjamini, Y. and Hochberg, Y. (1995). Controlling the false discovery rate: a "
        "practical and powerful approach to multiple testing. Journal of the Royal Statistical "
        "Society B 57(1), 289-300.",
    ),
    "Blondel": (
        "Blondel et al. 2008",
        "Blondel, V. D., Guillaume, J.-L., Lambiotte, R. and Lefebvre, E. (2008). Fast "
        "unfolding of communities in large networks. Journal of Statistical Mechanics P10008.",
    ),
    "Brandes": (
        "Brandes 2001",
        "Brandes, U. (2001). A faster algorithm for betweenness centrality. Journal of "
        "Mathematical Sociology 25(2), 163-177.",
    ),
    "Chen": (
        "Chen and Chen 2011",
        "Chen, Z. M. and Chen, G. Q. (2011). Embodied carbon dioxide emission at "
        "supra-national scale. Energy Policy 39(5), 2899-2909.",
    ),
    "Dagum": (
        "Dagum 1997",
        "Dagum, C. (1997). A new approach to the decomposition of the Gini income inequality "
        "ratio. Empirical Economics 22, 515-531.",
    ),
    "Defourny": (
        "Defourny and Thorbecke 1984",
        "Defourny, J. and Thorbecke, E. (1984). Structural path analysis and multiplier "
        "decomposition within a social accounting matrix framework. Economic Journal 94, "
        "111-136.",
    ),
    "Dietzenbacher": (
        "Dietzenbacher and Los 1998",
        "Dietzenbacher, E. and Los, B. (1998). Structural decomposition techniques: sense and "
        "sensitivity. Economic Systems Research 10(4), 307-324.",
    ),
    "Elhorst 2010": (
        "Elhorst 2010",
        "Elhorst, J. P. (2010). Applied spatial econometrics: raising the bar. Spatial Economic "
        "Analysis 5(1), 9-28.",
    ),
    "Fagiolo": (
        "Fagiolo 2007",
        "Fagiolo, G. (2007). Clustering in complex directed networks. Physical Review E 76, "
        "026107.",
    ),
    "Fang": (
        "Fang 2015",
        "方恺 (2015). 基于改进生态足迹三维模型的自然资本利用特征分析. 生态学报 35(11).",
    ),
    "Hamed": (
        "Hamed and Rao 1998",
        "Hamed, K. H. and Rao, A. R. (1998). A modified Mann-Kendall trend test for "
        "autocorrelated data. Journal of Hydrology 204, 182-196.",
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
    "LeSage and Pace": (
        "LeSage and Pace 2009",
        "LeSage, J. and Pace, R. K. (2009). Introduction to Spatial Econometrics. CRC Press.",
    ),
    "Lee and Yu": (
        "Lee and Yu 2010",
        "Lee, L.-F. and Yu, J. (2010). Estimation of spatial autoregressive panel data models "
        "with fixed effects. Journal of Econometrics 154, 165-185.",
    ),
    "Lefever": (
        "Lefever 1926",
        "Lefever, D. W. (1926). Measuring geographic concentration by means of the standard "
        "deviational ellipse. American Journal of Sociology 32, 88-94.",
    ),
    "Lenzen": (
        "Lenzen et al. 2007",
        "Lenzen, M., Murray, J., Sack, F. and Wiedmann, T. (2007). Shared producer and "
        "consumer responsibility: theory and practice. Ecological Economics 61(1), 27-42.",
    ),
    "Lu": (
        "Lu et al. 2013",
        "鲁丰先等 (2013). 地理科学进展 32(12).",
    ),
    "Miller": (
        "Miller and Blair 2009",
        "Miller, R. E. and Blair, P. D. (2009). Input-Output Analysis: Foundations and "
        "Extensions, 2nd edition. Cambridge University Press.",
    ),
    "Moran": (
        "Moran 1950",
        "Moran, P. A. P. (1950). Notes on continuous stochastic phenomena. Biometrika 37, 17-23.",
    ),
    "Niccolucci": (
        "Niccolucci et al. 2009",
        "Niccolucci, V., Bastianoni, S., Tiezzi, E. B. P., Wackernagel, M. and Marchettini, N. "
        "(2009). How deep is the footprint? A 3D representation. Ecological Modelling 220, "
        "2819-2823.",
    ),
    "Ord": (
        "Ord 1975",
        "Ord, K. (1975). Estimation methods for models of spatial interaction. Journal of the "
        "American Statistical Association 70, 120-126.",
    ),
    "Peters": (
        "Peters 2008",
        "Peters, G. P. (2008). From production-based to consumption-based national emission "
        "inventories. Ecological Economics 65(1), 13-23.",
    ),
    "Sanderson": (
        "Sanderson and Windmeijer 2016",
        "Sanderson, E. and Windmeijer, F. (2016). A weak instrument F-test in linear IV models "
        "with multiple endogenous variables. Journal of Econometrics 190, 212-221.",
    ),
    "Sen": (
        "Sen 1968",
        "Sen, P. K. (1968). Estimates of the regression coefficient based on Kendall's tau. "
        "Journal of the American Statistical Association 63, 1379-1389.",
    ),
    "Serrano": (
        "Serrano, Boguñá and Vespignani 2009",
        "Serrano, M. A., Boguñá, M. and Vespignani, A. (2009). Extracting the multiscale "
        "backbone of complex weighted networks. PNAS 106(16), 6483-6488.",
    ),
    "Shan": (
        "Shan et al. 2018",
        "Shan, Y., Guan, D., Zheng, H. et al. (2018). China CO2 emission accounts 1997-2015. "
        "Scientific Data 5, 170201.",
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
    "Theil": (
        "Theil 1967",
        "Theil, H. (1967). Economics and Information Theory. North-Holland.",
    ),
    "Watts": (
        "Watts and Strogatz 1998",
        "Watts, D. J. and Strogatz, S. H. (1998). Collective dynamics of small-world "
        "networks. Nature 393, 440-442.",
    ),
    "Wei": (
        "Wei, Ni and Du 2012",
        "Wei, C., Ni, J. and Du, L. (2012). Regional allocation of carbon dioxide abatement in "
        "China. China Economic Review 23, 552-565.",
    ),
    "White": (
        "White, Boorman and Breiger 1976",
        "White, H. C., Boorman, S. A. and Breiger, R. L. (1976). Social structure from "
        "multiple networks. American Journal of Sociology 81(4), 730-780.",
    ),
    "Xie": (
        "Xie et al. 2008",
        "谢鸿宇等 (2008). 基于碳循环的化石能源及电力生态足迹. 生态学报 28(4).",
    ),
    "Yang": (
        "Yang 2018",
        "Yang, Z. (2018). Unified M-estimation of fixed-effects spatial dynamic models with short "
        "panels. Journal of Econometrics 205, 423-447.",
    ),
    "Yuill": (
        "Yuill 1971",
        "Yuill, R. S. (1971). The standard deviational ellipse: an updated tool for spatial "
        "description. Geografiska Annaler B 53, 28-39.",
    ),
    "Zheng": (
        "Zheng et al. 2021",
        "Zheng, H., Bai, Y., Wei, W. et al. (2021). Chinese provincial multi-regional "
        "input-output database for 2012, 2015, and 2017. Scientific Data 8, 244.",
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
