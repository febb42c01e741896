"""`make grade` and nbgrader's own commands, on small classes: errors, a cluster, a worker that dies, formgrader."""

import contextlib
import json
import os
import shutil
import signal
import socket
import sqlite3
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import psutil
import pytest
from classroom import FULL, function, reads_only, submit
from distributed import Client

from grading.course import NOTEBOOKS, Course
from grading.exchange import SECRET
from grading.exercises import EXERCISES
from grading.grade import _grouped, grade_course, main
from grading.release import course_config
from nst.paths import ROOT
from nst.pictures import alone_in

ALL = sum(FULL.values())
CORE = {"leave_out": ["05_experiments", "07_control", "09_filter", "10_any_art"]}  # each takes seconds to grade
FEW = {"leave_out": ["03_style_cost", *CORE["leave_out"]]}
IN_CORE, IN_FEW = (
    {name: FULL[name] * (exercise.notebook not in some["leave_out"]) for name, exercise in EXERCISES.items()}
    for some in (CORE, FEW)
)
pytestmark = pytest.mark.slow
SWAPPED = {"total_cost": function("total_cost", "return beta * J_content + alpha * J_style")}


@pytest.fixture
def root(tmp_path):
    """A course of its own: the notebooks and nbgrader's settings."""
    (tmp_path / "notebooks").mkdir()
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (tmp_path / "notebooks" / path.name).write_bytes(path.read_bytes())
    (tmp_path / "nbgrader_config.py").write_bytes((ROOT / "nbgrader_config.py").read_bytes())
    return tmp_path


def grade(*arguments, **environment):
    command = [sys.executable, "-m", "grading.grade", *map(str, arguments)]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, env=os.environ | environment)


def test_without_submissions_it_says_where_they_belong(tmp_path):
    done = grade("--root", tmp_path)
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "submitted/<student>/notebooks/" in done.stderr


def test_without_bubblewrap_it_stops_with_the_remedy(root):
    submit(root, "ada")
    done = grade("--root", root, PATH="/nowhere")
    assert done.returncode == 1 and "Traceback" not in done.stderr
    assert "bubblewrap is not installed" in done.stderr and "apt-get install bubblewrap" in done.stderr
    assert not (root / "points.csv").exists()


def test_an_unknown_student_is_named(root):
    submit(root, "ada")
    done = grade("--root", root, "adda")
    assert done.returncode == 1 and "no submission of adda" in done.stderr and "Traceback" not in done.stderr


def test_the_command_prints_a_table_and_grades_only_whom_it_is_told(root):
    submit(root, "ada")
    submit(root, "ben", wrong=SWAPPED)
    done = grade("--root", root, "ben")
    assert done.returncode == 0, done.stderr
    assert "grading: 100%" in done.stderr
    assert "Warning" not in done.stderr and "ERROR" not in done.stderr
    header, row = (line for line in done.stdout.splitlines() if line.startswith(("student", "ben")))
    names = ["content", "gram", "layer_style", "style", "total", "train_step"]
    names += ["variants", "total_variation", "keep_colors", "filter_loss", "whiten_and_color"]
    assert header.split()[:12] == ["student", *names] and header.split()[-2:] == ["sum", "status"]
    marks = ["1" if name == "total_cost" else "5" for name in EXERCISES]
    assert row.split() == ["ben", *marks, f"{ALL - 4}", "graded"]
    assert not (root / "feedback" / "ada").exists()
    assert modes(root)["points.csv"] == modes(root)["class.html"] == modes(root)["gradebook.db"] == 0o600
    assert "ada," + "," * (len(EXERCISES) + 2) + ",not graded yet" in (root / "points.csv").read_text()


def test_points_and_comments_of_a_person_get_into_the_feedback(root):
    def said(row):
        return [each for each in row["status"].split("; ") if not each.startswith("no points for ")]

    core = sum(IN_CORE.values())
    submit(root, "ben", wrong=SWAPPED, **CORE)
    course = Course(root)
    assert [row["total"] for row in grade_course(course)] == [core - 4]
    with course.gradebook() as gradebook:
        gradebook.find_grade("check_total_cost", "04_paint", "notebooks", "ben").manual_score = 3
        gradebook.find_comment("total_cost", "04_paint", "notebooks", "ben").manual_comment = "Nearly!"
        gradebook.db.commit()
    (row,) = grade_course(course)
    assert row["total"] == core - 2 and said(row) == ["unchanged, feedback renewed"]
    assert "Nearly!" in (root / "feedback" / "ben" / "notebooks" / "04_paint.html").read_text()
    assert [said(row) for row in grade_course(course)] == [["unchanged"]]
    shutil.rmtree(root / "submitted" / "ben")
    submit(root, "ben", wrong=SWAPPED | {"gram_matrix": None}, **CORE)
    stay = "points given by hand for an earlier hand-in stay: total_cost 3"
    assert [said(row) for row in grade_course(course)] == [["graded", stay]]
    assert [said(row) for row in grade_course(course)] == [["unchanged", stay]]


