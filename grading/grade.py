"""`make grade`: evaluate every submission in submitted/ in parallel, and hand the points to nbgrader.

.venv/bin/python -m grading.grade [--workers N] [--again] [student ...]

For each new or changed submission: autograde, feedback, and a line in points.csv. Only this process writes the
gradebook; the workers run the sandboxes and return results.
"""

import argparse
import csv
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
import sys
import warnings
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
from distributed import as_completed
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.converters.base import NbGraderException
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy import make_url
from sqlalchemy.exc import DBAPIError, SAWarning
from tqdm import tqdm

from grading import nbgrader_plugin, sandbox
from grading.exercises import EXERCISES
from grading.intake import NOBODYS, printable
from grading.judge import Result
from grading.release import ASSIGNMENT, course_config, link_source
from grading.submission import grade as grade_submission
from nst.cluster import workers
from nst.paths import ROOT
from nst.pictures import alone_in

NOTEBOOKS = list(dict.fromkeys(exercise.notebook for exercise in EXERCISES.values()))
STUDENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
TRIES = 3  # of a submission whose worker dies


class Busy(RuntimeError):
    """Somebody else is grading here, or has the gradebook; the message says what to do."""


class Course:
    """The folders of a course and what `make grade` remembers of it."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        link_source(self.root)
        self.config = course_config(root=str(root))
        self.submitted = self.root / "submitted"
        self.intake = self.root / ".grading" / "submitted"  # the submissions as nbgrader gets to see them: put in order
        self.memory = self.root / ".grading" / "graded"
        self.db_url = self.directory().db_url
        self.version = _digest(*sorted((ROOT / "grading").rglob("*.py")), *sorted((ROOT / "exercises").glob("*.ipynb")))

    def directory(self, student: str = "*", **more) -> CourseDirectory:
        """nbgrader's own idea of the course, for one student or all."""
        return CourseDirectory(config=course_config(root=str(self.root), student_id=student, **more))

    def gradebook(self) -> Gradebook:
        return Gradebook(self.db_url, "")

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else grades here meanwhile. Raises Busy where somebody does, or the gradebook cannot be written."""
        with ExitStack() as hold:
            try:
                hold.enter_context(alone_in(self.root / ".grading"))
            except BlockingIOError:
                raise Busy(f"another `make grade` is at work in {self.root}; wait until it has ended") from None
            try:
                with self.gradebook() as gradebook:
                    if gradebook.engine.dialect.name == "sqlite":
                        gradebook.db.connection().exec_driver_sql("BEGIN IMMEDIATE")  # fails where another writes
                    gradebook.db.rollback()
            except DBAPIError as error:
                raise Busy(self.trouble(error)) from error
            yield

    def trouble(self, error: Exception | str) -> str:
        """What to say about an error of the database."""
        reason = getattr(error, "orig", error)
        if "locked" in f"{reason}":
            return "the gradebook is locked by another program (nbgrader, a database browser): let that end, try again"
        place = make_url(self.db_url).render_as_string(hide_password=True)
        return f"the gradebook {place} cannot be used: {' '.join(f'{reason}'.split())[:300]}"


def _digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


class Submission:
    """A student's folder: the notebooks put in order, the notes on what that took, and how the grading went."""

    def __init__(self, course: Course, student: str):
        self.student, self.notebooks, self.notes, self.refusal = student, {}, {}, ""
        above = course.submitted / student
        folder = above / ASSIGNMENT
        if not folder.is_symlink() and not folder.is_dir() and _has_files(above):
            folder = above  # unpacked one folder too high
        if not above.is_symlink() and not above.is_dir():
            self.refusal = f"refused: a file; what is in it belongs into submitted/<student>/{ASSIGNMENT}/"
        elif not STUDENT.fullmatch(student):
            self.refusal = "refused: a student's folder is named with a-z, A-Z, 0-9 and . _ @ - only"
        elif above.is_symlink() or folder.is_symlink() or not folder.is_dir():
            self.refusal = f"refused: submitted/{student}/{ASSIGNMENT} is no folder"
        else:
            for name in NOTEBOOKS:
                self.notebooks[name], self.notes[name] = nbgrader_plugin.put_in_order(
                    folder / f"{name}.ipynb", course.submitted, name
                )
        self.timestamp = _timestamp(folder)
        self.texts = {name: nbformat.writes(notebook) for name, notebook in self.notebooks.items()}
        everything = json.dumps([self.texts, self.notes, self.timestamp, course.version])
        self.digest = hashlib.sha256(json.dumps(self.texts).encode()).hexdigest()
        self.key = hashlib.sha256(everything.encode()).hexdigest()

    @property
    def all_notes(self) -> list[str]:
        return [note for notes in self.notes.values() for note in notes]


