"""nst.tiles: a picture in bands costs what the whole picture costs, and has its gradient."""

import gc
import weakref

import numpy as np
import pytest
import tensorflow as tf

from nst import tiles
from nst.engine import fast_feature_model, value_and_gradient
from nst.network import BORDER, CONTENT_LAYER
from nst.recipe import course_costs
from nst.seen import WholeModel
from nst.tiles import TiledModel
from nst_utils import with_average_pooling

COSTS = course_costs()
STYLE = [name for name, _ in COSTS.style_layers]


def picture(rng, n_H, n_W):
    """Waves, nowhere the same, and noise."""
    waves = np.sin(np.add.outer(np.arange(n_H) ** 1.3, np.arange(n_W)) / 7)[np.newaxis, ..., np.newaxis]
    return (0.5 + 0.3 * waves + rng.uniform(-0.2, 0.2, (1, n_H, n_W, 3))).astype(np.float32)


def untiled(cost):
    evaluate = tf.function(lambda image: value_and_gradient(cost, image))
    return lambda image: [each.numpy() for each in evaluate(tf.constant(image))]


def check_alike(tiled, whole, pictures):
    errors = []
    for image in pictures:
        (J, gradient), (expected_J, expected) = tiled(image), whole(image)
        assert pytest.approx(expected_J, rel=1e-4) == J
        assert gradient.dtype == np.float32 and gradient.shape == image.shape
        errors.append(np.linalg.norm(gradient - expected) / np.linalg.norm(expected))
    # As in test_engine: where a ReLU stands on the edge, rounding decides, in one picture or another.
    assert min(errors) < 1e-3 and max(errors) < 0.05, errors


def odd_content_cost(a_C, a_G):
    """No mean but a sum, and no plain square: it needs the volumes themselves."""
    difference = a_G[-1] - a_C[-1]
    return 1e-4 * tf.reduce_sum(tf.abs(difference) ** 1.5 + difference[:, ::-1] * a_G[-1])


@pytest.mark.slow
@pytest.mark.parametrize(("sides", "masked"), [((150, 211), False), ((97, 170), True)], ids=["whole", "masked"])
def test_cost_and_gradient_are_those_of_the_whole_picture(vgg, sides, masked, monkeypatch, rng):
    monkeypatch.setattr(tiles, "BAND_BYTES", 300_000)
    content_cost = odd_content_cost if masked else COSTS.compute_content_cost
    names = [*STYLE, CONTENT_LAYER]
    model, tiled = WholeModel(vgg, STYLE), TiledModel(vgg, names, STYLE, BORDER)
    left = np.linspace(1, 0, sides[1], dtype=np.float32) * np.ones((1, *sides), np.float32)
    masks = [tf.constant(mask[..., np.newaxis]) for mask in (left**2, 1 - left**2)] if masked else []
    photo, artworks = picture(rng, *sides), [picture(rng, 80, 90 + 20 * n) for n in range(1 + masked)]
    a_C, targets = model.seen(photo)[0], [model.seen(artwork)[0] for artwork in artworks]

    def cost(seen):
        J_style = sum(COSTS.compute_style_cost(a_S, a_G) for a_S, a_G in zip(targets, seen, strict=True))
        return COSTS.total_cost(content_cost(a_C, seen[0]), J_style, 10, 100)

    whole = untiled(lambda image: cost(model.seen(image, masks)))
    check_alike(tiled.value_and_gradient(cost, masks), whole, [picture(rng, *sides) for _ in range(2)])


def test_what_is_seen_is_what_the_cost_gets_of_the_whole_picture(vgg, monkeypatch, rng):
    monkeypatch.setattr(tiles, "BAND_BYTES", 300_000)
    names, image = [*STYLE, CONTENT_LAYER], picture(rng, 150, 211)
    (expected,) = tf.function(WholeModel(vgg, STYLE).seen)(tf.constant(image))
    (found,) = TiledModel(vgg, names, STYLE, BORDER).seen(image)
    assert [volume.shape for volume in found] == [volume.shape for volume in expected]
    for volume, whole in zip(found, expected):
        gram = [tf.matmul(*[tf.reshape(each, (-1, each.shape[-1]))] * 2, transpose_a=True) for each in (volume, whole)]
        assert np.linalg.norm(gram[0] - gram[1]) < 1e-4 * np.linalg.norm(gram[1])
    np.testing.assert_allclose(found[-1], expected[-1], atol=1e-4 * np.max(expected[-1]))


@pytest.mark.slow
@pytest.mark.parametrize("layer", ["block1_conv2", "block3_conv2"])  # computed twice, and not
def test_average_pooling_and_a_layer_asked_for_twice(vgg, layer, monkeypatch, rng):
    monkeypatch.setattr(tiles, "BAND_BYTES", 100_000)
    network, names = with_average_pooling(vgg), ["block3_conv1", layer, layer]
    model, tiled = fast_feature_model(network, names), TiledModel(network, names)

    def cost(volumes):
        return tf.reduce_mean(volumes[0]) + 2 * tf.reduce_mean(volumes[1] ** 2) - tf.reduce_mean(volumes[2])

    whole = untiled(lambda image: cost(model(image)))
    check_alike(tiled.value_and_gradient(lambda seen: cost(seen[0])), whole, [picture(rng, 45, 39)])


@pytest.mark.slow
def test_no_more_than_a_part_of_the_large_layers_is_held(vgg, monkeypatch, rng):
    monkeypatch.setattr(tiles, "BAND_BYTES", 32 * 64 * 4 * 12)
    highest = {}

    class Watched(tiles.Rows):
        def push(self, band):
            super().push(band)
            if band.shape[1] == 32:  # of block 1
                highest[self] = max(self.count, highest.get(self, 0))

    monkeypatch.setattr(tiles, "Rows", Watched)
    evaluate = TiledModel(vgg, STYLE[:2], STYLE[:2]).value_and_gradient(lambda seen: tf.reduce_sum(seen[0][-1] ** 2))
    evaluate(picture(rng, 600, 32))
    assert highest and max(highest.values()) < 150


def test_nothing_of_an_evaluation_stays_in_memory(vgg, monkeypatch, rng):
    """Not even until Python looks for rings of references: at 4096 px it would be more than a gigabyte."""
    born = []

    class Watched(tiles._Evaluation):
        def __init__(self, *arguments):
            super().__init__(*arguments)
            born.append(weakref.ref(self))

    monkeypatch.setattr(tiles, "_Evaluation", Watched)
    model = TiledModel(vgg, ["block2_conv1"], border=8)
    evaluate = model.value_and_gradient(lambda seen: tf.reduce_sum(seen[0][0] ** 2))
    gc.disable()
    try:
        evaluate(picture(rng, 40, 40))
        model.seen(picture(rng, 40, 40))
        assert [each() for each in born] == [None, None]
    finally:
        gc.enable()


@pytest.mark.parametrize(
    ("cost", "error", "words"),
    [
        (lambda seen: seen[0][0], TypeError, "must return the cost J, a scalar tensor"),
        (lambda seen: tf.constant(1.0), ValueError, "does not depend on the picture"),
    ],
)
def test_a_cost_that_is_none_is_named(vgg, cost, error, words, rng):
    with pytest.raises(error, match=words):
        TiledModel(vgg, ["block1_conv1"]).value_and_gradient(cost)(picture(rng, 32, 32))
