"""Paintings in seconds: the cost as one ONNX graph is the recipe's, and its gradient is right; `nst paint --quick`."""

import json
import subprocess
import sys

import numpy as np
import onnx
import onnxruntime
import pytest
import tensorflow as tf
from onnx import numpy_helper
from PIL import Image

from nst.colors import roughness
from nst.commands import main
from nst.cost_graph import STYLE_LAYERS, _to_the_largest, cost_graph
from nst.engine import value_and_gradient
from nst.graphs import Graph
from nst.job import Job
from nst.network import BORDER
from nst.paths import IMAGES, ROOT
from nst.pictures import read_image
from nst.recipe import course_costs, problem
from nst.sketch import LAYER_SHARE, RecipeCost, Session, _folded, _mirrored, sketch
from nst.spectrum import enlarge, enlarge_with_edges

CAT, PAGODA, CUP = (str(IMAGES / "content" / name) for name in ("cat.png", "pagoda.jpg", "coffee_cup.png"))
STARRY, GLASS, INK = (str(IMAGES / "style" / f"{name}.jpg") for name in ("starry_night", "stained_glass", "bamboo_ink"))
SKY = str(IMAGES / "mask" / "pagoda_sky.png")
JOBS = {
    "the defaults": (Job(CAT, (STARRY,)), 112),
    "an odd size": (Job(PAGODA, (GLASS,)), 101),
    "costs as they are": (Job(CAT, (INK,), strength=None, alpha=30, beta=7, palette=0, detail=0), 96),
    "two artworks": (Job(PAGODA, (STARRY, GLASS), weights=(1, 3), strength=7), 96),
    "in places": (Job(PAGODA, (STARRY, GLASS), masks=(SKY,), weights=(2, 1)), 103),
    "other controls": (Job(CAT, (GLASS,), brush=1.7, smoothness=40, palette=3, detail=2, match_colors=True), 96),
    "a mask of detail": (Job(PAGODA, (INK,), detail_mask=SKY, detail=1), 96),
}


def noisy(photo, rng):
    return (0.7 * photo + 0.3 * rng.random(photo.shape)).astype(np.float32)


@pytest.mark.parametrize("name", JOBS)
def test_cost_and_gradient_are_those_of_the_recipe(name, rng):
    job, size = JOBS[name]
    photo, recipe_cost = problem(job)(size)
    cost = RecipeCost(Session(len(job.styles) if job.masks else 0), job, size)
    np.testing.assert_allclose(cost.photo, photo, atol=1e-6)
    image = noisy(cost.photo, rng)
    J, gradient = cost.value_and_gradient(image)
    expected, right = value_and_gradient(recipe_cost, tf.constant(image))
    assert float(expected) == pytest.approx(J, rel=1e-3)
    assert np.linalg.norm(gradient - right) < 3e-3 * np.linalg.norm(right)


def test_a_grey_job_has_a_grey_gradient(picture_file, rng):
    pictures = [np.repeat(rng.integers(0, most, (60, 80, 1)), 3, -1) for most in (255, 90)]
    photo, art = (str(picture_file(pixels, f"{n}.png")) for n, pixels in enumerate(pictures))
    job = Job(photo, (art,))
    image = noisy(np.zeros((1, 48, 64, 3)), rng)
    J, gradient = RecipeCost(Session(), job, 64).value_and_gradient(image)
    expected, right = value_and_gradient(problem(job)(64)[1], tf.constant(image))
    assert float(expected) == pytest.approx(J, rel=1e-3)
    assert np.linalg.norm(gradient - right) < 3e-3 * np.linalg.norm(right)
    np.testing.assert_allclose(gradient, gradient.mean(axis=-1, keepdims=True) * np.ones(3), rtol=1e-4)


def test_the_gradient_is_that_of_finite_differences(rng):
    cost = RecipeCost(Session(), Job(CAT, (STARRY,), palette=0), 96)
    image = noisy(cost.photo, rng)
    gradient = cost.value_and_gradient(image)[1]
    along = gradient / np.abs(gradient).max()
    step = 1e-3
    higher, lower = (cost.value_and_gradient(image + sign * step * along)[0] for sign in (1, -1))
    assert (higher - lower) / (2 * step) == pytest.approx(float(np.sum(gradient * along, dtype=np.float64)), rel=0.02)


