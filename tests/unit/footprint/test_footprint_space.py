"""The footprint in space and time: neighbours, tracks, and rows of its three tables."""

from __future__ import annotations

import itertools
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import shapely
from pyproj import Geod, Proj

from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.errors import DataError, SourceError
from yrb_carbon.footprint.space import (
    build_province_weights,
    calc_ellipse_outline,
    calc_footprint_track,
    complete_provinces,
)
from yrb_carbon.footprint.space_rows import inequality_rows, moran_rows, shift_rows, trend_rows
from yrb_carbon.indices.centrography import calc_shift
from yrb_carbon.indices.inequality import calc_dagum_gini, calc_theil
from yrb_carbon.indices.trend import calc_mann_kendall, calc_sen_slope
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import build_boundaries
from yrb_carbon.study.base import Label
from yrb_carbon.study.footprint import (
    CHINA_CRS,
    FootprintInequalityTable,
    FootprintMoranTable,
    FootprintSection,
    FootprintShiftTable,
)
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.weights.autocorrelation import calc_global_moran, calc_local_moran

ROUNDING = 1e-12
PROVINCES = [
    "11", "12", "13", "14", "15", "21", "22", "23", "31", "32", "33", "34", "35", "36", "37", "41",
]  # fmt: skip
"""On a grid of four by four, in rows from the south-west."""
ISLAND = "46"
YEARS = range(2010, 2018)
LAST_FILE = 2016
TITLE = Label(en="t", zh="t")
KEY = TableKey(study="s", table="C", sample="")


def outlines():
    cells = itertools.product(range(4), repeat=2)
    boxes = [shapely.box(100 + i, 30 + j, 101 + i, 31 + j) for j, i in cells]
    return build_boundaries(
        [*PROVINCES, ISLAND],
        [*boxes, shapely.box(104.5, 30.2, 105.2, 30.8)],
        FileRecord("grid", None, "", len(boxes) + 1),
    )


OUTLINES = outlines()


def make_accounts(provinces=(*PROVINCES, ISLAND), years=YEARS) -> pd.DataFrame:
    generator = np.random.default_rng(5)
    index = pd.MultiIndex.from_product([provinces, years], names=["province", "year"])
    place = np.repeat(np.arange(len(provinces)), len(years))
    time = np.tile(np.arange(len(years)), len(provinces))
    noise = generator.lognormal(0, 0.1, len(index))
    size = (1 + place) * (1 + 0.05 * time * (place % 4)) * noise
    over = size * noise * (place % 5)
    frame = pd.DataFrame({"size": size, "depth": 1 + noise * (place % 5)}, index=index)
    # one account without land left over, one tonne a hectare
    land = {"footprint": size + over, "capacity": size, "overshoot": over, "surplus": 0.0 * size}
    carbon = {"uptake": size, "uptake_used": size, "uptake_overshoot": over,
              "uptake_unused": 0.0 * size}  # fmt: skip
    return frame.assign(**land, **carbon)


ACCOUNTS = make_accounts()
PEOPLE = pd.Series(np.linspace(500, 900, len(ACCOUNTS)), index=ACCOUNTS.index, name="population")


def section(**values) -> FootprintSection:
    file = {"format": "tidy_csv", "path": "x.csv"}
    given = {
        "energy": {year: f"{year}.xlsx" for year in range(2009, LAST_FILE + 1)},
        "economy": file, "people": file, "land": file,
        "first_year": YEARS[0], "last_year": YEARS[-1], "permutations": 99,
    }  # fmt: skip
    return FootprintSection(**given | values)


def moran_table(*, logs: bool = False, **values) -> FootprintMoranTable:
    return FootprintMoranTable(
        kind="footprint_moran", title=TITLE, local_permutations=99, logs=logs, **values
    )


def picked(rows: pd.DataFrame, **values) -> pd.DataFrame:
    for column, value in values.items():
        rows = rows[rows[column] == value]
    return rows


def number(rows: pd.DataFrame, **values) -> float:
    found = picked(rows, **values)
    assert len(found) == 1
    return float(found["estimate"].iloc[0])


