"""`make grade` on a whole class: honest submissions, careless ones, and attacks, graded together and for real."""

import csv
import json
import os
import re
import shutil
import socket

import nbformat
import pytest
from classroom import FULL, RIGHT, function, submit
from hostile import ATTACKS, attackers

from grading.course import Course
from grading.exercises import EXERCISES
from grading.grade import grade_course
from nst.paths import ROOT

pytestmark = pytest.mark.slow


def in_cell(name, change):
    """An `edit` for submit: apply `change(notebook, index)` to the cell with this grade_id."""

    def edit(stem, notebook):
        for index, cell in enumerate(notebook.cells):
            if cell.metadata.get("nbgrader", {}).get("grade_id") == name:
                return change(notebook, index)

    return edit


def delete(notebook, index):
    del notebook.cells[index]


def duplicate(notebook, index):
    copy = nbformat.from_dict(json.loads(json.dumps(notebook.cells[index])))
    copy.update(id="copy", source="# an old attempt\ndef gram_matrix(A):\n    return A")
    notebook.cells.insert(index, copy)


def retype(notebook, index):
    cell = notebook.cells[index]
    notebook.cells[index] = nbformat.v4.new_markdown_cell(cell.source, metadata=cell.metadata)


def rewrite_check(notebook, index):
    notebook.cells[index].source = "5.0"


def without_marks(stem, notebook):
    """As from an old version of the notebooks: no ids, no marks, other checks, an old format."""
    for cell in notebook.cells:
        cell.metadata.pop("nbgrader", None)
        if cell.source.startswith("check("):
            cell.source = "assert True"
    return nbformat.v4.convert.downgrade(notebook) if stem == "02_content_cost" else notebook


def in_one_cell(stem, notebook):
    """All functions of a notebook in a cell of the learner's own; the blanks are left as they were."""
    marked = [c for c in notebook.cells if c.metadata.get("nbgrader", {}).get("solution")]
    mine = "\n\n".join(cell.source for cell in marked)
    for cell in marked:
        name = cell.metadata.nbgrader.grade_id
        cell.source = function(name, f'raise NotImplementedError("{name} is not written yet")')
    notebook.cells.insert(5, nbformat.v4.new_code_cell(mine))


FOUR_TIMES = "return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2)"
MIXED = """
_, n_H, n_W, n_C = a_G.shape
G_S, G_G = (gram_matrix(tf.reshape(a, (n_C, -1))) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G))
return tf.reduce_sum((G_S - G_G) ** 2) / (4 * n_C**2)
"""
NO_WEIGHTS = """
pairs = zip(STYLE_LAYERS, style_image_output, generated_image_output)
return tf.add_n([compute_layer_style_cost(a_S, a_G) for _, a_S, a_G in pairs])
"""
MANY_IMPORTS = """
import wave, nst_utils, cmath, colorsys, statistics
import matplotlib.pyplot, scipy.linalg, PIL.Image, tensorflow.keras.backend
from tensorflow import keras
from tensorflow.keras import backend
"""
STATIC_METHOD = """
class Costs:
    @staticmethod
    def compute_content_cost(content_output, generated_output):
        return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4

compute_content_cost = Costs.compute_content_cost
"""
COUNTED = """
%load_ext autoreload
class Counted:
    def __init__(self, function):
        self.function, self.calls = function, 0
    def __call__(self, *arguments, **keywords):
        self.calls += 1
        return self.function(*arguments, **keywords)

@Counted
"""
CLIPPED_TOO_EARLY = (
    RIGHT["train_step"]
    .replace(
        "optimizer.apply_gradients", "generated_image.assign(clip_0_1(generated_image))\n    optimizer.apply_gradients"
    )
    .replace("    generated_image.assign(clip_0_1(generated_image))\n    return", "    return")
)


def old_attempts_at_the_end(stem, notebook):
    """Of one that others build on, too."""
    if stem == "03_style_cost":
        notebook.cells.append(nbformat.v4.new_code_cell("# first try\ndef gram_matrix(A):\n    return A @ A"))


def one_after_the_other(*edits):
    def edit(stem, notebook):
        for change in edits:
            change(stem, notebook)

    return edit


