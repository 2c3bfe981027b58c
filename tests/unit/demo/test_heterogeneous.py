"""The variant whose slopes differ by period and reach, and the default that it leaves alone."""

from __future__ import annotations

import hashlib
import json
import zipfile

import numpy as np
import pytest

from yrb_carbon.demo import DEFAULT_SEED, FILES, HETEROGENEOUS_TRUTH, TRUTH
from yrb_carbon.demo.effects import Setting, calc_grouped_effects, calc_system_matrices
from yrb_carbon.demo.generate import describe_truth
from yrb_carbon.demo.moments import read_moments
from yrb_carbon.demo.parameters import MEDIATORS, PERIODS, REACH_COLUMN, REACHES, TREATMENT, YEARS
from yrb_carbon.demo.simulate import Draws, centre, draw_errors, lag, simulate_system

CITY_FORMATS = (
    "city_yearbook",
    "national_employment",
    "edgar_city",
    "ceads_county",
    "ceads_apparent",
    "industry_structure",
    "real_gdp",
    "population",
    "fdi",
    "roads",
    "finance",
    "exchange_rate",
    "city_npp",
    "land_cover",
    "gem_mines",
    "province_panel",
)
"""Formats of the files of the cities' study; those of other systems are their own tests' matter."""

OTHER_TRUTHS = ("embodied", "provincial")
"""Keys of truth.json that say nothing about the cities."""

DEFAULT_DIGEST = "55b6bd29e8accaf9c4cdc6eef4b2ffabacb1f63f729a126056f41391ab16374b"
"""Of the contents of the default demonstration's files of the cities and their truth; workbooks by
their unpacked members, since what they are packed with differs between builds of zlib."""

EXACT = 1e-9
"""Solving 90 linear equations and rounding of the files' last decimals."""

WHOLE_PATENTS = 0.03
"""Half a patent in a unit of 81 0000 persons and four patents: 0.5 / (81 + 4) and some more."""

SOLVED = 1e-12
"""Two orders of the same dense products."""

HETEROGENEITY = HETEROGENEOUS_TRUTH.heterogeneity


def contents(path):
    if path.name == "truth.json":
        truth = json.loads(path.read_text(encoding="utf-8"))
        of_cities = {key: value for key, value in truth.items() if key not in OTHER_TRUTHS}
        return json.dumps(of_cities, sort_keys=True).encode()
    if path.suffix != ".xlsx":
        return path.read_bytes()
    with zipfile.ZipFile(path) as book:
        return b"".join(name.encode() + book.read(name) for name in sorted(book.namelist()))


@pytest.fixture(scope="module")
def system(demo):
    return simulate_system(demo.design, HETEROGENEOUS_TRUTH, DEFAULT_SEED, read_moments())


@pytest.fixture(scope="module")
def reach(demo):
    return demo.design.units[REACH_COLUMN].loc[list(demo.units)].tolist()


@pytest.fixture(scope="module")
def grouped(demo, reach):
    return calc_grouped_effects(HETEROGENEOUS_TRUTH, HETEROGENEITY, demo.weights, reach)


def test_the_default_demonstration_is_the_same_to_the_byte(demo):
    digest = hashlib.sha256()
    for name in sorted([*(FILES[key] for key in CITY_FORMATS), "truth.json"]):
        digest.update(name.encode() + contents(demo.folder / name))
    assert digest.hexdigest() == DEFAULT_DIGEST


def factor_by_hand(slope, unit_reach):
    """Factor by year and unit, (T, N), without the class's own look-up."""
    period = dict(HETEROGENEITY.period).get(slope, (1.0, 1.0))
    of_reach = dict(HETEROGENEITY.reach).get(slope, (1.0, 1.0, 1.0))
    years = np.where(np.array(YEARS) <= 2012, *period)
    return np.outer(years, [of_reach[REACHES.index(name)] for name in unit_reach])


@pytest.mark.parametrize("equation", TRUTH.equations, ids=lambda e: e.outcome)
def test_indices_satisfy_the_equation_with_its_factors(demo, system, reach, equation):
    errors = draw_errors(Draws(DEFAULT_SEED, demo.design.codes), TRUTH, 0)[equation.outcome]
    columns = [demo.design.codes.index(unit) for unit in demo.units]
    frame = system.frame(demo.units)
    wide = {name: frame[name].unstack("unit").to_numpy() for name in frame}
    y = wide[equation.outcome]
    left = y - equation.rho * lag(demo.weights, y)
    for name, own, lagged in equation.slopes:
        factor = factor_by_hand((equation.outcome, name), reach)
        left = left - factor * (own * wide[name] + lagged * lag(demo.weights, wide[name]))
    gap = np.abs(centre(left) - centre(errors[:, columns])).max()
    assert gap < (WHOLE_PATENTS if equation.outcome == "m2" else EXACT)


