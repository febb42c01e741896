"""`make grade`: evaluate every submission in submitted/ in parallel, and hand the points to nbgrader.

.venv/bin/python -m grading.grade [--workers N] [--again] [student ...]

For each new or changed submission: autograde, feedback, and a line in points.csv. Only this process writes the
gradebook; the workers run the sandboxes and return results.
"""

import argparse
import os
import secrets
import sys
import threading
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from contextlib import ExitStack, suppress
from functools import partial

from sqlalchemy.exc import DBAPIError
from tqdm import tqdm

from grading import late, lms, log, roster, sandbox, similar
from grading.collect import collect
from grading.course import Busy, Course, Submission, handed_in
from grading.evaluation import code_in
from grading.evaluation import grade as grade_submission
from grading.exercises import EXERCISES
from grading.feedback import Pages, has_pages
from grading.gradebook import is_recorded, marks_of, nbgrader_errors, reason_in, record, release, remembered
from grading.intake import printable
from grading.judge import Result
from grading.private import closed
from grading.release import ASSIGNMENT, SettingsError
from grading.report import write_page
from grading.table import show, table, write_csv
from nst.cluster import workers
from nst.interrupt import on_ctrl_c
from nst.paths import ROOT

POLL = 0.2  # seconds


def completed(futures: Iterable[Future], stopped: Callable[[], bool]) -> Iterator[Future]:
    """The futures as they are done. Raises KeyboardInterrupt once `stopped()`, here and at no other moment."""
    waiting = set(futures)
    while waiting:
        done, waiting = wait(waiting, POLL, FIRST_COMPLETED)
        yield from done
        if stopped():
            raise KeyboardInterrupt


