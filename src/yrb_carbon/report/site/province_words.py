"""What is seen on the figures of systems C and D, in words."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial

import numpy as np
import pandas as pd

from yrb_carbon.report.canvas import three_digits
from yrb_carbon.report.cells import p_words
from yrb_carbon.report.embodied_figures import flows_between, largest_flows
from yrb_carbon.report.footprint_names import QUADRANTS
from yrb_carbon.report.language import Words
from yrb_carbon.report.map_classes import classify, shades_text
from yrb_carbon.report.moran_figure import CLUSTER_COLOURS, CLUSTER_WORDS
from yrb_carbon.report.place_names import area_name, place_name
from yrb_carbon.report.province_figures import (
    ProvinceSources,
    bar_panels,
    dimension_name,
    footprint_of,
    map_values,
    measure_name,
    moran_series,
    potential_of,
    track_series,
    year_of_potential,
)
from yrb_carbon.report.province_rows import (
    area_flows,
    global_moran,
    local_statistics,
    unit_of_measure,
    year_of_matrix,
)
from yrb_carbon.study.account_figures import (
    AreaMatrixFigure,
    PotentialFigure,
    ProvinceBarsFigure,
    ProvinceMapFigure,
    ProvinceMoranFigure,
    ProvinceTrackFigure,
    cluster_years,
    dimension_of,
)
from yrb_carbon.study.provinces import AREAS, REGIONS

MOST_TOLD = 5
"""Provinces that are told with their value."""
CENTRE_DIGITS = 2
"""Decimals of degrees."""


def map_seen(figure: ProvinceMapFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on maps of a measure."""
    values = map_values(figure, sources)
    years = sorted({int(year) for year in values.index.get_level_values("year")})
    finite = values.dropna()
    cut = classify(np.asarray(finite, dtype=np.float64), figure.classes, figure.centre)
    what = words(
        "Maps of {measure} ({unit}) by province, one panel each for {years}: {low} to {high}, "
        "{shades}; classes common to the panels; provinces without a value are hatched.",
        measure=measure_name(sources.study, figure.table, figure.measure, words),
        unit=unit_of_measure(sources.study, figure.table, figure.measure, words),
        years=words.listing(map(str, years)), low=three_digits(float(finite.min())),
        high=three_digits(float(finite.max())),
        shades=shades_text(cut, figure.centre, words),
    )  # fmt: skip
    last = finite[finite.index.get_level_values("year") == years[-1]].droplevel("year")
    largest = words("The largest in {year}: {places}.", year=years[-1], places=_told(last, words))
    return words.sentences([what, largest])


