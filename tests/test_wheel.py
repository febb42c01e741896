"""The package without the repository: a wheel that pip installs, and the learners' zip."""

import ast
import importlib.metadata
import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tomllib
import zipfile
from pathlib import Path

import pytest
from PIL import Image

import nst
from grading import release
from nst.paths import IMAGES, ROOT

SITE = sysconfig.get_path("purelib")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def normal(name):
    return re.sub(r"[-_.]+", "-", name).lower()


def listed(name):
    """The names of distributions in a requirements file."""
    lines = (line.partition("#")[0].strip() for line in (ROOT / name).read_text(encoding="utf-8").splitlines())
    return {normal(re.split(r"[=<>\[ ]", line)[0]): line for line in lines if line and not line.startswith("-")}


def imports(*folders):
    """The packages that source files import, without the standard library and this project's own."""
    found = set()
    for folder in folders:
        for path in sorted((ROOT / folder).rglob("*.py")) if (ROOT / folder).is_dir() else [ROOT / folder]:
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                if isinstance(node, ast.Import):
                    found |= {alias.name.partition(".")[0] for alias in node.names}
                elif isinstance(node, ast.ImportFrom) and not node.level:
                    found.add(node.module.partition(".")[0])
    own = {"nst", "nst_utils", "grading", "studio", "__future__"}
    return {name for name in found if name not in sys.stdlib_module_names and name not in own}


DISTRIBUTIONS = importlib.metadata.packages_distributions()


@pytest.mark.parametrize(
    ("folders", "declared"),
    [
        (
            ("nst", "studio", "nst_utils.py"),
            {normal(re.split("[><=]", d)[0]) for d in PROJECT["project"]["dependencies"]},
        ),
        (("nst", "studio", "grading", "nst_utils.py", "nbgrader_config.py"), set(listed("requirements.txt"))),
    ],
    ids=["pyproject", "requirements"],
)
def test_what_is_imported_is_declared(folders, declared):
    for name in imports(*folders):
        assert {normal(distribution) for distribution in DISTRIBUTIONS[name]} & declared, name


def test_every_installed_distribution_is_pinned_as_it_is_installed():
    pins = {name: line.partition("==")[2] for name, line in listed("constraints.txt").items()}
    assert set(listed("requirements.txt")) <= set(pins)
    for distribution in importlib.metadata.distributions(path=[SITE]):
        name = normal(distribution.metadata["Name"])
        if name not in ("pip", "setuptools", "wheel", "nst-course"):
            assert pins.get(name) == distribution.version, f"{name}: make pins"


def test_each_requirement_says_what_it_is_for():
    for line in (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines():
        assert re.fullmatch(r"\S+( \S+)? +# \S.*", line), line


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    folder = tmp_path_factory.mktemp("wheel")
    copy = folder / "copy"  # building leaves files behind
    shutil.copytree(
        ROOT, copy, ignore=shutil.ignore_patterns(".*", "output", "tests", "benchmarks", "build", "*.egg-info")
    )
    command = [sys.executable, "-m", "pip", "wheel", "--quiet", "--disable-pip-version-check", "--no-deps"]
    subprocess.run([*command, "--wheel-dir", folder, copy], check=True, capture_output=True)
    (path,) = folder.glob("*.whl")
    return path


@pytest.fixture(scope="module")
def elsewhere(wheel, tmp_path_factory):
    """An environment with the wheel in it, and beside it only the packages that it needs: not the repository."""
    folder = tmp_path_factory.mktemp("elsewhere")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", folder], check=True)
    pip = [sys.executable, "-m", "pip", "--python", folder / "bin" / "python", "install", "--quiet", "--no-deps"]
    subprocess.run([*pip, "--no-index", "--disable-pip-version-check", wheel], check=True, capture_output=True)
    (own,) = folder.glob("lib/python*/site-packages")
    (own / "dependencies.pth").write_text(SITE)  # that folder's own .pth files, the editable install's, are not read
    return folder


def run(elsewhere, *words, cwd, **variables):
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("NST_", "PYTHON"))}
    return subprocess.run([str(word) for word in words], cwd=cwd, env=kept | variables, capture_output=True, text=True)