def test_an_island_is_linked_to_the_nearest_or_left_out():
    linked = build_province_weights(OUTLINES, [*PROVINCES, ISLAND])
    assert linked.linked == ((ISLAND, "14"),)
    assert linked.facts.n_units == 17
    assert linked.facts.row_standardised
    alone = build_province_weights(OUTLINES, [*PROVINCES, ISLAND], link_islands=False)
    assert alone.dropped == (ISLAND,)
    # queen on a grid of four by four: corners 3, edges 5, inside 8 neighbours
    assert alone.facts.n_links == 4 * 3 + 8 * 5 + 4 * 8


def test_provinces_with_gaps_are_left_out_and_named():
    values = ACCOUNTS["size"].drop([("12", 2011), ("12", 2012)])
    values.loc[("15", 2010)] = np.nan
    kept, left_out = complete_provinces(values.sample(frac=1.0, random_state=1))
    assert left_out == {"12": (2011, 2012), "15": (2010,)}
    assert kept.index.names == ["unit", "year"]
    assert kept.index.is_monotonic_increasing
    assert len(kept) == 15 * len(YEARS)
    assert kept[("13", 2012)] == ACCOUNTS.loc[("13", 2012), "size"]
    with pytest.raises(DataError, match="gaps in each of 2 provinces"):
        complete_provinces(ACCOUNTS["size"].loc[["11", "12"]].drop([("11", 2010), ("12", 2011)]))


def test_track_in_degrees_is_within_the_map():
    values = complete_provinces(ACCOUNTS["size"])[0]
    track = calc_footprint_track(values, OUTLINES)
    assert list(track.index) == list(YEARS)
    assert track["lon"].between(100, 106).all()
    assert track["lat"].between(30, 34).all()
    places = OUTLINES.frame[["lon", "lat"]]
    equal = calc_footprint_track(pd.Series(1.0, index=values.index), OUTLINES)
    # the mean of a plane is near the mean of degrees over five of them
    assert equal.loc[2010, ["lon", "lat"]].to_numpy(float) == pytest.approx(
        places.mean().to_numpy(), abs=0.02
    )


def test_rotation_is_from_true_north():
    """Meridians are straight lines of a conic projection, and lean away from its central one."""
    provinces, lat = PROVINCES[:5], np.array([28.0, 31.0, 33.0, 36.0, 41.0])
    frame = pd.DataFrame({"lon": 121.0, "lat": lat}, index=provinces)
    index = pd.MultiIndex.from_product([provinces, [2010]], names=["unit", "year"])
    meridian = replace(OUTLINES, frame=frame)
    row = calc_footprint_track(pd.Series(1.0, index=index), meridian).loc[2010]
    assert (row["rotation"] + 90) % 180 - 90 == pytest.approx(0.0, abs=1e-6)
    assert row["lon"] == pytest.approx(121.0, abs=1e-9)
    assert row["minor"] == pytest.approx(0.0, abs=1e-3)
    # 111 km a degree, stretched by up to 2 %
    assert row["major"] == pytest.approx(111 * np.sqrt(2) * lat.std(), rel=0.025)


@pytest.mark.parametrize("dimension", ["size", "depth"])
def test_outline_of_an_ellipse_has_its_area_and_axes(dimension):
    values = complete_provinces(ACCOUNTS[dimension])[0]
    row = calc_footprint_track(values, OUTLINES).loc[2014]
    outline = calc_ellipse_outline(row, n_points=721)
    assert outline[0] == pytest.approx(outline[-1])
    x, y = np.array(Proj(CHINA_CRS)(*outline.T)) / 1e3
    area = abs(np.sum(x[:-1] * y[1:] - x[1:] * y[:-1])) / 2
    assert area == pytest.approx(row["area"], rel=1e-4)
    reach = np.hypot(x - row["x"], y - row["y"])
    assert reach.max() == pytest.approx(row["major"], rel=1e-9)
    assert reach.min() == pytest.approx(row["minor"], rel=1e-4)
    farthest = outline[int(reach.argmax())]
    azimuth = Geod(ellps="WGS84").inv(row["lon"], row["lat"], *farthest)[0]
    # azimuths of places some hundred km apart differ by the curvature of the way
    assert (azimuth - row["rotation"] + 90) % 180 - 90 == pytest.approx(0.0, abs=1.5)


