"""How fast the page of `nst filter live` paints: prints a table and writes it into benchmarks/filters.md.

.venv/bin/python benchmarks/bench_live.py

In headless Chromium, which has no WebGPU: the painter alone, and the page with a camera, whose resolution adapts.
"""

import contextlib
import os
import shutil
import statistics
import tempfile
import threading
import time
from pathlib import Path

import psutil
from machine import processor
from PIL import Image
from playwright.sync_api import sync_playwright

from nst.filtering import find
from nst.live import Server, page_files
from nst.paths import IMAGES

HERE = Path(__file__).parent
HEADING = "\n## In the browser, measured by benchmarks/bench_live.py\n\n"
SIZES, THREADS = [(320, 240), (480, 360)], [1, 2]
WARM, FRAMES = 30, 40  # the first ones run while Chromium still compiles
CAMERA, SETTLE, MANY = (640, 480), 20, 500  # pixels; seconds; paintings between two looks at the memory
CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))))
PAINT = """async ([width, height, threads, frames]) => {
    const { Painter } = await import("./painter.js");
    const painter = new Painter("wasm", threads), seconds = [];
    await painter.start();
    const pixels = Uint8ClampedArray.from({ length: 4 * width * height }, (_, i) => i % 251);
    const picture = () => new ImageData(pixels.slice(), width);
    await painter.load(await (await fetch("filters/0_bold_strokes.onnx")).arrayBuffer(), picture());
    for (let frame = 0; frame < frames; frame++) {
        const given = picture(), begun = performance.now();
        await painter.paint(given);
        seconds.push((performance.now() - begun) / 1000);
    }
    painter.end();
    return seconds;
}"""
COUNT = """
    const draw = CanvasRenderingContext2D.prototype.drawImage;
    self.paintings = 0;
    CanvasRenderingContext2D.prototype.drawImage = function (...all) {
        if (this.canvas.id === "picture" && all.length === 9) self.paintings++; // a part of a painting
        draw.apply(this, all);
    };
"""


def clip(folder):
    """A file for Chromium's camera: a cat that moves."""
    path, (width, height) = folder / "clip.mjpeg", CAMERA
    with Image.open(IMAGES / "content" / "cat.png") as photo, open(path, "wb") as file:
        large = photo.resize((960, 640))
        for step in range(30):
            large.crop((10 * step, 5 * step, 10 * step + width, 5 * step + height)).save(file, "JPEG", quality=90)
    return path


def memory():
    """Bytes that belong to the pages' processes."""
    total = 0
    for child in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.Error):  # it has just ended
            total += child.memory_full_info().uss if "--type=renderer" in child.cmdline() else 0
    return total


def with_camera(page):
    """Frames a second and the size when it has come to rest, and the bytes that came on top in MANY paintings."""
    page.get_by_role("button", name="Camera").click()
    time.sleep(SETTLE)
    looks = []
    for _ in range(2):
        begin, first, used = time.perf_counter(), page.evaluate("paintings"), memory()
        looks.append(used)
        while page.evaluate("paintings") < first + MANY / 2:
            time.sleep(0.2)
    rate = (page.evaluate("paintings") - first) / (time.perf_counter() - begin)
    size = page.locator("#state").inner_text().split(" · ")[1]
    return rate, size, memory() - looks[0]


def main():
    load = os.getloadavg()[0]
    server = Server(page_files([find("bold_strokes")]))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        words = ["--no-sandbox", "--use-fake-device-for-media-stream", "--use-fake-ui-for-media-stream"]
        words += [f"--use-file-for-fake-video-capture={clip(Path(folder))}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=words)
        page = browser.new_page()
        page.route("**/filters.json", lambda route: route.fulfill(json=dict(photo="coffee_cup.png", filters=[])))
        page.goto(server.address)
        rates = {}
        for size in SIZES:
            for threads in THREADS:
                seconds = page.evaluate(PAINT, [*size, threads, WARM + FRAMES])
                rates[size, threads] = 1 / statistics.median(seconds[WARM:])
        page.close()
        rows = []
        for threads in THREADS:
            page = browser.new_page(viewport=dict(width=1280, height=900))
            page.add_init_script(COUNT)
            page.add_init_script(f"Object.defineProperty(navigator, 'hardwareConcurrency', {{ value: {threads + 1} }})")
            begin = time.perf_counter()
            page.goto(server.address)
            page.wait_for_timeout(100)
            while not page.evaluate("paintings"):
                page.wait_for_timeout(50)
            start = time.perf_counter() - begin
            rate, size, more = with_camera(page)
            rows.append(f"| {threads} | {start:.1f} s | {size} | {rate:.1f} | {more / 1e6:+.0f} MB |")
            page.close()
        version = browser.version
        browser.close()
    server.shutdown()
    text = "\n".join(
        [
            f"Machine: {processor()}, {os.cpu_count()} cores, with a load of {load:.1f} from other programs.",
            f"Headless Chromium {version}, which has no WebGPU: ONNX Runtime on WebAssembly.",
            "",
            "| the painter alone, frames a second | one thread | two threads |",
            "| --- | --- | --- |",
            *(f"| {w} x {h} | " + " | ".join(f"{rates[(w, h), n]:.1f}" for n in THREADS) + " |" for w, h in SIZES),
            "",
            f"The page with a camera of {CAMERA[0]} x {CAMERA[1]}, its resolution adapted for {SETTLE} seconds:",
            "",
            f"| threads | to the first painting | size | frames a second | memory after {MANY} more |",
            "| --- | --- | --- | --- | --- |",
            *rows,
        ]
    )
    print(text)
    path = HERE / "filters.md"
    path.write_text(path.read_text().partition(HEADING)[0] + HEADING + text + "\n")


if __name__ == "__main__":
    main()
