import contextlib
import errno
import io
import os
import random
import signal
import subprocess
import sys
import tempfile
import textwrap
import time

import keras
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst import pictures, training
from nst.pictures import to_uint8
from nst_utils import set_seed, train

SHAPE = (1, 32, 40, 3)
START, TARGET = np.random.default_rng(0).random((2, *SHAPE)).astype(np.float32)


def descent(rate=0.1):
    """A training step without TensorFlow's help: gradient descent on half the squared distance to TARGET."""

    def step(image):
        J = 0.5 * np.square(image.numpy() - TARGET).sum()
        image.assign(image - rate * (image - TARGET))
        return J

    return step


def one_step_and_then(error):
    """A training step from START that works once."""

    def step(image):
        if not np.allclose(image, START):
            raise error
        return descent()(image)

    return step


def pixels(path):
    return np.asarray(Image.open(path))


def test_history_picture_and_files_are_those_of_gradient_descent(tmp_path):
    image = tf.Variable(START)
    history = train(descent(), image, epochs=3, steps_per_epoch=4, output=tmp_path)
    distance = START.astype(np.float64) - TARGET
    np.testing.assert_allclose(history, [0.5 * np.square(distance * 0.9**n).sum() for n in range(12)], rtol=1e-4)
    names = ["checkpoint.npz", "epoch_01.png", "epoch_02.png", "epoch_03.png", "generated_image.png"]
    assert sorted(os.listdir(tmp_path)) == names
    for epoch in (1, 2, 3):
        expected = TARGET + distance * 0.9 ** (4 * epoch)
        np.testing.assert_allclose(pixels(tmp_path / f"epoch_0{epoch}.png"), expected[0] * 255, atol=0.51)
    np.testing.assert_array_equal(pixels(tmp_path / "generated_image.png"), pixels(tmp_path / "epoch_03.png"))


