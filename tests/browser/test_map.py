"""The interactive map as a reader uses it: slider, pointer, keyboard, language."""

from __future__ import annotations

import pytest
from map_browser import FRAME, NAMES, MapPage, is_printed_as
from map_page import made_by_unit
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

pytestmark = pytest.mark.browser


def test_slider_changes_colours_and_the_value_under_the_pointer(shown: MapPage) -> None:
    shown.point_at("150100")
    shown.wait_for("tip", "2018")
    before, fills = shown.text("tip"), shown.fills()
    shown.part("year").send_keys(Keys.ARROW_LEFT, Keys.ARROW_LEFT)
    shown.wait_for("tip", "2016")
    assert shown.text("tip") != before
    assert shown.fills() != fills
    for text, year in ((before, 2018), (shown.text("tip"), 2016)):
        assert is_printed_as(FRAME.loc[("150100", year), "cb"], text.splitlines()[-1].split(" ")[0])


def test_pointer_shows_both_names_place_variable_unit_and_year(shown: MapPage) -> None:
    shown.point_at("610100")
    shown.wait_for("tip", "2018")
    name, place, variable, value = shown.lines("tip")
    own = NAMES.loc["610100"]
    assert name == f"{own['name_en']} {own['name_zh']}"
    assert place == f"{own['province']} · Middle reaches"
    assert variable == "Carbon balance"
    assert value.endswith(" (dimensionless), 2018")


def test_keyboard_goes_from_unit_to_unit(shown: MapPage) -> None:
    plot = shown.part("plot")
    Select(shown.part("unit")).select_by_value("140200")
    plot.send_keys(Keys.ARROW_RIGHT)
    assert NAMES.at["150100", "name_en"] in shown.text("tip")
    plot.send_keys(Keys.ARROW_UP)
    assert NAMES.at["410200", "name_en"] in shown.text("tip")
    plot.send_keys(Keys.HOME)
    status = shown.text("status")
    assert f"{NAMES.at['140100', 'name_en']} {NAMES.at['140100', 'name_zh']}" in status
    assert Select(shown.part("unit")).first_selected_option.get_attribute("value") == "140100"
    plot.send_keys(Keys.ESCAPE)
    assert not shown.part("tip").is_displayed()
    assert shown.text("status") == "2018: 14 of 14 units have a value"


def test_effects_by_unit_belong_to_no_year(shown: MapPage) -> None:
    shown.show("T7.joint.m1.mediated_sent")
    assert not shown.part("year").is_enabled()
    Select(shown.part("unit")).select_by_value("370200")
    line = shown.lines("tip")[-1]
    rows = made_by_unit().set_index(["unit", "term", "kind"])["effect"]
    assert is_printed_as(rows["370200", "m1", "mediated_sent"], line.split(" ")[0])
    assert line.endswith("(Carbon balance per unit of Mining agglomeration), over all years")
    shown.show("lq")
    assert shown.part("year").is_enabled()


def test_all_texts_follow_the_language_of_the_page(shown: MapPage) -> None:
    Select(shown.part("unit")).select_by_value("140100")
    shown.part("values").find_element(By.TAG_NAME, "summary").click()
    shown.speak("zh-Hans")
    own = NAMES.loc["140100"]
    assert shown.lines("tip")[:3] == [
        f"{own['name_zh']} {own['name_en']}", f"{own['province_zh']} · 中游", "碳平衡",
    ]  # fmt: skip
    assert shown.text("title") == "碳平衡, 2018"
    assert "播放" in shown.text("play")
    assert shown.part("whole").accessible_name == "显示全域"
    assert Select(shown.part("layer")).first_selected_option.text == "碳平衡"
    assert "单元" in shown.text("table")
    names = shown.browser.run(
        "return [...document.querySelectorAll('#basin-map-plot .annotation-text')]"
        ".map(node => node.textContent)"
    )
    assert set(names) == {"上游", "中游", "下游"}
    shown.speak("en")
    assert shown.text("title") == "Carbon balance, 2018"
