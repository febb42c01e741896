"""nbgrader's exchange as on a JupyterHub: an instructor, a learner and somebody else, as three users of the system."""

import hashlib
import os
import pwd
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import nbformat
import pytest
from classroom import RIGHT, STEMS, function, notebooks
from ordinary import as_ordinary_user

from grading.course import Course, Submission
from grading.exchange import secret_in
from grading.exercises import EXERCISES
from grading.feedback import Pages
from grading.gradebook import nbgrader_errors, record
from grading.judge import CRITERIA, Result, failed
from nst.paths import ROOT

pytestmark = pytest.mark.slow
LEARNER, OTHER = "games", "mail"  # users that every Linux has
HINT = "a hint that is made up"
SOLVED = "compute_content_cost"
WRONG = {"gram_matrix": function("gram_matrix", "return tf.matmul(A, A, transpose_a=True)")}


def ended(command, folder):
    return subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=60)


class Hub:
    """A course folder that is the instructor's alone, the exchange, and homes of a learner and of somebody else."""

    def __init__(self, folder):
        self.course, self.exchange = folder / "course", folder / "exchange"
        self.learner, self.other = folder / LEARNER, folder / OTHER
        self.course.mkdir(mode=0o700)
        shutil.copytree(ROOT / "notebooks", self.course / "notebooks")
        where = f'c.Exchange.root = "{self.exchange}"\n'
        (self.course / "nbgrader_config.py").write_text((ROOT / "nbgrader_config.py").read_text() + where)
        for home in (self.learner, self.other):
            home.mkdir(mode=0o700)
            settings = home / ".jupyter" / "nbgrader_config.py"
            settings.parent.mkdir()
            settings.write_text(f'c = get_config()\nc.CourseDirectory.course_id = "nst_course"\n{where}')
            if os.getuid() == 0:
                user = pwd.getpwnam(home.name)
                for path in (home, settings.parent, settings):
                    os.chown(path, user.pw_uid, user.pw_uid)

    def instructor(self, *words):
        done = ended([sys.executable, "-m", "nbgrader", *words], self.course)
        assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr[-3000:]
        return done.stderr

    def run(self, home, *command):
        """A command as the learner, or as somebody else; as the user who runs the tests where that is not root."""
        uid = pwd.getpwnam(home.name).pw_uid
        return ended(["env", f"HOME={home}", *as_ordinary_user(command, uid, home)], home)

    def learns(self, *words):
        done = self.run(self.learner, sys.executable, "-m", "nbgrader", *words)
        assert done.returncode == 0 and "ERROR" not in done.stderr, done.stderr[-3000:]
        return done.stderr

    def plant(self):
        """Somebody hands in without `nbgrader submit`: one notebook, and the teacher's answers by links."""
        script = """mkdir "$1" && cd "$1" && cp "$2/exercises/03_style_cost.ipynb" . && mkfifo 04_paint.ipynb
        ln -s "$3" all && ln -s "$3/02_content_cost.ipynb" .
        cd .. && ln -s "$3" "nobody+notebooks+2026-11-25 01:02:03.000000 UTC+abc" """
        folder = self.exchange / "nst_course" / "inbound" / f"{OTHER}+notebooks+2026-11-25 01:02:03.000000 UTC+abc"
        done = self.run(self.other, "sh", "-ec", script, "sh", folder, ROOT, self.course / "notebooks")
        assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def hub():
    """The way of one submission as docs/instructors.md has it, but for the evaluation: its results are made up."""
    with tempfile.TemporaryDirectory(prefix="nst-hub-", dir="/tmp") as folder:
        os.chmod(folder, 0o755)
        hub = Hub(Path(folder))
        hub.instructor("generate_assignment", "notebooks")
        hub.instructor("release_assignment", "notebooks")
        hub.learns("fetch_assignment", "notebooks")
        hub.fetched = {path.name: path.read_text() for path in (hub.learner / "notebooks").iterdir()}
        hub.work = {f"{stem}.ipynb": nbformat.writes(nb) for stem, nb in notebooks(RIGHT | WRONG).items()}
        for name, text in hub.work.items():
            (hub.learner / "notebooks" / name).write_text(text)
        hub.learns("submit", "notebooks")
        hub.plant()
        hub.said = hub.instructor("collect", "notebooks")
        hub.name = LEARNER if os.getuid() == 0 else pwd.getpwuid(os.getuid()).pw_name
        course = Course(hub.course)
        with nbgrader_errors(), Pages(course, 1) as pages:
            good = Result(SOLVED, dict.fromkeys(CRITERIA, True))
            for name in (hub.name, OTHER):
                submission = Submission(course, name)
                record(course, submission, {name: failed(name, HINT) for name in EXERCISES} | {SOLVED: good})
                pages.write(submission).result()
        hub.instructor("release_feedback", "notebooks")
        hub.learns("fetch_feedback", "notebooks")
        yield hub


