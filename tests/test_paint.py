"""`make paint` and `make train` at tiny sizes, with good and bad arguments."""

import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import nbformat
import numpy as np
import pytest
from PIL import Image

from nst_pictures import IMAGES, ROOT
from nst_utils import load_image

TINY = {"paint": {"SIZE": "200", "EVALUATIONS": "2"}, "train": {"SIZE": "64", "EPOCHS": "2", "STEPS": "2"}}
NOTEBOOK = {"paint": "06_faster.ipynb", "train": "04_paint.ipynb"}
PICTURES = ["epoch_01.png", "epoch_02.png", "generated_image.png"]
with_make = pytest.mark.skipif(
    sys.prefix != str(ROOT / ".venv") or not shutil.which("make"), reason="needs make and the .venv that make sets up"
)


def arguments(variables):
    return [word for name, value in variables.items() for word in (f"--{name.lower()}", str(value))]


def paint(output, command=None, recipe="paint", **variables):
    command = command or [sys.executable, ROOT / "paint.py", recipe, *arguments(variables)]
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    environment["NST_OUTPUT"] = str(output)
    return subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, timeout=300)


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("my photos") / "a photo (1).png"
    Image.fromarray((load_image(IMAGES / "content" / "cat.png", 200).numpy()[0] * 255).astype(np.uint8)).save(path)
    return path


@with_make
@pytest.mark.parametrize(("recipe", "picture_size", "steps"), [("paint", (200, 133), 4), ("train", (64, 43), 4)])
def test_make_leaves_pictures_notebook_and_summary(tmp_path, photo, recipe, picture_size, steps):
    command = ["make", recipe, f"CONTENT={photo}", *(f"{name}={value}" for name, value in TINY[recipe].items())]
    done = paint(tmp_path, command)
    assert done.returncode == 0, done.stderr
    assert done.stderr == ""
    assert sorted(path.name for path in tmp_path.glob("*.png")) == PICTURES
    assert Image.open(tmp_path / "generated_image.png").size == picture_size
    cells = nbformat.read(tmp_path / NOTEBOOK[recipe], as_version=4).cells
    assert any(str(photo) in cell.source for cell in cells if "injected-parameters" in cell.metadata.tags)
    assert not [cell for cell in cells if "experiment" in cell.metadata.tags]
    size = "{} x {} pixels".format(*picture_size)
    pattern = rf"(\S.*generated_image.png): {size}, {steps} of {steps} steps, cost J (?:from (\S+) to )?(\S+)"
    summary = re.search(pattern, done.stdout)
    assert summary[1] == str(tmp_path / "generated_image.png")
    with np.load(tmp_path / "checkpoint.npz") as checkpoint:
        history = checkpoint["history"]
        assert checkpoint["total"] == len(history) == steps
    assert summary[3] == f"{history[-1]:.3g}" and summary[2] == (f"{history[0]:.3g}" if recipe == "train" else None)


@with_make
def test_make_reports_a_bad_value_and_a_misspelt_variable(tmp_path):
    for words, message in (
        (["SIZE=big"], "SIZE=big"),
        (["SISE=64"], "unknown SISE; known: BETA, CONTENT, EVALUATIONS, "),
        (["EPOCHS=3"], "unknown EPOCHS; known: BETA, CONTENT, EVALUATIONS, "),
        (["CONTENT=bob's cat, SISE=64 (1).png"], "CONTENT: bob's cat, SISE=64 (1).png: no such file"),
    ):
        done = paint(tmp_path, ["make", "paint", *words])
        assert done.returncode != 0 and f"make paint: {message}" in done.stderr
        assert "Traceback" not in done.stderr and os.listdir(tmp_path) == []


@with_make
def test_make_studio_takes_no_variables(tmp_path):
    done = paint(tmp_path, ["make", "studio", "SIZE=96"])
    assert done.returncode != 0
    assert "make studio: unknown SIZE; known: PYTHON; sizes and strengths are set on the page" in done.stderr
    assert "Traceback" not in done.stderr


@with_make
def test_make_lists_its_targets_and_sets_up_only_once():
    listing = paint(ROOT, ["make"]).stdout
    assert [line.split()[1] for line in listing.splitlines()] == [
        "help", "setup", "paint", "train", "studio", "gallery", "lab", "exercises", "release",
        "grade", "sandbox", "chromium", "test", "bench", "record", "clean",
    ]  # fmt: skip
    assert paint(ROOT, ["make", "--question", "setup"]).returncode == 0


