"""`nst paint` and `nst train` at tiny sizes: what they leave, what they say, Ctrl-C, resume."""

import contextlib
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import nbformat
import numpy as np
import psutil
import pytest
from PIL import Image
from rawpixels import read_png, read_tiff

from nst import recipe, training
from nst.commands import arguments, main, paint
from nst.instant import instant
from nst.job import read_checkpoint
from nst.paths import IMAGES, ROOT
from nst.pictures import read_image

CAT, STARS = str(IMAGES / "content" / "cat.png"), str(IMAGES / "style" / "starry_night.jpg")
with_make = pytest.mark.skipif(
    sys.prefix != str(ROOT / ".venv") or not shutil.which("make"), reason="needs make and the .venv that make sets up"
)


def environment(output):
    kept = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}  # of `make test`
    return {**kept, "NST_OUTPUT": str(output), "COLUMNS": "120"}


@pytest.fixture(scope="module")
def photo(tmp_path_factory):
    path = tmp_path_factory.mktemp("my photos") / "a photo (1).png"
    with Image.open(CAT) as picture:
        picture.resize((200, 133)).save(path)
    return path


@pytest.fixture
def output(tmp_path, monkeypatch):
    monkeypatch.setattr(arguments, "OUTPUT", tmp_path / "output")
    monkeypatch.chdir(tmp_path)
    return tmp_path / "output"


def pictures(folder):
    return sorted(path.name for path in folder.glob("*.png"))


# ------------------------------------------------------------ what is left


@with_make
@pytest.mark.slow
def test_make_paint_leaves_pictures_and_says_a_line_for_each(tmp_path, photo):
    command = ["make", "paint", f"CONTENT={photo}", "SIZE=200", "EVALUATIONS=2"]
    done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert pictures(tmp_path) == ["first_look.png", "generated_image.png", "scale_1_100px.png", "scale_2_200px.png"]
    look = read_image(tmp_path / "first_look.png", 200)
    np.testing.assert_allclose(look, instant(photo, [STARS], 200), atol=0.6 / 255)
    state = read_checkpoint(tmp_path / "checkpoint.npz")
    costs = [f"{J:.3g}" for J in state["history"]]
    assert Image.open(tmp_path / "generated_image.png").size == (200, 133) and len(costs) == state["total"] == 4
    first, look, device, *lines = done.stdout.splitlines()
    assert look == f"{tmp_path / 'first_look.png'}: 200 x 133 pixels, a first look; the painting follows"
    assert first.startswith("Painting a photo (1).png in the style of starry_night.jpg, 200 pixels. Ctrl-C ")
    assert device.startswith("TensorFlow 2.")
    assert lines == [
        f"{tmp_path / 'scale_1_100px.png'}: 100 x 66 pixels, cost J {costs[1]}, step 2 of 4",
        f"{tmp_path / 'scale_2_200px.png'}: 200 x 133 pixels, cost J {costs[3]}, step 4 of 4",
        f"{tmp_path / 'generated_image.png'}: 200 x 133 pixels, 4 of 4 steps, cost J {costs[3]}",
    ]


