"""Due dates, grace, penalties and extensions, in nbgrader's gradebook; the table of points; no cell is a formula."""

import csv
import shutil
import unicodedata
import warnings
from types import SimpleNamespace

import pytest
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from grading.exercises import EXERCISES
from grading.late import DueDateError, LatePenalty, rule, set_due_dates, stamp, when
from grading.release import course_config
from grading.roster import Roster, Student
from grading.table import cell, show, table, write_csv

DUE = "2026-12-01 23:59 Europe/Zurich"  # 22:59 UTC


@pytest.fixture(scope="module")
def empty(tmp_path_factory):
    """A gradebook without anybody; nbgrader takes seconds to make one."""
    course_config()  # finds nbgrader's alembic
    path = tmp_path_factory.mktemp("gradebook") / "gradebook.db"
    with Gradebook(f"sqlite:///{path}", "") as gradebook:
        gradebook.update_or_create_assignment("notebooks")
        for name, exercise in EXERCISES.items():
            stem = exercise.notebook
            gradebook.update_or_create_notebook(stem, "notebooks")
            gradebook.update_or_create_grade_cell(f"check_{name}", stem, "notebooks", max_score=5, cell_type="code")
    return path


@pytest.fixture
def course(tmp_path, empty):
    shutil.copy(empty, tmp_path)
    return SimpleNamespace(
        root=tmp_path,
        submitted=tmp_path / "submitted",
        config=Config(LatePenalty=dict(due=DUE, grace_minutes=30, percent_per_day=10)),
        gradebook=lambda: Gradebook(f"sqlite:///{tmp_path}/gradebook.db", ""),
    )


def hand_in(course, student, timestamp, points=5):
    """A graded submission in the gradebook, as nbgrader leaves it."""
    with warnings.catch_warnings(), course.gradebook() as gradebook:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader 0.9.6 with SQLAlchemy 2.1
        gradebook.update_or_create_student(student)
        gradebook.update_or_create_submission("notebooks", student, timestamp=timestamp)
        for name, exercise in EXERCISES.items():
            gradebook.find_grade(f"check_{name}", exercise.notebook, "notebooks", student).auto_score = points
        gradebook.db.commit()


def row(course, student):
    (found,) = table(course, {student: "graded"})
    return found["points"], found["penalty"], found["total"]


def test_a_late_submission_loses_a_share_of_its_points_for_each_day_begun(course):
    times = {
        None: 0,
        "2026-12-01 22:59:00 UTC": 0,
        "2026-12-01 23:29:00 UTC": 0,  # the grace
        "2026-12-01 23:29:01 UTC": 10,
        "2026-12-02 22:59:00 UTC": 10,
        "2026-12-02 22:59:01 UTC": 20,
        "2026-12-31 00:00:00 UTC": 100,
    }
    for number, time in enumerate(times):
        hand_in(course, f"s{number}", time)
    set_due_dates(course, Roster(), [f"s{number}" for number in range(len(times))])
    full = 5 * len(EXERCISES)
    for number, percent in enumerate(times.values()):
        wanted = full, full * percent / 100, full * (1 - percent / 100)
        assert row(course, f"s{number}") == pytest.approx(wanted), number


def test_an_extension_in_the_class_list_counts_for_that_student_only_and_can_be_taken_back(course):
    for student in ("ada", "ben"):
        hand_in(course, student, "2026-12-03 12:00 UTC")
    later = Roster(
        {"ada": Student("ada", due="2026-12-03 13:00")}, own_dates=True
    )  # in the zone of the due date: 12:00 UTC
    set_due_dates(course, later, ["ada", "ben"])
    assert row(course, "ada")[1] == 0 and row(course, "ben")[1] == pytest.approx(0.2 * 5 * len(EXERCISES))
    earlier = Roster({"ada": Student("ada", due="2026-12-03 12:20")}, own_dates=True)
    set_due_dates(course, earlier, ["ada", "ben"])
    assert row(course, "ada")[1] == pytest.approx(0.1 * 5 * len(EXERCISES))
    set_due_dates(course, Roster({"ada": Student("ada")}, own_dates=True), ["ada", "ben"])
    assert row(course, "ada") == row(course, "ben")
    sooner = Roster({"ada": Student("ada", due="2026-11-29 23:59")}, own_dates=True)
    set_due_dates(course, sooner, ["ada", "ben"])
    assert row(course, "ada")[1] == pytest.approx(0.4 * 5 * len(EXERCISES))


