"""The report of the demonstration, opened from disk in a browser without a network."""

from __future__ import annotations

from pathlib import Path

import pytest
from checkout import finished_demo
from chromium import Browser

from yrb_carbon.estimates import read_estimates
from yrb_carbon.report.cells import format_estimate

pytestmark = [pytest.mark.slow, pytest.mark.browser]

PHONE = {"width": 320, "height": 640}
"""The narrowest page that must not scroll sideways: WCAG 2.1, 1.4.10 (reflow)."""
WIDEST_HEADING = 320
"""CSS pixels of a column of numbers: longer headings break. Intervals take about 150."""
VISIBLE = """
return [...document.querySelectorAll('main .t-en, main .t-zh')]
  .filter(one => one.getClientRects().length).map(one => one.className.slice(2));
"""
CONTRAST = """
const channel = v => (v /= 255) <= .03928 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4;
const light = c => .2126 * channel(c[0]) + .7152 * channel(c[1]) + .0722 * channel(c[2]);
const numbers = text => text.match(/[\\d.]+/g).map(Number);
const ground = element => {
  for (let one = element; one; one = one.parentElement) {
    const c = numbers(getComputedStyle(one).backgroundColor);
    if (c.length < 4 || c[3] > 0) { return c; }
  }
  return [255, 255, 255];
};
let lowest = 21;
for (const one of document.querySelectorAll('body *')) {
  const own = [...one.childNodes].some(node => node.nodeType === 3 && node.data.trim());
  if (!own || !one.getClientRects().length || one.closest('svg')) { continue; }
  const [a, b] = [light(numbers(getComputedStyle(one).color)), light(ground(one))];
  lowest = Math.min(lowest, (Math.max(a, b) + .05) / (Math.min(a, b) + .05));
}
return lowest;
"""
LEAST_CONTRAST = 4.5
"""WCAG 2, level AA, text of normal size."""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return finished_demo(tmp_path_factory) / "results" / "demo"


@pytest.fixture
def report(results: Path, browser: Browser) -> Path:
    """The report; no language is remembered from another test."""
    browser.open(results / "report" / "index.html")
    browser.run("localStorage.clear()")
    return results / "report"


def pages_of(report: Path) -> list[Path]:
    return sorted(report.rglob("*.html"))


def test_no_page_asks_for_a_network_or_has_an_error(browser: Browser, report: Path):
    pages = pages_of(report)
    assert len(pages) > 25
    for page in pages:
        browser.open(page)
        # pictures further down are loaded when they come near
        browser.run("document.querySelectorAll('img').forEach(one => { one.loading = 'eager'; })")
        browser.wait("return [...document.images].every(one => one.complete)")
        broken = "return [...document.images].filter(one => !one.naturalWidth).map(one => one.src)"
        assert browser.run(broken) == [], page
        assert browser.read_problems() == [], page


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_page_is_wider_than_a_phone(browser: Browser, report: Path, language: str):
    wide = []
    for page in pages_of(report):
        browser.open(page, **PHONE, query=f"lang={language}")
        if browser.run("return document.documentElement.scrollWidth") > PHONE["width"]:
            wide.append(page.name)
    assert wide == []


def test_no_table_by_itself_is_wider_than_a_phone(browser: Browser, results: Path):
    pages = pages_of(results / "tables")
    assert len(pages) > 40
    for page in pages:
        browser.open(page, **PHONE)
        assert browser.run("return document.documentElement.scrollWidth") <= PHONE["width"], page


def test_headings_of_columns_are_no_wider_than_a_line_of_words(browser: Browser, report: Path):
    for page in pages_of(report / "tables"):
        browser.open(page)
        widths = browser.run(
            "return [...document.querySelectorAll('.printed-table thead tr:last-child th.number')]"
            ".filter(one => one.getClientRects().length).map(one => one.clientWidth)"
        )
        assert all(width <= WIDEST_HEADING for width in widths), page


@pytest.mark.parametrize("page", ["index.html", "data.html", "methods.html", "tables/T5.html"])
def test_texts_stand_out_from_what_is_behind_them(browser: Browser, report: Path, page: str):
    browser.open(report / page)
    assert browser.run(CONTRAST) >= LEAST_CONTRAST


