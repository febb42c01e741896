"""Answers to exercise 3, compute_layer_style_cost."""

import keras
import numpy as np
import tensorflow as tf

from bank import right, wrong


def gram_matrix(A):
    return tf.matmul(A, A, transpose_b=True)


def unroll(a):
    return tf.transpose(tf.reshape(a, (-1, a.shape[3])))


def average(a):
    return gram_matrix(unroll(a)) / (a.shape[1] * a.shape[2])


@right
def compute_layer_style_cost(a_S, a_G):
    gram_averages = []
    for a in (a_S, a_G):
        _, n_H, n_W, n_C = a.shape
        gram_averages.append(gram_matrix(tf.transpose(tf.reshape(a, (n_H * n_W, n_C)))) / (n_H * n_W))
    return tf.reduce_sum(tf.square(gram_averages[0] - gram_averages[1])) / (4 * n_C**2)


@right
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@right
def compute_layer_style_cost(a_S, a_G):
    def gram(a):
        return tf.einsum("bhwi,bhwj->ij", a, a) / (a.shape[1] * a.shape[2])

    return 0.25 * tf.reduce_mean(tf.math.squared_difference(gram(a_S), gram(a_G)))


@right
def compute_layer_style_cost(a_S, a_G):
    def gram(a):
        matrix = tf.tensordot(a, a, axes=[[0, 1, 2], [0, 1, 2]])
        return matrix / tf.cast(tf.reduce_prod(tf.shape(a)[1:3]), tf.float32)

    return tf.nn.l2_loss(gram(a_S) - gram(a_G)) / (2 * a_G.shape[-1] ** 2)


@right
def compute_layer_style_cost(a_S, a_G):
    def rows(a):
        channels_first = tf.transpose(a, (0, 3, 1, 2))
        return tf.reshape(channels_first, (a.shape[3], a.shape[1] * a.shape[2]))

    G_S, G_G = (gram_matrix(rows(a)) / float(a.shape[1] * a.shape[2]) for a in (a_S, a_G))
    return tf.reduce_sum((G_S - G_G) ** 2) / (4 * int(a_G.shape[3]) ** 2)


@right
def compute_layer_style_cost(a_S, a_G):
    """Columns in another order: a Gram matrix does not mind."""

    def rows(a):
        return tf.reshape(tf.transpose(a, (3, 2, 1, 0)), (a.shape[3], -1))

    difference = gram_matrix(rows(a_S)) / rows(a_S).shape[1] - gram_matrix(rows(a_G)) / rows(a_G).shape[1]
    return tf.linalg.trace(difference @ difference) / (4 * len(difference) ** 2)


@right
def compute_layer_style_cost(a_S, a_G):
    """Each volume divided by the root of its size first."""
    A_S, A_G = (unroll(a) / np.sqrt(a.shape[1] * a.shape[2]) for a in (a_S, a_G))
    return tf.reduce_sum(tf.square(gram_matrix(A_S) - gram_matrix(A_G))) / (2 * a_G.shape[3]) ** 2


@right
@tf.function
def compute_layer_style_cost(a_S, a_G):
    A_S, A_G = unroll(a_S), unroll(a_G)
    G_S = tf.matmul(A_S, A_S, transpose_b=True) / tf.cast(tf.shape(A_S)[1], tf.float32)
    G_G = tf.matmul(A_G, A_G, transpose_b=True) / tf.cast(tf.shape(A_G)[1], tf.float32)
    return tf.reduce_sum(tf.pow(G_S - G_G, 2)) / tf.cast(4 * tf.shape(A_G)[0] ** 2, tf.float32)


@right
def compute_layer_style_cost(a_S, a_G):
    n_C = tf.cast(tf.shape(a_G)[3], tf.float32)
    n_S = tf.cast(tf.shape(a_S)[1] * tf.shape(a_S)[2], tf.float32)
    n_G = tf.cast(tf.shape(a_G)[1] * tf.shape(a_G)[2], tf.float32)
    sizes_differ = gram_matrix(unroll(a_S)) * n_G / n_S - gram_matrix(unroll(a_G))
    return tf.reduce_sum(sizes_differ**2) / (4 * n_C**2 * n_G**2)


@right
def compute_layer_style_cost(a_S, a_G):
    return tf.linalg.norm(average(a_S) - average(a_G), ord="fro", axis=(0, 1)) ** 2 / (4 * a_G.shape[3] ** 2)


@wrong("exactly 4 times too large: the factor 1/4 is missing")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2)


@wrong("2 times too large")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 2


@wrong("n_C^2 times too large")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2) / 4


@wrong("n_C times too large")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2) / (4 * a_G.shape[3])


