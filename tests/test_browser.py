"""JupyterLab as a learner sees it, in Chromium."""

import json
import os
import re
import shutil
import socket
import subprocess
import sys
import time

import papermill
import psutil
import pytest
from chromium import free_port, needs_chromium, screenshot

from nst.commands.lab import NBGRADER, NEWS, without
from nst.paths import IMAGES, ROOT

pytestmark = [pytest.mark.slow, needs_chromium]
WRONG = """def gram_matrix(A):
    return tf.matmul(A, A, transpose_a=True)"""


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
    tiny = {"SIZE": 96, "EPOCHS": 2, "STEPS_PER_EPOCH": 15, "TRIAL_STEPS": 2}
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
    progress = tab.get_by_text(re.compile(r"epoch \d/2 .*step \d+/30"))
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


def test_08_shows_the_studio_and_paints_with_the_notebooks_functions(tab, lab):
    tab.goto(lab + "notebooks/08_studio.ipynb?reset")
    cells = tab.locator(".jp-Notebook .jp-CodeCell")
    cells.first.wait_for()
    tab.get_by_text("Python 3 (ipykernel) | Idle").wait_for()
    for number in range(3):
        cells.nth(number).locator(".cm-content").click()
        tab.keyboard.press("Control+Enter")
        tab.wait_for_function("() => !document.body.innerText.includes('[*]:')")
    page = tab.locator(".nst-studio")
    page.locator("img.nst-painting").wait_for()
    page.get_by_role("slider", name="Size").fill("256")
    page.get_by_role("button", name="stained glass").click()
    page.get_by_role("button", name="Paint", exact=True).click()
    page.get_by_text(re.compile(r"Step [1-5]\d of 60, \d+ x \d+ pixels")).wait_for()
    page.scroll_into_view_if_needed()
    screenshot(tab, "lab_studio.png")
    page.get_by_role("button", name="Stop").click()
    page.get_by_text("Continue goes on from here.").wait_for()
    page.locator("img[alt^='The painting, stopped early: cat in the style of starry night and']").wait_for()
    with tab.expect_download() as begun:
        page.get_by_role("button", name="Download the picture").click()
    assert begun.value.suggested_filename == "cat_starry_night_stained_glass.png"
    assert not tab.crashes


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
