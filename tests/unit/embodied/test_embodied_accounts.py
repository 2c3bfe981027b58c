"""The system of a table: identities, treatments of exports and of regions without emissions."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
from io_tables import make_table, random_emissions, random_table

from yrb_carbon.embodied.accounts import (
    build_system,
    calc_driven_emissions,
    calc_responsibility,
    check_identities,
)
from yrb_carbon.errors import DataError

EXACT = 1e-10  # sums and solves of a few dozen accounts against the explicit inverse


@pytest.fixture(scope="module")
def table():
    return random_table(3, 4, seed=1, zero_accounts=1, errors=True)


@pytest.fixture(scope="module")
def system(table):
    return build_system(table, random_emissions(table, seed=2))


@pytest.fixture(scope="module")
def inverse(table):
    """L by its definition, from the table alone."""
    output = table.output.to_numpy()
    flows = table.intermediate.to_numpy()
    used = np.where(output > 0, output, 1.0)
    return np.linalg.inv(np.eye(len(output)) - flows / used)


def test_intensities_are_those_of_the_inverse(table, system, inverse):
    emissions = random_emissions(table, seed=2).reindex(table.labels).to_numpy()
    output = table.output.to_numpy()
    direct = np.array([1e6 * e / x if x else 0.0 for e, x in zip(emissions, output, strict=True)])
    np.testing.assert_allclose(system.intensity, direct, rtol=EXACT)
    np.testing.assert_allclose(system.embodied, direct @ inverse, rtol=EXACT)
    np.testing.assert_allclose(system.leontief.inverse(), inverse, rtol=EXACT, atol=EXACT)
    assert (system.final_demand < 0).any(), "negative inventories are part of the example"


def test_emissions_of_final_uses_are_all_emissions(table, system):
    total = random_emissions(table, seed=2).sum()
    driven = system.embodied @ table.total_final.to_numpy() / 1e6
    assert driven == pytest.approx(total, rel=EXACT)


def test_accounts_without_output_are_named_and_carry_nothing(system):
    (idle,) = system.zero_output
    row = system.frame().loc[idle]
    assert row["intensity"] == 0
    assert row["output"] == 0
    assert system.unplaced.empty


def test_emissions_without_output_are_set_apart_up_to_a_limit(table):
    emissions = random_emissions(table, seed=2)
    idle = table.output.index[table.output == 0][0]
    emissions[idle] = 0.001 * emissions.sum()
    system = build_system(table, emissions)
    assert system.unplaced.to_dict() == {idle: emissions[idle]}
    assert system.emissions.sum() + emissions[idle] == pytest.approx(emissions.sum())
    with pytest.raises(DataError, match=f"accounts without output: {' '.join(idle)} "):
        build_system(table, emissions, unplaced_limit=0.0001)


def test_driven_emissions_follow_each_final_use(table, system, inverse):
    uses = table.final_demand.T.groupby(level="region").sum().T
    weight = system.intensity / 1e6
    driven = calc_driven_emissions(system)
    for producer, user in (("p1", "p2"), ("p3", "p3"), ("p2", "p1")):
        needed = inverse @ uses[user].to_numpy()
        own = table.labels.get_level_values("region") == producer
        assert driven.loc[producer, user] == pytest.approx((weight * needed)[own].sum(), rel=EXACT)
    abroad = weight * (inverse @ table.exports.to_numpy())
    assert driven["exports"].sum() == pytest.approx(abroad.sum(), rel=EXACT)
    wrong = weight * (inverse @ table.errors.to_numpy())
    assert driven["other"].sum() == pytest.approx(wrong.sum(), rel=1e-6)


def test_responsibilities_share_one_total(system):
    shared = calc_responsibility(system, beta=0.3)
    total = system.emissions.sum()
    for column in ("production", "consumption", "shared"):
        assert shared[column].sum() == pytest.approx(total, rel=EXACT)
    assert shared["net"].sum() == pytest.approx(0.0, abs=EXACT * total)
    assert shared.loc["exports", "net"] == -shared.loc["exports", "consumption"] < 0
    np.testing.assert_allclose(
        shared["shared"], 0.3 * shared["production"] + 0.7 * shared["consumption"]
    )
    assert calc_responsibility(system, beta=1.0)["shared"].equals(shared["production"])
    assert shared.loc[["exports", "other"], "production"].eq(0).all()


def test_responsibility_of_some_sectors_counts_their_emissions_alone(system):
    mining = calc_responsibility(system, sectors=["S2"])
    own = system.frame()["emissions"].xs("S2", level="sector")
    np.testing.assert_allclose(mining["production"].iloc[:3], own, rtol=EXACT)


def test_exports_as_final_demand_belong_to_the_exporter(table):
    emissions = random_emissions(table, seed=2)
    apart = build_system(table, emissions)
    within = build_system(table, emissions, exports="final")
    assert not within.exports.any()
    np.testing.assert_allclose(within.embodied, apart.embodied, rtol=EXACT)
    np.testing.assert_allclose(within.total_final, apart.total_final, rtol=EXACT)
    own = (table.labels.get_level_values("region") == "p2") * table.exports.to_numpy()
    np.testing.assert_allclose(
        within.final_demand[:, 1], apart.final_demand[:, 1] + own, rtol=EXACT
    )
    by_exporter = apart.embodied * table.exports.to_numpy() / 1e6
    gained = calc_responsibility(within)["consumption"] - calc_responsibility(apart)["consumption"]
    np.testing.assert_allclose(
        gained.iloc[:3], pd.Series(by_exporter, table.labels).groupby(level=0).sum(), rtol=1e-8
    )


def test_a_region_without_inventory_has_no_emissions(table):
    emissions = random_emissions(table, seed=2, regions=["p1", "p3"])
    bare = build_system(table, emissions)
    assert bare.imputed == ("p2",)
    assert not bare.frame().loc["p2", "intensity"].any()
    assert bare.emissions.sum() == pytest.approx(emissions.sum())
    with pytest.raises(DataError, match=r"no province of the north-west .* stand in for p2"):
        build_system(table, emissions, missing="northwest")


def test_tibet_may_have_the_mean_intensities_of_the_north_west():
    """Weighted by output; Xinjiang alone makes S3, nobody there S4, Tibet no S5."""
    regions = ["31", "54", "61", "65"]
    output = np.array([[9.0, 9, 9, 9], [5, 2, 4, 0], [10, 0, 0, 1], [30, 6, 0, 1]])
    table = make_table(
        np.zeros((16, 16)),
        np.repeat(output.reshape(16, 1) / 4, 4, axis=1),
        regions=regions,
        sectors=["S2", "S3", "S4", "S5"],
    )
    tonnes = {"31": (9, 9, 9, 9), "61": (20, 0, 0, 1), "65": (100, 3, 0, 1)}
    emissions = pd.Series(
        {
            (region, sector): value / 1e6
            for region, own in tonnes.items()
            for sector, value in zip(table.sectors, own, strict=True)
        }
    )
    system = build_system(table, emissions, missing="northwest")
    assert system.imputed == ("54",)
    frame = system.frame()
    assert frame.loc["54", "intensity"].tolist() == pytest.approx([120 / 40, 3 / 6, 0, 0])
    assert frame.loc["54", "emissions"].tolist() == pytest.approx([15e-6, 1e-6, 0, 0])
    assert frame.loc["31", "intensity"].tolist() == pytest.approx([1.0] * 4)


def test_what_rows_lack_to_balance_is_set_apart(table):
    output = table.output * 1.01
    added = table.value_added + (output - table.output)
    loose = replace(table, output=output, value_added=added)
    system = build_system(loose, random_emissions(table, seed=2))
    np.testing.assert_allclose(
        system.discrepancy, table.output * 0.01, rtol=1e-8, atol=1e-9 * output.max()
    )
    np.testing.assert_allclose(system.other, system.errors + system.discrepancy)
    check_identities(system)


def test_inputs_of_an_account_without_output_are_part_of_the_discrepancy():
    flows = [[1.0, 2.0], [3.0, 0.0]]
    table = make_table(flows, [4.0, -3.0], regions=["p1"], sectors=["S1", "S2"], output=[7.0, 0.0])
    system = build_system(table, pd.Series([1.0, 0.0], index=table.labels))
    np.testing.assert_allclose(system.discrepancy, [2.0, 0.0], atol=1e-12)


def test_a_negative_zero_of_output_is_no_output():
    table = make_table(
        [[1.0, 0.0], [0.0, 0.0]], [4.0, 0.0], regions=["p1"], sectors=["S1", "S2"],
        output=[5.0, -0.0],
    )  # fmt: skip
    system = build_system(table, pd.Series([1.0, 0.0], index=table.labels))
    assert system.embodied.tolist() == pytest.approx([1e6 / 4, 0.0])


def test_negative_output_is_refused_by_name(table):
    output = table.output.copy()
    output[("p2", "S3")] = -1.0
    with pytest.raises(DataError, match="output must not be negative: p2 S3: -1"):
        build_system(replace(table, output=output), random_emissions(table, seed=2))


def test_emissions_must_be_those_of_the_table(table):
    emissions = random_emissions(table, seed=2)
    with pytest.raises(DataError, match="missing at p1 S1"):
        build_system(table, emissions.drop(("p1", "S1")))
    strange = pd.concat([emissions, pd.Series({("p9", "S1"): 1.0})])
    with pytest.raises(DataError, match="table lacks: p9 S1"):
        build_system(table, strange)
    with pytest.raises(DataError, match="1 rows twice"):
        build_system(table, pd.concat([emissions, emissions.iloc[:1]]))
    with pytest.raises(DataError, match="missing at"):
        build_system(table, emissions.where(emissions.index != ("p3", "S2")))


def test_a_table_that_uses_up_more_than_it_makes_is_refused():
    table = make_table(
        [[60.0, 70.0], [70.0, 60.0]], [-30.0, -30.0], regions=["p1"], sectors=["S1", "S2"]
    )
    with pytest.raises(DataError, match=r"not productive.* per unit of output 1\.3.* p1 S1"):
        build_system(table, pd.Series([1.0, 1.0], index=table.labels))


def test_a_broken_system_fails_its_identities(system):
    for name in ("intensity", "embodied", "output", "emissions", "exports"):
        broken = replace(system, **{name: getattr(system, name) * 1.0001})
        with pytest.raises(DataError, match="does not hold"):
            check_identities(broken)


def test_wrong_requests_are_refused(system):
    with pytest.raises(DataError, match="wanted 0 to 1"):
        calc_responsibility(system, beta=1.2)
    with pytest.raises(DataError, match="S7 wanted; the table has S1, S2, S3, S4"):
        calc_responsibility(system, sectors=["S7"])
    with pytest.raises(DataError, match="none wanted"):
        calc_responsibility(system, sectors=[])


def test_order_of_emissions_does_not_matter(table):
    emissions = random_emissions(table, seed=2)
    one = build_system(table, emissions)
    other = build_system(table, emissions.iloc[::-1])
    assert np.array_equal(one.embodied, other.embodied)