def refusal(root, capsys):
    """What `make grade` says when it stops."""
    with pytest.raises(SystemExit) as stopped:
        main(["--root", str(root)])
    output = "".join(capsys.readouterr())
    assert "\n" not in stopped.value.code and "Traceback" not in output
    return stopped.value.code


def test_a_second_make_grade_stops_in_one_line(root, capsys):
    submit(root, "ada")
    with alone_in(root / ".grading"):
        assert refusal(root, capsys) == f"another `make grade` is at work in {root}; wait until it has ended"


PRIVATE = [".grading", "submitted", "autograded", "feedback"]


def modes(root):
    return {path.name: path.stat().st_mode & 0o777 for path in root.iterdir()}


@pytest.mark.parametrize("shared", [False, True])
def test_what_is_the_instructor_s_is_closed_to_others(root, monkeypatch, shared):
    """Another user of the machine could lock .grading and gradebook.db, and read the points."""
    monkeypatch.setattr("grading.private.user_name", lambda uid: "eve")
    root.chmod(0o755)
    course = Course(root)
    if shared:
        config = course_config
        monkeypatch.setattr(
            "grading.course.course_config", lambda **more: config(groupshared=True, db_url=course.db_url, **more)
        )
    assert modes(root)[".grading"] == 0o700
    assert course.close() == []  # and makes the folders
    with course.held():
        pass
    expected = dict.fromkeys(PRIVATE, 0o700) | {"gradebook.db": 0o600}
    assert {name: mode for name, mode in modes(root).items() if name in expected} == expected
    files = ["gradebook.db", "points.csv", "class.csv", "grades.csv"]
    for name in ("exercises", "release", *files):
        path = root / name
        path.touch() if name in files else path.mkdir()
    for path in root.iterdir():
        path.chmod(0o664 if path.is_file() else 0o775)
    (said,) = course.close()
    assert said == f"closed to other users of this machine: {', '.join([*PRIVATE, *files])}"
    closed = {name: 0o770 if shared else 0o700 for name in PRIVATE} | {
        name: 0o660 if shared else 0o600 for name in files
    }
    kept = {name: 0o664 if (root / name).is_file() else 0o775 for name in modes(root) if name not in closed}
    assert modes(root) == kept | closed and {"release", "exercises", "notebooks"} < kept.keys()
    assert course.close() == []
    root.chmod(0o777)
    (root / "feedback").chmod(0o775)

    def refuse(*arguments, **more):
        raise PermissionError

    monkeypatch.setattr(Path, "chmod", refuse)
    whose, top = course.close()
    assert whose.startswith(f"{root}/feedback is open to other users, and eve's: let eve call chmod ")
    assert top == f"{root}: other users may put folders in the place of those there; call chmod go-w {root}"


def test_a_gradebook_elsewhere_is_closed_as_well_and_a_server_s_is_no_file(root, monkeypatch):
    book = root / "elsewhere.sqlite"
    book.touch(0o644)
    for url, said in {
        f"sqlite:///{book}": [f"closed to other users of this machine: {book.name}"],
        "postgresql://me:secret@nowhere/book": [],
        "no address": [],
    }.items():
        monkeypatch.setenv("NST_GRADEBOOK_URL", url)
        assert Course(root).close() == said
    assert modes(root)[book.name] == 0o600


def test_a_course_folder_that_is_somebody_else_s_is_named(root, capsys, monkeypatch):
    def refuse(path, *arguments, **more):
        raise PermissionError(13, "Permission denied", f"{path}")

    submit(root, "ada")
    monkeypatch.setattr("grading.private.Path.mkdir", refuse)
    assert refusal(root, capsys) == f"{root}/.grading: Permission denied"


