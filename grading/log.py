"""What was evaluated, when, and with which result: .grading/log.jsonl, one line of JSON for each evaluation.

The hand-ins themselves are kept beside it, in .grading/handed/, so that a result can be shown again (`again`).
"""

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from datetime import UTC, datetime
from pathlib import Path

from grading.course import Course, Submission
from grading.judge import Result
from nst.pictures import write_atomically


class LogError(LookupError):
    """Something is not in the log; the message says what."""


def write(
    course: Course,
    submission: Submission,
    seed: int,
    results: dict[str, Result],
    before: Sequence[Sequence],
    after: Sequence[Sequence],
) -> None:
    """Append an evaluation to the log, and keep what was handed in.

    before, after: `marks_of` the student in the gradebook, before and after the results went into it.
    """
    keep(course, submission)
    entry = dict(
        time=f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}",
        student=submission.student,
        digest=submission.digest,
        version=course.version,
        seed=seed,
        judged={name: result.points for name, result in results.items()},
        hints={name: result.hint for name, result in results.items() if result.hint},
        before=_points(before),
        after=_points(after),
    )
    descriptor = os.open(_path(course), os.O_RDWR | os.O_CREAT | os.O_APPEND, 0o600)
    try:
        size = os.fstat(descriptor).st_size
        torn = size and os.pread(descriptor, 1, size - 1) != b"\n"  # the machine stopped in the middle of a line
        os.write(descriptor, (b"\n" if torn else b"") + json.dumps(entry).encode() + b"\n")
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def entries(course: Course, student: str | None = None) -> Iterator[dict]:
    """The evaluations in the log, the oldest first, of one student or all. Damaged lines are left out."""
    try:
        lines = _path(course).read_text(encoding="utf-8", errors="replace").splitlines()
    except FileNotFoundError:
        return
    for line in lines:
        try:
            entry = json.loads(line)
        except ValueError:
            continue
        if isinstance(entry, dict) and student in (None, entry.get("student")):
            yield entry


def latest(course: Course) -> dict[str, dict]:
    """{student: the last evaluation}."""
    return {entry["student"]: entry for entry in entries(course)}


def keep(course: Course, submission: Submission) -> None:
    """Keep the notebooks of a submission under their digest."""
    path = _kept(course, submission.digest)
    if not path.exists():
        write_atomically(path, lambda file: file.write(json.dumps(submission.texts).encode()))


def handed(course: Course, digest: str) -> dict[str, str]:
    """The notebooks that were handed in, {stem: text}. Raises LogError where they are gone or are not the same."""
    path = _kept(course, digest)
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise LogError(f"what was handed in then is gone: there is no {path}") from None
    if hashlib.sha256(text.encode()).hexdigest() != digest:
        raise LogError(f"{path} has been changed: it is not what was handed in then")
    return json.loads(text)


def _path(course: Course) -> Path:
    return course.root / ".grading" / "log.jsonl"


def _kept(course: Course, digest: str) -> Path:
    return course.root / ".grading" / "handed" / f"{digest}.json"


def _points(marks):
    """{exercise: points} of what `marks_of` returns, without the comments."""
    return {name.removeprefix("check_"): points for name, points in marks if name.startswith("check_")}