def test_points_by_hand_change_the_penalty_and_who_is_not_graded_yet_is_left_out(course):
    hand_in(course, "ada", "2026-12-02 12:00 UTC", points=0)
    with course.gradebook() as gradebook:
        gradebook.find_grade("check_total_cost", "04_paint", "notebooks", "ada").manual_score = 4
        gradebook.db.commit()
    set_due_dates(course, Roster({"ben": Student("ben", due="2026-12-09 23:59")}, own_dates=True), ["ada", "ben"])
    assert row(course, "ada") == pytest.approx((4, 0.4, 3.6)) and row(course, "ben") == ("", "", "")


def test_times_need_a_zone_and_a_clear_order_of_day_and_month():
    assert f"{when(DUE, 'due'):%Y-%m-%d %H:%M}" == "2026-12-01 22:59"
    assert f"{when('2026-07-01 23:59 Europe/Zurich', 'due'):%H:%M}" == "21:59"  # summer time
    assert f"{when('Tuesday, 1 December 2026, 11:59 PM', 'x', like=DUE):%Y-%m-%d %H:%M}" == "2026-12-01 22:59"
    for text in ("2026-12-01 23:59", "1.12.2026 23:59 UTC", "2026-12-01 UTC", "2026-12-01 23:59 Europe/Zurch", "soon"):
        with pytest.raises(DueDateError, match="due: '.*' is no time with a time zone; write it as"):
            when(text, "due")


@pytest.mark.parametrize(
    "setting", [dict(percent_per_day=101), dict(grace_minutes=-1), dict(due="tomorrow"), dict(due=3)]
)
def test_a_rule_that_cannot_be_used_is_one_line(course, setting):
    course.config.LatePenalty.update(setting)
    with pytest.raises(DueDateError, match="LatePenalty") as refused:
        rule(course)
    assert "\n" not in str(refused.value)
    with pytest.raises(DueDateError, match="there is none for the class"):
        set_due_dates(SimpleNamespace(config=Config()), Roster({"a": Student("a", due=DUE)}), [])


def test_the_time_of_a_hand_in_comes_from_the_class_list(course):
    for name in ("ada", "ben"):
        (course.submitted / name / "notebooks").mkdir(parents=True)
    times = {"ada": "Tuesday, 1 December 2026, 11:59 PM", "ben": "gestern", "eve": "2026-01-01 00:00 UTC"}
    notes = stamp(course, Roster({id: Student(id, handed_in=time) for id, time in times.items()}))
    assert (course.submitted / "ada" / "notebooks" / "timestamp.txt").read_text() == "2026-12-01 22:59:00 UTC\n"
    assert len(notes) == 1 and "ben" in notes[0] and "gestern" in notes[0]


def test_nbgrader_calls_the_rule_that_is_configured():
    assert course_config().AssignLatePenalties.plugin_class is LatePenalty


def test_the_table_shows_points_penalty_and_total(course, capsys):
    hand_in(course, "ada", "2026-12-02 12:00 UTC")
    set_due_dates(course, Roster(), ["ada"])
    rows = table(course, {"ada": "graded", "zed": "not graded yet"})
    write_csv(rows, course.root / "points.csv")
    show(rows)
    lines = list(csv.DictReader((course.root / "points.csv").open()))
    assert [lines[0][key] for key in ("points", "penalty", "total")] == ["30.0", "3.0", "27.0"]
    assert lines[1]["total"] == "" and lines[1]["status"] == "not graded yet"
    header, ada = (line.split() for line in capsys.readouterr().out.splitlines() if line[:3] in ("stu", "ada"))
    assert header[-3:] == ["late", "sum", "status"] and ada[-3:] == ["3", "27", "graded"]


BEGINNINGS = ["=1+1", "+1", "-1+1", "@x", "-", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠x"]


@pytest.mark.parametrize("text", [*BEGINNINGS, "x;=1", "x; @y"])
def test_no_cell_can_be_a_formula(text):
    for part in str(cell(text)).split(";"):
        assert unicodedata.normalize("NFKC", part.strip())[:1] not in "=+-@\t\r\n"


def test_numbers_and_ordinary_texts_stay_what_they_are():
    for value in (-1.5, 0, "-2", "-2.25", "3", "graded; found as x=1.ipynb", "Müller, José", "a-b", ""):
        assert cell(value) == value