def test_layers_and_shares_are_those_of_notebook_03():
    assert course_costs().style_layers == [(name, pytest.approx(LAYER_SHARE)) for name in STYLE_LAYERS]


@pytest.mark.parametrize("areas", [0, 2])
def test_the_graph_is_valid(areas):
    data, weights = cost_graph(areas)
    model = onnx.load_from_string(data)
    for each in model.graph.initializer:
        if each.name in weights:
            each.CopyFrom(numpy_helper.from_array(weights[each.name], each.name))
    onnx.checker.check_model(model, full_check=True)


@pytest.mark.parametrize("sides", [(6, 8), (7, 9)])
def test_a_gradient_goes_to_the_largest_of_a_square_and_is_shared_where_several_are(sides, rng):
    x = rng.integers(0, 3, (1, 2, *sides)).astype(np.float32)
    height, width = sides[0] // 2, sides[1] // 2
    squares = x[:, :, : 2 * height, : 2 * width].reshape(2, height, 2, width, 2)
    y, gradient = squares.max(axis=(2, 4))[np.newaxis], rng.normal(size=(1, 2, height, width)).astype(np.float32)
    is_largest = squares == y.reshape(2, height, 1, width, 1)
    parts = is_largest * (gradient[0] / is_largest.sum(axis=(2, 4)))[:, :, np.newaxis, :, np.newaxis]
    expected = np.zeros_like(x)
    expected[:, :, : 2 * height, : 2 * width] = parts.reshape(1, 2, 2 * height, 2 * width)
    graph = Graph()
    graph.op("Identity", _to_the_largest(graph, "gradient", "x", "y"), output="found")
    given = dict(x=x, y=y, gradient=gradient)
    model = graph.model({name: list(value.shape) for name, value in given.items()}, {"found": list(x.shape)}, {})
    (found,) = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"]).run(None, given)
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_what_arrives_in_the_mirrored_border_is_folded_back(rng):
    """Folding is the transpose of mirroring: <mirrored(x), g> = <x, folded(g)>."""
    picture = rng.normal(size=(1, 20, 31, 3)).astype(np.float32)
    gradient = rng.normal(size=(1, 3, 20 + 2 * BORDER, 31 + 2 * BORDER)).astype(np.float32)
    left, right = np.sum(_mirrored(picture) * gradient), np.sum(picture * _folded(gradient))
    assert float(left) == pytest.approx(float(right), rel=1e-4)


def test_roughness_and_its_gradient(rng):
    def total(x):
        pairs = [*zip(x[:-1].ravel(), x[1:].ravel()), *zip(x[:, :-1].ravel(), x[:, 1:].ravel())]
        return sum(abs(a - b) for a, b in pairs) / 35

    image = rng.random((1, 5, 7, 3))
    value, gradient = roughness(image)
    assert float(value) == pytest.approx(total(image[0]), rel=1e-6)
    step = 1e-7 * rng.normal(size=image.shape)  # no two neighbours change places
    assert total((image + step)[0]) - total(image[0]) == pytest.approx(np.sum(gradient * step), rel=1e-4)


# ---------------------------------------------------------------- painting


def test_a_photo_that_is_enlarged_as_a_painting_gets_its_fine_edges_back():
    """Of the photo's own smaller version the brightness comes back as it is in the photo."""
    weights = [[0.299], [0.587], [0.114]]
    whole, half = (read_image(CUP, size) for size in (128, 64))
    found = enlarge_with_edges(half, CUP, 128)
    inside = ((found > 0) & (found < 1)).all(axis=-1)
    np.testing.assert_allclose((found @ weights)[inside], (whole @ weights)[inside], atol=1e-5)
    assert inside.mean() > 0.9 and np.abs(enlarge(half, (85, 128)) - whole).max() > 0.1


@pytest.mark.slow
def test_it_lowers_the_cost_from_coarse_to_fine_and_the_same_way_each_time():
    job, pictures = Job(CAT, (STARRY,), size=400), []
    images = [sketch(job, (6, 6), lambda *seen: pictures.append(seen)) for _ in range(2)]
    np.testing.assert_array_equal(*images)
    assert images[0].shape == (1, 266, 400, 3) and images[0].min() >= 0 and images[0].max() <= 1
    assert [seen[:2] for seen in pictures] == 2 * [(n, 12) for n in range(1, 13)]
    assert {seen[2].shape[2] for seen in pictures} == {100, 200}
    cost, half = RecipeCost(Session(), job, 200), pictures[-1][2]
    assert cost.value_and_gradient(half)[0] < 0.25 * cost.value_and_gradient(cost.photo)[0]
    np.testing.assert_array_equal(images[1], enlarge_with_edges(half, CAT, 400))