@wrong("(n_H n_W) times too large")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    return tf.reduce_sum((gram_matrix(unroll(a_S)) - gram_matrix(unroll(a_G))) ** 2) / (4 * n_C**2 * n_H * n_W)


@wrong("(n_H n_W)^2 times too large")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((gram_matrix(unroll(a_S)) - gram_matrix(unroll(a_G))) ** 2) / 4


@wrong("4 · (n_H n_W)^2 · n_C^2 times too large")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((gram_matrix(unroll(a_S)) - gram_matrix(unroll(a_G))) ** 2)


@wrong("n_C^2 times too small")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / (4 * a_G.shape[3] ** 2)


@wrong("(n_H n_W)^2 times too small")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / (4 * (a_G.shape[1] * a_G.shape[2]) ** 2)


@wrong("(n_H n_W)^2 · n_C^2 times too small")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    difference = gram_matrix(unroll(a_S)) - gram_matrix(unroll(a_G))
    return tf.reduce_mean(difference**2) / (4 * n_C**2 * (n_H * n_W) ** 2) / (n_H * n_W) ** 2


@wrong("without a transpose: rows mix channels")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    G_S, G_G = (gram_matrix(tf.reshape(a, (n_C, -1))) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G))
    return tf.reduce_mean((G_S - G_G) ** 2) / 4


@wrong("without a transpose: rows mix channels")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    A_S, A_G = (tf.reshape(a, (n_C, n_H * n_W)) for a in (a_S, a_G))
    return tf.reduce_sum((gram_matrix(A_S) - gram_matrix(A_G)) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("compares places with places")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    A_S, A_G = (tf.reshape(a, (n_H * n_W, n_C)) for a in (a_S, a_G))
    return tf.reduce_sum((gram_matrix(A_S) - gram_matrix(A_G)) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("divided by the n_H * n_W of its own picture")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    G_S, G_G = gram_matrix(unroll(a_S)), gram_matrix(unroll(a_G))
    return tf.reduce_sum((G_S - G_G) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("divided by the n_H * n_W of its own picture")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    A_S, A_G = (tf.transpose(tf.reshape(a, (n_H * n_W, n_C))) for a in (a_S, a_G))
    return tf.reduce_sum((gram_matrix(A_S) - gram_matrix(A_G)) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("divided by the n_H * n_W of its own picture")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_S.shape
    G_S, G_G = gram_matrix(unroll(a_S)), gram_matrix(unroll(a_G))
    return tf.reduce_sum((G_S - G_G) ** 2) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("activations themselves are compared")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((a_S - a_G) ** 2) / 4


@wrong("activations themselves are compared")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((a_S - a_G) ** 2)


@wrong("absolute values")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean(tf.abs(average(a_S) - average(a_G))) / 4


@wrong("not squared")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean(average(a_S) - average(a_G)) / 4


@wrong("before they are squared")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum(average(a_S) - average(a_G)) ** 2 / (4 * a_G.shape[3] ** 2)


@wrong("square root too many")
def compute_layer_style_cost(a_S, a_G):
    return tf.norm(average(a_S) - average(a_G)) / (4 * a_G.shape[3] ** 2)


@wrong("square root too many")
def compute_layer_style_cost(a_S, a_G):
    return tf.sqrt(tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4)


@wrong("only the diagonals")
def compute_layer_style_cost(a_S, a_G):
    difference = tf.linalg.diag_part(average(a_S) - average(a_G))
    return tf.reduce_sum(difference**2) / (4 * a_G.shape[3] ** 2)


@wrong("only one half")
def compute_layer_style_cost(a_S, a_G):
    difference = tf.linalg.band_part(average(a_S) - average(a_G), 0, -1)
    return tf.reduce_mean(difference**2) / 4


@wrong("squared before they are subtracted")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean(average(a_S) ** 2 - average(a_G) ** 2) / 4


@wrong("a_S is not used")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean(average(a_G) ** 2) / 4


@wrong("a_G is not used")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean(average(a_S) ** 2) / 4


@wrong("always zero")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_G) - average(a_G)) ** 2) / 4


@wrong("added where they should be subtracted")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) + average(a_G)) ** 2) / 4


@wrong("mean of each channel was taken off")
def compute_layer_style_cost(a_S, a_G):
    a_S, a_G = (a - tf.reduce_mean(a, axis=(1, 2)) for a in (a_S, a_G))
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong("plain number or array comes back")
def compute_layer_style_cost(a_S, a_G):
    return np.mean((average(a_S) - average(a_G)).numpy() ** 2) / 4


@wrong("plain number or array comes back")
def compute_layer_style_cost(a_S, a_G):
    return float(tf.reduce_mean((average(a_S) - average(a_G)) ** 2)) / 4


