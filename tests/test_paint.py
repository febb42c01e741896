"""`make paint` at tiny sizes, with good and bad arguments."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time

import nbformat
import numpy as np
import pytest
from PIL import Image

from nst_utils import IMAGES, ROOT, load_image

TINY = {"SIZE": "64", "EPOCHS": "2", "STEPS": "2"}
PICTURES = ["epoch_01.png", "epoch_02.png", "generated_image.png"]
with_make = pytest.mark.skipif(
    sys.prefix != str(ROOT / ".venv") or not shutil.which("make"), reason="needs make and the .venv that make sets up"
)


def arguments(variables):
    return [word for name, value in variables.items() for word in (f"--{name.lower()}", str(value))]


def paint(output, command=None, **variables):
    command = command or [sys.executable, ROOT / "paint.py", *arguments(variables)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    environment["NST_OUTPUT"] = str(output)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("my photos") / "a photo (1).png"
    Image.fromarray((load_image(IMAGES / "content" / "cat.png", 80).numpy()[0] * 255).astype(np.uint8)).save(path)
    return path


@with_make
def test_make_paint_leaves_pictures_notebook_and_summary(tmp_path, photo):
    command = ["make", "paint", f"CONTENT={photo}", *(f"{name}={value}" for name, value in TINY.items())]
    done = paint(tmp_path, command)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.glob("*.png")) == PICTURES
    assert Image.open(tmp_path / "generated_image.png").size == (64, 42)
    cells = nbformat.read(tmp_path / "04_paint.ipynb", as_version=4).cells
    assert any(str(photo) in cell.source for cell in cells if "injected-parameters" in cell.metadata.tags)
    summary = re.search(r"(\S.*generated_image.png): 4 of 4 steps, cost J from (\S+) to (\S+)", done.stdout)
    assert summary[1] == str(tmp_path / "generated_image.png")
    with np.load(tmp_path / "checkpoint.npz") as checkpoint:
        history = checkpoint["history"]
    assert [f"{history[0]:.3g}", f"{history[-1]:.3g}"] == [summary[2], summary[3]]


@with_make
def test_make_reports_a_bad_value_and_a_misspelt_variable(tmp_path):
    for words, message in (
        (["SIZE=big"], "SIZE=big"),
        (["SISE=64"], "unknown SISE; known: CONTENT, "),
        (["CONTENT=bob's cat, SISE=64 (1).png"], "CONTENT: bob's cat, SISE=64 (1).png: no such file"),
    ):
        done = paint(tmp_path, ["make", "paint", *words])
        assert done.returncode != 0 and f"make paint: {message}" in done.stderr
        assert "Traceback" not in done.stderr and os.listdir(tmp_path) == []


@with_make
def test_make_lists_its_targets_and_sets_up_only_once():
    listing = paint(ROOT, ["make"]).stdout
    assert [line.split()[1] for line in listing.splitlines()] == [
        "help", "setup", "paint", "lab", "exercises", "release", "grade", "sandbox", "test", "bench", "record", "clean",
    ]  # fmt: skip
    assert paint(ROOT, ["make", "--question", "setup"]).returncode == 0


@pytest.mark.parametrize(
    ("variables", "message"),
    [
        ({"CONTENT": "no such photo.png"}, "CONTENT: no such photo.png: no such file"),
        ({"STYLE": "README.md"}, "STYLE: README.md: not a picture"),
        ({"CONTENT": "images"}, "CONTENT: images: a folder"),
        ({"SIZE": "big"}, "SIZE=big: give a whole number of at least 1"),
        ({"SIZE": "0"}, "SIZE=0: give a whole number"),
        ({"SIZE": "16", "CONTENT": "images/content/cat.png"}, "both sides must be at least 32"),
        ({"SIZE": "32"}, "both sides must be at least 32"),
        ({"EPOCHS": "-3"}, "EPOCHS=-3: give a whole number"),
        ({"STEPS": "1.5"}, "STEPS=1.5: give a whole number"),
        ({"STEPS": "²"}, "STEPS=²: give a whole number"),
        ({"RESUME": "maybe"}, "RESUME=maybe: give 1"),
        ({"COLOUR": "blue"}, "unrecognized arguments: --colour blue"),
    ],
)
def test_a_bad_argument_gives_one_line_and_changes_nothing(tmp_path, variables, message):
    (tmp_path / "generated_image.png").write_bytes(b"an earlier picture")
    done = paint(tmp_path, **variables)
    assert done.returncode == 2
    assert done.stderr.startswith(f"make paint: {message}" if message[0].isupper() else "make paint: ")
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["generated_image.png"]
    assert (tmp_path / "generated_image.png").read_bytes() == b"an earlier picture"


def test_a_terminal_shows_the_progress_bar_and_ctrl_c_keeps_the_picture(tmp_path):
    command = [sys.executable, ROOT / "paint.py", *arguments({"SIZE": 64, "EPOCHS": 2, "STEPS": 500})]
    terminal, other_end = pty.openpty()
    environment = {**os.environ, "NST_OUTPUT": str(tmp_path), "COLUMNS": "120"}
    process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=other_end, stderr=other_end)
    os.close(other_end)
    text, stopped, deadline = "", False, time.time() + 240
    while time.time() < deadline:
        try:
            text += os.read(terminal, 10000).decode()
        except OSError:  # the program has closed its end
            break
        if re.search(r"epoch 1/2 .* step [1-9]\d/1000", text) and not stopped:
            process.send_signal(signal.SIGINT)
            stopped = True
    assert process.wait(timeout=60) == 0, text
    assert re.search(r"epoch 1/2 \|.{24}\| step \d\d/1000, J \d\.\d+e\+\d+, \d\d:\d\d left", text)
    steps = int(re.search(r"generated_image.png: (\d+) of 1000 steps", text)[1])
    assert 10 <= steps < 500
    assert (tmp_path / "generated_image.png").exists() and not list(tmp_path.glob("epoch*"))


def test_ctrl_c_before_the_painting_stops_and_leaves_the_earlier_picture(tmp_path):
    (tmp_path / "generated_image.png").write_bytes(b"an earlier picture")
    command = [sys.executable, ROOT / "paint.py", *arguments(TINY)]
    environment = {**os.environ, "NST_OUTPUT": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "04_paint.ipynb").exists() and process.poll() is None:  # written when the first cell starts
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and stderr.startswith("make paint: stopped before the first step"), stderr
    assert stderr.count("\n") == 1
    assert (tmp_path / "generated_image.png").read_bytes() == b"an earlier picture"


def test_resume_goes_on_with_the_last_run(tmp_path):
    assert paint(tmp_path, **{**TINY, "EPOCHS": "1"}).returncode == 0
    other = paint(tmp_path, **TINY, RESUME="1", STYLE=str(IMAGES / "style" / "bamboo_ink.jpg"))
    assert other.returncode != 0 and "repeat the settings of that run, or start anew" in other.stderr
    done = paint(tmp_path, **TINY, RESUME="1")
    assert "generated_image.png: 4 of 4 steps" in done.stdout, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.png")) == PICTURES


def test_an_error_inside_the_notebook_is_one_line_and_keeps_the_notebook(tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"damaged")
    done = paint(tmp_path, **TINY, RESUME="1")
    assert done.returncode != 0 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    assert "checkpoint.npz: damaged" in done.stderr and (tmp_path / "04_paint.ipynb").exists()
