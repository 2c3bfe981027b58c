"""Rows of a mediation system and of the tables made from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from mediation_system import FEW, KEY, N_UNITS, N_YEARS, SEED, ring, section, simulate, table
from scipy.sparse import csr_array

from yrb_carbon.analysis.mediation import fit_systems, mediation_by_unit, mediation_rows
from yrb_carbon.analysis.mediation_companions import companion_rows
from yrb_carbon.analysis.tables import read_spec
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import AT_BOUNDARY, COLUMNS
from yrb_carbon.mediation import SpatialMediation, shift_timing
from yrb_carbon.spatialpanel import BoundaryWarning
from yrb_carbon.study.mediation_tables import (
    MediationSensitivityTable,
    MediationStepsTable,
    MediationTimingTable,
)
from yrb_carbon.weights.links import LinkedUnits

EXACT = 1e-12
"""The same operations in another order: rounding alone."""
SOLVED = 1e-8
"""Two searches for the same maximum."""
TITLE = {"title": {"en": "", "zh": ""}, "of": "T7"}
WEIGHTS = {"ring": ring()}


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return simulate()


@pytest.fixture(scope="module")
def fitted(frame):
    return fit_systems(table(), frame, WEIGHTS, KEY)


@pytest.fixture(scope="module")
def rows(fitted) -> pd.DataFrame:
    return mediation_rows(fitted, SEED, KEY)


@pytest.fixture(scope="module")
def system(frame) -> SpatialMediation:
    """The same system, built by hand."""
    return SpatialMediation(
        frame, outcome="y", treatment="x", mediators=["a", "b"], controls=["z"], weights=ring()
    )


def value(rows: pd.DataFrame, column: str = "estimate", **parts: str) -> float:
    """The one number with these cells."""
    found = rows[np.logical_and.reduce([rows[name] == cell for name, cell in parts.items()])]
    assert len(found) == 1, (parts, len(found))
    return float(found[column].iloc[0])


def test_rows_are_estimates_of_the_systems_asked_for(rows):
    assert tuple(rows.columns) == COLUMNS
    assert set(rows["model"]) == {"joint", "a", "b"}
    assert (rows["outcome"] == "y").all()
    assert set(rows["n_obs"]) == {N_UNITS * N_YEARS}
    only = mediation_rows(
        fit_systems(table(one_at_a_time=False), simulate(), WEIGHTS, KEY), SEED, KEY
    )
    assert set(only["model"]) == {"joint"}


def test_effects_are_those_of_the_library(rows, system, fitted):
    seed = fitted[0].seed(SEED, "main")
    effects = system.fit(cov_type="serial").effects(draws=FEW, seed=seed)
    expected = effects.table()
    for (term, quantity), row in expected.iterrows():
        key = {"model": "joint", "equation": "system", "spec": "", "vcov": "serial"}
        for name in ("estimate", "std_error", "ci_lower", "ci_upper", "p_value"):
            found = value(rows, name, **key, quantity=quantity, term=term)
            assert found == pytest.approx(row[name], rel=SOLVED), (term, quantity, name)


def test_legs_are_the_effects_within_the_equations(rows, system):
    results = system.fit(cov_type="serial")
    for equation, fit, term in (
        ("a", results.mediators["a"], "x"),
        ("y", results.outcome, "b"),
        ("one_step", results.one_step, "x"),
    ):
        tidy = fit.effects("delta").tidy()
        for quantity in ("direct", "indirect", "total"):
            own = tidy[(tidy["term"] == term) & (tidy["quantity"] == quantity)]
            key = {"model": "joint", "equation": equation, "vcov": "serial", "term": term}
            for name in ("estimate", "std_error"):
                found = value(rows, name, **key, quantity=quantity)
                assert found == pytest.approx(float(own[name].iloc[0]), rel=SOLVED)


def test_one_within_sd_scales_effects_and_nothing_else(rows, frame):
    means = frame["x"] - frame["x"].groupby("unit").transform("mean")
    within = means - means.groupby("year").transform("mean")
    sd = np.sqrt((within**2).sum() / (len(within) - 1))
    joint = rows[(rows["model"] == "joint") & (rows["vcov"] == "serial")]
    assert value(rows, model="joint", quantity="sd", spec="within", term="x") == pytest.approx(
        sd, rel=EXACT
    )
    for term in ("a", "b", "all"):
        plain, scaled = (
            value(joint, spec=spec, quantity="mediated_direct", term=term)
            for spec in ("", "per_sd_within")
        )
        assert scaled == pytest.approx(sd * plain, rel=EXACT)
    assert set(joint.loc[joint["spec"] == "per_sd_within", "quantity"]) == {
        name for name in joint["quantity"] if name.startswith(("natural", "mediated", "system"))
    }


def test_shares_differences_and_gap(rows):
    joint = rows[
        (rows["model"] == "joint") & (rows["vcov"] == "serial") & (rows["equation"] == "system")
    ]

    def effect(quantity: str, term: str) -> float:
        return value(joint, spec="", quantity=quantity, term=term)

    natural = effect("natural_direct", "x")
    for term in ("a", "b", "all"):
        share = value(joint, spec="direct_over_natural_direct", term=term)
        assert share == pytest.approx(effect("mediated_direct", term) / natural, rel=EXACT)
    difference = value(joint, spec="abs_mediated_direct", quantity="difference", term="a-b")
    sizes = [abs(effect("mediated_direct", term)) for term in ("a", "b")]
    assert difference == pytest.approx(sizes[0] - sizes[1], rel=EXACT)
    one_step = value(rows, model="joint", equation="one_step", quantity="total", vcov="serial")
    gap = value(joint, spec="gap", term="system_total-one_step_total")
    assert gap == pytest.approx(effect("system_total", "x") - one_step, rel=SOLVED)


def test_bootstraps_are_of_the_joint_system_and_have_a_gap_interval(rows):
    drawn = rows[rows["inference"].str.startswith("bootstrap")]
    assert set(drawn["inference"]) == {"bootstrap_wild_unit", "bootstrap_year"}
    assert set(drawn["model"]) == {"joint"}
    assert set(drawn["draws"]) == {39}
    gaps = rows[rows["spec"] == "gap"]
    has_interval = gaps["ci_lower"].notna()
    assert (has_interval == gaps["inference"].str.startswith("bootstrap")).all()


def test_without_a_joint_system_the_first_has_the_bootstraps(frame):
    alone = table(joint=False, bootstrap={"wild_unit": 39, "year": 0})
    found = mediation_rows(fit_systems(alone, frame, WEIGHTS, KEY), SEED, KEY)
    drawn = found[found["inference"].str.startswith("bootstrap")]
    assert set(found["model"]) == {"a", "b"}
    assert set(drawn["model"]) == {"a"}


def test_every_equation_has_its_residual_autocorrelation(rows):
    joint = rows[(rows["model"] == "joint") & (rows["quantity"] == "residual_ar1")]
    assert set(joint["equation"]) == {"a", "b", "y", "one_step"}


def test_numbers_depend_on_the_seed_and_not_on_the_order_of_rows(rows, frame):
    mixed = frame.sample(frac=1.0, random_state=5)
    same = mediation_rows(fit_systems(table(), mixed, WEIGHTS, KEY), SEED, KEY)
    pd.testing.assert_frame_equal(same, rows, rtol=SOLVED)
    other = mediation_rows(fit_systems(table(), frame, WEIGHTS, KEY), SEED + 1, KEY)
    assert not np.allclose(other["ci_lower"].dropna(), rows["ci_lower"].dropna())


def test_processes_do_not_change_a_bit(frame):
    few = table(one_at_a_time=False, bootstrap={"wild_unit": 80, "year": 0})
    found = fit_systems(few, frame, WEIGHTS, KEY)
    pd.testing.assert_frame_equal(
        mediation_rows(found, SEED, KEY, n_jobs=2),
        mediation_rows(found, SEED, KEY, n_jobs=1),
        check_exact=True,
    )


def test_effects_by_unit_have_the_mean_effects(fitted, rows):
    by_unit = mediation_by_unit(fitted, KEY)
    joint = by_unit[by_unit["model"] == "joint"]
    means = joint.groupby(["term", "kind"])["effect"].mean()
    assert set(joint.groupby(["term", "kind"]).size()) == {N_UNITS}
    for term, prefix, quantities in (
        ("x", "", ("system_direct", "system_indirect")),
        ("x", "natural_", ("natural_direct", "natural_spillover")),
        ("a", "mediated_", ("mediated_direct", "mediated_spillover")),
        ("all", "mediated_", ("mediated_direct", "mediated_spillover")),
    ):
        direct, spillover = (
            value(rows, model="joint", equation="system", spec="", vcov="oim", term=term,
                  quantity=quantity)
            for quantity in quantities
        )  # fmt: skip
        assert means[term, f"{prefix}own"] == pytest.approx(direct, rel=SOLVED)
        assert means[term, f"{prefix}sent"] == pytest.approx(spillover, rel=SOLVED)
        assert means[term, f"{prefix}received"] == pytest.approx(spillover, rel=SOLVED)


def test_units_send_along_columns_and_receive_along_rows(frame):
    hub = ring().sparse.toarray()
    hub[:, 3] += 1.0
    hub[3, 3] = 0.0
    links = LinkedUnits(ring().unique_ids, csr_array(hub / hub.sum(axis=1, keepdims=True)))
    plain = table(one_at_a_time=False)
    fitted = fit_systems(plain, frame, {"ring": links}, KEY)
    matrix = fitted[0].results.effect_matrix("b")
    off = matrix.to_numpy(copy=True)
    np.fill_diagonal(off, 0.0)
    by_unit = mediation_by_unit(fitted, KEY)
    own = by_unit[by_unit["term"] == "b"]
    wide = own.pivot(index="unit", columns="kind", values="effect").loc[list(matrix.index)]
    assert wide["mediated_sent"].to_numpy() == pytest.approx(off.sum(axis=0), rel=SOLVED)
    assert wide["mediated_received"].to_numpy() == pytest.approx(off.sum(axis=1), rel=SOLVED)
    assert np.ptp(off.sum(axis=0)) > 0.01


def test_other_weights_of_the_mediators_are_named(frame):
    far = np.linalg.matrix_power(ring().sparse.toarray(), 2)
    np.fill_diagonal(far, 0.0)
    far /= far.sum(axis=1, keepdims=True)
    weights = {**WEIGHTS, "far": LinkedUnits(ring().unique_ids, csr_array(far))}
    plain = table(mediator_weights="far", bootstrap={"wild_unit": 0, "year": 0})
    found = mediation_rows(fit_systems(plain, frame, weights, KEY), SEED, KEY)
    assert set(found["weights"]) == {"ring|far"}
    same = table(mediator_weights="ring", bootstrap={"wild_unit": 0, "year": 0})
    found = mediation_rows(fit_systems(same, frame, WEIGHTS, KEY), SEED, KEY)
    assert set(found["weights"]) == {"ring"}


def test_a_mediator_may_have_a_model_of_its_own(frame):
    changed = table(mediator_models={"b": "sar"}, bootstrap={"wild_unit": 0, "year": 0})
    joint = fit_systems(changed, frame, WEIGHTS, KEY)[0]
    models = {name: fit.specification.model for name, fit in joint.results.equations.items()}
    assert models == {"a": "sdm", "b": "sar", "y": "sdm"}


def test_a_system_at_the_boundary_has_a_row_that_says_so():
    frame = simulate()
    # what follows its own neighbours one to one lies at the edge
    years = frame["x"].unstack("unit")
    common = pd.Series(np.linspace(0, 1, N_UNITS) ** 2, index=years.columns)
    trend = pd.Series(np.arange(N_YEARS) % 3, index=years.index)
    smooth = np.cos(2 * np.pi * common) * 40
    moved = years * 1e-6 + trend.to_numpy()[:, None] * smooth.to_numpy()[None, :]
    frame["a"] = moved.T.stack().reindex(frame.index)
    plain = table(one_at_a_time=False, bootstrap={"wild_unit": 0, "year": 0})
    with pytest.warns(BoundaryWarning):
        found = fit_systems(plain, frame, WEIGHTS, KEY)
    rows = mediation_rows(found, SEED, KEY)
    marked = rows[rows["term"] == AT_BOUNDARY]
    assert set(marked["equation"]) >= {"a"}
    assert not rows["quantity"].str.startswith(("natural", "mediated", "system")).any()
    assert mediation_by_unit(found, KEY).empty


def test_what_cannot_be_estimated_names_table_system_and_equation(frame):
    constant = frame.assign(b=1.0)
    with pytest.raises(DataError, match=r"table 'T7', system 'joint'.*'b'"):
        fit_systems(table(), constant, WEIGHTS, KEY)


def test_plain_values_come_back_as_the_section():
    values = {"name": "T7", "study": "tiny", "sample": "main", "table": section(), "models": None}
    assert read_spec(values).mediation == table()
    steps = {"kind": "mediation_steps", **TITLE}
    other = read_spec({**values, "name": "S", "table": steps, "models": section()})
    assert other.mediation == table()


def steps(frame, **changes) -> pd.DataFrame:
    section_of_steps = MediationStepsTable.model_validate({"kind": "mediation_steps", **TITLE})
    return companion_rows(section_of_steps, table(**changes), frame, WEIGHTS, SEED, KEY)


def test_steps_have_sobel_and_the_two_equations(frame):
    rows = steps(frame)
    a = value(rows, term="a: x -> a", vcov="serial")
    b = value(rows, term="b: a -> y", vcov="serial")
    errors = [
        value(rows, "std_error", term=term, vcov="serial") for term in ("a: x -> a", "b: a -> y")
    ]
    product = {"term": "ab: x -> a -> y", "vcov": "serial", "quantity": "value"}
    assert value(rows, **product) == pytest.approx(a * b, rel=EXACT)
    sobel = np.sqrt(a**2 * errors[1] ** 2 + b**2 * errors[0] ** 2)
    assert value(rows, "std_error", **product) == pytest.approx(sobel, rel=EXACT)
    two = rows[(rows["spec"] == "two_step") & (rows["quantity"] != "residual_ar1")]
    assert set(two["equation"]) == {"y", "a", "b"}
    assert set(two["inference"]) == {"delta"}


def test_steps_tell_the_autocorrelation_of_their_equations(frame, rows):
    """Those without mediators are the equations of T7, the others its systems of one mediator."""
    own = steps(frame)
    found = own[own["quantity"] == "residual_ar1"].set_index(["spec", "equation", "term"])
    wanted = rows[rows["quantity"] == "residual_ar1"].set_index(["model", "equation"])
    expected = {("two_step", name, ""): ("joint", name) for name in ("a", "b", "one_step")}
    expected |= {("three_step", "y", name): (name, "y") for name in ("a", "b")}
    assert set(found.index) == set(expected)
    for key, other in expected.items():
        assert found.loc[key, "estimate"] == pytest.approx(wanted.loc[other, "estimate"])


def test_the_protocol_of_two_steps_leaves_the_three_out(frame):
    assert set(steps(frame, protocol="two_step_jiang")["spec"]) == {"two_step"}
    assert set(steps(frame, protocol="three_step")["spec"]) == {"two_step", "three_step"}


def test_sensitivity_at_zero_is_the_table_and_the_total_does_not_move(frame, rows):
    values = {"kind": "mediation_sensitivity", **TITLE, "draws": FEW}
    section_of = MediationSensitivityTable.model_validate(
        {**values, "correlations": [-0.5, 0.0, 0.5]}
    )
    found = companion_rows(section_of, table(), frame, WEIGHTS, SEED, KEY)
    for mediator in ("a", "b"):
        key = {"vcov": "serial", "quantity": "mediated_direct", "term": mediator}
        own = found[found["model"] == mediator]
        expected = value(rows, model="joint", equation="system", spec="", **key)
        assert value(own, spec="r=+0.00", **key) == pytest.approx(expected, rel=SOLVED)
        assert value(own, spec="r=+0.50", **key) != pytest.approx(expected, rel=1e-3)
        totals = own[(own["quantity"] == "system_total") & (own["vcov"] == "serial")]
        assert len(totals) == 3
        assert np.ptp(totals["estimate"]) < EXACT
        zero = value(own, spec="r_of_mediated_direct", term="zero", vcov="oim")
        assert -1 < zero < 1


def test_timing_fits_the_shifted_years(frame):
    values = {"kind": "mediation_timing", **TITLE}
    timings = [{"id": "late", "treatment_lag": 1, "outcome_lead": 1}]
    section_of = MediationTimingTable.model_validate({**values, "timings": timings})
    found = companion_rows(section_of, table(), frame, WEIGHTS, SEED, KEY)
    assert set(found["model"]) == {"late"}
    assert set(found["n_periods"]) == {N_YEARS - 2}
    assert not found["inference"].str.startswith("bootstrap").any()
    shifted = shift_timing(frame, "x", ["a", "b"], "y", 1, 1).data
    results = SpatialMediation(
        shifted, outcome="y", treatment="x", mediators=["a", "b"], controls=["z"], weights=ring()
    ).fit()
    expected = results.decompose().frame["a", "mediated_direct"].iloc[0]
    own = value(found, equation="system", spec="", vcov="oim", quantity="mediated_direct", term="a")
    assert own == pytest.approx(expected, rel=SOLVED)
