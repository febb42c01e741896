"""Put in place of an exercise that others build on, so that those can be judged before it is right. Not the answers."""

import tensorflow as tf


def gram_matrix(A: tf.Tensor) -> tf.Tensor:
    """Not the Gram matrix: products of the rows' sums. (..., n_C, places) -> (..., n_C, n_C)."""
    sums = tf.reduce_sum(A, axis=-1)
    return sums[..., tf.newaxis] * sums[..., tf.newaxis, :]


def compute_layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
    """Not the style cost of a layer: the sum of a_S a_G^2."""
    return tf.reduce_sum(a_S * a_G**2)


STAND_INS = {function.__name__: function for function in (gram_matrix, compute_layer_style_cost)}
