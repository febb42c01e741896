"""The recipe: each control, as notebook 07 and as nst.recipe writes it, and a Job from its files to its picture."""

import gc
from types import SimpleNamespace

import nbformat
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageDraw

from nst.areas import covered, load_mask
from nst.colors import keep_colors, match_colors
from nst.engine import fast_feature_model
from nst.job import Job
from nst.network import BORDER
from nst.notebooks import functions_from
from nst.paths import IMAGES, ROOT
from nst.recipe import course_costs, finished, paint, palette_cost, problem, total_variation
from nst.seen import under_mask
from nst.training import load_image

NOTEBOOK = ROOT / "notebooks" / "07_control.ipynb"
gram_matrix, compute_style_cost = functions_from(
    ROOT / "notebooks" / "03_style_cost.ipynb", "gram_matrix", "compute_style_cost"
)
CONTROLS = ("keep_colors", "match_colors", "load_mask", "under_mask", "total_variation")
WRITTEN = {
    "notebook 07": SimpleNamespace(**dict(zip(CONTROLS, functions_from(NOTEBOOK, *CONTROLS)))),
    "nst": SimpleNamespace(
        keep_colors=keep_colors,
        match_colors=match_colors,
        load_mask=load_mask,
        under_mask=under_mask,
        total_variation=total_variation,
    ),
}
CAT = IMAGES / "content" / "cat.png"
PAGODA, SKY = IMAGES / "content" / "pagoda.jpg", IMAGES / "mask" / "pagoda_sky.png"
STARRY, GLASS = IMAGES / "style" / "starry_night.jpg", IMAGES / "style" / "stained_glass.jpg"
LUMINANCE = [0.299, 0.587, 0.114]  # ITU-R BT.601


@pytest.fixture(params=WRITTEN)
def controls(request):
    return WRITTEN[request.param]


def picture(rng, n_H=20, n_W=30):
    return tf.constant(rng.uniform(0.3, 0.7, (1, n_H, n_W, 3)), tf.float32)


def test_kept_colours_have_the_paintings_brightness_and_the_photos_hue(controls, rng):
    photo, painted = picture(rng), picture(rng)
    kept = np.asarray(controls.keep_colors(photo, painted), np.float64)
    np.testing.assert_allclose(kept @ LUMINANCE, painted.numpy() @ LUMINANCE, atol=1e-3)
    chroma = [p - (p @ LUMINANCE)[..., np.newaxis] for p in (kept, photo.numpy().astype(np.float64))]
    np.testing.assert_allclose(chroma[0], chroma[1], atol=2e-3)


def test_matched_colours_have_the_photos_mean_and_covariance(controls, rng):
    mixing = rng.normal(size=(3, 3)) * 0.03
    photo = tf.constant(0.5 + rng.normal(size=(1, 40, 50, 3)) @ mixing, tf.float32)
    matched = controls.match_colors(picture(rng, 60, 40), photo)
    assert matched.shape == (1, 60, 40, 3)
    a, b = (np.reshape(image, (-1, 3)).astype(np.float64) for image in (matched, photo))
    np.testing.assert_allclose(a.mean(0), b.mean(0), atol=1e-3)
    np.testing.assert_allclose(np.cov(a.T), np.cov(b.T), atol=0.03 * np.cov(b.T).max())


def test_matching_a_grey_picture_is_possible(controls, rng):
    grey = tf.repeat(picture(rng)[..., :1], 3, axis=-1)
    for style, photo in ((grey, picture(rng)), (picture(rng), grey), (tf.zeros((1, 9, 9, 3)), picture(rng))):
        assert np.isfinite(controls.match_colors(style, photo)).all()


