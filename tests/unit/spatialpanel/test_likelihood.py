"""Estimates, likelihood and information against dense textbook versions with explicit dummies."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from spatial_reference import (
    EFFECTS,
    information_by_definition,
    loglik_by_definition,
    make_problem,
    ring_weights,
)

from yrb_carbon.spatialpanel import (
    BoundaryError,
    BoundaryWarning,
    PerfectFitError,
    SpatialPanel,
)
from yrb_carbon.spatialpanel.likelihood import calc_scan_points, maximise

# Dense algebra of the full stack accumulates rounding of about 1e-12 relative to its entries.
DENSE_ALGEBRA = 1e-8
# Central differences with this step leave an error of about 1e-7 in a score of order 100.
STEP = 1e-5
NUMERIC_SCORE = 1e-4
# What a root of the score must satisfy: 1e-8 in rho times a curvature of order 100.
ZERO_SCORE = 1e-6

# The correction removes the bias of order 1/N; at N = 40 what is left is a third at most.
FIRST_ORDER = 0.5

SPATIAL = ("sar", "sem", "sdm", "sdem")


def fit(model, estimator, effects, **problem):
    entity_effects, time_effects = effects
    return SpatialPanel(
        *make_problem(**problem),
        model=model,
        entity_effects=entity_effects,
        time_effects=time_effects,
    ).fit(estimator=estimator)


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("estimator", ["transform", "direct"])
@pytest.mark.parametrize("model", SPATIAL)
class TestAgainstDefinition:
    def test_loglik(self, model, estimator, effects):
        result = fit(model, estimator, effects)
        expected = loglik_by_definition(
            result, result.estimate.spatial_values[0], result.sigma2, result.estimate.delta
        )
        assert result.loglik == pytest.approx(expected, abs=DENSE_ALGEBRA)

    def test_score_is_zero_in_every_parameter(self, model, estimator, effects):
        result = fit(model, estimator, effects)
        estimate = result.estimate
        theta = np.concatenate([estimate.delta, [estimate.spatial_values[0], estimate.sigma2]])

        def loglik(values):
            return loglik_by_definition(result, values[-2], values[-1], values[:-2])

        for position in range(len(theta)):
            shift = np.zeros_like(theta)
            shift[position] = STEP
            slope = (loglik(theta + shift) - loglik(theta - shift)) / (2 * STEP)
            assert abs(slope) < NUMERIC_SCORE
        assert abs(estimate.score) < ZERO_SCORE

    def test_covariance_is_that_of_the_explicit_dummy_information(self, model, estimator, effects):
        result = fit(model, estimator, effects)
        np.testing.assert_allclose(
            result.cov, information_by_definition(result), rtol=DENSE_ALGEBRA, atol=1e-12
        )


@pytest.mark.parametrize("effects", EFFECTS)
@pytest.mark.parametrize("model", SPATIAL)
def test_direct_estimator_is_exact_for_weights_with_unequal_row_sums(model, effects):
    # Period dummies are not parallel to Wι here, so a plain demeaning would be wrong.
    result = fit(model, "direct", effects, weights=ring_weights(12, standardised=False))
    expected = loglik_by_definition(
        result, result.estimate.spatial_values[0], result.sigma2, result.estimate.delta
    )
    assert result.loglik == pytest.approx(expected, abs=DENSE_ALGEBRA)
    np.testing.assert_allclose(
        result.cov, information_by_definition(result), rtol=DENSE_ALGEBRA, atol=1e-12
    )
    for shift in (-1e-3, 1e-3):
        moved = loglik_by_definition(
            result, result.estimate.spatial_values[0] + shift, result.sigma2, result.estimate.delta
        )
        assert moved < result.loglik


def test_transform_and_direct_agree_without_fixed_effects():
    direct = fit("sdm", "direct", (False, False))
    transform = fit("sdm", "transform", (False, False))
    assert transform.params.equals(direct.params)
    assert transform.cov.equals(direct.cov)


def test_unit_effects_alone_leave_rho_and_rescale_sigma2():
    direct = fit("sar", "direct", (True, False))
    transform = fit("sar", "transform", (True, False))
    corrected = fit("sar", "direct_bc", (True, False))
    # Same concentrated likelihood up to a factor (T-1)/T.
    assert transform.rho == pytest.approx(direct.rho, abs=1e-10)
    assert transform.sigma2 == pytest.approx(direct.sigma2 * 5 / 4, rel=1e-10)
    assert corrected.rho == direct.rho
    assert corrected.sigma2 == pytest.approx(direct.sigma2 * 5 / 4, rel=1e-14)


@pytest.mark.parametrize("effects", [(True, True), (False, True)])
@pytest.mark.parametrize("model", ["sar", "sdm", "sem", "sdem"])
def test_correction_moves_direct_estimates_towards_the_transformation(model, effects):
    # Data of the model itself: the correction is an expectation under it.
    problem = {"n_units": 40, "n_periods": 8, "unit_spread": 1.0 if effects[0] else 0.0}
    if model in {"sem", "sdem"}:
        problem |= {"rho": 0.0, "lam": 0.4}
    direct, corrected, transform = (
        fit(model, estimator, effects, **problem).estimate
        for estimator in ("direct", "direct_bc", "transform")
    )
    gap = abs(direct.spatial_values[0] - transform.spatial_values[0])
    assert abs(corrected.spatial_values[0] - transform.spatial_values[0]) < FIRST_ORDER * gap
    gap = abs(direct.sigma2 - transform.sigma2)
    assert abs(corrected.sigma2 - transform.sigma2) < FIRST_ORDER * gap


@pytest.mark.parametrize(
    ("corrected", "message"),
    [
        ({-2: 1.2}, r"moves rho to 1.2, outside \(-.*, 1\)"),
        ({-1: -0.1}, "makes sigma2 negative"),
    ],
)
def test_correction_that_leaves_the_parameter_space_is_refused(corrected, message, monkeypatch):
    import yrb_carbon.spatialpanel.model as module

    def leave(parameters, *args, **kwargs):
        moved = parameters.copy()
        for position, value in corrected.items():
            moved[position] = value
        return moved

    monkeypatch.setattr(module, "correct_bias", leave)
    with pytest.raises(BoundaryError, match=message):
        fit("sar", "direct_bc", (True, True))


class TestMaximise:
    def test_finds_the_higher_of_two_peaks(self):
        def value(x):
            return -((x**2 - 0.25) ** 2) + 0.01 * x

        def score(x):
            return -4 * x * (x**2 - 0.25) + 0.01

        peak = maximise(value, score, (-1.0, 1.0))
        assert peak.location > 0.5
        assert abs(peak.score) < 1e-12
        assert not peak.at_boundary

    @pytest.mark.parametrize("sign", [-1.0, 1.0])
    def test_sees_a_peak_at_the_edge(self, sign):
        peak = maximise(lambda x: sign * x, lambda x: sign, (-1.0, 1.0))
        assert peak.at_boundary
        assert peak.location == sign


def smooth_problem():
    """Outcome along the smoothest eigenvector of dense weights: Wy is nearly 0.5 y."""
    rng = np.random.default_rng(3)
    place = np.linspace(0.0, 1.0, 20)
    distance = np.abs(place[:, None] - place[None, :]) + np.eye(20)
    weights = 1.0 / distance
    np.fill_diagonal(weights, 0.0)
    weights /= weights.sum(axis=1, keepdims=True)
    dependent, exog, pair = make_problem(20, 6, 1, weights=weights, seed=4)
    shocks = rng.standard_normal((6, 1)) * 5.0
    values = shocks * (place - 0.5)[None, :] + 0.01 * rng.standard_normal((6, 20))
    dependent[:] = values.ravel()
    return dependent, exog, pair


@pytest.mark.parametrize(("model", "name"), [("sar", "rho"), ("sem", "lambda")])
def test_peak_beyond_the_interval_gives_neither_errors_nor_effects(model, name):
    panel = SpatialPanel(*smooth_problem(), model=model)
    with pytest.warns(BoundaryWarning, match=rf"beyond the edge .* {name} = 1 in"):
        result = panel.fit()
    assert result.at_boundary
    assert result.params[name] == 1.0
    assert result.std_errors.isna().all()
    assert result.conf_int().isna().all(axis=None)
    for ask in (result.effects, result.unit_effects, lambda: result.wald_test("x1 = 0")):
        with pytest.raises(BoundaryError):
            ask()
    assert "no standard errors" in result.summary
    assert result.r2_variants.isna().to_dict() == {
        "within": False, "correlation": True, "overall": False, "pseudo": True,
    }  # fmt: skip
    assert result.tidy().loc[0, "std_error"] != result.tidy().loc[0, "std_error"]


def test_direct_likelihood_has_no_peak_at_the_edge():
    # ln|I - ρW| goes to minus infinity there, so the same data have an interior peak.
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        result = SpatialPanel(*smooth_problem(), model="sar").fit(estimator="direct")
    assert result.rho < 1.0


def test_perfect_fit_is_refused():
    _, exog, weights = make_problem()
    built = (2.0 * exog["x1"]).rename("y")
    with pytest.raises(PerfectFitError, match="without residual"):
        SpatialPanel(built, exog, weights, model="slx").fit()
    with pytest.raises(PerfectFitError, match="without residual"):
        SpatialPanel(built, exog, weights, model="sdem").fit()
    with pytest.raises(PerfectFitError, match="without residual"):
        SpatialPanel(built, exog, weights, model="sdm").fit()


class TestBracketWithATrough:
    """The score has the same sign on both sides of the bracket: the search goes on inside."""

    points = calc_scan_points((-1.0, 1.0))
    left, right = float(points[20]), float(points[21])
    width = right - left

    def test_edge_of_a_bracket_is_not_the_boundary(self):
        """It rises in the bracket and falls at its end, faster than any scan can see."""
        cliff = self.right - 1e-9 * self.width

        def value(x):
            if self.left <= x < cliff:
                return x
            return -1.0

        peak = maximise(value, lambda x: 1.0, (-1.0, 1.0))
        assert not peak.at_boundary
        assert self.left < peak.location <= self.right

    def test_other_peaks_of_the_whole_interval_are_kept(self):
        def value(x):
            wave = np.sin(4.0 * np.pi * (x - self.left) / self.width + 0.5)
            return 1e-2 * wave if self.left <= x <= self.right else -1.0 - (x + 0.5) ** 2

        def score(x):
            rate = 4.0 * np.pi / self.width
            return 1e-2 * rate * np.cos(rate * (x - self.left) + 0.5)

        peak = maximise(value, score, (-1.0, 1.0))
        assert self.left < peak.location < self.right
        assert value(peak.location) == pytest.approx(1e-2, rel=1e-9)
        outer = [place for place, _ in peak.other_peaks if place < self.left]
        assert outer == pytest.approx([-0.5], abs=0.1)

    def test_plateau_of_rounding_ends(self):
        peak = maximise(lambda x: float(x > -1.0), lambda x: 1e-13, (-1.0, 1.0))
        assert not peak.at_boundary


def test_outcome_without_noise_is_a_perfect_fit_of_the_lag_model():
    rng = np.random.default_rng(3)
    w = ring_weights(14)
    x = rng.standard_normal((9, 14, 1))
    y = (x @ [1.0]) @ np.linalg.inv(np.eye(14) - 0.4 * w).T
    with pytest.raises(PerfectFitError, match="fit the dependent variable without residual"):
        SpatialPanel.of_arrays(y, x, w, model="sar").fit()
