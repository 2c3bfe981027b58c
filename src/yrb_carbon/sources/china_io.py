"""National input-output tables of China, 42 sectors (R package ionet, after the NBS)."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt
import pandas as pd

from yrb_carbon.errors import Place, SourceError, listing
from yrb_carbon.provenance import FileRecord, sha256_of
from yrb_carbon.sources.columns import TEN_THOUSAND_YUAN
from yrb_carbon.sources.csvfile import read_csv
from yrb_carbon.sources.input_output import (
    BALANCE_TOLERANCE,
    NEGATIVE_IMPORTS,
    VALUE_ADDED,
    InputOutputTable,
    account_labels,
    assemble_table,
    describe_unbalanced,
    final_use_columns,
)
from yrb_carbon.sources.magnitude import check_magnitude
from yrb_carbon.sources.rawtable import Reading, only_row
from yrb_carbon.study.sector_lists import SectorList, fitting_list, load_sector_list
from yrb_carbon.study.sector_lists import sector_list_names as list_names

FloatArray = npt.NDArray[np.float64]
ImportSplit = Literal["proportional", "negative_use"]

COUNTRY = "00"
"""Region of a national table: the first two digits of the country's code."""
CODE, CHINESE, ORIGIN = "Code", "DescriptionInChinese", "Origin"
DOMESTIC, IMPORTED = "Domestic", "Imports"
USES = {
    "rural": "FU101",
    "urban": "FU102",
    "government": "FU103",
    "consumption": "TC",
    "capital": "FU201",
    "inventory": "FU202",
}
"""Category -> column; total consumption where its parts are not printed."""
ADDED = dict(zip(VALUE_ADDED, ("VA001", "VA002", "VA003", "VA004"), strict=True))
EXPORT, IMPORT, ERROR, OUTPUT = "EX", "IM", "ERR", "GO"
YEAR = re.compile(r"(?<!\d)((?:19|20)\d{2})(?!\d)")
OUTPUT_BOUNDS = (2e7, 5e9)
"""Bounds of the median output of 42 sectors, 10^4 yuan: 1e8 to 4e8 in 2015 to 2020."""


def calc_import_shares(uses: FloatArray, imports: FloatArray) -> FloatArray:
    """Share of imports in the domestic uses of each product.

    m_i = M_i / (sum_j z_ij + sum_k y_ik), exports left out of the uses: nothing is re-exported,
    and every user takes imports in the same proportion (the proportionality assumption of Weber
    C.L., Peters G.P., Guan D. and Hubacek K. 2008, Energy Policy 36:3572-3577).

    Parameters
    ----------
    uses : (n,)
        Intermediate and final uses without exports.
    imports : (n,)

    Returns
    -------
    (n,), zero where nothing is used and nothing imported.
    """
    return np.divide(imports, uses, out=np.where(imports == 0, 0.0, np.inf), where=uses != 0)


def read_china_io(
    path: str | Path,
    *,
    year: int | None = None,
    import_split: ImportSplit = "proportional",
    tolerance: float = BALANCE_TOLERANCE,
    accepted_share: float = 0.0,
) -> InputOutputTable:
    """Read a national table as a table of one region.

    From 2017 on the file tells domestic from imported products: the domestic rows are taken, and
    what the imported ones give to each sector is `imports`. Before, imports compete with domestic
    products in the same row.

    Parameters
    ----------
    path : str or Path
        CSV with Code, Description, DescriptionInChinese, perhaps Origin, the sectors 01 to 42,
        final uses, exports and output.
    year : int, optional
        By default the one that the file name has; it must not be another.
    import_split : {"proportional", "negative_use"}
        For competing imports: take from every use but exports its share of them, see
        `calc_import_shares`; or leave the rows as they are, imports being a final use `imports`
        with negative amounts, and none left as inputs.
    tolerance : float
        Largest gap of a row or column, relative to output.
    accepted_share : float
        Share of rows and columns that may be out of balance; their largest gaps are noted.

    Returns
    -------
    InputOutputTable
        One region `00`, 10^4 yuan at producers' prices; `classification` by the names of the
        sectors. Final uses are those that the file has, `consumption` where it has the total only.

    Raises
    ------
    SourceError
        See `Reading`; also for another year in the file name, a missing, doubled or misnamed
        sector, an origin that is unknown, imports above the use of a product, an unlikely unit, or
        rows or columns out of balance.
    """
    raw = read_csv(path)
    reading = Reading(raw)
    place = Place(raw.path)
    codes, names = reading.names(CODE), reading.names(CHINESE)
    split = ORIGIN in raw.header
    origins = reading.names(ORIGIN) if split else [DOMESTIC] * len(codes)
    sectors = _sector_list(names, place)
    domestic = _rows(reading, origins, DOMESTIC, sectors)
    columns = {code: reading.numbers(code) for code in sectors.codes}
    flows = np.column_stack([columns[code] for code in sectors.codes])
    categories = _categories(raw.header)
    uses = np.column_stack([reading.numbers(USES[k])[domestic] for k in categories])
    exports, output = (reading.numbers(name)[domestic] for name in (EXPORT, OUTPUT))
    errors = reading.numbers(ERROR)[domestic] if ERROR in raw.header else np.zeros(len(domestic))
    intermediate = flows[domestic]
    if split:
        imported = _rows(reading, origins, IMPORTED, sectors)
        imports = flows[imported].sum(axis=0)
    elif import_split == "proportional":
        bought = reading.numbers(IMPORT)[domestic]
        shares = calc_import_shares(intermediate.sum(axis=1) + uses.sum(axis=1), bought)
        _refuse_shares(shares, sectors, place)
        imports = shares @ intermediate
        intermediate, uses = (1 - shares[:, None]) * intermediate, (1 - shares[:, None]) * uses
        reading.note("competing imports taken from every use but exports in proportion")
    else:
        categories = (*categories, NEGATIVE_IMPORTS)
        uses = np.column_stack([uses, -reading.numbers(IMPORT)[domestic]])
        imports = np.zeros(len(sectors))
        reading.note("competing imports are a negative final use")
    check_magnitude(output, OUTPUT, *OUTPUT_BOUNDS, TEN_THOUSAND_YUAN, Place(raw.path, None, 1))
    labels = account_labels([COUNTRY], sectors.codes)
    added = np.vstack(
        [flows[only_row(codes, code, reading.place(CODE))] for code in ADDED.values()]
    )
    table = assemble_table(
        year=_year(raw.path, year),
        intermediate=pd.DataFrame(intermediate, labels, labels),
        final_demand=pd.DataFrame(
            uses, labels, pd.MultiIndex.from_product([[COUNTRY], categories])
        ).loc[:, final_use_columns([COUNTRY], categories)],
        exports=pd.Series(exports, labels),
        errors=pd.Series(errors, labels),
        output=pd.Series(output, labels),
        imports=pd.Series(imports, labels),
        value_added=pd.DataFrame(added, list(ADDED), labels),
        unit=TEN_THOUSAND_YUAN,
        record=FileRecord(
            file=str(raw.path),
            sheet=None,
            sha256=sha256_of(raw.path),
            rows=len(domestic),
            unit={"all amounts": TEN_THOUSAND_YUAN},
        ),
        classification=sectors.name,
        import_treatment="apart" if split else import_split,
    )
    return _checked(table, sectors, tolerance, accepted_share, place, tuple(reading.notes))


