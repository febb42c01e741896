"""The controls that notebook 07 writes: colours, mixtures, masks, smoothness, and all together."""

import numpy as np
import pytest
import tensorflow as tf

from nst_engine import fast_feature_model
from nst_pictures import IMAGES, ROOT
from nst_utils import functions_from, load_image

keep_colors, match_colors, shares, load_mask, under_mask, roughness, painting, in_places = functions_from(
    ROOT / "notebooks" / "07_control.ipynb",
    *("keep_colors", "match_colors", "shares", "load_mask", "under_mask", "roughness", "painting", "in_places"),
)
gram_matrix, compute_style_cost = functions_from(
    ROOT / "notebooks" / "03_style_cost.ipynb", "gram_matrix", "compute_style_cost"
)
RNG = np.random.default_rng(0)
PAGODA, SKY = IMAGES / "content" / "pagoda.jpg", IMAGES / "mask" / "pagoda_sky.png"
STARRY, GLASS = IMAGES / "style" / "starry_night.jpg", IMAGES / "style" / "stained_glass.jpg"
LUMINANCE = [0.299, 0.587, 0.114]  # ITU-R BT.601


def picture(n_H=20, n_W=30, low=0.3, high=0.7):
    return tf.constant(RNG.uniform(low, high, (1, n_H, n_W, 3)), tf.float32)


def test_kept_colours_have_the_paintings_brightness_and_the_photos_hue():
    photo, painted = picture(), picture()
    kept = keep_colors(photo, painted).numpy().astype(np.float64)
    np.testing.assert_allclose(kept @ LUMINANCE, painted.numpy() @ LUMINANCE, atol=1e-3)
    chroma = [p - (p @ LUMINANCE)[..., np.newaxis] for p in (kept, photo.numpy().astype(np.float64))]
    np.testing.assert_allclose(chroma[0], chroma[1], atol=2e-3)


def test_matched_colours_have_the_photos_mean_and_covariance():
    mixing = RNG.normal(size=(3, 3)) * 0.03
    photo = tf.constant(0.5 + RNG.normal(size=(1, 40, 50, 3)) @ mixing, tf.float32)
    matched = match_colors(picture(60, 40), photo)
    assert matched.shape == (1, 60, 40, 3)
    a, b = (np.reshape(image, (-1, 3)).astype(np.float64) for image in (matched, photo))
    np.testing.assert_allclose(a.mean(0), b.mean(0), atol=1e-3)
    np.testing.assert_allclose(np.cov(a.T), np.cov(b.T), atol=0.03 * np.cov(b.T).max())


def test_matching_a_grey_picture_is_possible():
    grey = tf.repeat(picture()[..., :1], 3, axis=-1)
    for style, photo in ((grey, picture()), (picture(), grey), (tf.zeros((1, 9, 9, 3)), picture())):
        assert np.isfinite(match_colors(style, photo).numpy()).all()


def test_shares_sum_to_one():
    assert shares([1, 3], 2) == [0.25, 0.75] and shares([0, 5.0], 2) == [0, 1]


@pytest.mark.parametrize("weights", [[1, -1], [0, 0], [float("nan"), 1], [float("inf"), 1]])
def test_weights_that_are_no_shares_are_named(weights):
    with pytest.raises(ValueError, match="give finite numbers, none negative, and at least one above 0"):
        shares(weights, 2)


def test_the_wrong_number_of_weights_is_named():
    with pytest.raises(ValueError, match="3 weights for 2 styles"):
        shares([1, 2, 3], 2)


def test_a_mask_has_the_size_of_the_photo_and_values_between_0_and_1(picture_file):
    mask = load_mask(SKY, load_image(PAGODA, 100)).numpy()
    assert mask.shape == (1, *load_image(PAGODA, 100).shape[1:3], 1)
    assert 0 <= mask.min() < 0.1 and 0.9 < mask.max() <= 1
    assert mask[0, 2].mean() > 0.95 and mask[0, -2].mean() < 0.05, "sky above, none below"
    grey = picture_file(np.full((40, 60), 51, np.uint8), "grey.png")
    np.testing.assert_allclose(load_mask(grey, picture(40, 60)), 0.2, atol=1e-6)


def test_a_mask_of_another_shape_is_named(picture_file):
    path = picture_file(np.zeros((60, 60), np.uint8), "square.png")
    with pytest.raises(
        ValueError, match=r"square.png: at this size the mask is 60 x 60, and the photo 60 x 40: draw it on"
    ):
        load_mask(path, picture(40, 60))


def test_of_a_coloured_mask_the_mean_counts(picture_file):
    blue = picture_file(np.full((40, 60, 3), (0, 0, 255)), "blue.png")
    np.testing.assert_allclose(load_mask(blue, picture(40, 60)), 1 / 3, atol=1e-6)


def test_under_a_mask_the_gram_matrix_is_the_weighted_average():
    volume, mask = RNG.normal(size=(1, 6, 8, 5)).astype(np.float32), RNG.random((1, 6, 8, 1)).astype(np.float32)
    a, m = volume.reshape(-1, 5).astype(np.float64), mask.reshape(-1, 1).astype(np.float64)
    covered = tf.reshape(under_mask(volume, mask), (-1, 5))
    np.testing.assert_allclose(gram_matrix(tf.transpose(covered)) / 48, (m * a).T @ a / m.sum(), rtol=1e-4)


