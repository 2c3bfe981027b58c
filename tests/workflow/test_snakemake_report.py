"""The report of snakemake: every table and figure with caption, category and labels."""

from __future__ import annotations

import base64
import json
import re
from pathlib import Path
from typing import Any

import pytest
from checkout import REPOSITORY, Checkout

from yrb_carbon.report.replication import NUMBERS_BY
from yrb_carbon.study.figures import FiguresSection

CAPTIONS = REPOSITORY / "src/yrb_carbon/workflow/captions"
RESULTS = re.compile(r"var results = (\{.*?\});?\s*</script>", re.DOTALL)


def test_every_kind_of_table_and_figure_has_a_caption():
    groups = {
        name
        for name, field in FiguresSection.model_fields.items()
        if str(field.annotation).startswith("dict")
    }
    wanted = {f"table_{kind}" for kind in (*NUMBERS_BY, "claims")}
    wanted |= {f"figure_{group}" for group in (*groups, "units_map")}
    there = {path.stem for path in CAPTIONS.glob("*.rst")}
    assert wanted <= there
    assert all(
        'config["study"]["synthetic"]' in path.read_text() for path in CAPTIONS.glob("*.rst")
    )


@pytest.fixture(scope="module")
def shown(demo_run: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """Results of the report by path, as its page holds them."""
    page = tmp_path_factory.mktemp("snakemake") / "report.html"
    Checkout(demo_run).snakemake("--report", str(page))
    text = page.read_text(encoding="utf-8")
    outside = re.findall(r"<(?:script|link|img)[^>]*?(?:src|href)=\"(https?:[^\"]+)", text)
    assert not outside
    found = re.search(r"results/demo/tables/T5\.html", text)
    assert found is not None
    start = text.rindex("{", 0, text.index('"results/demo/'))
    return json.JSONDecoder().raw_decode(text[start:])[0]


@pytest.mark.slow
def test_t5_and_f2_are_shown_as_they_are(shown: dict[str, Any], demo_run: Path):
    table = shown["results/demo/tables/T5.html"]
    assert table["labels"] == {"name": "T5", "language": "English"}
    assert "Direct, indirect and total effects" in table["caption"]
    assert "Synthetic demonstration data" in table["caption"]
    figure = shown["results/demo/figures/F2_balance.png"]
    assert "A variable by unit" in figure["caption"]
    for path in ("tables/T5.html", "figures/F2_balance.png"):
        encoded = shown[f"results/demo/{path}"]["data_uri"].split("base64,", 1)[1]
        assert base64.b64decode(encoded) == (demo_run / "results/demo" / path).read_bytes()


@pytest.mark.slow
def test_every_table_and_figure_is_shown_once(shown: dict[str, Any], demo_run: Path):
    results = demo_run / "results/demo"
    files = [*results.glob("tables/**/*.html"), *results.glob("figures/**/*.png")]
    assert set(shown) == {str(path.relative_to(demo_run)) for path in files}
    assert len(files) > 40
