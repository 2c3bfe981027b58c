"""Effects by group and their differences as rows of estimates, and as printed tables."""

from __future__ import annotations

import warnings
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.analysis.heterogeneity import (
    SplitChoices,
    compare_paths,
    difference_of_draws,
    differences_rows,
    fit_by_group,
    group_labels,
    heterogeneity_rows,
)
from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.errors import DataError, StudyError
from yrb_carbon.mediation import MediationEffects, decomposition_labels
from yrb_carbon.mediation.effects import calc_quantile_errors
from yrb_carbon.report.layout_heterogeneity import (
    NO_EFFECTS,
    NO_MEDIATED,
    differences_layout,
    heterogeneity_layout,
)
from yrb_carbon.report.printer import Printer
from yrb_carbon.spatialpanel import (
    BoundaryError,
    FailedDrawsWarning,
    GroupedPanel,
    SpatialPanel,
    sup_wald,
)
from yrb_carbon.study.config import Study
from yrb_carbon.study.heterogeneity_tables import DifferencesTable, HeterogeneityTable
from yrb_carbon.study.load import load_study
from yrb_carbon.study.units import load_units

EN = Printer()
EXACT = 1e-10
KEY = TableKey(study="tiny", table="T8", sample="main")
SPLITS = SplitChoices(cut=2008, reach_split="V1")
YEARS = range(2003, 2013)
TITLE = {"en": "Groups", "zh": "组"}


def table(split, **options):
    values = {
        "kind": "heterogeneity",
        "title": TITLE,
        "split": split,
        "outcome": "y",
        "treatment": "x",
        "controls": ["z"],
        "weights": "ring",
        "draws": 200,
    }
    return HeterogeneityTable.model_validate({**values, **options})


@pytest.fixture(scope="module")
def units() -> list[str]:
    """Ten units of each reach, neighbours on a ring."""
    reach = load_units().reach("V1")
    return [unit for name in ("up", "mid", "down") for unit in reach.index[reach == name][:10]]


@pytest.fixture(scope="module")
def weights(units):
    matrix = (np.roll(np.eye(30), 1, axis=1) + np.roll(np.eye(30), -1, axis=1)) / 2.0
    from scipy import sparse

    return {"ring": SimpleNamespace(unique_ids=pd.Index(units), sparse=sparse.csr_array(matrix))}


@pytest.fixture(scope="module")
def frame(units, weights) -> pd.DataFrame:
    """y depends on x and, through m, on x; the slope of y on x is larger after 2008."""
    rng = np.random.default_rng(8)
    index = pd.MultiIndex.from_product([YEARS, units], names=["year", "unit"]).swaplevel()
    x, z, noise, e = rng.standard_normal((4, len(YEARS), 30))
    x = x + 1.0 + 0.5 * rng.standard_normal(30)
    m = 0.5 * x + noise
    after = (np.array(YEARS) > 2008)[:, None]
    mean = (1.0 + 1.0 * after) * x + 0.5 * m + 0.3 * z + e
    filtered = np.linalg.inv(np.eye(30) - 0.4 * weights["ring"].sparse.toarray())
    columns = {"y": mean @ filtered.T, "x": x, "z": z, "m": m}
    return pd.DataFrame({name: values.ravel() for name, values in columns.items()}, index)


@pytest.fixture(scope="module")
def by_period(frame, weights):
    return fit_by_group(table("period", mediators=["m"]), frame, weights, SPLITS, KEY)


@pytest.fixture(scope="module")
def by_reach(frame, weights):
    return fit_by_group(table("reach", mediators=["m"]), frame, weights, SPLITS, KEY)


@pytest.fixture(scope="module")
def period_rows(by_period):
    return heterogeneity_rows(by_period, 5, KEY)


@pytest.fixture(scope="module")
def reach_rows(by_reach):
    return heterogeneity_rows(by_reach, 5, KEY)


COMPARED = DifferencesTable.model_validate(
    {
        "kind": "differences",
        "title": TITLE,
        "tables": ["T8", "T9"],
        "permutations": 19,
        "bootstrap": 59,
        "cuts": [2006, 2008],
    }
)


@pytest.fixture(scope="module")
def differences(by_period, by_reach):
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FailedDrawsWarning)
        return differences_rows(COMPARED, [by_period, by_reach], 5, KEY)