def test_a_mask_has_the_size_of_the_photo_and_values_between_0_and_1(controls, picture_file, rng):
    mask = np.asarray(controls.load_mask(SKY, load_image(PAGODA, 100)))
    assert mask.shape == (1, *load_image(PAGODA, 100).shape[1:3], 1)
    assert 0 <= mask.min() < 0.1 and 0.9 < mask.max() <= 1
    assert mask[0, 2].mean() > 0.95 and mask[0, -2].mean() < 0.05, "sky above, none below"
    grey = picture_file(np.full((40, 60), 51, np.uint8), "grey.png")
    np.testing.assert_allclose(controls.load_mask(grey, picture(rng, 40, 60)), 0.2, atol=1e-6)


def test_a_mask_of_another_shape_is_named(controls, picture_file, rng):
    path = picture_file(np.zeros((60, 60), np.uint8), "square.png")
    with pytest.raises(ValueError, match=r"square.png: .*60 x 60.*, and the photo .*: draw it on the photo"):
        controls.load_mask(path, picture(rng, 40, 60))


def test_of_a_coloured_mask_the_mean_counts(controls, picture_file, rng):
    blue = picture_file(np.full((40, 60, 3), (0, 0, 255)), "blue.png")
    np.testing.assert_allclose(controls.load_mask(blue, picture(rng, 40, 60)), 1 / 3, atol=1e-6)


def test_under_a_mask_the_gram_matrix_is_the_weighted_average(controls, rng):
    volume, mask = rng.normal(size=(1, 6, 8, 5)).astype(np.float32), rng.random((1, 6, 8, 1)).astype(np.float32)
    a, m = volume.reshape(-1, 5).astype(np.float64), mask.reshape(-1, 1).astype(np.float64)
    covered = tf.reshape(controls.under_mask(volume, mask), (-1, 5))
    np.testing.assert_allclose(gram_matrix(tf.transpose(covered)) / 48, (m * a).T @ a / m.sum(), rtol=1e-4)


def test_an_empty_mask_gives_no_nan(controls, rng):
    assert np.isfinite(controls.under_mask(picture(rng), tf.zeros((1, 20, 30, 1))).numpy()).all()


def test_total_variation_is_the_mean_difference_between_neighbours(controls, rng):
    image = picture(rng).numpy()
    expected = (np.abs(np.diff(image, axis=1)).sum() + np.abs(np.diff(image, axis=2)).sum()) / (20 * 30)
    assert float(controls.total_variation(tf.constant(image))) == pytest.approx(expected, rel=1e-5)


# ---------------------------------------------------------------- the cost of a job


@pytest.fixture(scope="module")
def model(vgg):
    layers = [f"block{block}_conv1" for block in range(1, 6)]
    return fast_feature_model(vgg, [*layers, "block4_conv2"], border=BORDER)


def cost(image=None, size=64, styles=(STARRY,), strength=None, detail=0, palette=0, **settings):
    photo, J = problem(Job(PAGODA, styles, strength=strength, detail=detail, palette=palette, **settings))(size)
    return float(J(photo if image is None else image))


@pytest.mark.slow
def test_the_cost_is_the_sum_of_its_parts(model, rng):
    photo = load_image(PAGODA, 64)
    style_costs = [float(compute_style_cost(model(load_image(path, 64)), model(photo))) for path in (STARRY, GLASS)]
    assert cost() == pytest.approx(100 * style_costs[0], rel=1e-4), "no content cost at the photo itself"
    mixed = cost(styles=[STARRY, GLASS], weights=[1, 3], beta=4)
    assert mixed == pytest.approx(style_costs[0] + 3 * style_costs[1], rel=1e-4)
    assert cost(smoothness=7) == pytest.approx(cost() + 7 * float(total_variation(photo)), rel=1e-4)
    other = picture(rng, *photo.shape[1:3])
    assert cost(other, alpha=20) - cost(other) == pytest.approx(cost(other) - cost(other, alpha=0), rel=1e-3)