@with_make
@pytest.mark.slow
def test_make_train_leaves_pictures_notebook_and_summary(tmp_path, photo):
    command = ["make", "train", f"CONTENT={photo}", "SIZE=64", "EPOCHS=2", "STEPS=2"]
    done = subprocess.run(command, cwd=ROOT, env=environment(tmp_path), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert pictures(tmp_path) == ["epoch_01.png", "epoch_02.png", "generated_image.png"]
    cells = nbformat.read(tmp_path / "04_paint.ipynb", as_version=4).cells
    assert any(str(photo) in cell.source for cell in cells if "injected-parameters" in cell.metadata.tags)
    assert not [cell for cell in cells if "experiment" in cell.metadata.tags]
    state = read_checkpoint(tmp_path / "checkpoint.npz")
    assert len(state["history"]) == state["total"] == 4
    assert f"{tmp_path / 'epoch_01.png'}: 64 x 43 pixels\n" in done.stdout
    summary = f"{tmp_path / 'generated_image.png'}: 64 x 43 pixels, 4 of 4 steps, cost J {state['history'][-1]:.3g}\n"
    assert summary in done.stdout


@pytest.mark.slow
def test_o_names_the_result_of_train_too(tmp_path):
    words = ["train", CAT, STARS, "--size", "64", "--epochs", "1", "--steps", "1", "-o", "below/mine.png"]
    command = [sys.executable, "-m", "nst", *words]
    done = subprocess.run(command, cwd=tmp_path, env=environment(tmp_path / "output"), capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, ""), done.stderr
    assert os.listdir(tmp_path) == ["below"] and os.listdir(tmp_path / "below") == ["mine.png"]


@pytest.mark.slow
def test_o_names_the_result_and_leaves_nothing_else(output, tmp_path, capsys):
    words = ["paint", CAT, STARS, "--size", "64", "--evaluations", "2", "-o"]
    assert main([*words, "mine.png"]) == 0
    assert os.listdir(tmp_path) == ["mine.png"]
    first = read_image("mine.png")
    assert capsys.readouterr().out.splitlines()[-1].startswith("mine.png: 64 x 43 pixels, 2 of 2 steps, cost J ")
    assert main([*words, "mine.png", "--beta", "7"]) == 0
    assert sorted(os.listdir(tmp_path)) == ["mine.png", "mine_1.png"]
    np.testing.assert_array_equal(read_image("mine_1.png"), first)
    assert "The picture that was there before is kept as mine_1.png" in capsys.readouterr().out
    assert main([*words, "below/it.webp"]) == 0
    assert os.listdir(tmp_path / "below") == ["it.webp"]
    assert np.abs(read_image("below/it.webp") - first).mean() < 0.02


IN_BANDS = """
import os, sys
from nst import job
job.LARGEST_WHOLE = 100 * 100
from nst.commands import main
print("process", os.getpid(), file=sys.stderr)
sys.exit(main())
"""


@pytest.mark.slow
def test_a_new_process_in_the_place_of_the_first_paints_what_is_in_bands(tmp_path):
    """For TensorFlow would keep the other scales' memory. Nothing that is said tells of it."""
    temporary = tmp_path.with_name(f"{tmp_path.name}_temporary")
    temporary.mkdir()
    variables = {name: value for name, value in environment(tmp_path).items() if name != "PYTHONDONTWRITEBYTECODE"}
    (tmp_path / "mine.png").write_bytes(b"an earlier picture")
    words = ["--size", "192", "--evaluations", "1", "-o", "mine.png"]
    command = [sys.executable, "-c", IN_BANDS, "paint", *words, "--", CAT, STARS]
    with subprocess.Popen(
        command,
        cwd=tmp_path,
        env=variables | {"TMPDIR": str(temporary)},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        out, err = process.communicate()
    assert (process.returncode, err) == (0, f"process {process.pid}\n" * 2), err
    assert os.listdir(temporary) == [], "nothing is left in the folder for temporary files"
    first, look, device, small, large, kept, last = out.splitlines()
    assert "Painting cat.png" in first and "a first look" in look and device.startswith("TensorFlow")
    assert small.startswith("mine_painting/scale_1_96px.png: 96 x 64 pixels, ") and small.endswith("step 1 of 2")
    assert large.startswith("mine_painting/scale_2_192px.png: ")
    assert kept == "The picture that was there before is kept as mine_1.png"
    assert last.startswith("mine.png: 192 x 128 pixels, 2 of 2 steps, cost J ")
    assert sorted(os.listdir(tmp_path)) == ["mine.png", "mine_1.png"]


@pytest.mark.slow
@pytest.mark.parametrize("name", ["mine.png", "mine.tiff"])
def test_a_stopped_run_with_a_name_can_go_on(output, tmp_path, monkeypatch, capsys, name):
    words = ["paint", CAT, STARS, "--size", "64", "--evaluations", "5", "-o", name]
    step = training.Run.step

    def step_and_press(run, *arguments):
        step(run, *arguments)
        if len(run.history) == 2:
            signal.raise_signal(signal.SIGINT)

    with monkeypatch.context() as patch:
        patch.setattr(training.Run, "step", step_and_press)
        assert main(words) == 0
    assert "2 of 5 steps" in capsys.readouterr().out
    assert sorted(os.listdir(tmp_path)) == [name, "mine_painting"]
    stopped = read_image(name)
    assert main([*words, "--resume"]) == 0
    assert "5 of 5 steps" in capsys.readouterr().out
    assert os.listdir(tmp_path) == [name], "one run has one result, and a complete one leaves nothing else"
    assert not np.array_equal(read_image(name), stopped)
    assert main([*words, "--resume"]) == 2
    assert f"(a finished one has left {name} and nothing else)" in capsys.readouterr().err


@pytest.mark.slow
def test_a_run_that_was_killed_keeps_the_earlier_picture_of_its_name_when_it_goes_on(output, tmp_path, monkeypatch):
    words = ["paint", CAT, STARS, "--size", "64", "--evaluations", "2", "-o", "mine.png"]
    (tmp_path / "mine.png").write_bytes(b"an earlier picture")
    with monkeypatch.context() as patch:
        patch.setattr(paint, "report", lambda *_, **__: 0)  # killed just before the result is put in its place
        assert main(words) == 0
    assert main([*words, "--resume"]) == 0
    assert (tmp_path / "mine_1.png").read_bytes() == b"an earlier picture"
    assert sorted(os.listdir(tmp_path)) == ["mine.png", "mine_1.png"]


@pytest.mark.slow
def test_a_tiff_and_a_deep_png_have_the_painting_in_16_bits_and_the_photos_print_resolution(output, tmp_path):
    photo = tmp_path / "photo.jpg"
    with Image.open(CAT) as picture:
        picture.convert("RGB").resize((96, 64)).save(photo, dpi=(240, 240))
    image, _ = recipe.paint(recipe.Job(str(photo), (STARS,), size=64, evaluations=2, keep_colors=True))
    expected = image[0].astype(np.float64) * 65535
    words = ["paint", str(photo), STARS, "--size", "64", "--evaluations", "2", "--keep-colors"]
    assert main([*words, "-o", "mine.tiff"]) == 0
    pixels, tags = read_tiff(tmp_path / "mine.tiff")
    np.testing.assert_allclose(pixels, expected, atol=0.51, rtol=0)
    assert (tags[282], tags[283], tags[296]) == ((240, 1), (240, 1), (2,))
    assert main([*words, "--depth", "16"]) == 0  # without a name
    pixels, chunks = read_png(output / "generated_image.png")
    np.testing.assert_allclose(pixels, expected, atol=0.51, rtol=0)
    assert chunks[b"pHYs"] == (9449).to_bytes(4) * 2 + b"\1"
    assert main([*words, "--depth", "8", "--resume"]) == 0, "from the checkpoint, without painting it again"
    assert read_png(output / "generated_image.png")[0].dtype == np.uint8
    assert pictures(output) == ["first_look.png", "generated_image.png", "scale_1_64px.png"]


@pytest.mark.parametrize(
    ("words", "line"),
    [
        (["--depth", "16", "-o", "a.jpg"], "a.jpg: depth 16: end the name in .png, .tif or .tiff, or leave the depth"),
        (["--depth", "12", "-o", "a.tif"], "a.tif: depth 12: give 8 or 16"),
        (["--depth", "deep"], "argument --depth: deep: give a whole number"),
    ],
)
def test_a_depth_that_cannot_be_is_refused_at_once(output, tmp_path, capsys, words, line):
    assert main(["paint", CAT, STARS, *words]) == 2
    out, err = capsys.readouterr()
    assert err.startswith(f"nst paint: {line}") and err.count("\n") == 1 and out == ""
    assert os.listdir(tmp_path) == []


def test_a_finished_run_says_so_and_changes_nothing(output, monkeypatch, capsys):
    words = ["paint", CAT, STARS, "--size", "64", "--evaluations", "2"]
    assert main(words) == 0
    before = {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in output.iterdir()}
    capsys.readouterr()
    with monkeypatch.context() as patch:
        patch.setattr(recipe, "paint", lambda *_, **__: pytest.fail("it paints"))
        assert main([*words, "--resume"]) == 0
    out, err = capsys.readouterr()
    assert out.startswith(f"{output / 'generated_image.png'} was finished already: 64 x 43 pixels, 2 of 2 steps, cost ")
    assert (out.count("\n"), err) == (1, "")
    assert before == {path: (path.read_bytes(), path.stat().st_mtime_ns) for path in output.iterdir()}
    (output / "generated_image.png").unlink()
    assert main([*words, "--resume"]) == 0
    assert (output / "generated_image.png").exists(), "one whose picture was taken away gets it back"


def test_all_controls_reach_the_job(output, monkeypatch):
    seen = []
    monkeypatch.setattr(recipe, "paint", lambda job, **options: seen.append(job) or 1 / 0)
    sky = str(IMAGES / "mask" / "pagoda_sky.png")
    pagoda, glass = str(IMAGES / "content" / "pagoda.jpg"), str(IMAGES / "style" / "stained_glass.jpg")
    numbers = {"size": 96, "alpha": 3, "beta": 7.5, "evaluations": 9, "brush": 2, "smoothness": 5}
    words = [word for name, value in numbers.items() for word in (f"--{name}", str(value))]
    words += ["--weights", "2", "1", "--masks", sky, "--keep-colors", "--match-colors"]
    assert main(["paint", pagoda, STARS, glass, *words]) == 2
    assert seen == [
        recipe.Job(
            pagoda, (STARS, glass), weights=(2, 1), masks=(sky,), brush=2, match_colors=True, keep_colors=True,
            smoothness=5, alpha=3, beta=7.5, size=96, evaluations=9,
        )
    ]  # fmt: skip


# ------------------------------------------------------------ errors and a full disk


def test_an_error_that_nobody_foresaw_is_one_line_and_its_rest_a_file(output, monkeypatch, capsys):
    monkeypatch.setattr(recipe, "paint", lambda job, **options: None.more)
    assert main(["paint", CAT, STARS, "--size", "64"]) == 2
    line = capsys.readouterr().err
    assert line.startswith("nst paint: AttributeError: 'NoneType' object has no attribute 'more' (where it happened: ")
    assert line.count("\n") == 1 and "Traceback" in (output / "error.txt").read_text()


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (
            NotImplementedError("02.ipynb: the exercise is not finished yet"),
            "02.ipynb: the exercise is not finished yet",
        ),
        (ValueError("mask.png: at this size"), "mask.png: at this size"),
        (OSError(28, "No space left on device", "output/x.png"), "output/x.png: No space left on device"),
        (FloatingPointError("64 px, evaluation 2: the cost J = nan"), "64 px, evaluation 2: the cost J = nan"),
        (MemoryError(), "ran out of memory at 64 px; take a smaller --size"),
    ],
)
def test_what_can_go_wrong_is_said_in_one_line(output, monkeypatch, capsys, error, line):
    def paint(job, **options):
        raise error

    monkeypatch.setattr(recipe, "paint", paint)
    assert main(["paint", CAT, STARS, "--size", "64"]) == 2
    assert capsys.readouterr().err == f"nst paint: {line}\n"


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can make a small disk")
def test_a_full_disk_is_one_line_and_keeps_the_picture(tmp_path, monkeypatch, capsys):
    disk = tmp_path / "disk"
    disk.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=8k", "tmpfs", disk], capture_output=True).returncode:
        pytest.skip("no disk can be mounted here")
    try:
        monkeypatch.setattr(arguments, "OUTPUT", disk)
        assert main(["paint", CAT, STARS, "--size", "64", "--evaluations", "2"]) == 2
        out, err = capsys.readouterr()
        assert (
            err.startswith(f"nst paint: {disk}: No space left on device; the picture is in ") and err.count("\n") == 1
        )
        kept = re.search(r"the picture is in (\S+) instead", err)[1]
        assert Image.open(kept).size == (64, 43)
    finally:
        subprocess.run(["umount", disk], check=True)


