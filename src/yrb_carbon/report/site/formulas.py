"""Formulas as MathML, which browsers show without a script; written in LaTeX, converted once."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache

from markupsafe import Markup

from yrb_carbon.study.embodied import Flow

INDEX_FORMULAS: Mapping[str, str] = {
    "sink.npp": r"S = \mathrm{NPP}\cdot \mathrm{area}\cdot 10^{6}\cdot k\cdot 10^{-12}",
    "sink.landuse": r"S = -\sum_{k:\,\delta_k<0} \mathrm{area}_k\cdot 100\cdot \delta_k"
    r"\cdot \frac{44}{12}\cdot 10^{-6}",
    "balance.ratio": r"\frac{S}{E}",
    "balance.source_sink": r"\frac{E}{S}",
    "balance.net": r"S - E",
    "balance.norm": r"\frac{S - E}{S + E}",
    "balance.percap": r"\frac{(S - E)\cdot 10^{6}}{\mathrm{pop}\cdot 10^{4}}",
    "balance.perarea": r"\frac{(S - E)\cdot 10^{6}}{\mathrm{area}}",
    "balance.esc": r"\frac{S_i/\sum_j S_j}{E_i/\sum_j E_j}",
    "balance.ecc": r"\frac{\mathrm{GDP}_i/\sum_j \mathrm{GDP}_j}{E_i/\sum_j E_j}",
    "balance.minus_emissions": r"E",
    "agglomeration.lq": r"\frac{m_{it}/e_{it}}{M_t/E_t}",
    "agglomeration.density": r"\frac{m_{it}}{\mathrm{area}_i}",
    "agglomeration.share": r"\frac{m_{it}}{e_{it}}",
    "upgrading.ts": r"\frac{Y_3}{Y_2}",
    "upgrading.theil": r"-\sum_{j=1}^{3} \frac{Y_j}{Y}\,\ln\frac{Y_j/L_j}{Y/L}",
    "upgrading.level": r"\frac{Y_1 + 2Y_2 + 3Y_3}{Y_1 + Y_2 + Y_3}",
    "upgrading.angle": r"3\theta_1 + 2\theta_2 + \theta_3,\quad"
    r"\theta_j = \arccos\frac{Y_j}{\sqrt{Y_1^2 + Y_2^2 + Y_3^2}}",
    "technology.patent": r"\ln\left(1 + \frac{\mathrm{patents}}{\mathrm{pop}}\right)",
    "technology.prov_green_patent": r"\ln\left(1 + \frac{\mathrm{green\ patents}_p}"
    r"{\mathrm{pop}_p}\right)",
    "technology.sci_share": r"\frac{\mathrm{science}}{\mathrm{expenditure}}",
    "land_sink.per_area": r"\ln\frac{S\cdot 10^{6}}{\mathrm{area}}",
    "control.ln_gdp_pc": r"\ln\frac{\mathrm{GDP}}{\mathrm{pop}}",
    "control.ln_gdp_pc_sq": r"\left(\ln\frac{\mathrm{GDP}}{\mathrm{pop}}\right)^{2}",
    "control.ln_density": r"\ln\frac{\mathrm{pop}}{\mathrm{area}}",
    "control.fdi_gdp": r"\frac{100\cdot \mathrm{FDI}\cdot \mathrm{rate}}{\mathrm{GDP}}",
    "control.fiscal_gdp": r"\frac{\mathrm{expenditure}}{\mathrm{GDP}}",
    "control.loans_gdp": r"\frac{\mathrm{loans}}{\mathrm{GDP}}",
    "control.road_pc": r"\frac{\mathrm{roads}}{\mathrm{pop}}",
    "control.secondary_share": r"\frac{Y_2}{Y}",
    "control.urbanisation": r"\frac{100\cdot \mathrm{pop}_{\mathrm{urban}}}{\mathrm{pop}}",
}
"""Right sides of the indices of the dictionary, before the transform, by their names there."""

TRANSFORM_FORMULAS: Mapping[str, str] = {
    "level": r"{0}",
    "log": r"\ln\left({0}\right)",
    "log1p": r"\ln\left(1 + {0}\right)",
    "log_eps": r"\ln\left({0} + c\right)",
    "asinh": r"\mathrm{asinh}\left({0}\right)",
}
"""How a formula is written under each transform; `str.replace` fills in `{0}`."""

WEIGHTS_FORMULAS: Mapping[str, str] = {
    "queen": r"w_{ij} = 1",
    "rook": r"w_{ij} = 1",
    "invd": r"w_{ij} = 1/d_{ij}",
    "invd2": r"w_{ij} = 1/d_{ij}^{2}",
    "invd_cut": r"w_{ij} = 1/d_{ij},\quad d_{ij} \le c",
    "knn": r"w_{ij} = 1",
    "expd": r"w_{ij} = \exp(-d_{ij}/\bar d)",
    "econ": r"w_{ij} = 1/\max(|\bar g_i - \bar g_j|,\, q)",
    "nested_add": r"W = \varphi W_d + (1 - \varphi) W_e",
    "nested_mul": r"w_{ij} = \frac{1}{d_{ij}}\cdot\frac{\bar g_j}{\bar g}",
    "gravity": r"w_{ij} = \frac{\bar G_i \bar G_j}{d_{ij}^{2}}",
}
"""Weights before standardising; zero where the words beside them say nothing else."""

FLOW_FORMULAS: Mapping[Flow, str] = {
    "system": r"F^{rs} = \sum_m \varepsilon_m^{r}\left(\sum_j z_{mj}^{rs} + y_m^{rs}\right)",
    "producer": r"F^{rs} = \sum_m f_m^{r}\sum_{q,k} L_{(r,m),(q,k)}\, y_{(q,k)}^{s}",
    "final": r"F^{rs} = \sum_i f_i^{r}\sum_{q,m} L_{(r,i),(q,m)}\, y_{(q,m)}^{s}",
}
"""Carbon that flows from region r to region s through mining m, by `embodied.flow`."""


@cache
def math(latex: str, *, display: bool = False) -> Markup:
    """A formula as a MathML element.

    Parameters
    ----------
    latex : str
    display : bool
        In a line of its own; else within the text.
    """
    from latex2mathml.converter import convert

    return Markup(convert(latex, display="block" if display else "inline"))


def index_formula(key: str, transform: str, orientation: int | None) -> str | None:
    """Right side of a variable in LaTeX: sign, transform, index; None for a column as it is.

    Parameters
    ----------
    key : str
        Name of the index in the dictionary, `balance.ratio`.
    transform : str
        Name of the transform.
    orientation : {1, -1} or None
        Sign that makes higher better.
    """
    inner = INDEX_FORMULAS.get(key)
    if inner is None:
        return None
    sign = "-" if orientation == -1 else ""
    return sign + TRANSFORM_FORMULAS[transform].replace("{0}", inner)
