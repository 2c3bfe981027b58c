"""Accounts of the test system of pymrio, against pymrio's own `calc_all`.

The system has six regions of eight sectors, mining among them, and five stressors.
"""

from __future__ import annotations

import numpy as np
import pandas as pd
import pymrio
import pytest
from io_tables import make_table

from yrb_carbon.embodied.accounts import build_system, calc_driven_emissions, calc_responsibility
from yrb_carbon.embodied.flows import calc_flows

SAME = 1e-10  # two orders of the same sums and solves

STRESSOR = ("emission_type1", "air")
MT = 1e6  # the system reads Mt and returns t per unit of money


@pytest.fixture(scope="module")
def peer():
    return pymrio.load_test().calc_all()


@pytest.fixture(scope="module")
def system(peer):
    """The peer's table with labels in canonical order, and its first emission in t."""
    flows = peer.Z.sort_index().sort_index(axis=1)
    demand = peer.Y.loc[flows.index].T.groupby(level="region").sum().T
    regions = list(flows.index.unique("region"))
    table = make_table(
        flows,
        demand[regions],
        regions=regions,
        sectors=list(flows.index.unique("sector")),
        output=peer.x.loc[flows.index, "indout"],
    )
    emissions = peer.emissions.F.loc[STRESSOR] / MT
    emissions.index = emissions.index.set_names(["region", "sector"])
    return build_system(table, emissions)


def aligned(system, values):
    """Values of the peer in the order of the system."""
    return values.reindex(system.labels).to_numpy()


def close(found, wanted):
    right = np.asarray(wanted)
    np.testing.assert_allclose(np.asarray(found), right, rtol=SAME, atol=SAME * np.abs(right).max())


def test_coefficients_and_inverse(peer, system):
    close(system.coefficients, peer.A.loc[system.labels, list(system.labels)])
    close(system.leontief.inverse(), peer.L.loc[system.labels, list(system.labels)])


def test_direct_and_embodied_intensities(peer, system):
    close(system.intensity, aligned(system, peer.emissions.S.loc[STRESSOR]))
    close(system.embodied, aligned(system, peer.emissions.M.loc[STRESSOR]))


def test_production_and_consumption_accounts(peer, system):
    accounts = calc_responsibility(system)
    regions = list(system.regions)
    for column, name in (("production", "D_pba"), ("consumption", "D_cba")):
        values = getattr(peer.emissions, name).loc[STRESSOR].groupby(level="region").sum()
        close(accounts.loc[regions, column] * MT, values[regions])


def test_emissions_traded(peer, system):
    """Exports of pymrio are what others' final demand calls for; imports the other way."""
    driven = calc_driven_emissions(system)[list(system.regions)] * MT
    abroad = driven.where(~np.eye(len(driven), dtype=bool), 0.0)
    for name, axis in (("D_exp", 1), ("D_imp", 0)):
        values = getattr(peer.emissions, name).loc[STRESSOR].groupby(level="region").sum()
        close(abroad.sum(axis=axis), values[list(system.regions)])


def test_emissions_of_mining_for_every_region(peer, system):
    """Definition `producer` from the peer's L, S and Y."""
    needed = pd.DataFrame(
        peer.L.to_numpy() @ peer.Y.T.groupby(level="region", sort=True).sum().T.to_numpy(),
        index=peer.L.index,
        columns=sorted(peer.Y.columns.unique("region")),
    )
    mining = needed.mul(peer.emissions.S.loc[STRESSOR], axis=0).xs("mining", level="sector")
    flows = calc_flows(system, ["mining"], "producer").flows * MT
    close(flows, mining.loc[flows.index, list(flows.columns)])