@pytest.mark.slow
def test_an_error_inside_the_notebook_is_one_line_and_keeps_the_notebook(tmp_path, photo):
    words = ["train", CAT, STARS, "--size", "64", "--epochs", "1", "--steps", "1"]
    variables = {**environment(tmp_path / "output"), "PYTHONPATH": str(tmp_path)}
    (tmp_path / "keras.py").write_text("raise RuntimeError('a broken installation')\n")
    done = subprocess.run([sys.executable, "-m", "nst", *words], env=variables, capture_output=True, text=True)
    assert done.returncode == 2 and done.stderr.count("\n") == 1, done.stderr
    assert done.stderr.startswith("nst train: RuntimeError: a broken installation (the notebook up to there: ")
    assert (tmp_path / "output" / "04_paint.ipynb").exists()


@pytest.mark.slow
def test_a_kernel_that_is_killed_for_memory_is_one_line(tmp_path):
    command = [sys.executable, "-m", "nst", "train", CAT, STARS, "--size", "64", "--steps", "2000"]
    with subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline(), process.stdout.readline()  # "Painting ..." and the device
        (kernel,) = (p for p in psutil.Process(process.pid).children() if "ipykernel" in " ".join(p.cmdline()))
        kernel.kill()
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and stderr.count("\n") == 1, stderr
    assert stderr.startswith(
        "nst train: ran out of memory at 64 px; take a smaller --size (the notebook's kernel died)"
    )


