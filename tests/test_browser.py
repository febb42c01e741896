"""JupyterLab and the studio as a learner sees them, in Chromium. `make chromium` installs it on Debian and Ubuntu.

NST_SCREENSHOTS names a folder for a picture of each page.
"""

import io
import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import papermill
import psutil
import pytest
from PIL import Image

from nst.commands.lab import NBGRADER, NEWS, without
from nst.paths import IMAGES, ROOT

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
SHOTS = os.environ.get("NST_SCREENSHOTS")
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CHROMIUM, reason="no Chromium found, so nothing is tried in a browser: make chromium"),
]
WAIT = 120_000  # milliseconds, for a busy machine
WRONG = """def gram_matrix(A):
    return tf.matmul(A, A, transpose_a=True)"""


@pytest.fixture(scope="module")
def browser():
    sync_api = pytest.importorskip("playwright.sync_api")
    with sync_api.sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield chromium
        chromium.close()


@pytest.fixture
def tab(browser):
    page = browser.new_page(viewport={"width": 1280, "height": 900})
    page.set_default_timeout(WAIT)
    page.crashes = []
    page.on("pageerror", lambda error: page.crashes.append(str(error)))
    yield page
    page.close()


def screenshot(page, name):
    if SHOTS:
        page.screenshot(path=Path(SHOTS, name))


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def serve(words, port, folder, **variables):
    """Start a server of Jupyter and wait until it answers."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTEST")}
    environment |= {"NST_OUTPUT": str(folder / "output"), **variables}
    with open(folder / "server.log", "w") as log:
        server = subprocess.Popen([sys.executable, "-m", *words], cwd=ROOT, env=environment, stdout=log, stderr=log)
    for _ in range(600):
        with socket.socket() as client:
            if client.connect_ex(("127.0.0.1", port)) == 0:
                return server
        assert server.poll() is None, (folder / "server.log").read_text()
        time.sleep(0.1)
    raise AssertionError((folder / "server.log").read_text())


def end(server):
    children = psutil.Process(server.pid).children(recursive=True)
    server.terminate()
    server.wait(timeout=60)
    _, left = psutil.wait_procs(children, timeout=10)
    for child in left:
        child.kill()


# ------------------------------------------------------------ JupyterLab


@pytest.fixture(scope="module")
def lab(tmp_path_factory):
    """JupyterLab on a copy of the notebooks, with tiny settings in 04; its address."""
    folder = tmp_path_factory.mktemp("lab")
    for name in ("notebooks", "exercises"):
        shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns(".ipynb_checkpoints"))
    (folder / "images").symlink_to(IMAGES)
    tiny = {"SIZE": 96, "EPOCHS": 2, "STEPS_PER_EPOCH": 30, "TRIAL_STEPS": 2}
    paint = folder / "notebooks" / "04_paint.ipynb"
    papermill.execute_notebook(paint, paint, tiny, prepare_only=True, progress_bar=False)
    settings = folder / "settings" / "@jupyterlab"
    path = settings / "notebook-extension" / "tracker.jupyterlab-settings"
    path.parent.mkdir(parents=True)
    path.write_text(json.dumps({"windowingMode": "none"}))  # so that cells out of sight can be looked at
    port = free_port()
    words = ["jupyter", "lab", "--no-browser", f"--port={port}", "--ServerApp.token=", "--ServerApp.password="]
    words += [f"--ServerApp.root_dir={folder}", "--allow-root", "--ServerApp.disable_check_xsrf=True"]
    config = without([*NEWS, *NBGRADER], folder / "config")["JUPYTER_CONFIG_PATH"]  # as `nst lab` starts it
    server = serve(words, port, folder, JUPYTERLAB_SETTINGS_DIR=str(folder / "settings"), JUPYTER_CONFIG_PATH=config)
    yield f"http://127.0.0.1:{port}/lab/tree/"
    end(server)


def run_all(page):
    page.get_by_role("menuitem", name="Run", exact=True).click()
    page.get_by_text("Run All Cells", exact=True).click()


def test_04_paints_in_jupyterlab(tab, lab):
    tab.goto(lab + "notebooks/04_paint.ipynb?reset")
    tab.locator(".jp-Notebook .jp-CodeCell").first.wait_for()
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    assert tab.get_by_role("menuitem", name="Nbgrader").count() == 0
    run_all(tab)
    progress = tab.get_by_text(re.compile(r"epoch \d/2 .*step \d+/60"))
    progress.first.wait_for()
    first = progress.first.inner_text()
    tab.wait_for_function("before => !document.body.innerText.includes(before)", arg=first)
    last = tab.locator(".jp-CodeCell").last.locator(".jp-InputPrompt")
    painted = tab.locator(".jp-CodeCell", has_text="generated_image.png").locator(".jp-OutputArea img")
    tab.wait_for_function("() => !document.body.innerText.includes('[*]:')")
    assert tab.get_by_text("Jupyter news").count() == 0  # it would have been asked long ago
    assert re.fullmatch(r"\[\d+\]:", last.inner_text())
    assert painted.last.evaluate("image => image.complete && image.naturalWidth > 100")
    assert tab.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.stderr"]').count() == 0
    assert tab.locator('.jp-OutputArea-output[data-mime-type="application/vnd.jupyter.error"]').count() == 0
    painted.last.scroll_into_view_if_needed()
    screenshot(tab, "lab_04.png")


def test_a_wrong_answer_gets_its_hint_in_jupyterlab(tab, lab):
    tab.goto(lab + "exercises/03_style_cost.ipynb?reset")
    cells = tab.locator(".jp-Notebook .jp-CodeCell")
    cells.first.wait_for()
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    exercise = cells.filter(has_text="def gram_matrix(A)")
    for cell in (cells.first, exercise, cells.filter(has_text="check(gram_matrix)")):
        cell.locator(".cm-content").click()
        if cell is exercise:
            tab.keyboard.press("Control+a")
            tab.keyboard.insert_text(WRONG)
        tab.keyboard.press("Control+Enter")
        tab.wait_for_function("() => !document.body.innerText.includes('[*]:')")
    result = cells.filter(has_text="check(gram_matrix)").locator(".jp-OutputArea")
    result.get_by_text("Hint:").wait_for()
    assert "✗ shape" in result.inner_text() and "A^T A was computed" in result.inner_text()
    result.scroll_into_view_if_needed()
    screenshot(tab, "lab_hint.png")


# ------------------------------------------------------------ the studio


@pytest.fixture(scope="module")
def studio(tmp_path_factory):
    """The address of the studio as `make studio` serves it."""
    folder, port = tmp_path_factory.mktemp("studio"), free_port()
    words = ["voila", "--Voila.config_file_paths=studio", "--no-browser", f"--port={port}", "notebooks/08_studio.ipynb"]
    words += ["--MappingKernelManager.cull_idle_timeout=5", "--MappingKernelManager.cull_interval=1"]
    server = serve(words, port, folder, TMPDIR=str(folder))
    server.folder = folder
    server.address = f"http://127.0.0.1:{port}/"
    yield server
    end(server)


def status(page):
    return page.get_by_role("status").inner_text()


def preview(page):
    data = page.locator("img.nst-preview").evaluate(
        """async image => Array.from(new Uint8Array(await (await fetch(image.src)).arrayBuffer()))"""
    )
    return np.asarray(Image.open(io.BytesIO(bytes(data))).convert("RGB"), float)


def slide(page, name, steps):
    handle = page.get_by_role("slider", name=name)
    handle.focus()
    for _ in range(abs(steps)):
        page.keyboard.press("ArrowRight" if steps > 0 else "ArrowLeft")


def upload(page, picker, file):
    page.get_by_label(f"{picker}: upload a picture").set_input_files(file)


def wait_for_step(page, least):
    page.wait_for_function(
        r"least => Number((document.body.innerText.match(/Step (\d+) of/) || [])[1]) >= least",
        arg=least,
    )


def download(page, text):
    with page.expect_download() as begun:
        page.get_by_text(text).click()
    return Image.open(begun.value.path()), begun.value.suggested_filename


def test_the_studio_paints_ones_own_photo(tab, studio, tmp_path):
    photo = tmp_path / "my garden.jpg"
    with Image.open(IMAGES / "content" / "dahlia.jpg") as picture:
        picture.thumbnail((400, 400))
        picture = picture.crop((0, 60, 400, 240))  # not so high: it is painted sooner
        upright = picture.transpose(Image.Transpose.ROTATE_90)
        exif = Image.Exif()
        exif[0x0112] = 6  # as a phone does: the picture lies on its side, and a note says so
        upright.save(photo, exif=exif)
        wanted = picture.size
    tab.goto(studio.address)
    tab.get_by_role("button", name="Paint").wait_for()
    screenshot(tab, "studio_start.png")

    upload(tab, "1. Your photo", photo)
    tab.locator("button[aria-pressed=true]", has_text="my garden.jpg").wait_for()
    tab.get_by_role("button", name="stained glass").click()
    chosen = tab.locator(".nst-picker").nth(1).locator("[aria-pressed=true]").all_inner_texts()
    assert sorted(chosen) == ["1 · starry night", "2 · stained glass"]
    tab.get_by_role("button", name="starry night").click()  # again: not this one
    slide(tab, "Size (pixels)", -3)
    tab.wait_for_function("() => document.body.innerText.includes('256')")
    tab.get_by_text("A first look. Press Paint for the painting.").wait_for()
    look = "A first look: my garden.jpg in the style of stained glass"
    tab.wait_for_function("look => document.querySelector('img.nst-preview').alt === look", arg=look)
    before = preview(tab)
    screenshot(tab, "studio_look.png")

    tab.get_by_role("button", name="Paint").dblclick()
    wait_for_step(tab, 3)
    early = preview(tab)
    wait_for_step(tab, 20)
    assert early.shape != before.shape or np.abs(preview(tab) - early).mean() > 1
    assert re.search(r"Step \d+ of 50, \d+ x \d+ pixels, about \d+ (seconds|minutes) left", status(tab))
    screenshot(tab, "studio_painting.png")
    tab.get_by_role("button", name="Stop").click()
    tab.get_by_text("Continue goes on from here.").wait_for()
    stopped = preview(tab)
    time.sleep(2)
    np.testing.assert_array_equal(preview(tab), stopped)

    tab.get_by_role("button", name="Continue").click()
    wait_for_step(tab, 22)
    tab.get_by_text("Done.").wait_for(timeout=5 * WAIT)
    picture, name = download(tab, "Download the picture")
    assert (picture.format, name) == ("PNG", "painting.png")
    assert max(picture.size) == 256 and (picture.width > picture.height) == (wanted[0] > wanted[1])
    alts = tab.locator("img").evaluate_all("images => images.map(image => image.getAttribute('alt'))")
    assert "The painting: my garden.jpg in the style of stained glass, finished" in alts and None not in alts
    film, name = download(tab, "Download the time-lapse")
    assert (film.format, name) == ("WEBP", "painting.webp") and film.n_frames > 20
    screenshot(tab, "studio_done.png")
    tab.set_viewport_size({"width": 800, "height": 900})
    assert tab.evaluate("document.documentElement.scrollWidth") <= 800
    screenshot(tab, "studio_800.png")
    assert not tab.crashes


def test_bad_uploads_in_the_studio_show_their_message(tab, studio, tmp_path):
    tab.goto(studio.address)
    tab.get_by_role("button", name="Paint").wait_for()
    bomb = io.BytesIO()
    Image.new("1", (20000, 20000)).save(bomb, "PNG")
    files = {
        "letter.png": (b"Dear all,", "letter.png: not a picture that can be read"),
        "nothing.jpg": (b"", "nothing.jpg is empty"),
        "huge.jpg": (b"\0" * (200 * 2**20), "huge.jpg has 200 MB; choose a picture of at most 50 MB"),
        "bomb.png": (bomb.getvalue(), "bomb.png: more than 89 million pixels"),
    }
    for name, (data, message) in files.items():
        (tmp_path / name).write_bytes(data)
        upload(tab, "1. Your photo", tmp_path / name)
        alert = tab.get_by_role("alert").first
        alert.get_by_text(message).wait_for()
        assert tab.locator("button[aria-pressed=true]").all_inner_texts() == ["cat", "starry night"]
    screenshot(tab, "studio_bad_upload.png")
    assert not tab.crashes


def test_closing_the_studios_page_ends_the_work_and_its_kernel(tab, studio):
    def kernels():
        return {child.pid for child in psutil.Process(studio.pid).children(recursive=True)}

    def busy(process):
        before = sum(process.cpu_times()[:2])
        time.sleep(2)
        return sum(process.cpu_times()[:2]) - before > 0.2  # of 4 s on two cores: others may be at work, too

    before = kernels()
    tab.goto(studio.address)
    tab.get_by_role("button", name="Paint").click()
    wait_for_step(tab, 1)
    uploads = set(studio.folder.glob("nst-studio-*"))
    (kernel,) = (psutil.Process(pid) for pid in kernels() - before)
    assert busy(kernel)
    tab.goto("about:blank")
    time.sleep(5)
    assert not kernel.is_running() or not busy(kernel)
    kernel.wait(timeout=60)
    assert uploads and set(studio.folder.glob("nst-studio-*")) < uploads
