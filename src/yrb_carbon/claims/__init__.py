"""Verdicts on the findings of the study, from estimates.csv and claims.yaml alone.

A claim says which rows of estimates.csv bear on it and what they should show. Claims about
estimates are judged by all intervals that hold under errors correlated over time, and a verdict
needs every one of them; the verdict by the classical interval stands beside it. Intervals are those
of estimates.csv (95 % unless its tables say otherwise); `level` is the size of the tests of
equality. Claims about accounts, which are exact, are judged by the numbers themselves, year by year
and by each definition.
"""

from .accounts import judge_account, rounds_to
from .intervals import LEVEL, holm, judge_claim
from .judgement import VERDICT_ZH, Judgement, PartVerdict, Verdict
from .sections import (
    ACCOUNT_KINDS,
    ANY,
    OWN_SOURCE,
    UNTESTABLE,
    AccountClaim,
    Claims,
    ClaimSection,
    Inference,
    Selector,
    id_faults,
    matches,
    read_claims,
)
from .verdicts import CLAIM_COLUMNS, judge, read_verdicts, write_claims

__all__ = [
    "ACCOUNT_KINDS",
    "ANY",
    "CLAIM_COLUMNS",
    "LEVEL",
    "OWN_SOURCE",
    "UNTESTABLE",
    "VERDICT_ZH",
    "AccountClaim",
    "ClaimSection",
    "Claims",
    "Inference",
    "Judgement",
    "PartVerdict",
    "Selector",
    "Verdict",
    "holm",
    "id_faults",
    "judge",
    "judge_account",
    "judge_claim",
    "matches",
    "read_claims",
    "read_verdicts",
    "rounds_to",
    "write_claims",
]
