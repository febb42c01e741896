"""The pages that a learner gets back: rendered in processes of their own, each within a limit of time."""

import html
import json
import os
import select
import subprocess
import sys
import threading
from concurrent.futures import Future, ThreadPoolExecutor

import nbformat

from grading.course import NOTEBOOKS, Course, Submission
from grading.exchange import SECRET, TIMESTAMP
from grading.gradebook import marks_of, remember, remembered
from grading.release import ASSIGNMENT
from nst.paths import ROOT
from nst.pictures import write_atomically

SECONDS = 60  # for the pages of one submission


class Pages:
    """Renders pages beside the grading: `write` returns at once, with a future; at the end all are waited for."""

    def __init__(self, course: Course, count: int | None = None):
        self.course = course
        self.threads = ThreadPoolExecutor(count or os.cpu_count())
        self.own, self.processes = threading.local(), set()

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        self.threads.shutdown(wait=kind is None, cancel_futures=kind is not None)
        for process in list(self.processes):
            process.kill()

    def write(self, submission: Submission, seconds: float = SECONDS) -> Future:
        """Write the pages in feedback/ as the gradebook now has points and comments, and remember that state.

        Pages that cannot be made, or not in time, are replaced by plain ones with the points and hints.
        """
        return self.threads.submit(self._write, submission, seconds)

    def _write(self, submission, seconds):
        marks = marks_of(self.course, submission.student)
        if not self._render(submission.student, seconds):
            _write_plainly(self.course, submission.student)
        remember(self.course, submission, marks=marks)

    def _render(self, student, seconds):
        """Have this thread's process render; False if it could not, and then it is ended."""
        process = getattr(self.own, "process", None) or self._start()
        try:
            process.stdin.write(json.dumps(dict(root=str(self.course.root), student=student)) + "\n")
            process.stdin.flush()
            if select.select([process.stdout], [], [], seconds)[0] and json.loads(process.stdout.readline()) == "":
                return True
        except (OSError, ValueError):
            pass
        process.kill()
        process.wait()
        self.processes.discard(process)
        self.own.process = None
        return False

    def _start(self):
        pipes = dict(stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.own.process = subprocess.Popen([sys.executable, "-m", "grading.render"], cwd=ROOT, text=True, **pipes)
        self.processes.add(self.own.process)
        return self.own.process


def _write_plainly(course, student):
    """Pages with nothing of the submission in them but what stands under each check, and a person's comments."""
    folder = course.root / "feedback" / student / ASSIGNMENT
    for name in NOTEBOOKS:
        graded = nbformat.read(course.root / "autograded" / student / ASSIGNMENT / f"{name}.ipynb", as_version=4)
        words = [
            html.escape("".join(output.text for output in cell.outputs if output.output_type == "stream"))
            for cell in graded.cells
            if cell.cell_type == "code" and cell.metadata.get("nbgrader", {}).get("grade")
        ]
        with course.gradebook() as gradebook:
            done = gradebook.find_submission_notebook(name, ASSIGNMENT, student)
            score = f"Score: {done.score} / {done.max_score}"
            comments = [html.escape(comment.comment or "") for comment in done.comments]
        page = (
            f'<!doctype html><html lang="en"><head><meta charset="utf-8"><title>{name}</title></head><body>'
            f"<h1>{name} ({score})</h1><p>The page with your notebook could not be made, or took too long: "
            f"here are the points and hints alone.</p><pre>{chr(10).join([*words, *comments])}</pre></body></html>\n"
        )
        write_atomically(folder / f"{name}.html", lambda file, page=page: file.write(page.encode()))
    for name in (TIMESTAMP, SECRET):  # without them nbgrader could release nobody's feedback
        source = course.root / "autograded" / student / ASSIGNMENT / name
        if source.is_file() and not source.is_symlink():
            write_atomically(folder / name, lambda file, source=source: file.write(source.read_bytes()))


def has_pages(course: Course, submission: Submission) -> bool:
    """Are the pages there, with the points and comments that the gradebook has now?"""
    folder = course.root / "feedback" / submission.student / ASSIGNMENT
    if not all((folder / f"{name}.html").is_file() for name in NOTEBOOKS):
        return False
    return marks_of(course, submission.student) == remembered(course, submission.student).get("marks")
