"""The folders of a course, and what a student handed in there, put in order."""

import dataclasses
import hashlib
import json
import os
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import nbformat
from nbgrader.api import Assignment, Gradebook, InvalidEntry
from nbgrader.coursedir import CourseDirectory
from sqlalchemy import make_url
from sqlalchemy.exc import ArgumentError, SQLAlchemyError

from grading import nbgrader_plugin, private, walls
from grading.exchange import STUDENT, TIMESTAMP, time_in
from grading.exercises import EXERCISES
from grading.intake import NOBODYS
from grading.release import ASSIGNMENT, COURSE, configured, course_config, exchanges, link_source
from grading.sandbox import Limits
from grading.time_limit import TooLong, time_limit
from nst.paths import ROOT
from nst.pictures import alone_in

NOTEBOOKS = list(dict.fromkeys(exercise.notebook for exercise in EXERCISES.values()))
MAX_BYTES = 45_000_000  # of a submission's notebooks, put in order: what is kept of each one that is graded
SECONDS = 60  # to read a submission, which takes less than one
NO_TIME = f"{TIMESTAMP} is not used, so nothing is late: it has no time as nbgrader writes it (2026-11-25 09:56:49 UTC)"


class Busy(RuntimeError):
    """Somebody else is grading here, or has the gradebook; the message says what to do."""


