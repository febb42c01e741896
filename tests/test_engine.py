"""nst.engine: the fast network gives what the plain one gives, and its gradient."""

import numpy as np
import pytest
import tensorflow as tf
from arrays import relative, uniform

from nst import engine
from nst.compact import compact
from nst.engine import Convolution, MaxPooling, fast_feature_model
from nst.paths import IMAGES
from nst.winograd import Winograd
from nst_utils import feature_model, load_image, with_average_pooling

STYLE = ["block1_conv1", "block2_conv1", "block3_conv1", "block4_conv1", "block5_conv1"]


@pytest.fixture(params=[pytest.param(0, marks=pytest.mark.slow), 10**9], ids=["in tiles", "small"])
def smallest(request, monkeypatch):
    """Pictures of any size are computed in tiles, or none is."""
    monkeypatch.setattr(engine, "SMALLEST_IN_TILES", request.param)


@pytest.mark.parametrize("in_tiles", [True, False])
@pytest.mark.parametrize("channels", [(3, 64), (48, 64), (64, 64), (128, 160)])  # the end of the network, and tiles
def test_a_layers_gradient_is_that_of_tensorflow(channels, in_tiles, rng):
    layer = Convolution(uniform(rng, 3, 3, *channels), uniform(rng, channels[1]))
    assert layer.has_tiles == (channels[0] >= 64)
    x, weights = tf.constant(uniform(rng, 1, 13, 14, channels[0])), uniform(rng, 2, 1, 13, 14, channels[1])
    with tf.GradientTape() as tape:
        tape.watch(x)
        plain = layer.plain(x)
    expected = tape.gradient(plain, x, tf.constant(weights.sum(axis=0)))

    @tf.function
    def fast(x):
        y = layer.forward(x, in_tiles)
        return y, layer.backward([*map(tf.constant, weights)], x, y, in_tiles)

    found, gradient = fast(x)
    assert relative(found, plain.numpy()) < 1e-5 and relative(gradient, expected.numpy()) < 1e-5


@pytest.mark.parametrize("in_tiles", [True, False])
def test_pooling_gives_the_gradient_to_the_first_of_the_largest(in_tiles):
    x = tf.constant(
        np.array([[3, 3, 1, 0, 9], [3, 2, 0, 5, 9], [9, 9, 9, 9, 9]], np.float32)[np.newaxis, ..., np.newaxis]
    )
    pooling = MaxPooling()
    y = pooling.forward(x, in_tiles)
    gradient = pooling.backward([tf.constant([[[[7.0], [8.0]]]])], x, y, in_tiles)
    np.testing.assert_array_equal(y[0, ..., 0], [[3, 5]])
    np.testing.assert_array_equal(gradient[0, ..., 0], [[7, 0, 0, 0, 0], [0, 0, 0, 8, 0], [0, 0, 0, 0, 0]])


def test_a_compact_volume_has_the_same_gram_average(rng):
    volume = np.maximum(uniform(rng, 1, 9, 11, 6), 0)
    volume[..., 2] = 0  # a silent channel: the Gram matrix is singular
    small = compact(tf.constant(volume)).numpy()
    assert small.shape == (1, 1, 6, 6)
    A, R = volume.reshape(-1, 6).T.astype(np.float64), small.reshape(-1, 6).T.astype(np.float64)
    np.testing.assert_allclose(R @ R.T / 6, A @ A.T / 99, atol=2e-6)


def test_the_gradient_through_a_compact_volume_is_that_through_the_volume(rng):
    volume, target = tf.constant(np.maximum(uniform(rng, 1, 9, 11, 6), 0)), uniform(rng, 6, 6)

    def cost(volume):
        A = tf.reshape(volume, (-1, 6))
        return tf.reduce_sum((tf.matmul(A, A, transpose_a=True) / A.shape[0] - target) ** 2)

    gradients = []
    for function in (cost, lambda volume: cost(compact(volume))):
        with tf.GradientTape() as tape:
            tape.watch(volume)
            J = function(volume)
        gradients.append(tape.gradient(J, volume).numpy())
    assert relative(gradients[1], gradients[0]) < 1e-4


