"""Regional facts from the published files, beside what the source prints of them."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from yrb_carbon.claims import rounds_to
from yrb_carbon.regional.emissions import calc_intensity, calc_territorial_emissions
from yrb_carbon.regional.study_run import run_regional
from yrb_carbon.regional.totals import (
    calc_concentration,
    calc_group_totals,
    calc_ranks,
    calc_shares,
)
from yrb_carbon.sources.ceads_inventory import read_ceads_inventory
from yrb_carbon.sources.provincial import read_provincial
from yrb_carbon.study.provinces import load_provinces
from yrb_carbon.study.regional import (
    RegionalEmissionsTable,
    RegionalSection,
    RegionalTransferTable,
)

pytestmark = pytest.mark.real

PANEL = "province_panels/final_data.1.3.4_did-Desktop.csv"

TOTALS_2019 = {"east": 4901.5750, "central": 2823.1338, "west": 3139.7010, "total": 10864.4097}
"""Mt CO2: printed totals of the sheets of 2019, added by openpyxl alone."""
ROUNDED = 5e-5
"""Mt; half of the last digit of `TOTALS_2019`."""

PRINTED_EAST = 4917.24
"""Mt CO2, as the source prints it."""
FIRST_EIGHT = ["37", "13", "32", "15", "44", "14", "21", "41"]
"""The largest emitters in the order of the source: Shandong to Henan."""

GDP_2019_FIRST_PUBLISHED = {
    "11": 35371.28, "12": 14104.28, "13": 35104.52, "14": 17026.68, "15": 17212.53,
    "21": 24909.45, "22": 11726.82, "23": 13612.68, "31": 38155.32, "32": 99631.52,
    "33": 62351.74, "34": 37113.98, "35": 42395.00, "36": 24757.50, "37": 71067.53,
    "41": 54259.20, "42": 45828.31, "43": 39752.12, "44": 107671.07, "45": 21237.14,
    "46": 5308.93, "50": 23605.77, "51": 46615.82, "52": 16769.34, "53": 23223.75,
    "54": 1697.82, "61": 25793.17, "62": 8718.30, "63": 2965.95, "64": 3748.48, "65": 13597.11,
}  # fmt: skip
"""10^8 yuan, China Statistical Yearbook 2020; later yearbooks have larger ones."""
TEN_THOUSAND = 1e4


@pytest.fixture(scope="module")
def regions():
    return load_provinces().grouped("region")


@pytest.fixture(scope="module")
def emissions(data_root: Path) -> pd.Series:
    (path,) = (data_root / "ceads_province_emissions").glob("2019*.xlsx")
    return calc_territorial_emissions(read_ceads_inventory(path).frame).xs(2019, level="year")


def test_emissions_of_the_regions_in_2019(emissions, regions):
    totals = calc_group_totals(emissions, regions)
    for name, number in TOTALS_2019.items():
        assert totals[name] == pytest.approx(number, abs=ROUNDED)


def test_the_east_is_a_third_of_a_percent_below_the_printed_number(emissions, regions):
    """4,901.6 of 4,917.2 Mt and 45.12 of 45.19 %: the source read another release."""
    totals = calc_group_totals(emissions, regions)
    assert totals["east"] / PRINTED_EAST - 1 == pytest.approx(-0.0032, abs=0.0001)
    share = 100 * calc_shares(totals)["east"]
    assert rounds_to(share, 45.12, 2)
    assert not rounds_to(share, 45.19, 2)


def test_the_eight_largest_emitters_come_in_the_printed_order(emissions):
    ranks = calc_ranks(emissions)
    assert ranks[FIRST_EIGHT].tolist() == list(range(1, 9))
    # 51.63 % printed
    assert rounds_to(100 * calc_concentration(emissions)[8], 51.34, 2)


def test_printed_intensities_follow_from_product_as_first_published(emissions, regions):
    """Of the regions that have the printed emissions; Tibet counts in neither sum."""
    gdp = TEN_THOUSAND * pd.Series(GDP_2019_FIRST_PUBLISHED)
    found = calc_intensity(emissions, gdp, regions)
    assert rounds_to(found["central"], 1.16, 2)
    assert rounds_to(found["west"], 1.54, 2)
    assert not rounds_to(found["east"], 0.92, 2)
    assert rounds_to(found["east"] * PRINTED_EAST / TOTALS_2019["east"], 0.92, 2)


def test_product_of_the_panel_is_of_another_release(data_root, emissions, regions):
    people, _ = read_provincial("province_panel", data_root / PANEL, ("prov_gdp", "prov_pop"))
    gdp = people["prov_gdp"].xs(2019, level="year")
    found = calc_intensity(emissions, gdp, regions)
    assert [round(found[name], 3) for name in ("east", "central", "west")] == [0.894, 1.153, 1.517]
    first = TEN_THOUSAND * pd.Series(GDP_2019_FIRST_PUBLISHED)
    gap = calc_group_totals(gdp, regions) / calc_group_totals(first, regions) - 1
    assert gap[["east", "central", "west", "total"]].round(4).tolist() == [
        0.0228, 0.0028, 0.0173, 0.0167,
    ]  # fmt: skip


def test_every_province_has_product_and_people_from_2000_to_2020(data_root):
    people, _ = read_provincial("province_panel", data_root / PANEL, ("prov_gdp", "prov_pop"))
    known = people.loc[people.index.get_level_values("year") <= 2020].notna().all(axis=1)
    counts = known.groupby(level="year").sum()
    assert counts.to_dict() == dict.fromkeys(range(2000, 2021), 31)


NATIONAL = {2005: 5567.0, 2012: 9742.7, 2015: 9831.6, 2017: 10171.2, 2019: 10864.4}
"""Mt CO2, printed totals of the sheets, added cell by cell with another program."""
ONE_DECIMAL = 0.05


@pytest.mark.slow
def test_all_years_of_the_inventories_run(data_root):
    folder = data_root / "ceads_province_emissions"
    inventories = {
        int(path.name[:4]): str(path.relative_to(data_root)) for path in folder.glob("*.xlsx")
    }
    section = RegionalSection.model_validate(
        {"inventories": inventories, "people": {"format": "province_panel", "path": PANEL}}
    )
    title = {"en": "a", "zh": "b"}
    tables = {
        "D3": RegionalEmissionsTable(kind="regional_emissions", title=title),
        "D4": RegionalTransferTable(kind="regional_transfer", title=title),
    }
    run = run_regional(section, tables, study="real", data_root=data_root)
    rows = run.rows["D3"]
    own = rows[rows["model"].eq("emissions") & rows["quantity"].eq("value")]
    total = own[own["equation"].eq("") & own["term"].eq("total")].set_index("year")["estimate"]
    assert len(total) == 22
    assert total.index[total.isna()].tolist() == [2000, 2001, 2002]
    for year, number in NATIONAL.items():
        assert total[year] == pytest.approx(number, abs=ONE_DECIMAL)
    assert [note.partition(":")[0] for note in run.notes[:3]] == [
        "emissions 2000", "emissions 2001", "emissions 2002",
    ]  # fmt: skip
    assert any("1997, 1998, 1999" in note for note in run.notes)
    intensity = rows[rows["model"].eq("intensity") & rows["equation"].eq("")]
    of_region = intensity.pivot(index="year", columns="term", values="estimate").dropna()
    assert (of_region["east"] < of_region["central"]).all()
    assert (of_region["central"] < of_region["west"]).all()
    theil = run.rows["D4"].query("model == 'theil' and quantity == 'share' and term == 'within'")
    assert (theil["estimate"] > 0.5).all(), "most of the inequality is within the regions"
