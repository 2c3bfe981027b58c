"""Terms of estimates that name accounts, flows and paths: written and read back.

An account is `<region> <sector>`, a flow `<from>-<to>`, a path `<account> > <account> > ...`. A
name that holds one of the marks stands in double quotes, and a quote in it twice, as in a CSV file:
`"Rest of World" mining > EU steel`. Codes of provinces and sectors never need any.
"""

from __future__ import annotations

from collections.abc import Iterable

from yrb_carbon.errors import DataError

PATH_MARK, ACCOUNT_MARK, FLOW_MARK = " > ", " ", "-"
QUOTE = '"'
FLAG, REPORTED = "flag", "reported"
"""Model of the rows that say where a table rests on no report; their term for what does."""
IN_REGIONS = frozenset(' ->|"')
IN_SECTORS = frozenset('>"')
"""Characters of a name for which it stands in quotes."""


def region_term(region: str) -> str:
    """A region as it stands in a term with others."""
    return _quoted(region) if IN_REGIONS & set(region) else region


def account_term(region: str, sector: str) -> str:
    """Term of an account."""
    own = _quoted(sector) if IN_SECTORS & set(sector) else sector
    return f"{region_term(region)}{ACCOUNT_MARK}{own}"


def flow_term(source: str, target: str) -> str:
    """Term of the flow from one region to another."""
    return f"{region_term(source)}{FLOW_MARK}{region_term(target)}"


def path_term(accounts: Iterable[str]) -> str:
    """Term of a path through accounts, each a term."""
    return PATH_MARK.join(accounts)


def split_account(term: str) -> tuple[str, str]:
    """Region and sector of an account.

    Raises
    ------
    DataError
        If the term is no account.
    """
    region, *rest = _split(term, ACCOUNT_MARK)
    if not rest:
        raise DataError(f"{term!r} is no account, a region and a sector")
    return _bare(region), _bare(ACCOUNT_MARK.join(rest))


def split_flow(term: str) -> tuple[str, str]:
    """The two ends of a flow.

    Raises
    ------
    DataError
        If the term has not two ends.
    """
    ends = _split(term, FLOW_MARK)
    if len(ends) != 2 or not all(ends):
        raise DataError(f"{term!r} is no flow from one region to another")
    return _bare(ends[0]), _bare(ends[1])


def split_path(term: str) -> list[str]:
    """Terms of the accounts of a path, the emitter first."""
    return _split(term, PATH_MARK)


def is_flow(term: str) -> bool:
    """Whether a term has two ends."""
    ends = _split(term, FLOW_MARK)
    return len(ends) == 2 and all(ends)


def _quoted(name: str) -> str:
    return QUOTE + name.replace(QUOTE, 2 * QUOTE) + QUOTE


def _bare(name: str) -> str:
    if len(name) < 2 or name[0] != QUOTE or name[-1] != QUOTE:
        return name
    return name[1:-1].replace(2 * QUOTE, QUOTE)


def _split(term: str, mark: str) -> list[str]:
    """Parts of a term between the marks that stand outside of quotes."""
    parts, begun = list[str](), ""
    for piece in term.split(mark):
        text = f"{begun}{piece}"
        is_open = text.count(QUOTE) % 2 == 1
        begun = text + mark if is_open else ""
        if not is_open:
            parts.append(text)
    return [*parts, begun.removesuffix(mark)] if begun else parts
