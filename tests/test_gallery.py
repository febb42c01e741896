"""`make gallery`: reading lists of jobs, painting them on workers, and what is written."""

import html
import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

import gallery
from gallery import every_pair, read_jobs
from nst_jobs import Job, paint
from nst_pictures import IMAGES, ROOT, read_image

YAML = """
- {content: cat.png, style: stars.jpg}
- {name: mixed, content: cat.png, styles: [stars.jpg, glass.jpg], weights: [1, 2.5], keep_colors: true, size: 64}
"""
CSV = """name,content,styles,weights,keep_colors,size
,cat.png,stars.jpg,,,
mixed,cat.png,stars.jpg;glass.jpg,1;2.5,true,64
"""


@pytest.mark.parametrize(("ending", "text"), [(".yaml", YAML), (".csv", CSV), (".csv", "\ufeff" + CSV)])
def test_a_list_of_jobs_is_read_from_yaml_and_csv(tmp_path, ending, text):
    path = tmp_path / f"jobs{ending}"
    path.write_text(text, encoding="utf-8")

    def here(*names):
        return tuple(str(tmp_path / name) for name in names)

    assert read_jobs(path, {"size": 200}) == {
        "cat_stars": Job(str(tmp_path / "cat.png"), here("stars.jpg"), size=200),
        "mixed": Job(
            str(tmp_path / "cat.png"), here("stars.jpg", "glass.jpg"), weights=(1, 2.5), keep_colors=True, size=64
        ),
    }


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no jobs in it"),
        ("content: a.png", "no jobs in it"),
        ("- a.png", "no jobs in it"),
        ("- {content: a.png", "expected"),
        ("- {content: a.png}", "job 1: a job needs content, a photo, and at least one style"),
        ("- {style: a.png}", "job 1: a job needs content"),
        ("- {content: a.png, style: b.png, colour: red}", "job 1: unknown 'colour'; known: name, content, styles"),
        ("- {content: a.png, style: b.png, beta: much}", "job 1: beta 'much'"),
        ("- {content: a.png, style: b.png}\n- {content: a.png, style: b.png, beta: 5}", "two jobs called 'a_b'"),
        ("- {content: [a.png, b.png], style: b.png}", "job 1: ['a.png', 'b.png'] where the name of a file belongs"),
        ("- {content: a.png, style: null}", "job 1: None where the name of a file belongs"),
        ("- {content: a.png, style: b.png, styles: [c.png]}", "job 1: give style or styles, not both"),
        ("- {content: a.png, styles: [b.png, c.png], weights: [0, 0]}", "weights [0, 0]: one for each style"),
        ("- {name: " + 201 * "x" + ", content: a.png, style: b.png}", "is no file name"),
        ("- {name: ../x, content: a.png, style: b.png}", "'../x' is no file name"),
    ],
)
def test_what_is_wrong_in_a_list_is_named(tmp_path, text, message):
    path = tmp_path / "jobs.yaml"
    path.write_text(text)
    with pytest.raises(ValueError) as caught:
        read_jobs(path, {})
    assert message in str(caught.value) and str(caught.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no jobs in it"),
        ("content,style\na.png,b.png,c.png\n", "job 1: more cells than the first line has names"),
        ("content;style\na.png;b.png\n", "columns are separated by commas"),
        ("content,style,beta\na.png,b.png,much\n", "job 1: beta 'much'"),
        ("content,style\nd\u00fcne.png,b.png\n", "not in UTF-8"),
    ],
)
def test_what_is_wrong_in_a_table_is_named(tmp_path, text, message):
    path = tmp_path / "jobs.csv"
    path.write_text(text, encoding="latin-1")
    with pytest.raises(ValueError) as caught:
        read_jobs(path, {})
    assert message in str(caught.value) and str(caught.value).startswith(str(path))


def test_a_table_may_have_empty_rows_and_odd_names(tmp_path):
    path = tmp_path / "jobs.csv"
    path.write_text("name,content,style\n010,@a: b.png,#[1].png\n,,\n")
    assert read_jobs(path, {}) == {"010": Job(str(tmp_path / "@a: b.png"), (str(tmp_path / "#[1].png"),))}


def test_two_files_that_differ_in_their_ending_only_get_names_of_their_own(tmp_path):
    for name in ("IMG.png", "IMG.jpg", "other.png"):
        (tmp_path / name).touch()
    jobs = every_pair(tmp_path, IMAGES / "style" / "bamboo_ink.jpg", {})
    assert list(jobs) == ["IMG.jpg_bamboo_ink", "IMG.png_bamboo_ink", "other_bamboo_ink"]


def test_every_photo_meets_every_artwork():
    jobs = every_pair(IMAGES / "content", IMAGES / "style", {})
    contents, styles = os.listdir(IMAGES / "content"), os.listdir(IMAGES / "style")
    assert len(jobs) == len(contents) * len(styles)
    assert jobs["cat_bamboo_ink"] == Job(str(IMAGES / "content/cat.png"), (str(IMAGES / "style/bamboo_ink.jpg"),))
    assert list(every_pair(IMAGES / "content/cat.png", IMAGES / "style", {}))[0] == "cat_bamboo_ink"


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
    command = [sys.executable, ROOT / "gallery.py", "--jobs", folder / "jobs.yaml", "--size", "72"]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    environment["NST_OUTPUT"] = str(folder / "output")
    return subprocess.run(
        [*command, "--evaluations", "12", *more], env=environment, capture_output=True, text=True, timeout=300
    )


def test_the_others_are_painted_when_one_fails(painted, vgg):
    folder, done = painted
    assert done.returncode == 1 and "1 of 3 pictures" in done.stdout and "Traceback" not in done.stderr
    assert f"not painted: missing_glass: {folder / 'missing.png'}: No such file" in done.stderr
    assert f"not painted: broken_glass: {folder / 'broken.png'}: not a picture" in done.stderr
    job = read_jobs(folder / "jobs.yaml", {"size": 72, "evaluations": 12})["a cat & glass"]
    image, _ = paint(job, *gallery._tools(), output=None, watch=lambda run: None)
    there = read_image(folder / "output" / "gallery" / "a cat & glass.png")
    assert there.shape == image.shape == (1, 48, 72, 3)
    assert np.abs(there - image).mean() < 0.01 < 0.03 < np.abs(there - read_image(job.content, 72)).mean()


def test_index_and_contact_sheet_show_what_is_there_and_name_what_is_not(painted):
    page = (painted[0] / "output" / "gallery" / "index.html").read_text()
    assert '<img src="a%20cat%20%26%20glass.png" alt="a cat &amp; more.png in the style of glass.jpg"' in page
    assert "size 72" in page and "brush 1.5" in page and "1 of 3 pictures" in page
    assert "<b>broken_glass</b>" in page and html.escape(str(painted[0] / "broken.png")) in page
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


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--size", "big"], "SIZE=big: give a whole number"),
        (["--workers", "0"], "WORKERS=0: give a whole number"),
        (["--jobs", "nowhere.yaml"], "nowhere.yaml"),
        (["--content", "grading"], "grading: no pictures in this folder"),
        (["--jobs", "a.yaml", "--style", "images/style"], "give either JOBS"),
    ],
)
def test_a_bad_argument_gives_one_line(words, message, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    monkeypatch.delenv("MAKEFLAGS", raising=False)
    with pytest.raises(SystemExit) as stopped:
        gallery.main(words)
    assert message in str(stopped.value) and str(stopped.value).startswith("make gallery: ")
