"""A class from Moodle's zip file to the points that go back: the class list, late hand-ins, the page, the log."""

import csv
import json
import re
import zipfile

import pytest
from classroom import FULL, function, submit

from grading import grade
from grading.course import Course
from grading.grade import grade_course, main
from grading.release import course_config

ALL = sum(FULL.values())
pytestmark = pytest.mark.slow
SWAPPED = {"total_cost": function("total_cost", "return beta * J_content + alpha * J_style")}
LIST = """Identifier,Full name,ID number,Email address,Last modified (submission),Due
Participant 11,José Müller,jm,jm@uni.example,"Wednesday, 2 December 2026, 12:00 PM",
Participant 12,Ada Lovelace,ada,ada@uni.example,"Wednesday, 2 December 2026, 12:00 PM",2026-12-03 23:59
Participant 13,Zoe Absent,zoe,zoe@uni.example,-,
"""


@pytest.fixture
def root(tmp_path):
    """A course with a class list, a due date and Moodle's zip file."""
    (tmp_path / "notebooks").symlink_to(grade.ROOT / "notebooks")
    (tmp_path / "class.csv").write_text(LIST, encoding="latin-1")
    with zipfile.ZipFile(tmp_path / "class.zip", "w") as archive:
        for name, number in (("José Müller", 11), ("Ada Lovelace", 12), ("Eve", 14)):
            folder = submit(tmp_path / "unpacked", f"s{number}", wrong=SWAPPED)
            for path in folder.iterdir():
                archive.write(path, f"{name}_{number}_assignsubmission_file/{path.name}")
    (tmp_path / "submitted").mkdir()
    (tmp_path / "class.zip").rename(tmp_path / "submitted" / "class.zip")
    return tmp_path


@pytest.fixture
def course_with(root, monkeypatch):
    """A function that makes the course, with another due date in its configuration."""

    def make(due):
        def config(**more):
            made = course_config(**more)
            made.LatePenalty.update(due=due, percent_per_day=10)
            return made

        monkeypatch.setattr("grading.course.course_config", config)
        return Course(root)

    return make


def test_from_moodles_zip_to_points_for_moodle(root, course_with):
    rows = {row["student"]: row for row in grade_course(course_with("2026-12-01 23:59 Europe/Zurich"))}
    eve = "Eve_14_assignsubmission_file"
    assert list(rows) == [eve, "ada", "jm"] and rows[eve]["status"].startswith("refused: Eve (14): nobody in")
    assert (rows["ada"]["total"], rows["ada"]["penalty"]) == (ALL - 4, 0)  # an extension
    assert rows["jm"]["total"] == pytest.approx(0.9 * (ALL - 4)) and rows["jm"]["points"] == ALL - 4
    assert "Late submission penalty" in (root / "feedback" / "jm" / "notebooks" / "02_content_cost.html").read_text()
    moodle = {line["Identifier"]: line["Grade"] for line in csv.DictReader((root / "moodle.csv").open())}
    assert moodle == {"Participant 11": "45.90", "Participant 12": "51.00", "Participant 13": ""}
    page = (root / "class.html").read_text()
    assert "zoe@uni.example" in page and "2 of 3" in re.sub("<[^>]*>", "", page)
    assert [line[:2] for line in csv.reader((root / "similar.csv").open())][1:] == [["ada", "jm"]]
    log = [json.loads(line) for line in (root / ".grading" / "log.jsonl").read_text().splitlines()]
    assert {entry["student"] for entry in log} == {"ada", "jm"}
    assert all(entry["judged"] == entry["after"] == FULL | {"total_cost": 1} and not entry["before"] for entry in log)
    # a later due date: nothing is evaluated anew, points and feedback change
    rows = {row["student"]: row for row in grade_course(course_with("2026-12-02 23:59 Europe/Zurich"))}
    assert rows["jm"]["total"] == ALL - 4 and rows["jm"]["status"] == "unchanged, feedback renewed"
    assert rows["ada"]["status"] == "unchanged"
    assert len((root / ".grading" / "log.jsonl").read_text().splitlines()) == 2
    assert "Late submission" not in (root / "feedback" / "jm" / "notebooks" / "02_content_cost.html").read_text()


def test_a_class_list_or_a_due_date_that_is_none_stops_in_one_line(root):
    for text, words in (("who\nada\n", "no column with ids"), (LIST, "there is none for the class")):
        (root / "class.csv").write_text(text)
        with pytest.raises(SystemExit) as stopped:
            main(["--root", str(root)])
        assert words in stopped.value.code and "\n" not in stopped.value.code
