"""The command `nst` and make's targets, before anything is painted: what is refused, and how fast."""

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

from nst.commands import COMMANDS, arguments, main, paint
from nst.job import Job
from nst.paths import IMAGES, ROOT

CAT, STARS = str(IMAGES / "content" / "cat.png"), str(IMAGES / "style" / "starry_night.jpg")
HEAVY = {"tensorflow", "keras", "papermill", "matplotlib", "scipy", "distributed", "nbformat", "IPython", "tornado"}
with_make = pytest.mark.skipif(
    sys.prefix != str(ROOT / ".venv") or not shutil.which("make"), reason="needs make and the .venv that make sets up"
)


@pytest.fixture
def output(tmp_path, monkeypatch):
    """An output folder of the test's own, with an earlier picture in it."""
    folder = tmp_path / "output"
    folder.mkdir()
    (folder / "generated_image.png").write_bytes(b"an earlier picture")
    monkeypatch.setattr(arguments, "OUTPUT", folder)
    monkeypatch.chdir(tmp_path)
    return folder


@pytest.fixture
def refused(output, capsys):
    """A function that runs the command and returns its one line, after making sure that it is one."""

    def run(*words):
        assert main([str(word) for word in words]) == 2
        out, err = capsys.readouterr()
        assert err.count("\n") == 1 and "Traceback" not in err and "[Errno" not in err, err
        assert out.count("\n") <= 1
        assert [path.name for path in output.iterdir()] == ["generated_image.png"]
        assert (output / "generated_image.png").read_bytes() == b"an earlier picture"
        return err.strip()

    return run


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["paint"], "nst paint: the following arguments are required: PHOTO, ART"),
        (["paint", CAT], "nst paint: the following arguments are required: ART"),
        (["paint", "no such photo.png", STARS], "nst paint: no such photo.png: no such file"),
        (["paint", CAT, str(ROOT / "README.md")], f"nst paint: {ROOT / 'README.md'}: not a picture"),
        (["train", str(IMAGES), STARS], f"nst train: {IMAGES}: a folder; give the path of a picture in it"),
        (["paint", CAT, STARS, "--size", "big"], "nst paint: argument --size: big: give a whole number"),
        (["paint", CAT, STARS, "--size", "0"], "nst paint: size 0: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--size", "16"], "nst paint: size 16: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--size", "33"], f"nst paint: {CAT}: 451 x 300 pixels become 33 x 22 at size 33; both"),
        (["train", CAT, STARS, "--size", "31"], "nst train: size 31: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--size", 10**9], "nst paint: size 1000000000: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--size", 10**20], "nst paint: size 100000000000000000000: give 32 to 20000 pixels"),
        (["train", CAT, STARS, "--size", 10**20], "nst train: size 100000000000000000000: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--size", "9" * 5000], "nst paint: argument --size: 999999"),
        (
            ["paint", CAT, STARS, "--evaluations", "0"],
            "nst paint: evaluations must be a whole number of at least 1",
        ),
        (["train", CAT, STARS, "--epochs", "-3"], "nst train: argument --epochs: -3: give a whole number"),
        (["train", CAT, STARS, "--steps", "1.5"], "nst train: argument --steps: 1.5: give a whole number"),
        (["train", CAT, STARS, "--steps", "²"], "nst train: argument --steps: ²: give a whole number"),
        (["paint", CAT, STARS, "--beta", "much"], "nst paint: argument --beta: much: give a number"),
        (["paint", CAT, STARS, "--alpha", "nan"], "nst paint: alpha nan: give a number of at least 0"),
        (["paint", CAT, STARS, "--brush", "0"], "nst paint: brush 0: give a number 0.1 to 10"),
        (["paint", CAT, STARS, "--weights", "1", "2"], "nst paint: 2 weights for 1 style: give one for each style"),
        (["paint", CAT, STARS, "--masks", "gone.png"], "nst paint: gone.png: no such file"),
        (["paint", CAT, STARS, "--masks", CAT, CAT], "nst paint: 2 masks for 1 style: give one for each style"),
        (["paint", "~/no such photo.png", STARS], "nst paint: ~/no such photo.png: no such file"),
        (["paint", CAT, STARS, "--colour", "blue"], "nst paint: unknown --colour blue (nst paint --help lists"),
        (["paint", CAT, STARS, "--steps", "9"], "nst paint: unknown --steps 9 (nst paint --help"),
        (["paint", CAT, STARS, "--eval", "9"], "nst paint: unknown --eval 9 (nst paint --help"),
        (["paint", "x" * 300, STARS], f"nst paint: {'x' * 300}: "),
        (["paint", CAT, STARS, "-o", "painting.xyz"], "nst paint: painting.xyz: unknown kind of picture; end the name"),
        (["paint", CAT, STARS, "-o", "."], "nst paint: .: a folder; name a picture in it, such as painting.png"),
        (["paint", CAT, STARS, "--resume"], "nst paint: --resume: there is no stopped run in "),
        (["paint", CAT, STARS, "--size", "-5"], "nst paint: size -5: give 32 to 20000 pixels"),
        (["paint", CAT, STARS, "--beta", "-1"], "nst paint: beta -1: give a number of at least 0"),
        (
            ["paint", CAT, STARS, "--alpha", "0", "--beta", "0"],
            "nst paint: alpha 0 and beta 0: nothing would be painted",
        ),
        (["paint", CAT, STARS, "-o", CAT], f"nst paint: {CAT}: one of the pictures that are painted from; give the"),
        (["train", CAT, STARS, "-o", STARS], f"nst train: {STARS}: one of the pictures that are painted from; give"),
        (["gallery", "--content", "nope"], "nst gallery: nope: no such file or folder"),
        (["gallery", "--workers", "0"], "nst gallery: argument --workers: 0: give a whole number"),
        (["gallery", "--jobs", "nowhere.yaml"], "nst gallery: nowhere.yaml: no such file; a list of jobs ends in"),
        (
            ["gallery", "--content", str(ROOT / "grading")],
            f"nst gallery: {ROOT / 'grading'}: no pictures in this folder",
        ),
        (["gallery", "--jobs", "a.yaml", "--style", "b"], "nst gallery: --jobs is a list of its own: give either"),
        (["gallery", "--size", "31"], "nst gallery: job 1: size 31: give 32 to 20000 pixels"),
        (["record", "99_nothing.ipynb"], "nst record: no such notebook: 99_nothing.ipynb"),
        (["studio", "--port", "http"], "nst studio: argument --port: http: give a whole number"),
        (["sculpt"], "nst: argument COMMAND: invalid choice: 'sculpt'"),
        ([], "nst: the following arguments are required: COMMAND"),
    ],
    ids=lambda value: value[:60] if isinstance(value, str) else None,
)
def test_what_makes_no_sense_is_refused_in_one_line_and_changes_nothing(refused, words, message):
    assert refused(*words).startswith(message)