def test_a_gradebook_that_another_program_has_locked_or_that_is_none_is_named(root, capsys):
    submit(root, "ada")
    with Course(root).gradebook():
        pass
    connection = sqlite3.connect(root / "gradebook.db", isolation_level=None)
    connection.execute("BEGIN IMMEDIATE")
    assert refusal(root, capsys).startswith("the gradebook is locked by another program")
    connection.close()
    (root / "gradebook.db").write_bytes(b"no database" * 1000)
    assert (
        refusal(root, capsys) == f"the gradebook sqlite:///{root}/gradebook.db cannot be used: file is not a database"
    )


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ('c.LatePenalty.due = "2026', "unterminated string literal (detected at line"),
        ("c.LatePenalty.due = duedate", "name 'duedate' is not defined (NameError)"),
        (
            "c.LatePenalty.update(dew='')",
            "LatePenalty has no setting 'dew'; it has due, grace_minutes, ",
        ),
        ("c.EvaluateExercises.secs = 4", "EvaluateExercises has no setting 'secs'; it has memory_bytes, "),
        ("c.EvaluateExercises.seconds = -1", "c.EvaluateExercises in nbgrader_config.py: The value of the 'seconds' "),
        ("c.EvaluateExercises.seconds = 'x'", "c.EvaluateExercises in nbgrader_config.py: The 'seconds' trait"),
    ],
)
def test_a_mistake_in_the_settings_is_named_and_nothing_is_graded(root, capsys, monkeypatch, lines, said):
    submit(root, "ada")
    with (root / "nbgrader_config.py").open("a") as file:
        file.write(f"{lines}\n")
    monkeypatch.setattr("grading.release.ROOT", root)
    message = refusal(root, capsys)
    assert said in message and "nbgrader_config.py" in message
    if "Error)" in message:
        assert f"line {len((root / 'nbgrader_config.py').read_text().splitlines())}:" in message


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("nonsense", "NST_GRADEBOOK_URL is no address of a database; write it as postgresql://"),
        ("mysql://me:secret@here/nst", "the gradebook mysql://me:***@here/nst needs a driver that is not installed"),
    ],
)
def test_an_address_that_is_no_gradebook_is_named_without_its_password(root, capsys, monkeypatch, address, said):
    submit(root, "ada")
    monkeypatch.setenv("NST_GRADEBOOK_URL", address)
    assert refusal(root, capsys).startswith(said)


def test_a_number_of_workers_that_is_none_is_refused(root, capsys):
    submit(root, "ada")
    for workers in ("0", "-1", "two", "2 --again"):
        with pytest.raises(SystemExit):
            main(["--root", str(root), f"--workers={workers}"])
        assert f"{workers}: give a whole number of at least 1" in capsys.readouterr().err


def test_a_folder_where_points_csv_should_be_is_named(root, capsys, monkeypatch):
    monkeypatch.setattr("grading.grade.release", lambda course: None)
    monkeypatch.setattr("grading.grade.evaluate_all", reads_only)
    submit(root, "ada")
    (root / "points.csv").mkdir()
    assert "points.csv: Is a directory" in refusal(root, capsys)


def test_a_refused_student_changes_the_exit_status(root, monkeypatch):
    monkeypatch.setattr("grading.grade.release", lambda course: None)
    monkeypatch.setattr("grading.grade.evaluate_all", reads_only)
    submit(root, "ada")
    for refused in (False, True):
        with pytest.raises(SystemExit) as ended:
            main(["--root", str(root)])
        assert ended.value.code == refused
        (root / "submitted" / "an empty one").mkdir(exist_ok=True)


def test_stopped_or_killed_it_keeps_what_is_recorded(root):
    for number in range(3):
        submit(root, f"student{number}", wrong=SWAPPED if number % 2 else None, **FEW)
    seen = set()
    for kind in (signal.SIGINT, signal.SIGKILL):
        command = [sys.executable, "-m", "grading.grade", "--root", root]
        with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as one:
            while len(recorded := {path.stem for path in (root / ".grading" / "graded").glob("*.json")}) <= len(seen):
                assert one.poll() is None
                time.sleep(0.05)
            one.send_signal(kind)
            said = one.communicate(timeout=20)[0]
        assert "Traceback" not in said and one.returncode != 0
        assert ("Stopped. What was graded is recorded" in said) == (kind == signal.SIGINT)
        seen = recorded
    done = grade("--root", root)
    assert done.returncode == 0, done.stdout + done.stderr
    for line in done.stdout.splitlines():
        if line.startswith("student") and "content" not in line:
            name, *marks, total, status = line.split()[: len(EXERCISES) + 3]
            assert total == f"{sum(IN_FEW.values()) - 4 * (int(name[-1]) % 2)}"
            assert status.startswith("unchanged" if name in seen else ("graded", "unchanged"))
    assert len(list((root / "feedback").glob("*/notebooks/*.html"))) == 3 * len(NOTEBOOKS)


