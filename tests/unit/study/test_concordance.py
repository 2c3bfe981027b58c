"""Concordances: complete, unique, every target hit, both ways to 26 sectors agree."""

from __future__ import annotations

import shutil

import pytest

from yrb_carbon.errors import SourceError
from yrb_carbon.study.concordance import GROUPINGS, MINING, load_concordance
from yrb_carbon.study.paths import data_folder

LISTS = ("2012", "2017")
INVENTORY = "ceads_sectors.csv"
OIL = "production,S2,S2,03,03"


@pytest.fixture(scope="module")
def concordance():
    return load_concordance()


@pytest.fixture
def home(tmp_path):
    shutil.copytree(data_folder() / "concordances", tmp_path / "concordances")
    return tmp_path


def test_sizes(concordance):
    assert len(concordance.inventory) == 47
    assert concordance.households == ("urban", "rural")
    for scheme in GROUPINGS:
        assert list(concordance.groups[scheme].index) == [f"S{i}" for i in range(1, 27)]
    for name in LISTS:
        assert len(concordance.links[name]) == 45


def test_mining_is_six_sectors_of_the_inventories_and_four_of_the_tables(concordance):
    assert concordance.mining == (
        "coal_mining", "oil_gas_extraction", "ferrous_mining", "nonferrous_mining",
        "nonmetal_mining", "other_mining",
    )  # fmt: skip
    for name in LISTS:
        for scheme in GROUPINGS:
            merge = concordance.merge(name, scheme)
            own = [code for code, group in merge.items() if group == MINING]
            assert own == ["02", "03", "04", "05"]
        assert {c for s in concordance.mining for c in concordance.targets(name)[s]} == set(own)


@pytest.mark.parametrize(
    ("code", "sectors"),
    [
        ("S1", ("farming", "logging")),
        ("S8", ("petroleum_coking",)),
        ("S9", ("chemicals", "medicines", "chemical_fibre", "rubber", "plastics")),
        ("S11", ("ferrous_smelting", "nonferrous_smelting")),
        ("S20", ("power_heat",)),
        ("S24", ("transport",)),
        ("S25", ("trade_catering",)),
        ("S26", ("other_services",)),
    ],
)
def test_groups_of_the_study(concordance, code, sectors):
    assert concordance.sectors_of(code) == sectors


def test_names_of_the_upstream_groups(concordance):
    names = concordance.groups["S26"]["en"]
    for code, word in (("S8", "Petrol"), ("S11", "smelt"), ("S20", "Electr"), ("S24", "Transp")):
        assert word in names[code]
        assert names[code] == concordance.groups["H2"]["en"][code]


def test_26_need_no_split_and_42_do(concordance):
    assert {len(codes) for codes in concordance.targets("S26").values()} == {1}
    assert concordance.targets("H2")["trade_catering"] == ("S23", "S25")
    assert concordance.targets("2012")["other_manufacturing"] == ("22", "24")
    assert concordance.targets("2017")["trade_catering"] == ("28", "30")
    assert len(concordance.targets("2017")["other_services"]) == 12
    assert concordance.targets("2017")["urban"] == ("urban",)


@pytest.mark.parametrize("name", LISTS)
@pytest.mark.parametrize("scheme", list(GROUPINGS))
def test_the_way_by_42_leads_to_the_same_26(concordance, name, scheme):
    merge = concordance.merge(name, scheme)
    for sector in concordance.of_kind("production"):
        by_list = {merge[code] for code in concordance.targets(name)[sector]}
        assert by_list == set(concordance.targets(scheme)[sector])


@pytest.mark.parametrize(
    ("text", "sector"),
    [
        ("Coal Mining and Dressing                ", "coal_mining"),
        ("Petroleum and Naturl Gas Extraction", "oil_gas_extraction"),
        ("Timber Processing, Bamboo, Cane, Palm & Straw Products", "timber"),
        ("     Urban", "urban"),
        ("Other", "other_services"),
        ("Others", "other_services"),
        ("Other Manufacturing Industry", "other_manufacturing"),
        ("煤炭采选业", "coal_mining"),
        ("Total Consumption", None),
        (0.0, None),
        ("", None),
        (None, None),
    ],
)
def test_names_as_published(concordance, text, sector):
    assert concordance.find(text) == sector


def edit(home, file, old, new):
    path = home / "concordances" / file
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")


@pytest.mark.parametrize(
    ("file", "old", "new", "told"),
    [
        (INVENTORY, OIL, "production,,S2,03,03", "row 4, column 'S26'.*a code for production"),
        (INVENTORY, OIL, "production,S3,S2,03,03", "row 4, column 'S26'.*groups that its codes"),
        (INVENTORY, OIL, "production,S2,S2,43,03", "row 4, column 'list_2012'.*codes among 01"),
        (INVENTORY, OIL, "production,S2,S2,02,03", "column 'list_2012'.*no row leads to 03"),
        (INVENTORY, ",22 24,", ",22 24 24,", "column 'list_2012'.*each once"),
        (INVENTORY, "household,,,,", "household,S1,,,", "nothing for households"),
        (INVENTORY, "coal_mining,", "farming,", "each key once"),
        (INVENTORY, "煤炭采选业", "石油和天然气开采业", "share the spelling"),
        (INVENTORY, ",household", ",home", "column 'kind'"),
        ("mrio_sectors_2017.csv", ",S20,S20", ",S27,S20", "column 'S26'.*sectors_26.csv"),
        ("mrio_sectors_2012.csv", ",S20,S20", ",S19,S20", "column 'S26'.*no row leads to S20"),
        ("sectors_26.csv", "S2,采矿,Mining", "S1,采矿,Mining", "each one once"),
        ("sectors_26_h2.csv", "S2,采矿,Mining", "S2,采矿,", "a text"),
    ],
)  # fmt: skip
def test_faults_are_told_with_file_row_and_column(home, file, old, new, told):
    edit(home, file, old, new)
    with pytest.raises(SourceError, match=told) as caught:
        load_concordance(home)
    assert file in str(caught.value)


def test_no_list_at_all_is_told(home):
    for name in LISTS:
        (home / "concordances" / f"mrio_sectors_{name}.csv").unlink()
    with pytest.raises(SourceError, match="no list of sectors"):
        load_concordance(home)