def bars_seen(figure: ProvinceBarsFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on bars of provinces."""
    said = [words("Horizontal bars by province, grouped and coloured by region.")]
    for panel in bar_panels(figure, sources, words):
        whole = panel.values[panel.values.index.isin(list(REGIONS))].dropna()
        of_regions = words.clauses(
            words(
                "{name} {value}", name=place_name(region, words),
                value=three_digits(float(whole[region])),
            )
            for region in REGIONS
            if region in whole.index
        )  # fmt: skip
        own = panel.values[~panel.values.index.isin([*REGIONS, "total"])].dropna()
        text = words(
            "{measure} ({unit}): the largest {places}", measure=panel.label, unit=panel.unit,
            places=_told(own, words),
        )  # fmt: skip
        told = [text, of_regions] if len(whole) else [text]
        said.append(words("{text}.", text=words.clauses(told)))
    return words.sentences(said)


def moran_seen(figure: ProvinceMoranFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on Moran's I by year, or on clusters."""
    return (_clusters if figure.kind == "clusters" else _series)(figure, sources, words)


def _series(figure: ProvinceMoranFigure, sources: ProvinceSources, words: Words) -> str:
    level = footprint_of(sources.study).alpha
    said = [words("Lines of Moran's I over the years; hollow marks are not significant.")]
    for name, own in moran_series(figure, sources, words).items():
        by_year = dict(zip(map(int, own.index), map(float, own["estimate"]), strict=True))
        ends = min(by_year), max(by_year, key=lambda year: by_year[year]), max(by_year)
        cells = words.listing(
            words("{value} in {year}", value=_three(by_year[year]), year=year)
            for year in dict.fromkeys(ends)
        )
        said.append(
            words(
                "{name}: {cells}; significant at {level:g} in {n} of {all} years.",
                name=name, cells=cells, level=level, n=int((own["p_value"] < level).sum()),
                all=len(own),
            )
        )  # fmt: skip
    return words.sentences(said)


def _clusters(figure: ProvinceMoranFigure, sources: ProvinceSources, words: Words) -> str:
    study = sources.study
    dimension, years = dimension_of(figure, study), cluster_years(figure, study)
    local = local_statistics(study, sources.estimates, figure.table, dimension, years)
    whole = global_moran(sources.estimates, figure.table, dimension)
    said = [
        words(
            "Moran scatter plots of {measure}, one column a year, and below each a map of local "
            "clusters, hatched where FDR leaves them out.",
            measure=dimension_name(dimension, words),
        )
    ]
    for year in sorted(years):
        own = local[local["year"] == year].sort_values("unit")
        found = [
            words("{name}: {members}", name=words(CLUSTER_WORDS[sign]),
                  members=words.listing(place_name(unit, words) for unit in members))
            for sign in CLUSTER_COLOURS
            if (members := list(own.loc[own["cluster"] == sign, "unit"]))
        ]  # fmt: skip
        said.append(
            words(
                "{year}: I = {value}, {p}; {clusters}; {n} left after FDR.",
                year=year, value=_three(whole["estimate"][year]),
                p=p_words(float(whole["p_value"][year]), words),
                clusters=words.clauses(found) or words("no cluster"),
                n=int((own["cluster_fdr"] != "ns").sum()),
            )
        )  # fmt: skip
    return words.sentences(said)


def track_seen(figure: ProvinceTrackFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on a track of gravity centres."""
    dimension = dimension_of(figure, sources.study)
    track = track_series(figure, sources)
    said = [
        words(
            "Map of the provinces with ellipses of {measure} in the first and last year, and "
            "beside it, enlarged, the track of the gravity centres with their years.",
            measure=dimension_name(dimension, words),
        )
    ]
    for year in dict.fromkeys((track.index[0], track.index[-1])):
        cell = {term: float(track[term][year]) for term in track.columns}
        said.append(
            words(
                "{year}: centre {lon}° E, {lat}° N; half axes {major} and {minor} km, the long one "
                "{rotation}° clockwise from north.",
                year=year, lon=f"{cell['lon']:.{CENTRE_DIGITS}f}",
                lat=f"{cell['lat']:.{CENTRE_DIGITS}f}", major=three_digits(cell["major"]),
                minor=three_digits(cell["minor"]), rotation=f"{cell['rotation']:.1f}",
            )
        )  # fmt: skip
    return words.sentences(said)


def potential_seen(figure: PotentialFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on a ranking."""
    frame = potential_of(figure, sources).sort_values("rank", kind="stable")
    first = words.listing(
        words("{name} {value}", name=place_name(str(province), words), value=_three(value))
        for province, value in frame["index"].head(MOST_TOLD).items()
    )
    said = [
        words(
            "Bars of the index of potential in {year}, the largest on top: {places}.",
            year=year_of_potential(figure, sources.study), places=first,
        )
    ]  # fmt: skip
    ranges = [
        (float(high) - float(low), str(province), float(low), float(high))
        for province, low, high in frame[["rank_low", "rank_high"]].dropna().itertuples()
    ]
    if ranges:
        _, widest, low, high = max(ranges)
        said.append(
            words(
                "Beside them ranks with their ranges over random weights, the widest of {name}: "
                "{low:.0f} to {high:.0f}.",
                name=place_name(widest, words), low=low, high=high,
            )
        )  # fmt: skip
    numbers = {str(one): f"{number:.0f}" for one, number in frame["quadrant"].items()}
    parts = [
        words("{name}: {members}", name=words(text),
              members=words.listing(place_name(one, words) for one in own))
        for quadrant, text in QUADRANTS.items()
        if (own := [one for one, number in numbers.items() if number == quadrant])
    ]  # fmt: skip
    said.append(
        words(
            "Equity against efficiency in four quadrants, by what is above its mean: {parts}.",
            parts=words.clauses(parts),
        )
    )
    return words.sentences(said)


def areas_seen(figure: AreaMatrixFigure, sources: ProvinceSources, words: Words) -> str:
    """What is seen on the matrix of areas."""
    flows = area_flows(sources.estimates, figure.table, tuple(AREAS))
    name = partial(area_name, words=words)
    largest = words.listing(
        words(
            "{name} {value}",
            name=words("{source} to {target}", source=name(one.sender), target=name(one.receiver)),
            value=three_digits(one.size),
        )
        for one in largest_flows(flows_between(flows), MOST_TOLD, words)
    )
    own = pd.Series(np.diag(flows.to_numpy()), index=flows.index)
    return words(
        "Matrix of the transfers between eight areas in {year}, Mt CO2, emitters in rows and users "
        "in columns, the darker the larger, each with its number; the largest: {flows}. For their "
        "own demand: {own}.",
        year=year_of_matrix(sources.estimates, figure.table), flows=largest,
        own=words.listing(_values(own, {area: name(area) for area in AREAS}, words)),
    )  # fmt: skip


def _told(values: pd.Series[float], words: Words) -> str:
    """The provinces with the largest values."""
    own = values.dropna().sort_index().sort_values(ascending=False, kind="stable").head(MOST_TOLD)
    names = {str(place): place_name(str(place), words) for place in own.index}
    return words.listing(_values(own, names, words))


def _values(values: pd.Series[float], names: Mapping[str, str], words: Words) -> Iterable[str]:
    for place, value in values.items():
        yield words("{name} {value}", name=names[str(place)], value=three_digits(float(value)))


def _three(value: float) -> str:
    return f"{value:.3f}".replace("-", "−")
