"""Carbon flows between regions and sectors through the products of chosen sectors."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd

from yrb_carbon.embodied.accounts import (
    EXPORTS,
    OTHER,
    TONNES_PER_MT,
    EmbodiedSystem,
    calc_driven_emissions,
)
from yrb_carbon.embodied.leontief import require_identity
from yrb_carbon.errors import DataError, listing
from yrb_carbon.indices.flow_balance import calc_flow_balance, without_own
from yrb_carbon.sources.input_output import FloatArray
from yrb_carbon.study.embodied import FLOWS, Flow


@dataclass(frozen=True, slots=True, eq=False)
class ProvinceFlows:
    """Carbon that goes from region to region by one definition, Mt CO2.

    Attributes
    ----------
    definition : {"system", "producer", "final"}
        See `calc_flows`.
    sectors : tuple of str
        The sectors m that the definition is about.
    flows : DataFrame, R x R
        F: the row sends, the column receives; the diagonal stays within the region.
    exports, other : Series, R
        What the row sends abroad, and to errors and discrepancies of the table.
    """

    definition: Flow
    sectors: tuple[str, ...]
    flows: pd.DataFrame
    exports: pd.Series
    other: pd.Series

    @property
    def between(self) -> pd.DataFrame:
        """F without what stays within a region: zero diagonal."""
        return without_own(self.flows)

    @property
    def net_transfer(self) -> pd.DataFrame:
        """NT^{rs} = F^{rs} - F^{sr}; antisymmetric."""
        return self.flows - self.flows.T

    @property
    def total(self) -> float:
        """All flows with those within regions, exports and other."""
        return float(self.flows.to_numpy().sum() + self.exports.sum() + self.other.sum())

    def balance(self) -> pd.DataFrame:
        """Flows of each region: own, out, in, net, exports, other, net_with_exports.

        out^r = sum_{s != r} F^{rs},  in^r = sum_{s != r} F^{sr},  net = out - in
        net_with_exports = net + exports

        A region with net > 0 is a net exporter; net sums to zero over the regions.
        """
        balance = calc_flow_balance(self.flows)
        return balance.assign(
            exports=self.exports,
            other=self.other,
            net_with_exports=balance["net"] + self.exports,
        )

    def largest(self, count: int = 20) -> pd.DataFrame:
        """Largest flows between two different regions.

        Parameters
        ----------
        count : int
            Number of pairs; all when there are fewer.

        Returns
        -------
        DataFrame, index rank from 1
            source, target, co2 (Mt), share (of all flows between regions); equal flows in the
            order of the codes.
        """
        regions = self.flows.index.to_numpy()
        source, target = np.nonzero(~np.eye(len(regions), dtype=bool))
        co2 = self.flows.to_numpy()[source, target]
        top = np.argsort(-co2, kind="stable")[:count]
        total = co2.sum()
        return pd.DataFrame(
            {
                "source": regions[source[top]],
                "target": regions[target[top]],
                "co2": co2[top],
                "share": co2[top] / total if total else np.zeros(len(top)),
            },
            index=pd.RangeIndex(1, len(top) + 1, name="rank"),
        )


def calc_flows(
    system: EmbodiedSystem,
    sectors: Sequence[str],
    definition: Flow = "system",
) -> ProvinceFlows:
    """Flows between regions through the sectors m, by one of three definitions.

    system    F^{rs} = sum_m eps_m^r (sum_j z_{mj}^{rs} + y_m^{rs}): carbon embodied in the
              products of m that r sells to s, to sectors and to final demand.
              Rows with exports and other sum to eps_m^r x_m^r.
    producer  F^{rs} = sum_m f_m^r sum_{q,k} L_{(r,m),(q,k)} y_{(q,k)}^s: emissions of m in r that
              the final demand of s calls for, through whatever products.
              Rows sum to the emissions of m in r.
    final     F^{rs} = sum_i f_i^r sum_q L_{(r,i),(q,m)} y_{(q,m)}^s: emissions of all sectors of r
              that the final demand of s for products of m calls for.
              The whole sums to eps_m y_m.

    `producer` and `final` are parts of all emissions. `system` counts transactions: carbon is
    counted each time that products of m are sold, also between the sectors m themselves when they
    are several.

    Parameters
    ----------
    system : EmbodiedSystem
    sectors : sequence of str
        m, as ("S2",) or the four mining sectors of a table of 42.
    definition : {"system", "producer", "final"}

    Returns
    -------
    ProvinceFlows, Mt CO2

    Raises
    ------
    DataError
        If a sector or the definition is unknown, or the flows miss their total.

    Notes
    -----
    `producer` and `final`: Peters (2008), From production-based to consumption-based national
    emission inventories, Ecological Economics 65(1):13-23. `system`: embodied intensity times
    trade, Chen and Chen (2011), Embodied carbon dioxide emission at supra-national scale, Energy
    Policy 39(5):2899-2909.
    """
    if definition == "producer":
        driven = calc_driven_emissions(system, sectors)
    elif definition == "system":
        driven = _embodied_sales(system, sectors)
    elif definition == "final":
        driven = _behind_final_products(system, sectors)
    else:
        raise DataError(f"unknown flow definition {definition!r}; allowed {listing(FLOWS)}")
    regions = list(system.regions)
    return ProvinceFlows(
        definition=definition,
        sectors=tuple(sectors),
        flows=driven[regions].rename_axis("source").rename_axis("target", axis=1),
        exports=driven[EXPORTS],
        other=driven[OTHER],
    )


def calc_sector_flows(system: EmbodiedSystem) -> pd.DataFrame:
    """Carbon embodied in the transactions between sectors, sum_{r,s} eps_i^r z_{ij}^{rs}.

    Returns
    -------
    DataFrame, S x S, Mt CO2
        The row sells, the column buys; regions are summed.
    """
    carried = system.embodied[:, None] * system.intermediate / TONNES_PER_MT
    return pd.DataFrame(
        carried.reshape(*system.shape, *system.shape).sum(axis=(0, 2)),
        index=pd.Index(system.sectors, name="sector"),
        columns=pd.Index(system.sectors, name="buyer"),
    )


def calc_upstream(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.DataFrame:
    """Carbon that the inputs of the sectors m bring, by supplying sector and buying region.

    U_i^s = sum_r sum_m eps_i^r z_{im}^{rs},   E_m^s + sum_i U_i^s = eps_m^s x_m^s

    Returns
    -------
    DataFrame, S x R, Mt CO2
        Rows supply, columns are the regions whose sectors m buy.

    Raises
    ------
    DataError
        If the balance does not hold.
    """
    upstream = _upstream(system, sectors).sum(axis=0)
    return pd.DataFrame(
        upstream,
        index=pd.Index(system.sectors, name="sector"),
        columns=pd.Index(system.regions, name="region"),
    )


def calc_downstream(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.DataFrame:
    """Carbon that products of the sectors m carry to the sectors that use them.

    D_j^s = sum_r sum_m eps_m^r z_{mj}^{rs}

    Returns
    -------
    DataFrame, S x R, Mt CO2
        Rows are the sectors that buy, columns the regions where they are.
    """
    weight = system.mask(sectors) * system.embodied / TONNES_PER_MT
    carried = (weight @ system.intermediate).reshape(system.shape)
    return pd.DataFrame(
        carried.T,
        index=pd.Index(system.sectors, name="sector"),
        columns=pd.Index(system.regions, name="region"),
    )


def calc_sector_shares(flows: pd.DataFrame, sectors: Sequence[str]) -> pd.DataFrame:
    """Shares of sectors in the upstream or downstream carbon of the sectors m, all regions.

    Parameters
    ----------
    flows : DataFrame, S x R
        Of `calc_upstream` or `calc_downstream`.
    sectors : sequence of str
        m, left out of `share_of_others` and of the ranking.

    Returns
    -------
    DataFrame, index sector, by co2 falling
        co2 (Mt), share (of all), share_of_others (of the sectors other than m; missing for m),
        rank (1 is largest; missing for m); equal sectors in the order of the codes.
    """
    co2 = flows.sum(axis=1).rename("co2").sort_values(ascending=False, kind="stable")
    others = co2[~co2.index.isin(list(sectors))]
    total, total_others = co2.sum(), others.sum()
    return pd.DataFrame(
        {
            "co2": co2,
            "share": co2 / total if total else co2 * 0.0,
            "share_of_others": (others / total_others if total_others else others * 0.0).reindex(
                co2.index
            ),
            "rank": pd.Series(range(1, len(others) + 1), index=others.index, dtype="Int64").reindex(
                co2.index
            ),
        }
    )


def calc_sector_balance(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.DataFrame:
    """Carbon in and out of the sectors m of each region, by transactions (definition `system`).

    embodied = direct + upstream_own + upstream_others = own + out + exports + other

    Parameters
    ----------
    system : EmbodiedSystem
    sectors : sequence of str
        m.

    Returns
    -------
    DataFrame, index region, Mt CO2
        direct (E_m), upstream_own and upstream_others (inputs of m from the region itself and
        from the others), embodied (eps_m x_m), own, out, exports, other (sales of m, exports where
        they are a use of their own), in (products of m bought from other regions), net (out - in),
        final (eps_m y_m, products of m in final demand anywhere, without exports and
        negative imports), abroad
        (products of m sold abroad, whatever exports count as).

    Notes
    -----
    Over all regions `out` and `in` are equal, and all that m sells less all that its inputs bring
    is E_m by the balance: that m as a whole sends out more than it takes in is no finding. Net
    exports of single regions, and `direct` against `final`, are.
    """
    mask = system.mask(sectors)
    upstream = _upstream(system, sectors).sum(axis=1)
    own_inputs = np.diagonal(upstream).copy()
    sales = calc_flows(system, sectors, "system").balance()
    weight = mask * system.embodied / TONNES_PER_MT
    columns = {
        "direct": system.by_region(mask * system.emissions),
        "upstream_own": own_inputs,
        "upstream_others": upstream.sum(axis=0) - own_inputs,
        "embodied": system.by_region(weight * system.output),
        "final": system.by_region(weight * system.at_home),
        "abroad": system.by_region(weight * system.abroad),
    }
    balance = pd.DataFrame(columns, index=sales.index).join(
        sales[["own", "out", "exports", "other", "in", "net"]]
    )
    return balance[
        ["direct", "upstream_own", "upstream_others", "embodied", "own", "out", "exports", "other",
         "in", "net", "final", "abroad"]
    ].rename_axis("region")  # fmt: skip


def calc_sector_net(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.Series:
    """Carbon that the sectors m send to other sectors and abroad less what others bring into m.

    N^r = sum_s sum_{j not m} sum_m eps_m^r z_{mj}^{rs} + X_m^r - M_m^r - sum_{i not m} U_i^r
    sum_r N^r = E_m - eps_m y_m - other

    U: `calc_upstream`, X_m: carbon embodied in the exports of m, M_m: in the imports of m where
    these are a negative final use, so that sales hold imported products too. Final demand at
    home is left out of the sales: with it the sum over the regions were E_m by the balance.
    Exports are sales abroad also where the system counts them as final demand: the treatment
    changes nothing here.

    Parameters
    ----------
    system : EmbodiedSystem
    sectors : sequence of str
        m.

    Returns
    -------
    Series, index region, Mt CO2
        Positive where m of the region is a net exporter, as a whole where the sum is.

    Raises
    ------
    DataError
        If the two sides of the sum miss each other.
    """
    mask = system.mask(sectors)
    weight = mask * system.embodied / TONNES_PER_MT
    taken = system.by_region(weight * (system.intermediate @ (1.0 - mask)))
    balance = calc_sector_balance(system, sectors)
    brought = calc_upstream(system, sectors).drop(list(sectors)).sum()
    imported = system.by_region(weight * system.imported)
    net = balance["abroad"] + taken - imported - brought
    total = balance.sum()
    require_identity(
        "net outflow of the sectors is E_m - eps_m y_m - other",
        np.array([net.sum()]),
        np.array([total["direct"] - total["final"] - total["other"]]),
        float(total["embodied"]),
    )
    return net


def _embodied_sales(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.DataFrame:
    """Carbon embodied in the products of m by seller and user."""
    weight = system.mask(sectors) * system.embodied / TONNES_PER_MT
    uses = system.uses.copy()
    uses[:, : system.shape[0]] += system.intermediate.reshape(-1, *system.shape).sum(axis=2)
    sales = _by_user(system, weight[:, None] * uses)
    embodied = system.by_region(weight * system.output)
    require_identity(
        "flows of definition system sum to eps_m x_m",
        sales.sum(axis=1).to_numpy(),
        embodied,
        float(np.abs(embodied).max(initial=0.0)),
    )
    return sales


def _behind_final_products(system: EmbodiedSystem, sectors: Sequence[str]) -> pd.DataFrame:
    """Emissions behind final products of m by emitting region and user."""
    uses = system.mask(sectors)[:, None] * system.uses
    needed = system.leontief.outputs(uses)
    driven = system.intensity[:, None] / TONNES_PER_MT * needed
    wanted = system.embodied @ uses / TONNES_PER_MT
    require_identity(
        "flows of definition final sum to eps_m y_m",
        driven.sum(axis=0),
        wanted,
        float(np.abs(wanted).max(initial=0.0)),
    )
    return _by_user(system, driven)


def _by_user(system: EmbodiedSystem, carried: FloatArray) -> pd.DataFrame:
    """Sums of accounts by region and user."""
    return pd.DataFrame(
        system.by_region(carried), index=list(system.regions), columns=list(system.users)
    )


def _upstream(system: EmbodiedSystem, sectors: Sequence[str]) -> FloatArray:
    """Carbon of the inputs of m by supplying region, supplying sector and buying region."""
    mask = system.mask(sectors)
    buying = np.flatnonzero(mask)
    shape = (*system.shape, system.shape[0], -1)
    bought = system.coefficients[:, buying] * system.output[buying]
    carried = system.embodied[:, None] * bought / TONNES_PER_MT
    upstream = np.asarray(carried.reshape(shape).sum(axis=3))
    embodied = system.by_region(mask * system.embodied * system.output / TONNES_PER_MT)
    require_identity(
        "E_m + sum U = eps_m x_m",
        system.by_region(mask * system.emissions) + upstream.sum(axis=(0, 1)),
        embodied,
        float(np.abs(embodied).max(initial=0.0)),
    )
    return upstream