def _has_files(folder):
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())


def _handed_in(course):
    """Names of what lies in submitted/: students' folders, and files that should be in one."""
    for path in sorted(course.submitted.iterdir()):
        if path.name not in NOBODYS and (
            path.is_dir() or path.is_symlink() or path.suffix.lower() in (".ipynb", ".zip")
        ):
            yield path.name


def _timestamp(folder):
    """The text of a timestamp.txt, if there is a proper one."""
    path = folder / "timestamp.txt"
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
            return ""
        text = path.read_text(encoding="utf-8").strip()
        parse_utc(text)
    except (OSError, ValueError):
        return ""
    return text


# ---------------------------------------------------------------- evaluating, on the workers


def evaluate_all(
    submissions: list[Submission], limits: sandbox.Limits, count: int | None = None
) -> Iterator[tuple[Submission, dict[str, Result] | BaseException]]:
    """Yield (submission, {exercise: Result} or the exception that prevented it) as the workers get done."""
    if not submissions:
        return
    with workers(min(count or os.cpu_count(), len(submissions))) as client:
        futures = {}
        for submission in submissions:
            seed = secrets.randbits(64)
            future = client.submit(grade_submission, submission.texts, seed, limits, pure=False, retries=TRIES)
            futures[future] = submission
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], error or future.result()


# ---------------------------------------------------------------- recording, in this process only


def release(course: Course) -> None:
    """Tell the gradebook which exercises there are, as `nbgrader generate_assignment` does."""
    directory = course.directory(release_directory=".grading/release")
    with _nbgrader_errors() as complaints:
        try:
            GenerateAssignment(coursedir=directory, config=directory.config, force=True).start()
        except NbGraderException as error:
            raise Busy(course.trouble(_reason(complaints, error))) from error


def record(course: Course, submission: Submission, results: dict[str, Result]) -> None:
    """Put one student's results into the gradebook and write the feedback."""
    folder = course.intake / submission.student / ASSIGNMENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in submission.texts.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        own = {exercise: result for exercise, result in results.items() if EXERCISES[exercise].notebook == name}
        nbgrader_plugin.PREPARED[submission.student, name] = own, submission.notes[name]
    if submission.timestamp:
        (folder / "timestamp.txt").write_text(submission.timestamp)
    intake = course.directory(submission.student, submitted_directory=str(course.intake.relative_to(course.root)))
    before = remembered(course, submission.student)
    Autograde(coursedir=intake, config=intake.config, force=True).start()
    same = before.get("texts", submission.digest) == submission.digest
    write_feedback(course, submission, before.get("earlier", []) if same else _by_hand(course, submission.student))


def _by_hand(course, student):
    """The points that a person gave a student, as "total_cost 3"."""
    with course.gradebook() as gradebook:
        grades = [g for n in gradebook.find_submission(ASSIGNMENT, student).notebooks for g in n.grades]
        return [f"{g.name.removeprefix('check_')} {g.manual_score:g}" for g in grades if g.manual_score is not None]


def write_feedback(course: Course, submission: Submission, earlier: Sequence[str] = ()) -> None:
    """Write the pages in feedback/ as the gradebook now has points and comments, and remember that state.

    earlier: points that a person gave for what was handed in before.
    """
    directory = course.directory(submission.student)
    GenerateFeedback(coursedir=directory, config=directory.config, force=True).start()
    memory = dict(key=submission.key, texts=submission.digest, marks=marks_of(course, submission.student))
    memory |= dict(earlier=list(earlier))
    course.memory.mkdir(parents=True, exist_ok=True)
    part = course.memory / f"{submission.student}.part"
    part.write_text(json.dumps(memory, indent=1), encoding="utf-8")
    part.replace(part.with_suffix(".json"))


def marks_of(course: Course, student: str) -> list[list]:
    """Points and comments of a student in the gradebook, [] if there is no submission."""
    try:
        with course.gradebook() as gradebook:
            notebooks = gradebook.find_submission(ASSIGNMENT, student).notebooks
            grades = [[grade.name, grade.score] for notebook in notebooks for grade in notebook.grades]
            comments = [[comment.name, comment.comment] for notebook in notebooks for comment in notebook.comments]
    except MissingEntry:
        return []
    return sorted(grades) + sorted(comments)