@pytest.mark.parametrize(
    ("recipe", "variables", "message"),
    [
        ("paint", {"CONTENT": "no such photo.png"}, "CONTENT: no such photo.png: no such file"),
        ("paint", {"STYLE": "README.md"}, "STYLE: README.md: not a picture"),
        ("train", {"CONTENT": "images"}, "CONTENT: images: a folder"),
        ("paint", {"SIZE": "big"}, "SIZE=big: give a whole number of at least 1"),
        ("train", {"SIZE": "0"}, "SIZE=0: give a whole number"),
        ("paint", {"SIZE": "16", "CONTENT": "images/content/cat.png"}, "both sides must be at least 32"),
        ("paint", {"EVALUATIONS": "0"}, "EVALUATIONS=0: give a whole number"),
        ("train", {"EPOCHS": "-3"}, "EPOCHS=-3: give a whole number"),
        ("train", {"STEPS": "1.5"}, "STEPS=1.5: give a whole number"),
        ("train", {"STEPS": "²"}, "STEPS=²: give a whole number"),
        ("paint", {"RESUME": "maybe"}, "RESUME=maybe: give 1"),
        ("paint", {"RESUME": "1"}, "RESUME=1: there is no stopped run in "),
        ("paint", {"CONTENT": "~/no such photo.png"}, f"CONTENT: {Path.home()}/no such photo.png: no such file"),
        ("train", {"BETA": "-1"}, "BETA=-1: give a whole number"),
        ("paint", {"COLOUR": "blue"}, "unrecognized arguments: --colour blue"),
        ("paint", {"STEPS": "9"}, "unrecognized arguments: --steps 9"),
    ],
)
def test_a_bad_argument_gives_one_line_and_changes_nothing(tmp_path, recipe, variables, message):
    (tmp_path / "generated_image.png").write_bytes(b"an earlier picture")
    done = paint(tmp_path, recipe=recipe, **variables)
    assert done.returncode == 2
    assert done.stderr.startswith(f"make {recipe}: {message}" if message[0].isupper() else f"make {recipe}: ")
    assert message in done.stderr and done.stderr.count("\n") == 1
    assert os.listdir(tmp_path) == ["generated_image.png"]
    assert (tmp_path / "generated_image.png").read_bytes() == b"an earlier picture"


def test_a_terminal_shows_the_progress_bar_and_ctrl_c_keeps_the_picture(tmp_path):
    command = [sys.executable, ROOT / "paint.py", "train", *arguments({"SIZE": 64, "EPOCHS": 2, "STEPS": 500})]
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
    steps = int(re.search(r"generated_image.png: 64 x 43 pixels, (\d+) of 1000 steps", text)[1])
    assert 10 <= steps < 500
    assert "Stopped early. RESUME=1" in text
    assert (tmp_path / "generated_image.png").exists() and not list(tmp_path.glob("epoch*"))


def test_ctrl_c_before_the_painting_stops_and_leaves_the_earlier_picture(tmp_path):
    (tmp_path / "generated_image.png").write_bytes(b"an earlier picture")
    command = [sys.executable, ROOT / "paint.py", *arguments(TINY["paint"])]
    environment = {**os.environ, "NST_OUTPUT": str(tmp_path)}
    process = subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    while not (tmp_path / "06_faster.ipynb").exists() and process.poll() is None:  # written when the first cell starts
        time.sleep(0.05)
    process.send_signal(signal.SIGINT)
    _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and stderr.startswith("make paint: stopped before the first step"), stderr
    assert stderr.count("\n") == 1
    assert (tmp_path / "generated_image.png").read_bytes() == b"an earlier picture"


def test_ctrl_c_counts_even_where_python_ignores_its_exception(tmp_path):
    program = """
import os, signal, sys, paint
class Deaf:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
class Client(paint.Client):
    def process_message(self, *message):
        if not Client.stopped:
            Deaf()
        return super().process_message(*message)
paint.Client = Client
sys.exit(paint.main())
"""
    done = paint(tmp_path, [sys.executable, "-c", program, "paint", *arguments(TINY["paint"])])
    assert done.returncode == 2 and done.stderr.startswith("make paint: stopped before the first step"), done.stderr
    assert done.stderr.count("\n") == 1 and not list(tmp_path.glob("*.png"))


@pytest.mark.parametrize("recipe", ["paint", "train"])
def test_resume_goes_on_with_the_last_run(tmp_path, recipe):
    settings = TINY[recipe]
    less = {**settings, "EPOCHS": "1"} if recipe == "train" else settings
    assert paint(tmp_path, recipe=recipe, **less).returncode == 0
    other = paint(tmp_path, recipe=recipe, **settings, RESUME="1", STYLE=str(IMAGES / "style" / "bamboo_ink.jpg"))
    assert other.returncode != 0 and "repeat the settings of that run, or start anew" in other.stderr
    done = paint(tmp_path, recipe=recipe, **settings, RESUME="1")
    assert "4 of 4 steps" in done.stdout and "Stopped early" not in done.stdout, done.stderr
    assert sorted(path.name for path in tmp_path.glob("*.png")) == PICTURES


def test_an_error_inside_the_notebook_is_one_line_and_keeps_the_notebook(tmp_path):
    (tmp_path / "checkpoint.npz").write_bytes(b"damaged")
    done = paint(tmp_path, recipe="train", **TINY["train"], RESUME="1")
    assert done.returncode != 0 and "Traceback" not in done.stderr and done.stderr.count("\n") == 1
    assert "checkpoint.npz: damaged" in done.stderr and (tmp_path / "04_paint.ipynb").exists()