def one(rows: pd.DataFrame, **where: object) -> pd.Series:
    for name, value in where.items():
        rows = rows[rows[name] == value]
    assert len(rows) == 1, where
    return rows.iloc[0]


def test_groups_are_those_of_the_study(frame, units):
    periods = group_labels(table("period"), frame, SPLITS)
    assert list(periods.cat.categories) == ["boom", "transition"]
    assert periods[2008] == "boom"
    assert periods[2009] == "transition"
    reaches = group_labels(table("reach"), frame, SPLITS)
    assert list(reaches.cat.categories) == ["up", "mid", "down"]
    assert reaches[units[0]] == "up"
    classes = group_labels(table("resource_class", forms=["full_interaction"]), frame, SPLITS)
    known = load_units().frame["resource_class"]
    assert (classes.astype(str) == known.reindex(classes.index)).all()
    section = table("agglomeration", forms=["full_interaction"], threshold=1.1)
    levels = group_labels(section, frame, SPLITS)
    means = frame["x"].groupby(level="unit").mean()
    assert ((levels == "above") == (means > 1.1)[levels.index]).all()


def test_groups_without_a_counterpart_are_refused(frame):
    with pytest.raises(DataError, match="into the group 'boom'"):
        group_labels(table("period"), frame, SplitChoices(2030, "V1"))
    strange = frame.rename({frame.index[0][0]: "999999"}, level="unit")
    with pytest.raises(DataError, match="without a group in split 'reach': 999999"):
        group_labels(table("reach"), strange, SPLITS)


def test_effects_of_a_period_are_those_of_its_own_panel(period_rows, frame, weights):
    rows = period_rows
    boom = frame[frame.index.get_level_values("year") <= 2008]
    fit = SpatialPanel(boom["y"], boom[["x", "z"]], weights["ring"]).fit(cov_type="serial")
    expected = fit.effects()
    for quantity in ("direct", "indirect", "total"):
        row = one(
            rows, model="boom", spec="subset", quantity=quantity, term="x", vcov="serial",
            equation="outcome",
        )  # fmt: skip
        assert row["estimate"] == pytest.approx(expected.params.loc["x", quantity], rel=1e-8)
        assert row["std_error"] == pytest.approx(expected.std_errors.loc["x", quantity], rel=1e-6)
        assert (row["n_units"], row["n_periods"], row["n_obs"]) == (30, 6, 180)


def test_full_interaction_rows_are_those_of_the_library(reach_rows, frame, weights):
    rows = reach_rows
    groups = load_units().reach("V1").reindex(frame.index.get_level_values("unit").unique())
    grouped = GroupedPanel(frame["y"], frame[["x", "z"]], weights["ring"], groups)
    expected = grouped.fit(cov_type="serial").effects().of_group("mid")
    row = one(
        rows, model="mid", spec="full_interaction", quantity="indirect", term="x", vcov="serial"
    )
    assert row["estimate"] == pytest.approx(expected.params.loc["x", "indirect"], rel=1e-8)
    assert row["std_error"] == pytest.approx(expected.std_errors.loc["x", "indirect"], rel=1e-6)
    assert row["n_units"] == 10


def test_links_that_are_cut_are_counted(reach_rows):
    rows = reach_rows
    for group in ("up", "mid", "down"):
        assert one(rows, model=group, term="links")["estimate"] == 20
        assert one(rows, model=group, term="links_cut")["estimate"] == 2
        assert one(rows, model=group, term="weight_cut")["estimate"] == pytest.approx(0.1)
        assert one(rows, model=group, term="islands")["estimate"] == 0


def test_every_group_has_its_mediation(by_reach, reach_rows):
    rows = reach_rows
    system = rows[(rows["equation"] == "system") & (rows["vcov"] == "serial")]
    for group in ("up", "mid", "down"):
        row = one(system, model=group, quantity="mediated_direct", term="m")
        own = by_reach.systems[group]
        point = own.decompose().values.ravel()[list(own.labels).index(("m", "mediated_direct"))]
        assert row["estimate"] == pytest.approx(point)
        assert (row["inference"], row["draws"]) == ("mc", 200)