@pytest.mark.slow
def test_the_palette_counts_with_the_style_and_in_its_place(rng):
    image = picture(rng, *load_image(PAGODA, 64).shape[1:3])
    starry, glass = (load_image(path, 64) for path in (STARRY, GLASS))

    def more(palette=3, **settings):
        return cost(image, palette=palette, **settings) - cost(image, **settings)

    expected = 100 * 20 * 3 * float(palette_cost([starry], [1])(image))
    assert more() == pytest.approx(expected, rel=0.01)
    assert more(strength=5) == pytest.approx(expected, rel=0.02)
    assert more(strength=6) == pytest.approx(2 * expected, rel=0.02)
    mixed = 100 * 20 * 3 * float(palette_cost([starry, glass], [0.25, 0.75])(image))
    assert more(styles=[STARRY, GLASS], weights=[1, 3]) == pytest.approx(mixed, rel=0.01)
    sky = load_mask(SKY, image)
    share = float(np.mean(sky))
    placed = 100 * 20 * 3 * float(palette_cost([starry, glass], [share, 1 - share], [sky, 1 - sky])(image))
    assert more(styles=[STARRY, GLASS], masks=[SKY]) == pytest.approx(placed, rel=0.01)


def test_brush_and_matching_change_the_style_image_only(model):
    style = load_image(STARRY, 128)
    expected = 100 * float(compute_style_cost(model(style), model(load_image(PAGODA, 64))))
    assert cost(brush=2) == pytest.approx(expected, rel=1e-4)
    matched = match_colors(load_image(STARRY, 64), load_image(PAGODA, 64))
    expected = 100 * float(compute_style_cost(model(matched), model(load_image(PAGODA, 64))))
    assert cost(match_colors=True) == pytest.approx(expected, rel=1e-4)


def test_a_style_without_a_mask_gets_the_rest(picture_file):
    sky = load_mask(SKY, load_image(PAGODA, 640))
    rest = picture_file(255 - np.asarray(sky[0, ..., 0] * 255).round(), "rest.png")
    both = [STARRY, GLASS]
    one = cost(styles=both, masks=[SKY])
    assert one == pytest.approx(cost(styles=both, masks=[SKY, rest]), rel=2e-3)
    assert abs(one - cost(styles=both)) > 0.01 * one


def graphs():
    gc.collect()
    return sum(type(each).__name__ == "FuncGraph" for each in gc.get_objects())


@pytest.mark.slow
def test_a_painting_leaves_nothing_of_itself_in_memory():
    """Fifty paintings in one process take no more than a few."""
    counts = []
    for strength in (3, 5, 7):
        paint(Job(PAGODA, (STARRY,), size=96, evaluations=2, strength=strength), watch=lambda run: None)
        counts.append(graphs())
    assert counts[1] == counts[2]


def test_masks_that_cover_nothing_are_named(picture_file):
    black = picture_file(np.zeros((427, 640), np.uint8), "black.png")
    white = picture_file(np.full((427, 640), 255, np.uint8), "white.png")
    both = [STARRY, GLASS]
    for masks, weights in (([black, black], ()), ([white, black], [0, 1]), ([white], [0, 1])):
        with pytest.raises(ValueError, match="the masks .2. cover nothing: there must be white in one"):
            photo, its_cost = problem(Job(PAGODA, both, masks=masks, weights=weights))(64)
            its_cost(photo)
    only_glass = cost(styles=both, masks=[black])
    assert only_glass == pytest.approx(cost(styles=[GLASS]), rel=1e-4)


def test_areas_are_shares_of_what_the_masks_cover():
    half, full = tf.constant([[[[1.0]], [[0.0]]]]), tf.ones((1, 2, 1, 1))
    assert covered([half, full], [1, 1]) == pytest.approx([1 / 3, 2 / 3])
    assert covered([half, full], [2, 3]) == pytest.approx([1 / 4, 3 / 4])