def evaluate_all(
    submissions: Iterable[Submission | None],
    limits: sandbox.Limits,
    record: Callable[[Submission, dict[str, Result] | BaseException], None],
    count: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> None:
    """Evaluate submissions in parallel; call `record` with each one's results, or the exception that prevented them.

    record: is called in one thread of its own, so that nothing that is evaluated waits until another hand-in is read.
    submissions: may be read, slowly, as they are asked for; None where there is nothing to evaluate.
    Raises KeyboardInterrupt once `stopped()`, when all that is evaluated is recorded, and what `record` raises.
    """
    with ExitStack() as stack:
        evaluations, records, these = [], [], None
        recorder = stack.enter_context(ThreadPoolExecutor(1))
        stack.callback(sandbox.close_all)
        stack.callback(lambda: [each.cancel() for each in evaluations])

        def hand_on(submission, recorded, evaluation):
            if not evaluation.cancelled():
                with suppress(RuntimeError):  # when all has been ended
                    recorder.submit(finish, recorded, submission, evaluation.exception() or evaluation.result())

        def finish(recorded, submission, results):
            try:
                recorded.set_result(record(submission, results))
            except BaseException as error:
                recorded.set_exception(error)

        for submission in submissions:
            if stopped():
                raise KeyboardInterrupt
            if submission:
                these = these or stack.enter_context(workers(count or os.cpu_count()))
                submission.seed = secrets.randbits(64)
                arguments = submission.texts, submission.seed, limits
                evaluations.append(these.executor.submit(grade_submission, *arguments))
                records.append(Future())
                evaluations[-1].add_done_callback(partial(hand_on, submission, records[-1]))
        for recorded in completed(records, stopped):
            recorded.result()


def grade_course(
    course: Course,
    students: Sequence[str] = (),
    again: bool = False,
    count: int | None = None,
    stopped: Callable[[], bool] = lambda: False,
) -> list[dict]:
    """Grade what is new or changed; return the rows of the table.

    stopped: is asked often whether to stop. Raises KeyboardInterrupt then, SandboxError when nothing can be run here,
    Busy while somebody else grades or has the gradebook, FileNotFoundError for a student who handed in nothing,
    ClassListError and DueDateError for what is none.
    """
    sandbox.available()
    for note in course.close():
        print(note)
    with course.held():
        return _grade_course(course, students, again, count, stopped)


def _grade_course(course, students, again, count, stopped):
    release(course)
    class_list = roster.read(course.root)
    collected = collect(course, class_list)
    for note in [*collected.notes, *late.stamp(course, class_list)]:
        print(note)
    names = [name for name in handed_in(course) if name not in collected.unmatched]
    if strangers := [name for name in names if class_list and name not in class_list.students]:
        print(f"not in {roster.NAME}, and graded all the same: {', '.join(map(printable, strangers))}")
    if unknown := set(students) - set(names):
        raise FileNotFoundError(f"no submission of {', '.join(sorted(unknown))} in {course.submitted}")
    late.set_due_dates(course, class_list, ())  # before all else: there may be a mistake in them
    statuses, words = {}, {}
    with Pages(course, count) as pages, tqdm(total=0, desc="grading", unit="submission", delay=1) as progress:
        writing = {}

        def read():
            read, unchanged = [], []
            for name in names:
                yield None
                submission = Submission(course, name)
                statuses[name] = submission.refusal or "not graded yet"
                if submission.refusal:
                    continue
                read.append(name)
                words[name] = similar.words(submission.texts)
                _set_aside(course, submission)
                done, chosen = is_recorded(course, submission), not students or name in students
                if done:
                    statuses[name] = _with_notes("unchanged", submission, course)
                if chosen and (again or not done):
                    progress.total += 1
                    yield submission
                elif chosen:
                    unchanged.append(submission)
            late.set_due_dates(course, class_list, read)
            for submission in unchanged:
                if not has_pages(course, submission):
                    writing[pages.write(submission)] = submission
                    statuses[submission.student] = _with_notes("unchanged, feedback renewed", submission, course)

        def keep(submission, results):
            statuses[submission.student] = _recorded(course, class_list, submission, results)
            if statuses[submission.student].startswith("graded"):
                writing[pages.write(submission)] = submission
            progress.update()

        evaluate_all(read(), course.limits, keep, count, stopped)
        for future in completed(writing, stopped):
            if error := future.exception():
                statuses[writing[future].student] = f"not graded: its feedback could not be written ({error})"
    statuses |= {name: f"refused: {reason}" for name, reason in collected.unmatched.items()}
    rows = table(course, statuses)
    alike = similar.pairs(words)
    with closed():
        write_csv(rows, course.root / "points.csv")
        similar.write_csv(alike, course.root / "similar.csv")
        lms.write_imports(course, rows, class_list)
        write_page(course, rows, class_list, alike)
    return rows


def _set_aside(course, submission):
    """Leave only the code of a submission in memory: with its pictures it may have a hundred times as much."""
    log.keep(course, submission)
    submission.texts = {stem: code_in(text) for stem, text in submission.texts.items()}


def _recorded(course, class_list, submission, results):
    """The status of a submission after its results went into the gradebook, or why they did not."""
    if isinstance(results, BaseException):
        return f"not graded, try again: {results}"
    with nbgrader_errors() as complaints:
        try:
            submission.texts = log.handed(course, submission.digest)
            before = marks_of(course, submission.student)
            record(course, submission, results)
            late.set_due_dates(course, class_list, [submission.student])
            log.write(course, submission, submission.seed, results, before, marks_of(course, submission.student))
        except Exception as error:  # nbgrader's, about one submission: the others must not suffer
            reason = f"{reason_in(complaints, error)}"
            return f"not graded: {course.trouble(reason) if 'locked' in reason else reason}"
        finally:
            submission.texts = {}
    return _with_notes("graded", submission, course)


def _with_notes(status, submission, course):
    earlier = remembered(course, submission.student).get("earlier")
    notes = [f"points given by hand for an earlier hand-in stay: {', '.join(earlier)}"] if earlier else []
    return "; ".join([status, *notes, *_grouped(submission.all_notes)])


def _grouped(notes):
    """The notes; what is said of several exercises is said once."""
    said = {}
    for note in notes:
        about, _, words = note.partition(": ")
        of_exercise = about.removeprefix("check_") in EXERCISES
        said.setdefault(words if of_exercise else note, []).extend([about] if of_exercise else [])
    return [f"{', '.join(names)}: {words}" if names else words for words, names in said.items()]


def _end_now():
    """End with exit status 1; sys.exit would wait for the threads, whatever they are at."""
    sandbox.close_all()
    for stream in (sys.stdout, sys.stderr):
        stream.flush()
    os._exit(1)


def _about(error):
    return f"{error.filename2 or error.filename or 'a file'}: {error.strerror or error}"


def _number(text):
    if not (text.isdigit() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"{text}: give a whole number of at least 1")
    return int(text)


def main(arguments: list[str] | None = None) -> None:
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(errors="replace")  # a terminal may not have all letters of a file's name
    parser = argparse.ArgumentParser(description="Grade what lies in submitted/.")
    parser.add_argument("--workers", type=_number, help="sandboxes at the same time (default: one for each core)")
    parser.add_argument("--again", action="store_true", help="also what is graded already")
    parser.add_argument("--root", default=ROOT, help=argparse.SUPPRESS)
    parser.add_argument("students", nargs="*", help="only these")
    chosen = parser.parse_args(arguments)
    try:
        course = Course(chosen.root)
    except SettingsError as error:
        sys.exit(f"{error}")
    except OSError as error:
        sys.exit(_about(error))
    if not course.submitted.is_dir() or not any(course.submitted.iterdir()):
        sys.exit(
            f"nothing to grade: {course.submitted} is empty or missing. A submission belongs into "
            f"submitted/<student>/{ASSIGNMENT}/, with the notebooks' own names"
        )
    pressed = threading.Event()
    try:
        with on_ctrl_c(lambda *_: pressed.set()):
            rows = grade_course(course, chosen.students, chosen.again, chosen.workers, pressed.is_set)
    except (sandbox.SandboxError, Busy, FileNotFoundError, roster.ClassListError, late.DueDateError) as error:
        sys.exit(f"{error}")
    except OSError as error:
        sys.exit(f"{_about(error)}. What was graded is recorded.")
    except DBAPIError as error:
        sys.exit(f"{course.trouble(error)}. What was graded is recorded; `make grade` goes on with the rest.")
    except KeyboardInterrupt:
        rest = "with AGAIN=1 it begins again with all" if chosen.again else "`make grade` goes on with the rest"
        print(f"\nStopped. What was graded is recorded; {rest}.", file=sys.stderr)
        _end_now()
    show(rows)
    print(f"\nPoints: {course.root / 'points.csv'} and the gradebook. Feedback: {course.root / 'feedback'}")
    print(f"The class: {course.root / 'class.html'}")
    sys.exit(any(row["status"].startswith(("not graded:", "not graded, try", "refused")) for row in rows))


if __name__ == "__main__":
    main()
