"""Models written as formulas: ``y ~ x1 + log(x2) + C(region) + x1:x2 + W(x1)``.

The formula language is that of formulaic; ``W(term)`` is added to it and marks the spatial lag of
a term that is also a regressor.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from .errors import FormulaError, MissingValueError, PanelIndexError, enumerate_names

if TYPE_CHECKING:
    from formulaic import SimpleFormula
    from formulaic.parser.types import Term

LAG_CALL = re.compile(r"(?<![\w.])W\s*\(")
# Stands in the formula for a lag until it is parsed; no column has such a name.
PLACEHOLDER = "__spatial_lag_{}__"
OPENING, CLOSING, QUOTES = "([{", ")]}", "'\"`"
# What stands for all columns: a dot that belongs to no name and no number.
ALL_COLUMNS = re.compile(r"(?<![\w.)\]}])\.(?![\w.])")
# Shifts of rows, which in a panel run from one unit into the next.
ROW_SHIFT = re.compile(r"(?<![\w.])lag\s*\(|(?<=[\w`])\.(?:shift|diff|pct_change)\s*\(")
CATEGORY_CALL = re.compile(r"C\s*\(")


@dataclass(frozen=True, slots=True)
class FormulaDesign:
    """Data that a formula asks for.

    Attributes
    ----------
    dependent : Series, index (unit, year)
    exog : DataFrame, index (unit, year)
        Columns of the terms, without an intercept.
    durbin : tuple of str, or None
        Columns whose spatial lag the formula names; None where it names none.
    """

    dependent: pd.Series[Any]
    exog: pd.DataFrame
    durbin: tuple[str, ...] | None


def build_design(formula: str, data: pd.DataFrame, *, has_effects: bool) -> FormulaDesign:
    """Evaluate a formula.

    Parameters
    ----------
    formula : str
        ``dependent ~ terms``; the lag of a term is ``W(term)``.
    data : DataFrame, index (unit, year)
        Names in the formula are its columns, or the names of the two index levels.
    has_effects : bool
        Whether the model has fixed effects, which hold the intercept.

    Returns
    -------
    FormulaDesign

    Raises
    ------
    FormulaError
        With what could not be read and what to write instead.
    MissingValueError
        If a variable of the formula is missing in some unit-years.
    PanelIndexError
        If the data do not have a (unit, year) index.
    """
    if not isinstance(data, pd.DataFrame) or data.index.nlevels != 2:
        raise PanelIndexError(
            "data needs to be a DataFrame with a MultiIndex of the two levels (unit, year); use "
            "frame.set_index(['unit', 'year'])"
        )
    if data.columns.nlevels != 1:
        raise FormulaError(
            f"the columns of data have {data.columns.nlevels} levels, so no name in a formula is "
            "one of them; give the columns plain names"
        )
    _check_text(formula)
    text, lags = _take_lags(formula)
    left, right = _parse(text, lags, formula)
    terms, lagged = _split_lags(right, lags, formula)
    _check_lags(lagged, terms, left, formula)
    if lags and not lagged:
        raise FormulaError(
            f"{formula!r} takes out again every W() that it names; leave these terms out"
        )
    _check_intercept(terms, formula, has_effects)
    regressors = [term for term in terms if term.degree > 0]
    if not regressors:
        raise FormulaError(f"{formula!r} has no regressors; write at least one after the '~'")
    frame = _with_index_levels(data)
    _check_variables([left, *regressors], frame, formula)
    dependent, columns = _materialise([left], frame), _materialise(["1", *regressors], frame)
    if dependent.frame.shape[1] != 1:
        raise FormulaError(
            f"the left side of {formula!r} has {dependent.frame.shape[1]} columns, "
            f"{enumerate_names(dependent.frame.columns)}; the dependent variable is one number. "
            "Turn text into numbers with pd.to_numeric before"
        )
    single = [str(term) for term in regressors if not columns.names_of(term)]
    if single:
        raise FormulaError(
            f"{enumerate_names(single)} in {formula!r} has a single category, which the intercept "
            "or the effects hold; leave it out"
        )
    exog = columns.frame.drop(columns="Intercept")
    durbin = tuple(name for term in lagged for name in columns.names_of(term)) if lags else None
    return FormulaDesign(dependent.frame.iloc[:, 0], exog, durbin)


@dataclass(frozen=True, slots=True)
class _Materialised:
    frame: pd.DataFrame
    terms: dict[Term, list[str]]

    def names_of(self, term: Term) -> list[str]:
        return self.terms[term]


def _check_text(formula: str) -> None:
    """Refuse what formulaic reads in a way that a panel does not mean."""
    if not isinstance(formula, str):
        raise FormulaError(f"the formula must be a string, got {type(formula).__name__}")
    if _outside_quotes(ALL_COLUMNS, formula):
        raise FormulaError(f"'.' in {formula!r} stands for no columns; name the regressors")
    shift = _outside_quotes(ROW_SHIFT, formula)
    if shift:
        raise FormulaError(
            f"{shift[0].group()}...) in {formula!r} shifts the rows of the data, from one unit "
            "into the next. Make a lag in time within units before, as in data['x_lag'] = "
            "data.sort_index().groupby(level=0)['x'].shift(1), and leave out the first period; a "
            "lag in space is W(x)"
        )
    if formula.lstrip().startswith("~"):
        raise FormulaError(
            f"{formula!r} has no dependent variable; write its name before the '~', as in "
            f"'y {formula.lstrip()}'"
        )


def _outside_quotes(pattern: re.Pattern[str], text: str) -> list[re.Match[str]]:
    quoted = _quoted_spans(text)
    return [
        match
        for match in pattern.finditer(text)
        if not any(start < match.start() < end for start, end in quoted)
    ]


def _take_lags(formula: str) -> tuple[str, list[str]]:
    """The formula with placeholders for ``W(...)``, and what stood in the parentheses of each.

    One term has one placeholder wherever it stands, so that ``- W(x)`` takes out ``+ W( x )``.
    """
    parts: list[str] = []
    lags: list[str] = []
    known: dict[Term | str, int] = {}
    done = 0
    for match in _outside_quotes(LAG_CALL, formula):
        if match.start() < done:
            continue
        end = _closing(formula, match.end() - 1)
        inner = formula[match.end() : end].strip()
        terms = _parse_lag(inner)
        number = known.setdefault(terms[0] if terms and len(terms) == 1 else inner, len(lags))
        if number == len(lags):
            lags.append(inner)
        parts += [formula[done : match.start()], PLACEHOLDER.format(number)]
        done = end + 1
    return "".join([*parts, formula[done:]]), lags


def _parse_lag(inner: str) -> list[Term] | None:
    """The terms between the parentheses of a ``W()``; None where they cannot be read."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed: SimpleFormula = Formula(f"0 + {inner}")
    except (FormulaicError, SyntaxError):
        return None
    return list(parsed) if hasattr(parsed, "__iter__") else None


