"""`nst gallery`: painting a list of jobs on workers, and what is written."""

import html
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nst import gallery
from nst.job import Job
from nst.joblist import read_jobs
from nst.paths import IMAGES
from nst.pictures import read_image

pytestmark = pytest.mark.slow  # processes that start TensorFlow


@pytest.fixture(scope="module")
def painted(tmp_path_factory):
    """A gallery of three jobs, of which one cannot succeed; and what the command said."""
    folder = tmp_path_factory.mktemp("gallery")
    shutil.copy(IMAGES / "content" / "cat.png", folder / "a cat & more.png")
    shutil.copy(IMAGES / "style" / "stained_glass.jpg", folder / "glass.jpg")
    (folder / "broken.png").write_bytes(b"no picture at all")
    jobs = [
        {"name": "a cat & glass", "content": "a cat & more.png", "style": "glass.jpg", "brush": 1.5},
        {"content": "broken.png", "style": "glass.jpg"},
        {"content": "missing.png", "style": "glass.jpg"},
    ]
    (folder / "jobs.yaml").write_text(json.dumps(jobs))
    return folder, run(folder)


def run(folder, *more):
    command = [sys.executable, "-m", "nst", "gallery", "--jobs", folder / "jobs.yaml", "--size", "72"]
    environment = {**os.environ, "NST_OUTPUT": str(folder / "output")}
    return subprocess.run(
        [*command, "--evaluations", "12", *more], env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_others_are_painted_when_one_fails(painted):
    folder, done = painted
    assert done.returncode == 1 and "1 of 3 pictures" in done.stdout and "Traceback" not in done.stderr
    assert "\n2 of 2: a cat & glass\n" in done.stdout or "\n1 of 2: a cat & glass\n" in done.stdout
    assert "broken_glass" not in done.stdout
    assert "AutoGraph" not in done.stderr
    assert f"not painted: missing_glass: {folder / 'missing.png'}: No such file" in done.stderr
    assert f"not painted: broken_glass: {folder / 'broken.png'}: not a picture" in done.stderr
    job = read_jobs(folder / "jobs.yaml", {"size": 72, "evaluations": 12})["a cat & glass"]
    there = read_image(folder / "output" / "gallery" / "a cat & glass.png")
    assert there.shape == (1, 48, 72, 3)
    assert np.abs(there - read_image(job.content, 72)).mean() > 0.03


def test_index_and_contact_sheet_show_what_is_there_and_name_what_is_not(painted):
    page = (painted[0] / "output" / "gallery" / "index.html").read_text()
    assert '<img src="a%20cat%20%26%20glass.png" alt="a cat &amp; more.png in the style of glass.jpg"' in page
    assert "size 72" in page and "brush 1.5" in page and "1 of 3 pictures" in page
    assert "<b>broken_glass</b>: broken.png: not a picture" in page and "<b>missing_glass</b>: missing.png: No" in page
    assert html.escape(str(painted[0])) not in page, "where the pictures lie is nobody's business"
    sheet = Image.open(painted[0] / "output" / "gallery" / "contact_sheet.jpg")
    assert sheet.size == (310, 200 + 30)
    pixels = np.asarray(sheet.convert("L"))
    assert pixels[10:190, 10:300].std() > 20 and pixels[203:206].min() > 230 and pixels[206:].min() < 100


def test_a_second_run_paints_only_what_changed(painted):
    folder, _ = painted
    path = folder / "output" / "gallery" / "a cat & glass.png"
    before = path.stat().st_mtime_ns
    (folder / "broken.png").unlink()  # so that no worker has anything to do
    assert "1 of 3 pictures" in run(folder).stdout
    assert path.stat().st_mtime_ns == before
    jobs = json.loads((folder / "jobs.yaml").read_text())
    (folder / "jobs.yaml").write_text(json.dumps([{**jobs[0], "brush": 1}]))
    small = run(folder, "--small", str(folder / "small"))
    assert small.returncode == 0 and path.stat().st_mtime_ns > before
    assert Image.open(folder / "small" / "a cat & glass.webp").size == (72, 48)


def test_changed_code_paints_anew(tmp_path, monkeypatch):
    """The record knows settings, contents and code: a picture that other code has painted is not done."""
    job = Job(str(IMAGES / "content" / "cat.png"), (str(IMAGES / "style" / "bamboo_ink.jpg"),), size=64)
    key = gallery._key(job, gallery._contents(job))
    Image.new("RGB", (64, 43)).save(tmp_path / "cat.png")
    (tmp_path / "cat.json").write_text(json.dumps({"key": key}))
    assert gallery.is_done("cat", job, tmp_path)
    with monkeypatch.context() as patch:
        patch.setattr("nst.job._sources", lambda: "another engine")
        assert not gallery.is_done("cat", job, tmp_path)
    monkeypatch.setattr(gallery, "source_of", lambda notebook, *names: "another content cost")
    assert not gallery.is_done("cat", job, tmp_path)


def test_a_name_that_is_not_utf_8_stops_nobody(tmp_path):
    name = os.fsdecode(b"k\xe4tzchen")
    Image.new("RGB", (64, 43), "teal").save(os.fsencode(tmp_path) + b"/k\xe4tzchen.png")
    job = Job(str(tmp_path / f"{name}.png"), (str(IMAGES / "style" / "bamboo_ink.jpg"),), size=64)
    (tmp_path / f"{name}.json").write_text(json.dumps({"key": gallery._key(job, gallery._contents(job))}))
    gallery.write_index({name: job}, {}, tmp_path)
    assert 'src="k%E4tzchen.png"' in (tmp_path / "index.html").read_text()
    assert Image.open(tmp_path / "contact_sheet.jpg").size == (310, 232)
