"""Due dates, grace, penalties and extensions, in nbgrader's gradebook; the table of points; no cell is a formula."""

import csv
import io
import shutil
import sys
import unicodedata
import warnings
from pathlib import Path
from types import SimpleNamespace

import pytest
from classroom import STEMS, submit
from nbgrader.api import Gradebook
from sqlalchemy.exc import SAWarning
from traitlets.config import Config

from grading import grade
from grading.autograde import lay_out
from grading.course import Submission, timestamp_in
from grading.exercises import EXERCISES
from grading.late import DueDateError, LatePenalty, rule, set_due_dates, stamp, when
from grading.release import course_config
from grading.roster import Roster, Student
from grading.table import cell, show, table, write_cells, write_csv

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
        intake=tmp_path / ".grading" / "submitted",
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


def test_a_folder_in_place_of_the_time_stops_nobody_and_makes_nobody_punctual(course, monkeypatch):
    for name in ("ada", "ben", "eve"):
        (course.submitted / name / "notebooks").mkdir(parents=True)
    place = course.submitted / "ada" / "notebooks"
    (place / "timestamp.txt").mkdir()
    (place / "timestamp.txt" / "notes.ipynb").write_text("{}")
    (course.submitted / "ben" / "notebooks" / "timestamp.txt").symlink_to(place / "notes.ipynb")
    roster = Roster({name: Student(name, handed_in="2026-12-02 10:00 UTC") for name in ("ada", "ben", "eve")})
    assert stamp(course, roster) == []
    for name in ("ada", "ben"):
        path = course.submitted / name / "notebooks" / "timestamp.txt"
        assert path.read_text() == "2026-12-02 10:00:00 UTC\n" and not path.is_symlink()
    assert (place / "timestamp.txt (1)" / "notes.ipynb").read_text() == "{}" and not (place / "notes.ipynb").exists()
    write = Path.write_text

    def fail(path, *arguments, **more):
        if "ben" in path.parts:
            raise OSError(30, "Read-only file system")
        return write(path, *arguments, **more)

    monkeypatch.setattr(Path, "write_text", fail)
    (note,) = stamp(course, roster)
    assert note.startswith("ben: ") and "Read-only file system" in note
    assert (course.submitted / "eve" / "notebooks" / "timestamp.txt").exists()


TIMES = [
    *("2026-11-25 09:56:49.058554 UTC", "2026-11-25 09:56:49 UTC", "2026-11-25 09:56:49.5 Europe/Zurich"),
    *("2026-11-25 09:56 CET", "2026-11-25T09:56:49Z", "2026-11-25 09:56:49 +0100"),
]
NO_TIMES = [
    *("9" * 90, "1e999", "0001-01-01 00:00:00 +14:00", "9999-12-31 23:59:59 -14:00", "2026-13-01 10:00:00 UTC"),
    *("soon", "", "2026-11-25", "2026-11-25 09:56:49 /etc/passwd", "2026-11-25 09:56:49 ../../x", "\ufeff2026", "5h"),
]


def test_a_time_is_what_nbgrader_writes_and_nothing_else_is_parsed(tmp_path):
    for text in TIMES + NO_TIMES:
        (tmp_path / "timestamp.txt").write_text(f"{text}\n")
        assert timestamp_in(tmp_path) == (text if text in TIMES else "")
    (tmp_path / "timestamp.txt").write_bytes(b"\xff\xfe")
    assert timestamp_in(tmp_path) == ""


def test_a_time_that_cannot_be_read_is_said_once(tmp_path):
    folder = submit(tmp_path, "ada", leave_out=STEMS[:2])
    made = SimpleNamespace(submitted=tmp_path / "submitted", version="")
    assert not any("timestamp" in note for note in Submission(made, "ada").all_notes)
    (folder / "timestamp.txt").write_text("9" * 90)
    assert sum("timestamp.txt is not used, so nothing is late" in n for n in Submission(made, "ada").all_notes) == 1
    (folder / "timestamp.txt").write_text(TIMES[0])
    assert not any("timestamp" in note for note in Submission(made, "ada").all_notes)


def test_a_later_hand_in_without_a_time_is_not_late_because_of_an_earlier_one(course):
    hand_in(course, "ada", "2026-12-03 12:00 UTC")
    set_due_dates(course, Roster(), ["ada"])
    assert row(course, "ada")[1] > 0
    later = SimpleNamespace(student="ada", texts={}, notes={}, timestamp="2026-12-03 12:00:00 UTC")
    lay_out(course, later)
    set_due_dates(course, Roster(), ["ada"])
    assert row(course, "ada")[1] > 0
    later.timestamp = ""
    lay_out(course, later)
    set_due_dates(course, Roster(), ["ada"])
    assert row(course, "ada")[1] == 0
    later.student = "new"  # is not in the gradebook yet
    lay_out(course, later)


