"""The table of points: on the terminal, and as points.csv."""

import csv
import io
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

from nbgrader.api import MissingEntry

from grading.course import Course
from grading.exercises import EXERCISES
from grading.intake import printable
from grading.release import ASSIGNMENT
from nst.pictures import write_atomically

MAX_STATUS = 8000  # characters; Python's csv reads at most 131,072 in a cell, a spreadsheet 32,767
FORMULA = re.compile(r"((?:^|;)[\s\"]*)(?=[=+\-@＝＋－＠﹦﹢﹣﹫])")


def table(course: Course, statuses: dict[str, str]) -> list[dict]:
    """Rows of dicts, one for each student: points for each exercise, their sum, penalty, total, status."""
    rows = []
    with course.gradebook() as gradebook:
        for student, status in sorted(statuses.items()):
            row = dict(student=student)
            known = printable(student)  # a database cannot look for half characters
            for name, exercise in EXERCISES.items():
                try:
                    grade = gradebook.find_grade(f"check_{name}", exercise.notebook, ASSIGNMENT, known)
                    row[name] = round(grade.score, 2)
                except MissingEntry:
                    row[name] = ""
            points = [row[name] for name in EXERCISES if row[name] != ""]
            penalty = gradebook.find_submission(ASSIGNMENT, student).late_submission_penalty if points else ""
            row["points"] = round(sum(points), 2) if points else ""
            row["penalty"] = round(penalty, 2) if points else ""
            row["total"] = round(row["points"] - row["penalty"], 2) if points else ""
            row["status"] = status if len(status) <= MAX_STATUS else f"{status[:MAX_STATUS]} ... (cut here)"
            rows.append(row)
    return rows


def write_csv(rows: list[dict], path: Path) -> None:
    """The table as points.csv."""
    columns = ["student", *EXERCISES, "points", "penalty", "total", "status"]
    write_cells([columns, *([row[column] for column in columns] for row in rows)], path)


def write_cells(lines: Iterable[Sequence], path: Path) -> None:
    """A CSV file, written at once; no cell of it can become a formula in a spreadsheet."""
    text = io.StringIO()
    csv.writer(text).writerows([cell(value) for value in line] for line in lines)
    write_atomically(path, lambda file: file.write(text.getvalue().encode()))


def cell(value: object) -> object:
    """A value that a spreadsheet shows as it is: numbers stay numbers; what begins like a formula gets a quote before.

    So does what stands behind a semicolon, which half of the world's spreadsheets take for the end of a cell, also
    where a quotation mark, which they leave out, comes first.
    """
    if not isinstance(value, str) or re.fullmatch(r"-?[0-9]+(\.[0-9]+)?", value):
        return value
    return FORMULA.sub(r"\1'", printable(" ".join(value.split())))


def show(rows: list[dict]) -> None:
    """Print the table."""
    short = {name: name.removeprefix("compute_").removesuffix("_cost").removesuffix("_matrix") for name in EXERCISES}
    late = {"penalty": "late"} if any(row["penalty"] for row in rows) else {}
    columns = {"student": "student", **short, **late, "total": "sum", "status": "status"}
    lines = [columns] + [
        {key: f"{row[key]:g}" if isinstance(row[key], float) else printable(str(row[key])) for key in columns}
        for row in rows
    ]
    widths = {key: max(len(line[key]) for line in lines) for key in columns}
    print()
    for line in lines:
        words = [line[key].rjust(widths[key]) for key in (*EXERCISES, *late, "total")]
        print("  ".join([line["student"].ljust(widths["student"]), *words, line["status"]]))