def test_an_unknown_projection_is_refused():
    values = complete_provinces(ACCOUNTS["size"])[0]
    with pytest.raises(SourceError, match="not projected in metres"):
        calc_footprint_track(values, OUTLINES, crs="EPSG:4326")


def test_moran_rows_are_the_statistics():
    table = moran_table(years=(2010, 2016))
    found = moran_rows(table, ACCOUNTS, OUTLINES, section(), KEY, seed=3)
    rows = found.frame
    assert found.notes == ("C: Hainan linked to Shanxi",)
    weights = build_province_weights(OUTLINES, [*PROVINCES, ISLAND])
    panel = ACCOUNTS.rename_axis(["unit", "year"])
    wanted = calc_global_moran(panel, weights, ["depth"], permutations=99, seed=3)
    own = picked(rows, outcome="depth", model="global")
    assert set(own["year"]) == set(YEARS)
    for _, line in wanted.iterrows():
        for inference, p_value in (
            ("randomisation", line["p_value"]),
            ("permutation", line["p_permutation"]),
        ):
            row = picked(own, year=line["year"], inference=inference)
            assert row["estimate"].item() == line["moran"]
            assert row["p_value"].item() == p_value
    assert set(own["weights"]) == {"queen"}
    assert set(own["n_units"]) == {17}
    adjusted = picked(own, inference="permutation_fdr")["p_value"]
    assert (adjusted.to_numpy() >= picked(own, inference="permutation")["p_value"]).all()


def test_local_rows_have_cluster_and_place_on_the_scatter():
    rows = moran_rows(
        moran_table(years=(2010, 2016), dimensions=("size",)), ACCOUNTS, OUTLINES,
        section(alpha=0.2), KEY, seed=3,
    ).frame  # fmt: skip
    weights = build_province_weights(OUTLINES, [*PROVINCES, ISLAND])
    panel = ACCOUNTS.rename_axis(["unit", "year"]).loc[lambda t: t.index.isin([2010, 2016], "year")]
    wanted = calc_local_moran(panel, weights, "size", permutations=99, seed=3, level=0.2)
    local = picked(rows, model="local")
    assert set(local["year"]) == {2010, 2016}
    assert len(local) == 4 * len(wanted)
    for _, line in wanted.iterrows():
        own = picked(local, equation=line["unit"], year=line["year"])
        for inference, cluster, p_value in (
            ("permutation", "cluster", "p_permutation"),
            ("permutation_fdr", "cluster_fdr", "p_fdr"),
        ):
            row = picked(own, inference=inference, quantity="moran")
            assert row["term"].item() == line[cluster]
            assert row["p_value"].item() == line[p_value]
        assert number(own, term="z") == line["z"]
        assert number(own, term="lag") == line["lag"]
    assert set(picked(local, inference="permutation")["term"]) > {"ns"}


def test_logarithms_stand_beside_the_values():
    size = {"years": (2010,), "dimensions": ("size",)}
    rows = moran_rows(
        moran_table(logs=True, **size), ACCOUNTS, OUTLINES, section(), KEY, seed=3
    ).frame
    own = moran_rows(moran_table(**size), ACCOUNTS, OUTLINES, section(), KEY, seed=3).frame
    ending = rows["model"].str.endswith("_log")
    pd.testing.assert_frame_equal(rows[~ending].reset_index(drop=True), own, check_exact=True)
    logs = moran_rows(moran_table(**size), np.log(ACCOUNTS), OUTLINES, section(), KEY, seed=3).frame
    beside = rows[ending].assign(model=rows["model"].str.removesuffix("_log"))
    pd.testing.assert_frame_equal(beside.reset_index(drop=True), logs, check_exact=True)


