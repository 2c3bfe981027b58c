"""From the readers' frames to the panel: keys, spreading, merging, names, on files of one's own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from types import SimpleNamespace

import pandas as pd
import pytest
import shapely

from yrb_carbon.errors import DataError, SourceError, UnitError
from yrb_carbon.panel.assemble import AssembledPanel, assemble_panel, write_panels
from yrb_carbon.provenance import FileRecord
from yrb_carbon.sources.boundaries import Boundaries, build_boundaries
from yrb_carbon.study.config import CarbonSection, SourceSection
from yrb_carbon.study.units import load_units

TAIYUAN, DATONG, JINAN, LAIWU, XIAN = "140100", "140200", "370100", "371200", "610100"
YEARS = range(2003, 2005)


@pytest.fixture(scope="session")
def boundaries() -> Boundaries:
    """Squares for all candidate units, in the place of the real polygons."""
    codes = load_units().select("A").ids
    boxes = [
        shapely.box(100 + i % 10, 30 + i // 10, 101 + i % 10, 31 + i // 10)
        for i in range(len(codes))
    ]
    return build_boundaries(codes, boxes, FileRecord("squares", None, "", len(codes)))


@pytest.fixture
def assemble(tmp_path: Path, boundaries: Boundaries):
    """Assemble a panel from CSV texts by source; options of a source as a pair with its text."""

    def assemble(
        sources: Mapping[str, str | tuple[str, dict[str, object]]],
        *,
        years: range = YEARS,
        extend: str = "drop",
    ) -> AssembledPanel:
        sections = {}
        for name, given in sources.items():
            text, options = given if isinstance(given, tuple) else (given, {})
            (tmp_path / f"{name}.csv").write_text(text, encoding="utf-8")
            reader = {"options": {"check_units": False}}
            sections[name] = SourceSection.model_validate(
                {"format": "tidy_csv", "path": f"{name}.csv", **reader, **options}
            )
        spec = SimpleNamespace(
            data_root=str(tmp_path),
            sources=sections,
            carbon=CarbonSection.model_validate({"extend_2018": extend}),
        )
        return assemble_panel(spec, boundaries, unit_sets=["A"], years=years)

    return assemble


def cells(assembled: AssembledPanel, column: str, unit: str) -> list[float]:
    return assembled.panels["A"].loc[unit, column].tolist()


def test_the_panel_is_whole_and_sorted(assemble):
    panel = assemble({"a": "year,code,pop\n2004,140100,2\n2003,140100,1\n"}).panels["A"]
    units = load_units().select("A").ids
    assert panel.index.names == ["unit", "year"]
    assert len(panel) == len(units) * len(YEARS)
    assert panel.index.is_monotonic_increasing
    assert (panel["area"] > 0).all()
    assert panel["pop"].notna().sum() == 2


def test_a_table_of_units_by_code_or_name(assemble):
    by_code = assemble({"a": "year,code,pop\n2003,140100,1\n2004,140100,2\n"})
    by_name = assemble({"a": "year,name,pop\n2003,太原,1\n2004,太原市,2\n"})
    assert cells(by_code, "pop", TAIYUAN) == cells(by_name, "pop", TAIYUAN) == [1, 2]


def test_a_table_of_provinces_holds_for_each_of_their_units(assemble):
    text = (
        "province,year,prov_pop\n山西,2003,310\n山西,2004,311\nShaanxi,2003,320\nShaanxi,2004,321\n"
    )
    found = assemble({"a": text})
    assert cells(found, "prov_pop", TAIYUAN) == cells(found, "prov_pop", DATONG) == [310, 311]
    assert cells(found, "prov_pop", XIAN) == [320, 321]
    assert found.panels["A"].loc[JINAN, "prov_pop"].isna().all()


def test_a_table_of_years_holds_for_every_unit(assemble):
    found = assemble({"a": "year,nat_emp_total\n2004,8e8\n2003,7e8\n"})
    wide = found.panels["A"]["nat_emp_total"].unstack("year")
    assert (wide[2003] == 7e8).all()
    assert (wide[2004] == 8e8).all()


def test_an_unknown_province_is_refused(assemble):
    with pytest.raises(SourceError, match=r"a\.csv.*column 'province'.*山栖"):
        assemble({"a": "province,year,prov_pop\n山栖,2003,10\n"})


def test_a_table_of_other_provinces_alone_is_refused(assemble):
    with pytest.raises(SourceError, match=r"a\.csv.*no province of the study.*广东"):
        assemble({"a": "province,year,prov_pop\n广东,2003,9000\n"})


LAIWU_TEXT = (
    "year,code,gdp2,flag_interpolated_gdp2\n"
    "2003,370100,100,0\n2003,371200,10,1\n2004,370100,110,0\n2004,371200,11,0\n"
)


def test_laiwu_is_summed_into_jinan(assemble):
    found = assemble({"a": LAIWU_TEXT})
    assert cells(found, "gdp2", JINAN) == [110, 121]
    assert cells(found, "flag_interpolated_gdp2", JINAN) == [1, 0]
    assert LAIWU not in found.panels["A"].index.get_level_values("unit")
    assert any("summed 371200" in note for note in found.records[0]["notes"])


def test_a_rate_of_laiwu_is_not_added_to_that_of_jinan(assemble):
    text = "code,year,road_area_pc\n370100,2003,10\n371200,2003,8\n"
    with pytest.raises(DataError, match="road_area_pc"):
        assemble({"a": text})
    kept = assemble({"a": (text, {"merge": False})})
    assert cells(kept, "road_area_pc", "370100")[0] == 10


def test_without_merging_laiwu_is_left_out_and_jinan_flagged(assemble):
    found = assemble({"a": (LAIWU_TEXT, {"merge": False})})
    assert cells(found, "gdp2", JINAN) == [100, 110]
    assert cells(found, "flag_boundary_mixed_gdp2", JINAN) == [1, 1]
    assert cells(found, "flag_interpolated_gdp2", JINAN) == [0, 0]
    notes = found.records[0]["notes"]
    assert any("2 rows of units outside the set left out before any merging" in n for n in notes)


def test_two_versions_of_a_column_stand_side_by_side(assemble):
    renamed = {"columns": ["gdp2"], "rename": {"gdp2": "gdp2__laiwu"}}
    found = assemble({"plain": (LAIWU_TEXT, {"merge": False}), "laiwu": (LAIWU_TEXT, renamed)})
    assert cells(found, "gdp2", JINAN) == [100, 110]
    assert cells(found, "gdp2__laiwu", JINAN) == [110, 121]
    assert cells(found, "flag_interpolated_gdp2__laiwu", JINAN) == [1, 0]
    assert cells(found, "flag_interpolated_gdp2", JINAN) == [0, 0]


def test_a_column_from_two_sources_is_refused(assemble):
    text = "year,code,pop\n2003,140100,1\n"
    with pytest.raises(DataError, match=r"'pop' comes from source 'b' and from another.*rename"):
        assemble({"a": text, "b": text})


def test_a_column_that_the_source_lacks_is_refused(assemble):
    text = "year,code,pop\n2003,140100,1\n"
    with pytest.raises(SourceError, match=r"sources\.a\.columns.*gives no column gdp.*gives pop"):
        assemble({"a": (text, {"columns": ["gdp"]})})


def test_mining_above_total_employment_is_refused_with_both_sources(assemble):
    with pytest.raises(DataError) as caught:
        assemble(
            {
                "mining": "year,code,emp_mining\n2003,140100,9000\n2004,140100,9100\n",
                "jobs": "year,code,emp_total\n2003,140100,9000\n2004,140100,600\n",
            }
        )
    message = str(caught.value)
    assert "unit 140100, year 2004: 9100 of 600. " in message
    assert "year 2003" not in message
    for source, column in (("mining", "emp_mining"), ("jobs", "emp_total")):
        assert f"{column} (source {source!r}, " in message
        assert f"{source}.csv)" in message


def test_a_part_is_held_against_the_whole_of_its_version(assemble):
    renamed = {"rename": {"emp_mining": "emp_mining__b", "emp_total": "emp_total__b"}}
    rows = "year,code,emp_mining,emp_total\n2003,140100,9000,600\n"
    with pytest.raises(DataError, match=r"emp_mining__b .* is above emp_total__b"):
        assemble({"a": (rows, renamed)})
    other = {"rename": {"emp_mining": "emp_mining__b"}, "columns": ["emp_mining"]}
    assert cells(assemble({"a": (rows, other)}), "emp_mining__b", TAIYUAN)[0] == 9000


def test_a_value_out_of_range_is_named_with_its_file(assemble):
    with pytest.raises(DataError) as caught:
        assemble(
            {
                "people": "year,code,pop\n2003,140100,-3\n",
                "gdp": "year,code,gdp\n2003,140100,1000\n",
            }
        )
    line = next(line for line in str(caught.value).splitlines() if "'pop'" in line)
    assert "unit 140100, year 2003: -3" in line
    assert "(from source 'people', " in line
    assert line.endswith("people.csv)")


def test_two_rows_for_a_unit_and_year_are_refused(assemble):
    text = "year,name,pop\n2003,太原,1\n2003,太原市,2\n2004,太原,3\n"
    with pytest.raises(SourceError, match="two rows for one unit and year: 太原市 140100 2003"):
        assemble({"a": text})


UNKNOWN = "year,province,name,pop\n2003,山西,太原,1\n2004,山西,太原,2\n2003,山西,大源,3\n"


def test_an_unknown_name_in_a_province_of_the_study_is_refused(assemble):
    with pytest.raises(UnitError, match=r"a\.csv.*山西 大源 \(1 rows.*sources\.a\.unknown_units"):
        assemble({"a": UNKNOWN})


def test_a_slip_of_a_code_in_a_province_of_the_study_is_refused(assemble):
    rows = "year,code,pop\n2003,149999,1\n2004,140100,2\n2003,140200,3\n"
    with pytest.raises(UnitError, match=r"a\.csv, row 2: not recognised: 149999"):
        assemble({"a": rows})
    report = {"unknown_units": "report"}
    assert assemble({"a": (rows, report)}).unmatched["key"].tolist() == ["149999"]
    outside = "2003,140000,1\n2003,140181,1\n2003,150400,1\n2003,439999,1\n"
    assert assemble({"a": rows.replace("2003,149999,1\n", outside)}).unmatched.empty


def test_an_unknown_name_is_listed_when_the_study_says_so(assemble):
    found = assemble({"a": (UNKNOWN, {"unknown_units": "report"})})
    row = found.unmatched.to_dict("records")
    assert [(r["source"], r["status"], r["key"], r["rows"]) for r in row] == [
        ("a", "unmatched", "山西 大源", 1)
    ]


def test_an_unknown_name_without_a_province_is_refused(assemble):
    with pytest.raises(UnitError, match="大源"):
        assemble({"a": "year,name,pop\n2003,太原,1\n2003,大源,3\n"})


@pytest.mark.parametrize("row", ["2003,广东,大源,3", "1998,山西,大源,3"])
def test_an_unknown_name_that_cannot_matter_is_listed(assemble, row):
    """Of a province without units of the study, or of a year that the panel does not have."""
    found = assemble({"a": f"year,province,name,pop\n2003,山西,太原,1\n{row}\n"})
    assert len(found.unmatched) == 1
    assert found.panels["A"]["pop"].sum() == 1


def test_a_column_without_a_value_for_the_study_is_refused(assemble):
    text = "year,code,pop,gdp\n2003,140100,1,\n2003,440100,1,5\n"
    with pytest.raises(SourceError, match=r"key 'sources\.a'.*no value of gdp for any unit"):
        assemble({"a": text})


COUNTY = "year,code,co2_ceads_county\n2017,140100,10\n2017,610100,20\n"
PROVINCES = "year,province,co2_apparent_province\n2017,山西,100\n2018,山西,110\n2017,陕西,100\n"


def test_county_emissions_are_carried_to_2018_by_the_province(assemble):
    text = f"{PROVINCES}2018,陕西,95\n"
    found = assemble({"a": COUNTY, "b": text}, years=range(2017, 2019), extend="scale")
    assert cells(found, "co2_ceads_county", TAIYUAN) == pytest.approx([10, 11], rel=1e-15)
    assert cells(found, "co2_ceads_county", XIAN) == pytest.approx([20, 19], rel=1e-15)
    assert cells(found, "flag_extended_co2_ceads_county", XIAN) == [0, 1]
    assert cells(found, "flag_extended_co2_ceads_county", JINAN) == [0, 0]


def test_county_emissions_end_in_2017_when_2018_is_dropped(assemble):
    found = assemble({"a": COUNTY, "b": PROVINCES}, years=range(2017, 2019))
    panel = found.panels["A"]
    assert panel.xs(2018, level="year")["co2_ceads_county"].isna().all()
    assert "flag_extended_co2_ceads_county" not in panel


def test_scaling_needs_the_province_in_both_years(assemble):
    with pytest.raises(DataError, match=r"no provincial total.*2017 and 2018.*610100"):
        assemble({"a": COUNTY, "b": PROVINCES}, years=range(2017, 2019), extend="scale")


def test_scaling_needs_a_source_of_provincial_totals(assemble):
    with pytest.raises(DataError, match=r"extend_2018.*co2_apparent_province.*ceads_apparent"):
        assemble({"a": COUNTY}, years=range(2017, 2019), extend="scale")


def test_written_files(assemble, tmp_path):
    found = assemble({"a": (UNKNOWN, {"unknown_units": "report"})})
    output = SimpleNamespace(
        panels=[tmp_path / "A.parquet"],
        records=tmp_path / "sources.json",
        unmatched=tmp_path / "unmatched.csv",
    )
    write_panels(found, output)
    pd.testing.assert_frame_equal(pd.read_parquet(output.panels[0]), found.panels["A"])
    header = "source,status,key,rows,rule,candidates"
    assert output.unmatched.read_text(encoding="utf-8").splitlines()[0] == header