def test_switch_shows_the_other_language_and_links_keep_it(browser: Browser, report: Path):
    browser.open(report / "index.html")
    assert set(browser.run(VISIBLE)) == {"en"}
    browser.run(
        "window.heard = [];"
        "document.addEventListener('languagechange-report', e => heard.push(e.detail.language));"
        "document.querySelector('[data-language=zh]').click();"
    )
    assert browser.run("return heard") == ["zh"]
    assert browser.run("return document.documentElement.lang") == "zh"
    assert set(browser.run(VISIBLE)) == {"zh"}
    assert "矿业集聚" in browser.run("return document.title")
    browser.run(
        "localStorage.clear(); document.querySelector('.pages a[href^=\"tables\"]').click()"
    )
    browser.wait("return document.title.includes('表') && document.readyState === 'complete'")
    assert set(browser.run(VISIBLE)) == {"zh"}
    browser.run("document.querySelector('[data-language=en]').click()")
    assert set(browser.run(VISIBLE)) == {"en"}
    assert browser.read_problems() == []


def test_language_is_remembered_or_asked_for_in_the_address(browser: Browser, report: Path):
    browser.open(report / "index.html", query="lang=zh")
    assert set(browser.run(VISIBLE)) == {"zh"}
    browser.run("document.querySelector('[data-language=zh]').click()")
    browser.open(report / "data.html")
    assert browser.run("return document.documentElement.lang") == "zh"
    browser.open(report / "data.html", query="lang=xx")
    assert browser.run("return document.documentElement.lang") == "zh"
    browser.run("localStorage.clear()")


def test_without_scripts_english_is_shown_and_chinese_reached_by_a_link(
    browser: Browser, report: Path
):
    browser.open(report / "index.html", scripts=False)
    browser.run("document.documentElement.classList.remove('js')")
    assert set(browser.run(VISIBLE)) == {"en"}
    browser.run("location.hash = 'zh'")
    browser.wait("return document.querySelector('#zh:target') !== null")
    assert set(browser.run(VISIBLE)) == {"zh"}
    browser.open(report / "index.html")


def test_map_of_the_report_follows_slider_and_language(browser: Browser, report: Path):
    browser.open(report / "area.html")
    browser.wait("return document.querySelector('#basin-map-shown-year').textContent === '2018'")
    title = "return document.querySelector('#basin-map-title').textContent"
    assert browser.run(title) == "Carbon balance, 2018"
    browser.run(
        "const year = document.querySelector('#basin-map-year');"
        "year.value = '0'; year.dispatchEvent(new Event('input', {bubbles: true}));"
    )
    browser.wait(f"{title} === 'Carbon balance, 2003'")
    browser.run("document.querySelector('[data-language=zh]').click()")
    browser.wait(f"{title}.includes('碳平衡')")
    assert browser.read_problems() == []


def test_keyboard_reaches_the_content_first(browser: Browser, report: Path):
    from selenium.webdriver.common.keys import Keys

    browser.open(report / "index.html")
    browser.driver.switch_to.active_element.send_keys(Keys.TAB)
    focused = "return document.activeElement.getAttribute('href')"
    assert browser.run(focused) == "#content"
    assert browser.run("return document.activeElement.getBoundingClientRect().left") >= 0
    browser.driver.switch_to.active_element.send_keys(Keys.ENTER)
    assert browser.run("return document.activeElement.id") == "content"


def test_downloads_of_a_table_are_on_disk_and_its_numbers_in_estimates(
    browser: Browser, report: Path, results: Path
):
    page = report / "tables" / "T5.html"
    browser.open(page)
    links = browser.run(
        "return [...document.querySelectorAll('a[download]')].map(one => one.getAttribute('href'))"
    )
    kinds = {Path(link).suffix for link in links}
    assert kinds == {".csv", ".tex", ".docx", ".xlsx"}
    for link in links:
        assert (page.parent / link).stat().st_size > 0
    rows = read_estimates(results / "estimates.csv")
    rows = rows[(rows["table"] == "T5") & (rows["quantity"] == "indirect")]
    row = rows[(rows["model"] == "sdm") & (rows["term"] == "lq") & (rows["vcov"] == "serial")]
    shown = browser.run(
        "return document.querySelector('.printed-table.t-en, .t-en table').innerText"
    )
    assert format_estimate(row["estimate"].iloc[0]) in shown
    assert f"({format_estimate(row['std_error'].iloc[0])})" in shown


def test_cautions_are_printed_below_every_sheet(browser: Browser, report: Path):
    browser.open(report / "index.html")
    styles = (report / "assets" / "site.css").read_text(encoding="utf-8")
    (rule,) = [line for line in styles.splitlines() if "@bottom-center" in line]
    assert "Synthetic demonstration data" in rule
    assert "合成演示数据" in rule
    browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
    try:
        for hidden in (".pages", ".languages"):
            shown = f"return getComputedStyle(document.querySelector('{hidden}')).display"
            assert browser.run(shown) == "none"
    finally:
        browser.driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": ""})
