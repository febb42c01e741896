"""The pages that a learner gets back."""

import json
from collections.abc import Sequence

from nbgrader.converters import GenerateFeedback

from grading.course import NOTEBOOKS, Course, Submission
from grading.gradebook import marks_of, nbgrader_errors, remembered
from grading.release import ASSIGNMENT


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


def is_done(course: Course, submission: Submission) -> bool:
    """Is this very submission in the gradebook already, and are its files there?"""
    folders = [course.root / step / submission.student / ASSIGNMENT for step in ("autograded", "feedback")]
    files_there = all(any(folder.glob(f"{name}.*")) for folder in folders for name in NOTEBOOKS)
    known = remembered(course, submission.student).get("key") == submission.key
    return known and files_there and bool(marks_of(course, submission.student))


def renewed(course, submission):
    """Write the feedback again if somebody has changed points or comments since."""
    if marks_of(course, submission.student) == remembered(course, submission.student)["marks"]:
        return False
    with nbgrader_errors():
        write_feedback(course, submission)
    return True
