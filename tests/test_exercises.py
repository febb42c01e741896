"""The functions that the notebooks teach, against NumPy in float64; their gradients against finite differences."""

import keras
import numpy as np
import pytest
import tensorflow as tf

from nst.paths import ROOT
from nst_utils import functions_from

compute_content_cost = functions_from(ROOT / "notebooks/02_content_cost.ipynb", "compute_content_cost")
gram_matrix, compute_layer_style_cost, compute_style_cost = functions_from(
    ROOT / "notebooks/03_style_cost.ipynb", "gram_matrix", "compute_layer_style_cost", "compute_style_cost"
)
total_cost = functions_from(ROOT / "notebooks/04_paint.ipynb", "total_cost")

SHAPES = [(1, 2, 3, 4), (1, 5, 3, 2), (1, 1, 7, 3), (1, 4, 1, 1)]


def volume(rng, shape):
    return rng.normal(size=shape)


def content_reference(a_C, a_G):
    _, n_H, n_W, n_C = a_G.shape
    return sum(float(d) ** 2 for d in (a_C - a_G).ravel()) / (4 * n_H * n_W * n_C)


def gram_reference(a):
    """Average over places of the products of channels, written as loops over single numbers."""
    _, n_H, n_W, n_C = a.shape
    places = [(h, w) for h in range(n_H) for w in range(n_W)]
    return np.array(
        [[sum(a[0, h, w, i] * a[0, h, w, j] for h, w in places) / len(places) for j in range(n_C)] for i in range(n_C)]
    )


def style_reference(a_S, a_G):
    n_C = a_G.shape[3]
    return np.sum((gram_reference(a_S) - gram_reference(a_G)) ** 2) / (4 * n_C**2)


def finite_differences(function, x, step=1e-5):
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        high, low = x.copy(), x.copy()
        high[index] += step
        low[index] -= step
        gradient[index] = (function(high) - function(low)) / (2 * step)
    return gradient


def value_and_gradient(function, x):
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        J = function(x)
    return J.numpy(), tape.gradient(J, x).numpy()


def check(function, reference, x):
    """`function` in TensorFlow and `reference` in float64 NumPy agree in value and in gradient at x."""
    J, gradient = value_and_gradient(function, x)
    assert J.shape == () and J.dtype == np.float32
    np.testing.assert_allclose(J, reference(x), rtol=2e-4)
    expected = finite_differences(reference, x)
    assert np.linalg.norm(gradient - expected) <= 2e-4 * np.linalg.norm(expected)


def as_float32(*arrays):
    return [tf.constant(array, tf.float32) for array in arrays]


@pytest.mark.parametrize("shape", SHAPES)
def test_content_cost_and_its_gradient(shape, rng):
    a_C, other = volume(rng, shape), volume(rng, (1, 2, 2, 5))
    check(
        lambda a_G: compute_content_cost(as_float32(other, a_C), [tf.zeros((1, 2, 2, 5)), a_G]),
        lambda a_G: content_reference(a_C, a_G),
        volume(rng, shape),
    )


@pytest.mark.parametrize(("n_C", "places"), [(2, 3), (5, 2), (1, 6), (4, 1)])
def test_gram_matrix_and_its_gradient(n_C, places, rng):
    A = volume(rng, (n_C, places))
    expected = [[sum(A[i, k] * A[j, k] for k in range(places)) for j in range(n_C)] for i in range(n_C)]
    G_gram = gram_matrix(tf.constant(A, tf.float32))
    assert G_gram.shape == (n_C, n_C)
    np.testing.assert_allclose(G_gram, expected, rtol=2e-4, atol=1e-5)
    weights = volume(rng, (n_C, n_C))
    check(
        lambda A: tf.reduce_sum(tf.constant(weights, tf.float32) * gram_matrix(A)),
        lambda A: sum(weights[i, j] * (A[i] @ A[j]) for i in range(n_C) for j in range(n_C)),
        A,
    )


