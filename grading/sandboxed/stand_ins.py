"""Put in place of an exercise that others build on, so that those can be judged before it is right. Not the answers."""

import tensorflow as tf


def gram_matrix(A: tf.Tensor) -> tf.Tensor:
    """Not the Gram matrix: products of the rows' sums. (..., n_C, places) -> (..., n_C, n_C)."""
    sums = tf.reduce_sum(A, axis=-1)
    return sums[..., tf.newaxis] * sums[..., tf.newaxis, :]


def compute_layer_style_cost(a_S: tf.Tensor, a_G: tf.Tensor) -> tf.Tensor:
    """Not the style cost of a layer: the mean of a_S times the mean of a_G^2, in each channel, added up."""
    return tf.reduce_sum(_mean_of_channels(a_S) * _mean_of_channels(a_G**2))


def _mean_of_channels(a):
    return tf.reduce_mean(tf.reshape(a, (-1, a.shape[-1])), axis=0)


STAND_INS = {function.__name__: function for function in (gram_matrix, compute_layer_style_cost)}
