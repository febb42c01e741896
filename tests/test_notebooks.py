"""What every notebook looks like. That they run and give the stored outputs is nbval's task (see pyproject.toml)."""

import html
import re

import nbformat
import pytest
from quick import QUICK

from grading.exercises import EXERCISES
from nst.commands import record
from nst.notebooks import parameters_of
from nst.paths import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))
each_notebook = pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)


def cells(path, kind=None):
    return [cell for cell in nbformat.read(path, as_version=4).cells if kind in (None, cell.cell_type)]


def outputs(path):
    return [output for cell in cells(path, "code") for output in cell.outputs]


def test_the_names_sort_in_reading_order_and_hold_the_exercises():
    assert [path.name[:3] for path in NOTEBOOKS] == [f"{number:02d}_" for number in range(1, len(NOTEBOOKS) + 1)]
    assert {exercise.notebook for exercise in EXERCISES.values()} <= {path.stem for path in NOTEBOOKS}


@each_notebook
def test_it_opens_like_all_others(path):
    title, opening, setup = cells(path)[:3]
    assert re.match(rf"# {path.name[:2]} · \w.+\n", title.source)
    for promise in ("**What you will be able to do**", "**You need**", "**Runs** in"):
        assert promise in opening.source
    assert setup.cell_type == "code" and setup.source.startswith("import nst_utils  # first")
    assert "set_seed(1)\nprint(nst_utils.device())" in setup.source
    for cell in cells(path, "code")[1:]:
        assert not re.search(r"^\s*(import |from \w+ import)|set_seed", cell.source, re.M), "imports belong on top"


@each_notebook
def test_it_ends_with_what_was_learned_and_questions(path):
    (ending,) = (cell.source for cell in cells(path) if "## What you learned" in cell.source)
    learned, questions = ending.split("## What you learned")[1].split("## Try it")
    assert learned.count("\n- ") == 3
    asked = re.split(r"^(?=\d\. )", questions, flags=re.M)[1:]
    assert 2 <= len(asked) <= 3 and all("<details><summary>Answer</summary>\n\n" in each for each in asked)
    further = cells(path)[-2].source
    assert further.startswith("## Read further") and len(re.findall(r"^- .*\]\(https://", further, re.M)) == 3


@each_notebook
def test_it_asks_before_it_shows(path):
    """Each question stands before the cell that answers it, and its answer, to be opened, behind."""
    kinds = []
    for cell in cells(path):
        text = cell.source if cell.cell_type == "markdown" else "code"
        kinds += re.findall(r"\*\*Predict, then look\.\*\*|<summary>What happened, and why</summary>|^code$", text)
        opened, closed = cell.source.count("<blockquote><details>"), cell.source.count("</details></blockquote>")
        assert opened == closed == cell.source.count("<details>") == cell.source.count("</summary>\n\n")
    order = re.sub("c+", "c", "".join(kind[0] for kind in (each.strip("*<") for each in kinds)))
    assert 2 <= order.count("P") <= 3 and re.fullmatch(r"c?(Pcsc?)+", order), order


@each_notebook
def test_outputs_are_stored_numbered_and_clean(path):
    code = [cell for cell in cells(path, "code") if cell.source.strip()]
    assert [cell.execution_count for cell in code] == list(range(1, len(code) + 1))
    assert not [output for output in outputs(path) if output.get("name") == "stderr" or output.output_type == "error"]
    text = "".join(output.get("text", "") for output in outputs(path))
    assert str(ROOT) not in text and "/home/" not in text
    assert path.stat().st_size < 1.5e6


@each_notebook
def test_each_picture_says_in_words_what_it_shows(path):
    """For those who do not see it: a sentence of its own, neither its title alone nor a word such as "figure"."""
    shown = [output.get("data", {}) for output in outputs(path)]
    assert not [kind for data in shown for kind in data if kind.startswith("image/")], "use show_figure or show_images"
    pictures = re.findall(r"<img\b[^>]*>", "".join(data.get("text/html", "") for data in shown))
    texts = [html.unescape(re.search(r'\balt="([^"]*)"', picture)[1]) for picture in pictures]
    assert texts and len(set(texts)) == len(texts), "the same words for two pictures"
    assert not [text for text in texts if len(text) < 40 or not re.search(r"\w+ \w+ \w+", text)], texts
    for cell in cells(path, "markdown"):
        assert not re.search(r"!\[\s*\]\(|<img(?![^>]*\balt=\"[^\"]{10,}\")", cell.source), cell.source


@each_notebook
def test_cells_are_short(path):
    for cell in cells(path, "code"):
        assert len([line for line in cell.source.splitlines() if line.strip()]) <= 25, cell.source
        assert max(map(len, cell.source.splitlines())) <= 120, cell.source


@each_notebook
def test_its_links_lead_somewhere(path):
    for cell in cells(path, "markdown"):
        for target in re.findall(r"\]\(([^)#]+)", cell.source):
            assert target.startswith("https://") or (path.parent / target).exists(), target
        for name in re.findall(r"`((?:images|output|weights)/[^`]*)`", cell.source):
            assert (ROOT / name).exists(), name


def test_the_links_between_notebooks_are_the_generated_ones():
    for path in NOTEBOOKS:
        line = record.links(path, NOTEBOOKS)
        assert cells(path)[0].source.splitlines()[2] == cells(path)[-1].source == line
    assert record.links(NOTEBOOKS[0], NOTEBOOKS) == "[02 · The content cost: what must stay](02_content_cost.ipynb) →"


@each_notebook
def test_each_exercise_is_ready_for_nbgrader_and_followed_by_its_check(path):
    found, every = [], cells(path)
    for index, cell in enumerate(every):
        marks = cell.metadata.get("nbgrader", {})
        has_markers = "### BEGIN SOLUTION" in cell.source or "### END SOLUTION" in cell.source
        assert bool(marks.get("solution")) == has_markers
        if not marks.get("solution"):
            continue
        name = marks.grade_id
        found.append(name)
        assert not marks.grade and marks.schema_version == 3
        assert cell.source.startswith(f"def {name}(") and cell.source.rstrip().endswith("### END SOLUTION")
        before, _, solution = cell.source.partition("    ### BEGIN SOLUTION\n")
        assert '"""' in before and "Returns" in before and "return" in solution
        check = every[index + 1]
        assert check.metadata.nbgrader == dict(
            schema_version=3, grade_id=f"check_{name}", grade=True, locked=True, solution=False, task=False, points=5
        )
        assert check.source == f"check({name})"
        assert [output.data["text/plain"] for output in check.outputs if "data" in output] == ["5 of 5 points"]
    assert found == [name for name, exercise in EXERCISES.items() if exercise.notebook == path.stem]


@pytest.mark.parametrize("name", QUICK)
def test_the_small_parameters_are_the_notebooks_own(name):
    """nbval runs the notebooks with these; a name that the notebook does not know would change nothing."""
    usual = parameters_of(ROOT / "notebooks" / name)
    assert QUICK[name].keys() <= usual.keys()
    assert all(type(usual[word]) is type(value) and value < usual[word] for word, value in QUICK[name].items())


def test_no_notebook_uses_magics_or_the_shell():
    for path in NOTEBOOKS:
        for cell in cells(path, "code"):
            assert not re.search(r"^\s*[%!]", cell.source, re.M)