# ------------------------------------------------------------ Ctrl-C, and going on


def in_terminal(output, words, press_at=None):
    """Run the command in a terminal, press Ctrl-C when `press_at` appears; return (exit status, what was seen)."""
    terminal, other_end = pty.openpty()
    command = [sys.executable, "-m", "nst", *words]
    process = subprocess.Popen(command, env=environment(output), stdout=other_end, stderr=other_end)
    os.close(other_end)
    text, pressed, deadline = "", press_at is None, time.time() + 240
    while time.time() < deadline:
        try:
            text += os.read(terminal, 10000).decode()
        except OSError:  # the program has closed its end
            break
        if not pressed and re.search(press_at, text):
            process.send_signal(signal.SIGINT)
            pressed = True
    return process.wait(timeout=60), text


@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "bar", "total"),
    [
        (["paint", "--size", "96", "--evaluations", "500"], r"96 px \|.{24}\| step [1-9]\d/500, J [\d.]+e\+\d+, ", 500),
        (
            ["train", "--size", "64", "--epochs", "2", "--steps", "200"],
            r"epoch 1/2 \|.{24}\| step [1-9]\d/400, J ",
            400,
        ),
    ],
    ids=["paint", "train"],
)
def test_a_terminal_shows_the_progress_bar_ctrl_c_keeps_the_picture_and_resume_goes_on(tmp_path, words, bar, total):
    words = [words[0], CAT, STARS, *words[1:]]
    status, text = in_terminal(tmp_path, words, press_at=bar)
    assert status == 0, text
    steps = int(re.search(rf"generated_image.png: \d+ x \d+ pixels, (\d+) of {total} steps", text)[1])
    assert 10 <= steps < total
    assert f"Stopped early. nst {words[0]} --resume (with make, RESUME=1), with the same settings, goes on" in text
    assert pictures(tmp_path) == ["first_look.png"] * (words[0] == "paint") + ["generated_image.png"]
    status, text = in_terminal(tmp_path, [*words, "--resume"], press_at=rf"step \d+/{total}, J ")
    assert status == 0, text
    assert int(re.search(rf"pixels, (\d+) of {total} steps", text)[1]) > steps
    assert [path.name for path in tmp_path.glob("gen*")] == ["generated_image.png"], "one run has one result"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("number", "pauses"),
    [(signal.SIGINT, (0, 0.02)), (signal.SIGINT, (0, 0.1, 0.02, 0.02, 0.02)), (signal.SIGTERM, (0,))],
)
def test_ctrl_c_again_and_again_loses_nothing_and_sigterm_is_heard(output, monkeypatch, capsys, number, pauses):
    """While the picture is saved, which is made to take half a second here."""

    def press():
        for pause in pauses:
            time.sleep(pause)
            os.kill(os.getpid(), number)

    def save_slowly(image, path):
        time.sleep(0.25)
        save(image, path)

    save, pressing, step = training.save_image, threading.Thread(target=press), training.Run.step

    def step_and_press(run, *arguments):
        step(run, *arguments)
        if len(run.history) == 3:
            pressing.start()
            time.sleep(0.3)

    with monkeypatch.context() as patch:
        patch.setattr(training, "save_image", save_slowly)
        patch.setattr(training.Run, "step", step_and_press)
        assert main(["paint", CAT, STARS, "--size", "64", "--evaluations", "9"]) == 0
        pressing.join()
    out, err = capsys.readouterr()
    assert "3 of 9 steps" in out and "Stopped early." in out and err == ""
    assert main(["paint", CAT, STARS, "--size", "64", "--evaluations", "9", "--resume"]) == 0
    assert "9 of 9 steps" in capsys.readouterr().out


