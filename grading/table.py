"""The table of points: on the terminal, and as points.csv."""

import csv
from pathlib import Path

from nbgrader.api import MissingEntry

from grading.course import Course
from grading.exercises import EXERCISES
from grading.intake import printable
from grading.release import ASSIGNMENT


def table(course: Course, statuses: dict[str, str]) -> list[dict]:
    """Rows of dicts, one for each student: points per exercise from the gradebook, total, status."""
    rows = []
    with course.gradebook() as gradebook:
        for student, status in sorted(statuses.items()):
            row = dict(student=student)
            for name, exercise in EXERCISES.items():
                try:
                    row[name] = gradebook.find_grade(f"check_{name}", exercise.notebook, ASSIGNMENT, student).score
                except MissingEntry:
                    row[name] = ""
            points = [row[name] for name in EXERCISES if row[name] != ""]
            row["total"] = sum(points) if points else ""
            row["status"] = status
            rows.append(row)
    return rows


def write_csv(rows: list[dict], path: Path) -> None:
    """The table as points.csv; a cell cannot become a formula in a spreadsheet."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["student", *EXERCISES, "total", "status"])
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"'{v}" if str(v)[:1] in ("=", "+", "-", "@") else v for key, v in row.items()})


def show(rows: list[dict]) -> None:
    """Print the table."""
    short = {name: name.removeprefix("compute_").removesuffix("_cost").removesuffix("_matrix") for name in EXERCISES}
    columns = {"student": "student", **short, "total": "sum", "status": "status"}
    lines = [columns] + [
        {key: f"{value:g}" if isinstance(value, float) else printable(str(value)) for key, value in row.items()}
        for row in rows
    ]
    widths = {key: max(len(line[key]) for line in lines) for key in columns}
    print()
    for line in lines:
        words = [line[key].rjust(widths[key]) for key in (*EXERCISES, "total")]
        print("  ".join([line["student"].ljust(widths["student"]), *words, line["status"]]))