def test_a_volume_with_few_positions_is_not_made_compact(rng):
    volume = tf.constant(uniform(rng, 1, 2, 3, 6))
    assert compact(volume) is volume


def value_and_gradient(model, content, style):
    a_C, a_S = model(content), model(style)

    def gram(a):
        A = tf.reshape(a, (-1, a.shape[-1]))
        return tf.matmul(A, A, transpose_a=True) / A.shape[0]

    @tf.function
    def evaluate(image):
        with tf.GradientTape() as tape:
            tape.watch(image)
            a_G = model(image)
            J = 10 * tf.reduce_mean((a_C[-1] - a_G[-1]) ** 2)
            for a, b in zip(a_S[:-1], a_G):
                J += tf.reduce_mean((gram(a) - gram(b)) ** 2)
        return J, tape.gradient(J, image)

    return evaluate


@pytest.mark.parametrize(
    ("size", "content_layer", "compact_names"),
    [(128, "block4_conv2", ()), (97, "block4_conv2", STYLE), (97, "block5_conv4", ()), (128, "block5_conv4", STYLE)],
    ids=["full", "compact", "deep", "deep and compact"],
)
def test_cost_and_gradient_are_those_of_the_plain_network(smallest, vgg, size, content_layer, compact_names, rng):
    names = [*STYLE, content_layer]
    content = load_image(IMAGES / "content" / "cat.png", size)
    style = load_image(IMAGES / "style" / "starry_night.jpg", size)
    plain = value_and_gradient(feature_model(vgg, names), content, style)
    fast = value_and_gradient(fast_feature_model(vgg, names, compact_names), content, style)
    errors = []
    for _ in range(3):
        image = tf.clip_by_value(content + rng.uniform(-0.05, 0.05, content.shape).astype(np.float32), 0, 1)
        (J, gradient), (fast_J, fast_gradient) = plain(image), fast(image)
        assert float(fast_J) == pytest.approx(float(J), rel=1e-4)
        errors.append(relative(fast_gradient, gradient.numpy()))
    # Where an activation is zero but for rounding, its ReLU or pooling may decide otherwise, and the gradient jumps:
    # in one picture or another, whatever the kernels. A wrong gradient is wrong in all of them.
    assert np.median(errors) < 1e-3 and max(errors) < 0.05, errors


@pytest.mark.parametrize("inside", [True, False], ids=["in tf.function", "called directly"])
def test_activations_come_in_the_order_asked_even_twice(smallest, vgg, inside, rng):
    names = ["block3_conv2", "block1_conv1", "block3_conv2"]
    picture = rng.random((1, 45, 38, 3)).astype(np.float32)
    model = fast_feature_model(vgg, names)
    found = (tf.function(model) if inside else model)(tf.constant(picture))
    for activation, expected in zip(found, feature_model(vgg, names)(picture)):
        assert relative(activation, expected.numpy()) < 1e-5


def test_a_layer_asked_for_twice_gets_both_gradients(smallest, vgg, rng):
    model = fast_feature_model(vgg, ["block2_conv2", "block2_conv2"])
    plain = feature_model(vgg, ["block2_conv2"])
    image = tf.constant(rng.random((1, 40, 40, 3)), tf.float32)
    gradients = []
    for cost in (
        lambda x: 2 * tf.reduce_sum(model(x)[0]) + tf.reduce_sum(model(x)[1]),
        lambda x: 3 * tf.reduce_sum(plain(x)[0]),
    ):

        @tf.function
        def gradient(image, cost=cost):
            with tf.GradientTape() as tape:
                tape.watch(image)
                J = cost(image)
            return tape.gradient(J, image)

        gradients.append(gradient(image).numpy())
    assert relative(gradients[0], gradients[1]) < 1e-3