def test_differences_are_those_of_the_effects(period_rows, differences):
    rows = period_rows
    for spec in ("subset", "full_interaction"):
        pair = [
            one(
                rows, model=group, spec=spec, quantity="direct", term="x", vcov="serial",
                equation="outcome",
            )
            for group in ("boom", "transition")
        ]  # fmt: skip
        row = one(
            differences, model="period", spec=spec, quantity="difference", vcov="serial",
            term="direct:x:boom-transition",
        )  # fmt: skip
        assert row["estimate"] == pytest.approx(pair[0]["estimate"] - pair[1]["estimate"])
    assert row["p_value"] < 0.001


def test_every_pair_of_reaches_is_compared(differences):
    own = differences[(differences["model"] == "reach") & (differences["vcov"] == "serial")]
    terms = set(own.loc[own["spec"] == "full_interaction", "term"])
    for pair in ("up-mid", "up-down", "mid-down"):
        assert f"indirect:x:{pair}" in terms
    assert "Wald|effects|direct and indirect effects of x are equal in up, mid, down" in terms


def test_tests_of_all_kinds_are_there(differences, by_period, by_reach):
    tests = differences[differences["quantity"] == "test"]
    period = tests[tests["model"] == "period"]
    null = "direct and indirect effects of x are equal in boom, transition"
    expected = by_period.full.with_covariance("serial").effects().wald_equal(terms=["x"])
    row = one(period, spec="full_interaction", term=f"Wald|effects|{null}", vcov="serial")
    assert row["statistic"] == pytest.approx(expected.statistic)
    assert row["df"] == 2
    chow = one(tests, model="reach", term="Chow LR|direct|one model for up, mid, down")
    assert chow["statistic"] == pytest.approx(by_reach.subset.chow().statistic)
    shuffled = "permutation|sub-samples|direct effect of x is equal in boom, transition"
    row = one(period, spec="subset", term=shuffled)
    assert row["draws"] == 19
    assert row["p_value"] * 20 == pytest.approx(round(row["p_value"] * 20))


def test_break_is_the_largest_over_the_cuts(differences, by_period):
    tests = differences[(differences["quantity"] == "test") & (differences["draws"] == 59)]
    largest = one(tests, term="sup-Wald|wild_unit|no break in x after any of 2006, 2008")
    path = tests[tests["term"] == "Wald|at the cut|no break in x"].set_index("year")
    assert largest["year"] == 2008
    assert largest["statistic"] == path["statistic"].max()
    found = sup_wald(by_period.panel, [2006, 2008], interacted=["x"], draws=2)
    assert path.loc[2006, "statistic"] == pytest.approx(found.statistics[0])
    assert largest["p_value"] == pytest.approx(1 / 60)


@pytest.mark.parametrize("model", ["ols", "sem"])
def test_effects_that_are_zero_in_every_group_are_not_tested(model, frame, weights):
    fitted = fit_by_group(table("period", model=model), frame, weights, SPLITS, KEY)
    rows = differences_rows(COMPARED, [fitted], 5, KEY)
    tests = rows[(rows["quantity"] == "test") & (rows["vcov"] == "serial")]
    null = "direct effects of x are equal in boom, transition"
    for spec, form in (("subset", "sub-samples"), ("full_interaction", "effects")):
        joint = one(tests, spec=spec, term=f"Wald|{form}|{null}")
        own = rows[(rows["vcov"] == "serial") & (rows["term"] == "direct:x:boom-transition")]
        assert joint["df"] == 1
        assert joint["statistic"] == pytest.approx(one(own, spec=spec)["statistic"] ** 2)
    assert not rows["term"].str.contains("indirect effect").any()


def test_what_is_at_the_edge_is_marked_and_the_rest_stays(by_period, differences, monkeypatch):
    def at_edge(*_, **__):
        raise BoundaryError("the estimate without a break is at the edge")

    monkeypatch.setattr("yrb_carbon.analysis.heterogeneity.sup_wald", at_edge)
    monkeypatch.setattr(type(by_period.subset), "chow", at_edge)
    rows = differences_rows(COMPARED, [by_period], 5, KEY)
    marks = rows[rows["term"] == "at_boundary"]
    assert set(zip(marks["spec"], marks["inference"], strict=True)) == {
        ("subset", "chi2"),
        ("full_interaction", "bootstrap"),
    }
    whole = differences[differences["model"] == "period"]
    lost = whole["term"].str.match(r"(Chow LR|sup-Wald)\||Wald\|at the cut")
    assert len(rows) == len(whole) - lost.sum() + 2
    study = SimpleNamespace(tables={"T8": by_period.table}, variables={})
    _, notes = differences_layout(COMPARED.model_copy(update={"tables": ("T8",)}), study, rows, EN)
    assert any("at the edge of the admissible interval" in note for note in notes)


