"""nst.strength: the same strength for any photo and artwork."""

import numpy as np
import pytest
import tensorflow as tf

from nst.areas import load_mask
from nst.job import Job
from nst.paths import IMAGES
from nst.recipe import course_costs, problem
from nst.strength import detail_map, equal_content, equal_layers
from nst.training import load_image

MASK = str(IMAGES / "mask" / "pagoda_sky.png")
PAGODA, DAHLIA = (str(IMAGES / "content" / name) for name in ("pagoda.jpg", "dahlia.jpg"))
ARTWORKS = [str(IMAGES / "style" / f"{name}.jpg") for name in ("starry_night", "stained_glass", "bamboo_ink")]
LAYERS = [("shallow", 0.5), ("middle", 1.5), ("deep", 0.0)]


def squares(a_S, a_G, layers):
    """A style cost of which the layers can be told apart."""
    return tf.add_n([weight * tf.reduce_sum((s - g) ** 2) for (_, weight), s, g in zip(layers, a_S, a_G)])


def volumes(rng, *scales):
    return [tf.constant(scale * rng.random((1, 3, 3, 2)), tf.float32) for scale in scales]


def test_every_layer_has_its_share_of_the_photos_style_cost(rng):
    a_S, a_C = volumes(rng, 1, 50, 7, 1), volumes(rng, 3, 1, 2, 1)
    equal = equal_layers(squares, LAYERS, a_S, a_C)
    for number, share in enumerate((0.25, 0.75, 0)):
        alone = [(name, weight * (n == number)) for n, (name, weight) in enumerate(equal)]
        assert float(squares(a_S, a_C, alone)) == pytest.approx(2.6 * share, rel=1e-4)


def test_a_photo_that_is_the_artwork_makes_no_weight_infinite(rng):
    a_S = volumes(rng, 1, 50, 7, 1)
    black = [tf.zeros_like(volume) for volume in a_S]
    for (_, weight), (name, share) in zip(equal_layers(squares, LAYERS, a_S, a_S), LAYERS):
        only = [(other, float(other == name)) for other, _ in LAYERS]
        assert weight == pytest.approx(2.6 * share / 2 / (0.01 * float(squares(a_S, black, only))), rel=1e-4)
    assert np.isfinite([weight for _, weight in equal_layers(squares, LAYERS, black, black)]).all()


def test_the_content_cost_counts_by_its_share_and_steeply_beyond_the_limit(rng):
    def squared(a_C, a_G):
        return tf.reduce_sum((a_C[-1] - a_G[-1]) ** 2)

    a_C = volumes(rng, 1)
    far = float(squared(a_C, [a_C[0] + 2.0]))
    seen = {share: float(equal_content(squared, far, a_C, [a_C[0] + 2.0 * share**0.5])) for share in (0, 0.3, 0.6, 1)}
    expected = {0: 0, 0.3: 2.1 * 0.3 * (1 + 1 / 16), 0.6: 2.1 * 0.6 * 2, 1: 2.1 * (1 + 0.6**-4)}
    assert seen == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("photo", [PAGODA, DAHLIA])
def test_each_artwork_begins_with_the_same_cost(photo):
    for strength, expected in ((5, 260), (7, 4 * 260)):
        for styles in (*([artwork] for artwork in ARTWORKS), ARTWORKS):
            content, cost = problem(Job(photo, styles, strength=strength, palette=0))(96)
            assert float(cost(content)) == pytest.approx(expected, rel=1e-3)


def test_the_squashed_artwork_has_lost_all_of_the_photo():
    photo, _ = problem(Job(PAGODA, ARTWORKS[:1]))(96)
    artwork = tf.image.resize(load_image(ARTWORKS[0], 96), photo.shape[1:3], antialias=True)
    with_content, without = (
        float(problem(Job(PAGODA, ARTWORKS[:1], alpha=alpha, palette=0))(96)[1](artwork)) for alpha in (10, 0)
    )
    assert with_content - without == pytest.approx(10 * 2.1 * (1 + 0.6**-4), rel=1e-3)


def test_a_picture_painted_in_its_own_style_has_a_finite_cost_and_gradient():
    photo, cost = problem(Job(PAGODA, [PAGODA]), course_costs())(64)
    with tf.GradientTape() as tape:
        tape.watch(photo)
        J = cost(photo)
    assert np.isfinite(float(J)) and np.isfinite(tape.gradient(J, photo)).all()


# ---------------------------------------------------------------- where the photo has detail


def test_there_is_more_detail_in_a_texture_than_around_it(rng):
    photo = np.full((1, 96, 128, 3), 0.5, np.float32)
    assert np.ptp(detail_map(photo)) == 0, "everywhere alike"
    photo[:, 40:60, 30:50] += rng.uniform(-0.2, 0.2, (1, 20, 20, 1))
    seen = detail_map(photo)[0, ..., 0]
    assert seen.shape == (96, 128) and seen[50, 40] == pytest.approx(3.3) and seen[80, 110] == pytest.approx(0.45)


@pytest.mark.parametrize("mask", ["", MASK])
def test_the_content_counts_by_the_detail_of_its_place(mask, rng):
    """The squared volumes are multiplied by the detail, or the mask, to the power asked for, over its mean."""
    seen = []

    def compute_content_cost(a_C, a_G):
        seen.append((a_C[-1].numpy(), a_G[-1].numpy()))
        return tf.constant(0.0)

    costs = course_costs()._replace(compute_content_cost=compute_content_cost)
    photo, cost = problem(Job(PAGODA, ARTWORKS[:1], strength=None, detail=2, detail_mask=mask, palette=0), costs)(96)
    cost(photo)
    _, plain_cost = problem(Job(PAGODA, ARTWORKS[:1], strength=None, detail=0, palette=0), costs)(96)
    plain_cost(photo)
    (weighted, _), (plain, _) = seen
    n_H, n_W = plain.shape[1:3]
    squares = ((0.1 + load_mask(MASK, photo)) if mask else detail_map(photo)) ** 2
    places = squares[:, : 8 * n_H, : 8 * n_W].reshape(n_H, -1, n_W, 8).mean(axis=(1, 3))
    assert photo.shape[1:3] == (8 * n_H, 8 * n_W), "whole windows, so that the average over areas is this one"
    got = np.sum(weighted**2, axis=-1)[0] / np.sum(plain**2, axis=-1)[0]
    np.testing.assert_allclose(got, places / places.mean(), rtol=1e-3)
