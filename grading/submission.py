"""One learner's submission: read it without trusting it, put it in order, run it in the sandbox, judge it."""

import json
import os
import re
import stat

import nbformat
from nbformat import NotebookNode

from grading import sandbox
from grading.exercises import EXERCISES
from grading.judge import Result, failed, judge

MAX_BYTES = 20_000_000  # of one notebook; with pictures in it, one of ours has 1.5 MB
MAX_CELLS = 1000
REASONS = {
    "time": "it ran out of time: is there an endless loop?",
    "memory": "it used more memory than is allowed",
    "output": "it sent back more data than is allowed",
    "damaged": "what it sent back was no result",
}


class Unreadable(ValueError):
    """A submitted file that cannot be graded; the message says why."""


def read(path: str | os.PathLike, inside: str | os.PathLike) -> NotebookNode:
    """Return a submitted notebook, in the present format.

    path: the file; inside: the folder that it must really be in. Raises Unreadable for a link, a folder or a device,
    a file of more than MAX_BYTES, and for what is no notebook.
    """
    try:
        if os.path.realpath(path) != os.path.join(os.path.realpath(inside), os.path.relpath(path, inside)):
            raise Unreadable("it is a link to another file; hand in the notebook itself")
        descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOFOLLOW)
        with open(descriptor, "rb") as file:
            about = os.fstat(descriptor)
            if not stat.S_ISREG(about.st_mode):
                raise Unreadable("it is not a file")
            if about.st_size > MAX_BYTES:
                raise Unreadable(f"it has {about.st_size / 1e6:.0f} MB, more than the {MAX_BYTES / 1e6:.0f} MB allowed")
            return _plain(json.loads(file.read(MAX_BYTES + 1)))
    except FileNotFoundError:
        raise Unreadable("it was not handed in") from None
    except Unreadable:
        raise
    except OSError as error:
        raise Unreadable(f"it cannot be opened ({error.strerror})") from error
    except Exception as error:  # whatever else somebody can do to a JSON file
        raise Unreadable(f"it is no notebook, or a damaged one ({type(error).__name__})") from error


def _plain(data):
    """A notebook with nothing in it but the cells' sources and nbgrader's ids; of format 3 or 4."""
    cells = data["cells"] if "cells" in data else data["worksheets"][0]["cells"]
    if len(cells) > MAX_CELLS:
        raise Unreadable(f"it has {len(cells)} cells, more than the {MAX_CELLS} allowed")
    notebook = nbformat.v4.new_notebook()
    for number, cell in enumerate(cells):
        make = nbformat.v4.new_code_cell if cell["cell_type"] == "code" else nbformat.v4.new_markdown_cell
        new = make("".join(cell["source"] if "source" in cell else cell["input"]), id=f"cell-{number}")
        grade_id = cell.get("metadata", {}).get("nbgrader", {}).get("grade_id")
        if isinstance(grade_id, str):
            new.metadata["grade_id"] = grade_id
        notebook.cells.append(new)
    return notebook