def test_gram_matrix_of_orthogonal_rows_is_diagonal():
    np.testing.assert_array_equal(gram_matrix(tf.constant([[3.0, 0, 4], [0, 2, 0]])), [[25, 0], [0, 4]])


@pytest.mark.parametrize("shape", SHAPES)
def test_layer_style_cost_and_its_gradient(shape, rng):
    a_S = volume(rng, shape)
    check(
        lambda a_G: compute_layer_style_cost(*as_float32(a_S), a_G),
        lambda a_G: style_reference(a_S, a_G),
        volume(rng, shape),
    )


def test_layer_style_cost_equals_the_formula_of_equal_sizes(rng):
    a_S, a_G = volume(rng, (1, 4, 5, 3)), volume(rng, (1, 4, 5, 3))
    A_S, A_G = a_S.reshape(20, 3).T, a_G.reshape(20, 3).T
    expected = np.sum((A_S @ A_S.T - A_G @ A_G.T) ** 2) / (4 * 3**2 * (4 * 5) ** 2)
    np.testing.assert_allclose(compute_layer_style_cost(*as_float32(a_S, a_G)), expected, rtol=2e-4)


def test_layer_style_cost_compares_pictures_of_different_sizes(rng):
    a_S = volume(rng, (1, 3, 5, 2))
    check(
        lambda a_G: compute_layer_style_cost(*as_float32(a_S), a_G),
        lambda a_G: style_reference(a_S, a_G),
        volume(rng, (1, 4, 2, 2)),
    )
    larger = np.tile(a_S, (1, 2, 3, 1))
    np.testing.assert_allclose(compute_layer_style_cost(*as_float32(a_S, larger)), 0, atol=1e-10)


@pytest.mark.parametrize("weights", [[1.0], [0.5, 0.25], [0, 3, 0.1], [0.2] * 5, [1, 2, 3, 4, 5, 6, 7]])
def test_style_cost_and_its_gradient(weights, rng):
    layers = [(f"layer{i}", weight) for i, weight in enumerate(weights)]
    shapes = [SHAPES[i % len(SHAPES)] for i in range(len(weights))]
    targets, others = [volume(rng, s) for s in shapes], [volume(rng, s) for s in shapes]
    content = volume(rng, (1, 2, 2, 2))
    for index, weight in enumerate(weights):

        def outputs(a_G, index=index):
            return [*others[:index], a_G, *others[index + 1 :], content]

        def cost(a_G, outputs=outputs):
            return compute_style_cost(
                as_float32(*targets, 0 * content), [tf.cast(a, tf.float32) for a in outputs(a_G)], layers
            )

        def reference(a_G, outputs=outputs):
            return sum(w * style_reference(s, g) for w, s, g in zip(weights, targets, outputs(a_G)))

        if weight:
            check(cost, reference, volume(rng, shapes[index]))
        else:
            np.testing.assert_allclose(cost(others[index]), reference(others[index]), rtol=2e-4)


def test_style_cost_takes_the_five_layers_by_default(rng):
    a_S = [volume(rng, (1, 3, 4, 2)) for _ in range(5)]
    expected = sum(0.2 * style_reference(a, 2 * a) for a in a_S)
    J_style = compute_style_cost(as_float32(*a_S), as_float32(*(2 * a for a in a_S)))
    np.testing.assert_allclose(J_style, expected, rtol=2e-4)


def test_large_volumes_do_not_overflow():
    shape = (1, 300, 300, 64)  # n_C^2 (n_H n_W)^2 is 3e13, past the 2e9 of 32-bit integers
    a_S = tf.ones(shape)
    np.testing.assert_allclose(compute_layer_style_cost(a_S, 2 * a_S), (4 - 1) ** 2 / 4, rtol=2e-4)
    np.testing.assert_allclose(compute_content_cost([a_S], [3 * a_S]), 4 / 4, rtol=2e-4)


@pytest.mark.parametrize(("weights", "expected"), [({}, 140), ({"alpha": 0}, 120), ({"alpha": 0.5, "beta": 4}, 13)])
def test_total_cost(weights, expected):
    np.testing.assert_allclose(total_cost(2.0, 3.0, **weights), expected)


