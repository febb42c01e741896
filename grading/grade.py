"""`make grade`: evaluate every submission in submitted/ in parallel, and hand the points to nbgrader.

.venv/bin/python -m grading.grade [--workers N] [--again] [student ...]

For each new or changed submission: autograde, feedback, and a line in points.csv. Only this process writes the
gradebook; the workers run the sandboxes and return results.
"""

import argparse
import os
import secrets
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import as_completed

from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from grading import nbgrader_plugin, sandbox
from grading.course import Busy, Course, Submission, handed_in
from grading.feedback import is_done, renewed, write_feedback
from grading.gradebook import nbgrader_errors, reason_in, record, release, remembered
from grading.judge import Result
from grading.release import ASSIGNMENT
from grading.submission import grade as grade_submission
from grading.table import show, table, write_csv
from nst.cluster import workers
from nst.paths import ROOT


def evaluate_all(
    submissions: list[Submission], limits: sandbox.Limits, count: int | None = None
) -> Iterator[tuple[Submission, dict[str, Result] | BaseException]]:
    """Yield (submission, {exercise: Result} or the exception that prevented it) as the workers get done."""
    if not submissions:
        return
    with workers(min(count or os.cpu_count(), len(submissions))) as these:
        futures = {}
        for submission in submissions:
            seed = secrets.randbits(64)
            futures[these.executor.submit(grade_submission, submission.texts, seed, limits)] = submission
        try:
            for future in as_completed(futures):
                yield futures[future], future.exception() or future.result()
        finally:
            for future in futures:
                future.cancel()
            sandbox.close_all()


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
    names = list(handed_in(course))
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
        if submission not in todo and renewed(course, submission):
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
    with nbgrader_errors() as complaints:
        try:
            write_feedback(course, submission, earlier=record(course, submission, results))
        except Exception as error:  # nbgrader's, about one submission: the others must not suffer
            reason = f"{reason_in(complaints, error)}"
            return f"not graded: {course.trouble(reason) if 'locked' in reason else reason}"
    return _with_notes("graded", submission, course)


def _with_notes(status, submission, course):
    earlier = remembered(course, submission.student).get("earlier")
    notes = [f"points given by hand for an earlier hand-in stay: {', '.join(earlier)}"] if earlier else []
    return "; ".join([status, *submission.all_notes, *notes])


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Grade what lies in submitted/.")
    parser.add_argument("--workers", type=int, help="sandboxes at the same time (default: one for each core)")
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
