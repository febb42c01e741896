"""`make grade`: evaluate every submission in submitted/ in parallel, and hand the points to nbgrader.

.venv/bin/python -m grading.grade [--workers N] [--again] [student ...]

For each new or changed submission: autograde, feedback, and a line in points.csv. Only this process writes the
gradebook; the workers run the sandboxes and return results.
"""

import argparse
import csv
import hashlib
import itertools
import json
import logging
import os
import re
import secrets
import shutil
import sys
import warnings
from contextlib import contextmanager
from pathlib import Path

import nbformat
from distributed import as_completed
from nbgrader.api import Gradebook, MissingEntry
from nbgrader.converters import Autograde, GenerateAssignment, GenerateFeedback
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc
from sqlalchemy.exc import SAWarning
from tqdm import tqdm

from grading import nbgrader_plugin, sandbox, submission
from grading.cases import EXERCISES
from grading.exercises import ASSIGNMENT, course_config, link_source
from nst_cluster import workers

ROOT = Path(__file__).resolve().parent.parent
NOTEBOOKS = list(dict.fromkeys(notebook for notebook, _ in EXERCISES.values()))
STUDENT = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@-]{0,63}")
TRIES = 3  # of a submission whose worker dies


class Class:
    """The folders of a course and what `make grade` remembers of it."""

    def __init__(self, root):
        self.root = Path(root)
        link_source(self.root)
        self.config = course_config(root=str(root))
        self.submitted = self.root / "submitted"
        self.intake = self.root / ".grading" / "submitted"  # the submissions as nbgrader gets to see them: put in order
        self.memory = self.root / ".grading" / "graded"
        self.db_url = self.course().db_url
        self.version = _digest(*sorted((ROOT / "grading").glob("*.py")), *sorted((ROOT / "exercises").glob("*.ipynb")))

    def course(self, student="*", **more):
        return CourseDirectory(config=course_config(root=str(self.root), student_id=student, **more))

    def gradebook(self):
        return Gradebook(self.db_url, "")


def _digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


class Entry:
    """A student's folder: the notebooks put in order, the notes on what that took, and how the grading went."""

    def __init__(self, the_class, student):
        self.student, self.notebooks, self.notes, self.refusal = student, {}, {}, ""
        folder = the_class.submitted / student / ASSIGNMENT
        if not STUDENT.fullmatch(student):
            self.refusal = "refused: a student's folder is named with a-z, A-Z, 0-9 and . _ @ - only"
        elif (the_class.submitted / student).is_symlink() or folder.is_symlink() or not folder.is_dir():
            self.refusal = f"refused: submitted/{student}/{ASSIGNMENT} is no folder"
        else:
            for name in NOTEBOOKS:
                path, elsewhere = _find(folder, name)
                self.notebooks[name], notes = nbgrader_plugin.put_in_order(path, the_class.submitted, name)
                self.notes[name] = notes + elsewhere
        self.timestamp = _timestamp(folder)
        self.texts = {name: nbformat.writes(notebook) for name, notebook in self.notebooks.items()}
        everything = json.dumps([self.texts, self.notes, self.timestamp, the_class.version])
        self.key = hashlib.sha256(everything.encode()).hexdigest()

    @property
    def all_notes(self):
        return [note for notes in self.notes.values() for note in notes]


def _find(folder, name):
    """The path of a submitted notebook, and a note if it is not quite where it belongs, or has another name."""
    expected = folder / f"{name}.ipynb"
    if os.path.lexists(expected):
        return expected, []
    others = itertools.islice(folder.rglob("*.ipynb"), 1000)
    similar = sorted(p for p in others if p.name.startswith(name) and ".ipynb_checkpoints" not in p.parts)
    if not similar:
        return expected, []
    where = ", ".join(_printable(str(path.relative_to(folder))) for path in similar[:3])
    if len(similar) > 1:
        return expected, [f"{name}.ipynb: there are {len(similar)} like it ({where}); leave one, under its own name"]
    return similar[0], [f"{name}.ipynb: found as {where}"]


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


