"""The rows that the analyses give: their contract, and their numbers by hand."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from yrb_carbon.analysis.collinearity import (
    collinearity_rows,
    variance_inflation,
)
from yrb_carbon.analysis.describe import calc_spread, describe_variables
from yrb_carbon.analysis.effects import effects_rows, model_seed
from yrb_carbon.analysis.models import fit_columns, model_rows, residual_ar1, restrict_to_units
from yrb_carbon.analysis.peers import peers_rows
from yrb_carbon.analysis.rows import TableKey, complete_rows, panel_counts
from yrb_carbon.analysis.tables import read_spec, read_weights
from yrb_carbon.errors import DataError
from yrb_carbon.estimates import COLUMNS
from yrb_carbon.study.config import EffectsSection
from yrb_carbon.study.tables import ModelsTable
from yrb_carbon.weights.links import LinkedUnits

EXACT = 1e-12
"""The same few operations in another order: rounding alone."""
PEERS = 1e-6
"""Independent optimisers of the same likelihood stop within this of each other."""

KEY = TableKey(study="tiny", table="T4", sample="main")
N_UNITS, N_YEARS = 12, 6
UNITS = [f"{140000 + 100 * i}" for i in range(1, N_UNITS + 1)]
INDEX = pd.MultiIndex.from_product([UNITS, range(2003, 2003 + N_YEARS)], names=["unit", "year"])
COLUMNS_OF_TABLE = [
    {"id": "ols", "model": "ols"},
    {"id": "unit", "model": "ols", "effects": "unit"},
    {"id": "sar", "model": "sar"},
    {"id": "sdm", "model": "sdm", "add": ["z"]},
]
TABLE = ModelsTable.model_validate(
    {
        "kind": "models",
        "title": {"en": "Tiny", "zh": "小"},
        "outcome": "y",
        "regressors": ["x"],
        "weights": "ring",
        "columns": COLUMNS_OF_TABLE,
    }
)


def demean(frame: pd.DataFrame) -> pd.DataFrame:
    """x_it - x_i. - x_.t + x_.. by group means, beside the arrays of the estimator."""
    unit = frame.groupby(level="unit").transform("mean")
    year = frame.groupby(level="year").transform("mean")
    return frame - unit - year + frame.mean()


def ring_lags(frame: pd.DataFrame) -> pd.DataFrame:
    """Mean of the two neighbours on the ring, year by year."""
    lagged = {}
    for name in frame.columns:
        wide = frame[name].unstack("year").loc[UNITS]
        both = (np.roll(wide, 1, axis=0) + np.roll(wide, -1, axis=0)) / 2
        lagged[f"W.{name}"] = pd.DataFrame(both, wide.index, wide.columns).stack()
    return pd.DataFrame(lagged).reindex(frame.index)


@pytest.fixture(scope="module")
def frame() -> pd.DataFrame:
    values = np.random.default_rng(11).standard_normal((len(INDEX), 3))
    return pd.DataFrame(values, index=INDEX, columns=["y", "x", "z"])


@pytest.fixture(scope="module")
def weights(tmp_path_factory) -> dict[str, LinkedUnits]:
    """A ring: every unit has the one before and the one after, each with weight one half."""
    after = [*UNITS[1:], UNITS[0]]
    links = pd.DataFrame({"focal": UNITS + after, "neighbor": after + UNITS, "weight": 0.5})
    path = tmp_path_factory.mktemp("weights") / "ring.parquet"
    links.to_parquet(path)
    return read_weights([path])


@pytest.fixture(scope="module")
def fitted(frame, weights):
    return fit_columns(TABLE, frame, weights, KEY)


def one(rows: pd.DataFrame, **where: str) -> pd.Series:
    for column, value in where.items():
        rows = rows[rows[column] == value]
    assert len(rows) == 1, rows
    return rows.iloc[0]


def test_weights_come_back_in_the_order_of_the_units(weights):
    matrix = weights["ring"].sparse.toarray()
    assert list(weights["ring"].unique_ids) == UNITS
    assert (matrix.sum(axis=1) == 1).all()
    assert matrix[0, [1, -1]].tolist() == [0.5, 0.5]


def test_all_rows_keep_the_contract(fitted, weights):
    section = EffectsSection(inference=("delta", "simulation"), draws=50)
    blocks = [
        model_rows(fitted, KEY),
        effects_rows(fitted, section, 1, KEY),
        collinearity_rows(fitted, weights, KEY),
        peers_rows(fitted, weights, KEY),
    ]
    for rows in blocks:
        assert tuple(rows.columns) == COLUMNS
        assert set(rows["study"]) == {"tiny"}
        assert (rows["n_obs"] == len(INDEX)).all()
        assert np.isfinite(rows["estimate"]).all()


def test_ols_rows_against_dummies(frame, fitted):
    """Two-way OLS with linearmodels equals least squares on dummies."""
    dummies = pd.get_dummies(frame.reset_index()[["unit", "year"]].astype(str), dtype=float)
    design = np.column_stack([frame["x"], dummies])
    beta = np.linalg.lstsq(design, frame["y"], rcond=None)[0][0]
    row = one(model_rows(fitted, KEY), model="ols", quantity="coef", term="x")
    assert row["estimate"] == pytest.approx(beta, abs=EXACT)
    assert (row["estimator"], row["vcov"], row["inference"]) == ("ols", "clustered_unit", "t")
    assert row["ci_lower"] < row["estimate"] < row["ci_upper"]
    assert row["statistic"] == pytest.approx(row["estimate"] / row["std_error"], rel=EXACT)


def test_ols_errors_are_clustered_by_unit(frame, fitted):
    """se^2 = n/(n - k) * sum_i (x_i'e_i)^2 / (x'x)^2, k the slopes and the dummies."""
    exog = demean(frame[["x"]])["x"]
    residuals = fitted[0].residuals
    scores = (exog * residuals).groupby(level="unit").sum()
    spent = 1 + N_UNITS + N_YEARS - 1
    variance = (scores**2).sum() / (exog**2).sum() ** 2 * len(frame) / (len(frame) - spent)
    row = one(model_rows(fitted, KEY), model="ols", quantity="coef", term="x")
    assert row["std_error"] == pytest.approx(variance**0.5, rel=1e-10)


def test_spatial_rows_say_which_model_they_are_of(fitted):
    rows = model_rows(fitted, KEY)
    sdm = rows[rows["model"] == "sdm"]
    assert set(sdm.loc[sdm["quantity"] == "coef", "term"]) == {"x", "z", "W.x", "W.z"}
    assert set(sdm["spec"]) == {"sdm"}
    assert set(sdm["outcome"]) == {"y"}
    assert set(sdm["weights"]) == {"ring"}
    assert list(sdm.loc[sdm["quantity"] == "rho", "vcov"]) == ["clustered", "oim", "serial"]
    assert list(sdm.loc[sdm["quantity"] == "loglik", "vcov"]) == ["oim"]
    for _, both in sdm[sdm["quantity"] == "coef"].groupby("term"):
        assert both["estimate"].nunique() == 1
        assert both["std_error"].nunique() == 3
    assert (rows["quantity"] == "residual_ar1").sum() == len(COLUMNS_OF_TABLE)
    assert not (rows.loc[rows["model"] == "ols", "quantity"] == "rho").any()


def test_residual_ar1_by_hand():
    """Two units, four years: sum e_t e_{t-1} / sum e_{t-1}^2, pooled over the units."""
    index = pd.MultiIndex.from_product([["a", "b", "c"], [1, 2, 3, 4]], names=["unit", "year"])
    residuals = pd.Series([1.0, 2, 3, 4, -1, 0, 1, 0, 2, 1, -1, 3], index=index)
    product = (2 + 6 + 12) + (0 + 0 + 0) + (2 - 1 - 3)
    square = (1 + 4 + 9) + (1 + 0 + 1) + (4 + 1 + 1)
    row = residual_ar1(residuals)
    assert row["estimate"] == pytest.approx(product / square, rel=EXACT)
    assert row["vcov"] == "clustered_unit"
    wide = residuals.unstack("year").to_numpy()
    errors = wide[:, 1:] - row["estimate"] * wide[:, :-1]
    scores = (errors * wide[:, :-1]).sum(axis=1)
    groups, n, k = 3, 9, 1
    correction = groups / (groups - 1) * (n - 1) / (n - k)
    assert row["std_error"] == pytest.approx(
        np.sqrt(correction * (scores**2).sum()) / square, rel=EXACT
    )


def test_residual_ar1_does_not_depend_on_the_order_of_rows():
    index = pd.MultiIndex.from_product([["a", "b", "c"], [1, 2, 3, 4]], names=["unit", "year"])
    residuals = pd.Series(np.random.default_rng(3).standard_normal(12), index=index)
    assert residual_ar1(residuals.sample(frac=1, random_state=1)) == residual_ar1(residuals)


def test_vif_is_one_over_one_minus_r2(frame):
    """With two regressors both have 1/(1 - r^2); three by least squares."""
    pair = demean(frame[["x", "z"]])
    r = (pair["x"] * pair["z"]).sum() / np.sqrt((pair**2).sum().prod())
    assert variance_inflation(pair).to_numpy() == pytest.approx([1 / (1 - r**2)] * 2, rel=1e-10)
    three = demean(frame)
    other = three[["x", "z"]].to_numpy()
    left = three["y"] - other @ np.linalg.lstsq(other, three["y"], rcond=None)[0]
    expected = (three["y"] ** 2).sum() / (left**2).sum()
    assert variance_inflation(three)["y"] == pytest.approx(expected, rel=1e-10)


def test_vif_of_a_durbin_model_counts_the_lags(fitted, frame, weights):
    rows = collinearity_rows(fitted, weights, KEY)
    sdm = rows[(rows["model"] == "sdm") & (rows["equation"] == "regressors_and_lags")]
    assert set(sdm["term"]) == {"vif:x", "vif:z", "vif:W.x", "vif:W.z"}
    assert not ((rows["model"] == "sar") & (rows["equation"] == "regressors_and_lags")).any()
    exog = frame[["x", "z"]]
    both = pd.concat([exog, ring_lags(exog)], axis=1)
    expected = variance_inflation(demean(both))
    for term, value in expected.items():
        assert one(sdm, term=f"vif:{term}")["estimate"] == pytest.approx(value, rel=EXACT)
    assert (rows["estimate"] >= 1).all()


@pytest.mark.parametrize(
    ("effects", "removed"), [("unit", ["unit"]), ("time", ["year"]), ("none", [])]
)
def test_vif_is_of_what_the_effects_of_the_column_leave(frame, weights, effects, removed):
    column = {"id": "own", "model": "ols", "effects": effects, "add": ["z"]}
    table = TABLE.model_validate({**TABLE.model_dump(mode="json"), "columns": [column]})
    rows = collinearity_rows(fit_columns(table, frame, weights, KEY), weights, KEY)
    pair = frame[["x", "z"]]
    for level in removed:
        pair = pair - pair.groupby(level=level).transform("mean")
    expected = variance_inflation(pair - pair.mean())
    assert set(rows["term"]) == {"vif:x", "vif:z"}
    assert one(rows, term="vif:x")["estimate"] == pytest.approx(expected["x"], rel=1e-10)


def test_vif_of_a_partial_durbin_model_counts_its_lags_alone(frame, weights):
    column = {"id": "own", "model": "sdm", "add": ["z"], "durbin": ["z"]}
    table = TABLE.model_validate({**TABLE.model_dump(mode="json"), "columns": [column]})
    rows = collinearity_rows(fit_columns(table, frame, weights, KEY), weights, KEY)
    lags = rows[rows["equation"] == "regressors_and_lags"]
    assert set(lags["term"]) == {"vif:x", "vif:z", "vif:W.z"}


def test_spread_by_hand():
    index = pd.MultiIndex.from_product([["a", "b"], [1, 2]], names=["unit", "year"])
    found = calc_spread(pd.Series([1.0, 3.0, 5.0, 11.0], index=index))
    # means 2 and 8; deviations -1, 1, -3, 3
    assert found["overall"] == pytest.approx(np.sqrt((16 + 4 + 0 + 36) / 3), rel=EXACT)
    assert found["between"] == pytest.approx(np.sqrt(18), rel=EXACT)
    assert found["within"] == pytest.approx(np.sqrt(20 / 3), rel=EXACT)


def test_descriptive_rows(frame):
    rows = describe_variables(frame, ["x", "z"], KEY)
    assert len(rows) == 2 * 6
    assert one(rows, term="x", quantity="mean")["estimate"] == frame["x"].mean()
    assert one(rows, term="z", quantity="max")["estimate"] == frame["z"].max()


def test_effects_add_up_and_leave_ols_out(fitted):
    section = EffectsSection(inference=("delta", "simulation"), draws=80)
    rows = effects_rows(fitted, section, 5, KEY)
    assert set(rows["model"]) == {"sar", "sdm"}
    for inference in ("delta", "simulation"):
        block = rows[(rows["inference"] == inference) & (rows["model"] == "sdm")]
        block = block[block["vcov"] == "oim"]
        wide = block[block["quantity"].isin(["direct", "indirect", "total"])].pivot(
            index="term", columns="quantity", values="estimate"
        )
        assert (wide["direct"] + wide["indirect"]).to_numpy() == pytest.approx(
            wide["total"].to_numpy(), rel=1e-10
        )
    serial = rows[(rows["vcov"] == "serial") & (rows["model"] == "sdm")]
    assert set(serial["inference"]) == {"delta"}
    effects = block[block["quantity"].isin(["direct", "indirect", "total"])]
    assert sorted(serial["estimate"]) == sorted(effects["estimate"])
    assert set(serial["std_error"]).isdisjoint(effects["std_error"])
    lost = rows[(rows["quantity"] == "value") & (rows["model"] == "sdm")]
    assert list(lost["term"]) == ["draws_discarded"]
    assert lost["estimate"].between(0, 80).all()
    simulated = rows[rows["inference"] == "simulation"]
    assert set(simulated["draws"]) == {80}
    assert simulated["seed"].notna().all()
    assert rows.loc[rows["inference"] == "delta", "draws"].isna().all()


def test_wild_bootstrap_stands_without_a_covariance(fitted):
    section = EffectsSection(inference=("bootstrap_wild_unit",), bootstrap=60)
    rows = effects_rows(fitted, section, 5, KEY)
    drawn = rows[rows["inference"] == "bootstrap_wild_unit"]
    assert set(drawn["model"]) == {"sar", "sdm"}
    assert set(drawn["vcov"]) == {""}
    assert set(drawn["draws"]) == {60}
    sdm = next(column for column in fitted if column.key.model == "sdm")
    seed = model_seed(5, "main", sdm)
    assert set(drawn.loc[drawn["model"] == "sdm", "seed"]) == {seed}
    expected = sdm.results.bootstrap(60, seed, "wild_unit").effects().tidy()
    found = drawn[(drawn["model"] == "sdm") & (drawn["quantity"] != "value")]
    merged = found.merge(expected, on=["quantity", "term"], suffixes=("", "_expected"))
    assert len(merged) == len(expected) == len(found)
    for column in ("estimate", "ci_lower", "ci_upper", "p_value"):
        assert merged[column].tolist() == merged[f"{column}_expected"].tolist()
    lost = drawn[drawn["quantity"] == "value"]
    assert list(lost["term"]) == ["draws_discarded"] * 2


def test_draws_depend_on_the_model_and_the_seed_alone(fitted):
    seeds = {(seed, f.key.model): model_seed(seed, "main", f) for seed in (1, 2) for f in fitted}
    assert len(set(seeds.values())) == len(seeds)
    assert model_seed(1, "main", fitted[2]) == seeds[1, "sar"]
    assert model_seed(1, "other", fitted[2]) != seeds[1, "sar"]
    section = EffectsSection(draws=40, bootstrap=40)
    reordered = effects_rows(fitted[::-1], section, 5, KEY)
    pd.testing.assert_frame_equal(reordered, effects_rows(fitted, section, 5, KEY))


def test_estimates_do_not_depend_on_the_order_of_rows(frame, weights, fitted):
    shuffled = fit_columns(TABLE, frame.sample(frac=1, random_state=4), weights, KEY)
    found, expected = model_rows(shuffled, KEY), model_rows(fitted, KEY)
    assert found["term"].tolist() == expected["term"].tolist()
    assert found["estimate"].to_numpy() == pytest.approx(
        expected["estimate"].to_numpy(), rel=1e-9, abs=EXACT
    )


def test_peers_agree_and_are_ours_minus_theirs(fitted, weights):
    rows = peers_rows(fitted, weights, KEY)
    differences = rows[rows["quantity"] == "difference"]
    assert len(differences) == (rows["equation"] == "ours").sum() > 0
    assert differences["estimate"].abs().max() < PEERS
    mine = one(rows, model="sar", equation="ours", quantity="rho")["estimate"]
    theirs = rows[(rows["model"] == "sar") & (rows["quantity"] == "rho")]
    theirs = theirs.loc[theirs["equation"] != "ours", "estimate"].iloc[0]
    row = one(differences, model="sar", term="rho:")
    assert row["estimate"] == mine - theirs


def test_units_of_the_weights_without_data_are_named(frame):
    with pytest.raises(DataError, match="weights have units without data: 999999"):
        restrict_to_units(frame, pd.Index([*UNITS, "999999"]))


def test_units_without_weights_are_left_out(frame):
    kept = restrict_to_units(frame, pd.Index(UNITS[:5]))
    assert panel_counts(kept) == {"n_units": 5, "n_periods": N_YEARS, "n_obs": 5 * N_YEARS}


def test_complete_rows_carry_the_table():
    rows = complete_rows([{"quantity": "mean", "term": "x", "estimate": 1.0}], KEY)
    assert rows.loc[0, ["study", "table", "sample"]].tolist() == ["tiny", "T4", "main"]


def test_spec_of_a_table_of_effects_has_the_models_behind_it():
    values = {
        "name": "T5",
        "study": "tiny",
        "sample": "main",
        "table": {"kind": "effects", "title": {"en": "E", "zh": "效"}, "of": "T4"},
        "models": TABLE.model_dump(mode="json"),
    }
    spec = read_spec(values)
    assert spec.models == TABLE
    assert spec.key.table == "T5"
    assert read_spec({**values, "table": values["models"], "models": None}).models == TABLE
