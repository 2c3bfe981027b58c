"""Names in claims about accounts that no study with such tables has."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from embodied_rows import TABLES, embodied_study

from yrb_carbon.claims import Claims, read_claims
from yrb_carbon.workflow.claims_check import KnownNames, name_faults

ROOT = Path(__file__).parents[3]
STUDY = embodied_study()
KNOWN = KnownNames((*TABLES, "B9"), ("lq",), (), (), ())


def faults(study=STUDY, **claim: Any) -> list[tuple[str, str]]:
    shipped = read_claims(ROOT / "data" / "claims.yaml")
    own = {"finding": 1, "statement": {"en": "A", "zh": "B"}, **claim}
    claims = Claims.model_validate(
        {**shipped.model_dump(include={"source", "robust", "classical"}), "claims": {"own": own}}
    )
    return [
        (".".join(map(str, path[2:])), text) for path, text in name_faults(claims, study, KNOWN)
    ]


def sign(**row: str) -> dict[str, Any]:
    return {
        "kind": "account_sign",
        "expected": "positive",
        "row": {"quantity": "value", "term": "*", **row},
    }


@pytest.mark.parametrize(
    ("table", "model"),
    [
        ("B1", "inventory"),
        ("B2", "accounts"),
        ("B3", "upstream"),
        ("B3", "upstream_all"),
        ("B3", "downstream"),
        ("B4", "producer"),
        ("B5", "system"),
        ("B6", "paths"),
        ("B7", "2012-2015"),
        ("B7", "2012-2017"),
    ],
)
def test_columns_of_account_tables_are_known(table, model):
    assert faults(**sign(table=table, model=model, outcome="co2")) == []
    assert faults(**sign(table=table), models=[model]) == []
    ((key, told),) = faults(**sign(table=table, model=f"{model}x"))
    assert key == "row.model"
    assert f"did you mean {model!r}" in told
    ((key, told),) = faults(**sign(table=table), models=[model, f"{model}x"])
    assert (key, f"no model of {table}" in told) == ("models.1", True)


def test_outcome_of_account_tables_is_no_variable_of_the_study():
    ((key, told),) = faults(**sign(table="B2", outcome="lq"))
    assert (key, "allowed co2" in told) == ("row.outcome", True)
    # a table that the study takes out may be of either sort
    for outcome in ("lq", "co2"):
        assert faults(**sign(table="B9", outcome=outcome)) == []


def test_changes_are_between_years_of_the_table():
    years = embodied_study(B7={"years": [2012, 2015]})
    assert faults(years, **sign(table="B7", model="2012-2015")) == []
    ((key, _),) = faults(years, **sign(table="B7", model="2012-2017"))
    assert key == "row.model"


def test_shipped_claims_name_what_such_studies_have():
    shipped = read_claims(ROOT / "data" / "claims.yaml")
    own = {name for name, claim in shipped.claims.items() if claim.source is not None}
    known = KnownNames(tuple(TABLES), ("lq", "m1", "m2", "m3", "cb"), (), (), ())
    found = [path for path, _ in name_faults(shipped, STUDY, known) if path[1] in own]
    assert found == []