def evaluate_all(entries, limits, count=None):
    """Yield (entry, {exercise: Result} or the exception that prevented it) as the workers get done."""
    if not entries:
        return
    with workers(min(count or os.cpu_count(), len(entries))) as client:
        futures = {}
        for entry in entries:
            seed = secrets.randbits(64)
            future = client.submit(submission.grade, entry.texts, seed, limits, pure=False, retries=TRIES)
            futures[future] = entry
        for future in as_completed(futures):
            error = future.exception()
            yield futures[future], error or future.result()


# ---------------------------------------------------------------- recording, in this process only


def release(the_class):
    """Tell the gradebook which exercises there are, as `nbgrader generate_assignment` does."""
    course = the_class.course(release_directory=".grading/release")
    with _nbgrader_errors():
        GenerateAssignment(coursedir=course, config=course.config, force=True).start()


def record(the_class, entry, results):
    """Put one student's results into the gradebook and write the feedback."""
    folder = the_class.intake / entry.student / ASSIGNMENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in entry.texts.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        own = {exercise: result for exercise, result in results.items() if EXERCISES[exercise][0] == name}
        nbgrader_plugin.PREPARED[entry.student, name] = own, entry.notes[name]
    if entry.timestamp:
        (folder / "timestamp.txt").write_text(entry.timestamp)
    intake = the_class.course(entry.student, submitted_directory=str(the_class.intake.relative_to(the_class.root)))
    Autograde(coursedir=intake, config=intake.config, force=True).start()
    write_feedback(the_class, entry)


def write_feedback(the_class, entry):
    """Write the pages in feedback/ as the gradebook now has points and comments, and remember that state."""
    course = the_class.course(entry.student)
    GenerateFeedback(coursedir=course, config=course.config, force=True).start()
    memory = dict(key=entry.key, marks=marks_of(the_class, entry.student))
    the_class.memory.mkdir(parents=True, exist_ok=True)
    part = the_class.memory / f"{entry.student}.part"
    part.write_text(json.dumps(memory, indent=1), encoding="utf-8")
    part.replace(part.with_suffix(".json"))


def marks_of(the_class, student):
    """Points and comments of a student in the gradebook, [] if there is no submission."""
    try:
        with the_class.gradebook() as gradebook:
            notebooks = gradebook.find_submission(ASSIGNMENT, student).notebooks
            grades = [[grade.name, grade.score] for notebook in notebooks for grade in notebook.grades]
            comments = [[comment.name, comment.comment] for notebook in notebooks for comment in notebook.comments]
    except MissingEntry:
        return []
    return sorted(grades) + sorted(comments)


