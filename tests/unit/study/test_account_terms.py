"""Terms of accounts, flows and paths are read back to the names that they were written from."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from yrb_carbon.errors import DataError
from yrb_carbon.study.account_terms import (
    account_term,
    flow_term,
    is_flow,
    path_term,
    split_account,
    split_flow,
    split_path,
)

NAMES = st.text(alphabet='ab ->"|', min_size=1, max_size=8)
ACCOUNTS = st.tuples(NAMES, NAMES)


def test_codes_stand_as_they_are():
    assert account_term("61", "S2") == "61 S2"
    assert flow_term("61", "33") == "61-33"
    assert account_term("WA", "Extraction of oil") == "WA Extraction of oil"


def test_names_with_marks_stand_in_quotes():
    assert account_term("Rest of World", "mining") == '"Rest of World" mining'
    assert flow_term("RoW-Asia", "EU") == '"RoW-Asia"-EU'
    assert path_term(["a x", account_term("b", "y > z")]) == 'a x > b "y > z"'


@given(st.lists(ACCOUNTS, min_size=1, max_size=5))
def test_paths_are_read_back(accounts):
    term = path_term(account_term(*account) for account in accounts)
    assert [split_account(part) for part in split_path(term)] == accounts


@given(ACCOUNTS)
def test_flows_are_read_back(ends):
    term = flow_term(*ends)
    assert is_flow(term)
    assert split_flow(term) == ends


@given(st.lists(ACCOUNTS, min_size=2, max_size=2, unique=True))
def test_other_accounts_have_other_terms(accounts):
    first, second = accounts
    assert account_term(*first) != account_term(*second)
    assert flow_term(*first) != flow_term(*second)


@pytest.mark.parametrize("term", ["61", "61-", "-61", "a-b-c", '"a-b"', ""])
def test_what_is_no_flow_is_refused(term):
    assert not is_flow(term)
    with pytest.raises(DataError, match="no flow"):
        split_flow(term)


def test_what_is_no_account_is_refused():
    with pytest.raises(DataError, match="'61' is no account"):
        split_account("61")