def test_there_is_no_logarithm_of_nothing():
    none = ACCOUNTS.copy()
    none.loc[("13", 2012), "size"] = 0.0
    with pytest.raises(DataError, match=r"no logarithm of size: unit 13, year 2012"):
        moran_rows(moran_table(logs=True), none, OUTLINES, section(), KEY, seed=3)
    found = moran_rows(moran_table(dimensions=("size",)), none, OUTLINES, section(), KEY, seed=3)
    assert len(found.frame)


def test_trend_of_moran_ends_with_the_last_inventory():
    rows = moran_rows(moran_table(), ACCOUNTS, OUTLINES, section(), KEY, seed=3).frame
    own = picked(rows, outcome="size", model="trend")
    whole = picked(rows, outcome="size", model="global", inference="permutation")
    by_year = whole.set_index("year")["estimate"].astype(float)
    measured = by_year[by_year.index <= LAST_FILE]
    assert number(own, term="sen_slope") == calc_sen_slope(measured).slope
    assert calc_sen_slope(measured).slope != calc_sen_slope(by_year).slope
    assert set(own["n_periods"]) == {7}
    assert picked(own, quantity="test")["inference"].item() == "hamed_rao"


def test_years_that_are_left_out_leave_serial_correlation_out():
    without = ACCOUNTS.drop(2013, level="year")
    rows = moran_rows(moran_table(years=(2010,)), without, OUTLINES, section(), KEY, seed=3).frame
    test = picked(rows, outcome="size", model="trend", quantity="test")
    assert test["inference"].item() == "normal"
    assert test["n_periods"].item() == 6


def test_a_year_without_differences_has_no_moran():
    flat = ACCOUNTS.copy()
    flat.loc[flat.index.get_level_values("year") == 2010, "depth"] = 1.0
    found = moran_rows(moran_table(), flat, OUTLINES, section(), KEY, seed=3)
    assert "C: depth is the same everywhere in 2010" in found.notes
    assert 2010 not in set(picked(found.frame, outcome="depth")["year"].dropna())
    assert 2010 in set(picked(found.frame, outcome="size")["year"].dropna())


def test_printed_years_that_the_accounts_lack_have_no_clusters():
    short = ACCOUNTS.drop(2017, level="year")
    for years, wanted in (((2010, 2017), {2010}), ((2017,), set())):
        table = moran_table(years=years, dimensions=("size",))
        rows = moran_rows(table, short, OUTLINES, section(), KEY, seed=3).frame
        assert set(picked(rows, model="local")["year"]) == wanted
        assert len(picked(rows, model="global"))


def test_what_is_left_out_is_noted():
    gaps = ACCOUNTS.drop([("12", 2011)])
    found = moran_rows(moran_table(), gaps, OUTLINES, section(link_hainan=False), KEY, seed=3)
    assert found.notes == (
        "C: Tianjin left out, without a value in 2011",
        "C: Hainan left out, without a neighbour",
    )
    assert set(picked(found.frame, model="global")["n_units"]) == {15}
    shifts = shift_rows(
        FootprintShiftTable(kind="footprint_shift", title=TITLE), gaps, OUTLINES, section(), KEY
    )
    assert shifts.notes == ("C: Tianjin left out, without a value in 2011",)
    assert set(picked(shifts.frame, model="centre")["n_units"]) == {16}


