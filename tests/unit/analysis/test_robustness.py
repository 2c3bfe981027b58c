"""Robustness: specifications, provinces left out, placebos, against the estimators themselves."""

from __future__ import annotations

import warnings

import numpy as np
import pandas as pd
import pytest
from scipy.sparse import csr_array

from yrb_carbon.analysis.robustness import (
    LOST_DRAWS,
    PERMUTED_TREATMENT,
    PERMUTED_WEIGHTS,
    WHOLE,
    case_of_column,
    grid_rows,
    leave_out_rows,
    permute_units,
    placebo_rows,
    placebo_summary,
)
from yrb_carbon.analysis.rows import TableKey
from yrb_carbon.analysis.specifications import (
    Case,
    calc_within_ratio,
    count_components,
    lag_regressors,
    subset_links,
)
from yrb_carbon.analysis.tables import SampleData
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import AT_BOUNDARY, COMPONENTS, ISLANDS, NOT_ESTIMATED
from yrb_carbon.mediation import SpatialMediation
from yrb_carbon.spatialpanel import SpatialPanel
from yrb_carbon.study.robustness_tables import PlaceboTable, RobustnessTable
from yrb_carbon.study.tables import ModelsTable
from yrb_carbon.weights.links import LinkedUnits

EXACT = 1e-10
"""The same likelihood at the same maximum, arrays put together in another order."""
KEY = TableKey(study="tiny", table="T11", sample="main")
LABEL = {"en": "Tiny", "zh": "小"}
N, T = 24, 7
UNITS = [f"{140000 + 100 * i}" for i in range(1, N + 1)]
INDEX = pd.MultiIndex.from_product([UNITS, range(2003, 2003 + T)], names=["unit", "year"])


def ring(units: list[str], reach: int = 1) -> LinkedUnits:
    """Neighbours on a ring up to a distance, rows summing to one."""
    n = len(units)
    matrix = sum(np.roll(np.eye(n), shift, axis=1) for shift in range(-reach, reach + 1) if shift)
    return LinkedUnits(pd.Index(units, name="unit"), csr_array(matrix / (2 * reach)))


def simulated() -> pd.DataFrame:
    """x to m to y, with spatial lags of both dependent variables."""
    rng = np.random.default_rng(5)
    weights = ring(UNITS).sparse.toarray()
    x, z, u, v = rng.standard_normal((4, T, N))
    inverse = np.linalg.inv(np.eye(N) - 0.3 * weights)
    m = (-0.8 * x + 0.4 * x @ weights.T + 0.3 * z + 0.5 * u) @ inverse.T
    y = (-0.5 * x + 0.3 * x @ weights.T + 0.7 * m + 0.2 * z + 0.5 * v) @ inverse.T
    columns = {"x": x, "z": z, "m": m, "y": y, "y2": y + 0.3 * rng.standard_normal((T, N))}
    return pd.DataFrame({name: a.T.ravel() for name, a in columns.items()}, INDEX)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    return simulated()


@pytest.fixture(scope="module")
def data(frame) -> SampleData:
    return SampleData(frame, {"near": ring(UNITS), "far": ring(UNITS, 2)})


def grid(**sections: object) -> RobustnessTable:
    return RobustnessTable.model_validate(
        {
            "kind": "robustness",
            "title": LABEL,
            "baseline": {"outcome": "y", "treatment": "x", "weights": "near"},
            "mediators": {"base": ["m"], "no": []},
            "controls": {"base": ["z"], "no": []},
            "draws": 200,
            **sections,
        }
    )


def case(frame: pd.DataFrame, weights: LinkedUnits, **changes: object) -> Case:
    options: dict[str, object] = {
        "name": "sdm", "sample": "main", "weights_name": "near", "frame": frame,
        "weights": weights, "outcome": "y", "treatment": "x", "mediators": ("m",),
        "controls": ("z",), "model": "sdm", **changes,
    }  # fmt: skip
    return Case(**options)  # type: ignore[arg-type]


