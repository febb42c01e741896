"""Late submissions: when they were due, and what a late one costs. nbgrader's own bookkeeping, our rule."""

import math
import os
import re
import warnings
from collections.abc import Iterable
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import dateutil.parser
from nbgrader.api import Gradebook, MissingEntry, SubmittedAssignment
from nbgrader.plugins import LateSubmissionPlugin
from sqlalchemy.exc import SAWarning
from traitlets import Float, Unicode

from grading.course import Course
from grading.exchange import TIMESTAMP
from grading.release import ASSIGNMENT, SettingsError, configured
from grading.roster import NAME, Roster

EXAMPLE = '"2026-12-01 23:59 Europe/Zurich"'
ZONE = re.compile(r" ([A-Za-z_]+/[\w+\-/]+|[A-Z]{3,4})$")
DATE = re.compile(r"\d{4}-\d\d?-\d\d?\b|[^\W\d]{3,}")  # 1.12. and 12/1 mean one day here and another one there
DAY = 24 * 60 * 60


class DueDateError(ValueError):
    """A time or a rule that cannot be used; the message names it and the remedy."""


class LatePenalty(LateSubmissionPlugin):
    """The rule; nbgrader calls it for each notebook of a submission that came after its due date."""

    due = Unicode("", help=f"such as {EXAMPLE}; empty: the due date that is in nbgrader's gradebook, if any").tag(
        config=True
    )
    grace_minutes = Float(0, min=0, help="so much later is not late").tag(config=True)
    percent_per_day = Float(0, min=0, max=100, help="of a notebook's points, for each day begun").tag(config=True)

    def late_submission_penalty(self, student_id: str, score: float, total_seconds_late: float) -> float | None:
        """The points that are taken off a notebook, None if it is not late."""
        if total_seconds_late <= 60 * self.grace_minutes:
            return None
        return round(score * min(1.0, _days(total_seconds_late) * self.percent_per_day / 100), 2)

    def reason(self, total_seconds_late: float) -> str:
        """How a penalty came about, for the learner."""
        days = _days(total_seconds_late)
        return (
            f"{days} day{'s' * (days > 1)} begun after the due date, {self.percent_per_day:g} % of the points for each"
        )


def _days(seconds):
    """Those that have begun."""
    return math.ceil(seconds / DAY)


def rule(course: Course) -> LatePenalty:
    """The rule in nbgrader_config.py. Raises DueDateError if it cannot be used."""
    try:
        made = configured(LatePenalty, course.config)
    except SettingsError as error:
        raise DueDateError(f"{error}") from error
    if made.due:
        when(made.due, "c.LatePenalty.due")
    return made


def when(text: str, what: str, like: str = "") -> datetime:
    """A time, in UTC. what: how the message calls it; like: a due date whose time zone is meant where none is given."""
    words = text.strip()
    zone = ZONE.search(words)
    words = words[: zone.start()] if zone else words
    try:
        time = dateutil.parser.parse(words, default=datetime(1, 1, 1))
        if time.year == 1 or ":" not in words or not DATE.search(words):
            raise ValueError
        if zone:
            time = time.replace(tzinfo=ZoneInfo(zone[1]))
        elif time.tzinfo is None and like:
            time = time.replace(tzinfo=_zone(like))
        return time.astimezone(UTC) if time.tzinfo else _refuse(text, what)
    except (ValueError, KeyError, OverflowError, OSError):  # KeyError: a time zone that there is not
        return _refuse(text, what)


def _zone(due):
    """The time zone of a due date; UTC if it has only an offset, or none."""
    zone = ZONE.search(due.strip())
    return ZoneInfo(zone[1]) if zone else UTC


def _refuse(text, what):
    raise DueDateError(f"{what}: {text!r} is no time with a time zone; write it as {EXAMPLE}") from None


def stamp(course: Course, roster: Roster) -> list[str]:
    """Write the times of the hand-ins that the class list knows where nbgrader looks for them, timestamp.txt.

    Returns what to say about those that cannot be read. Where the configuration gives no due date, no time is needed.
    """
    due, notes = rule(course).due, []
    for student in roster.students.values() if due else ():
        folder = course.submitted / student.id / ASSIGNMENT
        if student.handed_in in ("", "-") or folder.is_symlink() or not folder.is_dir():
            continue
        try:
            time = when(student.handed_in, f"{NAME}, {student.id}, handed in", like=due)
            _write(folder / TIMESTAMP, f"{time:%Y-%m-%d %H:%M:%S} UTC\n")
        except DueDateError as error:
            notes.append(f"{error}")
        except OSError as error:
            notes.append(f"{student.id}: the time of the hand-in was not written to {TIMESTAMP}: {error.strerror}")
    return notes


def _write(path, text):
    """Write a file in place of what a learner may have put there, a folder perhaps, which stays under another name."""
    number = 0
    while path.is_dir() and not path.is_symlink():
        number += 1
        other = path.with_name(f"{path.name} ({number})")
        if not os.path.lexists(other):
            path.rename(other)
    path.unlink(missing_ok=True)
    path.write_text(text, encoding="utf-8")


def forget_time(course: Course, student: str) -> None:
    """Take the time of an earlier hand-in out of the gradebook; nbgrader keeps it where a later one has none."""
    with course.gradebook() as gradebook:
        try:
            submission = gradebook.find_submission(ASSIGNMENT, student)
        except MissingEntry:
            return
        submission.timestamp = None
        gradebook.db.commit()


def set_due_dates(course: Course, roster: Roster, students: Iterable[str]) -> None:
    """Put the due date, and the students' own ones, into the gradebook, and the penalties of what is graded there.

    students: whose submissions; who is not graded yet is left out. Raises DueDateError. Where the configuration gives
    no due date, the gradebook's stays, and so do nbgrader's extensions where the class list has no column for own ones.
    """
    penalty = rule(course)
    if not penalty.due and any(each.due for each in roster.students.values()):
        raise DueDateError(
            f"{NAME} has due dates of single students, but there is none for the class; write in nbgrader_config.py: "
            f"c.LatePenalty.due = {EXAMPLE}"
        )
    own = {
        each.id: when(each.due, f"{NAME}, {each.id}, due", like=penalty.due)
        for each in roster.students.values()
        if each.due
    }
    with warnings.catch_warnings(), course.gradebook() as gradebook:
        warnings.simplefilter("ignore", SAWarning)  # nbgrader 0.9.6 with SQLAlchemy 2.1
        if penalty.due:
            due = when(penalty.due, "c.LatePenalty.due").replace(tzinfo=None)
            gradebook.update_or_create_assignment(ASSIGNMENT, duedate=due)
        for student in students:
            try:
                submission = gradebook.find_submission(ASSIGNMENT, student)
            except MissingEntry:
                continue
            if roster.own_dates:
                submission.extension = own[student].replace(tzinfo=None) - due if student in own else None
            _charge(gradebook, submission, penalty)
        gradebook.db.commit()


def _charge(gradebook: Gradebook, submission: SubmittedAssignment, penalty: LatePenalty) -> None:
    """Set the penalties as nbgrader's AssignLatePenalties does, also for points that were changed by hand since."""
    seconds = submission.total_seconds_late
    for notebook in submission.notebooks:
        points = penalty.late_submission_penalty(submission.student_id, notebook.score, seconds) if seconds else None
        notebook.late_submission_penalty = points