@pytest.mark.parametrize(("scaling", "weighting"), [("sqrt2", "w"), ("none", "w2")])
def test_shift_rows_are_the_track(scaling, weighting):
    table = FootprintShiftTable(
        kind="footprint_shift",
        title=TITLE,
        scaling=scaling,
        weighting=weighting,
        dimensions=("depth",),
    )
    rows = shift_rows(table, ACCOUNTS, OUTLINES, section(), KEY).frame
    values = complete_provinces(ACCOUNTS["depth"])[0]
    track = calc_footprint_track(values, OUTLINES, scaling=scaling, weighting=weighting)
    for year, line in track.iterrows():
        at = {"year": year, "outcome": "depth"}
        for term in ("x", "y", "lon", "lat"):
            assert number(rows, model="centre", term=term, **at) == line[term]
        for term in ("major", "minor", "rotation", "area"):
            assert number(rows, model="ellipse", term=f"sde_{term}", **at) == line[term]
    shift = picked(rows, model="shift", equation="2010-2016")
    start, end = (tuple(track.loc[year, ["lon", "lat"]]) for year in (2010, LAST_FILE))
    way = calc_shift(start, end)
    assert number(shift, term="shift") == pytest.approx(way.distance / 1e3, rel=ROUNDING)
    assert number(shift, term="east") == pytest.approx(way.east / 1e3, rel=ROUNDING)
    assert number(shift, term="north") == pytest.approx(way.north / 1e3, rel=ROUNDING)
    assert number(shift, term="direction") == way.direction
    assert set(shift["year"]) == {LAST_FILE}
    # from year to year and over the whole, without the year that no inventory measured
    assert picked(rows, model="shift")["equation"].nunique() == len(YEARS) - 1
    slope = calc_sen_slope(track.loc[:LAST_FILE, "lon"]).slope
    assert number(rows, model="trend", equation="lon", term="sen_slope") == slope


def test_inequality_rows_are_the_measures():
    table = FootprintInequalityTable(
        kind="footprint_inequality", title=TITLE, serial_correlation=False
    )
    rows = inequality_rows(table, ACCOUNTS, PEOPLE, section(), KEY).frame
    values = ACCOUNTS["size"].xs(2012, level="year")
    groups = load_provinces().frame["region"].reindex(values.index)
    theil, dagum = calc_theil(values, groups), calc_dagum_gini(values, groups)
    own = picked(rows, outcome="size", year=2012)
    one = picked(own, model="theil")
    assert number(one, equation="", term="total") == pytest.approx(theil.total, abs=ROUNDING)
    parts = [number(one, equation="", quantity="value", term=t) for t in ("between", "within")]
    assert sum(parts) == pytest.approx(theil.total, abs=ROUNDING)
    shares = picked(one, quantity="share")
    by_region = shares[shares["equation"] != ""]["estimate"].sum()
    within = number(shares, equation="", term="within")
    assert by_region == pytest.approx(within, abs=ROUNDING)
    assert within + number(shares, equation="", term="between") == pytest.approx(1.0, abs=ROUNDING)
    assert number(one, equation="central", term="total") == theil.by_group.loc["central", "theil"]
    two = picked(own, model="dagum")
    whole = [number(two, equation="", quantity="value", term=t) for t in ("Gw", "Gnb", "Gt")]
    assert sum(whole) == pytest.approx(number(two, equation="", term="G"), abs=1e-10)
    assert number(two, equation="east", term="G") == dagum.by_group["east"]
    pair = dagum.pairs.loc[("central", "east")]
    assert number(two, equation="pair", term="central-east") == pair["gini"]
    assert number(two, equation="affluence", term="central-east") == pair["affluence"]
    cv = number(picked(own, model="cv"), equation="", term="total")
    assert cv == pytest.approx(values.std(ddof=0) / values.mean(), abs=ROUNDING)


@pytest.mark.slow
def test_per_head_divides_amounts_and_leaves_ratios():
    def rows_of(per):
        table = FootprintInequalityTable(kind="footprint_inequality", title=TITLE, per=per)
        return inequality_rows(table, ACCOUNTS, PEOPLE.sample(frac=1.0), section(), KEY).frame

    whole, head = rows_of("province"), rows_of("head")
    at = {"model": "theil", "equation": "", "term": "total", "year": 2012}
    assert number(whole, outcome="depth", **at) == number(head, outcome="depth", **at)
    values = (ACCOUNTS["size"] / PEOPLE).xs(2012, level="year")
    groups = load_provinces().frame["region"].reindex(values.index)
    expected = calc_theil(values, groups).total
    assert number(head, outcome="size", **at) == pytest.approx(expected, abs=ROUNDING)
    assert number(whole, outcome="size", **at) != pytest.approx(expected, abs=1e-4)


