"""Coefficients by group, against explicit dummies, dense inverses and differences of outcomes."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from scipy import sparse
from spatial_reference import dummies, make_problem, ring_weights

from yrb_carbon.spatialpanel import (
    AbsorbedRegressorError,
    BoundaryError,
    CollinearRegressorError,
    GroupedPanel,
    GroupingError,
    RestrictionError,
    SpatialPanel,
    SpecificationError,
    simulate,
)
from yrb_carbon.spatialpanel.grouped_effects import calc_group_weights
from yrb_carbon.spatialpanel.grouping import read_groups

# Dense inverses of some thirty units.
ROUNDING = 1e-10
# Central differences with a step of 1e-5 of quantities of order one.
DIFFERENCE = 1e-7
# Simulated standard errors from 20 000 draws, and what the delta method leaves out.
SIMULATED = 0.05

UNITS, PERIODS = 24, 8


def problem(seed=1, **options):
    return make_problem(UNITS, PERIODS, weights=ring_weights(UNITS), seed=seed, **options)


def unit_groups():
    labels = np.array(["up", "mid", "low"])[np.arange(UNITS) * 3 // UNITS]
    return pd.Series(labels, [f"u{i:02d}" for i in range(UNITS)])


def period_groups():
    return {year: "boom" if year < 2005 else "after" for year in range(2000, 2000 + PERIODS)}


GROUPS = {"unit": unit_groups(), "period": period_groups()}


def matrices(result, values=None):
    """(I - ρW)⁻¹ Σ D_h(β_h I + θ_h W) of every regressor and group that receives, dense."""
    p = result.params if values is None else pd.Series(values, result.params.index)
    w = result.fit.arrays.weights.toarray()
    inverse = np.linalg.inv(np.eye(len(w)) - p.get("rho", 0.0) * w)
    found = {}
    for name in result.regressors:
        for g, group in enumerate(result.grouping.names):
            inner = np.zeros_like(w)
            for h, other in enumerate(result.grouping.names):
                column = f"{name}[{other}]" if name in result.interacted else name
                own = p[column] * np.eye(len(w)) + p.get(f"W.{column}", 0.0) * w
                if result.grouping.axis == "unit":
                    inner += np.diag((result.grouping.codes == h) * 1.0) @ own
                elif h == g:
                    inner += own
            found[name, group] = inverse @ inner
    return found


def effects_by_definition(result, values=None):
    rows = []
    for (_, group), matrix in matrices(result, values).items():
        members = np.arange(len(matrix))
        if result.grouping.axis == "unit":
            members = result.grouping.members(result.grouping.place(group))
        direct = np.diag(matrix)[members].mean()
        total = matrix[members].sum(axis=1).mean()
        rows.append([direct, total - direct, total])
    return np.array(rows)


@pytest.mark.parametrize("axis", ["unit", "period"])
@pytest.mark.parametrize("interacted", [None, ["x2"]])
@pytest.mark.parametrize("model", ["ols", "slx", "sar", "sem", "sdm", "sdem"])
def test_effects_are_those_of_the_dense_matrices(axis, interacted, model):
    panel = GroupedPanel(*problem(), GROUPS[axis], interacted=interacted, model=model)
    result = panel.fit()
    effects = result.effects()
    np.testing.assert_allclose(effects.estimates, effects_by_definition(result), atol=ROUNDING)
    values = np.asarray(result.params)
    steps = 1e-5 * np.eye(values.size)
    gradients = [
        (effects_by_definition(result, values + h) - effects_by_definition(result, values - h))
        / 2e-5
        for h in steps
    ]
    jacobian = np.stack(gradients, axis=-1).reshape(-1, values.size)
    expected = jacobian @ result.fit.covariance @ jacobian.T
    np.testing.assert_allclose(effects.covariance, expected, atol=DIFFERENCE)


@pytest.mark.parametrize("axis", ["unit", "period"])
def test_effects_are_differences_of_the_reduced_form(axis):
    """One unit more of x2 everywhere, and in one unit, moves the outcomes of a group by S."""
    result = GroupedPanel(*problem(), GROUPS[axis]).fit()
    p, w = result.params, result.fit.arrays.weights
    grouping = result.grouping

    def outcome(x2):
        rows = np.zeros((PERIODS, UNITS))
        for g, group in enumerate(grouping.names):
            column = p[f"x2[{group}]"] * x2 + p[f"W.x2[{group}]"] * (x2 @ w.T)
            rows += column * grouping.mask(g)[:, :, 0]
        return np.linalg.solve(np.eye(UNITS) - p["rho"] * w.toarray(), rows.T).T

    base = np.random.default_rng(1).standard_normal((PERIODS, UNITS))
    everywhere = outcome(base + 1.0) - outcome(base)
    own = np.stack(
        [(outcome(base + np.eye(UNITS)[i]) - outcome(base))[:, i] for i in range(UNITS)], axis=1
    )
    effects = result.effects()
    for g, group in enumerate(grouping.names):
        inside = np.broadcast_to(grouping.mask(g)[:, :, 0] == 1.0, base.shape)
        found = effects.params.loc[f"x2[{group}]"]
        assert found["direct"] == pytest.approx(own[inside].mean(), abs=ROUNDING)
        assert found["total"] == pytest.approx(everywhere[inside].mean(), abs=ROUNDING)


@pytest.mark.parametrize("axis", ["unit", "period"])
def test_coefficients_are_those_of_explicit_dummies(axis):
    y, x, weights = problem()
    result = GroupedPanel(y, x, weights, GROUPS[axis], interacted=["x1"], model="slx").fit("direct")
    w = weights[1].toarray()
    values = x.to_numpy().reshape(PERIODS, UNITS, 2)
    lagged = np.einsum("ij,tjk->tik", w, values)
    columns = {"x2": values[:, :, 1], "W.x2": lagged[:, :, 1]}
    for g, group in enumerate(result.grouping.names):
        columns[f"x1[{group}]"] = values[:, :, 0] * result.grouping.mask(g)[:, :, 0]
        columns[f"W.x1[{group}]"] = lagged[:, :, 0] * result.grouping.mask(g)[:, :, 0]
    design = np.column_stack(
        [*(column.ravel() for column in columns.values()), dummies(UNITS, PERIODS, True, True)]
    )
    solution = np.linalg.lstsq(design, y.to_numpy(), rcond=None)[0]
    expected = pd.Series(solution[: len(columns)], list(columns))
    pd.testing.assert_series_equal(
        result.params[expected.index], expected, check_names=False, rtol=1e-9
    )


def test_common_coefficients_give_the_pooled_model():
    """Without interaction of x1, and equal effects of it, groups of periods change nothing."""
    y, x, weights = problem()
    pooled = SpatialPanel(y, x, weights).fit()
    x3 = x.assign(x3=np.random.default_rng(2).standard_normal(len(x)))
    grouped = GroupedPanel(y, x3, weights, period_groups(), interacted=["x3"]).fit()
    assert grouped.fit.loglik > pooled.loglik
    common = grouped.effects().params
    assert (common.loc["x1[boom]"] == common.loc["x1[after]"]).all()
    assert (common.loc["x3[boom]"] != common.loc["x3[after]"]).all()


def test_truth_is_found():
    """β and θ that differ by group, N = 200, T = 16: within four standard errors."""
    rng = np.random.default_rng(5)
    n_units, n_periods = 200, 16
    w = ring_weights(n_units)
    group = np.arange(n_units) % 2
    x = rng.standard_normal((n_periods, n_units))
    lagged = x @ w.T
    beta, theta = np.array([1.0, -0.5]), np.array([0.3, 0.8])
    mean = beta[group] * x + theta[group] * lagged
    y = simulate(
        sparse.csr_array(w),
        mean[:, :, None],
        rng.standard_normal((n_periods, n_units)),
        beta=np.ones(1),
        rho=0.4,
        mu=rng.standard_normal(n_units),
        xi=rng.standard_normal(n_periods),
    )
    index = pd.MultiIndex.from_product([range(n_periods), range(n_units)]).swaplevel()
    result = GroupedPanel(
        pd.Series(y.ravel(), index, name="y"),
        pd.DataFrame({"x": x.ravel()}, index),
        (range(n_units), w),
        pd.Series(group, range(n_units)).map({0: "a", 1: "b"}),
        axis="unit",
    ).fit()
    truth = {"x[a]": 1.0, "x[b]": -0.5, "W.x[a]": 0.3, "W.x[b]": 0.8, "rho": 0.4}
    for name, value in truth.items():
        assert abs(result.params[name] - value) < 4.0 * result.std_errors[name]
    assert result.wald_equal().p_value < 1e-10


@pytest.mark.parametrize("axis", ["unit", "period"])
def test_simulation_agrees_with_the_delta_method(axis):
    result = GroupedPanel(*problem(), GROUPS[axis]).fit()
    delta, simulated = result.effects(), result.effects("simulation", 20_000, seed=3)
    ratio = (simulated.std_errors / delta.std_errors).to_numpy()
    np.testing.assert_allclose(ratio, 1.0, atol=SIMULATED)
    assert simulated.n_draws == 20_000
    first, second = result.grouping.names[:2]
    drawn = simulated.difference(first, second)
    a, b = simulated.of_group(first).draws, simulated.of_group(second).draws
    np.testing.assert_array_equal(drawn.draws, a - b)


def test_series_through_many_draws_is_exact():
    grouping = read_groups(unit_groups(), unit_groups().index, pd.Index([1, 2]))
    w = sparse.csr_array(np.triu(ring_weights(UNITS)) + 0.3 * np.tril(ring_weights(UNITS)))
    for lower, upper in ((0.1, 0.6), (-0.5, 0.97), (0.9, 0.99999)):
        rho = np.random.default_rng(1).uniform(lower, upper, 700)
        many = calc_group_weights(rho, w, grouping)
        for i in (0, 350, 699):
            alone = calc_group_weights(rho[i : i + 1], w, grouping)
            for found, expected in zip(many, alone, strict=True):
                scale = np.abs(expected).max()
                np.testing.assert_allclose(found[i], expected[0], atol=1e-11 * scale)


def test_order_of_rows_and_units_changes_nothing():
    y, x, (units, w) = problem()
    result = GroupedPanel(y, x, (units, w), unit_groups()).fit()
    rng = np.random.default_rng(4)
    order, rows = rng.permutation(UNITS), rng.permutation(len(y))
    shuffled = GroupedPanel(
        y.iloc[rows],
        x.iloc[rng.permutation(len(y))],
        ([units[i] for i in order], w[order][:, order]),
        unit_groups().iloc[order],
    ).fit()
    pd.testing.assert_series_equal(result.params, shuffled.params, rtol=0.0, atol=0.0)
    np.testing.assert_array_equal(
        result.effects("simulation", 100, 1).draws, shuffled.effects("simulation", 100, 1).draws
    )


def test_renaming_units_is_equivariant():
    y, x, (units, w) = problem()
    result = GroupedPanel(y, x, (units, w), unit_groups()).fit()
    order = np.random.default_rng(4).permutation(UNITS)
    renamed = {unit: units[i] for unit, i in zip(units, order, strict=True)}
    other = GroupedPanel(
        y.rename(renamed, level="unit"),
        x.rename(renamed, level="unit"),
        ([renamed[unit] for unit in units], w),
        unit_groups().rename(renamed),
    ).fit()
    np.testing.assert_allclose(
        result.effects().covariance, other.effects().covariance, atol=ROUNDING
    )


def test_difference_and_its_test():
    result = GroupedPanel(*problem(), unit_groups()).fit(cov_type="serial")
    effects = result.effects()
    difference = effects.difference("up", "low")
    expected = effects.params.loc["x1[up]"] - effects.params.loc["x1[low]"]
    np.testing.assert_allclose(difference.params.loc["x1[up] - x1[low]"], expected)
    cov = effects.cov
    a, b = ("x1[up]", "direct"), ("x1[low]", "direct")
    variance = cov.loc[a, a] + cov.loc[b, b] - 2.0 * cov.loc[a, b]
    error = difference.std_errors.loc["x1[up] - x1[low]", "direct"]
    assert error**2 == pytest.approx(variance)
    test = effects.wald_equal(["direct"], terms=["x1"], groups=["up", "low"])
    assert test.statistic == pytest.approx((expected["direct"] / error) ** 2)
    assert test.df == 1
    assert effects.wald_equal().df == 8
    assert "places in W differ" in test.note


def test_wald_of_coefficients():
    result = GroupedPanel(*problem(), unit_groups(), interacted=["x1"]).fit(cov_type="serial")
    test = result.wald_equal()
    by_text = result.fit.wald_test(
        "x1[up] = x1[mid], x1[low] = x1[mid], W.x1[up] = W.x1[mid], W.x1[low] = W.x1[mid]"
    )
    assert test.statistic == pytest.approx(by_text.statistic)
    assert (test.df, test.form) == (4, "serial")
    assert result.wald_equal(which="own", groups=["up", "low"]).df == 1
    pair = result.wald_equal(which="lag", groups=["low", "up"])
    assert pair.statistic == pytest.approx(result.fit.wald_test("W.x1[low] = W.x1[up]").statistic)


def test_wald_is_close_to_the_likelihood_ratio():
    y, x, weights = problem()
    result = GroupedPanel(y, x, weights, unit_groups()).fit("direct")
    pooled = SpatialPanel(y, x, weights).fit("direct")
    ratio = 2.0 * (result.fit.loglik - pooled.loglik)
    assert result.wald_equal().statistic == pytest.approx(ratio, rel=0.15)


def test_categories_keep_their_order_and_odd_names_are_taken():
    labels = unit_groups().map({"up": "W.x1 = 2, x2[", "mid": "", "low": "河"})
    with pytest.raises(GroupingError, match="not empty"):
        GroupedPanel(*problem(), labels)
    labels = labels.replace("", "m, [x1]")
    order = ["河", "W.x1 = 2, x2[", "m, [x1]"]
    grouped = GroupedPanel(*problem(), labels.astype(pd.CategoricalDtype(order))).fit()
    assert list(grouped.grouping.names) == order
    plain = GroupedPanel(*problem(), unit_groups()).fit()
    assert grouped.wald_equal().statistic == pytest.approx(plain.wald_equal().statistic)
    found = grouped.effects().of_group("河").params.loc["x1"]
    np.testing.assert_allclose(found, plain.effects().of_group("low").params.loc["x1"])


def test_summary_names_groups():
    result = GroupedPanel(*problem(), unit_groups()).fit()
    assert "low: 8 units, mid: 8 units, up: 8 units" in result.summary
    assert "x1[mid]" in result.summary
    assert "3 groups of units" in repr(result)
    assert set(result.tidy()["term"]) >= {"x1[up]", "W.x2[low]", "rho"}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda g: g.iloc[1:], "units in no group: u00"),
        (lambda g: pd.concat([g, g.iloc[:1]]), "u00 more than once"),
        (lambda g: pd.concat([g, pd.Series({"u99": "up"})]), "not in the panel: u99"),
        (lambda g: g.where(g.index != "u03"), "units u03 are in no group"),
        (lambda g: g.map(lambda _: "all"), "nothing to compare"),
        (lambda g: g.map({"up": 1, "mid": "1", "low": "2"}), "cannot be sorted"),
        (
            lambda g: g.astype(pd.CategoricalDtype(["up", "mid", "low", "none"])),
            "groups none are empty",
        ),
        (lambda g: g.rename(lambda name: name.upper()), "neither units"),
        (lambda g: pd.concat([g, pd.Series({2001: "up"})]), "units and of periods"),
        (lambda g: list(g), "got list"),
        (
            lambda g: g.where(~g.index.isin(["u00", "u01"]), "tiny").where(g.index != "u01", "up"),
            r"tiny \(1 units, 7 free rows\)",
        ),
    ],
)
def test_groups_that_do_not_fit_are_refused(change, message):
    y, x, weights = problem()
    rng = np.random.default_rng(1)
    extra = pd.DataFrame(rng.standard_normal((len(x), 2)), x.index, columns=["a", "b"])
    with pytest.raises(GroupingError, match=message):
        GroupedPanel(y, pd.concat([x, extra], axis=1), weights, change(unit_groups()))


def test_regressor_that_is_constant_in_a_group_is_named():
    y, x, weights = problem()
    in_up = x.index.get_level_values(0).isin(unit_groups().index[unit_groups() == "up"])
    with pytest.raises(AbsorbedRegressorError, match=r"x1\[up\]"):
        GroupedPanel(y, x.assign(x1=x["x1"].where(~in_up, 0.0)), weights, unit_groups())
    fixed = x.groupby(level=0)["x1"].transform("first")
    with pytest.raises(AbsorbedRegressorError, match="'x1' does not vary over time"):
        GroupedPanel(y, x.assign(x1=fixed), weights, period_groups(), model="sar")
    years = x.index.get_level_values(1)
    copied = x["x1"].where(years >= 2005, x["x2"])
    with pytest.raises(CollinearRegressorError, match=r"'x[12]\[boom\]' is a linear"):
        GroupedPanel(y, x.assign(x1=copied), weights, period_groups(), model="sar")


def test_choices_that_do_not_fit_are_refused():
    y, x, weights = problem()
    with pytest.raises(SpecificationError, match="lags follow their regressor"):
        GroupedPanel(y, x, weights, unit_groups(), interacted=["W.x1"])
    with pytest.raises(SpecificationError, match="at least one regressor"):
        GroupedPanel(y, x, weights, unit_groups(), interacted=[])
    with pytest.raises(SpecificationError, match="no lagged regressors"):
        GroupedPanel(y, x, weights, unit_groups(), model="sar", durbin=["x1"])
    clash = x.assign(**{"x1[up]": np.random.default_rng(1).standard_normal(len(x))})
    with pytest.raises(SpecificationError, match=r"columns x1\[up\], W.x1\[up\] of the"):
        GroupedPanel(y, clash, weights, unit_groups(), interacted=["x1"])
    numbered = {unit: 2000 + i for i, unit in enumerate(weights[0])}
    with pytest.raises(GroupingError, match="axis='unit' or axis='period'"):
        GroupedPanel(
            y.rename(numbered, level="unit"),
            x.rename(numbered, level="unit"),
            (list(numbered.values()), weights[1]),
            unit_groups().rename(numbered),
        )
    result = GroupedPanel(y, x, weights, unit_groups(), interacted=["x1"], durbin=["x2"]).fit()
    with pytest.raises(SpecificationError, match="by construction"):
        result.wald_equal(["x2"])
    with pytest.raises(SpecificationError, match="have no spatial lag"):
        result.wald_equal(which="lag")
    with pytest.raises(GroupingError, match="'top' is not a group"):
        result.effects().difference("up", "top")
    with pytest.raises(GroupingError, match="two or more different"):
        result.effects().difference("up", "up")
    with pytest.raises(SpecificationError, match="quantities must be one of"):
        result.effects().wald_equal(["local"])
    with pytest.raises(SpecificationError, match="different regressors"):
        result.effects().wald_equal(terms=["x9"])
    periods = GroupedPanel(y, x, weights, period_groups(), interacted=["x1"]).fit()
    with pytest.raises(RestrictionError):
        periods.effects().wald_equal(terms=["x2"])


def test_boundary_has_no_effects():
    result = GroupedPanel(*problem(), unit_groups()).fit()
    edge = replace(result.fit, estimate=replace(result.fit.estimate, at_boundary=True))
    result = replace(result, fit=edge)
    with pytest.raises(BoundaryError, match="rho is at the edge"):
        result.effects()
    with pytest.raises(BoundaryError, match="no Wald test"):
        result.wald_equal()
    assert "Effects on y" not in result.summary


@pytest.mark.parametrize("axis", ["unit", "period"])
def test_weights_with_unequal_row_sums(axis):
    weights = ring_weights(UNITS, standardised=False)
    result = GroupedPanel(
        *make_problem(UNITS, PERIODS, weights=weights), GROUPS[axis], time_effects=axis == "unit"
    ).fit("direct")
    expected = effects_by_definition(result)
    np.testing.assert_allclose(result.effects().estimates, expected, atol=ROUNDING)