def pick(rows: pd.DataFrame, **where: str) -> pd.Series:
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_baseline_and_mediation_are_those_of_the_libraries(frame, data):
    table = grid(axes={"weights": ["far"], "model": ["sar"]}, design="one_at_a_time", parts=1)
    rows = grid_rows(table, {"main": data}, 1, KEY)
    assert set(rows["model"]) == {"baseline", "weights=far", "model=sar"}
    for name, weights, model in (
        ("baseline", "near", "sdm"), ("weights=far", "far", "sdm"), ("model=sar", "near", "sar"),
    ):  # fmt: skip
        panel = SpatialPanel(frame["y"], frame[["x", "z"]], data.weights[weights], model=model)
        fit = panel.fit()
        for vcov in ("oim", "serial"):
            effects = fit.with_covariance(vcov).effects("delta")
            for quantity in ("direct", "indirect", "total"):
                row = pick(rows, model=name, quantity=quantity, term="x", vcov=vcov,
                           equation="outcome")  # fmt: skip
                assert row["estimate"] == pytest.approx(effects.params.at["x", quantity], abs=EXACT)
                assert row["std_error"] == pytest.approx(
                    effects.std_errors.at["x", quantity], rel=1e-8
                )
                assert (row["weights"], row["spec"]) == (weights, model)
        system = SpatialMediation(
            frame, outcome="y", treatment="x", mediators=["m"], controls=["z"],
            weights=data.weights[weights], model=model,
        ).fit()  # fmt: skip
        point = system.decompose()
        expected = dict(zip(point.labels, np.ravel(point.values), strict=True))
        for quantity in ("mediated_direct", "mediated_spillover", "mediated_total"):
            row = pick(rows, model=name, quantity=quantity, term="all", equation="system")
            assert row["estimate"] == pytest.approx(expected["all", quantity], abs=EXACT)
            assert row["ci_lower"] < row["estimate"] < row["ci_upper"]
            assert row["vcov"] == "serial"


def test_numbers_depend_neither_on_parts_nor_on_the_order_of_rows(frame, data):
    axes = {"outcome": ["y2"], "weights": ["far"]}
    whole = grid_rows(grid(axes=axes, parts=1), {"main": data}, 1, KEY)
    table = grid(axes=axes, parts=3)
    mixed = SampleData(frame.sample(frac=1.0, random_state=3), data.weights)
    parts = [grid_rows(table, {"main": mixed}, 1, KEY, part) for part in range(3)]
    keys = ["model", "equation", "quantity", "term", "vcov", "inference"]
    joined = pd.concat(parts).set_index(keys).sort_index()
    expected = whole.set_index(keys).sort_index()
    assert joined.index.equals(expected.index)
    np.testing.assert_allclose(joined["estimate"], expected["estimate"], rtol=1e-9, atol=EXACT)
    np.testing.assert_allclose(joined["ci_lower"], expected["ci_lower"], rtol=1e-9, atol=1e-9)


def test_standardised_effects_do_not_depend_on_units_of_measurement(frame, data):
    table = grid(parts=1, draws=100)
    own = grid_rows(table, {"main": data}, 1, KEY)
    scaled = frame.assign(x=frame["x"] * 10, y=frame["y"] * 3)
    other = grid_rows(table, {"main": SampleData(scaled, data.weights)}, 1, KEY)
    for quantity, term in (("indirect", "x"), ("mediated_direct", "all")):
        where = {"quantity": quantity, "term": term, "vcov": "serial"}
        plain = "outcome" if term == "x" else "system"
        first, second = (pick(r, equation="standardised", **where) for r in (own, other))
        assert first["estimate"] == pytest.approx(second["estimate"], rel=1e-6)
        raw = pick(own, equation=plain, **where)
        ratio = calc_within_ratio(frame["x"], frame["y"])
        assert first["ci_upper"] == pytest.approx(raw["ci_upper"] * ratio, rel=EXACT)
        assert pick(other, equation=plain, **where)["estimate"] == pytest.approx(
            raw["estimate"] * 0.3, rel=1e-6
        )