def _quoted_spans(text: str) -> list[tuple[int, int]]:
    return [found.span() for found in re.finditer(r"'[^']*'|\"[^\"]*\"|`[^`]*`", text)]


def _closing(text: str, start: int) -> int:
    """Place of the bracket that closes the one at ``start``."""
    depth, quote = 0, ""
    for place in range(start, len(text)):
        character = text[place]
        if quote:
            quote = "" if character == quote else quote
        elif character in QUOTES:
            quote = character
        elif character in OPENING:
            depth += 1
        elif character in CLOSING:
            depth -= 1
            if depth == 0:
                return place
    raise FormulaError(f"a parenthesis is not closed in {text[start - 1 :]!r} of the formula")


def _parse(text: str, lags: list[str], formula: str) -> tuple[Term, list[Term]]:
    """The one term of the left side and the terms of the right side."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        parsed: Any = Formula(text)
    except (FormulaicError, SyntaxError) as error:
        raise FormulaError(
            f"cannot read the formula {formula!r}: {_restore(_without_positions(error), lags)}"
        ) from error
    if not hasattr(parsed, "lhs") or not hasattr(parsed, "rhs"):
        raise FormulaError(f"{formula!r} has no dependent variable; write 'y ~ {formula}'")
    if isinstance(parsed.rhs, tuple):
        raise FormulaError(
            f"{formula!r} has several parts (|); effects are chosen by entity_effects and "
            "time_effects, and lags are written W(x)"
        )
    left = [term for term in parsed.lhs if term.degree > 0]
    if len(left) != 1:
        raise FormulaError(
            f"the left side of {formula!r} must be one variable or one function of variables, "
            f"got {len(left)} terms"
        )
    if _restore(str(left[0]), lags) != str(left[0]):
        raise FormulaError(
            f"{_restore(str(left[0]), lags)} stands left of the '~' in {formula!r}; write the "
            "dependent variable alone. The model decides whether its lag enters (sar, sdm, sac "
            "and gns have it)"
        )
    return left[0], list(parsed.rhs)


def _restore(text: str, lags: list[str]) -> str:
    """The text as the user wrote it, with the lags in place of their placeholders."""
    for number, inner in enumerate(lags):
        text = text.replace(PLACEHOLDER.format(number), f"W({inner})")
    return text


def _without_positions(error: Exception) -> str:
    return str(error).splitlines()[0]


def _split_lags(right: list[Term], lags: list[str], formula: str) -> tuple[list[Term], list[Term]]:
    """Regressors, and the terms whose lags are asked for, in the order of the formula."""
    placeholders = {
        PLACEHOLDER.format(number): _read_lag(inner, formula) for number, inner in enumerate(lags)
    }
    terms: list[Term] = []
    lagged: list[Term] = []
    for term in right:
        factors = [factor.expr for factor in term.factors]
        if not any(placeholder in factor for placeholder in placeholders for factor in factors):
            terms.append(term)
        elif len(factors) == 1 and factors[0] in placeholders:
            lagged.append(placeholders[factors[0]])
        else:
            raise FormulaError(
                f"W() in {formula!r} is part of a larger expression; a lag must stand alone, as "
                "in 'y ~ x + W(x)'"
            )
    return terms, lagged


def _read_lag(inner: str, formula: str) -> Term:
    """The one term whose lag is asked for."""
    inside = _parse_lag(inner)
    if inside is None:
        raise FormulaError(f"cannot read W({inner}) in {formula!r}")
    if len(inside) != 1 or LAG_CALL.search(inner):
        several = " + ".join(f"W({one})" for one in inside)
        raise FormulaError(
            f"W({inner}) must name one term"
            + (f"; write {several}" if len(inside) > 1 and "W(" not in inner else "")
        )
    if inside[0].degree == 0:
        raise FormulaError(
            f"W({inner}) in {formula!r} is the lag of a constant, which is no regressor; leave it "
            "out"
        )
    return inside[0]


def _check_lags(lagged: list[Term], terms: list[Term], left: Term, formula: str) -> None:
    if left in lagged:
        raise FormulaError(
            f"W({left}) in {formula!r} is the lag of the dependent variable, which is not written: "
            "the model decides whether there is one (sar, sdm, sac and gns have it)"
        )
    absent = [str(term) for term in lagged if term not in terms]
    if absent:
        raise FormulaError(
            f"{enumerate_names(f'W({name})' for name in absent)}: the lag of a term that is not a "
            f"regressor; write {' + '.join(f'{name} + W({name})' for name in absent)}"
        )


def _check_intercept(terms: list[Term], formula: str, has_effects: bool) -> None:
    if not has_effects and not any(term.degree == 0 for term in terms):
        raise FormulaError(
            f"{formula!r} leaves out the intercept, but without unit or time effects the model "
            "has one; leave out '- 1' or add effects"
        )


def _with_index_levels(data: pd.DataFrame) -> pd.DataFrame:
    """The data with the index levels as columns too, so that a formula can name them."""
    names = [None if name is None else str(name) for name in data.index.names]
    levels = {
        name: data.index.get_level_values(place)
        for place, name in enumerate(names)
        if name is not None and name not in data.columns and names.count(name) == 1
    }
    return data.assign(**levels)


def _check_variables(terms: list[Term], frame: pd.DataFrame, formula: str) -> None:
    named = {str(name) for term in terms for name in _variables(term)}
    known = {str(column) for column in frame.columns}
    folded = {name.casefold(): name for name in known}
    for name in sorted(named - known):
        close = difflib.get_close_matches(name.casefold(), folded, n=3)
        hint = f"; did you mean {enumerate_names(folded[one] for one in close)}?" if close else ""
        raise FormulaError(
            f"{formula!r} names {name!r}, which is neither a column of the data nor a function "
            f"that formulas know{hint or f'; columns are {enumerate_names(sorted(known))}'}"
        )
    repeated = [name for name in sorted(named) if list(frame.columns).count(name) > 1]
    if repeated:
        raise FormulaError(
            f"the data have several columns {enumerate_names(repeated)}, which {formula!r} names; "
            "rename or drop all but one"
        )
    _check_types(terms, frame)
    missing = frame[sorted(named)].isna()
    if missing.to_numpy().any():
        parts = [
            f"{name!r} at {enumerate_names(frame.index[missing[name]], limit=4)}"
            for name in missing.columns
            if missing[name].any()
        ]
        raise MissingValueError(
            f"{int(missing.to_numpy().sum())} missing values in the variables of {formula!r}: "
            f"{'; '.join(parts)}. No row is dropped, since a spatial lag needs every unit in "
            "every year"
        )


def _check_types(terms: list[Term], frame: pd.DataFrame) -> None:
    """Refuse numbers in a column of type object: they would become one category each."""
    from formulaic.parser.types import Term

    for term in terms:
        for factor in term.factors:
            if CATEGORY_CALL.match(factor.expr):
                continue
            for name in sorted(str(one) for one in _variables(Term([factor]))):
                column = frame[name]
                if column.dtype == object and _holds_numbers(column):
                    raise FormulaError(
                        f"{name!r} has numbers in a column of type object, which a formula takes "
                        f"for categories; write data[{name!r}] = pd.to_numeric(data[{name!r}]), "
                        f"or C({name}) where they are categories"
                    )


def _holds_numbers(column: pd.Series[Any]) -> bool:
    kinds = {"floating", "integer", "mixed-integer-float", "decimal", "complex"}
    return pd.api.types.infer_dtype(column, skipna=True) in kinds


def _variables(term: Term) -> Iterator[str]:
    from formulaic import Formula

    yield from Formula([term]).required_variables


def _materialise(terms: list[Term | str], frame: pd.DataFrame) -> _Materialised:
    """Columns of the terms; what is not finite stays, to be reported with its unit-years."""
    from formulaic import Formula
    from formulaic.errors import FormulaicError

    try:
        with np.errstate(all="ignore"):
            matrix: Any = Formula(terms).get_model_matrix(frame, na_action="ignore", context=None)
    except FormulaicError as error:
        stated = " + ".join(str(term) for term in terms)
        raise FormulaError(f"cannot evaluate {stated}: {_without_positions(error)}") from error
    specification = matrix.model_spec
    columns = pd.DataFrame(matrix)
    names = {
        term: list(columns.columns[positions])
        for term, positions in specification.term_indices.items()
    }
    return _Materialised(columns, names)
