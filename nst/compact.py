"""Compact volumes: all that a style cost sees of a layer, in a fraction of the numbers."""

import tensorflow as tf

_JITTER = 1e-6  # of the mean of the diagonal


def compact(volume: tf.Tensor) -> tf.Tensor:
    """(1, n_H, n_W, n_C) -> (1, 1, n_C, n_C) with the same average Gram matrix, A A^T / (n_H n_W) = R R^T / n_C.

    R is the Cholesky factor. A cost that sees a volume only through this average, such as the style cost, has the
    same value and gradient, at a fraction of the multiplications. (n_H n_W is n_C for the compact volume.)
    A volume with fewer positions than that stays as it is.
    """
    return volume if volume.shape[1] * volume.shape[2] <= volume.shape[3] else _cholesky_factor(volume)


@tf.custom_gradient
def _cholesky_factor(volume):
    _, n_H, n_W, n_C = volume.shape
    A = tf.reshape(volume, (n_H * n_W, n_C))
    factor, gradient_of = _factored(tf.matmul(A, A, transpose_a=True) / (n_H * n_W))

    def backward(gradient):
        return tf.reshape(tf.matmul(A, gradient_of(gradient) / (n_H * n_W)), volume.shape)

    return factor, backward


def _factored(average):
    """The compact volume for an average Gram matrix, and a function from J's gradient with respect to it to S.

    S is symmetric, and A S / (n_H n_W) the gradient with respect to A: J depends on L L^T only, so that dJ/dL = 2 S L.
    """
    n_C = average.shape[0]
    L = _cholesky(average)

    def gradient_of(gradient):
        return tf.linalg.triangular_solve(L, tf.reshape(gradient, (n_C, n_C)), adjoint=True) * n_C**0.5

    return tf.transpose(L)[tf.newaxis, tf.newaxis] * n_C**0.5, gradient_of


compact_of = tf.custom_gradient(_factored)  # where the average is all that there is, as in bands


def _cholesky(average):
    """The lower factor, with as little added to the diagonal as it takes: flat pictures make the matrix singular."""
    n_C = average.shape[0]
    unit = (tf.linalg.trace(average) / n_C + 1e-30) * tf.eye(n_C)

    def attempt(jitter):
        return tf.linalg.cholesky(average + jitter * unit)

    _, L = tf.while_loop(
        lambda jitter, L: tf.logical_not(tf.reduce_all(tf.math.is_finite(L))),
        lambda jitter, L: (10 * jitter, attempt(10 * jitter)),
        (tf.constant(_JITTER), attempt(_JITTER)),
        maximum_iterations=9,  # an average that holds NaN itself
    )
    return L
