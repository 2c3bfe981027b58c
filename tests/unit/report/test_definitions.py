"""Definitions say what is computed: formula, transform, sign, unit, data."""

from __future__ import annotations

import pytest

from yrb_carbon.indices.registry import INDEX_MEASURES
from yrb_carbon.panel.schema import load_dictionary
from yrb_carbon.report.definitions import TRANSFORMED, definition_of, letters_note, letters_of
from yrb_carbon.report.language import Words
from yrb_carbon.study.config import Study, VariableSection

EN = Words()
LEVEL = {"transform": "level"}
STUDY = Study.model_validate(
    {
        "study": {"name": "tiny", "title": {"en": "Tiny", "zh": "小"}},
        "data_root": ".",
        "sources": {},
        "weights": {},
        "variables": {},
        "tables": {},
        "carbon": {"source": "edgar_city"},
    }
)


def section(index: str, **options: object) -> VariableSection:
    return VariableSection.model_validate({"index": index, **options})


@pytest.mark.parametrize(
    ("index", "options", "text"),
    [
        ("balance", {}, "ln(S / E); dimensionless"),
        ("balance", {"measure": "source_sink"}, "-ln(E / S); dimensionless"),
        ("balance", {"measure": "minus_emissions"}, "-ln(E); log of Mt CO2"),
        ("balance", {"measure": "minus_emissions", **LEVEL}, "-E; Mt CO2"),
        ("balance", {"measure": "net", **LEVEL}, "S - E; Mt CO2"),
        ("agglomeration", {}, "(m_it / e_it) / (M_t / E_t); dimensionless"),
        (
            "agglomeration",
            {"transform": "log1p"},
            "ln(1 + (m_it / e_it) / (M_t / E_t)); dimensionless",
        ),
        ("agglomeration", {"measure": "density"}, "m_it / area_i; persons per km2"),
        (
            "agglomeration",
            {"measure": "share", "numerator": "coal_capacity"},
            "m_it / e_it; Mt per year and person",
        ),
        ("agglomeration", {"measure": "share"}, "m_it / e_it; dimensionless"),
        ("land_sink", {}, "ln(S * 10^6 / area); log of t CO2 per km2 and year"),
        ("emissions", {"transform": "log"}, "ln(E); log of Mt CO2"),
        ("raw", {"column": "pop"}, "pop; 10^4 persons"),
        (
            "raw",
            {"column": "pop", "transform": "log_eps", "lag": 2},
            "ln(pop + c), c = half the smallest positive value of the sample; "
            "log of 10^4 persons; 2 years earlier",
        ),
    ],
)
def test_definition(index, options, text):
    assert definition_of(section(index, **options), STUDY, EN) == text


def test_remarks_stay_outside_the_transform():
    text = definition_of(section("balance", measure="esc"), STUDY, EN)
    assert text.startswith("ln((S_i / sum S) / (E_i / sum E)), sums over")
    angle = definition_of(section("upgrading", measure="angle"), STUDY, EN)
    assert angle.endswith("theta_j = angle between (Y1, Y2, Y3) and axis j; radians")


def test_every_index_has_a_definition():
    for index, measures in INDEX_MEASURES.items():
        for measure in measures or (None,):
            options = {"column": "gdp"} if index == "raw" else {"measure": measure}
            text = definition_of(section(index, transform="level", **options), STUDY, EN)
            formula, unit = text.rsplit("; ", 1)
            assert formula
            assert unit
            assert "unit of the" not in unit


def test_every_transform_can_be_written():
    assert set(TRANSFORMED) == set(load_dictionary().transforms)


def test_letters_name_the_data_in_use():
    assert letters_of(section("balance"), STUDY, EN) == (
        "S = Carbon sink (NPP), k: 1.62/0.45 (dry matter), E = CO2 emissions (EDGAR)"
    )
    other = section("balance", emissions="ceads_county", sink="landuse")
    assert letters_of(other, STUDY, EN) == (
        "S = Carbon sink (land use), E = CO2 emissions (CEADs counties)"
    )
    known = load_dictionary().columns
    quotient = section("agglomeration", numerator="coal_capacity", denominator="pop",
                       reference="basin")  # fmt: skip
    assert letters_of(quotient, STUDY, EN) == (
        f"m_it = {known['coal_capacity'].label.en}, e_it = {known['pop'].label.en}, "
        "M_t / E_t of the units of the sample"
    )
    assert letters_of(section("upgrading", version="laiwu"), STUDY, EN) == (
        "version 'laiwu' of the data"
    )


def test_note_leaves_out_what_has_no_letters():
    study = STUDY.model_copy(
        update={"variables": {"a": section("upgrading"), "b": section("land_sink")}}
    )
    assert letters_note({"a": "A", "b": "B"}, study, EN) == (
        "Definitions. B: S = Carbon sink (NPP), k: 1.62/0.45 (dry matter)."
    )
    assert letters_note({"a": "A"}, study, EN) == ""
