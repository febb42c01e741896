"""nst.minimize on costs whose lowest point is known."""

import subprocess
import sys
import threading
import time
import weakref

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from nst import minimize as module
from nst.coordinates import Pixels, Spectrum
from nst.job import read_checkpoint
from nst.minimize import coarse_to_fine, minimize
from nst.spectrum import enlarge
from nst.training import Run

SHAPE = (1, 40, 48, 3)
both = pytest.mark.parametrize("precondition", [True, False])


def start(shape=SHAPE, value=0.5):
    return tf.Variable(np.full(shape, value, np.float32))


def bowl(target):
    return lambda image: tf.reduce_sum((image - target) ** 2)


def smooth(shape):
    y, x = np.mgrid[: shape[1], : shape[2]]
    return (0.5 + 0.3 * np.sin(y / 7)[..., np.newaxis] * np.cos(x / 9)[..., np.newaxis] * [1, 0.5, -1]).astype(
        np.float32
    )


@both
def test_the_lowest_point_of_a_bowl_is_found(precondition):
    image, target = start(), smooth(SHAPE)
    history = minimize(bowl(target), image, 40, precondition=precondition, output=None)
    assert history[0] == pytest.approx(float(np.sum((0.5 - target) ** 2)), rel=1e-4)
    np.testing.assert_allclose(image.numpy()[0], target, atol=1e-2)
    assert min(history) < 1e-3 * history[0]


@both
def test_pixels_stay_between_black_and_white(precondition, rng):
    seen, target = [], np.where(rng.random(SHAPE) < 0.5, -1, 2).astype(np.float32)

    def cost(image):
        tf.py_function(lambda pixels: seen.append((pixels.numpy().min(), pixels.numpy().max())), [image], [])
        return tf.reduce_sum((image - target) ** 2)

    image = start()
    minimize(cost, image, 40, precondition=precondition, output=None)
    assert min(low for low, _ in seen) >= 0 and max(high for _, high in seen) <= 1
    assert np.mean(np.abs(image.numpy() - target.clip(0, 1)) < 0.05) > 0.95


@both
def test_the_gradient_in_the_new_coordinates_is_the_slope(precondition, rng):
    spaces = {True: Spectrum, False: Pixels}
    space, target = spaces[precondition](SHAPE), rng.random(SHAPE)
    picture = rng.uniform(0.3, 0.7, SHAPE).astype(np.float32)
    picture[0, :4] = 1.5 if precondition else 0.9  # the spectrum's pixels may leave [0, 1], and pay for it

    def evaluate(x):
        x = np.asarray(x, np.float64)
        return np.sum(np.sin(x) * target), (np.cos(x) * target).astype(np.float32)

    cost, z = space.cost(evaluate), space.coordinates(picture)
    _, gradient = cost(z)
    direction = rng.normal(size=z.size) * np.abs(z).mean()
    slope = (cost(z + 1e-2 * direction)[0] - cost(z - 1e-2 * direction)[0]) / 2e-2
    assert slope == pytest.approx(gradient @ direction, rel=2e-2)


def test_preconditioning_lets_broad_features_move_first(rng):
    broad, specks = smooth(SHAPE) - 0.5, 0.1 * np.sign(rng.normal(size=SHAPE)).astype(np.float32)
    moved = {}
    for precondition in (True, False):
        image = start()
        minimize(bowl(0.5 + broad + specks), image, 3, precondition=precondition, output=None)
        change = image.numpy() - 0.5
        moved[precondition] = np.sum(change * broad) / np.sum(broad**2) / (np.sum(change * specks) / np.sum(specks**2))
    assert moved[False] == pytest.approx(1, abs=0.05) and moved[True] > 1.5


def test_exactly_so_many_evaluations_and_the_best_picture():
    calls = []

    def cost(image):
        tf.py_function(lambda: calls.append(1), [], [])
        return tf.reduce_sum(tf.sin(9 * image) + image**2)

    image = start()
    history = minimize(cost, image, 17, output=None)
    assert len(history) == len(calls) == 17
    calls.clear()
    assert float(cost(image)) == pytest.approx(min(history), rel=1e-5)


@both
def test_a_last_point_that_is_worse_is_not_kept(precondition):
    count = tf.Variable(0)

    def cost(image):
        count.assign_add(1)
        return bowl(0.8)(image) + tf.where(count == 3, 1e6, 0.0)

    image = start()
    history = minimize(cost, image, 3, precondition=precondition, output=None)
    assert history[2] > 1e5 and float(bowl(0.8)(image)) == pytest.approx(min(history), rel=1e-4)