def test_ctrl_c_while_a_new_process_takes_over_is_heard_and_keeps_the_picture(output, tmp_path, monkeypatch, capsys):
    """The first one blocks it, and the new one, which listens to it once it can, has a picture already."""
    words = ["paint", CAT, STARS, "--size", "64", "--evaluations", "5", "-o", "mine.png"]
    step = training.Run.step

    def step_and_end(run, *arguments):
        step(run, *arguments)
        raise OSError("as if the process had ended")

    with monkeypatch.context() as patch:
        patch.setattr(training.Run, "step", step_and_end)
        assert main(words) == 2
    assert os.listdir(tmp_path) == ["mine_painting"]
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGINT])
    signal.raise_signal(signal.SIGINT)
    capsys.readouterr()
    assert main([words[0], "--afresh", *words[1:]]) == 0
    out, err = capsys.readouterr()
    assert out.startswith("mine.png: 64 x 43 pixels, 1 of 5 steps, cost J ") and "Stopped early." in out and err == ""
    assert signal.pthread_sigmask(signal.SIG_BLOCK, []) == set()


@pytest.mark.slow
def test_a_pipe_that_nobody_reads_any_more_is_no_error(tmp_path):
    command = f"{sys.executable} -m nst paint {CAT} {STARS} --size 64 --evaluations 1 | head -n 1"
    done = subprocess.run(command, shell=True, env=environment(tmp_path), capture_output=True, text=True)
    assert (done.stdout.count("\n"), done.stderr) == (1, "")
    assert (tmp_path / "generated_image.png").exists(), "the painting goes on"


