"""nbgrader's autograde, which gets to see no folder of a learner's, only what is written here of what lies in it."""

import secrets
import shutil
from collections.abc import Mapping
from fnmatch import fnmatch

from nbconvert.exporters import NotebookExporter
from nbgrader.apps import NbGraderAPI
from nbgrader.converters import Autograde
from nbgrader.coursedir import CourseDirectory
from nbgrader.utils import parse_utc

from grading.course import Course, Submission, handed_in, timestamp_in
from grading.exchange import SECRET, TIMESTAMP, secret_in
from grading.exercises import EXERCISES
from grading.judge import Result
from grading.late import forget_time
from grading.nbgrader_plugin import PREPARED
from grading.release import ASSIGNMENT


def lay_out(course: Course, submission: Submission, results: Mapping[str, Result] | None = None) -> None:
    """Write the notebooks in order, a time and a secret for nbgrader to read; without results it evaluates them."""
    folder = course.intake / submission.student / ASSIGNMENT
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    for name, text in submission.texts.items():
        (folder / f"{name}.ipynb").write_text(text, encoding="utf-8")
        own = results and {each: result for each, result in results.items() if EXERCISES[each].notebook == name}
        PREPARED[submission.student, name] = own, submission.notes[name]
    secret = secret_in(course.submitted / submission.student / ASSIGNMENT) or secrets.token_hex(64)
    (folder / SECRET).write_text(secret)  # `nbgrader release_feedback` wants both files of everybody
    (folder / TIMESTAMP).write_text(submission.timestamp)
    if not submission.timestamp:
        forget_time(course, submission.student)


class OrderedExporter(NotebookExporter):
    """Made at the start of `nbgrader autograde`, or of formgrader's: sends that to the submissions in order.

    nbgrader itself would follow links, read /dev/zero to its end, and copy what it finds to where learners get it.
    """

    def __init__(self, *arguments, **more):
        super().__init__(*arguments, **more)
        grading = self.parent
        if not isinstance(grading, Autograde):
            return
        course = Course(grading.coursedir.root)
        wanted, ordered = grading.coursedir.student_id, course.ordered(grading.coursedir.student_id)
        if grading.coursedir.submitted_directory == ordered.submitted_directory:
            return
        for left in course.intake.glob(wanted):
            shutil.rmtree(left)
        for student in handed_in(course):
            if fnmatch(student, wanted):
                submission = Submission(course, student)
                if submission.refusal:
                    grading.log.error("%s: %s", student, submission.refusal)
                else:
                    lay_out(course, submission)
        grading.coursedir = ordered
        grading.init_notebooks()


def read_times_with_care() -> None:
    """Have nbgrader and formgrader read no timestamp.txt that is none; theirs would end with an error, or never."""

    def read(folder):
        return parse_utc(text) if (text := timestamp_in(folder)) else None

    def submitted(self, assignment, student):
        return read(self.coursedir.format_path(self.coursedir.submitted_directory, student, assignment))

    CourseDirectory.get_existing_timestamp = lambda self, folder: read(folder)
    NbGraderAPI.get_submitted_timestamp = submitted