def test_a_picture_that_is_the_lowest_point_already_ends_early():
    image = start()
    assert len(minimize(bowl(0.5), image, 50, output=None)) < 50
    np.testing.assert_array_equal(image.numpy(), 0.5)


@pytest.mark.parametrize("evaluations", [0, -1, 1.5, True, "9"])
def test_a_wrong_number_of_evaluations_is_named(evaluations):
    with pytest.raises(ValueError, match="evaluations must be a whole number"):
        minimize(bowl(0.5), start(), evaluations, output=None)
    with pytest.raises(ValueError, match="evaluations must be a whole number"):
        coarse_to_fine(problem, 64, evaluations, output=None)


def test_a_cost_without_value_or_gradient_is_named():
    with pytest.raises(TypeError, match="it must return the cost J"):
        minimize(lambda image: None, start(), 3, output=None)
    with pytest.raises(TypeError, match="scalar"):
        minimize(lambda image: image, start(), 3, output=None)
    with pytest.raises(ValueError, match="does not depend on the picture"):
        minimize(lambda image: tf.constant(1.0), start(), 3, output=None)


@both
@pytest.mark.parametrize("broken", ["value", "gradient"])
def test_nan_stops_saves_and_keeps_the_best_picture(tmp_path, precondition, broken):
    count = tf.Variable(0)

    def cost(image):
        count.assign_add(1)
        bad = tf.where(count > 4, np.nan, 0.0)
        spoil = tf.custom_gradient(lambda x: (x + bad, tf.identity) if broken == "value" else (x, lambda g: g + bad))
        return spoil(tf.reduce_sum((image - 0.9) ** 2))

    image = start()
    with pytest.raises(FloatingPointError, match="L-BFGS, evaluation 5: the cost J = nan"):
        minimize(cost, image, 20, precondition=precondition, output=tmp_path)
    assert np.isfinite(image.numpy()).all() and float(bowl(0.9)(image)) < float(bowl(0.9)(start()))
    saved = np.asarray(Image.open(tmp_path / "generated_image.png")) / 255
    np.testing.assert_allclose(saved, image.numpy()[0], atol=1 / 255)


def press_ctrl_c_at(monkeypatch, n):
    """As if somebody pressed Ctrl-C during the n-th evaluation."""
    step = Run.step

    def step_and_press(run, *arguments):
        step(run, *arguments)
        if len(run.history) == n:
            raise KeyboardInterrupt

    monkeypatch.setattr(Run, "step", step_and_press)


def test_ctrl_c_keeps_the_picture_and_resume_goes_on(tmp_path, monkeypatch, capsys):
    image, target = start(), smooth(SHAPE)
    with monkeypatch.context() as patch:
        press_ctrl_c_at(patch, 5)
        history = minimize(bowl(target), image, 30, output=tmp_path)
    assert len(history) == 5 and "Stopped after 5 of 30 steps. The picture is saved" in capsys.readouterr().out
    again = start()
    longer = minimize(bowl(target), again, 30, output=tmp_path, resume=True)
    assert longer[:5] == history and len(longer) <= 30 and longer[5] <= min(history) * 1.001
    np.testing.assert_allclose(again.numpy()[0], target, atol=1e-2)
    with pytest.raises(ValueError, match="start anew"):
        minimize(bowl(target), start(), 30, output=tmp_path, precondition=False, resume=True)


