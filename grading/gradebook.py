"""What goes into nbgrader's gradebook and comes out of it. Only one process writes it."""

import functools
import json
import logging
import warnings
from contextlib import contextmanager

import nbgrader.api
from nbgrader.api import MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment
from nbgrader.converters.base import NbGraderException
from sqlalchemy.exc import SAWarning

from grading.autograde import lay_out
from grading.course import NOTEBOOKS, Busy, Course, Submission
from grading.judge import Result
from grading.release import ASSIGNMENT
from nst.pictures import write_atomically

# nbgrader makes one for each question that it asks, and SQLAlchemy then prepares each question anew, slower every time
nbgrader.api.create_engine = functools.cache(nbgrader.api.create_engine)


def release(course: Course) -> None:
    """Tell the gradebook which exercises there are, as `nbgrader generate_assignment` does."""
    directory = course.directory(release_directory=".grading/release")
    with nbgrader_errors() as complaints:
        try:
            GenerateAssignment(coursedir=directory, config=directory.config, force=True).start()
        except NbGraderException as error:
            raise Busy(course.trouble(reason_in(complaints, error))) from error


def record(course: Course, submission: Submission, results: dict[str, Result]) -> None:
    """Put one student's results into the gradebook, and remember that this hand-in is there."""
    lay_out(course, submission, results)
    before = remembered(course, submission.student)
    directory = course.ordered(submission.student)
    Autograde(coursedir=directory, config=directory.config, force=True).start()
    same = before.get("texts", submission.digest) == submission.digest
    earlier = before.get("earlier", []) if same else by_hand(course, submission.student)
    remember(course, submission, earlier=earlier)


def by_hand(course: Course, student: str) -> list[str]:
    """The points that a person gave a student, as "total_cost 3"."""
    with course.gradebook() as gradebook:
        try:
            grades = [g for n in gradebook.find_submission(ASSIGNMENT, student).notebooks for g in n.grades]
        except MissingEntry:
            return []
        return [f"{g.name.removeprefix('check_')} {g.manual_score:g}" for g in grades if g.manual_score is not None]


def marks_of(course: Course, student: str) -> list[list]:
    """Points, penalty and comments of a student in the gradebook, [] if there is no submission."""
    try:
        with course.gradebook() as gradebook:
            submission = gradebook.find_submission(ASSIGNMENT, student)
            notebooks = submission.notebooks
            late = [["late", submission.late_submission_penalty]] if submission.late_submission_penalty else []
            grades = [[grade.name, grade.score] for notebook in notebooks for grade in notebook.grades]
            comments = [[comment.name, comment.comment] for notebook in notebooks for comment in notebook.comments]
    except MissingEntry:
        return []
    return sorted(grades) + sorted(comments) + late


def remembered(course: Course, student: str) -> dict:
    """What `remember` noted about a student, or {}."""
    try:
        return json.loads((course.memory / f"{student}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def remember(course: Course, submission: Submission, **more: object) -> None:
    """Note which hand-in is in the gradebook, and: `earlier`, points by hand for another one; `marks` on its pages."""
    memory = remembered(course, submission.student) if "marks" in more else {}
    memory |= dict(key=submission.key, texts=submission.digest) | more
    text = json.dumps(memory, indent=1).encode()
    write_atomically(course.memory / f"{submission.student}.json", lambda file: file.write(text))


def is_recorded(course: Course, submission: Submission) -> bool:
    """Is this very submission in the gradebook already, and are its graded notebooks there?"""
    folder = course.root / "autograded" / submission.student / ASSIGNMENT
    if not all((folder / f"{name}.ipynb").is_file() for name in NOTEBOOKS):
        return False
    known = remembered(course, submission.student).get("key") == submission.key
    return known and bool(marks_of(course, submission.student))


@contextmanager
def nbgrader_errors():
    """Collect what nbgrader logs as errors, tracebacks included, instead of printing it."""
    complaints = []
    handler = logging.Handler(logging.ERROR)
    handler.emit = lambda record: complaints.append(record.getMessage())
    log = logging.getLogger("traitlets")
    level, passes_on = log.level, log.propagate
    log.addHandler(handler)
    log.setLevel(logging.ERROR)
    log.propagate = False
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SAWarning)  # nbgrader 0.9.6 with SQLAlchemy 2.1
            yield complaints
    finally:
        log.removeHandler(handler)
        log.setLevel(level)
        log.propagate = passes_on


def reason_in(complaints, error):
    """The line of nbgrader's log that says what went wrong."""
    lines = [line for text in complaints for line in reversed(text.splitlines()) if "Error" in line]
    return lines[0] if lines else error
