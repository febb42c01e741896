"""exercises/: generated from notebooks/, with nothing of the answers in it, and working."""

import re
import shutil

import nbformat
import papermill
import pytest
from classroom import RIGHT, STEMS, function, notebooks
from papermill.exceptions import PapermillExecutionError

from grading import release
from grading.exercises import EXERCISES
from nst.paths import ROOT
from nst_utils import functions_from

COPIES = sorted((ROOT / "exercises").glob("*"))
each_copy = pytest.mark.parametrize("path", COPIES, ids=lambda path: path.stem)
COMMON = {"with tf.GradientTape() as tape:"}  # of the answers' lines, what other cells rightly have, too


def test_they_are_what_the_worked_notebooks_give(tmp_path):
    release.generate(tmp_path / "again")
    assert [path.name for path in COPIES] == sorted(path.name for path in (tmp_path / "again").iterdir())
    for path in COPIES:
        same = path.read_text(encoding="utf-8") == (tmp_path / "again" / path.name).read_text(encoding="utf-8")
        assert same, f"{path.name} differs from notebooks/: run make exercises"


@each_copy
def test_no_answer_and_no_output_is_left_inside(path):
    cells = nbformat.read(path, as_version=4).cells
    text = "\n".join(cell.source for cell in cells)
    assert "SOLUTION" not in text
    lines = {line.strip() for line in text.splitlines()}
    for source in RIGHT.values():
        answer = source.split("### BEGIN SOLUTION")[1].split("### END SOLUTION")[0]
        for line in {line.strip() for line in answer.splitlines()} - COMMON:
            if len(line) > 12 and not re.fullmatch(r"return \w+|_, n_H, n_W, n_C = \w+\.shape", line):
                assert line not in lines, line
    for cell in cells:
        if cell.cell_type == "code":
            assert not cell.outputs and cell.execution_count is None


@pytest.mark.parametrize("name", EXERCISES)
def test_each_blank_names_its_exercise_and_the_check_stands_below(name):
    path = ROOT / "exercises" / f"{EXERCISES[name].notebook}.ipynb"
    cells = nbformat.read(path, as_version=4).cells
    index = next(i for i, cell in enumerate(cells) if cell.source.startswith(f"def {name}("))
    assert f'raise NotImplementedError("{name} is not written yet")' in cells[index].source
    assert cells[index + 1].source == f"check({name})"
    with pytest.raises(NotImplementedError, match=f"{path.name}: the exercise {name} is not finished yet"):
        functions_from(path, name)


def test_a_solution_cell_without_marks_is_not_released(tmp_path, monkeypatch):
    (tmp_path / "notebooks").mkdir()
    shutil.copy(ROOT / "nbgrader_config.py", tmp_path)
    text = (ROOT / "notebooks" / "02_content_cost.ipynb").read_text()
    unmarked = re.sub(r"### (BEGIN|END) SOLUTION", "# here", text)
    (tmp_path / "notebooks" / "02_content_cost.ipynb").write_text(unmarked)
    monkeypatch.setattr(release, "ROOT", tmp_path)
    with pytest.raises(Exception, match="error"):
        release.generate(tmp_path / "exercises")
    assert not (tmp_path / "exercises").exists()
    (tmp_path / "notebooks" / "02_content_cost.ipynb").write_text(text)
    release.generate(tmp_path / "exercises")
    assert (tmp_path / "exercises" / "02_content_cost.ipynb").is_file()


@each_copy
def test_its_links_and_pictures_are_there(path):
    for cell in nbformat.read(path, as_version=4).cells:
        for target in re.findall(r"\]\(([^)#]+)", cell.source if cell.cell_type == "markdown" else ""):
            assert target.startswith("https://") or (path.parent / target).exists(), target


@pytest.fixture
def learner(tmp_path):
    """A function that writes a learner's folder exercises/ with some answers, and runs 04 in it, small."""

    def paint(wrong):
        folder = tmp_path / "exercises"
        folder.mkdir()
        (tmp_path / "images").symlink_to(ROOT / "images")
        answers = {name: source for name, source in (RIGHT | wrong).items() if source is not None}
        for stem, notebook in notebooks(answers).items():
            nbformat.write(notebook, folder / f"{stem}.ipynb")
        small = {"SIZE": 64, "EPOCHS": 1, "STEPS_PER_EPOCH": 2, "TRIAL_STEPS": 2}
        papermill.execute_notebook(
            folder / "04_paint.ipynb", tmp_path / "04.ipynb", small, cwd=folder, progress_bar=False
        )

    return paint


@pytest.mark.slow
def test_notebook_04_paints_with_the_learners_own_functions(learner, tmp_path):
    own = f"""
open({str(tmp_path / "called")!r}, "w").close()
return tf.reduce_mean((content_output[-1] - generated_output[-1]) ** 2) / 4
"""
    learner({"compute_content_cost": function("compute_content_cost", own)})
    assert (tmp_path / "called").exists()


@pytest.mark.slow
@pytest.mark.parametrize("name", ["compute_content_cost", "gram_matrix"])
def test_notebook_04_names_the_exercise_that_is_unfinished(learner, name):
    with pytest.raises(
        PapermillExecutionError, match=f"{EXERCISES[name].notebook}.ipynb: the exercise {name} is not finished"
    ):
        learner({name: None})


@pytest.mark.slow
def test_notebook_04_names_an_answer_that_is_wrong_and_paints_nothing(learner, tmp_path):
    halved = function("gram_matrix", "return tf.matmul(A, A, transpose_b=True) / 2")
    with pytest.raises(PapermillExecutionError, match="03_style_cost.ipynb: gram_matrix is wrong: "):
        learner({"gram_matrix": halved})
    cells = nbformat.read(tmp_path / "04.ipynb", as_version=4).cells
    assert not [cell for cell in cells if cell.get("execution_count") and "load_image(" in cell.source]


def test_all_exercise_notebooks_are_tried():
    assert {path.stem for path in COPIES} >= set(STEMS)