@pytest.mark.parametrize(
    ("gigabytes", "size", "needed", "most"),
    [  # 1.5 GB and 2400 bytes a pixel as a whole, 2.4 GB and 342 bytes a pixel in bands
        (2.5, 1200, 4, (1e9 / 2400 / 0.6656) ** 0.5),
        (5, 6000, 11, (2.6e9 / 342 / 0.6656) ** 0.5),
    ],
)
def test_a_size_that_takes_more_memory_than_there_is_names_the_largest_that_fits(
    gigabytes, size, needed, most, refused, monkeypatch
):
    class Memory:
        total = gigabytes * 1e9

    monkeypatch.setattr(arguments.psutil, "virtual_memory", Memory)
    line = refused("paint", CAT, STARS, "--size", size)
    assert re.match(rf"nst paint: size {size}: painting {size} x \d+ pixels takes about {needed} GB of memory", line)
    assert abs(int(re.search(r"give at most (\d+)", line)[1]) - most) < 5


def test_a_limit_of_this_process_counts_as_its_memory():
    program = (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 * 10**9, -1))\nfrom nst.commands import main\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", f"{program}main(['paint', {CAT!r}, {STARS!r}, '--size', '1200'])"],
        capture_output=True,
        text=True,
    )
    assert re.match(r"nst paint: size 1200: painting 1200 x 798 pixels takes about 4 GB .*, and this", done.stderr)
    assert int(re.search(r"give at most (\d+)", done.stderr)[1]) in range(500, 620)


def test_a_disk_without_room_for_what_is_set_aside_is_named(refused, monkeypatch):
    """At 4000 px, 10.6 million pixels: 12 bytes each for ten arrays of L-BFGS, and more."""
    monkeypatch.setattr(arguments.shutil, "disk_usage", lambda folder: SimpleNamespace(free=1.2e9))
    line = refused("paint", CAT, STARS, "--size", 4000)
    assert re.match(r"nst paint: .*: painting takes up to 1.9 GB on the disk, and 1.2 GB are free there; make", line)