def test_a_threshold_that_parts_nothing_names_the_table(frame, weights):
    section = table("agglomeration", forms=["full_interaction"], threshold=99)
    with pytest.raises(DataError, match=r"table 'T8', split 'agglomeration'.*'below'"):
        fit_by_group(section, frame, weights, SPLITS, KEY)


def test_mediated_differences_of_periods_share_signs(by_period, differences):
    row = one(
        differences, model="period", term="mediated_direct:m:boom-transition",
        inference="bootstrap_wild_unit",
    )  # fmt: skip
    drawn = [system.bootstrap(59, int(row["seed"])) for system in by_period.systems.values()]
    place = list(drawn[0].labels).index(("m", "mediated_direct"))
    gap = drawn[0].draws[:, place] - drawn[1].draws[:, place]
    assert row["std_error"] == pytest.approx(calc_quantile_errors(gap), rel=EXACT)
    assert row["estimate"] == pytest.approx(drawn[0].estimates[place] - drawn[1].estimates[place])
    assert row["draws"] == 59
    lost = one(differences, model="period", term="draws_discarded:boom-transition")
    assert lost["estimate"] == (~np.isfinite(gap)).sum()


def test_paths_are_compared_together(by_reach, differences):
    """By hand for one mediator and three reaches, and for another first group."""
    seeds = {name: by_reach.seed(5, KEY, "bootstrap", name) for name in by_reach.names}
    drawn = {name: by_reach.systems[name].bootstrap(59, seed) for name, seed in seeds.items()}
    null = "mediated direct effects of x by path are equal in up, mid, down"
    row = one(differences, model="reach", term=f"Wald|paths|{null}")
    place = list(drawn["up"].labels).index(("m", "mediated_direct"))
    draws = np.column_stack([drawn[name].draws[:, place] for name in ("down", "mid", "up")])
    draws = draws[np.isfinite(draws).all(axis=1)]
    gaps = draws[:, :2] - draws[:, 2:]
    points = np.array([drawn[name].estimates[place] for name in ("down", "mid", "up")])
    gap = points[:2] - points[2]
    covariance = np.cov(gaps, rowvar=False)
    statistic = gap @ np.linalg.solve(covariance, gap)
    moved = gaps - gap
    of_draws = np.einsum("bi,bi->b", moved, np.linalg.solve(covariance, moved.T).T)
    assert row["statistic"] == pytest.approx(statistic, rel=EXACT)
    assert row["df"] == 2
    expected = (1 + (of_draws >= statistic).sum()) / (1 + len(draws))
    assert row["p_value"] == pytest.approx(expected, rel=EXACT)


def drawn_groups(n_mediators=2, n_draws=199, seed=0, **changes):
    """Effects of two groups whose mediated direct effects differ by four standard errors."""
    rng = np.random.default_rng(seed)
    labels = decomposition_labels("x", [f"m{k}" for k in range(n_mediators)])
    place = [k for k, (m, q) in enumerate(labels) if q == "mediated_direct" and m != "all"]
    groups = {}
    for name, centre in (("one", 0.0), ("other", 4.0)):
        estimates = np.zeros(len(labels))
        estimates[place] = centre
        draws = estimates + rng.standard_normal((n_draws, len(labels))) / np.sqrt(2.0)
        groups[name] = MediationEffects(
            treatment="x", outcome="y", mediators=tuple(f"m{k}" for k in range(n_mediators)),
            labels=labels, estimates=estimates, draws=draws, inference="bootstrap_wild_unit",
            vcov="", one_step=np.zeros(3), treatment_sd={"within": 1.0, "overall": 1.0},
        )  # fmt: skip
    return groups, place


def test_a_draw_far_out_takes_no_power_away():
    """One draw of a million would make the variance so large that nothing is told from zero."""
    groups, place = drawn_groups()
    clean = compare_paths(groups, "x")
    assert clean.n_far == 0
    groups["one"].draws[7, place[0]] = 1e6
    found = compare_paths(groups, "x")
    assert found.n_far == 1
    near = np.delete(np.arange(199), 7)
    gaps = (groups["other"].draws - groups["one"].draws)[:, place]
    covariance = np.cov(gaps[near], rowvar=False)
    gap = np.full(2, 4.0)
    assert found.test.statistic == pytest.approx(gap @ np.linalg.solve(covariance, gap), rel=EXACT)
    assert found.test.statistic > 20
    # the draw left out of the covariance counts as one that is further than the estimate
    assert clean.test.p_value == pytest.approx(1 / 200)
    assert found.test.p_value == pytest.approx(2 / 200)
    turned = compare_paths(dict(reversed(groups.items())), "x")
    assert turned.test.statistic == pytest.approx(found.test.statistic, rel=1e-9)
    assert turned.n_far == 1