LATER = ["05_experiments", "07_control", "09_filter", "10_any_art"]  # each takes seconds to grade, so few hand them in
# student: (how to submit, points of the exercises that are not full, words in the feedback)
HONEST = {
    "perfect": (dict(leave_out=[]), {}, ["✓ generality"]),
    "careless": (
        dict(
            wrong={
                "compute_content_cost": function("compute_content_cost", FOUR_TIMES),
                "compute_layer_style_cost": function("compute_layer_style_cost", MIXED),
                "total_cost": function("total_cost", "return beta * J_content + alpha * J_style"),
                "train_step": CLIPPED_TOO_EARLY,
            }
        ),
        dict(compute_content_cost=1, compute_layer_style_cost=1, total_cost=1, train_step=4),
        [
            "exactly 4 times too large: the factor 1/4 is missing",
            "without a transpose: rows mix channels",
            "alpha and beta are swapped",
            "clipped before the update",
        ],
    ),
    "went_through_numpy": (
        dict(
            wrong={
                "gram_matrix": function("gram_matrix", "return tf.constant(A.numpy() @ A.numpy().T)"),
                "compute_content_cost": STATIC_METHOD,
                "total_cost": COUNTED + RIGHT["total_cost"],
            }
        ),
        {"gram_matrix": 3},
        ["no gradient reaches A"],
    ),
    "imports_much_and_forgot_the_weights": (
        dict(
            wrong={
                "gram_matrix": function("gram_matrix", MANY_IMPORTS + "return A @ tf.transpose(A)"),
                "compute_style_cost": function("compute_style_cost", NO_WEIGHTS),
            }
        ),
        {"compute_style_cost": 1},
        ["✓ generality", "the weights of STYLE_LAYERS are not used"],
    ),
    "unfinished": (
        dict(wrong=dict.fromkeys(EXERCISES), leave_out=[]),
        dict.fromkeys(EXERCISES, 0),
        ["the exercise is not written yet"],
    ),
    "left_one_out_and_crashes": (
        dict(
            wrong={
                "gram_matrix": None,
                "compute_content_cost": function("compute_content_cost", "return content_output[1000]"),
                "total_cost": "def total_cost(J_content, J_style, alpha=10, beta=40)\n    return alpha",
            }
        ),
        dict(gram_matrix=0, compute_content_cost=0, total_cost=0),
        ["judged with a replacement for gram_matrix", "IndexError in line", "syntax error"],
    ),
    "never_ends": (
        dict(wrong={"gram_matrix": function("gram_matrix", "while True: A = A + 0.0")}),
        dict(gram_matrix=0),
        ["is there an endless loop?", "judged with a replacement for compute_layer_style_cost"],
    ),
    "wrong_twice": (
        dict(
            wrong={
                "compute_layer_style_cost": function("compute_layer_style_cost", "return grm(a_S)"),
                "compute_style_cost": function("compute_style_cost", "return [1.0][7]"),
            }
        ),
        dict(compute_layer_style_cost=0, compute_style_cost=0),
        ["NameError", "IndexError"],
    ),
    "lost_a_notebook": (
        dict(leave_out=["03_style_cost", *LATER]),
        {},
        ["it was not handed in"],
    ),
    "changed_checks": (
        dict(
            edit=one_after_the_other(in_cell("check_gram_matrix", delete), in_cell("check_total_cost", rewrite_check))
        ),
        {},
        ["check_gram_matrix: the check was missing or changed", "check_total_cost: the check was missing or changed"],
    ),
    "deleted_the_answer": (dict(edit=in_cell("gram_matrix", delete)), {"gram_matrix": 0}, ["was missing"]),
    "copied_and_retyped": (
        dict(edit=one_after_the_other(in_cell("gram_matrix", duplicate), in_cell("total_cost", retype))),
        {},
        ["there were 2 cells", "was not a code cell any more"],
    ),
    "has_an_old_version": (dict(edit=without_marks), {}, ["its function was found in another cell"]),
    "keeps_old_attempts": (
        dict(edit=old_attempts_at_the_end),
        {},
        ["own cell counts"],
    ),
    "put_all_in_one_cell": (dict(edit=in_one_cell), {}, ["its function was found in another cell"]),
}


ATTACKERS = attackers()