def test_how_long_it_takes_is_said_once_and_before(capsys):
    reporter = paint.Reporter()
    run = SimpleNamespace(saved={}, bar="", seconds_left=lambda: None)
    for left in (None, 7800.0, 7700.0):
        run.seconds_left = lambda left=left: left
        reporter(run)
    assert capsys.readouterr().out.splitlines() == [
        "This takes about 2 h 10 min. Ctrl-C keeps the picture, and --resume goes on."
    ]
    short = paint.Reporter()
    short(SimpleNamespace(saved={}, bar="", seconds_left=lambda: 100.0))
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize(
    ("here", "given", "output"),
    [
        (".", "pictures", ROOT / "pictures"),
        ("notebooks", "pictures", ROOT / "pictures"),
        ("notebooks", "", ROOT / "output"),
        ("/tmp", "pictures/of/mine", Path("/tmp/pictures/of/mine")),
        ("/tmp", "~/pictures", Path.home() / "pictures"),
        ("/tmp", None, ROOT / "output"),
    ],
)
def test_the_output_is_one_whole_path_and_never_under_notebooks(here, given, output):
    environment = {name: value for name, value in os.environ.items() if name != "NST_OUTPUT"}
    environment |= {} if given is None else {"NST_OUTPUT": given}
    command = [sys.executable, "-c", "from nst.paths import OUTPUT; print(OUTPUT)"]
    done = subprocess.run(command, cwd=ROOT / here, env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == str(output)


def test_an_output_that_cannot_be_written_is_named(output, capsys, monkeypatch, tmp_path):
    (tmp_path / "file").write_text("here already")
    (tmp_path / "closed").mkdir()
    for place, reason in (
        (tmp_path / "file", "File exists"),
        (tmp_path / "file" / "below", "Not a directory"),
        (Path("/proc/nowhere"), "No such file or directory"),
    ):
        monkeypatch.setattr(arguments, "OUTPUT", place)
        assert main(["paint", CAT, STARS]) == 2
        line = capsys.readouterr().err
        assert line.startswith(f"nst paint: {place}: ") and reason in line and line.count("\n") == 1, line
        assert main(["paint", CAT, STARS, "-o", f"{place}/painting.png"]) == 2
        line = capsys.readouterr().err
        assert line.startswith(f"nst paint: {place}/painting.png: ") and line.count("\n") == 1, line
    assert (tmp_path / "file").read_text() == "here already"


def test_an_output_without_parents_gets_them(output, monkeypatch, tmp_path):
    destination = arguments.Destination(str(tmp_path / "a" / "b" / "painting.png"))
    destination.check()
    assert os.listdir(tmp_path / "a" / "b") == [], "and nothing else"


def checkpoint(path, settings):
    about = '{"settings": ' + json.dumps(settings) + "}"
    np.savez(path, image=np.zeros((1, 40, 60, 3), np.float32), history=[2.0, 1.0], total=4, about=about)


def test_resume_with_other_settings_is_refused_at_once_and_in_the_commands_words(output, capsys):
    checkpoint(output / "checkpoint.npz", {"scales": 3, **asdict(Job(CAT, (STARS,), size=64))})
    assert main(["paint", CAT, STARS, "--size", "64", "--beta", "50", "--resume"]) == 2
    line = capsys.readouterr().err
    assert line.startswith(f"nst paint: --resume: the run in {output} had beta 100, not 50; repeat its settings, or ")
    assert main(["train", CAT, STARS, "--size", "64", "--resume"]) == 2
    assert f"--resume: the run in {output} was none of nst train" in capsys.readouterr().err
    (output / "checkpoint.npz").write_bytes(b"damaged")
    assert main(["paint", CAT, STARS, "--resume"]) == 2
    assert "checkpoint.npz: damaged" in capsys.readouterr().err


def test_a_second_run_in_the_same_folder_is_refused(refused, output):
    program = f"from nst.pictures import alone_in\nfrom pathlib import Path\nwith alone_in(Path({str(output)!r})):\n"
    with subprocess.Popen(
        [sys.executable, "-c", program + "    print('held', flush=True)\n    input()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    ) as other:
        other.stdout.readline()
        line = refused("paint", CAT, STARS)
        assert (
            line
            == f"nst paint: {output}: another run is painting there; wait until it has ended, or name another place"
        )
        other.kill()
    destination = arguments.Destination(None)
    destination.check()  # a run that was killed holds nothing


def imported(*words):
    """The modules that a command imports, up to its end."""
    program = (
        f"import sys\nfrom nst.commands import main\ntry:\n    main({list(words)!r})\nexcept SystemExit:\n    pass\n"
    )
    program += "print('\\n'.join(sys.modules))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in done.stdout.split()}


@pytest.mark.parametrize("words", [["--help"], ["paint", CAT, STARS, "--size", "16"], ["gallery", "--jobs", "no.yaml"]])
def test_help_and_refusals_import_nothing_heavy(words):
    assert not imported(*words) & HEAVY


def test_pictures_job_joblist_and_paths_import_nothing_heavy():
    program = "import sys, nst.pictures, nst.job, nst.joblist, nst.paths, nst.notebooks; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert not {name.partition(".")[0] for name in done.stdout.split()} & HEAVY


def test_help_lists_every_command_and_what_each_option_does(capsys):
    with pytest.raises(SystemExit) as ended:
        main(["--help"])
    text = capsys.readouterr().out
    assert ended.value.code == 0 and all(f"    {name}" in text for name in COMMANDS)
    with pytest.raises(SystemExit):
        main(["paint", "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for field in ("size", "alpha", "beta", "evaluations", "brush", "smoothness"):
        assert f"--{field} N" in text and f"(default: {getattr(Job('a', ('b',)), field)})" in text


# ---------------------------------------------------------------- make


def make(*words):
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    return subprocess.run(["make", *words], cwd=ROOT, env=environment, capture_output=True, text=True)


@with_make
def test_make_lab_has_the_instructors_menus_only_if_asked():
    asked, usual, odd = make("-n", "lab", "NBGRADER=1"), make("-n", "lab"), make("-n", "lab", "NBGRADER=yes")
    assert asked.returncode == 0 and "nst lab --nbgrader" in asked.stdout and "--nbgrader" not in usual.stdout
    assert odd.returncode and "NBGRADER=yes: give 1 for yes" in odd.stderr


@with_make
def test_make_reports_a_bad_value_and_a_misspelt_variable():
    for words, message in (
        (["paint", "SIZE=big"], "nst paint: argument --size: big"),
        (["paint", "SISE=64"], "unknown SISE; known: BETA CONTENT EVALUATIONS PYTHON QUICK RESUME SIZE STRENGTH STYLE"),
        (["paint", "EPOCHS=3"], "unknown EPOCHS; known: BETA CONTENT EVALUATIONS"),
        (["train", "EVALUATIONS=3"], "unknown EVALUATIONS; known: BETA CONTENT EPOCHS"),
        (["gallery", "COLOUR=red", "SIZE=64"], "unknown COLOUR; known: BETA CONTENT"),
        (["studio", "SIZE=96"], "unknown SIZE; known: PYTHON"),
        (["test", "QUICK=1"], "unknown QUICK; known: FULL PYTHON"),
        (["setup", "FULL=1"], "unknown FULL; known: PYTHON"),
        (["bench", "QUICK=yes"], "QUICK=yes: give 1 for yes, 0 for no"),
        (["check-mine", "STUDENT=ada"], "unknown STUDENT; known: PYTHON"),
        (["paint", "RESUME=maybe"], "RESUME=maybe: give 1 for yes, 0 for no"),
        (["paint", "CONTENT=bob's cat, SISE=64 (1).png"], "nst paint: bob's cat, SISE=64 (1).png: no such file"),
        (["train", "CONTENT=-o.png"], "nst train: -o.png: no such file"),
    ):
        done = make(*words)
        assert done.returncode != 0 and message in done.stderr and "Traceback" not in done.stderr, done.stderr


@with_make
def test_make_lists_its_targets_and_sets_up_only_once():
    assert [line.split()[1] for line in make().stdout.splitlines()] == [
        "help", "setup", "paint", "train", "studio", "gallery", "lab", "exercises", "release", "grade",
        "check-mine", "sandbox", "chromium", "postgresql", "check", "test", "bench", "filters", "record", "pins",
        "clean",
    ]  # fmt: skip
    assert make("--question", "setup").returncode == 0


@with_make
def test_a_python_without_tensorflow_is_refused(tmp_path):
    for version, accepted in (((3, 10), False), ((3, 14), False), ((3, 13), True)):
        old = tmp_path / "python"
        old.write_text(f'#!/bin/sh\nexec {sys.executable} -c "import sys; sys.version_info = {version!r}; $2"\n')
        old.chmod(0o755)
        done = make("--always-make", "--dry-run", "setup", f"PYTHON={old}")
        (check,) = (line for line in done.stdout.splitlines() if "version_info" in line)
        ran = subprocess.run(check, shell=True, capture_output=True, text=True)
        assert (ran.returncode == 0) == accepted, ran.stderr
        assert accepted or "Python 3.11, 3.12 or 3.13 is needed, for which TensorFlow 2.21 has packages" in ran.stderr
