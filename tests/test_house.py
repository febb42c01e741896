"""The repository itself: lint, who imports whom, documents, the painted styles, the results."""

import ast
import importlib.util
import re
import shutil
import subprocess
import sys
from importlib.metadata import metadata

import numpy as np
import pytest
import yaml
from packaging.specifiers import SpecifierSet
from PIL import Image

import nst
import nst_utils
from grading.exercises import EXERCISES
from nst.paths import IMAGES, ROOT
from nst_utils import WEIGHTS_SHA256

DOCUMENTS = [ROOT / "README.md", ROOT / "CHANGELOG.md", *sorted((ROOT / "docs").glob("*.md"))]
# What notebooks imported before everything moved into nst/; a learner may have such a copy.
OLDER = {
    "nst_utils": """IMAGES MEAN_ACTIVATION OUTPUT device feature_model functions_from load_image load_vgg19 plot_costs
        set_seed show_images train with_average_pooling""",
    "nst_engine": "fast_feature_model",
    "nst_experiments": "contact_sheet",
    "nst_minimize": "coarse_to_fine minimize",
    "nst_jobs": "Job check_knobs paint",
}


def run(*command):
    return subprocess.run([sys.executable, *command], cwd=ROOT, capture_output=True, text=True)


def test_the_code_is_clean_and_formatted():
    notebooks = sorted((ROOT / "notebooks").glob("*.ipynb"))
    for command in (
        ("check", "."),
        ("format", "--check", "."),
        ("check", "--line-length", "100", *notebooks),
        ("format", "--check", "--line-length", "100", *notebooks),
    ):
        done = run("-m", "ruff", *command)
        assert done.returncode == 0, done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("name", ["bold_strokes", "bamboo_ink", "stained_glass"])
def test_the_committed_style_is_what_the_script_paints(name, tmp_path):
    (tmp_path / "style").mkdir()
    shutil.copy(IMAGES / "make_styles.py", tmp_path)
    subprocess.run([sys.executable, tmp_path / "make_styles.py", name], check=True, capture_output=True)
    ours, again = (np.asarray(Image.open(p / "style" / f"{name}.jpg"), float) for p in (IMAGES, tmp_path))
    assert ours.shape == again.shape and np.abs(ours - again).mean() < 1


def test_an_unknown_style_name_lists_the_valid_ones():
    done = run("images/make_styles.py", "cubism")
    assert done.returncode == 2 and "Traceback" not in done.stderr
    for name in ("cubism", "bold_strokes", "bamboo_ink", "stained_glass"):
        assert name in done.stderr


def test_every_picture_has_its_credit():
    credits = (IMAGES / "CREDITS.md").read_text()
    for folder in ("content", "style", "mask"):
        for path in (IMAGES / folder).iterdir():
            assert f"| {path.name} |" in credits or f"`{path.name}`" in credits
    assert WEIGHTS_SHA256 in (ROOT / "weights" / "README.md").read_text()