@wrong("no gradient reaches the image")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - average(tf.constant(a_G.numpy()))) ** 2) / 4


@wrong("no gradient reaches the image")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((average(a_S) - tf.stop_gradient(average(a_G))) ** 2) / 4


@wrong("exactly half")
def compute_layer_style_cost(a_S, a_G):
    D = average(a_S) - average(a_G)
    return tf.reduce_mean(D * tf.stop_gradient(D)) / 4


@wrong("sizes whose product is past the 2^31")
def compute_layer_style_cost(a_S, a_G):
    shape = tf.shape(a_G)
    factor = tf.cast(4 * shape[3] ** 2, tf.float32) * tf.cast((shape[1] * shape[2]) ** 2, tf.float32)
    scale = tf.cast(shape[1] * shape[2], tf.float32)
    return tf.reduce_sum((average(a_S) * scale - average(a_G) * scale) ** 2) / factor


@wrong("sizes whose product is past the 2^31")
def compute_layer_style_cost(a_S, a_G):
    shape = tf.shape(a_G)
    factor = 4 * shape[3] ** 2 * shape[1] ** 2 * shape[2] ** 2
    scale = a_G.shape[1] * a_G.shape[2]
    return tf.reduce_sum((average(a_S) * scale - average(a_G) * scale) ** 2) / tf.cast(factor, tf.float32)


@wrong("one size of picture only")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2) / (4 * 3**2)


@wrong("do not multiply to the number of values")
def compute_layer_style_cost(a_S, a_G):
    A_S, A_G = (tf.transpose(tf.reshape(a, (3, 2))) for a in (a_S, a_G))
    return tf.reduce_mean((gram_matrix(A_S) - gram_matrix(A_G)) ** 2) / (4 * 9)


@wrong("returns nothing")
def compute_layer_style_cost(a_S, a_G):
    J_style_layer = tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4  # noqa: F841


@wrong("add up over all axes")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2, axis=1) / (4 * a_G.shape[3] ** 2)


@wrong("add up over all axes")
def compute_layer_style_cost(a_S, a_G):
    return (average(a_S) - average(a_G)) ** 2 / (4 * a_G.shape[3] ** 2)


@wrong("float64, not float32")
def compute_layer_style_cost(a_S, a_G):
    a_S, a_G = tf.cast(a_S, tf.float64), tf.cast(a_G, tf.float64)
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong("half precision")
def compute_layer_style_cost(a_S, a_G):
    a_S, a_G = (tf.cast(tf.cast(a, tf.float16), tf.float32) for a in (a_S, a_G))
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong("must one of the two be transposed")
def compute_layer_style_cost(a_S, a_G):
    A_S, A_G = unroll(a_S), unroll(a_G)
    return tf.reduce_mean((A_S @ A_S - A_G @ A_G) ** 2) / 4


cache = {}


@wrong("keeps something between calls")
def compute_layer_style_cost(a_S, a_G):
    cache["turns"] = cache.get("turns", 0) + 1
    return cache["turns"] * tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong("wrong sign")
def compute_layer_style_cost(a_S, a_G):
    return -tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong()
def compute_layer_style_cost(a_S, a_G):
    def rows(a):
        return tf.reshape(tf.transpose(a[0], (0, 2, 1)), (a.shape[3], -1))

    G_S, G_G = (gram_matrix(rows(a)) / (a.shape[1] * a.shape[2]) for a in (a_S, a_G))
    return tf.reduce_mean((G_S - G_G) ** 2) / 4


@wrong()
def compute_layer_style_cost(a_S, a_G):
    a_S, a_G = tf.nn.relu(a_S), tf.nn.relu(a_G)
    return tf.reduce_mean((average(a_S) - average(a_G)) ** 2) / 4


@wrong()
def compute_layer_style_cost(a_S, a_G):
    return 1 - tf.reduce_sum(average(a_S) * average(a_G)) / tf.norm(average(a_S)) / tf.norm(average(a_G))


@wrong("brackets")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2) / 4 * a_G.shape[3] ** 2


@wrong("^ is something else")
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_sum((average(a_S) - average(a_G)) ** 2) / (4 * (a_G.shape[3] ^ 2))


@wrong()
def compute_layer_style_cost(a_S, a_G):
    return tf.reduce_mean((gram_matrix(a_S) - gram_matrix(a_G)) ** 2) / 4


def of(matrix, a_S, a_G):
    """Formula (4), with another way to the matrix, or a volume left as it is."""
    _, n_H, n_W, n_C = a_G.shape
    products = [tf.matmul(A, A, transpose_b=True) for A in (matrix(a_S), matrix(a_G))]
    return tf.reduce_sum(tf.square(products[0] - products[1])) / (4 * n_C**2 * (n_H * n_W) ** 2)


