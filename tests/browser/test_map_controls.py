"""Every control of the interactive map, its table, small windows, paper."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from chromium import Browser
from map_browser import CODES, FRAME, NAMES, MapPage, is_printed_as, number, wanted_colours
from map_page import MISSING, UNITS, VARIABLES, YEARS, made_boundaries, made_map, write_map_page
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from yrb_carbon.report.map_classes import cut_classes

pytestmark = [pytest.mark.browser, pytest.mark.slow]

ROUNDED = 0.02
"""A bar of some hundred pixels, and middles that are no centroids by a step of the grid."""


def test_colours_are_the_classes_of_every_year_and_variable(shown: MapPage) -> None:
    for variable, centre in (("cb", 0.0), ("lq", 1.0), ("m1", None)):
        shown.show(variable)
        classes = cut_classes(FRAME[variable].to_numpy(), "quantiles", 5, centre)
        for at, year in enumerate(YEARS):
            shown.part("year").send_keys(Keys.HOME, *[Keys.ARROW_RIGHT] * at)
            assert shown.text("shown-year") == str(year)
            assert shown.fills() == wanted_colours(classes, year, variable)


def test_a_chosen_unit_stays_when_the_pointer_leaves(shown: MapPage) -> None:
    shown.part("plot").send_keys(Keys.END)
    last = NAMES.at[CODES[-1], "name_en"]
    shown.point_at("150100")
    shown.wait_for("tip", NAMES.at["150100", "name_en"])
    ActionChains(shown.browser.driver).move_to_element(shown.part("legend")).perform()
    shown.wait_for("tip", last)


def test_every_control_is_reached_by_the_tab_key_and_has_a_name(shown: MapPage) -> None:
    seen = []
    for _ in range(14):
        ActionChains(shown.browser.driver).send_keys(Keys.TAB).perform()
        focused = shown.browser.driver.switch_to.active_element
        if focused.tag_name == "body":
            break
        seen.append(focused.get_attribute("id") or focused.tag_name)
        assert focused.accessible_name
    assert [name.removeprefix("basin-map-") for name in seen] == [
        "layer", "unit", "previous", "year", "play", "in", "out", "whole", "plot", "summary",
    ]  # fmt: skip


def test_missing_and_outside_are_told_apart(shown: MapPage) -> None:
    unit, year = MISSING
    shown.part("previous").click()
    assert shown.text("shown-year") == str(year)
    assert shown.fills()[CODES.index(unit)] is None
    shown.point_at(unit)
    shown.wait_for("tip", f"no data, {year}")
    shown.point_at(UNITS[-1])
    shown.wait_for("tip", "not in the sample")
    assert "no data (1 units)" in shown.text("legend")
    assert "not in the sample (1 units)" in shown.text("legend")


def test_legend_counts_the_units_of_each_class(shown: MapPage) -> None:
    classes = cut_classes(FRAME["cb"].to_numpy(), "quantiles", 5, 0.0)
    values = FRAME["cb"].xs(2018, level="year").to_numpy()
    counts = np.bincount(classes.index(values), minlength=len(classes.colours))
    lines = shown.lines("legend")
    for line, count in zip(lines, counts, strict=False):
        assert line.endswith(f"({count} units)")


def test_language_of_the_page_is_taken_at_the_start(browser: Browser, tmp_path: Path) -> None:
    shown = MapPage(browser, write_map_page(made_map(), tmp_path, "zh"))
    shown.open()
    assert shown.text("title") == "碳平衡, 2018"


def rows_of_table(shown: MapPage) -> list[list[str]]:
    return shown.browser.run(
        "return [...document.querySelectorAll('#basin-map-table tbody tr')]"
        ".map(row => [...row.children].map(cell => cell.innerText))"
    )


def test_table_has_every_value_and_sorts_and_finds(shown: MapPage) -> None:
    shown.part("values").find_element(By.TAG_NAME, "summary").click()
    shown.browser.wait("return document.querySelectorAll('#basin-map-table tbody tr').length")
    rows = rows_of_table(shown)
    assert sorted(row[2] for row in rows) == sorted(UNITS[:-1])
    for row in rows:
        for year, cell in zip(YEARS, row[5:], strict=True):
            if (row[2], year) == MISSING:
                assert cell == "no data"
            else:
                assert is_printed_as(FRAME.loc[(row[2], year), "cb"], cell)
    head = shown.part("table").find_elements(By.CSS_SELECTOR, "thead button")
    head[6].click()
    found = [row[6] for row in rows_of_table(shown)]
    assert found[-1] == "no data"
    assert [number(cell) for cell in found[:-1]] == sorted(number(cell) for cell in found[:-1])
    shown.part("table").find_elements(By.CSS_SELECTOR, "thead button")[6].click()
    turned = [number(row[6]) for row in rows_of_table(shown)[:-1]]
    assert turned == sorted(turned, reverse=True)
    shown.part("search").send_keys(NAMES.at["370200", "name_zh"][:2])
    assert [row[2] for row in rows_of_table(shown)] == ["370200"]
    assert shown.text("found") == "1 of 14 units shown"


def test_years_play_to_the_end_and_stop(shown: MapPage) -> None:
    assert shown.text("shown-year") == "2018"
    shown.part("play").click()
    assert shown.text("shown-year") == "2016"
    assert shown.text("play") == "Pause"
    shown.wait_for("shown-year", "2018")
    assert shown.text("play") == "Play the years"


def test_zoom_and_back(shown: MapPage) -> None:
    axis = "return document.getElementById('basin-map-plot')._fullLayout.xaxis.range"
    whole, bar = shown.browser.run(axis), shown.text("scale")
    shown.part("in").click()
    near = shown.browser.run(axis)
    assert near[1] - near[0] == pytest.approx((whole[1] - whole[0]) / 1.5)
    shown.part("in").click()
    shown.part("in").click()
    assert number(shown.text("scale").split()[0]) < number(bar.split()[0])
    shown.part("plot").send_keys("0")
    assert shown.browser.run(axis) == pytest.approx(whole)
    assert shown.text("scale") == bar


def test_scale_bar_is_as_long_as_it_says(shown: MapPage) -> None:
    pixels = shown.browser.run(
        "const { xaxis, yaxis } = document.getElementById('basin-map-plot')._fullLayout;"
        "const at = id => JSON.parse(document.getElementById('basin-map-data').textContent)"
        ".units.find(unit => unit.id === id).at;"
        "const [[a, b], [c, d]] = [at('140100'), at('150200')];"
        "return Math.hypot(xaxis.l2p(a) - xaxis.l2p(c), yaxis.l2p(b) - yaxis.l2p(d))"
    )
    plane = made_boundaries().projected()
    one, other = (plane[CODES.index(unit)].centroid for unit in ("140100", "150200"))
    km = number(shown.text("scale").split()[0])
    pixels_per_km = pixels / one.distance(other) * 1e3
    assert shown.part("scale").size["width"] / km == pytest.approx(pixels_per_km, rel=ROUNDED)


@pytest.mark.parametrize("width", [320, 360])
def test_map_fits_a_phone(browser: Browser, map_page: Path, width: int) -> None:
    shown = MapPage(browser, map_page)
    shown.open(width=width, height=740)
    assert browser.run("return document.documentElement.scrollWidth") == width
    shown.part("values").find_element(By.TAG_NAME, "summary").click()
    assert browser.run("return document.documentElement.scrollWidth") == width
    plot, year = shown.part("plot").size, shown.part("year").size
    assert plot["width"] > 0.85 * width
    assert year["width"] >= 80
    shown.part("plot").send_keys(Keys.HOME)
    tip = shown.part("tip").rect
    assert tip["x"] >= 0
    assert tip["x"] + tip["width"] <= width
    assert browser.read_problems() == []


def test_map_takes_the_width_of_a_turned_phone(shown: MapPage) -> None:
    shown.browser.resize(500, 900)
    shown.browser.wait(
        "const plot = document.getElementById('basin-map-plot');"
        "return Math.abs(plot._fullLayout.width - plot.clientWidth) <= 1"
    )
    assert shown.part("plot").size["width"] < 500


def test_paper_has_the_map_the_legend_and_the_whole_table(shown: MapPage, tmp_path: Path) -> None:
    import shutil
    import subprocess

    if shutil.which("pdftotext") is None:
        pytest.skip("pdftotext is not installed (Debian: apt-get install poppler-utils)")
    shown.browser.print_pdf(tmp_path / "map.pdf")
    printed = subprocess.run(
        ["pdftotext", "-layout", tmp_path / "map.pdf", "-"], capture_output=True, check=True
    ).stdout.decode()
    for words in ("Carbon balance, 2018", "Lower reaches", "Synthetic demonstration data"):
        assert words in printed
    assert all(unit in printed for unit in UNITS[:-1])
    assert not shown.part("values").get_attribute("open")


def test_without_scripts_a_line_says_so(browser: Browser, map_page: Path) -> None:
    browser.open(map_page, scripts=False)
    shown = browser.driver.find_element(By.ID, "basin-map").text
    assert "The map needs scripts" in shown
    assert "Synthetic demonstration data" in shown
    browser.open(map_page)


def test_every_variable_can_be_shown(shown: MapPage) -> None:
    for select in (*VARIABLES, "T7.joint.all.mediated_own"):
        shown.show(select)
        assert shown.fills()
