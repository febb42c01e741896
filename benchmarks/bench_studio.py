"""How soon the studio answers, and what fifty paintings cost it. Writes studio.md.

.venv/bin/python benchmarks/bench_studio.py [--paintings 50] [--film FILE.webp] [--picture FILE.webp]

Chromium drives the page: `nst studio`, an upload, a choice, a painting, the download. film: of such a session, as an
animated picture, at twice the speed; picture: of the page at its end.
"""

import argparse
import base64
import io
import os
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import psutil
from machine import processor
from PIL import Image
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
        lines = iter(self.process.stdout.readline, "")
        self.address = next(line.split()[0] for line in lines if line.startswith("http"))

    def memory(self):
        """Megabytes of the server, and of its painters together."""
        server = psutil.Process(self.process.pid)
        return server.memory_info().rss / 1e6, sum(child.memory_info().rss for child in server.children()) / 1e6

    def end(self):
        self.process.terminate()
        self.process.wait()


class Film:
    """What the page looked like, each time that it changed."""

    def __init__(self, page):
        self.frames, self.line = [], page.context.new_cdp_session(page)
        self.line.on("Page.screencastFrame", self._frame)
        self.line.send("Page.startScreencast", dict(format="jpeg", quality=85, maxWidth=960, maxHeight=640))

    def _frame(self, event):
        self.frames.append((event["metadata"]["timestamp"], base64.b64decode(event["data"])))
        self.line.send("Page.screencastFrameAck", dict(sessionId=event["sessionId"]))

    def save(self, file):
        times = [time for time, _ in self.frames]
        shown = [max(20, round(500 * (after - before))) for before, after in zip(times, times[1:])] + [3000]
        first, *others = (Image.open(io.BytesIO(data)) for _, data in self.frames)
        first.save(file, save_all=True, append_images=others, duration=shown, loop=0, quality=70, method=4)


def choose(page, name):
    """Only this artwork."""
    chosen = page.locator("[data-to=styles] .nst-tile[aria-pressed=true]")
    names = [each.get_attribute("title") for each in chosen.all()]
    for other in ([] if name in names else [name]) + [each for each in names if each != name]:
        page.get_by_role("button", name=other).first.click()


def first_session(browser, studio, film=None, picture=None):
    """Seconds since `nst studio` was called, for each thing that a new user waits for."""
    page, seconds = browser.new_page(viewport={"width": 1280, "height": 860}), {}
    frames = Film(page) if film else None

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
    page.locator(".nst-status", has_text="Step ").wait_for()
    note("the painting begins")
    page.locator(PAINTING).wait_for(timeout=600_000)
    note("the painting is done")
    with page.expect_download():
        page.get_by_role("button", name="Download the picture").click()
    note("it is downloaded")
    if frames:
        frames.save(film)
    if picture:
        Image.open(io.BytesIO(page.screenshot())).save(picture, quality=85)
    page.close()
    print(seconds, flush=True)
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
    parser.add_argument("--film")
    parser.add_argument("--picture")
    given = parser.parse_args()
    lines = [f"# The studio\n\n`benchmarks/bench_studio.py` on {processor()}, two cores, Chromium on the same.\n"]
    with sync_playwright() as playwright, tempfile.TemporaryDirectory() as folder:
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        runs = []
        for _ in range(3):
            studio = Studio(folder)
            runs.append(first_session(browser, studio))
            studio.end()
        if given.film or given.picture:
            studio = Studio(folder)
            first_session(browser, studio, given.film, given.picture)
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