def test_within_ratio_is_of_two_way_deviations(frame):
    def spread(values: pd.Series) -> float:
        unit = values.groupby(level="unit").transform("mean")
        year = values.groupby(level="year").transform("mean")
        return float((values - unit - year + values.mean()).std(ddof=0))

    shifted = frame["x"] + 100 * frame.index.get_level_values("year").to_numpy()
    assert calc_within_ratio(shifted, frame["y"]) == pytest.approx(
        spread(frame["x"]) / spread(frame["y"]), rel=1e-9
    )


def test_a_specification_that_is_refused_is_a_row_that_says_so(frame, data):
    broken = frame.assign(z=frame["x"] * 2)
    table = grid(axes={"controls": ["no"]}, parts=1)
    rows = grid_rows(table, {"main": SampleData(broken, data.weights)}, 1, KEY)
    own = rows[rows["model"] == "baseline"]
    marks = own[own["term"].str.startswith(NOT_ESTIMATED)]
    assert set(marks["equation"]) == {"outcome", "system"}
    assert marks["term"].str.contains("Collinear").all()
    assert not (own["quantity"] == "direct").any()
    assert (rows[rows["model"] == "controls=no"]["quantity"] == "direct").any()


def test_a_lag_too_long_is_a_row_that_says_so(data):
    rows = grid_rows(grid(axes={"lag": [T - 1]}, parts=1), {"main": data}, 1, KEY)
    own = rows[rows["model"] == f"lag={T - 1}"]
    assert own["term"].str.startswith(NOT_ESTIMATED).sum() == 1
    assert own["term"].str.contains("leaves 1 of the 7 years").any()


def test_a_model_at_the_edge_is_a_row_that_says_so(frame, data):
    # all of y moves with the mean of the neighbours: rho climbs to one
    smooth = frame.copy()
    rng = np.random.default_rng(8)
    common = rng.standard_normal((T, 1)) * np.cos(np.arange(N) * 2 * np.pi / N)
    smooth["y"] = (common + 1e-7 * rng.standard_normal((T, N))).T.ravel()
    table = grid(parts=1, baseline={"outcome": "y", "treatment": "x", "weights": "near",
                                    "model": "sar", "mediators": "no"})  # fmt: skip
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        rows = grid_rows(table, {"main": SampleData(smooth, data.weights)}, 1, KEY)
    assert (rows["term"] == AT_BOUNDARY).sum() == 1
    assert not (rows["quantity"] == "direct").any()


def test_units_without_links_are_counted(frame):
    kept = ring(UNITS[:-2])
    rows = grid_rows(grid(parts=1), {"main": SampleData(frame, {"near": kept})}, 1, KEY)
    assert pick(rows, term=ISLANDS)["estimate"] == 2
    assert pick(rows, term=COMPONENTS)["estimate"] == 1
    assert set(rows["n_units"]) == {N - 2}


def test_lagged_regressors_are_those_of_the_year_before(frame):
    mixed = frame.sample(frac=1.0, random_state=1)
    lagged = lag_regressors(mixed, ["x", "m"], 2)
    unit, year = UNITS[3], 2006
    assert lagged.at[(unit, year), "x"] == frame.at[(unit, year - 2), "x"]
    assert lagged.at[(unit, year), "y"] == frame.at[(unit, year), "y"]
    assert lagged.index.get_level_values("year").min() == 2005
    assert not lagged.isna().any(axis=None)
    assert lag_regressors(frame, ["x"], 0) is frame
    with pytest.raises(DataError, match="leaves 0 of the 7 years"):
        lag_regressors(frame, ["x"], 7)


