"""Inference of mediated effects: draws, intervals, shares, differences, tables."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from mediation_reference import rook, simulated_system
from scipy import stats

from yrb_carbon.estimates import Quantity
from yrb_carbon.mediation import MediationEffects, SpatialMediation, decomposition_labels
from yrb_carbon.mediation.effects import (
    NOT_TOLD_FROM_ZERO,
    SUPPRESSION,
    calc_quantile_errors,
    draw_system,
    effects_of_draws,
    table_of_draws,
)
from yrb_carbon.mediation.results import SYSTEM_COLUMNS
from yrb_carbon.spatialpanel import BoundaryError, SingularInformationError, SpecificationError
from yrb_carbon.spatialpanel.bootstrap import calc_interval, draw_quantiles
from yrb_carbon.spatialpanel.system import joint_covariance
from yrb_carbon.spatialpanel.within import within_transform

EXACT = 1e-12
"""Products and sums of a few numbers."""


@pytest.fixture(scope="module")
def fit():
    data, weights, _ = simulated_system(np.random.default_rng(0), rook(5, 6), 8, 2)
    return SpatialMediation(
        data, outcome="y", treatment="x", mediators=["m1", "m2"], controls=["c1"], weights=weights
    ).fit()


@pytest.fixture(scope="module")
def effects(fit):
    return fit.effects(draws=1000, seed=3)


def made(natural, mediated, spread=0.01, **changes):
    """Effects with given natural and mediated (direct, spillover) and independent normal draws."""
    names = [f"m{k + 1}" for k in range(len(mediated))]

    def values(parts):
        natural, *others = (np.array([d, s, d + s]) for d, s in parts)
        system = natural + np.sum(others, axis=0)
        rest = [np.r_[other, np.zeros(3)] for other in (*others, np.sum(others, axis=0))]
        return np.concatenate([natural, system, *rest])

    rng = np.random.default_rng(0)
    parts = np.array([natural, *mediated])
    draws = [values(parts + spread * rng.standard_normal(parts.shape)) for _ in range(500)]
    return MediationEffects(
        treatment="x",
        outcome="y",
        mediators=tuple(names),
        labels=decomposition_labels("x", names),
        estimates=values(parts),
        draws=np.array(draws),
        inference="mc",
        vcov="oim",
        treatment_sd={"within": 0.5, "overall": 4.0},
        **{"one_step": np.array([0.1, 0.2, 0.3]), **changes},
    )


def test_draws_depend_on_the_seed_alone(fit, effects):
    again = fit.effects(draws=1000, seed=3)
    assert np.array_equal(again.draws, effects.draws)
    assert not np.array_equal(fit.effects(draws=1000, seed=4).draws, effects.draws)
    assert np.array_equal(effects.estimates, fit.decompose().values[0])


@pytest.mark.parametrize(
    ("joint", "groups"),
    [("mediators", [["m1", "m2"], ["y"]]), ("all", None), ("none", [["m1"], ["m2"], ["y"]])],
)
def test_parameters_are_drawn_from_the_joint_distribution(fit, joint, groups):
    """The square root is that of the covariance, seen through draws of unit vectors."""
    count = 40_000
    drawn = draw_system(fit, draws=count, seed=1, cov_type="serial", joint=joint)
    covariance = joint_covariance(fit.equations, "serial", groups)
    wanted = covariance.to_numpy()
    found = np.concatenate([drawn[name] for name in fit.equations], axis=1)
    sizes = np.sqrt(np.diag(wanted))
    gap = (np.cov(found, rowvar=False) - wanted) / np.outer(sizes, sizes)
    # Standard error of a correlation, at most 1.5/sqrt(R) for variances; 5 of them for all 153.
    assert np.abs(gap).max() < 5 * 1.5 / np.sqrt(count)
    centre = np.concatenate([fit.equations[name].params.to_numpy() for name in fit.equations])
    assert np.abs(found.mean(axis=0) - centre).max() < 5 * sizes.max() / np.sqrt(count)


def test_sums_over_mediators_need_the_joint_covariance(fit):
    """Errors that correlate by .7 and slopes of one sign: without it the spread is too small."""
    rng = np.random.default_rng(2)
    data, weights, _ = simulated_system(rng, rook(5, 6), 8, 2)
    data["m2"] += data["m1"] - 0.8 * data["x"]
    data["y"] += data["m1"]
    fit = SpatialMediation(
        data, outcome="y", treatment="x", mediators=["m1", "m2"], controls=["c1"], weights=weights
    ).fit()
    spread = {
        joint: fit.effects(draws=2000, joint=joint).std_errors for joint in ("mediators", "none")
    }
    single = ("m1", "mediated_direct")
    assert spread["none"][single] == pytest.approx(spread["mediators"][single], rel=0.1)
    whole = ("all", "mediated_direct")
    assert spread["none"][whole] < 0.95 * spread["mediators"][whole]


def test_standard_errors_intervals_and_p_values(effects):
    label = ("m1", "mediated_spillover")
    drawn = effects.draws[:, effects.labels.tolist().index(label)]
    interval = effects.conf_int(0.9).loc[[label]].iloc[0]
    lower, upper = draw_quantiles(drawn, [stats.norm.cdf(-1.0), stats.norm.cdf(1.0)])
    assert effects.std_errors[label] == pytest.approx(0.5 * (upper - lower), rel=1e-9)
    assert interval.to_list() == pytest.approx(draw_quantiles(drawn, [0.05, 0.95]), rel=EXACT)
    beyond = min((drawn >= 0).sum(), (drawn <= 0).sum())
    assert effects.pvalues[label] == pytest.approx(min(1.0, 2 * (beyond + 1) / 1001), rel=EXACT)
    table = effects.table(0.9).loc[[label]].iloc[0]
    assert table["ci_upper"] == interval["upper"]
    assert table["statistic"] == pytest.approx(
        effects.params[label] / effects.std_errors[label], rel=EXACT
    )


def test_standard_errors_are_those_of_normal_draws():
    """s.d. of the half distance for R = 200,000: about 0.0029 of the error itself."""
    draws = 3.0 * np.random.default_rng(4).standard_normal((200_000, 2))
    assert calc_quantile_errors(draws) == pytest.approx([3.0, 3.0], rel=0.012)


def test_a_draw_near_the_edge_moves_no_standard_error(effects):
    draws = effects.draws.copy()
    draws[5] *= 1e7
    heavy = replace(effects, draws=draws)
    assert heavy.std_errors.to_numpy() == pytest.approx(effects.std_errors.to_numpy(), rel=0.02)
    normal = heavy.conf_int(kind="normal")
    half = stats.norm.ppf(0.975) * heavy.std_errors
    assert normal["upper"].to_numpy() == pytest.approx((heavy.params + half).to_numpy(), rel=1e-9)
    assert normal["lower"].to_numpy() == pytest.approx((heavy.params - half).to_numpy(), rel=1e-9)
    found = heavy.table()
    ratio = heavy.params / heavy.std_errors
    assert found["statistic"].to_numpy() == pytest.approx(ratio.to_numpy(), rel=EXACT)
    assert "84.13 %" in heavy.summary


def test_an_effect_without_spread_has_no_statistic():
    draws = np.column_stack([np.ones(50), np.arange(50.0)])
    found = table_of_draws(np.array([1.0, 20.0]), draws, pd.Index(["still", "moving"]))
    assert found.loc["still", "std_error"] == 0.0
    assert found.loc["still", ["statistic", "p_value"]].isna().all()
    assert found.loc["moving"].notna().all()


def test_discarded_draws_are_left_out_and_counted(effects):
    draws = effects.draws.copy()
    draws[[3, 10]] = np.nan
    fewer = replace(effects, draws=draws)
    assert (fewer.n_draws, fewer.n_discarded, effects.n_discarded) == (1000, 2, 0)
    kept = np.delete(effects.draws, [3, 10], axis=0)
    assert fewer.std_errors.to_numpy() == pytest.approx(calc_quantile_errors(kept), rel=EXACT)
    assert fewer.conf_int()["lower"].to_numpy() == pytest.approx(
        draw_quantiles(kept, 0.025), rel=EXACT
    )
    assert "1000 draws, 2 discarded" in fewer.summary
    with pytest.raises(BoundaryError, match="999 of 1000 draws are outside"):
        replace(effects, draws=np.where(np.arange(1000)[:, None] > 0, np.nan, draws))


def test_draws_outside_of_the_interval_become_discarded(fit):
    made = draw_system(fit, draws=50, seed=0, cov_type="oim")
    drawn = {name: values.copy() for name, values in made.items()}
    drawn["m2"][7, fit.mediators["m2"].param_names.index("rho")] = 1.5
    drawn["y"][9] = np.nan
    found = effects_of_draws(fit, drawn, inference="bootstrap_year")
    assert np.flatnonzero(np.isnan(found.draws).any(axis=1)).tolist() == [7, 9]
    assert found.inference == "bootstrap_year"


@pytest.mark.parametrize("kind", ["percentile", "basic", "normal", "bias_corrected"])
def test_every_kind_of_interval_brackets_the_estimate(effects, kind):
    found = effects.conf_int(kind=kind)
    assert (found["lower"] < effects.params).all()
    assert (effects.params < found["upper"]).all()


def test_bca_against_its_definition():
    rng = np.random.default_rng(1)
    draws, jackknife = rng.gamma(3.0, size=(999, 1)), rng.gamma(3.0, size=(16, 1))
    estimate = np.array([2.8])
    z0 = stats.norm.ppf((draws < 2.8).mean())
    distance = jackknife.mean() - jackknife
    a = (distance**3).sum() / (6.0 * (distance**2).sum() ** 1.5)
    levels = [
        stats.norm.cdf(z0 + (z0 + z) / (1.0 - a * (z0 + z))) for z in stats.norm.ppf([0.05, 0.95])
    ]
    lower, upper = calc_interval(estimate, draws, "bca", 0.9, jackknife=jackknife)
    assert [lower[0], upper[0]] == pytest.approx(
        np.quantile(draws, levels, method="weibull"), rel=1e-10
    )
    assert abs(a) > 0.02


def test_bca_without_acceleration_is_bias_corrected(effects):
    flat = replace(effects, jackknife=np.tile(effects.estimates, (8, 1)))
    wanted = effects.conf_int(kind="bias_corrected")
    pd.testing.assert_frame_equal(flat.conf_int(kind="bca"), wanted, rtol=1e-10)
    assert set(flat.tidy(kind="bca")["quantity"]) >= {"share", "difference"}


def test_bca_needs_a_jackknife(effects):
    with pytest.raises(SpecificationError, match=r"bca intervals need .*'mc' has not"):
        effects.conf_int(kind="bca")
    with pytest.raises(SpecificationError, match="kind must be one of percentile"):
        effects.conf_int(kind="hdi")


def test_shares_where_everything_has_one_sign():
    shares = made((-0.2, -0.4), [(-0.3, -0.1), (-0.1, -0.2)]).shares()
    assert set(shares.index.get_level_values("quantity")) == {"share"}
    assert (shares["label"] == "").all()
    estimates = shares["estimate"].droplevel("quantity")
    assert estimates["m1", "total_over_system_total"] == pytest.approx(0.4 / 1.3, rel=EXACT)
    assert estimates["all", "total_over_system_total"] == pytest.approx(0.7 / 1.3, rel=EXACT)
    assert estimates["m1", "direct_over_natural_direct"] == pytest.approx(0.3 / 0.2, rel=EXACT)
    assert estimates["m2", "direct_over_system_direct"] == pytest.approx(0.1 / 0.6, rel=EXACT)
    assert (shares["ci_lower"] < shares["estimate"]).all()
    assert (shares["estimate"] < shares["ci_upper"]).all()


@pytest.mark.parametrize(
    ("natural", "mediated", "spread", "total", "direct"),
    [
        # one mediator of the other sign in total only
        ((0.2, 0.4), [(0.3, 0.1), (0.1, -0.2)], 0.001, SUPPRESSION, ""),
        # the natural effect of the other sign, direct and total
        ((-0.2, -0.1), [(0.3, 0.1), (0.1, 0.2)], 0.001, SUPPRESSION, SUPPRESSION),
        # one sign, but the spillover is so uncertain that the total may be zero
        ((0.2, 0.4), [(0.3, 0.1), (0.1, 0.2)], 1.0, NOT_TOLD_FROM_ZERO, NOT_TOLD_FROM_ZERO),
        (
            (-0.4, -0.2),
            [(0.3, 0.1), (0.1, 0.1)],
            0.1,
            f"{SUPPRESSION}; {NOT_TOLD_FROM_ZERO}",
            f"{SUPPRESSION}; {NOT_TOLD_FROM_ZERO}",
        ),
    ],
)
def test_ratios_where_a_share_would_mislead(natural, mediated, spread, total, direct):
    effects = made(natural, mediated, spread)
    shares = effects.shares().reset_index()
    of_total = shares[shares["spec"].str.endswith("total")]
    of_direct = shares[shares["spec"].str.endswith("direct")]
    assert set(of_total["label"]) == {total}
    assert set(of_direct["label"]) == {direct}
    assert set(of_total["quantity"]) == {"ratio"}
    assert set(of_total["spec"]) == {"total_over_natural_total"}
    assert set(of_direct["quantity"]) == ({"ratio"} if direct else {"share"})
    first = of_total.set_index("term")["estimate"]["m1"]
    assert first == pytest.approx(abs(sum(mediated[0]) / sum(natural)), rel=EXACT)
    assert SUPPRESSION in effects.summary or NOT_TOLD_FROM_ZERO in effects.summary


def test_differences_are_of_sizes():
    effects = made((0.2, 0.4), [(0.3, 0.1), (-0.1, 0.2), (0.5, 0.0)])
    found = effects.differences()
    assert found.index.tolist() == ["m1 - m2", "m1 - m3", "m2 - m3"]
    assert found["estimate"].to_list() == pytest.approx([0.2, -0.2, -0.4], rel=1e-9)
    assert found.loc["m1 - m2", "std_error"] == pytest.approx(0.01 * np.sqrt(2.0), rel=0.15)
    assert found["p_value"].to_list() == pytest.approx([2 / 501] * 3)


def test_gap_to_the_one_step_equation():
    plain = made((0.2, 0.4), [(0.3, 0.1)])
    gap = plain.gap()
    assert gap["gap"].to_list() == pytest.approx([0.4, 0.3, 0.7], rel=EXACT)
    assert gap[["std_error", "ci_lower", "ci_upper"]].isna().all().all()
    assert "an interval in the bootstraps only" in plain.summary
    system = plain.draws[:, 3:6]
    refitted = replace(plain, one_step_draws=system - np.array([0.4, 0.3, 0.7]))
    gap = refitted.gap()
    assert gap["ci_lower"].to_list() == pytest.approx([0.4, 0.3, 0.7], rel=1e-9)
    assert gap["std_error"].to_numpy() == pytest.approx(np.zeros(3), abs=1e-12)
    assert "bootstraps only" not in refitted.summary


def test_tables_of_one_mediator():
    rows = made((0.2, 0.4), [(0.3, 0.1)]).tidy()
    assert rows["quantity"].value_counts()["difference"] == 3
    assert rows.notna()["estimate"].all()


def test_one_step_effects_are_those_of_that_fit(fit, effects):
    wanted = fit.one_step.effects().params.loc["x"]
    assert effects.gap()["one_step"].to_list() == pytest.approx(wanted.to_list(), rel=EXACT)


def test_scaled_effects(fit):
    effects = replace(
        made((0.2, 0.4), [(0.3, 0.1)]),
        jackknife=np.ones((4, 18)),
        one_step_draws=np.ones((500, 3)),
    )
    within = effects.scaled("within")
    assert within.estimates == pytest.approx(0.5 * effects.estimates, rel=EXACT)
    assert within.std_errors.to_numpy() == pytest.approx(0.5 * effects.std_errors.to_numpy())
    assert within.gap()["gap"].to_list() == pytest.approx([0.2, 0.15, 0.35], rel=EXACT)
    assert within.jackknife.max() == within.one_step_draws.max() == 0.5
    overall = within.scaled("overall")
    assert overall.estimates == pytest.approx(4.0 * effects.estimates, rel=EXACT)
    assert np.array_equal(overall.scaled("unit").estimates, effects.estimates)
    pd.testing.assert_frame_equal(within.shares(), effects.shares(), rtol=1e-10)
    assert "one within standard deviation of the treatment" in within.summary
    with pytest.raises(SpecificationError, match="scale must be one of unit, within, overall"):
        effects.scaled("sd")
    assert fit.effects(draws=10, scale="within").scale == "within"


def test_standard_deviations_of_the_treatment(fit):
    position = fit.outcome.arrays.names.index("x")
    x = fit.outcome.arrays.z[:, :, position]
    within = within_transform(x, entity_effects=True, time_effects=True)
    found = fit.treatment_sd()
    assert found["overall"] == pytest.approx(np.sqrt(((x - x.mean()) ** 2).sum() / 239), rel=EXACT)
    assert found["within"] == pytest.approx(np.sqrt((within**2).sum() / 239), rel=EXACT)


def test_tidy_rows_fit_the_contract_of_estimates(fit, effects):
    for table in (effects.tidy(), effects.scaled("within").tidy(), fit.tidy()):
        assert list(table.columns) == list(SYSTEM_COLUMNS)
        assert not table.duplicated(["equation", "spec", "quantity", "term"]).any()
        assert set(table["quantity"]) <= set(Quantity)
    rows = effects.tidy().set_index(["spec", "quantity", "term"])
    assert (
        rows.loc[("", "mediated_direct", "m1"), "estimate"]
        == effects.params["m1", "mediated_direct"]
    )
    assert ("system - one_step", "difference", "total") in rows.index
    assert ("abs_mediated_direct", "difference", "m1 - m2") in rows.index
    assert (effects.tidy()["inference"] == "mc").all()
    assert set(effects.scaled("within").tidy()["spec"]) >= {"within_sd"}
    parameters = fit.tidy().query("quantity == 'rho'")
    assert parameters["spec"].tolist() == ["", "", "", "one_step"]


def test_summary_tells_what_the_numbers_rest_on(fit, effects):
    for text in (fit.summary, fit._repr_html_()):
        for piece in (
            "Covariance serial",
            "may correlate with one another, but not with those of the outcome",
            "30 units, 8 periods",
            "Residual AR(1) within units",
            "(m1)",
            "natural_direct",
            "mediated_spillover_chain",
            "one_step",
        ):
            assert piece in text
    assert "<table>" in effects._repr_html_()
    assert repr(effects) == "<MediationEffects x -> m1, m2 -> y, mc, 1000 draws>"
    assert "x -> m1, m2 -> y" in repr(fit)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"draws": 1}, "at least 2 draws, got 1"),
        ({"inference": "delta"}, "inference must be one of mc, got 'delta'"),
        ({"joint": "some"}, "joint must be one of mediators, all, none"),
        ({"cov_type": "hc"}, "cov_type must be one of"),
        ({"scale": "sd"}, "scale must be one of"),
    ],
)
def test_wrong_choices_are_refused(fit, arguments, message):
    with pytest.raises(SpecificationError, match=message):
        fit.effects(**{"draws": 10, **arguments})


def test_a_missing_covariance_is_refused_by_name(fit, monkeypatch):
    covariance = joint_covariance(fit.equations, "serial")
    covariance.loc[("m1", "rho")] = np.nan
    covariance[("m1", "rho")] = np.nan
    monkeypatch.setattr("yrb_carbon.mediation.effects.joint_covariance", lambda *_: covariance)
    with pytest.raises(SingularInformationError, match="rho of 'm1' have no variance"):
        fit.effects(draws=10)


def test_draws_of_an_equation_must_be_given_and_complete(fit):
    drawn = draw_system(fit, draws=5, seed=0, cov_type="oim")
    with pytest.raises(SpecificationError, match="parameters of the equation of 'y' are missing"):
        fit.decompose({name: drawn[name] for name in ("m1", "m2")})
    with pytest.raises(SpecificationError, match=r"equation of 'm1' must be \(R, 5\) or wider"):
        fit.decompose({**drawn, "m1": drawn["m1"][:, :4]})