def test_paths_without_a_covariance_say_why():
    groups, place = drawn_groups()
    for own in groups.values():
        own.draws[:, place[1]] = own.estimates[place[1]]
    found = compare_paths(groups, "x").test
    assert np.isnan([found.statistic, found.p_value]).all()
    assert found.note == "the difference in m1 of other does not vary over the draws"
    groups, place = drawn_groups()
    for own in groups.values():
        own.draws[:, place[1]] = 2.0 * own.draws[:, place[0]]
    found = compare_paths(groups, "x").test
    assert np.isnan([found.statistic, found.p_value]).all()
    assert "m0 of other, m1 of other are linearly dependent over the 199 draws" in found.note


def test_a_test_of_paths_without_a_statistic_is_printed(by_period, by_reach, differences):
    study = study_of(T8=by_period.table, T9=by_reach.table, T10=COMPARED)
    marked = differences.copy()
    own = marked["term"].str.startswith("Wald|paths") & (marked["model"] == "reach")
    marked.loc[own, ["statistic", "p_value"]] = np.nan
    far = (marked["term"] == "draws_far_out") & (marked["model"] == "reach")
    marked.loc[far, "estimate"] = 3.0
    marked.loc[marked.index[far][0], "seed"] = 1
    reason = marked[far].assign(term="undefined|the difference in m of mid does not vary")
    marked = pd.concat([marked, reason], ignore_index=True)
    body, notes = differences_layout(COMPARED, study, marked, EN)
    line = body[(body["What"] == "Wald (paths)") & (body["Split"] == "Reach")].iloc[0]
    assert (line["Statistic"], line["p"]) == ("undefined", "undefined")
    assert "Reach, test of paths undefined: the difference in m of mid does not vary." in notes
    assert "Reach, test of paths: 3 of 59 draws are too far out for the covariance." in notes


def test_draws_left_out_are_printed(by_period, by_reach, differences):
    study = study_of(T8=by_period.table, T9=by_reach.table, T10=COMPARED)
    marked = differences.copy()
    marked.loc[marked["term"] == "draws_discarded:up-mid", "estimate"] = 4.0
    _, notes = differences_layout(COMPARED, study, marked, EN)
    words = "Reach, Upper reaches - Middle reaches: 4 of 59 bootstrap draws have no effects"
    assert any(note.startswith(words) for note in notes)


def test_reaches_are_drawn_apart(by_reach, differences):
    """Each with the seed of its own name; one seed for all would pair units that are strangers."""
    seeds = {name: by_reach.seed(5, KEY, "bootstrap", name) for name in ("up", "mid")}
    assert len(set(seeds.values())) == 2
    drawn = {name: by_reach.systems[name].bootstrap(59, seed) for name, seed in seeds.items()}
    place = list(drawn["up"].labels).index(("m", "mediated_total"))
    gap = drawn["up"].draws[:, place] - drawn["mid"].draws[:, place]
    row = one(
        differences, model="reach", term="mediated_total:m:up-mid", inference="bootstrap_wild_unit"
    )
    kept = gap[np.isfinite(gap)]
    assert row["std_error"] == pytest.approx(calc_quantile_errors(kept), rel=EXACT)


def test_draws_that_either_leaves_out_are_left_out(by_period):
    first, second = (system.bootstrap(59, 1) for system in by_period.systems.values())
    first.draws[3] = np.nan
    second.draws[7] = np.nan
    kept = np.delete(first.draws - second.draws, [3, 7], axis=0)
    found = difference_of_draws(first, second, 0.95)
    np.testing.assert_allclose(found["std_error"], calc_quantile_errors(kept), rtol=EXACT)
    assert (found["ci_lower"] <= found["ci_upper"]).all()


