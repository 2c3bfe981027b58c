"""What may stay in Latin letters in Chinese texts, and what is left in them beside that."""

from __future__ import annotations

import re
from collections.abc import Collection

LATIN = re.compile(r"[A-Za-z][A-Za-z']+")
QUOTED = re.compile(r"“[^”]*”")
SYMBOLS = {
    "AIC", "BIC", "OLS", "SAR", "SDM", "SDEM", "SEM", "SLX", "QML", "Hessian", "AR", "LM", "LR",
    "HR", "NT", "Wy", "rk", "chi", "sup", "delta", "ln", "rho", "lambda", "theta", "beta", "sigma",
    "tau", "eta", "ab", "c'", "sum", "dy", "dx'", "it", "km", "CO", "GDP", "NPP", "EDGAR", "area",
    "pop", "gdp", "real", "patents", "granted", "price", "base", "year", "csv", "estimates",
    "equation", "linearmodels", "statsmodels", "minus", "emissions", "Mt", "CONCOR",
    "PageRank", "Louvain", "HH", "HL", "LH", "LL",
}  # fmt: skip
"""Symbols, names of columns in formulas, and programs: the same in every language."""
PERSONS = {
    "Anderson", "Baron", "Chow", "Cleary", "Dagum", "Dietzenbacher", "Durbin", "Elhorst", "Hamed",
    "Hansen", "Hausman", "Holm", "Jong", "Kendall", "Kenny", "Kleibergen", "Lee", "LeSage", "Los",
    "Mann", "Mundlak", "Paap", "Pace", "Rao", "Rubin",
    "Sanderson", "Sen", "Sobel", "Theil", "Wald", "Windmeijer", "Wu", "Yang", "Yu", "de",
}  # fmt: skip
IDENTIFIER = re.compile(r"[A-Za-z][A-Za-z0-9]*[_0-9]\w*")
"""Names of columns, tables and claims: no word of a language has digits or underscores."""


def left_in_latin(text: str, allowed: Collection[str] = ()) -> list[str]:
    """Words in Latin letters that are neither symbols nor persons, outside of quotation marks."""
    found = LATIN.findall(QUOTED.sub("", text))
    return [
        word
        for word in found
        if word not in SYMBOLS and word not in PERSONS and word not in allowed
    ]


def english_left(text: str, allowed: Collection[str] = ()) -> list[str]:
    """The same without names of columns, tables and claims."""
    return left_in_latin(IDENTIFIER.sub(" ", text), allowed)
