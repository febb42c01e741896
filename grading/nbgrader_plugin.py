"""What is ours in nbgrader's chains of steps, above all the one that executes student code.

nbgrader_config.py puts these classes in their places. Everything else, gradebook, feedback, formgrader and export, is
nbgrader's own.
"""

import re
import secrets
from collections.abc import Sequence
from pathlib import Path

import nbformat
from nbformat import NotebookNode
from nbgrader.preprocessors import ClearSolutions, NbGraderPreprocessor
from nbgrader.utils import is_solution
from traitlets import Float, Integer

from grading import evaluation, sandbox, submission
from grading.exercises import EXERCISES
from grading.intake import Unreadable
from grading.judge import Result, failed
from grading.page import shorten, without_formulas
from nst.paths import ROOT

RELEASED = next(place for place in (ROOT / ".released", ROOT / "exercises") if place.is_dir())  # in a learner's, those
UNREADABLE = "no points for"  # begins the note on a notebook of which nothing could be read
PREPARED = {}  # {(student, notebook): ({exercise: Result} or None to evaluate it here, notes)}


class NameTheExercise(ClearSolutions):
    """nbgrader's ClearSolutions, with a blank that says which exercise it is: `{exercise}` in the code stub.

    A solution cell without marks, which nbgrader would empty silently, docstring and all, is an error here.
    """

    def preprocess_cell(self, cell, resources, cell_index):
        if is_solution(cell) and self.begin_solution_delimeter not in cell.source:
            raise RuntimeError(f"{cell.metadata.nbgrader.grade_id}: no {self.begin_solution_delimeter} in its cell")
        cell, resources = super().preprocess_cell(cell, resources, cell_index)
        name = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        cell.source = cell.source.replace("{exercise}", name)
        return cell, resources


def put_in_order(path: str | Path, submitted: str | Path, name: str) -> tuple[NotebookNode, list[str]]:
    """Return (notebook, notes) of a file in the folder `submitted`, or of what seems to be meant by it in its folder.

    The notebook is repaired, or blank with the reason.
    """
    released = nbformat.read(RELEASED / f"{name}.ipynb", as_version=4)
    try:
        notebook, found = submission.choose(Path(path).parent, name, submitted, released)
    except Unreadable as error:
        return submission.repair(nbformat.v4.new_notebook(), released)[0], [f"{UNREADABLE} {name}.ipynb: {error}"]
    repaired, notes = submission.repair(notebook, released)
    return repaired, found + notes


class EvaluateExercises(NbGraderPreprocessor):
    """In place of nbgrader's Execute: runs each exercise in the sandbox and writes the points under its check."""

    seconds = Float(sandbox.Limits.seconds, min=1, help="for each exercise").tag(config=True)
    memory_bytes = Integer(sandbox.Limits.memory_bytes, min=500_000_000, help="for each exercise").tag(config=True)
    processes = Integer(sandbox.Limits.processes, min=8, help="and threads, for each exercise").tag(config=True)
    output_bytes = Integer(sandbox.Limits.output_bytes, min=1_000_000, help="that one may send back").tag(config=True)
    temporary_bytes = Integer(sandbox.Limits.temporary_bytes, min=1_000_000, help="of temporary files").tag(config=True)

    def limits(self) -> sandbox.Limits:
        return sandbox.Limits(self.seconds, self.memory_bytes, self.processes, self.output_bytes, self.temporary_bytes)

    def preprocess(self, nb, resources):
        student, name = resources["nbgrader"]["student"], resources["nbgrader"]["notebook"]
        results, notes = PREPARED.pop((student, name), (None, []))
        if results is None:
            results = {}
            if any(exercise.notebook == name for exercise in EXERCISES.values()):
                results = evaluation.grade({name: nbformat.writes(nb)}, secrets.randbits(64), self.limits())
        for cell in nb.cells:
            marks = cell.metadata.get("nbgrader", {})
            if cell.cell_type == "code" and marks.get("grade"):
                exercise = marks.grade_id.removeprefix("check_")
                result = results.get(exercise) or failed(exercise, "there is no result for this exercise")
                if notes and notes[0].startswith(UNREADABLE):
                    result = failed(exercise, f"nothing could be graded: {notes[0].split(': ', 1)[1]}")
                own = [note.split(": ", 1)[1] for note in notes if exercise in note.split(": ", 1)[0]]
                cell.outputs = outputs(result, own)
                cell.execution_count = 1
        if shorten(nb):
            notes = [*notes, f"{name}.ipynb: very long lines and cells are cut here; they were evaluated whole"]
        if notes and nb.cells:
            words = "".join(f"- {_as_text(note)}\n" for note in notes)
            nb.cells.insert(0, nbformat.v4.new_markdown_cell(f"**How this notebook was graded**\n\n{words}"))
        return nb, resources


def _as_text(note):
    """Markdown that shows a note as it is: a file's name in it could be a script, a picture, a formula or a link."""
    note = _without_links(without_formulas(note))
    return "".join(f"&#{ord(letter)};" if letter in "<>&[]!`*" else letter for letter in note)


def _without_links(text):
    """A text in which JupyterLab sees no address."""
    return re.sub(r"(?i)(?<=:)(?=/)|(?<=www)(?=\.)", "\N{ZERO WIDTH SPACE}", text)


def outputs(result: Result, notes: Sequence[str] = ()) -> list[NotebookNode]:
    """The outputs of a check cell: the messages, and the points as the plain number that nbgrader wants."""
    lines = [result.exercise, *(f"  {line}" for line in result.messages), *(f"  Note: {note}." for note in notes)]
    points = {"text/plain": repr(float(result.points))}
    return [
        nbformat.v4.new_output("stream", name="stdout", text=_without_links("\n".join(lines)) + "\n"),
        nbformat.v4.new_output("execute_result", data=points, execution_count=1),
    ]