def test_seeds_depend_on_the_studys(by_period, period_rows):
    pd.testing.assert_frame_equal(period_rows, heterogeneity_rows(by_period, 5, KEY))
    other = heterogeneity_rows(by_period, 6, KEY)
    assert not period_rows["std_error"].equals(other["std_error"])


def test_a_group_that_cannot_be_estimated_is_named(frame, weights):
    still = frame.assign(x=frame["x"].where(frame.index.get_level_values("year") > 2008, 1.0))
    with pytest.raises(DataError, match="table 'T8', split 'period', subset: group 'boom'"):
        fit_by_group(table("period"), still, weights, SPLITS, KEY)


def study_of(**tables) -> Study:
    label = {"en": "Tiny", "zh": "小"}
    return Study.model_validate(
        {
            "study": {"name": "tiny", "title": label, "synthetic": True, "last_year": 2012},
            "period": {"cut": 2008},
            "data_root": ".",
            "sources": {},
            "weights": {"ring": {}},
            "variables": {
                name: {"index": "raw", "column": "pop", "label": {"en": name.upper(), "zh": name}}
                for name in "yxzm"
            },
            "tables": tables,
        }
    )


def test_printed_effects_are_rows_of_estimates(by_reach, reach_rows):
    section, rows = by_reach.table, reach_rows
    body, notes = heterogeneity_layout(section, study_of(T9=section), rows, EN)
    assert list(body["Group"].unique()) == ["Upper reaches", "Middle reaches", "Lower reaches"]
    # x, z, through m, through all by itself; x and z in the full interaction
    assert len(body) == 3 * (4 + 2)
    line = body[(body["Form"] == "full interaction") & (body["Group"] == "Middle reaches")].iloc[0]
    row = one(rows, model="mid", spec="full_interaction", quantity="total", term="x", vcov="serial")
    assert line["Total: s.e. or interval serial"] == f"{row['std_error']:.4f}"
    assert line["Total"].startswith(f"{row['estimate']:.4f}")
    text = " ".join(notes)
    assert "Middle reaches 2 of 20 (10 % of the weight), 0 islands dropped" in text
    assert "the links across their borders are cut" in text
    assert "Differences are tested" not in text
    # two slopes and two lags, rho and sigma2, ten units, ten years less one
    assert "Middle reaches 10 units x 10 years = 100 observations, 25 parameters" in text


def test_mediated_effects_are_printed_with_their_intervals(by_reach, reach_rows):
    study = study_of(T9=by_reach.table, T10=COMPARED.model_copy(update={"tables": ("T9",)}))
    body, notes = heterogeneity_layout(by_reach.table, study, reach_rows, EN)
    line = body[(body["Group"] == "Middle reaches") & (body["Variable"] == "through M")].iloc[0]
    row = one(
        reach_rows, model="mid", quantity="mediated_spillover", term="m", vcov="serial",
        equation="system",
    )  # fmt: skip
    interval = f"[{row['ci_lower']:.4f}, {row['ci_upper']:.4f}]"
    assert line["Indirect: s.e. or interval serial"] == interval
    text = " ".join(notes)
    assert "Differences are tested in T10." in text
    assert "not to be compared" in text


EDGES = ("direct", "spillover", "total")


def test_a_group_at_the_edge_has_one_line_that_says_so(by_reach, reach_rows):
    is_up = (reach_rows["model"] == "up") & (reach_rows["spec"] == "subset")
    effects = ["direct", "indirect", "total"]
    own = is_up & reach_rows["quantity"].isin([*effects, *(f"mediated_{e}" for e in EDGES)])
    body, _ = heterogeneity_layout(
        by_reach.table, study_of(T9=by_reach.table), reach_rows[~own], EN
    )
    lines = body[(body["Group"] == "Upper reaches") & (body["Form"] == "by itself")]
    assert list(lines["Variable"]) == [NO_EFFECTS, NO_MEDIATED]
    assert lines["Direct"].eq("").all()
    others = body[(body["Group"] == "Middle reaches") & (body["Form"] == "by itself")]
    assert len(others) == 4


def test_null_hypotheses_are_printed_in_words(by_period, by_reach, differences):
    study = study_of(T8=by_period.table, T9=by_reach.table, T10=COMPARED)
    body, _ = differences_layout(COMPARED, study, differences, EN)
    nulls = body.loc[body["Statistic"] != "", "Groups or null"]
    assert nulls.str.contains("Upper reaches, Middle reaches, Lower reaches").any()
    assert nulls.str.contains("Boom, Transition").any()
    assert not nulls.str.contains(r"\b(?:up|mid|down|boom|lq)\b").any()