def test_nbgrader_calls_the_rule_that_is_configured():
    assert course_config().AssignLatePenalties.plugin_class is LatePenalty


def test_the_table_shows_points_penalty_and_total(course, capsys):
    hand_in(course, "ada", "2026-12-02 12:00 UTC")
    set_due_dates(course, Roster(), ["ada"])
    rows = table(course, {"ada": "graded", "zed": "not graded yet", "zoe": "a long story " * 20_000})
    write_csv(rows, course.root / "points.csv")
    show(rows)
    lines = list(csv.DictReader((course.root / "points.csv").open()))
    assert [lines[0][key] for key in ("points", "penalty", "total")] == ["55.0", "5.5", "49.5"]
    assert lines[1]["total"] == "" and lines[1]["status"] == "not graded yet"
    assert len(lines[2]["status"]) < 10_000 and lines[2]["status"].endswith("(cut here)")  # or csv reads no line of it
    header, ada = (line.split() for line in capsys.readouterr().out.splitlines() if line[:3] in ("stu", "ada"))
    assert header[-3:] == ["late", "sum", "status"] and ada[-3:] == ["5.5", "49.5", "graded"]


def test_points_with_fractions_add_up_as_they_do_on_paper(course):
    hand_in(course, "ada", "2026-12-02 12:00 UTC", points=0)
    with course.gradebook() as gradebook:
        for name, points in (("gram_matrix", 0.1), ("total_cost", 0.2), ("train_step", 1 / 3)):
            gradebook.find_grade(f"check_{name}", EXERCISES[name].notebook, "notebooks", "ada").manual_score = points
        gradebook.db.commit()
    set_due_dates(course, Roster(), ["ada"])
    rows = table(course, {"ada": "graded"})
    write_csv(rows, course.root / "points.csv")
    (line,) = csv.DictReader((course.root / "points.csv").open())
    wanted = dict(gram_matrix="0.1", train_step="0.33", points="0.63", penalty="0.06", total="0.57")
    assert {key: line[key] for key in wanted} == wanted


def test_a_terminal_without_all_letters_shows_the_table_all_the_same(course, monkeypatch):
    (course.submitted / "ada").mkdir(parents=True)
    nobody = dict.fromkeys([*EXERCISES, "points", "penalty", "total"], "")
    rows = [dict(student="ada", **nobody, status="graded; found as 04 \U0001f600.ipynb")]
    monkeypatch.setattr(grade, "grade_course", lambda *arguments: rows)
    for name in ("stdout", "stderr"):
        monkeypatch.setattr(sys, name, io.TextIOWrapper(io.BytesIO(), "latin-1"))
    with pytest.raises(SystemExit) as ended:
        grade.main(["--root", str(course.root)])
    sys.stdout.flush()
    assert not ended.value.code and b"found as 04 ?.ipynb" in sys.stdout.buffer.getvalue()


BEGINNINGS = ["=1+1", "+1", "-1+1", "@x", "-", "\t=1", "\r=1", "\n=1", " =1", "\u00a0=1", "＝1", "＋1", "－1", "＠x"]


HIDDEN = ['02;"=1+1;".ipynb', "x;=1", "x; @y", 'x;" =1', 'x; ""+1', 'x;  "\t" -1', 'a,"b;""=1', '";=1', 'x;"＝1']


@pytest.mark.parametrize("text", BEGINNINGS + HIDDEN)
def test_no_cell_can_be_a_formula(text, tmp_path):
    """Neither with commas between the cells nor with semicolons, whatever is made of the quotation marks."""
    write_cells([["ada", 5.0, text], [text, "graded"]], tmp_path / "x.csv")
    for delimiter in ",;":
        for how in (csv.QUOTE_MINIMAL, csv.QUOTE_NONE):
            for line in csv.reader((tmp_path / "x.csv").open(newline=""), delimiter=delimiter, quoting=how):
                for part in line:
                    shown = part.strip() if how == csv.QUOTE_MINIMAL else part.strip(' "')
                    assert unicodedata.normalize("NFKC", shown)[:1] not in [*"=+-@"], line


def test_numbers_and_ordinary_texts_stay_what_they_are():
    for value in (-1.5, 0, "-2", "-2.25", "3", "graded; found as x=1.ipynb", "Müller, José", "a-b", ""):
        assert cell(value) == value


def test_all_questions_to_the_gradebook_go_through_one_engine_which_can_be_closed_and_used_again(course):
    """SQLAlchemy keeps prepared questions with the engine; nbgrader alone makes twenty of them for each student."""
    with course.gradebook() as first, course.gradebook() as second:
        assert first.engine is second.engine
        second.close()
        assert [each.name for each in first.assignments] == ["notebooks"]