def test_an_empty_mask_gives_no_nan():
    assert np.isfinite(under_mask(picture(), tf.zeros((1, 20, 30, 1))).numpy()).all()


def test_roughness_is_the_mean_difference_between_neighbours():
    image = picture().numpy()
    expected = (np.abs(np.diff(image, axis=1)).sum() + np.abs(np.diff(image, axis=2)).sum()) / (20 * 30)
    assert float(roughness(tf.constant(image))) == pytest.approx(expected, rel=1e-5)


@pytest.fixture(scope="module")
def model(vgg):
    layers = [f"block{block}_conv1" for block in range(1, 6)]
    return fast_feature_model(vgg, [*layers, "block4_conv2"])


def cost(model, image=None, size=64, **settings):
    photo, J = painting(model, PAGODA, **{"styles": [STARRY], **settings})(size)
    return float(J(photo if image is None else image))


def test_the_cost_is_the_sum_of_its_parts(model):
    photo = load_image(PAGODA, 64)
    style_costs = [float(compute_style_cost(model(load_image(path, 64)), model(photo))) for path in (STARRY, GLASS)]
    assert cost(model) == pytest.approx(100 * style_costs[0], rel=1e-4), "no content cost at the photo itself"
    mixed = cost(model, styles=[STARRY, GLASS], weights=[1, 3], beta=4)
    assert mixed == pytest.approx(style_costs[0] + 3 * style_costs[1], rel=1e-4)
    assert cost(model, smoothness=7) == pytest.approx(cost(model) + 7 * float(roughness(photo)), rel=1e-4)
    other = picture(*photo.shape[1:3])
    assert cost(model, other, alpha=20) - cost(model, other) == pytest.approx(
        cost(model, other) - cost(model, other, alpha=0), rel=1e-3
    )


def test_brush_and_matching_change_the_style_image_only(model):
    style = load_image(STARRY, 128)
    expected = 100 * float(compute_style_cost(model(style), model(load_image(PAGODA, 64))))
    assert cost(model, brush=2) == pytest.approx(expected, rel=1e-4)
    matched = match_colors(load_image(STARRY, 64), load_image(PAGODA, 64))
    expected = 100 * float(compute_style_cost(model(matched), model(load_image(PAGODA, 64))))
    assert cost(model, match=True) == pytest.approx(expected, rel=1e-4)


def test_a_style_without_a_mask_gets_the_rest(model, picture_file):
    rest = picture_file(255 - np.asarray(load_mask(SKY, load_image(PAGODA, 640))[0, ..., 0] * 255).round(), "rest.png")
    both = [STARRY, GLASS]
    one = cost(model, styles=both, masks=[SKY])
    assert one == pytest.approx(cost(model, styles=both, masks=[SKY, rest]), rel=2e-3)
    assert abs(one - cost(model, styles=both)) > 0.01 * one


def test_masks_that_cover_nothing_are_named(model, picture_file):
    black = picture_file(np.zeros((427, 640), np.uint8), "black.png")
    white = picture_file(np.full((427, 640), 255, np.uint8), "white.png")
    both = [STARRY, GLASS]
    for masks, weights in (([black, black], None), ([white, black], [0, 1]), ([white], [0, 1])):
        with pytest.raises(ValueError, match="2 masks for 2 styles: .* and white to one with a weight above 0$"):
            painting(model, PAGODA, both, masks=masks, weights=weights)(64)
    only_glass = cost(model, styles=both, masks=[black])
    assert only_glass == pytest.approx(cost(model, styles=[GLASS]), rel=1e-4)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"brush": 0}, "brush 0.0: give a number of at least 0.1"),
        ({"brush": float("nan")}, "brush nan: give a number"),
        ({"smoothness": -50}, "smoothness -50.0: give a number of at least 0"),
        ({"alpha": float("inf")}, "alpha inf: give a number"),
        ({"beta": -100}, "beta -100.0: give a number"),
        ({"styles": "art.jpg"}, "styles and masks are lists of paths"),
        ({"masks": "mask.png"}, "styles and masks are lists of paths"),
        ({"weights": [1, -1], "styles": [STARRY, GLASS]}, r"weights \[1, -1\]: give finite numbers"),
    ],
)
def test_a_setting_that_cannot_be_painted_is_named_at_once(settings, message):
    with pytest.raises(ValueError, match=message):
        painting(None, PAGODA, **{"styles": [STARRY], **settings})


def test_weights_may_be_an_array(model):
    weights = np.array([1.0, 3.0])
    both = [STARRY, GLASS]
    assert cost(model, styles=both, weights=weights) == pytest.approx(cost(model, styles=both, weights=[1, 3]))


def test_places_need_a_mask_for_each_style(model):
    with pytest.raises(ValueError, match="1 masks for 2 styles"):
        in_places([tf.ones((1, 8, 8, 1))])([None, None])


def test_a_missing_style_and_the_wrong_number_of_masks_are_named(model):
    for styles, masks in (([], []), ([STARRY], [SKY, SKY]), ([STARRY, GLASS, GLASS], [SKY])):
        with pytest.raises(ValueError, match=f"{len(masks)} masks for {len(styles)} styles: give at least one style"):
            painting(model, PAGODA, styles, masks=masks)
    with pytest.raises(FileNotFoundError, match="no such art.jpg: no such file"):
        painting(model, PAGODA, ["no such art.jpg"])(64)