def test_a_picture_stopped_early_is_kept_and_one_not_begun_is_not():
    def after(steps):
        def watch(done, total, picture):
            if done > steps:
                raise KeyboardInterrupt

        return watch

    job = Job(CUP, (STARRY,), size=128)
    assert sketch(job, (3,), after(1)).shape == (1, 85, 128, 3)


def test_kept_colours_are_the_photos():
    job = Job(CUP, (STARRY,), size=128, keep_colors=True)
    photo, kept = read_image(CUP, 128), sketch(job, (6,))
    inside = ((kept > 0) & (kept < 1)).all(axis=-1)
    chroma = [(x - x @ [[0.299], [0.587], [0.114]])[inside] for x in (photo, kept)]
    np.testing.assert_allclose(*chroma, atol=1e-5)
    assert inside.mean() > 0.5 and np.abs(kept - photo).mean() > 0.003


def test_a_broken_cost_is_named(monkeypatch):
    monkeypatch.setattr(RecipeCost, "value_and_gradient", lambda self, picture: (np.nan, picture))
    with pytest.raises(FloatingPointError, match="evaluation 1: the cost J = nan"):
        sketch(Job(CUP, (STARRY,), size=128), (3,))


def test_the_command_paints_without_tensorflow_and_keeps_what_was_there(tmp_path):
    code = (
        "import json, sys; from nst.commands import main; status = main(sys.argv[1:]); "
        "print(json.dumps([status, [name for name in ('tensorflow', 'keras', 'matplotlib') if name in sys.modules]]))"
    )
    words = [CUP, STARRY, "--quick", "--size", "128", "--evaluations", "2", "-o", str(tmp_path / "cup.png")]
    (tmp_path / "cup.png").write_bytes(b"an earlier one")
    result = subprocess.run([sys.executable, "-c", code, "paint", *words], cwd=ROOT, capture_output=True, text=True)
    *said, last = result.stdout.splitlines()
    assert json.loads(last) == [0, []], result.stderr
    assert (tmp_path / "cup_1.png").read_bytes() == b"an earlier one" and "cup_1.png" in said[-2]
    assert said[-1] == f"{tmp_path / 'cup.png'}: 128 x 85 pixels"
    with Image.open(tmp_path / "cup.png") as picture:
        assert picture.size == (128, 85)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cup.png", "cup_1.png"]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--resume"], "--resume: a quick painting is done in seconds, and leaves nothing to go on with"),
        (["--size", "2000"], "--quick with --size 2000: at most 1024; above, nst paint is quicker without --quick"),
        (["--size", "20"], "size 20: give 32 to 20000 pixels"),
        (["--size", "80"], "40 x 27 at size 40; both sides must be at least 32"),
        (["--strength", "11"], "strength 11"),
    ],
)
def test_what_makes_no_sense_is_refused(words, said, capsys, tmp_path):
    assert main(["paint", CUP, STARRY, "--quick", *words, "-o", str(tmp_path / "cup.png")]) == 2
    assert said in capsys.readouterr().err and not list(tmp_path.iterdir())


def test_where_the_picture_cannot_be_written_it_is_put_elsewhere(tmp_path, capsys, monkeypatch):
    from nst.commands import painting

    saved = painting.save_image

    def full(image, path, *rest):
        if str(path).startswith(str(tmp_path)):
            raise OSError(28, "No space left on device", str(path))
        saved(image, path, *rest)

    monkeypatch.setattr(painting, "save_image", full)
    words = ["--quick", "--size", "128", "--evaluations", "1", "-o", str(tmp_path / "cup.png")]
    assert main(["paint", CUP, STARRY, *words]) == 2
    said = capsys.readouterr().err
    assert "No space left on device; the picture is " in said
    with Image.open(said.split("the picture is ")[1].strip()) as picture:
        assert picture.size == (128, 85)
