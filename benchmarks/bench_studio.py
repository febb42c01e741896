"""How soon the studio answers, and what fifty paintings cost it. Writes studio.md; --film: a film of a first session.

.venv/bin/python benchmarks/bench_studio.py [--paintings 50] [--film FOLDER]

Chromium drives the page: `nst studio`, an upload, a choice, a painting, the download.
"""

import argparse
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import psutil
from machine import processor
from playwright.sync_api import sync_playwright

from nst.paths import ROOT

PHOTO = ROOT / "benchmarks" / "astronaut.jpg"  # one that no visitor of the studio finds there
ARTWORKS = ("stained glass", "bold strokes", "bamboo ink", "starry night")
PAINTING, LOOK = "img.nst-painting[alt^='The painting: ']", "img.nst-painting[alt^='A first look: {}']"


class Studio:
    """`nst studio` in a process; `begun` is when it was called."""

    def __init__(self, folder):
        self.begun = time.monotonic()
        words = [sys.executable, "-m", "nst", "studio", "--no-browser"]
        self.process = subprocess.Popen(
            words, cwd=ROOT, stdout=subprocess.PIPE, text=True, env=os.environ | {"TMPDIR": folder}
        )
        self.address = self.process.stdout.readline().split()[0]

    def memory(self):
        """Megabytes of the server, and of its painters together."""
        server = psutil.Process(self.process.pid)
        return server.memory_info().rss / 1e6, sum(child.memory_info().rss for child in server.children()) / 1e6

    def end(self):
        self.process.terminate()
        self.process.wait()


def choose(page, name):
    """Only this artwork."""
    page.get_by_role("button", name=name).click()
    for other in page.locator("[data-to=styles] .nst-tile[aria-pressed=true]").all():
        if name not in other.inner_text():
            other.click()


def first_session(browser, studio, film):
    """Seconds since `nst studio` was called, for each thing that a new user waits for."""
    options = dict(record_video_dir=film, record_video_size={"width": 1280, "height": 800}) if film else {}
    context = browser.new_context(viewport={"width": 1280, "height": 800}, **options)
    page, seconds = context.new_page(), {}

    def note(what):
        seconds[what] = time.monotonic() - studio.begun

    page.goto(studio.address)
    page.locator(".nst-tile[data-name]").first.wait_for()
    note("the page is usable")
    page.locator(LOOK.format("cat")).wait_for()
    note("the first look is there")
    page.get_by_label("1. Your photo: Upload your own").set_input_files(PHOTO)
    uploaded = time.monotonic()
    page.locator(LOOK.format("astronaut")).wait_for()
    seconds["... a look after the upload"] = time.monotonic() - uploaded
    clicked = time.monotonic()
    choose(page, "bold strokes")
    page.locator("img.nst-painting[alt='A first look: astronaut.jpg in the style of bold strokes']").wait_for()
    seconds["... a look after a click"] = time.monotonic() - clicked
    note("a choice is made")
    page.get_by_role("button", name="Paint", exact=True).click()
    page.get_by_text("Step ").wait_for()
    note("the painting begins")
    page.locator(PAINTING).wait_for(timeout=600_000)
    note("the painting is done")
    with page.expect_download():
        page.get_by_role("button", name="Download the picture").click()
    note("it is downloaded")
    context.close()
    return seconds


def many(browser, studio, count):
    """Megabytes after each of so many paintings in one session."""
    page = browser.new_page()
    page.goto(studio.address)
    page.locator(LOOK.format("cat")).wait_for()
    page.get_by_role("slider", name="Size").fill("256")
    found = []
    for number in range(count):
        page.get_by_role("slider", name="Strength").fill(str(3 + number / 10))
        choose(page, ARTWORKS[number % len(ARTWORKS)])
        page.get_by_role("button", name="Paint", exact=True).click()
        page.wait_for_function(
            "count => document.querySelectorAll('.nst-painted').length === count", arg=number + 1, timeout=600_000
        )
        found.append(studio.memory())
        print(f"{number + 1}: server {found[-1][0]:.0f} MB, painter {found[-1][1]:.0f} MB", flush=True)
    page.close()
    return found


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--paintings", type=int, default=50)
    parser.add_argument("--film", help="a folder for a film of the first session")
    given = parser.parse_args()
    lines = [f"# The studio\n\n`benchmarks/bench_studio.py` on {processor()}, two cores, Chromium on the same.\n"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        runs = []
        for film in (None, None, given.film):
            studio = Studio(folder)
            runs.append(first_session(browser, studio, film))
            studio.end()
        lines.append(
            "A first session, seconds since `nst studio` was called (with dots: by themselves), the median of three:\n"
        )
        lines.append("| | seconds |\n| --- | --- |")
        lines += [f"| {what} | {statistics.median(run[what] for run in runs):.1f} |" for what in runs[0]]
        studio = Studio(folder)
        found = many(browser, studio, given.paintings)
        studio.end()
        (first, painter), (last, later) = found[min(4, len(found) - 1)], found[-1]
        lines.append(
            f"\n{given.paintings} paintings (256 px) in one session: the server has {first:.0f} MB after the fifth, "
            f"{last:.0f} after the last, its painter {painter:.0f} and {later:.0f}."
        )
        browser.close()
    (ROOT / "benchmarks" / "studio.md").write_text("\n".join(lines) + "\n")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
