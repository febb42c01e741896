"""nst.palette: the distance of a picture's colours from an artwork's, against sorting in float64."""

import numpy as np
import pytest
import tensorflow as tf

from nst.palette import LINES
from nst.recipe import palette_cost


def picture(rng, n_H, n_W, power=1.0):
    return rng.random((1, n_H, n_W, 3)).astype(np.float32) ** power


def exact(values, wanted):
    """The least mean of squared moves from some values to as many wanted ones: both in order."""
    return np.mean((np.sort(values) - np.sort(wanted)) ** 2)


def test_it_is_the_mean_over_the_lines_of_what_sorted_values_differ_by(rng):
    image, artwork = picture(rng, 60, 50), picture(rng, 50, 60, power=2)
    lines = LINES.astype(np.float64)
    np.testing.assert_allclose(np.linalg.norm(lines, axis=1), 1, rtol=1e-6)
    a, b = (each.reshape(-1, 3).astype(np.float64) @ lines.T for each in (image, artwork))
    expected = np.mean([exact(a[:, k], b[:, k]) for k in range(len(lines))])
    assert float(palette_cost([artwork], [1])(tf.constant(image))) == pytest.approx(expected, rel=0.01)


def test_it_is_zero_for_the_same_colours_in_other_places(rng):
    artwork = picture(rng, 40, 40)
    shuffled = rng.permutation(artwork.reshape(-1, 3)).reshape(1, 64, 25, 3)
    cost = palette_cost([artwork], [1])
    assert float(cost(tf.constant(shuffled))) < 1e-6 < 1e-3 < float(cost(tf.constant(artwork**2)))


def test_it_sees_the_tint_that_a_mean_does_not_see(rng):
    """White with a faint tint, red here and green there: the mean colour is that of the artwork."""
    artwork = np.full((1, 20, 20, 3), 0.9, np.float32)
    tint = rng.normal(0, 0.03, (1, 20, 20, 1)).astype(np.float32)
    tint -= tint.mean()
    image = artwork + tint * np.array([1, -1, 0], np.float32)
    cost = palette_cost([artwork], [1])
    assert float(cost(tf.constant(artwork))) < 1e-9
    squares = [(np.array([1, -1, 0]) @ line) ** 2 for line in LINES]
    assert float(cost(tf.constant(image))) == pytest.approx(np.mean(squares) * tint.var(), rel=0.02)


@pytest.mark.parametrize("masked", [False, True])
def test_its_gradient_is_that_of_finite_differences(masked, rng):
    image, artworks = picture(rng, 120, 100), [picture(rng, 60, 60, 3), picture(rng, 50, 90, 0.3)]
    left = np.tile(np.linspace(0, 1, 100, dtype=np.float32)[:, np.newaxis], (1, 120, 1, 1))
    cost = palette_cost(artworks, [0.3, 0.7], [left, 1 - left] if masked else [])
    value = tf.constant(image)
    with tf.GradientTape() as tape:
        tape.watch(value)
        J = 5 * cost(value)
    gradient = tape.gradient(J, value).numpy()
    direction = (image**2 - 0.3).astype(np.float32)  # a smooth one: all that is red a little redder
    step = 0.003
    ends = [5 * float(cost(tf.constant(image + sign * step * direction))) for sign in (1, -1)]
    assert np.sum(gradient * direction) == pytest.approx((ends[0] - ends[1]) / (2 * step), rel=0.02)


def test_without_masks_the_colours_are_mixed_by_their_shares(rng):
    """Three quarters black and one quarter white: a picture of just that is at no distance."""
    black, white = np.zeros((1, 8, 8, 3), np.float32), np.ones((1, 16, 16, 3), np.float32)
    image = (rng.permutation(400) < 100).astype(np.float32).reshape(1, 20, 20, 1).repeat(3, axis=-1)
    assert float(palette_cost([black, white], [0.75, 0.25])(tf.constant(image))) < 1e-3
    assert float(palette_cost([black, white], [0.25, 0.75])(tf.constant(image))) > 0.2


def test_under_masks_each_artwork_counts_in_its_place():
    black, white = np.zeros((1, 8, 8, 3), np.float32), np.ones((1, 8, 8, 3), np.float32)
    left = np.zeros((1, 10, 20, 1), np.float32)
    left[:, :, :10] = 1
    image = np.repeat(1 - left, 3, axis=-1)  # black on the left
    cost = palette_cost([black, white], [0.5, 0.5], [left, 1 - left])
    assert float(cost(tf.constant(image))) < 1e-6 < 0.1 < float(cost(tf.constant(1 - image)))


def test_a_black_mask_and_one_colour_make_no_nan():
    grey, none = np.full((1, 9, 9, 3), 0.5, np.float32), np.zeros((1, 9, 9, 1), np.float32)
    assert np.isfinite(float(palette_cost([grey, grey], [1.0, 0.0], [1 - none, none])(tf.constant(grey))))


def test_a_broken_picture_has_no_cost():
    """minimize says then which step it was."""
    image = np.full((1, 9, 9, 3), 0.5, np.float32)
    cost = palette_cost([image], [1])
    image[0, 0, 0, 0] = np.nan
    assert np.isnan(float(cost(tf.constant(image))))
