"""Moments of the real panel that the demonstration data imitate: aggregates only, no unit's values.

Run: python benchmarks/demo_moments.py [DATA_ROOT]; writes data/demo/moments.json.

Each variable is taken on the units of set A that have all its 16 years. "within" means after the
unit's mean and the year's mean are taken away. Mining employment by city and patents by city are
in no real file at hand: the location quotient of coal capacity and the green patents of the
province stand in for them, and the generator says what it makes of them.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pandas as pd

from yrb_carbon.provenance import data_root

REPOSITORY = Path(__file__).resolve().parent.parent
DIGITS = 4
PANEL = "yrb_city_panel_real_2003_2018.csv"
PROVINCES = "province_panels/final_data.1.3.4_did-Desktop.csv"
DRY_MATTER = 1.62 / 0.45
VARIABLES = ("ln_pgdp", "ln_density", "m1", "m2", "m3", "cb", "ln_co2")


def read_panel(root: Path) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Variables by unit-year, and reach and resource class by unit, for set A."""
    units = pd.read_csv(REPOSITORY / "data" / "units.csv", dtype={"unit": str})
    units = units[units["in_A"] == 1].set_index("unit")
    raw = pd.read_csv(root / PANEL, dtype={"adcode": str}).rename(columns={"adcode": "unit"})
    raw = raw[raw["unit"].isin(units.index)]
    raw = raw.assign(province_label=raw["unit"].map(units["province"]))

    green = pd.read_csv(root / PROVINCES, encoding="utf-8-sig")
    green["province_label"] = green["province"].replace({"Neimenggu": "InnerMongolia"})
    green["m2"] = np.log1p(
        (green["green_invention_patents"] + green["green_utility_patents"]) / green["population"]
    )
    raw = raw.merge(
        green[["province_label", "year", "m2"]], on=["province_label", "year"], how="left"
    )

    people = raw["resident_pop_10k_interp"]
    raw["m1"] = raw["va3_100m"] / raw["va2_100m"]
    raw["m3"] = np.log(raw["overall_anpp"] * DRY_MATTER)
    raw["ln_pgdp"] = np.log(raw["real_gdp2000_100m"] * 1e4 / people)
    raw["ln_density"] = np.log(people * 1e4 / raw["area_km2"])
    raw["ln_co2"] = np.log(raw["edgar_co2_t"] / 1e6)
    raw["cb"] = np.log(raw["overall_anpp"] * raw["area_km2"] * DRY_MATTER * 1e-6) - raw["ln_co2"]
    raw["ln_gdp"] = np.log(raw["real_gdp2000_100m"])
    raw["ln_area"] = np.log(raw["area_km2"])
    capacity = raw["gem_coal_capacity_mtpa"].fillna(0.0).where(people.notna())
    by_year = [capacity, people]
    sums = [series.groupby(raw["year"]).transform("sum") for series in by_year]
    raw["lq"] = (capacity / people) / (sums[0] / sums[1])
    return raw, units


def wide(raw: pd.DataFrame, name: str) -> pd.DataFrame:
    """Unit x year table of one variable, complete units only."""
    return raw.pivot(index="unit", columns="year", values=name).dropna()


def rounded(value: float) -> float:
    return round(float(value), DIGITS)


def within(table: pd.DataFrame) -> pd.DataFrame:
    one_way = table.sub(table.mean(axis=1), axis=0)
    return one_way - one_way.mean()


def ar1(deviations: pd.DataFrame) -> float:
    v = deviations.to_numpy()
    return float((v[:, 1:] * v[:, :-1]).sum() / (v[:, :-1] ** 2).sum())


def describe(table: pd.DataFrame, reach: pd.Series) -> dict[str, object]:
    means = table.mean(axis=1)
    groups = means.groupby(reach.reindex(means.index))
    deviations = within(table)
    return {
        "units": len(table),
        "reach_mean": {name: rounded(v) for name, v in groups.mean().items()},
        "sd_between_in_reach": rounded(np.sqrt(groups.var().mean())),
        "sd_within": rounded(deviations.to_numpy().std()),
        "sd_within_median_unit": rounded(deviations.std(axis=1).median()),
        "ar1_within": rounded(ar1(deviations)),
        "year": [rounded(v) for v in table.mean() - table.to_numpy().mean()],
    }


def slope(y: pd.Series, x: pd.Series, group: pd.Series) -> dict[str, float]:
    """Pooled slope inside groups, and the s.d. of what it leaves."""
    frame = pd.concat({"y": y, "x": x, "g": group}, axis=1, join="inner").dropna()
    y_in, x_in = (frame[c] - frame.groupby("g")[c].transform("mean") for c in ("y", "x"))
    b = float((x_in * y_in).sum() / (x_in**2).sum())
    return {"slope": rounded(b), "sd": rounded((y_in - b * x_in).std())}


def describe_coal(table: pd.DataFrame, resource: pd.Series, reach: pd.Series) -> dict[str, object]:
    means = table.mean(axis=1)
    is_resource = resource.reindex(means.index) != "none"
    deviations = within(table)
    groups: dict[str, object] = {}
    for name, flag in (("resource", True), ("none", False)):
        chosen = means[is_resource == flag]
        logs = np.log(chosen[chosen > 0])
        groups[name] = {
            "share_zero": rounded((chosen == 0).mean()),
            "mean_log": rounded(logs.mean()),
            "sd_log": rounded(logs.std()),
        }
    positive = means > 0
    log_sd = np.log(deviations.std(axis=1)[positive])
    curve = np.polyfit(np.log(means[positive]), log_sd, 1)
    return {
        **describe(table, reach),
        "sd_between": rounded(means.std()),
        "class": groups,
        "log_sd_within_on_log_mean": {
            "slope": rounded(curve[0]),
            "intercept": rounded(curve[1]),
        },
    }


def calc_moments(root: Path) -> dict[str, object]:
    raw, units = read_panel(root)
    reach = units["reach_V1"]
    unit_means = raw.groupby("unit")[["ln_density", "ln_area", "ln_co2", "ln_gdp"]].mean()
    everyone = pd.Series("all", index=unit_means.index)
    return {
        "what": "Moments of the real panel of set A, 2003-2018: aggregates only",
        "made_by": "benchmarks/demo_moments.py",
        "stand_ins": {
            "lq": "location quotient of coal capacity on population (basin)",
            "m2": "ln(1 + green patents of the province per 10^4 persons)",
        },
        "lq": describe_coal(wide(raw, "lq"), units["resource_class"], reach),
        **{name: describe(wide(raw, name), reach) for name in VARIABLES},
        "ln_density_on_ln_area_in_reach": slope(
            unit_means["ln_density"], unit_means["ln_area"], reach
        ),
        "ln_co2_on_ln_gdp": slope(unit_means["ln_co2"], unit_means["ln_gdp"], everyone),
        "mean_ln_area_by_reach": {
            k: rounded(v) for k, v in unit_means["ln_area"].groupby(reach).mean().items()
        },
        "mean_ln_gdp": rounded(unit_means["ln_gdp"].mean()),
        "mean_ln_co2": rounded(unit_means["ln_co2"].mean()),
    }


def main() -> None:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else REPOSITORY / data_root()
    result = calc_moments(root)
    target = REPOSITORY / "data" / "demo" / "moments.json"
    target.parent.mkdir(parents=True, exist_ok=True)
    text = json.dumps(result, indent=1, sort_keys=True, ensure_ascii=False)
    target.write_text(f"{text}\n", encoding="utf-8")
    print(text)


if __name__ == "__main__":
    main()