@pytest.mark.slow
def test_what_notebook_07_puts_together_by_hand_costs_the_same(model, monkeypatch, rng):
    monkeypatch.chdir(ROOT / "notebooks")
    names = "own_problem one_style matched_style two_styles style_of_the_first mixture in_places brush"
    names += " total_variation load_mask"
    own = SimpleNamespace(**dict(zip(names.split(), functions_from(NOTEBOOK, *names.split()))))
    own.own_problem.__globals__["model"] = model
    size, both = 96, (STARRY, GLASS)
    photo = load_image(PAGODA, size, enlarge=True)
    sky, image = own.load_mask(SKY, photo), picture(rng, *photo.shape[1:3])
    for parts, controls in (
        ((own.one_style, own.style_of_the_first), {}),
        ((own.matched_style, own.style_of_the_first), {"match_colors": True}),
        ((own.two_styles, own.mixture([4, 1])), {"styles": both, "weights": (4, 1)}),
        ((own.two_styles, own.in_places([sky, 1 - sky])), {"styles": both, "masks": (SKY,)}),
        ((own.brush(2.0), own.style_of_the_first), {"brush": 2}),
        ((own.one_style, own.style_of_the_first, lambda image: 40 * own.total_variation(image)), {"smoothness": 40}),
    ):
        _, J = own.own_problem(*parts)(size)
        assert cost(image, size, **controls) == pytest.approx(float(J(image)), rel=2e-4), controls


def test_notebook_07_shows_equal_numbers():
    (cell,) = (
        c for c in nbformat.read(NOTEBOOK, as_version=4).cells if "by hand" in c.source and c.cell_type == "code"
    )
    rows = [line.split() for line in "".join(output.text for output in cell.outputs).splitlines()[1:]]
    assert len(rows) == 6
    for *_, by_hand, recipes in rows:
        assert float(recipes) == pytest.approx(float(by_hand), rel=5e-4)


def test_the_artworks_gram_matrices_are_computed_once_for_a_size():
    seen = []

    def compute_style_cost(style_image_output, generated_image_output, STYLE_LAYERS):
        seen.append((style_image_output, [a.shape for a in generated_image_output]))
        return tf.constant(1.0)

    photo, J = problem(Job(CAT, (STARRY, GLASS)), course_costs()._replace(compute_style_cost=compute_style_cost))(160)
    seen.clear()
    J(photo), J(photo)
    targets = [target for target, _ in seen]
    assert targets[0] is targets[2] and targets[1] is targets[3]
    shapes = [(1, 1, n_C, n_C) for n_C in (64, 128, 256)]  # as compact makes them; deeper ones have few positions
    for target, generated in seen:
        assert [a.shape for a in target[:3]] == generated[:3] == shapes


# ---------------------------------------------------------------- a painting


@pytest.mark.slow
def test_a_small_painting_succeeds(model):
    """Not only that it runs: the picture has the artwork's style and the photo's content."""
    image, _ = paint(Job(CAT, (STARRY,), size=96, evaluations=40), watch=lambda run: None)
    costs, photo, artwork = course_costs(), load_image(CAT, 96), load_image(STARRY, 96)
    squashed = tf.image.resize(artwork, photo.shape[1:3], antialias=True)
    a_C, a_S, a_G = model(photo), model(artwork), model(image)
    assert costs.compute_style_cost(a_S, a_G) < costs.compute_style_cost(a_S, a_C) / 5
    assert costs.compute_content_cost(a_C, a_G) < costs.compute_content_cost(a_C, model(squashed))


def test_kept_colors_are_those_of_the_photo_at_that_size():
    photo, painting = load_image(PAGODA, 64, enlarge=True), load_image(STARRY, 64)[:, :43]
    kept = finished(Job(PAGODA, (STARRY,), size=64, keep_colors=True), painting)
    np.testing.assert_allclose(kept, keep_colors(photo, painting), atol=1e-6)
    np.testing.assert_array_equal(finished(Job(PAGODA, (STARRY,), size=64), painting), painting)


