"""`make check-mine`: what the grading says of your own notebooks, before you hand them in.

.venv/bin/python -m grading.mine [FOLDER]

The same reading and judging as `make grade`, in the same sandbox where there is one, on the inputs of `check`.
"""

import argparse
import sys
import tempfile
import textwrap
from pathlib import Path

import nbformat

import nst
from grading import sandbox
from grading.course import NOTEBOOKS
from grading.evaluation import grade
from grading.exercises import EXERCISES
from grading.judge import MAX_POINTS, Result
from grading.nbgrader_plugin import put_in_order
from nst.paths import ROOT


def grade_mine(folder: Path) -> tuple[dict[str, Result], list[str], bool]:
    """Return ({exercise: Result}, notes on how the notebooks were read, was there a sandbox?)."""
    nst.start_tensorflow()
    from grading.checks import SEED

    texts, notes = {}, []
    for name in NOTEBOOKS:
        notebook, more = put_in_order(folder / f"{name}.ipynb", folder, name)
        texts[name] = nbformat.writes(notebook)
        notes += more
    try:
        sandbox.available()
    except sandbox.SandboxError:
        return grade(texts, SEED, run=without_sandbox), notes, False
    return grade(texts, SEED), notes, True


def without_sandbox(notebooks: dict, jobs: list[dict], limits: object = None, together: bool = False) -> dict:
    """What `sandbox.run` returns, in this very process: for one's own notebooks, where nothing else can be had."""
    from grading.sandboxed.inside import evaluated

    with tempfile.TemporaryDirectory() as folder:
        for name, text in notebooks.items():
            Path(folder, name).write_text(text, encoding="utf-8")
        return {job["exercise"]: ("done", evaluated(job, folder)) for job in jobs}


def main(arguments: list[str] | None = None) -> None:
    parser = argparse.ArgumentParser(description="What grading will say of your notebooks.", prog="grading.mine")
    parser.add_argument("folder", nargs="?", type=Path, default=ROOT / "exercises", help="where they are: exercises/")
    folder = parser.parse_args(arguments).folder
    if not folder.is_dir():
        parser.error(f"there is no folder {folder}")
    results, notes, walled = grade_mine(folder.resolve())
    for name in EXERCISES:
        print(f"{name}: {results[name].points:g} of {MAX_POINTS}")
        for message in results[name].messages:
            print(textwrap.fill(message, 100, initial_indent="  ", subsequent_indent="  "))
    for note in notes:
        print(textwrap.fill(note, 100, subsequent_indent="  "))
    total, most = sum(result.points for result in results.values()), MAX_POINTS * len(EXERCISES)
    where = "" if walled else " There is no bubblewrap here, so that no limit of time or memory was tried."
    print()
    print(textwrap.fill(f"{total:g} of {most} points, on the inputs of check(); grading draws others.{where}", 100))
    sys.exit(total < most)


if __name__ == "__main__":
    main()
