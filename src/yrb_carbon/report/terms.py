"""Names that readers see for what estimates.csv calls by short ones: tests, models, inference.

Texts that are made of parts, such as null hypotheses, are known by templates: a template is the
message id, and is read backwards to find the parts.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from functools import cache

from yrb_carbon.report.language import Words, message

COVARIANCE_NAMES = {
    "oim": message("oim"),
    "hessian": message("hessian"),
    "qml": message("qml"),
    "serial": message("serial"),
    "clustered": message("clustered"),
    "clustered_unit": message("clustered by unit"),
    "unadjusted": message("unadjusted"),
    "robust": message("robust"),
    "kernel": message("kernel"),
    "driscoll_kraay": message("Driscoll-Kraay"),
}
COVARIANCE_WORDS = {
    "oim": message("information matrix"),
    "hessian": message("observed Hessian"),
    "qml": message("sandwich, errors independent over time"),
    "serial": message("serially robust"),
    "clustered": message("clustered by unit"),
}
"""The same of the spatial models for who has not read the notes of a table."""
INFERENCE_NAMES = {
    "delta": message("delta method"),
    "simulation": message("simulation"),
    "mc": message("Monte Carlo"),
    "bootstrap_wild_unit": message("wild bootstrap by unit"),
    "bootstrap_year": message("year bootstrap"),
    "bootstrap": message("bootstrap"),
    "permutation": message("permutation"),
    "permutation_fdr": message("permutation, after FDR"),
    "hamed_rao": message("Hamed and Rao"),
    "hamed_rao_fdr": message("Hamed and Rao, after FDR"),
    "normal_fdr": message("normal, after FDR"),
    "randomisation": message("randomisation"),
    "normal": message("normal"),
    "chi2": message("chi2"),
    "sobel": message("Sobel"),
}
SPATIAL_MODELS = ("ols", "slx", "sar", "sem", "sdm", "sdem", "sac", "gns")
ESTIMATOR_NAMES = {
    "transform": message("transformation QML"),
    "direct": message("direct ML"),
    "direct_bc": message("direct ML, bias-corrected"),
    "ols": message("within OLS"),
    "2sls": message("two-stage least squares"),
    "adjusted_score": message("adjusted score"),
    "bias_corrected": message("QML, bias-corrected"),
    "qml": message("QML"),
    "input_output": message("input-output accounts"),
    "inventory": message("emission inventories"),
    "energy": message("energy inventories and emission factors"),
    "accounts": message("accounts of land and carbon"),
    "printed": message("printed tables"),
    "yearbook": message("yearbooks"),
}
TABLE_KINDS = {
    "descriptives": message("descriptive statistics"),
    "moran": message("spatial autocorrelation"),
    "models": message("models"),
    "effects": message("effects of models"),
    "collinearity": message("collinearity"),
    "choice": message("choice of the model"),
    "peers": message("comparison of programs"),
    "mediation": message("mediated effects"),
    "heterogeneity": message("effects by group"),
    "differences": message("differences between groups"),
    "robustness": message("grid of specifications"),
    "leave_out": message("regions left out"),
    "placebo": message("placebo"),
    "endogeneity": message("instruments and dynamics"),
    "mediation_steps": message("mediation step by step"),
    "mediation_sensitivity": message("sensitivity of the mediation"),
    "mediation_timing": message("timing of the mediation"),
    "mining_emissions": message("emissions of mining"),
    "embodied_intensity": message("direct and embodied carbon"),
    "sector_contributions": message("sectors upstream and downstream"),
    "flow_paths": message("flows between regions"),
    "flow_network": message("network of flows"),
    "structural_paths": message("structural paths"),
    "flow_decomposition": message("structural decomposition"),
    "industrial_emissions": message("energy emissions of industry"),
    "footprint_accounts": message("footprint in three dimensions"),
    "footprint_moran": message("footprint: spatial autocorrelation"),
    "footprint_shift": message("footprint: gravity centre and ellipse"),
    "footprint_inequality": message("footprint: inequality and trends"),
    "reduction_potential": message("reduction potential"),
    "forest_stock": message("forest stock"),
    "land_use": message("land use"),
    "regional_emissions": message("regional emissions"),
    "regional_transfer": message("regional balance and transfers"),
    "claims": message("verdicts"),
}
FIXED_EFFECTS = {
    "none": message("none"),
    "unit": message("unit"),
    "time": message("time"),
    "twoway": message("unit and time"),
    "unit and time": message("unit and time"),
    "residuals of the sdm": message("residuals of the SDM"),
}
"""Fixed effects of a model or test; tests of residuals say which residuals."""
QUANTITY_NAMES = {
    "direct": message("direct"),
    "indirect": message("indirect"),
    "total": message("total"),
    "mediated_direct": message("mediated direct"),
    "mediated_spillover": message("mediated spillover"),
    "mediated_total": message("mediated total"),
    "natural_direct": message("natural direct"),
    "natural_spillover": message("natural spillover"),
    "natural_total": message("natural total"),
    "system_direct": message("system direct"),
    "system_indirect": message("system indirect"),
    "system_total": message("system total"),
}
SETS = {"base": message("base"), "none": message("none")}
"""Sets of mediators and controls that every study can have."""
STABILITY_NAMES = {
    "stable": message("stable"),
    "spatial cointegration": message("spatial cointegration"),
    "unit root": message("unit root"),
    "explosive": message("explosive"),
}
SHARE_OBSTACLES = {
    "suppression": message("suppression"),
    "total not told from zero": message("total not told from zero"),
}
GROUP_WORDS = {
    "boom": message("Boom"),
    "transition": message("Transition"),
    "up": message("Upper reaches"),
    "mid": message("Middle reaches"),
    "down": message("Lower reaches"),
    "none": message("Not resource-based"),
    "growing": message("Growing"),
    "mature": message("Mature"),
    "declining": message("Declining"),
    "regenerating": message("Regenerating"),
    "above": message("Above the threshold"),
    "below": message("Below the threshold"),
}
"""Groups of the splits in their order."""
TEST_NAMES = (
    message("LM lag"),
    message("LM error"),
    message("robust LM lag"),
    message("robust LM error"),
    message("LR unit effects"),
    message("LR time effects"),
    message("Wald {model} to {simpler}"),
    message("LR {model} to {simpler}"),
    message("Mundlak"),
    message("Hausman"),
    message("Moran's I"),
    message("serial correlation HR"),
    message("serial correlation LM"),
    message("Wald"),
    message("Chow LR"),
    message("permutation"),
    message("sup-Wald"),
    message("first-stage F"),
    message("conditional first-stage F"),
    message("Kleibergen-Paap rk Wald"),
    message("Hansen J"),
    message("Sargan"),
    message("Durbin-Wu-Hausman"),
    message("Anderson-Rubin"),
)
FORM_NAMES = {
    "centred": message("centred"),
    "plain": message("plain"),
    "serial": message("serial"),
    "clustered": message("clustered"),
    "oim": message("oim"),
    "hessian": message("hessian"),
    "qml": message("qml"),
    "classical, within": message("classical, within"),
    "classical, direct": message("classical, direct"),
    "effects": message("effects"),
    "coefficients": message("coefficients"),
    "sub-samples": message("sub-samples"),
    "paths": message("paths"),
    "at the cut": message("at the cut"),
    "direct": message("direct likelihood"),
    "wild_unit": message("wild bootstrap by unit"),
}
FORMS_WITH_PARTS = (message("F, {df} df in the denominator"),)
NULLS = (
    message("rho = 0, lambda near 0"),
    message("lambda = 0, rho near 0"),
    message("all unit effects are equal"),
    message("all time effects are equal"),
    message("unit means of {names} have no coefficient (random effects)"),
    message("random effects are consistent"),
    message("residuals not correlated in space"),
    message("no serial correlation"),
    message("coefficients and lags of {names} are equal in {groups}"),
    message("coefficients of {names} are equal in {groups}"),
    message("lags of {names} are equal in {groups}"),
    message("direct and indirect effects of {names} are equal in {groups}"),
    message("direct effects of {names} are equal in {groups}"),
    message("indirect effects of {names} are equal in {groups}"),
    message("mediated direct effects of {names} by path are equal in {groups}"),
    message("direct effect of {names} is equal in {groups}"),
    message("indirect effect of {names} is equal in {groups}"),
    message("one model for {groups}"),
    message("no break in {names} after any of {years}"),
    message("no break in {names}"),
    message("all instruments are valid"),
    message("the first stage has less than full rank"),
    message("no instrument explains {names}"),
    message("{names} exogenous"),
)
"""Null hypotheses of the tests, without those that are symbols alone."""
PATHS_UNDEFINED = (
    message("{n} draws have differences that a covariance can be made of"),
    message("the difference in {differences} does not vary over the draws"),
    message("the differences in {differences} are linearly dependent over the {n} draws"),
)
"""Why the joint test of paths has no statistic."""
Part = Callable[[str, str], str]
"""Turns the name of a placeholder and what stands there into what is printed."""


def covariance_name(name: str, words: Words) -> str:
    """Name of a covariance."""
    return _named(COVARIANCE_NAMES, name, words)


def covariance_words(name: str, words: Words) -> str:
    """What a covariance is, for who has not read the notes of a table."""
    return _named(COVARIANCE_WORDS, name, words)


def inference_name(name: str, words: Words) -> str:
    """Name of an inference: where intervals or p-values come from."""
    return _named(INFERENCE_NAMES, name, words)


def group_name(name: str, words: Words) -> str:
    """Name of a group of years or units."""
    return _named(GROUP_WORDS, name, words)


def estimator_name(name: str, words: Words) -> str:
    """Name of an estimator."""
    return _named(ESTIMATOR_NAMES, name, words)


def kind_name(kind: str, words: Words) -> str:
    """What a table of a kind shows."""
    return _named(TABLE_KINDS, kind, words)


def effects_name(name: str, words: Words) -> str:
    """Fixed effects in words."""
    return _named(FIXED_EFFECTS, name, words)


def quantity_name(name: str, words: Words) -> str:
    """Name of an effect, in the middle of a text."""
    return _named(QUANTITY_NAMES, name, words)


def stability_name(name: str, words: Words) -> str:
    """What the fitted dynamics are called."""
    return _named(STABILITY_NAMES, name, words)


def set_name(name: str, words: Words) -> str:
    """Name of a set of mediators or controls, or of another level without a label."""
    return words(SETS[name]) if name in SETS else name.replace("_", " ")


def model_name(name: str) -> str:
    """Name of a model: spatial ones in capitals, others as they are."""
    return name.upper() if name in SPATIAL_MODELS else name


def name_of_test(name: str, words: Words) -> str:
    """Name of a test."""
    return said(TEST_NAMES, name, words) or name


def form_name(form: str, words: Words) -> str:
    """Form of a test: its covariance, sample or likelihood."""
    if form in FORM_NAMES:
        return words(FORM_NAMES[form])
    return said(FORMS_WITH_PARTS, form, words) or model_name(form)


def said(templates: tuple[str, ...], text: str, words: Words, part: Part | None = None) -> str:
    """A text of estimates.csv by the first template that it fits; empty where it fits none.

    Parameters
    ----------
    templates : tuple of str
        Message ids.
    text : str
    words : Words
    part : callable, optional
        Says what stands in a placeholder; without it that is printed as it is.
    """
    for template in templates:
        found = _pattern(template).fullmatch(text)
        if found is None:
            continue
        parts = found.groupdict()
        if part is not None:
            parts = {name: part(name, value) for name, value in parts.items()}
        return words(template, **parts)
    return ""


@cache
def _pattern(template: str) -> re.Pattern[str]:
    """What a template is made from, its placeholders as groups."""
    parts = re.split(r"\{(\w+)\}", template)
    named = (
        f"(?P<{part}>.+)" if place % 2 else re.escape(part) for place, part in enumerate(parts)
    )
    return re.compile("".join(named))


def _named(names: Mapping[str, str], name: str, words: Words) -> str:
    return words(names[name]) if name in names else name