def test_a_stopped_job_goes_on_and_another_one_is_refused(tmp_path):
    job = Job(CAT, (STARRY,), size=64, evaluations=4)

    def stop(run):
        if len(run.history) == 2:
            raise KeyboardInterrupt

    _, histories = paint(job, output=tmp_path, watch=stop)
    assert [len(history) for history in histories] == [2]
    with pytest.raises(ValueError, match="saved with beta 100, not 50"):
        paint(Job(CAT, (STARRY,), size=64, evaluations=4, beta=50), output=tmp_path, resume=True)
    seen = []
    paint(job, output=tmp_path, resume=True, watch=lambda run: seen.append(len(run.history)))
    assert seen[0] == 3


FLAT = {
    "one colour": lambda draw, side: draw.rectangle((0, 0, side, side), "orange"),
    "white": lambda draw, side: draw.rectangle((0, 0, side, side), "white"),
    "black": lambda draw, side: draw.rectangle((0, 0, side, side), "black"),
    "a disc on white": lambda draw, side: draw.ellipse((20, 20, 60, 60), "red"),
    "a gradient": lambda draw, side: [draw.line((x, 0, x, side), (x, x, 255 - x)) for x in range(side)],
}


@pytest.fixture
def flat(request, tmp_path):
    picture = Image.new("RGB", (200, 200), "white")
    FLAT[request.param](ImageDraw.Draw(picture), 200)
    picture.save(tmp_path / "flat.png")
    return tmp_path / "flat.png"


@pytest.mark.slow
@pytest.mark.parametrize("flat", FLAT, indirect=True)
def test_pictures_with_flat_areas_only_have_a_cost_and_a_gradient(flat):
    for photo, artwork in ((flat, STARRY), (CAT, flat)):
        image, cost = problem(Job(photo, (artwork,)))(128)
        with tf.GradientTape() as tape:
            tape.watch(image)
            J = cost(image)
        gradient = tape.gradient(J, image).numpy()
        assert J > 0 and np.isfinite(gradient).all() and np.abs(gradient).max() > 0


@pytest.mark.slow
@pytest.mark.parametrize("flat", ["a disc on white"], indirect=True)
def test_a_disc_on_white_can_be_painted(flat):
    image, (history,) = paint(Job(flat, (STARRY,), size=96, evaluations=6), watch=lambda run: None)
    assert np.isfinite(image).all() and min(history) < history[0]


def test_a_picture_that_is_not_there_is_named():
    with pytest.raises(FileNotFoundError, match="no such art.jpg: no such file"):
        problem(Job(PAGODA, ["no such art.jpg"]))(64)


@pytest.mark.slow
def test_grey_stays_grey(tmp_path, rng):
    for name, side in (("photo.jpg", 130), ("art.png", 90)):
        Image.fromarray(rng.integers(0, 256, (side, side), np.uint8)).convert("RGB").save(tmp_path / name)
    job = Job(tmp_path / "photo.jpg", (tmp_path / "art.png",), size=130, evaluations=4)
    image, _ = paint(job, watch=lambda run: None)
    assert np.ptp(image, axis=-1).max() < 1e-4, "and at both scales"
    image, _ = paint(Job(tmp_path / "photo.jpg", (STARRY,), size=64, evaluations=4), watch=lambda run: None)
    assert np.ptp(image, axis=-1).max() > 0.1, "a coloured artwork gives its colours to a grey photo"


@pytest.mark.parametrize(("n_W", "n_H"), [(600, 100), (60, 900)])
def test_a_narrow_artwork_can_be_painted_at_every_scale(n_W, n_H, tmp_path, rng):
    Image.fromarray(rng.integers(0, 256, (n_H, n_W, 3), np.uint8)).save(tmp_path / "narrow.png")
    at_size = problem(Job(CAT, (tmp_path / "narrow.png",), size=512))
    for size in (64, 128):
        photo, cost = at_size(size)
        assert np.isfinite(cost(photo))