@pytest.mark.parametrize("serial", [False, True])
def test_trends_of_provinces_regions_and_all(serial):
    table = FootprintInequalityTable(
        kind="footprint_inequality", title=TITLE, serial_correlation=serial
    )
    rows = picked(inequality_rows(table, ACCOUNTS, PEOPLE, section(), KEY).frame, model="trend")
    inference = "hamed_rao" if serial else "normal"
    assert set(picked(rows, quantity="test")["inference"]) == {inference, f"{inference}_fdr"}
    own = picked(rows, outcome="size", equation="14")
    series = ACCOUNTS["size"].xs("14", level="province").loc[:LAST_FILE]
    test = calc_mann_kendall(series, serial_correlation=serial)
    row = picked(own, inference=inference)
    assert row["statistic"].item() == test.z
    assert row["p_value"].item() == test.p_value
    assert picked(own, inference=f"{inference}_fdr")["p_value"].item() >= test.p_value
    assert number(own, term="tau") == test.tau
    slope = picked(own, term="sen_slope").iloc[0]
    assert slope["ci_lower"] <= slope["estimate"] <= slope["ci_upper"]
    east = load_provinces().frame["region"].eq("east")
    members = ACCOUNTS["size"].unstack("year").loc[lambda t: east.reindex(t.index).to_numpy()]
    expected = calc_sen_slope(members.mean().loc[:LAST_FILE]).slope
    assert number(picked(rows, outcome="size", equation="east"), term="sen_slope") == expected
    means = ACCOUNTS["size"].unstack("year").mean().loc[:LAST_FILE]
    whole = picked(rows, outcome="size", equation="")
    assert number(whole, term="sen_slope") == calc_sen_slope(means).slope


@pytest.mark.parametrize("per", ["province", "head"])
def test_trends_of_regions_as_one_are_of_sums(per):
    table = FootprintInequalityTable(
        kind="footprint_inequality",
        title=TITLE,
        per=per,
        dimensions=("size", "depth", "footprint_3d"),
    )
    # Land left over in some provinces: else the products add up to that of the sums.
    left = ACCOUNTS["size"] * (ACCOUNTS.groupby("province").ngroup() % 3)
    capacity = ACCOUNTS["size"] + left
    depth = 1 + ACCOUNTS["overshoot"] / capacity
    accounts = ACCOUNTS.assign(
        capacity=capacity, surplus=left, depth=depth, footprint_3d=ACCOUNTS["size"] * depth
    )
    rows = inequality_rows(table, accounts, PEOPLE, section(), KEY).frame
    own = picked(rows, model="trend_sums")
    assert set(own["equation"]) == {"east", "central", "west", ""}
    regions = load_provinces().frame["region"]
    for region in ("east", ""):
        is_in = ACCOUNTS.index.get_level_values(0).map(regions).isin([region or "east", *(
            ["central", "west"] if not region else []
        )])  # fmt: skip
        sums = accounts[is_in].groupby("year").sum().loc[:LAST_FILE]
        people = PEOPLE[is_in].groupby("year").sum().loc[:LAST_FILE]
        wanted = {
            "size": sums["size"] / (people if per == "head" else 1.0),
            "depth": 1 + sums["overshoot"] / sums["capacity"],
            "footprint_3d": sums["size"]
            * (1 + sums["overshoot"] / sums["capacity"])
            / (people if per == "head" else 1.0),
        }
        for dimension, series in wanted.items():
            test = calc_mann_kendall(series, serial_correlation=True)
            at = picked(own, outcome=dimension, equation=region)
            assert number(at, quantity="test") == pytest.approx(test.z, abs=ROUNDING)
            slope = number(at, term="sen_slope")
            assert slope == pytest.approx(calc_sen_slope(series).slope, abs=ROUNDING)
    mean = number(rows, model="trend", outcome="depth", equation="east", term="sen_slope")
    assert number(own, outcome="depth", equation="east", term="sen_slope") != pytest.approx(mean)
    lacking = ACCOUNTS[["size", "depth"]]
    with pytest.raises(DataError, match="the depth of a region is made of footprint, capacity"):
        inequality_rows(table, lacking, PEOPLE, section(), KEY)