def test_subset_weights_sum_to_one_and_drop_islands():
    # a chain 0-1-2-3-4 with 1 out: 0 has no neighbour left
    matrix = np.zeros((5, 5))
    for i in range(4):
        matrix[i, i + 1] = matrix[i + 1, i] = 1
    matrix /= matrix.sum(axis=1, keepdims=True)
    chain = LinkedUnits(pd.Index(list("abcde"), name="unit"), csr_array(matrix))
    weights, islands = subset_links(chain, list("acde"))
    assert islands == ("a",)
    assert list(weights.unique_ids) == list("cde")
    np.testing.assert_allclose(weights.sparse.toarray(),
                               [[0, 1, 0], [0.5, 0, 0.5], [0, 1, 0]], atol=EXACT)  # fmt: skip
    assert count_components(chain) == 1
    parts, _ = subset_links(chain, list("abde"))
    assert count_components(parts) == 2
    with pytest.raises(DataError, match="none of the 2 units"):
        subset_links(chain, ["a", "c"])


def test_an_island_that_others_point_at_takes_their_links_with_it():
    # a to b only, b to c only, c has none: all of them leave one after the other
    matrix = np.zeros((5, 5))
    matrix[0, 1] = matrix[1, 2] = matrix[3, 4] = matrix[4, 3] = 1
    directed = LinkedUnits(pd.Index(list("abcde"), name="unit"), csr_array(matrix))
    weights, islands = subset_links(directed, list("abcde"))
    assert islands == ("a", "b", "c")
    assert list(weights.unique_ids) == ["d", "e"]


def test_groups_left_out_give_the_models_without_them(frame, data):
    groups = {unit: "east" if i < 6 else "west" if i < 12 else "rest" for i, unit in
              enumerate(UNITS)}  # fmt: skip
    rows = leave_out_rows(case(frame, data.weights["near"]), groups, ("oim", "serial"), 200, 1, KEY)
    assert set(rows["model"]) == {WHOLE, "without_east", "without_west", "without_rest"}
    kept = [unit for unit in UNITS if groups[unit] != "west"]
    matrix = data.weights["near"].sparse.toarray()[np.ix_(*[[UNITS.index(u) for u in kept]] * 2)]
    matrix /= matrix.sum(axis=1, keepdims=True)
    own = frame[frame.index.get_level_values("unit").isin(kept)]
    fit = SpatialPanel(own["y"], own[["x", "z"]], (kept, matrix), model="sdm").fit()
    row = pick(rows, model="without_west", quantity="indirect", term="x", vcov="oim",
               equation="outcome")  # fmt: skip
    assert row["estimate"] == pytest.approx(fit.effects().params.at["x", "indirect"], abs=EXACT)
    assert pick(rows, model="without_west", term=COMPONENTS)["estimate"] == 1
    assert pick(rows, model="without_west", term=ISLANDS)["estimate"] == 0
    with pytest.raises(DataError, match="belong to no group"):
        leave_out_rows(case(frame, data.weights["near"]), {UNITS[0]: "a"}, ("oim",), 200, 1, KEY)


def test_permuted_data_are_permuted_weights(frame, data):
    """Moving outcome and regressors to other places equals W with its labels permuted."""
    weights = data.weights["near"]
    fit = SpatialPanel(frame["y"], frame[["x", "z"]], weights, model="sdm").fit()
    order = np.random.default_rng(2).permutation(N)
    arrays = permute_units(fit.arrays, order, None)
    moved = SpatialPanel.from_arrays(arrays, model="sdm", entity_effects=True, time_effects=True)
    labels = [UNITS[i] for i in order]
    renamed = SpatialPanel(frame["y"], frame[["x", "z"]], (labels, weights.sparse), model="sdm")
    expected = renamed.fit()
    assert moved.fit().loglik == pytest.approx(expected.loglik, abs=1e-8)
    np.testing.assert_allclose(moved.fit().effects().params, expected.effects().params, atol=1e-8)


def test_permuted_treatment_moves_the_treatment_alone(frame, data):
    weights = data.weights["near"]
    fit = SpatialPanel(frame["y"], frame[["x", "z"]], weights, model="sdm").fit()
    order = np.random.default_rng(2).permutation(N)
    arrays = permute_units(fit.arrays, order, [fit.arrays.variables.index("x")])
    wide = frame["x"].unstack("unit")[UNITS]
    dealt = pd.DataFrame(wide.to_numpy()[:, order], wide.index, wide.columns)
    other = frame.assign(x=dealt.unstack().reindex(frame.index))
    expected = SpatialPanel(other["y"], other[["x", "z"]], weights, model="sdm")
    np.testing.assert_allclose(arrays.z, expected.arrays.z, atol=1e-14)
    np.testing.assert_array_equal(arrays.y, fit.arrays.y)


