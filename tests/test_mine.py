"""`make check-mine`: before handing in, the words and points that grading will have."""

import subprocess
import sys

import nbformat
import pytest
from classroom import RIGHT, function, notebooks

from grading import release
from nst.paths import ROOT

WRONG = {
    "total_cost": function("total_cost", "return beta * J_content + alpha * J_style"),
    "gram_matrix": None,
}


@pytest.fixture(scope="module")
def mine(tmp_path_factory):
    """A learner's folder, with two mistakes in it, and one notebook under another name."""
    folder = tmp_path_factory.mktemp("exercises")
    answers = {name: source for name, source in (RIGHT | WRONG).items() if source is not None}
    for stem, notebook in notebooks(answers).items():
        nbformat.write(notebook, folder / f"{stem.replace('04_paint', '04_paint (1)')}.ipynb")
    return folder


def said(folder, **environment):
    done = subprocess.run(
        [sys.executable, "-m", "grading.mine", folder],
        cwd=ROOT,
        capture_output=True,
        text=True,
        env=environment or None,
    )
    assert done.returncode == 1 and done.stderr == "", done.stderr
    return done.stdout


@pytest.mark.slow
def test_it_says_what_grading_says_with_and_without_a_sandbox(mine):
    text = said(mine)
    assert "gram_matrix: 0 of 5" in text and "total_cost: 1 of 5" in text and "compute_style_cost: 5 of 5" in text
    assert "the exercise is not written yet" in text and "alpha and beta are swapped" in text
    assert "found as 04_paint (1).ipynb" in text and "46 of 55 points" in text
    without = said(mine, PATH="/nowhere")
    assert "no bubblewrap here" in without
    assert without.split("\n\n")[0] == text.split("\n\n")[0]


def test_a_folder_that_is_not_there_is_named():
    done = subprocess.run([sys.executable, "-m", "grading.mine", "/nowhere"], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2 and "there is no folder /nowhere" in done.stderr


def test_the_learners_zip_knows_the_notebooks_as_they_were(tmp_path):
    """Else what a learner has changed would be taken for what was handed out."""
    release.release(tmp_path / "course.zip")
    subprocess.run([sys.executable, "-m", "zipfile", "-e", tmp_path / "course.zip", tmp_path], check=True)
    course = tmp_path / "nst_course"
    (course / "exercises" / "03_style_cost.ipynb").write_text("mine")
    program = "from grading.nbgrader_plugin import RELEASED; print((RELEASED / '03_style_cost.ipynb').read_text())"
    done = subprocess.run([sys.executable, "-c", program], cwd=course, capture_output=True, text=True)
    assert done.stdout.strip() == (ROOT / "exercises" / "03_style_cost.ipynb").read_text().strip(), done.stderr
