from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from yrb_carbon.errors import DataError
from yrb_carbon.panel.schema import (
    DICTIONARY_FILE,
    flag_column,
    labels,
    load_dictionary,
    validate_panel,
)

# The contract of the panel: these columns, whatever else the dictionary may hold.
CONTRACT = [
    "co2_edgar", "co2_ceads_county", "co2_ceads_city", "co2_apparent_province", "npp", "area",
    "area_admin", "area_forest", "area_grass", "area_water", "area_crop", "area_unused",
    "area_built", "gdp", "gdp1", "gdp2", "gdp3", "gdp_nominal", "gdp_real", "gdp_index",
    "gdp_deflator", "pop", "pop_reported", "fdi_usd", "road_area_pc", "loans", "deposits",
    "coal_mines", "coal_capacity", "coal_capacity_dated", "coal_workforce", "emp_mining",
    "emp_total", "emp1", "emp2", "emp3", "nat_emp_mining", "nat_emp_total", "prov_green_patents",
    "prov_pop", "patents_granted", "fiscal_exp", "sci_exp",
]  # fmt: skip


def small_panel() -> pd.DataFrame:
    index = pd.MultiIndex.from_product([["140100", "630100"], [2003, 2004]], names=["unit", "year"])
    return pd.DataFrame(
        {
            "npp": [300.0, 310.0, np.nan, 280.0],
            "pop": [340.0, 341.0, 200.0, 201.0],
            "flag_imputed_npp": [0, 1, 0, 0],
            "flag_boundary_mixed_pop": [False, True, False, False],
        },
        index=index,
    )


def test_dictionary_documents_every_column_of_the_contract():
    assert set(CONTRACT) <= set(load_dictionary().columns)


def test_every_raw_column_has_bounds_that_refuse_infinity_and_fill_values():
    for name, entry in load_dictionary().columns.items():
        assert entry.range.maximum is not None, name
        assert entry.range.minimum is not None, name
        assert entry.range.minimum >= 0, name
        assert entry.kind.startswith("raw"), name


def test_every_index_has_a_formula():
    for name, entry in load_dictionary().indices.items():
        assert entry.formula, name
        assert entry.kind == "index", name


def test_labels_differ_between_columns_of_one_language():
    """Two columns of one name cannot be told apart in a table."""
    columns = load_dictionary().columns
    for language in ("en", "zh"):
        names = [getattr(entry.label, language) for entry in columns.values()]
        assert len(set(names)) == len(names)


def test_labels_cover_columns_and_indices():
    dictionary = load_dictionary()
    chinese = labels(dictionary, "zh")
    assert set(chinese) == set(dictionary.columns) | set(dictionary.indices)
    assert chinese["upgrading.ts"] == "产业升级"


def test_dictionary_has_no_key_twice():
    """YAML keeps the last of two equal keys without a word."""

    def keys(node: yaml.Node) -> Iterator[tuple[int, str]]:
        if isinstance(node, yaml.MappingNode):
            for key, value in node.value:
                yield id(node), key.value
                yield from keys(value)

    found = list(keys(yaml.compose(DICTIONARY_FILE.read_text(encoding="utf-8"))))
    assert len(found) == len(set(found))


def test_valid_panel_comes_back_unchanged():
    panel = small_panel()
    pd.testing.assert_frame_equal(validate_panel(panel), small_panel())


def test_split_flag_finds_kind_and_column():
    dictionary = load_dictionary()
    assert dictionary.split_flag("flag_boundary_mixed_pop") == ("boundary_mixed", "pop")
    assert dictionary.split_flag(flag_column("imputed", "coal_capacity_dated")) == (
        "imputed",
        "coal_capacity_dated",
    )
    assert dictionary.split_flag("flag_imputed_nothing") is None
    assert dictionary.split_flag("pop") is None


@pytest.mark.parametrize(
    ("column", "value", "inside"),
    [
        ("co2_edgar", 0.0, False),
        ("co2_edgar", 1e-6, True),
        ("co2_edgar", 27618680.0, False),  # tonnes by mistake
        ("gdp", 515.7, False),  # 10^8 yuan by mistake
        ("gdp", 5157089.0, True),
        ("pop", 3398400.0, False),  # persons by mistake
        ("coal_mines", 0.0, True),
        ("npp", 32766.0, False),  # MODIS fill value
        ("npp", np.inf, False),
    ],
)
def test_ranges_catch_wrong_units(column: str, value: float, inside: bool):
    panel = small_panel()[[]].assign(**{column: value})
    if inside:
        validate_panel(panel)
        return
    with pytest.raises(DataError, match=f"column '{column}': 4 of 4 values outside"):
        validate_panel(panel)


def test_range_reads_as_an_inequality():
    columns = load_dictionary().columns
    assert str(columns["co2_edgar"].range) == "0 < value <= 1000"
    assert str(load_dictionary().indices["balance.net"].range) == "any finite value"
    assert str(load_dictionary().indices["upgrading.theil"].range) == "value <= 0"


def test_dictionary_faults_name_the_key(tmp_path: Path):
    text = DICTIONARY_FILE.read_text(encoding="utf-8")
    broken = tmp_path / "dictionary.yaml"
    broken.write_text(text.replace("aggregation: area_mean", "aggregation: average"), "utf-8")
    with pytest.raises(DataError, match=re.escape("columns.npp.aggregation")):
        load_dictionary(broken)