def test_in_a_narrow_terminal_the_bar_shrinks_and_not_the_numbers(monkeypatch, capsys):
    full = f"512 px |{'█' * 12}{' ' * 12}| step 75/150, J 1.234e+01, 01:02 left"
    for columns in (120, 60, 55, 50, 46, 40, 20):
        monkeypatch.setattr(shutil, "get_terminal_size", lambda columns=columns: os.terminal_size((columns, 24)))
        arguments.show_bar(full)
        shown = capsys.readouterr().out.lstrip("\r")
        assert len(shown) == columns - 1
        room = min(24, 24 - (len(full) - len(shown)))
        if columns > 45:
            assert "step 75/150, J 1.234e+01, 01:02 left" in shown
        if room > 0:
            assert len(shown.split("|")[1]) == room and abs(shown.count("█") - room / 2) <= 0.5
        else:
            assert "|" not in shown


@pytest.mark.slow
def test_names_that_are_not_utf_8_are_read_and_shown(tmp_path):
    photo = os.path.join(os.fsencode(tmp_path), b"k\xe4tzchen.png")
    with open(photo, "wb") as file, open(CAT, "rb") as cat:
        file.write(cat.read())
    paint = ["paint", photo, STARS, "--size", "64", "--evaluations", "1"]
    for language, words in (("C.UTF-8", ["instant", *paint[1:3]]), ("C", paint)):
        variables = {**environment(tmp_path / "output"), "LC_ALL": language}
        done = subprocess.run([sys.executable, "-m", "nst", *words], env=variables, capture_output=True)
        assert (done.returncode, done.stderr) == (0, b""), done.stderr
        assert b"tzchen.png in the style of" in done.stdout


