"""`make bench`: how fast a class is graded. Prints a table and writes benchmarks/grading.md.

.venv/bin/python benchmarks/bench_grading.py [--submissions 40] [--workers 1 2] [--large 200]
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from machine import processor

from grading import evaluation, gradebook, sandbox
from grading.course import NOTEBOOKS, Course, Submission
from grading.feedback import Pages
from grading.grade import grade_course

ROOT = Path(__file__).resolve().parent.parent
MISTAKES = {  # as learners make them: another line for the first that returns
    "gram_matrix": "return tf.transpose(A) @ A",
    "total_cost": "return beta * J_content + alpha * J_style",
    "compute_content_cost": "return content_output[99]",
}


def classroom(root, count):
    """A class of `count` submissions: the worked notebooks, half of them with a mistake."""
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for number in range(count):
        folder = root / "submitted" / f"student_{number:04d}" / "notebooks"
        folder.mkdir(parents=True)
        wrong = list(MISTAKES)[number % len(MISTAKES)] if number % 2 else None
        for name in NOTEBOOKS:
            notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
            for cell in notebook.cells:
                if wrong and cell.metadata.get("nbgrader", {}).get("grade_id") == wrong:
                    cell.source = re.sub(r"return .*", MISTAKES[wrong], cell.source, flags=re.DOTALL)
            nbformat.write(notebook, folder / f"{name}.ipynb")


def parts(repeats):
    """Seconds of each part of grading one right submission, after the first: [(what, seconds)]."""
    with tempfile.TemporaryDirectory() as folder:
        classroom(Path(folder), repeats)
        course = Course(folder)
        gradebook.release(course)
        times = {"read and put in order": [], "in the sandbox, judged": [], "into the gradebook": [], "pages": []}
        with Pages(course, 1) as pages, gradebook.nbgrader_errors():
            for number in range(repeats):
                marks = [time.perf_counter()]
                submission = Submission(course, f"student_{number:04d}")
                marks.append(time.perf_counter())
                results = evaluation.grade(submission.texts, number)
                marks.append(time.perf_counter())
                gradebook.record(course, submission, results)
                marks.append(time.perf_counter())
                pages.write(submission).result()
                marks.append(time.perf_counter())
                for seconds, begin, end in zip(times.values(), marks, marks[1:]):
                    seconds.append(end - begin)
        sandbox.close_all()
    return [(what, statistics.median(seconds[1:])) for what, seconds in times.items()]


def whole_class(count, workers):
    """Seconds for `make grade` on a class, gradebook and feedback included."""
    with tempfile.TemporaryDirectory() as folder:
        classroom(Path(folder), count)
        start = time.perf_counter()
        rows = grade_course(Course(folder), count=workers)
        seconds = time.perf_counter() - start
    assert all(row["status"] == "graded" and row["total"] >= 20 for row in rows)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--large", type=int, default=200, help="a large class, with as many workers as there are cores")
    chosen = parser.parse_args()
    who = "root: one warm sandbox for each worker" if os.getuid() == 0 else "an ordinary user: a sandbox for each"
    lines = [
        f"Machine: {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}, {who}.",
        "Half of the hand-ins are right, the others have a mistake.",
        "",
        "| a submission | seconds |",
        "| --- | --- |",
        *(f"| {what} | {seconds:.2f} |" for what, seconds in parts(6)),
        "",
        "| submissions | workers | seconds | per minute | against one worker |",
        "| --- | --- | --- | --- | --- |",
    ]
    first = None
    for workers in chosen.workers:
        seconds = whole_class(chosen.submissions, workers)
        first = first or seconds
        rate = 60 * chosen.submissions / seconds
        lines.append(f"| {chosen.submissions} | {workers} | {seconds:.0f} | {rate:.0f} | {first / seconds:.2f} |")
    if chosen.large:
        seconds = whole_class(chosen.large, os.cpu_count())
        rate = 60 * chosen.large / seconds
        lines.append(f"| {chosen.large} | {os.cpu_count()} | {seconds:.0f} | {rate:.0f} | |")
        lines += ["", f"So 1000 would take {1000 / rate:.0f} minutes, if it goes on like this (extrapolated)."]
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "grading.md").write_text(f"# Grading speed, measured by `make bench`\n\n{text}")


if __name__ == "__main__":
    main()
