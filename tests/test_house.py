"""The repository itself: lint, the painted styles, the results."""

import shutil
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from nst.paths import IMAGES, ROOT
from nst_utils import WEIGHTS_SHA256


def run(*command):
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)


def test_the_code_is_clean_and_formatted():
    for command in (("check", "."), ("format", "--check", ".")):
        done = run("-m", "ruff", *command)
        assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("name", ["bold_strokes", "bamboo_ink", "stained_glass"])
def test_the_committed_style_is_what_the_script_paints(name, tmp_path):
    (tmp_path / "style").mkdir()
    shutil.copy(IMAGES / "make_styles.py", tmp_path)
    subprocess.run([sys.executable, tmp_path / "make_styles.py", name], check=True, capture_output=True)
    ours, again = (np.asarray(Image.open(p / "style" / f"{name}.jpg"), float) for p in (IMAGES, tmp_path))
    assert ours.shape == again.shape and np.abs(ours - again).mean() < 1


def test_an_unknown_style_name_lists_the_valid_ones():
    done = run("images/make_styles.py", "cubism")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for name in ("cubism", "bold_strokes", "bamboo_ink", "stained_glass"):
        assert name in done.stderr


def test_every_picture_has_its_credit():
    credits = (IMAGES / "CREDITS.md").read_text()
    for folder in ("content", "style", "mask"):
        for path in (IMAGES / folder).iterdir():
            assert f"| {path.name} |" in credits or f"`{path.name}`" in credits
    assert WEIGHTS_SHA256 in (ROOT / "weights" / "README.md").read_text()


def test_the_results_are_large_and_shown_with_their_commands():
    readme = (ROOT / "README.md").read_text()
    results = sorted((IMAGES / "results").glob("*.jpg"))
    assert len(results) >= 3
    for path in results:
        assert max(Image.open(path).size) >= 768
        assert f"images/results/{path.name}" in readme
    assert readme.count("make paint CONTENT=") >= 3
