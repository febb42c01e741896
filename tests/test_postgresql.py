"""The gradebook in a PostgreSQL server that the tests start themselves, and gradebooks made before it was possible."""

import os
import pwd
import shutil
import sqlite3
import subprocess
import tempfile
from pathlib import Path

import psycopg
import pytest
from classroom import submit

from grading.course import Busy, Course, Submission
from grading.exercises import EXERCISES
from grading.gradebook import nbgrader_errors, record, release
from grading.judge import CRITERIA, Result, failed
from nst.paths import ROOT

pytestmark = pytest.mark.slow
BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), key=lambda path: int(path.parent.name), default=None)
PASSWORD = "a-secret-word"
FIRST, SECOND = list(EXERCISES)[:2]


@pytest.fixture(scope="module")
def server():
    """A server's folder, with its unix socket, and a function that runs a program of PostgreSQL's as its user."""
    if not BIN:
        pytest.skip("no PostgreSQL found: apt-get install postgresql")
    drop = []
    with tempfile.TemporaryDirectory(prefix="nst-pg-", dir="/tmp") as folder:  # a socket's path must be short
        if os.getuid() == 0:  # whom initdb refuses
            user = pwd.getpwnam("postgres")
            os.chown(folder, user.pw_uid, user.pw_gid)
            drop = ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups", "--"]

        def call(program, *arguments):
            subprocess.run(
                [*drop, BIN / program, "-D", f"{folder}/data", *arguments],
                **dict(check=True, cwd=folder, stdout=subprocess.DEVNULL, timeout=60),
            )

        secret = Path(folder, "secret")
        secret.write_text(PASSWORD)
        secret.chmod(0o644)
        call("initdb", "-U", "teacher", "-A", "scram-sha-256", f"--pwfile={secret}", "--no-sync")
        call("pg_ctl", "-w", "-l", f"{folder}/log", "-o", f"-c listen_addresses= -k {folder} -F", "start")
        try:
            yield folder, call
        finally:
            if Path(folder, "data", "postmaster.pid").exists():
                call("pg_ctl", "-w", "-m", "immediate", "stop")


def points(path_or_server, statement):
    return sorted(path_or_server.execute(statement).fetchall())


SCORES = """SELECT student.id, base_cell.name, grade.auto_score, grade.manual_score FROM grade
JOIN submitted_notebook ON grade.notebook_id = submitted_notebook.id
JOIN submitted_assignment ON submitted_notebook.assignment_id = submitted_assignment.id
JOIN student ON submitted_assignment.student_id = student.id
JOIN base_cell ON grade.cell_id = base_cell.id"""


def results(*solved):
    return {n: Result(n, dict.fromkeys(CRITERIA, True)) if n in solved else failed(n, "a hint") for n in EXERCISES}


def make_course(root, *students):
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for student in students:
        submit(root, student)
    return Course(root)


def test_points_are_kept_in_a_server_and_its_end_is_one_line(server, tmp_path, monkeypatch):
    folder, call = server
    monkeypatch.setenv("NST_GRADEBOOK_URL", f"postgresql://teacher:{PASSWORD}@/postgres?host={folder}")
    course = make_course(tmp_path, "ada", "bob")
    with course.held(), nbgrader_errors():
        release(course)
        record(course, Submission(course, "ada"), results(*EXERCISES))
        record(course, Submission(course, "bob"), results(SECOND))
    assert not (tmp_path / "gradebook.db").exists()

    with psycopg.connect(host=folder, user="teacher", password=PASSWORD, dbname="postgres") as database:
        rows = points(database, SCORES)
        totals = {who: sum(row[2] for row in rows if row[0] == who) for who in ("ada", "bob")}
        assert totals == {"ada": 5 * len(EXERCISES), "bob": 5}
        database.execute(
            "UPDATE grade SET manual_score = 7 WHERE auto_score = 5 AND notebook_id IN (SELECT n.id FROM"
            " submitted_notebook n JOIN submitted_assignment a ON n.assignment_id = a.id WHERE a.student_id = 'bob')"
        )

    with course.held(), nbgrader_errors():
        record(course, Submission(course, "bob"), results(FIRST, SECOND))
    with psycopg.connect(host=folder, user="teacher", password=PASSWORD, dbname="postgres") as database:
        bob = [row for row in points(database, SCORES) if row[0] == "bob"]
    assert sum(row[2] for row in bob) == 10
    assert [row[3] for row in bob if row[3] is not None] == [7]

    call("pg_ctl", "-w", "-m", "fast", "stop")
    with pytest.raises(Busy, match="the gradebook .* cannot be used") as refused, course.held():
        pass
    assert PASSWORD not in str(refused.value) and "\n" not in str(refused.value)


def test_a_gradebook_made_without_a_course_is_carried_over(tmp_path, monkeypatch):
    course = make_course(tmp_path, "ada")
    path = tmp_path / "gradebook.db"
    with monkeypatch.context() as patch, nbgrader_errors():
        for module in ("course", "release"):
            patch.setattr(f"grading.{module}.COURSE", "")
        release(course)
        record(course, Submission(course, "ada"), results())
    with sqlite3.connect(path) as database:
        before = points(database, "SELECT id, name FROM assignment")
        assert points(database, "SELECT course_id FROM assignment") == [("",)]
    with course.held(), nbgrader_errors():
        release(course)
        record(course, Submission(course, "ada"), results(FIRST))
    with sqlite3.connect(path) as database:
        assert points(database, "SELECT id, name FROM assignment") == before
        assert points(database, "SELECT assignment.course_id FROM assignment JOIN course ON course.id = course_id") == [
            ("nst_course",)
        ]
        assert sum(row[2] for row in points(database, SCORES)) == 5