def repair(notebook: NotebookNode, released: NotebookNode) -> tuple[NotebookNode, list[str]]:
    """Put a submitted notebook in order for nbgrader; return it and a list of what had to be done.

    released: the student copy as it was handed out. Afterwards each of its marked cells is there exactly once, with its
    own marks: the learner's answer, wherever it stood, or the blank; the check as it was handed out.
    """
    notes = []
    marked = {cell.metadata.nbgrader.grade_id: cell for cell in released.cells if "nbgrader" in cell.metadata}
    answers = {}
    for name, original in marked.items():
        found = [cell for cell in notebook.cells if cell.metadata.get("grade_id") == name]
        if original.metadata.nbgrader.solution:
            answers[name] = _answer(name, original, found, notebook.cells, notes)
        elif [cell.source.strip() for cell in found if cell.cell_type == "code"] != [original.source.strip()]:
            notes.append(f"{name}: the check was missing or changed; the original was used")
    chosen = [id(cell) for cell in answers.values()]
    cells = [cell for cell in notebook.cells if cell.metadata.get("grade_id") not in marked or id(cell) in chosen]
    place = 0
    for name, original in marked.items():
        cell = answers.get(name)
        if cell is None or "nbgrader" in cell.metadata:  # no answer, or one that holds another exercise as well
            instead = original.source if cell is None else f"# {name}: its function stands in another exercise's cell"
            cell = nbformat.v4.new_code_cell(instead)
            cells.insert(place, cell)
        place = next(i for i, other in enumerate(cells) if other is cell) + 1
        cell.update(cell_type="code", outputs=[], execution_count=None)
        cell.metadata.update(_copy(original.metadata))
    known = {cell.source for cell in released.cells}
    for number, cell in enumerate(cells):
        cell.metadata.pop("grade_id", None)
        cell["id"] = f"cell-{number}"
        if cell.cell_type == "markdown" and cell.source not in known:
            cell.source = cell.source.replace("<", "&lt;")  # no scripts in the instructor's browser
    return nbformat.v4.new_notebook(cells=cells, metadata=_copy(released.metadata)), notes


def _answer(name, original, found, cells, notes):
    """The cell that holds the learner's answer to an exercise, or None."""

    def written(cell):
        blank = "raise NotImplementedError" in cell.source and not re.search(r"^\s+return\b", cell.source, re.MULTILINE)
        return not blank and cell.source.strip() not in ("", original.source.strip())

    if len(found) > 1:
        notes.append(f"{name}: there were {len(found)} cells for this exercise; the last one with an answer was used")
    elif not found:
        notes.append(f"{name}: the cell of the exercise was missing")
    answers = [cell for cell in found if written(cell)]
    if not answers:
        defines = re.compile(rf"^def {name}\(", re.MULTILINE)
        answers = [cell for cell in cells if written(cell) and defines.search(cell.source)]
        notes += [f"{name}: its function was found in another cell"] * bool(answers)
    if answers and answers[-1].cell_type != "code":
        notes.append(f"{name}: its cell was not a code cell any more")
    return answers[-1] if answers else None


def _copy(node):
    return nbformat.from_dict(json.loads(json.dumps(node)))


def grade(notebooks: dict[str, str], seed: int, limits: sandbox.Limits | None = None) -> dict[str, Result]:
    """Run and judge all exercises in some notebooks of one submission; return {exercise: Result}.

    notebooks: {stem: text}, such as {"02_content_cost": "{...}"}; seed: of the secret inputs.
    An exercise that builds on one which is not right is tried with a stand-in for that as well, and the better counts.
    """
    exercises = [exercise for exercise in EXERCISES.values() if exercise.notebook in notebooks]
    results = _try(notebooks, exercises, seed, False, limits)
    again = []
    for exercise in exercises:
        helper, result = exercise.builds_on, results[exercise.name]
        if helper and result.points < result.max_points > results[helper].points:
            again.append(exercise)
    for name, result in (_try(notebooks, again, seed, True, limits) if again else {}).items():
        if result.points > results[name].points:
            result.note = f"judged with a replacement for {EXERCISES[name].builds_on}, which is not right yet"
            results[name] = result
    return results


def _try(notebooks, exercises, seed, stand_ins, limits):
    inputs = {exercise.name: exercise.cases(seed) for exercise in exercises}
    jobs = [
        dict(exercise=each.name, notebook=f"{each.notebook}.ipynb", cases=inputs[each.name], stand_ins=stand_ins)
        for each in exercises
    ]
    texts = {f"{stem}.ipynb": text for stem, text in notebooks.items()}
    results = {}
    for name, (status, reports) in sandbox.run(texts, jobs, limits).items():
        if status == "done":
            results[name] = judge(EXERCISES[name], inputs[name], reports, stand_ins=stand_ins, hidden=True)
        else:
            results[name] = failed(name, REASONS.get(status, f"it crashed: {status}"))
    return results