def test_without_output_nothing_is_written(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert len(train(descent(), tf.Variable(START), 1, 2, output=None)) == 2
    assert os.listdir(tmp_path) == []


def test_a_new_run_removes_what_an_old_one_left_but_not_before_its_first_step_has_succeeded(tmp_path):
    train(descent(), tf.Variable(START), 3, 1, output=tmp_path)

    def bug(image):
        raise RuntimeError("a bug in the learner's step")

    with pytest.raises(RuntimeError):
        train(bug, tf.Variable(START), 2, 1, output=tmp_path)
    assert (tmp_path / "epoch_03.png").exists() and (tmp_path / "checkpoint.npz").exists()
    train(descent(), tf.Variable(START), 2, 1, output=tmp_path)
    assert sorted(p.name for p in tmp_path.glob("epoch*")) == ["epoch_01.png", "epoch_02.png"]


@pytest.mark.parametrize(("epochs", "steps"), [(0, 1), (1, -1), (1.5, 1), ("3", 1), (1, None)])
def test_wrong_numbers_of_steps_are_named(epochs, steps):
    with pytest.raises(ValueError, match="epoch.* must be a whole number of at least 1, not"):
        train(descent(), tf.Variable(START), epochs, steps, output=None)


def test_the_progress_bar_shows_epoch_step_cost_and_time_left():
    stderr = io.StringIO()
    with contextlib.redirect_stderr(stderr):
        train(lambda image: time.sleep(0.12) or tf.constant(1234.5), tf.Variable(START), 2, 2, output=None)
    last = stderr.getvalue().split("\r")[-1]
    assert "epoch 2/2" in last and "step 4/4" in last and "J 1.234e+03" in last and "00:00 left" in last
    assert "epoch 1/2" in stderr.getvalue()


def test_a_step_that_returns_nothing_is_named():
    with pytest.raises(TypeError, match="train_step returned None; it must return the cost J"):
        train(lambda image: None, tf.Variable(START), 1, 1, output=None)


@pytest.mark.parametrize("bad", [float("nan"), float("inf")])
def test_a_cost_that_is_not_finite_stops_and_keeps_the_last_good_picture(tmp_path, bad):
    image, good = tf.Variable(START), []

    def step(image):
        if len(good) == 5:
            return bad  # this picture's cost is broken, so the one before is the last good one
        good.append(image.numpy())
        return descent()(image)

    with pytest.raises(FloatingPointError, match=f"epoch 2, step 3: the cost J = {bad}"):
        train(step, image, epochs=3, steps_per_epoch=3, output=tmp_path)
    np.testing.assert_array_equal(image.numpy(), good[4])
    np.testing.assert_allclose(pixels(tmp_path / "generated_image.png"), good[4][0] * 255, atol=0.51)


def test_a_pixel_that_becomes_nan_stops_too(tmp_path):
    image, steps = tf.Variable(START), []

    def step(image):
        steps.append(image.numpy())
        image.assign(image * (np.nan if len(steps) == 2 else 0.5))
        return 1.0

    with pytest.raises(FloatingPointError, match="epoch 1, step 2"):
        train(step, image, epochs=1, steps_per_epoch=3, output=tmp_path)
    np.testing.assert_array_equal(image.numpy(), START * np.float32(0.5))


def test_ctrl_c_keeps_saves_and_returns_what_was_painted_and_resume_goes_on(tmp_path, capsys):
    def interrupted(image):
        J = descent()(image)
        interrupted.steps += 1
        if interrupted.steps == 6:
            os.kill(os.getpid(), signal.SIGINT)
            time.sleep(5)
        return J

    interrupted.steps = 0
    image = tf.Variable(START)
    history = train(interrupted, image, epochs=2, steps_per_epoch=4, output=tmp_path)
    assert len(history) == 5 and [path.name for path in tmp_path.glob("epoch*")] == ["epoch_01.png"]
    assert "Stopped after 5 of 8 steps" in capsys.readouterr().out
    np.testing.assert_allclose(pixels(tmp_path / "generated_image.png"), image.numpy()[0] * 255, atol=0.51)
    other = tf.Variable(TARGET)
    history = train(descent(), other, epochs=2, steps_per_epoch=4, output=tmp_path, resume=True)
    assert len(history) == 8 and (tmp_path / "epoch_02.png").exists()
    assert "step 8/8" in capsys.readouterr().err.split("\r")[-1]


def test_ctrl_c_in_the_first_epoch_leaves_no_epoch_of_an_earlier_run(tmp_path):
    train(descent(), tf.Variable(START), 2, 2, output=tmp_path)

    assert len(train(one_step_and_then(KeyboardInterrupt), tf.Variable(START), 2, 2, output=tmp_path)) == 1
    assert sorted(os.listdir(tmp_path)) == ["checkpoint.npz", "generated_image.png", "generated_image_1.png"]


def test_an_earlier_result_is_kept_under_a_number(tmp_path):
    results = []
    for value in (0.2, 0.4, 0.6):
        train(lambda image: 1.0, tf.Variable(np.full(SHAPE, value, np.float32)), 2, 1, output=tmp_path)
        results.append(pixels(tmp_path / "generated_image.png"))
    assert sorted(path.name for path in tmp_path.glob("gen*")) == [
        "generated_image.png",
        "generated_image_1.png",
        "generated_image_2.png",
    ]
    np.testing.assert_array_equal(pixels(tmp_path / "generated_image_1.png"), results[0])
    np.testing.assert_array_equal(pixels(tmp_path / "generated_image_2.png"), results[1])
    train(descent(), tf.Variable(START), 1, 2, output=tmp_path / "own")
    train(descent(), tf.Variable(START), 2, 2, output=tmp_path / "own", resume=True)
    assert not list((tmp_path / "own").glob("generated_image_*")), "a run that goes on has only one result"


def test_a_second_run_in_the_same_folder_is_refused_until_the_first_has_ended(tmp_path):
    def paints_meanwhile(image):
        with pytest.raises(BlockingIOError, match=f"another run is painting there.*{tmp_path}"):
            train(descent(), tf.Variable(START), 1, 1, output=tmp_path)
        assert len(train(descent(), tf.Variable(START), 1, 1, output=tmp_path / "elsewhere")) == 1
        return 1.0

    train(paints_meanwhile, tf.Variable(START), 1, 1, output=tmp_path)
    train(descent(), tf.Variable(START), 1, 1, output=tmp_path)


def full(path, write):
    raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path))


