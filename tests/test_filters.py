"""Filters: the network, its training, its file, and the command."""

import json
import subprocess
import sys
from dataclasses import dataclass

import numpy as np
import onnx
import pytest
import tensorflow as tf
from PIL import Image

from nst import filter_training, filters
from nst.commands import main
from nst.filter_training import Lesson, Training, painted, train_filter
from nst.filtering import FILTERS, Filter, find
from nst.graphs import filter_graph, weights_in
from nst.job import CHECKPOINT, OtherSettings
from nst.paths import IMAGES, ROOT
from nst.recipe import course_costs

ART, PHOTOS = IMAGES / "style" / "bold_strokes.jpg", IMAGES / "content"


@pytest.fixture(scope="module")
def weights():
    """Some that no training has made: nothing in them is 0 or 1, and all fit into half precision."""
    random = np.random.default_rng(5)
    moved = {name: value + random.normal(0, 0.1, value.shape) for name, value in filters.initial(5).items()}
    return {name: value.astype(np.float16).astype(np.float32) for name, value in moved.items()}


@pytest.fixture(scope="module")
def file(weights, tmp_path_factory):
    path = tmp_path_factory.mktemp("filter") / "some.onnx"
    path.write_bytes(filter_graph(weights, art="some.png", steps=3))
    return path


def picture(n_H, n_W, seed=1):
    return np.random.default_rng(seed).random((1, n_H, n_W, 3)).astype(np.float32)


# ---------------------------------------------------------------- the network