@pytest.mark.parametrize("sides", [(48, 64), (45, 39)])
def test_average_pooling_gives_the_plain_values_and_gradients(smallest, vgg, sides, rng):
    network, names = with_average_pooling(vgg), ["block1_conv1", "block3_conv1"]
    image, weights = uniform(rng, 1, *sides, 3) / 2 + 0.5, {}
    found = []
    for model in (feature_model(network, names), fast_feature_model(network, names)):

        @tf.function
        def value_and_gradient(image, model=model):
            with tf.GradientTape() as tape:
                tape.watch(image)
                activations = model(image)
                J = sum(tf.reduce_sum(a * weights.setdefault(a.shape, uniform(rng, *a.shape))) for a in activations)
            return *activations, tape.gradient(J, image)

        found.append(value_and_gradient(tf.constant(image)))
    for plain, fast in zip(*found):
        assert relative(fast, plain.numpy()) < 1e-3


def test_on_a_gpu_the_plain_kernels_are_taken(vgg, monkeypatch, rng):
    monkeypatch.setattr(engine, "GPUS", ["a GPU"])
    monkeypatch.setattr(engine, "SMALLEST_IN_TILES", 0)

    def never(*arguments):
        raise AssertionError("Winograd's tiles on a GPU")

    monkeypatch.setattr(Winograd, "__call__", never)
    picture = uniform(rng, 1, 64, 48, 3) / 2 + 0.5
    found = tf.function(fast_feature_model(vgg, STYLE))(picture)
    for fast, plain in zip(found, feature_model(vgg, STYLE)(picture)):
        assert relative(fast, plain.numpy()) < 1e-5


def test_a_small_picture_waits_for_no_compiler_and_a_large_one_is_computed_in_tiles(vgg, monkeypatch):
    monkeypatch.setattr(Winograd, "__call__", lambda self, x, finish, *arguments: 1 / 0)
    model = tf.function(fast_feature_model(vgg, ["block2_conv2"]))
    model.get_concrete_function(tf.TensorSpec((1, 128, 128, 3)))
    with pytest.raises(ZeroDivisionError):
        model.get_concrete_function(tf.TensorSpec((1, 128, 192, 3)))  # as notebook 06 tries it


def test_a_batch_of_two_and_an_unknown_size_take_the_plain_kernels(vgg, rng):
    pictures = rng.random((2, 40, 36, 3)).astype(np.float32)
    model, plain = fast_feature_model(vgg, ["block2_conv2"]), feature_model(vgg, ["block2_conv2"])
    (expected,) = plain(pictures)
    unknown = tf.function(model, input_signature=[tf.TensorSpec([None, None, None, 3])])
    for found in (tf.function(model)(tf.constant(pictures)), unknown(pictures)):
        assert relative(found[0], expected.numpy()) < 1e-5


@pytest.mark.parametrize("shape", [(1, 31, 64, 3), (1, 64, 31, 3), (64, 64, 3), (1, 64, 64, 4)])
def test_a_picture_of_the_wrong_shape_is_named(vgg, shape):
    with pytest.raises(ValueError, match=r"both sides at least 32 pixels, not \("):
        fast_feature_model(vgg, STYLE)(np.zeros(shape, np.float32))


def test_unknown_and_missing_layers_are_named(vgg):
    with pytest.raises(ValueError, match="unknown layers \\['block9_conv1'\\]; choose from: block1_conv1"):
        fast_feature_model(vgg, ["block9_conv1"])
    with pytest.raises(ValueError, match="choose from"):
        fast_feature_model(vgg, [])


def test_nothing_beyond_the_deepest_layer_is_kept(vgg):
    names = [name for name, _ in engine.layers_up_to(vgg, ["block2_conv1"])]
    assert names == ["block1_conv1", "block1_conv2", "block1_pool", "block2_conv1"]