def test_a_full_disk_loses_no_picture(tmp_path, monkeypatch):
    train(descent(), tf.Variable(TARGET), 1, 1, output=tmp_path / "output")
    before = pixels(tmp_path / "output" / "generated_image.png")
    monkeypatch.setattr(pictures, "write_atomically", full)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "elsewhere"))
    (tmp_path / "elsewhere").mkdir()
    image = tf.Variable(START)
    save = training.save_image
    monkeypatch.setattr(
        training,
        "save_image",
        lambda i, p: Image.fromarray(to_uint8(i)).save(p) if "elsewhere" in str(p) else save(i, p),
    )
    with pytest.raises(OSError, match="output: No space left on device; the picture is in .*elsewhere/nst-") as caught:
        train(descent(), image, 2, 2, output=tmp_path / "output")
    path = str(caught.value).rpartition("the picture is in ")[2].removesuffix(" instead")
    np.testing.assert_allclose(pixels(path), image.numpy()[0] * 255, atol=0.51)
    np.testing.assert_array_equal(pixels(tmp_path / "output" / "generated_image.png"), before)


def test_a_disk_that_is_full_for_a_while_is_no_trouble_in_the_end(tmp_path, monkeypatch):
    def step(image):
        step.count += 1
        monkeypatch.setattr(pictures, "write_atomically", full if step.count == 1 else write)
        return descent()(image)

    step.count, write = 0, pictures.write_atomically
    assert len(train(step, tf.Variable(START), 2, 1, output=tmp_path)) == 2
    assert (tmp_path / "generated_image.png").exists() and not (tmp_path / "epoch_01.png").exists()


def test_an_output_that_is_a_file_is_named_before_the_first_step(tmp_path):
    (tmp_path / "file").write_text("here already")
    for output in (tmp_path / "file", tmp_path / "file" / "below"):
        with pytest.raises(OSError, match="file"):
            train(lambda image: pytest.fail("a step"), tf.Variable(START), 1, 1, output=output)
    assert (tmp_path / "file").read_text() == "here already"


def test_ctrl_c_before_the_first_step_overwrites_nothing(tmp_path):
    train(descent(), tf.Variable(START), 1, 1, output=tmp_path)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}

    def interrupted(image):
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        train(interrupted, tf.Variable(TARGET), 1, 1, output=tmp_path)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


RUN = """
    import sys, time
    import nst_utils, keras, tensorflow as tf
    folder, resume, pause = sys.argv[1], sys.argv[2] == "resume", float(sys.argv[3])
    nst_utils.set_seed(7)
    image = tf.Variable(tf.random.uniform((1, 32, 40, 3)))
    target = tf.random.uniform((1, 32, 40, 3))
    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(0.1, 30))

    def step(image):
        with tf.GradientTape() as tape:
            J = tf.reduce_sum(tf.square(image - target))
        optimizer.apply_gradients([(tape.gradient(J, image), image)])
        image.assign(tf.clip_by_value(image, 0, 1))
        time.sleep(pause)
        return J

    history = nst_utils.train(step, image, 5, 6, optimizer=optimizer, output=folder, resume=resume)
    print(history)
"""


