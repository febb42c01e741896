"""A disputed result, shown again from the log: the same hand-in, the same inputs.

.venv/bin/python -m grading.again STUDENT [--entry N]
"""

import argparse
import sys

from grading import log, sandbox
from grading.course import Course, Submission
from grading.evaluation import grade
from grading.exercises import EXERCISES
from grading.gradebook import by_hand
from grading.judge import Result
from grading.release import SettingsError
from nst.paths import ROOT


def find(course: Course, student: str, number: int | None = None) -> tuple[dict, int, int]:
    """Return (evaluation, its number from 1, how many there are); the last one if no number is given.

    Raises LogError where there is none.
    """
    found = list(log.entries(course, student))
    if not found:
        known = ", ".join(sorted(log.latest(course))) or "nobody yet"
        raise log.LogError(f"no evaluation of {student} is in the log; in it are: {known}")
    number = len(found) if number is None else number
    if not 1 <= number <= len(found):
        raise log.LogError(f"--entry {number}: {student} has {len(found)} in the log; give 1 to {len(found)}")
    return found[number - 1], number, len(found)


def report(course: Course, entry: dict, results: dict[str, Result]) -> list[str]:
    """The lines that set a logged evaluation beside the one of now."""
    then, now = entry["judged"], {name: result.points for name, result in results.items()}
    width = max(map(len, EXERCISES))
    lines = [f"{'':{width}}  then   now"]
    for name in EXERCISES:
        if name in then or name in now:
            pair = [f"{points[name]:g}" if name in points else "-" for points in (then, now)]
            lines.append(f"{name:{width}}  {pair[0]:>4}  {pair[1]:>4}{'  differs' if pair[0] != pair[1] else ''}")
    lines.append(f"{'sum':{width}}  {sum(then.values()):>4g}  {sum(now.values()):>4g}")
    lines += [f"{name}: {result.hint}" for name, result in results.items() if result.hint]
    same = entry["version"] == course.version
    versions = f"{entry['version'][:12]} then, {course.version[:12]} now"
    lines.append("The course is the same as then." if same else f"The course has changed since: {versions}.")
    if points := by_hand(course, entry["student"]):
        lines.append(f"Points that a person gave instead are not shown here: {', '.join(points)}.")
    return [*lines, _handed_in_since(course, entry)]


def _handed_in_since(course, entry):
    student = entry["student"]
    submission = Submission(course, student)
    if submission.refusal:
        return f"{student} has nothing in submitted/ now that can be graded; shown is what was handed in then."
    if submission.digest == entry["digest"]:
        return f"{student} has not handed in anything else since."
    return f"{student} has handed in something else since; shown is what was handed in then."


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="Evaluate once more what is in the log, with the same inputs.")
    parser.add_argument("student")
    parser.add_argument("--entry", type=int, metavar="N", help="the student's Nth evaluation (default: the last)")
    parser.add_argument("--root", default=ROOT, help=argparse.SUPPRESS)
    chosen = parser.parse_args(arguments)
    try:
        course = Course(chosen.root)
        entry, number, count = find(course, chosen.student, chosen.entry)
        texts = log.handed(course, entry["digest"])
        sandbox.available()
        results = grade(texts, entry["seed"], course.limits)
    except (SettingsError, log.LogError, sandbox.SandboxError) as error:
        sys.exit(f"{error}")
    finally:
        sandbox.close_all()
    print(f"{chosen.student}, evaluation {number} of {count}, {entry['time']}, seed {entry['seed']}\n")
    print("\n".join(report(course, entry, results)))
    sys.exit(entry["judged"] != {name: result.points for name, result in results.items()})


if __name__ == "__main__":
    main()
