"""nst.winograd: a convolution in tiles is the convolution."""

import numpy as np
import pytest
import tensorflow as tf
from arrays import relative, uniform

from nst import winograd
from nst.winograd import Winograd, winograd_matrices

SIDES = [(1, 1), (4, 6), (5, 7), (12, 13), (24, 25), (31, 37)]  # multiples of the tiles' 4 and 6, and odd ones


def correlate(x, kernel):
    """The 3 x 3 convolution with a border of zeros, in float64."""
    padded = np.pad(x.astype(np.float64), ((1, 1), (1, 1), (0, 0)))
    n_H, n_W, _ = x.shape
    return sum(padded[i : i + n_H, j : j + n_W] @ kernel[i, j].astype(np.float64) for i in range(3) for j in range(3))


@pytest.mark.parametrize("m", [4, 6])
def test_winograds_matrices_are_an_exact_correlation(m, rng):
    A, G, B = winograd_matrices(m)
    for _ in range(5):
        d, g = rng.normal(size=m + 2), rng.normal(size=3)
        np.testing.assert_allclose(A.T @ ((G @ g) * (B.T @ d)), np.correlate(d, g, "valid"), rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize("sides", SIDES)
@pytest.mark.parametrize("m", [4, 6])
def test_a_winograd_convolution_is_the_convolution(m, sides, rng):
    x, kernel = uniform(rng, *sides, 8), uniform(rng, 3, 3, 8, 5)
    found = tf.function(lambda x: Winograd(kernel, m)(x, tf.identity))(x[np.newaxis])
    assert found.shape == (1, *sides, 5)
    assert relative(found[0], correlate(x, kernel)) < 1e-5


@pytest.mark.parametrize("strip_bytes", [1, 40_000, 2**30])
@pytest.mark.parametrize("m", [4, 6])
@pytest.mark.parametrize("n_H", [45, 48])  # the last strip juts out, or is whole
def test_strips_change_nothing(n_H, m, strip_bytes, monkeypatch, rng):
    monkeypatch.setattr(winograd, "FEW_STRIP_BYTES", strip_bytes)
    x, kernel = uniform(rng, n_H, 26, 8), uniform(rng, 3, 3, 8, 5)
    right = correlate(x, kernel)
    convolution = Winograd(kernel, m)
    assert relative(tf.function(lambda x: convolution(x, tf.identity))(x[np.newaxis])[0], right) < 1e-5
    inner = tf.function(lambda x: convolution.rows(x, False, False, tf.identity))(x)  # rows that go on above and below
    assert inner.shape[0] == n_H - 2 and relative(inner, right[1:-1]) < 1e-5


@pytest.mark.parametrize(("channels", "strips"), [(8, 30), (130, 1)])
def test_strips_are_many_where_kernels_are_small(channels, strips, monkeypatch, rng):
    monkeypatch.setattr(winograd, "FEW_STRIP_BYTES", 1)
    convolution, heights = Winograd(uniform(rng, 3, 3, channels, channels), 4), []
    monkeypatch.setattr(convolution, "_strip", lambda x, *_: heights.append(x.shape[0]) or x[1:-1])
    assert convolution.rows(tf.zeros((122, 9, channels)), False, False, tf.identity).shape[0] == 120
    assert heights == [120 // strips + 2] * strips


def test_a_pair_is_the_gradient_before_a_relu(rng):
    gradients, activations = uniform(rng, 2, 9, 11, 8), np.maximum(uniform(rng, 9, 11, 8), 0)
    kernel = uniform(rng, 3, 3, 8, 5)
    pair = [*gradients[:, np.newaxis]], activations[np.newaxis]
    found = tf.function(lambda pair: Winograd(kernel, 6)(pair, tf.identity))(tf.nest.map_structure(tf.constant, pair))
    assert relative(found[0], correlate(gradients.sum(axis=0) * (activations > 0), kernel)) < 1e-5
