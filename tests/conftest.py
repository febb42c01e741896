import os
import signal
import tempfile

os.environ["NST_OUTPUT"] = tempfile.mkdtemp(prefix="nst-output-")  # never the painter's own output/
if os.environ.get("PYTEST_XDIST_WORKER"):  # as many processes as cores: threads would only stand in each other's way
    os.environ.setdefault("TF_NUM_INTRAOP_THREADS", "1")

import numpy as np
import pytest
from chromium import browser, tab  # noqa: F401 (fixtures)
from PIL import Image
from quick import shorten

import nst_utils

# Files that take minutes come first: one at the end would leave the other process without work.
LONG = ["test_grade_command.py", "test_browser.py", "test_grading.py", "test_walls.py", "test_paint.py"]
LONG += ["test_studio_page.py", "test_live.py", "07_control.ipynb", "06_faster.ipynb", "05_experiments.ipynb"]
LONG += ["09_filter.ipynb", "10_any_art.ipynb"]
LONG += ["test_same_picture.py"]


def pytest_collection_modifyitems(items):
    shorten(items)
    items.sort(key=lambda item: LONG.index(item.path.name) if item.path.name in LONG else len(LONG))
    for item in items:
        if hasattr(item, "output_timeout"):
            item.output_timeout = 60  # nbval's own 5 s is short for a busy machine


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item):
    """A notebook's cell writes nothing on stderr, also where nbval does not compare what it prints."""
    result = yield
    for output in getattr(item, "test_outputs", None) or ():
        assert output.get("name") != "stderr", output["text"]
    return result


@pytest.fixture(scope="session")
def vgg():
    return nst_utils.load_vgg19()


@pytest.fixture
def picture_file(tmp_path):
    """A function that saves uint8 pixels, or a Pillow image, and returns the path."""

    def save(pixels, name="picture.png", **options):
        image = pixels if isinstance(pixels, Image.Image) else Image.fromarray(np.asarray(pixels, np.uint8))
        image.save(tmp_path / name, **options)
        return tmp_path / name

    return save


@pytest.fixture
def rng():
    """Random numbers that depend on nothing but the test."""
    return np.random.default_rng(0)


@pytest.fixture(autouse=True)
def ctrl_c_is_heard():
    """A shell that starts the tests in the background has SIGINT ignored: put Python's own handler back."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