class Course:
    """The folders of a course and what `make grade` remembers of it."""

    def __init__(self, root: str | Path):
        self.root = Path(root)
        link_source(self.root)
        self.config = course_config(root=str(root))
        self.hidden = [self.root, *exchanges(self.config)]
        for folder in self.hidden:
            walls.hide(folder)
        self.submitted = self.root / "submitted"
        self.intake = self.root / ".grading" / "submitted"  # the submissions as nbgrader gets to see them: put in order
        self.memory = self.root / ".grading" / "graded"
        self.db_url = self.directory().db_url
        files = [*sorted((ROOT / "grading").rglob("*.py")), *sorted((ROOT / "exercises").glob("*.ipynb"))]
        self.version = hashlib.sha256(f"{_digest(*files)} {self.limits}".encode()).hexdigest()

    @property
    def limits(self) -> Limits:
        """Those of the sandbox. Raises SettingsError."""
        limits = configured(nbgrader_plugin.EvaluateExercises, self.config).limits()
        return dataclasses.replace(limits, hidden=tuple(str(Path(each).resolve()) for each in self.hidden))

    def directory(self, student: str = "*", **more) -> CourseDirectory:
        """nbgrader's own idea of the course, for one student or all."""
        return CourseDirectory(config=course_config(root=str(self.root), student_id=student, **more))

    def ordered(self, student: str = "*") -> CourseDirectory:
        """The same, with the submissions that `lay_out` has written in place of what was handed in."""
        return self.directory(student, submitted_directory=str(self.intake.relative_to(self.root)))

    def gradebook(self) -> Gradebook:
        return Gradebook(self.db_url, COURSE)

    def close(self) -> list[str]:
        """Take from the machine's other users what they may do with all that is the instructor's; what to say of it."""
        try:
            place = make_url(self.db_url)
            database = place.database if place.get_backend_name() == "sqlite" else None
        except ArgumentError:  # `held` says it
            database = None
        for name in private.FOLDERS:
            private.make_folder(self.root / name)
        return private.close(self.root, database, shared=self.directory().groupshared)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Nobody else grades here meanwhile. Raises Busy where somebody does, or the gradebook cannot be written."""
        with ExitStack() as hold:
            try:
                hold.enter_context(alone_in(self.root / ".grading"))
            except BlockingIOError:
                raise Busy(f"another `make grade` is at work in {self.root}; wait until it has ended") from None
            try:
                with private.closed(), self.gradebook() as gradebook:
                    if gradebook.engine.dialect.name == "sqlite":
                        gradebook.db.connection().exec_driver_sql("BEGIN IMMEDIATE")  # fails where another writes
                        old = gradebook.db.query(Assignment).filter_by(course_id="")  # made before there was a COURSE
                        old.update({"course_id": COURSE})
                    gradebook.db.commit()
            except (SQLAlchemyError, InvalidEntry, ModuleNotFoundError) as error:
                raise Busy(self.trouble(error)) from error
            yield

    def trouble(self, error: Exception | str) -> str:
        """What to say about an error of the database."""
        reason = getattr(error, "orig", error)
        if "locked" in f"{reason}":
            return "the gradebook is locked by another program (nbgrader, a database browser): let that end, try again"
        try:
            place = make_url(self.db_url).render_as_string(hide_password=True)
        except ArgumentError:
            return "NST_GRADEBOOK_URL is no address of a database; write it as postgresql://user:password@host/name"
        if isinstance(error, ModuleNotFoundError):
            return f"the gradebook {place} needs a driver that is not installed: {error}"
        return f"the gradebook {place} cannot be used: {' '.join(f'{reason}'.split())[:300]}"


def _digest(*paths):
    total = hashlib.sha256()
    for path in paths:
        total.update(path.read_bytes())
    return total.hexdigest()


class Submission:
    """A student's folder: the texts of the notebooks, put in order, and the notes on what that took."""

    def __init__(self, course: Course, student: str):
        self.student, self.notes, self.refusal = student, {}, ""
        self.texts, self.timestamp, self.time_notes = {}, "", []
        try:
            with time_limit(SECONDS):
                self._read(course, student)
        except TooLong:
            self.refusal = f"refused: reading it takes more than {SECONDS} s; hand in the notebooks alone"
        except Exception as error:  # whatever somebody can do to a folder: the others must not suffer
            self.refusal = f"refused: cannot be read ({type(error).__name__})"
        if self.refusal:
            self.notes, self.texts = {}, {}
        everything = json.dumps([self.texts, self.notes, self.timestamp, course.version])
        self.digest = hashlib.sha256(json.dumps(self.texts).encode()).hexdigest()
        self.key = hashlib.sha256(everything.encode()).hexdigest()

    def _read(self, course, student):
        above = course.submitted / student
        folder = above / ASSIGNMENT
        if not folder.is_symlink() and not folder.is_dir() and _has_files(above):
            folder = above  # unpacked one folder too high
        if not above.is_symlink() and not above.is_dir():
            self.refusal = f"refused: a file; what is in it belongs into submitted/<student>/{ASSIGNMENT}/"
        elif not STUDENT.fullmatch(student):
            self.refusal = "refused: a student's folder is named with a-z, A-Z, 0-9 and . _ @ - only"
        elif above.is_symlink() or folder.is_symlink():
            self.refusal = f"refused: submitted/{student}/{ASSIGNMENT} is a link; put the folder itself there"
        elif not folder.is_dir():
            self.refusal = f"refused: submitted/{student}/{ASSIGNMENT} is no folder, and there is nothing else to grade"
        else:
            for name in NOTEBOOKS:
                path = folder / f"{name}.ipynb"
                notebook, self.notes[name] = nbgrader_plugin.put_in_order(path, course.submitted, name)
                self.texts[name] = nbformat.writes(notebook)
            if sum(len(text.encode()) for text in self.texts.values()) > MAX_BYTES:
                self.refusal = f"refused: more than {MAX_BYTES // 10**6} MB of code, text and pictures in the notebooks"
        self.timestamp = timestamp_in(folder)
        self.time_notes = [NO_TIME] if not self.timestamp and os.path.lexists(folder / TIMESTAMP) else []

    @property
    def all_notes(self) -> list[str]:
        return [note for notes in self.notes.values() for note in notes] + self.time_notes


def _has_files(folder):
    return folder.is_dir() and any(path.is_file() for path in folder.iterdir())


def handed_in(course):
    """Names of what lies in submitted/: students' folders, and files that should be in one."""
    for path in sorted(course.submitted.iterdir()):
        if path.name not in NOBODYS and (
            path.is_dir() or path.is_symlink() or path.suffix.lower() in (".ipynb", ".zip")
        ):
            yield path.name


def timestamp_in(folder: str | Path) -> str:
    """The text of a timestamp.txt, if it is as nbgrader writes it, and no link or endless file is in its place."""
    path = Path(folder, TIMESTAMP)
    try:
        if path.is_symlink() or not path.is_file() or path.stat().st_size > 100:
            return ""
        text = path.read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        return ""
    return text if time_in(text) else ""
