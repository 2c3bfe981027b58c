"""What runs again: nothing after a touch, the rules behind a module after an edit of it."""

from __future__ import annotations

import ast
import os
import re
import time
from pathlib import Path

import grimp
import pytest
from checkout import REPOSITORY, Checkout, add_statement, downstream

pytestmark = pytest.mark.slow

SCRIPTS = REPOSITORY / "src/yrb_carbon/workflow/scripts"
RULE_OF_SCRIPT = {
    "assemble_panel": "panel",
    "build_weights": "weights",
    "collect_estimates": "estimates",
    "choose_model": "choose_model",
    "collinearity": "collinearity",
    "describe": "descriptives",
    "differences": "differences",
    "draw_effects": "effect_figures",
    "draw_accounts": "account_figures",
    "draw_maps": "figures",
    "effects": "effects",
    "embodied": "embodied",
    "footprint": "footprint",
    "endogeneity": "endogeneity",
    "fit_table": "fit_table",
    "fix_sample": "sample",
    "heterogeneity": "heterogeneity",
    "judge_claims": "claims",
    "mediation": "mediation",
    "leave_out": "leave_out",
    "mediation_companions": "mediation_companions",
    "moran": "moran",
    "peers": "peers",
    "placebo": "placebo",
    "read_boundaries": "boundaries",
    "read_provinces": "province_outlines",
    "specifications": "specifications",
    "trends": "trends",
    "write_demo_inputs": "demo_inputs",
    "write_manifest": "manifest",
    "write_replication": "replication",
    "write_site": "site",
    "write_tables": "tables",
    "regional": "regional",
}
AT_THE_END = {"manifest", "replication", "site"}
"""Rules that come after every other."""

BEHIND_ESTIMATES = {
    "estimates", "tables", "claims", "effect_figures", "account_figures", *AT_THE_END,
}  # fmt: skip
EFFECTS = "effects:\n  inference: [delta, simulation]\n  draws: 400\n"


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph("yrb_carbon", cache_dir=None)


def modules_of_script(script: Path, imports: grimp.ImportGraph) -> set[str]:
    """Modules that a script imports, directly or not, by another program than our digest."""
    direct = {
        node.module
        for node in ast.walk(ast.parse(script.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom) and node.module in imports.modules
    }
    return direct.union(*(imports.find_upstream_modules(module) for module in direct))


def rules_that_import(module: str, imports: grimp.ImportGraph) -> set[str]:
    return {
        RULE_OF_SCRIPT[script.stem]
        for script in SCRIPTS.glob("*.py")
        if module in modules_of_script(script, imports)
    }


def without_all(rules: set[str]) -> set[str]:
    return rules - {"all"}


def planned_after(finished: Checkout, direct: set[str]) -> None:
    """The plan holds the rules that changed and all that lies behind them, nothing else."""
    planned = set(finished.planned())
    expected = downstream(finished.rule_graph(), direct)
    assert without_all(planned) == without_all(expected)


def test_second_run_does_nothing(finished: Checkout, record_property):
    start = time.monotonic()
    text = finished.snakemake("--cores", "2").stdout
    record_property("seconds", round(time.monotonic() - start, 2))
    assert "Nothing to be done" in text


def test_touching_and_commenting_change_nothing(finished: Checkout):
    effects = finished.package("analysis/effects.py")
    os.utime(effects)
    text = effects.read_text(encoding="utf-8")
    effects.write_text(f"# a remark\n\n{text}", encoding="utf-8")
    os.utime(finished.package("sources/fdi.py"))
    assert finished.planned() == {}


def test_editing_effects_runs_effects_again(finished: Checkout, imports):
    direct = rules_that_import("yrb_carbon.analysis.effects", imports)
    assert "effects" in direct
    add_statement(finished.package("analysis/effects.py"), "effects_rows")
    planned_after(finished, direct)
    plan = finished.planned()
    assert without_all(set(plan)) == {"effects", *BEHIND_ESTIMATES}
    assert plan["effects"] == 1


def test_editing_the_layout_runs_the_tables_again(finished: Checkout, imports):
    direct = rules_that_import("yrb_carbon.report.layout", imports)
    assert direct == {"tables", "site"}
    add_statement(finished.package("report/layout.py"), "layout_table")
    planned_after(finished, direct)
    assert without_all(set(finished.planned())) == {"tables", *AT_THE_END}
    finished.snakemake("--cores", "2")
    assert finished.planned() == {}


@pytest.mark.parametrize("part", ["templates/index.html.j2", "assets/site.css"])
def test_editing_a_part_of_the_pages_runs_the_report_again(finished: Checkout, part: str):
    path = finished.package(f"report/site/{part}")
    path.write_text(path.read_text(encoding="utf-8") + "\n", encoding="utf-8")
    assert without_all(set(finished.planned())) == {"site"}


def test_editing_a_reader_runs_the_panel_and_what_follows(finished: Checkout, imports):
    """Readers are imported by name when they are needed: no import statement shows it."""
    assert rules_that_import("yrb_carbon.sources.fdi", imports) == set()
    add_statement(finished.package("sources/fdi.py"), "read_fdi")
    planned_after(finished, {"panel"})
    assert not {"boundaries", "demo_inputs"} & set(finished.planned())


def test_editing_the_estimator_runs_the_models_again(finished: Checkout, imports):
    direct = rules_that_import("yrb_carbon.spatialpanel.within", imports)
    assert {"fit_table", "effects", "choose_model", "peers", "collinearity"} <= direct
    assert {"specifications", "leave_out", "placebo", "endogeneity"} <= direct
    add_statement(finished.package("spatialpanel/within.py"), "spatial_lag")
    planned_after(finished, direct)


def test_changing_the_study_runs_what_reads_the_section(finished: Checkout):
    config = finished.folder / "config.yaml"
    text = config.read_text(encoding="utf-8")
    changed = re.sub(r"^effects:\n(?:  .*\n)+", EFFECTS, text, flags=re.MULTILINE)
    assert changed != text
    config.write_text(changed, encoding="utf-8")
    # maps are given the whole configuration, of which they take labels and definitions
    expected = {"effects", "figures", *BEHIND_ESTIMATES}
    assert without_all(set(finished.planned())) == expected