def run(folder, resume="new", pause=0.0):
    command = [sys.executable, "-c", textwrap.dedent(RUN), str(folder), resume, str(pause)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    folder = tmp_path_factory.mktemp("undisturbed")
    return folder, run(folder).communicate()[0]


def painted(folder):
    return {path.name: path.read_bytes() for path in folder.glob("*.png")}


@pytest.mark.slow
def test_two_runs_paint_the_same_bytes(undisturbed, tmp_path):
    folder, history = undisturbed
    assert history and run(tmp_path).communicate()[0] == history
    assert painted(tmp_path) == painted(folder) and len(painted(folder)) == 6


@pytest.mark.slow
def test_a_run_that_was_killed_resumes_to_the_same_bytes(undisturbed, tmp_path):
    folder, history = undisturbed
    process = run(tmp_path, pause=0.1)
    deadline = time.time() + 120
    while not (tmp_path / "epoch_02.png").exists() and time.time() < deadline:
        time.sleep(0.05)
    time.sleep(0.25)  # into the third epoch
    process.kill()
    process.wait()
    assert process.returncode == -signal.SIGKILL and not (tmp_path / "epoch_05.png").exists()
    assert run(tmp_path, "resume").communicate()[0] == history
    assert painted(tmp_path) == painted(folder)


def test_resume_never_goes_on_with_the_run_before_the_one_that_was_killed(tmp_path):
    train(descent(), tf.Variable(TARGET), 1, 3, output=tmp_path)

    with pytest.raises(SystemExit):  # in the first epoch, so before this run has a checkpoint
        train(one_step_and_then(SystemExit), tf.Variable(START), 1, 3, output=tmp_path)
    history = train(descent(), tf.Variable(START), 1, 3, output=tmp_path, resume=True)
    np.testing.assert_allclose(history[0], 0.5 * np.square(START - TARGET).sum(), rtol=1e-5)


def test_resume_without_a_checkpoint_starts_at_the_beginning(tmp_path):
    assert len(train(descent(), tf.Variable(START), 1, 3, output=tmp_path, resume=True)) == 3


def test_resuming_a_finished_run_returns_it_and_more_epochs_go_on(tmp_path):
    first = train(descent(), tf.Variable(START), 2, 3, output=tmp_path)
    image = tf.Variable(TARGET)
    assert train(descent(), image, 2, 3, output=tmp_path, resume=True) == first
    np.testing.assert_allclose(image.numpy(), TARGET + (START - TARGET) * 0.9**6, atol=1e-5)
    longer = train(descent(), image, 3, 3, output=tmp_path, resume=True)
    assert longer[:6] == first and len(longer) == 9


def test_a_checkpoint_that_does_not_fit_is_refused_and_changes_nothing(tmp_path):
    train(descent(), tf.Variable(START), 2, 3, output=tmp_path)
    files = {path: path.read_bytes() for path in tmp_path.iterdir()}
    other = tf.Variable(np.zeros((1, 33, 40, 3), np.float32))
    with pytest.raises(
        ValueError, match=r"checkpoint.npz: .*\(1, 32, 40, 3\), not \(1, 33, 40, 3\); start anew .*resume=False"
    ):
        train(descent(), other, 2, 3, output=tmp_path, resume=True)
    with pytest.raises(ValueError, match="saved with steps_per_epoch 3, not 4;"):
        train(descent(), tf.Variable(START), 2, 4, output=tmp_path, resume=True)
    with pytest.raises(ValueError, match="saved with STYLE None, not cat.png; repeat the settings of that run"):
        train(descent(), tf.Variable(START), 2, 3, settings={"STYLE": "cat.png"}, output=tmp_path, resume=True)
    with pytest.raises(ValueError, match="saved with an optimiser with variables"):
        train(descent(), tf.Variable(START), 2, 3, optimizer=keras.optimizers.Adam(), output=tmp_path, resume=True)
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == files


@pytest.mark.parametrize("keep", [0, 100, -200])
def test_a_damaged_checkpoint_is_named(tmp_path, keep):
    train(descent(), tf.Variable(START), 1, 1, output=tmp_path)
    checkpoint = tmp_path / "checkpoint.npz"
    checkpoint.write_bytes(checkpoint.read_bytes()[:keep])
    with pytest.raises(ValueError, match="checkpoint.npz: damaged.*resume=False"):
        train(descent(), tf.Variable(START), 2, 1, output=tmp_path, resume=True)


def test_set_seed_repeats_the_numbers_of_python_numpy_and_tensorflow():
    def draw():
        set_seed(3)
        generator = tf.random.get_global_generator()
        return random.random(), np.random.rand(), float(tf.random.uniform(())), float(generator.uniform(()))

    assert draw() == draw()


def test_a_watcher_takes_the_place_of_the_progress_bar_and_can_stop(capfd):
    seen = []

    def watch(run):
        seen.append((len(run.history), run.history[-1]))
        if len(seen) == 3:
            raise KeyboardInterrupt

    history = train(descent(), tf.Variable(START), 2, 3, output=None, watch=watch)
    assert seen == list(enumerate(history, 1)) and len(history) == 3
    assert capfd.readouterr() == ("", "")


class Painting:
    """A decorated step in a notebook of its own, whose optimiser and target are exchanged."""

    SOURCE = """
@tf.function
def distance(image):
    return 0.5 * tf.reduce_sum(tf.square(image - target))


@tf.function
def train_step(image):
    with tf.GradientTape() as tape:
        J = distance(image)
    optimizer.apply_gradients([(tape.gradient(J, image), image)])
    return J
"""

    def __init__(self, source=SOURCE, rate=0.1, target=TARGET):
        self.around = {"tf": tf, "np": np}
        exec(source, self.around)
        self.begin(rate, target)

    def begin(self, rate, target=TARGET):
        self.around |= dict(optimizer=keras.optimizers.SGD(rate), target=tf.constant(target))
        self.image = tf.Variable(START)

    def paint(self, steps=2, wrap=lambda step: step):
        return train(wrap(self.around["train_step"]), self.image, 1, steps, output=None)


@pytest.mark.parametrize("wrap", [lambda step: step, tf.function])
def test_a_decorated_step_uses_the_optimiser_and_the_target_of_now(wrap):
    painting, before = Painting(), START - TARGET
    helper, step = painting.around["distance"], painting.around["train_step"]
    painting.paint(wrap=wrap)
    np.testing.assert_allclose(painting.image.numpy(), TARGET + before * 0.9**2, atol=1e-5)
    first = painting.around["optimizer"]  # still referenced, so that a stale step would go on with it
    painting.begin(rate=0.5, target=1 - TARGET)
    history = painting.paint(wrap=wrap)
    now = START - (1 - TARGET)
    np.testing.assert_allclose(painting.image.numpy(), 1 - TARGET + now * 0.5**2, atol=1e-5)
    np.testing.assert_allclose(history, [0.5 * np.square(now * 0.5**n).sum() for n in range(2)], rtol=1e-4)
    assert int(first.iterations) == 2
    assert (painting.around["distance"], painting.around["train_step"]) == (helper, step), "put back"


def test_a_decorated_step_that_cannot_be_compiled_runs_as_it_is_written(capsys):
    painting = Painting(Painting.SOURCE.replace("    return J\n", "    print(J.numpy())\n    return J\n"))
    painting.around["optimizer"] = keras.optimizers.Adam(0.1)  # which has variables, made in the first step
    assert len(painting.paint()) == 2 and not np.allclose(painting.image, START)
    out = capsys.readouterr().out
    assert out.startswith("tf.function cannot compile this step, so it runs as it is, more slowly ('SymbolicTensor' ")
    assert out.count("cannot compile") == 1


def test_a_mistake_in_a_decorated_step_is_raised_as_python_says_it():
    with pytest.raises(NameError, match="^name 'J_style' is not defined$"):
        Painting(Painting.SOURCE.replace("    return J\n", "    return J_style\n")).paint()


def test_a_picture_that_stands_still_is_told_once(capsys):
    painting = Painting(rate=keras.optimizers.schedules.CosineDecay(0.1, 3))
    painting.paint(3)
    assert "stands still" not in capsys.readouterr().out
    painting.paint(3)  # the schedule is over
    out = capsys.readouterr().out
    assert out.count("The picture stands still") == 1 and "(epoch 1, step 1)" in out
    train(lambda image: 1.0, tf.Variable(START), 1, 2, output=None, watch=lambda run: None)
    assert "stands still" not in capsys.readouterr().out