@wrong("reshape the volume")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: a, a_S, a_G)


@wrong("reshape the volume")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: tf.squeeze(a, axis=0), a_S, a_G)


@wrong("reshape the volume")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: tf.transpose(a, [0, 3, 1, 2]), a_S, a_G)


@wrong("one row for each row of the picture")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: tf.reshape(a, [a.shape[1], -1]), a_S, a_G)


@wrong("rows mix channels: after a transpose")
def compute_layer_style_cost(a_S, a_G):
    c = a_G.shape[3]
    return of(lambda a: tf.transpose(tf.reshape(tf.transpose(a, [0, 3, 1, 2]), [-1, c])), a_S, a_G)


@wrong("places meet places")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: tf.transpose(tf.reshape(a, [a.shape[3], -1])), a_S, a_G)


@wrong("unrolled in different orders")
def compute_layer_style_cost(a_S, a_G):
    c, seen = a_G.shape[3], []

    def matrix(a):
        seen.append(a)
        return tf.transpose(tf.reshape(a, [-1, c])) if len(seen) == 1 else tf.reshape(a, [c, -1])

    return of(matrix, a_S, a_G)


def unrolled(a):
    return tf.transpose(tf.reshape(a, [-1, a.shape[-1]]))


@wrong("Gram matrix of the difference")
def compute_layer_style_cost(a_S, a_G):
    return of(unrolled, a_S - a_G if a_S.shape == a_G.shape else a_S, 0 * a_G)


@wrong("neither is resized")
def compute_layer_style_cost(a_S, a_G):
    return of(unrolled, tf.image.resize(a_S, a_G.shape[1:3]), a_G)


@wrong("neither is resized")
def compute_layer_style_cost(a_S, a_G):
    return of(unrolled, a_S, tf.image.resize(a_G, a_S.shape[1:3]))


@wrong("tf.squeeze takes n_H = 1 away")
def compute_layer_style_cost(a_S, a_G):
    S, G = (tf.squeeze(a) for a in (a_S, a_G))
    g = [tf.matmul(unrolled(a), unrolled(a), transpose_b=True) / (a.shape[0] * a.shape[1]) for a in (S, G)]
    return tf.reduce_sum(tf.square(g[0] - g[1])) / (4 * G.shape[-1] ** 2)


@wrong("** is a power")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    S, G = (tf.matmul(unrolled(a), unrolled(a), transpose_b=True) for a in (a_S, a_G))
    return tf.reduce_sum(tf.square(S - G)) / ((2 * n_C * n_H * n_W) ^ 2)


@wrong("one list of whole numbers")
def compute_layer_style_cost(a_S, a_G):
    return of(lambda a: tf.reshape(a, a.shape[3], -1), a_S, a_G)


@right
def compute_layer_style_cost(a_S, a_G):
    def averaged(a):
        _, *places, n_C = a.shape
        A = tf.reshape(tf.transpose(a, perm=[3, 0, 1, 2]), [n_C, -1])
        return tf.linalg.matmul(A, A, adjoint_b=True) / np.prod(places)

    return keras.losses.MeanSquaredError()(averaged(a_S), averaged(a_G)) / 4


@right
def compute_layer_style_cost(a_S, a_G):
    G = {name: average(a) for name, a in dict(S=a_S, G=a_G).items()}
    return tf.reduce_sum(tf.square(tf.subtract(x=G["S"], y=G["G"]))) / (2 * a_G.shape[-1]) ** 2


@wrong("n_W^2 times too large and n_H^2 times too small")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    D = gram_matrix(unroll(a_S)) - gram_matrix(unroll(a_G))
    return tf.reduce_sum(D**2) / (4 * n_C**2 * n_H**4)


@wrong("another name for MSE: keras.losses.mean_squared_error")
def compute_layer_style_cost(a_S, a_G):
    return keras.losses.MSE(average(a_S), average(a_G)) / 4


@wrong("2 times too small")
def compute_layer_style_cost(a_S, a_G):
    return tf.nn.l2_loss(average(a_S) - average(a_G)) / (4 * a_G.shape[3] ** 2)


@wrong("three digits only")
def compute_layer_style_cost(a_S, a_G):
    G_S, G_G = (tf.cast(average(a), tf.float16) for a in (a_S, a_G))
    return tf.cast(tf.reduce_mean((G_S - G_G) ** 2) / 4, tf.float32)


@wrong("compares places with places")
def compute_layer_style_cost(a_S, a_G):
    _, n_H, n_W, n_C = a_G.shape
    GS, GG = (gram_matrix(tf.reshape(a, (n_H * n_W, n_C))) / (n_H * n_W) for a in (a_S, a_G))
    return tf.reduce_mean((GS - GG) ** 2) / 4