def test_ctrl_c_ends_it_although_a_thread_is_stuck(root):
    submit(root, "ada")
    program = """if True:
        import threading, time
        from concurrent.futures import ThreadPoolExecutor
        from grading import grade

        def stuck(*rest):
            ThreadPoolExecutor(1).submit(time.sleep, 100)
            raise KeyboardInterrupt

        grade.grade_course = stuck
        grade.main()"""
    command = [sys.executable, "-c", program, "--root", root]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30)
    assert done.returncode == 1 and done.stderr.startswith("\nStopped. What was graded is recorded")


def test_notebooks_in_a_folder_of_their_own_or_renamed_by_a_browser_are_found(root):
    folder = submit(root, "ada", **CORE)
    (folder / "exercises").mkdir()
    for path in folder.glob("*.ipynb"):
        path.rename(folder / "exercises" / path.name)
    (folder / "exercises" / "04_paint.ipynb").rename(folder / "04_paint (1).ipynb")
    (row,) = grade_course(Course(root))
    assert row["total"] == sum(IN_CORE.values())
    assert "03_style_cost.ipynb: found as exercises/03_style_cost.ipynb" in row["status"]
    assert "04_paint.ipynb: found as 04_paint (1).ipynb" in row["status"]


DASK = """
distributed:
  comm:
    require-encryption: true
    tls:
      ca-file: {0}/cert.pem
      scheduler: {{cert: {0}/cert.pem, key: {0}/key.pem}}
      worker: {{cert: {0}/cert.pem, key: {0}/key.pem}}
      client: {{cert: {0}/cert.pem, key: {0}/key.pem}}
"""  # as in docs/instructors.md


@pytest.fixture
def cluster(tmp_path):
    """(environment, process of the workers) of a cluster that speaks with nobody who has no key."""
    keys = tmp_path / "keys"
    keys.mkdir()
    names = ["-keyout", keys / "key.pem", "-out", keys / "cert.pem"]
    make = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj", "/CN=nst", *names]
    subprocess.run(make, check=True, capture_output=True)
    (keys / "dask.yaml").write_text(DASK.format(keys))
    with socket.create_server(("127.0.0.1", 0)) as free:
        address = f"tls://127.0.0.1:{free.getsockname()[1]}"
    environment = os.environ | {"DASK_CONFIG": str(keys / "dask.yaml"), "DASK_SCHEDULER_ADDRESS": address}
    dask, port = [sys.executable, "-m", "dask"], address.rpartition(":")[2]
    quiet = dict(env=environment, stderr=subprocess.DEVNULL, cwd=tmp_path)
    with (
        subprocess.Popen([*dask, "scheduler", "--host", "127.0.0.1", "--port", port, "--no-dashboard"], **quiet) as one,
        subprocess.Popen(
            [*dask, "worker", address, "--nthreads", "1", "--nworkers", "2", "--no-dashboard"], **quiet
        ) as two,
    ):
        yield environment, two
        two.terminate()
        one.terminate()


def test_a_cluster_with_keys_is_used_and_a_worker_that_dies_loses_nothing(root, cluster):
    environment, its_workers = cluster
    for number in range(2):
        submit(root, f"student{number}", wrong=SWAPPED if number % 2 else None, **FEW)
    command = [sys.executable, "-m", "grading.grade", "--root", root]
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True) as grading:
        while not (begun := sandboxes_of(its_workers)):
            assert grading.poll() is None
            time.sleep(0.1)
        psutil.Process(begun[0]).parent().kill()
        said = grading.communicate(timeout=120)[0]
    assert grading.returncode == 0
    lines = {
        line.split()[0]: line.split()
        for line in said.splitlines()
        if line.startswith("student") and "content" not in line
    }
    for number in range(2):
        marks = [str(1 if name == "total_cost" and number % 2 else points) for name, points in IN_FEW.items()]
        _, *given, _, status = lines[f"student{number}"][: len(marks) + 3]
        assert given == marks and status.startswith("graded"), lines
    with pytest.raises((OSError, TypeError)), Client(environment["DASK_SCHEDULER_ADDRESS"], timeout=3):
        raise AssertionError("somebody without a key was let in")