def expected_points(student):
    if student in ATTACKERS:
        return without(*LATER) | dict.fromkeys(ATTACKERS[student], 0)
    if student in BROKEN:
        return BROKEN[student]
    how, points, _ = HONEST[student]
    return without(*how.get("leave_out", LATER)) | points


def without(*notebooks):
    return FULL | {name: 0 for name, exercise in EXERCISES.items() if exercise.notebook in notebooks}


BROKEN = {
    "no_notebooks": without("02_content_cost", "03_style_cost", "04_paint", *LATER),
    "no_files": without("02_content_cost", "03_style_cost", *LATER),
    "cells_that_climb_out": without(*LATER),
    "scripts_in_the_text": without(*LATER),
}
REFUSED = ["link_to_perfect", "..%2f..%2fperfect", "a b; touch written-by-an-attack", "no_folder", "line\nbreak", "*"]


def make_broken(root):
    for student in BROKEN:
        folder = submit(root, student, leave_out=LATER)
        path = folder / "03_style_cost.ipynb"
        text = path.read_text()
        if student == "no_notebooks":
            huge = text.replace("{", '{"padding": "' + "x" * 25_000_000 + '", ', 1)
            (folder / "02_content_cost.ipynb").write_text(huge)
            path.write_bytes(b"\xff\xfe not json")
            (folder / "04_paint.ipynb").write_text('{"cells": ' + "[" * 1_000_000)
        elif student == "no_files":
            (folder / "02_content_cost.ipynb").unlink()
            (folder / "02_content_cost.ipynb").symlink_to(ROOT / "notebooks" / "02_content_cost.ipynb")
            path.unlink()
            os.mkfifo(path)
        elif student == "cells_that_climb_out":
            notebook = nbformat.reads(text, as_version=4)
            notebook.metadata["kernelspec"] = {"name": "../../../bin/sh", "display_name": "x", "language": "bash"}
            extra = nbformat.v4.new_code_cell("x = 1", metadata={"nbgrader": {"grade_id": "../../../x", "points": 99}})
            notebook.cells += [extra, nbformat.v4.new_raw_cell("{{ config }}")]
            nbformat.write(notebook, path)
            (folder / "timestamp.txt").write_text("not a time")
            (folder / "link.txt").symlink_to("/etc/passwd")
        else:
            notebook = nbformat.reads(text, as_version=4)
            notebook.cells.insert(1, nbformat.v4.new_markdown_cell("<script>alert('STOLEN')</script><b>bold</b>"))
            notebook.cells[0].source += "\n![a lost picture](attachment:image.png)"
            nbformat.write(notebook, path)


def make_refused(root):
    for student in REFUSED:
        if student == "link_to_perfect":
            (root / "submitted" / student).symlink_to(root / "submitted" / "perfect")
        elif student == "no_folder":
            (root / "submitted" / student).mkdir()
        else:
            submit(root, student)


@pytest.fixture(scope="module")
def graded(tmp_path_factory):
    """The Course after grade_course, with its rows, and whether anybody connected."""
    root = tmp_path_factory.mktemp("class")
    shutil.copytree(ROOT / "notebooks", root / "notebooks")
    for student, (how, _, _) in HONEST.items():
        submit(root, student, **dict(leave_out=LATER) | how)
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        fill = {"{root}": str(root), "{project}": str(ROOT), "{port}": str(server.getsockname()[1])}
        for student, bodies in ATTACKERS.items():
            for name, value in fill.items():
                bodies = {exercise: body.replace(name, value) for exercise, body in bodies.items()}
            wrong = {exercise: function(exercise, body) for exercise, body in bodies.items()}
            submit(root, student, wrong, leave_out=LATER)
        make_broken(root)
        make_refused(root)
        os.environ["NST_SECRET"] = "SECRET-OF-THE-TEACHER"
        course = Course(root)
        course.config.EvaluateExercises.update(seconds=10, memory_bytes=1_200_000_000)
        try:
            course.rows = {row["student"]: row for row in grade_course(course)}
        finally:
            del os.environ["NST_SECRET"]
        try:
            server.accept()
            course.connected = True
        except BlockingIOError:
            course.connected = False
    return course


def points(row):
    return {exercise: row[exercise] for exercise in EXERCISES}


def feedback(course, student):
    folder = course.root / "feedback" / student / "notebooks"
    return {path.stem: path.read_text(encoding="utf-8") for path in folder.glob("*.html")}