def remembered(the_class, student):
    """What `write_feedback` noted about a student, or {}."""
    try:
        return json.loads((the_class.memory / f"{student}.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}


def is_done(the_class, entry):
    """Is this very submission in the gradebook already, and are its files there?"""
    folders = [the_class.root / step / entry.student / ASSIGNMENT for step in ("autograded", "feedback")]
    files_there = all(any(folder.glob(f"{name}.*")) for folder in folders for name in NOTEBOOKS)
    known = remembered(the_class, entry.student).get("key") == entry.key
    return known and files_there and bool(marks_of(the_class, entry.student))


# ---------------------------------------------------------------- the table


def table(the_class, statuses):
    """Rows of dicts, one for each student: points per exercise from the gradebook, total, status."""
    rows = []
    with the_class.gradebook() as gradebook:
        for student, status in sorted(statuses.items()):
            row = dict(student=student)
            for exercise, (notebook, _) in EXERCISES.items():
                try:
                    grade = gradebook.find_grade(f"check_{exercise}", notebook, ASSIGNMENT, student)
                    row[exercise] = grade.score
                except MissingEntry:
                    row[exercise] = ""
            points = [row[exercise] for exercise in EXERCISES if row[exercise] != ""]
            row["total"] = sum(points) if points else ""
            row["status"] = status
            rows.append(row)
    return rows


def write_csv(rows, path):
    """The table as points.csv; a cell cannot become a formula in a spreadsheet."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, ["student", *EXERCISES, "total", "status"])
        writer.writeheader()
        for row in rows:
            writer.writerow({key: f"'{v}" if str(v)[:1] in ("=", "+", "-", "@") else v for key, v in row.items()})


def show(rows):
    """Print the table."""
    short = {name: name.removeprefix("compute_").removesuffix("_cost").removesuffix("_matrix") for name in EXERCISES}
    columns = {"student": "student", **short, "total": "sum", "status": "status"}
    lines = [columns] + [
        {key: f"{value:g}" if isinstance(value, float) else _printable(str(value)) for key, value in row.items()}
        for row in rows
    ]
    widths = {key: max(len(line[key]) for line in lines) for key in columns}
    print()
    for line in lines:
        words = [line[key].rjust(widths[key]) for key in (*EXERCISES, "total")]
        print("  ".join([line["student"].ljust(widths["student"]), *words, line["status"]]))


def _printable(text):
    return "".join(letter if letter.isprintable() else "?" for letter in text)


# ---------------------------------------------------------------- the command


def grade_class(the_class, students=(), again=False, count=None):
    """Grade what is new or changed; return the rows of the table. SandboxError when nothing can be run here."""
    sandbox.available()
    release(the_class)
    limits = nbgrader_plugin.EvaluateExercises(config=the_class.config).limits()
    names = sorted(path.name for path in the_class.submitted.iterdir() if path.is_dir() or path.is_symlink())
    if unknown := set(students) - set(names):
        raise FileNotFoundError(f"no submission of {', '.join(sorted(unknown))} in {the_class.submitted}")
    entries = [Entry(the_class, name) for name in names]
    chosen = [entry for entry in entries if not entry.refusal and (not students or entry.student in students)]
    statuses = {entry.student: entry.refusal or "not graded yet" for entry in entries}
    done = {entry.student for entry in entries if not entry.refusal and is_done(the_class, entry)}
    for entry in entries:
        if entry.student in done:
            statuses[entry.student] = _with_notes("unchanged", entry)
    todo = [entry for entry in chosen if again or entry.student not in done]
    for entry in chosen:
        if entry not in todo and _renewed(the_class, entry):
            statuses[entry.student] = _with_notes("unchanged, feedback renewed", entry)
    for entry, results in tqdm(
        evaluate_all(todo, limits, count), total=len(todo), desc="grading", unit="submission", disable=not todo
    ):
        statuses[entry.student] = _recorded(the_class, entry, results)
    rows = table(the_class, statuses)
    write_csv(rows, the_class.root / "points.csv")
    return rows


def _recorded(the_class, entry, results):
    """The status of a submission after its results went into the gradebook, or why they did not."""
    if isinstance(results, BaseException):
        return f"not graded, try again: {results}"
    with _nbgrader_errors() as complaints:
        try:
            record(the_class, entry, results)
        except Exception as error:  # nbgrader's, about one submission: the others must not suffer
            reason = next(
                (line for text in complaints for line in reversed(text.splitlines()) if "Error" in line), error
            )
            return f"not graded: {reason}"
    return _with_notes("graded", entry)


def _renewed(the_class, entry):
    """Write the feedback again if somebody has changed points or comments since."""
    if marks_of(the_class, entry.student) == remembered(the_class, entry.student)["marks"]:
        return False
    with _nbgrader_errors():
        write_feedback(the_class, entry)
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


def _with_notes(status, entry):
    return f"{status}; {'; '.join(entry.all_notes)}" if entry.all_notes else status


def main(arguments=None):
    parser = argparse.ArgumentParser(description="Grade what lies in submitted/.")
    parser.add_argument("--workers", type=int, help="processes on this machine (default: one for each core)")
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument("--root", default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("students", nargs="*", help="only these")
    chosen = parser.parse_args(arguments)
    the_class = Class(chosen.root)
    if not the_class.submitted.is_dir() or not any(the_class.submitted.iterdir()):
        sys.exit(
            f"nothing to grade: {the_class.submitted} is empty or missing. A submission belongs into "
            f"submitted/<student>/{ASSIGNMENT}/, with the notebooks' own names"
        )
    try:
        rows = grade_class(the_class, chosen.students, chosen.again, chosen.workers)
    except (sandbox.SandboxError, FileNotFoundError) as error:
        sys.exit(f"{error}")
    except KeyboardInterrupt:
        sys.exit("\nStopped. What was graded is recorded; `make grade` goes on with the rest.")
    show(rows)
    print(f"\nPoints: {the_class.root / 'points.csv'} and the gradebook. Feedback: {the_class.root / 'feedback'}")
    sys.exit(any(row["status"].startswith("not graded:") or "try again" in row["status"] for row in rows))


if __name__ == "__main__":
    main()