@pytest.mark.slow
def test_the_wheel_holds_the_weights_and_no_tests(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    for there in ("weights/vgg19_notop_q8.npz", "filters/bold_strokes.onnx", "live/index.html", "live/vendor/LICENSE"):
        assert any(name.endswith(f"share/nst-course/{there}") for name in names), there
    assert "nst/commands/paint.py" in names and "studio/web/picker.js" in names and "nst_utils.py" in names
    assert not any(name.startswith(("tests/", "benchmarks/")) for name in names)
    assert f"nst_course-{nst.__version__}" in wheel.name


@pytest.mark.slow
def test_the_installed_command_paints_from_any_folder(elsewhere, tmp_path):
    shutil.copy(IMAGES / "content" / "cat.png", tmp_path / "photo.png")
    shutil.copy(IMAGES / "style" / "starry_night.jpg", tmp_path / "art.jpg")
    command = elsewhere / "bin" / "nst"
    done = run(
        elsewhere,
        command,
        "paint",
        "photo.png",
        "art.jpg",
        "-o",
        "out.png",
        "--size",
        64,
        "--evaluations",
        2,
        cwd=tmp_path,
    )
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert sorted(os.listdir(tmp_path)) == ["art.jpg", "out.png", "photo.png"]
    assert Image.open(tmp_path / "out.png").size == (64, 43)
    places = "import nst, nst_utils, studio, json; from nst import paths; "
    places += (
        "print(json.dumps([nst.__file__, nst_utils.__file__, studio.__file__, str(paths.WEIGHTS), str(paths.OUTPUT)]))"
    )
    done = run(elsewhere, elsewhere / "bin" / "python", "-c", places, cwd=tmp_path)
    *files, output = json.loads(done.stdout)
    assert all(Path(file).is_relative_to(elsewhere) for file in files), files
    assert output == str(tmp_path / "output")


# ---------------------------------------------------------------- the learners' zip


IMPORT_ALL = """
import importlib, json, pkgutil, sys
folder, site = sys.argv[1:]
sys.path[:0] = [folder, site]  # with -S no .pth file is read, so the repository is not on the path
import nst_utils, grading, nst, studio
names = ["nst_utils", "grading", "nst", "studio"]
for package in (nst, grading, studio):
    for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
        if module.name != "nst.__main__":
            importlib.import_module(module.name)
            names.append(module.name)
from nst.paths import ROOT, notebooks_folder
from nst.recipe import course_costs
try:
    course_costs()
except NotImplementedError as error:
    said = str(error)
print(json.dumps([{name: sys.modules[name].__file__ for name in names}, str(ROOT), str(notebooks_folder()), said]))
"""


@pytest.fixture(scope="module")
def course(tmp_path_factory):
    folder = tmp_path_factory.mktemp("learner")
    release.release(folder / "course.zip")
    shutil.unpack_archive(folder / "course.zip", folder)
    return folder / "nst_course"


def import_all(course):
    command = [sys.executable, "-I", "-S", "-c", IMPORT_ALL, str(course), SITE]
    return subprocess.run(command, cwd=course, capture_output=True, text=True)


@pytest.mark.slow
def test_all_modules_of_the_learners_zip_import_without_the_repository(course):
    done = import_all(course)
    assert done.returncode == 0, done.stderr
    files, root, notebooks, said = json.loads(done.stdout)
    assert len(files) > 40
    for name, file in files.items():
        assert Path(file).is_relative_to(course), f"{name} came from {file}"
    assert (root, notebooks) == (str(course), str(course / "exercises"))
    assert said.startswith("02_content_cost.ipynb: the exercise compute_content_cost is not finished")


@pytest.mark.slow
def test_a_zip_without_a_module_would_be_noticed(course):
    gone = course / "nst" / "minimize.py"
    text = gone.read_bytes()
    gone.unlink()
    try:
        done = import_all(course)
        assert done.returncode != 0 and "No module named 'nst.minimize'" in done.stderr
    finally:
        gone.write_bytes(text)


def test_the_zip_holds_no_answers_and_tells_what_to_hand_in(course):
    assert "**Hand in** the seven notebooks" in (course / "README.md").read_text(encoding="utf-8")
    assert not (course / "notebooks").exists() and not (course / "tests").exists()
    for path in course.rglob("*.*"):
        if path.suffix in (".ipynb", ".py"):
            assert "### END SOLUTION" not in path.read_text(encoding="utf-8"), path
    for name in ("Makefile", "requirements.txt", "constraints.txt", "pyproject.toml"):
        assert (course / name).is_file()