@pytest.mark.slow
@pytest.mark.parametrize("recipe", ["paint", "train"])
def test_ctrl_c_before_the_painting_stops_and_leaves_the_earlier_picture(tmp_path, recipe):
    (tmp_path / "generated_image.png").write_bytes(b"an earlier picture")
    command = [sys.executable, "-m", "nst", recipe, CAT, STARS, "--size", "64"]
    with subprocess.Popen(
        command, env=environment(tmp_path), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        process.stdout.readline()  # "Painting ...": TensorFlow is about to be imported
        time.sleep(1.5)
        process.send_signal(signal.SIGINT)
        _, stderr = process.communicate(timeout=60)
    assert process.returncode == 2 and stderr.startswith(f"nst {recipe}: stopped before the first step"), stderr
    assert stderr.count("\n") == 1
    assert (tmp_path / "generated_image.png").read_bytes() == b"an earlier picture"


def test_ctrl_c_counts_even_where_python_ignores_its_exception(output, monkeypatch, capsys):
    class Deaf:
        def __del__(self):
            os.kill(os.getpid(), signal.SIGINT)

    def paint(job, watch, **options):
        Deaf()
        watch(None)
        pytest.fail("it went on")

    monkeypatch.setattr(recipe, "paint", paint)
    assert main(["paint", CAT, STARS, "--size", "64"]) == 2
    assert capsys.readouterr().err.startswith("nst paint: stopped before the first step of the painting")


@pytest.mark.slow
def test_a_new_picture_keeps_the_one_before(output, capsys):
    for beta in ("100", "7"):
        assert main(["paint", CAT, STARS, "--size", "64", "--evaluations", "1", "--beta", beta]) == 0
    others = ["first_look.png", "generated_image.png", "generated_image_1.png", "scale_1_64px.png"]
    assert pictures(output) == others
    assert f"kept as {output / 'generated_image_1.png'}" in capsys.readouterr().out


def test_the_first_line_comes_before_anything_long(tmp_path):
    command = [sys.executable, "-m", "nst", "paint", CAT, STARS, "--size", "64"]
    with subprocess.Popen(command, env=environment(tmp_path), stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline().startswith("Painting cat.png in the style of starry_night.jpg, 64 pixels.")
        with contextlib.suppress(FileNotFoundError):
            assert "tensorflow" not in Path(f"/proc/{process.pid}/maps").read_text()
        process.kill()