def test_the_learner_gets_the_student_copies_and_no_answers(hub):
    copies = {path.name: path.read_text() for path in (ROOT / "exercises").glob("*.ipynb")}
    assert hub.fetched == copies
    sources = "\n".join(
        cell.source for text in hub.fetched.values() for cell in nbformat.reads(text, as_version=4).cells
    )
    assert "SOLUTION" not in sources
    for name, answer in RIGHT.items():
        body = answer.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0].strip()
        assert len(body) > 20 and body not in sources and f"{name} is not written yet" in sources


def test_what_is_collected_is_what_the_learner_wrote(hub):
    folder = hub.course / "submitted" / hub.name / "notebooks"
    assert {name: (folder / name).read_text() for name in hub.work} == hub.work
    assert folder.stat().st_mode & 0o022 == 0  # in the exchange all may write it


def test_the_learner_gets_the_pages_back_with_points_and_hints(hub):
    (folder,) = (hub.learner / "notebooks" / "feedback").iterdir()
    assert sorted(path.stem for path in folder.iterdir()) == STEMS
    page = (folder / "02_content_cost.html").read_text()
    assert "Score: 5.0 / 5.0" in page and HINT not in page
    page = (folder / "03_style_cost.html").read_text()
    assert "Score: 0.0 / 15.0" in page and HINT in page
    assert "transpose_a" in re.sub("<[^>]*>", "", page)


@pytest.mark.skipif(os.getuid() != 0, reason="only root can be several users")
def test_nobody_else_reads_a_submission_or_feedback(hub):
    """nbgrader's files there can be read by all, but none can be found: their folders cannot be listed."""
    place = hub.exchange / "nst_course"
    for home in (hub.learner, hub.other):
        for folder in ("inbound", "feedback"):
            done = hub.run(home, "ls", place / folder)
            assert done.returncode != 0 and "Permission denied" in done.stderr and not done.stdout
        assert hub.run(home, "ls", place / "outbound" / "notebooks").returncode == 0
        assert hub.run(home, "touch", place / "outbound" / "notebooks" / "new").returncode != 0
        assert hub.run(home, "touch", place / "feedback" / "new").returncode != 0
    secret = secret_in(hub.course / "submitted" / hub.name / "notebooks")
    names = {hashlib.md5(f"{secret}{stem}".encode()).hexdigest() + ".html" for stem in STEMS}
    found = [path.name for path in (place / "feedback").iterdir()]
    assert len(secret) == 128 and names < set(found) and len(found) == 2 * len(STEMS)
    for folder in (hub.learner, hub.course):
        assert hub.run(hub.other, "ls", folder).returncode != 0


def test_links_in_the_exchange_are_not_collected(hub):
    """nbgrader's own `collect` hands in the worked notebooks for somebody who links to them, and stops at a pipe."""
    assert "is a link" in hub.said
    for student, names in {OTHER: ["03_style_cost.ipynb"], "nobody": []}.items():
        found = (hub.course / "submitted" / student / "notebooks").rglob("*")
        assert [path.name for path in found] == names
