"""Lists of the sectors of input-output tables: codes, names in Chinese and English, spellings."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.study.names import given, spelling_key
from yrb_carbon.study.paths import data_folder
from yrb_carbon.study.units import read_table, refuse_rows

FOLDER = "concordances"
PREFIX = "mrio_sectors_"
COLUMNS = ("code", "zh", "en", "aliases")
ALIAS_MARK = "|"
CODE_PATTERN = r"\d{2}"
_LINKING = re.compile(r"\b(?:and|the|of|etc)\b|[&;]|[和及与]")


@dataclass(frozen=True, slots=True)
class SectorList:
    """The sectors of one list.

    Attributes
    ----------
    name : str
        Year of the national table that set the list, as `2017`.
    frame : DataFrame, index `code`
        `zh` and `en`; two-digit codes as text, sorted.
    index : dict
        Key of a spelling -> code.
    """

    name: str
    frame: pd.DataFrame
    index: dict[str, str]

    def __len__(self) -> int:
        return len(self.frame)

    @property
    def codes(self) -> tuple[str, ...]:
        """Codes, sorted."""
        return tuple(str(code) for code in self.frame.index)

    def find(self, text: object) -> str | None:
        """Code of the sector that a name means, Chinese or English; None if it means none."""
        return self.index.get(sector_key(text)) if given(text) else None

    def label(self, code: str) -> str:
        """`code English name`, for messages."""
        return f"{code} {self.frame.loc[code, 'en']!s}" if code in self.frame.index else code


def sector_key(text: object) -> str:
    """Key of a sector's name: width, case, blanks, punctuation and linking words do not count."""
    folded = unicodedata.normalize("NFKC", str(text)).casefold()
    return spelling_key(_LINKING.sub(" ", folded))


def load_sector_list(name: str, folder: str | Path | None = None) -> SectorList:
    """Read and check data/concordances/mrio_sectors_<name>.csv.

    Parameters
    ----------
    name : str
    folder : path, optional
        Folder with `concordances/`; `data_folder()` by default.

    Raises
    ------
    SourceError
        If the file or a column is missing, a code is not two digits or stands twice, a name is
        empty, or two sectors share a spelling; file, row and column are named.
    """
    home = (data_folder() if folder is None else Path(folder)) / FOLDER
    file = f"{PREFIX}{name}.csv"
    path = home / file
    table = read_table(home, file, COLUMNS)
    refuse_rows(path, "code", ~table["code"].str.fullmatch(CODE_PATTERN), "two digits")
    refuse_rows(path, "code", table["code"].duplicated(), "each code once")
    for column in ("zh", "en"):
        refuse_rows(path, column, table[column].str.strip().eq(""), "a name")
    frame = table.set_index("code").sort_index()
    if frame.empty:
        raise SourceError("the file has no row", Place(path))
    return SectorList(name, frame[["zh", "en"]], spelling_index(frame, path))


def spelling_index(frame: pd.DataFrame, path: Path) -> dict[str, str]:
    """Key of every spelling of the sectors of a table -> its code.

    Parameters
    ----------
    frame : DataFrame, index code
        `zh`, `en` and `aliases`, joined by `|`.
    path : Path
        File that it comes from, for the message.

    Raises
    ------
    SourceError
        If two sectors share a spelling.
    """
    index: dict[str, str] = {}
    for code, zh, en, aliases in frame[["zh", "en", "aliases"]].itertuples(name=None):
        for spelling in (zh, en, *filter(str.strip, aliases.split(ALIAS_MARK))):
            other = index.setdefault(sector_key(spelling), str(code))
            if other != code:
                raise SourceError(
                    f"the sectors {other} and {code} share the spelling {spelling!r}",
                    Place(path, key=str(code)),
                    "Keep it with one of them.",
                )
    return index


def sector_list_names(folder: str | Path | None = None) -> tuple[str, ...]:
    """Names of the lists that there are, sorted."""
    home = (data_folder() if folder is None else Path(folder)) / FOLDER
    return tuple(sorted(path.stem[len(PREFIX) :] for path in home.glob(f"{PREFIX}*.csv")))


@cache
def list_of_year(year: int) -> str:
    """The last list of 42 sectors that is no younger than a table; the first for older ones."""
    names = sector_list_names()
    return max((name for name in names if int(name) <= year), default=names[0])


def fitting_list(names: Iterable[object], lists: Sequence[SectorList]) -> SectorList:
    """The list that knows most of the names.

    Raises
    ------
    SourceError
        If it knows none, or another list knows as many.
    """
    texts = {str(name) for name in names if given(name)}
    hits = [sum(known.find(text) is not None for text in texts) for known in lists]
    best = max(hits, default=0)
    winners = [known for known, count in zip(lists, hits, strict=True) if count == best]
    if not best or len(winners) != 1:
        found = listing(f"{known.name} ({n})" for known, n in zip(lists, hits, strict=True))
        raise SourceError(
            f"the names of sectors do not tell which list they are of; of {len(texts)} names the "
            f"lists know: {found}",
            hint="Name the list, or add the spellings to data/concordances.",
        )
    return winners[0]