def test_what_is_said_of_several_exercises_is_said_once():
    notes = [
        "gram_matrix: it was missing",
        "02.ipynb: cut: off",
        "check_gram_matrix: changed",
        "total_cost: it was missing",
    ]
    notes += ["03.ipynb: cut: off"]
    assert _grouped(notes) == [
        "gram_matrix, total_cost: it was missing",
        "02.ipynb: cut: off",
        "check_gram_matrix: changed",
        "03.ipynb: cut: off",
    ]


def sandboxes_of(process):
    """Process ids of the sandboxes that a cluster's workers have started."""
    found = []
    for each in psutil.Process(process.pid).children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # it has just ended
            if each.name() == "bwrap" and each.parent().name() != "bwrap":
                found.append(each.pid)
    return found


def test_nbgraders_own_commands_and_formgrader_work(root):
    folder = submit(root, "ada", **CORE)
    submit(root, "ben", wrong=SWAPPED, **FEW)
    (root / "secret.txt").write_text("THE TEACHER'S")
    (folder / "secret.txt").symlink_to(root / "secret.txt")  # nbgrader copies what lies there, and follows links
    (folder / "folder").symlink_to(root)
    for name in ("zeros", "timestamp.txt"):
        (folder / name).symlink_to("/dev/zero")  # would be read until the disk, or the memory, is full
    os.mkfifo(folder / "pipe")
    folder.joinpath("03_style_cost.ipynb").rename(folder / "Copy of 03_style_cost.ipynb")
    (root / "submitted" / "cleo").symlink_to(root)
    database = root / "elsewhere.db"
    environment = os.environ | {"NST_GRADEBOOK_URL": f"sqlite:///{database}"}
    nbgrader = [sys.executable, "-m", "nbgrader"]

    def run(*command):
        done = subprocess.run(command, cwd=root, capture_output=True, text=True, env=environment, timeout=90)
        assert done.returncode == 0, done.stderr[-3000:]

    run(*nbgrader, "generate_assignment", "notebooks")
    released = (root / "release" / "notebooks" / "02_content_cost.ipynb").read_text()
    assert released == (ROOT / "exercises" / "02_content_cost.ipynb").read_text()
    run(*nbgrader, "autograde", "notebooks")
    run(*nbgrader, "generate_feedback", "notebooks")
    for step in ("autograded", "feedback"):
        found = {path.name for path in (root / step / "ada").rglob("*") if path.is_file()}
        assert {name.partition(".")[0] for name in found - {"timestamp.txt", SECRET}} == {*NOTEBOOKS}
    page = (root / "feedback" / "ben" / "notebooks" / "04_paint.html").read_text()
    points = sum(FULL[name] for name, exercise in EXERCISES.items() if exercise.notebook == "04_paint")
    assert "alpha and beta are swapped" in page and f"Score: {points - 4}.0 / {points}.0" in page
    core, few = sum(IN_CORE.values()), sum(IN_FEW.values()) - 4
    run(*nbgrader, "export", "--to", "exported.csv")
    lines = (root / "exported.csv").read_text().splitlines()
    assert [line.split(",")[3] + line.split(",")[-2] for line in lines[1:]] == [f"ada{core}.0", f"ben{few}.0"]
    assert database.is_file() and not (root / "gradebook.db").exists()

    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "jupyter", "lab", "--no-browser", "--allow-root", f"--port={port}"]
    with subprocess.Popen(
        [*command, "--IdentityProvider.token=x"], cwd=root, env=environment, stderr=subprocess.DEVNULL
    ) as server:
        try:
            submissions = json.loads(fetch(f"http://127.0.0.1:{port}/formgrader/api/submissions/notebooks?token=x"))
            assert {s["student"]: s["score"] for s in submissions} == {"ada": core, "ben": few, "cleo": 0}
            assignments = json.loads(fetch(f"http://127.0.0.1:{port}/formgrader/api/assignments?token=x"))
            assert [assignment["name"] for assignment in assignments] == ["notebooks"]
        finally:
            server.terminate()


def fetch(address):
    for _ in range(60):
        try:
            with urllib.request.urlopen(address, timeout=10) as answer:
                return answer.read()
        except OSError:
            time.sleep(0.5)
    raise TimeoutError(address)