def test_placebo_of_a_strong_effect_is_rare_and_of_none_common(frame, data):
    draws = 99
    wide = frame["x"].unstack("unit")[UNITS]
    lagged = pd.DataFrame(wide @ data.weights["near"].sparse.toarray().T).set_axis(UNITS, axis=1)
    frame = frame.assign(y=frame["y"] + 1.5 * lagged.unstack().to_numpy())
    rows = placebo_rows(case(frame, data.weights["near"]), draws, 4, KEY)
    for quantity in ("direct", "total"):
        assert np.isnan(pick(rows, model=PERMUTED_WEIGHTS, quantity=quantity, term="x")["p_value"])
    for kind in (PERMUTED_TREATMENT, PERMUTED_WEIGHTS):
        assert pick(rows, model=kind, quantity="indirect", term="x")["p_value"] <= 0.05
    strong = pick(rows, model=PERMUTED_TREATMENT, quantity="direct", term="x")
    assert strong["p_value"] == pytest.approx(1 / (1 + draws))
    again = placebo_rows(
        case(frame.sample(frac=1.0, random_state=1), data.weights["near"]), draws, 4, KEY
    )
    np.testing.assert_allclose(rows["estimate"], again["estimate"], atol=1e-9)
    noise = frame.assign(x=np.random.default_rng(6).standard_normal(len(frame)))
    none = placebo_rows(case(noise, data.weights["near"]), draws, 4, KEY)
    assert pick(none, model=PERMUTED_TREATMENT, quantity="direct", term="x")["p_value"] > 0.05


def test_share_more_extreme_by_hand():
    effects = np.array([[0.5, -2.0, 1.0], [-1.0, 0.1, 1.0], [np.nan] * 3, [0.2, 3.0, 1.0]])
    rows = list(placebo_summary(np.array([0.6, -2.0, 0.0]), effects, "x"))
    shares = {row["quantity"]: row["p_value"] for row in rows if "p_value" in row}
    assert shares == {"direct": 0.5, "indirect": 0.75, "total": 1.0}
    assert rows[0]["estimate"] == 1.0
    mean = next(row for row in rows if row["term"] == "indirect:x" and row["quantity"] == "mean")
    assert mean["estimate"] == pytest.approx(1.1 / 3)


@pytest.mark.parametrize("usable", [0, 1])
def test_draws_without_a_distribution_are_only_counted(usable):
    effects = np.full((3, 3), np.nan)
    effects[:usable] = 0.5
    (row,) = placebo_summary(np.array([0.6, -2.0, 0.0]), effects, "x")
    assert (row["quantity"], row["term"], row["estimate"]) == ("value", LOST_DRAWS, 3.0 - usable)


def test_case_of_a_column_takes_what_the_column_says(data):
    models = ModelsTable.model_validate(
        {
            "kind": "models", "title": LABEL, "outcome": "y", "regressors": ["x", "z"],
            "mediators": ["m"], "weights": "near",
            "columns": [
                {"id": "sdm"},
                {"id": "other", "model": "sar", "outcome": "y2", "weights": "far",
                 "effects": "unit", "add": ["m"]},
            ],
        }
    )  # fmt: skip

    def made(column: str) -> Case:
        table = PlaceboTable.model_validate(
            {"kind": "placebo", "title": LABEL, "of": "T4", "column": column, "treatment": "x"}
        )
        return case_of_column(table, models, data, KEY)

    first, second = made("sdm"), made("other")
    assert (first.outcome, first.controls, first.mediators) == ("y", ("z",), ("m",))
    assert (second.outcome, second.controls, second.mediators) == ("y2", ("z", "m"), ())
    assert (second.weights_name, second.model) == ("far", "sar")
    assert (second.entity_effects, second.time_effects) == (True, False)
