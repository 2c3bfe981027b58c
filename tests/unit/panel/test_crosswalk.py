"""Changes of borders: what is summed, averaged, flagged, refused."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.errors import DataError, UnitError
from yrb_carbon.panel.crosswalk import (
    apply_crosswalk,
    merged_into,
    read_changes,
    require_boundaries,
)
from yrb_carbon.study.units import load_units

JINAN, LAIWU, WUZHONG, GUYUAN, ZHONGWEI = "370100", "371200", "640300", "640400", "640500"
MIXED_GDP = "flag_boundary_mixed_gdp"


def panel(cells: dict[tuple[str, int], dict[str, float]]) -> pd.DataFrame:
    frame = pd.DataFrame.from_dict(cells, orient="index")
    frame.index = pd.MultiIndex.from_tuples(cells, names=["unit", "year"])
    return frame


def test_two_changes_are_acted_upon():
    found = {(c.kind, c.old, c.new, c.first_year) for c in read_changes()}
    assert found == {
        ("merge", LAIWU, JINAN, 2019),
        ("split", WUZHONG, ZHONGWEI, 2004),
        ("split", GUYUAN, ZHONGWEI, 2004),
    }


@pytest.mark.parametrize(
    ("unit_set", "together"),
    [("A", True), ("B", False), ("C", True), ("set91", True), ("set79", True)],
)
def test_laiwu_counts_in_jinan_in_all_sets_but_b(unit_set, together):
    assert (LAIWU in merged_into(unit_set, load_units(), read_changes())) is together


@pytest.mark.parametrize("unit_set", ["A", "C", "set91", "set79"])
def test_extensive_columns_are_summed(unit_set):
    frame = panel({(JINAN, 2010): {"gdp": 300.0}, (LAIWU, 2010): {"gdp": 50.0}})
    done, notes = apply_crosswalk(frame, unit_set=unit_set, extensive={"gdp"})
    assert done.index.tolist() == [(JINAN, 2010)]
    assert done.loc[(JINAN, 2010), "gdp"] == 350.0
    assert MIXED_GDP not in done.columns
    assert any("summed 371200 Laiwu" in note and "1 values of gdp" in note for note in notes)


def test_set_b_keeps_laiwu_apart():
    frame = panel({(JINAN, 2010): {"gdp": 300.0}, (LAIWU, 2010): {"gdp": 50.0}})
    done, notes = apply_crosswalk(frame, unit_set="B", extensive={"gdp"})
    assert done["gdp"].to_dict() == {(JINAN, 2010): 300.0, (LAIWU, 2010): 50.0}
    assert notes == ()


def test_ratio_of_sums_is_not_mean_of_ratios():
    frame = panel(
        {
            (JINAN, 2010): {"emp_mining": 10.0, "emp_total": 1000.0},
            (LAIWU, 2010): {"emp_mining": 40.0, "emp_total": 100.0},
        }
    )
    done, _ = apply_crosswalk(frame, unit_set="A", extensive={"emp_mining", "emp_total"})
    share = done["emp_mining"] / done["emp_total"]
    assert share.loc[(JINAN, 2010)] == 50.0 / 1100.0


def test_successor_printed_without_the_dissolved_unit_is_flagged_until_the_merger():
    frame = panel({(JINAN, year): {"gdp": float(year)} for year in (2017, 2018, 2019)})
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert done["gdp"].tolist() == [2017.0, 2018.0, 2019.0]
    assert done[MIXED_GDP].tolist() == [1.0, 1.0, 0.0]
    assert any("gdp may be on other borders" in n and "2017, 2018" in n for n in notes)


def test_flag_is_by_column():
    frame = panel(
        {(JINAN, 2010): {"gdp": 1.0, "pop": 2.0}, (LAIWU, 2010): {"gdp": 3.0, "pop": np.nan}}
    )
    done, _ = apply_crosswalk(frame, unit_set="A", extensive={"gdp", "pop"})
    assert done.loc[(JINAN, 2010), ["gdp", "pop"]].tolist() == [4.0, 2.0]
    assert [c for c in done.columns if c.startswith("flag_")] == ["flag_boundary_mixed_pop"]


def test_sum_is_missing_where_only_the_dissolved_unit_has_a_value():
    frame = panel({(JINAN, 2010): {"gdp": np.nan}, (LAIWU, 2010): {"gdp": 3.0}})
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert np.isnan(done.loc[(JINAN, 2010), "gdp"])
    assert any("stays missing in 2010" in note for note in notes)


def test_values_after_the_merger_are_not_counted_twice():
    frame = panel(
        {
            (JINAN, 2018): {"gdp": 300.0},
            (LAIWU, 2018): {"gdp": 50.0},
            (JINAN, 2019): {"gdp": 360.0},
            (LAIWU, 2019): {"gdp": 51.0},
        }
    )
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert done["gdp"].tolist() == [350.0, 360.0]
    assert done[MIXED_GDP].tolist() == [0.0, 1.0]
    assert any("1 values of 371200 Laiwu (Shandong) from 2019 on are not added" in n for n in notes)


def test_borders_of_today_are_not_flagged_in_a_and_are_in_b():
    frame = panel({(JINAN, 2010): {"npp": 400.0}})
    merged, _ = apply_crosswalk(frame, unit_set="A", extensive=(), present_borders={"npp"})
    apart, _ = apply_crosswalk(frame, unit_set="B", extensive=(), present_borders={"npp"})
    assert list(merged.columns) == ["npp"]
    assert apart["flag_boundary_mixed_npp"].tolist() == [1.0]


def test_set_b_flags_jinan_after_the_merger():
    frame = panel({(JINAN, 2018): {"gdp": 300.0}, (JINAN, 2019): {"gdp": 360.0}})
    done, _ = apply_crosswalk(frame, unit_set="B", extensive={"gdp"})
    assert done[MIXED_GDP].tolist() == [0.0, 1.0]


def test_wrong_claim_of_todays_borders_is_refused():
    frame = panel({(JINAN, 2010): {"npp": 400.0}, (LAIWU, 2010): {"npp": 300.0}})
    with pytest.raises(DataError, match=r"'npp' is said to be on the borders of today.*Laiwu"):
        apply_crosswalk(frame, unit_set="A", extensive=(), present_borders={"npp"})


def test_intensive_column_is_refused_without_weights():
    frame = panel({(JINAN, 2010): {"npp": 400.0}, (LAIWU, 2010): {"npp": 300.0}})
    with pytest.raises(DataError, match=r"'npp' is intensive.*Laiwu.*Jinan.*2010.*weights"):
        apply_crosswalk(frame, unit_set="A", extensive=())


@pytest.mark.parametrize("kind", ["column", "series", "series_by_year"])
def test_intensive_column_is_averaged_with_weights(kind):
    frame = panel(
        {
            (JINAN, 2010): {"npp": 400.0, "area": 8000.0},
            (LAIWU, 2010): {"npp": 300.0, "area": 2000.0},
        }
    )
    area = pd.Series({JINAN: 8000.0, LAIWU: 2000.0})
    weights = {"column": "area", "series": area, "series_by_year": frame["area"]}[kind]
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"area"}, weights={"npp": weights})
    assert done.loc[(JINAN, 2010), "npp"] == (8000 * 400 + 2000 * 300) / 10000
    assert done.loc[(JINAN, 2010), "area"] == 10000.0
    assert any("averaged 371200 Laiwu" in note for note in notes)


@pytest.mark.parametrize("weight", [0.0, -1.0, np.nan])
def test_bad_weights_are_refused(weight):
    frame = panel({(JINAN, 2010): {"npp": 400.0}, (LAIWU, 2010): {"npp": 300.0}})
    with pytest.raises(DataError, match=r"weights of column 'npp'.*2010"):
        apply_crosswalk(
            frame,
            unit_set="A",
            extensive=(),
            weights={"npp": pd.Series({JINAN: 1.0, LAIWU: weight})},
        )


def test_unknown_weight_column_is_refused():
    frame = panel({(JINAN, 2010): {"npp": 400.0}, (LAIWU, 2010): {"npp": 300.0}})
    with pytest.raises(DataError, match="no column of the table: 'aera'"):
        apply_crosswalk(frame, unit_set="A", extensive=(), weights={"npp": "aera"})


def test_figures_of_the_province_pass_without_weights():
    frame = panel({(JINAN, 2010): {"prov_pop": 9579.0}, (LAIWU, 2010): {"prov_pop": 9579.0}})
    done, _ = apply_crosswalk(frame, unit_set="A", extensive=())
    assert done["prov_pop"].tolist() == [9579.0]
    assert list(done.columns) == ["prov_pop"]


def test_flags_of_the_parts_are_joined():
    frame = panel(
        {
            (JINAN, 2010): {"pop": 5.0, "flag_interpolated_pop": 0.0},
            (LAIWU, 2010): {"pop": 1.0, "flag_interpolated_pop": 1.0},
        }
    )
    done, _ = apply_crosswalk(frame, unit_set="A", extensive={"pop"})
    assert done.loc[(JINAN, 2010), "flag_interpolated_pop"] == 1.0


def test_year_before_zhongwei_flags_both_parents():
    frame = panel(
        {
            (unit, year): {"gdp": 1.0}
            for unit in (WUZHONG, GUYUAN, "640100")
            for year in (2003, 2004)
        }
        | {(ZHONGWEI, 2004): {"gdp": 1.0}}
    )
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    flagged = done.index[done[MIXED_GDP].eq(1.0)].tolist()
    assert flagged == [(WUZHONG, 2003), (GUYUAN, 2003)]
    assert any("640300 Wuzhong (Ningxia) 2003" in note for note in notes)


def test_year_before_zhongwei_is_not_flagged_where_zhongwei_has_a_value():
    frame = panel({(unit, 2003): {"gdp": 1.0} for unit in (WUZHONG, GUYUAN, ZHONGWEI)})
    done, _ = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert list(done.columns) == ["gdp"]


def test_units_outside_the_set_are_counted():
    frame = panel(
        {
            ("419001", 2010): {"gdp": 1.0},
            ("513300", 2010): {"gdp": 2.0},
            ("410800", 2010): {"gdp": 3},
        }
    )
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert done.index.get_level_values("unit").tolist() == ["410800", "513300"]
    assert notes == ("left out 419001 Jiyuan (Henan), 1 rows: not in set A",)


def test_row_order_does_not_matter():
    rng = np.random.default_rng(7)
    units = load_units().ids
    index = pd.MultiIndex.from_product([units, range(2003, 2019)], names=["unit", "year"])
    frame = pd.DataFrame(rng.lognormal(size=(len(index), 2)), index=index, columns=["gdp", "pop"])
    shuffled = frame.sample(frac=1.0, random_state=3)
    done, notes = apply_crosswalk(frame, unit_set="A", extensive={"gdp", "pop"})
    again, notes_again = apply_crosswalk(shuffled, unit_set="A", extensive={"gdp", "pop"})
    pd.testing.assert_frame_equal(done, again, check_exact=True)
    assert notes == notes_again
    assert done.index.is_monotonic_increasing
    assert len(done) == 90 * 16


def test_total_of_an_extensive_column_is_kept():
    rng = np.random.default_rng(11)
    units = load_units().select("A").ids
    index = pd.MultiIndex.from_product([[*units, LAIWU], [2010]], names=["unit", "year"])
    whole = rng.integers(1, 10_000, size=len(index)).astype(float)
    frame = pd.DataFrame({"gdp": whole}, index=index)
    done, _ = apply_crosswalk(frame, unit_set="A", extensive={"gdp"})
    assert done["gdp"].sum() == whole.sum()


@pytest.mark.parametrize(
    ("frame", "error", "text"),
    [
        (panel({("632100", 2010): {"gdp": 1.0}}), UnitError, "632100.*Match old codes"),
        (panel({(JINAN, 2010): {"gdp": 1.0}}).reset_index(), DataError, "wanted an index"),
        (
            pd.concat([panel({(JINAN, 2010): {"gdp": 1.0}})] * 2),
            DataError,
            r"more than once: \('370100', 2010\)",
        ),
        (panel({(JINAN, 2010): {"gdp": "1"}}), DataError, "not numeric: gdp"),
    ],
)
def test_bad_tables_are_refused(frame, error, text):
    with pytest.raises(error, match=text):
        apply_crosswalk(frame, unit_set="A", extensive=set())


@pytest.mark.parametrize("argument", ["extensive", "present_borders"])
def test_unknown_columns_are_refused(argument):
    frame = panel({(JINAN, 2010): {"gdp": 1.0}})
    arguments = {"extensive": {"gdp"}, argument: {"gpd"}}
    with pytest.raises(DataError, match=f"{argument} names columns that the table lacks: gpd"):
        apply_crosswalk(frame, unit_set="A", **arguments)


@pytest.mark.parametrize("unit_set", ["A", "C", "set91", "set79"])
def test_boundaries_of_today_serve_the_sets_without_laiwu(unit_set):
    require_boundaries(unit_set, [*load_units().select(unit_set).ids, "150400"])


def test_set_b_needs_borders_with_laiwu():
    units = load_units()
    require_boundaries("B", units.select("B").ids)
    with pytest.raises(UnitError, match=r"set B keeps 371200 Laiwu.*no polygon.*2018 or before"):
        require_boundaries("B", units.select("set91").ids)


def test_polygon_of_laiwu_has_to_be_dissolved_for_the_other_sets():
    with pytest.raises(UnitError, match="Dissolve 371200 into 370100"):
        require_boundaries("A", load_units().ids)


def test_missing_polygons_are_named():
    ids = [unit for unit in load_units().select("A").ids if unit != ZHONGWEI]
    with pytest.raises(UnitError, match="no polygon for 640500 Zhongwei"):
        require_boundaries("A", ids)
