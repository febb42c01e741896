"""The points in the form that Moodle and Canvas import: moodle.csv and canvas.csv.

Moodle takes the first one as a grading worksheet of the assignment (by Identifier), or in the gradebook (by e-mail
address); Canvas takes the other one in its gradebook. Who is not in the class list is in neither.
"""

from collections.abc import Sequence
from pathlib import Path

from grading.course import Course
from grading.exercises import EXERCISES
from grading.judge import MAX_POINTS
from grading.roster import Roster
from grading.table import write_cells

MOODLE = ["Identifier", "Full name", "Email address", "Grade", "Last modified (grade)", "Feedback comments"]
CANVAS = ["Student", "ID", "SIS User ID", "SIS Login ID", "Section"]
TITLE = "Neural style transfer"  # of the assignment; Canvas asks which one it is if it knows none of that name


def write_imports(course: Course, rows: Sequence[dict], roster: Roster, title: str = TITLE) -> list[Path]:
    """Write moodle.csv and canvas.csv into the course folder; return their paths, [] where there is no class list.

    rows: of `grading.table.table`. Who has no points has an empty grade, which changes nothing there.
    """
    if not roster:
        return []
    points = {row["student"]: row for row in rows if row["total"] != ""}
    paths = [course.root / "moodle.csv", course.root / "canvas.csv"]
    moodle, canvas = [MOODLE], [[*CANVAS, title], ["    Points Possible", *[""] * 4, MAX_POINTS * len(EXERCISES)]]
    for student in roster.students.values():
        row = points.get(student.id)
        total = f"{row['total']:.2f}" if row else ""
        identifier = f"Participant {student.moodle}" if student.moodle else ""
        name = student.name or student.id
        moodle.append([identifier, name, student.email, total, "", _comment(row) if row else ""])
        canvas.append([name, student.canvas, student.sis, student.login or student.id, student.section, total])
    for path, lines in zip(paths, (moodle, canvas)):
        write_cells(lines, path)
    return paths


def _comment(row):
    """Points of each exercise, and what was taken off, in one line."""
    parts = [f"{name} {row[name]:g}" for name in EXERCISES if row[name] != ""]
    if row["penalty"]:
        parts.append(f"late: {row['penalty']:g} of {row['points']:g} points taken off")
    return "; ".join(parts)