STUDENTS = [*HONEST, *ATTACKERS, *BROKEN]


@pytest.mark.parametrize("student", STUDENTS)
def test_points_in_gradebook_csv_and_feedback_agree_with_what_is_expected(graded, student):
    row = graded.rows[student]
    assert points(row) == expected_points(student), row["status"]
    with open(graded.root / "points.csv", newline="") as file:
        line = next(line for line in csv.DictReader(file) if line["student"] == student)
    assert {name: float(line[name]) for name in EXERCISES} == expected_points(student)
    with graded.gradebook() as gradebook:
        submission = gradebook.find_submission("notebooks", student)
        assert submission.score == sum(expected_points(student).values()) and submission.max_score == sum(FULL.values())
        assert not submission.needs_manual_grade
    pages = feedback(graded, student)
    for stem in {exercise.notebook for exercise in EXERCISES.values()}:
        wanted = sum(
            expected_points(student)[name] for name, exercise in EXERCISES.items() if exercise.notebook == stem
        )
        assert float(re.search(r"Score: ([\d.]+) /", pages[stem])[1]) == wanted


@pytest.mark.parametrize("student", HONEST)
def test_feedback_says_what_was_wrong(graded, student):
    pages = "".join(feedback(graded, student).values())
    for words in HONEST[student][2]:
        assert words in pages


@pytest.mark.parametrize("student", REFUSED)
def test_a_folder_that_is_no_submission_is_refused_and_named(graded, student):
    assert graded.rows[student]["status"].startswith("refused: ")
    assert not (graded.root / "feedback" / student).exists()


def test_the_reasons_are_in_the_feedback(graded):
    def attacker(attack):
        exercise, body = ATTACKS[attack]
        return next(student for student, bodies in attackers().items() if bodies.get(exercise) == body)

    for student, words in {
        attacker("endless_loop"): "it ran out of time",
        attacker("memory_of_many_processes"): "it used more memory",
        attacker("floods_the_channel"): "it sent back more data",
        attacker("segmentation_fault"): "it crashed: killed by SIGSEGV",
        attacker("sends_a_pickle"): "it ended without a result",
    }.items():
        assert words in "".join(feedback(graded, student).values()), student
    for student, stem, words in (
        ("no_notebooks", "02_content_cost", "more than the 20 MB allowed"),
        ("no_notebooks", "03_style_cost", "it is no notebook, or a damaged one"),
        ("no_notebooks", "04_paint", "it is no notebook, or a damaged one"),
        ("no_files", "02_content_cost", "it is a link to another file"),
        ("no_files", "03_style_cost", "it is not a file"),
    ):
        assert words in feedback(graded, student)[stem], (student, stem)


def test_nothing_was_written_and_nobody_connected(graded):
    assert not graded.connected
    for folder in (graded.root, ROOT):
        assert not list(folder.glob("**/written-by-an-attack"))


def test_hidden_inputs_do_not_get_out(graded):
    for student in ATTACKERS:
        for page in feedback(graded, student).values():
            assert page.count("LEAK") <= 1, "once, in the learner's own source"
            assert not re.search(r"-?\d\.\d{4} -?\d\.\d{4}", page)


def test_scripts_in_a_submission_do_not_run_in_the_teachers_browser(graded):
    page = feedback(graded, "scripts_in_the_text")["03_style_cost"]
    assert "(a picture that is not in the file)" in page
    assert "STOLEN" in page and "&lt;script&gt;alert(" in page.replace("'", "") and "<b>bold" not in page


def test_a_second_run_grades_only_what_is_new_or_changed(graded, capsys):
    folder = graded.root / "submitted" / "careless"
    shutil.rmtree(folder)
    submit(graded.root, "careless", leave_out=LATER)
    submit(graded.root, "newcomer", wrong={"gram_matrix": None}, leave_out=LATER)
    rows = {row["student"]: row for row in grade_course(Course(graded.root))}
    assert {name for name, row in rows.items() if row["status"].startswith("graded")} == {
        "careless",
        "newcomer",
    }
    assert points(rows["careless"]) == without(*LATER)
    assert points(rows["newcomer"]) == without(*LATER) | {"gram_matrix": 0}
    assert points(rows["perfect"]) == FULL and rows["perfect"]["status"].startswith("unchanged")
