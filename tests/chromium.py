"""What tests in a real browser share. `make chromium` installs it on Debian and Ubuntu.

NST_SCREENSHOTS names a folder for a picture of each page.
"""

import gzip
import os
import shutil
import socket
from pathlib import Path

import pytest

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SHOTS = os.environ.get("NST_SCREENSHOTS")
WAIT = 120_000  # milliseconds, for a busy machine
needs_chromium = pytest.mark.skipif(
    not CHROMIUM, reason="no Chromium found, so nothing is tried in a browser: make chromium"
)


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser):
    """A page whose errors, and whose requests, are noted; a visitor of its own."""
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT)
    page.crashes, page.asked = [], []
    page.on("pageerror", lambda error: page.crashes.append(str(error)))
    page.on("request", lambda request: page.asked.append(request.url))
    yield page
    page.close()


def screenshot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS, name))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def violations(page):
    """What axe-core finds on the page as it is, against WCAG 2.2 AA: [(rule, element), ...]."""
    page.evaluate(gzip.decompress(Path(__file__).with_name("vendor").joinpath("axe.min.js.gz").read_bytes()).decode())
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
    found = page.evaluate("rules => axe.run({ runOnly: rules })", rules)["violations"]
    return [(each["id"], node["html"][:200]) for each in found for node in each["nodes"]]