def by_numpy(weights, x):
    """What the filter makes of a picture whose sides are multiples of 4, in float64, place by place."""

    def convolved(name, x, stride=1, norm=True, relu=True):
        kernel = weights[f"{name}/kernel"].astype(np.float64)
        before = 2 - stride
        x = np.pad(x, ((before, 1), (before, 1), (0, 0)))
        n_H, n_W = ((side - 3) // stride + 1 for side in x.shape[:2])
        pieces = np.lib.stride_tricks.sliding_window_view(x, (3, 3), (0, 1))[::stride, ::stride][:n_H, :n_W]
        y = np.einsum("hwcij,ijck->hwk", pieces, kernel)
        if norm:
            y = (y - y.mean((0, 1))) / np.sqrt(y.var((0, 1)) + 1e-5) * weights[f"{name}/scale"]
        y = y + weights[f"{name}/shift"]
        return np.maximum(y, 0) if relu else y

    x = np.pad(x.astype(np.float64), ((12, 12), (12, 12), (0, 0)), "reflect")
    n_H, n_W, _ = x.shape
    halves = [x[i::2, j::2] for i in (0, 1) for j in (0, 1)]
    places = np.arange(n_H // 2)[:, None], np.arange(n_W // 2)[None]
    noise = sum(weights[f"noise{side}"][places[0] % side, places[1] % side] for side in (37, 41))
    x = convolved("narrow", convolved("first", np.concatenate([*halves, noise], axis=-1)), stride=2)
    for number in range(1, 6):
        x = x + convolved(f"block{number}b", convolved(f"block{number}a", x), relu=False)
    x = convolved("wide", np.kron(x, np.ones((2, 2, 1))))
    x = convolved("last", x, norm=False, relu=False)
    whole = np.empty((n_H, n_W, 3))
    for place, (i, j) in enumerate([(0, 0), (0, 1), (1, 0), (1, 1)]):
        whole[i::2, j::2] = x[..., 3 * place : 3 * place + 3]
    padded = np.pad(whole, ((1, 1), (1, 1), (0, 0)))
    padded = (padded[:-2] + 2 * padded[1:-1] + padded[2:]) / 4
    blurred = (padded[:, :-2] + 2 * padded[:, 1:-1] + padded[:, 2:]) / 4
    return 1 / (1 + np.exp(-convolved("smooth", blurred, norm=False, relu=False)[12:-12, 12:-12]))


def test_the_network_is_what_numpy_computes(weights):
    x = picture(32, 88)
    assert np.abs(painted(weights, tf.constant(x)).numpy()[0] - by_numpy(weights, x[0])).max() < 1e-4


@pytest.mark.parametrize("sides", [(64, 80), (61, 83), (32, 33)])
def test_the_file_gives_what_the_network_gives_for_any_size(weights, file, sides):
    x = picture(*sides)
    got = Filter(file)(x)
    assert got.shape == x.shape and np.abs(got - painted(weights, tf.constant(x)).numpy()).max() < 1e-3


def test_the_file_is_small_and_says_what_it_was_trained_with(file):
    model = onnx.load(file)
    onnx.checker.check_model(model, full_check=True)
    assert file.stat().st_size < 300_000 and Filter(file).about == dict(art="some.png", steps=3)


def test_four_pixels_from_one_place_begin_alike():
    """Else their differences stay to be seen as a pattern of 2 x 2."""
    kernel = filters.initial(0)["last/kernel"]
    assert all(np.array_equal(kernel[..., :3], kernel[..., 3 * place : 3 * place + 3]) for place in range(4))


def test_no_pattern_of_two_pixels_is_left_whatever_the_four_from_one_place_are(weights):
    """One colour, and no noise: far from the border all places get the same, and within one the four pixels differ."""
    plain = {name: 0 * value if name.startswith("noise") else value for name, value in weights.items()}
    painting = painted(plain, tf.fill((1, 128, 128, 3), 0.3)).numpy()[0, 48:-48, 48:-48]
    assert np.ptp(weights["last/kernel"].sum((0, 1)).reshape(16, 4, 3), axis=1).max() > 0.1
    assert np.ptp(painting, axis=(0, 1)).max() < 1e-4


def test_the_noise_repeats_only_after_its_tiles_do_so_together(weights):
    noise = filter_training._noise(weights, 37 * 41 + 1, 1, (0, 0))[0, :, 0].numpy()
    assert np.array_equal(noise[0], noise[-1])
    assert not any(np.allclose(noise[:-side], noise[side:]) for side in (37, 41, 74, 82))


# ---------------------------------------------------------------- training


@dataclass(frozen=True)
class Small(Lesson):
    """All of one size, for which TensorFlow prepares itself only once."""

    size: int = 64
    small_size: int = 64
    art_size: int = 96


@pytest.fixture
def short(monkeypatch):
    monkeypatch.setattr(filter_training, "COPYING", 2)
    monkeypatch.setattr(filter_training, "LOOKED_AT", 64)
    monkeypatch.setattr(filter_training, "Lesson", Small)


@pytest.fixture
def at_once():
    """TensorFlow prepares nothing, which is quicker for a few steps."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


def lesson(**changes):
    photos = tuple(str(PHOTOS / name) for name in ("cat.png", "dahlia.jpg", "rocket.jpg"))
    return Small(**dict(art=str(ART), photos=photos, seed=3) | changes)


def test_the_gradient_is_that_of_the_learners_costs(short):
    """Along a random direction, against the cost's own differences."""
    training = Training(lesson())
    piece = training.photos.piece(np.random.default_rng(0), 64)

    def J():
        return training.loss(lambda photo: painted(training.variables, photo), piece)

    with tf.GradientTape() as tape:
        cost = J()
    gradients = tape.gradient(cost, training.learning)
    random = np.random.default_rng(1)
    kernels = [i for i, each in enumerate(training.learning) if each.shape.rank == 4][-3:]
    directions = {i: random.normal(size=training.learning[i].shape).astype(np.float32) for i in kernels}
    slope = sum(float(tf.reduce_sum(gradients[i] * direction)) for i, direction in directions.items())
    ends = []
    for sign in (1, -1):
        for i, direction in directions.items():
            training.learning[i].assign_add(sign * 1e-4 * direction)
        ends.append(float(J()))
        for i, direction in directions.items():
            training.learning[i].assign_sub(sign * 1e-4 * direction)
    assert (ends[0] - ends[1]) / 2e-4 == pytest.approx(slope, rel=0.05)


@pytest.mark.slow
def test_it_learns_and_a_stopped_training_goes_on_as_if_nothing_had_happened(short, at_once, tmp_path):
    whole = train_filter(lesson(), tmp_path / "whole", count=10)
    assert whole.looks[-1][0] == 10 and whole.looks[-1][2] < 0.8 * whole.history[2]

    def stop(training, progress):
        if len(training.history) == 5:
            raise KeyboardInterrupt

    parts = tmp_path / "parts"
    stopped = train_filter(lesson(), parts, count=10, watch=stop)
    assert stopped.stopped == filter_training.STOPPED and len(stopped.history) == 5
    with np.load(parts / CHECKPOINT) as saved:
        assert json.loads(str(saved["about"]))["settings"]["size"] == 64 and saved["image"].shape == (1, 43, 64, 3)
    seen = []
    resumed = train_filter(lesson(), parts, count=10, resume=True, watch=lambda run, _: seen.append(run.painting.shape))
    assert seen[0] == (1, 43, 64, 3)  # what it painted before it was stopped
    assert resumed.history == pytest.approx(whole.history, rel=1e-3)
    with pytest.raises(OtherSettings, match="beta"):
        resumed.lesson = lesson(beta=5)
        resumed.restore(parts / CHECKPOINT)


@pytest.mark.slow
def test_a_cost_that_is_not_finite_ends_it_with_the_step(short, at_once, tmp_path):
    costs = course_costs()
    broken = costs._replace(total_cost=lambda J_content, J_style, alpha, beta: J_style / 0.0)
    with pytest.raises(FloatingPointError, match="step 3: .*not finite"):
        train_filter(lesson(), tmp_path, broken, count=5)


@pytest.mark.slow
def test_what_was_learned_before_a_cost_that_is_not_finite_is_kept(short, at_once, tmp_path, monkeypatch):
    class Breaks(Training):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            self._compiled = (lambda *_: 3.0 if len(self.history) < 4 else float("nan"), *self._compiled[1:])

    monkeypatch.setattr(filter_training, "Training", Breaks)
    monkeypatch.setattr(filter_training, "LOOK", 0)
    training = train_filter(lesson(), tmp_path, count=9)
    assert "step 5: the cost J = nan" in training.stopped and training.weights is not None
    with np.load(tmp_path / CHECKPOINT) as saved:
        assert len(saved["history"]) == 4


@pytest.mark.slow
def test_a_filter_goes_on_from_another(short, weights, file, tmp_path):
    kept = weights_in(file)
    assert kept.keys() == weights.keys()
    assert all(np.array_equal(kept[name], value) for name, value in weights.items())
    training = Training(lesson(start=str(file)))
    x = picture(32, 36)
    assert np.array_equal(painted(training.variables, tf.constant(x)), painted(weights, tf.constant(x)))
    calls = []
    training._compiled = (lambda *_: calls.append(1) or 2.0), None, None  # it does not learn to copy first
    assert training.step(0) == 2.0 and calls


def test_the_next_picture_is_the_piece_moved_lit_otherwise_and_with_grain(rng):
    piece = tf.constant(rng.uniform(0.1, 0.9, (1, 32, 32, 3)), tf.float32)
    for _ in range(5):
        place, moved = filter_training.next_picture(piece, rng)
        _, y, x, _ = place.numpy()
        same = piece[:, y : y + 28, x : x + 28]
        light = np.sum(moved * same) / np.sum(same * same)
        assert moved.shape == (1, 28, 28, 3) and 0.96 < light < 1.04 and 0 <= y <= 4 and 0 <= x <= 4
        assert 0.5 < np.std(moved - light * same) / (4 / 255) < 1.5


def test_unsteadiness_is_zero_for_what_moves_along_and_sees_what_does_not(rng):
    painting = tf.constant(rng.random((1, 40, 40, 3)), tf.float32)
    place, moved = tf.constant([0, 3, 1, 0]), painting[:, 3:39, 1:37]
    assert float(filter_training.unsteadiness(painting, place, moved)) == 0
    assert float(filter_training.unsteadiness(painting, place, moved + 0.1)) == pytest.approx(0.01, rel=1e-3)
    rim = np.ones(moved.shape, np.float32)
    rim[:, 8:-8, 8:-8] = 0
    assert float(filter_training.unsteadiness(painting, place, moved + rim)) == 0


@pytest.mark.slow
def test_a_price_on_flicker_makes_a_filter_steadier(short, at_once, tmp_path):
    start = str(FILTERS / "bold_strokes.onnx")
    changes = []
    for steady in (0, 3000):
        training = train_filter(lesson(start=start, steady=steady), tmp_path / str(steady), count=12)
        found = []
        for seed in range(4):
            piece = training.photos.piece(np.random.default_rng(seed), 64)
            place, moved = filter_training.next_picture(piece, np.random.default_rng(seed))
            again = painted(training.variables, moved)
            found.append(float(filter_training.unsteadiness(painted(training.variables, piece), place, again)))
        changes.append(np.mean(found))
    assert changes[1] < 0.8 * changes[0]


def test_too_few_steps_are_refused(tmp_path):
    with pytest.raises(ValueError, match="50 steps: in the first 50 it only learns to copy"):
        train_filter(lesson(), tmp_path, count=50)


def test_an_artwork_of_one_colour_is_refused(tmp_path):
    Image.new("RGB", (80, 80), "teal").save(tmp_path / "teal.png")
    with pytest.raises(ValueError, match="teal.png: one colour"):
        Training(lesson(art=str(tmp_path / "teal.png")))


def test_the_photo_that_is_looked_at_is_not_learned_from():
    photos = lesson().photos
    learned = filter_training.Photos(photos[:-1])
    assert len(learned.pictures) == len(photos) - 1
    for seed in range(30):
        piece = learned.piece(np.random.default_rng(seed), 64).numpy()
        assert piece.shape == (1, 64, 64, 3) and piece.min() >= 0 and piece.max() <= 1


# ---------------------------------------------------------------- the command


@pytest.mark.slow
def test_a_filter_is_trained_and_paints_a_photo_and_a_folder(short, tmp_path, capsys):
    made = tmp_path / "new" / "strokes.onnx"
    assert main(["filter", "train", str(ART), "-o", str(made), "--steps", "4", "--from-scratch"]) == 0
    assert "4 steps" in capsys.readouterr().out
    assert made.is_file() and not (made.parent / "strokes_training").exists()
    assert max(Image.open(made.parent / "strokes_preview.png").size) == 64
    out = tmp_path / "cat.png"
    assert main(["filter", "apply", str(made), str(PHOTOS / "cat.png"), "-o", str(out), "--size", "99"]) == 0
    assert max(Image.open(out).size) == 99
    folder = tmp_path / "painted"
    assert main(["filter", "apply", str(made), str(PHOTOS), "-o", str(folder), "--size", "64"]) == 0
    assert len(list(folder.iterdir())) == len(list(PHOTOS.iterdir()))
    assert main(["filter", "apply", str(made), str(PHOTOS / "cat.png"), "-o", str(folder), "--size", "64"]) == 0
    assert (folder / "cat_strokes.png").is_file()
    both = [str(PHOTOS / "cat.png"), str(PHOTOS / "dahlia.jpg")]
    assert main(["filter", "apply", str(made), *both, "-o", str(tmp_path / "two"), "--size", "64"]) == 0
    assert {path.name for path in (tmp_path / "two").iterdir()} == {"cat.png", "dahlia.png"}


def test_painting_needs_no_tensorflow(file, tmp_path):
    words = ["filter", "apply", str(file), str(PHOTOS / "cat.png"), "-o", str(tmp_path / "x.png")]
    program = (
        f"import sys; from nst.commands import main; status = main({words}); "
        "sys.exit(status or 9 * any(name in sys.modules for name in ('tensorflow', 'keras', 'onnx')))"
    )
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT).returncode == 0


def refused(capsys, *words):
    assert main(["filter", *map(str, words)]) == 2
    return capsys.readouterr().err


def test_what_makes_no_sense_is_refused_in_one_line(file, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    (tmp_path / "text.onnx").write_text("not a graph")
    other_graph(tmp_path / "other.onnx")
    cat = PHOTOS / "cat.png"
    Image.new("RGB", (3, 3)).save(tmp_path / "tiny.png")
    for words, reason in [
        (("train", ART, "--minutes", 0), "--minutes 0: give more than 0"),
        (("train", ART, "--strength", 11), "--strength 11: give 0 to 10"),
        (("train", ART, "--photos", tmp_path / "empty"), "no pictures in this folder"),
        (("train", ART, "--start", tmp_path / "other.onnx"), "other.onnx: no filter of this kind of network"),
        (("train", ART, "--start", "nobody"), "nobody: no such filter. With the course come:"),
        (("train", tmp_path / "none.jpg"), "none.jpg: no such file"),
        (("train", ART, "-o", tmp_path / "x.png"), "x.png: end the filter's name in .onnx"),
        (("train", ART, "-o", tmp_path / "x.onnx", "--resume"), "there is no stopped training"),
        (("apply", tmp_path / "text.onnx", cat), "text.onnx: no filter that can be read"),
        (("apply", "nobody", cat), "nobody: no such filter. With the course come:"),
        (("apply", file, tmp_path / "none.jpg"), "none.jpg: no such file"),
        (("apply", file, tmp_path / "empty"), "no pictures in this folder"),
        (("apply", file, cat, "-o", cat), "cat.png: one of the photos"),
        (("apply", file, PHOTOS, "-o", tmp_path / "x.png"), "x.png: a picture; for several photos give a folder"),
        (("apply", file, cat, PHOTOS, "-o", tmp_path / "out"), "cat_png.png: two photos would be painted there"),
        (("apply", file, cat, cat, "-o", tmp_path / "x.png"), "x.png: a picture; for several photos give a folder"),
        (("apply", file, tmp_path / "tiny.png"), "tiny.png: 3 x 3 pixels; both sides must be at least 32"),
        (("apply", file, cat, "--size", 8), "both sides must be at least"),
    ]:
        said = refused(capsys, *words)
        assert reason in said and said.count("\n") == 1, said


def other_graph(path):
    ends = [onnx.helper.make_tensor_value_info(name, onnx.TensorProto.FLOAT, [2]) for name in "ab"]
    graph = onnx.helper.make_graph([onnx.helper.make_node("Relu", ["a"], ["b"])], "g", ends[:1], ends[1:])
    model = onnx.helper.make_model(graph, opset_imports=[onnx.helper.make_opsetid("", 17)], ir_version=8)
    onnx.save(model, path)


def test_a_graph_that_takes_no_picture_is_no_filter(tmp_path):
    other_graph(tmp_path / "other.onnx")
    with pytest.raises(ValueError, match="an ONNX file, but no filter"):
        Filter(tmp_path / "other.onnx")


def test_a_picture_that_memory_cannot_hold_is_refused_with_a_size(file, monkeypatch):
    monkeypatch.setattr("nst.filtering.psutil.virtual_memory", lambda: type("", (), dict(available=10_000_000))())
    with pytest.raises(ValueError, match=r"GB of memory, .*--size \d+"):
        Filter(file)(np.zeros((1, 400, 400, 3), np.float32))


@pytest.mark.parametrize("name", [path.stem for path in sorted(FILTERS.glob("*.onnx"))])
def test_a_filter_that_comes_with_the_course_is_small_and_its_artwork_is_there(name, tmp_path):
    assert find(name).stat().st_size < 500_000
    assert (IMAGES / "style" / Filter(find(name)).about["art"]).is_file()
    out = tmp_path / "cat.png"
    assert main(["filter", "apply", name, str(PHOTOS / "cat.png"), "-o", str(out), "--size", "200"]) == 0
    with Image.open(out) as painting:
        assert np.asarray(painting).std() > 20


def test_there_is_a_filter_with_the_course():
    assert find("bold_strokes").is_file()