def test_factors_differ_by_period_and_by_reach_and_keep_every_sign():
    slopes = {slope for slope, _ in (*HETEROGENEITY.period, *HETEROGENEITY.reach)}
    assert ("cb", TREATMENT) in slopes
    for groups, table in ((PERIODS, HETEROGENEITY.period), (REACHES, HETEROGENEITY.reach)):
        for slope, factors in table:
            assert len(factors) == len(groups), slope
            assert min(factors) > 0, slope
            assert len(set(factors)) == len(groups), slope


@pytest.mark.parametrize("period", PERIODS)
def test_system_matrices_are_derivatives_of_the_equations_solved_in_order(demo, reach, period):
    n = len(demo.units)
    identity = np.eye(n)
    year = YEARS.index(2005 if period == "boom" else 2016)

    def respond(equation, regressors):
        signal = sum(
            factor_by_hand((equation.outcome, name), reach)[year][:, None]
            * (own * regressors[name] + lagged * demo.weights @ regressors[name])
            for name, own, lagged in equation.slopes
        )
        return np.linalg.inv(identity - equation.rho * demo.weights) @ signal

    still = {name: np.zeros((n, n)) for name in (*MEDIATORS, "ln_pgdp", "ln_density")}
    moved = {**still, TREATMENT: identity}
    mediators = {e.outcome: respond(e, moved) for e in TRUTH.mediators}
    system = respond(TRUTH.outcome, {**moved, **mediators})
    found = calc_system_matrices(
        HETEROGENEOUS_TRUTH, demo.weights, Setting(HETEROGENEITY, period, tuple(reach))
    )
    assert found["system"] == pytest.approx(system, abs=SOLVED)
    assert found["natural"] == pytest.approx(respond(TRUTH.outcome, moved), abs=SOLVED)
    for name, matrix in mediators.items():
        assert found[f"x_on_{name}"] == pytest.approx(matrix, abs=SOLVED)


def test_groups_add_up_to_the_whole(demo, grouped, reach):
    years = np.array([period == "boom" for period in map(HETEROGENEITY.period_of, YEARS)])
    shares = {"boom": years.mean(), "transition": 1.0 - years.mean()}
    size = {name: reach.count(name) / len(reach) for name in REACHES}
    for name, matrix in grouped.matrices.items():
        direct = np.trace(matrix) / len(reach)
        by_period = sum(shares[p] * grouped.by_period[p][name].direct for p in PERIODS)
        by_reach = sum(size[r] * grouped.by_reach[r][name].direct for r in REACHES)
        cells = sum(
            shares[p] * size[r] * grouped.by_period_and_reach[p][r][name].total
            for p in PERIODS
            for r in REACHES
        )
        assert by_period == pytest.approx(direct, abs=SOLVED)
        assert by_reach == pytest.approx(direct, abs=SOLVED)
        assert cells == pytest.approx(matrix.sum() / len(reach), abs=SOLVED)


def test_findings_hold_in_every_group_and_strengths_differ(grouped):
    for effects in (*grouped.by_period.values(), *grouped.by_reach.values()):
        for name in ("system", *(f"mediated_{mediator}" for mediator in MEDIATORS)):
            assert effects[name].direct < 0
            assert effects[name].spillover > 0
    strength = {period: effects["system"].direct for period, effects in grouped.by_period.items()}
    assert strength["transition"] < 1.1 * strength["boom"]
    path = {reach: effects["mediated_m3"].direct for reach, effects in grouped.by_reach.items()}
    assert path["up"] < 2.0 * path["down"]


def test_truth_says_what_differs_and_the_default_truth_does_not(demo):
    described = json.loads(
        json.dumps(describe_truth(demo.design, HETEROGENEOUS_TRUTH, DEFAULT_SEED))
    )
    own = described["heterogeneity"]
    assert own["factors"]["cb"]["lq"].keys() == {*PERIODS, *REACHES}
    assert set(own["effects_by_period"]) == set(PERIODS)
    assert set(own["effects_by_reach"]) == set(REACHES)
    late = own["effects_by_period_and_reach"]["transition"]["up"]["natural"]["direct"]
    assert late < own["effects_by_period_and_reach"]["boom"]["down"]["natural"]["direct"] < 0
    assert any("no means over years" in note for note in described["notes"])
    plain = describe_truth(demo.design, TRUTH, DEFAULT_SEED)
    assert "heterogeneity" not in plain
    assert set(described) - set(plain) == {"heterogeneity"}