def test_provinces_left_out_of_the_table_are_left_out_of_the_sums():
    gaps = ACCOUNTS.copy()
    gaps.loc[("11", 2012)] = np.nan
    table = FootprintInequalityTable(
        kind="footprint_inequality", title=TITLE, dimensions=("depth",)
    )
    rows = picked(inequality_rows(table, gaps, PEOPLE, section(), KEY).frame, model="trend_sums")
    without = ACCOUNTS.drop(index="11", level="province")
    whole = inequality_rows(table, without, PEOPLE, section(), KEY).frame
    pd.testing.assert_frame_equal(
        rows.reset_index(drop=True), picked(whole, model="trend_sums").reset_index(drop=True)
    )


def test_few_years_have_numbers_but_no_trend():
    short = ACCOUNTS[ACCOUNTS.index.get_level_values("year") < 2013]
    few = section(last_year=2012)
    inequality = FootprintInequalityTable(kind="footprint_inequality", title=TITLE)
    for found in (
        moran_rows(moran_table(), short, OUTLINES, few, KEY, seed=1),
        shift_rows(
            FootprintShiftTable(kind="footprint_shift", title=TITLE), short, OUTLINES, few, KEY
        ),
        inequality_rows(inequality, short, PEOPLE, few, KEY),
    ):
        assert "C: no trend, years with an inventory are 3 and not 4" in found.notes
        assert not len(picked(found.frame, model="trend"))
        assert len(found.frame)


def test_provinces_that_are_the_same_number_have_no_shares():
    flat = ACCOUNTS.assign(depth=1.0)
    table = FootprintInequalityTable(
        kind="footprint_inequality", title=TITLE, dimensions=("depth",)
    )
    rows = inequality_rows(table, flat, PEOPLE, section(), KEY).frame
    assert number(rows, model="dagum", equation="", term="G", year=2012) == 0.0
    assert not len(picked(rows, quantity="share", model="dagum"))


@pytest.mark.slow
def test_rows_in_another_order_change_no_bit():
    shuffled = ACCOUNTS.sample(frac=1.0, random_state=2)
    inequality = FootprintInequalityTable(kind="footprint_inequality", title=TITLE, per="head")
    shift = FootprintShiftTable(kind="footprint_shift", title=TITLE)
    for make in (
        lambda t: moran_rows(moran_table(), t, OUTLINES, section(), KEY, seed=1),
        lambda t: shift_rows(shift, t, OUTLINES, section(), KEY),
        lambda t: inequality_rows(inequality, t, PEOPLE, section(), KEY),
    ):
        pd.testing.assert_frame_equal(make(ACCOUNTS).frame, make(shuffled).frame, check_exact=True)


def test_unknown_dimension_is_named():
    table = moran_table(dimensions=("emissions",))
    with pytest.raises(DataError, match="no 'emissions'; there are size, depth"):
        moran_rows(table, ACCOUNTS, OUTLINES, section(), KEY, seed=1)


def test_printed_years_are_five_with_an_inventory_where_none_are_named():
    table = moran_table()
    files = dict.fromkeys([*range(1999, 2014), 2015, 2016, 2017, 2019], "x.xlsx")
    whole = section(energy=files, first_year=2000, last_year=2021)
    assert table.printed_years(whole) == (2000, 2004, 2008, 2012, 2019)
    assert set(table.printed_years(whole)) <= set(whole.inventory_years)
    few = section(energy=files, first_year=2013, last_year=2016)
    assert table.printed_years(few) == (2013, 2015, 2016)
    assert moran_table(years=(2016, 2010)).printed_years(section()) == (2010, 2016)


def test_slope_rows_have_an_interval_and_the_years():
    series = ACCOUNTS["size"].xs("14", level="province")
    slope, tau, test = trend_rows(series, serial=False)
    assert (slope["n_periods"], tau["n_periods"], test["n_periods"]) == (8, 8, 8)
    assert slope["ci_lower"] < slope["estimate"] < slope["ci_upper"]
