"""The interactive map in a browser: what a reader does, for tests."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from chromium import Browser
from map_page import UNITS, made_frame
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.support.color import Color
from selenium.webdriver.support.ui import Select

from yrb_carbon.report.map_classes import Classes
from yrb_carbon.report.map_sheet import CONTEXT_COLOUR
from yrb_carbon.study.units import load_units

LAST_PRINTED_DIGIT = 0.5000001
"""Half a digit, and what numbers in base two lack."""
CODES = sorted(UNITS)
FRAME = made_frame()
NAMES = load_units().frame


class MapPage:
    """What tests do on the page."""

    def __init__(self, browser: Browser, page: Path) -> None:
        self.browser, self.page = browser, page

    def open(self, **window: Any) -> None:
        self.browser.open(self.page, **window)
        self.browser.wait("return document.getElementById('basin-map').dataset.ready")

    def part(self, name: str) -> Any:
        return self.browser.driver.find_element(By.ID, f"basin-map-{name}")

    def text(self, name: str) -> str:
        return str(self.browser.run("return arguments[0].innerText", self.part(name)))

    def lines(self, name: str) -> list[str]:
        return [line for line in self.text(name).splitlines() if line]

    def show(self, layer: str) -> None:
        names = self.browser.run(
            "return JSON.parse(document.getElementById('basin-map-data').textContent)"
            ".layers.map(layer => layer.name)"
        )
        Select(self.part("layer")).select_by_value(str(names.index(layer)))

    def fills(self) -> list[str | None]:
        """Colours of the polygons as drawn, by code; None where a pattern is drawn."""
        drawn = self.browser.run(
            "return [...document.querySelectorAll('#basin-map-plot .scatterlayer .trace')]"
            f".slice(0, {len(CODES)}).map(trace => trace.querySelector('path.js-fill'))"
            ".map(path => getComputedStyle(path).fill)"
        )
        return [None if fill.startswith("url") else Color.from_string(fill).hex for fill in drawn]

    def point_at(self, unit: str) -> None:
        """Move the pointer to the middle of a unit."""
        x, y = self.browser.run(
            "const box = document.getElementById('basin-map-plot').getBoundingClientRect();"
            "const { xaxis, yaxis } = document.getElementById('basin-map-plot')._fullLayout;"
            "const [x, y] = JSON.parse(document.getElementById('basin-map-data').textContent)"
            ".units.find(unit => unit.id === arguments[0]).at;"
            "return [xaxis.l2p(x) - box.width / 2, yaxis.l2p(y) - box.height / 2]",
            unit,
        )
        plot = self.part("plot")
        pointer = ActionChains(self.browser.driver)
        pointer.move_to_element_with_offset(plot, int(x) + 12, int(y)).pause(0.1)
        pointer.move_to_element_with_offset(plot, int(x), int(y)).perform()

    def speak(self, language: str) -> None:
        self.browser.run(
            "document.documentElement.lang = arguments[0];"
            "document.dispatchEvent(new CustomEvent('languagechange-report'))",
            language,
        )

    def wait_for(self, name: str, wanted: str) -> None:
        self.browser.wait(
            "return arguments[0].innerText.includes(arguments[1])", self.part(name), wanted
        )


def number(text: str) -> float:
    return float(text.replace("−", "-").replace(",", ""))


def decimals(text: str) -> int:
    return len(text.partition(".")[2])


def is_printed_as(value: float, text: str) -> bool:
    return abs(number(text) - value) <= LAST_PRINTED_DIGIT * 10.0 ** -decimals(text)


def wanted_colours(classes: Classes, year: int, variable: str = "cb") -> list[str | None]:
    values = [FRAME[variable].get((unit, year), np.nan) for unit in CODES]
    colours: list[str | None] = [
        classes.colours[c] if c >= 0 else None for c in classes.index(np.array(values))
    ]
    colours[CODES.index(UNITS[-1])] = CONTEXT_COLOUR.lower()
    return colours
