"""A synthetic class: submissions put together from the student copies and the answers given here."""

import json

import nbformat

from grading.exercises import EXERCISES
from nst.paths import ROOT

STEMS = sorted({exercise.notebook for exercise in EXERCISES.values()})
FULL = dict.fromkeys(EXERCISES, 5)


def right_answers():
    """{exercise: source} from the worked notebooks."""
    answers = {}
    for stem in STEMS:
        for cell in nbformat.read(ROOT / "notebooks" / f"{stem}.ipynb", as_version=4).cells:
            if cell.metadata.get("nbgrader", {}).get("solution"):
                answers[cell.metadata.nbgrader.grade_id] = cell.source
    return answers


RIGHT = right_answers()


def notebooks(answers, edit=None):
    """{stem: notebook}: the student copies with the answers filled in; `edit(stem, notebook)` may change them."""
    made = {}
    for stem in STEMS:
        notebook = nbformat.read(ROOT / "exercises" / f"{stem}.ipynb", as_version=4)
        for cell in notebook.cells:
            name = cell.metadata.get("nbgrader", {}).get("grade_id")
            if name in answers:
                cell.source = answers[name]
        made[stem] = (edit(stem, notebook) if edit else None) or notebook
    return made


def submit(root, student, wrong=None, edit=None, leave_out=()):
    """Write a submission: right answers but for `wrong`, {exercise: source}, where None leaves the blank."""
    answers = {name: source for name, source in (RIGHT | (wrong or {})).items() if source is not None}
    folder = root / "submitted" / student / "notebooks"
    folder.mkdir(parents=True)
    for stem, notebook in notebooks(answers, edit).items():
        if stem not in leave_out:
            (folder / f"{stem}.ipynb").write_text(json.dumps(notebook), encoding="utf-8")
    return folder


def function(name, body):
    """An answer under the exercise's own signature, with this body."""
    signature = RIGHT[name].split('"""')[0].strip()
    return signature + "\n" + "\n".join(f"    {line}" for line in body.strip().splitlines())


def reads_only(submissions, *_):
    """In place of `evaluate_all`: all are read, and none is evaluated."""
    for _ in submissions:
        pass
