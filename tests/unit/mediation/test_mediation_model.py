"""What a system of equations is made of, and what is refused."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from mediation_reference import rook, simulated_system, true_system

from yrb_carbon.mediation import SpatialMediation, calc_decomposition
from yrb_carbon.spatialpanel import (
    AbsorbedRegressorError,
    BoundaryError,
    BoundaryWarning,
    MissingValueError,
    SpatialPanel,
    SpecificationError,
    UnbalancedPanelError,
)

SAME_FIT = 1e-12
"""The same arrays by another constructor; sums in the same order."""
IDENTITY = 1e-10
"""Bookkeeping: both fits maximise the same function of ρ, up to rounding."""

ROLES = {"outcome": "y", "treatment": "x", "mediators": ["m1", "m2"], "controls": ["c1", "c2"]}


@pytest.fixture(scope="module")
def system():
    return simulated_system(np.random.default_rng(0), rook(5, 6), 8, 2, controls=2)


@pytest.fixture
def make(system):
    data, weights, _ = system

    def build(frame=data, **changes):
        return SpatialMediation(frame, **{**ROLES, "weights": weights, **changes})

    return build


def test_equations_are_those_of_single_models(system, make):
    data, weights, _ = system
    fit = make().fit()
    controls = ROLES["controls"]
    for name, regressors in [
        ("m1", ["x", *controls]),
        ("m2", ["x", *controls]),
        ("y", ["x", "m1", "m2", *controls]),
    ]:
        alone = SpatialPanel(data[name], data[regressors], weights).fit(cov_type="serial")
        pd.testing.assert_series_equal(fit.equations[name].params, alone.params, rtol=SAME_FIT)
        pd.testing.assert_frame_equal(fit.equations[name].cov, alone.cov, rtol=1e-9)
    alone = SpatialPanel(data["y"], data[["x", *controls]], weights).fit(cov_type="serial")
    pd.testing.assert_series_equal(fit.one_step.params, alone.params, rtol=SAME_FIT)
    assert list(fit.equations) == ["m1", "m2", "y"]


def test_every_equation_has_its_own_model_lags_controls_and_weights(system, make):
    _, (units, matrix), _ = system
    other = np.roll(np.eye(len(units)), 1, axis=1)
    fit = make(
        model="slx",
        durbin=["x", "m2"],
        mediator_model={"m1": "sar"},
        mediator_durbin={"m2": []},
        mediator_controls={"m1": ["c2"]},
        mediator_weights=(units, other),
    ).fit()
    models = {name: one.specification.model for name, one in fit.equations.items()}
    assert models == {"m1": "sar", "m2": "slx", "y": "slx"}
    assert fit.mediators["m1"].param_names == ["x", "c2", "rho", "sigma2"]
    assert fit.mediators["m2"].param_names == ["x", "c1", "c2", "sigma2"]
    assert fit.outcome.param_names[-3:] == ["W.x", "W.m2", "sigma2"]
    assert fit.one_step.param_names == ["x", "c1", "c2", "W.x", "sigma2"]
    assert np.array_equal(fit.mediators["m1"].arrays.weights.toarray(), other)
    assert np.array_equal(fit.outcome.arrays.weights.toarray(), matrix.toarray())
    matrix_m1 = fit.effect_matrix("m1").to_numpy()
    found = fit.decompose().frame.iloc[0]["m1"]
    assert found["mediated_direct"] == pytest.approx(np.trace(matrix_m1) / 30, rel=1e-10)
    assert found["mediated_total"] == pytest.approx(matrix_m1.sum() / 30, rel=1e-10)


def test_panels_of_the_same_weights_share_them(make):
    panels = make().panels
    assert len({id(panel.arrays.weights) for panel in panels.values()}) == 1
    assert len({id(panel.spectrum) for panel in panels.values()}) == 1


def test_one_at_a_time(make):
    fit = make(durbin=["x", "m1", "c1"], mediator_controls={"m2": ["c1"]}).fit()
    systems = fit.one_at_a_time()
    assert list(systems) == ["m1", "m2"]
    slopes = ["x", "m1", "c1", "c2", "W.x", "W.m1", "W.c1"]
    assert systems["m1"].outcome.param_names == [*slopes, "rho", "sigma2"]
    assert systems["m2"].outcome.arrays.variables == ("x", "m2", "c1", "c2")
    assert "W.m2" not in systems["m2"].outcome.param_names
    assert list(systems["m1"].mediators) == ["m1"]
    assert systems["m2"].mediators["m2"] is fit.mediators["m2"]
    assert systems["m2"].one_step is fit.one_step


def test_a_system_with_one_mediator_that_fails_is_named(make, monkeypatch):
    fit = make().fit()

    def refuse(*_):
        raise SpecificationError("no")

    monkeypatch.setattr("yrb_carbon.mediation.results._without", refuse)
    with pytest.raises(SpecificationError, match="outcome with the mediator 'm1' alone: no"):
        fit.one_at_a_time()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"mediators": ["m1", "x"]}, "x cannot be among the mediators and be the treatment too"),
        ({"mediators": ["m1", "y"]}, "y cannot be among the mediators and be the outcome too"),
        ({"treatment": "y"}, "y cannot be among the treatment and be the outcome too"),
        ({"controls": ["c1", "m1"]}, "m1 cannot be among the controls and be the mediators too"),
        ({"controls": ["x"]}, "x cannot be among the controls and be the treatment too"),
        (
            {"mediator_controls": {"m1": ["m2"]}},
            "m2 cannot be among the controls of the equation of 'm1' and be the mediators too",
        ),
        ({"mediators": []}, "mediators is empty"),
        ({"mediators": "m1"}, "mediators must be a list of column names, got 'm1'"),
        ({"mediators": ["m1", "m1"]}, "mediators names m1 twice"),
        ({"mediators": ["m1", "m9"]}, "data has no column m9"),
        ({"model": "gns"}, "equation of 'y': model 'gns' is refused"),
        ({"mediator_model": {"m2": "sac"}}, "equation of 'm2': model 'sac' is refused.*two peaks"),
        ({"mediator_model": "sdmm"}, "equation of 'm1': model must be one of ols, slx"),
        ({"mediator_model": {"m9": "sar"}}, "mediator_model names m9, not among the mediators"),
        ({"durbin": ["z"]}, "equation of 'y': durbin names 'z'"),
        ({"mediator_durbin": ["m2"]}, "equation of 'm1': durbin names 'm2'"),
        ({"model": "sar", "durbin": ["x"]}, "equation of 'y': durbin is given but model 'sar'"),
    ],
)
def test_what_does_not_fit_is_refused(make, changes, message):
    with pytest.raises(SpecificationError, match=message):
        make(**changes)


@pytest.mark.parametrize("name", ["all", "natural", "system"])
def test_reserved_names_are_refused(system, make, name):
    data = system[0].rename(columns={"m1": name})
    with pytest.raises(SpecificationError, match=f"{name} cannot be the name of a treatment"):
        make(data, mediators=[name, "m2"])


def test_a_constant_treatment_has_no_effect(system, make):
    data = system[0].assign(x=2.0)
    with pytest.raises(AbsorbedRegressorError, match="equation of 'y': x is constant"):
        make(data, entity_effects=False, time_effects=False)


@pytest.mark.parametrize("entity", [True, False])
@pytest.mark.parametrize("time", [True, False])
@pytest.mark.parametrize("estimator", ["transform", "direct", "direct_bc"])
def test_every_kind_of_fixed_effects_and_estimator(make, entity, time, estimator):
    fit = make(entity_effects=entity, time_effects=time).fit(estimator, "oim")
    found = fit.effects(draws=50)
    matrix = fit.effect_matrix("system").to_numpy()
    assert found.params["x", "system_total"] == pytest.approx(matrix.sum() / 30, rel=1e-10)
    assert found.labels.size == found.draws.shape[1] == 24


def test_paths_are_named(make):
    fit = make().fit()
    with pytest.raises(SpecificationError, match="one of natural, m1, m2, all, system, got 'm9'"):
        fit.effect_matrix("m9")
    assert list(fit.unit_effects()) == ["natural", "m1", "m2", "all", "system"]


def test_effects_by_unit_are_rows_and_columns_of_the_matrix(make):
    fit = make().fit()
    for path, table in fit.unit_effects().items():
        matrix = fit.effect_matrix(path)
        others = matrix.to_numpy() - np.diag(np.diag(matrix))
        assert table.index.equals(fit.outcome.arrays.units)
        assert table["own"].to_numpy() == pytest.approx(np.diag(matrix), rel=SAME_FIT)
        assert table["received"].to_numpy() == pytest.approx(others.sum(axis=1), rel=1e-9)
        assert table["sent"].to_numpy() == pytest.approx(others.sum(axis=0), rel=1e-9)


def test_a_draw_that_could_not_be_estimated_is_discarded_without_any_rho(make):
    fit = make(model="slx").fit()
    drawn = {name: np.tile(one.params.to_numpy(), (3, 1)) for name, one in fit.equations.items()}
    drawn["m1"][1] = np.nan
    arrays = fit.decompose(drawn).arrays
    assert arrays.n_discarded == 1
    assert np.isnan(arrays.natural).all(axis=1).tolist() == [False, True, False]


def test_data_that_do_not_fit_name_the_equation(system, make):
    data = system[0]
    holed = data.copy()
    holed.iloc[7, holed.columns.get_loc("m2")] = np.nan
    with pytest.raises(MissingValueError, match=r"equation of 'y': .*'m2' at"):
        make(holed)
    holed = data.copy()
    holed.iloc[7, holed.columns.get_loc("c2")] = np.nan
    with pytest.raises(MissingValueError, match=r"equation of 'm2': .*'c2' at"):
        make(holed, mediators=["m2"], controls=[], mediator_controls=["c2"])
    with pytest.raises(UnbalancedPanelError, match="equation of 'y': 1 of 240"):
        make(data.iloc[1:])
    still = data.assign(c2=data.index.get_level_values("year").astype(float))
    with pytest.raises(AbsorbedRegressorError, match="equation of 'm1': 'c2' does not vary over"):
        make(still, controls=[], mediator_controls={"m1": ["c2"]})
    with pytest.raises(SpecificationError, match="data repeats the columns c1"):
        make(pd.concat([data, data[["c1"]]], axis=1))
    with pytest.raises(SpecificationError, match="data must be a pandas DataFrame, got dict"):
        make({"y": [1]})


def test_boundary_of_one_equation_is_named(system, make):
    """Mediators with a unit root over space: the fit works, there are no effects."""
    data, (_, matrix), _ = system
    rng = np.random.default_rng(5)
    filtered = np.linalg.inv(np.eye(30) - 0.999 * matrix.toarray())
    rough = (rng.standard_normal((8, 30)) @ np.linalg.matrix_power(filtered, 3).T).ravel()
    other = data.assign(m2=rough)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = make(other).fit()
    assert any(issubclass(one.category, BoundaryWarning) for one in caught)
    assert fit.boundary_equations == ["m2"]
    assert fit.at_boundary
    for ask in (fit.effects, fit.decompose, fit.unit_effects, lambda: fit.effect_matrix("m1")):
        with pytest.raises(BoundaryError, match=r"the equation of 'm2' \(rho = .*no effects"):
            ask()
    assert "no effects" in fit.summary
    assert "no effects" in fit._repr_html_()
    assert "mediated_direct" not in set(fit.tidy()["quantity"])


def test_an_outcome_that_contains_a_mediator(system, make):
    """ln S/E with m = ln S - area against -ln E: only the path of m differs, by S_m itself."""
    data = system[0]
    area = pd.Series(np.linspace(0.0, 3.0, 30), system[1][0])
    units = data.index.get_level_values("unit")
    emissions = data.assign(y=data["y"] - data["m2"] - area[units].to_numpy())
    whole, rest = make().fit(), make(emissions).fit()
    for path in ("natural", "m1"):
        gap = whole.effect_matrix(path) - rest.effect_matrix(path)
        assert gap.abs().max().max() < IDENTITY
    own = whole.mediators["m2"].effect_matrix("x")
    gap = whole.effect_matrix("m2") - own - rest.effect_matrix("m2")
    assert gap.abs().max().max() < IDENTITY


def test_intervals_hold_the_truth():
    weights = rook(9, 10)
    data, pair, truth = simulated_system(np.random.default_rng(11), weights, 16, 3, controls=2)
    roles = {**ROLES, "mediators": ["m1", "m2", "m3"]}
    fit = SpatialMediation(data, weights=pair, **roles).fit()
    true = calc_decomposition(true_system(truth, weights)).values[0]
    for cov_type in ("oim", "serial"):
        # 30 numbers that hang together: at 99.9 % all of them, but for one sample in a hundred.
        found = fit.effects(draws=4000, seed=2, cov_type=cov_type).conf_int(0.999)
        assert (found["lower"] < true).all()
        assert (true < found["upper"]).all()
        narrow = fit.effects(draws=4000, seed=2, cov_type=cov_type).conf_int(0.5)
        covered = ((narrow["lower"] < true) & (true < narrow["upper"])).mean()
        assert 0.1 < covered < 0.95