def problem(size):
    """A photo of size x size * 3/4, and a cost whose lowest point is that photo, darker."""
    target = smooth((1, size * 3 // 4, size, 3))[np.newaxis]
    weight = np.geomspace(1, 300, size, dtype=np.float32)[:, np.newaxis]  # of the columns: no bowl is found at once
    return tf.constant(target), lambda image: tf.reduce_sum(weight * (image - target * 0.5) ** 2)


def test_coarse_to_fine_goes_through_the_scales_and_saves_each(tmp_path):
    image, histories = coarse_to_fine(problem, 384, 15, output=tmp_path)
    assert image.shape == (1, 288, 384, 3) and [len(history) for history in histories] == [15, 15, 15]
    sizes = [
        Image.open(tmp_path / name).size for name in ("scale_1_96px.png", "scale_2_192px.png", "scale_3_384px.png")
    ]
    assert sizes == [(96, 72), (192, 144), (384, 288)]
    assert Image.open(tmp_path / "generated_image.png").size == (384, 288)
    photo, cost = problem(384)
    assert histories[2][0] < 0.3 * float(cost(photo)), "the last scale starts from the result of the one before"
    assert float(cost(image)) == pytest.approx(min(histories[2]), rel=1e-4)


@pytest.mark.slow
def test_what_a_scale_needed_is_gone_before_the_next_begins():
    """In memory, the targets of one scale would otherwise lie beside the bands of the next."""
    known, alive = {}, []

    class Cost:
        def __init__(self, size):
            known[size] = weakref.ref(self)
            self.cost = problem(size)[1]

        def __call__(self, image):
            return self.cost(image)

    def watch(run):
        alive.append((run.image.shape[2], {size for size, cost in known.items() if cost()}))

    coarse_to_fine(lambda size: (problem(size)[0], Cost(size)), 384, 2, output=None, watch=watch)
    assert alive[::2] == [(96, {96, 192, 384}), (192, {192, 384}), (384, {384})]


@pytest.mark.slow
def test_memory_goes_back_to_the_system_where_that_is_asked_for():
    program = """if True:
        import nst, psutil
        nst.start_tensorflow(give_back=True)
        import tensorflow as tf
        from nst.minimize import _give_back_memory
        before = psutil.Process().memory_info().rss
        volumes = [tf.ones((1, 1000, 1000, n)) for n in (1, 2, 5, 10) for _ in range(5)]
        taken = psutil.Process().memory_info().rss - before
        del volumes
        _give_back_memory()
        print(taken, psutil.Process().memory_info().rss - before)"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    taken, left = map(int, done.stdout.split())
    assert taken > 340e6 and left < 0.2 * taken  # TensorFlow keeps nearly all of it, unless it is told not to


@pytest.mark.parametrize("shape", [(48, 64), (41, 53)])
def test_an_enlarged_wave_is_the_same_wave(shape):
    def wave(n_H, n_W):
        y, x = (np.arange(n_H)[:, np.newaxis] + 0.5) / n_H, (np.arange(n_W) + 0.5) / n_W
        return (0.5 + 0.4 * np.cos(20 * np.pi * y) * np.cos(7 * np.pi * x))[np.newaxis, ..., np.newaxis]

    np.testing.assert_allclose(enlarge(wave(24, 32), shape), wave(*shape), atol=1e-5)
    edge = np.zeros((1, 24, 32, 3), np.float32)
    edge[:, :, 16:] = 1
    assert enlarge(edge, shape).min() == 0 and enlarge(edge, shape).max() == 1


@pytest.mark.parametrize(("scales", "spectra"), [(3, [96, 192]), (1, [384])])
def test_the_last_of_several_scales_is_not_preconditioned(scales, spectra, monkeypatch):
    seen = []
    monkeypatch.setattr(module, "Spectrum", lambda shape: seen.append(shape[2]) or Spectrum(shape))
    coarse_to_fine(problem, 384, 2, scales=scales, output=None)
    assert seen == spectra


@pytest.mark.slow
def test_a_watcher_sees_every_evaluation_in_place_of_progress_bar_and_pictures(capfd):
    seen = []

    def watch(run):
        seen.append((len(run.history), run.total, run.image.shape[2], run.history[-1]))
        assert run.work == pytest.approx(
            [n * 96 * 72 + 15_000 for n in (1, 1, 1, 1, 4, 4, 4, 4, 16, 16, 16, 16)]
        )  # for the time left

    _, histories = coarse_to_fine(problem, 384, 4, output=None, watch=watch)
    assert [n for n, *_ in seen] == list(range(1, 13)) and {total for _, total, *_ in seen} == {12}
    assert [side for _, _, side, _ in seen] == [96] * 4 + [192] * 4 + [384] * 4
    assert [J for *_, J in seen] == sum(histories, [])
    assert capfd.readouterr() == ("", "")


def test_a_watcher_can_stop_the_painting(tmp_path, capfd):
    def stop(run):
        if len(run.history) == 6:
            raise KeyboardInterrupt

    image, histories = coarse_to_fine(problem, 384, 4, output=tmp_path, watch=stop)
    assert image.shape[2] == 192 and [len(history) for history in histories] == [4, 2]
    assert (tmp_path / "checkpoint.npz").exists() and capfd.readouterr() == ("", "")


class Slow:
    """A cost that has to be got ready, which it notes with the thread that did it; `may`: an event to wait for."""

    def __init__(self, size, ready, may):
        _, self.cost = problem(size)
        self.size, self.ready, self.may = size, ready, may

    def prepare(self):
        if self.size not in self.ready:
            self.ready[self.size] = threading.current_thread()
            if self.size > 96:
                self.may.wait(60)

    def __call__(self, image):
        assert self.size in self.ready, "prepared before it is asked"
        return self.cost(image)


@pytest.mark.slow
def test_larger_scales_are_got_ready_in_a_thread_while_the_first_is_painted():
    ready, may, seen = {}, threading.Event(), []

    def watch(run):
        seen.append(set(ready))
        may.set()

    def slow(size):
        return problem(size)[0], Slow(size, ready, may)

    image, histories = coarse_to_fine(slow, 384, 15, output=None, watch=watch)
    assert set(ready) == {96, 192, 384} and 384 not in seen[0] and 192 in set.union(*seen[:15])
    assert ready[96] is threading.main_thread() and ready[192] is ready[384] is not ready[96]
    expected, same = coarse_to_fine(problem, 384, 15, output=None, watch=lambda run: None)
    assert histories == same
    np.testing.assert_array_equal(image.numpy(), expected.numpy())


def test_who_stops_does_not_wait_for_what_is_being_got_ready():
    ready, may = {}, threading.Event()

    def stop(run):
        if len(run.history) == 3:
            raise KeyboardInterrupt

    begin = time.monotonic()
    _, histories = coarse_to_fine(
        lambda size: (problem(size)[0], Slow(size, ready, may)), 384, 15, output=None, watch=stop
    )
    assert time.monotonic() - begin < 30 and [len(history) for history in histories] == [3]
    before = threading.active_count()
    may.set()
    for _ in range(200):
        if threading.active_count() < before:
            break
        time.sleep(0.05)
    assert 384 not in ready, "nothing more is begun"


def test_what_is_wrong_with_a_larger_scale_is_raised_when_it_begins():
    class Broken(Slow):
        def prepare(self):
            if self.size == 384:
                raise ValueError("a mask that covers nothing, say")
            super().prepare()

    ready, may, seen = {}, threading.Event(), []
    may.set()

    def broken(size):
        return problem(size)[0], Broken(size, ready, may)

    with pytest.raises(ValueError, match="covers nothing"):
        coarse_to_fine(broken, 384, 4, output=None, watch=lambda run: seen.append(len(run.history)))
    assert seen == list(range(1, 9)), "what could be painted was painted"


def test_a_disk_that_fills_up_meanwhile_loses_nothing(tmp_path):
    """L-BFGS writes files of its own when the picture is large."""

    def fill(run):
        if len(run.history) == 6:
            raise OSError(28, "No space left on device")

    with pytest.raises(OSError, match="No space left"):
        coarse_to_fine(problem, 384, 4, output=tmp_path, watch=fill)
    saved = read_checkpoint(tmp_path / "checkpoint.npz")
    assert len(saved["history"]) == 6 and saved["image"].shape[2] == 192
    with Image.open(tmp_path / "generated_image.png") as picture:
        assert picture.width == 192


def test_the_time_left_allows_for_the_larger_pictures_to_come(monkeypatch):
    clock = [0.0]
    monkeypatch.setattr("time.perf_counter", lambda: clock[0])
    run = Run(6, None, None, work=[1, 1, 4, 4, 16, 16], watch=lambda run: None)
    with run:
        for done, work in enumerate(run.work, 1):
            clock[0] += 10 * work + 99 * (done % 2)  # the first step of each size takes longer, and is not counted
            run.step(1.0, start(), None, "", "")
            assert run.seconds_left() == (None if done == 1 else pytest.approx(10 * sum(run.work[done:])))


@pytest.mark.slow
def test_scales_below_64_pixels_are_left_out():
    for size, scales, expected in ((384, 1, 1), (384, 9, 3), (160, 3, 1), (64, 3, 1)):
        _, histories = coarse_to_fine(problem, size, 2, scales=scales, output=None)
        assert len(histories) == expected


@pytest.mark.slow
@pytest.mark.parametrize(("stop", "side"), [(3, 96), (15, 96), (20, 192), (40, 384)])  # in a scale, and at its end
def test_coarse_to_fine_resumes_at_the_scale_where_it_was_stopped(tmp_path, monkeypatch, stop, side):
    with monkeypatch.context() as patch:
        press_ctrl_c_at(patch, stop)
        stopped, _ = coarse_to_fine(problem, 384, 15, output=tmp_path)
    assert stopped.shape[2] == side
    for other in ({"settings": {"STYLE": "another one"}}, {"evaluations": 14}, {"scales": 2}, {"precondition": False}):
        with pytest.raises(ValueError, match="start anew"):
            coarse_to_fine(problem, 384, **{"evaluations": 15, **other}, output=tmp_path, resume=True)
    image, histories = coarse_to_fine(problem, 384, 15, output=tmp_path, resume=True)
    photo, cost = problem(384)
    assert image.shape == photo.shape and sum(map(len, histories)) == 45
    assert float(cost(image)) < 0.1 * float(cost(photo))
