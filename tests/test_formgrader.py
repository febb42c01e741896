"""Points and a comment given in nbgrader's formgrader, in JupyterLab in Chromium, and `make grade` afterwards."""

import csv
import re
import shutil
import subprocess
import sys

import nbformat
import pytest
from chromium import CHROMIUM, WAIT, free_port, needs_chromium, screenshot
from classroom import submit
from playwright.sync_api import expect, sync_playwright
from test_browser import end
from test_grade_command import fetch

from grading.course import Course, Submission
from grading.exercises import EXERCISES
from grading.grade import grade_course
from grading.gradebook import nbgrader_errors, record, release
from grading.judge import CRITERIA, Result, failed
from nst.paths import ROOT

pytestmark = [
    pytest.mark.slow,
    needs_chromium,
]
WRONG, COMMENT = "total_cost", "Nearly: look at alpha and beta again."


def evaluates_nothing(submissions, *_):
    assert not any(submissions)


ATTACK = '<img src="nowhere" onerror="attacked = true"><script>attacked = true</script>'


def attack(stem, notebook):
    """Text that runs in the instructor's browser unless it is made safe: as Markdown, raw, and as a tag."""
    tag = {"tags": [f'x">{ATTACK}']}
    notebook.cells.append(nbformat.v4.new_markdown_cell(f"shown {ATTACK}", metadata=tag))
    notebook.cells.append(
        nbformat.v4.new_markdown_cell("[click here](javascript:attacked=true) ![](http://a.org/t.png)")
    )
    notebook.cells.append(nbformat.v4.new_raw_cell(ATTACK, metadata={"raw_mimetype": "text/html"}))
    notebook.cells.append(nbformat.v4.new_code_cell("x = 1", metadata=tag))


@pytest.fixture
def course(tmp_path, monkeypatch):
    """A course with ben's submission graded, but for the evaluation: its results are made up."""
    shutil.copytree(ROOT / "notebooks", tmp_path / "notebooks")
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    submit(tmp_path, "ben", edit=attack)
    made = Course(tmp_path)
    good = {name: Result(name, dict.fromkeys(CRITERIA, True)) for name in EXERCISES}
    release(made)
    with nbgrader_errors():
        record(made, Submission(made, "ben"), good | {WRONG: failed(WRONG, "a hint that is made up")})
    monkeypatch.setattr("grading.grade.evaluate_all", evaluates_nothing)
    grade_course(made)
    return made


@pytest.fixture
def page(course):
    """JupyterLab at the course, as `make lab` starts it."""
    port = free_port()
    words = ["jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}", "--IdentityProvider.token=x"]
    server = subprocess.Popen([sys.executable, "-m", *words], cwd=course.root, stderr=subprocess.DEVNULL)
    try:
        fetch(f"http://127.0.0.1:{port}/api/status?token=x")
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            tab = browser.new_page(viewport={"width": 1280, "height": 900})
            tab.set_default_timeout(WAIT)
            tab.goto(f"http://127.0.0.1:{port}/lab?token=x&reset")
            yield tab
            browser.close()
    finally:
        end(server)


def saved(response):
    return re.search("/formgrader/api/(grade|comment)/", response.url) and response.request.method == "PUT"


def points(course):
    with open(course.root / "points.csv", newline="") as file:
        (row,) = csv.DictReader(file)
    return row


def test_points_and_a_comment_from_formgrader_get_into_the_feedback(course, page):
    feedback = course.root / "feedback" / "ben" / "notebooks" / "04_paint.html"
    before = points(course)
    assert float(before[WRONG]) == 0 and "Score: 5.0 / 10.0" in feedback.read_text()
    page.get_by_role("menuitem", name="Nbgrader", exact=True).click()
    page.get_by_text("Formgrader", exact=True).click()
    grader = page.frame_locator("iframe")
    for link in ("Manual Grading", "notebooks", "04_paint", "Submission #1"):
        grader.get_by_role("link", name=link, exact=True).click()
    score, comment = grader.locator(f"#check_{WRONG}"), grader.locator(f"#{WRONG}-comment")
    expect(score).to_have_attribute("placeholder", "0")
    expect(grader.get_by_text("shown <img")).to_have_count(1)
    grader.get_by_text("click here").first.click()
    expect(grader.locator("a[href^='javascript:'], img[src^='http']")).to_have_count(0)
    assert page.frames[-1].evaluate("typeof attacked") == "undefined"
    for field, value in ((score, "3"), (comment, COMMENT)):
        with page.expect_response(saved) as answer:
            field.fill(value)
            field.blur()
        assert answer.value.ok
    screenshot(page, "formgrader.png")
    (row,) = grade_course(course)
    assert row["status"] == "unchanged, feedback renewed"
    after = points(course)
    assert (float(after[WRONG]), float(after["total"])) == (3, float(before["total"]) + 3)
    assert COMMENT in feedback.read_text() and "Score: 8.0 / 10.0" in feedback.read_text()