def remembered(course: Course, student: str) -> dict:
    """What `write_feedback` noted about a student, or {}."""
    try:
        return json.loads((course.memory / f"{student}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_done(course: Course, submission: Submission) -> bool:
    """Is this very submission in the gradebook already, and are its files there?"""
    folders = [course.root / step / submission.student / ASSIGNMENT for step in ("autograded", "feedback")]
    files_there = all(any(folder.glob(f"{name}.*")) for folder in folders for name in NOTEBOOKS)
    known = remembered(course, submission.student).get("key") == submission.key
    return known and files_there and bool(marks_of(course, submission.student))


# ---------------------------------------------------------------- the table


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


# ---------------------------------------------------------------- the command


def grade_course(
    course: Course, students: Sequence[str] = (), again: bool = False, count: int | None = None
) -> list[dict]:
    """Grade what is new or changed; return the rows of the table.

    Raises SandboxError when nothing can be run here, Busy while somebody else grades or has the gradebook,
    FileNotFoundError for a student who handed in nothing.
    """
    sandbox.available()
    with course.held():
        return _grade_course(course, students, again, count)


def _grade_course(course, students, again, count):
    release(course)
    limits = nbgrader_plugin.EvaluateExercises(config=course.config).limits()
    names = list(_handed_in(course))
    if unknown := set(students) - set(names):
        raise FileNotFoundError(f"no submission of {', '.join(sorted(unknown))} in {course.submitted}")
    submissions = [Submission(course, name) for name in names]
    chosen = [each for each in submissions if not each.refusal and (not students or each.student in students)]
    statuses = {each.student: each.refusal or "not graded yet" for each in submissions}
    done = {each.student for each in submissions if not each.refusal and is_done(course, each)}
    for submission in submissions:
        if submission.student in done:
            statuses[submission.student] = _with_notes("unchanged", submission, course)
    todo = [each for each in chosen if again or each.student not in done]
    for submission in chosen:
        if submission not in todo and _renewed(course, submission):
            statuses[submission.student] = _with_notes("unchanged, feedback renewed", submission, course)
    for submission, results in tqdm(
        evaluate_all(todo, limits, count), total=len(todo), desc="grading", unit="submission", disable=not todo
    ):
        statuses[submission.student] = _recorded(course, submission, results)
    rows = table(course, statuses)
    write_csv(rows, course.root / "points.csv")
    return rows


def _recorded(course, submission, results):
    """The status of a submission after its results went into the gradebook, or why they did not."""
    if isinstance(results, BaseException):
        return f"not graded, try again: {results}"
    with _nbgrader_errors() as complaints:
        try:
            record(course, submission, results)
        except Exception as error:  # nbgrader's, about one submission: the others must not suffer
            reason = f"{_reason(complaints, error)}"
            return f"not graded: {course.trouble(reason) if 'locked' in reason else reason}"
    return _with_notes("graded", submission, course)


def _reason(complaints, error):
    """The line of nbgrader's log that says what went wrong."""
    lines = [line for text in complaints for line in reversed(text.splitlines()) if "Error" in line]
    return lines[0] if lines else error


def _renewed(course, submission):
    """Write the feedback again if somebody has changed points or comments since."""
    if marks_of(course, submission.student) == remembered(course, submission.student)["marks"]:
        return False
    with _nbgrader_errors():
        write_feedback(course, submission)
    return True


@contextmanager
def _nbgrader_errors():
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


def _with_notes(status, submission, course):
    earlier = remembered(course, submission.student).get("earlier")
    notes = [f"points given by hand for an earlier hand-in stay: {', '.join(earlier)}"] if earlier else []
    return "; ".join([status, *submission.all_notes, *notes])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Grade what lies in submitted/.")
    parser.add_argument("--workers", type=int, help="processes on this machine (default: one for each core)")
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument("--root", default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("students", nargs="*", help="only these")
    chosen = parser.parse_args(arguments)
    course = Course(chosen.root)
    if not course.submitted.is_dir() or not any(course.submitted.iterdir()):
        sys.exit(
            f"nothing to grade: {course.submitted} is empty or missing. A submission belongs into "
            f"submitted/<student>/{ASSIGNMENT}/, with the notebooks' own names"
        )
    try:
        rows = grade_course(course, chosen.students, chosen.again, chosen.workers)
    except (sandbox.SandboxError, Busy, FileNotFoundError) as error:
        sys.exit(f"{error}")
    except DBAPIError as error:
        sys.exit(f"{course.trouble(error)}. What was graded is recorded; `make grade` goes on with the rest.")
    except KeyboardInterrupt:
        sys.exit("\nStopped. What was graded is recorded; `make grade` goes on with the rest.")
    show(rows)
    print(f"\nPoints: {course.root / 'points.csv'} and the gradebook. Feedback: {course.root / 'feedback'}")
    sys.exit(any(row["status"].startswith(("not graded:", "not graded, try", "refused")) for row in rows))


if __name__ == "__main__":
    main()
