"""`make bench`: how fast a class is graded. Prints a table and writes benchmarks/grading.md.

.venv/bin/python benchmarks/bench_grading.py [--submissions 40] [--workers 1 2]
"""

import argparse
import os
import platform
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import nbformat
from machine import processor

from grading import evaluation
from grading.course import NOTEBOOKS, Course
from grading.grade import grade_course

ROOT = Path(__file__).resolve().parent.parent


def classroom(root, count):
    """A class of `count` submissions: the worked notebooks."""
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for number in range(count):
        folder = root / "submitted" / f"student_{number:03d}" / "notebooks"
        folder.mkdir(parents=True)
        for name in NOTEBOOKS:
            shutil.copy(ROOT / "notebooks" / f"{name}.ipynb", folder)


def one_submission(repeats):
    """Seconds for one submission in its sandbox, without nbgrader."""
    texts = {}
    for name in NOTEBOOKS:
        notebook = nbformat.read(ROOT / "notebooks" / f"{name}.ipynb", as_version=4)
        texts[name] = nbformat.writes(notebook)
    seconds = []
    for seed in range(repeats):
        start = time.perf_counter()
        evaluation.grade(texts, seed)
        seconds.append(time.perf_counter() - start)
    return seconds


def whole_class(count, workers):
    """Seconds for `make grade` on a class, gradebook and feedback included."""
    with tempfile.TemporaryDirectory() as folder:
        classroom(Path(folder), count)
        start = time.perf_counter()
        rows = grade_course(Course(folder), count=workers)
        seconds = time.perf_counter() - start
    assert all(row["total"] == 30 for row in rows)
    return seconds


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--submissions", type=int, default=40)
    parser.add_argument("--workers", type=int, nargs="+", default=[1, 2])
    chosen = parser.parse_args()
    alone = one_submission(5)
    lines = [
        f"Machine: {processor()}, {os.cpu_count()} cores, Python {platform.python_version()}",
        "",
        f"One submission, all six exercises, in its sandbox: {statistics.median(alone):.1f} s "
        f"({min(alone):.1f} to {max(alone):.1f} in {len(alone)} runs)",
        "",
        f"| workers | {chosen.submissions} submissions | submissions per minute | against one worker |",
        "| --- | --- | --- | --- |",
    ]
    first = None
    for workers in chosen.workers:
        seconds = whole_class(chosen.submissions, workers)
        first = first or seconds
        per_minute = 60 * chosen.submissions / seconds
        lines.append(f"| {workers} | {seconds:.0f} s | {per_minute:.1f} | {first / seconds:.2f} |")
    text = "\n".join(lines) + "\n"
    print(text)
    (ROOT / "benchmarks" / "grading.md").write_text(f"# Grading speed, measured by `make bench`\n\n{text}")


if __name__ == "__main__":
    main()