def _sector_list(names: list[str], place: Place) -> SectorList:
    try:
        return fitting_list(names, [load_sector_list(name) for name in list_names()])
    except SourceError as error:
        raise SourceError(error.problem, place, error.hint) from error


def _year(path: Path, wanted: int | None) -> int:
    """The year wanted, which the file name must not contradict, or the one that it tells."""
    years = {int(year) for year in YEAR.findall(path.name.replace("_", " "))}
    if wanted is not None:
        if len(years) == 1 and wanted not in years:
            raise SourceError(
                f"the file name says {years.pop()}, the table of {wanted} is wanted",
                Place(path),
                "Name the file under its own year.",
            )
        return wanted
    if len(years) != 1:
        raise SourceError("the file name does not tell the year", Place(path), "Name the year.")
    return years.pop()


def _rows(reading: Reading, origins: list[str], origin: str, sectors: SectorList) -> list[int]:
    """Rows of the sectors of an origin, in the order of the codes."""
    codes, names = reading.names(CODE), reading.names(CHINESE)
    place = reading.place()
    found: dict[str, int] = {}
    for i, (code, name, own) in enumerate(zip(codes, names, origins, strict=True)):
        sector = sectors.find(name)
        if sector is None or own != origin:
            continue
        if code.zfill(2) != sector:
            raise SourceError(
                f"{name!r} is the sector {sectors.label(sector)}, its code is {code!r}",
                reading.place(CODE, i),
            )
        if sector in found:
            first, second = (reading.row_numbers[k] for k in (found[sector], i))
            raise SourceError(
                f"the {origin.lower()} row of {sectors.label(sector)} stands twice, in rows "
                f"{first} and {second}",
                place,
            )
        found[sector] = i
    missing = [sectors.label(code) for code in sectors.codes if code not in found]
    if missing:
        raise SourceError(
            f"no {origin.lower()} row of {listing(missing)}",
            place,
            f"The origins are: {listing(sorted(set(origins)))}.",
        )
    return [found[code] for code in sectors.codes]


def _categories(header: tuple[str, ...]) -> tuple[str, ...]:
    """Final uses that the file has: total consumption where one of its parts is not there."""
    parts = ("rural", "urban", "government")
    whole = all(USES[part] in header for part in parts)
    return (*(parts if whole else ("consumption",)), "capital", "inventory")


def _refuse_shares(shares: FloatArray, sectors: SectorList, place: Place) -> None:
    bad = [
        f"{sectors.label(code)} ({share:.1%})"
        for code, share in zip(sectors.codes, shares, strict=True)
        if not 0 <= share <= 1
    ]
    if bad:
        raise SourceError(
            f"imports are not between nothing and the whole use of {listing(bad)}",
            Place(place.file, column=IMPORT),
        )


def _checked(
    table: InputOutputTable,
    sectors: SectorList,
    tolerance: float,
    accepted_share: float,
    place: Place,
    notes: tuple[str, ...],
) -> InputOutputTable:
    failing = table.check_balance(tolerance, accepted_share=1.0)
    if len(failing):
        total = 2 * len(table.output)
        text = describe_unbalanced(failing, total, tolerance, lambda key, _: sectors.label(key[1]))
        if len(failing) > accepted_share * total:
            raise SourceError(text, place)
        notes = (*notes, f"accepted: {text}")
    return replace(table, record=replace(table.record, notes=notes))