def imported_by(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name.partition(".")[0] for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            yield node.module.partition(".")[0]


def test_nothing_in_nst_knows_the_vocabulary_the_grading_or_the_studio():
    for path in (ROOT / "nst").rglob("*.py"):
        allowed = {"studio"} if path.parent.name == "commands" else set()  # `nst studio` starts it
        assert not set(imported_by(path)) & ({"nst_utils", "grading", "studio", "tests"} - allowed), path
    for path in (ROOT / "grading" / "sandboxed").glob("*.py"):
        assert "from grading.exercises" not in path.read_text() and "import grading.exercises" not in path.read_text()


@pytest.mark.parametrize("folder", ["benchmarks", "images"])
def test_programs_that_no_test_runs_import_what_there_is(folder):
    for path in (ROOT / folder).glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and node.module.partition(".")[0] in ("nst", "grading", "studio"):
                module = importlib.import_module(node.module)
                for alias in node.names:
                    there = hasattr(module, alias.name) or importlib.util.find_spec(f"{node.module}.{alias.name}")
                    assert there, f"{path.name}: {node.module}.{alias.name}"
        assert not {name for name in imported_by(path) if name.startswith("nst_")}, path


def test_at_the_top_there_are_two_python_files_and_one_is_short():
    assert {path.name for path in ROOT.glob("*.py")} == {"nst_utils.py", "nbgrader_config.py"}
    assert len((ROOT / "nst_utils.py").read_text().splitlines()) < 60


@pytest.mark.parametrize("module", OLDER)
def test_an_older_copy_of_a_notebook_finds_what_it_imports(module):
    for name in OLDER[module].split():
        assert hasattr(importlib.import_module(module), name), name
        assert hasattr(nst_utils, name), name


def test_the_tree_in_the_documents_is_the_folders():
    text = (ROOT / "docs" / "development.md").read_text().split("```")[1]
    listed = {line.split()[0] for line in text.splitlines() if line and not line.startswith(" ")}
    inner = {line.split()[0] for line in text.splitlines() if line.startswith("    ")}
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True)
    if done.returncode == 0:
        here = {name.partition("/")[0] + "/" * ("/" in name) for name in done.stdout.splitlines()}
        usual = {".ci/", ".gitignore", "CHANGELOG.md", "CITATION.cff", "LICENSE", "Makefile", "README.md"}
        assert here - usual - {"constraints.txt", "pyproject.toml"} == listed
    modules = {path.name for folder in ("nst", "studio") for path in (ROOT / folder).glob("*.py")}
    assert modules - {"__init__.py", "__main__.py"} | {"commands/", "web/", "exercises/", "sandboxed/"} == inner


@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.name)
def test_links_and_pictures_of_the_documents_are_there(path):
    text = path.read_text(encoding="utf-8")
    for target in re.findall(r"\]\(([^)#]+)\)|src=\"([^\"]+)\"", text):
        target = target[0] or target[1]
        assert target.startswith("https://") or (path.parent / target).exists(), target


def test_the_readme_is_short_and_names_every_notebook_and_exercise():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert len(readme.encode()) < 8192
    for path in (ROOT / "notebooks").glob("*.ipynb"):
        (row,) = (line for line in readme.splitlines() if f"](notebooks/{path.name})" in line)
        written = re.findall(r"`(\w+)`", row.rpartition(" | ")[2] or row.split(" | ")[-1])
        assert written == [name for name, exercise in EXERCISES.items() if exercise.notebook == path.stem]


def test_the_citation_can_be_read_and_the_version_stands_in_one_place():
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert (
        citation["cff-version"] == "1.2.0" and citation["title"] and citation["authors"] and "version" not in citation
    )
    assert f"## {nst.__version__} (" in (ROOT / "CHANGELOG.md").read_text()
    assert not re.search(r"^version", (ROOT / "pyproject.toml").read_text().split("[tool")[0], re.M)


def test_every_pinned_package_is_for_the_first_python_that_is_supported():
    """Debian 12 has Python 3.11.2; what was pinned on a later 3.11 was not found there."""
    pins = [line.split("==")[0] for line in (ROOT / "constraints.txt").read_text().splitlines() if "==" in line]
    assert len(pins) > 100
    wanted = {name: metadata(name).get("Requires-Python") or "" for name in pins}
    assert [name for name, range in wanted.items() if "3.11.0" not in SpecifierSet(range)] == []


def test_the_results_are_large_and_shown_with_their_commands():
    readme = (ROOT / "README.md").read_text()
    commands = (ROOT / "docs" / "painting.md").read_text()
    results = sorted((IMAGES / "results").glob("*.jpg"))
    assert len(results) >= 3
    for path in results:
        assert max(Image.open(path).size) >= 768
        assert f"images/results/{path.name}" in readme
    assert commands.count("make paint CONTENT=") >= 3