def test_one_training_step_is_gradient_descent_on_the_total_cost(rng):
    """Against NumPy: a small network of powers of the picture, plain gradient descent, clipped."""
    train_step = functions_from(ROOT / "notebooks/04_paint.ipynb", "train_step")
    shape, alpha, beta, rate = (1, 3, 4, 3), 7.0, 30.0, 1.5
    C, S, start = (rng.random(shape) for _ in range(3))

    def features(x):
        return [x * k for k in (1, 2, 0.5, 1.5, 0.7)] + [x**2]

    def J(x):
        style = sum(0.2 * style_reference(s, g) for s, g in zip(features(S), features(x)[:-1]))
        return alpha * content_reference(C**2, x**2) + beta * style

    train_step.__globals__.update(
        compute_content_cost=compute_content_cost,
        compute_style_cost=compute_style_cost,
        vgg_model_outputs=features,
        a_C=[tf.cast(a, tf.float32) for a in features(C)],
        a_S=[tf.cast(a, tf.float32) for a in features(S)],
        optimizer=keras.optimizers.SGD(rate),
        ALPHA=alpha,
        BETA=beta,
    )
    image, x = tf.Variable(start, dtype=tf.float32), start
    for _ in range(3):
        np.testing.assert_allclose(train_step(image), J(x), rtol=2e-4)
        x = np.clip(x - rate * finite_differences(J, x), 0, 1)
        np.testing.assert_allclose(image.numpy(), x, atol=1e-4)
    assert (x == 1).any() or (x == 0).any(), "the test should exercise the clipping"


def test_the_loss_of_a_network_is_the_total_cost_of_what_it_paints(rng):
    """Against NumPy, with powers of the picture for features; the gradient is that by the network's weights."""
    filter_loss = functions_from(ROOT / "notebooks/09_filter.ipynb", "filter_loss")
    alpha, beta, photo, S = 7.0, 30.0, rng.random((1, 3, 4, 3)), rng.random((1, 5, 2, 3))

    def features(x):
        return [x * k for k in (1, 2, 0.5, 1.5, 0.7)] + [x**2]

    def J(weights):
        painting = photo @ weights
        style = sum(0.2 * style_reference(s, g) for s, g in zip(features(S), features(painting)[:-1]))
        return alpha * content_reference(photo**2, painting**2) + beta * style

    filter_loss.__globals__.update(
        compute_content_cost=compute_content_cost,
        compute_style_cost=compute_style_cost,
        vgg_model_outputs=features,
        a_S=as_float32(*features(S)),
        ALPHA=alpha,
        BETA=beta,
    )
    given = tf.constant(photo, tf.float32)
    check(lambda weights: filter_loss(lambda picture: tf.tensordot(picture, weights, 1), given), J, rng.random((3, 3)))


def test_whitening_and_colouring_gives_the_photo_the_artworks_mean_and_covariance(rng):
    whiten_and_color = functions_from(ROOT / "notebooks/10_any_art.ipynb", "whiten_and_color")
    photo, artwork = (
        (rng.normal(size=sides) @ (np.eye(4) + 0.3 * rng.normal(size=(4, 4))) + 1).astype(np.float32)
        for sides in ((1, 30, 20, 4), (1, 13, 40, 4))
    )
    found = np.asarray(whiten_and_color(tf.constant(photo), tf.constant(artwork)), np.float64)
    assert found.shape == photo.shape
    rows, right = found.reshape(-1, 4), artwork.reshape(-1, 4).astype(np.float64)
    np.testing.assert_allclose(rows.mean(0), right.mean(0), atol=1e-4)
    np.testing.assert_allclose(np.cov(rows.T, bias=True), np.cov(right.T, bias=True), rtol=0.02, atol=0.01)
    same = whiten_and_color(tf.constant(photo), tf.constant(photo))
    np.testing.assert_allclose(same, photo, atol=1e-3)