def test_draws_lost_at_the_edge_take_the_stars(by_reach, reach_rows):
    """By group and covariance: more than 2 % of 200 draws are five."""
    rows = reach_rows.copy()
    lost = (rows["term"] == "draws_discarded") & (rows["vcov"] == "clustered")
    rows.loc[rows["equation"] == "system", "p_value"] = 0.001
    for group, count in (("up", 0.0), ("mid", 4.0), ("down", 5.0)):
        rows.loc[lost & (rows["model"] == group), "estimate"] = count
    body, notes = heterogeneity_layout(by_reach.table, study_of(T9=by_reach.table), rows, EN)
    through = body[body["Variable"] == "through M"].set_index("Group")["Direct"]
    assert through.str.endswith("***").to_dict() == {
        "Upper reaches": True, "Middle reaches": True, "Lower reaches": False
    }  # fmt: skip
    text = " ".join(notes)
    assert "Lower reaches, clustered: 5 of 200 (2.5 %); Middle reaches, clustered: 4 of 200" in text
    assert "the normal approximation has failed there" in text
    rows.loc[lost & (rows["model"] == "down"), "estimate"] = 4.0
    others = (rows["term"] == "draws_discarded") & (rows["vcov"] == "oim")
    body, _ = heterogeneity_layout(
        by_reach.table, study_of(T9=by_reach.table), rows.assign(
            estimate=rows["estimate"].mask(others, 50.0)
        ), EN
    )  # fmt: skip
    through = body[body["Variable"] == "through M"]["Direct"]
    assert through.str.endswith("***").all()
    _, notes = heterogeneity_layout(by_reach.table, study_of(T9=by_reach.table), rows, EN)
    assert "the normal approximation has failed there" not in " ".join(notes)


def test_printed_differences_carry_their_caveats(by_period, by_reach, differences):
    study = study_of(T8=by_period.table, T9=by_reach.table, T10=COMPARED)
    body, notes = differences_layout(COMPARED, study, differences, EN)
    text = " ".join(notes)
    for caveat in (
        "exact only if years are exchangeable",
        "fixed effects included",
        "takes the groups' samples as independent",
        "their places in W differ",
        "no estimate with a standard error",
        "share the signs of their units",
    ):
        assert caveat in text
    shown = body[body["What"].str.startswith("sup-Wald")]
    assert shown["Groups or null"].str.contains("after 2008").any()
    assert (body["p"] != "").all()
    parts = differences["term"].str.startswith("mediated_spillover_").sum()
    counted = differences["quantity"].isin(["difference", "test"]).sum()
    assert len(body) == counted - parts


CONFIG = """\
study: {name: tiny, title: {en: Tiny, zh: 小}}
data_root: .
sources: {}
weights: {queen: {}, raw: {standardise: none}}
variables:
  y: {index: balance}
  x: {index: agglomeration}
  m: {index: upgrading}
tables:
  T8: {kind: heterogeneity, title: {en: G, zh: 组}, split: period, outcome: y, treatment: x}
  T10: {kind: differences, title: {en: D, zh: 差}, tables: [T8], cuts: [2010]}
"""


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("treatment: x", "treatment: q", "unknown variable"),
        ("treatment: x", "treatment: x, controls: [x]", "x have several"),
        ("split: period", "split: agglomeration", "leave islands"),
        (
            "split: period",
            "split: reach, forms: [full_interaction], mediators: [m]",
            "need the form subset",
        ),
        ("split: period", "split: period, weights: raw", "rows sum to one"),
        ("tables: [T8]", "tables: [T9]", "not a table of kind heterogeneity"),
        ("tables: [T8]", "tables: [T8, T8]", "several tables have the split period"),
        ("cuts: [2010]", "cuts: [2018]", "a break must lie inside the sample"),
        ("cuts: [2010]", "bootstrap: 10", "too few draws"),
    ],
)
def test_faults_of_the_configuration(tmp_path, old, new, message):
    path = tmp_path / "config.yaml"
    assert old in CONFIG
    path.write_text(CONFIG, encoding="utf-8")
    load_study([path])
    path.write_text(CONFIG.replace(old, new), encoding="utf-8")
    with pytest.raises(StudyError, match=message):
        load_study([path])
