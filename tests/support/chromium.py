"""A headless Chromium without a network, for tests of the pages."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.webdriver.chrome.options import Options
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.ui import WebDriverWait

BROWSERS = ("chromium", "chromium-browser", "google-chrome", "chrome")
DRIVERS = ("chromedriver", "chromium.chromedriver")
FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-extensions",
    "--disable-sync",
    "--force-color-profile=srgb",
    "--hide-scrollbars",
    "--lang=en-US",
    # no name is ever looked up: what asks for a network fails at once, and is in the log
    "--host-resolver-rules=MAP * ~NOTFOUND",
)
LOCAL = ("file:", "data:", "blob:", "about:")
"""Schemes of addresses that need no network."""

PATIENCE_S = 10.0
"""Longest wait for a page to do what it should, seconds: ten times what the slowest takes."""


def missing_programs() -> str | None:
    """Why there can be no browser, or None where both programs are installed."""
    absent = [
        " or ".join(names) for names in (BROWSERS, DRIVERS) if not any(map(shutil.which, names))
    ]
    if not absent:
        return None
    return f"not installed: {', '.join(absent)} (Debian: apt-get install chromium chromium-driver)"


@dataclass(slots=True)
class Browser:
    """One Chromium, and what went wrong on the pages it showed.

    Attributes
    ----------
    driver : selenium driver
    problems : list of str
        Since the last `open`: errors of the console, requests that failed, requests to a network.
    """

    driver: webdriver.Chrome
    problems: list[str] = field(default_factory=list)

    def open(
        self,
        page: str | Path,
        *,
        width: int = 1280,
        height: int = 900,
        query: str = "",
        scripts: bool = True,
    ) -> None:
        """Show a page from disk in a window of a size in CSS pixels; `query` as `lang=zh`."""
        self.resize(width, height)
        self._command("Emulation.setScriptExecutionDisabled", value=not scripts)
        self.read_problems()
        self.problems.clear()
        address = Path(page).resolve().as_uri()
        self.driver.get(f"{address}?{query}" if query else address)

    def resize(self, width: int, height: int) -> None:
        """Give the page a size in CSS pixels, narrower than a window can be."""
        self._command(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip

    def read_problems(self) -> list[str]:
        """What went wrong since the page was opened."""
        for entry in self.driver.get_log("browser"):
            if entry["level"] in ("SEVERE", "ERROR"):
                self.problems.append(f"console: {entry['message']}")
        for entry in self.driver.get_log("performance"):
            message = json.loads(entry["message"])["message"]
            self.problems += _faults(message["method"], message["params"])
        return self.problems

    def run(self, script: str, *arguments: Any) -> Any:
        """Value of a script, which says `return`."""
        return self.driver.execute_script(script, *arguments)

    def wait(self, script: str, *arguments: Any) -> Any:
        """First value of a script that is true.

        Raises
        ------
        TimeoutException
            After `PATIENCE_S`; with the script.
        """
        return WebDriverWait(self.driver, PATIENCE_S, poll_frequency=0.05).until(
            lambda _: self.run(script, *arguments), f"never true: {script}"
        )

    def screenshot(self, path: str | Path) -> None:
        """Write what the window shows as PNG."""
        self.driver.save_screenshot(str(path))

    def print_pdf(self, path: str | Path) -> None:
        """Write the page as it prints."""
        import base64

        printed = self._command("Page.printToPDF", printBackground=True)
        Path(path).write_bytes(base64.b64decode(printed["data"]))

    def _command(self, name: str, /, **parameters: Any) -> Any:
        return self.driver.execute_cdp_cmd(name, parameters)


def _faults(method: str, params: dict[str, Any]) -> list[str]:
    """Faults that an event of the performance log tells of."""
    if method == "Network.requestWillBeSent":
        address = str(params["request"]["url"])
        return [] if address.startswith(LOCAL) else [f"asked for a network: {address[:200]}"]
    if method == "Network.loadingFailed" and not params.get("canceled"):
        return [f"failed request: {params.get('errorText')} ({params.get('type')})"]
    return []


@contextmanager
def started_browser(profile: Path, downloads: Path | None = None) -> Iterator[Browser]:
    """A browser with an empty profile; it ends with the block.

    Parameters
    ----------
    profile : path
        Empty folder for the profile.
    downloads : path, optional
        Folder for what is downloaded.
    """
    options = Options()
    options.binary_location = next(filter(None, map(shutil.which, BROWSERS)))
    for flag in (*FLAGS, f"--user-data-dir={profile}"):
        options.add_argument(flag)
    if downloads is not None:
        options.add_experimental_option(
            "prefs", {"download.default_directory": str(downloads), "download.prompt": False}
        )
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    service = Service(next(filter(None, map(shutil.which, DRIVERS))))
    driver = webdriver.Chrome(options=options, service=service)
    try:
        driver.set_page_load_timeout(PATIENCE_S)
        yield Browser(driver)
    finally:
        driver.quit()
